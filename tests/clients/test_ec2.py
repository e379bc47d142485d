"""EC2 networking: VPCs, subnets, gateways, routes, groups, addresses, interfaces."""
from harness import (aws, client, eventually, ids, network, no_such_filter, pages, refused, tampered, test, wait)

ec2 = client("ec2")
MISSING = "00000000000000000"


@test
def lifecycle_of_a_network():
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "clients"}]}])["Vpc"]["VpcId"]
    aws("ec2", "wait", "vpc-available", "--vpc-ids", vpc)
    wait("ec2", "vpc_exists", VpcIds=[vpc])
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["clients"]}])["Vpcs"]
    assert ids(found, "VpcId") == [vpc]
    assert ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["others"]}])["Vpcs"] == []
    assert aws("ec2", "describe-vpcs", "--vpc-ids", vpc)["Vpcs"][0]["CidrBlock"] == "10.0.0.0/16"
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    ec2.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="default")
    block = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]["AssociationId"]
    eventually(lambda: len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]) == 2)
    refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc, CidrBlock="10.9.0.0/24")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    aws("ec2", "wait", "subnet-available", "--subnet-ids", subnet)
    refused("InvalidSubnet.Conflict", ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0/25")
    refused("InvalidCidrBlock.InUse", ec2.disassociate_vpc_cidr_block, AssociationId=block)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    eventually(lambda: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"])
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    refused("InvalidSubnetID.NotFound", ec2.delete_subnet, SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=block)
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=vpc)
    aws("ec2", "delete-vpc", "--vpc-id", vpc, fails="InvalidVpcID.NotFound")


@test
def ipv6_blocks_come_and_go():
    vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    described = eventually(lambda: [a for a in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
                                    if a["Ipv6CidrBlockState"]["State"] == "associated"])
    block = described[0]["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block)["Ipv6CidrBlockAssociation"]
    assert made["Ipv6CidrBlock"] == block
    ec2.disassociate_subnet_cidr_block(AssociationId=made["AssociationId"])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


@test
def gateways_routes_and_their_order():
    vpc, (subnet, other), group = network("gateways")
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    wait("ec2", "internet_gateway_exists", InternetGatewayIds=[igw])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    refused("Gateway.NotAttached", ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc)
    refused("InvalidGatewayID.NotFound", ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0",
            GatewayId=f"igw-{MISSING}")
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    refused("Resource.AlreadyAssociated", ec2.attach_internet_gateway, InternetGatewayId=igw, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
    refused("RouteAlreadyExists", ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=f"nat-{MISSING}")
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=igw)
    joined = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
    second = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    joined = ec2.replace_route_table_association(AssociationId=joined, RouteTableId=second)["NewAssociationId"]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]},
                                              {"Name": "association.main", "Values": ["true"]}])["RouteTables"]
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=main[0]["RouteTableId"])
    address = ec2.allocate_address(Domain="vpc")
    token = {"ClientToken": "nat-token-1"}
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"], **token)["NatGateway"]["NatGatewayId"]
    again = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"], **token)["NatGateway"]["NatGatewayId"]
    assert again == nat, "the same token makes the same gateway"
    refused("IdempotentParameterMismatch", ec2.create_nat_gateway, SubnetId=other, AllocationId=address["AllocationId"], **token)
    aws("ec2", "wait", "nat-gateway-available", "--nat-gateway-ids", nat)
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    refused("InvalidParameterValue", ec2.replace_route, RouteTableId=second, DestinationCidrBlock="1.0.0.0/8", NatGatewayId=nat)
    refused("AuthFailure", ec2.release_address, AllocationId=address["AllocationId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[nat])
    ec2.release_address(AllocationId=address["AllocationId"])
    refused("InvalidAllocationID.NotFound", ec2.release_address, AllocationId=address["AllocationId"])
    refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId=f"nat-{MISSING}")
    ec2.disassociate_route_table(AssociationId=joined)
    refused("InvalidAssociationID.NotFound", ec2.disassociate_route_table, AssociationId=joined)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    refused("InvalidRoute.NotFound", ec2.delete_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    refused("InvalidParameterValue", ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.40.0.0/16")
    for one in (table, second):
        ec2.delete_route_table(RouteTableId=one)
    refused("InvalidRouteTableID.NotFound", ec2.delete_route_table, RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=igw)
    refused("InvalidInternetGatewayID.NotFound", ec2.delete_internet_gateway, InternetGatewayId=igw)


@test
def groups_that_refer_to_each_other():
    vpc, _, one = network("groups")
    two = ec2.create_security_group(GroupName="two", Description="two", VpcId=vpc)["GroupId"]
    refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="two", Description="two", VpcId=vpc)
    permission = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": two}]}]
    rule = ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=permission)["SecurityGroupRules"][0]
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=one, IpPermissions=permission)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=two)
    # Only references from across a peering are listed, and there is none.
    assert ec2.describe_security_group_references(GroupId=[two])["SecurityGroupReferenceSet"] == []
    ec2.modify_security_group_rules(GroupId=one, SecurityGroupRules=[
        {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": {
            "IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "ReferencedGroupId": two, "Description": "moved"}}])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [one]}])["SecurityGroupRules"]
    assert any(r.get("FromPort") == 81 and r["Description"] == "moved" for r in rules if not r["IsEgress"])
    changed = [{**permission[0], "FromPort": 81, "ToPort": 81, "UserIdGroupPairs": [{"GroupId": two, "Description": "x"}]}]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=one, IpPermissions=changed)
    refused("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=one, IpPermissions=permission)
    ec2.revoke_security_group_ingress(GroupId=one, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    ec2.delete_security_group(GroupId=two)
    refused("InvalidGroup.NotFound", ec2.delete_security_group, GroupId=two)
    out = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "a"}]}]
    ec2.authorize_security_group_egress(GroupId=one, IpPermissions=out)
    ec2.update_security_group_rule_descriptions_egress(GroupId=one, IpPermissions=out)
    ec2.revoke_security_group_egress(GroupId=one, IpPermissions=out)
    main = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]},
                                                 {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]
    refused("CannotDelete", ec2.delete_security_group, GroupId=main["GroupId"])


