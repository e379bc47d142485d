//! What goes wrong inside the window: credentials that run out, changes that are never in sync, tasks that fail while the
//! door is shut, services that never become healthy. Each ends in a clear state, and the source serves or the way on is
//! named.

use serde_json::{Value as Json, json};

use super::{Desk, is_forward, said, text};

/// In so many milliseconds the forward task fails.
fn fails_in(desk: &Desk, millis: i64) {
    desk.account(|world| {
        let key = world.rows("dms.task").find(|(_, row)| is_forward(row)).expect("a task").0.to_owned();
        let halt = world.now() + millis;
        let members =
            json!({"Status": "failed", "_halt": halt, "LastFailureMessage": "Last Error: no space left"});
        world.set_after(millis, "dms.task", &key, members);
    });
}

/// What is set in rows that a call changes, at once: their usual course ends there.
fn held(operation: &str, which: Json, table: &str, members: Json) -> Json {
    let mut selector = json!({"operation": operation});
    if let (Some(all), Some(more)) = (selector.as_object_mut(), which.as_object()) {
        all.extend(more.clone());
    }
    json!([{"match": selector, "action": {"lifecycle-fail": {"table": table, "millis": 0, "members": members}}}])
}

fn refused_since(desk: &Desk) -> Json {
    desk.status()["operations"]["writes_refused_since"].clone()
}

/// Route 53 has spread every change.
fn spread(desk: &Desk) {
    desk.account(|world| {
        let keys: Vec<String> = world.rows("route53.change").map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            world.get_mut("route53.change", &key).expect("a change")["Status"] = json!("INSYNC");
        }
    });
}

/// Every target passes its health checks.
fn heal(desk: &Desk) {
    desk.account(|world| {
        let keys: Vec<String> = world.rows("elbv2.target").map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            let row = world.get_mut("elbv2.target", &key).expect("a target");
            if row["TargetHealth"]["State"] == "unhealthy" {
                row["TargetHealth"] = json!({"State": "healthy"});
            }
        }
    });
}

#[test]
fn credentials_that_run_out_inside_the_window_are_waited_for() {
    let synced = Desk::synced(0);
    for nth in [1, 4, 6, 8, 10] {
        let desk = synced.fork();
        let rule = json!([{"match": {"mutating": true, "nth": nth}, "action": "expire-key"}]);
        let output = desk.cut_over(&[], Some(&rule));
        assert_eq!(output.status.code(), Some(0), "call {nth}: {}", text(&output));
        assert_eq!(desk.phase(), "live", "call {nth}");
        assert!(
            said(&output).contains("credentials"),
            "call {nth}: somebody has to sign in: {}",
            text(&output)
        );
    }
}

#[test]
fn without_new_credentials_it_says_what_is_shut_and_both_ways_on_are_left() {
    let synced = Desk::synced(0);
    let before = synced.operated();
    for (operation, nth) in
        [("UpdateService", 1), ("StopReplicationTask", 1), ("ChangeResourceRecordSets", 1)]
    {
        let desk = synced.fork();
        let rule = json!([{"match": {"operation": operation, "nth": nth}, "action": "expire-key"}]);
        let output = desk.cut_over(&["--auth-wait", "0"], Some(&rule));
        let words = said(&output);
        assert_eq!(output.status.code(), Some(1), "{operation}: {words}");
        assert!(
            words.contains("the credentials have run out, and writes are refused since"),
            "{operation}: {words}"
        );
        assert!(
            words.contains("cutover") && words.contains("--abort") && words.contains("--continue"),
            "{words}"
        );
        assert!(refused_since(&desk).is_string(), "{operation}");
        let undone = desk.fork();
        let output = undone.cut_over(&["--abort"], None);
        assert_eq!(output.status.code(), Some(0), "{operation}: {}", text(&output));
        assert_eq!(undone.operated(), before, "I7: {operation}");
        let output = desk.cut_over(&["--continue"], None);
        assert_eq!(output.status.code(), Some(0), "{operation}: {}", text(&output));
        assert_eq!(desk.phase(), "live", "{operation}");
    }
    // The same in a rollback.
    let desk = synced.fork();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let rule = json!([{"match": {"operation": "ChangeResourceRecordSets"}, "action": "expire-key"}]);
    let output = desk.roll_back_with(&["--auth-wait", "0"], Some(&rule));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let words = said(&output);
    assert!(words.contains("writes are refused since") && words.contains("migrate rollback"), "{words}");
    assert_eq!(desk.roll_back().status.code(), Some(0));
    assert_eq!(desk.phase(), "rolled-back");
}

