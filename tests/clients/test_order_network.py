"""Deletes in the wrong order: networks and what is in them."""
from harness import eventually, ids, network, wait
from objects import (
    ANYWHERE, address, balanced, balancer, black_hole, ec2, elb, end_balancer, end_nat, end_service, fresh, gateway,
    group, interface, main_table, nat, peering, r53, service, shown_table, subnet, table, targets,
    two_subnets, vpc,
)
from order import wrong

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


@wrong("ec2:DeleteNatGateway", "an address on its way out")
def _():
    of = vpc()
    gateway(of)
    one, extra = nat(subnet(of)), address()
    leaving = second_address(one, extra)["AssociationId"]
    ec2.disassociate_nat_gateway_address(NatGatewayId=one, AssociationIds=[leaving])
    yield ec2.delete_nat_gateway, {"NatGatewayId": one}
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[one])
    eventually(lambda: "AssociationId" not in ec2.describe_addresses(AllocationIds=[extra])["Addresses"][0])
    ec2.release_address(AllocationId=extra)


def shown_nat(one):
    return ec2.describe_nat_gateways(NatGatewayIds=[one])["NatGateways"][0]["NatGatewayAddresses"]


def second_address(one, allocation):
    """Associates an address with a NAT gateway, and waits until it is."""
    ec2.associate_nat_gateway_address(NatGatewayId=one, AllocationIds=[allocation])
    return eventually(lambda: [a for a in shown_nat(one) if a["AllocationId"] == allocation and a["Status"] == "succeeded"])[0]


@wrong("ec2:DisassociateNatGatewayAddress", "the gateway whose first address it is")
def _():
    of = vpc()
    gateway(of)
    one, extra = nat(subnet(of)), address()
    other = second_address(one, extra)["AssociationId"]
    first = next(a["AssociationId"] for a in shown_nat(one) if a["IsPrimary"])
    yield ec2.disassociate_nat_gateway_address, {"NatGatewayId": one, "AssociationIds": [first]}
    yield ec2.disassociate_nat_gateway_address, {"NatGatewayId": one, "AssociationIds": [other]}


@wrong("ec2:UnassignPrivateNatGatewayAddress", "the gateway whose first address it is")
def _():
    one = ec2.create_nat_gateway(SubnetId=subnet(vpc()), ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    wait("ec2", "nat_gateway_available", NatGatewayIds=[one])
    ec2.assign_private_nat_gateway_address(NatGatewayId=one, PrivateIpAddressCount=1)
    eventually(lambda: {a["Status"] for a in shown_nat(one)} == {"succeeded"})
    first, other = sorted(shown_nat(one), key=lambda a: not a["IsPrimary"])
    yield ec2.unassign_private_nat_gateway_address, {"NatGatewayId": one, "PrivateIpAddresses": [first["PrivateIp"]]}
    yield ec2.unassign_private_nat_gateway_address, {"NatGatewayId": one, "PrivateIpAddresses": [other["PrivateIp"]]}


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


@wrong("ec2:DeleteNetworkAcl", "a subnet")
def _():
    of = vpc()
    inner = subnet(of)
    acl = ec2.create_network_acl(VpcId=of)["NetworkAcl"]["NetworkAclId"]

    def associated():
        all = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [inner]}])["NetworkAcls"]
        return next((one for acl in all for one in acl["Associations"] if one["SubnetId"] == inner), None)
    old = eventually(associated)
    new = ec2.replace_network_acl_association(AssociationId=old["NetworkAclAssociationId"], NetworkAclId=acl)["NewAssociationId"]
    yield ec2.delete_network_acl, {"NetworkAclId": acl}
    ec2.replace_network_acl_association(AssociationId=new, NetworkAclId=old["NetworkAclId"])


@wrong("ec2:DeleteDhcpOptions", "a VPC")
def _():
    of = vpc()
    made = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["order.example.com"]}])
    options = made["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=of)
    yield ec2.delete_dhcp_options, {"DhcpOptionsId": options}
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=of)


@wrong("ec2:DeleteManagedPrefixList", "a rule that refers to it")
def _():
    _, _, group = network("prefixes")
    made = ec2.create_managed_prefix_list(PrefixListName="order", MaxEntries=1, AddressFamily="IPv4")["PrefixList"]["PrefixListId"]
    eventually(lambda: ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"][0]["State"] == "create-complete")
    rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "PrefixListIds": [{"PrefixListId": made}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    yield ec2.delete_managed_prefix_list, {"PrefixListId": made}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    yield ec2.delete_managed_prefix_list, {"PrefixListId": made}
