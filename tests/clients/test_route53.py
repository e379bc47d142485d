"""Route 53: zones, records, health checks, VPC associations, query logging."""
import json

from harness import ACCOUNT, aws, client, network, pages, refused, tampered, test, wait

# Five requests a second, for all of them: the real limit, so these clients retry like everybody's.
r53 = client("route53", attempts=10)


def change(zone, *changes):
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}}


@test
def a_zone_from_beginning_to_end():
    made = r53.create_hosted_zone(Name="clients.example", CallerReference="clients-1")
    zone = made["HostedZone"]["Id"]
    assert made["HostedZone"]["Name"] == "clients.example." and len(made["DelegationSet"]["NameServers"]) == 4
    refused("HostedZoneAlreadyExists", r53.create_hosted_zone, Name="other.example", CallerReference="clients-1")
    text = {"Name": "a.clients.example", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x & y"'}]}
    done = r53.change_resource_record_sets(**change(zone, ("CREATE", text)))["ChangeInfo"]
    assert done["Status"] == "PENDING"
    aws("route53", "wait", "resource-record-sets-changed", "--id", done["Id"])
    assert r53.get_change(Id=done["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("CREATE", text)))
    weighted = {**text, "Name": "w.clients.example", "SetIdentifier": "one", "Weight": 10}
    simple = {**text, "Name": "w.clients.example"}
    refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("CREATE", weighted), ("CREATE", simple)))
    refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("DELETE", weighted)))
    refused("InvalidInput", r53.change_resource_record_sets, **change(zone, ("CREATE", {
        "Name": "t.clients.example", "Type": "TXT", "ResourceRecords": [{"Value": '"x"'}]})))
    r53.change_resource_record_sets(**change(zone, ("CREATE", weighted), ("UPSERT", {**weighted, "SetIdentifier": "two"})))
    names = aws("route53", "list-resource-record-sets", "--hosted-zone-id", zone)["ResourceRecordSets"]
    assert len(names) == 5
    assert r53.test_dns_answer(HostedZoneId=zone, RecordName="a.clients.example", RecordType="TXT")["RecordData"]
    refused("HostedZoneNotEmpty", r53.delete_hosted_zone, Id=zone)
    r53.update_hosted_zone_comment(Id=zone, Comment="new")
    assert r53.get_hosted_zone(Id=zone)["HostedZone"]["Config"]["Comment"] == "new"
    r53.change_resource_record_sets(**change(zone, ("DELETE", text), ("DELETE", weighted), ("DELETE", {**weighted, "SetIdentifier": "two"})))
    r53.delete_hosted_zone(Id=zone)
    refused("NoSuchHostedZone", r53.delete_hosted_zone, Id=zone)
    refused("NoSuchHostedZone", r53.change_resource_record_sets, **change(zone, ("CREATE", text)))
    refused("NoSuchChange", r53.get_change, Id="/change/NONE")


@test
def private_zones_have_networks():
    vpc, _, _ = network("route53")
    second = client("ec2").create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]
    third = client("ec2").create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]

    def of(one):
        return {"VPCRegion": "us-east-1", "VPCId": one}
    refused("InvalidVPCId", r53.create_hosted_zone, Name="none.internal", CallerReference="private-0", VPC=of("vpc-00000000000000000"))
    zone = r53.create_hosted_zone(Name="clients.internal", CallerReference="private-1", VPC=of(vpc))["HostedZone"]["Id"]
    r53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=of(second))
    assert len(r53.get_hosted_zone(Id=zone)["VPCs"]) == 2
    other = r53.create_hosted_zone(Name="clients.internal", CallerReference="private-2", VPC=of(third))["HostedZone"]["Id"]
    refused("ConflictingDomainExists", r53.associate_vpc_with_hosted_zone, HostedZoneId=other, VPC=of(second))
    assert r53.list_hosted_zones_by_vpc(VPCId=vpc, VPCRegion="us-east-1")["HostedZoneSummaries"][0]["Name"] == "clients.internal."
    for one in (vpc, second, third):
        r53.create_vpc_association_authorization(HostedZoneId=zone, VPC=of(one))
    assert len(r53.list_vpc_association_authorizations(HostedZoneId=zone)["VPCs"]) == 3
    r53.delete_vpc_association_authorization(HostedZoneId=zone, VPC=of(third))
    refused("VPCAssociationAuthorizationNotFound", r53.delete_vpc_association_authorization, HostedZoneId=zone, VPC=of(third))
    r53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=of(second))
    refused("VPCAssociationNotFound", r53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone, VPC=of(second))
    refused("LastVPCAssociation", r53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone, VPC=of(vpc))
    for one in (zone, other):
        r53.delete_hosted_zone(Id=one)


