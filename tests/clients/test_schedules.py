"""What stands next to what was there: scheduled actions of groups, SAML providers, security policies of listeners."""
import datetime

from harness import ACCOUNT, client, eventually, pages, refused, said, test
from order import wrong

scaling, ec2, iam, elb, ecs = client("autoscaling"), client("ec2"), client("iam"), client("elbv2"), client("ecs")
METADATA = ('<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}">'
            '<IDPSSODescriptor/></EntityDescriptor>' + " " * 1000)


@test
def actions_of_a_group():
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName="scheduled", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
    wait_for = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:1]
    scaling.create_auto_scaling_group(AutoScalingGroupName="scheduled", MinSize=0, MaxSize=3, VPCZoneIdentifier=wait_for[0],
                                      LaunchTemplate={"LaunchTemplateName": "scheduled"})
    start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)
    put, of = scaling.put_scheduled_update_group_action, {"AutoScalingGroupName": "scheduled"}
    put(ScheduledActionName="morning", StartTime=start, MinSize=1, MaxSize=2, DesiredCapacity=1, **of)
    put(ScheduledActionName="weekly", Recurrence="30 0 * * 1", TimeZone="Europe/Berlin", DesiredCapacity=2, **of)
    found = {each["ScheduledActionName"]: each for each in scaling.describe_scheduled_actions(**of)["ScheduledUpdateGroupActions"]}
    assert found["morning"]["StartTime"] == found["morning"]["Time"] == start and found["morning"]["MaxSize"] == 2
    assert found["weekly"]["Recurrence"] == "30 0 * * 1" and found["weekly"]["TimeZone"] == "Europe/Berlin"
    assert found["morning"]["ScheduledActionARN"].startswith(f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scheduledUpdateGroupAction:")
    put(ScheduledActionName="morning", MaxSize=3, **of)
    assert scaling.describe_scheduled_actions(ScheduledActionNames=["morning"], **of)["ScheduledUpdateGroupActions"][0]["MaxSize"] == 3
    past = start - datetime.timedelta(days=2)
    for words, more in (("start time is in the past", {"StartTime": past, "MinSize": 0}), ("At least one", {"StartTime": start}),
                        ("must be greater than or equal", {"StartTime": start, "MinSize": 3, "MaxSize": 1}),
                        ("is invalid", {"Recurrence": "every day", "MinSize": 0})):
        said("ValidationError", words, put, ScheduledActionName="wrong", **more, **of)
    refused("ValidationError", put, AutoScalingGroupName="never", ScheduledActionName="x", StartTime=start, MinSize=0)
    many = scaling.batch_put_scheduled_update_group_action(AutoScalingGroupName="scheduled", ScheduledUpdateGroupActions=[
        {"ScheduledActionName": "good", "StartTime": start, "MinSize": 0}, {"ScheduledActionName": "bad", "StartTime": past, "MinSize": 0}])
    assert [each["ScheduledActionName"] for each in many["FailedScheduledUpdateGroupActions"]] == ["bad"]
    pages("autoscaling", "DescribeScheduledActions", 1, "InvalidNextToken", **of)
    gone = scaling.batch_delete_scheduled_action(ScheduledActionNames=["good", "never"], **of)["FailedScheduledActions"]
    assert [each["ScheduledActionName"] for each in gone] == ["never"]
    scaling.delete_scheduled_action(ScheduledActionName="weekly", **of)
    said("ValidationError", "Scheduled action name not found", scaling.delete_scheduled_action, ScheduledActionName="weekly", **of)
    scaling.delete_auto_scaling_group(ForceDelete=True, **of)
    assert scaling.describe_scheduled_actions(**of)["ScheduledUpdateGroupActions"] == []


@test
def saml_providers():
    made = iam.create_saml_provider(Name="corporate", SAMLMetadataDocument=METADATA.format("one"), Tags=[{"Key": "a", "Value": "b"}])
    arn = made["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate" and made["Tags"]
    refused("EntityAlreadyExists", iam.create_saml_provider, Name="corporate", SAMLMetadataDocument=METADATA.format("one"))
    refused("InvalidInput", iam.create_saml_provider, Name="other", SAMLMetadataDocument="x" * 1000)
    shown = iam.get_saml_provider(SAMLProviderArn=arn)
    assert shown["SAMLMetadataDocument"] == METADATA.format("one") and shown["ValidUntil"] > shown["CreateDate"]
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=METADATA.format("two"))
    assert "two" in iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"]
    assert [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]] == [arn]
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    pages("iam", "ListSAMLProviderTags", 1, None, SAMLProviderArn=arn)
    assert len(iam.list_saml_provider_tags(SAMLProviderArn=arn, MaxItems=1)["Tags"]) == 1
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["a"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.delete_saml_provider(SAMLProviderArn=arn)
    refused("NoSuchEntity", iam.get_saml_provider, SAMLProviderArn=arn)


@test
def security_policies():
    found = elb.describe_ssl_policies(Names=["ELBSecurityPolicy-TLS13-1-2-2021-06"])["SslPolicies"][0]
    assert found["SslProtocols"] == ["TLSv1.2", "TLSv1.3"] and found["Ciphers"][0] == {"Name": "TLS_AES_128_GCM_SHA256", "Priority": 1}
    refused("SSLPolicyNotFound", elb.describe_ssl_policies, Names=["never"])
    names = {each["Name"] for each in elb.describe_ssl_policies(LoadBalancerType="network")["SslPolicies"]}
    assert "ELBSecurityPolicy-2016-08" in names and "ELBSecurityPolicy-2015-05" not in names
    pages("elbv2", "DescribeSSLPolicies", 5, "ValidationError")
    refused("ValidationError", elb.describe_ssl_policies, Marker="no-token-of-ours")


def group(name):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
    scaling.create_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"],
                                      LaunchTemplate={"LaunchTemplateName": name})
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]["AutoScalingGroupARN"]


