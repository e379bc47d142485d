"""The policy simulator: decisions with the statements that make them, conditions, boundaries, resources' policies, missing keys.

Sources: LocalStack's recordings of AWS (`test_simulate_principle_policy`), TestAccIAMPrincipalPolicySimulationDataSource, the
AWS CLI's examples, and issues of AWS's SDKs where they are named.
"""
import json

from harness import ACCOUNT, client, eventually, pages, passes, refused, said, test, trust

iam = client("iam")


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements) if len(statements) > 1 else statements[0]})


def allow(action, resource="*", **others):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def deny(action, resource="*", **others):
    return {**allow(action, resource, **others), "Effect": "Deny"}


def custom(policies, *actions, **others):
    given = policies if isinstance(policies, list) else [policies]
    return iam.simulate_custom_policy(PolicyInputList=given, ActionNames=list(actions), **others)["EvaluationResults"]


def decisions(*arguments, **others):
    return [one["EvalDecision"] for one in custom(*arguments, **others)]


def entry(key, kind, *values):
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}


@test
def what_was_recorded_of_aws():
    """LocalStack's test_simulate_principle_policy, of a role, a group and a user; that account is in an organization."""
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}})
    policy = iam.create_policy(PolicyName="recorded", PolicyDocument=text)["Policy"]["Arn"]
    arns = [iam.create_role(RoleName="recorded", AssumeRolePolicyDocument=trust("apigateway.amazonaws.com"))["Role"]["Arn"],
            iam.create_group(GroupName="recorded")["Group"]["Arn"], iam.create_user(UserName="recorded")["User"]["Arn"]]
    iam.attach_role_policy(RoleName="recorded", PolicyArn=policy)
    iam.attach_group_policy(GroupName="recorded", PolicyArn=policy)
    iam.attach_user_policy(UserName="recorded", PolicyArn=policy)
    passes(30)
    for arn in arns:
        got = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:PutObject", "s3:GetObjectVersion"],
                                            ResourceArns=["arn:aws:s3:::bucket"])
        assert got["IsTruncated"] is False
        matched = [{"SourcePolicyId": "recorded", "SourcePolicyType": "IAM Policy", "StartPosition": {"Line": 1, "Column": 41},
                    "EndPosition": {"Line": 1, "Column": 113}}]
        assert got["EvaluationResults"] == [{
            "EvalActionName": action, "EvalResourceName": "arn:aws:s3:::bucket", "EvalDecision": decision, "EvalDecisionDetails": {},
            "MatchedStatements": found, "MissingContextValues": [],
            "ResourceSpecificResults": [{"EvalResourceName": "arn:aws:s3:::bucket", "EvalResourceDecision": decision,
                                         "MatchedStatements": found, "MissingContextValues": []}],
        } for action, decision, found in (("s3:PutObject", "allowed", matched), ("s3:GetObjectVersion", "implicitDeny", []))], got
    pages("iam", "SimulatePrincipalPolicy", 2, "ValidationError", PolicySourceArn=arns[0],
          ActionNames=[f"s3:Get{n}" for n in range(5)])
    said("InvalidInput", f"Invalid Entity Arn: {policy} does not clearly define entity type and name.", iam.simulate_principal_policy,
         PolicySourceArn=policy, ActionNames=["s3:GetObject"])
    said("NoSuchEntity", "The user with name never cannot be found.", iam.simulate_principal_policy,
         PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/never", ActionNames=["s3:GetObject"])


@test
def what_the_provider_checks():
    """TestAccIAMPrincipalPolicySimulationDataSource."""
    vpc = f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-0123456789abcdef0"
    user = iam.create_user(UserName="simulated", Path="/some/")["User"]["Arn"]
    iam.put_user_policy(UserName="simulated", PolicyName="mine", PolicyDocument=document(
        allow("ec2:AssociateVpcCidrBlock", vpc), deny("ec2:AttachClassicLinkVpc", vpc),
        allow("ec2:AttachInternetGateway", vpc, Condition={"StringEquals": {"ec2:ResourceTag/Foo": "bar"}})))
    passes(30)

    def simulated(*actions, **others):
        found = eventually(lambda: iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=list(actions), ResourceArns=[vpc], **others))
        return found["EvaluationResults"]
    one, = simulated("ec2:AssociateVpcCidrBlock")
    assert (one["EvalDecision"], one["EvalResourceName"]) == ("allowed", vpc)
    assert one["MatchedStatements"][0]["SourcePolicyId"] == "user_simulated_mine", one
    assert one["MatchedStatements"][0]["SourcePolicyType"] == "IAM Policy"
    both = simulated("ec2:AttachClassicLinkVpc", "ec2:AttachVpnGateway")
    assert [one["EvalDecision"] for one in both] == ["explicitDeny", "implicitDeny"]
    # Keys of other statements are missing too (aws/aws-sdk-java-v2#1751), but only where nothing decides.
    assert [one["MissingContextValues"] for one in both] == [[], ["ec2:ResourceTag/Foo"]], both
    assert both[1]["ResourceSpecificResults"][0]["MissingContextValues"] == ["ec2:ResourceTag/Foo"]
    for value, decision in (("bar", "allowed"), ("baz", "implicitDeny")):
        tag = entry("ec2:ResourceTag/Foo", "string", value)
        assert simulated("ec2:AttachInternetGateway", ContextEntries=[tag])[0]["EvalDecision"] == decision
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=user)["ContextKeyNames"] == ["ec2:ResourceTag/Foo"]
    more = iam.get_context_keys_for_principal_policy(PolicySourceArn=user, PolicyInputList=[document(
        allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))])
    assert more["ContextKeyNames"] == ["ec2:ResourceTag/Foo", "aws:SourceIp"]
    refused("NoSuchEntity", iam.get_context_keys_for_principal_policy, PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/never")


@test
def the_cli_s_examples():
    """AWS CLI, simulate-custom-policy and get-context-keys-for-custom-policy."""
    late = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}}}
    text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":' \
           '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    assert custom(text, "dynamodb:CreateBackup", ContextEntries=[entry("aws:CurrentTime", "date", "2019-04-25T11:00:00Z")]) == [{
        "EvalActionName": "dynamodb:CreateBackup", "EvalResourceName": "*", "EvalDecision": "allowed", "MissingContextValues": [],
        "MatchedStatements": [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy",
                               "StartPosition": {"Line": 1, "Column": 38}, "EndPosition": {"Line": 1, "Column": 167}}]}]
    early = custom(text, "dynamodb:CreateBackup", ContextEntries=[entry("aws:CurrentTime", "date", "2014-04-25T11:00:00Z")])[0]
    assert (early["EvalDecision"], early["MatchedStatements"], early["MissingContextValues"]) == ("implicitDeny", [], [])
    assert custom(text, "dynamodb:CreateBackup")[0]["MissingContextValues"] == ["aws:CurrentTime"]
    table = f"arn:aws:dynamodb:us-west-2:{ACCOUNT}:table/${{aws:username}}"
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[document(allow("dynamodb:*", table, **late))])
    assert keys["ContextKeyNames"] == ["aws:username", "aws:CurrentTime"]
    said("InvalidInput", "Policy input list item 2 has invalid content", iam.get_context_keys_for_custom_policy,
         PolicyInputList=[document(allow("s3:*")), "{}"])


