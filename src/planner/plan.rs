//! Graph and ledger in, change set out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Action, ChangeSet, FORMAT, Keep, Operation, Step, Target, Wait, Wishes,
    decide::{Decisions, held, known, retained},
    decision::{Decision, Fate},
    digest,
    order::{Drafts, Strength, typical_ready},
    taken::{Held, Place, taken, together},
    teardown::left_over,
};
use crate::{
    error::{Class, Diagnostic},
    graph::{Graph, Links, Needs, Why},
    ledger::{Object, Snapshot, Stage},
    model::{Address, DeletionPolicy},
    resources::{AnyType, Lookup, cloudcontrol},
};

/// Everything planning looks at.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// What is wanted.
    pub graph: &'a Graph,
    /// Its edges, from [`crate::check::link`].
    pub links: &'a Links,
    /// What there is.
    pub snapshot: &'a Snapshot,
    /// Twelve digits.
    pub account: &'a str,
    /// Finds resource types; [`crate::resources::registry::find`] outside of tests.
    pub types: Lookup<'a>,
    /// Resources that get a new object whatever the comparison says.
    pub replace: &'a [Address],
}

impl PlanInput<'_> {
    /// What the ledger keeps of a node besides its properties.
    pub(super) fn keep(&self, at: usize) -> Keep {
        let node = &self.graph.nodes[at];
        let mut depends_on: Vec<Address> = self.links.of(at).iter().map(|edge| edge.to.clone()).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
        Keep {
            deletion_policy: node.deletion_policy,
            update_replace_policy: node.update_replace_policy,
            metadata: node.metadata.clone(),
            depends_on,
        }
    }
}

/// Works out what a run has to do. Risks are flagged, not judged: whether they are permitted is the caller's
/// question (see [`super::unpermitted`]).
///
/// # Errors
/// What cannot be planned: unsupported types, functions that do not fit, replacements that cannot work.
pub fn plan(input: &PlanInput<'_>) -> Result<ChangeSet, Vec<Diagnostic>> {
    // A large graph's digest takes as long as a fifth of the planning, and neither needs the other.
    std::thread::scope(|threads| {
        let graph = input.graph;
        let digest = threads.spawn(|| digest::digest(graph));
        let mut set = planned(input)?;
        set.target.graph_digest = match digest.join() {
            Ok(digest) => digest,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(set)
    })
}

/// The change set, without the digest.
fn planned(input: &PlanInput<'_>) -> Result<ChangeSet, Vec<Diagnostic>> {
    let decisions = Decisions::make(input)?;
    let (graph, snapshot) = (input.graph, input.snapshot);
    let mut notes = graph.notes.clone();
    if graph.partial {
        let names: Vec<&str> = graph.stacks.iter().map(|stack| stack.name.as_str()).collect();
        notes.push(format!(
            "only these stacks are looked at, all others stay as they are: {}",
            names.join(", ")
        ));
    }
    notes.extend(input.links.notes().iter().cloned());
    notes.extend(open_intents(snapshot));
    let mut book = Book::new(input, &decisions);
    book.making();
    book.replaced();
    book.departed();
    book.order();
    let drafts = book.close();
    let mut unchanged: Vec<Address> = decisions
        .iter()
        .zip(&graph.nodes)
        .filter(|(decision, _)| decision.fate == Fate::Unchanged)
        .map(|(_, node)| node.address.clone())
        .collect();
    unchanged.sort_unstable();
    drop(decisions);
    let (steps, dropped) = drafts.into_steps();
    notes.extend(dropped);
    notes.extend(second_hand(&steps, input.types));
    leaving(input, &steps)?;
    Ok(ChangeSet {
        format: FORMAT,
        operation: Operation::Up,
        target: Target {
            migration: graph.migration.clone(),
            environment: graph.environment.clone(),
            account: input.account.to_owned(),
            lineage: snapshot.lineage.clone(),
            serial: snapshot.seq,
            graph_digest: String::new(),
        },
        stacks: graph.stacks.clone(),
        steps,
        unchanged,
        notes,
        wishes: Wishes { refresh: false, replace: input.replace.to_vec(), wait: Wait::default() },
        lookups: Vec::new(),
    })
}

/// Which steps go through Cloud Control: whoever waits for them should know why.
pub(super) fn second_hand(steps: &[Step], types: Lookup<'_>) -> Option<String> {
    let through =
        |step: &&Step| types(&step.kind).is_some_and(|ty| ty.facts().service == cloudcontrol::SERVICE);
    let names: Vec<&str> = steps.iter().filter(through).map(|step| step.address.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} through Cloud Control, which is slower, and whose errors are told by the type's handler at AWS: {}",
            if names.len() == 1 { "1 resource goes".to_owned() } else { format!("{} resources go", names.len()) },
            names.join(", ")
        )
    })
}

