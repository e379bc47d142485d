//! Small tools for looking at and changing a template's tree.

use crate::{
    model::{Scalar, Span, Text},
    syntax::{Entry, Node, Tree},
};

/// A text.
pub(super) fn text(text: impl Into<Text>, span: &Span) -> Tree {
    Tree { value: Node::Scalar(Scalar::quoted(text)), span: span.clone() }
}

/// A member of an object.
pub(super) fn entry(key: &str, value: Tree) -> Entry {
    Entry { key: key.into(), key_span: value.span.clone(), value }
}

/// An object with one member.
pub(super) fn object(key: &str, value: Tree) -> Tree {
    let span = value.span.clone();
    Tree { value: Node::Map(vec![entry(key, value)]), span }
}

/// The members of an object, to change them.
pub(super) fn members_mut(tree: &mut Tree) -> Option<&mut Vec<Entry>> {
    match &mut tree.value {
        Node::Map(entries) => Some(entries),
        _ => None,
    }
}

/// A value deep inside, to change it.
pub(super) fn at_mut<'t>(tree: &'t mut Tree, path: &[&str]) -> Option<&'t mut Tree> {
    let Some((key, rest)) = path.split_first() else { return Some(tree) };
    let entries = members_mut(tree)?;
    at_mut(&mut entries.iter_mut().find(|entry| entry.key == *key)?.value, rest)
}

/// A value deep inside.
pub(super) fn at<'t>(tree: &'t Tree, path: &[&str]) -> Option<&'t Tree> {
    path.iter().try_fold(tree, |tree, key| tree.get(key))
}

/// A text deep inside.
pub(super) fn text_at<'t>(tree: &'t Tree, path: &[&str]) -> Option<&'t str> {
    at(tree, path)?.as_text()
}

/// Takes a member out of a section, and the section with its last member.
pub(super) fn remove(template: &mut Tree, section: &str, name: &str) {
    let Some(entries) = members_mut(template) else { return };
    let Some(at) = entries.iter().position(|entry| entry.key == section) else { return };
    if let Some(members) = members_mut(&mut entries[at].value) {
        members.retain(|member| member.key != name);
        if members.is_empty() && section != "Resources" {
            entries.remove(at);
        }
    }
}

/// The resources of a template.
pub(super) fn resources(template: &Tree) -> &[Entry] {
    template.get("Resources").and_then(Tree::as_map).unwrap_or_default()
}

/// A resource's type.
pub(super) fn kind(resource: &Tree) -> &str {
    resource.get("Type").and_then(Tree::as_text).unwrap_or_default()
}

/// The resource or parameter that a `Ref` or `Fn::GetAtt` names.
pub(super) fn target(tree: &Tree) -> Option<&str> {
    let [only] = tree.as_map()? else { return None };
    match only.key.as_str() {
        "Ref" => only.value.as_text(),
        "Fn::GetAtt" => match &only.value.value {
            Node::List(items) => items.first()?.as_text(),
            _ => only.value.as_text()?.split('.').next(),
        },
        _ => None,
    }
}

/// Whether anything below refers to a resource or parameter: `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`.
pub(super) fn mentions(tree: &Tree, name: &str) -> bool {
    if target(tree) == Some(name) {
        return true;
    }
    match &tree.value {
        Node::List(items) => items.iter().any(|item| mentions(item, name)),
        Node::Map(entries) => entries.iter().any(|entry| match entry.key.as_str() {
            "DependsOn" => depends_on(&entry.value, name),
            "Fn::Sub" => {
                let template = entry.value.as_text().or_else(|| entry.value.as_list()?.first()?.as_text());
                template.is_some_and(|text| substitutes(text, name)) || mentions(&entry.value, name)
            }
            _ => mentions(&entry.value, name),
        }),
        _ => false,
    }
}

fn depends_on(tree: &Tree, name: &str) -> bool {
    match tree.as_list() {
        Some(items) => items.iter().any(|item| item.as_text() == Some(name)),
        None => tree.as_text() == Some(name),
    }
}

fn substitutes(text: &str, name: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let body = text[at + 2..].split('}').next().unwrap_or_default();
        body.split('.').next() == Some(name)
    })
}

/// Whether anything below asks for a condition.
pub(super) fn asks(tree: &Tree, condition: &str) -> bool {
    match &tree.value {
        Node::List(items) => items.iter().any(|item| asks(item, condition)),
        Node::Map(entries) => entries.iter().any(|entry| match entry.key.as_str() {
            "Condition" if entry.value.as_text() == Some(condition) => true,
            "Fn::If"
                if entry.value.as_list().and_then(<[Tree]>::first).and_then(Tree::as_text)
                    == Some(condition) =>
            {
                true
            }
            _ => asks(&entry.value, condition),
        }),
        _ => false,
    }
}

