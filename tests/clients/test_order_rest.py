"""Deletes in the wrong order: IAM, S3, Route 53, secrets, topics, logs, alarms, functions."""
import datetime
import io
import itertools
import json
import zipfile

from harness import ACCOUNT, client, eventually, ids, network, refused, role, wait
from order import wrong

iam, s3, r53, secrets, sns = client("iam"), client("s3"), client("route53"), client("secretsmanager"), client("sns")
logs, watch, functions, ec2 = client("logs"), client("cloudwatch"), client("lambda"), client("ec2")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
number = itertools.count(1)


def fresh(prefix="order"):
    return f"{prefix}-{next(number)}"


# IAM

def busy_role():
    name = fresh("role")
    return name, role(name, "ecs-tasks.amazonaws.com")


def policy():
    return iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=POLICY)["Policy"]["Arn"]


def user():
    name = fresh("user")
    iam.create_user(UserName=name)
    return name


def people():
    name = fresh("group")
    iam.create_group(GroupName=name)
    return name


@wrong("iam:DeleteRole", "an inline policy")
def _():
    name, _ = busy_role()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=POLICY)
    yield iam.delete_role, {"RoleName": name}
    iam.delete_role_policy(RoleName=name, PolicyName="p")


@wrong("iam:DeleteRole", "an attached policy")
def _():
    name, _ = busy_role()
    one = policy()
    iam.attach_role_policy(RoleName=name, PolicyArn=one)
    yield iam.delete_role, {"RoleName": name}
    iam.detach_role_policy(RoleName=name, PolicyArn=one)


@wrong("iam:DeleteRole", "an instance profile")
def _():
    name, _ = busy_role()
    profile = fresh("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    yield iam.delete_role, {"RoleName": name}
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)


@wrong("iam:DeleteInstanceProfile", "a role")
def _():
    name, _ = busy_role()
    profile = fresh("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    yield iam.delete_instance_profile, {"InstanceProfileName": profile}
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)


@wrong("iam:DeleteRole", "the service it is linked to")
def _():
    name = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]["RoleName"]
    yield iam.delete_role, {"RoleName": name}
    yield iam.delete_service_linked_role, {"RoleName": name}


@wrong("iam:DetachRolePolicy", "the service the role is linked to")
def _():
    name = iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")["Role"]["RoleName"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    arn = attached[0]["PolicyArn"] if attached else "arn:aws:iam::aws:policy/aws-service-role/AmazonRDSServiceRolePolicy"
    yield iam.detach_role_policy, {"RoleName": name, "PolicyArn": arn}
    yield iam.delete_service_linked_role, {"RoleName": name}


@wrong("iam:DeleteServiceLinkedRole", "a resource of the service")
def _():
    client("ecs").create_cluster(clusterName="linked")
    name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    answer = yield iam.delete_service_linked_role, {"RoleName": name}
    done = eventually(lambda: ended(answer["DeletionTaskId"]))
    assert done["Status"] == "FAILED", done
    arns = [arn for usage in done["Reason"]["RoleUsageList"] for arn in usage["Resources"]]
    assert iam.get_role(RoleName=name) and arns == [f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/linked"], arns
    client("ecs").delete_cluster(cluster="linked")
    done = eventually(lambda: ended(iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]))
    assert done["Status"] == "SUCCEEDED", done


def ended(task):
    """How the deletion of a service-linked role ended, once it has."""
    until = eventually(lambda: [s for s in [iam.get_service_linked_role_deletion_status(DeletionTaskId=task)] if s["Status"] != "IN_PROGRESS"])
    return until[0]


@wrong("iam:DeleteRole", "a permissions boundary")
def _():
    name, _ = busy_role()
    one = policy()
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=one)
    yield iam.delete_role, {"RoleName": name}
    iam.delete_policy(PolicyArn=one)


@wrong("iam:DeletePolicy", "a role whose boundary it is")
def _():
    name, _ = busy_role()
    one = policy()
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=one)
    yield iam.delete_policy, {"PolicyArn": one}
    iam.delete_role_permissions_boundary(RoleName=name)


@wrong("iam:DeletePolicy", "a role")
def _():
    name, _ = busy_role()
    one = policy()
    iam.attach_role_policy(RoleName=name, PolicyArn=one)
    yield iam.delete_policy, {"PolicyArn": one}
    iam.detach_role_policy(RoleName=name, PolicyArn=one)


@wrong("iam:DeletePolicy", "a user")
def _():
    name, one = user(), policy()
    iam.attach_user_policy(UserName=name, PolicyArn=one)
    yield iam.delete_policy, {"PolicyArn": one}
    iam.detach_user_policy(UserName=name, PolicyArn=one)


