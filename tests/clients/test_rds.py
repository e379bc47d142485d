"""RDS: subnet groups, parameter groups, instances, snapshots."""
from harness import ACCOUNT, aws, client, eventually, ids, network, no_such_filter, pages, patiently, refused, role, tampered, test, wait

rds = client("rds")
BASE = {"DBInstanceClass": "db.t3.medium", "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "master",
        "MasterUserPassword": "not-a-secret-1"}


def subnet_group(name, subnets):
    return rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=subnets)["DBSubnetGroup"]


@test
def an_instance_from_beginning_to_end():
    vpc, subnets, group = network("rds")
    subnet_group("lifecycle", subnets)
    refused("DBSubnetGroupAlreadyExists", rds.create_db_subnet_group, DBSubnetGroupName="lifecycle",
            DBSubnetGroupDescription="x", SubnetIds=subnets)
    rds.create_db_parameter_group(DBParameterGroupName="lifecycle", DBParameterGroupFamily="postgres16", Description="x")
    refused("DBParameterGroupAlreadyExists", rds.create_db_parameter_group, DBParameterGroupName="lifecycle",
            DBParameterGroupFamily="postgres16", Description="x")
    version = [v["EngineVersion"] for v in rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"]
               if v["DBParameterGroupFamily"] == "postgres16"][-1]
    made = rds.create_db_instance(DBInstanceIdentifier="lifecycle", DBSubnetGroupName="lifecycle", EngineVersion=version,
                                  DBParameterGroupName="lifecycle", VpcSecurityGroupIds=[group], DeletionProtection=True,
                                  Tags=[{"Key": "a", "Value": "b"}], **BASE)["DBInstance"]
    assert made["DBInstanceStatus"] == "creating" and "Endpoint" not in made
    refused("DBInstanceAlreadyExists", rds.create_db_instance, DBInstanceIdentifier="lifecycle", **BASE)
    refused("InvalidDBInstanceState", rds.modify_db_instance, DBInstanceIdentifier="lifecycle", AllocatedStorage=30)
    refused("InvalidDBInstanceState", rds.create_db_snapshot, DBInstanceIdentifier="lifecycle", DBSnapshotIdentifier="early")
    aws("rds", "wait", "db-instance-available", "--db-instance-identifier", "lifecycle")
    one = rds.describe_db_instances(DBInstanceIdentifier="lifecycle")["DBInstances"][0]
    assert one["Endpoint"]["Port"] == 5432 and one["Endpoint"]["Address"].startswith("lifecycle.")
    assert one["DBInstanceArn"] == f"arn:aws:rds:us-east-1:{ACCOUNT}:db:lifecycle"
    refused("InvalidDBSubnetGroupStateFault", rds.delete_db_subnet_group, DBSubnetGroupName="lifecycle")
    refused("InvalidDBParameterGroupState", rds.delete_db_parameter_group, DBParameterGroupName="lifecycle")
    refused("DependencyViolation", client("ec2").delete_subnet, SubnetId=subnets[0])
    refused("DependencyViolation", client("ec2").delete_security_group, GroupId=group)
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier="lifecycle", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="lifecycle", DeletionProtection=False, BackupRetentionPeriod=3, ApplyImmediately=True)
    wait("rds", "db_instance_available", DBInstanceIdentifier="lifecycle")
    patiently("InvalidDBInstanceState", rds.reboot_db_instance, DBInstanceIdentifier="lifecycle")
    wait("rds", "db_instance_available", DBInstanceIdentifier="lifecycle")
    arn = role("rds-feature", "rds.amazonaws.com")
    rds.add_role_to_db_instance(DBInstanceIdentifier="lifecycle", RoleArn=arn, FeatureName="s3Import")
    refused("DBInstanceRoleAlreadyExists", rds.add_role_to_db_instance, DBInstanceIdentifier="lifecycle", RoleArn=arn, FeatureName="s3Import")
    rds.remove_role_from_db_instance(DBInstanceIdentifier="lifecycle", RoleArn=arn, FeatureName="s3Import")
    refused("DBInstanceRoleNotFound", rds.remove_role_from_db_instance, DBInstanceIdentifier="lifecycle", RoleArn=arn, FeatureName="s3Import")
    rds.add_tags_to_resource(ResourceName=one["DBInstanceArn"], Tags=[{"Key": "c", "Value": "d"}])
    rds.remove_tags_from_resource(ResourceName=one["DBInstanceArn"], TagKeys=["a"])
    assert ids(rds.list_tags_for_resource(ResourceName=one["DBInstanceArn"])["TagList"], "Key") == ["c"]
    patiently("InvalidDBInstanceState", rds.stop_db_instance, DBInstanceIdentifier="lifecycle")
    eventually(lambda: rds.describe_db_instances(DBInstanceIdentifier="lifecycle")["DBInstances"][0]["DBInstanceStatus"] == "stopped")
    refused("InvalidDBInstanceState", rds.stop_db_instance, DBInstanceIdentifier="lifecycle")
    rds.start_db_instance(DBInstanceIdentifier="lifecycle")
    wait("rds", "db_instance_available", DBInstanceIdentifier="lifecycle")
    refused("InvalidDBInstanceState", rds.start_db_instance, DBInstanceIdentifier="lifecycle")
    patiently("InvalidDBInstanceState", rds.create_db_snapshot, DBInstanceIdentifier="lifecycle", DBSnapshotIdentifier="one")
    refused("DBSnapshotAlreadyExists", rds.create_db_snapshot, DBInstanceIdentifier="lifecycle", DBSnapshotIdentifier="one")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="one")
    wait("rds", "db_instance_available", DBInstanceIdentifier="lifecycle")
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier="lifecycle")
    refused("DBSnapshotAlreadyExists", rds.delete_db_instance, DBInstanceIdentifier="lifecycle", FinalDBSnapshotIdentifier="one")
    gone = patiently("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier="lifecycle", FinalDBSnapshotIdentifier="last")
    assert gone["DBInstance"]["DBInstanceStatus"] == "deleting"
    refused("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier="lifecycle", SkipFinalSnapshot=True)
    aws("rds", "wait", "db-instance-deleted", "--db-instance-identifier", "lifecycle")
    refused("DBInstanceNotFound", rds.delete_db_instance, DBInstanceIdentifier="lifecycle", SkipFinalSnapshot=True)
    aws("rds", "describe-db-instances", "--db-instance-identifier", "lifecycle", fails="DBInstanceNotFound")
    for name in ("one", "last"):
        rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    wait("rds", "db_snapshot_deleted", DBSnapshotIdentifier="one")
    refused("DBSnapshotNotFound", rds.delete_db_snapshot, DBSnapshotIdentifier="one")
    rds.delete_db_parameter_group(DBParameterGroupName="lifecycle")
    refused("DBParameterGroupNotFound", rds.delete_db_parameter_group, DBParameterGroupName="lifecycle")
    rds.delete_db_subnet_group(DBSubnetGroupName="lifecycle")
    refused("DBSubnetGroupNotFoundFault", rds.delete_db_subnet_group, DBSubnetGroupName="lifecycle")


@test
def subnet_groups_need_two_zones():
    _, subnets, _ = network("zones", ("us-east-1a", "us-east-1a", "us-east-1b"))
    refused("DBSubnetGroupDoesNotCoverEnoughAZs", rds.create_db_subnet_group, DBSubnetGroupName="zones",
            DBSubnetGroupDescription="x", SubnetIds=subnets[:2])
    refused("InvalidSubnet", rds.create_db_subnet_group, DBSubnetGroupName="zones", DBSubnetGroupDescription="x",
            SubnetIds=["subnet-00000000000000000", subnets[0]])
    subnet_group("zones", subnets)
    changed = rds.modify_db_subnet_group(DBSubnetGroupName="zones", SubnetIds=subnets[1:], DBSubnetGroupDescription="y")
    assert len(changed["DBSubnetGroup"]["Subnets"]) == 2
    refused("DBSubnetGroupNotFoundFault", rds.modify_db_subnet_group, DBSubnetGroupName="none", SubnetIds=subnets)


@test
def parameters():
    rds.create_db_parameter_group(DBParameterGroupName="values", DBParameterGroupFamily="postgres16", Description="x")
    change = {"ParameterName": "rds.logical_replication", "ParameterValue": "1"}
    rds.modify_db_parameter_group(DBParameterGroupName="values", Parameters=[{**change, "ApplyMethod": "pending-reboot"}])
    refused("InvalidParameterCombination", rds.modify_db_parameter_group, DBParameterGroupName="values",
            Parameters=[{**change, "ApplyMethod": "immediate"}])
    refused("InvalidParameterValue", rds.modify_db_parameter_group, DBParameterGroupName="values",
            Parameters=[{"ParameterName": "no_such_parameter", "ParameterValue": "1", "ApplyMethod": "immediate"}])
    user = rds.describe_db_parameters(DBParameterGroupName="values", Source="user")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in user] == [("rds.logical_replication", "1")]
    pages("rds", "DescribeDBParameters", 20, "InvalidParameterValue", DBParameterGroupName="values")
    rds.reset_db_parameter_group(DBParameterGroupName="values", ResetAllParameters=True)
    assert rds.describe_db_parameters(DBParameterGroupName="values", Source="user")["Parameters"] == []
    refused("DBParameterGroupNotFound", rds.describe_db_parameters, DBParameterGroupName="none")
    refused("InvalidParameterValue", rds.create_db_parameter_group, DBParameterGroupName="bad", DBParameterGroupFamily="postgres99", Description="x")


@test
def creation_is_checked():
    for code, arguments in (("DBSubnetGroupNotFoundFault", {"DBSubnetGroupName": "none"}),
                            ("DBParameterGroupNotFound", {"DBParameterGroupName": "none"}),
                            ("InvalidParameterValue", {"MasterUserPassword": "with/slash@1"}),
                            ("InvalidParameterValue", {"DBInstanceIdentifier": "1-digit-first"}),
                            ("InvalidParameterValue", {"Engine": "foobase"})):
        refused(code, rds.create_db_instance, **{"DBInstanceIdentifier": "checked", **BASE, **arguments})
    refused("DBInstanceNotFound", rds.modify_db_instance, DBInstanceIdentifier="none", AllocatedStorage=30)
    refused("DBInstanceNotFound", rds.reboot_db_instance, DBInstanceIdentifier="none")
    refused("DBInstanceNotFound", rds.create_db_snapshot, DBInstanceIdentifier="none", DBSnapshotIdentifier="x")


@test
def lists_come_in_pages():
    _, subnets, _ = network("pages")
    subnet_group("pages-0", subnets)
    for n in range(21):
        name = f"page-{n}"
        rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="x")
        if n:
            subnet_group(f"pages-{n}", subnets)
        rds.create_db_instance(DBInstanceIdentifier=name, DBSubnetGroupName="pages-0", **BASE)
    for n in range(21):
        wait("rds", "db_instance_available", DBInstanceIdentifier=f"page-{n}")
        rds.create_db_snapshot(DBInstanceIdentifier=f"page-{n}", DBSnapshotIdentifier=f"page-{n}")
    for n in range(21):
        wait("rds", "db_snapshot_available", DBSnapshotIdentifier=f"page-{n}")
        wait("rds", "db_instance_available", DBInstanceIdentifier=f"page-{n}")
    for name in ("DescribeDBInstances", "DescribeDBInstanceAutomatedBackups", "DescribeDBParameterGroups", "DescribeDBSubnetGroups", "DescribeDBSnapshots"):
        pages("rds", name, 20, "InvalidParameterValue")
    version = rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"][0]["EngineVersion"]
    pages("rds", "DescribeOrderableDBInstanceOptions", 20, "InvalidParameterValue", Engine="postgres", EngineVersion=version)
    pages("rds", "DescribeDBEngineVersions", 20, "InvalidParameterValue")
    refused("InvalidParameterValue", rds.describe_db_instances, MaxRecords=7)
    listed = aws("rds", "describe-db-instances", "--page-size", "20")["DBInstances"]
    assert {f"page-{n}" for n in range(21)} <= set(ids(listed, "DBInstanceIdentifier"))


