//! The rules that make EC2 refuse: an orchestrator that is wrong about them leaves orphans behind.

use std::time::Duration;

use aws_sdk_ec2::{
    Client,
    types::{Filter, IpPermission, IpRange, Tag, UserIdGroupPair},
};
use serde_json::json;

use crate::{aws::op, resources::bench::Bench};

/// The error code of a call that must fail.
macro_rules! refused {
    ($bench:expr, $call:expr) => {
        $bench.run($call.send()).map_err(op("call")).unwrap_err().code.unwrap()
    };
}

fn vpc(bench: &Bench, cidr: &str) -> String {
    let made = bench.run(bench.sdk().ec2().create_vpc().cidr_block(cidr).send()).unwrap();
    made.vpc.unwrap().vpc_id.unwrap()
}

fn subnet(bench: &Bench, vpc: &str, cidr: &str) -> String {
    let made = bench.run(bench.sdk().ec2().create_subnet().vpc_id(vpc).cidr_block(cidr).send()).unwrap();
    made.subnet.unwrap().subnet_id.unwrap()
}

fn group(bench: &Bench, vpc: &str, name: &str) -> String {
    let call = bench.sdk().ec2().create_security_group().vpc_id(vpc).group_name(name).description("d");
    bench.run(call.send()).unwrap().group_id.unwrap()
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn from_group(id: &str) -> IpPermission {
    let pair = UserIdGroupPair::builder().group_id(id).build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).user_id_group_pairs(pair).build()
}

fn settle(bench: &Bench) -> &Client {
    bench.advance(Duration::from_secs(2));
    bench.sdk().ec2()
}

#[test]
fn blocks_must_fit() {
    let bench = Bench::new();
    let ec2 = bench.sdk().ec2();
    assert_eq!(refused!(bench, ec2.create_vpc().cidr_block("10.0.0.0/8")), "InvalidVpc.Range");
    assert_eq!(refused!(bench, ec2.create_vpc().cidr_block("ten")), "InvalidParameterValue");
    let vpc = vpc(&bench, "10.0.0.0/16");
    let new = |cidr: &str| ec2.create_subnet().vpc_id(&vpc).cidr_block(cidr);
    assert_eq!(refused!(bench, new("10.1.0.0/24")), "InvalidSubnet.Range");
    assert_eq!(refused!(bench, new("10.0.0.0/29")), "InvalidSubnet.Range");
    subnet(&bench, &vpc, "10.0.0.0/24");
    assert_eq!(refused!(bench, new("10.0.0.128/25")), "InvalidSubnet.Conflict");
    assert_eq!(refused!(bench, new("10.0.1.0/24").availability_zone("us-east-1z")), "InvalidParameterValue");
    let elsewhere = ec2.create_subnet().vpc_id("vpc-0000000000000000f").cidr_block("10.0.0.0/24");
    assert_eq!(refused!(bench, elsewhere), "InvalidVpcID.NotFound");
}

#[test]
fn a_vpc_brings_three_children_and_goes_only_with_nothing_else_in_it() {
    let bench = Bench::new();
    let vpc = vpc(&bench, "10.0.0.0/16");
    let ec2 = settle(&bench);
    let mine = filter("vpc-id", &vpc);
    let groups = bench.run(ec2.describe_security_groups().filters(mine.clone()).send()).unwrap();
    let tables = bench.run(ec2.describe_route_tables().filters(mine.clone()).send()).unwrap();
    let acls = bench.run(ec2.describe_network_acls().filters(mine).send()).unwrap();
    assert_eq!(
        (groups.security_groups().len(), tables.route_tables().len(), acls.network_acls().len()),
        (1, 1, 1)
    );
    let default = groups.security_groups()[0].group_id().unwrap();
    assert_eq!(refused!(bench, ec2.delete_security_group().group_id(default)), "CannotDelete");
    let main = tables.route_tables()[0].route_table_id().unwrap();
    assert_eq!(refused!(bench, ec2.delete_route_table().route_table_id(main)), "DependencyViolation");

    let subnet = subnet(&bench, &vpc, "10.0.0.0/24");
    assert_eq!(refused!(bench, ec2.delete_vpc().vpc_id(&vpc)), "DependencyViolation");
    bench.world(|w| w.attach_interfaces("us-east-1", "arn:db", &[&subnet], &[default]));
    assert_eq!(refused!(bench, ec2.delete_subnet().subnet_id(&subnet)), "DependencyViolation");
    bench.world(|w| w.release_interfaces("arn:db", 60_000));
    assert_eq!(refused!(bench, ec2.delete_subnet().subnet_id(&subnet)), "DependencyViolation");
    bench.advance(Duration::from_secs(61));
    bench.run(ec2.delete_subnet().subnet_id(&subnet).send()).unwrap();
    bench.run(ec2.delete_vpc().vpc_id(&vpc).send()).unwrap();
    let left = bench.world(|w| w.census());
    let kept = left.keys().filter(|table| *table != "ec2.dhcp-options").collect::<Vec<_>>();
    assert!(kept.is_empty(), "{left:?}");
}

