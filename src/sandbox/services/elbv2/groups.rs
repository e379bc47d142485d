//! Target groups.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{GROUPS, LISTENERS, RULES, TARGETS, attributes, invalid, no_group, tags_of};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// What a create call sent, in a form that two calls can be compared by.
pub fn settings(rq: &Request<'_>) -> Json {
    let mut settings = rq.input.clone();
    for list in ["Tags", "SecurityGroups", "Subnets", "SubnetMappings"] {
        if let Some(items) = settings[list].as_array_mut() {
            items.sort_by_key(ToString::to_string);
        } else if let Some(settings) = settings.as_object_mut() {
            settings.remove(list);
        }
    }
    settings
}

/// The load balancers whose listeners or rules send requests to the group.
pub fn balancers_of(world: &World, group: &str) -> BTreeSet<String> {
    let uses = |row: &Json, member: &str| {
        row[member]
            .as_array()
            .into_iter()
            .flatten()
            .any(|action| super::listeners::groups_of(action).contains(group))
    };
    let listeners = world
        .rows(LISTENERS)
        .filter(|(_, row)| uses(row, "DefaultActions"))
        .filter_map(|(_, row)| row["LoadBalancerArn"].as_str());
    let rules = world
        .rows(RULES)
        .filter(|(_, row)| uses(row, "Actions"))
        .filter_map(|(_, row)| row["_balancer"].as_str());
    listeners.chain(rules).map(ToOwned::to_owned).collect()
}

fn shown(world: &World, row: &Json) -> Json {
    let mut row = row.clone();
    row["LoadBalancerArns"] = json!(balancers_of(world, row["TargetGroupArn"].as_str().unwrap_or_default()));
    row
}

/// `CreateTargetGroup`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    if name.is_empty()
        || name.len() > 32
        || name.contains(odd)
        || name.starts_with('-')
        || name.ends_with('-')
    {
        return Err(invalid(format!(
            "Target group name '{name}' must have at most 32 alphanumeric characters or hyphens and must not begin \
             or end with a hyphen"
        )));
    }
    let settings = settings(rq);
    let known =
        world.rows(GROUPS).find(|(_, row)| row["TargetGroupName"] == name && row["_region"] == rq.region);
    if let Some((_, row)) = known {
        if row["_settings"] == settings {
            return Ok(json!({"TargetGroups": [shown(world, row)]}));
        }
        let text = format!("A target group with the same name '{name}' exists, but with different settings");
        return Err(Fault::new("DuplicateTargetGroupName", text));
    }
    let kind = rq.opt("TargetType").unwrap_or("instance");
    let lambda = kind == "lambda";
    for (member, word) in [("Port", "Port"), ("Protocol", "Protocol"), ("VpcId", "VPC ID")] {
        if lambda && !rq.get(member).is_null() {
            return Err(invalid(format!(
                "{word} cannot be specified for target groups with target type 'lambda'"
            )));
        }
    }
    if !lambda {
        for (member, word) in [("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")] {
            if rq.get(member).is_null() {
                return Err(invalid(format!("A {word} must be specified")));
            }
        }
        let vpc = rq.text("VpcId");
        if world.get("ec2.vpc", vpc).is_none() {
            return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
        }
    }
    let protocol = rq.opt("Protocol").unwrap_or_default();
    let http = protocol.starts_with("HTTP");
    let check = rq.opt("HealthCheckProtocol").unwrap_or(if lambda || http { "HTTP" } else { "TCP" });
    // API Reference, CreateTargetGroup: TCP checks are not for HTTP and HTTPS; of the other protocols there are none.
    if !(check.starts_with("HTTP") || (check == "TCP" && !http)) {
        return Err(invalid(format!(
            "Health check protocol '{check}' is not supported for target groups with the {protocol} protocol"
        )));
    }
    let interval = rq.int("HealthCheckIntervalSeconds").unwrap_or(if lambda { 35 } else { 30 });
    let timeout = rq.int("HealthCheckTimeoutSeconds").unwrap_or(match (lambda, http) {
        (true, _) => 30,
        (_, true) => 5,
        _ => 10,
    });
    if timeout >= interval && (http || lambda) {
        return Err(invalid(format!(
            "Health check timeout '{timeout}' must be smaller than or equal to the interval '{interval}'"
        )));
    }
    check_matcher(protocol, rq.get("Matcher"))?;
    let tags = tags_of(rq)?;
    let id = world.hex(16);
    let arn = world.arn("elasticloadbalancing", rq.region, &format!("targetgroup/{name}/{id}"));
    let mut row = json!({
        "TargetGroupArn": arn, "TargetGroupName": name, "TargetType": kind,
        "HealthCheckEnabled": rq.get("HealthCheckEnabled").as_bool().unwrap_or(!lambda),
        "HealthCheckIntervalSeconds": interval, "HealthCheckTimeoutSeconds": timeout,
        "HealthyThresholdCount": rq.int("HealthyThresholdCount").unwrap_or(5),
        "UnhealthyThresholdCount": rq.int("UnhealthyThresholdCount").unwrap_or(2),
        "IpAddressType": rq.opt("IpAddressType").unwrap_or("ipv4"), "LoadBalancerArns": [],
        "_tags": tags, "_attributes": attributes::group_defaults(protocol, kind), "_region": rq.region,
        "_settings": settings,
    });
    // A function is called, not connected to: its checks have neither protocol nor port.
    if !lambda {
        row["HealthCheckProtocol"] = json!(check);
        row["HealthCheckPort"] = json!(rq.opt("HealthCheckPort").unwrap_or("traffic-port"));
    }
    if check.starts_with("HTTP") {
        let grpc = rq.text("ProtocolVersion") == "GRPC";
        let path = if grpc { "/AWS.ALB/healthcheck" } else { "/" };
        row["HealthCheckPath"] = json!(rq.opt("HealthCheckPath").unwrap_or(path));
        row["Matcher"] = match (rq.get("Matcher"), grpc) {
            (Json::Null, true) => json!({"GrpcCode": "12"}),
            (Json::Null, false) => json!({"HttpCode": if http || lambda { "200" } else { "200-399" }}),
            (sent, _) => sent.clone(),
        };
    }
    if http {
        row["ProtocolVersion"] = json!(rq.opt("ProtocolVersion").unwrap_or("HTTP1"));
    }
    for kept in ["Protocol", "Port", "VpcId", "TargetControlPort"] {
        if !rq.get(kept).is_null() {
            row[kept] = rq.get(kept).clone();
        }
    }
    world.put(GROUPS, &arn, row.clone());
    Ok(json!({"TargetGroups": [row]}))
}

