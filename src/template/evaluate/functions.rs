//! Values and intrinsic functions: what is known is computed, the rest waits in the graph.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{
    names::intrinsic,
    nested,
    parameters::Given,
    plan::{Eval, MAX_CHAIN, Place, Plan},
    sub::{self, GetAtt, Part},
};
use crate::{
    model::{
        Call, Reference, Span, Unknown, Value,
        dynamic::{self, is_dynamic},
        functions,
        item::{BYTES_AS_VALUE, Item, Kind, Member},
    },
    resources::{custom, registry},
    schema::{self, Attribute},
    syntax::{Entry, Node, Tree},
};

/// How placeholders of parameters begin.
const PARAMETER: &str = "{{resolve:parameter:";

impl<'p> Eval<'_, 'p> {
    /// Evaluates a value. What is wrong is reported and becomes poison.
    pub(super) fn eval(&self, tree: &'p Tree) -> Item {
        self.deeper(&tree.span, || self.eval_inside(tree)).unwrap_or_else(|| Item::poison(&tree.span))
    }

    fn eval_inside(&self, tree: &'p Tree) -> Item {
        let span = &tree.span;
        match &tree.value {
            Node::Null => Item::new(Kind::Null, span),
            Node::Scalar(scalar) => {
                self.literal(&scalar.text, span);
                Item::new(Kind::Scalar(scalar.clone()), span)
            }
            Node::List(items) => {
                // Sized up front: filtering iterators would grow step by step.
                let mut out = Vec::with_capacity(items.len());
                out.extend(
                    items.iter().map(|item| self.eval(item)).filter(|item| item.kind != Kind::NoValue),
                );
                Item::new(Kind::List(out), span)
            }
            Node::Map(entries) => match intrinsic(entries) {
                Some(function) => self.call(function, span),
                None => {
                    let members = entries.iter().map(|entry| Member {
                        key: entry.key.clone(),
                        key_span: entry.key_span.clone(),
                        value: self.eval(&entry.value),
                    });
                    let mut out = Vec::with_capacity(entries.len());
                    out.extend(members.filter(|member| member.value.kind != Kind::NoValue));
                    Item::new(Kind::Map(out), span)
                }
            },
        }
    }

    /// Checks a text of the template: a placeholder in it was not made by evaluation, whatever it looks like.
    fn literal(&self, text: &str, span: &Span) {
        if text.contains(PARAMETER) && self.place == Place::Value && !self.part {
            self.no_service(span);
        } else {
            self.dynamic(text, span);
        }
    }

    fn no_service(&self, span: &Span) {
        let message = "`parameter` is no service of dynamic references: ssm, ssm-secure or secretsmanager";
        self.error("M1054", span, message, None);
    }

    /// Checks the dynamic references of a whole text.
    pub(super) fn dynamic(&self, text: &str, span: &Span) {
        if self.part || !is_dynamic(text) {
            return;
        }
        if let Err(message) = dynamic::references(text) {
            let help = "for example {{resolve:secretsmanager:NAME:SecretString:password}}".to_owned();
            self.error("M1054", span, message, Some(help));
        } else if text.contains(PARAMETER) && self.place == Place::Value && !self.is_own(text) {
            self.no_service(span);
        }
    }

    /// A text that waits for a resource: its dynamic references are checked with something in the place of
    /// what is not known yet.
    pub(super) fn waiting(&self, call: Call, span: &Span) -> Item {
        let item = Item::call(call, span);
        if item.any_text(&is_dynamic)
            && let Kind::Deferred(value) = &item.kind
            && let Ok(Json::String(text)) = value.resolve(&|_| Some(Json::String("1".to_owned())))
        {
            self.dynamic(&text, span);
        }
        item
    }

    pub(super) fn inside(self) -> Self {
        Self { part: true, ..self }
    }

    /// Whether the text holds a placeholder that evaluation made.
    fn is_own(&self, text: &str) -> bool {
        self.plan.secrets.keys().any(|placeholder| text.contains(placeholder))
    }

    fn call(&self, entry: &'p Entry, span: &Span) -> Item {
        let argument = &entry.value;
        match entry.key.as_str() {
            "Ref" => {
                argument.as_name().map_or_else(|| Item::poison(span), |name| self.reference_to(name, span))
            }
            "Fn::GetAtt" => self.get_att(argument, span),
            "Fn::Sub" => self.substitute(argument, span),
            "Fn::Join" => self.join(entry, span),
            "Fn::Split" => self.split(entry, span),
            "Fn::Select" => self.select(entry, span),
            "Fn::GetAZs" => self.zones(entry, span),
            "Fn::Cidr" => self.cidr(entry, span),
            "Fn::Base64" => self.unary(entry, span, Call::Base64, "Fn::Base64"),
            "Fn::Length" => self.unary(entry, span, Call::Length, "Fn::Length"),
            "Fn::ToJsonString" => self.unary(entry, span, Call::ToJson, "Fn::ToJsonString"),
            "Fn::FindInMap" => self.find_in_map(entry, span),
            "Fn::If" => self.choose(entry, span),
            "Fn::ImportValue" => self.import(entry, span),
            "Fn::GetStackOutput" => self.stack_output(entry, span),
            "Fn::RefAll" => self.ref_all(argument, span),
            "Fn::ValueOf" => self.value_of(argument, span),
            "Fn::ValueOfAll" => self.value_of_all(argument, span),
            // Unknown and misplaced functions have been reported by name.
            _ => Item::poison(span),
        }
    }

    /// `Ref`.
    pub(super) fn reference_to(&self, name: &'p str, span: &Span) -> Item {
        let (plan, source) = (self.plan, self.scope.source);
        if let Some(parameter) = self.scope.parameters.get(name) {
            let hidden = parameter.no_echo && self.place == Place::Value;
            return match &parameter.value {
                Given::Missing => Item::poison(span),
                Given::Passed { list } => self.passed(name, *list, span),
                Given::Ssm(name) => Item::text(format!("{{{{resolve:ssm:{name}}}}}"), span),
                // A list whose items nobody knows here.
                Given::SsmList(name) => {
                    let text = Value::String(format!("{{{{resolve:ssm:{name}}}}}").into());
                    Item::call(Call::Split { separator: ",".to_owned(), text }, span)
                }
                Given::List(_) if hidden => {
                    let message =
                        format!("the list `{name}` is a NoEcho parameter, which works in conditions only");
                    self.error("M1055", span, message, Some("use a NoEcho parameter of type String".into()));
                    Item::poison(span)
                }
                Given::List(items) => {
                    let work = items.iter().map(|item| 1 + item.len() / BYTES_AS_VALUE).sum();
                    if self.spend(work, span).is_none() {
                        return Item::poison(span);
                    }
                    Item::texts(items.iter().cloned(), span)
                }
                Given::Text(_) if hidden => {
                    self.affordable(Item::text(parameter.placeholder.clone(), span), span)
                }
                Given::Text(text) => self.affordable(Item::text(text.clone(), span), span),
            };
        }
        let text = match name {
            "AWS::AccountId" => plan.env.account.clone(),
            "AWS::Partition" => plan.env.partition.clone(),
            "AWS::Region" => source.region.clone(),
            "AWS::StackName" => nested::stack_name(self.scope),
            "AWS::URLSuffix" => plan.env.url_suffix().to_owned(),
            "AWS::StackId" => nested::stack_id(plan.env, self.scope),
            "AWS::NoValue" => return Item::new(Kind::NoValue, span),
            "AWS::NotificationARNs" => return Item::new(Kind::List(Vec::new()), span),
            id => return self.attribute_of(id, "Ref", span),
        };
        Item::text(text, span)
    }

    fn get_att(&self, argument: &'p Tree, span: &Span) -> Item {
        match sub::get_att(argument) {
            Some(GetAtt::Dotted(id, attribute)) => self.attribute_of(id, attribute, span),
            Some(GetAtt::List(id, attribute)) => {
                match self.known_text(attribute, "the attribute of Fn::GetAtt") {
                    Some(attribute) => self.attribute_of(id, &attribute, span),
                    None => Item::poison(span),
                }
            }
            None => Item::poison(span),
        }
    }

    fn attribute_of(&self, id: &'p str, attribute: &str, span: &Span) -> Item {
        let Some(resource) = self.scope.outline.resource(id).filter(|_| self.place == Place::Value) else {
            return Item::poison(span);
        };
        if !self.exists(resource) {
            let condition = resource.condition.map_or("", |name| name.text);
            let message = format!("`{id}` is not made here: its condition `{condition}` does not hold");
            let (line, column) = resource.id.span.line_column();
            let file = resource.id.span.source.path.display();
            let help = format!(
                "guard the use: Fn::If: [{condition}, ..., !Ref AWS::NoValue]; `{id}` is declared at {file}:{line}:{column}"
            );
            self.error("M1048", span, message, Some(help));
            return Item::poison(span);
        }
        if resource.is_stack() {
            return self.of_stack(id, attribute, span);
        }
        let published = resource.kind.filter(|kind| !custom::is_open(kind.text));
        let schema = published.and_then(|kind| schema::of(kind.text));
        if attribute != "Ref"
            && let Some(schema) = schema
        {
            let open = registry::properties_are_attributes(resource.kind.map_or("", |kind| kind.text));
            match schema.attribute(attribute, open) {
                // Reported when names were resolved, unless the attribute's name was computed.
                None => return Item::poison(span),
                Some(Attribute::Output) => {}
                // Some types answer Fn::GetAtt for properties too: the template itself knows those.
                Some(Attribute::Property) => {
                    if let Some(item) = self.own_property(resource.properties, attribute, span) {
                        return item;
                    }
                }
            }
        }
        let Some(address) = self.scope.address(id).cloned() else { return Item::poison(span) };
        let reference = Reference { address, attribute: attribute.into() };
        Item::deferred(Value::Attribute(reference.into()), span)
    }

    /// The value a resource's own properties give for `A.B`.
    fn own_property(&self, properties: Option<&'p Tree>, path: &str, span: &Span) -> Option<Item> {
        if self.plan.chain.get() >= MAX_CHAIN {
            self.error("M1053", span, "Fn::GetAtt leads back to itself", None);
            return Some(Item::poison(span));
        }
        let mut names = path.split('.');
        let tree = properties?.get(names.next()?)?;
        self.plan.chain.set(self.plan.chain.get() + 1);
        // Counted before a member is taken out: all of it was made.
        let item = self.affordable(self.eval(tree), span);
        self.plan.chain.set(self.plan.chain.get() - 1);
        let item = names.try_fold(item, |item, name| item.get(name).map(|member| member.value.clone()))?;
        Some(Item { span: span.clone(), ..item })
    }

    fn substitute(&self, argument: &'p Tree, span: &Span) -> Item {
        let Some((text, variables)) = sub::arguments(argument) else { return Item::poison(span) };
        let own = variables.and_then(Tree::as_map).unwrap_or_default();
        let mut pieces = Vec::new();
        let mut known = String::new();
        let flush = |known: &mut String, pieces: &mut Vec<Value>| {
            if !known.is_empty() {
                pieces.push(Value::String(std::mem::take(known).into()));
            }
        };
        let mut poisoned = false;
        // Each name is evaluated once: a variable may hold a Fn::Sub of its own, and so on, and would otherwise
        // double with every use on every level.
        let mut seen: HashMap<&str, Option<Value>> = HashMap::new();
        for part in sub::parts(text.as_scalar().map_or("", |scalar| &scalar.text)) {
            let value = match part {
                Part::Literal(literal_text) => Some(Value::String(literal_text.into())),
                Part::Kept(name) => Some(Value::String(format!("${{{name}}}").into())),
                Part::Name(name, _) if seen.contains_key(name) => {
                    let seen = seen[name].clone();
                    let bytes = seen.as_ref().and_then(Value::as_str).map_or(0, str::len);
                    if self.spend(1 + bytes / BYTES_AS_VALUE, span).is_some() { seen } else { None }
                }
                Part::Name(name, raw) => {
                    let place = sub::place(&text.span, raw);
                    let item = match own.iter().find(|entry| entry.key == name) {
                        Some(entry) => self.inside().eval(&entry.value),
                        None => match name.split_once('.') {
                            Some((id, attribute)) => self.attribute_of(id, attribute, &place),
                            None => self.reference_to(name, &place),
                        },
                    };
                    let value = self.piece("Fn::Sub", &item);
                    seen.insert(name, value.clone());
                    value
                }
            };
            match value {
                None => poisoned = true,
                Some(Value::String(next)) => known.push_str(&next),
                Some(value) => {
                    flush(&mut known, &mut pieces);
                    pieces.push(value);
                }
            }
        }
        flush(&mut known, &mut pieces);
        let known: usize = pieces.iter().filter_map(Value::as_str).map(str::len).sum();
        if poisoned || self.fits("Fn::Sub", known, span).is_none() {
            return Item::poison(span);
        }
        match pieces.len() {
            0 => Item::text("", span),
            1 if matches!(pieces[0], Value::String(_)) => {
                let text = pieces[0].as_str().unwrap_or_default().to_owned();
                self.dynamic(&text, span);
                Item::text(text, span)
            }
            _ => self.waiting(Call::Concat(pieces), span),
        }
    }

    /// A value where a text is wanted; `None` after a mistake.
    pub(super) fn piece(&self, function: &str, item: &Item) -> Option<Value> {
        match &item.kind {
            Kind::Scalar(scalar) => Some(Value::String(scalar.as_text().into())),
            Kind::Deferred(value) => Some((**value).clone()),
            Kind::Poison => None,
            // CloudFormation writes lists with commas where a text is wanted.
            Kind::List(items) if items.iter().all(|item| matches!(item.kind, Kind::Scalar(_))) => {
                let texts = items.iter().filter_map(|item| match &item.kind {
                    Kind::Scalar(scalar) => Some(scalar.as_text()),
                    _ => None,
                });
                Some(Value::String(texts.collect::<Vec<_>>().join(",").into()))
            }
            _ => {
                let message = format!("{function} needs a text here, found {}", item.describe());
                self.error("M1049", &item.span, message, None);
                None
            }
        }
    }

    /// Refuses texts that are too long, and counts the others.
    pub(super) fn fits(&self, function: &str, length: usize, span: &Span) -> Option<()> {
        if let Err(Unknown::Invalid(message)) = functions::bounded(function, length) {
            self.error("M1102", span, message, None);
            return None;
        }
        self.spend(1 + length / BYTES_AS_VALUE, span)
    }

    /// Exactly `count` arguments.
    pub(super) fn arguments(
        &self,
        entry: &'p Entry,
        count: std::ops::RangeInclusive<usize>,
        wanted: &str,
    ) -> Option<&'p [Tree]> {
        let items = entry.value.as_list().filter(|items| count.contains(&items.len()));
        if items.is_none() {
            self.error("M1041", &entry.value.span, format!("{} takes {wanted}", entry.key), None);
        }
        items
    }

    pub(super) fn separator(&self, entry: &Entry, tree: &'p Tree) -> Option<String> {
        let text = tree.as_scalar().map(|scalar| scalar.text.to_string());
        if text.is_none() {
            let message = format!("the separator of {} is a text without functions", entry.key);
            self.error("M1041", &tree.span, message, None);
        }
        text
    }

    /// A text that must be known while planning.
    pub(super) fn known_text(&self, tree: &'p Tree, what: &str) -> Option<String> {
        self.text_of(&self.eval(tree), &tree.span, what)
    }

    /// The text of an evaluated value; what must be known while planning is no secret and waits for nothing.
    pub(super) fn text_of(&self, item: &Item, span: &Span, what: &str) -> Option<String> {
        match &item.kind {
            Kind::Scalar(scalar) if !is_dynamic(&scalar.text) => Some(scalar.text.to_string()),
            Kind::Poison => None,
            Kind::Scalar(_) | Kind::Deferred(_) => {
                let help = "use parameters, mappings and texts".to_owned();
                self.error("M1050", span, format!("{what} must be known while planning"), Some(help));
                None
            }
            _ => {
                let message = format!("{what} must be a text, not {}", item.describe());
                self.error("M1049", span, message, None);
                None
            }
        }
    }

    /// Refuses functions that would compute with the text that stands for a secret.
    pub(super) fn no_secret(&self, function: &str, item: &Item) -> Option<()> {
        if !item.any_text(&is_dynamic) {
            return Some(());
        }
        let message = format!("{function} cannot compute with a value that is read only when it is used");
        let help =
            "NoEcho parameters, SSM parameters and {{resolve:...}} can be passed on, joined and substituted";
        self.error("M1055", &item.span, message, Some(help.to_owned()));
        None
    }

    pub(super) fn invalid(&self, span: &Span, unknown: Unknown) -> Item {
        if let Unknown::Invalid(message) = unknown {
            self.error("M1049", span, message, None);
        }
        Item::poison(span)
    }
}

impl Plan<'_> {
    /// The value of an output, evaluated once.
    pub(super) fn output(&self, stack: usize, output: usize) -> Item {
        let scope = &self.scopes[stack];
        let declared = &scope.outline.outputs[output];
        let here = self.eval(scope, Place::Value);
        let span = declared.name.span;
        let Some(tree) = declared.value else { return Item::poison(span) };
        let state = self.outputs.borrow().get(&(stack, output)).cloned();
        match state {
            Some(Some(item)) => return item,
            Some(None) => {
                here.error(
                    "M1053",
                    span,
                    format!("the output `{}` leads back to itself", declared.name.text),
                    None,
                );
                return Item::poison(span);
            }
            None => {}
        }
        self.outputs.borrow_mut().insert((stack, output), None);
        let item = here.eval(tree);
        self.outputs.borrow_mut().insert((stack, output), Some(item.clone()));
        item
    }
}
