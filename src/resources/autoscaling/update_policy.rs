//! `UpdatePolicy` of a group: how its instances are replaced when what they are launched with changes. It says nothing about
//! the group's creation.
//!
//! CloudFormation replaces instances itself and waits for their signals; here an instance refresh does it, by the same
//! numbers, or a new group whose instances are in service before the old one goes. What needs CloudFormation's own service is
//! refused by name. <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>

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

/// What must change for instances to be replaced: "Change the Amazon EC2 Auto Scaling group's
/// AWS::AutoScaling::LaunchConfiguration", its `VPCZoneIdentifier`, its `LaunchTemplate`, its `PlacementGroup` (UpdatePolicy
/// attribute); a mixed instances policy holds a launch template.
pub(super) const INSTANCES: &[&str] = &[
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "PlacementGroup",
    "VPCZoneIdentifier",
];

fn is_true(value: &Json) -> bool {
    *value == true || *value == "true"
}

fn is_bool(value: &Json) -> bool {
    is_true(value) || *value == false || *value == "false"
}

/// Whether the group is replaced with its instances: "setting the WillReplace property to true gives
/// AutoScalingReplacingUpdate precedence" over a rolling update (UpdatePolicy attribute).
pub(super) fn replaces(policy: &Json, changed: &[String]) -> Option<String> {
    let name = changed.iter().find(|name| INSTANCES.contains(&name.as_str()))?;
    is_true(&policy["AutoScalingReplacingUpdate"]["WillReplace"]).then(|| {
        format!("{name} changes, and its UpdatePolicy (AutoScalingReplacingUpdate) makes a new group")
    })
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
    pub(super) fn preferences(&self, desired: i32, skip_matching: bool) -> RefreshPreferences {
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
            .skip_matching(skip_matching)
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
            "AutoScalingReplacingUpdate" => {
                for (member, value) in value.as_object().into_iter().flatten() {
                    match member.as_str() {
                        "WillReplace" if is_bool(value) => {}
                        "WillReplace" => say("AutoScalingReplacingUpdate.WillReplace", "it is true or false"),
                        _ => say(
                            &format!("AutoScalingReplacingUpdate.{member}"),
                            "a replacing update takes no such setting",
                        ),
                    }
                }
            }
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
            "WaitOnResourceSignals" if is_true(value) => say(
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
            assert_eq!(
                rolling.preferences(desired, true).min_healthy_percentage(),
                Some(percent),
                "{policy}"
            );
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
            "AutoScalingReplacingUpdate": {"WillReplace": "perhaps", "Wait": true}, "CodeDeployLambdaAliasUpdate": {},
        });
        let names: Vec<String> = check(&policy).into_iter().map(|(name, _)| name).collect();
        for name in [
            "AutoScalingRollingUpdate.WaitOnResourceSignals",
            "AutoScalingRollingUpdate.PauseTime",
            "AutoScalingRollingUpdate.SuspendProcesses",
            "AutoScalingReplacingUpdate.WillReplace",
            "AutoScalingReplacingUpdate.Wait",
            "CodeDeployLambdaAliasUpdate",
        ] {
            assert!(names.iter().any(|one| one == name), "{name} of {names:?}");
        }
        assert_eq!(check(&json!({"AutoScalingRollingUpdate": {"MaxBatchSize": 2, "PauseTime": "PT1M"}})), []);
        assert_eq!(check(&json!({"AutoScalingReplacingUpdate": {"WillReplace": true}})), []);
    }

    #[test]
    fn a_replacing_update_wins_and_only_where_instances_change() {
        let both =
            json!({"AutoScalingReplacingUpdate": {"WillReplace": "true"}, "AutoScalingRollingUpdate": {}});
        let replaced = |policy: &Json, name: &str| replaces(policy, &[name.to_owned()]).is_some();
        for name in INSTANCES {
            assert!(replaced(&both, name), "{name}");
        }
        assert!(!replaced(&both, "MaxSize") && !replaced(&both, "Tags"));
        let not =
            json!({"AutoScalingReplacingUpdate": {"WillReplace": false}, "AutoScalingRollingUpdate": {}});
        assert!(!replaced(&not, "LaunchTemplate") && !replaced(&Json::Null, "LaunchTemplate"));
    }
}
