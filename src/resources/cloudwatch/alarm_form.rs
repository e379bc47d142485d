//! Metric alarms between the template's terms and the API's.

use aws_sdk_cloudwatch::types as sdk;
use serde_json::{Value as Json, json};

use crate::model::Tag;

crate::props! {
    /// A metric alarm.
    pub struct Props {
        ActionConfiguration: ActionConfiguration,
        ActionsEnabled: bool,
        AlarmActions: Vec<String>,
        AlarmDescription: String,
        AlarmName: String,
        ComparisonOperator: String,
        DatapointsToAlarm: i32,
        Dimensions: Vec<Dimension>,
        EvaluateLowSampleCountPercentile: String,
        EvaluationCriteria: EvaluationCriteria,
        EvaluationInterval: i32,
        EvaluationPeriods: i32,
        EvaluationWindow: EvaluationWindow,
        ExtendedStatistic: String,
        InsufficientDataActions: Vec<String>,
        MetricName: String,
        Metrics: Vec<MetricDataQuery>,
        Namespace: String,
        OKActions: Vec<String>,
        Period: i32,
        Statistic: String,
        Tags: Vec<Tag>,
        Threshold: f64,
        ThresholdMetricId: String,
        TreatMissingData: String,
        Unit: String,
        WarmUpConfiguration: WarmUp,
    }
    /// How actions are carried out.
    pub struct ActionConfiguration { AlarmTagsPropagation: TagsPropagation }
    /// Which of the alarm's tags its actions get.
    pub struct TagsPropagation { Enabled: bool, ExcludedTagKeys: Vec<String>, IncludedTagKeys: Vec<String> }
    /// A dimension of a metric.
    pub struct Dimension { Name: String, Value: String }
    /// Criteria other than a threshold.
    pub struct EvaluationCriteria { PromQLCriteria: PromQl }
    /// A PromQL query and how long it must hold.
    pub struct PromQl { PendingPeriod: i32, Query: String, RecoveryPeriod: i32 }
    /// How periods are laid over time.
    pub struct EvaluationWindow { SlidingWindow: Json, WallClockWindow: WallClock }
    /// Periods that begin on the clock.
    pub struct WallClock { Timezone: String }
    /// Metric math.
    pub struct MetricDataQuery {
        AccountId: String,
        Expression: String,
        Id: String,
        Label: String,
        MetricStat: MetricStat,
        Period: i32,
        ReturnData: bool,
    }
    /// A statistic of a metric.
    pub struct MetricStat { Metric: Metric, Period: i32, Stat: String, Unit: String }
    /// A metric.
    pub struct Metric { Dimensions: Vec<Dimension>, MetricName: String, Namespace: String }
    /// A time after creation in which nothing is evaluated.
    pub struct WarmUp { OnlyStartEvaluatingAfterWarmUpPeriodEnds: bool, WarmUpPeriodDurationInMinutes: i32 }
}

/// Dimensions for AWS.
pub(super) fn dimensions(list: Option<&Vec<Dimension>>) -> Option<Vec<sdk::Dimension>> {
    list.map(|list| {
        list.iter()
            .map(|d| sdk::Dimension::builder().set_name(d.Name.clone()).set_value(d.Value.clone()).build())
            .collect()
    })
}

fn own_dimensions(list: &[sdk::Dimension]) -> Option<Vec<Dimension>> {
    some(list.iter().map(|d| Dimension { Name: d.name.clone(), Value: d.value.clone() }).collect())
}

/// Queries for AWS.
pub(super) fn queries(list: Option<&Vec<MetricDataQuery>>) -> Option<Vec<sdk::MetricDataQuery>> {
    let stat = |stat: &MetricStat| {
        let metric = stat.Metric.as_ref().map(|metric| {
            sdk::Metric::builder()
                .set_namespace(metric.Namespace.clone())
                .set_metric_name(metric.MetricName.clone())
                .set_dimensions(dimensions(metric.Dimensions.as_ref()))
                .build()
        });
        sdk::MetricStat::builder()
            .set_metric(metric)
            .set_period(stat.Period)
            .set_stat(stat.Stat.clone())
            .set_unit(stat.Unit.as_deref().map(sdk::StandardUnit::from))
            .build()
    };
    list.map(|list| {
        list.iter()
            .map(|query| {
                sdk::MetricDataQuery::builder()
                    .set_account_id(query.AccountId.clone())
                    .set_expression(query.Expression.clone())
                    .set_id(query.Id.clone())
                    .set_label(query.Label.clone())
                    .set_metric_stat(query.MetricStat.as_ref().map(stat))
                    .set_period(query.Period)
                    .set_return_data(query.ReturnData)
                    .build()
            })
            .collect()
    })
}

fn own_query(query: &sdk::MetricDataQuery) -> MetricDataQuery {
    MetricDataQuery {
        AccountId: query.account_id.clone(),
        Expression: query.expression.clone(),
        Id: query.id.clone(),
        Label: query.label.clone(),
        MetricStat: query.metric_stat.as_ref().map(|stat| MetricStat {
            Metric: stat.metric.as_ref().map(|metric| Metric {
                Dimensions: own_dimensions(metric.dimensions()),
                MetricName: metric.metric_name.clone(),
                Namespace: metric.namespace.clone(),
            }),
            Period: stat.period,
            Stat: stat.stat.clone(),
            Unit: stat.unit.as_ref().map(|unit| unit.as_str().into()),
        }),
        Period: query.period,
        ReturnData: query.return_data,
    }
}

