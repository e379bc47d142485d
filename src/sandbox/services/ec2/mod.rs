//! EC2 networking: VPCs and what lives in them.
//!
//! Rows live under their ids; each carries `_region`. Rules of security groups are rows of their own, routes
//! and associations are lists in their route table's row.

mod account;
mod addresses;
mod cidrs;
mod common;
pub mod default_vpc;
mod dhcp;
mod egress_only;
mod filters;
mod images;
mod interfaces;
mod internet_gateways;
mod nat_addresses;
mod nat_gateways;
mod network_acls;
mod operations;
mod peerings;
mod permissions;
mod route_tables;
mod routes;
mod rules;
mod security_groups;
mod subnets;
mod tags;
mod vpcs;
mod vpn_gateways;

#[cfg(test)]
mod tests;

pub use account::REGIONS;
pub use operations::OPERATIONS;
