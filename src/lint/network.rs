//! Addresses, subnets, gateways, and ports open to the world.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::{
    Lint,
    view::{Part, View},
};
use crate::error::Code;

const VPC: &str = "AWS::EC2::VPC";
const SUBNET: &str = "AWS::EC2::Subnet";

pub(super) static REFUSED_BLOCK: Lint = Lint {
    code: Code::lint(
        "M8101",
        "cidr-block-refused",
        "an address block that EC2 refuses",
        "VPCs and subnets take IPv4 blocks between /16 and /28, written as address/length.",
    )
    .refused()
    .from("Amazon VPC User Guide, VPC CIDR blocks")
    .template("Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: 10.0.0.0/8\n"),
    check: |view, report| {
        for part in view.of(VPC).chain(view.of(SUBNET)) {
            let block = part.get("CidrBlock");
            let Some(text) = block.text() else { continue };
            match text.parse::<IpNet>() {
                Ok(IpNet::V4(net)) if !(16..=28).contains(&net.prefix_len()) => {
                    let message =
                        format!("{text} has the length {}; it must be /16 to /28", net.prefix_len());
                    report.at(&block, message);
                }
                Ok(IpNet::V4(_)) => {}
                Ok(IpNet::V6(_)) => {
                    report
                        .at(&block, format!("{text} is no IPv4 block"))
                        .help("IPv6 has properties of its own");
                }
                Err(_) => {
                    report
                        .at(&block, format!("`{text}` is no address block"))
                        .help("write it like 10.0.0.0/16");
                }
            }
        }
    },
};

pub(super) static HOST_BITS: Lint = Lint {
    code: Code::lint(
        "M8102",
        "cidr-host-bits",
        "an address block with host bits",
        "AWS silently cuts the bits behind the length off, so another block is made than the one that is written.",
    )
    .from("Amazon EC2 API Reference, CreateVpc and CreateSubnet")
    .template(
        "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: 10.0.1.0/16\n",
    ),
    check: |view, report| {
        let mut blocks: Vec<Part<'_>> =
            view.of(VPC).chain(view.of(SUBNET)).map(|part| part.get("CidrBlock")).collect();
        blocks.extend(view.of("AWS::EC2::Route").map(|part| part.get("DestinationCidrBlock")));
        for (_, rule) in rules(view) {
            blocks.extend([rule.get("CidrIp"), rule.get("CidrIpv6")]);
        }
        for block in blocks {
            let Some(net) = block.text().and_then(|text| text.parse::<IpNet>().ok()) else { continue };
            if net.trunc() != net {
                let help = format!("write {}", net.trunc());
                report.at(&block, format!("{net} has bits behind its length that are not 0")).help(help);
            }
        }
    },
};

pub(super) static OVERLAPPING_SUBNETS: Lint = Lint {
    code: Code::lint(
        "M8103",
        "overlapping-subnets",
        "subnets of one VPC that overlap",
        "EC2 refuses the second one (InvalidSubnet.Conflict), after the first is made.",
    )
    .refused()
    .from("Amazon VPC User Guide, Subnet CIDR blocks")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  First:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/20}
  Second:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.8.0/24}
