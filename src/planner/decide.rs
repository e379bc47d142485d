//! What becomes of each resource of the plan, producers first.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    altered::Altered,
    decision::{Decision, Fate, with_name},
    diff::{self, Differences, Resolve},
    interrupts,
    plan::PlanInput,
    predict::predicted,
    reasons::no_room,
    taken::{Held, is_generated, places_in, taken},
};
use crate::{
    aws::physical_name,
    error::{Class, Diagnostic},
    graph::{Node, Why},
    ledger::{Object, Stage},
    model::{Address, DeletionPolicy, Reference, Text, Value},
    resources::AnyType,
};

/// Decisions by node index, made in the order of [`crate::graph::Links::order`].
pub(super) struct Decisions<'i, 'a> {
    pub(super) input: &'i PlanInput<'a>,
    pub(super) made: Vec<Option<Decision>>,
    /// Objects that nothing in their own properties replaces, and why they are replaced with others.
    along: BTreeMap<Address, String>,
    altered: Altered<'a>,
}

impl<'i, 'a> Decisions<'i, 'a> {
    /// Decides about every node.
    ///
    /// # Errors
    /// Types that are not supported (`M3003`), functions that do not fit their arguments (`M3004`),
    /// replacements that cannot work (`M3005`, `M3006`), changes that AWS refuses (`M3007`).
    pub(super) fn make(input: &'i PlanInput<'a>) -> Result<Vec<Decision>, Vec<Diagnostic>> {
        let decisions = Self::pass(input, BTreeMap::new())?;
        let along = attached_to_what_moves(input, &decisions);
        if along.is_empty() { Ok(decisions) } else { Self::pass(input, along) }
    }

    fn pass(
        input: &'i PlanInput<'a>,
        along: BTreeMap<Address, String>,
    ) -> Result<Vec<Decision>, Vec<Diagnostic>> {
        let nodes = &input.graph.nodes;
        let made = nodes.iter().map(|_| None).collect();
        let mut all = Self { input, made, along, altered: Altered::of(input) };
        let mut problems = Vec::new();
        for &at in input.links.order() {
            match all.decide(at) {
                Ok(decision) => all.made[at] = Some(decision),
                Err(problem) => {
                    problems.push((at, *problem));
                    // Its dependents are judged as if it were new: they report their own problems only.
                    all.made[at] = Some(blank(Fate::Create, ""));
                }
            }
        }
        if problems.is_empty() {
            problems = (0..nodes.len()).filter_map(|at| Some((at, all.held_in_place(at)?))).collect();
        }
        if !problems.is_empty() {
            problems.sort_by_key(|(at, _)| *at);
            return Err(problems.into_iter().map(|(_, problem)| problem).collect());
        }
        // Every node is in the order: the list becomes the other one where it stands.
        Ok(all.made.into_iter().map(|made| made.unwrap_or_else(|| blank(Fate::Create, ""))).collect())
    }

    /// An attribute that is known while planning and stays as it is.
    fn attribute(&self, reference: &Reference) -> Option<Json> {
        let at = *self.input.graph.index.get(&reference.address)?;
        let ty = || (self.input.types)(&self.input.graph.nodes[at].kind).map(|ty| ty as &dyn AnyType);
        if self.made[at].as_ref().is_none_or(|decision| decision.makes_anew(ty(), &reference.attribute)) {
            return None;
        }
        let acts =
            |at: usize| self.made[at].as_ref().is_some_and(|decision| decision.fate != Fate::Unchanged);
        if self.altered.is(reference, acts) {
            return None;
        }
        self.input.snapshot.attribute(&reference.address, &reference.attribute).cloned()
    }

    fn decide(&self, at: usize) -> Result<Decision, Box<Diagnostic>> {
        let node = &self.input.graph.nodes[at];
        let snapshot = self.input.snapshot;
        let Some(ty) = (self.input.types)(&node.kind) else {
            let message = format!("resource type {} is not supported", node.kind);
            return Err(Box::new(
                Diagnostic::error("M3003", Class::Plan, message)
                    .at(&node.address)
                    .span(node.span.clone())
                    .help("`migrate types` lists the supported types"),
            ));
        };
        let next = snapshot.next_generation(&node.address);
        let resolve = |reference: &Reference| self.attribute(reference);
        let Some(object) = snapshot.current(&node.address) else {
            // Checked here though nothing is compared: what cannot be computed is refused before anything runs.
            diff::computable(&node.properties, &resolve).map_err(|e| invalid(node, e))?;
            let name = self.new_name(ty, node, next);
            return Ok(Decision { name, generation: next, ..blank(Fate::Create, "not in the ledger") });
        };
        self.compare(at, ty, object, next, &resolve)
    }