/// Takes a resource out, and out of every `DependsOn`; `instead` takes its place there.
pub(super) fn drop_resource(template: &mut Tree, id: &str, instead: Option<&str>) {
    remove(template, "Resources", id);
    let Some(resources) = at_mut(template, &["Resources"]).and_then(members_mut) else { return };
    for resource in resources {
        let own = resource.key.clone();
        let Some(members) = members_mut(&mut resource.value) else { continue };
        let Some(at) = members.iter().position(|member| member.key == "DependsOn") else { continue };
        if !depends_on(&members[at].value, id) {
            continue;
        }
        let tree = &mut members[at].value;
        let span = tree.span.clone();
        let mut items = match &tree.value {
            Node::List(items) => items.clone(),
            _ => vec![tree.clone()],
        };
        items.retain(|item| item.as_text() != Some(id));
        if let Some(instead) = instead.filter(|other| *other != own)
            && !items.iter().any(|item| item.as_text() == Some(instead))
        {
            items.push(text(instead, &span));
        }
        if items.is_empty() {
            members.remove(at);
        } else {
            tree.value = Node::List(items);
        }
    }
}

/// Makes a resource wait for another.
pub(super) fn depend(template: &mut Tree, id: &str, on: &str) {
    let Some(resource) = at_mut(template, &["Resources", id]) else { return };
    let span = resource.span.clone();
    let Some(members) = members_mut(resource) else { return };
    let mut items = match members.iter().position(|member| member.key == "DependsOn") {
        Some(at) => match members.remove(at).value {
            Tree { value: Node::List(items), .. } => items,
            single => vec![single],
        },
        None => Vec::new(),
    };
    items.push(text(on, &span));
    members.push(entry("DependsOn", Tree { value: Node::List(items), span }));
}

/// The first text below that `test` likes; what stands in `Metadata` is only said.
pub(super) fn find_text<'t>(tree: &'t Tree, test: &dyn Fn(&str) -> bool) -> Option<&'t Tree> {
    match &tree.value {
        Node::Scalar(scalar) => test(&scalar.text).then_some(tree),
        Node::List(items) => items.iter().find_map(|item| find_text(item, test)),
        Node::Map(entries) => entries
            .iter()
            .filter(|entry| entry.key != "Metadata")
            .find_map(|entry| find_text(&entry.value, test)),
        Node::Null => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::syntax::parse;

    fn tree(text: &str) -> Tree {
        parse(Path::new("a.yaml"), text.into()).unwrap()
    }

    #[test]
    fn references_of_every_form_are_seen() {
        for text in [
            "A: {Ref: X}",
            "A: [{Fn::GetAtt: [X, Arn]}]",
            "A: !GetAtt X.Arn",
            "A: !Sub 'a ${X} b'",
            "A: !Sub ['${X.Arn}', {}]",
            "A: !Sub ['${Y}', {Y: !Ref X}]",
            "A: {DependsOn: X}",
            "A: {DependsOn: [Y, X]}",
        ] {
            assert!(mentions(&tree(text), "X"), "{text}");
        }
        for text in ["A: X", "A: {Ref: XY}", "A: !Sub '${XY} ${!X}'", "A: {DependsOn: [Y]}"] {
            assert!(!mentions(&tree(text), "X"), "{text}");
        }
    }

    #[test]
    fn a_dependency_is_added_to_those_that_are_there() {
        let mut template = tree("Resources: {A: {DependsOn: X}, B: {DependsOn: [X, Y]}, C: {}}");
        ["A", "B", "C"].iter().for_each(|id| depend(&mut template, id, "Z"));
        let found: Vec<serde_json::Value> = resources(&template).iter().map(|e| e.value.to_json()).collect();
        let on = |names: &[&str]| serde_json::json!({"DependsOn": names});
        assert_eq!(found, [on(&["X", "Z"]), on(&["X", "Y", "Z"]), on(&["Z"])]);
    }

    #[test]
    fn a_dropped_resource_leaves_no_dependency_behind() {
        let mut template =
            tree("Resources: {A: {DependsOn: X}, B: {DependsOn: [X, A]}, X: {}, Y: {DependsOn: X}}");
        drop_resource(&mut template, "X", Some("Y"));
        let resources: Vec<(&str, serde_json::Value)> =
            resources(&template).iter().map(|e| (e.key.as_str(), e.value.to_json())).collect();
        assert_eq!(
            serde_json::json!(resources),
            serde_json::json!([
                ["A", {"DependsOn": ["Y"]}], ["B", {"DependsOn": ["A", "Y"]}], ["Y", {}]
            ])
        );
    }
}
