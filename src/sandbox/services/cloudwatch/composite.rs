//! Composite alarms: which alarms a rule names, and that they exist as long as it does.

use super::alarms::ALARMS;
use crate::sandbox::{By, Fault, Request, World};

/// Names of the alarms in a rule like `ALARM("a") AND NOT OK(arn:...:alarm:b)`, quoted or bare, names or ARNs.
fn children(rule: &str) -> Vec<String> {
    let mut names = Vec::new();
    for word in ["ALARM(", "OK(", "INSUFFICIENT_DATA("] {
        for (at, _) in rule.match_indices(word) {
            let inner = rule[at + word.len()..].trim_start();
            let name = match inner.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => inner.split(')').next().map(str::trim),
            };
            let name = name.unwrap_or_default();
            names.push(name.split_once(":alarm:").map_or(name, |(_, name)| name).to_owned());
        }
    }
    names
}

/// Refuses a rule that names alarms which do not exist.
pub(super) fn check(world: &World, rq: &Request<'_>) -> Result<(), Fault> {
    let here = |name: &str| world.get(ALARMS, &format!("{}/{name}", rq.region)).is_some();
    let missing: Vec<String> =
        children(rq.text("AlarmRule")).into_iter().filter(|name| !here(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
        missing.join(", ")
    );
    Err(Fault::new("ValidationError", message))
}

/// Refuses to delete alarms that a composite alarm depends on, whatever else is deleted with them.
pub(super) fn free(world: &World, rq: &Request<'_>, names: &[&str]) -> Result<(), Fault> {
    let mut held: Vec<&str> = Vec::new();
    let composite = world.with(ALARMS, &By::Path("_kind"), "CompositeAlarm").into_iter();
    for (_, row) in composite.filter(|(_, row)| row["_region"] == rq.region) {
        let children = row["AlarmRule"].as_str().map(children).unwrap_or_default();
        let own = |name: &str| row["AlarmName"] == *name;
        held.extend(names.iter().filter(|name| !own(name) && children.iter().any(|child| child == *name)));
    }
    if held.is_empty() {
        return Ok(());
    }
    held.sort_unstable();
    held.dedup();
    let them = if held.len() == 1 { "it" } else { "them" };
    let message =
        format!("Cannot delete {} as there are composite alarm(s) depending on {them}.", held.join(","));
    Err(Fault::new("ValidationError", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_their_alarms() {
        let rule = r#"(ALARM("one two") OR OK(arn:aws:cloudwatch:us-east-1:123456789012:alarm:b)) AND NOT ALARM( c )"#;
        let mut names = children(rule);
        names.sort();
        assert_eq!(names, ["b", "c", "one two"]);
        assert!(children("TRUE").is_empty());
    }
}
