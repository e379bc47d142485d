"""KMS: keys and their lives, policies, rotation, aliases, tags."""
import json

from harness import ACCOUNT, aws, client, eventually, ids, pages, refused, test, trust

kms, iam, tagging = client("kms"), client("iam"), client("resourcegroupstaggingapi")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def key(**more):
    return kms.create_key(**more)["KeyMetadata"]


def policy(principal=ROOT, action="kms:*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}]})


@test
def a_key_is_described_by_id_arn_and_alias():
    made = key(Description="for tests", Tags=[{"TagKey": "team", "TagValue": "core"}])
    assert made["KeyState"] == "Enabled" and made["KeyManager"] == "CUSTOMER" and made["KeySpec"] == "SYMMETRIC_DEFAULT"
    assert made["Arn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{made['KeyId']}"
    kms.create_alias(AliasName="alias/clients/one", TargetKeyId=made["KeyId"])
    for name in (made["KeyId"], made["Arn"], "alias/clients/one", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/clients/one"):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == made["KeyId"]
    assert aws("kms", "describe-key", "--key-id", made["KeyId"])["KeyMetadata"]["Description"] == "for tests"
    refused("NotFoundException", kms.describe_key, KeyId="00000000-0000-0000-0000-000000000000")
    refused("NotFoundException", kms.describe_key, KeyId="alias/never")
    refused("NotFoundException", client("kms", "eu-west-1").describe_key, KeyId=made["KeyId"])
    managed = kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS" and managed == kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    kms.update_key_description(KeyId=made["KeyId"], Description="")
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["Description"] == ""


@test
def kinds_of_keys():
    signs = key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", MultiRegion=True)
    assert signs["KeyId"].startswith("mrk-") and signs["SigningAlgorithms"] == ["ECDSA_SHA_256"]
    assert signs["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["MacAlgorithms"] == ["HMAC_SHA_256"]
    empty = key(Origin="EXTERNAL")
    assert empty["KeyState"] == "PendingImport" and not empty["Enabled"]
    refused("KMSInvalidStateException", kms.enable_key, KeyId=empty["KeyId"])
    refused("ValidationException", kms.create_key, KeySpec="RSA_2048")
    refused("ValidationException", kms.create_key, KeySpec="RSA_2048", KeyUsage="GENERATE_VERIFY_MAC")
    refused("UnsupportedOperationException", kms.enable_key_rotation, KeyId=signs["KeyId"])
    refused("UnsupportedOperationException", kms.get_key_rotation_status, KeyId=signs["KeyId"])


@test
def rotation_and_switches():
    one = key()["KeyId"]
    assert not kms.get_key_rotation_status(KeyId=one)["KeyRotationEnabled"]
    kms.enable_key_rotation(KeyId=one, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=one)["RotationPeriodInDays"] == 180
    kms.disable_key(KeyId=one)
    assert kms.describe_key(KeyId=one)["KeyMetadata"]["KeyState"] == "Disabled"
    refused("DisabledException", kms.disable_key_rotation, KeyId=one)
    kms.enable_key(KeyId=one)
    kms.disable_key_rotation(KeyId=one)
    assert not kms.get_key_rotation_status(KeyId=one)["KeyRotationEnabled"]


@test
def a_deletion_is_scheduled_and_cancelled():
    one = key()
    kms.enable_key_rotation(KeyId=one["KeyId"])
    kms.create_alias(AliasName="alias/clients/late", TargetKeyId=one["KeyId"])
    refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=one["KeyId"])
    refused("ValidationException", kms.schedule_key_deletion, KeyId=one["KeyId"], PendingWindowInDays=6)
    answer = kms.schedule_key_deletion(KeyId=one["KeyId"], PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion" and answer["PendingWindowInDays"] == 7 and answer["KeyId"] == one["Arn"]
    days = (answer["DeletionDate"] - one["CreationDate"]).total_seconds() / 86400
    assert 6.9 < days < 7.1, f"{days} days"
    for call, more in ((kms.schedule_key_deletion, {}), (kms.enable_key, {}), (kms.update_key_description, {"Description": "x"}),
                       (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
                       (kms.put_key_policy, {"Policy": policy()})):
        refused("KMSInvalidStateException", call, KeyId=one["KeyId"], **more)
    refused("KMSInvalidStateException", kms.create_alias, AliasName="alias/clients/other", TargetKeyId=one["KeyId"])
    assert not kms.get_key_rotation_status(KeyId=one["KeyId"])["KeyRotationEnabled"]
    assert kms.describe_key(KeyId="alias/clients/late")["KeyMetadata"]["DeletionDate"] == answer["DeletionDate"]
    rds = client("rds")
    refused("KMSKeyNotAccessibleFault", rds.create_db_cluster, DBClusterIdentifier="keyless", Engine="aurora-mysql",
            MasterUsername="app", MasterUserPassword="not-a-secret-1", StorageEncrypted=True, KmsKeyId=one["Arn"])
    assert kms.cancel_key_deletion(KeyId=one["KeyId"])["KeyId"] == one["Arn"]
    back = kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]
    assert back["KeyState"] == "Disabled" and "DeletionDate" not in back
    kms.enable_key(KeyId=one["KeyId"])
    assert kms.get_key_rotation_status(KeyId=one["KeyId"])["KeyRotationEnabled"], "the setting comes back"


@test
def policies_name_who_exists_and_lock_nobody_out():
    one = key()["KeyId"]
    assert json.loads(kms.get_key_policy(KeyId=one)["Policy"])["Statement"][0]["Principal"] == {"AWS": ROOT}
    assert kms.list_key_policies(KeyId=one)["PolicyNames"] == ["default"]
    kms.put_key_policy(KeyId=one, PolicyName="default", Policy=policy(action=["kms:Describe*", "kms:Put*"]))
    assert "kms:Describe*" in kms.get_key_policy(KeyId=one, PolicyName="default")["Policy"]
    refused("NotFoundException", kms.get_key_policy, KeyId=one, PolicyName="other")
    for bad in ("{not json", "{}", policy(action="kms:Describe*"), policy(f"arn:aws:iam::{ACCOUNT}:role/nobody")):
        refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=one, Policy=bad)
    refused("MalformedPolicyDocumentException", kms.create_key, Policy=policy(action="kms:Encrypt"))
    kms.put_key_policy(KeyId=one, Policy=policy(action="kms:Encrypt"), BypassPolicyLockoutSafetyCheck=True)
    arn = iam.create_role(RoleName="key-user", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))["Role"]["Arn"]
    assert key(Policy=policy([ROOT, arn]))["KeyState"] == "Enabled"


@test
def aliases_move_between_keys_of_a_kind():
    one, two, signs = key()["KeyId"], key()["KeyId"], key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyId"]
    kms.create_alias(AliasName="alias/clients/moving", TargetKeyId=one)
    refused("AlreadyExistsException", kms.create_alias, AliasName="alias/clients/moving", TargetKeyId=two)
    refused("ValidationException", kms.create_alias, AliasName="moving", TargetKeyId=one)
    refused("ValidationException", kms.create_alias, AliasName="alias/clients/again", TargetKeyId="alias/clients/moving")
    refused("NotAuthorizedException", kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=one)
    kms.update_alias(AliasName="alias/clients/moving", TargetKeyId=two)
    assert kms.describe_key(KeyId="alias/clients/moving")["KeyMetadata"]["KeyId"] == two
    refused("ValidationException", kms.update_alias, AliasName="alias/clients/moving", TargetKeyId=signs)
    refused("NotFoundException", kms.update_alias, AliasName="alias/clients/never", TargetKeyId=two)
    assert ids(kms.list_aliases(KeyId=two)["Aliases"], "AliasName") == ["alias/clients/moving"]
    kms.delete_alias(AliasName="alias/clients/moving")
    refused("NotFoundException", kms.delete_alias, AliasName="alias/clients/moving")


@test
def tags_and_lists_in_pages():
    one = key(Tags=[{"TagKey": f"k{at}", "TagValue": "v"} for at in range(3)])
    kms.tag_resource(KeyId=one["KeyId"], Tags=[{"TagKey": "k1", "TagValue": "w"}, {"TagKey": "new", "TagValue": ""}])
    kms.untag_resource(KeyId=one["KeyId"], TagKeys=["k0"])
    found = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=one["KeyId"])["Tags"]}
    assert found == {"k1": "w", "k2": "v", "new": ""}, found
    refused("TagException", kms.tag_resource, KeyId=one["KeyId"], Tags=[{"TagKey": "aws:x", "TagValue": ""}])
    by_tag = eventually(lambda: tagging.get_resources(
        ResourceTypeFilters=["kms:key"], TagFilters=[{"Key": "k1", "Values": ["w"]}])["ResourceTagMappingList"])
    assert ids(by_tag, "ResourceARN") == [one["Arn"]]
    for at in range(3):
        kms.create_alias(AliasName=f"alias/clients/page-{at}", TargetKeyId=key()["KeyId"])
    pages("kms", "ListKeys", 2, "InvalidMarkerException")
    pages("kms", "ListAliases", 2, "InvalidMarkerException")
    pages("kms", "ListResourceTags", 2, "InvalidMarkerException", KeyId=one["KeyId"])
