//! Tables, paragraphs and durations.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr as _;

use super::text::{fit, wrap_whole};

/// Left-aligned columns. The widest column gives way when the table does not fit; the last is never padded.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let mut widths: Vec<usize> = head.iter().map(|h| h.width()).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(cell.width());
        }
    }
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let Some(widest) = (0..widths.len()).max_by_key(|at| widths[*at]) else { break };
        if widths[widest] <= 12 {
            break;
        }
        widths[widest] -= 1;
    }
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (at, cell) in cells.enumerate() {
            let cell = fit(cell, widths[at]);
            text.push_str(&cell);
            if at + 1 < widths.len() {
                text.push_str(&" ".repeat(widths[at].saturating_sub(cell.width()) + 2));
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

/// A label and a text wrapped beside it.
#[must_use]
pub fn paragraph(label: &str, text: &str, width: usize) -> String {
    const INDENT: usize = 21;
    let mut lines = wrap_whole(text, width.saturating_sub(INDENT).max(20));
    if lines.is_empty() {
        lines.push(String::new());
    }
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        out.push_str(format!("{label:<INDENT$}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// `7m 12s`, `45s`, `0.4s`, `2h 05m`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1}s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "durations of runs are small and positive"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// Outputs grouped by stack; long values go on a line of their own, never cut: they are commands to be copied.
#[must_use]
pub fn outputs_text(outputs: &BTreeMap<String, BTreeMap<String, Json>>, width: usize) -> String {
    if outputs.values().all(BTreeMap::is_empty) {
        return "no outputs\n".into();
    }
    let mut out = String::new();
    for (stack, values) in outputs.iter().filter(|(_, values)| !values.is_empty()) {
        out.push_str(&format!("Outputs of {stack}\n"));
        let label = values.keys().map(|name| name.width()).max().unwrap_or(0);
        for (name, value) in values {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            if label + 4 + text.width() <= width && !text.contains('\n') {
                out.push_str(&format!("  {name:<label$}  {text}\n"));
            } else {
                out.push_str(&format!("  {name}\n"));
                for line in text.lines() {
                    out.push_str(&format!("      {line}\n"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_within_the_width() {
        let rows = vec![vec!["a".repeat(60), "b".repeat(60)], vec!["x".into(), "y".into()]];
        let text = table(&["one", "two"], &rows, 80);
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.contains('…'));
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(0.42), "0.4s");
        assert_eq!(duration(59.6), "1m 00s");
        assert_eq!(duration(432.0), "7m 12s");
        assert_eq!(duration(7500.0), "2h 05m");
    }
}
