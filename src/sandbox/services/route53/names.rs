//! Domain names as Route 53 keeps and orders them, and pages counted in texts.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request};

/// Lower case, a final dot, `*` escaped.
pub(super) fn full(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase().replace('*', "\\052");
    format!("{name}.")
}

/// Names are ordered by their labels from right to left.
pub(super) fn order(name: &str) -> Vec<String> {
    full(name).trim_end_matches('.').split('.').rev().map(str::to_owned).collect()
}

/// `/hostedzone/Z1` is `Z1`.
pub(super) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether a name lies in a zone.
pub(super) fn within(name: &str, zone: &str) -> bool {
    name == zone || name.ends_with(&format!(".{zone}"))
}

/// Whether a name can be a domain name at all.
pub(super) fn valid(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    !name.is_empty()
        && name.len() <= 255
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63 && !label.contains(char::is_whitespace))
}

/// The page size, which travels as a text.
pub(super) fn size(rq: &Request<'_>, member: &str, most: usize) -> Result<usize, Fault> {
    let value = rq.get(member);
    let number = value
        .as_str()
        .and_then(|text| text.parse::<usize>().ok())
        .or_else(|| value.as_u64().and_then(|n| usize::try_from(n).ok()));
    match (value.is_null(), number) {
        (true, _) => Ok(most),
        (false, Some(n)) if n >= 1 => Ok(n.min(most)),
        _ => Err(Fault::new("InvalidInput", format!("{member} must be a positive number"))),
    }
}

/// Cuts a page after `marker`, the id of the first item of the page.
pub(super) fn page(
    items: Vec<Json>,
    marker: Option<&str>,
    id: &str,
    size: usize,
) -> (Vec<Json>, Option<String>) {
    let from = marker
        .and_then(|marker| {
            items.iter().position(|item| item[id].as_str().is_some_and(|i| bare(i) == bare(marker)))
        })
        .unwrap_or(0);
    let next = items.get(from + size).and_then(|item| item[id].as_str()).map(|id| bare(id).to_owned());
    (items.into_iter().skip(from).take(size).collect(), next)
}

/// Sets members that are not null.
pub(super) fn set(out: &mut Json, members: &[(&str, Json)]) {
    for (name, value) in members {
        if !value.is_null() {
            out[*name] = json!(value);
        }
    }
}
