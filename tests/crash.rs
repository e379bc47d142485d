//! The process dies at every place; the next run converges to the same end.
//!
//! `MIGRATE_PROOF=full` visits every place for every plan (an hour); without it a sample in which every kind of moment is.

use std::path::Path;

use migrate::{
    engine::Outcome,
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use crate::{
    process::QUICK,
    support::{
        Crash, Rehearsal, Trouble, Verb, edited, edited_plan, in_parallel, payments, report, sample,
        thorough, write,
    },
};

/// Resumes from every place and compares with the undisturbed end.
pub(crate) fn converges(what: &str, before: &Rehearsal, verb: Verb, stride: usize) {
    let mut undisturbed = before.fork();
    let (ran, crashes, moments) = undisturbed.crashes(verb);
    let steps = ran.complete().change_set.steps.len();
    let places = crashes.len();
    assert!(places > 2 * steps, "{what}: only {places} places to die in {steps} steps");
    let visited = sample(&crashes, stride);
    report(&format!("{what}: died at {} of {places} places, {moments:?}", visited.len()));
    let census = undisturbed.census();
    let resources = undisturbed.snapshot().objects().count();
    in_parallel(&visited, |_, (n, crash)| {
        let mut resumed = undisturbed.after(crash);
        let context = format!("{what}, crash {n} of {places}, {}", crash.at);
        let ran = resumed.run(verb, Default::default());
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        resumed.check_world(&context);
        assert_eq!(resumed.snapshot().objects().count(), resources, "{context}");
        assert_eq!(resumed.census(), census, "{context}: the world differs from the undisturbed run's");
    });
}

#[test]
fn up_of_payments_converges_after_a_crash_anywhere() {
    converges("up of payments-single-stack", &Rehearsal::new(&payments()), Verb::Up, 25);
}

#[test]
fn destroy_of_payments_converges_after_a_crash_anywhere() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    converges("destroy of payments-single-stack", &deployed, Verb::Destroy, 20);
}

/// Updates in place and replacements, among them of a security group whose rules go with it and whose load
/// balancer changes over.
#[test]
fn an_update_with_replacements_converges_after_a_crash_anywhere() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    let changed = edited(&[
        ("template.yaml", "      Threshold: 80\n", "      Threshold: 85\n"),
        ("template.yaml", "      DesiredCount: 2\n", "      DesiredCount: 3\n"),
        ("template.yaml", "        RequestInterval: 30\n", "        RequestInterval: 10\n"),
        ("template.yaml", "'alb-sg-${EnvironmentSuffix}'", "'alb-clients-${EnvironmentSuffix}'"),
    ]);
    let deployed = deployed.with_plan(changed.path());
    let mut probe = deployed.fork();
    let set = probe.up().complete().change_set;
    let replaced = set.steps.iter().filter(|step| step.action.verb() == "replace").count();
    assert!(
        replaced >= 2,
        "{:#?}",
        set.steps.iter().map(|s| (&s.address, s.action.verb())).collect::<Vec<_>>()
    );
    converges("update of payments-single-stack", &deployed, Verb::Up, 3);
}

/// `up --rollback-on-failure` fails and dies on the way there or back: the next attempt, which fails as well, leaves
/// what was there before the first.
#[test]
fn a_failed_run_that_is_rolled_back_converges_after_a_crash_anywhere() {
    let fails = |operation: &str| {
        let selector = Selector { operation: Some(operation.into()), ..Selector::default() };
        let (code, message) = ("ResourceQuotaExceededFault".into(), "You have reached the quota.".into());
        FaultScript {
            rules: vec![FaultRule { selector, action: Action::Error { code, status: 400, message } }],
        }
    };
    // An empty account, in which nearly everything is made before it fails; and a deployed one, to which the run adds.
    let empty = Rehearsal::new(&payments());
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    write(&plan, QUICK.split("  Gateway:").next().expect("the first half"));
    let mut deployed = Rehearsal::new(&plan).with_warnings();
    deployed.up().complete();
    write(&plan, QUICK);
    let deployed = deployed.with_plan(&plan);
    for (what, before, operation, stride) in [
        ("an empty account", empty, "CreateReplicationTask", 60),
        ("a deployed plan", deployed, "CreateDBSubnetGroup", 8),
    ] {
        let mut undisturbed = before.fork();
        let (ran, crashes, moments) = undisturbed.crashes_with(Verb::UpOrBack, fails(operation));
        assert_eq!(ran.outcome(), Outcome::Failed, "{what}: {:#?}", ran.finished);
        let places = crashes.len();
        assert_eq!(undisturbed.census(), before.census(), "{what}: something is left");
        let visited = sample(&crashes, stride);
        report(&format!("roll back to {what}: died at {} of {places} places, {moments:?}", visited.len()));
        in_parallel(&visited, |_, (n, crash)| {
            let mut resumed = undisturbed.after(crash);
            let context = format!("roll back to {what}, crash {n} of {places}, {}", crash.at);
            let ran = resumed.run_with(Verb::UpOrBack, fails(operation));
            assert_eq!(ran.outcome(), Outcome::Failed, "{context}: {:#?}", ran.finished);
            resumed.check_invariants(&context);
            assert_eq!(resumed.census(), before.census(), "{context}: something is left");
            assert_eq!(
                resumed.snapshot().objects().count(),
                before.snapshot().objects().count(),
                "{context}: the ledger differs"
            );
        });
    }
}

