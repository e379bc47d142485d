//! The journal's lines.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Source,
    history::FailureRecord,
    operate::{Facts, Happened, Operate},
};
use crate::{
    aws::OpError,
    model::{Address, Attributes, DeletionPolicy, Found, PhysicalId},
};

/// One line of `journal.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`FORMAT`](super::FORMAT) of the program that wrote it; lines of format 1 carry none.
    #[serde(default = "unversioned")]
    pub v: u32,
    /// Counts up from 1 over the ledger's whole life; gaps mean damage.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

fn unversioned() -> u32 {
    1
}

/// What a call is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Make the object exist.
    Create,
    /// Idempotent settings after creation.
    Configure,
    /// Change it in place.
    Update,
    /// Delete it.
    Delete,
    /// Operate it: a call that belongs to no resource's life, but to the migration.
    Operate,
}

/// Everything about a resource that outlives the plan's files; enough to find it, finish it and destroy it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its CloudFormation type.
    pub kind: String,
    /// Its region.
    pub region: String,
    /// Its properties as sent, secrets as `{{resolve:...}}` texts.
    pub properties: Json,
    /// What happens on deletion.
    pub deletion_policy: DeletionPolicy,
    /// What happens to the object when another one has taken its place.
    #[serde(default)]
    pub update_replace_policy: DeletionPolicy,
    /// The resource's metadata.
    pub metadata: Json,
    /// What it depends on, for the teardown order.
    pub depends_on: Vec<Address>,
}

