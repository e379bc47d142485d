//! Which changes in place interrupt service, for how long, and in whose words. One table; every row cites AWS.

use serde_json::Value as Json;

use super::change_set::Interruption;

/// When a row applies, given the old and the new value of its property.
#[derive(Clone, Copy)]
enum When {
    /// Whatever the values are.
    Always,
    /// One of the two is this text.
    Either(&'static str),
    /// The value goes from zero to something, or back.
    ToOrFromZero,
}

struct Row {
    kind: &'static str,
    properties: &'static [&'static str],
    when: When,
    what: &'static str,
    /// How long service is typically interrupted, in seconds; 0 where only capacity or single requests suffer.
    seconds: u64,
}

const DB_INSTANCE: &str = "AWS::RDS::DBInstance";
const DB_CLUSTER: &str = "AWS::RDS::DBCluster";
const SERVICE: &str = "AWS::ECS::Service";
const TASK: &str = "AWS::DMS::ReplicationTask";

const TABLE: &[Row] = &[
    // "Amazon RDS User Guide", Settings for DB instances, column "Downtime notes": "Downtime occurs during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["DBInstanceClass"],
        when: When::Always,
        what: "the database is down while its class changes (Multi-AZ: while it fails over)",
        seconds: 300,
    },
    // The same table, "DB engine version": "Downtime occurs during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["EngineVersion"],
        when: When::Always,
        what: "the database is down while its engine is upgraded",
        seconds: 600,
    },
    // The same table, "Database port": "The DB instance is rebooted immediately."
    Row {
        kind: DB_INSTANCE,
        properties: &["Port"],
        when: When::Always,
        what: "the database restarts, and clients need the new port",
        seconds: 60,
    },
    // The same table, "Backup retention period": "Downtime occurs if you change from 0 to a nonzero value, or from a
    // nonzero value to 0."
    Row {
        kind: DB_INSTANCE,
        properties: &["BackupRetentionPeriod"],
        when: When::ToOrFromZero,
        what: "the database restarts, because automated backups are turned on or off",
        seconds: 60,
    },
    // The same table, "Storage type": changes from and to Magnetic ("standard") "result in a brief downtime while the process
    // starts".
    Row {
        kind: DB_INSTANCE,
        properties: &["StorageType"],
        when: When::Either("standard"),
        what: "the database is down while its storage begins to move from or to magnetic disks",
        seconds: 60,
    },
    // The same table, "License model": "Downtime occurs during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["LicenseModel"],
        when: When::Always,
        what: "the database restarts under its new license",
        seconds: 300,
    },
    // The same table, "Kerberos authentication" (`Domain` and `DomainIAMRoleName`): "A brief downtime occurs during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["Domain", "DomainFqdn", "DomainIAMRoleName"],
        when: When::Always,
        what: "the database restarts when it joins or leaves a domain",
        seconds: 60,
    },
    // The same table, "Processor features": "Downtime occurs during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["ProcessorFeatures", "UseDefaultProcessorFeatures"],
        when: When::Always,
        what: "the database is down while its cores change",
        seconds: 300,
    },
    // The same table, "Dedicated Log Volume": "The change is applied when the DB instance is rebooted. Downtime occurs while the
    // DB instance is rebooted." Nobody reboots it for the change.
    Row {
        kind: DB_INSTANCE,
        properties: &["DedicatedLogVolume"],
        when: When::Always,
        what: "it takes effect with the next restart of the database only, which interrupts service",
        seconds: 0,
    },
    // The same table, "Network type": "Downtime is possible during this change."
    Row {
        kind: DB_INSTANCE,
        properties: &["NetworkType"],
        when: When::Always,
        what: "connections may drop while the network type changes",
        seconds: 60,
    },
    // The same table, "Certificate authority": "Downtime only occurs if the DB engine doesn't support rotation without restart."
    Row {
        kind: DB_INSTANCE,
        properties: &["CACertificateIdentifier"],
        when: When::Always,
        what: "the database restarts, unless its engine rotates certificates without a restart",
        seconds: 60,
    },
    // "Amazon Aurora User Guide", Modifying an Amazon Aurora DB cluster, "Downtime notes" of "DB engine version": "An
    // outage occurs during this change."
    Row {
        kind: DB_CLUSTER,
        properties: &["EngineVersion"],
        when: When::Always,
        what: "all instances of the cluster are down while they are upgraded",
        seconds: 600,
    },
    // The same table, "Database port": "An outage occurs during this change. All of the DB instances in the DB cluster are rebooted
    // immediately."
    Row {
        kind: DB_CLUSTER,
        properties: &["Port"],
        when: When::Always,
        what: "all instances of the cluster restart, and clients need the new port",
        seconds: 60,
    },
    // The guides tell no downtime of it for clusters; for instances "Downtime is possible during this change" (see above).
    Row {
        kind: DB_CLUSTER,
        properties: &["NetworkType"],
        when: When::Always,
        what: "connections may drop while the network type changes",
        seconds: 60,
    },
    // The same table, "Cluster storage configuration": "Changing the storage type of an Aurora PostgreSQL DB cluster with Optimized
    // Reads instance classes causes an outage."
    Row {
        kind: DB_CLUSTER,
        properties: &["StorageType"],
        when: When::Either("aurora-iopt1"),
        what: "an Aurora PostgreSQL cluster with Optimized Reads classes is down while its storage type changes; others are not",
        seconds: 60,
    },
    // "Amazon RDS User Guide", Modifying a Multi-AZ DB cluster, "DB instance class": "Downtime occurs during this change."
    Row {
        kind: DB_CLUSTER,
        properties: &["DBClusterInstanceClass"],
        when: When::Always,
        what: "the instances of the cluster are down, one after the other, while their class changes",
        seconds: 300,
    },
    // "AWS DMS User Guide", Modifying a task: a task is stopped before it is modified; and "Working with AWS DMS tasks":
    // changes are captured from where it stopped when it resumes.
    Row {
        kind: TASK,
        properties: &[
            "MigrationType",
            "ReplicationTaskSettings",
            "TableMappings",
            "CdcStartPosition",
            "CdcStartTime",
            "CdcStopPosition",
            "TaskData",
            "ReplicationTaskIdentifier",
        ],
        when: When::Always,
        what: "if the task runs it is stopped and resumed; the target falls behind meanwhile",
        seconds: 120,
    },
    // "AWS DMS API Reference", ModifyReplicationConfig: a running replication is stopped before it is modified. How long its
    // states then take, capacity above all: AWS's DMS workshop, DMS Serverless.
    Row {
        kind: "AWS::DMS::ReplicationConfig",
        properties: &["*"],
        when: When::Always,
        what: "if it runs, replication stops for the change and resumes at its checkpoint once its capacity is provisioned \
               again; nothing is loaded again",
        seconds: 1_500,
    },
    // "AWS DMS User Guide", Managing data migrations: what runs is stopped before it is modified, and resumes. How long a start
    // takes: the same page ("up to 15 minutes").
    Row {
        kind: "AWS::DMS::DataMigration",
        properties: &["*"],
        when: When::Always,
        what: "if it runs, it is stopped for the change and resumed at its checkpoint; a full load is waited for",
        seconds: 900,
    },
    // "AWS DMS User Guide", Rebooting a replication instance: a reboot is a momentary outage, and a running task stops (of
    // Multi-AZ ones "scaling the replication instance class" is named as what such a failover is for); Working with replication
    // engine versions: "We recommend that you stop all tasks before upgrading the Replication Instance."
    Row {
        kind: "AWS::DMS::ReplicationInstance",
        properties: &["ReplicationInstanceClass", "EngineVersion"],
        when: When::Always,
        what: "the instance restarts, and its tasks pause until it is back",
        seconds: 300,
    },
    // "AWS DMS API Reference", ModifyEndpoint: InvalidResourceStateFault, which it answers while a task that uses the endpoint
    // runs.
    Row {
        kind: "AWS::DMS::Endpoint",
        properties: &["*"],
        when: When::Always,
        what: "running tasks that use it are stopped and resumed; the target falls behind meanwhile",
        seconds: 120,
    },
    // "Amazon ECS API Reference", UpdateService: of these it says "This parameter triggers a new service deployment" (of load
    // balancers: "Amazon ECS starts new tasks with the updated configuration"), which replaces tasks within
    // minimumHealthyPercent and maximumPercent. Of capacity providers, placement, tags and ECS Exec it says "doesn't trigger".
    Row {
        kind: SERVICE,
        properties: &[
            "TaskDefinition",
            "NetworkConfiguration",
            "PlatformVersion",
            "LoadBalancers",
            "ServiceRegistries",
            "ServiceConnectConfiguration",
            "VolumeConfigurations",
            "VpcLatticeConfigurations",
            "ForceNewDeployment",
        ],
        when: When::Always,
        what: "its tasks are replaced in a rolling deployment",
        seconds: 0,
    },
    // "Amazon EC2 API Reference", ModifyInstanceAttribute: "To modify some attributes, the instance must be stopped." Which
    // others need that, `ec2/instance.rs` decides; these always do.
    Row {
        kind: "AWS::EC2::Instance",
        properties: &["InstanceType", "EbsOptimized", "KernelId", "RamdiskId", "UserData"],
        when: When::Always,
        what: "the instance is stopped and started again",
        seconds: 120,
    },
    // "Elastic Load Balancing API Reference", ModifyListener: "Replaces the specified properties of the specified listener."
    Row {
        kind: "AWS::ElasticLoadBalancingV2::Listener",
        properties: &["Port", "Protocol"],
        when: When::Always,
        what: "the listener answers on its new port or protocol only, from one moment to the next",
        seconds: 0,
    },
];

