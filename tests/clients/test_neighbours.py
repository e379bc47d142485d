"""Operations next to those that a migration calls: what other clients of the same services ask for, Terraform's provider first.

Texts are interface: where a client matches on them, `said` asserts them. Sources are beside the operations.
"""
import base64
import io
import json
import zipfile

import boto3
from botocore.config import Config

from harness import client, eventually, network, no_such_filter, pages, patiently, refused, role, said, test, trust, wait

ec2, ecs, functions, iam = client("ec2"), client("ecs"), client("lambda"), client("iam")
logs, rds, s3, sns, ssm = client("logs"), client("rds"), client("s3"), client("sns"), client("ssm")
# The key and the fingerprint of moto's test_key_pairs_import.
RSA = ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDusXfgTE4eBP50NglSzCSEGnIL6+cr6m3H6cZANOQ+P1o/W4BdtcAL3sor4iGi7SOeJgo8kweyMQrhrt6HaKGgro"
       "mRiz37LQx4YIAcBi4Zd023mO/V7Rc2Chh18mWgLSmA6ng+j37ip6452zxtv0jHAz9pJolbKBpJzbZlPN45ZCTk9ck0fSVHRl6VRSSPQcpqi65XpRf+35zNOCGCc1mAOOT"
       "mw59Q2a6A3t8mL7r91aM5q6QOQm219lctFM8O7HRJnDgmhGpnjRwE1LyKktWTbgFZ4SNWU2XqusUO07jKuSxzPumXBeU+JEtx0J1tqZwJlpGt2R+0qN7nKnPl2+hx me")


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.py", "def handler(event, context): return 1")
    return packed.getvalue()


def unguarded(service):
    """A client that sends what its model forbids."""
    return boto3.client(service, region_name="us-east-1", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))


@test
def key_pairs():
    made = ec2.create_key_pair(KeyName="made", TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "k", "Value": "v"}]}])
    assert made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----") and len(made["KeyFingerprint"]) == 59, made
    assert len(base64.b64decode(ec2.create_key_pair(KeyName="ed", KeyType="ed25519")["KeyFingerprint"])) == 32
    got = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=RSA.encode())
    assert got["KeyFingerprint"] == "6a:49:07:1c:7e:bd:d2:bd:96:25:fe:b5:74:83:ae:fd", got
    said("InvalidKey.Format", "Key is not in valid OpenSSH public key format", ec2.import_key_pair, KeyName="odd", PublicKeyMaterial=b"odd")
    refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="mine")
    shown = eventually(lambda: ec2.describe_key_pairs(KeyPairIds=[got["KeyPairId"]], IncludePublicKey=True)["KeyPairs"])[0]
    assert shown["KeyName"] == "mine" and shown["KeyType"] == "rsa" and shown["PublicKey"] == RSA
    said("InvalidKeyPair.NotFound", "The key pair 'never' does not exist", ec2.describe_key_pairs, KeyNames=["never"])
    tagged = ec2.describe_key_pairs(Filters=[{"Name": "tag:k", "Values": ["v"]}])["KeyPairs"]
    assert [one["KeyName"] for one in tagged] == ["made"] and "KeyMaterial" not in tagged[0]
    no_such_filter("InvalidParameterValue", "ec2", "DescribeKeyPairs")
    assert ec2.delete_key_pair(KeyName="mine")["KeyPairId"] == got["KeyPairId"]
    assert ec2.delete_key_pair(KeyName="mine")["Return"], "deleting what is gone succeeds"


