"""What Terraform's AWS provider relies on: its acceptance tests, which pass on AWS, are named where they show it.

Deletes of what is gone are in test_gone, engines and classes of RDS in test_engines, page sizes in test_limits.
"""
import base64
import datetime
import hashlib
import io
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import client, eventually, network, passes, patiently, refused, role, said, test, wait

dms, ec2, ecs, elb, functions, iam = (client(name) for name in ("dms", "ec2", "ecs", "elbv2", "lambda", "iam"))
rds, s3, sns, ssm = client("rds"), client("s3"), client("sns"), client("ssm")
MAPPINGS = json.dumps({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
                                  "object-locator": {"schema-name": "%", "table-name": "%"}}]})


def archive(text="def handler(event, context): return 1"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.py", text)
    return packed.getvalue()


def unguarded(service):
    """A client that sends what its model forbids."""
    return boto3.client(service, region_name="us-east-1", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))


def form(service, action, version, **members):
    """A request of the query protocol as it is, members without a value included."""
    body = urllib.parse.urlencode({"Action": action, "Version": version, **members}).encode()
    scope = f"Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    asked = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, {"Authorization": f"AWS4-HMAC-SHA256 {scope}"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@test
def members_without_a_value():
    """Clients of the SDK for Go send `EngineVersion=` and the like; TestAccRDSInstance_identifierPrefix, TestAccELBV2TargetGroup_basic."""
    of, _, _ = network("empty")
    base = {"DBInstanceIdentifier": "nothing", "Engine": "mysql", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20",
            "MasterUsername": "tester", "MasterUserPassword": "not-a-secret-1"}
    nothing = dict.fromkeys(("EngineVersion", "DBName", "LicenseModel", "OptionGroupName", "DBParameterGroupName", "Timezone", "CharacterSetName",
                             "KmsKeyId", "AvailabilityZone", "PreferredBackupWindow", "NetworkType", "CACertificateIdentifier"), "")
    status, text = form("rds", "CreateDBInstance", "2014-10-31", **base, **nothing)
    assert status == 200 and "<EngineVersion>8" in text, text
    status, text = form("elasticloadbalancing", "CreateTargetGroup", "2015-12-01", Name="nothing", Protocol="HTTPS", Port="443", VpcId=of,
                        ProtocolVersion="", HealthCheckPath="", HealthCheckPort="", HealthCheckProtocol="", IpAddressType="")
    assert status == 200 and "<ProtocolVersion>HTTP1<" in text and "<HealthCheckPath>/<" in text, text
    status, text = form("ec2", "DescribeVpcs", "2016-11-15", NextToken="")
    assert status == 200, text
    raw = unguarded("ssm")
    for name in ("AllowedPattern", "Description", "KeyId", "DataType", "Policies", "Tier"):
        raw.put_parameter(Name=f"/nothing/{name}", Type="String", Value="v", **{name: ""})
    found = {one["Name"]: one for one in raw.describe_parameters()["Parameters"]}
    assert not found["/nothing/AllowedPattern"].get("AllowedPattern") and found["/nothing/Tier"]["Tier"] == "Standard"
    assert found["/nothing/DataType"]["DataType"] == "text"
    raw.put_parameter(Name="/nothing/Description", Type="String", Value="v", Description="some", Overwrite=True)
    # A value all the same, where it says something: a topic's display name is cleared, a tag has none.
    topic = sns.create_topic(Name="nothing", Attributes={"DisplayName": "some"}, Tags=[{"Key": "k", "Value": ""}])["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == ""
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "k", "Value": ""}]


