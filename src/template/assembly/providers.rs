//! Custom resources of the CDK itself that are carried out natively, and the Lambda functions and roles that are
//! not needed then.

use std::collections::BTreeSet;

use super::edit::{self, at, at_mut, drop_resource, kind, members_mut, mentions, object, resources, target};
use crate::{
    error::Problems,
    syntax::{Node, Tree},
};

const AUTO_DELETE: &str = "Custom::S3AutoDeleteObjects";
const DEFAULT_GROUP: &str = "Custom::VpcRestrictDefaultSG";

/// The tag without which the CDK's function leaves a bucket's objects alone.
const AUTO_DELETE_TAG: &str = "aws-cdk:auto-delete-objects";

/// Natively: what the custom resource is, and what its provider's logical id begins with.
const NATIVE: &[(&str, &str)] = &[
    (AUTO_DELETE, "CustomS3AutoDeleteObjectsCustomResourceProvider"),
    (DEFAULT_GROUP, "CustomVpcRestrictDefaultSGCustomResourceProvider"),
];

/// Turns the known custom resources of a template into what they mean. Notes say what became of them.
pub(super) fn carry_out(stack: &str, template: &mut Tree, notes: &mut Vec<String>, problems: &mut Problems) {
    let mut handlers: BTreeSet<String> = BTreeSet::new();
    for (name, provider) in NATIVE {
        let custom: Vec<String> = resources(template)
            .iter()
            .filter(|r| kind(&r.value) == *name)
            .map(|r| r.key.to_string())
            .collect();
        for id in custom {
            let Some(resource) = at(template, &["Resources", &id]) else { continue };
            let span = resource.get("Type").map_or(&resource.span, |t| &t.span).clone();
            let token = at(resource, &["Properties", "ServiceToken"]).and_then(target);
            let Some(handler) = token.filter(|token| token.starts_with(provider)).map(str::to_owned) else {
                let message = format!("`{stack}/{id}` is a {name} whose provider is not the CDK's own");
                problems
                    .error("M1906", Some(&span), message)
                    .help("give the custom resource another type name");
                continue;
            };
            let done = match *name {
                AUTO_DELETE => auto_delete(stack, template, &id, notes),
                _ => default_group(template, &id),
            };
            match done {
                Ok(()) => drop(handlers.insert(handler)),
                Err(why) => {
                    let message = format!("`{stack}/{id}` ({name}) cannot be carried out natively: {why}");
                    problems.error("M1906", Some(&span), message);
                }
            }
        }
    }
    for handler in handlers {
        retire(stack, template, &handler, notes);
    }
}

/// The bucket is emptied before it is deleted: exactly what the function does.
fn auto_delete(stack: &str, template: &mut Tree, id: &str, notes: &mut Vec<String>) -> Result<(), String> {
    let bucket =
        at(template, &["Resources", id, "Properties", "BucketName"]).and_then(target).map(str::to_owned);
    let bucket = bucket.ok_or("its BucketName is no reference to a bucket of the stack")?;
    let Some(tree) = at(template, &["Resources", &bucket]).filter(|tree| kind(tree) == "AWS::S3::Bucket")
    else {
        return Err(format!("`{bucket}` is no bucket of the stack"));
    };
    let tags = at(tree, &["Properties", "Tags"]).and_then(Tree::as_list).unwrap_or_default();
    let tagged = tags.iter().any(|tag| {
        edit::text_at(tag, &["Key"]) == Some(AUTO_DELETE_TAG)
            && edit::text_at(tag, &["Value"]) == Some("true")
    });
    if tagged {
        if let Some(tree) = at_mut(template, &["Resources", &bucket]) {
            switch(tree, "EmptyOnDelete");
        }
        notes.push(format!("{stack}/{bucket} is emptied before it is deleted, as {AUTO_DELETE} would do"));
    } else {
        notes.push(format!(
            "{stack}/{bucket} is not emptied before it is deleted: without the tag {AUTO_DELETE_TAG}, {AUTO_DELETE} \
             leaves it alone"
        ));
    }
    drop_resource(template, id, Some(&bucket));
    Ok(())
}

/// The resource stays as a type of its own; only its function is not called.
fn default_group(template: &mut Tree, id: &str) -> Result<(), String> {
    let properties = at_mut(template, &["Resources", id, "Properties"]).and_then(members_mut);
    let properties = properties.ok_or("it has no properties")?;
    properties.retain(|member| member.key != "ServiceToken");
    Ok(())
}

