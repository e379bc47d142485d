//! What differs in a property, for people: every item on lines of its own, wrapped, never cut. Of long texts only what
//! differs is shown; how much is the same is said.

use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr as _;

use super::text::{SECRET, broken, count, json as one_line, masked, plain};
use crate::{
    planner::{PropertyChange, Shown},
    printable,
};

/// Lines of a text that stay around what differs.
const AROUND: usize = 2;
/// Characters of a text that stay around what differs.
const CONTEXT: usize = 24;

/// One difference: `+` is added, `-` taken away, `~` changed.
pub(super) struct Lines {
    /// Its sign.
    pub(super) sign: char,
    /// Its lines, each at most as wide as was asked for.
    pub(super) lines: Vec<String>,
}

/// All differences of a step, in lines of at most `width` columns.
pub(super) fn lines(changes: &[PropertyChange], width: usize) -> Vec<Lines> {
    let width = width.max(24);
    let widest = changes.iter().map(|change| plain(&change.property).width()).filter(|w| *w <= width / 3);
    let column = widest.max().unwrap_or(0);
    changes.iter().map(|change| one(change, width, column)).collect()
}

fn one(change: &PropertyChange, width: usize, column: usize) -> Lines {
    let name = plain(&change.property);
    let mark = if change.replaces { "  forces a new object" } else { "" };
    let (old, new) = (short(&change.property, &change.old), short(&change.property, &change.new));
    let same_word = old == SECRET && new == SECRET;
    let (sign, value) = match (&change.old, &change.new) {
        (Shown::Absent, _) => ('+', new.clone()),
        (_, Shown::Absent) => ('-', old.clone()),
        _ if same_word => ('~', format!("{SECRET} -> (another secret)")),
        _ => ('~', format!("{old} -> {new}")),
    };
    let line = format!("{name:<column$}  {value}{mark}");
    // Texts of several lines are compared line by line even where the JSON of both would fit.
    let several = lines_of(&change.old).is_some() && lines_of(&change.new).is_some();
    if 2 + line.width() <= width && !several {
        return Lines { sign, lines: vec![line] };
    }
    let mut lines = broken(&format!("{name}{mark}"), width - 2);
    let room = width - 4;
    let mut block = |sign: char, value: Vec<String>| {
        for (at, line) in value.iter().enumerate() {
            lines.push(format!("  {} {line}", if at == 0 { sign } else { ' ' }));
        }
    };
    match (&change.old, &change.new) {
        (Shown::Absent, new) => block(' ', whole(&change.property, new, room - 2)),
        (old, Shown::Absent) => block(' ', whole(&change.property, old, room - 2)),
        _ if same_word => block(' ', broken(&value, room - 2)),
        (old, new) => match folded(&change.property, old, new, room - 2) {
            Some(pairs) => pairs.into_iter().for_each(|(sign, text)| block(sign, broken(&text, room - 2))),
            None => {
                block('-', whole(&change.property, old, room - 2));
                block('+', whole(&change.property, new, room - 2));
            }
        },
    }
    Lines { sign, lines }
}

/// On one line.
fn short(property: &str, value: &Shown) -> String {
    match value {
        Shown::Value(json) => one_line(property, json),
        Shown::KnownAfter(what) => format!("(known after {})", plain(what)),
        Shown::Absent => "(not set)".into(),
    }
}

/// On as many lines as it takes.
pub(super) fn whole(property: &str, value: &Shown, width: usize) -> Vec<String> {
    let text = short(property, value);
    let Shown::Value(json) = value else { return broken(&text, width) };
    if text.width() <= width {
        return vec![text];
    }
    match masked(property, json, true) {
        Json::String(text) if text.contains('\n') => {
            text.lines().flat_map(|line| broken(&plain(line), width)).collect()
        }
        value @ (Json::Object(_) | Json::Array(_)) => {
            let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
            let pretty = printable::json(&pretty).into_owned();
            pretty.lines().flat_map(|line| hanging(line, width)).collect()
        }
        _ => broken(&text, width),
    }
}

