//! Resource Groups Tagging API: what carries which tags, across the services of one region.
//!
//! The services keep their tags in rows of their own; they are read here in the forms in which they are kept. As on AWS,
//! roles, users and inline policies of IAM are not found ("Supported services", user guide of the tagging API), and what
//! is global is found in us-east-1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Operation, Reply, Request, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("GetResources", resources),
    Operation::read("GetTagKeys", keys),
    Operation::read("GetTagValues", values),
];

/// Tables with taggable rows, and where their ARN is: a member, or a pattern for rows that hold none.
const TABLES: &[(&str, &str)] = &[
    ("asg.group", "AutoScalingGroupARN"),
    ("acm.certificate", "key"),
    ("backup.plan", "BackupPlanArn"),
    ("backup.vault", "BackupVaultArn"),
    ("cloudwatch.alarm", "AlarmArn"),
    ("codebuild.project", "arn"),
    ("dms.certificate", "key"),
    ("dms.data-migration", "key"),
    ("dms.data-provider", "key"),
    ("dms.endpoint", "key"),
    ("dms.event-subscription", "arn:{partition}:dms:{region}:{account}:es:{name}"),
    ("dms.instance", "key"),
    ("dms.instance-profile", "key"),
    ("dms.migration-project", "key"),
    ("dms.replication-config", "key"),
    ("dms.subnet-group", "arn:{partition}:dms:{region}:{account}:subgrp:{name}"),
    ("dms.task", "key"),
    ("ec2.address", "arn:{partition}:ec2:{region}:{account}:elastic-ip/{key}"),
    ("ec2.instance", "arn:{partition}:ec2:{region}:{account}:instance/{key}"),
    ("ec2.internet-gateway", "arn:{partition}:ec2:{region}:{account}:internet-gateway/{key}"),
    ("ec2.launch-template", "arn:{partition}:ec2:{region}:{account}:launch-template/{key}"),
    ("ec2.nat-gateway", "arn:{partition}:ec2:{region}:{account}:natgateway/{key}"),
    ("ec2.route-table", "arn:{partition}:ec2:{region}:{account}:route-table/{key}"),
    ("ec2.security-group", "arn:{partition}:ec2:{region}:{account}:security-group/{key}"),
    ("ec2.security-group-rule", "arn:{partition}:ec2:{region}:{account}:security-group-rule/{key}"),
    ("ec2.subnet", "arn:{partition}:ec2:{region}:{account}:subnet/{key}"),
    ("ec2.vpc", "arn:{partition}:ec2:{region}:{account}:vpc/{key}"),
    ("ec2.vpc-endpoint", "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{key}"),
    ("ec2.vpc-peering-connection", "arn:{partition}:ec2:{region}:{account}:vpc-peering-connection/{key}"),
    ("ec2.vpn-connection", "arn:{partition}:ec2:{region}:{account}:vpn-connection/{key}"),
    ("ec2.vpn-gateway", "arn:{partition}:ec2:{region}:{account}:vpn-gateway/{key}"),
    ("ecs.cluster", "clusterArn"),
    ("ecs.service", "key"),
    ("ecs.task-definition", "key"),
    ("elbv2.listener", "key"),
    ("elbv2.load-balancer", "key"),
    ("elbv2.rule", "key"),
    ("elbv2.target-group", "key"),
    ("events.rule", "key"),
    ("iam.instance-profile", "Arn"),
    ("kms.key", "Arn"),
    ("lambda.function", "FunctionArn"),
    ("logs.group", "arn:{partition}:logs:{region}:{account}:log-group:{name}"),
    ("rds.db-cluster", "DBClusterArn"),
    ("rds.db-cluster-parameter-group", "DBClusterParameterGroupArn"),
    ("rds.db-instance", "DBInstanceArn"),
    ("rds.db-parameter-group", "DBParameterGroupArn"),
    ("rds.db-subnet-group", "DBSubnetGroupArn"),
    ("rds.event-subscription", "EventSubscriptionArn"),
    ("rds.option-group", "OptionGroupArn"),
    ("route53.health-check", "arn:{partition}:route53:::healthcheck/{key}"),
    ("route53.zone", "arn:{partition}:route53:::hostedzone/{key}"),
    ("s3.bucket", "arn:{partition}:s3:::{key}"),
    ("secretsmanager.secret", "ARN"),
    ("sns.topic", "key"),
    ("ssm.parameter", "arn:{partition}:ssm:{region}:{account}:parameter/{name}"),
];