/// Criteria for AWS.
pub(super) fn criteria(of: Option<&EvaluationCriteria>) -> Option<sdk::EvaluationCriteria> {
    let query = of?.PromQLCriteria.as_ref()?;
    Some(sdk::EvaluationCriteria::PromQlCriteria(
        sdk::AlarmPromQlCriteria::builder()
            .set_query(query.Query.clone())
            .set_pending_period(query.PendingPeriod)
            .set_recovery_period(query.RecoveryPeriod)
            .build(),
    ))
}

/// The window for AWS.
pub(super) fn window(of: Option<&EvaluationWindow>) -> Option<sdk::EvaluationWindow> {
    let of = of?;
    Some(match &of.WallClockWindow {
        Some(clock) => sdk::EvaluationWindow::WallClockWindow(
            sdk::WallClockWindow::builder().set_timezone(clock.Timezone.clone()).build(),
        ),
        None => sdk::EvaluationWindow::SlidingWindow(sdk::SlidingWindow::builder().build()),
    })
}

/// Action settings for AWS.
pub(super) fn actions(of: Option<&ActionConfiguration>) -> Option<sdk::ActionConfiguration> {
    let tags = of?.AlarmTagsPropagation.as_ref().map(|tags| {
        sdk::AlarmTagsPropagation::builder()
            .set_enabled(tags.Enabled)
            .set_included_tag_keys(tags.IncludedTagKeys.clone())
            .set_excluded_tag_keys(tags.ExcludedTagKeys.clone())
            .build()
    });
    Some(sdk::ActionConfiguration::builder().set_alarm_tags_propagation(tags).build())
}

/// The warm-up for AWS.
pub(super) fn warm_up(of: Option<&WarmUp>) -> Option<sdk::WarmUpConfiguration> {
    of.map(|warm| {
        sdk::WarmUpConfiguration::builder()
            .set_warm_up_period_duration_in_minutes(warm.WarmUpPeriodDurationInMinutes)
            .set_only_start_evaluating_after_warm_up_period_ends(
                warm.OnlyStartEvaluatingAfterWarmUpPeriodEnds,
            )
            .build()
    })
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A live alarm in the template's terms. AWS has no difference between an empty list and none; `hint` decides.
pub(super) fn own(alarm: &sdk::MetricAlarm, hint: &Props, tags: Option<Vec<Tag>>) -> Props {
    let list = |live: &[String], hint: &Option<Vec<String>>| {
        (!live.is_empty() || hint.is_some()).then(|| live.to_vec())
    };
    Props {
        ActionConfiguration: alarm.action_configuration.as_ref().map(|actions| ActionConfiguration {
            AlarmTagsPropagation: actions.alarm_tags_propagation.as_ref().map(|tags| TagsPropagation {
                Enabled: tags.enabled,
                ExcludedTagKeys: some(tags.excluded_tag_keys().to_vec()),
                IncludedTagKeys: some(tags.included_tag_keys().to_vec()),
            }),
        }),
        ActionsEnabled: alarm.actions_enabled,
        AlarmActions: list(alarm.alarm_actions(), &hint.AlarmActions),
        AlarmDescription: alarm.alarm_description.clone(),
        AlarmName: alarm.alarm_name.clone(),
        ComparisonOperator: alarm.comparison_operator.as_ref().map(|o| o.as_str().into()),
        DatapointsToAlarm: alarm.datapoints_to_alarm,
        Dimensions: own_dimensions(alarm.dimensions())
            .or_else(|| hint.Dimensions.as_ref().map(|_| Vec::new())),
        EvaluateLowSampleCountPercentile: alarm.evaluate_low_sample_count_percentile.clone(),
        EvaluationCriteria: match &alarm.evaluation_criteria {
            Some(sdk::EvaluationCriteria::PromQlCriteria(query)) => Some(EvaluationCriteria {
                PromQLCriteria: Some(PromQl {
                    PendingPeriod: query.pending_period,
                    Query: query.query.clone(),
                    RecoveryPeriod: query.recovery_period,
                }),
            }),
            _ => None,
        },
        EvaluationInterval: alarm.evaluation_interval,
        EvaluationPeriods: alarm.evaluation_periods,
        EvaluationWindow: match &alarm.evaluation_window {
            Some(sdk::EvaluationWindow::WallClockWindow(clock)) => Some(EvaluationWindow {
                SlidingWindow: None,
                WallClockWindow: Some(WallClock { Timezone: clock.timezone.clone() }),
            }),
            Some(sdk::EvaluationWindow::SlidingWindow(_)) => {
                Some(EvaluationWindow { SlidingWindow: Some(json!({})), WallClockWindow: None })
            }
            _ => None,
        },
        ExtendedStatistic: alarm.extended_statistic.clone(),
        InsufficientDataActions: list(alarm.insufficient_data_actions(), &hint.InsufficientDataActions),
        MetricName: alarm.metric_name.clone(),
        Metrics: some(alarm.metrics().iter().map(own_query).collect()),
        Namespace: alarm.namespace.clone(),
        OKActions: list(alarm.ok_actions(), &hint.OKActions),
        Period: alarm.period,
        Statistic: alarm.statistic.as_ref().map(|s| s.as_str().into()),
        Tags: tags,
        Threshold: alarm.threshold,
        ThresholdMetricId: alarm.threshold_metric_id.clone(),
        TreatMissingData: alarm.treat_missing_data.clone(),
        Unit: alarm.unit.as_ref().map(|u| u.as_str().into()),
        WarmUpConfiguration: alarm.warm_up_configuration.as_ref().map(|warm| WarmUp {
            OnlyStartEvaluatingAfterWarmUpPeriodEnds: warm.only_start_evaluating_after_warm_up_period_ends,
            WarmUpPeriodDurationInMinutes: warm.warm_up_period_duration_in_minutes,
        }),
    }
}
