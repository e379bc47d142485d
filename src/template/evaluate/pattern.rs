//! `AllowedPattern`: CloudFormation reads it as Java does ("AWS CloudFormation User Guide", Parameters: regular expressions
//! in the Java syntax). What differs from the syntax of the engine here is written out: shorthands are ASCII only, a hyphen
//! beside a shorthand is itself, `\Q…\E` quotes, and characters beyond U+FFFF are pairs of surrogates.

use std::fmt::Write as _;

use fancy_regex::{Regex, RegexBuilder};

/// Largest compiled pattern: `{1,4096}` and the like must fit.
const MAX_SIZE: usize = 64 << 20;

/// A pattern that has to fit the whole value.
///
/// # Errors
/// What is wrong with it.
pub(super) fn compiled(pattern: &str) -> Result<Regex, String> {
    let translated = Translator { left: pattern.chars().collect(), at: 0, out: String::new() }.whole()?;
    RegexBuilder::new(&format!("^(?:{translated})$"))
        .delegate_size_limit(MAX_SIZE)
        .delegate_dfa_size_limit(MAX_SIZE)
        .build()
        .map_err(|error| error.to_string())
}

struct Translator {
    left: Vec<char>,
    at: usize,
    out: String,
}

/// One member of a class.
enum Member {
    /// A character, which may begin or end a range.
    One(u32),
    /// Several characters, as they stand inside brackets.
    Many(String),
    /// Half of a character that no text can hold.
    Surrogate(u32),
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.left.get(self.at + ahead).copied()
    }

    fn whole(mut self) -> Result<String, String> {
        while let Some(ch) = self.peek(0) {
            match ch {
                '[' => {
                    let class = self.class()?;
                    self.out.push_str(&class);
                }
                '\\' => self.escape()?,
                _ => {
                    self.out.push(ch);
                    self.at += 1;
                }
            }
        }
        Ok(self.out)
    }

    /// An escape outside of brackets.
    fn escape(&mut self) -> Result<(), String> {
        let Some(next) = self.peek(1) else { return Err("it ends with a backslash".into()) };
        match next {
            'Q' => {
                self.at += 2;
                while let Some(ch) = self.peek(0) {
                    if ch == '\\' && self.peek(1) == Some('E') {
                        self.at += 2;
                        break;
                    }
                    let _ = write!(self.out, "\\x{{{:X}}}", u32::from(ch));
                    self.at += 1;
                }
            }
            // Boundaries, ends, back references, names: the same in both.
            'b' | 'B' | 'A' | 'z' | 'k' | '1'..='9' => {
                self.out.extend(['\\', next]);
                self.at += 2;
            }
            'Z' => {
                self.out.push_str("(?=\\n?\\z)");
                self.at += 2;
            }
            'R' => {
                self.out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\x85\\x{2028}\\x{2029}])");
                self.at += 2;
            }
            'X' | 'G' => return Err(format!("`\\{next}` is not supported")),
            _ => match self.member()? {
                Member::One(code) => {
                    let _ = write!(self.out, "\\x{{{code:X}}}");
                }
                Member::Many(inside) => {
                    let _ = write!(self.out, "[{inside}]");
                }
                // It matches nothing: no text holds half a character.
                Member::Surrogate(_) => self.out.push_str("[^\\x{0}-\\x{10FFFF}]"),
            },
        }
        Ok(())
    }

    /// A bracketed class, from `[` to its `]`; classes inside it and `&&` mean the same in both.
    fn class(&mut self) -> Result<String, String> {
        let mut out = String::from("[");
        self.at += 1;
        if self.peek(0) == Some('^') {
            out.push('^');
            self.at += 1;
        }
        let start = out.len();
        loop {
            let Some(ch) = self.peek(0) else { return Err("a `[` is not closed".into()) };
            match ch {
                ']' => {
                    self.at += 1;
                    break;
                }
                '[' => {
                    let inner = self.class()?;
                    out.push_str(&inner);
                }
                '&' if self.peek(1) == Some('&') => {
                    out.push_str("&&");
                    self.at += 2;
                }
                _ => self.piece(&mut out)?,
            }
        }
        // Only halves of characters were in it.
        if out.len() == start {
            out =
                if out.ends_with('^') { "[\\x{0}-\\x{10FFFF}".into() } else { "[^\\x{0}-\\x{10FFFF}".into() };
        }
        out.push(']');
        Ok(out)
    }

    /// A character, a shorthand, or a range.
    fn piece(&mut self, out: &mut String) -> Result<(), String> {
        let low = self.member()?;
        let ranges = self.peek(0) == Some('-') && !matches!(self.peek(1), None | Some(']' | '['));
        let (low, high) = match low {
            Member::Many(inside) => {
                out.push_str(&inside);
                return Ok(());
            }
            // A hyphen before a shorthand is itself.
            Member::One(low) if ranges && !self.shorthand_at(1) => {
                self.at += 1;
                match self.member()? {
                    Member::One(high) | Member::Surrogate(high) => (low, high),
                    Member::Many(_) => return Err("a range ends in a class".into()),
                }
            }
            Member::Surrogate(low) if ranges && !self.shorthand_at(1) => {
                self.at += 1;
                match self.member()? {
                    Member::One(high) | Member::Surrogate(high) => (low, high),
                    Member::Many(_) => return Err("a range ends in a class".into()),
                }
            }
            Member::One(one) => (one, one),
            Member::Surrogate(_) => return Ok(()),
        };
        if low > high {
            return Err("a range ends before it begins".into());
        }
        // Halves of characters are taken out of the range.
        for (from, to) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
            if from <= to && !(0xD800..0xE000).contains(&from) {
                let _ = match from == to {
                    true => write!(out, "\\x{{{from:X}}}"),
                    false => write!(out, "\\x{{{from:X}}}-\\x{{{to:X}}}"),
                };
            }
            if high <= 0xD7FF {
                break;
            }
        }
        Ok(())
    }

    fn shorthand_at(&self, ahead: usize) -> bool {
        self.peek(ahead) == Some('\\')
            && matches!(
                self.peek(ahead + 1),
                Some('w' | 'W' | 'd' | 'D' | 's' | 'S' | 'h' | 'H' | 'v' | 'V' | 'p' | 'P')
            )
    }

    fn member(&mut self) -> Result<Member, String> {
        let Some(ch) = self.peek(0) else { return Err("it ends too early".into()) };
        self.at += 1;
        if ch != '\\' {
            return Ok(Member::One(u32::from(ch)));
        }
        let Some(next) = self.peek(0) else { return Err("it ends with a backslash".into()) };
        self.at += 1;
        Ok(match next {
            'w' => Member::Many("0-9A-Za-z_".into()),
            'W' => Member::Many("[^0-9A-Za-z_]".into()),
            'd' => Member::Many("0-9".into()),
            'D' => Member::Many("[^0-9]".into()),
            's' => Member::Many("\\x20\\t\\n\\x0B\\f\\r".into()),
            'S' => Member::Many("[^\\x20\\t\\n\\x0B\\f\\r]".into()),
            'h' => Member::Many(
                "\\x20\\t\\xA0\\x{1680}\\x{180E}\\x{2000}-\\x{200A}\\x{202F}\\x{205F}\\x{3000}".into(),
            ),
            'H' => Member::Many(
                "[^\\x20\\t\\xA0\\x{1680}\\x{180E}\\x{2000}-\\x{200A}\\x{202F}\\x{205F}\\x{3000}]".into(),
            ),
            'v' => Member::Many("\\n\\x0B\\f\\r\\x85\\x{2028}\\x{2029}".into()),
            'V' => Member::Many("[^\\n\\x0B\\f\\r\\x85\\x{2028}\\x{2029}]".into()),
            'p' | 'P' => Member::Many(self.property(next == 'P')?),
            't' => Member::One(9),
            'n' => Member::One(10),
            'r' => Member::One(13),
            'f' => Member::One(12),
            'a' => Member::One(7),
            'e' => Member::One(0x1B),
            '0' => {
                let digits: String = (0..3).map_while(|n| self.peek(n).filter(|c| c.is_digit(8))).collect();
                self.at += digits.len();
                Member::One(u32::from_str_radix(&digits, 8).map_err(|_| "`\\0` takes octal digits")?)
            }
            'x' if self.peek(0) == Some('{') => {
                let end = self.left[self.at..].iter().position(|c| *c == '}').ok_or("a `{` is not closed")?;
                let digits: String = self.left[self.at + 1..self.at + end].iter().collect();
                self.at += end + 1;
                Member::One(u32::from_str_radix(&digits, 16).map_err(|_| "`\\x` takes hexadecimal digits")?)
            }
            'x' => Member::One(self.hex(2)?),
            'u' => match self.hex(4)? {
                high @ 0xD800..0xDC00 if self.peek(0) == Some('\\') && self.peek(1) == Some('u') => {
                    let before = self.at;
                    self.at += 2;
                    match self.hex(4)? {
                        low @ 0xDC00..0xE000 => {
                            Member::One(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                        }
                        _ => {
                            self.at = before;
                            Member::Surrogate(high)
                        }
                    }
                }
                half @ 0xD800..0xE000 => Member::Surrogate(half),
                code => Member::One(code),
            },
            letter if letter.is_ascii_alphabetic() => return Err(format!("`\\{letter}` is no escape")),
            other => Member::One(u32::from(other)),
        })
    }

    fn hex(&mut self, count: usize) -> Result<u32, String> {
        let digits: String = (0..count).map_while(|n| self.peek(n)).collect();
        self.at += digits.chars().count();
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == count);
        code.ok_or_else(|| format!("an escape takes {count} hexadecimal digits"))
    }

    /// `\p{Name}`: Java's own names are ASCII only, the others are Unicode's.
    fn property(&mut self, negated: bool) -> Result<String, String> {
        let name = if self.peek(0) == Some('{') {
            let end = self.left[self.at..].iter().position(|c| *c == '}').ok_or("a `{` is not closed")?;
            let name: String = self.left[self.at + 1..self.at + end].iter().collect();
            self.at += end + 1;
            name
        } else {
            let name = self.peek(0).ok_or("`\\p` takes a name")?;
            self.at += 1;
            name.to_string()
        };
        let inside = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => "\\x00-\\x7F",
            "Alpha" => "A-Za-z",
            "Digit" => "0-9",
            "Alnum" => "0-9A-Za-z",
            "Punct" => "!-/:-@\\[-`{-~",
            "Graph" => "!-~",
            "Print" => "\\x20-~",
            "Blank" => "\\x20\\t",
            "Cntrl" => "\\x00-\\x1F\\x7F",
            "XDigit" => "0-9A-Fa-f",
            "Space" => "\\x20\\t\\n\\x0B\\f\\r",
            other => {
                let name = other.strip_prefix("Is").unwrap_or(other);
                let letter = if negated { 'P' } else { 'p' };
                return Ok(format!("\\{letter}{{{name}}}"));
            }
        };
        Ok(if negated { format!("[^{inside}]") } else { inside.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, value: &str) -> bool {
        compiled(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(value).unwrap()
    }

    /// What java.util.regex answers, by its documentation ("Class Pattern").
    #[test]
    fn patterns_mean_what_they_mean_to_java() {
        let cases = [
            ("^[\\w-\\+.]+@[a-z\\d-.]+$", "ops@example.com", true),
            ("[\\w-\\+.]+", "a-b+c.d", true),
            ("[\\w.-]+", "a-b", true),
            ("[a-z\\d-_]+", "a-1_", true),
            ("[+-\\w]+", "+-a", true),
            // Shorthands are ASCII.
            ("\\w+", "straße", false),
            ("\\d+", "٣", false),
            ("\\s", "\u{a0}", false),
            ("[^\\W]+", "ab_1", true),
            ("[\\W]+", "-é", true),
            // Ranges between anything.
            ("[A-z]+", "a_Z", true),
            ("[!-~]+", "a[]{}", true),
            ("[\\x20-\\x7E]*", "a b", true),
            // Long repeats.
            ("[a-zA-Z0-9]{1,4096}", "a", true),
            ("(?:[a-z]{1,63}\\.){1,100}[a-z]{2,63}", "a.b.com", true),
            // Pairs of surrogates are one character.
            ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*", "a😀\n", true),
            ("\\uD83D\\uDE00", "😀", true),
            ("[\\uD800-\\uDFFF]*", "a", false),
            ("[^\\uD800-\\uDFFF]*", "a", true),
            ("[\\u0041-\\uFFFF]+", "AZ", true),
            // The rest of the dialect.
            ("\\Qa.b\\E+", "a.bb", true),
            ("\\Qa.b\\E", "axb", false),
            ("\\p{Alpha}\\p{Alnum}*", "a1", true),
            ("\\p{Alpha}+", "é", false),
            ("\\p{L}+", "é", true),
            ("[\\p{Punct}]+", "!]^", true),
            ("\\<a\\>", "<a>", true),
            ("[a-z&&[^aeiou]]+", "xyz", true),
            ("[a-z&&[^aeiou]]+", "abc", false),
            ("(?!.*--)[a-z-]+", "a-b", true),
            ("(?!.*--)[a-z-]+", "a--b", false),
            ("arn:aws:s3:::[\\w\\-\\/\\*]+", "arn:aws:s3:::a/b*", true),
            ("a++b", "aab", true),
            ("^$|[a-z]+", "", true),
            ("\\x41\\u0042\\t?", "AB", true),
        ];
        for (pattern, value, wanted) in cases {
            assert_eq!(fits(pattern, value), wanted, "{pattern} on {value:?}");
        }
        for wrong in ["[", "[z-a]", "\\", "(", "\\y"] {
            assert!(compiled(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nested_repeats_do_not_explode() {
        let value = format!("{}!", "a".repeat(5_000));
        assert!(!fits("(a+)+", &value));
        assert!(!fits("(a|aa)+$", &value));
    }
}
