//! Excerpts of plan files without secrets: where a diagnostic shows a line, the values of `NoEcho` parameters on it are
//! starred. Places stay where they are.

use std::{collections::BTreeSet, sync::Arc};

use super::options::StackSource;
use crate::{
    error::Diagnostic,
    model::{Source, Span},
    syntax::{self, Tree},
};

/// Stars what must not be shown in the files that diagnostics quote.
#[must_use]
pub fn mask(mut list: Vec<Diagnostic>, stacks: &[StackSource]) -> Vec<Diagnostic> {
    if list.iter().all(|diagnostic| diagnostic.span.is_none() && diagnostic.labels.is_empty()) {
        return list;
    }
    let hidden = hidden(stacks);
    let mut done: Vec<(Arc<Source>, Arc<Source>)> = Vec::new();
    for diagnostic in &mut list {
        let labels = diagnostic.labels.iter_mut().map(|(span, _)| span);
        for span in diagnostic.span.iter_mut().chain(labels) {
            let known =
                done.iter().find(|(from, _)| Arc::ptr_eq(from, &span.source)).map(|(_, to)| Arc::clone(to));
            span.source = known.unwrap_or_else(|| {
                let starred = starred(&span.source, &hidden, stacks);
                done.push((Arc::clone(&span.source), Arc::clone(&starred)));
                starred
            });
        }
    }
    list
}

/// Names of the parameters whose values may be shown: none of that name is `NoEcho`.
#[must_use]
pub fn open_parameters(stacks: &[StackSource]) -> BTreeSet<String> {
    let declared = || {
        stacks.iter().filter_map(|stack| stack.template.get("Parameters").and_then(Tree::as_map)).flatten()
    };
    let secret: BTreeSet<&str> =
        declared().filter(|entry| is_secret(&entry.value)).map(|entry| entry.key.as_str()).collect();
    declared().map(|entry| entry.key.to_string()).filter(|name| !secret.contains(name.as_str())).collect()
}

/// Where values of `NoEcho` parameters stand: defaults, allowed values, and what the manifest gives.
fn hidden(stacks: &[StackSource]) -> Vec<Span> {
    let mut spans = Vec::new();
    for stack in stacks {
        for entry in stack.template.get("Parameters").and_then(Tree::as_map).unwrap_or_default() {
            if is_secret(&entry.value) {
                let own = ["Default", "AllowedValues"].iter().filter_map(|key| entry.value.get(key));
                spans.extend(own.map(|tree| tree.span.clone()));
                spans.extend(stack.parameters.get(entry.key.as_str()).and_then(|given| given.span.clone()));
            }
        }
    }
    spans
}