@wrong("iam:DeletePolicy", "a group")
def _():
    name, one = people(), policy()
    iam.attach_group_policy(GroupName=name, PolicyArn=one)
    yield iam.delete_policy, {"PolicyArn": one}
    iam.detach_group_policy(GroupName=name, PolicyArn=one)


@wrong("iam:DeletePolicy", "another version")
def _():
    one = policy()
    version = iam.create_policy_version(PolicyArn=one, PolicyDocument=POLICY)["PolicyVersion"]["VersionId"]
    yield iam.delete_policy, {"PolicyArn": one}
    iam.delete_policy_version(PolicyArn=one, VersionId=version)


@wrong("iam:DeletePolicyVersion", "the policy whose default it is")
def _():
    one = policy()
    iam.create_policy_version(PolicyArn=one, PolicyDocument=POLICY)
    yield iam.delete_policy_version, {"PolicyArn": one, "VersionId": "v1"}
    iam.set_default_policy_version(PolicyArn=one, VersionId="v2")


@wrong("iam:DeleteUser", "an inline policy")
def _():
    name = user()
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=POLICY)
    yield iam.delete_user, {"UserName": name}
    iam.delete_user_policy(UserName=name, PolicyName="p")


@wrong("iam:DeleteUser", "an attached policy")
def _():
    name, one = user(), policy()
    iam.attach_user_policy(UserName=name, PolicyArn=one)
    yield iam.delete_user, {"UserName": name}
    iam.detach_user_policy(UserName=name, PolicyArn=one)


@wrong("iam:DeleteUser", "a group")
def _():
    name, many = user(), people()
    iam.add_user_to_group(GroupName=many, UserName=name)
    yield iam.delete_user, {"UserName": name}
    iam.remove_user_from_group(GroupName=many, UserName=name)


@wrong("iam:DeleteVirtualMFADevice", "its user")
def _():
    name = user()
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    yield iam.delete_virtual_mfa_device, {"SerialNumber": serial}
    iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)


@wrong("iam:DeleteGroup", "an inline policy")
def _():
    name = people()
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=POLICY)
    yield iam.delete_group, {"GroupName": name}
    iam.delete_group_policy(GroupName=name, PolicyName="p")


@wrong("iam:DeleteGroup", "an attached policy")
def _():
    name, one = people(), policy()
    iam.attach_group_policy(GroupName=name, PolicyArn=one)
    yield iam.delete_group, {"GroupName": name}
    iam.detach_group_policy(GroupName=name, PolicyArn=one)


@wrong("iam:DeleteGroup", "a user")
def _():
    name, many = user(), people()
    iam.add_user_to_group(GroupName=many, UserName=name)
    yield iam.delete_group, {"GroupName": many}
    iam.remove_user_from_group(GroupName=many, UserName=name)


# Functions

def code():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass")
    return out.getvalue()


def function(**more):
    """A function that is active: `(name, arn, role's name)`."""
    name, user_of = fresh("function"), fresh("role")
    arn = role(user_of, "lambda.amazonaws.com")

    def made():
        try:
            return functions.create_function(FunctionName=name, Role=arn, Runtime="python3.12", Handler="index.handler",
                                             Code={"ZipFile": code()}, **more)["FunctionArn"]
        except functions.exceptions.InvalidParameterValueException:
            return None  # the role is not yet known everywhere
    made = eventually(made)
    wait("lambda", "function_active_v2", FunctionName=name)
    return name, made, user_of


@wrong("iam:DeleteRole", "a function")
def _():
    name, _, holder = function()
    yield iam.delete_role, {"RoleName": holder}
    assert functions.get_function_configuration(FunctionName=name)["Role"].endswith("/" + holder)


@wrong("ec2:DeleteSubnet", "a function in the network")
def _():
    _, subnets, group = network()
    name, *_ = function(VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [group]})
    yield ec2.delete_subnet, {"SubnetId": subnets[0]}
    functions.delete_function(FunctionName=name)


@wrong("lambda:DeleteFunction", "a permission")
def _():
    name, *_ = function()
    functions.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    yield functions.delete_function, {"FunctionName": name}
    refused("ResourceNotFoundException", functions.get_policy, FunctionName=name)


