//! Everything that a repository or an archive can plant where this program reads and writes.

use std::os::unix::fs::symlink;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn why<T: fmt::Debug>(result: io::Result<T>) -> Refusal {
    refusal(&result.unwrap_err()).expect("a refusal").why.clone()
}

fn planted() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    File::create(&victim).unwrap().write_all(b"precious").unwrap();
    (dir, victim)
}

fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_written_is_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join(".migrate/plan-dev");
    make_private_dir(&state).unwrap();
    assert_eq!((mode(&state), mode(&dir.path().join(".migrate"))), (0o700, 0o700));
    replace(&state.join("ledger.json"), b"{}").unwrap();
    drop(open_private(&state.join("journal.jsonl"), true).unwrap());
    assert_eq!((mode(&state.join("ledger.json")), mode(&state.join("journal.jsonl"))), (0o600, 0o600));
    // One that an earlier version left open to all.
    fs::set_permissions(state.join("journal.jsonl"), fs::Permissions::from_mode(0o644)).unwrap();
    drop(open_private(&state.join("journal.jsonl"), true).unwrap());
    assert_eq!(mode(&state.join("journal.jsonl")), 0o600);
}

#[test]
fn no_link_is_followed_and_nothing_it_leads_to_is_touched() {
    let (dir, victim) = planted();
    let state = dir.path().join(".migrate");
    make_private_dir(&state).unwrap();
    for name in ["lock", "ledger.json"] {
        symlink(&victim, state.join(name)).unwrap();
        assert_eq!(why(open_private(&state.join(name), false)), Refusal::Link);
        assert_eq!(why(open_private(&state.join(name), true)), Refusal::Link);
        assert_eq!(why(read_private(&state.join(name), 99)), Refusal::Link);
    }
    // A dangling one must not make the file it names either.
    symlink(dir.path().join("new"), state.join("journal.jsonl")).unwrap();
    assert_eq!(why(open_private(&state.join("journal.jsonl"), true)), Refusal::Link);
    assert!(!dir.path().join("new").exists());
    // To replace a file is to replace the link.
    replace(&state.join("ledger.json"), b"{}").unwrap();
    assert!(fs::symlink_metadata(state.join("ledger.json")).unwrap().is_file());
    // Folders of ours that are links, whole or in part.
    symlink(dir.path(), state.join("plan-dev")).unwrap();
    assert_eq!(why(make_private_dir(&state.join("plan-dev"))), Refusal::Link);
    assert_eq!(why(read_private(&state.join("plan-dev/victim"), 99)), Refusal::Link);
    assert_eq!(why(replace(&state.join("plan-dev/victim"), b"x")), Refusal::Link);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn hard_links_fifos_and_folders_are_no_state() {
    let (dir, victim) = planted();
    fs::hard_link(&victim, dir.path().join("lock")).unwrap();
    assert_eq!(why(open_private(&dir.path().join("lock"), false)), Refusal::HardLink);
    fifo(&dir.path().join("pipe"));
    let pipe = dir.path().join("pipe");
    assert_eq!(why(open_private(&pipe, false)), Refusal::Irregular("a FIFO"));
    assert_eq!(why(read_private(&pipe, 9)), Refusal::Irregular("a FIFO"));
    assert_eq!(why(read_input(&pipe, 9)), Refusal::Irregular("a FIFO"));
    assert_eq!(why(replace(&pipe, b"x")), Refusal::Irregular("a FIFO"));
    assert_eq!(why(read_input(dir.path(), 9)), Refusal::Irregular("a folder"));
    assert_eq!(why(read_input(Path::new("/dev/zero"), 9)), Refusal::Irregular("a device"));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn bounds_hold_while_reading() {
    let (_dir, victim) = planted();
    assert_eq!(read_input(&victim, 8).unwrap(), b"precious");
    assert_eq!(why(read_input(&victim, 7)), Refusal::TooLarge(7));
    // Its length is said to be zero, and it has none the less many bytes.
    assert_eq!(why(read_input(Path::new("/proc/self/status"), 100)), Refusal::TooLarge(100));
}

#[test]
fn temporaries_are_exclusive_have_random_names_and_go() {
    let (dir, victim) = planted();
    let target = dir.path().join("set.json");
    for guess in ["set.json.new", "set.json.tmp", ".set.json.tmp"] {
        symlink(&victim, dir.path().join(guess)).unwrap();
    }
    replace(&target, b"new").unwrap();
    assert_eq!(
        (fs::read(&target).unwrap(), fs::read(&victim).unwrap()),
        (b"new".to_vec(), b"precious".to_vec())
    );
    let left = dir.path().join(".set.json.abc.tmp");
    symlink(&victim, &left).unwrap();
    sweep(&target);
    assert!(fs::symlink_metadata(left).is_err() && victim.exists() && target.exists());
}

#[test]
fn a_path_that_must_be_inside_is_inside_once_links_are_resolved() {
    let (dir, victim) = planted();
    let inside = dir.path().join("in");
    fs::create_dir(&inside).unwrap();
    File::create(inside.join("file")).unwrap();
    symlink(&victim, inside.join("out")).unwrap();
    symlink("file", inside.join("near")).unwrap();
    assert!(within(&inside, &inside.join("file")).is_ok());
    assert!(within(&inside, &inside.join("near")).is_ok());
    assert!(within(&inside, &inside.join("../in/file")).is_ok());
    for path in [inside.join("out"), inside.join("../victim"), victim] {
        assert!(matches!(why(within(&inside, &path)), Refusal::Outside(_)), "{}", path.display());
    }
}

#[test]
fn what_is_given_back_is_free_though_a_child_has_its_files_still_open() {
    let dir = tempfile::tempdir().unwrap();
    let hold = Hold::take(dir.path(), "lock").unwrap();
    // What a child has between `fork` and `exec`.
    let (file, folder) = (hold.file.try_clone().unwrap(), hold.folder.as_ref().unwrap().try_clone().unwrap());
    assert!(matches!(Hold::take(dir.path(), "lock"), Err(Unheld::Held(_))));
    drop(hold);
    assert!(Hold::take(dir.path(), "lock").is_ok());
    drop((file, folder));
}

#[test]
fn a_deleted_lock_file_lets_nobody_else_in() {
    let dir = tempfile::tempdir().unwrap();
    let hold = Hold::take(dir.path(), "lock").unwrap();
    still_there(&dir.path().join("lock"), &hold.file).unwrap();
    fs::remove_file(dir.path().join("lock")).unwrap();
    assert!(matches!(Hold::take(dir.path(), "lock"), Err(Unheld::Held(_))));
    assert_eq!(why(still_there(&dir.path().join("lock"), &hold.file)), Refusal::Gone);
    drop(hold);
    assert!(Hold::take(dir.path(), "lock").is_ok());
}
