//! The members of an object in a plan.
//!
//! Objects of plans have a handful of members, and there are a million of them in a large plan: a list in the order of the keys
//! takes a quarter of what a tree takes, and is searched as fast. A copy shares the list until one of the two is changed: graph,
//! change set and decisions hold the same properties. One member more, such as a generated name, does not even end that.

use std::{fmt, mem, ops::Index, slice, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use super::{Text, Value};

type One = (Text, Value);

/// Values by key, in the order of the keys.
#[derive(Debug, Clone, Default)]
pub struct Members {
    list: Arc<Vec<One>>,
    /// A member that the list does not have: it was added while others shared that.
    more: Option<Box<One>>,
}

/// Members to be changed, in their order.
pub type IterMut<'m> = std::iter::Map<slice::IterMut<'m, One>, fn(&'m mut One) -> (&'m Text, &'m mut Value)>;

impl Members {
    fn at(&self, key: &str) -> Result<usize, usize> {
        place(&self.list, key)
    }

    /// All of them in one list, to be changed; copied if others share it.
    fn own(&mut self) -> &mut Vec<One> {
        let list = Arc::make_mut(&mut self.list);
        if let Some(more) = self.more.take() {
            add(list, *more);
        }
        list
    }

    /// A member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self.at(key) {
            Ok(at) => Some(&self.list[at].1),
            Err(_) => self.more.as_deref().filter(|more| more.0 == key).map(|more| &more.1),
        }
    }

    /// A member, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self.at(key) {
            Ok(at) => Some(&mut Arc::make_mut(&mut self.list)[at].1),
            Err(_) => self.more.as_deref_mut().filter(|more| more.0 == key).map(|more| &mut more.1),
        }
    }

    /// Sets a member.
    pub fn insert(&mut self, key: Text, value: Value) {
        if let Some(known) = self.get_mut(&key) {
            *known = value;
        } else if self.more.is_none() && Arc::get_mut(&mut self.list).is_none() {
            self.more = Some(Box::new((key, value)));
        } else {
            add(self.own(), (key, value));
        }
    }

    /// A member, null if there was none.
    pub fn or_null(&mut self, key: &str) -> &mut Value {
        if !self.contains_key(key) {
            self.insert(key.into(), Value::Null);
        }
        let all = self.own();
        // It is there now.
        let at = place(all, key).unwrap_or_default();
        &mut all[at].1
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        if !self.contains_key(key) {
            return None;
        }
        let all = self.own();
        place(all, key).ok().map(|at| all.remove(at).1)
    }

    /// Whether there is such a member.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len() + usize::from(self.more.is_some())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    pub fn iter(&self) -> Iter<'_> {
        Iter { list: self.list.iter(), more: self.more.as_deref() }
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        self.own().iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.own().iter_mut().map(|(_, value)| value)
    }
}

/// Where a key is, or belongs.
fn place(list: &[One], key: &str) -> Result<usize, usize> {
    list.binary_search_by(|(own, _)| own.as_str().cmp(key))
}

/// Puts a member where it belongs, with no room for more than there are: there is no end of objects.
fn add(list: &mut Vec<One>, one: One) {
    let at = place(list, &one.0).unwrap_or_else(|at| at);
    list.reserve_exact(1);
    list.insert(at, one);
}

/// Members in their order.
#[derive(Debug, Clone)]
pub struct Iter<'m> {
    list: slice::Iter<'m, One>,
    more: Option<&'m One>,
}

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m Text, &'m Value);

    fn next(&mut self) -> Option<Self::Item> {
        let due = self.more.filter(|more| self.list.as_slice().first().is_none_or(|next| more.0 < next.0));
        let one = match due {
            Some(_) => self.more.take(),
            None => self.list.next(),
        };
        one.map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.list.len() + usize::from(self.more.is_some());
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl FromIterator<One> for Members {
    /// Of several with one key the last.
    fn from_iter<I: IntoIterator<Item = One>>(members: I) -> Self {
        let mut list: Vec<One> = members.into_iter().collect();
        if !list.is_sorted_by(|(one, _), (other, _)| one < other) {
            list.sort_by(|(one, _), (other, _)| one.cmp(other));
            list.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    mem::swap(later, earlier);
                }
                same
            });
        }
        list.shrink_to_fit();
        Self { list: Arc::new(list), more: None }
    }
}