/// Where global services are asked.
const GLOBAL: &str = "us-east-1";

fn arn(world: &World, table: &str, place: &str, key: &str, row: &Json, region: &str) -> Option<String> {
    if place == "key" {
        return Some(key.to_owned());
    }
    if !place.starts_with("arn:") {
        return row[place].as_str().map(ToOwned::to_owned);
    }
    let name = match table {
        "dms.subnet-group" => row["ReplicationSubnetGroupIdentifier"].as_str(),
        "logs.group" => row["logGroupName"].as_str(),
        "ssm.parameter" => row["Name"].as_str().map(|name| name.trim_start_matches('/')),
        _ => None,
    };
    let partition = world.arn("s3", "", "x");
    let partition = partition.split(':').nth(1).unwrap_or("aws");
    let last = key.rsplit('/').next().unwrap_or(key);
    Some(
        place
            .replace("{partition}", partition)
            .replace("{region}", region)
            .replace("{account}", &world.account)
            .replace("{key}", last)
            .replace("{name}", name.unwrap_or(last)),
    )
}

/// The tags of a row, in whatever form its service keeps them.
fn tags(table: &str, row: &Json) -> BTreeMap<String, String> {
    let kept = match table {
        "s3.bucket" => &row["_sub"]["TagSet"],
        _ if !row["_tags"].is_null() => &row["_tags"],
        "rds.db-cluster" => &row["TagList"],
        _ => &row["Tags"],
    };
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    match kept {
        Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Json::Array(list) => list.iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect(),
        _ => BTreeMap::new(),
    }
}

/// ARN and tags of a row, if it has any and the region shows it.
fn of_row(
    world: &World,
    (table, place): (&str, &str),
    (key, row): (&str, &Json),
    region: &str,
) -> Option<(String, BTreeMap<String, String>)> {
    let tags = tags(table, row);
    let status = row["status"].as_str().or(row["State"].as_str()).unwrap_or_default();
    if tags.is_empty() || matches!(status, "INACTIVE" | "DELETE_IN_PROGRESS" | "deleted") {
        return None;
    }
    let arn = arn(world, table, place, key, row, region)?;
    let there = arn.split(':').nth(3).unwrap_or_default();
    let here = row["_region"].as_str().unwrap_or(if there.is_empty() { GLOBAL } else { there });
    (here == region).then_some((arn, tags))
}

/// Everything with tags that the region shows: ARN and tags, by ARN.
fn tagged(world: &World, region: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (table, place) in TABLES {
        found.extend(world.rows(table).filter_map(|row| of_row(world, (table, place), row, region)));
    }
    of_cloudcontrol(world, region, &mut found);
    found
}

/// The same from a place on: objects of a table after a key, then all of the tables after it. A page looks at no more
/// than it shows and passes over.
fn tagged_from<'w>(
    world: &'w World,
    region: &'w str,
    (first, after): (usize, Option<String>),
) -> impl Iterator<Item = ((usize, String), String, BTreeMap<String, String>)> + 'w {
    let last = after.clone();
    let rows = TABLES.iter().enumerate().skip(first).flat_map(move |(at, (table, place))| {
        let after = after.as_deref().filter(|_| at == first);
        world.rows_after(table, after).filter_map(move |(key, row)| {
            let (arn, tags) = of_row(world, (table, place), (key, row), region)?;
            Some(((at, key.to_owned()), arn, tags))
        })
    });
    let others = std::iter::once(()).flat_map(move |()| {
        let mut found = BTreeMap::new();
        of_cloudcontrol(world, region, &mut found);
        let last = last.clone().filter(|_| first >= TABLES.len());
        let rest = found.into_iter().filter(move |(arn, _)| last.as_ref().is_none_or(|last| arn > last));
        rest.map(|(arn, tags)| ((TABLES.len(), arn.clone()), arn, tags))
    });
    rows.chain(others)
}

