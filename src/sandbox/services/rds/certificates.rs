//! Certificate authorities of instances, and the account's default one.

use serde_json::{Value as Json, json};

use super::store::{filtered, invalid, paged};
use crate::sandbox::{Fault, Reply, Request, World};

/// The account's choice, by region.
const OVERRIDE: &str = "rds.certificate-override";

/// Names of the authorities (RDS User Guide, Using SSL/TLS to encrypt a connection: "Certificate authorities").
pub const NAMES: &[&str] = &["rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"];

/// What new instances get when nothing is said.
const DEFAULT: &str = "rds-ca-rsa2048-g1";

/// 2021-05-25, when the three authorities came, and 40 years later (100 for the other two).
const FROM: i64 = 1_621_900_800;
const YEAR: i64 = 31_557_600;

fn shown(world: &World, rq: &Request<'_>, name: &str) -> Json {
    let years = if name == DEFAULT { 40 } else { 100 };
    let thumbprint: String = name.bytes().cycle().take(20).map(|byte| format!("{byte:02x}")).collect();
    let chosen = world.get(OVERRIDE, rq.region).is_some_and(|row| row["Name"] == name);
    let mut item = json!({
        "CertificateIdentifier": name, "CertificateType": "CA", "Thumbprint": thumbprint, "ValidFrom": FROM,
        "ValidTill": FROM + years * YEAR, "CertificateArn": format!("arn:{}:rds:{}::cert:{name}", partition(world, rq), rq.region),
        "CustomerOverride": chosen,
    });
    if chosen {
        item["CustomerOverrideValidTill"] = json!(FROM + years * YEAR);
    }
    item
}

fn partition(world: &World, rq: &Request<'_>) -> String {
    world.arn("rds", rq.region, "").split(':').nth(1).unwrap_or("aws").to_owned()
}

/// The authority of new instances that name none.
pub fn default(world: &World, region: &str) -> String {
    world.get(OVERRIDE, region).and_then(|row| row["Name"].as_str()).unwrap_or(DEFAULT).to_owned()
}

/// An authority by name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<(), Fault> {
    if NAMES.contains(&name) { Ok(()) } else { Err(missing(name)) }
}

fn missing(name: &str) -> Fault {
    Fault::new("CertificateNotFound", format!("Certificate not found: {name}"))
}

pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    filtered(rq, Vec::new(), |_| None)?;
    let wanted = rq.opt("CertificateIdentifier").filter(|name| !name.is_empty());
    if let Some(name) = wanted {
        find(name)?;
    }
    let names = NAMES.iter().filter(|name| wanted.is_none_or(|wanted| wanted == **name));
    let items = names.map(|name| shown(world, rq, name)).collect();
    let mut answer = paged(rq, "Certificates", items)?;
    answer["DefaultCertificateForNewLaunches"] = json!(default(world, rq.region));
    Ok(answer)
}

pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = match (rq.opt("CertificateIdentifier"), rq.flag("RemoveCustomerOverride")) {
        (Some(name), false) => {
            find(name)?;
            world.put(OVERRIDE, rq.region, json!({"Name": name}));
            name.to_owned()
        }
        (None, true) => {
            world.remove(OVERRIDE, rq.region);
            DEFAULT.to_owned()
        }
        _ => return Err(invalid("Specify either CertificateIdentifier or RemoveCustomerOverride.")),
    };
    Ok(json!({"Certificate": shown(world, rq, &name)}))
}
