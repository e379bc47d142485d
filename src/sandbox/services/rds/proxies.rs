//! Proxies: made, changed, renamed, deleted. No connection goes through them; role and secrets are not asked.
//!
//! Tables: `rds.db-proxy` (`region/name`, with the pool of its one target group under `_pool` and its targets under
//! `_targets`), `rds.db-proxy-endpoint`.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::store::{filtered, invalid, key, paged, public, rows};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

/// Proxies.
pub const PROXY: &str = "rds.db-proxy";
/// Endpoints of proxies.
pub const ENDPOINT: &str = "rds.db-proxy-endpoint";
/// A proxy is there after some minutes ("It can take a few minutes", RDS User Guide, creating an RDS Proxy).
pub const CREATES: i64 = 300_000;
/// Changes and deletions take less.
pub const CHANGES: i64 = 60_000;

/// moto, `test_describe_db_proxies_not_found`.
pub fn missing(name: &str) -> Fault {
    Fault::new(
        "DBProxyNotFoundFault",
        format!(
            "The specified proxy name {name} does not correspond to a proxy owned by your Amazon Web Services account in the specified Amazon Web Services Region."
        ),
    )
}

/// The proxy of that name.
pub fn proxy<'w>(world: &'w World, rq: &Request<'_>, name: &str) -> Result<&'w Json, Fault> {
    world.get(PROXY, &key(rq, name)).ok_or_else(|| missing(name))
}

/// The same, if it may be changed now.
pub fn available(world: &World, rq: &Request<'_>, name: &str) -> Result<Json, Fault> {
    let row = proxy(world, rq, name)?;
    if row["Status"] == "available" {
        return Ok(row.clone());
    }
    let state = row["Status"].as_str().unwrap_or_default();
    Err(Fault::new("InvalidDBProxyStateFault", format!("DB proxy {name} is in the state {state}.")))
}

/// The VPC of subnets in two zones at least (moto, `test_create_db_proxy_invalid_subnet`).
pub fn network(world: &World, ids: &[&str]) -> Result<Json, Fault> {
    let bad = || {
        Fault::new(
            "InvalidSubnet",
            "The requested subnet is invalid, or multiple subnets were requested that are not all in a common VPC.",
        )
    };
    let (mut vpcs, mut zones) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        let subnet = world.get("ec2.subnet", id).ok_or_else(bad)?;
        vpcs.insert(subnet["VpcId"].as_str().unwrap_or_default().to_owned());
        zones.insert(subnet["AvailabilityZone"].as_str().unwrap_or_default().to_owned());
    }
    // "at least two subnets ... in different Availability Zones" (RDS User Guide, planning for RDS Proxy).
    match (vpcs.len(), zones.len()) {
        (1, 2..) => Ok(json!(vpcs.first())),
        _ => Err(bad()),
    }
}

/// Security groups that are there.
pub fn groups(world: &World, ids: &[&str]) -> Result<(), Fault> {
    match ids.iter().find(|id| world.get("ec2.security-group", id).is_none()) {
        Some(unknown) => Err(invalid(format!("Invalid security group , groupId= {unknown}, groupName=."))),
        None => Ok(()),
    }
}

/// Names of proxies and their endpoints: letters, digits and single hyphens.
pub fn name(member: &str, name: &str) -> Result<(), Fault> {
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if starts && plain && !name.contains("--") && !name.ends_with('-') && name.len() <= 63 {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, \
         digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// Ways to sign in, with what is not sent filled in.
fn auth(rq: &Request<'_>, family: &str) -> Json {
    let with = match family {
        "POSTGRESQL" => "POSTGRES_SCRAM_SHA_256",
        "SQLSERVER" => "SQL_SERVER_AUTHENTICATION",
        _ => "MYSQL_CACHING_SHA2_PASSWORD",
    };
    let filled = rq.list("Auth").iter().map(|one| {
        let mut one = one.clone();
        for (member, value) in
            [("AuthScheme", "SECRETS"), ("IAMAuth", "DISABLED"), ("ClientPasswordAuthType", with)]
        {
            if one[member].is_null() {
                one[member] = json!(value);
            }
        }
        one
    });
    filled.collect()
}

fn timeout(rq: &Request<'_>) -> Result<Option<i64>, Fault> {
    match rq.int("IdleClientTimeout") {
        Some(seconds) if !(1..=28_800).contains(&seconds) => {
            Err(invalid(format!("IdleClientTimeout must be between 1 and 28800; {seconds} is not.")))
        }
        other => Ok(other),
    }
}

/// Where a proxy or its endpoint is reached.
pub fn host(world: &mut World, rq: &Request<'_>, kind: &str, name: &str) -> String {
    let unique = world.hex(12);
    format!("{name}.{kind}-{unique}.{}.rds.amazonaws.com", rq.region)
}

/// `CreateDBProxy`.
pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let own = rq.text("DBProxyName").to_lowercase();
    name("DBProxyName", &own)?;
    if world.get(PROXY, &key(rq, &own)).is_some() {
        // moto, `test_create_db_proxy_duplicate_name`.
        let message =
            format!("Cannot create the DBProxy because a DBProxy with the name {own} already exists.");
        return Err(Fault::new("DBProxyAlreadyExistsFault", message));
    }
    let vpc = network(world, &rq.texts("VpcSubnetIds"))?;
    groups(world, &rq.texts("VpcSecurityGroupIds"))?;
    let scheme = rq.opt("DefaultAuthScheme").unwrap_or("NONE");
    if rq.list("Auth").is_empty() && scheme == "NONE" {
        return Err(invalid("Auth is required unless DefaultAuthScheme is IAM_AUTH."));
    }
    let idle = timeout(rq)?.unwrap_or(1_800);
    let family = rq.text("EngineFamily");
    let unique = format!("prx-{}", &world.hex(32)[..17]);
    let endpoint = host(world, rq, "proxy", &own);
    let security = world.or_default_group(&rq.texts("VpcSecurityGroupIds"), &vpc);
    let now = world.now_secs();
    let row = json!({
        "DBProxyName": own, "DBProxyArn": world.arn("rds", rq.region, &format!("db-proxy:{unique}")),
        "Status": "creating", "EngineFamily": family, "VpcId": vpc, "VpcSecurityGroupIds": security,
        "VpcSubnetIds": rq.list("VpcSubnetIds"), "DefaultAuthScheme": scheme, "Auth": auth(rq, family),
        "RoleArn": rq.text("RoleArn"), "Endpoint": endpoint, "RequireTLS": rq.flag("RequireTLS"),
        "IdleClientTimeout": idle, "DebugLogging": rq.flag("DebugLogging"), "CreatedDate": now, "UpdatedDate": now,
        "EndpointNetworkType": rq.opt("EndpointNetworkType").unwrap_or("IPV4"),
        "TargetConnectionNetworkType": rq.opt("TargetConnectionNetworkType").unwrap_or("IPV4"),
        "_tags": rq.list("Tags"), "_targets": [], "_group": format!("prx-tg-{}", &world.hex(32)[..17]),
        "_pool": {
            // "MaxConnectionsPercent: default 10 for RDS for SQL Server, and 100 for all other engines", idle ones half of it.
            "MaxConnectionsPercent": if family == "SQLSERVER" { 10 } else { 100 },
            "MaxIdleConnectionsPercent": if family == "SQLSERVER" { 5 } else { 50 },
            "ConnectionBorrowTimeout": 120, "SessionPinningFilters": [], "InitQuery": "",
        },
    });
    let shown = public(&row);
    let place = key(rq, &own);
    world.put(PROXY, &place, row);
    world.set_after(CREATES, PROXY, &place, json!({"Status": "available"}));
    Ok(json!({"DBProxy": shown}))
}

/// `DescribeDBProxies`.
pub fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut all = rows(world, rq, PROXY);
    if let Some(own) = rq.opt("DBProxyName").filter(|own| !own.is_empty()) {
        all = vec![proxy(world, rq, own)?.clone()];
    }
    let all = filtered(rq, all, |_| None)?;
    paged(rq, "DBProxies", all.iter().map(public).collect())
}