/// Objects of types that only Cloud Control knows: with the ARN that they show or, where their schema shows none, one of
/// the usual form.
fn of_cloudcontrol(world: &World, region: &str, found: &mut BTreeMap<String, BTreeMap<String, String>>) {
    for table in world.census().into_keys() {
        let Some(kind) = table.strip_prefix("cloudcontrol.") else { continue };
        let Some(schema) = crate::schema::of(kind) else { continue };
        let place = schema.document()["tagging"]["tagProperty"].as_str().unwrap_or_default();
        let place = place.strip_prefix("/properties/").unwrap_or("Tags");
        let noun = kind.rsplit("::").next().unwrap_or_default();
        let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
        for (key, row) in world.rows(&table) {
            let shown = &row["Properties"];
            let tags = named(&shown[place]);
            if tags.is_empty() || !key.starts_with(&format!("{region}/")) || row["_status"] == "creating" {
                continue;
            }
            let identifier = row["Identifier"].as_str().unwrap_or_default();
            let arns = [&shown["Arn"], &shown[format!("{noun}Arn").as_str()], &row["Identifier"]];
            let arn = arns.into_iter().filter_map(Json::as_str).find(|text| text.starts_with("arn:"));
            let usual = || {
                let account = &world.account;
                format!("arn:aws:{service}:{region}:{account}:{}/{identifier}", noun.to_lowercase())
            };
            found.insert(arn.map_or_else(usual, str::to_owned), tags);
        }
    }
}

/// Tags in any of the forms in which published schemas have them.
fn named(kept: &Json) -> BTreeMap<String, String> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    match kept {
        Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Json::Array(list) => list
            .iter()
            .map(|tag| match tag["TagKey"].is_null() {
                true => (text(&tag["Key"]), text(&tag["Value"])),
                false => (text(&tag["TagKey"]), text(&tag["TagValue"])),
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

/// Whether an ARN belongs to one of the wanted types: `ec2`, or `ec2:vpc`.
fn of_type(arn: &str, wanted: &[&str]) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let (service, rest) =
        (parts.get(2).copied().unwrap_or_default(), parts.get(5).copied().unwrap_or_default());
    let kind = rest.split(['/', ':']).next().unwrap_or_default();
    wanted.is_empty() || wanted.iter().any(|want| *want == service || *want == format!("{service}:{kind}"))
}

/// `GetResources`.
fn resources(world: &mut World, rq: &Request<'_>) -> Reply {
    let filters = rq.list("TagFilters");
    if filters.len() > 50 {
        return Err(invalid("You can specify up to 50 TagFilters"));
    }
    let (types, arns) = (rq.texts("ResourceTypeFilters"), rq.texts("ResourceARNList"));
    let fits = |tags: &BTreeMap<String, String>| {
        filters.iter().all(|filter| {
            let values = filter["Values"].as_array();
            let wanted = |value: &String| {
                values.is_none_or(|all| all.is_empty() || all.iter().any(|one| one.as_str() == Some(value)))
            };
            tags.get(filter["Key"].as_str().unwrap_or_default()).is_some_and(wanted)
        })
    };
    let bad = |token: &str| invalid(format!("The token '{token}' is invalid"));
    let from = match rq.opt("PaginationToken").filter(|token| !token.is_empty()) {
        None => (0, None),
        Some(token) => {
            let (table, key) = token
                .strip_prefix("next-")
                .and_then(|rest| rest.split_once('.'))
                .ok_or_else(|| bad(token))?;
            (table.parse().map_err(|_| bad(token))?, Some(key.to_owned()))
        }
    };
    let size =
        rq.int("ResourcesPerPage").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(50);
    let fitting = tagged_from(world, rq.region, from).filter(|(_, arn, tags)| {
        fits(tags) && of_type(arn, &types) && (arns.is_empty() || arns.contains(&arn.as_str()))
    });
    let (mut page, mut last, mut next) = (Vec::new(), None, String::new());
    for (place, arn, tags) in fitting {
        if let Some((table, key)) = last.take_if(|_| page.len() == size) {
            next = format!("next-{table}.{key}");
            break;
        }
        let tags: Vec<Json> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        page.push(json!({"ResourceARN": arn, "Tags": tags}));
        last = Some(place);
    }
    Ok(json!({"ResourceTagMappingList": page, "PaginationToken": next}))
}

/// `GetTagKeys`.
fn keys(world: &mut World, rq: &Request<'_>) -> Reply {
    let keys: BTreeSet<String> =
        tagged(world, rq.region).into_values().flat_map(BTreeMap::into_keys).collect();
    Ok(json!({"TagKeys": keys, "PaginationToken": ""}))
}

/// `GetTagValues`.
fn values(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = rq.text("Key");
    let values: BTreeSet<String> =
        tagged(world, rq.region).into_values().filter_map(|mut tags| tags.remove(key)).collect();
    Ok(json!({"TagValues": values, "PaginationToken": ""}))
}
