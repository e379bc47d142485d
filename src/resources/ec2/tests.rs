//! Every type against the law, in a network that is really there.

use serde_json::{Value as Json, json};

use super::*;
use crate::resources::{Change, Goal, Probe, ResourceType, bench::Bench};

/// Makes what a type needs around it, with plain SDK calls.
struct Network<'b>(&'b Bench);

impl Network<'_> {
    fn vpc(&self, cidr: &str) -> String {
        let call = self.0.sdk().ec2().create_vpc().cidr_block(cidr).amazon_provided_ipv6_cidr_block(true);
        self.0.run(call.send()).unwrap().vpc.unwrap().vpc_id.unwrap()
    }

    fn subnet(&self, vpc: &str, cidr: &str) -> String {
        let call = self.0.sdk().ec2().create_subnet().vpc_id(vpc).cidr_block(cidr);
        self.0.run(call.send()).unwrap().subnet.unwrap().subnet_id.unwrap()
    }

    fn group(&self, vpc: &str, name: &str) -> String {
        let call =
            self.0.sdk().ec2().create_security_group().vpc_id(vpc).group_name(name).description("peer");
        self.0.run(call.send()).unwrap().group_id.unwrap()
    }

    fn gateway(&self, vpc: Option<&str>) -> String {
        let made = self.0.run(self.0.sdk().ec2().create_internet_gateway().send()).unwrap();
        let id = made.internet_gateway.unwrap().internet_gateway_id.unwrap();
        if let Some(vpc) = vpc {
            let call = self.0.sdk().ec2().attach_internet_gateway().internet_gateway_id(&id).vpc_id(vpc);
            self.0.run(call.send()).unwrap();
        }
        id
    }

    fn table(&self, vpc: &str) -> String {
        let made = self.0.run(self.0.sdk().ec2().create_route_table().vpc_id(vpc).send()).unwrap();
        made.route_table.unwrap().route_table_id.unwrap()
    }

    fn address(&self) -> String {
        self.0.run(self.0.sdk().ec2().allocate_address().send()).unwrap().allocation_id.unwrap()
    }
}

fn tags(value: &str) -> Json {
    json!([{"Key": "Name", "Value": value}, {"Key": "team", "Value": "payments"}])
}

