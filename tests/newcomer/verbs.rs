//! Verbs, reviews and what stands at the end of a run.

use std::{fs::File, path::Path, process::Stdio};

use serde_json::Value as Json;

use super::place::{Place, flat, text};
use crate::support::write;

const TOPIC: &str = "Resources:\n  T: {Type: AWS::SNS::Topic}\n";

#[test]
fn verbs_of_other_tools_work_and_nothing_ending_is_proposed() {
    let place = Place::new(TOPIC);
    let told = place.says(0, &["deploy", "app.yaml", "--sandbox", "--yes"]);
    assert!(
        told.contains("Tip: `deploy` is called `migrate up` here.") && told.contains("up complete"),
        "{told}"
    );
    assert!(place.says(0, &["diff", "app.yaml", "--sandbox"]).contains("Nothing to do"), "plan");
    assert!(!place.says(2, &["deployy", "app.yaml"]).contains("destroy"), "no proposal");
    assert!(place.says(2, &["history"]).contains("ledger history"), "the verb that is meant");
    assert_eq!(place.says(0, &["version"]), format!("migrate {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_saved_change_set_is_shown_without_its_plan() {
    let place = Place::new(TOPIC);
    place.says(0, &["plan", "app.yaml", "--sandbox", "--out", "set.json"]);
    std::fs::remove_file(place.path().join("app.yaml")).expect("it goes");
    let told = place.says(0, &["show", "set.json"]);
    assert!(told.contains("+ T  SNS::Topic") && told.contains("1 to create"), "{told}");
    let shown: Json =
        serde_json::from_slice(&place.run(&["show", "set.json", "--json"]).stdout).expect("JSON");
    assert_eq!((&shown["account"], &shown["environment"]), (&"123456789012".into(), &"default".into()));
    assert_eq!(shown["stacks"][0]["region"], "us-east-1");
    assert!(place.says(0, &["show", "set.json", "-o", "wide"]).contains("TopicName:"), "all properties");
    assert!(place.says(7, &["show", "nowhere.json"]).contains("M5101"), "none there");
}

#[test]
fn names_are_the_same_in_every_plan_and_in_the_run() {
    let place = Place::new("Resources:\n  L: {Type: AWS::Logs::LogGroup}\n");
    let line = |told: String| told.lines().find(|line| line.contains("Logs::LogGroup")).map(str::to_owned);
    let first = line(place.says(0, &["plan", "app.yaml", "--sandbox"])).expect("a line");
    assert_eq!(line(place.says(0, &["plan", "app.yaml", "--sandbox"])).expect("a line"), first);
    let name = first.split_whitespace().last().expect("a name").to_owned();
    assert!(place.up().contains(&name), "{name}");
    place.says(0, &["sandbox", "reset"]);
    assert_ne!(
        line(place.says(0, &["plan", "app.yaml", "--sandbox", "--seed", "7"])).expect("a line"),
        first
    );
}

#[test]
fn what_cannot_be_written_is_no_success() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let place = Place::new(TOPIC);
    for args in
        [&["types"][..], &["plan", "app.yaml", "--sandbox"], &["plan", "app.yaml", "--sandbox", "--json"]]
    {
        let full = File::options().write(true).open("/dev/full").expect("it");
        let output = place.command(args).stdout(full).output().expect("it runs");
        assert_eq!(output.status.code(), Some(74), "{args:?}");
        assert!(text(&output).contains("error[M0010]"), "{args:?}: {}", text(&output));
    }
    // A reader that went away is none of ours.
    let mut child = place.command(&["types", "--all"]).stdout(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn errors_of_a_run_in_json_are_one_line() {
    let place = Place::new("Resources:\n  T: {Type: AWS::SNS::Topicc}\n");
    let output = place.run(&["up", "app.yaml", "--sandbox", "--yes", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(out.lines().count(), 1, "{out}");
    let event: Json = serde_json::from_str(&out).expect("JSON");
    assert_eq!(event["event"], "diagnostics");
}

#[test]
fn types_are_found_by_service_and_short_name() {
    let place = Place::new("");
    let told = place.says(0, &["types", "ecs"]);
    assert!(told.contains("AWS::ECS::Service") && !told.contains("AWS::RDS"), "{told}");
    for name in ["RDS::DBInstance", "rds::dbinstance", "AWS::RDS::DBInstance"] {
        let told = flat(&place.says(0, &["types", name]));
        assert!(told.contains("AWS::RDS::DBInstance") && told.contains("imported by"), "{name}: {told}");
    }
    // Tables are whole where no terminal cuts them.
    assert!(!place.says(0, &["types", "--all"]).contains('…'));
}

#[test]
fn permissions_for_nothing_are_refused() {
    let place = Place::new("Resources:\n  Store: {Type: AWS::S3::Bucket}\n");
    place.up();
    let destroy = ["destroy", "app.yaml", "--sandbox", "--yes", "--allow-data-loss", "app/Stroe"];
    let told = place.says(2, &destroy);
    assert!(told.contains("M0012") && told.contains("did you mean --allow-data-loss app/Store?"), "{told}");
    // The command that was interrupted is typed again though its work is done.
    let destroy = ["destroy", "app.yaml", "--sandbox", "--yes", "--allow-data-loss", "app/Store"];
    place.says(0, &destroy);
    place.says(0, &destroy);
}

#[test]
fn a_run_counts_warnings_and_its_failure_is_kept_with_the_reason() {
    let place = Place::new(
        "Resources:
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Open:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: db
      VpcId: !Ref Net
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}]
  Say: {Type: AWS::SNS::Topic}
  Ear: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Say, Protocol: email, Endpoint: me@example.com}}
",
    );
    assert!(place.says(0, &["validate", "app.yaml"]).contains("warning[M8106]"), "in full");
    write(
        &place.path().join("faults.json"),
        r#"[{"match": {"operation": "CreateTopic"}, "action": {"error": {"code": "AuthorizationError", "status": 403,
        "message": "User is not authorized to perform: SNS:CreateTopic"}}}]"#,
    );
    let told = flat(&place.says(1, &["up", "app.yaml", "--sandbox", "--yes", "--faults", "faults.json"]));
    assert!(
        !told.contains("warning[M8106]") && told.contains("1 warning; `migrate validate app.yaml"),
        "{told}"
    );
    assert!(told.contains("2 of 4 steps done, 1 failed, 1 skipped."), "{told}");
    assert!(told.contains("Not begun because of it: app/Ear"), "{told}");
    assert!(told.contains("AWS request id"), "{told}");
    let told = flat(&place.says(0, &["ledger", "history", "app.yaml", "--sandbox"]));
    assert!(told.contains("app/Say: CreateTopic: AuthorizationError: User is not authorized"), "{told}");
}