/// Sets a switch below `Metadata: {Migrate: {...}}`.
fn switch(resource: &mut Tree, name: &str) {
    let span = resource.span.clone();
    let value = || {
        object(name, Tree { value: Node::Scalar(crate::model::Scalar::plain("true")), span: span.clone() })
    };
    let Some(members) = members_mut(resource) else { return };
    match members.iter_mut().find(|member| member.key == "Metadata") {
        None => members.push(edit::entry("Metadata", object("Migrate", value()))),
        Some(metadata) => {
            let Some(metadata) = members_mut(&mut metadata.value) else { return };
            match metadata.iter_mut().find(|member| member.key == "Migrate") {
                None => metadata.push(edit::entry("Migrate", value())),
                Some(own) => {
                    if let (Some(own), Some(value)) = (members_mut(&mut own.value), value().as_map())
                        && own.iter().all(|member| member.key != name)
                    {
                        own.extend(value.iter().cloned());
                    }
                }
            }
        }
    }
}

/// Takes a provider's function and role out, with what bucket policies permit that role.
fn retire(stack: &str, template: &mut Tree, handler: &str, notes: &mut Vec<String>) {
    let Some(function) =
        at(template, &["Resources", handler]).filter(|tree| kind(tree) == "AWS::Lambda::Function")
    else {
        return;
    };
    let role = at(function, &["Properties", "Role"]).and_then(target).map(str::to_owned);
    if used(template, handler) {
        notes
            .push(format!("{stack}/{handler} is made although nothing runs it: other resources refer to it"));
        return;
    }
    drop_resource(template, handler, None);
    let mut gone = vec![format!("{stack}/{handler}")];
    let mut policies = Vec::new();
    if let Some(role) = role {
        let permitted: Vec<String> = resources(template)
            .iter()
            .filter(|r| kind(&r.value) == "AWS::S3::BucketPolicy" && mentions(&r.value, &role))
            .map(|r| r.key.to_string())
            .collect();
        for policy in permitted {
            match revoke(template, &policy, &role) {
                Revoked::Nothing => {}
                Revoked::Some => policies.push(format!("{stack}/{policy} no longer permits it anything")),
                Revoked::All => {
                    drop_resource(template, &policy, None);
                    policies.push(format!("{stack}/{policy} permitted nobody else and is not made"));
                }
            }
        }
        if used(template, &role) {
            notes.push(format!(
                "{stack}/{role} is made although nothing assumes it: other resources refer to it"
            ));
        } else {
            drop_resource(template, &role, None);
            gone.push(format!("{stack}/{role}"));
        }
    }
    let more = if policies.is_empty() { String::new() } else { format!("; {}", policies.join("; ")) };
    notes.push(format!("{} not made: what the function would do is done natively{more}", is_are(&gone)));
}

fn is_are(names: &[String]) -> String {
    format!("{} {}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
}

/// Whether any other resource or output refers to a resource.
fn used(template: &Tree, id: &str) -> bool {
    resources(template).iter().any(|resource| resource.key != id && mentions(&resource.value, id))
        || template.get("Outputs").is_some_and(|outputs| mentions(outputs, id))
}

enum Revoked {
    Nothing,
    Some,
    All,
}

/// Takes out of a bucket policy what it permits a role.
fn revoke(template: &mut Tree, policy: &str, role: &str) -> Revoked {
    let path = ["Resources", policy, "Properties", "PolicyDocument", "Statement"];
    let Some(Tree { value: Node::List(statements), .. }) = at_mut(template, &path) else {
        return Revoked::Nothing;
    };
    let before = statements.len();
    let mut touched = false;
    statements.retain_mut(|statement| {
        if edit::text_at(statement, &["Effect"]) != Some("Allow") {
            return true;
        }
        let Some(principals) = at_mut(statement, &["Principal", "AWS"]) else { return true };
        if target(principals) == Some(role) {
            return false;
        }
        let Node::List(items) = &mut principals.value else { return true };
        let all = items.len();
        items.retain(|item| target(item) != Some(role));
        touched |= items.len() < all;
        !items.is_empty()
    });
    match statements.len() {
        0 => Revoked::All,
        left if left < before || touched => Revoked::Some,
        _ => Revoked::Nothing,
    }
}