#[test]
fn vpc() {
    let bench = Bench::new().optional(&[
        "VpcEncryptionControl.VpcId",
        "VpcEncryptionControl.VpcEncryptionControlId",
        "VpcEncryptionControl.State",
        "VpcEncryptionControl.StateMessage",
    ]);
    let schema = crate::schema::of(Vpc::FACTS.kind).unwrap().document();
    let encryption: Vec<String> = schema["readOnlyProperties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().trim_start_matches("/properties/").replace('/', "."))
        .filter(|path| path.starts_with("VpcEncryptionControl"))
        .collect();
    let bench = bench.optional(&encryption.iter().map(String::as_str).collect::<Vec<_>>());
    let first = json!({
        "CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": true, "EnableDnsSupport": true,
        "InstanceTenancy": "dedicated", "Tags": tags("one"),
    });
    let second = json!({
        "CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": false, "EnableDnsSupport": false,
        "InstanceTenancy": "default", "Tags": [{"Key": "Name", "Value": "two"}],
    });
    bench.law_covering::<Vpc>(&[(first, Some(second)), (json!({"CidrBlock": "10.1.0.0/24"}), None)]);
}

#[test]
fn a_vpc_that_demands_encryption() {
    let bench = Bench::new().optional(&["VpcEncryptionControl.StateMessage"]);
    let names = ["InternetGateway", "EgressOnlyInternetGateway", "NatGateway", "VirtualPrivateGateway"];
    let more = ["VpcPeering", "Lambda", "VpcLattice", "ElasticFileSystem"];
    let mut control = json!({"Mode": "enforce"});
    let mut optional = vec!["VpcEncryptionControl.ResourceExclusions".to_owned()];
    for (at, name) in names.into_iter().chain(more).enumerate() {
        control[format!("{name}Exclusion")] = json!(if at % 2 == 0 { "enable" } else { "disable" });
        optional.push(format!("VpcEncryptionControl.ResourceExclusions.{name}"));
        optional.push(format!("VpcEncryptionControl.ResourceExclusions.{name}.StateMessage"));
    }
    let bench = bench.optional(&optional.iter().map(String::as_str).collect::<Vec<_>>());
    let first = json!({"CidrBlock": "10.0.0.0/16", "VpcEncryptionControl": control});
    let mut second = first.clone();
    second["Tags"] = tags("two");
    bench.law::<Vpc>(first, Some(second));
}

#[test]
fn subnet() {
    let bench = Bench::new();
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let six = bench.world(|w| {
        w.get("ec2.vpc", &vpc).unwrap()["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].clone()
    });
    let six = six.as_str().unwrap().replace("/56", "/64");
    let props = |public: bool, name: &str| {
        json!({
            "VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1b", "Ipv6CidrBlock": six,
            "MapPublicIpOnLaunch": public, "AssignIpv6AddressOnCreation": public, "EnableDns64": public,
            "EnableLniAtDeviceIndex": 1, "Tags": tags(name),
            "PrivateDnsNameOptionsOnLaunch": {
                "HostnameType": if public { "resource-name" } else { "ip-name" },
                "EnableResourceNameDnsARecord": public,
            },
        })
    };
    let bare = json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24", "Ipv6CidrBlock": six, "AvailabilityZone": "us-east-1b"});
    bench.law_covering::<Subnet>(&[
        (props(true, "one"), Some(props(false, "two"))),
        (props(true, "one"), Some(bare)),
        (json!({"VpcId": vpc, "CidrBlock": "10.0.2.0/28", "AvailabilityZoneId": "use1-az3"}), None),
    ]);
}

#[test]
fn internet_gateway_and_its_attachment() {
    let bench = Bench::new();
    let changed = json!({"Tags": [{"Key": "Name", "Value": "two"}]});
    bench
        .law_covering::<InternetGateway>(&[(json!({"Tags": tags("one")}), Some(changed)), (json!({}), None)]);
    let net = Network(&bench);
    let (vpc, one, two) = (net.vpc("10.0.0.0/16"), net.gateway(None), net.gateway(None));
    let to = |gateway: &str| json!({"VpcId": vpc, "InternetGatewayId": gateway});
    let vpn = || {
        let call = bench.sdk().ec2().create_vpn_gateway().r#type(aws_sdk_ec2::types::GatewayType::Ipsec1);
        bench.run(call.send()).unwrap().vpn_gateway.unwrap().vpn_gateway_id.unwrap()
    };
    let over = |gateway: String| json!({"VpcId": vpc, "VpnGatewayId": gateway});
    bench.law_covering::<VpcGatewayAttachment>(&[
        (to(&one), Some(to(&two))),
        (over(vpn()), Some(over(vpn()))),
    ]);
}

#[test]
fn elastic_ip() {
    let bench = Bench::new();
    let first = json!({"Domain": "vpc", "NetworkBorderGroup": "us-east-1", "PublicIpv4Pool": "amazon", "Tags": tags("one")});
    let mut second = first.clone();
    second["Tags"] = json!([{"Key": "team", "Value": "ledger"}]);
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let subnet = net.subnet(&vpc, "10.0.1.0/24");
    net.gateway(Some(&vpc));
    for instance in ["i-0one", "i-0two"] {
        let call = bench.sdk().ec2().create_network_interface().subnet_id(&subnet);
        let eni = bench.run(call.send()).unwrap().network_interface.unwrap().network_interface_id.unwrap();
        bench.world(|w| w.put("ec2.instance", instance, json!({"NetworkInterfaceId": eni})));
    }
    bench.world(|w| w.put("ec2.address-transfer", "198.51.100.7", json!({})));
    let of = |instance: &str| json!({"InstanceId": instance});
    bench.law_covering::<Eip>(&[
        (first, Some(second)),
        (json!({}), Some(of("i-0one"))),
        (of("i-0one"), Some(of("i-0two"))),
        (of("i-0two"), Some(json!({}))),
        (json!({"TransferAddress": "198.51.100.7", "Tags": tags("taken over")}), None),
    ]);
}

#[test]
fn nat_gateway() {
    let bench = Bench::new().optional(&["AutoProvisionZones", "AutoScalingIps", "RouteTableId"]);
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let subnet = net.subnet(&vpc, "10.0.1.0/24");
    net.gateway(Some(&vpc));
    let (one, two) = (net.address(), net.address());
    let first = json!({
        "SubnetId": subnet, "AllocationId": one, "ConnectivityType": "public", "PrivateIpAddress": "10.0.1.77",
        "SecondaryAllocationIds": [two], "SecondaryPrivateIpAddresses": ["10.0.1.78"], "Tags": tags("one"),
    });
    let mut second = first.clone();
    second["Tags"] = json!([{"Key": "Name", "Value": "two"}]);
    let three = net.address();
    let mut moved = first.clone();
    moved["SecondaryAllocationIds"] = json!([three, two]);
    moved["SecondaryPrivateIpAddresses"] = json!(["10.0.1.78", "10.0.1.79"]);
    moved["MaxDrainDurationSeconds"] = json!(1);
    let private = |key: &str, value: Json| {
        let mut props =
            json!({"SubnetId": subnet, "ConnectivityType": "private", "AvailabilityMode": "zonal"});
        props[key] = value;
        props
    };
    let number = |n: i32| private("SecondaryPrivateIpAddressCount", json!(n));
    let listed = |ips: &[&str]| private("SecondaryPrivateIpAddresses", json!(ips));
    bench.law_covering::<NatGateway>(&[
        (first.clone(), Some(second)),
        (first, Some(moved)),
        (number(2), Some(number(4))),
        (number(3), Some(number(1))),
        (listed(&["10.0.1.90", "10.0.1.91"]), Some(listed(&["10.0.1.91", "10.0.1.92"]))),
    ]);
}

#[test]
fn nat_gateway_of_a_whole_vpc() {
    let bench = Bench::new().optional(&["EniId"]);
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    net.subnet(&vpc, "10.0.1.0/24");
    net.gateway(Some(&vpc));
    let (one, two, three) = (net.address(), net.address(), net.address());
    let with = |zones: Json| {
        json!({
            "VpcId": vpc, "AvailabilityMode": "regional", "MaxDrainDurationSeconds": 60,
            "AvailabilityZoneAddresses": zones,
        })
    };
    let first = with(json!([
        {"AvailabilityZone": "us-east-1a", "AllocationIds": [one, two]},
    ]));
    let second = with(json!([
        {"AvailabilityZone": "us-east-1a", "AllocationIds": [one]},
        {"AvailabilityZoneId": "use1-az2", "AllocationIds": [two, three]},
    ]));
    let automatic = json!({"VpcId": vpc, "AvailabilityMode": "regional", "Tags": tags("one")});
    bench.law::<NatGateway>(first, Some(second));
    bench.law::<NatGateway>(automatic, None);
}

#[test]
fn a_nat_gateway_without_internet_fails_in_words() {
    let bench = Bench::new();
    let net = Network(&bench);
    let subnet = net.subnet(&net.vpc("10.0.0.0/16"), "10.0.1.0/24");
    let props = serde_json::from_value(json!({"SubnetId": subnet, "AllocationId": net.address()})).unwrap();
    let made = bench.cx(|cx| bench.run(NatGateway::create(cx, &bench.permit(), &props))).unwrap();
    bench.advance(std::time::Duration::from_secs(120));
    let probe = bench.cx(|cx| bench.run(NatGateway::probe(cx, &made.id, &props, Goal::Ready))).unwrap();
    assert!(
        matches!(&probe, Probe::Failed(why) if why.contains("no Internet gateway attached")),
        "{probe:?}"
    );
}

#[test]
fn route_table_and_association() {
    let bench = Bench::new();
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let (first, second) = (
        json!({"VpcId": vpc, "Tags": tags("one")}),
        json!({"VpcId": vpc, "Tags": [{"Key": "a", "Value": ""}]}),
    );
    bench.law_covering::<RouteTable>(&[(first, Some(second))]);
    let props = json!({"SubnetId": net.subnet(&vpc, "10.0.1.0/24"), "RouteTableId": net.table(&vpc)});
    bench.law_covering::<SubnetRouteTableAssociation>(&[(props, None)]);
}

#[test]
fn routes_to_gateways_and_interfaces() {
    let bench = Bench::new();
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let (subnet, table, gateway) =
        (net.subnet(&vpc, "10.0.1.0/24"), net.table(&vpc), net.gateway(Some(&vpc)));
    let call = bench.sdk().ec2().create_nat_gateway().subnet_id(&subnet).allocation_id(net.address());
    let nat = bench.run(call.send()).unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
    let call = bench.sdk().ec2().create_network_interface().subnet_id(&subnet);
    let eni = bench.run(call.send()).unwrap().network_interface.unwrap().network_interface_id.unwrap();
    bench.law_covering::<Route>(&[
        (
            json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}),
            Some(json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat})),
        ),
        (
            json!({"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "GatewayId": gateway}),
            Some(
                json!({"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "NetworkInterfaceId": eni}),
            ),
        ),
        (json!({"RouteTableId": table, "DestinationCidrBlock": "192.168.7.7/16", "NatGatewayId": nat}), None),
    ]);
}

#[test]
fn security_group_with_inline_rules() {
    let bench = Bench::new();
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let peer = net.group(&vpc, "peer");
    let base = json!({"GroupDescription": "of the test", "GroupName": "app", "VpcId": vpc});
    let with = |ingress: Json, egress: Json, name: &str| {
        let mut props = base.clone();
        props["SecurityGroupIngress"] = ingress;
        props["SecurityGroupEgress"] = egress;
        props["Tags"] = tags(name);
        props
    };
    let first = with(
        json!([
            {"IpProtocol": "6", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "https"},
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"},
            {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "CidrIp": "10.1.2.3/16"},
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": peer},
        ]),
        json!([
            {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "Allow all outbound traffic by default"},
            {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "DestinationSecurityGroupId": peer},
        ]),
        "one",
    );
    let second = with(
        json!([
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "web"},
            {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8090, "SourceSecurityGroupId": peer,
             "SourceSecurityGroupOwnerId": "123456789012"},
        ]),
        json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}]),
        "two",
    );
    let narrow = with(
        json!([]),
        json!([{"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}]),
        "x",
    );
    bench.law_covering::<SecurityGroup>(&[
        (first, Some(second)),
        (narrow, Some(base.clone())),
        (base.clone(), Some(with(json!([]), json!([{"IpProtocol": "-1", "CidrIpv6": "::/0"}]), "y"))),
    ]);
}

#[test]
fn egress_rules_replace_the_rule_that_lets_everything_out() {
    let bench = Bench::new();
    // The VPC has IPv6, so that a new group has two such rules.
    let vpc = Network(&bench).vpc("10.0.0.0/16");
    let props = serde_json::from_value(json!({
        "GroupDescription": "d", "GroupName": "g", "VpcId": vpc,
        "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8"}],
    }))
    .unwrap();
    let made = bench.cx(|cx| bench.run(SecurityGroup::create(cx, &bench.permit(), &props))).unwrap();
    bench.cx(|cx| bench.run(SecurityGroup::configure(cx, &bench.permit(), &made.id, &props))).unwrap();
    let out = || -> Vec<String> {
        bench.world(|w| {
            let own = |row: &&Json| row["GroupId"] == made.id.as_str() && row["IsEgress"] == true;
            let block =
                |row: &Json| row["CidrIpv4"].as_str().or(row["CidrIpv6"].as_str()).map(ToOwned::to_owned);
            w.rows("ec2.security-group-rule").map(|(_, row)| row).filter(own).filter_map(block).collect()
        })
    };
    let change = |old: &Json, new: &Json| {
        // Reads may lag behind what was just made.
        bench.advance(std::time::Duration::from_secs(60));
        let [old, new] = [old, new].map(|props| serde_json::from_value(props.clone()).unwrap());
        let change = Change { old: &old, new: &new, changed: &["SecurityGroupEgress".into()] };
        bench.cx(|cx| bench.run(SecurityGroup::update(cx, &bench.permit(), &made.id, &change))).unwrap();
        let mut out = out();
        out.sort();
        out
    };
    assert_eq!(out(), ["10.0.0.0/8"]);
    // Without rules of the template's, EC2's own are back, both; with them they go again.
    let given = serde_json::to_value(&props).unwrap();
    let mut none = given.clone();
    none.as_object_mut().unwrap().remove("SecurityGroupEgress");
    assert_eq!(change(&given, &none), ["0.0.0.0/0", "::/0"]);
    assert_eq!(change(&none, &given), ["10.0.0.0/8"]);
    // The same rule as a resource of its own stays.
    let all = json!({"GroupId": made.id.as_str(), "IpProtocol": "-1", "CidrIpv6": "::/0"});
    let all = serde_json::from_value(all).unwrap();
    bench.cx(|cx| bench.run(SecurityGroupEgress::create(cx, &bench.permit(), &all))).unwrap();
    assert_eq!(change(&none, &given), ["10.0.0.0/8", "::/0"]);
}

