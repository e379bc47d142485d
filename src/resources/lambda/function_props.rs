//! The properties of a function, and their way to and from the SDK.

use std::collections::BTreeMap;

use aws_sdk_lambda::types;
use serde_json::Value as Json;

use crate::{model::Tag, resources::mirror::received};

crate::words!(
    types::ApplicationLogLevel,
    types::LogFormat,
    types::DirectS3Read,
    types::SnapStartApplyOn,
    types::SystemLogLevel,
    types::TenantIsolationMode,
    types::TracingMode,
);

crate::props! {
    /// The properties of a function.
    pub struct Props {
        Architectures: Vec<String>, CapacityProviderConfig: CapacityProviderConfig, Code: Code, CodeSigningConfigArn: String, DeadLetterConfig: DeadLetterConfig,
        Description: String, DurableConfig: DurableConfig, Environment: Environment, EphemeralStorage: EphemeralStorage,
        FileSystemConfigs: Vec<FileSystemConfig>, FunctionName: String, FunctionScalingConfig: FunctionScalingConfig,
        Handler: String, ImageConfig: ImageConfig,
        KmsKeyArn: String, Layers: Vec<String>, LoggingConfig: LoggingConfig, MemorySize: i32, PackageType: String,
        PublishToLatestPublished: bool,
        RecursiveLoop: String, ReservedConcurrentExecutions: i32, Role: String, Runtime: String,
        RuntimeManagementConfig: RuntimeManagementConfig, SnapStart: SnapStart, Tags: Vec<Tag>,
        TenancyConfig: TenancyConfig, Timeout: i32, TracingConfig: TracingConfig, VpcConfig: VpcConfig,
    }
    /// Where the code is: in the property itself, in a bucket, or in a registry.
    pub struct Code {
        ImageUri: String, S3Bucket: String, S3Key: String, S3ObjectStorageMode: String, S3ObjectVersion: String,
        SourceKMSKeyArn: String, ZipFile: String,
    }
    /// Environment variables; a template may write numbers and booleans, AWS knows texts only.
    pub struct Environment { Variables: BTreeMap<String, Json> }
    /// How Lambda updates the runtime.
    pub struct RuntimeManagementConfig { RuntimeVersionArn: String, UpdateRuntimeOn: String }
}

crate::mirrored! {
    /// The instances on which a function runs that is not Lambda's own affair.
    pub struct CapacityProviderConfig: types::CapacityProviderConfig
        = types::CapacityProviderConfig::builder().build() => {
        LambdaManagedInstancesCapacityProviderConfig/lambda_managed_instances_capacity_provider_config: ManagedInstances,
    }
    /// Which provider, and how much of an instance an execution environment gets.
    pub struct ManagedInstances: types::LambdaManagedInstancesCapacityProviderConfig
        = types::LambdaManagedInstancesCapacityProviderConfig::builder().capacity_provider_arn("").build()? => {
        CapacityProviderArn/capacity_provider_arn: String,
        ExecutionEnvironmentMemoryGiBPerVCpu/execution_environment_memory_gib_per_v_cpu: f64,
        PerExecutionEnvironmentMaxConcurrency/per_execution_environment_max_concurrency: i32,
    }
    /// How many execution environments there are on such instances.
    pub struct FunctionScalingConfig: types::FunctionScalingConfig = types::FunctionScalingConfig::builder().build() => {
        MaxExecutionEnvironments/max_execution_environments: i32,
        MinExecutionEnvironments/min_execution_environments: i32,
    }
    /// Where events go that could not be handled.
    pub struct DeadLetterConfig: types::DeadLetterConfig = types::DeadLetterConfig::builder().build() => {
        TargetArn/target_arn: String,
    }
    /// Executions that survive interruptions.
    pub struct DurableConfig: types::DurableConfig = types::DurableConfig::builder().build() => {
        ExecutionTimeout/execution_timeout: i32, KMSKeyArn/kms_key_arn: String,
        RetentionPeriodInDays/retention_period_in_days: i32,
    }
    /// The size of /tmp.
    pub struct EphemeralStorage: types::EphemeralStorage = types::EphemeralStorage::builder().size(512).build()? => {
        Size/size: i32,
    }
    /// A mounted file system.
    pub struct FileSystemConfig: types::FileSystemConfig
        = types::FileSystemConfig::builder().arn("").local_mount_path("").build()? => {
        Arn/arn: String, LocalMountPath/local_mount_path: String, S3FilesConfig/s3_files_config: S3FilesConfig,
    }
    /// How a mounted bucket is read.
    pub struct S3FilesConfig: types::S3FilesConfig = types::S3FilesConfig::builder().build() => {
        DirectS3Read/direct_s3_read: String,
    }
    /// What replaces an image's own settings.
    pub struct ImageConfig: types::ImageConfig = types::ImageConfig::builder().build() => {
        Command/command: Vec<String>, EntryPoint/entry_point: Vec<String>, WorkingDirectory/working_directory: String,
    }
    /// Where and how logs are written.
    pub struct LoggingConfig: types::LoggingConfig = types::LoggingConfig::builder().build() => {
        ApplicationLogLevel/application_log_level: String, LogFormat/log_format: String,
        LogGroup/log_group: String, SystemLogLevel/system_log_level: String,
    }
    /// Whether published versions start from a snapshot.
    pub struct SnapStart: types::SnapStart = types::SnapStart::builder().build() => { ApplyOn/apply_on: String }
    /// Whether tenants are kept apart.
    pub struct TenancyConfig: types::TenancyConfig = types::TenancyConfig::builder()
        .tenant_isolation_mode(types::TenantIsolationMode::from("")).build()? => {
        TenantIsolationMode/tenant_isolation_mode: String,
    }
    /// Whether calls are traced.
    pub struct TracingConfig: types::TracingConfig = types::TracingConfig::builder().build() => { Mode/mode: String }
    /// The function's network.
    pub struct VpcConfig: types::VpcConfig = types::VpcConfig::builder().build() => {
        Ipv6AllowedForDualStack/ipv6_allowed_for_dual_stack: bool,
        SecurityGroupIds/security_group_ids: Vec<String>, SubnetIds/subnet_ids: Vec<String>,
    }
}

