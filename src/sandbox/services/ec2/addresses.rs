//! Elastic IP addresses.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, here, invalid, lacking, plain, tidy},
    filters,
    interfaces::INTERFACE,
    internet_gateways,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Elastic IP addresses.
pub(super) const ADDRESS: Noun = Noun {
    table: "ec2.address",
    prefix: "eipalloc",
    id: "AllocationId",
    ids: "AllocationIds",
    tags: "Tags",
    resource: "elastic-ip",
    missing: "InvalidAllocationID.NotFound",
    // AWS's list of codes has no other for what is no id at all.
    malformed: "InvalidAllocationID.NotFound",
    label: "allocation",
    filters: &[
        ("allocation-id", "AllocationId"),
        ("association-id", "AssociationId"),
        ("domain", "Domain"),
        ("instance-id", "InstanceId"),
        ("network-border-group", "NetworkBorderGroup"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("network-interface-owner-id", "NetworkInterfaceOwnerId"),
        ("private-ip-address", "PrivateIpAddress"),
        ("public-ip", "PublicIp"),
    ],
};

/// Another public address.
pub(super) fn public_ip(world: &mut World) -> String {
    let n = world.next();
    format!("52.{}.{}.{}", 16 + n / 64_516 % 64, n / 254 % 254, 1 + n % 254)
}

/// `AcceptAddressTransfer` of an address that another account offers. Offers are rows that somebody else puts into
/// the world; their other members are what the owner's address is like.
pub(super) fn accept(world: &mut World, rq: &Request<'_>) -> Reply {
    let ip = rq.text("Address");
    let expires = |offer: &Json| offer["TransferOfferExpirationTimestamp"].as_f64();
    let open = |offer: &&Json| expires(offer).is_none_or(|at| at > world.now_secs());
    let offer = world.get("ec2.address-transfer", ip).filter(open).cloned().ok_or_else(|| {
        let message = format!("Address '{ip}' is not being transferred to this account.");
        Fault::new("InvalidTransfer.AddressNotFound", message)
    })?;
    for (member, code) in [
        ("AssociationId", "InvalidTransfer.AddressAssociated"),
        ("PtrRecord", "InvalidTransfer.AddressCustomPtrSet"),
    ] {
        if !offer[member].is_null() {
            return Err(Fault::new(code, format!("Address '{ip}' cannot be transferred as it is.")));
        }
    }
    let row = json!({
        "PublicIp": ip, "Domain": "vpc", "PublicIpv4Pool": "amazon", "NetworkBorderGroup": rq.region,
    });
    let id = ADDRESS.create(world, rq, row)?;
    world.remove("ec2.address-transfer", ip);
    Ok(json!({"AddressTransfer": tidy(json!({
        "PublicIp": ip, "AllocationId": id, "TransferAccountId": world.account, "AddressTransferStatus": "accepted",
        "TransferOfferAcceptedTimestamp": world.now_secs(),
        "TransferOfferExpirationTimestamp": offer["TransferOfferExpirationTimestamp"],
    }))}))
}

/// `AllocateAddress`.
pub(super) fn allocate(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(pool) = rq.opt("IpamPoolId") {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Fault::new("InvalidIpamPoolId.NotFound", message));
    }
    if let Some(pool) = rq.opt("PublicIpv4Pool").filter(|pool| *pool != "amazon") {
        let message = format!("The publicIpv4Pool ID '{pool}' does not exist");
        return Err(Fault::new("InvalidPublicIpv4PoolID.NotFound", message));
    }
    if let Some(address) = rq.opt("Address") {
        let message = format!("The address '{address}' is not available to this account");
        return Err(Fault::new("InvalidAddress.NotFound", message));
    }
    if let Some(pool) = rq.opt("CustomerOwnedIpv4Pool") {
        return Err(invalid(format!("The customer-owned pool '{pool}' does not exist")));
    }
    if rq.opt("Domain") == Some("standard") {
        return Err(Fault::new("UnsupportedOperation", "Only addresses of domain vpc can be allocated"));
    }
    let group = rq.opt("NetworkBorderGroup").unwrap_or(rq.region);
    if !group.starts_with(rq.region) {
        return Err(invalid(format!("The network border group '{group}' is invalid in {}", rq.region)));
    }
    let ip = public_ip(world);
    let row = json!({
        "PublicIp": ip, "Domain": "vpc", "PublicIpv4Pool": "amazon", "NetworkBorderGroup": group,
    });
    let id = ADDRESS.create(world, rq, row)?;
    let mut row = ADDRESS.get(world, rq, &id)?.clone();
    if let Some(members) = row.as_object_mut() {
        members.remove("Tags");
    }
    Ok(tidy(row))
}