@test
def filters_filter():
    for name in ("DescribeDBInstances", "DescribeDBInstanceAutomatedBackups", "DescribeDBSnapshots", "DescribeDBEngineVersions", "DescribeDBParameterGroups",
                 "DescribeDBSubnetGroups"):
        no_such_filter("InvalidParameterValue", "rds", name)
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBParameters", DBParameterGroupName="page-0")
    no_such_filter("InvalidParameterValue", "rds", "DescribeOrderableDBInstanceOptions", Engine="postgres")
    arn = rds.describe_db_instances()["DBInstances"][0]["DBInstanceArn"]
    no_such_filter("InvalidParameterValue", "rds", "ListTagsForResource", ResourceName=arn)
    found = rds.describe_db_instances(Filters=[{"Name": "db-instance-id", "Values": ["page-3", "page-5"]}])["DBInstances"]
    assert ids(found, "DBInstanceIdentifier") == ["page-3", "page-5"]
    assert client("rds", "eu-west-1").describe_db_instances()["DBInstances"] == []


@test
def nonsense_is_refused():
    tampered("InvalidAction", rds.describe_db_instances, lambda p: p["body"].update(Action="Frobnicate"))
    tampered("MissingParameter", rds.delete_db_instance, lambda p: p["body"].pop("DBInstanceIdentifier"), DBInstanceIdentifier="x")
    refused("SandboxOperationNotImplemented", rds.describe_source_regions)
    eventually(lambda: rds.describe_db_instances()["DBInstances"])
    refused("SandboxOperationNotImplemented", rds.modify_db_instance, DBInstanceIdentifier="page-3", NewDBInstanceIdentifier="other")


