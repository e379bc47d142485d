//! Keys that run out in the middle of a run.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

use migrate::{
    engine::EventKind,
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use super::{Home, KEYS};
use crate::{
    process::{Place, QUICK},
    support::{Rehearsal, Trouble, Verb, in_parallel, payments, report, thorough, write},
};

/// The key that makes the n-th mutating call has run out.
fn at(nth: u64) -> Trouble {
    let selector = Selector { mutating: true, nth: Some(nth), ..Selector::default() };
    let script = FaultScript { rules: vec![FaultRule { selector, action: Action::ExpireKey }] };
    Trouble::waiting(script, Duration::from_secs(900))
}

/// What was made, in no order. How often idempotent settings are put depends on when something else propagates.
fn sorted(mut mutations: Vec<String>) -> Vec<String> {
    mutations.retain(|mutation| !mutation.contains(":Put"));
    mutations.sort();
    mutations
}

fn every_mutation(what: &str, before: &Rehearsal, verb: Verb) {
    let mut undisturbed = before.fork();
    let ran = undisturbed.run(verb, Trouble::default()).complete();
    let (census, wanted) = (undisturbed.census(), sorted(ran.mutations));
    let stride = if thorough() { 1 } else { 4 };
    let cases: Vec<u64> = (1..=wanted.len() as u64).step_by(stride).collect();
    report(&format!("{what}: keys run out at {} of {} mutating calls", cases.len(), wanted.len()));
    in_parallel(&cases, |_, nth| {
        let context = format!("{what}, mutating call {nth}");
        let mut rehearsal = before.fork();
        let ran = rehearsal.run(verb, at(*nth)).complete();
        let told: Vec<&str> = ran
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Credentials { state, .. } => Some(*state),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["expired", "renewed"], "{context}");
        assert_eq!(sorted(ran.mutations), wanted, "{context}: something was made twice, or not at all");
        rehearsal.check_invariants(&context);
        rehearsal.check_world(&context);
        assert_eq!(rehearsal.census(), census, "{context}: the account differs from the undisturbed run's");
    });
}

#[test]
fn any_mutating_call_of_up_may_be_the_one_whose_keys_have_run_out() {
    every_mutation("up of payments-single-stack", &Rehearsal::new(&payments()), Verb::Up);
}

#[test]
fn any_mutating_call_of_destroy_may_be_the_one_whose_keys_have_run_out() {
    let mut deployed = Rehearsal::new(&payments());
    deployed.up().complete();
    every_mutation("destroy of payments-single-stack", &deployed, Verb::Destroy);
}

/// The key of the fifth call that changes something has run out; those written by `credentials` are good.
const RULES: &str = r#"[{"match": {"mutating": true, "nth": 5}, "action": "expire-key"}]"#;

fn credentials(home: &Home, key: &str) {
    write(
        &home.path().join(".aws/credentials"),
        &format!("[ops]\naws_access_key_id = {key}\naws_secret_access_key = example\n"),
    );
}

#[test]
fn a_run_pauses_until_the_credentials_file_has_new_keys() {
    let place = Place::troubled(QUICK, 60, RULES);
    let home = Home::new("[profile ops]\nregion = us-east-1\n", "");
    credentials(&home, "AKIAOLD0000000000000");
    write(&home.path().join("plan.yaml"), QUICK);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("MIGRATE_SANDBOX_SPEED", "60")];
    let args = ["up", "plan.yaml", "--yes", "--profile", "ops", "--auth-wait", "2h"];
    let mut run =
        home.command(&args, &env).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a run");
    let mut said = String::new();
    for line in BufReader::new(run.stderr.take().expect("its talk")).lines().map_while(Result::ok) {
        if line.contains("the credentials ran out") {
            credentials(&home, "AKIANEW0000000000000");
        }
        said.push_str(line.trim());
        said.push(' ');
    }
    assert_eq!(run.wait().expect("its end").code(), Some(0), "{said}");
    assert_eq!(said.matches("the credentials ran out").count(), 1, "{said}");
    assert!(said.contains("put new keys for profile ops into"), "{said}");
    assert!(said.contains("the run resumes"), "{said}");
    let log = home.run(&["plan", "plan.yaml", "--profile", "ops", "--detailed-exitcode"], &env);
    assert_eq!(log.0.status.code(), Some(0), "nothing is left to do: {}", log.err());
}

#[test]
fn where_keys_cannot_change_or_nobody_waits_the_run_fails_at_once_and_says_how_to_resume() {
    let place = Place::troubled(QUICK, 60, RULES);
    let home = Home::new("[profile ops]\nregion = us-east-1\n", "");
    credentials(&home, "AKIAOLD0000000000000");
    write(&home.path().join("plan.yaml"), QUICK);
    let endpoint = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("MIGRATE_SANDBOX_SPEED", "60")];
    let mut env = KEYS.to_vec();
    env.extend(endpoint);
    env.push(("AWS_REGION", "us-east-1"));
    let up = home.run(&["up", "plan.yaml", "--yes"], &env);
    assert_eq!(up.0.status.code(), Some(1), "{}", up.err());
    for part in ["environment variables cannot change", "migrate up plan.yaml", "start the command again"] {
        assert!(up.err().contains(part), "{part}: {}", up.err());
    }
    let again = home.run(&["up", "plan.yaml", "--yes", "--profile", "ops"], &endpoint);
    assert_eq!(again.0.status.code(), Some(0), "{}", again.err());

    let place = Place::troubled(QUICK, 60, RULES);
    let endpoint = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("MIGRATE_SANDBOX_SPEED", "60")];
    let args = ["up", "plan.yaml", "--yes", "--profile", "ops", "--auth-wait", "0", "--ledger", "l"];
    let up = home.run(&args, &endpoint);
    assert_eq!(up.0.status.code(), Some(1), "{}", up.err());
    assert!(up.err().contains("put new keys for profile ops into"), "{}", up.err());
}
