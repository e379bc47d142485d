//! Values of other stacks: `Fn::ImportValue` and `Fn::GetStackOutput`. The plan's own stacks answer first, then the ledgers
//! beside it, then the stacks that CloudFormation holds in the account. Without an account the latter are told to be open.

use super::{
    environment::Asked,
    plan::{Eval, Place},
};
use crate::{
    aws::lookup::{Answer, Question},
    error::{Diagnostic, hint},
    model::{Span, item::Item},
    syntax::Entry,
};

impl<'p> Eval<'_, 'p> {
    /// `Fn::ImportValue`: what an output of the same region exports.
    pub(super) fn import(&self, entry: &'p Entry, span: &Span) -> Item {
        // Elsewhere it has been refused by name.
        let name = (self.place == Place::Value)
            .then(|| self.known_text(&entry.value, "the name of Fn::ImportValue"));
        let Some(name) = name.flatten() else {
            return Item::poison(span);
        };
        let region = &self.scope.source.region;
        let exports = self.plan.exports.get(&name).map(Vec::as_slice).unwrap_or_default();
        let local = exports.iter().find(|(stack, _)| self.plan.scopes[*stack].source.region == *region);
        if let Some((stack, output)) = local {
            let item = Item { span: span.clone(), ..self.plan.output(*stack, *output) };
            return self.affordable(item, span);
        }
        let imports = &self.plan.env.imports;
        if let Some(foreign) = imports.get(region).and_then(|exports| exports.get(&name)) {
            self.scope.imports.borrow_mut().insert(name);
            return Item::from_json(&foreign.value, span);
        }
        let here = exports.iter().map(|(stack, _)| &self.plan.scopes[*stack].source.region);
        let there =
            imports.iter().filter(|(_, exports)| exports.contains_key(&name)).map(|(region, _)| region);
        let other = here.chain(there).next();
        let question = Question::Export { region: region.clone(), name: name.clone() };
        let foreign = imports.get(region).into_iter().flat_map(|exports| exports.keys());
        let known: Vec<&str> = self.plan.exports.keys().chain(foreign).map(String::as_str).collect();
        let asked = match other {
            // Without an account, a name of the plan's in another region is more likely wrong than the account's.
            Some(_) if self.plan.env.offline => Err((None, Vec::new())),
            _ => self.ask(question, &entry.value.span, ("exports", &name, &known)),
        };
        let (why, near) = match asked {
            Ok(item) => return Item { span: span.clone(), ..item },
            Err(answer) => answer,
        };
        if let Some(other) = other {
            let message = format!("`{name}` is exported in {other}, and this stack is in {region}");
            let help = "exports are seen only within their region; read the output with Fn::GetStackOutput and its Region, or hand \
                        the value over as a parameter"
                .to_owned();
            self.error("M1105", &entry.value.span, message, Some(help));
            return Item::poison(span);
        }
        let known: Vec<&str> = known.into_iter().chain(near.iter().map(String::as_str)).collect();
        let help = if self.patient() { hint(&name, "exports", known) } else { None };
        let message = match why {
            Some(why) => format!("nothing of the plan exports `{name}` in {region}; {why}"),
            None => format!("nothing exports `{name}`"),
        };
        self.error("M1052", &entry.value.span, message, help);
        Item::poison(span)
    }

    /// `Fn::GetStackOutput`: an output of another stack, exported or not ("AWS CloudFormation Template Reference,
    /// Fn::GetStackOutput"): of the plan, else of the account, in any region; by a role of another account too.
    pub(super) fn stack_output(&self, entry: &'p Entry, span: &Span) -> Item {
        const KEYS: &[&str] = &["StackName", "OutputName", "Region", "RoleArn"];
        if self.place != Place::Value {
            return Item::poison(span);
        }
        let Some(members) = entry.value.as_map() else {
            self.error("M1041", &entry.value.span, "Fn::GetStackOutput takes StackName and OutputName", None);
            return Item::poison(span);
        };
        if let Some(other) = members.iter().find(|member| !KEYS.contains(&member.key.as_str())) {
            let message = format!("`{}` is no argument of Fn::GetStackOutput", other.key);
            self.error("M1041", &other.key_span, message, Some(format!("it takes {}", KEYS.join(", "))));
            return Item::poison(span);
        }
        let written = |key: &str| members.iter().find(|member| member.key == key);
        let text =
            |key: &str| self.known_text(&written(key)?.value, &format!("the {key} of Fn::GetStackOutput"));
        let (Some(stack), Some(name)) = (text("StackName"), text("OutputName")) else {
            if ["StackName", "OutputName"].iter().any(|key| written(key).is_none()) {
                self.error(
                    "M1041",
                    &entry.value.span,
                    "Fn::GetStackOutput takes StackName and OutputName",
                    None,
                );
            }
            return Item::poison(span);
        };
        let region = match written("Region") {
            Some(_) => text("Region"),
            None => Some(self.scope.source.region.clone()),
        };
        let role = written("RoleArn").map(|_| text("RoleArn"));
        let (Some(region), false) = (region, role == Some(None)) else { return Item::poison(span) };
        let role = role.flatten();
        // arn:aws:iam::ACCOUNT:role/NAME
        let theirs = role.as_deref().and_then(|arn| arn.split(':').nth(4));
        let env = self.plan.env;
        let elsewhere = theirs.is_some_and(|account| !env.offline && account != env.account);
        let scopes = &self.plan.scopes;
        let own = scopes.iter().find(|scope| scope.source.name == stack && scope.source.region == region);
        let Some(scope) = own.filter(|_| !elsewhere) else {
            let question =
                Question::Output { region: region.clone(), stack: stack.clone(), output: name.clone(), role };
            let known: Vec<&str> = scopes.iter().map(|scope| scope.source.name.as_str()).collect();
            return match self.ask(question, &entry.value.span, ("stacks", &stack, &known)) {
                Ok(item) => Item { span: span.clone(), ..item },
                Err((why, near)) => {
                    let there = near.iter().map(String::as_str);
                    let (message, help) = match why {
                        Some(why) if why.ends_with("without that output") => (
                            format!("the stack `{stack}` has no output `{name}`: {why}"),
                            hint(&name, "outputs", there),
                        ),
                        Some(why) => (
                            format!("the plan has no stack `{stack}` in {region}; {why}"),
                            match near.is_empty() {
                                true => None,
                                false => {
                                    hint(&stack, "stacks", known.into_iter().chain(there).collect::<Vec<_>>())
                                }
                            },
                        ),
                        None => (format!("the plan has no stack `{stack}` in {region}"), None),
                    };
                    self.error("M1058", &entry.value.span, message, help);
                    Item::poison(span)
                }
            };
        };
        let outputs = &scope.outline.outputs;
        let there =
            |output: &&super::outline::OutputDecl<'p>| self.plan.eval(scope, Place::Value).is_output(output);
        match outputs.iter().position(|output| output.name.text == name && there(&output)) {
            Some(at) => {
                let item = Item { span: span.clone(), ..self.plan.output(scope.index, at) };
                self.affordable(item, span)
            }
            None => {
                let help = hint(&name, "outputs", outputs.iter().map(|output| output.name.text));
                let message = format!("the stack `{stack}` has no output `{name}`");
                self.error("M1058", &entry.value.span, message, help);
                Item::poison(span)
            }
        }
    }

    /// What CloudFormation told; else why it has no answer, and what it has instead. Where no account is asked, an open
    /// value with a note; `known` is what is asked for, and what the plan has of the kind.
    fn ask(
        &self,
        question: Question,
        span: &Span,
        (kind, name, known): (&str, &str, &[&str]),
    ) -> Result<Item, (Option<String>, Vec<String>)> {
        let stack = self.scope.source.name.split('/').next().unwrap_or_default().to_owned();
        let asked = Asked { stack, question: question.clone(), span: span.clone() };
        let mut all = self.plan.asked.borrow_mut();
        let again =
            all.iter().any(|other| (&other.stack, &other.question) == (&asked.stack, &asked.question));
        if !again {
            all.push(asked);
        }
        drop(all);
        match self.plan.env.stacks.get(&question) {
            Some(Answer::Told { value, .. }) => {
                self.dynamic(value, span);
                Ok(self.affordable(Item::text(value.clone(), span), span))
            }
            Some(Answer::Not { why, near }) => Err((Some(why.clone()), near.clone())),
            None if self.plan.env.offline => {
                if !again {
                    let message = format!("only the account can tell: {}", question.function());
                    let near = if self.patient() {
                        crate::error::suggest(name, known.iter().copied())
                    } else {
                        None
                    };
                    let help = match near {
                        Some(near) => {
                            format!("did you mean `{near}`? Of the plan's {kind}, that name is near")
                        }
                        None => format!(
                            "the plan has none of that name, so `migrate plan` and `migrate up` ask CloudFormation in {}",
                            question.region()
                        ),
                    };
                    let class = crate::error::Class::Plan;
                    let mut warning = Diagnostic::warning("M1124", class, self.plan.mask(message));
                    warning.address = self.address.cloned();
                    let warning = warning.span(Some(span.clone())).help(self.plan.mask(help));
                    self.plan.problems.borrow_mut().add(warning);
                }
                Ok(Item::poison(span))
            }
            None => Err((None, Vec::new())),
        }
    }
}
