//! Which types can be deployed, and how.

use super::super::{custom, registry};
use crate::schema::{self, TypeSchema};

/// How a type is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// By a handler of its own.
    Native,
    /// Through Cloud Control.
    CloudControl,
    /// Not at all; why, in one sentence without a full stop.
    Refused(&'static str),
    /// Nobody has published such a type.
    Unknown,
}

/// Types that exist only inside the CloudFormation service, though some have handlers.
const INSIDE: &[(&str, &str)] = &[(
    "AWS::CloudFormation::Macro",
    "macros run inside the CloudFormation service, which migrate does not use",
)];

const NO_HANDLERS: &str =
    "AWS publishes no handlers for it, so only the CloudFormation service itself can make it";
const NO_READ: &str =
    "its published schema has no read handler, so Cloud Control can neither read nor update such an object";
const HALF: &str = "its published schema lacks the handler that creates or deletes it";

/// Why Cloud Control cannot deploy a published type.
pub(super) fn refusal(schema: &TypeSchema) -> Option<&'static str> {
    if let Some((_, why)) = INSIDE.iter().find(|(kind, _)| *kind == schema.kind()) {
        return Some(why);
    }
    match ["create", "delete", "read"].map(|verb| schema.handles(verb)) {
        [true, true, true] => None,
        [false, false, _] => Some(NO_HANDLERS),
        [true, true, false] => Some(NO_READ),
        _ => Some(HALF),
    }
}

/// Types that Cloud Control does not take, and the type by which it does the same: see `check::apart`.
const STANDS_FOR: &[(&str, &str)] = &[("AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy")];

/// The type by whose objects a type is deployed that has no handler itself.
#[must_use]
pub fn stands_for(kind: &str) -> Option<&'static str> {
    STANDS_FOR.iter().find(|(other, _)| *other == kind).map(|(_, part)| *part)
}

/// How a type is deployed.
#[must_use]
pub fn support(kind: &str) -> Support {
    if registry::native(kind).is_some() || custom::find(kind).is_some() || kind == custom::STACK {
        return Support::Native;
    }
    let kind = stands_for(kind).unwrap_or(kind);
    match schema::of(kind).map(refusal) {
        Some(None) => Support::CloudControl,
        Some(Some(why)) => Support::Refused(why),
        None => Support::Unknown,
    }
}
