//! Listeners.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{
    BALANCERS, GROUPS, LISTENERS, RULES, attributes, balancers_of, invalid, no_balancer, no_group,
    no_listener,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// The target groups an action sends requests to.
pub fn groups_of(action: &Json) -> BTreeSet<&str> {
    let shares = action["ForwardConfig"]["TargetGroups"].as_array().into_iter().flatten();
    let shares = shares.filter_map(|share| share["TargetGroupArn"].as_str());
    shares.chain(action["TargetGroupArn"].as_str()).collect()
}

/// Checks actions and fills in what AWS fills in.
pub fn actions(world: &World, balancer: &Json, sent: &[Json]) -> Result<Vec<Json>, Fault> {
    let mut all = Vec::new();
    for (at, action) in sent.iter().enumerate() {
        let mut action = action.clone();
        let kind = action["Type"].as_str().unwrap_or_default().to_owned();
        let needed = match kind.as_str() {
            "redirect" => "RedirectConfig",
            "fixed-response" => "FixedResponseConfig",
            "authenticate-oidc" => "AuthenticateOidcConfig",
            "authenticate-cognito" => "AuthenticateCognitoConfig",
            "jwt-validation" => "JwtValidationConfig",
            _ => "Type",
        };
        if action[needed].is_null() {
            return Err(invalid(format!("{needed} must be specified for an action of type '{kind}'")));
        }
        if kind == "forward" {
            let groups: Vec<String> = groups_of(&action).into_iter().map(Into::into).collect();
            if groups.is_empty() {
                return Err(invalid("A target group ARN must be specified"));
            }
            for group in &groups {
                let row = world.get(GROUPS, group).ok_or_else(no_group)?;
                if row["TargetType"] != "lambda" && row["VpcId"] != balancer["VpcId"] {
                    return Err(invalid(format!(
                        "The following target groups '{group}' are in a different VPC than load balancer '{}'",
                        balancer["LoadBalancerArn"].as_str().unwrap_or_default()
                    )));
                }
                let web = row["Protocol"].as_str().is_some_and(|p| p.starts_with("HTTP"));
                if (balancer["Type"] == "application") != (web || row["TargetType"] == "lambda") {
                    let text =
                        format!("The protocol of target group '{group}' does not fit the load balancer");
                    return Err(Fault::new("IncompatibleProtocols", text));
                }
                let others = balancers_of(world, group);
                if others.iter().any(|other| balancer["LoadBalancerArn"] != other.as_str()) {
                    return Err(Fault::new(
                        "TargetGroupAssociationLimit",
                        format!(
                            "The following target groups cannot be associated with more than one load balancer: {group}"
                        ),
                    ));
                }
            }
            if action["ForwardConfig"].is_null() {
                action["ForwardConfig"] =
                    json!({"TargetGroups": [{"TargetGroupArn": groups[0], "Weight": 1}]});
            } else if groups.len() == 1 {
                action["TargetGroupArn"] = json!(groups[0]);
            }
            if action["ForwardConfig"]["TargetGroupStickinessConfig"].is_null() {
                action["ForwardConfig"]["TargetGroupStickinessConfig"] = json!({"Enabled": false});
            }
        }
        if kind == "fixed-response" {
            fixed_response(&action["FixedResponseConfig"])?;
        }
        if kind == "redirect" {
            for (member, value) in [
                ("Protocol", "#{protocol}"),
                ("Port", "#{port}"),
                ("Host", "#{host}"),
                ("Path", "/#{path}"),
                ("Query", "#{query}"),
            ] {
                if action["RedirectConfig"][member].is_null() {
                    action["RedirectConfig"][member] = json!(value);
                }
            }
        }
        if sent.len() > 1 && action["Order"].is_null() {
            action["Order"] = json!(at + 1);
        }
        all.push(action);
    }
    Ok(all)
}

