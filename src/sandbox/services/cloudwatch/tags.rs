//! Tags of alarms and dashboards.

use serde_json::{Value as Json, json};

use super::{alarms::ALARMS, dashboards::DASHBOARDS, streams::STREAMS};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Table and key of what an ARN names.
fn named(world: &World, arn: &str) -> Result<(&'static str, String), Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let at = match parts[..] {
        ["arn", _, "cloudwatch", region, _, resource] => match resource.split_once([':', '/']) {
            Some(("alarm", name)) => Some((ALARMS, format!("{region}/{name}"))),
            Some(("metric-stream", name)) => Some((STREAMS, format!("{region}/{name}"))),
            Some(("dashboard", name)) => Some((DASHBOARDS, name.to_owned())),
            _ => None,
        },
        _ => None,
    };
    let (table, key) =
        at.ok_or_else(|| Fault::new("InvalidParameterValue", format!("Invalid resource ARN {arn}")))?;
    if world.get(table, &key).is_none() {
        return Err(Fault::new("ResourceNotFoundException", format!("{arn} does not exist")).status(404));
    }
    Ok((table, key))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    // Of an alarm that is gone there are none (LocalStack's recordings of AWS, `test_tagging_metric_alarm`).
    let tags = match named(world, rq.text("ResourceARN")) {
        Ok((table, key)) => world.get(table, &key).map_or(json!([]), |row| row["_tags"].clone()),
        Err(fault)
            if fault.code == "ResourceNotFoundException" && rq.text("ResourceARN").contains(":alarm:") =>
        {
            json!([])
        }
        Err(fault) => return Err(fault),
    };
    Ok(json!({"Tags": tags.as_array().cloned().unwrap_or_default()}))
}

fn edit(world: &mut World, rq: &Request<'_>, act: impl FnOnce(&mut Vec<Json>)) -> Reply {
    let (table, key) = named(world, rq.text("ResourceARN"))?;
    if let Some(row) = world.get_mut(table, &key) {
        let mut tags = row["_tags"].as_array().cloned().unwrap_or_default();
        act(&mut tags);
        row["_tags"] = json!(tags);
    }
    done()
}

pub(super) fn tag(world: &mut World, rq: &Request<'_>) -> Reply {
    edit(world, rq, |tags| {
        for new in rq.list("Tags") {
            tags.retain(|old| old["Key"] != new["Key"]);
            tags.push(new.clone());
        }
    })
}

pub(super) fn untag(world: &mut World, rq: &Request<'_>) -> Reply {
    let keys = rq.texts("TagKeys");
    edit(world, rq, |tags| tags.retain(|tag| !keys.iter().any(|key| tag["Key"] == *key)))
}
