"""EventBridge: buses, rules, targets, patterns, and where events arrive."""
import json

from harness import ACCOUNT, aws, client, eventually, kept, pages, refused, role, tampered, test

events, sns = client("events"), client("sns")
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:%s"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
STATES = json.dumps({"source": ["shop"], "detail": {"state": [{"prefix": "paid"}]}})


@test
def a_rule_from_beginning_to_end():
    made = events.put_rule(Name="main", EventPattern=STATES, Description="d", Tags=[{"Key": "a", "Value": "b"}])
    assert made["RuleArn"] == ARN % "rule/main"
    # Put again: what is not told is gone, tags stay.
    events.put_rule(Name="main", EventPattern=STATES, Tags=[{"Key": "x", "Value": "y"}])
    shown = events.describe_rule(Name="main")
    assert "Description" not in shown and shown["State"] == "ENABLED" and shown["EventBusName"] == "default"
    assert events.list_tags_for_resource(ResourceARN=made["RuleArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    events.tag_resource(ResourceARN=made["RuleArn"], Tags=[{"Key": "c", "Value": "d"}])
    events.untag_resource(ResourceARN=made["RuleArn"], TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=made["RuleArn"])["Tags"] == [{"Key": "c", "Value": "d"}]
    events.disable_rule(Name="main")
    assert events.describe_rule(Name="main")["State"] == "DISABLED"
    events.enable_rule(Name="main")
    for n in range(4):
        events.put_rule(Name=f"page-{n}", ScheduleExpression="rate(5 minutes)")
    pages("events", "ListRules", 2, "ValidationException", NamePrefix="page-")
    events.delete_rule(Name="main")
    refused("ResourceNotFoundException", events.describe_rule, Name="main")
    aws("events", "describe-rule", "--name", "main", fails="ResourceNotFoundException")


@test
def what_is_no_rule():
    refused("ValidationException", events.put_rule, Name="bad")
    refused("InvalidEventPatternException", events.put_rule, Name="bad", EventPattern="[]")
    refused("InvalidEventPatternException", events.put_rule, Name="bad", EventPattern='{"source": "shop"}')
    refused("ValidationException", events.put_rule, Name="bad", ScheduleExpression="rate(1 minutes)")
    refused("ResourceNotFoundException", events.put_rule, Name="bad", EventPattern=STATES, EventBusName="none")
    refused("ValidationException", events.put_rule, Name="bad", EventPattern=STATES, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
    events.create_event_bus(Name="timed")
    refused("ValidationException", events.put_rule, Name="bad", ScheduleExpression="rate(1 hour)", EventBusName="timed")


@test
def targets():
    refused("ResourceNotFoundException", events.put_targets, Rule="none", Targets=[{"Id": "1", "Arn": QUEUE}])
    events.put_rule(Name="targets", EventPattern=STATES)
    may = role("events-target", "events.amazonaws.com")
    cluster = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/main"
    task = {"TaskDefinitionArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/t:1"}
    refused("ValidationException", events.put_targets, Rule="targets", Targets=[{"Id": "1", "Arn": cluster, "EcsParameters": task}])
    refused("ValidationException", events.put_targets, Rule="targets", Targets=[{"Id": "1", "Arn": cluster, "RoleArn": may}])
    refused("ValidationException", events.put_targets, Rule="targets", Targets=[{"Id": "1", "Arn": "nonsense"}])
    refused("ValidationException", events.put_targets, Rule="targets", Targets=[{"Id": "1", "Arn": QUEUE, "Input": "1", "InputPath": "$"}])
    refused("ValidationException", events.put_targets, Rule="targets", Targets=[{"Id": "1", "Arn": QUEUE + ".fifo"}])
    answer = events.put_targets(Rule="targets", Targets=[{"Id": "tasks", "Arn": cluster, "RoleArn": may, "EcsParameters": task}])
    assert answer["FailedEntryCount"] == 0
    shown = events.list_targets_by_rule(Rule="targets")["Targets"]
    assert shown[0]["EcsParameters"]["TaskCount"] == 1, shown
    events.put_targets(Rule="targets", Targets=[{"Id": f"q-{n}", "Arn": QUEUE} for n in range(4)])
    refused("LimitExceededException", events.put_targets, Rule="targets", Targets=[{"Id": "more", "Arn": QUEUE}])
    pages("events", "ListTargetsByRule", 2, "ValidationException", Rule="targets")
    for n in range(3):
        events.put_rule(Name=f"of-{n}", EventPattern=STATES)
        events.put_targets(Rule=f"of-{n}", Targets=[{"Id": "1", "Arn": QUEUE}])
    pages("events", "ListRuleNamesByTarget", 2, "ValidationException", TargetArn=QUEUE)
    refused("ValidationException", events.delete_rule, Name="targets")
    events.remove_targets(Rule="targets", Ids=["tasks", *(f"q-{n}" for n in range(4))])
    events.delete_rule(Name="targets")


@test
def buses():
    made = events.create_event_bus(Name="own", Description="d", Tags=[{"Key": "a", "Value": "b"}])
    assert made["EventBusArn"] == ARN % "event-bus/own"
    refused("ResourceAlreadyExistsException", events.create_event_bus, Name="own")
    refused("ResourceAlreadyExistsException", events.create_event_bus, Name="default")
    assert events.describe_event_bus(Name="own")["Description"] == "d"
    assert events.describe_event_bus()["Arn"] == ARN % "event-bus/default"
    names = [one["Name"] for one in events.list_event_buses()["EventBuses"]]
    assert {"own", "default"} <= set(names)
    first = events.list_event_buses(Limit=1)
    second = events.list_event_buses(Limit=1, NextToken=first["NextToken"])
    assert first["EventBuses"] != second["EventBuses"]
    assert events.put_rule(Name="r", EventPattern=STATES, EventBusName="own")["RuleArn"] == ARN % "rule/own/r"
    assert events.describe_rule(Name="r", EventBusName=made["EventBusArn"])["EventBusName"] == "own"
    refused("ResourceNotFoundException", events.describe_rule, Name="r")
    refused("ValidationException", events.delete_event_bus, Name="own")
    refused("ValidationException", events.delete_event_bus, Name="default")
    events.delete_rule(Name="r", EventBusName="own")
    events.delete_event_bus(Name="own")
    refused("ResourceNotFoundException", events.describe_event_bus, Name="own")


@test
def events_arrive_where_a_policy_lets_them():
    topic = sns.create_topic(Name="events")["TopicArn"]
    events.put_rule(Name="arrive", EventPattern=STATES)
    transformed = {"InputPathsMap": {"state": "$.detail.state"}, "InputTemplate": "\"it is <state>\""}
    events.put_targets(Rule="arrive", Targets=[{"Id": "topic", "Arn": topic, "InputTransformer": transformed}])
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"state": "paid-in-full"})}

    def send(**more):
        return events.put_events(Entries=[{**entry, **more}])

    def messages():
        return [row["_request"]["Message"] for row in kept("sns.message").values() if row["_request"].get("TopicArn") == topic]

    def failures():
        return [row["Failed"] for row in kept("events.delivery").values() if row["Arn"] == topic and "Failed" in row]

    # The policy that a topic is born with lets nobody but its own account publish.
    assert send()["FailedEntryCount"] == 0
    assert eventually(failures) and not messages()
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    send()
    assert eventually(messages) == ['"it is paid-in-full"']
    send(Detail=json.dumps({"state": "open"}))
    events.disable_rule(Name="arrive")
    send()
    assert messages() == ['"it is paid-in-full"'], "what does not match, and what matches a disabled rule, goes nowhere"
    for bad, code in [({"Source": "aws.ec2"}, "NotAuthorizedForSourceException"), ({"Detail": "x"}, "MalformedDetail"), ({"Source": ""}, "InvalidArgument")]:
        answer = send(**bad)
        assert answer["FailedEntryCount"] == 1 and answer["Entries"][0]["ErrorCode"] == code, answer


@test
def patterns_are_tried():
    event = {"id": "1", "account": ACCOUNT, "source": "shop", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [],
             "detail-type": "order", "detail": {"state": "paid-late"}}
    assert events.test_event_pattern(EventPattern=STATES, Event=json.dumps(event))["Result"] is True
    event["detail"]["state"] = "open"
    assert events.test_event_pattern(EventPattern=STATES, Event=json.dumps(event))["Result"] is False
    del event["id"]
    refused("ValidationException", events.test_event_pattern, EventPattern=STATES, Event=json.dumps(event))
    refused("InvalidEventPatternException", events.test_event_pattern, EventPattern="{}", Event=json.dumps(event))


@test
def what_no_client_sends():
    tampered("UnknownParameter", events.list_rules, lambda params: params.update(body=json.dumps({"Nonsense": 1}).encode()))
