"""Page sizes: the least and the most that an operation takes, what happens beyond, and how many there are when nobody asks."""
import json
import os
import subprocess

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import client, eventually, test
from nowhere import value

SIZES = {"MaxRecords", "MaxResults", "maxResults", "MaxItems", "limit", "Limit", "PageSize", "maxItems", "MaxKeys", "MaxParts", "MaxUploads",
         "MaxBuckets", "ResourcesPerPage"}
# service -> least and most where its model has no range, and the code of the refusal; None where more is cut down to the most.
# API references: RDS and DMS "Minimum 20, maximum 100", ECS "between 1 and 100", Application Auto Scaling "between 1 and 50",
# EC2 "between 5 and 1000".
SERVICES = {
    "rds": (20, 100, "InvalidParameterValue"), "dms": (20, 100, "InvalidParameterValueException"),
    "ecs": (1, 100, "InvalidParameterException"), "application-autoscaling": (1, 50, "ValidationException"),
    "ec2": (5, 1000, "InvalidParameterValue"), "iam": (1, 1000, "ValidationError"), "elbv2": (1, 400, "ValidationError"),
    "logs": (1, 50, "InvalidParameterException"), "ssm": (1, 50, "ValidationException"), "secretsmanager": (1, 100, "ValidationException"),
    "cloudwatch": (1, 100, "ValidationError"), "events": (1, 100, "ValidationException"),
    "autoscaling": (1, 100, "ValidationError"), "backup": (1, 1000, "InvalidParameterValueException"),
    "kms": (1, 1000, "ValidationException"), "acm": (1, 1000, "ValidationException"), "cloudcontrol": (1, 100, "ValidationException"),
    "lambda": (1, 10000, "ValidationException"),
}
# Operations that differ from their service where their model has no range.
OPERATIONS = {
    # RDS API Reference, DescribeOrderableDBInstanceOptions.
    "rds:DescribeOrderableDBInstanceOptions": (20, 10000),
    # DMS API Reference, DescribeTableStatistics: "Minimum 20, maximum 500".
    "dms:DescribeTableStatistics": (20, 500),
    "application-autoscaling:DescribeScalingPolicies": (1, 10), "ecs:ListAccountSettings": (1, 10), "ecs:DescribeCapacityProviders": (1, 10),
    # EC2 API Reference: "between 1 and 200".
    "ec2:DescribeLaunchTemplateVersions": (1, 200),
    # Auto Scaling API Reference: "the maximum value is 50".
    "autoscaling:DescribeAutoScalingInstances": (1, 50), "autoscaling:DescribeTrafficSources": (1, 50),
}
# Operations that cut a page size down instead of refusing it.
CUT = {"ec2:DescribeVpcEndpoints", "ec2:DescribeVpcEndpointServices", "ec2:DescribePrefixLists", "lambda:ListVersionsByFunction",
       "lambda:ListFunctions", "lambda:ListAliases", "lambda:ListLayers", "lambda:ListLayerVersions"}
# Services whose sizes are not refused by a range, or not numbers of items.
OTHERS = {
    "s3": "more than the most is the most (S3 API Reference, ListObjectsV2, ListParts): `more_is_cut_down`",
    "route53": "sizes are texts, and more than the most is the most (Route 53 API Reference, ListHostedZones): `more_is_cut_down`",
    "resourcegroupstaggingapi": "\"You can set a minimum of 1 and a maximum of 100\" with a code that is not documented",
}


def paging():
    """(service, operation, member, shape) of every operation that takes a page size."""
    ran = subprocess.run([os.environ["MIGRATE_PROGRAM"], "sandbox", "operations", "--json"], capture_output=True, text=True, check=True)
    session = boto3.Session(region_name="us-east-1")
    for one in json.loads(ran.stdout)["operations"]:
        service, name = one["service"], one["operation"]
        if service in OTHERS or f"{service}:{name}" in CUT:
            continue
        asked = session.client(service, config=Config(parameter_validation=False, retries={"total_max_attempts": 8}))
        shape = asked.meta.service_model.operation_model(name).input_shape
        for member in sorted(SIZES & set(shape.members if shape else ())):
            assert service in SERVICES, f"{service}:{name} takes a page size, and its limits are not in the table"
            if shape.members[member].type_name in ("integer", "long"):
                yield service, name, member, shape, asked


