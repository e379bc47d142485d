//! Query logging: one configuration a public zone.

use serde_json::{Value as Json, json};

use super::{
    names::{bare, page, set, size},
    zones::zone,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Configurations by id.
pub(super) const LOGGING: &str = "route53.logging";

fn absent() -> Fault {
    Fault::new("NoSuchQueryLoggingConfig", "The query logging config with the specified ID doesn't exist.")
        .status(404)
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let at = bare(rq.text("HostedZoneId")).to_owned();
    if zone(world, &at)?["_private"] == true {
        return Err(Fault::new("InvalidInput", "Query logging is for public hosted zones"));
    }
    if world.any(LOGGING, |row| row["HostedZoneId"] == at.as_str()) {
        return Err(Fault::new(
            "QueryLoggingConfigAlreadyExists",
            "A query logging configuration already exists for this hosted zone.",
        )
        .status(409));
    }
    let arn = rq.text("CloudWatchLogsLogGroupArn");
    let plain = arn.trim_end_matches(":*");
    if plain.split(':').nth(3) != Some("us-east-1") {
        return Err(Fault::new("InvalidInput", "The log group must be in the us-east-1 region."));
    }
    let known = world.any("logs.group", |row| {
        ["arn", "logGroupArn"]
            .iter()
            .any(|m| row[*m].as_str().is_some_and(|a| a.trim_end_matches(":*") == plain))
    });
    if !known {
        return Err(Fault::new(
            "NoSuchCloudWatchLogsLogGroup",
            "The specified CloudWatch Logs log group doesn't exist.",
        )
        .status(404));
    }
    let id = world.uuid();
    let row = json!({"Id": id, "HostedZoneId": at, "CloudWatchLogsLogGroupArn": arn});
    world.put(LOGGING, &id, row.clone());
    Ok(json!({
        "QueryLoggingConfig": row,
        "Location": format!("https://route53.amazonaws.com/2013-04-01/queryloggingconfig/{id}"),
    }))
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get(LOGGING, bare(rq.text("Id"))).ok_or_else(absent)?;
    Ok(json!({"QueryLoggingConfig": row}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.opt("HostedZoneId").map(bare);
    if let Some(id) = wanted {
        zone(world, id)?;
    }
    let all: Vec<Json> = world
        .rows(LOGGING)
        .filter(|(_, row)| wanted.is_none_or(|id| row["HostedZoneId"] == id))
        .map(|(_, row)| row.clone())
        .collect();
    let most = size(rq, "MaxResults", 100)?;
    let (all, next) = page(all, rq.opt("NextToken"), "Id", most);
    let mut out = json!({"QueryLoggingConfigs": all});
    set(&mut out, &[("NextToken", json!(next))]);
    Ok(out)
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    world.remove(LOGGING, bare(rq.text("Id"))).ok_or_else(absent)?;
    done()
}