/// A variable's value as AWS keeps it.
fn word(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Environment {
    /// The SDK's form.
    pub(super) fn send(&self) -> types::Environment {
        let variables = self.Variables.iter().flatten().map(|(name, value)| (name.clone(), word(value)));
        types::Environment::builder().set_variables(Some(variables.collect())).build()
    }
}

impl Props {
    /// Live properties as far as the function's configuration tells them.
    pub(super) fn of(live: &types::FunctionConfiguration) -> Self {
        let network = live.vpc_config().filter(|vpc| !vpc.subnet_ids().is_empty());
        Self {
            Architectures: texts(live.architectures().iter().map(types::Architecture::as_str)),
            CapacityProviderConfig: received(live.capacity_provider_config()),
            DeadLetterConfig: received(live.dead_letter_config()),
            Description: live.description.clone(),
            DurableConfig: received(live.durable_config()),
            Environment: live.environment().and_then(|environment| environment.variables()).map(|all| {
                Environment {
                    Variables: Some(
                        all.iter().map(|(name, value)| (name.clone(), Json::String(value.clone()))).collect(),
                    ),
                }
            }),
            EphemeralStorage: received(live.ephemeral_storage()),
            FileSystemConfigs: received(live.file_system_configs.as_ref()),
            FunctionName: live.function_name.clone(),
            Handler: live.handler.clone(),
            ImageConfig: received(live.image_config_response().and_then(|answer| answer.image_config())),
            KmsKeyArn: live.kms_key_arn.clone(),
            Layers: texts(live.layers().iter().filter_map(|layer| layer.arn())),
            LoggingConfig: received(live.logging_config()),
            MemorySize: live.memory_size,
            PackageType: live.package_type().map(|kind| kind.as_str().to_owned()),
            Role: live.role.clone(),
            Runtime: live.runtime().map(|runtime| runtime.as_str().to_owned()),
            SnapStart: live
                .snap_start()
                .and_then(|s| s.apply_on())
                .map(|on| SnapStart { ApplyOn: Some(on.as_str().into()) }),
            TenancyConfig: received(live.tenancy_config()),
            Timeout: live.timeout,
            TracingConfig: live
                .tracing_config()
                .and_then(|t| t.mode())
                .map(|mode| TracingConfig { Mode: Some(mode.as_str().into()) }),
            VpcConfig: network.map(|vpc| VpcConfig {
                Ipv6AllowedForDualStack: vpc.ipv6_allowed_for_dual_stack,
                SecurityGroupIds: vpc.security_group_ids.clone(),
                SubnetIds: vpc.subnet_ids.clone(),
            }),
            ..Self::default()
        }
    }
}

fn texts<'t>(items: impl Iterator<Item = &'t str>) -> Option<Vec<String>> {
    let items: Vec<String> = items.map(ToOwned::to_owned).collect();
    (!items.is_empty()).then_some(items)
}
