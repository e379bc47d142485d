"""EC2: the addresses of NAT gateways, public, private and regional, and addresses that another account hands over."""
from botocore.exceptions import ClientError

import planted
from harness import ACCOUNT, aws, client, eventually, ids, network, refused, test, wait
from objects import address, gateway

ec2 = client("ec2")
MISSING = "00000000000000000"


def addresses(nat):
    return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]


def settled(nat, count):
    """Waits until a gateway has that many addresses and nothing is on its way; answers the secondary ones."""
    def done():
        found = addresses(nat)
        return found if len(found) == count and {one["Status"] for one in found} == {"succeeded"} else None
    return [one for one in eventually(done) if not one.get("IsPrimary")]


def started(**more):
    made = ec2.create_nat_gateway(**more)["NatGateway"]["NatGatewayId"]
    eventually(lambda: made in ids(ec2.describe_nat_gateways()["NatGateways"], "NatGatewayId"))
    return made


def ended(nat):
    ec2.delete_nat_gateway(NatGatewayId=nat)
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[nat])


def while_draining(leave, call, come_back):
    """Takes one address away and calls before it is gone: refused, unless this machine was too slow for that."""
    def tried():
        leave()
        try:
            call()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "IncorrectState", error
            return True
        come_back()
        return None
    eventually(tried)


@test
def a_public_gateway_gets_more_addresses_and_loses_them():
    vpc, (subnet, _), _ = network("public")
    gateway(vpc)
    first, second, third = (address() for _ in range(3))
    nat = started(SubnetId=subnet, AllocationId=first)
    more = {"NatGatewayId": nat, "AllocationIds": [second]}
    refused("IncorrectState", ec2.associate_nat_gateway_address, **more)
    refused("IncorrectState", ec2.disassociate_nat_gateway_address, NatGatewayId=nat, AssociationIds=["eipassoc-1"])
    aws("ec2", "wait", "nat-gateway-available", "--nat-gateway-ids", nat)
    answer = ec2.associate_nat_gateway_address(**more, PrivateIpAddresses=["10.40.0.77"])
    assert answer["NatGatewayId"] == nat and len(answer["NatGatewayAddresses"]) == 2
    coming = next(one for one in answer["NatGatewayAddresses"] if one["AllocationId"] == second)
    assert coming["Status"] == "associating" and coming["IsPrimary"] is False and coming["PrivateIp"] == "10.40.0.77"
    (one,) = settled(nat, 2)
    held = eventually(lambda: [a for a in ec2.describe_addresses(AllocationIds=[second])["Addresses"] if "AssociationId" in a])
    assert one["AllocationId"] == second and one["AssociationId"] == held[0]["AssociationId"] and one["PublicIp"] == held[0]["PublicIp"]
    refused("Resource.AlreadyAssociated", ec2.associate_nat_gateway_address, **more)
    refused("Resource.AlreadyAssociated", ec2.associate_address, AllocationId=second, NetworkInterfaceId=one["NetworkInterfaceId"])
    refused("AuthFailure", ec2.release_address, AllocationId=second)
    refused("AuthFailure", ec2.disassociate_address, AssociationId=one["AssociationId"])
    refused("InvalidAllocationID.NotFound", ec2.associate_nat_gateway_address, NatGatewayId=nat, AllocationIds=[f"eipalloc-{MISSING}"])
    refused("NatGatewayNotFound", ec2.associate_nat_gateway_address, NatGatewayId=f"nat-{MISSING}", AllocationIds=[third])
    refused("InvalidParameterCombination", ec2.associate_nat_gateway_address, NatGatewayId=nat, AllocationIds=[third], AvailabilityZone="us-east-1a")
    refused("UnsupportedOperation", ec2.assign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddressCount=1)
    refused("UnsupportedOperation", ec2.unassign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddresses=[one["PrivateIp"]])
    primary = next(a for a in addresses(nat) if a["IsPrimary"])
    for association in (primary["AssociationId"], f"eipassoc-{MISSING}"):
        refused("InvalidParameter", ec2.disassociate_nat_gateway_address, NatGatewayId=nat, AssociationIds=[association])
    refused("NatGatewayNotFound", ec2.disassociate_nat_gateway_address, NatGatewayId=f"nat-{MISSING}", AssociationIds=[one["AssociationId"]])
    refused("MissingParameter", ec2.disassociate_nat_gateway_address, NatGatewayId=nat, AssociationIds=[])
    left = ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[one["AssociationId"]], MaxDrainDurationSeconds=1)
    assert [a["Status"] for a in left["NatGatewayAddresses"] if a["AllocationId"] == second] == ["disassociating"]
    assert settled(nat, 1) == [] and addresses(nat)[0]["AllocationId"] == first
    ec2.release_address(AllocationId=second)
    answer = aws("ec2", "associate-nat-gateway-address", "--nat-gateway-id", nat, "--allocation-ids", third)
    assert len(answer["NatGatewayAddresses"]) == 2
    settled(nat, 2)
    ended(nat)
    for free in (first, third):
        ec2.release_address(AllocationId=free)
    refused("NatGatewayNotFound", ec2.associate_nat_gateway_address, **more)


