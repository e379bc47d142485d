//! `AWS::RDS::DBInstance`: a database, new, restored, or a read replica.
//!
//! The name and the ARN are usable as soon as RDS has answered (alarms want only the name); the address is not:
//! it exists when the instance is available. Changes are applied at once unless the template says
//! `ApplyImmediately: false`; then they wait for the maintenance window and the instance counts as ready.

use aws_sdk_rds::{
    operation::create_db_instance::builders::CreateDBInstanceFluentBuilder,
    types::{self, DatabaseInsightsMode, DbInstance as Live, MasterUserAuthenticationType, SourceType},
};
use serde_json::Value as Json;

use super::{
    db_instance_backups as backups,
    db_instance_foresee::foresee,
    db_instance_modify::{features, modify, number},
    db_instance_origin::{self as origins, Origin},
    db_instance_props::{Props, attributes, live_props, same},
    db_instance_state::{DEAD, addressed, settle_roles, status, still_pending},
    db_instance_volumes as volumes, news,
    tags::{self, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Addressable, Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Stored, WaitPolicy},
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        described::pairs,
        tags::{Tagging, create},
        versions,
    },
};

/// `AWS::RDS::DBInstance`.
pub struct DbInstance;

const ABSENT: &[&str] = &["DBInstanceNotFound"];

