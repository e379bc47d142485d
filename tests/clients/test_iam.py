"""IAM: roles, policies, profiles, users, groups, and the order in which they go. STS beside it."""
import json

from botocore.exceptions import ClientError

from harness import ACCOUNT, aws, client, eventually, ids, pages, refused, role, tampered, test, trust, wait

iam = client("iam")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
OTHER = POLICY.replace("GetObject", "PutObject")


@test
def who_is_calling():
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    assert aws("sts", "get-caller-identity")["Account"] == ACCOUNT
    arn = iam.create_role(RoleName="assumed", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}))["Role"]["Arn"]
    def assumed():
        try:
            return sts.assume_role(RoleArn=arn, RoleSessionName="clients")["Credentials"]
        except ClientError:
            return None
    assert eventually(assumed)["SessionToken"]
    assert sts.get_session_token(DurationSeconds=900)["Credentials"]["SessionToken"]
    refused("AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nobody", RoleSessionName="clients")


@test
def only_managed_policies_need_the_newer_version():
    role("versionless", "ecs-tasks.amazonaws.com")
    plain = {"Statement": json.loads(POLICY)["Statement"]}
    for document in (plain, {"Version": "2008-10-17", **plain}):
        refused("MalformedPolicyDocument", iam.create_policy, PolicyName="versionless", PolicyDocument=json.dumps(document))
        iam.put_role_policy(RoleName="versionless", PolicyName="inline", PolicyDocument=json.dumps(document))
        assert iam.get_role_policy(RoleName="versionless", PolicyName="inline")["PolicyDocument"] == document
    iam.delete_role_policy(RoleName="versionless", PolicyName="inline")
    iam.delete_role(RoleName="versionless")


@test
def roles_lose_everything_before_they_go():
    arn = role("busy", "ecs-tasks.amazonaws.com")
    refused("EntityAlreadyExists", iam.create_role, RoleName="busy", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    refused("EntityAlreadyExists", iam.create_role, RoleName="BUSY", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    refused("MalformedPolicyDocument", iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{not json")
    assert iam.get_role(RoleName="busy")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust("ecs-tasks.amazonaws.com"))
    policy = iam.create_policy(PolicyName="clients", PolicyDocument=POLICY)["Policy"]["Arn"]
    wait("iam", "policy_exists", PolicyArn=policy)
    refused("EntityAlreadyExists", iam.create_policy, PolicyName="clients", PolicyDocument=POLICY)
    iam.put_role_policy(RoleName="busy", PolicyName="inline", PolicyDocument=POLICY)
    assert iam.get_role_policy(RoleName="busy", PolicyName="inline")["PolicyDocument"] == json.loads(POLICY)
    assert iam.list_role_policies(RoleName="busy")["PolicyNames"] == ["inline"]
    iam.attach_role_policy(RoleName="busy", PolicyArn=policy)
    assert ids(iam.list_attached_role_policies(RoleName="busy")["AttachedPolicies"], "PolicyArn") == [policy]
    assert ids(iam.list_entities_for_policy(PolicyArn=policy)["PolicyRoles"], "RoleName") == ["busy"]
    iam.create_instance_profile(InstanceProfileName="profile")
    wait("iam", "instance_profile_exists", InstanceProfileName="profile")
    refused("EntityAlreadyExists", iam.create_instance_profile, InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="busy")
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName="profile", RoleName="busy")
    assert iam.list_instance_profiles_for_role(RoleName="busy")["InstanceProfiles"][0]["Arn"].endswith("/profile")
    aws("iam", "delete-role", "--role-name", "busy", fails="DeleteConflict")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="profile")
    iam.remove_role_from_instance_profile(InstanceProfileName="profile", RoleName="busy")
    refused("NoSuchEntity", iam.remove_role_from_instance_profile, InstanceProfileName="profile", RoleName="busy")
    iam.delete_instance_profile(InstanceProfileName="profile")
    refused("DeleteConflict", iam.delete_role, RoleName="busy")
    iam.detach_role_policy(RoleName="busy", PolicyArn=policy)
    refused("NoSuchEntity", iam.detach_role_policy, RoleName="busy", PolicyArn=policy)
    refused("DeleteConflict", iam.delete_role, RoleName="busy")
    iam.delete_role_policy(RoleName="busy", PolicyName="inline")
    refused("NoSuchEntity", iam.delete_role_policy, RoleName="busy", PolicyName="inline")
    iam.delete_role(RoleName="busy")
    iam.delete_policy(PolicyArn=policy)
    refused("NoSuchEntity", iam.delete_role, RoleName="busy")
    refused("NoSuchEntity", iam.get_policy, PolicyArn=policy)
    refused("NoSuchEntity", iam.get_instance_profile, InstanceProfileName="profile")
    assert arn == f"arn:aws:iam::{ACCOUNT}:role/busy"


@test
def roles_change():
    role("changing", "ecs-tasks.amazonaws.com")
    iam.update_role(RoleName="changing", Description="new", MaxSessionDuration=7200)
    iam.update_role_description(RoleName="changing", Description="newer")
    iam.update_assume_role_policy(RoleName="changing", PolicyDocument=trust("dms.amazonaws.com"))
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName="changing", PolicyDocument="[]")
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="changing", PermissionsBoundary=boundary)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=boundary)
    iam.delete_role_permissions_boundary(RoleName="changing")
    iam.tag_role(RoleName="changing", Tags=[{"Key": "a", "Value": "b + c"}, {"Key": "d", "Value": ""}])
    assert aws("iam", "list-role-tags", "--role-name", "changing")["Tags"][0] == {"Key": "a", "Value": "b + c"}
    iam.untag_role(RoleName="changing", TagKeys=["a"])
    assert ids(iam.list_role_tags(RoleName="changing")["Tags"], "Key") == ["d"]
    iam.delete_role(RoleName="changing")
    iam.delete_policy(PolicyArn=boundary)


