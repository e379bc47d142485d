"""ELB and ECS: load balancers, listeners, rules, target groups; clusters, task definitions, services, tasks."""
from harness import ACCOUNT, aws, client, eventually, ids, network, pages, refused, role, tampered, test, wait
from objects import balanced, targets, way_out

elb, ecs, ec2 = client("elbv2"), client("ecs"), client("ec2")
NONE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:%s/none/0000000000000000"
world = {}


def balancer(name, **more):
    return elb.create_load_balancer(Name=name, Subnets=world["subnets"], SecurityGroups=[world["group"]], **more)["LoadBalancers"][0]


def group(name, **more):
    return elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=world["vpc"], TargetType="ip", **more)["TargetGroups"][0]["TargetGroupArn"]


def forward(arn):
    return [{"Type": "forward", "TargetGroupArn": arn}]


@test
def a_load_balancer_from_beginning_to_end():
    vpc, subnets, sg = network("balancing", ("us-east-1a", "us-east-1b", "us-east-1c"))
    world.update(vpc=vpc, subnets=subnets[:2], third=subnets[2], group=sg)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    way_out(vpc)
    made = balancer("main", Tags=[{"Key": "a", "Value": "b"}])
    arn = made["LoadBalancerArn"]
    assert made["State"]["Code"] == "provisioning"
    assert balancer("main", Tags=[{"Key": "a", "Value": "b"}])["LoadBalancerArn"] == arn, "the same again is the same"
    refused("DuplicateLoadBalancerName", elb.create_load_balancer, Name="main", Subnets=subnets[1:], SecurityGroups=[sg])
    refused("SubnetNotFound", elb.create_load_balancer, Name="other", Subnets=["subnet-00000000000000000", subnets[0]])
    aws("elbv2", "wait", "load-balancer-available", "--load-balancer-arns", arn)
    wait("elbv2", "load_balancer_exists", Names=["main"])
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=sg)
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc)
    one, two = group("one"), group("two")
    refused("DuplicateTargetGroupName", elb.create_target_group, Name="one", Protocol="HTTP", Port=81, VpcId=vpc, TargetType="ip")
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward(one))["Listeners"][0]["ListenerArn"]
    refused("DuplicateListener", elb.create_listener, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward(two))
    refused("TargetGroupNotFound", elb.create_listener, LoadBalancerArn=arn, Protocol="HTTP", Port=81, DefaultActions=forward(NONE % "targetgroup"))
    refused("LoadBalancerNotFound", elb.create_listener, LoadBalancerArn=NONE % "loadbalancer/app", Protocol="HTTP", Port=81, DefaultActions=forward(one))
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=one)
    condition = [{"Field": "path-pattern", "Values": ["/a/*"]}]
    rule = elb.create_rule(ListenerArn=listener, Priority=10, Conditions=condition, Actions=forward(two))["Rules"][0]["RuleArn"]
    refused("PriorityInUse", elb.create_rule, ListenerArn=listener, Priority=10, Conditions=condition, Actions=forward(two))
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=two)
    elb.modify_rule(RuleArn=rule, Conditions=[{"Field": "path-pattern", "Values": ["/b/*"]}])
    assert elb.describe_rules(RuleArns=[rule])["Rules"][0]["Conditions"][0]["Values"] == ["/b/*"]
    default = next(r for r in elb.describe_rules(ListenerArn=listener)["Rules"] if r["IsDefault"])
    refused("OperationNotPermitted", elb.delete_rule, RuleArn=default["RuleArn"])
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}])
    elb.register_targets(TargetGroupArn=two, Targets=[{"Id": "10.40.0.10", "Port": 80}])
    wait("elbv2", "target_in_service", TargetGroupArn=two, Targets=[{"Id": "10.40.0.10", "Port": 80}])
    health = elb.describe_target_health(TargetGroupArn=two)["TargetHealthDescriptions"]
    assert [h["Target"]["Id"] for h in health] == ["10.40.0.10"]
    elb.deregister_targets(TargetGroupArn=two, Targets=[{"Id": "10.40.0.10", "Port": 80}])
    wait("elbv2", "target_deregistered", TargetGroupArn=two, Targets=[{"Id": "10.40.0.10", "Port": 80}])
    refused("ValidationError", elb.register_targets, TargetGroupArn=two, Targets=[{"Id": "i-00000000000000000"}])
    elb.modify_target_group(TargetGroupArn=two, HealthCheckPath="/health")
    elb.modify_target_group_attributes(TargetGroupArn=two, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "30"} in elb.describe_target_group_attributes(TargetGroupArn=two)["Attributes"]
    refused("ValidationError", elb.modify_target_group_attributes, TargetGroupArn=two, Attributes=[{"Key": "colour", "Value": "red"}])
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=arn)
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    assert {"Key": "deletion_protection.enabled", "Value": "false"} in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    some = elb.describe_listener_attributes(ListenerArn=listener)["Attributes"]
    elb.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": "routing.http.response.server.enabled", "Value": "false"}])
    assert some
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[sg])
    elb.set_subnets(LoadBalancerArn=arn, Subnets=subnets)
    elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")
    elb.modify_capacity_reservation(LoadBalancerArn=arn, MinimumLoadBalancerCapacity={"CapacityUnits": 100})
    assert elb.describe_capacity_reservation(LoadBalancerArn=arn)["MinimumLoadBalancerCapacity"]["CapacityUnits"] == 100
    elb.modify_capacity_reservation(LoadBalancerArn=arn, ResetCapacityReservation=True)
    elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "c", "Value": "d"}])
    elb.remove_tags(ResourceArns=[arn], TagKeys=["a"])
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == [{"Key": "c", "Value": "d"}]
    elb.delete_rule(RuleArn=rule)
    elb.delete_rule(RuleArn=rule)  # once more is no error
    elb.delete_listener(ListenerArn=listener)
    elb.delete_listener(ListenerArn=listener)  # one that is gone is fine
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)  # absent is success
    aws("elbv2", "wait", "load-balancers-deleted", "--load-balancer-arns", arn)
    refused("LoadBalancerNotFound", elb.describe_load_balancers, LoadBalancerArns=[arn])
    aws("elbv2", "describe-load-balancers", "--names", "main", fails="LoadBalancerNotFound")
    for one in (one, two):
        elb.delete_target_group(TargetGroupArn=one)
    refused("TargetGroupNotFound", elb.describe_target_groups, TargetGroupArns=[two])


