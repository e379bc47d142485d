//! `AWS::LanguageExtensions`: what must be written out before anything else is evaluated.
//!
//! Loops (`Fn::ForEach`) become what they repeat; functions where CloudFormation otherwise wants a plain name
//! (in references, conditions and policies of resources) become that name. Everything that remains is ordinary
//! template, and the rest of evaluation knows nothing of this transform but its name.

use std::{cell::RefCell, collections::HashSet, sync::Arc};

use super::{
    arena::Arena,
    environment::Environment,
    names::intrinsic,
    nested,
    plan::{Eval, Place, Plan, Section},
};
use crate::{
    error::{Diagnostic, Problems},
    model::{Scalar, Span, item::Kind},
    syntax::{Entry, Node, Tree},
    template::options::{Loaded, StackSource},
};

/// The transform's name.
pub(super) const TRANSFORM: &str = "AWS::LanguageExtensions";

/// What to do about a part of the language that needs it.
pub(super) const NEEDS_TRANSFORM: &str = "add `Transform: AWS::LanguageExtensions` to the template";

/// The beginning of a loop's key.
pub(super) const LOOP: &str = "Fn::ForEach";

/// Loops inside loops, as in CloudFormation.
const MAX_LOOPS: usize = 5;

/// Values all loops of a template may make; CloudFormation's own bound, one megabyte, is far below.
const MAX_VALUES: usize = 400_000;

/// Bytes of texts all loops of a template may make.
const MAX_BYTES: usize = 16 << 20;

/// Names that loops and references have used, by stack.
pub(super) type Used = Vec<HashSet<(Section, String)>>;

/// A plan whose templates need no transform any more.
pub(super) struct Extended {
    pub loaded: Loaded,
    pub used: Used,
    pub problems: Vec<Diagnostic>,
}

/// Whether the template asks for the transform.
pub(super) fn is_extended(template: &Tree) -> bool {
    let Some(tree) = template.get("Transform") else { return false };
    let names = tree.as_list().unwrap_or(std::slice::from_ref(tree));
    names.iter().any(|name| name.as_text() == Some(TRANSFORM))
}

/// Writes the language extensions of all stacks out.
pub(super) fn extend(loaded: &Loaded, env: &Environment) -> Extended {
    let mut out = Extended { loaded: loaded.clone(), used: Vec::new(), problems: Vec::new() };
    let own = out.loaded.stacks.len();
    for at in 0..own + out.loaded.nested.len() {
        let mut used = HashSet::new();
        let stack = match at.checked_sub(own) {
            Some(at) => &mut out.loaded.nested[at].source,
            None => &mut out.loaded.stacks[at],
        };
        if is_extended(&stack.template) {
            for phase in [Phase::Loops, Phase::Names] {
                let template = phase.run(stack, env, &mut used, &mut out.problems);
                stack.template = Arc::new(template);
            }
        }
        out.used.push(used);
        // Templates come after those that pass them their parameters.
        nested::settle(&mut out.loaded, at, env);
    }
    out
}

/// Loops first: only then it is known which conditions there are.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Loops,
    Names,
}

impl Phase {
    fn run(
        self,
        stack: &StackSource,
        env: &Environment,
        used: &mut HashSet<(Section, String)>,
        problems: &mut Vec<Diagnostic>,
    ) -> Tree {
        let arena = Arena::default();
        let alone = Loaded { stacks: vec![stack.clone()], ..Loaded::default() };
        let plan = Plan::new(&alone, env);
        // What is wrong with the rest of the template is found when all of it is evaluated.
        plan.problems.take();
        let Some(scope) = plan.scopes.first() else { return Tree::clone(&stack.template) };
        let writer = Writer {
            here: plan.eval(scope, Place::Value),
            arena: &arena,
            budget: RefCell::new(Budget { values: MAX_VALUES, bytes: MAX_BYTES, told: false }),
        };
        let tree = writer.template(&stack.template, self);
        used.extend(scope.used.borrow().iter().map(|(section, name)| (*section, (*name).to_owned())));
        problems.extend(plan.problems.take().into_all());
        tree
    }
}

