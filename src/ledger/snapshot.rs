//! The fold of all entries: what exists, what is open.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    LedgerError,
    entry::{Entry, Line, Resolution, Verb},
    history::{self, RunRecord},
    object::{Binding, Late, Object, Open, Resource, Stage},
    operate::Operations,
};
use crate::model::{Address, Attributes, Found, PhysicalId};

/// The version of the ledger's formats (snapshot and journal).
pub const FORMAT: u32 = 6;

/// The ledger's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`FORMAT`].
    pub format: u32,
    /// Unique to this ledger; part of names and ownership tags.
    pub lineage: String,
    /// The last sequence number folded in; also the ledger's serial.
    pub seq: u64,
    /// The checksum of the last line folded in; the next line's continues it.
    #[serde(default)]
    pub sum: String,
    /// The last intent's number.
    pub last_op: u64,
    /// To which world it belongs; `None` until the first run.
    pub binding: Option<Binding>,
    /// What exists.
    pub resources: BTreeMap<Address, Resource>,
    /// Intents without an outcome.
    pub open: BTreeMap<u64, Open>,
    /// Resources whose creation was called without an effect that anybody saw. Should it show later, in the way of the
    /// next call, it is ours. Forgotten when the resource exists, or nothing is left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unseen: BTreeSet<Address>,
    /// Creates that showed no effect, oldest first: AWS may show one minutes later. They are looked for until it
    /// would surely have shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Late>,
    /// Outputs of the last run: stack, name, value.
    pub outputs: BTreeMap<String, BTreeMap<String, Json>>,
    /// Exports of the last run, by name; `region/name` outside of the binding's region.
    pub exports: BTreeMap<String, Json>,
    /// What the last run imported from other ledgers, as `region/name`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub imports: BTreeSet<String>,
    /// Stacks that have termination protection.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub protected: BTreeSet<String>,
    /// What lookups found for the latest run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Found>,
    /// The run that began and has not finished.
    pub running: Option<String>,
    /// What the latest runs did, oldest first; bounded.
    #[serde(default)]
    pub history: Vec<RunRecord>,
    /// The migration's operations: phase, operated properties, what happened.
    #[serde(default, skip_serializing_if = "Operations::is_default")]
    pub operations: Operations,
}

impl Snapshot {
    /// The resources that were created by the latest run and by the interrupted ones before it whose work it took up:
    /// what goes again when such an attempt fails and was to be rolled back.
    #[must_use]
    pub fn attempted(&self) -> BTreeSet<&Address> {
        history::attempted(&self.history)
    }

    /// An empty ledger.
    #[must_use]
    pub fn new(lineage: String) -> Self {
        Self {
            format: FORMAT,
            lineage,
            seq: 0,
            sum: String::new(),
            last_op: 0,
            binding: None,
            resources: BTreeMap::new(),
            open: BTreeMap::new(),
            unseen: BTreeSet::new(),
            late: Vec::new(),
            outputs: BTreeMap::new(),
            exports: BTreeMap::new(),
            imports: BTreeSet::new(),
            protected: BTreeSet::new(),
            lookups: Vec::new(),
            history: Vec::new(),
            running: None,
            operations: Operations::default(),
        }
    }

    /// The object in use under that address.
    #[must_use]
    pub fn current(&self, address: &Address) -> Option<&Object> {
        self.resources.get(address)?.current.as_ref()
    }

    /// The object of that generation.
    #[must_use]
    pub fn object(&self, address: &Address, generation: u32) -> Option<&Object> {
        let resource = self.resources.get(address)?;
        resource.current.iter().chain(&resource.superseded).find(|object| object.generation == generation)
    }

    fn object_mut(&mut self, address: &Address, generation: u32) -> Option<&mut Object> {
        let resource = self.resources.get_mut(address)?;
        resource
            .current
            .iter_mut()
            .chain(&mut resource.superseded)
            .find(|object| object.generation == generation)
    }

