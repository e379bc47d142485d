//! Why a resource changes, in words.

use super::{decide::Decisions, decision::Fate, diff::Differences};
use crate::{
    error::{Class, Diagnostic},
    graph::Node,
    ledger::Object,
    model::Reference,
    schema,
};

impl Decisions<'_, '_> {
    /// Why an unknown attribute is unknown.
    fn cause(&self, reference: &Reference) -> String {
        let fate = self.input.graph.index.get(&reference.address).and_then(|at| self.made[*at].as_ref());
        match fate.map(|decision| decision.fate) {
            Some(Fate::Replace { .. }) => format!("{} is replaced", reference.address),
            Some(Fate::Create) => format!("{} is new", reference.address),
            Some(Fate::Update | Fate::Finish) => {
                format!("{} changes and so does its {}", reference.address, reference.attribute)
            }
            _ => format!("{reference} is not known yet"),
        }
    }

    /// Why it gets another object.
    pub(super) fn replacement_reasons(&self, node: &Node, found: &Differences) -> Vec<String> {
        let create_only =
            |name: &str| schema::of(&node.kind).is_some_and(|schema| schema.is_create_only(name));
        found
            .replacing
            .iter()
            .map(|name| match found.unknown.iter().find(|(unknown, _)| unknown == name) {
                Some((_, reference)) => format!("{}, and {name} refers to it", self.cause(reference)),
                None if create_only(name) => format!("{name} is create-only and changes"),
                None => format!("{name} changes in a way that needs a new object"),
            })
            .collect()
    }

    /// Why it changes in place.
    pub(super) fn update_reasons(&self, found: &Differences) -> Vec<String> {
        let mut reasons = Vec::new();
        match found.known.as_slice() {
            [] => {}
            [one] => reasons.push(format!("{one} changes in place")),
            [many @ .., last] => reasons.push(format!("{} and {last} change in place", many.join(", "))),
        }
        for (name, reference) in &found.unknown {
            reasons.push(format!("{}, and {name} refers to it", self.cause(reference)));
        }
        reasons
    }

    /// Changes that only the ledger has to learn.
    pub(super) fn ledger_reasons(&self, at: usize, object: &Object) -> Vec<String> {
        let node = &self.input.graph.nodes[at];
        let keep = self.input.keep(at);
        let mut reasons = Vec::new();
        if object.declared.deletion_policy != keep.deletion_policy {
            reasons.push(format!("its deletion policy becomes {:?}", node.deletion_policy));
        }
        if object.declared.update_replace_policy != keep.update_replace_policy {
            reasons.push(format!("its replacement policy becomes {:?}", node.update_replace_policy));
        }
        if object.declared.metadata != keep.metadata {
            reasons.push("its metadata changes".into());
        }
        if object.declared.depends_on != keep.depends_on {
            reasons.push("it depends on other resources than before".into());
        }
        reasons
    }
}

/// A new object is to stand beside the old one, and cannot. CloudFormation refuses it too: it "cannot update a stack when a
/// custom-named resource requires replacing".
pub(super) fn no_room(node: &Node, reasons: &str, why: &str) -> Box<Diagnostic> {
    let message = format!("{reasons}; both cannot exist at once: {why}");
    Box::new(
        Diagnostic::error("M3005", Class::Plan, message).at(&node.address).span(node.span.clone()).help(
            "leave its name out of the template, or give it another one; `--replace` with its address deletes the old object \
             first",
        ),
    )
}
