//! EC2: VPCs and what lives in them, instances and what they are launched with.
//!
//! Rows live under their ids; each carries `_region`. Rules of security groups are rows of their own, routes
//! and associations are lists in their route table's row.

mod account;
mod addresses;
mod cidrs;
mod common;
pub mod default_vpc;
mod dhcp;
mod ebs;
mod ebs_defaults;
mod egress_only;
mod filters;
mod flow_logs;
mod images;
mod instance_settings;
pub mod instance_types;
mod instances;
mod interfaces;
mod internet_gateways;
mod keys;
mod launch_templates;
mod nat_addresses;
mod nat_gateways;
mod network_acls;
mod operations;
mod peerings;
mod permissions;
mod prefix_lists;
mod route_tables;
mod routes;
mod rules;
mod security_groups;
mod snapshots;
mod subnets;
mod tags;
mod volumes;
mod vpc_endpoints;
mod vpcs;
mod vpn_connections;
mod vpn_gateways;
pub mod ways;

#[cfg(test)]
mod tests;

pub use account::REGIONS;
pub use instances::{TABLE as INSTANCES, could_launch, is_there, launch, terminate};
pub use launch_templates::{instance_tags, resolved as template};
pub use operations::OPERATIONS;
pub use subnets::{
    associate_block as associate_subnet_block, disassociate_block as disassociate_subnet_block,
};
pub use vpcs::{associate_block as associate_vpc_block, disassociate_block as disassociate_vpc_block};
