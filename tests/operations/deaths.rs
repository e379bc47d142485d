//! Death in every moment of every verb that acts: the invariants hold there, and whoever comes next completes or undoes it.
//!
//! A sample of the moments by default, all of them with `MIGRATE_PROOF=full`.

use super::{Desk, film::Film, invariants::Watch, text};
use crate::support::{in_parallel, report, thorough};

/// How many moments are tried.
fn moments(usual: usize) -> usize {
    if thorough() { usize::MAX } else { usual }
}

/// The invariants in every moment of a film.
pub(super) fn watched(film: &Film, what: &str) {
    let mut watch = Watch::default();
    for (frame, world, snapshot) in film.states() {
        let flaws = watch.flaws(&world, &snapshot);
        assert!(flaws.is_empty(), "{what}, {}: {flaws:#?}", frame.at);
    }
    report(&format!("{what}: {} moments", film.frames.len()));
}

/// A desk whose last verb ended well, judged once more by the invariants that need no past.
pub(super) fn at_rest(desk: &Desk, context: &str) {
    let status = desk.status();
    assert!(status["operations"]["writes_refused_since"].is_null(), "I9: {context}: {status:#}");
    assert_eq!(status["open_intents"], serde_json::json!([]), "{context}");
}

/// From each sampled moment of a film: again, until it is done.
pub(super) fn each(film: &Film, usual: usize, what: &str, act: impl Fn(&Desk, &str) + Sync) {
    let frames = film.sample(moments(usual));
    in_parallel(&frames, |_, frame| {
        let desk = film.desk(frame);
        act(&desk, &format!("{what}, died after {}", frame.at));
    });
}

#[test]
fn a_cutover_can_die_in_every_moment() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    let film = Film::of(&desk, &words(&desk.cutting()));
    watched(&film, "cutover");
    each(&film, 4, "cutover", |dead, context| {
        for end in ["--continue", "--abort"] {
            let desk = dead.fork();
            let interrupted = desk.interrupted();
            let output = desk.cut_over(&[end], None);
            let code = output.status.code();
            let context = format!("{context}, {end}: {}", text(&output));
            if !interrupted {
                assert!(matches!(code, Some(7)), "{context}");
                continue;
            }
            match (code, end) {
                (Some(0), "--continue") => assert_eq!(desk.phase(), "live", "{context}"),
                (Some(0), _) => {
                    assert_eq!(desk.operated(), before, "I7: {context}");
                    assert_eq!(desk.phase(), "synced", "{context}");
                }
                (Some(7), "--abort") => {
                    assert!(text(&output).contains("begun to open"), "{context}");
                    assert_eq!(desk.cut_over(&["--continue"], None).status.code(), Some(0), "{context}");
                }
                _ => panic!("{code:?} {context}"),
            }
            at_rest(&desk, &context);
        }
    });
}

#[test]
fn an_abort_can_die_in_every_moment() {
    let desk = Desk::synced(0);
    let before = desk.operated();
    // It died with everything shut and the names moved.
    let film = Film::of(&desk, &words(&desk.cutting()));
    let flipped = film
        .frames
        .iter()
        .rposition(|frame| frame.at.starts_with("change of") && frame.at.contains("route53.record"))
        .expect("a flip");
    let dead = film.desk(&film.frames[flipped]);
    let abort = Film::of(&dead, &["cutover", "--abort", "--yes"]);
    watched(&abort, "abort");
    each(&abort, 3, "abort", |desk, context| {
        // What it had shut may be open again: a cutover must not rely on it.
        let onward = desk.fork();
        if abort_began(&onward) {
            let output = onward.cut_over(&["--continue"], None);
            assert_eq!(output.status.code(), Some(7), "{context}: {}", text(&output));
        }
        let output = desk.run(&["cutover", "--abort", "--yes"]);
        let over = !text(&output).contains("no cutover was interrupted");
        assert_eq!(output.status.code(), Some(if over { 0 } else { 7 }), "{context}: {}", text(&output));
        assert_eq!(desk.operated(), before, "I7: {context}");
        assert_eq!(desk.phase(), "synced", "{context}");
        at_rest(desk, context);
    });
}