impl<const N: usize> From<[One; N]> for Members {
    fn from(members: [One; N]) -> Self {
        members.into_iter().collect()
    }
}

impl Index<&str> for Members {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }
}

impl IntoIterator for Members {
    type Item = One;
    type IntoIter = std::vec::IntoIter<One>;

    fn into_iter(mut self) -> Self::IntoIter {
        let more = self.more.take();
        let mut all = Arc::unwrap_or_clone(self.list);
        if let Some(more) = more {
            add(&mut all, *more);
        }
        all.into_iter()
    }
}

impl<'m> IntoIterator for &'m Members {
    type Item = (&'m Text, &'m Value);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'m> IntoIterator for &'m mut Members {
    type Item = (&'m Text, &'m mut Value);
    type IntoIter = IterMut<'m>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut all: Vec<One> = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(all.into_iter().collect())
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_it_was_when_the_other_is_changed() {
        let members: Members = [("a".into(), Value::Null), ("b".into(), Value::Null)].into();
        let mut other = members.clone();
        assert!(Arc::ptr_eq(&members.list, &other.list));
        *other.or_null("c") = Value::Bool(true);
        other.insert("a".into(), Value::Bool(true));
        assert_eq!(other.remove("b"), Some(Value::Null));
        other.values_mut().for_each(|value| *value = Value::Bool(false));
        assert_eq!(
            members.iter().map(|(key, value)| (key.as_str(), value.clone())).collect::<Vec<_>>(),
            [("a", Value::Null), ("b", Value::Null)]
        );
        assert_eq!(other.len(), 2);
    }

    /// A name that is added to shared properties copies nothing, and is a member like all others, wherever it belongs.
    #[test]
    fn one_more_member_leaves_the_list_shared() {
        let text = |text: &str| Value::String(text.into());
        let members: Members = [("b".into(), text("1")), ("d".into(), text("2"))].into();
        for key in ["a", "c", "e"] {
            let mut other = members.clone();
            other.insert(key.into(), text("3"));
            assert!(Arc::ptr_eq(&members.list, &other.list), "{key}");
            assert_eq!(other.remove("x"), None);
            *other.get_mut(key).unwrap() = text("4");
            assert!(Arc::ptr_eq(&members.list, &other.list), "{key}");
            let whole: Members =
                [("d".into(), text("2")), (key.into(), text("4")), ("b".into(), text("1"))].into();
            assert_eq!((&other, other.len(), other.iter().len()), (&whole, 3, 3), "{key}");
            assert_eq!(serde_json::to_string(&other).unwrap(), serde_json::to_string(&whole).unwrap());
            assert_eq!(other.get(key), Some(&text("4")));
            assert!(other.contains_key("b") && !other.contains_key("x"));
            assert_ne!(other, members);

            let mut changed = other.clone();
            changed.insert("f".into(), text("5"));
            changed.insert("b".into(), text("6"));
            assert_eq!(changed.remove(key), Some(text("4")));
            assert_eq!(
                changed,
                [("b".into(), text("6")), ("d".into(), text("2")), ("f".into(), text("5"))].into()
            );
            *other.or_null(key) = text("7");
            assert_eq!(other.clone().into_iter().map(|(key, _)| key).collect::<Vec<_>>(), {
                let mut keys = vec!["b", "d", key];
                keys.sort_unstable();
                keys
            });
            other.values_mut().for_each(|value| *value = Value::Null);
            assert!(other.iter().all(|(_, value)| *value == Value::Null));
            assert_eq!(members["b"], text("1"), "the other one has stayed as it was");
        }
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn members_are_in_order_and_the_last_of_a_key_counts() {
        let text = |text: &str| Value::String(text.into());
        let mut members: Members =
            [("b".into(), text("1")), ("a".into(), text("2")), ("b".into(), text("3"))].into();
        assert_eq!(serde_json::to_string(&members).unwrap().matches("\"a\"").count(), 1);
        let keys: Vec<&Text> = members.keys().collect();
        assert_eq!(keys, ["a", "b"]);
        assert_eq!(members["b"], text("3"));
        members.insert("aa".into(), text("4"));
        *members.or_null("c") = text("5");
        assert_eq!(members.remove("a"), Some(text("2")));
        let read: Members = serde_json::from_str(&serde_json::to_string(&members).unwrap()).unwrap();
        assert_eq!(read, members);
        assert_eq!(read.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["aa", "b", "c"]);
    }
}
