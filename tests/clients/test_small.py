"""The smaller services: secrets, topics, parameters, logs, alarms, scaling."""
import json
import time

from harness import (ACCOUNT, FILTERED, aws, client, eventually, ids, kept, no_such_filter, pages, refused, role, tampered,
                     test, wait)

secrets, sns, ssm = client("secretsmanager"), client("sns"), client("ssm")
logs, watch, scaling = client("logs"), client("cloudwatch"), client("application-autoscaling")
ARN = f"arn:aws:%s:us-east-1:{ACCOUNT}:%s"


@test
def a_secret_from_beginning_to_end():
    made = secrets.create_secret(Name="main", SecretString="s & s", ClientRequestToken="0" * 32, Tags=[{"Key": "a", "Value": "b"}])
    again = secrets.create_secret(Name="main", SecretString="s & s", ClientRequestToken="0" * 32)
    assert again["ARN"] == made["ARN"], "the same token and value is the same secret"
    refused("ResourceExistsException", secrets.create_secret, Name="main", SecretString="other", ClientRequestToken="0" * 32)
    refused("ResourceExistsException", secrets.create_secret, Name="main", SecretString="other")
    assert secrets.get_secret_value(SecretId="main")["SecretString"] == "s & s"
    second = secrets.put_secret_value(SecretId="main", SecretString="two")["VersionId"]
    refused("ResourceExistsException", secrets.put_secret_value, SecretId="main", SecretString="three", ClientRequestToken=second)
    assert secrets.get_secret_value(SecretId="main", VersionStage="AWSPREVIOUS")["SecretString"] == "s & s"
    secrets.update_secret_version_stage(SecretId="main", VersionStage="AWSCURRENT", MoveToVersionId="0" * 32, RemoveFromVersionId=second)
    assert secrets.get_secret_value(SecretId="main")["VersionId"] == "0" * 32
    secrets.update_secret(SecretId="main", Description="new")
    secrets.tag_resource(SecretId="main", Tags=[{"Key": "c", "Value": "d"}])
    secrets.untag_resource(SecretId="main", TagKeys=["a"])
    shown = secrets.describe_secret(SecretId="main")
    assert shown["Description"] == "new" and ids(shown["Tags"], "Key") == ["c"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                         "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    assert secrets.validate_resource_policy(ResourcePolicy=policy)["PolicyValidationPassed"]
    secrets.put_resource_policy(SecretId="main", ResourcePolicy=policy)
    assert json.loads(secrets.get_resource_policy(SecretId="main")["ResourcePolicy"]) == json.loads(policy)
    refused("MalformedPolicyDocumentException", secrets.put_resource_policy, SecretId="main", ResourcePolicy="{}")
    secrets.delete_resource_policy(SecretId="main")
    secrets.replicate_secret_to_regions(SecretId="main", AddReplicaRegions=[{"Region": "eu-west-1"}])
    secrets.remove_regions_from_replication(SecretId="main", RemoveReplicaRegions=["eu-west-1"])
    assert secrets.batch_get_secret_value(SecretIdList=["main", "none"])["Errors"][0]["ErrorCode"] == "ResourceNotFoundException"
    secrets.delete_secret(SecretId="main", RecoveryWindowInDays=7)
    refused("InvalidRequestException", secrets.get_secret_value, SecretId="main")
    refused("InvalidRequestException", secrets.create_secret, Name="main", SecretString="x")
    refused("InvalidRequestException", secrets.put_secret_value, SecretId="main", SecretString="x")
    aws("secretsmanager", "create-secret", "--name", "main", fails="InvalidRequestException")
    secrets.restore_secret(SecretId="main")
    secrets.delete_secret(SecretId="main", ForceDeleteWithoutRecovery=True)
    eventually(lambda: "main" not in [s["Name"] for s in secrets.list_secrets()["SecretList"]])
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId="main")
    refused("ResourceNotFoundException", secrets.restore_secret, SecretId="main")
    refused("InvalidParameterException", secrets.delete_secret, SecretId="x", ForceDeleteWithoutRecovery=True, RecoveryWindowInDays=7)


