"""Every delete of an object that is not there, as the table in `gone.py` says; and of some that were there a moment ago."""
from botocore.exceptions import ClientError

from gone import GONE
from harness import client, network, test, trust
from nowhere import VALUES, value

# What is needed and not required by the model.
ALSO = {
    "ec2:DeleteRoute": ["DestinationCidrBlock"], "ec2:DeleteSecurityGroup": ["GroupId"], "ec2:DisassociateAddress": ["AssociationId"],
    "ec2:ReleaseAddress": ["AllocationId"], "ec2:RevokeSecurityGroupEgress": ["IpPermissions"], "ecs:StopTask": ["cluster"], "ecs:DeleteAttributes": ["cluster"], "ecs:DeregisterContainerInstance": ["cluster"],
    "ecs:DeleteService": ["cluster"], "ec2:RevokeSecurityGroupIngress": ["GroupId", "IpPermissions"], "dms:StopReplicationTask": [],
    "ec2:UnassignPrivateIpAddresses": ["PrivateIpAddresses"], "logs:DeleteResourcePolicy": ["policyName"],
    "rds:DeleteDBCluster": ["SkipFinalSnapshot"], "rds:DeleteDBInstance": ["SkipFinalSnapshot"], "rds:DeleteDBInstanceAutomatedBackup": ["DbiResourceId"],
    "ec2:DisassociateNatGatewayAddress": ["AssociationIds"], "ec2:DeleteLaunchTemplate": ["LaunchTemplateId"],
    "ec2:DeleteLaunchTemplateVersions": ["LaunchTemplateId"], "ec2:DeleteKeyPair": ["KeyName"], "iam:DeactivateMFADevice": ["UserName"],
}


def answer(operation):
    """The code of a delete for what never was, or nothing."""
    service, name = operation.split(":")
    asked = client(service, attempts=8 if service == "route53" else 1)
    method = {api: method for method, api in asked.meta.method_to_api_mapping.items()}[name]
    shape = asked.meta.service_model.operation_model(name).input_shape
    members = [*(shape.required_members if shape else []), *ALSO.get(operation, [])]
    try:
        getattr(asked, method)(**{member: value(service, operation, member, shape.members[member]) for member in members})
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@test
def what_never_was():
    wrong = {}
    VALUES["ec2:DetachVpnGateway", "VpcId"] = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    for operation, (code, because) in GONE.items():
        got = answer(operation)
        if got != code:
            wrong[operation] = f"answers {got} instead of {code} ({because or 'its model'})"
    assert not wrong, "\n".join(f"{operation} {why}" for operation, why in wrong.items())


