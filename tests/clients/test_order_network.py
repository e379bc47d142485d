"""Deletes in the wrong order: networks, load balancers, services and what scales them."""
import itertools

from harness import client, eventually, ids, passes, refused, wait
from order import wrong

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
    wired = {"subnets": [where], **({"securityGroups": list(groups)} if groups else {})}
    ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=task or definition(), desiredCount=count, launchType="FARGATE",
                       networkConfiguration={"awsvpcConfiguration": wired})
    wait("ecs", "services_stable", cluster=cluster, services=[name])
    return cluster, name


def end_service(cluster, name):
    ecs.delete_service(cluster=cluster, service=name, force=True)
    wait("ecs", "services_inactive", cluster=cluster, services=[name])


# VPCs

@wrong("ec2:DeleteVpc", "a subnet")
def _():
    of = vpc()
    inner = subnet(of)
    yield ec2.delete_vpc, {"VpcId": of}
    ec2.delete_subnet(SubnetId=inner)


@wrong("ec2:DeleteVpc", "an attached internet gateway")
def _():
    of = vpc()
    igw = gateway(of)
    yield ec2.delete_vpc, {"VpcId": of}
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=of)


@wrong("ec2:DeleteVpc", "a route table")
def _():
    of = vpc()
    routes = table(of)
    yield ec2.delete_vpc, {"VpcId": of}
    ec2.delete_route_table(RouteTableId=routes)


@wrong("ec2:DeleteVpc", "a security group")
def _():
    of = vpc()
    one = group(of)
    yield ec2.delete_vpc, {"VpcId": of}
    ec2.delete_security_group(GroupId=one)


@wrong("ec2:DeleteVpc", "an active peering connection")
def _():
    of, other = vpc(), vpc("10.51.0.0/16")
    between = peering(of, other)
    yield ec2.delete_vpc, {"VpcId": other}
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=between)
    wait("ec2", "vpc_peering_connection_deleted", VpcPeeringConnectionIds=[between])


@wrong("ec2:DeleteVpc", "the default security group, main route table and network ACL")
def _():
    of = vpc()
    own = [{"Name": "vpc-id", "Values": [of]}]
    lists = (lambda: ec2.describe_security_groups(Filters=own)["SecurityGroups"], lambda: ec2.describe_route_tables(Filters=own)["RouteTables"],
             lambda: ec2.describe_network_acls(Filters=own)["NetworkAcls"])
    assert all(eventually(one) for one in lists)
    yield ec2.delete_vpc, {"VpcId": of}
    eventually(lambda: not any(one() for one in lists))


@wrong("ec2:DeleteVpc", "a target group")
def _():
    of = vpc()
    to = targets(of)
    yield ec2.delete_vpc, {"VpcId": of}
    assert elb.describe_target_groups(TargetGroupArns=[to])["TargetGroups"][0]["VpcId"] == of


@wrong("ec2:DeleteVpc", "a private hosted zone")
def _():
    of = vpc()
    zone = r53.create_hosted_zone(Name="order.internal", CallerReference=fresh(), VPC={"VPCRegion": "us-east-1", "VPCId": of})["HostedZone"]["Id"]
    yield ec2.delete_vpc, {"VpcId": of}
    assert ids(r53.get_hosted_zone(Id=zone)["VPCs"], "VPCId") == [of]


# Subnets

@wrong("ec2:DeleteSubnet", "a network interface")
def _():
    inner = subnet(vpc())
    eni = interface(inner)
    yield ec2.delete_subnet, {"SubnetId": inner}
    ec2.delete_network_interface(NetworkInterfaceId=eni)


@wrong("ec2:DeleteSubnet", "a NAT gateway")
def _():
    of = vpc()
    gateway(of)
    inner = subnet(of)
    one = nat(inner)
    yield ec2.delete_subnet, {"SubnetId": inner}
    end_nat(one)


@wrong("ec2:DeleteSubnet", "a load balancer")
def _():
    _, subnets, _, arn = balanced()
    yield ec2.delete_subnet, {"SubnetId": subnets[0]}
    end_balancer(arn)


@wrong("ec2:DeleteSubnet", "the task of a service")
def _():
    inner = subnet(vpc())
    own = service(inner)
    yield ec2.delete_subnet, {"SubnetId": inner}
    end_service(*own)


@wrong("ec2:DeleteSubnet", "the association with a route table")
def _():
    of = vpc()
    inner, routes = subnet(of), table(of)
    ec2.associate_route_table(RouteTableId=routes, SubnetId=inner)
    eventually(lambda: shown_table(routes)["Associations"])
    yield ec2.delete_subnet, {"SubnetId": inner}
    eventually(lambda: not shown_table(routes)["Associations"])
    ec2.delete_route_table(RouteTableId=routes)


