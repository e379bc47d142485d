//! The manifest's section `lookups`: parameters whose values the account tells.
//!
//! Nothing is looked up here: a plan that is loaded says what it wants to know ([`Loaded::searches`]), and takes what was
//! found ([`Loaded::with_found`]). A value that stands anywhere else (manifest, environment, stack, `--set`) wins, and is
//! then not looked up.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    load::{Expand, declared},
    manifest::{Text, flag, object, text, unknown},
    options::{Given, Loaded, StackSource},
};
use crate::{
    aws::lookup::{Kind, Query},
    error::{Problems, hint},
    model::{Found, Span},
    syntax::{Entry, Node, Tree},
};

/// A lookup as the manifest writes it: `VpcId: {vpc: {tags: {Name: shared}}, attribute: CidrBlock}`.
#[derive(Debug, Clone)]
pub struct LookupEntry {
    query: Query,
    attribute: &'static str,
    /// Where the search is written.
    span: Span,
}

/// A search whose result is a parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// What is looked for. `${Key}` in it stands for what [`Self::needs`] names.
    pub query: Query,
    /// What the found object is asked for.
    pub attribute: &'static str,
    /// Parameters and other lookups whose values its texts contain.
    pub needs: BTreeSet<String>,
    /// Where it is written.
    pub span: Span,
}

impl LookupEntry {
    /// Reads the whole section.
    pub(super) fn all(tree: &Tree, problems: &mut Problems) -> BTreeMap<String, Self> {
        let mut out = BTreeMap::new();
        for entry in object(tree, "`lookups`", problems).unwrap_or_default() {
            if let Some(lookup) = Self::read(entry, problems) {
                out.insert(entry.key.to_string(), lookup);
            }
        }
        out
    }

    fn read(entry: &Entry, problems: &mut Problems) -> Option<Self> {
        let members = object(&entry.value, "a lookup", problems)?;
        let mut kinds = members.iter().filter(|member| Kind::named(&member.key).is_some());
        let (Some(searched), None) = (kinds.next(), kinds.next()) else {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            let message = format!("the lookup of `{}` does not say what is looked for", entry.key);
            let shown = members.first().map(|member| member.key.as_str()).unwrap_or_default();
            let near = hint(shown, "kinds", names.iter().copied());
            problems.error("M1120", Some(&entry.value.span), message).help(near.unwrap_or_else(|| {
                format!(
                    "name one kind, for example {}: {{vpc: {{tags: {{Name: main}}}}}}; kinds: {}",
                    entry.key,
                    names.join(", ")
                )
            }));
            return None;
        };
        let kind = Kind::named(&searched.key)?;
        let before = problems.len();
        let mut attribute = kind.attributes().first().map_or("", |(name, _)| *name);
        for member in members.iter().filter(|member| member.key != searched.key) {
            match member.key.as_str() {
                "attribute" => {
                    let wanted = text(&member.value, "attribute", problems)?;
                    let names = kind.attributes().iter().map(|(name, _)| *name);
                    match names.clone().find(|name| *name == wanted.text) {
                        Some(name) => attribute = name,
                        None => {
                            let message = format!("a {} has no attribute `{}`", kind.as_str(), wanted.text);
                            let help = hint(&wanted.text, "it has", names);
                            problems.error("M1120", Some(&wanted.span), message).maybe_help(help);
                        }
                    }
                }
                other => unknown(other, &member.key_span, "a lookup", &["attribute"], problems),
            }
        }
        let query = query(kind, &searched.value, problems)?;
        (problems.len() == before).then(|| Self { query, attribute, span: searched.value.span.clone() })
    }
}

