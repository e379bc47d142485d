//! The operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    found::{Found, candidates, of_arn, of_cloudcontrol, tagged_from},
    rows::{TABLES, of_row},
};
use crate::sandbox::{By, Fault, Reply, Request, World};

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
pub(super) fn resources(world: &mut World, rq: &Request<'_>) -> Reply {
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
pub(super) fn keys(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut keys = shown(world, rq.region, &By::Tagged, |key| with_tag(key, None));
    keys.extend(of_cloudcontrol(world, rq.region, None).flat_map(|(_, _, tags)| tags.into_keys()));
    Ok(json!({"TagKeys": keys, "PaginationToken": ""}))
}

/// `GetTagValues`.
pub(super) fn values(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = rq.text("Key");
    let by = By::TaggedWith(key.to_owned());
    let mut values = shown(world, rq.region, &by, |value| with_tag(key, Some(value)));
    values.extend(of_cloudcontrol(world, rq.region, None).filter_map(|(_, _, mut tags)| tags.remove(key)));
    Ok(json!({"TagValues": values, "PaginationToken": ""}))
}
