"""Arguments that name objects which could be there, and are not."""
from harness import ACCOUNT

ID = "0123456789abcdef0"
ARNS = {
    ("acm", "CertificateArn"): "acm:us-east-1:{}:certificate/f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11",
    ("elbv2", "ListenerArn"): "elasticloadbalancing:us-east-1:{}:listener/app/never/50dc6c495c0c9188/f2f7dc8efc522ab2",
    ("elbv2", "LoadBalancerArn"): "elasticloadbalancing:us-east-1:{}:loadbalancer/app/never/50dc6c495c0c9188",
    ("elbv2", "TargetGroupArn"): "elasticloadbalancing:us-east-1:{}:targetgroup/never/50dc6c495c0c9188",
    ("elbv2", "RuleArn"): "elasticloadbalancing:us-east-1:{}:listener-rule/app/never/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
    ("elbv2", "ResourceArns"): "elasticloadbalancing:us-east-1:{}:loadbalancer/app/never/50dc6c495c0c9188",
    ("iam", "PolicyArn"): "iam::{}:policy/never",
    ("iam", "OpenIDConnectProviderArn"): "iam::{}:oidc-provider/never.example.com",
    ("sns", "TopicArn"): "sns:us-east-1:{}:never",
    ("sns", "SubscriptionArn"): "sns:us-east-1:{}:never:f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11",
    ("sns", "ResourceArn"): "sns:us-east-1:{}:never",
    ("rds", "ResourceName"): "rds:us-east-1:{}:db:never",
    ("rds", "SourceDBInstanceArn"): "rds:us-west-2:{}:db:never",
    ("rds", "RoleArn"): "iam::{}:role/never",
    ("lambda", "Resource"): "lambda:us-east-1:{}:function:never",
    ("logs", "resourceArn"): "logs:us-east-1:{}:log-group:/never",
    ("ecs", "resourceArn"): "ecs:us-east-1:{}:cluster/never",
    ("cloudwatch", "ResourceARN"): "cloudwatch:us-east-1:{}:alarm:never",
    ("application-autoscaling", "ResourceARN"): "application-autoscaling:us-east-1:{}:scalable-target/0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f",
    ("backup", "ResourceArn"): "backup:us-east-1:{}:backup-vault:never",
    ("backup", "RecoveryPointArn"): "backup:us-east-1:{}:recovery-point:never",
    ("events", "ResourceARN"): "events:us-east-1:{}:rule/never",
    ("dms", "ReplicationInstanceArn"): "dms:us-east-1:{}:rep:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "ReplicationTaskAssessmentRunArn"): "dms:us-east-1:{}:assessment-run:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "ReplicationConfigArn"): "dms:us-east-1:{}:replication-config:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "DataMigrationIdentifier"): "dms:us-east-1:{}:data-migration:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "DataProviderIdentifier"): "dms:us-east-1:{}:data-provider:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "InstanceProfileIdentifier"): "dms:us-east-1:{}:instance-profile:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "MigrationProjectIdentifier"): "dms:us-east-1:{}:migration-project:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "ReplicationTaskArn"): "dms:us-east-1:{}:task:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "EndpointArn"): "dms:us-east-1:{}:endpoint:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "CertificateArn"): "dms:us-east-1:{}:cert:NEVERNEVERNEVERNEVERNEVER1",
    ("dms", "ResourceArn"): "dms:us-east-1:{}:rep:NEVERNEVERNEVERNEVERNEVER1",
}
VALUES = {
    ("codebuild", "arn"): "arn:aws:codebuild:us-east-1:123456789012:token/github",
    ("ec2", "VolumeId"): f"vol-{ID}", ("ec2", "PrefixListId"): f"pl-{ID}", ("ec2", "SnapshotId"): f"snap-{ID}",
    ("ec2:ResetSnapshotAttribute", "Attribute"): "createVolumePermission", ("lambda", "Qualifier"): "1", ("kms", "GrantId"): "never",
    ("lambda", "CodeSigningConfigArn"): f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-{ID}",
    ("iam", "SAMLProviderArn"): f"arn:aws:iam::{ACCOUNT}:saml-provider/never", ("sns", "EndpointArn"): f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/ADM/a/{ID}",
    ("sns", "PlatformApplicationArn"): f"arn:aws:sns:us-east-1:{ACCOUNT}:app/ADM/never", ("ec2:DisassociateIamInstanceProfile", "AssociationId"): f"iip-assoc-{ID}",
    ("cloudcontrol", "TypeName"): "AWS::SQS::Queue",
    ("acm", "Tags"): [{"Key": "never"}],
    ("ec2", "VpcId"): f"vpc-{ID}", ("ec2", "SubnetId"): f"subnet-{ID}", ("ec2", "InternetGatewayId"): f"igw-{ID}",
    ("ec2", "NatGatewayId"): f"nat-{ID}", ("ec2", "RouteTableId"): f"rtb-{ID}", ("ec2", "GroupId"): f"sg-{ID}",
    ("ec2", "NetworkInterfaceId"): f"eni-{ID}", ("ec2", "NetworkAclId"): f"acl-{ID}", ("ec2", "DhcpOptionsId"): f"dopt-{ID}",
    ("ec2", "VpcPeeringConnectionId"): f"pcx-{ID}", ("ec2", "VpnGatewayId"): f"vgw-{ID}", ("ec2", "AttachmentId"): f"eni-attach-{ID}",
    ("ec2", "EgressOnlyInternetGatewayId"): f"eigw-{ID}", ("ec2", "Resources"): [f"vpc-{ID}"], ("ec2", "AllocationId"): f"eipalloc-{ID}",
    ("ec2", "DestinationCidrBlock"): "10.0.0.0/8", ("ec2", "AssociationIds"): [f"eipassoc-{ID}"], ("ec2", "RuleNumber"): 100, ("ec2", "Egress"): False,
    ("ec2", "PrivateIpAddresses"): ["10.0.0.9"], ("ec2", "IpPermissions"): [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    ("ec2:DisassociateAddress", "AssociationId"): f"eipassoc-{ID}", ("ec2:DisassociateRouteTable", "AssociationId"): f"rtbassoc-{ID}",
    ("ec2:DisassociateSubnetCidrBlock", "AssociationId"): f"subnet-cidr-assoc-{ID}",
    ("ec2:DisassociateVpcCidrBlock", "AssociationId"): f"vpc-cidr-assoc-{ID}",
    ("ec2", "LaunchTemplateId"): f"lt-{ID}", ("ec2", "InstanceIds"): [f"i-{ID}"], ("ec2", "VpcEndpointIds"): [f"vpce-{ID}"],
    ("ec2", "FlowLogIds"): [f"fl-{ID}"], ("ec2", "KeyName"): "never", ("iam", "SerialNumber"): "arn:aws:iam::123456789012:mfa/never",
    ("iam", "AuthenticationCode1"): "123456", ("iam", "AuthenticationCode2"): "654321", ("ecs", "name"): "containerInsights",
    ("lambda", "UUID"): "f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11",
    ("ec2", "Versions"): ["1"], ("ec2", "GatewayId"): f"vgw-{ID}",
    ("autoscaling", "Tags"): [{"ResourceId": "never", "ResourceType": "auto-scaling-group", "Key": "k"}],
    ("autoscaling", "TrafficSources"): [{"Identifier": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/never/50dc6c495c0c9188"}],
    ("ecs", "attributes"): [{"name": "never"}], ("ecs", "cluster"): "never", ("ecs", "taskDefinitions"): ["never:1"], ("ecs", "taskDefinition"): "never:1",
    ("elbv2", "Certificates"): [{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/never"}],
    ("elbv2", "Targets"): [{"Id": "10.0.0.1"}], ("elbv2", "TagKeys"): ["k"], ("iam", "AccessKeyId"): "AKIAIOSFODNN7EXAMPLE",
    ("iam", "CertificateId"): "NEVERNEVERNEVERNEVERNEVERNEVER12", ("iam", "SSHPublicKeyId"): "APKANEVERNEVERNEVER12",
    ("iam", "ServiceSpecificCredentialId"): "ACCANEVERNEVERNEVER12", ("ec2:ResetAddressAttribute", "Attribute"): "domain-name",
    ("ssm", "ParameterVersion"): 1, ("ssm", "Labels"): ["never"], ("autoscaling", "InstanceId"): f"i-{ID}",
    ("cloudwatch", "AlarmNames"): ["never"], ("rds:DisableHttpEndpoint", "ResourceArn"): "arn:aws:rds:us-east-1:123456789012:cluster:never",
    ("iam", "VersionId"): "v2", ("iam:DeleteServiceLinkedRole", "RoleName"): "AWSServiceRoleForNever", ("lambda", "VersionNumber"): 1,
    ("application-autoscaling", "ServiceNamespace"): "ecs", ("application-autoscaling", "ResourceId"): "service/never/never",
    ("application-autoscaling", "ScalableDimension"): "ecs:service:DesiredCount",
    ("route53", "HostedZoneId"): "Z00000000000000000000", ("route53:DeleteHostedZone", "Id"): "Z00000000000000000000",
    ("route53", "Id"): "f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11", ("route53", "HealthCheckId"): "f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11",
    ("route53:DeleteReusableDelegationSet", "Id"): "N0000000000000",
    ("route53", "VPC"): {"VPCId": f"vpc-{ID}", "VPCRegion": "us-east-1"}, ("s3", "Delete"): {"Objects": [{"Key": "k"}]},
    ("s3", "Bucket"): "never-there-at-all", ("ssm", "ResourceType"): "Parameter", ("rds", "SkipFinalSnapshot"): True,
    ("kms", "AliasName"): "alias/never", ("kms", "KeyId"): "00000000-0000-0000-0000-000000000000",
    ("secretsmanager", "RemoveReplicaRegions"): ["us-west-2"], ("logs", "policyName"): "never", ("iam", "ClientID"): "never",
}


def value(service, operation, name, shape):
    """Something that could be there, and is not."""
    for key in ((operation, name), (service, name)):
        if key in VALUES:
            return VALUES[key]
    if (service, name) in ARNS:
        arn = "arn:aws:" + ARNS[service, name].format(ACCOUNT)
        return [arn] if shape.type_name == "list" else arn
    if shape.type_name == "list":
        return [{}] if shape.member.type_name == "structure" else ["never"]
    return {"integer": 1, "long": 1, "boolean": False, "structure": {}, "map": {}, "timestamp": 0, "double": 1.0, "float": 1.0}.get(shape.type_name, "never")
