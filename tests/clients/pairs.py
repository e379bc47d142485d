"""Deletes in the wrong order: what AWS answers, for every operation of the sandbox that takes something away.

One table, for `order.py` to play and for `coverage_law.py` to hold against the registry of operations. Every operation
that deletes, detaches, stops or releases has an entry: either what may still depend on its object, each with AWS's
answer and where that is written, or why nothing can. Sources: `API` is the API reference of the operation; other AWS
guides by name; where the guides are silent, what others saw, as repository and issue.
"""
import re
from dataclasses import dataclass

from kinds import KINDS

VERBS = re.compile("(Delete|Detach|Disassociate|Deregister|Remove|Release|Revoke|Unassign|Unsubscribe|Untag|Abort|Terminate|Deactivate|Stop|"
                   "Cancel|Disable|Reset|Reject)[A-Z]|Unsubscribe$|AbortMultipartUpload$")


@dataclass(frozen=True)
class Refused:
    """The call is refused with this code and a message of this form; once the dependent is gone it succeeds."""
    code: str
    wording: str
    source: str = "API"


@dataclass(frozen=True)
class Reported:
    """The call succeeds and reports a failure of this form in its answer."""
    wording: str
    source: str = "API"


@dataclass(frozen=True)
class Cascades:
    """Allowed: what depends goes too, or changes as said."""
    what: str
    source: str = "API"


@dataclass(frozen=True)
class Dangles:
    """Allowed: what depends stays, and refers to nothing."""
    what: str
    source: str = "API"


def ec2(label):
    """What EC2 says of almost everything that is still in use."""
    return rf"^The {label} '[a-z]+-[0-9a-f]+' has dependencies and cannot be deleted\.$"


VPC, SUBNET = Refused("DependencyViolation", ec2("vpc")), Refused("DependencyViolation", ec2("subnet"))
GROUP = Refused("DependencyViolation", r"^resource sg-[0-9a-f]+ has a dependent object$")
TABLE = Refused("DependencyViolation", ec2("routeTable"))
MAPPED = Refused("DependencyViolation", r"^Network vpc-[0-9a-f]+ has some mapped public address\(es\)\. Please unmap those")
HELD = "^You do not have permission to access the specified resource"
IN_USE = Refused("InvalidParameterValue", "^Network interface 'eni-[0-9a-f]+' is currently in use", "gruntwork-io/cloud-nuke#431")


def conflict(wording):
    return Refused("DeleteConflict", f"^{wording}$")


INLINE = conflict(r"Cannot delete entity, must delete policies first\.")
ATTACHED = conflict(r"Cannot delete entity, must detach all policies first\.")
PROFILE = conflict(r"Cannot delete entity, must remove roles from instance profile first\.")
MEMBER = conflict(r"Cannot delete entity, must remove users from group first\.")
POLICY = conflict(r"Cannot delete a policy attached to entities\.")
PROTECTED = Refused("UnmodifiableEntity", "^Cannot perform the operation on the protected role '.+' - this role is only modifiable by AWS$",
                    "rebuy-de/aws-nuke#331")
OF_A_TASK = Refused("InvalidResourceStateFault", "part of one or more ReplicationTasks")
OF_A_CONFIG = Refused("InvalidResourceStateFault", "part of one or more ReplicationConfigs")

