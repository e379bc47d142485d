"""Deletes in the wrong order: databases and what migrates them, and the networks they stand in."""
import itertools
import json

from harness import client, eventually, ids, network, patiently, role, wait
from order import wrong

ec2, rds, dms, iam = client("ec2"), client("rds"), client("dms"), client("iam")
far = client("rds", "eu-west-1")
MAPPINGS = json.dumps({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
                                  "object-locator": {"schema-name": "public", "table-name": "%"}}]})
number = itertools.count(1)
role("dms-vpc-role", "dms.amazonaws.com")
iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole")


def fresh(prefix="order"):
    return f"{prefix}-{next(number)}"


# RDS

def database(**more):
    name = fresh("db")
    rds.create_db_instance(DBInstanceIdentifier=name, DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
                           MasterUsername="master", MasterUserPassword="not-a-secret-1", **more)
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    return name


def shown(name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def end(name):
    patiently("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)


def subnet_group(subnets):
    name = fresh("subnets")
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=subnets)
    return name


def replica(of):
    name = fresh("replica")
    patiently("InvalidDBInstanceState", rds.create_db_instance_read_replica, DBInstanceIdentifier=name, SourceDBInstanceIdentifier=of)
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    wait("rds", "db_instance_available", DBInstanceIdentifier=of)
    return name


def snapshot(of):
    name = fresh("snapshot")
    patiently("InvalidDBInstanceState", rds.create_db_snapshot, DBInstanceIdentifier=of, DBSnapshotIdentifier=name)
    return name


@wrong("ec2:DeleteSubnet", "a database instance")
def _():
    _, subnets, _ = network()
    name = database(DBSubnetGroupName=subnet_group(subnets))
    inner = next(s for s in subnets if ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [s]}])["NetworkInterfaces"])
    yield ec2.delete_subnet, {"SubnetId": inner}
    end(name)


@wrong("ec2:DeleteSubnet", "a DB subnet group without instances")
def _():
    _, subnets, _ = network()
    name = subnet_group(subnets)
    yield ec2.delete_subnet, {"SubnetId": subnets[0]}
    found = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    assert subnets[0] in ids(found["Subnets"], "SubnetIdentifier")
    rds.delete_db_subnet_group(DBSubnetGroupName=name)


@wrong("ec2:DeleteSecurityGroup", "a database instance")
def _():
    _, subnets, group = network()
    name = database(DBSubnetGroupName=subnet_group(subnets), VpcSecurityGroupIds=[group])
    yield ec2.delete_security_group, {"GroupId": group}
    end(name)


@wrong("rds:DeleteDBInstance", "its own protection")
def _():
    name = database(DeletionProtection=True)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)


@wrong("rds:DeleteDBInstance", "a final snapshot that is not named")
def _():
    name = database()
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name}
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "FinalDBSnapshotIdentifier": fresh("final")}


@wrong("rds:DeleteDBInstance", "a read replica")
def _():
    name = database(BackupRetentionPeriod=1)
    copy = replica(name)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    eventually(lambda: shown(copy)["DBInstanceStatus"] == "available" and "ReadReplicaSourceDBInstanceIdentifier" not in shown(copy))


def backups(region=rds, **by):
    return region.describe_db_instance_automated_backups(**by)["DBInstanceAutomatedBackups"]


def copied(of):
    """Has the backups of an instance copied to another region."""
    far.start_db_instance_automated_backups_replication(SourceDBInstanceArn=shown(of)["DBInstanceArn"])
    wait("rds", "db_instance_available", DBInstanceIdentifier=of)
    return eventually(lambda: [b for b in backups(far, DBInstanceIdentifier=of) if b["Status"] == "replicating"])[0]


@wrong("rds:DeleteDBInstance", "its automated backups")
def _():
    name = database(BackupRetentionPeriod=1)
    assert backups(DBInstanceIdentifier=name)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    assert name not in ids(backups(), "DBInstanceIdentifier")


@wrong("rds:DeleteDBInstance", "automated backups that are to stay")
def _():
    name = database(BackupRetentionPeriod=1)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True, "DeleteAutomatedBackups": False}
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    assert ids(backups(DBInstanceIdentifier=name), "Status") == ["retained"]


@wrong("rds:DeleteDBInstance", "the copies of its backups in another region")
def _():
    name = database(BackupRetentionPeriod=1)
    copied(name)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    assert ids(backups(far, DBInstanceIdentifier=name), "Status") == ["retained"]


