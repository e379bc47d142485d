//! Ownership tags: how an object is recognised as ours when its id was never learned.

use crate::model::{Address, Tag};

/// All ownership tags start with this; AWS reserves only `aws:`.
pub const TAG_PREFIX: &str = "migrate:";
/// The migration's name and environment.
pub const TAG_MIGRATION: &str = "migrate:migration";
/// The resource's address.
pub const TAG_ADDRESS: &str = "migrate:address";
/// The ledger's lineage and the object's generation: unique to one object of one ledger.
pub const TAG_LINEAGE: &str = "migrate:lineage";

/// Who makes objects: one ledger of one migration, and which generation of a resource is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `<migration>-<environment>`.
    pub migration: String,
    /// The ledger's lineage.
    pub lineage: String,
    /// Counts up with each replacement of the resource, from 0.
    pub generation: u32,
}

impl Owner {
    /// The value of [`TAG_LINEAGE`].
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{}.{}", self.lineage, self.generation)
    }

    /// The three ownership tags.
    #[must_use]
    pub fn tags(&self, address: &Address) -> Vec<Tag> {
        vec![
            Tag::new(TAG_MIGRATION, &self.migration),
            Tag::new(TAG_ADDRESS, address.as_str()),
            Tag::new(TAG_LINEAGE, self.mark()),
        ]
    }
}
