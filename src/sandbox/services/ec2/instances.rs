//! Instances: launched by a call or by an Auto Scaling group, with an interface in a subnet, and terminated.
//!
//! A row whose `_from` lies ahead is not there yet: a group that replaces its instances in batches plans them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use super::{
    common::{Noun, combination, here, invalid, listed, remember, replayed},
    filters, instance_settings, launch_templates,
    security_groups::GROUP,
    subnets::SUBNET,
    volumes,
};
use crate::sandbox::{
    Effect, Fault, Reply, Request, World, durations,
    services::{s3, ssm},
};

/// Instances.
pub(super) const INSTANCE: Noun = Noun {
    table: TABLE,
    prefix: "i",
    id: "InstanceId",
    ids: "InstanceIds",
    tags: "Tags",
    resource: "instance",
    missing: "InvalidInstanceID.NotFound",
    malformed: "InvalidInstanceID.Malformed",
    label: "instance",
    filters: &[
        ("architecture", "Architecture"),
        ("availability-zone", "Placement.AvailabilityZone"),
        ("client-token", "ClientToken"),
        ("iam-instance-profile.arn", "IamInstanceProfile.Arn"),
        ("image-id", "ImageId"),
        ("instance-id", "InstanceId"),
        ("instance-state-code", "State.Code"),
        ("instance-state-name", "State.Name"),
        ("instance-type", "InstanceType"),
        ("instance.group-id", "SecurityGroups.GroupId"),
        ("instance.group-name", "SecurityGroups.GroupName"),
        ("key-name", "KeyName"),
        ("monitoring-state", "Monitoring.State"),
        ("network-interface.network-interface-id", "NetworkInterfaces.NetworkInterfaceId"),
        ("network-interface.subnet-id", "NetworkInterfaces.SubnetId"),
        ("private-ip-address", "PrivateIpAddress"),
        ("reservation-id", "_reservation"),
        ("subnet-id", "SubnetId"),
        ("tenancy", "Placement.Tenancy"),
        ("vpc-id", "VpcId"),
    ],
};

/// The table of instances.
pub const TABLE: &str = "ec2.instance";

/// How long a terminated instance is still shown (EC2 User Guide, "Terminate an instance": about an hour).
const REMEMBERED: i64 = 3_600_000;

/// Whether an instance has been launched by now.
#[must_use]
pub fn is_there(world: &World, row: &Json) -> bool {
    row["_from"].as_i64().is_none_or(|from| from <= world.now())
}

pub(super) fn state(code: i64, name: &str) -> Json {
    json!({"Code": code, "Name": name})
}

pub(super) fn profile(world: &World, wanted: &Json) -> Result<Json, Fault> {
    if wanted.is_null() {
        return Ok(Json::Null);
    }
    let (arn, name) = (wanted["Arn"].as_str(), wanted["Name"].as_str());
    let mut rows = world.rows("iam.instance-profile").map(|(_, row)| row);
    let found = rows.find(|row| {
        arn.is_some_and(|arn| row["Arn"] == arn)
            || name.is_some_and(|name| row["InstanceProfileName"] == name)
    });
    // A new profile is known to EC2 after a while (IAM User Guide, eventual consistency).
    let known = |row: &&Json| {
        row["_born"].as_i64().is_none_or(|born| born + durations::IAM_PROPAGATION <= world.now())
    };
    match found.filter(known) {
        Some(row) => Ok(json!({"Arn": row["Arn"], "Id": row["InstanceProfileId"]})),
        None => {
            let which = if arn.is_some() { "ARN" } else { "name" };
            let text = arn.or(name).unwrap_or_default();
            Err(invalid(format!(
                "Value ({text}) for parameter iamInstanceProfile.{which} is invalid. Invalid IAM Instance Profile {which}"
            )))
        }
    }
}

/// What an instance is launched with, resolved: `ImageId` and so on as `RunInstances` takes them.
struct Wanted {
    subnet: Json,
    groups: Vec<Json>,
    image: String,
    profile: Json,
}

