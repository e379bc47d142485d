//! What Route 53 demands of records.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::names::{full, within};
use crate::sandbox::{Fault, World};

const ROUTING: &[&str] = &[
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "MultiValueAnswer",
    "CidrRoutingConfig",
];

fn text<'j>(record: &'j Json, member: &str) -> &'j str {
    record[member].as_str().unwrap_or_default()
}

/// `Change with [Action=CREATE, Name=a., Type=A, SetIdentifier=null]`, as messages name a change.
fn named(change: &Json) -> String {
    let record = &change["ResourceRecordSet"];
    format!(
        "Change with [Action={}, Name={}, Type={}, SetIdentifier={}]",
        text(change, "Action"),
        text(record, "Name"),
        text(record, "Type"),
        record["SetIdentifier"].as_str().unwrap_or("null"),
    )
}

/// Whether a change has the members it must have.
pub(super) fn shape(change: &Json) -> Result<(), Fault> {
    let record = &change["ResourceRecordSet"];
    let has = |member: &str| !record[member].is_null();
    let invalid = |what: String| {
        Err(Fault::new("InvalidInput", format!("Invalid request: {what} in {}", named(change))))
    };
    let either = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]";
    let plain = has("TTL") || has("ResourceRecords");
    if has("AliasTarget") && plain {
        return invalid(format!("{either}, but found more than one"));
    }
    if !has("AliasTarget") && !plain {
        return invalid(format!("{either}, but found none"));
    }
    if plain && !has("TTL") {
        return invalid("Missing field 'TTL'".into());
    }
    if plain && !has("ResourceRecords") {
        return invalid("Missing field 'ResourceRecords'".into());
    }
    let policies = ROUTING.iter().filter(|member| has(member)).count();
    if policies > 1 {
        return invalid(format!("Expected exactly one of [{}], but found more than one", ROUTING.join(", ")));
    }
    if policies == 1 && !has("SetIdentifier") {
        return invalid("Missing field 'SetIdentifier'".into());
    }
    if policies == 0 && has("SetIdentifier") {
        return invalid(format!("Expected exactly one of [{}], but found none", ROUTING.join(", ")));
    }
    if record["Weight"].as_i64().is_some_and(|weight| !(0..=255).contains(&weight)) {
        return invalid("Weight must be between 0 and 255".into());
    }
    if record["TTL"].as_i64().is_some_and(|ttl| !(0..=2_147_483_647).contains(&ttl)) {
        return invalid("TTL must be between 0 and 2147483647".into());
    }
    Ok(())
}

/// Which routing policy a record follows.
fn policy(record: &Json) -> &'static str {
    ROUTING.iter().copied().find(|member| !record[*member].is_null()).unwrap_or("simple")
}

fn fatal(code: &str, what: &str, value: &str) -> String {
    format!("Invalid Resource Record: 'FATAL problem: {code} ({what}) encountered with '{value}''")
}

/// The quoted strings of a TXT value, without their quotes; `\"` and `\042` are one character each.
fn strings(value: &str) -> Vec<String> {
    let (mut all, mut inside, mut left) = (Vec::<String>::new(), false, value.chars());
    while let Some(c) = left.next() {
        let mut one = c;
        match c {
            '"' => {
                inside = !inside;
                if inside {
                    all.push(String::new());
                }
                continue;
            }
            '\\' if inside => {
                if left.next().is_some_and(|next| next.is_ascii_digit()) {
                    left.nth(1);
                }
                one = 'x';
            }
            _ => {}
        }
        if let Some(last) = all.last_mut().filter(|_| inside) {
            last.push(one);
        }
    }
    all
}

/// Whether the values fit the type.
fn values(record: &Json, problems: &mut Vec<String>) {
    let all: Vec<&str> = record["ResourceRecords"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| text(value, "Value"))
        .collect();
    for (at, value) in all.iter().enumerate() {
        if all[..at].contains(value) {
            problems.push(format!("Duplicate Resource Record: '{value}'"));
        }
        let numbers = |count: usize| value.split_whitespace().take(count).all(|n| n.parse::<u16>().is_ok());
        match text(record, "Type") {
            "A" if value.parse::<std::net::Ipv4Addr>().is_err() => {
                problems.push(fatal("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address", value));
            }
            "AAAA" if value.parse::<std::net::Ipv6Addr>().is_err() => {
                problems.push(fatal(
                    "AAAARRDATAIllegalIPv6Address",
                    "Value is not a valid IPv6 address",
                    value,
                ));
            }
            "CNAME" | "NS" | "PTR" if value.trim().is_empty() || value.contains(char::is_whitespace) => {
                problems.push(fatal("DomainLabelEmpty", "Domain label is empty", value));
            }
            "MX" if value.split_whitespace().count() != 2 || !numbers(1) => {
                problems.push(fatal("MXRRDATANotTwoFields", "MX record doesn't have 2 fields", value));
            }
            "SRV" if value.split_whitespace().count() != 4 || !numbers(3) => {
                problems.push(fatal("SRVRRDATANotFourFields", "SRV record doesn't have 4 fields", value));
            }
            "TXT" | "SPF" if !(value.starts_with('"') && value.ends_with('"') && value.len() >= 2) => {
                problems.push(fatal(
                    "InvalidCharacterString",
                    "Value should be enclosed in quotation marks",
                    value,
                ));
            }
            // Developer Guide, TXT record type: "strings of up to 255 characters".
            "TXT" | "SPF" if strings(value).iter().any(|one| one.len() > 255) => {
                problems.push(fatal("CharacterStringTooLong", "Value is too long", value));
            }
            _ => {}
        }
    }
    if text(record, "Type") == "CNAME" && all.len() > 1 {
        problems.push(format!(
            "Invalid Resource Record Set: a CNAME with DNS name {} has more than one value",
            text(record, "Name")
        ));
    }
}

