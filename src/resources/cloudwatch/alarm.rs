//! `AWS::CloudWatch::Alarm`.

use aws_sdk_cloudwatch::{operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder, types as sdk};
use serde_json::{Value as Json, json};

use super::{
    alarm_form::{self, Props},
    tags::{ABSENT, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, OnConflict, Ownership, PhysicalId},
    resources::{
        Asked, Change, Created, Cx, Described, Found, LiveTags, Outcome, OwnTags, Progress, compare,
        described::look,
        tags::{self, Tagging},
    },
};

/// `AWS::CloudWatch::Alarm`: one call makes or replaces it; all properties are implemented.
pub struct Alarm;

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:cloudwatch:{}:{}:alarm:{name}", cx.partition, cx.region, cx.account)
}

fn object(cx: &Cx<'_>, name: &str) -> Created {
    let attributes = [("Ref".to_owned(), json!(name)), ("Arn".to_owned(), json!(arn(cx, name)))];
    Created { id: name.into(), attributes: Attributes::from(attributes) }
}

/// The call, without tags.
fn put(cx: &Cx<'_>, props: &Props) -> PutMetricAlarmFluentBuilder {
    cx.sdk
        .cloudwatch()
        .put_metric_alarm()
        .set_alarm_name(props.AlarmName.clone())
        .set_alarm_description(props.AlarmDescription.clone())
        .set_action_configuration(alarm_form::actions(props.ActionConfiguration.as_ref()))
        .set_actions_enabled(props.ActionsEnabled)
        .set_alarm_actions(props.AlarmActions.clone())
        .set_ok_actions(props.OKActions.clone())
        .set_insufficient_data_actions(props.InsufficientDataActions.clone())
        .set_comparison_operator(props.ComparisonOperator.as_deref().map(sdk::ComparisonOperator::from))
        .set_datapoints_to_alarm(props.DatapointsToAlarm)
        .set_dimensions(alarm_form::dimensions(props.Dimensions.as_ref()))
        .set_evaluate_low_sample_count_percentile(props.EvaluateLowSampleCountPercentile.clone())
        .set_evaluation_criteria(alarm_form::criteria(props.EvaluationCriteria.as_ref()))
        .set_evaluation_interval(props.EvaluationInterval)
        .set_evaluation_periods(props.EvaluationPeriods)
        .set_evaluation_window(alarm_form::window(props.EvaluationWindow.as_ref()))
        .set_extended_statistic(props.ExtendedStatistic.clone())
        .set_metric_name(props.MetricName.clone())
        .set_metrics(alarm_form::queries(props.Metrics.as_ref()))
        .set_namespace(props.Namespace.clone())
        .set_period(props.Period)
        .set_statistic(props.Statistic.as_deref().map(sdk::Statistic::from))
        .set_threshold(props.Threshold)
        .set_threshold_metric_id(props.ThresholdMetricId.clone())
        .set_treat_missing_data(props.TreatMissingData.clone())
        .set_unit(props.Unit.as_deref().map(sdk::StandardUnit::from))
        .set_warm_up_configuration(alarm_form::warm_up(props.WarmUpConfiguration.as_ref()))
}

impl Described for Alarm {
    type Props = Props;
    type Live = sdk::MetricAlarm;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "AlarmName", max: 255, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Arn"],
        absent: ABSENT,
        silent_delete: Some("DeleteAlarms passes over names that do not exist"),
        iam: &[
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:DeleteAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
        arn: Some((&["Arn"], "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")),
        ..Facts::new("AWS::CloudWatch::Alarm", "cloudwatch")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property != "Metrics" {
            return compare::same(Self::FACTS.kind, property, desired, recorded);
        }
        // A query returns data unless it says otherwise, and AWS spells that out.
        let spelled = |list: &Json| {
            let mut list = list.clone();
            for query in list.as_array_mut().into_iter().flatten() {
                if query["ReturnData"].is_null() {
                    query["ReturnData"] = json!(true);
                }
            }
            list
        };
        compare::same(Self::FACTS.kind, property, &spelled(desired), &spelled(recorded))
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.AlarmName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let call = cx.sdk.cloudwatch().describe_alarms().alarm_names(id.as_str());
        let call = call.alarm_types(sdk::AlarmType::MetricAlarm);
        let answer = call.send().await.map_err(op("DescribeAlarms"))?;
        Ok(answer.metric_alarms.unwrap_or_default().into_iter().next())
    }

