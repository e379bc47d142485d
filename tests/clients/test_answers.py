"""What AWS fills in where nothing was sent: defaults, ids, addresses, names of interfaces."""
import ipaddress
import json
import re

from harness import ACCOUNT, client, eventually, ids, network, no_such_filter, patiently, refused, role, test, wait
from objects import way_out

ec2, rds, dms, elb, ecs, iam = client("ec2"), client("rds"), client("dms"), client("elbv2"), client("ecs"), client("iam")
BASE = {"DBInstanceClass": "db.t3.medium", "Engine": "postgres", "MasterUsername": "master", "MasterUserPassword": "not-a-secret-1"}


def interfaces(name, *values):
    return eventually(lambda: ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": list(values)}])["NetworkInterfaces"])


def default_group(vpc):
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])
    return found["SecurityGroups"][0]["GroupId"]


def placed(eni, description, requester):
    """An interface of a service looks like AWS's, and has an address of its subnet."""
    assert eni["RequesterManaged"] and eni["Status"] == "in-use" and eni["Attachment"]["Status"] == "attached", eni
    assert re.search(description, eni["Description"]) and eni["RequesterId"] == requester, eni
    block = ec2.describe_subnets(SubnetIds=[eni["SubnetId"]])["Subnets"][0]["CidrBlock"]
    assert ipaddress.ip_address(eni["PrivateIpAddress"]) in ipaddress.ip_network(block)
    assert eni["PrivateDnsName"] == f"ip-{eni['PrivateIpAddress'].replace('.', '-')}.ec2.internal"
    assert re.fullmatch("02(:[0-9a-f]{2}){5}", eni["MacAddress"]), eni["MacAddress"]


@test
def databases():
    vpc, subnets, _ = network()
    rds.create_db_subnet_group(DBSubnetGroupName="answers", DBSubnetGroupDescription="x", SubnetIds=subnets)
    made = rds.create_db_instance(DBInstanceIdentifier="answers", DBSubnetGroupName="answers", AllocatedStorage=20, **BASE)["DBInstance"]
    assert "InstanceCreateTime" not in made and "Endpoint" not in made
    assert (made["StorageType"], made["Iops"], made["StorageThroughput"]) == ("gp3", 3000, 125)
    assert made["EngineLifecycleSupport"] == "open-source-rds-extended-support" and made["BackupTarget"] == "region"
    assert ids(made["VpcSecurityGroups"], "VpcSecurityGroupId") == [default_group(vpc)]
    assert made["PubliclyAccessible"] is False
    large = rds.create_db_instance(DBInstanceIdentifier="large", DBSubnetGroupName="answers", AllocatedStorage=400, **BASE)["DBInstance"]
    assert (large["StorageType"], large["Iops"], large["StorageThroughput"]) == ("gp3", 12000, 500)
    fast = rds.create_db_instance(DBInstanceIdentifier="fast", AllocatedStorage=100, Iops=1000, **BASE)["DBInstance"]
    assert (fast["StorageType"], fast["Iops"], fast["PubliclyAccessible"]) == ("io1", 1000, True)
    old = rds.create_db_instance(DBInstanceIdentifier="old", AllocatedStorage=20, StorageType="gp2", **BASE)["DBInstance"]
    assert old["StorageType"] == "gp2" and "Iops" not in old and old["StorageThroughput"] == 0
    wait("rds", "db_instance_available", DBInstanceIdentifier="answers")
    assert rds.describe_db_instances(DBInstanceIdentifier="answers")["DBInstances"][0]["InstanceCreateTime"]
    for eni in interfaces("subnet-id", *subnets):
        placed(eni, "^RDSNetworkInterface$", "amazon-rds")
        assert ids(eni["Groups"], "GroupId") == [default_group(vpc)]


