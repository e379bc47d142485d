use serde_json::json;

use super::*;
use crate::resources::bench::Bench;

const ROLE: &str = "arn:aws:iam::123456789012:role/rds";

fn with(mut props: Json, more: Json) -> Json {
    props.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    props
}

fn small() -> Json {
    json!({"DBClusterIdentifier": "Ledger", "Engine": "aurora-postgresql", "MasterUsername": "app",
        "MasterUserPassword": "not-a-secret-1"})
}

fn bench() -> Bench {
    let bench = Bench::new().optional(&["StorageThroughput", "MasterUserSecret.SecretArn"]);
    super::super::prepared::network(&bench);
    bench.run(async {
        let rds = bench.sdk().rds();
        let group =
            rds.create_db_subnet_group().db_subnet_group_name("subnets").db_subnet_group_description("x");
        group.subnet_ids("subnet-a").subnet_ids("subnet-b").subnet_ids("subnet-c").send().await.unwrap();
        for name in ["one", "two"] {
            let group = rds.create_db_cluster_parameter_group().db_cluster_parameter_group_name(name);
            group.db_parameter_group_family("aurora-postgresql16").description("x").send().await.unwrap();
        }
    });
    bench
}

#[test]
fn the_law_for_serverless_and_provisioned_clusters() {
    let bench = bench();
    let before = bench.operations().len();
    let serverless = json!({
        "DBClusterIdentifier": "Payments-Cluster", "Engine": "aurora-postgresql", "EngineVersion": "16.8",
        "EngineMode": "provisioned", "DatabaseName": "payments", "MasterUsername": "app", "ManageMasterUserPassword": true,
        "MasterUserSecret": {"KmsKeyId": "alias/aws/secretsmanager"}, "DBSubnetGroupName": "Subnets",
        "VpcSecurityGroupIds": ["sg-2", "sg-1"], "DBClusterParameterGroupName": "One", "StorageEncrypted": true,
        "KmsKeyId": "my-key", "BackupRetentionPeriod": 7, "PreferredBackupWindow": "03:00-04:00",
        "PreferredMaintenanceWindow": "Sun:05:00-Sun:06:00", "CopyTagsToSnapshot": true, "DeletionProtection": true,
        "EnableCloudwatchLogsExports": ["postgresql"], "EnableIAMDatabaseAuthentication": true, "EnableHttpEndpoint": true,
        "AvailabilityZones": ["us-east-1b", "us-east-1a"], "Port": 5433, "NetworkType": "IPV4", "StorageType": "aurora",
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 2},
        "PerformanceInsightsEnabled": true, "PerformanceInsightsRetentionPeriod": 7, "DatabaseInsightsMode": "standard",
        "MonitoringInterval": 60, "MonitoringRoleArn": ROLE, "EngineLifecycleSupport": "open-source-rds-extended-support",
        "AssociatedRoles": [{"RoleArn": ROLE, "FeatureName": "s3Import"}],
        "Tags": [{"Key": "team", "Value": "payments"}],
    });
    let changed = json!({
        "DBClusterIdentifier": "Payments-Cluster", "Engine": "aurora-postgresql", "EngineVersion": "16.9",
        "DatabaseName": "payments", "MasterUsername": "app", "MasterUserPassword": "not-a-secret-2",
        "DBSubnetGroupName": "Subnets", "VpcSecurityGroupIds": ["sg-1"], "DBClusterParameterGroupName": "two",
        "StorageEncrypted": true, "KmsKeyId": "my-key", "BackupRetentionPeriod": 14, "DeletionProtection": false,
        "EngineMode": "provisioned", "AvailabilityZones": ["us-east-1b", "us-east-1a"], "Port": 5434,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 8, "SecondsUntilAutoPause": 600},
        "StorageType": "aurora-iopt1", "EnableCloudwatchLogsExports": ["instance"],
        "Tags": [{"Key": "cost", "Value": "1"}],
    });
    let mysql = json!({
        "DBClusterIdentifier": "orders", "Engine": "aurora-mysql", "EngineVersion": "8.0.mysql_aurora.3.10.1",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret-1", "BacktrackWindow": 86_400,
        "EnableLocalWriteForwarding": true,
    });
    let less = json!({
        "DBClusterIdentifier": "orders", "Engine": "aurora-mysql", "EngineVersion": "8.0.mysql_aurora.3.10.1",
        "MasterUsername": "admin", "ManageMasterUserPassword": true, "BacktrackWindow": 3_600, "EnableHttpEndpoint": true,
    });
    bench.law::<DbCluster>(serverless, Some(changed));
    bench.law::<DbCluster>(mysql, Some(less));
    bench.covers::<DbCluster>(
        before,
        &[
            "rds:PromoteReadReplicaDBCluster",
            "rds:RestoreDBClusterFromSnapshot",
            "rds:RestoreDBClusterToPointInTime",
        ],
    );
}

/// A cluster that others are made of: available, with a snapshot.
fn source(bench: &Bench) {
    bench.run(async {
        let rds = bench.sdk().rds();
        let cluster = rds.create_db_cluster().db_cluster_identifier("source").engine("aurora-postgresql");
        let cluster =
            cluster.engine_version("16.8").master_username("app").master_user_password("not-a-secret-1");
        cluster.send().await.unwrap();
    });
    bench.advance(std::time::Duration::from_secs(120));
    bench.run(async {
        let snapshot = bench.sdk().rds().create_db_cluster_snapshot().db_cluster_identifier("source");
        snapshot.db_cluster_snapshot_identifier("kept").send().await.unwrap();
    });
    bench.advance(std::time::Duration::from_secs(120));
}

