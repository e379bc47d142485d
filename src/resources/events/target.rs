//! What a rule sends its events to.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types;

use crate::model::Tag;

crate::words!(
    types::AssignPublicIp,
    types::LaunchType,
    types::PlacementConstraintType,
    types::PlacementStrategyType,
    types::PropagateTags,
    types::RuleState,
);

crate::mirrored! {
    /// One target.
    pub struct Target: types::Target = types::Target::builder().id("").arn("").build()? => {
        AppSyncParameters/app_sync_parameters: AppSyncParameters, Arn/arn: String,
        BatchParameters/batch_parameters: BatchParameters, DeadLetterConfig/dead_letter_config: DeadLetterConfig,
        EcsParameters/ecs_parameters: EcsParameters, HttpParameters/http_parameters: HttpParameters, Id/id: String,
        Input/input: String, InputPath/input_path: String, InputTransformer/input_transformer: InputTransformer,
        KinesisParameters/kinesis_parameters: KinesisParameters,
        RedshiftDataParameters/redshift_data_parameters: RedshiftDataParameters,
        RetryPolicy/retry_policy: RetryPolicy, RoleArn/role_arn: String,
        RunCommandParameters/run_command_parameters: RunCommandParameters,
        SageMakerPipelineParameters/sage_maker_pipeline_parameters: SageMakerPipelineParameters,
        SqsParameters/sqs_parameters: SqsParameters,
    }
    /// A GraphQL API.
    pub struct AppSyncParameters: types::AppSyncParameters = types::AppSyncParameters::builder().build() => {
        GraphQLOperation/graph_ql_operation: String,
    }
    /// A job queue of Batch.
    pub struct BatchParameters: types::BatchParameters
        = types::BatchParameters::builder().job_definition("").job_name("").build()? => {
        ArrayProperties/array_properties: BatchArrayProperties, JobDefinition/job_definition: String,
        JobName/job_name: String, RetryStrategy/retry_strategy: BatchRetryStrategy,
    }
    /// How many jobs an array has.
    pub struct BatchArrayProperties: types::BatchArrayProperties
        = types::BatchArrayProperties::builder().build() => { Size/size: i32 }
    /// How often a job is tried.
    pub struct BatchRetryStrategy: types::BatchRetryStrategy
        = types::BatchRetryStrategy::builder().build() => { Attempts/attempts: i32 }
    /// A queue for what could not be delivered.
    pub struct DeadLetterConfig: types::DeadLetterConfig = types::DeadLetterConfig::builder().build() => {
        Arn/arn: String,
    }
    /// An ECS cluster.
    pub struct EcsParameters: types::EcsParameters
        = types::EcsParameters::builder().task_definition_arn("").build()? => {
        CapacityProviderStrategy/capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        EnableECSManagedTags/enable_ecs_managed_tags: bool, EnableExecuteCommand/enable_execute_command: bool,
        Group/group: String, LaunchType/launch_type: String,
        NetworkConfiguration/network_configuration: NetworkConfiguration,
        PlacementConstraints/placement_constraints: Vec<PlacementConstraint>,
        PlacementStrategies/placement_strategy: Vec<PlacementStrategy>, PlatformVersion/platform_version: String,
        PropagateTags/propagate_tags: String, ReferenceId/reference_id: String, TagList/tags: Vec<Tag>,
        TaskCount/task_count: i32, TaskDefinitionArn/task_definition_arn: String,
    }
    /// A share of a capacity provider.
    pub struct CapacityProviderStrategyItem: types::CapacityProviderStrategyItem
        = types::CapacityProviderStrategyItem::builder().capacity_provider("").build()? => {
        Base/base: i32, CapacityProvider/capacity_provider: String, Weight/weight: i32,
    }
    /// Where tasks run.
    pub struct NetworkConfiguration: types::NetworkConfiguration
        = types::NetworkConfiguration::builder().build() => {
        AwsVpcConfiguration/awsvpc_configuration: AwsVpcConfiguration,
    }
    /// Subnets and security groups of tasks.
    pub struct AwsVpcConfiguration: types::AwsVpcConfiguration
        = types::AwsVpcConfiguration::builder().set_subnets(Some(Vec::new())).build()? => {
        AssignPublicIp/assign_public_ip: String, SecurityGroups/security_groups: Vec<String>,
        Subnets/subnets: Vec<String>,
    }
    /// Where tasks may run.
    pub struct PlacementConstraint: types::PlacementConstraint = types::PlacementConstraint::builder().build() => {
        Expression/expression: String, Type/r#type: String,
    }
    /// Where tasks run first.
    pub struct PlacementStrategy: types::PlacementStrategy = types::PlacementStrategy::builder().build() => {
        Field/field: String, Type/r#type: String,
    }
    /// An API destination or an API Gateway stage.
    pub struct HttpParameters: types::HttpParameters = types::HttpParameters::builder().build() => {
        HeaderParameters/header_parameters: BTreeMap<String, String>,
        PathParameterValues/path_parameter_values: Vec<String>,
        QueryStringParameters/query_string_parameters: BTreeMap<String, String>,
    }
    /// What becomes of an event before it is sent.
    pub struct InputTransformer: types::InputTransformer
        = types::InputTransformer::builder().input_template("").build()? => {
        InputPathsMap/input_paths_map: BTreeMap<String, String>, InputTemplate/input_template: String,
    }
    /// A Kinesis stream.
    pub struct KinesisParameters: types::KinesisParameters
        = types::KinesisParameters::builder().partition_key_path("").build()? => {
        PartitionKeyPath/partition_key_path: String,
    }
    /// A Redshift cluster.
    pub struct RedshiftDataParameters: types::RedshiftDataParameters
        = types::RedshiftDataParameters::builder().database("").build()? => {
        Database/database: String, DbUser/db_user: String, SecretManagerArn/secret_manager_arn: String,
        Sql/sql: String, Sqls/sqls: Vec<String>, StatementName/statement_name: String, WithEvent/with_event: bool,
    }
    /// How often and how long delivery is tried.
    pub struct RetryPolicy: types::RetryPolicy = types::RetryPolicy::builder().build() => {
        MaximumEventAgeInSeconds/maximum_event_age_in_seconds: i32,
        MaximumRetryAttempts/maximum_retry_attempts: i32,
    }
    /// A document of Systems Manager.
    pub struct RunCommandParameters: types::RunCommandParameters
        = types::RunCommandParameters::builder().set_run_command_targets(Some(Vec::new())).build()? => {
        RunCommandTargets/run_command_targets: Vec<RunCommandTarget>,
    }
    /// Instances that run it.
    pub struct RunCommandTarget: types::RunCommandTarget
        = types::RunCommandTarget::builder().key("").set_values(Some(Vec::new())).build()? => {
        Key/key: String, Values/values: Vec<String>,
    }
    /// A pipeline of SageMaker.
    pub struct SageMakerPipelineParameters: types::SageMakerPipelineParameters
        = types::SageMakerPipelineParameters::builder().build() => {
        PipelineParameterList/pipeline_parameter_list: Vec<SageMakerPipelineParameter>,
    }
    /// One parameter of it.
    pub struct SageMakerPipelineParameter: types::SageMakerPipelineParameter
        = types::SageMakerPipelineParameter::builder().name("").value("").build()? => {
        Name/name: String, Value/value: String,
    }
    /// A FIFO queue.
    pub struct SqsParameters: types::SqsParameters = types::SqsParameters::builder().build() => {
        MessageGroupId/message_group_id: String,
    }
}

impl Target {
    /// Its id; the schema requires one.
    pub(super) fn id(&self) -> &str {
        self.Id.as_deref().unwrap_or_default()
    }
}