",
    ),
    check: |view, report| {
        let mut by_vpc: BTreeMap<String, Vec<(Part<'_>, IpNet)>> = BTreeMap::new();
        for (subnet, net) in view.of(SUBNET).filter_map(block) {
            let vpc = subnet.get("VpcId").value().map(|vpc| format!("{vpc:?}"));
            by_vpc.entry(vpc.unwrap_or_default()).or_default().push((subnet, net));
        }
        for mut subnets in by_vpc.into_values() {
            // Blocks overlap only if one holds the other: in the order of addresses, the larger one first, the
            // one that holds a block is the last that begins no later and is not over yet.
            subnets.sort_by_key(|(_, net)| (net.network(), net.prefix_len()));
            let mut open: Vec<&(Part<'_>, IpNet)> = Vec::new();
            for subnet in &subnets {
                let (second, net) = subnet;
                while open.last().is_some_and(|(_, outer)| !outer.contains(net)) {
                    open.pop();
                }
                if let Some((first, other)) = open.last() {
                    let name = first.node.address.logical_id();
                    report
                        .at(&second.get("CidrBlock"), format!("{net} overlaps {other} of {name}"))
                        .label(&first.get("CidrBlock"), "the other subnet");
                }
                open.push(subnet);
            }
        }
    },
};

pub(super) static SUBNET_OUTSIDE_VPC: Lint = Lint {
    code: Code::lint(
        "M8104",
        "subnet-outside-vpc",
        "a subnet outside its VPC",
        "A subnet's block lies within one of its VPC's blocks; EC2 refuses others (InvalidSubnet.Range).",
    )
    .refused()
    .from("Amazon VPC User Guide, Subnet CIDR blocks")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.1.0.0/24}
",
    ),
    check: |view, report| {
        let others: Vec<Part<'_>> = view.of("AWS::EC2::VPCCidrBlock").collect();
        for (subnet, net) in view.of(SUBNET).filter_map(block) {
            let Some(vpc) = view.target_of(&subnet.get("VpcId"), VPC) else { continue };
            let Some((_, whole)) = block(vpc.clone()) else { continue };
            // A VPC with more than one block: which ones may not be known.
            let more = others.iter().any(|other| {
                view.target(&other.get("VpcId")).is_none_or(|to| to.node.address == vpc.node.address)
            });
            if !more && !whole.contains(&net) {
                let name = vpc.node.address.logical_id();
                report
                    .at(&subnet.get("CidrBlock"), format!("{net} is no part of {whole}, the block of {name}"))
                    .label(&vpc.get("CidrBlock"), "the VPC's block");
            }
        }
    },
};

pub(super) static OVERLAPPING_PEERS: Lint = Lint {
    code: Code::lint(
        "M8105",
        "overlapping-peered-vpcs",
        "VPCs that are peered though they overlap",
        "A peering connection between VPCs with overlapping blocks fails; nothing could be routed through it. Give one of them another block.",
    )
    .refused()
    .from("Amazon VPC Peering Guide, VPC peering limitations")
    .template(
        "Resources:
  Source:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Target:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Peering:
    Type: AWS::EC2::VPCPeeringConnection
    Properties: {VpcId: !Ref Source, PeerVpcId: !Ref Target}
",
    ),
    check: |view, report| {
        for peering in view.of("AWS::EC2::VPCPeeringConnection") {
            let ends = ["VpcId", "PeerVpcId"].map(|end| view.target_of(&peering.get(end), VPC).and_then(block));
            if let [Some((one, block)), Some((other, net))] = ends
                && overlap(&block, &net)
            {
                let (name, peer) = (one.node.address.logical_id(), other.node.address.logical_id());
                report
                    .at(&peering.get("PeerVpcId"), format!("{name} ({block}) and {peer} ({net}) overlap"))
                    .label(&one.get("CidrBlock"), name)
                    .label(&other.get("CidrBlock"), peer);
            }
        }
    },
};

/// Ports that databases and caches listen on.
const DATABASE_PORTS: &[(i64, &str)] = &[
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5439, "Redshift"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (11211, "Memcached"),
    (27017, "MongoDB"),
    (50000, "Db2"),
];

pub(super) static OPEN_DATABASE_PORT: Lint = Lint {
    code: Code::lint(
        "M8106",
        "open-database-port",
        "a database port that is open to the world",
        "Anybody on the internet may try passwords there as soon as anything in the group has a public address. Name the security group of the clients instead, or their block.",
    )
    .from("AWS Security Hub User Guide, control EC2.19")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: database
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}
",
    ),
    check: |view, report| {
        let answering = answering(view);
        for (direction, rule) in rules(view) {
            if direction == Direction::Out || guards(view, &rule, &answering) {
                continue;
            }
            let open = |property: &'static str| {
                let part = rule.get(property);
                let net = part.text().and_then(|text| text.parse::<IpNet>().ok());
                net.filter(|net| net.prefix_len() == 0).map(|net| (part, net))
            };
            for (part, net) in [open("CidrIp"), open("CidrIpv6")].into_iter().flatten() {
                let exposed = exposed(&rule);
                match exposed.as_slice() {
                    [] => continue,
                    [(port, engine)] => report.at(&part, format!("{net} may connect to port {port} ({engine})")),
                    many if many.len() == DATABASE_PORTS.len() => {
                        report.at(&part, format!("{net} may connect to every port, those of databases included"))
                    }
                    many => {
                        let ports: Vec<String> = many.iter().map(|(port, _)| port.to_string()).collect();
                        report.at(&part, format!("{net} may connect to the database ports {}", ports.join(", ")))
                    }
                }
                .help("name the clients: SourceSecurityGroupId, or their own block");
            }
        }
    },
};

