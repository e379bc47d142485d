"""DMS Serverless: configurations, what a start passes through, statistics, changes of what rests."""
import json
from datetime import datetime, timedelta, timezone

from harness import ACCOUNT, aws, client, eventually, network, no_such_filter, patiently, refused, role, test

cloudwatch, dms, iam = client("cloudwatch"), client("dms"), client("iam")
RULE = {"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": "SHOP", "table-name": "%"}}
MAPPINGS = json.dumps({"rules": [RULE]})
STAGES = ["initializing", "preparing_metadata_resources", "testing_connection", "fetching_metadata", "calculating_capacity",
          "provisioning_capacity", "replication_starting", "running"]
world = {}


def endpoint(name, kind, engine):
    return dms.create_endpoint(EndpointIdentifier=name, EndpointType=kind, EngineName=engine, ServerName=f"{name}.example.com", Port=1521,
                               Username="u", Password="not-a-secret-1", DatabaseName="d")["Endpoint"]["EndpointArn"]


def config(name, **more):
    asked = {"ReplicationConfigIdentifier": name, "SourceEndpointArn": world["source"], "TargetEndpointArn": world["target"],
             "ReplicationType": "full-load-and-cdc", "TableMappings": MAPPINGS,
             "ComputeConfig": {"MaxCapacityUnits": 16, "ReplicationSubnetGroupId": "serverless", "VpcSecurityGroupIds": [world["group"]]}}
    return {**asked, **more}


def by(arn):
    return [{"Name": "replication-config-arn", "Values": [arn]}]


def replication(arn):
    return dms.describe_replications(Filters=by(arn))["Replications"][0]


def walked(method, member, **more):
    """Page by page, as botocore has no paginator for it: none too long, nothing twice, together the whole list."""
    found, marker = [], {}
    while True:
        page = method(MaxRecords=20, **marker, **more)
        assert len(page[member]) <= 20
        found += page[member]
        if "Marker" not in page:
            break
        marker = {"Marker": page["Marker"]}
    assert len(found) > 20 and len(found) == len(method(MaxRecords=100, **more)[member])
    assert len({json.dumps(one, default=str, sort_keys=True) for one in found}) == len(found)
    refused("InvalidParameterValueException", method, Marker="no-token-of-ours", **more)


def points(dimensions):
    now = datetime.now(timezone.utc)
    return cloudwatch.get_metric_statistics(Namespace="AWS/DMS", MetricName="CapacityUtilization", Dimensions=dimensions, Period=60,
                                            StartTime=now - timedelta(hours=2), EndTime=now + timedelta(minutes=1),
                                            Statistics=["Maximum"])["Datapoints"]


def until(arn, status):
    return eventually(lambda: (found := replication(arn))["Status"] == status and found)


