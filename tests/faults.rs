//! Trouble on the way to AWS and back: the run itself must cope, or the next one.
//!
//! `MIGRATE_PROOF=full` troubles every call in every way; without it each kind of trouble visits every n-th call.

use std::path::Path;

use migrate::{
    engine::{EventKind, Finding, Outcome},
    ledger::{Entry, Resolution},
    model::Address,
    sandbox::{Action, FaultRule, FaultScript, Moment, Selector},
};
use serde_json::json;

use crate::support::{Rehearsal, Trouble, Verb, in_parallel, payments, report, seeds, thorough, write};

fn script(selector: Selector, action: Action) -> FaultScript {
    FaultScript { rules: vec![FaultRule { selector, action }] }
}

fn at_call(call: u64, action: Action) -> FaultScript {
    script(Selector { call: Some(call), ..Selector::default() }, action)
}

/// Everything that can go wrong with one call.
fn troubles() -> Vec<(&'static str, Action)> {
    let quota = Action::Error {
        code: "LimitExceeded".into(),
        status: 400,
        message: "You have reached the quota of this resource.".into(),
    };
    vec![
        ("throttled", Action::Throttle),
        ("500", Action::ServerError(500)),
        ("503", Action::ServerError(503)),
        ("request lost", Action::LoseRequest),
        ("answer lost", Action::LoseAnswer),
        ("timeout before the effect", Action::Timeout(Moment::Before)),
        ("timeout after the effect", Action::Timeout(Moment::After)),
        ("garbled", Action::Garble),
        ("slow by a minute", Action::Delay(60_000)),
        ("credentials expired", Action::ExpiredCredentials),
        ("killed before the effect", Action::Crash(Moment::Before)),
        ("killed after the effect", Action::Crash(Moment::After)),
        ("over a quota", quota),
    ]
}

/// Whether one such call may end a run: then the next one must finish it.
fn may_end(action: &Action) -> bool {
    matches!(action, Action::ExpiredCredentials | Action::Crash(_) | Action::Error { .. })
}

/// Troubles calls of a run of `verb` from `before`, one call a time.
pub(crate) fn every_call(what: &str, before: &Rehearsal, verb: Verb, stride: usize) {
    let mut undisturbed = before.fork();
    let calls = undisturbed.run(verb, Default::default()).complete().calls;
    let (census, resources) = (undisturbed.census(), undisturbed.snapshot().objects().count());
    let mut cases = Vec::new();
    let kinds = troubles().len();
    for (kind, (name, action)) in troubles().into_iter().enumerate() {
        let stride = if thorough() { 1 } else { stride };
        // Each kind begins elsewhere, so that together they visit many calls.
        // The first call is the same in every plan.
        let first = std::iter::once(1).filter(|_| stride < 200);
        for call in first.chain((2 + kind * stride / kinds..=calls).step_by(stride)) {
            cases.push((format!("{what}, call {call} of {calls} {name}"), call as u64, action.clone()));
        }
    }
    report(&format!("{what}: {} faults over {calls} calls, {} kinds", cases.len(), troubles().len()));
    in_parallel(&cases, |_, (context, call, action)| {
        let mut rehearsal = before.fork();
        let ran = rehearsal.run_with(verb, at_call(*call, action.clone()));
        let complete = ran.finished.as_ref().is_some_and(|f| f.outcome == Outcome::Complete);
        // The first call asks whose credentials these are; without an answer nothing begins.
        let early = *call == 1 && ran.finished.is_none() && ran.mutations.is_empty();
        assert!(complete || early || may_end(action), "{context}: {:#?} {:?}", ran.finished, ran.broke_off);
        if !complete {
            let again = rehearsal.run(verb, Default::default());
            assert_eq!(again.outcome(), Outcome::Complete, "{context}: {:#?}", again.finished);
        }
        rehearsal.check_invariants(context);
        rehearsal.check_world(context);
        assert_eq!(rehearsal.snapshot().objects().count(), resources, "{context}");
        assert_eq!(rehearsal.census(), census, "{context}: the world differs from the undisturbed run's");
    });
}

