//! Tests of `db_instance.rs`.

use super::*;
use crate::{resources::bench::Bench, resources::rds::prepared};
use serde_json::json;

/// Attributes that only some instances have.
const SOMETIMES: &[&str] = &[
    "AutomaticRestartTime",
    "IsStorageConfigUpgradeAvailable",
    // Not without backups, and a replica has none of its own unless asked for.
    "LatestRestorableTime",
    "ListenerEndpoint",
    "ListenerEndpoint.Address",
    "ListenerEndpoint.Port",
    "ListenerEndpoint.HostedZoneId",
    "MasterUserSecret.SecretArn",
    "PercentProgress",
    "ResumeFullAutomationModeTime",
    "SecondaryAvailabilityZone",
    "StorageOperationStatus",
    "StorageOperationPercentProgress",
];

fn bench() -> Bench {
    let bench = Bench::new().optional(SOMETIMES);
    prepared::network(&bench);
    let subnets = json!([{"SubnetIdentifier": "subnet-a", "SubnetAvailabilityZone": {"Name": "us-east-1a"}},
            {"SubnetIdentifier": "subnet-b", "SubnetAvailabilityZone": {"Name": "us-east-1b"}}]);
    bench.world(|world| {
            world.put("rds.db-subnet-group", "us-east-1/subnets", json!({
                "DBSubnetGroupName": "subnets", "VpcId": "vpc-1", "Subnets": subnets, "SubnetGroupStatus": "Complete",
            }));
            for name in ["pg14", "pg14-next"] {
                world.put("rds.db-parameter-group", &format!("us-east-1/{name}"), json!({
                    "DBParameterGroupName": name, "DBParameterGroupFamily": "postgres14", "_values": {},
                }));
            }
        });
    bench
}

fn small() -> Json {
    json!({
        "DBInstanceIdentifier": "Payments-Source", "Engine": "postgres", "EngineVersion": "14", "DBInstanceClass": "db.r5.large",
        "AllocatedStorage": "100", "MasterUsername": "payments", "MasterUserPassword": "not-a-real-one-1",
    })
}

fn with(mut base: Json, more: Json) -> Json {
    if let (Some(base), Json::Object(more)) = (base.as_object_mut(), more) {
        base.extend(more);
        base.retain(|_, value| !value.is_null());
    }
    base
}