@test
def addresses_and_interfaces():
    vpc, (subnet, _), group = network("interfaces")
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description="one")["NetworkInterface"]
    eni = made["NetworkInterfaceId"]
    wait("ec2", "network_interface_available", NetworkInterfaceIds=[eni])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "two"})
    eventually(lambda: ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]["Description"] == "two")
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")
    joined = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=eni)["AssociationId"]
    refused("Resource.AlreadyAssociated", ec2.associate_address, AllocationId=address["AllocationId"],
            NetworkInterfaceId=eni, AllowReassociation=False)
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address["AllocationId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc)
    ec2.disassociate_address(AssociationId=joined)
    ec2.release_address(AllocationId=address["AllocationId"])
    refused("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[address["AllocationId"]])
    kept = ec2.allocate_address(Domain="vpc")["AllocationId"]
    eventually(lambda: kept in ids(ec2.describe_addresses()["Addresses"], "AllocationId"))
    ec2.release_address(AllocationId=kept)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    refused("InvalidNetworkInterfaceID.NotFound", ec2.delete_network_interface, NetworkInterfaceId=eni)
    ec2.delete_security_group(GroupId=group)


@test
def peerings():
    one, two, three = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (60, 61, 60))

    def asked(first, second):
        made = ec2.create_vpc_peering_connection(VpcId=first, PeerVpcId=second)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        wait("ec2", "vpc_peering_connection_exists", VpcPeeringConnectionIds=[made])
        return made

    def status(peering):
        return ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"][0]["Status"]["Code"]
    peering = asked(one, two)
    eventually(lambda: status(peering) == "pending-acceptance")
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    eventually(lambda: status(peering) == "active")
    ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=peering,
                                              RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": False})
    table = ec2.create_route_table(VpcId=one)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.61.0.0/16", VpcPeeringConnectionId=peering)
    refused("InvalidVpcPeeringConnectionID.NotFound", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=f"pcx-{MISSING}")
    clash = asked(one, three)  # the same addresses on both sides cannot be joined
    eventually(lambda: status(clash) == "failed")
    other = asked(two, three)
    eventually(lambda: status(other) == "pending-acceptance")
    ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=other)
    eventually(lambda: status(other) == "rejected")
    refused("InvalidStateTransition", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=other)
    for n in range(70, 75):
        asked(one, ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"])
    pages("ec2", "DescribeVpcPeeringConnections", 5, "InvalidPaginationToken")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVpcPeeringConnections")
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    wait("ec2", "vpc_peering_connection_deleted", VpcPeeringConnectionIds=[peering])


@test
def tags():
    vpc = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    of_vpc = [{"Name": "resource-id", "Values": [vpc]}]
    eventually(lambda: ids(ec2.describe_tags(Filters=of_vpc)["Tags"], "Key") == ["a", "b"])
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "other"}])
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "b"}])
    eventually(lambda: ids(ec2.describe_tags(Filters=of_vpc)["Tags"], "Key") == ["a"])
    refused("InvalidID", ec2.create_tags, Resources=["nonsense"], Tags=[{"Key": "a", "Value": "1"}])
    refused("InvalidVpcID.NotFound", ec2.create_tags, Resources=[f"vpc-{MISSING}"], Tags=[{"Key": "a", "Value": "1"}])
    ec2.delete_vpc(VpcId=vpc)


