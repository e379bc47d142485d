//! What a call made shows only after everybody had stopped looking for it, and the call was made again.

use std::sync::atomic::{AtomicUsize, Ordering};

use migrate::{
    engine::Outcome,
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use crate::support::{Rehearsal, Trouble, Verb, in_parallel, payments, report, write};

/// Loses the answer of the first call of that name.
fn lost(operation: &str) -> FaultScript {
    let selector = Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() };
    FaultScript { rules: vec![FaultRule { selector, action: Action::LoseAnswer }] }
}

/// Creates that take no token, and their types.
const CREATES: [(&str, &str); 3] = [
    ("CreateVpc", "AWS::EC2::VPC"),
    ("CreateInternetGateway", "AWS::EC2::InternetGateway"),
    ("AllocateAddress", "AWS::EC2::EIP"),
];

/// One each of what AWS lets nobody keep from being made twice, and who uses it.
const TWICE: &str = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Address: {Type: 'AWS::EC2::EIP', UpdateReplacePolicy: Retain}
";

fn twice(template: &str) -> (tempfile::TempDir, Rehearsal) {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    write(&plan, template);
    let rehearsal = Rehearsal::new(&plan).with_warnings();
    (folder, rehearsal)
}

/// The answer of a create is lost, and what it made shows only after everybody has stopped looking and called again:
/// there are two. The one that nothing uses is found and deleted, in the same run if it shows by then.
#[test]
fn what_shows_only_after_the_call_was_repeated_is_deleted() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    for (operation, kind) in CREATES {
        let mut rehearsal = Rehearsal::new(&payments());
        // The first create is hidden for 25 s, looked for 15 s and made again; the payments plan takes minutes.
        let ran = rehearsal.run(Verb::Up, Trouble::lagging(lost(operation), 25_000));
        let made = ran.mutations.iter().filter(|call| **call == format!("ec2:{operation}")).count();
        let usual = undisturbed.snapshot().objects().filter(|(_, o)| o.declared.kind == kind).count();
        assert_eq!(made, usual + 1, "{operation}: {:?}", ran.mutations);
        if ran.outcome() != Outcome::Complete {
            rehearsal.up().complete();
        }
        rehearsal.check_settled(operation);
        rehearsal.check_world(operation);
        assert_eq!(rehearsal.census(), undisturbed.census(), "{operation}");
    }
}

/// Reads hide many of the new objects for up to five seconds and show the others at once: nothing is made twice, nothing fails, and
/// nothing is left.
#[test]
fn what_shows_after_seconds_is_waited_for() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    for (seed, one_in) in [(1, 1), (2, 2), (3, 5)] {
        let context = format!("one of {one_in}");
        let mut rehearsal = Rehearsal::new(&payments()).seeded(seed);
        rehearsal.world.hide_one_in(one_in);
        rehearsal.run(Verb::Up, Trouble::drawn()).complete();
        rehearsal.check_settled(&context);
        rehearsal.check_world(&context);
        assert_eq!(rehearsal.census(), undisturbed.census(), "{context}");
        rehearsal.run(Verb::Destroy, Trouble::drawn()).complete();
        rehearsal.check_settled(&context);
        rehearsal.check_world(&context);
    }
}

/// The same in a run of seconds: the next run finds it, also if that is to destroy everything, which then waits until
/// nothing can show any more.
#[test]
fn what_shows_after_the_run_is_found_by_the_next() {
    let alone = "Resources: {Address: {Type: 'AWS::EC2::EIP'}}";
    let cases =
        CREATES.map(|(operation, _)| (TWICE, operation)).into_iter().chain([(alone, "AllocateAddress")]);
    for (template, operation) in cases {
        let (_folder, empty) = twice(template);
        let mut undisturbed = empty.fork();
        undisturbed.up().complete();
        let mut rehearsal = empty.fork();
        // Only the first object is hidden that long: its answer is lost, and all looks are too early.
        let lagging = Trouble::lagging(lost(operation), 100_000);
        let ran = rehearsal.run(Verb::Up, lagging);
        assert!(ran.mutations.iter().filter(|call| call.ends_with(operation)).count() >= 2, "{operation}");
        let mut again = rehearsal.fork();
        again.world.advance_to(again.world.now() + 200_000);
        again.up().complete();
        again.check_settled(operation);
        assert_eq!(again.census(), undisturbed.census(), "{operation}: after the next up");
        // At once, while the first may still be hidden.
        let ran = rehearsal.run(Verb::Destroy, Trouble::lagging(FaultScript::default(), 100_000));
        assert_eq!(ran.outcome(), Outcome::Complete, "{operation}: {:#?}", ran.finished);
        assert_eq!(rehearsal.snapshot().objects().count(), 0, "{operation}");
        assert!(rehearsal.snapshot().late.is_empty(), "{operation}");
        assert_eq!(rehearsal.census(), empty.census(), "{operation}: after destroy");
    }
}

