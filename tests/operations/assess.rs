//! Assessments before the load, and tables that are compared again.

use serde_json::json;

use super::{Desk, is_forward, said, text};

const DECLARED: (&str, &str, &str) = (
    "migration.yaml",
    "  gates: {lag",
    "  assessment:
    role: TapStack${EnvironmentSuffix}Replication/AssessmentRole
    bucket: TapStack${EnvironmentSuffix}Replication/AssessmentBucket
  gates: {lag",
);
const RESOURCES: (&str, &str, &str) = (
    "replication.yaml",
    "Resources:
",
    "Resources:
  AssessmentBucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
  AssessmentRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: dms.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: results
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Action: [s3:PutObject, s3:GetObject, s3:DeleteObject], Resource: !Sub '${AssessmentBucket.Arn}/*'}]
",
);

fn declared() -> (Desk, tempfile::TempDir) {
    let (desk, plan) = Desk::edited(&[DECLARED, RESOURCES]);
    desk.expect(0, &["up", "--yes"]);
    desk.expect(0, &["replicate", "test-connections", "--yes"]);
    (desk, plan)
}

fn runs(desk: &Desk) -> Vec<String> {
    desk.account(|world| {
        world
            .rows("dms.assessment")
            .map(|(_, row)| row["Status"].as_str().unwrap_or_default().to_owned())
            .collect()
    })
}

/// Plants what an individual assessment finds.
fn plant(desk: &Desk, name: &str, status: &str) {
    desk.change("dms.task", is_forward, |row| row["_assess"] = json!({name: status}));
}

#[test]
fn a_declared_assessment_comes_before_the_start() {
    let (desk, _plan) = declared();
    let refused = desk.expect(11, &["replicate", "start", "--yes"]);
    assert!(text(&refused).contains("gate assessment is closed"), "{}", text(&refused));
    let shown = desk.expect(0, &["replicate", "assess", "--dry-run"]);
    assert!(text(&shown).contains("aws dms start-replication-task-assessment-run"), "{}", text(&shown));
    assert!(runs(&desk).is_empty(), "a dry run does nothing");
    let output = desk.expect(0, &["replicate", "assess", "--yes"]);
    assert!(text(&output).contains("passed"), "{}", text(&output));
    assert_eq!(runs(&desk), ["passed"]);
    desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
    let output = desk.expect(7, &["replicate", "assess", "--yes"]);
    assert!(text(&output).contains("O2004") && text(&output).contains("running"), "{}", text(&output));
}

/// Serverless replications alone are assessed without a role and a bucket (user guide, AWS DMS Serverless premigration
/// assessments; of tasks: API Reference, StartReplicationTaskAssessmentRun, both "Required: Yes").
#[test]
fn tasks_are_not_assessed_without_a_role_and_a_bucket() {
    let (file, before, _) = DECLARED;
    let (desk, _plan) = Desk::edited(&[(file, before, "  assessment: true\n  gates: {lag")]);
    let told = said(&desk.run(&["plan"])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("O1001") && told.contains("needs a role and a bucket"), "{told}");
}

#[test]
fn what_an_assessment_finds_closes_the_start_unless_it_only_warns() {
    let (desk, _plan) = declared();
    plant(&desk, "table-with-no-primary-key-or-unique-constraint", "failed");
    let output = desk.expect(11, &["replicate", "assess", "--yes"]);
    let found = "table-with-no-primary-key-or-unique-constraint failed";
    assert!(said(&output).contains(found), "{}", text(&output));
    let output = desk.expect(11, &["replicate", "start", "--yes"]);
    assert!(said(&output).contains(found), "{}", text(&output));
    let passed = desk.fork();
    passed.expect(0, &["replicate", "start", "--yes", "--override", "assessment=no key is needed there"]);
    plant(&desk, "full-lob-not-nullable-at-target", "warning");
    let output = desk.expect(0, &["replicate", "assess", "--yes"]);
    let words = said(&output);
    assert!(words.contains("passed with warnings: full-lob-not-nullable-at-target warning."), "{words}");
    assert_eq!(runs(&desk).len(), 2);
    desk.expect(0, &["replicate", "start", "--yes"]);
}

#[test]
fn a_lost_answer_or_a_death_never_begins_a_second_assessment() {
    let (desk, _plan) = declared();
    let of = |action: serde_json::Value| json!([{"match": {"operation": "StartReplicationTaskAssessmentRun"}, "action": action}]);
    let lost = desk.fork();
    let output = lost.run_with(&["replicate", "assess", "--yes"], Some(&of(json!("lose-answer"))));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(runs(&lost), ["passed"]);
    for moment in ["before", "after"] {
        let dead = desk.fork();
        let output = dead.run_with(&["replicate", "assess", "--yes"], Some(&of(json!({"crash": moment}))));
        assert_eq!(output.status.code(), Some(137), "{}", text(&output));
        dead.expect(0, &["replicate", "assess", "--yes"]);
        assert_eq!(runs(&dead), ["passed"], "{moment}");
    }
}

#[test]
fn without_a_role_and_a_bucket_nothing_is_assessed() {
    let desk = Desk::new(0);
    desk.expect(0, &["up", "--yes"]);
    let output = desk.expect(7, &["replicate", "assess", "--yes"]);
    assert!(text(&output).contains("O2015"), "{}", text(&output));
}

#[test]
fn tables_that_differ_are_compared_again_and_nothing_is_loaded() {
    let desk = Desk::synced(0);
    let table = desk.account(|world| {
        let (key, row) = world
            .rows("dms.task")
            .find(|(_, row)| row["MigrationType"] == "full-load-and-cdc")
            .expect("a task");
        let (key, fresh) = (key.to_owned(), row["_fresh"].clone());
        (key, fresh)
    });
    let status = desk.expect(0, &["replicate", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let first = &status["tasks"][0]["tables"][0];
    let name = format!(
        "{}.{}",
        first["schema"].as_str().expect("a schema"),
        first["table"].as_str().expect("a table")
    );
    desk.account(|world| world.get_mut("dms.task", &table.0).expect("it")["_mismatch"] = json!({&name: 3}));
    let output = desk.expect(11, &["verify"]);
    assert!(text(&output).contains("3 failed"), "{}", text(&output));
    let output = desk.expect(0, &["verify", "--revalidate", "--dry-run"]);
    let shown = text(&output);
    assert!(shown.contains("validate-only") && shown.contains(&name), "{shown}");
    let output = desk.expect(0, &["verify", "--revalidate", "--yes"]);
    assert!(text(&output).contains(&format!("validate {name} again")), "{}", text(&output));
    desk.expect(0, &["verify"]);
    let fresh = desk.account(|world| world.get("dms.task", &table.0).expect("it")["_fresh"].clone());
    assert_eq!(fresh, table.1, "nothing was loaded again");
    let output = desk.expect(0, &["verify", "--revalidate", "--yes"]);
    assert!(text(&output).contains("every table is validated"), "{}", text(&output));
}
