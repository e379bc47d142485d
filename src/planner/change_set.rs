//! What a run would do: an ordered, serialisable value of steps with reasons.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    graph::{Needs, StackInfo},
    model::{Activity, Address, DeletionPolicy, Found, PhysicalId, Settles, Text, Value},
};

/// The version of the change set's file format.
pub const FORMAT: u32 = 1;

/// A step's number within its change set: its index in [`ChangeSet::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which command the change set belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Apply the plan.
    Up,
    /// Delete everything the ledger holds.
    Destroy,
    /// Delete what a failed run created.
    Rollback,
    /// Delete what calls with lost answers left behind.
    Cleanup,
}

impl Operation {
    /// As events, the ledger and people write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Destroy => "destroy",
            Self::Rollback => "rollback",
            Self::Cleanup => "cleanup",
        }
    }
}

/// A reviewed value: `up` runs exactly this.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeSet {
    /// [`FORMAT`].
    pub format: u32,
    /// Up or destroy.
    pub operation: Operation,
    /// What it is for.
    pub target: Target,
    /// Stacks with their regions and outputs; the engine computes the outputs at the end.
    pub stacks: Vec<StackInfo>,
    /// Steps; every dependency comes before its dependent.
    pub steps: Vec<Step>,
    /// Resources that stay as they are.
    pub unchanged: Vec<Address>,
    /// Things a reviewer should know (edges dropped because they would close a cycle, retained objects).
    pub notes: Vec<String>,
    /// What it was asked for besides the plan's files: it is planned again with the same before it runs.
    #[serde(default)]
    pub wishes: Wishes,
    /// What lookups found: a saved change set is applied with these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Found>,
}

/// Options that decide what is planned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// The account was read first (`--refresh`).
    #[serde(default)]
    pub refresh: bool,
    /// Resources that were to get a new object (`--replace`).
    #[serde(default)]
    pub replace: Vec<Address>,
    /// How long what the run makes or changes is waited for (`--wait`).
    #[serde(default, skip_serializing_if = "Wait::is_steady")]
    pub wait: Wait,
}

/// How far objects are that a run leaves, where their type knows the difference ([`Facts::settles`]) and nothing in the
/// run needs more.
///
/// [`Facts::settles`]: crate::model::Facts::settles
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// The call was accepted.
    Applied,
    /// They work, though the service is not done with them.
    Ready,
    /// The service is done with them.
    #[default]
    Steady,
}

impl Wait {
    fn is_steady(&self) -> bool {
        *self == Self::Steady
    }

    /// As the option has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ready => "ready",
            Self::Steady => "steady",
        }
    }

    /// Until when an object is not waited for; `None` if it is.
    #[must_use]
    pub fn omits(self, settles: Option<Settles>) -> Option<&'static str> {
        let Settles { works, steady } = settles?;
        match self {
            Self::Steady => None,
            Self::Ready => works.map(|_| steady),
            Self::Applied => Some(steady),
        }
    }
}

/// What a change set was computed against; all of it must still hold when it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The migration's name.
    pub migration: String,
    /// The environment's name.
    pub environment: String,
    /// Twelve digits.
    pub account: String,
    /// The ledger's lineage.
    pub lineage: String,
    /// The ledger's serial at planning time.
    pub serial: u64,
    /// SHA-256 over the evaluated graph.
    pub graph_digest: String,
}

/// What goes into the ledger with an object, besides its properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keep {
    /// What happens on deletion.
    pub deletion_policy: DeletionPolicy,
    /// What happens to the object when another one takes its place.
    pub update_replace_policy: DeletionPolicy,
    /// The resource's metadata.
    pub metadata: Json,
    /// Addresses it depends on, for the teardown order.
    pub depends_on: Vec<Address>,
}