    /// "Amazon CloudWatch API Reference", DescribeAlarms: at most 100 names, and at most 100 alarms in an answer.
    const MANY: usize = 100;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let names = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.cloudwatch().describe_alarms().set_alarm_names(Some(names)).max_records(100);
        let call = call.alarm_types(sdk::AlarmType::MetricAlarm);
        for live in call.send().await.map_err(op("DescribeAlarms"))?.metric_alarms() {
            cx.shelve(live.alarm_name().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn find_all(cx: &Cx<'_>, props: &Props) -> Result<Vec<Found>, OpError> {
        let Some(name) = props.AlarmName.as_deref() else { return Ok(Vec::new()) };
        let found = Tags::find(cx, &arn(cx, name), object(cx, name)).await?;
        // Of an alarm that is not there AWS lists no tags, and no error: one without our tags is looked for.
        let ours = found.iter().any(|one| one.ownership == Ownership::Ours);
        if !ours && look::<Self>(cx, &name.into(), props).await?.is_none() {
            return Ok(Vec::new());
        }
        Ok(found)
    }

    fn object(cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(cx, live.alarm_name().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, live.alarm_name().unwrap_or_default())).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        Ok(alarm_form::own(&live, hint, tags))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "PutMetricAlarm";
        let tags = tags::create(cx, OP, props.Tags.as_ref())?;
        put(cx, props).set_tags(tags).send().await.map_err(op(OP))?;
        Ok(object(cx, props.AlarmName.as_deref().unwrap_or_default()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.changed.iter().any(|property| property != "Tags") {
            put(cx, change.new).send().await.map_err(op("PutMetricAlarm"))?;
        }
        Tags::change(cx, &arn(cx, id.as_str()), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.cloudwatch().delete_alarms().alarm_names(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteAlarms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law_for_a_threshold_and_for_metric_math() {
        let simple = json!({
            "AlarmName": "dms-lag", "AlarmDescription": "the source runs ahead", "Namespace": "AWS/DMS",
            "MetricName": "CDCLatencySource", "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 5,
            "DatapointsToAlarm": 3, "Threshold": 60.5, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "breaching", "Unit": "Seconds", "ActionsEnabled": false,
            "Dimensions": [{"Name": "ReplicationInstanceIdentifier", "Value": "r"}],
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:ops"], "OKActions": [],
            "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 10},
            "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": true, "IncludedTagKeys": ["team"]}},
            "Tags": [{"Key": "team", "Value": "payments"}, {"Key": "old", "Value": "1"}],
        });
        let mut changed = simple.clone();
        changed["Threshold"] = json!(30);
        changed["Tags"] = json!([{"Key": "team", "Value": "platform"}]);
        let stat = |id: &str, name: &str| {
            json!({"Id": id, "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
                "Namespace": "AWS/ApplicationELB", "MetricName": name,
                "Dimensions": [{"Name": "LoadBalancer", "Value": "app/a/1"}]}}})
        };
        let math = json!({
            "AlarmName": "error-rate", "EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanUpperThreshold",
            "ThresholdMetricId": "band",
            "Metrics": [
                {"Id": "rate", "Expression": "100 * errors / requests", "Label": "error rate"},
                stat("errors", "HTTPCode_Target_5XX_Count"), stat("requests", "RequestCount"),
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(rate, 2)"}],
        });
        Bench::new().law_covering::<Alarm>(&[(simple, Some(changed)), (math, None)]);
    }
}
