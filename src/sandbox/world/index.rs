//! Finds the rows of a table by what a member holds, without looking at the others.
//!
//! An index is made when somebody first asks by that member, and brought up to date when it is asked again: whoever changes a
//! row only leaves its key. It is no part of the world's state: a copy begins without any.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
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
    /// A member's text regardless of case: it is found by its lower case.
    Lower(&'static str),
    /// The keys of a row's tags, wherever its service keeps them, and the empty text for all rows with tags.
    Tagged,
    /// The values of the tag of that key, wherever its service keeps it.
    TaggedWith(String),
}

impl By {
    /// What a row is found by.
    fn texts<'r>(&self, row: &'r Json) -> BTreeSet<Cow<'r, str>> {
        match self {
            Self::Path(path) => {
                let mut at = vec![row];
                for part in path.split('.') {
                    let values = at.into_iter().map(|value| &value[part]);
                    at = values.flat_map(entered).collect();
                }
                at.into_iter().filter_map(Json::as_str).map(Cow::Borrowed).collect()
            }
            Self::Tag(list, key) => {
                let tags = row[*list].as_array().into_iter().flatten();
                tags.filter(|tag| tag["Key"] == key.as_str())
                    .filter_map(|tag| tag["Value"].as_str())
                    .map(Cow::Borrowed)
                    .collect()
            }
            Self::Lower(member) => {
                row[*member].as_str().map(|text| text.to_ascii_lowercase().into()).into_iter().collect()
            }
            Self::Tagged => {
                let keys: BTreeSet<_> = tags(row).map(|(key, _)| Cow::Borrowed(key)).collect();
                let any = (!keys.is_empty()).then_some(Cow::Borrowed(""));
                keys.into_iter().chain(any).collect()
            }
            Self::TaggedWith(wanted) => {
                tags(row).filter(|(key, _)| key == wanted).map(|(_, value)| Cow::Borrowed(value)).collect()
            }
        }
    }
}

/// Tags in every form in which services keep them.
fn tags(row: &Json) -> impl Iterator<Item = (&str, &str)> {
    let kept = [&row["_tags"], &row["Tags"], &row["TagList"], &row["_sub"]["TagSet"]];
    kept.into_iter().flat_map(|kept| {
        let listed = kept.as_array().into_iter().flatten();
        let listed =
            listed.filter_map(|tag| Some((tag["Key"].as_str()?, tag["Value"].as_str().unwrap_or_default())));
        let mapped = kept.as_object().into_iter().flatten();
        listed.chain(mapped.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())))
    })
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
            self.keys.entry(text.clone().into_owned()).or_default().insert(key.to_owned());
            self.texts.entry(key.to_owned()).or_default().push(text.into_owned());
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

/// The indexes of all tables, and of tables that somebody follows what was changed since they were looked at.
#[derive(Debug, Default)]
pub(super) struct Indexes(HashMap<String, OfTable>, HashMap<String, BTreeSet<String>>);

impl Indexes {
    /// A row was changed, added or removed.
    pub fn note(&mut self, table: &str, key: &str) {
        if let Some(of) = self.0.get_mut(table) {
            of.changed.insert(key.to_owned());
        }
        if let Some(news) = self.1.get_mut(table) {
            news.insert(key.to_owned());
        }
    }

    /// Keys of rows that were changed since this was asked last; `None` where nobody has asked yet.
    pub fn news(&mut self, table: &str) -> Option<BTreeSet<String>> {
        let news = self.1.get_mut(table).map(std::mem::take);
        if news.is_none() {
            self.1.insert(table.to_owned(), BTreeSet::new());
        }
        news
    }

    /// Keys of the rows with that text, in order.
    pub fn keys(&mut self, table: &str, rows: &Table, by: &By, text: &str) -> Vec<String> {
        let member = self.member(table, rows, by);
        member.and_then(|member| member.keys.get(text)).into_iter().flatten().cloned().collect()
    }

    /// At most so many of them, from the one after a key on.
    pub fn keys_after(
        &mut self,
        (table, rows): (&str, &Table),
        (by, text): (&By, &str),
        after: Option<&str>,
        most: usize,
    ) -> Vec<String> {
        let member = self.member(table, rows, by);
        let Some(keys) = member.and_then(|member| member.keys.get(text)) else { return Vec::new() };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        keys.range::<str, _>((from, Bound::Unbounded)).take(most).cloned().collect()
    }

    /// The texts under which any row stands, in order.
    pub fn texts(&mut self, table: &str, rows: &Table, by: &By) -> BTreeSet<String> {
        let member = self.member(table, rows, by);
        member.into_iter().flat_map(|member| member.keys.keys().cloned()).collect()
    }

    /// The index of a table by a member, up to date.
    fn member(&mut self, table: &str, rows: &Table, by: &By) -> Option<&Member> {
        if !self.0.contains_key(table) {
            self.0.insert(table.to_owned(), OfTable::default());
        }
        let of = self.0.get_mut(table)?;
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
        of.members.get(by)
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
        world.put("t", "f", json!({"Name": "Some", "_tags": {"k": "v"}}));
        assert_eq!(found_by(&world, &By::Tagged, "k"), ["e", "f"]);
        assert_eq!(found_by(&world, &By::Tagged, ""), ["e", "f"]);
        assert_eq!(found_by(&world, &By::TaggedWith("l".into()), "w"), ["e"]);
        assert_eq!(found_by(&world, &By::Lower("Name"), "some"), ["f"]);
        assert_eq!(world.texts("t", &By::Tagged).into_iter().collect::<Vec<_>>(), ["", "k", "l"]);
    }

    fn found_by(world: &World, by: &By, text: &str) -> Vec<String> {
        world.with("t", by, text).into_iter().map(|(key, _)| key.to_owned()).collect()
    }

    #[test]
    fn a_walk_along_an_index_goes_on_after_a_key_and_past_its_own_steps() {
        let mut world = World::new(1, 0);
        for n in 0..700 {
            world.put("t", &format!("{n:03}"), json!({"Of": if n % 2 == 0 { "x" } else { "y" }}));
        }
        let walked = |after: Option<&str>| {
            let rows = world.walk("t", By::Path("Of"), "x".into(), after.map(ToOwned::to_owned));
            rows.map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
        };
        let all: Vec<String> = (0..350).map(|n| format!("{:03}", n * 2)).collect();
        assert_eq!(walked(None), all);
        assert_eq!(walked(Some("007")), all[4..]);
        assert_eq!(walked(Some("008")), all[5..]);
    }
}
