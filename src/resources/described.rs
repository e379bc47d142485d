//! The short form of a resource type: for every type of which one read shows the whole object.
//!
//! Such a type says how its object is read ([`get`](Described::get)), how it is found when its id was never
//! learned ([`key`](Described::key) or [`list`](Described::list)), and what the answer means
//! ([`object`](Described::object), [`state`](Described::state), [`tags`](Described::tags),
//! [`props`](Described::props)). `find`, `find_all`, `probe` and `read` of
//! [`ResourceType`] follow from that, and so does what a missing object means: an answer with one of
//! [`Facts::absent`] is "there is none" to reads and [`Progress::Absent`] to `delete`. A type whose reads do not
//! fit (a VPC, whose attributes are spread over three calls) implements [`ResourceType`] itself.
//!
//! # How to add a type
//!
//! | what | where |
//! |---|---|
//! | the schema | `python3 src/schema/trim.py cfn-lint src/schema/types AWS::SNS::TopicInlinePolicy` |
//! | the type | one file, `src/resources/sns/topic_inline_policy.rs`, named in the folder's `mod.rs` |
//! | its registration | one line in `registry.rs` |
//! | its calls on the twin | `src/sandbox/services/sns/`, unless the operations are there already |
//! | its law | one test in the file: `Bench::new().law_covering::<TopicInlinePolicy>(..)` |
//!
//! What the checks, the planner and the engine know of a type stands in its [`Facts`]; edges that no template states stand
//! in `orders.rs` of the service's folder. No other code names a type (a law in `tests/layers.rs`, with its exceptions).
//! In the file, from top to bottom:
//!
//! 1. **Properties**, named as in the schema, with [`props!`](crate::props). Where the answer of the read has the
//!    same members, [`mirrored!`](crate::mirrored) declares them with the SDK's names and copies them.
//! 2. **Facts**: identity (`Name`, `Tag` or `Token`), what is usable early, the codes that mean "there is none",
//!    what passes by itself, the IAM actions. Cite AWS for what is not in the schema.
//! 3. **Reads**: `key` and `get` if the properties give the handle; else `list`, with a filter by name or by the
//!    ownership tags.
//! 4. **Writes**: `create` (one mutating call), `update`, `delete`. [`pass!`](crate::pass) hands properties to a
//!    call. Do not catch the absent case of `delete`.
//! 5. **The law**: one test with a set of properties and an update.
//!
//! A whole type, with its tags read by a call of their own:
//!
//! ```ignore
//! crate::mirrored! {
//!     /// The properties; `Tags` comes from another call.
//!     pub struct Props <= types::ReplicationSubnetGroup {
//!         ReplicationSubnetGroupDescription/replication_subnet_group_description: String,
//!         ReplicationSubnetGroupIdentifier/replication_subnet_group_identifier: String,
//!         SubnetIds: Vec<String>, Tags: Vec<Tag>,
//!     }
//! }
//!
//! impl Described for ReplicationSubnetGroup {
//!     type Props = Props;
//!     type Live = types::ReplicationSubnetGroup;
//!
//!     const FACTS: Facts = Facts {
//!         identity: Identity::Name,
//!         name: Some(NameRule { property: "ReplicationSubnetGroupIdentifier", max: 255, lower: true, separator: '-' }),
//!         early: &["Ref"],
//!         absent: &["ResourceNotFoundFault"],
//!         iam: &["dms:CreateReplicationSubnetGroup", /* ... */],
//!         ..Facts::new("AWS::DMS::ReplicationSubnetGroup", "dms")
//!     };
//!
//!     fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
//!         props.ReplicationSubnetGroupIdentifier.as_deref().map(Into::into)
//!     }
//!
//!     async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
//!         const OP: &str = "DescribeReplicationSubnetGroups";
//!         let call = cx.sdk.dms().describe_replication_subnet_groups();
//!         let call = call.filters(filter(OP, "replication-subnet-group-id", id.as_str())?);
//!         Ok(call.send().await.map_err(op(OP))?.replication_subnet_groups.unwrap_or_default().into_iter().next())
//!     }
//!
//!     fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
//!         let name = live.replication_subnet_group_identifier().unwrap_or_default();
//!         Created { id: name.into(), attributes: alike(&["Ref"], name) }
//!     }
//!
//!     async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
//!         Tags::list(cx, &arn(cx, live)).await.map(Some)
//!     }
//!
//!     async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
//!         Ok(Props { SubnetIds: Some(subnets(&live)), Tags: tags, ..Props::received(&live) })
//!     }
//!
//!     async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
//!         const OP: &str = "CreateReplicationSubnetGroup";
//!         let call = pass!(OP, cx.sdk.dms().create_replication_subnet_group(), props => {
//!             set_replication_subnet_group_identifier: ReplicationSubnetGroupIdentifier,
//!             set_replication_subnet_group_description: ReplicationSubnetGroupDescription,
//!             set_subnet_ids: SubnetIds,
//!         });
//!         call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?).send().await.map_err(op(OP))?;
//!         /* Created { id, attributes } */
//!     }
//!     // update and delete: one call each
//! }
//! ```

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use super::{Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, Sight};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Activity, Attributes, Facts, Ownership, PhysicalId, Tag, shape::Shape},
};

