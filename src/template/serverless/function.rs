//! `AWS::Serverless::Function`: a function and, if it names no role, one for it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use super::{
    build::{At, members},
    policies,
};
use crate::{
    error::Problems,
    syntax::{Entry, Node, Tree},
};

/// Properties that the function has under the same name and in the same form.
const SAME: &[&str] = &[
    "Architectures",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "FunctionName",
    "Handler",
    "Layers",
    "MemorySize",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Timeout",
    "VpcConfig",
];

/// Properties of which the role is made.
const OF_ROLE: &[&str] = &["PermissionsBoundary", "Policies"];

/// What the function and its role share of what the template says about the resource.
const SHARED: &[&str] = &["Condition", "DeletionPolicy", "UpdateReplacePolicy"];

/// The resources that a function of SAM becomes.
pub(super) fn function(entry: &Entry, problems: &mut Problems) -> Vec<Entry> {
    let at = At(&entry.key_span);
    let none = at.entries(Vec::new());
    let given = entry.value.get("Properties").unwrap_or(&none);
    let mut properties: Vec<Entry> = Vec::new();
    for member in members(given) {
        match member.key.as_str() {
            "CodeUri" => match code(&member.value) {
                Some(code) => properties.push(Entry { key: "Code".into(), value: code, ..member.clone() }),
                None => {
                    let message = "`CodeUri` is not in S3: s3://BUCKET/KEY, or Bucket, Key and Version";
                    problems
                        .error("M1022", Some(&member.value.span), message)
                        .help("`sam package` puts the code there and writes the address into the template");
                }
            },
            // Written as a text, where functions have an object.
            "Tracing" => {
                properties.push(at.entry("TracingConfig", at.map([("Mode", member.value.clone())])));
            }
            "Tags" => {}
            same if SAME.contains(&same) => properties.push(member.clone()),
            role if OF_ROLE.contains(&role) => {}
            other => {
                let message = format!("`{other}` of AWS::Serverless::Function is not supported");
                problems
                    .error("M1022", Some(&member.key_span), message)
                    .help("declare an AWS::Lambda::Function and what belongs to it");
            }
        }
    }
    // "SAM automatically adds a lambda:createdBy:SAM tag to a Lambda function, and to the default roles that are generated"
    // (AWS::Serverless::Function, Tags).
    let mut tags = vec![at.map([("Key", at.text("lambda:createdBy")), ("Value", at.text("SAM"))])];
    for tag in given.get("Tags").map(members).unwrap_or_default() {
        tags.push(at.map([("Key", at.text(tag.key.clone())), ("Value", tag.value.clone())]));
    }
    let tags = at.list(tags);
    properties.push(at.entry("Tags", tags.clone()));
    let mut made = Vec::new();
    if given.get("Role").is_none() {
        // The logical id of the generated role (generated resources of AWS::Serverless::Function).
        let id = format!("{}Role", entry.key);
        properties.push(at.entry("Role", at.attribute(&id, "Arn")));
        let role = policies::role(at, &id, given, tags, problems);
        made.push(at.entry(&id, resource(entry, at, "AWS::IAM::Role", role, true)));
    }
    let properties = Tree { value: Node::Map(properties), span: given.span.clone() };
    let function = resource(entry, at, "AWS::Lambda::Function", properties, false);
    made.insert(0, Entry { value: function, ..entry.clone() });
    made
}

fn resource(entry: &Entry, at: At<'_>, kind: &str, properties: Tree, shared: bool) -> Tree {
    let own = |one: &&Entry| !matches!(one.key.as_str(), "Type" | "Properties");
    let mut attributes: Vec<Entry> = members(&entry.value)
        .iter()
        .filter(own)
        .filter(|one| !shared || SHARED.contains(&one.key.as_str()))
        .cloned()
        .collect();
    attributes.push(at.entry("Type", at.text(kind)));
    attributes.push(at.entry("Properties", properties));
    Tree { value: Node::Map(attributes), span: entry.value.span.clone() }
}

/// `s3://bucket/key`, or `{Bucket, Key, Version}`, as a function has it.
fn code(tree: &Tree) -> Option<Tree> {
    let at = At(&tree.span);
    if let Some(text) = tree.as_text() {
        let (place, version) = match text.strip_prefix("s3://")?.split_once("?versionId=") {
            Some((place, version)) => (place, Some(version)),
            None => (text.strip_prefix("s3://")?, None),
        };
        let (bucket, key) = place.split_once('/')?;
        let mut code = vec![at.entry("S3Bucket", at.text(bucket)), at.entry("S3Key", at.text(key))];
        code.extend(version.map(|version| at.entry("S3ObjectVersion", at.text(version))));
        return Some(at.entries(code));
    }
    let names = [("Bucket", "S3Bucket"), ("Key", "S3Key"), ("Version", "S3ObjectVersion")];
    let known = members(tree).iter().all(|one| names.iter().any(|(name, _)| *name == one.key));
    if !known || tree.get("Bucket").is_none() || tree.get("Key").is_none() {
        return None;
    }
    let code = names.iter().filter_map(|(name, own)| Some(at.entry(own, tree.get(name)?.clone())));
    Some(at.entries(code.collect()))
}