/// A stack with termination protection does not leave the plan with all that it has.
fn leaving(input: &PlanInput<'_>, steps: &[Step]) -> Result<(), Vec<Diagnostic>> {
    let stays = |stack: &str| input.graph.stacks.iter().any(|other| other.name == stack);
    let leaves = |stack: &&String| {
        let deleted = |step: &Step| {
            step.address.stack() == stack.as_str() && matches!(step.action, Action::Delete { .. })
        };
        !stays(stack) && steps.iter().any(deleted)
    };
    let problems: Vec<Diagnostic> = input
        .snapshot
        .protected
        .iter()
        .filter(leaves)
        .map(|stack| {
            let message =
                format!("stack {stack} is no longer in the plan, but it has termination protection");
            Diagnostic::error("M5005", Class::Refused, message).help(
                "keep the stack in the plan with terminationProtection set to false and run `migrate up`; then take it out",
            )
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A word about calls whose outcome is not known yet.
pub(super) fn open_intents(snapshot: &Snapshot) -> Option<String> {
    match snapshot.open.len() {
        0 => None,
        1 => {
            Some("one call of an earlier run has no known outcome; the run looks for its effect first".into())
        }
        many => Some(format!(
            "{many} calls of an earlier run have no known outcome; the run looks for their effects first"
        )),
    }
}

const NEW_FIRST: &str = "the new object comes first";

struct Book<'i, 'a> {
    input: &'i PlanInput<'a>,
    decisions: &'i [Decision],
    drafts: Drafts,
    /// The draft that makes or changes a node's object.
    making: Vec<Option<usize>>,
    /// Drafts that end an object, with the object.
    ending: Vec<(usize, &'i Object)>,
    /// What goes to make room, and what is made in its place.
    rooms: Vec<(usize, usize)>,
}

impl<'i, 'a> Book<'i, 'a> {
    fn new(input: &'i PlanInput<'a>, decisions: &'i [Decision]) -> Self {
        let making = vec![None; input.graph.nodes.len()];
        let (ending, rooms) = (Vec::new(), Vec::new());
        Self { input, decisions, drafts: Drafts::default(), making, ending, rooms }
    }

    /// A step for every node that is not left alone.
    fn making(&mut self) {
        let changed = self.decisions.iter().filter(|decision| decision.fate != Fate::Unchanged).count();
        self.drafts.list.reserve_exact(changed);
        for (at, (node, decision)) in self.input.graph.nodes.iter().zip(self.decisions).enumerate() {
            let object = self.input.snapshot.current(&node.address);
            let (properties, keep) = match decision.fate {
                Fate::Unchanged => continue,
                _ => (decision.properties(node), self.input.keep(at)),
            };
            let generation = decision.generation;
            let fields = decision.fields.clone();
            let action = match (decision.fate, object) {
                (Fate::Update, Some(object)) => {
                    let physical_id = object.physical_id.clone();
                    Action::Update { physical_id, generation, properties, fields, keep }
                }
                (Fate::Finish, Some(object)) => {
                    let physical_id = object.physical_id.clone();
                    Action::Finish { physical_id, generation, properties, fields, keep }
                }
                (_, object) => {
                    let replaces = object.map(|object| object.physical_id.clone());
                    Action::Create { properties, generation, replaces, keep }
                }
            };
            let only_ledger = decision.fate == Fate::Update && decision.fields.is_empty();
            let facts = (self.input.types)(&node.kind).map(|ty| ty.facts());
            let typical_s = facts.filter(|_| !only_ledger).map_or(0, typical_ready);
            // What changes may change its address too: that is certain when the change is done.
            let comes = matches!(action, Action::Create { .. } | Action::Finish { .. });
            let stage = facts.filter(|_| comes).and_then(|facts| facts.addressable);
            let addressable_s = stage.map(|stage| stage.typical.as_secs().min(typical_s));
            self.making[at] = Some(self.drafts.push(Step {
                kind: node.kind.clone(),
                region: node.region.clone(),
                why: decision.why.clone(),
                changes: decision.changes.clone(),
                interrupts: decision.interrupts.clone(),
                typical_s,
                addressable_s,
                ..Step::of(&node.address, "", "", action)
            }));
        }
    }

    /// Old objects of nodes that are or were replaced.
    fn replaced(&mut self) {
        for (at, (node, decision)) in self.input.graph.nodes.iter().zip(self.decisions).enumerate() {
            let Some(resource) = self.input.snapshot.resources.get(&node.address) else { continue };
            let policy = node.update_replace_policy;
            for object in &resource.superseded {
                let policy = if object.stray { object.policy(false) } else { policy };
                let old = self.end(&node.address, object, true, policy, left_over(object).to_owned());
                if let Some(new) = self.making[at] {
                    self.drafts.wait(old, new, Needs::Ready, Strength::Firm, NEW_FIRST.into());
                }
            }
            let (Fate::Replace { .. }, Some(object)) = (decision.fate, &resource.current) else {
                continue;
            };
            // What was half deleted is of no use to anybody: it is not kept.
            let kept = retained(policy) && object.stage == Stage::Deleting;
            let policy = if kept { DeletionPolicy::Delete } else { policy };
            let old = self.end(&node.address, object, true, policy, "a new object takes its place".into());
            let Some(new) = self.making[at] else { continue };
            self.drafts.list[new].data_loss = self.drafts.list[old].data_loss.clone();
            if let Some(why) = &decision.in_the_way {
                self.drafts.wait(new, old, Needs::Ready, Strength::Hard, why.clone());
                self.rooms.push((old, new));
            } else {
                self.drafts.wait(old, new, Needs::Ready, Strength::Firm, NEW_FIRST.into());
            }
        }
    }

    /// Objects of resources that left the plan.
    fn departed(&mut self) {
        for (address, resource) in &self.input.snapshot.resources {
            let graph = self.input.graph;
            let left_out = graph.partial && graph.stacks.iter().all(|stack| stack.name != address.stack());
            if left_out || graph.index.contains_key(address) {
                continue;
            }
            for object in resource.current.iter().chain(&resource.superseded) {
                let newest = resource.current.as_ref().is_none_or(|c| c.generation == object.generation);
                let policy = object.policy(newest);
                self.end(address, object, !newest, policy, "it is no longer in the plan".into());
            }
        }
    }

    fn end(
        &mut self,
        address: &Address,
        object: &'i Object,
        superseded: bool,
        policy: DeletionPolicy,
        why: String,
    ) -> usize {
        let ty = (self.input.types)(&object.declared.kind);
        let draft = self.drafts.remove(ty, address, object, superseded, policy, why);
        self.ending.push((draft, object));
        draft
    }

    /// The drafts. All that was needed to make them is gone.
    fn close(self) -> Drafts {
        self.drafts
    }

    /// All dependencies between drafts besides those within one replacement.
    fn order(&mut self) {
        self.along_edges();
        self.users_first();
        self.drafts.removals_in_reverse(self.ending.iter().copied(), self.input.types);
        self.names_free_first();
        self.room_last();
        self.together();
    }

    /// What AWS changes in one call does so: the drafts of one key of a type.
    fn together(&mut self) {
        let resolve = known(self.input, self.decisions);
        let mut groups: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
        for (at, (node, decision)) in self.input.graph.nodes.iter().zip(self.decisions).enumerate() {
            let (Some(draft), Some(ty)) = (self.making[at], (self.input.types)(&node.kind)) else { continue };
            // Without fields only the ledger is changed; what may be shared is adopted or made by itself.
            let call = decision.fate != Fate::Update || !decision.fields.is_empty();
            let shared = self.input.snapshot.current(&node.address).is_some_and(|object| object.shared);
            let adopts = node.metadata["Migrate"]["AdoptExisting"].as_bool().unwrap_or(false);
            let property = |name: &str| held(node, decision.name.as_ref(), name, &resolve);
            if let Some(key) = together(ty, &property).filter(|_| call && !shared && !adopts) {
                groups.entry((ty.facts().kind, key)).or_default().push(draft);
            }
        }
        for (draft, object) in &self.ending {
            let deletes = matches!(self.drafts.list[*draft].action, Action::Delete { .. });
            if let Some(ty) = (self.input.types)(&object.declared.kind).filter(|_| deletes)
                && let Some(key) = together(ty, &|name| Held::recorded(&object.declared.properties, name))
            {
                groups.entry((ty.facts().kind, key)).or_default().push(*draft);
            }
        }
        self.drafts.join(groups.into_values());
    }

    /// What is made waits for what it needs.
    fn along_edges(&mut self) {
        for at in 0..self.making.len() {
            let Some(draft) = self.making[at] else { continue };
            self.drafts.waits[draft].reserve_exact(self.input.links.of(at).len());
            for edge in self.input.links.of(at) {
                let Some(&to) = self.input.graph.index.get(&edge.to) else { continue };
                if let Some(on) = self.making[to] {
                    let needs = if self.renews_by_change(to, &edge.why) { Needs::Ready } else { edge.needs };
                    self.drafts.wait(draft, on, needs, Strength::Hard, edge.why.words(&edge.to));
                }
            }
        }
    }

    /// Whether an update in place gives an attribute a new value: it is known when the update is done, not before.
    fn renews_by_change(&self, producer: usize, why: &Why) -> bool {
        let Why::Reference { attribute, .. } = why else { return false };
        let decision = &self.decisions[producer];
        let kind = &self.input.graph.nodes[producer].kind;
        matches!(decision.fate, Fate::Update | Fate::Finish)
            && decision.makes_anew((self.input.types)(kind).map(|ty| ty as &dyn AnyType), attribute)
    }

    /// Nodes that wait for what goes, from the plan's edges and from the ledger's.
    fn users(&self) -> HashMap<&'i Address, Vec<usize>> {
        let Self { input, ending, drafts, .. } = self;
        let goes: HashSet<&Address> = ending.iter().map(|(draft, _)| &drafts.list[*draft].address).collect();
        let mut users: HashMap<&Address, Vec<usize>> = HashMap::new();
        for (at, node) in input.graph.nodes.iter().enumerate().filter(|_| !goes.is_empty()) {
            let recorded =
                input.snapshot.current(&node.address).into_iter().flat_map(|o| &o.declared.depends_on);
            let planned =
                input.links.of(at).iter().filter(|e| !matches!(e.why, Why::Implicit(_))).map(|e| &e.to);
            for to in recorded.chain(planned).filter(|to| goes.contains(to)) {
                let list = users.entry(to).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        users
    }

    /// What goes waits until those that used it have turned away from it.
    fn users_first(&mut self) {
        let users = self.users();
        let mut waits = Vec::new();
        for (old, object) in &self.ending {
            let address = &self.drafts.list[*old].address;
            let node = self.input.graph.index.get(address).copied();
            // An object that must make room for its successor cannot wait for the successor's users.
            let in_the_way = node.is_some_and(|at| {
                self.decisions[at].fate == (Fate::Replace { old_first: true })
                    && self.input.snapshot.current(address).is_some_and(|o| o.generation == object.generation)
            });
            if in_the_way {
                continue;
            }
            for user in users.get(address).into_iter().flatten() {
                if let Some(on) = self.making[*user] {
                    let why = format!("{} stops using it first", self.input.graph.nodes[*user].address);
                    waits.push((*old, on, why));
                }
            }
        }
        for (old, on, why) in waits {
            self.drafts.wait(old, on, Needs::Ready, Strength::Soft, why);
        }
    }

    /// What takes a name or place waits until its holder has given it up: by going, or by changing in place.
    fn names_free_first(&mut self) {
        let holders = self.freed();
        if holders.is_empty() {
            return;
        }
        let mut waits = Vec::new();
        for (at, node) in self.input.graph.nodes.iter().enumerate() {
            let Some(draft) = self.making[at] else { continue };
            for place in self.gained(at) {
                for (held, old) in holders.get(place.key()).into_iter().flatten() {
                    let other = &self.drafts.list[*old].address;
                    if held.collides(&place) && *other != node.address {
                        waits.push((draft, *old, place.words(other)));
                    }
                }
            }
        }
        for (draft, old, why) in waits {
            self.drafts.wait(draft, old, Needs::Ready, Strength::Hard, why);
            if matches!(self.drafts.list[old].action, Action::Delete { .. }) {
                self.rooms.push((old, draft));
            }
        }
    }

    /// Names and places that become free, by their keys, and with which draft.
    fn freed(&self) -> BTreeMap<String, Vec<(Place, usize)>> {
        let mut holders: BTreeMap<String, Vec<(Place, usize)>> = BTreeMap::new();
        let mut add = |place: Place, draft| {
            holders.entry(place.key().to_owned()).or_default().push((place, draft));
        };
        for (old, object) in &self.ending {
            if let (Some(ty), Action::Delete { .. }) =
                ((self.input.types)(&object.declared.kind), &self.drafts.list[*old].action)
            {
                let property = |name: &str| Held::recorded(&object.declared.properties, name);
                for place in taken(ty, &object.declared.region, &property) {
                    add(place, *old);
                }
            }
        }
        for at in 0..self.making.len() {
            let Some((draft, before, after)) = self.moves(at) else { continue };
            for place in before.into_iter().filter(|place| !after.contains(place)) {
                add(place, draft);
            }
        }
        holders
    }

    /// What an object that changes in place holds before and afterwards.
    fn moves(&self, at: usize) -> Option<(usize, Vec<Place>, Vec<Place>)> {
        let (node, draft) = (&self.input.graph.nodes[at], self.making[at]?);
        if !matches!(self.decisions[at].fate, Fate::Update | Fate::Finish) {
            return None;
        }
        let object = self.input.snapshot.current(&node.address)?;
        let ty = (self.input.types)(&node.kind)?;
        let property = |name: &str| Held::recorded(&object.declared.properties, name);
        let before = taken(ty, &object.declared.region, &property);
        (!before.is_empty()).then(|| (draft, before, self.wanted(at)))
    }

    /// Names and places that a node's object takes.
    fn gained(&self, at: usize) -> Vec<Place> {
        match self.moves(at) {
            Some((_, before, after)) => after.into_iter().filter(|place| !before.contains(place)).collect(),
            None => self.wanted(at),
        }
    }

    /// What a node's object will hold.
    fn wanted(&self, at: usize) -> Vec<Place> {
        let (node, decision) = (&self.input.graph.nodes[at], &self.decisions[at]);
        let Some(ty) = (self.input.types)(&node.kind) else { return Vec::new() };
        let resolve = known(self.input, self.decisions);
        let property = |name: &str| held(node, decision.name.as_ref(), name, &resolve);
        taken(ty, &node.region, &property)
    }

    /// What goes to make room goes only when everything is done that its successor needs and that does not itself wait
    /// for the room: a successor that could not come would leave nothing behind.
    fn room_last(&mut self) {
        for (old, new) in std::mem::take(&mut self.rooms) {
            let waiting = self.drafts.waiting_for(old);
            let (mut seen, mut first) = (BTreeSet::from([new]), BTreeSet::new());
            let mut stack = vec![new];
            while let Some(at) = stack.pop() {
                for wait in &self.drafts.waits[at] {
                    if wait.on == old || !seen.insert(wait.on) {
                        continue;
                    }
                    if waiting.contains(&wait.on) {
                        stack.push(wait.on);
                    } else if !matches!(
                        self.drafts.list[wait.on].action,
                        Action::Delete { .. } | Action::Forget { .. }
                    ) {
                        first.insert(wait.on);
                    }
                }
            }
            for on in first {
                let (successor, on_address) = (&self.drafts.list[new].address, &self.drafts.list[on].address);
                let why =
                    format!("its successor {successor} needs {on_address}, which has to be there first");
                self.drafts.wait(old, on, Needs::Ready, Strength::Firm, why);
            }
        }
    }
}