@test
def passwords_and_lists_of_secrets():
    password = secrets.get_random_password(PasswordLength=20, ExcludeCharacters="/@\" ", ExcludePunctuation=True)["RandomPassword"]
    assert len(password) == 20 and password.isalnum()
    for n in range(4):
        secrets.create_secret(Name=f"page-{n}", SecretString="x")
        secrets.put_secret_value(SecretId="page-0", SecretString=str(n))
    pages("secretsmanager", "ListSecrets", 2, "InvalidNextTokenException")
    first = secrets.list_secret_version_ids(SecretId="page-0", IncludeDeprecated=True, MaxResults=3)
    rest = secrets.list_secret_version_ids(SecretId="page-0", IncludeDeprecated=True, MaxResults=3, NextToken=first["NextToken"])
    assert len(set(ids(first["Versions"] + rest["Versions"], "VersionId"))) == 5
    refused("InvalidNextTokenException", secrets.list_secret_version_ids, SecretId="page-0", NextToken="no-token-of-ours")
    by_name = [{"Key": "name", "Values": ["page"]}]
    first = secrets.batch_get_secret_value(Filters=by_name, MaxResults=2)
    rest = secrets.batch_get_secret_value(Filters=by_name, MaxResults=2, NextToken=first["NextToken"])
    assert ids(first["SecretValues"] + rest["SecretValues"], "Name") == [f"page-{n}" for n in range(4)]
    for name in ("ListSecrets", "BatchGetSecretValue"):
        no_such_filter("ValidationException", "secretsmanager", name, name="Key")
    found = secrets.list_secrets(Filters=[{"Key": "name", "Values": ["page-1"]}])["SecretList"]
    assert ids(found, "Name") == ["page-1"]


