//! Texts that match a pattern: what a schema says of a value is often nothing else.

use std::iter::Peekable;

use fancy_regex::Regex;

/// A part of a pattern.
enum Node {
    /// One of these characters.
    Class(Vec<char>),
    /// One of these sequences.
    Group(Vec<Vec<(Node, usize)>>),
}

/// A text that matches the pattern, between the lengths; the same for the same seed. `None` for patterns that look
/// around, and for those whose matches do not fit the lengths.
pub fn matching(pattern: &str, least: usize, most: usize, seed: &str) -> Option<String> {
    let regex = Regex::new(pattern).ok()?;
    // Repetitions are stretched until the text is long enough.
    (0..12).map(|stretch| 1 << stretch >> 1).find_map(|stretch| {
        let mut chars = pattern.chars().peekable();
        let alternatives = alternatives(&mut chars, stretch)?;
        let mut text = String::new();
        let mut seeds = seed.bytes().cycle();
        write(&alternatives, &mut seeds, &mut text);
        let length = text.chars().count();
        (length >= least && length <= most && regex.is_match(&text).unwrap_or(false)).then_some(text)
    })
}

fn write(alternatives: &[Vec<(Node, usize)>], seeds: &mut impl Iterator<Item = u8>, text: &mut String) {
    // The last alternative is often the empty one; the first says what is meant.
    let Some(sequence) = alternatives.first() else { return };
    for (node, times) in sequence {
        for _ in 0..*times {
            match node {
                Node::Class(chars) => {
                    let at = usize::from(seeds.next().unwrap_or_default());
                    text.extend(chars.get(at % chars.len().max(1)));
                }
                Node::Group(inner) => write(inner, seeds, text),
            }
        }
    }
}

fn alternatives<I: Iterator<Item = char>>(
    chars: &mut Peekable<I>,
    stretch: usize,
) -> Option<Vec<Vec<(Node, usize)>>> {
    let mut all = vec![Vec::new()];
    while let Some(ch) = chars.peek().copied() {
        if ch == ')' {
            break;
        }
        chars.next();
        let node = match ch {
            '|' => {
                all.push(Vec::new());
                continue;
            }
            '^' | '$' => continue,
            '(' => {
                if chars.next_if_eq(&'?').is_some() {
                    match chars.next()? {
                        ':' => {}
                        'i' | 's' | 'm' => {
                            while chars.next()? != ')' {}
                            continue;
                        }
                        '<' | 'P' => {
                            // A named group; lookbehind is not written.
                            if matches!(chars.peek(), Some('=' | '!')) {
                                return None;
                            }
                            while chars.next()? != '>' {}
                        }
                        '!' | '=' => {
                            // What must not or must follow is left to the final match.
                            alternatives(chars, 0)?;
                            chars.next_if_eq(&')')?;
                            continue;
                        }
                        _ => return None,
                    }
                }
                let inner = alternatives(chars, stretch)?;
                chars.next_if_eq(&')')?;
                Node::Group(inner)
            }
            '[' => Node::Class(class(chars)?),
            '.' => Node::Class(('a'..='z').collect()),
            '\\' => match escape(chars)? {
                Some(set) => Node::Class(set),
                None => continue,
            },
            other => Node::Class(vec![other]),
        };
        let times = times(chars, stretch)?;
        all.last_mut()?.push((node, times));
    }
    Some(all)
}

