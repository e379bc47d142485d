//! Aurora clusters: create, describe, delete, stop and start, fail over, roles, the Data API. Their instances are rows of
//! `rds.db-instance`; which of them writes is the cluster's `_writer`.

use serde_json::{Value as Json, json};

use super::{
    cluster_endpoints, cluster_settings as settings, cluster_snapshots as snapshots,
    create::{managed_secret, security_groups},
    delete::drop_managed_secret,
    engines, global_clusters,
    store::{CLUSTER, INSTANCE, combination, filtered, identifier, invalid, key, paged, public, rows},
    subnets, windows,
};
use crate::{
    engines::Engine,
    sandbox::{Effect, Fault, Reply, Request, World, codec::NOT_IMPLEMENTED, durations, services::kms},
};

pub fn missing(name: &str) -> Fault {
    Fault::new("DBClusterNotFoundFault", format!("DBCluster {name} not found."))
}

pub fn state(message: impl Into<String>) -> Fault {
    Fault::new("InvalidDBClusterStateFault", message)
}

/// The engine of a cluster: Aurora. RDS has clusters of other engines too, which is said in other words than AWS's.
pub fn engine(name: &str) -> Result<&'static Engine, Fault> {
    let engine = engines::engine(name)?;
    if engine.is_aurora() {
        return Ok(engine);
    }
    let message = format!("The sandbox has no Multi-AZ DB clusters of engine {name}; AWS may have them.");
    Err(Fault::new(NOT_IMPLEMENTED, message))
}

/// Instances of a cluster, in the order of their names.
pub fn members(world: &World, rq: &Request<'_>, cluster: &Json) -> Vec<Json> {
    let mut all = rows(world, rq, INSTANCE);
    all.retain(|row| row["DBClusterIdentifier"] == cluster["DBClusterIdentifier"]);
    all
}

/// A cluster as answers show it, with its members.
pub fn shown(world: &World, rq: &Request<'_>, row: &Json) -> Json {
    let mut shown = public(row);
    let list: Vec<Json> = members(world, rq, row)
        .iter()
        .map(|one| {
            json!({
                "DBInstanceIdentifier": one["DBInstanceIdentifier"], "PromotionTier": one["PromotionTier"],
                "IsClusterWriter": one["DBInstanceIdentifier"] == row["_writer"],
                "DBClusterParameterGroupStatus": one["_cluster_parameters"].as_str().unwrap_or("in-sync"),
            })
        })
        .collect();
    shown["DBClusterMembers"] = json!(list);
    shown
}

pub fn answer(world: &World, rq: &Request<'_>, key: &str) -> Reply {
    Ok(json!({"DBCluster": world.get(CLUSTER, key).map(|row| shown(world, rq, row)).unwrap_or_default()}))
}

/// The master user, who is there unless the data brings it along.
fn credentials(rq: &Request<'_>, brought: bool) -> Result<(), Fault> {
    if brought {
        return Ok(());
    }
    super::create::credentials(rq)
}

pub fn create_db_cluster(world: &mut World, rq: &Request<'_>) -> Reply {
    let global = global_clusters::wanted(world, rq)?;
    let secondary = global.as_ref().is_some_and(|(_, has_writer)| *has_writer);
    let brought = secondary || rq.opt("ReplicationSourceIdentifier").is_some();
    let key = make(world, rq, brought)?;
    global_clusters::enter(world, &key, global.as_ref());
    answer(world, rq, &key)
}

