//! What happens to rows when its time comes.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::store::World;

/// Something that happens to a row later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Members of the row are set (merged at the top level; `"A.B"` sets a nested member).
    Set(Json),
    /// The row goes.
    Remove,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Transition {
    pub table: String,
    pub key: String,
    pub effect: Effect,
}

/// A change of the queue, in the order it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum QueueOp {
    /// Something is due at that time.
    Add(i64, Transition),
    /// What was due for a row is dropped.
    Cancel(String, String),
    /// What was due at that time has happened.
    Happened(i64),
}

/// What is due, by its time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Queue {
    due: BTreeMap<i64, Vec<Transition>>,
    /// How much is due for a row: most rows have nothing, and to drop what they have looks at nothing then. Counted when first asked.
    #[serde(skip)]
    of: Option<HashMap<(String, String), usize>>,
}

impl PartialEq for Queue {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Queue {
    /// When the next is due.
    pub fn first(&self) -> Option<i64> {
        self.due.first_key_value().map(|(&at, _)| at)
    }

    pub fn add(&mut self, at: i64, transition: Transition) {
        if let Some(of) = &mut self.of {
            *of.entry((transition.table.clone(), transition.key.clone())).or_default() += 1;
        }
        self.due.entry(at).or_default().push(transition);
    }

    /// Takes out what is due at that time.
    pub fn take(&mut self, at: i64) -> Vec<Transition> {
        let due = self.due.remove(&at).unwrap_or_default();
        if let Some(of) = &mut self.of {
            for transition in &due {
                let row = (transition.table.clone(), transition.key.clone());
                let left = of.get(&row).copied().unwrap_or_default();
                match left {
                    0 | 1 => drop(of.remove(&row)),
                    _ => drop(of.insert(row, left - 1)),
                }
            }
        }
        due
    }

    /// Drops what is due for a row; whether there was anything.
    pub fn drop_of(&mut self, table: &str, key: &str) -> bool {
        let due = &self.due;
        let of = self.of.get_or_insert_with(|| {
            let mut of = HashMap::new();
            for transition in due.values().flatten() {
                *of.entry((transition.table.clone(), transition.key.clone())).or_default() += 1;
            }
            of
        });
        if of.remove(&(table.to_owned(), key.to_owned())).is_none() {
            return false;
        }
        self.due.retain(|_, due| {
            due.retain(|one| one.key != key || one.table != table);
            !due.is_empty()
        });
        true
    }
}

impl World {
    /// Schedules an effect `millis` from now.
    pub fn after(&mut self, millis: i64, table: &str, key: &str, effect: Effect) {
        let transition = Transition { table: table.into(), key: key.into(), effect };
        let at = self.now + millis.max(0);
        self.dirty_queue.push(QueueOp::Add(at, transition.clone()));
        self.queue.add(at, transition);
    }

    /// Schedules setting members of a row.
    pub fn set_after(&mut self, millis: i64, table: &str, key: &str, members: Json) {
        self.after(millis, table, key, Effect::Set(members));
    }

    /// Drops what was scheduled for a row.
    pub fn cancel(&mut self, table: &str, key: &str) {
        if self.queue.drop_of(table, key) {
            self.dirty_queue.push(QueueOp::Cancel(table.into(), key.into()));
        }
    }

    /// When the next scheduled effect is due, in milliseconds since the epoch.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.queue.first()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Also in a world that was read from a disk, which has counted nothing yet.
    #[test]
    fn what_is_due_for_a_row_is_dropped_with_it_alone() {
        let mut world = World::new(1, 0);
        for key in ["a", "b"] {
            world.put("t", key, json!({}));
            world.set_after(100, "t", key, json!({"n": 1}));
            world.set_after(200, "t", key, json!({"n": 2}));
        }
        let mut read: World = serde_json::from_value(serde_json::to_value(&world).unwrap()).unwrap();
        for world in [&mut world, &mut read] {
            world.advance_to(100);
            world.remove("t", "a");
            world.put("t", "a", json!({"n": 0}));
            world.set_after(50, "t", "a", json!({"n": 3}));
            world.advance_to(1_000);
            assert_eq!(world.get("t", "a").unwrap()["n"], 3);
            assert_eq!(world.get("t", "b").unwrap()["n"], 2);
            world.cancel("t", "a");
            assert_eq!(world.next_due(), None);
        }
        assert!(world.equals(&read));
    }
}
