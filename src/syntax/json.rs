//! A strict JSON parser that keeps places.

use std::{collections::HashSet, sync::Arc};

use crate::{
    error::{Class, Diagnostic, Severity},
    model::{Scalar, Source, Span, Text},
    syntax::{Entry, Keys, MAX_DEPTH, MAX_NODES, Node, Tree, read::offset},
};

/// Parses a whole JSON document.
pub(super) fn parse(source: &Arc<Source>) -> Result<Tree, Vec<Diagnostic>> {
    let mut parser = Parser::new(source);
    let tree = parser.document().map_err(|error| vec![*error])?;
    if parser.duplicates.is_empty() { Ok(tree) } else { Err(parser.duplicates) }
}

/// The same, with the last of duplicate keys in place of the first and a warning for each.
pub(super) fn parse_noting(source: &Arc<Source>) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut parser = Parser::new(source);
    let tree = parser.document().map_err(|error| vec![*error])?;
    Ok((tree, parser.duplicates.into_iter().map(noted).collect()))
}

type Parsed<T> = Result<T, Box<Diagnostic>>;

struct Parser<'s> {
    source: &'s Arc<Source>,
    bytes: &'s [u8],
    at: usize,
    depth: usize,
    nodes: usize,
    /// Long keys that were seen.
    keys: HashSet<Text>,
    duplicates: Vec<Diagnostic>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s Arc<Source>) -> Self {
        Self {
            source,
            bytes: source.text.as_bytes(),
            at: 0,
            depth: 0,
            nodes: 0,
            keys: HashSet::new(),
            duplicates: Vec::new(),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: Arc::clone(self.source), start: offset(start), end: offset(end) }
    }

    fn fail(&self, at: usize, message: impl Into<String>) -> Box<Diagnostic> {
        let span = self.span(at, at + 1);
        Box::new(Diagnostic::error("M1003", Class::Plan, message).span(Some(span)))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What stands here, for messages.
    fn found(&self) -> String {
        match self.source.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end of the file".to_owned(),
        }
    }

    fn document(&mut self) -> Parsed<Tree> {
        self.blanks();
        let tree = self.value()?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.fail(self.at, format!("the document ends before {}", self.found())));
        }
        Ok(tree)
    }

    fn value(&mut self) -> Parsed<Tree> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let mut error = self.fail(self.at, format!("the file holds more than {MAX_NODES} values"));
            error.code = "M1006";
            return Err(error);
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Node::Scalar(Scalar { text: self.string()?, plain: false }),
            Some(b'-' | b'0'..=b'9') => Node::Scalar(Scalar { text: self.number()?, plain: true }),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.word()?,
            Some(b'/') => return Err(self.fail(self.at, "JSON has no comments")),
            Some(b'\'') => return Err(self.fail(self.at, "JSON texts stand in double quotes")),
            _ => return Err(self.fail(self.at, format!("expected a value, found {}", self.found()))),
        };
        Ok(Tree { value, span: self.span(start, self.at) })
    }

    fn nested(&mut self, parse: fn(&mut Self) -> Parsed<Node>) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let mut error = self.fail(self.at, format!("values are nested more than {MAX_DEPTH} deep"));
            error.code = "M1006";
            return Err(error);
        }
        let node = parse(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self) -> Parsed<Node> {
        let open = self.at;
        self.at += 1;
        self.blanks();
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = Keys::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Map(entries));
        }
        loop {
            self.blanks();
            let start = self.at;
            match self.peek() {
                Some(b'"') => {}
                Some(b'}') => return Err(self.fail(self.at, "expected a key after the comma, found `}`")),
                _ => {
                    return Err(
                        self.fail(self.at, format!("expected a key in quotes, found {}", self.found()))
                    );
                }
            }
            let key = self.key()?;
            let key_span = self.span(start, self.at);
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.fail(self.at, format!("expected `:` after the key, found {}", self.found())));
            }
            self.at += 1;
            self.blanks();
            let value = self.value()?;
            if seen.is_new(&key, &entries) {
                entries.push(Entry { key, key_span, value });
            } else {
                self.duplicates.push(duplicate(&key, key_span.clone(), &entries));
                replace(&mut entries, Entry { key, key_span, value });
            }
            if !self.comma(b'}', open)? {
                // A large plan is a million of these: no room for more than there are.
                entries.shrink_to_fit();
                return Ok(Node::Map(entries));
            }
        }
    }

    fn list(&mut self) -> Parsed<Node> {
        let open = self.at;
        self.at += 1;
        self.blanks();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            self.blanks();
            if self.peek() == Some(b']') {
                return Err(self.fail(self.at, "expected a value after the comma, found `]`"));
            }
            items.push(self.value()?);
            if !self.comma(b']', open)? {
                items.shrink_to_fit();
                return Ok(Node::List(items));
            }
        }
    }

    /// Whether another member follows.
    fn comma(&mut self, close: u8, open: usize) -> Parsed<bool> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            None => Err(self.fail(open, format!("the file ends before the `{}` of this", char::from(close)))),
            _ => Err(self
                .fail(self.at, format!("expected `,` or `{}`, found {}", char::from(close), self.found()))),
        }
    }

    fn word(&mut self) -> Parsed<Node> {
        let start = self.at;
        while matches!(self.peek(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
            self.at += 1;
        }
        match &self.source.text[start..self.at] {
            "null" => Ok(Node::Null),
            word @ ("true" | "false") => Ok(Node::Scalar(Scalar::plain(word))),
            word => Err(self.fail(start, format!("`{word}` is no JSON value; texts stand in double quotes"))),
        }
    }

    fn digits(&mut self) -> Parsed<()> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.fail(self.at, format!("expected a digit, found {}", self.found())));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Parsed<Text> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        self.digits()?;
        if self.bytes[first] == b'0' && self.at > first + 1 {
            return Err(self.fail(first, "a JSON number does not start with 0; quote it to keep the 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.source.text[start..self.at].into())
    }

    /// A key. Plans have few different ones: those that are too long to stand in place share their text.
    fn key(&mut self) -> Parsed<Text> {
        let key = self.string()?;
        if key.len() <= Text::INLINE_LIMIT {
            return Ok(key);
        }
        let known = self.keys.get(&key).cloned();
        Ok(known.unwrap_or_else(|| {
            self.keys.insert(key.clone());
            key
        }))
    }

    fn string(&mut self) -> Parsed<Text> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut from = self.at;
        loop {
            match self.peek() {
                None => return Err(self.fail(open, "the file ends inside this text")),
                Some(b'"') => {
                    let rest = &self.source.text[from..self.at];
                    self.at += 1;
                    return Ok(if out.is_empty() { rest.into() } else { (out + rest).into() });
                }
                Some(b'\\') => {
                    out.push_str(&self.source.text[from..self.at]);
                    self.at += 1;
                    out.push(self.escape()?);
                    from = self.at;
                }
                Some(b'\n' | b'\r') => {
                    return Err(self.fail(self.at, "a line break inside a text is written `\\n`"));
                }
                Some(b @ 0..0x20) => {
                    let message = format!("a control character inside a text is written `\\u{b:04x}`");
                    return Err(self.fail(self.at, message));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let at = self.at;
        self.at += 1;
        Ok(match self.bytes.get(at) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                let code = match first {
                    0xD800..=0xDBFF => {
                        if self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
                            return Err(self.fail(at, "the first half of a surrogate pair stands alone"));
                        }
                        self.at += 2;
                        let second = self.hex()?;
                        if !(0xDC00..=0xDFFF).contains(&second) {
                            return Err(self.fail(at, "the first half of a surrogate pair stands alone"));
                        }
                        0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    other => other,
                };
                char::from_u32(code)
                    .ok_or_else(|| self.fail(at, "the second half of a surrogate pair stands alone"))?
            }
            _ => {
                self.at = at;
                return Err(
                    self.fail(at, format!("`\\` is not followed by an escape but by {}", self.found()))
                );
            }
        })
    }

    fn hex(&mut self) -> Parsed<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| self.fail(self.at, "`\\u` takes four hexadecimal digits"))?;
        self.at += 4;
        Ok(digits.iter().fold(0, |sum, d| sum * 16 + char::from(*d).to_digit(16).unwrap_or(0)))
    }
}

