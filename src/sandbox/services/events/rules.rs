//! Rules.

use serde_json::{Value as Json, json};

use super::{DEFAULT, RULES, bus, invalid, pattern, rule, rule_arn};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// What `PutRule` sets anew each time: what it is not told is gone (API reference).
const MEMBERS: &[&str] = &["Description", "EventPattern", "RoleArn", "ScheduleExpression"];

/// `rate(5 minutes)` or `cron(0 12 * * ? *)` (EventBridge User Guide, schedule expressions).
fn is_schedule(text: &str) -> bool {
    let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inner("rate") {
        let Some((number, unit)) = rate.split_once(' ') else { return false };
        let unit_fits = match number {
            "1" => ["minute", "hour", "day"].contains(&unit),
            _ => ["minutes", "hours", "days"].contains(&unit),
        };
        return unit_fits && number.parse::<u32>().is_ok_and(|n| n > 0);
    }
    let Some(fields) = inner("cron") else { return false };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // Either the day of the month or the day of the week is left open.
    fields.len() == 6 && (fields[2] == "?") != (fields[4] == "?")
}

/// EventBridge tries the role at once.
fn check_role(world: &World, arn: &str) -> Result<(), Fault> {
    world.assumable(arn, "events.amazonaws.com").map_err(|_| {
        invalid(format!("Provided role '{arn}' cannot be assumed by principal 'events.amazonaws.com'."))
    })
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let (bus, name) = (bus(world, rq, "EventBusName")?, rq.text("Name"));
    let (events, schedule) = (rq.text("EventPattern"), rq.text("ScheduleExpression"));
    if events.is_empty() && schedule.is_empty() {
        return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if !events.is_empty() {
        pattern::check(events)?;
    }
    if !schedule.is_empty() && bus != DEFAULT {
        return Err(invalid("ScheduleExpression is supported only on the default event bus."));
    }
    if !schedule.is_empty() && !is_schedule(schedule) {
        return Err(invalid("Parameter ScheduleExpression is not valid."));
    }
    if let Some(role) = rq.opt("RoleArn").filter(|role| !role.is_empty()) {
        check_role(world, role)?;
    }
    let arn = rule_arn(world, rq.region, &bus, name);
    let old = world.get(RULES, &arn).cloned();
    // Tags of a rule that is there already are ignored (API reference).
    let tags = old.as_ref().map_or_else(|| json!(rq.list("Tags")), |old| old["_tags"].clone());
    let kept = old.as_ref().map_or_else(|| json!([]), |old| old["_targets"].clone());
    let mut row = json!({
        "Name": name, "Arn": arn, "EventBusName": bus, "State": rq.opt("State").unwrap_or("ENABLED"),
        "CreatedBy": world.account, "_tags": tags, "_targets": kept, "_region": rq.region,
    });
    for member in MEMBERS {
        if let Some(text) = rq.opt(member).filter(|text| !text.is_empty()) {
            row[*member] = json!(text);
        }
    }
    if let Some(old) = old {
        row["_born"] = old["_born"].clone();
    }
    world.put(RULES, &arn, row);
    Ok(json!({"RuleArn": arn}))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let bus = bus(world, rq, "EventBusName")?;
    let arn = rule_arn(world, rq.region, &bus, rq.text("Name"));
    if world.get(RULES, &arn).is_some_and(|row| row["_targets"].as_array().is_some_and(|all| !all.is_empty()))
    {
        return Err(invalid("Rule can't be deleted since it has targets."));
    }
    // A rule that is not there is deleted already (LocalStack's provider, recorded against AWS).
    world.remove(RULES, &arn);
    done()
}

/// What the API shows of a rule.
fn shown(row: &Json, members: &[&str]) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, _)| members.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

const LISTED: &[&str] = &[
    "Name",
    "Arn",
    "EventPattern",
    "State",
    "Description",
    "ScheduleExpression",
    "RoleArn",
    "ManagedBy",
    "EventBusName",
];

pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rule(world, rq, "Name")?;
    let mut members = LISTED.to_vec();
    members.push("CreatedBy");
    Ok(world.get(RULES, &arn).map(|row| shown(row, &members)).unwrap_or_default())
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let (bus, prefix) = (bus(world, rq, "EventBusName")?, rq.text("NamePrefix"));
    let rows = world.rows(RULES).map(|(_, row)| row);
    let rows = rows.filter(|row| row["_region"] == rq.region && row["EventBusName"] == bus.as_str());
    let rows = rows.filter(|row| row["Name"].as_str().is_some_and(|name| name.starts_with(prefix)));
    let all = rows.map(|row| shown(row, LISTED)).collect();
    let (page, next) = rq.page(all, "Limit", "NextToken", 100, "ValidationException")?;
    Ok(json!({"Rules": page, "NextToken": next}))
}

fn switch(world: &mut World, rq: &Request<'_>, state: &str) -> Reply {
    let arn = rule(world, rq, "Name")?;
    if let Some(row) = world.get_mut(RULES, &arn) {
        row["State"] = json!(state);
    }
    done()
}

pub(super) fn enable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, "ENABLED")
}

pub(super) fn disable(world: &mut World, rq: &Request<'_>) -> Reply {
    switch(world, rq, "DISABLED")
}

#[cfg(test)]
mod tests {
    use super::is_schedule;

    #[test]
    fn schedules_are_told_from_nonsense() {
        for good in
            ["rate(1 minute)", "rate(5 minutes)", "cron(0 12 * * ? *)", "cron(0/5 8-17 ? * MON-FRI *)"]
        {
            assert!(is_schedule(good), "{good}");
        }
        for bad in [
            "rate(1 minutes)",
            "rate(0 minutes)",
            "rate(5)",
            "cron(0 12 * * * *)",
            "cron(0 12 * * ?)",
            "at(x)",
        ] {
            assert!(!is_schedule(bad), "{bad}");
        }
    }
}
