//! Batches are atomic, changes spread, and the rules are worded as AWS words them.

use serde_json::{Value as Json, json};

use super::*;
use crate::sandbox::{Reply, Request, World};

fn call(world: &mut World, operation: &str, input: Json) -> Reply {
    let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
    run(world, &Request { operation, region: "us-east-1", access_key: "", input })
}

fn zone(world: &mut World) -> String {
    let made =
        call(world, "CreateHostedZone", json!({"Name": "example.com", "CallerReference": "1"})).unwrap();
    names::bare(made["HostedZone"]["Id"].as_str().unwrap()).to_owned()
}

fn batch(world: &mut World, zone: &str, changes: &[(&str, Json)]) -> Reply {
    let changes: Vec<Json> = changes
        .iter()
        .map(|(action, record)| json!({"Action": action, "ResourceRecordSet": record}))
        .collect();
    call(
        world,
        "ChangeResourceRecordSets",
        json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}),
    )
}

fn a(name: &str, value: &str) -> Json {
    json!({"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]})
}

fn weighted(set: &str, weight: i64) -> Json {
    let mut record = a("www.example.com", "192.0.2.1");
    record["SetIdentifier"] = json!(set);
    record["Weight"] = json!(weight);
    record
}

#[test]
fn a_batch_happens_whole_or_not_at_all() {
    let mut world = World::new(1, 0);
    let zone = zone(&mut world);
    batch(&mut world, &zone, &[("CREATE", a("www.example.com", "192.0.2.1"))]).unwrap();
    let fault = batch(
        &mut world,
        &zone,
        &[("CREATE", a("b.example.com", "192.0.2.1")), ("CREATE", a("www.example.com.", "192.0.2.2"))],
    )
    .unwrap_err();
    assert_eq!(fault.code, "InvalidChangeBatch");
    assert_eq!(
        fault.message,
        "[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]"
    );
    let listed = call(&mut world, "ListResourceRecordSets", json!({"HostedZoneId": zone})).unwrap();
    let names: Vec<&str> = listed["ResourceRecordSets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["Name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["example.com.", "example.com.", "www.example.com."]);
}

#[test]
fn simple_and_weighted_records_change_places_in_one_batch() {
    let mut world = World::new(1, 0);
    let zone = zone(&mut world);
    let simple = a("www.example.com", "192.0.2.1");
    batch(&mut world, &zone, &[("CREATE", simple.clone())]).unwrap();
    let fault = batch(&mut world, &zone, &[("CREATE", weighted("blue", 1))]).unwrap_err();
    assert!(fault.message.contains("cannot be created as other RRSets exist"), "{}", fault.message);
    batch(
        &mut world,
        &zone,
        &[("DELETE", simple), ("CREATE", weighted("blue", 255)), ("CREATE", weighted("green", 0))],
    )
    .unwrap();
}

#[test]
fn changes_spread_after_a_while_and_zones_must_be_empty() {
    let mut world = World::new(1, 0);
    let zone = zone(&mut world);
    let change = batch(&mut world, &zone, &[("CREATE", a("www.example.com", "192.0.2.1"))]).unwrap();
    let id = change["ChangeInfo"]["Id"].clone();
    let status = |world: &mut World| {
        call(world, "GetChange", json!({"Id": id})).unwrap()["ChangeInfo"]["Status"].clone()
    };
    assert_eq!(status(&mut world), "PENDING");
    world.advance_to(35_000);
    assert_eq!(status(&mut world), "INSYNC");
    let fault = call(&mut world, "DeleteHostedZone", json!({"Id": zone})).unwrap_err();
    assert_eq!(fault.code, "HostedZoneNotEmpty");
}

#[test]
fn aliases_have_no_ttl() {
    let mut world = World::new(1, 0);
    let zone = zone(&mut world);
    let alias = json!({"Name": "example.com", "Type": "A", "TTL": 60,
        "AliasTarget": {"DNSName": "lb.example.net", "HostedZoneId": "Z2", "EvaluateTargetHealth": false}});
    let fault = batch(&mut world, &zone, &[("CREATE", alias)]).unwrap_err();
    assert_eq!(fault.code, "InvalidInput");
    assert!(fault.message.contains("but found more than one"));
}
