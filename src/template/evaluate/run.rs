//! The way through a plan: names, exports, resources, outputs, rules.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value as Json;

use super::{
    environment::Environment,
    extend::extend,
    names::intrinsic,
    outline::Resource,
    parameters::kept_in_ssm,
    plan::{Eval, Place, Plan, Scope},
    secure, tags,
};
use crate::{
    error::{Class, Diagnostic, Span},
    graph::{Address, CIRCLE, DeletionPolicy, Graph, Node, Output, Places, Secrets, StackInfo, Value, link},
    lint,
    resources::registry,
    schema::check,
    template::{
        item::{Item, Kind},
        options::Loaded,
        syntax::{Node as Syntax, Tree},
    },
};

/// Evaluates a plan to its resource graph, with all properties checked against their types' schemas, and the
/// warnings.
///
/// # Errors
/// Everything that is wrong with the plan, in the order of its files.
pub fn evaluate(loaded: &Loaded, env: &Environment) -> Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>> {
    let extended = extend(loaded, env);
    let loaded = &extended.loaded;
    let mut plan = Plan::new(loaded, env);
    plan.used = extended.used;
    plan.problems.borrow_mut().extend(loaded.warnings.clone());
    plan.problems.borrow_mut().extend(extended.problems);
    for scope in &plan.scopes {
        plan.eval(scope, Place::Value).resolve_stack();
    }
    plan.exports = exports(&plan);
    let mut graph = Graph {
        migration: loaded.migration.clone(),
        environment: loaded.environment.clone(),
        ..Graph::default()
    };
    let mut poisoned = false;
    let mut broken = HashSet::new();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        for resource in &scope.outline.resources {
            // The CDK's usage marker makes nothing.
            let marker = resource.kind.is_some_and(|kind| kind.text == "AWS::CDK::Metadata");
            if marker || !here.exists(resource) {
                continue;
            }
            let (node, whole) = here.node(resource);
            poisoned |= !whole;
            broken.extend(node.as_ref().filter(|_| !whole).map(|node| node.address.clone()));
            if let Some(node) = node {
                graph.index.insert(node.address.clone(), graph.nodes.len());
                graph.nodes.push(node);
            }
        }
        let outputs = here.outputs(&mut poisoned);
        graph.stacks.push(StackInfo {
            name: scope.source.name.clone(),
            region: scope.source.region.clone(),
            description: scope.outline.description.clone(),
            outputs,
            imports: Vec::new(),
            protected: scope.source.protected,
        });
        here.check_named_objects();
        here.check_rules();
        here.all_conditions();
        here.warn_unused();
    }
    for (stack, scope) in graph.stacks.iter_mut().zip(&plan.scopes) {
        stack.imports = scope.imports.take().into_iter().collect();
    }
    graph.secrets = Secrets(std::mem::take(&mut plan.secrets));
    graph.secrets.0.extend(loaded.assembly.code.0.clone());
    graph.stacks_after.clone_from(&loaded.assembly.after);
    graph.notes.clone_from(&loaded.assembly.notes);
    graph.partial = loaded.assembly.partial;
    graph.region.clone_from(&loaded.assembly.region);
    let mut problems = plan.problems.into_inner();
    if problems.has_errors() {
        // What is found later, as far as it can be found: all errors are told in one pass.
        let circles = link(&graph, &registry::find).err().unwrap_or_default();
        problems.extend(circles.into_iter().filter(|problem| problem.code == CIRCLE).collect());
        broken.extend(problems.addresses().cloned());
        problems.extend(lint::refused(&graph, &broken));
    }
    let warnings = problems.finish()?;
    if poisoned {
        let message = "a value could not be evaluated and nothing says why; this is a defect";
        return Err(vec![Diagnostic::error("M1099", Class::Internal, message)]);
    }
    Ok((graph, warnings))
}

/// Regions whose availability zones [`evaluate`] will want in [`Environment::zones`].
#[must_use]
pub fn zone_regions(loaded: &Loaded) -> BTreeSet<String> {
    let env = Environment::offline();
    let extended = extend(loaded, &env);
    let plan = Plan::new(&extended.loaded, &env);
    let mut regions = BTreeSet::new();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        if here.needs_zones() {
            regions.insert(scope.source.region.clone());
        }
        let outputs = scope.outline.outputs.iter().filter_map(|output| output.value);
        let properties = scope.outline.resources.iter().filter_map(|resource| resource.properties);
        for tree in properties.chain(outputs) {
            here.zones_in(tree, &mut regions);
        }
    }
    regions
}

