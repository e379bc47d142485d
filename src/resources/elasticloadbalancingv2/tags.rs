//! Tags of load balancers, target groups and listeners: one API for all of them.

use aws_sdk_elasticloadbalancingv2::types;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{Change, Cx},
};

/// Tags as create calls take them.
pub fn sdk(tags: Vec<Tag>) -> Option<Vec<types::Tag>> {
    Some(
        tags.into_iter()
            .map(|tag| types::Tag::builder().set_key(tag.Key).set_value(tag.Value).build())
            .collect(),
    )
}

/// The object's live tags; empty if the object is gone.
pub async fn read(cx: &Cx<'_>, arn: &str) -> Result<Vec<(String, String)>, OpError> {
    let answer = cx.sdk.elb().describe_tags().resource_arns(arn).send().await.map_err(op("DescribeTags"));
    let answer = match answer {
        Err(error) if error.is(&["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound"]) => {
            return Ok(Vec::new());
        }
        other => other?,
    };
    Ok(answer
        .tag_descriptions()
        .iter()
        .flat_map(types::TagDescription::tags)
        .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()))
        .collect())
}

/// Sets and removes what differs.
pub async fn update<P>(
    cx: &Cx<'_>,
    arn: &str,
    change: &Change<'_, P>,
    of: fn(&P) -> Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    if !change.has("Tags") {
        return Ok(());
    }
    let (set, unset) = cx.tag_changes(of(change.old), of(change.new));
    if !unset.is_empty() {
        let call = cx.sdk.elb().remove_tags().resource_arns(arn).set_tag_keys(Some(unset));
        call.send().await.map_err(op("RemoveTags"))?;
    }
    if !set.is_empty() {
        cx.sdk.elb().add_tags().resource_arns(arn).set_tags(sdk(set)).send().await.map_err(op("AddTags"))?;
    }
    Ok(())
}

/// Pairs as the ownership helpers take them.
pub fn pairs(tags: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}
