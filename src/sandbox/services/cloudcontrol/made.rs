//! What AWS makes up for a new object: names nobody gave, identifiers, read-only properties.

use fancy_regex::Regex;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{forms, model::Model, texts};
use crate::sandbox::World;

/// What a new object is called and numbered by.
pub struct Maker<'m> {
    model: Model,
    region: &'m str,
    account: String,
    partition: &'static str,
    name: String,
    /// Forty hexadecimal digits that no other object has.
    unique: String,
    date: f64,
}

fn set(properties: &mut Json, pointer: &str, value: Json) {
    let mut parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
    let Some(last) = parts.pop() else { return };
    let mut place = properties;
    for part in parts {
        if !place[part].is_object() {
            place[part] = json!({});
        }
        place = &mut place[part];
    }
    place[last] = value;
}

impl<'m> Maker<'m> {
    /// For an object of those properties.
    pub fn new(world: &mut World, model: Model, region: &'m str, properties: &Json) -> Self {
        let unique =
            hex::encode(Sha256::digest(format!("{}{}", model.name(), world.hex(16))))[..40].to_owned();
        let noun = model.noun();
        let given =
            [format!("{noun}Name"), "Name".to_owned(), format!("{noun}Id"), format!("{noun}Identifier")];
        let name = given.iter().find_map(|name| properties[name.as_str()].as_str());
        let name = name.map_or_else(|| format!("{}-{}", noun.to_lowercase(), &unique[..12]), str::to_owned);
        let (account, partition) = (world.account.clone(), crate::sandbox::partition(region));
        let date = world.now_secs();
        Self { model, region, account, partition, name, unique, date }
    }

    /// Fills in what is missing of the identifier, and everything that is read-only.
    pub fn complete(&self, properties: &mut Json) {
        let read_only = self.model.pointers("readOnlyProperties");
        for pointer in self.model.pointers("primaryIdentifier").into_iter().chain(self.named()) {
            if !read_only.contains(&pointer) && properties.pointer(&pointer).is_none() {
                let value = self.formed(properties, &pointer);
                let value = value.unwrap_or_else(|| self.value(&pointer, self.model.node(&pointer)));
                set(properties, &pointer, value);
            }
        }
        for pointer in read_only.iter().filter(|pointer| !pointer.contains('*')) {
            let node = self.model.node(pointer);
            if properties.pointer(pointer).is_none() && !node.is_null() {
                match self.formed(properties, pointer) {
                    Some(Json::Null) => {}
                    Some(value) => set(properties, pointer, value),
                    None => set(properties, pointer, self.value(pointer, node)),
                }
            }
        }
    }

    /// What there is only with another property, after a change of properties.
    pub fn follow(&self, properties: &mut Json) {
        for (_, property, _, when) in forms::of_kind(self.model.name()) {
            let Some(when) = when else { continue };
            let read_only = self.model.pointers("readOnlyProperties").contains(&format!("/{property}"));
            if !read_only {
                continue;
            }
            if properties[*when].is_null() {
                if let Some(members) = properties.as_object_mut() {
                    members.remove(*property);
                }
            } else if properties[*property].is_null() {
                let value = self.formed(properties, property);
                set(properties, property, value.unwrap_or_default());
            }
        }
    }

    /// The value of a property whose form is known; null where there is none without another property.
    fn formed(&self, properties: &Json, pointer: &str) -> Option<Json> {
        let property = pointer.trim_start_matches('/');
        let (_, _, form, when) = forms::of(self.model.name(), property)?;
        if when.is_some_and(|when| properties[when].is_null()) {
            return Some(Json::Null);
        }
        let digest = Sha256::digest(format!("{}/{property}", self.unique));
        let word = |name: &str| match name {
            "region" => self.region.to_owned(),
            "account" => self.account.clone(),
            "partition" => self.partition.to_owned(),
            "uuid" => crate::sandbox::ids::uuid(&hex::encode(digest)),
            "moment" => iso(self.date).replace('Z', ".000"),
            other => match other.split_once(':') {
                Some((kind, len)) => forms::characters(kind, len.parse().unwrap_or(1), &digest),
                None => match properties[other].as_str() {
                    Some(text) => text.to_owned(),
                    None => match self.formed(properties, other) {
                        Some(Json::String(text)) => text,
                        _ => self.name.clone(),
                    },
                },
            },
        };
        Some(json!(forms::fill(form, &word)))
    }

    /// The property that names an object of the type, if it has one.
    fn named(&self) -> Option<String> {
        let noun = self.model.noun();
        let names = [format!("/{noun}Name"), "/Name".to_owned()];
        names.into_iter().find(|pointer| self.model.node(pointer)["type"] == "string")
    }

