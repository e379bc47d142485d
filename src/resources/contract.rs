//! What a resource type is. One file per type implements [`ResourceType`]; the engine does everything else:
//! it journals, waits, retries, adopts and prints. Handlers never loop, sleep, print or retry.

use std::{future::Future, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use super::{Asked, Shelf};
use crate::{
    aws::{OpError, Owner, Sdk},
    ledger::Permit,
    model::{Activity, Address, Attributes, Facts, Ownership, PhysicalId, shape::Shape},
};

/// For how many minutes services are asked for events: those of the wait, and what led to it.
#[must_use]
pub fn event_minutes(waited: Duration) -> i32 {
    i32::try_from(waited.as_secs() / 60).unwrap_or(i32::MAX - 5).saturating_add(5)
}

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
    /// For `update` and `delete`: properties that earlier calls, which may have taken effect in part, were to set. What
    /// an object holds of them is ours.
    pub attempted: &'a [Json],
    /// The template's `UpdatePolicy` of the resource; null if it has none.
    pub update_policy: &'a Json,
    /// For `delete`: what others put on the object and the review showed (see [`ResourceType::attachments`]).
    pub takes: &'a [String],
    /// What was described for many objects at once; only in looks that make a report.
    pub shelf: Option<&'a Shelf>,
}

impl Cx<'_> {
    /// The forms that earlier calls may have given an object, as properties of its type.
    #[must_use]
    pub fn attempts<P: DeserializeOwned>(&self) -> Vec<P> {
        self.attempted.iter().filter_map(|form| P::deserialize(form).ok()).collect()
    }
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

/// What one look tells of an object that the ledger has.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight<P> {
    /// Its live properties, as [`ResourceType::read`] answers them.
    pub properties: P,
    /// Whose it is.
    pub ownership: Ownership,
}

/// Something because of which AWS refuses to delete other objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is, for views (`eni-0a1b (ELB app/web/50dc6c495c0c9188)`).
    pub what: String,
    /// The handles of the objects that it holds.
    pub holds: Vec<String>,
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
    /// The service works on a request in the background. The next call gets its token with the permit, and asks.
    Underway {
        /// The request's token.
        request: String,
        /// AWS's own status words.
        detail: String,
    },
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
    /// Not ready yet, but the attributes of [`Facts::addressable`] are certain; they are all among these.
    Addressable {
        /// AWS's own status word.
        detail: String,
        /// What is certain.
        attributes: Attributes,
    },
    /// Not there yet, but it works as a whole: [`Settles::works`](crate::model::Settles::works). AWS's own status word.
    Works(String),
    /// It will never be reached; the reason in AWS's words.
    Failed(String),
    /// As `Reached`, for an object that had no handle of its own so far: this is its handle from now on.
    Named(PhysicalId, Attributes),
    /// The request that was to make the object failed, and there is none. The service's code and words.
    NotMade {
        /// The code, for what passes by itself ([`Facts::retry`]).
        code: String,
        /// The reason in AWS's words.
        reason: String,
    },
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

    /// How an object that is deleted can be had back, and for how long, in words for the review.
    fn grace(_props: &Json) -> Option<String> {
        None
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

    /// Whose the object of that handle is at this moment, from as few calls as tell it; `None` if there is none. The
    /// engine asks before it changes or deletes an object. The default looks by name or tags, as after a lost answer.
    fn ownership(
        cx: &Cx<'_>,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Option<Ownership>, OpError>> + Send {
        async move {
            let found = Self::find_all(cx, props).await?;
            if let Some(found) = found.iter().find(|found| found.id == *id) {
                return Ok(Some(found.ownership));
            }
            // Another object has the name, or none has the tags: whoever has this handle now is not known as ours.
            Ok(Self::read(cx, id, props).await?.map(|_| Ownership::Foreign))
        }
    }

    /// [`read`](Self::read) and [`ownership`](Self::ownership) in one look.
    fn sight(
        cx: &Cx<'_>,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Option<Sight<Self::Props>>, OpError>> + Send {
        async move {
            let Some(properties) = Self::read(cx, id, props).await? else { return Ok(None) };
            let Some(ownership) = Self::ownership(cx, id, props).await? else { return Ok(None) };
            Ok(Some(Sight { properties, ownership }))
        }
    }

    /// The handle that an object of these properties has, where they give it: a name.
    fn handle(_cx: &Cx<'_>, _props: &Self::Props) -> Option<PhysicalId> {
        None
    }

    /// How many objects [`gather`](Self::gather) asks for at once; 0: the service has no call that describes several of them and
    /// tells all that a look at one does.
    const MANY: usize = 0;

    /// From how many objects on it is worth it: more than a call or two where the service's call answers all that the account has.
    const MANY_FROM: usize = 2;

    /// Describes several objects in one call, or one a page, and puts the descriptions on the shelf of the context, from which
    /// this type's reads take them. An object that is not there is no error: it is left out.
    fn gather(
        _cx: &Cx<'_>,
        _asked: &[Asked<'_, Self::Props>],
    ) -> impl Future<Output = Result<(), OpError>> + Send {
        async { Ok(()) }
    }

    /// What the service itself says of an object that does not get where it should: its events of the time that was waited, those
    /// that tell of failures first, then the newest. Asked when a wait lasts longer than usual, and where it has ended without
    /// success.
    fn news(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
        _props: &Self::Props,
        _waited: Duration,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What the object, or what uses it, does at this moment and a change would interrupt. Asked before a review; `None` for
    /// types whose changes interrupt the same whatever goes on.
    fn activity(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
    ) -> impl Future<Output = Result<Option<Vec<Activity>>, OpError>> + Send {
        async { Ok(None) }
    }

    /// What is on an object besides what its own properties put there, and goes with it when it is deleted (inline
    /// policies of a role). Asked before a review.
    fn attachments(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
        _props: &Self::Props,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Asks AWS whether it would make such an object, before another one goes to make room for it. Reads only. What is
    /// not known yet is left out of `props`. `(property, AWS's answer)`.
    fn foresee(
        _cx: &Cx<'_>,
        _props: &Json,
    ) -> impl Future<Output = Result<Vec<(String, String)>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Where the object lies together with others, in whose way the same things may be when they are deleted: its
    /// network. `None`: nothing is looked for before it is deleted.
    fn place(_props: &Json) -> Option<String> {
        None
    }

    /// What is at that place and lets AWS refuse to delete what it holds: one look for all objects there.
    fn in_the_way(_cx: &Cx<'_>, _place: &str) -> impl Future<Output = Result<Vec<Obstacle>, OpError>> + Send {
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
