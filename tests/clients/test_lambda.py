"""Lambda: functions, their settings and policies; the rotation of secrets, which needs one."""
import io
import json
import zipfile

from harness import ACCOUNT, aws, client, eventually, network, pages, refused, role, tampered, test, wait

functions, secrets = client("lambda"), client("secretsmanager")


def code(text="def handler(event, context): pass"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.py", text)
    return out.getvalue()


def made(name, arn, **more):
    return functions.create_function(FunctionName=name, Role=arn, Runtime="python3.12", Handler="index.handler",
                                     Code={"ZipFile": code()}, **more)["FunctionArn"]


@test
def a_function_from_beginning_to_end():
    arn = role("lambda", "lambda.amazonaws.com")

    def created():
        try:
            return made("main", arn, Tags={"a": "b"})
        except functions.exceptions.InvalidParameterValueException:
            return None  # the role is not yet known everywhere
    function = eventually(created)
    refused("ResourceConflictException", functions.create_function, FunctionName="main", Role=arn, Runtime="python3.12",
            Handler="index.handler", Code={"ZipFile": code()})
    refused("InvalidParameterValueException", functions.create_function, FunctionName="bad", Role=arn, Runtime="python3.12",
            Handler="index.handler", Code={"ZipFile": b"no archive"})
    wait("lambda", "function_exists", FunctionName="main")
    wait("lambda", "function_active_v2", FunctionName="main")
    functions.update_function_configuration(FunctionName="main", Timeout=30, Environment={"Variables": {"NAME": "b & c"}})
    wait("lambda", "function_updated_v2", FunctionName="main")
    shown = functions.get_function_configuration(FunctionName="main")
    assert shown["Timeout"] == 30 and shown["Environment"]["Variables"] == {"NAME": "b & c"}
    before = functions.get_function(FunctionName="main")["Configuration"]["CodeSha256"]
    functions.update_function_code(FunctionName="main", ZipFile=code("def handler(event, context): return 1"))
    wait("lambda", "function_updated_v2", FunctionName="main")
    assert functions.get_function(FunctionName="main")["Configuration"]["CodeSha256"] != before
    permission = {"FunctionName": "main", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    functions.add_permission(**permission)
    refused("ResourceConflictException", functions.add_permission, **permission)
    assert json.loads(functions.get_policy(FunctionName="main")["Policy"])["Statement"][0]["Sid"] == "s"
    functions.remove_permission(FunctionName="main", StatementId="s")
    refused("ResourceNotFoundException", functions.remove_permission, FunctionName="main", StatementId="s")
    refused("ResourceNotFoundException", functions.get_policy, FunctionName="main")
    functions.put_function_concurrency(FunctionName="main", ReservedConcurrentExecutions=5)
    assert functions.get_function_concurrency(FunctionName="main")["ReservedConcurrentExecutions"] == 5
    functions.delete_function_concurrency(FunctionName="main")
    functions.put_function_recursion_config(FunctionName="main", RecursiveLoop="Allow")
    assert functions.get_function_recursion_config(FunctionName="main")["RecursiveLoop"] == "Allow"
    functions.put_runtime_management_config(FunctionName="main", UpdateRuntimeOn="FunctionUpdate")
    assert functions.get_runtime_management_config(FunctionName="main")["UpdateRuntimeOn"] == "FunctionUpdate"
    publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/test"]}
    signing = functions.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]["CodeSigningConfigArn"]
    functions.put_function_code_signing_config(FunctionName="main", CodeSigningConfigArn=signing)
    assert functions.get_function_code_signing_config(FunctionName="main")["CodeSigningConfigArn"] == signing
    functions.delete_function_code_signing_config(FunctionName="main")
    functions.tag_resource(Resource=function, Tags={"c": "d"})
    functions.untag_resource(Resource=function, TagKeys=["a"])
    assert functions.list_tags(Resource=function)["Tags"] == {"c": "d"}
    assert functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] > 0
    assert [v["Version"] for v in functions.list_versions_by_function(FunctionName="main")["Versions"]] == ["$LATEST"]
    for n in range(3):
        made(f"page-{n}", arn)
    pages("lambda", "ListFunctions", 2)
    assert len(aws("lambda", "list-functions", "--max-items", "3")["Functions"]) == 3
    functions.delete_function(FunctionName="main")
    refused("ResourceNotFoundException", functions.delete_function, FunctionName="main")
    aws("lambda", "get-function", "--function-name", "main", fails="ResourceNotFoundException")


