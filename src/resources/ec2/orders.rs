//! Parts of a network before what is made or started in it.

use std::collections::HashMap;

use crate::{
    graph::Why,
    model::Value,
    resources::{orders::Orders, registry},
};

const SERVICE: &str = "AWS::ECS::Service";
const SCALED: &str = "AWS::AutoScaling::AutoScalingGroup";
const INSTANCE: &str = "AWS::EC2::Instance";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const SUBNET: &str = "AWS::EC2::Subnet";

/// The internet gateway's attachment before everything that AWS makes only in a network with one.
pub(in crate::resources) fn gateways(orders: &mut Orders<'_>) {
    let (mut by_gateway, mut by_network) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
    for attachment in orders.map.of_kind("AWS::EC2::VPCGatewayAttachment") {
        let gateways: Vec<usize> = orders.map.through(attachment, "InternetGatewayId").collect();
        let internet = !gateways.is_empty() || orders.map.text(attachment, "InternetGatewayId").is_some();
        for gateway in gateways {
            by_gateway.entry(gateway).or_default().push(attachment);
        }
        for network in orders.map.through(attachment, "VpcId").filter(|_| internet) {
            by_network.entry(network).or_default().push(attachment);
        }
    }
    if by_gateway.is_empty() && by_network.is_empty() {
        return;
    }
    let mut waits: Vec<(usize, usize, &str)> = Vec::new();
    for route in orders.map.of_kind("AWS::EC2::Route") {
        for gateway in orders.map.through(route, "GatewayId") {
            for attachment in by_gateway.get(&gateway).into_iter().flatten() {
                waits.push((route, *attachment, "a route needs its internet gateway attached"));
            }
        }
    }
    let mut within = |user: usize, networks: Vec<usize>, reason: &'static str| {
        for attachment in networks.iter().filter_map(|network| by_network.get(network)).flatten() {
            waits.push((user, *attachment, reason));
        }
    };
    for nat in orders.map.of_kind("AWS::EC2::NatGateway") {
        if orders.map.text(nat, "ConnectivityType") == Some("private") {
            continue;
        }
        let networks = orders.map.networks(nat, "SubnetId");
        for address in
            orders.map.through(nat, "AllocationId").filter(|to| orders.map.is(*to, "AWS::EC2::EIP"))
        {
            within(address, networks.clone(), "AWS::EC2::EIP needs the internet gateway attached");
        }
        within(nat, networks, "a public AWS::EC2::NatGateway needs the internet gateway attached");
    }
    for balancer in orders.map.of_kind("AWS::ElasticLoadBalancingV2::LoadBalancer") {
        if orders.map.text(balancer, "Scheme") != Some("internal") {
            let mut networks = orders.map.networks(balancer, "Subnets");
            networks.extend(orders.map.networks(balancer, "SubnetMappings"));
            within(
                balancer,
                networks,
                "an internet-facing load balancer needs the internet gateway attached",
            );
        }
    }
    for (kind, property, subnets) in [
        ("AWS::RDS::DBInstance", "DBSubnetGroupName", "SubnetIds"),
        ("AWS::DMS::ReplicationInstance", "ReplicationSubnetGroupIdentifier", "SubnetIds"),
    ] {
        for instance in orders.map.of_kind(kind) {
            if orders.map.node(instance).properties.get("PubliclyAccessible") == Some(&Value::Bool(true)) {
                let networks = orders
                    .map
                    .through(instance, property)
                    .flat_map(|group| orders.map.networks(group, subnets));
                within(instance, networks.collect(), "public access needs the internet gateway attached");
            }
        }
    }
    for (user, attachment, reason) in waits {
        orders.add(user, attachment, reason.into());
    }
}

/// Route tables before the ECS services and Auto Scaling groups in their subnets: tasks pull images through them, and
/// instances what they install.
pub(in crate::resources) fn routes(orders: &mut Orders<'_>) {
    let mut associations: HashMap<usize, Vec<usize>> = HashMap::new();
    for association in orders.map.of_kind("AWS::EC2::SubnetRouteTableAssociation") {
        for subnet in orders.map.through(association, "SubnetId") {
            associations.entry(subnet).or_default().push(association);
        }
    }
    let mut routes: HashMap<usize, Vec<usize>> = HashMap::new();
    for route in orders.map.of_kind("AWS::EC2::Route") {
        // No image comes over a peering: it leads into the other network and no further.
        if orders.map.node(route).properties.get("VpcPeeringConnectionId").is_some() {
            continue;
        }
        for table in orders.map.through(route, "RouteTableId") {
            routes.entry(table).or_default().push(route);
        }
    }
    let users = [
        (SERVICE, "NetworkConfiguration", "its tasks pull their images through this"),
        (SCALED, "VPCZoneIdentifier", "its instances reach what they install through this"),
        (INSTANCE, "SubnetId", "it reaches what it installs through this"),
        (INSTANCE, "NetworkInterfaces", "it reaches what it installs through this"),
    ];
    for (kind, property, why) in users {
        for user in orders.map.of_kind(kind) {
            let subnets: Vec<usize> =
                orders.map.through(user, property).filter(|to| orders.map.is(*to, SUBNET)).collect();
            for association in subnets.iter().filter_map(|subnet| associations.get(subnet)).flatten() {
                orders.add(user, *association, format!("{why} route table"));
                let tables: Vec<usize> = orders.map.through(*association, "RouteTableId").collect();
                for route in tables.iter().filter_map(|table| routes.get(table)).flatten() {
                    orders.add(user, *route, format!("{why} route"));
                }
            }
        }
    }
}

