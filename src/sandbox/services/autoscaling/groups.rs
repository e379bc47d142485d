//! Groups.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, GROUPS, POLICIES, REFRESHES, activities, alarms, fleet, group, invalid, shown};
use crate::sandbox::{Effect, Fault, Reply, Request, World, done, durations, services::ec2};

/// Members that a request sets as they are.
const PLAIN: &[&str] = &[
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "AvailabilityZones",
    "CapacityRebalance",
    "CapacityReservationSpecification",
    "Context",
    "DefaultCooldown",
    "DefaultInstanceWarmup",
    "DeletionProtection",
    "DesiredCapacityType",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "LaunchConfigurationName",
    "LoadBalancerNames",
    "MaxInstanceLifetime",
    "MaxSize",
    "MinSize",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "TargetGroupARNs",
    "TerminationPolicies",
    "TrafficSources",
    "VPCZoneIdentifier",
];

/// Sizes that go together.
fn sizes(row: &Json) -> Result<(), Fault> {
    let (least, most, wanted) =
        (row["MinSize"].as_i64(), row["MaxSize"].as_i64(), row["DesiredCapacity"].as_i64());
    if least > most {
        return Err(invalid(format!(
            "Max bound, {}, must be greater than or equal to min bound, {}",
            most.unwrap_or(0),
            least.unwrap_or(0)
        )));
    }
    if wanted < least || wanted > most {
        return Err(invalid(format!(
            "Desired capacity:{} must be between the specified min size:{} and max size:{}",
            wanted.unwrap_or(0),
            least.unwrap_or(0),
            most.unwrap_or(0)
        )));
    }
    Ok(())
}

/// Subnets, target groups and the template must be there.
fn references(world: &World, rq: &Request<'_>, row: &Json) -> Result<(), Fault> {
    for id in row["VPCZoneIdentifier"]
        .as_str()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
    {
        if world.get("ec2.subnet", id).is_none_or(|subnet| subnet["_region"] != rq.region) {
            return Err(invalid(format!("The subnet ID '{id}' does not exist")));
        }
    }
    for arn in row["TargetGroupARNs"].as_array().into_iter().flatten() {
        super::extras::target(world, arn.as_str().unwrap_or_default())?;
    }
    let configured = row["LaunchConfigurationName"].is_string();
    let (_, data) = fleet::launched_with(world, rq.region, row).map_err(|fault| match configured {
        true => fault,
        false => invalid(format!("You must use a valid fully-formed launch template. {}", fault.message)),
    })?;
    let mut data = data;
    if let Some(subnet) = fleet::subnets(world, row).first()
        && data["NetworkInterfaces"].is_null()
    {
        data["SubnetId"] = json!(subnet);
    }
    ec2::could_launch(world, rq.region, &data).map_err(|fault| {
        invalid(format!("You must use a valid fully-formed launch template. {}", fault.message))
    })
}