    /// All objects, superseded ones included.
    pub fn objects(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.resources.iter().flat_map(|(address, r)| {
            r.current.iter().chain(&r.superseded).map(move |object| (address, object))
        })
    }

    /// An attribute of the object in use (`Ref` included).
    #[must_use]
    pub fn attribute(&self, address: &Address, name: &str) -> Option<&Json> {
        self.current(address)?.attributes.get(name)
    }

    fn settle(&mut self, seq: u64, op: u64) -> Result<Open, LedgerError> {
        self.open.remove(&op).ok_or(LedgerError::Damaged {
            line: seq,
            what: format!("it settles intent {op}, which is not open"),
        })
    }

    /// Makes a new object current; the former one is superseded.
    fn exists(&mut self, open: Open, made: String, id: PhysicalId, attributes: Attributes, shared: bool) {
        let Some(declared) = open.declared else { return };
        self.unseen.remove(&open.address);
        let resource = self.resources.entry(open.address).or_default();
        resource.superseded.extend(resource.current.take());
        resource.next_generation = resource.next_generation.max(open.generation + 1);
        resource.current = Some(Object {
            physical_id: id,
            generation: open.generation,
            made,
            touched: String::new(),
            born: self.seq,
            settled: self.seq,
            stage: Stage::Created,
            declared: *declared,
            attributes,
            shared,
            claimed: false,
            unwaited: None,
            marked: None,
            attempted: None,
            stray: false,
        });
    }

    /// What a create made after all: the resource's object, or a stray one beside it.
    fn appeared(
        &mut self,
        seq: u64,
        op: u64,
        id: PhysicalId,
        attributes: Attributes,
        stray: bool,
    ) -> Result<(), LedgerError> {
        let at =
            self.late.iter().position(|late| late.call.op == op).ok_or_else(|| LedgerError::Damaged {
                line: seq,
                what: format!("it tells of intent {op}, which is not looked for"),
            })?;
        let mut call = self.late.remove(at).call;
        let (address, made) = (call.address.clone(), call.at.clone());
        let resource = self.resources.entry(address.clone()).or_default();
        let current = if stray { resource.current.take() } else { None };
        let marked = call.generation;
        call.generation = call.generation.max(resource.next_generation);
        let generation = call.generation;
        self.exists(call, made, id, attributes, false);
        if let Some(object) = self.object_mut(&address, generation) {
            object.marked = (marked != generation).then_some(marked);
        }
        if stray && let Some(resource) = self.resources.get_mut(&address) {
            let found = std::mem::replace(&mut resource.current, current);
            resource.superseded.extend(found.map(|object| Object { stray, stage: Stage::Ready, ..object }));
        }
        Ok(())
    }

