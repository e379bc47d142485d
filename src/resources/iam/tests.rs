//! The law for the IAM types, and what the law does not ask: foreign policies, shared roles, version limits.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value as Json, json};

use super::{ManagedPolicy, Policy, Role, role};
use crate::{
    model::Ownership,
    resources::{Change, Goal, Probe, Progress, ResourceType, bench::Bench},
};

fn trust(service: &str) -> Json {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]})
}

fn grant(action: &str) -> Json {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
}

/// Principals of each kind, made through the API.
fn principals(bench: &Bench) {
    bench.run(async {
        let iam = bench.sdk().iam();
        for name in ["alpha", "beta"] {
            let text = trust("ecs-tasks.amazonaws.com").to_string();
            iam.create_role().role_name(name).assume_role_policy_document(text).send().await.unwrap();
        }
        iam.create_user().user_name("ann").send().await.unwrap();
        iam.create_group().group_name("staff").send().await.unwrap();
    });
}

const VPC_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

#[test]
fn role_keeps_the_law() {
    let bench = Bench::new();
    bench.law::<Role>(
        json!({
            "RoleName": "payments-task", "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
            "Description": "first", "MaxSessionDuration": 7200, "Path": "/payments/",
            "PermissionsBoundary": READ_ONLY, "ManagedPolicyArns": [VPC_POLICY, READ_ONLY],
            "Policies": [
                {"PolicyName": "read", "PolicyDocument": grant("s3:GetObject")},
                {"PolicyName": "write", "PolicyDocument": grant("s3:PutObject").to_string()},
            ],
            "Tags": [{"Key": "team", "Value": "core"}, {"Key": "stage", "Value": "dev"}],
        }),
        Some(json!({
            "RoleName": "payments-task", "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"), "Path": "/payments/",
            "Description": "second", "ManagedPolicyArns": [READ_ONLY],
            "Policies": [{"PolicyName": "read", "PolicyDocument": grant("s3:ListBucket")}],
            "Tags": [{"Key": "team", "Value": "edge"}],
        })),
    );
    bench.law::<Role>(
        json!({"RoleName": "plain", "AssumeRolePolicyDocument": trust("s3.amazonaws.com")}),
        Some(json!({"RoleName": "plain", "AssumeRolePolicyDocument": trust("s3.amazonaws.com"), "PermissionsBoundary": READ_ONLY})),
    );
    bench.law::<Role>(
        json!({"RoleName": "dms-vpc-role", "AssumeRolePolicyDocument": trust("dms.amazonaws.com")}),
        None,
    );
    // What others put on a role is taken off before it is deleted: a test of its own.
    bench.covers::<Role>(
        0,
        &["iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:RemoveRoleFromInstanceProfile"],
    );
    bench.world(|world| {
        assert!(!world.census().contains_key("iam.role"), "nothing is left: {:?}", world.census())
    });
}

#[test]
fn update_of_a_role_takes_off_what_is_gone() {
    let bench = Bench::new();
    let (old, new): (role::Props, role::Props) = (
        serde_json::from_value(json!({
            "RoleName": "r", "AssumeRolePolicyDocument": trust("s3.amazonaws.com"), "ManagedPolicyArns": [VPC_POLICY],
            "Policies": [{"PolicyName": "a", "PolicyDocument": grant("s3:*")}], "PermissionsBoundary": READ_ONLY,
            "MaxSessionDuration": 7200, "Description": "old",
        }))
        .unwrap(),
        serde_json::from_value(json!({"RoleName": "r", "AssumeRolePolicyDocument": trust("s3.amazonaws.com")})).unwrap(),
    );
    let changed: Vec<String> =
        ["ManagedPolicyArns", "Policies", "PermissionsBoundary", "MaxSessionDuration", "Description"]
            .map(String::from)
            .to_vec();
    bench.cx(|cx| {
        bench.run(async {
            let permit = bench.permit();
            let id = Role::create(cx, &permit, &old).await.unwrap().id;
            Role::configure(cx, &permit, &id, &old).await.unwrap();
            Role::update(cx, &permit, &id, &Change { old: &old, new: &new, changed: &changed })
                .await
                .unwrap();
        });
    });
    bench.world(|world| {
        let row = world.get("iam.role", "r").unwrap();
        assert_eq!(row["_attached"], json!([]));
        assert_eq!(row["_policies"], json!({}));
        assert_eq!(row["PermissionsBoundary"], Json::Null);
        assert_eq!(row["MaxSessionDuration"], 3600);
        assert_eq!(row["Description"], "");
    });
}

