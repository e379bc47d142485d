"""Fargate tasks start where they reach what they need: the registry, their secrets, their log group; elsewhere they stop and say why.

ECS Developer Guide, "Amazon ECS interface VPC endpoints"; ECR User Guide, "Amazon ECR interface VPC endpoints"; the words are from
aws/copilot-cli#5927, AndrewGuenther/fck-nat#99, deepfence/terraform-aws-cloud-scanner#13.
"""
import json

from harness import ACCOUNT, client, eventually, network, patiently, role, test, wait
from objects import ANYWHERE, fresh, gateway, way_out

ec2, ecs = client("ec2"), client("ecs")
OWN = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/app:v1"
CLUSTER = ecs.create_cluster(clusterName="fargate")["cluster"]["clusterName"]
ASM, SSM = (f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:key-AbCdEf", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/key")


def definition(image="nginx", execution=None, **container):
    return ecs.register_task_definition(
        family=fresh("fargate"), **({"executionRoleArn": execution} if execution else {}), containerDefinitions=[{"name": "web", "image": image, **container}], networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], cpu="256", memory="512")["taskDefinition"]["taskDefinitionArn"]


def shown(name):
    return ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]


def started(task, subnets, groups=(), public=False, count=1, **more):
    """A new service's name."""
    name = fresh("service")
    wired = {"subnets": subnets, "assignPublicIp": "ENABLED" if public else "DISABLED", **({"securityGroups": list(groups)} if groups else {})}
    ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=task, desiredCount=count, launchType="FARGATE",
                       networkConfiguration={"awsvpcConfiguration": wired}, **more)
    return name


def stopped(name):
    """The tasks of a service that did not start."""
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    return ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []


def fails(words, *arguments, **more):
    """A service whose tasks stop with a reason that has these words; it stays, and goes on trying."""
    name = started(*arguments, **more)
    task = eventually(lambda: stopped(name), otherwise=f"{name} starts, and should not: {words}")[0]
    assert words in task["stoppedReason"], (words, task["stoppedReason"])
    assert task["stopCode"] == "TaskFailedToStart" and task["lastStatus"] == "STOPPED", task
    pull = task["stoppedReason"].startswith("CannotPull")
    assert task["containers"][0].get("reason") == (task["stoppedReason"] if pull else None), task["containers"]
    return name


def runs(*arguments, **more):
    name = started(*arguments, **more)
    complete(name)
    assert not stopped(name), stopped(name)[0]["stoppedReason"]
    return name


def complete(name):
    """Waits until all tasks run, and a little longer until that is the end of the deployment."""
    wait("ecs", "services_stable", cluster=CLUSTER, services=[name])
    eventually(lambda: shown(name)["deployments"][0]["rolloutState"] == "COMPLETED")


def end(*names):
    for name in names:
        ecs.delete_service(cluster=CLUSTER, service=name, force=True)


def interface(of, subnets, service, groups):
    ec2.create_vpc_endpoint(VpcId=of, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.us-east-1.{service}", SubnetIds=subnets,
                            SecurityGroupIds=groups, PrivateDnsEnabled=True)


def opened(name):
    """A network whose names endpoints can have."""
    of, subnets, group = network(name)
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=of, **{attribute: {"Value": True}})
    return of, subnets, group


@test
def a_way_to_the_internet():
    of, subnets, group = network("fargate")
    hub = 'failed to resolve ref docker.io/library/nginx:latest: failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": dial tcp'
    stuck = fails(hub, definition(), subnets, [group], public=True)
    private = fails(hub, definition(), subnets)
    fails('Head "https://quay.io/v2/team/app/manifests/sha256:', definition("quay.io/team/app@sha256:" + "0" * 64), subnets)
    found = eventually(lambda: shown(stuck) if shown(stuck)["deployments"][0]["failedTasks"] else None)
    assert (found["runningCount"], found["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS"), found
    told = [one["message"] for one in found["events"]]
    assert any(f"(service {stuck}) was unable to place a task. Reason: CannotPullContainerError:" in text for text in told), told
    way_out(of)
    # What has a public address gets there from now on, and by itself; what has none needs a NAT gateway.
    complete(stuck)
    fails(hub, definition(), subnets)
    inner = ec2.create_subnet(VpcId=of, CidrBlock="10.40.9.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    routes = ec2.create_route_table(VpcId=of)["RouteTable"]["RouteTableId"]
    patiently("InvalidRouteTableID.NotFound", ec2.associate_route_table, RouteTableId=routes, SubnetId=inner)
    fails(hub, definition(), [inner], public=True)
    alone = ec2.create_nat_gateway(SubnetId=inner, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock=ANYWHERE, NatGatewayId=alone)
    fails(hub, definition(), [inner])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.replace_route(RouteTableId=routes, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat)
    runs(definition(), [inner], count=2)
    assert not shown(private)["runningCount"]
    # One subnet of two: the task there is started again and again, the other one runs.
    half = fails(hub, definition(), [inner, subnets[1]], count=2)
    assert eventually(lambda: shown(half)["runningCount"] == 1)
    assert shown(half)["deployments"][0]["rolloutState"] == "IN_PROGRESS"


@test
def what_security_groups_let_out():
    of, subnets, group = network("fargate-groups")
    way_out(of)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    for ports, block in (((80, 80), ANYWHERE), ((443, 443), "10.0.0.0/8")):
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1], "IpRanges": [{"CidrIp": block}]}])
        name = fails("CannotPullContainerError", definition(), subnets, [group], public=True)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 440, "ToPort": 450, "IpRanges": [{"CidrIp": ANYWHERE}]}])
    wait("ecs", "services_stable", cluster=CLUSTER, services=[name])


