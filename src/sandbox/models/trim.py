#!/usr/bin/env python3
"""Trims AWS's API models to the interface facts the sandbox's codec needs.

The models come from the PyPI package botocore. Kept: protocol, operations,
shapes with wire names, required members, enums, patterns and ranges. Dropped:
every sentence of documentation and the operations outside SELECT (only their
names stay, so that the sandbox can say "known to AWS, not modelled here").

    pip download --no-deps botocore && unzip botocore-*.whl -d botocore
    python3 src/sandbox/models/trim.py botocore src/sandbox/models
"""
import gzip
import json
import pathlib
import re
import sys

# service folder in botocore -> regular expression of operations to keep
SELECT = {
    "acm": "(Request|Describe|Delete|List)Certificates?|(AddTagsTo|RemoveTagsFrom|ListTagsFor)Certificate",
    "application-autoscaling": ".*",
    "autoscaling": "(Attach|Cancel|Create|CreateOrUpdate|Delete|Describe|Detach|Disable|Enable|Put|Resume|Set|Start|Suspend|Terminate|Update)(AutoScalingGroups?|AutoScalingInstances|InstanceRefresh|InstanceRefreshes|LifecycleHooks?|LoadBalancerTargetGroups|LoadBalancers|MetricsCollection|NotificationConfigurations?|Policy|Policies|Processes|ScalingActivities|ScalingPolicy|Tags|TrafficSources|DesiredCapacity|InstanceProtection|InstanceInAutoScalingGroup)|(Put|BatchPut)ScheduledUpdateGroupAction|DescribeScheduledActions|(Batch)?DeleteScheduledAction",
    "backup": "(Create|Delete|Describe|Get|List|Put|Update).*(BackupVault|BackupVaults|BackupVaultAccessPolicy|BackupVaultNotifications|BackupVaultLockConfiguration|BackupPlan|BackupPlans|BackupSelection|BackupSelections|RecoveryPoint|RecoveryPointsByBackupVault|BackupJob)|StartBackupJob|ListTags|(Tag|Untag)Resource",
    "cloudcontrol": ".*",
    "cloudformation": "(Describe|List)Stacks|ListExports|ListImports",
    "cloudwatch": "(Put|Delete|Get|List|Describe).*(Alarm|Alarms|Dashboard|Dashboards|MetricData|MetricStatistics|Metrics)|(Tag|Untag|ListTagsFor)Resource|(Enable|Disable)AlarmActions|SetAlarmState|DescribeAlarmHistory|(Put|Delete|Get)MetricStream|(List|Start|Stop)MetricStreams",
    "codebuild": "(Create|Delete|Update|List)Projects?|BatchGetProjects|UpdateProjectVisibility|(Create|Delete|Update)Webhook|(Delete|Import|List)SourceCredentials",
    "dms": "(Create|Delete|Describe|Modify|Move|Start|Stop|Reboot|Reload|Test|Add|List|Remove|Refresh|Import).*(Endpoint|Endpoints|EndpointSettings|ReplicationInstance|ReplicationInstances|SubnetGroup|SubnetGroups|ReplicationTask|ReplicationTasks|Connection|Connections|TableStatistics|Tables|Schemas|SchemasStatus|TagsToResource|TagsForResource|TagsFromResource|Certificate|Certificates|AccountAttributes|OrderableReplicationInstances|EventSubscription|EventSubscriptions|EventCategories|Events|ReplicationTaskAssessmentRun|ReplicationTaskAssessmentRuns|ReplicationTaskIndividualAssessments|ReplicationConfigs?|Replications?|ReplicationTableStatistics|ReplicationTables|DataProviders?|InstanceProfiles?|MigrationProjects?|DataMigrations?)",
    "ec2": "(Create|Delete|Modify|Describe|Attach|Detach|Reset|Associate|Disassociate|Allocate|Release|Replace|Authorize|Revoke|Accept|Reject|Update|Enable|Disable|Assign|Unassign)(DefaultVpc|DefaultSubnet|Vpcs?|VpcAttribute|VpcCidrBlock|VpcTenancy|Subnets?|SubnetAttribute|SubnetCidrBlock|RouteTables?|RouteTableAssociation|Routes?|InternetGateways?|EgressOnlyInternetGateways?|NatGateways?|NatGatewayAddress|PrivateNatGatewayAddress|VpnGateways?|AddressTransfers?|Address|Addresses|AddressesAttribute|AddressAttribute|SecurityGroups?|SecurityGroupRules?|SecurityGroupIngress|SecurityGroupEgress|SecurityGroupRuleDescriptions(Ingress|Egress)|SecurityGroupReferences|NetworkInterfaces?|NetworkInterfaceAttribute|NetworkAcls?|NetworkAclEntry|NetworkAclAssociation|PrivateIpAddresses|Ipv6Addresses|AvailabilityZones|AccountAttributes|Regions|Tags|VpcEndpoints?|VpcEndpointServices|VpcPeeringConnections?|VpcPeeringConnectionOptions|DhcpOptions|PrefixLists|ManagedPrefixLists|VgwRoutePropagation|VpcClassicLink|FlowLogs?|LaunchTemplates?|LaunchTemplateVersions?|KeyPairs|Images|InstanceTypes|Instances|InstanceStatus|InstanceAttribute|VpnConnections)|RunInstances|TerminateInstances|(Start|Stop|Monitor|Unmonitor)Instances|ModifyInstance(MetadataOptions|CreditSpecification|Placement)|DescribeInstanceCreditSpecifications|(Associate|Disassociate)IamInstanceProfile|(Replace|Describe)IamInstanceProfileAssociations?|ModifyPrivateDnsNameOptions|(Describe|Delete)Volumes?|(Create|Import|Delete)KeyPair|DescribeInstanceTypeOfferings|GetSecurityGroupsForVpc|(Create|Modify|Get|Restore|Delete)ManagedPrefixList(Entries|Associations|Version)?|(Create|Attach|Detach|Modify)Volume|DescribeVolumesModifications|DescribeVolumeStatus|(Describe|Modify)VolumeAttribute|(Create|Copy|Delete)Snapshot|CreateSnapshots|DescribeSnapshots|(Describe|Modify|Reset)SnapshotAttribute|(Get|Enable|Disable)EbsEncryptionByDefault|(Get|Modify|Reset)EbsDefaultKmsKeyId",
    "ecs": "(Create|Delete|Describe|Update|List|Put|Register|Deregister|Tag|Untag|Run|Stop).*(Cluster|Clusters|ClusterSettings|Service|Services|TaskDefinition|TaskDefinitions|TaskDefinitionFamilies|ClusterCapacityProviders|CapacityProvider|CapacityProviders|Task|Tasks|Resource|TagsForResource|AccountSetting|AccountSettings|AccountSettingDefault)|ListTagsForResource|(Register|Deregister)ContainerInstance|(Describe|List)ContainerInstances|UpdateContainerInstancesState|UpdateContainerAgent|StartTask|(Put|Delete|List)Attributes|(Create|Update|Delete)TaskSet|DescribeTaskSets|UpdateServicePrimaryTaskSet",
    "elbv2": ".*(LoadBalancer|LoadBalancers|LoadBalancerAttributes|TargetGroup|TargetGroups|TargetGroupAttributes|Listener|Listeners|ListenerAttributes|ListenerCertificates|Rule|Rules|RulePriorities|Targets|TargetHealth|Tags|SecurityGroups|Subnets|IpAddressType|IpPools|AccountLimits|SSLPolicies|CapacityReservation)",
    "events": "(Put|Remove|List)Targets(ByRule)?|(Put|Delete|Describe|Enable|Disable|List)Rules?|ListRuleNamesByTarget|PutEvents|TestEventPattern|(Create|Delete|Describe|List)EventBus(es)?|(Tag|Untag)Resource|ListTagsForResource",
    "iam": ".*(Role|Roles|RolePolicy|RolePolicies|AssumeRolePolicy|RoleDescription|RoleTags|RolePermissionsBoundary|Policy|Policies|PolicyVersion|PolicyVersions|PolicyTags|EntitiesForPolicy|InstanceProfile|InstanceProfiles|InstanceProfilesForRole|InstanceProfileTags|ServiceLinkedRole|ServiceLinkedRoleDeletionStatus|User|Users|UserPolicy|UserPolicies|Group|Groups|GroupPolicy|GroupPolicies|AccountAlias|AccountAliases|UserPermissionsBoundary|UserTags|AccessKey|AccessKeys|AccessKeyLastUsed|LoginProfile|ServerCertificate|ServerCertificates|ServerCertificateTags|MFADevices?|MFADeviceTags|VirtualMFADevices?|AccountPasswordPolicy|AccountSummary|AccountAuthorizationDetails|SSHPublicKeys?|SigningCertificates?|ServiceSpecificCredentials?|OpenIDConnectProvider|OpenIDConnectProviders|OpenIDConnectProviderTags|OpenIDConnectProviderThumbprint|SAMLProviders?|SAMLProviderTags)",
    "kms": "(?!.*CustomKeyStore|Encapsulate|Decapsulate|GetKeyLastUsage).*",
    "lambda": ".*Layers?(Version|Versions|VersionByArn|VersionPolicy|VersionPermission)?|(Create|Delete|Get|List|Update|Put|Publish|Invoke|Add|Remove).*(Function|Functions|FunctionCode|FunctionConfiguration|FunctionConcurrency|FunctionEventInvokeConfigs?|Permission|Policy|Alias|Aliases|VersionsByFunction|Version|FunctionCodeSigningConfig|FunctionRecursionConfig|FunctionScalingConfig|CapacityProviders?|RuntimeManagementConfig|AccountSettings)|GetFunction|GetFunctionConfiguration|GetPolicy|Invoke|(Create|Get|Update|Delete|List)(FunctionUrlConfigs?|EventSourceMappings?)|TagResource|UntagResource|ListTags|(Create|Get|Update|Delete|List)CodeSigningConfigs?|ListFunctionsByCodeSigningConfig|(Put|Get|Delete|List)ProvisionedConcurrencyConfigs?",
    "logs": "(Put|Delete)QueryDefinition|DescribeQueryDefinitions|TestMetricFilter|(Create|Delete|Describe|Put|Get|Associate|Disassociate|Filter|Tag|Untag|List).*(LogGroup|LogGroups|LogStream|LogStreams|LogEvents|RetentionPolicy|KmsKey|DataProtectionPolicy|IndexPolicy|IndexPolicies|Resource|TagsForResource|TagsLogGroup|ResourcePolicy|ResourcePolicies|SubscriptionFilter|SubscriptionFilters|MetricFilter|MetricFilters|DeletionProtection|BearerTokenAuthentication)",
    "resourcegroupstaggingapi": "GetResources|GetTagKeys|GetTagValues",
    "rds": ".*(DBInstance|DBInstances|DBParameterGroup|DBParameterGroups|DBParameters|DBSubnetGroup|DBSubnetGroups|DBCluster|DBClusters|DBClusterParameterGroup|DBClusterParameterGroups|DBClusterParameters|DBClusterEndpoint|DBClusterEndpoints|DBSnapshot|DBSnapshots|DBClusterSnapshot|DBClusterSnapshots|TagsToResource|TagsForResource|TagsFromResource|DBEngineVersions|OrderableDBInstanceOptions|GlobalCluster|GlobalClusters|RoleToDBInstance|RoleFromDBInstance|RoleToDBCluster|RoleFromDBCluster|PendingMaintenanceActions|Certificates|Events|EngineDefaultParameters|BlueGreenDeployment|BlueGreenDeployments|FromDBSnapshot|DBInstanceReadReplica|ReadReplica|ToPointInTime|DBParameterGroupFamily|DBInstanceAutomatedBackups?|DBInstanceAutomatedBackupsReplication)|StartDBInstance|StopDBInstance|(Create|Modify|Delete|Copy)OptionGroup|DescribeOptionGroups|DescribeOptionGroupOptions|(Describe|Modify)DBSnapshotAttributes?|BacktrackDBCluster|DescribeDBClusterBacktracks|(Create|Modify|Delete)EventSubscription|DescribeEventSubscriptions|DescribeEventCategories|(Add|Remove)SourceIdentifier(To|From)Subscription|(Enable|Disable)HttpEndpoint|RestoreDBClusterFromSnapshot|DescribeEngineDefaultClusterParameters|(Describe|Modify)DBClusterSnapshotAttributes?|(Start|Stop)DBCluster|(Create|Modify|Delete)DBProxy(Endpoint)?|DescribeDBProx(ies|yEndpoints|yTargetGroups|yTargets)|ModifyDBProxyTargetGroup|(Register|Deregister)DBProxyTargets|(Start|Cancel)ExportTask|DescribeExportTasks",
    "route53": ".*(HostedZone|HostedZones|HostedZonesByName|HostedZoneComment|HostedZoneCount|HealthCheck|HealthChecks|HealthCheckStatus|HealthCheckCount|ResourceRecordSets|Change|TagsForResource|TagsForResources|VPCFromHostedZone|VPCWithHostedZone|HostedZonesByVPC|QueryLoggingConfig|QueryLoggingConfigs|DNSAnswer|VPCAssociationAuthorization|VPCAssociationAuthorizations|HostedZoneFeatures|DNSSEC|ReusableDelegationSet|ReusableDelegationSets|ReusableDelegationSetLimit)",
    "s3": "^(?!Select|WriteGet|CreateSession|.*Directory|.*Torrent|RenameObject).*",
    "secretsmanager": ".*",
    "serverlessrepo": "(Create|Get)CloudFormationTemplate",
    "sns": "(Create|Delete|Get|Set|List|Add|Remove|Publish|PublishBatch|Subscribe|Unsubscribe|Confirm|Tag|Untag|Put).*(Topic|Topics|TopicAttributes|Subscription|Subscriptions|SubscriptionsByTopic|SubscriptionAttributes|Permission|Resource|TagsForResource|DataProtectionPolicy)|Publish|PublishBatch|Subscribe|Unsubscribe|(Get|Set)SMSAttributes|.*PlatformApplications?.*|.*PlatformEndpoint|(Get|Set)EndpointAttributes|DeleteEndpoint|CheckIfPhoneNumberIsOptedOut|OptInPhoneNumber|ListPhoneNumbersOptedOut",
    "ssm": "(Put|Get|Delete|Describe|Label|Unlabel)Parameters?(ByPath|History|Version)?|(Add|Remove|List)Tags.*Resource",
    "sts": "GetCallerIdentity|GetAccessKeyInfo|AssumeRole|AssumeRoleWithWebIdentity|GetSessionToken|DecodeAuthorizationMessage",
}
META = ["apiVersion", "endpointPrefix", "jsonVersion", "protocol", "protocols", "serviceId",
        "signingName", "targetPrefix", "xmlNamespace", "globalEndpoint", "queryCompatible",
        "awsQueryCompatible"]