@wrong("lambda:DeleteFunction", "a published version")
def _():
    name, _, holder = function(Publish=True)
    assert [one["Version"] for one in functions.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST", "1"]
    yield functions.delete_function, {"FunctionName": name}
    refused("ResourceNotFoundException", functions.get_function, FunctionName=name, Qualifier="1")
    functions.create_function(FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/{holder}", Runtime="python3.12", Handler="index.handler",
                              Code={"ZipFile": code()})
    assert [one["Version"] for one in functions.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST"], "a successor has none"


@wrong("lambda:DeleteFunction", "the rotation of a secret")
def _():
    name, arn, _ = function()
    functions.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")
    secret = fresh("secret")
    secrets.create_secret(Name=secret, SecretString="x")
    secrets.rotate_secret(SecretId=secret, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False)
    yield functions.delete_function, {"FunctionName": name}
    assert secrets.describe_secret(SecretId=secret)["RotationLambdaARN"] == arn


@wrong("lambda:DeleteCodeSigningConfig", "a function that uses it")
def _():
    publishers = {"SigningProfileVersionArns": [f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/order"]}
    arn = functions.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]["CodeSigningConfigArn"]
    name, *_ = function()
    functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    yield functions.delete_code_signing_config, {"CodeSigningConfigArn": arn}
    functions.delete_function_code_signing_config(FunctionName=name)
    yield functions.delete_code_signing_config, {"CodeSigningConfigArn": arn}


# S3

def bucket(versioned=False, **more):
    name = fresh("order-of-deletes")
    s3.create_bucket(Bucket=name, **more)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@wrong("s3:DeleteBucket", "an object")
def _():
    name = bucket()
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    yield s3.delete_bucket, {"Bucket": name}
    s3.delete_object(Bucket=name, Key="a")


@wrong("s3:DeleteBucket", "an older version")
def _():
    name = bucket(True)
    version = s3.put_object(Bucket=name, Key="a", Body=b"x")["VersionId"]
    yield s3.delete_bucket, {"Bucket": name}
    s3.delete_object(Bucket=name, Key="a", VersionId=version)


@wrong("s3:DeleteBucket", "a delete marker")
def _():
    name = bucket(True)
    marker = s3.delete_object(Bucket=name, Key="a")["VersionId"]
    yield s3.delete_bucket, {"Bucket": name}
    s3.delete_object(Bucket=name, Key="a", VersionId=marker)


@wrong("s3:DeleteBucket", "an unfinished upload")
def _():
    name = bucket()
    upload = s3.create_multipart_upload(Bucket=name, Key="a")["UploadId"]
    yield s3.delete_bucket, {"Bucket": name}
    refused("NoSuchBucket", s3.list_parts, Bucket=name, Key="a", UploadId=upload)


@wrong("s3:DeleteBucket", "the bucket that replicates to it")
def _():
    source, target = bucket(True), bucket(True)
    arn = role(fresh("role"), "s3.amazonaws.com")
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": arn, "Rules": [
        {"ID": "r", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}]})
    yield s3.delete_bucket, {"Bucket": target}
    rules = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"]
    assert rules[0]["Destination"]["Bucket"].endswith(target)


def locked():
    """An object under retention: `(bucket, version)`."""
    name = bucket(ObjectLockEnabledForBucket=True)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)
    version = s3.put_object(Bucket=name, Key="a", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)["VersionId"]
    return name, version


@wrong("s3:DeleteObject", "the retention of its version")
def _():
    name, version = locked()
    yield s3.delete_object, {"Bucket": name, "Key": "a", "VersionId": version}
    yield s3.delete_object, {"Bucket": name, "Key": "a", "VersionId": version, "BypassGovernanceRetention": True}


@wrong("s3:DeleteObjects", "the retention of a version")
def _():
    name, version = locked()
    yield s3.delete_objects, {"Bucket": name, "Delete": {"Objects": [{"Key": "a", "VersionId": version}]}}
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "a", "VersionId": version}]}, BypassGovernanceRetention=True)
    assert answer["Deleted"] and "Errors" not in answer


# Route 53

def zone(**more):
    name = fresh("zone") + ".example"
    return name, r53.create_hosted_zone(Name=name, CallerReference=fresh(), **more)["HostedZone"]["Id"]


