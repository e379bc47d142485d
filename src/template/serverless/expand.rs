//! A template without the two transforms.

use super::{
    application,
    build::{members, with, without},
    function, hosted,
};
use crate::{
    error::Problems,
    syntax::{Entry, Node, Tree},
};

/// SAM's transform.
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// Those of hosted rotation functions.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-secretsmanager.html>
const HOSTED: &[&str] = &["AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16"];

/// The template of the stack `name` as its transforms make it; `None` if it has none of them. What they cannot make is a
/// finding.
pub(in crate::template) fn expand(name: &str, template: &Tree, problems: &mut Problems) -> Option<Tree> {
    let transforms = template.get("Transform")?;
    let named = |names: &[&str]| {
        let all = transforms.as_list().unwrap_or(std::slice::from_ref(transforms));
        all.iter().any(|one| one.as_text().is_some_and(|one| names.contains(&one)))
    };
    let (serverless, rotates) = (named(&[SERVERLESS]), named(HOSTED));
    if !serverless && !rotates {
        return None;
    }
    if let Some(globals) = template.entry("Globals").filter(|_| serverless) {
        problems
            .error("M1022", Some(&globals.key_span), "the section `Globals` of SAM is not supported")
            .help("write its values into each function");
    }
    let resources = template.get("Resources")?;
    let mut made: Vec<Entry> = Vec::new();
    for entry in members(resources) {
        let kind = entry.value.get("Type").and_then(Tree::as_text).unwrap_or_default();
        match kind {
            "AWS::Serverless::Application" if serverless => made.push(application::stack(entry, problems)),
            "AWS::Serverless::Function" if serverless => made.extend(function::function(entry, problems)),
            other if serverless && other.starts_with("AWS::Serverless::") => {
                let message = format!("`{other}` of SAM is not supported");
                problems.error("M1022", Some(&entry.value.span), message).help(
                    "declare what it makes, or have the template expanded once with `aws cloudformation \
                     create-change-set` and `aws cloudformation get-template --template-stage Processed`",
                );
            }
            hosted::SCHEDULE if rotates => made.extend(hosted::schedule(name, entry, problems)),
            _ => made.push(entry.clone()),
        }
    }
    let mut taken = std::collections::HashSet::new();
    for entry in &made {
        if !taken.insert(entry.key.as_str()) {
            let message = format!("a transform makes a resource `{}`, and the template has one", entry.key);
            problems
                .error("M1003", Some(&entry.key_span), message)
                .help("give the template's own another name");
        }
    }
    let resources = Tree { value: Node::Map(made), span: resources.span.clone() };
    let done = with(&without(template, "Globals"), "Resources", resources);
    Some(left(&done, transforms))
}

/// The transforms that are not made here.
fn left(template: &Tree, transforms: &Tree) -> Tree {
    let ours = |tree: &Tree| tree.as_text().is_some_and(|text| text == SERVERLESS || HOSTED.contains(&text));
    let Some(all) = transforms.as_list() else { return without(template, "Transform") };
    let rest: Vec<Tree> = all.iter().filter(|one| !ours(one)).cloned().collect();
    match rest.as_slice() {
        [] => without(template, "Transform"),
        _ => with(template, "Transform", Tree { value: Node::List(rest), span: transforms.span.clone() }),
    }
}
