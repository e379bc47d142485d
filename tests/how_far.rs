//! How far a run goes: what it begins once a step has failed, and until when it waits for what it made.

use std::process::Command;

use migrate::{
    engine::{EventKind, Outcome},
    ledger::Stage,
    model::Address,
    planner::{Action as Planned, Wait},
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use crate::support::{Ran, Rehearsal, Verb, payments, write};

const TWO_CHAINS: &str = "
Resources:
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: broken}}
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', DependsOn: Vpc, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Door: {Type: 'AWS::EC2::SecurityGroup', DependsOn: Vpc, Properties: {GroupDescription: d, VpcId: !Ref Vpc}}
";

fn refused(operation: &str) -> FaultScript {
    let action = Action::Error { code: "InvalidParameter".into(), status: 400, message: "no".into() };
    let selector = Selector { operation: Some(operation.into()), ..Selector::default() };
    FaultScript { rules: vec![FaultRule { selector, action }] }
}

fn begun(ran: &Ran) -> Vec<&str> {
    let started = |kind: &'_ EventKind| matches!(kind, EventKind::StepStarted { .. });
    let all = ran.events.iter().filter(|event| started(&event.kind));
    all.filter_map(|event| match &event.kind {
        EventKind::StepStarted { address, .. } => Some(address.logical_id()),
        _ => None,
    })
    .collect()
}

/// The topic is refused while the VPC gets ready. Fails where what waits for the VPC is begun all the same, where the VPC is not
/// brought to its end, and where a run without the option stops too.
#[test]
fn after_a_failure_nothing_more_is_begun_where_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, TWO_CHAINS);
    let mut usual = Rehearsal::new(&file).with_warnings();
    let mut fast = usual.fork();
    fast.fail_fast = true;
    let ran = usual.run_with(Verb::Up, refused("CreateTopic"));
    assert_eq!((ran.outcome(), begun(&ran).len()), (Outcome::Failed, 4));
    assert_eq!(usual.snapshot().objects().count(), 3);
    let ran = fast.run_with(Verb::Up, refused("CreateTopic"));
    assert_eq!((ran.outcome(), begun(&ran).len()), (Outcome::Failed, 2), "{:?}", begun(&ran));
    let snapshot = fast.snapshot();
    let vpc = snapshot.current(&Address::new("plan", "Vpc")).expect("the VPC");
    assert_eq!((snapshot.objects().count(), vpc.stage), (1, Stage::Ready));
    // The next run does the rest.
    fast.up().complete();
    fast.check_invariants("after the next run");
}

/// Fails where a deletion that failed lets others begin.
#[test]
fn a_destroy_stops_at_its_first_failure_where_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, TWO_CHAINS);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    let mut fast = life.fork();
    fast.fail_fast = true;
    life.run_with(Verb::Destroy, refused("DeleteTopic"));
    assert_eq!(life.snapshot().objects().count(), 1);
    fast.run_with(Verb::Destroy, refused("DeleteTopic"));
    // What began at the same moment went; the VPC waited for it, and stays.
    assert_eq!(fast.snapshot().objects().count(), 2);
    fast.destroy().complete();
}

fn service() -> Address {
    Address::new("TapStackdev", "EcsService")
}

fn finish(ran: &Ran) -> Option<&'_ str> {
    let step = ran.change_set.steps.iter().find(|step| step.address == service())?;
    matches!(step.action, Planned::Finish { .. }).then_some(step.why.as_str())
}

/// Fails where the service is waited for, where the ledger takes it for ready, and where the next run does not wait for it.
#[test]
fn a_service_that_was_not_waited_for_is_finished_by_the_next_run() {
    let took = |ran: &Ran| ran.finished.as_ref().expect("it ended").elapsed_s;
    let mut steady = Rehearsal::new(&payments());
    let (mut ready, mut applied) = (steady.fork(), steady.fork());
    (ready.wait, applied.wait) = (Wait::Ready, Wait::Applied);
    let whole = took(&steady.up().complete());
    let so_far = ready.up().complete();
    let least = applied.up().complete();
    assert!(took(&least) < took(&so_far), "{} s, {} s", took(&least), took(&so_far));
    assert!(took(&so_far) <= whole, "{} s, {whole} s", took(&so_far));
    assert!(steady.snapshot().current(&service()).expect("the service").unwaited.is_none());
    for (life, ran) in [(&mut ready, &so_far), (&mut applied, &least)] {
        let object = life.snapshot().current(&service()).expect("the service").clone();
        assert_eq!(object.stage, Stage::Created);
        assert_eq!(object.unwaited.as_deref(), Some("its deployment is complete"));
        let told = ran.events.iter().find_map(|event| match &event.kind {
            EventKind::StepFinished { address, note, .. } if *address == service() => note.clone(),
            _ => None,
        });
        assert_eq!(told.as_deref(), Some("not waited for until its deployment is complete"));
        life.wait = Wait::Steady;
        let next = life.up().complete();
        assert_eq!(finish(&next), Some("an earlier run did not wait until its deployment is complete"));
        life.check_invariants("after the next run");
        assert!(life.snapshot().current(&service()).expect("the service").unwaited.is_none());
        assert!(life.up().complete().change_set.is_empty());
    }
}

#[test]
fn a_review_says_what_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = payments().display().to_string();
    let said = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        let command = command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
        let done = command.args(args).args([plan.as_str(), "--sandbox"]).output().expect("it runs");
        let text =
            [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let note = "TapStackdev/EcsService is not waited for until its deployment is complete (--wait";
    assert!(!said(&["plan"]).contains("is not waited for"));
    let applied = said(&["plan", "--wait", "applied"]);
    assert!(applied.contains(&format!("{note} applied); the next up does")), "{applied}");
    assert!(applied.contains("--wait applied"), "the next command keeps it: {applied}");
    assert!(said(&["up", "--dry-run", "--wait", "ready"]).contains(&format!("{note} ready)")));
}
