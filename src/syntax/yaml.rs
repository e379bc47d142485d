//! YAML with CloudFormation's short forms, from the event parser.

use std::{collections::HashMap, sync::Arc};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use crate::{
    error::{Class, Diagnostic, suggest},
    model::{Scalar, Source, Span, Text},
    syntax::{
        Entry, Keys, MAX_ALIASED, MAX_ALIASED_BYTES, MAX_DEPTH, MAX_NODES, Node, Tree,
        json::{duplicate, noted, replace},
        read::offset,
        relaxed::{Relaxed, relaxed},
    },
};

/// Tags and the long forms they stand for.
const SHORT_FORMS: &[(&str, &str)] = &[
    ("And", "Fn::And"),
    ("Base64", "Fn::Base64"),
    ("Cidr", "Fn::Cidr"),
    ("Condition", "Condition"),
    ("Contains", "Fn::Contains"),
    ("EachMemberEquals", "Fn::EachMemberEquals"),
    ("EachMemberIn", "Fn::EachMemberIn"),
    ("Equals", "Fn::Equals"),
    ("FindInMap", "Fn::FindInMap"),
    ("GetAZs", "Fn::GetAZs"),
    ("GetAtt", "Fn::GetAtt"),
    ("GetStackOutput", "Fn::GetStackOutput"),
    ("If", "Fn::If"),
    ("ImportValue", "Fn::ImportValue"),
    ("Join", "Fn::Join"),
    ("Length", "Fn::Length"),
    ("Not", "Fn::Not"),
    ("Or", "Fn::Or"),
    ("Ref", "Ref"),
    ("RefAll", "Fn::RefAll"),
    ("Select", "Fn::Select"),
    ("Split", "Fn::Split"),
    ("Sub", "Fn::Sub"),
    ("ToJsonString", "Fn::ToJsonString"),
    ("Transform", "Fn::Transform"),
    ("ValueOf", "Fn::ValueOf"),
    ("ValueOfAll", "Fn::ValueOfAll"),
];

/// Parses a whole YAML document.
pub(super) fn parse(source: &Arc<Source>) -> Result<Tree, Vec<Diagnostic>> {
    let (tree, problems) = parse_both(source)?;
    if problems.is_empty() { Ok(tree) } else { Err(problems) }
}

/// The same, with the last of duplicate keys in place of the first and a warning for each.
pub(super) fn parse_noting(source: &Arc<Source>) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (tree, problems) = parse_both(source)?;
    Ok((tree, problems.into_iter().map(noted).collect()))
}

/// The tree, and the keys that are there twice. What only YAML 1.2 refuses is read as `PyYAML` reads it.
fn parse_both(source: &Arc<Source>) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    let strict = built(source, &source.text, None);
    match strict {
        Err(problems) if problems.iter().any(|problem| problem.code == "M1003") => {
            let relaxed = relaxed(&source.text).map(|relaxed| built(source, &relaxed.text, Some(&relaxed)));
            // What is wrong either way is told of the text as it was written.
            relaxed.and_then(Result::ok).ok_or(problems)
        }
        other => other,
    }
}

fn built(
    source: &Arc<Source>,
    text: &str,
    relaxed: Option<&Relaxed>,
) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut builder = Builder {
        source,
        places: Places::new(text, relaxed),
        stack: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
        aliased_bytes: 0,
        problems: Vec::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let outcome = match event {
            Ok((event, span)) => {
                let start = builder.places.byte(span.start.index());
                let end = builder.places.byte(span.end.index());
                builder.event(event, start, end)
            }
            Err(error) => Err(Box::new(builder.scan_error(&error))),
        };
        if let Err(error) = outcome {
            builder.problems.push(*error);
            return Err(builder.problems);
        }
    }
    match builder.root {
        Some(tree) => Ok((tree, builder.problems)),
        None => {
            let span = Span { source: Arc::clone(source), start: 0, end: 0 };
            Err(vec![Diagnostic::error("M1003", Class::Plan, "the file is empty").span(Some(span))])
        }
    }
}

/// Byte offsets of character positions: the event parser counts characters.
struct Places<'t> {
    text: &'t str,
    /// The byte offset of every [`STRIDE`]th character; empty for ASCII, where both are the same.
    marks: Vec<u32>,
    relaxed: Option<&'t Relaxed>,
}

