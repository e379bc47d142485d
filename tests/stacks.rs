//! Exports and outputs of stacks that the CloudFormation service holds, as a user meets them: what reviews, change sets and
//! the ledger keep, what is missing, and that only a plan's own questions are asked.

use std::{fs, path::Path};

use serde_json::{Value as Json, json};

use crate::{
    program::{migrate, text},
    support::write,
};

/// What others deployed: two exports, an output nobody exports, a stack of another region, one that failed.
fn planted(dir: &Path, vpc: &str) {
    let here = json!({"objects": [
        {"stack": {"name": "network", "description": "shared", "outputs": {
            "Vpc": {"value": vpc, "export": "network-vpc"}, "Title": {"value": "the title", "export": "network-title"},
            "Plain": "not exported"}, "tags": {"Team": "net"}}},
        {"stack": {"name": "user", "imports": ["network-vpc"], "outputs": {}}},
        {"stack": {"name": "broken", "status": "ROLLBACK_COMPLETE", "outputs": {}}},
        {"stack": {"name": "gone", "status": "DELETE_COMPLETE", "outputs": {"Title": "old"}}},
    ]});
    let abroad = json!({"region": "eu-west-1", "objects": [
        {"stack": {"name": "abroad", "outputs": {"Title": {"value": "from afar", "export": "far-title"}}}}]});
    for (file, tree) in [("here.json", here), ("abroad.json", abroad)] {
        write(&dir.join(file), &tree.to_string());
        says(dir, 0, &["sandbox", "plant", file]);
    }
}

/// Both streams, if the command ends with that code.
#[track_caller]
fn says(dir: &Path, code: i32, args: &[&str]) -> String {
    let output = migrate(dir, args);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said
}

#[track_caller]
fn json_of(dir: &Path, args: &[&str]) -> Json {
    let output = migrate(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Where lines are broken is not what is tested.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const APP: &str = "
Parameters:
  Network: {Type: String, Default: network}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: app, VpcId: {'Fn::ImportValue': !Sub '${Network}-vpc'}}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: {'Fn::GetStackOutput': {StackName: !Ref Network, OutputName: Plain}}}
Outputs:
  Far: {Value: {'Fn::GetStackOutput': {StackName: abroad, OutputName: Title, Region: eu-west-1}}}
  Lent: {Value: {'Fn::GetStackOutput': {StackName: network, OutputName: Title, RoleArn: 'arn:aws:iam::123456789012:role/reader'}}}
";

/// A VPC of another plan; a role that may read stacks is there long enough to be assumed once it is made.
fn first_plan(dir: &Path) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]});
    let role = json!({"objects": [{"call": {"service": "iam", "operation": "CreateRole", "input": {"RoleName": "reader",
        "AssumeRolePolicyDocument": trust.to_string()}}}]});
    write(&dir.join("role.json"), &role.to_string());
    says(dir, 0, &["sandbox", "plant", "role.json"]);
    write(
        &dir.join("first.yaml"),
        "Resources:\n  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}\n  Subnet: {Type: 'AWS::EC2::Subnet', \
         Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}\n  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {ConnectivityType: \
         private, SubnetId: !Ref Subnet}}\nOutputs:\n  Id: {Value: !Ref Vpc}\n",
    );
    says(dir, 0, &["up", "first.yaml", "--sandbox", "--yes"]);
    says(dir, 0, &["outputs", "first.yaml", "--sandbox", "--only", "Id"]).trim().to_owned()
}