#[test]
fn keeps_the_law_for_rich_properties_and_for_a_managed_password() {
    let rich = with(
        small(),
        json!({
            "AutoMinorVersionUpgrade": false, "AvailabilityZone": "us-east-1a", "BackupRetentionPeriod": 7,
            "CopyTagsToSnapshot": true, "DBName": "payments", "DBParameterGroupName": "PG14", "DBSubnetGroupName": "subnets",
            "DeleteAutomatedBackups": true, "DeletionProtection": false, "EnableCloudwatchLogsExports": ["upgrade", "postgresql"],
            "EnableIAMDatabaseAuthentication": false, "EnablePerformanceInsights": true, "PerformanceInsightsRetentionPeriod": 7,
            "MaxAllocatedStorage": 200, "MonitoringInterval": 60, "MonitoringRoleArn": "arn:aws:iam::123456789012:role/rds",
            "MultiAZ": false, "Port": "5433", "PreferredBackupWindow": "03:00-04:00",
            "PreferredMaintenanceWindow": "Sun:05:00-Sun:06:00", "PubliclyAccessible": false, "StorageEncrypted": true,
            "StorageType": "gp3", "VPCSecurityGroups": ["sg-2", "sg-1"], "Tags": [{"Key": "team", "Value": "payments"}],
            "AssociatedRoles": [{"FeatureName": "s3Export", "RoleArn": "arn:aws:iam::123456789012:role/rds"}],
        }),
    );
    let changed = with(
        rich.clone(),
        json!({
            "AllocatedStorage": "150", "BackupRetentionPeriod": 14, "DBInstanceClass": "db.r5.xlarge", "DBParameterGroupName": "pg14-next",
            "EnableCloudwatchLogsExports": ["postgresql"], "EnableIAMDatabaseAuthentication": true, "MonitoringInterval": 0,
            "MonitoringRoleArn": null, "AvailabilityZone": null, "MultiAZ": true, "VPCSecurityGroups": ["sg-1"],
            "MasterUserPassword": "another-one-2", "Tags": [{"Key": "cost", "Value": "1"}], "AssociatedRoles": [],
            "DeletionProtection": false, "PerformanceInsightsRetentionPeriod": 31, "PreferredBackupWindow": "01:00-02:00",
        }),
    );
    let managed = with(small(), json!({"MasterUserPassword": null, "ManageMasterUserPassword": true}));
    let protected = with(managed.clone(), json!({"DBInstanceClass": "db.t3.micro"}));
    let bench = bench();
    shop(&bench);
    let restored = json!({
        "DBInstanceIdentifier": "restored", "DBSnapshotIdentifier": "before", "DBInstanceClass": "db.t3.micro",
        "BackupRetentionPeriod": 3, "PreferredBackupWindow": "03:00-04:00", "MasterUserPassword": "another-one-2",
        "EnablePerformanceInsights": true, "PerformanceInsightsRetentionPeriod": 7, "DBSubnetGroupName": "subnets",
        "DBParameterGroupName": "pg14", "MaxAllocatedStorage": 300, "Tags": [{"Key": "team", "Value": "payments"}],
    });
    let larger = with(restored.clone(), json!({"AllocatedStorage": "150"}));
    let earlier = json!({
        "DBInstanceIdentifier": "earlier", "SourceDBInstanceIdentifier": "shop", "UseLatestRestorableTime": true,
        "MultiAZ": true,
    });
    let reader = json!({
        "DBInstanceIdentifier": "reader", "SourceDBInstanceIdentifier": "shop", "DBInstanceClass": "db.t3.micro",
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
    });
    let replicated = |region: &str, days: i32| {
        with(
            json!({
                "BackupRetentionPeriod": 7, "AutomaticBackupReplicationRegion": region,
                "AutomaticBackupReplicationRetentionPeriod": days, "DBInstanceIdentifier": "copied",
            }),
            with(small(), json!({"DBInstanceIdentifier": "copied"})),
        )
    };
    let alone = with(small(), json!({"BackupRetentionPeriod": 7, "DBInstanceIdentifier": "copied"}));
    bench.law_covering::<DbInstance>(&[
        (replicated("us-west-2", 14), Some(replicated("us-west-2", 21))),
        (replicated("us-west-2", 14), Some(replicated("eu-west-1", 14))),
        (replicated("us-west-2", 14), Some(alone.clone())),
        (alone, Some(replicated("us-west-2", 14))),
        (rich, Some(changed)),
        (managed, Some(protected)),
        (restored, Some(larger)),
        (earlier, None),
        (reader, None),
    ]);
}

/// The copies of an encrypted database's backups have a key of their region.
#[test]
fn copies_of_backups_are_renewed_for_another_key() {
    let bench = bench();
    let props = |key: &str| {
        with(
            small(),
            json!({
                "StorageEncrypted": true, "AutomaticBackupReplicationRegion": "us-west-2",
                "AutomaticBackupReplicationKmsKeyId": format!("arn:aws:kms:us-west-2:123456789012:key/{key}"),
            }),
        )
    };
    bench.law::<DbInstance>(props("one"), Some(props("two")));
    let keys: Vec<Json> =
        bench.world(|w| w.rows("rds.automated-backup").map(|(_, row)| row["KmsKeyId"].clone()).collect());
    assert_eq!(keys, [json!("arn:aws:kms:us-west-2:123456789012:key/two")]);
}

#[test]
fn volumes_are_added_grown_and_dropped_by_name() {
    let bench = bench();
    let oracle = json!({"Engine": "oracle-se2", "EngineVersion": "19"});
    let volume = |name: &str, size: i32| {
        json!({
            "VolumeName": name, "AllocatedStorage": size.to_string(), "StorageType": "gp3", "Iops": 12_000,
            "StorageThroughput": 500, "MaxAllocatedStorage": 5_000,
        })
    };
    let with_volumes =
        |volumes: Json| with(with(small(), oracle.clone()), json!({"AdditionalStorageVolumes": volumes}));
    let first = with_volumes(
        json!([volume("rdsdbdata2", 200), {"VolumeName": "rdsdbdata3", "AllocatedStorage": "300"}]),
    );
    let second = with_volumes(json!([volume("rdsdbdata2", 400), volume("rdsdbdata4", 200)]));
    bench.law::<DbInstance>(first, Some(second));
    let refused = with(small(), json!({"AdditionalStorageVolumes": [volume("rdsdbdata2", 200)]}));
    let made = bench.cx(|cx| bench.run(DbInstance::create(cx, &bench.permit(), &typed(refused))));
    assert!(made.unwrap_err().is(&["InvalidParameterCombination"]));
}

