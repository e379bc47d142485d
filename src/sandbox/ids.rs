//! Forms of ids.

/// Thirty-two hexadecimal digits, or the first thirty-two of more, as an id of the form that most services give
/// (RFC 9562, version 4).
#[must_use]
pub fn uuid(digits: &str) -> String {
    let [a, b, c, d, e] = [&digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32]];
    format!("{a}-{b}-4{c}-8{d}-{e}")
}
