"""Instances: what can be changed, and when; volumes, profiles, credits."""
import base64

from harness import aws, client, eventually, ids, network, no_such_filter, pages, passes, refused, test, trust, wait
from order import wrong

ec2, iam, ssm = client("ec2"), client("iam"), client("ssm")
VPC, SUBNETS, GROUP = network("instances")
IMAGE = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]


def launch(running=True, **more):
    made = ec2.run_instances(MinCount=1, MaxCount=1, **{"ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": SUBNETS[0], **more})
    one = made["Instances"][0]["InstanceId"]
    if running:
        wait("ec2", "instance_running", InstanceIds=[one])
    return one


def shown(one):
    return ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]


def attribute(one, name):
    answer = ec2.describe_instance_attribute(InstanceId=one, Attribute=name)
    return next(value for member, value in answer.items() if member not in ("InstanceId", "ResponseMetadata"))


def stopped(one):
    ec2.stop_instances(InstanceIds=[one])
    wait("ec2", "instance_stopped", InstanceIds=[one])


def profile(name):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    passes(45)
    return name


@test
def it_stops_and_starts():
    one = launch()
    private = shown(one)["PrivateIpAddress"]
    answer = aws("ec2", "stop-instances", "--instance-ids", one)
    assert answer["StoppingInstances"][0]["PreviousState"]["Name"] == "running"
    assert answer["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    wait("ec2", "instance_stopped", InstanceIds=[one])
    assert ec2.stop_instances(InstanceIds=[one])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopped", "again: nothing to do"
    assert ec2.start_instances(InstanceIds=[one])["StartingInstances"][0]["CurrentState"]["Name"] == "pending"
    wait("ec2", "instance_running", InstanceIds=[one])
    assert shown(one)["PrivateIpAddress"] == private, "the private address stays"
    ec2.terminate_instances(InstanceIds=[one])
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[one])
    refused("IncorrectInstanceState", ec2.stop_instances, InstanceIds=[one])
    refused("InvalidInstanceID.NotFound", ec2.start_instances, InstanceIds=["i-0123456789abcdef0"])


@test
def public_addresses_come_and_go():
    made = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=IMAGE, InstanceType="t3.micro", NetworkInterfaces=[
        {"DeviceIndex": 0, "SubnetId": SUBNETS[0], "Groups": [GROUP], "AssociatePublicIpAddress": True, "Description": "first"}])
    one = made["Instances"][0]["InstanceId"]
    wait("ec2", "instance_running", InstanceIds=[one])
    first = shown(one)
    assert first["PublicIpAddress"] and first["NetworkInterfaces"][0]["Description"] == "first"
    stopped(one)
    assert "PublicIpAddress" not in shown(one)
    ec2.start_instances(InstanceIds=[one])
    wait("ec2", "instance_running", InstanceIds=[one])
    assert shown(one)["PublicIpAddress"] != first["PublicIpAddress"], "another one after a stop"


@test
def some_attributes_wait_for_a_stop():
    data = base64.b64encode(b"#!/bin/sh\n").decode()
    one = launch(UserData="#!/bin/sh\n", DisableApiTermination=True, InstanceInitiatedShutdownBehavior="terminate")
    assert attribute(one, "userData") == {"Value": data} and attribute(one, "instanceInitiatedShutdownBehavior") == {"Value": "terminate"}
    assert attribute(one, "disableApiTermination") == {"Value": True} and attribute(one, "instanceType") == {"Value": "t3.micro"}
    for change in ({"InstanceType": {"Value": "t3.large"}}, {"UserData": {"Value": b"other"}}, {"EbsOptimized": {"Value": True}},
                   {"Kernel": {"Value": "aki-1"}}, {"Ramdisk": {"Value": "ari-1"}}):
        refused("IncorrectInstanceState", ec2.modify_instance_attribute, InstanceId=one, **change)
    refused("InvalidParameterCombination", ec2.modify_instance_attribute, InstanceId=one, SourceDestCheck={"Value": False}, EbsOptimized={"Value": True})
    refused("InvalidParameterCombination", ec2.modify_instance_attribute, InstanceId=one)
    ec2.modify_instance_attribute(InstanceId=one, SourceDestCheck={"Value": False})
    assert attribute(one, "sourceDestCheck") == {"Value": False} and shown(one)["SourceDestCheck"] is False
    ec2.modify_instance_attribute(InstanceId=one, InstanceInitiatedShutdownBehavior={"Value": "stop"})
    refused("InvalidParameterValue", ec2.modify_instance_attribute, InstanceId=one, InstanceInitiatedShutdownBehavior={"Value": "burn"})
    stopped(one)
    ec2.modify_instance_attribute(InstanceId=one, InstanceType={"Value": "t3.large"})
    ec2.modify_instance_attribute(InstanceId=one, UserData={"Value": b"other"})
    ec2.modify_instance_attribute(InstanceId=one, EbsOptimized={"Value": True})
    assert shown(one)["InstanceType"] == "t3.large" and shown(one)["EbsOptimized"] is True
    assert base64.b64decode(attribute(one, "userData")["Value"]) == b"other"
    ec2.modify_instance_attribute(InstanceId=one, UserData={"Value": b""})
    assert attribute(one, "userData") == {}
    group = ec2.create_security_group(GroupName="instances-other", Description="x", VpcId=VPC)["GroupId"]
    ec2.modify_instance_attribute(InstanceId=one, Groups=[group])
    assert ids(attribute(one, "groupSet"), "GroupId") == [group] and ids(shown(one)["NetworkInterfaces"][0]["Groups"], "GroupId") == [group]
    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[one])
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[one])
    wait("ec2", "instance_terminated", InstanceIds=[one])


