//! Keys that run out in the middle of a run.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use migrate::{
    engine::EventKind,
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use super::{
    Home, KEYS,
    profiles::sso_token,
    roles::{pass, token},
    servers::{Fixed, answer},
};
use crate::{
    process::{Place, QUICK},
    support::{Rehearsal, Trouble, Verb, in_parallel, payments, report, thorough, write},
};

/// Several keys in one run: that of the n-th mutating call has run out, for each of these n. A call that is made again
/// counts again, so each rule counts one more than the one before it.
fn at(calls: &[u64]) -> Trouble {
    let rule = |(before, nth): (u64, &u64)| {
        let selector = Selector { mutating: true, nth: Some(nth + before), ..Selector::default() };
        FaultRule { selector, action: Action::ExpireKey }
    };
    let script = FaultScript { rules: (0..).zip(calls).map(rule).collect() };
    Trouble::waiting(script, Duration::from_secs(900))
}

/// So many keys run out in each run: enough calls between two of them that they do not meet.
const AT_ONCE: usize = 5;

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
    let calls = wanted.len() as u64;
    // Every call has its turn: alone in the long run, else with others far from it.
    let runs = if thorough() { calls } else { calls.div_ceil(AT_ONCE as u64) };
    let cases: Vec<Vec<u64>> =
        (1..=runs).map(|first| (first..=calls).step_by(runs as usize).collect()).collect();
    let tried: BTreeSet<u64> = cases.iter().flatten().copied().collect();
    assert_eq!(tried, (1..=calls).collect(), "every mutating call");
    report(&format!("{what}: keys run out at each of {calls} mutating calls, in {runs} runs"));
    in_parallel(&cases, |_, calls| {
        let context = format!("{what}, mutating calls {calls:?}");
        let mut rehearsal = before.fork();
        let ran = rehearsal.run(verb, at(calls)).complete();
        let told: Vec<&str> = ran
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Credentials { state, .. } => Some(*state),
                _ => None,
            })
            .collect();
        assert_eq!(ran.faults, vec![1; calls.len()], "{context}: a rule found no call");
        // Calls that are under way at the same time have the same key: then it is one pause.
        let pauses = told.len() / 2;
        assert!((1..=calls.len()).contains(&pauses), "{context}: {pauses} pauses");
        assert_eq!(told, ["expired", "renewed"].repeat(pauses), "{context}");
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

/// A whole run in which the keys end; `renew` is done when the run says so. What it said.
fn paused(home: &Home, args: &[&str], env: &[(&str, &str)], renew: impl Fn()) -> String {
    let mut run =
        home.command(args, env).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a run");
    let mut said = String::new();
    for line in BufReader::new(run.stderr.take().expect("its talk")).lines().map_while(Result::ok) {
        if line.contains("the credentials ran out") {
            renew();
        }
        said.push_str(line.trim());
        said.push(' ');
    }
    assert_eq!(run.wait().expect("its end").code(), Some(0), "{said}");
    assert_eq!(said.matches("the credentials ran out").count(), 1, "{said}");
    assert!(said.contains("the run resumes"), "{said}");
    said
}

#[test]
fn a_run_pauses_until_the_credentials_file_has_new_keys() {
    let place = Place::troubled(QUICK, 60, RULES);
    let home = Home::new("[profile ops]\nregion = us-east-1\n", "");
    credentials(&home, "AKIAOLD0000000000000");
    write(&home.path().join("plan.yaml"), QUICK);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("MIGRATE_SANDBOX_SPEED", "60")];
    let args = ["up", "plan.yaml", "--yes", "--profile", "ops", "--auth-wait", "2h"];
    let said = paused(&home, &args, &env, || credentials(&home, "AKIANEW0000000000000"));
    assert!(said.contains("put new keys for profile ops into"), "{said}");
    let log = home.run(&["plan", "plan.yaml", "--profile", "ops", "--detailed-exitcode"], &env);
    assert_eq!(log.0.status.code(), Some(0), "nothing is left to do: {}", log.err());
}