/// What a fixed response can be (API Reference, `FixedResponseActionConfig`).
fn fixed_response(config: &Json) -> Result<(), Fault> {
    let types = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    if let Some(kind) = config["ContentType"].as_str()
        && !types.contains(&kind)
    {
        return Err(invalid(format!("The ContentType must be one of:'{}'", types.join("', '"))));
    }
    let code = config["StatusCode"].as_str().unwrap_or_default();
    let class = code.len() == 3 && code.starts_with(['2', '4', '5']);
    if !class || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid("The status code must be 2XX, 4XX, or 5XX"));
    }
    if config["MessageBody"].as_str().is_some_and(|body| body.len() > 1024) {
        return Err(invalid("The message body length must be less than or equal to '1024'"));
    }
    Ok(())
}

/// What others see of a listener: client secrets are never returned.
fn shown(row: &Json) -> Json {
    let mut row = row.clone();
    for action in row["DefaultActions"].as_array_mut().into_iter().flatten() {
        if let Some(config) = action["AuthenticateOidcConfig"].as_object_mut() {
            config.remove("ClientSecret");
            config.remove("UseExistingClientSecret");
        }
    }
    row
}

fn check(balancer: &Json, row: &Json) -> Result<(), Fault> {
    let protocol = row["Protocol"].as_str().unwrap_or_default();
    let fits = match balancer["Type"].as_str().unwrap_or_default() {
        "application" => ["HTTP", "HTTPS"].contains(&protocol),
        "network" => ["TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"].contains(&protocol),
        _ => protocol.is_empty() || protocol == "GENEVE",
    };
    if !fits {
        // AWS's words, as hashicorp/terraform-provider-aws#6173 and pulumi/pulumi-aws#1193 quote them.
        let known = match balancer["Type"].as_str() {
            Some("application") => "HTTP, HTTPS",
            Some("network") => "UDP, TCP, TLS, TCP_UDP",
            _ => "GENEVE",
        };
        return Err(invalid(format!("Listener protocol '{protocol}' must be one of '{known}'")));
    }
    let secure = ["HTTPS", "TLS"].contains(&protocol);
    let certified = row["Certificates"].as_array().is_some_and(|all| !all.is_empty());
    if secure && !certified {
        return Err(invalid(format!("A certificate must be specified for {protocol} listeners")));
    }
    if !secure && certified {
        return Err(invalid(format!("A certificate cannot be specified for {protocol} listeners")));
    }
    Ok(())
}

/// `CreateListener`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let balancer = world.get(BALANCERS, rq.text("LoadBalancerArn")).ok_or_else(no_balancer)?.clone();
    let settings = super::groups::settings(rq);
    let taken = world.rows(LISTENERS).find(|(_, row)| {
        row["LoadBalancerArn"] == balancer["LoadBalancerArn"] && row["Port"] == *rq.get("Port")
    });
    if let Some((_, row)) = taken {
        if row["_settings"] == settings {
            return Ok(json!({"Listeners": [shown(row)]}));
        }
        return Err(Fault::new(
            "DuplicateListener",
            format!(
                "A listener already exists on this port for this load balancer '{}'",
                rq.text("LoadBalancerArn")
            ),
        ));
    }
    if balancer["Type"] != "gateway" {
        if rq.get("Port").is_null() {
            return Err(invalid("A listener port must be specified"));
        }
        if rq.get("Protocol").is_null() {
            return Err(invalid("A listener protocol must be specified"));
        }
    }
    let protocol = rq.text("Protocol").to_owned();
    if rq.list("DefaultActions").is_empty() {
        return Err(invalid("A default action must be specified"));
    }
    let mut row = rq.input.clone();
    if let Some(members) = row.as_object_mut() {
        members.remove("Tags");
    }
    check(&balancer, &row)?;
    row["DefaultActions"] = json!(actions(world, &balancer, rq.list("DefaultActions"))?);
    if ["HTTPS", "TLS"].contains(&protocol.as_str()) {
        if row["SslPolicy"].is_null() {
            row["SslPolicy"] = json!("ELBSecurityPolicy-2016-08");
        }
        if row["MutualAuthentication"].is_null() && protocol == "HTTPS" {
            row["MutualAuthentication"] = json!({"Mode": "off"});
        }
    }
    let path = super::tail(rq.text("LoadBalancerArn"), "loadbalancer");
    let id = world.hex(16);
    let arn = world.arn("elasticloadbalancing", rq.region, &format!("listener/{path}/{id}"));
    row["ListenerArn"] = json!(arn);
    row["_tags"] = super::tags_of(rq)?;
    row["_attributes"] = attributes::listener_defaults(&protocol);
    row["_region"] = json!(rq.region);
    row["_settings"] = settings;
    world.put(LISTENERS, &arn, row.clone());
    Ok(json!({"Listeners": [shown(&row)]}))
}

