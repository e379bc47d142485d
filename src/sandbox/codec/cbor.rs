//! Smithy RPC v2's CBOR bodies.

use base64::{Engine, engine::general_purpose::STANDARD};
use ciborium::Value;
use serde_json::{Number, Value as Json};

use super::model::{Model, Ref, Type};

/// Reads a body into plain JSON; blobs become base64 texts, timestamps numbers.
pub fn read(body: &[u8]) -> Option<Json> {
    if body.is_empty() {
        return Some(Json::Object(serde_json::Map::new()));
    }
    plain(ciborium::from_reader::<Value, _>(body).ok()?)
}

fn plain(value: Value) -> Option<Json> {
    Some(match value {
        Value::Integer(n) => Json::from(i64::try_from(n).ok()?),
        Value::Float(n) => Json::Number(Number::from_f64(n)?),
        Value::Text(text) => Json::String(text),
        Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
        Value::Bool(flag) => Json::Bool(flag),
        Value::Null => Json::Null,
        Value::Tag(_, inner) => plain(*inner)?,
        Value::Array(items) => items.into_iter().map(plain).collect::<Option<_>>()?,
        Value::Map(entries) => {
            let mut out = serde_json::Map::new();
            for (key, inner) in entries {
                out.insert(key.into_text().ok()?, plain(inner)?);
            }
            Json::Object(out)
        }
        _ => return None,
    })
}

/// Writes a projected answer by the model.
pub fn write(model: &Model, reference: &Ref, value: &Json) -> Value {
    let shape = model.shape(reference);
    match (shape.kind, value) {
        (Type::Structure, Json::Object(members)) => Value::Map(
            members
                .iter()
                .filter_map(|(name, inner)| {
                    Some((Value::Text(name.clone()), write(model, shape.members.get(name)?, inner)))
                })
                .collect(),
        ),
        (Type::Map, Json::Object(members)) => Value::Map(
            members
                .iter()
                .filter_map(|(name, inner)| {
                    Some((Value::Text(name.clone()), write(model, shape.value.as_ref()?, inner)))
                })
                .collect(),
        ),
        (Type::List, Json::Array(items)) => Value::Array(
            items.iter().filter_map(|inner| Some(write(model, shape.member.as_ref()?, inner))).collect(),
        ),
        (Type::Blob, Json::String(text)) => Value::Bytes(STANDARD.decode(text).unwrap_or_default()),
        (Type::Timestamp, Json::Number(n)) => {
            Value::Tag(1, Box::new(Value::Float(n.as_f64().unwrap_or_default())))
        }
        (Type::Double | Type::Float, Json::Number(n)) => Value::Float(n.as_f64().unwrap_or_default()),
        _ => untyped(value),
    }
}

/// Writes JSON as it stands.
pub fn untyped(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(n) => match n.as_i64() {
            Some(whole) => Value::Integer(whole.into()),
            None => Value::Float(n.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(untyped).collect()),
        Json::Object(members) => Value::Map(
            members.iter().map(|(name, inner)| (Value::Text(name.clone()), untyped(inner))).collect(),
        ),
    }
}

/// The bytes of a value.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = ciborium::into_writer(value, &mut out);
    out
}