@test
def instance_types():
    """`aws_ec2_instance_type_offering`, which most of the provider's tests with instances begin with."""
    pages("ec2", "DescribeInstanceTypes", 50, "InvalidPaginationToken")
    pages("ec2", "DescribeInstanceTypeOfferings", 50, "InvalidPaginationToken")
    for operation in ("DescribeInstanceTypes", "DescribeInstanceTypeOfferings"):
        no_such_filter("InvalidParameterValue", "ec2", operation)
    said("InvalidInstanceType", "The following supplied instance types do not exist: [t0.never]", ec2.describe_instance_types, InstanceTypes=["t0.never"])
    one = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"][0]
    assert (one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"], one["Hypervisor"]) == (2, 1024, "nitro"), one
    arm = ec2.describe_instance_types(Filters=[{"Name": "processor-info.supported-architecture", "Values": ["arm64"]}])["InstanceTypes"]
    assert arm and all(one["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"] for one in arm)
    asked = {"Filters": [{"Name": "instance-type", "Values": ["t3.micro", "t0.never"]}]}
    for kind, location in (("availability-zone", "us-east-1a"), ("availability-zone-id", "use1-az1"), ("region", "us-east-1")):
        offered = ec2.describe_instance_type_offerings(LocationType=kind, **asked)["InstanceTypeOfferings"]
        assert location in {one["Location"] for one in offered} and {one["InstanceType"] for one in offered} == {"t3.micro"}, offered


@test
def flow_logs():
    """TestAccVPCFlowLog_*."""
    of, subnets, _ = network("flow")
    logs.create_log_group(logGroupName="flow")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:flow"
    asked = {"ResourceIds": [of], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestination": group + ":*"}
    said("InvalidParameter", "DeliverLogsPermissionArn can't be empty", ec2.create_flow_logs, **asked)
    arn = iam.create_role(RoleName="flow", AssumeRolePolicyDocument=trust("vpc-flow-logs.amazonaws.com"))["Role"]["Arn"]
    # The words that Terraform's provider waits by while a role spreads.
    said("InvalidParameter", "Unable to assume given IAM role", ec2.create_flow_logs, **asked, DeliverLogsPermissionArn=arn + "-never")
    made = patiently("InvalidParameter", ec2.create_flow_logs, **asked, DeliverLogsPermissionArn=arn)["FlowLogIds"][0]
    shown = eventually(lambda: ec2.describe_flow_logs(FlowLogIds=[made])["FlowLogs"])[0]
    assert (shown["LogDestination"], shown["LogGroupName"], shown["MaxAggregationInterval"], shown["DeliverLogsStatus"]) == (group, "flow", 600, "SUCCESS")
    again = ec2.create_flow_logs(**asked, DeliverLogsPermissionArn=arn)
    assert not again.get("FlowLogIds") and again["Unsuccessful"][0]["Error"]["Code"] == "FlowLogAlreadyExists", again
    bucket = {"ResourceIds": subnets, "ResourceType": "Subnet", "TrafficType": "REJECT", "LogDestinationType": "s3"}
    lost = ec2.create_flow_logs(**bucket, LogDestination="arn:aws:s3:::flow-never")["Unsuccessful"]
    assert len(lost) == 2 and lost[0]["Error"]["Message"] == "LogDestination: flow-never does not exist", lost
    said("InvalidParameter", "LogDestination type must be cloud-watch-logs if LogGroupName is provided.", ec2.create_flow_logs, **bucket, LogGroupName="flow")
    said("InvalidParameter", "Please only provide LogGroupName or only provide LogDestination.", ec2.create_flow_logs, **bucket, LogGroupName="flow",
         LogDestination="arn:aws:s3:::flow-logs-here")
    s3.create_bucket(Bucket="flow-logs-here")
    stored = ec2.create_flow_logs(**bucket, LogDestination="arn:aws:s3:::flow-logs-here/prefix", MaxAggregationInterval=60)["FlowLogIds"]
    shown = eventually(lambda: ec2.describe_flow_logs(Filter=[{"Name": "log-destination-type", "Values": ["s3"]}])["FlowLogs"])
    assert len(shown) == 2 and shown[0]["DestinationOptions"] == {
        "FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    refused("InvalidParameterValue", ec2.describe_flow_logs, Filter=[{"Name": "never", "Values": ["x"]}])
    for subnet, _ in zip(subnets * 3, range(5)):
        ec2.create_flow_logs(ResourceIds=[subnet], ResourceType="Subnet", TrafficType="ACCEPT", LogDestinationType="s3",
                             LogDestination=f"arn:aws:s3:::flow-logs-here/{subnet}/{_}")
    eventually(lambda: len(ec2.describe_flow_logs()["FlowLogs"]) == 8)
    pages("ec2", "DescribeFlowLogs", 5, "InvalidPaginationToken")
    refused("InvalidVpcID.NotFound", ec2.create_flow_logs, **{**asked, "ResourceIds": ["vpc-0123456789abcdef0"]}, DeliverLogsPermissionArn=arn)
    ec2.delete_flow_logs(FlowLogIds=stored)
    refused("InvalidFlowLogId.NotFound", ec2.delete_flow_logs, FlowLogIds=stored)
    assert not ec2.describe_flow_logs(FlowLogIds=stored[:1])["FlowLogs"]


@test
def devices_and_passwords():
    """TestAccIAMVirtualMFADevice_*, TestAccIAMAccountPasswordPolicy_*; moto's test_iam.py."""
    iam.create_user(UserName="phone")
    for at in range(3):
        iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-{at}", Path="/phones/")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Tags=[{"Key": "k", "Value": "v"}])["VirtualMFADevice"]
    serial = made["SerialNumber"]
    assert serial == "arn:aws:iam::123456789012:mfa/phone" and made["QRCodePNG"][:4] == b"\x89PNG" and len(made["Base32StringSeed"]) == 64
    said("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.", iam.create_virtual_mfa_device,
         VirtualMFADeviceName="phone")
    pages("iam", "ListVirtualMFADevices", 2, "ValidationError")
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    refused("NoSuchEntity", iam.enable_mfa_device, UserName="never", SerialNumber=serial, **codes)
    iam.enable_mfa_device(UserName="phone", SerialNumber=serial, **codes)
    iam.enable_mfa_device(UserName="phone", SerialNumber="arn:aws:iam::123456789012:mfa/phones/phone-0", **codes)
    pages("iam", "ListMFADevices", 1, "ValidationError", UserName="phone")
    iam.resync_mfa_device(UserName="phone", SerialNumber=serial, **codes)
    assert iam.get_mfa_device(SerialNumber=serial, UserName="phone")["UserName"] == "phone"
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert {one["User"]["UserName"] for one in assigned} == {"phone"} and len(assigned) == 2
    assert len(iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]) == 2
    refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=serial)
    said("DeleteConflict", "must delete MFA device first", iam.delete_user, UserName="phone")
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "l", "Value": "w"}])
    pages("iam", "ListMFADeviceTags", 1, "ValidationError", SerialNumber=serial)
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["k", "l"])
    assert not iam.list_mfa_device_tags(SerialNumber=serial)["Tags"]
    assert iam.get_account_summary()["SummaryMap"]["MFADevicesInUse"] == 2
    for one in assigned:
        iam.deactivate_mfa_device(UserName="phone", SerialNumber=one["SerialNumber"])
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    said("NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist.", iam.delete_virtual_mfa_device, SerialNumber=serial)
    iam.delete_user(UserName="phone")
    said("NoSuchEntity", "The Password Policy with domain name 123456789012 cannot be found.", iam.get_account_password_policy)
    iam.update_account_password_policy(MinimumPasswordLength=10, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"], policy["RequireSymbols"]) == (10, True, False), policy
    iam.update_account_password_policy(RequireSymbols=True)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"], policy["RequireSymbols"]) == (6, False, True), policy
    iam.create_user(UserName="typist")
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="typist", Password="Sufficient1")
    iam.create_login_profile(UserName="typist", Password="short!")
    iam.delete_account_password_policy()
    refused("PasswordPolicyViolation", iam.update_login_profile, UserName="typist", Password="short!")
    iam.delete_login_profile(UserName="typist")
    iam.delete_user(UserName="typist")
    said("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", iam.delete_account_password_policy)


