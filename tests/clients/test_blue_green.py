"""Blue/green deployments and exports of RDS.

Sources: the AWS CLI's examples and the API reference's sample answers, moto's test_rds_blue_green_deployment.py and
test_rds_export_tasks.py where AWS's documents agree, what Terraform's provider does (blue_green.go, export_task.go).
"""
from harness import ACCOUNT, client, eventually, network, no_such_filter, pages, patiently, refused, role, said, test, wait

rds, s3, kms = client("rds"), client("s3"), client("kms")
_, SUBNETS, GROUP = network("blue")
rds.create_db_subnet_group(DBSubnetGroupName="blue", DBSubnetGroupDescription="x", SubnetIds=SUBNETS)


def arn(kind, name):
    return f"arn:aws:rds:us-east-1:{ACCOUNT}:{kind}:{name}"


def database(name, **others):
    asked = {"Engine": "mysql", "EngineVersion": "8.0", "DBInstanceClass": "db.t3.medium", "AllocatedStorage": 20, "MasterUsername": "blue",
             "MasterUserPassword": "hunter2hunter2", "BackupRetentionPeriod": 1, "DBSubnetGroupName": "blue", "VpcSecurityGroupIds": [GROUP]}
    return rds.create_db_instance(DBInstanceIdentifier=name, **{**asked, **others})["DBInstance"]


def up(*names):
    for name in names:
        wait("rds", "db_instance_available", DBInstanceIdentifier=name)