# Security groups

def refers(one, to, **more):
    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": to, **more}]}])


@wrong("ec2:DeleteSecurityGroup", "a rule of another group")
def _():
    of = vpc()
    one, two = group(of), group(of)
    refers(one, two)
    yield ec2.delete_security_group, {"GroupId": two}
    ec2.delete_security_group(GroupId=one)


@wrong("ec2:DeleteSecurityGroup", "a rule of its own")
def _():
    one = group(vpc())
    refers(one, one)
    yield ec2.delete_security_group, {"GroupId": one}
    eventually(lambda: not ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [one]}])["SecurityGroupRules"])


@wrong("ec2:DeleteSecurityGroup", "a rule in a peered VPC")
def _():
    of, other = vpc(), vpc("10.51.0.0/16")
    peering(of, other)
    one, two = group(of), group(other)
    refers(one, two)
    yield ec2.delete_security_group, {"GroupId": two}
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [one]}])["SecurityGroupRules"]
    assert [r["ReferencedGroupInfo"]["GroupId"] for r in rules if "ReferencedGroupInfo" in r] == [two]


@wrong("ec2:DeleteSecurityGroup", "a network interface")
def _():
    of = vpc()
    one = group(of)
    eni = interface(subnet(of), [one])
    yield ec2.delete_security_group, {"GroupId": one}
    ec2.delete_network_interface(NetworkInterfaceId=eni)


@wrong("ec2:DeleteSecurityGroup", "a load balancer")
def _():
    _, _, one, arn = balanced()
    yield ec2.delete_security_group, {"GroupId": one}
    end_balancer(arn)


@wrong("ec2:DeleteSecurityGroup", "the task of a service")
def _():
    of = vpc()
    one = group(of)
    own = service(subnet(of), [one])
    yield ec2.delete_security_group, {"GroupId": one}
    end_service(*own)


@wrong("ec2:DeleteSecurityGroup", "the VPC it is the default group of")
def _():
    of = vpc()
    found = eventually(lambda: ec2.describe_security_groups(Filters=[
        {"Name": "vpc-id", "Values": [of]}, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"])
    yield ec2.delete_security_group, {"GroupId": found[0]["GroupId"]}
    yield ec2.delete_vpc, {"VpcId": of}


# Routes

@wrong("ec2:DeleteRouteTable", "the association with a subnet")
def _():
    of = vpc()
    routes = table(of)
    joined = ec2.associate_route_table(RouteTableId=routes, SubnetId=subnet(of))["AssociationId"]
    yield ec2.delete_route_table, {"RouteTableId": routes}
    ec2.disassociate_route_table(AssociationId=joined)


@wrong("ec2:DeleteRouteTable", "the VPC it is the main table of")
def _():
    of = vpc()
    yield ec2.delete_route_table, {"RouteTableId": main_table(of)["RouteTableId"]}
    yield ec2.delete_vpc, {"VpcId": of}


@wrong("ec2:DeleteRouteTable", "its routes")
def _():
    of = vpc()
    routes = table(of)
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock=ANYWHERE, GatewayId=gateway(of))
    yield ec2.delete_route_table, {"RouteTableId": routes}
    eventually(lambda: shown_table(routes) is None)


@wrong("ec2:DeleteRoute", "the VPC's own addresses")
def _():
    of = vpc()
    routes = table(of)
    yield ec2.delete_route, {"RouteTableId": routes, "DestinationCidrBlock": "10.50.0.0/16"}
    yield ec2.delete_route_table, {"RouteTableId": routes}


@wrong("ec2:DisassociateRouteTable", "the VPC it is the main table of")
def _():
    of = vpc()
    main = main_table(of)["Associations"][0]["RouteTableAssociationId"]
    yield ec2.disassociate_route_table, {"AssociationId": main}
    yield ec2.delete_vpc, {"VpcId": of}


# Gateways, interfaces, addresses

@wrong("ec2:DeleteInternetGateway", "the VPC it is attached to")
def _():
    of = vpc()
    igw = gateway(of)
    yield ec2.delete_internet_gateway, {"InternetGatewayId": igw}
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=of)


@wrong("ec2:DeleteVpnGateway", "the VPC it is attached to")
def _():
    of = vpc()
    one = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    eventually(lambda: ec2.describe_vpn_gateways(Filters=[{"Name": "vpn-gateway-id", "Values": [one]}])["VpnGateways"])
    ec2.attach_vpn_gateway(VpnGatewayId=one, VpcId=of)
    eventually(lambda: ec2.describe_vpn_gateways(VpnGatewayIds=[one])["VpnGateways"][0]["VpcAttachments"][0]["State"] == "attached")
    yield ec2.delete_vpn_gateway, {"VpnGatewayId": one}
    ec2.detach_vpn_gateway(VpnGatewayId=one, VpcId=of)


@wrong("ec2:DetachInternetGateway", "an address on an interface")
def _():
    of = vpc()
    igw = gateway(of)
    joined = ec2.associate_address(AllocationId=address(), NetworkInterfaceId=interface(subnet(of)))["AssociationId"]
    yield ec2.detach_internet_gateway, {"InternetGatewayId": igw, "VpcId": of}
    ec2.disassociate_address(AssociationId=joined)


@wrong("ec2:DetachInternetGateway", "a NAT gateway")
def _():
    of = vpc()
    igw = gateway(of)
    one = nat(subnet(of))
    yield ec2.detach_internet_gateway, {"InternetGatewayId": igw, "VpcId": of}
    end_nat(one)


@wrong("ec2:DetachInternetGateway", "an internet-facing load balancer")
def _():
    of = vpc()
    igw = gateway(of)
    arn = balancer(two_subnets(of), [group(of)], Scheme="internet-facing")
    yield ec2.detach_internet_gateway, {"InternetGatewayId": igw, "VpcId": of}
    end_balancer(arn)


@wrong("ec2:DetachInternetGateway", "a route")
def _():
    of = vpc()
    igw, routes = gateway(of), table(of)
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock=ANYWHERE, GatewayId=igw)
    yield ec2.detach_internet_gateway, {"InternetGatewayId": igw, "VpcId": of}
    black_hole(routes, igw)