fn resolve(world: &World, region: &str, data: &Json) -> Result<Wanted, Fault> {
    volumes::checked(data)?;
    if let Some(limit) =
        data["MetadataOptions"]["HttpPutResponseHopLimit"].as_i64().filter(|limit| !(1..=64).contains(limit))
    {
        return Err(invalid(format!("Value ({limit}) for parameter httpPutResponseHopLimit is invalid.")));
    }
    let interface =
        data["NetworkInterfaces"].as_array().and_then(|all| all.first()).cloned().unwrap_or_default();
    let image = data["ImageId"].as_str().unwrap_or_default();
    if image.is_empty() {
        return Err(Fault::new("MissingParameter", "The request must contain the parameter ImageId"));
    }
    let found = launch_templates::image(world, region, image);
    let exists = |id: &str| {
        ssm::AMAZON_LINUX.iter().any(|name| ssm::image(region, name) == id)
            || world.get("ec2.image", id).is_some()
    };
    let image = found.filter(|id| exists(id)).ok_or_else(|| {
        Fault::new("InvalidAMIID.NotFound", format!("The image id '[{image}]' does not exist"))
    })?;
    let subnet = interface["SubnetId"].as_str().or(data["SubnetId"].as_str());
    let subnet = match subnet {
        Some(id) => world
            .get(SUBNET.table, id)
            .filter(|row| here(row, region))
            .cloned()
            .ok_or_else(|| SUBNET.absent(id))?,
        None => world
            .rows(SUBNET.table)
            .find(|(_, row)| here(row, region) && row["DefaultForAz"] == true)
            .map(|(_, row)| row.clone())
            .ok_or_else(|| {
                Fault::new("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
            })?,
    };
    let named = if interface["Groups"].is_array() { &interface["Groups"] } else { &data["SecurityGroupIds"] };
    let named: Vec<&str> = named.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let named = world.or_default_group(&named, &subnet["VpcId"]);
    // Names instead of ids mean groups of the subnet's VPC, which must be the default one.
    let by_name: Vec<&str> =
        data["SecurityGroups"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let found: Vec<String> = world
        .rows(GROUP.table)
        .filter(|(_, row)| {
            row["VpcId"] == subnet["VpcId"]
                && row["GroupName"].as_str().is_some_and(|name| by_name.contains(&name))
        })
        .map(|(id, _)| id.to_owned())
        .collect();
    if found.len() < by_name.len() {
        let message = format!("The security group '{}' does not exist in default VPC", by_name.join(", "));
        return Err(Fault::new("InvalidGroup.NotFound", message));
    }
    let named = if by_name.is_empty() { named } else { found.iter().map(String::as_str).collect() };
    let mut groups = Vec::new();
    for id in named {
        let row =
            world.get(GROUP.table, id).filter(|row| here(row, region)).ok_or_else(|| GROUP.absent(id))?;
        if row["VpcId"] != subnet["VpcId"] {
            return Err(invalid(format!(
                "Security group {id} and subnet {} belong to different networks.",
                subnet["SubnetId"].as_str().unwrap_or_default()
            )));
        }
        groups.push(json!({"GroupId": id, "GroupName": row["GroupName"]}));
    }
    Ok(Wanted { profile: profile(world, &data["IamInstanceProfile"])?, subnet, groups, image })
}

/// Checks that an instance could be launched.
///
/// # Errors
/// EC2's refusal.
pub fn could_launch(world: &World, region: &str, data: &Json) -> Result<(), Fault> {
    resolve(world, region, data).map(drop)
}

/// Launches an instance `offset` milliseconds from now; it runs a little later. Answers its id.
///
/// # Errors
/// EC2's refusal.
pub fn launch(
    world: &mut World,
    region: &str,
    data: &Json,
    tags: Vec<Json>,
    offset: i64,
) -> Result<String, Fault> {
    let wanted = resolve(world, region, data)?;
    let id = world.id("i");
    let subnet = wanted.subnet["SubnetId"].as_str().unwrap_or_default().to_owned();
    let ids: Vec<&str> = wanted.groups.iter().filter_map(|group| group["GroupId"].as_str()).collect();
    let address = world.attach_interfaces(region, &id, &[&subnet], &ids).into_iter().next().flatten();
    let owned = |row: &Json| row["_owner"] == id.as_str();
    let eni = world.rows("ec2.network-interface").find(|(_, row)| owned(row)).map(|(key, _)| key.to_owned());
    let eni = eni.unwrap_or_default();
    // moto's test_create_instance__termination_deletes_eni, which AWS passes.
    let temporary = data["NetworkInterfaces"][0]["DeleteOnTermination"].as_bool().unwrap_or(true);
    if let Some(row) = world.get_mut("ec2.network-interface", &eni) {
        // The interface of an instance is its owner's, not a service's.
        row["RequesterManaged"] = json!(false);
        row["Description"] = json!("");
        row["Attachment"]["InstanceId"] = json!(id);
        row["Attachment"]["DeviceIndex"] = json!(0);
        row["Attachment"]["DeleteOnTermination"] = json!(temporary);
        if let Some(members) = row.as_object_mut() {
            members.remove("RequesterId");
        }
    }
    let shown = world.get("ec2.network-interface", &eni).cloned().unwrap_or_default();
    let text = |member: &str| data[member].as_str().map(ToOwned::to_owned);
    let monitored = data["Monitoring"]["Enabled"] == true;
    let metadata = &data["MetadataOptions"];
    let option = |member: &str, default: &str| metadata[member].as_str().unwrap_or(default).to_owned();
    let kind = text("InstanceType").unwrap_or_else(|| "m1.small".into());
    let mappings = volumes::make(world, region, &id, &wanted.subnet["AvailabilityZone"], data);
    let association = instance_settings::associated(world, &wanted.profile);
    let interface = &data["NetworkInterfaces"][0];
    let public = interface["AssociatePublicIpAddress"]
        .as_bool()
        .unwrap_or(wanted.subnet["MapPublicIpOnLaunch"] == true);
    let public_address = public.then(|| format!("203.0.113.{}", world.next() % 250 + 1));
    let public_name = public_address.as_ref().map_or_else(String::new, |address| {
        format!("ec2-{}.compute-1.amazonaws.com", address.replace('.', "-"))
    });
    let described = interface["Description"].as_str().unwrap_or_default().to_owned();
    let mut row = json!({
        "InstanceId": id, "ImageId": wanted.image, "InstanceType": kind, "PublicIpAddress": public_address,
        "State": state(0, "pending"), "SubnetId": subnet, "VpcId": wanted.subnet["VpcId"], "PrivateIpAddress": address,
        "PrivateDnsName": shown["PrivateDnsName"], "PublicDnsName": public_name, "SecurityGroups": wanted.groups,
        "NetworkInterfaces": [{
            "NetworkInterfaceId": eni, "SubnetId": subnet, "VpcId": wanted.subnet["VpcId"], "Groups": wanted.groups,
            "PrivateIpAddress": address, "Status": "in-use", "OwnerId": world.account, "SourceDestCheck": true,
            "InterfaceType": "interface", "MacAddress": shown["MacAddress"], "Description": described,
            "Attachment": {
                "AttachmentId": shown["Attachment"]["AttachmentId"], "DeviceIndex": 0, "Status": "attached",
                "DeleteOnTermination": temporary,
            },
        }],
        "IamInstanceProfile": wanted.profile, "KeyName": text("KeyName"), "AmiLaunchIndex": 0,
        "Monitoring": {"State": if monitored { "enabled" } else { "disabled" }},
        "MetadataOptions": {
            "State": "applied", "HttpTokens": option("HttpTokens", "optional"), "HttpEndpoint": option("HttpEndpoint", "enabled"),
            "HttpPutResponseHopLimit": metadata["HttpPutResponseHopLimit"].as_i64().unwrap_or(1),
            "HttpProtocolIpv6": option("HttpProtocolIpv6", "disabled"), "InstanceMetadataTags": option("InstanceMetadataTags", "disabled"),
        },
        "LaunchTime": World::seconds(world.date_after(offset)), "Architecture": "x86_64", "Hypervisor": "xen",
        "VirtualizationType": "hvm", "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda", "EbsOptimized": data["EbsOptimized"] == true,
        "EnaSupport": true, "SourceDestCheck": true, "CurrentInstanceBootMode": "legacy-bios", "ProductCodes": [],
        "BlockDeviceMappings": mappings, "StateTransitionReason": "", "ClientToken": "", "Tags": tags, "_region": region,
        "_from": world.now() + offset, "_data": data, "_reservation": format!("r-0{}", world.hex(16)),
        "_protected": data["DisableApiTermination"] == true, "_public": public,
        "_association": association,
        "_shutdown": text("InstanceInitiatedShutdownBehavior").unwrap_or_else(|| "stop".into()),
    });
    for (member, value) in instance_settings::launched(data, &kind, &wanted.subnet["AvailabilityZone"]) {
        row[member] = value;
    }
    world.put(TABLE, &id, row);
    world.set_after(offset + durations::INSTANCE_UP, TABLE, &id, json!({"State": state(16, "running")}));
    signal(world, region, data["UserData"].as_str().unwrap_or_default(), &id);
    Ok(id)
}

/// User data is not run. Where it holds a presigned address, somebody waits for a signal that all went well.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html>
fn signal(world: &mut World, region: &str, encoded: &str, id: &str) {
    let bytes = BASE64_STANDARD.decode(encoded).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>');
    let words = text.split(ends).filter_map(|word| word.find("http").map(|at| &word[at..]));
    for url in words.filter(|word| word.contains("X-Amz-Signature=")) {
        let Some((bucket, key)) = s3::addressed(url) else { continue };
        let said = "the sandbox runs no user data; every instance signals this";
        let body = json!({"Status": "SUCCESS", "UniqueId": id, "Data": said, "Reason": said}).to_string();
        s3::put_signed(world, region, (&bucket, &key), body.as_bytes());
    }
}

/// Terminates an instance `offset` milliseconds from now.
pub fn terminate(world: &mut World, id: &str, offset: i64) {
    world.cancel(TABLE, id);
    let leaving = json!({"State": state(32, "shutting-down")});
    if offset > 0 {
        world.set_after(offset, TABLE, id, leaving);
    } else if let Some(row) = world.get_mut(TABLE, id) {
        row["State"] = leaving["State"].clone();
    }
    let gone = offset + durations::INSTANCE_DOWN;
    let members = json!({
        "State": state(48, "terminated"), "NetworkInterfaces": [], "SecurityGroups": [], "PrivateIpAddress": null,
        "SubnetId": null, "VpcId": null, "PrivateDnsName": "", "_group": null,
        "StateTransitionReason": "User initiated", "BlockDeviceMappings": [], "PublicIpAddress": null, "PublicDnsName": "",
        "IamInstanceProfile": null, "_association": null,
    });
    volumes::release(world, id, gone);
    world.set_after(gone, TABLE, id, members);
    world.after(gone + REMEMBERED, TABLE, id, Effect::Remove);
    // An interface that is not deleted on termination is free then.
    let stays = |row: &Json| row["_owner"] == id && row["Attachment"]["DeleteOnTermination"] == false;
    let kept = world.rows("ec2.network-interface").find(|(_, row)| stays(row)).map(|(eni, _)| eni.to_owned());
    if let Some(eni) = kept {
        let free = json!({"Status": "available", "Attachment": null, "_owner": null});
        world.set_after(gone, "ec2.network-interface", &eni, free);
        return;
    }
    world.release_interfaces(id, gone);
}

fn shown(row: &Json) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, value)| !name.starts_with('_') && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The launch that a request asks for: its template's data under its own parameters.
fn asked(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let mut data = match rq.get("LaunchTemplate") {
        Json::Null => json!({}),
        template => launch_templates::resolved(world, rq.region, template)?.1,
    };
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        data[member] = value.clone();
    }
    Ok(data)
}