#[test]
fn instances_come_from_clusters_and_from_other_regions() {
    let bench = bench();
    let cluster = json!({
        "DBClusterIdentifier": "three", "Engine": "postgres", "EngineVersion": "14.19", "AllocatedStorage": 100,
        "MasterUsername": "payments", "DBClusterInstanceClass": "db.r5.large", "Status": "available",
    });
    let far = json!({
        "DBInstanceIdentifier": "shop", "DBInstanceArn": "arn:aws:rds:us-west-2:123456789012:db:shop",
        "Engine": "postgres", "EngineVersion": "14.19", "AllocatedStorage": 100, "MasterUsername": "payments",
        "DBInstanceClass": "db.r5.large", "DBInstanceStatus": "available", "BackupRetentionPeriod": 7,
        "ReadReplicaDBInstanceIdentifiers": [],
    });
    bench.world(|w| {
        w.put("rds.db-cluster-snapshot", "us-east-1/nightly", cluster.clone());
        w.put("rds.db-cluster", "us-east-1/three", cluster);
        w.put("rds.db-instance", "us-west-2/shop", far);
    });
    bench.law::<DbInstance>(
        json!({
            "DBInstanceIdentifier": "restored", "DBClusterSnapshotIdentifier": "nightly",
            "DBInstanceClass": "db.t3.micro",
        }),
        None,
    );
    bench.law::<DbInstance>(
        json!({"DBInstanceIdentifier": "reader", "SourceDBClusterIdentifier": "three"}),
        None,
    );
    let reader = json!({"DBInstanceIdentifier": "far", "SourceDBInstanceIdentifier": "shop", "SourceRegion": "us-west-2"});
    let sources = |bench: &Bench| {
        bench.world(|w| {
            w.get("rds.db-instance", "us-west-2/shop").unwrap()["ReadReplicaDBInstanceIdentifiers"].clone()
        })
    };
    let id = running(&bench, &typed(reader.clone()));
    assert_eq!(sources(&bench), json!(["arn:aws:rds:us-east-1:123456789012:db:far"]));
    assert_eq!(delete(&bench, &id, &typed(reader.clone()), None), Ok(Progress::Done));
    assert_eq!(sources(&bench), json!([]));
    let mut wrong = reader;
    wrong["SourceDBInstanceIdentifier"] = json!("arn:aws:rds:eu-west-1:123456789012:db:shop");
    assert_eq!(DbInstance::check(&wrong)[0].0, "SourceRegion");
}

/// A database with backups and a snapshot.
fn shop(bench: &Bench) {
    let props =
        json!({"DBInstanceIdentifier": "shop", "BackupRetentionPeriod": 7, "DBSubnetGroupName": "subnets"});
    running(bench, &typed(with(small(), props)));
    let call = bench.sdk().rds().create_db_snapshot().db_instance_identifier("shop");
    bench.run(call.db_snapshot_identifier("before").send()).unwrap();
    bench.advance(std::time::Duration::from_secs(300));
}

#[test]
fn a_replica_is_on_its_sources_list_until_it_goes_or_stands_by_itself() {
    let bench = bench();
    shop(&bench);
    let replicas = || {
        let answer =
            bench.run(bench.sdk().rds().describe_db_instances().db_instance_identifier("shop").send());
        answer.unwrap().db_instances()[0].read_replica_db_instance_identifiers().to_vec()
    };
    let reader =
        |name: &str| typed(json!({"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": "shop"}));
    let (one, two) = (reader("one"), reader("two"));
    let first = running(&bench, &one);
    running(&bench, &two);
    assert_eq!(replicas(), ["one", "two"]);
    // A replica has no final snapshot.
    assert_eq!(delete(&bench, &first, &one, Some("last")), Ok(Progress::Done));
    assert_eq!(replicas(), ["two"]);
    bench.run(bench.sdk().rds().promote_read_replica().db_instance_identifier("two").send()).unwrap();
    assert_eq!(replicas(), [""; 0]);
}