@wrong("ec2:DeleteNatGateway", "a route")
def _():
    of = vpc()
    gateway(of)
    one, routes = nat(subnet(of)), table(of)
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock=ANYWHERE, NatGatewayId=one)
    yield ec2.delete_nat_gateway, {"NatGatewayId": one}
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[one])
    black_hole(routes, one)


@wrong("ec2:DeleteNatGateway", "its address")
def _():
    of = vpc()
    gateway(of)
    held = address()
    one = nat(subnet(of), held)
    assert "AssociationId" in ec2.describe_addresses(AllocationIds=[held])["Addresses"][0]
    yield ec2.delete_nat_gateway, {"NatGatewayId": one}
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[one])
    eventually(lambda: "AssociationId" not in ec2.describe_addresses(AllocationIds=[held])["Addresses"][0])


@wrong("ec2:DeleteNetworkInterface", "the load balancer it belongs to")
def _():
    _, _, one, arn = balanced()
    eni = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [one]}])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    yield ec2.delete_network_interface, {"NetworkInterfaceId": eni}
    end_balancer(arn)
    eventually(lambda: not ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [one]}])["NetworkInterfaces"])
    yield ec2.delete_security_group, {"GroupId": one}


@wrong("ec2:DeleteNetworkInterface", "its address")
def _():
    of = vpc()
    gateway(of)
    held, eni = address(), interface(subnet(of))
    ec2.associate_address(AllocationId=held, NetworkInterfaceId=eni)
    yield ec2.delete_network_interface, {"NetworkInterfaceId": eni}
    eventually(lambda: "AssociationId" not in ec2.describe_addresses(AllocationIds=[held])["Addresses"][0])
    ec2.release_address(AllocationId=held)


@wrong("ec2:DeleteVpcPeeringConnection", "a route")
def _():
    of, other = vpc(), vpc("10.51.0.0/16")
    between, routes = peering(of, other), table(of)
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock="10.51.0.0/16", VpcPeeringConnectionId=between)
    yield ec2.delete_vpc_peering_connection, {"VpcPeeringConnectionId": between}
    wait("ec2", "vpc_peering_connection_deleted", VpcPeeringConnectionIds=[between])
    black_hole(routes, between)


@wrong("ec2:ReleaseAddress", "the interface it is associated with")
def _():
    of = vpc()
    gateway(of)
    held = address()
    joined = ec2.associate_address(AllocationId=held, NetworkInterfaceId=interface(subnet(of)))["AssociationId"]
    yield ec2.release_address, {"AllocationId": held}
    ec2.disassociate_address(AssociationId=joined)


