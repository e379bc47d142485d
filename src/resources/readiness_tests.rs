//! Which attribute is certain when, for every type that takes long, and why none of the others sooner.

use std::time::Duration;

use super::registry::TYPES;
use crate::schema;

const LONG: Duration = Duration::from_secs(10);

/// A type, its attributes that wait until it is ready, and what AWS says of them. All others are `early` or
/// `addressable`. A new type that takes long has to be entered here, after a look into its service's documentation.
const LATE: &[(&str, &[&str], &str)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        &["AutoScalingGroupARN"],
        "CreateAutoScalingGroup answers nothing; the ARN comes with DescribeAutoScalingGroups",
    ),
    (
        "AWS::DMS::ReplicationInstance",
        &["ReplicationInstancePrivateIpAddresses", "ReplicationInstancePublicIpAddresses"],
        "DMS API Reference, ReplicationInstance: interfaces are attached while it is `creating`, their addresses are shown then",
    ),
    ("AWS::DMS::ReplicationTask", &[], "CreateReplicationTask answers the ARN"),
    (
        "AWS::EC2::Instance",
        &["InstanceId", "PrivateDnsName", "PrivateIp", "PublicDnsName", "PublicIp", "State", "VpcId"],
        "whoever takes an instance wants it running: AssociateAddress and AttachVolume refuse a pending one, RegisterTargets \
         answers InvalidTarget; public names and addresses come with `running`",
    ),
    (
        "AWS::EC2::NatGateway",
        &["AutoProvisionZones", "AutoScalingIps", "EniId", "NatGatewayId", "RouteTableId"],
        "VPC User Guide, NAT gateways: one that is `pending` passes no traffic, and one that fails vanishes; a route to it \
         promises a way out to everything that depends on the route",
    ),
    (
        "AWS::EC2::VPCEndpoint",
        &["CreationTimestamp", "DnsEntries", "NetworkInterfaceIds"],
        "CreateVpcEndpoint shows names and interfaces of some kinds of endpoints only; a name resolves once `available`",
    ),
    ("AWS::ECS::Service", &[], "CreateService answers name and ARN"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        &[],
        "CreateLoadBalancer answers names, ARN and zone, and listeners may be made at once",
    ),
    (
        "AWS::RDS::DBCluster",
        &["MasterUserSecret.SecretArn", "StorageEncryptionType", "StorageThroughput"],
        "CreateDBCluster answers the endpoints; the secret is `creating` until the cluster is available",
    ),
    (
        "AWS::RDS::DBInstance",
        &[
            "AdditionalStorageVolumes.*.StorageOperationPercentProgress",
            "AdditionalStorageVolumes.*.StorageOperationStatus",
            "AutomaticRestartTime",
            "CertificateDetails.CAIdentifier",
            "CertificateDetails.ValidTill",
            "DBInstanceStatus",
            "InstanceCreateTime",
            "IsStorageConfigUpgradeAvailable",
            "LatestRestorableTime",
            "ListenerEndpoint.Address",
            "ListenerEndpoint.HostedZoneId",
            "ListenerEndpoint.Port",
            "MasterUserSecret.SecretArn",
            "PercentProgress",
            "ReadReplicaDBClusterIdentifiers",
            "ReadReplicaDBInstanceIdentifiers",
            "ResumeFullAutomationModeTime",
            "SecondaryAvailabilityZone",
            "StatusInfos",
            "StorageOperationPercentProgress",
            "StorageOperationStatus",
        ],
        "RDS API Reference, DBInstance: states and times move until the instance is available; the secret is `creating` until \
         then",
    ),
    ("AWS::RDS::EventSubscription", &[], "a name, which the plan gives"),
];

