//! Instance refreshes: planned batch by batch when they begin.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, GROUPS, REFRESHES, fleet, group, groups, invalid, shown};
use crate::sandbox::{Fault, Reply, Request, World, durations, services::ec2};

const ACTIVE: &[&str] = &["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"];

fn active(world: &World, key: &str) -> Option<(String, Json)> {
    let fits = |row: &Json| row["_group"] == key && ACTIVE.iter().any(|status| row["Status"] == *status);
    world.rows(REFRESHES).find(|(_, row)| fits(row)).map(|(id, row)| (id.to_owned(), row.clone()))
}

/// `StartInstanceRefresh`.
pub(super) fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    if active(world, &key).is_some() {
        return Err(Fault::new(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        ));
    }
    let mut row = world.get(GROUPS, &key).cloned().unwrap_or_default();
    let wanted = rq.get("DesiredConfiguration");
    for (member, other) in
        [("LaunchTemplate", "MixedInstancesPolicy"), ("MixedInstancesPolicy", "LaunchTemplate")]
    {
        if wanted[member].is_object() {
            row[member] = wanted[member].clone();
            row[other] = Json::Null;
        }
    }
    groups::name_template(world, rq.region, &mut row);
    let (template, data) =
        fleet::launched_with(world, rq.region, &row).map_err(|fault| invalid(fault.message))?;
    ec2::could_launch(world, rq.region, &with_subnet(world, &row, data.clone()))
        .map_err(|fault| invalid(fault.message))?;
    let preferences = rq.get("Preferences");
    let members = fleet::members(world, &key);
    let skip = preferences["SkipMatching"] == true;
    let matches = |instance: &Json| {
        instance["_template"] == template && instance["InstanceType"] == data["InstanceType"]
    };
    let due: Vec<String> = members
        .iter()
        .filter(|(_, instance)| !(skip && matches(instance)))
        .map(|(id, _)| id.clone())
        .collect();
    let total = i64::try_from(members.len()).unwrap_or(0);
    let healthy = preferences["MinHealthyPercentage"].as_i64().unwrap_or(90);
    // Rounded up, so that a batch may be none: then one at a time (Auto Scaling User Guide, instance refresh).
    let stay = (total * healthy + 99) / 100;
    let batch = usize::try_from((total - stay).max(1)).unwrap_or(1);
    let warmup = preferences["InstanceWarmup"].as_i64().or(row["DefaultInstanceWarmup"].as_i64());
    let warmup = warmup.or(row["HealthCheckGracePeriod"].as_i64()).unwrap_or(0) * 1_000;
    let each = durations::ASG_IN_SERVICE + warmup;
    let id = world.uuid();
    let mut refresh = json!({
        "InstanceRefreshId": id, "AutoScalingGroupName": row["AutoScalingGroupName"], "Status": "InProgress",
        "StartTime": world.now_secs(), "PercentageComplete": 0, "InstancesToUpdate": due.len(), "Strategy": "Rolling",
        "Preferences": preferences, "_group": key, "_region": rq.region,
    });
    if wanted.is_object() {
        let mut configuration = json!({});
        for member in ["LaunchTemplate", "MixedInstancesPolicy"] {
            if wanted[member].is_object() {
                configuration[member] = row[member].clone();
            }
        }
        refresh["DesiredConfiguration"] = configuration;
    }
    world.put(REFRESHES, &id, refresh);
    // Batches launch with the new configuration; the group itself has it when all is done.
    let old = world.get(GROUPS, &key).cloned().unwrap_or_default();
    world.put(GROUPS, &key, row.clone());
    let mut offset = 0;
    for (at, some) in due.chunks(batch).enumerate() {
        for instance in some {
            fleet::retire(world, &key, instance, offset, "an instance refresh replaces it");
        }
        for _ in some {
            // It was tried above that such an instance can be launched.
            let _ = fleet::launch(world, &key, offset, "an instance refresh launches it");
        }
        offset += each;
        let done = (at + 1) * batch.min(due.len()) * 100 / due.len().max(1);
        let left = due.len().saturating_sub((at + 1) * batch);
        world.set_after(
            offset,
            REFRESHES,
            &id,
            json!({"PercentageComplete": done.min(100), "InstancesToUpdate": left}),
        );
    }
    world.put(GROUPS, &key, old);
    let end = World::seconds(world.date_after(offset + 1));
    let done =
        json!({"Status": "Successful", "PercentageComplete": 100, "InstancesToUpdate": 0, "EndTime": end});
    world.set_after(offset + 1, REFRESHES, &id, done);
    let settled =
        json!({"LaunchTemplate": row["LaunchTemplate"], "MixedInstancesPolicy": row["MixedInstancesPolicy"]});
    world.set_after(offset + 1, GROUPS, &key, settled);
    Ok(json!({"InstanceRefreshId": id}))
}

fn with_subnet(world: &World, row: &Json, mut data: Json) -> Json {
    if let Some(subnet) = fleet::subnets(world, row).first()
        && data["NetworkInterfaces"].is_null()
    {
        data["SubnetId"] = json!(subnet);
    }
    data
}

/// `CancelInstanceRefresh`: instances that were replaced stay replaced.
pub(super) fn cancel(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let Some((id, _)) = active(world, &key) else {
        return Err(Fault::new(
            "ActiveInstanceRefreshNotFound",
            "No in progress or pending Instance Refresh found for Auto Scaling group",
        ));
    };
    world.cancel(REFRESHES, &id);
    world.cancel(GROUPS, &key);
    let now = world.now_secs();
    if let Some(row) = world.get_mut(REFRESHES, &id) {
        row["Status"] = json!("Cancelled");
        row["StatusReason"] = json!("Cancelled by user.");
        row["EndTime"] = json!(now);
    }
    Ok(json!({"InstanceRefreshId": id}))
}

/// `DescribeInstanceRefreshes`: newest first.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = group(world, rq)?;
    let ids = rq.texts("InstanceRefreshIds");
    let mut all: Vec<Json> = world
        .rows(REFRESHES)
        .map(|(_, row)| row)
        .filter(|row| row["_group"] == key.as_str())
        .filter(|row| ids.is_empty() || ids.iter().any(|id| row["InstanceRefreshId"] == *id))
        .cloned()
        .collect();
    all.sort_by_key(|row| std::cmp::Reverse(row["_born"].as_i64()));
    let all = all.iter().map(shown).collect();
    let (page, next) = rq.page(all, "MaxRecords", "NextToken", 50, BAD_TOKEN)?;
    Ok(json!({"InstanceRefreshes": page, "NextToken": next}))
}
