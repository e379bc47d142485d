"""RDS: Aurora clusters, their members, snapshots and restores; event subscriptions."""
from harness import ACCOUNT, aws, client, eventually, ids, network, no_such_filter, pages, patiently, refused, role, test, wait

rds, sns, secrets = client("rds"), client("sns"), client("secretsmanager")
BUSY = "InvalidDBClusterStateFault"


def cluster(name, engine="aurora-postgresql", **more):
    if "ManageMasterUserPassword" not in more:
        more.setdefault("MasterUserPassword", "not-a-secret-1")
    return rds.create_db_cluster(DBClusterIdentifier=name, Engine=engine, MasterUsername="app", **more)["DBCluster"]


def shown(name):
    return rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


def up(name):
    eventually(lambda: shown(name)["Status"] == "available")


def member(of, name, klass="db.r6g.large", **more):
    rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=of, Engine=shown(of)["Engine"], DBInstanceClass=klass, **more)
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)


def end(name):
    for one in shown(name)["DBClusterMembers"]:
        patiently("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier=one["DBInstanceIdentifier"], SkipFinalSnapshot=True)
    patiently(BUSY, rds.delete_db_cluster, DBClusterIdentifier=name, SkipFinalSnapshot=True)


@test
def a_cluster_has_its_addresses_at_once_and_its_members_in_their_order():
    _, subnets, group = network("aurora")
    rds.create_db_subnet_group(DBSubnetGroupName="aurora", DBSubnetGroupDescription="x", SubnetIds=subnets)
    rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="aurora", DBParameterGroupFamily="aurora-postgresql16", Description="x")
    made = cluster("ledger", EngineVersion="16.8", DBSubnetGroupName="aurora", VpcSecurityGroupIds=[group], DatabaseName="ledger",
                   DBClusterParameterGroupName="aurora", ManageMasterUserPassword=True, StorageEncrypted=True, BackupRetentionPeriod=7,
                   ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 2}, EnableCloudwatchLogsExports=["postgresql"])
    assert made["Status"] == "creating" and made["Endpoint"].startswith("ledger.cluster-") and ".cluster-ro-" in made["ReaderEndpoint"]
    assert len(made["AvailabilityZones"]) == 3 and made["Port"] == 5432
    refused("DBClusterAlreadyExistsFault", rds.create_db_cluster, DBClusterIdentifier="Ledger", Engine="aurora-postgresql",
            MasterUsername="app", MasterUserPassword="not-a-secret-1")
    up("ledger")
    wait("rds", "db_cluster_available", DBClusterIdentifier="ledger")
    assert shown("ledger")["MasterUserSecret"]["SecretStatus"] == "active"
    assert secrets.describe_secret(SecretId=made["MasterUserSecret"]["SecretArn"])["OwningService"] == "rds"
    member("ledger", "writer", "db.serverless")
    member("ledger", "second", PromotionTier=2)
    member("ledger", "first", PromotionTier=0)
    writer = rds.describe_db_instances(DBInstanceIdentifier="writer")["DBInstances"][0]
    assert writer["StorageEncrypted"] and writer["DBName"] == "ledger" and writer["DBSubnetGroup"]["DBSubnetGroupName"] == "aurora"
    assert ids(writer["VpcSecurityGroups"], "VpcSecurityGroupId") == [group] and writer["EngineVersion"] == "16.8"
    writes = lambda: [one["DBInstanceIdentifier"] for one in shown("ledger")["DBClusterMembers"] if one["IsClusterWriter"]]
    assert writes() == ["writer"]
    rds.failover_db_cluster(DBClusterIdentifier="ledger")
    eventually(lambda: writes() == ["first"])
    up("ledger")
    patiently(BUSY, rds.failover_db_cluster, DBClusterIdentifier="ledger", TargetDBInstanceIdentifier="second")
    eventually(lambda: writes() == ["second"])
    up("ledger")
    refused("InvalidParameterValue", rds.failover_db_cluster, DBClusterIdentifier="ledger", TargetDBInstanceIdentifier="nobody")
    assert aws("rds", "describe-db-clusters", "--db-cluster-identifier", "ledger")["DBClusters"][0]["Engine"] == "aurora-postgresql"
    rds.stop_db_cluster(DBClusterIdentifier="ledger")
    eventually(lambda: shown("ledger")["Status"] == "stopped")
    refused(BUSY, rds.stop_db_cluster, DBClusterIdentifier="ledger")
    rds.start_db_cluster(DBClusterIdentifier="ledger")
    up("ledger")
    end("ledger")
    wait("rds", "db_cluster_deleted", DBClusterIdentifier="ledger")
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId=made["MasterUserSecret"]["SecretArn"])


