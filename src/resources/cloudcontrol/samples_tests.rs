//! Properties that a schema allows, made for tests: every required property, and some that are not.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::{
    sandbox::services::cloudcontrol::texts,
    schema::{self, TypeSchema},
};

/// Properties of a new object and, if the type has a property that can be changed in place, the same with another value.
pub struct Sample {
    pub properties: Json,
    pub changed: Option<(String, Json)>,
}

struct Generator<'s> {
    schema: &'s TypeSchema,
    seed: String,
}

/// The published types that Cloud Control deploys, in an order that has nothing to do with their names.
pub fn deployable() -> Vec<String> {
    let kinds = schema::published().into_iter().filter(|kind| super::find(kind).is_some());
    let shuffled: BTreeMap<Vec<u8>, String> =
        kinds.map(|kind| (Sha256::digest(format!("order:{kind}")).to_vec(), kind)).collect();
    shuffled.into_values().collect()
}

/// A sample for a type; `None` where the schema demands more than its single properties say.
pub fn sample(schema: &TypeSchema) -> Option<Sample> {
    let generator = Generator { schema, seed: schema.kind().to_owned() };
    let mut properties = generator.object(schema.document(), "", 0)?;
    let mut changed = None;
    for name in schema.properties().filter(|name| !schema.is_read_only(name)) {
        let node = &schema.document()["properties"][name];
        let fixed = schema.create_only().any(|path| path.split('/').next() == Some(name))
            || schema.is_conditional_create_only(name)
            || schema.write_only().any(|path| path.split('/').next() == Some(name))
            || Some(name) == schema.tag_property()
            || schema.identifier().contains(&name);
        if fixed || changed.is_some() {
            continue;
        }
        let other = Generator { schema, seed: format!("other:{name}") };
        let (one, two) = (generator.value(node, name, 0), other.value(node, name, 0));
        if let (Some(one), Some(two)) = (one, two)
            && one != two
        {
            properties[name] = one;
            changed = Some((name.to_owned(), two));
        }
    }
    Some(Sample { properties, changed })
}

impl Generator<'_> {
    fn follow<'n>(&'n self, mut node: &'n Json) -> &'n Json {
        while let Some(name) = node["$ref"].as_str().and_then(|to| to.strip_prefix("#/definitions/")) {
            node = &self.schema.document()["definitions"][name];
        }
        node
    }

    /// A number below `most` that depends on the place.
    fn pick(&self, place: &str, most: usize) -> usize {
        let digest = Sha256::digest(format!("{}{place}", self.seed));
        usize::from(digest[0]) % most.max(1)
    }

    fn object(&self, node: &Json, place: &str, depth: usize) -> Option<Json> {
        if depth > 6 || ["oneOf", "anyOf", "allOf"].iter().any(|key| !node[*key].is_null()) {
            return None;
        }
        let mut members = Map::new();
        for name in node["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            let path = if place.is_empty() { name.to_owned() } else { format!("{place}/{name}") };
            if self.schema.is_read_only(&path) {
                continue;
            }
            members.insert(name.to_owned(), self.value(&node["properties"][name], &path, depth)?);
        }
        Some(Json::Object(members))
    }

    fn value(&self, node: &Json, place: &str, depth: usize) -> Option<Json> {
        let node = self.follow(node);
        if let Some(values) = node["enum"].as_array() {
            return values.get(self.pick(place, values.len())).cloned();
        }
        if !node["const"].is_null() {
            return Some(node["const"].clone());
        }
        let kind = match &node["type"] {
            Json::Array(kinds) => kinds.first().and_then(Json::as_str),
            kind => kind.as_str(),
        };
        let least = |key: &str| usize::try_from(node[key].as_u64().unwrap_or(0)).unwrap_or(0);
        Some(match kind {
            Some("boolean") => json!(self.pick(place, 2) == 0),
            Some("integer" | "number") => {
                let low = node["minimum"].as_f64().unwrap_or(1.0).max(-1e9);
                let high = node["maximum"].as_f64().unwrap_or(low + 100.0);
                #[expect(clippy::cast_possible_truncation, reason = "whole numbers of the schema's bounds")]
                let (low, high) = (low.ceil() as i64, high.floor() as i64);
                let room = usize::try_from(high.saturating_sub(low)).unwrap_or(0).min(100) + 1;
                json!(low + i64::try_from(self.pick(place, room)).ok()?)
            }
            Some("array") => {
                let items: Option<Vec<Json>> = (0..least("minItems").max(1))
                    .map(|at| {
                        let item = Generator { schema: self.schema, seed: format!("{}{at}", self.seed) };
                        item.value(&node["items"], &format!("{place}/*"), depth + 1)
                    })
                    .collect();
                Json::Array(items?)
            }
            Some("object") => self.object(node, place, depth + 1)?,
            None if node["properties"].is_object() => self.object(node, place, depth + 1)?,
            Some("string") => {
                let most = usize::try_from(node["maxLength"].as_u64().unwrap_or(64)).unwrap_or(64);
                let seed = hex::encode(Sha256::digest(format!("{}{place}", self.seed)));
                match node["pattern"].as_str() {
                    Some(pattern) => json!(texts::matching(pattern, least("minLength").max(1), most, &seed)?),
                    None => json!(
                        seed.chars().cycle().take(least("minLength").max(12).min(most)).collect::<String>()
                    ),
                }
            }
            _ => json!({}),
        })
    }
}