const STRIDE: usize = 32;

impl<'t> Places<'t> {
    fn new(text: &'t str, relaxed: Option<&'t Relaxed>) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STRIDE).map(|(at, _)| offset(at)).collect()
        };
        Self { text, marks, relaxed }
    }

    /// The byte offset in the text as it was written.
    fn byte(&self, character: usize) -> usize {
        let at = self.here(character);
        self.relaxed.map_or(at, |relaxed| relaxed.original(at))
    }

    fn here(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return character.min(self.text.len());
        }
        let Some(mark) = self.marks.get(character / STRIDE) else { return self.text.len() };
        let rest = &self.text[*mark as usize..];
        rest.char_indices().nth(character % STRIDE).map_or(self.text.len(), |(at, _)| *mark as usize + at)
    }
}

/// The long form a tag stands for, and where the tag is.
type Form = (&'static str, Span);

/// A collection that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    tag: Option<Form>,
    nodes_before: usize,
    kind: Open,
}

enum Open {
    List(Vec<Tree>),
    Map { entries: Vec<Entry>, key: Option<(Text, Span)>, seen: Keys },
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    places: Places<'s>,
    stack: Vec<Frame>,
    root: Option<Tree>,
    /// Finished anchored values and how many values each holds.
    anchors: HashMap<usize, (Tree, usize)>,
    nodes: usize,
    aliased: usize,
    aliased_bytes: usize,
    problems: Vec<Diagnostic>,
}

type Step = Result<(), Box<Diagnostic>>;

