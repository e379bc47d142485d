"""CloudFormation: stacks that somebody else deployed are described and listed; nothing is deployed."""
import planted
from harness import aws, client, ids, refused, said, test

cfn, abroad = client("cloudformation"), client("cloudformation", "eu-west-1")


@test
def stacks_are_described_by_name_and_id():
    network = cfn.describe_stacks(StackName="network")["Stacks"][0]
    assert network["StackStatus"] == "UPDATE_COMPLETE" and network["CreationTime"].year > 2000
    outputs = {one["OutputKey"]: one for one in network["Outputs"]}
    assert outputs["Vpc"]["OutputValue"] == "vpc-1" and outputs["Vpc"]["ExportName"] == "network-vpc"
    assert "ExportName" not in outputs["Plain"]
    assert cfn.describe_stacks(StackName=network["StackId"])["Stacks"][0] == network
    names = ids(cfn.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"], "StackName")
    assert "network" in names and "gone" not in names and "abroad" not in names
    said("ValidationError", "Stack with id nothing does not exist", cfn.describe_stacks, StackName="nothing")
    refused("ValidationError", cfn.describe_stacks, StackName="gone")
    refused("ValidationError", abroad.describe_stacks, StackName="network")
    gone = cfn.describe_stacks(StackName=planted.STACK % ("us-east-1", "gone"))["Stacks"][0]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert aws("cloudformation", "describe-stacks", "--stack-name", "network")["Stacks"][0]["StackName"] == "network"


@test
def stacks_are_listed_with_deleted_ones():
    every = ids(cfn.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"], "StackName")
    assert "gone" in every and len(every) == len(set(every)) and len(every) > 100
    deleted = cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert ids(deleted, "StackName") == ["gone"] and deleted[0]["TemplateDescription"] == "was here"
    refused("ValidationError", cfn.list_stacks, NextToken="no-token-of-ours")
    refused("ValidationError", cfn.describe_stacks, NextToken="no-token-of-ours")


@test
def exports_come_in_pages_of_a_hundred():
    first = cfn.list_exports()
    assert len(first["Exports"]) == 100 and first["NextToken"]
    every = cfn.get_paginator("list_exports").paginate().build_full_result()["Exports"]
    assert len(every) == len({one["Name"] for one in every}) > 100
    vpc = next(one for one in every if one["Name"] == "network-vpc")
    assert vpc["Value"] == "vpc-1" and vpc["ExportingStackId"] == planted.STACK % ("us-east-1", "network")
    assert ids(abroad.list_exports()["Exports"], "Name") == ["far"]
    refused("ValidationError", cfn.list_exports, NextToken="no-token-of-ours")


@test
def who_imports_what():
    assert cfn.list_imports(ExportName="network-vpc")["Imports"] == ["user"]
    said("ValidationError", "is not imported by any stack", cfn.list_imports, ExportName="export-1")
    refused("ValidationError", cfn.list_imports, ExportName="network-vpc", NextToken="no-token-of-ours")


@test
def nothing_is_deployed():
    for call, arguments in ((cfn.create_stack, {"StackName": "new", "TemplateBody": "{}"}),
                            (cfn.update_stack, {"StackName": "network", "TemplateBody": "{}"}),
                            (cfn.delete_stack, {"StackName": "network"}),
                            (cfn.create_change_set, {"StackName": "network", "ChangeSetName": "c", "TemplateBody": "{}"}),
                            (cfn.execute_change_set, {"StackName": "network", "ChangeSetName": "c"}),
                            (cfn.cancel_update_stack, {"StackName": "network"}),
                            (cfn.set_stack_policy, {"StackName": "network"}),
                            (cfn.update_termination_protection, {"StackName": "network", "EnableTerminationProtection": True})):
        error = refused("SandboxOperationNotImplemented", call, **arguments)
        name = call.__self__.meta.method_to_api_mapping[call.__name__]
        assert name in error["Error"]["Message"], error
    assert cfn.describe_stacks(StackName="network")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
