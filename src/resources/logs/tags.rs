//! Tags of log groups, by ARN.

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{
        Cx,
        tags::{Tagging, of_map, to_map},
    },
};

/// The service's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let call = cx.sdk.logs().list_tags_for_resource().resource_arn(arn);
        Ok(of_map(call.send().await.map_err(op("ListTagsForResource"))?.tags))
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        let call = cx.sdk.logs().tag_resource().resource_arn(arn).set_tags(Some(to_map(tags)));
        call.send().await.map(drop).map_err(op("TagResource"))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.logs().untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("UntagResource"))
    }
}
