//! What a resource type is. One file per type implements [`ResourceType`]; the engine does everything else:
//! it journals, waits, retries, adopts and prints. Handlers never loop, sleep, print or retry.

use std::{collections::BTreeMap, future::Future, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use super::shape::Shape;
use crate::{
    aws::{OpError, Owner, Sdk},
    graph::Address,
    ledger::Permit,
};

/// The handle by which AWS knows the object (`vpc-0abc...`, a name, an ARN). Where a type's natural key has
/// several parts they are joined with `|`, as CloudFormation joins compound identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhysicalId(pub String);

impl PhysicalId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts of a compound identifier.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.0.split('|').collect()
    }
}

impl<T: Into<String>> From<T> for PhysicalId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for PhysicalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// What `Ref` and `Fn::GetAtt` answer, by attribute name; `Ref` is one of the keys.
pub type Attributes = BTreeMap<String, Json>;

/// What a handler may know besides the resource's properties.
pub struct Cx<'a> {
    /// Clients for the resource's region, built on first use.
    pub sdk: &'a Sdk,
    /// The resource's region.
    pub region: &'a str,
    /// The account, twelve digits.
    pub account: &'a str,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// Who owns what is made: the source of ownership tags.
    pub owner: &'a Owner,
    /// The resource's name in the plan; part of the ownership tags.
    pub address: &'a Address,
    /// Whether `delete` may throw away what the object holds (all objects of a bucket): the template's
    /// `Metadata: {Migrate: {EmptyOnDelete: true}}`.
    pub empty_on_delete: bool,
    /// For `delete`: the name of the final snapshot to take, when the deletion policy is `Snapshot`.
    pub snapshot: Option<&'a str>,
}

/// An object as `find` saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its handle.
    pub id: PhysicalId,
    /// What the same answer said about its attributes; may be empty.
    pub attributes: Attributes,
    /// Whose it is.
    pub ownership: Ownership,
}

/// Whose an existing object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// It carries this resource's ownership tags.
    Ours,
    /// It carries none, or another owner's: never adopted by recovery.
    Foreign,
    /// The type cannot carry tags (a route, an inline policy, a dashboard): the natural key decides.
    Untaggable,
}

/// The answer to a create call.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The new object's handle.
    pub id: PhysicalId,
    /// Every attribute the answer already tells; those named in [`Facts::early`] must be among them.
    pub attributes: Attributes,
}

/// How an idempotent verb ended. The engine calls again, with a new permit, while it is `Again`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more to call.
    Done,
    /// The service knows no such object; only `delete` answers this. Of one made a moment ago it proves nothing.
    Absent,
    /// One stage is done or under way (`stopping the replication task`); call again after the type's wait.
    Again(String),
    /// Deliberately left in place; only `delete` answers this (a role others still need).
    Kept(String),
}

/// What a probe waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// Usable by everything that refers to it.
    Ready,
    /// No longer there.
    Gone,
}

/// The answer of one look.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// The goal is reached. For `Ready`: all attributes. For `Gone`: empty.
    Reached(Attributes),
    /// Not yet; `detail` is AWS's own status word (`creating`, `backing-up`).
    Pending(String),
    /// It will never be reached; the reason in AWS's words.
    Failed(String),
}

/// How the engine repeats a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitPolicy {
    /// What AWS typically takes; the first probe comes shortly before it, and views show it.
    pub typical: Duration,
    /// Between probes once `typical` is near.
    pub every: Duration,
    /// After that the step fails.
    pub deadline: Duration,
}

impl WaitPolicy {
    /// Seconds, for constants.
    #[must_use]
    pub const fn secs(typical: u64, every: u64, deadline: u64) -> Self {
        Self {
            typical: Duration::from_secs(typical),
            every: Duration::from_secs(every),
            deadline: Duration::from_secs(deadline),
        }
    }
}

/// What the create call does when an object of that name is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It answers with an error (`AlreadyExists`), or names do not exist for the type. The engine just calls.
    Refuses,
    /// It silently overwrites or returns the existing object (PutDashboard, CreateTopic, CreateCluster): the
    /// engine calls `find` first and refuses to touch a stranger's object.
    Overwrites,
}

/// How `find` recognises an object whose id was never learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By the name property or another natural key among its properties. Strongly consistent or nearly so.
    Name,
    /// By its ownership tags. Eventually consistent: the engine looks again before it retries.
    Tag,
    /// Not at all; the create call takes a client token and may be repeated with the same token.
    Token,
}

