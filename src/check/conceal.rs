//! Secrets of a plan become texts that stand for them, before anything is planned or kept: values of `NoEcho`
//! parameters, and what templates say literally in properties that hold secrets.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    error::{Class, Diagnostic},
    graph::{Graph, Node},
    model::{
        Call, Value,
        secret::{self, Key, Source},
    },
    parallel,
};

const PARAMETER: &str = "{{resolve:parameter:";

/// Exchanges the secrets of a graph. The key is only asked for if there are any.
///
/// # Errors
/// The key is not available, or a function would compute with the text that stands for a secret.
pub fn conceal(
    graph: &mut Graph,
    key: impl FnOnce() -> Result<Key, Box<Diagnostic>>,
) -> Result<(), Vec<Diagnostic>> {
    let places = parallel::map(graph.nodes.iter().collect(), Place::all);
    // A dry run finds out whether there is anything to do.
    let probe = Key::default();
    let mut found = BTreeMap::new();
    let mut suspects = graph.nodes.iter().zip(&places).filter(|(_, places)| !places.is_empty());
    let literal = suspects.any(|(node, places)| {
        let mut properties = node.properties.clone();
        let mut walk = Walk::new(node, &probe, &mut found);
        walk.hide_all(&mut properties, places);
        !walk.found.is_empty() || walk.computed.is_some()
    });
    if !literal && !graph.secrets.0.keys().any(|name| name.starts_with(PARAMETER)) {
        return Ok(());
    }
    let key = key().map_err(|problem| vec![*problem])?;
    let renamed = rename(graph, &key);
    let mut problems = Vec::new();
    let mut found = BTreeMap::new();
    for (node, places) in graph.nodes.iter_mut().zip(&places) {
        let mut properties = std::mem::replace(&mut node.properties, Value::Null);
        exchange(&mut properties, &renamed);
        exchange_json(&mut node.metadata, &renamed);
        let mut walk = Walk::new(node, &key, &mut found);
        walk.hide_all(&mut properties, places);
        if let Some(place) = walk.computed.take() {
            let message = format!("a function would compute with the secret that {place} says literally");
            problems.push(
                Diagnostic::error("M1055", Class::Plan, message)
                    .at(&node.address)
                    .span(node.span.clone())
                    .help("use a NoEcho parameter, or {{resolve:secretsmanager:...}}, as a text of its own"),
            );
        }
        node.properties = properties;
    }
    for stack in &mut graph.stacks {
        for output in &mut stack.outputs {
            exchange(&mut output.value, &renamed);
        }
    }
    graph.secrets.0.extend(found);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Gives the parameters' texts their digests: the old text, the new one.
fn rename(graph: &mut Graph, key: &Key) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for (old, value) in std::mem::take(&mut graph.secrets.0) {
        let name = old.strip_prefix(PARAMETER).and_then(|rest| Some(rest.rsplit_once(':')?.0));
        let new = match name {
            Some(name) => key.reference(Source::Parameter, name, &value),
            None => old.clone(),
        };
        if new != old {
            renamed.push((old, new.clone()));
        }
        graph.secrets.0.insert(new, value);
    }
    renamed
}

/// The text with its placeholders renamed, if it has any.
fn text(text: &str, renamed: &[(String, String)]) -> Option<String> {
    let rename = |text: String, (old, new): &(String, String)| text.replace(old.as_str(), new);
    text.contains(PARAMETER).then(|| renamed.iter().fold(text.to_owned(), rename))
}

fn exchange(value: &mut Value, renamed: &[(String, String)]) {
    match value {
        Value::String(string) => {
            if let Some(renamed) = text(string, renamed) {
                *string = renamed.into();
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| exchange(item, renamed)),
        Value::Map(members) => members.values_mut().for_each(|item| exchange(item, renamed)),
        Value::Call(call) => call.arguments_mut().into_iter().for_each(|item| exchange(item, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Attribute(_) => {}
    }
}

fn exchange_json(value: &mut Json, renamed: &[(String, String)]) {
    match value {
        Json::String(string) => {
            if let Some(renamed) = text(string, renamed) {
                *string = renamed;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| exchange_json(item, renamed)),
        Json::Object(members) => members.values_mut().for_each(|item| exchange_json(item, renamed)),
        _ => {}
    }
}

/// A place in a resource's properties that may say a secret.
struct Place {
    /// `A.B.0`.
    name: String,
    /// The way there: the number of the member or item, from the outside.
    way: Vec<usize>,
}

impl Place {
    /// All of them.
    fn all(node: &Node) -> Vec<Self> {
        let mut search = Search { kind: &node.kind, name: String::new(), way: Vec::new(), found: Vec::new() };
        search.value(&node.properties);
        search.found
    }

    fn of<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.way.iter().try_fold(value, |value, at| match value {
            Value::Map(members) => members.values_mut().nth(*at),
            Value::List(items) => items.get_mut(*at),
            _ => None,
        })
    }
}

/// The way through a resource's properties.
struct Search<'n> {
    kind: &'n str,
    name: String,
    way: Vec<usize>,
    found: Vec<Place>,
}

impl Search<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Map(members) => {
                let named =
                    || members.get("Name").and_then(Value::as_str).is_some_and(secret::is_secret_name);
                for (at, (name, item)) in members.iter().enumerate() {
                    let secret = name == "Value" && named();
                    self.inside(at, name, |here| if secret { here.add() } else { here.value(item) });
                }
            }
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.inside(at, &at.to_string(), |here| here.value(item));
                }
            }
            Value::String(text) => {
                if self.is_secret() || secret::holds_password(self.kind, &self.name, text) {
                    self.add();
                }
            }
            Value::Call(call) => {
                let parts = call.arguments();
                let mut texts = parts.iter().filter_map(|part| part.as_str());
                if self.is_secret() || texts.any(|text| secret::holds_password(self.kind, &self.name, text)) {
                    self.add();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Attribute(_) => {}
        }
    }

    fn inside(&mut self, at: usize, name: &str, look: impl FnOnce(&mut Self)) {
        let length = self.name.len();
        if length > 0 {
            self.name.push('.');
        }
        self.name.push_str(name);
        self.way.push(at);
        look(self);
        self.way.pop();
        self.name.truncate(length);
    }

    fn is_secret(&self) -> bool {
        secret::is_secret_place(self.kind, &self.name)
    }

    fn add(&mut self) {
        self.found.push(Place { name: self.name.clone(), way: self.way.clone() });
    }
}

