//! Fits a resource's properties to its type: checks them against the official schema and against what is
//! implemented here, and converts scalars to the types the schema wants.

use serde_json::Value as Json;

use super::{
    arns, documents,
    facets::{self, Finding},
    json_types::types_of,
};
use crate::{
    error::{Class, Diagnostic, Severity, suggest},
    graph::Idioms,
    model::{
        Address, Facts, Reference, Scalar, Sense, Span, Value,
        dynamic::is_dynamic,
        item::{Item, Kind, is_list},
        shape::Field,
        stored,
    },
    resources::{
        AnyType,
        cloudcontrol::{Support, support},
        custom, registry,
    },
    schema::{self, Node, Type, TypeSchema, Types},
};

/// What is checked.
pub(crate) struct Subject<'a> {
    /// `AWS::EC2::VPC`.
    pub kind: &'a str,
    /// Where the type is named.
    pub kind_span: &'a Span,
    /// Where the resource is named.
    pub id_span: &'a Span,
    /// How the plan's language says things.
    pub idioms: &'a Idioms,
}

/// What the check needs to know of a type; taken from the registry, or from a test.
struct Known<'a> {
    schema: &'static TypeSchema,
    facts: Option<&'a Facts>,
    fields: &'a [Field],
    check: &'a dyn Fn(&Json) -> Vec<(String, String)>,
}

/// Checks one resource and converts its properties. `kind_of` tells the types of other resources.
pub(crate) fn resource<'k>(
    subject: &Subject<'_>,
    address: &Address,
    properties: &Item,
    kind_of: &dyn Fn(&Address) -> Option<&'k str>,
) -> (Value, Vec<Diagnostic>) {
    if let Some(inside) = custom::find(subject.kind).filter(|_| registry::native(subject.kind).is_none()) {
        return open(inside, subject, address, properties, kind_of);
    }
    match (registry::find(subject.kind), schema::of(subject.kind)) {
        (Some(registered), Some(schema)) => {
            let check = |json: &Json| AnyType::check(registered, json);
            let (facts, fields) = (Some(registered.facts()), registered.fields());
            let known = Known { schema, facts, fields, check: &check };
            known.check(subject, address, properties, kind_of)
        }
        _ => (properties.to_value(), vec![undeployable(subject, address)]),
    }
}

/// A type whose properties are its author's: only its own rules judge them.
fn open<'k>(
    ty: &custom::Inside,
    subject: &Subject<'_>,
    address: &Address,
    properties: &Item,
    kind_of: &dyn Fn(&Address) -> Option<&'k str>,
) -> (Value, Vec<Diagnostic>) {
    let value = properties.to_value();
    if properties.is_poisoned() {
        return (Value::Null, Vec::new());
    }
    let mut problems = AnyType::check(ty, &stand_in(&value));
    if let Some(Value::Attribute(reference)) = value.get("ServiceToken")
        && kind_of(&reference.address) == Some(custom::TOPIC)
    {
        let why = "a custom resource behind an SNS topic is not supported: whoever listens there cannot be told from here. \
                   Name a Lambda function";
        problems.push(("ServiceToken".to_owned(), why.to_owned()));
    }
    let found = problems.into_iter().map(|(property, message)| {
        let span = properties.place(&property).map_or(subject.id_span, |(span, _)| span).clone();
        let error = Diagnostic::error("M2017", Class::Plan, format!("{property}: {message}"));
        error.at(address).span(Some(span))
    });
    (value, found.collect())
}

/// A type that AWS publishes and that cannot be deployed, or one that nobody knows.
fn undeployable(subject: &Subject<'_>, address: &Address) -> Diagnostic {
    let kind = subject.kind;
    if let Support::Refused(why) = support(kind) {
        return Diagnostic::error("M2031", Class::Plan, format!("`{kind}` cannot be deployed: {why}"))
            .at(address)
            .span(Some(subject.kind_span.clone()))
            .help("`migrate types --all` lists what can be deployed and how");
    }
    unknown_type(subject, address)
}