@wrong("rds:DeleteDBInstanceAutomatedBackup", "the instance it is of")
def _():
    name = database(BackupRetentionPeriod=1)
    yield rds.delete_db_instance_automated_backup, {"DbiResourceId": shown(name)["DbiResourceId"]}
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)


@wrong("rds:DeleteDBInstanceAutomatedBackup", "the replication that adds to it")
def _():
    name = database(BackupRetentionPeriod=1)
    copy = copied(name)
    yield far.delete_db_instance_automated_backup, {"DBInstanceAutomatedBackupsArn": copy["DBInstanceAutomatedBackupsArn"]}
    far.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=shown(name)["DBInstanceArn"])


@wrong("rds:StopDBInstanceAutomatedBackupsReplication", "the copies in the other region")
def _():
    name = database(BackupRetentionPeriod=1)
    copied(name)
    yield far.stop_db_instance_automated_backups_replication, {"SourceDBInstanceArn": shown(name)["DBInstanceArn"]}
    assert ids(backups(far, DBInstanceIdentifier=name), "Status") == ["retained"]
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    assert not shown(name).get("DBInstanceAutomatedBackupsReplications")


@wrong("rds:DeleteDBInstance", "a manual snapshot")
def _():
    name = database()
    kept = snapshot(name)
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier=kept)
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    assert rds.describe_db_snapshots(DBSnapshotIdentifier=kept)["DBSnapshots"][0]["DBInstanceIdentifier"] == name


@wrong("rds:StopDBInstance", "a read replica")
def _():
    name = database(BackupRetentionPeriod=1)
    copy = replica(name)
    yield rds.stop_db_instance, {"DBInstanceIdentifier": name}
    end(copy)


@wrong("rds:DeleteDBSubnetGroup", "a database instance")
def _():
    _, subnets, _ = network()
    group = subnet_group(subnets)
    name = database(DBSubnetGroupName=group)
    yield rds.delete_db_subnet_group, {"DBSubnetGroupName": group}
    end(name)


@wrong("rds:DeleteDBParameterGroup", "a database instance")
def _():
    group = fresh("parameters")
    name = database()
    family = "postgres" + shown(name)["EngineVersion"].split(".")[0]
    rds.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily=family, Description="x")
    rds.modify_db_instance(DBInstanceIdentifier=name, DBParameterGroupName=group, ApplyImmediately=True)
    eventually(lambda: group in ids(shown(name)["DBParameterGroups"], "DBParameterGroupName"))
    yield rds.delete_db_parameter_group, {"DBParameterGroupName": group}
    end(name)


@wrong("rds:DeleteDBParameterGroup", "the family whose default it is")
def _():
    name = database()
    yield rds.delete_db_parameter_group, {"DBParameterGroupName": shown(name)["DBParameterGroups"][0]["DBParameterGroupName"]}
    yield None, {}


def cluster(**more):
    name = fresh("cluster")
    rds.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="master", MasterUserPassword="not-a-secret-1", **more)
    wait("rds", "db_cluster_available", DBClusterIdentifier=name)
    return name


def instance(of):
    name = fresh("member")
    rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=of, Engine="aurora-postgresql", DBInstanceClass="db.r6g.large")
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    return name


def over(name):
    patiently("InvalidDBClusterStateFault", rds.delete_db_cluster, DBClusterIdentifier=name, SkipFinalSnapshot=True)
    wait("rds", "db_cluster_deleted", DBClusterIdentifier=name)


@wrong("rds:DeleteDBCluster", "an instance")
def _():
    name = cluster()
    inner = instance(name)
    yield rds.delete_db_cluster, {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
    end(inner)


@wrong("rds:DeleteDBCluster", "its own protection")
def _():
    name = cluster(DeletionProtection=True)
    yield rds.delete_db_cluster, {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
    rds.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False)
    wait("rds", "db_cluster_available", DBClusterIdentifier=name)


@wrong("rds:DeleteDBCluster", "a final snapshot that is not named")
def _():
    name = cluster()
    yield rds.delete_db_cluster, {"DBClusterIdentifier": name}
    yield rds.delete_db_cluster, {"DBClusterIdentifier": name, "FinalDBSnapshotIdentifier": fresh("final")}


@wrong("rds:DeleteDBCluster", "a manual snapshot")
def _():
    name, kept = cluster(), fresh("kept")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=kept)
    wait("rds", "db_cluster_snapshot_available", DBClusterSnapshotIdentifier=kept)
    yield rds.delete_db_cluster, {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
    wait("rds", "db_cluster_deleted", DBClusterIdentifier=name)
    assert rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=kept)["DBClusterSnapshots"]