    /// Folds one line in.
    ///
    /// # Errors
    /// A gap in the sequence, or an entry that does not fit what went before.
    pub fn apply(&mut self, line: Line) -> Result<(), LedgerError> {
        let seq = line.seq;
        history::note(&mut self.history, (&self.open, &self.late), &self.resources, &line.entry);
        if seq != self.seq + 1 {
            let what = format!("sequence number {seq} follows {}", self.seq);
            return Err(LedgerError::Damaged { line: seq, what });
        }
        self.seq = seq;
        match line.entry {
            Entry::Bound { migration, environment, account, region, realm, plan } => {
                self.binding = Some(Binding { migration, environment, account, region, realm, plan });
            }
            Entry::RunStarted { run, operation, by, rolls_back, .. } => {
                self.running = Some(run.clone());
                let started = line.at;
                let (finished, outcome, changes, failures) = (None, None, Vec::new(), Vec::new());
                let record = RunRecord {
                    run,
                    operation,
                    by,
                    started,
                    finished,
                    outcome,
                    rolls_back,
                    changes,
                    failures,
                };
                history::begin(&mut self.history, record);
            }
            Entry::RunFinished { run, outcome, failures } => {
                history::end(&mut self.history, &run, &outcome, failures, &line.at);
                let last = self.history.last().map(|record| record.operation.as_str());
                if last == Some("up") {
                    self.operations.deployed();
                }
                if outcome == "complete" && last == Some("destroy") {
                    self.operations = Operations::default();
                    self.unseen.clear();
                }
                self.running = None;
            }
            Entry::Protected { stacks } => self.protected = stacks,
            Entry::LookedUp { lookups } => self.lookups = lookups,
            Entry::Refreshed { address, generation, properties } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.declared.properties = properties;
                }
            }
            Entry::Intent {
                op,
                verb,
                address,
                generation,
                physical_id,
                token,
                declared,
                shared,
                operate,
            } => {
                self.last_op = self.last_op.max(op);
                match verb {
                    Verb::Create | Verb::Configure | Verb::Operate => {}
                    Verb::Update => {
                        if let Some(object) = self.object_mut(&address, generation) {
                            object.stage = Stage::Updating;
                            object.attempted = declared.as_ref().map(|d| d.properties.clone());
                        }
                    }
                    Verb::Delete => {
                        if let Some(object) = self.object_mut(&address, generation) {
                            object.stage = Stage::Deleting;
                        }
                    }
                }
                let at = line.at;
                let open = Open {
                    op,
                    at,
                    verb,
                    address,
                    generation,
                    physical_id,
                    token,
                    declared,
                    shared,
                    operate,
                    doubt: None,
                };
                self.open.insert(op, open);
            }
            Entry::Landed { op, physical_id, attributes, more } => {
                let open = self.settle(seq, op)?;
                if let Some(operate) = &open.operate {
                    self.operations.called(seq, &line.at, op, operate, "landed", &attributes);
                }
                match open.verb {
                    Verb::Create => {
                        let id = physical_id.ok_or_else(|| LedgerError::Damaged {
                            line: seq,
                            what: "a landed create has no physical id".into(),
                        })?;
                        self.exists(open, line.at, id, attributes, false);
                    }
                    Verb::Update if !more => {
                        if let Some(object) = self.object_mut(&open.address, open.generation) {
                            object.touched = line.at;
                            object.settled = seq;
                            // Ready again only after the wait: until then `up` would look again.
                            object.stage = Stage::Created;
                            object.unwaited = None;
                            object.attempted = None;
                            if let Some(declared) = open.declared {
                                object.declared = *declared;
                            }
                        }
                    }
                    Verb::Update | Verb::Configure | Verb::Delete | Verb::Operate => {}
                }
            }
            Entry::Refused { op, error } => {
                let open = self.settle(seq, op)?;
                if let Some(operate) = &open.operate {
                    let id = error.request_id.map(|id| ("RequestId".to_owned(), Json::String(id)));
                    self.operations.called(seq, &line.at, op, operate, "refused", &id.into_iter().collect());
                }
                if open.verb == Verb::Create {
                    self.drop_if_empty(&open.address);
                }
            }
            Entry::Doubtful { op, error } => {
                if let Some(open) = self.open.get_mut(&op) {
                    open.doubt = Some(error);
                }
            }
            Entry::Resolved { op, by, attributes, shared } => {
                let open = self.settle(seq, op)?;
                if let Some(operate) = &open.operate {
                    let found = matches!(by, Resolution::Found | Resolution::Adopted(_));
                    let outcome = if found { "found" } else { "absent" };
                    self.operations.called(seq, &line.at, op, operate, outcome, &Attributes::new());
                }
                match (by, open.verb) {
                    (Resolution::Adopted(id), Verb::Create) => {
                        self.exists(open, line.at, id, attributes, shared);
                    }
                    (Resolution::Claimed(id), Verb::Create) => {
                        let (address, generation) = (open.address.clone(), open.generation);
                        self.exists(open, line.at, id, attributes, shared);
                        if let Some(object) = self.object_mut(&address, generation) {
                            object.claimed = true;
                        }
                    }
                    (by, Verb::Create) => {
                        self.drop_if_empty(&open.address);
                        self.unseen.insert(open.address.clone());
                        match by {
                            Resolution::Operator(_) => {
                                self.late.retain(|late| late.call.address != open.address);
                            }
                            _ => self.late.push(Late { call: open, unmanaged: BTreeSet::new() }),
                        }
                    }
                    _ => {}
                }
            }
            Entry::Appeared { op, physical_id, attributes, stray } => {
                self.appeared(seq, op, physical_id, attributes, stray)?;
            }
            Entry::NeverAppeared { op } => self.late.retain(|late| late.call.op != op),
            Entry::Ready { address, generation, attributes } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.stage = Stage::Ready;
                    object.unwaited = None;
                    object.settled = seq;
                    object.attributes.extend(attributes);
                }
            }
            Entry::Unwaited { address, generation, until } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.unwaited = Some(until);
                }
            }
            Entry::Addressable { address, generation, attributes } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.attributes.extend(attributes);
                }
            }
            Entry::Named { address, generation, physical_id } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.physical_id = physical_id;
                }
            }
            Entry::Redeclared { address, declared } => {
                if let Some(object) = self.resources.get_mut(&address).and_then(|r| r.current.as_mut()) {
                    object.declared = *declared;
                    object.settled = seq;
                }
            }
            Entry::Gone { address, generation, kept } => {
                // What was let go is not ours any more, and must not be found again as such.
                let unmanaged =
                    kept.and_then(|_| Some(self.object(&address, generation)?.physical_id.clone()));
                if let Some(id) = unmanaged {
                    for late in self.late.iter_mut().filter(|late| late.call.address == address) {
                        late.unmanaged.insert(id.clone());
                    }
                }
                if let Some(resource) = self.resources.get_mut(&address) {
                    resource.superseded.retain(|object| object.generation != generation);
                    if resource.current.as_ref().is_some_and(|object| object.generation == generation) {
                        resource.current = None;
                    }
                }
                self.drop_if_empty(&address);
            }
            Entry::Declared { resolved, digest } => {
                self.operations.declared = resolved;
                self.operations.digest = digest;
            }
            Entry::Observed { facts, baseline } => {
                self.operations.facts.learn(&facts);
                if baseline {
                    self.operations.baseline = Some(facts);
                }
            }
            Entry::PutBack { address, generation, physical_id, attributes } => {
                if let Some(object) = self.object_mut(&address, generation) {
                    object.physical_id = physical_id;
                    object.attributes = attributes;
                }
            }
            Entry::Happened(happened) => self.operations.note(seq, &line.at, happened),
            Entry::Outputs { outputs, exports, imports } => {
                self.outputs = outputs;
                self.imports = imports;
                self.exports = exports;
            }
        }
        Ok(())
    }

    /// Folds entries in without writing them anywhere: what planning would see if they were written. The serial
    /// stays, so that a change set made from it is still tied to the ledger as it is.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn learn(&mut self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        let serial = self.seq;
        for entry in entries {
            self.apply(Line { v: FORMAT, seq: self.seq + 1, at: String::new(), entry })?;
        }
        self.seq = serial;
        Ok(())
    }

    /// The generation a new object of that address would have.
    #[must_use]
    pub fn next_generation(&self, address: &Address) -> u32 {
        self.resources.get(address).map_or(0, |r| r.next_generation)
    }

    /// Forgets an address that never had an object and has no open intent.
    fn drop_if_empty(&mut self, address: &Address) {
        let open = self.open.values().any(|open| open.address == *address);
        let nothing = |r: &Resource| r.current.is_none() && r.superseded.is_empty() && r.next_generation == 0;
        if !open && self.resources.get(address).is_some_and(nothing) {
            self.resources.remove(address);
        }
    }
}
