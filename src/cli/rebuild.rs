//! `migrate ledger rebuild`: makes a lost ledger again, from the plan and from what the account holds.
//!
//! Ownership tags tell the lineage and which object of which resource there is; with these, generated names are known
//! again, and every type's own `find` works as it does after a lost answer. What cannot carry tags is found by its natural
//! key, and taken only if it is what the plan says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{
    Verdict,
    args::{Global, RebuildCommand},
    confirm,
    exit::Code,
    ledgers, locate,
    prepare::{self, Prepared},
    runs,
    session::{Session, one},
    sign_in,
};
use crate::{
    aws::{Owner, Sdk, patiently, physical_name, tagged::Tagged},
    error::{Class, Diagnostic},
    graph::{Graph, Node},
    ledger::{Declared, Entry, Intend, Ledger, LedgerError, Resolution, Snapshot, Verb, store::DirStore},
    model::{Attributes, Ownership, PhysicalId, Reference, Tag, Unknown, Value},
    resources::{AnyType, Asked, Cx, Found, Goal, Probe, Shelf, drift, registry},
    runs::{begin, bind, end},
    ui::Printer,
};

/// How many objects of a resource without tags are tried, by their names.
const GENERATIONS: u32 = 5;

/// Objects that carry the ownership tags of the plan's migration, where the account lets them be asked for.
pub fn tagged(session: &Session, graph: &Graph) -> Vec<Tagged> {
    tagged_onto(session, graph, &Shelf::default())
}

/// The same, with all their tags put on a shelf.
fn tagged_onto(session: &Session, graph: &Graph, shelf: &Shelf) -> Vec<Tagged> {
    let regions: BTreeSet<String> = graph.stacks.iter().map(|stack| stack.region.clone()).collect();
    let migration = format!("{}-{}", graph.migration, graph.environment);
    let keep = |arn: &str, tags: &[Tag]| shelf.put_tags(arn, tags.to_vec());
    let asked = session.cloud.tagged_with(session.clock.as_ref(), &regions, Some(&migration), keep);
    session.block_on(asked).unwrap_or_default()
}

/// Refuses a saved change set that would begin a ledger with another ledger's lineage: its objects would be taken for this
/// one's, and be deleted as such. The lineage is the only thing in the file that planning again takes from it.
///
/// # Errors
/// Whose it is.
pub fn own_lineage(
    session: &Session,
    prepared: &Prepared,
    dir: &std::path::Path,
    lineage: &str,
) -> Result<(), Vec<Diagnostic>> {
    if Ledger::peek(dir).map_err(|error| ledgers::ledger_error(&error, dir))?.is_some() {
        return Ok(());
    }
    let regions: BTreeSet<String> = prepared.graph.stacks.iter().map(|stack| stack.region.clone()).collect();
    let asked = session.cloud.tagged(session.clock.as_ref(), &regions, None);
    let all = session.block_on(asked).unwrap_or_default();
    let other = all.iter().find(|one| one.lineage == lineage).map(|one| one.arn.clone());
    let neighbour =
        || prepared.neighbours.lineages.contains(lineage).then(|| "a ledger beside this one".to_owned());
    let Some(other) = other.or_else(neighbour) else { return Ok(()) };
    let message = format!("the change set carries the lineage of another ledger, which {other} has");
    Err(one(Diagnostic::error("M5103", Class::Refused, message)
        .help("it was edited, or its ledger is lost; review again with `migrate plan --out FILE`")))
}

/// Refuses to make everything a second time: an empty ledger, but objects of this plan in the account.
///
/// # Errors
/// What there is, and the way out.
pub fn nothing_lost(
    session: &Session,
    prepared: &Prepared,
    dir: &std::path::Path,
) -> Result<(), Vec<Diagnostic>> {
    if DirStore::seems_bound(dir) {
        return Ok(());
    }
    let graph = &prepared.graph;
    let known = Ledger::peek(dir).map_err(|error| ledgers::ledger_error(&error, dir))?;
    let begun = |snapshot: &Snapshot| {
        snapshot.binding.is_some() || snapshot.objects().next().is_some() || !snapshot.open.is_empty()
    };
    // A world that this very command has made holds nothing.
    if session.is_fresh() || known.as_ref().is_some_and(begun) {
        return Ok(());
    }
    // What a ledger that can be seen has made is not lost: that of another plan of the same name.
    let mut ours = of_plan(graph, tagged(session, graph));
    ours.retain(|one| !prepared.neighbours.lineages.contains(&one.lineage));
    if ours.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> =
        ours.iter().take(3).map(|one| format!("{} ({})", one.address, one.arn)).collect();
    let more = if ours.len() > shown.len() { ", …" } else { "" };
    let message = format!(
        "the ledger in {} is empty, but the account holds {} objects of this migration: {}{more}",
        dir.display(),
        ours.len(),
        shown.join(", ")
    );
    Err(one(Diagnostic::error("M4111", Class::Ledger, message).help(
        "name the ledger that made them with --ledger DIR; if it is lost, `migrate ledger rebuild` makes it again; for a \
         second deployment choose another environment",
    )))
}

