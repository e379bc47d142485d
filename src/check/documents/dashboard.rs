//! Bodies of CloudWatch dashboards.

use super::{Field, Findings, Unknown, Want, field, fits, needed, text_of};
use crate::model::item::{Item, Kind};

static BODY: &[Field] = &[
    needed("widgets", Want::List(&Want::Object(WIDGET))),
    field("start", Want::Text),
    field("end", Want::Text),
    field("periodOverride", Want::OneOf(&["auto", "inherit"])),
    field("variables", Want::List(&Want::Any)),
];

static WIDGET: &[Field] = &[
    needed("type", Want::OneOf(&["metric", "text", "log", "alarm", "explorer", "custom", "trace"])),
    needed("properties", Want::Any),
    field("x", Want::Whole(0, 23)),
    field("y", Want::Whole(0, i64::MAX)),
    field("width", Want::Whole(1, 24)),
    field("height", Want::Whole(1, 1000)),
    field("accountId", Want::Text),
];

/// Checks a body.
pub(super) fn check(body: &Item, found: &mut Findings) {
    fits(body, &Want::Object(BODY), "the dashboard", Unknown::Ignored, found);
    let Some(Kind::List(widgets)) = body.get("widgets").map(|member| &member.value.kind) else { return };
    for widget in widgets {
        let number = |key| text_of(widget, key).and_then(|(text, _)| text.parse::<i64>().ok());
        if let (Some(x), Some(width)) = (number("x"), number("width"))
            && (0..24).contains(&x)
            && (1..=24).contains(&width)
            && x + width > 24
        {
            let span = widget.get("width").map_or(&widget.span, |member| &member.key_span);
            found.error("M2103", span, format!("the widget ends at column {}; there are 24", x + width));
        }
        let Some((kind, _)) = text_of(widget, "type") else { continue };
        let Some(properties) = widget.get("properties").map(|member| &member.value) else { continue };
        let Kind::Map(_) = &properties.kind else {
            if !matches!(properties.kind, Kind::Deferred(_)) {
                let message = format!("properties must be an object, not {}", properties.describe());
                found.error("M2103", &properties.span, message);
            }
            continue;
        };
        let wanted: &[&str] = match kind {
            "metric" => &["metrics", "annotations", "insightRule"],
            "text" => &["markdown"],
            "log" => &["query", "queryLanguage"],
            "alarm" => &["alarms"],
            "custom" => &["endpoint"],
            _ => &[],
        };
        if !wanted.is_empty() && !wanted.iter().any(|name| properties.get(name).is_some()) {
            let message = format!("a widget of type {kind} needs `{}`", wanted[0]);
            found.error("M2102", &properties.span, message);
        }
    }
}
