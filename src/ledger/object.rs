//! What the ledger holds: objects, the resources they belong to, calls without an outcome.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    entry::{Declared, Verb},
    operate::Operate,
};
use crate::{
    aws::OpError,
    model::{Address, Attributes, DeletionPolicy, PhysicalId},
};

/// How far an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It exists; configuration or the wait for readiness is not finished.
    Created,
    /// It is usable.
    Ready,
    /// Its update was begun and not finished.
    Updating,
    /// Its deletion was begun.
    Deleting,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Its handle.
    pub physical_id: PhysicalId,
    /// Counts up with each replacement.
    pub generation: u32,
    /// When its creation was written down, RFC 3339: soon after that the service's reads may not show it yet.
    #[serde(default)]
    pub made: String,
    /// When a call of ours last changed it, RFC 3339: soon after that reads may show it as it was before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub touched: String,
    /// The line that made it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub born: u64,
    /// The last line after which it was as declared. What it refers to and was made later took a part of it along.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settled: u64,
    /// How far it is.
    pub stage: Stage,
    /// What was declared when it was last touched.
    pub declared: Declared,
    /// What is known about it.
    pub attributes: Attributes,
    /// It existed before us and carries no ownership tags: never deleted, only let go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// It was imported: it carries no ownership tags, and is known by its handle and what cannot change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claimed: bool,
    /// The generation in its ownership tags, where that is another: an object that appeared late beside the one that was
    /// made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<u32>,
    /// Properties of an update whose outcome is unknown or partial: the object may hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempted: Option<Json>,
    /// Made by a call that was taken for lost and made again: nothing ever used it, and it goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stray: bool,
    /// Until when the run that made or changed it did not wait (`--wait`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwaited: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Object {
    /// The generation that its ownership tags name.
    #[must_use]
    pub fn mark(&self) -> u32 {
        self.marked.unwrap_or(self.generation)
    }

    /// What becomes of it when its resource goes: replaced objects have a policy of their own.
    #[must_use]
    pub fn policy(&self, current: bool) -> DeletionPolicy {
        if self.stray {
            DeletionPolicy::Delete
        } else if current {
            self.declared.deletion_policy
        } else {
            self.declared.update_replace_policy
        }
    }
}

/// A resource: its current object and those that were replaced and not yet deleted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resource {
    /// The object in use.
    pub current: Option<Object>,
    /// Replaced objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Object>,
    /// The next generation to hand out. It only grows over the ledger's life, also across `destroy`, so that
    /// client tokens and ownership marks are never used twice.
    #[serde(default)]
    pub next_generation: u32,
}

/// An intent without an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// Its number.
    pub op: u64,
    /// When it was written.
    pub at: String,
    /// What the call does.
    pub verb: Verb,
    /// To which resource.
    pub address: Address,
    /// To which object.
    pub generation: u32,
    /// The handle, if there was one.
    pub physical_id: Option<PhysicalId>,
    /// The client token.
    pub token: String,
    /// For create and update: the resource as it would be.
    pub declared: Option<Box<Declared>>,
    /// For create: an existing object may be adopted without tags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// For operate: the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operate: Option<Box<Operate>>,
    /// Set when an earlier run gave up on finding out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<OpError>,
}

/// A create that showed no effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// The call.
    pub call: Open,
    /// Objects of the resource that the tool stopped managing since: what is found of these is not what the call made.
    #[serde(default, rename = "let_go", skip_serializing_if = "BTreeSet::is_empty")]
    pub unmanaged: BTreeSet<PhysicalId>,
}

/// To which world a ledger belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Binding {
    /// The migration's name.
    pub migration: String,
    /// The environment's name.
    pub environment: String,
    /// Twelve digits.
    pub account: String,
    /// The plan's region.
    pub region: String,
    /// `aws` or `sandbox`.
    pub realm: String,
    /// The plan's files; `None` in ledgers of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Source>,
}

/// Where the files of a ledger's plan are: what tells two plans of one name apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Seen from the ledger's folder, so that both can be moved together.
    pub path: String,
    /// Seen from the root of the Git work tree they are in, for ledgers that are kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}