/// How an open intent was settled by a later look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The object was found; its handle.
    Adopted(PhysicalId),
    /// A person named an object that was there before as the resource's (`migrate import`): it carries no ownership
    /// tags, and is ours nevertheless.
    Claimed(PhysicalId),
    /// There is no such object: the call had no effect.
    Absent,
    /// The call is idempotent and will be made again.
    Repeated,
    /// Its effect was found.
    Found,
    /// A person said so (`migrate ledger resolve`).
    Operator(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// First line of a ledger, and again when its plan has moved.
    Bound {
        /// The migration's name.
        migration: String,
        /// The environment's name.
        environment: String,
        /// Twelve digits.
        account: String,
        /// The plan's region.
        region: String,
        /// `aws` or `sandbox`: a rehearsal's ledger is never used against AWS.
        realm: String,
        /// The plan's files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Source>,
    },
    /// A run begins.
    RunStarted {
        /// Its name.
        run: String,
        /// `up` or `destroy`.
        operation: String,
        /// Number of steps.
        steps: usize,
        /// Who runs it.
        by: String,
        /// Whether what it creates goes again should it fail.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rolls_back: bool,
    },
    /// The next call.
    Intent {
        /// Its number; unique in the ledger.
        op: u64,
        /// What it does.
        verb: Verb,
        /// To which resource.
        address: Address,
        /// To which object of it.
        generation: u32,
        /// The handle, once there is one.
        physical_id: Option<PhysicalId>,
        /// The client token that goes with it.
        token: String,
        /// For create and update: the resource as it will be.
        declared: Option<Box<Declared>>,
        /// For create: an existing object of that name may be adopted without ownership tags.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
        /// For operate: the call, what was there before, and how its effect is recognised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operate: Option<Box<Operate>>,
    },
    /// The call succeeded.
    Landed {
        /// The intent's number.
        op: u64,
        /// For create: the new handle.
        physical_id: Option<PhysicalId>,
        /// Attributes the answer told.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// For staged verbs: there is more to call.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        more: bool,
    },
    /// AWS said no, or nothing was sent: no effect.
    Refused {
        /// The intent's number.
        op: u64,
        /// Why.
        error: OpError,
    },
    /// The outcome is unknown and could not be determined in this run; the intent stays open.
    Doubtful {
        /// The intent's number.
        op: u64,
        /// Why.
        error: OpError,
    },
    /// An open intent was settled by looking.
    Resolved {
        /// The intent's number.
        op: u64,
        /// How.
        by: Resolution,
        /// Attributes the look told.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// The object existed before and carries no ownership tags; it is never deleted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
    },
    /// A create that had shown no effect had one after all.
    Appeared {
        /// The intent's number.
        op: u64,
        /// The object's handle.
        physical_id: PhysicalId,
        /// Attributes the look told.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// Another object has or had its place since: nothing uses this one, and it goes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stray: bool,
    },
    /// A create that had shown no effect surely had none, or its object is in the ledger.
    #[serde(rename = "vain")]
    NeverAppeared {
        /// The intent's number.
        op: u64,
    },
    /// The object is configured and usable.
    Ready {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// All attributes.
        attributes: Attributes,
    },
    /// The run did not wait until its service is done with the object: the next one does.
    Unwaited {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// Until when it was not waited for.
        until: String,
    },
    /// Attributes that are certain: of an object that is not usable yet, so that what needs only its address may start; or
    /// those that another object has changed.
    Addressable {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// The attributes that are certain.
        attributes: Attributes,
    },
    /// An object that was known by the request that made it has a handle of its own.
    Named {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// The handle.
        physical_id: PhysicalId,
    },
    /// Only policy, metadata or dependencies changed.
    Redeclared {
        /// The resource.
        address: Address,
        /// As it is now.
        declared: Box<Declared>,
    },
    /// The object is gone, or was let go.
    Gone {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// It still exists (`Retain`, adopted, or needed by others); why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<String>,
    },
    /// A look at the world found other properties than the recorded ones (`migrate up --refresh`).
    Refreshed {
        /// The resource.
        address: Address,
        /// Its object.
        generation: u32,
        /// What is recorded from now on.
        properties: Json,
    },
    /// Outputs at the end of a run: stack, name, value.
    Outputs {
        /// By stack.
        outputs: std::collections::BTreeMap<String, std::collections::BTreeMap<String, Json>>,
        /// Export name to value.
        exports: std::collections::BTreeMap<String, Json>,
        /// What the plan imports from other ledgers, as `region/name`.
        #[serde(default, skip_serializing_if = "std::collections::BTreeSet::is_empty")]
        imports: std::collections::BTreeSet<String>,
    },
    /// Stacks that have termination protection from now on; `destroy` refuses them.
    Protected {
        /// Their names.
        stacks: std::collections::BTreeSet<String>,
    },
    /// What lookups found for the plan that is run from now on.
    LookedUp {
        /// By stack and parameter.
        lookups: Vec<Found>,
    },
    /// The declaration of the operations, resolved against what exists.
    Declared {
        /// As it was resolved.
        resolved: Json,
        /// Its SHA-256.
        digest: String,
    },
    /// What was seen of the operated and watched properties.
    Observed {
        /// The properties.
        facts: Facts,
        /// Whether an abort restores this.
        baseline: bool,
    },
    /// Something that happened in the course of operations.
    Happened(Happened),
    /// An operation took an object away and put it back; it is the same resource under another id.
    PutBack {
        /// The resource.
        address: Address,
        /// Which of its objects.
        generation: u32,
        /// Its new id.
        physical_id: PhysicalId,
        /// Its attributes, the id among them.
        attributes: Attributes,
    },
    /// A run ends in order.
    RunFinished {
        /// Its name.
        run: String,
        /// `complete`, `failed`, `stopped` or `doubtful`.
        outcome: String,
        /// Which steps failed, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failures: Vec<FailureRecord>,
    },
}

impl Entry {
    /// The kinds, as lines name them.
    pub const KINDS: &'static [&'static str] = &[
        "bound",
        "run-started",
        "intent",
        "landed",
        "refused",
        "doubtful",
        "resolved",
        "appeared",
        "vain",
        "ready",
        "unwaited",
        "addressable",
        "named",
        "redeclared",
        "gone",
        "refreshed",
        "outputs",
        "protected",
        "looked-up",
        "declared",
        "observed",
        "happened",
        "put-back",
        "run-finished",
    ];
}
