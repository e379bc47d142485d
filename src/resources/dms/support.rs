//! What the types of DMS share: filters, tags by ARN, the answers that mean "there is none".

use aws_sdk_databasemigration::types::{Filter, Tag as DmsTag};

use crate::{
    aws::{OpError, op},
    model::{Ownership, Retry, Tag},
    resources::Cx,
};

/// DMS answers filtered questions about nothing with this.
pub(super) const ABSENT: &[&str] = &["ResourceNotFoundFault"];
/// A role that DMS needs exists only just, or not with its policies yet.
pub(super) const ROLE: Retry = Retry {
    code: "AccessDeniedFault",
    message: "is not configured properly",
    why: "DMS cannot use the role yet",
};
/// Something is still changing, or still used by what is being deleted.
pub(super) const BUSY: Retry =
    Retry { code: "InvalidResourceStateFault", message: "", why: "DMS is still busy with it" };

/// One filter with one value.
pub(super) fn filter(operation: &'static str, name: &str, value: &str) -> Result<Filter, OpError> {
    let built = Filter::builder().name(name).values(value).build();
    built.map_err(|error| OpError::not_sent(operation, error.to_string()))
}

/// Tags as the SDK wants them.
pub(super) fn tags(tags: &[Tag]) -> Vec<DmsTag> {
    tags.iter().map(|tag| DmsTag::builder().key(tag.key()).value(tag.value()).build()).collect()
}

/// All tags of an object.
pub(super) async fn tags_of(cx: &Cx<'_>, arn: &str) -> Result<Vec<DmsTag>, OpError> {
    let call = cx.sdk.dms().list_tags_for_resource().resource_arn(arn);
    match call.send().await.map_err(op("ListTagsForResource")) {
        Ok(answer) => Ok(answer.tag_list.unwrap_or_default()),
        Err(error) if error.is(ABSENT) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Keys and values.
pub(super) fn pairs(tags: &[DmsTag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// Whose an object is.
pub(super) async fn ownership(cx: &Cx<'_>, arn: &str) -> Result<Ownership, OpError> {
    Ok(cx.owns(pairs(&tags_of(cx, arn).await?)))
}

/// Brings the plan's own tags up to date.
pub(super) async fn retag(
    cx: &Cx<'_>,
    arn: &str,
    old: Option<&Vec<Tag>>,
    new: Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(old, new);
    if !set.is_empty() {
        let call = cx.sdk.dms().add_tags_to_resource().resource_arn(arn).set_tags(Some(tags(&set)));
        call.send().await.map_err(op("AddTagsToResource"))?;
    }
    if !unset.is_empty() {
        let call = cx.sdk.dms().remove_tags_from_resource().resource_arn(arn).set_tag_keys(Some(unset));
        call.send().await.map_err(op("RemoveTagsFromResource"))?;
    }
    Ok(())
}