@test
def what_a_cluster_is_refused():
    call = {"DBClusterIdentifier": "bad", "Engine": "aurora-postgresql", "MasterUsername": "app", "MasterUserPassword": "not-a-secret-1"}
    for code, more in {
        "InvalidParameterCombination": [{"BacktrackWindow": 3600}, {"EngineMode": "serverless"}, {"KmsKeyId": "k"},
                                        {"ManageMasterUserPassword": True}, {"EnableCloudwatchLogsExports": ["audit"]}],
        "InvalidParameterValue": [{"BackupRetentionPeriod": 36}, {"ServerlessV2ScalingConfiguration": {"MinCapacity": 4.0, "MaxCapacity": 2.0}},
                                  {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.3, "MaxCapacity": 2.0}},
                                  {"MasterUserPassword": "short"}, {"DBClusterIdentifier": "bad--name"}, {"StorageType": "gp3"}],
        "DBClusterParameterGroupNotFound": [{"DBClusterParameterGroupName": "never"}],
        "DBSubnetGroupNotFoundFault": [{"DBSubnetGroupName": "never"}],
        "SandboxOperationNotImplemented": [{"Engine": "mysql"}],
    }.items():
        for one in more:
            refused(code, rds.create_db_cluster, **{**call, **one})
    refused("DBClusterNotFoundFault", rds.create_db_instance, DBInstanceIdentifier="alone", DBClusterIdentifier="never",
            Engine="aurora-postgresql", DBInstanceClass="db.r6g.large")
    refused("InvalidParameterCombination", rds.create_db_instance, DBInstanceIdentifier="alone", Engine="aurora-postgresql",
            DBInstanceClass="db.r6g.large")
    cluster("plain")
    refused(BUSY, rds.modify_db_cluster, DBClusterIdentifier="plain", BackupRetentionPeriod=3)
    up("plain")
    refused(BUSY, rds.create_db_instance, DBInstanceIdentifier="elastic", DBClusterIdentifier="plain", Engine="aurora-postgresql",
            DBInstanceClass="db.serverless")
    refused("InvalidParameterCombination", rds.create_db_instance, DBInstanceIdentifier="other", DBClusterIdentifier="plain",
            Engine="aurora-mysql", DBInstanceClass="db.r6g.large")
    refused(BUSY, rds.promote_read_replica_db_cluster, DBClusterIdentifier="plain")
    end("plain")