@test
def health_checks():
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "clients.example", "Port": 443, "ResourcePath": "/health"}
    check = r53.create_health_check(CallerReference="check-1", HealthCheckConfig=config)["HealthCheck"]
    again = r53.create_health_check(CallerReference="check-1", HealthCheckConfig=config)["HealthCheck"]["Id"]
    assert again == check["Id"], "the same reference is the same check"
    refused("HealthCheckAlreadyExists", r53.create_health_check, CallerReference="check-1", HealthCheckConfig={**config, "Port": 80})
    r53.update_health_check(HealthCheckId=check["Id"], FailureThreshold=5)
    refused("HealthCheckVersionMismatch", r53.update_health_check, HealthCheckId=check["Id"], HealthCheckVersion=99, Port=80)
    assert r53.get_health_check(HealthCheckId=check["Id"])["HealthCheck"]["HealthCheckConfig"]["FailureThreshold"] == 5
    assert r53.get_health_check_status(HealthCheckId=check["Id"])["HealthCheckObservations"]
    r53.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"], AddTags=[{"Key": "a", "Value": "b"}])
    assert r53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"])["ResourceTagSet"]["Tags"]
    assert r53.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check["Id"]])["ResourceTagSets"]
    assert r53.get_health_check_count()["HealthCheckCount"] == 1
    r53.delete_health_check(HealthCheckId=check["Id"])
    refused("NoSuchHealthCheck", r53.delete_health_check, HealthCheckId=check["Id"])


@test
def query_logging():
    zone = r53.create_hosted_zone(Name="logged.example", CallerReference="logged-1")["HostedZone"]["Id"].split("/")[-1]
    logs = client("logs")
    logs.create_log_group(logGroupName="/aws/route53/logged.example")
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/route53/logged.example"
    refused("NoSuchCloudWatchLogsLogGroup", r53.create_query_logging_config, HostedZoneId=zone, CloudWatchLogsLogGroupArn=group + "-none")
    try:
        config = r53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)["QueryLoggingConfig"]["Id"]
    except r53.exceptions.InsufficientCloudWatchLogsResourcePolicy:
        logs.put_resource_policy(policyName="r53", policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}))
        config = r53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)["QueryLoggingConfig"]["Id"]
    refused("QueryLoggingConfigAlreadyExists", r53.create_query_logging_config, HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)
    assert r53.get_query_logging_config(Id=config)["QueryLoggingConfig"]["HostedZoneId"] == zone
    for n in (2, 3):
        more = r53.create_hosted_zone(Name=f"logged-{n}.example", CallerReference=f"logged-{n}")["HostedZone"]["Id"].split("/")[-1]
        r53.create_query_logging_config(HostedZoneId=more, CloudWatchLogsLogGroupArn=group)
    pages("route53", "ListQueryLoggingConfigs", 2)
    r53.delete_query_logging_config(Id=config)
    refused("NoSuchQueryLoggingConfig", r53.delete_query_logging_config, Id=config)