#[test]
fn any_call_of_up_may_go_wrong_in_any_way() {
    every_call("up of payments-single-stack", &Rehearsal::new(&payments()), Verb::Up, 197);
}

#[test]
fn any_call_of_destroy_may_go_wrong_in_any_way() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    every_call("destroy of payments-single-stack", &deployed, Verb::Destroy, 211);
}

/// Many calls go wrong, by seed, until the run ends by itself or dies; then again, and at last in peace.
/// `MIGRATE_SEED=n` repeats one seed and tells each run's calls and events.
#[test]
fn random_mixes_of_trouble_converge() {
    mixes("payments-single-stack", &Rehearsal::new(&payments()), &seeds(6, 400));
}

/// The same for stacks in several environments.
#[test]
fn random_mixes_of_trouble_converge_for_several_stacks() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-multi-stack");
    mixes("payments-multi-stack", &Rehearsal::new(&plan), &seeds(3, 300));
}

/// The same for any plan and account.
pub(crate) fn mixes(name: &str, base: &Rehearsal, seeds: &[u64]) {
    let mut undisturbed = base.fork();
    undisturbed.up().complete();
    let census = undisturbed.census();
    in_parallel(seeds, |_, seed| {
        let rules = troubles()
            .into_iter()
            .map(|(_, action)| {
                let share = if may_end(&action) { 0.002 } else { 0.02 };
                let selector = Selector { probability: Some(share), ..Selector::default() };
                FaultRule { selector, action }
            })
            .collect();
        let script = FaultScript { rules };
        let mut rehearsal = base.fork().seeded(*seed);
        for _ in 0..3 {
            let ran = rehearsal.run_with(Verb::Up, script.clone());
            if seeds.len() == 1 {
                for event in &ran.events {
                    report(&serde_json::to_string(event).expect("an event"));
                }
                report(&format!("mutating calls: {:#?}\n{:?}", ran.mutations, ran.broke_off));
            }
        }
        let context = format!(
            "{name}, seed {seed} (repeat it with MIGRATE_SEED={seed} cargo test --test main random_mixes)"
        );
        let ran = rehearsal.up();
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        rehearsal.check_invariants(&context);
        rehearsal.check_world(&context);
        assert_eq!(rehearsal.census(), census, "{context}");
        for _ in 0..3 {
            rehearsal.run_with(Verb::Destroy, script.clone());
        }
        let ran = rehearsal.destroy();
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        assert_eq!(rehearsal.census(), base.census(), "{context}: something is left");
    });
    report(&format!("random mixes of trouble, {name}: {} seeds", seeds.len()));
}

/// The disk fills up at any write: nothing is called after that, and the next run goes on.
#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    let (census, writes) = (undisturbed.census(), undisturbed.store.writes());
    // The last words of a run are writes too.
    let mut places: Vec<u64> = (1..writes).step_by(if thorough() { 1 } else { 23 }).collect();
    places.extend((writes - 3..writes).filter(|nth| !places.contains(nth)).collect::<Vec<_>>());
    let base = Rehearsal::new(&payments());
    in_parallel(&places, |_, nth| {
        let context = format!("disk full at write {nth} of {writes}");
        let mut rehearsal = base.fork();
        let full = Trouble::full_disk(*nth);
        let ran = rehearsal.run(Verb::Up, full);
        let ended = ran.finished.as_ref().map(|f| (f.outcome, f.ledger_error.is_some()));
        assert!(
            ran.broke_off.is_some() || matches!(ended, Some((Outcome::Failed, true))),
            "{context}: {ended:?}"
        );
        rehearsal.up().complete();
        rehearsal.check_invariants(&context);
        assert_eq!(rehearsal.census(), census, "{context}");
    });
    report(&format!("full disk: {} of {writes} writes", places.len()));
}

/// Another migration's objects of the same names are never adopted, overwritten or deleted.
#[test]
fn a_strangers_objects_are_left_alone() {
    let mut first = Rehearsal::new(&payments());
    first.up().complete();
    let before = first.census();
    let mut second = Rehearsal::new(&payments());
    second.lineage = "fedcba9876543210";
    second.world = first.world.clone();
    let ran = second.up();
    assert_eq!(ran.outcome(), Outcome::Failed, "the names are taken");
    second.destroy().complete();
    assert_eq!(second.census(), before, "the second migration took or left something");
    first.world = second.world.clone();
    first.check_world("after a stranger came and went");
    assert!(first.up().complete().change_set.is_empty());
}

