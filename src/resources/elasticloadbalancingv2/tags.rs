//! Tags of load balancers, target groups and listeners: one API for all of them.

use aws_sdk_elasticloadbalancingv2::types;

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

/// What the service says of an object that is not there.
pub(super) const ABSENT: &[&str] =
    &["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"];

/// The service's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        if let Some(tags) = cx.shelved_tags(arn) {
            return Ok(tags);
        }
        let answer =
            cx.sdk.elb().describe_tags().resource_arns(arn).send().await.map_err(op("DescribeTags"))?;
        let all = answer.tag_descriptions.unwrap_or_default().into_iter();
        Ok(all.flat_map(|one| received::<Vec<Tag>, _>(one.tags.as_ref()).unwrap_or_default()).collect())
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
        const OP: &str = "AddTags";
        let call = cx.sdk.elb().add_tags().resource_arns(arn).set_tags(sent(OP, Some(&tags))?);
        call.send().await.map(drop).map_err(op(OP))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.elb().remove_tags().resource_arns(arn).set_tag_keys(Some(keys));
        call.send().await.map(drop).map_err(op("RemoveTags"))
    }
}
