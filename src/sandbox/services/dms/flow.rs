//! A simple model of what applications write: which clients are connected to a task's source database, and for how long it
//! has been written to. Counters and metrics follow from it. A data plane with rows can take its place.
//!
//! A client is a running ECS task whose security group an inbound rule of the database admits, and whom requests reach. A
//! connection outlives the rule and the name that led to it, but not its task: changes of rules do not interrupt tracked
//! connections (Amazon EC2 User Guide, security group connection tracking), and pools keep resolved addresses.

use serde_json::{Value as Json, json};

use super::{
    announce, engines, states,
    store::{ENDPOINT, moving},
};
use crate::sandbox::{World, outside, services::elbv2};

/// Per task: since when it is counted, how long the source was written to, how much of that was captured.
const FLOW: &str = "dms.flow";

/// The database behind an endpoint: its row, or `None` for one outside of the account.
fn database<'w>(world: &'w World, endpoint: &str) -> Option<&'w Json> {
    let row = world.get(ENDPOINT, endpoint)?;
    let settings = engines::SETTINGS.iter().find_map(|name| row[*name]["SecretsManagerSecretId"].as_str());
    let host = match settings {
        Some(secret) => super::connections::secret(world, secret)?["host"].as_str()?.to_owned(),
        None => row["ServerName"].as_str()?.to_owned(),
    };
    let named = |row: &&Json| row["Endpoint"]["Address"] == host.as_str() || row["Endpoint"] == host.as_str();
    let instances = world.rows("rds.db-instance").map(|(_, row)| row);
    instances.chain(world.rows("rds.db-cluster").map(|(_, row)| row)).find(named)
}

/// Whether this is the database behind the source endpoint of a task.
pub(super) fn reads_from(world: &World, task: &Json, identifier: &str) -> bool {
    let row = task["SourceEndpointArn"].as_str().and_then(|arn| database(world, arn));
    row.is_some_and(|row| {
        row["DBInstanceIdentifier"] == identifier || row["DBClusterIdentifier"] == identifier
    })
}

/// Of the weighted records that fit, whether any gets requests; `None` if there is no such record.
fn weighted(world: &World, fits: impl Fn(&Json) -> bool) -> Option<bool> {
    let mut weights = world
        .rows("route53.record")
        .filter(|(_, record)| !record["Weight"].is_null() && fits(record))
        .map(|(_, record)| record["Weight"].as_i64().unwrap_or_default());
    let first = weights.next()?;
    Some(first > 0 || weights.any(|weight| weight > 0))
}

/// Whether requests reach a service: through the weighted names of its load balancers, if there are any.
fn requested(world: &World, service: &Json) -> bool {
    let groups = service["loadBalancers"].as_array().into_iter().flatten();
    let groups: Vec<&str> = groups.filter_map(|one| one["targetGroupArn"].as_str()).collect();
    let balancers: Vec<String> = groups.iter().flat_map(|group| elbv2::balancers_of(world, group)).collect();
    let names: Vec<String> = balancers
        .iter()
        .filter_map(|arn| world.get("elbv2.load-balancer", arn)?["DNSName"].as_str())
        .map(str::to_lowercase)
        .collect();
    let leads = |record: &Json| {
        let name = record["AliasTarget"]["DNSName"]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_lowercase();
        names.iter().any(|known| name == *known || name == format!("dualstack.{known}"))
    };
    weighted(world, leads).unwrap_or(true)
}