/// The recovery dies too, twice in a row, at places spread over the run.
#[test]
fn up_converges_after_three_crashes_in_a_row() {
    let mut first = Rehearsal::new(&payments());
    let (ran, crashes, _) = first.crashes(Verb::Up);
    ran.complete();
    let census = first.census();
    let stride = if thorough() { 5 } else { 150 };
    let chosen: Vec<&Crash> = crashes.iter().step_by(stride).collect();
    in_parallel(&chosen, |n, crash| {
        // Early in the recovery, where it settles what was open; later, in the midst of the resumed work.
        for (second, third) in [(1, 1), (2, 3), (5, 2), (9, 14)] {
            let mut rehearsal = first.after(crash);
            for nth in [second, third] {
                rehearsal.run(Verb::Up, Trouble::death(nth, nth % 2 == 0));
            }
            let context = format!("crash {n} ({}), then at writes {second} and {third}", crash.at);
            let ran = rehearsal.up();
            assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
            rehearsal.check_invariants(&context);
            assert_eq!(rehearsal.census(), census, "{context}");
        }
    });
    report(&format!("three crashes in a row: {} histories", chosen.len() * 4));
}

/// Every other plan of the repository.
#[test]
fn the_other_plans_converge_after_a_crash_anywhere() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    for entry in std::fs::read_dir(plans).expect("the folder of plans") {
        let plan = entry.expect("a folder").path();
        let name = plan.file_name().expect("a name").to_string_lossy().into_owned();
        // Those have tests of their own: above, in `blue_green.rs`, `homogeneous.rs`, `payments_aurora.rs`, `serverless.rs`.
        let others = [
            "payments-single-stack",
            "database-blue-green",
            "homogeneous-postgres",
            "payments-aurora-mysql",
            "serverless-oracle-to-aurora",
        ];
        if others.contains(&name.as_str()) {
            continue;
        }
        let fresh = Rehearsal::new(&plan);
        converges(&format!("up of {name}"), &fresh, Verb::Up, 150);
        let mut deployed = fresh.fork();
        deployed.up().complete();
        converges(&format!("destroy of {name}"), &deployed, Verb::Destroy, 150);
    }
}

/// Both environments change at once, in place and by replacement, with what the other stacks import of them.
#[test]
fn an_update_of_several_stacks_converges_after_a_crash_anywhere() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-multi-stack");
    let mut deployed = Rehearsal::new(&plan);
    deployed.up().complete();
    let changed = edited_plan(
        &plan,
        &[
            (
                "environment.yaml",
                "'alb-sg-${Side}-${EnvironmentSuffix}'",
                "'clients-sg-${Side}-${EnvironmentSuffix}'",
            ),
            ("environment.yaml", "role-s3-replication-", "replicator-"),
            ("dns.yaml", "        FailureThreshold: 3\n", "        FailureThreshold: 4\n"),
        ],
    );
    let deployed = deployed.with_plan(changed.path());
    let set = deployed.fork().up().complete().change_set;
    let verbs: Vec<&str> = set.steps.iter().map(|step| step.action.verb()).collect();
    for verb in ["replace", "update"] {
        assert!(
            verbs.contains(&verb),
            "{:#?}",
            set.steps.iter().map(|s| (&s.address, s.action.verb())).collect::<Vec<_>>()
        );
    }
    converges("update of payments-multi-stack", &deployed, Verb::Up, 16);
}