/// The status codes that a health check can wait for: numbers and ranges, one of them or several.
fn check_matcher(protocol: &str, matcher: &Json) -> Result<(), Fault> {
    let Some(text) = matcher["HttpCode"].as_str() else { return Ok(()) };
    // API Reference, `Matcher`: network load balancers take more.
    let (low, high) =
        if protocol.is_empty() || protocol.starts_with("HTTP") { (200, 499) } else { (200, 599) };
    let within = |code: &str| code.trim().parse::<u16>().is_ok_and(|code| (low..=high).contains(&code));
    for part in text.split(',') {
        let good = match part.split_once('-') {
            Some((from, to)) => within(from) && within(to) && from.trim() <= to.trim(),
            None => within(part),
        };
        if !good {
            return Err(invalid(format!(
                "Health check matcher HTTP code '{text}' must be within '{low}-{high}' inclusive"
            )));
        }
    }
    Ok(())
}

/// `DescribeTargetGroups`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let (arns, names, balancer) = (rq.texts("TargetGroupArns"), rq.texts("Names"), rq.opt("LoadBalancerArn"));
    if let Some(arn) = balancer {
        world.get(super::BALANCERS, arn).ok_or_else(super::no_balancer)?;
    }
    let mut found = Vec::new();
    for (arn, row) in world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region) {
        let row = shown(world, row);
        let wanted = (arns.is_empty() || arns.contains(&arn))
            && (names.is_empty() || names.iter().any(|name| row["TargetGroupName"] == *name))
            && balancer.is_none_or(|b| {
                row["LoadBalancerArns"].as_array().is_some_and(|all| all.contains(&json!(b)))
            });
        if wanted {
            found.push(row);
        }
    }
    if found.len() < arns.len().max(names.len()) {
        return Err(no_group());
    }
    let (page, next) = rq.page(found, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"TargetGroups": page, "NextMarker": next}))
}

/// `ModifyTargetGroup`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("TargetGroupArn");
    let protocol =
        world.get(GROUPS, arn).ok_or_else(no_group)?["Protocol"].as_str().unwrap_or_default().to_owned();
    check_matcher(&protocol, rq.get("Matcher"))?;
    let row = world.get_mut(GROUPS, arn).ok_or_else(no_group)?;
    for (member, value) in rq.input.as_object().into_iter().flatten() {
        row[member] = value.clone();
        row["_settings"][member] = value.clone();
    }
    if let Some(settings) = row["_settings"].as_object_mut() {
        settings.remove("TargetGroupArn");
    }
    let row = row.clone();
    Ok(json!({"TargetGroups": [shown(world, &row)]}))
}

/// `DeleteTargetGroup`; one that is not there is no error.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("TargetGroupArn");
    if world.get(GROUPS, arn).is_none() {
        return done();
    }
    if !balancers_of(world, arn).is_empty() {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Fault::new("ResourceInUse", text));
    }
    let targets: Vec<String> =
        world.rows(TARGETS).filter(|(_, row)| row["_group"] == arn).map(|(key, _)| key.to_owned()).collect();
    for target in targets {
        world.remove(TARGETS, &target);
    }
    world.remove(GROUPS, arn);
    done()
}
