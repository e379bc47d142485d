//! Whole lives of the plan that moves a database from an old site to Aurora PostgreSQL.

use std::path::{Path, PathBuf};

use migrate::planner::ChangeSet;

use crate::{
    crash::converges,
    diagnostics::findings,
    faults::{every_call, mixes},
    support::{Rehearsal, Verb, edited_plan, seeds},
};

fn plan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/database-blue-green")
}

fn verbs(set: &ChangeSet) -> Vec<String> {
    let mut verbs: Vec<String> =
        set.steps.iter().map(|s| format!("{} {}", s.action.verb(), s.address.logical_id())).collect();
    verbs.sort();
    verbs
}

#[test]
fn the_plan_is_valid_in_every_environment_and_with_every_option() {
    for set in [&[][..], &["AlertEmail=ops@example.com"], &["EnvironmentSuffix=prod", "SourcePort=6432"]] {
        let found = findings(&plan(), set);
        assert!(found.is_empty(), "{set:?}: {found:#?}");
    }
}

#[test]
fn it_goes_up_stays_as_it_is_and_leaves_an_empty_world() {
    let mut rehearsal = Rehearsal::new(&plan());
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    assert!(up.change_set.steps.len() > 60, "{} resources", up.change_set.steps.len());
    rehearsal.check_invariants("after up");
    let again = rehearsal.up().complete();
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());
    let gone = rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "the world itself is empty");
    // The key is the one thing that can be had back, and the review says for how long.
    let key = gone.change_set.steps.iter().find(|step| step.address.logical_id() == "Key").expect("the key");
    let told = key.data_loss.as_deref().unwrap_or_default();
    assert!(told.contains("7 days") && told.contains("cancel-key-deletion"), "{told}");
}

#[test]
fn the_makespan_is_the_critical_path() {
    let mut rehearsal = Rehearsal::new(&plan());
    let finished = rehearsal.up().complete().finished.expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.02,
        "{makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
}

#[test]
fn small_changes_give_exactly_the_expected_steps() {
    let mut rehearsal = Rehearsal::new(&plan());
    rehearsal.up().complete();
    let dir = edited_plan(
        &plan(),
        &[
            ("template.yaml", "{MinCapacity: 0.5, MaxCapacity: 2}", "{MinCapacity: 1, MaxCapacity: 4}"),
            (
                "template.yaml",
                "        max_replication_slots: '10'\n",
                "        max_replication_slots: '20'\n",
            ),
            ("template.yaml", "      PromotionTier: 2\n", "      PromotionTier: 3\n"),
            ("template.yaml", "      Weight: 0\n", "      Weight: 1\n"),
            ("template.yaml", "      EnableKeyRotation: true\n", "      EnableKeyRotation: false\n"),
            ("template.yaml", "Description: How far the migration is\n", "Description: The state\n"),
        ],
    );
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    assert_eq!(
        verbs(&ran.change_set),
        [
            "update Aurora",
            "update AuroraReaderTwo",
            "update AuroraRecord",
            "update ClusterParameters",
            "update Key",
            "update StateParameter",
        ]
    );
    rehearsal.check_invariants("after the update");
    assert!(rehearsal.up().complete().change_set.is_empty());
}

#[test]
fn up_converges_after_a_crash() {
    converges("up of database-blue-green", &Rehearsal::new(&plan()), Verb::Up, 97);
}

#[test]
fn destroy_converges_after_a_crash() {
    let mut deployed = Rehearsal::new(&plan());
    deployed.up().complete();
    converges("destroy of database-blue-green", &deployed, Verb::Destroy, 97);
}

#[test]
fn any_call_may_go_wrong() {
    every_call("up of database-blue-green", &Rehearsal::new(&plan()), Verb::Up, 499);
    let mut deployed = Rehearsal::new(&plan());
    deployed.up().complete();
    every_call("destroy of database-blue-green", &deployed, Verb::Destroy, 499);
}

#[test]
fn random_mixes_of_trouble_converge() {
    mixes("database-blue-green", &Rehearsal::new(&plan()), &seeds(2, 200));
}
