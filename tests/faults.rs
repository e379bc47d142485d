//! Trouble on the way to AWS and back: the run itself must cope, or the next one.

use migrate::{
    engine::Outcome,
    sandbox::{Action, FaultRule, FaultScript, Moment, Selector},
};

use crate::support::{Rehearsal, Verb, payments};

fn at_call(call: u64, action: Action) -> FaultScript {
    FaultScript {
        rules: vec![FaultRule { selector: Selector { call: Some(call), ..Selector::default() }, action }],
    }
}

fn at_mutation(nth: u64, action: Action) -> FaultScript {
    let selector = Selector { mutating: true, nth: Some(nth), ..Selector::default() };
    FaultScript { rules: vec![FaultRule { selector, action }] }
}

/// Mutating calls of an undisturbed `up`.
fn mutations() -> u64 {
    Rehearsal::new(&payments()).up().complete().mutations.len() as u64
}

/// One run under the script must reach the undisturbed end by itself.
fn copes(script: FaultScript, context: &str) {
    let mut rehearsal = Rehearsal::new(&payments());
    let ran = rehearsal.run_with(Verb::Up, script);
    let failed = ran.finished.as_ref().is_some_and(|f| f.outcome != Outcome::Complete);
    if failed {
        let told: Vec<_> = ran.events.iter().map(|e| serde_json::to_string(e).expect("an event")).collect();
        panic!("{context}: {:#?}\n{}", ran.finished.map(|f| f.failures), told.join("\n"));
    }
    rehearsal.check_invariants(context);
    assert!(rehearsal.up().complete().change_set.is_empty(), "{context}: the next plan is not empty");
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.census(), Rehearsal::new(&payments()).census(), "{context}: something is left");
}

#[test]
fn a_lost_answer_is_found_again_without_a_duplicate() {
    for nth in (1..=mutations()).step_by(9) {
        copes(at_mutation(nth, Action::LoseAnswer), &format!("answer of mutation {nth} lost"));
    }
}

#[test]
fn a_lost_request_is_made_again() {
    for nth in (5..=mutations()).step_by(23) {
        copes(at_mutation(nth, Action::LoseRequest), &format!("mutation {nth} lost"));
    }
}

#[test]
fn throttling_and_server_errors_are_outwaited() {
    let share = |action, probability| {
        let selector = Selector { probability: Some(probability), ..Selector::default() };
        FaultScript { rules: vec![FaultRule { selector, action }] }
    };
    copes(share(Action::Throttle, 0.1), "a tenth of all calls throttled");
    copes(share(Action::ServerError(503), 0.05), "a twentieth of all calls answered with 503");
    copes(share(Action::Garble, 0.03), "some answers unreadable");
}

/// The process is killed in the middle of a call, before or after its effect; then it runs again.
#[test]
fn a_process_killed_in_mid_call_goes_on_where_it_died() {
    let calls = 240;
    for call in (3..calls).step_by(11) {
        for moment in [Moment::Before, Moment::After] {
            let context = format!("killed {moment:?} the effect of call {call}");
            let mut rehearsal = Rehearsal::new(&payments());
            let killed = rehearsal.run_with(Verb::Up, at_call(call, Action::Crash(moment)));
            assert!(killed.finished.is_none(), "{context}: it lived");
            rehearsal.up().complete();
            rehearsal.check_invariants(&context);
            assert!(rehearsal.up().complete().change_set.is_empty(), "{context}");
        }
    }
}

#[test]
fn expired_credentials_stop_the_run_and_lose_nothing() {
    let mut rehearsal = Rehearsal::new(&payments());
    let selector = Selector { nth: Some(60), ..Selector::default() };
    let expired = FaultScript { rules: vec![FaultRule { selector, action: Action::ExpiredCredentials }] };
    let ran = rehearsal.run_with(Verb::Up, expired);
    assert_eq!(ran.outcome(), Outcome::Failed);
    rehearsal.up().complete();
    rehearsal.check_invariants("after renewed credentials");
}