#[test]
fn a_role_loses_whatever_others_put_on_it_before_it_goes() {
    let bench = Bench::new();
    let props: role::Props = serde_json::from_value(
        json!({"RoleName": "r", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")}),
    )
    .unwrap();
    bench.cx(|cx| {
        bench.run(async {
            let iam = bench.sdk().iam();
            let permit = bench.permit();
            Role::create(cx, &permit, &props).await.unwrap();
            iam.put_role_policy()
                .role_name("r")
                .policy_name("p")
                .policy_document(grant("s3:*").to_string())
                .send()
                .await
                .unwrap();
            iam.attach_role_policy().role_name("r").policy_arn(READ_ONLY).send().await.unwrap();
            iam.create_instance_profile().instance_profile_name("i").send().await.unwrap();
            iam.add_role_to_instance_profile()
                .instance_profile_name("i")
                .role_name("r")
                .send()
                .await
                .unwrap();
        });
    });
    bench.advance(std::time::Duration::from_secs(2));
    bench.cx(|cx| {
        bench.run(async {
            let permit = bench.permit();
            let first = Role::delete(cx, &permit, &"r".into(), &props).await.unwrap();
            assert!(matches!(first, Progress::Again(_)), "{first:?}");
            assert_eq!(Role::delete(cx, &permit, &"r".into(), &props).await.unwrap(), Progress::Done);
            let gone = Role::probe(cx, &"r".into(), &props, Goal::Gone).await.unwrap();
            assert!(matches!(gone, Probe::Reached(_)));
        });
    });
}

#[test]
fn a_shared_role_stays_while_dms_needs_it_and_a_foreign_one_is_seen_as_foreign() {
    let bench = Bench::new();
    let props: role::Props = serde_json::from_value(
        json!({"RoleName": "dms-vpc-role", "AssumeRolePolicyDocument": trust("dms.amazonaws.com")}),
    )
    .unwrap();
    bench.run(async {
        let call = bench.sdk().iam().create_role().role_name("dms-vpc-role");
        call.assume_role_policy_document(trust("dms.amazonaws.com").to_string()).send().await.unwrap();
    });
    bench.advance(std::time::Duration::from_secs(2));
    let group = |name: &str| json!({"ReplicationSubnetGroupIdentifier": name, "_region": "us-east-1"});
    bench.world(|world| world.put("dms.subnet-group", "us-east-1/theirs", group("theirs")));
    bench.advance(std::time::Duration::from_secs(2));
    bench.cx(|cx| {
        bench.run(async {
            let found = Role::find(cx, &props).await.unwrap().unwrap();
            assert_eq!(found.ownership, Ownership::Foreign);
            let kept = Role::delete(cx, &bench.permit(), &"dms-vpc-role".into(), &props).await.unwrap();
            assert_eq!(kept, Progress::Kept("still needed by replication subnet group theirs".into()));
        });
    });
    bench.world(|world| world.remove("dms.subnet-group", "us-east-1/theirs"));
    bench.cx(|cx| {
        let gone = bench.run(Role::delete(cx, &bench.permit(), &"dms-vpc-role".into(), &props)).unwrap();
        assert_eq!(gone, Progress::Done);
    });
}

#[test]
fn policy_keeps_the_law() {
    let bench = Bench::new();
    principals(&bench);
    bench.law_covering::<Policy>(&[
        (
            json!({"PolicyName": "p", "PolicyDocument": grant("s3:GetObject"), "Roles": ["alpha", "beta"], "Users": ["ann"], "Groups": ["staff"]}),
            Some(json!({"PolicyName": "p", "PolicyDocument": grant("s3:PutObject"), "Roles": ["beta"], "Groups": ["staff"]})),
        ),
        (json!({"PolicyName": "q", "PolicyDocument": grant("s3:*"), "Users": ["ann"]}), None),
    ]);
    bench.world(|world| {
        for (table, name) in
            [("iam.role", "alpha"), ("iam.role", "beta"), ("iam.user", "ann"), ("iam.group", "staff")]
        {
            assert_eq!(world.get(table, name).unwrap()["_policies"], json!({}), "{name}");
        }
    });
}

#[test]
fn managed_policy_keeps_the_law() {
    let bench = Bench::new();
    principals(&bench);
    bench.law_covering::<ManagedPolicy>(&[(
        json!({
            "ManagedPolicyName": "m", "Path": "/a/", "Description": "d", "PolicyDocument": grant("s3:GetObject"),
            "Roles": ["alpha", "beta"], "Users": ["ann"], "Groups": ["staff"],
        }),
        Some(json!({
            "ManagedPolicyName": "m", "Path": "/a/", "Description": "d", "PolicyDocument": grant("s3:PutObject"),
            "Roles": ["beta"],
        })),
    )]);
    bench.world(|world| assert!(!world.census().contains_key("iam.policy")));
}

#[test]
fn a_managed_policy_outlives_its_five_versions_and_repeats_none() {
    let bench = Bench::new();
    let props = |action: &str| {
        serde_json::from_value(json!({"ManagedPolicyName": "m", "PolicyDocument": grant(action)})).unwrap()
    };
    bench.cx(|cx| {
        bench.run(async {
            let id = ManagedPolicy::create(cx, &bench.permit(), &props("s3:V1")).await.unwrap().id;
            for n in 2..9 {
                bench.advance(std::time::Duration::from_secs(1));
                let (old, new) = (props(&format!("s3:V{}", n - 1)), props(&format!("s3:V{n}")));
                let change = Change { old: &old, new: &new, changed: &["PolicyDocument".to_owned()] };
                for _ in 0..2 {
                    ManagedPolicy::update(cx, &bench.permit(), &id, &change).await.unwrap();
                }
            }
        });
    });
    bench.world(|world| {
        let (_, row) = world.rows("iam.policy").next().unwrap();
        let versions: Vec<&str> =
            row["_versions"].as_array().unwrap().iter().map(|v| v["VersionId"].as_str().unwrap()).collect();
        assert_eq!(versions, ["v4", "v5", "v6", "v7", "v8"]);
        assert_eq!(row["DefaultVersionId"], "v8");
    });
}

#[test]
fn the_sandbox_refuses_what_iam_refuses() {
    let bench = Bench::new();
    principals(&bench);
    bench.run(async {
        let iam = bench.sdk().iam();
        let put = |text: &str| {
            iam.put_role_policy().role_name("alpha").policy_name("p").policy_document(text).send()
        };
        let malformed = put("{\"Statement\": []}").await.unwrap_err();
        assert_eq!(malformed.code(), Some("MalformedPolicyDocument"));
        let twice = iam
            .create_role()
            .role_name("ALPHA")
            .assume_role_policy_document(trust("s3.amazonaws.com").to_string());
        let twice = twice.send().await.unwrap_err();
        assert_eq!(twice.code(), Some("EntityAlreadyExists"));
        let unknown =
            iam.attach_role_policy().role_name("alpha").policy_arn("arn:aws:iam::aws:policy/NoSuchPolicy");
        let unknown = unknown.send().await.unwrap_err();
        assert_eq!(unknown.code(), Some("NoSuchEntity"));
        iam.attach_role_policy().role_name("alpha").policy_arn(READ_ONLY).send().await.unwrap();
        let held = iam.delete_role().role_name("alpha").send().await.unwrap_err();
        assert_eq!(held.code(), Some("DeleteConflict"));
        iam.create_service_linked_role().aws_service_name("ecs.amazonaws.com").send().await.unwrap();
        let linked = iam.delete_role().role_name("AWSServiceRoleForECS").send().await.unwrap_err();
        assert_eq!(linked.code(), Some("UnmodifiableEntity"));
        let sts = bench.sdk().sts();
        assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some("123456789012"));
        let assume = || {
            sts.assume_role()
                .role_arn("arn:aws:iam::123456789012:role/beta")
                .role_session_name("session")
                .send()
        };
        let foreign = assume().await.unwrap_err();
        assert_eq!(foreign.code(), Some("AccessDenied"), "trusts a service only");
        let trusting = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"},
        ]});
        let update = iam.update_assume_role_policy().role_name("beta");
        update.policy_document(trusting.to_string()).send().await.unwrap();
        let early = assume().await.unwrap_err();
        assert_eq!(early.code(), Some("AccessDenied"), "not propagated yet");
        bench.advance(std::time::Duration::from_secs(10));
        assert!(assume().await.unwrap().credentials().is_some());
    });
}
