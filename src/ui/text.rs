//! Text that fits a terminal: widths, ellipses, durations, secrets.

use serde_json::{Map, Value as Json};
use textwrap::{WordSeparator, WordSplitter, WrapAlgorithm, core::Word};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{model::secret, printable};

/// Cuts text that is wider than `width` columns and ends it with an ellipsis.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1;
    for ch in text.chars() {
        used += ch.width().unwrap_or(0);
        if used > width {
            break;
        }
        cut.push(ch);
    }
    cut.push('…');
    cut
}

/// Pads text to `width` columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Breaks text at spaces into lines of at most `width` columns; a longer word is broken where the line ends.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    wrap_whole(text, width).iter().flat_map(|line| pieces(line, width)).collect()
}

/// The same for values: what is read as a value keeps its spaces, and an empty one has a line too.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.width() > width {
        let fits = pieces(rest, width).into_iter().next().unwrap_or_default();
        // Behind a space or a comma, if one is not far back.
        let near = fits.char_indices().rev().take(width / 3).find(|(_, c)| matches!(c, ' ' | ','));
        let end = near.map_or(fits.len(), |(at, c)| at + c.len_utf8());
        lines.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

/// Text in pieces of at most `width` columns.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut used = 0;
    for ch in text.chars() {
        let wide = ch.width().unwrap_or(0);
        if used + wide > width.max(2) {
            out.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = out.last_mut() {
            last.push(ch);
        }
    }
    out
}

/// Words, and commands in backticks (`` `migrate up 'my plan'` ``) as one word each.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut rest = line;
    Box::new(std::iter::from_fn(move || {
        let command = rest.strip_prefix('`').filter(|inner| inner.starts_with("migrate "));
        let closed = command.and_then(|inner| inner.find('`')).map_or(0, |at| at + 2);
        let end = rest[closed..].find(' ').map_or(rest.len(), |at| closed + at);
        let next = rest[end..].find(|c| c != ' ').map_or(rest.len(), |at| end + at);
        let (word, after) = rest.split_at(next);
        rest = after;
        (!word.is_empty()).then(|| Word::from(word))
    }))
}

/// As [`wrap`], but a word that is too long stays whole: ids, messages and commands are there to be copied. A command
/// that is too long has lines of its own.
#[must_use]
pub fn wrap_whole(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let mut lines = Vec::new();
    for line in textwrap::wrap(text.trim_matches(' '), options) {
        if line.starts_with("`migrate ") && line.width() > width {
            lines.extend(command(&line, width));
        } else if !text.is_empty() {
            lines.push(line.into_owned());
        }
    }
    lines
}

/// A text behind a head, its other lines under its first.
#[must_use]
pub fn hung(head: &str, text: &str, width: usize) -> String {
    let indent = head.width();
    let mut out = String::new();
    for (at, line) in wrap_whole(text, width.saturating_sub(indent).max(20)).iter().enumerate() {
        match at {
            0 => out.push_str(head),
            _ => out.push_str(&" ".repeat(indent)),
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A command in lines of at most `width` columns that a shell takes as one: broken between arguments only, with a
/// backslash at the end. An argument that is too long stays whole.
pub(super) fn command(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut quote = None;
    let arguments = text.split(|character: char| {
        match (character, quote) {
            (' ', None) => return true,
            ('\'' | '"', None) => quote = Some(character),
            (closing, Some(open)) if closing == open => quote = None,
            _ => {}
        }
        false
    });
    let mut lines: Vec<String> = Vec::new();
    for argument in arguments {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + argument.width() + 2 <= width => {
                line.push(' ');
                line.push_str(argument);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("  {argument}"));
            }
            None => lines.push(argument.to_owned()),
        }
    }
    lines
}

/// Text without anything that steers a terminal: a template must not move the cursor.
pub(super) fn plain(text: &str) -> String {
    printable::line(text).into_owned()
}

/// Seconds as people say them.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => "less than a minute".into(),
        60..3600 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Stands for every secret.
pub(super) const SECRET: &str = "(secret)";

/// Whether a property carries a password, whatever its value looks like.
pub(super) fn is_secret_name(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.ends_with("Password") || secret::is_secret_name(name)
}

/// Exchanges passwords for a word. With `references` dynamic references go too: they hold no secret, but a
/// person reading a review needs no more than the word.
pub(super) fn mask(value: &Json, references: bool) -> Json {
    match value {
        Json::String(text) if references && holds_secret(text) => SECRET.into(),
        Json::Array(items) => items.iter().map(|item| mask(item, references)).collect(),
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, item)| {
                    let hidden = is_secret_name(key) && !is_reference(item);
                    (key.clone(), if hidden { SECRET.into() } else { mask(item, references) })
                })
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

/// The value of one property, masked.
pub(super) fn masked(path: &str, value: &Json, references: bool) -> Json {
    if is_secret_name(path) && !is_reference(value) { SECRET.into() } else { mask(value, references) }
}

fn is_reference(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("{{resolve:") && text.ends_with("}}"))
}