@test
def replication_instances():
    vpc, subnets, _ = network()
    role("dms-vpc-role", "dms.amazonaws.com")
    iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole")
    patiently("AccessDeniedFault", dms.create_replication_subnet_group, ReplicationSubnetGroupIdentifier="answers",
              ReplicationSubnetGroupDescription="x", SubnetIds=subnets)
    made = dms.create_replication_instance(ReplicationInstanceIdentifier="answers", ReplicationInstanceClass="dms.t3.medium",
                                           ReplicationSubnetGroupIdentifier="answers")["ReplicationInstance"]
    assert made["AllocatedStorage"] == 50 and made["PubliclyAccessible"] and made["AutoMinorVersionUpgrade"]
    assert ids(made["VpcSecurityGroups"], "VpcSecurityGroupId") == [default_group(vpc)]
    assert "InstanceCreateTime" not in made and "ReplicationInstancePrivateIpAddress" not in made
    wait("dms", "replication_instance_available", Filters=[{"Name": "replication-instance-id", "Values": ["answers"]}])
    found = dms.describe_replication_instances()["ReplicationInstances"][0]
    own = interfaces("subnet-id", *subnets)
    placed(own[0], "^DMSNetworkInterface$", "amazon-dms")
    assert found["ReplicationInstancePrivateIpAddresses"] == [own[0]["PrivateIpAddress"]]


@test
def load_balancers_and_tasks():
    vpc, subnets, group = network()
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    way_out(vpc)
    made = elb.create_load_balancer(Name="answers", Subnets=subnets)["LoadBalancers"][0]
    assert made["Scheme"] == "internet-facing" and made["SecurityGroups"] == [default_group(vpc)]
    for eni in interfaces("requester-id", "amazon-elb"):
        placed(eni, "^ELB app/answers/[0-9a-f]{16}$", "amazon-elb")
    to = elb.create_target_group(Name="answers", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": to}])
    ecs.create_cluster(clusterName="answers")
    ecs.register_task_definition(family="answers", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
                                 containerDefinitions=[{"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}]}])
    ecs.create_service(cluster="answers", serviceName="answers", taskDefinition="answers", desiredCount=2, launchType="FARGATE",
                       networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}},
                       loadBalancers=[{"targetGroupArn": to, "containerName": "web", "containerPort": 80}])
    wait("ecs", "services_stable", cluster="answers", services=["answers"])
    tasks = ecs.describe_tasks(cluster="answers", tasks=ecs.list_tasks(cluster="answers")["taskArns"])["tasks"]
    addresses = []
    for task in tasks:
        told = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
        eni = interfaces("network-interface-id", told["networkInterfaceId"])[0]
        addresses.append(told["privateIPv4Address"])
        assert eni["PrivateIpAddress"] == told["privateIPv4Address"] and eni["SubnetId"] == told["subnetId"]
        assert eni["MacAddress"] == told["macAddress"] and eni["PrivateDnsName"] == told["privateDnsName"]
        assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == told["privateIPv4Address"]
        assert task["connectivity"] == "CONNECTED" and task["startedAt"] >= task["createdAt"]
    health = elb.describe_target_health(TargetGroupArn=to)["TargetHealthDescriptions"]
    assert sorted(h["Target"]["Id"] for h in health) == sorted(addresses) and len(set(addresses)) == 2


@test
def ids_and_attributes():
    one = iam.create_role(RoleName="answers", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}))["Role"]
    assert re.fullmatch("AROA[A-Z2-7]{17}", one["RoleId"]), one["RoleId"]
    arn = client("secretsmanager").create_secret(Name="answers", SecretString="x")["ARN"]
    assert re.fullmatch(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:answers-[A-Za-z0-9]{{6}}", arn), arn
    sns = client("sns")
    topic = sns.create_topic(Name="answers")["TopicArn"]
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["EffectiveDeliveryPolicy"])
    assert policy["http"]["defaultRequestPolicy"] == {"headerContentType": "text/plain; charset=UTF-8"}
    held = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=held)["Attributes"]["SubscriptionPrincipal"] == f"arn:aws:iam::{ACCOUNT}:root"
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVpnGateways")