/// The property that carries the object's name and what AWS allows in it. The planner fills it in when the
/// template leaves it out, so handlers just use the property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameRule {
    /// `DBInstanceIdentifier`.
    pub property: &'static str,
    /// Longest name AWS takes, in characters.
    pub max: usize,
    /// Lower-case letters only.
    pub lower: bool,
    /// What separates words in generated names; usually `-`.
    pub separator: char,
}

/// A rejection that passes by itself, seen on create, configure and update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The error code.
    pub code: &'static str,
    /// A part of the message, or empty for any.
    pub message: &'static str,
    /// What it means, for the waiting line (`the role is not usable yet`).
    pub why: &'static str,
}

/// A kind of document that a property holds; each has its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// JSON of whatever form.
    Json,
    /// A policy of an identity.
    IdentityPolicy,
    /// Who may assume a role.
    TrustPolicy,
    /// A policy of a resource.
    ResourcePolicy,
    /// The settings of a DMS task.
    TaskSettings,
    /// The table mappings of a DMS task.
    TableMappings,
    /// The body of a CloudWatch dashboard.
    Dashboard,
}

/// What is true of a type besides its schema. All of it is shown by `migrate types NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// `AWS::EC2::VPC`.
    pub kind: &'static str,
    /// The trimmed CloudFormation schema, `include_str!("../../schema/types/aws-ec2-vpc.json")`.
    pub schema: &'static str,
    /// The endpoint prefix calls are counted and limited under (`ec2`, `rds`).
    pub service: &'static str,
    /// How an unfinished create is found again.
    pub identity: Identity,
    /// Where the name goes, if the type has one.
    pub name: Option<NameRule>,
    /// What creating over an existing object does.
    pub on_conflict: OnConflict,
    /// Whether `configure` does anything; if not it is never called.
    pub configures: bool,
    /// Attributes other resources may use as soon as the create call has answered. AWS must accept them in
    /// other calls at that moment, and `create` must return them. All others only once ready.
    pub early: &'static [&'static str],
    /// Top-level properties of this type whose references must wait until the referred resource is ready,
    /// even where the attribute itself is early (`TargetId` of a secret's attachment is only the database's
    /// name, but the handler asks the database for its address).
    pub needs_ready: &'static [&'static str],
    /// `None`: ready when created and configured. An attribute that `create` does not return is then read by
    /// one probe.
    pub ready: Option<WaitPolicy>,
    /// `None`: gone when the delete call has answered.
    pub gone: Option<WaitPolicy>,
    /// Rejections to outwait on create, configure and update.
    pub retry: &'static [Retry],
    /// Rejections to outwait on delete (`DependencyViolation` while network interfaces linger).
    pub retry_delete: &'static [Retry],
    /// Codes with which the service says that there is no such object. An answer of `delete` with one of them is
    /// [`Progress::Absent`]; reads of [`Described`](super::Described) types take it for "there is none".
    pub absent: &'static [&'static str],
    /// Why `delete` of what is not there answers [`Progress::Done`] and not [`Progress::Absent`]: the service says
    /// the same in both cases. `None` for all types that can tell; the law asks either way.
    pub silent_delete: Option<&'static str>,
    /// Every IAM action the handler may cause.
    pub iam: &'static [&'static str],
    /// What is lost with the object, in words (`the database and its automated backups`); `None` if stateless.
    pub stateful: Option<&'static str>,
    /// AWS refuses to delete the object while others use it. An object of that kind that stands in its
    /// successor's way by its name can only be replaced when its users go too.
    pub held_by_users: bool,
    /// Names are unique in the account or the world, not in one region.
    pub global: bool,
    /// Names by which AWS services look such an object up for the whole account: one that is there already is used
    /// as it is.
    pub shared_names: &'static [&'static str],
    /// Whether AWS can take a final snapshot.
    pub snapshots: bool,
    /// CloudFormation's default policy is `Snapshot` unless this property is set (an instance of a cluster has no
    /// snapshot of its own).
    pub snapshot_unless: Option<&'static str>,
    /// Properties, dotted if nested, for which CloudFormation reads secure SSM parameters.
    pub secure: &'static [&'static str],
    /// CloudFormation answers `Fn::GetAtt` for ordinary properties too.
    pub properties_are_attributes: bool,
    /// Properties that hold a document, as an object or as JSON text: the path (`*` for every item of a list), and
    /// what kind of document.
    pub documents: &'static [(&'static str, Document)],
    /// It copies data from one database to another; `migrate status` lists it.
    pub replicates: bool,
    /// Properties that are refused by name, dotted if nested (`Code.Thing`), and why in one sentence.
    pub refused: &'static [(&'static str, &'static str)],
    /// Which objects change in one call: records of one DNS name. Such a type has no wait and no `configure`.
    pub together: Option<Together>,
}

