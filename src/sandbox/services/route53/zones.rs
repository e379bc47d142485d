//! Hosted zones.

use serde_json::{Value as Json, json};

use super::{
    changes, delegation,
    names::{bare, full, order, page, set, size, valid},
    records::{RECORDS, record_key},
    vpcs,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Zones by id.
pub(super) const ZONES: &str = "route53.zone";

/// The zone of an id.
pub(super) fn zone<'w>(world: &'w World, id: &str) -> Result<&'w Json, Fault> {
    let id = bare(id);
    world.get(ZONES, id).ok_or_else(|| {
        Fault::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).status(404)
    })
}

/// How the API shows a zone.
pub(super) fn shown(world: &World, row: &Json) -> Json {
    let id = bare(row["Id"].as_str().unwrap_or_default()).to_owned();
    let count = world.rows(RECORDS).filter(|(_, record)| record["_zone"] == id.as_str()).count();
    let mut out = row.clone();
    out["ResourceRecordSetCount"] = json!(count);
    out
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, reference) = (rq.text("Name"), rq.text("CallerReference"));
    if !valid(name) {
        return Err(Fault::new("InvalidDomainName", format!("{name} is not a valid domain name")));
    }
    let used = world.any(ZONES, |row| row["CallerReference"] == reference);
    if used {
        return Err(Fault::new(
            "HostedZoneAlreadyExists",
            format!(
                "A hosted zone has already been created with the specified caller reference: {reference}"
            ),
        )
        .status(409));
    }
    let vpc = rq.get("VPC").clone();
    let private = !vpc.is_null();
    if rq.get("HostedZoneConfig")["PrivateZone"] == true && !private {
        return Err(Fault::new(
            "InvalidInput",
            "When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify \
             values for VPCId and VPCRegion.",
        ));
    }
    if private && !rq.text("DelegationSetId").is_empty() {
        return Err(Fault::new("InvalidInput", "A private hosted zone cannot use a reusable delegation set"));
    }
    let reusable = rq.opt("DelegationSetId").filter(|id| !id.is_empty());
    let reusable = reusable.map(|id| delegation::set(world, id)).transpose()?;
    if private {
        vpcs::admit(world, &vpc, &full(name), None)?;
    }
    let id = format!("Z{}", world.hex(20).to_uppercase());
    let given: Option<Vec<String>> = reusable.as_ref().and_then(|set| {
        let servers = set["NameServers"].as_array()?;
        Some(servers.iter().filter_map(|server| server.as_str().map(str::to_owned)).collect())
    });
    let servers: Vec<String> = if let Some(given) = given {
        given
    } else if private {
        let numbers = [1536, 0, 1024, 512];
        let tlds = ["co.uk", "com", "org", "net"];
        numbers.iter().zip(tlds).map(|(n, tld)| format!("ns-{n}.awsdns-{:02}.{tld}", n % 64)).collect()
    } else {
        ["com", "net", "org", "co.uk"]
            .into_iter()
            .enumerate()
            .map(|(n, tld)| {
                let pick = u64::from_str_radix(&world.hex(4), 16).unwrap_or_default();
                format!("ns-{}.awsdns-{:02}.{tld}", n as u64 * 512 + pick % 512, pick % 64)
            })
            .collect()
    };
    let mut config = json!({"PrivateZone": private});
    set(&mut config, &[("Comment", rq.get("HostedZoneConfig")["Comment"].clone())]);
    let name = full(name);
    let mut row = json!({
        "Id": format!("/hostedzone/{id}"), "Name": name, "CallerReference": reference, "Config": config,
        "_servers": servers, "_vpcs": if private { vec![vpc.clone()] } else { Vec::new() }, "_tags": [],
        "_private": private,
    });
    let mut delegation = json!({"NameServers": servers});
    if let Some(set) = &reusable {
        row["_set"] = set["Id"].clone();
        delegation["Id"] = set["Id"].clone();
        delegation["CallerReference"] = set["CallerReference"].clone();
    }
    world.put(ZONES, &id, row);
    let values: Vec<Json> = servers.iter().map(|server| json!({"Value": format!("{server}.")})).collect();
    let soa = format!("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", servers[0]);
    for (kind, ttl, records) in [("NS", 172_800, json!(values)), ("SOA", 900, json!([{"Value": soa}]))] {
        let record = json!({"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records, "_zone": id});
        world.put(RECORDS, &record_key(&id, &record), record);
    }
    let change = changes::note(world, None);
    let zone = shown(world, zone(world, &id)?);
    let mut out = json!({
        "HostedZone": zone, "ChangeInfo": change,
        "Location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
    });
    set(&mut out, &[("VPC", vpc)]);
    // Nobody delegates to a private zone (LocalStack's recordings of AWS, `test_create_private_hosted_zone`).
    if !private {
        out["DelegationSet"] = delegation;
    }
    Ok(out)
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = zone(world, rq.text("Id"))?;
    let mut out = json!({"HostedZone": shown(world, row)});
    if row["_private"] == true {
        out["VPCs"] = row["_vpcs"].clone();
    } else {
        out["DelegationSet"] = json!({"NameServers": row["_servers"]});
        if let Some(set) = row["_set"].as_str().and_then(|id| delegation::set(world, id).ok()) {
            out["DelegationSet"] = set;
        }
    }
    Ok(out)
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("Id")).to_owned();
    let apex = zone(world, &id)?["Name"].clone();
    let mine: Vec<(String, bool)> = world
        .rows(RECORDS)
        .filter(|(_, record)| record["_zone"] == id.as_str())
        .map(|(key, record)| {
            let born = record["Name"] == apex && (record["Type"] == "NS" || record["Type"] == "SOA");
            (key.to_owned(), born)
        })
        .collect();
    if mine.iter().any(|(_, born)| !born) {
        return Err(Fault::new(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        ));
    }
    for (key, _) in mine {
        world.remove(RECORDS, &key);
    }
    for table in [super::logging::LOGGING, vpcs::AUTHORIZATIONS] {
        let gone: Vec<String> = world
            .rows(table)
            .filter(|(_, row)| row["HostedZoneId"] == id.as_str())
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in gone {
            world.remove(table, &key);
        }
    }
    world.remove(ZONES, &id);
    Ok(json!({"ChangeInfo": changes::note(world, None)}))
}

