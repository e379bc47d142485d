//! The process dies at every place; the next run converges to the same end.

use migrate::engine::Outcome;

use crate::support::{Rehearsal, Verb, in_parallel, payments};

/// Every state in which `up` can die: resume, and compare with the undisturbed end.
#[test]
fn up_of_payments_converges_after_a_crash_anywhere() {
    let mut undisturbed = Rehearsal::new(&payments());
    let (ran, crashes, moments) = undisturbed.crashes(Verb::Up);
    let steps = ran.complete().change_set.steps.len();
    assert!(moments.effects >= steps, "{moments:?} in {steps} steps");
    println!("up of payments-single-stack: {} places to die, {moments:?}", crashes.len());
    let census = undisturbed.census();
    let resources = undisturbed.snapshot().objects().count();
    in_parallel(&crashes, |n, crash| {
        let mut resumed = undisturbed.after(crash);
        let context = format!("crash {n} of {}, {}", crashes.len(), crash.at);
        let ran = resumed.up();
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        assert_eq!(resumed.snapshot().objects().count(), resources, "{context}");
        assert_eq!(resumed.census(), census, "{context}: the world differs from the undisturbed run's");
    });
}

/// Every state in which `destroy` can die: resume, and the world is empty.
#[test]
fn destroy_of_payments_converges_after_a_crash_anywhere() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    let (ran, crashes, moments) = deployed.crashes(Verb::Destroy);
    ran.complete();
    println!("destroy of payments-single-stack: {} places to die, {moments:?}", crashes.len());
    let census = deployed.census();
    in_parallel(&crashes, |n, crash| {
        let mut resumed = deployed.after(crash);
        let context = format!("crash {n} of {}, {}", crashes.len(), crash.at);
        let ran = resumed.destroy();
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        assert_eq!(resumed.snapshot().objects().count(), 0, "{context}");
        assert_eq!(resumed.census(), census, "{context}");
    });
}