@test
def what_network_acls_and_names_let_out():
    """Amazon VPC User Guide: rules of network ACLs count in both directions, and names need the VPC's DNS server."""
    of, subnets, group = network("fargate-acls")
    way_out(of)
    listed = [{"Name": "vpc-id", "Values": [of]}]
    default = eventually(lambda: ec2.describe_network_acls(Filters=listed)["NetworkAcls"])[0]
    other = ec2.create_network_acl(VpcId=of)["NetworkAcl"]["NetworkAclId"]
    for one in default["Associations"]:
        patiently("InvalidNetworkAclID.NotFound", ec2.replace_network_acl_association, AssociationId=one["NetworkAclAssociationId"], NetworkAclId=other)
    hub = "dial tcp"
    name = fails(hub, definition(), subnets, [group], public=True)
    out = {"NetworkAclId": other, "Protocol": "6", "RuleAction": "allow", "CidrBlock": ANYWHERE}
    ec2.create_network_acl_entry(**out, RuleNumber=100, Egress=True, PortRange={"From": 443, "To": 443})
    # Answers do not come back.
    fails(hub, definition(), subnets, [group], public=True)
    ec2.create_network_acl_entry(**out, RuleNumber=100, Egress=False, PortRange={"From": 1024, "To": 65535})
    complete(name)
    # The lower number decides.
    ec2.create_network_acl_entry(**{**out, "RuleAction": "deny"}, RuleNumber=90, Egress=True, PortRange={"From": 443, "To": 443})
    fails(hub, definition(), subnets, [group], public=True)
    ec2.delete_network_acl_entry(NetworkAclId=other, RuleNumber=90, Egress=True)
    runs(definition(), subnets, [group], public=True)
    ec2.modify_vpc_attribute(VpcId=of, EnableDnsSupport={"Value": False})
    fails(hub, definition(), subnets, [group], public=True)
    own = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.40.0.9"]}])["DhcpOptions"]["DhcpOptionsId"]
    patiently("InvalidDhcpOptionID.NotFound", ec2.associate_dhcp_options, DhcpOptionsId=own, VpcId=of)
    runs(definition(), subnets, [group], public=True)


@test
def policies_of_endpoints():
    """ECR User Guide, "Create the Amazon S3 gateway endpoint": the layers' bucket must be allowed."""
    of, subnets, group = opened("fargate-policies")
    patiently("InvalidGroup.NotFound", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.40.0.0/16"}]}])
    main = [{"Name": "vpc-id", "Values": [of]}, {"Name": "association.main", "Values": ["true"]}]
    table = eventually(lambda: ec2.describe_route_tables(Filters=main)["RouteTables"])[0]["RouteTableId"]
    task = definition(OWN, execution=role("fargate-policies", "ecs-tasks.amazonaws.com"))

    def policy(action, resource="*", effect="Allow"):
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": "*", "Action": action, "Resource": resource}]})
    for service in ("ecr.api", "ecr.dkr"):
        interface(of, subnets, service, [group])
    made = ec2.create_vpc_endpoint(VpcId=of, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table],
                                   PolicyDocument=policy("s3:GetObject", "arn:aws:s3:::mine/*"))["VpcEndpoint"]["VpcEndpointId"]
    fails("httpReadSeeker: failed open: unexpected status code https://prod-us-east-1-starport-layer-bucket", task, subnets, [group])
    patiently("InvalidVpcEndpointId.NotFound", ec2.modify_vpc_endpoint, VpcEndpointId=made,
              PolicyDocument=policy("s3:Get*", "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"))
    runs(task, subnets, [group])
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [of]}, {"Name": "service-name", "Values": ["com.amazonaws.us-east-1.ecr.api"]}])
    ec2.modify_vpc_endpoint(VpcEndpointId=found["VpcEndpoints"][0]["VpcEndpointId"], PolicyDocument=policy("ecr:BatchGetImage"))
    fails("because no VPC endpoint policy allows the ecr:GetAuthorizationToken action", task, subnets, [group])


