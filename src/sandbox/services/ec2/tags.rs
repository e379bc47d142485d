//! Tags: at creation, later, and listed.

use serde_json::{Value as Json, json};

use super::{
    account::DHCP,
    addresses::ADDRESS,
    common::{Noun, here, invalid, listed},
    egress_only::EGRESS_ONLY,
    filters,
    flow_logs::FLOW_LOG,
    instances::INSTANCE,
    interfaces::INTERFACE,
    internet_gateways::GATEWAY,
    keys::KEY,
    launch_templates::TEMPLATE,
    nat_gateways::NAT,
    network_acls::ACL,
    peerings::PEERING,
    prefix_lists::LIST,
    route_tables::TABLE,
    rules::RULE,
    security_groups::GROUP,
    snapshots::SNAPSHOT,
    subnets::SUBNET,
    volumes::VOLUME,
    vpc_endpoints::ENDPOINT,
    vpcs::VPC,
    vpn_connections::CONNECTION,
    vpn_gateways::VPN,
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Everything that carries tags.
const TAGGABLE: &[&Noun] = &[
    &ADDRESS,
    &INTERFACE,
    &GATEWAY,
    &NAT,
    &ACL,
    &PEERING,
    &TABLE,
    &RULE,
    &GROUP,
    &SUBNET,
    &VPC,
    &VPN,
    &DHCP,
    &EGRESS_ONLY,
    &INSTANCE,
    &VOLUME,
    &TEMPLATE,
    &ENDPOINT,
    &CONNECTION,
    &FLOW_LOG,
    &KEY,
    &LIST,
    &SNAPSHOT,
];

/// The tags that a create call gives to a resource of that type.
pub(super) fn specified(rq: &Request<'_>, resource: &str) -> Result<Vec<Json>, Fault> {
    let mut tags = Vec::new();
    for specification in rq.list("TagSpecifications") {
        let named = specification["ResourceType"].as_str().unwrap_or_default();
        if named != resource {
            return Err(invalid(format!(
                "'{named}' is not a valid taggable resource type for this operation."
            )));
        }
        for tag in specification["Tags"].as_array().into_iter().flatten() {
            add(&mut tags, tag, true)?;
        }
    }
    Ok(tags)
}

/// Sets one tag in a list.
fn add(tags: &mut Vec<Json>, tag: &Json, new: bool) -> Result<(), Fault> {
    let (key, value) = (tag["Key"].as_str().unwrap_or_default(), tag["Value"].as_str().unwrap_or_default());
    if key.is_empty() || key.chars().count() > 127 {
        return Err(invalid("Tag key cannot be null, empty or longer than 127 characters"));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
    }
    if value.chars().count() > 255 {
        return Err(invalid("Tag value exceeds the maximum length of 255 characters"));
    }
    let wanted = json!({"Key": key, "Value": value});
    match tags.iter_mut().find(|tag| tag["Key"] == key) {
        Some(_) if new => return Err(invalid(format!("Duplicate tag key '{key}' specified."))),
        Some(tag) => *tag = wanted,
        None => tags.push(wanted),
    }
    if tags.len() > 50 {
        return Err(Fault::new("TagLimitExceeded", "More than 50 tags specified"));
    }
    Ok(())
}

/// The noun that an id belongs to.
fn noun(id: &str) -> Result<&'static Noun, Fault> {
    TAGGABLE
        .iter()
        .find(|noun| id.strip_prefix(noun.prefix).is_some_and(|rest| rest.starts_with('-')))
        .copied()
        .ok_or_else(|| Fault::new("InvalidID", format!("The ID '{id}' is not valid")))
}

/// Changes the tags of all the resources a request names, or of none.
fn change(world: &mut World, rq: &Request<'_>, edit: impl Fn(&mut Vec<Json>) -> Result<(), Fault>) -> Reply {
    let mut edited = Vec::new();
    for id in rq.texts("Resources") {
        let noun = noun(id)?;
        let mut tags = noun.get(world, rq, id)?[noun.tags].as_array().cloned().unwrap_or_default();
        edit(&mut tags)?;
        edited.push((noun, id, tags));
    }
    for (noun, id, tags) in edited {
        noun.get_mut(world, rq, id)?[noun.tags] = json!(tags);
    }
    done()
}

/// `CreateTags`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    change(world, rq, |tags| rq.list("Tags").iter().try_for_each(|tag| add(tags, tag, false)))
}

/// `DeleteTags`: with a value, only tags of that value; without any tag, all of them.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let unwanted = rq.list("Tags");
    change(world, rq, |tags| {
        tags.retain(|tag| {
            let named = |other: &Json| {
                other["Key"] == tag["Key"] && (other["Value"].is_null() || other["Value"] == tag["Value"])
            };
            !unwanted.is_empty() && !unwanted.iter().any(named)
        });
        Ok(())
    })
}

/// `DescribeTags`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows = Vec::new();
    for noun in TAGGABLE {
        for (id, row) in world.rows(noun.table).filter(|(_, row)| here(row, rq.region)) {
            for tag in row[noun.tags].as_array().into_iter().flatten() {
                rows.push(json!({
                    "ResourceId": id, "ResourceType": noun.resource,
                    "Key": tag["Key"], "Value": tag["Value"], "_tags": [tag],
                }));
            }
        }
    }
    let known: &[filters::Filter] = &[
        ("key", "Key"),
        ("resource-id", "ResourceId"),
        ("resource-type", "ResourceType"),
        ("value", "Value"),
    ];
    let mut rows = filters::apply(rows, rq.list("Filters"), known, "_tags")?;
    rows.sort_by_key(|row| (row["ResourceId"].to_string(), row["Key"].to_string()));
    listed(rq, "Tags", rows)
}
