//! Test bench for handlers: the real SDK clients against a sandbox in virtual time, and the law that every
//! resource type must keep.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::Future,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Map, Value as Json};

mod declared;
mod pages;

use declared::{attribute_names, declared};

use super::{Change, Cx, Goal, Probe, Progress, ResourceType, registry};
use crate::{
    aws::{CallMeter, Certainty, OpError, Owner, Sdk, iam_actions},
    clock::{Clock, VirtualClock, millis},
    ledger::Permit,
    model::{
        Address, Attributes, Identity, Ownership, PhysicalId, Retry, WaitPolicy,
        shape::{Field, Shape},
    },
    sandbox::{Kind, Lag, Options, Sandbox, Throttles, World, durations},
    schema,
};

/// Region of every bench.
const REGION: &str = "us-east-1";

/// A sandbox, its clock and clients.
pub struct Bench {
    clock: VirtualClock,
    sandbox: Sandbox,
    sdk: Sdk,
    owner: Owner,
    subjects: Cell<u64>,
    permits: Cell<u64>,
    optional: RefCell<BTreeSet<String>>,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// Region us-east-1, account 123456789012, seed 1, virtual clock, no rate limits.
    pub fn new() -> Self {
        let clock = VirtualClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_760_000_000));
        let world = World::new(1, millis(clock.now()));
        // Every new object is hidden for a moment: what is rare on AWS is the rule here.
        let options = Options {
            throttles: Throttles::none(),
            read_lag: Lag::Fixed(durations::READ_LAG),
            ..Options::default()
        };
        let sandbox = Sandbox::with_options(world, Arc::new(clock.clone()), options);
        let sdk = Sdk::new(sandbox.sdk_config(REGION), CallMeter::default(), None);
        let owner = Owner { migration: "bench-test".into(), lineage: "c0ffee".into(), generation: 0 };
        Self {
            clock,
            sandbox,
            sdk,
            owner,
            subjects: Cell::new(0),
            permits: Cell::new(0),
            optional: RefCell::default(),
        }
    }

    /// Read-only properties which the law need not see as attributes in this test.
    #[must_use]
    pub fn optional(self, attributes: &[&str]) -> Self {
        self.optional.borrow_mut().extend(attributes.iter().map(|a| (*a).to_owned()));
        self
    }

    /// Looks at or changes the world.
    pub fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.sandbox.world(act)
    }

    /// Drives a future to its end in virtual time.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.clock.block_on(future)
    }

    /// The clients.
    pub fn sdk(&self) -> &Sdk {
        &self.sdk
    }

    /// The sandbox behind the clients.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// A permit that was not used before.
    pub fn permit(&self) -> Permit {
        self.permits.set(self.permits.get() + 1);
        Permit::forged(self.permits.get())
    }

    /// Lends a context of the address `bench/Subject`: `bench.cx(|cx| bench.run(Vpc::find(cx, &props)))`.
    pub fn cx<T>(&self, act: impl FnOnce(&Cx<'_>) -> T) -> T {
        self.cx_of(&Address::new("bench", "Subject"), act)
    }

    fn cx_of<T>(&self, address: &Address, act: impl FnOnce(&Cx<'_>) -> T) -> T {
        self.cx_after(address, &self.owner, &[], act)
    }

    /// The same of that owner, after calls that were to make those forms of the object.
    fn cx_after<T>(
        &self,
        address: &Address,
        owner: &Owner,
        attempted: &[Json],
        act: impl FnOnce(&Cx<'_>) -> T,
    ) -> T {
        act(&Cx {
            sdk: &self.sdk,
            region: REGION,
            account: "123456789012",
            partition: "aws",
            owner,
            address,
            empty_on_delete: false,
            snapshot: None,
            attempted,
            takes: &[],
            update_policy: &serde_json::Value::Null,
            shelf: None,
        })
    }

    /// `(service, operation)` of every call, in order, as the sandbox saw them.
    pub fn operations(&self) -> Vec<(String, String)> {
        self.sandbox.log().into_iter().map(|line| (line.service, line.operation)).collect()
    }

    /// The whole law for one set of properties, with an update if given. Returns the object's id.
    pub fn law<T: ResourceType>(&self, props: Json, update: Option<Json>) -> PhysicalId {
        let before = self.operations().len();
        let law = Law::<T>::new(self);
        // What can be made is not refused beforehand.
        let foreseen = self.cx_of(&law.address, |cx| self.run(T::foresee(cx, &props)));
        assert_eq!(foreseen.expect("an answer"), [], "{}: refused beforehand", T::FACTS.kind);
        let id = law.run(&props, update.as_ref());
        let declared: BTreeSet<&str> = T::FACTS.iam.iter().copied().collect();
        for action in self.used_since(before) {
            assert!(
                declared.contains(action.as_str()),
                "{}: the handler used {action}, which FACTS.iam does not declare",
                T::FACTS.kind
            );
        }
        id
    }

    /// The law for several sets of properties, and that together they use every declared IAM action.
    pub fn law_covering<T: ResourceType>(&self, cases: &[(Json, Option<Json>)]) {
        let before = self.operations().len();
        for (props, update) in cases {
            self.law::<T>(props.clone(), update.clone());
        }
        self.covers::<T>(before, &[]);
    }

    /// Every IAM action the type declares was used by some call after the first `before`, or is one of those that
    /// only rarer ways need, each with a test of its own (`elsewhere`).
    pub fn covers<T: ResourceType>(&self, before: usize, elsewhere: &[&str]) {
        let used = self.used_since(before);
        let idle: Vec<&str> = T::FACTS
            .iam
            .iter()
            .copied()
            .filter(|action| !used.contains(*action) && !iam_actions::is_implied(action))
            .filter(|action| !elsewhere.contains(action))
            .collect();
        assert!(idle.is_empty(), "{}: FACTS.iam declares actions that no case used: {idle:?}", T::FACTS.kind);
    }

    fn used_since(&self, before: usize) -> BTreeSet<String> {
        self.operations()
            .into_iter()
            .skip(before)
            .flat_map(|(service, operation)| iam_actions::of(&service, &operation))
            .collect()
    }
}

/// One object's way through the law.
struct Law<'b, T: ResourceType> {
    bench: &'b Bench,
    address: Address,
    kind: std::marker::PhantomData<T>,
}

impl<'b, T: ResourceType> Law<'b, T> {
    fn new(bench: &'b Bench) -> Self {
        bench.subjects.set(bench.subjects.get() + 1);
        let address = Address::new("bench", &format!("Subject{}", bench.subjects.get()));
        Self { bench, address, kind: std::marker::PhantomData }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let log = self.bench.sandbox.log();
        let tail: Vec<String> = log
            .iter()
            .rev()
            .take(12)
            .rev()
            .map(|l| format!("{}:{} {}", l.service, l.operation, l.code.as_deref().unwrap_or("ok")))
            .collect();
        panic!("{} breaks the law: {what}\nlast calls:\n  {}", T::FACTS.kind, tail.join("\n  "));
    }

    fn typed(&self, props: &Json) -> T::Props {
        match serde_json::from_value(props.clone()) {
            Ok(typed) => typed,
            Err(error) => self.fail(&format!("the test's properties do not fit Props: {error}")),
        }
    }

    /// Repeats a verb while it is rejected with one of `retry`'s codes.
    fn patient<R>(&self, what: &str, retry: &[Retry], mut verb: impl FnMut() -> Result<R, OpError>) -> R {
        for _ in 0..720 {
            match verb() {
                Ok(answer) => return answer,
                Err(error) => {
                    let passes = retry.iter().any(|r| {
                        error.is(&[r.code]) && (r.message.is_empty() || error.message.contains(r.message))
                    });
                    if !passes || error.certainty != Certainty::Rejected {
                        self.fail(&format!("{what}: {error}"));
                    }
                    self.bench.advance(Duration::from_secs(5));
                }
            }
        }
        self.fail(&format!("{what} was still rejected after an hour"))
    }

    /// Repeats a staged verb until it is done; true if the object is kept.
    fn staged(
        &self,
        what: &str,
        retry: &[Retry],
        mut verb: impl FnMut(&Permit) -> Result<Progress, OpError>,
    ) -> bool {
        for _ in 0..720 {
            let permit = self.bench.permit();
            match self.patient(what, retry, || verb(&permit)) {
                Progress::Done | Progress::Absent => return false,
                Progress::Kept(_) => return true,
                Progress::Again(_) | Progress::Underway { .. } => self.bench.advance(Duration::from_secs(5)),
            }
        }
        self.fail(&format!("{what} still answers Again after an hour"))
    }

    fn find(&self, props: &T::Props) -> Option<super::Found> {
        let found = self.bench.cx_of(&self.address, |cx| self.bench.run(T::find(cx, props)));
        found.unwrap_or_else(|error| self.fail(&format!("find: {error}")))
    }

    /// Looks until the object is seen; eventual consistency may take a while.
    fn find_soon(&self, props: &T::Props) -> super::Found {
        for _ in 0..30 {
            if let Some(found) = self.find(props) {
                return found;
            }
            self.bench.advance(Duration::from_secs(1));
        }
        self.fail("find does not see the object 30 seconds after create")
    }

    fn reach(&self, id: &PhysicalId, props: &T::Props, goal: Goal, policy: Option<WaitPolicy>) -> Attributes {
        let policy = policy.unwrap_or(WaitPolicy::secs(0, 1, 60));
        let start = self.bench.clock.now();
        let mut last = String::new();
        let mut told = Attributes::new();
        while self.bench.clock.now() <= start + policy.deadline {
            let probe = self.bench.cx_of(&self.address, |cx| self.bench.run(T::probe(cx, id, props, goal)));
            match probe {
                Ok(Probe::Reached(attributes) | Probe::Named(_, attributes)) => {
                    let stage = T::FACTS.addressable.map_or(&[][..], |stage| stage.attributes);
                    for name in stage.iter().filter(|name| told.contains_key(**name)) {
                        if told.get(*name) != attributes.get(*name) {
                            self.fail(&format!("`{name}` was told while it came up, and is another one now"));
                        }
                    }
                    return attributes;
                }
                Ok(Probe::NotMade { reason, .. }) => self.fail(&format!("probe({goal:?}): {reason}")),
                Ok(Probe::Pending(detail) | Probe::Works(detail)) => last = detail,
                Ok(Probe::Addressable { detail, attributes }) => {
                    self.tells_its_address(&attributes);
                    (last, told) = (detail, attributes);
                }
                Ok(Probe::Failed(why)) => self.fail(&format!("probe({goal:?}) failed: {why}")),
                Err(error) => self.fail(&format!("probe({goal:?}): {error}")),
            }
            self.bench.advance(policy.every.max(Duration::from_millis(500)));
        }
        self.fail(&format!("probe({goal:?}) is still pending ({last}) after {:?}", policy.deadline))
    }

    /// Whoever tells of an address tells all of it.
    fn tells_its_address(&self, attributes: &Attributes) {
        let declared = T::FACTS.addressable.map_or(&[][..], |stage| stage.attributes);
        if declared.is_empty() {
            self.fail("a probe tells of an address, and the type declares none");
        }
        let missing = declared.iter().find(|name| !attributes.contains_key(**name));
        if let Some(name) = missing {
            self.fail(&format!("`{name}` is declared addressable, but the probe does not tell it"));
        }
    }

    fn create_twice(&self, props: &T::Props) -> super::Created {
        let permit = self.bench.permit();
        let create = || self.bench.cx_of(&self.address, |cx| self.bench.run(T::create(cx, &permit, props)));
        let writes = |from: usize| {
            let log = self.bench.sandbox.log();
            let mutating =
                log[from..].iter().filter(|line| line.kind == Some(Kind::Write) && line.code.is_none());
            mutating.map(|line| line.operation.clone()).collect::<Vec<_>>()
        };
        let before = self.bench.sandbox.log().len();
        let created = self.patient("create", T::FACTS.retry, create);
        let calls = writes(before);
        if calls.len() != 1 {
            self.fail(&format!("create must make one mutating call, it made {calls:?}"));
        }
        for name in T::FACTS.early {
            if !created.attributes.contains_key(*name) {
                self.fail(&format!("`{name}` is declared early, but create does not return it"));
            }
        }
        match create() {
            Ok(again) if again.id == created.id => {}
            Ok(again) if T::FACTS.identity == Identity::Tag => {
                // The API takes no token: only `find` keeps the engine from making two, and `find_all` tells of
                // both. Take the twin away.
                self.sees_both(props, &created.id, &again.id);
                self.delete(&again.id, props);
            }
            Ok(again) => {
                self.fail(&format!("a repeated create made a second object: {} and {}", created.id, again.id))
            }
            Err(error) if error.certainty == Certainty::Rejected => {}
            Err(error) => self.fail(&format!("repeated create: {error}")),
        }
        created
    }

    fn sees_both(&self, props: &T::Props, one: &PhysicalId, other: &PhysicalId) {
        let mut seen = Vec::new();
        for _ in 0..30 {
            let all = self.bench.cx_of(&self.address, |cx| self.bench.run(T::find_all(cx, props)));
            seen = all.unwrap_or_else(|error| self.fail(&format!("find_all: {error}")));
            if [one, other].iter().all(|id| seen.iter().any(|found| found.id == **id)) {
                return;
            }
            self.bench.advance(Duration::from_secs(1));
        }
        self.fail(&format!("of {one} and {other}, find_all sees {seen:?}"));
    }

    fn delete(&self, id: &PhysicalId, props: &T::Props) -> bool {
        let sent = serde_json::to_value(props).unwrap_or_default();
        if let Some(place) = T::place(&sent) {
            let looked = self.bench.cx_of(&self.address, |cx| self.bench.run(T::in_the_way(cx, &place)));
            drop(looked.unwrap_or_else(|error| self.fail(&format!("in_the_way: {error}"))));
        }
        self.staged("delete", T::FACTS.retry_delete, |permit| {
            self.bench.cx_of(&self.address, |cx| self.bench.run(super::delete::<T>(cx, permit, id, props)))
        })
    }

    /// A delete of what is gone says so, as the engine relies on it, unless the type knows why it cannot.
    fn tells_absent(&self, id: &PhysicalId, props: &T::Props) {
        let permit = self.bench.permit();
        let delete = || {
            self.bench.cx_of(&self.address, |cx| self.bench.run(super::delete::<T>(cx, &permit, id, props)))
        };
        let progress = self.patient("delete", T::FACTS.retry_delete, delete);
        let told = progress == Progress::Absent;
        match T::FACTS.silent_delete {
            None if !told => self.fail(&format!("a delete of what is gone answers {progress:?}, not Absent")),
            Some(why) if told => self.fail(&format!("it tells what is absent, though FACTS say: {why}")),
            _ => {}
        }
    }

    /// What the service says of it can be asked for; whether it says anything is the service's.
    fn tells_news(&self, id: &PhysicalId, props: &T::Props) {
        let minute = Duration::from_secs(60);
        let told = self.bench.cx_of(&self.address, |cx| self.bench.run(T::news(cx, id, props, minute)));
        drop(told.unwrap_or_else(|error| self.fail(&format!("news: {error}"))));
    }

    /// It is told to be ours to us, and to nobody else, for all that can be told; and in one look as in two.
    fn tells_ownership(&self, id: &PhysicalId, props: &T::Props) {
        let whose = |owner: &Owner| {
            let asked = self
                .bench
                .cx_after(&self.address, owner, &[], |cx| self.bench.run(T::ownership(cx, id, props)));
            asked.unwrap_or_else(|error| self.fail(&format!("whose: {error}")))
        };
        let ours = whose(&self.bench.owner);
        if !matches!(ours, Some(Ownership::Ours | Ownership::Untaggable)) {
            self.fail(&format!("whose calls our own object {ours:?}"));
        }
        let other = Owner { lineage: "fedcba9876543210".into(), ..self.bench.owner.clone() };
        if ours == Some(Ownership::Ours) && whose(&other) != Some(Ownership::Foreign) {
            self.fail(&format!("whose calls our object another owner's: {:?}", whose(&other)));
        }
        let sight = self.bench.cx_of(&self.address, |cx| self.bench.run(T::sight(cx, id, props)));
        let sight = sight.ok().flatten().map(|seen| seen.ownership);
        if sight != ours {
            self.fail(&format!("one look calls it {sight:?}, two {ours:?}"));
        }
    }

    fn run(&self, props: &Json, update: Option<&Json>) -> PhysicalId {
        declared::<T>();
        let typed = self.typed(props);
        if let Some(found) = self.find(&typed) {
            self.fail(&format!("find sees {} before anything was created", found.id));
        }
        let created = self.create_twice(&typed);
        let id = created.id.clone();
        let found = self.find_soon(&typed);
        if found.id != id {
            self.fail(&format!("create answered id {id}, find sees {}", found.id));
        }
        if found.ownership == Ownership::Foreign {
            self.fail("find calls our own object foreign");
        }
        self.configure(&id, &typed);
        let mut attributes = created.attributes;
        let missing = |attributes: &Attributes| {
            let optional = self.bench.optional.borrow();
            let names = attribute_names::<T>().into_iter();
            names
                .filter(|name| !attributes.contains_key(name) && !optional.contains(name))
                .collect::<Vec<_>>()
        };
        if T::FACTS.ready.is_some() || !missing(&attributes).is_empty() {
            attributes.extend(self.reach(&id, &typed, Goal::Ready, T::FACTS.ready));
        }
        let missing = missing(&attributes);
        if !missing.is_empty() {
            self.fail(&format!(
                "attributes missing once ready: {missing:?}; there are {:?}",
                attributes.keys()
            ));
        }
        self.reads(&id, &typed, props, "after create");
        self.tells_ownership(&id, &typed);
        self.tells_in_pages(&id, &typed);
        self.tells_news(&id, &typed);
        let mut last = self.typed(props);
        if let Some(update) = update {
            last = self.update(&id, props, update);
        }
        if self.delete(&id, &last) {
            return id;
        }
        self.delete(&id, &last);
        self.reach(&id, &last, Goal::Gone, T::FACTS.gone);
        self.tells_absent(&id, &last);
        if let Ok(Some(whose)) =
            self.bench.cx_of(&self.address, |cx| self.bench.run(T::ownership(cx, &id, &last)))
        {
            self.fail(&format!("whose calls what is gone {whose:?}"));
        }
        if let Some(found) = self.find(&last) {
            self.fail(&format!("find still sees {} after it is gone", found.id));
        }
        id
    }

    fn configure(&self, id: &PhysicalId, props: &T::Props) {
        if !T::FACTS.configures {
            return;
        }
        // Twice: it must be idempotent, as it is run again on adopted objects.
        for _ in 0..2 {
            self.staged("configure", T::FACTS.retry, |permit| {
                self.bench.cx_of(&self.address, |cx| self.bench.run(T::configure(cx, permit, id, props)))
            });
        }
    }

    fn update(&self, id: &PhysicalId, old: &Json, new: &Json) -> T::Props {
        let (old_typed, new_typed) = (self.typed(old), self.typed(new));
        let changed: Vec<String> = keys(old)
            .union(&keys(new))
            .filter(|name| !T::same(name, &old[name.as_str()], &new[name.as_str()]))
            .cloned()
            .collect();
        if changed.is_empty() {
            self.fail("the test's update changes nothing");
        }
        let change = Change { old: &old_typed, new: &new_typed, changed: &changed };
        let replaces = T::replaces(&change);
        if !replaces.is_empty() {
            self.fail(&format!("the test's update would replace the object: {replaces:?}"));
        }
        // Twice: it must be idempotent, as recovery runs it again.
        for attempted in [vec![], vec![new.clone()]] {
            self.staged("update", T::FACTS.retry, |permit| {
                let update = |cx: &Cx<'_>| self.bench.run(T::update(cx, permit, id, &change));
                self.bench.cx_after(&self.address, &self.bench.owner, &attempted, update)
            });
            if T::FACTS.ready.is_some() {
                self.reach(id, &new_typed, Goal::Ready, T::FACTS.ready);
            }
        }
        self.reads(id, &new_typed, new, "after update");
        new_typed
    }

    /// What was sent is what is read.
    fn reads(&self, id: &PhysicalId, hint: &T::Props, sent: &Json, when: &str) {
        // Reads may lag; a second suffices for every service.
        self.bench.advance(Duration::from_secs(1));
        let live = self.bench.cx_of(&self.address, |cx| self.bench.run(T::read(cx, id, hint)));
        let live = match live {
            Ok(Some(live)) => serde_json::to_value(live).unwrap_or_default(),
            Ok(None) => self.fail(&format!("read {when}: the object is not there")),
            Err(error) => self.fail(&format!("read {when}: {error}")),
        };
        let (mut sent, mut live) = (sent.clone(), live);
        let schema = schema::of(T::FACTS.kind).unwrap_or_else(|| self.fail("the schema does not parse"));
        schema.without_write_only(&mut sent);
        schema.without_write_only(&mut live);
        let mut wrong = Vec::new();
        for (name, value) in sent.as_object().into_iter().flatten() {
            if !T::same(name, value, &live[name.as_str()]) {
                wrong.push(format!("{name}: sent {value}, read {}", live[name.as_str()]));
            }
        }
        if !wrong.is_empty() {
            self.fail(&format!("read {when} differs:\n  {}", wrong.join("\n  ")));
        }
    }
}

fn keys(value: &Json) -> BTreeSet<String> {
    value.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}
