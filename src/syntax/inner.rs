//! Places inside a scalar: where a character of its text is written in the file, through quotes, escapes,
//! indentation and `Fn::Sub`.
//!
//! Blanks are folded, indented and escaped in many ways; all other characters are written in the order in which
//! they appear in the text. So the map goes from the n-th character that is no blank to its place, and whatever
//! does not fit that picture answers with the whole scalar.

use crate::{model::Span, syntax::read::offset};

/// The places of a text's characters.
pub struct Inner<'t> {
    text: &'t str,
    outer: Span,
    /// Offset in the text and offset in the file of each character that is no blank.
    places: Vec<(usize, usize)>,
}

impl<'t> Inner<'t> {
    /// Lines a text up with the scalar, or with the `Fn::Sub`, that it was made from.
    #[must_use]
    pub fn new(outer: &Span, text: &'t str) -> Self {
        let (start, end) = (outer.start as usize, outer.end as usize);
        let raw = outer.source.text.get(start..end).unwrap_or_default();
        let (raw, skipped) = after_function(raw);
        let written = characters(raw);
        let wanted: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
        let places = line_up(&wanted, &written).unwrap_or_default();
        let places = places.into_iter().map(|(at, place)| (at, start + skipped + place)).collect();
        Self { text, outer: outer.clone(), places }
    }

    /// Where the part of the text is written.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let places = &self.places;
        let from = places.partition_point(|(at, _)| *at < start);
        let Some(first) = places.get(from).or(places.last()) else { return self.outer.clone() };
        let upto = places.partition_point(|(at, _)| *at < end);
        let last = places[..upto].last().filter(|last| last.0 >= first.0).unwrap_or(first);
        let width = |at: usize| self.text[at..].chars().next().map_or(1, char::len_utf8);
        let end = (last.1 + width(last.0)).max(first.1 + 1);
        Span { source: self.outer.source.clone(), start: offset(first.1), end: offset(end) }
    }
}