/// The security groups that belong to load balancers and to nothing that is a database: a balancer answers on its
/// listeners' ports only, whatever its groups let in ("Elastic Load Balancing User Guide", Security groups for your
/// Application Load Balancer).
fn answering(view: &View<'_>) -> BTreeSet<String> {
    let groups = |kind: &str, property: &'static str| -> BTreeSet<String> {
        let parts = view.of(kind).flat_map(|part| part.get(property).each());
        parts.filter_map(|part| Some(view.target(&part)?.node.address.to_string())).collect()
    };
    let mut found = groups("AWS::ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups");
    for (kind, property) in [
        ("AWS::RDS::DBInstance", "VPCSecurityGroups"),
        ("AWS::RDS::DBCluster", "VpcSecurityGroupIds"),
        ("AWS::DMS::ReplicationInstance", "VpcSecurityGroupIds"),
        ("AWS::ElastiCache::ReplicationGroup", "SecurityGroupIds"),
        ("AWS::Redshift::Cluster", "VpcSecurityGroupIds"),
        ("AWS::EC2::Instance", "SecurityGroupIds"),
    ] {
        for group in groups(kind, property) {
            found.remove(&group);
        }
    }
    found
}

/// Whether a rule is one of a group that only balancers have.
fn guards(view: &View<'_>, rule: &Part<'_>, answering: &BTreeSet<String>) -> bool {
    let owner = match rule.node.kind.as_str() {
        "AWS::EC2::SecurityGroup" => Some(rule.node.address.to_string()),
        _ => view.target(&rule.get("GroupId")).map(|group| group.node.address.to_string()),
    };
    owner.is_some_and(|owner| answering.contains(&owner))
}

fn exposed(rule: &Part<'_>) -> Vec<(i64, &'static str)> {
    let all = || DATABASE_PORTS.to_vec();
    let protocol = rule.get("IpProtocol");
    match protocol.text().map(str::to_ascii_lowercase).as_deref() {
        Some("-1" | "all") => return all(),
        Some("tcp" | "6") => {}
        _ => return Vec::new(),
    }
    let (from, to) = (rule.get("FromPort"), rule.get("ToPort"));
    match (from.number(), to.number()) {
        (Some(-1), _) => all(),
        (Some(from), Some(to)) => {
            DATABASE_PORTS.iter().filter(|(port, _)| (from..=to).contains(port)).copied().collect()
        }
        _ if from.is_missing() && to.is_missing() => all(),
        _ => Vec::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

/// Every rule of every security group, inline and as a resource of its own.
fn rules<'g>(view: &View<'g>) -> Vec<(Direction, Part<'g>)> {
    let mut rules = Vec::new();
    for group in view.of("AWS::EC2::SecurityGroup") {
        rules.extend(group.get("SecurityGroupIngress").each().into_iter().map(|rule| (Direction::In, rule)));
        rules.extend(group.get("SecurityGroupEgress").each().into_iter().map(|rule| (Direction::Out, rule)));
    }
    rules.extend(view.of("AWS::EC2::SecurityGroupIngress").map(|rule| (Direction::In, rule)));
    rules.extend(view.of("AWS::EC2::SecurityGroupEgress").map(|rule| (Direction::Out, rule)));
    rules
}

pub(super) static NAT_WITHOUT_INTERNET: Lint = Lint {
    code: Code::lint(
        "M8107",
        "nat-without-internet",
        "a public NAT gateway in a private subnet",
        "A public NAT gateway reaches the internet through its own subnet's route table, which needs a default route to an internet gateway. Without one, whatever is routed to it gets nowhere.",
    )
    .from("Amazon VPC User Guide, NAT gateways")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}
  Address:
    Type: AWS::EC2::EIP
    Properties: {Domain: vpc}
  Nat:
    Type: AWS::EC2::NatGateway
    Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}
