//! Tags of RDS's objects, by ARN.

use aws_sdk_rds::types;

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

/// RDS's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let call = cx.sdk.rds().list_tags_for_resource().resource_name(arn);
        let answer = call.send().await.map_err(op("ListTagsForResource"))?;
        Ok(of(answer.tag_list.as_deref()))
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "AddTagsToResource";
        let call = cx.sdk.rds().add_tags_to_resource().resource_name(arn).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.rds().remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("RemoveTagsFromResource"))
    }
}

/// The tags in a description.
pub(super) fn of(tags: Option<&[types::Tag]>) -> Vec<Tag> {
    received(tags.map(<[types::Tag]>::to_vec).as_ref()).unwrap_or_default()
}

/// `arn:aws:rds:region:account:kind:name`.
pub(super) fn arn(cx: &Cx<'_>, kind: &str, name: &str) -> String {
    format!("arn:{}:rds:{}:{}:{kind}:{}", cx.partition, cx.region, cx.account, name.to_lowercase())
}
