//! Which operation runs which behaviour. Every one of them can be run dry.

use super::{
    account, addresses, common::dry_run, interfaces, internet_gateways, nat_addresses, nat_gateways,
    network_acls, peerings, route_tables, routes, rules, security_groups, subnets, tags, vpcs, vpn_gateways,
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
    write "AssignPrivateNatGatewayAddress" nat_addresses::assign;
    write "AssociateAddress" addresses::associate;
    write "AssociateNatGatewayAddress" nat_addresses::associate;
    write "AssociateRouteTable" route_tables::associate;
    write "AssociateSubnetCidrBlock" subnets::associate_block;
    write "AssociateVpcCidrBlock" vpcs::associate_block;
    write "AttachInternetGateway" internet_gateways::attach;
    write "AttachVpnGateway" vpn_gateways::attach;
    write "AuthorizeSecurityGroupEgress" rules::authorize_egress;
    write "AuthorizeSecurityGroupIngress" rules::authorize_ingress;
    write "CreateInternetGateway" internet_gateways::create;
    write "CreateNatGateway" nat_gateways::create;
    write "CreateNetworkInterface" interfaces::create;
    write "CreateRoute" routes::create;
    write "CreateRouteTable" route_tables::create;
    write "CreateSecurityGroup" security_groups::create;
    write "CreateSubnet" subnets::create;
    write "CreateTags" tags::create;
    write "CreateVpc" vpcs::create;
    write "CreateVpcPeeringConnection" peerings::create;
    write "CreateVpnGateway" vpn_gateways::create;
    write "DeleteInternetGateway" internet_gateways::delete;
    write "DeleteNatGateway" nat_gateways::delete;
    write "DeleteNetworkInterface" interfaces::delete;
    write "DeleteRoute" routes::delete;
    write "DeleteRouteTable" route_tables::delete;
    write "DeleteSecurityGroup" security_groups::delete;
    write "DeleteSubnet" subnets::delete;
    write "DeleteTags" tags::delete;
    write "DeleteVpc" vpcs::delete;
    write "DeleteVpcPeeringConnection" peerings::delete;
    write "DeleteVpnGateway" vpn_gateways::delete;
    read "DescribeAccountAttributes" account::describe_attributes;
    read "DescribeAddresses" addresses::describe;
    read "DescribeAvailabilityZones" account::describe_zones;
    read "DescribeDhcpOptions" account::describe_dhcp;
    read "DescribeInternetGateways" internet_gateways::describe;
    read "DescribeNatGateways" nat_gateways::describe;
    read "DescribeNetworkAcls" network_acls::describe;
    read "DescribeNetworkInterfaces" interfaces::describe;
    read "DescribeRegions" account::describe_regions;
    read "DescribeRouteTables" route_tables::describe;
    read "DescribeSecurityGroupReferences" rules::references;
    read "DescribeSecurityGroupRules" rules::describe;
    read "DescribeSecurityGroups" security_groups::describe;
    read "DescribeSubnets" subnets::describe;
    read "DescribeTags" tags::describe;
    read "DescribeVpcAttribute" vpcs::describe_attribute;
    read "DescribeVpcPeeringConnections" peerings::describe;
    read "DescribeVpcs" vpcs::describe;
    read "DescribeVpnGateways" vpn_gateways::describe;
    write "DetachInternetGateway" internet_gateways::detach;
    write "DetachVpnGateway" vpn_gateways::detach;
    write "DisassociateAddress" addresses::disassociate;
    write "DisassociateNatGatewayAddress" nat_addresses::disassociate;
    write "DisassociateRouteTable" route_tables::disassociate;
    write "DisassociateSubnetCidrBlock" subnets::disassociate_block;
    write "DisassociateVpcCidrBlock" vpcs::disassociate_block;
    write "ModifyNetworkInterfaceAttribute" interfaces::modify;
    write "ModifySecurityGroupRules" rules::modify;
    write "ModifySubnetAttribute" subnets::modify_attribute;
    write "ModifyVpcAttribute" vpcs::modify_attribute;
    write "ModifyVpcPeeringConnectionOptions" peerings::modify;
    write "ModifyVpcTenancy" vpcs::modify_tenancy;
    write "RejectVpcPeeringConnection" peerings::reject;
    write "ReleaseAddress" addresses::release;
    write "ReplaceRoute" routes::replace;
    write "ReplaceRouteTableAssociation" route_tables::replace_association;
    write "RevokeSecurityGroupEgress" rules::revoke_egress;
    write "RevokeSecurityGroupIngress" rules::revoke_ingress;
    write "UnassignPrivateNatGatewayAddress" nat_addresses::unassign;
    write "UpdateSecurityGroupRuleDescriptionsEgress" rules::redescribe_egress;
    write "UpdateSecurityGroupRuleDescriptionsIngress" rules::redescribe_ingress;
};
