//! The object-safe twin of [`ResourceType`]: properties travel as JSON. The registry is a slice of these.

use std::{future::Future, marker::PhantomData, pin::Pin, time::Duration};

use serde_json::Value as Json;

use super::{
    Asked, Change, Created, Cx, Found, Goal, Joined, Obstacle, Part, Probe, Progress, ResourceType, Sight,
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{
        Activity, Facts, Ownership, PhysicalId,
        shape::{Field, Shape},
        stored,
    },
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A registered resource type; see [`ResourceType`] for what each method promises.
#[expect(missing_docs, reason = "each method is documented on ResourceType")]
pub trait AnyType: Send + Sync {
    fn facts(&self) -> &'static Facts;
    fn fields(&self) -> &'static [Field];
    fn same(&self, property: &str, desired: &Json, recorded: &Json) -> bool;
    fn replaces(&self, old: &Json, new: &Json, changed: &[String]) -> Result<Vec<String>, OpError>;
    fn check(&self, props: &Json) -> Vec<(String, String)>;
    fn refused(&self, _old: &Json, _new: &Json, _changed: &[String]) -> Vec<(String, String)> {
        Vec::new()
    }
    fn effects(&self, _old: &Json, _new: &Json, _changed: &[String]) -> Vec<String> {
        Vec::new()
    }
    fn grace(&self, _props: &Json) -> Option<String> {
        None
    }
    /// How long the object may take to be ready, where its own properties say so.
    fn deadline(&self, _props: &Json) -> Option<std::time::Duration> {
        None
    }
    fn moved_by_aws(&self, _property: &str, _sent: &Json, _live: &Json) -> bool {
        false
    }
    fn foresee<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>, OpError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn place(&self, _props: &Json) -> Option<String> {
        None
    }
    fn in_the_way<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _place: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Obstacle>, OpError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn find<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Option<Found>, OpError>>;
    /// As [`find`](Self::find), for a ledger that was lost: where that needs an identifier which only the ledger had, by
    /// looking through all objects of the type.
    fn find_lost<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Found>, OpError>> {
        self.find(cx, props)
    }
    fn find_all<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Vec<Found>, OpError>>;
    fn probe<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
        goal: Goal,
    ) -> BoxFuture<'a, Result<Probe, OpError>>;
    fn read<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        hint: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Json>, OpError>>;
    fn ownership<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Ownership>, OpError>>;
    fn sight<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Sight<Json>>, OpError>>;
    fn handle(&self, _cx: &Cx<'_>, _props: &Json) -> Option<PhysicalId> {
        None
    }
    fn many(&self) -> usize {
        0
    }
    fn many_from(&self) -> usize {
        2
    }
    fn gather<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _asked: &'a [Asked<'a, Json>],
    ) -> BoxFuture<'a, Result<(), OpError>> {
        Box::pin(async { Ok(()) })
    }
    fn news<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        _props: &'a Json,
        _waited: Duration,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn activity<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
    ) -> BoxFuture<'a, Result<Option<Vec<Activity>>, OpError>> {
        Box::pin(async { Ok(None) })
    }
    fn attachments<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>>;
    fn create<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Created, OpError>>;
    fn configure<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>>;
    fn update<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        old: &'a Json,
        new: &'a Json,
        changed: &'a [String],
    ) -> BoxFuture<'a, Result<Progress, OpError>>;
    fn together<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        parts: &'a [Part<'a, Json>],
        others: &'a [Json],
    ) -> BoxFuture<'a, Vec<Result<Joined, OpError>>>;
    fn delete<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>>;
}

/// Finds a resource type by its CloudFormation name; [`registry::find`](super::registry::find) outside of tests.
pub type Lookup<'t> = &'t dyn Fn(&str) -> Option<&'static dyn AnyType>;

/// Makes an [`AnyType`] of a [`ResourceType`].
pub struct Erased<T>(PhantomData<fn() -> T>);