/// A line in pieces that keep its indentation.
fn hanging(line: &str, width: usize) -> Vec<String> {
    let inner = line.trim_start_matches(' ');
    let indent = " ".repeat((line.len() - inner.len()).min(width / 2));
    broken(inner, width - indent.len()).into_iter().map(|piece| format!("{indent}{piece}")).collect()
}

/// A text of several lines, with nothing secret in it.
fn lines_of(value: &Shown) -> Option<Vec<&str>> {
    let Shown::Value(Json::String(text)) = value else { return None };
    text.contains('\n').then(|| text.lines().collect())
}

/// Of two long texts what differs, and how much is the same.
fn folded(property: &str, old: &Shown, new: &Shown, width: usize) -> Option<Vec<(char, String)>> {
    let (Shown::Value(Json::String(before)), Shown::Value(Json::String(after))) = (old, new) else {
        return None;
    };
    let (before, after) =
        (masked(property, &before.as_str().into(), true), masked(property, &after.as_str().into(), true));
    let (before, after) = (before.as_str()?, after.as_str()?);
    if before.contains('\n') && after.contains('\n') {
        let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        return Some(by_line(&before, &after));
    }
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let shorter = old.len().min(new.len());
    let head = (0..shorter).take_while(|at| old[*at] == new[*at]).count();
    let tail = (1..=shorter - head).take_while(|n| old[old.len() - n] == new[new.len() - n]).count();
    let (skip, drop) = (head.saturating_sub(CONTEXT), tail.saturating_sub(CONTEXT));
    if skip + drop < width {
        return None;
    }
    let side = |text: &[char]| {
        let middle: String = text[skip..text.len() - drop].iter().collect();
        let before =
            if skip > 0 { format!("… {} the same … ", count(skip, "character")) } else { String::new() };
        let after =
            if drop > 0 { format!(" … {} the same …", count(drop, "character")) } else { String::new() };
        format!("{before}{}{after}", plain(&middle))
    };
    Some(vec![('-', side(&old)), ('+', side(&new))])
}

/// Lines that differ with two around them; longer runs of the same lines are counted.
fn by_line(before: &[&str], after: &[&str]) -> Vec<(char, String)> {
    let mut all: Vec<(char, &str)> = Vec::new();
    for part in parts(before, after) {
        match part {
            Part::Same(lines) => all.extend(lines.iter().map(|line| (' ', *line))),
            Part::Other(old, new) => {
                all.extend(old.iter().map(|line| ('-', *line)));
                all.extend(new.iter().map(|line| ('+', *line)));
            }
        }
    }
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        all[from..(at + AROUND + 1).min(all.len())].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut out: Vec<(char, String)> = Vec::new();
    let mut hidden = 0;
    for (at, (sign, line)) in all.iter().enumerate() {
        if near(at) {
            if hidden > 0 {
                out.push((' ', format!("… {} the same …", count(hidden, "line"))));
                hidden = 0;
            }
            out.push((*sign, plain(line)));
        } else {
            hidden += 1;
        }
    }
    if hidden > 0 {
        out.push((' ', format!("… {} the same …", count(hidden, "line"))));
    }
    out
}

enum Part<'t> {
    Same(&'t [&'t str]),
    Other(&'t [&'t str], &'t [&'t str]),
}