/// The part of `!Sub ...` or `{Fn::Sub: ...}` that holds the text, and how much is before it.
fn after_function(raw: &str) -> (&str, usize) {
    let head = raw.find("!Sub").filter(|at| *at == 0).map(|at| at + 4);
    let long = raw.find("Fn::Sub").filter(|at| *at < 40).map(|at| {
        let rest = &raw[at + 7..];
        at + 7 + rest.find(':').map_or(0, |colon| colon + 1)
    });
    let Some(mut at) = head.or(long) else { return (raw, 0) };
    // `[text, {variables}]` in either style.
    let rest = &raw[at..];
    at += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t', '[']).len();
    if let Some(item) = raw[at..].strip_prefix("- ") {
        at = raw.len() - item.trim_start().len();
    }
    (&raw[at..], at)
}

/// The characters that are no blanks, with escapes undone, and where each is.
fn characters(raw: &str) -> Vec<(char, usize)> {
    match raw.chars().next() {
        Some('"') => double_quoted(raw),
        Some('\'') => single_quoted(raw),
        Some('|' | '>') => {
            let body = raw.find('\n').map_or(raw.len(), |at| at + 1);
            plain(&raw[body..], body)
        }
        _ => plain(raw, 0),
    }
}

fn plain(raw: &str, skipped: usize) -> Vec<(char, usize)> {
    raw.char_indices().filter(|(_, c)| !c.is_whitespace()).map(|(at, c)| (c, at + skipped)).collect()
}

fn single_quoted(raw: &str) -> Vec<(char, usize)> {
    let mut out = Vec::new();
    let mut rest = raw.char_indices().skip(1).peekable();
    while let Some((at, c)) = rest.next() {
        if c == '\'' && rest.next_if(|(_, next)| *next == '\'').is_none() {
            break;
        }
        if !c.is_whitespace() {
            out.push((c, at));
        }
    }
    out
}

fn double_quoted(raw: &str) -> Vec<(char, usize)> {
    let mut out = Vec::new();
    let mut high: Option<u32> = None;
    let mut rest = raw.char_indices().skip(1);
    while let Some((at, c)) = rest.next() {
        let mut meant = Some(c);
        if c == '"' {
            break;
        } else if c == '\\' {
            let Some((_, kind)) = rest.next() else { break };
            let digits = match kind {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            meant = match kind {
                'n' | 't' | 'r' | '\n' | ' ' | 'v' | 'f' | 'N' | '_' | 'L' | 'P' => None,
                'b' => Some('\u{8}'),
                'a' => Some('\u{7}'),
                'e' => Some('\u{1b}'),
                '0' => Some('\0'),
                _ if digits > 0 => {
                    let hex: String = rest.by_ref().take(digits).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&hex, 16).unwrap_or(0);
                    match (high.take(), code) {
                        (None, 0xD800..=0xDBFF) => {
                            high = Some(code);
                            None
                        }
                        (Some(high), 0xDC00..=0xDFFF) => {
                            char::from_u32(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
                        }
                        _ => char::from_u32(code),
                    }
                }
                other => Some(other),
            };
        }
        if let Some(c) = meant.filter(|c| !c.is_whitespace()) {
            out.push((c, at));
        }
    }
    out
}

/// Pairs the text's characters with the written ones; `${...}` stands for any number of characters.
fn line_up(wanted: &[(usize, char)], written: &[(char, usize)]) -> Option<Vec<(usize, usize)>> {
    let mut out = Vec::with_capacity(wanted.len());
    let (mut at, mut from) = (0, 0);
    while let Some((c, place)) = written.get(from) {
        let opens = *c == '$' && written.get(from + 1).is_some_and(|(next, _)| *next == '{');
        let same = wanted.get(at).is_some_and(|(_, w)| w == c)
            && (!opens || wanted.get(at + 1).is_some_and(|(_, w)| *w == '{'));
        if same && !(opens && written.get(from + 2).is_some_and(|(next, _)| *next == '!')) {
            out.push((wanted[at].0, *place));
            (at, from) = (at + 1, from + 1);
            continue;
        }
        if !opens {
            return None;
        }
        let close = from + written[from..].iter().position(|(c, _)| *c == '}')?;
        let next: Vec<char> = written[close + 1..]
            .iter()
            .map(|(c, _)| *c)
            .enumerate()
            .take_while(|(n, c)| {
                !(*c == '$' && written.get(close + 2 + n).is_some_and(|(next, _)| *next == '{'))
            })
            .map(|(_, c)| c)
            .collect();
        // As much of the literal as tells it from others; the rest is compared as it is paired.
        let last = close + 1 + next.len() == written.len();
        let next = if last { next.as_slice() } else { &next[..next.len().min(64)] };
        // What was put in ends where the literal after it begins.
        let end = if next.is_empty() {
            wanted.len().min(if close + 1 == written.len() { wanted.len() } else { at })
        } else {
            let fits = |start: &usize| {
                wanted[*start..].iter().map(|(_, c)| *c).take(next.len()).eq(next.iter().copied())
            };
            if last {
                wanted.len().checked_sub(next.len()).filter(|start| *start >= at && fits(start))?
            } else {
                (at..wanted.len()).find(fits)?
            }
        };
        out.extend(wanted[at..end].iter().map(|(offset, _)| (*offset, *place)));
        (at, from) = (end, close + 1);
    }
    (at == wanted.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use proptest::prelude::*;

    use super::*;
    use crate::model::Source;

    /// The text that the span of the marked part (between `<` and `>`) covers.
    fn covered(file: &str, text: &str, part: &str) -> String {
        let tree = super::super::parse(Path::new("t.yaml"), file.to_owned()).unwrap();
        let outer = &tree.get("A").unwrap().span;
        let at = text.find(part).unwrap();
        let span = Inner::new(outer, text).span(at, at + part.len());
        file[span.start as usize..span.end as usize].to_owned()
    }

    #[test]
    fn places_are_found_through_every_style() {
        let text = "{\"a\": [1, \"b'\"]}";
        assert_eq!(
            covered("A: |\n  {\"a\": [1,\n   \"b'\"]}\n", "{\"a\": [1,\n \"b'\"]}\n", "\"b'\""),
            "\"b'\""
        );
        assert_eq!(covered("A: >\n  {\"a\":\n  [1, \"b'\"]}\n", text, "\"b'\""), "\"b'\"");
        assert_eq!(covered("A: '{\"a\": [1, \"b''\"]}'\n", text, "\"b'\""), "\"b''\"");
        assert_eq!(covered("A: \"{\\\"a\\\": [1, \\\"b'\\\"]}\"\n", text, "[1"), "[1");
        assert_eq!(covered("{\"A\": \"{\\\"a\\\": [1, \\\"b'\\\"]}\"}", text, "1"), "1");
        assert_eq!(
            covered("A: {\"Fn::Sub\": \"{\\u0022a\\u0022:\\n [1]}\"}", "{\"a\":\n [1]}", "[1]"),
            "[1]"
        );
    }

    #[test]
    fn places_are_found_around_what_fn_sub_puts_in() {
        let file = "A: !Sub |\n  {\"a\": \"${X}-x\", \"b\": ${Y}, \"c\": 1}\n";
        let text = "{\"a\": \"orders-x\", \"b\": 12, \"c\": 1}\n";
        assert_eq!(covered(file, text, "\"c\""), "\"c\"");
        assert_eq!(covered(file, text, "-x"), "-x");
        assert!(covered(file, text, "orders").starts_with('$'));
        assert_eq!(
            covered("A: !Sub ['{\"a\": \"${X}\", \"c\": 1}', {X: y}]\n", "{\"a\": \"y\", \"c\": 1}", "\"c\""),
            "\"c\""
        );
    }

    #[test]
    fn what_does_not_fit_answers_with_the_whole() {
        let source = Arc::new(Source { path: "t".into(), text: "!Join ['', [a, b]]".into() });
        let outer = Span { source, start: 0, end: 18 };
        assert_eq!(Inner::new(&outer, "ab").span(1, 2), outer);
        assert_eq!(Inner::new(&outer, "").span(0, 0), outer);
    }

    proptest! {
        #[test]
        fn no_text_and_no_source_make_it_panic_or_leave_the_source(
            raw in "(!Sub )?[\"'|>]?\\PC{0,12}(\\$\\{[a-z]{0,3}\\}|\\\\u[0-9a-f]{4}|\\\\.|\n| ){0,4}\\PC{0,8}[\"']?",
            text in "\\PC{0,24}",
            (start, end) in (0usize..30, 0usize..30),
        ) {
            let source = Arc::new(Source { path: "t".into(), text: raw.clone() });
            let outer = Span { source, start: 0, end: offset(raw.len()) };
            for text in [text.as_str(), raw.as_str()] {
                let span = Inner::new(&outer, text).span(start, end.max(start));
                prop_assert!(span.start as usize <= raw.len() && span.end as usize <= raw.len());
            }
        }
    }
}