@test
def names_in_any_case():
    """TestAccDMSS3Endpoint_simple, TestAccDMSEndpoint_S3_basic: enumerations of DMS are not case-sensitive."""
    trusted = role("provider-dms", "dms.amazonaws.com")
    base = {"EndpointType": "target", "EngineName": "s3"}
    for at, more in enumerate((
            {"CompressionType": "NONE", "EncryptionMode": "SSE_S3"}, {"CompressionType": "GZIP", "EncryptionMode": "sse-s3"},
            {"DataFormat": "CSV"}, {"DataFormat": "Parquet", "ParquetVersion": "PARQUET_2_0", "EncodingType": "PLAIN"},
            {"DatePartitionEnabled": True, "DatePartitionSequence": "yyyymmddhh", "DatePartitionDelimiter": "underscore"},
            {"CannedAclForObjects": "BUCKET_OWNER_FULL_CONTROL"})):
        settings = {"BucketName": "b", "ServiceAccessRoleArn": trusted, **more}
        patiently("AccessDeniedFault", dms.create_endpoint, EndpointIdentifier=f"case-{at}", S3Settings=settings, **base)
    raw = unguarded("dms")
    made = raw.create_endpoint(EndpointIdentifier="mode", EndpointType="SOURCE", EngineName="postgres", ServerName="h", Port=5432, Username="u",
                               Password="not-a-secret-1", DatabaseName="d", SslMode="REQUIRE")["Endpoint"]
    assert (made["EndpointType"].lower(), made["SslMode"].lower()) == ("source", "require"), made
    refused("InvalidParameterValueException", raw.create_endpoint, EndpointIdentifier="odd", S3Settings={
        "BucketName": "b", "ServiceAccessRoleArn": trusted, "CompressionType": "zip"}, **base)
    # TestAccDMSEndpoint_babelfish.
    login = {"ServerName": "h", "Port": 1433, "DatabaseName": "d", "Username": "u", "Password": "not-a-secret-1"}
    dms.create_endpoint(EndpointIdentifier="fish", EndpointType="target", EngineName="babelfish", MicrosoftSQLServerSettings=login, **login)


@test
def canned_acls_of_buckets_and_objects():
    """S3 User Guide, "Canned ACL": log-delivery-write is for buckets only (TestAccS3BucketLogging_*), three others for objects only."""
    bucket = {"Bucket": "provider-acls"}
    s3.create_bucket(**bucket, ObjectOwnership="BucketOwnerPreferred")
    s3.delete_public_access_block(**bucket)
    s3.put_object(**bucket, Key="k", Body=b"")
    both = ("private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read")
    for acl in (*both, "log-delivery-write"):
        s3.put_bucket_acl(**bucket, ACL=acl)
    for acl in (*both, "bucket-owner-read", "bucket-owner-full-control"):
        s3.put_object_acl(**bucket, Key="k", ACL=acl)
    raw = boto3.client("s3", config=Config(parameter_validation=False, s3={"addressing_style": "path"}))
    for acl in ("nonsense", "Private", "AwsExecRead"):
        refused("InvalidArgument", raw.put_bucket_acl, **bucket, ACL=acl)
        refused("InvalidArgument", raw.put_object_acl, **bucket, Key="k", ACL=acl)