/// One resource, one thing to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: Text,
    /// Its region.
    pub region: Text,
    /// What is done.
    pub action: Action,
    /// What must come first.
    pub after: Vec<Dependency>,
    /// Why this step exists, in words.
    pub why: Text,
    /// What differs.
    pub changes: Vec<PropertyChange>,
    /// What would be lost; such a step needs an explicit permission.
    pub data_loss: Option<String>,
    /// For deletions: the property that makes AWS refuse, because deletion protection is on. Nothing runs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<String>,
    /// For deletions: what is on the object besides what its own properties put there, and goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<Attachment>,
    /// What it interrupts for those who use the object, if that works at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupts: Vec<Interruption>,
    /// What the object, or what uses it, does at the time of the review; `None` for types that do nothing which a change
    /// could interrupt, and where AWS was not asked or did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Vec<Activity>>,
    /// Typical duration in seconds, from the type's wait policy. See [`Step::lasts`].
    pub typical_s: u64,
    /// When its address is typically certain, in seconds; only where that is before it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressable_s: Option<u64>,
    /// Steps of one number are one call, which AWS applies as a whole or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
}

impl Step {
    /// A step with nothing said about it yet.
    #[must_use]
    pub(super) fn of(address: &Address, kind: &str, region: &str, action: Action) -> Self {
        Self {
            id: StepId(0),
            address: address.clone(),
            kind: kind.into(),
            region: region.into(),
            action,
            after: Vec::new(),
            why: Text::default(),
            changes: Vec::new(),
            data_loss: None,
            protected: None,
            takes: Vec::new(),
            interrupts: Vec::new(),
            now: None,
            typical_s: 0,
            addressable_s: None,
            batch: None,
        }
    }

    /// What it interrupts: nothing where all that it could interrupt is known to rest.
    #[must_use]
    pub fn interruptions(&self) -> &[Interruption] {
        let rests = self.now.as_ref().is_some_and(|now| now.iter().all(|one| !one.busy));
        if rests { &[] } else { &self.interrupts }
    }

    /// How long it typically takes, in seconds. A change in place lasts at least as long as what it interrupts; of a
    /// replacement both steps are counted.
    #[must_use]
    pub fn lasts(&self) -> u64 {
        let in_place = matches!(self.action, Action::Update { .. } | Action::Finish { .. });
        let interrupted = self.interruptions().iter().filter(|_| in_place).map(|one| one.seconds).max();
        self.typical_s.max(interrupted.unwrap_or(0))
    }

    /// How long it typically takes from its first call until it is so far, in seconds.
    #[must_use]
    pub fn until(&self, needs: Needs) -> u64 {
        match needs {
            Needs::Created => self.lasts().min(1),
            Needs::Addressable => self.addressable_s.unwrap_or_else(|| self.lasts()),
            Needs::Ready => self.lasts(),
        }
    }
}

/// Service that is interrupted while a step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// What happens, in words.
    pub what: String,
    /// For how long, typically, in seconds; 0 where only capacity or single requests suffer.
    pub seconds: u64,
}

/// Something on an object that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What, in words (`inline policy audit`).
    pub what: String,
    /// Whether another object of the ledger put it there. Only what others put there is worth a word in a review.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ours: bool,
}

/// What is done to a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Action {
    /// A new object.
    Create {
        /// A [`Value::Map`]; the name property is filled in.
        properties: Value,
        /// From the ledger's `next_generation`; 0 for the first object.
        generation: u32,
        /// Set on replacements: the object that goes.
        replaces: Option<PhysicalId>,
        /// Goes into the ledger.
        keep: Keep,
    },
    /// The same object, other properties.
    Update {
        /// Its handle.
        physical_id: PhysicalId,
        /// The generation it has in the ledger.
        generation: u32,
        /// A [`Value::Map`]: all properties as they will be.
        properties: Value,
        /// Top-level properties that may differ; empty when only policy, metadata or dependencies changed (then
        /// no call is made and only the ledger is brought up to date). Where the new value hangs on another
        /// step, the engine compares again once it is known and makes no call if nothing differs.
        fields: Vec<String>,
        /// Goes into the ledger.
        keep: Keep,
    },
    /// An object whose creation or update was begun in an earlier run is brought to its end.
    Finish {
        /// Its handle.
        physical_id: PhysicalId,
        /// The generation it has in the ledger.
        generation: u32,
        /// A [`Value::Map`]: all properties as they will be.
        properties: Value,
        /// Top-level properties that differ from what was recorded.
        fields: Vec<String>,
        /// Goes into the ledger.
        keep: Keep,
    },
    /// An object goes: the resource left the plan, was replaced, or everything is destroyed.
    Delete {
        /// Its handle.
        physical_id: PhysicalId,
        /// The generation it has in the ledger.
        generation: u32,
        /// Whether a newer object of the same address stays (or comes).
        superseded: bool,
        /// `Snapshot` takes a final snapshot first. (`Retain` never becomes a delete: see `Forget`.)
        policy: DeletionPolicy,
    },
    /// The object stays where it is; the ledger lets go of it (`Retain`, or an adopted shared object).
    Forget {
        /// Its handle.
        physical_id: PhysicalId,
        /// The generation it has in the ledger.
        generation: u32,
        /// Whether a newer object of the same address stays (or comes).
        superseded: bool,
    },
}

