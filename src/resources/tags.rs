//! Tags. Every service has its own calls for them and its own form. Each has one helper, in the `tags.rs` of its
//! folder, that every type of the service uses: [`tag_form!`](crate::tag_form) for its tag struct, a `Tags` that
//! implements [`Tagging`] and, where descriptions do not show tags, has a `Tags::list` of one call.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
};

use super::{
    Cx,
    mirror::{Mirror, sent},
};
use crate::{aws::OpError, model::Tag};

/// The calls that change tags in one service. `object` is what they take: an ARN, or an id.
pub trait Tagging {
    /// Sets tags; never called without any.
    fn set(cx: &Cx<'_>, object: &str, tags: Vec<Tag>) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Removes tags; never called without any.
    fn unset(
        cx: &Cx<'_>,
        object: &str,
        keys: Vec<String>,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Brings the plan's own tags of an object from `old` to `new`. What goes is removed first: an object may have
    /// as many tags as AWS allows.
    fn change(
        cx: &Cx<'_>,
        object: &str,
        old: Option<&Vec<Tag>>,
        new: Option<&Vec<Tag>>,
    ) -> impl Future<Output = Result<(), OpError>> + Send {
        let (set, unset) = cx.tag_changes(old, new);
        async move {
            if !unset.is_empty() {
                Self::unset(cx, object, unset).await?;
            }
            if !set.is_empty() {
                Self::set(cx, object, set).await?;
            }
            Ok(())
        }
    }
}

/// The tags of a new object, ownership tags included, as a create call takes them.
///
/// # Errors
/// Nothing was sent: a tag has no key.
pub fn create<S>(cx: &Cx<'_>, operation: &str, own: Option<&Vec<Tag>>) -> Result<Option<Vec<S>>, OpError>
where
    Tag: Mirror<S>,
{
    sent(operation, Some(&cx.tags(own)))
}

/// Tags of services that keep them as a map.
#[must_use]
pub fn to_map(tags: Vec<Tag>) -> HashMap<String, String> {
    tags.into_iter().map(|tag| (tag.Key.unwrap_or_default(), tag.Value.unwrap_or_default())).collect()
}

/// The same backwards, sorted by key.
#[must_use]
pub fn of_map(tags: Option<HashMap<String, String>>) -> Vec<Tag> {
    let sorted: BTreeMap<_, _> = tags.unwrap_or_default().into_iter().collect();
    sorted.into_iter().map(|(key, value)| Tag::new(key, value)).collect()
}

/// Makes a service's tag struct a form of [`Tag`], so that lists of tags are sent and received like any other
/// property: `tag_form!(types::Tag)`, with `required` for SDK structs that cannot be without key and value.
#[macro_export]
macro_rules! tag_form {
    ($tag:ty) => {
        impl $crate::resources::mirror::Mirror<$tag> for $crate::model::Tag {
            fn send(&self) -> Result<$tag, aws_smithy_types::error::operation::BuildError> {
                Ok(<$tag>::builder().key(self.key()).value(self.value()).build())
            }
            fn receive(sdk: &$tag) -> Self {
                Self::new(sdk.key().unwrap_or_default(), sdk.value().unwrap_or_default())
            }
        }
    };
    ($tag:ty, required) => {
        impl $crate::resources::mirror::Mirror<$tag> for $crate::model::Tag {
            fn send(&self) -> Result<$tag, aws_smithy_types::error::operation::BuildError> {
                <$tag>::builder().key(self.key()).value(self.value()).build()
            }
            fn receive(sdk: &$tag) -> Self {
                Self::new(sdk.key(), sdk.value())
            }
        }
    };
}