#[test]
fn rules_of_their_own() {
    let bench = Bench::new();
    let net = Network(&bench);
    let vpc = net.vpc("10.0.0.0/16");
    let (group, peer) = (net.group(&vpc, "group"), net.group(&vpc, "peer"));
    let mut first = json!({
        "GroupId": group, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "SourceSecurityGroupId": peer,
        "SourceSecurityGroupOwnerId": "123456789012", "Description": "from the balancer",
    });
    let before = first.clone();
    first["Description"] = json!("from the load balancer");
    let all =
        json!({"GroupId": group, "IpProtocol": "-1", "FromPort": 0, "ToPort": 0, "CidrIp": "10.9.8.7/8"});
    bench.law_covering::<SecurityGroupIngress>(&[(before, Some(first)), (all.clone(), None)]);
    let mut second = json!({
        "GroupId": group, "IpProtocol": "17", "FromPort": 53, "ToPort": 53, "DestinationSecurityGroupId": peer,
        "Description": "names",
    });
    let before = second.clone();
    second.as_object_mut().unwrap().remove("Description");
    bench.law_covering::<SecurityGroupEgress>(&[(before, Some(second)), (all, None)]);
}

#[test]
fn vpc_peering_connection() {
    let bench = Bench::new();
    let net = Network(&bench);
    let (one, two) = (net.vpc("10.0.0.0/16"), net.vpc("10.1.0.0/16"));
    bench.world(|w| {
        let far = json!({
            "VpcId": "vpc-0far", "CidrBlock": "10.2.0.0/16", "_region": "eu-west-1",
            "CidrBlockAssociationSet": [{"CidrBlock": "10.2.0.0/16"}],
        });
        w.put("ec2.vpc", "vpc-0far", far);
    });
    let props = |name: &str| json!({"VpcId": one, "PeerVpcId": two, "Tags": tags(name)});
    let owner =
        json!({"VpcId": one, "PeerVpcId": two, "PeerOwnerId": "123456789012", "PeerRegion": "us-east-1"});
    let far = json!({"VpcId": one, "PeerVpcId": "vpc-0far", "PeerRegion": "eu-west-1"});
    let renamed = json!({"VpcId": one, "PeerVpcId": two, "Tags": [{"Key": "Name", "Value": "two"}]});
    bench.law_covering::<VpcPeeringConnection>(&[(props("one"), Some(renamed)), (owner, None), (far, None)]);
}

#[test]
fn a_peering_of_overlapping_networks_fails_in_words() {
    let bench = Bench::new();
    let net = Network(&bench);
    let props = json!({"VpcId": net.vpc("10.0.0.0/16"), "PeerVpcId": net.vpc("10.0.128.0/17")});
    let props = serde_json::from_value(props).unwrap();
    let made = bench.cx(|cx| bench.run(VpcPeeringConnection::create(cx, &bench.permit(), &props))).unwrap();
    bench.advance(std::time::Duration::from_secs(5));
    let done =
        bench.cx(|cx| bench.run(VpcPeeringConnection::configure(cx, &bench.permit(), &made.id, &props)));
    assert_eq!(done.unwrap(), crate::resources::Progress::Done);
    let probe =
        bench.cx(|cx| bench.run(VpcPeeringConnection::probe(cx, &made.id, &props, Goal::Ready))).unwrap();
    assert!(matches!(&probe, Probe::Failed(why) if why.contains("overlapping CIDR")), "{probe:?}");
}