/// Makes a cluster of a request's parameters; `brought`: its users come with the data. Answers its key.
pub fn make(world: &mut World, rq: &Request<'_>, brought: bool) -> Result<String, Fault> {
    let name = rq.text("DBClusterIdentifier").to_lowercase();
    identifier("DBClusterIdentifier", &name, 63)?;
    let key_text = key(rq, &name);
    if world.get(CLUSTER, &key_text).is_some() {
        return Err(Fault::new("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    let engine = engine(rq.text("Engine"))?;
    let version = engines::version(engine, rq.opt("EngineVersion"))?;
    credentials(rq, brought)?;
    windows::port(rq.int("Port"))?;
    let (backup, maintenance) =
        windows::chosen(rq.opt("PreferredBackupWindow"), rq.opt("PreferredMaintenanceWindow"), None)?;
    settings::check(world, rq, engine, version)?;
    let parameters = settings::parameters(world, rq, engine, version, rq.opt("DBClusterParameterGroupName"))?;
    let subnets = subnets::chosen(world, rq, rq.opt("DBSubnetGroupName"))?;
    security_groups(world, &rq.texts("VpcSecurityGroupIds"))?;
    let mut row = new_row(world, rq, &name, (engine, version), &subnets);
    row["DBClusterParameterGroup"] = json!(parameters);
    row["PreferredBackupWindow"] = json!(backup);
    row["PreferredMaintenanceWindow"] = json!(maintenance);
    if rq.flag("ManageMasterUserPassword") {
        row["MasterUserSecret"] = managed_secret(world, rq, ("cluster", &name));
    }
    world.put(CLUSTER, &key_text, row);
    let restorable = World::seconds(world.date_after(durations::AURORA_UP));
    let mut ready = json!({
        "Status": "available", "EarliestRestorableTime": restorable, "LatestRestorableTime": restorable,
    });
    if rq.flag("ManageMasterUserPassword") {
        ready["MasterUserSecret.SecretStatus"] = json!("active");
    }
    world.set_after(durations::AURORA_UP, CLUSTER, &key_text, ready);
    Ok(key_text)
}

/// The three zones that an Aurora cluster's storage is in: those wanted, and others (API reference, AvailabilityZones).
fn zones(rq: &Request<'_>, subnets: &Json) -> Vec<String> {
    let mut zones: Vec<String> = rq.texts("AvailabilityZones").into_iter().map(str::to_owned).collect();
    let of_group = subnets["Subnets"].as_array().into_iter().flatten();
    let of_group = of_group.filter_map(|s| s["SubnetAvailabilityZone"]["Name"].as_str().map(str::to_owned));
    let of_region = ["a", "b", "c"].map(|letter| format!("{}{letter}", rq.region));
    for zone in of_group.chain(of_region) {
        if zones.len() < 3 && !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    zones.sort();
    zones
}

fn new_row(
    world: &mut World,
    rq: &Request<'_>,
    name: &str,
    (engine, version): (&Engine, &str),
    subnets: &Json,
) -> Json {
    let or =
        |member: &str, default: Json| if rq.get(member).is_null() { default } else { rq.get(member).clone() };
    let place = world.hex(12);
    let host = |kind: &str| format!("{name}.{kind}-{place}.{}.rds.amazonaws.com", rq.region);
    let resource = format!("cluster-{}", world.hex(26).to_uppercase());
    let groups: Vec<Json> = world
        .or_default_group(&rq.texts("VpcSecurityGroupIds"), &subnets["VpcId"])
        .iter()
        .map(|group| json!({"VpcSecurityGroupId": group, "Status": "active"}))
        .collect();
    let encrypted = rq.flag("StorageEncrypted");
    let mut row = json!({
        "DBClusterIdentifier": name, "DBClusterArn": world.arn("rds", rq.region, &format!("cluster:{name}")),
        "DbClusterResourceId": resource, "Status": "creating", "Engine": engine.name, "EngineVersion": version,
        "EngineMode": "provisioned", "Endpoint": host("cluster"), "ReaderEndpoint": host("cluster-ro"),
        "HostedZoneId": "Z2R2ITUGPM61AM", "Port": or("Port", json!(engine.port)), "MultiAZ": false,
        "MasterUsername": or("MasterUsername", json!("admin_")), "DatabaseName": rq.get("DatabaseName"),
        "AllocatedStorage": 1, "StorageType": rq.opt("StorageType").filter(|kind| *kind != "aurora"),
        "AvailabilityZones": zones(rq, subnets), "DBSubnetGroup": subnets["DBSubnetGroupName"],
        "VpcSecurityGroups": groups, "BackupRetentionPeriod": or("BackupRetentionPeriod", json!(1)),
        "StorageEncrypted": encrypted, "StorageEncryptionType": if encrypted { "sse-kms" } else { "none" },
        "ClusterCreateTime": world.now_secs(), "IAMDatabaseAuthenticationEnabled": rq.flag("EnableIAMDatabaseAuthentication"),
    });
    let more = json!({
        "DeletionProtection": rq.flag("DeletionProtection"), "CopyTagsToSnapshot": rq.flag("CopyTagsToSnapshot"),
        "HttpEndpointEnabled": rq.flag("EnableHttpEndpoint"), "AutoMinorVersionUpgrade": true, "CrossAccountClone": false,
        "ActivityStreamStatus": "stopped", "DomainMemberships": [], "AssociatedRoles": [], "ReadReplicaIdentifiers": [],
        "TagList": rq.list("Tags"), "PendingModifiedValues": {}, "NetworkType": or("NetworkType", json!("IPV4")),
        "DatabaseInsightsMode": or("DatabaseInsightsMode", json!("standard")), "StatusInfos": [],
        "EngineLifecycleSupport": or("EngineLifecycleSupport", json!("open-source-rds-extended-support")),
        "ReplicationSourceIdentifier": rq.get("ReplicationSourceIdentifier"),
        "ServerlessV2ScalingConfiguration": rq.get("ServerlessV2ScalingConfiguration"),
        "_region": rq.region, "_vpc": subnets["VpcId"], "_writer": null,
    });
    if let (Some(row), Json::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    for member in ["BacktrackWindow", "DBSystemId", "ClusterScalabilityType"] {
        row[member] = rq.get(member).clone();
    }
    settings::observe(rq, &mut row);
    if encrypted {
        row["KmsKeyId"] = or("KmsKeyId", kms::managed_arn(world, rq.region, "rds"));
    }
    if !rq.list("EnableCloudwatchLogsExports").is_empty() {
        row["EnabledCloudwatchLogsExports"] = rq.get("EnableCloudwatchLogsExports").clone();
    }
    if rq.opt("Domain").is_some() {
        row["DomainMemberships"] = json!([super::create::domain(rq)]);
    }
    if engine.name == "aurora-mysql" {
        let on = rq.flag("EnableLocalWriteForwarding");
        row["LocalWriteForwardingStatus"] = json!(if on { "enabled" } else { "disabled" });
    }
    row
}

pub fn describe_db_clusters(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(name) = rq.opt("DBClusterIdentifier").filter(|name| !name.is_empty()) {
        let row = world.get(CLUSTER, &key(rq, name)).ok_or_else(|| missing(name))?;
        return Ok(json!({"DBClusters": [shown(world, rq, row)]}));
    }
    let found = filtered(rq, rows(world, rq, CLUSTER), |name| match name {
        "db-cluster-id" => Some("DBClusterIdentifier"),
        "db-cluster-resource-id" => Some("DbClusterResourceId"),
        "clone-group-id" => Some("CloneGroupId"),
        "domain" => Some("Domain"),
        "engine" => Some("Engine"),
        _ => None,
    })?;
    paged(rq, "DBClusters", found.iter().map(|row| shown(world, rq, row)).collect())
}

/// The cluster of a request, in the state that an operation needs.
///
/// # Errors
/// There is none, or it is in another state.
pub fn available(world: &World, rq: &Request<'_>) -> Result<(String, Json), Fault> {
    let name = rq.text("DBClusterIdentifier");
    let key_text = key(rq, name);
    let row = world.get(CLUSTER, &key_text).cloned().ok_or_else(|| missing(name))?;
    if row["Status"] != "available" {
        let status = row["Status"].as_str().unwrap_or_default();
        return Err(state(format!("DB cluster {name} isn't in the available state, it is {status}.")));
    }
    Ok((key_text, row))
}

pub fn delete_db_cluster(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DBClusterIdentifier");
    let key_text = key(rq, name);
    let row = world.get(CLUSTER, &key_text).cloned().ok_or_else(|| missing(name))?;
    if row["Status"] == "deleting" {
        return Err(state(format!("DbCluster {name} is already being deleted.")));
    }
    global_clusters::free(&row)?;
    if row["DeletionProtection"] == true {
        return Err(combination(
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ));
    }
    if members(world, rq, &row).iter().any(|one| one["DBInstanceStatus"] != "deleting") {
        return Err(state(
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ));
    }
    match (rq.flag("SkipFinalSnapshot"), rq.opt("FinalDBSnapshotIdentifier")) {
        (true, Some(_)) => {
            return Err(combination(
                "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is enabled.",
            ));
        }
        (false, None) => {
            return Err(combination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            ));
        }
        (false, Some(snapshot)) => {
            if row["Status"] != "available" {
                return Err(state(format!(
                    "DB cluster {name} isn't in the available state and can't be snapshotted."
                )));
            }
            snapshots::fresh(world, rq, "FinalDBSnapshotIdentifier", snapshot)?;
            snapshots::take(world, rq, &row, snapshot);
        }
        (true, None) => {}
    }
    world.cancel(CLUSTER, &key_text);
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["Status"] = json!("deleting");
    }
    drop_managed_secret(world, &row);
    let shown = answer(world, rq, &key_text);
    // Instances that are on their way out are no obstacle, but the cluster does not go before them.
    let last = members(world, rq, &row).iter().filter_map(|one| one["_gone_at"].as_i64()).max();
    let instances = last.map_or(0, |at| (at - world.now()).max(0));
    let down = durations::AURORA_DOWN.max(instances);
    world.after(down, CLUSTER, &key_text, Effect::Remove);
    cluster_endpoints::leave(world, rq, &row, down);
    shown
}

/// Another writer takes over when the old one goes: the reader of the lowest tier ("Fault tolerance for an Aurora DB
/// cluster", Aurora User Guide).
pub fn leave(world: &mut World, rq: &Request<'_>, instance: &Json) {
    let Some(name) = instance["DBClusterIdentifier"].as_str() else { return };
    let key_text = key(rq, name);
    let Some(row) = world.get(CLUSTER, &key_text).cloned() else { return };
    if row["_writer"] != instance["DBInstanceIdentifier"] {
        return;
    }
    let mut rest = members(world, rq, &row);
    rest.retain(|one| one["DBInstanceStatus"] != "deleting" && one["DBInstanceIdentifier"] != row["_writer"]);
    rest.sort_by_key(|one| one["PromotionTier"].as_i64().unwrap_or(1));
    let next = rest.first().map_or(Json::Null, |one| one["DBInstanceIdentifier"].clone());
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["_writer"] = next;
    }
}

/// What an instance of a cluster has from it, and is not asked for.
pub fn inherited<'r>(world: &World, rq: &'r Request<'r>) -> Result<Request<'r>, Fault> {
    let name = rq
        .opt("DBClusterIdentifier")
        .ok_or_else(|| combination("A DBClusterIdentifier is required for Aurora."))?;
    let row = world.get(CLUSTER, &key(rq, name)).ok_or_else(|| missing(name))?;
    if row["Status"] == "deleting" {
        return Err(state(format!("DB cluster {name} is being deleted.")));
    }
    if row["Engine"] != rq.text("Engine") {
        return Err(combination(format!(
            "The engine {} does not match the engine {} of the cluster.",
            rq.text("Engine"),
            row["Engine"].as_str().unwrap_or_default()
        )));
    }
    if rq.text("DBInstanceClass") == "db.serverless" && row["ServerlessV2ScalingConfiguration"].is_null() {
        return Err(state(
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB \
             instance.",
        ));
    }
    let mut input = rq.input.clone();
    for (member, sent) in [
        ("BackupRetentionPeriod", "BackupRetentionPeriod"),
        ("DBClusterIdentifier", "DBClusterIdentifier"),
        ("DBSubnetGroup", "DBSubnetGroupName"),
        ("DatabaseName", "DBName"),
        ("EngineVersion", "EngineVersion"),
        ("IAMDatabaseAuthenticationEnabled", "EnableIAMDatabaseAuthentication"),
        ("KmsKeyId", "KmsKeyId"),
        ("MasterUsername", "MasterUsername"),
        ("NetworkType", "NetworkType"),
        ("Port", "Port"),
        ("PreferredBackupWindow", "PreferredBackupWindow"),
        ("StorageEncrypted", "StorageEncrypted"),
    ] {
        if !row[member].is_null() {
            input[sent] = row[member].clone();
        }
    }
    input["StorageType"] = json!(row["StorageType"].as_str().unwrap_or("aurora"));
    let groups = row["VpcSecurityGroups"].as_array().into_iter().flatten();
    input["VpcSecurityGroupIds"] = groups.map(|group| group["VpcSecurityGroupId"].clone()).collect();
    if input["PromotionTier"].is_null() {
        input["PromotionTier"] = json!(1);
    }
    Ok(Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input })
}

/// A new instance joins: the first one writes.
pub fn join(world: &mut World, rq: &Request<'_>, instance: &str) {
    let key_text = key(rq, rq.text("DBClusterIdentifier"));
    if let Some(row) = world.get_mut(CLUSTER, &key_text)
        && row["_writer"].is_null()
    {
        row["_writer"] = json!(instance);
    }
}

/// `FailoverDBCluster`: the named reader, or the one of the lowest tier, writes from now on.
pub fn failover(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key_text, row) = available(world, rq)?;
    let mut readers = members(world, rq, &row);
    readers.retain(|one| {
        one["DBInstanceStatus"] == "available" && one["DBInstanceIdentifier"] != row["_writer"]
    });
    readers.sort_by_key(|one| one["PromotionTier"].as_i64().unwrap_or(1));
    let wanted = rq.opt("TargetDBInstanceIdentifier").map(str::to_lowercase);
    let next = match &wanted {
        Some(name) => readers.iter().find(|one| one["DBInstanceIdentifier"] == name.as_str()),
        None => readers.first(),
    };
    let next = next.ok_or_else(|| match &wanted {
        Some(name) => invalid(format!("{name} is no available reader of the cluster.")),
        None => state("Cannot failover a cluster without an available reader."),
    })?;
    let writer = next["DBInstanceIdentifier"].clone();
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["Status"] = json!("failing-over");
    }
    world.set_after(
        durations::AURORA_FAILOVER,
        CLUSTER,
        &key_text,
        json!({"Status": "available", "_writer": writer}),
    );
    answer(world, rq, &key_text)
}

