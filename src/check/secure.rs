//! Where `{{resolve:ssm-secure:...}}` may stand.

use crate::{
    error::{Class, Diagnostic},
    model::item::{Item, Kind},
    resources::registry,
    schema,
};

const OPEN: &str = "{{resolve:ssm-secure:";

/// Refuses secure parameters in the properties of a resource of this type, or in an output.
pub(super) fn check(kind: &str, properties: &Item) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if properties.any_text(&|text| text.contains(OPEN)) {
        walk(kind, &mut Vec::new(), properties, &mut found);
    }
    found
}

/// Refuses secrets in a resource's name: AWS shows names to everybody who may list, and ledgers, events and logs hold
/// them as they are.
pub(super) fn names(kind: &str, properties: &Item) -> Vec<Diagnostic> {
    let Some(ty) = registry::find(kind) else { return Vec::new() };
    let rule = ty.facts().name.as_ref().map(|rule| rule.property);
    let keys = schema::of(kind).into_iter().flat_map(schema::TypeSchema::identifiers);
    let also = ["Name"].into_iter().filter(|_| kind.starts_with("AWS::Route53::"));
    let mut all: Vec<&str> = rule.into_iter().chain(keys).chain(also).collect();
    all.sort_unstable();
    all.dedup();
    let hidden = |text: &str| SECRETS.iter().any(|open| text.contains(open));
    all.into_iter()
        .filter_map(|property| {
            let item = &properties.get(property)?.value;
            let message = format!("{property} names the resource, and names are no secrets");
            let error = Diagnostic::error("M1111", Class::Plan, message).span(Some(item.span.clone()));
            let help = "AWS shows names to whoever may list, and they are part of ids, events and logs";
            item.any_text(&hidden).then(|| error.help(help))
        })
        .collect()
}

const SECRETS: &[&str] = &["{{resolve:parameter:", "{{resolve:secretsmanager:", OPEN];

fn walk<'i>(kind: &str, path: &mut Vec<&'i str>, item: &'i Item, found: &mut Vec<Diagnostic>) {
    match &item.kind {
        Kind::Map(members) => {
            for member in members {
                path.push(&member.key);
                walk(kind, path, &member.value, found);
                path.pop();
            }
        }
        Kind::List(items) => items.iter().for_each(|item| walk(kind, path, item, found)),
        _ if item.any_text(&|text| text.contains(OPEN)) => {
            let place = path.join(".");
            // A type that is not registered is refused by name; an output has no type.
            let facts = registry::find(kind).map(|ty| ty.facts());
            let allowed = facts.map_or(!kind.is_empty(), |facts| facts.secure.contains(&place.as_str()));
            if !allowed {
                let message = "a secure parameter cannot be read here";
                let help = "AWS reads {{resolve:ssm-secure:...}} for a few passwords only; {{resolve:secretsmanager:...}} works in every property";
                let error = Diagnostic::error("M1103", Class::Plan, message);
                found.push(error.span(Some(item.span.clone())).help(help));
            }
        }
        _ => {}
    }
}
