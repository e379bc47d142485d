//! Where `{{resolve:ssm-secure:...}}` may stand.

use super::plan::Eval;
use crate::{
    resources::registry,
    template::item::{Item, Kind},
};

const OPEN: &str = "{{resolve:ssm-secure:";

/// Refuses secure parameters in the properties of a resource of this type, or in an output.
pub(super) fn check(here: Eval<'_, '_>, kind: &str, properties: &Item) {
    if properties.any_text(&|text| text.contains(OPEN)) {
        walk(here, kind, &mut Vec::new(), properties);
    }
}

fn walk<'i>(here: Eval<'_, '_>, kind: &str, path: &mut Vec<&'i str>, item: &'i Item) {
    match &item.kind {
        Kind::Map(members) => {
            for member in members {
                path.push(&member.key);
                walk(here, kind, path, &member.value);
                path.pop();
            }
        }
        Kind::List(items) => items.iter().for_each(|item| walk(here, kind, path, item)),
        _ if item.any_text(&|text| text.contains(OPEN)) => {
            let place = path.join(".");
            // A type that is not registered is refused by name; an output has no type.
            let facts = registry::find(kind).map(|ty| ty.facts());
            let allowed = facts.map_or(!kind.is_empty(), |facts| facts.secure.contains(&place.as_str()));
            if !allowed {
                let message = "a secure parameter cannot be read here".to_owned();
                let help = "AWS reads {{resolve:ssm-secure:...}} for a few passwords only; {{resolve:secretsmanager:...}} works in every property";
                here.error("M1103", &item.span, message, Some(help.to_owned()));
            }
        }
        _ => {}
    }
}
