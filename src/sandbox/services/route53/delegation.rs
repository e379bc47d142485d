//! Reusable delegation sets, and DNSSEC as far as asking goes.

use serde_json::{Value as Json, json};

use super::{
    names::bare,
    zones::{ZONES, zone},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Reusable delegation sets.
pub(super) const SETS: &str = "route53.delegation-set";
/// API reference, GetReusableDelegationSetLimit: zones for one set.
const ZONES_PER_SET: usize = 100;

fn missing(id: &str) -> Fault {
    Fault::new("NoSuchDelegationSet", format!("No delegation set found with ID: {id}")).status(404)
}

/// The set of an id, as answers show it.
pub(super) fn set(world: &World, id: &str) -> Result<Json, Fault> {
    let id = id.rsplit('/').next().unwrap_or(id);
    world.get(SETS, id).cloned().ok_or_else(|| missing(id))
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let reference = rq.text("CallerReference");
    if world.any(SETS, |row| row["CallerReference"] == reference) {
        let message = format!("A delegation set with caller reference {reference} has already been created.");
        return Err(Fault::new("DelegationSetAlreadyCreated", message).status(400));
    }
    let servers = match rq.opt("HostedZoneId").map(bare) {
        None => {
            let n = world.next();
            let server = |at: u64, top: &str| format!("ns-{}.awsdns-{:02}.{top}", n * 4 + at, (n + at) % 64);
            json!([server(0, "com"), server(1, "net"), server(2, "org"), server(3, "co.uk")])
        }
        Some(id) => {
            let row = world.get(ZONES, id).ok_or_else(|| {
                Fault::new("HostedZoneNotFound", format!("The hosted zone {id} cannot be found.")).status(404)
            })?;
            if row["_set"].is_string() {
                let message = format!(
                    "Delegation set {} is already reusable.",
                    row["_set"].as_str().unwrap_or_default()
                );
                return Err(Fault::new("DelegationSetAlreadyReusable", message));
            }
            row["_servers"].clone()
        }
    };
    let id = format!("N{}", world.letters(20, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"));
    let row =
        json!({"Id": format!("/delegationset/{id}"), "CallerReference": reference, "NameServers": servers});
    world.put(SETS, &id, row.clone());
    Ok(json!({
        "DelegationSet": row, "Location": format!("https://route53.amazonaws.com/2013-04-01/delegationset/{id}"),
    }))
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    Ok(json!({"DelegationSet": set(world, rq.text("Id"))?}))
}

fn zones_of(world: &World, id: &str) -> usize {
    world.rows(ZONES).filter(|(_, row)| row["_set"] == id).count()
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = set(world, rq.text("Id"))?;
    let id = row["Id"].as_str().unwrap_or_default().to_owned();
    if zones_of(world, &id) > 0 {
        let message =
            format!("The delegation set {id} is associated with hosted zones and cannot be deleted.");
        return Err(Fault::new("DelegationSetInUse", message));
    }
    world.remove(SETS, id.rsplit('/').next().unwrap_or_default());
    done()
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let most = rq.get("MaxItems").as_str().and_then(|n| n.parse().ok()).or(rq.int("MaxItems")).unwrap_or(100);
    let most = usize::try_from(most).unwrap_or(100).clamp(1, 100);
    let after = rq.opt("Marker").unwrap_or_default();
    let all: Vec<Json> =
        world.rows(SETS).filter(|(id, _)| *id >= after).map(|(_, row)| row.clone()).collect();
    let next = all.get(most).and_then(|row| row["Id"].as_str()?.rsplit('/').next().map(str::to_owned));
    let mut answer = json!({
        "DelegationSets": all.iter().take(most).collect::<Vec<_>>(), "IsTruncated": next.is_some(),
        "MaxItems": most.to_string(), "Marker": after,
    });
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(answer)
}

pub(super) fn limit(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = set(world, rq.text("DelegationSetId"))?;
    let used = zones_of(world, row["Id"].as_str().unwrap_or_default());
    Ok(json!({"Limit": {"Type": rq.text("Type"), "Value": ZONES_PER_SET}, "Count": used}))
}

/// `GetDNSSEC`: nothing is signed, and nothing can be: that would need keys of KMS.
pub(super) fn dnssec(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = zone(world, bare(rq.text("HostedZoneId")))?;
    if row["Config"]["PrivateZone"] == true {
        return Err(Fault::new(
            "InvalidArgument",
            "The hosted zone is private: DNSSEC is for public hosted zones.",
        ));
    }
    Ok(json!({"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}))
}
