//! Metric filters and subscription filters of log groups, kept in the group's row: they go with it.

use serde_json::{Value as Json, json};

use super::{GROUPS, group, group_mut, invalid, key, patterns};
use crate::sandbox::{Fault, Reply, Request, World, done, services::cloudwatch};

/// Most metric filters of a group (User Guide, quotas).
const METRICS: usize = 100;
/// Most subscription filters of a group.
const SUBSCRIPTIONS: usize = 2;

fn pattern(rq: &Request<'_>) -> Result<patterns::Pattern, Fault> {
    patterns::read(rq.text("filterPattern")).ok_or_else(|| invalid("Invalid filter pattern"))
}

fn all<'r>(row: &'r Json, member: &str) -> &'r [Json] {
    row[member].as_array().map_or(&[], Vec::as_slice)
}

/// Puts a filter in the place of the one of its name, or at the end.
fn put(world: &mut World, rq: &Request<'_>, member: &str, most: usize, mut filter: Json) -> Reply {
    let now = world.date();
    let row = group_mut(world, rq)?;
    let mut list = all(row, member).to_vec();
    match list.iter().position(|old| old["filterName"] == filter["filterName"]) {
        Some(at) => {
            filter["creationTime"] = list[at]["creationTime"].clone();
            list[at] = filter;
        }
        None if list.len() >= most => {
            return Err(Fault::new("LimitExceededException", "Resource limit exceeded."));
        }
        None => {
            filter["creationTime"] = json!(now);
            list.push(filter);
        }
    }
    list.sort_by_key(|filter| filter["filterName"].to_string());
    row["metricFilterCount"] =
        if member == "_metrics" { json!(list.len()) } else { row["metricFilterCount"].clone() };
    row[member] = json!(list);
    done()
}

fn delete(world: &mut World, rq: &Request<'_>, member: &str, missing: &str) -> Reply {
    let row = group_mut(world, rq)?;
    let mut list = all(row, member).to_vec();
    let had = list.len();
    list.retain(|filter| filter["filterName"] != rq.text("filterName"));
    if list.len() == had {
        return Err(Fault::new("ResourceNotFoundException", missing));
    }
    if member == "_metrics" {
        row["metricFilterCount"] = json!(list.len());
    }
    row[member] = json!(list);
    done()
}

/// What is kept of a request.
fn kept(rq: &Request<'_>, members: &[&str]) -> Json {
    let mut filter = json!({});
    for member in members {
        if !rq.get(member).is_null() {
            filter[*member] = rq.get(member).clone();
        }
    }
    filter
}

/// `PutMetricFilter`.
pub fn put_metric(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    pattern(rq)?;
    for wanted in rq.list("metricTransformations") {
        let text = wanted["metricValue"].as_str().unwrap_or_default();
        if text.parse::<f64>().is_err() && !text.starts_with('$') {
            return Err(invalid(format!(
                "Invalid metric value {text}: a number, or $ and the name of a value."
            )));
        }
        let dimensions = wanted["dimensions"].as_object().map_or(0, serde_json::Map::len);
        if dimensions > 3 {
            return Err(invalid("A metric transformation can have up to 3 dimensions."));
        }
        // User Guide, metric filters: a default value is not for metrics with dimensions.
        if dimensions > 0 && !wanted["defaultValue"].is_null() {
            return Err(invalid(
                "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
            ));
        }
        if wanted["metricNamespace"].as_str().is_some_and(|name| name.starts_with("AWS/")) {
            return Err(invalid("Metric namespaces beginning with AWS/ are reserved."));
        }
    }
    let mut filter = kept(
        rq,
        &[
            "filterName",
            "filterPattern",
            "metricTransformations",
            "logGroupName",
            "applyOnTransformedLogs",
            "fieldSelectionCriteria",
            "emitSystemFieldDimensions",
        ],
    );
    if filter["applyOnTransformedLogs"].is_null() {
        filter["applyOnTransformedLogs"] = json!(false);
    }
    put(world, rq, "_metrics", METRICS, filter)
}

