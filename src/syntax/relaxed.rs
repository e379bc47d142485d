//! YAML as `PyYAML` reads it, and with it CloudFormation: inside `[…]`, `{…}` and quotes a line may begin at any column. The
//! parser here demands that such lines are indented further than what they belong to, as YAML 1.2 has it; so they are
//! moved to the right, which changes no value, because the blanks at their beginning mean nothing.

/// A text in which lines were moved to the right, and how to find one's way back.
pub(super) struct Relaxed {
    /// The text.
    pub(super) text: String,
    /// Where blanks were put in: the byte offset behind them, and how many there are up to there.
    shifts: Vec<(usize, usize)>,
}

impl Relaxed {
    /// The offset in the text as it was written.
    pub(super) fn original(&self, at: usize) -> usize {
        let behind = self.shifts.partition_point(|(offset, _)| *offset <= at);
        match behind.checked_sub(1).and_then(|last| self.shifts.get(last)) {
            Some((_, sum)) => at - sum,
            None => at,
        }
    }
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Block,
    Single,
    Double,
}

/// Moves the lines that stand too far left; `None` if there is none.
pub(super) fn relaxed(text: &str) -> Option<Relaxed> {
    let mut out = String::with_capacity(text.len() + 64);
    let (mut shifts, mut sum) = (Vec::new(), 0);
    let (mut inside, mut depth, mut margin) = (Inside::Block, 0_usize, 0);
    let mut literal: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let blank = line.trim().is_empty();
        if let Some(parent) = literal {
            if blank || indent > parent {
                out.push_str(line);
                continue;
            }
            literal = None;
        }
        let continued = inside != Inside::Block || depth > 0;
        if continued && !blank && indent <= margin {
            let more = margin + 1 - indent;
            out.extend(std::iter::repeat_n(' ', more));
            sum += more;
            shifts.push((out.len(), sum));
        } else if !continued {
            margin = column(line);
        }
        out.push_str(line);
        scan(line, &mut inside, &mut depth);
        if inside == Inside::Block && depth == 0 && begins_literal(line) {
            literal = Some(column(line));
        }
    }
    (!shifts.is_empty()).then_some(Relaxed { text: out, shifts })
}

/// The column of the innermost key or item that a line begins (`- - key: [`).
fn column(line: &str) -> usize {
    let mut at = line.len() - line.trim_start_matches(' ').len();
    while line[at..].starts_with("- ") {
        at += 2;
        at += line[at..].len() - line[at..].trim_start_matches(' ').len();
    }
    at
}

/// Whether a block scalar (`|`, `>`) follows.
fn begins_literal(line: &str) -> bool {
    let code = line.split_once(" #").map_or(line, |(code, _)| code).trim_end();
    let head = code.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let before = head.strip_suffix(['|', '>']);
    before.is_some_and(|before| before.ends_with(' ') || before.trim().is_empty())
}

/// Follows quotes and brackets through one line.
fn scan(line: &str, inside: &mut Inside, depth: &mut usize) {
    let mut chars = line.chars().peekable();
    // Whether a value or key may begin here; elsewhere quotes and brackets are part of a plain text.
    let mut fresh = true;
    while let Some(ch) = chars.next() {
        match *inside {
            Inside::Single => {
                if ch == '\'' && chars.next_if_eq(&'\'').is_none() {
                    *inside = Inside::Block;
                    fresh = false;
                }
                continue;
            }
            Inside::Double => {
                match ch {
                    '\\' => drop(chars.next()),
                    '"' => {
                        *inside = Inside::Block;
                        fresh = false;
                    }
                    _ => {}
                }
                continue;
            }
            Inside::Block => {}
        }
        let flow = *depth > 0;
        match ch {
            '#' if fresh => return,
            '\'' if fresh => *inside = Inside::Single,
            '"' if fresh => *inside = Inside::Double,
            '[' | '{' if fresh || flow => {
                *depth += 1;
                fresh = true;
            }
            ']' | '}' if flow => {
                *depth -= 1;
                fresh = false;
            }
            ',' if flow => fresh = true,
            ':' | '-' | '?' if matches!(chars.peek(), None | Some(' ' | '\n' | '\r')) => fresh = true,
            ':' if flow && !fresh => fresh = true,
            ' ' | '\t' => {
                // A comment needs a blank before it; nothing else begins in the middle of a plain text.
                if chars.peek() == Some(&'#') {
                    return;
                }
            }
            // A tag or an anchor: the value follows it.
            '!' | '&' if fresh => {
                while chars.next_if(|c| !matches!(c, ' ' | '\n' | '\r' | ',' | ']' | '}')).is_some() {}
            }
            _ => fresh = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &str) -> String {
        relaxed(of).map_or_else(|| of.to_owned(), |relaxed| relaxed.text)
    }

    #[test]
    fn only_lines_that_stand_too_far_left_are_moved() {
        assert_eq!(text("a: [\n  1\n]\nb: 2\n"), "a: [\n  1\n ]\nb: 2\n");
        assert_eq!(text("- a: {x: 1,\n  y: 2}\n"), "- a: {x: 1,\n   y: 2}\n");
        assert_eq!(text("a: 'one\ntwo'\nb: \"x\ny\"\n"), "a: 'one\n two'\nb: \"x\n y\"\n");
        for good in [
            "a: [\n  1\n  ]\n",
            "a: it's\nb: 2\n",
            "a: |\n  x: [\n  'y\nb: 1\n",
            "a: x[1\nb: y\n",
            "# [\na: 1\n",
            "a: 'it''s'\nb: 1\n",
            "a: \"\\\"\"\nb: 1\n",
            "- !Sub 'x'\n- b\n",
            "a: >-\n  \"x\n\nb: c\n",
        ] {
            assert!(relaxed(good).is_none(), "{good}");
        }
    }

    #[test]
    fn places_are_found_again() {
        let of = "a: [\n  1\n]\nb: {\n}\nc: d\n";
        let relaxed = relaxed(of).unwrap();
        for (at, ch) in relaxed.text.char_indices().filter(|(_, ch)| !ch.is_whitespace()) {
            assert_eq!(of[relaxed.original(at)..].chars().next(), Some(ch), "{at}");
        }
    }
}