@wrong("ec2:ReleaseAddress", "a NAT gateway")
def _():
    of = vpc()
    gateway(of)
    held = address()
    one = nat(subnet(of), held)
    yield ec2.release_address, {"AllocationId": held}
    end_nat(one)


@wrong("ec2:DisassociateAddress", "a NAT gateway")
def _():
    of = vpc()
    gateway(of)
    held = address()
    one = nat(subnet(of), held)
    yield ec2.disassociate_address, {"AssociationId": ec2.describe_addresses(AllocationIds=[held])["Addresses"][0]["AssociationId"]}
    end_nat(one)
    yield ec2.release_address, {"AllocationId": held}


@wrong("ec2:DisassociateVpcCidrBlock", "a subnet in the block")
def _():
    of = vpc()
    block = ec2.associate_vpc_cidr_block(VpcId=of, CidrBlock="10.52.0.0/16")["CidrBlockAssociation"]["AssociationId"]
    eventually(lambda: len(ec2.describe_vpcs(VpcIds=[of])["Vpcs"][0]["CidrBlockAssociationSet"]) == 2)
    inner = subnet(of, second=52)
    yield ec2.disassociate_vpc_cidr_block, {"AssociationId": block}
    ec2.delete_subnet(SubnetId=inner)


@wrong("ec2:DisassociateVpcCidrBlock", "the VPC whose first block it is")
def _():
    of = vpc()
    yield ec2.disassociate_vpc_cidr_block, {"AssociationId": ec2.describe_vpcs(VpcIds=[of])["Vpcs"][0]["CidrBlockAssociationSet"][0]["AssociationId"]}
    yield ec2.delete_vpc, {"VpcId": of}


# Load balancing

def protection(arn, value):
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}])


@wrong("elbv2:DeleteLoadBalancer", "its own protection")
def _():
    *_, arn = balanced()
    protection(arn, "true")
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    protection(arn, "false")


@wrong("elbv2:DeleteLoadBalancer", "a listener")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    inner = rule(one, to)
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    wait("elbv2", "load_balancers_deleted", LoadBalancerArns=[arn])
    for call, code, arguments in ((elb.describe_listeners, "ListenerNotFound", {"ListenerArns": [one]}),
                                  (elb.describe_rules, "RuleNotFound", {"RuleArns": [inner]})):
        refused(code, call, **arguments)


@wrong("elbv2:DeleteLoadBalancer", "a target group")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    listener(arn, to)
    assert elb.describe_target_groups(TargetGroupArns=[to])["TargetGroups"][0]["LoadBalancerArns"] == [arn]
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    eventually(lambda: elb.describe_target_groups(TargetGroupArns=[to])["TargetGroups"][0]["LoadBalancerArns"] == [])
    elb.delete_target_group(TargetGroupArn=to)


@wrong("elbv2:DeleteLoadBalancer", "an alias record")
def _():
    *_, arn = balanced()
    shown = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    zone = r53.create_hosted_zone(Name="order.example", CallerReference=fresh())["HostedZone"]["Id"]
    r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": "www.order.example", "Type": "A", "AliasTarget": {
            "HostedZoneId": shown["CanonicalHostedZoneId"], "DNSName": shown["DNSName"], "EvaluateTargetHealth": False}}}]})
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    records = r53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert any(r.get("AliasTarget", {}).get("DNSName", "").rstrip(".").endswith(shown["DNSName"].lower()) for r in records), records


@wrong("elbv2:DeleteListener", "a rule")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    inner = rule(one, to)
    yield elb.delete_listener, {"ListenerArn": one}
    refused("RuleNotFound", elb.describe_rules, RuleArns=[inner])
    elb.delete_target_group(TargetGroupArn=to)


@wrong("elbv2:DeleteRule", "the listener whose default rule it is")
def _():
    of, _, _, arn = balanced()
    one = listener(arn, targets(of))
    yield elb.delete_rule, {"RuleArn": elb.describe_rules(ListenerArn=one)["Rules"][0]["RuleArn"]}
    yield elb.delete_listener, {"ListenerArn": one}


@wrong("elbv2:DeleteTargetGroup", "the default action of a listener")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    yield elb.delete_target_group, {"TargetGroupArn": to}
    elb.delete_listener(ListenerArn=one)


@wrong("elbv2:DeleteTargetGroup", "the action of a rule")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    inner = rule(listener(arn, targets(of)), to)
    yield elb.delete_target_group, {"TargetGroupArn": to}
    elb.delete_rule(RuleArn=inner)