/// Objects of a type that AWS changes in one call, all or none (see [`ResourceType::together`]).
#[derive(Debug, Clone, Copy)]
pub struct Together {
    /// The property that they have in common.
    pub property: &'static str,
    /// Its value in the form that is compared.
    pub key: fn(&str) -> String,
}

impl Facts {
    /// A stateless, regional type found by its tags, ready and gone at once.
    #[must_use]
    pub const fn new(kind: &'static str, service: &'static str, schema: &'static str) -> Self {
        Self {
            kind,
            schema,
            service,
            identity: Identity::Tag,
            name: None,
            on_conflict: OnConflict::Refuses,
            configures: false,
            early: &[],
            needs_ready: &[],
            ready: None,
            gone: None,
            retry: &[],
            retry_delete: &[],
            absent: &[],
            silent_delete: None,
            iam: &[],
            stateful: None,
            held_by_users: false,
            global: false,
            shared_names: &[],
            snapshots: false,
            snapshot_unless: None,
            secure: &[],
            properties_are_attributes: false,
            documents: &[],
            replicates: false,
            refused: &[],
            together: None,
        }
    }

    /// Why a property, dotted if nested, is refused by name.
    #[must_use]
    pub fn why_refused(&self, path: &str) -> Option<&'static str> {
        self.refused.iter().find(|(refused, _)| *refused == path).map(|(_, why)| *why)
    }
}

/// A desired and a recorded form of the same properties, and what differs.
pub struct Change<'a, P> {
    /// What was sent last.
    pub old: &'a P,
    /// What is wanted.
    pub new: &'a P,
    /// Top-level properties that differ.
    pub changed: &'a [String],
}

impl<P> Change<'_, P> {
    /// Whether one of these top-level properties differs.
    #[must_use]
    pub fn any(&self, properties: &[&str]) -> bool {
        self.changed.iter().any(|name| properties.contains(&name.as_str()))
    }

    /// Whether a top-level property differs.
    #[must_use]
    pub fn has(&self, property: &str) -> bool {
        self.changed.iter().any(|name| name == property)
    }
}

/// One object's share of a call that changes several.
#[derive(Debug)]
pub struct Part<'p, P> {
    /// Its resource.
    pub address: &'p Address,
    /// Its handle; `None` for a new object.
    pub id: Option<&'p PhysicalId>,
    /// What it may be now: as recorded and, after an interrupted update, as attempted. Empty for a new object.
    pub before: Vec<P>,
    /// What it is to be; `None`: it goes.
    pub after: Option<P>,
    /// An earlier call of ours, whose effect nobody saw, may have made it what it is to be.
    pub called: bool,
}

/// What became of one object in a call that changes several.
#[derive(Debug, Clone, PartialEq)]
pub enum Joined {
    /// It is what it was to be. A new object has this handle and these attributes; one that was there keeps its own.
    Made(Created),
    /// It is gone.
    Gone,
    /// It was to go, but what has its place is not what was recorded: it was left.
    Kept(String),
}