    fn compare(
        &self,
        at: usize,
        ty: &'static dyn AnyType,
        object: &Object,
        next: u32,
        resolve: Resolve<'_>,
    ) -> Result<Decision, Box<Diagnostic>> {
        let node = &self.input.graph.nodes[at];
        let recorded = &object.declared;
        let name = self.kept_name(ty, node, object);
        let desired = with_name(&node.properties, name.as_ref());
        let mut reasons = Vec::new();
        if recorded.kind != node.kind {
            reasons.push(format!("the type changes from {} to {}", recorded.kind, node.kind));
        }
        if recorded.region != node.region {
            reasons.push(format!("the region changes from {} to {}", recorded.region, node.region));
        }
        if self.input.replace.contains(&node.address) {
            reasons.push("a new object is asked for (--replace)".into());
        }
        if object.stage == Stage::Deleting {
            reasons.push("its deletion was begun in an earlier run".into());
        }
        let found = if recorded.kind == node.kind {
            diff::differences(ty, &desired, &recorded.properties, resolve).map_err(|e| invalid(node, e))?
        } else {
            diff::computable(&desired, resolve).map_err(|e| invalid(node, e))?;
            Differences::default()
        };
        let mut found = found;
        self.come_back(node, ty, &recorded.properties, &mut found, resolve);
        self.moves_network(ty, &mut found);
        reasons.extend(self.along.get(&node.address).cloned());
        reasons.extend(self.replacement_reasons(node, &found));
        let policy = ty.facts().policy_replaces;
        let policy = policy.and_then(|policy| policy(&node.metadata["UpdatePolicy"], &found.fields()));
        // The old object serves until the new one does: that is what such a policy is for.
        let both = reasons.is_empty() && policy.is_some();
        reasons.extend(policy);
        if !reasons.is_empty() {
            let name = self.new_name(ty, node, next);
            let in_the_way = self.old_first(at, ty, object, name.as_ref(), resolve)?;
            if let Some(why) = in_the_way.as_ref().filter(|_| both) {
                return Err(no_room(node, &reasons.join("; "), why));
            }
            // A gap in service is told where everybody reads it.
            reasons.extend(in_the_way.clone().filter(|why| why.contains("requests fail")));
            return Ok(Decision {
                fate: Fate::Replace { old_first: in_the_way.is_some() },
                name,
                fields: found.fields(),
                changes: found.changes,
                why: reasons.join("; ").into(),
                generation: next,
                interrupts: in_the_way.iter().filter_map(|_| interrupts::gap(&node.kind)).collect(),
                in_the_way,
            });
        }
        let (old, fields) = (&recorded.properties, found.fields());
        if let Some((property, why)) = ty.refused(old, &found.new, &fields).first() {
            return Err(Box::new(
                Diagnostic::error("M3007", Class::Plan, format!("{property} cannot be changed so: {why}"))
                    .at(&node.address)
                    .span(node.span.clone())
                    .help(
                        "write what the object has (`migrate refresh` reads it), or replace it on purpose: --replace \
                         ADDRESS makes a new object",
                    ),
            ));
        }
        let anew = self.made_anew_since(node, ty, object, &found);
        let mut why = self.update_reasons(&found);
        if !found.is_empty() {
            why.extend(ty.effects(old, &found.new, &fields));
        }
        let interrupts = interrupts::interrupted(&node.kind, &fields, old, &found.new);
        let fate = match object.stage {
            Stage::Created => {
                let told = match &object.unwaited {
                    Some(until) => format!("an earlier run did not wait until {until}"),
                    None => "its creation or update was not finished in an earlier run".into(),
                };
                why.insert(0, told);
                Fate::Finish
            }
            Stage::Updating => {
                why.insert(0, "its update was begun in an earlier run".into());
                Fate::Finish
            }
            Stage::Ready | Stage::Deleting => {
                let told = |(name, reference): &(String, Reference)| {
                    format!("{} was made anew since, and {name} refers to it", reference.address)
                };
                why.extend(anew.iter().map(told));
                why.extend(self.ledger_reasons(at, object));
                if why.is_empty() { Fate::Unchanged } else { Fate::Update }
            }
        };
        let mut fields = found.fields();
        fields.extend(anew.into_iter().map(|(name, _)| name));
        fields.sort_unstable();
        if let Some(attempted) = &object.attempted {
            // The object may hold what an interrupted update set and what is not wanted any more.
            let half = diff::differences(ty, &desired, attempted, resolve).map_err(|e| invalid(node, e))?;
            fields.extend(half.fields());
            fields.sort_unstable();
            fields.dedup();
        }
        Ok(Decision {
            fate,
            name,
            fields,
            changes: found.changes,
            why: why.join("; ").into(),
            generation: object.generation,
            in_the_way: None,
            interrupts,
        })
    }

