"""Every delete of an object that is not there, as the table in `gone.py` says; and of some that were there a moment ago."""
from botocore.exceptions import ClientError

from gone import GONE
from harness import client, network, test, trust
from nowhere import VALUES, value

# What is needed and not required by the model.
ALSO = {
    "ec2:DeleteRoute": ["DestinationCidrBlock"], "ec2:DeleteSecurityGroup": ["GroupId"], "ec2:DisassociateAddress": ["AssociationId"],
    "ec2:ReleaseAddress": ["AllocationId"], "ec2:RevokeSecurityGroupEgress": ["IpPermissions"], "ecs:StopTask": ["cluster"],
    "ecs:DeleteService": ["cluster"], "ec2:RevokeSecurityGroupIngress": ["GroupId", "IpPermissions"], "dms:StopReplicationTask": [],
    "ec2:UnassignPrivateIpAddresses": ["PrivateIpAddresses"], "logs:DeleteResourcePolicy": ["policyName"],
    "rds:DeleteDBCluster": ["SkipFinalSnapshot"], "rds:DeleteDBInstance": ["SkipFinalSnapshot"], "rds:DeleteDBInstanceAutomatedBackup": ["DbiResourceId"],
    "ec2:DisassociateNatGatewayAddress": ["AssociationIds"], "ec2:DeleteLaunchTemplate": ["LaunchTemplateId"],
    "ec2:DeleteLaunchTemplateVersions": ["LaunchTemplateId"],
}


def answer(operation):
    """The code of a delete for what never was, or nothing."""
    service, name = operation.split(":")
    asked = client(service, attempts=8 if service == "route53" else 1)
    method = {api: method for method, api in asked.meta.method_to_api_mapping.items()}[name]
    shape = asked.meta.service_model.operation_model(name).input_shape
    members = [*shape.required_members, *ALSO.get(operation, [])]
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