impl<T> Erased<T> {
    /// For the registry's slice.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Erased<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Properties were checked against schema and shape at plan time; what still does not fit came in through a
/// reference and is refused before anything is sent.
fn typed<T: ResourceType>(props: &Json) -> Result<T::Props, OpError> {
    <T::Props as serde::Deserialize>::deserialize(props).map_err(|error| {
        OpError::not_sent(T::FACTS.kind, format!("the properties do not fit the type: {error}"))
    })
}

fn untyped<T: ResourceType>(props: &T::Props) -> Result<Json, OpError> {
    serde_json::to_value(props)
        .map_err(|error| OpError::not_sent(T::FACTS.kind, format!("unreadable answer: {error}")))
}

/// `delete` of a type, with the codes that the type calls absent as [`Progress::Absent`]: the engine relies on it
/// where a service does not know an object yet that was made a moment ago.
///
/// # Errors
/// As [`ResourceType::delete`].
pub async fn delete<T: ResourceType>(
    cx: &Cx<'_>,
    permit: &Permit,
    id: &PhysicalId,
    props: &T::Props,
) -> Result<Progress, OpError> {
    match T::delete(cx, permit, id, props).await {
        Err(error) if error.is(T::FACTS.absent) => Ok(Progress::Absent),
        answer => answer,
    }
}

fn share<'p, T: ResourceType>(part: &'p Part<'_, Json>) -> Result<Part<'p, T::Props>, OpError> {
    let before: Result<Vec<T::Props>, OpError> = part.before.iter().map(typed::<T>).collect();
    Ok(Part {
        address: part.address,
        id: part.id,
        before: before?,
        after: part.after.as_ref().map(typed::<T>).transpose()?,
        called: part.called,
    })
}

impl<T: ResourceType> AnyType for Erased<T> {
    fn facts(&self) -> &'static Facts {
        const { &T::FACTS }
    }

