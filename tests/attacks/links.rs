//! Links that a cloned repository can carry: nothing they lead to is changed, read or taken for state.

use std::os::unix::fs::symlink;

use super::{bounded, objects, plant, refused};
use crate::program::{migrate, text};

const TOPIC: &[u8] = b"Resources: {T: {Type: 'AWS::SNS::Topic'}}\n";

#[test]
fn links_in_the_state_folder_lead_nowhere() {
    let ledger = ".migrate/sandbox/plan-default";
    for place in [
        ".migrate".to_owned(),
        ".migrate/sandbox".to_owned(),
        ledger.to_owned(),
        format!("{ledger}/lock"),
        format!("{ledger}/journal.jsonl"),
        format!("{ledger}/ledger.json"),
        ".migrate/sandbox/world.lock".to_owned(),
        ".migrate/sandbox/world.json".to_owned(),
        ".migrate/sandbox/world.jsonl".to_owned(),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        plant(&at("plan.yaml"), TOPIC);
        plant(&at("victim/precious"), b"precious");
        let link = at(&place);
        std::fs::create_dir_all(link.parent().expect("a parent")).expect("a folder");
        let folder = [".migrate", ".migrate/sandbox", ledger].contains(&place.as_str());
        let target = if folder { at("victim") } else { at("victim/precious") };
        symlink(&target, &link).expect("a link");
        let up = bounded(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes"]);
        let said = refused(&up, &place);
        assert!(said.contains("symbolic link"), "{place}: {said}");
        for verb in ["status", "destroy", "refresh"] {
            bounded(dir.path(), &[verb, "plan.yaml", "--sandbox"]);
        }
        bounded(dir.path(), &["sandbox", "reset"]);
        assert_eq!(std::fs::read(at("victim/precious")).expect("it is there"), b"precious", "{place}");
        let all = std::fs::read_dir(at("victim")).expect("a folder").count();
        assert_eq!(all, 1, "{place}: something was written through the link");
    }
}

#[test]
fn what_is_written_on_request_replaces_a_link_and_does_not_follow_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    plant(&at("plan.yaml"), TOPIC);
    plant(&at("precious"), b"precious");
    symlink(at("precious"), at("set.json")).expect("a link");
    let plan = migrate(dir.path(), &["plan", "plan.yaml", "--sandbox", "--out", "set.json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    assert!(at("set.json").symlink_metadata().expect("it is there").is_file());
    symlink(at("precious"), at("log")).expect("a link");
    refused(&bounded(dir.path(), &["validate", "plan.yaml", "--log-file", "log"]), "a log through a link");
    // A name that a careless program would use for its temporary file.
    for name in [".set.json.tmp", "set.json.tmp", "set.json~"] {
        symlink(at("precious"), at(name)).expect("a link");
    }
    let plan = migrate(dir.path(), &["plan", "plan.yaml", "--sandbox", "--out", "set.json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    assert_eq!(std::fs::read(at("precious")).expect("it is there"), b"precious");
}

#[test]
fn a_planted_ledger_of_another_sandbox_is_not_moved_over_a_real_one() {
    let dir = tempfile::tempdir().expect("a folder");
    plant(&dir.path().join("plan.yaml"), TOPIC);
    let up = migrate(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    // A copy of it where earlier versions had theirs.
    super::run(
        "cp",
        &[
            "-r",
            dir.path().join(".migrate/sandbox/plan-default").to_str().expect("a path"),
            dir.path().join(".migrate/plan-default").to_str().expect("a path"),
        ],
    );
    let same = migrate(dir.path(), &["plan", "plan.yaml", "--sandbox", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stderr));
    assert!(dir.path().join(".migrate/sandbox/plan-default/ledger.json").exists());
    assert_eq!(objects(dir.path())["sns.topic"], 1);
}
