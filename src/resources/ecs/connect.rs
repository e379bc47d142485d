//! How requests find a service's tasks: load balancers, registries, Service Connect, VPC Lattice.

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;

use super::container::LogConfiguration;
use crate::resources::mirror::Mirror;

crate::words!(types::ServiceConnectAccessLoggingFormat, types::ServiceConnectIncludeQueryParameters);

crate::props! {
    /// A setting of the proxy's container.
    pub struct ContainerConfiguration { LogLevel: String }
}

impl Mirror<types::ServiceConnectContainerConfiguration> for ContainerConfiguration {
    fn send(&self) -> Result<types::ServiceConnectContainerConfiguration, BuildError> {
        let missing = || BuildError::missing_field("LogLevel", "is the only setting there is");
        let level = self.LogLevel.as_deref().ok_or_else(missing)?;
        Ok(types::ServiceConnectContainerConfiguration::LogLevel(level.into()))
    }
    fn receive(sdk: &types::ServiceConnectContainerConfiguration) -> Self {
        Self { LogLevel: sdk.as_log_level().ok().map(|level| level.as_str().to_owned()) }
    }
}

crate::mirrored! {
    /// A target group that the tasks join.
    pub struct LoadBalancer: types::LoadBalancer = types::LoadBalancer::builder().build() => {
        AdvancedConfiguration/advanced_configuration: AdvancedConfiguration, ContainerName/container_name: String,
        ContainerPort/container_port: i32, LoadBalancerName/load_balancer_name: String,
        TargetGroupArn/target_group_arn: String,
    }
    /// The second target group of a blue/green service.
    pub struct AdvancedConfiguration: types::AdvancedConfiguration = types::AdvancedConfiguration::builder().build() => {
        AlternateTargetGroupArn/alternate_target_group_arn: String,
        ProductionListenerRule/production_listener_rule: String, RoleArn/role_arn: String,
        TestListenerRule/test_listener_rule: String,
    }
    /// A Cloud Map service that the tasks join.
    pub struct ServiceRegistry: types::ServiceRegistry = types::ServiceRegistry::builder().build() => {
        ContainerName/container_name: String, ContainerPort/container_port: i32, Port/port: i32,
        RegistryArn/registry_arn: String,
    }
    /// A VPC Lattice target group that the tasks join.
    pub struct VpcLatticeConfiguration: types::VpcLatticeConfiguration = types::VpcLatticeConfiguration::builder()
        .role_arn("").target_group_arn("").port_name("").build()? => {
        AdvancedConfiguration/advanced_configuration: VpcLatticeAdvancedConfiguration, PortName/port_name: String,
        RoleArn/role_arn: String, TargetGroupArn/target_group_arn: String,
    }
    /// The second target group of a blue/green service behind VPC Lattice.
    pub struct VpcLatticeAdvancedConfiguration: types::VpcLatticeAdvancedConfiguration
        = types::VpcLatticeAdvancedConfiguration::builder().build() => {
        AlternateTargetGroupArn/alternate_target_group_arn: String,
        ProductionListenerRule/production_listener_rule: String, TestListenerRule/test_listener_rule: String,
    }
    /// Service Connect.
    pub struct ServiceConnectConfiguration: types::ServiceConnectConfiguration
        = types::ServiceConnectConfiguration::builder().enabled(false).build() => {
        AccessLogConfiguration/access_log_configuration: AccessLogConfiguration,
        ContainerConfigurations/container_configurations: Vec<ContainerConfiguration>, Enabled/enabled: bool,
        LogConfiguration/log_configuration: LogConfiguration, Namespace/namespace: String,
        Services/services: Vec<ServiceConnectService>,
    }
    /// The proxy's access log.
    pub struct AccessLogConfiguration: types::ServiceConnectAccessLogConfiguration
        = types::ServiceConnectAccessLogConfiguration::builder()
            .format(types::ServiceConnectAccessLoggingFormat::Text).build()? => {
        Format/format: String, IncludeQueryParameters/include_query_parameters: String,
    }
    /// A port offered to other services.
    pub struct ServiceConnectService: types::ServiceConnectService
        = types::ServiceConnectService::builder().port_name("").build()? => {
        ClientAliases/client_aliases: Vec<ClientAlias>, DiscoveryName/discovery_name: String,
        IngressPortOverride/ingress_port_override: i32, PortName/port_name: String, Timeout/timeout: TimeoutConfiguration,
        Tls/tls: Tls,
    }
    /// The name under which others reach it.
    pub struct ClientAlias: types::ServiceConnectClientAlias
        = types::ServiceConnectClientAlias::builder().port(0).build()? => {
        DnsName/dns_name: String, Port/port: i32, TestTrafficRules/test_traffic_rules: TestTrafficRules,
    }
    /// Which requests are test traffic.
    pub struct TestTrafficRules: types::ServiceConnectTestTrafficRules
        = types::ServiceConnectTestTrafficRules::builder().build() => { Header/header: TestTrafficHeader }
    /// A header of test traffic.
    pub struct TestTrafficHeader: types::ServiceConnectTestTrafficHeaderRules
        = types::ServiceConnectTestTrafficHeaderRules::builder().name("").build()? => {
        Name/name: String, Value/value: TestTrafficHeaderValue,
    }
    /// The header's value.
    pub struct TestTrafficHeaderValue: types::ServiceConnectTestTrafficHeaderMatchRules
        = types::ServiceConnectTestTrafficHeaderMatchRules::builder().exact("").build()? => { Exact/exact: String }
    /// When the proxy gives up.
    pub struct TimeoutConfiguration: types::TimeoutConfiguration = types::TimeoutConfiguration::builder().build() => {
        IdleTimeoutSeconds/idle_timeout_seconds: i32, PerRequestTimeoutSeconds/per_request_timeout_seconds: i32,
    }
    /// Encryption between services.
    pub struct Tls: types::ServiceConnectTlsConfiguration
        = types::ServiceConnectTlsConfiguration::builder().build() => {
        IssuerCertificateAuthority/issuer_certificate_authority: CertificateAuthority, KmsKey/kms_key: String,
        RoleArn/role_arn: String,
    }
    /// Who issues the certificates.
    pub struct CertificateAuthority: types::ServiceConnectTlsCertificateAuthority
        = types::ServiceConnectTlsCertificateAuthority::builder().build() => {
        AwsPcaAuthorityArn/aws_pca_authority_arn: String,
    }
    /// Metrics of the tasks.
    pub struct Monitoring: types::MonitoringConfiguration = types::MonitoringConfiguration::builder().build() => {
        MetricConfigurations/metric_configurations: Vec<MetricConfiguration>,
    }
    /// Metrics at one resolution.
    pub struct MetricConfiguration: types::MetricConfiguration = types::MetricConfiguration::builder()
        .set_metric_names(Some(Vec::new())).resolution_seconds(60).build()? => {
        MetricNames/metric_names: Vec<String>, ResolutionSeconds/resolution_seconds: i32,
    }
}
