//! Where a service's tasks run, and how new ones replace old ones.

use aws_sdk_ecs::types;
use serde_json::Value as Json;

crate::words!(
    types::AssignPublicIp,
    types::DeploymentControllerType,
    types::DeploymentLifecycleHookAction,
    types::DeploymentLifecycleHookStage,
    types::DeploymentLifecycleHookTargetType,
    types::DeploymentStrategy,
    types::PlacementConstraintType,
    types::PlacementStrategyType,
    types::ServiceRevisionCleanup,
    types::ThresholdType,
);

crate::mirrored! {
    /// A share of tasks for a capacity provider.
    pub struct CapacityProviderStrategyItem: types::CapacityProviderStrategyItem
        = types::CapacityProviderStrategyItem::builder().capacity_provider("").build()? => {
        Base/base: i32, CapacityProvider/capacity_provider: String, Weight/weight: i32,
    }
    /// Bounds and safeguards of a deployment.
    pub struct DeploymentConfiguration: types::DeploymentConfiguration
        = types::DeploymentConfiguration::builder().build() => {
        Alarms/alarms: DeploymentAlarms, BakeTimeInMinutes/bake_time_in_minutes: i32,
        CanaryConfiguration/canary_configuration: CanaryConfiguration,
        DeploymentCircuitBreaker/deployment_circuit_breaker: DeploymentCircuitBreaker,
        EarlySuccessCriteria/early_success_criteria: EarlySuccessCriteria,
        LifecycleHooks/lifecycle_hooks: Vec<DeploymentLifecycleHook>,
        LinearConfiguration/linear_configuration: LinearConfiguration, MaximumPercent/maximum_percent: i32,
        MinimumHealthyPercent/minimum_healthy_percent: i32, Strategy/strategy: String,
    }
    /// Alarms that stop a deployment.
    pub struct DeploymentAlarms: types::DeploymentAlarms = types::DeploymentAlarms::builder()
        .set_alarm_names(Some(Vec::new())).rollback(false).enable(false).build()? => {
        AlarmNames/alarm_names: Vec<String>, Enable/enable: bool, Rollback/rollback: bool,
    }
    /// Shift a first share, then all.
    pub struct CanaryConfiguration: types::CanaryConfiguration = types::CanaryConfiguration::builder().build() => {
        CanaryBakeTimeInMinutes/canary_bake_time_in_minutes: i32, CanaryPercent/canary_percent: f64,
    }
    /// Shift in equal steps.
    pub struct LinearConfiguration: types::LinearConfiguration = types::LinearConfiguration::builder().build() => {
        StepBakeTimeInMinutes/step_bake_time_in_minutes: i32, StepPercent/step_percent: f64,
    }
    /// Gives up on deployments whose tasks keep failing.
    pub struct DeploymentCircuitBreaker: types::DeploymentCircuitBreaker
        = types::DeploymentCircuitBreaker::builder().build() => {
        Enable/enable: bool, ResetOnHealthyTask/reset_on_healthy_task: bool, Rollback/rollback: bool,
        ThresholdConfiguration/threshold_configuration: ThresholdConfiguration,
    }
    /// How many failures are too many.
    pub struct ThresholdConfiguration: types::ThresholdConfiguration = types::ThresholdConfiguration::builder()
        .r#type(types::ThresholdType::from("")).value(0).build()? => { Type/r#type: String, Value/value: i32 }
    /// When a deployment counts as done before all tasks are up.
    pub struct EarlySuccessCriteria: types::DeploymentEarlySuccessCriteria
        = types::DeploymentEarlySuccessCriteria::builder().build() => {
        Enable/enable: bool, HealthyPercent/healthy_percent: i32,
        SourceServiceRevisionCleanup/source_service_revision_cleanup: String,
    }
    /// A function called at stages of a deployment.
    pub struct DeploymentLifecycleHook: types::DeploymentLifecycleHook
        = types::DeploymentLifecycleHook::builder().build() => {
        HookDetails/hook_details: Json, HookTargetArn/hook_target_arn: String, LifecycleStages/lifecycle_stages: Vec<String>,
        RoleArn/role_arn: String, TargetType/target_type: String,
        TimeoutConfiguration/timeout_configuration: HookTimeoutConfig,
    }
    /// How long a hook may take.
    pub struct HookTimeoutConfig: types::DeploymentLifecycleHookTimeoutConfiguration
        = types::DeploymentLifecycleHookTimeoutConfiguration::builder().build() => {
        Action/action: String, TimeoutInMinutes/timeout_in_minutes: i32,
    }
    /// Who replaces the tasks.
    pub struct DeploymentController: types::DeploymentController = types::DeploymentController::builder()
        .r#type(types::DeploymentControllerType::Ecs).build()? => { Type/r#type: String }
    /// The tasks' network.
    pub struct NetworkConfiguration: types::NetworkConfiguration = types::NetworkConfiguration::builder().build() => {
        AwsvpcConfiguration/awsvpc_configuration: AwsVpcConfiguration,
    }
    /// Subnets and security groups of the tasks' interfaces.
    pub struct AwsVpcConfiguration: types::AwsVpcConfiguration = types::AwsVpcConfiguration::builder()
        .set_subnets(Some(Vec::new())).build()? => {
        AssignPublicIp/assign_public_ip: String, SecurityGroups/security_groups: Vec<String>,
        Subnets/subnets: Vec<String>,
    }
    /// Where tasks may be placed.
    pub struct PlacementConstraint: types::PlacementConstraint = types::PlacementConstraint::builder().build() => {
        Expression/expression: String, Type/r#type: String,
    }
    /// Where tasks are best placed.
    pub struct PlacementStrategy: types::PlacementStrategy = types::PlacementStrategy::builder().build() => {
        Field/field: String, Type/r#type: String,
    }
}