# (service:operation) -> what depends on the object -> what AWS does
PAIRS = {
    # EC2: the network
    "ec2:DeleteVpc": {
        "a subnet": VPC, "an attached internet gateway": VPC, "a route table": VPC, "a security group": VPC,
        "an active peering connection": Refused("DependencyViolation", ec2("vpc"), "re:Post, dependency error when deleting a VPC"),
        "the default security group, main route table and network ACL": Cascades("they go with the VPC"),
        "a target group": Dangles("the target group stays and still names it", "kubernetes-sigs/aws-load-balancer-controller#889"),
        "a private hosted zone": Dangles("the zone still names it", "hashicorp/terraform-provider-aws#2832"),
    },
    "ec2:DeleteSubnet": {
        "a network interface": SUBNET, "a NAT gateway": SUBNET, "a load balancer": SUBNET, "the task of a service": SUBNET,
        "a database instance": SUBNET, "a replication instance": SUBNET, "a function in the network": SUBNET,
        "the association with a route table": Cascades("the association goes with the subnet"),
        "a DB subnet group without instances": Dangles("the group still names it", "aws-cloudformation-resource-providers-rds#221"),
        "a replication subnet group without instances": Dangles("the group still names it", "as for DB subnet groups"),
    },
    "ec2:DeleteSecurityGroup": {
        "a rule of another group": GROUP, "a network interface": GROUP, "a load balancer": GROUP, "a database instance": GROUP,
        "a replication instance": GROUP, "the task of a service": GROUP,
        "the VPC it is the default group of": Refused(
            "CannotDelete", r'^the specified group: "sg-[0-9a-f]+" name: "default" cannot be deleted by a user$', "EC2 error codes"),
        "a rule of its own": Cascades("its rules go with it"),
        "a rule in a peered VPC": Dangles("the rule goes stale", "VPC Peering Guide, stale rules"),
    },
    "ec2:DeleteRouteTable": {
        "the association with a subnet": TABLE,
        "the VPC it is the main table of": Refused("DependencyViolation", ec2("routeTable"), "VPC User Guide, delete a route table"),
        "its routes": Cascades("its routes go with it"),
    },
    "ec2:DeleteRoute": {
        "the VPC's own addresses": Refused(
            "InvalidParameterValue", r"^cannot remove local route \S+ in route table rtb-[0-9a-f]+$", "VPC User Guide, local routes")},
    "ec2:DisassociateRouteTable": {
        "the VPC it is the main table of": Refused(
            "InvalidParameterValue", "^cannot disassociate the main route table association rtbassoc-[0-9a-f]+$")},
    "ec2:DeleteNetworkAcl": {"a subnet": Refused("DependencyViolation", "has dependencies|in use", "VPC User Guide, delete a network ACL")},
    "ec2:DeleteDhcpOptions": {"a VPC": Refused("DependencyViolation", "has dependencies", "EC2 API, DeleteDhcpOptions")},
    "ec2:DeleteInternetGateway": {"the VPC it is attached to": Refused("DependencyViolation", ec2("internetGateway"))},
    "ec2:DeleteVpnGateway": {"the VPC it is attached to": Refused("IncorrectState", "incorrect state|attached", "EC2 error codes")},
    "ec2:DetachInternetGateway": {
        "an address on an interface": MAPPED, "a NAT gateway": MAPPED, "an internet-facing load balancer": MAPPED,
        "a route": Dangles("the route is a black hole", "VPC User Guide, route priority"),
    },
    "ec2:DeleteNatGateway": {
        "its address": Cascades("the address is free once the gateway is gone"),
        "a route": Dangles("the route is a black hole"),
        "an address on its way out": Cascades("it goes with the gateway", "API, DisassociateNatGatewayAddress"),
    },
    "ec2:DisassociateNatGatewayAddress": {
        "the gateway whose first address it is": Refused(
            "InvalidParameter", "no secondary address of the NAT gateway", "API; hashicorp/terraform-provider-aws, vpc_nat_gateway_eip_association.go"),
    },
    "ec2:UnassignPrivateNatGatewayAddress": {
        "the gateway whose first address it is": Refused("InvalidParameter", "no secondary address of the NAT gateway", "as for Elastic IPs"),
    },
    "ec2:DeleteNetworkInterface": {
        "the load balancer it belongs to": IN_USE,
        "its address": Cascades("the address is free", "EC2 User Guide, delete a network interface"),
    },
    "ec2:DeleteVpcPeeringConnection": {"a route": Dangles("the route is a black hole", "VPC Peering Guide, route tables")},
    "ec2:ReleaseAddress": {
        "the interface it is associated with": Refused("InvalidIPAddress.InUse", r"^Address \S+ is in use"),
        "a NAT gateway": Refused("AuthFailure", HELD, "kubernetes/kops#1604"),
    },
    "ec2:DisassociateAddress": {"a NAT gateway": Refused("AuthFailure", HELD, "hashicorp/terraform-provider-aws#3572")},
    "ec2:DisassociateVpcCidrBlock": {
        "a subnet in the block": Refused("InvalidCidrBlock.InUse", "in use|has a subnet", "EC2 error codes"),
        "the VPC whose first block it is": Refused("OperationNotPermitted", "may not be disassociated. It is the primary IPv4 CIDR block"),
    },
    # Load balancing
    "elbv2:DeleteLoadBalancer": {
        "its own protection": Refused(
            "OperationNotPermitted", "^Load balancer '.+' cannot be deleted because deletion protection is enabled$"),
        "a listener": Cascades("listeners and their rules go with it"),
        "a target group": Dangles("the target group stays, without load balancer"),
        "an alias record": Dangles("the record still names it", "Route 53 Developer Guide, dangling records"),
    },
    "elbv2:DeleteListener": {"a rule": Cascades("its rules go with it", "ELB, Application Load Balancers, delete a listener")},
    "elbv2:DeleteRule": {
        "the listener whose default rule it is": Refused("OperationNotPermitted", "^Default rule '.+' cannot be deleted$")},
    "elbv2:DeleteTargetGroup": {
        "the default action of a listener": Refused("ResourceInUse", "^Target group '.+' is currently in use by a listener or a rule$"),
        "the action of a rule": Refused("ResourceInUse", "^Target group '.+' is currently in use by a listener or a rule$"),
        "a registered target": Cascades("targets are no longer registered"),
    },
    # ECS and its scaling
    "ecs:DeleteCluster": {
        "a service": Refused("ClusterContainsServicesException", "^The [Cc]luster cannot be deleted while [Ss]ervices are active"),
        "a container instance": Refused("ClusterContainsContainerInstancesException",
                                        "^The Cluster cannot be deleted while Container Instances are active or draining"),
    },
    "ecs:DeleteService": {
        "tasks it keeps running": Refused("InvalidParameterException", r"^The service cannot be stopped while it is scaled above 0\.$"),
        "its scalable target": Cascades("target and policies go with the service", "eagletmt/hako#69"),
    },
    "ecs:DeregisterContainerInstance": {
        "a task": Refused("InvalidParameterException", r"^Found running tasks on the instance\.$", "moto, test_deregister_container_instance")},
    "ecs:DeleteTaskSet": {"tasks it keeps running": Cascades("they are stopped", "TestAccECSTaskSet_basic")},
    "ecs:DeregisterTaskDefinition": {"a service": Dangles("the service goes on with the revision")},
    "ecs:DeleteTaskDefinitions": {
        "its registration": Reported("still in ACTIVE status"),
        "a service": Dangles("the revision stays in DELETE_IN_PROGRESS until the service is gone"),
    },
    "application-autoscaling:DeregisterScalableTarget": {
        "a scaling policy": Cascades("the policy goes with it"), "a scheduled action": Cascades("the action goes with it")},
    "application-autoscaling:DeleteScalingPolicy": {
        "the alarms of target tracking": Cascades("its alarms go with it", "Application Auto Scaling, delete a target tracking policy")},
    "elbv2:RemoveListenerCertificates": {
        "the listener whose default certificate it is": Refused("OperationNotPermitted", "^Default certificate cannot be removed")},
    "ec2:DeleteManagedPrefixList": {
        "a rule that refers to it": Refused("DependencyViolation", ec2("prefix list"), "API, 'You must first remove all references'; the code: EC2 User Guide, error codes")},
    # Instances and their groups
    "ec2:DetachVolume": {
        "the instance whose root it is": Refused("OperationNotPermitted", "^Unable to detach root volume", "EC2 User Guide, error codes")},
    "ecs:DeleteCapacityProvider": {
        "a cluster that has it": Refused("ClientException", "^The capacity provider cannot be deleted because it is associated with cluster: ",
                                         "API, 'you must remove the capacity provider from the cluster'")},
    "lambda:DeleteCodeSigningConfig": {
        "a function that uses it": Refused("ResourceConflictException", "^Cannot delete the code signing configuration",
                                           "API, 'You can delete the code signing configuration only if no function is using it'")},
    "rds:DeleteGlobalCluster": {
        "a member": Refused("InvalidGlobalClusterStateFault", "^Global Cluster arn:.+ is not empty$", "moto, test_delete_non_global_cluster")},
    "rds:DeleteDBProxy": {
        "an endpoint": Cascades("the endpoint goes too", "RDS User Guide, deleting an RDS Proxy")},
    "ec2:DeleteVolume": {
        "the instance it is attached to": Refused("VolumeInUse", "is currently attached to", "EC2 API, DeleteVolume: it must be available")},
    "ec2:TerminateInstances": {
        "its own protection": Refused("OperationNotPermitted", "may not be terminated. Modify its 'disableApiTermination'", "EC2 User Guide, termination protection"),
        "the group it belongs to": Cascades("the group launches another one", "Auto Scaling User Guide, health checks"),
    },
    "ec2:DeleteLaunchTemplate": {
        "an Auto Scaling group": Dangles("the group still names it", "Auto Scaling User Guide, launch templates")},
    "ec2:DeleteLaunchTemplateVersions": {
        "the template whose default it is": Reported("default version", "API, the default version cannot be deleted")},
    "ec2:DeleteVpcEndpoints": {"a route table": Cascades("its routes go with it", "VPC User Guide, gateway endpoints")},
    "autoscaling:DeleteAutoScalingGroup": {
        "an instance": Refused("ResourceInUse", "instances"),
        "its own protection": Refused("ValidationError", "deletion protection", "API, DeletionProtection"),
        "a scaling policy": Cascades("its policies and their alarms go with it"),
    },
    "autoscaling:DeletePolicy": {
        "the alarms of target tracking": Cascades("its alarms go with it", "Auto Scaling User Guide, delete a target tracking policy")},
    "autoscaling:TerminateInstanceInAutoScalingGroup": {
        "the least size of its group": Refused("ValidationError", "min size constraint")},
    # Certificates
    "acm:DeleteCertificate": {
        "a listener": Refused("ResourceInUseException", "is in use", "ACM API, DeleteCertificate: dissociate it from every service first")},
    # Backup
    "backup:DeleteBackupVault": {
        "a recovery point": Refused("InvalidRequestException", "contains recovery points", "AWS Backup Developer Guide, delete a vault")},
    "backup:DeleteBackupPlan": {
        "a selection": Refused("InvalidRequestException", "^Related backup plan selections must be deleted prior to backup plan deletion$",
                               "hashicorp/terraform-provider-aws, internal/service/backup/plan.go")},
    "backup:DeleteRecoveryPoint": {
        "the lock of its vault": Refused("InvalidRequestException", "locked vault", "AWS Backup Developer Guide, vault lock")},
    # EventBridge
    "events:DeleteRule": {
        "a target": Refused("ValidationException", r"^Rule can't be deleted since it has targets\.$", "API: remove all targets first")},
    "events:DeleteEventBus": {
        "a rule": Refused("ValidationException", r"^Event bus can't be deleted since it has rules\.$", "EventBridge User Guide, delete an event bus")},
    # IAM
    "iam:DeleteRole": {
        "an inline policy": INLINE, "an attached policy": ATTACHED, "an instance profile": PROFILE,
        "the service it is linked to": PROTECTED,
        "a permissions boundary": Cascades("the boundary is set free"),
        "a function": Dangles("the function still names it", "Lambda Developer Guide, execution role"),
    },
    "iam:DeletePolicy": {
        "a role": POLICY, "a user": POLICY, "a group": POLICY,
        "a role whose boundary it is": POLICY,
        "another version": conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."),
    },
    "iam:DeletePolicyVersion": {"the policy whose default it is": conflict(r"Cannot delete the default version of a policy\.")},
    "iam:DeleteInstanceProfile": {"a role": PROFILE},
    "iam:DeleteUser": {"an inline policy": INLINE, "an attached policy": ATTACHED, "a group": MEMBER},
    "iam:DeleteVirtualMFADevice": {"its user": conflict("Cannot delete virtual MFA device that is assigned to a user.")},
    "iam:DeleteGroup": {"an inline policy": INLINE, "an attached policy": ATTACHED, "a user": MEMBER},
    "iam:DetachRolePolicy": {"the service the role is linked to": PROTECTED},
    "iam:DeleteServiceLinkedRole": {
        "a resource of the service": Cascades("the deletion is asked for, and fails later while the service needs the role")},
    # RDS
    "rds:DeleteDBInstance": {
        "its own protection": Refused(
            "InvalidParameterCombination",
            "^Cannot delete protected DB Instance, please disable deletion protection and try again", "RDS User Guide, delete a DB instance"),
        "a final snapshot that is not named": Refused(
            "InvalidParameterCombination", "^FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified"),
        "a read replica": Cascades("the replica becomes an instance of its own", "RDS User Guide, delete a DB instance"),
        "a manual snapshot": Dangles("the snapshot stays"),
        "the cluster it writes for": Cascades("a reader writes from now on", "Aurora User Guide, fault tolerance"),
        "its automated backups": Cascades("they go with it"),
        "automated backups that are to stay": Dangles("they stay and are retained"),
        "the copies of its backups in another region": Dangles("they stay and are retained", "API, status retained"),
    },
    "rds:DeleteDBInstanceAutomatedBackup": {
        "the instance it is of": Refused("InvalidDBInstanceAutomatedBackupState", "in use"),
        "the replication that adds to it": Refused("InvalidDBInstanceAutomatedBackupState", "in use"),
    },
    "rds:StopDBInstanceAutomatedBackupsReplication": {
        "the copies in the other region": Dangles("they stay and are retained", "API, DescribeDBInstanceAutomatedBackups, status retained")},
    "rds:StopDBInstance": {
        "a read replica": Refused("InvalidDBInstanceState", "[Rr]ead [Rr]eplica", "RDS User Guide, limitations of stopping an instance")},
    "rds:DeleteDBCluster": {
        "its global cluster": Refused("InvalidDBClusterStateFault", "^This cluster is a part of a global cluster, please remove it",
                                      "hashicorp/terraform-provider-aws, resourceClusterDelete"),
        "an instance": Refused(
            "InvalidDBClusterStateFault", r"^Cluster cannot be deleted, it still contains DB instances in non-deleting state\.$",
            "hashicorp/terraform-provider-aws#7110"),
        "its own protection": Refused(
            "InvalidParameterCombination", "^Cannot delete protected Cluster, please disable deletion protection and try again"),
        "a final snapshot that is not named": Refused(
            "InvalidParameterCombination", "^FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified"),
        "a manual snapshot": Dangles("the snapshot stays"),
    },
    "rds:DeleteDBClusterSnapshot": {
        "the backup that still makes it": Refused("InvalidDBClusterSnapshotStateFault", "not in available state"),
        "a cluster restored from it": Cascades("the cluster lives on"),
    },
    "rds:DeleteDBClusterParameterGroup": {
        "a cluster": Refused("InvalidDBParameterGroupState", "are still members of this parameter group"),
        "the family whose default it is": Refused("InvalidDBParameterGroupState", "^A default parameter group can't be deleted|default"),
    },
    "rds:DeleteDBSubnetGroup": {
        "a cluster without instances": Refused("InvalidDBSubnetGroupStateFault", "is still using it", "as for instances"),
        "a database instance": Refused(
            "InvalidDBSubnetGroupStateFault",
            "^Cannot delete the subnet group '.+' because at least one database instance: .+ is still using it", "anomalyco/sst#4026")},
    "rds:DeleteDBParameterGroup": {
        "a database instance": Refused("InvalidDBParameterGroupState", "are still members of this parameter group"),
        "the family whose default it is": Refused("InvalidDBParameterGroupState", "^A default parameter group can't be deleted|default"),
    },
    "rds:DeleteOptionGroup": {
        "a database instance": Refused("InvalidOptionGroupStateFault", "in use by one or more DB instances"),
        "the engine whose default it is": Refused("InvalidOptionGroupStateFault", "default option group .* cannot be deleted"),
    },
    "rds:DeleteDBSnapshot": {
        "the backup that still makes it": Refused("InvalidDBSnapshotState", "not in available state"),
        "an instance restored from it": Cascades("the instance lives on"),
    },
    # DMS
    "dms:DeleteReplicationInstance": {
        "a task": Refused("InvalidResourceStateFault", "has one or more replication tasks", "hashicorp/terraform-provider-aws#21199"),
        "a tested connection": Cascades("the connection goes with it"),
    },
    "dms:DeleteEndpoint": {"a task from it": OF_A_TASK, "a task to it": OF_A_TASK, "a serverless replication": OF_A_CONFIG,
                           "a tested connection": Cascades("the connection goes with it")},
    "dms:DeleteDataProvider": {"a migration project": Refused("InvalidResourceStateFault", "used by the migration project")},
    "dms:DeleteInstanceProfile": {"a migration project": Refused("InvalidResourceStateFault", "used by the migration project")},
    "dms:DeleteMigrationProject": {"a data migration": Refused("InvalidResourceStateFault", "has one or more data migrations")},
    "dms:DeleteDataMigration": {"its own run": Refused("InvalidResourceStateFault", "cannot be deleted, it is (starting|running)")},
    "dms:DeleteReplicationConfig": {
        "its own run": Refused("InvalidResourceStateFault", "is in [A-Z_]+ state and cannot be deleted"),
        "its capacity": Refused("InvalidResourceStateFault", "is in PROVISIONED state and cannot be deleted"),
    },
    "dms:DeleteReplicationTask": {"its own run": Refused("InvalidResourceStateFault", "cannot be deleted|is currently running")},
    "dms:DeleteReplicationSubnetGroup": {
        "a replication instance": Refused(
            "InvalidResourceStateFault", "^Cannot delete the subnet group '.+' because at least one database instance: .+ is still using it",
            "hashicorp/terraform-provider-aws#34576"),
        "a serverless replication": Refused("InvalidResourceStateFault", "^Cannot delete the subnet group '.+' because the replication config")},
    "dms:DeleteCertificate": {"an endpoint": Refused("InvalidResourceStateFault", "in use|being used")},
    # S3
    "s3:DeleteBucket": {
        "an object": Refused("BucketNotEmpty", "^The bucket you tried to delete is not empty"),
        "an older version": Refused("BucketNotEmpty", r"not empty\. You must delete all versions in the bucket\.$"),
        "a delete marker": Refused("BucketNotEmpty", r"not empty\. You must delete all versions in the bucket\.$"),
        "an unfinished upload": Cascades("the upload goes with it", "ceph/ceph#15630, scality/cloudserver#1591"),
        "the bucket that replicates to it": Dangles("the rule still names it", "S3 User Guide, replication"),
    },
    "s3:DeleteObject": {"the retention of its version": Refused("AccessDenied", "object protected by object lock|Access Denied", "S3 User Guide, Object Lock")},
    "s3:DeleteObjects": {"the retention of a version": Reported("object protected by object lock|Access Denied", "S3 User Guide, Object Lock")},
    # Route 53
    "route53:DeleteHostedZone": {
        "a record": Refused("HostedZoneNotEmpty", "^The specified hosted zone contains non-required resource record sets and so cannot be deleted"),
        "the networks of a private zone": Cascades("they no longer resolve it"),
        "a query logging configuration": Cascades("the configuration goes with it"),
    },
    "route53:DeleteReusableDelegationSet": {
        "a hosted zone": Refused("DelegationSetInUse", "associated with hosted zones"),
    },
    "route53:DeleteHealthCheck": {"a record": Dangles("the record still names it")},
    "route53:DisassociateVPCFromHostedZone": {
        "the private zone whose last network it is": Refused("LastVPCAssociation", "last VPC|only.*VPC|private hosted zone")},
    "route53:DeleteVPCAssociationAuthorization": {"an association": Cascades("what is associated stays associated")},
    # The rest
    "secretsmanager:DeleteSecret": {
        "a replica": Refused(
            "InvalidParameterException", r"^You can't delete secret .+ that still has replica regions \[.+\]", "rebuy-de/aws-nuke#1127"),
        "its successor of the same name": Refused("InvalidRequestException", "already scheduled for deletion", "Secrets Manager User Guide"),
        "an endpoint that reads it": Dangles("the endpoint still names it", "DMS User Guide, secrets of endpoints"),
    },
    "sns:DeleteTopic": {
        "a subscription": Cascades("subscriptions go with it"),
        "an alarm": Dangles("the alarm still names it", "CloudWatch User Guide, alarm actions"),
    },
    "logs:DeleteLogGroup": {
        "its own protection": Refused("ValidationException", "[Dd]eletion protection|protected"),
        "a stream with events": Cascades("streams and events go with it"),
    },
    "logs:DeleteLogStream": {"its events": Cascades("its events go with it")},
    "cloudwatch:DeleteAlarms": {
        "a composite alarm": Refused("ValidationError", r"^Cannot delete \S+ as there are composite alarm\(s\) depending on it\.$", "ekristen/aws-nuke#462"),
    },
    "lambda:DeleteFunction": {
        "a permission": Cascades("its policy goes with it"),
        "a published version": Cascades("its versions go with it"),
        "the rotation of a secret": Dangles("the secret still names it", "Secrets Manager User Guide, rotation"),
    },
}

