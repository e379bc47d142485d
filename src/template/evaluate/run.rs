//! The way through a plan: names, exports, resources, outputs, rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;

use super::{
    answers,
    environment::{Asked, Environment},
    extend::{extend, is_extended},
    names::intrinsic,
    outline::Resource,
    parameters::kept_in_ssm,
    plan::{Eval, Place, Plan},
};
use crate::{
    error::{Class, Diagnostic},
    graph::{Draft, Drafts, Idioms, OutputDraft, ParameterDraft, Secrets, StackDraft},
    model::{
        Address, Packed,
        item::{Item, Kind},
    },
    syntax::{Entry, Node as Syntax, Tree},
    template::options::Loaded,
};

/// Evaluates a plan, and finds all that is wrong with its parameters, conditions, functions, names and rules.
#[must_use]
pub fn draft(loaded: &Loaded, env: &Environment) -> Drafts {
    evaluate(loaded, env).0
}

/// What CloudFormation is asked for [`Environment::stacks`], answered there or not. Answers may lead to further questions.
#[must_use]
pub fn questions(loaded: &Loaded, env: &Environment) -> Vec<Asked> {
    let nested = loaded.nested.iter().map(|nested| &nested.source);
    let mut sources = loaded.stacks.iter().chain(nested);
    if sources.any(|source| asks(&source.template)) { evaluate(loaded, env).1 } else { Vec::new() }
}

/// Whether a function stands anywhere in it that CloudFormation may have to answer.
fn asks(tree: &Tree) -> bool {
    holds(tree, |key| matches!(key, "Fn::ImportValue" | "Fn::GetStackOutput"))
}

/// Whether an object in it has such a key.
fn holds(tree: &Tree, is: fn(&str) -> bool) -> bool {
    match &tree.value {
        Syntax::Null | Syntax::Scalar(_) => false,
        Syntax::List(items) => items.iter().any(|item| holds(item, is)),
        Syntax::Map(entries) => entries.iter().any(|entry| is(&entry.key) || holds(&entry.value, is)),
    }
}

fn evaluate(loaded: &Loaded, env: &Environment) -> (Drafts, Vec<Asked>) {
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
    let mut stacks: Vec<StackDraft> = Vec::with_capacity(loaded.stacks.len());
    let mut notes = loaded.assembly.notes.clone();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        if !plan.made(scope) {
            continue;
        }
        let (tags, kept) = (plan.tags_around(scope), plan.policy_around(scope));
        let made = scope.outline.resources.iter().zip(&scope.addresses);
        let mut resources = Vec::with_capacity(scope.outline.resources.len());
        for (resource, address) in made.filter(|(resource, _)| !resource.is_marker() && here.exists(resource))
        {
            if resource.is_stack() {
                notes.extend(here.at(address).check_stack(resource));
                continue;
            }
            let Some(draft) = here.resource(resource, address) else { continue };
            let deletion_policy = kept.or(draft.deletion_policy);
            resources.push(Draft { deletion_policy, tags: tags.clone(), ..draft });
        }
        let parameters = scope.outline.parameters.iter().map(parameter);
        let outputs = here.outputs();
        let metadata = scope.source.template.get("Metadata").map(Tree::to_item).into_iter();
        if scope.within.is_some() {
            // Its resources are the stack's; of its outputs, others than the stack see what it exports.
            let stack = &mut stacks[plan.root(scope)];
            let path = scope.source.name.split_once('/').map_or("", |(_, path)| path);
            stack.resources.extend(resources);
            stack.parameters.extend(parameters);
            stack.metadata.extend(metadata);
            let exported = outputs.into_iter().filter(|output| output.export.is_some());
            stack.outputs.extend(exported.map(|o| OutputDraft { name: format!("{path}.{}", o.name), ..o }));
        } else {
            stacks.push(StackDraft {
                name: scope.source.name.clone(),
                region: scope.source.region.clone(),
                description: scope.outline.description.clone(),
                resources,
                outputs,
                imports: Vec::new(),
                tags: scope.source.tags.clone(),
                metadata: metadata.collect(),
                parameters: parameters.collect(),
                protected: scope.source.protected,
            });
        }
        here.check_named_objects();
        here.check_rules();
        here.all_conditions();
        here.warn_unused();
    }
    for scope in &plan.scopes {
        let stack = &mut stacks[plan.root(scope)];
        stack.imports.extend(scope.imports.take());
        stack.imports.sort();
        stack.imports.dedup();
    }
    for stack in &mut stacks {
        notes.extend(answers::provide(stack));
    }
    let mut secrets = Secrets(std::mem::take(&mut plan.secrets));
    secrets.0.extend(loaded.assembly.code.0.clone());
    let asked = plan.asked.take();
    let drafts = Drafts {
        migration: loaded.migration.clone(),
        environment: loaded.environment.clone(),
        stacks,
        secrets,
        stacks_after: loaded.assembly.after.clone(),
        notes,
        partial: loaded.assembly.partial,
        region: loaded.assembly.region.clone(),
        wanted: loaded.wanted.clone(),
        untold: env.offline && !asked.is_empty(),
        unjudged: BTreeSet::new(),
        findings: plan.problems.into_inner().into_findings(),
        idioms: IDIOMS,
    };
    (drafts, asked)
}

/// How templates say things.
const IDIOMS: Idioms = Idioms {
    omit: "leave it out, or use !Ref AWS::NoValue",
    pick: "pick one item with Fn::Select",
    json_text: "for a JSON document as a text, use Fn::ToJsonString or quote it",
    join: "join lists with Fn::Join",
    reference: |id| format!("!Ref {id}"),
    attribute: |id, name| format!("!GetAtt {id}.{name}"),
    some_attribute: |name| format!("!GetAtt with {name}"),
    part: |at, separator, id| format!("!Select [{at}, !Split ['{separator}', !Ref {id}]]"),
};

