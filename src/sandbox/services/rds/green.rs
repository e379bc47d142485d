//! The green environment of a blue/green deployment: made as the blue one is, and given its names at the switchover.

use serde_json::{Value as Json, json};

use super::{
    cluster_endpoints::ENDPOINT,
    clusters,
    create::create_db_instance,
    events, origins,
    store::{CLUSTER, INSTANCE, key},
};
use crate::{
    engines::family_of,
    sandbox::{Fault, Request, World},
};

/// A resource of the blue environment and its counterpart, by table and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub table: &'static str,
    pub blue: String,
    pub green: String,
}

/// Members of an instance that its green copy has, and as what they are sent.
const OF_INSTANCES: &[(&str, &str)] = &[
    ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    ("BackupRetentionPeriod", "BackupRetentionPeriod"),
    ("CACertificateIdentifier", "CACertificateIdentifier"),
    ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    ("DatabaseInsightsMode", "DatabaseInsightsMode"),
    ("DeletionProtection", "DeletionProtection"),
    ("EnabledCloudwatchLogsExports", "EnableCloudwatchLogsExports"),
    ("IAMDatabaseAuthenticationEnabled", "EnableIAMDatabaseAuthentication"),
    ("MaxAllocatedStorage", "MaxAllocatedStorage"),
    ("MonitoringInterval", "MonitoringInterval"),
    ("MonitoringRoleArn", "MonitoringRoleArn"),
    ("MultiAZ", "MultiAZ"),
    ("NetworkType", "NetworkType"),
    ("PerformanceInsightsEnabled", "EnablePerformanceInsights"),
    ("PerformanceInsightsKMSKeyId", "PerformanceInsightsKMSKeyId"),
    ("PreferredBackupWindow", "PreferredBackupWindow"),
    ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    ("ProcessorFeatures", "ProcessorFeatures"),
    ("PubliclyAccessible", "PubliclyAccessible"),
    ("TagList", "Tags"),
];

/// Of a cluster.
const OF_CLUSTERS: &[(&str, &str)] = &[
    ("BackupRetentionPeriod", "BackupRetentionPeriod"),
    ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    ("DBSubnetGroup", "DBSubnetGroupName"),
    ("DatabaseInsightsMode", "DatabaseInsightsMode"),
    ("DatabaseName", "DatabaseName"),
    ("DeletionProtection", "DeletionProtection"),
    ("EnabledCloudwatchLogsExports", "EnableCloudwatchLogsExports"),
    ("Engine", "Engine"),
    ("EngineVersion", "EngineVersion"),
    ("HttpEndpointEnabled", "EnableHttpEndpoint"),
    ("IAMDatabaseAuthenticationEnabled", "EnableIAMDatabaseAuthentication"),
    ("KmsKeyId", "KmsKeyId"),
    ("MasterUsername", "MasterUsername"),
    ("NetworkType", "NetworkType"),
    ("Port", "Port"),
    ("PreferredBackupWindow", "PreferredBackupWindow"),
    ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    ("ServerlessV2ScalingConfiguration", "ServerlessV2ScalingConfiguration"),
    ("StorageEncrypted", "StorageEncrypted"),
    ("StorageType", "StorageType"),
    ("TagList", "Tags"),
];

/// Of an instance of a cluster.
const OF_MEMBERS: &[(&str, &str)] = &[
    ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    ("CACertificateIdentifier", "CACertificateIdentifier"),
    ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    ("DBInstanceClass", "DBInstanceClass"),
    ("Engine", "Engine"),
    ("MonitoringInterval", "MonitoringInterval"),
    ("MonitoringRoleArn", "MonitoringRoleArn"),
    ("PerformanceInsightsEnabled", "EnablePerformanceInsights"),
    ("PromotionTier", "PromotionTier"),
    ("PubliclyAccessible", "PubliclyAccessible"),
    ("TagList", "Tags"),
];

/// What the request wants otherwise than the blue instance has it.
const CHANGED: &[(&str, &str)] = &[
    ("TargetAllocatedStorage", "AllocatedStorage"),
    ("TargetDBInstanceClass", "DBInstanceClass"),
    ("TargetDBParameterGroupName", "DBParameterGroupName"),
    ("TargetEngineVersion", "EngineVersion"),
    ("TargetIops", "Iops"),
    ("TargetStorageThroughput", "StorageThroughput"),
    ("TargetStorageType", "StorageType"),
];

fn sent(row: &Json, members: &[(&str, &str)]) -> Json {
    let mut input = json!({});
    for (member, sent) in members {
        if !row[*member].is_null() {
            input[*sent] = row[*member].clone();
        }
    }
    let groups = row["VpcSecurityGroups"].as_array().into_iter().flatten();
    input["VpcSecurityGroupIds"] = groups.map(|group| group["VpcSecurityGroupId"].clone()).collect();
    input
}

/// `mydb-green-k3xw9a` (AWS CLI, describe-blue-green-deployments).
fn green_name(world: &mut World, name: &str) -> String {
    format!("{name}-green-{}", world.letters(6, b"abcdefghijklmnopqrstuvwxyz0123456789"))
}

