//! Planning time over plan size: it must grow linearly, and 10,000 resources must be planned within a second.

mod generate;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use migrate::{
    check::{self, link},
    graph::{Graph, Links},
    ledger::Snapshot,
    planner::{ChangeSet, PlanInput, plan, teardown},
    resources::registry,
    template::{Environment, Options, draft, load},
    ui::{
        plan_json,
        review::{Styles, render},
    },
};

const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

fn linked(graph: &Graph) -> Links {
    link(graph, &registry::find).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn planned(graph: &Graph, links: &Links, snapshot: &Snapshot) -> ChangeSet {
    let input =
        PlanInput { graph, links, snapshot, account: "123456789012", types: &registry::find, replace: &[] };
    plan(&input).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for size in SIZES {
        let template = generate::template(size);
        let graph = generate::graph(&template);
        let links = linked(&graph);
        let empty = Snapshot::new("a1b2c3".into());
        let first = planned(&graph, &links, &empty);
        let full = generate::ledger(&first, &graph);
        let again = planned(&graph, &links, &full);
        assert!(again.is_empty(), "a second plan over {size} resources has {} steps", again.steps.len());
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("link", size), |bencher| {
            bencher.iter(|| linked(black_box(&graph)))
        });
        group.bench_function(BenchmarkId::new("create", size), |bencher| {
            bencher.iter(|| {
                let links = linked(black_box(&graph));
                planned(&graph, &links, &empty)
            });
        });
        group.bench_function(BenchmarkId::new("unchanged", size), |bencher| {
            bencher.iter(|| {
                let links = linked(black_box(&graph));
                planned(&graph, &links, &full)
            });
        });
        group.bench_function(BenchmarkId::new("teardown", size), |bencher| {
            bencher.iter(|| teardown(black_box(&full), "123456789012", &registry::find));
        });
        group.bench_function(BenchmarkId::new("review", size), |bencher| {
            bencher.iter(|| (render(black_box(&first), 80, &Styles::default()), plan_json(&first)));
        });
    }
    group.finish();
}

/// From the file on disk to the change set: what `migrate plan` computes.
fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole");
    group.sample_size(10);
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    for size in SIZES {
        let path = dir.path().join(format!("plan-{size}.json"));
        let text = generate::template(size).to_string();
        #[expect(clippy::disallowed_methods, reason = "a benchmark's input is no ledger")]
        std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{error}"));
        let options = Options { fallback_region: Some("us-east-1".into()), ..Options::default() };
        let run = || {
            let loaded = load(&path, &options).unwrap_or_else(|problems| panic!("{}", problems[0]));
            let (graph, _) = check::graph(&mut draft(&loaded, &Environment::offline()))
                .unwrap_or_else(|problems| panic!("{}", problems[0]));
            let links = linked(&graph);
            planned(&graph, &links, &Snapshot::new("a1b2c3".into()))
        };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("file to change set", size), |bencher| bencher.iter(run));
    }
    group.finish();
}

/// A template of one megabyte, CloudFormation's own bound, must be read and evaluated within 50 ms.
fn megabyte(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one megabyte");
    group.sample_size(20);
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let bytes = |resources: usize| generate::yaml(&generate::template(resources)).len();
    let resources = 1_000 * (1 << 20) / bytes(1_000);
    let template = generate::template(resources);
    for (name, text) in [("one.json", template.to_string()), ("one.yaml", generate::yaml(&template))] {
        let path = dir.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a benchmark's input is no ledger")]
        std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{error}"));
        let options = Options { fallback_region: Some("us-east-1".into()), ..Options::default() };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("load and evaluate", name), |bencher| {
            bencher.iter(|| {
                let loaded = load(&path, &options).unwrap_or_else(|problems| panic!("{}", problems[0]));
                check::graph(&mut draft(&loaded, &Environment::offline()))
                    .unwrap_or_else(|problems| panic!("{}", problems[0]))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, planning, whole, megabyte);
criterion_main!(benches);