/// Objects vanish and change behind our back.
#[test]
fn drift_is_seen_and_mended() {
    let mut rehearsal = Rehearsal::new(&payments());
    rehearsal.up().complete();
    let census = rehearsal.census();
    let snapshot = rehearsal.snapshot();
    let id = |name: &str| {
        let found = snapshot.objects().find(|(address, _)| address.logical_id() == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.physical_id.to_string()
    };
    let key = |table: &str, part: &str| {
        let found = rehearsal.world.rows(table).find(|(key, _)| key.contains(part));
        found.unwrap_or_else(|| panic!("no {part} in {table}")).0.to_owned()
    };
    let alarm = key("cloudwatch.alarm", &id("SourceCpuAlarm"));
    let group = key("logs.group", &id("SourceDbLogs"));
    rehearsal.world.remove("cloudwatch.alarm", &alarm);
    rehearsal.world.get_mut("logs.group", &group).expect("a log group")["retentionInDays"] = json!(1);
    let drifted: Vec<String> = rehearsal
        .refresh()
        .into_iter()
        .filter(|seen| seen.finding != Finding::InSync)
        .map(|seen| match seen.finding {
            Finding::Missing => format!("{} missing", seen.address.logical_id()),
            Finding::Drifted(drift) => format!("{} {}", seen.address.logical_id(), drift[0].property),
            other => format!("{} {other:?}", seen.address.logical_id()),
        })
        .collect();
    assert_eq!(drifted, ["SourceCpuAlarm missing", "SourceDbLogs RetentionInDays"]);
    // Without a refresh nothing is known of it, and destroy does not mind.
    assert!(rehearsal.fork().up().complete().change_set.is_empty());
    let mut gone = rehearsal.fork();
    gone.destroy().complete();
    assert_eq!(gone.census(), Rehearsal::new(&payments()).census());
    rehearsal.learn();
    let ran = rehearsal.up().complete();
    let steps: Vec<String> = ran
        .change_set
        .steps
        .iter()
        .map(|s| format!("{} {}", s.action.verb(), s.address.logical_id()))
        .collect();
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps.contains(&"create SourceCpuAlarm".into()) && steps.contains(&"update SourceDbLogs".into()));
    rehearsal.check_world("after the repair");
    assert_eq!(rehearsal.census(), census);
}

/// A lifecycle that ends in failure fails its step with AWS's word; `--replace` gets out of it.
#[test]
fn a_failed_lifecycle_is_told_and_can_be_replaced() {
    let cases = [
        (
            "rds",
            "CreateDBInstance",
            "rds.db-instance",
            json!({"DBInstanceStatus": "incompatible-parameters"}),
        ),
        ("rds", "CreateDBInstance", "rds.db-instance", json!({"DBInstanceStatus": "failed"})),
        ("dms", "CreateReplicationInstance", "dms.instance", json!({"ReplicationInstanceStatus": "failed"})),
        (
            "dms",
            "CreateReplicationTask",
            "dms.task",
            json!({"Status": "failed", "LastFailureMessage": "no permission"}),
        ),
        (
            "ec2",
            "CreateNatGateway",
            "ec2.nat-gateway",
            json!({"State": "failed", "FailureMessage": "no address"}),
        ),
        (
            "elbv2",
            "CreateLoadBalancer",
            "elbv2.load-balancer",
            json!({"State": {"Code": "failed", "Reason": "no room"}}),
        ),
    ];
    for (service, operation, table, members) in cases {
        let selector = Selector {
            service: Some(service.into()),
            operation: Some(operation.into()),
            nth: Some(1),
            ..Selector::default()
        };
        let fails = Action::LifecycleFail {
            table: format!("{}*", &table[..table.len() - 2]),
            millis: 20_000,
            members,
        };
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run_with(Verb::Up, script(selector, fails));
        assert_eq!(ran.outcome(), Outcome::Failed, "{operation}");
        let failures = ran.finished.expect("a result").failures;
        let failed: Vec<&Address> = failures.iter().map(|(address, _)| address).collect();
        assert_eq!(failed.len(), 1, "{operation}: {failures:?}");
        assert_eq!(failures[0].1.code.as_deref(), Some("LifecycleFailed"), "{operation}");
        // Again without mending it fails again, and nothing is lost.
        let address = failed[0].clone();
        assert_eq!(rehearsal.up().outcome(), Outcome::Failed, "{operation}: it mended itself");
        rehearsal.replace = vec![address];
        rehearsal.up().complete();
        rehearsal.replace = Vec::new();
        assert!(rehearsal.up().complete().change_set.is_empty(), "{operation}");
        rehearsal.check_invariants(operation);
        rehearsal.check_world(operation);
        rehearsal.destroy().complete();
        assert_eq!(rehearsal.census(), Rehearsal::new(&payments()).census(), "{operation}");
    }
}