@test
def metadata_names_and_monitoring():
    one = launch(MetadataOptions={"HttpTokens": "required"})
    assert shown(one)["MetadataOptions"]["HttpTokens"] == "required"
    options = ec2.modify_instance_metadata_options(InstanceId=one, HttpPutResponseHopLimit=2, InstanceMetadataTags="enabled")["InstanceMetadataOptions"]
    assert options["HttpPutResponseHopLimit"] == 2 and options["HttpTokens"] == "required" and options["InstanceMetadataTags"] == "enabled"
    refused("InvalidParameterValue", ec2.modify_instance_metadata_options, InstanceId=one, HttpPutResponseHopLimit=65)
    assert ec2.monitor_instances(InstanceIds=[one])["InstanceMonitorings"][0]["Monitoring"]["State"] == "enabled"
    ec2.unmonitor_instances(InstanceIds=[one])
    assert shown(one)["Monitoring"]["State"] == "disabled"
    ec2.modify_private_dns_name_options(InstanceId=one, EnableResourceNameDnsARecord=True)
    refused("IncorrectInstanceState", ec2.modify_private_dns_name_options, InstanceId=one, PrivateDnsHostnameType="resource-name")
    stopped(one)
    ec2.modify_private_dns_name_options(InstanceId=one, PrivateDnsHostnameType="resource-name")
    names = shown(one)["PrivateDnsNameOptions"]
    assert names["HostnameType"] == "resource-name" and names["EnableResourceNameDnsARecord"] is True


@test
def only_dedicated_instances_move():
    shared, own = launch(), launch(Placement={"Tenancy": "dedicated"})
    refused("IncorrectInstanceState", ec2.modify_instance_placement, InstanceId=own, Tenancy="host")
    stopped(shared)
    stopped(own)
    refused("InvalidTenancy", ec2.modify_instance_placement, InstanceId=shared, Tenancy="dedicated")
    ec2.modify_instance_placement(InstanceId=own, Tenancy="host", HostId="h-0123456789abcdef0", Affinity="host")
    assert shown(own)["Placement"]["HostId"] == "h-0123456789abcdef0"


@test
def credits_are_for_burstable_types():
    burst, steady = launch(), launch(InstanceType="m5.large")
    found = ec2.describe_instance_credit_specifications(InstanceIds=[burst])["InstanceCreditSpecifications"]
    assert found == [{"InstanceId": burst, "CpuCredits": "unlimited"}]
    refused("InstanceCreditSpecification.NotSupported", ec2.describe_instance_credit_specifications, InstanceIds=[steady])
    answer = ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[
        {"InstanceId": one, "CpuCredits": "standard"} for one in (burst, steady, "i-0123456789abcdef0")])
    assert ids(answer["SuccessfulInstanceCreditSpecifications"], "InstanceId") == [burst]
    assert {one["Error"]["Code"] for one in answer["UnsuccessfulInstanceCreditSpecifications"]} == {
        "InstanceCreditSpecification.NotSupported", "InvalidInstanceID.NotFound"}
    assert ec2.describe_instance_credit_specifications(InstanceIds=[burst])["InstanceCreditSpecifications"][0]["CpuCredits"] == "standard"
    for _ in range(6):
        launch(running=False)
    pages("ec2", "DescribeInstanceCreditSpecifications", 5, "InvalidPaginationToken")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeInstanceCreditSpecifications")


@test
def one_profile_at_a_time():
    first, second = profile("instances-one"), profile("instances-two")
    one = launch()
    made = ec2.associate_iam_instance_profile(InstanceId=one, IamInstanceProfile={"Name": first})["IamInstanceProfileAssociation"]
    assert made["AssociationId"].startswith("iip-assoc-") and made["IamInstanceProfile"]["Arn"].endswith("instance-profile/instances-one")
    refused("IncorrectState", ec2.associate_iam_instance_profile, InstanceId=one, IamInstanceProfile={"Name": second})
    refused("InvalidParameterValue", ec2.associate_iam_instance_profile, InstanceId=launch(), IamInstanceProfile={"Name": "never"})
    changed = ec2.replace_iam_instance_profile_association(AssociationId=made["AssociationId"], IamInstanceProfile={"Name": second})
    changed = changed["IamInstanceProfileAssociation"]
    assert changed["AssociationId"] != made["AssociationId"] and shown(one)["IamInstanceProfile"]["Arn"].endswith("instances-two")
    refused("NoSuchAssociation", ec2.replace_iam_instance_profile_association, AssociationId=made["AssociationId"], IamInstanceProfile={"Name": first})
    found = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [one]}])["IamInstanceProfileAssociations"]
    assert ids(found, "AssociationId") == [changed["AssociationId"]]
    ec2.disassociate_iam_instance_profile(AssociationId=changed["AssociationId"])
    assert "IamInstanceProfile" not in shown(one)
    for _ in range(6):
        launch(running=False, IamInstanceProfile={"Name": first})
    pages("ec2", "DescribeIamInstanceProfileAssociations", 5, "InvalidPaginationToken")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeIamInstanceProfileAssociations")


def volumes(one):
    return ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [one]}])["Volumes"]


@test
def volumes_are_as_they_were_asked_for():
    one = launch(BlockDeviceMappings=[
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}},
        {"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 5, "VolumeType": "io2", "Iops": 200, "DeleteOnTermination": False}},
    ], TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "core"}]}])
    found = {volume["Attachments"][0]["Device"]: volume for volume in volumes(one)}
    root, data = found["/dev/xvda"], found["/dev/xvdb"]
    assert (root["Size"], root["VolumeType"], root["Encrypted"], root["Iops"]) == (20, "gp3", True, 3000) and root["KmsKeyId"]
    assert (data["Size"], data["VolumeType"], data["Iops"], data["Attachments"][0]["DeleteOnTermination"]) == (5, "io2", 200, False)
    assert data["Tags"] == [{"Key": "team", "Value": "core"}]
    refused("VolumeInUse", ec2.delete_volume, VolumeId=data["VolumeId"])
    refused("InvalidInstanceAttributeValue", ec2.modify_instance_attribute, InstanceId=one, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdz", "Ebs": {"DeleteOnTermination": True}}])
    ec2.modify_instance_attribute(InstanceId=one, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}])
    assert {m["DeviceName"]: m["Ebs"]["DeleteOnTermination"] for m in attribute(one, "blockDeviceMapping")} == {"/dev/xvda": False, "/dev/xvdb": False}
    ec2.terminate_instances(InstanceIds=[one])
    wait("ec2", "volume_available", VolumeIds=[root["VolumeId"], data["VolumeId"]])
    for volume in (root, data):
        ec2.delete_volume(VolumeId=volume["VolumeId"])
    refused("InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[root["VolumeId"]])
    for wrong_one, code in (({"Ebs": {"VolumeType": "gp3"}}, "InvalidBlockDeviceMapping"), ({"Ebs": {"VolumeSize": 1, "VolumeType": "io1"}}, "MissingParameter")):
        refused(code, ec2.run_instances, MinCount=1, MaxCount=1, ImageId=IMAGE, SubnetId=SUBNETS[0],
                BlockDeviceMappings=[{"DeviceName": "/dev/xvdb", **wrong_one}])
    pages("ec2", "DescribeVolumes", 5, "InvalidPaginationToken")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVolumes")


@test
def volumes_go_with_the_instance():
    one = launch()
    own = volumes(one)[0]["VolumeId"]
    ec2.terminate_instances(InstanceIds=[one])
    wait("ec2", "volume_deleted", VolumeIds=[own])


@wrong("ec2:DeleteVolume", "the instance it is attached to")
def attached_volume():
    one = launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}])
    volume = volumes(one)[0]["VolumeId"]
    yield ec2.delete_volume, {"VolumeId": volume}
    ec2.terminate_instances(InstanceIds=[one])
    yield ec2.delete_volume, {"VolumeId": volume}


@wrong("ec2:DetachVolume", "the instance whose root it is")
def a_root_volume():
    one = launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}])
    wait("ec2", "instance_running", InstanceIds=[one])
    root = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [one]}])["Volumes"][0]["VolumeId"]
    yield ec2.detach_volume, {"VolumeId": root}
    ec2.stop_instances(InstanceIds=[one])
    yield ec2.detach_volume, {"VolumeId": root}