impl Builder<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: Arc::clone(self.source), start: offset(start), end: offset(end.max(start)) }
    }

    fn fail(&self, code: &'static str, span: Span, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(code, Class::Plan, message).span(Some(span)))
    }

    fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> Step {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                if self.root.is_some() {
                    let error = self.fail(
                        "M1005",
                        self.span(start, start + 3),
                        "a plan file holds one YAML document",
                    );
                    return Err(Box::new(error.help("put the second document into a file of its own")));
                }
                Ok(())
            }
            Event::Alias(anchor) => {
                let span = self.span(start, end);
                let Some((tree, size)) = self.anchors.get(&anchor) else {
                    return Err(self.fail("M1005", span, "the alias refers to a value it is part of"));
                };
                // Counted before the copy is made: an alias costs three bytes, and what it stands for may be large.
                self.aliased += size;
                self.aliased_bytes += tree.bytes();
                if self.aliased > MAX_ALIASED || self.aliased_bytes > MAX_ALIASED_BYTES {
                    let message = format!(
                        "aliases add more than {MAX_ALIASED} values or {MAX_ALIASED_BYTES} bytes to the file"
                    );
                    return Err(self.fail("M1006", span, message));
                }
                let (tree, size) = (tree.clone(), *size);
                self.count(size, &span)?;
                self.push(tree)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.span(start, end);
                self.count(1, &span)?;
                let (form, forced) = self.tag(tag.as_deref(), start)?;
                let plain = style == ScalarStyle::Plain && !forced;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Node::Null } else { Node::Scalar(Scalar { text: text.into(), plain }) };
                // A value that is not there has no place of its own: its key stands for it.
                let span = match self.stack.last() {
                    Some(Frame { kind: Open::Map { key: Some((_, key_span)), .. }, .. })
                        if null && end <= start =>
                    {
                        key_span.clone()
                    }
                    _ => span,
                };
                let tree = wrap(Tree { value, span }, form);
                if anchor > 0 {
                    self.anchors.insert(anchor, (tree.clone(), 1));
                }
                self.push(tree)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Open::List(Vec::new()), start, end, anchor, tag.as_deref())
            }
            Event::MappingStart(anchor, tag) => {
                let kind = Open::Map { entries: Vec::new(), key: None, seen: Keys::default() };
                self.open(kind, start, end, anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
        }
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Step {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(self.fail(
                "M1006",
                span.clone(),
                format!("the file holds more than {MAX_NODES} values"),
            ));
        }
        Ok(())
    }

    fn open(&mut self, kind: Open, start: usize, end: usize, anchor: usize, tag: Option<&Tag>) -> Step {
        let span = self.span(start, end);
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.fail("M1006", span, format!("values are nested more than {MAX_DEPTH} deep")));
        }
        let nodes_before = self.nodes;
        self.count(1, &span)?;
        let (tag, _) = self.tag(tag, start)?;
        self.stack.push(Frame { start, anchor, tag, nodes_before, kind });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Step {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        // A block collection "ends" where the next token starts, so its last value says where it really ends.
        let flow = end > frame.start && matches!(self.source.text.as_bytes().get(end - 1), Some(b']' | b'}'));
        let last = match &frame.kind {
            Open::List(items) => items.last().map(|item| item.span.end),
            Open::Map { entries, .. } => {
                entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end))
            }
        };
        let end = if flow { end } else { last.map_or(frame.start, |last| last as usize) };
        let value = match frame.kind {
            Open::List(items) => Node::List(items),
            Open::Map { entries, .. } => Node::Map(entries),
        };
        let tree = wrap(Tree { value, span: self.span(frame.start, end) }, frame.tag);
        if frame.anchor > 0 {
            self.anchors.insert(frame.anchor, (tree.clone(), self.nodes - frame.nodes_before));
        }
        self.push(tree)
    }

    fn push(&mut self, tree: Tree) -> Step {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(tree);
            return Ok(());
        };
        match &mut frame.kind {
            Open::List(items) => items.push(tree),
            Open::Map { entries, key, seen } => match key.take() {
                None => {
                    let span = tree.span.clone();
                    let Node::Scalar(scalar) = tree.value else {
                        return Err(self.fail("M1005", span, "a key must be a text"));
                    };
                    if scalar.plain && scalar.text == "<<" {
                        let error = self.fail(
                            "M1005",
                            span,
                            "merge keys (`<<`) are not part of CloudFormation's YAML",
                        );
                        return Err(Box::new(error.help("write the merged members out")));
                    }
                    *key = Some((scalar.text, span));
                }
                Some((name, span)) => {
                    if seen.is_new(&name, entries) {
                        entries.push(Entry { key: name, key_span: span, value: tree });
                    } else {
                        self.problems.push(duplicate(&name, span.clone(), entries));
                        replace(entries, Entry { key: name, key_span: span, value: tree });
                    }
                }
            },
        }
        Ok(())
    }

    /// The long form of a tag, and whether it makes a text of a plain scalar.
    fn tag(&self, tag: Option<&Tag>, start: usize) -> Result<(Option<Form>, bool), Box<Diagnostic>> {
        let Some(tag) = tag else { return Ok((None, false)) };
        let at = self.source.text[start..].find('!').map_or(start, |skip| start + skip);
        if tag.is_yaml_core_schema() {
            return match tag.suffix.as_str() {
                "str" => Ok((None, true)),
                "bool" | "int" | "float" | "null" | "map" | "seq" => Ok((None, false)),
                other => {
                    let span = self.span(at, at + 2 + other.len());
                    Err(self.fail(
                        "M1005",
                        span,
                        format!("the YAML tag `!!{other}` is not part of CloudFormation's YAML"),
                    ))
                }
            };
        }
        let span = self.span(at, at + tag.handle.len() + tag.suffix.len());
        if let Some((_, long)) =
            SHORT_FORMS.iter().find(|(short, _)| tag.handle == "!" && *short == tag.suffix)
        {
            return Ok((Some((long, span)), false));
        }
        let mut error =
            self.fail("M1040", span, format!("`{}{}` is no CloudFormation function", tag.handle, tag.suffix));
        if let Some(near) = suggest(&tag.suffix, SHORT_FORMS.iter().map(|(short, _)| *short)) {
            error = Box::new(error.help(format!("did you mean `!{near}`?")));
        }
        Err(error)
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let at = self.places.byte(error.marker().index());
        let text = &self.source.text;
        let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = &text[line_start..line_end];
        let indent = &line[..line.len() - line.trim_start().len()];
        let diagnostic =
            Diagnostic::error("M1003", Class::Plan, format!("this is not YAML: {}", error.info()))
                .span(Some(self.span(at, at + 1)));
        let value = line.split_once(": ").map_or("", |(_, value)| value.trim_start());
        if indent.contains('\t') {
            diagnostic.help("the line is indented with a tab; YAML is indented with spaces")
        } else if value.starts_with(['*', '&', '@', '`', '%', '{', '[']) || value.contains(": ") {
            diagnostic.help("put the value in quotes if it is a text")
        } else if error.info().contains("unknown anchor") {
            diagnostic
                .help("an alias (`*name`) needs an anchor (`&name`) before it; quote the text if it is none")
        } else {
            diagnostic.help("check the indentation, colons and quotes of this line and the one before")
        }
    }
}