#[test]
fn groups_hold_each_other() {
    let bench = Bench::new();
    let vpc = vpc(&bench, "10.0.0.0/16");
    let (one, two) = (group(&bench, &vpc, "one"), group(&bench, &vpc, "two"));
    let ec2 = settle(&bench);
    let again = ec2.create_security_group().vpc_id(&vpc).group_name("one").description("d");
    assert_eq!(refused!(bench, again), "InvalidGroup.Duplicate");
    let allow = || ec2.authorize_security_group_ingress().group_id(&one).ip_permissions(from_group(&two));
    bench.run(allow().send()).unwrap();
    assert_eq!(refused!(bench, allow()), "InvalidPermission.Duplicate");
    assert_eq!(refused!(bench, ec2.delete_security_group().group_id(&two)), "DependencyViolation");
    let range = IpRange::builder().cidr_ip("10.0.0.0/8").build();
    let other = IpPermission::builder().ip_protocol("tcp").from_port(1).to_port(2).ip_ranges(range).build();
    let revoke = ec2.revoke_security_group_ingress().group_id(&one).ip_permissions(other);
    assert_eq!(refused!(bench, revoke), "InvalidPermission.NotFound");
    let far = group(&bench, &self::vpc(&bench, "10.1.0.0/16"), "far");
    let across = ec2.authorize_security_group_ingress().group_id(&one).ip_permissions(from_group(&far));
    assert_eq!(refused!(bench, across), "InvalidGroup.NotFound");
    bench.run(ec2.delete_security_group().group_id(&one).send()).unwrap();
    bench.run(ec2.delete_security_group().group_id(&two).send()).unwrap();
    assert_eq!(refused!(bench, ec2.describe_security_groups().group_ids(&two)), "InvalidGroup.NotFound");
}

