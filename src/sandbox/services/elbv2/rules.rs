//! Rules of listeners.

use serde_json::{Value as Json, json};

use super::{BALANCERS, LISTENERS, RULES, conditions, listeners, no_balancer, no_listener};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn no_rule() -> Fault {
    Fault::new("RuleNotFound", "One or more rules not found")
}

/// What others see of a rule: client secrets are never returned.
fn shown(row: &Json) -> Json {
    let mut row = row.clone();
    for action in row["Actions"].as_array_mut().into_iter().flatten() {
        if let Some(config) = action["AuthenticateOidcConfig"].as_object_mut() {
            config.remove("ClientSecret");
            config.remove("UseExistingClientSecret");
        }
    }
    row
}

/// `CreateRule`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let listener = world.get(LISTENERS, rq.text("ListenerArn")).ok_or_else(no_listener)?.clone();
    let balancer = listener["LoadBalancerArn"].as_str().unwrap_or_default();
    let balancer = world.get(BALANCERS, balancer).ok_or_else(no_balancer)?.clone();
    let priority = rq.get("Priority").to_string();
    let taken =
        |rule: &Json| rule["_listener"] == rq.text("ListenerArn") && rule["Priority"] == priority.as_str();
    if world.any(RULES, taken) {
        return Err(Fault::new("PriorityInUse", format!("Priority '{priority}' is currently in use")));
    }
    conditions::check(rq.list("Conditions"))?;
    if rq.list("Actions").is_empty() {
        return Err(super::invalid("An action must be specified"));
    }
    let actions = listeners::actions(world, &balancer, rq.list("Actions"))?;
    let tags = super::tags_of(rq)?;
    let id = world.hex(16);
    let path = super::tail(rq.text("ListenerArn"), "listener");
    let arn = world.arn("elasticloadbalancing", rq.region, &format!("listener-rule/{path}/{id}"));
    let row = json!({
        "RuleArn": arn, "Priority": priority, "Conditions": rq.list("Conditions"), "Actions": actions,
        "IsDefault": false, "Transforms": rq.list("Transforms"), "_listener": rq.text("ListenerArn"),
        "_balancer": balancer["LoadBalancerArn"], "_tags": tags,
    });
    world.put(RULES, &arn, row.clone());
    Ok(json!({"Rules": [shown(&row)]}))
}

/// `DescribeRules`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let arns = rq.texts("RuleArns");
    let mut found: Vec<Json> = world
        .rows(RULES)
        .filter(|(arn, row)| {
            arns.contains(arn) || rq.opt("ListenerArn").is_some_and(|l| row["_listener"] == l)
        })
        .map(|(_, row)| shown(row))
        .collect();
    if found.len() < arns.len() {
        return Err(no_rule());
    }
    if let Some(arn) = rq.opt("ListenerArn") {
        let listener = world.get(LISTENERS, arn).ok_or_else(no_listener)?;
        let actions = listener["DefaultActions"].clone();
        let path = super::tail(arn, "listener");
        let rule = world.arn("elasticloadbalancing", rq.region, &format!("listener-rule/{path}/default"));
        found.push(json!({
            "RuleArn": rule, "Priority": "default", "Conditions": [], "Actions": actions, "IsDefault": true,
        }));
    }
    // In the order in which they are tried, the default one last.
    found.sort_by_key(|rule| {
        rule["Priority"].as_str().and_then(|n| n.parse::<u32>().ok()).unwrap_or(u32::MAX)
    });
    let (page, next) = rq.page(found, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"Rules": page, "NextMarker": next}))
}

/// `ModifyRule`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("RuleArn");
    let row = world.get(RULES, arn).ok_or_else(no_rule)?.clone();
    let balancer =
        world.get(BALANCERS, row["_balancer"].as_str().unwrap_or_default()).ok_or_else(no_balancer)?;
    conditions::check(rq.list("Conditions"))?;
    let actions = listeners::actions(world, &balancer.clone(), rq.list("Actions"))?;
    let row = world.get_mut(RULES, arn).ok_or_else(no_rule)?;
    if !actions.is_empty() {
        row["Actions"] = json!(actions);
    }
    for member in ["Conditions", "Transforms"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if rq.flag("ResetTransforms") {
        row["Transforms"] = json!([]);
    }
    Ok(json!({"Rules": [shown(row)]}))
}

/// `SetRulePriorities`: all at once, so that rules can change places.
pub fn set_priorities(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.list("RulePriorities");
    let arns: Vec<&str> = wanted.iter().filter_map(|one| one["RuleArn"].as_str()).collect();
    let Some(first) = arns.first() else { return Err(super::invalid("A rule priority must be specified")) };
    let listener = world.get(RULES, first).ok_or_else(no_rule)?["_listener"].clone();
    for one in wanted {
        let arn = one["RuleArn"].as_str().unwrap_or_default();
        if arn.ends_with("/default") {
            let message = format!("Default rule '{arn}' cannot be reprioritized");
            return Err(Fault::new("OperationNotPermitted", message));
        }
        if world.get(RULES, arn).ok_or_else(no_rule)?["_listener"] != listener {
            return Err(super::invalid("The rules must belong to one listener"));
        }
        let priority = one["Priority"].to_string();
        let twice = wanted.iter().filter(|other| other["Priority"] == one["Priority"]).count() > 1;
        let taken = world.rows(RULES).any(|(other, row)| {
            row["_listener"] == listener && row["Priority"] == priority.as_str() && !arns.contains(&other)
        });
        if twice || taken {
            return Err(Fault::new("PriorityInUse", format!("Priority '{priority}' is currently in use")));
        }
    }
    let mut rules = Vec::new();
    for one in wanted {
        if let Some(row) = one["RuleArn"].as_str().and_then(|arn| world.get_mut(RULES, arn)) {
            row["Priority"] = json!(one["Priority"].to_string());
            rules.push(row.clone());
        }
    }
    Ok(json!({"Rules": rules}))
}

/// `DeleteRule`.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("RuleArn");
    let default = arn.strip_suffix("/default").and_then(|head| head.split_once(":listener-rule/"));
    if let Some((head, path)) = default
        && world.get(LISTENERS, &format!("{head}:listener/{path}")).is_some()
    {
        let message = format!("Default rule '{arn}' cannot be deleted");
        return Err(Fault::new("OperationNotPermitted", message));
    }
    // One that is gone is no error, whatever the API Reference lists: moto's authors saw it (delete_rule in
    // moto/elbv2/models.py), and Terraform deletes it once more without looking at the error's code
    // (TestAccELBV2ListenerRule_disappears).
    world.remove(RULES, arn);
    done()
}
