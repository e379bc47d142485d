//! Changes to the records of one DNS name are one batch: all of them or none, wherever a run is killed.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use migrate::{engine::Outcome, sandbox::World};

use crate::support::{Rehearsal, Verb, in_parallel, meanwhile, write};

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

/// What the zone holds, in words.
fn records(world: &mut World) -> Vec<String> {
    meanwhile(world, async |sdk| {
        let zones = sdk.route53().list_hosted_zones().send().await.expect("zones");
        let zone = zones.hosted_zones()[0].id();
        let answer =
            sdk.route53().list_resource_record_sets().hosted_zone_id(zone).send().await.expect("records");
        let text = |record: &ResourceRecordSet| {
            let values: Vec<&str> = record.resource_records().iter().map(ResourceRecord::value).collect();
            let (id, weight) = (record.set_identifier(), record.weight());
            format!("{} {} {id:?} {weight:?} {values:?}", record.name(), record.r#type())
        };
        answer.resource_record_sets().iter().map(text).collect()
    })
}

/// A record that another owner makes.
fn theirs(world: &mut World, name: &str, kind: RrType, identifier: Option<&str>, value: &str) {
    meanwhile(world, async |sdk| {
        let zones = sdk.route53().list_hosted_zones().send().await.expect("zones");
        let record = ResourceRecordSet::builder().name(name).r#type(kind).ttl(60);
        let record =
            record.set_set_identifier(identifier.map(str::to_owned)).set_weight(identifier.map(|_| 5));
        let value = ResourceRecord::builder().value(value).build().expect("a value");
        let record = record.resource_records(value).build().expect("a record");
        let change = Change::builder().action(ChangeAction::Create).resource_record_set(record);
        let batch =
            ChangeBatch::builder().changes(change.build().expect("a change")).build().expect("a batch");
        let call = sdk.route53().change_resource_record_sets().hosted_zone_id(zones.hosted_zones()[0].id());
        call.change_batch(batch).send().await.expect("their record");
    });
}

/// Fails where a record moves by UPSERT: whatever of its key changes, what another owner has there stays, and so does ours.
#[test]
fn a_record_never_moves_onto_another_owners() {
    const API: &str = "api.pay.example.com";
    const WWW: &str = "www.pay.example.com";
    let one = |properties: &str| plan(&[("A", properties.to_owned())]);
    let simple = one(A);
    let weighted = one(&format!("{A}, SetIdentifier: ours, Weight: 5"));
    let text = "Type: TXT, TTL: '60', ResourceRecords: ['\"ours\"']";
    let group = |more: &str| {
        format!(
            "Resources:\n  Zone: {{Type: AWS::Route53::HostedZone, Properties: {{Name: pay.example.com}}}}\n  G: {{Type: \
             AWS::Route53::RecordSetGroup, Properties: {{HostedZoneId: !Ref Zone, RecordSets: [{{{A}}}{more}]}}}}\n"
        )
    };
    let cases = [
        (
            "another identifier",
            weighted.clone(),
            weighted.replace("ours", "theirs"),
            (API, RrType::A, Some("theirs"), "192.0.2.9"),
        ),
        (
            "another type",
            simple.clone(),
            one(&format!("Name: {API}, {text}")),
            (API, RrType::Txt, None, "\"theirs\""),
        ),
        ("another name", simple.clone(), simple.replace(API, WWW), (WWW, RrType::A, None, "192.0.2.9")),
        (
            "another logical id",
            simple.clone(),
            plan(&[("A", A.to_owned()), ("B", A.replace(API, WWW))]),
            (WWW, RrType::A, None, "192.0.2.9"),
        ),
        (
            "one more in a group",
            group(""),
            group(&format!(", {{{}}}", A.replace(API, WWW))),
            (WWW, RrType::A, None, "192.0.2.9"),
        ),
        (
            "another type in a group",
            group(""),
            group("").replace(A, &format!("Name: {API}, {text}")),
            (API, RrType::Txt, None, "\"theirs\""),
        ),
    ];
    in_parallel(&cases, |_, (what, before, after, (name, kind, identifier, value))| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plan.yaml");
        write(&file, before);
        let mut life = Rehearsal::new(&file).with_warnings();
        life.up().complete();
        theirs(&mut life.world, name, kind.clone(), *identifier, value);
        let there = records(&mut life.world);
        write(&file, after);
        let mut life = life.with_plan(&file);
        let ran = life.up();
        assert_eq!(ran.outcome(), Outcome::Failed, "{what}");
        assert_eq!(records(&mut life.world), there, "{what}");
        life.destroy();
        let left = records(&mut life.world);
        assert!(left.iter().any(|record| record.contains(value.trim_matches('"'))), "{what}: {left:?}");
    });
}
