//! What of an instance can be changed, and when: some of it only while it stands still (`ModifyInstanceAttribute`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use super::{
    common::{Noun, agreed, combination, invalid, lacking, listed},
    filters,
    instances::{INSTANCE, TABLE, is_there, profile, state},
    security_groups::GROUP,
    volumes,
};
use crate::sandbox::{Fault, Reply, Request, World, done, durations};

/// Associations of profiles with instances; they are no rows of their own.
const ASSOCIATION: Noun = Noun {
    table: TABLE,
    prefix: "iip-assoc",
    id: "AssociationId",
    ids: "AssociationIds",
    tags: "",
    resource: "",
    missing: "NoSuchAssociation",
    malformed: "InvalidAssociationID.Malformed",
    label: "association",
    filters: &[("instance-id", "InstanceId"), ("state", "State")],
};

fn wrong_state(id: &str, why: &str) -> Fault {
    Fault::new("IncorrectInstanceState", format!("The instance '{id}' is not in the '{why}' state."))
}

/// Only a stopped instance takes it.
fn still(row: &Json) -> Result<(), Fault> {
    if row["State"]["Name"] == "stopped" {
        return Ok(());
    }
    Err(wrong_state(row["InstanceId"].as_str().unwrap_or_default(), "stopped"))
}

/// An instance that is not on its way out.
fn living(world: &World, rq: &Request<'_>, id: &str) -> Result<Json, Fault> {
    let row = INSTANCE.get(world, rq, id)?;
    if !is_there(world, row) {
        return Err(INSTANCE.absent(id));
    }
    match row["State"]["Name"].as_str() {
        Some("terminated" | "shutting-down") => Err(wrong_state(id, "running")),
        _ => Ok(row.clone()),
    }
}

/// Changes the state of instances, all or none.
fn move_all(
    world: &mut World,
    rq: &Request<'_>,
    member: &str,
    from: &[&str],
    already: &[&str],
    (code, name, last_code, last, millis): (i64, &str, i64, &str, i64),
) -> Reply {
    let ids: Vec<String> = rq.texts("InstanceIds").iter().map(|id| (*id).to_owned()).collect();
    for id in &ids {
        let row = INSTANCE.get(world, rq, id)?;
        let word = row["State"]["Name"].as_str().unwrap_or_default();
        if !from.contains(&word) && !already.contains(&word) {
            let message = format!(
                "The instance '{id}' is not in a state from which it can be {}.",
                if code == 0 { "started" } else { "stopped" }
            );
            return Err(Fault::new("IncorrectInstanceState", message));
        }
    }
    let mut changes = Vec::new();
    for id in &ids {
        let before = INSTANCE.get(world, rq, id)?["State"].clone();
        if from.contains(&before["Name"].as_str().unwrap_or_default()) {
            world.cancel(TABLE, id);
            let row = INSTANCE.get_mut(world, rq, id)?;
            row["State"] = state(code, name);
            let public = row["_public"] == true;
            let mut end = json!({"State": state(last_code, last)});
            if last == "stopped" {
                // "Stop and start Amazon EC2 instances": the public address goes, the private one stays.
                end["PublicIpAddress"] = Json::Null;
                end["PublicDnsName"] = json!("");
                end["StateTransitionReason"] = json!("User initiated");
            } else {
                end["StateTransitionReason"] = json!("");
                if public {
                    let number = world.next() % 250 + 1;
                    let address = format!("203.0.113.{number}");
                    end["PublicDnsName"] =
                        json!(format!("ec2-{}.compute-1.amazonaws.com", address.replace('.', "-")));
                    end["PublicIpAddress"] = json!(address);
                }
            }
            world.set_after(millis, TABLE, id, end);
        }
        let after = INSTANCE.get(world, rq, id)?["State"].clone();
        changes.push(json!({"InstanceId": id, "PreviousState": before, "CurrentState": after}));
    }
    Ok(json!({member: changes}))
}

/// `StartInstances`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let to = (0, "pending", 16, "running", durations::INSTANCE_UP);
    move_all(world, rq, "StartingInstances", &["stopped"], &["running", "pending"], to)
}

/// `StopInstances`.
pub(super) fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    let to = (64, "stopping", 80, "stopped", durations::INSTANCE_DOWN);
    move_all(world, rq, "StoppingInstances", &["running"], &["stopped", "stopping"], to)
}