/// `CreateAutoScalingGroup`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("AutoScalingGroupName");
    let key = format!("{}/{name}", rq.region);
    if world.get(GROUPS, &key).is_some() {
        return Err(Fault::new(
            "AlreadyExists",
            "AutoScalingGroup by this name already exists - A group with the name already exists",
        ));
    }
    let ways = ["LaunchTemplate", "MixedInstancesPolicy", "LaunchConfigurationName", "InstanceId"];
    if ways.iter().filter(|member| !rq.get(member).is_null()).count() != 1 {
        return Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
        ));
    }
    if rq.opt("InstanceId").is_some() {
        return Err(invalid("Launching from an instance is not supported here: use a launch template."));
    }
    if rq.opt("VPCZoneIdentifier").is_none()
        && rq.list("AvailabilityZones").is_empty()
        && rq.list("AvailabilityZoneIds").is_empty()
    {
        return Err(invalid("At least one Availability Zone or VPC Subnet is required."));
    }
    let id = world.uuid();
    let arn =
        world.arn("autoscaling", rq.region, &format!("autoScalingGroup:{id}:autoScalingGroupName/{name}"));
    let mut row = json!({
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": arn,
        "DefaultCooldown": 300, "HealthCheckType": "EC2", "HealthCheckGracePeriod": 0, "CreatedTime": world.now_secs(),
        "TerminationPolicies": ["Default"], "NewInstancesProtectedFromScaleIn": false, "CapacityRebalance": false,
        "LoadBalancerNames": [], "TargetGroupARNs": [], "TrafficSources": [], "SuspendedProcesses": [], "EnabledMetrics": [],
        "Tags": [], "DeletionProtection": "none", "_region": rq.region, "_hooks": rq.list("LifecycleHookSpecificationList"),
        "_notifications": [],
        "ServiceLinkedRoleARN": format!(
            "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", world.account
        ),
    });
    for member in PLAIN.iter().chain(&["LaunchTemplate", "MixedInstancesPolicy"]) {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    row["DesiredCapacity"] = json!(rq.int("DesiredCapacity").or(rq.int("MinSize")));
    sizes(&row)?;
    references(world, rq, &row)?;
    if row["AvailabilityZones"].is_null() {
        let zones = fleet::subnets(world, &row);
        let mut zones: Vec<Json> = zones
            .iter()
            .filter_map(|id| world.get("ec2.subnet", id))
            .map(|subnet| subnet["AvailabilityZone"].clone())
            .collect();
        zones.dedup();
        row["AvailabilityZones"] = json!(zones);
    }
    mixed_defaults(&mut row);
    let tags: Vec<Json> = rq.list("Tags").iter().map(|tag| super::tags::of(name, tag)).collect();
    row["Tags"] = json!(tags);
    name_template(world, rq.region, &mut row);
    world.put(GROUPS, &key, row);
    fleet::settle(world, &key, "a user request created an AutoScalingGroup");
    done()
}

/// What a mixed policy shows where the request left it out (Auto Scaling API Reference, InstancesDistribution; moto's
/// `test_create_auto_scaling_group_with_mixed_instances_policy`, which AWS passes).
pub(super) fn mixed_defaults(row: &mut Json) {
    let policy = &mut row["MixedInstancesPolicy"];
    if !policy.is_object() {
        return;
    }
    let pools = policy["InstancesDistribution"]["SpotAllocationStrategy"].as_str().unwrap_or("lowest-price");
    let pools = (pools == "lowest-price").then_some(2);
    for (member, value) in [
        ("OnDemandAllocationStrategy", json!("prioritized")),
        ("OnDemandBaseCapacity", json!(0)),
        ("OnDemandPercentageAboveBaseCapacity", json!(100)),
        ("SpotAllocationStrategy", json!("lowest-price")),
        ("SpotInstancePools", json!(pools)),
    ] {
        if policy["InstancesDistribution"][member].is_null() && !value.is_null() {
            policy["InstancesDistribution"][member] = value;
        }
    }
    if policy["LaunchTemplate"].is_object() && policy["LaunchTemplate"]["Overrides"].is_null() {
        policy["LaunchTemplate"]["Overrides"] = json!([]);
    }
}

