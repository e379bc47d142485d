"""Functions that really run (`sandbox serve --run-functions`): invoked by clients and by EventBridge's rules."""
import concurrent.futures
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

from botocore.exceptions import ClientError

from harness import ACCOUNT, aws, client, eventually, kept, patiently, refused, role, test, wait

lam, logs, events, ssm, dms = client("lambda"), client("logs"), client("events"), client("ssm"), client("dms")
PLAN = pathlib.Path(__file__).resolve().parents[2] / "plans" / "database-blue-green"
ROLE = role("functions", "lambda.amazonaws.com")


def packed(code, name="index.py"):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, code)
    return archive.getvalue()


def function(name, code, made_by=lam, **more):
    made_by.create_function(FunctionName=name, Role=ROLE, Code={"ZipFile": packed(code)}, **{
        "Runtime": "python3.13", "Handler": "index.handler", "Timeout": 30, **more})
    eventually(lambda: made_by.get_function_configuration(FunctionName=name)["State"] == "Active")
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"


def invoke(name, event=None, **more):
    answer = lam.invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def printed(group):
    try:
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException", error
        return []


@test
def it_answers_reaches_the_sandbox_and_prints_to_its_log_group():
    function("reaches", """
import os, boto3
def handler(event, context):
    print("asked for", event["name"])
    boto3.client("ssm").put_parameter(Name=event["name"], Value=os.environ["VALUE"], Type="String")
    return {"caller": boto3.client("sts").get_caller_identity()["Account"], "left": context.get_remaining_time_in_millis() > 0,
            "function": context.function_name, "home": [name for name in os.environ if name.startswith(("MIGRATE", "AWS_PROFILE"))]}
""", Environment={"Variables": {"VALUE": "from the function"}})
    error, answer = invoke("reaches", {"name": "/functions/reached"})
    assert error is None and answer == {"caller": ACCOUNT, "left": True, "function": "reaches", "home": []}, answer
    assert ssm.get_parameter(Name="/functions/reached")["Parameter"]["Value"] == "from the function"
    lines = printed("/aws/lambda/reaches")
    assert lines[0].startswith("START RequestId: ") and "asked for /functions/reached" in lines and lines[-1].startswith("REPORT")
    tail = lam.invoke(FunctionName="reaches", Payload='{"name": "/functions/again"}', LogType="Tail")
    import base64
    assert "asked for /functions/again" in base64.b64decode(tail["LogResult"]).decode()