/// `RunInstances`.
pub(super) fn run(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = match replayed(world, rq, &INSTANCE)? {
        Some(id) => vec![id],
        None => {
            let (least, most) = (rq.int("MinCount").unwrap_or(1), rq.int("MaxCount").unwrap_or(1));
            if least < 1 || most < least {
                return Err(invalid(
                    "MinCount and MaxCount must be at least 1, and MaxCount not less than MinCount",
                ));
            }
            let data = asked(world, rq)?;
            let has = |member: &str| data[member].as_array().is_some_and(|all| !all.is_empty());
            if has("NetworkInterfaces") && (data["SubnetId"].is_string() || has("SecurityGroupIds")) {
                return Err(combination(
                    "Network interfaces and an instance-level subnet ID may not be specified on the same request",
                ));
            }
            let mut ids = Vec::new();
            for _ in 0..most {
                ids.push(launch(world, rq.region, &data, launch_templates::instance_tags(&data), 0)?);
            }
            for id in &ids {
                if let Some(row) = world.get_mut(TABLE, id) {
                    remember(row, rq);
                    row["ClientToken"] = json!(rq.opt("ClientToken").unwrap_or_default());
                }
            }
            ids
        }
    };
    let rows: Vec<Json> = ids.iter().filter_map(|id| world.get(TABLE, id)).cloned().collect();
    let reservation = rows.first().map(|row| row["_reservation"].clone()).unwrap_or_default();
    let all: Vec<Json> = rows.iter().map(shown).collect();
    Ok(json!({"ReservationId": reservation, "OwnerId": world.account, "Groups": [], "Instances": all}))
}

