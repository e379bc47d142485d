"""Lambda: code signing configurations and provisioned concurrency."""
import io
import zipfile

from harness import ACCOUNT, client, eventually, pages, refused, role, said, test, wait

functions = client("lambda")
PUBLISHERS = {"SigningProfileVersionArns": [f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/test"]}


def function(name):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", "def handler(event, context): return event")
    functions.create_function(FunctionName=name, Runtime="python3.12", Role=role(f"for-{name}", "lambda.amazonaws.com"),
                              Handler="handler.handler", Code={"ZipFile": archive.getvalue()})
    wait("lambda", "function_active_v2", FunctionName=name)
    return name


@test
def code_signing():
    made = functions.create_code_signing_config(Description="one", AllowedPublishers=PUBLISHERS,
                                                CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    assert arn == f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:{made['CodeSigningConfigId']}"
    changed = functions.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})
    assert changed["CodeSigningConfig"]["Description"] == "one"
    assert functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    name = function("signed")
    never = arn[:-3] + "000"
    for call in (functions.get_code_signing_config, functions.delete_code_signing_config, functions.list_functions_by_code_signing_config):
        said("ResourceNotFoundException", f"The Lambda code signing configuration {never} can not be found.", call, CodeSigningConfigArn=never)
    said("CodeSigningConfigNotFoundException", "Check that the provided configuration is not deleted", functions.put_function_code_signing_config,
         FunctionName=name, CodeSigningConfigArn=never)
    assert "CodeSigningConfigArn" not in functions.get_function_code_signing_config(FunctionName=name)
    functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    assert functions.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"][0].endswith(":signed")
    refused("ResourceConflictException", functions.delete_code_signing_config, CodeSigningConfigArn=arn)
    functions.put_function_code_signing_config(FunctionName=function("signed-too"), CodeSigningConfigArn=arn)
    pages("lambda", "ListFunctionsByCodeSigningConfig", 1, None, CodeSigningConfigArn=arn)
    functions.create_code_signing_config(AllowedPublishers=PUBLISHERS)
    pages("lambda", "ListCodeSigningConfigs", 1)
    for each in (name, "signed-too"):
        functions.delete_function_code_signing_config(FunctionName=each)
    functions.delete_code_signing_config(CodeSigningConfigArn=arn)


@test
def provisioned_concurrency():
    name = function("provided")
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    call, get = functions.put_provisioned_concurrency_config, functions.get_provisioned_concurrency_config
    of = {"FunctionName": name}
    said("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function", get, Qualifier="1", **of)
    said("ResourceNotFoundException", "Cannot find alias arn:", get, Qualifier="noalias", **of)
    said("ResourceNotFoundException", "Function not found:", get, Qualifier="10", **of)
    said("InvalidParameterValueException", "must be an alias or a published version.", get, Qualifier="$LATEST", **of)
    said("InvalidParameterValueException", "cannot be applied to unpublished function versions.", call, Qualifier="$LATEST",
         ProvisionedConcurrentExecutions=1, **of)
    said("InvalidParameterValueException", "is greater than account's unreserved concurrency [1000].", call, Qualifier="1",
         ProvisionedConcurrentExecutions=1001, **of)
    said("InvalidParameterValueException", "below its minimum value of [100].", call, Qualifier="1", ProvisionedConcurrentExecutions=950, **of)
    made = call(Qualifier="1", ProvisionedConcurrentExecutions=2, **of)
    assert made["Status"] == "IN_PROGRESS" and made["RequestedProvisionedConcurrentExecutions"] == 2
    eventually(lambda: get(Qualifier="1", **of)["Status"] == "READY")
    assert get(Qualifier="1", **of)["AvailableProvisionedConcurrentExecutions"] == 2
    said("ResourceConflictException", "on an already Provisioned version", call, Qualifier="live", ProvisionedConcurrentExecutions=1, **of)
    functions.delete_provisioned_concurrency_config(Qualifier="1", **of)
    functions.delete_provisioned_concurrency_config(Qualifier="1", **of)
    call(Qualifier="live", ProvisionedConcurrentExecutions=1, **of)
    said("ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias", call, Qualifier="1",
         ProvisionedConcurrentExecutions=1, **of)
    functions.update_function_code(FunctionName=name, ZipFile=b"PK\x05\x06" + bytes(18))
    wait("lambda", "function_updated_v2", FunctionName=name)
    functions.publish_version(FunctionName=name)
    call(Qualifier="2", ProvisionedConcurrentExecutions=1, **of)
    pages("lambda", "ListProvisionedConcurrencyConfigs", 1, None, FunctionName=name)
    functions.delete_alias(FunctionName=name, Name="live")
    assert len(functions.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]) == 1
