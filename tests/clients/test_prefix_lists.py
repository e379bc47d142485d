"""Managed prefix lists: versions, what refers to them, and AWS's own."""
from harness import ACCOUNT, client, eventually, network, no_such_filter, pages, refused, said, test

ec2 = client("ec2")


def state(one):
    return ec2.describe_managed_prefix_lists(PrefixListIds=[one])["PrefixLists"][0]["State"]


def made(**more):
    one = ec2.create_managed_prefix_list(**{"PrefixListName": "mine", "MaxEntries": 3, "AddressFamily": "IPv4", **more})["PrefixList"]
    eventually(lambda: state(one["PrefixListId"]) == "create-complete")
    return one


def blocks(one, **more):
    return [entry["Cidr"] for entry in ec2.get_managed_prefix_list_entries(PrefixListId=one, **more)["Entries"]]


@test
def lists_have_versions():
    one = ec2.create_managed_prefix_list(PrefixListName="mine", MaxEntries=2, AddressFamily="IPv4", TagSpecifications=[
        {"ResourceType": "prefix-list", "Tags": [{"Key": "a", "Value": "b"}]}],
        Entries=[{"Cidr": "10.0.0.0/16", "Description": "one"}])["PrefixList"]
    name = one["PrefixListId"]
    assert one["State"] == "create-in-progress" and one["Version"] == 1 and one["OwnerId"] == ACCOUNT
    assert one["PrefixListArn"] == f"arn:aws:ec2:us-east-1:{ACCOUNT}:prefix-list/{name}" and one["Tags"]
    said("IncorrectState", "in the current state (create-in-progress)", ec2.modify_managed_prefix_list, PrefixListId=name,
         AddEntries=[{"Cidr": "10.1.0.0/16"}])
    eventually(lambda: state(name) == "create-complete")
    said("PrefixListVersionMismatch", "prefix list has the incorrect version number", ec2.modify_managed_prefix_list,
         PrefixListId=name, CurrentVersion=7, AddEntries=[{"Cidr": "10.1.0.0/16"}])
    changed = ec2.modify_managed_prefix_list(PrefixListId=name, CurrentVersion=1, AddEntries=[{"Cidr": "10.1.0.0/16"}])["PrefixList"]
    assert changed["Version"] == 2 and changed["State"] == "modify-in-progress"
    eventually(lambda: state(name) == "modify-complete")
    assert blocks(name) == ["10.0.0.0/16", "10.1.0.0/16"] and blocks(name, TargetVersion=1) == ["10.0.0.0/16"]
    said("PrefixListMaxEntriesExceeded", "You've reached the maximum number of entries for the prefix list.",
         ec2.modify_managed_prefix_list, PrefixListId=name, CurrentVersion=2, AddEntries=[{"Cidr": "10.2.0.0/16"}])
    said("InvalidParameterValue", "Request cannot contain Cidr 10.0.0.0/16 in both", ec2.modify_managed_prefix_list, PrefixListId=name,
         CurrentVersion=2, AddEntries=[{"Cidr": "10.0.0.0/16"}], RemoveEntries=[{"Cidr": "10.0.0.0/16"}])
    refused("InvalidParameterCombination", ec2.modify_managed_prefix_list, PrefixListId=name, MaxEntries=5,
            AddEntries=[{"Cidr": "10.2.0.0/16"}])
    named = ec2.modify_managed_prefix_list(PrefixListId=name, PrefixListName="other")["PrefixList"]
    assert named["Version"] == 2 and named["PrefixListName"] == "other"
    ec2.restore_managed_prefix_list_version(PrefixListId=name, PreviousVersion=1, CurrentVersion=2)
    eventually(lambda: state(name) == "restore-complete")
    assert blocks(name) == ["10.0.0.0/16"]
    for more in ({"AddressFamily": "IPv5"}, {"PrefixListName": "com.amazonaws.x"}, {"MaxEntries": 0}, {"Entries": [{"Cidr": "2001:db8::/32"}]}):
        refused("InvalidParameterValue", ec2.create_managed_prefix_list,
                **{"PrefixListName": "mine", "MaxEntries": 3, "AddressFamily": "IPv4", **more})
    assert ec2.delete_managed_prefix_list(PrefixListId=name)["PrefixList"]["State"] == "delete-in-progress"
    eventually(lambda: name not in str(ec2.describe_managed_prefix_lists()))
    refused("InvalidPrefixListID.NotFound", ec2.describe_managed_prefix_lists, PrefixListIds=[name])


@test
def rules_and_routes_refer_to_lists():
    vpc, subnets, group = network("prefixes")
    one = made(Entries=[{"Cidr": "10.9.0.0/16"}])["PrefixListId"]
    refused("InvalidPrefixListID.NotFound", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "PrefixListIds": [{"PrefixListId": "pl-00000000000000000"}]}])
    permission = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": one}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    eni = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=table, DestinationPrefixListId=one, NetworkInterfaceId=eni)
    more = []
    users = ec2.get_managed_prefix_list_associations(PrefixListId=one)["PrefixListAssociations"]
    assert sorted(user["ResourceId"] for user in users) == sorted([group, table])
    for _ in range(4):
        other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=other, DestinationPrefixListId=one, NetworkInterfaceId=eni)
        more.append(other)
    pages("ec2", "GetManagedPrefixListAssociations", 5, None, PrefixListId=one)
    refused("DependencyViolation", ec2.delete_managed_prefix_list, PrefixListId=one)
    for each in (table, *more):
        ec2.delete_route(RouteTableId=each, DestinationPrefixListId=one)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission)
    ec2.delete_managed_prefix_list(PrefixListId=one)


@test
def lists_of_aws():
    found = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])["PrefixLists"]
    assert found[0]["OwnerId"] == "AWS" and found[0]["PrefixListArn"].startswith("arn:aws:ec2:us-east-1:aws:prefix-list/pl-")
    assert blocks(found[0]["PrefixListId"])
    refused("OperationNotPermitted", ec2.delete_managed_prefix_list, PrefixListId=found[0]["PrefixListId"])
    for _ in range(4):
        made()
    pages("ec2", "DescribeManagedPrefixLists", 5)
    many = made(MaxEntries=6, Entries=[{"Cidr": f"10.{at}.0.0/16"} for at in range(6)])["PrefixListId"]
    pages("ec2", "GetManagedPrefixListEntries", 5, None, PrefixListId=many)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeManagedPrefixLists")
