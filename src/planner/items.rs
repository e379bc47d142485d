//! Item by item: what differs between a recorded and a desired value, down to the very member of an object, item of a
//! list and member of a JSON document in a text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{PropertyChange, Shown, diff::Resolve};
use crate::model::{Text, Unknown, Value};

/// Members by which AWS tells the items of a list apart, the most telling first.
const KEYS: &[&str] = &[
    "Key",
    "Name",
    "Sid",
    "Id",
    "ID",
    "rule-id",
    "DeviceName",
    "ParameterName",
    "AttributeName",
    "IndexName",
    "ContainerName",
    "OptionName",
    "HeaderName",
    "PolicyName",
    "Priority",
    "name",
    "id",
    "key",
];

/// Longest lists that are compared item by item in any order; beyond that only what both begin and end with is left out.
const MAX_CELLS: usize = 250_000;

/// What differs below one top-level property. Nothing is left out: where no item differs although the values do (another
/// order), both values are shown whole.
pub(super) fn differing(
    name: &str,
    old: Option<&Json>,
    new: Option<&Value>,
    resolve: Resolve<'_>,
) -> Vec<PropertyChange> {
    let mut walk = Walk { resolve, out: Vec::new() };
    walk.compare(name, old, new);
    if walk.out.is_empty() {
        walk.leaf(name, old, new);
    }
    walk.out
}

struct Walk<'r> {
    resolve: Resolve<'r>,
    out: Vec<PropertyChange>,
}

impl Walk<'_> {
    fn compare(&mut self, path: &str, old: Option<&Json>, new: Option<&Value>) {
        match (old, new) {
            (Some(Json::Object(before)), Some(Value::Map(after))) => {
                let old = before.keys().map(String::as_str);
                let keys: BTreeSet<&str> = old.chain(after.keys().map(Text::as_str)).collect();
                for key in keys {
                    self.compare(&format!("{path}.{key}"), before.get(key), after.get(key));
                }
            }
            (Some(Json::Array(before)), Some(Value::List(after))) => self.lists(path, before, after),
            (None | Some(Json::Null), Some(Value::Map(after))) if self.known(new).is_none() => {
                for (key, value) in after {
                    self.compare(&format!("{path}.{key}"), None, Some(value));
                }
            }
            (None | Some(Json::Null), Some(Value::List(after))) if self.known(new).is_none() => {
                self.lists(path, &[], after);
            }
            _ => match self.documents(old, new) {
                Some((before, after)) => self.compare(path, Some(&before), Some(&after)),
                None => self.leaf(path, old, new),
            },
        }
    }

    /// Both sides as JSON documents, where at least one of them is the text of one.
    fn documents(&self, old: Option<&Json>, new: Option<&Value>) -> Option<(Json, Value)> {
        let known = self.known(new)?;
        let (old, new) = (old?, &known);
        if !old.is_string() && !new.is_string() {
            return None;
        }
        Some((document(old)?, Value::from_json(document(new)?)))
    }

    fn known(&self, value: Option<&Value>) -> Option<Json> {
        value.and_then(|value| value.resolve(self.resolve).ok())
    }

    fn lists(&mut self, path: &str, before: &[Json], after: &[Value]) {
        let now: Vec<Option<Json>> = after.iter().map(|value| self.known(Some(value))).collect();
        if let Some(key) = KEYS.iter().find(|key| told_apart(before, after, key)) {
            let old: BTreeMap<String, &Json> = before.iter().map(|item| (label(&item[*key]), item)).collect();
            let new: BTreeSet<String> = after.iter().filter_map(|item| named(item, key)).collect();
            for (name, item) in before.iter().map(|item| (label(&item[*key]), item)) {
                if !new.contains(&name) {
                    self.leaf(&format!("{path}[{name}]"), Some(item), None);
                }
            }
            for value in after {
                let name = named(value, key).unwrap_or_default();
                self.compare(&format!("{path}[{name}]"), old.get(&name).copied(), Some(value));
            }
            return;
        }
        for gap in gaps(before, &now) {
            let (gone, come) = gap;
            let paired = if gone.len() == come.len() { gone.len() } else { 0 };
            for (from, to) in gone.clone().zip(come.clone()).take(paired) {
                self.compare(&format!("{path}.{to}"), Some(&before[from]), Some(&after[to]));
            }
            for from in gone.skip(paired) {
                self.leaf(&format!("{path}.{from}"), Some(&before[from]), None);
            }
            for to in come.skip(paired) {
                self.compare(&format!("{path}.{to}"), None, Some(&after[to]));
            }
        }
    }

    fn leaf(&mut self, path: &str, old: Option<&Json>, new: Option<&Value>) {
        let old =
            old.filter(|value| !value.is_null()).map_or(Shown::Absent, |value| Shown::Value(value.clone()));
        let new = match new.map(|value| value.resolve(self.resolve)) {
            None | Some(Ok(Json::Null)) => Shown::Absent,
            Some(Ok(json)) => Shown::Value(json),
            Some(Err(Unknown::Reference(reference))) => Shown::KnownAfter(reference.to_string()),
            Some(Err(Unknown::Invalid(message))) => Shown::KnownAfter(message),
        };
        if old != new {
            self.out.push(PropertyChange { property: path.to_owned(), old, new, replaces: false });
        }
    }
}

/// An object or a list, as it stands or in a text.
fn document(json: &Json) -> Option<Json> {
    match json {
        Json::String(text) => {
            let parsed: Json = serde_json::from_str(text).ok()?;
            (parsed.is_object() || parsed.is_array()).then_some(parsed)
        }
        Json::Object(_) | Json::Array(_) => Some(json.clone()),
        _ => None,
    }
}

