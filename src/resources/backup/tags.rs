//! Tags of vaults and plans: maps, by ARN.

use std::collections::BTreeMap;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::{
        Cx,
        tags::{Tagging, of_map, to_map},
    },
};

/// What the service says of an object that is not there.
pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException"];

/// Tags as the schema has them.
pub(super) type Map = BTreeMap<String, String>;

/// The schema's map as a list.
pub(super) fn list(map: Option<&Map>) -> Option<Vec<Tag>> {
    map.map(|map| map.iter().map(|(key, value)| Tag::new(key, value)).collect())
}

/// A list as the schema's map.
pub(super) fn map(list: Option<Vec<Tag>>) -> Option<Map> {
    list.map(|list| list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// The service's tag calls; they take an ARN.
pub(super) struct Tags;

impl Tags {
    /// All tags.
    pub async fn list(cx: &Cx<'_>, arn: &str) -> Result<Vec<Tag>, OpError> {
        let call = cx.sdk.backup().list_tags().resource_arn(arn);
        Ok(of_map(call.send().await.map_err(op("ListTags"))?.tags))
    }

    /// Brings the plan's own tags from one map to another.
    pub async fn turn(cx: &Cx<'_>, arn: &str, old: Option<&Map>, new: Option<&Map>) -> Result<(), OpError> {
        Self::change(cx, arn, list(old).as_ref(), list(new).as_ref()).await
    }
}

impl Tagging for Tags {
    async fn set(cx: &Cx<'_>, arn: &str, tags: Vec<Tag>) -> Result<(), OpError> {
        let call = cx.sdk.backup().tag_resource().resource_arn(arn).set_tags(Some(to_map(tags)));
        call.send().await.map(drop).map_err(op("TagResource"))
    }

    async fn unset(cx: &Cx<'_>, arn: &str, keys: Vec<String>) -> Result<(), OpError> {
        let call = cx.sdk.backup().untag_resource().resource_arn(arn).set_tag_key_list(Some(keys));
        call.send().await.map(drop).map_err(op("UntagResource"))
    }
}