#[test]
fn a_run_pauses_until_somebody_signs_in_again_with_sso() {
    let place = Place::troubled(QUICK, 60, RULES);
    let config = "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n\
                  region = us-east-1\n[sso-session corp]\nsso_region = us-east-1\n\
                  sso_start_url = https://corp.awsapps.com/start\n";
    let home = Home::new(config, "");
    write(&home.path().join("plan.yaml"), QUICK);
    // The portal gives keys for the first token once: then its session has ended elsewhere.
    let asked = AtomicU32::new(0);
    let portal = Fixed::new(move |head, _| {
        let first = head.lines().any(|line| line.to_lowercase() == "x-amz-sso_bearer_token: first");
        if first && asked.fetch_add(1, Ordering::SeqCst) > 0 {
            let headers = "Content-Type: application/json\r\nx-amzn-errortype: UnauthorizedException\r\n";
            return answer(
                "401 Unauthorized",
                headers,
                r#"{"message": "Session token not found or invalid"}"#,
            );
        }
        let key = if first { "ASIAFIRST00000000000" } else { "ASIASECOND0000000000" };
        let keys = format!(
            r#"{{"roleCredentials": {{"accessKeyId": "{key}", "secretAccessKey": "s", "sessionToken": "t",
                "expiration": 4070908800000}}}}"#
        );
        answer("200 OK", "Content-Type: application/json\r\n", &keys)
    });
    sso_token(&home, "first", "2099-01-01T00:00:00Z");
    let url = portal.url();
    let env = [
        ("AWS_ENDPOINT_URL", place.endpoint.as_str()),
        ("AWS_ENDPOINT_URL_SSO", &url),
        ("MIGRATE_SANDBOX_SPEED", "60"),
    ];
    let args = ["up", "plan.yaml", "--yes", "--profile", "corp", "--auth-wait", "2h"];
    let said = paused(&home, &args, &env, || sso_token(&home, "second", "2099-01-01T00:00:00Z"));
    assert!(said.contains("aws sso login --profile corp"), "{said}");
    let plan = home.run(&["plan", "plan.yaml", "--profile", "corp", "--detailed-exitcode"], &env);
    assert_eq!(plan.0.status.code(), Some(0), "nothing is left to do: {}", plan.err());
}

#[test]
fn a_run_takes_a_new_session_of_its_web_identity() {
    let role = "Resources: {Ci: {Type: 'AWS::IAM::Role', Properties: {RoleName: ci, AssumeRolePolicyDocument: {Version: \
                '2012-10-17', Statement: [{Effect: Allow, Principal: {Federated: !Sub \
                'arn:aws:iam::${AWS::AccountId}:oidc-provider/token.example.com'}, Action: \
                'sts:AssumeRoleWithWebIdentity'}]}}}}";
    // The role is the first thing that is made; the plan's eighth meets the end of the session.
    let rules = r#"[{"match": {"mutating": true, "nth": 9}, "action": "expire-key"}]"#;
    let place = Place::troubled(role, 60, rules);
    let up = place.run(&["up", "plan.yaml", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", String::from_utf8_lossy(&up.stderr));
    pass(Duration::from_millis(500));
    let home = Home::new("", "");
    write(&home.path().join("plan.yaml"), QUICK);
    let file = home.path().join("token");
    write(&file, &token("repo:acme/shop", 4_000_000_000));
    let env = [
        ("AWS_ENDPOINT_URL", place.endpoint.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().expect("a path")),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci"),
        ("AWS_REGION", "us-east-1"),
        ("MIGRATE_SANDBOX_SPEED", "60"),
    ];
    let args = ["up", "plan.yaml", "--yes", "--auth-wait", "2h", "--ledger", "l"];
    paused(&home, &args, &env, || write(&file, &token("repo:acme/shop", 4_000_000_001)));
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
