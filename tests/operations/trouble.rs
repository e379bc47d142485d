//! Gates that are closed, others who change things, refusals, lost answers, deaths.

use serde_json::{Value as Json, json};

use super::{Desk, change, text};
use crate::support::thorough;

#[test]
fn a_gate_that_is_closed_changes_nothing_and_says_how_to_pass_it() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    desk.account(|world| {
        let now = world.now();
        let keys: Vec<String> = world.rows("dms.task").map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            let row = world.get_mut("dms.task", &key).expect("a task");
            row["_lag"] = json!([[now - 600_000, now + 86_400_000, 95.0]]);
        }
    });
    let output = desk.expect(11, &["lag", "--check"]);
    assert!(text(&output).contains("closed"), "{}", text(&output));
    desk.expect(0, &["lag"]);
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(11), "{}", text(&output));
    assert!(text(&output).contains("--override 'lag=REASON'"), "{}", text(&output));
    assert_eq!(desk.operated(), before);
    let output = desk.cut_over(&["--override", "tables=none of them matter"], None);
    assert_eq!(output.status.code(), Some(2), "a strict gate cannot be passed over: {}", text(&output));
}

#[test]
fn what_somebody_else_changed_stops_every_verb_until_it_is_accepted() {
    let desk = Desk::synced(0);
    desk.change("route53.record", |row| row["Weight"] == 0, |row| row["Weight"] = json!(50));
    let before = desk.operated();
    for verb in [&["replicate", "stop", "--yes"][..], &["rollback", "--yes"][..]] {
        let output = desk.expect(12, verb);
        assert!(text(&output).contains("O2002"), "{}", text(&output));
    }
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(12));
    assert_eq!(desk.operated(), before, "nothing was changed");
    desk.expect(0, &["reconcile", "--accept", "all", "--reason", "edited by hand, CHG-7", "--yes"]);
    desk.expect(0, &["replicate", "stop", "--yes"]);
}

