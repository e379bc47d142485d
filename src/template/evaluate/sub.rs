//! The text of `Fn::Sub`, and the two ways to write `Fn::GetAtt`.

use crate::{
    model::Span,
    syntax::{Node, Tree},
};

/// A part of a `Fn::Sub` text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// As it is.
    Literal(&'t str),
    /// `${!Kept}`: the name, to be written as `${Kept}`.
    Kept(&'t str),
    /// `${Name}`: the trimmed name, and the raw text between the braces.
    Name(&'t str, &'t str),
}

/// Cuts the text; an unclosed `${` is literal.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(end) = rest[at..].find('}') else { break };
        if at > 0 {
            out.push(Part::Literal(&rest[..at]));
        }
        let raw = &rest[at + 2..at + end];
        out.push(match raw.strip_prefix('!') {
            Some(kept) => Part::Kept(kept),
            None => Part::Name(raw.trim(), raw),
        });
        rest = &rest[at + end + 1..];
    }
    if !rest.is_empty() {
        out.push(Part::Literal(rest));
    }
    out
}

/// Whether CloudFormation takes it for a name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'_'))
}

/// Where `${raw}` stands in the source of the text; the whole text if it is written with escapes.
pub(super) fn place(text: &Span, raw: &str) -> Span {
    let (start, end) = (text.start as usize, text.end as usize);
    let found = text.source.text.get(start..end).and_then(|slice| slice.find(&format!("${{{raw}}}")));
    match found.and_then(|at| u32::try_from(at).ok().zip(u32::try_from(raw.len() + 3).ok())) {
        Some((at, len)) => Span { start: text.start + at, end: text.start + at + len, ..text.clone() },
        None => text.clone(),
    }
}

/// The text of `Fn::Sub` and its own variables.
pub(super) fn arguments(tree: &Tree) -> Option<(&Tree, Option<&Tree>)> {
    match &tree.value {
        Node::Scalar(_) => Some((tree, None)),
        Node::List(items) => match items.as_slice() {
            [text] if text.as_scalar().is_some() => Some((text, None)),
            [text, variables] if text.as_scalar().is_some() && variables.as_map().is_some() => {
                Some((text, Some(variables)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `Fn::GetAtt`'s resource and attribute.
pub(super) enum GetAtt<'t> {
    /// `Resource.Attribute`.
    Dotted(&'t str, &'t str),
    /// `[Resource, Attribute]`, where the attribute may be a function.
    List(&'t str, &'t Tree),
}

/// Takes the argument of `Fn::GetAtt` apart.
pub(super) fn get_att(tree: &Tree) -> Option<GetAtt<'_>> {
    match &tree.value {
        Node::Scalar(scalar) => {
            let (id, attribute) = scalar.text.split_once('.')?;
            (!id.is_empty() && !attribute.is_empty()).then_some(GetAtt::Dotted(id, attribute))
        }
        Node::List(items) => match items.as_slice() {
            [id, attribute] => Some(GetAtt::List(id.as_name()?, attribute)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_their_names() {
        use Part::{Kept, Literal, Name};
        let cases: &[(&str, &[Part<'_>])] = &[
            ("", &[]),
            ("a", &[Literal("a")]),
            ("${A}", &[Name("A", "A")]),
            (
                "x${ A.B }y${!C}$z{",
                &[Literal("x"), Name("A.B", " A.B "), Literal("y"), Kept("C"), Literal("$z{")],
            ),
            ("a${", &[Literal("a${")]),
            ("${}", &[Name("", "")]),
            ("$${A}", &[Literal("$"), Name("A", "A")]),
        ];
        for (text, wanted) in cases {
            assert_eq!(parts(text), *wanted, "{text}");
        }
        assert!(
            is_name("AWS::Region") && is_name("Db.Endpoint.Address") && !is_name("A:-b") && !is_name("a b")
        );
    }
}
