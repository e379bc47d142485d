//! Log groups.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{GROUPS, STREAMS, drop_member, group, group_mut, invalid, key};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// `CreateLogGroup`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("logGroupName");
    if name.starts_with("aws/") {
        return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    if world.get(GROUPS, &key(rq)).is_some() {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let arn = world.arn("logs", rq.region, &format!("log-group:{name}"));
    let mut row = json!({
        "logGroupName": name, "arn": format!("{arn}:*"), "logGroupArn": arn, "creationTime": world.date(),
        "metricFilterCount": 0, "storedBytes": 0, "logGroupClass": rq.opt("logGroupClass").unwrap_or("STANDARD"),
        "deletionProtectionEnabled": rq.flag("deletionProtectionEnabled"), "_region": rq.region, "_tags": {},
    });
    if let Some(key) = rq.opt("kmsKeyId") {
        row["kmsKeyId"] = json!(key);
    }
    if !rq.get("tags").is_null() {
        row["_tags"] = rq.get("tags").clone();
    }
    if row["logGroupClass"] == "DELIVERY" {
        // Its retention is fixed.
        row["retentionInDays"] = json!(2);
    }
    world.put(GROUPS, &key(rq), row);
    done()
}

/// `DescribeLogGroups`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("logGroupNamePrefix").is_some() && rq.opt("logGroupNamePattern").is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let at = |name: &str| format!("{}/{name}", rq.region);
    let ids: BTreeSet<String> =
        rq.texts("logGroupIdentifiers").into_iter().map(|id| at(super::name_of(id))).collect();
    let prefix = rq.opt("logGroupNamePrefix").unwrap_or_default();
    let part = rq.opt("logGroupNamePattern").map(str::to_lowercase);
    let fits = |row: &Json| {
        let name = row["logGroupName"].as_str().unwrap_or_default();
        name.starts_with(prefix)
            && part.as_ref().is_none_or(|part| name.to_lowercase().contains(part))
            && rq.opt("logGroupClass").is_none_or(|class| row["logGroupClass"] == class)
    };
    let after = rq.page_after("nextToken", "InvalidParameterException")?;
    // They are answered in the order of their names, and no more of them is looked at than the page needs.
    let rows: Box<dyn Iterator<Item = (&str, &Json)>> = if ids.is_empty() {
        Box::new(world.rows_under(GROUPS, at(prefix), after))
    } else {
        let rest = ids.iter().filter(|id| after.is_none_or(|after| id.as_str() > after));
        Box::new(rest.filter_map(|id| Some((id.as_str(), world.get(GROUPS, id)?))))
    };
    let rows = rows.filter(|(_, row)| fits(row)).map(|(key, row)| (key, row.clone()));
    let (page, next) = rq.page_from(rows, "limit", 50);
    Ok(json!({"logGroups": page, "nextToken": next}))
}

/// `DeleteLogGroup`: its streams go with it.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group(world, rq)?;
    if row["deletionProtectionEnabled"] == true {
        let text = "The log group cannot be deleted because deletion protection is enabled.";
        return Err(Fault::new("ValidationException", text));
    }
    let prefix = format!("{}|", key(rq));
    let streams: Vec<String> = world.rows_under(STREAMS, prefix, None).map(|(at, _)| at.to_owned()).collect();
    for stream in streams {
        world.remove(STREAMS, &stream);
    }
    world.remove(GROUPS, &key(rq));
    done()
}

/// `PutRetentionPolicy`.
pub fn put_retention(world: &mut World, rq: &Request<'_>) -> Reply {
    const DAYS: &[i64] = &[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
    ];
    let days = rq.int("retentionInDays").unwrap_or_default();
    if !DAYS.contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' is not valid"
        )));
    }
    group_mut(world, rq)?["retentionInDays"] = json!(days);
    done()
}

/// `DeleteRetentionPolicy`.
pub fn delete_retention(world: &mut World, rq: &Request<'_>) -> Reply {
    drop_member(group_mut(world, rq)?, "retentionInDays");
    done()
}

/// `AssociateKmsKey`.
pub fn associate_key(world: &mut World, rq: &Request<'_>) -> Reply {
    group_mut(world, rq)?["kmsKeyId"] = rq.get("kmsKeyId").clone();
    done()
}

/// `DisassociateKmsKey`.
pub fn disassociate_key(world: &mut World, rq: &Request<'_>) -> Reply {
    drop_member(group_mut(world, rq)?, "kmsKeyId");
    done()
}

/// `PutLogGroupDeletionProtection`.
pub fn protect(world: &mut World, rq: &Request<'_>) -> Reply {
    group_mut(world, rq)?["deletionProtectionEnabled"] = json!(rq.flag("deletionProtectionEnabled"));
    done()
}

/// `PutBearerTokenAuthentication`.
pub fn bearer_tokens(world: &mut World, rq: &Request<'_>) -> Reply {
    group_mut(world, rq)?["bearerTokenAuthenticationEnabled"] =
        json!(rq.flag("bearerTokenAuthenticationEnabled"));
    done()
}
