//! Resource Groups Tagging API: what carries which tags, across the services of one region.
//!
//! The services keep their tags in rows of their own; they are read here in the forms in which they are kept. As on AWS,
//! roles, users and inline policies of IAM are not found ("Supported services", user guide of the tagging API), and what
//! is global is found in us-east-1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::sandbox::{By, Fault, Operation, Reply, Request, World};

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

/// An object that is found: where it stands (a number among [`TABLES`] and beyond, and the key there), its ARN, its tags.
type Found = ((usize, String), String, BTreeMap<String, String>);

/// Rows of a table that may carry what is wanted, from the one after a key on: nothing else is looked at. Who wants nothing wants
/// all that have tags.
fn candidates<'w>(
    world: &'w World,
    table: &'w str,
    filter: Option<&Json>,
    after: Option<&str>,
) -> Box<dyn Iterator<Item = (&'w str, &'w Json)> + 'w> {
    let key = filter.and_then(|filter| filter["Key"].as_str()).unwrap_or_default();
    let values = filter.and_then(|filter| filter["Values"].as_array()).map_or(&[][..], Vec::as_slice);
    let after = after.map(ToOwned::to_owned);
    match values {
        [] => Box::new(world.walk(table, By::Tagged, key.to_owned(), after)),
        [value] => {
            let value = value.as_str().unwrap_or_default().to_owned();
            Box::new(world.walk(table, By::TaggedWith(key.to_owned()), value, after))
        }
        several => {
            let by = By::TaggedWith(key.to_owned());
            let values: BTreeSet<&str> = several.iter().filter_map(Json::as_str).collect();
            let found = values.into_iter().flat_map(|value| world.with(table, &by, value));
            let rows: BTreeMap<&str, &Json> = found.collect();
            Box::new(
                rows.into_iter().filter(move |(key, _)| after.as_deref().is_none_or(|after| *key > after)),
            )
        }
    }
}

/// What has tags, or the tag of a filter, and is shown in the region, from a place on: objects of a table after a key, then all of
/// the tables after it, then what only Cloud Control knows. A page looks at no more than it shows and passes over.
fn tagged_from<'w>(
    world: &'w World,
    region: &'w str,
    filter: Option<&'w Json>,
    (first, after): (usize, Option<String>),
) -> impl Iterator<Item = Found> + 'w {
    let last = after.clone();
    let rows = TABLES.iter().enumerate().skip(first).flat_map(move |(at, (table, place))| {
        let after = after.as_deref().filter(|_| at == first);
        candidates(world, table, filter, after).filter_map(move |(key, row)| {
            let (arn, tags) = of_row(world, (table, place), (key, row), region)?;
            Some(((at, key.to_owned()), arn, tags))
        })
    });
    let after = last.filter(|_| first >= TABLES.len());
    rows.chain(of_cloudcontrol(world, region, after))
}

/// The object of an ARN, if it has tags and the region shows it.
fn of_arn(world: &World, region: &str, wanted: &str) -> Option<Found> {
    let rows = TABLES.iter().enumerate().flat_map(|(at, (table, place))| {
        let rows = if !place.starts_with("arn:") && *place != "key" {
            world.with(table, &By::Path(place), wanted)
        } else {
            // The key is the ARN, or its end, with or without the region in front of it.
            let start = place.replace("{partition}", world.partition()).replace("{region}", region);
            let start = start.replace("{account}", &world.account);
            let end = wanted.strip_prefix(start.split('{').next().unwrap_or_default());
            let end = end.filter(|_| *place != "key").unwrap_or_default();
            let keys =
                [wanted.to_owned(), end.to_owned(), format!("{region}/{end}"), format!("{region}//{end}")];
            keys.iter().filter_map(|key| world.entry(table, key)).collect()
        };
        rows.into_iter().map(move |row| (at, (*table, *place), row))
    });
    let known = rows.filter_map(|(at, of, row)| {
        let (arn, tags) = of_row(world, of, row, region)?;
        (arn == wanted).then(|| ((at, row.0.to_owned()), arn, tags))
    });
    known.chain(of_cloudcontrol(world, region, None).filter(|(_, arn, _)| arn == wanted)).next()
}