def dms_subnets(name):
    _, subnets, _ = network(name)
    of = ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    patiently("InvalidInternetGatewayID.NotFound", ec2.attach_internet_gateway, InternetGatewayId=gateway, VpcId=of)
    for one, policy in (("dms-vpc-role", "AmazonDMSVPCManagementRole"), ("dms-cloudwatch-logs-role", "AmazonDMSCloudWatchLogsRole")):
        role(one, "dms.amazonaws.com")
        iam.attach_role_policy(RoleName=one, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    patiently("AccessDeniedFault", dms.create_replication_subnet_group, ReplicationSubnetGroupIdentifier=name,
              ReplicationSubnetGroupDescription="d", SubnetIds=subnets)


@test
def what_dms_adds():
    """TestAccDMSReplicationInstance_basic, TestAccDMSReplicationTask_*."""
    dms_subnets("provider")
    arn = dms.create_replication_instance(ReplicationInstanceIdentifier="provider", ReplicationInstanceClass="dms.c4.large",
                                          ReplicationSubnetGroupIdentifier="provider")["ReplicationInstance"]["ReplicationInstanceArn"]
    by_arn = [{"Name": "replication-instance-arn", "Values": [arn]}]
    wait("dms", "replication_instance_available", Filters=by_arn)
    made = dms.describe_replication_instances(Filters=by_arn)["ReplicationInstances"][0]
    assert (made["AllocatedStorage"], made["PubliclyAccessible"]) == (100, True) and len(made["ReplicationInstancePublicIpAddresses"]) == 1, made
    ends = [dms.create_endpoint(EndpointIdentifier=f"provider-{kind}", EndpointType=kind, EngineName="mysql", ServerName="h", Port=3306,
                                Username="u", Password="not-a-secret-1")["Endpoint"]["EndpointArn"] for kind in ("source", "target")]
    start = datetime.datetime(2026, 3, 1, 12, 0, 1, tzinfo=datetime.timezone.utc)
    for name, more, position in (("at", {"CdcStartTime": start}, "2026-03-01T12:00:01"), ("from", {"CdcStartPosition": "mysql-bin.000001:4"}, "mysql-bin.000001:4")):
        task = dms.create_replication_task(
            ReplicationTaskIdentifier=name, SourceEndpointArn=ends[0], TargetEndpointArn=ends[1], ReplicationInstanceArn=arn, MigrationType="full-load-and-cdc",
            TableMappings=MAPPINGS, ReplicationTaskSettings=json.dumps({"Logging": {"EnableLogging": True}}), **more)["ReplicationTask"]["ReplicationTaskArn"]
        by_task = [{"Name": "replication-task-arn", "Values": [task]}]
        wait("dms", "replication_task_ready", Filters=by_task)
        shown = dms.describe_replication_tasks(Filters=by_task)["ReplicationTasks"][0]
        assert shown["CdcStartPosition"] == position, shown
        logging = json.loads(shown["ReplicationTaskSettings"])["Logging"]
        assert logging["CloudWatchLogGroup"] == "dms-tasks-provider" and logging["CloudWatchLogStream"].startswith("dms-task-"), logging


@test
def instances_with_both_kinds_of_addresses():
    """API Reference, ReplicationSubnetGroup (SupportedNetworkTypes) and ModifyReplicationInstance (NetworkType)."""
    vpc = ec2.create_vpc(CidrBlock="10.19.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]

    def block():
        found = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]
        return found["Ipv6CidrBlockState"]["State"] == "associated" and found["Ipv6CidrBlock"]
    six = eventually(block).replace("00::/56", "")
    both = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.19.{n}.0/24", Ipv6CidrBlock=f"{six}0{n}::/64", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"))]
    passes(5)
    dms.create_replication_subnet_group(ReplicationSubnetGroupIdentifier="dual", ReplicationSubnetGroupDescription="d", SubnetIds=both)
    shown = dms.describe_replication_subnet_groups(Filters=[{"Name": "replication-subnet-group-id", "Values": ["dual"]}])["ReplicationSubnetGroups"][0]
    assert sorted(shown["SupportedNetworkTypes"]) == ["DUAL", "IPV4"], shown
    arn = dms.create_replication_instance(ReplicationInstanceIdentifier="dual", ReplicationInstanceClass="dms.t3.medium", PubliclyAccessible=False,
                                          ReplicationSubnetGroupIdentifier="dual")["ReplicationInstance"]["ReplicationInstanceArn"]
    by_arn = [{"Name": "replication-instance-arn", "Values": [arn]}]
    wait("dms", "replication_instance_available", Filters=by_arn)
    dms.modify_replication_instance(ReplicationInstanceArn=arn, NetworkType="DUAL", ApplyImmediately=True)
    eventually(lambda: dms.describe_replication_instances(Filters=by_arn)["ReplicationInstances"][0]["NetworkType"].upper() == "DUAL")
    # The group of the instance that the test before made has addresses of one kind only.
    plain = dms.describe_replication_instances(Filters=[{"Name": "replication-instance-id", "Values": ["provider"]}])["ReplicationInstances"][0]
    refused("InvalidParameterValueException", dms.modify_replication_instance, ReplicationInstanceArn=plain["ReplicationInstanceArn"],
            NetworkType="DUAL", ApplyImmediately=True)


@test
def policies_of_topics():
    """TestAccSNSTopic_policy, TestAccS3BucketNotification_topic: the resource may be another one, or a pattern."""
    topic = sns.create_topic(Name="provider")["TopicArn"]
    for resource in ("arn:aws:sns:*:*:provider", "arn:aws:sns:us-east-1::example", topic, [topic, "arn:aws:sns:*:*:other"]):
        for principal in ({"AWS": "*"}, {"Service": "s3.amazonaws.com"}, "*"):
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "s", "Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": resource}]}))
    said("InvalidParameter", "Policy", sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue="{}")
    mail = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)["SubscriptionArn"]
    said("InvalidParameter", "Cannot unsubscribe a subscription that is pending confirmation", sns.unsubscribe, SubscriptionArn=mail)
    # TestAccSNSTopic_fifoWithArchivePolicy.
    kept = sns.create_topic(Name="provider.fifo", Attributes={"FifoTopic": "true", "ArchivePolicy": '{"MessageRetentionPeriod": "30"}'})["TopicArn"]
    assert sns.get_topic_attributes(TopicArn=kept)["Attributes"]["BeginningArchiveTime"]


@test
def parameters_under_other_names_and_types():
    """TestAccSSMParameter_basic, TestAccSSMParameter_updateType; the API reference's example of HierarchyTypeMismatchException."""
    ssm.put_parameter(Name="tagged", Type="String", Value="v", Tags=[{"Key": "k", "Value": "v"}])
    for name in ("tagged", "tagged:1"):
        assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"] == [{"Key": "k", "Value": "v"}]
    ssm.put_parameter(Name="turned", Type="SecureString", Value="v")
    ssm.put_parameter(Name="turned", Type="String", Value="v", Overwrite=True)
    assert ssm.get_parameter(Name="turned")["Parameter"]["Type"] == "String"
    refused("HierarchyTypeMismatchException", ssm.put_parameter, Name="turned", Type="SecureString", Value="v", Overwrite=True)


