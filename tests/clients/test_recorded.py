"""What AWS was seen to do by tests that run on AWS too: moto's `aws_verified` ones and LocalStack's recordings.

Each test says which of theirs it re-enacts.
"""
import base64
import hashlib
import json
import os

from harness import ACCOUNT, client, eventually, network, passes, refused, said, test, wait

s3, ec2, secrets, ssm = client("s3"), client("ec2"), client("secretsmanager"), client("ssm")


def own_key(letter):
    """A key of the customer's, as the three parameters that carry it."""
    key = letter.encode() * 32
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(key).decode(),
            "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode()}


@test
def keys_of_the_customer():
    """TestS3SSECEncryption."""
    bucket = {"Bucket": "recorded-keys"}
    s3.create_bucket(**bucket)
    mine, other = own_key("a"), own_key("b")
    made = s3.put_object(**bucket, Key="k", Body=b"secret", **mine)
    assert made["SSECustomerKeyMD5"] == mine["SSECustomerKeyMD5"] and "ServerSideEncryption" not in made
    assert made["ETag"].strip('"') != hashlib.md5(b"secret").hexdigest()
    for change, code, words in (
            ({"ServerSideEncryption": "AES256"}, "InvalidArgument", "is incompatible with the encryption method"),
            ({"SSECustomerAlgorithm": "KMS"}, "InvalidEncryptionAlgorithmError", "Supported value: AES256"),
            ({"SSECustomerAlgorithm": None}, "InvalidArgument", "must provide a valid encryption algorithm"),
            ({"SSECustomerKey": None}, "InvalidArgument", "must provide an appropriate secret key"),
            ({"SSECustomerKeyMD5": other["SSECustomerKeyMD5"]}, "InvalidArgument", "did not match the hash")):
        asked = {name: value for name, value in {**mine, **change}.items() if value}
        said(code, words, s3.put_object, **bucket, Key="wrong", Body=b"", **asked)
    assert s3.get_object(**bucket, Key="k", **mine)["Body"].read() == b"secret"
    said("InvalidRequest", "was stored using a form of Server Side Encryption", s3.get_object, **bucket, Key="k")
    said("AccessDenied", "must provide the correct secret key", s3.get_object, **bucket, Key="k", **other)
    refused("400", s3.head_object, **bucket, Key="k")
    refused("403", s3.head_object, **bucket, Key="k", **other)
    copied = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": mine["SSECustomerKey"],
              "CopySourceSSECustomerKeyMD5": mine["SSECustomerKeyMD5"]}
    source = {"CopySource": {**bucket, "Key": "k"}}
    refused("InvalidRequest", s3.copy_object, **bucket, Key="c", **source)
    s3.copy_object(**bucket, Key="c", **source, **copied)
    assert s3.get_object(**bucket, Key="c")["Body"].read() == b"secret"
    refused("InvalidRequest", s3.get_object, **bucket, Key="c", **mine)
    upload = s3.create_multipart_upload(**bucket, Key="m", **mine)["UploadId"]
    part = {**bucket, "Key": "m", "UploadId": upload, "PartNumber": 1}
    said("InvalidRequest", "must include the appropriate encryption parameters", s3.upload_part, **part, Body=b"1")
    said("InvalidRequest", "did not match the ones used originally", s3.upload_part, **part, Body=b"1", **other)
    s3.upload_part(**part, Body=b"1", **mine)
    rows = "\n".join(path.read_text() for path in world_files())
    assert mine["SSECustomerKey"] not in rows, "the customer's key is kept"


def world_files():
    import pathlib
    return [path for path in pathlib.Path(os.environ["MIGRATE_FOLDER"], "world").rglob("*.json*") if path.is_file()]


