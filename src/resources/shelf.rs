//! Descriptions that one call answered for many objects, kept for looks at each of them.
//!
//! A look reads an object through the same functions whether there is a shelf or not; where a description lies on the shelf, no
//! call is made. What is not there is asked for by itself, so a page that was lost, a type without such a call and an object
//! that nothing tells of need no code of their own. Nothing on a shelf is newer than the shelf: it is for reports, never for the
//! look before a change.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Cx;
use crate::model::{Address, PhysicalId, Tag};

/// Values by their type and a handle.
type Kept = HashMap<(TypeId, String), Box<dyn Any + Send + Sync>>;

/// All tags of an object, as the index of tags has them.
#[derive(Clone)]
struct Tagged(Vec<Tag>);

/// Descriptions by handle, and tags by ARN.
#[derive(Default)]
pub struct Shelf {
    kept: Mutex<Kept>,
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a description there.
    pub fn put<L: Send + Sync + 'static>(&self, handle: &str, live: L) {
        self.kept().insert((TypeId::of::<L>(), handle.to_owned()), Box::new(live));
    }

    /// A copy of a description.
    #[must_use]
    pub fn get<L: Clone + 'static>(&self, handle: &str) -> Option<L> {
        let kept = self.kept();
        kept.get(&(TypeId::of::<L>(), handle.to_owned()))?.downcast_ref::<L>().cloned()
    }

    /// Puts the tags of an object there, ownership tags included.
    pub fn put_tags(&self, arn: &str, tags: Vec<Tag>) {
        self.put(arn, Tagged(tags));
    }

    /// Notes which objects carry the ownership tags of a resource.
    pub fn put_owned(&self, mark: &str, address: &Address, handles: Vec<String>) {
        self.put(&format!("{mark}|{address}"), Owned(handles));
    }

    /// Whether anything of that handle lies there.
    #[must_use]
    pub fn holds(&self, handle: &str) -> bool {
        self.kept().keys().any(|(_, kept)| kept == handle)
    }

    /// How much lies there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept().len()
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Handles of the objects that carry one resource's ownership tags, as the index of tags has them.
#[derive(Clone)]
struct Owned(Vec<String>);

/// An object that is asked for together with others: its handle, and what was sent.
pub struct Asked<'a, P> {
    /// The handle.
    pub id: &'a PhysicalId,
    /// What was sent.
    pub hint: &'a P,
}

impl Cx<'_> {
    /// The description of that handle, if it lies on the shelf.
    #[must_use]
    pub fn shelved<L: Clone + 'static>(&self, handle: &str) -> Option<L> {
        self.shelf?.get(handle)
    }

    /// All tags of the object of that ARN, if they lie on the shelf. Of an object of which the index of tags knows nothing they
    /// do not, also if it has none.
    #[must_use]
    pub fn shelved_tags(&self, arn: &str) -> Option<Vec<Tag>> {
        self.shelved::<Tagged>(arn).map(|tagged| tagged.0)
    }

    /// The descriptions of all objects with this resource's ownership tags, if the index of tags told which these are and all of
    /// them lie on the shelf.
    #[must_use]
    pub fn shelved_own<L: Clone + 'static>(&self) -> Option<Vec<L>> {
        let Owned(handles) = self.shelved(&format!("{}|{}", self.owner.mark(), self.address))?;
        handles.iter().map(|handle| self.shelved(handle)).collect()
    }

    /// Keeps what a call answered: a look often needs the same description twice, for what the object holds and whose it is.
    pub fn shelve<L: Clone + Send + Sync + 'static>(&self, handle: &str, live: &L) {
        if let Some(shelf) = self.shelf {
            shelf.put(handle, live.clone());
        }
    }
}