@test
def services_that_are_not_there():
    """Each caller is refused in its own protocol: the code stands where the protocol has it."""
    for service, call, arguments in (
            ("kinesis", "create_stream", {"StreamName": "s", "ShardCount": 1}),  # JSON 1.1
            ("dynamodb", "list_tables", {}), ("sqs", "list_queues", {}), ("stepfunctions", "list_state_machines", {}),  # JSON 1.0
            ("elasticache", "describe_cache_clusters", {}), ("redshift", "describe_clusters", {}), ("ses", "list_identities", {}),  # query
            ("cloudsearch", "describe_domains", {}), ("efs", "describe_file_systems", {}), ("apigateway", "get_rest_apis", {}),  # REST, JSON
            ("eks", "list_clusters", {}), ("cloudfront", "list_distributions", {})):  # REST, XML
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        config = Config(retries={"total_max_attempts": 1})
        stranger = boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, config=config)
        try:
            getattr(stranger, call)(**arguments)
            got = None
        except ClientError as error:
            got = error.response["Error"]["Code"]
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501), error.response
        assert got == "SandboxOperationNotImplemented", f"{service} answers {got}"


@test
def filters_under_their_old_names():
    """`aws_vpc` with `default = true` asks for isDefault; `aws_lb` looks for its interfaces by their owner when it is destroyed."""
    assert ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"][0]["IsDefault"]
    assert not ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-owner-id", "Values": ["amazon-elb"]}])["NetworkInterfaces"]
    of, subnets, _ = network("provider-names")
    ec2.modify_vpc_attribute(VpcId=of, EnableDnsHostnames={"Value": True})
    # TestAccVPCNetworkInterface_basic.
    made = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]
    assert made["PrivateDnsName"] == f"ip-{made['PrivateIpAddress'].replace('.', '-')}.ec2.internal", made
    arn = elb.create_load_balancer(Name="provider", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
    found = ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-owner-id", "Values": ["amazon-elb"]}])["NetworkInterfaces"]
    assert len(found) == 2 and {one["RequesterId"] for one in found} == {"amazon-elb"}
    elb.delete_load_balancer(LoadBalancerArn=arn)


@test
def target_groups():
    """TestAccELBV2TargetGroup_Defaults_*, _Lambda_*, _Attributes_*."""
    of, _, _ = network("provider-groups")

    def made(name, **more):
        return elb.create_target_group(Name=name, **more)["TargetGroups"][0]
    function = made("provider-lambda", TargetType="lambda")
    assert (function["Matcher"], function["HealthCheckEnabled"], function.get("HealthCheckPort"), function["HealthCheckIntervalSeconds"]) == (
        {"HttpCode": "200"}, False, None, 35), function
    web, tcp = (made(f"provider-{kind.lower()}", Protocol=kind, Port=80, VpcId=of)["TargetGroupArn"] for kind in ("HTTP", "TCP"))
    for code in ("999", "199", "200-600", "100-200"):
        said("ValidationError", f"Health check matcher HTTP code '{code}' must be within '200-499' inclusive", elb.create_target_group,
             Name="odd", TargetType="lambda", HealthCheckEnabled=True, Matcher={"HttpCode": code})
    for protocol, check in (("HTTP", "TCP"), ("HTTPS", "TCP"), ("TCP", "UDP"), ("TLS", "TLS"), ("UDP", "TCP_UDP")):
        refused("ValidationError", elb.create_target_group, Name="odd", Protocol=protocol, Port=80, VpcId=of, HealthCheckProtocol=check)
    for arn, attributes, words in (
            (web, {"slow_start.duration_seconds": "30", "load_balancing.algorithm.type": "weighted_random"},
             "You cannot enable both slow start and weighted random algorithm on a target group"),
            (web, {"slow_start.duration_seconds": "30", "load_balancing.algorithm.type": "least_outstanding_requests"},
             "You cannot enable both slow start and least outstanding requests algorithm on a target group"),
            (web, {"load_balancing.algorithm.anomaly_mitigation": "on", "load_balancing.algorithm.type": "round_robin"},
             "You cannot enable both anomaly mitigation and round robin algorithm on a target group"),
            (tcp, {"stickiness.enabled": "true", "stickiness.type": "lb_cookie"}, "Stickiness type 'lb_cookie' is not supported for target groups with"),
            (tcp, {"stickiness.enabled": "true", "stickiness.type": "app_cookie"}, "Stickiness type 'app_cookie' is not supported for target groups with"),
            (web, {"stickiness.enabled": "true", "stickiness.type": "source_ip"}, "Stickiness type 'source_ip' is not supported for target groups with")):
        error = refused_any(elb.modify_target_group_attributes, TargetGroupArn=arn, Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()])
        assert words in error["Message"], (words, error)
    kept = {one["Key"]: one["Value"] for one in elb.describe_target_group_attributes(TargetGroupArn=web)["Attributes"]}
    assert kept["slow_start.duration_seconds"] == "0" and kept["stickiness.type"] == "lb_cookie", "a refusal changes nothing"
    limits = {one["Name"] for one in elb.describe_account_limits()["Limits"]}
    assert {"application-load-balancers", "network-load-balancers", "target-groups"} <= limits


