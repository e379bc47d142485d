"""IAM beside roles and policies: keys, sign-in, certificates, identity providers; STS with all it decides."""
import base64
import hashlib
import json
import time

from harness import ACCOUNT, client, pages, passes, refused, test

iam, sts = client("iam"), client("sts")
BODY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"


@test
def access_keys_belong_to_a_user():
    iam.create_user(UserName="keys")
    keys = [iam.create_access_key(UserName="keys")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    refused("LimitExceeded", iam.create_access_key, UserName="keys")
    pages("iam", "ListAccessKeys", 1, UserName="keys")
    assert sts.get_access_key_info(AccessKeyId=keys[0])["Account"] == ACCOUNT
    assert iam.get_access_key_last_used(AccessKeyId=keys[0])["UserName"] == "keys"
    iam.update_access_key(UserName="keys", AccessKeyId=keys[0], Status="Inactive")
    shown = {one["AccessKeyId"]: one["Status"] for one in iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]}
    assert shown == {keys[0]: "Inactive", keys[1]: "Active"}
    refused("DeleteConflict", iam.delete_user, UserName="keys")
    for key in keys:
        iam.delete_access_key(UserName="keys", AccessKeyId=key)
    refused("NoSuchEntity", iam.delete_access_key, UserName="keys", AccessKeyId=keys[0])
    iam.delete_user(UserName="keys")
    refused("NoSuchEntity", iam.list_access_keys, UserName="keys")


def pem(text, kind="CERTIFICATE"):
    return f"-----BEGIN {kind}-----\n{base64.b64encode(text.encode()).decode()}\n-----END {kind}-----"


@test
def signing_certificates():
    """TestAccIAMSigningCertificate_*; the API references of the four operations."""
    iam.create_user(UserName="signs")
    made = [iam.upload_signing_certificate(UserName="signs", CertificateBody=pem(f"one {n}"))["Certificate"] for n in range(2)]
    assert (made[0]["Status"], made[0]["UserName"], made[0]["CertificateBody"]) == ("Active", "signs", pem("one 0")), made[0]
    refused("DuplicateCertificate", iam.upload_signing_certificate, UserName="signs", CertificateBody=pem("one 0"))
    refused("LimitExceeded", iam.upload_signing_certificate, UserName="signs", CertificateBody=pem("one 2"))
    refused("MalformedCertificate", iam.upload_signing_certificate, UserName="signs", CertificateBody="nonsense")
    pages("iam", "ListSigningCertificates", 1, UserName="signs")
    iam.update_signing_certificate(UserName="signs", CertificateId=made[0]["CertificateId"], Status="Inactive")
    assert [one["Status"] for one in iam.list_signing_certificates(UserName="signs")["Certificates"]] == ["Inactive", "Active"]
    refused("DeleteConflict", iam.delete_user, UserName="signs")
    iam.update_user(UserName="signs", NewUserName="signed")
    for one in made:
        iam.delete_signing_certificate(UserName="signed", CertificateId=one["CertificateId"])
        refused("NoSuchEntity", iam.delete_signing_certificate, UserName="signed", CertificateId=one["CertificateId"])
    iam.delete_user(UserName="signed")


