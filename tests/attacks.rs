//! What an attacker can plant or send, put to the program as it is: input files, state files, links, requests.
//!
//! What a test cannot hold (another user of the machine, a real DNS name, an endless upload) is in `by_hand.sh`.

mod input;
mod links;
mod server;
mod tampering;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value as Json;

use crate::program::{migrate, text};

/// Longest time that any answer to hostile input may take on a busy machine, and most memory, in KiB.
const PATIENCE: u64 = 60;
const MEMORY: u64 = 3 << 20;

/// Runs the program with a limit on memory and time: what does not end is a failure, not a hanging test.
fn bounded(dir: &Path, args: &[&str]) -> Output {
    let script = format!("ulimit -v {MEMORY}; exec timeout -k 1 {PATIENCE} \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_migrate")])
        .args(args)
        .current_dir(dir)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("NO_COLOR", "1")
        .env("HOME", dir)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

/// Refused with an explanation: an exit code of its own, a diagnostic with a code, no panic, nothing killed it.
#[track_caller]
fn refused(output: &Output, what: &str) -> String {
    let said = text(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(2..=7)), "{what}: exit {code:?}\n{said}");
    assert!(said.contains("error[M"), "{what}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
    said
}

#[expect(clippy::disallowed_methods, reason = "an attacker writes files as any program does")]
fn plant(path: &Path, bytes: &[u8]) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    std::fs::write(path, bytes).expect("a file");
}

fn run(command: &str, args: &[&str]) {
    let done = Command::new(command).args(args).status();
    assert!(done.is_ok_and(|status| status.success()), "{command} {args:?}");
}

fn fifo(path: &Path) {
    run("mkfifo", &[path.to_str().expect("a path")]);
}

/// What a sandbox holds, by table.
fn objects(dir: &Path) -> Json {
    let shown = migrate(dir, &["sandbox", "show", "--json"]);
    serde_json::from_slice::<Json>(&shown.stdout).expect("JSON")["objects"].clone()
}

#[expect(clippy::disallowed_methods, reason = "sockets live in real time")]
fn sleep(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
