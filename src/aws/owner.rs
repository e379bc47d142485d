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

impl crate::resources::Cx<'_> {
    /// The resource's own tags followed by the ownership tags: what create calls send.
    #[must_use]
    pub fn tags(&self, own: Option<&Vec<Tag>>) -> Vec<Tag> {
        let mut tags = own.cloned().unwrap_or_default();
        tags.extend(self.owner.tags(self.address));
        tags
    }

    /// Whether an object's tags are this very resource's ownership tags.
    #[must_use]
    pub fn owns<'t>(&self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> crate::model::Ownership {
        let (mut lineage, mut address) = (false, false);
        let mark = self.owner.mark();
        for (key, value) in tags {
            lineage |= key == TAG_LINEAGE && value == mark;
            address |= key == TAG_ADDRESS && value == self.address.as_str();
        }
        if lineage && address { crate::model::Ownership::Ours } else { crate::model::Ownership::Foreign }
    }

    /// Live tags as the template would write them: without ownership tags and AWS's own, sorted by key;
    /// `None` when nothing is left.
    #[must_use]
    pub fn own_tags<'t>(&self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Option<Vec<Tag>> {
        let mut own: Vec<Tag> = tags
            .into_iter()
            .filter(|(key, _)| !key.starts_with(TAG_PREFIX) && !key.starts_with("aws:"))
            .map(|(key, value)| Tag::new(key, value))
            .collect();
        own.sort_by(|a, b| a.key().cmp(b.key()));
        (!own.is_empty()).then_some(own)
    }

    /// Tags to set and keys to remove so that `old` becomes `new`.
    #[must_use]
    pub fn tag_changes(&self, old: Option<&Vec<Tag>>, new: Option<&Vec<Tag>>) -> (Vec<Tag>, Vec<String>) {
        let (old, new) = (old.map_or(&[][..], Vec::as_slice), new.map_or(&[][..], Vec::as_slice));
        let set = new.iter().filter(|tag| !old.contains(tag)).cloned().collect();
        let unset = old
            .iter()
            .filter(|tag| !new.iter().any(|other| other.key() == tag.key()))
            .map(|tag| tag.key().to_owned())
            .collect();
        (set, unset)
    }
}