@test
def capacity_providers():
    of = {"autoScalingGroupArn": group("providing")}
    made = ecs.create_capacity_provider(name="own", autoScalingGroupProvider=of, tags=[{"key": "a", "value": "b"}])["capacityProvider"]
    assert made["status"] == "ACTIVE" and made["autoScalingGroupProvider"]["managedScaling"] == {
        "status": "DISABLED", "targetCapacity": 100, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000, "instanceWarmupPeriod": 300}
    for code, more in (("InvalidParameterException", {"name": "aws-own"}), ("ClientException", {"name": "own"}),
                       ("InvalidParameterException", {"autoScalingGroupProvider": {**of, "managedTerminationProtection": "ENABLED"}}),
                       ("ClientException", {"autoScalingGroupProvider": {"autoScalingGroupArn": of["autoScalingGroupArn"] + "x"}})):
        refused(code, ecs.create_capacity_provider, **{"name": "other", "autoScalingGroupProvider": of, **more})
    changed = ecs.update_capacity_provider(name="own", autoScalingGroupProvider={"managedScaling": {"status": "ENABLED", "targetCapacity": 50}})
    assert changed["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"]["targetCapacity"] == 50

    def shown():
        return ecs.describe_capacity_providers(capacityProviders=["own"], include=["TAGS"])["capacityProviders"][0]
    eventually(lambda: shown()["updateStatus"] == "UPDATE_COMPLETE")
    assert shown()["tags"] == [{"key": "a", "value": "b"}]
    ecs.tag_resource(resourceArn=made["capacityProviderArn"], tags=[{"key": "c", "value": "d"}])
    assert len(ecs.list_tags_for_resource(resourceArn=made["capacityProviderArn"])["tags"]) == 2
    assert {one["name"] for one in ecs.describe_capacity_providers()["capacityProviders"]} >= {"FARGATE", "FARGATE_SPOT", "own"}
    ecs.delete_capacity_provider(capacityProvider="own")
    eventually(lambda: ecs.describe_capacity_providers(capacityProviders=["own"])["failures"])
    said("ClientException", "does not exist", ecs.update_capacity_provider, name="own", autoScalingGroupProvider={})


@wrong("ecs:DeleteCapacityProvider", "a cluster that has it")
def in_a_cluster():
    ecs.create_capacity_provider(name="held", autoScalingGroupProvider={"autoScalingGroupArn": group("holding")})
    ecs.create_cluster(clusterName="holds", capacityProviders=["held"])
    yield ecs.delete_capacity_provider, {"capacityProvider": "held"}
    ecs.put_cluster_capacity_providers(cluster="holds", capacityProviders=[], defaultCapacityProviderStrategy=[])
    yield ecs.delete_capacity_provider, {"capacityProvider": "held"}