fn holds_secret(text: &str) -> bool {
    [
        "{{resolve:secretsmanager:",
        "{{resolve:ssm-secure:",
        "{{resolve:parameter:",
        "{{resolve:literal:",
        "{{resolve:base64:",
    ]
    .iter()
    .any(|s| text.contains(s))
}

/// A value on one line.
pub(super) fn json(path: &str, value: &Json) -> String {
    match masked(path, value, true) {
        Json::String(text) if text == SECRET => text,
        other => printable::json(&other.to_string()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commands_can_be_pasted_however_narrow_the_terminal() {
        let text = "Fix it, then resume with `migrate up 'my  plan' --sandbox`. See `cdk synth` too";
        let expected =
            ["Fix it, then resume with", "`migrate up 'my  plan' \\", "  --sandbox`.", "See `cdk synth` too"];
        assert_eq!(wrap_whole(text, 26), expected);
        assert_eq!(wrap_whole("see `migrate status` or", 20), ["see `migrate status`", "or"]);
        let line = "migrate up 'my  plan' --set \"a b=c\" --sandbox --region us-east-1";
        let broken = command(line, 30);
        // A shell takes a backslash before a newline away before it reads words (POSIX, Shell Command Language, 2.2.1).
        assert_eq!(shlex::split(&broken.join("\n").replace("\\\n", "")), shlex::split(line));
        assert!(broken.len() > 1 && broken.iter().all(|line| line.width() <= 30), "{broken:?}");
        assert_eq!(command(line, 80), [line]);
    }

    #[test]
    fn text_is_cut_and_wrapped_by_columns_not_bytes() {
        assert_eq!(fit("übermäßig", 5), "über…");
        assert_eq!(fit("数据库迁移", 6), "数据…");
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(pad("数", 4), "数  ");
    }

    #[test]
    fn secrets_never_show() {
        let value = json!({
            "MasterUserPassword": "hunter2", "Url": "pg://{{resolve:ssm-secure:p}}", "Image": "{{resolve:ssm:i}}"
        });
        assert_eq!(
            mask(&value, true),
            json!({"MasterUserPassword": "(secret)", "Url": "(secret)", "Image": "{{resolve:ssm:i}}"})
        );
        let reference = json!("{{resolve:secretsmanager:x}}");
        assert_eq!(masked("Password", &reference, false), reference);
        assert_eq!(json("Password", &reference), "(secret)");
        assert_eq!(masked("A.0.Password", &json!("hunter2"), false), json!("(secret)"));
    }

    #[test]
    fn durations_are_words() {
        assert_eq!(
            [duration(59), duration(61), duration(4500)],
            ["less than a minute", "about 2 min", "about 1 h 15 min"]
        );
    }
}
