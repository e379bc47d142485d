//! Changes to the records of one DNS name are one batch: all of them or none, wherever a run is killed.

use crate::support::{Rehearsal, Verb, in_parallel, write};

const A: &str = "Name: api.pay.example.com, Type: A, TTL: '60', ResourceRecords: [192.0.2.1]";
const B: &str = "Name: api.pay.example.com, Type: A, TTL: '60', ResourceRecords: [192.0.2.2]";

fn plan(records: &[(&str, String)]) -> String {
    let mut text =
        "Resources:\n  Zone: {Type: AWS::Route53::HostedZone, Properties: {Name: pay.example.com}}\n"
            .to_owned();
    for (id, properties) in records {
        text.push_str(&format!(
            "  {id}: {{Type: AWS::Route53::RecordSet, Properties: {{HostedZoneId: !Ref Zone, {properties}}}}}\n"
        ));
    }
    text
}

fn pair(one: &str, two: &str) -> String {
    plan(&[("A", format!("{A}, {one}")), ("B", format!("{B}, {two}"))])
}

/// Before and after: what cannot be done record by record.
fn changes() -> Vec<(&'static str, String, String)> {
    let weighted = || pair("SetIdentifier: old, Weight: 100", "SetIdentifier: new, Weight: 50");
    let simple = || plan(&[("A", A.to_owned())]);
    let cname = "Name: api.pay.example.com, Type: CNAME, TTL: '300', ResourceRecords: [x.example.org]";
    let slow = weighted().replace("TTL: '60'", "TTL: '300'");
    let latency = pair("SetIdentifier: old, Region: us-east-1", "SetIdentifier: new, Region: eu-west-1");
    let exchanged = pair("SetIdentifier: new, Weight: 100", "SetIdentifier: old, Weight: 50");
    vec![
        ("identifiers exchanged", weighted(), exchanged),
        ("TTL of both weighted", weighted(), slow),
        ("weighted to latency", weighted(), latency),
        ("weighted to simple", weighted(), simple()),
        ("simple to weighted", simple(), weighted()),
        ("CNAME replaced by A under another id", plan(&[("C", cname.to_owned())]), simple()),
    ]
}

#[test]
fn records_of_a_name_change_together_wherever_the_run_dies() {
    in_parallel(&changes(), |_, (what, before, after)| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plan.yaml");
        write(&file, before);
        let mut rehearsal = Rehearsal::new(&file).with_warnings();
        rehearsal.up().complete();
        write(&file, after);
        let mut rehearsal = rehearsal.with_plan(&file);
        let (ran, crashes, _) = rehearsal.fork().crashes(Verb::Up);
        let ran = ran.complete();
        let calls: Vec<_> =
            ran.mutations.iter().filter(|call| call.ends_with("ChangeResourceRecordSets")).collect();
        assert_eq!(calls.len(), 1, "{what}: {calls:?}");
        assert!(!crashes.is_empty(), "{what}: nowhere to die");
        for crash in &crashes {
            let mut again = rehearsal.after(crash);
            again.up().complete();
            again.check_settled(what);
            again.check_world(what);
            assert!(again.up().complete().change_set.is_empty(), "{what}: the second run changes something");
        }
        rehearsal.up().complete();
        rehearsal.check_world(what);
        rehearsal.destroy().complete();
        rehearsal.check_world(what);
    });
}