#[test]
fn every_type_that_takes_long_says_which_attributes_come_when() {
    let long: Vec<_> =
        TYPES.iter().filter(|ty| ty.facts().ready.is_some_and(|wait| wait.typical >= LONG)).collect();
    let names: Vec<&str> = long.iter().map(|ty| ty.facts().kind).collect();
    let table: Vec<&str> = LATE.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(names, table, "types that take {} s or more", LONG.as_secs());
    for (ty, (kind, late, why)) in long.iter().zip(LATE) {
        let facts = ty.facts();
        let addressable = facts.addressable.map_or(&[][..], |stage| stage.attributes);
        let sooner =
            |name: &String| facts.early.contains(&name.as_str()) || addressable.contains(&name.as_str());
        let schema = schema::of(kind).unwrap_or_else(|| panic!("{kind} has no schema"));
        let all: Vec<String> = schema.attributes().collect();
        // A structure is no value that anything could take; its members are.
        let whole = |name: &String| all.iter().any(|other| other.starts_with(&format!("{name}.")));
        let mut rest: Vec<String> =
            all.iter().filter(|name| !sooner(name) && !whole(name)).cloned().collect();
        rest.sort();
        assert_eq!(rest, *late, "{kind}: {why}");
        let stage = facts.addressable.map(|stage| stage.typical);
        let ready = facts.ready.map(|wait| wait.typical);
        assert!(stage.is_none() || stage < ready, "{kind}: addressable after it is ready");
    }
}

/// A type whose objects take long to go, what may go as soon as AWS has accepted its deletion, and why nothing else.
const GONE: &[(&str, &[&str], &str)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        &[],
        "its instances hold subnets and security groups, and use their profile, until they are terminated",
    ),
    (
        "AWS::DMS::ReplicationConfig",
        &[],
        "DeleteEndpoint and DeleteReplicationSubnetGroup refuse what a configuration still uses; its interfaces hold subnets and \
         security groups",
    ),
    (
        "AWS::DMS::ReplicationInstance",
        &[],
        "DeleteReplicationSubnetGroup: InvalidResourceStateFault while the instance is there; its interfaces hold subnets and \
         security groups",
    ),
    (
        "AWS::DMS::ReplicationTask",
        &[],
        "DeleteEndpoint and DeleteReplicationInstance: \"All tasks associated with … must be deleted\" before",
    ),
    ("AWS::EC2::Instance", &[], "its interfaces hold subnet and security groups until it is terminated"),
    (
        "AWS::EC2::NatGateway",
        &[],
        "its address, its subnet and the internet gateway are held until it is deleted (VPC User Guide, delete a NAT gateway)",
    ),
    ("AWS::EC2::VPCEndpoint", &[], "its interfaces hold subnets and security groups until they are deleted"),
    (
        "AWS::ECS::Service",
        &[
            "AWS::EC2::NatGateway",
            "AWS::EC2::Route",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPCEndpoint",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ],
        "a draining service starts no task any more and needs no way in or out; DeleteCluster refuses one with a service that \
         is not INACTIVE, and the tasks' interfaces hold subnets and security groups",
    ),
    (
        "AWS::RDS::DBCluster",
        &[],
        "DeleteDBSubnetGroup and DeleteDBClusterParameterGroup refuse what a cluster that is being deleted still uses",
    ),
    (
        "AWS::RDS::DBInstance",
        &["AWS::RDS::DBCluster"],
        "DeleteDBCluster takes a cluster whose instances are `deleting`; groups are in use until the instance is gone",
    ),
    ("AWS::RDS::EventSubscription", &[], "RDS publishes to the topic until the subscription is gone"),
];

#[test]
fn every_type_that_takes_long_to_go_says_what_may_go_with_it() {
    let long = TYPES.iter().filter(|ty| ty.facts().gone.is_some_and(|wait| wait.typical >= LONG));
    let found: Vec<(&str, &[&str])> = long.map(|ty| (ty.facts().kind, ty.facts().frees_early)).collect();
    let table: Vec<(&str, &[&str])> = GONE.iter().map(|(kind, frees, _)| (*kind, *frees)).collect();
    assert_eq!(found, table);
    assert!(TYPES.iter().all(|ty| ty.facts().gone.is_some() || ty.facts().frees_early.is_empty()));
}