struct Budget {
    values: usize,
    bytes: usize,
    told: bool,
}

/// An identifier and the value it stands for.
#[derive(Clone, Copy)]
struct Bound<'b> {
    name: &'b str,
    value: &'b str,
}

struct Writer<'e, 'p> {
    here: Eval<'e, 'p>,
    arena: &'p Arena,
    budget: RefCell<Budget>,
}

impl<'p> Writer<'_, 'p> {
    fn template(&self, tree: &Tree, phase: Phase) -> Tree {
        let Some(entries) = tree.as_map() else { return tree.clone() };
        let entries = entries.iter().map(|entry| {
            let value = match (entry.key.as_str(), phase) {
                ("Resources" | "Outputs" | "Conditions", Phase::Loops) => self.loops(&entry.value, &[]),
                ("Resources", Phase::Names) => self.resources(&entry.value),
                ("Outputs" | "Conditions", Phase::Names) => self.names(&entry.value),
                _ => entry.value.clone(),
            };
            Entry { value, ..entry.clone() }
        });
        Tree { value: Node::Map(entries.collect()), span: tree.span.clone() }
    }

    /// Takes from the budget; false once it is used up.
    fn spend(&self, bytes: usize, span: &Span) -> bool {
        let mut budget = self.budget.borrow_mut();
        if budget.values == 0 || budget.bytes < bytes {
            if !budget.told {
                budget.told = true;
                let message = "the loops of this template make too much of it";
                let help = format!("all loops together may make {MAX_VALUES} values and {MAX_BYTES} bytes");
                self.here.error("M1102", span, message, Some(help));
            }
            budget.values = 0;
            return false;
        }
        budget.values -= 1;
        budget.bytes -= bytes;
        true
    }

    /// A copy in which loops are written out and identifiers replaced.
    fn loops(&self, tree: &Tree, bound: &[Bound<'_>]) -> Tree {
        // What stands outside of all loops is already bounded by the size of the file.
        if !bound.is_empty() && !self.spend(0, &tree.span) {
            return Tree { value: Node::Null, span: tree.span.clone() };
        }
        let value = match &tree.value {
            Node::Null => Node::Null,
            Node::Scalar(scalar) => Node::Scalar(Scalar {
                text: self.text(&scalar.text, bound, &tree.span).into(),
                plain: scalar.plain,
            }),
            Node::List(items) => Node::List(items.iter().map(|item| self.loops(item, bound)).collect()),
            Node::Map(entries) => {
                if let Some(value) = referred(entries, bound) {
                    Node::Scalar(Scalar::quoted(value))
                } else {
                    let mut out = Vec::with_capacity(entries.len());
                    let mut taken = HashSet::new();
                    self.members(entries, bound, &mut out, &mut taken);
                    Node::Map(out)
                }
            }
        };
        Tree { value, span: tree.span.clone() }
    }

    fn members(
        &self,
        entries: &[Entry],
        bound: &[Bound<'_>],
        out: &mut Vec<Entry>,
        taken: &mut HashSet<String>,
    ) {
        for entry in entries {
            if self.exhausted() {
                return;
            }
            if entry.key == LOOP || entry.key.starts_with("Fn::ForEach::") {
                self.repeat(entry, bound, out, taken);
                continue;
            }
            let key = self.text(&entry.key, bound, &entry.key_span);
            if taken.insert(key.clone()) {
                let value = self.loops(&entry.value, bound);
                out.push(Entry { key: key.into(), key_span: entry.key_span.clone(), value });
            } else {
                let message = format!("the loop makes the key `{key}` twice");
                let help = "use every identifier in the key, and every item once".to_owned();
                self.here.error("M1004", &entry.key_span, message, Some(help));
            }
        }
    }

    fn exhausted(&self) -> bool {
        let budget = self.budget.borrow();
        budget.told && budget.values == 0
    }

    /// Writes one `Fn::ForEach::Name: [Identifier, Collection, {Key: Value}]` out.
    fn repeat(&self, entry: &Entry, bound: &[Bound<'_>], out: &mut Vec<Entry>, taken: &mut HashSet<String>) {
        let fail = |span: &Span, message: String, help: &str| {
            self.here.error("M1101", span, message, Some(help.to_owned()));
        };
        let name = entry.key.strip_prefix("Fn::ForEach::").unwrap_or_default();
        if !is_word(name) {
            let message = format!("`{}` names no loop", entry.key);
            fail(
                &entry.key_span,
                message,
                "a loop's key is `Fn::ForEach::Name`, the name letters and digits",
            );
            return;
        }
        let form = "a loop is a list of an identifier, a collection, and an object to repeat";
        let Some([identifier, collection, body]) = entry.value.as_list() else {
            fail(&entry.value.span, format!("the loop `{name}` is no list of three"), form);
            return;
        };
        let Some(variable) = identifier.as_name().filter(|name| is_word(name)) else {
            fail(&identifier.span, "an identifier is letters and digits".to_owned(), form);
            return;
        };
        let scope = self.here.scope;
        let clash = bound.iter().any(|outer| outer.name == variable)
            || scope.parameters.contains_key(variable)
            || scope.outline.resource(variable).is_some();
        if clash {
            let message = format!("the identifier `{variable}` already means something else");
            fail(&identifier.span, message, "choose a name that no parameter, resource or outer loop has");
            return;
        }
        if bound.len() >= MAX_LOOPS {
            let message = format!("loops are nested more than {MAX_LOOPS} deep");
            fail(&entry.key_span, message, "CloudFormation's own limit; write one of them out");
            return;
        }
        let Some(members) = body.as_map().filter(|members| !members.is_empty()) else {
            fail(&body.span, format!("the loop `{name}` repeats no object"), form);
            return;
        };
        for member in members.iter().filter(|member| !member.key.starts_with("Fn::ForEach::")) {
            let marks = [format!("${{{variable}}}"), format!("&{{{variable}}}")];
            if !marks.iter().any(|mark| member.key.contains(mark.as_str())) {
                let message = format!("the key `{}` does not contain `${{{variable}}}`", member.key);
                fail(&member.key_span, message, "without it every pass would make the same key");
                return;
            }
        }
        for value in self.collection(collection, bound).unwrap_or_default() {
            let mut inner = bound.to_vec();
            inner.push(Bound { name: variable, value: &value });
            self.members(members, &inner, out, taken);
        }
    }

    /// The texts a loop goes through; `None` after a mistake.
    fn collection(&self, tree: &Tree, bound: &[Bound<'_>]) -> Option<Vec<String>> {
        let tree = self.arena.keep(self.loops(tree, bound))?;
        self.here.resolve(tree);
        let item = self.here.eval(tree);
        let fail = |span: &Span, found: &str| {
            let message =
                format!("a collection is a list of texts that are known while planning, not {found}");
            let help = "a list, or a parameter of type CommaDelimitedList".to_owned();
            self.here.error("M1101", span, message, Some(help));
            None
        };
        match &item.kind {
            Kind::Poison => None,
            Kind::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    match &item.kind {
                        Kind::Scalar(scalar) => texts.push(scalar.as_text().to_owned()),
                        Kind::Poison => return None,
                        _ => return fail(&item.span, item.describe()),
                    }
                }
                Some(texts)
            }
            _ => fail(&tree.span, item.describe()),
        }
    }

    /// `${Name}` is the value, `&{Name}` its letters and digits.
    fn text(&self, text: &str, bound: &[Bound<'_>], span: &Span) -> String {
        if bound.is_empty() || !text.contains('{') {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['$', '&']) {
            out.push_str(&rest[..at]);
            let (mark, tail) = rest[at..].split_at(1);
            let found = tail.strip_prefix('{').and_then(|body| {
                let (name, after) = body.split_once('}')?;
                let value = bound.iter().find(|bound| bound.name == name)?.value;
                Some((value, after))
            });
            match found {
                Some((value, after)) => {
                    if !self.spend(value.len(), span) {
                        return String::new();
                    }
                    if mark == "$" {
                        out.push_str(value);
                    } else {
                        out.extend(value.chars().filter(char::is_ascii_alphanumeric));
                    }
                    rest = after;
                }
                None => {
                    out.push_str(mark);
                    rest = tail;
                }
            }
        }
        out.push_str(rest);
        if !self.spend(out.len(), span) {
            return String::new();
        }
        out
    }

    fn resources(&self, tree: &Tree) -> Tree {
        let Some(entries) = tree.as_map() else { return tree.clone() };
        let resources = entries.iter().map(|resource| {
            let Some(attributes) = resource.value.as_map() else { return resource.clone() };
            let mut out = Vec::with_capacity(attributes.len());
            for attribute in attributes {
                let named =
                    matches!(attribute.key.as_str(), "Condition" | "DeletionPolicy" | "UpdateReplacePolicy");
                let value = if named && attribute.value.as_map().is_some_and(|m| intrinsic(m).is_some()) {
                    match self.name(&attribute.value, &format!("`{}`", attribute.key)) {
                        Some(value) => value,
                        None => continue,
                    }
                } else {
                    self.names(&attribute.value)
                };
                out.push(Entry { value, ..attribute.clone() });
            }
            let value = Tree { value: Node::Map(out), span: resource.value.span.clone() };
            Entry { value, ..resource.clone() }
        });
        Tree { value: Node::Map(resources.collect()), span: tree.span.clone() }
    }

    /// The text that a function in the place of a name gives; `None` if the whole attribute is left out.
    fn name(&self, tree: &Tree, what: &str) -> Option<Tree> {
        let kept = self.arena.keep(tree.clone())?;
        self.here.resolve(kept);
        let before = self.here.plan.problems.borrow().len();
        let item = self.here.eval(kept);
        if item.kind == Kind::NoValue {
            return None;
        }
        let text = if self.here.plan.problems.borrow().len() > before {
            None
        } else {
            self.here.text_of(&item, &tree.span, what)
        };
        // A name that could not be determined has been reported; the attribute goes.
        Some(Tree { value: Node::Scalar(Scalar::quoted(text?)), span: tree.span.clone() })
    }

    /// A copy in which the names in `Ref` and `Fn::GetAtt` are plain.
    fn names(&self, tree: &Tree) -> Tree {
        let value = match &tree.value {
            Node::Null | Node::Scalar(_) => return tree.clone(),
            Node::List(items) => Node::List(items.iter().map(|item| self.names(item)).collect()),
            Node::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Ref" || only.key == "Fn::GetAtt" => match self.plain(only) {
                    Some(entry) => Node::Map(vec![entry]),
                    // What is wrong has been told; the rest of evaluation is silent about it.
                    None => return tree.clone(),
                },
                _ => {
                    let copy = |entry: &Entry| Entry { value: self.names(&entry.value), ..entry.clone() };
                    Node::Map(entries.iter().map(copy).collect())
                }
            },
        };
        Tree { value, span: tree.span.clone() }
    }

    /// A reference whose names are plain; `None` after a mistake.
    fn plain(&self, entry: &Entry) -> Option<Entry> {
        let what = format!("the name in {}", entry.key);
        let one = |tree: &Tree| {
            let function = tree.as_map().is_some_and(|entries| intrinsic(entries).is_some());
            if function { self.name(tree, &what) } else { Some(tree.clone()) }
        };
        let value = match &entry.value.value {
            Node::List(items) if entry.key == "Fn::GetAtt" => {
                let items: Option<Vec<Tree>> = items.iter().map(one).collect();
                Tree { value: Node::List(items?), span: entry.value.span.clone() }
            }
            _ => one(&entry.value)?,
        };
        Some(Entry { value, ..entry.clone() })
    }
}

/// The value of `!Ref Identifier`.
fn referred<'b>(entries: &[Entry], bound: &[Bound<'b>]) -> Option<&'b str> {
    let [only] = entries else { return None };
    let name = only.value.as_name().filter(|_| only.key == "Ref")?;
    bound.iter().find(|bound| bound.name == name).map(|bound| bound.value)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Problems {
    /// All findings, in the order in which they were made.
    fn into_all(self) -> Vec<Diagnostic> {
        match self.finish() {
            Ok(all) | Err(all) => all,
        }
    }
}

#[cfg(test)]
#[path = "extend_tests.rs"]
mod tests;
