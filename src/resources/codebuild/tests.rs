//! The law for projects, and what is special about them.

use serde_json::{Value as Json, json};

use super::{Project, project_form::Props};
use crate::resources::{Change, ResourceType, bench::Bench};

const ROLE: &str = "arn:aws:iam::123456789012:role/service-role/build";
const OTHER: &str = "arn:aws:iam::123456789012:role/other";

/// Roles, a network, and a token for GitHub.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.world(|world| {
        let trust =
            json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}}]});
        for (name, arn) in [("build", ROLE), ("other", OTHER)] {
            let row = json!({
                "RoleName": name, "Arn": arn, "AssumeRolePolicyDocument": trust.to_string(), "Path": "/",
                "RoleId": "AROAEXAMPLE", "CreateDate": 1_760_000_000,
            });
            world.put("iam.role", name, row);
        }
        for (table, id, member) in
            [("ec2.subnet", "subnet-1", "SubnetId"), ("ec2.security-group", "sg-1", "GroupId")]
        {
            world.put(table, id, json!({member: id, "VpcId": "vpc-1", "_region": "us-east-1"}));
        }
    });
    // Until everybody sees the roles.
    bench.advance(std::time::Duration::from_secs(60));
    bench.run(async {
        let call =
            bench.sdk().codebuild().import_source_credentials().token("t").server_type("GITHUB".into());
        call.auth_type("PERSONAL_ACCESS_TOKEN".into()).send().await.unwrap();
    });
    bench
}

fn plain() -> Json {
    json!({
        "Name": "build", "ServiceRole": ROLE, "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Environment": {"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": "aws/codebuild/standard:7.0"},
        "Source": {"Type": "GITHUB", "Location": "https://github.com/example/app.git"},
    })
}

fn with(more: Json) -> Json {
    let mut props = plain();
    props.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    props
}

/// Every property of the schema.
fn rich() -> Json {
    with(json!({
        "Description": "builds", "AutoRetryLimit": 2, "BadgeEnabled": true, "ConcurrentBuildLimit": 3,
        "EncryptionKey": "arn:aws:kms:us-east-1:123456789012:key/1", "TimeoutInMinutes": 30, "QueuedTimeoutInMinutes": 60,
        "SourceVersion": "main", "Visibility": "PUBLIC_READ", "ResourceAccessRole": OTHER,
        "Artifacts": {"Type": "S3", "Location": "out", "Name": "app", "Path": "builds", "NamespaceType": "BUILD_ID",
            "Packaging": "ZIP", "OverrideArtifactName": true, "EncryptionDisabled": true, "ArtifactIdentifier": "main"},
        "BuildBatchConfig": {"ServiceRole": ROLE, "CombineArtifacts": true, "TimeoutInMins": 60,
            "BatchReportMode": "REPORT_AGGREGATED_BATCH",
            "Restrictions": {"MaximumBuildsAllowed": 4, "ComputeTypesAllowed": ["BUILD_GENERAL1_SMALL"]}},
        "Cache": {"Type": "S3", "Location": "cache/app", "CacheNamespace": "app"},
        "Environment": {"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": "example/app:1",
            "Certificate": "certs/ca.pem", "PrivilegedMode": true, "ImagePullCredentialsType": "SERVICE_ROLE",
            "HostKernel": "LINUX_KERNEL_6",
            "EnvironmentVariables": [{"Name": "STAGE", "Value": "dev", "Type": "PLAINTEXT"}, {"Name": "K", "Value": "v"}],
            "Fleet": {"FleetArn": "arn:aws:codebuild:us-east-1:123456789012:fleet/own:1"},
            "DockerServer": {"ComputeType": "BUILD_GENERAL1_SMALL", "SecurityGroupIds": ["sg-1"]},
            "RegistryCredential": {"CredentialProvider": "SECRETS_MANAGER", "Credential": "registry"}},
        "FileSystemLocations": [{"Type": "EFS", "Identifier": "data", "MountPoint": "/data", "MountOptions": "ro",
            "Location": "fs-0123456789abcdef0.efs.us-east-1.amazonaws.com:/"}],
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "g", "StreamName": "s"},
            "S3Logs": {"Status": "ENABLED", "Location": "logs/app", "EncryptionDisabled": true}},
        "SecondaryArtifacts": [{"Type": "S3", "Location": "out", "Name": "more", "ArtifactIdentifier": "more"}],
        "SecondarySources": [{"Type": "S3", "Location": "in/lib.zip", "SourceIdentifier": "lib"}],
        "SecondarySourceVersions": [{"SourceIdentifier": "lib", "SourceVersion": "1"}],
        "Source": {"Type": "GITHUB", "Location": "https://github.com/example/app.git", "BuildSpec": "ci/build.yml",
            "Auth": {"Type": "OAUTH"}, "GitCloneDepth": 1, "GitSubmodulesConfig": {"FetchSubmodules": true},
            "ReportBuildStatus": true, "InsecureSsl": false, "SourceIdentifier": "main",
            "BuildStatusConfig": {"Context": "ci", "TargetUrl": "https://ci.example.com"}},
        "VpcConfig": {"VpcId": "vpc-1", "Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "Triggers": {"Webhook": true, "BuildType": "BUILD", "FilterGroups": [[
                {"Type": "EVENT", "Pattern": "PUSH"},
                {"Type": "HEAD_REF", "Pattern": "^refs/heads/main$", "ExcludeMatchedPattern": false}]],
            "PullRequestBuildPolicy": {"RequiresCommentApproval": "ALL_PULL_REQUESTS", "ApproverRoles": ["GITHUB_ADMIN"]},
            "ScopeConfiguration": {"Name": "example", "Scope": "GITHUB_ORGANIZATION"}},
        "Tags": [{"Key": "Team", "Value": "payments"}],
    }))
}

