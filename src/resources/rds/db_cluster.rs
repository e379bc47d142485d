//! `AWS::RDS::DBCluster`: an Aurora cluster, or a Multi-AZ cluster of MySQL or PostgreSQL.
//!
//! The answer of `CreateDBCluster` has the cluster's addresses already; nobody answers there before an instance does.
//! Instances belong to the cluster and are deleted before it; the final snapshot is the cluster's.

use aws_sdk_rds::types::{self, DbCluster as Live, SourceType};
use serde_json::Value as Json;

use super::{
    db_cluster_make::{self as make, Origin},
    db_cluster_modify::{modify, settle},
    db_cluster_props::{Props, attributes, live_props, same},
    news,
    tags::{self, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, NameRule, PhysicalId, Retry, Stored, WaitPolicy},
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        tags::Tagging as _, versions,
    },
};

/// `AWS::RDS::DBCluster`.
pub struct DbCluster;

/// States that a cluster does not leave by itself.
const DEAD: &[&str] = &[
    "cloning-failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-parameters",
    "incompatible-restore",
    "migration-failed",
    "stopped",
    "storage-failure",
];

/// Properties that stay as they are at RDS when the template names them no longer.
const KEPT: &[&str] = &[
    "AllocatedStorage",
    "DBClusterInstanceClass",
    "DBClusterParameterGroupName",
    "EngineLifecycleSupport",
    "EngineVersion",
    "Iops",
    "Port",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "ServerlessV2ScalingConfiguration",
    "StorageType",
    "VpcSecurityGroupIds",
];

fn status(live: &Live) -> &str {
    live.status().unwrap_or_default()
}

