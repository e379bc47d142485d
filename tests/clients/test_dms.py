"""DMS: subnet groups, replication instances, endpoints, connections, tasks and their states."""
import json
import time

from harness import ACCOUNT, aws, client, eventually, ids, kept, network, no_such_filter, pages, patiently, refused, role, tampered, test, wait

dms, iam, ec2 = client("dms"), client("iam"), client("ec2")
MAPPINGS = json.dumps({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
                                  "object-locator": {"schema-name": "public", "table-name": "%"}}]})
world = {}


def endpoint(name, kind, **more):
    return dms.create_endpoint(EndpointIdentifier=name, EndpointType=kind, EngineName="postgres", ServerName=f"{name}.example.com",
                               Port=5432, Username="u", Password="not-a-secret-1", DatabaseName="d", **more)["Endpoint"]["EndpointArn"]


def filters(name, *values):
    return [{"Name": name, "Values": list(values)}]


@test
def the_service_role_comes_first():
    _, subnets, group = network("dms")
    world.update(subnets=subnets, group=group)
    group = {"ReplicationSubnetGroupIdentifier": "main", "ReplicationSubnetGroupDescription": "x"}
    refused("AccessDeniedFault", dms.create_replication_subnet_group, SubnetIds=subnets, **group)
    role("dms-vpc-role", "dms.amazonaws.com")
    iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole")

    def made():
        try:
            return dms.create_replication_subnet_group(SubnetIds=subnets, **group)
        except dms.exceptions.AccessDeniedFault:
            return None  # the role is not yet known everywhere
    eventually(made)
    refused("ResourceAlreadyExistsFault", dms.create_replication_subnet_group, SubnetIds=subnets, **group)
    refused("ReplicationSubnetGroupDoesNotCoverEnoughAZs", dms.create_replication_subnet_group, SubnetIds=subnets[:1],
            **{**group, "ReplicationSubnetGroupIdentifier": "narrow"})
    refused("InvalidSubnet", dms.create_replication_subnet_group, SubnetIds=["subnet-00000000000000000", subnets[0]],
            **{**group, "ReplicationSubnetGroupIdentifier": "nowhere"})
    dms.modify_replication_subnet_group(ReplicationSubnetGroupIdentifier="main", SubnetIds=subnets, ReplicationSubnetGroupDescription="y")
    assert dms.describe_replication_subnet_groups()["ReplicationSubnetGroups"][0]["ReplicationSubnetGroupDescription"] == "y"


def an_assessment(task):
    """A premigration assessment of a task that does not run."""
    client("s3").create_bucket(Bucket="clients-assessments")
    run = {"ReplicationTaskArn": task, "ServiceAccessRoleArn": role("assessor", "dms.amazonaws.com"), "AssessmentRunName": "first",
           "ResultLocationBucket": "clients-assessments"}
    refused("S3ResourceNotFoundFault", dms.start_replication_task_assessment_run, **{**run, "ResultLocationBucket": "clients-nowhere"})
    begun = patiently("AccessDeniedFault", dms.start_replication_task_assessment_run, **run)["ReplicationTaskAssessmentRun"]
    arn = begun["ReplicationTaskAssessmentRunArn"]
    assert begun["Status"] == "starting" and begun["IsLatestTaskAssessmentRun"]
    refused("InvalidResourceStateFault", dms.start_replication_task_assessment_run, **{**run, "AssessmentRunName": "second"})
    refused("InvalidResourceStateFault", dms.delete_replication_task_assessment_run, ReplicationTaskAssessmentRunArn=arn)
    by_run = filters("replication-task-assessment-run-arn", arn)

    def ended():
        shown = dms.describe_replication_task_assessment_runs(Filters=by_run)["ReplicationTaskAssessmentRuns"][0]
        return shown if shown["Status"] == "passed" else None
    shown = eventually(ended)
    found = dms.describe_replication_task_individual_assessments(Filters=by_run)["ReplicationTaskIndividualAssessments"]
    assert {one["Status"] for one in found} == {"passed"}
    assert len(found) == shown["ResultStatistic"]["Passed"] == shown["AssessmentProgress"]["IndividualAssessmentCount"]
    refused("ResourceAlreadyExistsFault", dms.start_replication_task_assessment_run, **run)
    for name in ("DescribeReplicationTaskAssessmentRuns", "DescribeReplicationTaskIndividualAssessments"):
        no_such_filter("InvalidParameterValueException", "dms", name)
    assert dms.delete_replication_task_assessment_run(ReplicationTaskAssessmentRunArn=arn)["ReplicationTaskAssessmentRun"]["Status"] == "deleting"
    refused("ResourceNotFoundFault", dms.delete_replication_task_assessment_run, ReplicationTaskAssessmentRunArn=arn)