fn query(kind: Kind, tree: &Tree, problems: &mut Problems) -> Option<Query> {
    let mut query = Query::new(kind);
    let before = problems.len();
    for member in object(tree, kind.as_str(), problems)? {
        let value = &member.value;
        let name = member.key.as_str();
        if !kind.criteria().contains(&name) {
            let help = hint(name, "it takes", kind.criteria().iter().copied());
            let message = format!("a {} is not looked up by `{name}`", kind.as_str());
            problems.error("M1120", Some(&member.key_span), message).maybe_help(help);
            continue;
        }
        let one = |problems: &mut Problems| text(value, name, problems).map(|text| text.text);
        match name {
            "id" => query.id = one(problems),
            "name" => query.name = one(problems),
            "vpc" => query.vpc = one(problems),
            "owner" => query.owner = one(problems),
            "architecture" => query.architecture = one(problems),
            "private" => query.private = Some(flag(value, name, problems)),
            "newest" => query.newest = flag(value, name, problems),
            _ => query.tags = tags(value, problems),
        }
    }
    let said = query.id.is_some() || query.name.is_some() || !query.tags.is_empty();
    let problem = match kind {
        // `vpc` alone means all subnets of it.
        Kind::Subnets if said || query.vpc.is_some() => None,
        // Anybody can publish an image under any name: the owner is what tells a good one from a trap
        // (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/finding-an-ami.html>).
        Kind::Image if query.id.is_none() && query.owner.is_none() => Some(
            "an image is looked up by `id`, or by `owner` with `name` or `tags`: anybody can publish one of any name",
        ),
        _ if said => None,
        _ => Some("a lookup says at least one of `id`, `name` and `tags`"),
    };
    if let Some(message) = problem.filter(|_| problems.len() == before) {
        problems.error("M1120", Some(&tree.span), message);
    }
    Some(query)
}

fn tags(tree: &Tree, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for entry in object(tree, "`tags`", problems).unwrap_or_default() {
        match &entry.value.value {
            Node::Scalar(scalar) => {
                out.insert(entry.key.to_string(), scalar.as_text().to_owned());
            }
            _ => {
                let message =
                    format!("the tag `{}` must be a text, not {}", entry.key, entry.value.describe());
                problems.error("M1011", Some(&entry.value.span), message);
            }
        }
    }
    out
}

/// All lookups that a stack may need: the manifest's, the environment's and its own, later ones over earlier ones.
pub(super) fn of_stack(
    levels: [&BTreeMap<String, LookupEntry>; 3],
    (stack, declared, values): (&str, &BTreeSet<&str>, &BTreeMap<String, Given>),
    expand: &mut Expand<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, Lookup> {
    for (key, entry) in levels[2].iter().filter(|(key, _)| !declared.contains(key.as_str())) {
        let help = hint(key, "its parameters", declared.iter().copied());
        let message = format!("the template of stack `{stack}` has no parameter `{key}`");
        problems.error("M1013", Some(&entry.span), message).maybe_help(help);
    }
    let mut entries: BTreeMap<&String, &LookupEntry> = levels.into_iter().flatten().collect();
    entries.retain(|key, _| !values.contains_key(*key));
    let others: BTreeSet<&str> = entries.keys().map(|key| key.as_str()).collect();
    let mut out = BTreeMap::new();
    for (key, entry) in &entries {
        let mut query = entry.query.clone();
        let mut needs = BTreeSet::new();
        for text in query.texts() {
            *text = filled(
                &Text { text: text.clone(), span: entry.span.clone() },
                &others,
                &mut needs,
                expand,
                problems,
            );
        }
        let lookup = Lookup { query, attribute: entry.attribute, needs, span: entry.span.clone() };
        out.insert((*key).clone(), lookup);
    }
    out
}

/// The text with the manifest's values; `${Key}` of another lookup stays until that is known.
fn filled(
    text: &Text,
    others: &BTreeSet<&str>,
    needs: &mut BTreeSet<String>,
    expand: &mut Expand<'_>,
    problems: &mut Problems,
) -> String {
    let (mut out, mut rest) = (String::new(), text.text.as_str());
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at..].find('}') else { break };
        let (before, reference) = (&rest[..at], &rest[at..=at + length]);
        let key = reference[2..length].trim();
        if others.contains(key) {
            out.push_str(before);
            out.push_str(&format!("${{{key}}}"));
            needs.insert(key.to_owned());
        } else {
            out.push_str(before);
            out.push_str(&expand.text(reference, &text.span, problems));
        }
        rest = &rest[at + length + 1..];
    }
    out.push_str(&expand.text(rest, &text.span, problems));
    out
}

