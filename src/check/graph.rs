//! Drafts become nodes: tags merged in, properties fitted to their types, policies and outputs settled.

use std::collections::{HashMap, HashSet};

use super::{CIRCLE, apart::apart, inherited, link, properties, secure, tags};
use crate::{
    error::{Class, Diagnostic, Problems},
    graph::{Draft, Drafts, Graph, Idioms, Node, Output, OutputDraft, Places, StackDraft, StackInfo},
    lint,
    model::{
        Address, DeletionPolicy, Packed, Text, Value,
        item::{Item, Kind},
    },
    parallel,
    resources::{ec2, registry},
};

/// Makes the graph of a plan, all properties checked against their types, and the warnings. The drafts of resources
/// are used up.
///
/// # Errors
/// Everything that is wrong with the plan, in the order of its files.
pub fn graph(drafts: &mut Drafts) -> Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut problems = Problems::default();
    problems.extend(std::mem::take(&mut drafts.findings));
    let mut graph = Graph {
        migration: drafts.migration.clone(),
        environment: drafts.environment.clone(),
        secrets: std::mem::take(&mut drafts.secrets),
        stacks_after: drafts.stacks_after.clone(),
        notes: drafts.notes.clone(),
        partial: drafts.partial,
        region: drafts.region.clone(),
        ..Graph::default()
    };
    apart(&mut drafts.stacks, &mut problems);
    // A large plan has few types: resources of one type share its name.
    let mut names: HashSet<Text> = HashSet::new();
    for draft in drafts.stacks.iter_mut().flat_map(|stack| &mut stack.resources) {
        match names.get(&draft.kind) {
            Some(name) => draft.kind = name.clone(),
            None => _ = names.insert(draft.kind.clone()),
        }
    }
    let kinds: HashMap<Address, Text> = drafts
        .stacks
        .iter()
        .flat_map(|stack| &stack.resources)
        .map(|draft| (draft.address.clone(), draft.kind.clone()))
        .collect();
    let mut poisoned = false;
    let mut broken = HashSet::new();
    for stack in &mut drafts.stacks {
        let resources = std::mem::take(&mut stack.resources);
        graph.nodes.reserve_exact(resources.len());
        let (around, idioms) = (&*stack, &drafts.idioms);
        let check = |draft| node(draft, around, &kinds, idioms);
        parallel::stream(resources, check, |(node, whole, found)| {
            problems.extend(found);
            poisoned |= !whole;
            if !whole {
                broken.insert(node.address.clone());
                drafts.unjudged.insert(node.address.clone());
            }
            graph.index.insert(node.address.clone(), graph.nodes.len());
            graph.nodes.push(node);
        });
        poisoned |= stack.outputs.iter().any(|output| output.value.is_poisoned());
        let outputs =
            stack.outputs.iter().map(|draft| output(draft, &drafts.idioms, &mut problems)).collect();
        graph.stacks.push(StackInfo {
            name: stack.name.clone(),
            region: stack.region.clone(),
            description: stack.description.clone(),
            outputs,
            imports: stack.imports.clone(),
            protected: stack.protected,
        });
    }
    if problems.has_errors() {
        // What is found later, as far as it can be found: all errors are told in one pass.
        let circles = link(&graph, &registry::find).err().unwrap_or_default();
        problems.extend(circles.into_iter().filter(|problem| problem.code == CIRCLE).collect());
        broken.extend(problems.addresses().cloned());
        problems.extend(lint::refused(&graph, &broken, drafts.idioms));
    }
    let warnings = problems.finish()?;
    if poisoned && !drafts.untold {
        let message = "a value could not be evaluated and nothing says why; this is a defect";
        return Err(vec![Diagnostic::error("M1099", Class::Internal, message)]);
    }
    Ok((graph, warnings))
}

