//! Texts as the scalars that a schema wants.

use serde_json::Number;

/// A whole number, however it is written (`3`, `"3"`, `3.0`).
#[must_use]
pub fn whole(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    let number = text.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && n.abs() < 9e15)?;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    Some((number as i64).into())
}

/// A number, however it is written.
#[must_use]
pub fn decimal(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    // Names like `inf` parse as floats but are no numbers.
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    Number::from_f64(text.parse().ok()?)
}

/// A boolean as a text.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
