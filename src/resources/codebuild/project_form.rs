//! The properties of a build project, and their way to and from the SDK.

use aws_sdk_codebuild::types;

use crate::model::Tag;

crate::tag_form!(types::Tag);

crate::words!(
    types::ArtifactNamespace,
    types::ArtifactPackaging,
    types::ArtifactsType,
    types::BatchReportModeType,
    types::CacheMode,
    types::CacheType,
    types::ComputeType,
    types::CredentialProviderType,
    types::EnvironmentType,
    types::EnvironmentVariableType,
    types::FileSystemType,
    types::HostKernel,
    types::ImagePullCredentialsType,
    types::LogsConfigStatusType,
    types::ProjectVisibilityType,
    types::PullRequestBuildApproverRole,
    types::PullRequestBuildCommentApproval,
    types::SourceAuthType,
    types::SourceType,
    types::WebhookBuildType,
    types::WebhookFilterType,
    types::WebhookScopeType,
);

crate::mirrored! {
    /// The properties of a project.
    pub struct Props <= types::Project {
        Artifacts/artifacts: Artifacts, AutoRetryLimit/auto_retry_limit: i32, BadgeEnabled: bool,
        BuildBatchConfig/build_batch_config: BuildBatchConfig, Cache/cache: Cache,
        ConcurrentBuildLimit/concurrent_build_limit: i32, Description/description: String,
        EncryptionKey/encryption_key: String, Environment/environment: Environment,
        FileSystemLocations/file_system_locations: Vec<FileSystemLocation>, LogsConfig/logs_config: LogsConfig,
        Name/name: String, QueuedTimeoutInMinutes/queued_timeout_in_minutes: i32,
        ResourceAccessRole/resource_access_role: String, SecondaryArtifacts/secondary_artifacts: Vec<Artifacts>,
        SecondarySourceVersions/secondary_source_versions: Vec<SourceVersion>,
        SecondarySources/secondary_sources: Vec<Source>, ServiceRole/service_role: String, Source/source: Source,
        SourceVersion/source_version: String, Tags: Vec<Tag>, TimeoutInMinutes/timeout_in_minutes: i32,
        Triggers: Triggers, Visibility/project_visibility: String, VpcConfig/vpc_config: VpcConfig,
    }
    /// What a build leaves behind.
    pub struct Artifacts: types::ProjectArtifacts
        = types::ProjectArtifacts::builder().r#type(types::ArtifactsType::from("")).build()? => {
        ArtifactIdentifier/artifact_identifier: String, EncryptionDisabled/encryption_disabled: bool,
        Location/location: String, Name/name: String, NamespaceType/namespace_type: String,
        OverrideArtifactName/override_artifact_name: bool, Packaging/packaging: String, Path/path: String,
        Type/r#type: String,
    }
    /// Where the source is.
    pub struct Source: types::ProjectSource
        = types::ProjectSource::builder().r#type(types::SourceType::from("")).build()? => {
        Auth/auth: SourceAuth, BuildSpec/buildspec: String, BuildStatusConfig/build_status_config: BuildStatusConfig,
        GitCloneDepth/git_clone_depth: i32, GitSubmodulesConfig/git_submodules_config: GitSubmodulesConfig,
        InsecureSsl/insecure_ssl: bool, Location/location: String, ReportBuildStatus/report_build_status: bool,
        SourceIdentifier/source_identifier: String, Type/r#type: String,
    }
    /// How CodeBuild signs in to the source.
    pub struct SourceAuth: types::SourceAuth
        = types::SourceAuth::builder().r#type(types::SourceAuthType::from("")).build()? => {
        Resource/resource: String, Type/r#type: String,
    }
    /// What is reported to the source provider.
    pub struct BuildStatusConfig: types::BuildStatusConfig = types::BuildStatusConfig::builder().build() => {
        Context/context: String, TargetUrl/target_url: String,
    }
    /// Git submodules.
    pub struct GitSubmodulesConfig: types::GitSubmodulesConfig
        = types::GitSubmodulesConfig::builder().fetch_submodules(false).build()? => {
        FetchSubmodules/fetch_submodules: bool,
    }
    /// The version of a secondary source.
    pub struct SourceVersion: types::ProjectSourceVersion
        = types::ProjectSourceVersion::builder().source_identifier("").source_version("").build()? => {
        SourceIdentifier/source_identifier: String, SourceVersion/source_version: String,
    }
    /// What is kept between builds.
    pub struct Cache: types::ProjectCache
        = types::ProjectCache::builder().r#type(types::CacheType::from("")).build()? => {
        CacheNamespace/cache_namespace: String, Location/location: String, Modes/modes: Vec<String>,
        Type/r#type: String,
    }
    /// Where builds run.
    pub struct Environment: types::ProjectEnvironment = types::ProjectEnvironment::builder()
        .r#type(types::EnvironmentType::from("")).image("").compute_type(types::ComputeType::from("")).build()? => {
        Certificate/certificate: String, ComputeType/compute_type: String, DockerServer/docker_server: DockerServer,
        EnvironmentVariables/environment_variables: Vec<EnvironmentVariable>, Fleet/fleet: Fleet,
        HostKernel/host_kernel: String, Image/image: String,
        ImagePullCredentialsType/image_pull_credentials_type: String, PrivilegedMode/privileged_mode: bool,
        RegistryCredential/registry_credential: RegistryCredential, Type/r#type: String,
    }
    /// A Docker server that builds share.
    pub struct DockerServer: types::DockerServer
        = types::DockerServer::builder().compute_type(types::ComputeType::from("")).build()? => {
        ComputeType/compute_type: String, SecurityGroupIds/security_group_ids: Vec<String>,
    }
    /// A variable of the environment.
    pub struct EnvironmentVariable: types::EnvironmentVariable
        = types::EnvironmentVariable::builder().name("").value("").build()? => {
        Name/name: String, Type/r#type: String, Value/value: String,
    }
    /// Reserved machines.
    pub struct Fleet: types::ProjectFleet = types::ProjectFleet::builder().build() => { FleetArn/fleet_arn: String }
    /// How CodeBuild signs in to the registry of the image.
    pub struct RegistryCredential: types::RegistryCredential = types::RegistryCredential::builder()
        .credential("").credential_provider(types::CredentialProviderType::from("")).build()? => {
        Credential/credential: String, CredentialProvider/credential_provider: String,
    }
    /// A file system that builds mount.
    pub struct FileSystemLocation: types::ProjectFileSystemLocation
        = types::ProjectFileSystemLocation::builder().build() => {
        Identifier/identifier: String, Location/location: String, MountOptions/mount_options: String,
        MountPoint/mount_point: String, Type/r#type: String,
    }
    /// Where logs go.
    pub struct LogsConfig: types::LogsConfig = types::LogsConfig::builder().build() => {
        CloudWatchLogs/cloud_watch_logs: CloudWatchLogsConfig, S3Logs/s3_logs: S3LogsConfig,
    }
    /// Logs in CloudWatch Logs.
    pub struct CloudWatchLogsConfig: types::CloudWatchLogsConfig
        = types::CloudWatchLogsConfig::builder().status(types::LogsConfigStatusType::from("")).build()? => {
        GroupName/group_name: String, Status/status: String, StreamName/stream_name: String,
    }
    /// Logs in a bucket.
    pub struct S3LogsConfig: types::S3LogsConfig
        = types::S3LogsConfig::builder().status(types::LogsConfigStatusType::from("")).build()? => {
        EncryptionDisabled/encryption_disabled: bool, Location/location: String, Status/status: String,
    }
    /// Several builds at once.
    pub struct BuildBatchConfig: types::ProjectBuildBatchConfig = types::ProjectBuildBatchConfig::builder().build() => {
        BatchReportMode/batch_report_mode: String, CombineArtifacts/combine_artifacts: bool,
        Restrictions/restrictions: BatchRestrictions, ServiceRole/service_role: String,
        TimeoutInMins/timeout_in_mins: i32,
    }
    /// What a batch may use.
    pub struct BatchRestrictions: types::BatchRestrictions = types::BatchRestrictions::builder().build() => {
        ComputeTypesAllowed/compute_types_allowed: Vec<String>, MaximumBuildsAllowed/maximum_builds_allowed: i32,
    }
    /// The network of builds.
    pub struct VpcConfig: types::VpcConfig = types::VpcConfig::builder().build() => {
        SecurityGroupIds/security_group_ids: Vec<String>, Subnets/subnets: Vec<String>, VpcId/vpc_id: String,
    }
    /// One condition on an event; the published schema leaves its members open.
    pub struct WebhookFilter: types::WebhookFilter = types::WebhookFilter::builder()
        .r#type(types::WebhookFilterType::from("")).pattern("").build()? => {
        ExcludeMatchedPattern/exclude_matched_pattern: bool, Pattern/pattern: String, Type/r#type: String,
    }
    /// A webhook of an organization or a group, not of one repository.
    pub struct ScopeConfiguration: types::ScopeConfiguration = types::ScopeConfiguration::builder()
        .name("").scope(types::WebhookScopeType::from("")).build()? => {
        Domain/domain: String, Name/name: String, Scope/scope: String,
    }
    /// Whose comment lets a pull request be built.
    pub struct PullRequestBuildPolicy: types::PullRequestBuildPolicy = types::PullRequestBuildPolicy::builder()
        .requires_comment_approval(types::PullRequestBuildCommentApproval::from("")).build()? => {
        ApproverRoles/approver_roles: Vec<String>, RequiresCommentApproval/requires_comment_approval: String,
    }
}

crate::props! {
    /// What starts builds by itself. Without `Webhook: true` there is no webhook, whatever else is set.
    pub struct Triggers {
        BuildType: String, FilterGroups: Vec<Vec<WebhookFilter>>, PullRequestBuildPolicy: PullRequestBuildPolicy,
        ScopeConfiguration: ScopeConfiguration, Webhook: bool,
    }
}

impl Props {
    /// What the description of a project tells.
    pub(super) fn of(live: &types::Project) -> Self {
        let mut props = Self::received(live);
        props.BadgeEnabled = live.badge().map(|badge| badge.badge_enabled);
        // A project without a network has an empty one, or none.
        props.VpcConfig = props.VpcConfig.filter(|vpc| vpc.VpcId.as_ref().is_some_and(|id| !id.is_empty()));
        props
    }
}
