"""Lambda: functions, their settings and policies; the rotation of secrets, which needs one."""
import io
import json
import zipfile

from harness import aws, client, eventually, pages, refused, role, tampered, test, wait

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
    signing = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
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
    refused("SandboxOperationNotImplemented", functions.invoke, FunctionName="page-0")