#[test]
fn a_change_that_is_never_in_sync_is_undone_and_the_source_serves() {
    let pending = json!({"Status": "PENDING"});
    let synced = Desk::synced(0);
    let before = synced.operated();
    // Only the change forward: the one back is in sync after a while.
    let desk = synced.fork();
    let never = held("ChangeResourceRecordSets", json!({"nth": 1}), "route53.change", pending.clone());
    let output = desk.cut_over(&[], Some(&never));
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert!(said(&output).contains("is in sync"), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
    assert_eq!(desk.phase(), "synced");
    // Neither of them: the source does not wait for Route 53, as the target is shut.
    let never = held("ChangeResourceRecordSets", json!({}), "route53.change", pending.clone());
    let desk = synced.fork();
    let output = desk.cut_over(&[], Some(&never));
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the source serves again, but the abort is not complete"), "{words}");
    assert!(words.contains("--abort"), "{words}");
    assert!(refused_since(&desk).is_null(), "the source takes writes");
    // Asked again, it is not taken for in sync: the weights are right, but nobody knows what resolvers answer.
    let again = desk.fork();
    let output = again.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    spread(&desk);
    let output = desk.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
    assert_eq!(desk.phase(), "synced");
    // A rollback likewise.
    let desk = synced.fork();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let output = desk.roll_back_with(&[], Some(&never));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(refused_since(&desk).is_null(), "the source takes writes: {}", text(&output));
    assert_eq!(desk.phase(), "rolling-back");
    spread(&desk);
    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "rolled-back");
}

#[test]
fn where_the_same_services_serve_both_sides_nothing_opens_before_the_names_lead_back() {
    let pending = json!({"Status": "PENDING"});
    let desk = Desk::synced(1);
    let before = desk.operated();
    let never = held("ChangeResourceRecordSets", json!({}), "route53.change", pending);
    let output = desk.cut_over(&[], Some(&never));
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the abort is not complete: writes are refused since"), "{words}");
    assert!(desk.operated().iter().any(|line| line.starts_with("service") && line.ends_with(" 0")));
    // The weights are right by now; still it waits.
    let again = desk.fork();
    let output = again.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(again.operated().iter().any(|line| line.starts_with("service") && line.ends_with(" 0")));
    spread(&desk);
    let output = desk.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
}

#[test]
fn a_forward_task_that_fails_while_the_door_is_shut_ends_the_cutover_at_once() {
    let synced = Desk::synced(0);
    let before = synced.operated();
    // While it is proven that nothing is captured any more, and while the rest arrives.
    for millis in [12_000, 120_000, 400_000] {
        let desk = synced.fork();
        fails_in(&desk, millis);
        let began = desk.account(|world| world.now());
        let output = desk.cut_over(&[], None);
        let context = format!("after {millis} ms: {}", text(&output));
        assert_eq!(output.status.code(), Some(13), "{context}");
        assert!(said(&output).contains("is failed: Last Error: no space left"), "{context}");
        assert_eq!(desk.operated(), before, "I7: {context}");
        assert_eq!(desk.phase(), "synced", "{context}");
        let took = desk.account(|world| world.now()) - began;
        assert!(took < millis + 420_000, "it does not wait for what cannot come: {took} ms, {context}");
        // Resumed, it goes through.
        desk.pass(600);
        assert_eq!(desk.cut_over(&[], None).status.code(), Some(0), "{context}");
    }
}

#[test]
fn a_sentinel_that_a_failed_task_cannot_bring_is_not_waited_for() {
    let script = "#!/bin/sh\n[ \"$1\" != sentinel-read ] || echo nothing\n";
    let (desk, _plan) = Desk::hooked(&["sentinel-write", "sentinel-read"], script, &[]);
    desk.sync();
    let before = desk.operated();
    fails_in(&desk, 40_000);
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert!(said(&output).contains("is failed: Last Error"), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
}

#[test]
fn a_task_that_cannot_be_resumed_keeps_the_source_open_and_the_abort_resumable() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    fails_in(&desk, 120_000);
    let gone = json!([{"match": {"operation": "StartReplicationTask"}, "action":
        {"error": {"code": "InvalidResourceStateFault", "status": 400, "message": "storage is full"}}}]);
    let output = desk.cut_over(&[], Some(&gone));
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the source serves again, but the abort is not complete"), "{words}");
    assert!(words.contains("storage is full") && words.contains("Last Error"), "both causes: {words}");
    assert!(refused_since(&desk).is_null());
    let output = desk.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
}