/// What an instance is made from.
const MADE_FROM: &[&str] = &[
    "DBClusterSnapshotIdentifier",
    "DBSnapshotIdentifier",
    "RestoreTime",
    "SourceDBClusterIdentifier",
    "SourceDBInstanceAutomatedBackupsArn",
    "SourceDBInstanceIdentifier",
    "SourceDbiResourceId",
    "UseLatestRestorableTime",
];

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<Live>, OpError> {
    if let Some(live) = cx.shelved(name) {
        return Ok(Some(live));
    }
    let answer = cx.sdk.rds().describe_db_instances().db_instance_identifier(name).send().await;
    match answer.map_err(op("DescribeDBInstances")) {
        Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn create_call(cx: &Cx<'_>, props: &Props) -> Result<CreateDBInstanceFluentBuilder, OpError> {
    let p = props.clone();
    let features = features(props);
    Ok(cx
        .sdk
        .rds()
        .create_db_instance()
        .set_additional_storage_volumes(volumes::sent(p.AdditionalStorageVolumes.as_ref())?)
        .set_allocated_storage(number("AllocatedStorage", p.AllocatedStorage.as_ref())?)
        .set_auto_minor_version_upgrade(p.AutoMinorVersionUpgrade)
        .set_availability_zone(p.AvailabilityZone)
        .set_backup_retention_period(p.BackupRetentionPeriod)
        .set_backup_target(p.BackupTarget)
        .set_ca_certificate_identifier(p.CACertificateIdentifier)
        .set_character_set_name(p.CharacterSetName)
        .set_copy_tags_to_snapshot(p.CopyTagsToSnapshot)
        .set_custom_iam_instance_profile(p.CustomIAMInstanceProfile)
        .set_db_cluster_identifier(p.DBClusterIdentifier)
        .set_db_instance_class(p.DBInstanceClass)
        .set_db_instance_identifier(p.DBInstanceIdentifier)
        .set_db_name(p.DBName)
        .set_db_parameter_group_name(p.DBParameterGroupName)
        .set_db_security_groups(p.DBSecurityGroups)
        .set_db_subnet_group_name(p.DBSubnetGroupName)
        .set_db_system_id(p.DBSystemId)
        .set_database_insights_mode(p.DatabaseInsightsMode.as_deref().map(DatabaseInsightsMode::from))
        .set_dedicated_log_volume(p.DedicatedLogVolume)
        .set_deletion_protection(p.DeletionProtection)
        .set_domain(p.Domain)
        .set_domain_auth_secret_arn(p.DomainAuthSecretArn)
        .set_domain_dns_ips(p.DomainDnsIps)
        .set_domain_fqdn(p.DomainFqdn)
        .set_domain_iam_role_name(p.DomainIAMRoleName)
        .set_domain_ou(p.DomainOu)
        .set_enable_cloudwatch_logs_exports(p.EnableCloudwatchLogsExports)
        .set_enable_iam_database_authentication(p.EnableIAMDatabaseAuthentication)
        .set_enable_performance_insights(p.EnablePerformanceInsights)
        .set_engine(p.Engine)
        .set_engine_lifecycle_support(p.EngineLifecycleSupport)
        .set_engine_version(p.EngineVersion)
        .set_iops(p.Iops)
        .set_kms_key_id(p.KmsKeyId)
        .set_license_model(p.LicenseModel)
        .set_manage_master_user_password(p.ManageMasterUserPassword.filter(|managed| *managed))
        .set_master_user_authentication_type(
            p.MasterUserAuthenticationType.as_deref().map(MasterUserAuthenticationType::from),
        )
        .set_master_user_password(p.MasterUserPassword)
        .set_master_user_secret_kms_key_id(p.MasterUserSecret.and_then(|secret| secret.KmsKeyId))
        .set_master_username(p.MasterUsername)
        .set_max_allocated_storage(p.MaxAllocatedStorage)
        .set_monitoring_interval(p.MonitoringInterval)
        .set_monitoring_role_arn(p.MonitoringRoleArn)
        .set_multi_az(p.MultiAZ)
        .set_nchar_character_set_name(p.NcharCharacterSetName)
        .set_network_type(p.NetworkType)
        .set_option_group_name(p.OptionGroupName)
        .set_performance_insights_kms_key_id(p.PerformanceInsightsKMSKeyId)
        .set_performance_insights_retention_period(p.PerformanceInsightsRetentionPeriod)
        .set_port(number("Port", p.Port.as_ref())?)
        .set_preferred_backup_window(p.PreferredBackupWindow)
        .set_preferred_maintenance_window(p.PreferredMaintenanceWindow)
        .set_processor_features(features)
        .set_promotion_tier(p.PromotionTier)
        .set_publicly_accessible(p.PubliclyAccessible)
        .set_storage_encrypted(p.StorageEncrypted)
        .set_storage_throughput(p.StorageThroughput)
        .set_storage_type(p.StorageType)
        .set_tde_credential_arn(p.TdeCredentialArn)
        .set_tde_credential_password(p.TdeCredentialPassword)
        .set_timezone(p.Timezone)
        .set_vpc_security_group_ids(p.VPCSecurityGroups))
}

/// Properties that stay as they are at RDS when the template names them no longer.
const KEPT: &[&str] = &[
    "AllocatedStorage",
    "CACertificateIdentifier",
    "DBInstanceClass",
    "DBParameterGroupName",
    "EngineVersion",
    "Iops",
    "LicenseModel",
    "OptionGroupName",
    "Port",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "StorageThroughput",
    "StorageType",
    "VPCSecurityGroups",
];

impl ResourceType for DbInstance {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DBInstanceIdentifier", max: 63, lower: true, separator: '-' }),
        configures: true,
        early: &["Ref", "DBInstanceArn", "DbiResourceId"],
        // "The endpoint might not be shown for instances with the status of creating" (RDS API Reference, DBInstance):
        // once it is shown it is the instance's, and stays. That is when the instance is up and its first backup begins
        // (`backing-up`, RDS User Guide, "Viewing DB instance status").
        addressable: Some(Addressable {
            attributes: &["Endpoint", "Endpoint.Address", "Endpoint.HostedZoneId", "Endpoint.Port"],
            typical: std::time::Duration::from_secs(370),
        }),
        // RDS copies only from an available instance. An instance joins a cluster that is available: nothing says that
        // one may join before.
        needs_ready: &[
            "DBClusterIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDBInstanceIdentifier",
            "SourceDbiResourceId",
        ],
        ready: Some(WaitPolicy::secs(430, 15, 3600)),
        gone: Some(WaitPolicy::secs(240, 15, 3600)),
        retry: &[
            Retry {
                code: "InvalidParameterValue",
                message: "IAM role ARN value is invalid",
                why: "the role is not usable yet",
            },
            Retry {
                code: "InvalidDBInstanceState",
                message: "",
                why: "the database is busy with an earlier change",
            },
        ],
        retry_delete: &[Retry {
            code: "InvalidDBInstanceState",
            message: "",
            why: "the database is busy with an earlier change",
        }],
        // "Cluster cannot be deleted, it still contains DB instances in non-deleting state": instances that are on their way
        // out are no obstacle (DeleteDBCluster, InvalidDBClusterStateFault).
        frees_early: &["AWS::RDS::DBCluster"],
        snapshots: true,
        snapshot_unless: Some("DBClusterIdentifier"),
        secure: &["MasterUserPassword"],
        properties_are_attributes: true,
        absent: ABSENT,
        iam: &[
            "rds:CreateDBInstance",
            "rds:CreateDBInstanceReadReplica",
            "rds:RestoreDBInstanceFromDBSnapshot",
            "rds:RestoreDBInstanceToPointInTime",
            "rds:DescribeDBInstances",
            "rds:DescribeEvents",
            "rds:DescribeDBParameterGroups",
            "rds:DescribeOrderableDBInstanceOptions",
            "rds:DescribeDBInstanceAutomatedBackups",
            "rds:StartDBInstanceAutomatedBackupsReplication",
            "rds:StopDBInstanceAutomatedBackupsReplication",
            "rds:ModifyDBInstance",
            "rds:DeleteDBInstance",
            "rds:AddRoleToDBInstance",
            "rds:RemoveRoleFromDBInstance",
            "rds:AddTagsToResource",
            "rds:RemoveTagsFromResource",
            "iam:PassRole",
            "iam:CreateServiceLinkedRole",
        ],
        stateful: Some("the database and its automated backups"),
        stored: &[
            ("DBInstanceIdentifier", Stored::Lowercase),
            ("DBParameterGroupName", Stored::Lowercase),
            ("DBSubnetGroupName", Stored::Lowercase),
            ("Engine", Stored::Lowercase),
            ("NetworkType", Stored::Lowercase),
            ("OptionGroupName", Stored::Lowercase),
            ("PreferredMaintenanceWindow", Stored::Lowercase),
            ("StorageType", Stored::Lowercase),
        ],
        arn: Some((&["DBInstanceArn"], "arn:{partition}:rds:{region}:{account}:db:{name}")),
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        ..Facts::new("AWS::RDS::DBInstance", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        same(property, desired, recorded)
    }

    /// The schema's create-only properties, and of the conditional ones those that `ModifyDBInstance` cannot
    /// change: the zone, the engine, and the key of Performance Insights once they were on.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        let (old, new) = (change.old, change.new);
        if change.has("AvailabilityZone") && new.AvailabilityZone.is_some() {
            names.push("AvailabilityZone".into());
        }
        let oracle = |engine: Option<&String>| engine.is_some_and(|engine| engine.starts_with("oracle-"));
        if change.has("Engine") && !(oracle(old.Engine.as_ref()) && oracle(new.Engine.as_ref())) {
            names.push("Engine".into());
        }
        // What it was made from cannot change. (CloudFormation promotes a replica whose source is named no longer;
        // here that is a replacement, which the review shows and asks about.)
        let empty = |name: Option<&String>| name.is_none_or(String::is_empty);
        let nothing = empty(old.DBSnapshotIdentifier.as_ref()) && empty(new.DBSnapshotIdentifier.as_ref());
        let made_from = MADE_FROM.iter().filter(|name| change.has(name));
        let made_from = made_from.filter(|name| !nothing || **name != "DBSnapshotIdentifier");
        names.extend(made_from.map(|name| (*name).to_owned()));
        if change.has("PerformanceInsightsKMSKeyId") && old.EnablePerformanceInsights == Some(true) {
            names.push("PerformanceInsightsKMSKeyId".into());
        }
        names
    }

    /// RDS upgrades engines and grows storage, and never goes back. ("You can't downgrade": `ModifyDBInstance` answers
    /// "Cannot find upgrade path from 16.13 to 16.8"; Amazon RDS User Guide, "Upgrading a DB instance engine version".)
    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        let mut problems = Vec::new();
        if let (Some(have), Some(want)) = (&old.EngineVersion, &new.EngineVersion)
            && change.has("EngineVersion")
            && versions::is_older(want, have)
        {
            let why = format!(
                "RDS does not downgrade an engine, and the database has {have}, which is later than {want}"
            );
            problems.push(("EngineVersion".into(), why));
        }
        problems
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let new = serde_json::to_value(change.new).unwrap_or_default();
        let kept: Vec<&str> =
            KEPT.iter().copied().filter(|name| change.has(name) && new[*name].is_null()).collect();
        if kept.is_empty() {
            return Vec::new();
        }
        vec![format!("{} keeps its value, RDS has no default to go back to", kept.join(", "))]
    }

    fn moved_by_aws(property: &str, sent: &Json, live: &Json) -> bool {
        let (Some(had), Some(has)) = (sent[property].as_str(), live[property].as_str()) else { return false };
        let engine = sent["Engine"].as_str().or(live["Engine"].as_str()).unwrap_or_default();
        let upgrades = |props: &Json| props["AutoMinorVersionUpgrade"] != false;
        property == "EngineVersion"
            && upgrades(sent)
            && upgrades(live)
            && versions::is_later_minor(had, has, versions::rds_major(engine, had))
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut say =
            |property: &str, message: &str| problems.push((property.to_owned(), message.to_owned()));
        let has = |property: &str| !props[property].is_null();
        let engine = props["Engine"].as_str().unwrap_or_default();
        let managed = props["ManageMasterUserPassword"] == true;
        if managed && has("MasterUserPassword") {
            say(
                "MasterUserPassword",
                "RDS manages the password itself when ManageMasterUserPassword is true: leave this out",
            );
        }
        let origin = origins::origin(props);
        let new = origin == Origin::New;
        if new && !has("Engine") {
            say("Engine", "is needed for a new database");
        }
        if new && !has("DBInstanceClass") {
            say("DBInstanceClass", "is needed");
        }
        if new && engine.starts_with("aurora") {
            if !has("DBClusterIdentifier") {
                say("DBClusterIdentifier", "an Aurora instance belongs to a cluster");
            }
        } else if new && has("Engine") && !has("DBClusterIdentifier") {
            if !has("AllocatedStorage") {
                say("AllocatedStorage", "is needed for this engine");
            }
            if !has("MasterUsername") {
                say("MasterUsername", "is needed for this engine");
            }
            if !managed && !has("MasterUserPassword") {
                say(
                    "MasterUserPassword",
                    "is needed, best as a dynamic reference to a secret, or set ManageMasterUserPassword",
                );
            }
        }
        if new && has("KmsKeyId") && props["StorageEncrypted"] != true {
            say("KmsKeyId", "needs StorageEncrypted: true");
        }
        if has("PerformanceInsightsRetentionPeriod") && props["EnablePerformanceInsights"] != true {
            say("PerformanceInsightsRetentionPeriod", "needs EnablePerformanceInsights: true");
        }
        let interval = &props["MonitoringInterval"];
        if !interval.is_null() && *interval != 0 && *interval != "0" && !has("MonitoringRoleArn") {
            say("MonitoringRoleArn", "is needed when MonitoringInterval is not 0");
        }
        for property in backups::PROPERTIES.iter().filter(|property| has(property)) {
            if !has("AutomaticBackupReplicationRegion") {
                say(property, "needs AutomaticBackupReplicationRegion");
            }
        }
        if !new {
            problems.extend(origins::check(props, origin));
        }
        problems
    }

    async fn foresee(cx: &Cx<'_>, props: &Json) -> Result<Vec<(String, String)>, OpError> {
        foresee(cx, props).await
    }

    /// So many descriptions are one page ("Amazon RDS API Reference", MaxRecords).
    const MANY: usize = 100;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let names = asked.iter().map(|one| one.id.to_string()).collect();
        let filter = types::Filter::builder().name("db-instance-id").set_values(Some(names)).build();
        let call = cx.sdk.rds().describe_db_instances().filters(filter).max_records(100);
        for live in call.send().await.map_err(op("DescribeDBInstances"))?.db_instances() {
            cx.shelve(live.db_instance_identifier().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.DBInstanceIdentifier else { return Ok(None) };
        let Some(live) = look(cx, name).await?.filter(|live| status(live) != "deleting") else {
            return Ok(None);
        };
        let id = live.db_instance_identifier().unwrap_or(name).to_owned();
        Ok(Some(Found {
            id: id.into(),
            attributes: attributes(&live),
            ownership: cx.owns(pairs(&tags::of(live.tag_list.as_deref()))),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else {
            return Ok(match goal {
                Goal::Gone => Probe::Reached(Attributes::new()),
                Goal::Ready => Probe::Pending("not visible yet".into()),
            });
        };
        let status = status(&live);
        Ok(match goal {
            Goal::Gone => Probe::Pending(status.into()),
            Goal::Ready if DEAD.contains(&status) => Probe::Failed(format!("the database is {status}")),
            Goal::Ready if matches!(status, "available" | "storage-optimization") => {
                if still_pending(&live, props) {
                    Probe::Pending("change pending".into())
                } else {
                    Probe::Reached(attributes(&live))
                }
            }
            Goal::Ready => match addressed(&live) {
                Some(attributes) => Probe::Addressable { detail: status.into(), attributes },
                None => Probe::Pending(status.into()),
            },
        })
    }

    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &Props,
        waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        news::news(cx, SourceType::DbInstance, id.as_str(), waited).await
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let live = look(cx, id.as_str()).await?.filter(|live| status(live) != "deleting");
        let Some(live) = live else { return Ok(None) };
        let mut props = live_props(cx, &live, hint);
        backups::read(cx, &live, hint, &mut props).await?;
        Ok(Some(props))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let live = match origins::create(cx, props).await? {
            Some(live) => live,
            None => {
                let call =
                    create_call(cx, props)?.set_tags(create(cx, "CreateDBInstance", props.Tags.as_ref())?);
                let answer = call.send().await.map_err(op("CreateDBInstance"))?;
                answer.db_instance.ok_or_else(|| OpError::missing("CreateDBInstance", "the instance"))?
            }
        };
        let id = live
            .db_instance_identifier
            .clone()
            .ok_or_else(|| OpError::missing("CreateDBInstance", "the instance's identifier"))?;
        Ok(Created { id: id.into(), attributes: attributes(&live) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let roles = props.AssociatedRoles.iter().flatten().next().is_some();
        let replicates = props.AutomaticBackupReplicationRegion.is_some();
        if !roles && !replicates && !origins::settles(props) {
            return Ok(Progress::Done);
        }
        match look(cx, id.as_str()).await? {
            Some(live) if status(&live) == "available" => {
                if roles {
                    settle_roles(cx, &live, props, None).await?;
                }
                if origins::settles(props) {
                    origins::settle(cx, &live, props).await?;
                }
                if replicates { backups::settle(cx, &live, props).await } else { Ok(Progress::Done) }
            }
            // The wait for `Ready` tells it in RDS's words.
            Some(live) if DEAD.contains(&status(&live)) => Ok(Progress::Done),
            Some(live) => Ok(Progress::Again(format!("{}: settings wait for the database", status(&live)))),
            None => Ok(Progress::Again("not visible yet".into())),
        }
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let live = look(cx, id.as_str()).await?;
        let live = live
            .ok_or_else(|| OpError::not_sent("ModifyDBInstance", format!("{id} does not exist any more")))?;
        if change.has("Tags") {
            let arn = live.db_instance_arn().unwrap_or_default();
            Tags::change(cx, arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        }
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        if !matches!(status(&live), "available" | "stopped" | "storage-optimization") {
            return Ok(Progress::Again(status(&live).into()));
        }
        if change.has("AssociatedRoles") {
            settle_roles(cx, &live, change.new, Some(change.old)).await?;
        }
        if backups::PROPERTIES.iter().any(|property| change.has(property))
            && let again @ Progress::Again(_) = backups::settle(cx, &live, change.new).await?
        {
            return Ok(again);
        }
        modify(cx, id.as_str(), &live, change).await?;
        Ok(Progress::Done)
    }

    /// Deletion protection that the template does not ask for (any more) is turned off first. If the template
    /// does ask for it, RDS's own refusal stands: the plan has to be changed first.
    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(Progress::Absent) };
        if status(&live) == "deleting" {
            return Ok(Progress::Done);
        }
        if live.deletion_protection() == Some(true) && props.DeletionProtection != Some(true) {
            if status(&live) != "available" {
                return Ok(Progress::Again(status(&live).into()));
            }
            cx.sdk
                .rds()
                .modify_db_instance()
                .db_instance_identifier(id.as_str())
                .deletion_protection(false)
                .apply_immediately(true)
                .send()
                .await
                .map_err(op("ModifyDBInstance"))?;
            return Ok(Progress::Again("turning deletion protection off".into()));
        }
        // A cluster's member has no snapshots of its own, nor has a replica.
        let alone = live.db_cluster_identifier().is_none()
            && live.read_replica_source_db_instance_identifier().is_none();
        let snapshot = cx.snapshot.filter(|_| alone);
        if snapshot.is_some() && status(&live) == "creating" {
            return Ok(Progress::Again("creating: a final snapshot needs an available database".into()));
        }
        let answer = cx
            .sdk
            .rds()
            .delete_db_instance()
            .db_instance_identifier(id.as_str())
            .skip_final_snapshot(snapshot.is_none())
            .set_final_db_snapshot_identifier(snapshot.map(str::to_owned))
            .delete_automated_backups(props.DeleteAutomatedBackups.unwrap_or(true))
            .send()
            .await;
        answer.map(|_| Progress::Done).map_err(op("DeleteDBInstance"))
    }
}

#[cfg(test)]
#[path = "db_instance_tests.rs"]
mod tests;
