"""EBS: volumes of their own, snapshots, and what a Region encrypts by itself."""
from harness import ACCOUNT, aws, client, eventually, no_such_filter, pages, refused, said, test, wait

ec2, kms, west = client("ec2"), client("kms"), client("ec2", "us-west-2")
ZONE = "us-east-1a"


def volume(**more):
    one = ec2.create_volume(**{"AvailabilityZone": ZONE, "Size": 10, **more})["VolumeId"]
    wait("ec2", "volume_available", VolumeIds=[one])
    return one


def shown(one):
    return ec2.describe_volumes(VolumeIds=[one])["Volumes"][0]


def instance():
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [ZONE]}])["Subnets"][0]["SubnetId"]
    one = ec2.run_instances(ImageId=image, InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    wait("ec2", "instance_running", InstanceIds=[one])
    return one


@test
def volumes_by_type():
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "data"}]}]
    made = ec2.create_volume(AvailabilityZone=ZONE, Size=80, VolumeType="gp3", Throughput=200, TagSpecifications=tags)
    assert made["State"] == "creating" and made["Iops"] == 3000 and made["Throughput"] == 200 and made["Tags"] == tags[0]["Tags"]
    assert made["VolumeArn"] == f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/{made['VolumeId']}" and made["OwnerId"] == ACCOUNT
    wait("ec2", "volume_available", VolumeIds=[made["VolumeId"]])
    assert shown(volume(Size=100))["Iops"] == 300 and shown(volume())["VolumeType"] == "gp2"
    for code, words, more in (
        ("MissingParameter", "The request must contain the parameter size/snapshot", {"Size": None}),
        ("InvalidZone.NotFound", "The zone 'us-east-1q' does not exist.", {"AvailabilityZone": "us-east-1q"}),
        ("InvalidParameterValue", "is too small for volume type st1", {"VolumeType": "st1"}),
        ("MissingParameter", "iops", {"VolumeType": "io1"}),
        ("InvalidParameterValue", "Volume iops of 50 is too low; minimum is 100.", {"VolumeType": "io1", "Iops": 50}),
        ("InvalidParameterCombination", "The parameter iops is not supported for gp2 volumes.", {"Iops": 3000}),
        ("InvalidParameterDependency", "Throughput", {"Throughput": 200}),
        ("InvalidParameterDependency", "MultiAttachEnabled", {"MultiAttachEnabled": True}),
        ("InvalidParameterDependency", "KmsKeyId", {"KmsKeyId": "alias/aws/ebs"}),
        ("InvalidSnapshot.NotFound", "snap-00000000000000000", {"SnapshotId": "snap-00000000000000000"}),
        ("SandboxOperationNotImplemented", "OutpostArn", {"OutpostArn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-1"}),
    ):
        wanted = {key: value for key, value in {"AvailabilityZone": ZONE, "Size": 10, **more}.items() if value is not None}
        said(code, words, ec2.create_volume, **wanted)
    token = {"AvailabilityZone": ZONE, "Size": 10, "ClientToken": "once"}
    assert ec2.create_volume(**token)["VolumeId"] == ec2.create_volume(**token)["VolumeId"]
    status = ec2.describe_volume_status(VolumeIds=[made["VolumeId"]])["VolumeStatuses"][0]
    assert status["VolumeStatus"]["Status"] == "ok"
    for _ in range(4):
        volume()
    pages("ec2", "DescribeVolumeStatus", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVolumeStatus")
    assert not ec2.describe_volume_attribute(VolumeId=made["VolumeId"], Attribute="autoEnableIO")["AutoEnableIO"]["Value"]
    ec2.modify_volume_attribute(VolumeId=made["VolumeId"], AutoEnableIO={"Value": True})
    assert ec2.describe_volume_attribute(VolumeId=made["VolumeId"], Attribute="autoEnableIO")["AutoEnableIO"]["Value"]


@test
def volumes_are_attached_and_detached():
    one, host = volume(), instance()
    elsewhere = volume(AvailabilityZone="us-east-1b")
    refused("InvalidInstanceID.NotFound", ec2.attach_volume, VolumeId=one, InstanceId="i-00000000000000000", Device="/dev/sdh")
    refused("InvalidVolume.ZoneMismatch", ec2.attach_volume, VolumeId=elsewhere, InstanceId=host, Device="/dev/sdh")
    said("InvalidParameterValue", "Attachment point /dev/xvda is already in use", ec2.attach_volume, VolumeId=one, InstanceId=host, Device="/dev/xvda")
    said("IncorrectState", "is in the 'available' state.", ec2.detach_volume, VolumeId=one)
    assert ec2.attach_volume(VolumeId=one, InstanceId=host, Device="/dev/sdh")["State"] == "attaching"
    said("VolumeInUse", "is already attached to an instance", ec2.attach_volume, VolumeId=one, InstanceId=host, Device="/dev/sdi")
    eventually(lambda: shown(one)["Attachments"][0]["State"] == "attached")
    assert shown(one)["State"] == "in-use"
    devices = ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"]
    assert [each["DeviceName"] for each in devices] == ["/dev/xvda", "/dev/sdh"]
    said("VolumeInUse", f"is currently attached to {host}", ec2.delete_volume, VolumeId=one)
    refused("InvalidAttachment.NotFound", ec2.detach_volume, VolumeId=one, Device="/dev/sdz")
    root = devices[0]["Ebs"]["VolumeId"]
    refused("OperationNotPermitted", ec2.detach_volume, VolumeId=root)
    many = ec2.create_snapshots(InstanceSpecification={"InstanceId": host}, Description="all")["Snapshots"]
    assert sorted(each["VolumeId"] for each in many) == sorted([root, one])
    assert len(ec2.create_snapshots(InstanceSpecification={"InstanceId": host, "ExcludeBootVolume": True})["Snapshots"]) == 1
    assert ec2.detach_volume(VolumeId=one, InstanceId=host)["State"] == "detaching"
    wait("ec2", "volume_available", VolumeIds=[one])
    ec2.attach_volume(VolumeId=one, InstanceId=host, Device="/dev/sdh")
    ec2.terminate_instances(InstanceIds=[host])
    # What was attached later stays.
    eventually(lambda: shown(one)["State"] == "available")
    ec2.delete_volume(VolumeId=one)
    refused("InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[one])


@test
def volumes_are_changed_four_times_a_day():
    one = volume(VolumeType="gp3")
    refused("InvalidVolumeModification.NotFound", ec2.describe_volumes_modifications, VolumeIds=[one])
    change = ec2.modify_volume(VolumeId=one, Size=20)["VolumeModification"]
    assert change["OriginalSize"] == 10 and change["TargetSize"] == 20 and change["ModificationState"] == "modifying"
    refused("IncorrectModificationState", ec2.modify_volume, VolumeId=one, Size=30)

    def done():
        return ec2.describe_volumes_modifications(VolumeIds=[one])["VolumesModifications"][0]["ModificationState"] == "completed"
    eventually(done)
    assert shown(one)["Size"] == 20
    said("InvalidParameterValue", "New size cannot be smaller than existing size", ec2.modify_volume, VolumeId=one, Size=10)
    for more in ({"VolumeType": "io2", "Iops": 4000}, {"Iops": 5000}, {"MultiAttachEnabled": True}):
        ec2.modify_volume(VolumeId=one, **more)
        eventually(done)
    now = shown(one)
    assert (now["VolumeType"], now["Iops"], now["MultiAttachEnabled"]) == ("io2", 5000, True)
    refused("VolumeModificationRateExceeded", ec2.modify_volume, VolumeId=one, Size=40)
    for _ in range(5):
        ec2.modify_volume(VolumeId=volume(VolumeType="gp3"), Size=11)
    pages("ec2", "DescribeVolumesModifications", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVolumesModifications")


@test
def snapshots_and_their_copies():
    one = volume(Size=8)
    made = ec2.create_snapshot(VolumeId=one, Description="first", TagSpecifications=[
        {"ResourceType": "snapshot", "Tags": [{"Key": "Name", "Value": "first"}]}])
    assert made["State"] == "pending" and made["VolumeSize"] == 8 and not made["Encrypted"]
    first = made["SnapshotId"]
    refused("IncorrectState", west.copy_snapshot, SourceSnapshotId=first, SourceRegion="us-east-1")
    wait("ec2", "snapshot_completed", SnapshotIds=[first])
    copied = west.copy_snapshot(SourceSnapshotId=first, SourceRegion="us-east-1", Encrypted=True, Description="copy")["SnapshotId"]
    copy = west.describe_snapshots(SnapshotIds=[copied])["Snapshots"][0]
    assert copy["Encrypted"] and copy["KmsKeyId"].startswith(f"arn:aws:kms:us-west-2:{ACCOUNT}:key/")
    refused("InvalidSnapshot.NotFound", west.copy_snapshot, SourceSnapshotId=first, SourceRegion="eu-west-2")
    said("InvalidParameterValue", "is smaller than snapshot", ec2.create_volume, AvailabilityZone=ZONE, SnapshotId=first, Size=4)
    assert ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=first)["Size"] == 8
    refused("InvalidVolume.NotFound", ec2.create_snapshot, VolumeId="vol-00000000000000000")
    other = "210987654321"
    ec2.modify_snapshot_attribute(SnapshotId=first, Attribute="createVolumePermission", OperationType="add", UserIds=[other])
    ec2.modify_snapshot_attribute(SnapshotId=first, CreateVolumePermission={"Add": [{"Group": "all"}]})
    found = ec2.describe_snapshot_attribute(SnapshotId=first, Attribute="createVolumePermission")["CreateVolumePermissions"]
    assert found == [{"Group": "all"}, {"UserId": other}], found
    refused("InvalidAMIAttributeItemValue", ec2.modify_snapshot_attribute, SnapshotId=first, Attribute="createVolumePermission",
            OperationType="add", GroupNames=["everyone"])
    refused("InvalidSnapshot.NotFound", ec2.modify_snapshot_attribute, SnapshotId="snapshot-abcd1234", OperationType="add",
            Attribute="createVolumePermission", GroupNames=["all"])
    assert [each["SnapshotId"] for each in ec2.describe_snapshots(RestorableByUserIds=[other])["Snapshots"]] == [first]
    ec2.reset_snapshot_attribute(SnapshotId=first, Attribute="createVolumePermission")
    assert not ec2.describe_snapshot_attribute(SnapshotId=first, Attribute="createVolumePermission")["CreateVolumePermissions"]
    for _ in range(5):
        ec2.create_snapshot(VolumeId=one)
    pages("ec2", "DescribeSnapshots", 5, None, OwnerIds=["self"])
    no_such_filter("InvalidParameterValue", "ec2", "DescribeSnapshots")
    assert aws("ec2", "describe-snapshots", "--filters", "Name=tag:Name,Values=first")["Snapshots"][0]["SnapshotId"] == first
    ec2.create_tags(Resources=[first], Tags=[{"Key": "a", "Value": "b"}])
    ec2.delete_snapshot(SnapshotId=first)
    refused("InvalidSnapshot.NotFound", ec2.describe_snapshots, SnapshotIds=[first])


@test
def encryption_by_default():
    own = client("ec2", "eu-west-1")
    key = client("kms", "eu-west-1").create_key()["KeyMetadata"]
    assert not own.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert own.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    default = own.get_ebs_default_kms_key_id()["KmsKeyId"]
    assert default == client("kms", "eu-west-1").describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    assert own.modify_ebs_default_kms_key_id(KmsKeyId=key["KeyId"])["KmsKeyId"] == key["Arn"]
    made = own.create_volume(AvailabilityZone="eu-west-1a", Size=1)
    assert made["Encrypted"] and made["KmsKeyId"] == key["Arn"]
    assert own.reset_ebs_default_kms_key_id()["KmsKeyId"] == default
    assert not own.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert not own.create_volume(AvailabilityZone="eu-west-1a", Size=1)["Encrypted"]
