//! Whole lives of the payments plan of several stacks: one environment twice, connected, with weighted names.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value as Json;

use crate::{
    diagnostics::findings,
    support::{Ran, Rehearsal, write},
};

const ENVIRONMENTS: [&str; 2] = ["source-dev-001", "target-dev-001"];

/// Exports that the requirements give to each environment.
const OF_ENVIRONMENTS: &[&str] = &[
    "ALBLoadBalancerArn",
    "ALBLoadBalancerDNS",
    "AlbDns",
    "CloudWatchAlarmDMSLag",
    "CloudWatchDashboardName",
    "DMSReplicationInstanceArn",
    "DMSReplicationTaskArn",
    "DMSSourceEndpointArn",
    "DMSTargetEndpointArn",
    "DmsTaskArn",
    "ECSClusterArn",
    "ECSClusterName",
    "ECSServiceName",
    "EcsCluster",
    "RDSSourceDBIdentifier",
    "RDSSourceDbEndpoint",
    "RDSTargetDBIdentifier",
    "RDSTargetDbEndpoint",
    "S3SourceBucketArn",
    "S3SourceBucketName",
    "S3TargetBucketArn",
    "S3TargetBucketName",
    "SecretsSourceDBArn",
    "SecretsTargetDBArn",
    "SourceBucket",
    "SourceDbEndpoint",
    "TargetBucket",
    "TargetDbEndpoint",
    "VpcId",
];

/// Exports that the requirements give to the DNS stack.
const OF_DNS: &[&str] = &[
    "HostedZoneId",
    "Route53HostedZoneId",
    "Route53HostedZoneName",
    "Route53SourceHealthCheckId",
    "Route53TargetHealthCheckId",
];

/// Outputs of the requirements, and the stacks that have them here.
const OUTPUTS: &[(&str, &str)] = &[
    ("ALBLoadBalancerArn", "Source Target"),
    ("ALBLoadBalancerDNS", "Source Target"),
    ("CloudWatchAlarmDMSReplicationLag", "Replication"),
    ("CloudWatchDashboard", "Source Target"),
    ("CloudWatchDashboardName", "Source Target"),
    ("CloudWatchDashboardURL", "Source Target"),
    ("DMSReplicationInstanceArn", "Replication"),
    ("DMSReplicationTaskArn", "Replication"),
    ("DMSSourceEndpointArn", "Replication"),
    ("DMSTargetEndpointArn", "Replication"),
    ("DomainName", "Route53"),
    ("ECSClusterArn", "Source Target"),
    ("ECSClusterName", "Source Target"),
    ("ECSServiceName", "Source Target"),
    ("HostedZoneId", "Route53"),
    ("LoadBalancerDNS", "Source Target"),
    ("MigrationRunbook", "Source Target"),
    ("RDSSourceDBIdentifier", "Replication Source"),
    ("RDSSourceDatabaseEndpoint", "Replication Source"),
    ("RDSTargetDBIdentifier", "Replication Target"),
    ("RDSTargetDatabaseEndpoint", "Replication Target"),
    ("Route53DomainName", "Route53"),
    ("Route53HostedZoneId", "Route53"),
    ("Route53HostedZoneName", "Route53"),
    ("Route53SourceHealthCheckId", "Route53"),
    ("Route53TargetHealthCheckId", "Route53"),
    ("Route53TrafficShiftCommand", "Route53"),
    ("S3SourceBucketArn", "Replication Source"),
    ("S3SourceBucketName", "Replication Source"),
    ("S3TargetBucketArn", "Replication Target"),
    ("S3TargetBucketName", "Replication Target"),
    ("SecretsManagerSourceDBSecretArn", "Replication Source"),
    ("SecretsManagerTargetDBSecretArn", "Replication Target"),
    ("SourceBucketName", "Replication Source"),
    ("SourceDatabaseEndpoint", "Replication Source"),
    ("SourceHealthCheckId", "Route53"),
    ("TargetBucketName", "Replication Target"),
    ("TargetDatabaseEndpoint", "Replication Target"),
    ("TargetHealthCheckId", "Route53"),
    ("TrafficShiftCommand", "Route53"),
    ("VpcId", "Source Target"),
];

fn plan() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-multi-stack")
}

