//! Tags of EC2's objects: one pair of calls for all of them; every description shows them.

use aws_sdk_ec2::types;

use crate::{
    aws::{OpError, op},
    model::{Ownership, Tag},
    resources::{
        Cx,
        described::pairs,
        mirror::{received, sent},
        tags::{self, Tagging},
    },
};

crate::tag_form!(types::Tag);

/// EC2's tag calls; they take an object's id.
pub(super) struct Tags;

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, id: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        let call = cx.sdk.ec2().create_tags().resources(id).set_tags(sent("CreateTags", Some(&tags))?);
        call.send().await.map(drop).map_err(op("CreateTags"))
    }

    async fn unset(cx: &Cx<'_>, id: &str, keys: Vec<String>) -> Result<(), OpError> {
        let keys = keys.into_iter().map(|key| types::Tag::builder().key(key).build()).collect();
        let call = cx.sdk.ec2().delete_tags().resources(id).set_tags(Some(keys));
        call.send().await.map(drop).map_err(op("DeleteTags"))
    }
}

/// The tags in a description.
pub(super) fn of(tags: &Option<Vec<types::Tag>>) -> Option<Vec<Tag>> {
    Some(received(tags.as_ref()).unwrap_or_default())
}

/// All tags of a new object.
pub(super) fn specification(
    cx: &Cx<'_>,
    operation: &str,
    kind: types::ResourceType,
    own: Option<&Vec<Tag>>,
) -> Result<types::TagSpecification, OpError> {
    let all = tags::create(cx, operation, own)?;
    Ok(types::TagSpecification::builder().resource_type(kind).set_tags(all).build())
}

/// Whose an object with these tags is.
pub(super) fn owner(cx: &Cx<'_>, tags: &Option<Vec<types::Tag>>) -> Ownership {
    cx.owns(pairs(&of(tags).unwrap_or_default()))
}

/// The plan's own among an object's tags.
pub(super) fn own(cx: &Cx<'_>, tags: &Option<Vec<types::Tag>>) -> Option<Vec<Tag>> {
    cx.own_tags(pairs(&of(tags).unwrap_or_default()))
}