#[test]
fn what_cloudformation_tells_stands_in_review_change_set_and_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let vpc = first_plan(dir);
    planted(dir, &vpc);
    write(&dir.join("app.yaml"), APP);
    let review = flat(&says(dir, 0, &["plan", "app.yaml", "--sandbox", "-vv", "--log-file", "plan.log"]));
    assert!(review.contains(&format!("Fn::ImportValue network-vpc {vpc}")), "{review}");
    assert!(review.contains("exported by the CloudFormation stack network, us-east-1"), "{review}");
    assert!(review.contains("Fn::GetStackOutput abroad.Title from afar"), "{review}");
    assert!(review.contains("eu-west-1") && review.contains("role/reader"), "{review}");
    let plan = json_of(dir, &["plan", "app.yaml", "--sandbox", "--json", "--out", "saved.json"]);
    let found = plan["lookups"].as_array().expect("a list").clone();
    assert_eq!(found.len(), 4, "{found:#?}");
    let saved: Json =
        serde_json::from_slice(&fs::read(dir.join("saved.json")).expect("a file")).expect("JSON");
    assert_eq!(saved["lookups"], json!(found));
    says(dir, 0, &["up", "app.yaml", "--sandbox", "--yes", "--change-set", "saved.json"]);
    assert_eq!(json_of(dir, &["ledger", "show", "app.yaml", "--sandbox"])["lookups"], json!(found));
    let outputs = json_of(dir, &["outputs", "app.yaml", "--sandbox", "--json"]);
    assert_eq!(outputs["app"], json!({"Far": "from afar", "Lent": "the title"}));
    assert_eq!(
        json_of(dir, &["plan", "app.yaml", "--sandbox", "--json"])["steps"],
        json!([]),
        "nothing to do"
    );
    // What the ledger holds needs no question.
    let asked = |log: &str| {
        let log = fs::read_to_string(dir.join(log)).expect("a log");
        ["ListExports", "DescribeStacks"].into_iter().filter(|name| log.contains(name)).count()
    };
    assert_eq!(asked("plan.log"), 2, "the log shows questions");
    says(dir, 0, &["status", "app.yaml", "--sandbox", "-vv", "--log-file", "status.log"]);
    says(dir, 0, &["destroy", "app.yaml", "--sandbox", "--yes", "-vv", "--log-file", "destroy.log"]);
    assert_eq!(asked("status.log") + asked("destroy.log"), 0);
    // A plan whose own stacks answer asks nobody.
    says(dir, 0, &["plan", "first.yaml", "--sandbox", "-vv", "--log-file", "own.log"]);
    assert_eq!(asked("own.log"), 0);
}

#[test]
fn a_saved_change_set_is_refused_once_the_answer_is_another_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write(
        &dir.join("app.yaml"),
        "Resources:\n  Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !ImportValue title}}\n",
    );
    let title = |title: &str| {
        write(&dir.join("title.json"), &json!({"objects": [{"stack": {"name": "t", "outputs": {"T": {"value": title, "export": "title"}}}}]}).to_string());
        says(dir, 0, &["sandbox", "reset"]);
        says(dir, 0, &["sandbox", "plant", "title.json"]);
    };
    title("one");
    says(dir, 0, &["plan", "app.yaml", "--sandbox", "--out", "saved.json"]);
    title("two");
    let said = flat(&says(dir, 7, &["up", "app.yaml", "--sandbox", "--yes", "--change-set", "saved.json"]));
    assert!(said.contains("M5102") && said.contains("Fn::ImportValue title was one"), "{said}");
    assert!(said.contains("it is two now"), "{said}");
    says(dir, 0, &["sandbox", "reset"]);
    let said = flat(&says(dir, 7, &["up", "app.yaml", "--sandbox", "--yes", "--change-set", "saved.json"]));
    assert!(said.contains("M5102") && said.contains("there is no answer now"), "{said}");
    // The next plan after a run says what has changed since.
    title("one");
    says(dir, 0, &["up", "app.yaml", "--sandbox", "--yes"]);
}

#[test]
fn what_no_stack_has_is_told_with_near_names_and_validate_says_what_is_open() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    planted(dir, "vpc-1");
    let cases = [
        ("!ImportValue network-vcp", "M1052", "did you mean `network-vpc`?"),
        // Exports are those of the region.
        ("!ImportValue far-title", "M1052", "no CloudFormation stack of the account exports it"),
        (
            "{'Fn::GetStackOutput': {StackName: netwrok, OutputName: Title}}",
            "M1058",
            "did you mean `network`?",
        ),
        ("{'Fn::GetStackOutput': {StackName: network, OutputName: Titel}}", "M1058", "did you mean `Title`?"),
        ("{'Fn::GetStackOutput': {StackName: broken, OutputName: Title}}", "M1058", "(ROLLBACK_COMPLETE)"),
        ("{'Fn::GetStackOutput': {StackName: gone, OutputName: Title}}", "M1058", "no such stack"),
        ("{'Fn::GetStackOutput': {StackName: abroad, OutputName: Title}}", "M1058", "in us-east-1"),
        (
            "{'Fn::GetStackOutput': {StackName: network, OutputName: Title, RoleArn: 'arn:aws:iam::210987654321:role/x'}}",
            "M1058",
            "AccessDenied",
        ),
    ];
    for (function, code, words) in cases {
        write(
            &dir.join("app.yaml"),
            &format!(
                "Resources:\n  Topic: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {function}}}}}\n"
            ),
        );
        let said = flat(&says(dir, 3, &["plan", "app.yaml", "--sandbox"]));
        assert!(said.contains(code) && said.contains(words), "{function}: {said}");
        let said = flat(&says(dir, 0, &["validate", "app.yaml"]));
        assert!(said.contains("M1124") && said.contains("only the account can tell"), "{function}: {said}");
        assert!(said.contains("1 resource"), "{said}");
        says(dir, 0, &["graph", "app.yaml"]);
    }
}