/// A copy of the plan with texts exchanged; each must be there.
fn edited(edits: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for file in ["migration.yaml", "dms-prereq.yaml", "environment.yaml", "replication.yaml", "dns.yaml"] {
        let mut text = std::fs::read_to_string(plan().join(file)).expect("the plan");
        for (_, from, to) in edits.iter().filter(|(name, ..)| *name == file) {
            assert!(text.contains(from), "{file} has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        write(&dir.path().join(file), &text);
    }
    dir
}

fn verbs(ran: &Ran) -> Vec<String> {
    let steps = ran.change_set.steps.iter();
    let mut verbs: Vec<String> = steps.map(|s| format!("{} {}", s.action.verb(), s.address)).collect();
    verbs.sort();
    verbs
}

/// An output's text; `stack` is the end of the stack's name.
fn output<'o>(outputs: &'o BTreeMap<String, BTreeMap<String, Json>>, stack: &str, name: &str) -> &'o str {
    let stack = outputs.get(&format!("TapStackdev-001{stack}")).expect("the stack");
    stack.get(name).and_then(Json::as_str).unwrap_or_else(|| panic!("no output {name} in {stack:#?}"))
}

#[test]
fn the_plan_is_valid_in_every_environment_and_with_every_option() {
    let certificate =
        "CertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";
    for set in [&[][..], &["AlertEmail=ops@example.com"], &[certificate], &["EnvironmentSuffix=prod-001"]] {
        let found = findings(&plan(), set);
        assert!(found.is_empty(), "{set:?}: {found:#?}");
    }
}

#[test]
fn it_goes_up_stays_as_it_is_and_leaves_an_empty_world() {
    let mut rehearsal = Rehearsal::new(&plan());
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    let count = up.change_set.steps.len();
    assert!((150..=170).contains(&count), "{count} resources");
    rehearsal.check_invariants("after up");

    let again = rehearsal.up().complete();
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());

    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "the world itself is empty");
}

#[test]
fn outputs_and_exports_of_both_requirements_are_kept_and_real() {
    let mut rehearsal = Rehearsal::new(&plan());
    let up = rehearsal.up().complete();
    let outputs = up.finished.expect("finished").outputs;
    for (name, stacks) in OUTPUTS {
        let having: Vec<&str> = outputs
            .iter()
            .filter(|(_, outputs)| outputs.contains_key(*name))
            .filter_map(|(stack, _)| stack.strip_prefix("TapStackdev-001"))
            .collect();
        assert_eq!(having.join(" "), *stacks, "{name}");
    }
    let exports: Vec<String> = rehearsal.snapshot().exports.keys().cloned().collect();
    let exported = |name: &str| exports.iter().any(|export| export.rsplit('/').next() == Some(name));
    for name in OF_ENVIRONMENTS {
        for environment in ENVIRONMENTS {
            assert!(exported(&format!("{name}-{environment}")), "{name}-{environment} in {exports:#?}");
        }
    }
    for name in OF_DNS {
        assert!(exported(&format!("{name}-dev-001")), "{name}-dev-001 in {exports:#?}");
    }
    // What an environment sees at the other end is what stands there.
    let seen = output(&outputs, "Replication", "RDSSourceDatabaseEndpoint");
    assert_eq!(seen, output(&outputs, "Source", "RDSSourceDatabaseEndpoint"));
    assert_ne!(seen, output(&outputs, "Target", "RDSTargetDatabaseEndpoint"));

    // Commands hold values, not references, and their change batches are JSON.
    let zone = output(&outputs, "Route53", "HostedZoneId");
    for (name, weights) in [
        ("TrafficShiftCommand", [90, 10]),
        ("Route53CutoverCommand", [0, 100]),
        ("Route53RollbackCommand", [100, 0]),
    ] {
        let command = output(&outputs, "Route53", name);
        assert!(command.contains(zone) && !command.contains("${"), "{command}");
        let batch: Json = serde_json::from_str(command.split('\'').nth(1).expect("a batch")).expect("JSON");
        for (at, (weight, side)) in weights.iter().zip(["Source", "Target"]).enumerate() {
            let record = &batch["Changes"][at]["ResourceRecordSet"];
            assert_eq!(record["Weight"], *weight, "{command}");
            assert_eq!(record["AliasTarget"]["DNSName"], output(&outputs, side, "ALBLoadBalancerDNS"));
        }
    }
    let task = output(&outputs, "Replication", "DMSReplicationTaskArn");
    assert!(task.ends_with(":task:payment-replication-dev-001"), "{task}");
    assert!(output(&outputs, "Replication", "Step2StartReplication").contains(task));
    for (stack, outputs) in &outputs {
        for (name, value) in outputs {
            assert!(!value.to_string().contains("${"), "{stack} {name}: {value}");
        }
    }
}

