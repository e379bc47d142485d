//! Evaluated values that still know their places: what the schema check works on.

use serde_json::Value as Json;

use super::{Call, Reference, Scalar, Sense, Span, Text, Value};

/// A value after evaluation, before it is fitted to its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Where it is written.
    pub span: Span,
}

/// What an evaluated value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `AWS::NoValue`: whatever holds it leaves it out.
    NoValue,
    /// Something was wrong and has been reported.
    Poison,
    /// Null.
    Null,
    /// A text, number or boolean, not yet told apart.
    Scalar(Scalar),
    /// A list.
    List(Vec<Item>),
    /// An object, in the order of the file.
    Map(Vec<Member>),
    /// Known only once other resources are there.
    Deferred(Box<Value>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub key: Text,
    /// Where the name is.
    pub key_span: Span,
    /// The value.
    pub value: Item,
}

impl Item {
    /// A value at a place.
    #[must_use]
    pub fn new(kind: Kind, span: &Span) -> Self {
        Self { kind, span: span.clone() }
    }

    /// What could not be evaluated.
    #[must_use]
    pub fn poison(span: &Span) -> Self {
        Self::new(Kind::Poison, span)
    }

    /// A text.
    #[must_use]
    pub fn text(text: impl Into<Text>, span: &Span) -> Self {
        Self::new(Kind::Scalar(Scalar::quoted(text)), span)
    }

    /// What other resources decide.
    #[must_use]
    pub fn deferred(value: Value, span: &Span) -> Self {
        Self::new(Kind::Deferred(Box::new(value)), span)
    }

    /// A function that waits for its arguments.
    #[must_use]
    pub fn call(call: Call, span: &Span) -> Self {
        Self::deferred(Value::Call(Box::new(call)), span)
    }

    /// A list of texts.
    #[must_use]
    pub fn texts<T: Into<Text>>(texts: impl IntoIterator<Item = T>, span: &Span) -> Self {
        Self::new(Kind::List(texts.into_iter().map(|text| Self::text(text, span)).collect()), span)
    }