fn monitoring(world: &mut World, rq: &Request<'_>, last: &str) -> Reply {
    let ids: Vec<String> = rq.texts("InstanceIds").iter().map(|id| (*id).to_owned()).collect();
    for id in &ids {
        living(world, rq, id)?;
    }
    let mut all = Vec::new();
    for id in &ids {
        let row = INSTANCE.get_mut(world, rq, id)?;
        row["Monitoring"] = json!({"State": last});
        all.push(json!({"InstanceId": id, "Monitoring": {"State": last}}));
    }
    Ok(json!({"InstanceMonitorings": all}))
}

/// `MonitorInstances`.
pub(super) fn monitor(world: &mut World, rq: &Request<'_>) -> Reply {
    monitoring(world, rq, "enabled")
}

/// `UnmonitorInstances`.
pub(super) fn unmonitor(world: &mut World, rq: &Request<'_>) -> Reply {
    monitoring(world, rq, "disabled")
}

/// `ModifyInstanceAttribute`: one attribute at a time.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    let row = living(world, rq, &id)?;
    const ATTRIBUTES: &[&str] = &[
        "BlockDeviceMappings",
        "DisableApiTermination",
        "EbsOptimized",
        "EnaSupport",
        "Groups",
        "InstanceInitiatedShutdownBehavior",
        "InstanceType",
        "Kernel",
        "Ramdisk",
        "SourceDestCheck",
        "SriovNetSupport",
        "UserData",
        "Attribute",
    ];
    let sent: Vec<&str> = ATTRIBUTES.iter().filter(|name| !rq.get(name).is_null()).copied().collect();
    let name = match sent.as_slice() {
        [] => return Err(combination("No attributes specified.")),
        [one] => *one,
        _ => return Err(combination("Fields for multiple attribute types specified")),
    };
    let value = &rq.get(name)["Value"];
    let (place, value) = match name {
        "DisableApiTermination" => ("_protected", value.clone()),
        "SourceDestCheck" => ("SourceDestCheck", value.clone()),
        "InstanceInitiatedShutdownBehavior" => match value.as_str() {
            Some("stop" | "terminate") => ("_shutdown", value.clone()),
            other => {
                let other = other.unwrap_or_default();
                return Err(invalid(format!(
                    "Value ({other}) for parameter instanceInitiatedShutdownBehavior is invalid."
                )));
            }
        },
        "Groups" => return regroup(world, rq, &id),
        "BlockDeviceMappings" => return ends(world, rq, &id),
        "InstanceType" => {
            still(&row)?;
            ("InstanceType", value.clone())
        }
        "UserData" => {
            still(&row)?;
            let data = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
            if data.len() > 16_384 {
                return Err(invalid("User data is limited to 16384 bytes".to_owned()));
            }
            ("_user_data", if data.is_empty() { Json::Null } else { value.clone() })
        }
        "EbsOptimized" => {
            still(&row)?;
            ("EbsOptimized", value.clone())
        }
        "Kernel" | "Ramdisk" => {
            still(&row)?;
            (if name == "Kernel" { "KernelId" } else { "RamdiskId" }, value.clone())
        }
        other => {
            let message = format!("The sandbox does not change {other} of an instance.");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    };
    let row = INSTANCE.get_mut(world, rq, &id)?;
    row[place] = value.clone();
    if place == "SourceDestCheck" {
        row["NetworkInterfaces"][0]["SourceDestCheck"] = value;
    }
    done()
}

fn regroup(world: &mut World, rq: &Request<'_>, id: &str) -> Reply {
    let groups = rq.texts("Groups");
    if groups.is_empty() {
        return Err(lacking("groupId"));
    }
    let vpc = INSTANCE.get(world, rq, id)?["VpcId"].clone();
    let mut worn = Vec::new();
    for group in &groups {
        let row = GROUP.get(world, rq, group)?;
        if row["VpcId"] != vpc {
            return Err(invalid(format!(
                "Security group {group} and instance {id} belong to different networks."
            )));
        }
        worn.push(json!({"GroupId": group, "GroupName": row["GroupName"]}));
    }
    let row = INSTANCE.get_mut(world, rq, id)?;
    row["SecurityGroups"] = json!(worn);
    row["NetworkInterfaces"][0]["Groups"] = json!(worn);
    let eni = row["NetworkInterfaces"][0]["NetworkInterfaceId"].as_str().unwrap_or_default().to_owned();
    if let Some(eni) = world.get_mut("ec2.network-interface", &eni) {
        eni["Groups"] = json!(worn);
    }
    done()
}

