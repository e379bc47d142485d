//! Small charts as inline SVG, one time axis for all of them.

use crate::{
    clock::{from_millis, rfc3339},
    ui::html::text,
};

/// Width of the picture, and what is left of the plot.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;

/// A span of time, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Its beginning.
    pub from: f64,
    /// Its end.
    pub to: f64,
}

impl Span {
    /// A span that is never empty.
    #[must_use]
    pub fn new(from: f64, to: f64) -> Self {
        Self { from, to: to.max(from + 1.0) }
    }

    /// Where a moment is in the picture; `None` outside.
    fn x(self, at: f64) -> Option<f64> {
        let share = (at - self.from) / (self.to - self.from);
        (0.0..=1.0).contains(&share).then_some(LEFT + share * (WIDTH - LEFT - RIGHT))
    }

    fn clamped(self, at: f64) -> f64 {
        self.x(at.clamp(self.from, self.to)).unwrap_or(LEFT)
    }
}

/// `12:03:07` of a moment.
fn clock(at: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century in milliseconds")]
    let millis = (at * 1_000.0) as i64;
    rfc3339(from_millis(millis)).get(11..19).unwrap_or_default().to_owned()
}

fn open(height: f64, label: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">", text(label))
}

/// Times below the plot.
fn axis(span: Span, top: f64, bottom: f64) -> String {
    let mut svg = String::new();
    for tick in 0..=6_u8 {
        let at = span.from + (span.to - span.from) * f64::from(tick) / 6.0;
        let x = span.clamped(at);
        let anchor = match tick {
            0 => "start",
            6 => "end",
            _ => "middle",
        };
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            bottom + 15.0,
            clock(at)
        ));
    }
    svg
}

/// A stretch of time with a name.
#[derive(Debug, Clone)]
pub struct Band {
    /// When it began.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// What it was.
    pub name: String,
    /// Its style's class.
    pub class: &'static str,
}

/// Bands in rows, one row for each distinct kind.
#[must_use]
pub fn bands(span: Span, rows: &[(&str, Vec<Band>)], label: &str) -> String {
    const ROW: f64 = 26.0;
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let bottom = 8.0 + ROW * rows.len() as f64;
    let mut svg = open(bottom + 22.0, label);
    svg.push_str(&axis(span, 8.0, bottom));
    let mut y = 8.0;
    for (name, list) in rows {
        svg.push_str(&format!("<text class=\"tick\" x=\"0\" y=\"{:.1}\">{}</text>", y + 16.0, text(name)));
        for band in list.iter().filter(|band| band.to >= span.from && band.from <= span.to) {
            let (from, to) = (span.clamped(band.from), span.clamped(band.to));
            let width = (to - from).max(2.0);
            svg.push_str(&format!(
                "<rect class=\"{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"18\" rx=\"3\"><title>{} \
                 {}&#8211;{}</title></rect>",
                band.class,
                y + 3.0,
                text(&band.name),
                clock(band.from),
                clock(band.to)
            ));
            // Only where it fits: a letter is about seven wide.
            #[expect(clippy::cast_precision_loss, reason = "a short name")]
            if width > band.name.len() as f64 * 7.0 + 8.0 {
                svg.push_str(&format!(
                    "<text class=\"in\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    from + 5.0,
                    y + 16.0,
                    text(&band.name)
                ));
            }
        }
        y += ROW;
    }
    svg.push_str("</svg>");
    svg
}

/// Points of one name.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its style's class.
    pub class: &'static str,
    /// Time and value, in the order of time.
    pub points: Vec<(f64, f64)>,
}

