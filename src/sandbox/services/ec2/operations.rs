//! Which operation runs which behaviour. Every one of them can be run dry.

use super::{
    account, addresses, common::dry_run, default_vpc, dhcp, egress_only, flow_logs, images,
    instance_settings, instance_types, instances, interfaces, internet_gateways, keys, launch_templates,
    nat_addresses, nat_gateways, network_acls, peerings, route_tables, routes, rules, security_groups,
    subnets, tags, volumes, vpc_endpoints, vpcs, vpn_connections, vpn_gateways,
};
use crate::sandbox::Operation;

macro_rules! operations {
    ($($kind:ident $name:literal $run:path;)*) => {
        &[$(Operation::$kind($name, |world, rq| {
            dry_run(rq)?;
            $run(world, rq)
        })),*]
    };
}

/// Implemented operations.
pub const OPERATIONS: &[Operation] = operations! {
    write "AcceptAddressTransfer" addresses::accept;
    write "AcceptVpcPeeringConnection" peerings::accept;
    write "AllocateAddress" addresses::allocate;
    write "AssignPrivateIpAddresses" interfaces::assign;
    write "AssignPrivateNatGatewayAddress" nat_addresses::assign;
    write "AssociateAddress" addresses::associate;
    write "AssociateDhcpOptions" dhcp::associate;
    write "AssociateIamInstanceProfile" instance_settings::associate;
    write "AssociateNatGatewayAddress" nat_addresses::associate;
    write "AssociateRouteTable" route_tables::associate;
    write "AssociateSubnetCidrBlock" subnets::associate_block;
    write "AssociateVpcCidrBlock" vpcs::associate_block;
    write "AttachInternetGateway" internet_gateways::attach;
    write "AttachNetworkInterface" interfaces::attach;
    write "AttachVpnGateway" vpn_gateways::attach;
    write "AuthorizeSecurityGroupEgress" rules::authorize_egress;
    write "AuthorizeSecurityGroupIngress" rules::authorize_ingress;
    write "CreateDefaultSubnet" default_vpc::create_subnet;
    write "CreateDefaultVpc" default_vpc::create;
    write "CreateDhcpOptions" dhcp::create;
    write "CreateEgressOnlyInternetGateway" egress_only::create;
    write "CreateFlowLogs" flow_logs::create;
    write "CreateInternetGateway" internet_gateways::create;
    write "CreateKeyPair" keys::create;
    write "CreateLaunchTemplate" launch_templates::create;
    write "CreateLaunchTemplateVersion" launch_templates::create_version;
    write "CreateNatGateway" nat_gateways::create;
    write "CreateNetworkAcl" network_acls::create;
    write "CreateNetworkAclEntry" network_acls::create_entry;
    write "CreateNetworkInterface" interfaces::create;
    write "CreateRoute" routes::create;
    write "CreateRouteTable" route_tables::create;
    write "CreateSecurityGroup" security_groups::create;
    write "CreateSubnet" subnets::create;
    write "CreateTags" tags::create;
    write "CreateVpc" vpcs::create;
    write "CreateVpcEndpoint" vpc_endpoints::create;
    write "CreateVpcPeeringConnection" peerings::create;
    write "CreateVpnGateway" vpn_gateways::create;
    write "DeleteDhcpOptions" dhcp::delete;
    write "DeleteEgressOnlyInternetGateway" egress_only::delete;
    write "DeleteFlowLogs" flow_logs::delete;
    write "DeleteInternetGateway" internet_gateways::delete;
    write "DeleteKeyPair" keys::delete;
    write "DeleteLaunchTemplate" launch_templates::delete;
    write "DeleteLaunchTemplateVersions" launch_templates::delete_versions;
    write "DeleteNatGateway" nat_gateways::delete;
    write "DeleteNetworkAcl" network_acls::delete;
    write "DeleteNetworkAclEntry" network_acls::delete_entry;
    write "DeleteNetworkInterface" interfaces::delete;
    write "DeleteRoute" routes::delete;
    write "DeleteRouteTable" route_tables::delete;
    write "DeleteSecurityGroup" security_groups::delete;
    write "DeleteSubnet" subnets::delete;
    write "DeleteTags" tags::delete;
    write "DeleteVolume" volumes::delete;
    write "DeleteVpc" vpcs::delete;
    write "DeleteVpcEndpoints" vpc_endpoints::delete;
    write "DeleteVpcPeeringConnection" peerings::delete;
    write "DeleteVpnGateway" vpn_gateways::delete;
    read "DescribeAccountAttributes" account::describe_attributes;
    read "DescribeAddresses" addresses::describe;
    read "DescribeAddressesAttribute" addresses::attributes;
    read "DescribeAvailabilityZones" account::describe_zones;
    read "DescribeDhcpOptions" account::describe_dhcp;
    read "DescribeEgressOnlyInternetGateways" egress_only::describe;
    read "DescribeFlowLogs" flow_logs::describe;
    read "DescribeIamInstanceProfileAssociations" instance_settings::associations;
    read "DescribeImages" images::describe;
    read "DescribeInstanceAttribute" instance_settings::attribute;
    read "DescribeInstanceCreditSpecifications" instance_settings::describe_credits;
    read "DescribeInstanceStatus" instances::describe_status;
    read "DescribeInstanceTypeOfferings" instance_types::offerings;
    read "DescribeInstanceTypes" instance_types::describe;
    read "DescribeInstances" instances::describe;
    read "DescribeInternetGateways" internet_gateways::describe;
    read "DescribeKeyPairs" keys::describe;
    read "DescribeLaunchTemplateVersions" launch_templates::describe_versions;
    read "DescribeLaunchTemplates" launch_templates::describe;
    read "DescribeNatGateways" nat_gateways::describe;
    read "DescribeNetworkAcls" network_acls::describe;
    read "DescribeNetworkInterfaceAttribute" interfaces::attribute;
    read "DescribeNetworkInterfaces" interfaces::describe;
    read "DescribePrefixLists" vpc_endpoints::describe_lists;
    read "DescribeRegions" account::describe_regions;
    read "DescribeRouteTables" route_tables::describe;
    read "DescribeSecurityGroupReferences" rules::references;
    read "DescribeSecurityGroupRules" rules::describe;
    read "DescribeSecurityGroups" security_groups::describe;
    read "DescribeSubnets" subnets::describe;
    read "DescribeTags" tags::describe;
    read "DescribeVolumes" volumes::describe;
    read "DescribeVpcAttribute" vpcs::describe_attribute;
    read "DescribeVpcEndpointServices" vpc_endpoints::services;
    read "DescribeVpcEndpoints" vpc_endpoints::describe;
    read "DescribeVpcPeeringConnections" peerings::describe;
    read "DescribeVpcs" vpcs::describe;
    read "DescribeVpnConnections" vpn_connections::describe;
    read "DescribeVpnGateways" vpn_gateways::describe;
    write "DetachInternetGateway" internet_gateways::detach;
    write "DetachNetworkInterface" interfaces::detach;
    write "DetachVpnGateway" vpn_gateways::detach;
    write "DisableVgwRoutePropagation" vpn_connections::disable;
    write "DisassociateAddress" addresses::disassociate;
    write "DisassociateIamInstanceProfile" instance_settings::disassociate;
    write "DisassociateNatGatewayAddress" nat_addresses::disassociate;
    write "DisassociateRouteTable" route_tables::disassociate;
    write "DisassociateSubnetCidrBlock" subnets::disassociate_block;
    write "DisassociateVpcCidrBlock" vpcs::disassociate_block;
    write "EnableVgwRoutePropagation" vpn_connections::enable;
    read "GetSecurityGroupsForVpc" security_groups::of_vpc;
    write "ImportKeyPair" keys::import;
    write "ModifyAddressAttribute" addresses::modify_attribute;
    write "ModifyInstanceAttribute" instance_settings::modify;
    write "ModifyInstanceCreditSpecification" instance_settings::modify_credits;
    write "ModifyInstanceMetadataOptions" instance_settings::metadata;
    write "ModifyInstancePlacement" instance_settings::place;
    write "ModifyLaunchTemplate" launch_templates::modify;
    write "ModifyNetworkInterfaceAttribute" interfaces::modify;
    write "ModifyPrivateDnsNameOptions" instance_settings::names;
    write "ModifySecurityGroupRules" rules::modify;
    write "ModifySubnetAttribute" subnets::modify_attribute;
    write "ModifyVpcAttribute" vpcs::modify_attribute;
    write "ModifyVpcEndpoint" vpc_endpoints::modify;
    write "ModifyVpcPeeringConnectionOptions" peerings::modify;
    write "ModifyVpcTenancy" vpcs::modify_tenancy;
    write "MonitorInstances" instance_settings::monitor;
    write "RejectVpcPeeringConnection" peerings::reject;
    write "ReleaseAddress" addresses::release;
    write "ReplaceIamInstanceProfileAssociation" instance_settings::reassociate;
    write "ReplaceNetworkAclAssociation" network_acls::replace_association;
    write "ReplaceNetworkAclEntry" network_acls::replace_entry;
    write "ReplaceRoute" routes::replace;
    write "ReplaceRouteTableAssociation" route_tables::replace_association;
    write "ResetAddressAttribute" addresses::reset_attribute;
    write "ResetNetworkInterfaceAttribute" interfaces::reset_attribute;
    write "RevokeSecurityGroupEgress" rules::revoke_egress;
    write "RevokeSecurityGroupIngress" rules::revoke_ingress;
    write "RunInstances" instances::run;
    write "StartInstances" instance_settings::start;
    write "StopInstances" instance_settings::stop;
    write "TerminateInstances" instances::terminate_all;
    write "UnassignPrivateIpAddresses" interfaces::unassign;
    write "UnassignPrivateNatGatewayAddress" nat_addresses::unassign;
    write "UnmonitorInstances" instance_settings::unmonitor;
    write "UpdateSecurityGroupRuleDescriptionsEgress" rules::redescribe_egress;
    write "UpdateSecurityGroupRuleDescriptionsIngress" rules::redescribe_ingress;
};