fn parameter(declared: &Entry) -> ParameterDraft {
    let text = |key: &str| declared.value.get(key).and_then(Tree::as_text);
    let default =
        declared.value.get("Default").filter(|tree| tree.as_text().is_some_and(|text| !text.is_empty()));
    // A parameter that says whether there is a password is none.
    let says_yes_or_no = |tree: &Tree| {
        let yes_or_no = ["true", "false", "yes", "no", "enabled", "disabled", "on", "off"];
        tree.as_text().is_some_and(|text| yes_or_no.contains(&text.to_ascii_lowercase().as_str()))
    };
    let allowed = declared.value.get("AllowedValues").and_then(Tree::as_list);
    let switch = match allowed {
        Some(values) => !values.is_empty() && values.iter().all(says_yes_or_no),
        None => default.is_some_and(says_yes_or_no),
    };
    ParameterDraft {
        name: declared.key.to_string(),
        span: declared.key_span.clone(),
        text: text("Type") == Some("String"),
        hidden: text("NoEcho") == Some("true"),
        switch,
        default: default.map(|tree| tree.span.clone()),
    }
}

/// What [`draft`] will want of the account before it can ask for anything else.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Regions whose availability zones have to be in [`Environment::zones`].
    pub zones: BTreeSet<String>,
    /// SSM parameters by region, for [`Environment::parameters`].
    pub parameters: BTreeMap<String, BTreeSet<String>>,
}

/// Finds it out without asking.
#[must_use]
pub fn wanted(loaded: &Loaded) -> Wanted {
    let env = Environment::offline();
    // Nested stacks are passed what the resources around them say, and loops may make any function of its parts.
    let plain = loaded.nested.is_empty()
        && !loaded.stacks.iter().any(|source| {
            is_extended(&source.template) || holds(&source.template, |key| key == "Fn::GetAZs")
        });
    let extended = if plain { loaded.without_resources() } else { extend(loaded, &env).loaded };
    let plan = Plan::new(&extended, &env);
    let mut wanted = Wanted::default();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        if here.needs_zones() {
            wanted.zones.insert(scope.source.region.clone());
        }
        let outputs = scope.outline.outputs.iter().filter_map(|output| output.value);
        let properties = scope.outline.resources.iter().filter_map(|resource| resource.properties);
        for tree in properties.chain(outputs) {
            here.zones_in(tree, &mut wanted.zones);
        }
        let names: BTreeSet<String> = kept_in_ssm(scope.parameters.values()).collect();
        if !names.is_empty() {
            wanted.parameters.entry(scope.source.region.clone()).or_default().extend(names);
        }
    }
    wanted
}

/// Exported outputs by name.
fn exports(plan: &Plan<'_>) -> HashMap<String, Vec<(usize, usize)>> {
    let mut exports: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for scope in &plan.scopes {
        let here = plan.eval(scope, Place::Value);
        if !plan.made(scope) {
            continue;
        }
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
    /// A resource's draft; `None` if it names no type, which is reported already.
    fn resource(self, resource: &Resource<'p>, address: &Address) -> Option<Draft> {
        let here = self.at(address);
        let span = resource.properties.map_or(resource.id.span, |tree| &tree.span);
        let mut properties = match resource.properties {
            Some(tree) => here.eval(tree),
            None => Item::new(Kind::Map(Vec::new()), span),
        };
        if properties.kind == Kind::Null {
            properties.kind = Kind::Map(Vec::new());
        }
        let metadata_item = resource.metadata.map(|tree| here.eval(tree));
        let mut metadata =
            resource.metadata.zip(metadata_item.as_ref()).map_or(Json::Null, |(tree, item)| {
                if item.is_known() { item.to_value().known().unwrap_or(Json::Null) } else { tree.to_json() }
            });
        // An update policy is kept beside the metadata: it is needed when the resource changes, and nowhere in its properties.
        if let Some(policy) = resource.update_policy {
            let item = here.eval(policy);
            let known = if item.is_known() { item.to_value().known() } else { None };
            if !metadata.is_object() {
                metadata = Json::Object(serde_json::Map::new());
            }
            metadata["UpdatePolicy"] = known.unwrap_or_else(|| policy.to_json());
        }
        let kind = resource.kind?;
        let depends_on = self.waits_for(&resource.depends_on);
        Some(Draft {
            address: address.clone(),
            span: resource.id.span.clone(),
            kind: kind.text.into(),
            kind_span: kind.span.clone(),
            properties: Packed::new(&properties),
            depends_on,
            deletion_policy: resource.deletion,
            update_replace_policy: resource.replacement,
            metadata,
            metadata_item,
            tags: BTreeMap::new(),
        })
    }

    fn outputs(self) -> Vec<OutputDraft> {
        let mut outputs = Vec::new();
        for (at, declared) in self.scope.outline.outputs.iter().enumerate() {
            if !self.is_output(declared) {
                continue;
            }
            let value = self.plan.output(self.scope.index, at);
            // The name was evaluated when exports were collected; evaluating it again reports nothing new.
            let export = declared.export.and_then(|tree| self.known_text(tree, "the name of an export"));
            let name = declared.name.text.to_owned();
            outputs.push(OutputDraft { name, value, export, description: declared.description.clone() });
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
                            regions.insert(scalar.text.to_string());
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