/// Only what is in the plan: another plan may have the same name.
fn of_plan(graph: &Graph, tagged: Vec<Tagged>) -> Vec<Tagged> {
    tagged.into_iter().filter(|one| graph.index.contains_key(one.address.as_str())).collect()
}

/// What became of one resource.
struct Outcome<'g> {
    node: &'g Node,
    /// Which of its objects was found, and how; or why none was.
    how: Result<(u32, String), String>,
}

/// Runs the verb. Nothing in the account is changed.
pub fn run(global: &Global, args: &RebuildCommand, printer: &mut Printer) -> Verdict {
    let mut loaded = prepare::load(global, &args.plan)?;
    let session = Session::open_for(global, prepare::region(&loaded), loaded.assembly.account.as_deref())?;
    prepare::header(global, &loaded, &session, printer);
    let prepared = prepare::online(global, &args.plan, &mut loaded, &session, None, printer)?;
    let graph = &prepared.graph;
    let dir = locate::find(global, &loaded, printer)?;
    let shelf = Shelf::default();
    let all = tagged_onto(&session, graph, &shelf);
    let lineage = lineage(graph, &all, args.lineage.as_deref())?;
    let mut ledger = runs::open(&session, &dir, "ledger rebuild", || lineage.clone())?;
    let region = graph.main_region();
    ledgers::check_binding(ledger.snapshot(), &session, Some((&loaded, &region)), &dir)?;
    if ledger.snapshot().objects().next().is_some() || !ledger.snapshot().open.is_empty() {
        let message = format!("the ledger in {} is not empty", dir.display());
        return Err(one(Diagnostic::error("M4112", Class::Ledger, message)
            .help("`migrate status` shows what it holds; rebuild into an empty folder: --ledger DIR")));
    }
    if ledger.snapshot().lineage != lineage {
        let message = format!("the ledger in {} was begun by another run", dir.display());
        return Err(one(Diagnostic::error("M4112", Class::Ledger, message)
            .help("rebuild into an empty folder: --ledger DIR")));
    }
    if !args.yes {
        let question = format!("Make the ledger in {} from plan and account? Type yes: ", dir.display());
        confirm::ask(printer, &question, "yes", &confirm::unasked(global))?;
    }
    let failed = |error: LedgerError| ledgers::ledger_error(&error, &dir);
    bind(&mut ledger, ledgers::binding(graph, &session, locate::source(&dir, &loaded.place)))
        .map_err(failed)?;
    let run = begin(&mut ledger, "rebuild", graph.nodes.len(), &session.who()).map_err(failed)?;
    let mut newest: BTreeMap<&str, &Tagged> = BTreeMap::new();
    for one in all.iter().filter(|one| one.lineage == lineage) {
        let kept = newest.entry(&one.address).or_insert(one);
        if kept.generation < one.generation {
            *kept = one;
        }
    }
    let rebuild = Rebuild { session: &session, global, graph, lineage: &lineage, newest, shelf: &shelf };
    let mut outcomes = Vec::new();
    let layers = layers(&prepared);
    let mut gathered = 0;
    let mut order: Vec<usize> = prepared.links.order().to_vec();
    // What is as far from the ground is described together: all that it refers to is known by then.
    order.sort_by_key(|at| layers[*at]);
    for at in order {
        if layers[at] >= gathered {
            gathered = layers[at] + 1;
            rebuild.gather(ledger.snapshot(), (0..graph.nodes.len()).filter(|n| layers[*n] == layers[at]));
        }
        let mut depends_on: Vec<_> = prepared.links.of(at).iter().map(|edge| edge.to.clone()).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
        let node = &graph.nodes[at];
        let how = match rebuild.look(ledger.snapshot(), node)? {
            Ok(seen) => {
                let how = (seen.generation, seen.how.clone());
                record(&mut ledger, node, depends_on, seen, &dir)?;
                Ok(how)
            }
            Err(why) => Err(why),
        };
        outcomes.push((at, Outcome { node, how }));
    }
    let place: BTreeMap<usize, usize> =
        prepared.links.order().iter().enumerate().map(|(place, at)| (*at, place)).collect();
    outcomes.sort_by_key(|(at, _)| place[at]);
    let outcomes: Vec<Outcome<'_>> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    end(&mut ledger, run).map_err(failed)?;
    drop(ledger);
    session.close()?;
    tell(printer, &outcomes, &all, &lineage);
    Ok(Code::Success)
}

