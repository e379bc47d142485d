//! Whole lives of the plan that moves an Oracle database to Aurora PostgreSQL with DMS Serverless.

use std::path::{Path, PathBuf};

use migrate::{sandbox::plant::plant, syntax};

use crate::{
    crash::converges,
    diagnostics::findings,
    faults::every_call,
    support::{Rehearsal, Verb, edited_plan},
};

pub(crate) fn plan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/serverless-oracle-to-aurora")
}

/// An account that has the old site's VPN connection and secret, as the plan expects.
pub fn account() -> Rehearsal {
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

/// The replication as if it had run for a while.
fn running() -> Rehearsal {
    let mut rehearsal = deployed();
    let (key, mut row) = {
        let (key, row) = rehearsal.world.rows("dms.replication-config").next().expect("a replication");
        (key.to_owned(), row.clone())
    };
    let now = rehearsal.world.now();
    for (member, value) in [
        ("Status", serde_json::json!("running")),
        ("StartReplicationType", serde_json::json!("start-replication")),
        ("_started", serde_json::json!(true)),
        ("_run", serde_json::json!(now - 3_600_000)),
        ("_fresh", serde_json::json!(now - 3_600_000)),
        (
            "ProvisionData",
            serde_json::json!({
                "ProvisionState": "provisioned", "ProvisionedCapacityUnits": 2, "IsNewProvisioningAvailable": false,
            }),
        ),
    ] {
        row[member] = value;
    }
    rehearsal.world.put("dms.replication-config", &key, row);
    rehearsal
}

const WIDER: (&str, &str, &str) = ("template.yaml", "MaxCapacityUnits: 16", "MaxCapacityUnits: 32");

#[test]
fn the_plan_is_valid() {
    let found = findings(&plan(), &[]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn it_goes_up_in_its_critical_path_stays_as_it_is_and_goes_without_a_trace() {
    let mut rehearsal = account();
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    rehearsal.check_invariants("after up");
    let finished = up.finished.expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.02,
        "{makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
    let again = rehearsal.up().complete();
    assert!(
        again.change_set.is_empty(),
        "whatever DMS added, nothing is left: {:#?}",
        again.change_set.steps
    );
    assert_eq!(again.mutations, Vec::<String>::new());
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "only what was there before");
}

#[test]
fn a_running_replication_is_changed_without_a_reload() {
    let rehearsal = running();
    let loaded = rehearsal.world.rows("dms.replication-config").next().expect("one").1["_fresh"].clone();
    let dir = edited_plan(&plan(), &[WIDER]);
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    let changed: Vec<_> = ran.change_set.steps.iter().map(|step| step.address.logical_id()).collect();
    assert_eq!(changed, ["Replication"]);
    let row = rehearsal.world.rows("dms.replication-config").next().expect("one").1.clone();
    assert_eq!(row["Status"], "running");
    assert_eq!(row["ComputeConfig"]["MaxCapacityUnits"], 32);
    assert_eq!(row["StartReplicationType"], "resume-processing");
    assert_eq!(row["_fresh"], loaded, "nothing was loaded again");
    assert!(rehearsal.up().complete().change_set.is_empty());
}

#[test]
fn up_converges_after_a_crash() {
    converges("up of serverless-oracle-to-aurora", &account(), Verb::Up, 29);
}

#[test]
fn a_change_of_the_running_replication_converges_after_a_crash() {
    let dir = edited_plan(&plan(), &[WIDER]);
    converges("change of serverless-oracle-to-aurora", &running().with_plan(dir.path()), Verb::Up, 17);
}

#[test]
fn destroy_converges_after_a_crash() {
    converges("destroy of serverless-oracle-to-aurora", &running(), Verb::Destroy, 43);
}

#[test]
fn any_call_may_go_wrong() {
    every_call("up of serverless-oracle-to-aurora", &account(), Verb::Up, 251);
    every_call("destroy of serverless-oracle-to-aurora", &running(), Verb::Destroy, 251);
}
