//! Text from elsewhere (templates, ledgers, answers of servers) that must not steer a terminal.
//!
//! Escape sequences begin with ESC or with a C1 control (U+009B is CSI by itself); carriage returns and backspaces
//! overwrite what stands there; bidirectional controls make a line read differently from what it is
//! (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>).

use std::borrow::Cow;

/// Whether a character steers instead of being shown. Newlines and tabs do too: [`line()`] replaces them, [`lines`]
/// keeps them.
fn steers(ch: char) -> bool {
    ch.is_control()
        || matches!(
            ch,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                | '\u{2028}' | '\u{2029}'
        )
}

fn exchange(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |ch: char| steers(ch) && !kept(ch);
    if text.contains(bad) {
        Cow::Owned(text.chars().map(|ch| if bad(ch) { '?' } else { ch }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// A text for one line: everything that steers becomes a question mark.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    exchange(text, |_| false)
}

/// A text of several lines: newlines and tabs stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    exchange(text, |ch| matches!(ch, '\n' | '\t'))
}

/// As [`lines`], byte for byte: places in the text stay where they are. Carriage returns before newlines stay too.
#[must_use]
pub fn same_length(text: &str) -> Cow<'_, str> {
    let bad = |ch: char| steers(ch) && !matches!(ch, '\n' | '\t' | '\r');
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if bad(ch) {
            out.extend(std::iter::repeat_n('?', ch.len_utf8()));
        } else {
            out.push(ch);
        }
    }
    Cow::Owned(out)
}

/// What goes to a terminal with our own styles and cursor movements in it: only sequences of that kind stay (ESC, `[`,
/// digits and semicolons, `m`, `A` or `F`; or ESC, `[`, `J`), everything else that steers becomes a question mark.
#[must_use]
pub fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains(|ch| steers(ch) && !matches!(ch, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        if let Some(length) = sequence(rest) {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        out.push(if steers(ch) && !matches!(ch, '\n' | '\t') { '?' } else { ch });
        rest = &rest[ch.len_utf8()..];
    }
    Cow::Owned(out)
}

/// How long the sequence of ours is that a text begins with.
fn sequence(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("\u{1b}[")?;
    let end = inner.find(|ch: char| !ch.is_ascii_digit() && ch != ';')?;
    match inner.as_bytes().get(end) {
        Some(b'm' | b'A' | b'F') => Some(end + 3),
        // Below the cursor only: `ESC [ 2 J` would clear everything.
        Some(b'J') if end == 0 => Some(end + 3),
        _ => None,
    }
}

/// JSON whose text holds nothing that steers: what serde leaves as it is (DEL, C1, bidirectional controls) is escaped,
/// which means the same to every reader.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let bad = |ch: char| steers(ch) && !matches!(ch, '\n' | '\t');
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if bad(ch) {
            out.push_str(&format!("\\u{:04x}", u32::from(ch)));
        } else {
            out.push(ch);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clears the screen, sets a title, overwrites the line, hides text, turns it around.
    const ATTACKS: &[&str] = &[
        "\u{1b}[2J",
        "\u{1b}]0;x\u{7}",
        "\r",
        "\u{8}",
        "\u{9b}31m",
        "\u{7f}",
        "\u{202e}",
        "\u{2066}",
        "\u{200f}",
        "\u{85}",
    ];

    #[test]
    fn nothing_steers_and_everything_else_stays() {
        for attack in ATTACKS {
            let text = format!("a{attack}ü\n");
            for clean in [line(&text), lines(&text), styled(&text), json(&text)] {
                assert!(!clean.contains(|ch| steers(ch) && ch != '\n'), "{clean:?}");
                assert!(clean.starts_with('a') && clean.contains('ü'), "{clean:?}");
            }
            assert_eq!(same_length(&text).len(), text.len());
        }
        assert_eq!(line("a\tb\nc"), "a?b?c");
        assert_eq!(lines("a\tb\nc"), "a\tb\nc");
        assert!(matches!(lines("数据库 übermäßig"), Cow::Borrowed(_)));
    }

    #[test]
    fn own_styles_stay_and_no_others() {
        assert_eq!(
            styled("\u{1b}[1;31mbad\u{1b}[0m\u{1b}[3A\u{1b}[J\r"),
            "\u{1b}[1;31mbad\u{1b}[0m\u{1b}[3A\u{1b}[J?"
        );
        assert_eq!(styled("\u{1b}[2;5H\u{1b}c\u{1b}["), "?[2;5H?c?[");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"k\u{9b}": "a\u{7f}\u{202e}\u{1b}"});
        let text = value.to_string();
        let clean = json(&text);
        assert!(!clean.contains(steers));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