@test
def topics():
    topic = sns.create_topic(Name="main", Attributes={"DisplayName": "one"}, Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    assert topic == ARN % ("sns", "main")
    assert sns.create_topic(Name="main", Attributes={"DisplayName": "one"}, Tags=[{"Key": "a", "Value": "b"}])["TopicArn"] == topic
    refused("InvalidParameter", sns.create_topic, Name="main", Attributes={"DisplayName": "two"})
    refused("InvalidParameter", sns.create_topic, Name="bad name")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="three")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "three"
    sub = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue", ReturnSubscriptionArn=True)["SubscriptionArn"]
    mail = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")["SubscriptionArn"]
    assert mail == "pending confirmation"
    refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="nonsense")
    refused("NotFound", sns.subscribe, TopicArn=topic + "-none", Protocol="email", Endpoint="ops@example.com")
    sns.set_subscription_attributes(SubscriptionArn=sub, AttributeName="RawMessageDelivery", AttributeValue="true")
    assert sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"]["RawMessageDelivery"] == "true"
    refused("InvalidParameter", sns.confirm_subscription, TopicArn=topic, Token="no-token-of-ours")
    held = next(one for one in kept("sns.subscription").values() if one["Protocol"] == "email")
    arn, token = held["SubscriptionArn"], held["_token"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    refused("InvalidParameter", sns.unsubscribe, SubscriptionArn=arn)
    refused("NotFound", sns.confirm_subscription, TopicArn=topic + "-none", Token=token)
    for _ in range(2):  # whoever clicks twice is told the same
        assert sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"] == arn
    confirmed = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert confirmed["PendingConfirmation"] == "false" and confirmed["ConfirmationWasAuthenticated"] == "true"
    assert arn in ids(sns.list_subscriptions()["Subscriptions"], "SubscriptionArn")
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 2
    assert len(sns.list_subscriptions()["Subscriptions"]) == 2
    assert sns.publish(TopicArn=topic, Message="x & y")["MessageId"]
    sns.add_permission(TopicArn=topic, Label="p", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
    sns.remove_permission(TopicArn=topic, Label="p")
    policy = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": [{"Sid": "s", "DataDirection": "Inbound", "Principal": ["*"],
                         "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/CreditCardNumber"], "Operation": {"Deny": {}}}]})
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    assert json.loads(sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"]) == json.loads(policy)
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert ids(sns.list_tags_for_resource(ResourceArn=topic)["Tags"], "Key") == ["c"]
    sns.unsubscribe(SubscriptionArn=sub)
    refused("NotFound", sns.get_subscription_attributes, SubscriptionArn=sub)
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)  # absent is success
    refused("NotFound", sns.get_topic_attributes, TopicArn=topic)
    refused("NotFound", sns.publish, TopicArn=topic, Message="x")
    for n in range(101):
        sns.create_topic(Name=f"page-{n}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    rest = sns.list_topics(NextToken=first["NextToken"])["Topics"]
    assert len(rest) == 1 and rest[0] not in first["Topics"]
    refused("InvalidParameter", sns.list_topics, NextToken="no-token-of-ours")
    assert len(aws("sns", "list-topics")["Topics"]) == 101


@test
def parameters():
    ssm.put_parameter(Name="/main/one", Value="1", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    refused("ParameterAlreadyExists", ssm.put_parameter, Name="/main/one", Value="2", Type="String")
    ssm.put_parameter(Name="/main/one", Value="2", Type="String", Overwrite=True)
    ssm.put_parameter(Name="/main/secret", Value="s", Type="SecureString")
    assert ssm.get_parameter(Name="/main/one")["Parameter"]["Version"] == 2
    assert ssm.get_parameter(Name="/main/secret")["Parameter"]["Value"] != "s"
    assert ssm.get_parameter(Name="/main/secret", WithDecryption=True)["Parameter"]["Value"] == "s"
    assert ssm.get_parameters(Names=["/main/one", "/none"])["InvalidParameters"] == ["/none"]
    refused("ParameterNotFound", ssm.get_parameter, Name="/none")
    ssm.label_parameter_version(Name="/main/one", ParameterVersion=1, Labels=["old"])
    assert ssm.get_parameter(Name="/main/one:old")["Parameter"]["Value"] == "1"
    ssm.unlabel_parameter_version(Name="/main/one", ParameterVersion=1, Labels=["old"])
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/main/one", Tags=[{"Key": "c", "Value": "d"}])
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/main/one", TagKeys=["a"])
    assert ids(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/main/one")["TagList"], "Key") == ["c"]
    for n in range(4):
        ssm.put_parameter(Name=f"/page/{n}", Value="x", Type="String")
        ssm.put_parameter(Name="/page/0", Value=str(n), Type="String", Overwrite=True)
    pages("ssm", "DescribeParameters", 2, "InvalidNextToken")
    pages("ssm", "GetParametersByPath", 2, "InvalidNextToken", Path="/page")
    pages("ssm", "GetParameterHistory", 2, "InvalidNextToken", Name="/page/0")
    refused("ValidationException", ssm.describe_parameters, ParameterFilters=[{"Key": "no-such-filter", "Values": ["x"]}])
    refused("ValidationException", ssm.get_parameters_by_path, Path="/page", ParameterFilters=[{"Key": "no-such-filter", "Values": ["x"]}])
    FILTERED.update({("ssm", "DescribeParameters"), ("ssm", "GetParametersByPath")})
    assert len(aws("ssm", "get-parameters-by-path", "--path", "/page", "--page-size", "2")["Parameters"]) == 4
    ssm.delete_parameter(Name="/main/one")
    refused("ParameterNotFound", ssm.delete_parameter, Name="/main/one")
    assert ssm.delete_parameters(Names=["/main/secret", "/none"])["InvalidParameters"] == ["/none"]


@test
def log_groups():
    logs.create_log_group(logGroupName="/main", tags={"a": "b"})
    refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="/main")
    logs.put_retention_policy(logGroupName="/main", retentionInDays=7)
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/main", retentionInDays=8)
    assert logs.describe_log_groups(logGroupNamePrefix="/main")["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName="/main")
    logs.create_log_stream(logGroupName="/main", logStreamName="s")
    refused("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName="/main", logStreamName="s")
    now = logs.describe_log_groups(logGroupNamePrefix="/main")["logGroups"][0]["creationTime"]
    logs.put_log_events(logGroupName="/main", logStreamName="s", logEvents=[
        {"timestamp": now + n, "message": f"line {n}"} for n in range(5)])
    pages("logs", "FilterLogEvents", 2, "InvalidParameterException", logGroupName="/main")
    assert len(logs.get_log_events(logGroupName="/main", logStreamName="s", startFromHead=True)["events"]) == 5
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
    logs.associate_kms_key(logGroupName="/main", kmsKeyId=key)
    logs.disassociate_kms_key(logGroupName="/main")
    arn = ARN % ("logs", "log-group:/main")
    logs.tag_resource(resourceArn=arn, tags={"c": "d"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    logs.tag_log_group(logGroupName="/main", tags={"e": "f"})
    logs.untag_log_group(logGroupName="/main", tags=["c"])
    assert logs.list_tags_log_group(logGroupName="/main")["tags"] == {"e": "f"}
    policy = {"Name": "p", "Version": "2021-06-01", "Statement": [
        {"Sid": "audit", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"Sid": "redact", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], "Operation": {"Deidentify": {"MaskConfig": {}}}}]}
    logs.put_data_protection_policy(logGroupIdentifier="/main", policyDocument=json.dumps(policy))
    assert json.loads(logs.get_data_protection_policy(logGroupIdentifier="/main")["policyDocument"])["Name"] == "p"
    logs.delete_data_protection_policy(logGroupIdentifier="/main")
    logs.put_index_policy(logGroupIdentifier="/main", policyDocument='{"Fields": ["a"]}')
    assert logs.describe_index_policies(logGroupIdentifiers=["/main"])["indexPolicies"]
    logs.delete_index_policy(logGroupIdentifier="/main")
    logs.put_log_group_deletion_protection(logGroupIdentifier="/main", deletionProtectionEnabled=True)
    refused("ValidationException", logs.delete_log_group, logGroupName="/main")
    logs.put_log_group_deletion_protection(logGroupIdentifier="/main", deletionProtectionEnabled=False)
    for n in range(4):
        logs.create_log_group(logGroupName=f"/page/{n}")
        logs.create_log_stream(logGroupName="/main", logStreamName=f"p{n}")
    pages("logs", "DescribeLogGroups", 2, "InvalidParameterException")
    pages("logs", "DescribeLogStreams", 2, "InvalidParameterException", logGroupName="/main")
    logs.delete_log_stream(logGroupName="/main", logStreamName="s")
    refused("ResourceNotFoundException", logs.delete_log_stream, logGroupName="/main", logStreamName="s")
    logs.delete_log_group(logGroupName="/main")
    aws("logs", "delete-log-group", "--log-group-name", "/main", fails="ResourceNotFoundException")
    refused("ResourceNotFoundException", logs.put_retention_policy, logGroupName="/main", retentionInDays=7)


@test
def alarms_dashboards_metrics():
    alarm = {"MetricName": "M", "Namespace": "Clients", "Period": 60, "EvaluationPeriods": 2, "Threshold": 80.5,
             "Statistic": "Average", "ComparisonOperator": "GreaterThanThreshold"}
    watch.put_metric_alarm(AlarmName="main", **alarm, Tags=[{"Key": "a", "Value": "b"}])
    wait("cloudwatch", "alarm_exists", AlarmNames=["main"])
    shown = watch.describe_alarms(AlarmNames=["main"])["MetricAlarms"][0]
    assert shown["Threshold"] == 80.5 and shown["AlarmConfigurationUpdatedTimestamp"].year >= 2020
    refused("ValidationError", watch.put_metric_alarm, AlarmName="bad", **{**alarm, "Period": 7})
    watch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("main")')
    wait("cloudwatch", "composite_alarm_exists", AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])
    refused("ValidationError", watch.delete_alarms, AlarmNames=["main"])
    watch.set_alarm_state(AlarmName="main", StateValue="ALARM", StateReason="test")
    refused("ResourceNotFound", watch.set_alarm_state, AlarmName="none", StateValue="ALARM", StateReason="test")
    watch.disable_alarm_actions(AlarmNames=["main"])
    watch.enable_alarm_actions(AlarmNames=["main"])
    arn = shown["AlarmArn"]
    watch.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
    watch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert ids(watch.list_tags_for_resource(ResourceARN=arn)["Tags"], "Key") == ["c"]
    for n in range(4):
        for _ in range(10):  # three writes a second is what the service takes
            try:
                watch.put_metric_alarm(AlarmName=f"page-{n}", **alarm)
                break
            except watch.exceptions.ClientError:
                time.sleep(0.01)
    pages("cloudwatch", "DescribeAlarms", 2, "InvalidNextToken", AlarmTypes=["MetricAlarm"])
    pages("cloudwatch", "DescribeAlarmHistory", 1, "InvalidNextToken", AlarmName="main")
    watch.put_dashboard(DashboardName="main", DashboardBody='{"widgets": []}')
    refused("InvalidParameterInput", watch.put_dashboard, DashboardName="bad", DashboardBody="{")
    assert json.loads(watch.get_dashboard(DashboardName="main")["DashboardBody"]) == {"widgets": []}
    assert ids(watch.list_dashboards()["DashboardEntries"], "DashboardName") == ["main"]
    watch.delete_dashboards(DashboardNames=["main"])
    refused("ResourceNotFound", watch.get_dashboard, DashboardName="main")
    at = watch.describe_alarms(AlarmNames=["main"])["MetricAlarms"][0]["StateUpdatedTimestamp"].timestamp()
    watch.put_metric_data(Namespace="Clients", MetricData=[{"MetricName": "M", "Value": 1.5, "Timestamp": at}])
    assert watch.list_metrics(Namespace="Clients")["Metrics"][0]["MetricName"] == "M"
    got = watch.get_metric_statistics(Namespace="Clients", MetricName="M", StartTime=at - 600, EndTime=at + 600, Period=60, Statistics=["Sum"])
    assert [p["Sum"] for p in got["Datapoints"]] == [1.5]
    got = watch.get_metric_data(StartTime=at - 600, EndTime=at + 600, MetricDataQueries=[
        {"Id": "m", "MetricStat": {"Metric": {"Namespace": "Clients", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}])
    assert got["MetricDataResults"][0]["Values"] == [1.5]
    for n in range(1, 5):
        watch.put_metric_data(Namespace="Clients", MetricData=[{"MetricName": "P", "Value": n, "Timestamp": at - 60 * n}])
    asked = {"StartTime": at - 600, "EndTime": at + 600, "MetricDataQueries": [
        {"Id": name.lower(), "MetricStat": {"Metric": {"Namespace": "Clients", "MetricName": name}, "Period": 60, "Stat": "Sum"}} for name in "PM"]}
    walked = [[(one["Id"], one["Values"], one["StatusCode"]) for one in page["MetricDataResults"]]
              for page in watch.get_paginator("get_metric_data").paginate(**asked, PaginationConfig={"PageSize": 3})]
    assert walked == [[("p", [1, 2, 3], "PartialData"), ("m", [], "PartialData")], [("p", [4], "Complete"), ("m", [1.5], "Complete")]], walked
    refused("InvalidNextToken", watch.get_metric_data, **asked, NextToken="no-token-of-ours")
    watch.delete_alarms(AlarmNames=["both"])
    watch.delete_alarms(AlarmNames=["main"])
    assert aws("cloudwatch", "describe-alarms", "--alarm-names", "main")["MetricAlarms"] == []


@test
def scaling_of_services():
    ecs = client("ecs")
    role("scaling", "ecs-tasks.amazonaws.com")
    ecs.create_cluster(clusterName="scaling")
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    ecs.register_task_definition(family="scaling", containerDefinitions=[{"name": "web", "image": "nginx", "memory": 128}],
                                 networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512")
    for n in range(3):
        ecs.create_service(cluster="scaling", serviceName=f"s{n}", taskDefinition="scaling", desiredCount=1, launchType="FARGATE",
                           networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}})
    one = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "service/scaling/s0"}
    tracking = {"TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
    policy = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking}
    refused("ObjectNotFoundException", scaling.put_scaling_policy, PolicyName="p", **policy, **one)
    for n in range(3):
        arn = scaling.register_scalable_target(**{**one, "ResourceId": f"service/scaling/s{n}"}, MinCapacity=1, MaxCapacity=4)["ScalableTargetARN"]
        made = scaling.put_scaling_policy(PolicyName=f"p{n}", **{**one, "ResourceId": f"service/scaling/s{n}"}, **policy)
        assert len(made["Alarms"]) == 2
        scaling.put_scheduled_action(ScheduledActionName=f"a{n}", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 2}, **one)
    pages("application-autoscaling", "DescribeScalableTargets", 2, "InvalidNextTokenException", ServiceNamespace="ecs")
    pages("application-autoscaling", "DescribeScalingPolicies", 2, "InvalidNextTokenException", ServiceNamespace="ecs")
    pages("application-autoscaling", "DescribeScheduledActions", 2, "InvalidNextTokenException", ServiceNamespace="ecs")
    assert scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] is not None
    scaling.tag_resource(ResourceARN=arn, Tags={"a": "b"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    scaling.delete_scheduled_action(ScheduledActionName="a0", **one)
    refused("ObjectNotFoundException", scaling.delete_scheduled_action, ScheduledActionName="a0", **one)
    scaling.delete_scaling_policy(PolicyName="p0", **one)
    refused("ObjectNotFoundException", scaling.delete_scaling_policy, PolicyName="p0", **one)
    scaling.deregister_scalable_target(**one)
    refused("ObjectNotFoundException", scaling.deregister_scalable_target, **one)


@test
def nonsense_is_refused():
    def stranger(p):
        p["body"] = b'{"Colour": "red"}'

    def frobnicated(p):
        p["url"] = p["url"].replace("DescribeAlarms", "Frobnicate")
        p["headers"].update({k: v.replace("DescribeAlarms", "Frobnicate") for k, v in p["headers"].items() if k == "X-Amz-Target"})
    for one in (secrets.list_secrets, ssm.describe_parameters, logs.describe_log_groups):
        tampered("UnknownParameter", one, stranger)
    tampered("UnknownParameter", sns.list_topics, lambda p: p["body"].update(Colour="red"))
    tampered("InvalidAction", sns.list_topics, lambda p: p["body"].update(Action="Frobnicate"))
    tampered("UnknownOperationException", watch.describe_alarms, frobnicated)
    tampered("SerializationException", ssm.describe_parameters, lambda p: p.update(body=b"{no"))
    refused("SandboxOperationNotImplemented", watch.describe_insight_rules)


@test
def tagged_objects_are_found_across_services():
    tagging = client("resourcegroupstaggingapi")
    arns = [sns.create_topic(Name=f"tagged-{n}", Tags=[{"Key": "wave", "Value": str(n % 2)}])["TopicArn"] for n in range(5)]
    wave = [{"Key": "wave"}]
    found = tagging.get_resources(TagFilters=wave)["ResourceTagMappingList"]
    assert {one["ResourceARN"] for one in found} >= set(arns), found
    pages("resourcegroupstaggingapi", "GetResources", 2, None, TagFilters=wave)
    assert "wave" in tagging.get_tag_keys()["TagKeys"]
    assert set(tagging.get_tag_values(Key="wave")["TagValues"]) >= {"0", "1"}
    for arn in arns:
        sns.delete_topic(TopicArn=arn)


@test
def metric_streams():
    reads = role("streams", "streams.metrics.cloudwatch.amazonaws.com")
    put = {"FirehoseArn": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/d", "RoleArn": reads, "OutputFormat": "json"}
    refused("InvalidParameterValue", watch.put_metric_stream, Name="s", **{**put, "FirehoseArn": f"arn:aws:s3:::{ACCOUNT}-bucket"})
    refused("InvalidParameterValue", watch.put_metric_stream, Name="s", **{**put, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/never"})
    both = {"IncludeFilters": [{"Namespace": "AWS/EC2"}], "ExcludeFilters": [{"Namespace": "AWS/RDS"}]}
    refused("InvalidParameterCombination", watch.put_metric_stream, Name="s", **both, **put)
    arns = [watch.put_metric_stream(Name=name, Tags=[{"Key": "k", "Value": name}], **put)["Arn"] for name in ("one", "two", "three")]
    first = watch.list_metric_streams(MaxResults=2)
    rest = watch.list_metric_streams(MaxResults=2, NextToken=first["NextToken"])
    assert sorted(one["Name"] for one in first["Entries"] + rest["Entries"]) == ["one", "three", "two"]
    assert "NextToken" not in rest
    assert watch.list_tags_for_resource(ResourceARN=arns[0])["Tags"] == [{"Key": "k", "Value": "one"}]
    watch.stop_metric_streams(Names=["one"])
    watch.put_metric_stream(Name="one", IncludeFilters=both["IncludeFilters"], **put)
    shown = watch.get_metric_stream(Name="one")
    assert (shown["State"], shown["IncludeFilters"]) == ("stopped", both["IncludeFilters"]), "a change does not start it"
    watch.start_metric_streams(Names=["one"])
    assert watch.get_metric_stream(Name="one")["State"] == "running"
    watch.delete_metric_stream(Name="one")
    refused("ResourceNotFoundException", watch.get_metric_stream, Name="one")
    watch.delete_metric_stream(Name="one")
