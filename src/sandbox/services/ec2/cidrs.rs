//! Address blocks.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value as Json;

use super::common::invalid;
use crate::sandbox::Fault;

/// An IPv4 block in its canonical form.
pub(super) fn v4(text: &str, parameter: &str) -> Result<Ipv4Net, Fault> {
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| {
        invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
        ))
    })
}

/// An IPv6 block in its canonical form.
pub(super) fn v6(text: &str, parameter: &str) -> Result<Ipv6Net, Fault> {
    text.parse::<Ipv6Net>().map(|net| net.trunc()).map_err(|_| {
        invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. This is not a valid IPv6 CIDR block."
        ))
    })
}

/// Whether two blocks share an address.
pub(super) fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// The associated blocks of a VPC.
pub(super) fn of_vpc(vpc: &Json) -> Vec<Ipv4Net> {
    let mut nets: Vec<Ipv4Net> = vpc["CidrBlockAssociationSet"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["CidrBlock"].as_str()?.parse().ok())
        .collect();
    if nets.is_empty() {
        nets.extend(vpc["CidrBlock"].as_str().and_then(|text| text.parse::<Ipv4Net>().ok()));
    }
    nets
}

/// How many addresses of a subnet can be used: AWS keeps five.
pub(super) fn usable(net: &Ipv4Net) -> i64 {
    (1_i64 << (32 - net.prefix_len())) - 5
}

/// The first free address of a block, after the four that AWS keeps at its start.
pub(super) fn free_address(net: &Ipv4Net, used: impl Fn(&str) -> bool) -> Option<Ipv4Addr> {
    net.hosts().skip(3).find(|address| !used(&address.to_string()))
}
