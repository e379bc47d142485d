//! What zones, health checks and records share: caller references, names, tags.

use aws_sdk_route53::{error::BuildError, types as sdk};
use sha2::{Digest, Sha256};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::Tag,
    resources::Cx,
};

/// A structure that lacks a required member was never sent.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, OpError> {
    result.map_err(|error| OpError::not_sent("Route53", format!("a setting is incomplete: {error}")))
}

/// The beginning of every caller reference of this resource. AWS shows references in lists, so an object whose
/// id was never learned is found by it, even before it has tags.
fn mark(cx: &Cx<'_>) -> String {
    let digest = Sha256::digest(format!("{}\n{}", cx.owner.mark(), cx.address));
    format!("{}-", &hex::encode(digest)[..20])
}

/// The caller reference of one create call: a retry repeats it, a later create has another, because AWS never
/// takes one twice.
pub(super) fn reference(cx: &Cx<'_>, permit: &Permit) -> String {
    format!("{}{}", mark(cx), permit.token())
}

/// Whether an object was created for this resource.
pub(super) fn ours(cx: &Cx<'_>, reference: &str) -> bool {
    reference.starts_with(&mark(cx))
}

/// `/hostedzone/Z1` is `Z1`.
pub(super) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A domain name as one may compare it: lower case, no final dot, AWS's escape for `*` undone.
pub(super) fn domain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_lowercase()
}

/// Live tags.
pub(super) async fn tags(
    cx: &Cx<'_>,
    kind: sdk::TagResourceType,
    id: &str,
) -> Result<Option<Vec<Tag>>, OpError> {
    let call = cx.sdk.route53().list_tags_for_resource().resource_type(kind).resource_id(id);
    let answer = call.send().await.map_err(op("ListTagsForResource"))?;
    let all = answer.resource_tag_set.and_then(|set| set.tags).unwrap_or_default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let all: Vec<Tag> = all.iter().map(|tag| Tag::new(text(&tag.key), text(&tag.value))).collect();
    Ok(cx.own_tags(all.iter().map(|tag| (tag.key(), tag.value()))))
}

/// Sets and removes tags; at most ten of each fit one call.
pub(super) async fn change_tags(
    cx: &Cx<'_>,
    kind: sdk::TagResourceType,
    id: &str,
    set: &[Tag],
    unset: &[String],
) -> Result<(), OpError> {
    let steps = set.len().max(unset.len()).div_ceil(10);
    for step in 0..steps {
        let set: Vec<sdk::Tag> = set
            .iter()
            .skip(step * 10)
            .take(10)
            .map(|tag| sdk::Tag::builder().key(tag.key()).value(tag.value()).build())
            .collect();
        let unset: Vec<String> = unset.iter().skip(step * 10).take(10).cloned().collect();
        cx.sdk
            .route53()
            .change_tags_for_resource()
            .resource_type(kind.clone())
            .resource_id(id)
            .set_add_tags((!set.is_empty()).then_some(set))
            .set_remove_tag_keys((!unset.is_empty()).then_some(unset))
            .send()
            .await
            .map_err(op("ChangeTagsForResource"))?;
    }
    Ok(())
}
