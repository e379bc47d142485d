//! Container definitions, as task definitions hold them.

use std::collections::BTreeMap;

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;

use crate::resources::mirror::Mirror;

crate::words!(
    types::ApplicationProtocol,
    types::ContainerCondition,
    types::DeviceCgroupPermission,
    types::EnvironmentFileType,
    types::FirelensConfigurationType,
    types::LogDriver,
    types::ResourceType,
    types::TransportProtocol,
    types::UlimitName,
    types::VersionConsistency,
);

crate::props! {
    /// How a GPU is shared.
    pub struct SharingStrategy { NvidiaMps: NvidiaMps }
}

impl Mirror<types::SharingStrategy> for SharingStrategy {
    fn send(&self) -> Result<types::SharingStrategy, BuildError> {
        let missing = || BuildError::missing_field("NvidiaMps", "is the only strategy there is");
        let wanted = self.NvidiaMps.as_ref().ok_or_else(missing)?;
        Ok(types::SharingStrategy::NvidiaMps(wanted.send()?))
    }
    fn receive(sdk: &types::SharingStrategy) -> Self {
        Self { NvidiaMps: sdk.as_nvidia_mps().ok().map(NvidiaMps::receive) }
    }
}

crate::mirrored! {
    /// One container of a task.
    pub struct ContainerDefinition: types::ContainerDefinition = types::ContainerDefinition::builder().build() => {
        Command/command: Vec<String>, Cpu/cpu: i32, CredentialSpecs/credential_specs: Vec<String>,
        DependsOn/depends_on: Vec<ContainerDependency>, DisableNetworking/disable_networking: bool,
        DnsSearchDomains/dns_search_domains: Vec<String>, DnsServers/dns_servers: Vec<String>,
        DockerLabels/docker_labels: BTreeMap<String, String>,
        DockerSecurityOptions/docker_security_options: Vec<String>, EntryPoint/entry_point: Vec<String>,
        Environment/environment: Vec<KeyValuePair>, EnvironmentFiles/environment_files: Vec<EnvironmentFile>,
        Essential/essential: bool, ExtraHosts/extra_hosts: Vec<HostEntry>,
        FirelensConfiguration/firelens_configuration: FirelensConfiguration,
        HealthCheck/health_check: HealthCheck, Hostname/hostname: String, Image/image: String,
        Interactive/interactive: bool, Links/links: Vec<String>, LinuxParameters/linux_parameters: LinuxParameters,
        LogConfiguration/log_configuration: LogConfiguration, Memory/memory: i32,
        MemoryReservation/memory_reservation: i32, MountPoints/mount_points: Vec<MountPoint>, Name/name: String,
        PortMappings/port_mappings: Vec<PortMapping>, Privileged/privileged: bool,
        PseudoTerminal/pseudo_terminal: bool, ReadonlyRootFilesystem/readonly_root_filesystem: bool,
        RepositoryCredentials/repository_credentials: RepositoryCredentials,
        ResourceRequirements/resource_requirements: Vec<ResourceRequirement>,
        RestartPolicy/restart_policy: RestartPolicy, Secrets/secrets: Vec<Secret>,
        StartTimeout/start_timeout: i32, StopTimeout/stop_timeout: i32,
        SystemControls/system_controls: Vec<SystemControl>, Ulimits/ulimits: Vec<Ulimit>, User/user: String,
        VersionConsistency/version_consistency: String, VolumesFrom/volumes_from: Vec<VolumeFrom>,
        WorkingDirectory/working_directory: String,
    }
    /// A container that must have come so far first.
    pub struct ContainerDependency: types::ContainerDependency = types::ContainerDependency::builder()
        .container_name("").condition(types::ContainerCondition::Start).build()? => {
        Condition/condition: String, ContainerName/container_name: String,
    }
    /// A name and a value.
    pub struct KeyValuePair: types::KeyValuePair = types::KeyValuePair::builder().build() => {
        Name/name: String, Value/value: String,
    }
    /// A file of environment variables in S3.
    pub struct EnvironmentFile: types::EnvironmentFile = types::EnvironmentFile::builder()
        .value("").r#type(types::EnvironmentFileType::S3).build()? => { Type/r#type: String, Value/value: String }
    /// A line of `/etc/hosts`.
    pub struct HostEntry: types::HostEntry = types::HostEntry::builder().hostname("").ip_address("").build()? => {
        Hostname/hostname: String, IpAddress/ip_address: String,
    }
    /// A log router.
    pub struct FirelensConfiguration: types::FirelensConfiguration = types::FirelensConfiguration::builder()
        .r#type(types::FirelensConfigurationType::Fluentbit).build()? => {
        Options/options: BTreeMap<String, String>, Type/r#type: String,
    }
    /// A command that tells whether the container is healthy.
    pub struct HealthCheck: types::HealthCheck = types::HealthCheck::builder().set_command(Some(Vec::new())).build()? => {
        Command/command: Vec<String>, Interval/interval: i32, Retries/retries: i32, StartPeriod/start_period: i32,
        Timeout/timeout: i32,
    }
    /// Options of the Linux kernel.
    pub struct LinuxParameters: types::LinuxParameters = types::LinuxParameters::builder().build() => {
        Capabilities/capabilities: KernelCapabilities, Devices/devices: Vec<Device>,
        InitProcessEnabled/init_process_enabled: bool, MaxSwap/max_swap: i32,
        SharedMemorySize/shared_memory_size: i32, Swappiness/swappiness: i32, Tmpfs/tmpfs: Vec<Tmpfs>,
    }
    /// Capabilities added and dropped.
    pub struct KernelCapabilities: types::KernelCapabilities = types::KernelCapabilities::builder().build() => {
        Add/add: Vec<String>, Drop/drop: Vec<String>,
    }
    /// A device of the host.
    pub struct Device: types::Device = types::Device::builder().host_path("").build()? => {
        ContainerPath/container_path: String, HostPath/host_path: String, Permissions/permissions: Vec<String>,
    }
    /// A file system in memory.
    pub struct Tmpfs: types::Tmpfs = types::Tmpfs::builder().container_path("").size(0).build()? => {
        ContainerPath/container_path: String, MountOptions/mount_options: Vec<String>, Size/size: i32,
    }
    /// Where the container's output goes.
    pub struct LogConfiguration: types::LogConfiguration = types::LogConfiguration::builder()
        .log_driver(types::LogDriver::Awslogs).build()? => {
        LogDriver/log_driver: String, Options/options: BTreeMap<String, String>,
        SecretOptions/secret_options: Vec<Secret>,
    }
    /// A value that ECS fetches from Secrets Manager or Parameter Store.
    pub struct Secret: types::Secret = types::Secret::builder().name("").value_from("").build()? => {
        Name/name: String, ValueFrom/value_from: String,
    }
    /// A volume in the container.
    pub struct MountPoint: types::MountPoint = types::MountPoint::builder().build() => {
        ContainerPath/container_path: String, ReadOnly/read_only: bool, SourceVolume/source_volume: String,
    }
    /// A port of the container.
    pub struct PortMapping: types::PortMapping = types::PortMapping::builder().build() => {
        AppProtocol/app_protocol: String, ContainerPort/container_port: i32,
        ContainerPortRange/container_port_range: String, HostPort/host_port: i32, Name/name: String,
        Protocol/protocol: String,
    }
    /// Credentials of a private registry.
    pub struct RepositoryCredentials: types::RepositoryCredentials = types::RepositoryCredentials::builder()
        .credentials_parameter("").build()? => { CredentialsParameter/credentials_parameter: String }
    /// A GPU or an accelerator.
    pub struct ResourceRequirement: types::ResourceRequirement = types::ResourceRequirement::builder()
        .value("").r#type(types::ResourceType::Gpu).build()? => {
        SharingStrategy/sharing_strategy: SharingStrategy, Type/r#type: String, Value/value: String,
    }
    /// What a container gets of a GPU that it shares by way of NVIDIA's multi-process service.
    pub struct NvidiaMps: types::NvidiaMpsAllocation = types::NvidiaMpsAllocation::builder().memory(0).build()? => {
        MaxComputePercent/max_compute_percent: i32, Memory/memory: i32,
    }
    /// Whether the container is restarted alone.
    pub struct RestartPolicy: types::ContainerRestartPolicy = types::ContainerRestartPolicy::builder()
        .enabled(false).build()? => {
        Enabled/enabled: bool, IgnoredExitCodes/ignored_exit_codes: Vec<i32>,
        RestartAttemptPeriod/restart_attempt_period: i32,
    }
    /// A kernel parameter.
    pub struct SystemControl: types::SystemControl = types::SystemControl::builder().build() => {
        Namespace/namespace: String, Value/value: String,
    }
    /// A limit of the container's processes.
    pub struct Ulimit: types::Ulimit = types::Ulimit::builder()
        .name(types::UlimitName::Nofile).soft_limit(0).hard_limit(0).build()? => {
        HardLimit/hard_limit: i32, Name/name: String, SoftLimit/soft_limit: i32,
    }
    /// Another container's volumes.
    pub struct VolumeFrom: types::VolumeFrom = types::VolumeFrom::builder().build() => {
        ReadOnly/read_only: bool, SourceContainer/source_container: String,
    }
}
