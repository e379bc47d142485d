"""Deletes in the wrong order: load balancers, services and what scales them."""
import json

from harness import client, eventually, passes, refused, wait
from objects import (
    balanced, definition, ec2, ecs, elb, end_service, fresh, listener, r53, rule, scaling, service,
    subnet, targets, vpc,
)
from order import wrong

# Load balancing

def protection(arn, value):
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}])


@wrong("elbv2:DeleteLoadBalancer", "its own protection")
def _():
    *_, arn = balanced()
    protection(arn, "true")
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    protection(arn, "false")


@wrong("elbv2:DeleteLoadBalancer", "a listener")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    inner = rule(one, to)
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    wait("elbv2", "load_balancers_deleted", LoadBalancerArns=[arn])
    for call, code, arguments in ((elb.describe_listeners, "ListenerNotFound", {"ListenerArns": [one]}),
                                  (elb.describe_rules, "RuleNotFound", {"RuleArns": [inner]})):
        refused(code, call, **arguments)


@wrong("elbv2:DeleteLoadBalancer", "a target group")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    listener(arn, to)
    assert elb.describe_target_groups(TargetGroupArns=[to])["TargetGroups"][0]["LoadBalancerArns"] == [arn]
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    eventually(lambda: elb.describe_target_groups(TargetGroupArns=[to])["TargetGroups"][0]["LoadBalancerArns"] == [])
    elb.delete_target_group(TargetGroupArn=to)


@wrong("elbv2:DeleteLoadBalancer", "an alias record")
def _():
    *_, arn = balanced()
    shown = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    zone = r53.create_hosted_zone(Name="order.example", CallerReference=fresh())["HostedZone"]["Id"]
    r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": "www.order.example", "Type": "A", "AliasTarget": {
            "HostedZoneId": shown["CanonicalHostedZoneId"], "DNSName": shown["DNSName"], "EvaluateTargetHealth": False}}}]})
    yield elb.delete_load_balancer, {"LoadBalancerArn": arn}
    records = r53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert any(r.get("AliasTarget", {}).get("DNSName", "").rstrip(".").endswith(shown["DNSName"].lower()) for r in records), records


@wrong("elbv2:DeleteListener", "a rule")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    inner = rule(one, to)
    yield elb.delete_listener, {"ListenerArn": one}
    refused("RuleNotFound", elb.describe_rules, RuleArns=[inner])
    elb.delete_target_group(TargetGroupArn=to)


@wrong("elbv2:DeleteRule", "the listener whose default rule it is")
def _():
    of, _, _, arn = balanced()
    one = listener(arn, targets(of))
    yield elb.delete_rule, {"RuleArn": elb.describe_rules(ListenerArn=one)["Rules"][0]["RuleArn"]}
    yield elb.delete_listener, {"ListenerArn": one}


@wrong("elbv2:DeleteTargetGroup", "the default action of a listener")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    one = listener(arn, to)
    yield elb.delete_target_group, {"TargetGroupArn": to}
    elb.delete_listener(ListenerArn=one)


@wrong("elbv2:DeleteTargetGroup", "the action of a rule")
def _():
    of, _, _, arn = balanced()
    to = targets(of)
    inner = rule(listener(arn, targets(of)), to)
    yield elb.delete_target_group, {"TargetGroupArn": to}
    elb.delete_rule(RuleArn=inner)


@wrong("elbv2:DeleteTargetGroup", "a registered target")
def _():
    to = targets(vpc())
    elb.register_targets(TargetGroupArn=to, Targets=[{"Id": "10.50.0.9", "Port": 80}])
    yield elb.delete_target_group, {"TargetGroupArn": to}
    refused("TargetGroupNotFound", elb.describe_target_health, TargetGroupArn=to)


# Services

@wrong("ecs:DeleteCluster", "a service")
def _():
    cluster, name = service(subnet(vpc()))
    yield ecs.delete_cluster, {"cluster": cluster}
    end_service(cluster, name)
    eventually(lambda: not ecs.list_tasks(cluster=cluster)["taskArns"])


def machine():
    """A cluster, its container instance and a task definition for it."""
    cluster = ecs.create_cluster(clusterName=fresh("machine"))["cluster"]["clusterName"]
    image = client("ssm").get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]
    one = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=image, InstanceType="t3.medium", SubnetId=subnet(vpc()))["Instances"][0]["InstanceId"]
    wait("ec2", "instance_running", InstanceIds=[one])
    made = ecs.register_container_instance(cluster=cluster, instanceIdentityDocument=json.dumps({"instanceId": one}))
    task = ecs.register_task_definition(family=cluster, containerDefinitions=[{"name": "web", "image": "nginx", "memory": 128}])
    return cluster, made["containerInstance"]["containerInstanceArn"], task["taskDefinition"]["taskDefinitionArn"]


@wrong("ecs:DeleteCluster", "a container instance")
def _():
    cluster, instance, _ = machine()
    yield ecs.delete_cluster, {"cluster": cluster}
    ecs.deregister_container_instance(cluster=cluster, containerInstance=instance)


