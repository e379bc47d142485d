"""Makes the objects that the tests of wrong orders play with: networks, load balancers, services."""
import itertools

from harness import client, eventually, wait

ec2, elb, ecs, scaling, r53 = client("ec2"), client("elbv2"), client("ecs"), client("application-autoscaling"), client("route53")
ANYWHERE = "0.0.0.0/0"
number = itertools.count(1)


def fresh(prefix="order"):
    return f"{prefix}-{next(number)}"


def vpc(block="10.50.0.0/16"):
    made = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    wait("ec2", "vpc_available", VpcIds=[made])
    return made


def subnet(of, third=0, zone="us-east-1a", second=50):
    made = ec2.create_subnet(VpcId=of, CidrBlock=f"10.{second}.{third}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    wait("ec2", "subnet_available", SubnetIds=[made])
    return made


def two_subnets(of):
    return [subnet(of, at, zone) for at, zone in enumerate(("us-east-1a", "us-east-1b"))]


def group(of, name=None):
    made = ec2.create_security_group(GroupName=name or fresh(), Description="x", VpcId=of)["GroupId"]
    wait("ec2", "security_group_exists", GroupIds=[made])
    return made


def table(of):
    made = ec2.create_route_table(VpcId=of)["RouteTable"]["RouteTableId"]
    eventually(lambda: shown_table(made))
    return made


def shown_table(one):
    found = ec2.describe_route_tables(Filters=[{"Name": "route-table-id", "Values": [one]}])["RouteTables"]
    return found[0] if found else None


def gateway(of):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    wait("ec2", "internet_gateway_exists", InternetGatewayIds=[made])
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=of)
    return made


def way_out(of):
    """Lets what has a public address in a VPC reach the internet; Fargate tasks do not start otherwise."""
    attached = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [of]}])["InternetGateways"]
    to = attached[0]["InternetGatewayId"] if attached else gateway(of)
    main = [{"Name": "vpc-id", "Values": [of]}, {"Name": "association.main", "Values": ["true"]}]
    found = eventually(lambda: ec2.describe_route_tables(Filters=main)["RouteTables"])
    ec2.create_route(RouteTableId=found[0]["RouteTableId"], DestinationCidrBlock=ANYWHERE, GatewayId=to)


def interface(of, groups=()):
    made = ec2.create_network_interface(SubnetId=of, **({"Groups": list(groups)} if groups else {}))["NetworkInterface"]
    wait("ec2", "network_interface_available", NetworkInterfaceIds=[made["NetworkInterfaceId"]])
    return made["NetworkInterfaceId"]


def address():
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


def nat(of, allocation=None):
    made = ec2.create_nat_gateway(SubnetId=of, AllocationId=allocation or address())["NatGateway"]["NatGatewayId"]
    wait("ec2", "nat_gateway_available", NatGatewayIds=[made])
    return made


def end_nat(one):
    ec2.delete_nat_gateway(NatGatewayId=one)
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[one])


def peering(one, two):
    made = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    wait("ec2", "vpc_peering_connection_exists", VpcPeeringConnectionIds=[made])

    def status():
        return ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[made])["VpcPeeringConnections"][0]["Status"]["Code"]
    eventually(lambda: status() == "pending-acceptance")
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
    eventually(lambda: status() == "active")
    return made


def main_table(of):
    return ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [of]}, {"Name": "association.main", "Values": ["true"]}])["RouteTables"][0]


def black_hole(one, target):
    """Whether the only route of that target is a black hole by now."""
    return eventually(lambda: [r["State"] for r in shown_table(one)["Routes"] if target in r.values()] == ["blackhole"])


def balancer(subnets, groups, **more):
    made = elb.create_load_balancer(Name=fresh("lb"), Subnets=subnets, SecurityGroups=groups, **more)["LoadBalancers"][0]["LoadBalancerArn"]
    wait("elbv2", "load_balancer_available", LoadBalancerArns=[made])
    return made


def end_balancer(one):
    elb.delete_load_balancer(LoadBalancerArn=one)
    wait("elbv2", "load_balancers_deleted", LoadBalancerArns=[one])


def targets(of):
    return elb.create_target_group(Name=fresh("tg"), Protocol="HTTP", Port=80, VpcId=of, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]


def listener(of, to, port=80):
    return elb.create_listener(LoadBalancerArn=of, Protocol="HTTP", Port=port, DefaultActions=[{"Type": "forward", "TargetGroupArn": to}])["Listeners"][0]["ListenerArn"]


def rule(of, to):
    return elb.create_rule(ListenerArn=of, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/a"]}],
                           Actions=[{"Type": "forward", "TargetGroupArn": to}])["Rules"][0]["RuleArn"]


def balanced():
    """A network with a load balancer in it."""
    of = vpc()
    gateway(of)
    subnets, one = two_subnets(of), group(of)
    return of, subnets, one, balancer(subnets, [one])


def definition():
    return ecs.register_task_definition(
        family=fresh("family"), containerDefinitions=[{"name": "web", "image": "nginx", "memory": 128}], networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], cpu="256", memory="512")["taskDefinition"]["taskDefinitionArn"]


def service(where, groups=(), task=None, count=1):
    """A service that is stable in a cluster of its own: `(cluster, service)`."""
    cluster, name = fresh("cluster"), fresh("service")
    ecs.create_cluster(clusterName=cluster)
    way_out(ec2.describe_subnets(SubnetIds=[where])["Subnets"][0]["VpcId"])
    wired = {"subnets": [where], "assignPublicIp": "ENABLED", **({"securityGroups": list(groups)} if groups else {})}
    ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=task or definition(), desiredCount=count, launchType="FARGATE",
                       networkConfiguration={"awsvpcConfiguration": wired})
    wait("ecs", "services_stable", cluster=cluster, services=[name])
    return cluster, name


def end_service(cluster, name):
    ecs.delete_service(cluster=cluster, service=name, force=True)
    wait("ecs", "services_inactive", cluster=cluster, services=[name])
