//! Whole lives of the plan that moves PostgreSQL to a newer PostgreSQL with a homogeneous data migration.

use std::path::{Path, PathBuf};

use crate::{
    crash::converges,
    diagnostics::findings,
    faults::every_call,
    support::{Rehearsal, Verb},
};

pub(crate) fn plan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/homogeneous-postgres")
}

fn deployed() -> Rehearsal {
    let mut rehearsal = Rehearsal::new(&plan());
    rehearsal.up().complete();
    rehearsal
}

#[test]
fn the_plan_is_valid() {
    let found = findings(&plan(), &[]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn it_goes_up_in_its_critical_path_stays_as_it_is_and_goes_without_a_trace() {
    let mut rehearsal = Rehearsal::new(&plan());
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
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before);
}

#[test]
fn up_converges_after_a_crash() {
    converges("up of homogeneous-postgres", &Rehearsal::new(&plan()), Verb::Up, 29);
}

#[test]
fn destroy_converges_after_a_crash() {
    converges("destroy of homogeneous-postgres", &deployed(), Verb::Destroy, 43);
}

#[test]
fn any_call_may_go_wrong() {
    every_call("up of homogeneous-postgres", &Rehearsal::new(&plan()), Verb::Up, 251);
    every_call("destroy of homogeneous-postgres", &deployed(), Verb::Destroy, 251);
}
