//! What the world's services publish by themselves, as functions of their rows: nothing is stored.
//!
//! Points appear late: a minute's value can be read a minute after the minute has ended. Alarms see it at once, as they
//! look back over more periods than they count (CloudWatch User Guide, evaluation range).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::sandbox::{
    World,
    services::{dms, route53},
};

const MINUTE: i64 = 60_000;
/// How long after the end of its minute a point can be read, in milliseconds.
const LATE: i64 = 60_000;

/// Since when a service publishes, and what.
type Curve<'w> = dms::Curve<'w>;

fn constant<'w>(since: i64, value: f64) -> Curve<'w> {
    Box::new(move |minute| (minute >= since).then_some(value))
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since the epoch")]
fn millis(seconds: &Json) -> Option<i64> {
    seconds.as_f64().map(|seconds| (seconds * 1_000.0) as i64)
}

/// Amazon RDS User Guide, Amazon RDS metrics for Amazon CloudWatch.
fn rds<'w>(
    world: &'w World,
    name: &str,
    dimension: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, Curve<'w>)> {
    let id = dimension("DBInstanceIdentifier").or_else(|| dimension("DBClusterIdentifier"))?;
    let instances =
        world.rows("rds.db-instance").filter(|(_, row)| row["DBInstanceIdentifier"] == id.as_str());
    let clusters = world.rows("rds.db-cluster").filter(|(_, row)| row["DBClusterIdentifier"] == id.as_str());
    let (_, row) = instances.chain(clusters).next()?;
    let since = millis(&row["InstanceCreateTime"]).or_else(|| millis(&row["ClusterCreateTime"]))?;
    let storage = row["AllocatedStorage"].as_f64().unwrap_or(100.0) * 1_073_741_824.0;
    Some(match name {
        "CPUUtilization" => ("Percent", constant(since, 15.0)),
        "FreeStorageSpace" => ("Bytes", constant(since, storage * 0.7)),
        "FreeableMemory" => ("Bytes", constant(since, 4e9)),
        "DatabaseConnections" => ("Count", constant(since, 12.0)),
        "ReadLatency" | "WriteLatency" => ("Seconds", constant(since, 0.002)),
        "AuroraReplicaLag" => ("Milliseconds", constant(since, 20.0)),
        // Half of what the cluster may have.
        "ServerlessDatabaseCapacity" | "ACUUtilization" => {
            let most = cluster_of(world, row)?["ServerlessV2ScalingConfiguration"]["MaxCapacity"].as_f64()?;
            let utilization = name == "ACUUtilization";
            let value = if utilization { 50.0 } else { (most / 2.0).max(0.5) };
            (if utilization { "Percent" } else { "None" }, constant(since, value))
        }
        // Only where a replication slot exists.
        "OldestReplicationSlotLag" => {
            let slot = dms::follower(world, &id)?;
            ("Bytes", constant(slot.max(since), 65_536.0))
        }
        _ => return None,
    })
}

/// The cluster that a row is, or is a member of.
fn cluster_of<'w>(world: &'w World, row: &Json) -> Option<&'w Json> {
    let id = row["DBClusterIdentifier"].as_str()?;
    world.rows("rds.db-cluster").find(|(_, cluster)| cluster["DBClusterIdentifier"] == id).map(|(_, row)| row)
}

fn ecs<'w>(
    world: &'w World,
    name: &str,
    dimension: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, Curve<'w>)> {
    let (cluster, service) = (dimension("ClusterName")?, dimension("ServiceName")?);
    let (arn, row) = world.rows("ecs.service").find(|(_, row)| {
        let home = row["clusterArn"].as_str().unwrap_or_default();
        row["serviceName"] == service.as_str() && home.rsplit('/').next() == Some(&cluster)
    })?;
    let since = millis(&row["createdAt"])?;
    let running =
        world.rows("ecs.task").filter(|(_, task)| task["_service"] == arn && task["lastStatus"] == "RUNNING");
    let running = f64::from(u32::try_from(running.count()).unwrap_or(u32::MAX));
    Some(match name {
        "CPUUtilization" | "MemoryUtilization" if running > 0.0 => ("Percent", constant(since, 30.0)),
        "RunningTaskCount" => ("Count", constant(since, running)),
        "DesiredTaskCount" => ("Count", constant(since, row["desiredCount"].as_f64().unwrap_or_default())),
        _ => return None,
    })
}

