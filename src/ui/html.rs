//! Text in HTML.

use serde_json::Value as Json;

use crate::printable;

/// A text that is neither markup nor steers anything.
#[must_use]
pub fn text(raw: &str) -> String {
    let plain = printable::lines(raw);
    let mut out = String::with_capacity(plain.len());
    for ch in plain.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A value; a dash where there is none.
#[must_use]
pub fn value(value: &Json) -> String {
    match value {
        Json::Null => "&#8211;".to_owned(),
        Json::String(raw) => text(raw),
        other => text(&other.to_string()),
    }
}