/// `DeleteMetricFilter`.
pub fn delete_metric(world: &mut World, rq: &Request<'_>) -> Reply {
    delete(world, rq, "_metrics", "The specified metric filter does not exist.")
}

/// `DescribeMetricFilters`, of a group or of all.
pub fn describe_metrics(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("metricName").is_some() != rq.opt("metricNamespace").is_some() {
        return Err(invalid("metricName and metricNamespace must be given together."));
    }
    let mut found: Vec<Json> = if rq.opt("logGroupName").is_some() {
        all(group(world, rq)?, "_metrics").to_vec()
    } else {
        let here = world.rows(GROUPS).filter(|(_, row)| row["_region"] == rq.region);
        here.flat_map(|(_, row)| all(row, "_metrics").to_vec()).collect()
    };
    let prefix = rq.opt("filterNamePrefix").unwrap_or_default();
    found.retain(|filter| {
        let publishes = |one: &Json| {
            rq.opt("metricName").is_none_or(|name| one["metricName"] == name)
                && rq.opt("metricNamespace").is_none_or(|name| one["metricNamespace"] == name)
        };
        filter["filterName"].as_str().is_some_and(|name| name.starts_with(prefix))
            && all(filter, "metricTransformations").iter().any(publishes)
    });
    let (page, next) = rq.page(found, "limit", "nextToken", 50, "InvalidParameterException")?;
    Ok(json!({"metricFilters": page, "nextToken": next}))
}

/// `TestMetricFilter`.
pub fn test(_world: &mut World, rq: &Request<'_>) -> Reply {
    let pattern = pattern(rq)?;
    let mut matches = Vec::new();
    for (at, message) in rq.texts("logEventMessages").iter().enumerate() {
        if let Some(shown) = pattern.matches(message) {
            let values: serde_json::Map<String, Json> =
                shown.into_iter().map(|(name, value)| (name, json!(value))).collect();
            matches.push(json!({"eventNumber": at + 1, "eventMessage": message, "extractedValues": values}));
        }
    }
    Ok(json!({"matches": matches}))
}

/// Publishes what a group's metric filters find in new events.
pub fn observe(world: &mut World, rq: &Request<'_>, events: &[Json]) {
    let filters = world.get(GROUPS, &key(rq)).map_or_else(Vec::new, |row| all(row, "_metrics").to_vec());
    for filter in filters {
        let Some(pattern) = filter["filterPattern"].as_str().and_then(patterns::read) else { continue };
        for event in events {
            let message = event["message"].as_str().unwrap_or_default();
            let shown = pattern.matches(message);
            for metric in all(&filter, "metricTransformations") {
                let wanted = metric["metricValue"].as_str().unwrap_or_default();
                let value = match &shown {
                    Some(shown) => patterns::value(wanted, message, shown),
                    None => metric["defaultValue"].as_f64(),
                };
                let Some(value) = value else { continue };
                let text = |member: &str| metric[member].as_str().unwrap_or_default();
                cloudwatch::publish(
                    world,
                    rq.region,
                    text("metricNamespace"),
                    text("metricName"),
                    &[],
                    value,
                );
            }
        }
    }
}