@test
def tasks_on_their_own():
    """moto's test_run_task*; ECS API reference, RunTask."""
    of, subnets, group = network("tasks")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    patiently("InvalidInternetGatewayID.NotFound", ec2.attach_internet_gateway, InternetGatewayId=gateway, VpcId=of)
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [of]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ecs.create_cluster(clusterName="tasks")
    ecs.register_task_definition(family="alone", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
                                 containerDefinitions=[{"name": "app", "image": "nginx"}], tags=[{"key": "of", "value": "definition"}])
    there = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}}
    asked = {"cluster": "tasks", "taskDefinition": "alone", "launchType": "FARGATE"}
    said("InvalidParameterException", "Network Configuration must be provided", ecs.run_task, **asked)
    refused("ClusterNotFoundException", ecs.run_task, **{**asked, "cluster": "never"})
    refused("ClientException", ecs.run_task, **{**asked, "taskDefinition": "never"}, networkConfiguration=there)
    said("ClientException", "Override for container named other is not a container in the TaskDefinition.", ecs.run_task, **asked,
         networkConfiguration=there, overrides={"containerOverrides": [{"name": "other"}]})
    refused("InvalidParameterException", ecs.run_task, **asked, networkConfiguration=there, count=11)
    ran = ecs.run_task(**asked, networkConfiguration=there, count=2, startedBy="me", propagateTags="TASK_DEFINITION",
                       overrides={"containerOverrides": [{"name": "app", "command": ["sleep"]}]})
    assert not ran["failures"] and [one["group"] for one in ran["tasks"]] == ["family:alone"] * 2
    first = ran["tasks"][0]
    assert first["startedBy"] == "me" and first["overrides"]["containerOverrides"][0]["command"] == ["sleep"]
    assert first["tags"] == [{"key": "of", "value": "definition"}] and first["lastStatus"] == "PROVISIONING"
    arns = [one["taskArn"] for one in ran["tasks"]]
    wait("ecs", "tasks_running", cluster="tasks", tasks=arns)
    shown = ecs.describe_tasks(cluster="tasks", tasks=arns)["tasks"]
    assert all(one["attachments"][0]["status"] == "ATTACHED" and one["containers"][0]["lastStatus"] == "RUNNING" for one in shown)
    assert sorted(ecs.list_tasks(cluster="tasks", family="alone", startedBy="me")["taskArns"]) == sorted(arns)
    refused("ClusterContainsTasksException", ecs.delete_cluster, cluster="tasks")
    for arn in arns:
        ecs.stop_task(cluster="tasks", task=arn, reason="enough")
    wait("ecs", "tasks_stopped", cluster="tasks", tasks=arns)
    assert ecs.describe_tasks(cluster="tasks", tasks=arns)["tasks"][0]["stoppedReason"] == "enough"
    ecs.register_task_definition(family="host", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 64}])
    said("InvalidParameterException", "No Container Instances were found in your cluster.", ecs.run_task, cluster="tasks", taskDefinition="host")
    # A role that ECS may not assume is refused at once, where a service tries again.
    wrong = role("tasks-wrong", "lambda.amazonaws.com")
    ecs.register_task_definition(family="unable", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
                                 executionRoleArn=wrong, containerDefinitions=[{"name": "app", "image": "nginx"}])
    said("ClientException", "unable to assume the role", ecs.run_task, **{**asked, "taskDefinition": "unable"}, networkConfiguration=there)


@test
def settings_of_ecs():
    """TestAccECSAccountSettingDefault_*."""
    refused("InvalidParameterException", ecs.put_account_setting_default, name="containerInsights", value="never")
    ecs.put_account_setting_default(name="containerInsights", value="enabled")
    effective = {one["name"]: one for one in ecs.list_account_settings(effectiveSettings=True, maxResults=10)["settings"]}
    assert effective["containerInsights"]["value"] == "enabled" and effective["containerInsights"]["principalArn"].endswith(":root")
    assert effective["taskLongArnFormat"]["value"] == "enabled" if "taskLongArnFormat" in effective else True
    pages("ecs", "ListAccountSettings", 3, "InvalidParameterException", effectiveSettings=True)
    mine = ecs.put_account_setting(name="containerInsights", value="disabled")["setting"]
    assert ecs.list_account_settings(name="containerInsights", effectiveSettings=True)["settings"] == [mine]
    ecs.delete_account_setting(name="containerInsights")
    got = ecs.list_account_settings(name="containerInsights", effectiveSettings=True)["settings"][0]
    assert got["value"] == "enabled", got
    found = ecs.describe_capacity_providers(capacityProviders=["FARGATE", "never"])
    assert [one["name"] for one in found["capacityProviders"]] == ["FARGATE"] and found["failures"][0]["reason"] == "MISSING"
    first = ecs.describe_capacity_providers(maxResults=1)
    assert len(first["capacityProviders"]) == 1 and ecs.describe_capacity_providers(nextToken=first["nextToken"])["capacityProviders"]