/// Exchanges the secrets of one resource.
struct Walk<'w> {
    node: &'w Node,
    key: &'w Key,
    /// The secrets, by the texts that stand for them.
    found: &'w mut BTreeMap<String, String>,
    /// A place whose literal secret a function needs.
    computed: Option<String>,
    /// How many there were in the value that is being exchanged.
    pieces: usize,
    /// Whether that value is in the middle of a dynamic reference.
    inside: bool,
}

impl<'w> Walk<'w> {
    fn new(node: &'w Node, key: &'w Key, found: &'w mut BTreeMap<String, String>) -> Self {
        Self { node, key, found, computed: None, pieces: 0, inside: false }
    }

    fn hide_all(&mut self, properties: &mut Value, places: &[Place]) {
        for place in places {
            (self.pieces, self.inside) = (0, false);
            if let Some(value) = place.of(properties) {
                self.hide(value, &place.name, false);
            }
        }
    }

    /// The text that stands for a piece of a secret value.
    fn stand_in(&mut self, piece: &str, place: &str, json: bool) -> String {
        // A place may have several: each has a name of its own.
        self.pieces += 1;
        let number = if self.pieces > 1 { format!("#{}", self.pieces) } else { String::new() };
        let name = format!("{}.{place}{number}", self.node.address);
        let reference = self.key.reference(Source::Literal, &name, piece);
        let value = if json { escaped(piece) } else { piece.to_owned() };
        self.found.insert(reference.clone(), value);
        reference
    }

    /// Exchanges every text in a secret value. `json`: it will be a part of a JSON text.
    fn hide(&mut self, value: &mut Value, place: &str, json: bool) {
        match value {
            Value::String(text) => {
                if secret::points_elsewhere(text) {
                    return;
                }
                let mut out = String::with_capacity(text.len());
                let mut rest = text.as_str();
                while !rest.is_empty() {
                    // A dynamic reference may begin in one part of a text and end in another.
                    let end = match self.inside {
                        true => rest.find("}}").map_or(rest.len(), |at| at + 2),
                        false => rest.find("{{resolve:").unwrap_or(rest.len()),
                    };
                    let (piece, more) = rest.split_at(end);
                    if self.inside {
                        out.push_str(piece);
                        self.inside = !piece.ends_with("}}");
                    } else {
                        if !piece.is_empty() {
                            out.push_str(&self.stand_in(piece, place, json));
                        }
                        self.inside = !more.is_empty();
                    }
                    rest = more;
                }
                *text = out.into();
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.hide(item, place, json)),
            Value::Map(members) => members.values_mut().for_each(|item| self.hide(item, place, json)),
            Value::Call(call) => match &mut **call {
                Call::Concat(parts) => parts.iter_mut().for_each(|part| self.hide(part, place, json)),
                Call::Join { list, .. } => self.hide(list, place, json),
                Call::ToJson(inner) => self.hide(inner, place, true),
                Call::Select { list: inner, .. } | Call::Split { text: inner, .. } | Call::Base64(inner) => {
                    if has_text(inner) {
                        self.computed = Some(place.to_owned());
                    }
                }
                Call::Length(_) | Call::Cidr { .. } => {}
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Attribute(_) => {}
        }
    }
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::String(text) => secret::pieces(text).iter().any(|piece| !secret::is_reference(piece)),
        Value::List(items) => items.iter().any(has_text),
        Value::Map(members) => members.values().any(has_text),
        Value::Call(call) => call.arguments().into_iter().any(has_text),
        _ => false,
    }
}

/// The text as it stands inside a JSON text.
fn escaped(text: &str) -> String {
    let quoted = Json::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
#[path = "conceal_tests.rs"]
mod tests;