    /// A known value, all of it at one place.
    #[must_use]
    pub fn from_json(json: &Json, span: &Span) -> Self {
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(b) => Kind::Scalar(Scalar::plain(b.to_string())),
            Json::Number(n) => Kind::Scalar(Scalar::plain(n.to_string())),
            Json::String(s) => Kind::Scalar(Scalar::quoted(s.as_str())),
            Json::Array(items) => Kind::List(items.iter().map(|item| Self::from_json(item, span)).collect()),
            Json::Object(map) => Kind::Map(
                map.iter()
                    .map(|(key, value)| Member {
                        key: key.as_str().into(),
                        key_span: span.clone(),
                        value: Self::from_json(value, span),
                    })
                    .collect(),
            ),
        };
        Self::new(kind, span)
    }

    /// The value where no schema says what is wanted: scalars are what they look like.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::NoValue | Kind::Poison | Kind::Null => Value::Null,
            Kind::Scalar(scalar) => Value::from_json(scalar.to_json()),
            Kind::List(items) => Value::List(items.iter().map(Self::to_value).collect()),
            Kind::Map(members) => {
                Value::Map(members.iter().map(|m| (m.key.clone(), m.value.to_value())).collect())
            }
            Kind::Deferred(value) => (**value).clone(),
        }
    }

    /// The property `A.B.0` (or `A/B/0`): where its key, or the item of a list, is written, and its value. Parts
    /// that are not there are left out: the nearest ancestor answers.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<(&Span, &Item)> {
        let mut found = None;
        let mut item = self;
        for part in path.split(['.', '/']) {
            let (span, next) = match &item.kind {
                Kind::Map(_) => match item.get(part) {
                    Some(member) => (&member.key_span, &member.value),
                    None => break,
                },
                Kind::List(items) => match part.parse::<usize>().ok().and_then(|at| items.get(at)) {
                    Some(next) => (&next.span, next),
                    None => break,
                },
                _ => break,
            };
            found = Some((span, next));
            item = next;
        }
        found
    }

    /// Whether anything inside failed to evaluate.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        match &self.kind {
            Kind::Poison => true,
            Kind::List(items) => items.iter().any(Self::is_poisoned),
            Kind::Map(members) => members.iter().any(|member| member.value.is_poisoned()),
            _ => false,
        }
    }

    /// Whether nothing inside waits for a resource.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match &self.kind {
            Kind::Poison | Kind::Deferred(_) => false,
            Kind::NoValue | Kind::Null | Kind::Scalar(_) => true,
            Kind::List(items) => items.iter().all(Self::is_known),
            Kind::Map(members) => members.iter().all(|member| member.value.is_known()),
        }
    }

    /// Whether `test` holds for any text inside, in parts that are not known yet too.
    #[must_use]
    pub fn any_text(&self, test: &dyn Fn(&str) -> bool) -> bool {
        match &self.kind {
            Kind::NoValue | Kind::Poison | Kind::Null => false,
            Kind::Scalar(scalar) => test(&scalar.text),
            Kind::List(items) => items.iter().any(|item| item.any_text(test)),
            Kind::Map(members) => members.iter().any(|member| member.value.any_text(test)),
            Kind::Deferred(value) => any_text(value, test),
        }
    }

    /// How many values are inside, and how deep they are nested.
    #[must_use]
    pub fn extent(&self) -> (usize, usize) {
        let inside = |sizes: &mut dyn Iterator<Item = (usize, usize)>| {
            sizes.fold((1, 0), |(count, deep), (size, depth)| (count + size, deep.max(depth + 1)))
        };
        match &self.kind {
            Kind::NoValue | Kind::Poison | Kind::Null => (1, 0),
            Kind::Scalar(scalar) => (1 + scalar.text.len() / BYTES_AS_VALUE, 0),
            Kind::List(items) => inside(&mut items.iter().map(Self::extent)),
            Kind::Map(members) => inside(&mut members.iter().map(|member| member.value.extent())),
            Kind::Deferred(value) => extent(value),
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::NoValue => "AWS::NoValue",
            Kind::Poison => "an invalid value",
            Kind::Null => "null",
            Kind::Scalar(scalar) => match scalar.sense() {
                Sense::Bool(_) => "a boolean",
                Sense::Number => "a number",
                Sense::Text => "a text",
            },
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
            Kind::Deferred(_) => "a value that other resources decide",
        }
    }

    /// What it refers to, if it is a reference and nothing else.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        match &self.kind {
            Kind::Deferred(value) => match &**value {
                Value::Attribute(reference) => Some(reference),
                _ => None,
            },
            _ => None,
        }
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Member> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|member| member.key == key),
            _ => None,
        }
    }
}

/// Whether `test` holds for any literal text inside.
pub fn any_text(value: &Value, test: &dyn Fn(&str) -> bool) -> bool {
    let any = |value: &Value| any_text(value, test);
    match value {
        Value::String(text) => test(text),
        Value::List(items) => items.iter().any(any),
        Value::Map(map) => map.values().any(any),
        Value::Call(call) => match &**call {
            Call::Concat(parts) => parts.iter().any(any),
            Call::Join { separator, list } => test(separator) || any(list),
            Call::Split { text, .. } => any(text),
            Call::Select { index, list } => any(index) || any(list),
            Call::Base64(value) | Call::ToJson(value) | Call::Length(value) => any(value),
            Call::Cidr { block, count, bits } => any(block) || any(count) || any(bits),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Attribute(_) => false,
    }
}

/// That many bytes of text weigh as much as a value.
pub const BYTES_AS_VALUE: usize = 64;

/// How many values are inside, and how deep they are nested.
fn extent(value: &Value) -> (usize, usize) {
    let mut total = (1, 0);
    let add = |value: &Value| {
        let (count, depth) = extent(value);
        total = (total.0 + count, total.1.max(depth + 1));
    };
    match value {
        Value::String(text) => return (1 + text.len() / BYTES_AS_VALUE, 0),
        Value::List(items) => items.iter().for_each(add),
        Value::Map(map) => map.values().for_each(add),
        Value::Call(call) => call.arguments().into_iter().for_each(add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Attribute(_) => {}
    }
    total
}

/// Whether a value is a list once it is known; `None` if that cannot be said.
#[must_use]
pub fn is_list(call: &Call) -> Option<bool> {
    match call {
        Call::Split { .. } | Call::Cidr { .. } => Some(true),
        Call::Concat(_) | Call::Join { .. } | Call::Base64(_) | Call::ToJson(_) | Call::Length(_) => {
            Some(false)
        }
        Call::Select { .. } => None,
    }
}
