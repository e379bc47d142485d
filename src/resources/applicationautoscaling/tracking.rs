//! Target tracking and step scaling.

use aws_sdk_applicationautoscaling::types;

crate::words!(types::AdjustmentType, types::MetricAggregationType, types::MetricStatistic, types::MetricType);

crate::mirrored! {
    /// Keeps a metric at a value.
    pub struct TargetTracking: types::TargetTrackingScalingPolicyConfiguration
        = types::TargetTrackingScalingPolicyConfiguration::builder().target_value(0.0).build()? => {
        CustomizedMetricSpecification/customized_metric_specification: CustomizedMetricSpecification,
        DisableScaleIn/disable_scale_in: bool,
        PredefinedMetricSpecification/predefined_metric_specification: PredefinedMetricSpecification,
        ScaleInCooldown/scale_in_cooldown: i32, ScaleOutCooldown/scale_out_cooldown: i32,
        TargetValue/target_value: f64,
    }
    /// A metric that AWS knows.
    pub struct PredefinedMetricSpecification: types::PredefinedMetricSpecification
        = types::PredefinedMetricSpecification::builder().predefined_metric_type(types::MetricType::from("")).build()? => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// A metric of one's own.
    pub struct CustomizedMetricSpecification: types::CustomizedMetricSpecification
        = types::CustomizedMetricSpecification::builder().build() => {
        Dimensions/dimensions: Vec<MetricDimension>, MetricName/metric_name: String, Metrics/metrics: Vec<DataQuery>,
        Namespace/namespace: String, Statistic/statistic: String, Unit/unit: String,
    }
    /// A dimension.
    pub struct MetricDimension: types::MetricDimension = types::MetricDimension::builder().name("").value("").build()? => {
        Name/name: String, Value/value: String,
    }
    /// One of several metrics, or an expression over them.
    pub struct DataQuery: types::TargetTrackingMetricDataQuery
        = types::TargetTrackingMetricDataQuery::builder().id("").build()? => {
        Expression/expression: String, Id/id: String, Label/label: String, MetricStat/metric_stat: MetricStat,
        ReturnData/return_data: bool,
    }
    /// A metric and its statistic.
    pub struct MetricStat: types::TargetTrackingMetricStat
        = types::TargetTrackingMetricStat::builder().stat("").build()? => {
        Metric/metric: Metric, Stat/stat: String, Unit/unit: String,
    }
    /// A metric.
    pub struct Metric: types::TargetTrackingMetric = types::TargetTrackingMetric::builder().build() => {
        Dimensions/dimensions: Vec<Dimension>, MetricName/metric_name: String, Namespace/namespace: String,
    }
    /// A dimension of such a metric.
    pub struct Dimension: types::TargetTrackingMetricDimension
        = types::TargetTrackingMetricDimension::builder().name("").value("").build()? => {
        Name/name: String, Value/value: String,
    }
    /// Scales by steps when an alarm goes off.
    pub struct StepScaling: types::StepScalingPolicyConfiguration
        = types::StepScalingPolicyConfiguration::builder().build() => {
        AdjustmentType/adjustment_type: String, Cooldown/cooldown: i32,
        MetricAggregationType/metric_aggregation_type: String,
        MinAdjustmentMagnitude/min_adjustment_magnitude: i32, StepAdjustments/step_adjustments: Vec<StepAdjustment>,
    }
    /// One step.
    pub struct StepAdjustment: types::StepAdjustment = types::StepAdjustment::builder().scaling_adjustment(0).build()? => {
        MetricIntervalLowerBound/metric_interval_lower_bound: f64,
        MetricIntervalUpperBound/metric_interval_upper_bound: f64, ScalingAdjustment/scaling_adjustment: i32,
    }
}