fn name(live: &Live) -> &str {
    live.db_cluster_identifier().unwrap_or_default()
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<Live>, OpError> {
    if let Some(live) = cx.shelved(name) {
        return Ok(Some(live));
    }
    let answer = cx.sdk.rds().describe_db_clusters().db_cluster_identifier(name).send().await;
    match answer.map_err(op("DescribeDBClusters")) {
        Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(DbCluster::FACTS.absent) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Associates and takes away roles; needs an available cluster.
async fn settle_roles(cx: &Cx<'_>, live: &Live, props: &Props, old: Option<&Props>) -> Result<(), OpError> {
    let rds = cx.sdk.rds();
    let roles = |props: &Props| -> Vec<(String, Option<String>)> {
        let all = props.AssociatedRoles.iter().flatten();
        all.map(|role| (role.RoleArn.clone().unwrap_or_default(), role.FeatureName.clone())).collect()
    };
    let have: Vec<&str> = live.associated_roles().iter().filter_map(|role| role.role_arn()).collect();
    let wanted = roles(props);
    let gone = old.map(roles).unwrap_or_default().into_iter().filter(|role| !wanted.contains(role));
    for (role, feature) in gone.filter(|(role, _)| have.contains(&role.as_str())) {
        let call = rds.remove_role_from_db_cluster().db_cluster_identifier(name(live)).role_arn(role);
        call.set_feature_name(feature).send().await.map_err(op("RemoveRoleFromDBCluster"))?;
    }
    for (role, feature) in wanted.iter().filter(|(role, _)| !have.contains(&role.as_str())) {
        let call = rds.add_role_to_db_cluster().db_cluster_identifier(name(live)).role_arn(role);
        call.set_feature_name(feature.clone()).send().await.map_err(op("AddRoleToDBCluster"))?;
    }
    Ok(())
}

/// Turns the Data API on or off.
async fn settle_data_api(cx: &Cx<'_>, live: &Live, on: bool) -> Result<(), OpError> {
    if live.http_endpoint_enabled.unwrap_or(false) == on {
        return Ok(());
    }
    let (rds, arn) = (cx.sdk.rds(), live.db_cluster_arn().unwrap_or_default());
    if on {
        rds.enable_http_endpoint().resource_arn(arn).send().await.map(drop).map_err(op("EnableHttpEndpoint"))
    } else {
        rds.disable_http_endpoint()
            .resource_arn(arn)
            .send()
            .await
            .map(drop)
            .map_err(op("DisableHttpEndpoint"))
    }
}

impl Described for DbCluster {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        stored: &[
            ("DBClusterIdentifier", Stored::Lowercase),
            ("DBClusterParameterGroupName", Stored::Lowercase),
            ("DBSubnetGroupName", Stored::Lowercase),
            ("Engine", Stored::Lowercase),
            ("EngineMode", Stored::Lowercase),
            ("PreferredMaintenanceWindow", Stored::Lowercase),
            ("StorageType", Stored::Lowercase),
        ],
        name: Some(NameRule { property: "DBClusterIdentifier", max: 63, lower: true, separator: '-' }),
        configures: true,
        early: &[
            "Ref",
            "DBClusterArn",
            "DBClusterResourceId",
            "Endpoint.Address",
            "Endpoint.Port",
            "ReadEndpoint.Address",
        ],
        needs_ready: &[
            "ReplicationSourceIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDbClusterResourceId",
        ],
        ready: Some(WaitPolicy::secs(90, 10, 3600)),
        gone: Some(WaitPolicy::secs(60, 10, 3600)),
        retry: &[
            Retry {
                code: "InvalidParameterValue",
                message: "IAM role ARN value is invalid",
                why: "the role is not usable yet",
            },
            Retry {
                code: "InvalidDBClusterStateFault",
                message: "",
                why: "the cluster is busy with an earlier change",
            },
            Retry { code: "KMSKeyNotAccessibleFault", message: "", why: "RDS cannot use the key yet" },
        ],
        retry_delete: &[Retry {
            code: "InvalidDBClusterStateFault",
            message: "",
            why: "the cluster is busy, or its instances are not gone yet",
        }],
        snapshots: true,
        snapshot_unless: Some(""),
        secure: &["MasterUserPassword"],
        properties_are_attributes: true,
        absent: &["DBClusterNotFoundFault"],
        iam: &[
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
            "rds:AddRoleToDBCluster",
            "rds:AddTagsToResource",
            "rds:CreateDBCluster",
            "rds:DeleteDBCluster",
            "rds:DescribeEvents",
            "rds:DescribeDBClusters",
            "rds:DisableHttpEndpoint",
            "rds:EnableHttpEndpoint",
            "rds:ModifyDBCluster",
            "rds:PromoteReadReplicaDBCluster",
            "rds:RemoveRoleFromDBCluster",
            "rds:RemoveTagsFromResource",
            "rds:RestoreDBClusterFromSnapshot",
            "rds:RestoreDBClusterToPointInTime",
        ],
        stateful: Some("the cluster's data and its automated backups"),
        refused: &[
            (
                "EnableGlobalWriteForwarding",
                "it belongs to Aurora Global Database, which spans Regions and is not implemented",
            ),
            (
                "GlobalClusterIdentifier",
                "Aurora Global Database spans Regions and is not implemented: a member leaves it before it can be deleted",
            ),
            (
                "ScalingConfiguration",
                "it is for Aurora Serverless v1, which AWS ended on 2025-03-31: use ServerlessV2ScalingConfiguration",
            ),
            (
                "SourceRegion",
                "name the source of a replica by its ARN, which has its Region, in ReplicationSourceIdentifier",
            ),
        ],
        arn: Some((&["DBClusterArn"], "arn:{partition}:rds:{region}:{account}:cluster:{name}")),
        ..Facts::new("AWS::RDS::DBCluster", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        same(property, desired, recorded)
    }

    /// The schema's create-only properties, and of the conditional ones those that `ModifyDBCluster` does not take.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        let (old, new) = (change.old, change.new);
        // An empty name and none are the same.
        let empty = |name: Option<&String>| name.is_none_or(String::is_empty);
        if empty(old.SnapshotIdentifier.as_ref()) && empty(new.SnapshotIdentifier.as_ref()) {
            names.retain(|name| name != "SnapshotIdentifier");
        }
        if change.has("AvailabilityZones") && new.AvailabilityZones.is_some() {
            names.push("AvailabilityZones".into());
        }
        names.extend(
            ["Engine", "MasterUsername"].iter().filter(|name| change.has(name)).map(ToString::to_string),
        );
        // A replica is promoted; it does not begin to follow, or follow another.
        if change.has("ReplicationSourceIdentifier") && new.ReplicationSourceIdentifier.is_some() {
            names.push("ReplicationSourceIdentifier".into());
        }
        names
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if let (Some(have), Some(want)) = (&change.old.EngineVersion, &change.new.EngineVersion)
            && change.has("EngineVersion")
            && versions::is_older(want, have)
        {
            let why = format!(
                "RDS does not downgrade an engine, and the cluster has {have}, which is later than {want}"
            );
            problems.push(("EngineVersion".into(), why));
        }
        // "You can't change the backtrack window of a cluster that was made without" (Aurora User Guide, "Backtracking
        // an Aurora DB cluster").
        let off = |window: Option<i64>| window.unwrap_or(0) == 0;
        if change.has("BacktrackWindow")
            && off(change.old.BacktrackWindow)
            && !off(change.new.BacktrackWindow)
        {
            let why = "backtracking can be turned on only when a cluster is made: restore a snapshot with it";
            problems.push(("BacktrackWindow".into(), why.into()));
        }
        problems
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let new = serde_json::to_value(change.new).unwrap_or_default();
        let kept: Vec<&str> =
            KEPT.iter().copied().filter(|name| change.has(name) && new[*name].is_null()).collect();
        let mut effects = Vec::new();
        if !kept.is_empty() {
            effects.push(format!("{} keeps its value, RDS has no default to go back to", kept.join(", ")));
        }
        if change.has("ReplicationSourceIdentifier") {
            effects.push("the replica is promoted and follows its source no longer".into());
        }
        effects
    }

    fn moved_by_aws(property: &str, sent: &Json, live: &Json) -> bool {
        let (Some(had), Some(has)) = (sent[property].as_str(), live[property].as_str()) else { return false };
        let engine = sent["Engine"].as_str().or(live["Engine"].as_str()).unwrap_or_default();
        property == "EngineVersion"
            && sent["AutoMinorVersionUpgrade"] != false
            && versions::is_later_minor(had, has, versions::rds_major(engine, had))
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = make::check(props);
        let mut say = |property: &str, what: &str| problems.push((property.to_owned(), what.to_owned()));
        let has = |name: &str| !props[name].is_null();
        let engine = props["Engine"].as_str().unwrap_or_default();
        let aurora = engine.starts_with("aurora");
        let origin = make::origin(props);
        let managed = props["ManageMasterUserPassword"] == true;
        if origin != Origin::PointInTime && !has("Engine") {
            say("Engine", "is needed");
        }
        if managed && has("MasterUserPassword") {
            say(
                "MasterUserPassword",
                "RDS manages the password itself when ManageMasterUserPassword is true: leave this out",
            );
        }
        if origin == Origin::New && !has("ReplicationSourceIdentifier") {
            if !has("MasterUsername") {
                say("MasterUsername", "is needed for a new cluster");
            }
            if !managed && !has("MasterUserPassword") {
                say(
                    "MasterUserPassword",
                    "is needed, best as a dynamic reference to a secret, or set ManageMasterUserPassword",
                );
            }
        }
        if origin == Origin::New && has("KmsKeyId") && props["StorageEncrypted"] != true {
            say("KmsKeyId", "needs StorageEncrypted: true");
        }
        if props["BacktrackWindow"].as_i64().is_some_and(|window| window > 0)
            && has("Engine")
            && engine != "aurora-mysql"
        {
            say("BacktrackWindow", "only Aurora MySQL has backtracking; restore to a point in time instead");
        }
        if props["EngineMode"].as_str().is_some_and(|mode| mode != "provisioned") {
            say(
                "EngineMode",
                "only `provisioned` is left: Serverless v2 is a provisioned cluster with \
                 ServerlessV2ScalingConfiguration and instances of class db.serverless",
            );
        }
        if has("Engine") && !aurora {
            for property in ["AllocatedStorage", "DBClusterInstanceClass"] {
                if !has(property) {
                    say(property, "is needed for a Multi-AZ cluster, which makes its instances itself");
                }
            }
        }
        if aurora {
            for property in ["AllocatedStorage", "DBClusterInstanceClass", "Iops", "PubliclyAccessible"] {
                if has(property) {
                    say(property, "is for Multi-AZ clusters; Aurora has it on its instances or not at all");
                }
            }
        }
        let scaling = &props["ServerlessV2ScalingConfiguration"];
        if let (Some(least), Some(most)) = (scaling["MinCapacity"].as_f64(), scaling["MaxCapacity"].as_f64())
        {
            if least > most {
                say("ServerlessV2ScalingConfiguration", "MinCapacity is above MaxCapacity");
            }
            if most < 1.0 {
                say("ServerlessV2ScalingConfiguration", "MaxCapacity must be at least 1");
            }
            if !scaling["SecondsUntilAutoPause"].is_null() && least > 0.0 {
                say("ServerlessV2ScalingConfiguration", "SecondsUntilAutoPause needs MinCapacity: 0");
            }
        } else if has("ServerlessV2ScalingConfiguration") {
            say("ServerlessV2ScalingConfiguration", "needs MinCapacity and MaxCapacity");
        }
        if has("PerformanceInsightsRetentionPeriod") && props["PerformanceInsightsEnabled"] != true {
            say("PerformanceInsightsRetentionPeriod", "needs PerformanceInsightsEnabled: true");
        }
        let interval = &props["MonitoringInterval"];
        if !interval.is_null() && *interval != 0 && !has("MonitoringRoleArn") {
            say("MonitoringRoleArn", "is needed when MonitoringInterval is not 0");
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.DBClusterIdentifier.as_deref().map(Into::into)
    }

    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &Props,
        waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        news::news(cx, SourceType::DbCluster, id.as_str(), waited).await
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        look(cx, id.as_str()).await
    }

    /// So many descriptions are one page ("Amazon RDS API Reference", MaxRecords).
    const MANY: usize = 100;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let names = asked.iter().map(|one| one.id.to_string()).collect();
        let filter = types::Filter::builder().name("db-cluster-id").set_values(Some(names)).build();
        let call = cx.sdk.rds().describe_db_clusters().filters(filter).max_records(100);
        for live in call.send().await.map_err(op("DescribeDBClusters"))?.db_clusters() {
            cx.shelve(live.db_cluster_identifier().unwrap_or_default(), live);
        }
        Ok(())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        Created { id: name(live).into(), attributes: attributes(live) }
    }

    fn state(live: &Live) -> State {
        match status(live) {
            "available" => State::Ready,
            "deleting" => State::Leaving("deleting".into()),
            dead if DEAD.contains(&dead) => State::Failed(format!("the cluster is {dead}")),
            other => State::Pending(other.to_owned()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Ok(Some(tags::of(live.tag_list.as_deref())))
    }

    async fn props(cx: &Cx<'_>, live: Live, _tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        Ok(live_props(cx, &live, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let live = make::make(cx, props).await?;
        if live.db_cluster_identifier().is_none() {
            return Err(OpError::missing("CreateDBCluster", "the cluster's identifier"));
        }
        Ok(Self::object(cx, &live))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let roles = props.AssociatedRoles.iter().flatten().next().is_some();
        let restored = make::settles(props);
        if !roles && !restored {
            return Ok(Progress::Done);
        }
        match look(cx, id.as_str()).await? {
            Some(live) if status(&live) == "available" => {
                if roles {
                    settle_roles(cx, &live, props, None).await?;
                }
                if restored {
                    settle_data_api(cx, &live, props.EnableHttpEndpoint == Some(true)).await?;
                    settle(cx, &live, props).await?;
                }
                Ok(Progress::Done)
            }
            // The wait for `Ready` tells it in RDS's words.
            Some(live) if DEAD.contains(&status(&live)) => Ok(Progress::Done),
            Some(live) => Ok(Progress::Again(format!("{}: settings wait for the cluster", status(&live)))),
            None => Ok(Progress::Again("not visible yet".into())),
        }
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let live = look(cx, id.as_str()).await?;
        let live = live
            .ok_or_else(|| OpError::not_sent("ModifyDBCluster", format!("{id} does not exist any more")))?;
        if change.has("Tags") {
            let arn = live.db_cluster_arn().unwrap_or_default();
            Tags::change(cx, arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        }
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        if status(&live) != "available" {
            return Ok(Progress::Again(status(&live).into()));
        }
        if change.has("ReplicationSourceIdentifier") && live.replication_source_identifier().is_some() {
            let call = cx.sdk.rds().promote_read_replica_db_cluster().db_cluster_identifier(id.as_str());
            call.send().await.map_err(op("PromoteReadReplicaDBCluster"))?;
            return Ok(Progress::Again("promoting".into()));
        }
        if change.has("AssociatedRoles") {
            settle_roles(cx, &live, change.new, Some(change.old)).await?;
        }
        if change.has("EnableHttpEndpoint") {
            settle_data_api(cx, &live, change.new.EnableHttpEndpoint == Some(true)).await?;
        }
        modify(cx, id.as_str(), &live, change).await?;
        Ok(Progress::Done)
    }

    /// Deletion protection that the template does not ask for (any more) is turned off first.
    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(Progress::Absent) };
        if status(&live) == "deleting" {
            return Ok(Progress::Done);
        }
        if live.deletion_protection == Some(true) && props.DeletionProtection != Some(true) {
            if status(&live) != "available" {
                return Ok(Progress::Again(status(&live).into()));
            }
            let call = cx.sdk.rds().modify_db_cluster().db_cluster_identifier(id.as_str());
            let call = call.deletion_protection(false).apply_immediately(true);
            call.send().await.map_err(op("ModifyDBCluster"))?;
            return Ok(Progress::Again("turning deletion protection off".into()));
        }
        if cx.snapshot.is_some() && status(&live) != "available" {
            return Ok(Progress::Again(format!(
                "{}: a final snapshot needs an available cluster",
                status(&live)
            )));
        }
        let call = cx.sdk.rds().delete_db_cluster().db_cluster_identifier(id.as_str());
        let call = call
            .skip_final_snapshot(cx.snapshot.is_none())
            .set_final_db_snapshot_identifier(cx.snapshot.map(str::to_owned))
            .set_delete_automated_backups(props.DeleteAutomatedBackups);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDBCluster"))
    }
}

#[cfg(test)]
#[path = "db_cluster_tests.rs"]
mod tests;
