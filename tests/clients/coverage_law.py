"""Every operation of the sandbox is exercised by a real client, its pages walked and its filters tried."""
import json
import subprocess

import boto3

# (service, operation) -> why its pages cannot be walked
UNPAGED = {
    ("application-autoscaling", "DescribeScalingActivities"): "nothing scales without load, so there are none",
    ("cloudwatch", "GetMetricData"): "pages cut the points of the results, not their list: test_small walks them",
    ("cloudwatch", "ListMetricStreams"): "botocore has no paginator for it: test_small walks its pages",
    ("rds", "DescribeDBProxyTargetGroups"): "a proxy has one",
    ("rds", "DescribeDBProxyTargets"): "a proxy has one database, whose instances fit the smallest page",
    ("rds", "DescribeCertificates"): "a region has fewer certificate authorities than the smallest page holds",
    ("ec2", "DescribeDhcpOptions"): "a region has one set, and others cannot be made",
    ("kms", "ListKeyPolicies"): "each key has one policy",
    ("iam", "ListAccountAliases"): "the account has one at most",
    ("ec2", "DescribeAddressesAttribute"): "addresses have one attribute, and a page holds at least as many as an account may have",
    ("rds", "DescribeEngineDefaultClusterParameters"): "botocore's limit is the same as the operation's next to it, which is walked",
}


# (service, operation) -> why it is always refused
REFUSED = {
    ("autoscaling", "AttachLoadBalancers"): "there are no classic load balancers",
    ("autoscaling", "DetachLoadBalancers"): "there are no classic load balancers",
    ("ec2", "AttachNetworkInterface"): "there are no instances to attach an interface to",
    ("ec2", "DetachNetworkInterface"): "only services attach interfaces, and what they attach is theirs to detach",
}


def implemented(migrate):
    ran = subprocess.run([migrate, "sandbox", "operations", "--json"], capture_output=True, text=True, check=True)
    return {(one["service"], one["operation"]) for one in json.loads(ran.stdout)["operations"]}


def kinds(migrate):
    """The resource types."""
    ran = subprocess.run([migrate, "types", "--json"], capture_output=True, text=True, check=True)
    return {one["type"] for one in json.loads(ran.stdout)["types"]}


def gaps(migrate, done, paged, filtered):
    """What is not exercised, and what the table says that is no longer true."""
    have = implemented(migrate)
    found = [f"{service}:{name} is exercised by no client" for service, name in sorted(have - done - set(REFUSED))]
    session = boto3.Session(region_name="us-east-1")
    clients = {service: session.client(service) for service in {service for service, _ in have}}
    for service, name in sorted(have):
        client = clients[service]
        method = {api: method for method, api in client.meta.method_to_api_mapping.items()}[name]
        members = getattr(client.meta.service_model.operation_model(name).input_shape, "members", {})
        if client.can_paginate(method) and (service, name) not in paged | set(UNPAGED):
            if client.get_paginator(method)._pagination_cfg.get("limit_key"):
                found.append(f"{service}:{name} is not walked in pages")
        if {"Filters", "filters", "ParameterFilters"} & set(members) and (service, name) not in filtered:
            found.append(f"{service}:{name} is not asked with a filter that does not exist")
    found += [f"{service}:{name} is walked in pages all the same" for service, name in sorted(set(UNPAGED) & paged)]
    found += [f"{service}:{name} is unknown" for service, name in sorted(set(UNPAGED) - have)]
    found += [f"{service}:{name} is not always refused, or unknown" for service, name in sorted(set(REFUSED) & done | set(REFUSED) - have)]
    return found


# Codes that every service may answer: the "Common error types" of the API references, and what the sandbox itself adds.
COMMON = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InternalFailure",
    "InvalidAction", "InvalidClientTokenId", "InvalidParameterCombination", "InvalidParameterValue", "InvalidQueryParameter",
    "MalformedQueryString", "MissingAction", "MissingParameter", "RequestExpired", "SerializationException", "ServiceUnavailable",
    "SlowDown", "Throttling", "ThrottlingException", "UnknownOperationException", "UnknownParameter", "UnrecognizedClientException",
    "ValidationError", "ValidationException", "SandboxOperationNotImplemented",
}
# Services whose models list no errors, or few of those that they document.
UNLISTED = {
    "ec2": "its model lists none: EC2 User Guide, error codes",
    "s3": "its model lists nine: S3 API reference, error responses",
}
# (service, code) -> why it is answered although the operation's model does not list it
UNMODELLED = {
    ("kms", "NotAuthorizedException"): "what KMS says of aliases that begin with alias/aws/ (moto's test_create_alias)",
    ("dms", "InvalidParameterValueException"): "what DMS says of a value that it looks at itself (hashicorp/terraform-provider-aws#21512)",
    ("dms", "InvalidParameterCombinationException"): "what DMS says of values that do not go together",
}


def strange(refusals):
    """Error codes that neither the operation's model nor the common errors have."""
    session, clients, found = boto3.Session(region_name="us-east-1"), {}, []
    for service, name, code in sorted(refusals):
        if service in UNLISTED or code in COMMON or (service, code) in UNMODELLED or code.isdigit():
            continue
        if service not in clients:
            clients[service] = session.client(service).meta.service_model
        shapes = clients[service].operation_model(name).error_shapes
        if code not in {shape.error_code for shape in shapes} | {shape.name for shape in shapes}:
            found.append(f"{service}:{name} answers {code}, which its model does not list")
    return found
