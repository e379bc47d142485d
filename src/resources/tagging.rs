//! Tags of objects: what create calls send, whose an object is, and what to change.

use super::Cx;
use crate::{
    aws::{TAG_ADDRESS, TAG_LINEAGE, TAG_PREFIX},
    model::{Ownership, Tag},
};

impl Cx<'_> {
    /// The resource's own tags followed by the ownership tags: what create calls send.
    #[must_use]
    pub fn tags(&self, own: Option<&Vec<Tag>>) -> Vec<Tag> {
        let mut tags = own.cloned().unwrap_or_default();
        tags.extend(self.owner.tags(self.address));
        tags
    }

    /// Whether an object's tags are this very resource's ownership tags.
    #[must_use]
    pub fn owns<'t>(&self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Ownership {
        let (mut lineage, mut address) = (false, false);
        let mark = self.owner.mark();
        for (key, value) in tags {
            lineage |= key == TAG_LINEAGE && value == mark;
            address |= key == TAG_ADDRESS && value == self.address.as_str();
        }
        if lineage && address { Ownership::Ours } else { Ownership::Foreign }
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
