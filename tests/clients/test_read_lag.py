"""Reads of EC2 and IAM that lag behind: what clients must stand, and boto3's waiters do.

"Eventual consistency in the Amazon EC2 API" (EC2 Developer Guide), "Changes that I make are not always immediately visible"
(IAM User Guide). The server of this family hides every new object for two minutes of its time, see `run.py`.
"""
from harness import client, patiently, refused, test, wait

ec2, iam = client("ec2"), client("iam")


@test
def a_new_vpc_is_not_found_at_first():
    vpc = ec2.create_vpc(CidrBlock="10.60.0.0/16")["Vpc"]["VpcId"]
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    assert not ec2.describe_vpcs(Filters=mine)["Vpcs"], "a filter refuses nothing, it finds nothing"
    wait("ec2", "vpc_exists", VpcIds=[vpc])
    wait("ec2", "vpc_available", VpcIds=[vpc])
    assert ec2.describe_vpcs(Filters=mine)["Vpcs"]


@test
def changes_do_not_wait_for_reads():
    """A subnet in a VPC that no read shows yet."""
    vpc = ec2.create_vpc(CidrBlock="10.61.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.61.0.0/24")["Subnet"]["SubnetId"]
    refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet])
    patiently("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet])


@test
def a_new_role_is_not_found_at_first():
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    iam.create_role(RoleName="late", AssumeRolePolicyDocument=trust)
    refused("NoSuchEntity", iam.get_role, RoleName="late")
    refused("EntityAlreadyExists", iam.create_role, RoleName="late", AssumeRolePolicyDocument=trust)
    wait("iam", "role_exists", RoleName="late")
    assert iam.get_role(RoleName="late")["Role"]["RoleName"] == "late"