@test
def sizes_out_of_range():
    wrong, tried = [], 0
    for service, name, member, shape, asked in paging():
        least, most, code = SERVICES[service]
        least, most = OPERATIONS.get(f"{service}:{name}", (least, most))
        limits = shape.members[member].metadata
        least, most = limits.get("min", least), limits.get("max", most)
        method = {api: method for method, api in asked.meta.method_to_api_mapping.items()}[name]
        for size in (least - 1, most + 1):
            needed = {one: value(service, f"{service}:{name}", one, shape.members[one]) for one in shape.required_members}
            tried += 1
            try:
                getattr(asked, method)(**{**needed, member: size})
                got = None
            except ClientError as error:
                got = error.response["Error"]["Code"]
            if got != code:
                wrong.append(f"{service}:{name} with {member}={size} answers {got} instead of {code}")
    assert tried > 150, tried
    assert not wrong, "\n".join(wrong)


def counted(service, call, key, /, **arguments):
    """How many items the first page has when no size is asked for."""
    answer = getattr(client(service, attempts=8), call)(**arguments)
    for part in key.split("."):
        answer = answer[part]
    return len(answer)


def each(count, service, call, /, **arguments):
    """Makes objects whose arguments hold their numbers."""
    make = getattr(client(service, attempts=10), call)
    for n in range(count):
        make(**{name: given.format(n) if isinstance(given, str) else given for name, given in arguments.items()})


# How many there are when nobody asks, with the objects that show it: what makes one more than that, and what lists them. From
# the API references ("the default value is 50", "up to 10 results"), except where a source is named.
def make_services():
    client("ecs").create_cluster(clusterName="sizes")
    client("ecs").register_task_definition(family="sizes", containerDefinitions=[{"name": "c", "image": "nginx", "memory": 64}])
    each(11, "ecs", "create_service", cluster="sizes", serviceName="sizes-{}", taskDefinition="sizes", desiredCount=0, launchType="EC2")


def make_aliases():
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    each(51, "kms", "create_alias", AliasName="alias/sizes-{}", TargetKeyId=key)


def make_metrics():
    for n in range(6):
        client("cloudwatch").put_metric_data(Namespace="sizes", MetricData=[{"MetricName": f"m-{n}-{at}", "Value": 1.0} for at in range(90)])


def make_alarms():
    each(51, "cloudwatch", "put_metric_alarm", AlarmName="sizes-{}", MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1,
         Threshold=1.0, ComparisonOperator="GreaterThanThreshold")


def make_records():
    zone = client("route53", attempts=8).create_hosted_zone(Name="sizes.example.com", CallerReference="sizes")["HostedZone"]["Id"]
    client("route53", attempts=8).change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
        {"Action": "CREATE", "ResourceRecordSet": {"Name": f"r{n}.sizes.example.com", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}}
        for n in range(301)]})
    return {"HostedZoneId": zone}


