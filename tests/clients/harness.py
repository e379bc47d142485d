"""What every family of client tests uses: recording clients, refusals, pages, filters, the AWS CLI.

Everything that goes over the wire is counted, so that the runner can say which operations were exercised and
which error codes were seen.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.paginate import Paginator

ACCOUNT = "123456789012"
SESSION = boto3.Session()
CALLS = collections.Counter()  # (service, operation) -> calls
DONE = set()  # (service, operation) answered with success
REFUSALS = set()  # (service, operation, code) answered, asserted or not
CODES = set()  # (service, operation, code) asserted
PAGED = set()  # (service, operation) walked page by page
FILTERED = set()  # (service, operation) asked with a filter that does not exist
WAITED = set()  # (client, service, waiter)
CLI = collections.Counter()  # (service, operation) -> CLI processes
PLAYED = set()  # (service:operation, what depends) of the table of pairs
TESTS = []


def test(run):
    """Registers a test; they run in the order of the file."""
    TESTS.append(run)
    return run


def _seen(model, parsed, http_response, **_):
    key = (model.service_model.service_name, model.name)
    CALLS[key] += 1
    if http_response.status_code < 300:
        DONE.add(key)
    elif "Error" in parsed:
        REFUSALS.add((*key, parsed["Error"].get("Code") or str(http_response.status_code)))


SESSION.events.register("after-call", _seen)
_clients = {}


def client(service, region="us-east-1", url=None, attempts=1):
    """A boto3 client of the session; without retries unless `attempts` says otherwise."""
    key = (service, region, url, attempts)
    if key not in _clients:
        config = Config(retries={"total_max_attempts": attempts, "mode": "standard"},
                        s3={"addressing_style": "path"})
        _clients[key] = SESSION.client(service, region_name=region, endpoint_url=url, config=config)
    return _clients[key]


def refused(code, call, /, **arguments):
    """Asserts that a call is refused with exactly this code, and returns the answer."""
    model = call.__self__.meta.service_model
    name = call.__self__.meta.method_to_api_mapping[call.__name__]
    try:
        call(**arguments)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got == code, f"{name} answers {got} instead of {code}: {error}"
        assert error.response["ResponseMetadata"].get("RequestId"), "no request id"
        CODES.add((model.service_name, name, code))
        return error.response
    raise AssertionError(f"{name} is not refused with {code}")


def said(code, words, call, /, **arguments):
    """Like `refused`, with a text that clients look at; answers the error."""
    error = refused(code, call, **arguments)["Error"]
    assert words in error["Message"], error["Message"]
    return error


def tampered(code, call, change, /, **arguments):
    """Like `refused`, with the wire request changed before it is signed: what no client would send."""
    events, used = call.__self__.meta.events, []

    def hook(params, **_):
        used.append(change(params))

    events.register_first("before-call", hook)
    try:
        return refused(code, call, **arguments)
    finally:
        events.unregister("before-call", hook)
        assert used, "the request was not changed"


def eventually(check, within=120.0, otherwise=None):
    """Waits until `check` answers something true: at once on a quiet machine, and long enough for a busy one."""
    until = time.monotonic() + within
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < until, otherwise or f"not within {within} s: {check}"
        time.sleep(0.02)


def patiently(code, call, /, **arguments):
    """Repeats a call while it is refused with this code: an earlier change may begin a moment after its answer."""
    def done():
        try:
            return call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != code:
                raise
            return None
    return eventually(done)


def wait(service, name, region="us-east-1", /, **arguments):
    """boto3's own waiter, polling faster than it would against AWS."""
    client(service, region).get_waiter(name).wait(WaiterConfig={"Delay": 0.05, "MaxAttempts": 4000}, **arguments)
    WAITED.add(("boto3", service, name))