/// An added item is seen however narrow the page, and what interrupts service is said.
#[test]
fn a_review_hides_nothing() {
    let template = |class: &str, more: &str| {
        format!(
            "Resources:
  Net: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
  Wall:
    Type: AWS::EC2::SecurityGroup
    Metadata: {{Migrate: {{Allow: [{{Code: open-database-port, Reason: a test}}]}}}}
    Properties:
      GroupDescription: db
      VpcId: !Ref Net
      SecurityGroupIngress:
        - {{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/8, Description: from inside of the network}}
{more}
  Data:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {{Engine: mysql, DBInstanceClass: {class}, AllocatedStorage: 20, MasterUsername: boss,
      ManageMasterUserPassword: true}}
"
        )
    };
    let place = Place::new(&template("db.t3.micro", ""));
    place.up();
    let open = "        - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0, Description: for a moment only}";
    write(&place.path().join("app.yaml"), &template("db.t3.small", open));
    for columns in ["40", "80", "100"] {
        let output = place
            .command(&["plan", "app.yaml", "--sandbox"])
            .env("COLUMNS", columns)
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let bare: String = told.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(
            bare.contains("+SecurityGroupIngress.1") && bare.contains("\"CidrIp\":\"0.0.0.0/0\""),
            "{told}"
        );
        assert!(!bare.contains("frominside") && !told.contains('…'), "only what differs: {told}");
        assert!(
            flat(&told).contains("! interrupts service: the database is down while its class changes"),
            "{told}"
        );
        assert!(flat(&told).contains("! 1 step interrupts service"), "{told}");
    }
}