/// A key that was there before.
pub(super) fn duplicate(key: &str, span: Span, entries: &[Entry]) -> Diagnostic {
    let first = entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span.clone());
    Diagnostic::error("M1004", Class::Plan, format!("the key `{key}` is there twice"))
        .span(Some(span))
        .label(first, "first here")
        .help("remove one of the two; CloudFormation would silently use the last")
}

/// The last of duplicate keys is the one that counts.
pub(super) fn replace(entries: &mut [Entry], last: Entry) {
    if let Some(entry) = entries.iter_mut().find(|entry| entry.key == last.key) {
        *entry = last;
    }
}

/// A duplicate key as CloudFormation treats it.
pub(super) fn noted(error: Diagnostic) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        help: Some("CloudFormation takes the last, and so it is here; remove the other one".into()),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse_text(text: &str) -> Result<Tree, Vec<Diagnostic>> {
        parse(&Arc::new(Source { path: "t.json".into(), text: text.into() }))
    }

    #[test]
    fn values_agree_with_serde() {
        let cases = [
            r#"{"a":[1,-2.5,1e3,true,false,null,"x"],"b":{"c":{}},"d":[]}"#,
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
            " [ 0 , -0 ,\r\n\t0.1 ] ",
            "\"é😀\"",
        ];
        for text in cases {
            let wanted: serde_json::Value = serde_json::from_str(text).unwrap();
            let got = parse_text(text).unwrap().to_json();
            assert_eq!(got, wanted, "{text}");
        }
    }

    #[test]
    fn everything_serde_refuses_is_refused_at_the_right_place() {
        let cases = [
            ("{\"a\":1,}", (1, 8), "after the comma"),
            ("[1,]", (1, 4), "after the comma"),
            ("{\"a\" 1}", (1, 6), "expected `:`"),
            ("{a: 1}", (1, 2), "key in quotes"),
            ("[01]", (1, 2), "does not start with 0"),
            ("[1.]", (1, 4), "a digit"),
            ("[tru]", (1, 2), "no JSON value"),
            ("[1] 2", (1, 5), "ends before"),
            ("[\"\\ud800x\"]", (1, 4), "surrogate"),
            ("[\"\\udc00\"]", (1, 4), "surrogate"),
            ("[\"\\x\"]", (1, 4), "escape"),
            ("[\"\\u00g0\"]", (1, 5), "hexadecimal"),
            ("[\"a\nb\"]", (1, 4), "line break"),
            ("[\"\u{1}\"]", (1, 3), "control"),
            ("[\"abc", (1, 2), "inside this text"),
            ("{\"a\": [1", (1, 7), "ends before"),
            ("// c\n{}", (1, 1), "comments"),
            ("{'a': 1}", (1, 2), "key in quotes"),
            ("", (1, 1), "the end of the file"),
        ];
        for (text, place, part) in cases {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            let error = parse_text(text).unwrap_err().remove(0);
            assert!(error.message.contains(part), "{text}: {}", error.message);
            assert_eq!(error.span.unwrap().line_column(), place, "{text}");
        }
    }

    #[test]
    fn duplicates_are_all_reported_and_depth_is_bounded() {
        let twice = parse_text("{\"a\":1,\n\"a\":2,\"b\":{\"c\":1,\"c\":1}}").unwrap_err();
        let places: Vec<_> = twice.iter().map(|d| (d.code, d.span.as_ref().unwrap().line_column())).collect();
        assert_eq!(places, [("M1004", (2, 1)), ("M1004", (2, 18))]);
        let deep = "[".repeat(100_000);
        assert_eq!(parse_text(&deep).unwrap_err()[0].code, "M1006");
    }

    #[test]
    fn spans_cover_the_value() {
        let tree = parse_text("{\"é\": {\"b\": [10, \"x\"]}}").unwrap();
        let list = tree.get("é").unwrap().get("b").unwrap();
        let text = |span: &Span| span.source.text[span.start as usize..span.end as usize].to_owned();
        assert_eq!(text(&list.span), "[10, \"x\"]");
        assert_eq!(text(&list.as_list().unwrap()[1].span), "\"x\"");
        assert_eq!(tree.to_json(), json!({"é": {"b": [10, "x"]}}));
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|b| json!(b)),
            any::<i64>().prop_map(|n| json!(n)),
            any::<String>().prop_map(|s| json!(s)),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(|items| json!(items)),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_serde_writes_is_read_back(json in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
            prop_assert_eq!(parse_text(&text.unwrap()).unwrap().to_json(), json);
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "[\\[\\]{}:,\"' \n\t!&*|>#a-cé0-9.\\\\-]{0,60}") {
            let source = Arc::new(Source { path: "t.json".into(), text });
            for outcome in [parse(&source), super::super::yaml::parse(&source)] {
                for problem in outcome.err().into_iter().flatten() {
                    let span = problem.span.unwrap();
                    prop_assert!(span.start <= span.end && span.start as usize <= source.text.len());
                    let _ = span.line_column();
                }
            }
        }

        #[test]
        fn strict_where_serde_is(text in "[\\[\\]{}:, \"0-9eE+.a\\\\-]{0,12}") {
            let serde = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            let own = parse_text(&text);
            // Duplicate keys are refused here only.
            let duplicate = own.as_ref().is_err_and(|errors| errors[0].code == "M1004");
            prop_assert!(own.is_ok() == serde || duplicate, "{}", text);
        }
    }
}
