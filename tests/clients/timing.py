#!/usr/bin/env python3
"""Times served calls of two programs, interleaved: how long a thousand calls of the commonest ten operations take.

    python tests/clients/timing.py BEFORE AFTER [ROUNDS]

Both serve a fresh world with one object of each kind; each round times a hundred calls of each operation on one and then on the
other, the order turned from round to round. What is printed is the time on the clock on the wall and the server's own.
"""
import os
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config

CALLS = 100


def cpu(pid):
    """Seconds that a process has computed."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Served:
    """A program that serves a world, and the ten operations on it."""

    def __init__(self, program, folder):
        command = [program, "--sandbox-dir", os.path.join(folder, "world"), "sandbox", "serve", "--port", "0", "--speed", "60"]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        url = self.process.stdout.readline().strip()
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")

        def client(service):
            config = Config(retries={"total_max_attempts": 10, "mode": "standard"}, s3={"addressing_style": "path"}, parameter_validation=False)
            return session.client(service, endpoint_url=url, config=config)
        ec2, iam, kms, logs, rds, s3, sns, ssm, sts = (client(name) for name in "ec2 iam kms logs rds s3 sns ssm sts".split())
        trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
        iam.create_role(RoleName="timed", AssumeRolePolicyDocument=trust)
        key, topic = kms.create_key()["KeyMetadata"]["KeyId"], sns.create_topic(Name="timed")["TopicArn"]
        logs.create_log_group(logGroupName="timed")
        s3.create_bucket(Bucket="timed-bucket")
        ssm.put_parameter(Name="timed", Value="1", Type="String")
        self.operations = [
            ("sts:GetCallerIdentity", sts.get_caller_identity, {}), ("ec2:DescribeVpcs", ec2.describe_vpcs, {}),
            ("ec2:DescribeSubnets", ec2.describe_subnets, {}), ("ec2:DescribeSecurityGroups", ec2.describe_security_groups, {}),
            ("iam:GetRole", iam.get_role, {"RoleName": "timed"}), ("kms:DescribeKey", kms.describe_key, {"KeyId": key}),
            ("logs:DescribeLogGroups", logs.describe_log_groups, {}), ("s3:HeadBucket", s3.head_bucket, {"Bucket": "timed-bucket"}),
            ("sns:GetTopicAttributes", sns.get_topic_attributes, {"TopicArn": topic}), ("ssm:GetParameter", ssm.get_parameter, {"Name": "timed"}),
        ]
        for _, call, arguments in self.operations:
            call(**arguments)

    def round(self):
        """Seconds on the wall and of the server."""
        began, worked = time.monotonic(), cpu(self.process.pid)
        for _, call, arguments in self.operations:
            for _ in range(CALLS):
                call(**arguments)
        return time.monotonic() - began, cpu(self.process.pid) - worked


def main():
    programs, rounds = sys.argv[1:3], int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        served = [Served(os.path.abspath(program), folder) for program, folder in zip(programs, (one, two))]
        for number in range(rounds):
            found = {}
            for at in (0, 1) if number % 2 == 0 else (1, 0):
                found[at] = served[at].round()
            (before, worked), (after, works) = found[0], found[1]
            print(f"round {number + 1}: before {before:.2f} s ({worked:.2f} s of the server), after {after:.2f} s ({works:.2f} s)")
        for each in served:
            each.process.terminate()
            each.process.wait(60)


main()
