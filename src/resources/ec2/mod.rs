//! Resource types of AWS::EC2: networks.

mod eip;
mod instance;
mod instance_form;
mod instance_live;
mod interfaces;
mod internet_gateway;
pub mod latest;
mod launch_data;
mod launch_template;
mod nat_addresses;
mod nat_gateway;
mod network_acl;
mod network_acl_entry;
pub(super) mod orders;
mod permission;
mod route;
mod route_table;
mod security_group;
mod security_group_egress;
mod security_group_ingress;
mod subnet;
mod subnet_network_acl_association;
mod subnet_route_table_association;
mod support;
mod tags;
mod vpc;
mod vpc_endpoint;
mod vpc_gateway_attachment;
mod vpc_peering_connection;
mod vpn_gateway;
mod vpn_gateway_route_propagation;

#[cfg(test)]
mod instance_tests;
#[cfg(test)]
mod launch_tests;
#[cfg(test)]
mod tests;

pub use eip::Eip;
pub use instance::Instance;
pub use internet_gateway::InternetGateway;
pub use launch_template::LaunchTemplate;
pub use nat_gateway::NatGateway;
pub use network_acl::NetworkAcl;
pub use network_acl_entry::NetworkAclEntry;
pub use route::Route;
pub use route_table::RouteTable;
pub use security_group::SecurityGroup;
pub use security_group_egress::SecurityGroupEgress;
pub use security_group_ingress::SecurityGroupIngress;
pub use subnet::Subnet;
pub use subnet_network_acl_association::SubnetNetworkAclAssociation;
pub use subnet_route_table_association::SubnetRouteTableAssociation;
pub use vpc::Vpc;
pub use vpc_endpoint::VpcEndpoint;
pub use vpc_gateway_attachment::VpcGatewayAttachment;
pub use vpc_peering_connection::VpcPeeringConnection;
pub use vpn_gateway::VpnGateway;
pub use vpn_gateway_route_propagation::VpnGatewayRoutePropagation;
