//! Defects that were found by deaths and by reading, each with the test that would have found it.

use migrate::ledger::Happened;
use serde_json::{Value as Json, json};

use super::{Desk, film::Film, text};

/// The reverse task has failed: nothing comes back by itself.
fn break_reverse(desk: &Desk) {
    desk.account(|world| {
        let found = world.rows("dms.task").find(|(_, row)| row["MigrationType"] == "cdc");
        let key = found.expect("a reverse task").0.to_owned();
        let now = world.now();
        let row = world.get_mut("dms.task", &key).expect("it");
        (row["Status"], row["_halt"]) = (json!("failed"), json!(now));
    });
}

const LOSE: [&str; 5] = ["rollback", "--yes", "--accept-loss", "--confirm", "lose all changes"];

#[test]
fn a_rollback_that_gave_changes_up_says_nothing_about_the_next_one() {
    let desk = Desk::synced(0);
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    break_reverse(&desk);
    let refused = desk.expect(11, &["rollback", "--yes"]);
    assert!(text(&refused).contains("--accept-loss"), "{}", text(&refused));
    desk.expect(0, &LOSE);
    assert_eq!(desk.ledger().operations.noted("rollback-loss"), Some(&json!(true)));
    // Once more, there and back.
    let reload = format!("reload {}", desk.name);
    desk.expect(0, &["replicate", "reload", "--yes", "--confirm", &reload]);
    desk.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
    desk.expect(0, &["lag", "--check"]);
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    // It asks for the text of a rollback without loss, and waits until everything is back.
    let asked = desk.expect(7, &["rollback", "--yes"]);
    assert!(text(&asked).contains("roll back payments-multi-stack dev"), "{}", text(&asked));
    let proofs = |desk: &Desk| {
        let timeline = desk.ledger().operations.timeline;
        let proven = |moment: &&migrate::ledger::Moment| matches!(&moment.happened, Happened::Noted { name, .. } if name == "drain-proof");
        timeline.iter().filter(proven).count()
    };
    let before = proofs(&desk);
    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.ledger().operations.noted("rollback-loss"), Some(&json!(false)));
    assert_eq!(proofs(&desk), before + 1, "it proved that everything had come back");
}

#[test]
fn the_snapshot_before_a_loss_holds_the_last_write() {
    let desk = Desk::synced(0);
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    break_reverse(&desk);
    desk.expect(0, &LOSE);
    let timeline = desk.ledger().operations.timeline;
    let last = |operation: &str| {
        timeline.iter().rposition(
            |moment| matches!(&moment.happened, Happened::Called { request, .. } if request.operation == operation),
        )
    };
    let taken = last("CreateDBSnapshot").or_else(|| last("CreateDBClusterSnapshot")).expect("a snapshot");
    let began = timeline
        .iter()
        .rposition(|moment| matches!(&moment.happened, Happened::RefusalStarted))
        .expect("writes were refused");
    let fenced = timeline.iter().enumerate().skip(began).filter(|(_, moment)| {
        matches!(&moment.happened, Happened::Called { name, request, .. }
            if request.operation == "RevokeSecurityGroupIngress" || name.ends_with("to 0 tasks"))
    });
    let fenced: Vec<usize> = fenced.map(|(at, _)| at).collect();
    assert!(fenced.len() >= 2, "writers and door: {fenced:?}");
    assert!(fenced.iter().all(|at| *at < taken), "the snapshot is behind the fence: {fenced:?} {taken}");
    // And it is waited for.
    let available = desk.account(|world| {
        world.rows("rds.db-snapshot").map(|(_, row)| row["Status"].clone()).collect::<Vec<Json>>()
    });
    assert!(available.contains(&json!("available")), "{available:?}");
}

#[test]
fn while_a_cutover_is_interrupted_nothing_else_acts() {
    let desk = Desk::synced(0);
    let faults =
        json!([{"match": {"operation": "RevokeSecurityGroupIngress"}, "action": {"crash": "after"}}]);
    let output = desk.cut_over(&[], Some(&faults));
    assert_eq!(output.status.code(), Some(137), "{}", text(&output));
    let shut = desk.operated();
    let reload = format!("reload {}", desk.name);
    let finalize = format!("finalize {}", desk.name);
    let verbs: [&[&str]; 8] = [
        &["replicate", "stop", "--yes"],
        &["replicate", "start", "--yes"],
        &["replicate", "reload", "--yes", "--confirm", &reload],
        &["replicate", "resume", "--yes"],
        &["shift", "--to", "0", "--yes"],
        &["finalize", "--yes", "--confirm", &finalize],
        &["verify", "--revalidate", "--yes"],
        &["destroy", "--yes", "--allow-data-loss", "all"],
    ];
    for verb in verbs {
        let output = desk.run(verb);
        assert_eq!(output.status.code(), Some(7), "{verb:?}: {}", text(&output));
        assert_eq!(desk.operated(), shut, "{verb:?}");
    }
    // A deployment leaves alone what is operated.
    desk.expect(0, &["up", "--yes"]);
    assert_eq!(desk.operated(), shut);
    desk.expect(0, &["cutover", "--abort", "--yes"]);
    assert_eq!(desk.phase(), "synced");
}

#[test]
fn a_cutover_that_died_while_it_opened_a_warm_target_can_be_rolled_back() {
    let (desk, _plan) = Desk::edited(&[("migration.yaml", "fence: {target: cold}", "fence: {target: warm}")]);
    desk.sync();
    let before: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    let film = Film::of(&desk, &desk.cutting().iter().map(String::as_str).collect::<Vec<_>>());
    let opened: Vec<usize> = film
        .frames
        .iter()
        .enumerate()
        .filter(|(_, frame)| frame.at.contains("\"opening\"") || frame.at.contains("route53.record"))
        .map(|(at, _)| at)
        .collect();
    assert!(opened.len() >= 2, "{opened:?}");
    for at in opened {
        let desk = film.desk(&film.frames[at]);
        let context = &film.frames[at].at;
        let mut words = desk.rolling();
        words.push("--wait".into());
        let output = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(0), "{context}: {}", text(&output));
        assert_eq!(desk.phase(), "rolled-back", "{context}");
        let after: Vec<String> =
            desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
        assert_eq!(after, before, "{context}");
    }
}
