//! The law that a handler keeps, put to two hundred published types with properties made from their schemas.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    find, identity,
    samples_tests::{self as samples, Sample},
    support::{Support, support},
};
use crate::{
    aws::{OpError, Owner},
    ledger::Permit,
    model::{Address, Attributes, Ownership, PhysicalId},
    resources::{AnyType, Cx, Goal, Probe, Progress, bench::Bench, registry},
    schema,
};

/// Attributes that there are only with another property: a table without a stream has no ARN of one.
const OPTIONAL: &[(&str, &str)] =
    &[("AWS::DynamoDB::GlobalTable", "StreamArn"), ("AWS::DynamoDB::Table", "StreamArn")];

/// How many types.
const TYPES: usize = 200;

struct Subject<'b> {
    bench: &'b Bench,
    ty: &'static dyn AnyType,
    kind: &'b str,
}

/// Not a fault of the handler: the sample does not fit what the schema says across properties.
fn unfit(error: &OpError) -> bool {
    error.is(&["ValidationException"])
}

impl Subject<'_> {
    fn read(&self, id: &PhysicalId, hint: &Json) -> Option<Json> {
        let live = self.bench.cx(|cx| self.bench.run(self.ty.read(cx, id, hint)));
        live.unwrap_or_else(|error| panic!("{}: read: {error}", self.kind))
    }

    fn ownership(&self, cx: &Cx<'_>, id: &PhysicalId, props: &Json) -> Option<Ownership> {
        let whose = self.bench.run(self.ty.ownership(cx, id, props));
        whose.unwrap_or_else(|error| panic!("{}: whose: {error}", self.kind))
    }

    /// Probes until something but "pending" is answered.
    fn settle(&self, id: &PhysicalId, props: &Json, goal: Goal) -> Probe {
        for _ in 0..500 {
            match self.bench.cx(|cx| self.bench.run(self.ty.probe(cx, id, props, goal))) {
                Ok(Probe::Pending(_)) => self.bench.advance(Duration::from_secs(2)),
                Ok(probe) => return probe,
                Err(error) => panic!("{}: probe: {error}", self.kind),
            }
        }
        panic!("{}: never {goal:?}", self.kind)
    }

    /// Calls a staged verb as the engine does, and beside each call once more as another process would whose forerunner
    /// died after that call, or before it could note the answer: it has the intent's token and knows of no request. Both
    /// are told the same, so nothing is begun twice; a death before the call leaves nothing behind.
    fn staged(
        &self,
        call: impl Fn(&Cx<'_>, &Permit) -> Result<Progress, OpError>,
    ) -> Result<Progress, OpError> {
        let op = self.bench.permit().op();
        let (mut request, mut waited) = (None, false);
        for _ in 0..500 {
            let follow = |request: Option<String>| {
                self.bench.cx(|cx| call(cx, &Permit::forged(op).following(request)))
            };
            let mut told = follow(request.take())?;
            let resumed = self.bench.cx(|cx| call(cx, &Permit::forged(op)))?;
            // A call takes time: the request may have ended between the two.
            if let Progress::Underway { request, .. } = &told
                && told != resumed
            {
                told = follow(Some(request.clone()))?;
            }
            match (&told, &resumed) {
                // Only a part of the change is left to ask for: that is another request, after the one that runs.
                (Progress::Underway { .. }, Progress::Again(_)) => waited = true,
                (Progress::Done, Progress::Underway { request, .. }) if waited => {
                    self.bench.advance(Duration::from_secs(60));
                    assert_eq!(follow(Some(request.clone()))?, Progress::Done, "{}: the rest", self.kind);
                }
                _ => assert_eq!(told, resumed, "{}: told to a process that resumes", self.kind),
            }
            match told {
                Progress::Underway { request: token, .. } => request = Some(token),
                Progress::Again(_) => {}
                progress => return Ok(progress),
            }
            self.bench.advance(Duration::from_secs(2));
        }
        panic!("{}: never done", self.kind)
    }

    fn same(&self, sent: &Json, live: &Json, when: &str) {
        let schema = schema::of(self.kind).unwrap();
        let (mut sent, mut live) = (sent.clone(), live.clone());
        schema.without_write_only(&mut sent);
        schema.without_write_only(&mut live);
        for (name, value) in sent.as_object().into_iter().flatten() {
            // An object of which nothing is shown reads as nothing.
            let hidden = value.as_object().is_some_and(serde_json::Map::is_empty);
            let fits = hidden || self.ty.same(name, value, &live[name.as_str()]);
            assert!(fits, "{} {when}: {name}: sent {value}, read {}", self.kind, live[name.as_str()]);
        }
    }

    fn delete(&self, id: &PhysicalId, props: &Json) -> Progress {
        let deleted = self.staged(|cx, permit| self.bench.run(self.ty.delete(cx, permit, id, props)));
        deleted.unwrap_or_else(|error| panic!("{}: delete: {error}", self.kind))
    }

    /// The whole life of one object; `false` if the sample does not fit.
    fn law(&self, sample: &Sample) -> bool {
        let (bench, ty, kind) = (self.bench, self.ty, self.kind);
        let props = &sample.properties;
        let schema = schema::of(kind).unwrap();
        let found = || bench.cx(|cx| bench.run(ty.find(cx, props))).unwrap();
        assert_eq!(found(), None, "{kind}: found before it was made");
        let permit = bench.permit();
        let create = |permit: &Permit| bench.cx(|cx| bench.run(ty.create(cx, permit, props)));
        let made = match create(&permit) {
            Ok(made) => made,
            Err(error) if unfit(&error) => return false,
            Err(error) => panic!("{kind}: create: {error} of {props}"),
        };
        let again = create(&permit).unwrap_or_else(|error| panic!("{kind}: the same token again: {error}"));
        assert_eq!(again.id, made.id, "{kind}: one token is one object");
        let (id, attributes) = match self.settle(&made.id, props, Goal::Ready) {
            Probe::Named(id, attributes) => (id, attributes),
            other => panic!("{kind}: {other:?}"),
        };
        self.complete(&attributes);
        assert!(
            matches!(self.settle(&id, props, Goal::Ready), Probe::Reached(all) if all == attributes),
            "{kind}"
        );
        let late = create(&permit)
            .unwrap_or_else(|error| panic!("{kind}: the token after the request's end: {error}"));
        assert_eq!(late.id, made.id, "{kind}: a process that resumes late makes another object");
        self.same(props, &self.read(&id, props).unwrap(), "after create");
        self.owned(&id, props);
        let listed = schema.list_needs().iter().all(|name| !props[*name].is_null());
        if schema.handles("list") && listed {
            let lost = bench.cx(|cx| bench.run(ty.find_lost(cx, props))).unwrap();
            assert_eq!(lost.map(|found| found.id), Some(id.clone()), "{kind}: not found for a lost ledger");
        }
        if let Some(given) = identity::given(schema, props) {
            assert_eq!(
                found().map(|found| found.id),
                Some(given.into()),
                "{kind}: not found by what identifies it"
            );
            // Another token, the same identifier: AWS refuses it, and nothing of ours is touched.
            let other = create(&bench.permit()).unwrap();
            let probe = self.settle(&other.id, props, Goal::Ready);
            assert!(
                matches!(&probe, Probe::NotMade { code, .. } if code == "AlreadyExists"),
                "{kind}: {probe:?}"
            );
            assert_eq!(self.delete(&other.id, props), Progress::Absent, "{kind}");
            assert!(self.read(&id, props).is_some(), "{kind}: the object in the way was deleted");
        }
        let mut last = props.clone();
        if let Some((name, value)) = sample.changed.as_ref().filter(|_| schema.handles("update")) {
            last[name] = value.clone();
            let changed = [name.clone()];
            let update =
                |cx: &Cx<'_>, permit: &Permit| bench.run(ty.update(cx, permit, &id, props, &last, &changed));
            match self.staged(update) {
                Ok(progress) => assert_eq!(progress, Progress::Done, "{kind}"),
                Err(error) if unfit(&error) => last = props.clone(),
                Err(error) => panic!("{kind}: update of {name}: {error}"),
            }
            self.same(&last, &self.read(&id, &last).unwrap(), "after update");
            self.owned(&id, &last);
            self.without(name, &id, &mut last);
        }
        self.fixed(props);
        // By the request that made it, as a run knows it that died before it had a handle.
        assert_eq!(self.delete(&made.id, &last), Progress::Done, "{kind}");
        assert_eq!(self.delete(&id, &last), Progress::Absent, "{kind}: deleted twice");
        assert_eq!(self.settle(&id, &last, Goal::Gone), Probe::Reached(Attributes::new()), "{kind}");
        assert_eq!(self.read(&id, &last), None, "{kind}: read after it is gone");
        assert_eq!(bench.cx(|cx| self.ownership(cx, &id, &last)), None, "{kind}");
        assert_eq!(found(), None, "{kind}: found after it is gone");
        true
    }

    /// Takes a property away. What is away already need not be sent, and is still not done before its request is.
    fn without(&self, name: &str, id: &PhysicalId, props: &mut Json) {
        let (bench, ty, kind) = (self.bench, self.ty, self.kind);
        let mut less = props.clone();
        less.as_object_mut().unwrap().remove(name);
        let changed = [name.to_owned()];
        let update =
            |cx: &Cx<'_>, permit: &Permit| bench.run(ty.update(cx, permit, id, props, &less, &changed));
        match self.staged(update) {
            Ok(progress) => assert_eq!(progress, Progress::Done, "{kind}"),
            // It is required, or the only one of several of which one is.
            Err(error) if unfit(&error) => return,
            Err(error) => panic!("{kind}: update without {name}: {error}"),
        }
        let live = self.read(id, &less).unwrap();
        assert!(live[name].is_null(), "{kind}: {name} is still there: {}", live[name]);
        self.owned(id, &less);
        *props = less;
    }

    /// Every attribute that `Fn::GetAtt` may ask for is there.
    fn complete(&self, attributes: &Attributes) {
        assert!(attributes.contains_key("Ref"), "{}", self.kind);
        let schema = schema::of(self.kind).unwrap();
        let declared =
            |path: &&str| !path.contains('*') && schema.attribute_node(&path.replace('/', ".")).is_some();
        for path in schema.read_only().filter(declared) {
            let top = path.split('/').next().unwrap_or_default();
            let known = attributes.keys().any(|name| name == &path.replace('/', ".") || name == top);
            // Inside an object that was not sent there may be nothing.
            let known = known || OPTIONAL.contains(&(self.kind, path));
            assert!(known || path.contains('/'), "{}: no attribute {path}", self.kind);
        }
    }

    fn owned(&self, id: &PhysicalId, props: &Json) {
        let ours = self.bench.cx(|cx| self.ownership(cx, id, props));
        let tagged = find(self.kind).unwrap().is_tagged();
        let expected = if tagged { Ownership::Ours } else { Ownership::Untaggable };
        assert_eq!(ours, Some(expected), "{}", self.kind);
        let other = Owner { migration: "other".into(), lineage: "fedcba9876543210".into(), generation: 0 };
        let address = Address::new("bench", "Subject");
        let foreign = self.bench.cx(|cx| {
            let cx = Cx { owner: &other, address: &address, ..*cx };
            self.ownership(&cx, id, props)
        });
        assert_eq!(
            foreign,
            Some(if tagged { Ownership::Foreign } else { Ownership::Untaggable }),
            "{}",
            self.kind
        );
    }

    /// What cannot change in place asks for a new object.
    fn fixed(&self, props: &Json) {
        let schema = schema::of(self.kind).unwrap();
        for name in props.as_object().into_iter().flatten().map(|(name, _)| name) {
            let replaced = self.ty.replaces(props, props, std::slice::from_ref(name)).unwrap();
            let fixed = schema.is_create_only(name) || !schema.handles("update");
            assert_eq!(!replaced.is_empty(), fixed, "{}: {name}", self.kind);
        }
    }
}

