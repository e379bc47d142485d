"""Container instances and what runs on them: placement, attributes, draining, task sets of external controllers.

Sources: moto's test_ecs.py and test_ecs_tasksets.py, TestAccECSTaskSet_*, the ECS Developer Guide where tests are silent.
"""
import json

from harness import ACCOUNT, client, eventually, network, pages, refused, said, test, wait

ec2, ecs, elb, ssm = client("ec2"), client("ecs"), client("elbv2"), client("ssm")
IMAGE = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]
_, SUBNETS, GROUP = network("machines")


def machine(kind="t3.medium", subnet=0):
    one = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=IMAGE, InstanceType=kind, SubnetId=SUBNETS[subnet])["Instances"][0]["InstanceId"]
    wait("ec2", "instance_running", InstanceIds=[one])
    return one


def join(cluster, one=None, **others):
    document = json.dumps({"instanceId": one or machine()})
    return ecs.register_container_instance(cluster=cluster, instanceIdentityDocument=document, **others)["containerInstance"]


def home(name, machines=1):
    """A cluster with container instances: their ARNs."""
    ecs.create_cluster(clusterName=name)
    return [join(name, machine(subnet=at % 2))["containerInstanceArn"] for at in range(machines)]


def define(family, cpu=256, memory=128, **others):
    container = {"name": "web", "image": "nginx", "cpu": cpu, "memory": memory, "essential": True, **others}
    return ecs.register_task_definition(family=family, containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]


def shown(cluster, *instances, **others):
    return ecs.describe_container_instances(cluster=cluster, containerInstances=list(instances), **others)["containerInstances"]


def numbers(resources):
    return {one["name"]: one.get("stringSetValue", one["integerValue"]) for one in resources}


def service(cluster, name="one"):
    return ecs.describe_services(cluster=cluster, services=[name])["services"][0]


@test
def they_join_and_leave():
    """moto's test_register_container_instance, test_deregister_container_instance, test_describe_container_instances."""
    refused("ClusterNotFoundException", ecs.describe_container_instances, containerInstances=[], cluster="never")
    ecs.create_cluster(clusterName="joins")
    one = machine()
    made = join("joins", one, tags=[{"key": "k", "value": "v"}], versionInfo={"agentVersion": "1.0.0", "agentHash": "4023248", "dockerVersion": "DockerVersion: 1.5.0"})
    arn = made["containerInstanceArn"]
    assert arn.startswith(f"arn:aws:ecs:us-east-1:{ACCOUNT}:container-instance/joins/") and len(arn.rsplit("/", 1)[1]) == 32, arn
    assert (made["ec2InstanceId"], made["status"], made["agentConnected"], made["tags"]) == (one, "ACTIVE", True, [{"key": "k", "value": "v"}])
    assert [part["name"] for part in made["registeredResources"]] == ["CPU", "MEMORY", "PORTS", "PORTS_UDP"] and made["remainingResources"]
    assert numbers(made["registeredResources"])["CPU"] == 2048 and "22" in numbers(made["registeredResources"])["PORTS"]
    attributes = {part["name"]: part.get("value") for part in made["attributes"]}
    assert (attributes["ecs.instance-type"], attributes["ecs.ami-id"], attributes["ecs.availability-zone"]) == ("t3.medium", IMAGE, "us-east-1a")
    assert ecs.describe_clusters(clusters=["joins"])["clusters"][0]["registeredContainerInstancesCount"] == 1
    said("ClientException", "i-0123456789abcdef0", ecs.register_container_instance, cluster="joins",
         instanceIdentityDocument='{"instanceId": "i-0123456789abcdef0"}')
    refused("ClientException", ecs.register_container_instance, cluster="joins")
    said("ClientException", "Container Instances cannot be empty.", ecs.describe_container_instances, cluster="joins", containerInstances=[])
    answer = ecs.describe_container_instances(cluster="joins", containerInstances=[arn, "0123"], include=["TAGS", "CONTAINER_INSTANCE_HEALTH"])
    assert answer["failures"] == [{"arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:container-instance/joins/0123", "reason": "MISSING"}], answer["failures"]
    assert answer["containerInstances"][0]["healthStatus"]["overallStatus"] == "OK"
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "l", "value": "w"}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["k"])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "l", "value": "w"}]
    # The same agent registers the same instance again; another one takes its machine.
    assert join("joins", one, containerInstanceArn=arn)["containerInstanceArn"] == arn
    second = join("joins", one)["containerInstanceArn"]
    assert second != arn and [part["agentConnected"] for part in shown("joins", arn, second)] == [False, True]
    for _ in range(3):
        join("joins", one)
    pages("ecs", "ListContainerInstances", 2, "InvalidParameterException", cluster="joins")
    asked = {"cluster": "joins", "filter": f"ec2InstanceId == {one} and agentConnected == false"}
    assert len(ecs.list_container_instances(**asked)["containerInstanceArns"]) == 4
    refused("InvalidParameterException", ecs.list_container_instances, cluster="joins", filter="attribute:x is y")
    assert ecs.deregister_container_instance(cluster="joins", containerInstance=arn)["containerInstance"]["status"] == "INACTIVE"
    assert arn not in ecs.list_container_instances(cluster="joins")["containerInstanceArns"] and shown("joins", arn)[0]["status"] == "INACTIVE"
    said("InvalidParameterException", "not found", ecs.deregister_container_instance, cluster="joins", containerInstance=arn)
    # A machine that is terminated leaves by itself.
    ec2.terminate_instances(InstanceIds=[one])
    wait("ec2", "instance_terminated", InstanceIds=[one])
    assert not ecs.list_container_instances(cluster="joins")["containerInstanceArns"]
    ecs.delete_cluster(cluster="joins")