/// Leaves in every stack what has to be looked up: parameters that have no value, and what these searches need.
pub(super) fn settle(
    levels: [&BTreeMap<String, LookupEntry>; 2],
    stacks: &mut [StackSource],
    problems: &mut Problems,
) {
    let mut used = BTreeSet::new();
    for stack in stacks.iter_mut() {
        let template = std::sync::Arc::clone(&stack.template);
        let declared = declared(&template);
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> =
            stack.lookups.keys().filter(|key| declared.contains(key.as_str())).cloned().collect();
        used.extend(open.iter().cloned());
        while let Some(key) = open.pop() {
            used.insert(key.clone());
            if let Some(lookup) = stack.lookups.get(&key).filter(|_| !stack.parameters.contains_key(&key))
                && wanted.insert(key)
            {
                open.extend(lookup.needs.iter().cloned());
            }
        }
        stack.lookups.retain(|key, _| wanted.contains(key));
        if let Some(key) = stack.lookups.keys().find(|key| order(stack).iter().all(|known| known != key)) {
            let lookup = &stack.lookups[key];
            let message = format!("the lookup of `{key}` depends on its own result");
            problems.error("M1120", Some(&lookup.span), message);
        }
    }
    for (key, entry) in levels.into_iter().flatten() {
        if !used.contains(key) {
            problems
                .warning("M1018", Some(&entry.span), format!("the lookup of `{key}` is used by no stack"))
                .help("remove it, or declare the parameter under `Parameters` of a template");
        }
    }
}

/// The stack's lookups, each after those whose results it needs; what depends on itself is left out.
fn order(stack: &StackSource) -> Vec<&String> {
    let mut done: Vec<&String> = Vec::new();
    loop {
        let next = stack.lookups.iter().find(|(key, lookup)| {
            let ready = |need: &String| done.contains(&need) || !stack.lookups.contains_key(need);
            !done.contains(key) && lookup.needs.iter().all(ready)
        });
        match next {
            Some((key, _)) => done.push(key),
            None => return done,
        }
    }
}

impl Loaded {
    /// What the account is asked: each stack, parameter and lookup, after those whose results it needs.
    pub fn searches(&self) -> impl Iterator<Item = (&StackSource, &str, &Lookup)> {
        self.stacks.iter().flat_map(|stack| {
            order(stack).into_iter().map(move |key| (stack, key.as_str(), &stack.lookups[key]))
        })
    }

    /// The plan with the values that were found.
    #[must_use]
    pub fn with_found(&self, found: &[Found]) -> Self {
        let mut loaded = self.clone();
        for stack in &mut loaded.stacks {
            let template = std::sync::Arc::clone(&stack.template);
            let declared = declared(&template);
            for one in found.iter().filter(|one| one.stack == stack.name) {
                if let Some(lookup) =
                    stack.lookups.get(&one.parameter).filter(|_| declared.contains(one.parameter.as_str()))
                {
                    let given = Given { text: one.value.clone(), span: Some(lookup.span.clone()) };
                    stack.parameters.insert(one.parameter.clone(), given);
                }
            }
        }
        loaded
    }

    /// The plan with values that look like those the account would tell, for commands that ask no account.
    #[must_use]
    pub fn with_made_up(&self) -> Self {
        let mut found = Vec::new();
        let searches =
            self.searches().filter(|(stack, parameter, _)| !stack.parameters.contains_key(*parameter));
        for (stack, parameter, lookup) in searches {
            let attributes = lookup.query.kind.attributes();
            let value = attributes.iter().find(|(name, _)| *name == lookup.attribute).map_or("", |(_, v)| v);
            found.push(Found {
                stack: stack.name.clone(),
                parameter: parameter.to_owned(),
                region: stack.region.clone(),
                sought: lookup.query.words(),
                objects: Vec::new(),
                value: value.replace("us-east-1", &stack.region),
            });
        }
        let mut loaded = self.with_found(&found);
        for stack in &mut loaded.stacks {
            let own = found.iter().filter(|one| one.stack == stack.name);
            stack.made_up = own.map(|one| one.parameter.clone()).collect();
        }
        loaded
    }
}

impl Lookup {
    /// The search with the values it needs: the stack's own, and what was found so far. `None` if one is not known.
    #[must_use]
    pub fn filled(&self, stack: &StackSource, found: &[Found]) -> Option<Query> {
        let mut query = self.query.clone();
        for need in &self.needs {
            let own = stack.parameters.get(need).map(|given| given.text.as_str());
            let of = |one: &&Found| one.stack == stack.name && one.parameter == *need;
            let value = own.or_else(|| found.iter().find(of).map(|one| one.value.as_str()))?;
            for text in query.texts() {
                *text = text.replace(&format!("${{{need}}}"), value);
            }
        }
        Some(query)
    }
}

#[cfg(test)]
#[path = "lookups_tests.rs"]
mod tests;