def pages(service, operation, size, bad=None, /, **arguments):
    """Walks a list in pages of `size`: several, none too long, together the whole list, nothing twice."""
    asked = client(service)
    method = {api: name for name, api in asked.meta.method_to_api_mapping.items()}[operation]
    paginator: Paginator = asked.get_paginator(method)
    config = paginator._pagination_cfg
    key = paginator.result_keys[0]

    def walked():
        """The pages and the whole list; nothing while the objects change between the two."""
        found = [key.search(page) or [] for page in paginator.paginate(PaginationConfig={"PageSize": size}, **arguments)]
        whole = key.search(paginator.paginate(**arguments).build_full_result()) or []
        pages, whole = ([json.dumps(item, default=str, sort_keys=True) for item in items]
                        for items in ([item for page in found for item in page], whole))
        return (found, pages) if sorted(pages) == sorted(whole) else None
    found, text = eventually(walked, otherwise=f"{operation}: the pages are never the whole list")
    assert len(found) > 1, f"{operation} answers {len(text)} items in one page of {size}"
    assert all(len(page) <= size for page in found), f"{operation}: {[len(page) for page in found]}"
    assert len(set(text)) == len(text), f"{operation} repeats items"
    if bad:
        tokens = config["input_token"]
        token = tokens[0] if isinstance(tokens, list) else tokens
        refused(bad, getattr(asked, method), **{token: "no-token-of-ours", **arguments})
    PAGED.add((service, operation))


def no_such_filter(code, service, operation, /, member="Filters", name="Name", **arguments):
    """A filter that does not exist is an error, never ignored."""
    asked = client(service)
    method = {api: name for name, api in asked.meta.method_to_api_mapping.items()}[operation]
    values = "values" if name.islower() else "Values"
    refused(code, getattr(asked, method), **{member: [{name: "no-such-filter", values: ["x"]}], **arguments})
    FILTERED.add((service, operation))


def aws(*arguments, fails=None):
    """Runs the AWS CLI; its answer parsed, or nothing if it must fail with the code `fails`."""
    # Given on the command line because version 1 of the CLI forgets AWS_ENDPOINT_URL for rds in us-east-1.
    program = [sys.executable, os.path.join(os.path.dirname(sys.executable), "aws"),
               "--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]
    ran = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False, timeout=300)
    service = {"s3": None}.get(arguments[0], arguments[0])
    if arguments[1] == "wait":
        WAITED.add(("aws", service, arguments[2].replace("-", "_")))
    elif service:
        CLI[(service, arguments[1])] += 1
    if fails:
        assert ran.returncode != 0 and f"({fails})" in ran.stderr, f"{arguments}: {ran.stderr or ran.stdout}"
        return None
    assert ran.returncode == 0, f"{arguments}: {ran.stderr}"
    return json.loads(ran.stdout) if ran.stdout.strip().startswith(("{", "[")) else ran.stdout


def ids(items, member):
    """One member of every item, sorted."""
    return sorted(item[member] for item in items)


def trust(*services):
    """A trust policy for services."""
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}]})


def kept(table):
    """The rows of a table as the world keeps them: for what reaches a person by no API, like the token in a mail."""
    world = pathlib.Path(os.environ["MIGRATE_FOLDER"], "world")
    rows = dict(json.loads((world / "world.json").read_text())["world"]["tables"].get(table, {}))
    for line in (world / "world.jsonl").read_text().splitlines():
        for name, key, row in json.loads(line).get("rows", []):
            if name == table:
                rows[key] = row
    return {key: row for key, row in rows.items() if row}


def passes(seconds):
    """Lets time pass, as the server counts it."""
    time.sleep(seconds / float(os.environ["MIGRATE_SPEED"]))


def role(name, *services):
    """A role that services may assume, usable at once."""
    iam = client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(*services))["Role"]["Arn"]
    wait("iam", "role_exists", RoleName=name)
    passes(45)  # ten seconds until every service knows it, and some more
    return arn


def network(name="clients", zones=("us-east-1a", "us-east-1b")):
    """A VPC with one subnet per zone and a security group: what most other services stand on."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    wait("ec2", "vpc_available", VpcIds=[vpc])
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{at}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
               for at, zone in enumerate(zones)]
    wait("ec2", "subnet_available", SubnetIds=subnets)
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    wait("ec2", "security_group_exists", GroupIds=[group])
    return vpc, subnets, group
