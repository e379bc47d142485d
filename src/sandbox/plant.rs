//! What an account has before a rehearsal begins: a VPN connection, a secret of the old site, a role.
//!
//! Most of it is made by the sandbox's own operations, so that it is checked as everything else is. What no operation of
//! the sandbox makes (a VPN connection) is put in as the API would show it.

use serde_json::{Value as Json, json};

use super::{
    Fault, Kind, Request, World, durations,
    services::{SERVICES, cloudformation},
};

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planted {
    /// It is there now; its name.
    New(String),
    /// It was there already and is as it was.
    Kept(String),
}

/// Words that begin an object.
pub const KINDS: &[&str] = &["call", "certificate", "role", "secret", "stack", "vpn-connection"];

/// Codes that say that something is there already.
const EXISTS: &[&str] =
    &["EntityAlreadyExists", "ResourceExistsException", "AlreadyExistsException", "AlreadyExists"];

/// Puts the objects of a file into a world: `{"region": …, "objects": [{"vpn-connection": {…}}, …]}`.
///
/// # Errors
/// Which object, counted from one, and what is wrong with it. Those before it are in.
pub fn plant(world: &mut World, file: &Json) -> Result<Vec<Planted>, String> {
    let members = file.as_object().ok_or("the file holds no object")?;
    if let Some(other) = members.keys().find(|name| !["objects", "region"].contains(&name.as_str())) {
        return Err(format!("`{other}` is unknown: a file has `objects` and `region`"));
    }
    let region = members.get("region").and_then(Json::as_str).unwrap_or("us-east-1").to_owned();
    let objects = file["objects"].as_array().ok_or("the file has no list `objects`")?;
    world.set_region(&region);
    let hides = world.hide_one_in(0);
    let mut all = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        all.push(one(world, &region, object).map_err(|why| format!("object {}: {why}", at + 1))?);
    }
    // It was there long before: no read lags behind it.
    world.hide_one_in(hides);
    world.advance_to(world.now() + 2 * durations::READ_LAG);
    Ok(all)
}

fn one(world: &mut World, region: &str, object: &Json) -> Result<Planted, String> {
    let mut members = object.as_object().into_iter().flatten();
    let (Some((kind, body)), None) = (members.next(), members.next()) else {
        return Err(format!("it is one of {}, with its settings", KINDS.join(", ")));
    };
    match kind.as_str() {
        "vpn-connection" => connection(world, region, body),
        "secret" => secret(world, region, body),
        "role" => role(world, region, body),
        "certificate" => certificate(world, region, body),
        "stack" => stack(world, region, body),
        "call" => {
            only(body, &["service", "operation", "input"])?;
            let (service, operation) = (text(body, "service")?, text(body, "operation")?);
            let name = format!("{service}:{operation}");
            Ok(match call(world, region, service, operation, body["input"].clone())? {
                Some(_) => Planted::New(name),
                None => Planted::Kept(name),
            })
        }
        other => Err(format!("`{other}` cannot be planted: {}", KINDS.join(", "))),
    }
}

fn text<'j>(body: &'j Json, name: &str) -> Result<&'j str, String> {
    body[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| format!("`{name}` is missing"))
}

/// A word that is not known would be passed over, and the rehearsal would not be what its author thinks.
fn only(body: &Json, known: &[&str]) -> Result<(), String> {
    match body.as_object().into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(format!("`{name}` is unknown: {}", known.join(", "))),
        None => Ok(()),
    }
}

/// One operation of the sandbox; nothing if what it makes is there already.
fn call(
    world: &mut World,
    region: &str,
    service: &str,
    operation: &str,
    input: Json,
) -> Result<Option<Json>, String> {
    let found = SERVICES
        .iter()
        .find(|one| one.name == service)
        .ok_or_else(|| format!("there is no service `{service}`"))?;
    let run = found.operations.iter().find(|one| one.name == operation);
    let run = run.ok_or_else(|| format!("{service} has no operation `{operation}`"))?;
    if run.kind == Kind::Read {
        return Err(format!("{service}:{operation} makes nothing"));
    }
    super::services::furnish(world, service, region);
    let input = if input.is_null() { json!({}) } else { input };
    match (run.run)(world, &Request { operation, region, access_key: "", input }) {
        Ok(answer) => Ok(Some(answer)),
        Err(Fault { code, .. }) if EXISTS.contains(&code.as_str()) => Ok(None),
        Err(fault) => Err(format!("{service}:{operation} answers {}: {}", fault.code, fault.message)),
    }
}