@test
def an_instance_with_endpoints_and_a_task():
    made = dms.create_replication_instance(
        ReplicationInstanceIdentifier="main", ReplicationInstanceClass="dms.t3.medium", ReplicationSubnetGroupIdentifier="main",
        VpcSecurityGroupIds=[world["group"]], AllocatedStorage=50, ResourceIdentifier="chosen",
        Tags=[{"Key": "a", "Value": "b"}])["ReplicationInstance"]
    arn = made["ReplicationInstanceArn"]
    assert arn == f"arn:aws:dms:us-east-1:{ACCOUNT}:rep:chosen" and made["ReplicationInstanceStatus"] == "creating"
    refused("ResourceAlreadyExistsFault", dms.create_replication_instance, ReplicationInstanceIdentifier="main", ReplicationInstanceClass="dms.t3.medium")
    source, target = endpoint("source", "source"), endpoint("target", "target")
    task = {"SourceEndpointArn": source, "TargetEndpointArn": target, "ReplicationInstanceArn": arn, "MigrationType": "full-load-and-cdc",
            "TableMappings": MAPPINGS, "ReplicationTaskIdentifier": "main"}
    refused("InvalidResourceStateFault", dms.create_replication_task, **task)
    refused("InvalidResourceStateFault", dms.modify_replication_instance, ReplicationInstanceArn=arn, AllocatedStorage=60)
    refused("InvalidResourceStateFault", dms.test_connection, ReplicationInstanceArn=arn, EndpointArn=source)
    aws("dms", "wait", "replication-instance-available", "--filters", "Name=replication-instance-id,Values=main")
    refused("InvalidResourceStateFault", dms.delete_replication_subnet_group, ReplicationSubnetGroupIdentifier="main")
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=world["subnets"][0])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=world["group"])
    dms.modify_replication_instance(ReplicationInstanceArn=arn, AllocatedStorage=60, ApplyImmediately=True)
    wait("dms", "replication_instance_available", Filters=filters("replication-instance-arn", arn))
    patiently("InvalidResourceStateFault", dms.reboot_replication_instance, ReplicationInstanceArn=arn)
    wait("dms", "replication_instance_available", Filters=filters("replication-instance-arn", arn))
    patiently("InvalidResourceStateFault", dms.test_connection, ReplicationInstanceArn=arn, EndpointArn=source)
    aws("dms", "wait", "test-connection-succeeds", "--filters", f"Name=endpoint-arn,Values={source}")
    dms.test_connection(ReplicationInstanceArn=arn, EndpointArn=target)
    wait("dms", "test_connection_succeeds", Filters=filters("endpoint-arn", target))
    refused("InvalidParameterValueException", dms.create_replication_task, **{**task, "TableMappings": "{'rules': []}"})
    refused("ResourceNotFoundFault", dms.create_replication_task, **{**task, "SourceEndpointArn": f"arn:aws:dms:us-east-1:{ACCOUNT}:endpoint:NONE"})
    settings = json.dumps({"Logging": {"EnableLogging": False}, "TargetMetadata": {"LobMaxSize": 64}})
    task = dms.create_replication_task(**task, ReplicationTaskSettings=settings)["ReplicationTask"]["ReplicationTaskArn"]
    by_arn = filters("replication-task-arn", task)
    aws("dms", "wait", "replication-task-ready", "--filters", f"Name=replication-task-arn,Values={task}")
    shown = dms.describe_replication_tasks(Filters=by_arn)["ReplicationTasks"][0]
    assert json.loads(shown["ReplicationTaskSettings"])["TargetMetadata"]["LobMaxSize"] == 64
    refused("ResourceAlreadyExistsFault", dms.create_replication_task, SourceEndpointArn=source, TargetEndpointArn=target,
            ReplicationInstanceArn=arn, MigrationType="full-load", TableMappings=MAPPINGS, ReplicationTaskIdentifier="main")
    refused("InvalidResourceStateFault", dms.delete_replication_instance, ReplicationInstanceArn=arn)
    refused("InvalidResourceStateFault", dms.delete_endpoint, EndpointArn=source)
    refused("InvalidResourceStateFault", dms.stop_replication_task, ReplicationTaskArn=task)
    refused("InvalidParameterCombinationException", dms.start_replication_task, ReplicationTaskArn=task, StartReplicationTaskType="resume-processing")
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    aws("dms", "wait", "replication-task-running", "--filters", f"Name=replication-task-arn,Values={task}")
    refused("InvalidResourceStateFault", dms.start_replication_task, ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    refused("InvalidResourceStateFault", dms.delete_replication_task, ReplicationTaskArn=task)
    refused("InvalidResourceStateFault", dms.modify_replication_task, ReplicationTaskArn=task, MigrationType="full-load")
    refused("InvalidResourceStateFault", dms.modify_endpoint, EndpointArn=source, Port=5433)
    tables = eventually(lambda: dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"])
    dms.reload_tables(ReplicationTaskArn=task, TablesToReload=[{k: tables[0][k] for k in ("SchemaName", "TableName")}])
    dms.stop_replication_task(ReplicationTaskArn=task)
    wait("dms", "replication_task_stopped", Filters=by_arn)
    stopped = dms.describe_replication_tasks(Filters=by_arn)["ReplicationTasks"][0]
    stats, latest = stopped["ReplicationTaskStats"], time.time() + 2
    dates = [stopped["ReplicationTaskCreationDate"], stopped["ReplicationTaskStartDate"], stats["FullLoadStartDate"], stats["StopDate"]]
    assert all(date.timestamp() < latest for date in [*dates, stats["StartDate"], stats["FreshStartDate"]]) and dates == sorted(dates), dates
    an_assessment(task)
    dms.modify_replication_task(ReplicationTaskArn=task, MigrationType="cdc")
    eventually(lambda: dms.describe_replication_tasks(Filters=by_arn)["ReplicationTasks"][0]["Status"] != "modifying")
    dms.modify_endpoint(EndpointArn=source, Port=5433)
    second = dms.create_replication_instance(ReplicationInstanceIdentifier="second", ReplicationInstanceClass="dms.t3.medium",
                                             ReplicationSubnetGroupIdentifier="main")["ReplicationInstance"]["ReplicationInstanceArn"]
    wait("dms", "replication_instance_available", Filters=filters("replication-instance-arn", second))
    dms.move_replication_task(ReplicationTaskArn=task, TargetReplicationInstanceArn=second)
    eventually(lambda: dms.describe_replication_tasks(Filters=by_arn)["ReplicationTasks"][0]["Status"] != "moving")
    dms.delete_replication_task(ReplicationTaskArn=task)
    wait("dms", "replication_task_deleted", Filters=by_arn)
    refused("ResourceNotFoundFault", dms.delete_replication_task, ReplicationTaskArn=task)
    dms.delete_connection(EndpointArn=source, ReplicationInstanceArn=arn)
    dms.delete_endpoint(EndpointArn=source)
    dms.delete_endpoint(EndpointArn=target)
    aws("dms", "wait", "endpoint-deleted", "--filters", f"Name=endpoint-arn,Values={source}")
    refused("ResourceNotFoundFault", dms.delete_endpoint, EndpointArn=source)
    for one in (arn, second):
        dms.delete_replication_instance(ReplicationInstanceArn=one)
    refused("InvalidResourceStateFault", dms.delete_replication_instance, ReplicationInstanceArn=arn)
    for one in (arn, second):
        wait("dms", "replication_instance_deleted", Filters=filters("replication-instance-arn", one))
    refused("ResourceNotFoundFault", dms.delete_replication_instance, ReplicationInstanceArn=arn)
    dms.delete_replication_subnet_group(ReplicationSubnetGroupIdentifier="main")
    refused("ResourceNotFoundFault", dms.delete_replication_subnet_group, ReplicationSubnetGroupIdentifier="main")


@test
def endpoints():
    one = endpoint("plain", "source", Tags=[{"Key": "a", "Value": "b"}])
    refused("ResourceAlreadyExistsFault", dms.create_endpoint, EndpointIdentifier="plain", EndpointType="source",
            EngineName="postgres", ServerName="s", Port=5432, Username="u", Password="not-a-secret-1", DatabaseName="d")
    refused("InvalidParameterValueException", dms.create_endpoint, EndpointIdentifier="other", EndpointType="source", EngineName="foobase")
    shown = dms.describe_endpoints(Filters=filters("endpoint-id", "plain"))["Endpoints"][0]
    assert shown["SslMode"] == "none" and "Password" not in shown
    dms.add_tags_to_resource(ResourceArn=one, Tags=[{"Key": "c", "Value": "d"}])
    dms.remove_tags_from_resource(ResourceArn=one, TagKeys=["a"])
    assert ids(dms.list_tags_for_resource(ResourceArn=one)["TagList"], "Key") == ["c"]
    refused("ResourceNotFoundFault", dms.list_tags_for_resource, ResourceArn=f"arn:aws:dms:us-east-1:{ACCOUNT}:endpoint:NONE")
    refused("ResourceNotFoundFault", dms.describe_endpoints, Filters=filters("endpoint-id", "none"))
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    certificate = dms.import_certificate(CertificateIdentifier="ca", CertificatePem=pem)["Certificate"]["CertificateArn"]
    refused("ResourceAlreadyExistsFault", dms.import_certificate, CertificateIdentifier="ca", CertificatePem=pem)
    assert dms.describe_certificates()["Certificates"][0]["CertificateArn"] == certificate
    verified = endpoint("verified", "source", SslMode="verify-ca", CertificateArn=certificate)
    refused("InvalidResourceStateFault", dms.delete_certificate, CertificateArn=certificate)
    dms.delete_endpoint(EndpointArn=verified)
    wait("dms", "endpoint_deleted", Filters=filters("endpoint-arn", verified))
    dms.delete_certificate(CertificateArn=certificate)
    refused("ResourceNotFoundFault", dms.delete_certificate, CertificateArn=certificate)


@test
def event_subscriptions():
    topic = client("sns").create_topic(Name="dms-events")["TopicArn"]
    made = {"SubscriptionName": "events", "SnsTopicArn": topic, "SourceType": "replication-task"}
    dms.create_event_subscription(**made)
    refused("ResourceAlreadyExistsFault", dms.create_event_subscription, **made)
    refused("SNSInvalidTopicFault", dms.create_event_subscription, **{**made, "SubscriptionName": "b", "SnsTopicArn": topic + "x"})
    eventually(lambda: dms.describe_event_subscriptions()["EventSubscriptionsList"][0]["Status"] == "active")
    dms.modify_event_subscription(SubscriptionName="events", Enabled=False)
    assert dms.describe_events(SourceType="replication-instance", Duration=600)["Events"]
    dms.delete_event_subscription(SubscriptionName="events")
    eventually(lambda: not dms.describe_event_subscriptions()["EventSubscriptionsList"])
    refused("ResourceNotFoundFault", dms.delete_event_subscription, SubscriptionName="events")
    assert dms.describe_account_attributes()["AccountQuotas"]


@test
def events_reach_rules_and_subscriptions():
    """A life of an instance, told three times: by DescribeEvents, by a rule and by a subscription, each in the service's own words."""
    groups = {one["SourceType"]: one["EventCategories"] for one in dms.describe_event_categories()["EventCategoryGroupList"]}
    assert set(groups["replication-task"]) == {"configuration change", "creation", "deletion", "failure", "state change"}
    assert [one["SourceType"] for one in dms.describe_event_categories(SourceType="replication-instance")["EventCategoryGroupList"]] == ["replication-instance"]
    refused("InvalidParameterValueException", dms.describe_event_categories, SourceType="endpoint")
    sns, events = client("sns"), client("events")
    topic = sns.create_topic(Name="dms-told")["TopicArn"]
    refused("InvalidParameterValueException", dms.create_event_subscription, SubscriptionName="told", SnsTopicArn=topic,
            SourceType="replication-task", EventCategories=["failover"])
    dms.create_event_subscription(SubscriptionName="told", SnsTopicArn=topic, SourceType="replication-instance", SourceIds=["told"],
                                  EventCategories=["creation", "failover", "deletion"])
    eventually(lambda: dms.describe_event_subscriptions(SubscriptionName="told")["EventSubscriptionsList"][0]["Status"] == "active")
    events.put_rule(Name="dms", EventPattern=json.dumps({"source": ["aws.dms"], "detail": {"type": ["REPLICATION_INSTANCE"]}}))
    events.put_targets(Rule="dms", Targets=[{"Id": "log", "Arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/dms"}])
    dms.create_replication_subnet_group(ReplicationSubnetGroupIdentifier="told", ReplicationSubnetGroupDescription="x", SubnetIds=world["subnets"])
    arn = dms.create_replication_instance(ReplicationInstanceIdentifier="told", ReplicationInstanceClass="dms.t3.medium", MultiAZ=True,
                                          ReplicationSubnetGroupIdentifier="told")["ReplicationInstance"]["ReplicationInstanceArn"]
    by_arn = filters("replication-instance-arn", arn)
    wait("dms", "replication_instance_available", Filters=by_arn)
    before = dms.describe_replication_instances(Filters=by_arn)["ReplicationInstances"][0]
    refused("InvalidParameterCombinationException", dms.reboot_replication_instance, ReplicationInstanceArn=arn, ForceFailover=True, ForcePlannedFailover=True)
    dms.reboot_replication_instance(ReplicationInstanceArn=arn, ForceFailover=True)
    wait("dms", "replication_instance_available", Filters=by_arn)
    after = dms.describe_replication_instances(Filters=by_arn)["ReplicationInstances"][0]
    assert (after["AvailabilityZone"], after["SecondaryAvailabilityZone"]) == (before["SecondaryAvailabilityZone"], before["AvailabilityZone"])
    dms.delete_replication_instance(ReplicationInstanceArn=arn)
    wait("dms", "replication_instance_deleted", Filters=by_arn)

    def described():
        found = dms.describe_events(SourceIdentifier="told", SourceType="replication-instance", Duration=100_000)["Events"]
        return [one["EventCategories"][0] for one in found]
    wanted = ["creation", "creation", "failover", "failover", "deletion", "deletion"]
    eventually(lambda: described() == wanted, otherwise=described)
    numbers = [67, 5, 13, 49, 66, 3]
    delivered = [json.loads(row["Input"]) for row in kept("events.delivery").values()]
    own = [one for one in delivered if one["resources"] == [arn]]
    assert [one["detail"]["eventId"] for one in own] == [f"DMS-EVENT-{n:04}" for n in numbers], own
    assert {one["detail-type"] for one in own} == {"DMS Replication Instance State Change", "DMS Replication Instance Failover State"}
    published = [row["_request"] for row in kept("sns.message").values() if row["_request"]["TopicArn"] == topic]
    assert {one["Subject"] for one in published} == {"DMS Notification Message"}
    told = [json.loads(one["Message"]) for one in published]
    assert [one["Event ID"].strip().rsplit("#", 1)[1] for one in told] == [f"DMS-EVENT-{n:04}" for n in numbers], told
    assert told[0]["Event Source"] == "replication-instance" and "SourceId: told" in told[0]["Identifier Link"]
    dms.delete_replication_subnet_group(ReplicationSubnetGroupIdentifier="told")
    dms.delete_event_subscription(SubscriptionName="told")
    eventually(lambda: "told" not in ids(dms.describe_event_subscriptions()["EventSubscriptionsList"], "CustSubscriptionId"))


@test
def lists_come_in_pages():
    subnets = world["subnets"]
    topic = client("sns").create_topic(Name="dms-pages")["TopicArn"]
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    instances = []
    for n in range(21):
        name = f"page-{n}"
        dms.create_replication_subnet_group(ReplicationSubnetGroupIdentifier=name, ReplicationSubnetGroupDescription="x", SubnetIds=subnets)
        endpoint(name, "source")
        dms.create_event_subscription(SubscriptionName=name, SnsTopicArn=topic)
        dms.import_certificate(CertificateIdentifier=name, CertificatePem=pem)
        instances.append(dms.create_replication_instance(
            ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.medium",
            ReplicationSubnetGroupIdentifier="page-0")["ReplicationInstance"]["ReplicationInstanceArn"])
    source = dms.describe_endpoints(Filters=filters("endpoint-id", "page-0"))["Endpoints"][0]["EndpointArn"]
    target = endpoint("page-target", "target")
    for arn in instances:
        wait("dms", "replication_instance_available", Filters=filters("replication-instance-arn", arn))
        patiently("InvalidResourceStateFault", dms.test_connection, ReplicationInstanceArn=arn, EndpointArn=source)
        dms.create_replication_task(SourceEndpointArn=source, TargetEndpointArn=target, ReplicationInstanceArn=instances[0],
                                    MigrationType="full-load", ReplicationTaskIdentifier=f"t-{arn[-10:]}".lower(),
                                    TableMappings=mappings(21))
    refused("InvalidResourceStateFault", dms.start_replication_task, StartReplicationTaskType="start-replication",
            ReplicationTaskArn=dms.describe_replication_tasks()["ReplicationTasks"][0]["ReplicationTaskArn"])
    dms.test_connection(ReplicationInstanceArn=instances[0], EndpointArn=target)
    wait("dms", "test_connection_succeeds", Filters=filters("endpoint-arn", target))
    task = dms.describe_replication_tasks(Filters=filters("replication-instance-arn", instances[0]))["ReplicationTasks"][0]["ReplicationTaskArn"]
    wait("dms", "replication_task_ready", Filters=filters("replication-task-arn", task))
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    eventually(lambda: len(dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"]) >= 21)
    for name in ("DescribeReplicationInstances", "DescribeReplicationSubnetGroups", "DescribeEndpoints", "DescribeConnections",
                 "DescribeEventSubscriptions", "DescribeCertificates", "DescribeEvents", "DescribeOrderableReplicationInstances"):
        pages("dms", name, 20, "InvalidParameterValueException")
    wait("dms", "replication_task_stopped", Filters=filters("replication-task-arn", task))
    pages("dms", "DescribeReplicationTasks", 20, "InvalidParameterValueException")
    pages("dms", "DescribeTableStatistics", 20, "InvalidParameterValueException", ReplicationTaskArn=task)


def mappings(tables):
    return json.dumps({"rules": [
        {"rule-type": "selection", "rule-id": str(n), "rule-name": str(n), "rule-action": "include",
         "object-locator": {"schema-name": "public", "table-name": f"table_{n}"}} for n in range(1, tables + 1)]})


@test
def filters_filter():
    for name in ("DescribeReplicationInstances", "DescribeReplicationSubnetGroups", "DescribeEndpoints", "DescribeConnections",
                 "DescribeReplicationTasks", "DescribeEventSubscriptions", "DescribeCertificates", "DescribeEvents",
                 "DescribeEventCategories"):
        no_such_filter("InvalidParameterValueException", "dms", name)
    task = dms.describe_replication_tasks()["ReplicationTasks"][0]["ReplicationTaskArn"]
    no_such_filter("InvalidParameterValueException", "dms", "DescribeTableStatistics", ReplicationTaskArn=task)
    found = dms.describe_endpoints(Filters=filters("endpoint-type", "target"))["Endpoints"]
    assert ids(found, "EndpointIdentifier") == ["page-target"]


@test
def nonsense_is_refused():
    def renamed(p):
        p["headers"]["X-Amz-Target"] = "AmazonDMSv20160101.Frobnicate"

    def stranger(p):
        p["body"] = b'{"Colour": "red"}'
    tampered("UnknownOperationException", dms.describe_endpoints, renamed)
    tampered("UnknownParameter", dms.describe_endpoints, stranger)
    refused("SandboxOperationNotImplemented", dms.describe_recommendations)