@test
def a_change_goes_through_modifying():
    cluster("changing", "aurora-mysql", EngineVersion="8.0.mysql_aurora.3.10.1", BacktrackWindow=3600)
    up("changing")
    answer = rds.modify_db_cluster(DBClusterIdentifier="changing", BackupRetentionPeriod=9, ApplyImmediately=True, CopyTagsToSnapshot=True,
                                   CloudwatchLogsExportConfiguration={"EnableLogTypes": ["audit"]}, DeletionProtection=True)["DBCluster"]
    assert answer["Status"] == "modifying" and answer["PendingModifiedValues"]["BackupRetentionPeriod"] == 9
    up("changing")
    now = shown("changing")
    assert now["BackupRetentionPeriod"] == 9 and now["EnabledCloudwatchLogsExports"] == ["audit"] and not now.get("PendingModifiedValues")
    refused("InvalidParameterCombination", rds.modify_db_cluster, DBClusterIdentifier="changing", EngineVersion="8.0.mysql_aurora.3.08.0")
    refused("InvalidParameterCombination", rds.modify_db_cluster, DBClusterIdentifier="changing", ManageMasterUserPassword=True,
            EngineVersion="8.4.mysql_aurora.8.4.7")
    arn = role("cluster-role", "rds.amazonaws.com")
    patiently("InvalidParameterValue", rds.add_role_to_db_cluster, DBClusterIdentifier="changing", RoleArn=arn)
    refused("DBClusterRoleAlreadyExists", rds.add_role_to_db_cluster, DBClusterIdentifier="changing", RoleArn=arn)
    assert ids(shown("changing")["AssociatedRoles"], "RoleArn") == [arn]
    rds.remove_role_from_db_cluster(DBClusterIdentifier="changing", RoleArn=arn)
    refused("DBClusterRoleNotFound", rds.remove_role_from_db_cluster, DBClusterIdentifier="changing", RoleArn=arn)
    assert rds.enable_http_endpoint(ResourceArn=now["DBClusterArn"])["HttpEndpointEnabled"] and shown("changing")["HttpEndpointEnabled"]
    assert not rds.disable_http_endpoint(ResourceArn=now["DBClusterArn"])["HttpEndpointEnabled"]
    refused("ResourceNotFoundFault", rds.enable_http_endpoint, ResourceArn=now["DBClusterArn"] + "x")
    rds.add_tags_to_resource(ResourceName=now["DBClusterArn"], Tags=[{"Key": "a", "Value": "1"}])
    assert shown("changing")["TagList"] == [{"Key": "a", "Value": "1"}]
    patiently(BUSY, rds.modify_db_cluster, DBClusterIdentifier="changing", DeletionProtection=False)
    assert not shown("changing")["DeletionProtection"], "at once"
    end("changing")


@test
def snapshots_restores_and_replicas():
    cluster("origin", EngineVersion="16.8", DatabaseName="app")
    up("origin")
    rds.create_db_cluster_snapshot(DBClusterIdentifier="origin", DBClusterSnapshotIdentifier="kept", Tags=[{"Key": "a", "Value": "1"}])
    refused("DBClusterSnapshotAlreadyExistsFault", rds.create_db_cluster_snapshot, DBClusterIdentifier="origin", DBClusterSnapshotIdentifier="kept")
    refused("InvalidDBClusterSnapshotStateFault", rds.restore_db_cluster_from_snapshot, DBClusterIdentifier="early",
            SnapshotIdentifier="kept", Engine="aurora-postgresql")
    wait("rds", "db_cluster_snapshot_available", DBClusterSnapshotIdentifier="kept")
    snapshot = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="kept")["DBClusterSnapshots"][0]
    assert snapshot["EngineVersion"] == "16.8" and rds.list_tags_for_resource(ResourceName=snapshot["DBClusterSnapshotArn"])["TagList"]
    # TestAccRDSClusterSnapshot_share: who else may restore it.
    def restore(answer):
        found = answer["DBClusterSnapshotAttributesResult"]
        assert found["DBClusterSnapshotIdentifier"] == "kept"
        return next(one["AttributeValues"] for one in found["DBClusterSnapshotAttributes"] if one["AttributeName"] == "restore")
    one = {"DBClusterSnapshotIdentifier": "kept"}
    assert restore(rds.describe_db_cluster_snapshot_attributes(**one)) == []
    assert restore(rds.modify_db_cluster_snapshot_attribute(**one, AttributeName="restore", ValuesToAdd=["111122223333"])) == ["111122223333"]
    assert restore(rds.modify_db_cluster_snapshot_attribute(**one, AttributeName="restore", ValuesToRemove=["111122223333"])) == []
    refused("InvalidParameterValue", rds.modify_db_cluster_snapshot_attribute, **one, AttributeName="copy", ValuesToAdd=["all"])
    refused("InvalidParameterValue", rds.modify_db_cluster_snapshot_attribute, **one, AttributeName="restore", ValuesToAdd=["me"])
    refused("DBClusterSnapshotNotFoundFault", rds.describe_db_cluster_snapshot_attributes, DBClusterSnapshotIdentifier="never")
    made = rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="restored", SnapshotIdentifier="kept", Engine="aurora-postgresql")["DBCluster"]
    assert made["DatabaseName"] == "app" and made["EngineVersion"] == "16.8"
    refused("InvalidParameterCombination", rds.restore_db_cluster_to_point_in_time, DBClusterIdentifier="clone", SourceDBClusterIdentifier="origin")
    clone = rds.restore_db_cluster_to_point_in_time(DBClusterIdentifier="clone", SourceDBClusterIdentifier="origin", RestoreType="copy-on-write",
                                                    UseLatestRestorableTime=True)["DBCluster"]
    assert clone["MasterUsername"] == "app"
    refused("DBClusterSnapshotNotFoundFault", rds.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier="never")
    rds.create_db_cluster(DBClusterIdentifier="replica", Engine="aurora-postgresql", EngineVersion="16.8",
                          ReplicationSourceIdentifier=f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:far")
    for name in ("restored", "clone", "replica"):
        up(name)
    assert rds.promote_read_replica_db_cluster(DBClusterIdentifier="replica")["DBCluster"]["Status"] == "promoting"
    eventually(lambda: "ReplicationSourceIdentifier" not in shown("replica"))
    for name in ("restored", "clone", "replica", "origin"):
        end(name)
    assert rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="kept")["DBClusterSnapshot"]["Status"] == "deleted"


