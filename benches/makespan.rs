//! How long every plan under `plans/` takes in the sandbox's virtual time, its critical path, and the bound that both are held
//! to: `cargo bench --bench makespan`. It measures no time of this machine.
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;

/// A makespan over its critical path is at most this (`tests/readiness.rs`).
const BOUND: f64 = 1.02;

fn migrate(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    let done = command.args(args).current_dir(folder).env_clear().env("HOME", folder).output();
    let done = done.unwrap_or_else(|error| panic!("{args:?}: {error}"));
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The last event of a run.
fn finished(folder: &Path, args: &[&str]) -> Json {
    let events = migrate(folder, args);
    let last = events.lines().rfind(|line| line.contains("\"run_finished\""));
    serde_json::from_str(last.unwrap_or_default()).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

fn main() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let entries = std::fs::read_dir(plans).unwrap_or_else(|error| panic!("{error}"));
    let mut plans: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    plans.sort();
    println!("{:<24} {:<8} {:>10} {:>10} {:>6}  bound {BOUND}", "plan", "", "makespan", "path", "ratio");
    for plan in plans {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let (folder, path) = (folder.path(), plan.display().to_string());
        let before = plan.join("old-site.yaml");
        if before.exists() {
            migrate(folder, &["--sandbox", "sandbox", "plant", &before.display().to_string()]);
        }
        let name = plan.file_name().unwrap_or_default().to_string_lossy();
        for args in [
            &["up", &path, "--sandbox", "--yes", "--json"][..],
            &["destroy", &path, "--sandbox", "--yes", "--allow-data-loss", "all", "--json"],
        ] {
            let done = finished(folder, args);
            let [took, bound] = ["elapsed_s", "critical_path_s"].map(|key| done[key].as_f64().unwrap_or(0.0));
            let ratio = took / bound;
            println!("{name:<24} {:<8} {took:>8.1} s {bound:>8.1} s {ratio:>6.3}", args[0]);
            for leg in done["critical_path"].as_array().into_iter().flatten() {
                let took = leg["took_s"].as_f64().unwrap_or(0.0);
                let text = |key: &str| leg[key].as_str().unwrap_or_default();
                if took >= 1.0 {
                    println!(
                        "    {took:>8.1} s  {} {} until {}",
                        text("action"),
                        text("address"),
                        text("needed")
                    );
                }
            }
            assert!(ratio <= BOUND, "{name} {}: {took} s, critical path {bound} s", args[0]);
        }
    }
}
