//! Ownership tags inside the properties: Cloud Control has no calls for tags, types carry them as a property.

use fancy_regex::Regex;
use serde_json::{Map, Value as Json, json};

use crate::{
    aws::{TAG_ADDRESS, TAG_LINEAGE, TAG_MIGRATION, TAG_PREFIX},
    model::Tag,
    resources::Cx,
    schema::{Node, TypeSchema},
};

/// How a type writes its tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A list of objects with these two members, and what else an item must have.
    List { key: &'static str, value: &'static str, propagates: bool },
    /// An object.
    Map,
}

/// Where a type has its tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The top-level property.
    pub property: &'static str,
    form: Form,
}

/// Samples of what ownership tags hold.
const KEYS: &[&str] = &[TAG_MIGRATION, TAG_ADDRESS, TAG_LINEAGE];
const VALUES: &[&str] = &["payments-dev", "app/Queue", "0a1b2c3d4e5f6071.0"];

fn takes(node: Option<Node<'_>>, samples: &[&str]) -> bool {
    let Some(node) = node else { return true };
    let pattern = node.keyword("pattern").as_str();
    let longest = node.keyword("maxLength").as_u64();
    samples.iter().all(|sample| {
        let fits = pattern
            .and_then(|p| Regex::new(p).ok())
            .is_none_or(|regex| regex.is_match(sample).unwrap_or(true));
        // Addresses are long; a type with short tags is not worth a failure.
        fits && longest.is_none_or(|longest| longest >= 63)
    })
}

/// Where a type has its tags; `None` if it cannot carry ownership tags from its creation on, or never shows them.
pub(super) fn place(schema: &'static TypeSchema) -> Option<Place> {
    let property = schema.tag_property()?;
    if schema.is_read_only(property) || schema.is_write_only(property) {
        return None;
    }
    let node = schema.property(property)?;
    if let Some(item) = node.items() {
        let names = [("Key", "Value"), ("TagKey", "TagValue")];
        let (key, value) = names
            .into_iter()
            .find(|(key, value)| item.member(key).is_some() && item.member(value).is_some())?;
        let propagates = item.member("PropagateAtLaunch").is_some();
        let fits = takes(item.member(key), KEYS) && takes(item.member(value), VALUES);
        return fits.then_some(Place { property, form: Form::List { key, value, propagates } });
    }
    if !node.types().contains(&"object") && node.keyword("patternProperties").is_null() {
        return None;
    }
    // An object of named members is no map of tags.
    if node.keyword("properties").as_object().is_some_and(|members| !members.is_empty()) {
        return None;
    }
    let patterns = node.keyword("patternProperties").as_object();
    let keys = patterns.into_iter().flat_map(Map::keys).all(|pattern| {
        Regex::new(pattern).is_ok_and(|regex| KEYS.iter().all(|key| regex.is_match(key).unwrap_or(true)))
    });
    (keys && takes(node.member("any"), VALUES)).then_some(Place { property, form: Form::Map })
}

impl Place {
    fn write(self, tags: &[Tag], own: &Json) -> Json {
        match self.form {
            Form::List { key, value, propagates } => {
                let mut list = own.as_array().cloned().unwrap_or_default();
                list.extend(tags.iter().map(|tag| {
                    let mut item = json!({key: tag.key(), value: tag.value()});
                    if propagates {
                        item["PropagateAtLaunch"] = json!(false);
                    }
                    item
                }));
                Json::Array(list)
            }
            Form::Map => {
                let mut map = own.as_object().cloned().unwrap_or_default();
                map.extend(tags.iter().map(|tag| (tag.key().to_owned(), json!(tag.value()))));
                Json::Object(map)
            }
        }
    }

    /// The property's value with the ownership tags in it.
    pub(super) fn owned(self, cx: &Cx<'_>, properties: &Json) -> Json {
        self.write(&cx.owner.tags(cx.address), &properties[self.property])
    }

    /// All tags of a live object; `None` if it shows none at all.
    pub(super) fn read(self, live: &Json) -> Option<Vec<(String, String)>> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (self.form, &live[self.property]) {
            (Form::List { key, value, .. }, Json::Array(items)) => {
                Some(items.iter().map(|item| (text(&item[key]), text(&item[value]))).collect())
            }
            (Form::Map, Json::Object(map)) => Some(map.iter().map(|(k, v)| (k.clone(), text(v))).collect()),
            _ => None,
        }
    }

    /// Takes ownership tags and AWS's own off a live object's properties.
    pub(super) fn take_off(self, live: &mut Json) {
        let foreign = |key: &str| !key.starts_with(TAG_PREFIX) && !key.starts_with("aws:");
        let empty = match (self.form, &mut live[self.property]) {
            (Form::List { key, .. }, Json::Array(items)) => {
                items.retain(|item| item[key].as_str().is_none_or(foreign));
                items.is_empty()
            }
            (Form::Map, Json::Object(map)) => {
                map.retain(|key, _| foreign(key));
                map.is_empty()
            }
            (_, other) => other.is_null(),
        };
        if empty && let Some(members) = live.as_object_mut() {
            members.remove(self.property);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{resources::bench::Bench, schema};

    fn form(kind: &str) -> Option<Place> {
        place(schema::as_published(kind).unwrap())
    }

    #[test]
    fn tags_are_written_in_the_types_own_form() {
        let bench = Bench::new();
        let queue = form("AWS::SQS::Queue").unwrap();
        let mut live = json!({"QueueName": "q", "Tags": [{"Key": "a", "Value": "1"}]});
        live["Tags"] = bench.cx(|cx| queue.owned(cx, &live));
        assert_eq!(live["Tags"].as_array().map(Vec::len), Some(4));
        assert_eq!(queue.read(&live).unwrap().len(), 4);
        queue.take_off(&mut live);
        assert_eq!(live, json!({"QueueName": "q", "Tags": [{"Key": "a", "Value": "1"}]}));
        let api = form("AWS::ApiGatewayV2::Api").unwrap();
        let mut live = json!({});
        live["Tags"] = bench.cx(|cx| api.owned(cx, &live));
        assert!(live["Tags"]["migrate:lineage"].is_string());
        api.take_off(&mut live);
        assert_eq!(live, json!({}));
        let group = form("AWS::AutoScaling::AutoScalingGroup").unwrap();
        assert_eq!(bench.cx(|cx| group.owned(cx, &json!({})))[0]["PropagateAtLaunch"], json!(false));
    }

    #[test]
    fn types_that_cannot_carry_or_show_ownership_tags_carry_none() {
        for kind in ["AWS::ApiGateway::Method", "AWS::SSO::Application", "AWS::AppRunner::VpcConnector"] {
            assert_eq!(form(kind), None, "{kind}");
        }
    }
}
