//! What the account has: its settings.

use serde_json::{Value as Json, json};

use super::invalid;
use crate::sandbox::{Fault, Reply, Request, World};

/// Settings of principals, under `region/principal/name`.
const SETTINGS: &str = "ecs.account-setting";

/// Settings with the value of those who set none, and the values they take (ECS Developer Guide, "Access Amazon ECS
/// features with account settings").
const KNOWN: &[(&str, &str, &[&str])] = &[
    ("awsvpcTrunking", "disabled", &["enabled", "disabled"]),
    ("containerInsights", "disabled", &["enabled", "disabled", "enhanced"]),
    ("containerInstanceLongArnFormat", "enabled", &["enabled"]),
    ("defaultLogDriverMode", "non-blocking", &["blocking", "non-blocking"]),
    ("dualStackIPv6", "enabled", &["enabled", "disabled"]),
    ("fargateFIPSMode", "disabled", &["enabled", "disabled"]),
    ("fargateTaskRetirementWaitPeriod", "7", &["0", "7", "14"]),
    ("guardDutyActivate", "on", &["on", "off"]),
    ("serviceLongArnFormat", "enabled", &["enabled"]),
    ("tagResourceAuthorization", "on", &["on", "off"]),
    ("taskLongArnFormat", "enabled", &["enabled"]),
];

fn place(rq: &Request<'_>, principal: &str, name: &str) -> String {
    format!("{}/{principal}/{name}", rq.region)
}

/// The root user stands for everybody who has set nothing.
fn root(world: &World) -> String {
    world.arn("iam", "", "root")
}

/// The principal that a request is about.
fn principal(world: &World, rq: &Request<'_>) -> String {
    if rq.operation == "PutAccountSettingDefault" {
        return root(world);
    }
    rq.opt("principalArn")
        .map_or_else(|| crate::sandbox::services::sts::caller_of(world, rq).arn, ToOwned::to_owned)
}

fn known(name: &str) -> Result<&'static (&'static str, &'static str, &'static [&'static str]), Fault> {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| invalid(format!("Invalid setting name: {name}")))
}

/// `PutAccountSetting`, `PutAccountSettingDefault`.
pub fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, _, values) = *known(rq.text("name"))?;
    let value = rq.text("value");
    if !values.contains(&value) {
        let message =
            format!("The setting {name} does not take the value {value}; it takes {}.", values.join(", "));
        return Err(invalid(message));
    }
    let principal = principal(world, rq);
    let row = json!({"name": name, "value": value, "principalArn": principal, "type": "user"});
    world.put(SETTINGS, &place(rq, &principal, name), row.clone());
    Ok(json!({"setting": row}))
}

/// `DeleteAccountSetting`; one that is not set is deleted too (`TestAccECSAccountSettingDefault_*`: destroy sets the
/// default instead).
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, ..) = *known(rq.text("name"))?;
    let principal = principal(world, rq);
    let key = place(rq, &principal, name);
    let row = world.remove(SETTINGS, &key);
    let setting = row.unwrap_or_else(|| json!({"name": name, "value": "", "principalArn": principal}));
    Ok(json!({"setting": setting}))
}

/// `ListAccountSettings`.
pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(name) = rq.opt("name") {
        known(name)?;
    }
    let (mine, root) = (principal(world, rq), root(world));
    let effective = rq.flag("effectiveSettings");
    let mut found: Vec<Json> = Vec::new();
    for (name, default, _) in
        KNOWN.iter().filter(|(name, ..)| rq.opt("name").is_none_or(|wanted| wanted == *name))
    {
        let own = world.get(SETTINGS, &place(rq, &mine, name));
        let general = world.get(SETTINGS, &place(rq, &root, name)).filter(|_| effective);
        match own.or(general) {
            Some(row) => found.push(row.clone()),
            None if effective => {
                found.push(json!({"name": name, "value": default, "principalArn": root, "type": "user"}))
            }
            None => {}
        }
    }
    found.retain(|row| rq.opt("value").is_none_or(|value| row["value"] == value));
    let (page, next) = rq.page(found, "maxResults", "nextToken", 10, "InvalidParameterException")?;
    let mut answer = json!({"settings": page});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}
