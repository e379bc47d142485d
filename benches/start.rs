//! What every command pays before it does anything: the program as it is started by people and scripts.
//!
//! `migrate --version` reads nothing; `plan --sandbox` of a plan that is deployed reads plan, ledger and the sandbox's
//! state and finds nothing to do. Neither reads the AWS CLI's files (`tests/signin/reading.rs`).

use std::{path::Path, process::Command};

use criterion::{Criterion, criterion_group, criterion_main};

fn migrate(folder: &Path, args: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    let done = command.args(args).current_dir(folder).env_clear().env("HOME", folder).output();
    let done = done.unwrap_or_else(|error| panic!("{args:?}: {error}"));
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let folder = folder.path();
    group.bench_function("migrate --version", |bencher| bencher.iter(|| migrate(folder, &["--version"])));
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/payments-single-stack");
    migrate(folder, &["up", plan, "--sandbox", "--yes"]);
    group.bench_function("migrate plan --sandbox, nothing to do", |bencher| {
        bencher.iter(|| migrate(folder, &["plan", plan, "--sandbox", "--detailed-exitcode"]));
    });
    group.finish();
}

criterion_group!(benches, start);
criterion_main!(benches);
