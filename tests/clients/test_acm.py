"""ACM: certificates that are requested, validated by DNS, listed and deleted; their tags."""
from harness import ACCOUNT, aws, client, eventually, ids, pages, passes, refused, test, wait
import objects
from order import wrong

acm, r53, tagging = client("acm"), client("route53", attempts=8), client("resourcegroupstaggingapi")
NEVER = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/f3c5d2a8-1f0a-4f0e-9d64-0d8f6f4b1c11"


def request(domain, **more):
    return acm.request_certificate(DomainName=domain, ValidationMethod="DNS", **more)["CertificateArn"]


def shown(arn):
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


@test
def a_certificate_is_issued_once_its_records_are_there():
    zone = r53.create_hosted_zone(Name="certified.example.com", CallerReference="certified")["HostedZone"]["Id"]
    arn = request("Certified.example.com", SubjectAlternativeNames=["*.certified.example.com", "www.certified.example.com"])
    one = shown(arn)
    assert one["Status"] == "PENDING_VALIDATION" and one["DomainName"] == "certified.example.com" and "IssuedAt" not in one
    options = {option["DomainName"]: option["ResourceRecord"] for option in one["DomainValidationOptions"]}
    assert options["certified.example.com"] == options["*.certified.example.com"], "one record for a domain and its wildcard"
    passes(200)
    assert shown(arn)["Status"] == "PENDING_VALIDATION", "time alone issues nothing"
    records = {record["Name"]: record for record in options.values()}
    r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": record["Name"], "Type": record["Type"], "TTL": 60,
                                                   "ResourceRecords": [{"Value": record["Value"]}]}}
        for record in records.values()]})
    wait("acm", "certificate_validated", CertificateArn=arn)
    one = shown(arn)
    assert one["Status"] == "ISSUED" and one["NotAfter"] > one["IssuedAt"] and one["InUseBy"] == []
    assert aws("acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]["Status"] == "ISSUED"
    issued = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert ids(issued, "CertificateArn") == [arn] and issued[0]["SubjectAlternativeNameSummaries"] == one["SubjectAlternativeNames"]


@test
def what_cannot_be_requested():
    for domain in ("localhost", "-a.example.com", "a..example.com", "*.*.example.com"):
        refused("ValidationException", acm.request_certificate, DomainName=domain)
    many = [f"n{at}.example.com" for at in range(10)]
    refused("LimitExceededException", acm.request_certificate, DomainName="example.com", SubjectAlternativeNames=many)
    refused("InvalidTagException", acm.request_certificate, DomainName="example.com", Tags=[{"Key": "aws:x", "Value": ""}])
    refused("ResourceNotFoundException", acm.describe_certificate, CertificateArn=NEVER)
    refused("InvalidArnException", acm.describe_certificate, CertificateArn=f"arn:aws:acm:us-east-1:{ACCOUNT}:other/x")
    arn = request("region.example.com")
    refused("ResourceNotFoundException", client("acm", "eu-west-1").describe_certificate, CertificateArn=arn)
    acm.delete_certificate(CertificateArn=arn)
    refused("ResourceNotFoundException", acm.delete_certificate, CertificateArn=arn)


@test
def a_token_makes_one_certificate():
    one = request("token.example.com", IdempotencyToken="abc")
    assert request("token.example.com", IdempotencyToken="abc") == one
    assert request("other.example.com", IdempotencyToken="abc") != one
    assert request("token.example.com") != one


@test
def lists_tags_and_pages():
    curve = request("curve.example.com", KeyAlgorithm="EC_prime256v1", Tags=[{"Key": "team", "Value": "web"}])
    assert curve not in ids(acm.list_certificates()["CertificateSummaryList"], "CertificateArn"), "RSA only, unless asked for"
    curves = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert ids(curves, "CertificateArn") == [curve]
    acm.add_tags_to_certificate(CertificateArn=curve, Tags=[{"Key": "team", "Value": "core"}, {"Key": "bare"}])
    tags = {tag["Key"]: tag["Value"] for tag in acm.list_tags_for_certificate(CertificateArn=curve)["Tags"]}
    assert tags == {"team": "core", "bare": ""}, tags
    acm.remove_tags_from_certificate(CertificateArn=curve, Tags=[{"Key": "team", "Value": "other"}, {"Key": "bare"}])
    assert acm.list_tags_for_certificate(CertificateArn=curve)["Tags"] == [{"Key": "team", "Value": "core"}]
    refused("TooManyTagsException", acm.add_tags_to_certificate, CertificateArn=curve,
            Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
    found = eventually(lambda: tagging.get_resources(
        ResourceTypeFilters=["acm:certificate"], TagFilters=[{"Key": "team", "Values": ["core"]}])["ResourceTagMappingList"])
    assert ids(found, "ResourceARN") == [curve]
    for at in range(3):
        request(f"page{at}.example.com")
    pages("acm", "ListCertificates", 2, "ValidationException")
    newest = acm.list_certificates(SortBy="CREATED_AT", SortOrder="DESCENDING")["CertificateSummaryList"]
    made = [one["CreatedAt"] for one in newest]
    assert made == sorted(made, reverse=True)


@wrong("acm:DeleteCertificate", "a listener")
def certificate_of_a_listener():
    arn = request("listening.example.com")
    _, subnets, group, balancer = objects.balanced()
    vpc = client("ec2").describe_subnets(SubnetIds=[subnets[0]])["Subnets"][0]["VpcId"]
    listener = client("elbv2").create_listener(
        LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": objects.targets(vpc)}])["Listeners"][0]["ListenerArn"]
    yield acm.delete_certificate, {"CertificateArn": arn}
    client("elbv2").delete_listener(ListenerArn=listener)
    yield acm.delete_certificate, {"CertificateArn": arn}