#[test]
fn an_address_and_a_gateway_are_held_by_the_nat_gateway_until_it_is_gone() {
    let bench = Bench::new();
    let vpc = vpc(&bench, "10.0.0.0/16");
    let subnet = subnet(&bench, &vpc, "10.0.0.0/24");
    let ec2 = settle(&bench);
    let gateway = bench.run(ec2.create_internet_gateway().send()).unwrap().internet_gateway.unwrap();
    let gateway = gateway.internet_gateway_id.unwrap();
    let attach = || ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
    bench.run(attach().send()).unwrap();
    assert_eq!(refused!(bench, attach()), "Resource.AlreadyAssociated");
    assert_eq!(
        refused!(bench, ec2.delete_internet_gateway().internet_gateway_id(&gateway)),
        "DependencyViolation"
    );

    let address = bench.run(ec2.allocate_address().send()).unwrap().allocation_id.unwrap();
    let create = || ec2.create_nat_gateway().subnet_id(&subnet).allocation_id(&address).client_token("t1");
    let nat = bench.run(create().send()).unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
    assert_eq!(bench.run(create().send()).unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap(), nat);
    let other =
        ec2.create_nat_gateway().subnet_id(&subnet).connectivity_type("private".into()).client_token("t1");
    assert_eq!(refused!(bench, other), "IdempotentParameterMismatch");

    let table = bench.run(ec2.create_route_table().vpc_id(&vpc).send()).unwrap().route_table.unwrap();
    let table = table.route_table_id.unwrap();
    let route =
        || ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").nat_gateway_id(&nat);
    bench.run(route().send()).unwrap();
    assert_eq!(refused!(bench, route()), "RouteAlreadyExists");

    let state = || {
        let page = bench.run(ec2.describe_nat_gateways().nat_gateway_ids(&nat).send()).unwrap();
        page.nat_gateways()[0].state().unwrap().as_str().to_owned()
    };
    let blackhole = || {
        let found = ec2.describe_route_tables().filters(filter("route.state", "black*"));
        bench.run(found.send()).unwrap().route_tables().len()
    };
    bench.advance(Duration::from_secs(1));
    assert_eq!((state().as_str(), blackhole()), ("pending", 0));
    bench.advance(Duration::from_secs(120));
    assert_eq!(state(), "available");
    bench.run(ec2.delete_nat_gateway().nat_gateway_id(&nat).send()).unwrap();
    assert_eq!((state().as_str(), blackhole()), ("deleting", 1));
    let detach = || ec2.detach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
    assert_eq!(refused!(bench, ec2.release_address().allocation_id(&address)), "AuthFailure");
    assert_eq!(refused!(bench, detach()), "DependencyViolation");
    assert_eq!(refused!(bench, ec2.delete_subnet().subnet_id(&subnet)), "DependencyViolation");
    bench.advance(Duration::from_secs(61));
    assert_eq!(state(), "deleted");
    bench.run(ec2.release_address().allocation_id(&address).send()).unwrap();
    bench.run(detach().send()).unwrap();
    assert_eq!(refused!(bench, detach()), "Gateway.NotAttached");
    bench.run(ec2.delete_subnet().subnet_id(&subnet).send()).unwrap();
}

#[test]
fn routes_lead_only_where_the_vpc_can_go() {
    let bench = Bench::new();
    let (here, there) = (vpc(&bench, "10.0.0.0/16"), vpc(&bench, "10.1.0.0/16"));
    let ec2 = settle(&bench);
    let gateway = bench.run(ec2.create_internet_gateway().send()).unwrap().internet_gateway.unwrap();
    let gateway = gateway.internet_gateway_id.unwrap();
    let table = bench.run(ec2.create_route_table().vpc_id(&here).send()).unwrap().route_table.unwrap();
    let table = table.route_table_id.unwrap();
    let route = |to: &str| {
        ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").gateway_id(to)
    };
    assert_eq!(refused!(bench, route(&gateway)), "InvalidParameterValue");
    assert_eq!(refused!(bench, route("igw-0000000000000000f")), "InvalidGatewayID.NotFound");
    let local =
        ec2.create_route().route_table_id(&table).destination_cidr_block("10.0.0.0/16").gateway_id(&gateway);
    assert_eq!(refused!(bench, local), "RouteAlreadyExists");
    let far = subnet(&bench, &there, "10.1.0.0/24");
    assert_eq!(
        refused!(bench, ec2.associate_route_table().route_table_id(&table).subnet_id(far)),
        "InvalidParameterValue"
    );
    let near = subnet(&bench, &here, "10.0.0.0/24");
    let associate = || ec2.associate_route_table().route_table_id(&table).subnet_id(&near);
    bench.run(associate().send()).unwrap();
    assert_eq!(refused!(bench, associate()), "Resource.AlreadyAssociated");
    assert_eq!(refused!(bench, ec2.delete_route_table().route_table_id(&table)), "DependencyViolation");
}