@test
def policies_have_versions():
    policy = iam.create_policy(PolicyName="versions", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=OTHER)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v1"
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v2")
    assert iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(OTHER)
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=policy, VersionId="v2")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    for _ in range(3):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY)
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=policy, PolicyDocument=POLICY)
    pages("iam", "ListPolicyVersions", 2, "ValidationError", PolicyArn=policy)
    for version in ("v1", "v3", "v4", "v5"):
        iam.delete_policy_version(PolicyArn=policy, VersionId=version)
    refused("NoSuchEntity", iam.delete_policy_version, PolicyArn=policy, VersionId="v1")
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": k, "Value": "x"} for k in "abc"])
    pages("iam", "ListPolicyTags", 2, "ValidationError", PolicyArn=policy)
    iam.untag_policy(PolicyArn=policy, TagKeys=["a", "b", "c"])
    iam.delete_policy(PolicyArn=policy)


@test
def users_and_groups():
    policy = iam.create_policy(PolicyName="people", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.create_user(UserName="ann")
    wait("iam", "user_exists", UserName="ann")
    refused("EntityAlreadyExists", iam.create_user, UserName="ann")
    iam.create_group(GroupName="ops")
    refused("EntityAlreadyExists", iam.create_group, GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="ann")
    assert ids(iam.get_group(GroupName="ops")["Users"], "UserName") == ["ann"]
    assert ids(iam.list_groups_for_user(UserName="ann")["Groups"], "GroupName") == ["ops"]
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=POLICY)
    iam.put_group_policy(GroupName="ops", PolicyName="p", PolicyDocument=POLICY)
    assert iam.get_user_policy(UserName="ann", PolicyName="p")["PolicyDocument"] == json.loads(POLICY)
    assert iam.get_group_policy(GroupName="ops", PolicyName="p")["PolicyDocument"] == json.loads(POLICY)
    assert iam.list_user_policies(UserName="ann")["PolicyNames"] == ["p"]
    assert iam.list_group_policies(GroupName="ops")["PolicyNames"] == ["p"]
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    iam.attach_group_policy(GroupName="ops", PolicyArn=policy)
    assert iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"]
    assert iam.list_attached_group_policies(GroupName="ops")["AttachedPolicies"]
    assert iam.get_user(UserName="ann")["User"]["UserName"] == "ann"
    iam.tag_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
    iam.untag_user(UserName="ann", TagKeys=["a"])
    refused("DeleteConflict", iam.delete_user, UserName="ann")
    refused("DeleteConflict", iam.delete_group, GroupName="ops")
    iam.detach_user_policy(UserName="ann", PolicyArn=policy)
    iam.detach_group_policy(GroupName="ops", PolicyArn=policy)
    iam.delete_user_policy(UserName="ann", PolicyName="p")
    iam.delete_group_policy(GroupName="ops", PolicyName="p")
    refused("DeleteConflict", iam.delete_user, UserName="ann")
    refused("DeleteConflict", iam.delete_group, GroupName="ops")
    iam.remove_user_from_group(GroupName="ops", UserName="ann")
    iam.delete_user(UserName="ann")
    iam.delete_group(GroupName="ops")
    refused("NoSuchEntity", iam.get_user, UserName="ann")
    refused("NoSuchEntity", iam.get_group, GroupName="ops")