/// The allocation that a request names, by id or by address.
fn named(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    match (rq.opt("AllocationId"), rq.opt("PublicIp")) {
        (Some(_), Some(_)) => Err(super::common::combination(
            "You may specify public IP or allocation id, but not both in the same call",
        )),
        (Some(id), None) => ADDRESS.get(world, rq, id).map(|_| id.to_owned()),
        (None, Some(ip)) => ADDRESS
            .all(world, rq)
            .find(|row| row["PublicIp"] == ip)
            .and_then(|row| row["AllocationId"].as_str().map(ToOwned::to_owned))
            .ok_or_else(|| unknown_ip(ip)),
        (None, None) => {
            Err(Fault::new("MissingParameter", "Either public IP or allocation id must be specified"))
        }
    }
}

fn unknown_ip(ip: &str) -> Fault {
    Fault::new("InvalidAddress.NotFound", format!("Address '{ip}' not found."))
}

/// Whether an interface belongs to a service: a NAT gateway, say.
fn managed(world: &World, eni: &str) -> bool {
    world.get("ec2.network-interface", eni).is_some_and(|row| row["RequesterManaged"] == true)
}

fn not_yours() -> Fault {
    Fault::new("AuthFailure", "You do not have permission to access the specified resource.")
}

/// `ReleaseAddress`.
pub(super) fn release(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = named(world, rq)?;
    let row = ADDRESS.get(world, rq, &id)?;
    if managed(world, row["NetworkInterfaceId"].as_str().unwrap_or_default()) {
        return Err(not_yours());
    }
    if row["AssociationId"].is_string() {
        let message = format!("Address {} is in use.", row["PublicIp"].as_str().unwrap_or_default());
        return Err(Fault::new("InvalidIPAddress.InUse", message));
    }
    world.remove("ec2.address", &id);
    done()
}

/// `DescribeAddresses`: has no pages.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows: Vec<Json> = Vec::new();
    for id in rq.texts("AllocationIds") {
        rows.push(ADDRESS.get(world, rq, id)?.clone());
    }
    for ip in rq.texts("PublicIps") {
        let row = ADDRESS.all(world, rq).find(|row| row["PublicIp"] == ip).ok_or_else(|| unknown_ip(ip))?;
        rows.push(row.clone());
    }
    if rq.texts("AllocationIds").is_empty() && rq.texts("PublicIps").is_empty() {
        rows.extend(ADDRESS.all(world, rq).map(|row| plain(world, row)));
    }
    let rows = filters::apply(rows, rq.list("Filters"), ADDRESS.filters, "Tags")?;
    Ok(json!({"Addresses": rows.into_iter().map(tidy).collect::<Vec<_>>()}))
}

/// Maps an address to an interface, on both sides. Answers the association's id.
pub(super) fn bind(world: &mut World, allocation: &str, eni: &str) -> String {
    let association = world.id("eipassoc");
    let (account, interface) =
        (world.account.clone(), world.get("ec2.network-interface", eni).cloned().unwrap_or_default());
    let mut public = Json::Null;
    if let Some(row) = world.get_mut("ec2.address", allocation) {
        row["AssociationId"] = json!(association);
        row["NetworkInterfaceId"] = json!(eni);
        row["NetworkInterfaceOwnerId"] = json!(account);
        row["PrivateIpAddress"] = interface["PrivateIpAddress"].clone();
        public = row["PublicIp"].clone();
    }
    if let Some(row) = world.get_mut("ec2.network-interface", eni) {
        row["Association"] = json!({
            "AllocationId": allocation, "AssociationId": association, "PublicIp": public, "IpOwnerId": account,
        });
    }
    association
}

/// The members of an address that nobody uses.
pub(super) fn unbound() -> Json {
    json!({
        "AssociationId": null, "InstanceId": null, "NetworkInterfaceId": null, "NetworkInterfaceOwnerId": null,
        "PrivateIpAddress": null, "_nat": null,
    })
}

