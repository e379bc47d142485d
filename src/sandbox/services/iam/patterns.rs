//! Texts of policies that have wildcards and variables (IAM User Guide, "IAM policy elements: Variables and tags").

use std::collections::BTreeMap;

/// Values of condition keys by their lower-case name.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    keys: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// The values of a key; `None` if the request has none.
    pub(super) fn values(&self, key: &str) -> Option<&[String]> {
        self.keys.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// Sets a key.
    pub(super) fn set(&mut self, key: &str, values: Vec<String>) {
        self.keys.insert(key.to_ascii_lowercase(), values);
    }

    /// Sets a key that has no values yet.
    pub(super) fn fill(&mut self, key: &str, value: &str) {
        self.keys.entry(key.to_ascii_lowercase()).or_insert_with(|| vec![value.to_owned()]);
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Any characters, or none.
    Any,
    /// One character.
    One,
    /// This character.
    Is(char),
}

/// How a pattern is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// Whether `*` and `?` are wildcards.
    pub wild: bool,
    /// Where variables have their values; `None` in documents of 2008-10-17, which have no variables.
    pub variables: Option<&'a Context>,
}

/// The variables of a text, by their spelling: `(before, inside, after)` of the first one.
fn variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

/// Characters that variables stand for, not values of keys.
fn special(inside: &str) -> bool {
    matches!(inside, "*" | "?" | "$")
}

/// The condition keys that a text names as variables.
pub(super) fn variables(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, inside, after)) = variable(rest) {
        if !special(inside) {
            found.push(inside.split(',').next().unwrap_or_default().trim().to_owned());
        }
        rest = after;
    }
    found
}

/// The pieces of a pattern; `None` if a variable has neither a value nor a default: then nothing matches.
pub(super) fn pieces(text: &str, reading: Reading<'_>) -> Option<Vec<Piece>> {
    let plain = |text: &str| -> Vec<Piece> {
        let piece = |character| match character {
            '*' if reading.wild => Piece::Any,
            '?' if reading.wild => Piece::One,
            other => Piece::Is(other),
        };
        text.chars().map(piece).collect()
    };
    let (mut all, mut rest) = (Vec::new(), text);
    let Some(context) = reading.variables else { return Some(plain(text)) };
    while let Some((before, inside, after)) = variable(rest) {
        all.extend(plain(before));
        if special(inside) {
            all.extend(inside.chars().map(Piece::Is));
        } else {
            let (key, default) = inside.split_once(',').map_or((inside, None), |(key, default)| {
                (key, default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\'')))
            });
            // A key of several values cannot stand for a text.
            let value = match context.values(key.trim()) {
                Some([one]) => Some(one.as_str()),
                Some(_) => None,
                None => default,
            };
            all.extend(value?.chars().map(Piece::Is));
        }
        rest = after;
    }
    all.extend(plain(rest));
    Some(all)
}

/// Whether a whole text is what a pattern describes.
pub(super) fn matches(pattern: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // Where to go back to: the last wildcard, and how much of the text it has taken.
    let (mut at, mut from, mut back) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some(Piece::Any) => {
                back = Some((at, from));
                at += 1;
            }
            Some(Piece::One) => (at, from) = (at + 1, from + 1),
            Some(Piece::Is(character)) if *character == text[from] => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((wildcard, taken)) = back else { return false };
                back = Some((wildcard, taken + 1));
                (at, from) = (wildcard + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|piece| *piece == Piece::Any)
}

/// The six parts of an ARN's pattern; missing ones match everything if `complete` ("If you specify an incomplete ARN, AWS
/// completes all missing fields with `*`", IAM User Guide, "IAM JSON policy elements: Resource").
fn parts(pattern: &[Piece], complete: bool) -> Option<Vec<Vec<Piece>>> {
    let mut parts: Vec<Vec<Piece>> =
        pattern.splitn(6, |piece| *piece == Piece::Is(':')).map(<[_]>::to_vec).collect();
    if parts.len() < 6 && !complete {
        return None;
    }
    parts.resize(6, vec![Piece::Any]);
    Some(parts)
}

/// Whether an ARN fits a pattern part by part: wildcards do not reach over colons of the first five parts.
pub(super) fn matches_arn(pattern: &[Piece], arn: &str, complete: bool) -> bool {
    if pattern == [Piece::Any] {
        return true;
    }
    let having: Vec<&str> = arn.splitn(6, ':').collect();
    if having.len() < 6 {
        return complete && !pattern.contains(&Piece::Is(':')) && matches(pattern, arn);
    }
    let Some(wanted) = parts(pattern, complete) else { return false };
    wanted.iter().zip(having).all(|(pattern, text)| matches(pattern, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        let context = context();
        let reading = Reading { wild: true, variables: Some(&context) };
        pieces(pattern, reading).is_some_and(|pieces| matches(&pieces, text))
    }

    fn context() -> Context {
        let mut context = Context::default();
        context.set("aws:username", vec!["ann".into()]);
        context.set("aws:TagKeys", vec!["a".into(), "b".into()]);
        context
    }

    #[test]
    fn wildcards_and_variables() {
        for (pattern, text, expected) in [
            ("s3:Get*", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectAcl", false),
            ("a*b*c", "aXbYbc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("home/${aws:UserName}/*", "home/ann/x", true),
            ("home/${aws:username}", "home/bob", false),
            ("${aws:PrincipalTag/team, 'none'}", "none", true),
            ("${aws:PrincipalTag/team}", "", false),
            ("${aws:TagKeys}", "a", false),
            ("a${*}b", "a*b", true),
            ("a${*}b", "axb", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(
            variables("a/${aws:username}/${*}/${aws:PrincipalTag/t, 'x'}"),
            ["aws:username", "aws:PrincipalTag/t"]
        );
        let old = pieces("${aws:username}", Reading { wild: true, variables: None }).unwrap();
        assert!(matches(&old, "${aws:username}") && !matches(&old, "ann"));
    }

    #[test]
    fn arns_are_compared_part_by_part() {
        let arn = |pattern: &str, text: &str, complete| {
            let pieces = pieces(pattern, Reading { wild: true, variables: None }).unwrap();
            matches_arn(&pieces, text, complete)
        };
        assert!(arn("arn:aws:s3:::one/*", "arn:aws:s3:::one/a:b", true));
        assert!(arn("arn:aws:sqs", "arn:aws:sqs:eu-west-1:123456789012:q", true));
        assert!(!arn("arn:aws:sqs", "arn:aws:sqs:eu-west-1:123456789012:q", false));
        assert!(!arn("arn:aws:s*:q", "arn:aws:sqs:eu-west-1:123456789012:q", true));
        assert!(arn("*", "*", true) && !arn("arn:aws:s3:::one", "*", true));
    }
}