/// How many resources are below each one: one that refers to nothing is on the ground.
fn layers(prepared: &Prepared) -> Vec<usize> {
    let mut layers = vec![0; prepared.graph.nodes.len()];
    for &at in prepared.links.order() {
        let below = prepared.links.of(at).iter().filter_map(|edge| prepared.graph.index.get(&edge.to));
        layers[at] = below.map(|below| layers[*below] + 1).max().unwrap_or(0);
    }
    layers
}

fn tell(printer: &mut Printer, outcomes: &[Outcome<'_>], all: &[Tagged], lineage: &str) {
    let found = outcomes.iter().filter(|one| one.how.is_ok()).count();
    for one in outcomes {
        let text = match &one.how {
            Ok((_, how)) => format!("  found    {}: {how}\n", one.node.address),
            Err(why) => format!("  unknown  {}: {why}\n", one.node.address),
        };
        printer.talk(&text);
    }
    // What carries our tags and is not in the ledger: of resources that left the plan, and older objects of those in it.
    let mut stray = false;
    for other in all.iter().filter(|one| one.lineage == lineage) {
        let taken = |one: &&Outcome<'_>| one.node.address.as_str() == other.address;
        let why = match outcomes.iter().find(taken).map(|one| &one.how) {
            None => "is not in the plan".to_owned(),
            Some(Ok((generation, _))) if *generation != other.generation => {
                format!("is object {} of it; object {generation} is in use", other.generation)
            }
            Some(_) => continue,
        };
        stray = true;
        printer.talk(&format!("  unknown  {}: {} {why}\n", other.address, other.arn));
    }
    let text = format!("The ledger holds {found} of {} resources again.", outcomes.len());
    printer.paragraph(&match (found == outcomes.len(), stray) {
        (true, false) => format!("{text} Next: `migrate plan`"),
        (true, true) => format!(
            "{text} What else carries this migration's tags is not in it, and no run will delete it. Next: `migrate plan`"
        ),
        (false, _) => format!(
            "{text} `migrate up` would make the others anew: look for them in the account first, and take in what is there \
             with `migrate import ADDRESS ID`. Next: `migrate plan`"
        ),
    });
}

/// The lineage whose objects are meant.
fn lineage(graph: &Graph, all: &[Tagged], wanted: Option<&str>) -> Result<String, Vec<Diagnostic>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in all.iter().filter(|one| graph.index.contains_key(one.address.as_str())) {
        *counts.entry(&one.lineage).or_default() += 1;
    }
    if let Some(wanted) = wanted {
        return Ok(wanted.to_owned());
    }
    match counts.len() {
        1 => Ok(counts.into_keys().next().unwrap_or_default().to_owned()),
        0 => Err(one(Diagnostic::error(
            "M4113",
            Class::Ledger,
            "the account shows no object with this migration's ownership tags",
        )
        .help("there is nothing to rebuild from, or these credentials may not ask (tag:GetResources); --lineage names one"))),
        _ => {
            let list: Vec<String> =
                counts.iter().map(|(lineage, count)| format!("{lineage} ({count} objects)")).collect();
            let message = format!("several ledgers made objects of this migration: {}", list.join(", "));
            Err(one(Diagnostic::error("M4113", Class::Ledger, message).help("choose one: --lineage LINEAGE")))
        }
    }
}

/// An object that was found again.
struct Seen {
    found: Found,
    generation: u32,
    properties: Json,
    attributes: Attributes,
    how: String,
}