@test
def ssh_keys():
    """TestAccIAMUserSSHKey_*."""
    iam.create_user(UserName="ssh")
    bodies = [f"ssh-rsa {base64.b64encode(f'key {n}'.encode()).decode()} me@example.com" for n in range(5)]
    keys = [iam.upload_ssh_public_key(UserName="ssh", SSHPublicKeyBody=body)["SSHPublicKey"] for body in bodies]
    assert keys[0]["SSHPublicKeyId"].startswith("APKA") and keys[0]["Status"] == "Active"
    assert keys[0]["Fingerprint"] == ":".join(f"{byte:02x}" for byte in hashlib.md5(b"key 0").digest())
    refused("DuplicateSSHPublicKey", iam.upload_ssh_public_key, UserName="ssh", SSHPublicKeyBody=bodies[0])
    refused("LimitExceeded", iam.upload_ssh_public_key, UserName="ssh", SSHPublicKeyBody=pem("another", "PUBLIC KEY"))
    refused("InvalidPublicKey", iam.upload_ssh_public_key, UserName="ssh", SSHPublicKeyBody="nonsense")
    pages("iam", "ListSSHPublicKeys", 2, UserName="ssh")
    first = {"UserName": "ssh", "SSHPublicKeyId": keys[0]["SSHPublicKeyId"]}
    iam.update_ssh_public_key(**first, Status="Inactive")
    shown = iam.get_ssh_public_key(**first, Encoding="SSH")["SSHPublicKey"]
    assert (shown["Status"], shown["SSHPublicKeyBody"]) == ("Inactive", bodies[0])
    refused("SandboxOperationNotImplemented", iam.get_ssh_public_key, **first, Encoding="PEM")
    refused("DeleteConflict", iam.delete_user, UserName="ssh")
    for one in keys:
        iam.delete_ssh_public_key(UserName="ssh", SSHPublicKeyId=one["SSHPublicKeyId"])
    refused("NoSuchEntity", iam.get_ssh_public_key, **first, Encoding="SSH")
    own = iam.upload_ssh_public_key(UserName="ssh", SSHPublicKeyBody=pem("another", "PUBLIC KEY"))["SSHPublicKey"]["SSHPublicKeyId"]
    assert iam.get_ssh_public_key(UserName="ssh", SSHPublicKeyId=own, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyId"] == own
    iam.delete_ssh_public_key(UserName="ssh", SSHPublicKeyId=own)
    iam.delete_user(UserName="ssh")


@test
def credentials_of_single_services():
    """TestAccIAMServiceSpecificCredential_*."""
    iam.create_user(UserName="single")
    one = {"UserName": "single", "ServiceName": "codecommit.amazonaws.com"}
    made = [iam.create_service_specific_credential(**one)["ServiceSpecificCredential"] for _ in range(2)]
    assert [item["ServiceUserName"] for item in made] == [f"single-at-{ACCOUNT}", f"single+1-at-{ACCOUNT}"]
    refused("LimitExceeded", iam.create_service_specific_credential, **one)
    refused("NoSuchEntity", iam.create_service_specific_credential, **{**one, "ServiceName": "s3.amazonaws.com"})
    other = iam.create_service_specific_credential(**{**one, "ServiceName": "cassandra.amazonaws.com"})["ServiceSpecificCredential"]
    named = {"UserName": "single", "ServiceSpecificCredentialId": made[0]["ServiceSpecificCredentialId"]}
    again = iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made[0]["ServicePassword"]
    iam.update_service_specific_credential(**named, Status="Inactive")
    listed = iam.list_service_specific_credentials(**one)["ServiceSpecificCredentials"]
    assert [item["Status"] for item in listed] == ["Inactive", "Active"] and "ServicePassword" not in listed[0]
    assert len(iam.list_service_specific_credentials(UserName="single")["ServiceSpecificCredentials"]) == 3
    refused("DeleteConflict", iam.delete_user, UserName="single")
    for item in (*made, other):
        iam.delete_service_specific_credential(UserName="single", ServiceSpecificCredentialId=item["ServiceSpecificCredentialId"])
    refused("NoSuchEntity", iam.delete_service_specific_credential, **named)
    iam.delete_user(UserName="single")


@test
def identity_providers_change_their_thumbprints():
    """TestAccIAMOpenIDConnectProvider_*."""
    arn = iam.create_open_id_connect_provider(Url="https://prints.example.com", ThumbprintList=["a" * 40], Tags=[
        {"Key": f"k{n}", "Value": "v"} for n in range(3)])["OpenIDConnectProviderArn"]
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40, "c" * 40])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"] == ["b" * 40, "c" * 40]
    pages("iam", "ListOpenIDConnectProviderTags", 2, OpenIDConnectProviderArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    refused("NoSuchEntity", iam.update_open_id_connect_provider_thumbprint, OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    refused("NoSuchEntity", iam.list_open_id_connect_provider_tags, OpenIDConnectProviderArn=arn)


@test
def a_user_signs_in_and_changes_its_name():
    iam.create_user(UserName="before", Tags=[{"Key": str(n), "Value": "v"} for n in range(3)])
    pages("iam", "ListUserTags", 1, UserName="before")
    refused("NoSuchEntity", iam.get_login_profile, UserName="before")
    iam.create_login_profile(UserName="before", Password="Sufficient-1", PasswordResetRequired=True)
    refused("EntityAlreadyExists", iam.create_login_profile, UserName="before", Password="Sufficient-1")
    iam.update_login_profile(UserName="before", PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName="before")["LoginProfile"]["PasswordResetRequired"]
    iam.put_user_permissions_boundary(UserName="before", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert iam.get_user(UserName="before")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("ReadOnlyAccess")
    iam.delete_user_permissions_boundary(UserName="before")
    iam.update_user(UserName="before", NewUserName="after", NewPath="/team/")
    assert iam.get_user(UserName="after")["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/after"
    refused("NoSuchEntity", iam.get_user, UserName="before")
    refused("DeleteConflict", iam.delete_user, UserName="after")
    iam.delete_login_profile(UserName="after")
    refused("NoSuchEntity", iam.delete_login_profile, UserName="after")
    for listed in ("list_mfa_devices", "list_ssh_public_keys", "list_signing_certificates", "list_service_specific_credentials"):
        assert getattr(iam, listed)(UserName="after")["ResponseMetadata"]["HTTPStatusCode"] == 200
        refused("NoSuchEntity", getattr(iam, listed), UserName="nobody")
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    iam.delete_user(UserName="after")
    iam.create_group(GroupName="old")
    iam.update_group(GroupName="old", NewGroupName="new")
    assert iam.get_group(GroupName="new")["Group"]["Arn"].endswith(":group/new")
    refused("NoSuchEntity", iam.get_group, GroupName="old")


@test
def the_account_has_one_alias():
    iam.create_account_alias(AccountAlias="clients-first")
    assert iam.list_account_aliases()["AccountAliases"] == ["clients-first"]
    iam.create_account_alias(AccountAlias="clients-second")
    assert iam.list_account_aliases()["AccountAliases"] == ["clients-second"]
    iam.delete_account_alias(AccountAlias="clients-second")
    refused("NoSuchEntity", iam.delete_account_alias, AccountAlias="clients-second")


@test
def server_certificates():
    for name in ("one", "two"):
        iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=BODY, PrivateKey=KEY)
    refused("EntityAlreadyExists", iam.upload_server_certificate, ServerCertificateName="one", CertificateBody=BODY, PrivateKey=KEY)
    refused("MalformedCertificate", iam.upload_server_certificate, ServerCertificateName="bad", CertificateBody="no", PrivateKey=KEY)
    pages("iam", "ListServerCertificates", 1)
    tags = [{"Key": key, "Value": "v"} for key in "abc"]
    iam.tag_server_certificate(ServerCertificateName="one", Tags=tags)
    pages("iam", "ListServerCertificateTags", 1, ServerCertificateName="one")
    iam.untag_server_certificate(ServerCertificateName="one", TagKeys=["a", "b"])
    assert iam.list_server_certificate_tags(ServerCertificateName="one")["Tags"] == tags[2:]
    iam.update_server_certificate(ServerCertificateName="one", NewServerCertificateName="renamed")
    shown = iam.get_server_certificate(ServerCertificateName="renamed")["ServerCertificate"]
    assert shown["CertificateBody"] == BODY and shown["ServerCertificateMetadata"]["Arn"].endswith(":server-certificate/renamed")
    for name in ("renamed", "two"):
        iam.delete_server_certificate(ServerCertificateName=name)
    refused("NoSuchEntity", iam.delete_server_certificate, ServerCertificateName="two")


@test
def an_identity_provider_vouches_for_a_session():
    host = "token.clients.example.com"
    arn = iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=["first"])["OpenIDConnectProviderArn"]
    refused("EntityAlreadyExists", iam.create_open_id_connect_provider, Url=f"https://{host}", ClientIDList=["first"])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="first")
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert shown["Url"] == host and shown["ClientIDList"] == ["sts.amazonaws.com"] and not shown.get("Tags")
    assert arn in [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    role = iam.create_role(RoleName="federated", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {f"{host}:sub": "repo:acme/*"}}}]}))["Role"]["Arn"]
    passes(45)

    def token(subject):
        claims = {"iss": f"https://{host}", "sub": subject, "aud": "sts.amazonaws.com", "exp": int(time.time()) + 86_400}
        return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".c2ln"
    asked = {"RoleArn": role, "RoleSessionName": "ci"}
    answer = sts.assume_role_with_web_identity(WebIdentityToken=token("repo:acme/shop"), **asked)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/federated/ci"
    assert answer["SubjectFromWebIdentityToken"] == "repo:acme/shop"
    refused("AccessDenied", sts.assume_role_with_web_identity, WebIdentityToken=token("repo:other/shop"), **asked)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    refused("NoSuchEntity", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