@test
def copies_of_rds():
    """TestAccRDSSnapshotCopy_basic, TestAccRDSClusterSnapshotCopy_basic; RDS User Guide, "Copying a DB parameter group"."""
    for cluster, of in (("", "DBParameterGroup"), ("cluster_", "DBClusterParameterGroup")):
        create, copy = getattr(rds, f"create_db_{cluster}parameter_group"), getattr(rds, f"copy_db_{cluster}parameter_group")
        create(**{f"{of}Name": "first", "DBParameterGroupFamily": "mysql8.0" if not cluster else "aurora-mysql8.0", "Description": "d"})
        to = {f"Target{of}Identifier": "second", f"Target{of}Description": "copy"}
        assert copy(**{f"Source{of}Identifier": "first"}, **to)[of]["Description"] == "copy"
        refused("DBParameterGroupAlreadyExists", copy, **{f"Source{of}Identifier": "first"}, **to)
        refused("DBParameterGroupNotFound", copy, **{f"Source{of}Identifier": "never"}, **{**to, f"Target{of}Identifier": "third"})
        refused("InvalidParameterValue", copy, **{f"Source{of}Identifier": "default.mysql8.0"}, **{**to, f"Target{of}Identifier": "third"})
    base = {"MasterUsername": "tester", "MasterUserPassword": "not-a-secret-1"}
    rds.create_db_instance(DBInstanceIdentifier="copied", Engine="mysql", DBInstanceClass="db.t3.micro", AllocatedStorage=20, **base)
    rds.create_db_cluster(DBClusterIdentifier="copied", Engine="aurora-mysql", **base)
    wait("rds", "db_instance_available", DBInstanceIdentifier="copied")
    wait("rds", "db_cluster_available", DBClusterIdentifier="copied")
    taken = rds.create_db_snapshot(DBInstanceIdentifier="copied", DBSnapshotIdentifier="taken", Tags=[{"Key": "k", "Value": "v"}])["DBSnapshot"]
    refused("InvalidDBSnapshotState", rds.copy_db_snapshot, SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="copy")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="taken")
    copy = rds.copy_db_snapshot(SourceDBSnapshotIdentifier=taken["DBSnapshotArn"], TargetDBSnapshotIdentifier="copy")["DBSnapshot"]
    assert (copy["SourceDBSnapshotIdentifier"], copy["SnapshotType"], copy["TagList"]) == (taken["DBSnapshotArn"], "manual", []), copy
    refused("DBSnapshotAlreadyExists", rds.copy_db_snapshot, SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="copy")
    refused("DBSnapshotNotFound", rds.copy_db_snapshot, SourceDBSnapshotIdentifier="never", TargetDBSnapshotIdentifier="other")
    refused("KMSKeyNotAccessibleFault", rds.copy_db_snapshot, SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="other", KmsKeyId="never")
    own = client("kms").create_key()["KeyMetadata"]
    sealed = rds.copy_db_snapshot(SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="sealed", KmsKeyId=own["KeyId"])["DBSnapshot"]
    assert sealed["Encrypted"] and sealed["KmsKeyId"] == own["Arn"], sealed
    client("kms").disable_key(KeyId=own["KeyId"])
    refused("KMSKeyNotAccessibleFault", rds.copy_db_snapshot, SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="other", KmsKeyId=own["KeyId"])
    tagged = rds.copy_db_snapshot(SourceDBSnapshotIdentifier="taken", TargetDBSnapshotIdentifier="tagged", CopyTags=True)["DBSnapshot"]
    assert tagged["TagList"] == [{"Key": "k", "Value": "v"}]
    # A copy in another region names its source.
    there = client("rds", "us-west-2")
    far = there.copy_db_snapshot(SourceDBSnapshotIdentifier=taken["DBSnapshotArn"], TargetDBSnapshotIdentifier="far", SourceRegion="us-east-1")["DBSnapshot"]
    assert far["SourceRegion"] == "us-east-1" and ":us-west-2:" in far["DBSnapshotArn"]
    rds.create_db_cluster_snapshot(DBClusterIdentifier="copied", DBClusterSnapshotIdentifier="taken")
    wait("rds", "db_cluster_snapshot_available", DBClusterSnapshotIdentifier="taken")
    copy = rds.copy_db_cluster_snapshot(SourceDBClusterSnapshotIdentifier="taken", TargetDBClusterSnapshotIdentifier="copy")["DBClusterSnapshot"]
    assert copy["SourceDBClusterSnapshotArn"].endswith(":cluster-snapshot:taken")
    refused("DBClusterSnapshotNotFoundFault", rds.copy_db_cluster_snapshot, SourceDBClusterSnapshotIdentifier="never",
            TargetDBClusterSnapshotIdentifier="other")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="copy")