def refused_any(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]
    raise AssertionError(f"{call.__name__} is not refused")


@test
def services_of_ecs():
    """TestAccECSService_PlacementStrategy_basic, TestAccECSService_DeploymentControllerType_external."""
    ecs.create_cluster(clusterName="provider")
    ecs.register_task_definition(family="provider", containerDefinitions=[{"name": "c", "image": "nginx", "memory": 64}])
    base = {"cluster": "provider", "desiredCount": 0}
    for name, strategy, shown in (("host", {"type": "spread", "field": "host"}, {"type": "spread", "field": "instanceId"}),
                                  ("pack", {"type": "binpack", "field": "MEMORY"}, {"type": "binpack", "field": "memory"}),
                                  ("zone", {"type": "spread", "field": "attribute:ecs.availability-zone"}, None), ("random", {"type": "random"}, None)):
        made = ecs.create_service(serviceName=name, taskDefinition="provider", launchType="EC2", placementStrategy=[strategy], **base)["service"]
        assert made["placementStrategy"] == [shown or strategy], made["placementStrategy"]
    refused("InvalidParameterException", ecs.create_service, serviceName="six", taskDefinition="provider",
            placementStrategy=[{"type": "spread", "field": "host"}] * 6, **base)
    external = ecs.create_service(serviceName="external", deploymentController={"type": "EXTERNAL"}, **base)["service"]
    assert "taskDefinition" not in external and external["deployments"] == []
    assert ecs.update_service(cluster="provider", service="external", desiredCount=1)["service"]["desiredCount"] == 1
    refused("ClientException", ecs.create_service, serviceName="none", taskDefinition="never", **base)


@test
def functions_with_code_in_s3_and_other_groups():
    """TestAccLambdaFunction_S3Update_basic, TestAccLambdaFunction_VPC_replaceSGWithDefault."""
    of, subnets, group = network("provider-functions")
    other = ec2.create_security_group(GroupName="provider-other", Description="d", VpcId=of)["GroupId"]
    trusted = role("provider-functions", "lambda.amazonaws.com")
    iam.attach_role_policy(RoleName="provider-functions", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole")
    bucket, code = {"Bucket": "provider-code"}, archive()
    s3.create_bucket(**bucket)
    s3.put_object(**bucket, Key="a.zip", Body=code)
    made = patiently("InvalidParameterValueException", functions.create_function, FunctionName="provider", Role=trusted, Runtime="python3.12",
                     Handler="index.handler", Code={"S3Bucket": "provider-code", "S3Key": "a.zip"}, VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [group]})
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode() and made["CodeSize"] == len(code)
    wait("lambda", "function_active_v2", FunctionName="provider")
    changed = functions.update_function_configuration(FunctionName="provider", VpcConfig={"SecurityGroupIds": [other]})["VpcConfig"]
    assert changed["SecurityGroupIds"] == [other] and sorted(changed["SubnetIds"]) == sorted(subnets)
    wait("lambda", "function_updated_v2", FunctionName="provider")
    newer = archive("def handler(event, context): return 2")
    s3.put_object(**bucket, Key="a.zip", Body=newer)
    updated = functions.update_function_code(FunctionName="provider", S3Bucket="provider-code", S3Key="a.zip")
    assert updated["CodeSha256"] == base64.b64encode(hashlib.sha256(newer).digest()).decode()
    wait("lambda", "function_updated_v2", FunctionName="provider")
    left = functions.update_function_configuration(FunctionName="provider", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})["VpcConfig"]
    assert not left.get("SubnetIds") and not left.get("SecurityGroupIds")