fn unknown_type(subject: &Subject<'_>, address: &Address) -> Diagnostic {
    let kind = subject.kind;
    let error =
        Diagnostic::error("M2001", Class::Plan, format!("the resource type `{kind}` is not supported"))
            .at(address)
            .span(Some(subject.kind_span.clone()));
    let published = schema::published();
    let kinds = || registry::TYPES.iter().map(|t| t.facts().kind).chain(published.iter().map(String::as_str));
    if let Some(help) = custom::serverless(kind) {
        return error.help(help);
    }
    if let Some(near) = suggest(kind, kinds()) {
        return error.help(format!("did you mean `{near}`?"));
    }
    if kind.starts_with("Custom::") {
        return error.help("names of custom types have 1 to 60 letters, digits and _ @ -");
    }
    let service = kind.rsplit_once("::").map_or(kind, |(service, _)| service);
    let mut near: Vec<&str> =
        kinds().filter(|known| known.rsplit_once("::").is_some_and(|(s, _)| s == service)).collect();
    near.sort_unstable();
    near.dedup();
    if near.is_empty() || near.len() > 30 {
        error.help("`migrate types` lists what is supported")
    } else {
        error.help(format!("of this service are supported: {}", near.join(", ")))
    }
}

impl Known<'_> {
    fn check<'k>(
        &self,
        subject: &Subject<'_>,
        address: &Address,
        properties: &Item,
        kind_of: &dyn Fn(&Address) -> Option<&'k str>,
    ) -> (Value, Vec<Diagnostic>) {
        let mut walk = Walk { known: self, subject, address, kind_of, path: Vec::new(), found: Vec::new() };
        let value = match &properties.kind {
            Kind::Map(_) => walk.value(Some(self.schema.root()), self.fields, properties),
            Kind::Poison => return (Value::Null, Vec::new()),
            _ => {
                let message = format!("`Properties` must be an object, not {}", properties.describe());
                walk.report(&properties.span, ("M2005", message, None));
                return (Value::Null, walk.found);
            }
        };
        for document in documents::check(subject.kind, properties) {
            walk.found.push(document.at(address));
        }
        // The type's own rules assume what the schema demands.
        if walk.found.iter().all(|finding| finding.severity == Severity::Warning) && !properties.is_poisoned()
        {
            // They see what AWS keeps of a text (`Aurora-MySQL`); few types have such a text.
            let kept = self.facts.filter(|facts| !facts.stored.is_empty()).map(|facts| {
                let mut kept = value.clone();
                stored::keep(facts, &mut kept);
                kept
            });
            for (property, message) in (self.check)(&stand_in(kept.as_ref().unwrap_or(&value))) {
                let span = properties.place(&property).map_or(subject.id_span, |(span, _)| span).clone();
                let message = if property.is_empty() { message } else { format!("{property}: {message}") };
                walk.report(&span, ("M2017", message, None));
            }
        }
        (value, walk.found)
    }
}

/// The value with texts `{{resolve:reference:...}}` in place of what other resources decide: for a type's own
/// checks such a value is there, but no more is known of it than of any dynamic reference.
fn stand_in(value: &Value) -> Json {
    match value {
        Value::List(items) => Json::Array(items.iter().map(stand_in).collect()),
        Value::Map(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.to_string(), stand_in(value))).collect())
        }
        Value::Attribute(reference) => Json::String(format!("{{{{resolve:reference:{reference}}}}}")),
        Value::Call(_) => {
            let text =
                |reference: &Reference| Some(Json::String(format!("{{{{resolve:reference:{reference}}}}}")));
            value.resolve(&text).unwrap_or_else(|_| Json::String("{{resolve:reference:function}}".into()))
        }
        _ => value.known().unwrap_or(Json::Null),
    }
}

/// A part of a property's path.
#[derive(Clone, Copy)]
enum Step<'w> {
    Key(&'w str),
    At(usize),
}

impl std::fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::At(at) => write!(f, "{at}"),
        }
    }
}

struct Walk<'w, 'k> {
    known: &'w Known<'w>,
    subject: &'w Subject<'w>,
    address: &'w Address,
    kind_of: &'w dyn Fn(&Address) -> Option<&'k str>,
    path: Vec<Step<'w>>,
    found: Vec<Diagnostic>,
}

/// What a value that is not known yet will be.
enum Shape {
    List,
    Object,
    Scalar,
    Unknown,
}