fn request<'r>(rq: &Request<'r>, input: Json) -> Request<'r> {
    Request { operation: rq.operation, region: rq.region, access_key: rq.access_key, input }
}

/// The green copy of an instance; its name.
fn instance(world: &mut World, rq: &Request<'_>, blue: &Json) -> Result<Pair, Fault> {
    let name = blue["DBInstanceIdentifier"].as_str().unwrap_or_default().to_owned();
    let mut input = sent(blue, OF_INSTANCES);
    input["DBSubnetGroupName"] = blue["DBSubnetGroup"]["DBSubnetGroupName"].clone();
    if blue["MonitoringInterval"] == 0 {
        input["MonitoringRoleArn"] = Json::Null;
    }
    for (member, sent) in CHANGED {
        if !rq.get(member).is_null() {
            input[*sent] = rq.get(member).clone();
        }
    }
    if let Some(members) = input.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let green = green_name(world, &name);
    origins::make(world, &request(rq, input), blue, &green)?;
    Ok(Pair { table: INSTANCE, blue: name, green })
}

/// Makes the green environment of an instance: the instance, and its read replicas after it.
pub fn of_instance(world: &mut World, rq: &Request<'_>, blue: &Json) -> Result<Vec<Pair>, Fault> {
    let mut pairs = vec![instance(world, rq, blue)?];
    let first = pairs[0].green.clone();
    let replicas = blue["ReadReplicaDBInstanceIdentifiers"].as_array().cloned().unwrap_or_default();
    for name in replicas.iter().filter_map(Json::as_str).filter(|name| !name.starts_with("arn:")) {
        let Some(replica) = world.get(INSTANCE, &key(rq, name)).cloned() else { continue };
        let pair = instance(world, rq, &replica)?;
        if let Some(row) = world.get_mut(INSTANCE, &key(rq, &pair.green)) {
            row["ReadReplicaSourceDBInstanceIdentifier"] = json!(first);
            row["StatusInfos"] = replica["StatusInfos"].clone();
        }
        if let Some(row) = world.get_mut(INSTANCE, &key(rq, &first))
            && let Some(list) = row["ReadReplicaDBInstanceIdentifiers"].as_array_mut()
        {
            list.push(json!(pair.green));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

/// The parameter group of a green resource: the one that is asked for, the blue one's as long as it fits the version, or the
/// default one.
fn group(wanted: Option<&str>, had: &Json, engine: &str, (from, to): (&str, &str)) -> Json {
    match wanted {
        Some(name) => json!(name),
        None if family_of(engine, from) == family_of(engine, to) => had.clone(),
        None => Json::Null,
    }
}

/// Makes the green environment of a cluster: the cluster, and its instances, the one that writes first.
pub fn of_cluster(world: &mut World, rq: &Request<'_>, blue: &Json) -> Result<Vec<Pair>, Fault> {
    let name = blue["DBClusterIdentifier"].as_str().unwrap_or_default().to_owned();
    let engine = blue["Engine"].as_str().unwrap_or_default();
    let from = blue["EngineVersion"].as_str().unwrap_or_default();
    let versions = (from, rq.opt("TargetEngineVersion").unwrap_or(from));
    let mut input = sent(blue, OF_CLUSTERS);
    let green = green_name(world, &name);
    input["DBClusterIdentifier"] = json!(green);
    input["EngineVersion"] = json!(versions.1);
    let wanted = rq.opt("TargetDBClusterParameterGroupName");
    input["DBClusterParameterGroupName"] = group(wanted, &blue["DBClusterParameterGroup"], engine, versions);
    if let Some(members) = input.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    clusters::make(world, &request(rq, input), true)?;
    let mut pairs = vec![Pair { table: CLUSTER, blue: name, green: green.clone() }];
    let mut members = clusters::members(world, rq, blue);
    members.sort_by_key(|one| one["DBInstanceIdentifier"] != blue["_writer"]);
    for member in members {
        let name = member["DBInstanceIdentifier"].as_str().unwrap_or_default().to_owned();
        let mut input = sent(&member, OF_MEMBERS);
        let own = green_name(world, &name);
        input["DBInstanceIdentifier"] = json!(own);
        input["DBClusterIdentifier"] = json!(green);
        let had = &member["DBParameterGroups"][0]["DBParameterGroupName"];
        input["DBParameterGroupName"] = group(rq.opt("TargetDBParameterGroupName"), had, engine, versions);
        if member["MonitoringInterval"] == 0 {
            input["MonitoringRoleArn"] = Json::Null;
        }
        if let Some(members) = input.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        create_db_instance(world, &request(rq, input))?;
        pairs.push(Pair { table: INSTANCE, blue: name, green: own });
    }
    Ok(pairs)
}

/// The member that holds the name, and the one that holds the ARN.
fn members(table: &str) -> (&'static str, &'static str, &'static str) {
    if table == CLUSTER {
        ("DBClusterIdentifier", "DBClusterArn", "cluster")
    } else {
        ("DBInstanceIdentifier", "DBInstanceArn", "db")
    }
}

/// Whether the resource of that name is there.
pub fn row<'w>(world: &'w World, region: &str, table: &str, name: &str) -> Option<&'w Json> {
    world.get(table, &format!("{region}/{name}"))
}

/// The ARN that a resource of that name has.
pub fn arn(world: &World, region: &str, table: &str, name: &str) -> String {
    world.arn("rds", region, &format!("{}:{name}", members(table).2))
}

/// `mydb-old1`; `mydb-old2` where there is one already.
fn old_name(world: &World, region: &str, table: &str, name: &str) -> String {
    let named = |n: u32| format!("{name}-old{n}");
    (1..).map(named).find(|old| row(world, region, table, old).is_none()).unwrap_or_else(|| named(1))
}

/// Replaces a name wherever a member of rows of a table holds it; names are of one region, whose rows' keys begin with it.
fn replace(world: &mut World, (table, start): (&str, &str), member: &str, names: &[(String, String)]) {
    let new = |value: &Json| -> Option<Json> {
        let text = value.as_str()?;
        names.iter().find(|(from, _)| from == text).map(|(_, to)| json!(to))
    };
    let keys = world.rows(table).map(|(key, _)| key.to_owned()).filter(|key| key.starts_with(start));
    for key in keys.collect::<Vec<String>>() {
        let Some(row) = world.get(table, &key) else { continue };
        let changed = match &row[member] {
            Json::Array(all) => {
                let changed: Vec<Json> =
                    all.iter().map(|one| new(one).unwrap_or_else(|| one.clone())).collect();
                (changed != *all).then(|| json!(changed))
            }
            one => new(one),
        };
        if let (Some(value), Some(row)) = (changed, world.get_mut(table, &key)) {
            row[member] = value;
        }
    }
}

/// Gives the green environment the names and the endpoints of the blue one, and the blue one names that end in `-old1`. Answers
/// the pairs with their new names.
pub fn swap(world: &mut World, region: &str, pairs: &[Pair]) -> Vec<Pair> {
    let mut renamed = Vec::new();
    let here = format!("{region}/");
    for table in [CLUSTER, INSTANCE] {
        let of_table: Vec<&Pair> = pairs.iter().filter(|pair| pair.table == table).collect();
        let mut names: Vec<(String, String)> = Vec::new();
        let mut taken: Vec<(String, Json)> = Vec::new();
        for pair in of_table {
            let old = old_name(world, region, table, &pair.blue);
            let place = |name: &str| format!("{region}/{name}");
            let (Some(blue), Some(green)) =
                (world.remove(table, &place(&pair.blue)), world.remove(table, &place(&pair.green)))
            else {
                continue;
            };
            let (mut was, mut is) = (blue.clone(), green);
            for (member, path) in [("Endpoint", "Address"), ("ReaderEndpoint", ""), ("Endpoint", "")] {
                let at = |row: &Json| {
                    if path.is_empty() { row[member].clone() } else { row[member][path].clone() }
                };
                let Some(address) = at(&blue).as_str().map(ToOwned::to_owned) else { continue };
                let former = address.replacen(&format!("{}.", pair.blue), &format!("{old}."), 1);
                for (row, value) in [(&mut is, address), (&mut was, former)] {
                    if path.is_empty() {
                        row[member] = json!(value)
                    } else {
                        row[member][path] = json!(value)
                    }
                }
            }
            taken.push((old.clone(), was));
            taken.push((pair.blue.clone(), is));
            names.push((pair.blue.clone(), old.clone()));
            names.push((pair.green.clone(), pair.blue.clone()));
            renamed.push(Pair { table, blue: old, green: pair.blue.clone() });
        }
        let (name_of, arn_of, _) = members(table);
        let arns: Vec<(String, String)> = names
            .iter()
            .map(|(from, to)| (arn(world, region, table, from), arn(world, region, table, to)))
            .collect();
        let place = |name: &String| format!("{region}/{name}");
        let now: Vec<String> = taken.iter().map(|(name, _)| place(name)).collect();
        let gone: Vec<String> =
            names.iter().map(|(from, _)| place(from)).filter(|key| !now.contains(key)).collect();
        for (name, mut row) in taken {
            row[name_of] = json!(name);
            row[arn_of] = json!(arn(world, region, table, &name));
            world.put(table, &place(&name), row);
        }
        events::renamed(world, table, &gone, &now);
        if table == CLUSTER {
            replace(world, (INSTANCE, &here), "DBClusterIdentifier", &names);
            replace(world, (ENDPOINT, &here), "DBClusterIdentifier", &names);
        } else {
            replace(world, (CLUSTER, &here), "_writer", &names);
            replace(world, (INSTANCE, &here), "ReadReplicaSourceDBInstanceIdentifier", &names);
            replace(world, (INSTANCE, &here), "ReadReplicaDBInstanceIdentifiers", &names);
            // Interfaces are named after the ARNs of whom they belong to.
            replace(world, ("ec2.network-interface", ""), "_owner", &arns);
        }
    }
    renamed
}