def shown(name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def deployment(one):
    return rds.describe_blue_green_deployments(BlueGreenDeploymentIdentifier=one)["BlueGreenDeployments"][0]


def reaches(one, status):
    return eventually(lambda: deployment(one)["Status"] == status and deployment(one))


@test
def an_instance_is_switched():
    """AWS CLI, create-, describe-, switchover- and delete-blue-green-deployment; blue_green.go."""
    newest = rds.describe_db_engine_versions(Engine="mysql", EngineVersion="8.4")["DBEngineVersions"][-1]["EngineVersion"]
    rds.create_db_parameter_group(DBParameterGroupName="green", DBParameterGroupFamily="mysql8.4", Description="x")
    blue = database("blue", DeletionProtection=True, Tags=[{"Key": "k", "Value": "v"}])
    up("blue")
    address = shown("blue")["Endpoint"]["Address"]
    rds.create_db_instance_read_replica(DBInstanceIdentifier="blue-replica", SourceDBInstanceIdentifier="blue")
    up("blue-replica")
    asked = {"BlueGreenDeploymentName": "first", "Source": blue["DBInstanceArn"]}
    refused("DBParameterGroupNotFound", rds.create_blue_green_deployment, **asked, TargetDBParameterGroupName="never")
    refused("InvalidParameterCombination", rds.create_blue_green_deployment, **asked, TargetEngineVersion="5.7")
    refused("InvalidParameterCombination", rds.create_blue_green_deployment, **asked, TargetDBClusterParameterGroupName="green")
    made = rds.create_blue_green_deployment(**asked, TargetEngineVersion=newest, TargetDBParameterGroupName="green",
                                            TargetDBInstanceClass="db.m5.large", Tags=[{"Key": "a", "Value": "b"}])["BlueGreenDeployment"]
    one = made["BlueGreenDeploymentIdentifier"]
    assert one.startswith("bgd-") and (made["Status"], made["Source"], made["TagList"]) == ("PROVISIONING", asked["Source"], [{"Key": "a", "Value": "b"}])
    assert made["SwitchoverDetails"] == [{"SourceMember": arn("db", "blue")}, {"SourceMember": arn("db", "blue-replica")}] and "Target" not in made
    assert made["Tasks"] == [{"Name": name, "Status": "PENDING"} for name in (
        "CREATING_READ_REPLICA_OF_SOURCE", "DB_ENGINE_VERSION_UPGRADE", "CONFIGURE_BACKUPS", "CREATING_TOPOLOGY_OF_SOURCE")], made["Tasks"]
    said("BlueGreenDeploymentAlreadyExistsFault", "A blue/green deployment with the specified name first already exists.",
         rds.create_blue_green_deployment, **asked)
    refused("InvalidDBInstanceState", rds.create_blue_green_deployment, **{**asked, "BlueGreenDeploymentName": "second"})
    began = eventually(lambda: "Target" in deployment(one) and deployment(one))
    assert began["Tasks"][0]["Status"] in ("IN_PROGRESS", "COMPLETED") and began["SwitchoverDetails"][0]["Status"] == "PROVISIONING"
    refused("InvalidBlueGreenDeploymentStateFault", rds.switchover_blue_green_deployment, BlueGreenDeploymentIdentifier=one)
    done = reaches(one, "AVAILABLE")
    green = done["Target"].rsplit(":", 1)[1]
    assert green.startswith("blue-green-") and len(green) == len("blue-green-abc123") and {task["Status"] for task in done["Tasks"]} == {"COMPLETED"}
    assert [detail["Status"] for detail in done["SwitchoverDetails"]] == ["AVAILABLE", "AVAILABLE"]
    now = shown(green)
    assert (now["EngineVersion"], now["DBInstanceClass"], now["DBParameterGroups"][0]["DBParameterGroupName"]) == (newest, "db.m5.large", "green"), now
    assert now["DeletionProtection"] and now["TagList"] == [{"Key": "k", "Value": "v"}] and now["DBSubnetGroup"]["DBSubnetGroupName"] == "blue"
    assert [part["VpcSecurityGroupId"] for part in now["VpcSecurityGroups"]] == [GROUP] and len(now["ReadReplicaDBInstanceIdentifiers"]) == 1
    for name, value in (("blue-green-deployment-identifier", one), ("blue-green-deployment-name", "first"), ("source", asked["Source"]),
                        ("target", done["Target"])):
        found = rds.describe_blue_green_deployments(Filters=[{"Name": name, "Values": [value]}])["BlueGreenDeployments"]
        assert [part["BlueGreenDeploymentIdentifier"] for part in found] == [one], name
    no_such_filter("InvalidParameterValue", "rds", "DescribeBlueGreenDeployments")
    tagged = arn("deployment", one)
    rds.add_tags_to_resource(ResourceName=tagged, Tags=[{"Key": "c", "Value": "d"}])
    assert len(rds.list_tags_for_resource(ResourceName=tagged)["TagList"]) == 2
    resources = shown("blue")["DbiResourceId"], now["DbiResourceId"]
    going = rds.switchover_blue_green_deployment(BlueGreenDeploymentIdentifier=one.upper(), SwitchoverTimeout=300)["BlueGreenDeployment"]
    assert going["Status"] == "SWITCHOVER_IN_PROGRESS" and going["SwitchoverDetails"][0]["Status"] == "SWITCHOVER_IN_PROGRESS"
    over = reaches(one, "SWITCHOVER_COMPLETED")
    assert (over["Source"], over["Target"]) == (arn("db", "blue-old1"), arn("db", "blue")), over
    assert over["SwitchoverDetails"] == [
        {"SourceMember": arn("db", f"{name}-old1"), "TargetMember": arn("db", name), "Status": "SWITCHOVER_COMPLETED"}
        for name in ("blue", "blue-replica")], over["SwitchoverDetails"]
    assert (shown("blue-old1")["DbiResourceId"], shown("blue")["DbiResourceId"]) == resources
    assert shown("blue")["Endpoint"]["Address"] == address and shown("blue-old1")["Endpoint"]["Address"] == address.replace("blue.", "blue-old1.", 1)
    assert (shown("blue")["EngineVersion"], shown("blue")["DBInstanceArn"]) == (newest, arn("db", "blue"))
    assert shown("blue")["ReadReplicaDBInstanceIdentifiers"] == ["blue-replica"] and shown("blue-old1")["ReadReplicaDBInstanceIdentifiers"] == ["blue-replica-old1"]
    assert shown("blue-replica")["ReadReplicaSourceDBInstanceIdentifier"] == "blue"
    refused("DBInstanceNotFound", rds.describe_db_instances, DBInstanceIdentifier=green)
    told = [event["Message"] for event in rds.describe_events(SourceIdentifier=green, SourceType="db-instance", Duration=10000)["Events"]]
    assert "DB instance created." in told and "DB instance deleted." not in told, told

    def interfaces():
        return len(client("ec2").describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [GROUP]}])["NetworkInterfaces"])
    assert interfaces() == 2, interfaces()
    refused("InvalidBlueGreenDeploymentStateFault", rds.delete_blue_green_deployment, BlueGreenDeploymentIdentifier=one, DeleteTarget=True)
    ended = rds.delete_blue_green_deployment(BlueGreenDeploymentIdentifier=one)["BlueGreenDeployment"]
    assert ended["Status"] == "DELETING" and ended["DeleteTime"] and ended["Source"] == arn("db", "blue-old1")
    eventually(lambda: not rds.describe_blue_green_deployments()["BlueGreenDeployments"])
    refused("BlueGreenDeploymentNotFoundFault", rds.describe_blue_green_deployments, BlueGreenDeploymentIdentifier=one)
    # The provider deletes the old one, whose protection it takes off first.
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier="blue-old1", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="blue-old1", DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier="blue-old1", SkipFinalSnapshot=True)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier="blue-old1")
    eventually(lambda: interfaces() == 1, otherwise="the interface of the old instance goes with it")
    up("blue")