/// `ModifyDBProxy`.
pub fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let own = rq.text("DBProxyName").to_lowercase();
    let mut row = available(world, rq, &own)?;
    groups(world, &rq.texts("SecurityGroups"))?;
    if let Some(idle) = timeout(rq)? {
        row["IdleClientTimeout"] = json!(idle);
    }
    for member in ["RequireTLS", "DebugLogging", "RoleArn", "DefaultAuthScheme"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if rq.get("Auth").is_array() {
        let family = row["EngineFamily"].as_str().unwrap_or_default().to_owned();
        row["Auth"] = auth(rq, &family);
    }
    if rq.get("SecurityGroups").is_array() {
        row["VpcSecurityGroupIds"] = rq.get("SecurityGroups").clone();
    }
    let new = rq.opt("NewDBProxyName").map_or_else(|| own.clone(), str::to_lowercase);
    if new != own {
        name("NewDBProxyName", &new)?;
        if world.get(PROXY, &key(rq, &new)).is_some() {
            let message =
                format!("Cannot rename the DBProxy because a DBProxy with the name {new} already exists.");
            return Err(Fault::new("DBProxyAlreadyExistsFault", message));
        }
        for endpoint in endpoints(world, rq, &own) {
            if let Some(row) = world.get_mut(ENDPOINT, &endpoint) {
                row["DBProxyName"] = json!(new);
            }
        }
        row["DBProxyName"] = json!(new);
        world.remove(PROXY, &key(rq, &own));
    }
    row["Status"] = json!("modifying");
    row["UpdatedDate"] = json!(world.now_secs());
    let shown = public(&row);
    let place = key(rq, &new);
    world.put(PROXY, &place, row);
    world.set_after(CHANGES, PROXY, &place, json!({"Status": "available"}));
    Ok(json!({"DBProxy": shown}))
}

/// Places of a proxy's endpoints.
fn endpoints(world: &World, rq: &Request<'_>, own: &str) -> Vec<String> {
    let mine = rows(world, rq, ENDPOINT).into_iter().filter(|row| row["DBProxyName"] == own);
    mine.filter_map(|row| row["DBProxyEndpointName"].as_str().map(|name| key(rq, name))).collect()
}

/// `DeleteDBProxy`: its endpoints go with it.
pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let own = rq.text("DBProxyName").to_lowercase();
    let mut row = proxy(world, rq, &own)?.clone();
    if row["Status"] == "deleting" {
        return Err(Fault::new("InvalidDBProxyStateFault", format!("DB proxy {own} is being deleted.")));
    }
    row["Status"] = json!("deleting");
    let shown = public(&row);
    let place = key(rq, &own);
    world.cancel(PROXY, &place);
    world.put(PROXY, &place, row);
    world.after(CHANGES, PROXY, &place, Effect::Remove);
    for endpoint in endpoints(world, rq, &own) {
        world.cancel(ENDPOINT, &endpoint);
        if let Some(row) = world.get_mut(ENDPOINT, &endpoint) {
            row["Status"] = json!("deleting");
        }
        world.after(CHANGES, ENDPOINT, &endpoint, Effect::Remove);
    }
    Ok(json!({"DBProxy": shown}))
}