@test
def endpoints_instead_of_the_internet():
    of, subnets, group = opened("fargate-endpoints")
    wired = {"image": OWN, "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/fargate", "awslogs-region": "us-east-1",
                                                                                  "awslogs-stream-prefix": "x"}}}
    task = definition(execution=role("fargate-execution", "ecs-tasks.amazonaws.com"), secrets=[{"name": "A", "valueFrom": ASM}, {"name": "B", "valueFrom": SSM}], **wired)
    main = [{"Name": "vpc-id", "Values": [of]}, {"Name": "association.main", "Values": ["true"]}]
    table = eventually(lambda: ec2.describe_route_tables(Filters=main)["RouteTables"])[0]["RouteTableId"]
    shut = ec2.create_security_group(GroupName="shut", Description="x", VpcId=of)["GroupId"]
    patiently("InvalidGroup.NotFound", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.40.0.0/16"}]}])
    failing = []

    def stops(words):
        failing.append(fails(words, task, subnets, [shut]))
    stops("unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue")
    # Before 1.4.0 authorisation and secrets came another way.
    failing.append(fails(f'Head "https://{OWN.split("/")[0]}/v2/team/app/manifests/v1"', task, subnets, [shut], platformVersion="1.3.0"))
    interface(of, subnets, "ecr.api", [group])
    stops(f"unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. "
          f"failed to fetch secret {ASM}")
    interface(of, subnets, "secretsmanager", [group])
    stops("unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager")
    interface(of, subnets, "ssm", [group])
    stops(f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {OWN}")
    interface(of, subnets, "ecr.dkr", [group])
    stops("CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open")
    ec2.create_vpc_endpoint(VpcId=of, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])
    stops("failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue")
    # An endpoint that lets nobody in is none, and its name leads there all the same.
    interface(of, subnets, "logs", [shut])
    stops("There is a connection issue between the task and Amazon CloudWatch")
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "service-name", "Values": ["com.amazonaws.us-east-1.logs"]}])["VpcEndpoints"][0]
    wait_for = lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[found["VpcEndpointId"]])["VpcEndpoints"][0]["State"] == "available"
    eventually(wait_for)
    ec2.modify_vpc_endpoint(VpcEndpointId=found["VpcEndpointId"], AddSecurityGroupIds=[group])
    stops("failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.")
    client("logs").create_log_group(logGroupName="/fargate")
    runs(task, subnets, [shut], count=2)
    # Nothing else has a way out.
    failing.append(fails("registry-1.docker.io", definition(), subnets, [shut]))
    wait("ecs", "services_stable", cluster=CLUSTER, services=failing[:1])
    end(*failing)


@test
def circuit_breakers():
    """ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures": at least three failed tasks."""
    of, subnets, _ = network("fargate-breaker")
    gateway(of)
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    name = fails("CannotPullContainerError", definition(), subnets, public=True, count=2, deploymentConfiguration=breaker)
    failed = eventually(lambda: (lambda one: one if one["deployments"][0]["rolloutState"] == "FAILED" else None)(shown(name)))
    assert failed["deployments"][0]["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["deployments"][0]["failedTasks"] >= 3 and failed["runningCount"] == 0, failed
    assert "deployment failed: tasks failed to start." in failed["events"][0]["message"], failed["events"][0]
    way_out(of)
    good = runs(definition(), subnets, public=True, deploymentConfiguration=breaker)
    before = shown(good)["deployments"][0]["id"]
    wired = {"subnets": subnets, "assignPublicIp": "DISABLED"}
    ecs.update_service(cluster=CLUSTER, service=good, networkConfiguration={"awsvpcConfiguration": wired})
    assert len(shown(good)["deployments"]) == 2
    back = eventually(lambda: (lambda one: one if len(one["deployments"]) == 1 else None)(shown(good)))
    assert back["deployments"][0]["id"] == before and back["runningCount"] == 1, back
    end(name)
    eventually(lambda: shown(name)["status"] == "INACTIVE")


@test
def a_service_that_cannot_start_goes_away_all_the_same():
    of, subnets, group = network("fargate-gone")
    name = fails("CannotPullContainerError", definition(), subnets, [group], count=2)
    ecs.update_service(cluster=CLUSTER, service=name, desiredCount=0)
    eventually(lambda: shown(name)["deployments"][0]["rolloutState"] == "COMPLETED")
    end(name)
    wait("ecs", "services_inactive", cluster=CLUSTER, services=[name])
    for one in subnets:
        patiently("DependencyViolation", ec2.delete_subnet, SubnetId=one)
    patiently("DependencyViolation", ec2.delete_security_group, GroupId=group)
    patiently("DependencyViolation", ec2.delete_vpc, VpcId=of)