/// And wherever the process dies in between.
#[test]
fn what_shows_late_survives_crashes() {
    let (_folder, empty) = twice(TWICE);
    let mut undisturbed = empty.fork();
    undisturbed.up().complete();
    let deaths: Vec<u64> = (1..60).collect();
    let outlived = AtomicUsize::new(0);
    in_parallel(&deaths, |_, nth| {
        let mut rehearsal = empty.fork();
        let mut trouble = Trouble::lagging(lost("AllocateAddress"), 25_000);
        trouble.dies_at_write = Some((*nth, nth % 2 == 0));
        let ran = rehearsal.run(Verb::Up, trouble);
        outlived.fetch_add(usize::from(ran.finished.is_some()), Ordering::Relaxed);
        let context = format!("death at write {nth}");
        let mut destroyed = rehearsal.fork();
        rehearsal.world.advance_to(rehearsal.world.now() + 60_000);
        rehearsal.up().complete();
        rehearsal.world.advance_to(rehearsal.world.now() + 300_000);
        rehearsal.up().complete();
        rehearsal.check_settled(&context);
        assert_eq!(rehearsal.census(), undisturbed.census(), "{context}");
        // At once, and dying again on the way.
        let mut trouble = Trouble::lagging(FaultScript::default(), 25_000);
        trouble.dies_at_write = Some((1 + nth % 7, nth % 3 == 0));
        destroyed.run(Verb::Destroy, trouble);
        let ran = destroyed.destroy();
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        assert_eq!(destroyed.census(), empty.census(), "{context}: after destroy");
    });
    let outlived = outlived.into_inner();
    assert!((1..20).contains(&outlived), "{outlived} of {} deaths came after the run's end", deaths.len());
    report(&format!("what shows late: died at {} writes of up", deaths.len() - outlived));
}

/// What was let go is not ours any more, whether the lost call made something or not; what it made, and nobody ever
/// used, goes all the same.
#[test]
fn what_was_let_go_is_never_taken_for_what_shows_late() {
    for action in [Action::LoseAnswer, Action::LoseRequest] {
        let (folder, mut rehearsal) = twice(
            "Resources:\n  Address: {Type: 'AWS::EC2::EIP', DeletionPolicy: Retain}\n  Other: {Type: 'AWS::EC2::EIP'}\n",
        );
        let mut script = lost("AllocateAddress");
        script.rules[0].action = action.clone();
        rehearsal.run(Verb::Up, Trouble::lagging(script, 60_000)).complete();
        let late = rehearsal.snapshot().late.clone();
        let address = &late[0].call.address;
        assert!(late.len() == 1 && address.logical_id() == "Address", "{late:?}");
        let kept = rehearsal.snapshot().current(address).expect("the second").physical_id.to_string();
        let plan = folder.path().join("plan.yaml");
        write(&plan, "Resources: {Other: {Type: 'AWS::EC2::EIP'}}");
        let mut rehearsal = rehearsal.with_plan(&plan);
        rehearsal.run(Verb::Up, Trouble::lagging(FaultScript::default(), 60_000)).complete();
        assert!(rehearsal.snapshot().current(address).is_none(), "it was not let go");
        rehearsal.destroy().complete();
        let left: Vec<String> = rehearsal.world.rows("ec2.address").map(|(id, _)| id.to_string()).collect();
        assert_eq!(left, [kept], "{action:?}: only what was let go stays");
    }
}