#[test]
fn what_comes_with_the_data_is_refused_and_changes_of_the_origin_replace() {
    let problems =
        |props: Json| DbInstance::check(&props).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let base = json!({"DBInstanceIdentifier": "a", "DBSnapshotIdentifier": "before"});
    assert!(problems(base.clone()).is_empty());
    assert_eq!(problems(with(base.clone(), json!({"MasterUsername": "x"}))), ["MasterUsername"]);
    let replica = json!({"SourceDBInstanceIdentifier": "shop", "DBName": "x"});
    assert_eq!(problems(replica), ["DBName"]);
    let nowhere = json!({"RestoreTime": "yesterday"});
    assert_eq!(problems(nowhere), ["SourceDBInstanceIdentifier", "RestoreTime"]);
    // A parameter left empty means no snapshot.
    assert!(problems(with(small(), json!({"DBSnapshotIdentifier": ""}))).is_empty());
    let (old, new) = (typed(base), typed(json!({"DBInstanceIdentifier": "a"})));
    let changed = ["DBSnapshotIdentifier".to_owned()];
    assert_eq!(DbInstance::replaces(&Change { old: &old, new: &new, changed: &changed }), changed);
}

fn typed(props: Json) -> Props {
    serde_json::from_value(props).unwrap()
}

/// Creates an instance and lets it become available.
fn running(bench: &Bench, props: &Props) -> PhysicalId {
    let id = bench.cx(|cx| bench.run(DbInstance::create(cx, &bench.permit(), props))).unwrap().id;
    bench.advance(std::time::Duration::from_secs(600));
    id
}

fn delete(
    bench: &Bench,
    id: &PhysicalId,
    props: &Props,
    snapshot: Option<&str>,
) -> Result<Progress, OpError> {
    bench.cx(|cx| {
        let cx = Cx { snapshot, ..*cx };
        bench.run(DbInstance::delete(&cx, &bench.permit(), id, props))
    })
}

#[test]
fn protection_that_nobody_asked_for_is_turned_off_and_wanted_protection_holds() {
    let bench = bench();
    let wanted = typed(with(small(), json!({"DeletionProtection": true})));
    let id = running(&bench, &wanted);
    let error = delete(&bench, &id, &wanted, None).unwrap_err();
    assert!(error.message.contains("protected"), "{error}");
    let unwanted = typed(small());
    assert!(matches!(delete(&bench, &id, &unwanted, None), Ok(Progress::Again(_))));
    assert_eq!(delete(&bench, &id, &unwanted, None), Ok(Progress::Done));
}

#[test]
fn the_final_snapshot_is_taken_when_the_plan_wants_one() {
    let bench = bench();
    let props = typed(small());
    let id = running(&bench, &props);
    assert_eq!(delete(&bench, &id, &props, Some("payments-final")), Ok(Progress::Done));
    assert!(bench.world(|world| world.get("rds.db-snapshot", "us-east-1/payments-final").is_some()));
}

#[test]
fn the_address_waits_and_the_port_is_a_text() {
    let bench = bench();
    let props = typed(small());
    let created = bench.cx(|cx| bench.run(DbInstance::create(cx, &bench.permit(), &props))).unwrap();
    assert_eq!(created.attributes["Ref"], "payments-source");
    assert!(!created.attributes.contains_key("Endpoint.Address"));
    bench.advance(std::time::Duration::from_secs(600));
    let probe = bench.cx(|cx| bench.run(DbInstance::probe(cx, &created.id, &props, Goal::Ready))).unwrap();
    let Probe::Reached(attributes) = probe else { panic!("{probe:?}") };
    assert_eq!(attributes["Endpoint.Port"], "5432");
    assert!(attributes["Endpoint.Address"].as_str().unwrap().starts_with("payments-source."));
}

#[test]
fn what_the_modify_call_cannot_change_replaces() {
    let (old, new) = (
        typed(with(small(), json!({"AvailabilityZone": "us-east-1a"}))),
        typed(with(small(), json!({"AvailabilityZone": "us-east-1b", "Engine": "mysql"}))),
    );
    let changed = [
        "AvailabilityZone".to_owned(),
        "Engine".to_owned(),
        "DBInstanceClass".to_owned(),
        "StorageEncrypted".to_owned(),
    ];
    let replaces = DbInstance::replaces(&Change { old: &old, new: &new, changed: &changed });
    assert_eq!(replaces, ["StorageEncrypted", "AvailabilityZone", "Engine"]);
}

#[test]
fn plans_that_rds_would_refuse_are_refused_before() {
    let problems =
        |props: Json| DbInstance::check(&props).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert!(problems(small()).is_empty());
    assert_eq!(problems(with(small(), json!({"MasterUserPassword": null}))), ["MasterUserPassword"]);
    assert_eq!(problems(with(small(), json!({"KmsKeyId": "k"}))), ["KmsKeyId"]);
    assert_eq!(problems(with(small(), json!({"MonitoringInterval": 60}))), ["MonitoringRoleArn"]);
}