#[test]
fn filters_tags_pages_dry_runs_and_regions() {
    let bench = Bench::new();
    let first = vpc(&bench, "10.0.0.0/16");
    let ec2 = settle(&bench);
    assert_eq!(
        refused!(bench, ec2.describe_vpcs().filters(filter("colour", "red"))),
        "InvalidParameterValue"
    );
    assert_eq!(refused!(bench, ec2.create_vpc().cidr_block("10.0.0.0/16").dry_run(true)), "DryRunOperation");
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    assert_eq!(
        refused!(bench, ec2.create_tags().resources(&first).tags(tag("aws:x", "1"))),
        "InvalidParameterValue"
    );
    bench
        .run(ec2.create_tags().resources(&first).tags(tag("Name", "web")).tags(tag("a", "b")).send())
        .unwrap();
    bench.run(ec2.delete_tags().resources(&first).tags(tag("a", "other")).send()).unwrap();
    let found = bench.run(ec2.describe_tags().filters(filter("resource-id", &first)).send()).unwrap();
    assert_eq!(found.tags().len(), 2);
    for n in 1..8 {
        vpc(&bench, &format!("10.{n}.0.0/16"));
    }
    settle(&bench);
    let page = bench.run(ec2.describe_vpcs().max_results(5).send()).unwrap();
    assert_eq!(page.vpcs().len(), 5);
    let rest = bench.run(ec2.describe_vpcs().max_results(5).set_next_token(page.next_token).send()).unwrap();
    // One more than was made: the region's default VPC.
    assert_eq!((rest.vpcs().len(), rest.next_token()), (4, None));
    let abroad = Client::new(&bench.sandbox().sdk_config("eu-west-1"));
    let there = bench.run(abroad.describe_vpcs().send()).unwrap();
    assert_eq!(there.vpcs().iter().map(|vpc| vpc.is_default()).collect::<Vec<_>>(), [Some(true)]);
    assert_eq!(refused!(bench, abroad.delete_vpc().vpc_id(&first)), "InvalidVpcID.NotFound");
    let zones = bench.run(abroad.describe_availability_zones().send()).unwrap();
    assert_eq!(zones.availability_zones()[0].zone_id(), Some("euw1-az1"));
}

#[test]
fn a_peering_must_be_accepted_and_nothing_hangs_on_it_but_its_networks() {
    let bench = Bench::new();
    let ec2 = bench.sdk().ec2();
    let (one, two, three) =
        (vpc(&bench, "10.0.0.0/16"), vpc(&bench, "10.1.0.0/16"), vpc(&bench, "10.2.0.0/16"));
    let (ours, theirs) = (group(&bench, &one, "ours"), group(&bench, &two, "theirs"));
    let allow = || ec2.authorize_security_group_ingress().group_id(&ours).ip_permissions(from_group(&theirs));
    assert_eq!(refused!(bench, allow()), "InvalidGroup.NotFound");

    let new = || ec2.create_vpc_peering_connection().vpc_id(&one).peer_vpc_id(&two);
    let made = bench.run(new().send()).unwrap().vpc_peering_connection.unwrap();
    let id = made.vpc_peering_connection_id.unwrap();
    assert_eq!(refused!(bench, new()), "VpcPeeringConnectionAlreadyExists");
    let accept = || ec2.accept_vpc_peering_connection().vpc_peering_connection_id(&id);
    assert_eq!(refused!(bench, accept()), "InvalidStateTransition", "the request has not arrived");
    settle(&bench);
    bench.run(accept().send()).unwrap();
    assert_eq!(refused!(bench, accept()), "InvalidStateTransition", "accepted once");
    assert_eq!(refused!(bench, allow()), "InvalidGroup.NotFound", "not active yet");
    settle(&bench);
    bench.run(allow().send()).unwrap();

    let table =
        |vpc: &str| bench.run(ec2.create_route_table().vpc_id(vpc).send()).unwrap().route_table.unwrap();
    let (inside, outside) = (table(&one).route_table_id.unwrap(), table(&three).route_table_id.unwrap());
    let route = |table: &str| {
        ec2.create_route()
            .route_table_id(table)
            .destination_cidr_block("10.1.0.0/16")
            .vpc_peering_connection_id(&id)
    };
    assert_eq!(refused!(bench, route(&outside)), "InvalidParameterValue");
    bench.run(route(&inside).send()).unwrap();

    assert_eq!(refused!(bench, ec2.delete_vpc().vpc_id(&two)), "DependencyViolation");
    bench.run(ec2.delete_vpc_peering_connection().vpc_peering_connection_id(&id).send()).unwrap();
    settle(&bench);
    let tables = bench.run(ec2.describe_route_tables().route_table_ids(&inside).send()).unwrap();
    let state = tables.route_tables()[0].routes().iter().find(|r| r.vpc_peering_connection_id().is_some());
    assert_eq!(state.unwrap().state().unwrap().as_str(), "blackhole");
    // The rule that names the other side's group is stale and does not keep the group.
    bench.run(ec2.delete_security_group().group_id(&theirs).send()).unwrap();
    bench.run(ec2.delete_vpc().vpc_id(&two).send()).unwrap();
    bench.advance(Duration::from_secs(3 * 3600));
    assert_eq!(refused!(bench, accept()), "InvalidVpcPeeringConnectionID.NotFound");
}

