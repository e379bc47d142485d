//! Filter patterns (CloudWatch Logs User Guide, Filter pattern syntax): terms, JSON and space-delimited events.

use serde_json::Value as Json;

/// A pattern that was read.
#[derive(Debug)]
pub enum Pattern {
    /// Each of the required words, none of the excluded, and one of the optional ones if there are any.
    Terms { all: Vec<String>, any: Vec<String>, none: Vec<String> },
    /// A condition on a JSON event.
    Json(Condition),
    /// Names and conditions of the fields of an event; `None` for the `...` that stands for any number.
    Fields(Vec<Option<Field>>),
}

/// A field of a space-delimited event.
#[derive(Debug)]
pub struct Field {
    name: String,
    test: Option<(Operator, String)>,
}

/// What a JSON event must be like.
#[derive(Debug)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Test { path: Vec<String>, operator: Operator, value: String },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Is,
    IsNot,
    Less,
    LessOrSame,
    More,
    MoreOrSame,
    /// `IS TRUE`, `IS FALSE`, `IS NULL`.
    Literally,
    /// `NOT EXISTS`.
    Missing,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::IsNot),
    ("<=", Operator::LessOrSame),
    (">=", Operator::MoreOrSame),
    ("=", Operator::Is),
    ("<", Operator::Less),
    (">", Operator::More),
];

/// Splits at a separator outside of quotes and parentheses.
fn split<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' if at == 0 || bytes[at - 1] != b'\\' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            _ if !quoted && depth == 0 && text[at..].starts_with(separator) => {
                parts.push(text[from..at].trim());
                at += separator.len();
                from = at;
                continue;
            }
            _ => {}
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    parts.push(text[from..].trim());
    parts
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches('"').replace("\\\"", "\"")
}

fn comparison(text: &str) -> Option<(&str, Operator, String)> {
    let at = text.find(['=', '<', '>', '!'])?;
    let (sign, operator) = OPERATORS.iter().find(|(sign, _)| text[at..].starts_with(sign))?;
    Some((text[..at].trim(), *operator, unquoted(&text[at + sign.len()..])))
}

fn condition(text: &str) -> Option<Condition> {
    let text = text.trim();
    for (sign, join) in [("||", Condition::Or as fn(Vec<Condition>) -> Condition), ("&&", Condition::And)] {
        let parts = split(text, sign);
        if parts.len() > 1 {
            return Some(join(parts.into_iter().map(condition).collect::<Option<_>>()?));
        }
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return condition(inner);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (path, operator, value) = match words[..] {
        [path, "NOT", "EXISTS"] => (path, Operator::Missing, String::new()),
        [path, "IS", value @ ("TRUE" | "FALSE" | "NULL")] => {
            (path, Operator::Literally, value.to_lowercase())
        }
        _ => comparison(text)?,
    };
    let path = path.strip_prefix("$.")?.replace('[', ".").replace(']', "");
    Some(Condition::Test { path: path.split('.').map(unquoted).collect(), operator, value })
}

/// Reads a pattern; nothing if it is none.
pub fn read(text: &str) -> Option<Pattern> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('{') {
        return condition(inner.strip_suffix('}')?).map(Pattern::Json);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let mut fields = Vec::new();
        for part in split(inner.strip_suffix(']')?, ",") {
            fields.push(match part {
                "..." => None,
                part => Some(match comparison(part) {
                    Some((name, operator, value)) => {
                        Field { name: name.into(), test: Some((operator, value)) }
                    }
                    None => Field { name: part.into(), test: None },
                }),
            });
        }
        return Some(Pattern::Fields(fields));
    }
    let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for word in split(text, " ").into_iter().filter(|word| !word.is_empty()) {
        let (list, word) = match (word.strip_prefix('?'), word.strip_prefix('-')) {
            (Some(word), _) => (&mut any, word),
            (_, Some(word)) => (&mut none, word),
            _ => (&mut all, word),
        };
        // Words of letters, digits and underscores need no quotes; all else does.
        let plain = word.chars().all(|c| c.is_alphanumeric() || c == '_');
        let quoted = word.starts_with('"') && word.ends_with('"') && word.len() > 2;
        if !plain && !quoted {
            return None;
        }
        list.push(unquoted(word));
    }
    Some(Pattern::Terms { all, any, none })
}

/// `*` stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(found) => left = &left[found + part.len()..],
            None => return false,
        }
    }
    true
}

fn holds(operator: Operator, value: &str, text: &str) -> bool {
    let numbers = text.parse::<f64>().ok().zip(value.parse::<f64>().ok());
    match (operator, numbers) {
        (Operator::Is, Some((one, other))) => (one - other).abs() < f64::EPSILON,
        (Operator::IsNot, Some((one, other))) => (one - other).abs() >= f64::EPSILON,
        (Operator::Is, None) => like(value, text),
        (Operator::IsNot, None) => !like(value, text),
        (Operator::Less, Some((one, other))) => one < other,
        (Operator::LessOrSame, Some((one, other))) => one <= other,
        (Operator::More, Some((one, other))) => one > other,
        (Operator::MoreOrSame, Some((one, other))) => one >= other,
        _ => false,
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn reach<'j>(event: &'j Json, path: &[String]) -> Option<&'j Json> {
    path.iter().try_fold(event, |at, step| match step.parse::<usize>() {
        Ok(index) if at.is_array() => at.get(index),
        _ => at.get(step),
    })
}