DEFAULTS = {
    "ecs:ListServices": (10, make_services, "list_services", "serviceArns", {"cluster": "sizes"}),
    "ssm:GetParametersByPath": (10, lambda: each(11, "ssm", "put_parameter", Name="/sizes/{}", Type="String", Value="v"), "get_parameters_by_path",
                                "Parameters", {"Path": "/sizes"}),
    "kms:ListAliases": (50, make_aliases, "list_aliases", "Aliases", {}),
    "kms:ListKeys": (100, lambda: each(101, "kms", "create_key"), "list_keys", "Keys", {}),
    "secretsmanager:ListSecrets": (100, lambda: each(101, "secretsmanager", "create_secret", Name="sizes-{}"), "list_secrets", "SecretList", {}),
    "logs:DescribeLogGroups": (50, lambda: each(51, "logs", "create_log_group", logGroupName="sizes-{}"), "describe_log_groups", "logGroups", {}),
    "sns:ListTopics": (100, lambda: each(101, "sns", "create_topic", Name="sizes-{}"), "list_topics", "Topics", {}),
    "iam:ListUsers": (100, lambda: each(101, "iam", "create_user", UserName="sizes-{}"), "list_users", "Users", {}),
    "cloudwatch:DescribeAlarms": (50, make_alarms, "describe_alarms", "MetricAlarms", {}),
    "cloudwatch:ListMetrics": (500, make_metrics, "list_metrics", "Metrics", {}),
    "rds:DescribeDBParameterGroups": (100, lambda: each(101, "rds", "create_db_parameter_group", DBParameterGroupName="sizes-{}", Description="x",
                                                        DBParameterGroupFamily="mysql8.0"), "describe_db_parameter_groups", "DBParameterGroups", {}),
    "dms:DescribeEndpoints": (100, lambda: each(101, "dms", "create_endpoint", EndpointIdentifier="sizes-{}", EndpointType="source", EngineName="mysql",
                                                ServerName="h", Port=3306, Username="u", Password="not-a-secret-1"), "describe_endpoints", "Endpoints", {}),
    "route53:ListResourceRecordSets": (300, make_records, "list_resource_record_sets", "ResourceRecordSets", {}),
    "route53:ListHealthChecks": (100, lambda: each(101, "route53", "create_health_check", CallerReference="sizes-{}", HealthCheckConfig={
        "Type": "HTTP", "FullyQualifiedDomainName": "example.com"}), "list_health_checks", "HealthChecks", {}),
    "cloudcontrol:ListResources": (20, lambda: each(21, "cloudcontrol", "create_resource", TypeName="AWS::SQS::Queue", DesiredState="{{}}"),
                                   "list_resources", "ResourceDescriptions", {"TypeName": "AWS::SQS::Queue"}),
}


@test
def sizes_that_nobody_asked_for():
    wrong = []
    for operation, (default, make, call, key, arguments) in DEFAULTS.items():
        more = make() or {}
        service = operation.split(":")[0]
        eventually(lambda: counted(service, call, key, **arguments, **more) >= min(default, 2), otherwise=f"{operation}: nothing there")
        # Cloud Control makes its objects in the background.
        got = counted(service, call, key, **arguments, **more)
        if operation.startswith("cloudcontrol"):
            got = eventually(lambda: (lambda n: n if n >= default else None)(counted(service, call, key, **arguments)))
        if got != default:
            wrong.append(f"{operation} answers {got} instead of {default}")
    assert not wrong, "\n".join(wrong)


@test
def more_is_cut_down():
    zone = next(one["Id"] for one in client("route53", attempts=8).list_hosted_zones()["HostedZones"] if "sizes" in one["Name"])
    assert counted("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone, MaxItems="1000") == 300
    assert counted("route53", "list_health_checks", "HealthChecks", MaxItems="1000") == 100
    s3 = client("s3")
    s3.create_bucket(Bucket="sizes")
    s3.put_object(Bucket="sizes", Key="k", Body=b"")
    assert s3.list_objects_v2(Bucket="sizes", MaxKeys=5000)["MaxKeys"] == 1000 and s3.list_objects(Bucket="sizes", MaxKeys=5000)["MaxKeys"] == 1000
    assert s3.list_objects_v2(Bucket="sizes", MaxKeys=0)["KeyCount"] == 0
    upload = s3.create_multipart_upload(Bucket="sizes", Key="m")["UploadId"]
    assert s3.list_parts(Bucket="sizes", Key="m", UploadId=upload, MaxParts=5000)["MaxParts"] == 1000
    assert s3.list_multipart_uploads(Bucket="sizes", MaxUploads=5000)["MaxUploads"] == 1000
