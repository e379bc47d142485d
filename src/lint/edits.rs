//! The edits of a plan's files that settle a finding: as small as they can be, at the place where the value is written.
//!
//! Nothing is rewritten: comments, order and the file's way of writing stay. Where a value is not written as it is meant
//! (a parameter's, a function's), there is no edit.

use std::sync::Arc;

use crate::{
    error::Fix,
    model::{
        Span,
        item::{Item, Kind},
    },
};

/// Gives a member of an object of the resource a value; the object is made if it is not there.
pub(super) fn set_in(properties: &Item, holder: &str, name: &str, value: &str) -> Option<Fix> {
    match properties.get(holder) {
        Some(member) => set(&member.value, name, value),
        None => insert(properties, |style| match style {
            Style::Block { indent, line } => {
                format!("{holder}:{line}{indent}  {name}: '{value}'{line}{indent}")
            }
            Style::Flow { quote, gap } => {
                let key = |text: &str| if *quote == '"' { format!("\"{text}\"") } else { text.to_owned() };
                format!("{}: {{{}: {quote}{value}{quote}}}{gap}", key(holder), key(name))
            }
        }),
    }
}

/// Gives a member of an object a value.
pub(super) fn set(object: &Item, name: &str, value: &str) -> Option<Fix> {
    match object.get(name) {
        Some(member) => replace(&member.value, value),
        None => insert(object, |style| match style {
            Style::Block { indent, line } => format!("{name}: '{value}'{line}{indent}"),
            Style::Flow { quote: '"', gap } => format!("\"{name}\": \"{value}\"{gap}"),
            Style::Flow { quote, gap } => format!("{name}: {quote}{value}{quote}{gap}"),
        }),
    }
}

/// Another scalar in the place of one, quoted as that one was.
pub(super) fn replace(item: &Item, value: &str) -> Option<Fix> {
    let Kind::Scalar(scalar) = &item.kind else { return None };
    let written = slice(&item.span)?;
    // The place of a quoted scalar may reach over a comment behind it.
    let only = |rest: &str| rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
    let (whole, text) = ["", "'", "\""].iter().find_map(|quote| {
        let whole = format!("{quote}{}{quote}", scalar.text);
        let rest = written.strip_prefix(whole.as_str()).filter(|rest| only(rest))?;
        Some((written.len() - rest.len(), format!("{quote}{value}{quote}")))
    })?;
    let end = item.span.start + u32::try_from(whole).ok()?;
    Some(Fix { span: Span { end, ..item.span.clone() }, text })
}

