//! `migration.yaml`: which templates make up a plan, and with which values.

use std::collections::BTreeMap;

use super::{lookups::LookupEntry, options::Given};
use crate::{
    error::{Problems, hint},
    model::Span,
    syntax::{Entry, Node, Tree},
};

const KEYS: &[&str] = &[
    "name",
    "description",
    "account",
    "region",
    "environment",
    "parameters",
    "lookups",
    "tags",
    "environments",
    "stacks",
    "operations",
];
const ENVIRONMENT_KEYS: &[&str] = &["account", "region", "parameters", "lookups", "tags", "operations"];
const STACK_KEYS: &[&str] =
    &["name", "template", "parameters", "lookups", "region", "tags", "terminationProtection"];

/// A text and its place.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub text: String,
    pub span: Span,
}

/// What plan, environment and stack have in common.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The account it is for; stacks have none of their own.
    pub account: Option<Text>,
    pub region: Option<Text>,
    pub parameters: BTreeMap<String, Given>,
    /// Parameters whose values the account tells.
    pub lookups: BTreeMap<String, LookupEntry>,
    pub tags: BTreeMap<String, Text>,
    /// What an environment adds to the operations, as written.
    pub operations: Option<Tree>,
}

/// One entry of `stacks`.
#[derive(Debug)]
pub(super) struct StackEntry {
    pub name: Text,
    pub template: Text,
    pub settings: Settings,
    pub protected: bool,
}

/// The manifest as written.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub name: Option<Text>,
    pub description: Option<String>,
    pub environment: Option<Text>,
    pub settings: Settings,
    pub environments: Vec<(String, Settings)>,
    pub stacks: Vec<StackEntry>,
}

impl Manifest {
    /// Reads the whole document and notes everything that is wrong with it.
    pub(super) fn read(tree: &Tree, problems: &mut Problems) -> Self {
        let mut manifest = Self::default();
        let Some(entries) = object(tree, "the manifest", problems) else { return manifest };
        for entry in entries {
            let value = &entry.value;
            match entry.key.as_str() {
                "name" => manifest.name = text(value, "name", problems),
                "description" => manifest.description = text(value, "description", problems).map(|t| t.text),
                "environment" => manifest.environment = text(value, "environment", problems),
                "account" | "region" | "parameters" | "lookups" | "tags" => {
                    manifest.settings.member(entry, problems)
                }
                "operations" => manifest.settings.operations = Some(value.clone()),
                "environments" => manifest.environments = environments(value, problems),
                "stacks" => manifest.stacks = stacks(value, problems),
                other => unknown(other, &entry.key_span, "the manifest", KEYS, problems),
            }
        }
        if tree.get("stacks").is_none() {
            problems
                .error("M1011", Some(&tree.span), "the manifest has no `stacks`")
                .help("list them: `stacks: [{name: app, template: app.yaml}]`");
        }
        manifest
    }
}

impl Settings {
    /// Takes one of the keys all levels have.
    fn member(&mut self, entry: &Entry, problems: &mut Problems) {
        match entry.key.as_str() {
            "account" => self.account = account(&entry.value, problems),
            "region" => self.region = text(&entry.value, "region", problems),
            "tags" => self.tags = tags(&entry.value, problems),
            "lookups" => self.lookups = LookupEntry::all(&entry.value, problems),
            _ => self.parameters = parameters(&entry.value, problems),
        }
    }
}

pub(super) fn unknown(
    key: &str,
    span: &Span,
    place: &str,
    known: &'static [&'static str],
    problems: &mut Problems,
) {
    let help = hint(key, "it takes", known.iter().copied());
    problems.error("M1010", Some(span), format!("`{key}` is no key of {place}")).maybe_help(help);
}

pub(super) fn object<'t>(tree: &'t Tree, what: &str, problems: &mut Problems) -> Option<&'t [Entry]> {
    match &tree.value {
        Node::Map(entries) => Some(entries),
        Node::Null => Some(&[]),
        _ => {
            problems.error(
                "M1011",
                Some(&tree.span),
                format!("{what} must be an object, not {}", tree.describe()),
            );
            None
        }
    }
}

pub(super) fn text(tree: &Tree, what: &str, problems: &mut Problems) -> Option<Text> {
    match tree.as_text() {
        Some(text) if !text.is_empty() => Some(Text { text: text.to_owned(), span: tree.span.clone() }),
        _ => {
            problems.error(
                "M1011",
                Some(&tree.span),
                format!("`{what}` must be a text, not {}", tree.describe()),
            );
            None
        }
    }
}

