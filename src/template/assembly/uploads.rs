//! Files that cannot travel inside a call: their stack gets a bucket for them, and every name of the bootstrap
//! bucket in the stack becomes that bucket's. So no account needs to be bootstrapped, and `destroy` leaves nothing.

use std::collections::BTreeSet;

use super::{
    assets::{Assets, FileAsset},
    edit::{self, entry, find_text, kind, members_mut, object, resources, text},
    rewrite::Collected,
};
use crate::{
    error::Problems,
    model::{Scalar, Span},
    syntax::{Entry, Node, Tree},
};

/// Sends the files that a stack names by bucket and key.
pub(super) fn send(
    stack: &str,
    template: &mut Tree,
    assets: &Assets,
    out: &mut Collected,
    problems: &mut Problems,
) {
    let mut bucket: Option<String> = None;
    for asset in &assets.files {
        let users = users(template, asset);
        if users.is_empty() && !in_outputs(template, asset) {
            continue;
        }
        let packed = match asset.pack() {
            Ok(packed) => packed,
            Err(why) => {
                let message = format!("the file `{}` of stack `{stack}` cannot be sent: {why}", asset.name);
                problems.error("M1905", Some(&asset.span), message);
                continue;
            }
        };
        let bucket = bucket.get_or_insert_with(|| {
            let id = unused(template, "CdkAssets");
            add(template, &id, permitted(resource("AWS::S3::Bucket", private(&asset.span))));
            id
        });
        for (place, _) in &asset.places {
            let sections = members_mut(template).into_iter().flatten();
            for section in sections.filter(|s| matches!(s.key.as_str(), "Resources" | "Outputs")) {
                rename(&mut section.value, place, bucket);
            }
        }
        // The same file may be meant for several regions.
        for key in asset.places.iter().map(|(_, key)| key).collect::<BTreeSet<_>>() {
            let letters: String = key.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            let id = unused(template, &format!("CdkAsset{letters}"));
            let span = &asset.span;
            let content = if asset.zip { "application/zip" } else { "application/octet-stream" };
            let properties = vec![
                entry("Bucket", object("Ref", text(bucket.as_str(), span))),
                entry("Key", text(key.as_str(), span)),
                entry("ContentType", text(content, span)),
                entry("Body", text(packed.placeholder.as_str(), span)),
            ];
            add(template, &id, resource("Custom::CDKAsset", properties));
            for user in &users {
                edit::depend(template, user, &id);
            }
            out.notes.push(format!(
                "{stack}/{id}: the file `{}` goes into {stack}/{bucket}, a bucket of the plan's own instead of the \
                 bootstrap stack's",
                asset.name
            ));
        }
        out.code.0.insert(packed.placeholder, packed.value);
    }
}

/// The resources that name the file.
fn users(template: &Tree, asset: &FileAsset) -> Vec<String> {
    let own = resources(template).iter().filter(|resource| kind(&resource.value) != "Custom::CDKAsset");
    own.filter(|resource| names(&resource.value, asset)).map(|resource| resource.key.to_string()).collect()
}

fn in_outputs(template: &Tree, asset: &FileAsset) -> bool {
    template.get("Outputs").is_some_and(|outputs| names(outputs, asset))
}

fn names(tree: &Tree, asset: &FileAsset) -> bool {
    find_text(tree, &|text| asset.places.iter().any(|(_, key)| text.contains(key.as_str()))).is_some()
}

/// A logical id that the template does not have.
fn unused(template: &Tree, wanted: &str) -> String {
    let taken = |id: &str| resources(template).iter().any(|resource| resource.key == id);
    let mut id = wanted.to_owned();
    while taken(&id) {
        id.push('X');
    }
    id
}

fn add(template: &mut Tree, id: &str, resource: Tree) {
    if let Some(all) = edit::at_mut(template, &["Resources"]).and_then(members_mut) {
        all.push(entry(id, resource));
    }
}

fn resource(kind: &str, properties: Vec<Entry>) -> Tree {
    let span = properties[0].key_span.clone();
    let properties = Tree { value: Node::Map(properties), span: span.clone() };
    let members = vec![entry("Type", text(kind, &span)), entry("Properties", properties)];
    Tree { value: Node::Map(members), span }
}

