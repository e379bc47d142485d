"""Lambda's aliases, layers and calls; limits and rule priorities of load balancers; SMS settings of SNS."""
import json

from harness import client, eventually, network, pages, refused, role, test
from test_lambda import code, made

functions, balancing, sns = client("lambda"), client("elbv2"), client("sns")


def function(name):
    arn = role(f"{name}-role", "lambda.amazonaws.com")

    def created():
        try:
            return made(name, arn)
        except functions.exceptions.InvalidParameterValueException:
            return None
    return eventually(created)


@test
def aliases_point_to_versions():
    function("aliased")
    eventually(lambda: functions.get_function_configuration(FunctionName="aliased")["State"] == "Active")
    version = functions.publish_version(FunctionName="aliased")["Version"]
    for name in ("live", "next"):
        functions.create_alias(FunctionName="aliased", Name=name, FunctionVersion=version)
    refused("ResourceConflictException", functions.create_alias, FunctionName="aliased", Name="live", FunctionVersion=version)
    refused("ResourceNotFoundException", functions.create_alias, FunctionName="aliased", Name="bad", FunctionVersion="99")
    pages("lambda", "ListAliases", 1, FunctionName="aliased")
    functions.update_alias(FunctionName="aliased", Name="next", FunctionVersion="$LATEST", Description="later")
    assert functions.get_alias(FunctionName="aliased", Name="next")["FunctionVersion"] == "$LATEST"
    refused("ResourceConflictException", functions.delete_function, FunctionName="aliased", Qualifier=version)
    answer = functions.invoke(FunctionName="aliased:live", Payload=b"{}")
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == version
    refused("ResourceNotFoundException", functions.invoke, FunctionName="nobody")
    for name in ("live", "next"):
        functions.delete_alias(FunctionName="aliased", Name=name)
    functions.delete_alias(FunctionName="aliased", Name="live")
    refused("ResourceNotFoundException", functions.get_alias, FunctionName="aliased", Name="live")


@test
def layers_have_versions_and_policies():
    for name in ("shared", "shared", "other"):
        layer = functions.publish_layer_version(LayerName=name, Content={"ZipFile": code()}, CompatibleRuntimes=["python3.12"])
    assert layer["Version"] == 1
    pages("lambda", "ListLayers", 1)
    pages("lambda", "ListLayerVersions", 1, LayerName="shared")
    second = {"LayerName": "shared", "VersionNumber": 2}
    arn = functions.get_layer_version(**second)["LayerVersionArn"]
    assert functions.get_layer_version_by_arn(Arn=arn)["Version"] == 2
    refused("ResourceNotFoundException", functions.get_layer_version_policy, **second)
    statement = {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    functions.add_layer_version_permission(**second, **statement)
    refused("ResourceConflictException", functions.add_layer_version_permission, **second, **statement)
    policy = json.loads(functions.get_layer_version_policy(**second)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["all"]
    functions.remove_layer_version_permission(StatementId="all", **second)
    refused("ResourceNotFoundException", functions.remove_layer_version_permission, StatementId="all", **second)
    functions.delete_layer_version(**second)
    functions.delete_layer_version(**second)
    refused("ResourceNotFoundException", functions.get_layer_version, **second)
    again = functions.publish_layer_version(LayerName="shared", Content={"ZipFile": code()})
    assert again["Version"] == 3, "a number never comes again"


@test
def rules_change_places():
    _, subnets, group = network("priorities")
    balancer = balancing.create_load_balancer(Name="priorities", Subnets=subnets, SecurityGroups=[group], Scheme="internal")["LoadBalancers"][0]
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    listener = balancing.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
                                         DefaultActions=fixed)["Listeners"][0]["ListenerArn"]
    rules = [balancing.create_rule(ListenerArn=listener, Priority=at, Actions=fixed, Conditions=[
        {"Field": "path-pattern", "Values": [f"/{at}/*"]}])["Rules"][0]["RuleArn"] for at in (1, 2)]
    refused("PriorityInUse", balancing.set_rule_priorities, RulePriorities=[{"RuleArn": rules[0], "Priority": 2}])
    balancing.set_rule_priorities(RulePriorities=[{"RuleArn": rules[0], "Priority": 2}, {"RuleArn": rules[1], "Priority": 1}])
    shown = {one["RuleArn"]: one["Priority"] for one in balancing.describe_rules(RuleArns=rules)["Rules"]}
    assert shown == {rules[0]: "2", rules[1]: "1"}
    pages("elbv2", "DescribeAccountLimits", 3)


@test
def settings_of_text_messages():
    sns.set_sms_attributes(attributes={"DefaultSenderID": "clients", "DefaultSMSType": "Transactional"})
    assert sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {"DefaultSMSType": "Transactional"}
    refused("InvalidParameter", sns.set_sms_attributes, attributes={"DefaultSMSType": "Loud"})