#[test]
fn a_rollback_can_die_in_every_moment() {
    let desk = Desk::synced(0);
    let before = desk.standing();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let film = Film::of(&desk, &words(&desk.rolling()));
    watched(&film, "rollback");
    each(&film, 4, "rollback", |desk, context| {
        let output = desk.roll_back();
        assert_eq!(output.status.code(), Some(0), "{context}: {}", text(&output));
        assert_eq!(desk.phase(), "rolled-back", "{context}");
        assert_eq!(desk.standing(), before, "{context}");
        at_rest(desk, context);
    });
}

#[test]
fn a_start_can_die_in_every_moment_and_starts_once() {
    let desk = Desk::new(0);
    desk.expect(0, &["up", "--yes"]);
    desk.expect(0, &["replicate", "test-connections", "--yes"]);
    let start = ["replicate", "start", "--yes", "--wait", "loaded"];
    let film = Film::of(&desk, &start);
    watched(&film, "start");
    each(&film, 3, "start", |desk, context| {
        let started = |desk: &Desk| {
            desk.account(|world| {
                let dates = world.rows("dms.task").map(|(_, row)| row["_fresh"].clone());
                dates.filter(|date| !date.is_null()).collect::<Vec<_>>()
            })
        };
        let first = started(desk);
        desk.expect(0, &start);
        let then = started(desk);
        assert_eq!(then.len(), 1, "{context}");
        assert!(first.is_empty() || first == then, "I6: {context}: {first:?} {then:?}");
        assert_eq!(desk.phase(), "following", "{context}");
        at_rest(desk, context);
    });
}

