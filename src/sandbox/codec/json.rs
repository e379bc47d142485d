//! The JSON protocols: nearly what operations see; names, timestamps and types are checked.

use serde_json::{Map, Number, Value as Json};

use super::{
    form::unknown,
    model::{Model, Ref, Type},
    time,
};
use crate::sandbox::Fault;

/// Reads a JSON value by the model.
pub fn read(model: &Model, reference: &Ref, value: &Json, path: &str) -> Result<Json, Fault> {
    let shape = model.shape(reference);
    if shape.document {
        return Ok(value.clone());
    }
    let wrong = || {
        Fault::new(
            "SerializationException",
            format!("The value at '{path}' has the wrong type: {}", brief(value)),
        )
    };
    Ok(match shape.kind {
        Type::Structure => {
            let object = value.as_object().ok_or_else(wrong)?;
            let mut out = Map::new();
            for (name, inner) in object {
                let found = shape
                    .members
                    .get_key_value(name)
                    .or_else(|| shape.members.iter().find(|(_, r)| model.location_name(r) == Some(name)));
                let inner_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                // Clients written for newer models tag unions with a type hint.
                if name == "__type" {
                    continue;
                }
                let (member, inner_ref) = found.ok_or_else(|| unknown(&inner_path))?;
                if !inner.is_null() {
                    out.insert(member.clone(), read(model, inner_ref, inner, &inner_path)?);
                }
            }
            Json::Object(out)
        }
        Type::List => {
            let item = shape.member.as_ref().ok_or_else(wrong)?;
            let items = value.as_array().ok_or_else(wrong)?.iter().enumerate();
            items
                .map(|(at, inner)| read(model, item, inner, &format!("{path}.{}.member", at + 1)))
                .collect::<Result<_, _>>()?
        }
        Type::Map => {
            let inner_ref = shape.value.as_ref().ok_or_else(wrong)?;
            let object = value.as_object().ok_or_else(wrong)?;
            object
                .iter()
                .map(|(name, inner)| {
                    Ok((name.clone(), read(model, inner_ref, inner, &format!("{path}.{name}"))?))
                })
                .collect::<Result<Map<_, _>, Fault>>()?
                .into()
        }
        Type::String | Type::Character | Type::Blob => value.as_str().ok_or_else(wrong)?.into(),
        Type::Boolean => value.as_bool().ok_or_else(wrong)?.into(),
        Type::Integer | Type::Long => match value {
            Json::Number(n) if n.is_i64() || n.is_u64() => value.clone(),
            Json::Number(n) => match n.as_f64() {
                #[expect(clippy::cast_possible_truncation, reason = "checked to be whole")]
                Some(float) if float.fract() == 0.0 => Json::from(float as i64),
                _ => return Err(wrong()),
            },
            _ => return Err(wrong()),
        },
        Type::Double | Type::Float => match value {
            Json::Number(n) => float(n.as_f64().ok_or_else(wrong)?),
            _ => return Err(wrong()),
        },
        Type::Timestamp => match value {
            Json::Number(n) => float(n.as_f64().ok_or_else(wrong)?),
            Json::String(text) => time::read(text, "iso8601").ok_or_else(wrong)?,
            _ => return Err(wrong()),
        },
    })
}

fn float(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

fn brief(value: &Json) -> String {
    value.to_string().chars().take(60).collect()
}

/// Keeps what the model knows of an answer: nulls and the world's own members (`_...`) fall away, and a
/// member or type that the model does not know is a defect of the operation, loud in debug builds.
pub fn project(model: &Model, reference: &Ref, value: &Json, path: &str) -> Json {
    let shape = model.shape(reference);
    if shape.document {
        return value.clone();
    }
    let fits = match (shape.kind, value) {
        (Type::Structure | Type::Map, Json::Object(_))
        | (Type::List, Json::Array(_))
        | (Type::String | Type::Character | Type::Blob, Json::String(_))
        | (Type::Boolean, Json::Bool(_))
        | (Type::Double | Type::Float | Type::Timestamp, Json::Number(_)) => true,
        (Type::Integer | Type::Long, Json::Number(n)) => n.is_i64() || n.is_u64(),
        _ => false,
    };
    assert!(fits || !cfg!(strict), "the answer's {path} is not a {:?}: {}", shape.kind, brief(value));
    match (shape.kind, value) {
        (Type::Structure, Json::Object(members)) => {
            let mut out = Map::new();
            for (name, inner) in members {
                if inner.is_null() || name.starts_with('_') {
                    continue;
                }
                let known = shape.members.get(name);
                assert!(
                    known.is_some() || !cfg!(strict),
                    "the answer's {path}.{name} is not in the model ({})",
                    reference.shape
                );
                if let Some(inner_ref) = known {
                    out.insert(name.clone(), project(model, inner_ref, inner, &format!("{path}.{name}")));
                }
            }
            Json::Object(out)
        }
        (Type::List, Json::Array(items)) => match &shape.member {
            Some(item) => items
                .iter()
                .filter(|i| !i.is_null())
                .map(|i| project(model, item, i, &format!("{path}[]")))
                .collect(),
            None => Json::Array(Vec::new()),
        },
        (Type::Map, Json::Object(members)) => match &shape.value {
            Some(inner_ref) => members
                .iter()
                .filter(|(_, inner)| !inner.is_null())
                .map(|(name, inner)| {
                    (name.clone(), project(model, inner_ref, inner, &format!("{path}.{name}")))
                })
                .collect::<Map<_, _>>()
                .into(),
            None => Json::Object(Map::new()),
        },
        // Seconds, unless the model says otherwise (DMS's younger types).
        (Type::Timestamp, Json::Number(n)) => match model.timestamp_format(reference) {
            Some(format) if format != "unixTimestamp" => {
                time::write(n.as_f64().unwrap_or_default(), format).into()
            }
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

/// Gives members of a projected answer their JSON names (the model's, unless a `locationName` says otherwise).
pub fn write(model: &Model, reference: &Ref, value: &Json) -> Json {
    let shape = model.shape(reference);
    match (shape.kind, value) {
        _ if shape.document => value.clone(),
        (Type::Structure, Json::Object(members)) => members
            .iter()
            .filter_map(|(name, inner)| {
                let inner_ref = shape.members.get(name)?;
                let wire = model.location_name(inner_ref).unwrap_or(name);
                Some((wire.to_owned(), write(model, inner_ref, inner)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (Type::List, Json::Array(items)) => match &shape.member {
            Some(item) => items.iter().map(|inner| write(model, item, inner)).collect(),
            None => value.clone(),
        },
        (Type::Map, Json::Object(members)) => match &shape.value {
            Some(inner_ref) => members
                .iter()
                .map(|(name, inner)| (name.clone(), write(model, inner_ref, inner)))
                .collect::<Map<_, _>>()
                .into(),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}
