//! Timestamps: seconds since the epoch inside, three formats outside.

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::{Number, Value as Json};

fn format_of(name: &str) -> Format {
    match name {
        "rfc822" => Format::HttpDate,
        "unixTimestamp" => Format::EpochSeconds,
        _ => Format::DateTimeWithOffset,
    }
}

/// Writes a timestamp as text. Sub-second parts are cut to milliseconds, as AWS sends them.
#[must_use]
pub fn write(secs: f64, format: &str) -> String {
    let at = DateTime::from_millis(to_millis(secs));
    if format == "iso8601-millis" {
        let text = at.fmt(Format::DateTime).unwrap_or_default();
        return if text.contains('.') { text } else { text.replace('Z', ".000Z") };
    }
    let format = if format == "iso8601" { Format::DateTime } else { format_of(format) };
    at.fmt(format).unwrap_or_default()
}

/// `2026-11-29T00:17:37Z`.
#[must_use]
pub fn iso_date(secs: f64) -> String {
    write(secs, "iso8601")
}

/// A date as HTTP's headers have it.
#[must_use]
pub fn http_date(secs: f64) -> String {
    write(secs, "rfc822")
}

/// Reads a timestamp given as text; numbers are seconds in every format.
#[must_use]
pub fn read(text: &str, format: &str) -> Option<Json> {
    let text = text.trim();
    if let Ok(secs) = text.parse::<f64>() {
        return Number::from_f64(secs).map(Json::Number);
    }
    let at = DateTime::from_str(text, format_of(format))
        .or_else(|_| DateTime::from_str(text, Format::DateTimeWithOffset))
        .or_else(|_| DateTime::from_str(text, Format::HttpDate))
        .ok()?;
    Number::from_f64(at.as_secs_f64()).map(Json::Number)
}

#[expect(clippy::cast_possible_truncation, reason = "timestamps are far from the limits of an i64")]
fn to_millis(secs: f64) -> i64 {
    (secs * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_round_trip() {
        assert_eq!(write(1_760_000_000.123, "iso8601"), "2025-10-09T08:53:20.123Z");
        assert_eq!(write(1_760_000_000.0, "rfc822"), "Thu, 09 Oct 2025 08:53:20 GMT");
        for format in ["iso8601", "rfc822", "unixTimestamp"] {
            assert_eq!(
                read(&write(1_760_000_000.0, format), format),
                Some(serde_json::json!(1_760_000_000.0))
            );
        }
        assert_eq!(read("2025-10-09T10:53:20+02:00", "iso8601"), Some(serde_json::json!(1_760_000_000.0)));
        assert_eq!(read("yesterday", "iso8601"), None);
    }
}
