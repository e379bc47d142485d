//! Graphs written by hand, for tests.

use serde_json::Value as Json;

use super::{Graph, Node, StackInfo};
use crate::model::{Address, Call, DeletionPolicy, Reference, Value};

/// A graph of `(address, type, properties)`; `{"Ref": "app/X"}`, `{"Fn::GetAtt": "app/X.Attr"}` and
/// `{"Concat": [..]}` stand for references and functions.
#[must_use]
pub fn graph(nodes: &[(&str, &str, Json)]) -> Graph {
    let mut graph = Graph { migration: "shop".into(), environment: "dev".into(), ..Graph::default() };
    for (address, kind, properties) in nodes {
        let node = node(address, kind, properties);
        if !graph.stacks.iter().any(|stack| stack.name == node.address.stack()) {
            graph.stacks.push(StackInfo {
                name: node.address.stack().to_owned(),
                region: node.region.to_string(),
                description: None,
                outputs: Vec::new(),
                imports: Vec::new(),
                protected: false,
            });
        }
        graph.index.insert(node.address.clone(), graph.nodes.len());
        graph.nodes.push(node);
    }
    graph
}

/// One node.
#[must_use]
pub fn node(address: &str, kind: &str, properties: &Json) -> Node {
    Node {
        address: address.parse().expect("an address"),
        kind: kind.into(),
        region: "us-east-1".into(),
        properties: value(properties),
        depends_on: Vec::new(),
        deletion_policy: DeletionPolicy::Delete,
        update_replace_policy: DeletionPolicy::Delete,
        metadata: Json::Null,
        span: None,
        places: None,
    }
}

/// A value with references.
#[must_use]
pub fn value(json: &Json) -> Value {
    if let Some(target) = json["Ref"].as_str() {
        return attribute(target, "Ref");
    }
    if let Some((target, name)) = json["Fn::GetAtt"].as_str().and_then(|text| text.split_once('.')) {
        return attribute(target, name);
    }
    if let Some(parts) = json["Concat"].as_array() {
        return Value::Call(Box::new(Call::Concat(parts.iter().map(value).collect())));
    }
    match json {
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(map) => Value::Map(map.iter().map(|(k, v)| (k.as_str().into(), value(v))).collect()),
        other => Value::from_json(other.clone()),
    }
}

fn attribute(target: &str, name: &str) -> Value {
    let address: Address = target.parse().expect("an address");
    Value::Attribute(Reference { address, attribute: name.into() }.into())
}
