//! The instances of a group: launched, drained, replaced, each at its time.

use serde_json::{Value as Json, json};

use super::{GROUPS, activities};
use crate::sandbox::{
    Fault, World, durations,
    services::{ec2, elbv2},
};

/// Instances of a group that are not on their way out: id and row, oldest first.
pub(super) fn members(world: &World, group: &str) -> Vec<(String, Json)> {
    let leaving = |row: &Json| row["_lifecycle"] == "Terminating" || row["_leaves"] == true;
    let mut all: Vec<(String, Json)> = world
        .rows(ec2::INSTANCES)
        .filter(|(_, row)| row["_group"] == group && !leaving(row))
        .map(|(id, row)| (id.to_owned(), row.clone()))
        .collect();
    all.sort_by_key(|(id, row)| (row["_from"].as_i64(), id.clone()));
    all
}

/// All instances that a group shows by now.
pub(super) fn visible(world: &World, group: &str) -> Vec<Json> {
    world
        .rows(ec2::INSTANCES)
        .filter(|(_, row)| row["_group"] == group && ec2::is_there(world, row))
        .map(|(_, row)| row.clone())
        .collect()
}

/// An instance as a group shows it.
pub(super) fn details(row: &Json) -> Json {
    let mut one = json!({
        "InstanceId": row["InstanceId"], "InstanceType": row["InstanceType"], "ImageId": row["ImageId"],
        "AvailabilityZone": row["Placement"]["AvailabilityZone"], "LifecycleState": row["_lifecycle"],
        "HealthStatus": "Healthy", "ProtectedFromScaleIn": row["_scale_in_protected"] == true,
    });
    if row["_template"].is_object() {
        one["LaunchTemplate"] = row["_template"].clone();
    }
    // "The launch configuration used to launch the instance" (API_Instance, Amazon EC2 Auto Scaling API Reference).
    if row["_configuration"].is_string() {
        one["LaunchConfigurationName"] = row["_configuration"].clone();
    }
    one
}

/// What a group launches: the template's name and version, and the data with overrides.
pub(super) fn launched_with(world: &World, region: &str, row: &Json) -> Result<(Json, Json), Fault> {
    if let Some(name) = row["LaunchConfigurationName"].as_str() {
        return configuration(world, region, name).map(|data| (Json::Null, data));
    }
    let mixed = &row["MixedInstancesPolicy"]["LaunchTemplate"];
    let specification =
        if mixed.is_null() { &row["LaunchTemplate"] } else { &mixed["LaunchTemplateSpecification"] };
    let (shown, mut data) = ec2::template(world, region, specification)?;
    if let Some(kind) =
        mixed["Overrides"].as_array().and_then(|all| all.first()).and_then(|one| one["InstanceType"].as_str())
    {
        data["InstanceType"] = json!(kind);
    }
    Ok((shown, data))
}

/// What a launch configuration says, which only Cloud Control makes here, as the data of a launch.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchConfiguration.html>
fn configuration(world: &World, region: &str, name: &str) -> Result<Json, Fault> {
    const TABLE: &str = "cloudcontrol.AWS::AutoScaling::LaunchConfiguration";
    let found = world.get(TABLE, &format!("{region}/{name}")).ok_or_else(|| {
        let message =
            "Launch configuration name not found - A launch configuration with the name does not exist";
        Fault::new("ValidationError", message)
    })?;
    let kept = &found["Properties"];
    let mut data = json!({
        "ImageId": kept["ImageId"], "InstanceType": kept["InstanceType"], "KeyName": kept["KeyName"],
        "UserData": kept["UserData"], "BlockDeviceMappings": kept["BlockDeviceMappings"], "EbsOptimized": kept["EbsOptimized"],
    });
    if let Some(profile) = kept["IamInstanceProfile"].as_str() {
        let member = if profile.starts_with("arn:") { "Arn" } else { "Name" };
        data["IamInstanceProfile"] = json!({ member: profile });
    }
    let groups = &kept["SecurityGroups"];
    match kept["AssociatePublicIpAddress"].as_bool() {
        Some(public) => {
            data["NetworkInterfaces"] =
                json!([{"DeviceIndex": 0, "AssociatePublicIpAddress": public, "Groups": groups}]);
        }
        None => data["SecurityGroupIds"] = groups.clone(),
    }
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Ok(data)
}

