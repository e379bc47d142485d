//! Tags of alarms and dashboards: both are known by an ARN that follows from their name.

use aws_sdk_cloudwatch::types as sdk;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::Cx,
};

/// Tags for AWS.
pub(super) fn sent(tags: &[Tag]) -> Vec<sdk::Tag> {
    tags.iter().map(|tag| sdk::Tag::builder().key(tag.key()).value(tag.value()).build()).collect()
}

/// Live tags; `None` if there is no such object.
pub(super) async fn read(cx: &Cx<'_>, arn: &str) -> Result<Option<Vec<Tag>>, OpError> {
    let answer = cx.sdk.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await;
    match answer.map_err(op("ListTagsForResource")) {
        Ok(answer) => Ok(Some(
            answer
                .tags()
                .iter()
                .map(|tag| Tag::new(tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
                .collect(),
        )),
        Err(error) if error.is(&["ResourceNotFoundException", "ResourceNotFound"]) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets and removes tags so that `old` becomes `new`.
pub(super) async fn change(
    cx: &Cx<'_>,
    arn: &str,
    old: Option<&Vec<Tag>>,
    new: Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(old, new);
    if !unset.is_empty() {
        let call = cx.sdk.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(unset));
        call.send().await.map_err(op("UntagResource"))?;
    }
    if !set.is_empty() {
        let call = cx.sdk.cloudwatch().tag_resource().resource_arn(arn).set_tags(Some(sent(&set)));
        call.send().await.map_err(op("TagResource"))?;
    }
    Ok(())
}
