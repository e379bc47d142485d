//! Tags of alarms and dashboards: both are known by an ARN that follows from their name.

use aws_sdk_cloudwatch::types as sdk;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{
        Created, Cx, Found,
        described::pairs,
        mirror::{received, sent},
        tags::Tagging,
    },
};

crate::tag_form!(sdk::Tag);

/// What the service says of an alarm or a dashboard that is not there.
pub(super) const ABSENT: &[&str] =
    &["ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError"];

/// CloudWatch's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let call = cx.sdk.cloudwatch().list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.map_err(op("ListTagsForResource"))?;
        Ok(received(answer.tags.as_ref()).unwrap_or_default())
    }

    /// An object whose handle and attributes follow from its name: its tags alone tell whether it is there and
    /// whose it is.
    pub async fn find(cx: &Cx<'_>, arn: &str, object: Created) -> Result<Vec<Found>, OpError> {
        match Self::list(cx, arn).await {
            Ok(tags) => {
                let Created { id, attributes } = object;
                Ok(vec![Found { id, attributes, ownership: cx.owns(pairs(&tags)) }])
            }
            Err(error) if error.is(ABSENT) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        const OP: &str = "TagResource";
        let call = cx.sdk.cloudwatch().tag_resource().resource_arn(arn).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("UntagResource"))
    }
}