fn is_secret(parameter: &Tree) -> bool {
    let no_echo = parameter.get("NoEcho").and_then(Tree::as_text);
    no_echo.is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn starred(source: &Arc<Source>, hidden: &[Span], stacks: &[StackSource]) -> Arc<Source> {
    let here = hidden.iter().filter(|span| span.source == *source);
    let mut ranges: Vec<(usize, usize)> = here.map(|span| (span.start as usize, span.end as usize)).collect();
    let read = stacks.iter().any(|stack| stack.template.span.source == *source);
    if !read && source.text.contains("NoEcho") {
        // The file could not be read to its end, so nobody knows which defaults are secrets.
        ranges.extend(defaults(&source.text));
    }
    if !read && source.text.contains("parameters") {
        ranges.extend(given(source, stacks));
    }
    if ranges.is_empty() {
        return Arc::clone(source);
    }
    let mut text = String::with_capacity(source.text.len());
    for (at, ch) in source.text.char_indices() {
        if ch != '\n' && ranges.iter().any(|(start, end)| (*start..*end).contains(&at)) {
            text.extend(std::iter::repeat_n('*', ch.len_utf8()));
        } else {
            text.push(ch);
        }
    }
    Arc::new(Source { path: source.path.clone(), text })
}

/// Every value that a manifest gives to a `NoEcho` parameter, at whichever level: those that another level overrides and
/// those of environments that were not chosen stand on lines that diagnostics quote, too. Where nobody knows which
/// parameters are secrets, all of them.
fn given(source: &Source, stacks: &[StackSource]) -> Vec<(usize, usize)> {
    // What was starred before is no YAML any more.
    let parse = |text: String| syntax::parse(&source.path, text);
    let Ok(tree) = parse(source.text.clone()).or_else(|_| parse(source.text.replace('*', "x"))) else {
        return indented(&source.text);
    };
    let open = open_parameters(stacks);
    let (mut ranges, mut rest) = (Vec::new(), vec![&tree]);
    while let Some(tree) = rest.pop() {
        for entry in tree.as_map().unwrap_or_default() {
            let values = entry.value.as_map().filter(|_| entry.key == "parameters").unwrap_or_default();
            let secret =
                values.iter().filter(|value| stacks.is_empty() || !open.contains(value.key.as_str()));
            ranges
                .extend(secret.map(|value| (value.value.span.start as usize, value.value.span.end as usize)));
            rest.push(&entry.value);
        }
        rest.extend(tree.as_list().unwrap_or_default());
    }
    ranges
}

/// In a manifest that cannot be read: what stands behind `parameters:`, and behind every colon of the deeper lines below.
fn indented(text: &str) -> Vec<(usize, usize)> {
    let (mut ranges, mut within, mut start) = (Vec::new(), None, 0);
    for line in text.split_inclusive('\n') {
        let depth = line.len() - line.trim_start_matches([' ', '-']).len();
        let (from, end) = (start, start + line.trim_end().len());
        start += line.len();
        if line.trim().is_empty() {
            continue;
        }
        within = within.filter(|above| depth > *above);
        if let Some(at) = line.find("parameters") {
            within = within.or(Some(depth));
            ranges.extend(line[at..].find(':').map(|colon| (from + at + colon + 1, end)));
        } else if within.is_some() {
            ranges.extend(line.find(':').map(|colon| (from + colon + 1, end)));
        }
    }
    ranges
}

/// What stands behind every `Default:` and `AllowedValues:`, to the end of its line.
fn defaults(text: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    for name in ["Default", "AllowedValues"] {
        for (at, _) in text.match_indices(name) {
            let rest = &text[at + name.len()..];
            let colon = rest.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
            if let Some(value) = colon.strip_prefix(':') {
                let start = text.len() - value.len();
                let end = value.find('\n').map_or(text.len(), |length| start + length);
                ranges.push((start, end));
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{error::Class, syntax, template::Given};

    fn stack(text: &str) -> StackSource {
        StackSource {
            name: "a".into(),
            region: "us-east-1".into(),
            path: "a.yaml".into(),
            template: Arc::new(syntax::parse(Path::new("a.yaml"), text.to_owned()).unwrap()),
            parameters: [].into(),
            tags: [].into(),
            protected: false,
            lookups: [].into(),
            made_up: [].into(),
        }
    }

    fn quoted(span: Span, stacks: &[StackSource]) -> String {
        let problem = Diagnostic::error("M1032", Class::Plan, "m").span(Some(span));
        mask(vec![problem], stacks)[0].span.as_ref().unwrap().source.text.clone()
    }

    #[test]
    fn values_of_hidden_parameters_are_starred_and_places_stay() {
        let text = "Parameters:\n  Pw: {Type: String, NoEcho: true, Default: hünter2, AllowedValues: [hünter2, x]}\n  \
                    Shown: {Type: String, Default: visible}\n";
        let mut stack = stack(text);
        let manifest =
            syntax::parse(Path::new("migration.yaml"), "parameters: {Pw: s3cret, Shown: v}\n".into())
                .unwrap();
        let given = manifest.get("parameters").unwrap().get("Pw").unwrap().span.clone();
        stack.parameters.insert("Pw".into(), Given { text: "s3cret".into(), span: Some(given.clone()) });
        let stacks = [stack];
        let shown = quoted(stacks[0].template.span.clone(), &stacks);
        assert!(
            !shown.contains("hünter2") && shown.contains("visible") && shown.len() == text.len(),
            "{shown}"
        );
        let shown = quoted(given, &stacks);
        assert!(!shown.contains("s3cret") && shown.contains("Shown: v"), "{shown}");
    }

    #[test]
    fn values_of_every_level_of_a_manifest_are_starred() {
        let template = "Parameters: {Pw: {Type: String, NoEcho: true}, Shown: {Type: String}}\n";
        let text = "parameters: {Pw: s3cret1, Shown: v, Unknown: s3cret2}\nenvironments:\n  prod: {parameters: {Pw: s3cret3}}\n\
                    stacks: [{name: a, template: a.yaml, parameters: {Pw: s3cret4}}]\n";
        let manifest = syntax::parse(Path::new("migration.yaml"), text.into()).unwrap();
        let shown = quoted(manifest.span.clone(), &[stack(template)]);
        assert!(
            !shown.contains("s3cret") && shown.contains("Shown: v") && shown.len() == text.len(),
            "{shown}"
        );
        // No template could be read: nobody knows what is secret.
        assert!(!quoted(manifest.span.clone(), &[]).contains("s3cret"));
        for text in [
            "name: m\nparameters: {Pw: s3cret\nregion: x\n",
            "name: m\nparameters:\n  Pw: s3cret: x\nregion: [visible\n",
            "stacks:\n  - name: a\n    parameters:\n      Pw: 's3cret\n",
        ] {
            let errors = syntax::parse(Path::new("migration.yaml"), text.to_owned()).unwrap_err();
            let shown = quoted(errors[0].span.clone().unwrap(), &[]);
            assert!(!shown.contains("s3cret") && shown.len() == text.len(), "{shown}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_no_default_at_all() {
        for text in [
            "Parameters:\n  Pw: {NoEcho: true, Default: hunter2\n",
            "Parameters:\n  Pw:\n    NoEcho: true\n    Default: hunter2: x\n",
            "{\"Parameters\": {\"Pw\": {\"NoEcho\": true, \"Default\" : \"hunter2\",,}}}",
        ] {
            let errors = syntax::parse(Path::new("a.yaml"), text.to_owned()).unwrap_err();
            let span = errors[0].span.clone().unwrap();
            let shown = quoted(span, &[]);
            assert!(!shown.contains("hunter2") && shown.len() == text.len(), "{shown}");
        }
    }
}
