//! The runbook's commands, as printed, by a shell and the AWS CLI against a served sandbox.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value as Json;

use super::{Desk, without_tasks};
use crate::{
    process::program,
    support::{python::python, report, thorough, write},
};

/// A served world.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn of(desk: &Desk) -> Self {
        let mut child = program()
            .current_dir(desk.dir.path())
            .args(["sandbox", "serve", "--port", "0", "--speed", "300"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it serves");
        let mut url = String::new();
        let out = child.stdout.take().expect("its stdout");
        BufReader::new(out).read_line(&mut url).expect("an address");
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let stopped = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(stopped.is_ok_and(|status| status.success()), "the server was asked to stop");
        let _ = self.child.wait();
    }
}

/// Runs commands as printed. Only `sleep` is another: served time passes three hundred times as fast.
fn shell(desk: &Desk, url: &str, aws: &Path, script: &str) {
    let bin = desk.dir.path().join("bin");
    std::fs::create_dir_all(&bin).expect("a folder");
    let sleep = bin.join("sleep");
    write(&sleep, "#!/bin/sh\nexec /bin/sleep 0.2\n");
    std::fs::set_permissions(&sleep, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}:/usr/bin:/bin", bin.display(), aws.display());
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(desk.dir.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", desk.dir.path())
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .expect("a shell");
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{:?}\n{}\n--- the script\n{script}", output.status, said.concat());
}

fn runbook(desk: &Desk) -> Json {
    serde_json::from_slice(&desk.expect(0, &["runbook", "--json"]).stdout).expect("a document")
}

/// A chapter's commands, up to a step.
fn chapter(book: &Json, key: &str, until: Option<&str>) -> String {
    let chapters = book["chapters"].as_array().expect("chapters");
    let chapter = chapters.iter().find(|chapter| chapter["key"] == key).expect(key);
    let mut script = book["functions"].as_str().expect("functions").to_owned();
    for step in chapter["by_hand"].as_array().expect("steps") {
        let words = step["words"].as_str().expect("words");
        if until.is_some_and(|end| words.contains(end)) {
            return script;
        }
        script.push_str(&format!("# {words}\n"));
        for command in step["commands"].as_array().expect("commands") {
            script.push_str(&format!("{}\n", command.as_str().expect("a command")));
        }
    }
    assert!(until.is_none(), "chapter {key} has no step `{until:?}`");
    script
}

/// Where the AWS CLI is, if it is installed.
fn aws() -> Option<PathBuf> {
    match python() {
        Ok(python) => Some(python.parent().expect("a folder").to_owned()),
        Err(why) => {
            report(&format!("SKIPPED: the runbook by hand: {why}; run .ci/run, or set MIGRATE_TEST_PYTHON"));
            None
        }
    }
}

#[test]
fn a_runbook_with_a_listener_runs_as_printed_with_the_aws_cli() {
    // Its commands differ from the other runbook's in two calls: that one is run every time.
    let Some(aws) = aws().filter(|_| thorough()) else { return };
    let (desk, _plan) = super::steered::listening(&[]);
    desk.sync();
    let book = runbook(&desk);
    let before = desk.operated();
    let undone = desk.fork();
    {
        let served = Served::of(&undone);
        shell(&undone, &served.url, &aws, &chapter(&book, "cutover", Some("the target opens")));
    }
    assert!(super::steered::leads(&undone, 0, 100), "{:?}", undone.operated());
    {
        let served = Served::of(&undone);
        shell(&undone, &served.url, &aws, &chapter(&book, "abort", None));
    }
    assert_eq!(undone.operated(), before, "the abort by hand restores everything");
}

#[test]
fn the_runbook_runs_as_printed_with_the_aws_cli() {
    let Some(aws) = aws() else { return };
    let desk = Desk::new(0);
    desk.expect(0, &["up", "--yes"]);
    let book = runbook(&desk);
    assert!(!book["reopen"].as_array().expect("commands").is_empty());
    let before = desk.operated();
    {
        let served = Served::of(&desk);
        for key in ["test-connections", "load", "gates"] {
            shell(&desk, &served.url, &aws, &chapter(&book, key, None));
        }
    }
    // Died before the target opened, and undone by hand.
    let undone = desk.fork();
    let loaded = desk.operated();
    {
        let served = Served::of(&undone);
        shell(&undone, &served.url, &aws, &chapter(&book, "cutover", Some("the target opens")));
        shell(&undone, &served.url, &aws, &chapter(&book, "abort", None));
    }
    assert_eq!(undone.operated(), loaded, "the abort by hand restores everything");
    {
        let served = Served::of(&desk);
        shell(&desk, &served.url, &aws, &chapter(&book, "cutover", None));
    }
    let live = desk.operated();
    let moved = |list: &[String], name: &str, end: &str| {
        list.iter().any(|line| line.contains(name) && line.ends_with(end))
    };
    assert!(live.iter().any(|line| line.starts_with("record") && line.ends_with(" 100")), "{live:?}");
    assert_eq!(before.len() - live.len(), 1, "the service's rule of the source is revoked: {live:?}");
    assert!(moved(&live, "reverse", "true"), "{live:?}");
    assert_ne!(without_tasks(&live), without_tasks(&before));
    {
        let served = Served::of(&desk);
        shell(&desk, &served.url, &aws, &chapter(&book, "rollback", None));
    }
    assert_eq!(
        without_tasks(&desk.operated()),
        without_tasks(&before),
        "weights, rules, counts and scaling are back"
    );
}

#[test]
fn the_same_ledger_gives_the_same_runbook() {
    let desk = Desk::synced(0);
    let once = desk.expect(0, &["runbook"]).stdout;
    assert_eq!(once, desk.expect(0, &["runbook"]).stdout);
    let book = String::from_utf8(once).expect("text");
    // Written to a file it is the same, and the verbs in it are complete.
    desk.expect(0, &["runbook", "--out", "runbook.md"]);
    assert_eq!(std::fs::read_to_string(desk.dir.path().join("runbook.md")).expect("a file"), book);
    let json = desk.expect(0, &["runbook", "--format", "json"]).stdout;
    assert_eq!(json, desk.expect(0, &["runbook", "--json"]).stdout);
    for verb in ["replicate start", "lag", "verify", "cutover", "rollback", "finalize"] {
        let line = book
            .lines()
            .find(|line| line.starts_with("- command:") && line.contains(&format!("migrate {verb} ")))
            .unwrap_or_else(|| panic!("{verb}\n{book}"));
        assert!(line.contains("plans/payments-multi-stack") && line.contains("--sandbox"), "{line}");
    }
    // After the cutover it still tells the whole way, from what was there before.
    assert_eq!(desk.cut_over(&[], None).status.code(), Some(0));
    let later = String::from_utf8(desk.expect(0, &["runbook"]).stdout).expect("text");
    assert!(later.contains("Cut over (done "), "{later}");
    let by_hand = |book: &str| {
        book.lines()
            .filter(|line| line.contains("change-resource-record-sets"))
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(by_hand(&book), by_hand(&later));
}