@test
def endpoints_of_clusters():
    """TestAccRDSClusterEndpoint_basic."""
    login = {"MasterUsername": "tester", "MasterUserPassword": "not-a-secret-1"}
    rds.create_db_cluster(DBClusterIdentifier="ends", Engine="aurora-postgresql", **login)
    wait("rds", "db_cluster_available", DBClusterIdentifier="ends")
    for name in ("ends-1", "ends-2"):
        rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier="ends", Engine="aurora-postgresql", DBInstanceClass="db.r6g.large")
    of = {"DBClusterIdentifier": "ends", "EndpointType": "READER"}
    refused("DBClusterNotFoundFault", rds.create_db_cluster_endpoint, **{**of, "DBClusterIdentifier": "never"}, DBClusterEndpointIdentifier="never")
    refused("DBInstanceNotFound", rds.create_db_cluster_endpoint, **of, DBClusterEndpointIdentifier="odd", StaticMembers=["never"])
    made = rds.create_db_cluster_endpoint(**of, DBClusterEndpointIdentifier="readers", StaticMembers=["ends-1"], Tags=[{"Key": "k", "Value": "v"}])
    assert (made["Status"], made["EndpointType"], made["CustomEndpointType"]) == ("creating", "CUSTOM", "READER")
    assert made["Endpoint"].startswith("readers.cluster-custom-") and rds.list_tags_for_resource(ResourceName=made["DBClusterEndpointArn"])["TagList"]
    refused("DBClusterEndpointAlreadyExistsFault", rds.create_db_cluster_endpoint, **of, DBClusterEndpointIdentifier="readers")
    refused("InvalidDBClusterEndpointStateFault", rds.delete_db_cluster_endpoint, DBClusterEndpointIdentifier="readers")

    def status(name):
        found = rds.describe_db_cluster_endpoints(DBClusterEndpointIdentifier=name)["DBClusterEndpoints"]
        return found[0]["Status"] if found else "gone"
    eventually(lambda: status("readers") == "available")
    changed = rds.modify_db_cluster_endpoint(DBClusterEndpointIdentifier="readers", EndpointType="ANY", ExcludedMembers=["ends-2"])
    assert (changed["CustomEndpointType"], changed["StaticMembers"], changed["ExcludedMembers"]) == ("ANY", [], ["ends-2"])
    kinds = [one["EndpointType"] for one in rds.describe_db_cluster_endpoints(DBClusterIdentifier="ends")["DBClusterEndpoints"]]
    assert kinds == ["WRITER", "READER", "CUSTOM"], kinds
    custom = [{"Name": "db-cluster-endpoint-type", "Values": ["custom"]}]
    assert len(rds.describe_db_cluster_endpoints(Filters=custom)["DBClusterEndpoints"]) == 1
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBClusterEndpoints")
    for at in range(19):
        rds.create_db_cluster_endpoint(**of, DBClusterEndpointIdentifier=f"more-{at}")
    eventually(lambda: all(status(f"more-{at}") == "available" for at in (0, 18)))
    pages("rds", "DescribeDBClusterEndpoints", 20, "InvalidParameterValue", DBClusterIdentifier="ends")
    eventually(lambda: status("readers") == "available")
    rds.delete_db_cluster_endpoint(DBClusterEndpointIdentifier="readers")
    eventually(lambda: status("readers") == "gone")
    refused("DBClusterEndpointNotFoundFault", rds.delete_db_cluster_endpoint, DBClusterEndpointIdentifier="readers")
    # The others go with their cluster.
    for name in ("ends-1", "ends-2"):
        wait("rds", "db_instance_available", DBInstanceIdentifier=name)
        rds.delete_db_instance(DBInstanceIdentifier=name)
    rds.delete_db_cluster(DBClusterIdentifier="ends", SkipFinalSnapshot=True)
    assert status("more-3") == "deleting"
    wait("rds", "db_cluster_deleted", DBClusterIdentifier="ends")
    assert status("more-3") == "gone"


@test
def categories_of_events():
    """TestAccRDSEventCategoriesDataSource_*."""
    found = {one["SourceType"]: one["EventCategories"] for one in rds.describe_event_categories()["EventCategoriesMapList"]}
    assert {"availability", "backup", "failover", "low storage", "restoration"} <= set(found["db-instance"])
    of = rds.describe_event_categories(SourceType="db-snapshot")["EventCategoriesMapList"]
    assert len(of) == 1 and {"creation", "deletion", "notification", "restoration"} <= set(of[0]["EventCategories"])
    refused("InvalidParameterValue", rds.describe_event_categories, SourceType="never")
    no_such_filter("InvalidParameterValue", "rds", "DescribeEventCategories")
    defaults = rds.describe_engine_default_cluster_parameters(DBParameterGroupFamily="aurora-postgresql16")["EngineDefaults"]
    assert defaults["Parameters"] and defaults["DBParameterGroupFamily"] == "aurora-postgresql16"
    no_such_filter("InvalidParameterValue", "rds", "DescribeEngineDefaultClusterParameters", DBParameterGroupFamily="aurora-postgresql16")


@test
def orderable_options_in_large_pages():
    """`aws_rds_orderable_db_instance` reads all of an engine's: what a page costs must not hang on how many there are."""
    import time
    began = time.monotonic()
    first = rds.describe_orderable_db_instance_options(Engine="postgres", MaxRecords=100)
    took = time.monotonic() - began
    assert len(first["OrderableDBInstanceOptions"]) == 100 and first["Marker"] and took < 5, took


