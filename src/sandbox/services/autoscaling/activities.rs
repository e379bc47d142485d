//! Scaling activities: what the group did and why.

use serde_json::{Value as Json, json};

use super::{ACTIVITIES, BAD_TOKEN, GROUPS, shown};
use crate::sandbox::{Reply, Request, World};

/// Notes what a group does; it is over `millis` from now.
pub(super) fn note(
    world: &mut World,
    group: &str,
    description: &str,
    cause: &str,
    millis: i64,
    failed: Option<&str>,
) -> Json {
    let id = world.uuid();
    let of = world.get(GROUPS, group).cloned().unwrap_or_default();
    let mut row = json!({
        "ActivityId": id, "AutoScalingGroupName": of["AutoScalingGroupName"], "AutoScalingGroupARN": of["AutoScalingGroupARN"],
        "Description": description, "Cause": cause, "StartTime": world.now_secs(), "StatusCode": "InProgress", "Progress": 30,
        "Details": "{}", "_group": group, "_region": of["_region"],
    });
    if let Some(message) = failed {
        row["StatusCode"] = json!("Failed");
        row["StatusMessage"] = json!(message);
        row["Progress"] = json!(100);
    }
    let key = format!("{:020}", world.next());
    world.put(ACTIVITIES, &key, row.clone());
    if failed.is_none() {
        let end = World::seconds(world.date_after(millis));
        world.set_after(
            millis,
            ACTIVITIES,
            &key,
            json!({"StatusCode": "Successful", "Progress": 100, "EndTime": end}),
        );
    }
    shown(&row)
}

/// `DescribeScalingActivities`: newest first.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, ids) = (rq.opt("AutoScalingGroupName"), rq.texts("ActivityIds"));
    if name.is_some() && !rq.flag("IncludeDeletedGroups") {
        super::group(world, rq)?;
    }
    if !rq.list("Filters").is_empty() {
        return Err(super::invalid("The filters are not valid."));
    }
    let rows: Vec<Json> = world
        .rows(ACTIVITIES)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| name.is_none_or(|name| row["AutoScalingGroupName"] == name))
        .filter(|row| ids.is_empty() || ids.iter().any(|id| row["ActivityId"] == *id))
        .map(shown)
        .collect();
    let rows = rows.into_iter().rev().collect();
    let (page, next) = rq.page(rows, "MaxRecords", "NextToken", 100, BAD_TOKEN)?;
    Ok(json!({"Activities": page, "NextToken": next}))
}