@test
def how_asynchronous_invocations_end_is_set_for_each_alias():
    arn = functions.get_function_configuration(FunctionName="page-0")["Role"]
    function = made("queued", arn)
    wait("lambda", "function_active_v2", FunctionName="queued")
    functions.publish_version(FunctionName="queued")
    topic = client("sns").create_topic(Name="queued-failed")["TopicArn"]
    own = {"FunctionName": "queued"}
    refused("ResourceNotFoundException", functions.get_function_event_invoke_config, **own)
    refused("ResourceNotFoundException", functions.update_function_event_invoke_config, **own, MaximumRetryAttempts=1)
    refused("InvalidParameterValueException", functions.put_function_event_invoke_config, **own)
    for to in (function, f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-1"):
        refused("InvalidParameterValueException", functions.put_function_event_invoke_config, **own, DestinationConfig={"OnFailure": {"Destination": to}})
    refused("ResourceNotFoundException", functions.put_function_event_invoke_config, **own, Qualifier="none", MaximumRetryAttempts=1)
    set_ = functions.put_function_event_invoke_config(**own, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
    assert set_["FunctionArn"] == f"{function}:$LATEST" and set_["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": topic}}
    functions.update_function_event_invoke_config(**own, MaximumEventAgeInSeconds=60)
    shown = functions.get_function_event_invoke_config(**own)
    assert (shown["MaximumRetryAttempts"], shown["MaximumEventAgeInSeconds"]) == (0, 60) and shown["DestinationConfig"]["OnFailure"]["Destination"] == topic
    assert "MaximumRetryAttempts" not in functions.put_function_event_invoke_config(**own, MaximumEventAgeInSeconds=120), "what is not sent is gone"
    for name in ("blue", "green"):
        functions.create_alias(FunctionName="queued", Name=name, FunctionVersion="1")
        functions.put_function_event_invoke_config(**own, Qualifier=name, MaximumRetryAttempts=1)
    pages("lambda", "ListFunctionEventInvokeConfigs", 2, "InvalidParameterValueException", **own)
    functions.delete_function_event_invoke_config(**own, Qualifier="blue")
    refused("ResourceNotFoundException", functions.delete_function_event_invoke_config, **own, Qualifier="blue")
    functions.delete_function(FunctionName="queued")
    made("queued", arn)
    refused("ResourceNotFoundException", functions.get_function_event_invoke_config, **own)


def version(name, number):
    return functions.get_function_configuration(FunctionName=name, Qualifier=number)


def changed(name, **more):
    functions.update_function_configuration(FunctionName=name, **more)
    wait("lambda", "function_updated_v2", FunctionName=name)


@test
def versions_keep_what_was_published():
    arn = functions.get_function_configuration(FunctionName="page-0")["Role"]
    _, subnets, group = network("versions")
    function = made("versions", arn, VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [group]})
    refused("ResourceConflictException", functions.publish_version, FunctionName="versions")  # it is still being made
    wait("lambda", "function_active_v2", FunctionName="versions")
    first = functions.publish_version(FunctionName="versions", Description="the first")
    assert first["Version"] == "1" and first["FunctionArn"] == f"{function}:1" and first["Description"] == "the first"
    assert first["State"] == "Active" and "StateReason" not in first
    wait("lambda", "published_version_active", FunctionName="versions", Qualifier="1")
    assert functions.publish_version(FunctionName="versions")["Version"] == "1", "nothing has changed"
    digest = first["CodeSha256"]
    refused("InvalidParameterValueException", functions.publish_version, FunctionName="versions", CodeSha256="other")
    refused("PreconditionFailedException", functions.publish_version, FunctionName="versions", RevisionId="other")
    changed("versions", Timeout=60)
    now = functions.get_function_configuration(FunctionName="versions")["RevisionId"]
    second = aws("lambda", "publish-version", "--function-name", "versions", "--code-sha256", digest, "--revision-id", now)
    assert second["Version"] == "2"
    updated = functions.update_function_code(FunctionName="versions", ZipFile=code("other = 1"), Publish=True)
    assert updated["Version"] == "3" and updated["FunctionArn"] == f"{function}:3" and updated["CodeSha256"] != digest
    wait("lambda", "function_updated_v2", FunctionName="versions")
    assert [version("versions", number)["Timeout"] for number in ("1", "2", "3", "$LATEST")] == [3, 60, 60, 60]
    assert version("versions", "1")["CodeSha256"] == digest == functions.get_function(FunctionName=f"{function}:2")["Configuration"]["CodeSha256"]
    assert version("versions", "$LATEST")["FunctionArn"] == f"{function}:$LATEST"
    shown = functions.list_versions_by_function(FunctionName="versions")["Versions"]
    assert [one["Version"] for one in shown] == ["$LATEST", "1", "2", "3"]
    assert [one["FunctionArn"] for one in shown] == [f"{function}:{number}" for number in ("$LATEST", "1", "2", "3")]
    pages("lambda", "ListVersionsByFunction", 2, "InvalidParameterValueException", FunctionName="versions")
    assert len(aws("lambda", "list-versions-by-function", "--function-name", "versions", "--page-size", "1")["Versions"]) == 4
    refused("ResourceNotFoundException", functions.list_versions_by_function, FunctionName="none")
    refused("ResourceNotFoundException", functions.publish_version, FunctionName="none")
    every = [one["FunctionArn"] for one in functions.list_functions(FunctionVersion="ALL", MaxItems=50)["Functions"]]
    assert {f"{function}:3", f"{function}:$LATEST"} <= set(every)