/// SSM parameters, by region, that [`evaluate`] will want in [`Environment::parameters`].
#[must_use]
pub fn ssm_parameters(loaded: &Loaded) -> BTreeMap<String, BTreeSet<String>> {
    let env = Environment::offline();
    let plan = Plan::new(loaded, &env);
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scope in &plan.scopes {
        let names: BTreeSet<String> = kept_in_ssm(scope.parameters.values()).collect();
        if !names.is_empty() {
            wanted.entry(scope.source.region.clone()).or_default().extend(names);
        }
    }
    wanted
}

/// Exported outputs by name.
fn exports(plan: &Plan<'_>) -> HashMap<String, Vec<(usize, usize)>> {
    let mut exports: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        for (at, output) in scope.outline.outputs.iter().enumerate() {
            let Some(tree) = output.export.filter(|_| here.is_output(output)) else { continue };
            let Some(name) = here.known_text(tree, "the name of an export") else { continue };
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-'))
            {
                let message = format!("`{name}` cannot name an export: letters, digits, colons and hyphens");
                here.error("M1023", &tree.span, message, None);
            }
            let foreign = plan.env.imports.get(&scope.source.region).and_then(|exports| exports.get(&name));
            if let Some(foreign) = foreign {
                let message = format!("`{name}` is exported twice");
                let help = format!("{} exports it too, in the same region", foreign.owner);
                here.error("M1051", &tree.span, message, Some(help));
            }
            let others = exports.entry(name.clone()).or_default();
            let region = |stack: usize| &plan.scopes[stack].source.region;
            if let Some((other, other_at)) =
                others.iter().find(|(stack, _)| region(*stack) == &scope.source.region)
            {
                let message = format!("`{name}` is exported twice");
                let help = format!("stack `{}` exports it too", plan.scopes[*other].source.name);
                let first = plan.scopes[*other].outline.outputs[*other_at].export;
                let error = Diagnostic::error("M1051", Class::Plan, message).span(Some(tree.span.clone()));
                let error = error.label(first.map(|tree| tree.span.clone()), "first here").help(help);
                plan.problems.borrow_mut().add(error);
            } else {
                others.push((scope.index, at));
            }
        }
    }
    exports
}