",
    ),
    check: |view, report| {
        for nat in view.of("AWS::EC2::NatGateway") {
            let kind = nat.get("ConnectivityType");
            if !kind.is_missing() && kind.text() != Some("public") {
                continue;
            }
            let place = nat.get("SubnetId");
            let Some(subnet) = view.target_of(&place, SUBNET) else { continue };
            if reaches_internet(view, &subnet) == Some(false) {
                let name = subnet.node.address.logical_id();
                report
                    .at(&place, format!("{name} has no default route to an internet gateway"))
                    .help("put the gateway into a public subnet, or set ConnectivityType: private");
            }
        }
    },
};

/// Whether a subnet's route table leads to an internet gateway; `None` if the plan does not say.
fn reaches_internet(view: &View<'_>, subnet: &Part<'_>) -> Option<bool> {
    let associations = view.users("AWS::EC2::SubnetRouteTableAssociation", "SubnetId", subnet);
    let Some(association) = associations.first() else {
        // The main route table of a VPC made here is local only.
        view.target_of(&subnet.get("VpcId"), VPC)?;
        return Some(false);
    };
    let table = view.target_of(&association.get("RouteTableId"), "AWS::EC2::RouteTable")?;
    let routes = view.users("AWS::EC2::Route", "RouteTableId", &table);
    Some(routes.iter().any(|route| !route.get("GatewayId").is_missing()))
}

pub(super) static SINGLE_ZONE: Lint = Lint {
    code: Code::lint(
        "M8108",
        "single-zone",
        "subnets of a single zone where two are needed",
        "Subnet groups of RDS and DMS, and application load balancers, are refused unless their subnets lie in at least two availability zones.",
    )
    .refused()
    .from("Amazon RDS User Guide, Working with DB subnet groups")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  A:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}
  B:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1a}
  Group:
    Type: AWS::RDS::DBSubnetGroup
    Properties:
      DBSubnetGroupDescription: databases
      SubnetIds: [!Ref A, !Ref B]
",
    ),
    check: |view, report| {
        for (kind, property) in [
            ("AWS::RDS::DBSubnetGroup", "SubnetIds"),
            ("AWS::DMS::ReplicationSubnetGroup", "SubnetIds"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Subnets"),
        ] {
            for group in view.of(kind) {
                let kind = group.get("Type");
                if !kind.is_missing() && kind.text() != Some("application") {
                    continue;
                }
                let list = group.get(property);
                let Some(zones) = zones(view, &list).filter(|zones| zones.len() == 1) else { continue };
                let zone = zones.into_iter().next().unwrap_or_default();
                report
                    .at(&list, format!("all subnets lie in {zone}; two zones are needed"))
                    .help("add a subnet of another zone");
            }
        }
    },
};

/// The zones of a list of subnets, if all are known.
fn zones(view: &View<'_>, list: &Part<'_>) -> Option<BTreeSet<String>> {
    let subnets = list.each();
    let zone = |subnet: &Part<'_>| {
        let zone = view.target_of(subnet, SUBNET)?.get("AvailabilityZone");
        zone.text().map(str::to_owned)
    };
    let zones: Option<BTreeSet<String>> = subnets.iter().map(zone).collect();
    zones.filter(|_| !subnets.is_empty())
}

/// A resource with its block, if that is known.
fn block(part: Part<'_>) -> Option<(Part<'_>, IpNet)> {
    let net = part.get("CidrBlock").text()?.parse::<IpNet>().ok()?;
    Some((part, net.trunc()))
}

fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}