fn label(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), ToOwned::to_owned)
}

fn named(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a member names every item of both lists, and each differently within its list.
fn told_apart(before: &[Json], after: &[Value], key: &str) -> bool {
    let old: Option<Vec<String>> = before
        .iter()
        .map(|item| item.get(key).filter(|name| name.is_string() || name.is_number()).map(label))
        .collect();
    let new: Option<Vec<String>> = after.iter().map(|item| named(item, key)).collect();
    let unique = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let (Some(old), Some(new)) = (old, new) else { return false };
    !(old.is_empty() && new.is_empty()) && unique(&old) && unique(&new)
}

type Gap = (std::ops::Range<usize>, std::ops::Range<usize>);

/// What stands between the items that both lists have in the same order: the longest common subsequence stays.
fn gaps(before: &[Json], after: &[Option<Json>]) -> Vec<Gap> {
    let same = |from: usize, to: usize| after[to].as_ref() == Some(&before[from]);
    let shorter = before.len().min(after.len());
    let head = (0..shorter).take_while(|at| same(*at, *at)).count();
    let tail = (1..=shorter - head).take_while(|back| same(before.len() - back, after.len() - back)).count();
    let (rows, columns) = (before.len() - head - tail, after.len() - head - tail);
    if rows * columns > MAX_CELLS {
        return vec![(head..head + rows, head..head + columns)];
    }
    // longest[i][j]: how many items the two rests that begin at i and j have in common.
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            longest[i][j] = if same(head + i, head + j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut begun = (0, 0);
    let mut found = Vec::new();
    let mut close = |begun: (usize, usize), i: usize, j: usize| {
        if begun != (i, j) {
            found.push((head + begun.0..head + i, head + begun.1..head + j));
        }
    };
    while i < rows && j < columns {
        if same(head + i, head + j) {
            close(begun, i, j);
            (i, j) = (i + 1, j + 1);
            begun = (i, j);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    close(begun, rows, columns);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Reference};
    use serde_json::json;

    /// Path and sign of everything that differs.
    fn described(old: &Json, new: Value) -> Vec<String> {
        let sign = |change: &PropertyChange| match (&change.old, &change.new) {
            (Shown::Absent, _) => '+',
            (_, Shown::Absent) => '-',
            _ => '~',
        };
        let changes = differing("P", Some(old), Some(&new), &|_| None);
        changes.iter().map(|change| format!("{} {}", sign(change), change.property)).collect()
    }

    fn known(old: &Json, new: Json) -> Vec<String> {
        described(old, Value::from_json(new))
    }

    #[test]
    fn items_are_told_by_name_however_they_are_ordered() {
        let old =
            json!([{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}, {"Name": "C", "Value": "3"}]);
        let new =
            json!([{"Name": "D", "Value": "4"}, {"Name": "B", "Value": "9"}, {"Name": "A", "Value": "1"}]);
        assert_eq!(known(&old, new), ["- P[C]", "+ P[D]", "~ P[B].Value"]);
        let old = json!([{"Effect": "Allow", "Sid": "One"}]);
        let new =
            json!([{"Effect": "Allow", "Sid": "One"}, {"Effect": "Allow", "Sid": "Two", "Action": "*"}]);
        assert_eq!(known(&old, new), ["+ P[Two]"]);
    }

    #[test]
    fn items_without_names_are_found_by_what_stays() {
        assert_eq!(known(&json!(["a", "b", "c"]), json!(["b", "c", "d"])), ["- P.0", "+ P.2"]);
        assert_eq!(known(&json!(["a", "b"]), json!(["a", "x"])), ["~ P.1"]);
        assert_eq!(known(&json!([]), json!([{"CidrIp": "0.0.0.0/0"}])), ["+ P.0"]);
        let (old, new) =
            (json!([{"CidrIp": "10.0.0.0/8"}]), json!([{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}]));
        assert_eq!(known(&old, new), ["+ P.1"]);
        // Names that stand twice tell nothing apart.
        let twice = json!([{"Key": "a"}, {"Key": "a"}]);
        assert_eq!(known(&twice, json!([{"Key": "a"}, {"Key": "b"}])), ["~ P.1.Key"]);
    }

    #[test]
    fn documents_in_texts_are_compared_by_their_members() {
        let old = json!("{\"rules\": [{\"rule-id\": \"1\", \"a\": 1}], \"x\": 1}");
        let new = json!("{\"x\":1,\"rules\":[{\"rule-id\":\"1\",\"a\":2},{\"rule-id\":\"2\"}]}");
        assert_eq!(known(&old, new), ["~ P.rules[1].a", "+ P.rules[2]"]);
        // A document in a text against the same as an object.
        assert_eq!(known(&json!("{\"a\": 1}"), json!({"a": 1, "b": 2})), ["+ P.b"]);
    }

    #[test]
    fn what_is_not_known_yet_hides_nothing_beside_it() {
        let reference = Value::Attribute(
            Reference { address: Address::new("app", "Key"), attribute: "Ref".into() }.into(),
        );
        let item = |name: &str, value: Value| {
            Value::Map([("Name".into(), Value::String(name.into())), ("Value".into(), value)].into())
        };
        let new = Value::List(vec![item("A", Value::String("1".into())), item("B", reference)]);
        assert_eq!(
            described(&json!([{"Name": "A", "Value": "0"}]), new),
            ["~ P[A].Value", "+ P[B].Name", "+ P[B].Value"]
        );
    }

    #[test]
    fn another_order_alone_is_shown_whole() {
        let old = json!([{"Name": "A"}, {"Name": "B"}]);
        assert_eq!(known(&old, json!([{"Name": "B"}, {"Name": "A"}])), ["~ P"]);
    }
}