#[test]
fn finalizing_can_die_in_every_moment() {
    let desk = Desk::synced(0);
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let words = [
        "finalize".to_owned(),
        "--yes".into(),
        "--confirm".into(),
        format!("finalize {}", desk.name),
        "--override".into(),
        "soak=rehearsed, nobody waits a day".into(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let film = Film::of(&desk, &words);
    watched(&film, "finalize");
    each(&film, 3, "finalize", |desk, context| {
        let output = desk.run(&words);
        let done = text(&output).contains("this one is finalized");
        assert_eq!(output.status.code(), Some(if done { 7 } else { 0 }), "{context}: {}", text(&output));
        assert_eq!(desk.phase(), "finalized", "{context}");
        // I10: no task runs that holds a slot open.
        let running =
            desk.operated().into_iter().filter(|line| line.starts_with("task") && line.ends_with("true"));
        assert_eq!(running.count(), 0, "I10: {context}");
        desk.expect(7, &["rollback", "--yes"]);
    });
}

#[test]
fn a_shift_can_die_in_every_moment_and_a_cutover_out_of_it_is_undone_to_it() {
    let (desk, _plan) = Desk::splitting();
    let film = Film::of(&desk, &["shift", "--to", "25", "--yes"]);
    watched(&film, "shift");
    each(&film, 2, "shift", |desk, context| {
        desk.expect(0, &["shift", "--to", "25", "--yes"]);
        assert_eq!(desk.phase(), "shifting(25)", "{context}");
        at_rest(desk, context);
    });
    desk.expect(0, &["shift", "--to", "25", "--yes"]);
    let shifted = desk.operated();
    assert!(shifted.iter().any(|line| line.starts_with("record") && line.ends_with(" 25")), "{shifted:?}");
    let refusal = serde_json::json!([{"match": {"operation": "StopReplicationTask", "times": 1},
        "action": {"error": {"code": "InvalidResourceStateFault", "status": 400, "message": "not now"}}}]);
    let output = desk.cut_over(&[], Some(&refusal));
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert_eq!(desk.operated(), shifted, "I7: the abort returns into the middle of the shift");
    assert_eq!(desk.phase(), "shifting(25)");
    desk.expect(0, &["rollback", "--yes"]);
    assert_eq!(desk.phase(), "synced");
    assert!(desk.operated().iter().any(|line| line.starts_with("record") && line.ends_with(" 100")));
}

/// A film of what comes after a death: the verb that a moment of another film is resumed with.
fn recovery(film: &Film, part: (usize, usize), words: &[&str]) -> Option<Film> {
    let at = film.frames.len() * part.0 / part.1;
    let dead = film.desk(&film.frames[at.min(film.frames.len() - 1)]);
    let output = dead.fork().run(words);
    // Where nothing is left to do there is no recovery to die in.
    (output.status.code() == Some(0)).then(|| Film::of(&dead, words))
}

/// Dies in the middle of a verb, then in the middle of what resumes it, and is resumed again.
fn twice(film: &Film, words: &[&str], what: &str, good: impl Fn(&Desk, &str) + Sync) {
    let parts: &[(usize, usize)] =
        if thorough() { &[(1, 8), (1, 4), (3, 8), (1, 2), (5, 8), (3, 4)] } else { &[(1, 3), (2, 3)] };
    let mut filmed = 0;
    for part in parts {
        let Some(again) = recovery(film, *part, words) else { continue };
        filmed += 1;
        let what = format!("{what}, died at {}/{} of it, resumed", part.0, part.1);
        watched(&again, &what);
        each(&again, 3, &what, |desk, context| {
            let output = desk.run(words);
            assert!(matches!(output.status.code(), Some(0 | 7)), "{context}: {}", text(&output));
            good(desk, &format!("{context}: {}", text(&output)));
            at_rest(desk, context);
        });
    }
    assert!(filmed > 0, "{what}: no moment of it was left to resume");
}

#[test]
fn a_cutover_that_is_completed_can_die_again() {
    let desk = Desk::synced(0);
    let cutting = desk.cutting();
    let film = Film::of(&desk, &words(&cutting));
    let mut onward = words(&cutting);
    onward.push("--continue");
    twice(&film, &onward, "cutover", |desk, context| assert_eq!(desk.phase(), "live", "{context}"));
}

#[test]
fn a_rollback_that_is_resumed_can_die_again() {
    let desk = Desk::synced(0);
    let before = desk.standing();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let rolling = desk.rolling();
    let film = Film::of(&desk, &words(&rolling));
    twice(&film, &words(&rolling), "rollback", |desk, context| {
        assert_eq!(desk.phase(), "rolled-back", "{context}");
        assert_eq!(desk.standing(), before, "{context}");
    });
}

#[test]
fn a_start_a_shift_and_the_end_that_are_resumed_can_die_again() {
    let desk = Desk::new(0);
    desk.expect(0, &["up", "--yes"]);
    desk.expect(0, &["replicate", "test-connections", "--yes"]);
    let start = ["replicate", "start", "--yes", "--wait", "loaded"];
    let film = Film::of(&desk, &start);
    twice(&film, &start, "start", |desk, context| {
        assert_eq!(desk.phase(), "following", "{context}");
        let dates =
            desk.account(|world| world.rows("dms.task").filter(|(_, row)| !row["_fresh"].is_null()).count());
        assert_eq!(dates, 1, "I6: {context}");
    });
    let (desk, _plan) = Desk::splitting();
    let shift = ["shift", "--to", "25", "--yes"];
    let film = Film::of(&desk, &shift);
    twice(&film, &shift, "shift", |desk, context| assert_eq!(desk.phase(), "shifting(25)", "{context}"));
    let desk = Desk::synced(0);
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let confirm = format!("finalize {}", desk.name);
    let reason = "soak=rehearsed, nobody waits a day";
    let end = ["finalize", "--yes", "--confirm", &confirm, "--override", reason];
    let film = Film::of(&desk, &end);
    twice(&film, &end, "finalize", |desk, context| assert_eq!(desk.phase(), "finalized", "{context}"));
}

fn abort_began(desk: &Desk) -> bool {
    let snapshot =
        migrate::ledger::Ledger::peek(&super::film::ledger(desk)).expect("a ledger").expect("a ledger");
    snapshot.operations.aborting() || !snapshot.operations.interrupted()
}

pub(super) fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}