fn balancing<'w>(
    world: &'w World,
    name: &str,
    dimension: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, Curve<'w>)> {
    let balancer = dimension("LoadBalancer")?;
    let (_, row) = world.rows("elbv2.load-balancer").find(|(arn, _)| arn.ends_with(&balancer))?;
    let since = millis(&row["CreatedTime"])?;
    let group = dimension("TargetGroup").unwrap_or_default();
    let states: Vec<&Json> = world
        .rows("elbv2.target")
        .filter(|(key, _)| group.is_empty() || key.split('|').next().is_some_and(|arn| arn.ends_with(&group)))
        .map(|(_, target)| &target["TargetHealth"]["State"])
        .collect();
    let count = |state: &str| {
        f64::from(u32::try_from(states.iter().filter(|one| **one == state).count()).unwrap_or(u32::MAX))
    };
    Some(match name {
        "UnHealthyHostCount" => ("Count", constant(since, count("unhealthy"))),
        "HealthyHostCount" => ("Count", constant(since, count("healthy"))),
        // Reported only under traffic (Elastic Load Balancing User Guide, CloudWatch metrics).
        "RequestCount" if count("healthy") > 0.0 => ("Count", constant(since, 600.0)),
        "TargetResponseTime" if count("healthy") > 0.0 => ("Seconds", constant(since, 0.05)),
        _ => return None,
    })
}

/// How far lifecycles are ahead of whoever asks, in whole minutes of milliseconds. A served world runs them faster than its
/// calendar, and the minutes before the end of a question are the last minutes of the lifecycles: five fresh points are five
/// minutes of replication, at whatever speed. The asker's clock is the calendar's, or as fast as the lifecycles.
fn ahead(world: &World, end: f64) -> i64 {
    let (clock, date) = (world.now(), millis(&Json::from(world.now_secs())).unwrap_or_default());
    if clock - date < MINUTE {
        return 0;
    }
    let asker = millis(&Json::from(end)).unwrap_or_default().clamp(date, clock);
    (clock - asker).div_euclid(MINUTE) * MINUTE
}

/// A metric's points from `start` to `end`, both in seconds: unit, and values by second. `late` leaves out what cannot be
/// read yet.
pub(super) fn points(
    world: &World,
    (region, namespace, name): (&str, &str, &str),
    dimensions: &Json,
    (start, end): (f64, f64),
    late: bool,
) -> Option<(&'static str, BTreeMap<i64, f64>)> {
    let dimension = |wanted: &str| {
        let list = dimensions.as_array()?;
        let found = list.iter().find(|dimension| dimension["Name"] == wanted)?;
        found["Value"].as_str().map(ToOwned::to_owned)
    };
    let (unit, curve) = match namespace {
        "AWS/DMS" => dms::curve(world, region, name, &dimension)?,
        "AWS/RDS" => rds(world, name, &dimension)?,
        "AWS/ECS" | "ECS/ContainerInsights" => ecs(world, name, &dimension)?,
        // Health checks publish in us-east-1 only: Route 53 Developer Guide, Monitoring health checks using CloudWatch.
        "AWS/Route53" if name == "HealthCheckStatus" && region == "us-east-1" => {
            let healthy = route53::is_healthy(world, &dimension("HealthCheckId")?);
            ("None", constant(0, if healthy { 1.0 } else { 0.0 }))
        }
        "AWS/ApplicationELB" => balancing(world, name, &dimension)?,
        _ => return None,
    };
    let limit = world.now() - if late { LATE + MINUTE } else { 0 };
    let ahead = ahead(world, end);
    let (first, until) = (millis(&Json::from(start))? + ahead, millis(&Json::from(end))? + ahead);
    // Nobody reads further back than a day at a time.
    let mut minute = first.max(limit - 86_400_000).div_euclid(MINUTE) * MINUTE;
    let mut values = BTreeMap::new();
    while minute < until && minute <= limit {
        if minute >= first
            && let Some(value) = curve(minute)
        {
            values.insert((minute - ahead) / 1_000, value);
        }
        minute += MINUTE;
    }
    Some((unit, values))
}