@test
def agents_are_updated():
    ecs.create_cluster(clusterName="agents")
    one = machine()
    bare = join("agents", one)["containerInstanceArn"]
    refused("MissingVersionException", ecs.update_container_agent, cluster="agents", containerInstance=bare)
    old = join("agents", one, versionInfo={"agentVersion": "1.50.0"})["containerInstanceArn"]
    refused("ClientException", ecs.update_container_agent, cluster="agents", containerInstance=bare)
    assert ecs.update_container_agent(cluster="agents", containerInstance=old)["containerInstance"]["agentUpdateStatus"] == "PENDING"
    refused("UpdateInProgressException", ecs.update_container_agent, cluster="agents", containerInstance=old)
    eventually(lambda: shown("agents", old)[0]["agentUpdateStatus"] == "UPDATED")
    refused("NoUpdateAvailableException", ecs.update_container_agent, cluster="agents", containerInstance=old)


@test
def attributes():
    """moto's test_attributes."""
    first, second = home("attributes", 2)
    short = second.rsplit("/", 1)[1]
    put = ecs.put_attributes(cluster="attributes", attributes=[
        {"name": "env", "value": "prod"}, {"name": "attr1", "value": "instance1", "targetId": first},
        {"name": "attr1", "value": "instance2", "targetId": short, "targetType": "container-instance"}])["attributes"]
    assert len(put) == 4 and put[-1] == {"name": "attr1", "value": "instance2", "targetId": second}, put
    listed = {"cluster": "attributes", "targetType": "container-instance"}
    all_of = ecs.list_attributes(**listed)["attributes"]
    assert len(all_of) == 4 + 4 * 2, all_of
    assert [one["targetId"] for one in ecs.list_attributes(**listed, attributeName="attr1", attributeValue="instance1")["attributes"]] == [first]
    pages("ecs", "ListAttributes", 5, "InvalidParameterException", **listed)
    refused("TargetNotFoundException", ecs.put_attributes, cluster="attributes", attributes=[{"name": "a", "targetId": "never"}])
    refused("InvalidParameterException", ecs.put_attributes, cluster="attributes", attributes=[{"name": "a b"}])
    refused("AttributeLimitExceededException", ecs.put_attributes, cluster="attributes",
            attributes=[{"name": f"a{n}", "targetId": first} for n in range(9)])
    assert "a0" not in str(ecs.list_attributes(**listed)), "all or nothing"
    gone = ecs.delete_attributes(cluster="attributes", attributes=[{"name": "attr1", "targetId": short, "targetType": "container-instance"}])
    assert [one["value"] for one in gone["attributes"]] == ["instance2"]
    assert len(ecs.list_attributes(**listed)["attributes"]) == 4 + 4 * 2 - 1
    refused("TargetNotFoundException", ecs.delete_attributes, cluster="attributes", attributes=[{"name": "attr1", "targetId": "never"}])
    found = ecs.list_container_instances(cluster="attributes", filter="attribute:attr1 == instance1")["containerInstanceArns"]
    assert found == [first], found