#[test]
fn an_offered_address_is_taken_over_as_it_must_be() {
    let bench = Bench::new();
    let ec2 = bench.sdk().ec2();
    bench.world(|world| {
        let later = world.now_secs() + 3_600.0;
        for (ip, offer) in [
            ("198.51.100.1", json!({"TransferOfferExpirationTimestamp": later})),
            ("198.51.100.2", json!({"TransferOfferExpirationTimestamp": 1.0})),
            ("198.51.100.3", json!({"AssociationId": "eipassoc-1"})),
            ("198.51.100.4", json!({"PtrRecord": "mail.example.com."})),
        ] {
            world.put("ec2.address-transfer", ip, offer);
        }
    });
    let accept = |ip: &str| ec2.accept_address_transfer().address(ip);
    let taken = bench.run(accept("198.51.100.1").send()).unwrap().address_transfer.unwrap();
    assert_eq!(taken.address_transfer_status.unwrap().as_str(), "accepted");
    assert!(taken.transfer_offer_accepted_timestamp.is_some());
    for (ip, code) in [
        ("198.51.100.1", "InvalidTransfer.AddressNotFound"),
        ("198.51.100.2", "InvalidTransfer.AddressNotFound"),
        ("198.51.100.3", "InvalidTransfer.AddressAssociated"),
        ("198.51.100.4", "InvalidTransfer.AddressCustomPtrSet"),
    ] {
        assert_eq!(refused!(bench, accept(ip)), code, "{ip}");
    }
}

#[test]
fn addresses_of_a_gateway_come_and_go_one_change_at_a_time() {
    let bench = Bench::new();
    let vpc = vpc(&bench, "10.0.0.0/16");
    let subnet = subnet(&bench, &vpc, "10.0.0.0/24");
    let ec2 = settle(&bench);
    let made =
        bench.run(ec2.create_nat_gateway().subnet_id(&subnet).connectivity_type("private".into()).send());
    let nat = made.unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
    let assign = || ec2.assign_private_nat_gateway_address().nat_gateway_id(&nat);
    let unassign =
        |ip: &str| ec2.unassign_private_nat_gateway_address().nat_gateway_id(&nat).private_ip_addresses(ip);
    assert_eq!(refused!(bench, assign().private_ip_address_count(1)), "IncorrectState");
    bench.advance(Duration::from_secs(300));
    bench.run(assign().private_ip_addresses("10.0.0.10").private_ip_addresses("10.0.0.11").send()).unwrap();
    assert_eq!(refused!(bench, unassign("10.0.0.10")), "IncorrectState");
    bench.advance(Duration::from_secs(40));
    assert_eq!(refused!(bench, unassign("10.0.0.99")), "InvalidParameter");
    bench.run(unassign("10.0.0.10").send()).unwrap();
    assert_eq!(refused!(bench, unassign("10.0.0.11")), "IncorrectState");
    assert_eq!(refused!(bench, assign().private_ip_address_count(1)), "IncorrectState");
    bench.advance(Duration::from_secs(40));
    bench.run(unassign("10.0.0.11").send()).unwrap();
}
