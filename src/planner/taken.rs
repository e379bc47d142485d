//! Names and places that only one object can hold at a time: they decide whether a replacement may be made
//! before the old object is gone.

use serde_json::Value as Json;

use crate::{
    aws::physical_name,
    model::{Address, Facts, Identity, NameRule},
    resources::AnyType,
    schema,
};

/// Groups of properties of which AWS allows each combination once, where no name says so.
const EXCLUSIVE: &[(&str, &[&[&str]])] = &[
    ("AWS::EC2::NatGateway", &[&["AllocationId"]]),
    (
        "AWS::EC2::Route",
        &[&["RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"]],
    ),
    ("AWS::EC2::Subnet", &[&["VpcId", "CidrBlock"]]),
    ("AWS::EC2::SubnetRouteTableAssociation", &[&["SubnetId"]]),
    ("AWS::EC2::VPCGatewayAttachment", &[&["InternetGatewayId"], &["VpcId"]]),
    ("AWS::ElasticLoadBalancingV2::Listener", &[&["LoadBalancerArn", "Port"]]),
];

/// A property as far as it is known.
pub(super) enum Held {
    /// Its value.
    Value(Json),
    /// Not set.
    Absent,
    /// It hangs on another step.
    Unknown,
}

impl Held {
    /// A member of recorded properties.
    pub(super) fn recorded(properties: &Json, name: &str) -> Self {
        match properties.get(name) {
            None | Some(Json::Null) => Self::Absent,
            Some(value) => Self::Value(value.clone()),
        }
    }
}

/// What an object holds alone, as texts that are equal exactly for objects that cannot exist side by side.
pub(super) fn taken(ty: &dyn AnyType, region: &str, property: &dyn Fn(&str) -> Held) -> Vec<String> {
    let facts = ty.facts();
    let place = if facts.global { "" } else { region };
    let key = |group: &[&str]| -> Option<String> {
        let mut text = format!("{} {place}", facts.kind);
        let mut any = false;
        for name in group {
            match property(name) {
                Held::Value(value) => {
                    any = true;
                    text.push_str(&format!("\n{name}={value}"));
                }
                Held::Absent => {}
                Held::Unknown => return None,
            }
        }
        any.then_some(text)
    };
    let mut keys = Vec::new();
    if let Some(rule) = facts.name {
        keys.extend(key(&[rule.property]));
    }
    let natural;
    let groups: &[&[&str]] = match EXCLUSIVE.iter().find(|(kind, _)| *kind == facts.kind) {
        Some((_, groups)) => groups,
        None if facts.name.is_none() && facts.identity == Identity::Name => {
            natural = natural_key(facts);
            &[&natural]
        }
        None => &[],
    };
    keys.extend(groups.iter().filter_map(|group| key(group)));
    keys
}

/// The writable part of the schema's primary identifier; where AWS makes the whole of it up, the create-only
/// properties.
fn natural_key(facts: &Facts) -> Vec<&'static str> {
    let Some(schema) = schema::of(facts.kind) else { return Vec::new() };
    let identifier: Vec<&str> = schema
        .root()
        .keyword("primaryIdentifier")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|path| path.as_str()?.strip_prefix("/properties/"))
        .filter(|name| !name.contains('/') && !schema.is_read_only(name))
        .collect();
    if identifier.is_empty() {
        schema.create_only().filter(|path| !path.contains('/')).collect()
    } else {
        identifier
    }
}

/// Whether a recorded name is one that was made up for that object (and not one the template once gave).
pub(super) fn is_generated(
    rule: &NameRule,
    lineage: &str,
    address: &Address,
    generation: u32,
    name: &str,
) -> bool {
    // The stem may be fitted differently by another version of this program; the hash stays.
    let generated = physical_name(rule, lineage, address, generation);
    let hash = generated.rsplit(rule.separator).next().unwrap_or(&generated);
    name.ends_with(hash)
}