/// `PutSubscriptionFilter`. Nothing is sent on: what would receive it is only looked at.
pub fn put_subscription(world: &mut World, rq: &Request<'_>) -> Reply {
    group(world, rq)?;
    pattern(rq)?;
    let (to, role) = (rq.text("destinationArn"), rq.opt("roleArn"));
    let service = to.split(':').nth(2).unwrap_or_default();
    match service {
        "lambda" => {
            let there = world.rows("lambda.function").any(|(_, function)| {
                function["FunctionArn"]
                    .as_str()
                    .is_some_and(|arn| to == arn || to.starts_with(&format!("{arn}:")))
            });
            // As in hashicorp/terraform-provider-aws#8157.
            if !there {
                return Err(invalid(
                    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.",
                ));
            }
        }
        "kinesis" | "firehose" => {
            let Some(role) = role else {
                return Err(invalid(format!("destinationArn for vendor {service} must have a roleArn")));
            };
            let known = [format!("logs.{}.amazonaws.com", rq.region), "logs.amazonaws.com".to_owned()];
            if !known.iter().any(|principal| world.assumable(role, principal).is_ok()) {
                return Err(invalid(format!(
                    "Could not deliver test message to specified {service} stream. Check if the given {service} stream is in ACTIVE state."
                )));
            }
        }
        "logs" => {}
        _ => return Err(invalid(format!("Invalid destination ARN {to}."))),
    }
    if service == "lambda" && role.is_some() {
        return Err(invalid("destinationArn for vendor lambda cannot be used with roleArn"));
    }
    let members = [
        "filterName",
        "filterPattern",
        "destinationArn",
        "roleArn",
        "logGroupName",
        "distribution",
        "applyOnTransformedLogs",
        "emitSystemFields",
        "fieldSelectionCriteria",
    ];
    let mut filter = kept(rq, &members);
    if filter["distribution"].is_null() {
        filter["distribution"] = json!("ByLogStream");
    }
    if filter["applyOnTransformedLogs"].is_null() {
        filter["applyOnTransformedLogs"] = json!(false);
    }
    put(world, rq, "_subscriptions", SUBSCRIPTIONS, filter)
}

/// `DeleteSubscriptionFilter`.
pub fn delete_subscription(world: &mut World, rq: &Request<'_>) -> Reply {
    delete(world, rq, "_subscriptions", "The specified subscription filter does not exist.")
}

/// `DescribeSubscriptionFilters`.
pub fn describe_subscriptions(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = rq.opt("filterNamePrefix").unwrap_or_default();
    let mut found = all(group(world, rq)?, "_subscriptions").to_vec();
    found.retain(|filter| filter["filterName"].as_str().is_some_and(|name| name.starts_with(prefix)));
    let (page, next) = rq.page(found, "limit", "nextToken", 50, "InvalidParameterException")?;
    Ok(json!({"subscriptionFilters": page, "nextToken": next}))
}

/// Saved queries of Logs Insights.
const QUERIES: &str = "logs.query-definition";

/// `PutQueryDefinition`: a new one, or with an id the one of that id.
pub fn put_query(world: &mut World, rq: &Request<'_>) -> Reply {
    for name in rq.texts("logGroupNames") {
        if world.get(GROUPS, &format!("{}/{name}", rq.region)).is_none() {
            return Err(super::no_group());
        }
    }
    let id = match rq.opt("queryDefinitionId") {
        Some(id) if world.get(QUERIES, &format!("{}/{id}", rq.region)).is_some() => id.to_owned(),
        Some(_) => return Err(no_query()),
        None => world.uuid(),
    };
    let mut row = kept(rq, &["name", "queryString", "logGroupNames", "parameters", "queryLanguage"]);
    row["queryDefinitionId"] = json!(id);
    row["lastModified"] = json!(world.date());
    row["_region"] = json!(rq.region);
    if row["queryLanguage"].is_null() {
        row["queryLanguage"] = json!("CWLI");
    }
    world.put(QUERIES, &format!("{}/{id}", rq.region), row);
    Ok(json!({"queryDefinitionId": id}))
}

fn no_query() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified query definition does not exist.")
}

/// `DeleteQueryDefinition`.
pub fn delete_query(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = format!("{}/{}", rq.region, rq.text("queryDefinitionId"));
    world.remove(QUERIES, &key).ok_or_else(no_query)?;
    Ok(json!({"success": true}))
}

/// `DescribeQueryDefinitions`.
pub fn describe_queries(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = rq.opt("queryDefinitionNamePrefix").unwrap_or_default();
    let found = world
        .rows(QUERIES)
        .map(|(_, row)| row)
        .filter(|row| row["_region"] == rq.region)
        .filter(|row| row["name"].as_str().is_some_and(|name| name.starts_with(prefix)))
        .filter(|row| rq.opt("queryLanguage").is_none_or(|language| row["queryLanguage"] == language))
        .cloned()
        .collect();
    let (page, next) = rq.page(found, "maxResults", "nextToken", 1_000, "InvalidParameterException")?;
    Ok(json!({"queryDefinitions": page, "nextToken": next}))
}
