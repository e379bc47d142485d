//! A place of a schema with its keywords read once: the check of a large plan asks a place for some twenty of them with every
//! value, and looking each up in the document was most of its work.

use std::sync::OnceLock;

use serde_json::{Map, Value as Json};

use super::{TypeSchema, json_types::Types, pattern::Pattern};

/// A place of a schema that is no mere reference.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) json: &'static Json,
    /// Read when somebody asks: schemas are large, plans use little of them, and definitions may contain themselves.
    rules: OnceLock<Box<Rules>>,
}

/// A place inside another.
#[derive(Debug)]
pub(super) enum Link {
    Here(Place),
    /// The definition at that position.
    Definition(usize),
}

/// What a place says.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) types: Types,
    /// `minLength` and `maxLength`.
    pub(crate) length: (Option<u64>, Option<u64>),
    /// `minItems` and `maxItems`.
    pub(crate) count: (Option<u64>, Option<u64>),
    /// `minimum` and `maximum`.
    pub(crate) range: (Option<f64>, Option<f64>),
    /// `exclusiveMinimum` and `exclusiveMaximum`.
    pub(crate) within: (Option<f64>, Option<f64>),
    pub(crate) pattern: Option<Pattern>,
    /// `const`.
    pub(crate) constant: Option<&'static Json>,
    /// `enum`, or else `enumCaseInsensitive`.
    pub(crate) listed: Option<&'static [Json]>,
    /// There is an `enumCaseInsensitive`.
    pub(crate) loose: bool,
    /// `uniqueItems`
    pub(crate) unique: bool,
    /// Only named members are allowed.
    pub(crate) closed: bool,
    pub(crate) required: Vec<&'static str>,
    /// `requiredXor`
    pub(crate) one_of: Vec<&'static str>,
    /// `dependentRequired`
    pub(crate) needs: Vec<(&'static str, Vec<&'static str>)>,
    /// `dependentExcluded`
    pub(crate) excludes: Vec<(&'static str, Vec<&'static str>)>,
    /// What is `required` by each of `anyOf`, and by each of `oneOf`.
    pub(crate) alternatives: Vec<Vec<Vec<&'static str>>>,
    /// Those named, sorted by [`order`].
    members: Vec<(&'static str, Link)>,
    /// What `patternProperties` allows under any name.
    any: Option<Link>,
    items: Option<Link>,
}

impl Place {
    pub(super) fn new(json: &'static Json) -> Self {
        Self { json, rules: OnceLock::new() }
    }

    pub(super) fn rules(&self, schema: &TypeSchema) -> &Rules {
        self.rules.get_or_init(|| Box::new(Rules::of(self.json, schema)))
    }
}

impl Link {
    /// References are followed.
    fn to(mut json: &'static Json, schema: &TypeSchema) -> Self {
        let mut definition = None;
        while let Some(name) = json["$ref"].as_str().and_then(|r| r.strip_prefix("#/definitions/")) {
            json = &schema.document()["definitions"][name];
            definition = schema.definitions.iter().position(|(known, _)| *known == name);
        }
        definition.map_or_else(|| Self::Here(Place::new(json)), Self::Definition)
    }

    fn place<'s>(&'s self, schema: &'s TypeSchema) -> &'s Place {
        match self {
            Self::Here(place) => place,
            Self::Definition(at) => &schema.definitions[*at].1,
        }
    }
}

/// Lengths first: nearly all comparisons end there.
fn order(name: &str) -> (usize, &str) {
    (name.len(), name)
}

fn names(json: &'static Json) -> Vec<&'static str> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn dependents(json: &'static Json) -> Vec<(&'static str, Vec<&'static str>)> {
    json.as_object().into_iter().flatten().map(|(name, others)| (name.as_str(), names(others))).collect()
}

fn alternatives(json: &'static Json) -> impl Iterator<Item = &'static Json> {
    ["oneOf", "anyOf"].into_iter().filter_map(|key| json[key].as_array()).flatten()
}

impl Rules {
    fn of(json: &'static Json, schema: &TypeSchema) -> Self {
        let whole = |low: &str, high: &str| (json[low].as_u64(), json[high].as_u64());
        let number = |low: &str, high: &str| (json[low].as_f64(), json[high].as_f64());
        let loose = json["enumCaseInsensitive"].as_array();
        let any = json["patternProperties"].as_object().and_then(|open| open.values().next());
        let items = Some(&json["items"]).filter(|items| !items.is_null());
        let named = |json: &Json| json["properties"].as_object().is_some_and(|members| !members.is_empty());
        // They are not named for a free-form object.
        let has_members = named(json) || alternatives(json).any(named);
        let required = |alternative: &'static Json| names(&alternative["required"]);
        Self {
            types: Types::new(&json["type"]),
            length: whole("minLength", "maxLength"),
            count: whole("minItems", "maxItems"),
            range: number("minimum", "maximum"),
            within: number("exclusiveMinimum", "exclusiveMaximum"),
            pattern: json["pattern"].as_str().map(Pattern::new),
            constant: Some(&json["const"]).filter(|constant| !constant.is_null()),
            listed: json["enum"].as_array().or(loose).map(Vec::as_slice),
            loose: loose.is_some(),
            unique: json["uniqueItems"] == Json::Bool(true),
            closed: has_members && json["additionalProperties"] != Json::Bool(true),
            required: names(&json["required"]),
            one_of: names(&json["requiredXor"]),
            needs: dependents(&json["dependentRequired"]),
            excludes: dependents(&json["dependentExcluded"]),
            alternatives: ["anyOf", "oneOf"]
                .into_iter()
                .filter_map(|key| json[key].as_array().filter(|all| !all.is_empty()))
                .map(|all| all.iter().map(required).collect())
                .collect(),
            members: Self::links(json, schema),
            any: any.map(|open| Link::to(open, schema)),
            items: items.map(|items| Link::to(items, schema)),
        }
    }

    /// The named members: the object's own go before those of its alternatives, and those before later ones.
    fn links(json: &'static Json, schema: &TypeSchema) -> Vec<(&'static str, Link)> {
        let objects = std::iter::once(json).chain(alternatives(json));
        let mut members: Vec<(&'static str, &'static Json)> = objects
            .filter_map(|object| object["properties"].as_object())
            .flat_map(Map::iter)
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name.as_str(), member))
            .collect();
        // Both keep the first of those that are equal.
        members.sort_by_key(|member| order(member.0));
        members.dedup_by_key(|member| member.0);
        members.into_iter().map(|(name, member)| (name, Link::to(member, schema))).collect()
    }

    pub(super) fn member<'s>(&'s self, name: &str, schema: &'s TypeSchema) -> Option<&'s Place> {
        let at = self.members.binary_search_by(|(known, _)| order(known).cmp(&order(name)));
        let link = match at {
            Ok(at) => &self.members[at].1,
            Err(_) => self.any.as_ref()?,
        };
        Some(link.place(schema))
    }

    pub(super) fn items<'s>(&'s self, schema: &'s TypeSchema) -> Option<&'s Place> {
        Some(self.items.as_ref()?.place(schema))
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