/// Subnets of a group.
pub(super) fn subnets(world: &World, row: &Json) -> Vec<String> {
    let named = row["VPCZoneIdentifier"].as_str().unwrap_or_default();
    let named: Vec<String> =
        named.split(',').map(str::trim).filter(|id| !id.is_empty()).map(ToOwned::to_owned).collect();
    if !named.is_empty() {
        return named;
    }
    let zones = &row["AvailabilityZones"];
    let fits = |subnet: &Json| {
        subnet["DefaultForAz"] == true
            && zones.as_array().is_some_and(|all| all.contains(&subnet["AvailabilityZone"]))
    };
    world.rows("ec2.subnet").filter(|(_, subnet)| fits(subnet)).map(|(id, _)| id.to_owned()).collect()
}

/// The subnet with the fewest of a group's instances.
fn emptiest(world: &World, group: &str, subnets: &[String]) -> Option<String> {
    let members = members(world, group);
    let count =
        |subnet: &String| members.iter().filter(|(_, row)| row["SubnetId"] == subnet.as_str()).count();
    subnets.iter().min_by_key(|subnet| count(subnet)).cloned()
}

/// The tags that a group's instances get: the template's, then the group's own that are to be propagated.
fn tags(group: &Json, data: &Json) -> Vec<Json> {
    let mut tags = ec2::instance_tags(data);
    let propagated =
        group["Tags"].as_array().into_iter().flatten().filter(|tag| tag["PropagateAtLaunch"] == true);
    for tag in propagated {
        tags.retain(|old| old["Key"] != tag["Key"]);
        tags.push(json!({"Key": tag["Key"], "Value": tag["Value"]}));
    }
    tags.push(json!({"Key": "aws:autoscaling:groupName", "Value": group["AutoScalingGroupName"]}));
    tags
}

fn targets(group: &Json) -> Vec<String> {
    let direct = group["TargetGroupARNs"].as_array().into_iter().flatten();
    let sources = group["TrafficSources"].as_array().into_iter().flatten();
    let sources =
        sources.filter(|one| one["Type"] == "elbv2" || one["Type"].is_null()).map(|one| &one["Identifier"]);
    let mut all: Vec<String> =
        direct.chain(sources).filter_map(|arn| arn.as_str().map(ToOwned::to_owned)).collect();
    all.sort();
    all.dedup();
    all
}

/// Launches one instance `offset` milliseconds from now; it is in service a while later and then gets traffic.
pub(super) fn launch(world: &mut World, group: &str, offset: i64, cause: &str) -> Result<String, Fault> {
    let row = world.get(GROUPS, group).cloned().unwrap_or_default();
    let region = row["_region"].as_str().unwrap_or_default().to_owned();
    let launched = launched_with(world, &region, &row).and_then(|(template, mut data)| {
        let subnets = subnets(world, &row);
        let subnet = emptiest(world, group, &subnets).unwrap_or_default();
        match data["NetworkInterfaces"].as_array_mut().and_then(|all| all.first_mut()) {
            Some(interface) => interface["SubnetId"] = json!(subnet),
            None => data["SubnetId"] = json!(subnet),
        }
        let tags = tags(&row, &data);
        Ok((ec2::launch(world, &region, &data, tags, offset)?, template))
    });
    let (id, template) = match launched {
        Ok(made) => made,
        Err(fault) => {
            let message = format!("{}. Launching EC2 instance failed.", fault.message.trim_end_matches('.'));
            activities::note(world, group, "Launching a new EC2 instance", cause, 0, Some(&message));
            return Err(fault);
        }
    };
    if let Some(instance) = world.get_mut(ec2::INSTANCES, &id) {
        instance["_group"] = json!(group);
        instance["_lifecycle"] = json!("Pending");
        instance["_template"] = template;
        instance["_configuration"] = row["LaunchConfigurationName"].clone();
        instance["_scale_in_protected"] = json!(row["NewInstancesProtectedFromScaleIn"] == true);
    }
    world.set_after(
        offset + durations::ASG_IN_SERVICE,
        ec2::INSTANCES,
        &id,
        json!({"_lifecycle": "InService"}),
    );
    for target in targets(&row) {
        elbv2::register(world, &target, &json!({"Id": id}), offset + durations::ASG_IN_SERVICE);
    }
    let what = format!("Launching a new EC2 instance: {id}");
    activities::note(world, group, &what, cause, offset + durations::ASG_IN_SERVICE, None);
    Ok(id)
}

