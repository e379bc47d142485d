//! JSON in a text, as an item whose parts know their places inside the text.

use std::{cell::RefCell, path::Path};

use serde_json::Value as Json;

use crate::{
    model::{
        Call, Reference, Scalar, Span, Value,
        dynamic::is_dynamic,
        item::{Item, Kind, Member, any_text},
    },
    syntax::{Inner, Node, Tree, parse},
};

/// Stand around the number of a reference inside a text; no template holds these characters.
const OPEN: char = '\u{F0000}';
const CLOSE: char = '\u{F0001}';

/// Stands for a reference where JSON has a number or another value without quotes.
const BARE: &str = "7046551204";

/// The document in a text; `None` if the value is no text, or a text that is not known.
///
/// References inside become values that are not known yet.
///
/// # Errors
/// Where and why the text is no JSON.
pub fn document(item: &Item) -> Option<Result<Item, (Span, String)>> {
    match &item.kind {
        Kind::Scalar(scalar) if is_dynamic(&scalar.text) => None,
        Kind::Scalar(scalar) => Some(parsed(&item.span, &scalar.text, &[])),
        Kind::Deferred(value) if matches!(**value, Value::Call(_)) && !any_text(value, &is_dynamic) => {
            let references: RefCell<Vec<Reference>> = RefCell::default();
            let marked = value.resolve(&|reference| {
                let mut all = references.borrow_mut();
                all.push(reference.clone());
                Some(Json::String(format!("{OPEN}{}{CLOSE}", all.len() - 1)))
            });
            let Ok(Json::String(marked)) = marked else { return None };
            let first = parsed(&item.span, &marked, &references.borrow());
            if first.is_ok() {
                return Some(first);
            }
            // In most places of a document a text or a number fits.
            let Ok(Json::String(bare)) = value.resolve(&|_| Some(Json::String(BARE.into()))) else {
                return None;
            };
            let second = parsed(&item.span, &bare, &[]);
            Some(if second.is_ok() { second } else { first })
        }
        _ => None,
    }
}

fn parsed(outer: &Span, text: &str, references: &[Reference]) -> Result<Item, (Span, String)> {
    let inner = Inner::new(outer, text);
    match parse(Path::new("document.json"), text.to_owned()) {
        Ok(tree) => Ok(item(&tree, &inner, references)),
        Err(errors) => {
            let error = &errors[0];
            let span = error.span.as_ref();
            let span =
                span.map_or_else(|| outer.clone(), |span| inner.span(span.start as usize, span.end as usize));
            let message = error.message.replace("this is not JSON: ", "");
            Err((span, message))
        }
    }
}

fn item(tree: &Tree, inner: &Inner<'_>, references: &[Reference]) -> Item {
    let span = |span: &Span| inner.span(span.start as usize, span.end as usize);
    let kind = match &tree.value {
        Node::Null => Kind::Null,
        Node::Scalar(scalar) => known(scalar, references),
        Node::List(items) => Kind::List(items.iter().map(|tree| item(tree, inner, references)).collect()),
        Node::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| Member {
                    key: entry.key.clone(),
                    key_span: span(&entry.key_span),
                    value: item(&entry.value, inner, references),
                })
                .collect(),
        ),
    };
    Item::new(kind, &span(&tree.span))
}

/// A scalar, with references in the place of their marks.
fn known(scalar: &Scalar, references: &[Reference]) -> Kind {
    if scalar.text.contains(BARE) {
        return Kind::Deferred(Value::Null.into());
    }
    if !scalar.text.contains(OPEN) {
        return Kind::Scalar(scalar.clone());
    }
    let mut parts = Vec::new();
    for piece in scalar.text.split_inclusive(CLOSE) {
        let (literal, mark) = piece.split_once(OPEN).unwrap_or((piece, ""));
        if !literal.is_empty() {
            parts.push(Value::String(literal.into()));
        }
        let number = mark.trim_end_matches(CLOSE).parse::<usize>().ok();
        parts.extend(number.and_then(|at| references.get(at)).cloned().map(|it| Value::Attribute(it.into())));
    }
    match parts.as_slice() {
        [only] => Kind::Deferred(only.clone().into()),
        _ => Kind::Deferred(Value::Call(Call::Concat(parts).into()).into()),
    }
}