/// Endpoints of a network before what starts in it and reaches AWS through them: instances and tasks.
pub(in crate::resources) fn endpoints(orders: &mut Orders<'_>) {
    let mut of_network: HashMap<usize, Vec<usize>> = HashMap::new();
    for endpoint in orders.map.of_kind("AWS::EC2::VPCEndpoint") {
        for network in orders.map.through(endpoint, "VpcId") {
            of_network.entry(network).or_default().push(endpoint);
        }
    }
    for (kind, property) in [
        (SERVICE, "NetworkConfiguration"),
        (SCALED, "VPCZoneIdentifier"),
        (INSTANCE, "SubnetId"),
        (INSTANCE, "NetworkInterfaces"),
    ] {
        for user in orders.map.of_kind(kind) {
            let mut networks = orders.map.networks(user, property);
            networks.sort_unstable();
            networks.dedup();
            for endpoint in networks.iter().filter_map(|network| of_network.get(network)).flatten() {
                orders.add(user, *endpoint, "it reaches AWS through this endpoint when it starts".into());
            }
        }
    }
}

/// A virtual private gateway's attachment before its routes are propagated: EC2 refuses it earlier
/// (CloudFormation, `AWS::EC2::VPNGatewayRoutePropagation`).
pub(in crate::resources) fn propagations(orders: &mut Orders<'_>) {
    let mut attached: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for attachment in orders.map.of_kind("AWS::EC2::VPCGatewayAttachment") {
        for gateway in orders.map.through(attachment, "VpnGatewayId") {
            attached.entry(gateway).or_default().push(attachment);
        }
        if let Some(id) = orders.map.text(attachment, "VpnGatewayId") {
            by_name.entry(id).or_default().push(attachment);
        }
    }
    for propagation in orders.map.of_kind("AWS::EC2::VPNGatewayRoutePropagation") {
        let mut needed: Vec<usize> = orders
            .map
            .through(propagation, "VpnGatewayId")
            .filter_map(|gateway| attached.get(&gateway))
            .flatten()
            .copied()
            .collect();
        if let Some(id) = orders.map.text(propagation, "VpnGatewayId") {
            needed.extend(by_name.get(id).into_iter().flatten());
        }
        for attachment in needed {
            orders.add(
                propagation,
                attachment,
                "routes are propagated from a gateway that is attached".into(),
            );
        }
    }
}

/// A network's further blocks before who asks the network for its blocks.
pub(in crate::resources) fn blocks(orders: &mut Orders<'_>) {
    let mut waits = Vec::new();
    for kind in ["AWS::EC2::VPCCidrBlock", "AWS::EC2::SubnetCidrBlock"] {
        let Some(ty) = registry::find(kind) else { continue };
        for block in orders.map.of_kind(kind) {
            for (property, attributes) in ty.facts().alters {
                for holder in orders.map.through(block, property) {
                    let asks = |user: &usize| {
                        orders.map.stated(*user).any(|(to, edge)| {
                            to == holder
                                && matches!(&edge.why, Why::Reference { attribute, .. }
                                    if attributes.contains(&attribute.as_str()))
                        })
                    };
                    let users = orders.map.users[holder].iter().copied();
                    waits.extend(users.filter(|user| *user != block && asks(user)).map(|user| (user, block)));
                }
            }
        }
    }
    for (user, block) in waits {
        orders.add(user, block, "it asks for the blocks of the network, of which this is one".into());
    }
}

/// Peering connections before the security-group rules that name a group of the other network.
pub(in crate::resources) fn peerings(orders: &mut Orders<'_>) {
    let ends = |at: usize, property: &str| orders.map.through(at, property).collect::<Vec<_>>();
    let pairs: Vec<(usize, Vec<usize>, Vec<usize>)> = orders
        .map
        .of_kind("AWS::EC2::VPCPeeringConnection")
        .into_iter()
        .map(|at| (at, ends(at, "VpcId"), ends(at, "PeerVpcId")))
        .collect();
    if pairs.is_empty() {
        return;
    }
    let mut waits = Vec::new();
    for (kind, own, peers) in [
        (GROUP, "", &["SecurityGroupIngress", "SecurityGroupEgress"][..]),
        ("AWS::EC2::SecurityGroupIngress", "GroupId", &["SourceSecurityGroupId"][..]),
        ("AWS::EC2::SecurityGroupEgress", "GroupId", &["DestinationSecurityGroupId"][..]),
    ] {
        for rule in orders.map.of_kind(kind) {
            let holders = if own.is_empty() { vec![rule] } else { ends(rule, own) };
            let here: Vec<usize> = holders.iter().flat_map(|group| ends(*group, "VpcId")).collect();
            let named = peers.iter().flat_map(|property| ends(rule, property));
            let there: Vec<usize> =
                named.filter(|to| orders.map.is(*to, GROUP)).flat_map(|group| ends(group, "VpcId")).collect();
            let meets = |side: &[usize], networks: &[usize]| side.iter().any(|one| networks.contains(one));
            for (peering, one, other) in &pairs {
                if (meets(one, &here) && meets(other, &there)) || (meets(other, &here) && meets(one, &there))
                {
                    waits.push((rule, *peering));
                }
            }
        }
    }
    for (rule, peering) in waits {
        orders.add(rule, peering, "a rule may name the other network's group once the two are peered".into());
    }
}