@test
def nothing_changes_while_addresses_leave():
    vpc, (subnet, _), _ = network("draining")
    gateway(vpc)
    nat = started(SubnetId=subnet, AllocationId=address())
    wait("ec2", "nat_gateway_available", NatGatewayIds=[nat])
    one, two, three = (address() for _ in range(3))
    ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[one, two])

    def association(allocation):
        return next(a["AssociationId"] for a in settled(nat, 3) if a["AllocationId"] == allocation)
    kept = association(two)

    def leave():
        ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[association(one)])

    def back(*allocations):
        settled(nat, 3 - len(allocations))
        ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=list(allocations))
    while_draining(leave, lambda: ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[kept]), lambda: back(one, two))
    settled(nat, 2)
    back(one)

    def too_many():
        settled(nat, 3)
        (extra,) = [a["AssociationId"] for a in addresses(nat) if a["AllocationId"] == three]
        ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[extra])
        back(one)
    while_draining(leave, lambda: ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[three]), too_many)
    ec2.delete_nat_gateway(NatGatewayId=nat)  # that is allowed meanwhile
    wait("ec2", "nat_gateway_deleted", NatGatewayIds=[nat])


@test
def a_private_gateway_gets_more_addresses_and_loses_them():
    _, (subnet, _), _ = network("private")
    nat = started(SubnetId=subnet, ConnectivityType="private")
    refused("IncorrectState", ec2.assign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddressCount=1)
    wait("ec2", "nat_gateway_available", NatGatewayIds=[nat])
    answer = ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddresses=["10.40.0.20", "10.40.0.21"])
    assert sorted(a["PrivateIp"] for a in answer["NatGatewayAddresses"] if a["Status"] == "assigning") == ["10.40.0.20", "10.40.0.21"]
    settled(nat, 3)
    ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddressCount=2)
    extra = settled(nat, 5)
    assert all("AllocationId" not in a and "PublicIp" not in a for a in extra), "a private gateway has no public addresses"
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=[extra[0]["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert {a["PrivateIp"] for a in extra} <= {a["PrivateIpAddress"] for a in eni["PrivateIpAddresses"]}
    refused("InvalidParameterCombination", ec2.assign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddressCount=1, PrivateIpAddresses=["10.40.0.30"])
    refused("InvalidParameterCombination", ec2.assign_private_nat_gateway_address, NatGatewayId=nat)
    refused("InvalidParameterValue", ec2.assign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddresses=["10.99.0.1"])
    refused("InvalidIPAddress.InUse", ec2.assign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddresses=["10.40.0.20"])
    refused("NatGatewayNotFound", ec2.assign_private_nat_gateway_address, NatGatewayId=f"nat-{MISSING}", PrivateIpAddressCount=1)
    refused("UnsupportedOperation", ec2.associate_nat_gateway_address, NatGatewayId=nat, AllocationIds=[address()])
    refused("UnsupportedOperation", ec2.disassociate_nat_gateway_address, NatGatewayId=nat, AssociationIds=["eipassoc-1"])
    primary = next(a["PrivateIp"] for a in addresses(nat) if a["IsPrimary"])
    for ip in (primary, "10.40.0.99"):
        refused("InvalidParameter", ec2.unassign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddresses=[ip])
    refused("NatGatewayNotFound", ec2.unassign_private_nat_gateway_address, NatGatewayId=f"nat-{MISSING}", PrivateIpAddresses=["10.40.0.20"])
    left = ec2.unassign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddresses=["10.40.0.20", "10.40.0.21"])
    assert [a["Status"] for a in left["NatGatewayAddresses"] if a["PrivateIp"] == "10.40.0.20"] == ["unassigning"]
    assert not {"10.40.0.20", "10.40.0.21"} & {a["PrivateIp"] for a in settled(nat, 3)}
    ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddresses=["10.40.0.20"])  # it is free again
    settled(nat, 4)
    ended(nat)


