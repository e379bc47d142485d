#!/usr/bin/env python3
"""Real clients against the sandbox's server: every wire protocol, through boto3 and the AWS CLI.

Expects AWS_ENDPOINT_URL; sets test credentials itself. Exits with 1 and a list when anything differs.
"""
import json
import os
import subprocess
import sys
import traceback

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
                  AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", AWS_MAX_ATTEMPTS="1")

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

failures = []


def client(service):
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))


def check(run):
    try:
        run()
        print("ok  ", run.__name__)
    except Exception:  # noqa: BLE001
        failures.append(run.__name__)
        print("FAIL", run.__name__)
        traceback.print_exc()


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("no error")


def cli(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"),
               "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *arguments]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip().startswith("{") else done.stdout


@check
def sts_query():
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    assert cli("sts", "get-caller-identity")["Account"] == "123456789012"


@check
def iam_query():
    iam = client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}
    role = iam.create_role(RoleName="smoke", AssumeRolePolicyDocument=json.dumps(trust),
                           Tags=[{"Key": "a", "Value": "b + c"}])["Role"]
    assert role["Arn"] == "arn:aws:iam::123456789012:role/smoke"
    iam.get_waiter("role_exists").wait(RoleName="smoke")
    assert iam.get_role(RoleName="smoke")["Role"]["AssumeRolePolicyDocument"] == trust
    assert code(iam.create_role, RoleName="smoke", AssumeRolePolicyDocument=json.dumps(trust)) == "EntityAlreadyExists"
    assert cli("iam", "list-role-tags", "--role-name", "smoke")["Tags"] == [{"Key": "a", "Value": "b + c"}]
    iam.delete_role(RoleName="smoke")


@check
def ec2_query():
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "smoke"}]}])["Vpc"]
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc["VpcId"]])
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["smoke"]}])["Vpcs"]
    assert [v["VpcId"] for v in found] == [vpc["VpcId"]]
    assert code(ec2.delete_vpc, VpcId="vpc-00000000000000000") == "InvalidVpcID.NotFound"
    assert cli("ec2", "describe-vpcs", "--vpc-ids", vpc["VpcId"])["Vpcs"][0]["CidrBlock"] == "10.0.0.0/16"
    ec2.delete_vpc(VpcId=vpc["VpcId"])


@check
def s3_rest_xml():
    s3 = client("s3")
    s3.create_bucket(Bucket="smoke-bucket-123")
    s3.put_bucket_versioning(Bucket="smoke-bucket-123", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="smoke-bucket-123", Key="a/b c.txt", Body=b"hello", Metadata={"origin": "smoke"})
    got = s3.get_object(Bucket="smoke-bucket-123", Key="a/b c.txt")
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"origin": "smoke"}
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="smoke-bucket-123")["Contents"]] == ["a/b c.txt"]
    assert code(s3.delete_bucket, Bucket="smoke-bucket-123") == "BucketNotEmpty"
    assert code(s3.head_bucket, Bucket="smoke-bucket-none") == "404"
    versions = s3.list_object_versions(Bucket="smoke-bucket-123")["Versions"]
    s3.delete_objects(Bucket="smoke-bucket-123", Delete={"Objects": [
        {"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]})
    cli("s3", "rb", "s3://smoke-bucket-123")


@check
def route53_rest_xml():
    route53 = client("route53")
    made = route53.create_hosted_zone(Name="smoke.example", CallerReference="smoke-1")
    zone = made["HostedZone"]["Id"]
    record = {"Name": "a.smoke.example", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x & y"'}]}
    change = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={
        "Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})
    route53.get_waiter("resource_record_sets_changed").wait(
        Id=change["ChangeInfo"]["Id"], WaiterConfig={"Delay": 1})
    listed = cli("route53", "list-resource-record-sets", "--hosted-zone-id", zone)["ResourceRecordSets"]
    assert any(r["Type"] == "TXT" and r["ResourceRecords"][0]["Value"] == '"x & y"' for r in listed)
    assert code(route53.delete_hosted_zone, Id=zone) == "HostedZoneNotEmpty"


@check
def dms_json():
    dms = client("dms")
    assert dms.describe_replication_instances()["ReplicationInstances"] == []
    made = dms.create_endpoint(EndpointIdentifier="smoke", EndpointType="source", EngineName="postgres",
                               ServerName="db", Port=5432, Username="u", Password="p", DatabaseName="d")
    assert made["Endpoint"]["EndpointIdentifier"] == "smoke"
    assert cli("dms", "describe-endpoints")["Endpoints"][0]["EndpointIdentifier"] == "smoke"


@check
def rds_query():
    rds = client("rds")
    made = rds.create_db_parameter_group(DBParameterGroupName="smoke", DBParameterGroupFamily="postgres16",
                                         Description="smoke")
    assert made["DBParameterGroup"]["DBParameterGroupName"] == "smoke"
    assert code(rds.describe_db_instances, DBInstanceIdentifier="none") in ("DBInstanceNotFound", "DBInstanceNotFoundFault")
    cli("rds", "delete-db-parameter-group", "--db-parameter-group-name", "smoke")


@check
def secretsmanager_json():
    secrets = client("secretsmanager")
    secrets.create_secret(Name="smoke", SecretString="s & s")
    assert secrets.get_secret_value(SecretId="smoke")["SecretString"] == "s & s"
    assert code(secrets.get_secret_value, SecretId="none") == "ResourceNotFoundException"


@check
def cloudwatch_cbor_and_query():
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="smoke", MetricName="CPUUtilization", Namespace="AWS/RDS", Period=60,
                                EvaluationPeriods=2, Threshold=80.0, Statistic="Average",
                                ComparisonOperator="GreaterThanThreshold")
    alarm = cloudwatch.describe_alarms(AlarmNames=["smoke"])["MetricAlarms"][0]
    assert alarm["Threshold"] == 80.0 and alarm["AlarmConfigurationUpdatedTimestamp"].year >= 2020
    assert cli("cloudwatch", "describe-alarms")["MetricAlarms"][0]["AlarmName"] == "smoke"
    cloudwatch.delete_alarms(AlarmNames=["smoke"])


@check
def elbv2_query():
    elb = client("elbv2")
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    assert code(elb.describe_load_balancers, Names=["none"]) in ("LoadBalancerNotFound", "LoadBalancerNotFoundException")


@check
def sns_and_logs():
    topic = client("sns").create_topic(Name="smoke")["TopicArn"]
    assert client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
    logs = client("logs")
    logs.create_log_group(logGroupName="/smoke", tags={"a": "b"})
    assert logs.describe_log_groups(logGroupNamePrefix="/smoke")["logGroups"][0]["logGroupName"] == "/smoke"


@check
def ecs_json():
    ecs = client("ecs")
    assert ecs.create_cluster(clusterName="smoke")["cluster"]["status"] in ("ACTIVE", "PROVISIONING")
    assert cli("ecs", "list-clusters")["clusterArns"][0].endswith("cluster/smoke")


@check
def unimplemented_is_loud():
    assert code(client("ec2").describe_spot_instance_requests) == "SandboxOperationNotImplemented"


print(f"{len(failures)} failed: {failures}" if failures else "all passed")
sys.exit(1 if failures else 0)