#[test]
fn restores_and_replicas_keep_the_law() {
    let bench = bench();
    source(&bench);
    let restored = json!({
        "DBClusterIdentifier": "restored", "Engine": "aurora-postgresql", "EngineVersion": "16.8", "SnapshotIdentifier": "kept",
        "MasterUserPassword": "not-a-secret-2", "BackupRetentionPeriod": 7, "EnableHttpEndpoint": true,
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00", "ServerlessV2ScalingConfiguration": {"MinCapacity": 1, "MaxCapacity": 4},
    });
    let clone = json!({
        "DBClusterIdentifier": "clone", "Engine": "aurora-postgresql", "SourceDBClusterIdentifier": "source",
        "RestoreType": "copy-on-write", "UseLatestRestorableTime": true, "CopyTagsToSnapshot": true,
    });
    let replica = json!({
        "DBClusterIdentifier": "replica", "Engine": "aurora-postgresql", "EngineVersion": "16.8",
        "ReplicationSourceIdentifier": "arn:aws:rds:us-west-2:123456789012:cluster:far",
    });
    let alone =
        json!({"DBClusterIdentifier": "replica", "Engine": "aurora-postgresql", "EngineVersion": "16.8"});
    bench.law::<DbCluster>(restored, None);
    bench.law::<DbCluster>(clone, None);
    bench.law::<DbCluster>(replica, Some(alone));
}

/// The addresses are in the answer, long before the cluster is available.
#[test]
fn addresses_are_known_early() {
    let bench = bench();
    let props: Props = serde_json::from_value(small()).unwrap();
    let created = bench.cx(|cx| bench.run(DbCluster::create(cx, &bench.permit(), &props))).unwrap();
    for name in DbCluster::FACTS.early {
        assert!(created.attributes.contains_key(*name), "{name}");
    }
    let address = created.attributes["ReadEndpoint.Address"].as_str().unwrap().to_owned();
    assert!(address.starts_with("ledger.cluster-ro-"), "{address}");
}

/// A final snapshot waits for an available cluster and stays when the cluster is gone; instances go first.
#[test]
fn a_final_snapshot_is_taken_after_the_members_are_gone() {
    let bench = bench();
    let props: Props = serde_json::from_value(small()).unwrap();
    let (address, owner) = (
        crate::model::Address::new("bench", "Subject"),
        crate::aws::Owner { migration: "bench-test".into(), lineage: "c0ffee".into(), generation: 0 },
    );
    let cx = Cx {
        sdk: bench.sdk(),
        region: "us-east-1",
        account: "123456789012",
        partition: "aws",
        owner: &owner,
        address: &address,
        empty_on_delete: false,
        snapshot: Some("last"),
        attempted: &[],
        takes: &[],
        update_policy: &serde_json::Value::Null,
        shelf: None,
    };
    let id = bench.run(DbCluster::create(&cx, &bench.permit(), &props)).unwrap().id;
    let delete = || bench.run(DbCluster::delete(&cx, &bench.permit(), &id, &props));
    assert!(matches!(delete(), Ok(Progress::Again(why)) if why.contains("snapshot")));
    bench.run(async {
        let member = cx.sdk.rds().create_db_instance().db_instance_identifier("writer");
        let member = member.db_cluster_identifier("ledger").engine("aurora-postgresql");
        member.db_instance_class("db.r6g.large").send().await.unwrap();
    });
    bench.advance(std::time::Duration::from_secs(400));
    let refused = delete().unwrap_err();
    assert!(refused.is(&["InvalidDBClusterStateFault"]), "{refused}");
    bench.run(async {
        let gone = cx.sdk.rds().delete_db_instance().db_instance_identifier("writer");
        gone.skip_final_snapshot(true).send().await.unwrap();
    });
    assert_eq!(delete().unwrap(), Progress::Done);
    let snapshots: Vec<String> =
        bench.world(|w| w.rows("rds.db-cluster-snapshot").map(|(key, _)| key.to_owned()).collect());
    assert_eq!(snapshots, ["us-east-1/last"]);
}

#[test]
fn mistakes_are_found_while_planning() {
    let wrong = |more: Json| {
        DbCluster::check(&with(small(), more)).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert!(wrong(json!({})).is_empty());
    assert_eq!(wrong(json!({"BacktrackWindow": 3600})), ["BacktrackWindow"]);
    assert_eq!(wrong(json!({"EngineMode": "serverless"})), ["EngineMode"]);
    assert_eq!(wrong(json!({"KmsKeyId": "k"})), ["KmsKeyId"]);
    assert_eq!(wrong(json!({"ManageMasterUserPassword": true})), ["MasterUserPassword"]);
    assert_eq!(wrong(json!({"AllocatedStorage": 100})), ["AllocatedStorage"]);
    let scaling = |least: f64, most: f64| {
        wrong(json!({"ServerlessV2ScalingConfiguration": {"MinCapacity": least, "MaxCapacity": most}}))
    };
    assert!(scaling(0.5, 2.0).is_empty());
    assert_eq!(scaling(4.0, 2.0), ["ServerlessV2ScalingConfiguration"]);
    assert_eq!(scaling(0.0, 0.5), ["ServerlessV2ScalingConfiguration"]);
    assert_eq!(wrong(json!({"SnapshotIdentifier": "s"})), ["MasterUsername"]);
    assert_eq!(wrong(json!({"RestoreToTime": "2026-01-31T12:00:00Z"})), ["RestoreToTime"]);
    let props = |json: Json| -> Props { serde_json::from_value(json).unwrap() };
    let (old, new) = (
        props(with(small(), json!({"EngineVersion": "16.11"}))),
        props(with(small(), json!({"EngineVersion": "16.8"}))),
    );
    let changed = ["EngineVersion".to_owned()];
    let refused = DbCluster::refused(&Change { old: &old, new: &new, changed: &changed });
    assert_eq!(refused[0].0, "EngineVersion");
}
