//! What the RDS types share: tags.

use aws_sdk_rds::types::Tag as SdkTag;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::Cx,
};

/// Tags as the SDK takes them.
pub fn sdk_tags(tags: &[Tag]) -> Vec<SdkTag> {
    tags.iter().map(|tag| SdkTag::builder().key(tag.key()).value(tag.value()).build()).collect()
}

/// Keys and values of live tags.
pub fn pairs(tags: &[SdkTag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// The tags of the object of that ARN.
pub async fn list_tags(cx: &Cx<'_>, arn: &str) -> Result<Vec<SdkTag>, OpError> {
    let answer = cx
        .sdk
        .rds()
        .list_tags_for_resource()
        .resource_name(arn)
        .send()
        .await
        .map_err(op("ListTagsForResource"))?;
    Ok(answer.tag_list.unwrap_or_default())
}

/// Turns the object's own tags from `old` into `new`.
pub async fn change_tags(
    cx: &Cx<'_>,
    arn: &str,
    old: Option<&Vec<Tag>>,
    new: Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(old, new);
    if !set.is_empty() {
        cx.sdk
            .rds()
            .add_tags_to_resource()
            .resource_name(arn)
            .set_tags(Some(sdk_tags(&set)))
            .send()
            .await
            .map_err(op("AddTagsToResource"))?;
    }
    if !unset.is_empty() {
        cx.sdk
            .rds()
            .remove_tags_from_resource()
            .resource_name(arn)
            .set_tag_keys(Some(unset))
            .send()
            .await
            .map_err(op("RemoveTagsFromResource"))?;
    }
    Ok(())
}

/// `arn:aws:rds:region:account:kind:name`.
pub fn arn(cx: &Cx<'_>, kind: &str, name: &str) -> String {
    format!("arn:{}:rds:{}:{}:{kind}:{}", cx.partition, cx.region, cx.account, name.to_lowercase())
}