fn ends(world: &mut World, rq: &Request<'_>, id: &str) -> Reply {
    let wanted: Vec<Json> = rq.list("BlockDeviceMappings").to_vec();
    let known = INSTANCE.get(world, rq, id)?["BlockDeviceMappings"].as_array().cloned().unwrap_or_default();
    for one in &wanted {
        if !known.iter().any(|mapping| mapping["DeviceName"] == one["DeviceName"]) {
            let device = one["DeviceName"].as_str().unwrap_or_default();
            let message = format!("No device is currently mapped at {device}");
            return Err(Fault::new("InvalidInstanceAttributeValue", message));
        }
    }
    for one in &wanted {
        let (Some(device), Some(on)) =
            (one["DeviceName"].as_str(), one["Ebs"]["DeleteOnTermination"].as_bool())
        else {
            continue;
        };
        volumes::set_end(world, id, device, on);
        let row = INSTANCE.get_mut(world, rq, id)?;
        for mapping in row["BlockDeviceMappings"].as_array_mut().into_iter().flatten() {
            if mapping["DeviceName"] == device {
                mapping["Ebs"]["DeleteOnTermination"] = json!(on);
            }
        }
    }
    done()
}

/// `DescribeInstanceAttribute`.
pub(super) fn attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId");
    let row = INSTANCE.get(world, rq, id)?;
    let value = |value: &Json| if value.is_null() { json!({}) } else { json!({"Value": value}) };
    let mut answer = json!({"InstanceId": id});
    let (member, shown) = match rq.text("Attribute") {
        "userData" => ("UserData", value(&row["_user_data"])),
        "disableApiTermination" => ("DisableApiTermination", value(&json!(row["_protected"] == true))),
        "instanceInitiatedShutdownBehavior" => {
            ("InstanceInitiatedShutdownBehavior", value(&row["_shutdown"]))
        }
        "instanceType" => ("InstanceType", value(&row["InstanceType"])),
        "ebsOptimized" => ("EbsOptimized", value(&row["EbsOptimized"])),
        "sourceDestCheck" => ("SourceDestCheck", value(&row["SourceDestCheck"])),
        "rootDeviceName" => ("RootDeviceName", value(&row["RootDeviceName"])),
        "kernel" => ("KernelId", value(&row["KernelId"])),
        "ramdisk" => ("RamdiskId", value(&row["RamdiskId"])),
        "enaSupport" => ("EnaSupport", value(&row["EnaSupport"])),
        "groupSet" => ("Groups", row["SecurityGroups"].clone()),
        "blockDeviceMapping" => ("BlockDeviceMappings", row["BlockDeviceMappings"].clone()),
        "productCodes" => ("ProductCodes", json!([])),
        other => {
            return Err(invalid(format!(
                "Value ({other}) for parameter attribute is invalid. Unknown attribute."
            )));
        }
    };
    answer[member] = shown;
    Ok(answer)
}

/// `ModifyInstanceMetadataOptions`.
pub(super) fn metadata(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    living(world, rq, &id)?;
    if let Some(limit) = rq.int("HttpPutResponseHopLimit").filter(|limit| !(1..=64).contains(limit)) {
        return Err(invalid(format!("Value ({limit}) for parameter httpPutResponseHopLimit is invalid.")));
    }
    let row = INSTANCE.get_mut(world, rq, &id)?;
    for member in
        ["HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"]
    {
        if !rq.get(member).is_null() {
            row["MetadataOptions"][member] = rq.get(member).clone();
        }
    }
    Ok(json!({"InstanceId": id, "InstanceMetadataOptions": row["MetadataOptions"]}))
}

/// Whether a type has credits ("Burstable performance instances").
fn bursts(kind: &str) -> bool {
    ["t2.", "t3.", "t3a.", "t4g."].iter().any(|family| kind.starts_with(family))
}

