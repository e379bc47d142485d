//! `UpdatePolicy` of a group: how its instances are replaced when what they are launched with changes.
//!
//! CloudFormation replaces instances itself and waits for their signals; here an instance refresh does it, by the same
//! numbers. What needs CloudFormation's own service is refused by name.

use aws_sdk_autoscaling::types::RefreshPreferences;
use serde_json::Value as Json;

/// A rolling update in the template's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rolling {
    max_batch: Option<f64>,
    min_in_service: Option<f64>,
    min_active_percent: Option<f64>,
    pause: Option<i32>,
    /// Processes that stand still meanwhile.
    pub(super) suspended: Vec<String>,
}

fn number(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// Seconds of an ISO 8601 duration without years and months: `PT5M`.
fn seconds(text: &str) -> Option<i32> {
    let (mut total, mut digits, mut time) = (0_i64, String::new(), false);
    for ch in text.strip_prefix('P')?.chars() {
        if ch == 'T' {
            time = true;
            continue;
        }
        if ch.is_ascii_digit() {
            digits.push(ch);
            continue;
        }
        let unit = match (ch, time) {
            ('W', false) => 604_800,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total += std::mem::take(&mut digits).parse::<i64>().ok()? * unit;
    }
    if digits.is_empty() { i32::try_from(total).ok() } else { None }
}

impl Rolling {
    /// The rolling update of an update policy, if it asks for one.
    pub(super) fn of(policy: &Json) -> Option<Self> {
        let rolling = policy["AutoScalingRollingUpdate"].as_object()?;
        let at = |name: &str| rolling.get(name).unwrap_or(&Json::Null);
        Some(Self {
            max_batch: number(at("MaxBatchSize")),
            min_in_service: number(at("MinInstancesInService")),
            min_active_percent: number(at("MinActiveInstancesPercent")),
            pause: at("PauseTime").as_str().and_then(seconds),
            suspended: at("SuspendProcesses")
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(ToOwned::to_owned))
                .collect(),
        })
    }

    /// The preferences of an instance refresh that keeps as many instances in service, and replaces no more at once.
    /// CloudFormation's defaults: batches of one, none must stay in service.
    pub(super) fn preferences(&self, desired: i32) -> RefreshPreferences {
        let desired = f64::from(desired.max(1));
        let batch = self.max_batch.unwrap_or(1.0).max(1.0);
        let stay = match (self.min_in_service, self.min_active_percent) {
            (Some(count), _) => count,
            (None, Some(percent)) => (desired * percent / 100.0).ceil(),
            (None, None) => 0.0,
        };
        let percent = (stay.max(desired - batch) * 100.0 / desired).ceil().clamp(0.0, 100.0);
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 100")]
        let healthy = percent as i32;
        RefreshPreferences::builder()
            .min_healthy_percentage(healthy)
            .set_instance_warmup(self.pause)
            // Instances that have the wanted configuration already stay: a refresh that is begun again does nothing twice.
            .skip_matching(true)
            .scale_in_protected_instances("Refresh".into())
            .standby_instances("Terminate".into())
            .build()
    }
}

/// What is wrong with an update policy of a group: the member and why.
#[must_use]
pub fn check(policy: &Json) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut say = |name: &str, why: &str| found.push((name.to_owned(), why.to_owned()));
    for (name, value) in policy.as_object().into_iter().flatten() {
        match name.as_str() {
            "AutoScalingRollingUpdate" => {}
            // Sizes that the template does not change are never sent, so scheduled actions keep their say.
            "AutoScalingScheduledAction" => {}
            "AutoScalingReplacingUpdate" if value["WillReplace"] != true => {}
            "AutoScalingReplacingUpdate" => say(
                "AutoScalingReplacingUpdate.WillReplace",
                "a whole new group takes the old one's place only with --replace ADDRESS",
            ),
            other => say(other, "an Auto Scaling group takes no such update policy"),
        }
    }
    for (name, value) in policy["AutoScalingRollingUpdate"].as_object().into_iter().flatten() {
        let path = format!("AutoScalingRollingUpdate.{name}");
        match name.as_str() {
            "MaxBatchSize" | "MinInstancesInService" | "MinActiveInstancesPercent"
                if number(value).is_none() =>
            {
                say(&path, "it is a number");
            }
            "MaxBatchSize" | "MinInstancesInService" | "MinActiveInstancesPercent" => {}
            "PauseTime" if value.as_str().and_then(seconds).is_none() => {
                say(&path, "it is an ISO 8601 duration (PT5M)");
            }
            "PauseTime" => {}
            "SuspendProcesses" => {
                let stops = ["Launch", "Terminate"];
                if value.as_array().into_iter().flatten().any(|one| stops.iter().any(|stop| one == stop)) {
                    say(
                        &path,
                        "instances are replaced by launching and terminating them: Launch and Terminate go on",
                    );
                }
            }
            "WaitOnResourceSignals" if *value == true || *value == "true" => say(
                &path,
                "instances would signal the CloudFormation service, which is not used: an instance counts when the group \
                 has it in service",
            ),
            "WaitOnResourceSignals" => {}
            "MinSuccessfulInstancesPercent" if number(value) == Some(100.0) => {}
            "MinSuccessfulInstancesPercent" => {
                say(
                    &path,
                    "every instance must come into service, or the update fails: 100 is what there is",
                );
            }
            _ => say(&path, "a rolling update takes no such setting"),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn batches_and_minimums_become_percentages() {
        for (policy, desired, percent) in [
            (json!({"MaxBatchSize": 1, "MinInstancesInService": 2}), 3, 67),
            (json!({"MaxBatchSize": "3", "MinInstancesInService": 1}), 4, 25),
            (json!({"MaxBatchSize": 10}), 4, 0),
            (json!({}), 4, 75),
            (json!({"MinActiveInstancesPercent": 90, "MaxBatchSize": 9}), 9, 100),
        ] {
            let rolling = Rolling::of(&json!({"AutoScalingRollingUpdate": policy})).unwrap();
            assert_eq!(rolling.preferences(desired).min_healthy_percentage(), Some(percent), "{policy}");
        }
        assert_eq!(Rolling::of(&json!({"AutoScalingScheduledAction": {}})), None);
    }

    #[test]
    fn durations_are_read() {
        for (text, wanted) in [
            ("PT5M", Some(300)),
            ("PT1H30S", Some(3_630)),
            ("P1D", Some(86_400)),
            ("5M", None),
            ("PT5", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_needs_cloudformation_is_refused_by_name() {
        let policy = json!({
            "AutoScalingRollingUpdate": {"WaitOnResourceSignals": true, "PauseTime": "soon", "SuspendProcesses": ["Launch"]},
            "AutoScalingReplacingUpdate": {"WillReplace": true}, "CodeDeployLambdaAliasUpdate": {},
        });
        let names: Vec<String> = check(&policy).into_iter().map(|(name, _)| name).collect();
        for name in [
            "AutoScalingRollingUpdate.WaitOnResourceSignals",
            "AutoScalingRollingUpdate.PauseTime",
            "AutoScalingRollingUpdate.SuspendProcesses",
            "AutoScalingReplacingUpdate.WillReplace",
            "CodeDeployLambdaAliasUpdate",
        ] {
            assert!(names.iter().any(|one| one == name), "{name} of {names:?}");
        }
        assert_eq!(check(&json!({"AutoScalingRollingUpdate": {"MaxBatchSize": 2, "PauseTime": "PT1M"}})), []);
    }
}
