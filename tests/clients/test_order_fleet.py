"""Deletes in the wrong order: rules and buses, backups, instances and their groups."""
import itertools

from harness import ACCOUNT, client, eventually, role
from objects import balanced, targets
from order import wrong

events = client("events")
number = itertools.count(1)


def fresh(prefix="order"):
    return f"{prefix}-{next(number)}"


@wrong("events:DeleteRule", "a target")
def rule_with_target():
    name = fresh("rule")
    events.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"}])
    yield events.delete_rule, {"Name": name}
    events.remove_targets(Rule=name, Ids=["1"])


@wrong("events:DeleteEventBus", "a rule")
def bus_with_rule():
    name = fresh("bus")
    events.create_event_bus(Name=name)
    events.put_rule(Name="r", EventBusName=name, EventPattern='{"source": ["x"]}')
    yield events.delete_event_bus, {"Name": name}
    events.delete_rule(Name="r", EventBusName=name)


backup, elb = client("backup"), client("elbv2")
DATABASE = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:main"


def vault():
    name = fresh("vault")
    backup.create_backup_vault(BackupVaultName=name)
    return name


def point(of):
    """A recovery point that is complete."""
    name = fresh("backup")
    job = backup.start_backup_job(BackupVaultName=of, ResourceArn=DATABASE, IamRoleArn=role(name, "backup.amazonaws.com"))
    eventually(lambda: backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "COMPLETED")
    return {"BackupVaultName": of, "RecoveryPointArn": job["RecoveryPointArn"]}


@wrong("backup:DeleteBackupVault", "a recovery point")
def vault_with_point():
    of = vault()
    one = point(of)
    yield backup.delete_backup_vault, {"BackupVaultName": of}
    backup.delete_recovery_point(**one)


@wrong("backup:DeleteRecoveryPoint", "the lock of its vault")
def point_in_a_locked_vault():
    of = vault()
    one = point(of)
    backup.put_backup_vault_lock_configuration(BackupVaultName=of, MinRetentionDays=1)
    yield backup.delete_recovery_point, one
    backup.delete_backup_vault_lock_configuration(BackupVaultName=of)


@wrong("backup:DeleteBackupPlan", "a selection")
def plan_with_selection():
    of, may = vault(), role(fresh("selects"), "backup.amazonaws.com")
    rule = {"RuleName": "r", "TargetBackupVaultName": of}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": fresh("plan"), "Rules": [rule]})["BackupPlanId"]
    selection = {"SelectionName": "s", "IamRoleArn": may, "Resources": ["*"]}
    one = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)["SelectionId"]
    yield backup.delete_backup_plan, {"BackupPlanId": plan}
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=one)


@wrong("elbv2:RemoveListenerCertificates", "the listener whose default certificate it is")
def default_certificate():
    of, _, _, arn = balanced()
    to = targets(of)
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/%s"
    action = [{"Type": "forward", "TargetGroupArn": to}]
    one = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTPS", Port=443, DefaultActions=action,
                              Certificates=[{"CertificateArn": certificate % "first"}])["Listeners"][0]["ListenerArn"]
    yield elb.remove_listener_certificates, {"ListenerArn": one, "Certificates": [{"CertificateArn": certificate % "first"}]}
    elb.modify_listener(ListenerArn=one, Certificates=[{"CertificateArn": certificate % "second"}])
    elb.add_listener_certificates(ListenerArn=one, Certificates=[{"CertificateArn": certificate % "first"}])