@test
def what_cannot_be_switched():
    """moto's tests; RDS User Guide, "Limitations and considerations for blue/green deployments"."""
    said("DBInstanceNotFound", f"DBInstance {arn('db', 'never')} not found.", rds.create_blue_green_deployment, BlueGreenDeploymentName="x",
         Source=arn("db", "never"))
    said("DBClusterNotFoundFault", f"DBCluster {arn('cluster', 'never')} not found.", rds.create_blue_green_deployment, BlueGreenDeploymentName="x",
         Source=arn("cluster", "never"))
    managed = database("managed", MasterUserPassword="", ManageMasterUserPassword=True)
    bare = database("bare", BackupRetentionPeriod=0)
    oracle = database("oracle", Engine="oracle-se2", EngineVersion="19", LicenseModel="license-included", DBInstanceClass="db.m5.large")
    refused("InvalidDBInstanceState", rds.create_blue_green_deployment, BlueGreenDeploymentName="x", Source=bare["DBInstanceArn"])
    up("bare")
    said("InvalidDBInstanceState", "Automated backups are not enabled", rds.create_blue_green_deployment, BlueGreenDeploymentName="x",
         Source=bare["DBInstanceArn"])
    for one in (managed, oracle):
        said("SourceDatabaseNotSupportedFault", f"The source DB instance {one['DBInstanceArn']} isn't supported for a blue/green deployment.",
             rds.create_blue_green_deployment, BlueGreenDeploymentName="x", Source=one["DBInstanceArn"])
    for call in (rds.switchover_blue_green_deployment, rds.delete_blue_green_deployment):
        refused("BlueGreenDeploymentNotFoundFault", call, BlueGreenDeploymentIdentifier="bgd-never")