@test
def what_was_there_a_moment_ago():
    elb, ecs, secrets, sns, iam = client("elbv2"), client("ecs"), client("secretsmanager"), client("sns"), client("iam")
    _, subnets, _ = network("gone")
    balancer = elb.create_load_balancer(Name="gone", Subnets=subnets, Scheme="internal", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="gone", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    for _ in range(2):
        elb.delete_load_balancer(LoadBalancerArn=balancer)
        elb.delete_target_group(TargetGroupArn=group)
    ecs.create_cluster(clusterName="gone")
    assert [ecs.delete_cluster(cluster="gone")["cluster"]["status"] for _ in range(2)][1] == "INACTIVE"
    secrets.create_secret(Name="gone")
    dates = [secrets.delete_secret(SecretId="gone", RecoveryWindowInDays=30)["DeletionDate"] for _ in range(2)]
    assert dates[0] and dates[1]
    topic = sns.create_topic(Name="gone")["TopicArn"]
    for _ in range(2):
        sns.delete_topic(TopicArn=topic)
    iam.create_role(RoleName="gone", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.delete_role(RoleName="gone")
    assert answer("iam:DeleteRole") == "NoSuchEntity"


def parents():
    """What is there: `{name: id}` of the objects that the table's operations take something from that is not there."""
    of, _, group = network("gone-parts")
    ec2, iam, logs, s3 = client("ec2"), client("iam"), client("logs"), client("s3")
    s3.create_bucket(Bucket="gone-parts")
    for name in ("gone-parts", "gone-other"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_user(UserName="gone-parts")
    iam.create_group(GroupName="gone-parts")
    iam.create_instance_profile(InstanceProfileName="gone-parts")
    logs.create_log_group(logGroupName="gone-parts")
    client("secretsmanager").create_secret(Name="gone-parts")
    client("ecs").create_cluster(clusterName="gone-parts")
    main = [{"Name": "vpc-id", "Values": [of]}, {"Name": "association.main", "Values": ["true"]}]
    return {
        "vpc": of, "group": group, "table": ec2.describe_route_tables(Filters=main)["RouteTables"][0]["RouteTableId"],
        "acl": ec2.describe_network_acls(Filters=main[:1])["NetworkAcls"][0]["NetworkAclId"],
        "gateway": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"],
        "key": client("kms").create_key()["KeyMetadata"]["KeyId"],
        "zone": client("route53", attempts=8).create_hosted_zone(Name="gone-parts.example.com", CallerReference="gone-parts")["HostedZone"]["Id"],
    }


BUCKET, ROLE, USER, LOG = {"Bucket": "gone-parts"}, {"RoleName": "gone-parts"}, {"UserName": "gone-parts"}, {"logGroupName": "gone-parts"}
FROM = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]
# (operation, arguments, the code or nothing): the parent is there, and what is taken from it is not. S3 API Reference ("204 No
# Content" of a configuration that is not there; NoSuchConfiguration of one that is named); IAM, Logs, ECS, Route 53: the models;
# EC2 User Guide, error codes.
PARTS = [
    *((f"s3:{name}", BUCKET, None) for name in (
        "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketTagging", "DeleteBucketWebsite", "DeleteBucketEncryption",
        "DeletePublicAccessBlock", "DeleteBucketOwnershipControls", "DeleteBucketReplication")),
    *((f"s3:DeleteBucket{name}Configuration", {**BUCKET, "Id": "never"}, "NoSuchConfiguration") for name in (
        "Analytics", "Metrics", "Inventory", "IntelligentTiering")),
    ("s3:DeleteObject", {**BUCKET, "Key": "never"}, None), ("s3:DeleteObjectTagging", {**BUCKET, "Key": "never"}, "NoSuchKey"),
    ("s3:AbortMultipartUpload", {**BUCKET, "Key": "never", "UploadId": "never"}, "NoSuchUpload"),
    ("iam:DeleteRolePolicy", {**ROLE, "PolicyName": "never"}, "NoSuchEntity"),
    ("iam:DetachRolePolicy", {**ROLE, "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "NoSuchEntity"),
    ("iam:UntagRole", {**ROLE, "TagKeys": ["never"]}, None), ("iam:DeleteUserPolicy", {**USER, "PolicyName": "never"}, "NoSuchEntity"),
    ("iam:DetachUserPolicy", {**USER, "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "NoSuchEntity"),
    ("iam:DeleteLoginProfile", USER, "NoSuchEntity"), ("iam:RemoveUserFromGroup", {**USER, "GroupName": "gone-parts"}, "NoSuchEntity"),
    ("iam:RemoveRoleFromInstanceProfile", {**ROLE, "InstanceProfileName": "gone-parts"}, "NoSuchEntity"),
    ("iam:DeletePolicyVersion", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "VersionId": "v9999"}, "AccessDenied"),
    ("logs:DeleteRetentionPolicy", LOG, None), ("logs:DeleteMetricFilter", {**LOG, "filterName": "never"}, "ResourceNotFoundException"),
    ("logs:DeleteSubscriptionFilter", {**LOG, "filterName": "never"}, "ResourceNotFoundException"),
    ("logs:DeleteLogStream", {**LOG, "logStreamName": "never"}, "ResourceNotFoundException"),
    ("secretsmanager:DeleteResourcePolicy", {"SecretId": "gone-parts"}, None),
    ("secretsmanager:UntagResource", {"SecretId": "gone-parts", "TagKeys": ["never"]}, None),
    ("ecs:DeleteService", {"cluster": "gone-parts", "service": "never"}, "ServiceNotFoundException"),
    ("ecs:StopTask", {"cluster": "gone-parts", "task": "0" * 32}, "InvalidParameterException"),
    ("kms:CancelKeyDeletion", {"KeyId": "{key}"}, "KMSInvalidStateException"), ("kms:UntagResource", {"KeyId": "{key}", "TagKeys": ["never"]}, None),
    ("ec2:DeleteRoute", {"RouteTableId": "{table}", "DestinationCidrBlock": "192.0.2.0/24"}, "InvalidRoute.NotFound"),
    ("ec2:DeleteNetworkAclEntry", {"NetworkAclId": "{acl}", "RuleNumber": 77, "Egress": False}, "InvalidNetworkAclEntry.NotFound"),
    ("ec2:RevokeSecurityGroupIngress", {"GroupId": "{group}", "IpPermissions": FROM}, "InvalidPermission.NotFound"),
    ("ec2:RevokeSecurityGroupEgress", {"GroupId": "{group}", "IpPermissions": FROM}, "InvalidPermission.NotFound"),
    ("ec2:DetachInternetGateway", {"InternetGatewayId": "{gateway}", "VpcId": "{vpc}"}, "Gateway.NotAttached"),
    ("ec2:DeleteTags", {"Resources": ["{vpc}"], "Tags": [{"Key": "never"}]}, None),
    ("route53:ChangeResourceRecordSets", {"HostedZoneId": "{zone}", "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": {
        "Name": "never.gone-parts.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}}]}}, "InvalidChangeBatch"),
    ("route53:DisassociateVPCFromHostedZone", {"HostedZoneId": "{zone}", "VPC": {"VPCId": "{vpc}", "VPCRegion": "us-east-1"}}, "VPCAssociationNotFound"),
]


def filled(given, there):
    """Arguments with the ids of what is there."""
    if isinstance(given, str):
        return given.format(**there) if given.startswith("{") else given
    if isinstance(given, list):
        return [filled(one, there) for one in given]
    return {name: filled(one, there) for name, one in given.items()} if isinstance(given, dict) else given


@test
def what_its_parent_does_not_have():
    there, wrong = parents(), []
    for operation, arguments, code in PARTS:
        service, name = operation.split(":")
        asked = client(service, attempts=8 if service in ("route53", "ec2") else 1)
        method = {api: method for method, api in asked.meta.method_to_api_mapping.items()}[name]
        try:
            getattr(asked, method)(**filled(arguments, there))
            got = None
        except ClientError as error:
            got = error.response["Error"]["Code"]
        if got != code:
            wrong.append(f"{operation} answers {got} instead of {code}")
    assert not wrong, "\n".join(wrong)
