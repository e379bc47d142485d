//! Configurations of serverless replications.
//!
//! API Reference, CreateReplicationConfig and its kin; User Guide, AWS DMS Serverless components: a configuration can be
//! modified while its replication is created, stopped or failed.

use serde_json::{Value as Json, json};

use super::{
    endpoints, flow, instances, mappings,
    replications::{rests, shown_status},
    settings, states,
    store::{
        REPLICATION, combination, exists, fresh_arn, here, identifier, invalid, key_of, listed, missing,
        state,
    },
    subnets,
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::{
        Effect,
        durations::{DMS_SERVERLESS_DOWN, DMS_SERVERLESS_MODIFY},
    },
};

/// Capacity units that DMS provisions (API Reference, ComputeConfig).
pub(super) const CAPACITIES: &[i64] = &[1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

/// The configuration of an ARN.
pub(super) fn config<'w>(world: &'w World, arn: &str) -> Result<&'w Json, Fault> {
    world.get(REPLICATION, arn).ok_or_else(|| missing(format!("Replication Config {arn} not found.")))
}

/// The configuration of an ARN, to be changed.
pub(super) fn config_mut<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Json, Fault> {
    world.get_mut(REPLICATION, arn).ok_or_else(|| missing(format!("Replication Config {arn} not found.")))
}

/// A configuration as answers show it.
fn shown(row: &Json) -> Json {
    let mut answer = json!({
        "ReplicationType": row["MigrationType"], "ReplicationSettings": row["ReplicationTaskSettings"],
        "IsReadOnly": false,
    });
    for member in [
        "ReplicationConfigIdentifier",
        "ReplicationConfigArn",
        "SourceEndpointArn",
        "TargetEndpointArn",
        "ComputeConfig",
        "SupplementalSettings",
        "TableMappings",
        "ReplicationConfigCreateTime",
        "ReplicationConfigUpdateTime",
    ] {
        if !row[member].is_null() {
            answer[member] = row[member].clone();
        }
    }
    json!({"ReplicationConfig": answer})
}

fn check_end(world: &World, arn: &str, kind: &str) -> Result<(), Fault> {
    let endpoint = endpoints::endpoint(world, arn)?;
    if endpoint["EndpointType"] != kind {
        return Err(invalid(format!("Endpoint {arn} is not a {kind} endpoint.")));
    }
    if endpoint["Status"] == "deleting" {
        return Err(state(format!("Endpoint {arn} is being deleted.")));
    }
    Ok(())
}

fn check_json(rq: &Request<'_>, member: &str) -> Result<(), Fault> {
    match rq.opt(member) {
        Some(text) if serde_json::from_str::<Json>(text).is_err() => {
            Err(invalid(format!("{member} is not valid JSON.")))
        }
        _ => Ok(()),
    }
}