@test
def a_cluster_is_switched():
    rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="logical", DBParameterGroupFamily="aurora-postgresql16", Description="x")
    cluster = rds.create_db_cluster(DBClusterIdentifier="aurora", Engine="aurora-postgresql", EngineVersion="16", MasterUsername="blue",
                                    MasterUserPassword="hunter2hunter2", DBSubnetGroupName="blue", VpcSecurityGroupIds=[GROUP])["DBCluster"]
    for n in range(2):
        rds.create_db_instance(DBInstanceIdentifier=f"aurora-{n}", DBClusterIdentifier="aurora", Engine="aurora-postgresql", DBInstanceClass="db.r6g.large")
    wait("rds", "db_cluster_available", DBClusterIdentifier="aurora")
    up("aurora-0", "aurora-1")
    asked = {"BlueGreenDeploymentName": "cluster", "Source": cluster["DBClusterArn"]}
    said("SourceClusterNotSupportedFault", "logical replication enabled", rds.create_blue_green_deployment, **asked)
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="logical", Parameters=[
        {"ParameterName": "rds.logical_replication", "ParameterValue": "1", "ApplyMethod": "pending-reboot"}])
    rds.modify_db_cluster(DBClusterIdentifier="aurora", DBClusterParameterGroupName="logical", ApplyImmediately=True)
    wait("rds", "db_cluster_available", DBClusterIdentifier="aurora")
    refused("InvalidParameterCombination", rds.create_blue_green_deployment, **asked, TargetDBInstanceClass="db.r6g.xlarge")
    made = patiently("InvalidDBClusterStateFault", rds.create_blue_green_deployment, **asked)["BlueGreenDeployment"]
    one = made["BlueGreenDeploymentIdentifier"]
    assert [task["Name"] for task in made["Tasks"]] == ["CREATING_READ_REPLICA_OF_SOURCE", "CREATE_DB_INSTANCES_FOR_CLUSTER"], made["Tasks"]
    assert [detail["SourceMember"] for detail in made["SwitchoverDetails"]] == [
        arn("cluster", "aurora"), arn("db", "aurora-0"), arn("db", "aurora-1")]
    done = reaches(one, "AVAILABLE")
    green = done["Target"].rsplit(":", 1)[1]
    new = rds.describe_db_clusters(DBClusterIdentifier=green)["DBClusters"][0]
    assert new["DBClusterParameterGroup"] == "logical" and len(new["DBClusterMembers"]) == 2
    writers = [member["DBInstanceIdentifier"].startswith("aurora-0-green-") for member in new["DBClusterMembers"] if member["IsClusterWriter"]]
    assert writers == [True], new["DBClusterMembers"]
    rds.switchover_blue_green_deployment(BlueGreenDeploymentIdentifier=one)
    over = reaches(one, "SWITCHOVER_COMPLETED")
    assert (over["Source"], over["Target"]) == (arn("cluster", "aurora-old1"), arn("cluster", "aurora"))
    now, old = (rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0] for name in ("aurora", "aurora-old1"))
    assert now["DbClusterResourceId"] == new["DbClusterResourceId"] and old["DbClusterResourceId"] == cluster["DbClusterResourceId"]
    assert (now["Endpoint"], now["ReaderEndpoint"]) == (cluster["Endpoint"], cluster["ReaderEndpoint"]) and old["Endpoint"].startswith("aurora-old1.cluster-")
    assert sorted(member["DBInstanceIdentifier"] for member in now["DBClusterMembers"]) == ["aurora-0", "aurora-1"]
    assert [member["DBInstanceIdentifier"] for member in old["DBClusterMembers"] if member["IsClusterWriter"]] == ["aurora-0-old1"]
    assert shown("aurora-0")["DBClusterIdentifier"] == "aurora" and shown("aurora-0-old1")["DBClusterIdentifier"] == "aurora-old1"
    rds.delete_blue_green_deployment(BlueGreenDeploymentIdentifier=one)
    for name in ("aurora-0-old1", "aurora-1-old1"):
        rds.delete_db_instance(DBInstanceIdentifier=name)
    rds.delete_db_cluster(DBClusterIdentifier="aurora-old1", SkipFinalSnapshot=True)
    wait("rds", "db_cluster_deleted", DBClusterIdentifier="aurora-old1")


@test
def deployments_in_pages_and_targets_that_go():
    names = [f"many-{n}" for n in range(21)]
    made = [database(name)["DBInstanceArn"] for name in names]
    up(*names)
    for name, source in zip(names, made):
        rds.create_blue_green_deployment(BlueGreenDeploymentName=name, Source=source)
    pages("rds", "DescribeBlueGreenDeployments", 20, "InvalidParameterValue")
    all_of = {one["BlueGreenDeploymentName"]: one["BlueGreenDeploymentIdentifier"]
              for one in rds.describe_blue_green_deployments()["BlueGreenDeployments"]}
    done = reaches(all_of["many-0"], "AVAILABLE")
    green = done["Target"].rsplit(":", 1)[1]
    rds.delete_blue_green_deployment(BlueGreenDeploymentIdentifier=all_of["many-0"], DeleteTarget=True)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=green)
    assert shown("many-0")["DBInstanceStatus"] == "available"
    other = reaches(all_of["many-1"], "AVAILABLE")["Target"].rsplit(":", 1)[1]
    rds.delete_db_instance(DBInstanceIdentifier=other, SkipFinalSnapshot=True)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=other)
    assert deployment(all_of["many-1"])["SwitchoverDetails"][0]["Status"] == "MISSING_TARGET"
    refused("InvalidBlueGreenDeploymentStateFault", rds.switchover_blue_green_deployment, BlueGreenDeploymentIdentifier=all_of["many-1"])
    stays = reaches(all_of["many-2"], "AVAILABLE")["Target"].rsplit(":", 1)[1]
    rds.delete_blue_green_deployment(BlueGreenDeploymentIdentifier=all_of["many-2"])
    eventually(lambda: len(rds.describe_blue_green_deployments()["BlueGreenDeployments"]) == 19)
    assert shown(stays)["DBInstanceStatus"] == "available"


