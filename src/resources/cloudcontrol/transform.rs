//! `propertyTransform`: what AWS makes of a value that was sent, so that the value it answers is no difference.
//!
//! The expressions are JSONata, with `$OR` between alternatives; the result is a pattern that the answered value matches
//! (<https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>, propertyTransform).
//! Understood are the forms that nearly all published schemas use: the value itself, `$lowercase`, `$uppercase`,
//! `$join` of texts, `$split` with a position, `$replace` of a text, `$substringAfter`, and texts. An alternative in
//! another form never matches: a difference is then shown rather than hidden.

use fancy_regex::Regex;
use serde_json::Value as Json;

use crate::schema::TypeSchema;

/// `recorded` with every value that AWS made of the desired one replaced by the desired one.
pub(super) fn undone(schema: &TypeSchema, property: &str, desired: &Json, recorded: &Json) -> Json {
    let mut undone = recorded.clone();
    for (path, expression) in schema.transforms() {
        let mut parts = path.split('/');
        if parts.next() == Some(property) {
            walk(&parts.collect::<Vec<_>>(), expression, desired, &mut undone);
        }
    }
    undone
}

fn walk(path: &[&str], expression: &str, desired: &Json, recorded: &mut Json) {
    match (path, desired, recorded) {
        ([], Json::String(sent), recorded)
            if recorded.as_str().is_some_and(|live| live != sent && becomes(expression, sent, live)) =>
        {
            *recorded = Json::String(sent.clone());
        }
        (["*", rest @ ..], Json::Array(sent), Json::Array(live)) => {
            for (sent, live) in sent.iter().zip(live) {
                walk(rest, expression, sent, live);
            }
        }
        ([name, rest @ ..], Json::Object(sent), Json::Object(live)) => {
            if let (Some(sent), Some(live)) = (sent.get(*name), live.get_mut(*name)) {
                walk(rest, expression, sent, live);
            }
        }
        _ => {}
    }
}

/// Whether an alternative of the expression makes `live` of `sent`.
fn becomes(expression: &str, sent: &str, live: &str) -> bool {
    expression.split("$OR").any(|alternative| {
        let Some(text) = value(alternative.trim(), sent) else { return false };
        text == live || Regex::new(&format!("^(?:{text})$")).is_ok_and(|r| r.is_match(live).unwrap_or(false))
    })
}

/// The value of one expression; `None` if it is in a form that is not understood.
fn value(expression: &str, sent: &str) -> Option<String> {
    let expression = expression.trim();
    if let Some(text) = literal(expression) {
        return Some(text);
    }
    if expression.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '.') {
        return Some(sent.to_owned());
    }
    if let Some(rest) = expression.strip_suffix("[-1]") {
        let parts = split(call(rest, "$split")?, sent)?;
        return parts.last().cloned();
    }
    if let Some(arguments) = call(expression, "$lowercase") {
        return value(arguments, sent).map(|text| text.to_lowercase());
    }
    if let Some(arguments) = call(expression, "$uppercase") {
        return value(arguments, sent).map(|text| text.to_uppercase());
    }
    if let Some(arguments) = call(expression, "$string") {
        return value(arguments, sent);
    }
    if let Some(arguments) = call(expression, "$join") {
        let list = arguments.trim().strip_prefix('[')?.strip_suffix(']')?;
        let parts: Option<Vec<String>> = commas(list).into_iter().map(|part| value(part, sent)).collect();
        return parts.map(|parts| parts.concat());
    }
    if let Some(arguments) = call(expression, "$substringAfter") {
        let [text, mark] = commas(arguments).try_into().ok()?;
        let (text, mark) = (value(text, sent)?, literal(mark.trim())?);
        return Some(text.split_once(&mark).map_or(text.clone(), |(_, rest)| rest.to_owned()));
    }
    if let Some(arguments) = call(expression, "$replace") {
        let [text, old, new] = commas(arguments).try_into().ok()?;
        return Some(value(text, sent)?.replace(&literal(old.trim())?, &literal(new.trim())?));
    }
    None
}

fn split(arguments: &str, sent: &str) -> Option<Vec<String>> {
    let [text, mark] = commas(arguments).try_into().ok()?;
    let (text, mark) = (value(text, sent)?, literal(mark.trim())?);
    Some(text.split(&mark).map(str::to_owned).collect())
}

/// What is between the brackets of a call of that function, if the expression is one.
fn call<'e>(expression: &'e str, function: &str) -> Option<&'e str> {
    let inner = expression.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')?;
    // `$a(x) & $b(y)` ends with a bracket, too.
    let mut depth = 0_i32;
    for ch in unquoted(inner) {
        match ch.1 {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

/// A text in quotes, with its escapes undone.
fn literal(expression: &str) -> Option<String> {
    let quote = expression.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
    let inner = expression.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.replace("\\\\", "").replace(&format!("\\{quote}"), "").contains(quote)).then(|| {
        inner.replace("\\/", "/").replace(&format!("\\{quote}"), &quote.to_string()).replace("\\\\", "\\")
    })
}

/// Characters outside of quotes, with their positions.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    text.char_indices().filter(move |(_, ch)| {
        let was = quote;
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if *ch == '\\' => escaped = true,
            Some(open) if *ch == open => quote = None,
            None if matches!(ch, '"' | '\'') => quote = Some(*ch),
            _ => {}
        }
        was.is_none() && quote.is_none()
    })
}

/// The arguments of a call.
fn commas(list: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_i32, 0, Vec::new());
    for (at, ch) in unquoted(list) {
        match ch {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{resources::compare, schema};
    use serde_json::json;

    fn same(kind: &str, property: &str, sent: Json, live: Json) -> bool {
        let schema = schema::as_published(kind).unwrap();
        compare::same(kind, property, &sent, &undone(schema, property, &sent, &live))
    }

    #[test]
    fn what_aws_makes_of_a_value_is_no_difference() {
        let cluster = "AWS::Neptune::DBCluster";
        assert!(same(cluster, "DBClusterIdentifier", json!("Main"), json!("main")));
        assert!(!same(cluster, "DBClusterIdentifier", json!("Main"), json!("other")));
        let mapping = "AWS::Lambda::EventSourceMapping";
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:work";
        assert!(same(mapping, "FunctionName", json!(arn), json!("work")));
        assert!(!same(mapping, "FunctionName", json!(arn), json!("play")));
        let table = "AWS::DynamoDB::Table";
        let key = |id: &str| json!({"SSEEnabled": true, "KMSMasterKeyId": id});
        let full = key("arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        assert!(same(table, "SSESpecification", key("1234abcd-12ab-34cd-56ef-1234567890ab"), full.clone()));
        assert!(!same(table, "SSESpecification", key("9234abcd-12ab-34cd-56ef-1234567890ab"), full));
        let zone = "AWS::Route53Resolver::ResolverRule";
        assert!(same(zone, "DomainName", json!("example.com"), json!("example.com.")));
    }

    #[test]
    fn most_published_expressions_are_understood() {
        let (mut all, mut understood) = (0, 0);
        for kind in schema::published() {
            for (_, expression) in schema::as_published(&kind).unwrap().transforms() {
                all += 1;
                understood += usize::from(expression.split("$OR").any(|one| value(one, "x").is_some()));
            }
        }
        assert!(understood * 10 >= all * 7, "{understood} of {all}");
    }
}
