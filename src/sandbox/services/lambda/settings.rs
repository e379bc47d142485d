//! Settings with operations of their own.

use serde_json::{Value as Json, json};

use super::{TABLE, invalid, row, signing};
use crate::sandbox::{Fault, Reply, Request, World};

/// Concurrent executions of the account, and how many must stay unreserved.
const CONCURRENCY: i64 = 1_000;
const UNRESERVED: i64 = 100;

fn set(world: &mut World, rq: &Request<'_>, member: &str, value: Json) -> Result<Json, Fault> {
    let (key, _) = row(world, rq)?;
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(Json::Null) };
    row[member] = value;
    Ok(row.clone())
}

fn reserved(world: &World, rq: &Request<'_>) -> i64 {
    let own = rq.text("FunctionName").rsplit(':').next().unwrap_or_default();
    let prefix = format!("{}/", rq.region);
    let others =
        world.rows(TABLE).filter(|(key, row)| key.starts_with(&prefix) && row["FunctionName"] != own);
    others.filter_map(|(_, row)| row["_reserved"].as_i64()).sum()
}

/// Whether the account has room for so many provisioned executions of a function that reserves none (LocalStack's recordings
/// of AWS, `test_provisioned_concurrency_limits`).
pub(super) fn room(world: &World, rq: &Request<'_>, wanted: i64) -> Result<(), Fault> {
    let free = CONCURRENCY - reserved(world, rq);
    if wanted > free {
        return Err(invalid(format!(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{free}]."
        )));
    }
    if free - wanted < UNRESERVED {
        return Err(invalid(format!(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value \
             of [{UNRESERVED}]."
        )));
    }
    Ok(())
}

pub fn put_concurrency(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.int("ReservedConcurrentExecutions").unwrap_or_default();
    if reserved(world, rq) + wanted > CONCURRENCY - UNRESERVED {
        return Err(invalid(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
        )));
    }
    set(world, rq, "_reserved", json!(wanted))?;
    Ok(json!({"ReservedConcurrentExecutions": wanted}))
}

pub fn get_concurrency(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = row(world, rq)?;
    Ok(if row["_reserved"].is_null() {
        json!({})
    } else {
        json!({"ReservedConcurrentExecutions": row["_reserved"]})
    })
}

pub fn delete_concurrency(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "_reserved", Json::Null).map(|_| json!({}))
}

pub fn put_recursion(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "_recursion", rq.get("RecursiveLoop").clone())?;
    Ok(json!({"RecursiveLoop": rq.get("RecursiveLoop")}))
}

pub fn get_recursion(world: &mut World, rq: &Request<'_>) -> Reply {
    row(world, rq).map(|(_, row)| json!({"RecursiveLoop": row["_recursion"]}))
}

pub fn put_runtime(world: &mut World, rq: &Request<'_>) -> Reply {
    let manual = rq.opt("UpdateRuntimeOn") == Some("Manual");
    if manual != rq.opt("RuntimeVersionArn").is_some() {
        return Err(invalid(
            "A runtime version ARN is given if and only if the runtime is updated manually.",
        ));
    }
    let mut value = json!({"UpdateRuntimeOn": rq.get("UpdateRuntimeOn")});
    if manual {
        value["RuntimeVersionArn"] = rq.get("RuntimeVersionArn").clone();
    }
    let row = set(world, rq, "_runtime", value.clone())?;
    value["FunctionArn"] = row["FunctionArn"].clone();
    Ok(value)
}

pub fn get_runtime(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = row(world, rq)?;
    let mut value = row["_runtime"].clone();
    value["FunctionArn"] = row["FunctionArn"].clone();
    Ok(value)
}

pub fn put_signing(world: &mut World, rq: &Request<'_>) -> Reply {
    signing::check(world, rq.text("CodeSigningConfigArn"))?;
    let row = set(world, rq, "_signing", rq.get("CodeSigningConfigArn").clone())?;
    Ok(json!({"CodeSigningConfigArn": row["_signing"], "FunctionName": row["FunctionName"]}))
}

pub fn get_signing(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = row(world, rq)?;
    if row["_signing"].as_str().is_none_or(str::is_empty) {
        // LocalStack's recordings of AWS, `test_code_signing_not_found_excs`: nothing at all.
        return Ok(json!({}));
    }
    Ok(
        json!({"CodeSigningConfigArn": row["_signing"].as_str().unwrap_or_default(), "FunctionName": row["FunctionName"]}),
    )
}

pub fn delete_signing(world: &mut World, rq: &Request<'_>) -> Reply {
    set(world, rq, "_signing", Json::Null).map(|_| json!({}))
}

pub fn account(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = format!("{}/", rq.region);
    let own: Vec<&Json> =
        world.rows(TABLE).filter(|(key, _)| key.starts_with(&prefix)).map(|(_, row)| row).collect();
    let size: i64 = own.iter().filter_map(|row| row["CodeSize"].as_i64()).sum();
    let held: i64 = own.iter().filter_map(|row| row["_reserved"].as_i64()).sum();
    Ok(json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_i64, "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": CONCURRENCY, "UnreservedConcurrentExecutions": CONCURRENCY - held,
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": own.len()},
    }))
}
