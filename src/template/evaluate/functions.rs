//! Values and intrinsic functions: what is known is computed, the rest waits in the graph.

use serde_json::Value as Json;

use super::{
    names::intrinsic,
    parameters::Given,
    plan::{Eval, MAX_CHAIN, Place, Plan},
    sub::{self, GetAtt, Part},
};
use crate::{
    error::Span,
    graph::{Call, Reference, Unknown, Value, functions},
    schema::{self, Attribute},
    template::{
        item::{Item, Kind, Member},
        suggest::hint,
        syntax::{Entry, Node, Tree, dynamic_references, is_dynamic},
    },
};

impl<'p> Eval<'_, 'p> {
    /// Evaluates a value. What is wrong is reported and becomes poison.
    pub(super) fn eval(&self, tree: &'p Tree) -> Item {
        let span = &tree.span;
        match &tree.value {
            Node::Null => Item::new(Kind::Null, span),
            Node::Scalar(scalar) => {
                self.dynamic(&scalar.text, span);
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

    /// Checks the dynamic references of a whole text.
    fn dynamic(&self, text: &str, span: &Span) {
        if self.part || !is_dynamic(text) {
            return;
        }
        if let Err(message) = dynamic_references(text) {
            let help = "for example {{resolve:secretsmanager:NAME:SecretString:password}}".to_owned();
            self.error("M1054", span, message, Some(help));
        } else if text.contains("{{resolve:parameter:") && self.place == Place::Value && !self.is_own(text) {
            let message =
                "`parameter` is no service of dynamic references: ssm, ssm-secure or secretsmanager";
            self.error("M1054", span, message, None);
        }
    }

    /// A text that waits for a resource: its dynamic references are checked with something in the place of
    /// what is not known yet.
    fn waiting(&self, call: Call, span: &Span) -> Item {
        let item = Item::call(call, span);
        if item.any_text(&is_dynamic)
            && let Kind::Deferred(value) = &item.kind
            && let Ok(Json::String(text)) = value.resolve(&|_| Some(Json::String("1".to_owned())))
        {
            self.dynamic(&text, span);
        }
        item
    }

    fn inside(self) -> Self {
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
                Given::Ssm(name) => Item::text(format!("{{{{resolve:ssm:{name}}}}}"), span),
                Given::List(_) if hidden => {
                    let message =
                        format!("the list `{name}` is a NoEcho parameter, which works in conditions only");
                    self.error("M1055", span, message, Some("use a NoEcho parameter of type String".into()));
                    Item::poison(span)
                }
                Given::List(items) => Item::texts(items.iter().cloned(), span),
                Given::Text(_) if hidden => Item::text(parameter.placeholder.clone(), span),
                Given::Text(text) => Item::text(text.clone(), span),
            };
        }
        let text = match name {
            "AWS::AccountId" => plan.env.account.clone(),
            "AWS::Partition" => plan.env.partition.clone(),
            "AWS::Region" => source.region.clone(),
            "AWS::StackName" => source.name.clone(),
            "AWS::URLSuffix" => plan.env.url_suffix().to_owned(),
            "AWS::StackId" => format!(
                "arn:{}:cloudformation:{}:{}:stack/{}/migrate",
                plan.env.partition, source.region, plan.env.account, source.name
            ),
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
            let help = format!("guard the use: Fn::If: [{condition}, ..., !Ref AWS::NoValue]");
            self.error("M1048", span, message, Some(help));
            return Item::poison(span);
        }
        let schema = resource.kind.and_then(|kind| schema::of(kind.text));
        if attribute != "Ref"
            && let Some(schema) = schema
        {
            match schema.attribute(attribute) {
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
        let reference = Reference { address, attribute: attribute.to_owned() };
        Item::new(Kind::Deferred(Value::Attribute(reference)), span)
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
        let item = self.eval(tree);
        self.plan.chain.set(self.plan.chain.get() - 1);
        let item = names.try_fold(item, |item, name| item.get(name).map(|member| member.value.clone()))?;
        Some(Item { span: span.clone(), ..item })
    }

    fn substitute(&self, argument: &'p Tree, span: &Span) -> Item {
        let Some((text, variables)) = sub::arguments(argument) else { return Item::poison(span) };
        let own = variables.and_then(Tree::as_map).unwrap_or_default();
        let literal = |text: String| Value::String(text);
        let mut pieces = Vec::new();
        let mut poisoned = false;
        for part in sub::parts(text.as_scalar().map_or("", |scalar| &scalar.text)) {
            let value = match part {
                Part::Literal(literal_text) => Some(literal(literal_text.to_owned())),
                Part::Kept(name) => Some(literal(format!("${{{name}}}"))),
                Part::Name(name, raw) => {
                    let place = sub::place(&text.span, raw);
                    let item = match own.iter().find(|entry| entry.key == name) {
                        Some(entry) => self.inside().eval(&entry.value),
                        None => match name.split_once('.') {
                            Some((id, attribute)) => self.attribute_of(id, attribute, &place),
                            None => self.reference_to(name, &place),
                        },
                    };
                    self.piece("Fn::Sub", &item)
                }
            };
            match (value, pieces.last_mut()) {
                (None, _) => poisoned = true,
                (Some(Value::String(next)), Some(Value::String(last))) => last.push_str(&next),
                (Some(value), _) => pieces.push(value),
            }
        }
        if poisoned {
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
    fn piece(&self, function: &str, item: &Item) -> Option<Value> {
        match &item.kind {
            Kind::Scalar(scalar) => Some(Value::String(scalar.as_text().to_owned())),
            Kind::Deferred(value) => Some(value.clone()),
            Kind::Poison => None,
            // CloudFormation writes lists with commas where a text is wanted.
            Kind::List(items) if items.iter().all(|item| matches!(item.kind, Kind::Scalar(_))) => {
                let texts = items.iter().filter_map(|item| match &item.kind {
                    Kind::Scalar(scalar) => Some(scalar.as_text()),
                    _ => None,
                });
                Some(Value::String(texts.collect::<Vec<_>>().join(",")))
            }
            _ => {
                let message = format!("{function} needs a text here, found {}", item.describe());
                self.error("M1049", &item.span, message, None);
                None
            }
        }
    }

    /// Exactly `count` arguments.
    fn arguments(
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

    fn separator(&self, entry: &Entry, tree: &'p Tree) -> Option<String> {
        let text = tree.as_scalar().map(|scalar| scalar.text.clone());
        if text.is_none() {
            let message = format!("the separator of {} is a text without functions", entry.key);
            self.error("M1041", &tree.span, message, None);
        }
        text
    }

    /// A text that must be known while planning.
    pub(super) fn known_text(&self, tree: &'p Tree, what: &str) -> Option<String> {
        let item = self.eval(tree);
        match &item.kind {
            Kind::Scalar(scalar) if !is_dynamic(&scalar.text) => Some(scalar.text.clone()),
            Kind::Poison => None,
            Kind::Scalar(_) | Kind::Deferred(_) => {
                let help = "use parameters, mappings and texts".to_owned();
                self.error("M1050", &tree.span, format!("{what} must be known while planning"), Some(help));
                None
            }
            _ => {
                let message = format!("{what} must be a text, not {}", item.describe());
                self.error("M1049", &tree.span, message, None);
                None
            }
        }
    }

    /// Refuses functions that would compute with the text that stands for a secret.
    fn no_secret(&self, function: &str, item: &Item) -> Option<()> {
        if !item.any_text(&is_dynamic) {
            return Some(());
        }
        let message = format!("{function} cannot compute with a value that is read only when it is used");
        let help =
            "NoEcho parameters, SSM parameters and {{resolve:...}} can be passed on, joined and substituted";
        self.error("M1055", &item.span, message, Some(help.to_owned()));
        None
    }

    fn invalid(&self, span: &Span, unknown: Unknown) -> Item {
        if let Unknown::Invalid(message) = unknown {
            self.error("M1049", span, message, None);
        }
        Item::poison(span)
    }

    fn join(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([separator, list]) = self.arguments(entry, 2..=2, "a separator and a list") else {
            return Item::poison(span);
        };
        let (separator, list) = (self.separator(entry, separator), self.inside().eval(list));
        let Some(separator) = separator else { return Item::poison(span) };
        let items = match &list.kind {
            Kind::List(items) => items,
            Kind::Deferred(value) => return Item::call(Call::Join { separator, list: value.clone() }, span),
            Kind::Poison => return Item::poison(span),
            _ => {
                let message = format!("Fn::Join takes a separator and a list, not {}", list.describe());
                self.error("M1049", &list.span, message, None);
                return Item::poison(span);
            }
        };
        let pieces: Vec<Option<Value>> = items.iter().map(|item| self.piece("Fn::Join", item)).collect();
        let Some(pieces) = pieces.into_iter().collect::<Option<Vec<Value>>>() else {
            return Item::poison(span);
        };
        let known: Option<Vec<&str>> = pieces.iter().map(Value::as_str).collect();
        match known {
            Some(known) => {
                let text = known.join(&separator);
                self.dynamic(&text, span);
                Item::text(text, span)
            }
            None => self.waiting(Call::Join { separator, list: Value::List(pieces) }, span),
        }
    }

    fn split(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([separator, text]) = self.arguments(entry, 2..=2, "a separator and a text") else {
            return Item::poison(span);
        };
        let (separator, text) = (self.separator(entry, separator), self.eval(text));
        let Some(separator) = separator.filter(|_| self.no_secret("Fn::Split", &text).is_some()) else {
            return Item::poison(span);
        };
        if separator.is_empty() {
            self.error("M1049", &entry.value.span, "Fn::Split needs a separator", None);
            return Item::poison(span);
        }
        match self.piece("Fn::Split", &text) {
            None => Item::poison(span),
            Some(Value::String(text)) => Item::texts(text.split(&separator).map(str::to_owned), span),
            Some(text) => Item::call(Call::Split { separator, text }, span),
        }
    }

    fn select(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([index, list]) = self.arguments(entry, 2..=2, "an index and a list") else {
            return Item::poison(span);
        };
        let (at, list) = (self.known_text(index, "the index of Fn::Select"), self.eval(list));
        let Some(at) = at else { return Item::poison(span) };
        let Ok(at) = at.trim().parse::<usize>() else {
            self.error("M1049", &index.span, "the index of Fn::Select is a whole number from 0", None);
            return Item::poison(span);
        };
        match list.kind {
            Kind::List(mut items) if at < items.len() => Item { span: span.clone(), ..items.swap_remove(at) },
            Kind::List(items) => {
                let message =
                    format!("Fn::Select wants item {at} of a list that has {} (counted from 0)", items.len());
                self.error("M1049", span, message, None);
                Item::poison(span)
            }
            Kind::Deferred(value) => {
                Item::call(Call::Select { index: Value::Number(at.into()), list: value }, span)
            }
            Kind::Poison => Item::poison(span),
            _ => {
                let message = format!("Fn::Select takes an index and a list, not {}", list.describe());
                self.error("M1049", &list.span, message, None);
                Item::poison(span)
            }
        }
    }

    fn zones(&self, entry: &'p Entry, span: &Span) -> Item {
        let region = match &entry.value.value {
            Node::Null => Some(String::new()),
            _ => self.known_text(&entry.value, "the region of Fn::GetAZs"),
        };
        let Some(region) = region else { return Item::poison(span) };
        let region = if region.is_empty() { self.scope.source.region.clone() } else { region };
        match self.plan.env.zones_of(&region) {
            Some(zones) => Item::texts(zones, span),
            None => {
                let message = format!("the availability zones of `{region}` are not known");
                self.error("M1063", span, message, Some("is it a region of this account?".into()));
                Item::poison(span)
            }
        }
    }

    fn cidr(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some(trees) = self.arguments(entry, 3..=3, "a block, a count and the bits of each piece") else {
            return Item::poison(span);
        };
        let values: Vec<Option<Value>> = trees
            .iter()
            .map(|tree| {
                let item = self.eval(tree);
                self.no_secret("Fn::Cidr", &item)?;
                self.piece("Fn::Cidr", &item)
            })
            .collect();
        let Some(values) = values.into_iter().collect::<Option<Vec<Value>>>() else {
            return Item::poison(span);
        };
        let known: Option<Vec<_>> = values.iter().map(Value::known).collect();
        match (known.as_deref(), values.as_slice()) {
            (Some([block, count, bits]), _) => match functions::cidr(block, count, bits) {
                Ok(pieces) => Item::from_json(&pieces, span),
                Err(unknown) => self.invalid(span, unknown),
            },
            (_, [block, count, bits]) => Item::call(
                Call::Cidr { block: block.clone(), count: count.clone(), bits: bits.clone() },
                span,
            ),
            _ => Item::poison(span),
        }
    }

    /// `Fn::Base64`, `Fn::Length`, `Fn::ToJsonString`.
    fn unary(&self, entry: &'p Entry, span: &Span, call: fn(Value) -> Call, name: &str) -> Item {
        let item = self.eval(&entry.value);
        if item.is_poisoned() {
            return Item::poison(span);
        }
        let json = name == "Fn::ToJsonString";
        let secret = if json { item.any_text(&|text| text.contains("{{resolve:parameter:")) } else { true };
        if secret && name != "Fn::Length" && self.no_secret(name, &item).is_none() {
            return Item::poison(span);
        }
        let value = match name {
            "Fn::Base64" => match self.piece(name, &item) {
                Some(value) => value,
                None => return Item::poison(span),
            },
            _ => item.to_value(),
        };
        let waiting = Value::Call(Box::new(call(value)));
        match waiting.resolve(&|_| None) {
            Ok(json) => Item::from_json(&json, span),
            Err(Unknown::Reference(_)) => Item::new(Kind::Deferred(waiting), span),
            Err(unknown) => self.invalid(span, unknown),
        }
    }

    fn find_in_map(&self, entry: &'p Entry, span: &Span) -> Item {
        let wanted = "the names of a mapping, a top-level key and a second-level key";
        let Some(trees) = self.arguments(entry, 3..=4, wanted) else { return Item::poison(span) };
        let names: Vec<Option<String>> =
            trees[..3].iter().map(|tree| self.known_text(tree, "an argument of Fn::FindInMap")).collect();
        let Some(names) = names.into_iter().collect::<Option<Vec<_>>>() else { return Item::poison(span) };
        let default = trees.get(3).map(|options| options.get("DefaultValue").unwrap_or(options));
        let Some(mapping) = self.scope.outline.mappings.get(names[0].as_str()) else {
            // A literal name has been reported when names were resolved.
            if trees[0].as_scalar().is_none() {
                let message = format!("the template has no mapping `{}`", names[0]);
                self.error("M1045", &trees[0].span, message, None);
            }
            return Item::poison(span);
        };
        let second = mapping.get(names[1].as_str());
        let found = second.and_then(|second| second.get(names[2].as_str()));
        if let Some(tree) = found {
            return Item { span: span.clone(), ..self.eval(tree) };
        }
        if let Some(default) = default {
            return self.eval(default);
        }
        let (at, help) = match second {
            None => (1, hint(&names[1], "its keys", mapping.keys().copied())),
            Some(second) => (2, hint(&names[2], "its keys", second.keys().copied())),
        };
        let message = format!("the mapping `{}` has no key `{}`", names[..at].join("."), names[at]);
        self.error("M1045", &trees[at].span, message, help);
        Item::poison(span)
    }

    fn choose(&self, entry: &'p Entry, span: &Span) -> Item {
        let wanted = "the name of a condition, the value if it holds, and the value if not";
        let Some([condition, yes, no]) = self.arguments(entry, 3..=3, wanted) else {
            return Item::poison(span);
        };
        let Some(name) = condition.as_name() else { return Item::poison(span) };
        match (Eval { place: Place::Condition, ..*self }).condition(name) {
            Some(true) => self.eval(yes),
            Some(false) => self.eval(no),
            None => Item::poison(span),
        }
    }

    fn import(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some(name) = self.known_text(&entry.value, "the name of Fn::ImportValue") else {
            return Item::poison(span);
        };
        let region = &self.scope.source.region;
        let exports = self.plan.exports.get(&name).map(Vec::as_slice).unwrap_or_default();
        // Exports belong to a region; one graph can reach across, so one in another region will do if it is
        // the only one.
        let local = exports.iter().find(|(stack, _)| self.plan.scopes[*stack].source.region == *region);
        if let Some((stack, output)) = local.or(if exports.len() == 1 { exports.first() } else { None }) {
            return Item { span: span.clone(), ..self.plan.output(*stack, *output) };
        }
        if let Some(json) = self.plan.env.imports.get(&name) {
            return Item::from_json(json, span);
        }
        let known = self.plan.exports.keys().chain(self.plan.env.imports.keys()).map(String::as_str);
        let help = if self.patient() { hint(&name, "exports", known) } else { None };
        self.error("M1052", &entry.value.span, format!("nothing exports `{name}`"), help);
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
                    format!("the output `{}` imports itself", declared.name.text),
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
