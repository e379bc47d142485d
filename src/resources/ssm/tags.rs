//! Tags of parameters, by their name.

use aws_sdk_ssm::types::{self, ResourceTypeForTagging as Kind};

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

/// The tag calls of Systems Manager, for parameters.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, name: &str) -> Result<Vec<Tag>, OpError> {
        let call = cx.sdk.ssm().list_tags_for_resource().resource_type(Kind::Parameter).resource_id(name);
        let answer = call.send().await.map_err(op("ListTagsForResource"))?;
        Ok(received(answer.tag_list.as_ref()).unwrap_or_default())
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, name: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "AddTagsToResource";
        let call = cx.sdk.ssm().add_tags_to_resource().resource_type(Kind::Parameter).resource_id(name);
        call.set_tags(sent(OP, Some(&tags))?).send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, name: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.ssm().remove_tags_from_resource().resource_type(Kind::Parameter);
        let call = call.resource_id(name).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("RemoveTagsFromResource"))
    }
}