impl Action {
    /// The word reviews and JSON use.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { replaces: None, .. } => "create",
            Self::Create { replaces: Some(_), .. } => "replace",
            Self::Update { .. } => "update",
            Self::Finish { .. } => "finish",
            Self::Delete { .. } => "delete",
            Self::Forget { .. } => "forget",
        }
    }
}

/// A step that must come first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The step.
    pub step: StepId,
    /// How far it must be. For deletes, `Created` means that AWS has accepted it, and `Ready` that the object is gone.
    pub needs: Needs,
    /// Why, in words.
    pub why: String,
}

/// A property as a review shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Its value; secrets stay `{{resolve:...}}` texts.
    Value(Json),
    /// It will be known when this is done (`stack/Id.Attribute`).
    KnownAfter(String),
    /// Not set.
    Absent,
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Its path: `SubnetIds.0`, `Tags[Owner].Value` where items have names, or a top-level name.
    pub property: String,
    /// What was recorded.
    pub old: Shown,
    /// What is wanted.
    pub new: Shown,
    /// Whether this difference is what forces a new object.
    pub replaces: bool,
}

/// Counts for the last line of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// New objects (without replacements).
    pub create: usize,
    /// In-place updates.
    pub update: usize,
    /// Objects replaced by new ones.
    pub replace: usize,
    /// Objects deleted (without replaced ones).
    pub delete: usize,
    /// Resources left alone.
    pub unchanged: usize,
}

impl ChangeSet {
    /// What differs from another change set for the same target: an address, or a part of the document. `None` if
    /// they would do and say the same.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<String> {
        for at in 0..self.steps.len().max(other.steps.len()) {
            let (one, two) = (self.steps.get(at), other.steps.get(at));
            if planned(one) != planned(two) {
                let step = one.or(two)?;
                return Some(format!("the step `{} {}`", step.action.verb(), step.address));
            }
        }
        let parts = |set: &Self| {
            [
                ("operation", json(&set.operation)),
                ("stacks and outputs", json(&set.stacks)),
                ("unchanged resources", json(&set.unchanged)),
                ("notes", json(&set.notes)),
                ("lookups", json(&set.lookups)),
                ("migration", json(&(&set.target.migration, &set.target.environment))),
            ]
        };
        let pairs = parts(self).into_iter().zip(parts(other));
        pairs.into_iter().find(|(one, two)| one != two).map(|((name, _), _)| format!("its {name}"))
    }

    /// Counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut sum = Summary { unchanged: self.unchanged.len(), ..Summary::default() };
        for step in &self.steps {
            match &step.action {
                Action::Create { replaces: Some(_), .. } => sum.replace += 1,
                Action::Create { .. } | Action::Finish { .. } => sum.create += 1,
                Action::Update { .. } => sum.update += 1,
                Action::Delete { superseded: false, .. } | Action::Forget { superseded: false, .. } => {
                    sum.delete += 1
                }
                Action::Delete { .. } | Action::Forget { .. } => {}
            }
        }
        sum
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step of that number.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.0 as usize)
    }
}

/// A step as planned. Deletion protection, attachments and what runs are read from the account, and read again before
/// anything is done.
fn planned(step: Option<&Step>) -> Json {
    let mut step = json(&step);
    if let Some(members) = step.as_object_mut() {
        members.remove("protected");
        members.remove("takes");
        members.remove("now");
    }
    step
}

/// Serialised for comparison; these types cannot fail to be.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
