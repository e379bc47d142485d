"""CloudWatch Logs: who may write to groups, by policy and by bearer token."""
import json
import time

from harness import ACCOUNT, aws, client, ids, pages, refused, role, test

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


@test
def metric_filters_find_and_publish():
    watch = client("cloudwatch")
    logs.create_log_group(logGroupName="/filters")
    logs.create_log_stream(logGroupName="/filters", logStreamName="s")
    one = {"metricName": "Errors", "metricNamespace": "Clients", "metricValue": "1"}

    def put(name, pattern="ERROR", group="/filters", **more):
        return {"logGroupName": group, "filterName": name, "filterPattern": pattern, "metricTransformations": [{**one, **more}]}
    refused("ResourceNotFoundException", logs.put_metric_filter, **put("a", group="/none"))
    refused("InvalidParameterException", logs.put_metric_filter, **put("a", "{ wrong }"))
    refused("InvalidParameterException", logs.put_metric_filter, **put("a", dimensions={"d": "$.d"}, defaultValue=0))
    refused("InvalidParameterException", logs.put_metric_filter, **put("a", metricNamespace="AWS/Clients"))
    refused("InvalidParameterException", logs.put_metric_filter, **put("a", metricValue="many"))
    for name in ("a", "b", "c"):
        logs.put_metric_filter(**put(name, metricName=name.upper()))
    logs.put_metric_filter(**put("a", "{ $.bytes > 10 }", metricName="A", metricValue="$.bytes"))
    assert logs.describe_log_groups(logGroupNamePrefix="/filters")["logGroups"][0]["metricFilterCount"] == 3
    pages("logs", "DescribeMetricFilters", 2, "InvalidParameterException", logGroupName="/filters")
    assert ids(logs.describe_metric_filters(metricName="B", metricNamespace="Clients")["metricFilters"], "filterName") == ["b"]
    refused("InvalidParameterException", logs.describe_metric_filters, metricName="B")
    tested = logs.test_metric_filter(filterPattern="[ip, ..., size > 1000]", logEventMessages=["1.2.3.4 x 10", "1.2.3.4 y z 2000"])["matches"]
    assert [(found["eventNumber"], found["extractedValues"]["$size"]) for found in tested] == [(2, "2000")]
    refused("InvalidParameterException", logs.test_metric_filter, filterPattern="[a", logEventMessages=["x"])
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName="/filters", logStreamName="s", logEvents=[
        {"timestamp": now, "message": message} for message in ('{"bytes": 40}', '{"bytes": 2}', "ERROR one", "ERROR two")])
    sums = {}
    for name in ("A", "B"):
        found = watch.get_metric_data(StartTime=time.time() - 7200, EndTime=time.time() + 7200, MetricDataQueries=[
            {"Id": "q", "MetricStat": {"Metric": {"Namespace": "Clients", "MetricName": name}, "Period": 60, "Stat": "Sum"}}])
        sums[name] = sum(found["MetricDataResults"][0]["Values"])
    assert sums == {"A": 40.0, "B": 2.0}, sums
    logs.delete_metric_filter(logGroupName="/filters", filterName="a")
    refused("ResourceNotFoundException", logs.delete_metric_filter, logGroupName="/filters", filterName="a")


@test
def subscription_filters():
    logs.create_log_group(logGroupName="/subscribed")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    put = {"logGroupName": "/subscribed", "filterPattern": "", "destinationArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:destination:d"}
    refused("InvalidParameterException", logs.put_subscription_filter, filterName="l", **{**put, "destinationArn": function})
    stream = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
    refused("InvalidParameterException", logs.put_subscription_filter, filterName="k", **{**put, "destinationArn": stream})
    arn_of_role = role("subscriptions", "logs.amazonaws.com")
    logs.put_subscription_filter(filterName="k", roleArn=arn_of_role, **{**put, "destinationArn": stream})
    logs.put_subscription_filter(filterName="d", **put)
    refused("LimitExceededException", logs.put_subscription_filter, filterName="third", **put)
    pages("logs", "DescribeSubscriptionFilters", 1, "InvalidParameterException", logGroupName="/subscribed")
    shown = logs.describe_subscription_filters(logGroupName="/subscribed", filterNamePrefix="k")["subscriptionFilters"]
    assert [(one["filterName"], one["roleArn"], one["distribution"]) for one in shown] == [("k", arn_of_role, "ByLogStream")]
    logs.delete_subscription_filter(logGroupName="/subscribed", filterName="d")
    refused("ResourceNotFoundException", logs.delete_subscription_filter, logGroupName="/subscribed", filterName="d")


@test
def query_definitions():
    refused("ResourceNotFoundException", logs.put_query_definition, name="q", queryString="fields @message", logGroupNames=["/none"])
    made = [logs.put_query_definition(name=f"q{at}", queryString="fields @message")["queryDefinitionId"] for at in range(3)]
    logs.put_query_definition(queryDefinitionId=made[0], name="q0", queryString="fields @timestamp")
    shown = logs.describe_query_definitions(queryDefinitionNamePrefix="q0")["queryDefinitions"]
    assert [(one["queryDefinitionId"], one["queryString"]) for one in shown] == [(made[0], "fields @timestamp")]
    if logs.can_paginate("describe_query_definitions"):
        pages("logs", "DescribeQueryDefinitions", 2, "InvalidParameterException")
    assert logs.delete_query_definition(queryDefinitionId=made[0])["success"]
    refused("ResourceNotFoundException", logs.delete_query_definition, queryDefinitionId=made[0])
    refused("ResourceNotFoundException", logs.put_query_definition, queryDefinitionId=made[0], name="q", queryString="x")
