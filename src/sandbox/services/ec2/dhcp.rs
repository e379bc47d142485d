//! DHCP options: the region's own set, and those that the account makes.

use serde_json::{Value as Json, json};

use super::{
    account::DHCP,
    common::{invalid, tidy},
    vpcs::VPC,
};
use crate::sandbox::{Reply, Request, World, done};

/// What a set can say (Amazon VPC User Guide, "DHCP option sets").
const KEYS: &[&str] = &[
    "domain-name",
    "domain-name-servers",
    "ipv6-address-preferred-lease-time",
    "netbios-name-servers",
    "netbios-node-type",
    "ntp-servers",
];

/// `CreateDhcpOptions`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut all = Vec::new();
    for one in rq.list("DhcpConfigurations") {
        let key = one["Key"].as_str().unwrap_or_default();
        if !KEYS.contains(&key) {
            return Err(invalid(format!("Value ({key}) for parameter key is invalid. Unknown DHCP option")));
        }
        let values: Vec<Json> =
            one["Values"].as_array().into_iter().flatten().map(|value| json!({"Value": value})).collect();
        if values.is_empty() {
            return Err(invalid(format!("Value () for parameter {key} is invalid. It has no values")));
        }
        if key == "netbios-node-type"
            && !["1", "2", "4", "8"].contains(&values[0]["Value"].as_str().unwrap_or(""))
        {
            return Err(invalid("Value for parameter netbios-node-type is invalid. It must be 1, 2, 4 or 8"));
        }
        all.push(json!({"Key": key, "Values": values}));
    }
    let row = json!({"DhcpConfigurations": all, "OwnerId": world.account});
    let id = DHCP.create(world, rq, row)?;
    Ok(json!({"DhcpOptions": tidy(DHCP.get(world, rq, &id)?.clone())}))
}

/// `AssociateDhcpOptions`; `default` means none.
pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("DhcpOptionsId");
    if id != "default" {
        DHCP.get(world, rq, id)?;
    }
    VPC.get_mut(world, rq, rq.text("VpcId"))?["DhcpOptionsId"] = json!(id);
    done()
}

/// `DeleteDhcpOptions`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("DhcpOptionsId");
    DHCP.get(world, rq, id)?;
    if world.any(VPC.table, |vpc| vpc["DhcpOptionsId"] == id) {
        return Err(DHCP.busy(id));
    }
    world.remove(DHCP.table, id);
    done()
}
