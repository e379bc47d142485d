//! Tags of ECS objects: one API for all of them.

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{Change, Cx, mirror::Mirror},
};

impl Mirror<types::Tag> for Tag {
    fn send(&self) -> Result<types::Tag, BuildError> {
        Ok(types::Tag::builder().key(self.key()).value(self.value()).build())
    }
    fn receive(sdk: &types::Tag) -> Self {
        let (key, value) = pair(sdk);
        Self::new(key, value)
    }
}

/// Tags as create calls take them.
pub fn sdk(tags: Vec<Tag>) -> Option<Vec<types::Tag>> {
    Some(
        tags.into_iter()
            .map(|tag| types::Tag::builder().set_key(tag.Key).set_value(tag.Value).build())
            .collect(),
    )
}

fn pair(tag: &types::Tag) -> (&str, &str) {
    (tag.key().unwrap_or_default(), tag.value().unwrap_or_default())
}

/// Pairs as the ownership helpers take them.
pub fn pairs(tags: &[types::Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(pair)
}

/// Sets and removes what differs.
pub async fn update<P>(
    cx: &Cx<'_>,
    arn: &str,
    change: &Change<'_, P>,
    of: fn(&P) -> Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    if !change.has("Tags") {
        return Ok(());
    }
    let (set, unset) = cx.tag_changes(of(change.old), of(change.new));
    if !unset.is_empty() {
        let call = cx.sdk.ecs().untag_resource().resource_arn(arn).set_tag_keys(Some(unset));
        call.send().await.map_err(op("UntagResource"))?;
    }
    if !set.is_empty() {
        let call = cx.sdk.ecs().tag_resource().resource_arn(arn).set_tags(sdk(set));
        call.send().await.map_err(op("TagResource"))?;
    }
    Ok(())
}
