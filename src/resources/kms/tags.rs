//! Tags of keys, by key id. KMS names their members `TagKey` and `TagValue`.

use aws_sdk_kms::{error::BuildError, types};

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{Cx, mirror::Mirror, mirror::sent, tags::Tagging},
};

impl Mirror<types::Tag> for Tag {
    fn send(&self) -> Result<types::Tag, BuildError> {
        types::Tag::builder().tag_key(self.key()).tag_value(self.value()).build()
    }
    fn receive(sdk: &types::Tag) -> Self {
        Self::new(sdk.tag_key(), sdk.tag_value())
    }
}

/// KMS's tag calls.
pub(super) struct Tags;

impl Tags {
    /// All tags, page by page.
    pub async fn list(cx: &Cx<'_>, key: &str) -> Result<Vec<Tag>, OpError> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let call = cx.sdk.kms().list_resource_tags().key_id(key).set_marker(marker);
            let page = call.send().await.map_err(op("ListResourceTags"))?;
            all.extend(page.tags().iter().map(Tag::receive));
            marker = page.next_marker.filter(|_| page.truncated);
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, key: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "TagResource";
        let call = cx.sdk.kms().tag_resource().key_id(key).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, key: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.kms().untag_resource().key_id(key).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("UntagResource"))
    }
}