#[test]
fn the_two_environments_are_connected() {
    let mut rehearsal = Rehearsal::new(&plan());
    rehearsal.up().complete();
    let world = &rehearsal.world;
    let rows = |table: &str| world.rows(table).map(|(_, row)| row.clone()).collect::<Vec<Json>>();

    let peerings = rows("ec2.vpc-peering-connection");
    assert_eq!(peerings.len(), 1);
    assert_eq!(peerings[0]["Status"]["Code"], "active");
    let over = rows("ec2.route-table")
        .iter()
        .flat_map(|table| table["Routes"].as_array().cloned().unwrap_or_default())
        .filter(|route| route["VpcPeeringConnectionId"].is_string())
        .map(|route| route["DestinationCidrBlock"].as_str().unwrap_or_default().to_owned())
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(over.into_iter().collect::<Vec<_>>(), ["10.30.0.0/16", "10.40.0.0/16"]);

    let secrets: BTreeMap<String, String> = rows("secretsmanager.secret")
        .iter()
        .map(|row| {
            (row["ARN"].as_str().unwrap_or_default().into(), row["Name"].as_str().unwrap_or_default().into())
        })
        .collect();
    // The way back has the same two the other way round.
    let reverse = |row: &Json, name: &str| row[name].as_str().is_some_and(|text| text.contains("reverse"));
    let endpoints: BTreeMap<String, String> = rows("dms.endpoint")
        .iter()
        .filter(|row| !reverse(row, "EndpointIdentifier"))
        .map(|row| {
            let secret = row["PostgreSQLSettings"]["SecretsManagerSecretId"].as_str().unwrap_or_default();
            let kind = row["EndpointType"].as_str().unwrap_or_default().to_lowercase();
            (kind, secrets.get(secret).cloned().unwrap_or_default())
        })
        .collect();
    assert_eq!(endpoints.get("source").map(String::as_str), Some("payment-db-source-dev-001"));
    assert_eq!(endpoints.get("target").map(String::as_str), Some("payment-db-target-dev-001"));
    let (back, tasks): (Vec<Json>, Vec<Json>) =
        rows("dms.task").into_iter().partition(|row| reverse(row, "ReplicationTaskIdentifier"));
    assert_eq!(back.iter().map(|task| &task["MigrationType"]).collect::<Vec<_>>(), ["cdc"]);
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["MigrationType"], "full-load-and-cdc");
}

#[test]
fn the_makespan_is_explained_by_a_critical_path_of_needed_waits() {
    let mut rehearsal = Rehearsal::new(&plan());
    let finished = rehearsal.up().complete().finished.expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.05,
        "makespan {makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
    // The database needs its parameters, its address is known before it is available, the tasks take
    // host and port from the secret, and the service is what the definition runs.
    let legs = &finished.critical.legs;
    let waits: Vec<&str> = legs.iter().map(|leg| leg.address.logical_id()).collect();
    assert_eq!(
        waits,
        ["DbParameters", "Db", "DbSecretAttachment", "EcsTaskDefinition", "EcsService"],
        "{legs:#?}"
    );
    assert!(
        legs.iter().all(|leg| leg.address.stack() == legs[0].address.stack()),
        "one environment: {legs:#?}"
    );
}

#[test]
fn small_changes_give_exactly_the_expected_steps() {
    let mut rehearsal = Rehearsal::new(&plan());
    rehearsal.up().complete();

    // The template of both environments, and one of them alone.
    let edits = [
        ("environment.yaml", "      DesiredCount: 2\n", "      DesiredCount: 3\n"),
        ("replication.yaml", "      Threshold: 60\n", "      Threshold: 45\n"),
        ("dns.yaml", "      Weight: 100\n", "      Weight: 90\n"),
        ("dns.yaml", "      Weight: 0\n", "      Weight: 10\n"),
        ("replication.yaml", "'payment-peering-$", "'peering-$"),
    ];
    let dir = edited(&edits);
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up().complete();
    assert_eq!(
        verbs(&ran),
        [
            "update TapStackdev-001Replication/LagSourceAlarm",
            "update TapStackdev-001Replication/Peering",
            "update TapStackdev-001Route53/ApiSourceRecord",
            "update TapStackdev-001Route53/ApiTargetRecord",
            "update TapStackdev-001Source/EcsService",
            "update TapStackdev-001Target/EcsService",
        ]
    );
    assert!(rehearsal.up().complete().change_set.is_empty());

    // With the migration over, what connects the environments goes, and they stay.
    let mut over = edits.to_vec();
    over.push((
        "migration.yaml",
        "  - name: TapStack${EnvironmentSuffix}Replication\n    template: replication.yaml\n    tags: {Environment: 'migration-${EnvironmentSuffix}'}\n",
        "",
    ));
    let dir = edited(&over);
    let mut rehearsal = rehearsal.with_plan(dir.path());
    let ran = rehearsal.up();
    let gone = verbs(&ran);
    assert!(gone.iter().all(|verb| verb.starts_with("delete TapStackdev-001Replication/")), "{gone:#?}");
    assert!(gone.len() > 10, "{gone:#?}");
    ran.complete();
    rehearsal.check_invariants("after the replication is gone");
    assert!(rehearsal.up().complete().change_set.is_empty());
}
