//! The members of an object in a plan.
//!
//! Objects of plans have a handful of members, and there are a million of them in a large plan: a list in the order of the keys
//! takes a quarter of what a tree takes, and is searched as fast. A copy shares the list until one of the two is changed: graph,
//! change set and decisions hold the same properties.

use std::{fmt, ops::Index, slice, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use super::{Text, Value};

type One = (Text, Value);

/// Values by key, in the order of the keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members(Arc<Vec<One>>);

/// Members in their order.
pub type Iter<'m> = std::iter::Map<slice::Iter<'m, One>, fn(&'m One) -> (&'m Text, &'m Value)>;
/// The same, to be changed.
pub type IterMut<'m> = std::iter::Map<slice::IterMut<'m, One>, fn(&'m mut One) -> (&'m Text, &'m mut Value)>;

impl Members {
    fn at(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.as_str().cmp(key))
    }

    /// A member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.at(key).ok().map(|at| &self.0[at].1)
    }

    /// A member, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.at(key).ok().map(|at| &mut Arc::make_mut(&mut self.0)[at].1)
    }

    /// Sets a member.
    pub fn insert(&mut self, key: Text, value: Value) {
        let at = self.at(&key);
        let list = Arc::make_mut(&mut self.0);
        match at {
            Ok(at) => list[at].1 = value,
            Err(at) => {
                // No room for more than there are: there is no end of objects.
                list.reserve_exact(1);
                list.insert(at, (key, value));
            }
        }
    }

    /// A member, null if there was none.
    pub fn or_null(&mut self, key: &str) -> &mut Value {
        let at = self.at(key);
        let list = Arc::make_mut(&mut self.0);
        let at = at.unwrap_or_else(|at| {
            list.insert(at, (key.into(), Value::Null));
            at
        });
        &mut list[at].1
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.at(key).ok().map(|at| Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// Whether there is such a member.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.at(key).is_ok()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        Arc::make_mut(&mut self.0).iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        Arc::make_mut(&mut self.0).iter_mut().map(|(_, value)| value)
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
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        list.shrink_to_fit();
        Self(Arc::new(list))
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

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
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
        assert!(Arc::ptr_eq(&members.0, &other.0));
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