/// Something that another operator may do between two verbs.
type Stranger = (&'static str, fn(&mut migrate::sandbox::World));

#[test]
fn every_kind_of_change_by_others_is_seen_before_anything_is_changed() {
    const STRANGERS: [Stranger; 5] = [
        ("Weight of record", |world| {
            change(world, "route53.record", |row| row["Weight"] == 100, |row| row["Weight"] = json!(90));
        }),
        ("FreshStartDate of", |world| {
            let forward = |row: &Json| row["MigrationType"] == "full-load-and-cdc";
            change(world, "dms.task", forward, |row| {
                let anew = row["_fresh"].as_i64().expect("a date") + 60_000;
                (row["_fresh"], row["_run"]) = (json!(anew), json!(anew));
            });
        }),
        ("ingress of", |world| {
            let found = world
                .rows("ec2.security-group-rule")
                .find(|(_, row)| row["FromPort"] == 5432 && row["IsEgress"] != true);
            let key = found.expect("a rule").0.to_owned();
            world.remove("ec2.security-group-rule", &key);
        }),
        ("MinCapacity of", |world| {
            change(world, "autoscaling.target", |_| true, |row| row["MinCapacity"] = json!(1));
        }),
        ("ActionsEnabled of", |world| {
            let lag = |row: &Json| row["MetricName"] == "CDCLatencyTarget";
            change(world, "cloudwatch.alarm", lag, |row| row["ActionsEnabled"] = json!(false));
        }),
    ];
    let synced = Desk::synced(0);
    for (what, stranger) in STRANGERS {
        let desk = synced.fork();
        desk.account(stranger);
        let before = desk.operated();
        let output = desk.cut_over(&[], None);
        assert_eq!(output.status.code(), Some(12), "{what}: {}", text(&output));
        assert!(text(&output).contains(what), "{what}: {}", text(&output));
        assert_eq!(desk.operated(), before, "{what}: nothing was changed");
    }
}

#[test]
fn what_somebody_else_changes_just_before_a_call_is_not_overwritten() {
    let synced = Desk::synced(0);
    let before = synced.operated();
    // When the names are moved: known from an undisturbed run, as virtual time repeats itself.
    let undisturbed = synced.fork();
    let began = undisturbed.account(|world| world.now());
    assert_eq!(undisturbed.cut_over(&[], None).status.code(), Some(0));
    let timeline = undisturbed.ledger().operations.timeline;
    let flip = timeline.iter().rev().find(|moment| {
        matches!(&moment.happened, migrate::ledger::Happened::Called { request, .. }
            if request.operation == "ChangeResourceRecordSets")
    });
    let at = migrate::clock::from_rfc3339(&flip.expect("a flip").at).expect("a time");
    let millis = migrate::clock::millis(at) - began;
    // A second before it, long after the last look at everything.
    let desk = synced.fork();
    desk.account(|world| {
        let found = world.rows("route53.record").find(|(_, row)| row["Weight"] == 0).expect("a record");
        let key = found.0.to_owned();
        world.set_after(millis - 1_500, "route53.record", &key, json!({"Weight": 7}));
    });
    let output = desk.cut_over(&[], None);
    // It is noticed; and the abort, which puts back what was there before the cutover, has that changed under it too.
    assert!(!matches!(output.status.code(), Some(0)), "{}", text(&output));
    assert!(text(&output).contains("somebody else changed it just before a call"), "{}", text(&output));
    let moved = desk.ledger().operations.timeline.iter().any(|moment| {
        matches!(&moment.happened, migrate::ledger::Happened::Called { name, .. } if name.contains("to 0 for the source"))
    });
    assert!(!moved, "the stranger's weight was overwritten by the flip: {}", text(&output));
    let status = desk.status();
    assert!(status["operations"]["writes_refused_since"].is_null(), "the source serves: {status:#}");
    let whole = |list: &[String]| {
        list.iter()
            .filter(|line| !line.starts_with("record") && !line.starts_with("task"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(whole(&desk.operated()), whole(&before), "{}", text(&output));
}

fn fault(nth: usize, action: Json) -> Json {
    json!([{"match": {"mutating": true, "nth": nth}, "action": action}])
}

#[test]
fn a_refusal_before_the_opening_is_undone() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    let refusal =
        json!({"error": {"code": "InvalidResourceStateFault", "status": 400, "message": "not now"}});
    for operation in ["RevokeSecurityGroupIngress", "StopReplicationTask", "ChangeResourceRecordSets"] {
        let desk = desk.fork();
        let faults = json!([{"match": {"operation": operation, "times": 1}, "action": refusal}]);
        let output = desk.cut_over(&[], Some(&faults));
        assert_eq!(output.status.code(), Some(13), "{operation}: {}", text(&output));
        assert_eq!(desk.operated(), before, "{operation}");
        assert_eq!(desk.phase(), "synced", "{operation}");
    }
}

/// How many calls of a cutover change the account.
const CALLS: usize = 10;

#[test]
fn a_lost_answer_of_any_call_is_found_again() {
    let desk = Desk::synced(0);
    let step = if thorough() { 1 } else { 3 };
    for nth in (1..=CALLS).step_by(step) {
        for action in ["lose-answer", "throttle"] {
            let desk = desk.fork();
            let output = desk.cut_over(&[], Some(&fault(nth, json!(action))));
            assert_eq!(output.status.code(), Some(0), "{action} of call {nth}: {}", text(&output));
            assert_eq!(desk.phase(), "live", "{action} of call {nth}");
        }
    }
}

/// How many calls of a rollback change the account.
const BACK: usize = 11;

#[test]
fn a_lost_answer_of_any_call_of_a_way_back_is_found_again() {
    let synced = Desk::synced(0);
    let step = if thorough() { 1 } else { 4 };
    let live = synced.fork();
    assert_eq!(live.cut_over(&[], None).status.code(), Some(0));
    for nth in (1..=BACK).step_by(step) {
        for action in ["lose-answer", "throttle"] {
            let desk = live.fork();
            let output = desk.roll_back_with(&[], Some(&fault(nth, json!(action))));
            let context = format!("{action} of call {nth}: {}", text(&output));
            assert_eq!(output.status.code(), Some(0), "{context}");
            assert_eq!(
                (desk.phase().as_str(), desk.standing()),
                ("rolled-back", synced.standing()),
                "{context}"
            );
        }
    }
    // One more has nothing to lose: the count above is all of them.
    let desk = live.fork();
    let beyond = fault(BACK + 1, json!({"crash": "before"}));
    assert_eq!(
        desk.roll_back_with(&[], Some(&beyond)).status.code(),
        Some(0),
        "a rollback makes more calls than that"
    );
    // The abort of a cutover that died behind the fence, and the verbs of one call each.
    let dead = synced.fork();
    let output = dead.cut_over(
        &[],
        Some(&json!([{"match": {"operation": "StopReplicationTask"}, "action": {"crash": "after"}}])),
    );
    assert_eq!(output.status.code(), Some(137), "{}", text(&output));
    for nth in (1..=6).step_by(step) {
        let desk = dead.fork();
        let output = desk.cut_over(&["--abort"], Some(&fault(nth, json!("lose-answer"))));
        assert_eq!(output.status.code(), Some(0), "call {nth}: {}", text(&output));
        assert_eq!(desk.operated(), synced.operated(), "I7: call {nth}: {}", text(&output));
    }
    let desk = synced.fork();
    let lost = fault(1, json!("lose-answer"));
    for (verb, runs) in [("stop", false), ("resume", true)] {
        let output = desk.run_with(&["replicate", verb, "--yes"], Some(&lost));
        assert_eq!(output.status.code(), Some(0), "{verb}: {}", text(&output));
        let task = "task \"payment-replication-dev-001\"";
        let shown = desk.operated().into_iter().find(|line| line.starts_with(task)).expect("the task");
        assert!(shown.ends_with(&runs.to_string()), "{verb}: {shown}");
    }
}

/// When each forward task was started anew.
fn started(desk: &Desk) -> Vec<Json> {
    desk.account(|world| {
        let dates = world
            .rows("dms.task")
            .filter(|(_, row)| super::is_forward(row))
            .map(|(_, row)| row["_fresh"].clone());
        dates.filter(|date| !date.is_null()).collect()
    })
}

#[test]
fn a_lost_answer_of_a_start_a_reload_a_shift_and_a_finalize_is_found_again() {
    let deployed = Desk::new(0);
    deployed.expect(0, &["up", "--yes"]);
    let confirm = format!("reload {}", deployed.name);
    let reload = ["replicate", "reload", "--yes", "--confirm", &confirm];
    let (splitting, _plan) = Desk::splitting();
    for action in ["lose-answer", "throttle"] {
        let lost = |nth: usize| fault(nth, json!(action));
        let desk = deployed.fork();
        // Both ends of both tasks.
        for nth in [1, 4] {
            let desk = deployed.fork();
            let output = desk.run_with(&["replicate", "test-connections", "--yes"], Some(&lost(nth)));
            assert_eq!(output.status.code(), Some(0), "{action} of test {nth}: {}", text(&output));
        }
        desk.expect(0, &["replicate", "test-connections", "--yes"]);
        let output = desk.run_with(&["replicate", "start", "--yes", "--wait", "loaded"], Some(&lost(1)));
        assert_eq!(output.status.code(), Some(0), "{action}: {}", text(&output));
        assert_eq!(started(&desk).len(), 1, "{action}");
        let calls = |desk: &Desk| {
            let timeline = desk.ledger().operations.timeline;
            let starts = timeline.iter().filter(|moment| {
                matches!(&moment.happened, migrate::ledger::Happened::Called { request, outcome, .. }
                    if request.operation == "StartReplicationTask" && outcome != "refused")
            });
            starts.count()
        };
        assert_eq!(calls(&desk), 1, "{action}: sent once, and its effect was found");
        // It stops, then it loads anew: the answer of either may be lost.
        for nth in [1, 2] {
            let desk = desk.fork();
            let before = started(&desk);
            let output = desk.run_with(&reload, Some(&lost(nth)));
            assert_eq!(output.status.code(), Some(0), "{action} of reload {nth}: {}", text(&output));
            assert_ne!(started(&desk), before, "{action} of reload {nth}");
            assert_eq!(desk.phase(), "loading", "{action} of reload {nth}");
        }

        let desk = splitting.fork();
        let output = desk.run_with(&["shift", "--to", "25", "--yes"], Some(&lost(1)));
        assert_eq!(output.status.code(), Some(0), "{action}: {}", text(&output));
        assert_eq!(desk.phase(), "shifting(25)", "{action}");
        let weights =
            desk.operated().into_iter().filter(|line| line.starts_with("record")).collect::<Vec<_>>();
        assert!(weights.iter().any(|line| line.ends_with(" 25")), "{action}: {weights:?}");

        let desk = Desk::synced(0);
        assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
        let confirm = format!("finalize {}", desk.name);
        let soak = ["--override", "soak=rehearsed, nobody waits a day"];
        let words = ["finalize", "--yes", "--confirm", &confirm, soak[0], soak[1]];
        let output = desk.run_with(&words, Some(&lost(1)));
        assert_eq!(output.status.code(), Some(0), "{action}: {}", text(&output));
        assert_eq!(desk.phase(), "finalized", "{action}");
        let running =
            desk.operated().into_iter().filter(|line| line.starts_with("task") && line.ends_with("true"));
        assert_eq!(running.count(), 0, "I10: {action}");
    }
}

#[test]
fn commands_that_reopen_a_side_are_printed_before_it_is_shut() {
    let desk = Desk::synced(0);
    let groups = |desk: &Desk| {
        let resolved: migrate::operations::discover::Resolved =
            serde_json::from_value(desk.ledger().operations.declared).expect("a declaration");
        (resolved.source.groups[0].clone(), resolved.target.groups[0].clone())
    };
    let printed = |output: &std::process::Output, group: &str| {
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = lines.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let refused =
            events.into_iter().find(|event| event["event"] == "refusal_started").expect("a refusal");
        assert_eq!(refused["side"] == "source", group == groups(&desk).0, "{refused}");
        let reopen = refused["reopen"].to_string();
        assert!(reopen.contains("authorize-security-group-ingress") && reopen.contains(group), "{reopen}");
        assert!(reopen.contains("update-service") && reopen.contains("register-scalable-target"), "{reopen}");
        reopen
    };
    let output = desk.cut_over(&["--json"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let (source, target) = groups(&desk);
    assert!(!printed(&output, &source).contains(&target), "of the source only");
    let output = desk.roll_back_with(&["--json"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(!printed(&output, &target).contains(&source), "of the target only");
}

#[test]
fn a_cutover_that_died_at_any_call_is_completed_or_undone() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    let step = if thorough() { 1 } else { 3 };
    for nth in (1..=CALLS).step_by(step) {
        for moment in ["before", "after"] {
            let dead = desk.fork();
            let output = dead.cut_over(&[], Some(&fault(nth, json!({"crash": moment}))));
            assert_eq!(output.status.code(), Some(137), "call {nth}: {}", text(&output));
            for end in ["--continue", "--abort"] {
                let desk = dead.fork();
                let output = desk.cut_over(&[end], None);
                let context = format!("{moment} call {nth}, {end}: {}", text(&output));
                match (output.status.code(), end) {
                    (Some(0), "--continue") => assert_eq!(desk.phase(), "live", "{context}"),
                    (Some(0), _) => assert_eq!(desk.operated(), before, "{context}"),
                    // The target has begun to open: only the way forward is left.
                    (Some(7), "--abort") => {
                        assert!(text(&output).contains("begun to open"), "{context}");
                        assert_eq!(desk.cut_over(&["--continue"], None).status.code(), Some(0), "{context}");
                    }
                    (code, _) => panic!("{code:?} {context}"),
                }
            }
        }
    }
}