/// AWS shows both names of a template.
pub(super) fn name_template(world: &World, region: &str, row: &mut Json) {
    let fill = |specification: &mut Json| {
        if let Ok((shown, _)) = ec2::template(world, region, specification) {
            for member in ["LaunchTemplateId", "LaunchTemplateName"] {
                specification[member] = shown[member].clone();
            }
        }
    };
    if row["LaunchTemplate"].is_object() {
        fill(&mut row["LaunchTemplate"]);
    }
    if row["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"].is_object() {
        fill(&mut row["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]);
    }
}

/// `UpdateAutoScalingGroup`: only what is sent changes.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut row = world.get(GROUPS, &key).cloned().unwrap_or_default();
    for member in PLAIN {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    // One of the two ways to launch takes the other's place.
    for (member, other) in
        [("LaunchTemplate", "MixedInstancesPolicy"), ("MixedInstancesPolicy", "LaunchTemplate")]
    {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
            row[other] = Json::Null;
        }
    }
    for (member, none) in [("DefaultInstanceWarmup", json!(-1)), ("MaxInstanceLifetime", json!(0))] {
        if row[member] == none {
            row[member] = Json::Null;
        }
    }
    if row["InstanceMaintenancePolicy"]["MinHealthyPercentage"] == -1 {
        row["InstanceMaintenancePolicy"] = Json::Null;
    }
    for member in ["PlacementGroup", "Context"] {
        if row[member] == "" {
            row[member] = Json::Null;
        }
    }
    match rq.int("DesiredCapacity") {
        Some(wanted) => row["DesiredCapacity"] = json!(wanted),
        // New bounds move what lies outside of them.
        None => {
            let (least, most) = (row["MinSize"].as_i64().unwrap_or(0), row["MaxSize"].as_i64().unwrap_or(0));
            let now = row["DesiredCapacity"].as_i64().unwrap_or(0);
            row["DesiredCapacity"] = json!(now.max(least).min(most.max(least)));
        }
    }
    sizes(&row)?;
    references(world, rq, &row)?;
    if !rq.get("VPCZoneIdentifier").is_null() && rq.get("AvailabilityZones").is_null() {
        let mut zones: Vec<Json> = fleet::subnets(world, &row)
            .iter()
            .filter_map(|id| world.get("ec2.subnet", id))
            .map(|subnet| subnet["AvailabilityZone"].clone())
            .collect();
        zones.dedup();
        row["AvailabilityZones"] = json!(zones);
    }
    mixed_defaults(&mut row);
    name_template(world, rq.region, &mut row);
    world.put(GROUPS, &key, row.clone());
    // Instances in subnets that the group has left are replaced.
    let homes = fleet::subnets(world, &row);
    for (id, instance) in fleet::members(world, &key) {
        if !homes.iter().any(|home| instance["SubnetId"] == home.as_str()) {
            fleet::retire(world, &key, &id, 0, "the group no longer has the instance's subnet");
        }
    }
    fleet::settle(world, &key, "a user request updated the AutoScalingGroup constraints");
    done()
}

/// `DeleteAutoScalingGroup`: one with instances only by force.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let row = world.get(GROUPS, &key).cloned().unwrap_or_default();
    let force = rq.flag("ForceDelete");
    match row["DeletionProtection"].as_str() {
        Some("prevent-all-deletion") => {
            return Err(invalid(
                "You cannot delete an AutoScalingGroup while its deletion protection is prevent-all-deletion.",
            ));
        }
        Some("prevent-force-deletion") if force => {
            return Err(invalid(
                "You cannot force delete an AutoScalingGroup while its deletion protection is prevent-force-deletion.",
            ));
        }
        _ => {}
    }
    let left = fleet::visible(world, &key);
    if !left.is_empty() && !force {
        return Err(Fault::new(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in \
             the group.",
        ));
    }
    for (id, _) in fleet::members(world, &key) {
        fleet::retire(world, &key, &id, 0, "a user request deleted the AutoScalingGroup");
    }
    let gone: Vec<String> = world
        .rows(POLICIES)
        .filter(|(_, policy)| policy["_group"] == key.as_str())
        .map(|(at, _)| at.to_owned())
        .collect();
    for policy in gone {
        world.remove(POLICIES, &policy);
        alarms::remove(world, &policy);
    }
    let refreshes: Vec<String> = world
        .rows(REFRESHES)
        .filter(|(_, row)| row["_group"] == key.as_str())
        .map(|(at, _)| at.to_owned())
        .collect();
    for refresh in refreshes {
        world.remove(REFRESHES, &refresh);
    }
    super::scheduled::forget(world, &key);
    world.cancel(GROUPS, &key);
    if let Some(row) = world.get_mut(GROUPS, &key) {
        row["Status"] = json!("Delete in progress");
        row["DesiredCapacity"] = json!(0);
        row["MinSize"] = json!(0);
    }
    let wait =
        if left.is_empty() { durations::ASG_DOWN } else { durations::ASG_DOWN + durations::INSTANCE_DOWN };
    world.after(wait, GROUPS, &key, Effect::Remove);
    done()
}

/// A group as the API shows it.
fn view(world: &World, key: &str, row: &Json, instances: bool) -> Json {
    let mut all = shown(row);
    let members = if instances { fleet::visible(world, key) } else { Vec::new() };
    all["Instances"] = json!(members.iter().map(fleet::details).collect::<Vec<_>>());
    all
}

