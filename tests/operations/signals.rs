//! Real signals to a real process inside the window. A hook holds it at a place; what it does then is seen in the world.

use std::{
    path::Path,
    process::{Child, Output, Stdio},
    time::{Duration, Instant},
};

use super::{Desk, said, text};
use crate::process::program;

/// Stops wherever a file `hold.NAME` is, until that file is gone.
const HOLDING: &str = "#!/bin/sh
if [ -e \"hold.$1\" ]; then
  touch \"held.$1\"
  while [ -e \"hold.$1\" ]; do sleep 0.05; done
fi
[ \"$1\" != sentinel-read ] || printf %s \"$MIGRATE_TOKEN\"
";

/// Places before the target opens, in order.
const PLACES: [&str; 6] =
    ["fence", "sentinel-write", "sentinel-read", "checks", "before-open", "before-reverse"];

fn begin(desk: &Desk, words: &[&str]) -> Child {
    let mut command = program();
    command.current_dir(desk.dir.path()).arg("--sandbox").arg(words[0]).arg(&desk.plan).args(&words[1..]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    command.spawn().expect("it begins")
}

#[expect(clippy::disallowed_methods, reason = "a real process runs in real time")]
fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "not within two minutes: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn hold(plan: &Path, place: &str) {
    crate::support::write(&plan.join(format!("hold.{place}")), "");
}

fn release(plan: &Path, place: &str) {
    for file in [format!("hold.{place}"), format!("held.{place}")] {
        let _ = std::fs::remove_file(plan.join(file));
    }
}

fn held(plan: &Path, place: &str) {
    let file = plan.join(format!("held.{place}"));
    until(&format!("the hook {place} runs"), || file.exists());
}

#[expect(clippy::disallowed_methods, reason = "a real process runs in real time")]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill");
    assert!(sent.success(), "{name} to {id}");
    // The process hears of it on a thread of its own.
    std::thread::sleep(Duration::from_millis(300));
}

fn ended(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

fn ready() -> (Desk, tempfile::TempDir) {
    let mut names = PLACES.to_vec();
    names.extend(["unfence", "before-return"]);
    let (desk, plan) = Desk::hooked(&names, HOLDING, &[]);
    desk.sync();
    (desk, plan)
}

#[test]
fn the_first_ctrl_c_before_the_names_move_reopens_the_source() {
    let (synced, plan) = ready();
    let before = synced.operated();
    for place in PLACES {
        let desk = synced.fork();
        hold(plan.path(), place);
        let words = desk.cutting();
        let child = begin(&desk, &words.iter().map(String::as_str).collect::<Vec<_>>());
        held(plan.path(), place);
        signal(&child, "INT");
        release(plan.path(), place);
        let output = ended(child);
        let context = format!("{place}: {}", text(&output));
        assert_eq!(output.status.code(), Some(13), "{context}");
        assert!(said(&output).contains("the source reopens within"), "announced: {context}");
        assert_eq!(desk.operated(), before, "I7: {context}");
        assert_eq!(desk.phase(), "synced", "{context}");
        assert!(desk.status()["operations"]["writes_refused_since"].is_null(), "I9: {context}");
    }
}

#[test]
fn a_second_ctrl_c_ends_it_where_it_stands_and_names_what_is_shut() {
    let (desk, plan) = ready();
    let before = desk.operated();
    hold(plan.path(), "checks");
    let words = desk.cutting();
    let child = begin(&desk, &words.iter().map(String::as_str).collect::<Vec<_>>());
    held(plan.path(), "checks");
    hold(plan.path(), "unfence");
    signal(&child, "INT");
    release(plan.path(), "checks");
    held(plan.path(), "unfence");
    signal(&child, "INT");
    release(plan.path(), "unfence");
    let output = ended(child);
    assert_eq!(output.status.code(), Some(8), "{}", text(&output));
    let words = said(&output);
    assert!(words.contains("writes are refused since") && words.contains("migrate cutover"), "{words}");
    assert!(words.contains("--abort"), "{words}");
    assert!(desk.status()["operations"]["writes_refused_since"].is_string());
    let words = ["cutover", "--abort", "--yes"];
    let output = desk.run(&words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.operated(), before);
    assert_eq!(desk.phase(), "synced");
}

#[test]
fn a_kill_inside_the_window_is_shown_and_then_completed_or_undone() {
    let (synced, plan) = ready();
    let before = synced.operated();
    for (at, place) in PLACES.iter().enumerate() {
        let dead = synced.fork();
        hold(plan.path(), place);
        let words = dead.cutting();
        let mut child = begin(&dead, &words.iter().map(String::as_str).collect::<Vec<_>>());
        held(plan.path(), place);
        child.kill().expect("killed");
        child.wait().expect("it is dead");
        release(plan.path(), place);
        let status = dead.status();
        assert!(status["operations"]["writes_refused_since"].is_string(), "{place}: {status:#}");
        // Without a terminal and without a flag it is undone: no name leads to the target yet.
        let desk = dead.fork();
        let output = desk.cut_over(&[], None);
        assert_eq!(output.status.code(), Some(13), "{place}: {}", text(&output));
        assert_eq!(desk.operated(), before, "I7: {place}");
        if at % 2 == 0 {
            let output = dead.cut_over(&["--continue"], None);
            assert_eq!(output.status.code(), Some(0), "{place}: {}", text(&output));
            assert_eq!(dead.phase(), "live", "{place}");
        }
    }
}

#[test]
fn ctrl_c_in_a_rollback_finishes_it() {
    let (desk, plan) = ready();
    let before: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    hold(plan.path(), "before-return");
    let words = desk.rolling();
    let child = begin(&desk, &words.iter().map(String::as_str).collect::<Vec<_>>());
    held(plan.path(), "before-return");
    signal(&child, "TERM");
    release(plan.path(), "before-return");
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(said(&output).contains("the rest takes about"), "announced: {}", text(&output));
    assert_eq!(desk.phase(), "rolled-back");
    let after: Vec<String> = desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
    assert_eq!(after, before);
}

#[test]
fn a_second_operator_is_kept_out_while_the_first_one_cuts_over() {
    let (desk, plan) = ready();
    hold(plan.path(), "checks");
    let words = desk.cutting();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let child = begin(&desk, &words);
    held(plan.path(), "checks");
    for verb in [&words[..], &["replicate", "stop", "--yes"], &["rollback", "--yes"], &["up", "--yes"]] {
        let output = desk.run(verb);
        assert_eq!(output.status.code(), Some(5), "{verb:?}: {}", text(&output));
    }
    release(plan.path(), "checks");
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
}
