//! Objects that are found by their tags or by their ARN, in the order of their places.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::rows::{TABLES, of_row};
use crate::sandbox::{By, World};

/// An object that is found: where it stands (a number among [`TABLES`] and beyond, and the key there), its ARN, its tags.
pub(super) type Found = ((usize, String), String, BTreeMap<String, String>);

/// Rows of a table that may carry what is wanted, from the one after a key on: nothing else is looked at. Who wants nothing wants
/// all that have tags.
pub(super) fn candidates<'w>(
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
pub(super) fn tagged_from<'w>(
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
pub(super) fn of_arn(world: &World, region: &str, wanted: &str) -> Option<Found> {
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
pub(super) fn of_cloudcontrol<'w>(
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