@test
def exports():
    """TestAccRDSExportTask_*; moto's test_rds_export_tasks.py."""
    database("exported", Engine="postgres", EngineVersion="16")
    up("exported")
    snapshot = rds.create_db_snapshot(DBSnapshotIdentifier="exported", DBInstanceIdentifier="exported")["DBSnapshot"]
    s3.create_bucket(Bucket="exported-here")
    key = kms.create_key()["KeyMetadata"]
    asked = {"SourceArn": snapshot["DBSnapshotArn"], "S3BucketName": "exported-here", "KmsKeyId": key["Arn"], "IamRoleArn": role("exports", "export.rds.amazonaws.com")}
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="exported")
    start = rds.start_export_task
    said("DBSnapshotNotFound", "DBSnapshot snapshot-1 not found.", start, **{**asked, "SourceArn": arn("snapshot", "snapshot-1")}, ExportTaskIdentifier="one")
    refused("DBClusterSnapshotNotFoundFault", start, **{**asked, "SourceArn": arn("cluster-snapshot", "never")}, ExportTaskIdentifier="one")
    refused("DBClusterNotFoundFault", start, **{**asked, "SourceArn": arn("cluster", "never")}, ExportTaskIdentifier="one")
    refused("InvalidParameterValue", start, **{**asked, "SourceArn": arn("db", "exported")}, ExportTaskIdentifier="one")
    refused("InvalidS3BucketFault", start, **{**asked, "S3BucketName": "never-there-at-all"}, ExportTaskIdentifier="one")
    refused("IamRoleNotFound", start, **{**asked, "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/never"}, ExportTaskIdentifier="one")
    refused("IamRoleMissingPermissions", start, **{**asked, "IamRoleArn": role("others", "ec2.amazonaws.com")}, ExportTaskIdentifier="one")
    refused("KMSKeyNotAccessibleFault", start, **{**asked, "KmsKeyId": "never"}, ExportTaskIdentifier="one")
    refused("InvalidExportOnly", start, **asked, ExportTaskIdentifier="one", ExportOnly=["a.b.c.d"])
    refused("InvalidParameterValue", start, **asked, ExportTaskIdentifier="one two")
    made = start(**{**asked, "KmsKeyId": key["KeyId"]}, ExportTaskIdentifier="one", S3Prefix="snaps/", ExportOnly=["schema.table"])
    assert (made["Status"], made["SourceType"], made["S3Bucket"], made["S3Prefix"], made["ExportOnly"], made["KmsKeyId"], made["PercentProgress"]) == (
        "STARTING", "SNAPSHOT", "exported-here", "snaps/", ["schema.table"], key["Arn"], 0), made
    said("ExportTaskAlreadyExists", "The export task with the ID one already exists.", start, **asked, ExportTaskIdentifier="one")
    start(**asked, ExportTaskIdentifier="two")
    assert rds.cancel_export_task(ExportTaskIdentifier="two")["Status"] == "CANCELING"

    def state(name):
        return rds.describe_export_tasks(ExportTaskIdentifier=name)["ExportTasks"][0]
    eventually(lambda: state("two")["Status"] == "CANCELED")
    refused("ExportTaskNotFound", rds.cancel_export_task, ExportTaskIdentifier="never")
    assert not rds.describe_export_tasks(ExportTaskIdentifier="never")["ExportTasks"], "Terraform's provider: no error"
    done = eventually(lambda: state("one")["Status"] == "COMPLETE" and state("one"))
    assert done["PercentProgress"] == 100 and done["TaskStartTime"] < done["TaskEndTime"] and done["SnapshotTime"]
    refused("InvalidExportTaskStateFault", rds.cancel_export_task, ExportTaskIdentifier="one")
    for name, value in (("export-task-identifier", "one"), ("status", "complete")):
        found = rds.describe_export_tasks(Filters=[{"Name": name, "Values": [value]}])["ExportTasks"]
        assert [one["ExportTaskIdentifier"] for one in found] == ["one"], name
    for name, value in (("s3-bucket", "exported-here"), ("source-arn", asked["SourceArn"])):
        assert len(rds.describe_export_tasks(Filters=[{"Name": name, "Values": [value]}])["ExportTasks"]) == 2, name
    no_such_filter("InvalidParameterValue", "rds", "DescribeExportTasks")
    for n in range(20):
        start(**asked, ExportTaskIdentifier=f"page-{n}")
    pages("rds", "DescribeExportTasks", 20, "InvalidParameterValue", SourceArn=asked["SourceArn"])
