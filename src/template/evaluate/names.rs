//! Resolves every name of a template, in branches that are not taken too, before anything is evaluated.

use super::{
    extend::{LOOP, NEEDS_TRANSFORM, TRANSFORM},
    plan::{Eval, Place, Section},
    sub::{self, GetAtt, Part},
};
use crate::{
    error::{Problems, hint, suggest},
    model::Span,
    resources::{custom, registry},
    schema,
    syntax::{Entry, Node, Tree},
};

/// Names that need no declaration.
pub(super) const PSEUDO: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Functions that make values.
const VALUE_FUNCTIONS: &[&str] = &[
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
];

/// Functions that make truths.
const CONDITION_FUNCTIONS: &[&str] = &["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];

/// Functions of the `Rules` section alone.
const RULE_FUNCTIONS: &[&str] = &[
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

/// Value functions that need nothing but parameters and mappings.
const EARLY_FUNCTIONS: &[&str] =
    &["Fn::FindInMap", "Fn::Join", "Fn::Length", "Fn::Select", "Fn::Split", "Fn::Sub"];

/// The one function an object stands for.
pub(super) fn intrinsic(entries: &[Entry]) -> Option<&Entry> {
    match entries {
        [only] if only.key == "Ref" || only.key.starts_with("Fn::") => Some(only),
        _ => None,
    }
}

impl<'p> Eval<'_, 'p> {
    /// Resolves the names of a whole stack and notes what is used.
    pub(super) fn resolve_stack(self) {
        let outline = &self.scope.outline;
        let conditions = Eval { place: Place::Condition, ..self };
        for entry in outline.conditions.values() {
            conditions.resolve(&entry.value);
        }
        let rules = Eval { place: Place::Rule, ..self };
        for rule in outline.rules {
            rules.resolve(&rule.value);
        }
        for (resource, address) in outline.resources.iter().zip(&self.scope.addresses) {
            let here = self.at(address);
            for tree in [resource.properties, resource.metadata, resource.update_policy].into_iter().flatten()
            {
                here.resolve(tree);
            }
            if let Some(name) = resource.condition {
                here.condition_name(name.text, name.span);
            }
            for needed in &resource.depends_on {
                if needed.text == resource.id.text {
                    here.error("M1057", needed.span, "the resource depends on itself", None);
                } else if outline.resource(needed.text).is_none() {
                    let message = format!("DependsOn: the template has no resource `{}`", needed.text);
                    here.error("M1057", needed.span, message, here.near(needed.text, here.resource_ids()));
                }
            }
        }
        for output in &outline.outputs {
            for tree in [output.value, output.export].into_iter().flatten() {
                self.resolve(tree);
            }
            if let Some(name) = output.condition {
                self.condition_name(name.text, name.span);
            }
        }
    }

    /// Warns of declarations that nothing refers to.
    pub(super) fn warn_unused(self) {
        let outline = &self.scope.outline;
        let used = self.scope.used.borrow();
        let mut problems = self.plan.problems.borrow_mut();
        let warn = |code, section, what: &str, name: &'p str, span: &Span, problems: &mut Problems| {
            let early = self.plan.used.get(self.scope.index);
            if !used.contains(&(section, name))
                && !early.is_some_and(|early| early.contains(&(section, name.to_owned())))
            {
                problems.warning(code, Some(span), format!("the {what} `{name}` is never used"));
            }
        };
        for entry in outline.parameters {
            warn("M1060", Section::Parameter, "parameter", &entry.key, &entry.key_span, &mut problems);
        }
        for name in &outline.condition_names {
            warn("M1061", Section::Condition, "condition", name.text, name.span, &mut problems);
        }
        for name in &outline.mapping_names {
            warn("M1062", Section::Mapping, "mapping", name.text, name.span, &mut problems);
        }
    }

    fn resource_ids(&self) -> impl Iterator<Item = &'p str> + Clone + use<'_, 'p> {
        self.scope.outline.resources.iter().map(|resource| resource.id.text)
    }

    fn near<'c>(&self, name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
        if !self.patient() {
            return None;
        }
        suggest(name, candidates).map(|near| format!("did you mean `{near}`?"))
    }

    fn condition_name(&self, name: &'p str, span: &Span) {
        let known = &self.scope.outline.conditions;
        self.scope.mark(Section::Condition, name);
        if !known.contains_key(name) {
            let help = self.patient().then(|| hint(name, "conditions", known.keys().copied())).flatten();
            self.error("M1046", span, format!("the template has no condition `{name}`"), help);
        }
    }

    /// A loop that nothing has written out.
    fn misplaced_loop(&self, name: &str, span: &Span) {
        if self.scope.outline.extended {
            let help = "loops stand in `Conditions`, `Resources` and `Outputs`".to_owned();
            self.error("M1042", span, format!("`{name}` cannot be used here"), Some(help));
        } else {
            let message = format!("`{name}` needs the transform {TRANSFORM}");
            self.error("M1100", span, message, Some(NEEDS_TRANSFORM.to_owned()));
        }
    }

    /// Resolves the names inside a value.
    pub(super) fn resolve(&self, tree: &'p Tree) {
        match &tree.value {
            Node::Null | Node::Scalar(_) => {}
            Node::List(items) => items.iter().for_each(|item| self.resolve(item)),
            Node::Map(entries) => {
                if let Some(function) = intrinsic(entries) {
                    self.function(function);
                    return;
                }
                if let ([only], Place::Condition | Place::Rule) = (entries.as_slice(), self.place)
                    && only.key == "Condition"
                {
                    match only.value.as_name() {
                        Some(name) => self.condition_name(name, &only.value.span),
                        None => self.error(
                            "M1041",
                            &only.value.span,
                            "Condition takes the name of a condition",
                            None,
                        ),
                    }
                    return;
                }
                for entry in entries {
                    if entry.key.starts_with("Fn::ForEach::") {
                        self.misplaced_loop(&entry.key, &entry.key_span);
                    } else if entry.key.starts_with("Fn::") {
                        let message = format!("`{}` must be the only key of its object", entry.key);
                        self.error("M1041", &entry.key_span, message, None);
                    }
                    self.resolve(&entry.value);
                }
            }
        }
    }

    fn function(&self, entry: &'p Entry) {
        let (name, argument) = (entry.key.as_str(), &entry.value);
        self.allowed(name, &entry.key_span);
        match name {
            "Ref" => match argument.as_name() {
                Some(target) => self.reference(target, &argument.span),
                None if self.told(argument) => {}
                None => self.error(
                    "M1041",
                    &argument.span,
                    format!("Ref takes the name of a parameter or resource, not {}", argument.describe()),
                    self.extensible(argument),
                ),
            },
            "Fn::GetAtt" => match sub::get_att(argument) {
                Some(GetAtt::Dotted(id, attribute)) => self.attribute(id, Some(attribute), &argument.span),
                Some(GetAtt::List(id, attribute)) => {
                    self.attribute(id, attribute.as_name(), &argument.span);
                    self.resolve(attribute);
                }
                None if self.told(argument)
                    || argument.as_list().unwrap_or_default().iter().any(|name| self.told(name)) => {}
                None => self.error(
                    "M1041",
                    &argument.span,
                    "Fn::GetAtt takes Resource.Attribute, or a list of the two",
                    argument
                        .as_list()
                        .unwrap_or(std::slice::from_ref(argument))
                        .first()
                        .and_then(|name| self.extensible(name)),
                ),
            },
            "Fn::Sub" => match sub::arguments(argument) {
                Some((text, variables)) => self.sub(text, variables),
                None => self.error(
                    "M1041",
                    &argument.span,
                    "Fn::Sub takes a text, or a list of a text and an object with variables",
                    None,
                ),
            },
            "Fn::RefAll" | "Fn::ValueOf" | "Fn::ValueOfAll" => self.facts(entry),
            "Fn::FindInMap" => {
                self.find_in_map_form(argument);
                if let Some(map) =
                    argument.as_list().and_then(|items| items.first()).filter(|m| m.as_scalar().is_some())
                {
                    let name = map.as_name().unwrap_or_default();
                    self.scope.mark(Section::Mapping, name);
                    let known = &self.scope.outline.mappings;
                    if !known.contains_key(name) {
                        let help = hint(name, "mappings", known.keys().copied());
                        self.error("M1045", &map.span, format!("the template has no mapping `{name}`"), help);
                    }
                } else if let Some(map) = argument.as_list().and_then(|items| items.first()) {
                    // The name is computed: any mapping may be meant.
                    self.scope
                        .outline
                        .mapping_names
                        .iter()
                        .for_each(|m| self.scope.mark(Section::Mapping, m.text));
                    self.resolve(map);
                }
                for item in argument.as_list().unwrap_or_default().iter().skip(1) {
                    self.resolve(item);
                }
            }
            "Fn::If" => {
                let items = argument.as_list().unwrap_or_default();
                if let Some(condition) = items.first() {
                    match condition.as_name() {
                        Some(name) => self.condition_name(name, &condition.span),
                        None => self.error(
                            "M1041",
                            &condition.span,
                            "Fn::If takes the name of a condition first",
                            Some("declare the condition under `Conditions` and name it here".into()),
                        ),
                    }
                }
                items.iter().skip(1).for_each(|item| self.resolve(item));
            }
            _ => self.resolve(argument),
        }
    }

    /// Functions of rules that ask for facts of the account.
    fn facts(&self, entry: &'p Entry) {
        let argument = &entry.value;
        if entry.key == "Fn::RefAll" {
            if argument.as_text().is_none() {
                let message = "Fn::RefAll takes the name of a parameter type";
                self.error("M1041", &argument.span, message, None);
            }
            return;
        }
        match argument.as_list() {
            Some([of, attribute]) if of.as_name().is_some() && attribute.as_name().is_some() => {
                let name = of.as_name().unwrap_or_default();
                if entry.key == "Fn::ValueOf" {
                    self.reference(name, &of.span);
                }
            }
            _ => {
                let of = if entry.key == "Fn::ValueOf" { "a parameter" } else { "a parameter type" };
                let message = format!("{} takes {of} and an attribute", entry.key);
                self.error("M1041", &argument.span, message, None);
            }
        }
    }

    /// `Fn::FindInMap` by itself takes texts, Ref and itself; the transform makes more of it.
    fn find_in_map_form(&self, argument: &'p Tree) {
        if self.scope.outline.extended {
            return;
        }
        for (at, item) in argument.as_list().unwrap_or_default().iter().enumerate() {
            let function = item.as_map().and_then(intrinsic).map(|entry| entry.key.as_str());
            let message = match function {
                _ if at == 3 => "a default in Fn::FindInMap",
                None | Some("Ref" | "Fn::FindInMap") => continue,
                Some(_) => "another function than Ref and Fn::FindInMap in Fn::FindInMap",
            };
            let message = format!("{message} needs the transform {TRANSFORM}");
            self.error("M1100", &item.span, message, Some(NEEDS_TRANSFORM.to_owned()));
        }
    }

    /// A function in the place of a name is only left over if something is wrong with it.
    fn told(&self, tree: &Tree) -> bool {
        self.scope.outline.extended
            && self.place != Place::Rule
            && tree.as_map().is_some_and(|entries| intrinsic(entries).is_some())
    }

    /// What would make a function right where a name is wanted.
    fn extensible(&self, tree: &Tree) -> Option<String> {
        let function = tree.as_map().is_some_and(|entries| intrinsic(entries).is_some());
        (function && !self.scope.outline.extended).then(|| NEEDS_TRANSFORM.to_owned())
    }

    /// Whether the function exists and may stand here.
    fn allowed(&self, name: &str, span: &Span) {
        if name == "Ref" {
            return;
        }
        let lists = [VALUE_FUNCTIONS, CONDITION_FUNCTIONS, RULE_FUNCTIONS];
        if !lists.iter().any(|list| list.contains(&name)) {
            if name == "Fn::Transform" {
                let message = "`Fn::Transform` is not supported: macros run on AWS's side";
                self.error("M1022", span, message, Some("write the macro's result out".into()));
            } else if name == LOOP || name.starts_with("Fn::ForEach::") {
                self.misplaced_loop(name, span);
            } else {
                let help = self.near(name, lists.into_iter().flatten().copied());
                self.error("M1040", span, format!("`{name}` is no CloudFormation function"), help);
            }
            return;
        }
        if matches!(name, "Fn::Length" | "Fn::ToJsonString") && !self.scope.outline.extended {
            let message = format!("`{name}` needs the transform {TRANSFORM}");
            self.error("M1100", span, message, Some(NEEDS_TRANSFORM.to_owned()));
            return;
        }
        let (allowed, place, help) = match self.place {
            Place::Value => (
                VALUE_FUNCTIONS.contains(&name),
                "in a value",
                "declare a condition under `Conditions` and use it with Fn::If",
            ),
            Place::Condition => (
                CONDITION_FUNCTIONS.contains(&name) || EARLY_FUNCTIONS.contains(&name),
                "in a condition",
                "conditions use parameters, mappings and other conditions",
            ),
            Place::Rule => (
                CONDITION_FUNCTIONS.contains(&name) || RULE_FUNCTIONS.contains(&name),
                "in a rule",
                "rules use Fn::And, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::Equals, Fn::Not, Fn::Or, Fn::RefAll, Fn::ValueOf, Fn::ValueOfAll and Ref",
            ),
        };
        if !allowed {
            self.error("M1042", span, format!("`{name}` cannot be used {place}"), Some(help.to_owned()));
        }
    }

    fn reference(&self, name: &'p str, span: &Span) {
        let scope = self.scope;
        if scope.parameters.contains_key(name) {
            scope.mark(Section::Parameter, name);
            return;
        }
        if PSEUDO.contains(&name) {
            return;
        }
        let early = self.place != Place::Value;
        if scope.outline.resource(name).is_some() {
            if early {
                let message = format!("`{name}` is a resource; what it will be is not known here");
                self.error("M1042", span, message, Some("use parameters and mappings".into()));
            }
            return;
        }
        let parameters = scope.parameters.keys().copied();
        let candidates =
            parameters.chain(PSEUDO.iter().copied()).chain(self.resource_ids().filter(|_| !early));
        let message = format!("the template has no parameter or resource `{name}`");
        self.error("M1043", span, message, self.near(name, candidates));
    }

    fn attribute(&self, id: &'p str, attribute: Option<&str>, span: &Span) {
        let Some(resource) = self.scope.outline.resource(id) else {
            let message = format!("the template has no resource `{id}`");
            self.error("M1043", span, message, self.near(id, self.resource_ids()));
            return;
        };
        let Some((kind, attribute)) = resource.kind.zip(attribute) else { return };
        if resource.is_stack() {
            return self.attribute_of_stack(id, attribute, span);
        }
        let Some(schema) = schema::of(kind.text).filter(|_| !custom::is_open(kind.text)) else { return };
        if schema.attribute(attribute, registry::properties_are_attributes(kind.text)).is_none() {
            let known: Vec<String> = schema.attributes().collect();
            let help = match suggest(attribute, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => format!("{} has no attributes; use Ref", kind.text),
                None => format!("attributes: {}", known.join(", ")),
            };
            self.error("M1044", span, format!("{} has no attribute `{attribute}`", kind.text), Some(help));
        }
    }

    fn sub(&self, text: &'p Tree, variables: Option<&'p Tree>) {
        let own = variables.and_then(Tree::as_map).unwrap_or_default();
        for entry in own {
            self.resolve(&entry.value);
        }
        for part in sub::parts(text.as_scalar().map_or("", |scalar| &scalar.text)) {
            let Part::Name(name, raw) = part else { continue };
            if own.iter().any(|entry| entry.key == name) {
                continue;
            }
            let span = || sub::place(&text.span, raw);
            if !sub::is_name(name) {
                let help = format!("write `${{!{raw}}}` to keep it as it is");
                self.error("M1041", &span(), format!("`${{{raw}}}` is no name"), Some(help));
                continue;
            }
            match name.split_once('.') {
                Some((id, attribute)) => {
                    if self.place != Place::Value {
                        self.error("M1042", &span(), format!("`{name}` is not known here"), None);
                    } else if self.scope.outline.resource(id).is_some() {
                        self.attribute(id, Some(attribute), &span());
                    } else {
                        self.unknown_variable(id, raw, &span());
                    }
                }
                None if self.scope.parameters.contains_key(name)
                    || PSEUDO.contains(&name)
                    || self.scope.outline.resource(name).is_some() =>
                {
                    self.reference(name, &span());
                }
                None => self.unknown_variable(name, raw, &span()),
            }
        }
    }

    fn unknown_variable(&self, name: &str, raw: &str, span: &Span) {
        let candidates =
            self.scope.parameters.keys().copied().chain(PSEUDO.iter().copied()).chain(self.resource_ids());
        let help =
            self.near(name, candidates).unwrap_or_else(|| format!("write `${{!{raw}}}` to keep it as it is"));
        self.error("M1043", span, format!("the template has no parameter or resource `{name}`"), Some(help));
    }
}