@test
def a_configuration_is_made_and_shown_with_what_dms_fills_in():
    _, subnets, world["group"] = network("serverless")
    role("dms-vpc-role", "dms.amazonaws.com")
    iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole")
    patiently("AccessDeniedFault", dms.create_replication_subnet_group, ReplicationSubnetGroupIdentifier="serverless",
              ReplicationSubnetGroupDescription="x", SubnetIds=subnets)
    world.update(source=endpoint("oracle", "source", "oracle"), target=endpoint("aurora", "target", "aurora-postgresql"))
    for wrong in ({"MaxCapacityUnits": 3}, {"MaxCapacityUnits": 0}, {"MaxCapacityUnits": 385}, {"MinCapacityUnits": 2},
                  {"MaxCapacityUnits": 2, "DnsNameServers": "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5"}):
        refused("InvalidParameterValueException", dms.create_replication_config, **config("main", ComputeConfig=wrong))
    for wrong in ({"MaxCapacityUnits": 2, "MinCapacityUnits": 4}, {"MaxCapacityUnits": 2, "MultiAZ": True, "AvailabilityZone": "us-east-1a"}):
        refused("InvalidParameterCombinationException", dms.create_replication_config, **config("main", ComputeConfig=wrong))
    nowhere = {"MaxCapacityUnits": 2, "ReplicationSubnetGroupId": "nowhere"}
    refused("ResourceNotFoundFault", dms.create_replication_config, **config("main", ComputeConfig=nowhere))
    refused("ResourceNotFoundFault", dms.create_replication_config, **config("main", SourceEndpointArn=world["source"] + "X"))
    refused("InvalidParameterValueException", dms.create_replication_config, **config("main", SourceEndpointArn=world["target"]))
    refused("InvalidParameterValueException", dms.create_replication_config, **config("main", TableMappings="{'rules': []}"))
    refused("InvalidParameterValueException", dms.create_replication_config, **config("main", SupplementalSettings="{no json"))
    settings = json.dumps({"Logging": {"EnableLogging": True}, "ValidationSettings": {"EnableValidation": True}})
    made = dms.create_replication_config(**config("Main", ReplicationSettings=settings, ResourceIdentifier="main",
                                                  Tags=[{"Key": "a", "Value": "b"}]))["ReplicationConfig"]
    arn = world["arn"] = made["ReplicationConfigArn"]
    assert arn == f"arn:aws:dms:us-east-1:{ACCOUNT}:replication-config:main" and made["ReplicationConfigIdentifier"] == "main"
    refused("ResourceAlreadyExistsFault", dms.create_replication_config, **config("main"))
    shown = dms.describe_replication_configs(Filters=by(arn))["ReplicationConfigs"][0]
    assert shown["ComputeConfig"]["MinCapacityUnits"] == 1 and shown["ComputeConfig"]["MultiAZ"] is False
    assert shown["ComputeConfig"]["KmsKeyId"].startswith("arn:aws:kms:")
    whole = json.loads(shown["ReplicationSettings"])
    assert whole["Logging"]["CloudWatchLogGroup"] == "dms-serverless-replication-main"
    assert whole["TargetMetadata"]["LobMaxSize"] == 32, "defaults are filled in"
    assert replication(arn)["Status"] == "created", "made, it does nothing"
    assert dms.list_tags_for_resource(ResourceArn=arn)["TagList"] == [{"Key": "a", "Value": "b"}]
    listed = aws("dms", "describe-replication-configs", "--filters", "Name=replication-config-id,Values=main")
    assert listed["ReplicationConfigs"][0]["ReplicationConfigArn"] == arn


