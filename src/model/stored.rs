//! Texts as AWS keeps them.

use ipnet::IpNet;
use serde_json::Value as Json;

use super::{Facts, Stored, Value};

impl Stored {
    /// The text as it is kept; `None` if it is kept as it was written, or is no text of that kind.
    #[must_use]
    pub fn form(self, text: &str) -> Option<String> {
        // A secret, or what stands for one, is nobody's to rewrite.
        if text.contains("{{resolve:") {
            return None;
        }
        let kept = match self {
            Self::Lowercase => text.to_lowercase(),
            Self::Network => text.parse::<IpNet>().ok()?.trunc().to_string(),
        };
        (kept != text).then_some(kept)
    }
}

/// Rewrites the properties of a plan.
pub fn keep(facts: &Facts, properties: &mut Value) {
    for (path, form) in facts.stored {
        let parts: Vec<&str> = path.split('.').collect();
        rewrite(&parts, *form, properties);
    }
}

fn rewrite(path: &[&str], form: Stored, value: &mut Value) {
    match (path, value) {
        ([], Value::String(text)) => {
            if let Some(kept) = form.form(text) {
                *text = kept.into();
            }
        }
        (["*", rest @ ..], Value::List(items)) => {
            items.iter_mut().for_each(|item| rewrite(rest, form, item));
        }
        ([name, rest @ ..], Value::Map(members)) => {
            if let Some(member) = members.get_mut(name) {
                rewrite(rest, form, member);
            }
        }
        _ => {}
    }
}

/// One top-level property as AWS keeps it, for what earlier versions recorded as it was written.
#[must_use]
pub fn kept(facts: &Facts, property: &str, value: &Json) -> Option<Json> {
    let mut changed = None;
    for (path, form) in facts.stored {
        let mut parts = path.split('.');
        if parts.next() == Some(property) {
            let parts: Vec<&str> = parts.collect();
            rewrite_json(&parts, *form, changed.get_or_insert_with(|| value.clone()));
        }
    }
    changed
}

fn rewrite_json(path: &[&str], form: Stored, value: &mut Json) {
    match (path, value) {
        ([], Json::String(text)) => {
            if let Some(kept) = form.form(text) {
                *text = kept;
            }
        }
        (["*", rest @ ..], Json::Array(items)) => {
            items.iter_mut().for_each(|item| rewrite_json(rest, form, item));
        }
        ([name, rest @ ..], Json::Object(members)) => {
            if let Some(member) = members.get_mut(*name) {
                rewrite_json(rest, form, member);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_what_aws_keeps() {
        assert_eq!(Stored::Lowercase.form("MySQL").as_deref(), Some("mysql"));
        assert_eq!(Stored::Lowercase.form("mysql"), None);
        assert_eq!(Stored::Lowercase.form("{{resolve:ssm:/Engine}}"), None);
        assert_eq!(Stored::Network.form("10.0.0.9/24").as_deref(), Some("10.0.0.0/24"));
        assert_eq!(Stored::Network.form("2001:DB8:0::1/64").as_deref(), Some("2001:db8::/64"));
        assert_eq!(Stored::Network.form("10.0.0.0/24"), None);
        assert_eq!(Stored::Network.form("no block"), None);
    }

    #[test]
    fn nested_texts_are_found() {
        let facts = Facts {
            stored: &[("Rules.*.Cidr", Stored::Network), ("Name", Stored::Lowercase)],
            ..Facts::new("A::B::C", "b")
        };
        let rules = json!([{"Cidr": "10.0.0.9/24"}, {"Cidr": 7}, "x"]);
        assert_eq!(kept(&facts, "Rules", &rules), Some(json!([{"Cidr": "10.0.0.0/24"}, {"Cidr": 7}, "x"])));
        assert_eq!(kept(&facts, "Other", &rules), None);
        let mut value = Value::from_json(json!({"Rules": rules, "Name": "A", "Other": "A"}));
        keep(&facts, &mut value);
        let wanted = json!({"Rules": [{"Cidr": "10.0.0.0/24"}, {"Cidr": 7}, "x"], "Name": "a", "Other": "A"});
        assert_eq!(value.known(), Some(wanted));
    }
}