@wrong("rds:DeleteDBClusterSnapshot", "the backup that still makes it")
def _():
    name, kept = cluster(), fresh("kept")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=kept)
    yield rds.delete_db_cluster_snapshot, {"DBClusterSnapshotIdentifier": kept}
    wait("rds", "db_cluster_snapshot_available", DBClusterSnapshotIdentifier=kept)


@wrong("rds:DeleteDBClusterSnapshot", "a cluster restored from it")
def _():
    name, kept, new = cluster(), fresh("kept"), fresh("cluster")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=kept)
    wait("rds", "db_cluster_snapshot_available", DBClusterSnapshotIdentifier=kept)
    rds.restore_db_cluster_from_snapshot(DBClusterIdentifier=new, SnapshotIdentifier=kept, Engine="aurora-postgresql")
    yield rds.delete_db_cluster_snapshot, {"DBClusterSnapshotIdentifier": kept}
    wait("rds", "db_cluster_available", DBClusterIdentifier=new)


@wrong("rds:DeleteDBClusterParameterGroup", "a cluster")
def _():
    group = fresh("parameters")
    name = cluster()
    version = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["EngineVersion"]
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=group, DBParameterGroupFamily="aurora-postgresql" + version.split(".")[0], Description="x")
    rds.modify_db_cluster(DBClusterIdentifier=name, DBClusterParameterGroupName=group)
    eventually(lambda: rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["DBClusterParameterGroup"] == group)
    yield rds.delete_db_cluster_parameter_group, {"DBClusterParameterGroupName": group}
    over(name)


@wrong("rds:DeleteDBClusterParameterGroup", "the family whose default it is")
def _():
    yield rds.delete_db_cluster_parameter_group, {"DBClusterParameterGroupName": "default.aurora-postgresql16"}
    yield None, {}


@wrong("rds:DeleteDBSubnetGroup", "a cluster without instances")
def _():
    _, subnets, _ = network()
    group = subnet_group(subnets)
    name = cluster(DBSubnetGroupName=group)
    yield rds.delete_db_subnet_group, {"DBSubnetGroupName": group}
    over(name)


@wrong("rds:DeleteDBInstance", "the cluster it writes for")
def _():
    name = cluster()
    writer, reader = instance(name), instance(name)
    yield rds.delete_db_instance, {"DBInstanceIdentifier": writer, "SkipFinalSnapshot": True}
    members = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["DBClusterMembers"]
    assert [one["DBInstanceIdentifier"] for one in members if one["IsClusterWriter"]] == [reader]


def options(engine="postgres", major="17"):
    name = fresh("options")
    rds.create_option_group(OptionGroupName=name, EngineName=engine, MajorEngineVersion=major, OptionGroupDescription="x")
    return name


@wrong("rds:DeleteOptionGroup", "a database instance")
def _():
    group = options()
    name = database(OptionGroupName=group, EngineVersion="17")
    yield rds.delete_option_group, {"OptionGroupName": group}
    end(name)


@wrong("rds:DeleteOptionGroup", "the engine whose default it is")
def _():
    name = database()
    yield rds.delete_option_group, {"OptionGroupName": shown(name)["OptionGroupMemberships"][0]["OptionGroupName"]}
    yield None, {}


@wrong("rds:DeleteDBSnapshot", "the backup that still makes it")
def _():
    name = database()
    one = snapshot(name)
    yield rds.delete_db_snapshot, {"DBSnapshotIdentifier": one}
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier=one)


@wrong("rds:DeleteDBSnapshot", "an instance restored from it")
def _():
    name = database()
    one, copy = snapshot(name), fresh("restored")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier=one)
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=copy, DBSnapshotIdentifier=one)
    wait("rds", "db_instance_available", DBInstanceIdentifier=copy)
    yield rds.delete_db_snapshot, {"DBSnapshotIdentifier": one}
    assert shown(copy)["DBInstanceStatus"] == "available"


# DMS

