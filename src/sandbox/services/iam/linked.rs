//! Service-linked roles: what each service calls its own, and which of AWS's policies it carries.
//!
//! Names and policies as AWS answered when LocalStack recorded them (`TestIAMServiceRoles`), and those of Application
//! Auto Scaling and EC2 as their user guides list them.

/// A service that has a service-linked role.
pub(super) struct Linked {
    /// What follows `AWSServiceRoleFor`.
    pub name: &'static str,
    /// The policy it carries, under `aws-service-role/`.
    pub policy: &'static str,
    /// Whether it takes a suffix of the caller's.
    pub suffix: bool,
}

/// Services that take a suffix.
const SUFFIXED: &[&str] = &["autoscaling", "connect", "lexv2"];

/// `(principal without .amazonaws.com, name, policy)`, sorted.
const SERVICES: &[(&str, &str, &str)] = &[
    ("accountdiscovery.ssm", "AmazonSSM_AccountDiscovery", "AWSSystemsManagerAccountDiscoveryServicePolicy"),
    ("acm", "CertificateManager", "CertificateManagerServiceRolePolicy"),
    ("appmesh", "AppMesh", "AWSAppMeshServiceRolePolicy"),
    ("autoscaling", "AutoScaling", "AutoScalingServiceRolePolicy"),
    ("autoscaling-plans", "AutoScalingPlans_EC2AutoScaling", "AWSAutoScalingPlansEC2AutoScalingPolicy"),
    ("backup", "Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    ("batch", "Batch", "BatchServiceRolePolicy"),
    (
        "cassandra.application-autoscaling",
        "ApplicationAutoScaling_CassandraTable",
        "AWSApplicationAutoscalingCassandraTablePolicy",
    ),
    (
        "cks.kms",
        "KeyManagementServiceCustomKeyStores",
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
    ),
    ("cloudtrail", "CloudTrail", "CloudTrailServiceRolePolicy"),
    ("codestar-notifications", "CodeStarNotifications", "AWSCodeStarNotificationsServiceRolePolicy"),
    ("config", "Config", "AWSConfigServiceRolePolicy"),
    ("connect", "AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    ("dms", "DMSServerless", "AWSDMSServerlessServiceRolePolicy"),
    ("dms-fleet-advisor", "DMSFleetAdvisor", "AWSDMSFleetAdvisorServiceRolePolicy"),
    ("docdb-elastic", "DocDB-Elastic", "AmazonDocDB-ElasticServiceRolePolicy"),
    (
        "dynamodb.application-autoscaling",
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
    ),
    ("ec2-instance-connect", "Ec2InstanceConnect", "Ec2InstanceConnectEndpoint"),
    (
        "ec2.application-autoscaling",
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
    ),
    ("ecr", "ECRTemplate", "ECRTemplateServiceRolePolicy"),
    ("ecs", "ECS", "AmazonECSServiceRolePolicy"),
    (
        "ecs.application-autoscaling",
        "ApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    ("eks", "AmazonEKS", "AmazonEKSServiceRolePolicy"),
    ("eks-connector", "AmazonEKSConnector", "AmazonEKSConnectorServiceRolePolicy"),
    ("eks-fargate", "AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    ("eks-nodegroup", "AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    ("elasticache", "ElastiCache", "ElastiCacheServiceRolePolicy"),
    (
        "elasticache.application-autoscaling",
        "ApplicationAutoScaling_ElastiCacheRG",
        "AWSApplicationAutoscalingElastiCacheRGPolicy",
    ),
    ("elasticbeanstalk", "ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    ("elasticfilesystem", "AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    ("elasticloadbalancing", "ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    ("email.cognito-idp", "AmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    ("emr-containers", "AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    ("emrwal", "EMRWAL", "EMRDescribeClusterPolicyForEMRWAL"),
    ("fis", "FIS", "AmazonFISServiceRolePolicy"),
    ("grafana", "AmazonGrafana", "AmazonGrafanaServiceLinkedRolePolicy"),
    ("imagebuilder", "ImageBuilder", "AWSServiceRoleForImageBuilder"),
    ("iotmanagedintegrations", "IoTManagedIntegrations", "AWSIoTManagedIntegrationsRolePolicy"),
    ("kafka", "Kafka", "KafkaServiceRolePolicy"),
    (
        "kafka.application-autoscaling",
        "ApplicationAutoScaling_KafkaCluster",
        "AWSApplicationAutoscalingKafkaClusterPolicy",
    ),
    ("kafkaconnect", "KafkaConnect", "KafkaConnectServiceRolePolicy"),
    ("lakeformation", "LakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"),
    (
        "lambda.application-autoscaling",
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
    ),
    ("lex", "LexBots", "AmazonLexBotPolicy"),
    ("lexv2", "LexV2Bots", "AmazonLexV2BotPolicy"),
    ("lightsail", "Lightsail", "LightsailExportAccess"),
    ("m2", "AWSM2", "AWSM2ServicePolicy"),
    ("memorydb", "MemoryDB", "MemoryDBServiceRolePolicy"),
    ("mq", "AmazonMQ", "AmazonMQServiceRolePolicy"),
    (
        "mrk.kms",
        "KeyManagementServiceMultiRegionKeys",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
    ),
    ("notifications", "AwsUserNotifications", "AWSUserNotificationsServiceLinkedRolePolicy"),
    ("observability.aoss", "AmazonOpenSearchServerless", "AmazonOpenSearchServerlessServiceRolePolicy"),
    ("opensearchservice", "AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    ("ops.apigateway", "APIGateway", "APIGatewayServiceRolePolicy"),
    ("ops.emr-serverless", "AmazonEMRServerless", "AmazonEMRServerlessServiceRolePolicy"),
    ("opsdatasync.ssm", "SystemsManagerOpsDataSync", "AWSSystemsManagerOpsDataSyncServiceRolePolicy"),
    ("opsinsights.ssm", "AmazonSSM_OpsInsights", "AWSSSMOpsInsightsServiceRolePolicy"),
    ("organizations", "Organizations", "AWSOrganizationsServiceTrustPolicy"),
    ("pullthroughcache.ecr", "ECRPullThroughCache", "AWSECRPullThroughCache_ServiceRolePolicy"),
    ("ram", "ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    ("rds", "RDS", "AmazonRDSServiceRolePolicy"),
    (
        "rds.application-autoscaling",
        "ApplicationAutoScaling_RDSCluster",
        "AWSApplicationAutoscalingRDSClusterPolicy",
    ),
    ("redshift", "Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    ("replication.cassandra", "KeyspacesReplication", "KeyspacesReplicationServiceRolePolicy"),
    ("replication.ecr", "ECRReplication", "ECRReplicationServiceRolePolicy"),
    ("repository.sync.codeconnections", "GitSync", "AWSGitSyncServiceRolePolicy"),
    ("resource-explorer-2", "ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    ("rolesanywhere", "RolesAnywhere", "AWSRolesAnywhereServicePolicy"),
    ("s3-outposts", "S3OnOutposts", "AWSS3OnOutpostsServiceRolePolicy"),
    (
        "sagemaker.application-autoscaling",
        "ApplicationAutoScaling_SageMakerEndpoint",
        "AWSApplicationAutoscalingSageMakerEndpointPolicy",
    ),
    ("ses", "AmazonSES", "AmazonSESServiceRolePolicy"),
    ("shield", "AWSShield", "AWSShieldServiceRolePolicy"),
    ("spot", "EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    ("spotfleet", "EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    ("ssm", "AmazonSSM", "AmazonSSMServiceRolePolicy"),
    ("ssm-incidents", "IncidentManager", "AWSIncidentManagerServiceRolePolicy"),
    ("ssm-quicksetup", "SSMQuickSetup", "SSMQuickSetupRolePolicy"),
    ("sso", "SSO", "AWSSSOServiceRolePolicy"),
    ("support", "Support", "AWSSupportServiceRolePolicy"),
    ("transitgateway", "VPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    ("trustedadvisor", "TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    ("vpcorigin.cloudfront", "CloudFrontVPCOrigin", "AWSCloudFrontVPCOriginServiceRolePolicy"),
    ("waf", "WAFLogging", "WAFLoggingServiceRolePolicy"),
    ("wafv2", "WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
];

/// The role of a service principal, if the service has one.
pub(super) fn of(principal: &str) -> Option<Linked> {
    let service = principal.strip_suffix(".amazonaws.com")?;
    let at = SERVICES.binary_search_by_key(&service, |(service, ..)| service).ok()?;
    let (_, name, policy) = SERVICES[at];
    Some(Linked { name, policy, suffix: SUFFIXED.contains(&service) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_and_their_policies_exist() {
        assert!(SERVICES.windows(2).all(|pair| pair[0].0 < pair[1].0), "sort them");
        for (service, name, policy) in SERVICES {
            let arn = format!("arn:aws:iam::aws:policy/aws-service-role/{policy}");
            assert!(super::super::aws_managed::exists(&arn), "{service} {name}: {policy}");
        }
        assert_eq!(of("elasticache.amazonaws.com").map(|linked| linked.name), Some("ElastiCache"));
        assert!(of("autoscaling.amazonaws.com").is_some_and(|linked| linked.suffix));
        assert!(of("nonsense.amazonaws.com").is_none());
    }
}
