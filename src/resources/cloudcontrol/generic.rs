//! The one handler of all these types.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{LazyLock, Mutex, PoisonError},
};

use serde_json::{Map, Value as Json};

use super::{
    calls::{self, ABSENT, BUSY, Event, FORGOTTEN},
    facts,
    identity::{self, Handle},
    live, patch,
    support::refusal,
    tags::{self, Place},
    transform,
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Facts, Ownership, PhysicalId, shape::Field},
    resources::{AnyType, Created, Cx, Found, Goal, Joined, Part, Probe, Progress, Sight, compare},
    schema::{self, TypeSchema},
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A type that Cloud Control deploys.
#[derive(Debug)]
pub struct Generic {
    facts: &'static Facts,
    fields: &'static [Field],
    schema: &'static TypeSchema,
    tags: Option<Place>,
}

/// Those that were asked for. They are made of their schemas, once, and stay.
static FOUND: LazyLock<Mutex<BTreeMap<&'static str, &'static Generic>>> = LazyLock::new(Mutex::default);

/// The handler of a type that Cloud Control can deploy.
#[must_use]
pub fn find(kind: &str) -> Option<&'static Generic> {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(generic) = found.get(kind) {
        return Some(generic);
    }
    let schema = schema::of(kind)?;
    if refusal(schema).is_some() {
        return None;
    }
    let generic: &'static Generic = Box::leak(Box::new(Generic {
        facts: Box::leak(Box::new(facts::facts(schema))),
        fields: facts::fields(schema),
        schema,
        tags: tags::place(schema),
    }));
    found.insert(schema.kind(), generic);
    Some(generic)
}

/// What a handle stands for by now.
enum Object {
    /// The object of that identifier.
    Known(String),
    /// It is being made; AWS's words.
    Coming(String),
    /// It was not made: the handler's code, AWS's words, and the object that it may have left behind.
    Failed { code: String, message: String, left: Option<String> },
}