@test
def tasks_take_room():
    """moto's test_start_task, test_resource_reservation_and_release, test_task_definitions_unable_to_be_placed, …_with_port_clash."""
    ecs.create_cluster(clusterName="room")
    task = define("room", 1024, 400, portMappings=[{"hostPort": 80, "containerPort": 8080}])
    said("InvalidParameterException", "No Container Instances were found in your cluster.", ecs.run_task, cluster="room", taskDefinition=task)
    arn = join("room")["containerInstanceArn"]
    ran = ecs.run_task(cluster="room", taskDefinition=task, startedBy="moto")
    one = ran["tasks"][0]
    assert (one["containerInstanceArn"], one["launchType"], one["startedBy"], ran["failures"]) == (arn, "EC2", "moto", [])
    assert one["containers"][0]["networkBindings"] == [{"bindIP": "0.0.0.0", "containerPort": 8080, "hostPort": 80, "protocol": "tcp"}], one
    here = shown("room", arn)[0]
    before, after = numbers(here["registeredResources"]), numbers(here["remainingResources"])
    assert (after["CPU"], after["MEMORY"], after["PORTS"]) == (before["CPU"] - 1024, before["MEMORY"] - 400, [*before["PORTS"], "80"]), here
    eventually(lambda: shown("room", arn)[0]["runningTasksCount"] == 1)
    assert ecs.list_tasks(cluster="room", containerInstance=arn)["taskArns"] == [one["taskArn"]]
    # The port is taken, and what is too large fits nowhere.
    assert ecs.run_task(cluster="room", taskDefinition=task)["failures"] == [{"arn": arn, "reason": "RESOURCE:PORTS"}]
    for wants, reason in (({"cpu": 5000}, "RESOURCE:CPU"), ({"memory": 40000}, "RESOURCE:MEMORY")):
        answer = ecs.run_task(cluster="room", taskDefinition=define("large", **wants), count=2)
        assert not answer["tasks"] and answer["failures"][0] == {"arn": arn, "reason": reason}, answer
    ecs.stop_task(cluster="room", task=one["taskArn"])
    eventually(lambda: numbers(shown("room", arn)[0]["remainingResources"]) == before)
    small = define("small")
    started = ecs.start_task(cluster="room", taskDefinition="small", containerInstances=[arn.rsplit("/", 1)[1], "never"], startedBy="moto",
                             tags=[{"key": "k", "value": "v"}], group="mine")
    assert [one["reason"] for one in started["failures"]] == ["MISSING"]
    one = started["tasks"][0]
    assert (one["containerInstanceArn"], one["group"], one["tags"]) == (arn, "mine", [{"key": "k", "value": "v"}]), one
    assert ecs.start_task(cluster="room", taskDefinition=task.replace("room:1", "large:1"), containerInstances=[arn])["failures"][0]["reason"] == "RESOURCE:CPU"
    refused("InvalidParameterException", ecs.start_task, cluster="room", taskDefinition=small, containerInstances=[])
    # Constraints: one task of a group for each instance, and what an expression says.
    apart = {"cluster": "room", "taskDefinition": small, "count": 2, "group": "apart"}
    answer = ecs.run_task(**apart, placementConstraints=[{"type": "distinctInstance"}])
    assert len(answer["tasks"]) == 1 and answer["failures"] == [{"arn": arn, "reason": "ATTRIBUTE"}], answer
    only = [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ m5.*"}]
    assert not ecs.run_task(**apart, placementConstraints=only)["tasks"]
    refused("InvalidParameterException", ecs.run_task, **apart, placementConstraints=[{"type": "memberOf", "expression": "nonsense"}])
    # Deregistered by force, the instance takes its tasks along.
    refused("InvalidParameterException", ecs.deregister_container_instance, cluster="room", containerInstance=arn)
    ecs.deregister_container_instance(cluster="room", containerInstance=arn, force=True)
    left = ecs.describe_tasks(cluster="room", tasks=[one["taskArn"]])["tasks"][0]
    assert left["desiredStatus"] == "STOPPED" and left["stoppedReason"] == "Container instance deregistration forced by user", left


@test
def services_wait_for_instances():
    ecs.create_cluster(clusterName="waits")
    task = define("waits", 1024, portMappings=[{"containerPort": 80}])
    ecs.create_service(cluster="waits", serviceName="one", taskDefinition=task, desiredCount=3, launchType="EC2")
    assert "No Container Instances were found in your cluster" in service("waits")["events"][0]["message"]
    assert service("waits")["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    first = join("waits", machine(subnet=0))["containerInstanceArn"]
    eventually(lambda: service("waits")["runningCount"] == 2)
    assert "insufficient CPU units available" in service("waits")["events"][0]["message"], service("waits")["events"]
    second = join("waits", machine(subnet=1))["containerInstanceArn"]
    wait("ecs", "services_stable", cluster="waits", services=["one"])
    eventually(lambda: service("waits")["deployments"][0]["rolloutState"] == "COMPLETED")
    counts = [one["runningTasksCount"] for one in shown("waits", first, second)]
    assert counts == [2, 1], counts
    # Docker gives out the ports.
    tasks = ecs.describe_tasks(cluster="waits", tasks=ecs.list_tasks(cluster="waits")["taskArns"])["tasks"]
    assert len({(one["containerInstanceArn"], one["containers"][0]["networkBindings"][0]["hostPort"]) for one in tasks}) == 3
    # A drained instance takes no more tasks, and those of services leave it.
    ecs.update_service(cluster="waits", service="one", desiredCount=2)
    drained = ecs.update_container_instances_state(cluster="waits", containerInstances=[first, "never"], status="DRAINING")
    assert [one["status"] for one in drained["containerInstances"]] == ["DRAINING"] and drained["failures"][0]["reason"] == "MISSING"
    eventually(lambda: shown("waits", second)[0]["runningTasksCount"] == 2)
    eventually(lambda: shown("waits", first)[0]["runningTasksCount"] == 0)
    assert ecs.list_container_instances(cluster="waits", status="DRAINING")["containerInstanceArns"] == [first]
    for status in ("INACTIVE", "REGISTERING"):
        refused("InvalidParameterException", ecs.update_container_instances_state, cluster="waits", containerInstances=[first], status=status)
    ecs.update_container_instances_state(cluster="waits", containerInstances=[first], status="ACTIVE")
    ecs.update_service(cluster="waits", service="one", desiredCount=4)
    eventually(lambda: service("waits")["runningCount"] == 4)
    # A machine that stops has no agent, and one that is terminated none of its tasks.
    ec2.terminate_instances(InstanceIds=[shown("waits", first)[0]["ec2InstanceId"]])
    eventually(lambda: ecs.list_container_instances(cluster="waits")["containerInstanceArns"] == [second])
    eventually(lambda: service("waits")["runningCount"] == 2)


@test
def balancers_send_to_instances():
    home("sends")
    vpc = ec2.describe_subnets(SubnetIds=SUBNETS[:1])["Subnets"][0]["VpcId"]
    balancer = elb.create_load_balancer(Name="sends", Subnets=SUBNETS, Scheme="internal", SecurityGroups=[GROUP])["LoadBalancers"][0]["LoadBalancerArn"]
    to = elb.create_target_group(Name="sends", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": to}])
    task = define("sends", portMappings=[{"containerPort": 80}])
    ecs.create_service(cluster="sends", serviceName="one", taskDefinition=task, desiredCount=1, launchType="EC2",
                       loadBalancers=[{"targetGroupArn": to, "containerName": "web", "containerPort": 80}])
    one, = elb.describe_target_health(TargetGroupArn=to)["TargetHealthDescriptions"]
    here = shown("sends", *ecs.list_container_instances(cluster="sends")["containerInstanceArns"])[0]
    assert one["Target"]["Id"] == here["ec2InstanceId"] and one["Target"]["Port"] > 32768, one
    ecs.update_service(cluster="sends", service="one", desiredCount=0)
    states = eventually(lambda: {one["TargetHealth"]["State"] for one in elb.describe_target_health(TargetGroupArn=to)["TargetHealthDescriptions"]} <= {"draining"})
    assert states


@test
def task_sets():
    """moto's test_ecs_tasksets.py, TestAccECSTaskSet_*."""
    home("sets")
    task = define("sets", 128)
    ecs.create_service(cluster="sets", serviceName="one", desiredCount=2, deploymentController={"type": "EXTERNAL"})
    ecs.create_service(cluster="sets", serviceName="own", desiredCount=0, taskDefinition=task)
    of = {"cluster": "sets", "service": "one"}
    refused("InvalidParameterException", ecs.create_task_set, cluster="sets", service="own", taskDefinition=task)
    refused("ServiceNotFoundException", ecs.create_task_set, cluster="sets", service="never", taskDefinition=task)
    made = ecs.create_task_set(**of, taskDefinition="sets", externalId="TEST_ID", tags=[{"key": "k1", "value": "v1"}])["taskSet"]
    assert made["taskSetArn"].startswith(f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-set/sets/one/ecs-svc/") and made["taskSetArn"].endswith(made["id"])
    assert (made["scale"], made["status"], made["launchType"], made["externalId"], made["taskDefinition"], made["computedDesiredCount"]) == (
        {"value": 100.0, "unit": "PERCENT"}, "ACTIVE", "EC2", "TEST_ID", task, 2), made
    assert made["stabilityStatus"] == "STABILIZING" and made["tags"] == [{"key": "k1", "value": "v1"}]
    plain = ecs.describe_task_sets(**of)["taskSets"][0]
    assert "tags" not in plain and ecs.describe_task_sets(**of, include=["TAGS"])["taskSets"][0]["tags"] == made["tags"]
    eventually(lambda: ecs.describe_task_sets(**of)["taskSets"][0]["stabilityStatus"] == "STEADY_STATE")
    running = ecs.list_tasks(cluster="sets", serviceName="one")["taskArns"]
    assert len(running) == 2 and ecs.describe_tasks(cluster="sets", tasks=running)["tasks"][0]["startedBy"] == made["id"]
    assert service("sets")["runningCount"] == 2 and service("sets")["taskSets"][0]["status"] == "ACTIVE"
    half = ecs.update_task_set(**of, taskSet=made["taskSetArn"], scale={"value": 25.0, "unit": "PERCENT"})["taskSet"]
    assert half["computedDesiredCount"] == 1, "rounded up"
    eventually(lambda: ecs.describe_task_sets(**of)["taskSets"][0]["runningCount"] == 1)
    refused("InvalidParameterException", ecs.update_task_set, **of, taskSet=made["id"], scale={"value": 101.0, "unit": "PERCENT"})
    other = ecs.create_task_set(**of, taskDefinition=define("sets", 256), scale={"value": 50.0, "unit": "PERCENT"}, clientToken="t")["taskSet"]
    assert ecs.create_task_set(**of, taskDefinition="sets", clientToken="t")["taskSet"]["id"] == other["id"]
    for at, primary in enumerate((made, other)):
        assert ecs.update_service_primary_task_set(**of, primaryTaskSet=primary["taskSetArn"])["taskSet"]["status"] == "PRIMARY"
        now = service("sets")
        assert now["taskSets"][at]["status"] == "PRIMARY" and now["taskSets"][1 - at]["status"] == "ACTIVE"
        assert now["taskDefinition"] == now["taskSets"][at]["taskDefinition"]
    refused("TaskSetNotFoundException", ecs.update_service_primary_task_set, **of, primaryTaskSet="ecs-svc/1")
    ecs.update_service(cluster="sets", service="one", desiredCount=4)
    assert [one["computedDesiredCount"] for one in ecs.describe_task_sets(**of)["taskSets"]] == [1, 2]
    ecs.tag_resource(resourceArn=made["taskSetArn"], tags=[{"key": "k2", "value": "v2"}])
    ecs.untag_resource(resourceArn=made["taskSetArn"], tagKeys=["k1"])
    assert ecs.list_tags_for_resource(resourceArn=made["taskSetArn"])["tags"] == [{"key": "k2", "value": "v2"}]
    partial = "/".join(made["taskSetArn"].split("/")[-2:])
    assert ecs.describe_task_sets(**of, taskSets=[partial])["taskSets"][0]["id"] == made["id"]
    assert ecs.delete_task_set(**of, taskSet=partial)["taskSet"]["status"] == "DRAINING"
    eventually(lambda: len(ecs.describe_task_sets(**of)["taskSets"]) == 1)
    answer = ecs.describe_task_sets(**of, taskSets=[made["taskSetArn"]])
    assert answer["failures"] == [{"arn": made["taskSetArn"], "reason": "MISSING"}], answer
    refused("TaskSetNotFoundException", ecs.delete_task_set, **of, taskSet=made["taskSetArn"])
    ecs.delete_task_set(**of, taskSet=other["id"], force=True)
    assert not ecs.describe_task_sets(**of)["taskSets"]
    fargate = ecs.register_task_definition(family="sets-fargate", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
                                           containerDefinitions=[{"name": "web", "image": "nginx"}])["taskDefinition"]["taskDefinitionArn"]
    there = {"awsvpcConfiguration": {"subnets": SUBNETS, "securityGroups": [GROUP], "assignPublicIp": "ENABLED"}}
    refused("InvalidParameterException", ecs.create_task_set, **of, taskDefinition=fargate, launchType="FARGATE")
    serverless = ecs.create_task_set(**of, taskDefinition=fargate, launchType="FARGATE", networkConfiguration=there,
                                     scale={"value": 0.0, "unit": "PERCENT"})["taskSet"]
    assert (serverless["platformVersion"], serverless["platformFamily"], serverless["computedDesiredCount"]) == ("LATEST", "Linux", 0)
    for _ in range(4):
        ecs.create_task_set(**of, taskDefinition=task, scale={"value": 0.0, "unit": "PERCENT"})
    refused("LimitExceededException", ecs.create_task_set, **of, taskDefinition=task)
    ecs.delete_service(cluster="sets", service="one", force=True)
    refused("ServiceNotActiveException", ecs.describe_task_sets, **of)
