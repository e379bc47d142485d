//! Predictive scaling.

use aws_sdk_applicationautoscaling::types;

crate::words!(types::PredictiveScalingMaxCapacityBreachBehavior, types::PredictiveScalingMode);

crate::mirrored! {
    /// Scales ahead of a forecast.
    pub struct Predictive: types::PredictiveScalingPolicyConfiguration
        = types::PredictiveScalingPolicyConfiguration::builder().set_metric_specifications(Some(Vec::new())).build()? => {
        MaxCapacityBreachBehavior/max_capacity_breach_behavior: String, MaxCapacityBuffer/max_capacity_buffer: i32,
        MetricSpecifications/metric_specifications: Vec<Specification>, Mode/mode: String,
        SchedulingBufferTime/scheduling_buffer_time: i32,
    }
    /// What is forecast.
    pub struct Specification: types::PredictiveScalingMetricSpecification
        = types::PredictiveScalingMetricSpecification::builder().target_value(0.0).build()? => {
        CustomizedCapacityMetricSpecification/customized_capacity_metric_specification: Customized,
        CustomizedLoadMetricSpecification/customized_load_metric_specification: Customized,
        CustomizedScalingMetricSpecification/customized_scaling_metric_specification: Customized,
        PredefinedLoadMetricSpecification/predefined_load_metric_specification: PredefinedLoad,
        PredefinedMetricPairSpecification/predefined_metric_pair_specification: PredefinedPair,
        PredefinedScalingMetricSpecification/predefined_scaling_metric_specification: PredefinedScaling,
        TargetValue/target_value: f64,
    }
    /// Metrics of one's own.
    pub struct Customized: types::PredictiveScalingCustomizedMetricSpecification
        = types::PredictiveScalingCustomizedMetricSpecification::builder()
            .set_metric_data_queries(Some(Vec::new())).build()? => { MetricDataQueries/metric_data_queries: Vec<DataQuery> }
    /// A load that AWS knows.
    pub struct PredefinedLoad: types::PredictiveScalingPredefinedLoadMetricSpecification
        = types::PredictiveScalingPredefinedLoadMetricSpecification::builder().predefined_metric_type("").build()? => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// A pair of metrics that AWS knows.
    pub struct PredefinedPair: types::PredictiveScalingPredefinedMetricPairSpecification
        = types::PredictiveScalingPredefinedMetricPairSpecification::builder().predefined_metric_type("").build()? => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// A scaling metric that AWS knows.
    pub struct PredefinedScaling: types::PredictiveScalingPredefinedScalingMetricSpecification
        = types::PredictiveScalingPredefinedScalingMetricSpecification::builder().predefined_metric_type("").build()? => {
        PredefinedMetricType/predefined_metric_type: String, ResourceLabel/resource_label: String,
    }
    /// One of several metrics, or an expression over them.
    pub struct DataQuery: types::PredictiveScalingMetricDataQuery
        = types::PredictiveScalingMetricDataQuery::builder().id("").build()? => {
        Expression/expression: String, Id/id: String, Label/label: String, MetricStat/metric_stat: MetricStat,
        ReturnData/return_data: bool,
    }
    /// A metric and its statistic.
    pub struct MetricStat: types::PredictiveScalingMetricStat
        = types::PredictiveScalingMetricStat::builder().stat("").build()? => {
        Metric/metric: Metric, Stat/stat: String, Unit/unit: String,
    }
    /// A metric.
    pub struct Metric: types::PredictiveScalingMetric = types::PredictiveScalingMetric::builder().build() => {
        Dimensions/dimensions: Vec<Dimension>, MetricName/metric_name: String, Namespace/namespace: String,
    }
    /// A dimension.
    pub struct Dimension: types::PredictiveScalingMetricDimension
        = types::PredictiveScalingMetricDimension::builder().name("").value("").build()? => {
        Name/name: String, Value/value: String,
    }
}