/// `!Sub x` becomes `{Fn::Sub: x}`.
fn wrap(tree: Tree, tag: Option<Form>) -> Tree {
    let Some((key, key_span)) = tag else { return tree };
    let span = tree.span.clone();
    let value = Tree { span: Span { start: key_span.end.min(span.end), ..span.clone() }, value: tree.value };
    let value = trim_start(value);
    Tree { value: Node::Map(vec![Entry { key: key.into(), key_span, value }]), span }
}

/// The event's span starts at the tag: moves the argument's start past it and the blanks behind it.
fn trim_start(mut tree: Tree) -> Tree {
    let (start, end) = (tree.span.start as usize, tree.span.end as usize);
    let blanks =
        tree.span.source.text.get(start..end).map_or(0, |slice| slice.len() - slice.trim_start().len());
    tree.span.start = offset(start + blanks);
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse_text(text: &str) -> Result<Tree, Vec<Diagnostic>> {
        parse(&Arc::new(Source { path: "t.yaml".into(), text: text.into() }))
    }

    fn slice(span: &Span) -> &str {
        &span.source.text[span.start as usize..span.end as usize]
    }

    #[test]
    fn short_and_long_forms_give_one_tree() {
        let cases = [
            ("!Ref A", json!({"Ref": "A"})),
            ("!GetAtt A.B.C", json!({"Fn::GetAtt": "A.B.C"})),
            ("!GetAtt [A, B]", json!({"Fn::GetAtt": ["A", "B"]})),
            ("!Sub 'x ${A}'", json!({"Fn::Sub": "x ${A}"})),
            (
                "!Join ['', [!Ref A, !Sub '${B}']]",
                json!({"Fn::Join": ["", [{"Ref": "A"}, {"Fn::Sub": "${B}"}]]}),
            ),
            (
                "!If\n- C\n- !Ref A\n- !Ref AWS::NoValue",
                json!({"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
            ),
            (
                "!Select\n  - 0\n  - Fn::GetAZs: !Ref AWS::Region",
                json!({"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}),
            ),
            ("!Base64\n  Fn::Sub: |\n    a\n    b\n", json!({"Fn::Base64": {"Fn::Sub": "a\nb\n"}})),
            ("!Not [!Condition X]", json!({"Fn::Not": [{"Condition": "X"}]})),
            ("!Sub\n  - '${A}'\n  - A: !Ref B\n", json!({"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]})),
        ];
        for (yaml, wanted) in cases {
            assert_eq!(parse_text(yaml).unwrap().to_json(), wanted, "{yaml}");
            assert_eq!(parse_text(&wanted.to_string()).unwrap().to_json(), wanted);
        }
    }

    #[test]
    fn scalars_keep_style_and_text() {
        let tree = parse_text(
            "a: 012\nb: '012'\nc: yes\nd: \"yes\"\ne:\nf: ~\ng: |\n  x\nh: !!str 5\n80: x\ni: >-\n  a\n  b\n",
        )
        .unwrap();
        let scalar = |key: &str| tree.get(key).unwrap().as_scalar().unwrap().clone();
        assert_eq!(scalar("a"), Scalar::plain("012"));
        assert_eq!(scalar("b"), Scalar::quoted("012"));
        assert_eq!(scalar("c"), Scalar::plain("yes"));
        assert_eq!(scalar("d"), Scalar::quoted("yes"));
        assert_eq!(tree.get("e").unwrap().value, Node::Null);
        assert_eq!(slice(&tree.get("e").unwrap().span), "e");
        assert_eq!(tree.get("f").unwrap().value, Node::Null);
        assert_eq!(scalar("g"), Scalar::quoted("x\n"));
        assert_eq!(scalar("h"), Scalar::quoted("5"));
        assert_eq!(scalar("80"), Scalar::plain("x"));
        assert_eq!(scalar("i"), Scalar::quoted("a b"));
    }

    #[test]
    fn spans_are_exact_also_behind_wide_characters_and_crlf() {
        for newline in ["\n", "\r\n"] {
            let text = [
                "Beschreibung: größe 😀",
                "A:",
                "  B: !Sub 'x'",
                "  C:",
                "    - 1",
                "    - !Ref Q",
                "D: e",
                "",
            ]
            .join(newline);
            let tree = parse_text(&text).unwrap();
            let a = tree.get("A").unwrap();
            assert_eq!(slice(&a.entry("B").unwrap().key_span), "B");
            let sub = a.get("B").unwrap();
            assert_eq!(slice(&sub.span), "!Sub 'x'");
            assert_eq!(slice(&sub.entry("Fn::Sub").unwrap().key_span), "!Sub");
            assert_eq!(slice(&sub.get("Fn::Sub").unwrap().span), "'x'");
            let list = a.get("C").unwrap();
            assert_eq!(list.span.line_column(), (5, 5));
            assert!(slice(&list.span).ends_with("!Ref Q"), "{:?}", slice(&list.span));
            assert_eq!(slice(&list.as_list().unwrap()[1].get("Ref").unwrap().span), "Q");
            assert_eq!(slice(&tree.entry("D").unwrap().key_span), "D");
            assert_eq!(tree.get("D").unwrap().span.line_column(), (7, 4));
        }
    }

    #[test]
    fn aliases_are_followed_and_bounded() {
        let tree = parse_text("a: &x {b: [1, 2]}\nc: *x\nd: &y !Ref Z\ne: *y\n").unwrap();
        assert_eq!(
            tree.to_json(),
            json!({"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": {"Ref": "Z"}, "e": {"Ref": "Z"}})
        );
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let uses = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{uses}]\n"));
        }
        assert_eq!(parse_text(&bomb).unwrap_err()[0].code, "M1006");
        // A large text behind few aliases.
        let text = "x".repeat(1 << 20);
        let large = format!("a: &a {text}\nb: [{}]\n", vec!["*a"; 200].join(", "));
        assert_eq!(parse_text(&large).unwrap_err()[0].code, "M1006");
        let nested = format!("a: &a [{text}]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b]\n");
        assert_eq!(parse_text(&nested).unwrap_err()[0].code, "M1006");
        assert_eq!(parse_text("a: &x [*x]").unwrap_err()[0].code, "M1005");
        assert_eq!(parse_text("a: *nobody").unwrap_err()[0].code, "M1003");
    }

    #[test]
    fn what_cloudformation_does_not_take_is_refused_with_its_place() {
        let cases = [
            ("a: 1\nb: 2\na: 3\n", "M1004", (3, 1)),
            ("a: {b: 1}\nc:\n  <<: {d: 1}\n", "M1005", (3, 3)),
            ("--- \na: 1\n---\nb: 1\n", "M1005", (3, 1)),
            ("a: !!binary aGk=\n", "M1005", (1, 4)),
            ("a:\n  b: !Reff x\n", "M1040", (2, 6)),
            ("? [a, b]\n: 1\n", "M1005", (1, 3)),
            ("a:\n\tb: 1\n", "M1003", (2, 2)),
            ("a: 'x\n", "M1003", (1, 4)),
            ("", "M1003", (1, 1)),
            ("# only a comment\n", "M1003", (1, 1)),
            ("a: b: c\n", "M1003", (1, 5)),
        ];
        for (text, code, place) in cases {
            let error = parse_text(text).unwrap_err().remove(0);
            let at = error.span.as_ref().unwrap().line_column();
            assert_eq!((error.code, at), (code, place), "{text:?}: {error}");
        }
        let reff = parse_text("!Reff x").unwrap_err().remove(0);
        assert_eq!(reff.help.as_deref(), Some("did you mean `!Ref`?"));
        let tab = parse_text("a:\n\tb: 1\n").unwrap_err().remove(0);
        assert!(tab.help.unwrap().contains("tab"));
    }

    #[test]
    fn depth_is_bounded() {
        let flow = "[".repeat(10_000);
        assert!(matches!(parse_text(&flow).unwrap_err()[0].code, "M1006" | "M1003"));
        let block: String = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert_eq!(parse_text(&block).unwrap_err()[0].code, "M1006");
    }
}