#[test]
fn two_hundred_types_keep_the_law() {
    let (mut kept, mut unfit, mut updated) = (0, Vec::new(), 0);
    for kind in samples::deployable() {
        if kept == TYPES {
            break;
        }
        let schema = schema::of(&kind).unwrap();
        let Some(sample) = samples::sample(schema) else {
            unfit.push(kind);
            continue;
        };
        let bench = Bench::new();
        let subject = Subject { bench: &bench, ty: registry::find(&kind).unwrap(), kind: &kind };
        if subject.law(&sample) {
            kept += 1;
            updated += usize::from(sample.changed.is_some());
        } else {
            unfit.push(kind);
        }
    }
    assert_eq!(kept, TYPES, "too few types can be sampled; not: {unfit:?}");
    assert!(unfit.len() < TYPES && updated * 2 > TYPES, "{updated} updated, not sampled: {unfit:?}");
}

/// A run that died during an update knows its intent, and not the request: by now the object may show all of the change, or
/// none of it.
#[test]
fn an_update_that_sets_and_removes_is_resumed_at_any_moment() {
    let old = json!({"QueueName": "orders", "DelaySeconds": 5, "KmsMasterKeyId": "alias/aws/sqs"});
    let new = json!({"QueueName": "orders", "DelaySeconds": 7});
    let changed = ["DelaySeconds".to_owned(), "KmsMasterKeyId".to_owned()];
    for dies_after in [0, 1, 4, 7, 9, 60] {
        let bench = Bench::new();
        let ty = registry::find("AWS::SQS::Queue").unwrap();
        let subject = Subject { bench: &bench, ty, kind: "AWS::SQS::Queue" };
        let made = bench.cx(|cx| bench.run(ty.create(cx, &bench.permit(), &old))).unwrap();
        let Probe::Named(id, _) = subject.settle(&made.id, &old, Goal::Ready) else { panic!() };
        let op = bench.permit().op();
        let update = |request: Option<String>| {
            let permit = Permit::forged(op).following(request);
            bench.cx(|cx| bench.run(ty.update(cx, &permit, &id, &old, &new, &changed)))
        };
        assert!(matches!(update(None), Ok(Progress::Underway { .. })));
        bench.advance(Duration::from_secs(dies_after));
        let mut request = None;
        let mut rounds = 0;
        loop {
            let progress = update(request.take()).unwrap_or_else(|e| panic!("after {dies_after} s: {e}"));
            match progress {
                Progress::Underway { request: token, .. } => request = Some(token),
                Progress::Again(_) => {}
                progress => {
                    assert_eq!(progress, Progress::Done);
                    break;
                }
            }
            rounds += 1;
            assert!(rounds < 50, "after {dies_after} s: never done");
            bench.advance(Duration::from_secs(1));
        }
        let live = subject.read(&id, &new).unwrap();
        assert_eq!((&live["DelaySeconds"], &live["KmsMasterKeyId"]), (&json!(7), &Json::Null));
        let running = bench.world(|world| {
            let mut rows = world.rows("cloudcontrol.request").map(|(_, row)| row);
            rows.any(|row| row["OperationStatus"] == "IN_PROGRESS")
        });
        assert!(!running, "after {dies_after} s: done while a request works on it");
    }
}

#[test]
fn native_handlers_win_and_what_cannot_be_deployed_says_why() {
    assert_eq!(support("AWS::EC2::VPC"), Support::Native);
    assert_eq!(support("AWS::SQS::Queue"), Support::CloudControl);
    assert_eq!(support("AWS::SQS::QueuePolicy"), Support::CloudControl, "by an inline policy of each queue");
    assert_eq!(support("AWS::No::Such"), Support::Unknown);
    for kind in ["AWS::CloudFormation::Macro", "AWS::DAX::Cluster", "AWS::DocDB::DBCluster"] {
        assert!(matches!(support(kind), Support::Refused(why) if !why.ends_with('.')), "{kind}");
        assert!(registry::find(kind).is_none(), "{kind}");
    }
    let all = schema::published();
    let count = |fits: fn(Support) -> bool| all.iter().filter(|kind| fits(support(kind))).count();
    let through = count(|support| support == Support::CloudControl);
    assert!(through > 1_500, "{through}");
    assert!(count(|support| support == Support::Unknown) == 0);
}
