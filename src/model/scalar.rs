//! Scalars of a plan file before it is known what is wanted of them.

use serde_json::{Number, Value as Json};

use super::Text;

/// A scalar as written. What it means depends on the type that is wanted, so nothing is converted here:
/// `012` and `123456789012` keep their digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// The text, quotes and escapes undone.
    pub text: Text,
    /// Without quotes: may be a number or a boolean.
    pub plain: bool,
}

/// What a scalar is by itself, when nothing says what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// A boolean.
    Bool(bool),
    /// A number in decimal notation.
    Number,
    /// A text.
    Text,
}

impl Scalar {
    /// A text.
    #[must_use]
    pub fn quoted(text: impl Into<Text>) -> Self {
        Self { text: text.into(), plain: false }
    }

    /// A scalar without quotes.
    #[must_use]
    pub fn plain(text: impl Into<Text>) -> Self {
        Self { text: text.into(), plain: true }
    }

    /// What it is by itself. As in YAML 1.1, and so in CloudFormation, `yes`, `no`, `on` and `off` are booleans.
    #[must_use]
    pub fn sense(&self) -> Sense {
        if !self.plain {
            return Sense::Text;
        }
        match self.text.as_str() {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Sense::Bool(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Sense::Bool(false),
            text if is_decimal(text) => Sense::Number,
            _ => Sense::Text,
        }
    }

    /// The text where a text is wanted: booleans in lower case, everything else as written.
    #[must_use]
    pub fn as_text(&self) -> &str {
        match self.sense() {
            Sense::Bool(true) => "true",
            Sense::Bool(false) => "false",
            Sense::Number | Sense::Text => &self.text,
        }
    }

    /// The JSON value where nothing says what is wanted. Numbers that JSON cannot hold without loss
    /// (`012`, thirty digits) stay texts.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self.sense() {
            Sense::Bool(b) => Json::Bool(b),
            Sense::Number => {
                lossless(&self.text).map_or_else(|| Json::String(self.text.to_string()), Json::Number)
            }
            Sense::Text => Json::String(self.text.to_string()),
        }
    }
}

/// A number in JSON's notation whose digits survive.
fn lossless(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    (number.is_i64() || number.is_u64() || text.bytes().filter(u8::is_ascii_digit).count() <= 15)
        .then_some(number)
}

/// `-?digits(.digits)?(e-+digits)?`, leading zeros allowed.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_ok && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_keep_their_text_and_know_what_they_are() {
        let cases = [
            ("012", Sense::Number, json!("012"), "012"),
            ("123456789012", Sense::Number, json!(123_456_789_012_u64), "123456789012"),
            (
                "99999999999999999999999",
                Sense::Number,
                json!("99999999999999999999999"),
                "99999999999999999999999",
            ),
            ("1.10", Sense::Number, json!(1.1), "1.10"),
            ("1e3", Sense::Number, json!(1000.0), "1e3"),
            ("yes", Sense::Bool(true), json!(true), "true"),
            ("Off", Sense::Bool(false), json!(false), "false"),
            ("2012-10-17", Sense::Text, json!("2012-10-17"), "2012-10-17"),
            ("0x1F", Sense::Text, json!("0x1F"), "0x1F"),
            ("1.2.3", Sense::Text, json!("1.2.3"), "1.2.3"),
            ("-", Sense::Text, json!("-"), "-"),
        ];
        for (text, sense, json, wanted) in cases {
            let scalar = Scalar::plain(text);
            assert_eq!((scalar.sense(), scalar.to_json(), scalar.as_text()), (sense, json, wanted), "{text}");
            assert_eq!(Scalar::quoted(text).to_json(), json!(text));
        }
    }
}