/// Moves a cluster and its instances from one state through another to a third.
fn travel(world: &mut World, rq: &Request<'_>, from: &str, over: &str, to: &str) -> Reply {
    let name = rq.text("DBClusterIdentifier");
    let key_text = key(rq, name);
    let row = world.get(CLUSTER, &key_text).cloned().ok_or_else(|| missing(name))?;
    if row["Status"] != from {
        return Err(state(format!("DbCluster {name} is not in {from} state.")));
    }
    for member in members(world, rq, &row) {
        let place = key(rq, member["DBInstanceIdentifier"].as_str().unwrap_or_default());
        if let Some(row) = world.get_mut(INSTANCE, &place) {
            row["DBInstanceStatus"] = json!(over);
        }
        world.set_after(durations::RDS_DOWN, INSTANCE, &place, json!({"DBInstanceStatus": to}));
    }
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["Status"] = json!(over);
    }
    world.set_after(durations::RDS_DOWN, CLUSTER, &key_text, json!({"Status": to}));
    answer(world, rq, &key_text)
}

pub fn stop(world: &mut World, rq: &Request<'_>) -> Reply {
    travel(world, rq, "available", "stopping", "stopped")
}

pub fn start(world: &mut World, rq: &Request<'_>) -> Reply {
    travel(world, rq, "stopped", "starting", "available")
}

