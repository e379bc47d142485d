"""CloudWatch Logs: who may write to groups, by policy and by bearer token."""
import json

from harness import ACCOUNT, aws, client, ids, pages, refused, test

logs = client("logs")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"},
                     "Action": "logs:PutLogEvents", "Resource": "*"}]})


def arn(name):
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"


def named():
    return ids(logs.describe_resource_policies()["resourcePolicies"], "policyName")


@test
def policies_of_the_account():
    refused("ResourceNotFoundException", logs.delete_resource_policy, policyName="p0")
    for n in range(10):
        made = logs.put_resource_policy(policyName=f"p{n}", policyDocument=POLICY)["resourcePolicy"]
        assert made["policyScope"] == "ACCOUNT" and made["lastUpdatedTime"] and "revisionId" not in made
    pages("logs", "DescribeResourcePolicies", 4, "InvalidParameterException")
    assert len(aws("logs", "describe-resource-policies", "--page-size", "3")["resourcePolicies"]) == 10
    refused("LimitExceededException", logs.put_resource_policy, policyName="p10", policyDocument=POLICY)
    logs.put_resource_policy(policyName="p9", policyDocument=POLICY.replace("route53", "es"))  # changed, not added
    shown = {one["policyName"]: json.loads(one["policyDocument"]) for one in logs.describe_resource_policies()["resourcePolicies"]}
    assert shown["p9"]["Statement"][0]["Principal"] == {"Service": "es.amazonaws.com"} and shown["p0"] == json.loads(POLICY)
    for wrong in ("{", "{}"):
        refused("InvalidParameterException", logs.put_resource_policy, policyName="p0", policyDocument=wrong)
    refused("InvalidParameterException", logs.put_resource_policy, policyDocument=POLICY)
    refused("InvalidParameterException", logs.describe_resource_policies, limit=51)
    logs.delete_resource_policy(policyName="p0")
    refused("ResourceNotFoundException", logs.delete_resource_policy, policyName="p0")
    logs.put_resource_policy(policyName="p10", policyDocument=POLICY)
    assert named() == sorted(f"p{n}" for n in range(1, 11))
    assert client("logs", "eu-west-1").describe_resource_policies()["resourcePolicies"] == []


@test
def policies_of_log_groups():
    for name in ("/one", "/two", "/three"):
        logs.create_log_group(logGroupName=name)
        made = logs.put_resource_policy(resourceArn=arn(name), policyDocument=POLICY)
        assert made["revisionId"] == made["resourcePolicy"]["revisionId"] and made["resourcePolicy"]["policyScope"] == "RESOURCE"
    own = {"policyScope": "RESOURCE"}
    assert ids(logs.describe_resource_policies(**own)["resourcePolicies"], "resourceArn") == sorted(map(arn, ("/one", "/two", "/three")))
    pages("logs", "DescribeResourcePolicies", 2, "InvalidParameterException", **own)
    (one,) = logs.describe_resource_policies(**own, resourceArn=arn("/one"))["resourcePolicies"]
    assert arn("/one") not in str(logs.describe_resource_policies()["resourcePolicies"]), "the account's are others"
    refused("OperationAbortedException", logs.put_resource_policy, resourceArn=arn("/one"), policyDocument=POLICY)
    refused("OperationAbortedException", logs.put_resource_policy, resourceArn=arn("/one"), policyDocument=POLICY, expectedRevisionId="0")
    newer = logs.put_resource_policy(resourceArn=arn("/one"), policyDocument=POLICY, expectedRevisionId=one["revisionId"])["revisionId"]
    refused("OperationAbortedException", logs.delete_resource_policy, resourceArn=arn("/one"), expectedRevisionId=one["revisionId"])
    logs.delete_resource_policy(resourceArn=arn("/one"), expectedRevisionId=newer)
    refused("ResourceNotFoundException", logs.delete_resource_policy, resourceArn=arn("/one"), expectedRevisionId=newer)
    refused("ResourceNotFoundException", logs.put_resource_policy, resourceArn=arn("/none"), policyDocument=POLICY)
    logs.delete_log_group(logGroupName="/two")
    assert ids(logs.describe_resource_policies(**own)["resourcePolicies"], "resourceArn") == [arn("/three")], "it goes with its group"


@test
def bearer_tokens():
    logs.create_log_group(logGroupName="/tokens")

    def allowed():
        return logs.describe_log_groups(logGroupNamePrefix="/tokens")["logGroups"][0].get("bearerTokenAuthenticationEnabled", False)
    assert not allowed()
    for wanted in (True, True, False):
        logs.put_bearer_token_authentication(logGroupIdentifier="/tokens", bearerTokenAuthenticationEnabled=wanted)
        assert allowed() is wanted
    aws("logs", "put-bearer-token-authentication", "--log-group-identifier", arn("/tokens"), "--bearer-token-authentication-enabled")
    assert allowed(), "a group is named by its ARN too"
    refused("ResourceNotFoundException", logs.put_bearer_token_authentication, logGroupIdentifier="/none", bearerTokenAuthenticationEnabled=True)
    logs.delete_log_group(logGroupName="/tokens")
    refused("ResourceNotFoundException", logs.put_bearer_token_authentication, logGroupIdentifier="/tokens", bearerTokenAuthenticationEnabled=True)