def record(where, action, one):
    r53.change_resource_record_sets(HostedZoneId=where, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": one}]})


@wrong("route53:DeleteHostedZone", "a record")
def _():
    name, one = zone()
    text = {"Name": f"a.{name}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    record(one, "CREATE", text)
    yield r53.delete_hosted_zone, {"Id": one}
    record(one, "DELETE", text)


def private():
    made = ec2.create_vpc(CidrBlock="10.53.0.0/16")["Vpc"]["VpcId"]
    return {"VPCRegion": "us-east-1", "VPCId": made}


@wrong("route53:DeleteHostedZone", "the networks of a private zone")
def _():
    of = private()
    _, one = zone(VPC=of)
    assert r53.list_hosted_zones_by_vpc(**of)["HostedZoneSummaries"]
    yield r53.delete_hosted_zone, {"Id": one}
    assert not r53.list_hosted_zones_by_vpc(**of)["HostedZoneSummaries"]


@wrong("route53:DeleteHostedZone", "a query logging configuration")
def _():
    name, one = zone()
    one = one.split("/")[-1]
    logs.create_log_group(logGroupName=f"/aws/route53/{name}")
    r53.create_query_logging_config(HostedZoneId=one, CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/route53/{name}")
    yield r53.delete_hosted_zone, {"Id": one}
    assert one not in [c["HostedZoneId"] for c in r53.list_query_logging_configs()["QueryLoggingConfigs"]]


@wrong("route53:DeleteReusableDelegationSet", "a hosted zone")
def _():
    servers = r53.create_reusable_delegation_set(CallerReference=fresh())["DelegationSet"]["Id"]
    _, one = zone(DelegationSetId=servers)
    yield r53.delete_reusable_delegation_set, {"Id": servers}
    r53.delete_hosted_zone(Id=one)


@wrong("route53:DeleteHealthCheck", "a record")
def _():
    name, one = zone()
    check = r53.create_health_check(CallerReference=fresh(), HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.9", "Port": 80})["HealthCheck"]["Id"]
    record(one, "CREATE", {"Name": f"a.{name}", "Type": "A", "TTL": 60, "SetIdentifier": "s", "Weight": 1, "HealthCheckId": check,
                           "ResourceRecords": [{"Value": "192.0.2.9"}]})
    yield r53.delete_health_check, {"HealthCheckId": check}
    assert check in [r.get("HealthCheckId") for r in r53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"]]


@wrong("route53:DisassociateVPCFromHostedZone", "the private zone whose last network it is")
def _():
    of, other = private(), private()
    _, one = zone(VPC=of)
    yield r53.disassociate_vpc_from_hosted_zone, {"HostedZoneId": one, "VPC": of}
    r53.associate_vpc_with_hosted_zone(HostedZoneId=one, VPC=other)


@wrong("route53:DeleteVPCAssociationAuthorization", "an association")
def _():
    of, other = private(), private()
    _, one = zone(VPC=of)
    r53.create_vpc_association_authorization(HostedZoneId=one, VPC=other)
    r53.associate_vpc_with_hosted_zone(HostedZoneId=one, VPC=other)
    yield r53.delete_vpc_association_authorization, {"HostedZoneId": one, "VPC": other}
    assert other["VPCId"] in ids(r53.get_hosted_zone(Id=one)["VPCs"], "VPCId")


# The rest

@wrong("secretsmanager:DeleteSecret", "a replica")
def _():
    name = fresh("secret")
    secrets.create_secret(Name=name, SecretString="x")
    secrets.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": "eu-west-1"}])
    yield secrets.delete_secret, {"SecretId": name, "ForceDeleteWithoutRecovery": True}
    secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-west-1"])


@wrong("secretsmanager:DeleteSecret", "its successor of the same name")
def _():
    name = fresh("secret")
    secrets.create_secret(Name=name, SecretString="x")
    secrets.delete_secret(SecretId=name)
    yield secrets.create_secret, {"Name": name, "SecretString": "y"}
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@wrong("sns:DeleteTopic", "a subscription")
def _():
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    held = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", ReturnSubscriptionArn=True)["SubscriptionArn"]
    yield sns.delete_topic, {"TopicArn": topic}
    refused("NotFound", sns.get_subscription_attributes, SubscriptionArn=held)


def alarm(**more):
    name = fresh("alarm")
    watch.put_metric_alarm(AlarmName=name, MetricName="M", Namespace="Order", Period=60, EvaluationPeriods=1, Threshold=1, Statistic="Sum",
                           ComparisonOperator="GreaterThanThreshold", **more)
    return name


@wrong("sns:DeleteTopic", "an alarm")
def _():
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    name = alarm(AlarmActions=[topic])
    yield sns.delete_topic, {"TopicArn": topic}
    assert watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmActions"] == [topic]


@wrong("cloudwatch:DeleteAlarms", "a composite alarm")
def _():
    name, both = alarm(), fresh("composite")
    watch.put_composite_alarm(AlarmName=both, AlarmRule=f'ALARM("{name}")')
    yield watch.delete_alarms, {"AlarmNames": [name]}
    watch.delete_alarms(AlarmNames=[both])


def stream():
    """A log group with a stream and an event in it."""
    name = fresh("/order")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    now = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["creationTime"]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[{"timestamp": now, "message": "line"}])
    return name


@wrong("logs:DeleteLogGroup", "a stream with events")
def _():
    name = stream()
    yield logs.delete_log_group, {"logGroupName": name}
    refused("ResourceNotFoundException", logs.get_log_events, logGroupName=name, logStreamName="s")


@wrong("logs:DeleteLogStream", "its events")
def _():
    name = stream()
    yield logs.delete_log_stream, {"logGroupName": name, "logStreamName": "s"}
    assert not logs.filter_log_events(logGroupName=name)["events"]


@wrong("logs:DeleteLogGroup", "its own protection")
def _():
    name = stream()
    logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=True)
    yield logs.delete_log_group, {"logGroupName": name}
    logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=False)