/// What a launch says of how and where an instance runs, as it is shown and kept.
pub(super) fn launched(data: &Json, kind: &str, zone: &Json) -> [(&'static str, Json); 9] {
    let mut placement = json!({"GroupName": "", "Tenancy": "default"});
    for (member, value) in data["Placement"].as_object().into_iter().flatten() {
        placement[member] = value.clone();
    }
    placement["AvailabilityZone"] = zone.clone();
    let wanted = &data["PrivateDnsNameOptions"];
    let names = json!({
        "HostnameType": wanted["HostnameType"].as_str().unwrap_or("ip-name"),
        "EnableResourceNameDnsARecord": wanted["EnableResourceNameDnsARecord"] == true,
        "EnableResourceNameDnsAAAARecord": wanted["EnableResourceNameDnsAAAARecord"] == true,
    });
    let cpu = json!({
        "CoreCount": data["CpuOptions"]["CoreCount"].as_i64().unwrap_or(1),
        "ThreadsPerCore": data["CpuOptions"]["ThreadsPerCore"].as_i64().unwrap_or(2),
    });
    [
        ("CpuOptions", cpu),
        ("EnclaveOptions", json!({"Enabled": data["EnclaveOptions"]["Enabled"] == true})),
        ("HibernationOptions", json!({"Configured": data["HibernationOptions"]["Configured"] == true})),
        ("KernelId", data["KernelId"].clone()),
        ("RamdiskId", data["RamdiskId"].clone()),
        ("Placement", placement),
        ("PrivateDnsNameOptions", names),
        ("_credits", credits(kind, &data["CreditSpecification"])),
        ("_user_data", data["UserData"].clone()),
    ]
}

/// What the credits of an instance are when nobody says so: T2 standard, the others unlimited.
fn credits(kind: &str, wanted: &Json) -> Json {
    match wanted["CpuCredits"].as_str() {
        _ if !bursts(kind) => Json::Null,
        Some(word) => json!(word),
        None => json!(if kind.starts_with("t2.") { "standard" } else { "unlimited" }),
    }
}

/// `ModifyInstanceCreditSpecification`: instances are judged one by one.
pub(super) fn modify_credits(world: &mut World, rq: &Request<'_>) -> Reply {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for one in rq.list("InstanceCreditSpecifications") {
        let (id, word) =
            (one["InstanceId"].as_str().unwrap_or_default(), one["CpuCredits"].as_str().unwrap_or_default());
        let refused = |code: &str, message: String| json!({"InstanceId": id, "Error": {"Code": code, "Message": message}});
        let Some(row) = world.get(TABLE, id).filter(|row| row["_region"] == rq.region).cloned() else {
            let message = format!("The instance ID '{id}' does not exist");
            bad.push(refused("InvalidInstanceID.NotFound", message));
            continue;
        };
        if !bursts(row["InstanceType"].as_str().unwrap_or_default()) {
            bad.push(refused(
                "InstanceCreditSpecification.NotSupported",
                format!("{id} is no burstable performance instance"),
            ));
        } else if !matches!(word, "standard" | "unlimited") {
            bad.push(refused("InvalidParameterValue", format!("{word} is no CPU credit option")));
        } else if let Some(row) = world.get_mut(TABLE, id) {
            row["_credits"] = json!(word);
            good.push(json!({"InstanceId": id}));
        }
    }
    Ok(
        json!({"SuccessfulInstanceCreditSpecifications": good, "UnsuccessfulInstanceCreditSpecifications": bad}),
    )
}

/// `DescribeInstanceCreditSpecifications`: by id all burstable ones; without ids those that are unlimited.
pub(super) fn describe_credits(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("InstanceIds");
    let mut rows = Vec::new();
    if ids.is_empty() {
        rows.extend(
            INSTANCE
                .all(world, rq)
                .filter(|row| is_there(world, row) && row["_credits"] == "unlimited")
                .cloned(),
        );
    }
    for id in ids {
        let row = INSTANCE.get(world, rq, id)?;
        if row["_credits"].is_null() {
            return Err(Fault::new(
                "InstanceCreditSpecification.NotSupported",
                format!("{id} is no burstable performance instance"),
            ));
        }
        rows.push(row.clone());
    }
    let all = rows
        .iter()
        .map(|row| json!({"InstanceId": row["InstanceId"], "CpuCredits": row["_credits"]}))
        .collect();
    let all = filters::apply(all, rq.list("Filters"), &[("instance-id", "InstanceId")], "")?;
    listed(rq, "InstanceCreditSpecifications", all)
}

/// `ModifyInstancePlacement`: between dedicated hardware and hosts, while it stands still.
pub(super) fn place(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    let row = living(world, rq, &id)?;
    still(&row)?;
    let own = matches!(row["Placement"]["Tenancy"].as_str(), Some("dedicated" | "host"));
    if ["Tenancy", "HostId", "Affinity"].iter().any(|name| rq.opt(name).is_some()) && !own {
        return Err(Fault::new("InvalidTenancy", "An instance with default tenancy stays where it is."));
    }
    let row = INSTANCE.get_mut(world, rq, &id)?;
    for member in ["Tenancy", "HostId", "Affinity", "GroupName", "PartitionNumber", "HostResourceGroupArn"] {
        if !rq.get(member).is_null() {
            row["Placement"][member] = rq.get(member).clone();
        }
    }
    agreed()
}

