//! What the files of this folder share: built structures, absent settings, tags.

use aws_sdk_s3::{error::BuildError, types as sdk};

use crate::{aws::OpError, model::Tag};

/// The result of a call.
pub(super) type Outcome<T> = Result<T, OpError>;

/// A structure that lacks a required member was never sent.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Outcome<T> {
    result.map_err(|error| OpError::not_sent("S3", format!("a setting is incomplete: {error}")))
}

/// The answer of a read, or `None` if AWS says that the bucket has no such setting.
pub(super) fn unless<T>(answer: Outcome<T>, codes: &[&str]) -> Outcome<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is(codes) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A text, empty if the template has none: AWS then names what it misses.
pub(super) fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

/// A tag for AWS.
pub(super) fn tag(tag: &Tag) -> Outcome<sdk::Tag> {
    built(sdk::Tag::builder().key(tag.key()).value(tag.value()).build())
}

/// Tags for AWS.
pub(super) fn tags(list: Option<&Vec<Tag>>) -> Outcome<Vec<sdk::Tag>> {
    list.into_iter().flatten().map(tag).collect()
}

/// A tag in the template's terms.
pub(super) fn own_tag(tag: &sdk::Tag) -> Tag {
    Tag::new(tag.key(), tag.value())
}

/// Tags in the template's terms.
pub(super) fn own_tags(list: &[sdk::Tag]) -> Option<Vec<Tag>> {
    (!list.is_empty()).then(|| list.iter().map(own_tag).collect())
}
