//! Tags of an Auto Scaling group: each says whether the group's instances get it, too.

use aws_sdk_autoscaling::types;

use super::group::{Props, name};
use crate::{
    aws::{OpError, op},
    resources::Cx,
};

fn tag(group: &str, key: &str, value: &str, propagate: bool) -> types::Tag {
    types::Tag::builder()
        .resource_id(group)
        .resource_type("auto-scaling-group")
        .key(key)
        .value(value)
        .propagate_at_launch(propagate)
        .build()
}

fn own_tags(props: &Props) -> impl Iterator<Item = types::Tag> + '_ {
    props.Tags.iter().flatten().map(|one| {
        let (key, value) = (one.Key.as_deref().unwrap_or_default(), one.Value.as_deref().unwrap_or_default());
        tag(name(props), key, value, one.PropagateAtLaunch.unwrap_or(false))
    })
}

/// All tags of a new group. Ownership tags stay on the group: its instances are its own business.
pub(super) fn all_tags(cx: &Cx<'_>, props: &Props) -> Vec<types::Tag> {
    let marks = cx.owner.tags(cx.address);
    let marks = marks.iter().map(|one| tag(name(props), one.key(), one.value(), false));
    own_tags(props).chain(marks).collect()
}

pub(super) async fn turn_tags(cx: &Cx<'_>, old: &Props, new: &Props) -> Result<(), OpError> {
    let had: Vec<types::Tag> = own_tags(old).collect();
    let wanted: Vec<types::Tag> = own_tags(new).collect();
    let gone: Vec<types::Tag> =
        had.iter().filter(|one| !wanted.iter().any(|other| other.key == one.key)).cloned().collect();
    if !gone.is_empty() {
        let call = cx.sdk.auto_scaling().delete_tags().set_tags(Some(gone));
        call.send().await.map_err(op("DeleteTags"))?;
    }
    let set: Vec<types::Tag> = wanted.into_iter().filter(|one| !had.contains(one)).collect();
    if !set.is_empty() {
        let call = cx.sdk.auto_scaling().create_or_update_tags().set_tags(Some(set));
        call.send().await.map_err(op("CreateOrUpdateTags"))?;
    }
    Ok(())
}
