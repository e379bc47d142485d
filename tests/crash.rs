//! The process dies at every journal position; the next run converges to the same end.

use crate::support::{Rehearsal, Verb, payments};

/// Every state in which `up` can die: resume, and compare with the undisturbed end.
#[test]
fn up_of_payments_converges_after_a_crash_at_every_journal_position() {
    let mut undisturbed = Rehearsal::new(&payments());
    let (ran, crashes) = undisturbed.crashes(Verb::Up);
    let steps = ran.complete().change_set.steps.len();
    assert!(crashes.len() > 2 * steps, "only {} places to die in {steps} steps", crashes.len());
    let census = undisturbed.census();
    let resources = undisturbed.snapshot().objects().count();
    for (n, crash) in crashes.iter().enumerate() {
        let mut resumed = undisturbed.after(crash);
        let context = format!("crash {n} of {}, {}", crashes.len(), crash.at);
        let ran = resumed.up();
        assert_eq!(ran.outcome(), migrate::engine::Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        assert_eq!(resumed.snapshot().objects().count(), resources, "{context}");
        assert_eq!(resumed.census(), census, "{context}: the world differs from the undisturbed run's");
    }
}

/// Every state in which `destroy` can die: resume, and the world is empty.
#[test]
fn destroy_of_payments_converges_after_a_crash_at_every_journal_position() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    let (ran, crashes) = deployed.crashes(Verb::Destroy);
    ran.complete();
    let census = deployed.census();
    for (n, crash) in crashes.iter().enumerate() {
        let mut resumed = deployed.after(crash);
        let context = format!("crash {n} of {}, {}", crashes.len(), crash.at);
        let ran = resumed.destroy();
        assert_eq!(ran.outcome(), migrate::engine::Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        assert_eq!(resumed.snapshot().objects().count(), 0, "{context}");
        assert_eq!(resumed.census(), census, "{context}");
    }
}
