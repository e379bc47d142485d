"""AWS Backup: vaults, plans, selections, backups on demand."""
import json

from harness import ACCOUNT, aws, client, eventually, ids, pages, refused, role, test

backup = client("backup")
ARN = f"arn:aws:backup:us-east-1:{ACCOUNT}:%s"
DATABASE = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:main"


def rules(vault, days=7):
    return [{"RuleName": "daily", "TargetBackupVaultName": vault, "ScheduleExpression": "cron(0 5 ? * * *)", "Lifecycle": {"DeleteAfterDays": days}}]


@test
def a_vault_from_beginning_to_end():
    made = backup.create_backup_vault(BackupVaultName="main", BackupVaultTags={"a": "b"})
    assert made["BackupVaultArn"] == ARN % "backup-vault:main"
    refused("AlreadyExistsException", backup.create_backup_vault, BackupVaultName="main")
    refused("InvalidParameterValueException", backup.create_backup_vault, BackupVaultName="bad.name")
    shown = backup.describe_backup_vault(BackupVaultName="main")
    assert shown["NumberOfRecoveryPoints"] == 0 and shown["Locked"] is False and shown["EncryptionKeyArn"]
    refused("ResourceNotFoundException", backup.get_backup_vault_access_policy, BackupVaultName="main")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    backup.put_backup_vault_access_policy(BackupVaultName="main", Policy=policy)
    assert backup.get_backup_vault_access_policy(BackupVaultName="main")["Policy"] == policy
    refused("InvalidParameterValueException", backup.put_backup_vault_access_policy, BackupVaultName="main", Policy="{")
    backup.delete_backup_vault_access_policy(BackupVaultName="main")
    refused("ResourceNotFoundException", backup.get_backup_vault_notifications, BackupVaultName="main")
    backup.put_backup_vault_notifications(BackupVaultName="main", SNSTopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:ops", BackupVaultEvents=["BACKUP_JOB_FAILED"])
    assert backup.get_backup_vault_notifications(BackupVaultName="main")["BackupVaultEvents"] == ["BACKUP_JOB_FAILED"]
    backup.delete_backup_vault_notifications(BackupVaultName="main")
    refused("InvalidParameterValueException", backup.put_backup_vault_lock_configuration, BackupVaultName="main", MinRetentionDays=9, MaxRetentionDays=8)
    backup.put_backup_vault_lock_configuration(BackupVaultName="main", MinRetentionDays=7, MaxRetentionDays=30)
    assert backup.describe_backup_vault(BackupVaultName="main")["Locked"] is True
    backup.delete_backup_vault_lock_configuration(BackupVaultName="main")
    backup.tag_resource(ResourceArn=made["BackupVaultArn"], Tags={"c": "d"})
    backup.untag_resource(ResourceArn=made["BackupVaultArn"], TagKeyList=["a"])
    assert backup.list_tags(ResourceArn=made["BackupVaultArn"])["Tags"] == {"c": "d"}
    for n in range(4):
        backup.create_backup_vault(BackupVaultName=f"page-{n}", BackupVaultTags={f"k{m}": "v" for m in range(4)})
    pages("backup", "ListBackupVaults", 2, "InvalidParameterValueException")
    first = backup.list_tags(ResourceArn=ARN % "backup-vault:page-0", MaxResults=3)
    assert len(first["Tags"]) == 3 and first["NextToken"]
    pages_of_tags()
    backup.delete_backup_vault(BackupVaultName="main")
    refused("ResourceNotFoundException", backup.describe_backup_vault, BackupVaultName="main")
    aws("backup", "describe-backup-vault", "--backup-vault-name", "main", fails="ResourceNotFoundException")


def pages_of_tags():
    """botocore's paginator of ListTags has a map for its result, which is no list to compare."""
    from harness import PAGED
    seen, token = {}, None
    while True:
        page = backup.list_tags(ResourceArn=ARN % "backup-vault:page-0", MaxResults=3, **({"NextToken": token} if token else {}))
        assert not set(seen) & set(page["Tags"])
        seen |= page["Tags"]
        token = page.get("NextToken")
        if not token:
            break
    assert sorted(seen) == ["k0", "k1", "k2", "k3"]
    PAGED.add(("backup", "ListTags"))


@test
def plans_and_selections():
    backup.create_backup_vault(BackupVaultName="plans")
    refused("InvalidParameterValueException", backup.create_backup_plan, BackupPlan={"BackupPlanName": "p", "Rules": rules("none")})
    bad = rules("plans")
    bad[0]["Lifecycle"] = {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 60}
    refused("InvalidParameterValueException", backup.create_backup_plan, BackupPlan={"BackupPlanName": "p", "Rules": bad})
    plan = {"BackupPlanName": "p", "Rules": rules("plans")}
    made = backup.create_backup_plan(BackupPlan=plan, BackupPlanTags={"a": "b"}, CreatorRequestId="once")
    assert backup.create_backup_plan(BackupPlan=plan, CreatorRequestId="once")["BackupPlanId"] == made["BackupPlanId"]
    refused("AlreadyExistsException", backup.create_backup_plan, BackupPlan=plan)
    shown = backup.get_backup_plan(BackupPlanId=made["BackupPlanId"])
    assert shown["BackupPlan"]["Rules"][0]["StartWindowMinutes"] == 480 and shown["BackupPlan"]["Rules"][0]["RuleId"]
    then = backup.update_backup_plan(BackupPlanId=made["BackupPlanId"], BackupPlan={**plan, "Rules": rules("plans", 35)})
    assert then["VersionId"] != made["VersionId"]
    may = role("backup-role", "backup.amazonaws.com")
    selection = {"SelectionName": "s", "IamRoleArn": may, "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "k", "ConditionValue": "v"}]}
    refused("InvalidParameterValueException", backup.create_backup_selection, BackupPlanId="none", BackupSelection=selection)
    refused("InvalidParameterValueException", backup.create_backup_selection, BackupPlanId=made["BackupPlanId"],
            BackupSelection={**selection, "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/none"})
    refused("InvalidParameterValueException", backup.create_backup_selection, BackupPlanId=made["BackupPlanId"],
            BackupSelection={"SelectionName": "s", "IamRoleArn": may})
    of = {"BackupPlanId": made["BackupPlanId"]}
    one = backup.create_backup_selection(**of, BackupSelection=selection)["SelectionId"]
    refused("AlreadyExistsException", backup.create_backup_selection, **of, BackupSelection=selection)
    assert backup.get_backup_selection(**of, SelectionId=one)["BackupSelection"]["IamRoleArn"] == may
    for n in range(3):
        backup.create_backup_selection(**of, BackupSelection={**selection, "SelectionName": f"s-{n}"})
        backup.create_backup_plan(BackupPlan={**plan, "BackupPlanName": f"p-{n}"})
    pages("backup", "ListBackupSelections", 2, "InvalidParameterValueException", **of)
    pages("backup", "ListBackupPlans", 2, "InvalidParameterValueException")
    refused("InvalidRequestException", backup.delete_backup_plan, **of)
    for one in backup.list_backup_selections(**of)["BackupSelectionsList"]:
        backup.delete_backup_selection(**of, SelectionId=one["SelectionId"])
    refused("ResourceNotFoundException", backup.get_backup_selection, **of, SelectionId=one["SelectionId"])
    assert backup.delete_backup_plan(**of)["DeletionDate"]
    refused("ResourceNotFoundException", backup.get_backup_plan, **of)
    assert made["BackupPlanId"] in ids(backup.list_backup_plans(IncludeDeleted=True)["BackupPlansList"], "BackupPlanId")
    assert made["BackupPlanId"] not in ids(backup.list_backup_plans()["BackupPlansList"], "BackupPlanId")


@test
def backups_on_demand():
    backup.create_backup_vault(BackupVaultName="points")
    may = role("backup-jobs", "backup.amazonaws.com")
    refused("InvalidRequestException", backup.start_backup_job, BackupVaultName="points", ResourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", IamRoleArn=may)
    jobs = [backup.start_backup_job(BackupVaultName="points", ResourceArn=DATABASE, IamRoleArn=may) for _ in range(3)]
    point = {"BackupVaultName": "points", "RecoveryPointArn": jobs[0]["RecoveryPointArn"]}
    refused("InvalidResourceStateException", backup.delete_recovery_point, **point)
    eventually(lambda: backup.describe_backup_job(BackupJobId=jobs[0]["BackupJobId"])["State"] == "COMPLETED")
    assert backup.describe_recovery_point(**point)["Status"] == "COMPLETED"
    pages("backup", "ListRecoveryPointsByBackupVault", 2, "InvalidParameterValueException", BackupVaultName="points")
    assert len(backup.list_recovery_points_by_backup_vault(BackupVaultName="points", ByResourceType="Aurora")["RecoveryPoints"]) == 3
    assert not backup.list_recovery_points_by_backup_vault(BackupVaultName="points", ByResourceType="EBS")["RecoveryPoints"]
    backup.put_backup_vault_lock_configuration(BackupVaultName="points", MinRetentionDays=1)
    refused("InvalidRequestException", backup.delete_recovery_point, **point)
    backup.delete_backup_vault_lock_configuration(BackupVaultName="points")
    backup.delete_recovery_point(**point)
    refused("ResourceNotFoundException", backup.describe_recovery_point, **point)