@test
def urls_of_functions():
    """LocalStack's recordings of AWS, TestLambdaUrl."""
    arn = role("neighbours-lambda", "lambda.amazonaws.com")
    made = patiently("InvalidParameterValueException", functions.create_function, FunctionName="reached", Role=arn, Runtime="python3.12",
                     Handler="index.handler", Code={"ZipFile": archive()})["FunctionArn"]
    wait("lambda", "function_active_v2", FunctionName="reached")
    said("ResourceNotFoundException", "Function does not exist", functions.create_function_url_config, FunctionName="never", AuthType="NONE")
    url = functions.create_function_url_config(FunctionName="reached", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    assert url["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/") and url["FunctionArn"] == made and "InvokeMode" not in url
    said("ResourceConflictException", "FunctionUrlConfig exists for this Lambda function", functions.create_function_url_config,
         FunctionName="reached", AuthType="NONE")
    got = functions.get_function_url_config(FunctionName="reached")
    assert (got["InvokeMode"], got["Cors"], got["FunctionUrl"]) == ("BUFFERED", {"AllowOrigins": ["*"]}, url["FunctionUrl"])
    functions.publish_version(FunctionName="reached")
    functions.create_alias(FunctionName="reached", Name="live", FunctionVersion="1")
    refused("ValidationException", functions.create_function_url_config, FunctionName="reached", Qualifier="1", AuthType="NONE")
    functions.create_function_url_config(FunctionName="reached", Qualifier="live", AuthType="AWS_IAM")
    pages("lambda", "ListFunctionUrlConfigs", 1, "InvalidParameterValueException", FunctionName="reached")
    assert functions.update_function_url_config(FunctionName="reached", AuthType="AWS_IAM")["AuthType"] == "AWS_IAM"
    functions.delete_alias(FunctionName="reached", Name="live")
    assert len(functions.list_function_url_configs(FunctionName="reached")["FunctionUrlConfigs"]) == 1
    functions.delete_function_url_config(FunctionName="reached")
    said("ResourceNotFoundException", "The resource you requested does not exist.", functions.get_function_url_config, FunctionName="reached")


@test
def mappings_of_event_sources():
    """LocalStack's recordings of AWS, test_event_source_mapping_exceptions and its neighbours."""
    queue, stream = "arn:aws:sqs:us-east-1:123456789012:queue", "arn:aws:kinesis:us-east-1:123456789012:stream/stream"
    said("InvalidParameterValueException", "Unrecognized event source.", functions.create_event_source_mapping, FunctionName="reached")
    said("InvalidParameterValueException", "Function does not exist", functions.create_event_source_mapping, FunctionName="never", EventSourceArn=queue)
    said("InvalidParameterValueException", "Maximum batch window in seconds must be greater than 0", functions.create_event_source_mapping,
         FunctionName="reached", EventSourceArn=queue, BatchSize=11)
    said("InvalidParameterValueException", "Value null at 'startingPosition'", functions.create_event_source_mapping, FunctionName="reached",
         EventSourceArn=stream)
    made = functions.create_event_source_mapping(FunctionName="reached", EventSourceArn=queue, Tags={"k": "v"})
    assert (made["State"], made["BatchSize"], made["StateTransitionReason"]) == ("Creating", 10, "USER_INITIATED"), made
    refused("ResourceInUseException", functions.delete_event_source_mapping, UUID=made["UUID"])
    said("ResourceConflictException", f"already exists. Please update or delete the existing mapping with UUID {made['UUID']}",
         functions.create_event_source_mapping, FunctionName="reached", EventSourceArn=queue)
    other = functions.create_event_source_mapping(FunctionName="reached", EventSourceArn=stream, StartingPosition="LATEST", Enabled=False)
    assert (other["BatchSize"], other["MaximumRetryAttempts"], other["DestinationConfig"]) == (100, -1, {"OnFailure": {}}), other

    def state(one):
        return functions.get_event_source_mapping(UUID=one["UUID"])["State"]
    eventually(lambda: (state(made), state(other)) == ("Enabled", "Disabled"))
    pages("lambda", "ListEventSourceMappings", 1, "InvalidParameterValueException", FunctionName="reached")
    assert functions.list_tags(Resource=made["EventSourceMappingArn"])["Tags"] == {"k": "v"}
    assert functions.update_event_source_mapping(UUID=made["UUID"], BatchSize=5, Enabled=False)["State"] == "Disabling"
    eventually(lambda: state(made) == "Disabled")
    assert functions.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    eventually(lambda: not functions.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"])
    said("ResourceNotFoundException", "The resource you requested does not exist.", functions.get_event_source_mapping, UUID=made["UUID"])


@test
def words_of_refusals():
    """LocalStack's recordings of AWS: what is wrong with an item of a list or a map is said of the whole
    (test_vpc_config, test_alias_routingconfig, test_put_log_events…)."""
    raw = unguarded("lambda")
    base = {"FunctionName": "worded", "Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.12", "Handler": "h", "Code": {"ZipFile": archive()}}
    said("ValidationException", "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
         "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]", raw.create_function, **base, Architectures=["X86_64"])
    said("ValidationException", "Value '[subnet_x]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must "
         "have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression "
         "pattern: subnet-[0-9a-z]*]", raw.create_function, **base, VpcConfig={"SubnetIds": ["subnet_x"], "SecurityGroupIds": []})
    said("ValidationException", "Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must "
         "satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member "
         "must satisfy regular expression pattern: [0-9]+]", raw.create_alias, FunctionName="worded", Name="a", FunctionVersion="1",
         RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}})
    said("ValidationException", "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy "
         "constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not "
         "be null]", raw.create_alias, FunctionName="worded", Name="a", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 2.0}})
    names = [f"n{at}" for at in range(11)]
    said("ValidationException", f"Value '[{', '.join(names)}]' at 'names' failed to satisfy constraint: Member must have length less than or "
         "equal to 10", unguarded("ssm").get_parameters, Names=names)
    said("ValidationException", f"Value '[{'a' * 101}]' at 'labels' failed to satisfy constraint: Member must satisfy constraint: [Member must have "
         "length less than or equal to 100, Member must have length greater than or equal to 1]", ssm.label_parameter_version,
         Name="words", Labels=["a" * 101])