    fn value(&self, pointer: &str, node: &'static Json) -> Json {
        let kind = match &node["type"] {
            Json::Array(kinds) => kinds.first().and_then(Json::as_str),
            kind => kind.as_str(),
        };
        if let Some(first) = node["enum"].as_array().and_then(|values| values.first()) {
            let values = node["enum"].as_array().map_or(&[][..], Vec::as_slice);
            let usable =
                ["ACTIVE", "Active", "AVAILABLE", "available", "READY", "Ready", "ENABLED", "COMPLETE"];
            let usable = usable.iter().map(|word| json!(word)).find(|word| values.contains(word));
            return usable.unwrap_or_else(|| first.clone());
        }
        match kind {
            Some("integer") => json!(node["minimum"].as_i64().unwrap_or(1).max(1)),
            Some("number") => json!(node["minimum"].as_f64().unwrap_or(1.0)),
            Some("boolean") => json!(false),
            Some("array") => {
                let least = node["minItems"].as_u64().unwrap_or_default();
                let item = self.model.follow(&node["items"]);
                Json::Array((0..least).map(|at| self.value(&format!("{pointer}/{at}"), item)).collect())
            }
            Some("object") => self.object(pointer, node),
            None if node["properties"].is_object() => self.object(pointer, node),
            _ => json!(self.text(pointer, node)),
        }
    }

    fn object(&self, pointer: &str, node: &'static Json) -> Json {
        let required = node["required"].as_array();
        let wanted = |name: &str| required.is_none_or(|names| names.iter().any(|one| one == name));
        let members = node["properties"].as_object().into_iter().flatten().filter(|(name, _)| wanted(name));
        // Definitions may refer to themselves.
        let shallow = pointer.matches('/').count() < 5;
        Json::Object(
            members
                .filter(|_| shallow)
                .map(|(name, inner)| {
                    (name.clone(), self.value(&format!("{pointer}/{name}"), self.model.follow(inner)))
                })
                .collect::<Map<String, Json>>(),
        )
    }

    fn text(&self, pointer: &str, node: &'static Json) -> String {
        let name = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
        // What AWS makes up is never empty.
        let least = usize::try_from(node["minLength"].as_u64().unwrap_or(0)).unwrap_or(0).max(1);
        let most = usize::try_from(node["maxLength"].as_u64().unwrap_or(2048)).unwrap_or(2048);
        let pattern = node["pattern"].as_str();
        let regex = pattern.and_then(|pattern| Regex::new(pattern).ok());
        let fits = |text: &str| {
            let length = text.chars().count();
            length >= least
                && length <= most
                && regex.as_ref().is_none_or(|regex| regex.is_match(text).unwrap_or(true))
        };
        let candidates = self.candidates(name);
        let first = candidates.first().cloned().unwrap_or_else(|| self.name.clone());
        let seed = format!("{}{pointer}", self.unique);
        candidates
            .into_iter()
            .find(|text| fits(text))
            .or_else(|| pattern.and_then(|pattern| texts::matching(pattern, least, most, &seed)))
            .unwrap_or(first)
    }

    /// Texts that a property of that name usually holds, the most usual first.
    fn candidates(&self, name: &str) -> Vec<String> {
        let (service, noun) = (self.model.service(), self.model.noun());
        let lower = name.to_lowercase();
        let digits = |len: usize| self.unique[..len].to_owned();
        let uuid = crate::sandbox::ids::uuid(&self.unique);
        let short: String = noun.to_lowercase().chars().take(8).collect();
        if service == "sqs" && lower == "queueurl" {
            return vec![format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name)];
        }
        if lower.ends_with("arn") {
            let what = noun.to_lowercase();
            let arn = |rest: String| {
                format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
            };
            let bare = service == "sqs" || service == "sns";
            let rest = if bare { self.name.clone() } else { format!("{what}/{}", self.name) };
            return vec![arn(rest), arn(format!("{what}:{}", self.name)), arn(self.name.clone())];
        }
        if lower.ends_with("url") || lower.ends_with("uri") {
            return vec![format!("https://{}.{service}.{}.amazonaws.com", self.name, self.region)];
        }
        if ["endpoint", "domainname", "host", "address", "dnsname"].iter().any(|end| lower.ends_with(end)) {
            return vec![format!("{}.{service}.{}.amazonaws.com", self.name, self.region)];
        }
        if ["time", "date", "timestamp"].iter().any(|end| lower.ends_with(end)) || name.ends_with("At") {
            return vec![iso(self.date)];
        }
        if lower.ends_with("accountid") || lower.ends_with("ownerid") || lower.ends_with("account") {
            return vec![self.account.clone()];
        }
        if lower.ends_with("status") || lower.ends_with("state") {
            return vec!["ACTIVE".into()];
        }
        if lower.ends_with("version") {
            return vec!["1".into(), "1.0".into(), "1.0.0".into()];
        }
        if name.ends_with("Id") || lower.ends_with("identifier") {
            let (id, long, bare) = (format!("{short}-{}", digits(17)), uuid, digits(10));
            return vec![id, long, bare, digits(8), digits(32), self.account.clone()];
        }
        if lower.ends_with("name") {
            return vec![self.name.clone()];
        }
        vec![format!("{}-{lower}", self.name), digits(12), uuid]
    }
}

/// A moment as most types show it.
fn iso(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of the calendar")]
    let time = aws_smithy_types::DateTime::from_secs(seconds as i64);
    time.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}