/// What is asked for, over what there was, with what DMS fills in.
fn compute(world: &World, rq: &Request<'_>, was: &Json) -> Result<Json, Fault> {
    let wanted = rq.get("ComputeConfig");
    let mut made = was.clone();
    for (member, value) in wanted.as_object().into_iter().flatten() {
        made[member] = value.clone();
    }
    let units = |member: &str| made[member].as_i64();
    for member in ["MaxCapacityUnits", "MinCapacityUnits"] {
        if let Some(given) = units(member)
            && !CAPACITIES.contains(&given)
        {
            let listed: Vec<String> = CAPACITIES.iter().map(ToString::to_string).collect();
            return Err(invalid(format!(
                "The parameter {member} {given} is not valid. Valid values: {}.",
                listed.join(", ")
            )));
        }
    }
    let Some(most) = units("MaxCapacityUnits") else {
        return Err(invalid("The parameter MaxCapacityUnits must be provided."));
    };
    let least = units("MinCapacityUnits").unwrap_or(1);
    if least > most {
        return Err(combination("MinCapacityUnits must not be greater than MaxCapacityUnits."));
    }
    if made["MultiAZ"] == true && !wanted["AvailabilityZone"].is_null() {
        return Err(combination("AvailabilityZone cannot be set if MultiAZ is true."));
    }
    if let Some(servers) = made["DnsNameServers"].as_str()
        && servers.split(',').count() > 4
    {
        return Err(invalid("DnsNameServers takes up to four addresses."));
    }
    if let Some(name) = made["ReplicationSubnetGroupId"].as_str() {
        let group = subnets::group(world, rq, name)?;
        let ids: Vec<&str> =
            made["VpcSecurityGroupIds"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        instances::check_groups(world, &ids, &group["VpcId"])?;
        made["ReplicationSubnetGroupId"] = json!(name.to_lowercase());
    }
    made["MinCapacityUnits"] = json!(least);
    let fill = |made: &mut Json, member: &str, value: Json| {
        if made[member].is_null() {
            made[member] = value;
        }
    };
    fill(&mut made, "MultiAZ", json!(false));
    fill(&mut made, "PreferredMaintenanceWindow", json!("sun:23:45-mon:00:30"));
    fill(&mut made, "KmsKeyId", key_of(world, rq));
    if let Some(window) = made["PreferredMaintenanceWindow"].as_str() {
        made["PreferredMaintenanceWindow"] = json!(window.to_lowercase());
    }
    Ok(made)
}

/// With logging on, DMS fills in where the log goes (User Guide, Serverless replication logs: a group with the prefix
/// `dms-serverless-replication-` and the configuration's resource id; a stream seen in
/// hashicorp/terraform-provider-aws issue 35650).
fn logged(row: &mut Json) {
    let text = row["ReplicationTaskSettings"].as_str().unwrap_or_default();
    let Ok(mut whole) = serde_json::from_str::<Json>(text) else { return };
    if whole["Logging"]["EnableLogging"] != true {
        return;
    }
    let id = row["ReplicationConfigArn"].as_str().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
    whole["Logging"]["CloudWatchLogGroup"] = json!(format!("dms-serverless-replication-{id}"));
    whole["Logging"]["CloudWatchLogStream"] = json!(format!("dms-serverless-serv-res-id-{id}"));
    row["ReplicationTaskSettings"] = json!(whole.to_string());
}

fn taken(world: &World, rq: &Request<'_>, name: &str) -> bool {
    world.any(REPLICATION, |row| row["ReplicationConfigIdentifier"] == name && row["_region"] == rq.region)
}

/// `CreateReplicationConfig`: nothing runs before `StartReplication`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = identifier(rq, "ReplicationConfigIdentifier", 255)?;
    mappings::rules(rq.text("TableMappings"))?;
    check_json(rq, "SupplementalSettings")?;
    let whole = settings::completed(rq.text("ReplicationSettings"), None)?;
    if taken(world, rq, &name) {
        return Err(exists(format!("Replication Config {name} already exists.")));
    }
    check_end(world, rq.text("SourceEndpointArn"), "source")?;
    check_end(world, rq.text("TargetEndpointArn"), "target")?;
    let compute = compute(world, rq, &json!({}))?;
    let arn = fresh_arn(world, rq, "replication-config", REPLICATION)?;
    let now = world.now_secs();
    let mut row = json!({
        "ReplicationConfigIdentifier": name, "ReplicationConfigArn": arn, "MigrationType": rq.text("ReplicationType"),
        "SourceEndpointArn": rq.text("SourceEndpointArn"), "TargetEndpointArn": rq.text("TargetEndpointArn"),
        "ComputeConfig": compute, "TableMappings": rq.text("TableMappings"), "ReplicationTaskSettings": whole,
        "SupplementalSettings": rq.get("SupplementalSettings"), "ReplicationConfigCreateTime": now,
        "ReplicationConfigUpdateTime": now, "Status": "created", "_region": rq.region, "_tags": rq.list("Tags"),
        "_active": 0, "_run": null, "_halt": null, "_reload": {},
    });
    logged(&mut row);
    world.put(REPLICATION, &arn, row.clone());
    states::is(world, REPLICATION, &arn);
    Ok(shown(&row))
}

