//! The query protocols' inputs: flat `A.member.1.B=value` parameters, folded into a tree and read by the model.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{
    model::{Model, Ref, Shape, Type},
    time,
    wire::{Incoming, Protocol, form_decode},
};
use crate::sandbox::Fault;

/// One node of the parameters' tree.
#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    children: IndexMap<String, Node>,
}

impl Node {
    /// Children numbered from 1, in order of their numbers.
    fn numbered(&self) -> Option<Vec<&Node>> {
        let mut items = Vec::new();
        for (name, node) in &self.children {
            items.push((name.parse::<usize>().ok()?, node));
        }
        items.sort_by_key(|(at, _)| *at);
        Some(items.into_iter().map(|(_, node)| node).collect())
    }
}

/// Whether a request is a form of the query protocols.
pub fn is_form(rq: &Incoming) -> bool {
    rq.method == "POST"
        && rq.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        && !rq.body.is_empty()
}

/// The parameters of a form body, decoded.
pub fn parameters(body: &[u8]) -> Vec<(String, String)> {
    String::from_utf8_lossy(body)
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (form_decode(name), form_decode(value)))
        .collect()
}

/// Reads an operation's input from its parameters (`Action` and `Version` apart).
pub fn read(
    model: &Model,
    protocol: Protocol,
    input: Option<&Ref>,
    parameters: &[(String, String)],
) -> Result<Json, Fault> {
    let mut root = Node::default();
    for (name, value) in parameters {
        // Signatures in the query string and the envelope are no parameters of the operation.
        if matches!(name.as_str(), "Action" | "Version" | "AWSAccessKeyId" | "Timestamp")
            || name.starts_with("X-Amz-")
        {
            continue;
        }
        let mut at = &mut root;
        for part in name.split('.') {
            at = at.children.entry(part.to_owned()).or_default();
        }
        at.text = Some(value.clone());
    }
    let reader = Reader { model, ec2: protocol == Protocol::Ec2 };
    match input {
        Some(reference) => reader.structure(model.shape(reference), &root, ""),
        None => match root.children.keys().next() {
            Some(name) => Err(unknown(name)),
            None => Ok(Json::Object(Map::new())),
        },
    }
}

struct Reader<'m> {
    model: &'m Model,
    ec2: bool,
}

impl Reader<'_> {
    fn name(&self, member: &str, reference: &Ref) -> String {
        if !self.ec2 {
            return self.model.location_name(reference).unwrap_or(member).to_owned();
        }
        if let Some(name) = &reference.query_name {
            return name.clone();
        }
        let name = self.model.location_name(reference).unwrap_or(member);
        let mut chars = name.chars();
        chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    }

    fn structure(&self, shape: &Shape, node: &Node, path: &str) -> Result<Json, Fault> {
        let mut seen = std::collections::BTreeSet::new();
        let mut out = Map::new();
        for (member, reference) in &shape.members {
            let mut name = self.name(member, reference);
            let target = self.model.shape(reference);
            if !self.ec2
                && target.kind == Type::List
                && self.model.flattened(reference)
                && let Some(item) = target.member.as_ref().and_then(|item| self.model.location_name(item))
            {
                name = item.to_owned();
            }
            if let Some(child) = node.children.get(&name) {
                seen.insert(name.clone());
                out.insert(member.clone(), self.value(reference, child, &join(path, &name))?);
            }
        }
        match node.children.keys().find(|name| !seen.contains(*name)) {
            Some(name) => Err(unknown(&join(path, name))),
            None => Ok(Json::Object(out)),
        }
    }

    fn value(&self, reference: &Ref, node: &Node, path: &str) -> Result<Json, Fault> {
        let shape = self.model.shape(reference);
        match shape.kind {
            Type::Structure => self.structure(shape, node, path),
            Type::List => {
                let item = shape.member.as_ref().ok_or_else(|| unknown(path))?;
                if node.children.is_empty() {
                    return Ok(Json::Array(Vec::new()));
                }
                let wrapped = if self.ec2 || self.model.flattened(reference) {
                    None
                } else {
                    let own = self.model.location_name(item).unwrap_or("member");
                    node.children.get(own).or_else(|| node.children.get("member"))
                };
                let holder = wrapped.unwrap_or(node);
                let items = holder.numbered().ok_or_else(|| unknown(path))?;
                items
                    .into_iter()
                    .map(|child| self.value(item, child, path))
                    .collect::<Result<_, _>>()
                    .map(Json::Array)
            }
            Type::Map => {
                let (Some(key), Some(value)) = (&shape.key, &shape.value) else { return Err(unknown(path)) };
                let holder = if self.model.flattened(reference) {
                    node
                } else {
                    node.children.get("entry").unwrap_or(node)
                };
                let mut out = Map::new();
                for entry in holder.numbered().ok_or_else(|| unknown(path))? {
                    let key_name = self.model.location_name(key).unwrap_or("key");
                    let value_name = self.model.location_name(value).unwrap_or("value");
                    let name = entry.children.get(key_name).and_then(|n| n.text.clone()).unwrap_or_default();
                    let inner = match entry.children.get(value_name) {
                        Some(child) => self.value(value, child, &join(path, &name))?,
                        None => Json::String(String::new()),
                    };
                    out.insert(name, inner);
                }
                Ok(Json::Object(out))
            }
            _ => {
                if !node.children.is_empty() {
                    return Err(unknown(path));
                }
                let text = node.text.as_deref().unwrap_or_default();
                scalar(self.model, reference, text, "iso8601").ok_or_else(|| {
                    Fault::new(
                        "MalformedInput",
                        format!("Value ({text}) for parameter {path} has the wrong type"),
                    )
                })
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

pub(super) fn unknown(path: &str) -> Fault {
    Fault::new("UnknownParameter", format!("The parameter {path} is not recognized"))
}

/// Reads a scalar that travels as text; `None` if it has the wrong type.
pub(super) fn scalar(model: &Model, reference: &Ref, text: &str, timestamp: &str) -> Option<Json> {
    Some(match model.shape(reference).kind {
        Type::String | Type::Character | Type::Blob => Json::String(text.to_owned()),
        Type::Boolean => match text {
            "true" | "True" | "TRUE" => Json::Bool(true),
            "false" | "False" | "FALSE" => Json::Bool(false),
            _ => return None,
        },
        Type::Integer | Type::Long => Json::from(text.trim().parse::<i64>().ok()?),
        Type::Double | Type::Float => {
            Json::Number(serde_json::Number::from_f64(text.trim().parse::<f64>().ok()?)?)
        }
        Type::Timestamp => time::read(text, model.timestamp_format(reference).unwrap_or(timestamp))?,
        Type::Structure | Type::List | Type::Map => return None,
    })
}
