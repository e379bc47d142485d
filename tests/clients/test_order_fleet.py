"""Deletes in the wrong order: rules and buses, backups, instances and their groups."""
import itertools

from harness import ACCOUNT, client, eventually, role
from objects import balanced, shown_table, subnet, table, targets, vpc
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


ec2, scaling, watch = client("ec2"), client("autoscaling"), client("cloudwatch")
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def template():
    name = fresh("template")
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"})
    made = made["LaunchTemplate"]["LaunchTemplateId"]
    eventually(lambda: ec2.describe_launch_templates(Filters=[{"Name": "launch-template-name", "Values": [name]}])["LaunchTemplates"])
    return made


def scaled(size=1, **more):
    """A group whose instances are in service, and its template."""
    name, of = fresh("scaled"), template()
    scaling.create_auto_scaling_group(AutoScalingGroupName=name, MinSize=size, MaxSize=4, VPCZoneIdentifier=subnet(vpc()),
                                      LaunchTemplate={"LaunchTemplateId": of, "Version": "$Default"}, **more)
    eventually(lambda: len([i for i in members(name) if i["LifecycleState"] == "InService"]) == size)
    return name, of


def members(name):
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]["Instances"]


@wrong("ec2:TerminateInstances", "its own protection")
def protected_instance():
    one = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=IMAGE, SubnetId=subnet(vpc()), DisableApiTermination=True)["Instances"][0]["InstanceId"]
    yield ec2.terminate_instances, {"InstanceIds": [one]}
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": False})


@wrong("ec2:TerminateInstances", "the group it belongs to")
def instance_of_a_group():
    name, _ = scaled()
    one = members(name)[0]["InstanceId"]
    yield ec2.terminate_instances, {"InstanceIds": [one]}
    eventually(lambda: [i["InstanceId"] for i in members(name) if i["LifecycleState"] == "InService"] not in ([], [one]))


@wrong("ec2:DeleteLaunchTemplate", "an Auto Scaling group")
def template_of_a_group():
    name, of = scaled()
    yield ec2.delete_launch_template, {"LaunchTemplateId": of}
    shown = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    assert shown["LaunchTemplate"]["LaunchTemplateId"] == of


@wrong("ec2:DeleteLaunchTemplateVersions", "the template whose default it is")
def default_version():
    of = template()
    answer = yield ec2.delete_launch_template_versions, {"LaunchTemplateId": of, "Versions": ["1"]}
    assert not answer["SuccessfullyDeletedLaunchTemplateVersions"]


@wrong("ec2:DeleteVpcEndpoints", "a route table")
def endpoint_of_a_table():
    of = vpc()
    routes = table(of)
    one = ec2.create_vpc_endpoint(VpcId=of, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[routes])["VpcEndpoint"]["VpcEndpointId"]
    eventually(lambda: any(r.get("GatewayId") == one for r in shown_table(routes)["Routes"]))
    yield ec2.delete_vpc_endpoints, {"VpcEndpointIds": [one]}
    eventually(lambda: not any(r.get("GatewayId") == one for r in shown_table(routes)["Routes"]))


@wrong("autoscaling:DeleteAutoScalingGroup", "an instance")
def group_with_instances():
    name, _ = scaled()
    yield scaling.delete_auto_scaling_group, {"AutoScalingGroupName": name}
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0)
    eventually(lambda: not members(name))


@wrong("autoscaling:DeleteAutoScalingGroup", "its own protection")
def protected_group():
    name, _ = scaled(0, DeletionProtection="prevent-all-deletion")
    yield scaling.delete_auto_scaling_group, {"AutoScalingGroupName": name}
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, DeletionProtection="none")


def tracked(name):
    configuration = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    made = scaling.put_scaling_policy(AutoScalingGroupName=name, PolicyName="cpu", PolicyType="TargetTrackingScaling",
                                      TargetTrackingConfiguration=configuration)
    return made["PolicyARN"], [alarm["AlarmName"] for alarm in made["Alarms"]]


@wrong("autoscaling:DeleteAutoScalingGroup", "a scaling policy")
def group_with_policy():
    name, _ = scaled(0)
    policy, alarms = tracked(name)
    yield scaling.delete_auto_scaling_group, {"AutoScalingGroupName": name}
    assert not scaling.describe_policies(PolicyNames=[policy])["ScalingPolicies"]
    assert not watch.describe_alarms(AlarmNames=alarms)["MetricAlarms"]


@wrong("autoscaling:DeletePolicy", "the alarms of target tracking")
def policy_with_alarms():
    name, _ = scaled(0)
    policy, alarms = tracked(name)
    yield scaling.delete_policy, {"AutoScalingGroupName": name, "PolicyName": "cpu"}
    assert not watch.describe_alarms(AlarmNames=alarms)["MetricAlarms"]


@wrong("autoscaling:TerminateInstanceInAutoScalingGroup", "the least size of its group")
def last_instance():
    name, _ = scaled()
    yield scaling.terminate_instance_in_auto_scaling_group, {"InstanceId": members(name)[0]["InstanceId"], "ShouldDecrementDesiredCapacity": True}
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0)