/// A resource type. Associated functions, no `self`: a type holds no state.
///
/// The same names and rules hold for every type; `tests/contract` checks them all against the sandbox.
pub trait ResourceType: Send + Sync + 'static {
    /// The properties, named as in the schema; declared with [`props!`](crate::props).
    type Props: Shape + Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// What is true of the type.
    const FACTS: Facts;

    // ------------------------------------------------------------------ pure

    /// Whether two values of one top-level property mean the same to AWS (JSON documents with other key order
    /// or defaults filled in, lists that are sets). Both are JSON; the default is [`super::compare::same`],
    /// which knows sets (`insertionOrder: false`), JSON in texts, and numbers written as texts.
    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        super::compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    /// Which of the changed top-level properties need a new object. The default: those that the schema calls
    /// create-only. Types with conditional create-only properties decide here.
    fn replaces(change: &Change<'_, Self::Props>) -> Vec<String> {
        super::compare::create_only(Self::FACTS.kind, change.changed)
    }

    /// Changes in place that AWS always refuses (an older engine version). `(property, why and what to do instead)`.
    fn refused(_change: &Change<'_, Self::Props>) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What a change in place does besides, in words for the review (a running task is stopped and resumed).
    fn effects(_change: &Change<'_, Self::Props>) -> Vec<String> {
        Vec::new()
    }

    /// Whether AWS by itself brings a property from what was sent to what is live (an automatic minor version upgrade):
    /// no drift, and never undone. `live` and `sent` are all properties.
    fn moved_by_aws(_property: &str, _sent: &Json, _live: &Json) -> bool {
        false
    }

    /// Problems that only this type knows (a final snapshot without a name). `(property, message)`.
    fn check(_props: &Json) -> Vec<(String, String)> {
        Vec::new()
    }

    // ------------------------------------------------------------------ read

    /// Looks for the object by its name, natural key or ownership tags: one call (or one per page, with a
    /// filter). Never mutates. An object that is being deleted or is already terminated is not found.
    fn find(cx: &Cx<'_>, props: &Self::Props) -> impl Future<Output = Result<Option<Found>, OpError>> + Send;

    /// Every object that carries this resource's ownership tags. There are two where a create took effect that nobody
    /// had seen in time, and was made again; only types need it that nothing keeps from being made twice (no name, no
    /// token, no natural key).
    fn find_all(
        cx: &Cx<'_>,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Vec<Found>, OpError>> + Send {
        async { Ok(Self::find(cx, props).await?.into_iter().collect()) }
    }

    /// One look at an object. For a missing object: `Pending` if the goal is `Ready`, `Reached` if `Gone`.
    fn probe(
        cx: &Cx<'_>,
        id: &PhysicalId,
        props: &Self::Props,
        goal: Goal,
    ) -> impl Future<Output = Result<Probe, OpError>> + Send;

    /// The object's live properties in the schema's terms, with the ownership tags taken off; `None` if it is
    /// gone. What AWS never returns (write-only) is left out. `hint` is what was sent: where AWS fills in
    /// defaults for properties nobody set, those may be returned too (comparison looks only at what was sent).
    fn read(
        cx: &Cx<'_>,
        id: &PhysicalId,
        hint: &Self::Props,
    ) -> impl Future<Output = Result<Option<Self::Props>, OpError>> + Send;

    /// Asks AWS whether it would make such an object, before another one goes to make room for it. Reads only. What is
    /// not known yet is left out of `props`. `(property, AWS's answer)`.
    fn foresee(
        _cx: &Cx<'_>,
        _props: &Json,
    ) -> impl Future<Output = Result<Vec<(String, String)>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    // ------------------------------------------------------------------ write, only with a permit

    /// The one call that makes the object exist, with ownership tags and the permit's token where the API
    /// takes them. Reads before it are fine (a generated password); other writes are not.
    fn create(
        cx: &Cx<'_>,
        permit: &Permit,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Created, OpError>> + Send;

    /// Settings that take calls of their own. Idempotent: it is run again on an adopted object. Dependents
    /// that need `Ready` wait for it.
    fn configure(
        _cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        _props: &Self::Props,
    ) -> impl Future<Output = Result<Progress, OpError>> + Send {
        async { Ok(Progress::Done) }
    }

    /// Brings the object to `change.new`. Idempotent, may be staged with [`Progress::Again`]. After it the
    /// engine waits for `Ready` again if the type waits at all.
    fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> impl Future<Output = Result<Progress, OpError>> + Send;

    /// Brings several objects to what they are to be, in as few calls as the service takes all or none of: only for
    /// types with [`Facts::together`]. One answer for each part, in their order. Idempotent: it looks at what there
    /// is, changes and deletes only what one of the parts has as its own, and makes no call where nothing differs.
    /// `others` are the recorded objects of the ledger that have no part in it: they are not touched either.
    fn together(
        _cx: &Cx<'_>,
        _permit: &Permit,
        parts: &[Part<'_, Self::Props>],
        _others: &[Self::Props],
    ) -> impl Future<Output = Vec<Result<Joined, OpError>>> + Send {
        let none = || OpError::not_sent(Self::FACTS.kind, "objects of this type are changed one by one");
        let answers = parts.iter().map(|_| Err(none())).collect();
        async { answers }
    }

    /// Deletes the object. May be staged (stop, empty, detach, then delete). That there is none is success: an
    /// error with a code of [`Facts::absent`] becomes [`Progress::Absent`] outside; what is known in another way
    /// (a read, a part of a message) is answered so here.
    fn delete(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Progress, OpError>> + Send;
}