/// How the object is written, where its first member stands.
enum Style {
    /// One member a line, all at one depth.
    Block { indent: String, line: &'static str },
    /// Between braces; what follows a new first member.
    Flow { quote: char, gap: String },
}

fn insert(object: &Item, write: impl Fn(&Style) -> String) -> Option<Fix> {
    let Kind::Map(members) = &object.kind else { return None };
    let text = object.span.source.text.as_str();
    let start = object.span.start as usize;
    let braces = text.get(start..)?.starts_with('{');
    let within = |span: &Span| {
        Arc::ptr_eq(&span.source, &object.span.source)
            && span.start >= object.span.start
            && span.end <= object.span.end
    };
    let at = |place: usize, text: String| {
        let place = u32::try_from(place).ok()?;
        Some(Fix { span: Span { source: Arc::clone(&object.span.source), start: place, end: place }, text })
    };
    let line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    // Members that an alias brings stand elsewhere.
    let Some(first) = members.iter().find(|member| within(&member.key_span)) else {
        let json = text.trim_start().starts_with('{');
        let style = Style::Flow { quote: if json { '"' } else { '\'' }, gap: String::new() };
        return if braces && members.is_empty() { at(start + 1, write(&style)) } else { None };
    };
    let key = first.key_span.start as usize;
    let written = slice(&first.key_span)?;
    if written.trim_matches(['"', '\'']) != first.key {
        return None;
    }
    let before = text.get(..key)?.rsplit('\n').next()?;
    if braces {
        let quote = if written.starts_with('"') { '"' } else { '\'' };
        let alone = before.bytes().all(|byte| byte == b' ' || byte == b'\t');
        let gap = if alone { format!(",{line}{before}") } else { ", ".to_owned() };
        return at(key, write(&Style::Flow { quote, gap }));
    }
    // The first member of a list's item stands behind its dash.
    let plain = before.bytes().all(|byte| byte == b' ' || byte == b'-');
    let indent = " ".repeat(before.len());
    if plain { at(key, write(&Style::Block { indent, line })) } else { None }
}

fn slice(span: &Span) -> Option<&str> {
    span.source.text.get(span.start as usize..span.end as usize)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::syntax;

    /// The text after `set_in(P, "Parameters", "b", "1")`, where P is the member of that name; read again, it holds it.
    fn edited(name: &str, text: &str) -> Option<String> {
        let tree = syntax::parse(Path::new(name), text.to_owned()).unwrap().to_item();
        let fix = set_in(&tree.get("P").unwrap().value, "Parameters", "b", "1")?;
        let mut after = text.to_owned();
        after.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
        let again = syntax::parse(Path::new(name), after.clone()).unwrap().to_json();
        assert_eq!(again["P"]["Parameters"]["b"].to_string().trim_matches('"'), "1", "{after}");
        Some(after)
    }

    #[test]
    fn a_member_is_put_first_in_the_way_the_file_is_written() {
        let cases = [
            (
                "P:\n  # why\n  Parameters:   # these\n    a: x # this\n    c: y\n",
                "P:\n  # why\n  Parameters:   # these\n    b: '1'\n    a: x # this\n    c: y\n",
            ),
            ("P:\n  Other: x # that\n", "P:\n  Parameters:\n    b: '1'\n  Other: x # that\n"),
            ("P: {Parameters: {a: x}}\n", "P: {Parameters: {b: '1', a: x}}\n"),
            ("P: {Parameters: {}}\n", "P: {Parameters: {b: '1'}}\n"),
            ("P: {Other: x}\n", "P: {Parameters: {b: '1'}, Other: x}\n"),
            ("P:\r\n  Parameters:\r\n    a: x\r\n", "P:\r\n  Parameters:\r\n    b: '1'\r\n    a: x\r\n"),
            ("P:\n  Parameters:\n    b: '0' # off\n", "P:\n  Parameters:\n    b: '1' # off\n"),
            ("P:\n  Parameters:\n    b: 0\n", "P:\n  Parameters:\n    b: 1\n"),
        ];
        for (before, after) in cases {
            assert_eq!(edited("a.yaml", before).as_deref(), Some(after), "{before}");
        }
    }

    #[test]
    fn json_keeps_its_lines_and_its_quotes() {
        let cases = [
            (
                "{\n  \"P\": {\n    \"Parameters\": {\n      \"a\": \"x\"\n    }\n  }\n}",
                "{\n  \"P\": {\n    \"Parameters\": {\n      \"b\": \"1\",\n      \"a\": \"x\"\n    }\n  }\n}",
            ),
            (
                "{\"P\": {\"Parameters\": {\"a\": \"x\"}}}",
                "{\"P\": {\"Parameters\": {\"b\": \"1\", \"a\": \"x\"}}}",
            ),
            ("{\"P\": {\"Parameters\": {}}}", "{\"P\": {\"Parameters\": {\"b\": \"1\"}}}"),
            ("{\"P\": {\"Other\": 1}}", "{\"P\": {\"Parameters\": {\"b\": \"1\"}, \"Other\": 1}}"),
            ("{\"P\": {\"Parameters\": {\"b\": \"0\"}}}", "{\"P\": {\"Parameters\": {\"b\": \"1\"}}}"),
        ];
        for (before, after) in cases {
            assert_eq!(edited("a.json", before).as_deref(), Some(after), "{before}");
        }
    }

    #[test]
    fn what_is_not_written_there_is_not_edited() {
        for text in
            ["P: {Parameters: {b: !Ref X}}\n", "P: {Parameters: !Ref X}\n", "P: {Parameters: {b: [0]}}\n"]
        {
            assert_eq!(edited("a.yaml", text), None, "{text}");
        }
    }
}