    /// Adds properties that cannot follow their subnets into another VPC to those that need a new object.
    fn moves_network(&self, ty: &dyn AnyType, found: &mut Differences) {
        let within = ty.facts().within_network;
        let leaves = |reference: &Reference| {
            let at = self.input.graph.index.get(&reference.address);
            let decision = at.and_then(|at| self.made[*at].as_ref());
            decision.is_some_and(|decision| {
                matches!(decision.fate, Fate::Replace { .. }) && decision.fields.iter().any(|f| f == "VpcId")
            })
        };
        for (name, reference) in &found.unknown {
            if within.contains(&name.as_str()) && leaves(reference) && !found.replacing.contains(name) {
                found.replacing.push(name.clone());
                let here = found.changes.iter_mut().filter(|change| top(&change.property) == name);
                here.for_each(|change| change.replaces = true);
            }
        }
        found.replacing.sort_unstable();
    }

    /// Properties that do not differ, but refer to an object that is younger than what the ledger last said of this one:
    /// the run that made it anew ended before this one was looked at. What was imported or adopted is not new.
    fn made_anew_since(
        &self,
        node: &Node,
        ty: &dyn AnyType,
        object: &Object,
        found: &Differences,
    ) -> Vec<(String, Reference)> {
        let Value::Map(properties) = &node.properties else { return Vec::new() };
        if object.shared || ty.facts().together.is_some() {
            return Vec::new();
        }
        let known = found.fields();
        let younger = |reference: &Reference| {
            self.input.snapshot.current(&reference.address).is_some_and(|producer| {
                producer.born > object.settled && !producer.claimed && !producer.shared
            })
        };
        let mut anew: Vec<(String, Reference)> = Vec::new();
        for (name, value) in
            properties.iter().filter(|(name, _)| !known.iter().any(|known| *known == name.as_str()))
        {
            let mut first = None;
            value.references(&mut |reference| {
                if first.is_none() && younger(reference) {
                    first = Some(reference.clone());
                }
            });
            anew.extend(first.map(|reference| (name.to_string(), reference)));
        }
        anew
    }

    /// Takes properties off those that need a new object if they refer to something that comes back under its old name.
    /// Not where the object lives in the other one, which took it along.
    fn come_back(
        &self,
        node: &Node,
        ty: &dyn AnyType,
        recorded: &Json,
        found: &mut Differences,
        resolve: Resolve<'_>,
    ) {
        let facts = ty.facts();
        let inside = places_in(facts);
        let guess = |reference: &Reference| resolve(reference).or_else(|| self.predict(reference));
        let same = |name: &String| {
            let unknown = found.unknown.iter().any(|(unknown, _)| unknown == name);
            let asked = facts.needs_ready.contains(&name.as_str()) || !facts.asked(name).is_empty();
            let bound = inside.contains(&name.as_str()) || asked;
            let value = node.properties.get(name).and_then(|value| value.resolve(&guess).ok());
            unknown && !bound && value.is_some_and(|value| ty.same(name, &value, &recorded[name]))
        };
        let back: Vec<String> = found.replacing.iter().filter(|name| same(name)).cloned().collect();
        found.replacing.retain(|name| !back.contains(name));
        for change in &mut found.changes {
            change.replaces &= !back.iter().any(|name| *name == top(&change.property));
        }
    }

    /// An attribute of an object that is made anew, if it follows from a name that the template fixes.
    fn predict(&self, reference: &Reference) -> Option<Json> {
        let at = *self.input.graph.index.get(&reference.address)?;
        let node = &self.input.graph.nodes[at];
        let ty = (self.input.types)(&node.kind)?;
        match self.made[at].as_ref()?.fate {
            Fate::Create => {}
            // While it has users AWS does not let it go: they must go too.
            Fate::Replace { .. } if !ty.facts().held_by_users => {
                let old = self.input.snapshot.current(&node.address)?;
                let moved = old.declared.kind != node.kind || old.declared.region != node.region;
                if moved || old.stage == Stage::Deleting {
                    return None;
                }
            }
            _ => return None,
        }
        let resolve = |reference: &Reference| self.attribute(reference);
        let known = |property: &str| node.properties.get(property)?.resolve(&resolve).ok();
        predicted(ty, node, &reference.attribute, self.input.account, &known)
    }

