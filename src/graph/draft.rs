//! A plan as its language yields it: evaluated, and not yet checked against anything.
//!
//! Every language of plans ends here. What is below a draft knows nothing of files and syntax; what is above it,
//! [`check`](crate::check), knows nothing of the language but its [`Idioms`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Secrets;
use crate::{
    error::Diagnostic,
    model::{Address, DeletionPolicy, Packed, Span, Text, item::Item},
};

/// A whole plan.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    /// The migration's name.
    pub migration: String,
    /// The environment's name.
    pub environment: String,
    /// Stacks in the plan's order.
    pub stacks: Vec<StackDraft>,
    /// Values that are never shown, by the text that stands for them.
    pub secrets: Secrets,
    /// A stack, and one that has to be complete before it though no reference may say so.
    pub stacks_after: Vec<(String, String)>,
    /// What reviews must say of the plan itself.
    pub notes: Vec<String>,
    /// Some stacks of the plan were left out already.
    pub partial: bool,
    /// The plan's main region, if its first stack may have been left out.
    pub region: Option<String>,
    /// Only these stacks, and what they depend on, are meant; empty: all.
    pub wanted: Vec<String>,
    /// Some values only the account tells, and it was not asked: they are [`Kind::Poison`](crate::model::item::Kind::Poison)
    /// without being wrong.
    pub untold: bool,
    /// Resources with such values: what they would be judged by is not known.
    pub unjudged: BTreeSet<Address>,
    /// What the language found: a draft with errors is checked too, so that one pass finds everything.
    pub findings: Vec<Diagnostic>,
    /// How the language says things.
    pub idioms: Idioms,
}

/// One stack.
#[derive(Debug, Clone, Default)]
pub struct StackDraft {
    /// Its name.
    pub name: String,
    /// Where its resources are made.
    pub region: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its resources, in the plan's order; none whose condition does not hold.
    pub resources: Vec<Draft>,
    /// Its outputs.
    pub outputs: Vec<OutputDraft>,
    /// Deleting it needs that its protection is taken away first.
    pub protected: bool,
    /// Names of what it imports from other plans.
    pub imports: Vec<String>,
    /// Tags for every resource that can carry them and does not set them itself.
    pub tags: BTreeMap<String, String>,
    /// `{Migrate: {...}}` for the whole stack: its template's, and those of the templates nested in it.
    pub metadata: Vec<Item>,
    /// Its parameters, as far as lints ask about them.
    pub parameters: Vec<ParameterDraft>,
}

/// One resource.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name.
    pub address: Address,
    /// Where it is named.
    pub span: Span,
    /// Its type's name, as written.
    pub kind: Text,
    /// Where the type is named.
    pub kind_span: Span,
    /// What was said about it; [`Kind::Poison`](crate::model::item::Kind::Poison) where that is a finding already.
    pub properties: Packed,
    /// What it waits for, and where that is written.
    pub depends_on: Vec<(Address, Span)>,
    /// What happens on deletion, if that was said.
    pub deletion_policy: Option<DeletionPolicy>,
    /// What happens to the old object on replacement, if that was said.
    pub update_replace_policy: Option<DeletionPolicy>,
    /// Its metadata, as far as they are known.
    pub metadata: Json,
    /// Its metadata with their places.
    pub metadata_item: Option<Item>,
    /// Tags of what is between it and its stack, for every resource that can carry them; they win over the stack's.
    pub tags: BTreeMap<String, String>,
}

/// One output.
#[derive(Debug, Clone)]
pub struct OutputDraft {
    /// Its name within the stack.
    pub name: String,
    /// Its value.
    pub value: Item,
    /// The name under which other plans may import it.
    pub export: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// One parameter as declared.
#[derive(Debug, Clone)]
pub struct ParameterDraft {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// It holds one text.
    pub text: bool,
    /// Its value is never shown.
    pub hidden: bool,
    /// It says yes or no, by its allowed values or its default.
    pub switch: bool,
    /// Where its default is written, if that is a text and not empty.
    pub default: Option<Span>,
}

/// How a plan's language says things, for the help of findings.
#[derive(Debug, Clone, Copy)]
pub struct Idioms {
    /// To leave out what is null.
    pub omit: &'static str,
    /// To take one item of a list.
    pub pick: &'static str,
    /// To give an object as JSON in a text.
    pub json_text: &'static str,
    /// To make one text of a list.
    pub join: &'static str,
    /// A resource's own reference, by its logical id.
    pub reference: fn(&str) -> String,
    /// A resource's attribute, by logical id and name.
    pub attribute: fn(&str, &str) -> String,
    /// Some resource's attribute, by its name.
    pub some_attribute: fn(&str) -> String,
    /// The part of a reference's text: number, separator, logical id.
    pub part: fn(usize, char, &str) -> String,
}

impl Default for Idioms {
    /// Words that fit every language.
    fn default() -> Self {
        Self {
            omit: "leave it out",
            pick: "pick one of its items",
            json_text: "for a JSON document as a text, quote it",
            join: "join its items to one text",
            reference: |id| format!("the reference to {id}"),
            attribute: |id, name| format!("the attribute {name} of {id}"),
            some_attribute: |name| format!("the attribute {name}"),
            part: |at, separator, id| format!("part {at} (from 0) of {id} between `{separator}`"),
        }
    }
}
