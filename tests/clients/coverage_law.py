"""Every operation of the sandbox is exercised by a real client, or excluded here with a reason."""
import json
import subprocess

import boto3

# (service, operation) -> why no client exercises it
EXCLUDED = {
    ("sns", "ConfirmSubscription"): "its token travels in a message that nobody receives; a wrong token is refused",
}
# (service, operation) -> why its pages cannot be walked
UNPAGED = {
    ("application-autoscaling", "DescribeScalingActivities"): "nothing scales without load, so there are none",
    ("cloudwatch", "GetMetricData"): "pages cut the points of one result, not the list",
    ("ec2", "DescribeDhcpOptions"): "a region has one set, and others cannot be made",
    ("iam", "ListAccountAliases"): "the account has none, and none can be made",
}
# (service, operation) -> why it has no test of a filter that does not exist
UNFILTERED = {}


def implemented(migrate):
    ran = subprocess.run([migrate, "sandbox", "operations", "--json"], capture_output=True, text=True, check=True)
    return {(one["service"], one["operation"]) for one in json.loads(ran.stdout)["operations"]}


def kinds(migrate):
    """The resource types."""
    ran = subprocess.run([migrate, "types", "--json"], capture_output=True, text=True, check=True)
    return {one["type"] for one in json.loads(ran.stdout)["types"]}


def gaps(migrate, done, paged, filtered):
    """What is neither exercised nor excluded, and exclusions that are no longer true."""
    have = implemented(migrate)
    found = [f"{service}:{name} is exercised by no client" for service, name in sorted(have - done - set(EXCLUDED))]
    session = boto3.Session(region_name="us-east-1")
    clients = {service: session.client(service) for service in {service for service, _ in have}}
    for service, name in sorted(have):
        client = clients[service]
        method = {api: method for method, api in client.meta.method_to_api_mapping.items()}[name]
        members = getattr(client.meta.service_model.operation_model(name).input_shape, "members", {})
        if client.can_paginate(method) and (service, name) not in paged | set(UNPAGED):
            if client.get_paginator(method)._pagination_cfg.get("limit_key"):
                found.append(f"{service}:{name} is not walked in pages")
        if {"Filters", "filters", "ParameterFilters"} & set(members) and (service, name) not in filtered | set(UNFILTERED):
            found.append(f"{service}:{name} is not asked with a filter that does not exist")
    for table, seen in ((EXCLUDED, done), (UNPAGED, paged), (UNFILTERED, filtered)):
        found += [f"{service}:{name} is excluded but exercised" for service, name in sorted(set(table) & seen)]
        found += [f"{service}:{name} is excluded but unknown" for service, name in sorted(set(table) - have)]
    return found
