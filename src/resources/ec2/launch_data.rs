//! What instances are launched with: the data of a launch template, as it is sent and as it is answered.

use aws_sdk_ec2::types;

use crate::model::Tag;

crate::words!(
    types::AcceleratorManufacturer,
    types::AcceleratorName,
    types::AcceleratorType,
    types::AmdSevSnpSpecification,
    types::BareMetal,
    types::BurstablePerformance,
    types::CapacityReservationPreference,
    types::CpuManufacturer,
    types::HostnameType,
    types::InstanceBandwidthWeighting,
    types::InstanceGeneration,
    types::InstanceInterruptionBehavior,
    types::InstanceType,
    types::LaunchTemplateAutoRecoveryState,
    types::LaunchTemplateHttpTokensState,
    types::LaunchTemplateInstanceMetadataEndpointState,
    types::LaunchTemplateInstanceMetadataProtocolIpv6,
    types::LaunchTemplateInstanceMetadataTagsState,
    types::LocalStorage,
    types::LocalStorageType,
    types::MarketType,
    types::NestedVirtualizationSpecification,
    types::ResourceType,
    types::ShutdownBehavior,
    types::SpotInstanceType,
    types::Tenancy,
    types::VolumeType,
);

crate::mirrored! {
    /// What an instance is launched with.
    pub struct LaunchTemplateData: types::RequestLaunchTemplateData
        = types::RequestLaunchTemplateData::builder().build() => {
        BlockDeviceMappings/block_device_mappings: Vec<BlockDeviceMapping>,
        CapacityReservationSpecification/capacity_reservation_specification: CapacityReservationSpecification,
        CpuOptions/cpu_options: CpuOptions, CreditSpecification/credit_specification: CreditSpecification,
        DisableApiStop/disable_api_stop: bool, DisableApiTermination/disable_api_termination: bool,
        EbsOptimized/ebs_optimized: bool, EnclaveOptions/enclave_options: EnclaveOptions,
        HibernationOptions/hibernation_options: HibernationOptions,
        IamInstanceProfile/iam_instance_profile: IamInstanceProfile, ImageId/image_id: String,
        InstanceInitiatedShutdownBehavior/instance_initiated_shutdown_behavior: String,
        InstanceMarketOptions/instance_market_options: InstanceMarketOptions,
        InstanceRequirements/instance_requirements: InstanceRequirements,
        InstanceType/instance_type: String, KernelId/kernel_id: String, KeyName/key_name: String,
        LicenseSpecifications/license_specifications: Vec<LicenseSpecification>,
        MaintenanceOptions/maintenance_options: MaintenanceOptions,
        MetadataOptions/metadata_options: MetadataOptions, Monitoring/monitoring: Monitoring,
        NetworkInterfaces/network_interfaces: Vec<NetworkInterface>,
        NetworkPerformanceOptions/network_performance_options: NetworkPerformanceOptions,
        Placement/placement: Placement,
        PrivateDnsNameOptions/private_dns_name_options: PrivateDnsNameOptions,
        RamDiskId/ram_disk_id: String, SecurityGroupIds/security_group_ids: Vec<String>,
        SecurityGroups/security_groups: Vec<String>,
        TagSpecifications/tag_specifications: Vec<TagSpecification>, UserData/user_data: String,
    }
    /// A volume.
    pub struct BlockDeviceMapping: types::LaunchTemplateBlockDeviceMappingRequest
        = types::LaunchTemplateBlockDeviceMappingRequest::builder().build() => {
        DeviceName/device_name: String, Ebs/ebs: Ebs, NoDevice/no_device: String,
        VirtualName/virtual_name: String,
    }
    /// An EBS volume.
    pub struct Ebs: types::LaunchTemplateEbsBlockDeviceRequest
        = types::LaunchTemplateEbsBlockDeviceRequest::builder().build() => {
        DeleteOnTermination/delete_on_termination: bool, EbsCardIndex/ebs_card_index: i32,
        Encrypted/encrypted: bool, Iops/iops: i32, KmsKeyId/kms_key_id: String,
        SnapshotId/snapshot_id: String, Throughput/throughput: i32,
        VolumeInitializationRate/volume_initialization_rate: i32, VolumeSize/volume_size: i32,
        VolumeType/volume_type: String,
    }
    /// Whether reserved capacity is used.
    pub struct CapacityReservationSpecification: types::LaunchTemplateCapacityReservationSpecificationRequest
        = types::LaunchTemplateCapacityReservationSpecificationRequest::builder().build() => {
        CapacityReservationPreference/capacity_reservation_preference: String,
        CapacityReservationTarget/capacity_reservation_target: CapacityReservationTarget,
    }
    /// Which reservation.
    pub struct CapacityReservationTarget: types::CapacityReservationTarget
        = types::CapacityReservationTarget::builder().build() => {
        CapacityReservationId/capacity_reservation_id: String,
        CapacityReservationResourceGroupArn/capacity_reservation_resource_group_arn: String,
    }
    /// Cores and threads.
    pub struct CpuOptions: types::LaunchTemplateCpuOptionsRequest
        = types::LaunchTemplateCpuOptionsRequest::builder().build() => {
        AmdSevSnp/amd_sev_snp: String, CoreCount/core_count: i32,
        NestedVirtualization/nested_virtualization: String, ThreadsPerCore/threads_per_core: i32,
    }
    /// CPU credits of burstable instances.
    pub struct CreditSpecification: types::CreditSpecificationRequest
        = types::CreditSpecificationRequest::builder().build() => {
        CpuCredits/cpu_credits: String,
    }
    /// Nitro enclaves.
    pub struct EnclaveOptions: types::LaunchTemplateEnclaveOptionsRequest
        = types::LaunchTemplateEnclaveOptionsRequest::builder().build() => {
        Enabled/enabled: bool,
    }
    /// Hibernation.
    pub struct HibernationOptions: types::LaunchTemplateHibernationOptionsRequest
        = types::LaunchTemplateHibernationOptionsRequest::builder().build() => {
        Configured/configured: bool,
    }
    /// The profile with the role of the instance.
    pub struct IamInstanceProfile: types::LaunchTemplateIamInstanceProfileSpecificationRequest
        = types::LaunchTemplateIamInstanceProfileSpecificationRequest::builder().build() => {
        Arn/arn: String, Name/name: String,
    }
    /// Spot or on demand.
    pub struct InstanceMarketOptions: types::LaunchTemplateInstanceMarketOptionsRequest
        = types::LaunchTemplateInstanceMarketOptionsRequest::builder().build() => {
        MarketType/market_type: String, SpotOptions/spot_options: SpotOptions,
    }
    /// How a spot instance is bought.
    pub struct SpotOptions: types::LaunchTemplateSpotMarketOptionsRequest
        = types::LaunchTemplateSpotMarketOptionsRequest::builder().build() => {
        BlockDurationMinutes/block_duration_minutes: i32,
        InstanceInterruptionBehavior/instance_interruption_behavior: String, MaxPrice/max_price: String,
        SpotInstanceType/spot_instance_type: String, ValidUntil/valid_until: String,
    }
    /// What an instance type must offer.
    pub struct InstanceRequirements: types::InstanceRequirementsRequest
        = types::InstanceRequirementsRequest::builder().build() => {
        AcceleratorCount/accelerator_count: AcceleratorCount,
        AcceleratorManufacturers/accelerator_manufacturers: Vec<String>,
        AcceleratorNames/accelerator_names: Vec<String>,
        AcceleratorTotalMemoryMiB/accelerator_total_memory_mib: AcceleratorTotalMemoryMiB,
        AcceleratorTypes/accelerator_types: Vec<String>,
        AllowedInstanceTypes/allowed_instance_types: Vec<String>, BareMetal/bare_metal: String,
        BaselineEbsBandwidthMbps/baseline_ebs_bandwidth_mbps: BaselineEbsBandwidthMbps,
        BaselinePerformanceFactors/baseline_performance_factors: BaselinePerformanceFactors,
        BurstablePerformance/burstable_performance: String, CpuManufacturers/cpu_manufacturers: Vec<String>,
        ExcludedInstanceTypes/excluded_instance_types: Vec<String>,
        InstanceGenerations/instance_generations: Vec<String>, LocalStorage/local_storage: String,
        LocalStorageTypes/local_storage_types: Vec<String>,
        MaxSpotPriceAsPercentageOfOptimalOnDemandPrice/max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
        MemoryGiBPerVCpu/memory_gib_per_v_cpu: MemoryGiBPerVCpu, MemoryMiB/memory_mib: MemoryMiB,
        NetworkBandwidthGbps/network_bandwidth_gbps: NetworkBandwidthGbps,
        NetworkInterfaceCount/network_interface_count: NetworkInterfaceCount,
        OnDemandMaxPricePercentageOverLowestPrice/on_demand_max_price_percentage_over_lowest_price: i32,
        RequireHibernateSupport/require_hibernate_support: bool,
        SpotMaxPricePercentageOverLowestPrice/spot_max_price_percentage_over_lowest_price: i32,
        TotalLocalStorageGB/total_local_storage_gb: TotalLocalStorageGB, VCpuCount/v_cpu_count: VCpuCount,
    }
    /// Number of accelerators.
    pub struct AcceleratorCount: types::AcceleratorCountRequest
        = types::AcceleratorCountRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Memory of all accelerators.
    pub struct AcceleratorTotalMemoryMiB: types::AcceleratorTotalMemoryMiBRequest
        = types::AcceleratorTotalMemoryMiBRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Bandwidth to volumes.
    pub struct BaselineEbsBandwidthMbps: types::BaselineEbsBandwidthMbpsRequest
        = types::BaselineEbsBandwidthMbpsRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Baseline performance.
    pub struct BaselinePerformanceFactors: types::BaselinePerformanceFactorsRequest
        = types::BaselinePerformanceFactorsRequest::builder().build() => {
        Cpu/cpu: Cpu,
    }
    /// Of the processor.
    pub struct Cpu: types::CpuPerformanceFactorRequest
        = types::CpuPerformanceFactorRequest::builder().build() => {
        References/references: Vec<Reference>,
    }
    /// An instance family to compare with.
    pub struct Reference: types::PerformanceFactorReferenceRequest
        = types::PerformanceFactorReferenceRequest::builder().build() => {
        InstanceFamily/instance_family: String,
    }
    /// Memory for each virtual CPU.
    pub struct MemoryGiBPerVCpu: types::MemoryGiBPerVCpuRequest
        = types::MemoryGiBPerVCpuRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// Memory.
    pub struct MemoryMiB: types::MemoryMiBRequest
        = types::MemoryMiBRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Bandwidth of the network.
    pub struct NetworkBandwidthGbps: types::NetworkBandwidthGbpsRequest
        = types::NetworkBandwidthGbpsRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// Number of network interfaces.
    pub struct NetworkInterfaceCount: types::NetworkInterfaceCountRequest
        = types::NetworkInterfaceCountRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Local storage.
    pub struct TotalLocalStorageGB: types::TotalLocalStorageGbRequest
        = types::TotalLocalStorageGbRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// Number of virtual CPUs.
    pub struct VCpuCount: types::VCpuCountRangeRequest
        = types::VCpuCountRangeRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// A licence.
    pub struct LicenseSpecification: types::LaunchTemplateLicenseConfigurationRequest
        = types::LaunchTemplateLicenseConfigurationRequest::builder().build() => {
        LicenseConfigurationArn/license_configuration_arn: String,
    }
    /// Recovery after failures of the host.
    pub struct MaintenanceOptions: types::LaunchTemplateInstanceMaintenanceOptionsRequest
        = types::LaunchTemplateInstanceMaintenanceOptionsRequest::builder().build() => {
        AutoRecovery/auto_recovery: String,
    }
    /// The metadata service.
    pub struct MetadataOptions: types::LaunchTemplateInstanceMetadataOptionsRequest
        = types::LaunchTemplateInstanceMetadataOptionsRequest::builder().build() => {
        HttpEndpoint/http_endpoint: String, HttpProtocolIpv6/http_protocol_ipv6: String,
        HttpPutResponseHopLimit/http_put_response_hop_limit: i32, HttpTokens/http_tokens: String,
        InstanceMetadataTags/instance_metadata_tags: String,
    }
    /// Detailed monitoring.
    pub struct Monitoring: types::LaunchTemplatesMonitoringRequest
        = types::LaunchTemplatesMonitoringRequest::builder().build() => {
        Enabled/enabled: bool,
    }
    /// A network interface.
    pub struct NetworkInterface: types::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest
        = types::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder().build() => {
        AssociateCarrierIpAddress/associate_carrier_ip_address: bool,
        AssociatePublicIpAddress/associate_public_ip_address: bool,
        ConnectionTrackingSpecification/connection_tracking_specification: ConnectionTrackingSpecification,
        DeleteOnTermination/delete_on_termination: bool, Description/description: String,
        DeviceIndex/device_index: i32, EnaQueueCount/ena_queue_count: i32,
        EnaSrdSpecification/ena_srd_specification: EnaSrdSpecification, Groups/groups: Vec<String>,
        InterfaceType/interface_type: String, Ipv4PrefixCount/ipv4_prefix_count: i32,
        Ipv4Prefixes/ipv4_prefixes: Vec<Ipv4PrefixSpecification>, Ipv6AddressCount/ipv6_address_count: i32,
        Ipv6Addresses/ipv6_addresses: Vec<Ipv6Add>, Ipv6PrefixCount/ipv6_prefix_count: i32,
        Ipv6Prefixes/ipv6_prefixes: Vec<Ipv6PrefixSpecification>, NetworkCardIndex/network_card_index: i32,
        NetworkInterfaceId/network_interface_id: String, PrimaryIpv6/primary_ipv6: bool,
        PrivateIpAddress/private_ip_address: String,
        PrivateIpAddresses/private_ip_addresses: Vec<PrivateIpAdd>,
        SecondaryPrivateIpAddressCount/secondary_private_ip_address_count: i32, SubnetId/subnet_id: String,
    }
    /// Timeouts of tracked connections.
    pub struct ConnectionTrackingSpecification: types::ConnectionTrackingSpecificationRequest
        = types::ConnectionTrackingSpecificationRequest::builder().build() => {
        TcpEstablishedTimeout/tcp_established_timeout: i32, UdpStreamTimeout/udp_stream_timeout: i32,
        UdpTimeout/udp_timeout: i32,
    }
    /// ENA Express.
    pub struct EnaSrdSpecification: types::EnaSrdSpecificationRequest
        = types::EnaSrdSpecificationRequest::builder().build() => {
        EnaSrdEnabled/ena_srd_enabled: bool,
        EnaSrdUdpSpecification/ena_srd_udp_specification: EnaSrdUdpSpecification,
    }
    /// ENA Express for UDP.
    pub struct EnaSrdUdpSpecification: types::EnaSrdUdpSpecificationRequest
        = types::EnaSrdUdpSpecificationRequest::builder().build() => {
        EnaSrdUdpEnabled/ena_srd_udp_enabled: bool,
    }
    /// An IPv4 prefix.
    pub struct Ipv4PrefixSpecification: types::Ipv4PrefixSpecificationRequest
        = types::Ipv4PrefixSpecificationRequest::builder().build() => {
        Ipv4Prefix/ipv4_prefix: String,
    }
    /// An IPv6 address.
    pub struct Ipv6Add: types::InstanceIpv6AddressRequest
        = types::InstanceIpv6AddressRequest::builder().build() => {
        Ipv6Address/ipv6_address: String,
    }
    /// An IPv6 prefix.
    pub struct Ipv6PrefixSpecification: types::Ipv6PrefixSpecificationRequest
        = types::Ipv6PrefixSpecificationRequest::builder().build() => {
        Ipv6Prefix/ipv6_prefix: String,
    }
    /// A private address.
    pub struct PrivateIpAdd: types::PrivateIpAddressSpecification
        = types::PrivateIpAddressSpecification::builder().build() => {
        Primary/primary: bool, PrivateIpAddress/private_ip_address: String,
    }
    /// Shares of the bandwidth.
    pub struct NetworkPerformanceOptions: types::LaunchTemplateNetworkPerformanceOptionsRequest
        = types::LaunchTemplateNetworkPerformanceOptionsRequest::builder().build() => {
        BandwidthWeighting/bandwidth_weighting: String,
    }
    /// Where the instance runs.
    pub struct Placement: types::LaunchTemplatePlacementRequest
        = types::LaunchTemplatePlacementRequest::builder().build() => {
        Affinity/affinity: String, AvailabilityZone/availability_zone: String, GroupId/group_id: String,
        GroupName/group_name: String, HostId/host_id: String,
        HostResourceGroupArn/host_resource_group_arn: String, PartitionNumber/partition_number: i32,
        SpreadDomain/spread_domain: String, Tenancy/tenancy: String,
    }
    /// Names of the host.
    pub struct PrivateDnsNameOptions: types::LaunchTemplatePrivateDnsNameOptionsRequest
        = types::LaunchTemplatePrivateDnsNameOptionsRequest::builder().build() => {
        EnableResourceNameDnsAAAARecord/enable_resource_name_dns_aaaa_record: bool,
        EnableResourceNameDnsARecord/enable_resource_name_dns_a_record: bool,
        HostnameType/hostname_type: String,
    }
    /// Tags of what is launched.
    pub struct TagSpecification: types::LaunchTemplateTagSpecificationRequest
        = types::LaunchTemplateTagSpecificationRequest::builder().build() => {
        ResourceType/resource_type: String, Tags/tags: Vec<Tag>,
    }
}

