//! How long `up` of thousands of resources takes in the sandbox's virtual time, and the bound that the services' rates allow:
//! `cargo bench --bench rates [RESOURCES]`. It measures no time of this machine.
//!
//! The bound: a service lets so many calls through at once and then so many a second (`src/sandbox/throttle.rs`). Of its calls that
//! change something, those that have the longest ways behind them come first at best, and after each its way to the end is left.
//! So for every number of calls: the time that they take, and the shortest of their ways. The longest such time of any service,
//! or the critical path where that is longer, is what no order of calls is below.
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

#[expect(dead_code, reason = "the bench of planning needs more of it")]
mod generate;

use std::{collections::BTreeMap, path::Path, process::Command};

use migrate::{
    check::link,
    ledger::Snapshot,
    planner::{PlanInput, plan},
    resources::registry,
};
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

/// How long it typically takes from the first call of each resource to the end of the run, in seconds.
fn ways(template: &Json) -> BTreeMap<String, f64> {
    let graph = generate::graph(template);
    let links = link(&graph, &registry::find).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let snapshot = &Snapshot::new("a1b2c3".into());
    let (account, types) = ("123456789012", &registry::find);
    let input = PlanInput { graph: &graph, links: &links, snapshot, account, types, replace: &[] };
    let set = plan(&input).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let mut ways = vec![0; set.steps.len()];
    for (at, step) in set.steps.iter().enumerate().rev() {
        ways[at] = step.lasts().max(ways[at]);
        for dependency in &step.after {
            let before = dependency.step.0 as usize;
            ways[before] = ways[before].max(set.steps[before].until(dependency.needs) + ways[at]);
        }
    }
    let ways = set.steps.iter().zip(ways);
    ways.map(|(step, way)| {
        (step.address.logical_id().to_owned(), f64::from(u32::try_from(way).unwrap_or(u32::MAX)))
    })
    .collect()
}

/// Calls that changed something: of each service, for which resources.
fn changes(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let log = std::fs::read_to_string(folder.join("calls.log")).unwrap_or_else(|error| panic!("{error}"));
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("call_log: call ") && line.contains(" status=200 ")) {
        let (Some(service), Some(operation)) = (field(line, "service"), field(line, "operation")) else {
            continue;
        };
        if !READS.iter().any(|start| operation.starts_with(start)) {
            let resource = line.split_once("step{address=plan/").and_then(|(_, rest)| rest.split(' ').next());
            calls.entry(service.to_owned()).or_default().push(resource.unwrap_or_default().to_owned());
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
    let (calls, ways) = (changes(folder.path()), ways(&template));
    let mut bound = path;
    println!("{size} resources: {took:.1} s, critical path {path:.1} s");
    for (service, burst, rate) in RATES {
        let Some(count) = calls.get(*service) else { continue };
        let mut behind: Vec<f64> =
            count.iter().map(|resource| ways.get(resource).copied().unwrap_or(0.0)).collect();
        behind.sort_by(|one, other| other.total_cmp(one));
        let made = behind.iter().zip(1_u32..);
        let least =
            made.map(|(way, made)| (f64::from(made) - burst).max(0.0) / rate + way).fold(0.0, f64::max);
        println!("  {service:<28} {:>6} calls that change something: at least {least:>8.1} s", count.len());
        bound = bound.max(least);
    }
    let ratio = took / bound;
    let over = if ratio > BOUND { "  over" } else { "" };
    println!("makespan {took:.1} s, bound {bound:.1} s, ratio {ratio:.3}, at most {BOUND}{over}");
}