/// Nobody but the account gets at the files.
fn private(span: &Span) -> Vec<Entry> {
    let on = |key: &str| entry(key, Tree { value: Node::Scalar(Scalar::plain("true")), span: span.clone() });
    let closed = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let closed = Tree { value: Node::Map(closed.into_iter().map(on).collect()), span: span.clone() };
    vec![entry("PublicAccessBlockConfiguration", closed)]
}

/// Nobody wrote this bucket, so nobody is to be warned of it.
fn permitted(mut bucket: Tree) -> Tree {
    let span = bucket.span.clone();
    let permission = vec![
        entry("Code", text("plain-http-bucket", &span)),
        entry("Reason", text("files of an app, put here over TLS by the plan alone", &span)),
    ];
    let permission = Tree { value: Node::Map(permission), span: span.clone() };
    let list = Tree { value: Node::List(vec![permission]), span };
    if let Some(members) = members_mut(&mut bucket) {
        members.push(entry("Metadata", object("Migrate", object("Allow", list))));
    }
    bucket
}

/// Every name of the bootstrap bucket becomes a reference to the plan's own.
fn rename(tree: &mut Tree, from: &str, to: &str) {
    let span = tree.span.clone();
    let reference = format!("${{{to}}}");
    match &mut tree.value {
        Node::Null => {}
        Node::List(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Node::Map(entries) => {
            for member in entries {
                if member.key == "Fn::Sub" {
                    substitute(&mut member.value, from, &reference);
                }
                rename(&mut member.value, from, to);
            }
        }
        // Only inside of Fn::Sub a name with variables is one.
        Node::Scalar(scalar) if !from.contains("${") && scalar.text.contains(from) => {
            let name = scalar.text.replace("${", "${!").replace(from, &reference);
            *tree = if name == reference {
                object("Ref", text(to, &span))
            } else {
                object("Fn::Sub", text(name, &span))
            };
        }
        Node::Scalar(_) => {}
    }
}

/// The text of a `Fn::Sub`, with or without variables beside it.
fn substitute(argument: &mut Tree, from: &str, reference: &str) {
    let text = match &mut argument.value {
        Node::List(items) => match items.first_mut() {
            Some(first) => &mut first.value,
            None => return,
        },
        other => other,
    };
    if let Node::Scalar(scalar) = text
        && scalar.text.contains(from)
    {
        *scalar = Scalar::quoted(scalar.text.replace(from, reference));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::syntax;

    #[test]
    fn names_of_the_bootstrap_bucket_become_references() {
        let renamed = |from: &str, json: &str| {
            let mut tree = syntax::parse(Path::new("a.json"), json.into()).unwrap();
            rename(&mut tree, from, "CdkAssets");
            tree.to_json().to_string()
        };
        let variable = "cdk-assets-${AWS::AccountId}";
        assert_eq!(
            renamed(variable, r#"{"A": {"Fn::Sub": "s3://cdk-assets-${AWS::AccountId}/${Key}"}}"#),
            r#"{"A":{"Fn::Sub":"s3://${CdkAssets}/${Key}"}}"#
        );
        assert_eq!(
            renamed(variable, r#"{"A": {"Fn::Sub": ["cdk-assets-${AWS::AccountId}/${K}", {"K": "a"}]}}"#),
            r#"{"A":{"Fn::Sub":["${CdkAssets}/${K}",{"K":"a"}]}}"#
        );
        // Outside of Fn::Sub those characters are a text of the user's.
        assert_eq!(
            renamed(variable, r#"["cdk-assets-${AWS::AccountId}"]"#),
            r#"["cdk-assets-${AWS::AccountId}"]"#
        );
        let plain = "cdk-assets-123456789012";
        assert_eq!(
            renamed(plain, r#"["cdk-assets-123456789012", "arn:aws:s3:::cdk-assets-123456789012/${x}*"]"#),
            r#"[{"Ref":"CdkAssets"},{"Fn::Sub":"arn:aws:s3:::${CdkAssets}/${!x}*"}]"#
        );
    }
}
