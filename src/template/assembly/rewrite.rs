//! A stack's template as the CDK wrote it becomes one that needs neither bootstrap stack nor bootstrap bucket.

use super::{
    assets::{Assets, MAX_IN_CALL},
    edit::{self, asks, at, at_mut, kind, mentions, remove, resources, text, text_at},
    providers, uploads,
};
use crate::{
    error::Problems,
    graph::Secrets,
    syntax::{Node, Tree},
};

/// What is collected while templates are rewritten.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// For the review.
    pub notes: Vec<String>,
    /// Code by what stands for it.
    pub code: Secrets,
}

/// Rewrites one stack's template.
pub(super) fn rewrite(
    stack: &str,
    template: &mut Tree,
    (assets, bootstrap): (&Assets, Option<&str>),
    out: &mut Collected,
    problems: &mut Problems,
) {
    version(template, bootstrap);
    usage(template);
    providers::carry_out(stack, template, &mut out.notes, problems);
    code(stack, template, assets, out, problems);
    uploads::send(stack, template, assets, out, problems);
    for image in &assets.images {
        let message =
            format!("stack `{stack}` needs the docker image `{}`, which would have to be built", image.name);
        problems
            .error("M1905", Some(&image.span), message)
            .help("build and push the image, and name it by its URI (ContainerImage.fromRegistry)");
    }
}

/// Without a bootstrap stack there is no version to check.
fn version(template: &mut Tree, bootstrap: Option<&str>) {
    let parameter = "BootstrapVersion";
    let Some(default) = text_at(template, &["Parameters", parameter, "Default"]) else { return };
    if bootstrap.is_some_and(|name| name != default) && !default.starts_with("/cdk-bootstrap/") {
        return;
    }
    let rule = "CheckBootstrapVersion";
    if at(template, &["Rules", rule]).is_some_and(|tree| mentions(tree, parameter)) {
        remove(template, "Rules", rule);
    }
    if !mentions(template, parameter) {
        remove(template, "Parameters", parameter);
    }
}

/// The CDK's usage marker makes nothing, and its condition decides nothing else.
fn usage(template: &mut Tree) {
    let markers: Vec<String> = resources(template)
        .iter()
        .filter(|resource| kind(&resource.value) == "AWS::CDK::Metadata")
        .map(|resource| resource.key.to_string())
        .collect();
    for marker in markers {
        let condition = text_at(template, &["Resources", &marker, "Condition"]).map(str::to_owned);
        edit::drop_resource(template, &marker, None);
        if let Some(condition) = condition
            && !asks(template, &condition)
        {
            remove(template, "Conditions", &condition);
        }
    }
}

/// The text of a bucket's or key's name, `${AWS::...}` left as it is.
fn place(tree: &Tree) -> Option<&str> {
    match tree.as_map() {
        Some([only]) if only.key == "Fn::Sub" => only.value.as_text(),
        _ => tree.as_text(),
    }
}

/// Code of functions goes into the call itself.
fn code(stack: &str, template: &mut Tree, assets: &Assets, out: &mut Collected, problems: &mut Problems) {
    let functions: Vec<String> = resources(template)
        .iter()
        .filter(|resource| kind(&resource.value) == "AWS::Lambda::Function")
        .map(|resource| resource.key.to_string())
        .collect();
    for id in functions {
        let path = ["Resources", &id, "Properties", "Code"];
        let Some(tree) = at(template, &path) else { continue };
        let (bucket, key) = (tree.get("S3Bucket").and_then(place), tree.get("S3Key").and_then(place));
        let (Some(bucket), Some(key)) = (bucket, key) else { continue };
        let Some(asset) = assets.at(bucket, key) else { continue };
        match asset.pack() {
            // What is too large for a call goes into a bucket, like other files.
            Ok(packed) if packed.bytes > MAX_IN_CALL => {}
            Ok(packed) => {
                let span = tree.span.clone();
                if let Some(tree) = at_mut(template, &path) {
                    let value = edit::entry("ZipFile", text(packed.placeholder.clone(), &span));
                    tree.value = Node::Map(vec![value]);
                }
                out.code.0.insert(packed.placeholder, packed.value);
            }
            Err(why) => {
                let message = format!("the code of `{stack}/{id}` cannot be sent: {why}");
                problems.error("M1905", Some(&asset.span), message);
            }
        }
    }
}
