//! Tags of rules; the calls take an ARN.

use aws_sdk_eventbridge::types;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{
        Cx,
        mirror::{received, sent},
        tags::Tagging,
    },
};

crate::tag_form!(types::Tag, required);

/// EventBridge's tag calls.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let call = cx.sdk.events().list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.map_err(op("ListTagsForResource"))?;
        Ok(received(answer.tags.as_ref()).unwrap_or_default())
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "TagResource";
        let call = cx.sdk.events().tag_resource().resource_arn(arn).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.events().untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("UntagResource"))
    }
}