/// `AssociateAddress`.
pub(super) fn associate(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = named(world, rq)?;
    let instance = rq.opt("InstanceId");
    let eni = match instance {
        Some(instance) => world
            .get("ec2.instance", instance)
            .and_then(|row| row["NetworkInterfaceId"].as_str())
            .map(ToOwned::to_owned)
            .ok_or_else(|| {
                let message = format!("The instance ID '{instance}' does not exist");
                Fault::new("InvalidInstanceID.NotFound", message)
            })?,
        None => rq.opt("NetworkInterfaceId").ok_or_else(|| lacking("networkInterfaceId"))?.to_owned(),
    };
    let eni = eni.as_str();
    let vpc = INTERFACE.get(world, rq, eni)?["VpcId"].as_str().unwrap_or_default().to_owned();
    if !internet_gateways::attached(world, &vpc) {
        let message = format!("Network {vpc} is not attached to any internet gateway");
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    let row = ADDRESS.get(world, rq, &id)?;
    if let Some(old) = row["NetworkInterfaceId"].as_str().map(ToOwned::to_owned) {
        if !rq.flag("AllowReassociation") {
            let message =
                format!("resource {id} is already associated with associate-id {}", row["AssociationId"]);
            return Err(Fault::new("Resource.AlreadyAssociated", message.replace('"', "")));
        }
        if let Some(row) = world.get_mut("ec2.network-interface", &old) {
            row["Association"] = Json::Null;
        }
    }
    let association = bind(world, &id, eni);
    ADDRESS.get_mut(world, rq, &id)?["InstanceId"] = json!(instance);
    Ok(json!({"AssociationId": association}))
}

/// What is known of addresses besides what DescribeAddresses shows: their reverse DNS records.
fn attribute(row: &Json) -> Json {
    tidy(json!({"PublicIp": row["PublicIp"], "AllocationId": row["AllocationId"], "PtrRecord": row["_ptr"]}))
}

/// `DescribeAddressesAttribute`.
pub(super) fn attributes(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows = Vec::new();
    for id in rq.texts("AllocationIds") {
        rows.push(attribute(ADDRESS.get(world, rq, id)?));
    }
    if rows.is_empty() {
        rows.extend(ADDRESS.all(world, rq).map(attribute));
    }
    super::common::listed(rq, "Addresses", rows)
}

/// `ModifyAddressAttribute`: a reverse DNS record. Whether the name leads back to the address is not looked at.
pub(super) fn modify_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.opt("DomainName").ok_or_else(|| lacking("DomainName"))?;
    let row = ADDRESS.get_mut(world, rq, rq.text("AllocationId"))?;
    row["_ptr"] = json!(format!("{}.", name.trim_end_matches('.')));
    Ok(json!({"Address": attribute(row)}))
}

/// `ResetAddressAttribute`.
pub(super) fn reset_attribute(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = ADDRESS.get_mut(world, rq, rq.text("AllocationId"))?;
    row["_ptr"] = Json::Null;
    Ok(json!({"Address": attribute(row)}))
}

/// `DisassociateAddress`.
pub(super) fn disassociate(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("AssociationId").is_none() && rq.opt("PublicIp").is_none() {
        let message = "Either public IP or association id must be specified";
        return Err(Fault::new("MissingParameter", message));
    }
    let wanted = |row: &Json| match (rq.opt("AssociationId"), rq.opt("PublicIp")) {
        (Some(association), _) => row["AssociationId"] == association,
        (None, Some(ip)) => row["PublicIp"] == ip && row["AssociationId"].is_string(),
        (None, None) => false,
    };
    let found = world
        .rows("ec2.address")
        .find(|(_, row)| here(row, rq.region) && wanted(row))
        .map(|(id, row)| (id.to_owned(), row["NetworkInterfaceId"].as_str().unwrap_or_default().to_owned()));
    let Some((id, eni)) = found else {
        let named = rq.opt("AssociationId").unwrap_or(rq.text("PublicIp"));
        let message = format!("The association ID '{named}' does not exist");
        return Err(Fault::new("InvalidAssociationID.NotFound", message));
    };
    if managed(world, &eni) {
        return Err(not_yours());
    }
    if let Some(row) = world.get_mut("ec2.network-interface", &eni) {
        row["Association"] = Json::Null;
    }
    if let Some(row) = world.get_mut("ec2.address", &id) {
        for (member, value) in unbound().as_object().into_iter().flatten() {
            row[member.as_str()] = value.clone();
        }
    }
    done()
}
