//! A lost ledger: nothing is made a second time, and it is made again from plan and account.

use std::path::Path;

use crate::program::{migrate, text};

fn lost(plan: &Path, ledger: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = plan.to_str().expect("a path");
    let up = migrate(dir.path(), &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let before = migrate(dir.path(), &["sandbox", "show", "--json"]);
    let ledgers = std::fs::read_dir(dir.path().join(".migrate/sandbox")).expect("the sandbox").flatten();
    let known = ledgers
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ledger)));
    let moved = std::process::Command::new("mv")
        .arg(known.expect("the ledger"))
        .arg(dir.path().join("lost"))
        .status();
    assert!(moved.expect("mv runs").success(), "it is moved away");

    let again = migrate(dir.path(), &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(again.status.code(), Some(4), "{}", text(&again.stderr));
    let said = text(&again.stderr);
    assert!(said.contains("M4111") && said.contains("migrate ledger rebuild"), "{said}");
    let after = migrate(dir.path(), &["sandbox", "show", "--json"]);
    assert_eq!(text(&before.stdout), text(&after.stdout), "nothing was made");

    let rebuilt = migrate(dir.path(), &["ledger", "rebuild", plan, "--sandbox", "--yes"]);
    assert_eq!(rebuilt.status.code(), Some(0), "{}", text(&rebuilt.stderr));
    assert!(!text(&rebuilt.stderr).contains("unknown "), "{}", text(&rebuilt.stderr));
    let same = migrate(dir.path(), &["plan", plan, "--sandbox", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "{}{}", text(&same.stdout), text(&same.stderr));

    let destroy = migrate(dir.path(), &["destroy", plan, "--sandbox", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(destroy.status.code(), Some(0), "{}", text(&destroy.stderr));
}

#[test]
fn a_lost_ledger_is_rebuilt_from_plan_and_account() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    lost(&plans.join("payments-single-stack"), "payments-single-stack-dev");
}