#[test]
fn a_reverse_task_that_fails_before_the_opening_is_undone() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    let fails = json!([{"match": {"operation": "StartReplicationTask", "nth": 1}, "action": {"lifecycle-fail":
        {"table": "dms.task", "millis": 5_000, "members": {"Status": "failed", "LastFailureMessage": "no slot"}}}}]);
    let output = desk.cut_over(&[], Some(&fails));
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert!(said(&output).contains("is failed no slot"), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
    assert_eq!(desk.phase(), "synced");
}

/// Targets never pass their health checks.
fn unhealthy(nth: u64) -> Json {
    let state = json!({"TargetHealth": {"State": "unhealthy", "Reason": "Target.FailedHealthChecks"}});
    held("UpdateService", json!({"nth": nth}), "elbv2.target", state)
}

#[test]
fn a_target_fleet_that_never_becomes_healthy_is_paged_and_both_ways_are_left() {
    let desk = Desk::synced(0);
    let before = desk.standing();
    // Both services to zero, then the target's back to its count.
    let output = desk.cut_over(&[], Some(&unhealthy(3)));
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the target has begun to open, and writes are refused since"), "{words}");
    assert!(words.contains("0 healthy"), "{words}");
    assert!(words.contains("--continue") && words.contains("migrate rollback"), "{words}");
    assert!(refused_since(&desk).is_string());
    let refused = desk.expect(7, &["cutover", "--abort", "--yes"]);
    assert!(text(&refused).contains("begun to open"), "{}", text(&refused));
    let back = desk.fork();
    let output = back.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!((back.phase().as_str(), back.standing()), ("rolled-back", before));
    assert!(refused_since(&back).is_null());
    heal(&desk);
    let output = desk.cut_over(&["--continue"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert!(refused_since(&desk).is_null());
}

#[test]
fn a_source_fleet_that_does_not_come_back_is_said_to_be_shut() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    let mut rules = unhealthy(3);
    let refusal = json!({"match": {"operation": "StopReplicationTask", "times": 1}, "action":
        {"error": {"code": "InvalidResourceStateFault", "status": 400, "message": "not now"}}});
    rules.as_array_mut().expect("rules").push(refusal);
    let output = desk.cut_over(&[], Some(&rules));
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the abort is not complete: writes are refused since"), "{words}");
    assert!(words.contains("not now"), "the cause is not forgotten: {words}");
    heal(&desk);
    let output = desk.cut_over(&["--abort"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.operated(), before, "I7");
}

const AUTOMATIC: (&str, &str, &str) =
    ("migration.yaml", "  fence: {target: cold}", "  fence: {target: cold}\n  auto_rollback: live");

/// In so many milliseconds the target's targets fail their health checks.
fn sickens_in(desk: &Desk, millis: i64) {
    desk.account(|world| {
        let key = world
            .rows("cloudwatch.alarm")
            .find(|(_, row)| {
                row["AlarmName"].as_str().is_some_and(|name| name.starts_with("ECS-Unhealthy-Tasks-target"))
            })
            .expect("an alarm")
            .0
            .to_owned();
        world.set_after(millis, "cloudwatch.alarm", &key, json!({"StateValue": "ALARM", "_held": 4e9}));
    });
}

#[test]
fn a_target_that_serves_badly_is_rolled_back_only_where_that_is_declared() {
    let (desk, _plan) = Desk::edited(&[AUTOMATIC]);
    desk.sync();
    let before = desk.standing();
    // Sixteen minutes after its beginning a cutover has opened the target.
    sickens_in(&desk, 1_100_000);
    let output = desk.cut_over(&[], None);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(13), "{words}");
    assert!(words.contains("was rolled back: gate alarms"), "{words}");
    assert_eq!((desk.phase().as_str(), desk.standing()), ("rolled-back", before));
    assert!(refused_since(&desk).is_null());
    // Where it is not declared, somebody is paged.
    let desk = Desk::synced(0);
    sickens_in(&desk, 1_100_000);
    let output = desk.cut_over(&[], None);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the target takes writes, and does not serve well: gate alarms"), "{words}");
    assert!(words.contains("migrate rollback"), "{words}");
    assert_eq!(desk.phase(), "live");
}