/// An account's number. YAML reads one without quotes as a number, which loses zeros at its beginning.
fn account(tree: &Tree, problems: &mut Problems) -> Option<Text> {
    let account = text(tree, "account", problems)?;
    if account.text.len() == 12 && account.text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(account);
    }
    problems
        .error("M1011", Some(&tree.span), format!("`{}` is no AWS account", account.text))
        .help("an account has twelve digits; put them in quotes: `account: \"012345678901\"`");
    None
}

pub(super) fn flag(tree: &Tree, what: &str, problems: &mut Problems) -> bool {
    match tree.as_text() {
        Some("true") => true,
        Some("false") => false,
        _ => {
            let message = format!("`{what}` must be true or false, not {}", tree.describe());
            problems.error("M1011", Some(&tree.span), message);
            false
        }
    }
}

/// Parameter values: scalars, or lists of scalars.
fn parameters(tree: &Tree, problems: &mut Problems) -> BTreeMap<String, Given> {
    let mut out = BTreeMap::new();
    for entry in object(tree, "`parameters`", problems).unwrap_or_default() {
        let value = &entry.value;
        let text = match &value.value {
            Node::Scalar(scalar) => Some(scalar.as_text().to_owned()),
            Node::Null => Some(String::new()),
            Node::List(items) => {
                items.iter().map(Tree::as_text).collect::<Option<Vec<_>>>().map(|items| items.join(","))
            }
            Node::Map(_) => None,
        };
        match text {
            Some(text) => {
                out.insert(entry.key.to_string(), Given { text, span: Some(value.span.clone()) });
            }
            None => {
                let message = format!(
                    "the parameter `{}` must be a text or a list of texts, not {}",
                    entry.key,
                    value.describe()
                );
                problems.error("M1011", Some(&value.span), message);
            }
        }
    }
    out
}

fn tags(tree: &Tree, problems: &mut Problems) -> BTreeMap<String, Text> {
    let mut out = BTreeMap::new();
    for entry in object(tree, "`tags`", problems).unwrap_or_default() {
        if entry.key.to_ascii_lowercase().starts_with("aws:") || entry.key.starts_with("migrate:") {
            problems.error(
                "M1011",
                Some(&entry.key_span),
                format!("the tag key `{}` is reserved", entry.key),
            );
        } else if let Some(value) = entry.value.as_text() {
            out.insert(
                entry.key.to_string(),
                Text { text: value.to_owned(), span: entry.value.span.clone() },
            );
        } else {
            let message = format!("the tag `{}` must be a text, not {}", entry.key, entry.value.describe());
            problems.error("M1011", Some(&entry.value.span), message);
        }
    }
    out
}

fn environments(tree: &Tree, problems: &mut Problems) -> Vec<(String, Settings)> {
    let mut out = Vec::new();
    for entry in object(tree, "`environments`", problems).unwrap_or_default() {
        let mut settings = Settings::default();
        for member in object(&entry.value, "an environment", problems).unwrap_or_default() {
            match member.key.as_str() {
                "account" | "region" | "parameters" | "lookups" | "tags" => settings.member(member, problems),
                "operations" => settings.operations = Some(member.value.clone()),
                other => unknown(other, &member.key_span, "an environment", ENVIRONMENT_KEYS, problems),
            }
        }
        out.push((entry.key.to_string(), settings));
    }
    out
}

fn stacks(tree: &Tree, problems: &mut Problems) -> Vec<StackEntry> {
    let Some(items) = tree.as_list() else {
        let message = format!("`stacks` must be a list, not {}", tree.describe());
        problems
            .error("M1011", Some(&tree.span), message)
            .help("list them: `stacks: [{name: app, template: app.yaml}]`");
        return Vec::new();
    };
    if items.is_empty() {
        problems.error("M1011", Some(&tree.span), "the manifest lists no stack");
    }
    let mut out = Vec::new();
    for item in items {
        let mut settings = Settings::default();
        let (mut name, mut template, mut protected) = (None, None, false);
        let Some(entries) = object(item, "a stack", problems) else { continue };
        for entry in entries {
            match entry.key.as_str() {
                "name" => name = text(&entry.value, "name", problems),
                "template" => template = text(&entry.value, "template", problems),
                "region" | "parameters" | "lookups" | "tags" => settings.member(entry, problems),
                "terminationProtection" => protected = flag(&entry.value, &entry.key, problems),
                other => unknown(other, &entry.key_span, "a stack", STACK_KEYS, problems),
            }
        }
        for key in ["name", "template"] {
            if item.get(key).is_none() {
                problems.error("M1011", Some(&item.span), format!("the stack has no `{key}`"));
            }
        }
        if let (Some(name), Some(template)) = (name, template) {
            out.push(StackEntry { name, template, settings, protected });
        }
    }
    out
}