@test
def nobody_there():
    for call, code, arguments in (
            (ec2.describe_vpcs, "InvalidVpcID.NotFound", {"VpcIds": [f"vpc-{MISSING}"]}),
            (ec2.describe_subnets, "InvalidSubnetID.NotFound", {"SubnetIds": [f"subnet-{MISSING}"]}),
            (ec2.describe_security_groups, "InvalidGroup.NotFound", {"GroupIds": [f"sg-{MISSING}"]}),
            (ec2.describe_route_tables, "InvalidRouteTableID.NotFound", {"RouteTableIds": [f"rtb-{MISSING}"]}),
            (ec2.describe_internet_gateways, "InvalidInternetGatewayID.NotFound", {"InternetGatewayIds": [f"igw-{MISSING}"]}),
            (ec2.describe_nat_gateways, "NatGatewayNotFound", {"NatGatewayIds": [f"nat-{MISSING}"]}),
            (ec2.describe_network_interfaces, "InvalidNetworkInterfaceID.NotFound", {"NetworkInterfaceIds": [f"eni-{MISSING}"]}),
            (ec2.describe_security_group_rules, "InvalidSecurityGroupRuleId.NotFound", {"SecurityGroupRuleIds": [f"sgr-{MISSING}"]}),
            (ec2.describe_network_acls, "InvalidNetworkAclID.NotFound", {"NetworkAclIds": [f"acl-{MISSING}"]}),
            (ec2.describe_dhcp_options, "InvalidDhcpOptionID.NotFound", {"DhcpOptionsIds": [f"dopt-{MISSING}"]}),
            (ec2.create_subnet, "InvalidVpcID.NotFound", {"VpcId": f"vpc-{MISSING}", "CidrBlock": "10.0.0.0/24"}),
            (ec2.create_security_group, "InvalidVpcID.NotFound", {"VpcId": f"vpc-{MISSING}", "GroupName": "x", "Description": "x"}),
            (ec2.create_nat_gateway, "InvalidSubnetID.NotFound", {"SubnetId": f"subnet-{MISSING}", "ConnectivityType": "private"}),
            (ec2.create_vpc, "InvalidVpc.Range", {"CidrBlock": "10.0.0.0/8"})):
        refused(code, call, **arguments)


