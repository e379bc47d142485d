//! What an append and a sync of the journal cost, and that appends do not get slower as the ledger grows.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use migrate::{
    clock::{Clock, SystemClock},
    ledger::{Declared, Entry, Intend, Ledger, Verb},
    model::{Address, Attributes, DeletionPolicy},
};
use serde_json::json;

fn declared() -> Box<Declared> {
    Box::new(Declared {
        kind: "AWS::EC2::Subnet".into(),
        region: "us-east-1".into(),
        properties: json!({"CidrBlock": "10.0.1.0/24", "VpcId": "vpc-0123456789abcdef0", "MapPublicIpOnLaunch": true,
            "Tags": [{"Key": "Name", "Value": "subnet-public-a"}, {"Key": "CostCenter", "Value": "payments"}]}),
        deletion_policy: DeletionPolicy::Delete,
        update_replace_policy: DeletionPolicy::Delete,
        metadata: json!({}),
        depends_on: vec![Address::new("network", "Vpc")],
    })
}

/// Intent and outcome of one create, not yet synced.
fn create(ledger: &mut Ledger, number: usize) {
    let intend = Intend {
        verb: Verb::Create,
        address: Address::new("network", &format!("Subnet{number}")),
        generation: 0,
        physical_id: None,
        declared: Some(declared()),
        shared: false,
    };
    let draft = ledger.intend(intend).unwrap_or_else(|error| panic!("{error}"));
    let op = ledger.snapshot().last_op;
    drop(draft);
    let landed = Entry::Landed {
        op,
        physical_id: Some("subnet-1".into()),
        attributes: Attributes::new(),
        more: false,
    };
    ledger.append(landed).unwrap_or_else(|error| panic!("{error}"));
}

fn open(dir: &std::path::Path, filled: usize) -> Ledger {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut ledger =
        Ledger::open(dir, clock, "bench", || "0123456789abcdef".into()).unwrap_or_else(|e| panic!("{e}"));
    for number in 0..filled {
        create(&mut ledger, number);
    }
    ledger.sync().unwrap_or_else(|error| panic!("{error}"));
    ledger
}

fn journal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    for filled in [0_usize, 1_000, 10_000] {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let mut ledger = open(dir.path(), filled);
        let mut number = filled;
        group.bench_function(BenchmarkId::new("append intent and outcome", filled), |bencher| {
            bencher.iter(|| {
                number += 1;
                create(&mut ledger, number);
            });
        });
        group.bench_function(BenchmarkId::new("append and sync", filled), |bencher| {
            bencher.iter(|| {
                number += 1;
                create(&mut ledger, number);
                ledger.sync().unwrap_or_else(|error| panic!("{error}"));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, journal);
criterion_main!(benches);