/// How long load balancers drain what leaves a group.
fn drain(world: &World, group: &Json) -> i64 {
    targets(group)
        .iter()
        .filter_map(|arn| world.get("elbv2.target-group", arn))
        .map(|row| {
            let text = row["_attributes"]["deregistration_delay.timeout_seconds"].as_str().unwrap_or("300");
            text.parse::<i64>().unwrap_or(300) * 1_000
        })
        .max()
        .unwrap_or(0)
}

/// Lets an instance leave its group `offset` milliseconds from now: it is drained, then terminated.
pub(super) fn retire(world: &mut World, group: &str, id: &str, offset: i64, cause: &str) {
    let row = world.get(GROUPS, group).cloned().unwrap_or_default();
    world.cancel(ec2::INSTANCES, id);
    for target in targets(&row) {
        elbv2::deregister(world, &target, &json!({"Id": id}), offset);
    }
    let wait = offset + drain(world, &row);
    ec2::terminate(world, id, wait.max(1));
    if let Some(instance) = world.get_mut(ec2::INSTANCES, id) {
        instance["_leaves"] = json!(true);
        // What was still coming up is shown as it is until it leaves.
        if instance["_lifecycle"] == "Pending" && offset > 0 {
            instance["_lifecycle"] = json!("InService");
        }
        if offset <= 0 {
            instance["_lifecycle"] = json!("Terminating");
        }
    }
    if offset > 0 {
        world.set_after(offset, ec2::INSTANCES, id, json!({"_lifecycle": "Terminating"}));
    }
    let what = format!("Terminating EC2 instance: {id}");
    activities::note(world, group, &what, cause, wait + durations::INSTANCE_DOWN, None);
}

/// Which of a group's instances goes first: of the fullest subnet, the oldest that may go.
fn first_to_go(members: &[(String, Json)]) -> Option<String> {
    let count = |subnet: &Json| members.iter().filter(|(_, row)| row["SubnetId"] == *subnet).count();
    let free = members.iter().filter(|(_, row)| row["_scale_in_protected"] != true);
    let most = free.clone().map(|(_, row)| count(&row["SubnetId"])).max()?;
    free.clone().find(|(_, row)| count(&row["SubnetId"]) == most).map(|(id, _)| id.clone())
}

/// Brings a group to its desired capacity.
pub(super) fn settle(world: &mut World, group: &str, cause: &str) {
    let Some(row) = world.get(GROUPS, group).cloned() else { return };
    let wanted = usize::try_from(row["DesiredCapacity"].as_i64().unwrap_or(0)).unwrap_or(0);
    let suspended = |process: &str| {
        row["SuspendedProcesses"].as_array().into_iter().flatten().any(|one| one["ProcessName"] == process)
    };
    let mut left = members(world, group);
    while left.len() > wanted && !suspended("Terminate") {
        let Some(id) = first_to_go(&left) else { break };
        retire(world, group, &id, 0, cause);
        left.retain(|(other, _)| *other != id);
    }
    for _ in left.len()..wanted {
        if suspended("Launch") || launch(world, group, 0, cause).is_err() {
            break;
        }
    }
}

/// An instance of a group is ended by somebody: the group launches another one.
pub fn lost(world: &mut World, id: &str) {
    let Some(row) = world.get(ec2::INSTANCES, id).cloned() else { return };
    let Some(group) = row["_group"].as_str().map(ToOwned::to_owned) else { return };
    let of = world.get(GROUPS, &group).cloned().unwrap_or_default();
    for target in targets(&of) {
        elbv2::deregister(world, &target, &json!({"Id": id}), 0);
    }
    if let Some(instance) = world.get_mut(ec2::INSTANCES, id) {
        instance["_leaves"] = json!(true);
        instance["_lifecycle"] = json!("Terminating");
    }
    settle(world, &group, "an instance was taken out of service in response to an EC2 health check");
}
