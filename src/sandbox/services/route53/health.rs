//! Health checks.

use serde_json::{Value as Json, json};

use super::{
    super::cloudwatch,
    names::{page, set, size},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Health checks by id.
pub(super) const CHECKS: &str = "route53.health-check";
/// Caller references of deleted checks: AWS never takes them again.
const SPENT: &str = "route53.spent";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInput", message)
}

fn check<'w>(world: &'w World, id: &str) -> Result<&'w Json, Fault> {
    world.get(CHECKS, id).ok_or_else(|| {
        Fault::new("NoSuchHealthCheck", format!("No health check exists with the specified ID: {id}"))
            .status(404)
    })
}

/// Whether a configuration has what its type needs and nothing that it cannot have.
fn admit(world: &World, config: &Json) -> Result<(), Fault> {
    let has = |member: &str| !config[member].is_null();
    let kind = config["Type"].as_str().unwrap_or_default();
    let endpoint = has("IPAddress") || has("FullyQualifiedDomainName");
    match kind {
        "CALCULATED" => {
            if !has("ChildHealthChecks") || !has("HealthThreshold") {
                return Err(invalid("CALCULATED health checks need ChildHealthChecks and HealthThreshold"));
            }
            for child in config["ChildHealthChecks"].as_array().into_iter().flatten().filter_map(Json::as_str)
            {
                if world.get(CHECKS, child).is_none() {
                    return Err(invalid(format!("The child health check {child} does not exist")));
                }
            }
        }
        "CLOUDWATCH_METRIC" if !has("AlarmIdentifier") || !has("InsufficientDataHealthStatus") => {
            return Err(invalid(
                "CLOUDWATCH_METRIC health checks need AlarmIdentifier and InsufficientDataHealthStatus",
            ));
        }
        "CLOUDWATCH_METRIC" => {}
        "RECOVERY_CONTROL" if !has("RoutingControlArn") => {
            return Err(invalid("RECOVERY_CONTROL health checks need RoutingControlArn"));
        }
        "RECOVERY_CONTROL" => {}
        "TCP" if !has("IPAddress") || !has("Port") => {
            return Err(invalid("TCP health checks need IPAddress and Port"));
        }
        _ if !endpoint => {
            return Err(invalid(
                "Invalid parameter : Either IPAddress or FullyQualifiedDomainName must be specified",
            ));
        }
        _ => {}
    }
    let matching = kind.ends_with("_STR_MATCH");
    if matching != has("SearchString") {
        return Err(invalid("SearchString goes with string match health checks, and only with them"));
    }
    if config["RequestInterval"].as_i64().is_some_and(|seconds| seconds != 10 && seconds != 30) {
        return Err(invalid("RequestInterval must be 10 or 30"));
    }
    if config["Regions"].as_array().is_some_and(|regions| regions.len() < 3) {
        return Err(invalid("At least three regions must be specified"));
    }
    Ok(())
}

/// Fills in what AWS fills in.
fn complete(config: &mut Json) {
    let kind = config["Type"].as_str().unwrap_or_default().to_owned();
    let mut default = |member: &str, value: Json| {
        if config[member].is_null() {
            config[member] = value;
        }
    };
    default("Inverted", json!(false));
    default("Disabled", json!(false));
    if !["CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"].contains(&kind.as_str()) {
        default("RequestInterval", json!(30));
        default("FailureThreshold", json!(3));
        default("MeasureLatency", json!(false));
        default("EnableSNI", json!(kind.starts_with("HTTPS")));
        if kind != "TCP" {
            default("Port", json!(if kind.starts_with("HTTPS") { 443 } else { 80 }));
        }
    }
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let reference = rq.text("CallerReference");
    let taken = || {
        Fault::new(
            "HealthCheckAlreadyExists",
            format!("A health check with the caller reference {reference} has already been created."),
        )
        .status(409)
    };
    if world.get(SPENT, reference).is_some() {
        return Err(taken());
    }
    let answer = |row: &Json| {
        let id = row["Id"].as_str().unwrap_or_default();
        json!({
            "HealthCheck": row,
            "Location": format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{id}"),
        })
    };
    let config = rq.get("HealthCheckConfig");
    if let Some((_, row)) = world.rows(CHECKS).find(|(_, row)| row["CallerReference"] == reference) {
        return if row["_sent"] == *config { Ok(answer(row)) } else { Err(taken()) };
    }
    admit(world, config)?;
    let mut full = config.clone();
    complete(&mut full);
    let id = world.uuid();
    let row = json!({
        "Id": id, "CallerReference": reference, "HealthCheckConfig": full, "HealthCheckVersion": 1,
        "_sent": config, "_tags": [],
    });
    world.put(CHECKS, &id, row.clone());
    Ok(answer(&row))
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"HealthCheck": check(world, rq.text("HealthCheckId"))?}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("HealthCheckId");
    let reference = check(world, id)?["CallerReference"].as_str().unwrap_or_default().to_owned();
    world.remove(CHECKS, id);
    world.put(SPENT, &reference, json!({}));
    done()
}

pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("HealthCheckId");
    let row = check(world, id)?;
    if rq.int("HealthCheckVersion").is_some_and(|version| row["HealthCheckVersion"] != version) {
        return Err(Fault::new(
            "HealthCheckVersionMismatch",
            "The value of HealthCheckVersion in the request doesn't match the value of HealthCheckVersion in the \
             health check.",
        )
        .status(409));
    }
    let mut config = row["HealthCheckConfig"].clone();
    for (name, value) in rq.input.as_object().into_iter().flatten() {
        if !["HealthCheckId", "HealthCheckVersion", "ResetElements"].contains(&name.as_str()) {
            config[name.as_str()] = value.clone();
        }
    }
    if let Some(members) = config.as_object_mut() {
        for element in rq.texts("ResetElements") {
            members.remove(element);
        }
    }
    admit(world, &config)?;
    complete(&mut config);
    let version = row["HealthCheckVersion"].as_i64().unwrap_or(1) + 1;
    if let Some(row) = world.get_mut(CHECKS, id) {
        row["HealthCheckConfig"] = config;
        row["HealthCheckVersion"] = json!(version);
    }
    Ok(json!({"HealthCheck": check(world, id)?}))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let all: Vec<Json> = world.rows(CHECKS).map(|(_, row)| row.clone()).collect();
    let most = size(rq, "MaxItems", 100)?;
    let (all, next) = page(all, rq.opt("Marker"), "Id", most);
    let mut out = json!({
        "HealthChecks": all, "IsTruncated": next.is_some(), "Marker": rq.text("Marker"),
        "MaxItems": most.to_string(),
    });
    set(&mut out, &[("NextMarker", json!(next))]);
    Ok(out)
}

pub(super) fn count(world: &mut World, _rq: &Request<'_>) -> Reply {
    Ok(json!({"HealthCheckCount": world.rows(CHECKS).count()}))
}

/// Whether a check is healthy: endpoints are unless `_unhealthy` was set on the row by whoever plays the outage;
/// the others follow their alarm or their children.
pub(super) fn healthy(world: &World, id: &str, depth: u8) -> bool {
    let Some(row) = world.get(CHECKS, id) else { return true };
    let config = &row["HealthCheckConfig"];
    if config["Disabled"] == true {
        return config["Inverted"] != true;
    }
    let raw = match config["Type"].as_str() {
        Some("CLOUDWATCH_METRIC") => {
            let alarm = &config["AlarmIdentifier"];
            let text = |member: &str| alarm[member].as_str().unwrap_or_default();
            let state = cloudwatch::state_of(world, text("Region"), text("Name"));
            match state.as_deref() {
                Some("OK") => true,
                Some("ALARM") => false,
                _ => config["InsufficientDataHealthStatus"] != "Unhealthy",
            }
        }
        Some("CALCULATED") if depth < 8 => {
            let children =
                config["ChildHealthChecks"].as_array().into_iter().flatten().filter_map(Json::as_str);
            let well = children.filter(|child| healthy(world, child, depth + 1)).count();
            let needed =
                config["HealthThreshold"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            well >= needed
        }
        _ => row["_unhealthy"] != true,
    };
    raw != (config["Inverted"] == true)
}

/// Whether a check is healthy, for the metrics.
pub fn is_healthy(world: &World, id: &str) -> bool {
    healthy(world, id, 0)
}

pub(super) fn status(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("HealthCheckId");
    let config = &check(world, id)?["HealthCheckConfig"];
    let kind = config["Type"].as_str().unwrap_or_default();
    if ["CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"].contains(&kind) {
        return Err(invalid(format!(
            "GetHealthCheckStatus is not supported for health checks of type {kind}"
        )));
    }
    let status = match (healthy(world, id, 0) != (config["Inverted"] == true), kind) {
        (true, "TCP") => "Success: TCP connect succeeded",
        (true, _) => "Success: HTTP Status Code 200, OK",
        (false, _) => "Failure: Connection timed out. The endpoint or the internet connection is down.",
    };
    let regions = config["Regions"].as_array().cloned().unwrap_or_else(|| {
        [
            "us-east-1",
            "us-west-1",
            "us-west-2",
            "eu-west-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-northeast-1",
            "sa-east-1",
        ]
        .iter()
        .map(|region| json!(region))
        .collect()
    });
    let all: Vec<Json> = regions
        .into_iter()
        .enumerate()
        .map(|(at, region)| {
            json!({
                "Region": region, "IPAddress": format!("192.0.2.{}", at + 1),
                "StatusReport": {"Status": status, "CheckedTime": world.now_secs()},
            })
        })
        .collect();
    Ok(json!({"HealthCheckObservations": all}))
}