/// `DescribeReplicationConfigs`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, REPLICATION);
    let rows = rows.iter().map(|row| shown(row)["ReplicationConfig"].clone()).collect();
    let known: &[(&str, &[&str])] = &[
        ("replication-config-arn", &["ReplicationConfigArn"]),
        ("replication-config-id", &["ReplicationConfigIdentifier"]),
    ];
    listed(rq, "ReplicationConfigs", "Replication Configs", rows, known)
}

/// `ModifyReplicationConfig`.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationConfigArn");
    let mut row = config(world, arn)?.clone();
    if !rests(&row) {
        return Err(state(format!(
            "Replication for Replication Config: {arn} is in {} state and cannot be modified",
            shown_status(&row)
        )));
    }
    if rq.opt("ReplicationConfigIdentifier").is_some() {
        let name = identifier(rq, "ReplicationConfigIdentifier", 255)?;
        if row["ReplicationConfigIdentifier"] != name.as_str() && taken(world, rq, &name) {
            return Err(exists(format!("Replication Config {name} already exists.")));
        }
        row["ReplicationConfigIdentifier"] = json!(name);
    }
    for (member, kind) in [("SourceEndpointArn", "source"), ("TargetEndpointArn", "target")] {
        if let Some(end) = rq.opt(member) {
            check_end(world, end, kind)?;
            row[member] = json!(end);
        }
    }
    if let Some(text) = rq.opt("TableMappings") {
        mappings::rules(text)?;
        row["TableMappings"] = json!(text);
    }
    if let Some(text) = rq.opt("ReplicationSettings") {
        let whole = settings::completed(text, row["ReplicationTaskSettings"].as_str())?;
        row["ReplicationTaskSettings"] = json!(whole);
    }
    check_json(rq, "SupplementalSettings")?;
    if let Some(text) = rq.opt("SupplementalSettings") {
        row["SupplementalSettings"] = json!(text);
    }
    if let Some(kind) = rq.opt("ReplicationType") {
        // Refused so by AWS in a public report of 2026 (a Terraform apply on a stopped replication).
        if row["MigrationType"] != kind
            && let Some(provisioned) = row["ProvisionData"]["ProvisionState"].as_str()
        {
            return Err(invalid(format!(
                "replication-type for Replication Config: {arn} cannot be modified as the replication is in {provisioned}. \
                 You can only modify replication configs before provisioning capacity."
            )));
        }
        row["MigrationType"] = json!(kind);
    }
    if !rq.get("ComputeConfig").is_null() {
        row["ComputeConfig"] = compute(world, rq, &row["ComputeConfig"])?;
    }
    logged(&mut row);
    let back = row["Status"].clone();
    row["Status"] = json!("modifying");
    row["ReplicationConfigUpdateTime"] = json!(world.now_secs());
    world.put(REPLICATION, arn, row.clone());
    states::is(world, REPLICATION, arn);
    states::becomes(world, REPLICATION, arn, DMS_SERVERLESS_MODIFY, json!({"Status": back}));
    Ok(shown(&row))
}

/// `DeleteReplicationConfig`: not while it runs (API Reference), and not before its capacity is deprovisioned
/// (LocalStack's recording of AWS, `test_dms.py`; Airflow's `DmsDeleteReplicationConfigOperator` waits for it).
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationConfigArn");
    let old = config(world, arn)?.clone();
    let provisioned = old["ProvisionData"]["ProvisionState"].as_str();
    if !rests(&old) || !matches!(provisioned, None | Some("deprovisioned")) {
        let why =
            if rests(&old) { provisioned.unwrap_or_default().to_uppercase() } else { shown_status(&old) };
        return Err(state(format!(
            "Replication for Replication Config: {arn} is in {why} state and cannot be deleted"
        )));
    }
    states::cancel(world, REPLICATION, arn);
    world.after(DMS_SERVERLESS_DOWN, REPLICATION, arn, Effect::Remove);
    flow::forget(world, arn);
    config_mut(world, arn)?["Status"] = json!("deleting");
    states::is(world, REPLICATION, arn);
    Ok(shown(&old))
}
