//! Tags of DMS's objects, by ARN.

use aws_sdk_databasemigration::types;

use super::support::ABSENT;
use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{
        Cx,
        mirror::{received, sent},
        tags::Tagging,
    },
};

crate::tag_form!(types::Tag);

/// DMS's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let call = cx.sdk.dms().list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.map_err(op("ListTagsForResource"))?;
        Ok(received(answer.tag_list.as_ref()).unwrap_or_default())
    }

    /// All tags; none of an object that is not there.
    pub async fn any(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        match Self::list(cx, arn).await {
            Err(error) if error.is(ABSENT) => Ok(Vec::new()),
            answer => answer,
        }
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "AddTagsToResource";
        let call = cx.sdk.dms().add_tags_to_resource().resource_arn(arn).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.dms().remove_tags_from_resource().resource_arn(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("RemoveTagsFromResource"))
    }
}