impl Generic {
    fn kind(&self) -> &'static str {
        self.facts.kind
    }

    /// Whether ownership tags tell whose an object is.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        self.tags.is_some()
    }

    async fn object(&self, cx: &Cx<'_>, id: &PhysicalId) -> Result<Object, OpError> {
        let request = match identity::handle(id) {
            Handle::Object(identifier) => return Ok(Object::Known(identifier.to_owned())),
            Handle::Request(request) => request,
        };
        let event = calls::status(cx, request).await.map_err(|error| match error.is(FORGOTTEN) {
            true => OpError {
                message: "AWS has forgotten the request that was to make the object (it keeps requests for seven days). \
                          Look for the object in the account: `migrate forget` stops managing it, `migrate import` takes \
                          it in under its identifier"
                    .into(),
                ..error
            },
            false => error,
        })?;
        Ok(match (event.progress, event.identifier) {
            (calls::Progress::Running(words), _) => Object::Coming(words),
            (calls::Progress::Done, Some(identifier)) => Object::Known(identifier),
            (calls::Progress::Done, None) => {
                return Err(OpError::missing("GetResourceRequestStatus", "the new object's identifier"));
            }
            // The identifier is that of the object in the way, which is another owner's.
            (calls::Progress::Failed { code, message }, _) if code == "AlreadyExists" => {
                Object::Failed { code, message, left: None }
            }
            (calls::Progress::Failed { code, message }, left) => Object::Failed { code, message, left },
        })
    }

    /// The live object of a handle, with its identifier.
    async fn look(&self, cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<(String, Json)>, OpError> {
        let identifier = match self.object(cx, id).await? {
            Object::Known(identifier) | Object::Failed { left: Some(identifier), .. } => identifier,
            Object::Coming(_) | Object::Failed { left: None, .. } => return Ok(None),
        };
        Ok(calls::get(cx, self.kind(), &identifier).await?.map(|live| (identifier, live)))
    }

    fn ownership(&self, cx: &Cx<'_>, live: &Json) -> Ownership {
        let Some(place) = self.tags else { return Ownership::Untaggable };
        match place.read(live) {
            Some(tags) => cx.owns(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
            // A handler that shows no tags at all says nothing about the owner; an identifier that AWS made up does.
            None if self.facts.unique_handle => Ownership::Untaggable,
            None => Ownership::Foreign,
        }
    }

    fn properties(&self, live: Json, hint: &Json) -> Json {
        let mut live = live::pruned(live, hint);
        if let Some(place) = self.tags {
            place.take_off(&mut live);
        }
        live
    }

    /// The properties as they are sent: with the ownership tags.
    fn owned(&self, cx: &Cx<'_>, props: &Json) -> Json {
        let mut state = props.clone();
        if let Some(place) = self.tags {
            state[place.property] = place.owned(cx, props);
        }
        state
    }

    async fn found(&self, cx: &Cx<'_>, props: &Json) -> Result<Option<Found>, OpError> {
        let Some(identifier) = identity::given(self.schema, props) else { return Ok(None) };
        let Some(live) = calls::get(cx, self.kind(), &identifier).await? else { return Ok(None) };
        let attributes = identity::attributes(self.schema, &identifier, &live);
        Ok(Some(Found { ownership: self.ownership(cx, &live), id: identifier.into(), attributes }))
    }

    /// The object among all of its type: the one with our ownership tags or, where the type carries none, the only one
    /// that holds what is planned. Of two that do, nobody can tell which it is.
    async fn found_among_all(&self, cx: &Cx<'_>, props: &Json) -> Result<Option<Found>, OpError> {
        let needs = self.schema.list_needs();
        let model: Json =
            needs.iter().map(|name| ((*name).to_owned(), props[*name].clone())).collect::<Map<_, _>>().into();
        let model = (!needs.is_empty()).then_some(&model);
        let mut fitting = Vec::new();
        for identifier in calls::list(cx, self.kind(), model).await? {
            let Some(live) = calls::get(cx, self.kind(), &identifier).await? else { continue };
            let ownership = self.ownership(cx, &live);
            let attributes = identity::attributes(self.schema, &identifier, &live);
            let fits = match ownership {
                Ownership::Ours => true,
                Ownership::Foreign => false,
                Ownership::Untaggable => self.holds(props, &self.properties(live, props)),
            };
            if fits {
                fitting.push(Found { id: identifier.into(), attributes, ownership });
            }
        }
        Ok(fitting.pop().filter(|_| fitting.is_empty()))
    }

    /// Whether a live object has every property that is planned and shown.
    fn holds(&self, props: &Json, live: &Json) -> bool {
        let mut wanted = props.clone();
        self.schema.without_write_only(&mut wanted);
        let mut all = wanted.as_object().into_iter().flatten();
        all.all(|(name, value)| self.same(name, value, &live[name.as_str()]))
    }

    async fn probed(&self, cx: &Cx<'_>, id: &PhysicalId, goal: Goal) -> Result<Probe, OpError> {
        let known = matches!(identity::handle(id), Handle::Object(_));
        let identifier = match (self.object(cx, id).await?, goal) {
            (Object::Known(identifier), _) | (Object::Failed { left: Some(identifier), .. }, Goal::Gone) => {
                identifier
            }
            (Object::Coming(words), _) => return Ok(Probe::Pending(words)),
            (Object::Failed { left: None, .. }, Goal::Gone) => return Ok(Probe::Reached(BTreeMap::new())),
            (Object::Failed { code, message, left }, Goal::Ready) => {
                let live = match &left {
                    Some(identifier) => calls::get(cx, self.kind(), identifier).await?,
                    None => None,
                };
                let ours = live.is_some_and(|live| self.ownership(cx, &live) != Ownership::Foreign);
                return Ok(match left.filter(|_| ours) {
                    // It stays known by its request: an object whose creation failed is never taken for usable.
                    Some(left) => Probe::Failed(format!("{code}: {message} (it left `{left}` behind)")),
                    None => Probe::NotMade { code, reason: message },
                });
            }
        };
        let live = calls::get(cx, self.kind(), &identifier).await?;
        Ok(match (live, goal) {
            (None, Goal::Gone) => Probe::Reached(BTreeMap::new()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (Some(_), Goal::Gone) => Probe::Pending("still there".into()),
            (Some(live), Goal::Ready) => {
                let attributes = identity::attributes(self.schema, &identifier, &live);
                if known { Probe::Reached(attributes) } else { Probe::Named(identifier.into(), attributes) }
            }
        })
    }

    async fn created(&self, cx: &Cx<'_>, permit: &Permit, props: &Json) -> Result<Created, OpError> {
        let event = calls::create(cx, self.kind(), &self.owned(cx, props), permit.token()).await?;
        // Even where the identifier is known at once, the object is not: the request tells when it is.
        Ok(Created { id: identity::pending(&event.request), attributes: BTreeMap::new() })
    }

    /// What a stage that began a request, or asked for one, means.
    fn stage(operation: &str, event: Event) -> Result<Progress, OpError> {
        match event.progress {
            calls::Progress::Running(detail) => Ok(Progress::Underway { request: event.request, detail }),
            calls::Progress::Done => Ok(Progress::Done),
            calls::Progress::Failed { code, message } => Err(calls::failed(operation, code, message)),
        }
    }

    async fn updated(
        &self,
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        new: &Json,
        changed: &[String],
    ) -> Result<Progress, OpError> {
        const OP: &str = "UpdateResource";
        if let Some(request) = permit.request() {
            return Self::stage(OP, calls::status(cx, request).await?);
        }
        let Some((identifier, live)) = self.look(cx, id).await? else {
            return Err(OpError::not_sent(OP, "the object is not there"));
        };
        let operations = patch::patch(self.schema, &self.owned(cx, new), &live, changed);
        if operations.is_empty() {
            // Set, but perhaps not done: a process that died may have begun the request.
            return match calls::changing(cx, self.kind(), &identifier).await? {
                Some(event) => Self::stage(OP, event),
                None => Ok(Progress::Done),
            };
        }
        let token = patch::token(permit.token(), &operations);
        match calls::update(cx, self.kind(), &identifier, operations, &token).await {
            Ok(event) => Self::stage(OP, event),
            Err(error) if error.is(BUSY) => Ok(Progress::Again("another request works on it".into())),
            Err(error) => Err(error),
        }
    }

    async fn deleted(&self, cx: &Cx<'_>, permit: &Permit, id: &PhysicalId) -> Result<Progress, OpError> {
        const OP: &str = "DeleteResource";
        let answer = match permit.request() {
            Some(request) => calls::status(cx, request).await,
            None => {
                let identifier = match self.object(cx, id).await? {
                    Object::Known(identifier) | Object::Failed { left: Some(identifier), .. } => identifier,
                    Object::Coming(words) => {
                        return Ok(Progress::Again(format!("it is still being made: {words}")));
                    }
                    Object::Failed { left: None, .. } => return Ok(Progress::Absent),
                };
                calls::delete(cx, self.kind(), &identifier, permit.token()).await
            }
        };
        let stage = match answer {
            Err(error) if error.is(BUSY) => return Ok(Progress::Again("another request works on it".into())),
            answer => answer.and_then(|event| Self::stage(OP, event)),
        };
        match stage {
            Err(error) if error.is(ABSENT) => Ok(Progress::Absent),
            stage => stage,
        }
    }

    fn changed(&self, changed: &[String], of: impl Fn(&str) -> bool) -> Vec<String> {
        changed.iter().filter(|name| of(name)).cloned().collect()
    }
}

impl AnyType for Generic {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    fn fields(&self) -> &'static [Field] {
        self.fields
    }

    fn same(&self, property: &str, desired: &Json, recorded: &Json) -> bool {
        compare::same(self.kind(), property, desired, recorded) || {
            let undone = transform::undone(self.schema, property, desired, recorded);
            compare::same(self.kind(), property, desired, &undone)
        }
    }

    fn replaces(&self, _old: &Json, _new: &Json, changed: &[String]) -> Result<Vec<String>, OpError> {
        // A type without an update handler changes nothing in place.
        let immutable = !self.schema.handles("update");
        Ok(self.changed(changed, |name| immutable || self.schema.is_create_only(name)))
    }

    fn check(&self, _props: &Json) -> Vec<(String, String)> {
        Vec::new()
    }

    fn effects(&self, _old: &Json, _new: &Json, changed: &[String]) -> Vec<String> {
        let conditional = self.changed(changed, |name| self.schema.is_conditional_create_only(name));
        conditional
            .into_iter()
            .map(|name| {
                format!(
                    "{name} can be changed in place under some conditions only; if AWS refuses (NotUpdatable), \
                     `--replace` makes a new object"
                )
            })
            .collect()
    }

    fn find<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Option<Found>, OpError>> {
        Box::pin(self.found(cx, props))
    }

    fn find_lost<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Found>, OpError>> {
        Box::pin(async move {
            match self.found(cx, props).await? {
                Some(found) => Ok(Some(found)),
                None if identity::given(self.schema, props).is_some() => Ok(None),
                None => self.found_among_all(cx, props).await,
            }
        })
    }

    fn find_all<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Vec<Found>, OpError>> {
        Box::pin(async move { Ok(self.found(cx, props).await?.into_iter().collect()) })
    }

    fn probe<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        _props: &'a Json,
        goal: Goal,
    ) -> BoxFuture<'a, Result<Probe, OpError>> {
        Box::pin(self.probed(cx, id, goal))
    }

    fn read<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        hint: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Json>, OpError>> {
        Box::pin(async move { Ok(self.look(cx, id).await?.map(|(_, live)| self.properties(live, hint))) })
    }

    fn ownership<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Ownership>, OpError>> {
        Box::pin(async move { Ok(self.look(cx, id).await?.map(|(_, live)| self.ownership(cx, &live))) })
    }

    fn sight<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Sight<Json>>, OpError>> {
        Box::pin(async move {
            let Some((_, live)) = self.look(cx, id).await? else { return Ok(None) };
            let ownership = self.ownership(cx, &live);
            Ok(Some(Sight { properties: self.properties(live, props), ownership }))
        })
    }

    fn attachments<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Created, OpError>> {
        Box::pin(self.created(cx, permit, props))
    }

    fn configure<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _permit: &'a Permit,
        _id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async { Ok(Progress::Done) })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        _old: &'a Json,
        new: &'a Json,
        changed: &'a [String],
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(self.updated(cx, permit, id, new, changed))
    }

    fn together<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _permit: &'a Permit,
        parts: &'a [Part<'a, Json>],
        _others: &'a [Json],
    ) -> BoxFuture<'a, Vec<Result<Joined, OpError>>> {
        let none = || OpError::not_sent(self.kind(), "objects of this type are changed one by one");
        let answers = parts.iter().map(|_| Err(none())).collect();
        Box::pin(async { answers })
    }

    fn delete<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(self.deleted(cx, permit, id))
    }
}
