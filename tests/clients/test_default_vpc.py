"""What an account has from the start, and the parts of a network beside the common ones."""
from harness import client, eventually, network, no_such_filter, pages, refused, test

ec2 = client("ec2")


@test
def every_region_has_a_default_vpc():
    for region, zones in (("us-east-1", 6), ("eu-west-3", 3)):
        there = client("ec2", region)
        vpcs = there.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        assert [vpc["CidrBlock"] for vpc in vpcs] == ["172.31.0.0/16"], vpcs
        inside = [{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}]
        subnets = there.describe_subnets(Filters=inside)["Subnets"]
        assert len({one["AvailabilityZone"] for one in subnets}) == len(subnets) == zones, subnets
        assert all(one["DefaultForAz"] and one["MapPublicIpOnLaunch"] for one in subnets)
        assert [one["GroupName"] for one in there.describe_security_groups(Filters=inside)["SecurityGroups"]] == ["default"]
        assert [one["IsDefault"] for one in there.describe_network_acls(Filters=inside)["NetworkAcls"]] == [True]
        routes = there.describe_route_tables(Filters=inside)["RouteTables"][0]["Routes"]
        assert {one["DestinationCidrBlock"] for one in routes} == {"172.31.0.0/16", "0.0.0.0/0"}


@test
def a_network_acl_guards_its_subnets():
    vpc, (subnet, *_), _ = network("acls")
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    rule = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    ec2.create_network_acl_entry(Protocol="-1", RuleAction="allow", CidrBlock="10.0.0.0/8", **rule)
    refused("NetworkAclEntryAlreadyExists", ec2.create_network_acl_entry, Protocol="-1", RuleAction="allow",
            CidrBlock="10.0.0.0/8", **rule)
    ec2.replace_network_acl_entry(Protocol="-1", RuleAction="deny", CidrBlock="10.0.0.0/8", **rule)
    held = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"][0]
    old = next(one["NetworkAclAssociationId"] for one in held["Associations"] if one["SubnetId"] == subnet)
    new = ec2.replace_network_acl_association(AssociationId=old, NetworkAclId=acl)["NewAssociationId"]
    refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=acl)
    ec2.replace_network_acl_association(AssociationId=new, NetworkAclId=held["NetworkAclId"])
    shown = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [one["RuleAction"] for one in shown if one["RuleNumber"] == 100] == ["deny"]
    ec2.delete_network_acl_entry(**rule)
    refused("InvalidNetworkAclEntry.NotFound", ec2.delete_network_acl_entry, **rule)
    ec2.delete_network_acl(NetworkAclId=acl)
    refused("InvalidNetworkAclID.NotFound", ec2.delete_network_acl, NetworkAclId=acl)


@test
def dhcp_options_and_the_way_out_for_ipv6():
    vpc, _, _ = network("dhcp")
    made = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["clients.example.com"]}])
    options = made["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=options)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    gateways = [ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
                for _ in range(6)]
    pages("ec2", "DescribeEgressOnlyInternetGateways", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeEgressOnlyInternetGateways")
    for gateway in gateways:
        assert ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)["ReturnCode"]


@test
def interfaces_have_addresses_and_attributes():
    _, (subnet, *_), group = network("interfaces")
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=2)
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]["PrivateIpAddresses"]
    second = [one["PrivateIpAddress"] for one in shown if not one["Primary"]]
    assert len(second) == 2
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=second)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    ask = {"NetworkInterfaceId": interface, "Attribute": "sourceDestCheck"}
    assert ec2.describe_network_interface_attribute(**ask)["SourceDestCheck"]["Value"] is False
    ec2.reset_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck="true")
    assert ec2.describe_network_interface_attribute(**ask)["SourceDestCheck"]["Value"] is True
    addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    ec2.modify_address_attribute(AllocationId=addresses[0], DomainName="mail.example.com")
    shown = ec2.describe_addresses_attribute(AllocationIds=addresses[:1], Attribute="domain-name")["Addresses"]
    assert shown[0]["AllocationId"] == addresses[0]
    ec2.reset_address_attribute(AllocationId=addresses[0], Attribute="domain-name")


@test
def images_are_those_that_the_public_parameters_name():
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    assert images and all(one["ImageId"].startswith("ami-") for one in images)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeImages")
    refused("InvalidAMIID.NotFound", ec2.describe_images, ImageIds=["ami-0123456789abcdef0"])


@test
def a_default_vpc_that_was_deleted_comes_again():
    there = client("ec2", "eu-west-2")
    vpc = there.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    refused("DefaultVpcAlreadyExists", there.create_default_vpc)
    first, *rest = there.describe_subnets(Filters=inside)["Subnets"]
    zone = first["AvailabilityZone"]
    refused("DefaultSubnetAlreadyExistsInAvailabilityZone", there.create_default_subnet, AvailabilityZone=zone)
    there.delete_subnet(SubnetId=first["SubnetId"])
    again = there.create_default_subnet(AvailabilityZone=zone)["Subnet"]
    assert again["DefaultForAz"] and again["VpcId"] == vpc and again["AvailabilityZone"] == zone
    for subnet in [again, *rest]:
        there.delete_subnet(SubnetId=subnet["SubnetId"])
    gateway = there.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"][0]
    there.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
    there.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    there.delete_vpc(VpcId=vpc)
    new = there.create_default_vpc()["Vpc"]
    assert new["IsDefault"] and new["VpcId"] != vpc


@test
def interfaces_of_services_cannot_be_attached_or_detached():
    _, (subnet, *_), _ = network("attach")
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    eventually(lambda: ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"])
    refused("InvalidInstanceID.NotFound", ec2.attach_network_interface, NetworkInterfaceId=interface,
            InstanceId="i-0123456789abcdef0", DeviceIndex=1)
    refused("InvalidAttachmentID.NotFound", ec2.detach_network_interface, AttachmentId="eni-attach-0123456789abcdef0")
    ec2.delete_network_interface(NetworkInterfaceId=interface)


@test
def images_of_amazon_are_listed():
    pages("ec2", "DescribeImages", 5)
    assert all(one["OwnerId"] for one in ec2.describe_images(Owners=["amazon"])["Images"])


@test
def prefix_lists_of_services():
    """`aws_vpc_endpoint` of Terraform reads them for gateway endpoints; rules of security groups name them."""
    pages("ec2", "DescribePrefixLists", 1)
    no_such_filter("InvalidParameterValue", "ec2", "DescribePrefixLists")
    one = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])["PrefixLists"]
    assert len(one) == 1 and one[0]["Cidrs"]
    assert ec2.describe_prefix_lists(PrefixListIds=[one[0]["PrefixListId"]])["PrefixLists"] == one
    refused("InvalidPrefixListId.NotFound", ec2.describe_prefix_lists, PrefixListIds=["pl-00000000"])
    _, _, group = network("lists")
    to = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{**to, "PrefixListIds": [{"PrefixListId": one[0]["PrefixListId"]}]}])
    refused("InvalidPrefixListID.NotFound", ec2.authorize_security_group_egress, GroupId=group, IpPermissions=[
        {**to, "PrefixListIds": [{"PrefixListId": "pl-00000000"}]}])
