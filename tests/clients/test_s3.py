"""S3: buckets, objects, versions, settings, uploads; names are global."""
import io
import json

from harness import ACCOUNT, aws, client, pages, refused, role, tampered, test, wait

s3 = client("s3")


@test
def a_bucket_from_beginning_to_end():
    s3.create_bucket(Bucket="clients-main")
    wait("s3", "bucket_exists", Bucket="clients-main")
    s3.put_bucket_versioning(Bucket="clients-main", VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket="clients-main")["Status"] == "Enabled"
    s3.put_object(Bucket="clients-main", Key="a/b c+d.txt", Body=b"hello", Metadata={"origin": "clients"})
    wait("s3", "object_exists", Bucket="clients-main", Key="a/b c+d.txt")
    got = s3.get_object(Bucket="clients-main", Key="a/b c+d.txt")
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"origin": "clients"}
    assert s3.head_object(Bucket="clients-main", Key="a/b c+d.txt")["ContentLength"] == 5
    s3.copy_object(Bucket="clients-main", Key="copy", CopySource={"Bucket": "clients-main", "Key": "a/b c+d.txt"})
    s3.put_object_tagging(Bucket="clients-main", Key="copy", Tagging={"TagSet": [{"Key": "a", "Value": "b + c"}]})
    assert s3.get_object_tagging(Bucket="clients-main", Key="copy")["TagSet"] == [{"Key": "a", "Value": "b + c"}]
    s3.delete_object_tagging(Bucket="clients-main", Key="copy")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="clients-main")
    s3.delete_object(Bucket="clients-main", Key="copy")
    s3.delete_object(Bucket="clients-main", Key="a/b c+d.txt")
    refused("NoSuchKey", s3.get_object, Bucket="clients-main", Key="copy")
    assert "Contents" not in s3.list_objects_v2(Bucket="clients-main")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="clients-main")  # versions and delete markers remain
    listed = s3.list_object_versions(Bucket="clients-main")
    s3.delete_objects(Bucket="clients-main", Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed["Versions"]]})
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="clients-main")  # delete markers remain
    for marker in s3.list_object_versions(Bucket="clients-main")["DeleteMarkers"]:
        s3.delete_object(Bucket="clients-main", Key=marker["Key"], VersionId=marker["VersionId"])
    s3.delete_bucket(Bucket="clients-main")
    wait("s3", "bucket_not_exists", Bucket="clients-main")
    refused("NoSuchBucket", s3.delete_bucket, Bucket="clients-main")
    refused("404", s3.head_bucket, Bucket="clients-main")
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="clients-main")