/// `DescribeAutoScalingGroups`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("AutoScalingGroupNames");
    let instances = rq.get("IncludeInstances").as_bool().unwrap_or(true);
    let rows = world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region);
    let rows = rows
        .filter(|(_, row)| names.is_empty() || names.iter().any(|name| row["AutoScalingGroupName"] == *name));
    let all: Vec<Json> = rows.map(|(key, row)| view(world, key, row, instances)).collect();
    let all = super::tags::filtered(all, rq.list("Filters"))?;
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"AutoScalingGroups": page, "NextToken": next}))
}

/// `DescribeAutoScalingInstances`.
pub(super) fn instances(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("InstanceIds");
    let mut all = Vec::new();
    for (key, row) in world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region) {
        for instance in fleet::visible(world, key) {
            let mut one = fleet::details(&instance);
            one["AutoScalingGroupName"] = row["AutoScalingGroupName"].clone();
            // Here it is written in capitals (API reference, AutoScalingInstanceDetails).
            one["HealthStatus"] = json!("HEALTHY");
            all.push(one);
        }
    }
    all.retain(|one| ids.is_empty() || ids.iter().any(|id| one["InstanceId"] == *id));
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"AutoScalingInstances": page, "NextToken": next}))
}

/// `SetDesiredCapacity`.
pub(super) fn set_desired(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let mut row = world.get(GROUPS, &key).cloned().unwrap_or_default();
    row["DesiredCapacity"] = rq.get("DesiredCapacity").clone();
    let (least, most) = (row["MinSize"].as_i64(), row["MaxSize"].as_i64());
    let wanted = row["DesiredCapacity"].as_i64();
    if wanted > most {
        return Err(invalid(format!(
            "New SetDesiredCapacity value {} is above max value {} for the AutoScalingGroup.",
            wanted.unwrap_or(0),
            most.unwrap_or(0)
        )));
    }
    if wanted < least {
        return Err(invalid(format!(
            "New SetDesiredCapacity value {} is below min value {} for the AutoScalingGroup.",
            wanted.unwrap_or(0),
            least.unwrap_or(0)
        )));
    }
    world.put(GROUPS, &key, row);
    fleet::settle(world, &key, "a user request explicitly set group desired capacity");
    done()
}

/// The instance of a group.
fn member(world: &World, rq: &Request<'_>, id: &str) -> Result<(String, Json), Fault> {
    let row =
        world.get(ec2::INSTANCES, id).filter(|row| row["_group"].is_string() && row["_region"] == rq.region);
    let row = row.ok_or_else(|| {
        invalid(format!("Instance Id not found - No managed instance found for instance ID: {id}"))
    })?;
    Ok((row["_group"].as_str().unwrap_or_default().to_owned(), row.clone()))
}

/// `TerminateInstanceInAutoScalingGroup`.
pub(super) fn terminate(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InstanceId").to_owned();
    let (key, _) = member(world, rq, &id)?;
    if rq.flag("ShouldDecrementDesiredCapacity") {
        let row = world.get(GROUPS, &key).cloned().unwrap_or_default();
        let left = row["DesiredCapacity"].as_i64().unwrap_or(0) - 1;
        if left < row["MinSize"].as_i64().unwrap_or(0) {
            return Err(invalid(format!(
                "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min size constraint. \
                 Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
                row["MinSize"]
            )));
        }
        if let Some(row) = world.get_mut(GROUPS, &key) {
            row["DesiredCapacity"] = json!(left);
        }
    }
    let cause = "a user request terminated an instance";
    fleet::retire(world, &key, &id, 0, cause);
    fleet::settle(world, &key, cause);
    let activity = activities::note(
        world,
        &key,
        &format!("Terminating EC2 instance: {id}"),
        cause,
        durations::INSTANCE_DOWN,
        None,
    );
    Ok(json!({"Activity": activity}))
}

/// `SetInstanceProtection`.
pub(super) fn protect(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    for id in rq.texts("InstanceIds") {
        let (of, _) = member(world, rq, id)?;
        if of != key {
            return Err(invalid(format!(
                "The instance {id} is not part of Auto Scaling group {}.",
                rq.text("AutoScalingGroupName")
            )));
        }
    }
    for id in rq.texts("InstanceIds") {
        if let Some(row) = world.get_mut(ec2::INSTANCES, id) {
            row["_scale_in_protected"] = json!(rq.flag("ProtectedFromScaleIn"));
        }
    }
    Ok(json!({}))
}