def replication_subnets():
    """A replication subnet group in a network of its own: `(name, subnets, security group)`."""
    _, subnets, group = network()
    name = fresh("replication")

    def made():
        try:
            return dms.create_replication_subnet_group(
                ReplicationSubnetGroupIdentifier=name, ReplicationSubnetGroupDescription="x", SubnetIds=subnets)
        except dms.exceptions.AccessDeniedFault:
            return None  # the role is not yet known everywhere
    eventually(made)
    return name, subnets, group


def replication_instance(group, **more):
    arn = dms.create_replication_instance(ReplicationInstanceIdentifier=fresh("instance"), ReplicationInstanceClass="dms.t3.medium",
                                          ReplicationSubnetGroupIdentifier=group, **more)["ReplicationInstance"]["ReplicationInstanceArn"]
    wait("dms", "replication_instance_available", Filters=[{"Name": "replication-instance-arn", "Values": [arn]}])
    return arn


def end_instance(arn):
    dms.delete_replication_instance(ReplicationInstanceArn=arn)
    wait("dms", "replication_instance_deleted", Filters=[{"Name": "replication-instance-arn", "Values": [arn]}])


def endpoint(kind="source", **more):
    name = fresh("endpoint")
    return dms.create_endpoint(EndpointIdentifier=name, EndpointType=kind, EngineName="postgres", ServerName=f"{name}.example.com", Port=5432,
                               Username="u", Password="not-a-secret-1", DatabaseName="d", **more)["Endpoint"]["EndpointArn"]


def tested(instance, *endpoints):
    for one in endpoints:
        patiently("InvalidResourceStateFault", dms.test_connection, ReplicationInstanceArn=instance, EndpointArn=one)
        wait("dms", "test_connection_succeeds", Filters=[{"Name": "endpoint-arn", "Values": [one]}])


def task(instance, source, target):
    arn = dms.create_replication_task(
        SourceEndpointArn=source, TargetEndpointArn=target, ReplicationInstanceArn=instance, MigrationType="full-load-and-cdc",
        TableMappings=MAPPINGS, ReplicationTaskIdentifier=fresh("task"))["ReplicationTask"]["ReplicationTaskArn"]
    wait("dms", "replication_task_ready", Filters=[{"Name": "replication-task-arn", "Values": [arn]}])
    return arn


def end_task(arn):
    dms.delete_replication_task(ReplicationTaskArn=arn)
    wait("dms", "replication_task_deleted", Filters=[{"Name": "replication-task-arn", "Values": [arn]}])


def migration():
    """An instance, two tested endpoints and a task that is ready: `(instance, source, target, task)`."""
    group, *_ = replication_subnets()
    instance, source, target = replication_instance(group), endpoint(), endpoint("target")
    tested(instance, source, target)
    return instance, source, target, task(instance, source, target)


@wrong("ec2:DeleteSubnet", "a replication instance")
def _():
    group, subnets, _ = replication_subnets()
    arn = replication_instance(group)
    inner = next(s for s in subnets if ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [s]}])["NetworkInterfaces"])
    yield ec2.delete_subnet, {"SubnetId": inner}
    end_instance(arn)


@wrong("ec2:DeleteSubnet", "a replication subnet group without instances")
def _():
    group, subnets, _ = replication_subnets()
    yield ec2.delete_subnet, {"SubnetId": subnets[0]}
    found = dms.describe_replication_subnet_groups(Filters=[{"Name": "replication-subnet-group-id", "Values": [group]}])
    assert subnets[0] in ids(found["ReplicationSubnetGroups"][0]["Subnets"], "SubnetIdentifier")
    dms.delete_replication_subnet_group(ReplicationSubnetGroupIdentifier=group)


@wrong("ec2:DeleteSecurityGroup", "a replication instance")
def _():
    name, _, group = replication_subnets()
    arn = replication_instance(name, VpcSecurityGroupIds=[group])
    yield ec2.delete_security_group, {"GroupId": group}
    end_instance(arn)


@wrong("dms:DeleteReplicationInstance", "a task")
def _():
    instance, *_, work = migration()
    yield dms.delete_replication_instance, {"ReplicationInstanceArn": instance}
    end_task(work)


@wrong("dms:DeleteReplicationInstance", "a tested connection")
def _():
    group, *_ = replication_subnets()
    instance, source = replication_instance(group), endpoint()
    tested(instance, source)
    yield dms.delete_replication_instance, {"ReplicationInstanceArn": instance}
    of_source = [{"Name": "endpoint-arn", "Values": [source]}]
    eventually(lambda: not connections(of_source))