struct Rebuild<'r> {
    session: &'r Session,
    global: &'r Global,
    graph: &'r Graph,
    lineage: &'r str,
    /// By address, which object is to be looked for, as far as tags tell.
    newest: BTreeMap<&'r str, &'r Tagged>,
    shelf: &'r Shelf,
}

impl Rebuild<'_> {
    /// Describes the objects of several resources, as many in a call as the services take. What is not told of here is looked
    /// for by itself.
    fn gather(&self, snapshot: &Snapshot, nodes: impl Iterator<Item = usize>) {
        let mut groups: BTreeMap<(&str, &str), Vec<(PhysicalId, Json)>> = BTreeMap::new();
        for node in nodes.map(|at| &self.graph.nodes[at]) {
            let Some(ty) = registry::find(&node.kind).filter(|ty| ty.many() > 0) else { continue };
            let told = self.newest.get(node.address.as_str()).copied();
            let generation = told.map_or(0, |one| one.generation);
            let Ok(desired) = self.desired(snapshot, node, ty, generation) else { continue };
            let sdk = self.session.cloud.sdk(&node.region);
            let owner = self.owner(generation);
            let by_name = ty.handle(&self.cx(&sdk, node, &owner), &desired);
            // EC2's objects are known by their ids, which end their ARNs; others that have no name by the ARNs.
            let by_arn = |one: &Tagged| match ty.facts().service {
                "ec2" => one.arn.rsplit('/').next().unwrap_or_default().into(),
                _ => PhysicalId::from(one.arn.as_str()),
            };
            let Some(id) = by_name.or_else(|| told.map(by_arn)) else { continue };
            if told.is_some() {
                self.shelf.put_owned(&owner.mark(), &node.address, vec![id.to_string()]);
            }
            groups.entry((&node.region, &node.kind)).or_default().push((id, desired));
        }
        for ((region, kind), members) in groups {
            let Some(ty) = registry::find(kind) else { continue };
            let Some(node) = self.graph.nodes.iter().find(|node| node.kind == kind) else { continue };
            let (sdk, owner) = (self.session.cloud.sdk(region), self.owner(0));
            let cx = Cx { region, ..self.cx(&sdk, node, &owner) };
            if members.len() < ty.many_from() && ty.many_from() > 2 {
                continue;
            }
            for chunk in members.chunks(ty.many()) {
                let asked: Vec<Asked<'_, Json>> = chunk.iter().map(|(id, hint)| Asked { id, hint }).collect();
                let clock = self.session.clock.as_ref();
                let gather = patiently(clock, async || ty.gather(&cx, &asked).await);
                if let Err(error) = self.session.block_on(gather) {
                    tracing::debug!(%error, kind, "looked for one by one");
                }
            }
        }
    }

    fn owner(&self, generation: u32) -> Owner {
        Owner {
            migration: format!("{}-{}", self.graph.migration, self.graph.environment),
            lineage: self.lineage.to_owned(),
            generation,
        }
    }

    fn cx<'a>(&'a self, sdk: &'a Sdk, node: &'a Node, owner: &'a Owner) -> Cx<'a> {
        Cx {
            sdk,
            region: &node.region,
            account: &self.session.cloud.account,
            partition: &self.session.cloud.partition,
            owner,
            address: &node.address,
            empty_on_delete: false,
            snapshot: None,
            attempted: &[],
            takes: &[],
            update_policy: &serde_json::Value::Null,
            shelf: Some(self.shelf),
        }
    }

    /// Looks for the object of a resource: the newest that its tags tell of, else by the names it may have.
    fn look(&self, snapshot: &Snapshot, node: &Node) -> Result<Result<Seen, String>, Vec<Diagnostic>> {
        let Some(ty) = registry::find(&node.kind) else {
            return Ok(Err("this version of migrate does not know the type".into()));
        };
        let newest = self.newest.get(node.address.as_str()).map(|one| one.generation);
        let tries: Vec<u32> = newest.map_or_else(|| (0..GENERATIONS).rev().collect(), |g| vec![g]);
        for generation in tries {
            let desired = match self.desired(snapshot, node, ty, generation) {
                Ok(desired) => desired,
                Err(why) => return Ok(Err(why)),
            };
            if let Some(seen) = self.found(node, ty, generation, desired, newest.is_some())? {
                return Ok(Ok(seen));
            }
        }
        Ok(Err("the account shows no object of it that is this migration's".into()))
    }

    /// The planned properties with the name the object of that generation has.
    fn desired(
        &self,
        snapshot: &Snapshot,
        node: &Node,
        ty: &dyn AnyType,
        generation: u32,
    ) -> Result<Json, String> {
        let lookup = |r: &Reference| snapshot.attribute(&r.address, &r.attribute).cloned();
        let mut desired = node.properties.resolve(&lookup).map_err(|unknown| match unknown {
            Unknown::Reference(reference) => format!("it refers to {reference}, which was not found"),
            Unknown::Invalid(why) => why,
        })?;
        let set = |name: &str| node.properties.get(name).is_some_and(|value| *value != Value::Null);
        if let Some(rule) = ty.facts().name.as_ref().filter(|rule| !set(rule.property)) {
            let name = physical_name(rule, self.lineage, &node.address, generation);
            desired[rule.property] = Json::String(name);
        }
        Ok(desired)
    }

    fn found(
        &self,
        node: &Node,
        ty: &'static dyn AnyType,
        generation: u32,
        desired: Json,
        tagged: bool,
    ) -> Result<Option<Seen>, Vec<Diagnostic>> {
        let sdk = self.session.cloud.sdk(&node.region);
        let owner = self.owner(generation);
        let cx = self.cx(&sdk, node, &owner);
        let clock = self.session.clock.as_ref();
        let seen = self.session.block_on(async {
            let Some(found) = patiently(clock, async || ty.find_lost(&cx, &desired).await).await? else {
                return Ok(None);
            };
            if found.ownership == Ownership::Foreign {
                return Ok(None);
            }
            let live = patiently(clock, async || ty.read(&cx, &found.id, &desired).await).await?;
            let probe =
                patiently(clock, async || ty.probe(&cx, &found.id, &desired, Goal::Ready).await).await?;
            Ok(live.map(|live| (found, live, probe)))
        });
        let Some((found, live, probe)) =
            seen.map_err(|error| one(sign_in::access(&error, self.global, self.session)))?
        else {
            return Ok(None);
        };
        let different = drift(ty, &desired, &live);
        if found.ownership == Ownership::Untaggable && !different.is_empty() {
            return Ok(None);
        }
        // What differs from the plan is recorded as it is, so that the next `up` changes it.
        let mut properties = desired;
        for item in &different {
            properties[item.property.as_str()] = item.live.clone();
        }
        let mut attributes = found.attributes.clone();
        if let Probe::Reached(all) | Probe::Named(_, all) = probe {
            attributes.extend(all);
        }
        let way = match (found.ownership, tagged) {
            (Ownership::Untaggable, _) => "by its natural key, and it is as planned",
            (_, true) => "by its ownership tags",
            _ => "by its name, and its ownership tags fit",
        };
        let how = format!("{} {way}", found.id);
        Ok(Some(Seen { found, generation, properties, attributes, how }))
    }
}