/// Objects of types that only Cloud Control knows, after a place (`table|key`): with the ARN that they show or, where their schema
/// shows none, one of the usual form.
fn of_cloudcontrol<'w>(
    world: &'w World,
    region: &'w str,
    after: Option<String>,
) -> impl Iterator<Item = Found> + 'w {
    let (first, key) = match after.as_deref().and_then(|place| place.split_once('|')) {
        Some((table, key)) => (Some(table.to_owned()), Some(key.to_owned())),
        None => (None, None),
    };
    let from = first.clone();
    let tables = world
        .tables_under("cloudcontrol.")
        .filter(move |table| from.as_deref().is_none_or(|from| *table >= from));
    tables.flat_map(move |table| {
        let after = key.as_deref().filter(|_| first.as_deref() == Some(table));
        let kind = table.strip_prefix("cloudcontrol.").unwrap_or_default();
        let schema = crate::schema::of(kind);
        let place = schema.as_ref().and_then(|schema| schema.document()["tagging"]["tagProperty"].as_str());
        let place = place.and_then(|place| place.strip_prefix("/properties/")).unwrap_or("Tags").to_owned();
        let noun = kind.rsplit("::").next().unwrap_or_default();
        let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
        let rows = world.rows_under(table, format!("{region}/"), after).filter(move |_| schema.is_some());
        rows.filter_map(move |(key, row)| {
            let shown = &row["Properties"];
            let tags = named(&shown[place.as_str()]);
            if tags.is_empty() || row["_status"] == "creating" {
                return None;
            }
            let identifier = row["Identifier"].as_str().unwrap_or_default();
            let arns = [&shown["Arn"], &shown[format!("{noun}Arn").as_str()], &row["Identifier"]];
            let arn = arns.into_iter().filter_map(Json::as_str).find(|text| text.starts_with("arn:"));
            let usual = || {
                let account = &world.account;
                format!("arn:aws:{service}:{region}:{account}:{}/{identifier}", noun.to_lowercase())
            };
            Some(((TABLES.len(), format!("{table}|{key}")), arn.map_or_else(usual, str::to_owned), tags))
        })
    })
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
    let listed: Box<dyn Iterator<Item = Found>> = if arns.is_empty() {
        Box::new(tagged_from(world, rq.region, filters.first(), from))
    } else {
        // As many as were named: in the order of their places, like all others.
        let named: BTreeSet<&str> = arns.into_iter().collect();
        let mut found: Vec<Found> =
            named.into_iter().filter_map(|arn| of_arn(world, rq.region, arn)).collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let (first, after) = from;
        Box::new(found.into_iter().filter(move |((table, key), ..)| {
            *table > first || (*table == first && after.as_ref().is_none_or(|after| key > after))
        }))
    };
    let fitting = listed.filter(|(_, arn, tags)| fits(tags) && of_type(arn, &types));
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

/// A filter for one tag, whatever its value or of one value.
fn with_tag(key: &str, value: Option<&str>) -> Json {
    json!({"Key": key, "Values": value.into_iter().collect::<Vec<_>>()})
}

/// Of the texts that tables are found by, those under which the region shows anything.
fn shown(world: &World, region: &str, by: &By, filter: impl Fn(&str) -> Json) -> BTreeSet<String> {
    let mut texts: BTreeSet<String> = TABLES.iter().flat_map(|(table, _)| world.texts(table, by)).collect();
    texts.remove("");
    texts.retain(|text| {
        let filter = filter(text);
        TABLES.iter().any(|(table, place)| {
            let mut rows = candidates(world, table, Some(&filter), None);
            rows.any(|row| of_row(world, (table, place), row, region).is_some())
        })
    });
    texts
}

/// `GetTagKeys`.
fn keys(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut keys = shown(world, rq.region, &By::Tagged, |key| with_tag(key, None));
    keys.extend(of_cloudcontrol(world, rq.region, None).flat_map(|(_, _, tags)| tags.into_keys()));
    Ok(json!({"TagKeys": keys, "PaginationToken": ""}))
}

/// `GetTagValues`.
fn values(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = rq.text("Key");
    let by = By::TaggedWith(key.to_owned());
    let mut values = shown(world, rq.region, &by, |value| with_tag(key, Some(value)));
    values.extend(of_cloudcontrol(world, rq.region, None).filter_map(|(_, _, mut tags)| tags.remove(key)));
    Ok(json!({"TagValues": values, "PaginationToken": ""}))
}