    fn fields(&self) -> &'static [Field] {
        <T::Props as Shape>::FIELDS
    }

    fn same(&self, property: &str, desired: &Json, recorded: &Json) -> bool {
        let (new, old) =
            (stored::kept(&T::FACTS, property, desired), stored::kept(&T::FACTS, property, recorded));
        T::same(property, new.as_ref().unwrap_or(desired), old.as_ref().unwrap_or(recorded))
    }

    fn replaces(&self, old: &Json, new: &Json, changed: &[String]) -> Result<Vec<String>, OpError> {
        let (old, new) = (typed::<T>(old)?, typed::<T>(new)?);
        Ok(T::replaces(&Change { old: &old, new: &new, changed }))
    }

    fn check(&self, props: &Json) -> Vec<(String, String)> {
        T::check(props)
    }

    fn refused(&self, old: &Json, new: &Json, changed: &[String]) -> Vec<(String, String)> {
        // What does not fit the type was recorded by another version of this program, and is not judged.
        let (Ok(old), Ok(new)) = (typed::<T>(old), typed::<T>(new)) else { return Vec::new() };
        T::refused(&Change { old: &old, new: &new, changed })
    }

    fn effects(&self, old: &Json, new: &Json, changed: &[String]) -> Vec<String> {
        let (Ok(old), Ok(new)) = (typed::<T>(old), typed::<T>(new)) else { return Vec::new() };
        T::effects(&Change { old: &old, new: &new, changed })
    }

    fn grace(&self, props: &Json) -> Option<String> {
        T::grace(props)
    }

    fn moved_by_aws(&self, property: &str, sent: &Json, live: &Json) -> bool {
        T::moved_by_aws(property, sent, live)
    }

    fn foresee<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>, OpError>> {
        Box::pin(T::foresee(cx, props))
    }

    fn place(&self, props: &Json) -> Option<String> {
        T::place(props)
    }

    fn in_the_way<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        place: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Obstacle>, OpError>> {
        Box::pin(T::in_the_way(cx, place))
    }

    fn find<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Option<Found>, OpError>> {
        Box::pin(async move { T::find(cx, &typed::<T>(props)?).await })
    }

    fn find_all<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Vec<Found>, OpError>> {
        Box::pin(async move { T::find_all(cx, &typed::<T>(props)?).await })
    }

    fn probe<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
        goal: Goal,
    ) -> BoxFuture<'a, Result<Probe, OpError>> {
        Box::pin(async move { T::probe(cx, id, &typed::<T>(props)?, goal).await })
    }

    fn read<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        hint: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Json>, OpError>> {
        Box::pin(async move {
            let live = T::read(cx, id, &typed::<T>(hint)?).await?;
            live.map(|props| untyped::<T>(&props)).transpose()
        })
    }

    fn ownership<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Ownership>, OpError>> {
        Box::pin(async move { T::ownership(cx, id, &typed::<T>(props)?).await })
    }

    fn sight<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Sight<Json>>, OpError>> {
        Box::pin(async move {
            let Some(seen) = T::sight(cx, id, &typed::<T>(props)?).await? else { return Ok(None) };
            Ok(Some(Sight { properties: untyped::<T>(&seen.properties)?, ownership: seen.ownership }))
        })
    }

    fn handle(&self, cx: &Cx<'_>, props: &Json) -> Option<PhysicalId> {
        T::handle(cx, &typed::<T>(props).ok()?)
    }

    fn many(&self) -> usize {
        T::MANY
    }

    fn many_from(&self) -> usize {
        T::MANY_FROM
    }

    fn gather<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        asked: &'a [Asked<'a, Json>],
    ) -> BoxFuture<'a, Result<(), OpError>> {
        Box::pin(async move {
            // What does not fit the type says so when it is looked at by itself.
            let fit = asked.iter().filter_map(|one| Some((one.id, typed::<T>(one.hint).ok()?)));
            let hints: Vec<(&PhysicalId, T::Props)> = fit.collect();
            let asked: Vec<Asked<'_, T::Props>> = hints.iter().map(|(id, hint)| Asked { id, hint }).collect();
            T::gather(cx, &asked).await
        })
    }

    fn news<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
        waited: Duration,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>> {
        Box::pin(async move { T::news(cx, id, &typed::<T>(props)?, waited).await })
    }

    fn activity<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
    ) -> BoxFuture<'a, Result<Option<Vec<Activity>>, OpError>> {
        Box::pin(T::activity(cx, id))
    }

    fn attachments<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>> {
        Box::pin(async move { T::attachments(cx, id, &typed::<T>(props)?).await })
    }

    fn create<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Created, OpError>> {
        Box::pin(async move { T::create(cx, permit, &typed::<T>(props)?).await })
    }

    fn configure<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move { T::configure(cx, permit, id, &typed::<T>(props)?).await })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        old: &'a Json,
        new: &'a Json,
        changed: &'a [String],
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move {
            let (old, new) = (typed::<T>(old)?, typed::<T>(new)?);
            T::update(cx, permit, id, &Change { old: &old, new: &new, changed }).await
        })
    }

    fn together<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        parts: &'a [Part<'a, Json>],
        others: &'a [Json],
    ) -> BoxFuture<'a, Vec<Result<Joined, OpError>>> {
        Box::pin(async move {
            let shares: Result<Vec<Part<'_, T::Props>>, OpError> = parts.iter().map(share::<T>).collect();
            let others: Result<Vec<T::Props>, OpError> = others.iter().map(typed::<T>).collect();
            match (shares, others) {
                (Ok(shares), Ok(others)) => T::together(cx, permit, &shares, &others).await,
                (Err(error), _) | (_, Err(error)) => parts.iter().map(|_| Err(error.clone())).collect(),
            }
        })
    }

    fn delete<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move { delete::<T>(cx, permit, id, &typed::<T>(props)?).await })
    }
}