crate::mirrored_too! {
    LaunchTemplateData: types::ResponseLaunchTemplateData
        = types::ResponseLaunchTemplateData::builder().build() => {
        BlockDeviceMappings/block_device_mappings: Vec<BlockDeviceMapping>,
        CapacityReservationSpecification/capacity_reservation_specification: CapacityReservationSpecification,
        CpuOptions/cpu_options: CpuOptions, CreditSpecification/credit_specification: CreditSpecification,
        DisableApiStop/disable_api_stop: bool, DisableApiTermination/disable_api_termination: bool,
        EbsOptimized/ebs_optimized: bool, EnclaveOptions/enclave_options: EnclaveOptions,
        HibernationOptions/hibernation_options: HibernationOptions,
        IamInstanceProfile/iam_instance_profile: IamInstanceProfile, ImageId/image_id: String,
        InstanceInitiatedShutdownBehavior/instance_initiated_shutdown_behavior: String,
        InstanceMarketOptions/instance_market_options: InstanceMarketOptions,
        InstanceRequirements/instance_requirements: InstanceRequirements,
        InstanceType/instance_type: String, KernelId/kernel_id: String, KeyName/key_name: String,
        LicenseSpecifications/license_specifications: Vec<LicenseSpecification>,
        MaintenanceOptions/maintenance_options: MaintenanceOptions,
        MetadataOptions/metadata_options: MetadataOptions, Monitoring/monitoring: Monitoring,
        NetworkInterfaces/network_interfaces: Vec<NetworkInterface>,
        NetworkPerformanceOptions/network_performance_options: NetworkPerformanceOptions,
        Placement/placement: Placement,
        PrivateDnsNameOptions/private_dns_name_options: PrivateDnsNameOptions,
        RamDiskId/ram_disk_id: String, SecurityGroupIds/security_group_ids: Vec<String>,
        SecurityGroups/security_groups: Vec<String>,
        TagSpecifications/tag_specifications: Vec<TagSpecification>, UserData/user_data: String,
    }
    BlockDeviceMapping: types::LaunchTemplateBlockDeviceMapping
        = types::LaunchTemplateBlockDeviceMapping::builder().build() => {
        DeviceName/device_name: String, Ebs/ebs: Ebs, NoDevice/no_device: String,
        VirtualName/virtual_name: String,
    }
    Ebs: types::LaunchTemplateEbsBlockDevice
        = types::LaunchTemplateEbsBlockDevice::builder().build() => {
        DeleteOnTermination/delete_on_termination: bool, EbsCardIndex/ebs_card_index: i32,
        Encrypted/encrypted: bool, Iops/iops: i32, KmsKeyId/kms_key_id: String,
        SnapshotId/snapshot_id: String, Throughput/throughput: i32,
        VolumeInitializationRate/volume_initialization_rate: i32, VolumeSize/volume_size: i32,
        VolumeType/volume_type: String,
    }
    CapacityReservationSpecification: types::LaunchTemplateCapacityReservationSpecificationResponse
        = types::LaunchTemplateCapacityReservationSpecificationResponse::builder().build() => {
        CapacityReservationPreference/capacity_reservation_preference: String,
        CapacityReservationTarget/capacity_reservation_target: CapacityReservationTarget,
    }
    CapacityReservationTarget: types::CapacityReservationTargetResponse
        = types::CapacityReservationTargetResponse::builder().build() => {
        CapacityReservationId/capacity_reservation_id: String,
        CapacityReservationResourceGroupArn/capacity_reservation_resource_group_arn: String,
    }
    CpuOptions: types::LaunchTemplateCpuOptions
        = types::LaunchTemplateCpuOptions::builder().build() => {
        AmdSevSnp/amd_sev_snp: String, CoreCount/core_count: i32,
        NestedVirtualization/nested_virtualization: String, ThreadsPerCore/threads_per_core: i32,
    }
    CreditSpecification: types::CreditSpecification
        = types::CreditSpecification::builder().build() => {
        CpuCredits/cpu_credits: String,
    }
    EnclaveOptions: types::LaunchTemplateEnclaveOptions
        = types::LaunchTemplateEnclaveOptions::builder().build() => {
        Enabled/enabled: bool,
    }
    HibernationOptions: types::LaunchTemplateHibernationOptions
        = types::LaunchTemplateHibernationOptions::builder().build() => {
        Configured/configured: bool,
    }
    IamInstanceProfile: types::LaunchTemplateIamInstanceProfileSpecification
        = types::LaunchTemplateIamInstanceProfileSpecification::builder().build() => {
        Arn/arn: String, Name/name: String,
    }
    InstanceMarketOptions: types::LaunchTemplateInstanceMarketOptions
        = types::LaunchTemplateInstanceMarketOptions::builder().build() => {
        MarketType/market_type: String, SpotOptions/spot_options: SpotOptions,
    }
    SpotOptions: types::LaunchTemplateSpotMarketOptions
        = types::LaunchTemplateSpotMarketOptions::builder().build() => {
        BlockDurationMinutes/block_duration_minutes: i32,
        InstanceInterruptionBehavior/instance_interruption_behavior: String, MaxPrice/max_price: String,
        SpotInstanceType/spot_instance_type: String, ValidUntil/valid_until: String,
    }
    InstanceRequirements: types::InstanceRequirements
        = types::InstanceRequirements::builder().build() => {
        AcceleratorCount/accelerator_count: AcceleratorCount,
        AcceleratorManufacturers/accelerator_manufacturers: Vec<String>,
        AcceleratorNames/accelerator_names: Vec<String>,
        AcceleratorTotalMemoryMiB/accelerator_total_memory_mib: AcceleratorTotalMemoryMiB,
        AcceleratorTypes/accelerator_types: Vec<String>,
        AllowedInstanceTypes/allowed_instance_types: Vec<String>, BareMetal/bare_metal: String,
        BaselineEbsBandwidthMbps/baseline_ebs_bandwidth_mbps: BaselineEbsBandwidthMbps,
        BaselinePerformanceFactors/baseline_performance_factors: BaselinePerformanceFactors,
        BurstablePerformance/burstable_performance: String, CpuManufacturers/cpu_manufacturers: Vec<String>,
        ExcludedInstanceTypes/excluded_instance_types: Vec<String>,
        InstanceGenerations/instance_generations: Vec<String>, LocalStorage/local_storage: String,
        LocalStorageTypes/local_storage_types: Vec<String>,
        MaxSpotPriceAsPercentageOfOptimalOnDemandPrice/max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
        MemoryGiBPerVCpu/memory_gib_per_v_cpu: MemoryGiBPerVCpu, MemoryMiB/memory_mib: MemoryMiB,
        NetworkBandwidthGbps/network_bandwidth_gbps: NetworkBandwidthGbps,
        NetworkInterfaceCount/network_interface_count: NetworkInterfaceCount,
        OnDemandMaxPricePercentageOverLowestPrice/on_demand_max_price_percentage_over_lowest_price: i32,
        RequireHibernateSupport/require_hibernate_support: bool,
        SpotMaxPricePercentageOverLowestPrice/spot_max_price_percentage_over_lowest_price: i32,
        TotalLocalStorageGB/total_local_storage_gb: TotalLocalStorageGB, VCpuCount/v_cpu_count: VCpuCount,
    }
    AcceleratorCount: types::AcceleratorCount
        = types::AcceleratorCount::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    AcceleratorTotalMemoryMiB: types::AcceleratorTotalMemoryMiB
        = types::AcceleratorTotalMemoryMiB::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    BaselineEbsBandwidthMbps: types::BaselineEbsBandwidthMbps
        = types::BaselineEbsBandwidthMbps::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    BaselinePerformanceFactors: types::BaselinePerformanceFactors
        = types::BaselinePerformanceFactors::builder().build() => {
        Cpu/cpu: Cpu,
    }
    Cpu: types::CpuPerformanceFactor
        = types::CpuPerformanceFactor::builder().build() => {
        References/references: Vec<Reference>,
    }
    Reference: types::PerformanceFactorReference
        = types::PerformanceFactorReference::builder().build() => {
        InstanceFamily/instance_family: String,
    }
    MemoryGiBPerVCpu: types::MemoryGiBPerVCpu
        = types::MemoryGiBPerVCpu::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    MemoryMiB: types::MemoryMiB
        = types::MemoryMiB::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    NetworkBandwidthGbps: types::NetworkBandwidthGbps
        = types::NetworkBandwidthGbps::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    NetworkInterfaceCount: types::NetworkInterfaceCount
        = types::NetworkInterfaceCount::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    TotalLocalStorageGB: types::TotalLocalStorageGb
        = types::TotalLocalStorageGb::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    VCpuCount: types::VCpuCountRange
        = types::VCpuCountRange::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    LicenseSpecification: types::LaunchTemplateLicenseConfiguration
        = types::LaunchTemplateLicenseConfiguration::builder().build() => {
        LicenseConfigurationArn/license_configuration_arn: String,
    }
    MaintenanceOptions: types::LaunchTemplateInstanceMaintenanceOptions
        = types::LaunchTemplateInstanceMaintenanceOptions::builder().build() => {
        AutoRecovery/auto_recovery: String,
    }
    MetadataOptions: types::LaunchTemplateInstanceMetadataOptions
        = types::LaunchTemplateInstanceMetadataOptions::builder().build() => {
        HttpEndpoint/http_endpoint: String, HttpProtocolIpv6/http_protocol_ipv6: String,
        HttpPutResponseHopLimit/http_put_response_hop_limit: i32, HttpTokens/http_tokens: String,
        InstanceMetadataTags/instance_metadata_tags: String,
    }
    Monitoring: types::LaunchTemplatesMonitoring
        = types::LaunchTemplatesMonitoring::builder().build() => {
        Enabled/enabled: bool,
    }
    NetworkInterface: types::LaunchTemplateInstanceNetworkInterfaceSpecification
        = types::LaunchTemplateInstanceNetworkInterfaceSpecification::builder().build() => {
        AssociateCarrierIpAddress/associate_carrier_ip_address: bool,
        AssociatePublicIpAddress/associate_public_ip_address: bool,
        ConnectionTrackingSpecification/connection_tracking_specification: ConnectionTrackingSpecification,
        DeleteOnTermination/delete_on_termination: bool, Description/description: String,
        DeviceIndex/device_index: i32, EnaQueueCount/ena_queue_count: i32,
        EnaSrdSpecification/ena_srd_specification: EnaSrdSpecification, Groups/groups: Vec<String>,
        InterfaceType/interface_type: String, Ipv4PrefixCount/ipv4_prefix_count: i32,
        Ipv4Prefixes/ipv4_prefixes: Vec<Ipv4PrefixSpecification>, Ipv6AddressCount/ipv6_address_count: i32,
        Ipv6Addresses/ipv6_addresses: Vec<Ipv6Add>, Ipv6PrefixCount/ipv6_prefix_count: i32,
        Ipv6Prefixes/ipv6_prefixes: Vec<Ipv6PrefixSpecification>, NetworkCardIndex/network_card_index: i32,
        NetworkInterfaceId/network_interface_id: String, PrimaryIpv6/primary_ipv6: bool,
        PrivateIpAddress/private_ip_address: String,
        PrivateIpAddresses/private_ip_addresses: Vec<PrivateIpAdd>,
        SecondaryPrivateIpAddressCount/secondary_private_ip_address_count: i32, SubnetId/subnet_id: String,
    }
    ConnectionTrackingSpecification: types::ConnectionTrackingSpecification
        = types::ConnectionTrackingSpecification::builder().build() => {
        TcpEstablishedTimeout/tcp_established_timeout: i32, UdpStreamTimeout/udp_stream_timeout: i32,
        UdpTimeout/udp_timeout: i32,
    }
    EnaSrdSpecification: types::LaunchTemplateEnaSrdSpecification
        = types::LaunchTemplateEnaSrdSpecification::builder().build() => {
        EnaSrdEnabled/ena_srd_enabled: bool,
        EnaSrdUdpSpecification/ena_srd_udp_specification: EnaSrdUdpSpecification,
    }
    EnaSrdUdpSpecification: types::LaunchTemplateEnaSrdUdpSpecification
        = types::LaunchTemplateEnaSrdUdpSpecification::builder().build() => {
        EnaSrdUdpEnabled/ena_srd_udp_enabled: bool,
    }
    Ipv4PrefixSpecification: types::Ipv4PrefixSpecificationResponse
        = types::Ipv4PrefixSpecificationResponse::builder().build() => {
        Ipv4Prefix/ipv4_prefix: String,
    }
    Ipv6Add: types::InstanceIpv6Address
        = types::InstanceIpv6Address::builder().build() => {
        Ipv6Address/ipv6_address: String,
    }
    Ipv6PrefixSpecification: types::Ipv6PrefixSpecificationResponse
        = types::Ipv6PrefixSpecificationResponse::builder().build() => {
        Ipv6Prefix/ipv6_prefix: String,
    }
    NetworkPerformanceOptions: types::LaunchTemplateNetworkPerformanceOptions
        = types::LaunchTemplateNetworkPerformanceOptions::builder().build() => {
        BandwidthWeighting/bandwidth_weighting: String,
    }
    Placement: types::LaunchTemplatePlacement
        = types::LaunchTemplatePlacement::builder().build() => {
        Affinity/affinity: String, AvailabilityZone/availability_zone: String, GroupId/group_id: String,
        GroupName/group_name: String, HostId/host_id: String,
        HostResourceGroupArn/host_resource_group_arn: String, PartitionNumber/partition_number: i32,
        SpreadDomain/spread_domain: String, Tenancy/tenancy: String,
    }
    PrivateDnsNameOptions: types::LaunchTemplatePrivateDnsNameOptions
        = types::LaunchTemplatePrivateDnsNameOptions::builder().build() => {
        EnableResourceNameDnsAAAARecord/enable_resource_name_dns_aaaa_record: bool,
        EnableResourceNameDnsARecord/enable_resource_name_dns_a_record: bool,
        HostnameType/hostname_type: String,
    }
    TagSpecification: types::LaunchTemplateTagSpecification
        = types::LaunchTemplateTagSpecification::builder().build() => {
        ResourceType/resource_type: String, Tags/tags: Vec<Tag>,
    }
}