@test
def filters_of_parameters():
    """moto's test_describe_parameters_invalid_parameter_filters, test_describe_parameters_with_parameter_filters_*."""
    for name in ("filtered", "/filtered-2", "/filtered/deep/down"):
        ssm.put_parameter(Name=name, Type="String", Value="v", Tags=[{"Key": "tested", "Value": "word"}])
    ask = ssm.describe_parameters

    def names(*filters):
        return sorted(one["Name"] for one in ask(ParameterFilters=list(filters))["Parameters"] if "filtered" in one["Name"])
    assert names({"Key": "Name", "Values": ["/filtered"]}) == ["filtered"]
    assert names({"Key": "Path", "Values": ["/"]}) == ["/filtered-2", "filtered"]
    assert names({"Key": "tag:tested", "Option": "BeginsWith", "Values": ["wo"]}) == ["/filtered-2", "/filtered/deep/down", "filtered"]
    at_root = sorted(one["Name"] for one in ssm.get_parameters_by_path(Path="/")["Parameters"])
    assert [name for name in at_root if "filtered" in name] == ["/filtered-2", "filtered"]
    for code, words, filters in (
            ("InvalidFilterKey", "The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, Tier]", [{"Key": "Label"}]),
            ("InvalidFilterValue", "The following filter values are missing : null for filter key Name", [{"Key": "Name"}]),
            ("InvalidFilterKey", "The following filter is duplicated in the request: Name.", [{"Key": "Name", "Values": ["a"]}] * 2),
            ("ValidationException", 'can\'t be prefixed with "aws" or "ssm" (case-insensitive).', [{"Key": "Path", "Values": ["/aws", "/ssm"]}]),
            ("InvalidFilterOption", "The following filter option is not valid: Equals. Valid options include: [Recursive, OneLevel]",
             [{"Key": "Path", "Option": "Equals", "Values": ["/a"]}]),
            ("InvalidFilterValue", "The following filter value is not valid: a. Valid values include: [Standard, Advanced, Intelligent-Tiering]",
             [{"Key": "Tier", "Values": ["a"]}]),
            ("InvalidFilterOption", "The following filter option is not valid: option. Valid options include: [BeginsWith, Equals].",
             [{"Key": "Name", "Option": "option", "Values": ["a"]}]),
            ("ValidationException", "The parameter doesn't meet the parameter name requirements.", [{"Key": "Path", "Values": ["//"]}])):
        said(code, words, ask, ParameterFilters=filters)
    said("ValidationException", "You can use either Filters or ParameterFilters in a single request.", ask,
         Filters=[{"Key": "Name", "Values": ["a"]}], ParameterFilters=[{"Key": "Name", "Values": ["a"]}])
    refused("ValidationException", unguarded("ssm").put_parameter, Name="nothing", Type="String", Value="")
    said("ParameterVersionNotFound", "Systems Manager could not find version 5 of filtered. Verify the version and try again.",
         ssm.label_parameter_version, Name="filtered", ParameterVersion=5, Labels=["l"])
    ssm.label_parameter_version(Name="filtered", Labels=[f"one-{at}" for at in range(6)])
    refused("ParameterVersionLabelLimitExceeded", ssm.label_parameter_version, Name="filtered", Labels=[f"two-{at}" for at in range(5)])


@test
def details_that_aws_was_seen_to_answer():
    """Tests of moto that AWS passes, each named."""
    # test_policy_resource_returns_subset_of_available_attributes
    made = iam.create_policy(PolicyName="bare", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}))["Policy"]
    assert "Tags" not in made and iam.get_policy(PolicyArn=made["Arn"])["Policy"]["Tags"] == []
    # test_upload_cert_for_unknown_user
    said("NoSuchEntity", "The user with name never cannot be found.", iam.update_signing_certificate, UserName="never",
         CertificateId="NEVERNEVERNEVERNEVERNEVERNEVER12", Status="Inactive")
    # test_with_all_filter: the oldest first
    secrets = client("secretsmanager")
    for name in ("z-first", "a-second"):
        secrets.create_secret(Name=name, SecretString="s")
    assert [one["Name"] for one in secrets.list_secrets()["SecretList"]] == ["z-first", "a-second"]
    assert [one["Name"] for one in secrets.list_secrets(SortOrder="desc")["SecretList"]] == ["a-second", "z-first"]
    # test_delete_object_if_match, test_head_object_if_none_match; LocalStack's recordings of archived objects
    s3.create_bucket(Bucket="seen-details")
    refused("NoSuchKey", s3.delete_object, Bucket="seen-details", Key="never", IfMatch='"x"')
    tag = s3.put_object(Bucket="seen-details", Key="k", Body=b"b")["ETag"]
    unchanged = refused("304", s3.head_object, Bucket="seen-details", Key="k", IfNoneMatch=tag)
    assert unchanged["ResponseMetadata"]["HTTPHeaders"]["etag"] == tag
    s3.put_object(Bucket="seen-details", Key="cold", Body=b"b", StorageClass="GLACIER")
    # TestAccS3ObjectCopy_basic: Terraform's provider escapes the whole source, its slash included.
    def escape(params, **_):
        params["headers"]["x-amz-copy-source"] = "seen-details%2Fk"
    s3.meta.events.register_first("before-call.s3.CopyObject", escape)
    copied = s3.copy_object(Bucket="seen-details", Key="copy", CopySource="seen-details/k")
    s3.meta.events.unregister("before-call.s3.CopyObject", escape)
    assert copied["CopyObjectResult"]["ETag"] == tag
    said("InvalidObjectState", "The operation is not valid for the object's storage class", s3.get_object, Bucket="seen-details", Key="cold")
    refused("InvalidObjectState", s3.copy_object, Bucket="seen-details", Key="copy", CopySource="seen-details/cold")
    assert s3.head_object(Bucket="seen-details", Key="cold")["StorageClass"] == "GLACIER"


@test
def metric_data_that_does_not_fit_together():
    """LocalStack's recordings of AWS, test_put_metric_data_validation; moto's test_put_metric_alarm_error_*."""
    metrics = client("cloudwatch")
    good = {"MetricName": "m", "Value": 1.0}
    for code, words, datum in (
            ("InvalidParameterCombination", "member.2.Value and MetricData.member.2.Values are mutually exclusive and you have specified both.",
             {"Value": 1.0, "Values": [1.0]}),
            ("InvalidParameterCombination", "member.2.Value and MetricData.member.2.StatisticValues are mutually exclusive and you have specified both.",
             {"Value": 1.0, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}}),
            ("InvalidParameterValue", "The parameters MetricData.member.2.Values and MetricData.member.2.Counts must be of the same size.",
             {"Values": [1.0, 2.0], "Counts": [1.0]})):
        said(code, words, metrics.put_metric_data, Namespace="worded", MetricData=[good, {"MetricName": "m", **datum}])
    alarm = {"AlarmName": "worded", "MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
             "ComparisonOperator": "GreaterThanThreshold"}
    said("InvalidParameterValue", "The value odd for parameter ExtendedStatistic is not supported.", metrics.put_metric_alarm, **alarm,
         ExtendedStatistic="odd")
    said("ValidationError", "Option odd is not supported.", metrics.put_metric_alarm, **alarm, ExtendedStatistic="p90",
         EvaluateLowSampleCountPercentile="odd")
    metrics.put_metric_alarm(**alarm, ExtendedStatistic="TM(10%:90%)", EvaluateLowSampleCountPercentile="ignore")