/// Both texts in parts: what is the same and what is not. Texts that are too long for that are compared at both ends.
fn parts<'t>(before: &'t [&'t str], after: &'t [&'t str]) -> Vec<Part<'t>> {
    const MAX_CELLS: usize = 1_000_000;
    let shorter = before.len().min(after.len());
    let head = (0..shorter).take_while(|at| before[*at] == after[*at]).count();
    let tail =
        (1..=shorter - head).take_while(|n| before[before.len() - n] == after[after.len() - n]).count();
    let (old, new) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
    let mut out = vec![Part::Same(&before[..head])];
    if old.len() * new.len() > MAX_CELLS {
        out.push(Part::Other(old, new));
    } else {
        let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                longest[i][j] = if old[i] == new[j] {
                    longest[i + 1][j + 1] + 1
                } else {
                    longest[i + 1][j].max(longest[i][j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < old.len() || j < new.len() {
            if i < old.len() && j < new.len() && old[i] == new[j] {
                out.push(Part::Same(&old[i..=i]));
                (i, j) = (i + 1, j + 1);
            } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
                out.push(Part::Other(&old[i..=i], &[]));
                i += 1;
            } else {
                out.push(Part::Other(&[], &new[j..=j]));
                j += 1;
            }
        }
    }
    out.push(Part::Same(&before[before.len() - tail..]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(property: &str, old: Shown, new: Shown) -> PropertyChange {
        PropertyChange { property: property.into(), old, new, replaces: false }
    }

    fn text(changes: &[PropertyChange], width: usize) -> String {
        let mut out = String::new();
        for one in lines(changes, width) {
            for (at, line) in one.lines.iter().enumerate() {
                out.push_str(&format!("{} {line}\n", if at == 0 { one.sign } else { ' ' }));
            }
        }
        assert!(out.lines().all(|line| line.width() <= width), "{width}\n{out}");
        out
    }

    /// Whatever is shown holds every character of the value, at any width.
    #[test]
    fn nothing_is_cut_at_any_width() {
        let value = json!({"IpProtocol": "tcp", "CidrIp": "0.0.0.0/0", "Description": "x".repeat(300)});
        let changes = [change("SecurityGroupIngress.1", Shown::Absent, Shown::Value(value))];
        for width in [40, 80, 100, 160] {
            let told = text(&changes, width);
            let bare: String = told.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(bare.contains("0.0.0.0/0") && bare.contains(&"x".repeat(300)), "{told}");
            assert!(!told.contains('…') && told.starts_with('+'), "{told}");
        }
    }

    #[test]
    fn short_differences_take_one_line() {
        let changes = [
            change("Cpu", Shown::Value(json!("256")), Shown::Value(json!("512"))),
            change("Environment[DEBUG]", Shown::Absent, Shown::Value(json!({"Name": "DEBUG", "Value": "1"}))),
            change("Tags[Owner]", Shown::Value(json!({"Key": "Owner", "Value": "me"})), Shown::Absent),
        ];
        let expected = "~ Cpu                 \"256\" -> \"512\"\n+ Environment[DEBUG]  {\"Name\":\"DEBUG\",\"Value\":\"1\"}\n\
                        - Tags[Owner]         {\"Key\":\"Owner\",\"Value\":\"me\"}\n";
        assert_eq!(text(&changes, 100), expected);
    }

    #[test]
    fn long_unchanged_parts_are_folded_and_counted() {
        let long =
            |middle: &str| Shown::Value(json!(format!("{}{middle}{}", "a".repeat(200), "b".repeat(200))));
        let told = text(&[change("Query", long("old"), long("new"))], 80);
        assert!(
            told.contains("176 characters the same") && told.contains("old") && told.contains("new"),
            "{told}"
        );
        let script = |word: &str| {
            let lines: Vec<String> =
                (0..30).map(|n| if n == 15 { word.into() } else { format!("line {n}") }).collect();
            Shown::Value(json!(lines.join("\n")))
        };
        let told = text(&[change("UserData", script("start old"), script("start new"))], 80);
        assert!(told.contains("- start old") && told.contains("+ start new"), "{told}");
        assert!(told.contains("… 13 lines the same …") && told.contains("… 12 lines the same …"), "{told}");
    }

    #[test]
    fn secrets_are_words() {
        let secret = |text: &str| Shown::Value(json!(text));
        let told = text(&[change("MasterUserPassword", secret("hunter2"), secret("hunter3"))], 80);
        assert_eq!(told, "~ MasterUserPassword  (secret) -> (another secret)\n");
    }
}
