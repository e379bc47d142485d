//! What EC2's types share: tags, filters, and which rejections pass by themselves.

use aws_sdk_ec2::types;

use crate::{
    aws::{OpError, TAG_ADDRESS, TAG_LINEAGE, op},
    model::{Attributes, Retry, Tag},
    resources::{Cx, Goal, Probe, Progress},
};

/// A VPC made by the call before.
pub(super) const NEW_VPC: Retry =
    Retry { code: "InvalidVpcID.NotFound", message: "", why: "the new VPC is not visible yet" };
/// A subnet made by the call before.
pub(super) const NEW_SUBNET: Retry =
    Retry { code: "InvalidSubnetID.NotFound", message: "", why: "the new subnet is not visible yet" };
/// A route table made by the call before.
pub(super) const NEW_TABLE: Retry = Retry {
    code: "InvalidRouteTableID.NotFound",
    message: "",
    why: "the new route table is not visible yet",
};
/// A security group made by the call before.
pub(super) const NEW_GROUP: Retry = Retry {
    code: "InvalidGroup.NotFound",
    message: "does not exist",
    why: "the new security group is not visible yet",
};
/// A gateway made by the call before.
pub(super) const NEW_GATEWAY: Retry = Retry {
    code: "InvalidInternetGatewayID.NotFound",
    message: "",
    why: "the new internet gateway is not visible yet",
};
/// Something still hangs on the object that is to go.
pub(super) const IN_USE: Retry =
    Retry { code: "DependencyViolation", message: "", why: "something in use still depends on it" };

/// All tags of a new object.
pub(super) fn specification(
    cx: &Cx<'_>,
    kind: types::ResourceType,
    own: Option<&Vec<Tag>>,
) -> types::TagSpecification {
    types::TagSpecification::builder().resource_type(kind).set_tags(Some(sent(&cx.tags(own)))).build()
}

fn sent(tags: &[Tag]) -> Vec<types::Tag> {
    tags.iter().map(|tag| types::Tag::builder().key(tag.key()).value(tag.value()).build()).collect()
}

/// A filter with one value.
pub(super) fn filter(name: &str, value: &str) -> types::Filter {
    types::Filter::builder().name(name).values(value).build()
}

/// The filters that only this very resource's object passes.
pub(super) fn ours(cx: &Cx<'_>) -> Vec<types::Filter> {
    vec![
        filter(&format!("tag:{TAG_LINEAGE}"), &cx.owner.mark()),
        filter(&format!("tag:{TAG_ADDRESS}"), cx.address.as_str()),
    ]
}

/// Tags as pairs.
pub(super) fn pairs(tags: &[types::Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// Brings an object's own tags from `old` to `new`.
pub(super) async fn retag(
    cx: &Cx<'_>,
    id: &str,
    old: Option<&Vec<Tag>>,
    new: Option<&Vec<Tag>>,
) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(old, new);
    if !set.is_empty() {
        let call = cx.sdk.ec2().create_tags().resources(id).set_tags(Some(sent(&set)));
        call.send().await.map_err(op("CreateTags"))?;
    }
    if !unset.is_empty() {
        let keys = unset.iter().map(|key| types::Tag::builder().key(key).build()).collect();
        let call = cx.sdk.ec2().delete_tags().resources(id).set_tags(Some(keys));
        call.send().await.map_err(op("DeleteTags"))?;
    }
    Ok(())
}

/// The answer of a read, `None` if the object is not there.
pub(super) fn unless_absent<T>(answer: Result<T, OpError>, codes: &[&str]) -> Result<Option<T>, OpError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(codes) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The end of a delete: an absent object is success.
pub(super) fn deleted<T>(answer: Result<T, OpError>, codes: &[&str]) -> Result<Progress, OpError> {
    unless_absent(answer, codes)
        .map(|answer| if answer.is_some() { Progress::Done } else { Progress::Absent })
}

/// What one look at an object without a lifecycle says.
pub(super) fn seen(attributes: Option<Attributes>, goal: Goal) -> Probe {
    match (attributes, goal) {
        (Some(attributes), Goal::Ready) => Probe::Reached(attributes),
        (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
        (Some(_), Goal::Gone) => Probe::Pending("still there".into()),
        (None, Goal::Gone) => Probe::Reached(Attributes::new()),
    }
}