/// The answer of a create is lost and its object stays invisible longer than anybody waits for it: the same token
/// makes the second call answer with the first one's object.
#[test]
fn a_repeated_create_with_the_same_token_is_one_object() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    let lost = |operation: &str| FaultRule {
        selector: Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() },
        action: Action::LoseAnswer,
    };
    let rules =
        ["CreateNatGateway", "CreateHealthCheck", "CreateHostedZone", "CreateSecret"].map(lost).into();
    let mut rehearsal = Rehearsal::new(&payments());
    let lagging = Trouble::lagging(FaultScript { rules }, 90_000);
    rehearsal.run(Verb::Up, lagging).complete();
    rehearsal.check_world("after a long lag");
    assert_eq!(rehearsal.census(), undisturbed.census(), "something exists twice");
}

/// The process dies when an object was made, and the next one's looks for it are answered late: such an answer tells
/// of the world before the object was visible, however late it comes.
#[test]
fn a_late_answer_to_a_look_is_no_proof_of_absence() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    for (create, look) in [
        ("CreateVpc", "DescribeVpcs"),
        ("AllocateAddress", "DescribeAddresses"),
        ("CreateSecurityGroup", "DescribeSecurityGroups"),
        ("CreateRole", "GetRole"),
    ] {
        let rule = |operation: &str, action: Action| {
            let selector =
                Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() };
            FaultScript { rules: vec![FaultRule { selector, action }] }
        };
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run_with(Verb::Up, rule(create, Action::Crash(Moment::After)));
        assert!(ran.finished.is_none(), "{create} was not called");
        // Visible after four seconds, looked for at once, answered after a minute.
        let lagging = Trouble::lagging(rule(look, Action::Delay(60_000)), 4_000);
        rehearsal.run(Verb::Up, lagging).complete();
        // Nor did it ever: what is made twice and found later would be mended, too.
        rehearsal.check_invariants(create);
        rehearsal.check_world(create);
        assert_eq!(rehearsal.census(), undisturbed.census(), "{create}: something exists twice");
    }
}

/// What an interrupted run left open is settled with the patience of a run: AWS asks to slow down for four minutes.
#[test]
fn a_recovery_outwaits_throttling_as_a_run_does() {
    for (create, look) in [("CreateVpc", "DescribeVpcs"), ("CreateRole", "GetRole")] {
        let selector = |times| Selector { times, ..Selector::default() };
        let crash = Selector { operation: Some(create.into()), ..selector(Some(1)) };
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run_with(Verb::Up, script(crash, Action::Crash(Moment::After)));
        assert!(ran.finished.is_none(), "{create} was not called");
        let slow = Selector { operation: Some(look.into()), ..selector(Some(20)) };
        rehearsal.run_with(Verb::Up, script(slow, Action::Throttle)).complete();
        rehearsal.check_invariants(create);
        rehearsal.check_world(create);
    }
}