/// What a backslash means: a set, or nothing (`\b`).
#[expect(clippy::option_option, reason = "no such escape, and an escape that stands for no character")]
fn escape<I: Iterator<Item = char>>(chars: &mut Peekable<I>) -> Option<Option<Vec<char>>> {
    Some(Some(match chars.next()? {
        'd' => ('0'..='9').collect(),
        'w' => ('a'..='z').collect(),
        's' => vec![' '],
        'S' | 'D' => ('a'..='z').collect(),
        'b' | 'A' | 'Z' | 'z' => return Some(None),
        'n' => vec!['\n'],
        't' => vec!['\t'],
        'r' => vec!['\r'],
        'p' => {
            let mut name = String::new();
            if chars.next_if_eq(&'{').is_some() {
                while let Some(ch) = chars.next_if(|ch| *ch != '}') {
                    name.push(ch);
                }
                chars.next();
            } else {
                name.push(chars.next()?);
            }
            match name.chars().next()? {
                'N' => ('0'..='9').collect(),
                'Z' => vec![' '],
                'P' => vec!['-'],
                _ => ('a'..='z').collect(),
            }
        }
        'u' => {
            let digits: String = (0..4).filter_map(|_| chars.next()).collect();
            vec![char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?]
        }
        'x' => {
            let digits: String = (0..2).filter_map(|_| chars.next()).collect();
            vec![char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?]
        }
        'P' | 'W' | 'k' | '1'..='9' => return None,
        other => vec![other],
    }))
}

fn class<I: Iterator<Item = char>>(chars: &mut Peekable<I>) -> Option<Vec<char>> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut set: Vec<char> = Vec::new();
    let mut first = true;
    loop {
        let ch = chars.next()?;
        if ch == ']' && !first {
            break;
        }
        first = false;
        let start = match ch {
            '\\' => match escape(chars)? {
                Some(one) if one.len() == 1 => one[0],
                Some(many) => {
                    set.extend(many);
                    continue;
                }
                None => continue,
            },
            other => other,
        };
        if chars.next_if_eq(&'-').is_some() {
            match chars.peek().copied()? {
                ']' => set.extend([start, '-']),
                _ => {
                    let mut end = chars.next()?;
                    if end == '\\' {
                        end = *escape(chars)??.first()?;
                    }
                    set.extend((start..=end).take(256));
                }
            }
        } else {
            set.push(start);
        }
    }
    if negated {
        let all = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['-', '_', '.']);
        set = all.filter(|ch| !set.contains(ch)).collect();
    }
    // Letters and digits are taken by whatever else looks at the text.
    let plain: Vec<char> = set.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    let set = if plain.is_empty() { set } else { plain };
    (!set.is_empty()).then_some(set)
}

/// How often the part before is to come: as seldom as may be, `stretch` more where that is free.
fn times<I: Iterator<Item = char>>(chars: &mut Peekable<I>, stretch: usize) -> Option<usize> {
    let (least, most) = match chars.peek().copied() {
        Some('*') => (0, usize::MAX),
        Some('+') => (1, usize::MAX),
        Some('?') => (0, 1),
        Some('{') => {
            chars.next();
            let mut text = String::new();
            while let Some(ch) = chars.next_if(|ch| *ch != '}') {
                text.push(ch);
            }
            let (low, high) = match text.split_once(',') {
                None => (text.parse().ok()?, text.parse().ok()?),
                Some((low, "")) => (low.trim().parse().ok()?, usize::MAX),
                Some((low, high)) => (low.trim().parse().unwrap_or(0), high.trim().parse().ok()?),
            };
            chars.next();
            chars.next_if_eq(&'?');
            return Some(low.max(stretch.min(high)));
        }
        _ => return Some(1),
    };
    chars.next();
    chars.next_if_eq(&'?');
    chars.next_if_eq(&'+');
    Some(least.max(stretch.min(most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_the_patterns_they_are_made_for() {
        let patterns = [
            r"^[a-zA-Z0-9_-]{1,80}$",
            r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$",
            r"^(?!aws:)[a-zA-Z+-=._:/]+$",
            r"[a-z]{2}-[a-z]+-\d",
            r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$",
            r"^[^\s]+$",
            r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
            r"^(https?)://[^ ]+\.example\.com(:\d+)?$",
        ];
        for pattern in patterns {
            let text = matching(pattern, 1, 200, "seed").unwrap_or_else(|| panic!("{pattern}"));
            assert!(Regex::new(pattern).unwrap().is_match(&text).unwrap(), "{pattern}: {text}");
        }
        let long = matching("^[a-z]*$", 40, 64, "seed").unwrap();
        assert!((40..=64).contains(&long.len()));
    }
}
