//! Reads that one call answers for many subjects: a scan looks at all of them each minute.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::types::Service;
use serde_json::{Value as Json, json};

use super::read::Reader;
use crate::{
    aws::{OpError, Sdk, op},
    ledger::{Noun, Subject},
};

/// Properties of a subject.
pub(super) type Properties = Vec<(&'static str, Json)>;

/// How many subjects of a kind one call answers for. CloudWatch API Reference, DescribeAlarms: 100 names; Amazon ECS API
/// Reference, DescribeServices: 10 services of one cluster; Application Auto Scaling API Reference,
/// DescribeScalableTargets: 50 resource ids.
fn most(noun: Noun) -> usize {
    match noun {
        Noun::Alarm => 100,
        Noun::Service => 10,
        Noun::Scaling => 50,
        _ => 1,
    }
}

/// Subjects by the call that reads them, in the order in which the first of each is asked for.
pub(super) fn together(subjects: &[Subject]) -> Vec<Vec<&Subject>> {
    let mut calls: Vec<Vec<&Subject>> = Vec::new();
    for subject in subjects {
        let cluster = |one: &Subject| (one.noun == Noun::Service).then(|| one.id.first().cloned());
        let fits = |call: &&mut Vec<&Subject>| {
            call.len() < most(subject.noun)
                && call.first().is_some_and(|first| {
                    first.noun == subject.noun
                        && first.region == subject.region
                        && cluster(first) == cluster(subject)
                })
        };
        match calls.iter_mut().find(fits) {
            Some(call) => call.push(subject),
            None => calls.push(vec![subject]),
        }
    }
    calls
}

fn id(subject: &Subject, at: usize) -> &str {
    subject.id.get(at).map(String::as_str).unwrap_or_default()
}

fn ids(subjects: &[&Subject], at: usize) -> Option<Vec<String>> {
    let mut ids: Vec<String> = subjects.iter().map(|subject| id(subject, at).to_owned()).collect();
    ids.sort();
    ids.dedup();
    Some(ids)
}

impl Reader<'_> {
    pub(super) async fn alarms<'s>(
        &self,
        sdk: &Sdk,
        subjects: &[&'s Subject],
    ) -> Result<Vec<(&'s Subject, Properties)>, OpError> {
        let ask = async || {
            // Without MaxRecords fifty are answered, however many are named.
            let call = sdk.cloudwatch().describe_alarms().set_alarm_names(ids(subjects, 0)).max_records(100);
            Ok(call.send().await.map_err(op("DescribeAlarms"))?.metric_alarms.unwrap_or_default())
        };
        let found = self.ask("cloudwatch", ask).await?;
        let shown = |subject: &&'s Subject| {
            let alarm = found.iter().find(|alarm| alarm.alarm_name() == Some(id(subject, 0)));
            let state = alarm.and_then(|alarm| alarm.state_value.as_ref());
            let properties = vec![
                ("StateValue", json!(state.map(|state| state.as_str().to_owned()))),
                ("ActionsEnabled", json!(alarm.and_then(|alarm| alarm.actions_enabled))),
            ];
            (*subject, properties)
        };
        Ok(subjects.iter().map(shown).collect())
    }

    /// Services of one cluster, each by name or by ARN.
    pub(super) async fn services<'s>(
        &self,
        sdk: &Sdk,
        subjects: &[&'s Subject],
    ) -> Result<Vec<(&'s Subject, Properties)>, OpError> {
        let cluster = subjects.first().map(|first| id(first, 0)).unwrap_or_default();
        let ask = async || {
            let call = sdk.ecs().describe_services().cluster(cluster).set_services(ids(subjects, 1));
            Ok(call.send().await.map_err(op("DescribeServices"))?.services.unwrap_or_default())
        };
        let found = self.ask("ecs", ask).await?;
        let named = |service: &Service, name: &str| {
            service.service_name() == Some(name) || service.service_arn() == Some(name)
        };
        let shown = |subject: &&'s Subject| {
            let service = found.iter().find(|service| named(service, id(subject, 1)));
            (*subject, service.map_or_else(|| vec![("desiredCount", Json::Null)], counts))
        };
        Ok(subjects.iter().map(shown).collect())
    }

    pub(super) async fn scalings<'s>(
        &self,
        sdk: &Sdk,
        subjects: &[&'s Subject],
    ) -> Result<Vec<(&'s Subject, Properties)>, OpError> {
        let ask = async || {
            let call = sdk
                .autoscaling()
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .set_resource_ids(ids(subjects, 0));
            Ok(call.send().await.map_err(op("DescribeScalableTargets"))?.scalable_targets.unwrap_or_default())
        };
        let found = self.ask("application-autoscaling", ask).await?;
        let shown = |subject: &&'s Subject| {
            let target = found.iter().find(|target| target.resource_id() == id(subject, 0));
            (*subject, target.map_or_else(|| vec![("MinCapacity", Json::Null)], capacity))
        };
        Ok(subjects.iter().map(shown).collect())
    }
}

fn counts(service: &Service) -> Properties {
    let rollout = service.deployments().first().and_then(|deployment| deployment.rollout_state.clone());
    vec![
        ("desiredCount", json!(service.desired_count)),
        ("runningCount", json!(service.running_count)),
        ("pendingCount", json!(service.pending_count)),
        ("rolloutState", json!(rollout.map(|state| state.as_str().to_owned()))),
    ]
}

fn capacity(target: &ScalableTarget) -> Properties {
    let state = target.suspended_state.as_ref();
    let flag = |value: Option<bool>| json!(value.unwrap_or(false));
    vec![
        ("MinCapacity", json!(target.min_capacity)),
        ("MaxCapacity", json!(target.max_capacity)),
        (
            "SuspendedState",
            json!({
                "DynamicScalingInSuspended": flag(state.and_then(|s| s.dynamic_scaling_in_suspended)),
                "DynamicScalingOutSuspended": flag(state.and_then(|s| s.dynamic_scaling_out_suspended)),
                "ScheduledScalingSuspended": flag(state.and_then(|s| s.scheduled_scaling_suspended)),
            }),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(noun: Noun, region: &str, id: &[&str]) -> Subject {
        Subject::new(noun, region, id)
    }

    #[test]
    fn one_call_reads_what_it_may_and_no_more() {
        let mut subjects =
            vec![subject(Noun::Task, "us-east-1", &["one"]), subject(Noun::Task, "us-east-1", &["two"])];
        subjects.extend((0..11).map(|n| subject(Noun::Service, "us-east-1", &["a", &n.to_string()])));
        subjects.push(subject(Noun::Service, "us-east-1", &["b", "0"]));
        subjects.push(subject(Noun::Service, "eu-west-1", &["a", "0"]));
        subjects.extend((0..101).map(|n| subject(Noun::Alarm, "us-east-1", &[&n.to_string()])));
        let sizes: Vec<usize> = together(&subjects).iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 1, 10, 1, 1, 1, 100, 1]);
    }
}
