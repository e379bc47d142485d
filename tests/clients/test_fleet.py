"""Launch templates, instances, VPC endpoints, VPN routes; Auto Scaling groups, their policies and refreshes."""
import base64
import json
import os
import pathlib
import subprocess

from harness import ACCOUNT, aws, client, eventually, ids, network, no_such_filter, pages, refused, role, test

ec2, scaling, elb, sns, watch = client("ec2"), client("autoscaling"), client("elbv2"), client("sns"), client("cloudwatch")
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
world = {}


def data(**more):
    return {"ImageId": IMAGE, "InstanceType": "t3.medium", **more}


def made(name, **more):
    return ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data(**more))["LaunchTemplate"]["LaunchTemplateId"]


@test
def a_network():
    world["vpc"], world["subnets"], world["group"] = network("fleet", ("us-east-1a", "us-east-1b", "us-east-1c"))
    world["targets"] = elb.create_target_group(Name="fleet", Protocol="HTTP", Port=80, VpcId=world["vpc"], TargetType="instance")["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(TargetGroupArn=world["targets"], Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
    balancer = elb.create_load_balancer(Name="fleet", Subnets=world["subnets"], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": world["targets"]}])


@test
def launch_templates():
    text = base64.b64encode(b"#!/bin/bash\n").decode()
    one = made("main", UserData=text, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}])
    refused("InvalidLaunchTemplateName.AlreadyExistsException", ec2.create_launch_template, LaunchTemplateName="main", LaunchTemplateData=data())
    refused("InvalidUserData.Malformed", ec2.create_launch_template, LaunchTemplateName="bad", LaunchTemplateData=data(UserData="#!/bin/bash"))
    eventually(lambda: ec2.describe_launch_templates(LaunchTemplateNames=["main"])["LaunchTemplates"])
    second = ec2.create_launch_template_version(LaunchTemplateId=one, SourceVersion="1", VersionDescription="two", LaunchTemplateData={"InstanceType": "t3.large"})["LaunchTemplateVersion"]
    assert second["VersionNumber"] == 2 and second["LaunchTemplateData"]["UserData"] == text and not second["DefaultVersion"]
    token = {"ClientToken": "once", "LaunchTemplateId": one, "LaunchTemplateData": data()}
    assert ec2.create_launch_template_version(**token)["LaunchTemplateVersion"]["VersionNumber"] == 3
    assert ec2.create_launch_template_version(**token)["LaunchTemplateVersion"]["VersionNumber"] == 3
    def numbers(*versions, **more):
        shown = ec2.describe_launch_template_versions(LaunchTemplateId=one, Versions=list(versions), **more)["LaunchTemplateVersions"]
        return [version["VersionNumber"] for version in shown]
    assert numbers("$Latest", "$Default") == [3, 1] and numbers() == [3, 2, 1]
    refused("InvalidLaunchTemplateId.VersionNotFound", ec2.describe_launch_template_versions, LaunchTemplateId=one, Versions=["9"])
    ec2.modify_launch_template(LaunchTemplateId=one, DefaultVersion="2")
    assert numbers("$Default") == [2]
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=one, Versions=["2", "1", "7"])
    assert ids(answer["SuccessfullyDeletedLaunchTemplateVersions"], "VersionNumber") == [1]
    assert len(answer["UnsuccessfullyDeletedLaunchTemplateVersions"]) == 2
    for n in range(6):
        made(f"page-{n}")
        ec2.create_launch_template_version(LaunchTemplateId=one, LaunchTemplateData=data())
    pages("ec2", "DescribeLaunchTemplates", 5)
    pages("ec2", "DescribeLaunchTemplateVersions", 5, LaunchTemplateId=one)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeLaunchTemplates")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeLaunchTemplateVersions", LaunchTemplateId=one)
    ec2.create_tags(Resources=[one], Tags=[{"Key": "k", "Value": "v"}])
    assert ec2.describe_launch_templates(LaunchTemplateIds=[one])["LaunchTemplates"][0]["Tags"] == [{"Key": "k", "Value": "v"}]
    ec2.delete_launch_template(LaunchTemplateName="main")
    eventually(lambda: one not in ids(ec2.describe_launch_templates()["LaunchTemplates"], "LaunchTemplateId"))
    refused("InvalidLaunchTemplateId.NotFound", ec2.describe_launch_templates, LaunchTemplateIds=[one])