/// The tasks that can open a connection now.
fn clients(world: &World, database: &Json) -> Vec<String> {
    let host = database["Endpoint"]["Address"]
        .as_str()
        .or_else(|| database["Endpoint"].as_str())
        .unwrap_or_default();
    let named = weighted(world, |record| {
        let values = record["ResourceRecords"].as_array();
        values.into_iter().flatten().any(|value| {
            value["Value"].as_str().is_some_and(|v| v.trim_end_matches('.').eq_ignore_ascii_case(host))
        })
    });
    if named == Some(false) {
        return Vec::new();
    }
    let groups: Vec<&str> = database["VpcSecurityGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["VpcSecurityGroupId"].as_str())
        .collect();
    let mut admitted: Vec<&str> = Vec::new();
    let mut anyone = false;
    for (_, rule) in world.rows("ec2.security-group-rule") {
        let own = rule["GroupId"].as_str().is_some_and(|group| groups.contains(&group));
        if !own || rule["IsEgress"] == true {
            continue;
        }
        match rule["ReferencedGroupInfo"]["GroupId"].as_str() {
            Some(peer) => admitted.push(peer),
            None => anyone = true,
        }
    }
    let mut found = Vec::new();
    for (arn, service) in world.rows("ecs.service") {
        let wears = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"].as_array();
        let let_in = anyone
            || wears.into_iter().flatten().filter_map(Json::as_str).any(|group| admitted.contains(&group));
        if let_in && requested(world, service) {
            let running = world
                .rows("ecs.task")
                .filter(|(_, task)| task["_service"] == arn && task["lastStatus"] == "RUNNING");
            found.extend(running.map(|(arn, _)| arn.to_owned()));
        }
    }
    found
}

/// Brings the model up to date with the time; called before each request.
pub fn settle(world: &mut World) {
    announce::settle(world);
    states::settle(world);
    let now = world.now();
    let tasks: Vec<(String, Json)> = moving(world)
        .filter(|(_, task)| task["_run"].as_i64().is_some_and(|run| run <= now))
        .filter(|(_, task)| task["MigrationType"] != "full-load")
        .map(|(arn, task)| (arn.to_owned(), json!({
            "source": task["SourceEndpointArn"], "fresh": task["_fresh"], "runs": task["_halt"].is_null(),
        })))
        .collect();
    for (arn, task) in tasks {
        let known = world.get(FLOW, &arn).cloned().unwrap_or_default();
        let fresh = known["fresh"] != task["fresh"];
        let since =
            if fresh { task["fresh"].as_i64().unwrap_or(now) } else { known["at"].as_i64().unwrap_or(now) };
        if !fresh && now - since < 1_000 {
            continue;
        }
        let source = task["source"].as_str().unwrap_or_default();
        let (connected, writing) = match database(world, source) {
            // Clients of a database outside of the account write until a plan's fence ends them.
            None => (Vec::new(), outside::writes(world)),
            Some(database) => {
                let mut connected = clients(world, database);
                for old in known["connected"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                    let runs = world.get("ecs.task", old).is_some_and(|task| task["lastStatus"] == "RUNNING");
                    if runs && !connected.iter().any(|one| one == old) {
                        connected.push(old.to_owned());
                    }
                }
                let writing = !connected.is_empty();
                (connected, writing)
            }
        };
        let before = if fresh { 0 } else { known["written"].as_i64().unwrap_or_default() };
        let written = before + if writing { (now - since).max(0) } else { 0 };
        let captured =
            if task["runs"] == true { written } else { known["captured"].as_i64().unwrap_or_default() };
        let quiet = match (writing, fresh, known["quiet"].as_i64()) {
            (true, ..) => Json::Null,
            (false, false, Some(since)) => json!(since),
            (false, ..) => json!(since),
        };
        let row = json!({
            "at": now, "fresh": task["fresh"], "written": written, "captured": captured, "quiet": quiet,
            "connected": connected,
        });
        world.put(FLOW, &arn, row);
    }
}

/// Milliseconds of writes that a task has captured.
pub(super) fn captured(world: &World, arn: &str) -> i64 {
    world.get(FLOW, arn).and_then(|flow| flow["captured"].as_i64()).unwrap_or_default()
}

/// Since when nothing is written to the source, in milliseconds.
pub(super) fn quiet(world: &World, arn: &str) -> Option<i64> {
    world.get(FLOW, arn).and_then(|flow| flow["quiet"].as_i64())
}

/// Forgets a task.
pub(super) fn forget(world: &mut World, arn: &str) {
    world.remove(FLOW, arn);
}
