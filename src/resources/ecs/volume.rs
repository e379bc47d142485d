//! Volumes of task definitions and services.

use std::collections::BTreeMap;

use aws_sdk_ecs::types;

use crate::model::Tag;

crate::words!(
    types::EbsResourceType,
    types::EfsAuthorizationConfigIam,
    types::EfsTransitEncryption,
    types::PropagateTags,
    types::Scope,
    types::TaskFilesystemType,
);

crate::mirrored! {
    /// A volume that containers can mount.
    pub struct Volume: types::Volume = types::Volume::builder().build() => {
        ConfiguredAtLaunch/configured_at_launch: bool,
        DockerVolumeConfiguration/docker_volume_configuration: DockerVolumeConfiguration,
        EFSVolumeConfiguration/efs_volume_configuration: EfsVolumeConfiguration,
        FSxWindowsFileServerVolumeConfiguration/fsx_windows_file_server_volume_configuration: FsxVolumeConfiguration,
        Host/host: HostVolumeProperties, Name/name: String,
        S3FilesVolumeConfiguration/s3files_volume_configuration: S3FilesVolumeConfiguration,
    }
    /// A Docker volume.
    pub struct DockerVolumeConfiguration: types::DockerVolumeConfiguration
        = types::DockerVolumeConfiguration::builder().build() => {
        Autoprovision/autoprovision: bool, Driver/driver: String, DriverOpts/driver_opts: BTreeMap<String, String>,
        Labels/labels: BTreeMap<String, String>, Scope/scope: String,
    }
    /// A file system of EFS.
    pub struct EfsVolumeConfiguration: types::EfsVolumeConfiguration
        = types::EfsVolumeConfiguration::builder().file_system_id("").build()? => {
        AuthorizationConfig/authorization_config: AuthorizationConfig, FilesystemId/file_system_id: String,
        RootDirectory/root_directory: String, TransitEncryption/transit_encryption: String,
        TransitEncryptionPort/transit_encryption_port: i32,
    }
    /// Access to a file system of EFS.
    pub struct AuthorizationConfig: types::EfsAuthorizationConfig
        = types::EfsAuthorizationConfig::builder().build() => { AccessPointId/access_point_id: String, IAM/iam: String }
    /// A Windows file server of FSx.
    pub struct FsxVolumeConfiguration: types::FSxWindowsFileServerVolumeConfiguration
        = types::FSxWindowsFileServerVolumeConfiguration::builder()
            .file_system_id("").root_directory("")
            .authorization_config(types::FSxWindowsFileServerAuthorizationConfig::builder()
                .credentials_parameter("").domain("").build()?)
            .build()? => {
        AuthorizationConfig/authorization_config: FsxAuthorizationConfig, FileSystemId/file_system_id: String,
        RootDirectory/root_directory: String,
    }
    /// Access to a Windows file server.
    pub struct FsxAuthorizationConfig: types::FSxWindowsFileServerAuthorizationConfig
        = types::FSxWindowsFileServerAuthorizationConfig::builder().credentials_parameter("").domain("").build()? => {
        CredentialsParameter/credentials_parameter: String, Domain/domain: String,
    }
    /// A directory of the host.
    pub struct HostVolumeProperties: types::HostVolumeProperties = types::HostVolumeProperties::builder().build() => {
        SourcePath/source_path: String,
    }
    /// A file system over S3.
    pub struct S3FilesVolumeConfiguration: types::S3FilesVolumeConfiguration
        = types::S3FilesVolumeConfiguration::builder().file_system_arn("").build()? => {
        AccessPointArn/access_point_arn: String, FileSystemArn/file_system_arn: String,
        RootDirectory/root_directory: String, TransitEncryptionPort/transit_encryption_port: i32,
    }
    /// How a service fills a volume that is configured at launch.
    pub struct ServiceVolumeConfiguration: types::ServiceVolumeConfiguration
        = types::ServiceVolumeConfiguration::builder().name("").build()? => {
        ManagedEBSVolume/managed_ebs_volume: ManagedEbsVolume, Name/name: String,
    }
    /// An EBS volume for each task.
    pub struct ManagedEbsVolume: types::ServiceManagedEbsVolumeConfiguration
        = types::ServiceManagedEbsVolumeConfiguration::builder().role_arn("").build()? => {
        Encrypted/encrypted: bool, FilesystemType/filesystem_type: String, Iops/iops: i32,
        KmsKeyId/kms_key_id: String, RoleArn/role_arn: String, SizeInGiB/size_in_gib: i32,
        SnapshotId/snapshot_id: String, TagSpecifications/tag_specifications: Vec<EbsTagSpecification>,
        Throughput/throughput: i32, VolumeInitializationRate/volume_initialization_rate: i32,
        VolumeType/volume_type: String,
    }
    /// Tags of the tasks' volumes.
    pub struct EbsTagSpecification: types::EbsTagSpecification = types::EbsTagSpecification::builder()
        .resource_type(types::EbsResourceType::Volume).build()? => {
        PropagateTags/propagate_tags: String, ResourceType/resource_type: String, Tags/tags: Vec<Tag>,
    }
}