pub fn add_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (role, feature) = (rq.text("RoleArn"), rq.text("FeatureName"));
    let (key_text, row) = available(world, rq)?;
    let there =
        row["AssociatedRoles"].as_array().is_some_and(|list| list.iter().any(|one| one["RoleArn"] == role));
    if there {
        return Err(Fault::new(
            "DBClusterRoleAlreadyExists",
            format!("The role {role} is already associated with the cluster."),
        ));
    }
    world.assumable(role, "rds.amazonaws.com").map_err(|_| {
        invalid(format!(
            "IAM role ARN value is invalid or does not include the required permissions for: {feature}"
        ))
    })?;
    let mut entry = json!({"RoleArn": role, "Status": "ACTIVE"});
    if !feature.is_empty() {
        entry["FeatureName"] = json!(feature);
    }
    if let Some(list) =
        world.get_mut(CLUSTER, &key_text).and_then(|row| row["AssociatedRoles"].as_array_mut())
    {
        list.push(entry);
    }
    Ok(json!({}))
}

pub fn remove_role(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, role) = (rq.text("DBClusterIdentifier"), rq.text("RoleArn"));
    let row = world.get_mut(CLUSTER, &key(rq, name)).ok_or_else(|| missing(name))?;
    let Some(list) = row["AssociatedRoles"].as_array_mut() else { return Ok(json!({})) };
    let before = list.len();
    list.retain(|one| one["RoleArn"] != role);
    if list.len() == before {
        return Err(Fault::new(
            "DBClusterRoleNotFound",
            format!("The role {role} is not associated with the cluster {name}."),
        ));
    }
    Ok(json!({}))
}

