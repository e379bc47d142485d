//! Configurations of scaling policies.

use aws_sdk_autoscaling::types;

crate::words!(
    types::MetricStatistic,
    types::MetricType,
    types::PredefinedLoadMetricType,
    types::PredefinedMetricPairType,
    types::PredefinedScalingMetricType,
    types::PredictiveScalingMaxCapacityBreachBehavior,
    types::PredictiveScalingMode,
);

crate::mirrored! {
    /// Scaling ahead of load.
    pub struct PredictiveScalingConfiguration: types::PredictiveScalingConfiguration
        = types::PredictiveScalingConfiguration::builder().build() => {
        MaxCapacityBreachBehavior/max_capacity_breach_behavior: String,
        MaxCapacityBuffer/max_capacity_buffer: i32,
        MetricSpecifications/metric_specifications: Vec<PredictiveScalingMetricSpecification>,
        Mode/mode: String, SchedulingBufferTime/scheduling_buffer_time: i32,
    }
    /// Metrics of predictive scaling.
    pub struct PredictiveScalingMetricSpecification: types::PredictiveScalingMetricSpecification
        = types::PredictiveScalingMetricSpecification::builder().build() => {
        CustomizedCapacityMetricSpecification/customized_capacity_metric_specification:
            PredictiveScalingCustomizedCapacityMetric,
        CustomizedLoadMetricSpecification/customized_load_metric_specification:
            PredictiveScalingCustomizedLoadMetric,
        CustomizedScalingMetricSpecification/customized_scaling_metric_specification:
            PredictiveScalingCustomizedScalingMetric,
        PredefinedLoadMetricSpecification/predefined_load_metric_specification:
            PredictiveScalingPredefinedLoadMetric,
        PredefinedMetricPairSpecification/predefined_metric_pair_specification:
            PredictiveScalingPredefinedMetricPair,
        PredefinedScalingMetricSpecification/predefined_scaling_metric_specification:
            PredictiveScalingPredefinedScalingMetric,
        TargetValue/target_value: f64,
    }
    /// A capacity metric of one's own.
    pub struct PredictiveScalingCustomizedCapacityMetric: types::PredictiveScalingCustomizedCapacityMetric
        = types::PredictiveScalingCustomizedCapacityMetric::builder().build() => {
        MetricDataQueries/metric_data_queries: Vec<MetricDataQuery>,
    }
    /// A metric or an expression.
    pub struct MetricDataQuery: types::MetricDataQuery
        = types::MetricDataQuery::builder().build() => {
        Expression/expression: String, Id/id: String, Label/label: String,
        MetricStat/metric_stat: MetricStat, ReturnData/return_data: bool,
    }
    /// A metric and its statistic.
    pub struct MetricStat: types::MetricStat
        = types::MetricStat::builder().build() => {
        Metric/metric: Metric, Stat/stat: String, Unit/unit: String,
    }
    /// A metric.
    pub struct Metric: types::Metric
        = types::Metric::builder().build() => {
        Dimensions/dimensions: Vec<MetricDimension>, MetricName/metric_name: String,
        Namespace/namespace: String,
    }
    /// A dimension.
    pub struct MetricDimension: types::MetricDimension
        = types::MetricDimension::builder().build() => {
        Name/name: String, Value/value: String,
    }
    /// A load metric of one's own.
    pub struct PredictiveScalingCustomizedLoadMetric: types::PredictiveScalingCustomizedLoadMetric
        = types::PredictiveScalingCustomizedLoadMetric::builder().build() => {
        MetricDataQueries/metric_data_queries: Vec<MetricDataQuery>,
    }
    /// A scaling metric of one's own.
    pub struct PredictiveScalingCustomizedScalingMetric: types::PredictiveScalingCustomizedScalingMetric
        = types::PredictiveScalingCustomizedScalingMetric::builder().build() => {
        MetricDataQueries/metric_data_queries: Vec<MetricDataQuery>,
    }
    /// A load metric that AWS defines.
    pub struct PredictiveScalingPredefinedLoadMetric: types::PredictiveScalingPredefinedLoadMetric
        = types::PredictiveScalingPredefinedLoadMetric::builder().build() => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// A pair of metrics that AWS defines.
    pub struct PredictiveScalingPredefinedMetricPair: types::PredictiveScalingPredefinedMetricPair
        = types::PredictiveScalingPredefinedMetricPair::builder().build() => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// A scaling metric that AWS defines.
    pub struct PredictiveScalingPredefinedScalingMetric: types::PredictiveScalingPredefinedScalingMetric
        = types::PredictiveScalingPredefinedScalingMetric::builder().build() => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// One step.
    pub struct StepAdjustment: types::StepAdjustment
        = types::StepAdjustment::builder().build() => {
        MetricIntervalLowerBound/metric_interval_lower_bound: f64,
        MetricIntervalUpperBound/metric_interval_upper_bound: f64,
        ScalingAdjustment/scaling_adjustment: i32,
    }
    /// A metric that is held at a value.
    pub struct TargetTrackingConfiguration: types::TargetTrackingConfiguration
        = types::TargetTrackingConfiguration::builder().build() => {
        CustomizedMetricSpecification/customized_metric_specification: CustomizedMetricSpecification,
        DisableScaleIn/disable_scale_in: bool,
        PredefinedMetricSpecification/predefined_metric_specification: PredefinedMetricSpecification,
        TargetValue/target_value: f64,
    }
    /// A metric of one's own.
    pub struct CustomizedMetricSpecification: types::CustomizedMetricSpecification
        = types::CustomizedMetricSpecification::builder().build() => {
        Dimensions/dimensions: Vec<MetricDimension>, MetricName/metric_name: String,
        Metrics/metrics: Vec<TargetTrackingMetricDataQuery>, Namespace/namespace: String,
        Period/period: i32, Statistic/statistic: String, Unit/unit: String,
    }
    /// A metric or an expression to track.
    pub struct TargetTrackingMetricDataQuery: types::TargetTrackingMetricDataQuery
        = types::TargetTrackingMetricDataQuery::builder().build() => {
        Expression/expression: String, Id/id: String, Label/label: String,
        MetricStat/metric_stat: TargetTrackingMetricStat, Period/period: i32, ReturnData/return_data: bool,
    }
    /// A metric to track and its statistic.
    pub struct TargetTrackingMetricStat: types::TargetTrackingMetricStat
        = types::TargetTrackingMetricStat::builder().build() => {
        Metric/metric: Metric, Period/period: i32, Stat/stat: String, Unit/unit: String,
    }
    /// A metric that AWS defines.
    pub struct PredefinedMetricSpecification: types::PredefinedMetricSpecification
        = types::PredefinedMetricSpecification::builder().build() => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
}
