//! Where the statements of a policy document stand in its text.
//!
//! IAM counts from where its parser is when a statement begins and ends: behind the brace of a single statement, behind the
//! list's bracket for its first one, behind the statement before it for the others. LocalStack's recordings of AWS
//! (`test_simulate_principle_policy`: 1:41 to 1:113) and the AWS CLI's examples (`simulate-custom-policy`: 1:38 to 1:167,
//! `simulate-principal-policy`: 3:19 to 9:10) have one of each of the first two.

use serde_json::{Value as Json, json};

/// A line and a column, both from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    line: usize,
    column: usize,
}

impl Position {
    /// As answers have it.
    pub(super) fn shown(self) -> Json {
        json!({"Line": self.line, "Column": self.column})
    }
}

/// Reads a text character by character and knows where it is.
struct Reader {
    at: Position,
    /// Objects and lists that are open.
    open: Vec<char>,
    /// The last text, while it may still turn out to be a member's name.
    text: String,
    /// The root's member whose value is being read.
    member: String,
}

impl Reader {
    /// Whether the next bracket belongs to the statements.
    fn in_statements(&self, depth: usize) -> bool {
        self.open.len() == depth && self.member == "Statement"
    }
}

/// Start and end of each statement of a well-formed document, in its order.
pub(super) fn statements(text: &str) -> Vec<(Position, Position)> {
    let first = Position { line: 1, column: 1 };
    let mut reader = Reader { at: first, open: Vec::new(), text: String::new(), member: String::new() };
    let (mut found, mut start) = (Vec::new(), first);
    let (mut quoted, mut escaped) = (false, false);
    for character in text.chars() {
        if character == '\n' {
            reader.at = Position { line: reader.at.line + 1, column: 1 };
        } else {
            reader.at.column += 1;
        }
        if quoted {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                other => reader.text.push(other),
            }
            continue;
        }
        match character {
            '"' => {
                quoted = true;
                reader.text.clear();
            }
            ':' if reader.open.len() == 1 => reader.member = std::mem::take(&mut reader.text),
            ',' if reader.open.len() == 1 => reader.member.clear(),
            '{' | '[' => {
                if reader.in_statements(1) {
                    start = reader.at;
                }
                reader.open.push(character);
            }
            '}' | ']' => {
                reader.open.pop();
                let single = reader.in_statements(1) && character == '}';
                let listed = reader.in_statements(2) && reader.open.last() == Some(&'[');
                if single || listed {
                    found.push((start, reader.at));
                    start = reader.at;
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<[usize; 4]> {
        statements(text).into_iter().map(|(a, b)| [a.line, a.column, b.line, b.column]).collect()
    }

    #[test]
    fn positions_are_where_the_parser_is() {
        let recorded = r#"{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}"#;
        assert_eq!(spans(recorded), [[1, 41, 1, 113]]);
        let listed = "{\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": [\"a:}\"]},\n    {\"Effect\": \"Deny\"}\n  ]\n}";
        assert_eq!(spans(listed), [[2, 17, 3, 43], [3, 43, 4, 23]]);
        assert_eq!(
            spans(r#"{"Id": "Statement", "Statement":{"Condition":{"Bool":{"a":"\"}"}}}}"#),
            [[1, 34, 1, 67]]
        );
    }
}
