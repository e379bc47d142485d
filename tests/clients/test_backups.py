"""RDS: automated backups of instances, their copies in other regions, and what outlives an instance."""
from harness import ACCOUNT, aws, client, eventually, ids, patiently, refused, test, wait

rds, far, other = client("rds"), client("rds", "eu-west-1"), client("rds", "eu-central-1")
BASE = {"DBInstanceClass": "db.t3.medium", "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "master",
        "MasterUserPassword": "not-a-secret-1"}


def instance(name, **more):
    made = rds.create_db_instance(DBInstanceIdentifier=name, **{**BASE, **more})["DBInstance"]
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    return made["DBInstanceArn"]


def row(name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def backups(region=rds, **by):
    return region.describe_db_instance_automated_backups(**by)["DBInstanceAutomatedBackups"]


def end(name, **more):
    patiently("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True, **more)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)


def filtered(name, *values):
    return [{"Name": name, "Values": list(values)}]


@test
def an_instance_has_backups_while_it_keeps_any():
    made = rds.create_db_instance(DBInstanceIdentifier="own", BackupRetentionPeriod=3, **BASE)["DBInstance"]
    (first,) = backups(DBInstanceIdentifier="own")
    assert first["Status"] == "creating" and "RestoreWindow" not in first
    wait("rds", "db_instance_available", DBInstanceIdentifier="own")
    instance("none", BackupRetentionPeriod=0)
    refused("DBInstanceAutomatedBackupNotFound", rds.describe_db_instance_automated_backups, DBInstanceIdentifier="none")
    (one,) = backups(DbiResourceId=made["DbiResourceId"])
    assert one["Status"] == "active" and one["BackupRetentionPeriod"] == 3 and one["Region"] == "us-east-1"
    assert one["DBInstanceArn"] == made["DBInstanceArn"] and one["Engine"] == "postgres" and one["Port"] == 5432
    assert one["RestoreWindow"]["LatestTime"] == row("own")["LatestRestorableTime"]
    assert one["DBInstanceAutomatedBackupsArn"].startswith(f"arn:aws:rds:us-east-1:{ACCOUNT}:auto-backup:ab-")
    for by in ({"DBInstanceIdentifier": "OWN"}, {"DBInstanceAutomatedBackupsArn": one["DBInstanceAutomatedBackupsArn"]},
               {"Filters": filtered("db-instance-id", "own", "others")}, {"Filters": filtered("status", "active")},
               {"Filters": filtered("dbi-resource-id", made["DbiResourceId"])}):
        assert ids(backups(**by), "DBInstanceIdentifier") == ["own"], by
    assert backups(Filters=filtered("status", "retained")) == []
    for by in ({"DBInstanceIdentifier": "nobody"}, {"DbiResourceId": "db-NOBODY"}, {"DBInstanceAutomatedBackupsArn": one["DBInstanceAutomatedBackupsArn"] + "x"}):
        refused("DBInstanceAutomatedBackupNotFound", rds.describe_db_instance_automated_backups, **by)
    refused("InvalidDBInstanceAutomatedBackupState", rds.delete_db_instance_automated_backup, DbiResourceId=made["DbiResourceId"])
    refused("InvalidParameterCombination", rds.delete_db_instance_automated_backup)
    refused("DBInstanceAutomatedBackupNotFound", rds.delete_db_instance_automated_backup, DbiResourceId="db-NOBODY")
    rds.modify_db_instance(DBInstanceIdentifier="own", BackupRetentionPeriod=0, ApplyImmediately=True)
    eventually(lambda: not backups())
    assert "LatestRestorableTime" not in row("own")
    refused("PointInTimeRestoreNotEnabled", rds.restore_db_instance_to_point_in_time, SourceDBInstanceIdentifier="own",
            TargetDBInstanceIdentifier="again", UseLatestRestorableTime=True)
    rds.modify_db_instance(DBInstanceIdentifier="none", BackupRetentionPeriod=1, ApplyImmediately=True)
    (late,) = eventually(lambda: backups())
    assert late["DBInstanceIdentifier"] == "none" and late["RestoreWindow"]["LatestTime"] == row("none")["LatestRestorableTime"]
    end("own")
    end("none")


@test
def backups_stay_when_they_are_meant_to():
    instance("kept", BackupRetentionPeriod=2)
    instance("lost", BackupRetentionPeriod=2)
    (kept,), (lost,) = (backups(DBInstanceIdentifier=name) for name in ("kept", "lost"))
    end("lost")
    refused("DBInstanceAutomatedBackupNotFound", rds.describe_db_instance_automated_backups, DBInstanceIdentifier="lost")
    refused("DBInstanceAutomatedBackupNotFound", rds.restore_db_instance_to_point_in_time, TargetDBInstanceIdentifier="again",
            SourceDBInstanceAutomatedBackupsArn=lost["DBInstanceAutomatedBackupsArn"], UseLatestRestorableTime=True)
    end("kept", DeleteAutomatedBackups=False)
    (left,) = backups(Filters=filtered("status", "retained"))
    same = ("DBInstanceAutomatedBackupsArn", "DbiResourceId", "DBInstanceIdentifier", "BackupRetentionPeriod", "RestoreWindow")
    assert {name: left[name] for name in same} == {name: kept[name] for name in same}
    rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="again", UseLatestRestorableTime=True,
                                             SourceDBInstanceAutomatedBackupsArn=left["DBInstanceAutomatedBackupsArn"])
    wait("rds", "db_instance_available", DBInstanceIdentifier="again")
    assert row("again")["MasterUsername"] == BASE["MasterUsername"]
    gone = rds.delete_db_instance_automated_backup(DBInstanceAutomatedBackupsArn=left["DBInstanceAutomatedBackupsArn"])
    assert gone["DBInstanceAutomatedBackup"]["DbiResourceId"] == kept["DbiResourceId"]
    refused("DBInstanceAutomatedBackupNotFound", rds.delete_db_instance_automated_backup, DbiResourceId=kept["DbiResourceId"])
    aws("rds", "describe-db-instance-automated-backups", "--db-instance-identifier", "kept", fails="DBInstanceAutomatedBackupNotFound")
    end("again")


@test
def backups_are_copied_to_another_region():
    source = {"SourceDBInstanceArn": instance("source", BackupRetentionPeriod=1, StorageEncrypted=True)}
    none = {"SourceDBInstanceArn": instance("bare", BackupRetentionPeriod=0)}
    start, stop = far.start_db_instance_automated_backups_replication, far.stop_db_instance_automated_backups_replication
    for call in (start, stop):
        refused("DBInstanceNotFound", call, SourceDBInstanceArn=source["SourceDBInstanceArn"] + "-none")
    refused("InvalidDBInstanceState", start, **none)  # it has no backups
    refused("InvalidDBInstanceState", stop, **source)  # nothing is copied
    refused("InvalidParameterValue", rds.start_db_instance_automated_backups_replication, **source)  # the same region
    refused("InvalidParameterValue", start, **source, BackupRetentionPeriod=36)
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
    copy = start(**source, BackupRetentionPeriod=5, KmsKeyId=key, Tags=[{"Key": "a", "Value": "b"}])["DBInstanceAutomatedBackup"]
    assert copy["Status"] == "pending" and copy["BackupRetentionPeriod"] == 5 and copy["KmsKeyId"] == key and copy["Encrypted"]
    assert copy["DBInstanceAutomatedBackupsArn"].startswith(f"arn:aws:rds:eu-west-1:{ACCOUNT}:auto-backup:ab-")
    assert copy["Region"] == "us-east-1" and copy["TagList"] == [{"Key": "a", "Value": "b"}]
    refused("InvalidDBInstanceState", stop, **source)  # the source is being modified
    wait("rds", "db_instance_available", DBInstanceIdentifier="source")
    eventually(lambda: backups(far)[0]["Status"] == "replicating")
    arn = {"DBInstanceAutomatedBackupsArn": copy["DBInstanceAutomatedBackupsArn"]}
    assert row("source")["DBInstanceAutomatedBackupsReplications"] == [arn]
    assert backups(DBInstanceIdentifier="source")[0]["DBInstanceAutomatedBackupsReplications"] == [arn]
    assert backups(other) == [] and ids(backups(far, Filters=filtered("db-instance-id", "source")), "DBInstanceIdentifier") == ["source"]
    refused("InvalidDBInstanceAutomatedBackupState", start, **source)
    refused("InvalidDBInstanceAutomatedBackupState", other.start_db_instance_automated_backups_replication, **source)
    refused("InvalidDBInstanceAutomatedBackupState", far.delete_db_instance_automated_backup, **arn)
    answer = refused("InvalidDBInstanceState", other.stop_db_instance_automated_backups_replication, **source)
    assert "not replicating to the current region" in answer["Error"]["Message"]
    assert stop(**source)["DBInstanceAutomatedBackup"]["Status"] == "replicating", "the answer shows what it was until now"
    eventually(lambda: not row("source").get("DBInstanceAutomatedBackupsReplications"))
    wait("rds", "db_instance_available", DBInstanceIdentifier="source")
    assert ids(backups(far, **arn), "Status") == ["retained"], "what was copied stays"
    far.delete_db_instance_automated_backup(**arn)
    refused("DBInstanceAutomatedBackupNotFound", far.delete_db_instance_automated_backup, **arn)
    again = aws("rds", "start-db-instance-automated-backups-replication", "--source-db-instance-arn", source["SourceDBInstanceArn"],
                "--region", "eu-west-1")["DBInstanceAutomatedBackup"]
    assert again["DBInstanceAutomatedBackupsArn"] != arn["DBInstanceAutomatedBackupsArn"] and again["BackupRetentionPeriod"] == 7
    wait("rds", "db_instance_available", DBInstanceIdentifier="source")
    end("source")
    end("bare")
    assert ids(backups(far, DBInstanceIdentifier="source"), "Status") == ["retained"], "a copy stays when its source goes"
    refused("DBInstanceNotFound", stop, **source)
    far.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="moved", UseLatestRestorableTime=True,
                                             SourceDBInstanceAutomatedBackupsArn=again["DBInstanceAutomatedBackupsArn"])
    wait("rds", "db_instance_available", "eu-west-1", DBInstanceIdentifier="moved")
    far.delete_db_instance(DBInstanceIdentifier="moved", SkipFinalSnapshot=True)
    far.delete_db_instance_automated_backup(DBInstanceAutomatedBackupsArn=again["DBInstanceAutomatedBackupsArn"])