    /// The name a new object gets when the template gives none.
    fn new_name(&self, ty: &dyn AnyType, node: &Node, generation: u32) -> Option<(&'static str, Text)> {
        let rule = ty.facts().name.as_ref().filter(|rule| !is_set(node, rule.property))?;
        let name = physical_name(rule, &self.input.snapshot.lineage, &node.address, generation);
        Some((rule.property, name.into()))
    }

    /// The name an existing object keeps when the template gives none.
    fn kept_name(&self, ty: &dyn AnyType, node: &Node, object: &Object) -> Option<(&'static str, Text)> {
        let rule = ty.facts().name.as_ref().filter(|rule| !is_set(node, rule.property))?;
        let recorded = object.declared.properties.get(rule.property)?.as_str()?;
        let lineage = &self.input.snapshot.lineage;
        // A name that the template once gave and gives no longer makes room for a generated one.
        let name = if is_generated(rule, lineage, &node.address, object.generation, recorded) {
            recorded.into()
        } else {
            physical_name(rule, lineage, &node.address, object.generation).into()
        };
        Some((rule.property, name))
    }

    /// An old object must make room for its successor, but a resource that stays as it is uses it.
    fn held_in_place(&self, at: usize) -> Option<Diagnostic> {
        let decision = self.made[at].as_ref()?;
        let node = &self.input.graph.nodes[at];
        let held = (self.input.types)(&node.kind).is_some_and(|ty| ty.facts().held_by_users);
        if decision.fate != (Fate::Replace { old_first: true }) || !held {
            return None;
        }
        let user = self.input.graph.nodes.iter().enumerate().find(|(user, other)| {
            let uses = self
                .input
                .links
                .of(*user)
                .iter()
                .any(|edge| edge.to == node.address && matches!(edge.why, Why::Reference { .. }));
            let stays = self.made[*user]
                .as_ref()
                .is_some_and(|d| !matches!(d.fate, Fate::Create | Fate::Replace { .. }));
            let used = self
                .input
                .snapshot
                .current(&other.address)
                .is_some_and(|object| object.declared.depends_on.contains(&node.address));
            uses && stays && used
        })?;
        let message = format!(
            "a new object is needed, but the old one holds its name or place and cannot be deleted while {} uses it",
            user.1.address
        );
        Some(Diagnostic::error("M3006", Class::Plan, message).at(&node.address).span(node.span.clone()).help(
            "give the resource another name (a subnet: a block that does not overlap); then the new object comes first and \
             its users change over",
        ))
    }