@test
def lists_of_load_balancing_come_in_pages():
    arn = balancer("page-0")["LoadBalancerArn"]
    for n in range(4):
        if n:
            balancer(f"page-{n}")
        target = group(f"page-{n}")
        listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80 + n, DefaultActions=forward(target))["Listeners"][0]["ListenerArn"]
        world.setdefault("target", target)
    for n in range(4):
        elb.create_rule(ListenerArn=listener, Priority=10 + n, Conditions=[{"Field": "path-pattern", "Values": [f"/{n}"]}], Actions=forward(target))
    pages("elbv2", "DescribeLoadBalancers", 2, "ValidationError")
    pages("elbv2", "DescribeTargetGroups", 2, "ValidationError")
    pages("elbv2", "DescribeListeners", 2, "ValidationError", LoadBalancerArn=arn)
    pages("elbv2", "DescribeRules", 2, "ValidationError", ListenerArn=listener)
    listed = aws("elbv2", "describe-load-balancers", "--max-items", "3")
    assert len(listed["LoadBalancers"]) == 3 and listed["NextToken"]


@test
def a_service_from_beginning_to_end():
    execution = role("ecs-execution", "ecs-tasks.amazonaws.com")
    ecs.create_cluster(clusterName="main", tags=[{"key": "a", "value": "b"}])
    again = ecs.create_cluster(clusterName="main")["cluster"]["clusterArn"]
    assert ecs.list_clusters()["clusterArns"] == [again]
    ecs.update_cluster(cluster="main", configuration={"executeCommandConfiguration": {"logging": "NONE"}})
    ecs.update_cluster_settings(cluster="main", settings=[{"name": "containerInsights", "value": "enabled"}])
    ecs.put_cluster_capacity_providers(cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[
        {"capacityProvider": "FARGATE", "weight": 1}])
    assert ecs.describe_clusters(clusters=["main", "none"], include=["SETTINGS"])["failures"][0]["reason"] == "MISSING"
    definition = {"family": "main", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
                  "executionRoleArn": execution,
                  "containerDefinitions": [{"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}]}]}
    first = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    second = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    assert first.endswith(":1") and second.endswith(":2")
    refused("ClientException", ecs.register_task_definition, **{**definition, "cpu": "255"})
    assert ecs.describe_task_definition(taskDefinition="main")["taskDefinition"]["revision"] == 2
    refused("ClientException", ecs.describe_task_definition, taskDefinition="none")
    wired = {"awsvpcConfiguration": {"subnets": world["subnets"], "securityGroups": [world["group"]], "assignPublicIp": "ENABLED"}}
    made = {"cluster": "main", "serviceName": "web", "taskDefinition": "main", "desiredCount": 2, "launchType": "FARGATE",
            "networkConfiguration": wired, "clientToken": "service-token",
            "loadBalancers": [{"targetGroupArn": world["target"], "containerName": "web", "containerPort": 80}]}
    loose = group("loose")
    refused("InvalidParameterException", ecs.create_service, **{**made, "serviceName": "loose", "clientToken": "t2",
            "loadBalancers": [{"targetGroupArn": loose, "containerName": "web", "containerPort": 80}]})
    refused("ClusterNotFoundException", ecs.create_service, **{**made, "cluster": "none"})
    service = ecs.create_service(**made)["service"]["serviceArn"]
    assert ecs.create_service(**made)["service"]["serviceArn"] == service, "the same token makes the same service"
    refused("InvalidParameterException", ecs.create_service, **{**made, "clientToken": "another"})
    aws("ecs", "wait", "services-stable", "--cluster", "main", "--services", "web")
    tasks = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    assert len(tasks) == 2
    wait("ecs", "tasks_running", cluster="main", tasks=tasks)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=world["group"])
    refused("ClusterContainsServicesException", ecs.delete_cluster, cluster="main")
    refused("InvalidParameterException", ecs.delete_service, cluster="main", service="web")
    ecs.stop_task(cluster="main", task=tasks[0])
    wait("ecs", "tasks_stopped", cluster="main", tasks=tasks[:1])
    ecs.update_service(cluster="main", service="web", taskDefinition=first, desiredCount=1)
    wait("ecs", "services_stable", cluster="main", services=["web"])
    ecs.tag_resource(resourceArn=service, tags=[{"key": "k", "value": "v"}])
    ecs.untag_resource(resourceArn=service, tagKeys=["x"])
    assert ecs.list_tags_for_resource(resourceArn=service)["tags"] == [{"key": "k", "value": "v"}]
    ecs.update_service(cluster="main", service="web", desiredCount=0)
    ecs.delete_service(cluster="main", service="web")
    wait("ecs", "services_inactive", cluster="main", services=["web"])
    refused("ServiceNotActiveException", ecs.update_service, cluster="main", service="web", desiredCount=1)
    refused("ServiceNotFoundException", ecs.update_service, cluster="main", service="none", desiredCount=1)
    assert ecs.delete_task_definitions(taskDefinitions=[first])["failures"], "active revisions cannot be deleted"
    ecs.deregister_task_definition(taskDefinition=first)
    ecs.deregister_task_definition(taskDefinition=second)
    assert not ecs.delete_task_definitions(taskDefinitions=[first, second])["failures"]
    eventually(lambda: not ecs.list_tasks(cluster="main")["taskArns"])
    ecs.delete_cluster(cluster="main")
    refused("ClusterNotFoundException", ecs.delete_cluster, cluster="none")


@test
def addresses_from_pools():
    first, second = ({"Ipv4IpamPoolId": f"ipam-pool-{n:017x}"} for n in (1, 2))
    public = balancer("pools", IpamPools=first)["LoadBalancerArn"]
    private = balancer("no-pools", Scheme="internal")["LoadBalancerArn"]
    wait("elbv2", "load_balancer_available", LoadBalancerArns=[public, private])

    def pools():
        return elb.describe_load_balancers(LoadBalancerArns=[public])["LoadBalancers"][0].get("IpamPools")
    assert pools() == first
    assert elb.modify_ip_pools(LoadBalancerArn=public, IpamPools=second)["IpamPools"] == second == pools()
    assert aws("elbv2", "modify-ip-pools", "--load-balancer-arn", public, "--ipam-pools", f"Ipv4IpamPoolId={first['Ipv4IpamPoolId']}")["IpamPools"] == first
    assert not elb.modify_ip_pools(LoadBalancerArn=public, RemoveIpamPools=["ipv4"]).get("IpamPools") and not pools()
    refused("LoadBalancerNotFound", elb.modify_ip_pools, LoadBalancerArn=NONE % "loadbalancer/app", IpamPools=first)
    refused("ValidationError", elb.modify_ip_pools, LoadBalancerArn=private, IpamPools=first)
    refused("ValidationError", elb.modify_ip_pools, LoadBalancerArn=public, RemoveIpamPools=["ipv6"])
    refused("ValidationError", elb.modify_ip_pools, LoadBalancerArn=public, RemoveIpamPools=["ipv4"], IpamPools=first)
    refused("ValidationError", elb.modify_ip_pools, LoadBalancerArn=public)
    for one in (public, private):
        elb.delete_load_balancer(LoadBalancerArn=one)
    wait("elbv2", "load_balancers_deleted", LoadBalancerArns=[public, private])


@test
def lists_of_ecs_come_in_pages():
    ecs.create_cluster(clusterName="pages")
    for n in range(4):
        ecs.create_cluster(clusterName=f"page-{n}")
        ecs.register_task_definition(family=f"page-{n}", containerDefinitions=[{"name": "web", "image": "nginx", "memory": 128}],
                                     networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512")
        ecs.create_service(cluster="pages", serviceName=f"page-{n}", taskDefinition=f"page-{n}", desiredCount=1, launchType="FARGATE",
                           networkConfiguration={"awsvpcConfiguration": {
                               "subnets": world["subnets"], "securityGroups": [world["group"]], "assignPublicIp": "ENABLED"}})
    wait("ecs", "services_stable", cluster="pages", services=[f"page-{n}" for n in range(4)])
    pages("ecs", "ListClusters", 2, "InvalidParameterException")
    pages("ecs", "ListTaskDefinitions", 2, "InvalidParameterException")
    pages("ecs", "ListTaskDefinitionFamilies", 2, "InvalidParameterException")
    pages("ecs", "ListServices", 2, "InvalidParameterException", cluster="pages")
    pages("ecs", "ListTasks", 2, "InvalidParameterException", cluster="pages")
    arns = ecs.list_tasks(cluster="pages")["taskArns"]
    assert ids(ecs.describe_tasks(cluster="pages", tasks=arns)["tasks"], "taskArn") == sorted(arns)
    assert len(aws("ecs", "list-clusters", "--page-size", "2")["clusterArns"]) >= 5
    assert client("ecs", "eu-west-1").list_clusters()["clusterArns"] == []


@test
def nonsense_is_refused():
    tampered("InvalidAction", elb.describe_rules, lambda p: p["body"].update(Action="Frobnicate"))
    tampered("UnknownParameter", elb.describe_rules, lambda p: p["body"].update(Colour="red"))
    tampered("ValidationError", elb.delete_rule, lambda p: p["body"].pop("RuleArn"), RuleArn="x")

    def renamed(p):
        p["headers"]["X-Amz-Target"] = "AmazonEC2ContainerServiceV20141113.Frobnicate"
    tampered("UnknownOperationException", ecs.list_clusters, renamed)
    refused("SandboxOperationNotImplemented", elb.describe_trust_stores)
    refused("SandboxOperationNotImplemented", ecs.discover_poll_endpoint)


@test
def certificates_besides_the_default_one():
    of, _, _, arn = balanced()
    to = targets(of)
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/%s"
    action = [{"Type": "forward", "TargetGroupArn": to}]
    plain = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=action)["Listeners"][0]["ListenerArn"]
    refused("ValidationError", elb.add_listener_certificates, ListenerArn=plain, Certificates=[{"CertificateArn": certificate % "a"}])
    one = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTPS", Port=443, DefaultActions=action,
                              Certificates=[{"CertificateArn": certificate % "main"}])["Listeners"][0]["ListenerArn"]
    refused("CertificateNotFound", elb.add_listener_certificates, ListenerArn=one, Certificates=[{"CertificateArn": "nonsense"}])
    for _ in range(2):
        elb.add_listener_certificates(ListenerArn=one, Certificates=[{"CertificateArn": certificate % name} for name in "abc"])
    shown = elb.describe_listener_certificates(ListenerArn=one)["Certificates"]
    assert [(c["CertificateArn"][-4:], c["IsDefault"]) for c in shown][0] == ("main", True) and len(shown) == 4, shown
    pages("elbv2", "DescribeListenerCertificates", 3, "ValidationError", ListenerArn=one)
    more = [{"CertificateArn": certificate % f"n-{n}"} for n in range(23)]
    refused("TooManyCertificates", elb.add_listener_certificates, ListenerArn=one, Certificates=more)
    elb.remove_listener_certificates(ListenerArn=one, Certificates=[{"CertificateArn": certificate % "a"}])
    assert len(elb.describe_listener_certificates(ListenerArn=one)["Certificates"]) == 3
