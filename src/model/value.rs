//! Property values: known, or a function of what other resources will turn out to be.
//!
//! Secrets have no variant of their own. A dynamic reference stays what it is in the template, the text
//! `{{resolve:...}}`, through graph, change set, ledger and events, and is exchanged for its value only in
//! the copy that goes into a call (`engine::secrets`). A `NoEcho` parameter, and what a template says literally in a
//! secret property, become such texts too (`model::secret`).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Address, Members, Text};

/// A reference to another resource of the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The resource.
    pub address: Address,
    /// `Ref`, or the attribute's name as in `Fn::GetAtt` (`Endpoint.Address`).
    pub attribute: Text,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attribute == "Ref" {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}.{}", self.address, self.attribute)
        }
    }
}

/// A property value after evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// JSON null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, kept as written.
    Number(serde_json::Number),
    /// A text; may hold `{{resolve:...}}`.
    String(Text),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(Members),
    /// Another resource's `Ref` or attribute.
    Attribute(Box<Reference>),
    /// A function whose arguments are not all known yet.
    Call(Box<Call>),
}

/// Intrinsic functions that wait for their arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Call {
    /// Texts one after the other (`Fn::Sub`).
    Concat(Vec<Value>),
    /// `Fn::Join`.
    Join {
        /// Between the items.
        separator: String,
        /// A list.
        list: Value,
    },
    /// `Fn::Split`.
    Split {
        /// Where to cut.
        separator: String,
        /// The text.
        text: Value,
    },
    /// `Fn::Select`.
    Select {
        /// From 0.
        index: Value,
        /// A list.
        list: Value,
    },
    /// `Fn::Base64`.
    Base64(Value),
    /// `Fn::Cidr`.
    Cidr {
        /// The block to cut.
        block: Value,
        /// How many pieces.
        count: Value,
        /// Host bits of each piece.
        bits: Value,
    },
    /// `Fn::ToJsonString`.
    ToJson(Value),
    /// `Fn::Length`.
    Length(Value),
}

/// Why a value cannot be computed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// It needs this attribute first.
    Reference(Reference),
    /// A function's arguments do not fit it.
    Invalid(String),
}

impl Value {
    /// A known value from JSON.
    #[must_use]
    pub fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(b),
            Json::Number(n) => Self::Number(n),
            Json::String(s) => Self::String(s.into()),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            Json::Object(map) => {
                Self::Map(map.into_iter().map(|(k, v)| (k.into(), Self::from_json(v))).collect())
            }
        }
    }

    /// The value as JSON, each reference answered by `lookup`.
    ///
    /// # Errors
    /// The first attribute that `lookup` does not know, or a function that its arguments do not fit.
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<Json>) -> Result<Json, Unknown> {
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Number(n) => Json::Number(n.clone()),
            Self::String(s) => Json::String(s.to_string()),
            Self::List(items) => {
                Json::Array(items.iter().map(|item| item.resolve(lookup)).collect::<Result<_, _>>()?)
            }
            Self::Map(map) => {
                let mut out = Map::new();
                for (key, value) in map {
                    out.insert(key.to_string(), value.resolve(lookup)?);
                }
                Json::Object(out)
            }
            Self::Attribute(reference) => {
                lookup(reference).ok_or_else(|| Unknown::Reference((**reference).clone()))?
            }
            Self::Call(call) => call.resolve(lookup)?,
        })
    }

    /// The value as JSON if it depends on no resource.
    #[must_use]
    pub fn known(&self) -> Option<Json> {
        self.resolve(&|_| None).ok()
    }

    /// Calls `each` for every reference inside.
    pub fn references<'a>(&'a self, each: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.references(each)),
            Self::Map(map) => map.values().for_each(|value| value.references(each)),
            Self::Attribute(reference) => each(reference),
            Self::Call(call) => call.arguments().into_iter().for_each(|value| value.references(each)),
        }
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }
}

impl Call {
    /// The values it works on.
    #[must_use]
    pub fn arguments(&self) -> Vec<&Value> {
        match self {
            Self::Concat(parts) => parts.iter().collect(),
            Self::Join { list, .. } => vec![list],
            Self::Split { text, .. } => vec![text],
            Self::Select { index, list } => vec![index, list],
            Self::Base64(value) | Self::ToJson(value) | Self::Length(value) => vec![value],
            Self::Cidr { block, count, bits } => vec![block, count, bits],
        }
    }

    /// The same, to be changed.
    pub(crate) fn arguments_mut(&mut self) -> Vec<&mut Value> {
        match self {
            Self::Concat(parts) => parts.iter_mut().collect(),
            Self::Join { list, .. } => vec![list],
            Self::Split { text, .. } => vec![text],
            Self::Select { index, list } => vec![index, list],
            Self::Base64(value) | Self::ToJson(value) | Self::Length(value) => vec![value],
            Self::Cidr { block, count, bits } => vec![block, count, bits],
        }
    }

    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<Json>) -> Result<Json, Unknown> {
        use super::functions as f;
        Ok(match self {
            Self::Concat(parts) => {
                let mut out = String::new();
                for part in parts {
                    out.push_str(&f::text("Fn::Sub", &part.resolve(lookup)?)?);
                    f::bounded("Fn::Sub", out.len())?;
                }
                Json::String(out)
            }
            Self::Join { separator, list } => f::join(separator, &list.resolve(lookup)?)?,
            Self::Split { separator, text } => f::split(separator, &text.resolve(lookup)?)?,
            Self::Select { index, list } => f::select(&index.resolve(lookup)?, &list.resolve(lookup)?)?,
            Self::Base64(value) => f::base64(&value.resolve(lookup)?)?,
            Self::Cidr { block, count, bits } => {
                f::cidr(&block.resolve(lookup)?, &count.resolve(lookup)?, &bits.resolve(lookup)?)?
            }
            Self::ToJson(value) => {
                let text = value.resolve(lookup)?.to_string();
                f::bounded("Fn::ToJsonString", text.len())?;
                Json::String(text)
            }
            Self::Length(value) => f::length(&value.resolve(lookup)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::functions, *};
    use serde_json::json;

    #[test]
    fn cidr_cuts_from_the_start_and_refuses_what_does_not_fit() {
        let cut = functions::cidr(&json!("10.0.0.0/16"), &json!(3), &json!("8")).unwrap();
        assert_eq!(cut, json!(["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]));
        assert!(functions::cidr(&json!("10.0.0.0/24"), &json!(3), &json!(7)).is_err());
        assert!(functions::cidr(&json!("10.0.0.0/24"), &json!(1), &json!(40)).is_err());
    }

    #[test]
    fn a_call_waits_for_its_reference_and_then_computes() {
        let reference =
            Reference { address: Address::new("app", "Db"), attribute: "Endpoint.Address".into() };
        let value = Value::Call(Box::new(Call::Concat(vec![
            Value::String("host=".into()),
            Value::Attribute(reference.clone().into()),
        ])));
        assert_eq!(value.resolve(&|_| None), Err(Unknown::Reference(reference)));
        assert_eq!(value.resolve(&|_| Some(json!("db.local"))), Ok(json!("host=db.local")));
    }
}