def connections(filters):
    try:
        return dms.describe_connections(Filters=filters)["Connections"]
    except dms.exceptions.ResourceNotFoundFault:
        return []


@wrong("dms:DeleteEndpoint", "a task from it")
def _():
    _, source, _, work = migration()
    yield dms.delete_endpoint, {"EndpointArn": source}
    end_task(work)


@wrong("dms:DeleteEndpoint", "a task to it")
def _():
    _, _, target, work = migration()
    yield dms.delete_endpoint, {"EndpointArn": target}
    end_task(work)


@wrong("dms:DeleteEndpoint", "a tested connection")
def _():
    group, *_ = replication_subnets()
    instance, source = replication_instance(group), endpoint()
    tested(instance, source)
    of_instance = [{"Name": "replication-instance-arn", "Values": [instance]}]
    assert connections(of_instance)
    yield dms.delete_endpoint, {"EndpointArn": source}
    eventually(lambda: not connections(of_instance))


@wrong("dms:DeleteReplicationTask", "its own run")
def _():
    *_, work = migration()
    by_arn = [{"Name": "replication-task-arn", "Values": [work]}]
    dms.start_replication_task(ReplicationTaskArn=work, StartReplicationTaskType="start-replication")
    wait("dms", "replication_task_running", Filters=by_arn)
    yield dms.delete_replication_task, {"ReplicationTaskArn": work}
    dms.stop_replication_task(ReplicationTaskArn=work)
    wait("dms", "replication_task_stopped", Filters=by_arn)


@wrong("dms:DeleteReplicationSubnetGroup", "a replication instance")
def _():
    group, *_ = replication_subnets()
    arn = replication_instance(group)
    yield dms.delete_replication_subnet_group, {"ReplicationSubnetGroupIdentifier": group}
    end_instance(arn)


def serverless(group, source, target):
    return dms.create_replication_config(
        ReplicationConfigIdentifier=fresh("config"), SourceEndpointArn=source, TargetEndpointArn=target, ReplicationType="full-load-and-cdc",
        TableMappings=MAPPINGS, ComputeConfig={"MaxCapacityUnits": 2, "ReplicationSubnetGroupId": group})["ReplicationConfig"]["ReplicationConfigArn"]


def replicates(arn):
    return dms.describe_replications(Filters=[{"Name": "replication-config-arn", "Values": [arn]}])["Replications"][0]


@wrong("dms:DeleteEndpoint", "a serverless replication")
def _():
    group, *_ = replication_subnets()
    source = endpoint()
    arn = serverless(group, source, endpoint("target"))
    yield dms.delete_endpoint, {"EndpointArn": source}
    dms.delete_replication_config(ReplicationConfigArn=arn)


@wrong("dms:DeleteReplicationSubnetGroup", "a serverless replication")
def _():
    group, *_ = replication_subnets()
    arn = serverless(group, endpoint(), endpoint("target"))
    yield dms.delete_replication_subnet_group, {"ReplicationSubnetGroupIdentifier": group}
    dms.delete_replication_config(ReplicationConfigArn=arn)


@wrong("dms:DeleteReplicationConfig", "its own run")
def _():
    group, *_ = replication_subnets()
    arn = serverless(group, endpoint(), endpoint("target"))
    dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="start-replication")
    yield dms.delete_replication_config, {"ReplicationConfigArn": arn}
    eventually(lambda: replicates(arn)["Status"] == "running")
    dms.stop_replication(ReplicationConfigArn=arn)


@wrong("dms:DeleteReplicationConfig", "its capacity")
def _():
    group, *_ = replication_subnets()
    arn = serverless(group, endpoint(), endpoint("target"))
    dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="start-replication")
    eventually(lambda: replicates(arn)["Status"] == "running")
    dms.stop_replication(ReplicationConfigArn=arn)
    eventually(lambda: replicates(arn)["Status"] == "stopped")
    yield dms.delete_replication_config, {"ReplicationConfigArn": arn}