@wrong("elbv2:DeleteTargetGroup", "a registered target")
def _():
    to = targets(vpc())
    elb.register_targets(TargetGroupArn=to, Targets=[{"Id": "10.50.0.9", "Port": 80}])
    yield elb.delete_target_group, {"TargetGroupArn": to}
    refused("TargetGroupNotFound", elb.describe_target_health, TargetGroupArn=to)


# Services

@wrong("ecs:DeleteCluster", "a service")
def _():
    cluster, name = service(subnet(vpc()))
    yield ecs.delete_cluster, {"cluster": cluster}
    end_service(cluster, name)
    eventually(lambda: not ecs.list_tasks(cluster=cluster)["taskArns"])


@wrong("ecs:DeleteService", "tasks it keeps running")
def _():
    cluster, name = service(subnet(vpc()))
    yield ecs.delete_service, {"cluster": cluster, "service": name}
    ecs.update_service(cluster=cluster, service=name, desiredCount=0)


@wrong("ecs:DeregisterTaskDefinition", "a service")
def _():
    task = definition()
    cluster, name = service(subnet(vpc()), task=task)
    yield ecs.deregister_task_definition, {"taskDefinition": task}
    ecs.update_service(cluster=cluster, service=name, desiredCount=2)
    wait("ecs", "services_stable", cluster=cluster, services=[name])
    shown = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    assert shown["runningCount"] == 2 and shown["taskDefinition"] == task


@wrong("ecs:DeleteTaskDefinitions", "its registration")
def _():
    task = definition()
    yield ecs.delete_task_definitions, {"taskDefinitions": [task]}
    ecs.deregister_task_definition(taskDefinition=task)
    answer = ecs.delete_task_definitions(taskDefinitions=[task])
    assert not answer["failures"] and answer["taskDefinitions"][0]["status"] == "DELETE_IN_PROGRESS"


@wrong("ecs:DeleteTaskDefinitions", "a service")
def _():

    task = definition()
    cluster, name = service(subnet(vpc()), task=task)
    ecs.deregister_task_definition(taskDefinition=task)
    yield ecs.delete_task_definitions, {"taskDefinitions": [task]}

    def status():
        return ecs.describe_task_definition(taskDefinition=task)["taskDefinition"]["status"]
    passes(150)  # long enough for it to go if nothing held it
    assert status() == "DELETE_IN_PROGRESS"
    assert ecs.describe_services(cluster=cluster, services=[name])["services"][0]["runningCount"] == 1
    end_service(cluster, name)

    def gone():
        try:
            return not status()
        except ecs.exceptions.ClientException:
            return True
    eventually(gone)


# Scaling

def scaled():
    """A service with a scalable target, a policy and a scheduled action: `(cluster, service, target)`."""
    cluster, name = service(subnet(vpc()))
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": f"service/{cluster}/{name}"}
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(PolicyName="p", PolicyType="TargetTrackingScaling", **target, TargetTrackingScalingPolicyConfiguration={
        "TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
    scaling.put_scheduled_action(ScheduledActionName="a", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 2}, **target)
    return cluster, name, target


def of_target(target):
    one = {"ServiceNamespace": "ecs", "ResourceId": target["ResourceId"]}
    return (scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])["ScalableTargets"],
            scaling.describe_scaling_policies(**one)["ScalingPolicies"], scaling.describe_scheduled_actions(**one)["ScheduledActions"])


@wrong("ecs:DeleteService", "its scalable target")
def _():
    cluster, name, target = scaled()
    ecs.update_service(cluster=cluster, service=name, desiredCount=0)
    assert all(of_target(target))
    yield ecs.delete_service, {"cluster": cluster, "service": name}
    eventually(lambda: not any(of_target(target)))


@wrong("application-autoscaling:DeregisterScalableTarget", "a scaling policy")
def _():
    *_, target = scaled()
    assert of_target(target)[1]
    yield scaling.deregister_scalable_target, target
    assert not of_target(target)[1]


@wrong("application-autoscaling:DeregisterScalableTarget", "a scheduled action")
def _():
    *_, target = scaled()
    assert of_target(target)[2]
    yield scaling.deregister_scalable_target, target
    assert not of_target(target)[2]


@wrong("application-autoscaling:DeleteScalingPolicy", "the alarms of target tracking")
def _():
    *_, target = scaled()
    names = [alarm["AlarmName"] for alarm in of_target(target)[1][0]["Alarms"]]
    watch = client("cloudwatch")
    assert len(watch.describe_alarms(AlarmNames=names)["MetricAlarms"]) == 2
    yield scaling.delete_scaling_policy, {"PolicyName": "p", **target}
    assert not watch.describe_alarms(AlarmNames=names)["MetricAlarms"]