SHAPE = {"type", "members", "member", "key", "value", "required", "enum", "pattern", "min", "max",
         "payload", "flattened", "locationName", "location", "queryName", "shape", "streaming",
         "xmlNamespace", "xmlAttribute", "xmlOrder", "wrapper", "box", "idempotencyToken", "jsonvalue",
         "timestampFormat", "exception", "error", "fault", "sensitive", "hostLabel", "union",
         "document", "eventstream"}
OPERATION = {"name", "http", "input", "output", "errors", "idempotent"}


def trim(node):
    out = {}
    for key, value in node.items():
        if key == "members":
            out[key] = {name: trim(member) for name, member in value.items()}
        elif key in ("member", "key", "value") and isinstance(value, dict):
            out[key] = trim(value)
        elif key in SHAPE:
            out[key] = value
    return out


def reach(shapes, name, seen):
    if name in seen:
        return
    seen.add(name)
    shape = shapes[name]
    for member in shape.get("members", {}).values():
        reach(shapes, member["shape"], seen)
    for key in ("member", "key", "value"):
        if key in shape:
            reach(shapes, shape[key]["shape"], seen)


def main():
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for service, pattern in SELECT.items():
        path = sorted((source / "botocore" / "data" / service).glob("*/service-2.json.gz"))[-1]
        full = json.loads(gzip.decompress(path.read_bytes()))
        keep = re.compile(f"^({pattern})$")
        operations, roots = {}, set()
        for name, op in full["operations"].items():
            if not keep.match(name):
                continue
            operations[name] = {
                k: ([e["shape"] for e in v] if k == "errors" else
                    {a: b for a, b in v.items() if a in ("shape", "resultWrapper", "locationName", "xmlNamespace", "payload")}
                    if k in ("input", "output") else v)
                for k, v in op.items() if k in OPERATION}
            if "httpChecksum" in op or "httpChecksumRequired" in op:
                operations[name]["checksum"] = True
            roots.update(e["shape"] for e in op.get("errors", []))
            roots.update(op[k]["shape"] for k in ("input", "output") if k in op)
        live = set()
        for root in roots:
            reach(full["shapes"], root, live)
        # Errors that operations may answer without declaring them still need their wire code.
        for name, shape in full["shapes"].items():
            if shape.get("exception"):
                reach(full["shapes"], name, live)
        model = {
            "metadata": {k: v for k, v in full["metadata"].items() if k in META},
            "operations": operations,
            "unmodelled": sorted(set(full["operations"]) - set(operations)),
            "shapes": {name: trim(full["shapes"][name]) for name in sorted(live)},
        }
        (target / f"{service}.json").write_text(json.dumps(model, separators=(",", ":"), sort_keys=True) + "\n")
        print(service, len(operations), "operations,", len(model["unmodelled"]), "known by name")


main()