/// What changing these top-level properties in place interrupts.
pub(super) fn interrupted(kind: &str, fields: &[String], old: &Json, new: &Json) -> Vec<Interruption> {
    let applies = |row: &&Row| {
        row.kind == kind
            && row.properties.iter().any(|property| {
                let changed = match *property {
                    "*" => fields.iter().any(|field| field != "Tags"),
                    name => fields.iter().any(|field| field == name),
                };
                changed && row.when.holds(&old[*property], &new[*property])
            })
    };
    let rows = TABLE.iter().filter(applies);
    rows.map(|row| Interruption { what: row.what.to_owned(), seconds: row.seconds }).collect()
}

/// What lies between the end of an object and the beginning of the one that takes its place, where the old one must go
/// first. Only of types that serve requests or data themselves.
pub(super) fn gap(kind: &str) -> Option<Interruption> {
    // A listener is one of its balancer's for a port ("Elastic Load Balancing API Reference", CreateListener:
    // DuplicateListener): between the two nothing listens.
    let (what, seconds) = match kind {
        "AWS::ElasticLoadBalancingV2::Listener" => {
            ("nothing listens on its port until the new one is there", 5)
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" | "AWS::ElasticLoadBalancingV2::ListenerRule" => {
            ("requests of its path fail until the new one is there", 5)
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => ("requests fail until the new one is active", 180),
        SERVICE => ("no task runs until those of the new service do", 180),
        DB_INSTANCE | DB_CLUSTER => ("there is no database until the new one is there", 600),
        TASK => ("nothing is replicated until the new task runs", 120),
        "AWS::DMS::ReplicationInstance" => ("nothing is replicated until the new instance is there", 600),
        "AWS::EC2::Instance" | "AWS::AutoScaling::AutoScalingGroup" => {
            ("nothing runs in its place until the new one does", 120)
        }
        "AWS::Lambda::Function" => ("calls fail until the new function is there", 10),
        "AWS::EC2::NatGateway" | "AWS::EC2::Route" | "AWS::EC2::SubnetRouteTableAssociation" => {
            ("traffic on this way stops until the new one is there", 10)
        }
        "AWS::Route53::RecordSet" => ("the name does not resolve until the new record is there", 60),
        _ => return None,
    };
    Some(Interruption { what: what.to_owned(), seconds })
}

impl When {
    fn holds(self, old: &Json, new: &Json) -> bool {
        match self {
            Self::Always => true,
            Self::Either(text) => old == text || new == text,
            Self::ToOrFromZero => is_zero(old) != is_zero(new),
        }
    }
}

fn is_zero(json: &Json) -> bool {
    json.as_i64() == Some(0) || json.as_str() == Some("0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn interruptions(kind: &str, old: Json, new: Json) -> Vec<String> {
        let names =
            old.as_object().into_iter().chain(new.as_object()).flatten().map(|(name, _)| name.clone());
        let mut fields: Vec<String> = names.filter(|name| old[name] != new[name]).collect();
        fields.dedup();
        interrupted(kind, &fields, &old, &new).into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn what_restarts_a_database_is_told_and_what_does_not_is_not() {
        let class = |name: &str| json!({"DBInstanceClass": name});
        assert_eq!(interruptions(DB_INSTANCE, class("db.t3.micro"), class("db.t3.small")).len(), 1);
        assert!(
            interruptions(DB_INSTANCE, json!({"AllocatedStorage": "20"}), json!({"AllocatedStorage": "30"}))
                .is_empty()
        );
        let backups = |days: u32| json!({"BackupRetentionPeriod": days});
        assert!(interruptions(DB_INSTANCE, backups(1), backups(7)).is_empty());
        assert_eq!(interruptions(DB_INSTANCE, backups(0), backups(7)).len(), 1);
        assert_eq!(interruptions(DB_INSTANCE, backups(7), backups(0)).len(), 1);
        let storage = |kind: &str| json!({"StorageType": kind});
        assert!(interruptions(DB_INSTANCE, storage("gp2"), storage("gp3")).is_empty());
        assert_eq!(interruptions(DB_INSTANCE, storage("standard"), storage("gp3")).len(), 1);
    }

    /// UpdateService, parameter by parameter.
    #[test]
    fn only_what_triggers_a_deployment_replaces_tasks() {
        let value = |name: &str, value: &str| json!({name: value});
        let triggers =
            ["TaskDefinition", "PlatformVersion", "NetworkConfiguration", "VpcLatticeConfigurations"];
        let silent = [
            "DesiredCount",
            "CapacityProviderStrategy",
            "DeploymentConfiguration",
            "EnableECSManagedTags",
            "EnableExecuteCommand",
            "HealthCheckGracePeriodSeconds",
            "PlacementConstraints",
            "PlacementStrategies",
            "PropagateTags",
        ];
        for name in triggers {
            assert_eq!(interruptions(SERVICE, value(name, "a"), value(name, "b")).len(), 1, "{name}");
        }
        for name in silent {
            assert!(interruptions(SERVICE, value(name, "a"), value(name, "b")).is_empty(), "{name}");
        }
        assert_eq!(
            interruptions(
                DB_INSTANCE,
                json!({"DedicatedLogVolume": false}),
                json!({"DedicatedLogVolume": true})
            )
            .len(),
            1
        );
        assert_eq!(
            interruptions(
                DB_CLUSTER,
                json!({"StorageType": "aurora"}),
                json!({"StorageType": "aurora-iopt1"})
            )
            .len(),
            1
        );
    }

    /// AWS's DMS workshop: 15 to 20 minutes until capacity is provisioned again; data migrations: "up to 15 minutes".
    #[test]
    fn a_change_of_what_replicates_without_an_instance_is_an_interruption() {
        let compute = |most: u32| json!({"ComputeConfig": {"MaxCapacityUnits": most}});
        let found =
            interrupted("AWS::DMS::ReplicationConfig", &["ComputeConfig".into()], &compute(4), &compute(8));
        assert_eq!(found.len(), 1);
        assert!((1_200..=2_400).contains(&found[0].seconds), "{found:?}");
        assert!(found[0].what.contains("nothing is loaded again") && !found[0].what.contains("minutes"));
        let jobs = |number: u32| json!({"DataMigrationSettings": {"NumberOfJobs": number}});
        let found =
            interrupted("AWS::DMS::DataMigration", &["DataMigrationSettings".into()], &jobs(8), &jobs(12));
        assert_eq!(found.iter().map(|one| one.seconds).collect::<Vec<_>>(), [900]);
    }

    #[test]
    fn tags_interrupt_nothing() {
        let tags = |value: &str| json!({"Tags": [{"Key": "a", "Value": value}]});
        for row in TABLE {
            assert!(interruptions(row.kind, tags("1"), tags("2")).is_empty(), "{}", row.kind);
        }
    }

    #[test]
    fn every_row_names_properties_of_its_type() {
        for row in TABLE {
            let schema = crate::schema::of(row.kind).expect(row.kind);
            for property in row.properties.iter().filter(|property| **property != "*") {
                assert!(schema.property(property).is_some(), "{} has no {property}", row.kind);
            }
        }
    }
}