/// Lines over time; with `steps` a value holds until the next one. A limit is drawn where there is one.
#[must_use]
pub fn lines(span: Span, all: &[Series], unit: &str, limit: Option<f64>, steps: bool, label: &str) -> String {
    const TOP: f64 = 26.0;
    const BOTTOM: f64 = 190.0;
    let shown = |series: &Series| {
        series.points.iter().any(|(at, _)| span.x(*at).is_some() || (steps && *at < span.from))
    };
    if !all.iter().any(shown) {
        return "<p class=\"none\">Nothing was measured in this time.</p>".to_owned();
    }
    let most = all.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
    // A share ends at its whole; everything else gets a little room.
    let most = most.chain(limit).fold(1.0_f64, f64::max) * if steps { 1.0 } else { 1.1 };
    let y = |value: f64| BOTTOM - (value.max(0.0) / most) * (BOTTOM - TOP);
    let mut svg = open(BOTTOM + 22.0, label);
    svg.push_str(&axis(span, TOP, BOTTOM));
    for share in [0.0, 0.5, 1.0] {
        let value = most * share;
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\"/><text class=\"tick\" x=\"{2}\" \
             y=\"{3:.1}\" text-anchor=\"end\">{value:.0}{unit}</text>",
            y(value),
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(value) + 4.0
        ));
    }
    if let Some(limit) = limit {
        svg.push_str(&format!(
            "<line class=\"limit\" x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\"/>\
             <text class=\"tick\" x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">limit {limit:.0}{unit}</text>",
            y(limit),
            WIDTH - RIGHT,
            y(limit) - 4.0
        ));
    }
    let mut legend = LEFT;
    for series in all {
        let inside: Vec<(f64, f64)> =
            series.points.iter().copied().filter(|(at, _)| steps || span.x(*at).is_some()).collect();
        let mut path = Vec::new();
        let mut last: Option<f64> = None;
        // What held at the beginning of the picture is where a line of steps begins.
        let earlier = inside.iter().filter(|(at, _)| *at <= span.from).count().saturating_sub(1);
        let inside = &inside[if steps { earlier } else { 0 }..];
        for (at, value) in inside {
            if let (Some(before), true) = (last, steps) {
                path.push(format!("{:.1},{:.1}", span.clamped(*at), y(before)));
            }
            path.push(format!("{:.1},{:.1}", span.clamped(*at), y(*value)));
            last = Some(*value);
        }
        if let (Some(value), true) = (last, steps) {
            path.push(format!("{:.1},{:.1}", span.clamped(span.to), y(value)));
        }
        svg.push_str(&format!("<polyline class=\"line {}\" points=\"{}\"/>", series.class, path.join(" ")));
        if !steps {
            for (at, value) in inside {
                svg.push_str(&format!(
                    "<circle class=\"dot {}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{} {value}{unit}</title></circle>",
                    series.class,
                    span.clamped(*at),
                    y(*value),
                    clock(*at)
                ));
            }
        }
        svg.push_str(&format!(
            "<line class=\"line {}\" x1=\"{legend:.0}\" y1=\"10\" x2=\"{:.0}\" y2=\"10\"/><text class=\"tick\" \
             x=\"{:.0}\" y=\"14\">{}</text>",
            series.class,
            legend + 18.0,
            legend + 24.0,
            text(&series.name)
        ));
        #[expect(clippy::cast_precision_loss, reason = "a short name")]
        {
            legend += 52.0 + 7.0 * series.name.len() as f64;
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_their_time_and_value_say() {
        let series = Series { name: "lag".into(), class: "a", points: vec![(0.0, 0.0), (100.0, 10.0)] };
        let svg = lines(Span::new(0.0, 100.0), &[series], " s", Some(10.0), false, "lag");
        assert!(svg.contains("points=\"64.0,190.0 944.0,40.9\""), "{svg}");
        assert!(svg.contains("limit 10 s"));
    }

    #[test]
    fn steps_hold_until_the_next_and_to_the_end() {
        let series = Series { name: "w".into(), class: "a", points: vec![(0.0, 0.0), (50.0, 100.0)] };
        let svg = lines(Span::new(0.0, 100.0), &[series], " %", None, true, "w");
        assert!(svg.contains("points=\"64.0,190.0 504.0,190.0 504.0,26.0 944.0,26.0\""), "{svg}");
        let series = Series { name: "w".into(), class: "a", points: vec![(0.0, 0.0), (50.0, 100.0)] };
        let svg = lines(Span::new(60.0, 100.0), &[series], " %", None, true, "w");
        assert!(svg.contains("points=\"64.0,26.0 944.0,26.0\""), "what held before holds: {svg}");
    }

    #[test]
    fn what_was_never_measured_is_said() {
        assert!(lines(Span::new(0.0, 1.0), &[], "", None, false, "x").contains("Nothing was measured"));
    }
}
