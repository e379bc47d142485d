//! What needs a permission, and what no permission opens: losing data, protection from deletion, protected stacks.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use serde_json::Value as Json;

use crate::{
    program::{migrate, text},
    support::write,
};

/// A bucket's data, and three kinds of protection: an attribute, a boolean, a text.
const PLAN: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internal, Subnets: [!Ref A, !Ref B],
    LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {DeletionProtectionEnabled: true}}
  Users: {Type: AWS::Cognito::UserPool, DeletionPolicy: Delete, Properties: {DeletionProtection: ACTIVE}}
  Topic: {Type: AWS::SNS::Topic}
";

fn objects(dir: &Path) -> Json {
    let shown = migrate(dir, &["sandbox", "show", "--json"]);
    let world: Json = serde_json::from_slice(&shown.stdout).expect("JSON");
    world["objects"].clone()
}

#[track_caller]
fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[track_caller]
fn refused(dir: &Path, args: &[&str], code: &str) -> String {
    let before = objects(dir);
    let output = migrate(dir, args);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains(code), "{said}");
    assert_eq!(objects(dir), before, "{args:?} changed something");
    said
}

#[test]
fn what_is_protected_from_deletion_is_named_before_anything_is_touched() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("plan.yaml"), PLAN);
    done(&migrate(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes"]));
    let all = ["destroy", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"];
    let said = refused(dir.path(), &all, "M5004");
    for name in ["plan/Balancer", "plan/Log", "plan/Users"] {
        assert!(said.contains(&format!("about {name}")), "{name}: {said}");
    }
    let replace =
        ["up", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--replace", "plan/Users"];
    refused(dir.path(), &replace, "M5004");
    // Somebody else turned one on: the ledger does not know, the account does.
    let off = PLAN
        .replace(",\n    LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]", "")
        .replace(", Properties: {DeletionProtectionEnabled: true}", "")
        .replace("DeletionProtection: ACTIVE", "DeletionProtection: INACTIVE");
    write(&dir.path().join("plan.yaml"), &off);
    done(&migrate(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes"]));
    refused(dir.path(), &all[..4], "M5003");
    done(&migrate(dir.path(), &all));
    assert_eq!(objects(dir.path()), serde_json::json!({}));
}

#[test]
fn destroy_needs_the_permissions_that_up_needs() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = "Resources:\n  B: {Type: 'AWS::S3::Bucket'}\n  S: {Type: 'AWS::SecretsManager::Secret'}\n  T: {Type: \
                'AWS::SNS::Topic'}\n";
    write(&dir.path().join("plan.yaml"), plan);
    done(&migrate(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes"]));
    let destroy = |more: &[&'static str]| [&["destroy", "plan.yaml", "--sandbox", "--yes"], more].concat();
    for more in [&[][..], &["--allow-data-loss", "plan/B"], &["--allow-data-loss", "plan/T"]] {
        refused(dir.path(), &destroy(more), "M5003");
    }
    for name in ["plan/B", "plan/S"] {
        let replace = ["up", "plan.yaml", "--sandbox", "--yes", "--replace", name];
        refused(dir.path(), &replace, "M5003");
    }
    done(&migrate(dir.path(), &destroy(&["--allow-data-loss", "plan/B", "--allow-data-loss", "plan/S"])));
    assert_eq!(objects(dir.path()), serde_json::json!({}));
}

#[test]
fn a_stack_with_termination_protection_is_not_destroyed() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("app/cdk.out");
    std::fs::create_dir_all(&out).expect("a folder");
    write(&out.join("cdk.out"), "{\"version\": \"38.0.0\"}");
    let manifest = |protected: bool| {
        let stack = |name: &str, protected: bool| {
            format!(
                r#""{name}": {{"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
                    "properties": {{"templateFile": "S.json", "terminationProtection": {protected}}}}}"#
            )
        };
        let (one, two) = (stack("One", protected), stack("Two", false));
        write(
            &out.join("manifest.json"),
            &format!(r#"{{"version": "38.0.0", "artifacts": {{{one}, {two}}}}}"#),
        );
    };
    write(&out.join("S.json"), r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    manifest(true);
    let plan = ["app/cdk.out", "--sandbox", "--region", "us-east-1", "--yes"];
    done(&migrate(dir.path(), &[&["up"], &plan[..]].concat()));
    let destroy = [&["destroy"], &plan[..], &["--allow-data-loss", "all"]].concat();
    let said = refused(dir.path(), &destroy, "M5005");
    assert!(said.contains("stack One"), "{said}");
    // Taking the protection out of the files is not enough: the ledger has to learn it, by a run that is reviewed.
    manifest(false);
    refused(dir.path(), &destroy, "M5005");
    done(&migrate(dir.path(), &[&["up"], &plan[..]].concat()));
    done(&migrate(dir.path(), &destroy));
    assert_eq!(objects(dir.path()), serde_json::json!({}));
}

/// Nobody but their owner reads what a run writes, whatever the umask.
#[test]
fn what_a_run_writes_is_for_its_owner_only() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("plan.yaml"), "Resources: {T: {Type: 'AWS::SNS::Topic'}}\n");
    let run = format!(
        "umask 000; {0} plan plan.yaml --sandbox --out set.json && {0} up plan.yaml --sandbox --yes --log-file log.txt",
        env!("CARGO_BIN_EXE_migrate")
    );
    let mut shell = std::process::Command::new("sh");
    let ran = shell.args(["-c", &run]).current_dir(dir.path()).env("HOME", dir.path()).output();
    done(&ran.expect("a shell"));
    let (mut rest, mut seen) = (vec![dir.path().join(".migrate")], 0);
    rest.extend(["set.json", "log.txt"].map(|name| dir.path().join(name)));
    while let Some(path) = rest.pop() {
        let is = path.metadata().expect("it is there");
        let wanted = if is.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(is.permissions().mode() & 0o777, wanted, "{}", path.display());
        seen += 1;
        if is.is_dir() {
            rest.extend(
                std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()),
            );
        }
    }
    assert!(seen >= 8, "{seen} files");
}
