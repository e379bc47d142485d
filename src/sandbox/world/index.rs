//! Finds the rows of a table by what a member holds, without looking at the others.
//!
//! An index is made when somebody first asks by that member, and brought up to date when it is asked again: whoever changes a
//! row only leaves its key. It is no part of the world's state: a copy begins without any.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value as Json;

use super::store::Table;

/// What rows are found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Texts at the end of a path (`Attachments.VpcId`); lists on the way are entered.
    Path(&'static str),
    /// The value of a tag, in a list of tags: the list's member, and the tag's key.
    Tag(&'static str, String),
}

impl By {
    /// What a row is found by.
    fn texts<'r>(&self, row: &'r Json) -> BTreeSet<&'r str> {
        match self {
            Self::Path(path) => {
                let mut at = vec![row];
                for part in path.split('.') {
                    let values = at.into_iter().map(|value| &value[part]);
                    at = values.flat_map(entered).collect();
                }
                at.into_iter().filter_map(Json::as_str).collect()
            }
            Self::Tag(list, key) => {
                let tags = row[*list].as_array().into_iter().flatten();
                tags.filter(|tag| tag["Key"] == key.as_str())
                    .filter_map(|tag| tag["Value"].as_str())
                    .collect()
            }
        }
    }
}

fn entered(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// Keys by one member's texts.
#[derive(Debug, Default)]
struct Member {
    keys: HashMap<String, BTreeSet<String>>,
    /// Under which texts a key stands.
    texts: HashMap<String, Vec<String>>,
}

impl Member {
    fn take(&mut self, key: &str) {
        for text in self.texts.remove(key).unwrap_or_default() {
            if let Some(keys) = self.keys.get_mut(&text) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&text);
                }
            }
        }
    }

    fn put(&mut self, by: &By, key: &str, row: &Json) {
        for text in by.texts(row) {
            self.keys.entry(text.to_owned()).or_default().insert(key.to_owned());
            self.texts.entry(key.to_owned()).or_default().push(text.to_owned());
        }
    }
}

/// The indexes of one table.
#[derive(Debug, Default)]
struct OfTable {
    members: BTreeMap<By, Member>,
    /// Keys of rows that were changed since.
    changed: BTreeSet<String>,
}

/// The indexes of a world; made as they are asked for.
#[derive(Debug, Default)]
pub(super) struct Lazily(Mutex<Indexes>);

impl Clone for Lazily {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Lazily {
    pub fn get(&self) -> MutexGuard<'_, Indexes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get_mut(&mut self) -> &mut Indexes {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The indexes of all tables.
#[derive(Debug, Default)]
pub(super) struct Indexes(HashMap<String, OfTable>);

impl Indexes {
    /// A row was changed, added or removed.
    pub fn note(&mut self, table: &str, key: &str) {
        if let Some(of) = self.0.get_mut(table) {
            of.changed.insert(key.to_owned());
        }
    }

    /// Keys of the rows with that text, in order.
    pub fn keys(&mut self, table: &str, rows: &Table, by: &By, text: &str) -> Vec<String> {
        if !self.0.contains_key(table) {
            self.0.insert(table.to_owned(), OfTable::default());
        }
        let Some(of) = self.0.get_mut(table) else { return Vec::new() };
        for key in std::mem::take(&mut of.changed) {
            for (by, member) in &mut of.members {
                member.take(&key);
                if let Some(row) = rows.get(&key) {
                    member.put(by, &key, row);
                }
            }
        }
        if !of.members.contains_key(by) {
            let mut member = Member::default();
            for (key, row) in rows {
                member.put(by, key, row);
            }
            of.members.insert(by.clone(), member);
        }
        let member = of.members.get(by);
        member.and_then(|member| member.keys.get(text)).into_iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::By;
    use crate::sandbox::World;

    #[test]
    fn an_index_follows_every_change_of_its_table() {
        let mut world = World::new(1, 0);
        let by = By::Path("List.Of");
        let found = |world: &World, text: &str| {
            world.with("t", &by, text).iter().map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>()
        };
        world.put("t", "b", json!({"List": [{"Of": "x"}, {"Of": "y"}]}));
        world.put("t", "a", json!({"List": [{"Of": "x"}]}));
        assert_eq!(found(&world, "x"), ["a", "b"]);
        assert_eq!(found(&world, "y"), ["b"]);
        world.get_mut("t", "b").unwrap()["List"] = json!([{"Of": "z"}]);
        world.remove("t", "a");
        world.put("t", "c", json!({"List": {"Of": "y"}}));
        assert!(found(&world, "x").is_empty());
        assert_eq!((found(&world, "y"), found(&world, "z")), (vec!["c".to_owned()], vec!["b".to_owned()]));
        // A copy has none, and makes its own; what another process did is seen too.
        let mut copy = world.clone();
        copy.put("t", "d", json!({"List": {"Of": "y"}}));
        assert_eq!((found(&copy, "y").len(), found(&world, "y").len()), (2, 1));
        let delta = copy.take_delta().unwrap();
        world.apply(delta);
        assert_eq!(found(&world, "y"), ["c", "d"]);
        let tag = By::Tag("Tags", "k".into());
        world.put("t", "e", json!({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "w"}]}));
        assert_eq!(world.with("t", &tag, "v").len(), 1);
        assert!(world.with("t", &tag, "w").is_empty());
    }
}
