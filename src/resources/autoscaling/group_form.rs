//! What a group is made of.

use aws_sdk_autoscaling::types;

crate::words!(
    types::AcceleratorManufacturer,
    types::AcceleratorName,
    types::AcceleratorType,
    types::BareMetal,
    types::BurstablePerformance,
    types::CapacityDistributionStrategy,
    types::CapacityReservationPreference,
    types::CpuManufacturer,
    types::ImpairedZoneHealthCheckBehavior,
    types::InstanceGeneration,
    types::LocalStorage,
    types::LocalStorageType,
    types::RetentionAction,
    types::TargetCapacityType,
);

crate::mirrored! {
    /// How instances spread over zones.
    pub struct AvailabilityZoneDistribution: types::AvailabilityZoneDistribution
        = types::AvailabilityZoneDistribution::builder().build() => {
        CapacityDistributionStrategy/capacity_distribution_strategy: String,
    }
    /// What happens when a zone is impaired.
    pub struct AvailabilityZoneImpairmentPolicy: types::AvailabilityZoneImpairmentPolicy
        = types::AvailabilityZoneImpairmentPolicy::builder().build() => {
        ImpairedZoneHealthCheckBehavior/impaired_zone_health_check_behavior: String,
        ZonalShiftEnabled/zonal_shift_enabled: bool,
    }
    /// Whether reserved capacity is used.
    pub struct CapacityReservationSpecification: types::CapacityReservationSpecification
        = types::CapacityReservationSpecification::builder().build() => {
        CapacityReservationPreference/capacity_reservation_preference: String,
        CapacityReservationTarget/capacity_reservation_target: CapacityReservationTarget,
    }
    /// Which reservations.
    pub struct CapacityReservationTarget: types::CapacityReservationTarget
        = types::CapacityReservationTarget::builder().build() => {
        CapacityReservationIds/capacity_reservation_ids: Vec<String>,
        CapacityReservationResourceGroupArns/capacity_reservation_resource_group_arns: Vec<String>,
    }
    /// What is kept when a hook fails.
    pub struct InstanceLifecyclePolicy: types::InstanceLifecyclePolicy
        = types::InstanceLifecyclePolicy::builder().build() => {
        RetentionTriggers/retention_triggers: RetentionTriggers,
    }
    /// When instances are kept.
    pub struct RetentionTriggers: types::RetentionTriggers
        = types::RetentionTriggers::builder().build() => {
        TerminateHookAbandon/terminate_hook_abandon: String,
    }
    /// How many instances are healthy while others are replaced.
    pub struct InstanceMaintenancePolicy: types::InstanceMaintenancePolicy
        = types::InstanceMaintenancePolicy::builder().build() => {
        MaxHealthyPercentage/max_healthy_percentage: i32, MinHealthyPercentage/min_healthy_percentage: i32,
    }
    /// A launch template and its version.
    pub struct LaunchTemplateSpecification: types::LaunchTemplateSpecification
        = types::LaunchTemplateSpecification::builder().build() => {
        LaunchTemplateId/launch_template_id: String, LaunchTemplateName/launch_template_name: String,
        Version/version: String,
    }
    /// A stop on the way into or out of the group.
    pub struct LifecycleHookSpecification: types::LifecycleHookSpecification
        = types::LifecycleHookSpecification::builder().build() => {
        DefaultResult/default_result: String, HeartbeatTimeout/heartbeat_timeout: i32,
        LifecycleHookName/lifecycle_hook_name: String, LifecycleTransition/lifecycle_transition: String,
        NotificationMetadata/notification_metadata: String,
        NotificationTargetARN/notification_target_arn: String, RoleARN/role_arn: String,
    }
    /// Instances of several types or prices.
    pub struct MixedInstancesPolicy: types::MixedInstancesPolicy
        = types::MixedInstancesPolicy::builder().build() => {
        InstancesDistribution/instances_distribution: InstancesDistribution,
        LaunchTemplate/launch_template: LaunchTemplate,
    }
    /// Shares of on-demand and spot instances.
    pub struct InstancesDistribution: types::InstancesDistribution
        = types::InstancesDistribution::builder().build() => {
        DistributionSegments/distribution_segments: Vec<DistributionSegment>,
        OnDemandAllocationStrategy/on_demand_allocation_strategy: String,
        OnDemandBaseCapacity/on_demand_base_capacity: i32,
        OnDemandPercentageAboveBaseCapacity/on_demand_percentage_above_base_capacity: i32,
        SpotAllocationStrategy/spot_allocation_strategy: String, SpotInstancePools/spot_instance_pools: i32,
        SpotMaxPrice/spot_max_price: String,
    }
    /// One share.
    pub struct DistributionSegment: types::DistributionSegment
        = types::DistributionSegment::builder().build() => {
        TargetCapacityTypes/target_capacity_types: Vec<String>,
    }
    /// A launch template and what overrides it.
    pub struct LaunchTemplate: types::LaunchTemplate
        = types::LaunchTemplate::builder().build() => {
        LaunchTemplateSpecification/launch_template_specification: LaunchTemplateSpecification,
        Overrides/overrides: Vec<LaunchTemplateOverrides>,
    }
    /// What overrides a launch template.
    pub struct LaunchTemplateOverrides: types::LaunchTemplateOverrides
        = types::LaunchTemplateOverrides::builder().build() => {
        ImageId/image_id: String, InstanceRequirements/instance_requirements: InstanceRequirements,
        InstanceType/instance_type: String,
        LaunchTemplateSpecification/launch_template_specification: LaunchTemplateSpecification,
        WeightedCapacity/weighted_capacity: String,
    }
    /// What an instance type must offer.
    pub struct InstanceRequirements: types::InstanceRequirements
        = types::InstanceRequirements::builder().build() => {
        AcceleratorCount/accelerator_count: AcceleratorCountRequest,
        AcceleratorManufacturers/accelerator_manufacturers: Vec<String>,
        AcceleratorNames/accelerator_names: Vec<String>,
        AcceleratorTotalMemoryMiB/accelerator_total_memory_mib: AcceleratorTotalMemoryMiBRequest,
        AcceleratorTypes/accelerator_types: Vec<String>,
        AllowedInstanceTypes/allowed_instance_types: Vec<String>, BareMetal/bare_metal: String,
        BaselineEbsBandwidthMbps/baseline_ebs_bandwidth_mbps: BaselineEbsBandwidthMbpsRequest,
        BaselinePerformanceFactors/baseline_performance_factors: BaselinePerformanceFactorsRequest,
        BurstablePerformance/burstable_performance: String, CpuManufacturers/cpu_manufacturers: Vec<String>,
        ExcludedInstanceTypes/excluded_instance_types: Vec<String>,
        InstanceGenerations/instance_generations: Vec<String>, LocalStorage/local_storage: String,
        LocalStorageTypes/local_storage_types: Vec<String>,
        MaxSpotPriceAsPercentageOfOptimalOnDemandPrice/max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
        MemoryGiBPerVCpu/memory_gib_per_v_cpu: MemoryGiBPerVCpuRequest,
        MemoryMiB/memory_mib: MemoryMiBRequest,
        NetworkBandwidthGbps/network_bandwidth_gbps: NetworkBandwidthGbpsRequest,
        NetworkInterfaceCount/network_interface_count: NetworkInterfaceCountRequest,
        OnDemandMaxPricePercentageOverLowestPrice/on_demand_max_price_percentage_over_lowest_price: i32,
        RequireHibernateSupport/require_hibernate_support: bool,
        SpotMaxPricePercentageOverLowestPrice/spot_max_price_percentage_over_lowest_price: i32,
        TotalLocalStorageGB/total_local_storage_gb: TotalLocalStorageGBRequest,
        VCpuCount/v_cpu_count: VCpuCountRequest,
    }
    /// Accelerator Count of an instance.
    pub struct AcceleratorCountRequest: types::AcceleratorCountRequest
        = types::AcceleratorCountRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Accelerator Total Memory Mi B of an instance.
    pub struct AcceleratorTotalMemoryMiBRequest: types::AcceleratorTotalMemoryMiBRequest
        = types::AcceleratorTotalMemoryMiBRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Baseline Ebs Bandwidth Mbps of an instance.
    pub struct BaselineEbsBandwidthMbpsRequest: types::BaselineEbsBandwidthMbpsRequest
        = types::BaselineEbsBandwidthMbpsRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Baseline Performance Factors of an instance.
    pub struct BaselinePerformanceFactorsRequest: types::BaselinePerformanceFactorsRequest
        = types::BaselinePerformanceFactorsRequest::builder().build() => {
        Cpu/cpu: CpuPerformanceFactorRequest,
    }
    /// Cpu Performance Factor of an instance.
    pub struct CpuPerformanceFactorRequest: types::CpuPerformanceFactorRequest
        = types::CpuPerformanceFactorRequest::builder().build() => {
        References/references: Vec<PerformanceFactorReferenceRequest>,
    }
    /// Performance Factor Reference of an instance.
    pub struct PerformanceFactorReferenceRequest: types::PerformanceFactorReferenceRequest
        = types::PerformanceFactorReferenceRequest::builder().build() => {
        InstanceFamily/instance_family: String,
    }
    /// Memory Gi BPer VCpu of an instance.
    pub struct MemoryGiBPerVCpuRequest: types::MemoryGiBPerVCpuRequest
        = types::MemoryGiBPerVCpuRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// Memory Mi B of an instance.
    pub struct MemoryMiBRequest: types::MemoryMiBRequest
        = types::MemoryMiBRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Network Bandwidth Gbps of an instance.
    pub struct NetworkBandwidthGbpsRequest: types::NetworkBandwidthGbpsRequest
        = types::NetworkBandwidthGbpsRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// Network Interface Count of an instance.
    pub struct NetworkInterfaceCountRequest: types::NetworkInterfaceCountRequest
        = types::NetworkInterfaceCountRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Total Local Storage GB of an instance.
    pub struct TotalLocalStorageGBRequest: types::TotalLocalStorageGbRequest
        = types::TotalLocalStorageGbRequest::builder().build() => {
        Max/max: f64, Min/min: f64,
    }
    /// VCpu Count of an instance.
    pub struct VCpuCountRequest: types::VCpuCountRequest
        = types::VCpuCountRequest::builder().build() => {
        Max/max: i32, Min/min: i32,
    }
    /// Something that sends traffic to the group.
    pub struct TrafficSourceIdentifier: types::TrafficSourceIdentifier
        = types::TrafficSourceIdentifier::builder().build() => {
        Identifier/identifier: String, Type/r#type: String,
    }
}