/// A resource's node, whether everything in it could be evaluated, and what is to be said of it.
fn node(
    draft: Draft,
    stack: &StackDraft,
    kinds: &HashMap<Address, Text>,
    idioms: &Idioms,
) -> (Node, bool, Vec<Diagnostic>) {
    let mut problems = Problems::default();
    let Draft { address, span, kind, kind_span, properties, .. } = draft;
    let mut item = properties.item();
    let secrets = secure::check(&kind, &item).into_iter().chain(secure::names(&kind, &item));
    for finding in secrets.chain(tags::reserved(&item)) {
        problems.add(finding.at(&address));
    }
    tags::merge(&kind, &mut item, &draft.tags);
    tags::merge(&kind, &mut item, &stack.tags);
    for span in tags::unspeakable(&item) {
        let error = Diagnostic::error("M2030", Class::Plan, "a tag holds a control character");
        let error = error.at(&address).span(Some(span.clone()));
        problems.add(error.help("letters, digits, spaces and + - = . _ : / @ are taken by all services"));
    }
    for finding in inherited::leave_out(&kind, &mut item) {
        problems.add(finding.at(&address));
    }
    let whole = !item.is_poisoned();
    let subject = properties::Subject { kind: &kind, kind_span: &kind_span, id_span: &span, idioms };
    let kind_of = |address: &Address| kinds.get(address).map(Text::as_str);
    let (mut properties, findings) = properties::resource(&subject, &address, &item, &kind_of);
    problems.extend(findings);
    ec2::latest::resolve(&mut properties, &kind_of);
    // A type that is not registered is refused by name.
    let facts = registry::find(&kind).map(|ty| ty.facts());
    let policy = facts.and_then(|facts| facts.update_policy);
    for (member, why) in policy.map(|check| check(&draft.metadata["UpdatePolicy"])).unwrap_or_default() {
        let message = format!("UpdatePolicy.{member}: {why}");
        let error = match member.ends_with(".WaitOnResourceSignals") {
            // Instances are waited for in another way; nothing is left undone.
            true => Diagnostic::warning("M1131", Class::Plan, message),
            false => Diagnostic::error("M1022", Class::Plan, message),
        };
        problems.add(error.at(&address).span(Some(span.clone())));
    }
    let snapshot = Some(DeletionPolicy::Snapshot);
    let wants_snapshot = draft.deletion_policy == snapshot || draft.update_replace_policy == snapshot;
    if wants_snapshot && facts.is_some_and(|facts| !facts.snapshots) {
        let message = format!("no snapshot can be taken of {kind}");
        let error = Diagnostic::error("M1024", Class::Plan, message).at(&address).span(Some(span.clone()));
        problems.add(error.help("use Delete or Retain"));
    }
    let unless = facts.and_then(|facts| facts.snapshot_unless);
    let default = match unless.is_some_and(|property| item.get(property).is_none()) {
        true => DeletionPolicy::Snapshot,
        false => DeletionPolicy::Delete,
    };
    let node = Node {
        kind,
        region: stack.region.as_str().into(),
        properties,
        depends_on: draft.depends_on.iter().map(|(address, _)| address.clone()).collect(),
        deletion_policy: draft.deletion_policy.unwrap_or(default),
        update_replace_policy: draft.update_replace_policy.unwrap_or_default(),
        metadata: draft.metadata,
        span: Some(span),
        places: Some(Box::new(Places {
            properties: Packed::new(&item),
            metadata: draft.metadata_item,
            depends_on: draft.depends_on,
        })),
        address,
    };
    (node, whole, problems.into_findings())
}

fn output(draft: &OutputDraft, idioms: &Idioms, problems: &mut Problems) -> Output {
    problems.extend(secure::check("", &draft.value));
    let item: &Item = &draft.value;
    let value = match &item.kind {
        Kind::Scalar(scalar) => Value::String(scalar.as_text().into()),
        Kind::Deferred(value) => (**value).clone(),
        Kind::Poison => Value::Null,
        _ => {
            let message = format!("the output `{}` must be a text, not {}", draft.name, item.describe());
            problems.error("M1049", Some(&item.span), message).help(idioms.join);
            Value::Null
        }
    };
    let (export, description) = (draft.export.clone(), draft.description.clone());
    Output { name: draft.name.clone(), value, export, description }
}