fn record(
    ledger: &mut Ledger,
    node: &Node,
    depends_on: Vec<crate::model::Address>,
    seen: Seen,
    dir: &std::path::Path,
) -> Result<(), Vec<Diagnostic>> {
    let declared = Declared {
        kind: node.kind.to_string(),
        region: node.region.to_string(),
        properties: seen.properties,
        deletion_policy: node.deletion_policy,
        update_replace_policy: node.update_replace_policy,
        metadata: node.metadata.clone(),
        depends_on,
    };
    let (address, generation) = (node.address.clone(), seen.generation);
    let intend = Intend {
        verb: Verb::Create,
        address: address.clone(),
        generation,
        physical_id: None,
        declared: Some(Box::new(declared)),
        shared: false,
        operate: None,
    };
    drop(ledger.intend(intend).map_err(|error| ledgers::ledger_error(&error, dir))?);
    let op = ledger.snapshot().last_op;
    let by = Resolution::Adopted(seen.found.id);
    let entries = vec![
        Entry::Resolved { op, by, attributes: seen.attributes.clone(), shared: false },
        Entry::Ready { address, generation, attributes: seen.attributes },
    ];
    for entry in entries {
        ledger.append(entry).map_err(|error| ledgers::ledger_error(&error, dir))?;
    }
    Ok(())
}