fn all(world: &World) -> Vec<Json> {
    world.rows(ZONES).map(|(_, row)| shown(world, row)).collect()
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut zones = all(world);
    if rq.text("HostedZoneType") == "PrivateHostedZone" {
        zones.retain(|zone| zone["Config"]["PrivateZone"] == true);
    }
    let most = size(rq, "MaxItems", 100)?;
    let (zones, next) = page(zones, rq.opt("Marker"), "Id", most);
    let mut out = json!({
        "HostedZones": zones, "IsTruncated": next.is_some(), "Marker": rq.text("Marker"),
        "MaxItems": most.to_string(),
    });
    set(&mut out, &[("NextMarker", json!(next))]);
    Ok(out)
}

pub(super) fn list_by_name(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = |zone: &Json| {
        let text = |member: &str| zone[member].as_str().unwrap_or_default().to_owned();
        (order(&text("Name")), bare(&text("Id")).to_owned())
    };
    let mut zones = all(world);
    zones.sort_by_key(key);
    if let Some(name) = rq.opt("DNSName").filter(|name| !name.is_empty()) {
        let from = (order(name), rq.opt("HostedZoneId").map(bare).unwrap_or_default().to_owned());
        zones.retain(|zone| key(zone) >= from);
    } else if rq.opt("HostedZoneId").is_some() {
        return Err(Fault::new("InvalidInput", "A HostedZoneId needs a DNSName"));
    }
    let most = size(rq, "MaxItems", 100)?;
    let next = zones.get(most).cloned();
    zones.truncate(most);
    let mut out = json!({"HostedZones": zones, "IsTruncated": next.is_some(), "MaxItems": most.to_string()});
    set(
        &mut out,
        &[("DNSName", rq.get("DNSName").clone()), ("HostedZoneId", rq.get("HostedZoneId").clone())],
    );
    if let Some(next) = next {
        out["NextDNSName"] = next["Name"].clone();
        out["NextHostedZoneId"] = json!(bare(next["Id"].as_str().unwrap_or_default()));
    }
    Ok(out)
}

pub(super) fn count(world: &mut World, _rq: &Request<'_>) -> Reply {
    Ok(json!({"HostedZoneCount": world.rows(ZONES).count()}))
}

pub(super) fn comment(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("Id")).to_owned();
    zone(world, &id)?;
    let comment = rq.get("Comment").clone();
    if let Some(config) = world.get_mut(ZONES, &id).and_then(|row| row["Config"].as_object_mut()) {
        if comment.as_str().is_none_or(str::is_empty) {
            config.remove("Comment");
        } else {
            config.insert("Comment".into(), comment);
        }
    }
    Ok(json!({"HostedZone": shown(world, zone(world, &id)?)}))
}

/// How long a feature takes to be on or off.
const FEATURE: i64 = 20_000;

pub(super) fn features(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = bare(rq.text("HostedZoneId")).to_owned();
    if zone(world, &id)?["_private"] == true {
        return Err(Fault::new("InvalidInput", "Accelerated recovery is for public hosted zones"));
    }
    let (now, then) = if rq.flag("EnableAcceleratedRecovery") {
        ("ENABLING", "ENABLED")
    } else {
        ("DISABLING", "DISABLED")
    };
    if let Some(row) = world.get_mut(ZONES, &id) {
        row["Features"] = json!({"AcceleratedRecoveryStatus": now});
    }
    world.set_after(FEATURE, ZONES, &id, json!({"Features": {"AcceleratedRecoveryStatus": then}}));
    done()
}