@test
def denials_and_the_places_of_statements():
    one, two = "arn:aws:s3:::one/x", "arn:aws:s3:::two/x"
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:Get*"), deny("s3:GetObjectAcl", "arn:aws:s3:::one/*")]}, indent=2)
    got, = custom([text, document(allow("S3:GETOBJECTACL"))], "s3:GetObjectAcl", ResourceArns=[one, two])
    assert got["EvalDecision"] == "explicitDeny" and got["EvalDecisionDetails"] == {}, got
    each = {here["EvalResourceName"]: here for here in got["ResourceSpecificResults"]}
    assert (each[one]["EvalResourceDecision"], each[two]["EvalResourceDecision"]) == ("explicitDeny", "allowed")
    # Only what decides is named; the second statement begins where the first one ends.
    assert got["MatchedStatements"] == each[one]["MatchedStatements"] and len(got["MatchedStatements"]) == 1
    assert got["MatchedStatements"][0]["StartPosition"] == {"Line": 8, "Column": 6}, got["MatchedStatements"]
    assert got["MatchedStatements"][0]["EndPosition"] == {"Line": 13, "Column": 6}
    assert [here["SourcePolicyId"] for here in each[two]["MatchedStatements"]] == ["PolicyInputList.1", "PolicyInputList.2"]
    assert decisions(document({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::one/*"}), "s3:GetObject", "iam:GetUser",
                     ResourceArns=[two]) == ["allowed", "implicitDeny"]
    assert decisions(document(allow("s3:*", "arn:aws:s3:::one/*")), "s3:GetObject") == ["implicitDeny"], "everything is more than something"
    assert decisions([], "s3:GetObject") == ["implicitDeny"]
    pages("iam", "SimulateCustomPolicy", 3, "ValidationError", PolicyInputList=[text], ActionNames=[f"s3:Get{n}" for n in range(7)])


@test
def conditions():
    def holds(operator, key, value, *entries):
        return decisions(document(allow("s3:*", Condition={operator: {key: value}})), "s3:GetObject", ContextEntries=list(entries)) == ["allowed"]
    tags = entry("aws:TagKeys", "stringList", "team", "cost")
    assert holds("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost", "x"], tags)
    assert not holds("ForAllValues:StringEquals", "aws:TagKeys", ["team"], tags) and holds("ForAllValues:StringEquals", "aws:TagKeys", "x")
    assert holds("ForAnyValue:StringLike", "aws:TagKeys", "co*", tags) and not holds("ForAnyValue:StringLike", "aws:TagKeys", "*")
    address = entry("aws:SourceIp", "ip", "203.0.113.7")
    assert holds("IpAddress", "aws:SourceIp", "203.0.113.0/24", address) and not holds("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", address)
    assert holds("NumericLessThanEquals", "s3:max-keys", "10", entry("s3:max-keys", "numeric", "10"))
    assert holds("Bool", "aws:SecureTransport", "true", entry("aws:SecureTransport", "boolean", "TRUE"))
    assert holds("Null", "aws:TokenIssueTime", "true") and not holds("Null", "aws:TagKeys", "true", tags)
    assert holds("StringEqualsIfExists", "aws:RequestedRegion", "us-east-1") and holds("StringNotEquals", "aws:RequestedRegion", "us-east-1")
    assert holds("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:x*", entry("aws:SourceArn", "string", f"arn:aws:sns:us-east-1:{ACCOUNT}:xy"))
    # Who calls is known, unless the request says otherwise.
    ann = f"arn:aws:iam::{ACCOUNT}:user/team/ann"
    home = document(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))
    assert decisions(home, "s3:GetObject", ResourceArns=["arn:aws:s3:::home/ann/x"], CallerArn=ann) == ["allowed"]
    assert decisions(home, "s3:GetObject", ResourceArns=["arn:aws:s3:::home/bob/x"], CallerArn=ann) == ["implicitDeny"]
    assert decisions(home, "s3:GetObject", ResourceArns=["arn:aws:s3:::home/bob/x"], CallerArn=ann,
                     ContextEntries=[entry("aws:username", "string", "bob")]) == ["allowed"]
    assert holds("StringEquals", "aws:userid", "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR")
    for words, wrong in (("expected numeric format", entry("s3:max-keys", "numeric", "ten")),
                         ("expected IP address", entry("aws:SourceIp", "ip", "10.0.0")),
                         ("expected DateTime format", entry("aws:CurrentTime", "date", "soon")),
                         ("expected a single value, but received 2", entry("aws:username", "string", "a", "b")),
                         ("cannot be null or empty", entry("aws:username", "string"))):
        said("InvalidInput", words, iam.simulate_custom_policy, PolicyInputList=[home], ActionNames=["s3:GetObject"], ContextEntries=[wrong])
    said("InvalidInput", "Duplicate context key", iam.simulate_custom_policy, PolicyInputList=[home], ActionNames=["s3:GetObject"],
         ContextEntries=[tags, entry("AWS:tagkeys", "string", "x")])


@test
def boundaries_and_exclusions():
    bounds = iam.create_policy(PolicyName="bounds", PolicyDocument=document(allow("s3:*"), deny("s3:DeleteBucket")))["Policy"]["Arn"]
    iam.create_user(UserName="bounded", PermissionsBoundary=bounds)
    user = iam.get_user(UserName="bounded")["User"]["Arn"]
    iam.create_group(GroupName="bounded")
    iam.put_group_policy(GroupName="bounded", PolicyName="of-group", PolicyDocument=document(allow(["s3:*", "sqs:*"])))
    iam.add_user_to_group(GroupName="bounded", UserName="bounded")
    passes(30)

    def simulated(*actions, **others):
        found = iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=list(actions), **others)["EvaluationResults"]
        return [(one["EvalDecision"], one.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary"),
                 [two["SourcePolicyId"] for two in one["MatchedStatements"]]) for one in found]
    assert simulated("s3:GetObject", "sqs:SendMessage", "s3:DeleteBucket") == [
        ("allowed", True, ["group_bounded_of-group"]), ("implicitDeny", False, []), ("explicitDeny", False, ["bounds"])]
    other = document(allow("sqs:*"))
    assert simulated("s3:GetObject", "sqs:SendMessage", PermissionsBoundaryPolicyInputList=[other]) == [
        ("implicitDeny", False, []), ("allowed", True, ["group_bounded_of-group"])]
    said("InvalidInput", "The list of Permissions Boundary policies cannot exceed 1 items.", iam.simulate_principal_policy,
         PolicySourceArn=user, ActionNames=["s3:GetObject"], PermissionsBoundaryPolicyInputList=[other, other])
    assert simulated("sqs:SendMessage", PolicyExclusionList=[{"PolicyType": "permission-boundary"}]) == [
        ("allowed", None, ["group_bounded_of-group"])]
    inline = {"PolicyName": "of-group", "AttachmentType": "group", "AttachmentName": "bound*"}
    for exclusion in ({"PolicyType": "inline"}, {"InlinePolicyIdentifier": inline}):
        assert simulated("s3:GetObject", PolicyExclusionList=[exclusion]) == [("implicitDeny", True, [])], exclusion
    assert simulated("s3:GetObject", PolicyExclusionList=[{"PolicyArn": bounds}, {"PolicyType": "aws-managed"}])[0][0] == "allowed"
    refused("InvalidInput", iam.simulate_principal_policy, PolicySourceArn=user, ActionNames=["s3:GetObject"],
            PolicyExclusionList=[{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:role/never"}])
    # What AWS manages is simulated where its text is there, and refused by name where it is not.
    iam.attach_user_policy(UserName="bounded", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    passes(30)
    assert simulated("s3:GetObject", PolicyExclusionList=[{"PolicyType": "inline"}]) == [("allowed", True, ["AmazonS3ReadOnlyAccess"])]
    iam.attach_user_policy(UserName="bounded", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    said("SandboxOperationNotImplemented", "policy/AmazonSQSFullAccess", iam.simulate_principal_policy, PolicySourceArn=user,
         ActionNames=["s3:GetObject"])


@test
def policies_of_resources():
    ann, bucket = f"arn:aws:iam::{ACCOUNT}:user/ann", "arn:aws:s3:::one"
    own = {"Effect": "Allow", "Principal": {"AWS": ann}, "Action": "s3:GetObject", "Resource": f"{bucket}/*"}
    asked = {"ResourceArns": [f"{bucket}/x"], "CallerArn": ann, "ResourcePolicy": document(own)}
    here, = custom([], "s3:GetObject", **asked)
    assert here["EvalDecision"] == "allowed", "an account's own resource needs one of the two"
    assert [(one["SourcePolicyId"], one["SourcePolicyType"]) for one in here["MatchedStatements"]] == [("ResourcePolicy", "Resource Policy")]
    away = {"ResourceOwner": "arn:aws:iam::210987654321:root"}
    there, = custom([], "s3:GetObject", **asked, **away)
    assert there["EvalDecision"] == "implicitDeny", "another account's resource needs both"
    assert there["EvalDecisionDetails"] == {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}, there
    assert decisions(document(allow("s3:*")), "s3:GetObject", **asked, **away) == ["allowed"]
    no = document({**own, "Effect": "Deny", "Principal": "*"})
    assert decisions(document(allow("s3:*")), "s3:GetObject", **{**asked, "ResourcePolicy": no}) == ["explicitDeny"]
    # aws/aws-cli#10314: a trust policy is read, and left out.
    role = {"ResourceArns": [f"arn:aws:iam::{ACCOUNT}:role/one"], "CallerArn": ann, "ResourcePolicy": document(
        {"Effect": "Deny", "Principal": {"AWS": ann}, "Action": "sts:AssumeRole"})}
    assert decisions(document(allow("sts:*")), "sts:AssumeRole", **role) == ["allowed"]
    base = {"PolicyInputList": [document(allow("s3:*"))], "ActionNames": ["s3:GetObject"]}
    said("InvalidInput", "Caller cannot be null or empty", iam.simulate_custom_policy, **base, ResourceArns=[bucket], ResourcePolicy=document(own))
    said("InvalidInput", "* does not clearly define entity type and name", iam.simulate_custom_policy, **base, CallerArn=ann, ResourcePolicy=document(own))
    said("InvalidInput", "Caller must be an IAM user, role or group", iam.simulate_custom_policy, **base, CallerArn=bucket)
    # boto/botocore#1346 and aws-containers/amazon-ecs-exec-checker#35.
    said("InvalidInput", "'123456789012' is not a valid as a Resource Owner.", iam.simulate_custom_policy, **base, ResourceOwner=ACCOUNT)
    said("InvalidInput", "ResourceNames are not in a valid ARN format: 14a050d4.", iam.simulate_custom_policy, **base, ResourceArns=["14a050d4"])
    said("InvalidInput", "missing names", iam.simulate_custom_policy, **{**base, "ActionNames": ["GetObject"]})
    said("InvalidInput", "Action does not support resource handling options: s3:GetObject.", iam.simulate_custom_policy, **base,
         ResourceArns=[bucket], ResourceHandlingOption="EC2-VPC-EBS")
    refused("InvalidInput", iam.simulate_custom_policy, **{**base, "PolicyInputList": ["{"]})


@test
def service_control_policies():
    """Each level of the organization has to allow (IAM API Reference, OrderedOrganizationPolicyInputList)."""
    levels = [{"ServiceControlPolicyInputList": [document(allow("*"))]},
              {"ServiceControlPolicyInputList": [document(allow("s3:*"), deny("s3:DeleteBucket"))]}]
    got = custom(document(allow("*")), "s3:GetObject", "s3:DeleteBucket", "sqs:SendMessage", OrderedOrganizationPolicyInputList=levels)
    assert [(one["EvalDecision"], one["OrganizationsDecisionDetail"]["AllowedByOrganizations"]) for one in got] == [
        ("allowed", True), ("explicitDeny", False), ("implicitDeny", False)]
    assert not got[1]["MatchedStatements"]