@test
def groups_of_a_vpc():
    """LocalStack's recordings of AWS, test_get_security_groups_for_vpc."""
    of, _, group = network("grouped")
    for at in range(5):
        ec2.create_security_group(GroupName=f"more-{at}", Description="d", VpcId=of)
    found = eventually(lambda: (lambda all: all if len(all) == 7 else None)(ec2.get_security_groups_for_vpc(VpcId=of)["SecurityGroupForVpcs"]))
    assert {"default", "grouped"} < {one["GroupName"] for one in found} and all(one["PrimaryVpcId"] == of for one in found)
    pages("ec2", "GetSecurityGroupsForVpc", 5, "InvalidPaginationToken", VpcId=of)
    no_such_filter("InvalidParameterValue", "ec2", "GetSecurityGroupsForVpc", VpcId=of)
    refused("InvalidVpcID.NotFound", ec2.get_security_groups_for_vpc, VpcId="vpc-0123456789abcdef0")
    refused("InvalidLaunchTemplateName.MalformedException", ec2.create_launch_template, LaunchTemplateName="some illegal name",
            LaunchTemplateData={"InstanceType": "t3.micro"})


@test
def what_localstack_recorded_of_iam_and_route53():
    """test_create_service_specific_credential_invalid_service, test_user_match_id_mismatch, test_delete_user_after_service_credential_created,
    test_invalid_update_parameters, test_create_private_hosted_zone, test_create_hosted_zone_in_non_existent_vpc."""
    iam.create_user(UserName="special")
    words = "No such service lambda.amazonaws.com is supported for Service Specific Credentials"
    for call in (iam.create_service_specific_credential, iam.list_service_specific_credentials):
        said("NoSuchEntity", words, call, UserName="special", ServiceName="lambda.amazonaws.com")
    made = iam.create_service_specific_credential(UserName="special", ServiceName="codecommit.amazonaws.com")["ServiceSpecificCredential"]
    named = {"UserName": "special", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    said("DeleteConflict", "Cannot delete entity, must remove referenced objects first.", iam.delete_user, UserName="special")
    raw = unguarded("iam")
    said("NoSuchEntity", "No such credential satisfiesregexbutstillinvalid exists", raw.delete_service_specific_credential, UserName="special",
         ServiceSpecificCredentialId="satisfiesregexbutstillinvalid")
    wrong = said("ValidationError", "Value at 'serviceSpecificCredentialId' failed to satisfy constraint: Member must satisfy regular expression",
                 raw.delete_service_specific_credential, UserName="special", ServiceSpecificCredentialId="totally-wrong-credential-id-with-hyphens")
    assert "totally-wrong" not in wrong["Message"]
    wrong = said("ValidationError", "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set",
                 raw.update_service_specific_credential, **named, Status="Invalid")
    assert wrong["Message"].endswith("enum value set"), wrong
    iam.delete_service_specific_credential(**named)
    iam.delete_user(UserName="special")
    of, _, _ = network("private")
    zones = client("route53", attempts=8)
    private = zones.create_hosted_zone(Name="neighbours.internal", CallerReference="n", VPC={"VPCId": of, "VPCRegion": "us-east-1"})
    assert "DelegationSet" not in private
    said("InvalidVPCId", "The VPC ID is invalid.", zones.create_hosted_zone, Name="other.internal", CallerReference="o",
         VPC={"VPCId": "vpc-0123456789abcdef0", "VPCRegion": "us-east-1"})


@test
def what_localstack_recorded_of_secrets_and_keys():
    """test_invalid_secret_name, test_secret_tags, test_get_key_invalid_uuid, test_get_key_in_different_region, test_create_alias, test_create_key."""
    secrets, kms = client("secretsmanager"), client("kms")
    words = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
    for call, more in ((secrets.describe_secret, {}), (secrets.get_secret_value, {}), (secrets.delete_secret, {}), (secrets.untag_resource, {"TagKeys": ["k"]}),
                       (secrets.put_secret_value, {"SecretString": "s"})):
        said("ValidationException", words, call, SecretId="Inv Name", **more)
    secrets.create_secret(Name="bare")
    shown = secrets.describe_secret(SecretId="bare")
    assert "Tags" not in shown and "VersionIdsToStages" not in shown, shown
    secrets.tag_resource(SecretId="bare", Tags=[{"Key": "k", "Value": "v"}])
    secrets.untag_resource(SecretId="bare", TagKeys=["k"])
    assert secrets.describe_secret(SecretId="bare")["Tags"] == []
    made = kms.create_key()["KeyMetadata"]
    assert len(made["CurrentKeyMaterialId"]) == 64
    said("NotFoundException", "Invalid keyId 'mrk-fake-key-id'", kms.describe_key, KeyId="mrk-fake-key-id")
    said("NotFoundException", "Invalid arn us-east-1", client("kms", "us-west-2").describe_key, KeyId=made["Arn"])
    said("NotFoundException", f"key/{made['KeyId']}' does not exist", client("kms", "us-west-2").describe_key, KeyId=made["KeyId"])
    said("ValidationException", 'Alias must start with the prefix "alias/". Please see', kms.create_alias, AliasName="never", TargetKeyId=made["KeyId"])