/// An answer is lost and the object, which can carry no tags, stays invisible longer than anybody looks: it gets in the
/// way of the next call, and is known for ours then, by what it is and because we called.
#[test]
fn what_stayed_unseen_is_taken_up_when_it_gets_in_the_way() {
    let mut undisturbed = Rehearsal::new(&payments());
    undisturbed.up().complete();
    for operation in ["AssociateRouteTable", "AttachInternetGateway", "CreateRoute"] {
        let selector = Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() };
        let mut rehearsal = Rehearsal::new(&payments());
        let lagging = Trouble::lagging(script(selector, Action::LoseAnswer), 40_000);
        let ran = rehearsal.run(Verb::Up, lagging);
        assert_eq!(ran.outcome(), Outcome::Failed, "{operation} was seen, or not called again");
        // What an operator does in between, and completes, does not make it forgotten.
        let (run, by) = ("run-by-hand".to_owned(), "test".to_owned());
        let (operation_of, steps, rolls_back) = ("import".to_owned(), 0, false);
        rehearsal.write(vec![
            Entry::RunStarted { run: run.clone(), operation: operation_of, steps, by, rolls_back },
            Entry::RunFinished { run, outcome: "complete".into(), failures: Vec::new() },
        ]);
        rehearsal.up().complete();
        rehearsal.check_invariants(operation);
        rehearsal.check_world(operation);
        assert_eq!(rehearsal.census(), undisturbed.census(), "{operation}");
        rehearsal.destroy().complete();
        assert_eq!(rehearsal.census(), Rehearsal::new(&payments()).census(), "{operation}");
    }
}

/// What was made the moment before the process died may not show yet: a refresh waits before it calls that missing,
/// for `up` would make it again.
#[test]
fn a_refresh_right_after_a_crash_misses_nothing() {
    for call in (20..120).step_by(10) {
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run_with(Verb::Up, at_call(call, Action::Crash(Moment::Before)));
        assert!(ran.finished.is_none(), "there is no call {call}");
        let seen = rehearsal.refresh_after(0);
        assert!(!seen.is_empty(), "nothing was made before call {call}");
        let missing: Vec<_> = seen.iter().filter(|one| one.finding == Finding::Missing).collect();
        assert!(missing.is_empty(), "call {call}: {missing:#?}");
    }
}

/// A run fails and is rolled back at once: EC2 and IAM may not know yet what they are asked to delete. They are asked
/// again until that answer means something.
#[test]
fn a_rollback_of_what_is_not_known_yet_leaves_nothing() {
    let empty = Rehearsal::new(&payments()).census();
    for operation in ["CreateSubnet", "CreateRouteTable", "CreateInternetGateway", "CreateTopic"] {
        let selector = Selector { operation: Some(operation.into()), ..Selector::default() };
        let quota = Action::Error { code: "LimitExceeded".into(), status: 400, message: "Enough.".into() };
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run(Verb::UpOrBack, Trouble::forgetful(script(selector, quota), 20_000));
        assert_eq!(ran.outcome(), Outcome::Failed, "{operation}: {:#?}", ran.finished);
        assert!(ran.mutations.iter().any(|call| call == "ec2:DeleteVpc"), "{operation}: {:?}", ran.mutations);
        assert_eq!(rehearsal.snapshot().objects().count(), 0, "{operation}");
        assert_eq!(rehearsal.census(), empty, "{operation}: something is left");
    }
}