    /// Why delete before create: it stands in the new one's way, or a producer's old object waits for it.
    fn old_first(
        &self,
        at: usize,
        ty: &dyn AnyType,
        object: &Object,
        name: Option<&(&'static str, Text)>,
        resolve: Resolve<'_>,
    ) -> Result<Option<String>, Box<Diagnostic>> {
        let node = &self.input.graph.nodes[at];
        let cascade = self.input.links.of(at).iter().any(|edge| {
            let producer = self.input.graph.index.get(&edge.to).and_then(|to| self.made[*to].as_ref());
            producer.is_some_and(|decision| decision.fate == Fate::Replace { old_first: true })
        });
        let usual = || "the old object is in the way until it is gone".to_owned();
        if object.declared.kind != node.kind {
            return Ok(cascade.then(usual));
        }
        let new = |property: &str| held(node, name, property, resolve);
        let old = |property: &str| Held::recorded(&object.declared.properties, property);
        let wanted = taken(ty, &node.region, &new);
        let holds = taken(ty, &object.declared.region, &old);
        let place = holds.iter().find(|place| wanted.iter().any(|other| other.collides(place)));
        let collides = place.is_some();
        // Where the new name cannot be told yet it may be the old one again.
        let unsure = object.declared.region == node.region
            && ty.facts().name.is_some_and(|rule| matches!(new(rule.property), Held::Unknown(_)));
        let deleting = object.stage == Stage::Deleting;
        let stays = object.shared || (retained(node.update_replace_policy) && !deleting);
        if collides && stays {
            let why =
                if object.shared { "is shared with others" } else { "is kept by its UpdateReplacePolicy" };
            let message =
                format!("a new object is needed, but the old one {why} and holds the same name or place");
            return Err(Box::new(
                Diagnostic::error("M3005", Class::Plan, message)
                    .at(&node.address)
                    .span(node.span.clone())
                    .help("give the resource another name, or let UpdateReplacePolicy delete the old object"),
            ));
        }
        Ok(match place {
            Some(place) if !stays => Some(place.in_the_way()),
            _ => (deleting || !stays && (unsure || cascade)).then(usual),
        })
    }
}

/// Whether the old object outlives its resource.
pub(super) fn retained(policy: DeletionPolicy) -> bool {
    matches!(policy, DeletionPolicy::Retain | DeletionPolicy::RetainExceptOnCreate)
}

/// A property of the object to be made, as far as it is known.
pub(super) fn held(
    node: &Node,
    name: Option<&(&'static str, Text)>,
    property: &str,
    resolve: Resolve<'_>,
) -> Held {
    if let Some((_, text)) = name.filter(|(named, _)| *named == property) {
        return Held::Value(Json::String(text.to_string()));
    }
    match node.properties.get(property).map(|value| value.resolve(resolve)) {
        None | Some(Ok(Json::Null)) => Held::Absent,
        Some(Ok(json)) => Held::Value(json),
        Some(Err(_)) => {
            // What is known of it: a list's known members count.
            let partly = |reference: &Reference| resolve(reference).or(Some(Json::Null));
            let value = node.properties.get(property).and_then(|value| value.resolve(&partly).ok());
            Held::Unknown(value.unwrap_or_default())
        }
    }
}

/// What moves to another place with its attachment (`Facts::attaches`). An internet gateway is attached to one VPC at a
/// time, and AWS does not detach it while public addresses are mapped there ("Amazon EC2 API Reference",
/// `DetachInternetGateway`): what has them goes last, after what needs the gateway in the new VPC. With a gateway of its
/// own the new VPC needs to wait for nothing.
fn attached_to_what_moves(input: &PlanInput<'_>, decisions: &[Decision]) -> BTreeMap<Address, String> {
    let mut along = BTreeMap::new();
    for (node, decision) in input.graph.nodes.iter().zip(decisions) {
        let Some((what, place)) = (input.types)(&node.kind).and_then(|ty| ty.facts().attaches) else {
            continue;
        };
        let moves =
            matches!(decision.fate, Fate::Replace { .. }) && decision.fields.iter().any(|f| f == place);
        let Some(gateway) = node.properties.get(what).filter(|_| moves) else { continue };
        gateway.references(&mut |reference| {
            let at = input.graph.index.get(&reference.address);
            let stays = at.is_some_and(|at| matches!(decisions[*at].fate, Fate::Unchanged | Fate::Update));
            if stays {
                let why = format!(
                    "{} moves ({place} changes), and what it attaches is in one place at a time",
                    node.address
                );
                along.insert(reference.address.clone(), why);
            }
        });
    }
    along
}

fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn is_set(node: &Node, property: &str) -> bool {
    node.properties.get(property).is_some_and(|value| *value != Value::Null)
}

fn blank(fate: Fate, why: &str) -> Decision {
    Decision {
        fate,
        name: None,
        fields: Vec::new(),
        changes: Vec::new(),
        why: why.into(),
        generation: 0,
        in_the_way: None,
        interrupts: Vec::new(),
    }
}

fn invalid(node: &Node, (property, message): (String, String)) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("M3004", Class::Plan, format!("{property} cannot be computed: {message}"))
            .at(&node.address)
            .span(node.span.clone())
            .help("correct the function's arguments"),
    )
}

/// Attributes known before anything runs, for callers that hold finished decisions.
pub(super) fn known<'d>(
    input: &'d PlanInput<'_>,
    decisions: &'d [Decision],
) -> impl Fn(&Reference) -> Option<Json> + 'd {
    move |reference| {
        let at = *input.graph.index.get(&reference.address)?;
        let ty = (input.types)(&input.graph.nodes[at].kind).map(|ty| ty as &dyn AnyType);
        if decisions[at].makes_anew(ty, &reference.attribute) {
            return None;
        }
        let address: &Address = &reference.address;
        input.snapshot.attribute(address, &reference.attribute).cloned()
    }
}