@wrong("ecs:DeregisterContainerInstance", "a task")
def _():
    cluster, instance, task = machine()
    made = ecs.start_task(cluster=cluster, taskDefinition=task, containerInstances=[instance])["tasks"][0]["taskArn"]
    yield ecs.deregister_container_instance, {"cluster": cluster, "containerInstance": instance}
    ecs.stop_task(cluster=cluster, task=made)


@wrong("ecs:DeleteTaskSet", "tasks it keeps running")
def _():
    cluster, _, task = machine()
    ecs.create_service(cluster=cluster, serviceName="sets", desiredCount=1, deploymentController={"type": "EXTERNAL"})
    made = ecs.create_task_set(cluster=cluster, service="sets", taskDefinition=task)["taskSet"]["taskSetArn"]
    eventually(lambda: ecs.describe_task_sets(cluster=cluster, service="sets")["taskSets"][0]["runningCount"])
    yield ecs.delete_task_set, {"cluster": cluster, "service": "sets", "taskSet": made}
    eventually(lambda: not ecs.list_tasks(cluster=cluster)["taskArns"])
    eventually(lambda: not ecs.describe_task_sets(cluster=cluster, service="sets")["taskSets"])


@wrong("ecs:DeleteService", "tasks it keeps running")
def _():
    cluster, name = service(subnet(vpc()))
    yield ecs.delete_service, {"cluster": cluster, "service": name}
    ecs.update_service(cluster=cluster, service=name, desiredCount=0)


@wrong("ecs:DeregisterTaskDefinition", "a service")
def _():
    task = definition()
    cluster, name = service(subnet(vpc()), task=task)
    yield ecs.deregister_task_definition, {"taskDefinition": task}
    ecs.update_service(cluster=cluster, service=name, desiredCount=2)
    wait("ecs", "services_stable", cluster=cluster, services=[name])
    shown = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    assert shown["runningCount"] == 2 and shown["taskDefinition"] == task


@wrong("ecs:DeleteTaskDefinitions", "its registration")
def _():
    task = definition()
    yield ecs.delete_task_definitions, {"taskDefinitions": [task]}
    ecs.deregister_task_definition(taskDefinition=task)
    answer = ecs.delete_task_definitions(taskDefinitions=[task])
    assert not answer["failures"] and answer["taskDefinitions"][0]["status"] == "DELETE_IN_PROGRESS"


@wrong("ecs:DeleteTaskDefinitions", "a service")
def _():

    task = definition()
    cluster, name = service(subnet(vpc()), task=task)
    ecs.deregister_task_definition(taskDefinition=task)
    yield ecs.delete_task_definitions, {"taskDefinitions": [task]}

    def status():
        return ecs.describe_task_definition(taskDefinition=task)["taskDefinition"]["status"]
    passes(150)  # long enough for it to go if nothing held it
    assert status() == "DELETE_IN_PROGRESS"
    assert ecs.describe_services(cluster=cluster, services=[name])["services"][0]["runningCount"] == 1
    end_service(cluster, name)

    def gone():
        try:
            return not status()
        except ecs.exceptions.ClientException:
            return True
    eventually(gone)


# Scaling

def scaled():
    """A service with a scalable target, a policy and a scheduled action: `(cluster, service, target)`."""
    cluster, name = service(subnet(vpc()))
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": f"service/{cluster}/{name}"}
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(PolicyName="p", PolicyType="TargetTrackingScaling", **target, TargetTrackingScalingPolicyConfiguration={
        "TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
    scaling.put_scheduled_action(ScheduledActionName="a", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 2}, **target)
    return cluster, name, target


def of_target(target):
    one = {"ServiceNamespace": "ecs", "ResourceId": target["ResourceId"]}
    return (scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])["ScalableTargets"],
            scaling.describe_scaling_policies(**one)["ScalingPolicies"], scaling.describe_scheduled_actions(**one)["ScheduledActions"])


@wrong("ecs:DeleteService", "its scalable target")
def _():
    cluster, name, target = scaled()
    ecs.update_service(cluster=cluster, service=name, desiredCount=0)
    assert all(of_target(target))
    yield ecs.delete_service, {"cluster": cluster, "service": name}
    eventually(lambda: not any(of_target(target)))


@wrong("application-autoscaling:DeregisterScalableTarget", "a scaling policy")
def _():
    *_, target = scaled()
    assert of_target(target)[1]
    yield scaling.deregister_scalable_target, target
    assert not of_target(target)[1]


@wrong("application-autoscaling:DeregisterScalableTarget", "a scheduled action")
def _():
    *_, target = scaled()
    assert of_target(target)[2]
    yield scaling.deregister_scalable_target, target
    assert not of_target(target)[2]


@wrong("application-autoscaling:DeleteScalingPolicy", "the alarms of target tracking")
def _():
    *_, target = scaled()
    names = [alarm["AlarmName"] for alarm in of_target(target)[1][0]["Alarms"]]
    watch = client("cloudwatch")
    assert len(watch.describe_alarms(AlarmNames=names)["MetricAlarms"]) == 2
    yield scaling.delete_scaling_policy, {"PolicyName": "p", **target}
    assert not watch.describe_alarms(AlarmNames=names)["MetricAlarms"]