@test
def replicas_and_restores():
    wait_for = lambda name: wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    rds.create_db_instance(DBInstanceIdentifier="original", BackupRetentionPeriod=2, **BASE)
    wait_for("original")
    refused("DBInstanceNotFound", rds.create_db_instance_read_replica, DBInstanceIdentifier="replica",
            SourceDBInstanceIdentifier="nobody")
    copy = patiently("InvalidDBInstanceState", rds.create_db_instance_read_replica, DBInstanceIdentifier="replica",
                     SourceDBInstanceIdentifier="original")["DBInstance"]
    assert copy["DBInstanceStatus"] == "creating"
    wait_for("replica")
    assert rds.describe_db_instances(DBInstanceIdentifier="replica")["DBInstances"][0]["ReadReplicaSourceDBInstanceIdentifier"] == "original"
    assert rds.describe_db_instances(DBInstanceIdentifier="original")["DBInstances"][0]["ReadReplicaDBInstanceIdentifiers"] == ["replica"]
    patiently("InvalidDBInstanceState", rds.promote_read_replica, DBInstanceIdentifier="replica")
    wait_for("replica")
    eventually(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in
               rds.describe_db_instances(DBInstanceIdentifier="replica")["DBInstances"][0])
    refused("InvalidDBInstanceState", rds.promote_read_replica, DBInstanceIdentifier="replica")
    patiently("InvalidDBInstanceState", rds.create_db_snapshot, DBInstanceIdentifier="original", DBSnapshotIdentifier="kept")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="kept")
    refused("DBSnapshotNotFound", rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="restored",
            DBSnapshotIdentifier="nothing")
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="restored", DBSnapshotIdentifier="kept")
    refused("DBInstanceAlreadyExists", rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="restored",
            DBSnapshotIdentifier="kept")
    wait_for("restored")
    wait_for("original")
    rds.restore_db_instance_to_point_in_time(SourceDBInstanceIdentifier="original", TargetDBInstanceIdentifier="rewound",
                                             UseLatestRestorableTime=True)
    wait_for("rewound")
    for name in ("replica", "restored", "rewound", "original"):
        patiently("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    rds.delete_db_snapshot(DBSnapshotIdentifier="kept")


@test
def events_tell_what_happened():
    events = lambda **of: rds.get_paginator("describe_events").paginate(Duration=20000, **of).build_full_result()["Events"]
    mine = events(SourceType="db-instance", SourceIdentifier="original")
    assert {("creation", "DB instance created."), ("backup", "Finished DB instance backup.")} <= {
        (one["EventCategories"][0], one["Message"]) for one in mine}
    assert all(one["SourceIdentifier"] == "original" and one["SourceArn"].endswith(":db:original") for one in mine)
    created = events(EventCategories=["creation"], SourceType="db-instance")
    assert len(created) > 20 and {one["Message"] for one in created} == {"DB instance created."}
    pages("rds", "DescribeEvents", 20, "InvalidParameterValue", Duration=20000)
    no_such_filter("InvalidParameterValue", "rds", "DescribeEvents")
    refused("InvalidParameterCombination", rds.describe_events, SourceIdentifier="original")
    assert aws("rds", "describe-events", "--source-type", "db-instance", "--source-identifier", "original", "--duration", "20000")["Events"]
