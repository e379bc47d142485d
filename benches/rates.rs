//! How long `up` of thousands of resources takes in the sandbox's virtual time, and the bound that the services' rates allow:
//! `cargo bench --bench rates [RESOURCES]`. It measures no time of this machine.
//!
//! The bound: of every service, the calls that change something, less those that its bucket lets through at once, at the rate at
//! which it is filled (`src/sandbox/throttle.rs`); and the critical path, whichever is longer.
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

#[expect(dead_code, reason = "the bench of planning needs more of it")]
mod generate;

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value as Json;

/// A makespan over its bound is at most this.
const BOUND: f64 = 1.05;

/// The buckets of the sandbox for calls that change something, as the log names the services: `(service, burst, a second)`.
const RATES: &[(&str, f64, f64)] = &[
    ("CloudWatch", 10.0, 3.0),
    ("CloudWatch Logs", 10.0, 5.0),
    ("Database Migration Service", 30.0, 15.0),
    ("EC2", 50.0, 10.0),
    ("ECS", 20.0, 10.0),
    ("Elastic Load Balancing v2", 40.0, 10.0),
    ("IAM", 20.0, 15.0),
    ("RDS", 30.0, 15.0),
    ("Route 53", 5.0, 5.0),
];

/// What operations that change nothing begin with.
const READS: &[&str] = &["Describe", "Get", "List"];

fn up(folder: &Path) -> Vec<Json> {
    let args = ["up", "plan.json", "--sandbox", "--yes", "--json", "-vv", "--log-file", "calls.log"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    let done = command.args(args).current_dir(folder).env_clear().env("HOME", folder).output();
    let done = done.unwrap_or_else(|error| panic!("{error}"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8_lossy(&done.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A value of a line of the log.
fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// Calls that changed something, by service.
fn changes(folder: &Path) -> BTreeMap<String, f64> {
    let log = std::fs::read_to_string(folder.join("calls.log")).unwrap_or_else(|error| panic!("{error}"));
    let mut calls = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("call_log: call ") && line.contains(" status=200 ")) {
        let (Some(service), Some(operation)) = (field(line, "service"), field(line, "operation")) else {
            continue;
        };
        if !READS.iter().any(|start| operation.starts_with(start)) {
            *calls.entry(service.to_owned()).or_default() += 1.0;
        }
    }
    calls
}

#[expect(clippy::disallowed_methods, reason = "a benchmark's input is no ledger")]
fn main() {
    let size = std::env::args().filter_map(|arg| arg.parse().ok()).next_back().unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let mut template = generate::template(size);
    if let Some(resources) = template["Resources"].as_object_mut() {
        // Their tasks have no way to their image.
        resources.retain(|_, resource| resource["Type"] != "AWS::ECS::Service");
    }
    std::fs::write(folder.path().join("plan.json"), template.to_string())
        .unwrap_or_else(|error| panic!("{error}"));
    let events = up(folder.path());
    let done =
        events.iter().rfind(|event| event["event"] == "run_finished").unwrap_or_else(|| panic!("no end"));
    let [took, path] = ["elapsed_s", "critical_path_s"].map(|key| done[key].as_f64().unwrap_or(0.0));
    let calls = changes(folder.path());
    let mut bound = path;
    println!("{size} resources: {took:.1} s, critical path {path:.1} s");
    for (service, burst, rate) in RATES {
        let Some(count) = calls.get(*service) else { continue };
        let least = (count - burst).max(0.0) / rate;
        println!("  {service:<12} {count:>6} calls that change something: at least {least:>8.1} s");
        bound = bound.max(least);
    }
    let ratio = took / bound;
    let over = if ratio > BOUND { "  over" } else { "" };
    println!("makespan {took:.1} s, bound {bound:.1} s, ratio {ratio:.3}, at most {BOUND}{over}");
}
