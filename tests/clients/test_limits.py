"""Page sizes that an operation does not have: refused, or cut down, by every operation that pages."""
import json
import os
import subprocess

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import test
from nowhere import value

SIZES = {"MaxRecords", "MaxResults", "maxResults", "MaxItems", "limit", "Limit", "PageSize", "maxItems"}
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
}
# Operations that differ from their service.
OPERATIONS = {
    "rds:DescribeOrderableDBInstanceOptions": (20, 10000), "application-autoscaling:DescribeScalingPolicies": (1, 10),
    "ecs:ListAccountSettings": (1, 10), "ecs:DescribeCapacityProviders": (1, 10),
}
# Operations that cut a page size down instead of refusing it.
CUT = {"ec2:DescribeVpcEndpoints", "ec2:DescribeVpcEndpointServices"}


def paging():
    """(service, operation, member, shape) of every operation that takes a page size."""
    ran = subprocess.run([os.environ["MIGRATE_PROGRAM"], "sandbox", "operations", "--json"], capture_output=True, text=True, check=True)
    session = boto3.Session(region_name="us-east-1")
    for one in json.loads(ran.stdout)["operations"]:
        service, name = one["service"], one["operation"]
        if service not in SERVICES or f"{service}:{name}" in CUT:
            continue
        asked = session.client(service, config=Config(parameter_validation=False, retries={"total_max_attempts": 8}))
        shape = asked.meta.service_model.operation_model(name).input_shape
        for member in sorted(SIZES & set(shape.members if shape else ())):
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