@test
def a_regional_gateway_has_addresses_by_zone():
    vpc, _, _ = network("regional")
    gateway(vpc)
    one, two = address(), address()
    nat = started(VpcId=vpc, AvailabilityMode="regional",
                  AvailabilityZoneAddresses=[{"AvailabilityZone": "us-east-1a", "AllocationIds": [one]}])
    wait("ec2", "nat_gateway_available", NatGatewayIds=[nat])
    refused("InvalidParameterCombination", ec2.associate_nat_gateway_address, NatGatewayId=nat, AllocationIds=[two])
    ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[two], AvailabilityZone="us-east-1b")
    zones = {a["AllocationId"]: a["AvailabilityZone"] for a in settled(nat, 2)}
    assert zones == {one: "us-east-1a", two: "us-east-1b"}
    leaving = next(a["AssociationId"] for a in addresses(nat) if a["AllocationId"] == two)
    ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[leaving])
    settled(nat, 1)
    ended(nat)
    own = started(VpcId=vpc, AvailabilityMode="regional")
    wait("ec2", "nat_gateway_available", NatGatewayIds=[own])
    refused("InvalidParameterCombination", ec2.associate_nat_gateway_address, NatGatewayId=own, AllocationIds=[two], AvailabilityZone="us-east-1b")
    ended(own)
    for free in (one, two):
        ec2.release_address(AllocationId=free)


@test
def an_address_of_another_account_is_taken_over():
    # The other account is played by the world itself: an account cannot offer addresses to itself.
    for ip, code in ((planted.IN_USE, "InvalidTransfer.AddressAssociated"), (planted.NAMED, "InvalidTransfer.AddressCustomPtrSet"),
                     (planted.ENDED, "InvalidTransfer.AddressNotFound"), ("192.0.2.1", "InvalidTransfer.AddressNotFound")):
        refused(code, ec2.accept_address_transfer, Address=ip)
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "a", "Value": "b"}]}]
    refused("DryRunOperation", ec2.accept_address_transfer, Address=planted.OFFERED, DryRun=True)
    taken = ec2.accept_address_transfer(Address=planted.OFFERED, TagSpecifications=tags)["AddressTransfer"]
    assert taken["AddressTransferStatus"] == "accepted" and taken["TransferAccountId"] == ACCOUNT
    assert taken["TransferOfferExpirationTimestamp"].timestamp() == planted.LATER > taken["TransferOfferAcceptedTimestamp"].timestamp()
    own = eventually(lambda: ec2.describe_addresses(Filters=[{"Name": "public-ip", "Values": [planted.OFFERED]}])["Addresses"])
    assert own[0]["AllocationId"] == taken["AllocationId"] and own[0]["Tags"] == tags[0]["Tags"]
    refused("InvalidTransfer.AddressNotFound", ec2.accept_address_transfer, Address=planted.OFFERED)
    aws("ec2", "accept-address-transfer", "--address", planted.OFFERED, fails="InvalidTransfer.AddressNotFound")
    ec2.release_address(AllocationId=taken["AllocationId"])