/// `DescribeInstances`: one reservation for each.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("InstanceIds");
    if !ids.is_empty() && rq.int("MaxResults").is_some() {
        return Err(combination("The parameter instancesSet cannot be used with the parameter maxResults"));
    }
    let mut rows = Vec::new();
    if ids.is_empty() {
        rows.extend(INSTANCE.all(world, rq).filter(|row| is_there(world, row)).cloned());
    }
    for id in ids {
        let row = INSTANCE.get(world, rq, id)?;
        if !is_there(world, row) {
            return Err(INSTANCE.absent(id));
        }
        rows.push(row.clone());
    }
    let rows = filters::apply(rows, rq.list("Filters"), INSTANCE.filters, INSTANCE.tags)?;
    let all = rows
        .iter()
        .map(|row| json!({"ReservationId": row["_reservation"], "OwnerId": world.account, "Groups": [], "Instances": [shown(row)]}))
        .collect();
    listed(rq, "Reservations", all)
}

/// `DescribeInstanceStatus`: running ones, or all.
pub(super) fn describe_status(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("InstanceIds");
    let mut rows: Vec<Json> = Vec::new();
    if ids.is_empty() {
        rows.extend(INSTANCE.all(world, rq).filter(|row| is_there(world, row)).cloned());
    }
    for id in ids {
        rows.push(INSTANCE.get(world, rq, id)?.clone());
    }
    rows.retain(|row| rq.flag("IncludeAllInstances") || row["State"]["Name"] == "running");
    let all: Vec<Json> = rows
        .iter()
        .map(|row| {
            let fine = if row["State"]["Name"] == "running" { "ok" } else { "not-applicable" };
            let one = json!({"Status": fine, "Details": [{"Name": "reachability", "Status": if fine == "ok" { "passed" } else { "insufficient-data" }}]});
            json!({
                "InstanceId": row["InstanceId"], "AvailabilityZone": row["Placement"]["AvailabilityZone"],
                "InstanceState": row["State"], "InstanceStatus": one, "SystemStatus": one, "Tags": row["Tags"],
            })
        })
        .collect();
    let known: &[filters::Filter] = &[
        ("availability-zone", "AvailabilityZone"),
        ("instance-state-name", "InstanceState.Name"),
        ("instance-status.status", "InstanceStatus.Status"),
        ("system-status.status", "SystemStatus.Status"),
    ];
    let mut all = filters::apply(all, rq.list("Filters"), known, "Tags")?;
    for one in &mut all {
        if let Some(members) = one.as_object_mut() {
            members.remove("Tags");
        }
    }
    listed(rq, "InstanceStatuses", all)
}

/// `TerminateInstances`: all of them or, where one is protected, none.
pub(super) fn terminate_all(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids: Vec<String> = rq.texts("InstanceIds").iter().map(|id| (*id).to_owned()).collect();
    for id in &ids {
        let row = INSTANCE.get(world, rq, id)?;
        if row["_protected"] == true && row["State"]["Name"] != "terminated" {
            let message = format!(
                "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
            );
            return Err(Fault::new("OperationNotPermitted", message));
        }
    }
    let mut changes = Vec::new();
    for id in &ids {
        let before = INSTANCE.get(world, rq, id)?["State"].clone();
        if !matches!(before["Name"].as_str(), Some("terminated" | "shutting-down")) {
            crate::sandbox::services::autoscaling::lost(world, id);
            terminate(world, id, 0);
        }
        let after = INSTANCE.get(world, rq, id)?["State"].clone();
        changes.push(json!({"InstanceId": id, "PreviousState": before, "CurrentState": after}));
    }
    Ok(json!({"TerminatingInstances": changes}))
}