CONFIGURATION = "a setting of its bucket or object: nothing hangs on it"
TAGS = "tags: nothing hangs on them"
# (service:operation) -> why nothing can depend on what it takes away
ALONE = {
    **dict.fromkeys((
        "acm:RemoveTagsFromCertificate", "application-autoscaling:UntagResource", "autoscaling:DeleteTags", "backup:UntagResource", "cloudwatch:UntagResource", "dms:RemoveTagsFromResource", "ec2:DeleteTags",
        "ecs:UntagResource", "elbv2:RemoveTags", "events:UntagResource", "iam:UntagInstanceProfile", "iam:UntagPolicy", "iam:UntagRole", "iam:UntagUser", "iam:UntagMFADevice",
        "iam:UntagOpenIDConnectProvider", "iam:UntagSAMLProvider", "iam:UntagServerCertificate", "kms:UntagResource", "lambda:UntagResource", "logs:UntagLogGroup", "logs:UntagResource", "rds:RemoveTagsFromResource", "s3:DeleteBucketTagging",
        "s3:DeleteObjectTagging", "secretsmanager:UntagResource", "sns:UntagResource", "ssm:RemoveTagsFromResource"), TAGS),
    **dict.fromkeys((
        "s3:DeleteBucketAnalyticsConfiguration", "s3:DeleteBucketCors", "s3:DeleteBucketEncryption",
        "s3:DeleteBucketIntelligentTieringConfiguration", "s3:DeleteBucketInventoryConfiguration", "s3:DeleteBucketLifecycle",
        "s3:DeleteBucketMetricsConfiguration", "s3:DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketOwnershipControls", "s3:DeleteBucketPolicy", "s3:DeleteBucketReplication",
        "s3:DeleteBucketWebsite", "s3:DeletePublicAccessBlock"), CONFIGURATION),
    **dict.fromkeys(("iam:DeleteSSHPublicKey", "iam:DeleteServiceSpecificCredential", "iam:DeleteSigningCertificate",
                     "iam:ResetServiceSpecificCredential"),
                    "what a user signs in with: nothing refers to it"),
    "application-autoscaling:DeleteScheduledAction": "a leaf below its target",
    "autoscaling:CancelInstanceRefresh": "a refresh is used by nobody; what it replaced stays replaced",
    "autoscaling:DeleteLifecycleHook": "a setting of the group",
    "autoscaling:DeleteNotificationConfiguration": "a setting of the group",
    "autoscaling:DetachLoadBalancerTargetGroups": "what the group has is deregistered, and drains",
    "autoscaling:DetachLoadBalancers": "always refused: there are no classic load balancers here",
    "autoscaling:DetachTrafficSources": "what the group has is deregistered, and drains",
    "autoscaling:DisableMetricsCollection": "a setting of the group",
    "ec2:DisableVgwRoutePropagation": "a setting of the route table",
    "backup:DeleteBackupSelection": "a leaf below its plan",
    "backup:DeleteBackupVaultAccessPolicy": "a setting of the vault",
    "backup:DeleteBackupVaultLockConfiguration": "a setting of the vault",
    "backup:DeleteBackupVaultNotifications": "a setting of the vault",
    "cloudcontrol:CancelResourceRequest": "it ends a request, which nothing refers to",
    "cloudcontrol:DeleteResource": "what objects mean to each other is not modelled (`sandbox differences`)",
    "cloudwatch:DeleteDashboards": "a dashboard shows others and is used by nobody",
    "cloudwatch:DisableAlarmActions": "a switch of the alarm",
    "codebuild:DeleteProject": "its webhook is a part of it; what builds with it (a pipeline) names it and is not told",
    "codebuild:DeleteSourceCredentials": "webhooks stay, and projects that sign in with them fail with their next build",
    "codebuild:DeleteWebhook": "a setting of the project",
    "dms:DeleteConnection": "the outcome of a test; tasks that run are not stopped by it",
    "dms:DeleteReplicationTaskAssessmentRun": "a result: nothing refers to it",
    "dms:DeleteEventSubscription": "a leaf: it sends, nobody refers to it",
    "dms:StopDataMigration": "a change of state: a data migration is used by nobody",
    "dms:StopReplication": "a change of state: a replication is used by nobody",
    "dms:StopReplicationTask": "a change of state: a task is used by nobody",
    "ec2:DeleteFlowLogs": "a log is used by nobody; what it wrote stays",
    "ec2:DeleteKeyPair": "instances keep the public key and the pair's name",
    "rds:CancelExportTask": "an export is used by nobody",
    "rds:DeleteBlueGreenDeployment": "its databases stay, or go with it when that is asked for",
    "ecs:DeleteAccountSetting": "a setting of the account",
    "ecs:DeleteAttributes": "attributes are read by name, never referred to",
    "iam:DeactivateMFADevice": "a setting of the user",
    "iam:DeleteAccountPasswordPolicy": "a setting of the account",
    "lambda:DeleteEventSourceMapping": "a leaf below its function",
    "lambda:DeleteFunctionUrlConfig": "a setting of the function",
    "rds:DeleteDBClusterEndpoint": "a name of the cluster: nothing refers to it",
    "ec2:StopInstances": "a change of state: what uses an instance finds it stopped",
    "ec2:DisassociateIamInstanceProfile": "a setting of the instance",
    "ec2:DeleteEgressOnlyInternetGateway": "routes to it, which the sandbox does not make",
    "ec2:DeleteNetworkAclEntry": "a rule: nothing refers to it",
    "ec2:DetachNetworkInterface": "always refused: only services attach interfaces here",
    "ec2:ResetAddressAttribute": "a setting of the address",
    "ec2:ResetNetworkInterfaceAttribute": "a setting of the interface",
    "ec2:UnassignPrivateIpAddresses": "secondary addresses, which nothing else refers to here",
    "ec2:DetachVpnGateway": "routes that it would have propagated, and there are none",
    "ec2:DisassociateSubnetCidrBlock": "IPv6 addresses of interfaces, which the sandbox does not give out",
    "ec2:RejectVpcPeeringConnection": "only a pending connection can be rejected, and nothing uses one that is pending",
    "ec2:RevokeSecurityGroupEgress": "a rule: nothing refers to it",
    "ec2:RevokeSecurityGroupIngress": "a rule: nothing refers to it",
    "ecs:StopTask": "a task is used by nobody; its service starts another",
    "elbv2:DeregisterTargets": "targets are addresses, and drain",
    "events:DisableRule": "a switch of the rule",
    "events:RemoveTargets": "a target exists in its rule only",
    "iam:DeleteAccessKey": "a credential of its user: nothing refers to it",
    "iam:DeleteAccountAlias": "a name of the account: nothing refers to it",
    "iam:DeleteLoginProfile": "the password of its user",
    "iam:DeleteOpenIDConnectProvider": "roles that trust it still name it, and are not told",
    "iam:DeleteServerCertificate": "listeners with certificates of IAM, which the sandbox does not tell apart",
    "iam:DeleteUserPermissionsBoundary": "a setting of the user",
    "iam:RemoveClientIDFromOpenIDConnectProvider": "a setting of the provider",
    "iam:DeleteGroupPolicy": "an inline policy exists in its group only",
    "iam:DeleteRolePermissionsBoundary": "a setting of the role",
    "iam:DeleteRolePolicy": "an inline policy exists in its role only",
    "iam:DeleteUserPolicy": "an inline policy exists in its user only",
    "iam:DetachGroupPolicy": "an attachment is used by nobody",
    "iam:DetachUserPolicy": "an attachment is used by nobody",
    "iam:RemoveRoleFromInstanceProfile": "instances that hold the profile, of which there are none here",
    "iam:RemoveUserFromGroup": "a membership is used by nobody",
    "autoscaling:DeleteScheduledAction": "a setting of the group",
    "ec2:DeleteSnapshot": "volumes that were made of it have their data; images of one's own, which would keep it, are not played",
    "ec2:DisableEbsEncryptionByDefault": "a setting of the Region: what is encrypted stays so",
    "ec2:ResetEbsDefaultKmsKeyId": "a setting of the Region",
    "ec2:ResetSnapshotAttribute": "a setting of the snapshot",
    "iam:DeleteSAMLProvider": "roles that trust it are not asked (API: attempts to assume them fail)",
    "lambda:DeleteProvisionedConcurrencyConfig": "a setting of the version or the alias",
    "rds:DeleteDBProxyEndpoint": "clients that use its name are not told",
    "rds:RemoveFromGlobalCluster": "the cluster stands by itself; the primary one is refused while there are others (test_global)",
    "rds:DeregisterDBProxyTargets": "connections through the proxy end; nothing refers to it",
    "sns:DeleteEndpoint": "subscriptions of it stay (LocalStack's recording test_delete_platform_endpoint_with_subscription)",
    "sns:DeletePlatformApplication": "its endpoints go with it",
    "kms:CancelKeyDeletion": "it takes back what was to come",
    "kms:DeleteAlias": "a name of a key: callers that use it are refused from now on, and are not told",
    "kms:DisableKey": "a switch of the key: what it encrypted waits for it, and nobody is told",
    "kms:DisableKeyRotation": "a setting of the key",
    "kms:DeleteImportedKeyMaterial": "what it encrypted waits until the same material comes back, and nobody is told",
    "kms:RevokeGrant": "whoever used it is refused from now on, and is not told",
    "kms:ScheduleKeyDeletion": "whatever the key has encrypted is lost when the waiting period ends, and KMS does not know of it",
    "lambda:DeleteAlias": "a name of a version: callers that use it are refused from now on, and are not told",
    "lambda:DeleteLayerVersion": "functions that use it keep their copy (Lambda Developer Guide, layers)",
    "lambda:RemoveLayerVersionPermission": "a statement of the version's policy",
    "lambda:DeleteFunctionCodeSigningConfig": "a setting of the function",
    "lambda:DeleteFunctionConcurrency": "a setting of the function",
    "lambda:DeleteFunctionEventInvokeConfig": "a setting of the function, a version or an alias",
    "lambda:RemovePermission": "a statement: those it permits are refused from now on, and are not told",
    "logs:DeleteDataProtectionPolicy": "a setting of the group",
    "logs:DeleteIndexPolicy": "a setting of the group",
    "cloudwatch:DeleteMetricStream": "a leaf: it sends, nobody refers to it",
    "cloudwatch:StopMetricStreams": "a change of state",
    "logs:DeleteMetricFilter": "a setting of the group",
    "logs:DeleteQueryDefinition": "a text that is saved",
    "logs:DeleteSubscriptionFilter": "a setting of the group",
    "logs:DeleteResourcePolicy": "a statement: those it permits are refused from now on, and are not told",
    "logs:DeleteRetentionPolicy": "a setting of the group",
    "logs:DisassociateKmsKey": "a setting of the group",
    "rds:DeleteEventSubscription": "a leaf: it sends, nobody refers to it",
    "rds:DisableHttpEndpoint": "a setting of the cluster",
    "rds:RemoveRoleFromDBCluster": "an association is used by nobody",
    "rds:RemoveSourceIdentifierFromSubscription": "a setting of the subscription",
    "rds:StopDBCluster": "a change of state: its instances stop with it",
    "rds:ResetDBClusterParameterGroup": "values, which are only set to their defaults",
    "rds:RemoveRoleFromDBInstance": "an association is used by nobody",
    "rds:ResetDBParameterGroup": "values, which are only set to their defaults",
    "route53:DeleteQueryLoggingConfig": "a leaf below its zone",
    "s3:AbortMultipartUpload": "an upload is used by nobody; its parts go with it",
    "secretsmanager:CancelRotateSecret": "a setting of the secret",
    "secretsmanager:DeleteResourcePolicy": "a setting of the secret",
    "secretsmanager:RemoveRegionsFromReplication": "replicas are read by value, never referred to",
    "sns:RemovePermission": "a statement of the topic's policy",
    "sns:Unsubscribe": "a subscription is used by nobody",
    "ssm:DeleteParameter": "parameters are read by value, never referred to",
    "ssm:DeleteParameters": "parameters are read by value, never referred to",
}


def keys():
    """Every pair, as (service:operation, what depends)."""
    return {(operation, dependent) for operation, pairs in PAIRS.items() for dependent in pairs}


def gaps(operations, kinds, played):
    """What the table does not say, says twice or says of what does not exist, and pairs that were not played."""
    taking = {f"{service}:{name}" for service, name in operations if VERBS.match(name)}
    have = {f"{service}:{name}" for service, name in operations}
    stated = set(PAIRS) | set(ALONE)
    found = [f"{one} has neither a pair nor a statement that nothing depends on it" for one in sorted(taking - stated)]
    found += [f"{one} is in the table and not in the registry" for one in sorted(stated - have)]
    found += [f"{one} has pairs and a statement that nothing depends on it" for one in sorted(set(PAIRS) & set(ALONE))]
    found += [f"{kind} has no operation that ends it in the table" for kind in sorted(kinds - set(KINDS))]
    found += [f"{kind} is in the table and no resource type" for kind in sorted(set(KINDS) - kinds)]
    found += [f"{kind}: {one} is not in the table" for kind, one in sorted(KINDS.items()) if " " not in one and one not in stated]
    found += [f"{operation} while {dependent} depends on it was not played" for operation, dependent in sorted(keys() - played)]
    return found