fn data_api(world: &mut World, rq: &Request<'_>, on: bool) -> Reply {
    let arn = rq.text("ResourceArn");
    let found =
        world.rows(CLUSTER).find(|(_, row)| row["DBClusterArn"] == arn).map(|(key, _)| key.to_owned());
    let key_text = found
        .ok_or_else(|| Fault::new("ResourceNotFoundFault", format!("The resource {arn} does not exist.")))?;
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["HttpEndpointEnabled"] = json!(on);
    }
    Ok(json!({"ResourceArn": arn, "HttpEndpointEnabled": on}))
}

pub fn enable_http(world: &mut World, rq: &Request<'_>) -> Reply {
    data_api(world, rq, true)
}

pub fn disable_http(world: &mut World, rq: &Request<'_>) -> Reply {
    data_api(world, rq, false)
}

/// `PromoteReadReplicaDBCluster`.
pub fn promote(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key_text, row) = available(world, rq)?;
    if row["ReplicationSourceIdentifier"].is_null() {
        return Err(state("The cluster is no read replica."));
    }
    if let Some(row) = world.get_mut(CLUSTER, &key_text) {
        row["Status"] = json!("promoting");
    }
    let to = json!({"Status": "available", "ReplicationSourceIdentifier": null});
    world.set_after(durations::RDS_MODIFY, CLUSTER, &key_text, to);
    answer(world, rq, &key_text)
}