/// Somebody said of a call that it had no effect, and it had one: the object is found again as ours, whose settings
/// may be missing, although the resource would also adopt somebody else's.
#[test]
fn an_object_of_ours_that_is_found_again_gets_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    let reads = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    write(
        &plan,
        &format!(
            "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Metadata: {{Migrate: {{AdoptExisting: true}}}}\n    \
             Properties:\n      RoleName: reader\n      ManagedPolicyArns: ['{reads}']\n      \
             AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'sts:AssumeRole', \
             Principal: {{Service: ecs-tasks.amazonaws.com}}}}]}}\n"
        ),
    );
    // At once reads do not show it yet; later they do. What was only looked for is looked for again, what a person
    // said is not: then it is found when it gets in the way.
    let said = Resolution::Operator("it had no effect".into());
    for (later, by) in
        [(0, said.clone()), (60_000, said), (0, Resolution::Absent), (60_000, Resolution::Absent)]
    {
        let mut rehearsal = Rehearsal::new(&plan).with_warnings();
        let selector = Selector { operation: Some("CreateRole".into()), ..Selector::default() };
        rehearsal.run_with(Verb::Up, script(selector, Action::Crash(Moment::After)));
        let op = *rehearsal.snapshot().open.keys().next().expect("an open intent");
        let (looked_for, attributes) = (by == Resolution::Absent, Default::default());
        rehearsal.write(vec![Entry::Resolved { op, by, attributes, shared: false }]);
        let later = rehearsal.world.now() + later;
        rehearsal.world.advance_to(later);
        rehearsal.up().complete();
        let roles = rehearsal.world.rows("iam.role").map(|(_, role)| role.to_string()).collect::<String>();
        assert!(roles.contains(reads), "the policy is not attached: {roles}");
        if looked_for {
            rehearsal.check_settled("found again");
        } else {
            rehearsal.check_invariants("found again");
        }
        rehearsal.check_world("found again");
    }
}

/// A wait that never ends is given up at its deadline, and the next run goes on waiting.
#[test]
fn a_wait_past_its_deadline_fails_the_step() {
    let mut rehearsal = Rehearsal::new(&payments());
    let selector = Selector { operation: Some("CreateNatGateway".into()), ..Selector::default() };
    let stuck = Action::LifecycleFail {
        table: "ec2.nat-gateway".into(),
        millis: 4 * 3_600_000,
        members: json!({"State": "available"}),
    };
    let ran = rehearsal.run_with(Verb::Up, script(selector, stuck));
    assert_eq!(ran.outcome(), Outcome::Failed);
    let failures = ran.finished.expect("a result").failures;
    assert!(failures.iter().all(|(_, e)| e.code.as_deref() == Some("DeadlineExceeded")), "{failures:?}");
    let later = rehearsal.world.now() + 5 * 3_600_000;
    rehearsal.world.advance_to(later);
    rehearsal.up().complete();
    rehearsal.check_invariants("after the long wait");
}

/// What RDS and DMS say in their events stands in the wait that is longer than usual, at its end, and with a state that says no
/// more than "failed": in few calls.
#[test]
fn events_of_databases_and_replication_are_told_while_waiting_and_at_the_end() {
    const FULL: &str = "DB instance has reached the storage-full threshold";
    const BROKEN: &str = "The replication instance has gone into storage failure.";
    let cases = [
        (
            "rds",
            "CreateDBInstance",
            "rds.db-instance",
            json!({"DBInstanceStatus": "storage-full"}),
            FULL,
            true,
        ),
        (
            "rds",
            "CreateDBInstance",
            "rds.db-instance",
            json!({"DBInstanceStatus": "incompatible-network"}),
            "Database instance in incompatible-network.",
            false,
        ),
        (
            "dms",
            "CreateReplicationInstance",
            "dms.instance",
            json!({"ReplicationInstanceStatus": "storage-full"}),
            BROKEN,
            true,
        ),
        (
            "dms",
            "CreateReplicationInstance",
            "dms.instance",
            json!({"ReplicationInstanceStatus": "incompatible-network"}),
            "The replication instance has failed due to an incompatible network.",
            false,
        ),
    ];
    for (service, operation, table, members, words, stays) in cases {
        let selector = Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() };
        let action = Action::LifecycleFail { table: table.into(), millis: 20_000, members };
        let mut rehearsal = Rehearsal::new(&payments());
        let ran = rehearsal.run_with(Verb::Up, script(selector, action));
        assert_eq!(ran.outcome(), Outcome::Failed, "{words}");
        let failures = &ran.finished.as_ref().expect("a result").failures;
        let said = &failures.first().expect("a failure").1.message;
        assert!(said.contains(&format!("{service} says: {words}")), "{said}");
        let waiting = |event: &&migrate::engine::Event| matches!(&event.kind, EventKind::StepWaiting { detail, .. } if detail.contains(&format!("{service}: {words}")));
        assert_eq!(ran.events.iter().any(|event| waiting(&event)), stays, "{words}");
    }
}