@test
def names_are_global_and_regions_told():
    far = client("s3", "eu-west-1")
    far.create_bucket(Bucket="clients-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert far.get_bucket_location(Bucket="clients-far")["LocationConstraint"] == "eu-west-1"
    refused("BucketAlreadyOwnedByYou", far.create_bucket, Bucket="clients-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refused("BucketAlreadyOwnedByYou", client("s3", "eu-central-1").create_bucket, Bucket="clients-far",
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    refused("IllegalLocationConstraintException", far.create_bucket, Bucket="clients-none")
    refused("InvalidLocationConstraint", s3.create_bucket, Bucket="clients-none", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    refused("InvalidLocationConstraint", s3.create_bucket, Bucket="clients-none", CreateBucketConfiguration={"LocationConstraint": "nowhere-1"})
    s3.create_bucket(Bucket="clients-near")
    s3.create_bucket(Bucket="clients-near")  # in us-east-1 the owner may repeat it
    assert s3.get_bucket_location(Bucket="clients-near")["LocationConstraint"] is None
    refused("InvalidBucketName", s3.create_bucket, Bucket="Clients")
    assert {"clients-far", "clients-near"} <= {b["Name"] for b in s3.list_buckets()["Buckets"]}


@test
def the_cli_moves_files():
    aws("s3", "mb", "s3://clients-cli")
    aws("s3api", "put-object", "--bucket", "clients-cli", "--key", "k", "--content-type", "text/plain")
    assert "k" in aws("s3", "ls", "s3://clients-cli")
    aws("s3api", "delete-bucket", "--bucket", "clients-cli", fails="BucketNotEmpty")
    aws("s3", "rb", "--force", "s3://clients-cli")
    aws("s3api", "head-bucket", "--bucket", "clients-cli", fails="404")


@test
def settings_are_kept():
    bucket = {"Bucket": "clients-settings"}
    s3.create_bucket(**bucket, ObjectOwnership="BucketOwnerPreferred")
    s3.create_bucket(Bucket="clients-other")
    for one in ("clients-settings", "clients-other"):
        s3.put_bucket_versioning(Bucket=one, VersioningConfiguration={"Status": "Enabled"})
    arn = role("replicate", "s3.amazonaws.com")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::clients-settings/*"}]})
    replication = {"Role": arn, "Rules": [{"ID": "r", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
                   "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::clients-other"}}]}
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    lifecycle = {"Rules": [{"ID": "l", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]}
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    # (noun, member to send, value, member of the answer, code when absent, delete verb)
    rows = [
        ("bucket_policy", "Policy", policy, "Policy", "NoSuchBucketPolicy", "delete_bucket_policy"),
        ("bucket_tagging", "Tagging", {"TagSet": [{"Key": "a", "Value": "b"}]}, "TagSet", "NoSuchTagSet", "delete_bucket_tagging"),
        ("bucket_cors", "CORSConfiguration", cors, "CORSRules", "NoSuchCORSConfiguration", "delete_bucket_cors"),
        ("bucket_lifecycle_configuration", "LifecycleConfiguration", lifecycle, "Rules", "NoSuchLifecycleConfiguration", "delete_bucket_lifecycle"),
        ("bucket_website", "WebsiteConfiguration", {"IndexDocument": {"Suffix": "i.html"}}, "IndexDocument", "NoSuchWebsiteConfiguration", "delete_bucket_website"),
        ("bucket_replication", "ReplicationConfiguration", replication, "ReplicationConfiguration", "ReplicationConfigurationNotFoundError", "delete_bucket_replication"),
        ("public_access_block", "PublicAccessBlockConfiguration", block, "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration", "delete_public_access_block"),
        ("bucket_ownership_controls", "OwnershipControls", {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}, "OwnershipControls", "OwnershipControlsNotFoundError", "delete_bucket_ownership_controls"),
        ("bucket_encryption", "ServerSideEncryptionConfiguration", encryption, "ServerSideEncryptionConfiguration", None, "delete_bucket_encryption"),
        ("bucket_accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, "Status", None, None),
        ("bucket_request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, "Payer", None, None),
        ("bucket_notification_configuration", "NotificationConfiguration", {"EventBridgeConfiguration": {}}, "EventBridgeConfiguration", None, None),
    ]
    for noun, member, value, shown, absent, delete in rows:
        getattr(s3, f"put_{noun}")(**bucket, **{member: value})
        got = getattr(s3, f"get_{noun}")(**bucket)[shown]
        wanted = value.get(shown, value) if isinstance(value, dict) else value
        if noun == "bucket_policy":
            got, wanted = json.loads(got), json.loads(value)
        assert noun == "bucket_replication" or noun == "bucket_encryption" or noun == "bucket_lifecycle_configuration" or got == wanted, f"{noun}: {got}"
        if noun == "bucket_policy":
            assert s3.get_bucket_policy_status(**bucket)["PolicyStatus"]["IsPublic"] is False
        if delete:
            getattr(s3, delete)(**bucket)
        if absent:
            refused(absent, getattr(s3, f"get_{noun}"), **bucket)
    s3.put_bucket_ownership_controls(**bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_bucket_acl(**bucket, ACL="private")
    assert s3.get_bucket_acl(**bucket)["Grants"]
    s3.put_bucket_logging(**bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "clients-other", "TargetPrefix": "log/"}})
    assert s3.get_bucket_logging(**bucket)["LoggingEnabled"]["TargetBucket"] == "clients-other"
    s3.put_bucket_abac(**bucket, AbacStatus={"Status": "Enabled"})
    assert s3.get_bucket_abac(**bucket)["AbacStatus"]["Status"] == "Enabled"
    refused("MalformedPolicy", s3.put_bucket_policy, **bucket, Policy="{}")
    refused("InvalidRequest", s3.put_bucket_replication, Bucket="clients-near", ReplicationConfiguration=replication)


def numbered(noun, value, member):
    bucket = {"Bucket": "clients-settings"}
    for n in range(3):
        getattr(s3, f"put_bucket_{noun}_configuration")(**bucket, Id=f"c{n}", **{member: {**value, "Id": f"c{n}"}})
    assert getattr(s3, f"get_bucket_{noun}_configuration")(**bucket, Id="c1")[member]["Id"] == "c1"
    listed = getattr(s3, f"list_bucket_{noun}_configurations")(**bucket)[f"{member}List"]
    assert [one["Id"] for one in listed] == ["c0", "c1", "c2"]
    getattr(s3, f"delete_bucket_{noun}_configuration")(**bucket, Id="c1")
    refused("NoSuchConfiguration", getattr(s3, f"get_bucket_{noun}_configuration"), **bucket, Id="c1")


@test
def numbered_settings():
    numbered("metrics", {"Filter": {"Prefix": "x"}}, "MetricsConfiguration")
    numbered("analytics", {"StorageClassAnalysis": {}}, "AnalyticsConfiguration")
    numbered("intelligent_tiering", {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}, "IntelligentTieringConfiguration")
    numbered("inventory", {"IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"},
                           "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::clients-other", "Format": "CSV"}}}, "InventoryConfiguration")


@test
def uploads_in_parts():
    s3.create_bucket(Bucket="clients-parts")
    for n in range(3):
        s3.create_multipart_upload(Bucket="clients-parts", Key=f"open-{n}")
    upload = s3.create_multipart_upload(Bucket="clients-parts", Key="big")["UploadId"]
    one = {"Bucket": "clients-parts", "Key": "big", "UploadId": upload}
    body = b"x" * (5 * 1024 * 1024)
    tags = [s3.upload_part(**one, PartNumber=n, Body=body if n < 3 else b"end")["ETag"] for n in (1, 2, 3)]
    pages("s3", "ListParts", 2, **one)
    pages("s3", "ListMultipartUploads", 2, Bucket="clients-parts")
    refused("InvalidPart", s3.complete_multipart_upload, **one, MultipartUpload={"Parts": [{"PartNumber": 9, "ETag": tags[0]}]})
    s3.complete_multipart_upload(**one, MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": tag} for n, tag in enumerate(tags)]})
    assert s3.head_object(Bucket="clients-parts", Key="big")["ContentLength"] == 2 * len(body) + 3
    refused("NoSuchUpload", s3.upload_part, **one, PartNumber=1, Body=b"x")
    for open_one in s3.list_multipart_uploads(Bucket="clients-parts")["Uploads"]:
        s3.abort_multipart_upload(Bucket="clients-parts", Key=open_one["Key"], UploadId=open_one["UploadId"])
    s3.upload_fileobj(io.BytesIO(b"z" * (9 * 1024 * 1024)), "clients-parts", "managed")


@test
def locked_objects():
    s3.create_bucket(Bucket="clients-locked", ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(Bucket="clients-locked", ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})
    assert s3.get_object_lock_configuration(Bucket="clients-locked")["ObjectLockConfiguration"]["Rule"]
    refused("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, Bucket="clients-settings")
    one = {"Bucket": "clients-locked", "Key": "k"}
    version = s3.put_object(**one, Body=b"x")["VersionId"]
    assert s3.get_object_retention(**one)["Retention"]["Mode"] == "GOVERNANCE"
    refused("AccessDenied", s3.delete_object, **one, VersionId=version)
    s3.put_object_retention(**one, Retention={}, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(**one, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**one)["LegalHold"]["Status"] == "ON"
    refused("AccessDenied", s3.delete_object, **one, VersionId=version)
    s3.put_object_legal_hold(**one, LegalHold={"Status": "OFF"})
    s3.delete_object(**one, VersionId=version)
    s3.delete_bucket(Bucket="clients-locked")


@test
def lists_come_in_pages():
    s3.create_bucket(Bucket="clients-pages")
    s3.put_bucket_versioning(Bucket="clients-pages", VersioningConfiguration={"Status": "Enabled"})
    for n in range(7):
        for _ in range(2):
            s3.put_object(Bucket="clients-pages", Key=f"folder/{n}", Body=b"x")
    for name in ("ListObjectsV2", "ListObjects"):
        pages("s3", name, 3, Bucket="clients-pages")
    pages("s3", "ListObjectVersions", 3, Bucket="clients-pages")
    pages("s3", "ListBuckets", 2)
    refused("InvalidArgument", s3.list_objects_v2, Bucket="clients-pages", ContinuationToken="no-token-of-ours")
    found = s3.list_objects_v2(Bucket="clients-pages", Delimiter="/")
    assert [p["Prefix"] for p in found["CommonPrefixes"]] == ["folder/"] and "Contents" not in found
    wait("s3", "object_not_exists", Bucket="clients-pages", Key="nothing")


@test
def nonsense_is_refused():
    tampered("MalformedXML", s3.put_bucket_versioning, lambda p: p.update(body=b"<no"), Bucket="clients-near", VersioningConfiguration={"Status": "Enabled"})
    refused("SandboxOperationNotImplemented", s3.get_object_torrent, Bucket="clients-near", Key="x")