/// All tags of an object; `None` for types that cannot carry tags.
pub type LiveTags = Option<Vec<Tag>>;

/// Tags as the template would write them; `None` if there are none.
pub type OwnTags = Option<Vec<Tag>>;

/// How a verb with a permit ended.
pub type Outcome = Result<Progress, OpError>;

/// How far an object is, as its description says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Usable.
    Ready,
    /// On its way; AWS's own word (`creating`).
    Pending(String),
    /// Usable never; the reason in AWS's words.
    Failed(String),
    /// On its way out, in AWS's own word (`deleting`): not found, not readable, never usable; gone only when it is absent.
    Leaving(String),
    /// Gone, though the service still shows it for a while; AWS's word, with its reason.
    Gone(String),
}

impl State {
    /// Whether nobody should take it for an object any more.
    fn is_over(&self) -> bool {
        matches!(self, Self::Leaving(_) | Self::Gone(_))
    }
}

/// A type of which one read shows the whole object; see the [module](self) for how to write one.
///
/// Implementing it is implementing [`ResourceType`].
pub trait Described: Send + Sync + 'static {
    /// As [`ResourceType::Props`].
    type Props: Shape + Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What one read answers: usually the SDK's struct.
    type Live: Send + Sync;

    /// As [`ResourceType::FACTS`].
    const FACTS: Facts;

    // ------------------------------------------------------------------ pure

    /// As [`ResourceType::same`].
    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        super::compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    /// As [`ResourceType::replaces`].
    fn replaces(change: &Change<'_, Self::Props>) -> Vec<String> {
        super::compare::create_only(Self::FACTS.kind, change.changed)
    }

    /// As [`ResourceType::check`].
    fn check(_props: &Json) -> Vec<(String, String)> {
        Vec::new()
    }

    /// As [`ResourceType::refused`].
    fn refused(_change: &Change<'_, Self::Props>) -> Vec<(String, String)> {
        Vec::new()
    }

    /// As [`ResourceType::effects`].
    fn effects(_change: &Change<'_, Self::Props>) -> Vec<String> {
        Vec::new()
    }

    /// As [`ResourceType::grace`].
    fn grace(_props: &Json) -> Option<String> {
        None
    }

    /// As [`ResourceType::moved_by_aws`].
    fn moved_by_aws(_property: &str, _sent: &Json, _live: &Json) -> bool {
        false
    }

    /// As [`ResourceType::foresee`].
    fn foresee(
        _cx: &Cx<'_>,
        _props: &Json,
    ) -> impl Future<Output = Result<Vec<(String, String)>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    // ------------------------------------------------------------------ what the object's description says

    /// Its handle and what `Ref` and `Fn::GetAtt` answer; `create` may answer it too.
    fn object(cx: &Cx<'_>, live: &Self::Live) -> Created;

    /// How far it is; most objects are there or not.
    fn state(_live: &Self::Live) -> State {
        State::Ready
    }

    /// Whether an object that cannot carry tags is the one that the properties describe. If something else
    /// holds the natural key (the subnet's association is with another route table), it is not ours.
    fn fits(_live: &Self::Live, _props: &Self::Props) -> bool {
        true
    }

    /// All its tags, ownership tags included, from the description or from a call of their own; `None` for
    /// types that cannot carry tags.
    fn tags(_cx: &Cx<'_>, _live: &Self::Live) -> impl Future<Output = Result<LiveTags, OpError>> + Send {
        async { Ok(None) }
    }

    /// As [`ResourceType::read`]: the properties in the schema's terms. `tags` are the plan's own, ownership tags
    /// taken off. Settings that AWS shows only in calls of their own are read here, if `hint` has them.
    fn props(
        cx: &Cx<'_>,
        live: Self::Live,
        tags: OwnTags,
        hint: &Self::Props,
    ) -> impl Future<Output = Result<Self::Props, OpError>> + Send;

    // ------------------------------------------------------------------ read

    /// Reads the object of that handle: one call. `None`, or an error of [`Facts::absent`], if there is none.
    fn get(
        cx: &Cx<'_>,
        id: &PhysicalId,
        hint: &Self::Props,
    ) -> impl Future<Output = Result<Option<Self::Live>, OpError>> + Send;

    /// The handle that the properties give by themselves: a name or natural key. `None` if AWS makes it up, or if
    /// a property it needs is missing.
    fn key(_cx: &Cx<'_>, _props: &Self::Props) -> Option<PhysicalId> {
        None
    }

    /// The objects that may be this resource's: the one of the key or, where AWS makes the handle up, every one
    /// with that name or with the ownership tags.
    fn list(
        cx: &Cx<'_>,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Vec<Self::Live>, OpError>> + Send {
        async move {
            let Some(id) = Self::key(cx, props) else { return Ok(Vec::new()) };
            Ok(Self::get(cx, &id, props).await?.into_iter().collect())
        }
    }

    /// As [`ResourceType::find_all`]. Written out only where something cheaper than the whole description tells
    /// whether the object is there and whose it is.
    fn find_all(
        cx: &Cx<'_>,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Vec<Found>, OpError>> + Send {
        async move {
            let mut found = Vec::new();
            for live in unless_absent(Self::list(cx, props).await, &Self::FACTS)?.unwrap_or_default() {
                if Self::state(&live).is_over() {
                    continue;
                }
                // Gone since it was listed.
                let Some(tags) = unless_absent(Self::tags(cx, &live).await, &Self::FACTS)? else { continue };
                let ownership = ownership::<Self>(cx, &live, tags.as_deref(), props);
                let Created { id, attributes } = Self::object(cx, &live);
                found.push(Found { id, attributes, ownership });
            }
            Ok(found)
        }
    }

    /// As [`ResourceType::MANY`].
    const MANY: usize = 0;

    /// As [`ResourceType::gather`].
    fn gather(
        _cx: &Cx<'_>,
        _asked: &[Asked<'_, Self::Props>],
    ) -> impl Future<Output = Result<(), OpError>> + Send {
        async { Ok(()) }
    }

    /// As [`ResourceType::news`].
    fn news(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
        _props: &Self::Props,
        _waited: std::time::Duration,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// As [`ResourceType::activity`].
    fn activity(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
    ) -> impl Future<Output = Result<Option<Vec<Activity>>, OpError>> + Send {
        async { Ok(None) }
    }

    /// As [`ResourceType::attachments`].
    fn attachments(
        _cx: &Cx<'_>,
        _id: &PhysicalId,
        _props: &Self::Props,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send {
        async { Ok(Vec::new()) }
    }

    // ------------------------------------------------------------------ write, only with a permit

    /// As [`ResourceType::create`].
    fn create(
        cx: &Cx<'_>,
        permit: &Permit,
        props: &Self::Props,
    ) -> impl Future<Output = Result<Created, OpError>> + Send;

    /// As [`ResourceType::configure`].
    fn configure(
        _cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        _props: &Self::Props,
    ) -> impl Future<Output = Outcome> + Send {
        async { Ok(Progress::Done) }
    }

    /// As [`ResourceType::update`]; never called for a type whose every property is create-only.
    fn update(
        _cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        _change: &Change<'_, Self::Props>,
    ) -> impl Future<Output = Outcome> + Send {
        async { Ok(Progress::Done) }
    }

    /// As [`ResourceType::delete`]. The absent case needs no code.
    fn delete(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> impl Future<Output = Outcome> + Send;
}

/// The answer of a read; `None` if the service says that there is no such object.
fn unless_absent<T>(answer: Result<T, OpError>, facts: &Facts) -> Result<Option<T>, OpError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(facts.absent) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whose an object is, as its description and its tags tell.
fn ownership<T: Described + ?Sized>(
    cx: &Cx<'_>,
    live: &T::Live,
    tags: Option<&[Tag]>,
    props: &T::Props,
) -> Ownership {
    match tags {
        Some(tags) => cx.owns(pairs(tags)),
        None if T::fits(live, props) => Ownership::Untaggable,
        None => Ownership::Foreign,
    }
}

/// [`Described::get`], where the service's "there is none" is `None`.
///
/// # Errors
/// As [`Described::get`].
pub async fn look<T: Described>(
    cx: &Cx<'_>,
    id: &PhysicalId,
    hint: &T::Props,
) -> Result<Option<T::Live>, OpError> {
    Ok(unless_absent(T::get(cx, id, hint).await, &<T as Described>::FACTS)?.flatten())
}

/// What a rejected `delete` means: that the object is leaving already, that there is none, or what the service said.
///
/// # Errors
/// `refused`, if the object stays; as [`Described::get`] otherwise.
pub async fn leaving<T: Described>(
    cx: &Cx<'_>,
    id: &PhysicalId,
    hint: &T::Props,
    refused: OpError,
) -> Outcome {
    match look::<T>(cx, id, hint).await? {
        None => Ok(Progress::Absent),
        Some(live) if T::state(&live).is_over() => Ok(Progress::Done),
        Some(_) => Err(refused),
    }
}

/// Tags as keys and values.
pub fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key(), tag.value()))
}

/// Attributes that all have the same value: `Ref` and the attribute that repeats it.
#[must_use]
pub fn alike(names: &[&str], value: &str) -> Attributes {
    names.iter().map(|name| ((*name).to_owned(), json!(value))).collect()
}

impl<T: Described> ResourceType for T {
    type Props = <T as Described>::Props;

    const FACTS: Facts = <T as Described>::FACTS;

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        <T as Described>::same(property, desired, recorded)
    }

    fn replaces(change: &Change<'_, Self::Props>) -> Vec<String> {
        <T as Described>::replaces(change)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        <T as Described>::check(props)
    }

    fn refused(change: &Change<'_, Self::Props>) -> Vec<(String, String)> {
        <T as Described>::refused(change)
    }

    fn effects(change: &Change<'_, Self::Props>) -> Vec<String> {
        <T as Described>::effects(change)
    }

    fn grace(props: &Json) -> Option<String> {
        <T as Described>::grace(props)
    }

    fn moved_by_aws(property: &str, sent: &Json, live: &Json) -> bool {
        <T as Described>::moved_by_aws(property, sent, live)
    }

    async fn foresee(cx: &Cx<'_>, props: &Json) -> Result<Vec<(String, String)>, OpError> {
        <T as Described>::foresee(cx, props).await
    }

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        Ok(<T as Described>::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, props: &Self::Props) -> Result<Vec<Found>, OpError> {
        <T as Described>::find_all(cx, props).await
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look::<T>(cx, id, props).await?, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (Some(live), Goal::Gone) => match T::state(&live) {
                State::Gone(_) => Probe::Reached(Attributes::new()),
                State::Pending(word) | State::Leaving(word) | State::Failed(word) => Probe::Pending(word),
                State::Ready => Probe::Pending("still there".into()),
            },
            (Some(live), Goal::Ready) => match T::state(&live) {
                State::Ready => Probe::Reached(T::object(cx, &live).attributes),
                State::Pending(word) => Probe::Pending(word),
                State::Failed(why) | State::Gone(why) => Probe::Failed(why),
                State::Leaving(word) => Probe::Failed(format!("the object is {word}")),
            },
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        Ok(<T as ResourceType>::sight(cx, id, hint).await?.map(|seen| seen.properties))
    }

    async fn ownership(
        cx: &Cx<'_>,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> Result<Option<Ownership>, OpError> {
        let Some(live) = look::<T>(cx, id, props).await? else { return Ok(None) };
        if T::state(&live).is_over() {
            return Ok(None);
        }
        if T::object(cx, &live).id != *id {
            // Read by its name: another object has that name by now.
            return Ok(Some(Ownership::Foreign));
        }
        let tags = unless_absent(T::tags(cx, &live).await, &<T as Described>::FACTS)?;
        Ok(tags.map(|tags| ownership::<T>(cx, &live, tags.as_deref(), props)))
    }

    async fn sight(
        cx: &Cx<'_>,
        id: &PhysicalId,
        hint: &Self::Props,
    ) -> Result<Option<Sight<Self::Props>>, OpError> {
        let facts = &<T as Described>::FACTS;
        let Some(live) = look::<T>(cx, id, hint).await? else { return Ok(None) };
        if T::state(&live).is_over() {
            return Ok(None);
        }
        let Some(tags) = unless_absent(T::tags(cx, &live).await, facts)? else { return Ok(None) };
        let ownership = ownership::<T>(cx, &live, tags.as_deref(), hint);
        let own = tags.and_then(|tags| cx.own_tags(pairs(&tags)));
        let properties = unless_absent(T::props(cx, live, own, hint).await, facts)?;
        Ok(properties.map(|properties| Sight { properties, ownership }))
    }

    fn handle(cx: &Cx<'_>, props: &Self::Props) -> Option<PhysicalId> {
        T::key(cx, props)
    }

    const MANY: usize = <T as Described>::MANY;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Self::Props>]) -> Result<(), OpError> {
        <T as Described>::gather(cx, asked).await
    }

    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        props: &Self::Props,
        waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        <T as Described>::news(cx, id, props, waited).await
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        <T as Described>::activity(cx, id).await
    }

    async fn attachments(cx: &Cx<'_>, id: &PhysicalId, props: &Self::Props) -> Result<Vec<String>, OpError> {
        let seen = <T as Described>::attachments(cx, id, props).await;
        Ok(unless_absent(seen, &<T as Described>::FACTS)?.unwrap_or_default())
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        <T as Described>::create(cx, permit, props).await
    }

    async fn configure(cx: &Cx<'_>, permit: &Permit, id: &PhysicalId, props: &Self::Props) -> Outcome {
        <T as Described>::configure(cx, permit, id, props).await
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Outcome {
        <T as Described>::update(cx, permit, id, change).await
    }

    async fn delete(cx: &Cx<'_>, permit: &Permit, id: &PhysicalId, props: &Self::Props) -> Outcome {
        <T as Described>::delete(cx, permit, id, props).await
    }
}