def state(one):
    found = ec2.describe_instances(InstanceIds=[one])["Reservations"]
    return found[0]["Instances"][0]["State"]["Name"]


@test
def instances():
    one = made("instances", SecurityGroupIds=[world["group"]], MetadataOptions={"HttpTokens": "required"}, Monitoring={"Enabled": True})
    template = {"LaunchTemplateId": one, "Version": "$Latest"}
    eventually(lambda: ec2.describe_launch_templates(LaunchTemplateNames=["instances"])["LaunchTemplates"])
    refused("InvalidAMIID.NotFound", ec2.run_instances, MinCount=1, MaxCount=1, ImageId="ami-00000000000000000", SubnetId=world["subnets"][0])
    refused("InvalidSubnetID.NotFound", ec2.run_instances, MinCount=1, MaxCount=1, LaunchTemplate=template, SubnetId="subnet-00000000000000000")
    refused("InvalidParameterValue", ec2.run_instances, MinCount=1, MaxCount=1, LaunchTemplate=template, SubnetId=world["subnets"][0],
            IamInstanceProfile={"Name": "none"})
    first = ec2.run_instances(MinCount=2, MaxCount=2, LaunchTemplate=template, SubnetId=world["subnets"][0])["Instances"]
    assert len(first) == 2 and first[0]["State"]["Name"] == "pending" and first[0]["MetadataOptions"]["HttpTokens"] == "required"
    token = dict(MinCount=1, MaxCount=1, LaunchTemplate=template, SubnetId=world["subnets"][1], ClientToken="once")
    own = ec2.run_instances(**token)["Instances"][0]["InstanceId"]
    assert ec2.run_instances(**token)["Instances"][0]["InstanceId"] == own
    eventually(lambda: state(own) == "running")
    assert ec2.describe_instance_status(InstanceIds=[own])["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "ok"
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=world["subnets"][1])
    ec2.modify_instance_attribute(InstanceId=own, DisableApiTermination={"Value": True})
    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[own])
    ec2.modify_instance_attribute(InstanceId=own, DisableApiTermination={"Value": False})
    for _ in range(5):
        ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate=template, SubnetId=world["subnets"][2])
    pages("ec2", "DescribeInstances", 5)
    eventually(lambda: len(ec2.describe_instance_status()["InstanceStatuses"]) > 6)
    pages("ec2", "DescribeInstanceStatus", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeInstances")
    no_such_filter("InvalidParameterValue", "ec2", "DescribeInstanceStatus")
    everything = [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    ec2.terminate_instances(InstanceIds=everything)
    eventually(lambda: state(own) == "terminated")
    aws("ec2", "describe-instances", "--instance-ids", "i-00000000000000000", fails="InvalidInstanceID.NotFound")


@test
def endpoints():
    vpc = world["vpc"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    eventually(lambda: ec2.describe_route_tables(Filters=[{"Name": "route-table-id", "Values": [table]}])["RouteTables"])
    s3, secrets = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.secretsmanager"
    refused("InvalidServiceName", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.nonsense")
    gateway = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=s3, RouteTableIds=[table])["VpcEndpoint"]
    assert gateway["State"] == "available" and gateway["VpcEndpointType"] == "Gateway"
    def listed():
        return [r for r in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"] if r.get("GatewayId") == gateway["VpcEndpointId"]]
    assert eventually(listed)[0]["DestinationPrefixListId"].startswith("pl-")
    wired = dict(VpcId=vpc, VpcEndpointType="Interface", ServiceName=secrets, SubnetIds=world["subnets"][:2], SecurityGroupIds=[world["group"]])
    # Private names need the VPC to resolve names.
    refused("InvalidParameter", ec2.create_vpc_endpoint, **wired, PrivateDnsEnabled=True)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    one = ec2.create_vpc_endpoint(**wired, PrivateDnsEnabled=True, ClientToken="once")["VpcEndpoint"]
    assert ec2.create_vpc_endpoint(**wired, PrivateDnsEnabled=True, ClientToken="once")["VpcEndpoint"]["VpcEndpointId"] == one["VpcEndpointId"]
    refused("InvalidParameter", ec2.create_vpc_endpoint, **wired, PrivateDnsEnabled=True)
    def shown():
        return ec2.describe_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"]])["VpcEndpoints"][0]
    eventually(lambda: shown()["State"] == "available")
    assert len(shown()["NetworkInterfaceIds"]) == 2 and len(shown()["DnsEntries"]) == 2
    ec2.modify_vpc_endpoint(VpcEndpointId=one["VpcEndpointId"], AddSubnetIds=[world["subnets"][2]], RemoveSubnetIds=[world["subnets"][0]],
                            PolicyDocument=json.dumps({"Statement": []}))
    eventually(lambda: sorted(shown()["SubnetIds"]) == sorted(world["subnets"][1:]))
    refused("DuplicateSubnetsInSameZone", ec2.modify_vpc_endpoint, VpcEndpointId=one["VpcEndpointId"], AddSubnetIds=[world["subnets"][2]])
    for n in range(5):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.dynamodb", TagSpecifications=[
            {"ResourceType": "vpc-endpoint", "Tags": [{"Key": "n", "Value": str(n)}]}])
    pages("ec2", "DescribeVpcEndpoints", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVpcEndpoints")
    assert s3 in ec2.describe_vpc_endpoint_services()["ServiceNames"]
    pages("ec2", "DescribeVpcEndpointServices", 5)
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVpcEndpointServices")
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"], gateway["VpcEndpointId"], "vpce-00000000000000000"])
    assert [u["Error"]["Code"] for u in answer["Unsuccessful"]] == ["InvalidVpcEndpointId.NotFound"]
    eventually(lambda: not listed())
    eventually(lambda: one["VpcEndpointId"] not in ids(ec2.describe_vpc_endpoints()["VpcEndpoints"], "VpcEndpointId"))


@test
def routes_of_the_old_site():
    shown = ec2.describe_vpn_connections()["VpnConnections"]
    assert ids(shown, "VpnConnectionId") == ["vpn-0123456789abcdef0"] and "_region" not in shown[0]
    assert ec2.describe_vpn_connections(Filters=[{"Name": "tag:Name", "Values": ["old-site"]}])["VpnConnections"]
    refused("InvalidVpnConnectionID.NotFound", ec2.describe_vpn_connections, VpnConnectionIds=["vpn-00000000000000000"])
    no_such_filter("InvalidParameterValue", "ec2", "DescribeVpnConnections")
    gateway, vpc = shown[0]["VpnGatewayId"], world["vpc"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    def learned():
        found = ec2.describe_route_tables(Filters=[{"Name": "route-table-id", "Values": [table]}])["RouteTables"]
        return [r["DestinationCidrBlock"] for r in found[0]["Routes"] if r["Origin"] == "EnableVgwRoutePropagation"] if found else None
    eventually(lambda: learned() == [])
    refused("Gateway.NotAttached", ec2.enable_vgw_route_propagation, GatewayId=gateway, RouteTableId=table)
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=gateway)
    eventually(lambda: ec2.describe_vpn_gateways(VpnGatewayIds=[gateway])["VpnGateways"][0]["VpcAttachments"][0]["State"] == "attached")
    ec2.enable_vgw_route_propagation(GatewayId=gateway, RouteTableId=table)
    eventually(lambda: learned() == ["172.16.0.0/12"])
    for _ in range(2):
        ec2.disable_vgw_route_propagation(GatewayId=gateway, RouteTableId=table)
    eventually(lambda: learned() == [])


def wanted(name, template, **more):
    return {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 4, "VPCZoneIdentifier": ",".join(world["subnets"]),
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"}, **more}


def group(name, template, **more):
    scaling.create_auto_scaling_group(**wanted(name, template, **more))


def described(name):
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def serving(name):
    return [i for i in described(name)["Instances"] if i["LifecycleState"] == "InService"]


@test
def groups_keep_their_size():
    template = world["template"] = made("groups")
    eventually(lambda: ec2.describe_launch_templates(LaunchTemplateNames=["groups"])["LaunchTemplates"])
    refused("ValidationError", scaling.create_auto_scaling_group, **wanted("bad", template, MinSize=3, MaxSize=1))
    refused("ValidationError", scaling.create_auto_scaling_group, **wanted("bad", "lt-00000000000000000"))
    refused("ValidationError", scaling.create_auto_scaling_group, **wanted("bad", template, VPCZoneIdentifier="subnet-00000000000000000"))
    refused("ValidationError", scaling.create_auto_scaling_group, **wanted("bad", template, TargetGroupARNs=["arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/none/0"]))
    group("main", template, MinSize=3, MaxSize=6, TargetGroupARNs=[world["targets"]], HealthCheckType="ELB",
          Tags=[{"Key": "Name", "Value": "app", "PropagateAtLaunch": True}, {"Key": "own", "Value": "x", "PropagateAtLaunch": False}])
    refused("AlreadyExists", scaling.create_auto_scaling_group, **wanted("main", template))
    eventually(lambda: len(serving("main")) == 3)
    zones = {i["AvailabilityZone"] for i in serving("main")}
    assert len(zones) == 3, zones
    one = serving("main")[0]["InstanceId"]
    shown = ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    assert {"Key": "Name", "Value": "app"} in shown["Tags"] and "own" not in ids(shown["Tags"], "Key")
    eventually(lambda: len([t for t in elb.describe_target_health(TargetGroupArn=world["targets"])["TargetHealthDescriptions"]
                            if t["TargetHealth"]["State"] == "healthy"]) == 3)
    # What somebody ends is replaced.
    ec2.terminate_instances(InstanceIds=[one])
    eventually(lambda: len(serving("main")) == 3 and one not in ids(described("main")["Instances"], "InstanceId"))
    refused("ValidationError", scaling.set_desired_capacity, AutoScalingGroupName="main", DesiredCapacity=9)
    scaling.set_desired_capacity(AutoScalingGroupName="main", DesiredCapacity=4)
    eventually(lambda: len(serving("main")) == 4)
    held = [i["InstanceId"] for i in serving("main")]
    scaling.set_instance_protection(AutoScalingGroupName="main", InstanceIds=held[:3], ProtectedFromScaleIn=True)
    scaling.update_auto_scaling_group(AutoScalingGroupName="main", MinSize=0, MaxSize=2)
    eventually(lambda: sorted(i["InstanceId"] for i in described("main")["Instances"]) == sorted(held[:3]))
    scaling.set_instance_protection(AutoScalingGroupName="main", InstanceIds=held[:3], ProtectedFromScaleIn=False)
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=held[0], ShouldDecrementDesiredCapacity=True)
    assert described("main")["DesiredCapacity"] == 1
    eventually(lambda: len(described("main")["Instances"]) == 1)
    for n in range(3):
        group(f"page-{n}", template, MinSize=1, Tags=[{"Key": f"k{n}", "Value": "v"}])
    pages("autoscaling", "DescribeAutoScalingGroups", 2, "InvalidNextToken")
    eventually(lambda: all(len(serving(f"page-{n}")) == 1 for n in range(3)))
    pages("autoscaling", "DescribeAutoScalingInstances", 2, "InvalidNextToken")
    pages("autoscaling", "DescribeScalingActivities", 3, "InvalidNextToken")
    no_such_filter("ValidationError", "autoscaling", "DescribeAutoScalingGroups")
    no_such_filter("ValidationError", "autoscaling", "DescribeScalingActivities")
    aws("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "page-0", fails="ResourceInUse")
    scaling.delete_auto_scaling_group(AutoScalingGroupName="page-0", ForceDelete=True)
    eventually(lambda: not scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["page-0"])["AutoScalingGroups"])


@test
def tags_of_groups():
    def tag(key, value="v", spread=True):
        return {"ResourceId": "page-1", "ResourceType": "auto-scaling-group", "Key": key, "Value": value, "PropagateAtLaunch": spread}
    scaling.create_or_update_tags(Tags=[tag("a"), tag("b", spread=False), tag("a", "w")])
    shown = scaling.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": ["page-1"]}])["Tags"]
    assert {t["Key"]: (t["Value"], t["PropagateAtLaunch"]) for t in shown} == {"k1": ("v", False), "a": ("w", True), "b": ("v", False)}
    pages("autoscaling", "DescribeTags", 2, "InvalidNextToken")
    no_such_filter("ValidationError", "autoscaling", "DescribeTags")
    found = scaling.describe_auto_scaling_groups(Filters=[{"Name": "tag:a", "Values": ["w"]}])["AutoScalingGroups"]
    assert ids(found, "AutoScalingGroupName") == ["page-1"]
    scaling.delete_tags(Tags=[tag("a")])
    refused("ValidationError", scaling.create_or_update_tags, Tags=[{**tag("a"), "ResourceId": "none"}])


@test
def instances_are_replaced_in_batches():
    template = world["template"]
    second = ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data(InstanceType="t3.large"))
    assert second["LaunchTemplateVersion"]["VersionNumber"] == 2
    group("rolled", template, MinSize=3)
    eventually(lambda: len(serving("rolled")) == 3)
    newer = {"LaunchTemplate": {"LaunchTemplateId": template, "Version": "2"}}
    begun = scaling.start_instance_refresh(AutoScalingGroupName="rolled", DesiredConfiguration=newer,
                                           Preferences={"MinHealthyPercentage": 60, "InstanceWarmup": 10, "SkipMatching": True})
    refused("InstanceRefreshInProgress", scaling.start_instance_refresh, AutoScalingGroupName="rolled")
    def last():
        return scaling.describe_instance_refreshes(AutoScalingGroupName="rolled")["InstanceRefreshes"][0]
    assert last()["InstanceRefreshId"] == begun["InstanceRefreshId"] and last()["Status"] == "InProgress"
    eventually(lambda: last()["Status"] == "Successful")
    eventually(lambda: [i["LaunchTemplate"]["Version"] for i in described("rolled")["Instances"]] == ["2", "2", "2"])
    assert described("rolled")["LaunchTemplate"]["Version"] == "2"
    # All match: nothing is due.
    scaling.start_instance_refresh(AutoScalingGroupName="rolled", DesiredConfiguration=newer, Preferences={"SkipMatching": True})
    eventually(lambda: last()["Status"] == "Successful")
    refused("ActiveInstanceRefreshNotFound", scaling.cancel_instance_refresh, AutoScalingGroupName="rolled")
    scaling.start_instance_refresh(AutoScalingGroupName="rolled")
    scaling.cancel_instance_refresh(AutoScalingGroupName="rolled")
    eventually(lambda: last()["Status"] == "Cancelled")
    first = scaling.describe_instance_refreshes(AutoScalingGroupName="rolled", MaxRecords=2)
    rest = scaling.describe_instance_refreshes(AutoScalingGroupName="rolled", MaxRecords=2, NextToken=first["NextToken"])
    assert len(first["InstanceRefreshes"]) == 2 and len(rest["InstanceRefreshes"]) == 1 and "NextToken" not in rest


@test
def policies_and_their_alarms():
    tracking = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    one = scaling.put_scaling_policy(AutoScalingGroupName="page-1", PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    names = ids(one["Alarms"], "AlarmName")
    assert len(names) == 2 and len(watch.describe_alarms(AlarmNames=names)["MetricAlarms"]) == 2
    again = scaling.put_scaling_policy(AutoScalingGroupName="page-1", PolicyName="cpu", PolicyType="TargetTrackingScaling",
                                       TargetTrackingConfiguration={**tracking, "DisableScaleIn": True})
    assert again["PolicyARN"] == one["PolicyARN"] and len(again["Alarms"]) == 1
    refused("ValidationError", scaling.put_scaling_policy, AutoScalingGroupName="page-1", PolicyName="cpu", ScalingAdjustment=1, AdjustmentType="ChangeInCapacity")
    refused("ValidationError", scaling.put_scaling_policy, AutoScalingGroupName="page-1", PolicyName="bad", PolicyType="StepScaling")
    for n in range(3):
        scaling.put_scaling_policy(AutoScalingGroupName="page-1", PolicyName=f"p-{n}", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    pages("autoscaling", "DescribePolicies", 2, "InvalidNextToken")
    scaling.delete_policy(PolicyName=one["PolicyARN"])
    assert not watch.describe_alarms(AlarmNames=ids(again["Alarms"], "AlarmName"))["MetricAlarms"]
    refused("ValidationError", scaling.delete_policy, AutoScalingGroupName="page-1", PolicyName="cpu")


@test
def what_a_group_has_besides():
    of = {"AutoScalingGroupName": "page-2"}
    arn = world["targets"]
    scaling.attach_load_balancer_target_groups(**of, TargetGroupARNs=[arn])
    others = [elb.create_target_group(Name=f"fleet-{n}", Protocol="HTTP", Port=80, VpcId=world["vpc"], TargetType="instance")["TargetGroups"][0]["TargetGroupArn"]
              for n in range(3)]
    scaling.attach_load_balancer_target_groups(**of, TargetGroupARNs=others)
    pages("autoscaling", "DescribeLoadBalancerTargetGroups", 2, "InvalidNextToken", **of)
    one = described("page-2")["Instances"][0]["InstanceId"]
    assert one in [t["Target"]["Id"] for t in elb.describe_target_health(TargetGroupArn=others[0])["TargetHealthDescriptions"]]
    scaling.detach_load_balancer_target_groups(**of, TargetGroupARNs=[arn, *others])
    refused("ValidationError", scaling.detach_load_balancer_target_groups, **of, TargetGroupARNs=[arn])
    sources = [{"Identifier": one, "Type": "elbv2"} for one in others]
    scaling.attach_traffic_sources(**of, TrafficSources=sources)
    first = scaling.describe_traffic_sources(**of, MaxRecords=2)
    rest = scaling.describe_traffic_sources(**of, MaxRecords=2, NextToken=first["NextToken"])
    assert sorted(ids(first["TrafficSources"] + rest["TrafficSources"], "Identifier")) == sorted(others)
    scaling.detach_traffic_sources(**of, TrafficSources=sources)
    refused("ValidationError", scaling.attach_load_balancers, **of, LoadBalancerNames=["classic"])
    refused("ValidationError", scaling.detach_load_balancers, **of, LoadBalancerNames=["classic"])
    may = role("fleet-hooks", "autoscaling.amazonaws.com")
    topic = sns.create_topic(Name="fleet")["TopicArn"]
    hook = dict(**of, LifecycleHookName="in", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING", RoleARN=may, NotificationTargetARN=topic)
    scaling.put_lifecycle_hook(**hook)
    refused("ValidationError", scaling.put_lifecycle_hook, **{**hook, "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/none"})
    assert scaling.describe_lifecycle_hooks(**of)["LifecycleHooks"][0]["HeartbeatTimeout"] == 3600
    scaling.delete_lifecycle_hook(**of, LifecycleHookName="in")
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"]
    scaling.put_notification_configuration(**of, TopicARN=topic, NotificationTypes=kinds)
    refused("ValidationError", scaling.put_notification_configuration, **of, TopicARN=topic + "-none", NotificationTypes=kinds)
    refused("ValidationError", scaling.put_notification_configuration, **of, TopicARN=topic, NotificationTypes=["nonsense"])
    pages("autoscaling", "DescribeNotificationConfigurations", 2, "InvalidNextToken")
    scaling.delete_notification_configuration(**of, TopicARN=topic)
    scaling.enable_metrics_collection(**of, Granularity="1Minute", Metrics=["GroupMinSize"])
    refused("ValidationError", scaling.enable_metrics_collection, **of, Granularity="1Minute", Metrics=["Nonsense"])
    assert ids(described("page-2")["EnabledMetrics"], "Metric") == ["GroupMinSize"]
    scaling.disable_metrics_collection(**of)
    scaling.suspend_processes(**of, ScalingProcesses=["Launch"])
    refused("ValidationError", scaling.suspend_processes, **of, ScalingProcesses=["Nonsense"])
    scaling.update_auto_scaling_group(**of, DesiredCapacity=2)
    assert len(described("page-2")["Instances"]) == 1
    scaling.resume_processes(**of)
    eventually(lambda: len(serving("page-2")) == 2)


@test
def a_world_is_planted():
    folder = pathlib.Path(os.environ["MIGRATE_FOLDER"], "planted")
    folder.mkdir()
    file = folder / "site.yaml"
    file.write_text("objects:\n  - vpn-connection: {id: vpn-1, gateway: vgw-1, routes: [10.0.0.0/16], tags: {Name: old}}\n"
                    "  - secret: {name: db, suffix: a1B2c3, value: {host: 10.0.0.10}}\n")
    def migrate(*arguments):
        return subprocess.run([os.environ["MIGRATE_PROGRAM"], "--sandbox-dir", str(folder / "world"), "sandbox", *arguments],
                              capture_output=True, text=True, check=False, cwd=folder)
    first = migrate("plant", str(file))
    assert first.returncode == 0 and "+ vpn-1" in first.stdout and "secret:db-a1B2c3" in first.stdout, first
    again = migrate("plant", str(file))
    assert "= vpn-1" in again.stdout and again.returncode == 0, again
    assert "vpn-connection" in migrate("show").stdout
    file.write_text("objects:\n  - vpn-conection: {id: vpn-1}\n")
    wrong = migrate("plant", str(file))
    assert wrong.returncode != 0 and "M4006" in wrong.stderr and "vpn-conection" in wrong.stderr, wrong