/// `DescribeListeners`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (balancer, arns) = (rq.opt("LoadBalancerArn"), rq.texts("ListenerArns"));
    if balancer.is_none() && arns.is_empty() {
        return Err(invalid("You must specify either listener ARNs or a load balancer ARN"));
    }
    if let Some(arn) = balancer {
        world.get(BALANCERS, arn).ok_or_else(no_balancer)?;
    }
    let mut found = Vec::new();
    for (arn, row) in world.rows(LISTENERS) {
        if arns.contains(&arn) || balancer.is_some_and(|b| row["LoadBalancerArn"] == b) {
            found.push(shown(row));
        }
    }
    if found.len() < arns.len() {
        return Err(no_listener());
    }
    let (page, next) = rq.page(found, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"Listeners": page, "NextMarker": next}))
}

/// `ModifyListener`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ListenerArn");
    let old = world.get(LISTENERS, arn).ok_or_else(no_listener)?.clone();
    let balancer =
        world.get(BALANCERS, old["LoadBalancerArn"].as_str().unwrap_or_default()).ok_or_else(no_balancer)?;
    let balancer = balancer.clone();
    let mut row = old.clone();
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row[member] = value.clone();
        if member != "ListenerArn" {
            row["_settings"][member] = value.clone();
        }
    }
    if row["AlpnPolicy"] == json!(["None"]) {
        row["AlpnPolicy"] = json!([]);
    }
    if !["HTTPS", "TLS"].contains(&row["Protocol"].as_str().unwrap_or_default()) {
        for member in ["Certificates", "SslPolicy", "MutualAuthentication"] {
            if rq.get(member).is_null()
                && let Some(members) = row.as_object_mut()
            {
                members.remove(member);
            }
        }
    }
    if !rq.get("DefaultActions").is_null() {
        row["DefaultActions"] = json!(actions(world, &balancer, rq.list("DefaultActions"))?);
    }
    check(&balancer, &row)?;
    let taken = |other: &Json| {
        other["LoadBalancerArn"] == row["LoadBalancerArn"]
            && other["Port"] == row["Port"]
            && other["ListenerArn"] != arn
    };
    if world.any(LISTENERS, taken) {
        let text = "A listener already exists on this port for this load balancer";
        return Err(Fault::new("DuplicateListener", text));
    }
    world.put(LISTENERS, arn, row.clone());
    Ok(json!({"Listeners": [shown(&row)]}))
}

/// Takes a listener and its rules away.
pub fn drop_listener(world: &mut World, arn: &str) {
    let rules: Vec<String> = world
        .rows(RULES)
        .filter(|(_, rule)| rule["_listener"] == arn)
        .map(|(key, _)| key.to_owned())
        .collect();
    for rule in rules {
        world.remove(RULES, &rule);
    }
    world.remove(LISTENERS, arn);
}

/// `DeleteListener`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ListenerArn");
    // One that is gone is fine (TestAccELBV2Listener_disappears).
    if world.get(LISTENERS, arn).is_some() {
        drop_listener(world, arn);
    }
    done()
}