@test
def service_linked_roles():
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"]
    assert iam.list_account_aliases()["AccountAliases"] == []


@test
def lists_come_in_pages():
    for n in range(5):
        name = f"page-{n}"
        role(name, "ec2.amazonaws.com")
        policy = iam.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
        iam.create_user(UserName=name)
        iam.create_group(GroupName=name)
        iam.create_instance_profile(InstanceProfileName=name)
        for table, holder in (("role", "page-0"), ("user", "page-0"), ("group", "page-0")):
            getattr(iam, f"put_{table}_policy")(**{f"{table.title()}Name": holder, "PolicyName": name, "PolicyDocument": POLICY})
            getattr(iam, f"attach_{table}_policy")(**{f"{table.title()}Name": holder, "PolicyArn": policy})
        iam.tag_instance_profile(InstanceProfileName="page-0", Tags=[{"Key": name, "Value": "x"}])
        iam.tag_role(RoleName="page-0", Tags=[{"Key": name, "Value": "x"}])
        iam.add_user_to_group(GroupName=name, UserName="page-0")
        if n:
            iam.add_user_to_group(GroupName="page-0", UserName=name)
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/page-0")
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="page-0")
    pages("iam", "ListInstanceProfilesForRole", 2, "ValidationError", RoleName="page-0")
    for name in ("ListRoles", "ListUsers", "ListGroups", "ListInstanceProfiles"):
        pages("iam", name, 2, "ValidationError")
    pages("iam", "ListPolicies", 2, "ValidationError", Scope="Local")
    pages("iam", "GetAccountAuthorizationDetails", 2, "ValidationError", Filter=["User"])
    whole = iam.get_account_authorization_details()
    held = next(one for one in whole["RoleDetailList"] if one["RoleName"] == "page-0")
    assert {one["PolicyName"] for one in held["RolePolicyList"]} == {f"page-{n}" for n in range(5)}, held
    assert held["RolePolicyList"][0]["PolicyDocument"]["Statement"], held
    assert len(held["AttachedManagedPolicies"]) == 5 and len(held["InstanceProfileList"]) == 5 and len(held["Tags"]) == 5, held
    assert "Description" not in held and "MaxSessionDuration" not in held, held
    user = next(one for one in whole["UserDetailList"] if one["UserName"] == "page-0")
    assert len(user["UserPolicyList"]) == 5 and len(user["GroupList"]) == 5, user
    assert any(one["PolicyName"] == "page-0" and one["PolicyVersionList"] for one in whole["Policies"])
    pages("iam", "ListEntitiesForPolicy", 2, "ValidationError", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/page-0")
    for name in ("Role", "User", "Group"):
        pages("iam", f"List{name}Policies", 2, "ValidationError", **{f"{name}Name": "page-0"})
        pages("iam", f"ListAttached{name}Policies", 2, "ValidationError", **{f"{name}Name": "page-0"})
    pages("iam", "GetGroup", 2, "ValidationError", GroupName="page-0")
    pages("iam", "ListGroupsForUser", 2, "ValidationError", UserName="page-0")
    pages("iam", "ListInstanceProfileTags", 2, "ValidationError", InstanceProfileName="page-0")
    pages("iam", "ListRoleTags", 2, "ValidationError", RoleName="page-0")
    iam.untag_instance_profile(InstanceProfileName="page-0", TagKeys=["page-0"])
    names = [r["RoleName"] for r in aws("iam", "list-roles", "--page-size", "2")["Roles"]]
    assert {f"page-{n}" for n in range(5)} <= set(names)


@test
def nonsense_is_refused():
    tampered("InvalidAction", iam.list_roles, lambda p: p["body"].update(Action="FrobnicateRoles"))
    tampered("ValidationError", iam.get_role, lambda p: p["body"].pop("RoleName"), RoleName="x")
    refused("NoSuchEntity", iam.attach_role_policy, RoleName="nobody", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    refused("SandboxOperationNotImplemented", iam.get_credential_report)