/// `ModifyPrivateDnsNameOptions`: another kind of host name only while it stands still.
pub(super) fn names(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    let row = living(world, rq, &id)?;
    let kind = rq.opt("PrivateDnsHostnameType");
    if kind.is_some_and(|kind| row["PrivateDnsNameOptions"]["HostnameType"] != kind) {
        still(&row)?;
    }
    let row = INSTANCE.get_mut(world, rq, &id)?;
    for (member, sent) in [
        ("HostnameType", "PrivateDnsHostnameType"),
        ("EnableResourceNameDnsARecord", "EnableResourceNameDnsARecord"),
        ("EnableResourceNameDnsAAAARecord", "EnableResourceNameDnsAAAARecord"),
    ] {
        if !rq.get(sent).is_null() {
            row["PrivateDnsNameOptions"][member] = rq.get(sent).clone();
        }
    }
    agreed()
}

fn association(row: &Json) -> Option<Json> {
    let id = row["_association"].as_str()?;
    Some(json!({
        "AssociationId": id, "InstanceId": row["InstanceId"], "IamInstanceProfile": row["IamInstanceProfile"],
        "State": "associated",
    }))
}

/// A new association's id.
pub(super) fn associated(world: &mut World, profile: &Json) -> Json {
    if profile.is_null() { Json::Null } else { json!(world.id("iip-assoc")) }
}

/// The instance that an association is of.
fn of_association(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let wanted = rq.text("AssociationId");
    let mut all = INSTANCE.all(world, rq);
    all.find(|row| row["_association"] == wanted).cloned().ok_or_else(|| {
        let message = format!("An invalid association-id of '{wanted}' was given");
        Fault::new(ASSOCIATION.missing, message)
    })
}

/// `AssociateIamInstanceProfile`: an instance has one profile at most.
pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    let row = living(world, rq, &id)?;
    if association(&row).is_some() {
        let message = format!("There is an existing association for instance {id}");
        return Err(Fault::new("IncorrectState", message));
    }
    give(world, rq, &id)
}

fn give(world: &mut World, rq: &Request<'_>, id: &str) -> Reply {
    let wanted = profile(world, rq.get("IamInstanceProfile"))?;
    if wanted.is_null() {
        return Err(lacking("IamInstanceProfile"));
    }
    let number = associated(world, &wanted);
    let row = INSTANCE.get_mut(world, rq, id)?;
    row["IamInstanceProfile"] = wanted;
    row["_association"] = number;
    Ok(json!({"IamInstanceProfileAssociation": association(row)}))
}

/// `ReplaceIamInstanceProfileAssociation`: the new association has an id of its own.
pub(super) fn reassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = of_association(world, rq)?;
    let id = row["InstanceId"].as_str().unwrap_or_default().to_owned();
    give(world, rq, &id)
}

/// `DisassociateIamInstanceProfile`.
pub(super) fn disassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = of_association(world, rq)?;
    let mut gone = association(&row).unwrap_or_default();
    gone["State"] = json!("disassociating");
    let id = row["InstanceId"].as_str().unwrap_or_default().to_owned();
    let row = INSTANCE.get_mut(world, rq, &id)?;
    row["IamInstanceProfile"] = Json::Null;
    row["_association"] = Json::Null;
    Ok(json!({"IamInstanceProfileAssociation": gone}))
}

/// `DescribeIamInstanceProfileAssociations`.
pub(super) fn associations(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut all: Vec<Json> = INSTANCE.all(world, rq).filter_map(association).collect();
    let ids = rq.texts("AssociationIds");
    if let Some(wrong) = ids.iter().find(|id| !all.iter().any(|one| one["AssociationId"] == **id)) {
        return Err(Fault::new(
            ASSOCIATION.missing,
            format!("An invalid association-id of '{wrong}' was given"),
        ));
    }
    all.retain(|one| ids.is_empty() || ids.iter().any(|id| one["AssociationId"] == *id));
    let all = filters::apply(all, rq.list("Filters"), ASSOCIATION.filters, "")?;
    listed(rq, "IamInstanceProfileAssociations", all)
}
