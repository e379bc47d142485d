//! What the name servers would answer.

use serde_json::{Value as Json, json};

use super::{
    health,
    names::{bare, full},
    records::of_zone,
    zones::zone,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// The records that would answer: the healthy ones, or all if none is healthy; of weighted ones the heaviest,
/// which is what a client sees most often.
fn chosen<'r>(world: &World, records: &[&'r Json]) -> Vec<&'r Json> {
    let well =
        |record: &&&Json| record["HealthCheckId"].as_str().is_none_or(|id| health::healthy(world, id, 0));
    let weight = |record: &Json| record["Weight"].as_i64();
    // Records of weight zero answer only when no other is healthy.
    let heavy = |record: &&&Json| weight(record).is_none_or(|w| w > 0);
    let mut pool: Vec<&Json> = records.iter().filter(well).filter(heavy).copied().collect();
    if pool.is_empty() {
        pool = records.iter().filter(well).copied().collect();
    }
    if pool.is_empty() {
        pool = records.to_vec();
    }
    if pool.iter().any(|record| record["MultiValueAnswer"] == true) {
        return pool.into_iter().take(8).collect();
    }
    let first = pool.iter().copied().find(|record| record["Failover"] == "PRIMARY");
    let heaviest = pool.iter().copied().max_by_key(|record| weight(record).unwrap_or(0));
    first.or(heaviest).into_iter().collect()
}

pub(super) fn test(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("HostedZoneId")).to_owned();
    let home = zone(world, &id)?;
    // API reference, TestDNSAnswer: "This call only supports querying public hosted zones."
    if home["Config"]["PrivateZone"] == true {
        return Err(Fault::new("InvalidInput", "TestDNSAnswer does not support private hosted zones."));
    }
    let all = of_zone(world, &id);
    let kind = rq.text("RecordType");
    let (mut name, mut data) = (full(rq.text("RecordName")), Vec::new());
    let mut exists = false;
    for _ in 0..8 {
        let of = |name: &str, kind: &str| {
            all.values().filter(|r| r["Name"] == name && r["Type"] == kind).collect::<Vec<&Json>>()
        };
        let mut fitting = of(&name, kind);
        if fitting.is_empty() && kind != "CNAME" {
            fitting = of(&name, "CNAME");
        }
        if fitting.is_empty() {
            let parent = name.split_once('.').map_or("", |(_, parent)| parent);
            fitting = of(&format!("\\052.{parent}"), kind);
        }
        exists |= !fitting.is_empty() || all.values().any(|r| r["Name"] == name.as_str());
        let picked = chosen(world, &fitting);
        let alias = picked.iter().find_map(|record| {
            let target = &record["AliasTarget"];
            (target["HostedZoneId"] == id.as_str()).then(|| target["DNSName"].as_str().map(full))?
        });
        if let Some(next) = alias {
            name = next;
            continue;
        }
        for record in picked {
            let values = record["ResourceRecords"].as_array().into_iter().flatten();
            data.extend(values.map(|value| value["Value"].clone()));
            if let Some(target) = record["AliasTarget"]["DNSName"].as_str() {
                data.push(json!(target));
            }
        }
        break;
    }
    let code = if exists { "NOERROR" } else { "NXDOMAIN" };
    Ok(json!({
        "Nameserver": home["_servers"][0], "Protocol": "UDP", "RecordName": full(rq.text("RecordName")),
        "RecordType": kind, "RecordData": data, "ResponseCode": code,
    }))
}