impl<'w> Walk<'w, '_> {
    /// The path without the positions in lists.
    fn keys(&self) -> impl DoubleEndedIterator<Item = &'w str> + Clone {
        self.path.iter().filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::At(_) => None,
        })
    }

    /// The same as a text: `A.B`.
    fn names(&self) -> String {
        self.keys().collect::<Vec<_>>().join(".")
    }

    /// Whether a role's ARN is wanted here, and no name.
    fn wants_role(&self) -> bool {
        let name = self.keys().next_back().unwrap_or_default();
        arns::of_role(self.known.facts, name, || self.names())
    }

    fn report(&mut self, span: &Span, (code, message, help): Finding) {
        let path: Vec<String> = self.path.iter().map(Step::to_string).collect();
        let path = path.join(".");
        let message = match message.strip_prefix("is ") {
            _ if path.is_empty() => message,
            Some(rest) => format!("`{path}` is {rest}"),
            None => format!("{path}: {message}"),
        };
        let mut diagnostic =
            Diagnostic::error(code, Class::Plan, message).at(self.address).span(Some(span.clone()));
        diagnostic.help = help;
        self.found.push(diagnostic);
    }

    /// Another place that belongs to the last finding.
    fn label(&mut self, span: &Span, words: &str) {
        if let Some(finding) = self.found.last_mut() {
            finding.labels.push((span.clone(), words.to_owned()));
        }
    }

    /// A `Ref` that is a name where AWS takes an ARN only: what is wrong, and what to write.
    fn name_for_arn(&self, node: Option<Node<'static>>, value: &Value) -> Option<(String, String)> {
        let Value::Attribute(reference) = value else { return None };
        if reference.attribute != "Ref" {
            return None;
        }
        let (by_pattern, role) = (arns::by_pattern(node), self.wants_role());
        if !by_pattern && !role {
            return None;
        }
        let kind = (self.kind_of)(&reference.address)?;
        let target = schema::of(kind)?;
        let mut identifiers = target.identifiers();
        let named = identifiers.next().filter(|name| name.ends_with("Name"))?;
        if identifiers.next().is_some() || !by_pattern && named != "RoleName" {
            return None;
        }
        let arn = target.attributes().find(|name| name == "Arn")?;
        let id = reference.address.logical_id();
        let message = format!("an ARN is wanted, and Ref of {kind} is a name ({named})");
        Some((message, format!("write {}", (self.subject.idioms.attribute)(id, &arn))))
    }

    fn wrong_type(&mut self, item: &Item, types: Types, help: Option<&str>) -> Value {
        let wanted: Vec<&str> = types
            .names()
            .map(|name| match name {
                "string" => "a text",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "array" => "a list",
                "object" => "an object",
                other => other,
            })
            .collect();
        let found = match &item.kind {
            Kind::Scalar(scalar) if !is_dynamic(&scalar.text) && scalar.text.len() <= 60 => {
                format!("`{}`", scalar.text)
            }
            Kind::Deferred(value) => match self.shape(value) {
                Shape::List => "a list that another resource decides".to_owned(),
                Shape::Object => "an object that another resource decides".to_owned(),
                Shape::Scalar | Shape::Unknown => "one value that another resource decides".to_owned(),
            },
            _ => item.describe().to_owned(),
        };
        let message = format!("expected {}, found {found}", wanted.join(" or "));
        self.report(&item.span, ("M2005", message, help.map(str::to_owned)));
        Value::Null
    }

    /// Checks a value and converts it.
    fn value(&mut self, node: Option<Node<'static>>, fields: &[Field], item: &'w Item) -> Value {
        let types = types_of(node);
        let takes = |one: Type| types.open() || types.has(one);
        match &item.kind {
            Kind::NoValue | Kind::Poison => Value::Null,
            Kind::Null => {
                let help = Some(self.subject.idioms.omit.to_owned());
                self.report(&item.span, ("M2005", "null is no value".to_owned(), help));
                Value::Null
            }
            Kind::Deferred(value) => {
                let fits = match self.shape(value) {
                    Shape::List => takes(Type::Array),
                    Shape::Object => takes(Type::Object),
                    Shape::Scalar => types.open() || types.scalar(),

                    Shape::Unknown => true,
                };
                if let Some((wanted, attribute)) = self.name_for_arn(node, value) {
                    self.report(&item.span, ("M2020", wanted, Some(attribute)));
                    return Value::Null;
                }
                if !fits {
                    let help = if types.only(Type::Array) {
                        "put it into a list: [ ... ]"
                    } else {
                        self.subject.idioms.pick
                    };
                    return self.wrong_type(item, types, Some(help));
                }
                (**value).clone()
            }
            Kind::Scalar(scalar) => self.scalar(node, types, scalar, item),
            Kind::List(items) => {
                if !takes(Type::Array) {
                    let help = items.len() == 1 && !types.only(Type::Object);
                    return self.wrong_type(
                        item,
                        types,
                        help.then_some("remove the brackets or the dash: one value is wanted"),
                    );
                }
                let inner = node.and_then(|node| node.items());
                let mut values = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    self.path.push(Step::At(at));
                    values.push(self.value(inner, fields, item));
                    self.path.pop();
                }
                if let Some(rules) = node.map(|node| node.rules()) {
                    let mut found = Vec::new();
                    facets::items(rules, items.len(), &mut found);
                    found.into_iter().for_each(|finding| self.report(&item.span, finding));
                    if rules.unique && items.len() > 1 && !item.is_poisoned() {
                        let known: Vec<Option<Json>> = values.iter().map(Value::known).collect();
                        for (at, first) in facets::repeated(&known) {
                            let message = format!("item {at} is there twice");
                            self.report(&items[at].span, ("M2011", message, None));
                            self.label(&items[first].span, "first here");
                        }
                    }
                }
                Value::List(values)
            }
            Kind::Map(_) => {
                let inner = node.and_then(|node| node.items());
                let fits = |item: &Item| {
                    let Kind::Map(members) = &item.kind else { return false };
                    !members.is_empty()
                        && members.iter().all(|one| inner.and_then(|inner| inner.member(&one.key)).is_some())
                };
                if types.only(Type::Array) && types_of(inner).has(Type::Object) && fits(item) {
                    // Templates in use leave the dash of a single rule out.
                    let path: Vec<String> = self.path.iter().map(Step::to_string).collect();
                    let message = format!("{}: one object is taken as a list of one", path.join("."));
                    let warning = Diagnostic::warning("M2019", Class::Plan, message).at(self.address);
                    self.found.push(warning.span(Some(item.span.clone())).help("put a dash before it"));
                    self.path.push(Step::At(0));
                    let value = self.value(inner, fields, item);
                    self.path.pop();
                    return Value::List(vec![value]);
                }
                if !takes(Type::Object) {
                    let help = types.only(Type::String).then_some(self.subject.idioms.json_text);
                    return self.wrong_type(item, types, help);
                }
                self.object(node, fields, item)
            }
        }
    }

    fn object(&mut self, node: Option<Node<'static>>, fields: &[Field], item: &'w Item) -> Value {
        let Kind::Map(members) = &item.kind else { return Value::Null };
        let closed = node.is_some_and(|node| node.rules().closed);
        let mut map = Vec::with_capacity(members.len());
        // A property that is only misspelt is not missing as well.
        let mut meant = Vec::new();
        for member in members {
            let inner = node.and_then(|node| node.member(&member.key));
            self.path.push(Step::Key(&member.key));
            let field = fields.iter().find(|field| field.name == member.key);
            if closed && inner.is_none() {
                meant.extend(self.unknown_property(node, &member.key, &member.key_span));
            } else if field.is_none() && self.known.schema.is_read_only_at(self.keys()) {
                // Properties that are read-only are attributes; a few types let one be set all the same.
                let message = "is decided by AWS and cannot be set".to_owned();
                let attribute = (self.subject.idioms.attribute)(self.address.logical_id(), &self.names());
                let help = Some(format!("remove it; read it with {attribute}"));
                self.report(&member.key_span, ("M2015", message, help));
            } else if closed && !fields.is_empty() && field.is_none() {
                let message =
                    format!("is a property of {} that migrate does not implement", self.subject.kind);
                let kind = self.subject.kind;
                let help = match self.known.facts.and_then(|facts| facts.why_refused(&self.names())) {
                    Some(why) => format!("remove it: {why}"),
                    None => format!("remove it; `migrate types {kind}` lists what is implemented"),
                };
                self.report(&member.key_span, ("M2003", message, Some(help)));
            } else {
                // The items of a free-form map share the fields of their common type.
                let nested = if closed { field.map_or(&[][..], |field| field.nested) } else { fields };
                let value = self.value(inner, nested, &member.value);
                map.push((member.key.clone(), value));
            }
            self.path.pop();
        }
        if let Some(node) = node {
            let has = |name: &str| item.get(name).is_some() || meant.contains(&name);
            for (about, finding) in facets::members(node.rules(), &has) {
                let span = about.and_then(|name| item.get(name)).map(|member| member.key_span.clone());
                let whole = if self.path.is_empty() { self.subject.id_span } else { &item.span };
                self.report(&span.unwrap_or_else(|| whole.clone()), finding);
            }
        }
        Value::Map(map.into_iter().collect())
    }

    /// Reports it and returns the property that was probably meant.
    fn unknown_property(
        &mut self,
        node: Option<Node<'static>>,
        key: &str,
        span: &Span,
    ) -> Option<&'static str> {
        let known: Vec<&'static str> = node.and_then(|node| node.members()).into_iter().flatten().collect();
        let near = suggest(key, known.iter().copied());
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.len() <= 12 => Some(format!("properties: {}", known.join(", "))),
            None => None,
        };
        let owner = match self.path.len() {
            0 | 1 => self.subject.kind.to_owned(),
            _ => format!("{} of {}", self.path[self.path.len() - 2], self.subject.kind),
        };
        self.report(span, ("M2002", format!("is no property of {owner}"), help));
        near
    }

    /// Converts a scalar as CloudFormation does.
    fn scalar(&mut self, node: Option<Node<'static>>, types: Types, scalar: &Scalar, item: &Item) -> Value {
        let mut found = Vec::new();
        let takes = |one: Type| types.has(one);
        let sense = scalar.sense();
        // A secret's text is not known before the call, and so is not checked.
        let dynamic = is_dynamic(&scalar.text);
        // YAML 1.1 reads `0755` in base eight, and whoever wrote it may have meant either.
        let octal = scalar.plain && !types.has(Type::String) && !types.open() && leading_zero(&scalar.text);
        let value = if octal {
            let help = "a number with a leading zero is read in base eight by some and in base ten by others; write it without the zero";
            return self.wrong_type(item, types, Some(help));
        } else if types.open() {
            Value::from_json(scalar.to_json())
        } else if dynamic && types.scalar() {
            Value::String(scalar.text.clone())
        } else if let (true, Some(number)) = (
            takes(Type::Integer) && sense != Sense::Text || types.only(Type::Integer),
            schema::whole(&scalar.text),
        ) {
            Value::Number(number)
        } else if let (true, Some(number)) = (
            takes(Type::Number) && (sense != Sense::Text || !takes(Type::String)),
            schema::decimal(&scalar.text),
        ) {
            Value::Number(number)
        } else if let (true, Some(truth)) =
            (takes(Type::Boolean) && (sense != Sense::Text || !takes(Type::String)), boolean(scalar))
        {
            Value::Bool(truth)
        } else if takes(Type::String) {
            Value::String(scalar.as_text().into())
        } else {
            let help = if types.only(Type::Array) { Some("write it as a list: [ ... ]") } else { None };
            return self.wrong_type(item, types, help);
        };
        if let Some(rules) = node.filter(|_| !dynamic).map(|node| node.rules()) {
            match &value {
                Value::String(text) => {
                    facets::text(rules, text, &mut found);
                    let name = !text.is_empty() && !text.starts_with("arn:") && found.is_empty();
                    if name && self.wants_role() {
                        let message = format!("the ARN of a role is wanted, and `{text}` is none");
                        let help = "write arn:aws:iam::ACCOUNT:role/NAME, or read it from the role's `Arn`"
                            .to_owned();
                        found.push(("M2020", message, Some(help)));
                    }
                }
                Value::Number(number) => {
                    facets::number(rules, number.as_f64().unwrap_or_default(), &mut found);
                    facets::allowed(rules, &Json::Number(number.clone()), &mut found);
                }
                Value::Bool(truth) => facets::allowed(rules, &Json::Bool(*truth), &mut found),
                _ => {}
            }
        }
        found.into_iter().for_each(|finding| self.report(&item.span, finding));
        value
    }

    fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Attribute(reference) => self.attribute_shape(reference),
            Value::Call(call) => match is_list(call) {
                Some(true) => Shape::List,
                Some(false) => Shape::Scalar,
                None => Shape::Unknown,
            },
            _ => Shape::Unknown,
        }
    }

    fn attribute_shape(&self, reference: &Reference) -> Shape {
        if reference.attribute == "Ref" {
            return Shape::Scalar;
        }
        let kind = (self.kind_of)(&reference.address);
        if kind.is_some_and(|kind| custom::is_text(kind, &reference.attribute)) {
            return Shape::Scalar;
        }
        let node = kind.and_then(schema::of).and_then(|schema| schema.attribute_node(&reference.attribute));
        match node.map(|node| node.types()).unwrap_or_default().as_slice() {
            ["array"] => Shape::List,
            ["object"] => Shape::Object,
            [] => Shape::Unknown,
            types if types.iter().any(|t| matches!(*t, "array" | "object")) => Shape::Unknown,
            _ => Shape::Scalar,
        }
    }
}

/// `0755`
fn leading_zero(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn boolean(scalar: &Scalar) -> Option<bool> {
    match scalar.sense() {
        Sense::Bool(truth) => Some(truth),
        _ => schema::boolean(&scalar.text),
    }
}

#[cfg(test)]
#[path = "properties_tests.rs"]
mod tests;