fn tags(body: &Json) -> Vec<Json> {
    let all = body["tags"].as_object().into_iter().flatten();
    all.map(|(key, value)| json!({"Key": key, "Value": value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)}))
        .collect()
}

/// A connection to another site and its virtual private gateway, attached to nothing.
fn connection(world: &mut World, region: &str, body: &Json) -> Result<Planted, String> {
    only(body, &["id", "gateway", "customer-gateway", "routes", "tags"])?;
    let (id, gateway) = (text(body, "id")?, text(body, "gateway")?);
    if !id.starts_with("vpn-") || !gateway.starts_with("vgw-") {
        return Err("`id` begins with vpn-, and `gateway` with vgw-".into());
    }
    if world.get("ec2.vpn-gateway", gateway).is_none() {
        let row = json!({
            "VpnGatewayId": gateway, "State": "available", "Type": "ipsec.1", "VpcAttachments": [], "AmazonSideAsn": 64_512,
            "Tags": tags(body), "_region": region,
        });
        world.put("ec2.vpn-gateway", gateway, row);
    }
    if world.get("ec2.vpn-connection", id).is_some() {
        return Ok(Planted::Kept(id.to_owned()));
    }
    let mut routes = Vec::new();
    for route in body["routes"].as_array().into_iter().flatten() {
        let block = route.as_str().filter(|block| block.parse::<ipnet::IpNet>().is_ok());
        let block = block.ok_or_else(|| format!("the route {route} is no CIDR block"))?;
        routes.push(json!({"DestinationCidrBlock": block, "Source": "Static", "State": "available"}));
    }
    let customer =
        body["customer-gateway"].as_str().map_or_else(|| world.fixed_id("cgw", id), ToOwned::to_owned);
    let row = json!({
        "VpnConnectionId": id, "VpnGatewayId": gateway, "CustomerGatewayId": customer, "State": "available", "Type": "ipsec.1",
        "Category": "VPN", "Routes": routes, "Options": {"StaticRoutesOnly": true}, "VgwTelemetry": [], "Tags": tags(body),
        "_region": region,
    });
    world.put("ec2.vpn-connection", id, row);
    Ok(Planted::New(id.to_owned()))
}

/// A secret with a value, and with the end of its ARN if others name it by its ARN.
fn secret(world: &mut World, region: &str, body: &Json) -> Result<Planted, String> {
    only(body, &["name", "suffix", "value", "tags"])?;
    let name = text(body, "name")?;
    let value = match &body["value"] {
        Json::String(text) => text.clone(),
        Json::Null => return Err("`value` is missing".into()),
        tree => tree.to_string(),
    };
    let input = json!({"Name": name, "SecretString": value, "Tags": tags(body)});
    let Some(answer) = call(world, region, "secretsmanager", "CreateSecret", input)? else {
        return Ok(Planted::Kept(name.to_owned()));
    };
    let mut arn = answer["ARN"].as_str().unwrap_or_default().to_owned();
    if let Some(suffix) = body["suffix"].as_str() {
        if suffix.len() != 6 || !suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("`suffix` has six letters and digits".into());
        }
        arn = world.arn("secretsmanager", region, &format!("secret:{name}-{suffix}"));
        if let Some(row) = world.get_mut("secretsmanager.secret", &format!("{region}/{name}")) {
            row["ARN"] = json!(arn);
        }
    }
    Ok(Planted::New(arn))
}

/// A stack that CloudFormation holds: somebody else deployed it.
fn stack(world: &mut World, region: &str, body: &Json) -> Result<Planted, String> {
    only(body, &["name", "status", "description", "parameters", "outputs", "imports", "tags"])?;
    let name = text(body, "name")?;
    let planted = cloudformation::plant(world, region, name, body)?;
    Ok(planted.map_or_else(|| Planted::Kept(name.to_owned()), Planted::New))
}

/// A certificate that has been issued: no record proves who owns the domain.
fn certificate(world: &mut World, region: &str, body: &Json) -> Result<Planted, String> {
    only(body, &["domain", "alternatives", "algorithm", "tags"])?;
    let mut input =
        json!({"DomainName": text(body, "domain")?, "ValidationMethod": "DNS", "Tags": tags(body)});
    for (member, name) in [("SubjectAlternativeNames", "alternatives"), ("KeyAlgorithm", "algorithm")] {
        if !body[name].is_null() {
            input[member] = body[name].clone();
        }
    }
    let answer = call(world, region, "acm", "RequestCertificate", input)?.unwrap_or_default();
    let arn = answer["CertificateArn"].as_str().unwrap_or_default().to_owned();
    if let Some(row) = world.get_mut("acm.certificate", &arn) {
        row["_issued"] = json!(true);
    }
    Ok(Planted::New(arn))
}