@test
def what_goes_wrong_is_an_error_of_the_function():
    function("raises", "def handler(event, context):\n    raise RuntimeError('not today')\n")
    error, answer = invoke("raises")
    assert error == "Unhandled" and answer["errorType"] == "RuntimeError" and answer["errorMessage"] == "not today", answer
    assert any("[ERROR] RuntimeError: not today" in line for line in printed("/aws/lambda/raises"))
    function("late", "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1)
    began = time.monotonic()
    error, answer = invoke("late")
    assert error == "Unhandled" and "timed out after 1.00 seconds" in answer["errorMessage"] and time.monotonic() - began < 20, answer
    function("elsewhere", "exports.handler = 1", Runtime="nodejs22.x")
    error, answer = invoke("elsewhere")
    assert error == "Unhandled" and "Python code only" in answer["errorMessage"], answer
    refused("InvalidRequestContentException", lam.invoke, FunctionName="raises", Payload="{no json")
    # New code is what runs next.
    lam.update_function_code(FunctionName="raises", ZipFile=packed("def handler(event, context):\n    return 'better'\n"))
    eventually(lambda: lam.get_function_configuration(FunctionName="raises")["LastUpdateStatus"] == "Successful")
    assert invoke("raises") == (None, "better")


@test
def reserved_concurrency_is_kept():
    function("single", "import time\ndef handler(event, context):\n    time.sleep(3)\n    return 1\n")
    lam.put_function_concurrency(FunctionName="single", ReservedConcurrentExecutions=1)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(invoke, "single")
        time.sleep(1.5)
        refused("TooManyRequestsException", lam.invoke, FunctionName="single", Payload="{}")
        assert first.result() == (None, 1)
    # Asynchronous invocations wait instead.
    code = "import boto3\ndef handler(event, context):\n    boto3.client('ssm').put_parameter(Name=event['n'], Value='1', Type='String')\n"
    lam.update_function_code(FunctionName="single", ZipFile=packed(code))
    eventually(lambda: lam.get_function_configuration(FunctionName="single")["LastUpdateStatus"] == "Successful")
    for at in range(2):
        assert lam.invoke(FunctionName="single", InvocationType="Event", Payload=json.dumps({"n": f"/functions/event{at}"}))["StatusCode"] == 202
    eventually(lambda: len(ssm.get_parameters(Names=["/functions/event0", "/functions/event1"])["Parameters"]) == 2)


@test
def a_failed_event_is_tried_again_and_then_goes_where_the_function_wants_it():
    """Attempts are one and two minutes apart as the sandbox counts them: virtual time, however fast it passes."""
    topic = client("sns").create_topic(Name="dead-letters")["TopicArn"]
    count = "/functions/attempts"
    code = f"""
import boto3
def handler(event, context):
    ssm = boto3.client("ssm")
    try:
        before = int(ssm.get_parameter(Name="{count}")["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        before = 0
    ssm.put_parameter(Name="{count}", Value=str(before + 1), Type="String", Overwrite=True)
    print("attempt", before + 1, context.aws_request_id)
    raise RuntimeError("not today")
"""
    function("fails", code, DeadLetterConfig={"TargetArn": topic})
    assert lam.invoke(FunctionName="fails", InvocationType="Event", Payload='{"order": 7}')["StatusCode"] == 202
    began = eventually(lambda: [row["Accepted"] for row in kept("lambda.queue").values() if row["Function"] == "fails"])[0]

    def letters():
        return [row for row in kept("sns.message").values() if row["_request"]["TopicArn"] == topic]
    row = eventually(letters)[0]
    assert row["_at"] - began >= 180_000, f"{row['_at'] - began} ms for three attempts: two waits are three minutes"
    assert json.loads(row["_request"]["Message"]) == {"order": 7}
    attributes = {name: one["StringValue"] for name, one in row["_request"]["MessageAttributes"].items()}
    assert attributes["ErrorMessage"] == "not today" and attributes["ErrorCode"] == "200"
    assert ssm.get_parameter(Name=count)["Parameter"]["Value"] == "3"
    lines = [line for line in printed("/aws/lambda/fails") if line.startswith("attempt")]
    assert [line.split()[1] for line in lines] == ["1", "2", "3"] and {line.split()[2] for line in lines} == {attributes["RequestID"]}, lines
    # Not again, and with a record of it: what EventBridge invokes goes the same way.
    lam.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
    lam.update_function_configuration(FunctionName="fails", DeadLetterConfig={"TargetArn": ""})
    eventually(lambda: lam.get_function_configuration(FunctionName="fails")["LastUpdateStatus"] == "Successful")
    rule = events.put_rule(Name="failing", EventPattern='{"source": ["failing"]}')["RuleArn"]
    events.put_targets(Rule="failing", Targets=[{"Id": "one", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fails"}])
    lam.add_permission(FunctionName="fails", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    events.put_events(Entries=[{"Source": "failing", "DetailType": "order", "Detail": '{"number": 8}'}])
    record = json.loads(eventually(lambda: letters()[1:])[0]["_request"]["Message"])
    assert record["requestContext"]["condition"] == "RetriesExhausted" and record["requestContext"]["approximateInvokeCount"] == 1, record
    assert record["requestPayload"]["detail"] == {"number": 8} and record["responsePayload"]["errorType"] == "RuntimeError", record
    assert ssm.get_parameter(Name=count)["Parameter"]["Value"] == "4"


@test
def a_rule_invokes_it_if_the_function_lets_it():
    arn = function("ruled", "import json\ndef handler(event, context):\n    print('got', json.dumps(event['detail']))\n")
    rule = events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')["RuleArn"]
    events.put_targets(Rule="orders", Targets=[{"Id": "one", "Arn": arn}])
    send = lambda number: events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": json.dumps({"number": number})}])  # noqa: E731
    send(1)
    lam.add_permission(FunctionName="ruled", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    send(2)
    eventually(lambda: 'got {"number": 2}' in printed("/aws/lambda/ruled"))
    assert 'got {"number": 1}' not in printed("/aws/lambda/ruled"), "without permission nothing is invoked"


def migrate(folder, *arguments):
    environment = {**os.environ, "MIGRATE_SANDBOX_SPEED": os.environ["MIGRATE_SPEED"], "HOME": folder, "NO_COLOR": "1"}
    ran = subprocess.run([os.environ["MIGRATE_PROGRAM"], *arguments, "--ledger", os.path.join(folder, "ledger")],
                         env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 0, f"{arguments}: {ran.stdout[-2000:]}{ran.stderr[-4000:]}"
    return ran.stdout


@test
def a_replication_task_that_starts_leads_to_the_cutover_functions_word():
    """plans/database-blue-green: start-replication-task, DMS's event, the rules, the function, its parameter, the message."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(folder, "up", str(PLAN), "--yes")
        tasks = {one["ReplicationTaskIdentifier"]: one for one in dms.describe_replication_tasks()["ReplicationTasks"]}
        task = tasks["dms-migration-task-dev"]
        arn = task["ReplicationTaskArn"]
        for member in ("SourceEndpointArn", "TargetEndpointArn"):
            dms.test_connection(ReplicationInstanceArn=task["ReplicationInstanceArn"], EndpointArn=task[member])

        def tested():
            return [one["Status"] for one in dms.describe_connections()["Connections"]].count("successful") >= 2
        eventually(tested)

        def start(kind):
            aws("dms", "start-replication-task", "--replication-task-arn", arn, "--start-replication-task-type", kind)

        def shown():
            return dms.describe_replication_tasks(Filters=[{"Name": "replication-task-arn", "Values": [arn]}])["ReplicationTasks"][0]
        start("start-replication")
        eventually(lambda: shown()["Status"] == "running" and shown()["ReplicationTaskStats"]["FullLoadProgressPercent"] == 100)
        dms.stop_replication_task(ReplicationTaskArn=arn)
        wait("dms", "replication_task_stopped", Filters=[{"Name": "replication-task-arn", "Values": [arn]}])
        start("resume-processing")

        def state():
            return json.loads(ssm.get_parameter(Name="/migration/dev/state")["Parameter"]["Value"])
        eventually(lambda: state()["status"] in ("replicating", "ready-for-cutover"), otherwise=f"{state()}, {printed('/aws/lambda/database-cutover-dev')}")

        def told(kind):
            messages = [json.loads(row["_request"]["Message"]) for row in kept("sns.message").values() if row["_request"]["Message"].startswith("{")]
            return [one for one in messages if one.get("source") == "aws.dms" and one["detail"]["eventType"] == kind and one["resources"] == [arn]]
        assert eventually(lambda: len(told("REPLICATION_TASK_STARTED")) == 2) and told("REPLICATION_TASK_STOPPED")
        # The operator asks the function itself.
        # One move at a time: the event's own may still run.
        answer = patiently("TooManyRequestsException", lam.invoke, FunctionName="database-cutover-dev", Payload='{"action": "everything"}')
        answer = json.loads(answer["Payload"].read())
        assert answer["statusCode"] == 400 and "action must be one of" in answer["body"], answer


def alive(pid):
    try:
        return not pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False


@test
def no_function_outlives_the_server_however_that_ends():
    for how in (signal.SIGTERM, signal.SIGKILL):
        with tempfile.TemporaryDirectory() as folder:
            server = subprocess.Popen(
                [os.environ["MIGRATE_PROGRAM"], "--sandbox-dir", os.path.join(folder, "world"), "sandbox", "serve", "--port", "0", "--speed", "100",
                 "--run-functions", "--python", sys.executable], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            url = server.stdout.readline().strip()
            own = client("lambda", url=url)
            client("iam", url=url).create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}))
            time.sleep(1)
            mark = os.path.join(folder, "pid")
            function("sleeps", f"import os, subprocess, time\ndef handler(event, context):\n    child = subprocess.Popen(['sleep', '600'])\n"
                     f"    open({mark!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} ')\n    time.sleep(600)\n", made_by=own, Timeout=900)
            own.invoke(FunctionName="sleeps", InvocationType="Event", Payload="{}")
            eventually(lambda: os.path.exists(mark) and pathlib.Path(mark).read_text().endswith(" "))
            pids = pathlib.Path(mark).read_text().split()
            assert all(alive(pid) for pid in pids)
            server.send_signal(how)
            server.wait(30)
            eventually(lambda: not any(alive(pid) for pid in pids), within=20, otherwise=f"{pids} live after {how}")
            said = server.stderr.read()
            assert "functions are really run" in said, said


@test
def without_the_flag_nothing_is_started():
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [os.environ["MIGRATE_PROGRAM"], "--sandbox-dir", os.path.join(folder, "world"), "sandbox", "serve", "--port", "0", "--speed", "100"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = server.stdout.readline().strip()
            own = client("lambda", url=url)
            client("iam", url=url).create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}))
            time.sleep(1)
            mark = os.path.join(folder, "ran")
            function("idle", f"def handler(event, context):\n    open({mark!r}, 'w').close()\n", made_by=own)
            answer = json.loads(own.invoke(FunctionName="idle", Payload="{}")["Payload"].read())
            own.invoke(FunctionName="idle", InvocationType="Event", Payload="{}")
            time.sleep(1)
            assert "no code is run" in answer["sandbox"] and not os.path.exists(mark), answer
        finally:
            server.terminate()
            server.wait(30)
