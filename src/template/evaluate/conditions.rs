//! The `Conditions` and `Rules` sections.

use serde_json::Value as Json;

use super::{
    names::intrinsic,
    plan::{Eval, MAX_CHAIN, Place},
};
use crate::{
    model::{
        Call, Span, Value,
        dynamic::is_dynamic,
        item::{Item, Kind},
    },
    syntax::{Entry, Tree},
};

impl<'p> Eval<'_, 'p> {
    /// Whether a condition holds; `None` if that could not be decided, which has been reported.
    pub(super) fn condition(self, name: &'p str) -> Option<bool> {
        let entry = *self.scope.outline.conditions.get(name)?;
        let state = self.scope.conditions.borrow().get(name).copied();
        match state {
            Some(Some(decided)) => return decided,
            Some(None) => {
                self.error(
                    "M1047",
                    &entry.key_span,
                    format!("the condition `{name}` depends on itself"),
                    None,
                );
                return None;
            }
            None => {}
        }
        let chain = self.plan.chain.get();
        if chain >= MAX_CHAIN {
            let message = format!("conditions refer to each other more than {MAX_CHAIN} times in a row");
            self.error("M1047", &entry.key_span, message, None);
            return None;
        }
        self.scope.conditions.borrow_mut().insert(name, None);
        self.plan.chain.set(chain + 1);
        let decided = Eval { place: Place::Condition, address: None, ..self }.truth(&entry.value);
        self.plan.chain.set(chain);
        self.scope.conditions.borrow_mut().insert(name, Some(decided));
        decided
    }

    /// The truth of a condition function.
    pub(super) fn truth(&self, tree: &'p Tree) -> Option<bool> {
        self.deeper(&tree.span, || self.truth_inside(tree)).flatten()
    }

    fn truth_inside(&self, tree: &'p Tree) -> Option<bool> {
        let entries = tree.as_map().unwrap_or_default();
        let function = match entries {
            [only] if only.key == "Condition" => {
                let name = only.value.as_name()?;
                return Eval { place: Place::Condition, ..*self }.condition(name);
            }
            _ => intrinsic(entries),
        };
        let Some(function) = function else {
            let message = format!("a condition is a function like Fn::Equals, not {}", tree.describe());
            self.error("M1041", &tree.span, message, None);
            return None;
        };
        match function.key.as_str() {
            "Fn::And" => self.several(function, true),
            "Fn::Or" => self.several(function, false),
            "Fn::Not" => match function.value.as_list() {
                Some([only]) => self.truth(only).map(|truth| !truth),
                _ => self.arity(function, "a list of one condition"),
            },
            "Fn::Equals" => match function.value.as_list() {
                Some([left, right]) => self.equals(left, right),
                _ => self.arity(function, "a list of two values"),
            },
            "Fn::Contains" if self.place == Place::Rule => match function.value.as_list() {
                Some([list, value]) => {
                    let (list, value) = (self.plain(list)?, self.plain(value)?);
                    Some(list.as_array().is_some_and(|items| items.contains(&value)))
                }
                _ => self.arity(function, "a list of values and a value"),
            },
            "Fn::EachMemberEquals" if self.place == Place::Rule => match function.value.as_list() {
                Some([list, value]) => {
                    let (list, value) = (self.plain(list)?, self.plain(value)?);
                    Some(list.as_array().is_some_and(|items| items.iter().all(|item| *item == value)))
                }
                _ => self.arity(function, "a list of values and a value"),
            },
            "Fn::EachMemberIn" if self.place == Place::Rule => match function.value.as_list() {
                Some([list, allowed]) => {
                    let (list, allowed) = (self.plain(list)?, self.plain(allowed)?);
                    let (list, allowed) = (list.as_array()?, allowed.as_array()?);
                    Some(list.iter().all(|item| allowed.contains(item)))
                }
                _ => self.arity(function, "two lists of values"),
            },
            "Ref" | "Fn::FindInMap" | "Fn::Join" | "Fn::Length" | "Fn::Select" | "Fn::Split" | "Fn::Sub" => {
                let message = format!("`{}` gives a value, not a condition", function.key);
                let help = "compare it: Fn::Equals: [value, 'true']".to_owned();
                self.error("M1041", &function.key_span, message, Some(help));
                None
            }
            // What stands in the wrong place has been reported with its name.
            _ => None,
        }
    }

    fn arity<T>(&self, function: &Entry, wanted: &str) -> Option<T> {
        self.error("M1041", &function.value.span, format!("{} takes {wanted}", function.key), None);
        None
    }

    /// `Fn::And` (`all`) and `Fn::Or`; all members are looked at, so that all their mistakes are found.
    fn several(&self, function: &'p Entry, all: bool) -> Option<bool> {
        let Some(items @ [_, _, ..]) = function.value.as_list().filter(|items| items.len() <= 10) else {
            return self.arity(function, "a list of two to ten conditions");
        };
        let truths: Vec<Option<bool>> = items.iter().map(|item| self.truth(item)).collect();
        if truths.contains(&Some(!all)) {
            return Some(!all);
        }
        truths.iter().all(Option::is_some).then_some(all)
    }

    fn equals(&self, left: &'p Tree, right: &'p Tree) -> Option<bool> {
        for (one, other) in [(left, right), (right, left)] {
            // The one thing that is known of an id, a name or an ARN before it is there: it is no empty text.
            if one.as_text() == Some("")
                && matches!(self.eval(other).kind, Kind::Deferred(value) if is_filled(&value))
            {
                return Some(false);
            }
        }
        // Both sides, so that the mistakes of both are found.
        let (left, right) = (self.plain(left), self.plain(right));
        Some(left? == right?)
    }

    /// Conditions are decided while planning; what a nested stack is passed may be known later only.
    fn only_resources_tell(&self, value: &Value, span: &Span) {
        let mut first = None;
        value.references(&mut |reference| first = first.or(Some(reference)));
        if let Some(reference) = first {
            let message = format!("the value is that of {reference}, which is not known while planning");
            let help =
                "pass the nested stack a value of a parameter for its condition, and this value beside it";
            self.error("M1050", span, message, Some(help.to_owned()));
        }
    }

    /// A value in which every scalar is a text, as CloudFormation compares them.
    fn plain(&self, tree: &'p Tree) -> Option<Json> {
        let item = self.eval(tree);
        if let Kind::Deferred(value) = &item.kind {
            self.only_resources_tell(value, &tree.span);
        }
        if item.is_poisoned() || !item.is_known() {
            return None;
        }
        if item.any_text(&is_dynamic) {
            // A rule about a value that only AWS knows is AWS's to check.
            if self.place == Place::Condition {
                let message = "the value is kept in SSM or Secrets Manager and not known while planning";
                self.error("M1050", &tree.span, message, Some("use a parameter with a plain value".into()));
            }
            return None;
        }
        Some(texts(&item))
    }

    /// Checks the rules of a stack.
    pub(super) fn check_rules(self) {
        let here = Eval { place: Place::Rule, ..self };
        for rule in self.scope.outline.rules {
            if let Some(condition) = rule.value.get("RuleCondition").filter(|tree| here.unanswered(tree)) {
                let message =
                    format!("the rule `{}` is not checked: it asks for facts of the account", rule.key);
                here.warning("M1107", &condition.span, message);
                continue;
            }
            let applies =
                rule.value.get("RuleCondition").is_none_or(|condition| here.truth(condition) == Some(true));
            if !applies {
                continue;
            }
            let Some(assertions) = rule.value.get("Assertions").and_then(Tree::as_list) else {
                here.error(
                    "M1021",
                    &rule.key_span,
                    format!("the rule `{}` has no `Assertions`", rule.key),
                    None,
                );
                continue;
            };
            for assertion in assertions {
                let Some(assert) = assertion.get("Assert") else {
                    here.error("M1021", &assertion.span, "the assertion has no `Assert`", None);
                    continue;
                };
                if here.unanswered(assert) {
                    let message =
                        format!("the rule `{}` is not checked: it asks for facts of the account", rule.key);
                    here.warning("M1107", &assertion.span, message);
                    continue;
                }
                if here.truth(assert) == Some(false) {
                    let description =
                        assertion.get("AssertDescription").and_then(Tree::as_text).map(str::to_owned);
                    let message = format!("the parameters break the rule `{}`", rule.key);
                    here.error("M1056", &assertion.span, message, description);
                }
            }
        }
    }
}

/// Whether something of a text is certain, so that it is not empty: an id in it, or a literal part.
fn is_filled(value: &Value) -> bool {
    match value {
        Value::Attribute(_) => true,
        Value::String(text) => !text.is_empty() && !is_dynamic(text),
        Value::List(items) => items.iter().any(is_filled),
        Value::Call(call) => match &**call {
            Call::Concat(parts) => parts.iter().any(is_filled),
            Call::Join { list: text, .. } | Call::Split { text, .. } => is_filled(text),
            _ => false,
        },
        _ => false,
    }
}

fn texts(item: &Item) -> Json {
    match &item.kind {
        Kind::Scalar(scalar) => Json::String(scalar.as_text().to_owned()),
        Kind::List(items) => Json::Array(items.iter().map(texts).collect()),
        _ => item.to_value().known().unwrap_or(Json::Null),
    }
}