#[test]
fn projects_keep_the_law() {
    let mut filtered = rich();
    filtered["Triggers"]["FilterGroups"][0][1]["Pattern"] = json!("^refs/heads/release$");
    filtered["Triggers"]["BuildType"] = json!("BUILD_BATCH");
    filtered["Tags"] = json!([{"Key": "Owner", "Value": "me"}]);
    filtered["Visibility"] = json!("PRIVATE");
    let mut unfiltered = rich();
    unfiltered["Triggers"].as_object_mut().unwrap().remove("FilterGroups");
    unfiltered["Triggers"]["ScopeConfiguration"]["Name"] = json!("other");
    let named = with(json!({"ServiceRole": "build"}));
    let mut bare = plain();
    bare["Source"] = json!({"Type": "NO_SOURCE", "BuildSpec": "version: 0.2"});
    bench().law_covering::<Project>(&[
        (rich(), Some(filtered)),
        (rich(), Some(unfiltered)),
        // What leaves the template goes back to AWS's defaults, and the webhook goes.
        (rich(), Some(bare)),
        (plain(), Some(rich())),
        (named, Some(with(json!({"ServiceRole": "other", "Triggers": {"Webhook": true}})))),
    ]);
}

/// What the project is after a change.
fn after(old: Json, new: Json) -> Json {
    let bench = bench();
    let typed = |props: &Json| serde_json::from_value::<Props>(props.clone()).unwrap();
    bench.cx(|cx| {
        let permit = bench.permit();
        let made = bench.run(Project::create(cx, &permit, &typed(&old))).unwrap();
        bench.run(Project::configure(cx, &permit, &made.id, &typed(&old))).unwrap();
        let keys = |props: &Json| props.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut changed: Vec<String> = keys(&old).into_iter().chain(keys(&new)).collect();
        changed.sort();
        changed.dedup();
        changed.retain(|property| old[property] != new[property]);
        let change = Change { old: &typed(&old), new: &typed(&new), changed: &changed };
        bench.run(Project::update(cx, &permit, &made.id, &change)).unwrap();
        bench.world(|world| world.get("codebuild.project", "us-east-1/build").cloned().unwrap())
    })
}

