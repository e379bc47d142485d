//! Whole lives of the payments plan on the sandbox.

use migrate::engine::{EventKind, Outcome};

use crate::support::{Rehearsal, edited, payments};

#[test]
fn payments_goes_up_stays_as_it_is_and_leaves_an_empty_world() {
    let mut rehearsal = Rehearsal::new(&payments());
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    let count = up.change_set.steps.len();
    assert!((92..=102).contains(&count), "{count} resources");
    let finished = up.finished.as_ref().expect("finished");
    assert!(finished.outputs.values().map(std::collections::BTreeMap::len).sum::<usize>() >= 33);
    rehearsal.check_invariants("after up");

    let again = rehearsal.up().complete();
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());

    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "the world itself is empty");
}

#[test]
fn the_makespan_is_explained_by_the_critical_path() {
    let mut rehearsal = Rehearsal::new(&payments());
    let up = rehearsal.up().complete();
    let finished = up.finished.expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.05,
        "makespan {makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
}

#[test]
fn the_same_seed_gives_the_same_events_byte_for_byte() {
    let stream = || {
        let up = Rehearsal::new(&payments()).up();
        up.events.iter().map(|e| serde_json::to_string(e).expect("an event")).collect::<Vec<_>>()
    };
    assert_eq!(stream(), stream());
}

#[test]
fn the_last_event_sums_the_run_up() {
    let up = Rehearsal::new(&payments()).up();
    let Some(EventKind::RunFinished { outcome, api_calls, resources, .. }) =
        up.events.last().map(|e| e.kind.clone())
    else {
        panic!("the last event is {:?}", up.events.last());
    };
    assert_eq!(outcome, Outcome::Complete);
    assert_eq!(resources, up.change_set.steps.len());
    assert!(api_calls >= resources as u64);
}

fn verbs(ran: &crate::support::Ran) -> Vec<String> {
    let mut verbs: Vec<String> = ran
        .change_set
        .steps
        .iter()
        .map(|s| format!("{} {}", s.action.verb(), s.address.logical_id()))
        .collect();
    verbs.sort();
    verbs
}

#[test]
fn small_changes_give_exactly_the_expected_steps() {
    let mut rehearsal = Rehearsal::new(&payments());
    rehearsal.up().complete();

    let dir = edited(&[
        ("template.yaml", "      Threshold: 80\n", "      Threshold: 85\n"),
        ("template.yaml", "      DesiredCount: 2\n", "      DesiredCount: 3\n"),
        ("template.yaml", "'igw-${EnvironmentSuffix}'", "'gateway-${EnvironmentSuffix}'"),
    ]);
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    assert_eq!(verbs(&ran), ["update EcsService", "update InternetGateway", "update SourceCpuAlarm"]);
    assert!(rehearsal.up().complete().change_set.is_empty());

    // RequestInterval is create-only; the check's id is used by an output only.
    let interval = edited(&[
        ("template.yaml", "      Threshold: 80\n", "      Threshold: 85\n"),
        ("template.yaml", "      DesiredCount: 2\n", "      DesiredCount: 3\n"),
        ("template.yaml", "'igw-${EnvironmentSuffix}'", "'gateway-${EnvironmentSuffix}'"),
        ("template.yaml", "        RequestInterval: 30\n", "        RequestInterval: 10\n"),
    ]);
    let mut rehearsal = rehearsal.with_plan(interval.path());
    let ran = rehearsal.up().complete();
    assert_eq!(verbs(&ran), ["delete AlbHealthCheck", "replace AlbHealthCheck"]);
    assert!(rehearsal.up().complete().change_set.is_empty());
    rehearsal.check_invariants("after the replacement");
}

/// Letter case and host bits that AWS changes, a JSON text that names another resource, and a condition whose name
/// holds what only CloudFormation takes.
const LOOSE: &str = r#"
Parameters: {Stage: {Type: String, Default: prod}}
Conditions: {Is-Prod: !Equals [!Ref Stage, prod], 'Big&Prod_1': {Condition: Is-Prod}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.9/16}}
  Net: {Type: AWS::EC2::Subnet, Condition: Is-Prod, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.7/24}}
  Door:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      GroupDescription: door
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.5/8}]
  Knobs: {Type: AWS::RDS::DBParameterGroup, Properties: {Family: MySQL8.0, Description: knobs}}
  Data:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {Engine: MySQL, EngineVersion: '8.0', DBInstanceClass: db.t3.medium, AllocatedStorage: '20', StorageType: GP3,
      MasterUsername: app, ManageMasterUserPassword: true, DBParameterGroupName: !Ref Knobs}
  Store: {Type: AWS::SNS::Topic, Condition: 'Big&Prod_1'}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {GenerateStringKey: password, SecretStringTemplate: !Sub '{"topic":"${Store}"}'}}
"#;

#[test]
fn what_aws_keeps_in_another_form_does_not_differ_afterwards() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("loose.yaml");
    crate::support::write(&file, LOOSE);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    let again = life.up().complete();
    assert!(again.mutations.is_empty(), "{:?}", again.mutations);
    for seen in life.refresh() {
        assert_eq!(seen.finding, migrate::engine::Finding::InSync, "{}", seen.address);
    }
    // A ledger of an earlier version has it as it was written.
    let ledger = life.snapshot();
    let vpc = ledger.current(&"loose/Vpc".parse().expect("an address")).expect("the VPC");
    assert_eq!(vpc.declared.properties["CidrBlock"], "10.0.0.0/16");
    let (written, kept) = (serde_json::json!("10.0.0.9/16"), serde_json::json!("10.0.0.0/16"));
    let ty = migrate::resources::registry::find("AWS::EC2::VPC").expect("the type");
    assert!(ty.same("CidrBlock", &kept, &written) && ty.same("CidrBlock", &written, &kept));
}
