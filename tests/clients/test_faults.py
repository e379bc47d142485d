"""Trouble as clients see it: throttles they retry, credentials that expired, answers that got lost."""
import concurrent.futures
import json
import os
import pathlib
import tempfile

from botocore.exceptions import ClientError, ConnectionClosedError

from harness import client, refused, test
from run import Server

THROTTLES = {"ec2": "RequestLimitExceeded", "s3": "SlowDown", "iam": "Throttling", "rds": "Throttling", "route53": "Throttling",
             "elbv2": "Throttling", "dms": "ThrottlingException", "ecs": "ThrottlingException",
             "secretsmanager": "ThrottlingException", "ssm": "ThrottlingException", "logs": "ThrottlingException"}
LISTS = {"ec2": "describe_vpcs", "s3": "list_buckets", "iam": "list_roles", "rds": "describe_db_instances",
         "route53": "list_hosted_zones", "elbv2": "describe_load_balancers", "dms": "describe_endpoints", "ecs": "list_clusters",
         "secretsmanager": "list_secrets", "ssm": "describe_parameters", "logs": "describe_log_groups"}


class Troubled:
    """A server of its own with a script of faults."""

    def __init__(self, rules, speed="500"):
        self.folder = tempfile.TemporaryDirectory()
        script = pathlib.Path(self.folder.name) / "faults.json"
        script.write_text(json.dumps(rules))
        self.server = Server(os.environ["MIGRATE"], self.folder.name, "--sandbox", "--faults", str(script), speed)

    def __enter__(self):
        return self.server.url

    def __exit__(self, *_):
        self.server.__exit__()
        self.folder.cleanup()


@test
def throttles_are_known_as_such_and_retried():
    rules = [{"match": {"service": service, "times": 2}, "action": "throttle"} for service in THROTTLES]
    with Troubled(rules) as url:
        for service, code in THROTTLES.items():
            refused(code, getattr(client(service, url=url), LISTS[service]))
            answer = getattr(client(service, url=url, attempts=5), LISTS[service])()
            assert answer["ResponseMetadata"]["RetryAttempts"] == 1, f"{service} was not retried as a throttle"


@test
def real_rates_throttle_too():
    with Troubled([], "1") as url:
        route53 = client("route53", url=url)
        def asked(_):
            try:
                route53.list_hosted_zones()
            except ClientError as error:
                return error.response["Error"]["Code"]
            return None
        # At once, so that a slow machine is fast enough as well.
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            codes = set(pool.map(asked, range(64)))
    assert codes == {None, "Throttling"}, codes


@test
def credentials_expire():
    codes = {"ec2": "RequestExpired", "iam": "ExpiredToken", "s3": "ExpiredToken", "dms": "ExpiredTokenException"}
    with Troubled([{"match": {}, "action": "expired-credentials"}]) as url:
        for service, code in codes.items():
            refused(code, getattr(client(service, url=url), LISTS[service]))


@test
def servers_fail_and_answers_get_lost():
    rules = [{"match": {"operation": "DescribeVpcs", "times": 1}, "action": {"server-error": 503}},
             {"match": {"operation": "CreateTopic", "times": 1}, "action": "lose-answer"},
             {"match": {"operation": "CreateCluster", "times": 1}, "action": "lose-request"}]
    with Troubled(rules) as url:
        assert client("ec2", url=url, attempts=3).describe_vpcs()["ResponseMetadata"]["RetryAttempts"] == 1
        sns, ecs = client("sns", url=url), client("ecs", url=url)
        for call, arguments in ((sns.create_topic, {"Name": "lost"}), (ecs.create_cluster, {"clusterName": "lost"})):
            try:
                call(**arguments)
            except ConnectionClosedError:
                continue
            raise AssertionError("an answer came")
        assert sns.list_topics()["Topics"], "the effect happened, only its answer was lost"
        assert ecs.list_clusters()["clusterArns"] == [], "the request was lost"