def project():
    """A migration project with two providers and a profile: `(project, source, profile)`."""
    names = [fresh("provider"), fresh("provider")]
    for name in names:
        dms.create_data_provider(DataProviderName=name, Engine="postgres", Settings={"PostgreSqlSettings": {
            "ServerName": f"{name}.example.com", "Port": 5432, "DatabaseName": "d", "SslMode": "require"}})
    secret = client("secretsmanager").create_secret(Name=fresh("opens"), SecretString=json.dumps({"username": "u", "password": "p"}))["ARN"]
    reader = role(fresh("opener"), "dms.us-east-1.amazonaws.com")
    profile = dms.create_instance_profile(InstanceProfileName=fresh("profile"))["InstanceProfile"]["InstanceProfileArn"]
    source, target = ([{"DataProviderIdentifier": name, "SecretsManagerSecretId": secret, "SecretsManagerAccessRoleArn": reader}] for name in names)
    made = dms.create_migration_project(MigrationProjectName=fresh("project"), InstanceProfileIdentifier=profile,
                                        SourceDataProviderDescriptors=source, TargetDataProviderDescriptors=target)
    return made["MigrationProject"]["MigrationProjectArn"], names[0], profile


@wrong("dms:DeleteDataProvider", "a migration project")
def _():
    made, source, _ = project()
    yield dms.delete_data_provider, {"DataProviderIdentifier": source}
    dms.delete_migration_project(MigrationProjectIdentifier=made)


@wrong("dms:DeleteInstanceProfile", "a migration project")
def _():
    made, _, profile = project()
    yield dms.delete_instance_profile, {"InstanceProfileIdentifier": profile}
    dms.delete_migration_project(MigrationProjectIdentifier=made)


def data_migration(made):
    name = fresh("migration")
    dms.create_data_migration(DataMigrationName=name, MigrationProjectIdentifier=made, DataMigrationType="full-load-and-cdc",
                              ServiceAccessRoleArn=role(fresh("migrator"), "dms.amazonaws.com"))
    return name


def migrates(name):
    return dms.describe_data_migrations(Filters=[{"Name": "data-migration-identifier", "Values": [name]}])["DataMigrations"][0]["DataMigrationStatus"]


@wrong("dms:DeleteMigrationProject", "a data migration")
def _():
    made, *_ = project()
    name = data_migration(made)
    yield dms.delete_migration_project, {"MigrationProjectIdentifier": made}
    dms.delete_data_migration(DataMigrationIdentifier=name)


@wrong("dms:DeleteDataMigration", "its own run")
def _():
    made, *_ = project()
    name = data_migration(made)
    eventually(lambda: migrates(name) == "ready")
    dms.start_data_migration(DataMigrationIdentifier=name, StartType="start-replication")
    yield dms.delete_data_migration, {"DataMigrationIdentifier": name}
    eventually(lambda: migrates(name) in ("load running", "load complete, replication ongoing"))
    dms.stop_data_migration(DataMigrationIdentifier=name)


@wrong("dms:DeleteCertificate", "an endpoint")
def _():
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    certificate = dms.import_certificate(CertificateIdentifier=fresh("ca"), CertificatePem=pem)["Certificate"]["CertificateArn"]
    one = endpoint(SslMode="verify-ca", CertificateArn=certificate)
    yield dms.delete_certificate, {"CertificateArn": certificate}
    dms.delete_endpoint(EndpointArn=one)
    wait("dms", "endpoint_deleted", Filters=[{"Name": "endpoint-arn", "Values": [one]}])


@wrong("secretsmanager:DeleteSecret", "an endpoint that reads it")
def _():
    secrets = client("secretsmanager")
    name = fresh("secret")
    arn = secrets.create_secret(Name=name, SecretString=json.dumps({"username": "u", "password": "p", "host": "h.example.com", "port": 5432}))["ARN"]
    reader = role(fresh("reader"), "dms.us-east-1.amazonaws.com")
    one = dms.create_endpoint(EndpointIdentifier=fresh("endpoint"), EndpointType="source", EngineName="postgres", DatabaseName="d", PostgreSQLSettings={
        "SecretsManagerSecretId": arn, "SecretsManagerAccessRoleArn": reader})["Endpoint"]["EndpointArn"]
    yield secrets.delete_secret, {"SecretId": name, "ForceDeleteWithoutRecovery": True}
    found = dms.describe_endpoints(Filters=[{"Name": "endpoint-arn", "Values": [one]}])["Endpoints"][0]
    assert found["PostgreSQLSettings"]["SecretsManagerSecretId"] == arn