@test
def versions_come_and_go():
    function = functions.get_function_configuration(FunctionName="versions")["FunctionArn"]
    refused("ResourceNotFoundException", functions.get_function_configuration, FunctionName="versions", Qualifier="9")
    refused("InvalidParameterValueException", functions.get_function, FunctionName=f"{function}:1", Qualifier="2")
    refused("InvalidParameterValueException", functions.delete_function, FunctionName="versions", Qualifier="$LATEST")
    refused("InvalidParameterValueException", functions.tag_resource, Resource=f"{function}:1", Tags={"a": "b"})
    refused("InvalidParameterValueException", functions.add_permission, FunctionName="versions", Qualifier="$LATEST", StatementId="s",
            Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    functions.delete_function(FunctionName="versions", Qualifier="3")
    refused("ResourceNotFoundException", functions.get_function, FunctionName="versions", Qualifier="3")
    changed("versions", Timeout=61)
    assert functions.publish_version(FunctionName="versions")["Version"] == "4", "a number is given once"
    functions.delete_function(FunctionName="versions")
    refused("ResourceNotFoundException", functions.get_function, FunctionName="versions", Qualifier="1")
    born = functions.create_function(FunctionName="versions", Role=functions.get_function_configuration(FunctionName="page-0")["Role"],
                                     Runtime="python3.12", Handler="index.handler", Code={"ZipFile": code()}, Publish=True)
    assert born["Version"] == "1" and born["FunctionArn"] == function
    listed = functions.list_versions_by_function(FunctionName="versions")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1"], "nothing is left of the function before"
    functions.delete_function(FunctionName="versions")


@test
def published_versions_scale():
    arn = functions.get_function_configuration(FunctionName="page-0")["Role"]
    provider = {"LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": "arn:aws:lambda:us-east-1:123456789012:capacity-provider:own"}}
    function = made("managed", arn, CapacityProviderConfig=provider)
    published = {"FunctionName": "managed", "Qualifier": "$LATEST.PUBLISHED"}
    put, get = functions.put_function_scaling_config, functions.get_function_scaling_config
    for call in (put, get):
        refused("ResourceNotFoundException", call, **published)  # nothing is published yet
        refused("ResourceNotFoundException", call, FunctionName="none", Qualifier="1")
        refused("ValidationException", call, FunctionName="managed", Qualifier="alias")
    eventually(lambda: functions.get_function_configuration(FunctionName="managed")["State"] == "ActiveNonInvocable")
    shown = functions.publish_version(FunctionName="managed", PublishTo="LATEST_PUBLISHED")
    assert shown["Version"] == "$LATEST.PUBLISHED" and shown["FunctionArn"] == f"{function}:$LATEST.PUBLISHED"
    wait("lambda", "published_version_active", **published)
    assert "RequestedFunctionScalingConfig" not in get(**published)
    wanted = {"MinExecutionEnvironments": 2, "MaxExecutionEnvironments": 5}
    assert put(**published, FunctionScalingConfig=wanted)["FunctionState"] == "Active"
    config = get(**published)
    assert config["RequestedFunctionScalingConfig"] == config["AppliedFunctionScalingConfig"] == wanted
    assert config["FunctionArn"] == f"{function}:$LATEST.PUBLISHED"
    refused("InvalidParameterValueException", put, **published, FunctionScalingConfig={"MinExecutionEnvironments": 6, "MaxExecutionEnvironments": 5})
    refused("ValidationException", put, **published, FunctionScalingConfig={"MaxExecutionEnvironments": 15001})
    functions.publish_version(FunctionName="managed")
    assert "RequestedFunctionScalingConfig" not in get(FunctionName="managed", Qualifier="1"), "each version has its own"
    changed("managed", Timeout=10)
    assert version("managed", "$LATEST.PUBLISHED")["Timeout"] == 3
    functions.publish_version(FunctionName="managed", PublishTo="LATEST_PUBLISHED")
    assert version("managed", "$LATEST.PUBLISHED")["Timeout"] == 10
    assert get(**published)["RequestedFunctionScalingConfig"] == wanted, "it is kept when the version is published again"
    put(**published)
    assert "RequestedFunctionScalingConfig" not in get(**published), "Lambda scales by itself again"
    assert aws("lambda", "get-function-scaling-config", "--function-name", "managed", "--qualifier", "1")["FunctionArn"] == f"{function}:1"
    listed = functions.list_versions_by_function(FunctionName="managed")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "$LATEST.PUBLISHED", "1"]
    functions.delete_function(FunctionName="managed", Qualifier="$LATEST.PUBLISHED")
    refused("ResourceNotFoundException", get, **published)
    # An ordinary function has no instances to scale.
    wait("lambda", "function_active_v2", FunctionName="page-1")
    refused("InvalidParameterValueException", functions.publish_version, FunctionName="page-1", PublishTo="LATEST_PUBLISHED")
    functions.publish_version(FunctionName="page-1")
    refused("InvalidParameterValueException", get, FunctionName="page-1", Qualifier="1")
    functions.delete_function(FunctionName="managed")
    refused("ResourceNotFoundException", get, FunctionName="managed", Qualifier="1")


@test
def rotation_of_secrets():
    secrets.create_secret(Name="rotated", SecretString="x")
    refused("InvalidRequestException", secrets.rotate_secret, SecretId="rotated", RotationRules={"AutomaticallyAfterDays": 30})
    wait("lambda", "function_active_v2", FunctionName="page-0")
    function = functions.get_function(FunctionName="page-0")["Configuration"]["FunctionArn"]
    rotation = {"SecretId": "rotated", "RotationLambdaARN": function, "RotationRules": {"AutomaticallyAfterDays": 30}}
    refused("AccessDeniedException", secrets.rotate_secret, **rotation)
    functions.add_permission(FunctionName="page-0", StatementId="s", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")
    secrets.rotate_secret(**rotation)
    assert secrets.describe_secret(SecretId="rotated")["RotationEnabled"]
    secrets.cancel_rotate_secret(SecretId="rotated")
    assert not secrets.describe_secret(SecretId="rotated")["RotationEnabled"]


@test
def nonsense_is_refused():
    tampered("UnknownParameter", functions.list_functions, lambda p: p.update(url=p["url"].split("?")[0] + "?Colour=red"))
    refused("SandboxOperationNotImplemented", functions.list_durable_executions_by_function, FunctionName="main")
