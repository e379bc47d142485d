//! Diagnostics as rustc shows them, and as JSON.

use std::{borrow::Cow, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value as Json, json};

use crate::{
    error::{Diagnostic, Severity},
    model::{Source, Span},
    printable,
};

/// More than this many diagnostics are counted, not shown.
const AT_MOST: usize = 100;

/// For people.
#[must_use]
pub fn render(list: &[Diagnostic], width: usize, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(width);
    let mut out = String::new();
    for diagnostic in list.iter().take(AT_MOST) {
        out.push_str(&renderer.render(&report(&harmless(diagnostic))));
        out.push_str("\n\n");
    }
    if list.len() > AT_MOST {
        out.push_str(&format!("and {} more\n\n", list.len() - AT_MOST));
    }
    let errors = list.iter().filter(|d| d.severity == Severity::Error).count();
    if errors > 1 {
        out.push_str(&format!("{errors} errors; `migrate explain CODE` says more about each kind\n"));
    }
    out
}

/// The diagnostic without anything that steers a terminal; its places stay where they are.
fn harmless(diagnostic: &Diagnostic) -> Diagnostic {
    let mut clean = diagnostic.clone();
    let text = |text: &str| printable::lines(text).into_owned();
    clean.message = text(&clean.message);
    clean.help = clean.help.as_deref().map(text);
    clean.request_id = clean.request_id.as_deref().map(text);
    // Places of one file go on sharing it: that is how labels are grouped.
    let mut sources: Vec<(Arc<Source>, Arc<Source>)> = Vec::new();
    let mut settle = |span: &mut Span| {
        let known =
            sources.iter().find(|(from, _)| Arc::ptr_eq(from, &span.source)).map(|(_, to)| Arc::clone(to));
        let source = known.unwrap_or_else(|| {
            let from = &span.source;
            let clean =
                match (printable::same_length(&from.text), printable::line(&from.path.to_string_lossy())) {
                    (Cow::Borrowed(_), Cow::Borrowed(_)) => Arc::clone(from),
                    (text, path) => {
                        Arc::new(Source { path: path.into_owned().into(), text: text.into_owned() })
                    }
                };
            sources.push((Arc::clone(from), Arc::clone(&clean)));
            clean
        });
        span.source = source;
    };
    clean.span.iter_mut().for_each(&mut settle);
    for (span, words) in &mut clean.labels {
        settle(span);
        *words = text(words);
    }
    clean
}

fn report(diagnostic: &Diagnostic) -> Vec<Group<'_>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut group = match &diagnostic.span {
        Some(span) => {
            let (start, end) = bounds(&span.source.text, span.start as usize, span.end as usize);
            let label = diagnostic.address.as_ref().map(|a| a.as_str());
            let mut snippet = Snippet::source(span.source.text.as_str())
                .path(span.source.path.to_string_lossy().into_owned())
                .annotation(AnnotationKind::Primary.span(start..end).label(label));
            let (here, elsewhere): (Vec<_>, Vec<_>) =
                diagnostic.labels.iter().partition(|(other, _)| other.source == span.source);
            for (other, words) in here {
                let (start, end) = bounds(&other.source.text, other.start as usize, other.end as usize);
                snippet = snippet.annotation(AnnotationKind::Context.span(start..end).label(words.as_str()));
            }
            elsewhere.into_iter().fold(title.element(snippet), |group, (other, words)| {
                let (start, end) = bounds(&other.source.text, other.start as usize, other.end as usize);
                let snippet = Snippet::source(other.source.text.as_str())
                    .path(other.source.path.to_string_lossy().into_owned())
                    .annotation(AnnotationKind::Context.span(start..end).label(words.as_str()));
                group.element(snippet)
            })
        }
        None => {
            let group = Group::with_title(title);
            match &diagnostic.address {
                Some(address) => group.element(Level::NOTE.message(format!("about {address}"))),
                None => group,
            }
        }
    };
    if let Some(id) = &diagnostic.request_id {
        group = group.element(Level::NOTE.message(format!("AWS request id {id}")));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// A range that lies within the text, on character boundaries, on one line: long values are shown by their
/// first line only.
fn bounds(text: &str, start: usize, end: usize) -> (usize, usize) {
    let mut start = start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let mut end = end.clamp(start, line_end);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

/// For machines.
#[must_use]
pub fn as_json(list: &[Diagnostic]) -> Json {
    let items: Vec<Json> = list
        .iter()
        .map(|d| {
            let place = |span: &Span| {
                let (line, column) = span.line_column();
                json!({"file": span.source.path.display().to_string(), "line": line, "column": column})
            };
            let labels: Vec<Json> = d
                .labels
                .iter()
                .map(|(span, words)| json!({"place": place(span), "message": words}))
                .collect();
            let place = d.span.as_ref().map(place);
            json!({
                "code": d.code, "severity": d.severity, "class": d.class, "message": d.message,
                "address": d.address, "place": place, "labels": labels, "request_id": d.request_id, "help": d.help,
            })
        })
        .collect();
    json!({"format": 1, "diagnostics": items})
}