/// A role that services may assume at once: it was there long before.
fn role(world: &mut World, region: &str, body: &Json) -> Result<Planted, String> {
    only(body, &["name", "services", "policies", "tags"])?;
    let name = text(body, "name")?;
    let services =
        body["services"].as_array().filter(|all| !all.is_empty()).ok_or("`services` is missing")?;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}]});
    let input = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string(), "Path": "/", "Tags": tags(body)});
    if call(world, region, "iam", "CreateRole", input)?.is_none() {
        return Ok(Planted::Kept(name.to_owned()));
    }
    for policy in body["policies"].as_array().into_iter().flatten() {
        let input = json!({"RoleName": name, "PolicyArn": policy});
        call(world, region, "iam", "AttachRolePolicy", input)?;
    }
    let now = world.now();
    if let Some(row) = world.get_mut("iam.role", name) {
        row["_usable"] = json!(now);
    }
    Ok(Planted::New(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new(1, 1_760_000_000_000)
    }

    #[test]
    fn what_is_planted_is_there_and_planting_again_changes_nothing() {
        let mut world = world();
        let file = json!({"objects": [
            {"vpn-connection": {"id": "vpn-1", "gateway": "vgw-1", "routes": ["10.0.0.0/16"], "tags": {"Name": "old"}}},
            {"secret": {"name": "old/db", "suffix": "a1B2c3", "value": {"host": "10.0.0.10", "port": 3306}}},
            {"role": {"name": "dms-vpc-role", "services": ["dms.amazonaws.com"],
                "policies": ["arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"]}},
            {"call": {"service": "sns", "operation": "CreateTopic", "input": {"Name": "ops"}}},
        ]});
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:old/db-a1B2c3";
        let new = |text: &str| Planted::New(text.to_owned());
        assert_eq!(
            plant(&mut world, &file).unwrap(),
            [new("vpn-1"), new(arn), new("dms-vpc-role"), new("sns:CreateTopic")]
        );
        assert!(world.assumable("arn:aws:iam::123456789012:role/dms-vpc-role", "dms.amazonaws.com").is_ok());
        assert_eq!(world.rows("ec2.vpn-gateway").count(), 1);
        let kept = |text: &str| Planted::Kept(text.to_owned());
        let again = plant(&mut world, &file).unwrap();
        assert_eq!(again[..3], [kept("vpn-1"), kept("old/db"), kept("dms-vpc-role")]);
    }

    #[test]
    fn what_cannot_be_planted_is_named() {
        for (object, words) in [
            (json!({"lambda": {}}), "`lambda` cannot be planted"),
            (json!({"vpn-connection": {"id": "vpn-1"}}), "`gateway` is missing"),
            (
                json!({"vpn-connection": {"id": "vpn-1", "gateway": "vgw-1", "route": []}}),
                "`route` is unknown",
            ),
            (
                json!({"vpn-connection": {"id": "vpn-1", "gateway": "vgw-1", "routes": ["x"]}}),
                "no CIDR block",
            ),
            (json!({"secret": {"name": "x"}}), "`value` is missing"),
            (json!({"stack": {"name": "1x"}}), "no name of a stack"),
            (json!({"stack": {"name": "x", "status": "DONE"}}), "no status"),
            (json!({"stack": {"name": "x", "imports": ["y"]}}), "No export named y found"),
            (json!({"stack": {"name": "x", "outputs": {"a": {"valeu": "1"}}}}), "`valeu` is unknown"),
            (
                json!({"stack": {"name": "x", "outputs": {"a": {"value": "1", "export": "e"}, "b": {"value": "2", "export": "e"}}}}),
                "already exported",
            ),
            (json!({"role": {"name": "x"}}), "`services` is missing"),
            (json!({"call": {"service": "s4", "operation": "X"}}), "no service `s4`"),
            (json!({"call": {"service": "s3", "operation": "ListBuckets"}}), "makes nothing"),
            (
                json!({"call": {"service": "sns", "operation": "CreateTopic", "input": {"Name": "bad name"}}}),
                "InvalidParameter",
            ),
        ] {
            let why = plant(&mut world(), &json!({"objects": [object]})).unwrap_err();
            assert!(why.starts_with("object 1: ") && why.contains(words), "{why}");
        }
        assert!(plant(&mut world(), &json!({"objekts": []})).unwrap_err().contains("`objekts` is unknown"));
    }
}