#[test]
fn what_leaves_the_template_goes_back_to_what_a_new_project_has() {
    let live = after(rich(), plain());
    for gone in ["vpcConfig", "buildBatchConfig", "concurrentBuildLimit", "webhook"] {
        assert!(live[gone].is_null(), "{gone}: {}", live[gone]);
    }
    for empty in ["fileSystemLocations", "secondarySources", "secondaryArtifacts", "secondarySourceVersions"]
    {
        assert_eq!(live[empty], json!([]), "{empty}");
    }
    assert_eq!((&live["timeoutInMinutes"], &live["queuedTimeoutInMinutes"]), (&json!(60), &json!(480)));
    assert_eq!(live["encryptionKey"], "arn:aws:kms:us-east-1:123456789012:alias/aws/s3");
    assert_eq!(live["cache"], json!({"type": "NO_CACHE"}));
    assert_eq!(live["logsConfig"]["cloudWatchLogs"]["status"], "ENABLED");
    assert_eq!(live["logsConfig"]["s3Logs"]["status"], "DISABLED");
    assert_eq!(live["badge"]["badgeEnabled"], false);
    assert_eq!((&live["description"], &live["sourceVersion"]), (&json!(""), &json!("")));
    assert_eq!((&live["projectVisibility"], &live["autoRetryLimit"]), (&json!("PRIVATE"), &json!(0)));
}

#[test]
fn ownership_tags_stay_when_the_plans_tags_change() {
    let live = after(rich(), with(json!({"Tags": [{"Key": "Owner", "Value": "me"}]})));
    let tags = live["_tags"].as_object().unwrap();
    assert_eq!(tags.get("Owner"), Some(&json!("me")));
    assert!(
        !tags.contains_key("Team") && tags.keys().any(|key| key.starts_with(crate::aws::TAG_PREFIX)),
        "{tags:?}"
    );
}

/// A role with a path is named by its name all the same.
#[test]
fn a_role_may_be_given_by_its_name() {
    let live = after(plain(), with(json!({"ServiceRole": "build", "Description": "x"})));
    assert_eq!(live["serviceRole"], ROLE);
}

#[test]
fn what_codebuild_refuses_is_told_beforehand() {
    let told = |props: Json| Project::check(&props).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(told(rich()), Vec::<String>::new());
    assert_eq!(told(with(json!({"Artifacts": {"Type": "CODEPIPELINE"}}))), ["Source.Type"]);
    assert_eq!(told(with(json!({"Source": {"Type": "NO_SOURCE"}}))), ["Source.BuildSpec"]);
    assert_eq!(told(with(json!({"Source": {"Type": "GITHUB"}}))), ["Source.Location"]);
    assert_eq!(told(with(json!({"Artifacts": {"Type": "S3"}}))), ["Artifacts.Location"]);
    assert_eq!(told(with(json!({"Cache": {"Type": "S3"}}))), ["Cache.Location"]);
    assert_eq!(
        told(with(json!({"VpcConfig": {"VpcId": "vpc-1"}}))),
        ["VpcConfig.Subnets", "VpcConfig.SecurityGroupIds"]
    );
    let groups = |filter: Json| with(json!({"Triggers": {"Webhook": true, "FilterGroups": [[filter]]}}));
    assert_eq!(told(groups(json!({"Type": "HEAD_REF", "Pattern": "x"}))), ["Triggers.FilterGroups.0"]);
    assert_eq!(
        told(groups(json!({"Type": "EVENT", "Pattern": "PUSH", "Excluded": true}))),
        ["Triggers.FilterGroups.0.0.Excluded"]
    );
    let version = json!({"SecondarySourceVersions": [{"SourceIdentifier": "lib"}]});
    assert_eq!(told(with(version)), ["SecondarySourceVersions.0.SourceVersion"]);
}

#[test]
fn the_role_of_a_public_project_stays() {
    let typed = |props: Json| serde_json::from_value::<Props>(props).unwrap();
    let mut without = rich();
    without.as_object_mut().unwrap().remove("ResourceAccessRole");
    let (old, mut new) = (typed(rich()), typed(without));
    let changed = ["ResourceAccessRole".to_owned()];
    let refused = |new: &Props| Project::refused(&Change { old: &old, new, changed: &changed }).len();
    assert_eq!(refused(&new), 1);
    new.Visibility = Some("PRIVATE".into());
    assert_eq!(refused(&new), 0);
}
