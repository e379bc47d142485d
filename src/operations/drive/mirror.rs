//! The phase in a parameter, for the plan's own tooling: a copy for others to read, never read by us.

use serde_json::{Value as Json, json};

use super::driver::{Driver, Failure};
use crate::{
    clock::rfc3339,
    engine::{EventKind, operate::Halt},
    ledger::{Noun, Phase, Subject},
    operations::calls,
};

/// What the phases are called there.
fn words(phase: Phase) -> (String, String) {
    let (status, words) = match phase {
        Phase::Deployed | Phase::Tested | Phase::Loading => ("initialized", "pre-migration"),
        Phase::Following => ("replicating", "full-load-complete"),
        Phase::Synced => ("ready-for-cutover", "cdc-synced"),
        Phase::Shifting(percent) => {
            return ("gradual-cutover-in-progress".into(), format!("traffic-split-{percent}-percent-aurora"));
        }
        Phase::Fenced | Phase::Drained | Phase::Switched => ("cutover-in-progress", "writes-refused"),
        Phase::Live | Phase::Finalized => ("cutover-complete", "running-on-aurora"),
        Phase::RollingBack => ("rolling-back", "writes-refused"),
        Phase::RolledBack => ("rolled-back", "running-on-onprem"),
    };
    (status.into(), words.into())
}

/// The share of the target in percent.
fn share(phase: Phase) -> u8 {
    match phase {
        Phase::Shifting(percent) => percent,
        Phase::Switched | Phase::Live | Phase::Finalized => 100,
        _ => 0,
    }
}

/// The value, with the keys that others have put there.
pub(in crate::operations) fn value(before: Option<&str>, phase: Phase, now: &str) -> String {
    let parsed = before.and_then(|text| serde_json::from_str::<Json>(text).ok());
    let mut value = parsed.filter(Json::is_object).unwrap_or_else(|| json!({}));
    let (status, words) = words(phase);
    value["status"] = json!(status);
    value["phase"] = json!(words);
    value["last_updated"] = json!(now);
    value["onprem_weight"] = json!(100 - share(phase));
    value["aurora_weight"] = json!(share(phase));
    value.to_string()
}

/// Writes it. That it cannot be written is told, and stops nothing: inside a cutover a copy is worth no refusal.
pub(super) async fn write(driver: &Driver<'_>, phase: Phase) -> Result<(), Failure> {
    let Some((region, name)) = &driver.resolved.state_parameter else { return Ok(()) };
    let subject = Subject::new(Noun::Parameter, region, &[name]);
    let told = |error: String| {
        let text = format!("the parameter {name} could not be written: {error}");
        driver.operator.emit(EventKind::Remark { text });
    };
    let facts = match driver.operator.reader.facts(std::slice::from_ref(&subject)).await {
        Ok(facts) => facts,
        Err(error) => {
            told(error.to_string());
            return Ok(());
        }
    };
    let now = rfc3339(driver.operator.reader.clock.now());
    let text = value(facts.get(&subject, "Value").and_then(Json::as_str), phase, &now);
    let call = calls::put_parameter(region, name, &text, &facts);
    let Some(task) = driver.resolved.forward.first() else { return Ok(()) };
    match driver.operator.act(&task.address, &call).await {
        Ok(_) => Ok(()),
        Err(Halt::Ledger(error)) => Err(Failure::Halt(Halt::Ledger(error))),
        Err(Halt::Aws(error) | Halt::Unresolved(error)) => {
            told(error.to_string());
            Ok(())
        }
        Err(Halt::Changed(_)) => {
            told("somebody else has just changed it".into());
            Ok(())
        }
        Err(Halt::Stopped(level)) => Err(Failure::Stopped(level)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_keeps_what_others_wrote_and_says_who_serves() {
        let text = value(Some(r#"{"owner":"dba","status":"initialized"}"#), Phase::Live, "now");
        let value: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(value["owner"], "dba");
        assert_eq!((&value["status"], &value["aurora_weight"]), (&json!("cutover-complete"), &json!(100)));
        let text = super::value(Some("no json"), Phase::Shifting(10), "now");
        let value: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(value["phase"], "traffic-split-10-percent-aurora");
        assert_eq!(value["onprem_weight"], 90);
    }
}