@test
def account():
    assert ec2.describe_account_attributes()["AccountAttributes"]
    assert ec2.describe_dhcp_options()["DhcpOptions"][0]["DhcpConfigurations"]
    assert len(ec2.describe_availability_zones()["AvailabilityZones"]) >= 3
    assert "eu-west-1" in ids(ec2.describe_regions()["Regions"], "RegionName")
    refused("DryRunOperation", ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)


@test
def lists_come_in_pages():
    vpc, _, _ = network("pages", ("us-east-1a",))
    made = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(50, 56)]
    for n in range(1, 7):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{n}.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName=f"g{n}", Description="g", VpcId=vpc)["GroupId"]
        ec2.create_route_table(VpcId=vpc)
        ec2.create_internet_gateway()
        ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
        ec2.create_network_interface(SubnetId=subnet, Groups=[group])
        ec2.create_tags(Resources=[subnet], Tags=[{"Key": "n", "Value": str(n)}])
    eventually(lambda: len(ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"]) >= 12)
    for name in ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeRouteTables",
                 "DescribeInternetGateways", "DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeNetworkAcls", "DescribeTags"):
        pages("ec2", name, 5, "InvalidPaginationToken")
    for n in range(1, 7):
        client("ec2", "eu-west-3").create_vpc(CidrBlock=f"10.{n}.0.0/16")
    answer = aws("ec2", "describe-vpcs", "--page-size", "5", "--max-items", "6")
    assert len(answer["Vpcs"]) == 6 and answer["NextToken"]
    rest = aws("ec2", "describe-vpcs", "--page-size", "5", "--starting-token", answer["NextToken"])["Vpcs"]
    assert not set(ids(rest, "VpcId")) & set(ids(answer["Vpcs"], "VpcId"))
    assert set(made) <= set(ids(rest, "VpcId")) | set(ids(answer["Vpcs"], "VpcId"))


@test
def filters_filter():
    for name in ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeRouteTables",
                 "DescribeInternetGateways", "DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeNetworkAcls",
                 "DescribeTags", "DescribeAddresses", "DescribeAvailabilityZones", "DescribeRegions", "DescribeDhcpOptions"):
        member = "Filter" if name == "DescribeNatGateways" else "Filters"
        no_such_filter("InvalidParameterValue", "ec2", name, member=member)
    vpc, subnets, _ = network("filters")
    in_vpc = {"Name": "vpc-id", "Values": [vpc]}
    found = ec2.describe_subnets(Filters=[in_vpc, {"Name": "availability-zone", "Values": ["us-east-1b"]}])["Subnets"]
    assert ids(found, "SubnetId") == [subnets[1]]
    found = ec2.describe_subnets(Filters=[in_vpc, {"Name": "cidr-block", "Values": ["10.40.0.*", "10.40.1.*"]}])["Subnets"]
    assert ids(found, "SubnetId") == sorted(subnets)
    aws("ec2", "describe-subnets", "--filters", "Name=colour,Values=red", fails="InvalidParameterValue")


@test
def regions_are_apart_and_ids_unique():
    near = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    far = client("ec2", "eu-west-1").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    assert near != far
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[far])
    refused("InvalidVpcID.NotFound", client("ec2", "eu-west-1").delete_vpc, VpcId=near)
    all_ids = [v["VpcId"] for region in ("us-east-1", "eu-west-1", "eu-west-3")
               for v in client("ec2", region).describe_vpcs()["Vpcs"]]
    assert len(all_ids) == len(set(all_ids))


@test
def nonsense_is_refused():
    tampered("InvalidAction", ec2.describe_vpcs, lambda p: p["body"].update(Action="FrobnicateVpcs"))
    tampered("UnknownParameter", ec2.describe_vpcs, lambda p: p["body"].update(Colour="red"))
    tampered("MissingParameter", ec2.delete_vpc, lambda p: p["body"].pop("VpcId"), VpcId="vpc-1")
    refused("SandboxOperationNotImplemented", ec2.describe_spot_instance_requests)