impl<'p> Eval<'_, 'p> {
    /// A resource's node, and whether everything in it could be evaluated.
    fn node(self, resource: &Resource<'p>) -> (Option<Node>, bool) {
        let source = self.scope.source;
        let Some(address) = self.scope.address(resource.id.text) else { return (None, true) };
        let here = self.at(address);
        let span = resource.properties.map_or(resource.id.span, |tree| &tree.span);
        let mut item = match resource.properties {
            Some(tree) => here.eval(tree),
            None => Item::new(Kind::Map(Vec::new()), span),
        };
        if item.kind == Kind::Null {
            item.kind = Kind::Map(Vec::new());
        }
        let metadata_item = resource.metadata.map(|tree| here.eval(tree));
        let metadata = resource.metadata.zip(metadata_item.as_ref()).map_or(Json::Null, |(tree, item)| {
            if item.is_known() { item.to_value().known().unwrap_or(Json::Null) } else { tree.to_json() }
        });
        let Some(kind) = resource.kind else { return (None, true) };
        secure::check(here, kind.text, &item);
        for (key, span) in tags::reserved(&item) {
            here.error("M2018", span, format!("the tag key `{key}` is reserved"), None);
        }
        tags::merge(kind.text, &mut item, &source.tags);
        for span in tags::unspeakable(&item) {
            let help = "letters, digits, spaces and + - = . _ : / @ are taken by all services".to_owned();
            here.error("M2030", span, "a tag holds a control character", Some(help));
        }
        let whole = !item.is_poisoned();
        let subject = check::Subject { kind: kind.text, kind_span: kind.span, id_span: resource.id.span };
        let kind_of = |address: &Address| self.kind_of(address);
        let (properties, findings) = check::resource(&subject, address, &item, &kind_of);
        self.plan.problems.borrow_mut().extend(findings);
        let (deletion_policy, update_replace_policy) = here.policies(resource, &item);
        let depends_on: Vec<(Address, Span)> = resource
            .depends_on
            .iter()
            .filter_map(|needed| {
                let other = self.scope.outline.resource(needed.text)?;
                // As in CloudFormation, a resource that is not made is not waited for.
                let address = self.scope.address(needed.text).filter(|_| self.exists(other))?;
                Some((address.clone(), needed.span.clone()))
            })
            .collect();
        let node = Node {
            kind: kind.text.to_owned(),
            region: source.region.clone(),
            properties,
            depends_on: depends_on.iter().map(|(address, _)| address.clone()).collect(),
            deletion_policy,
            update_replace_policy,
            metadata,
            span: Some(resource.id.span.clone()),
            places: Places { properties: Some(item), metadata: metadata_item, depends_on },
            address: address.clone(),
        };
        (Some(node), whole)
    }

    fn policies(&self, resource: &Resource<'p>, properties: &Item) -> (DeletionPolicy, DeletionPolicy) {
        let kind = resource.kind.map_or("", |kind| kind.text);
        // A type that is not registered is refused by name.
        let facts = registry::find(kind).map(|ty| ty.facts());
        let snapshot = Some(DeletionPolicy::Snapshot);
        let wanted = resource.deletion == snapshot || resource.replacement == snapshot;
        if wanted && facts.is_some_and(|facts| !facts.snapshots) {
            let message = format!("no snapshot can be taken of {kind}");
            self.error("M1024", resource.id.span, message, Some("use Delete or Retain".into()));
        }
        let unless = facts.and_then(|facts| facts.snapshot_unless);
        let default = match unless.is_some_and(|property| properties.get(property).is_none()) {
            true => DeletionPolicy::Snapshot,
            false => DeletionPolicy::Delete,
        };
        (resource.deletion.unwrap_or(default), resource.replacement.unwrap_or_default())
    }

    fn kind_of(&self, address: &Address) -> Option<&'p str> {
        let plan = self.plan;
        let scope: &Scope<'p> = if self.scope.source.name == address.stack() {
            self.scope
        } else {
            plan.scopes.iter().find(|scope| scope.source.name == address.stack())?
        };
        scope.outline.resource(address.logical_id())?.kind.map(|kind| kind.text)
    }

    fn outputs(self, poisoned: &mut bool) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (at, declared) in self.scope.outline.outputs.iter().enumerate() {
            if !self.is_output(declared) {
                continue;
            }
            let item = self.plan.output(self.scope.index, at);
            *poisoned |= item.is_poisoned();
            secure::check(self, "", &item);
            let value = match &item.kind {
                Kind::Scalar(scalar) => Value::String(scalar.as_text().to_owned()),
                Kind::Deferred(value) => value.clone(),
                Kind::Poison => Value::Null,
                _ => {
                    let message = format!(
                        "the output `{}` must be a text, not {}",
                        declared.name.text,
                        item.describe()
                    );
                    self.error("M1049", &item.span, message, Some("join lists with Fn::Join".into()));
                    Value::Null
                }
            };
            // The name was evaluated when exports were collected; evaluating it again reports nothing new.
            let export = declared.export.and_then(|tree| self.known_text(tree, "the name of an export"));
            outputs.push(Output {
                name: declared.name.text.to_owned(),
                value,
                export,
                description: declared.description.clone(),
            });
        }
        outputs
    }

    /// Evaluates conditions that nothing asked for, so that their mistakes are found too.
    fn all_conditions(self) {
        for name in &self.scope.outline.condition_names {
            Eval { place: Place::Condition, ..self }.condition(name.text);
        }
    }

    fn zones_in(&self, tree: &'p Tree, regions: &mut BTreeSet<String>) {
        match &tree.value {
            Syntax::Null | Syntax::Scalar(_) => {}
            Syntax::List(items) => items.iter().for_each(|item| self.zones_in(item, regions)),
            Syntax::Map(entries) => {
                if let Some(function) = intrinsic(entries).filter(|function| function.key == "Fn::GetAZs") {
                    let item = self.eval(&function.value);
                    match &item.kind {
                        Kind::Scalar(scalar) if !scalar.text.is_empty() => {
                            regions.insert(scalar.text.clone());
                        }
                        _ => {
                            regions.insert(self.scope.source.region.clone());
                        }
                    }
                }
                entries.iter().for_each(|entry| self.zones_in(&entry.value, regions));
            }
        }
    }
}