@test
def access_lists_of_objects():
    """test_s3_object_acl, test_s3_object_acl_exceptions, test_put_object_acl_on_delete_marker."""
    bucket = {"Bucket": "recorded-lists"}
    s3.create_bucket(**bucket)
    s3.put_object(**bucket, Key="k", Body=b"")
    refused("AccessControlListNotSupported", s3.put_object_acl, **bucket, Key="k", ACL="public-read")
    refused("AccessControlListNotSupported", s3.put_object, **bucket, Key="k", Body=b"", ACL="public-read")
    s3.put_bucket_ownership_controls(**bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(**bucket)
    permissions = lambda call, **more: [grant["Permission"] for grant in call(**bucket, **more)["Grants"]]
    assert permissions(s3.get_object_acl, Key="k") == ["FULL_CONTROL"]
    s3.put_object_acl(**bucket, Key="k", ACL="public-read")
    assert permissions(s3.get_object_acl, Key="k") == ["FULL_CONTROL", "READ"]
    owner = s3.get_object_acl(**bucket, Key="k")["Owner"]
    logs = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    for put, get, key in ((s3.put_object_acl, s3.get_object_acl, {"Key": "k"}), (s3.put_bucket_acl, s3.get_bucket_acl, {})):
        put(**bucket, **key, GrantRead=f'uri="{logs}"')
        assert get(**bucket, **key)["Grants"] == [{"Grantee": {"Type": "Group", "URI": logs}, "Permission": "READ"}]
        user = {"Grantee": {"ID": owner["ID"], "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
        put(**bucket, **key, AccessControlPolicy={"Owner": owner, "Grants": [user]})
        assert get(**bucket, **key)["Grants"] == [user]
        said("InvalidArgument", "Invalid group uri", put, **bucket, **key, GrantWrite=f'uri="{logs}x"')
        said("InvalidArgument", "Argument format not recognized", put, **bucket, **key, GrantWrite='fakekey="1234"')
        said("InvalidArgument", "Invalid id", put, **bucket, **key, GrantWrite='id="wrong-id"')
        said("InvalidRequest", "both Canned ACLs and Header Grants", put, **bucket, **key, ACL="private", GrantRead=f'uri="{logs}"')
        refused("MalformedACLError", put, **bucket, **key, AccessControlPolicy={"Grants": [user]})
        said("InvalidArgument", "Invalid id", put, **bucket, **key, AccessControlPolicy={"Owner": {"ID": "x"}, "Grants": [user]})
        said("UnexpectedContent", "does not support content", put, **bucket, **key, ACL="private", AccessControlPolicy={"Owner": owner, "Grants": [user]})
        assert refused("MissingSecurityHeader", put, **bucket, **key)["Error"]["MissingHeaderName"] == "x-amz-acl"
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(**bucket, Key="k")["VersionId"]
    refused("NoSuchKey", s3.get_object_acl, **bucket, Key="k")
    refused("MethodNotAllowed", s3.get_object_acl, **bucket, Key="k", VersionId=marker)
    refused("MethodNotAllowed", s3.put_object_acl, **bucket, Key="k", ACL="private")


@test
def parts_that_are_copied_and_attributes():
    """test_upload_part_copy_range, test_multipart_upload_part_copy_checksum, test_get_object_attributes."""
    bucket = {"Bucket": "recorded-parts"}
    s3.create_bucket(**bucket)
    s3.put_object(**bucket, Key="source", Body=b"0123456789", ChecksumAlgorithm="CRC32")
    found = s3.get_object_attributes(**bucket, Key="source", ObjectAttributes=["ETag", "ObjectSize", "Checksum", "StorageClass", "ObjectParts"])
    assert (found["ETag"], found["ObjectSize"], found["StorageClass"]) == (hashlib.md5(b"0123456789").hexdigest(), 10, "STANDARD")
    assert found["Checksum"] == {"ChecksumCRC32": "poTHxg==", "ChecksumType": "FULL_OBJECT"} and "ObjectParts" not in found
    refused("NoSuchKey", s3.get_object_attributes, **bucket, Key="never", ObjectAttributes=["ETag"])
    upload = s3.create_multipart_upload(**bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    part = {**bucket, "Key": "k", "UploadId": upload, "CopySource": {**bucket, "Key": "source"}}
    for text in ("0-8", "bytes=1-0", "bytes=-1-", "bytes=0--1", "bytes=0-1,3-4,7-9", "bytes=-", "bytes=-2", "bytes=1-"):
        error = said("InvalidArgument", "must be of the form bytes=first-last", s3.upload_part_copy, **part, PartNumber=1, CopySourceRange=text)
        assert error["ArgumentValue"] == text
    said("InvalidArgument", "not valid for source object of size: 10", s3.upload_part_copy, **part, PartNumber=1, CopySourceRange="bytes=0-100")
    said("InvalidRequest", "copy range is invalid", s3.upload_part_copy, **part, PartNumber=1, CopySourceRange="bytes=100-200")
    refused("PreconditionFailed", s3.upload_part_copy, **part, PartNumber=1, CopySourceIfMatch="x")
    copied = s3.upload_part_copy(**part, PartNumber=1, CopySourceRange="bytes=2-4")["CopyPartResult"]
    assert copied["ETag"].strip('"') == hashlib.md5(b"234").hexdigest()
    parts = [{"PartNumber": 1, "ETag": copied["ETag"], "ChecksumSHA256": copied["ChecksumSHA256"]}]
    done = {**bucket, "Key": "k", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    first = s3.complete_multipart_upload(**done)
    again = s3.complete_multipart_upload(**done, IfNoneMatch="*")  # test_idempotent_multipart_upload
    assert again["ETag"] == first["ETag"]
    found = s3.get_object_attributes(**bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"])
    assert found["ObjectParts"]["TotalPartsCount"] == 1 and found["ObjectParts"]["Parts"][0]["Size"] == 3
    assert "-" not in found["Checksum"]["ChecksumSHA256"]
    s3.delete_object(**bucket, Key="k")
    refused("NoSuchUpload", s3.complete_multipart_upload, **done)


@test
def conditions_of_deletions_and_missing_bodies():
    """TestS3DeletePrecondition, test_delete_object_if_match, test_put_object_lock_misconfiguration, test_header_content_type."""
    bucket = {"Bucket": "recorded-deletions"}
    s3.create_bucket(**bucket)
    tag = s3.put_object(**bucket, Key="k", Body=b"1")["ETag"]
    assert refused("PreconditionFailed", s3.delete_object, **bucket, Key="k", IfMatch="x")["Error"]["Condition"] == "If-Match"
    refused("NotImplemented", s3.delete_object, **bucket, Key="k", IfMatchSize=1)
    many = s3.delete_objects(**bucket, Delete={"Objects": [{"Key": "k", "ETag": "x"}]})
    assert [one["Code"] for one in many["Errors"]] == ["PreconditionFailed"]
    s3.delete_object(**bucket, Key="k", IfMatch=tag)
    refused("NoSuchKey", s3.get_object, **bucket, Key="k")
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
    said("MissingRequestBodyError", "Request Body is empty", s3.put_object_lock_configuration, **bucket)
    assert s3.head_bucket(**bucket)["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/xml"


@test
def dates_of_expiration():
    """test_bucket_lifecycle_object_size_rules, test_bucket_lifecycle_configuration_object_expiry_versioned."""
    bucket = {"Bucket": "recorded-expiry"}
    s3.create_bucket(**bucket)
    rules = [{"ID": "big one", "Status": "Enabled", "Filter": {"ObjectSizeGreaterThan": 20}, "Expiration": {"Days": 7}},
             {"ID": "small", "Status": "Enabled", "Filter": {"ObjectSizeLessThan": 10}, "Expiration": {"Days": 7}}]
    s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": rules})
    assert 'rule-id="big%20one"' in s3.put_object(**bucket, Key="k", Body=b"a" * 30)["Expiration"]
    assert 'rule-id="small"' in s3.put_object(**bucket, Key="k", Body=b"a")["Expiration"]
    assert "Expiration" not in s3.put_object(**bucket, Key="none", Body=b"a" * 15)
    assert "expiry-date=" in s3.head_object(**bucket, Key="k")["Expiration"]
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(**bucket, Key="k", Body=b"a")["VersionId"]
    assert "Expiration" not in s3.head_object(**bucket, Key="k", VersionId=version)


@test
def tokens_and_stages_of_secrets():
    """test_create_different_secret_with_same_token, test_update_secret_version_stage_dont_specify_current_stage."""
    token = "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d"
    made = secrets.create_secret(Name="recorded", SecretString="one", ClientRequestToken=token)
    words = f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {made['ARN']}."
    said("ResourceExistsException", words, secrets.create_secret, Name="recorded", SecretString="two", ClientRequestToken=token)
    said("ResourceExistsException", words, secrets.put_secret_value, SecretId="recorded", SecretString="two", ClientRequestToken=token)
    said("ResourceExistsException", words, secrets.update_secret, SecretId="recorded", SecretString="two", ClientRequestToken=token)
    new = secrets.put_secret_value(SecretId="recorded", SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    said("InvalidParameterException", f"RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {token}",
         secrets.update_secret_version_stage, SecretId="recorded", VersionStage="AWSCURRENT", MoveToVersionId=new)


@test
def secrets_as_parameters():
    """test_get_secret_parameter, test_get_inexistent_secret, test_get_value_from_secrets_manager__by_version."""
    made = secrets.create_secret(Name="recorded-parameter", SecretString="one")
    name = "/aws/reference/secretsmanager/recorded-parameter"
    said("ValidationException", "WithDecryption flag must be True", ssm.get_parameter, Name=name)
    found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (found["Name"], found["Value"], found["Type"]) == (name, "one", "SecureString")
    assert json.loads(found["SourceResult"])["ARN"] == made["ARN"]
    secrets.put_secret_value(SecretId="recorded-parameter", SecretString="two")
    assert ssm.get_parameter(Name=f"{name}:AWSPREVIOUS", WithDecryption=True)["Parameter"]["Value"] == "one"
    assert ssm.get_parameter(Name=f"{name}:{made['VersionId']}", WithDecryption=True)["Parameter"]["Value"] == "one"
    missing = "/aws/reference/secretsmanager/never"
    said("ParameterNotFound", f"Secret {missing} not found.", ssm.get_parameter, Name=missing, WithDecryption=True)
    assert ssm.get_parameters(Names=[name, missing], WithDecryption=True)["InvalidParameters"] == [missing]


@test
def names_kinds_and_versions_of_parameters():
    """test_put_parameters, test_hierarchical_parameter, test_put_parameter_invalid_data_type, test_describe_parameters_paging."""
    ssm.put_parameter(Name="recorded", Value="1", Type="String")
    assert [ssm.get_parameter(Name=name)["Parameter"]["Name"] for name in ("recorded", "/recorded")] == ["recorded", "/recorded"]
    for name in ("a/b", "/a//b"):
        said("ValidationException", "sub-paths divided by slash symbol", ssm.get_parameter, Name=name)
    said("ValidationException", "data type is not supported: not_text", ssm.put_parameter, Name="kind", Value="1", Type="String", DataType="not_text")
    for number in range(12):
        ssm.put_parameter(Name=f"/recorded/pages/{number}", Value="1", Type="String")
    assert len(ssm.describe_parameters()["Parameters"]) == 10
    ssm.label_parameter_version(Name="recorded", ParameterVersion=1, Labels=["keep"])
    for number in range(99):
        ssm.put_parameter(Name="recorded", Value=str(number), Type="String", Overwrite=True)
    said("ParameterMaxVersionLimitExceeded", "because it has a label associated with it", ssm.put_parameter, Name="recorded", Value="x", Type="String", Overwrite=True)


@test
def launch_templates_and_images():
    """test_launch_templates.py, test_ami_describe_non_existent."""
    made = ec2.create_launch_template(LaunchTemplateName="recorded", LaunchTemplateData={"InstanceType": "t3.micro"})["LaunchTemplate"]
    which = "To describe the launch template data for all your launch templates"
    said("MissingParameter", which, ec2.describe_launch_template_versions)
    said("InvalidParameterValue", which, ec2.describe_launch_template_versions, Versions=["1"])
    assert ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    eventually(lambda: ec2.describe_launch_templates()["LaunchTemplates"])
    said("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.",
         ec2.describe_launch_templates, LaunchTemplateNames=["never"])
    said("InvalidParameterCombination", "Either provide launch template ID or launch template name", ec2.modify_launch_template,
         LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateName="recorded", DefaultVersion="1")
    said("InvalidLaunchTemplateId.VersionNotFound", "The launch template version 2 is not found for the specified launch template.",
         ec2.modify_launch_template, LaunchTemplateName="recorded", DefaultVersion="2")
    one, two = "ami-0123456789abcdef0", "ami-0123456789abcdef1"
    said("InvalidAMIID.NotFound", f"The image id '[{one}]' does not exist", ec2.describe_images, ImageIds=[one])
    said("InvalidAMIID.NotFound", f"The image ids '[{one}, {two}]' do not exist", ec2.describe_images, ImageIds=[one, two])


@test
def blocks_of_networks_and_rules_of_groups():
    """test_associate_vpc_ipv4_cidr_block, test_create_two_security_groups_in_vpc_with_ipv6_enabled."""
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/24", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    wait("ec2", "vpc_available", VpcIds=[vpc])
    for number in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.10.{number}.0/24")
    said("CidrLimitExceeded", f"This network {vpc} has met its maximum number of allowed CIDRs: 5", ec2.associate_vpc_cidr_block,
         VpcId=vpc, CidrBlock="10.10.50.0/24")
    group = ec2.create_security_group(GroupName="recorded", Description="six", VpcId=vpc)["GroupId"]
    wait("ec2", "security_group_exists", GroupIds=[group])
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert len(rules) == 1 and rules[0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}] and rules[0]["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}], rules


@test
def interfaces_that_outlive_their_instance():
    """test_create_instance__termination_deletes_eni."""
    image = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64")["Parameter"]["Value"]
    _, subnets, _ = network("interfaces")
    for goes in (True, False):
        made = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=image, InstanceType="t3a.small", NetworkInterfaces=[
            {"DeleteOnTermination": goes, "DeviceIndex": 0, "SubnetId": subnets[0]}])["Instances"][0]
        wait("ec2", "instance_running", InstanceIds=[made["InstanceId"]])
        eni = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
        look = lambda: ec2.describe_network_interfaces(Filters=[{"Name": "network-interface-id", "Values": [eni]}])["NetworkInterfaces"]
        assert look()[0]["Attachment"]["DeleteOnTermination"] is goes
        ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
        wait("ec2", "instance_terminated", InstanceIds=[made["InstanceId"]])
        if goes:
            eventually(lambda: not look())
        else:
            eventually(lambda: look()[0]["Status"] == "available")
            assert "Attachment" not in look()[0]
            ec2.delete_network_interface(NetworkInterfaceId=eni)


@test
def keys_that_aws_keeps():
    """test_db_instance_managed_master_user_password_lifecycle."""
    kms, rds = client("kms"), client("rds")
    arn = lambda service: kms.describe_key(KeyId=f"alias/aws/{service}")["KeyMetadata"]["Arn"]
    made = rds.create_db_instance(DBInstanceIdentifier="recorded", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
                                  MasterUsername="root", ManageMasterUserPassword=True, StorageEncrypted=True)["DBInstance"]
    assert (made["MasterUserSecret"]["KmsKeyId"], made["KmsKeyId"]) == (arn("secretsmanager"), arn("rds"))
    assert kms.describe_key(KeyId=made["KmsKeyId"])["KeyMetadata"]["KeyManager"] == "AWS"
    own = kms.create_key()["KeyMetadata"]
    vault = client("backup").create_backup_vault(BackupVaultName="recorded")["BackupVaultName"]
    assert client("backup").describe_backup_vault(BackupVaultName=vault)["EncryptionKeyArn"] == arn("backup")
    other = rds.create_db_instance(DBInstanceIdentifier="recorded-own", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
                                   MasterUsername="root", ManageMasterUserPassword=True, MasterUserSecretKmsKeyId=own["KeyId"])["DBInstance"]
    assert other["MasterUserSecret"]["KmsKeyId"] == own["Arn"]
    group = rds.create_option_group(OptionGroupName="recorded", EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="d")
    left = rds.modify_option_group(OptionGroupName="recorded", OptionsToRemove=["MEMCACHED"], ApplyImmediately=True)["OptionGroup"]
    assert group and left["Options"] == [], "test_modify_option_group"


@test
def targets_that_are_not_registered():
    """test_describe_unknown_targets."""
    balancing = client("elbv2")
    vpc, _, _ = network("targets")
    group = balancing.create_target_group(Name="recorded", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPort="81")["TargetGroups"][0]["TargetGroupArn"]
    health = balancing.describe_target_health(TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}])["TargetHealthDescriptions"]
    assert [(one["Target"]["Port"], one["HealthCheckPort"], one["TargetHealth"]["State"]) for one in health] == [(80, "81", "unused")], health


@test
def mixed_policies_show_their_defaults():
    """test_create_auto_scaling_group_with_mixed_instances_policy_overrides."""
    image = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64")["Parameter"]["Value"]
    ec2.create_launch_template(LaunchTemplateName="recorded-mixed", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.medium"})
    _, subnets, _ = network("mixed")
    scaling = client("autoscaling")
    scaling.create_auto_scaling_group(AutoScalingGroupName="recorded", MinSize=0, MaxSize=0, VPCZoneIdentifier=subnets[0], MixedInstancesPolicy={
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "recorded-mixed", "Version": "$Default"}}})
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["recorded"])["AutoScalingGroups"][0]["MixedInstancesPolicy"]
    assert found["LaunchTemplate"]["Overrides"] == []
    assert found["InstancesDistribution"] == {
        "OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0, "OnDemandPercentageAboveBaseCapacity": 100,
        "SpotAllocationStrategy": "lowest-price", "SpotInstancePools": 2}


@test
def refusals_do_not_repeat_secrets():
    """Recordings of KMS and CloudWatch Logs: "Value at 'plaintext' failed to satisfy constraint"."""
    said("ValidationException", "Value at 'secretString'", secrets.create_secret, Name="long", SecretString="x" * 70_000)
    logs = client("logs")
    logs.create_log_group(logGroupName="recorded")
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:recorded:*"
    said("InvalidParameterException", "1 validation error detected: Value at 'logGroupIdentifier' failed", logs.describe_log_streams, logGroupIdentifier=arn)


@test
def services_without_container_instances():
    """ECS Developer Guide, "Service event messages": tasks of launch type EC2 wait for an instance, and none ever comes."""
    ecs = client("ecs")
    ecs.create_cluster(clusterName="recorded")
    ecs.register_task_definition(family="recorded", containerDefinitions=[{"name": "c", "image": "nginx", "memory": 64}])
    made = {"cluster": "recorded", "taskDefinition": "recorded", "launchType": "EC2"}
    ecs.create_service(serviceName="empty", desiredCount=0, **made)
    ecs.create_service(serviceName="waits", desiredCount=1, **made)
    look = lambda name: ecs.describe_services(cluster="recorded", services=[name])["services"][0]
    eventually(lambda: look("empty")["deployments"][0]["rolloutState"] == "COMPLETED")
    passes(600)
    found = look("waits")
    assert (found["runningCount"], found["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS"), found
    assert "was unable to place a task because no container instance met all of its requirements" in found["events"][0]["message"]
    ecs.update_service(cluster="recorded", service="empty", desiredCount=1)
    assert "was unable to place a task" in look("empty")["events"][0]["message"] and look("empty")["runningCount"] == 0