@test
def a_start_passes_through_its_states_and_statistics_follow():
    arn = world["arn"]
    refused("InvalidParameterCombinationException", dms.start_replication, ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    refused("InvalidParameterValueException", dms.start_replication, ReplicationConfigArn=arn, StartReplicationType="begin")
    refused("InvalidResourceStateFault", dms.stop_replication, ReplicationConfigArn=arn)
    # User Guide, AWS DMS Serverless premigration: the results' bucket is DMS's own.
    refused("InvalidParameterValueException", dms.start_replication, ReplicationConfigArn=arn, StartReplicationType="start-replication",
            PremigrationAssessmentSettings=json.dumps({"ResultLocationBucket": "clients"}))
    settings = json.dumps({"ResultLocationFolder": "clients", "FailOnAssessmentFailure": True})
    begun = dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="start-replication",
                                  PremigrationAssessmentSettings=settings)["Replication"]
    assert begun["Status"] == "initializing" and begun["ProvisionData"]["ProvisionState"] == "provisioning"
    for call, more in ((dms.start_replication, {"StartReplicationType": "start-replication"}), (dms.delete_replication_config, {}),
                       (dms.modify_replication_config, {"TableMappings": MAPPINGS})):
        refused("InvalidResourceStateFault", call, ReplicationConfigArn=arn, **more)
    seen = []

    def runs():
        status = replication(arn)["Status"]
        if status not in seen:
            seen.append(status)
        return status == "running"
    eventually(runs)
    assert seen == [stage for stage in STAGES if stage in seen] and len(seen) > 2, seen
    found = replication(arn)
    assert found["ProvisionData"]["ProvisionState"] == "provisioned" and found["ProvisionData"]["ProvisionedCapacityUnits"] == 2
    assert found["ProvisionData"]["IsNewProvisioningAvailable"] and found["ProvisionData"]["ReasonForNewProvisioningData"]
    assert found["PremigrationAssessmentStatuses"][0]["Status"] == "passed"
    # Public Terraform modules read this dimension (`account:last part of the ARN`), not the identifier.
    wanted = [{"Name": "ReplicationConfigId", "Value": f"{ACCOUNT}:main"}]
    eventually(lambda: points(wanted))
    assert not points([{"Name": "ReplicationConfigId", "Value": "main"}])
    assert not points([{"Name": "ReplicationConfigIdentifier", "Value": "main"}])
    eventually(lambda: replication(arn)["ReplicationStats"]["FullLoadProgressPercent"] == 100)
    tables = dms.describe_replication_table_statistics(ReplicationConfigArn=arn)["ReplicationTableStatistics"]
    assert {one["SchemaName"] for one in tables} == {"SHOP"} and len(tables) == 6
    table = {key: tables[0][key] for key in ("SchemaName", "TableName")}
    dms.reload_replication_tables(ReplicationConfigArn=arn, TablesToReload=[table])
    refused("InvalidParameterValueException", dms.reload_replication_tables, ReplicationConfigArn=arn,
            TablesToReload=[{"SchemaName": "SHOP", "TableName": "nowhere"}])
    no_such_filter("InvalidParameterValueException", "dms", "DescribeReplicationTableStatistics", ReplicationConfigArn=arn)
    rules = [{**RULE, "rule-id": str(at), "rule-name": str(at), "object-locator": {"schema-name": f"S{at}", "table-name": "%"}} for at in range(5)]
    dms.stop_replication(ReplicationConfigArn=arn)
    stopped = until(arn, "stopped")
    assert stopped["StopReason"] == "Stop Reason NORMAL" and stopped["RecoveryCheckpoint"]
    refused("InvalidResourceStateFault", dms.reload_replication_tables, ReplicationConfigArn=arn, TablesToReload=[table])
    dms.modify_replication_config(ReplicationConfigArn=arn, TableMappings=json.dumps({"rules": rules}), ComputeConfig={"MaxCapacityUnits": 32})
    refused("InvalidResourceStateFault", dms.start_replication, ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    until(arn, "stopped")
    # Refused so on AWS once capacity was provisioned (a public report of 2026).
    refused("InvalidParameterValueException", dms.modify_replication_config, ReplicationConfigArn=arn, ReplicationType="cdc")
    assert dms.describe_replication_configs(Filters=by(arn))["ReplicationConfigs"][0]["ComputeConfig"]["MaxCapacityUnits"] == 32
    dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    again = until(arn, "running")
    assert again["StartReplicationType"] == "resume-processing"
    walked(dms.describe_replication_table_statistics, "ReplicationTableStatistics", ReplicationConfigArn=arn)


@test
def it_goes_once_its_capacity_is_gone():
    arn = world["arn"]
    refused("InvalidResourceStateFault", dms.delete_endpoint, EndpointArn=world["source"])
    refused("InvalidResourceStateFault", dms.modify_endpoint, EndpointArn=world["source"], Port=1522)
    dms.stop_replication(ReplicationConfigArn=arn)
    until(arn, "stopped")
    eventually(lambda: replication(arn)["ProvisionData"]["ProvisionState"] == "deprovisioned")
    dms.delete_replication_config(ReplicationConfigArn=arn)

    def gone():
        try:
            return not dms.describe_replications(Filters=by(arn))["Replications"]
        except dms.exceptions.ResourceNotFoundFault:
            return True
    eventually(gone)
    patiently("InvalidResourceStateFault", dms.modify_endpoint, EndpointArn=world["source"], Port=1522)


@test
def lists_come_in_pages():
    for at in range(25):
        dms.create_replication_config(**config(f"page-{at}"))
    for name, method in (("ReplicationConfigs", dms.describe_replication_configs), ("Replications", dms.describe_replications)):
        walked(method, name)
        no_such_filter("InvalidParameterValueException", "dms", f"Describe{name}")