@test
def lists_come_in_pages():
    zones = [r53.create_hosted_zone(Name=f"page-{n}.example", CallerReference=f"page-{n}")["HostedZone"]["Id"] for n in range(4)]
    for n in range(3):
        r53.create_health_check(CallerReference=f"page-{n}", HealthCheckConfig={"Type": "TCP", "IPAddress": f"192.0.2.{n + 1}", "Port": 80})
    r53.change_resource_record_sets(**change(zones[0], *(
        ("CREATE", {"Name": f"r{n}.page-0.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}) for n in range(5))))
    pages("route53", "ListHostedZones", 2)
    pages("route53", "ListHealthChecks", 2)
    pages("route53", "ListResourceRecordSets", 2, HostedZoneId=zones[0])
    assert r53.get_hosted_zone_count()["HostedZoneCount"] == 7
    first = r53.list_hosted_zones_by_name(MaxItems="2")
    assert first["IsTruncated"] and first["NextDNSName"]
    r53.update_hosted_zone_features(HostedZoneId=zones[0], EnableAcceleratedRecovery=False)
    assert len(aws("route53", "list-hosted-zones", "--page-size", "2")["HostedZones"]) == 7


@test
def nonsense_is_refused():
    tampered("SandboxOperationNotImplemented", r53.list_hosted_zones, lambda p: p.update(url=p["url"].replace("hostedzone", "frobnicate")))
    refused("SandboxOperationNotImplemented", r53.list_geo_locations)
    refused("InvalidDomainName", r53.create_hosted_zone, Name="a..b", CallerReference="bad")
    wait("route53", "resource_record_sets_changed", Id=r53.create_hosted_zone(Name="z.example", CallerReference="z")["ChangeInfo"]["Id"])


@test
def reusable_delegation_sets_and_signing():
    made = r53.create_reusable_delegation_set(CallerReference="servers")
    servers = made["DelegationSet"]
    assert len(servers["NameServers"]) == 4 and servers["Id"].startswith("/delegationset/N")
    refused("DelegationSetAlreadyCreated", r53.create_reusable_delegation_set, CallerReference="servers")
    refused("HostedZoneNotFound", r53.create_reusable_delegation_set, CallerReference="other", HostedZoneId="Z0000000000000")
    zone = r53.create_hosted_zone(Name="delegated.example", CallerReference="delegated", DelegationSetId=servers["Id"])
    assert zone["DelegationSet"]["NameServers"] == servers["NameServers"]
    assert r53.get_hosted_zone(Id=zone["HostedZone"]["Id"])["DelegationSet"]["Id"] == servers["Id"]
    assert r53.get_reusable_delegation_set(Id=servers["Id"])["DelegationSet"] == servers
    asked = r53.get_reusable_delegation_set_limit(DelegationSetId=servers["Id"], Type="MAX_ZONES_BY_REUSABLE_DELEGATION_SET")
    assert (asked["Limit"]["Value"], asked["Count"]) == (100, 1)
    refused("DelegationSetInUse", r53.delete_reusable_delegation_set, Id=servers["Id"])
    signing = r53.get_dnssec(HostedZoneId=zone["HostedZone"]["Id"].split("/")[-1])
    assert (signing["Status"]["ServeSignature"], signing["KeySigningKeys"]) == ("NOT_SIGNING", [])
    refused("NoSuchHostedZone", r53.get_dnssec, HostedZoneId="Z0000000000000")
    again = r53.create_reusable_delegation_set(CallerReference="again", HostedZoneId=r53.create_hosted_zone(
        Name="shared.example", CallerReference="shared")["HostedZone"]["Id"])["DelegationSet"]
    listed, marker = [], {}
    while marker is not None:
        page = r53.list_reusable_delegation_sets(MaxItems="1", **marker)
        listed += [one["Id"] for one in page["DelegationSets"]]
        marker = {"Marker": page["NextMarker"]} if page["IsTruncated"] else None
    assert sorted(listed) == sorted([servers["Id"], again["Id"]])
    r53.delete_hosted_zone(Id=zone["HostedZone"]["Id"])
    r53.delete_reusable_delegation_set(Id=servers["Id"])
    refused("NoSuchDelegationSet", r53.delete_reusable_delegation_set, Id=servers["Id"])
    refused("NoSuchDelegationSet", r53.create_hosted_zone, Name="none.example", CallerReference="none", DelegationSetId="N00000000000")


@test
def tags_take_bare_ids_alone():
    zone = r53.create_hosted_zone(Name="tagged.example", CallerReference="tagged")["HostedZone"]["Id"]
    refused("InvalidInput", r53.change_tags_for_resource, ResourceType="hostedzone", ResourceId=zone, AddTags=[{"Key": "a", "Value": "b"}])
    bare = zone.split("/")[-1]
    r53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=bare, AddTags=[{"Key": "a", "Value": "b"}])
    assert r53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=bare)["ResourceTagSet"]["Tags"] == [{"Key": "a", "Value": "b"}]


@test
def what_records_may_hold():
    zone = r53.create_hosted_zone(Name="rules.example", CallerReference="rules")["HostedZone"]["Id"]
    text = {"Name": "t.rules.example", "Type": "TXT", "TTL": 60}
    long, pieces = '"' + "x" * 256 + '"', '"' + "x" * 255 + '" "' + "y" * 255 + '"'
    said = refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("CREATE", {**text, "ResourceRecords": [{"Value": long}]})))
    assert "CharacterStringTooLong" in str(said)
    r53.change_resource_record_sets(**change(zone, ("CREATE", {**text, "ResourceRecords": [{"Value": pieces}]})))

    def weighted(name, ttl):
        return {"Name": "w.rules.example", "Type": "A", "TTL": ttl, "SetIdentifier": name, "Weight": 1, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("CREATE", weighted("a", 60)), ("CREATE", weighted("b", 30))))
    r53.change_resource_record_sets(**change(zone, ("CREATE", weighted("a", 60)), ("CREATE", weighted("b", 60))))
    refused("InvalidChangeBatch", r53.change_resource_record_sets, **change(zone, ("UPSERT", weighted("a", 30))))


@test
def a_private_zone_is_not_asked_for_answers():
    vpc, _, _ = network("private")
    zone = r53.create_hosted_zone(Name="private.example", CallerReference="private", VPC={"VPCId": vpc, "VPCRegion": "us-east-1"})["HostedZone"]["Id"]
    refused("InvalidInput", r53.test_dns_answer, HostedZoneId=zone, RecordName="a.private.example", RecordType="A")