/// Problems of one record beside the others of its zone.
pub(super) fn content(
    world: &World,
    zone: &Json,
    all: &BTreeMap<String, Json>,
    key: &str,
    record: &Json,
) -> Vec<String> {
    let mut problems = Vec::new();
    let (name, kind, apex) = (text(record, "Name"), text(record, "Type"), text(zone, "Name"));
    if !within(name, apex) {
        return vec![format!("RRSet with DNS name {name} is not permitted in zone {apex}")];
    }
    if kind == "CNAME" && name == apex {
        return vec![format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"
        )];
    }
    values(record, &mut problems);
    let others = || all.iter().filter(|(other, _)| other.as_str() != key).map(|(_, other)| other);
    let neighbours = || others().filter(|other| other["Name"] == record["Name"]);
    if neighbours().any(|other| (other["Type"] == "CNAME") != (kind == "CNAME")) {
        problems.push(format!(
            "RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the \
             same DNS name in zone {apex}"
        ));
    }
    let set = record["SetIdentifier"].as_str();
    let siblings = || neighbours().filter(|other| other["Type"] == record["Type"]);
    if siblings().any(|other| policy(other) != policy(record)) {
        let id = set.map(|set| format!(", SetIdentifier {set}")).unwrap_or_default();
        problems.push(format!(
            "RRSet with DNS name {name}, type {kind}{id} cannot be created as other RRSets exist with the same name \
             and type."
        ));
    }
    // As AWS says it: <https://github.com/aws/aws-sdk-go-v2/issues/518>. An alias has its target's TTL.
    let weighted = |one: &Json| !one["Weight"].is_null() && !one["TTL"].is_null();
    if weighted(record) && siblings().any(|other| weighted(other) && other["TTL"] != record["TTL"]) {
        problems.push(format!(
            "RRSet with DNS name {name} and type {kind}, SetIdentifier {} cannot be created as weighted sets must \
             contain the same TTL.",
            set.unwrap_or_default()
        ));
    }
    for member in ["Failover", "Region", "GeoLocation"] {
        if !record[member].is_null() && siblings().any(|other| other[member] == record[member]) {
            problems.push(format!(
                "RRSet with DNS name {name}, type {kind}, SetIdentifier {} cannot be created as a record with the same \
                 {member} exists.",
                set.unwrap_or_default()
            ));
        }
    }
    if let Some(alias) = record.get("AliasTarget").filter(|alias| alias.is_object()) {
        target(world, zone, all, record, alias, &mut problems);
    }
    problems
}

/// Aliases to records must point into the zone they name, at records that exist.
fn target(
    world: &World,
    zone: &Json,
    all: &BTreeMap<String, Json>,
    record: &Json,
    alias: &Json,
    problems: &mut Vec<String>,
) {
    let (kind, to) = (text(record, "Type"), full(text(alias, "DNSName")));
    let id = text(alias, "HostedZoneId");
    let say =
        |what: &str| format!("Tried to create an alias that targets {to}, type {kind} in zone {id}, {what}");
    let own = super::names::bare(text(zone, "Id")) == id;
    if own {
        if !within(&to, text(zone, "Name")) {
            problems.push(say("but the alias target name does not lie within the target zone"));
        } else if !all.values().any(|other| other["Name"] == to.as_str() && other["Type"] == record["Type"]) {
            problems.push(say("but that target was not found"));
        }
        return;
    }
    if world.get(super::zones::ZONES, id).is_some() {
        problems.push(say("but the alias target name does not lie within the target zone"));
        return;
    }
    // A load balancer's zone is its region's.
    let balancer = world.rows("elbv2.load-balancer").map(|(_, row)| row).find(|row| {
        let dns = full(text(row, "DNSName"));
        dns == to || format!("dualstack.{dns}") == to
    });
    if let Some(balancer) = balancer
        && balancer["CanonicalHostedZoneId"].as_str().is_some_and(|zone| zone != id)
    {
        problems.push(say("but the alias target name does not lie within the target zone"));
    }
}

/// Problems of the zone after the whole batch.
pub(super) fn whole(zone: &Json, all: &BTreeMap<String, Json>) -> Vec<String> {
    let count = |kind: &str| all.values().filter(|r| r["Name"] == zone["Name"] && r["Type"] == kind).count();
    let mut problems = Vec::new();
    if count("SOA") != 1 {
        problems.push("A HostedZone must contain exactly one SOA record.".to_owned());
    }
    if count("NS") == 0 {
        problems.push("A HostedZone must contain at least one NS record for the zone itself.".to_owned());
    }
    // API reference, ResourceRecordSet, TTL: "All of the resource record sets in a group of weighted resource record
    // sets must have the same value for TTL." The wording of the refusal is this twin's own.
    let mut lives: BTreeMap<(&str, &str), &Json> = BTreeMap::new();
    for record in all.values().filter(|record| !record["Weight"].is_null() && !record["TTL"].is_null()) {
        let (name, kind) = (text(record, "Name"), text(record, "Type"));
        if *lives.entry((name, kind)).or_insert(&record["TTL"]) != &record["TTL"] {
            problems.push(format!(
                "RRSets with DNS name {name}, type {kind} must have the same TTL as they are weighted."
            ));
        }
    }
    problems
}
