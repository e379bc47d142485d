"""What every delete of the sandbox answers when its object is not there: a code, or nothing.

The code is that of the operation's errors in AWS's API model, where the model has one for a missing object; `because`
gives the source where it has none, has several, or where AWS answers something else than its model says.
"""
import re

VERBS = re.compile("(Delete|Detach|Disassociate|Deregister|Remove|Release|Revoke|Unassign|Unsubscribe|Untag|Abort|Stop|Cancel|Reject|"
                   "Terminate|Deactivate|Disable|Suspend|Schedule|Reset|Unlabel|Unmonitor)")


def codes(service, code, *operations):
    return {f"{service}:{operation}": (code, None) for operation in operations}


def one(operation, code, because):
    return {operation: (code, because)}


GONE = {
    **codes("acm", "ResourceNotFoundException", "DeleteCertificate", "RemoveTagsFromCertificate"),
    **codes("application-autoscaling", "ObjectNotFoundException", "DeleteScalingPolicy", "DeleteScheduledAction", "DeregisterScalableTarget"),
    **codes("application-autoscaling", "ResourceNotFoundException", "UntagResource"),
    **{f"autoscaling:{name}": ("ValidationError", "moto and the service itself: 'name not found'") for name in (
        "CancelInstanceRefresh", "DeleteAutoScalingGroup", "DeleteLifecycleHook", "DeleteNotificationConfiguration", "DeletePolicy", "DeleteScheduledAction",
        "DeleteTags", "DetachLoadBalancerTargetGroups", "DetachLoadBalancers", "DetachTrafficSources", "DisableMetricsCollection",
        "SuspendProcesses", "TerminateInstanceInAutoScalingGroup")},
    **codes("backup", "ResourceNotFoundException", "DeleteBackupPlan", "DeleteBackupSelection", "DeleteBackupVault",
            "DeleteBackupVaultAccessPolicy", "DeleteBackupVaultLockConfiguration", "DeleteBackupVaultNotifications",
            "DeleteRecoveryPoint", "UntagResource"),
    **codes("cloudcontrol", "RequestTokenNotFoundException", "CancelResourceRequest"),
    **codes("cloudcontrol", "ResourceNotFoundException", "DeleteResource"),
    **one("cloudwatch:DeleteAlarms", None, "TestAccCloudWatchMetricAlarm_disappears; the model's ResourceNotFound is not answered"),
    **one("cloudwatch:DeleteDashboards", None, "TestAccCloudWatchDashboard_disappears; the model's error is not answered"),
    **one("cloudwatch:DeleteMetricStream", None, "the model has no error for it"),
    **one("cloudwatch:DisableAlarmActions", None, "the model has no error for it"),
    **one("cloudwatch:StopMetricStreams", None, "the model has no error for it"),
    **codes("cloudwatch", "ResourceNotFoundException", "UntagResource"),
    **one("codebuild:DeleteProject", None, "the model has no error for it; TestAccCodeBuildProject_disappears"),
    **codes("codebuild", "ResourceNotFoundException", "DeleteSourceCredentials", "DeleteWebhook"),
    **codes("dms", "ResourceNotFoundFault", "DeleteCertificate", "DeleteConnection", "DeleteEndpoint", "DeleteEventSubscription",
            "DeleteDataMigration", "DeleteDataProvider", "DeleteInstanceProfile", "DeleteMigrationProject", "StopDataMigration",
            "DeleteReplicationConfig", "DeleteReplicationInstance", "DeleteReplicationSubnetGroup", "StopReplication", "DeleteReplicationTask", "DeleteReplicationTaskAssessmentRun",
            "RemoveTagsFromResource", "StopReplicationTask"),
    **codes("ecs", "ClusterNotFoundException", "DeleteAttributes", "DeleteCluster", "DeleteService", "DeleteTaskSet",
            "DeregisterContainerInstance", "StopTask", "UntagResource"),
    **one("ecs:DeleteCapacityProvider", "ClientException", "the model has no error of its own for it"),
    **one("ecs:DeleteTaskDefinitions", None, "the answer lists it among the failures"),
    **one("ecs:DeregisterTaskDefinition", "ClientException", "moto test_ecs_boto3.py: 'Unable to describe task definition.'"),
    **one("elbv2:DeleteListener", None, "TestAccELBV2Listener_disappears: one that was just deleted"),
    **one("elbv2:DeleteLoadBalancer", None, "API reference: 'If the load balancer does not exist or has already been deleted, the call succeeds'"),
    **one("elbv2:DeleteTargetGroup", None, "the model has no error for it; TestAccELBV2TargetGroup_disappears"),
    **codes("elbv2", "ListenerNotFound", "RemoveListenerCertificates"),
    **one("elbv2:DeleteRule", None, "moto's delete_rule: AWS answers no error; TestAccELBV2ListenerRule_disappears"),
    **codes("elbv2", "TargetGroupNotFound", "DeregisterTargets"),
    **one("elbv2:RemoveTags", "LoadBalancerNotFound", "by the kind of the ARN"),
    **one("events:DeleteEventBus", None, "the model has no error for it"),
    **one("events:DeleteRule", None, "LocalStack's provider: of a rule that is not there it succeeds"),
    **codes("events", "ResourceNotFoundException", "DisableRule", "RemoveTargets", "UntagResource"),
    **codes("iam", "NoSuchEntity", "DeleteAccessKey", "DeleteAccountAlias", "DeleteGroup", "DeleteGroupPolicy", "DeleteInstanceProfile",
            "DeleteLoginProfile", "DeletePolicy", "DeletePolicyVersion", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy",
            "DeleteSSHPublicKey", "DeleteServerCertificate", "DeleteServiceLinkedRole", "DeleteServiceSpecificCredential",
            "DeleteSigningCertificate", "ResetServiceSpecificCredential", "DeleteUser", "DeleteUserPermissionsBoundary", "DeleteUserPolicy",
            "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy", "RemoveClientIDFromOpenIDConnectProvider",
            "RemoveRoleFromInstanceProfile", "RemoveUserFromGroup", "UntagInstanceProfile", "UntagOpenIDConnectProvider", "UntagPolicy",
            "UntagRole", "UntagServerCertificate", "UntagUser", "DeactivateMFADevice", "DeleteVirtualMFADevice", "UntagMFADevice",
            "DeleteAccountPasswordPolicy", "DeleteSAMLProvider", "UntagSAMLProvider"),
    **one("iam:DeleteOpenIDConnectProvider", None, "API reference: 'does not fail with an error if you specify a provider that does not exist'"),
    **codes("kms", "NotFoundException", "CancelKeyDeletion", "DeleteAlias", "DisableKey", "DisableKeyRotation", "ScheduleKeyDeletion",
            "UntagResource", "DeleteImportedKeyMaterial", "RevokeGrant"),
    **codes("lambda", "ResourceNotFoundException", "DeleteCodeSigningConfig", "DeleteProvisionedConcurrencyConfig", "DeleteFunction", "DeleteFunctionCodeSigningConfig", "DeleteFunctionConcurrency",
            "DeleteFunctionEventInvokeConfig", "DeleteFunctionUrlConfig", "DeleteEventSourceMapping",
            "RemoveLayerVersionPermission", "RemovePermission", "UntagResource"),
    **one("lambda:DeleteAlias", "ResourceNotFoundException", "of a function that is not there; of one that is, it succeeds (LocalStack's provider)"),
    **one("lambda:DeleteLayerVersion", None, "the model has no error for it"),
    **codes("logs", "ResourceNotFoundException", "DeleteDataProtectionPolicy", "DeleteIndexPolicy", "DeleteLogGroup", "DeleteLogStream",
            "DeleteMetricFilter", "DeleteQueryDefinition", "DeleteResourcePolicy", "DeleteRetentionPolicy", "DeleteSubscriptionFilter",
            "DisassociateKmsKey", "UntagLogGroup", "UntagResource"),
    **codes("rds", "DBParameterGroupNotFound", "DeleteDBClusterParameterGroup", "DeleteDBParameterGroup",
            "ResetDBClusterParameterGroup", "ResetDBParameterGroup"),
    **codes("rds", "ResourceNotFoundFault", "DisableHttpEndpoint"),
    **codes("rds", "DBClusterNotFoundFault", "DeleteDBCluster", "RemoveRoleFromDBCluster", "StopDBCluster"),
    **codes("rds", "DBClusterSnapshotNotFoundFault", "DeleteDBClusterSnapshot"),
    **codes("rds", "DBClusterEndpointNotFoundFault", "DeleteDBClusterEndpoint"),
    **codes("rds", "SubscriptionNotFound", "DeleteEventSubscription", "RemoveSourceIdentifierFromSubscription"),
    **codes("rds", "DBInstanceNotFound", "DeleteDBInstance", "RemoveRoleFromDBInstance", "StopDBInstance"),
    **codes("rds", "DBInstanceAutomatedBackupNotFound", "DeleteDBInstanceAutomatedBackup"),
    **codes("rds", "DBSnapshotNotFound", "DeleteDBSnapshot"),
    **codes("rds", "DBSubnetGroupNotFoundFault", "DeleteDBSubnetGroup"),
    **codes("rds", "OptionGroupNotFoundFault", "DeleteOptionGroup"),
    **codes("rds", "DBProxyNotFoundFault", "DeleteDBProxy", "DeregisterDBProxyTargets"),
    **codes("rds", "BlueGreenDeploymentNotFoundFault", "DeleteBlueGreenDeployment"),
    **codes("rds", "ExportTaskNotFound", "CancelExportTask"),
    **codes("rds", "GlobalClusterNotFoundFault", "DeleteGlobalCluster", "RemoveFromGlobalCluster"),
    **codes("rds", "DBProxyEndpointNotFoundFault", "DeleteDBProxyEndpoint"),
    **one("rds:RemoveTagsFromResource", "DBInstanceNotFound", "by the kind of the ARN"),
    **codes("rds", "DBInstanceNotFound", "StopDBInstanceAutomatedBackupsReplication"),
    **codes("route53", "NoSuchHealthCheck", "DeleteHealthCheck"),
    **codes("route53", "NoSuchHostedZone", "DeleteHostedZone", "DeleteVPCAssociationAuthorization", "DisassociateVPCFromHostedZone"),
    **codes("route53", "NoSuchQueryLoggingConfig", "DeleteQueryLoggingConfig"),
    **codes("route53", "NoSuchDelegationSet", "DeleteReusableDelegationSet"),
    **{f"s3:{name}": ("NoSuchBucket", "S3 API reference, error responses") for name in (
        "AbortMultipartUpload", "DeleteBucket", "DeleteBucketAnalyticsConfiguration", "DeleteBucketCors", "DeleteBucketEncryption",
        "DeleteBucketIntelligentTieringConfiguration", "DeleteBucketInventoryConfiguration", "DeleteBucketLifecycle",
        "DeleteBucketMetadataConfiguration", "DeleteBucketMetadataTableConfiguration", "DeleteBucketMetricsConfiguration",
        "DeleteBucketOwnershipControls", "DeleteBucketPolicy", "DeleteBucketReplication", "DeleteBucketTagging", "DeleteBucketWebsite",
        "DeleteObject", "DeleteObjectTagging", "DeleteObjects", "DeletePublicAccessBlock")},
    **codes("secretsmanager", "ResourceNotFoundException", "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret",
            "RemoveRegionsFromReplication", "UntagResource"),
    **one("sns:DeleteTopic", None, "API reference: 'deleting a topic that does not exist does not result in an error'"),
    **one("sns:DeleteEndpoint", None, "API reference: 'This action is idempotent'"),
    **one("sns:DeletePlatformApplication", None, "the model has no NotFound for it"),
    **codes("sns", "NotFound", "RemovePermission"),
    **one("sns:Unsubscribe", None, "LocalStack's recording test_unsubscribe_idempotency"),
    **codes("sns", "ResourceNotFound", "UntagResource"),
    **codes("ssm", "ParameterNotFound", "DeleteParameter", "UnlabelParameterVersion"),
    **one("ssm:DeleteParameters", None, "the answer lists it among InvalidParameters"),
    **codes("ssm", "InvalidResourceId", "RemoveTagsFromResource"),
    **one("ec2:DisableEbsEncryptionByDefault", None, "a setting of the Region"),
    **one("ec2:ResetEbsDefaultKmsKeyId", None, "a setting of the Region"),
    **one("ec2:DeleteKeyPair", None, "TestAccEC2KeyPair_disappears; API reference, Return: true"),
    **one("ecs:DeleteAccountSetting", None, "the model has no error for it: the setting has its default"),
    **one("ec2:DeleteVpcEndpoints", None, "API reference: what was not deleted is told in the answer"),
    # EC2's model lists no errors: EC2 User Guide, Error codes for the Amazon EC2 API.
    **{f"ec2:{name}": (code, "EC2 User Guide, error codes") for name, code in {
        "DeleteFlowLogs": "InvalidFlowLogId.NotFound", "DeleteLaunchTemplate": "InvalidLaunchTemplateId.NotFound",
        "DeleteLaunchTemplateVersions": "InvalidLaunchTemplateId.NotFound",
        "DeleteDhcpOptions": "InvalidDhcpOptionID.NotFound", "DeleteEgressOnlyInternetGateway": "InvalidGatewayID.NotFound",
        "DeleteInternetGateway": "InvalidInternetGatewayID.NotFound", "DeleteNatGateway": "NatGatewayNotFound",
        "DeleteNetworkAcl": "InvalidNetworkAclID.NotFound", "DeleteNetworkAclEntry": "InvalidNetworkAclID.NotFound",
        "DeleteNetworkInterface": "InvalidNetworkInterfaceID.NotFound", "DeleteRoute": "InvalidRouteTableID.NotFound",
        "DeleteRouteTable": "InvalidRouteTableID.NotFound", "DeleteSecurityGroup": "InvalidGroup.NotFound",
        "DeleteSubnet": "InvalidSubnetID.NotFound", "DeleteTags": "InvalidVpcID.NotFound", "DeleteVpc": "InvalidVpcID.NotFound",
        "DeleteManagedPrefixList": "InvalidPrefixListID.NotFound", "DeleteSnapshot": "InvalidSnapshot.NotFound",
        "DetachVolume": "InvalidVolume.NotFound", "ResetSnapshotAttribute": "InvalidSnapshot.NotFound",
        "DeleteVolume": "InvalidVolume.NotFound", "DisassociateIamInstanceProfile": "NoSuchAssociation",
        "StopInstances": "InvalidInstanceID.NotFound", "TerminateInstances": "InvalidInstanceID.NotFound",
        "UnmonitorInstances": "InvalidInstanceID.NotFound", "DisableVgwRoutePropagation": "InvalidVpnGatewayID.NotFound",
        "ResetAddressAttribute": "InvalidAllocationID.NotFound", "ResetNetworkInterfaceAttribute": "InvalidNetworkInterfaceID.NotFound",
        "DeleteVpcPeeringConnection": "InvalidVpcPeeringConnectionID.NotFound", "DeleteVpnGateway": "InvalidVpnGatewayID.NotFound",
        "DetachInternetGateway": "InvalidInternetGatewayID.NotFound", "DetachNetworkInterface": "InvalidAttachmentID.NotFound",
        "DetachVpnGateway": "InvalidVpnGatewayID.NotFound", "DisassociateAddress": "InvalidAssociationID.NotFound",
        "DisassociateNatGatewayAddress": "NatGatewayNotFound", "DisassociateRouteTable": "InvalidAssociationID.NotFound",
        "DisassociateSubnetCidrBlock": "InvalidSubnetCidrBlockAssociationID.NotFound",
        "DisassociateVpcCidrBlock": "InvalidVpcCidrBlockAssociationID.NotFound",
        "RejectVpcPeeringConnection": "InvalidVpcPeeringConnectionID.NotFound", "ReleaseAddress": "InvalidAllocationID.NotFound",
        "RevokeSecurityGroupEgress": "InvalidGroup.NotFound", "RevokeSecurityGroupIngress": "InvalidGroup.NotFound",
        "UnassignPrivateIpAddresses": "InvalidNetworkInterfaceID.NotFound",
        "UnassignPrivateNatGatewayAddress": "NatGatewayNotFound"}.items()},
}


def gaps(implemented):
    """Deletes that the table does not hold, and lines about operations that are not there."""
    taking = {f"{service}:{name}" for service, name in implemented if VERBS.match(name)}
    found = [f"{one}: what it answers for an object that is gone is not in the table" for one in sorted(taking - set(GONE))]
    return found + [f"{one} is in the table of what is gone and not in the registry" for one in sorted(set(GONE) - taking)]
