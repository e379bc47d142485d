//! Whole lives of the plan that moves payment processing from an old site to Aurora MySQL.

use std::path::{Path, PathBuf};

use migrate::{sandbox::plant::plant, syntax};

use crate::{
    crash::converges,
    diagnostics::findings,
    faults::{every_call, mixes},
    support::{Rehearsal, Verb, edited_plan, seeds},
};

fn plan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-aurora-mysql")
}

/// An account that has the old site's VPN connection and secret, as the plan expects.
pub(crate) fn account() -> Rehearsal {
    let mut rehearsal = Rehearsal::new(&plan());
    let old_site = syntax::read(&plan().join("old-site.yaml")).expect("it parses").to_json();
    plant(&mut rehearsal.world, &old_site).expect("the old site is planted");
    rehearsal
}

fn deployed() -> Rehearsal {
    let mut rehearsal = account();
    rehearsal.up().complete();
    rehearsal
}

#[test]
fn the_plan_is_valid() {
    let found = findings(&plan(), &[]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn it_goes_up_stays_as_it_is_and_leaves_what_was_there() {
    let mut rehearsal = account();
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    assert!(up.change_set.steps.len() > 60, "{} resources", up.change_set.steps.len());
    rehearsal.check_invariants("after up");
    let finished = up.finished.expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.02,
        "{makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
    let again = rehearsal.up().complete();
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "only what was there before");
}

#[test]
fn traffic_moves_by_one_change_of_the_weights() {
    let rehearsal = deployed();
    let dir = edited_plan(
        &plan(),
        &[(
            "migration.yaml",
            "{OnPremisesWeight: 90, AwsWeight: 10}",
            "{OnPremisesWeight: 10, AwsWeight: 90}",
        )],
    );
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    let changed: Vec<_> = ran.change_set.steps.iter().map(|step| step.address.logical_id()).collect();
    assert!(changed.iter().all(|id| id.contains("Record")), "{changed:?}");
    assert_eq!(changed.len(), 2, "{changed:?}");
}

/// The group refers to the template's newest version, which is known once the template has changed.
#[test]
fn a_new_launch_template_replaces_the_instances_in_the_same_run() {
    let rehearsal = deployed();
    let dir = edited_plan(&plan(), &[("template.yaml", "InstanceType: t3.medium", "InstanceType: t3.large")]);
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    let changed: Vec<_> = ran.change_set.steps.iter().map(|step| step.address.logical_id()).collect();
    assert_eq!(changed, ["LaunchTemplate", "AppGroup"]);
    assert!(rehearsal.up().complete().change_set.is_empty());
    rehearsal.check_invariants("after the new template");
    let instances = rehearsal.world.rows("ec2.instance").filter(|(_, row)| row["State"]["Name"] == "running");
    let kinds: Vec<_> = instances.map(|(_, row)| row["InstanceType"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["t3.large"; 3]);
}

#[test]
fn up_converges_after_a_crash() {
    converges("up of payments-aurora-mysql", &account(), Verb::Up, 97);
}

#[test]
fn destroy_converges_after_a_crash() {
    converges("destroy of payments-aurora-mysql", &deployed(), Verb::Destroy, 97);
}

#[test]
fn any_call_may_go_wrong() {
    every_call("up of payments-aurora-mysql", &account(), Verb::Up, 499);
    every_call("destroy of payments-aurora-mysql", &deployed(), Verb::Destroy, 499);
}

#[test]
fn random_mixes_of_trouble_converge() {
    mixes("payments-aurora-mysql", &account(), &seeds(2, 200));
}
