//! Real clients against the sandbox: boto3 and the AWS CLI, through their own parsers, waiters and paginators.
//!
//! The tests themselves are Python beside this file; `run.py` starts the servers and counts what was exercised.

use std::{path::Path, process::Command};

#[path = "../support/python.rs"]
mod python;

/// Number of Python tests in this folder.
fn count() -> usize {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let files = std::fs::read_dir(here).expect("the folder of client tests").flatten();
    files
        .filter(|file| file.path().extension().is_some_and(|e| e == "py"))
        .map(|file| std::fs::read_to_string(file.path()).expect("a Python file"))
        .map(|text| text.lines().filter(|line| *line == "@test" || line.starts_with("@wrong(")).count())
        .sum()
}

#[test]
fn boto3_and_the_aws_cli_work() {
    let tests = count();
    assert!(tests > 50, "only {tests} client tests were found");
    let python = match python::python() {
        Ok(python) => python,
        Err(why) => {
            eprintln!(
                "SKIPPED: {tests} client tests of boto3 and the AWS CLI: {why}; run .ci/run, or set MIGRATE_TEST_PYTHON"
            );
            return;
        }
    };
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/run.py"))
        .args(["--migrate", env!("CARGO_BIN_EXE_migrate")])
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
