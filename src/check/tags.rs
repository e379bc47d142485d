//! Tags of plan and stack in the resources that can carry them.

use std::collections::BTreeMap;

use crate::{
    error::{Class, Diagnostic},
    model::{
        Span,
        item::{Item, Kind, Member},
    },
    resources::registry,
    schema,
};

/// The properties under which types keep their tags.
const PROPERTIES: &[&str] =
    &["Tags", "BackupPlanTags", "BackupVaultTags", "HostedZoneTags", "HealthCheckTags"];

/// Adds the tags that the resource does not set itself.
pub(super) fn merge(kind: &str, properties: &mut Item, tags: &BTreeMap<String, String>) {
    if tags.is_empty() {
        return;
    }
    let (Some(schema), Some(registered)) = (schema::of(kind), registry::find(kind)) else { return };
    let Kind::Map(members) = &mut properties.kind else { return };
    for name in PROPERTIES.iter().copied().chain(schema.tag_property()) {
        let implemented = registered.fields().iter().any(|field| field.name == name);
        let Some(node) = schema.property(name).filter(|_| implemented && !schema.is_read_only(name)) else {
            continue;
        };
        let listed =
            node.items().is_some_and(|item| item.member("Key").is_some() && item.member("Value").is_some());
        if !listed && !node.types().contains(&"object") {
            continue;
        }
        let at = members.iter().position(|member| member.key == name);
        let at = at.unwrap_or_else(|| {
            let kind = if listed { Kind::List(Vec::new()) } else { Kind::Map(Vec::new()) };
            let value = Item::new(kind, &properties.span);
            members.push(Member { key: name.into(), key_span: properties.span.clone(), value });
            members.len() - 1
        });
        // Tags of a group go to its instances too, as those of a CloudFormation stack do.
        let spread = node.items().is_some_and(|item| item.member("PropagateAtLaunch").is_some());
        add(&mut members[at].value, tags, spread);
        return;
    }
}

/// Tags of a resource that would collide with AWS's own or with the ownership tags.
pub(super) fn reserved(properties: &Item) -> Vec<Diagnostic> {
    let taken = |key: &str| key.starts_with("migrate:") || key.to_ascii_lowercase().starts_with("aws:");
    let mut found = Vec::new();
    for member in PROPERTIES.iter().filter_map(|name| properties.get(name)) {
        match &member.value.kind {
            Kind::List(items) => {
                for key in items.iter().filter_map(|item| item.get("Key")) {
                    if let Kind::Scalar(scalar) = &key.value.kind
                        && taken(scalar.as_text())
                    {
                        found.push((scalar.as_text(), &key.value.span));
                    }
                }
            }
            Kind::Map(members) => {
                found.extend(members.iter().filter(|m| taken(&m.key)).map(|m| (m.key.as_str(), &m.key_span)));
            }
            _ => {}
        }
    }
    let say = |(key, span): (&str, &Span)| {
        let message = format!("the tag key `{key}` is reserved");
        Diagnostic::error("M2018", Class::Plan, message).span(Some(span.clone()))
    };
    found.into_iter().map(say).collect()
}

/// Keys and values of tags with characters in them that XML cannot carry: most services answer in XML, and an answer
/// that holds such a tag can be read by nobody, so the object could not even be deleted any more
/// (<https://www.w3.org/TR/xml/#charsets>). AWS itself takes letters, digits, spaces and a few signs
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub(super) fn unspeakable(properties: &Item) -> Vec<&Span> {
    let bad = |text: &str| text.contains(|ch: char| ch.is_control() || matches!(ch, '\u{fffe}' | '\u{ffff}'));
    let bad_item = |item: &Item| matches!(&item.kind, Kind::Scalar(scalar) if bad(scalar.as_text()));
    let mut found = Vec::new();
    for member in PROPERTIES.iter().filter_map(|name| properties.get(name)) {
        match &member.value.kind {
            Kind::List(items) => {
                let parts =
                    items.iter().flat_map(|item| ["Key", "Value"].into_iter().filter_map(|n| item.get(n)));
                found.extend(parts.filter(|part| bad_item(&part.value)).map(|part| &part.value.span));
            }
            Kind::Map(members) => {
                found.extend(
                    members.iter().filter(|m| bad(&m.key) || bad_item(&m.value)).map(|m| &m.key_span),
                );
            }
            _ => {}
        }
    }
    found
}

fn add(target: &mut Item, tags: &BTreeMap<String, String>, spread: bool) {
    let span = target.span.clone();
    let text = |text: &str| Item::text(text, &span);
    let member = |key: &str, value: Item| Member { key: key.into(), key_span: span.clone(), value };
    match &mut target.kind {
        Kind::List(items) => {
            for (key, value) in tags {
                let own = items.iter().any(|item| {
                    item.get("Key").is_some_and(
                        |member| matches!(&member.value.kind, Kind::Scalar(scalar) if scalar.as_text() == key),
                    )
                });
                if !own {
                    let mut members = vec![member("Key", text(key)), member("Value", text(value))];
                    if spread {
                        members.push(member("PropagateAtLaunch", text("true")));
                    }
                    items.push(Item::new(Kind::Map(members), &span));
                }
            }
        }
        Kind::Map(members) => {
            for (key, value) in tags {
                if !members.iter().any(|own| own.key == *key) {
                    members.push(member(key, text(value)));
                }
            }
        }
        _ => {}
    }
}