@test
def event_subscriptions():
    topic = sns.create_topic(Name="databases")["TopicArn"]
    call = {"SubscriptionName": "Databases", "SnsTopicArn": topic, "SourceType": "db-cluster", "SourceIds": ["one"]}
    made = rds.create_event_subscription(**call, EventCategories=["failover"])["EventSubscription"]
    assert made["Status"] == "creating" and made["EventSubscriptionArn"].endswith(":es:databases")
    refused("SubscriptionAlreadyExist", rds.create_event_subscription, **call)
    refused("SNSTopicArnNotFound", rds.create_event_subscription, SubscriptionName="x", SnsTopicArn=topic + "x")
    refused("InvalidParameterValue", rds.create_event_subscription, SubscriptionName="x", SnsTopicArn=topic, SourceIds=["one"])
    one = lambda: rds.describe_event_subscriptions(SubscriptionName="databases")["EventSubscriptionsList"][0]
    eventually(lambda: one()["Status"] == "active")
    rds.add_source_identifier_to_subscription(SubscriptionName="databases", SourceIdentifier="two")
    rds.remove_source_identifier_from_subscription(SubscriptionName="databases", SourceIdentifier="one")
    refused("SourceNotFound", rds.remove_source_identifier_from_subscription, SubscriptionName="databases", SourceIdentifier="one")
    rds.modify_event_subscription(SubscriptionName="databases", Enabled=False, EventCategories=["failure"])
    now = one()
    assert now["SourceIdsList"] == ["two"] and now["EventCategoriesList"] == ["failure"] and not now["Enabled"]
    assert rds.list_tags_for_resource(ResourceName=made["EventSubscriptionArn"])["TagList"] == []
    rds.delete_event_subscription(SubscriptionName="databases")
    refused("InvalidEventSubscriptionState", rds.delete_event_subscription, SubscriptionName="databases")


@test
def lists_in_pages():
    topic = sns.create_topic(Name="pages")["TopicArn"]
    for at in range(21):
        cluster(f"page-{at}")
        rds.create_event_subscription(SubscriptionName=f"page-{at}", SnsTopicArn=topic)
    up("page-0")
    for at in range(21):
        patiently(BUSY, rds.create_db_cluster_snapshot, DBClusterIdentifier="page-0", DBClusterSnapshotIdentifier=f"page-{at}")
    for name in ("DescribeDBClusters", "DescribeDBClusterSnapshots", "DescribeEventSubscriptions"):
        pages("rds", name, 20, "InvalidParameterValue")
        no_such_filter("InvalidParameterValue", "rds", name)
    found = rds.describe_db_clusters(Filters=[{"Name": "db-cluster-id", "Values": ["page-3", "page-4"]}])["DBClusters"]
    assert ids(found, "DBClusterIdentifier") == ["page-3", "page-4"]