impl Condition {
    fn holds(&self, event: &Json) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.holds(event)),
            Self::Or(all) => all.iter().any(|one| one.holds(event)),
            Self::Test { path, operator, value } => match (reach(event, path), operator) {
                (found, Operator::Missing) => found.is_none(),
                (None, _) => false,
                (Some(found), Operator::Literally) => {
                    let text = found.to_string();
                    text == *value
                }
                (Some(found), operator) => holds(*operator, value, &plain(found)),
            },
        }
    }
}

/// The words of a space-delimited event: in quotes or brackets they may hold spaces.
fn words(message: &str) -> Vec<String> {
    let (mut all, mut word, mut until) = (Vec::new(), String::new(), None);
    for c in message.chars() {
        match (until, c) {
            (None, '"') => until = Some('"'),
            (None, '[') => until = Some(']'),
            (Some(end), c) if c == end => until = None,
            (None, ' ') => all.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    all.push(word);
    all.retain(|word| !word.is_empty());
    all
}

impl Pattern {
    /// Whether an event matches, and which values it shows: by `$name` for space-delimited events, by `$.path` for
    /// those whose paths the pattern names.
    pub fn matches(&self, message: &str) -> Option<Vec<(String, String)>> {
        match self {
            Self::Terms { all, any, none } => {
                let has = |word: &String| message.contains(word.as_str());
                let fits =
                    all.iter().all(has) && (any.is_empty() || any.iter().any(has)) && !none.iter().any(has);
                fits.then(Vec::new)
            }
            Self::Json(condition) => {
                let event: Json = serde_json::from_str(message).ok().filter(Json::is_object)?;
                if !condition.holds(&event) {
                    return None;
                }
                let mut paths = Vec::new();
                condition.paths(&mut paths);
                let shown =
                    |path: &Vec<String>| Some((format!("$.{}", path.join(".")), plain(reach(&event, path)?)));
                Some(paths.iter().filter_map(shown).collect())
            }
            Self::Fields(fields) => {
                let words = words(message);
                let open = fields.iter().position(Option::is_none);
                let named = fields.iter().flatten().count();
                if words.len() < named || (open.is_none() && words.len() != named) {
                    return None;
                }
                let skipped = words.len() - named;
                let mut values = Vec::new();
                for (at, field) in fields.iter().enumerate() {
                    let Some(field) = field else { continue };
                    let at = if open.is_some_and(|open| at > open) { at - 1 + skipped } else { at };
                    let word = &words[at];
                    if field.test.as_ref().is_some_and(|(operator, value)| !holds(*operator, value, word)) {
                        return None;
                    }
                    values.push((format!("${}", field.name), word.clone()));
                }
                Some(values)
            }
        }
    }
}

impl Condition {
    fn paths(&self, all: &mut Vec<Vec<String>>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.paths(all)),
            Self::Test { path, .. } => all.push(path.clone()),
        }
    }
}

/// A metric's value in an event: a number, or what `$.path` or `$name` shows.
pub fn value(wanted: &str, message: &str, shown: &[(String, String)]) -> Option<f64> {
    let Some(selector) = wanted.strip_prefix("$.") else {
        let found = shown.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        return found.unwrap_or(wanted).parse().ok();
    };
    let event: Json = serde_json::from_str(message).ok()?;
    let path: Vec<String> = selector.split('.').map(str::to_owned).collect();
    plain(reach(&event, &path)?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_guide_says() {
        let line = "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
        let json = r#"{"level": "ERROR", "code": 500, "list": [{"a": 1}], "user": {"name": "ann"}, "gone": null, "on": true}"#;
        for (pattern, message, fits) in [
            ("", "anything", true),
            ("ERROR", "[ERROR 400] BAD", true),
            ("ERROR", "error", false),
            ("ERROR ARGUMENTS", "ERROR without", false),
            ("?ERROR ?WARN", "WARN x", true),
            ("ERROR -EXITING", "ERROR EXITING", false),
            ("\"INTERNAL SERVER\"", "x INTERNAL SERVER y", true),
            ("{ $.level = \"ERROR\" }", json, true),
            ("{ $.level = \"ERR*\" && $.code >= 500 }", json, true),
            ("{ ($.level = \"WARN\") || ($.list[0].a = 1) }", json, true),
            ("{ $.user.name != \"ann\" }", json, false),
            ("{ $.gone IS NULL }", json, true),
            ("{ $.on IS TRUE }", json, true),
            ("{ $.absent NOT EXISTS }", json, true),
            ("{ $.code = 500 }", "no json", false),
            ("[ip, id, user, timestamp, request, status_code = 4*, size]", line, true),
            ("[ip, ..., status_code > 500, size]", line, false),
            ("[ip, ..., size > 1000]", line, true),
            ("[ip, id]", line, false),
        ] {
            assert_eq!(
                read(pattern).expect(pattern).matches(message).is_some(),
                fits,
                "{pattern} of {message}"
            );
        }
        for wrong in ["{ $.a }", "{ a = 1 }", "[a, b", "user.name"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        let shown = read("[ip, ..., size > 1000]").unwrap().matches(line).unwrap();
        assert_eq!(value("$size", line, &shown), Some(1534.0));
        assert_eq!(value("$.code", json, &[]), Some(500.0));
        assert_eq!(value("1", json, &[]), Some(1.0));
    }
}
