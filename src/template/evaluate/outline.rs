//! A template's sections, taken apart without evaluating anything.

use std::collections::HashMap;

use super::{
    extend::{LOOP, NEEDS_TRANSFORM, TRANSFORM, is_extended},
    names::intrinsic,
};
use crate::{
    error::{Problems, hint},
    model::{DeletionPolicy, Span},
    syntax::{Entry, Node, Tree},
};

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];
const ATTRIBUTES: &[&str] = &[
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];
/// The type whose update policy is carried out.
const ROLLS: &str = "AWS::AutoScaling::AutoScalingGroup";
const OUTPUT_KEYS: &[&str] = &["Condition", "Description", "Export", "Value"];

/// A name somewhere in a template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'t> {
    pub text: &'t str,
    pub span: &'t Span,
}

/// One resource as written.
#[derive(Debug)]
pub(super) struct Resource<'t> {
    pub id: Name<'t>,
    pub kind: Option<Name<'t>>,
    pub properties: Option<&'t Tree>,
    pub depends_on: Vec<Name<'t>>,
    pub condition: Option<Name<'t>>,
    pub deletion: Option<DeletionPolicy>,
    pub replacement: Option<DeletionPolicy>,
    pub metadata: Option<&'t Tree>,
    pub update_policy: Option<&'t Tree>,
}

/// One output as written.
#[derive(Debug)]
pub(super) struct OutputDecl<'t> {
    pub name: Name<'t>,
    pub value: Option<&'t Tree>,
    pub description: Option<String>,
    pub condition: Option<Name<'t>>,
    pub export: Option<&'t Tree>,
}

/// A template taken apart.
#[derive(Debug, Default)]
pub(super) struct Outline<'t> {
    pub description: Option<String>,
    pub parameters: &'t [Entry],
    pub mappings: HashMap<&'t str, HashMap<&'t str, HashMap<&'t str, &'t Tree>>>,
    pub mapping_names: Vec<Name<'t>>,
    pub conditions: HashMap<&'t str, &'t Entry>,
    pub condition_names: Vec<Name<'t>>,
    pub rules: &'t [Entry],
    pub resources: Vec<Resource<'t>>,
    /// Where each logical id is in `resources`.
    pub index: HashMap<&'t str, usize>,
    pub outputs: Vec<OutputDecl<'t>>,
    /// `Transform: AWS::LanguageExtensions`.
    pub extended: bool,
}

impl Resource<'_> {
    /// Whether it is the CDK's usage marker, which makes nothing.
    pub(super) fn is_marker(&self) -> bool {
        self.kind.is_some_and(|kind| kind.text == "AWS::CDK::Metadata")
    }
}

impl<'t> Outline<'t> {
    /// Takes the template apart and notes what is in the wrong place.
    pub(super) fn read(tree: &'t Tree, problems: &mut Problems) -> Self {
        let mut outline = Self { extended: is_extended(tree), ..Self::default() };
        let Some(entries) = tree.as_map() else {
            problems.error(
                "M1021",
                Some(&tree.span),
                format!("a template is an object, not {}", tree.describe()),
            );
            return outline;
        };
        for entry in entries {
            let (span, value) = (&entry.key_span, &entry.value);
            match entry.key.as_str() {
                "AWSTemplateFormatVersion" => {
                    if value.as_text() != Some("2010-09-09") {
                        problems
                            .error(
                                "M1021",
                                Some(&value.span),
                                "the only template format version is 2010-09-09",
                            )
                            .help("write `AWSTemplateFormatVersion: '2010-09-09'`, or leave it out");
                    }
                }
                "Description" => outline.description = description(value, problems),
                "Metadata" => {}
                "Parameters" => {
                    outline.parameters = section(entry, problems);
                    for parameter in outline.parameters {
                        logical_id("parameter", parameter, problems);
                    }
                }
                "Mappings" => outline.mappings(entry, problems),
                "Conditions" => {
                    for condition in section(entry, problems) {
                        logical_id("condition", condition, problems);
                        outline.conditions.insert(&condition.key, condition);
                        outline.condition_names.push(name(condition));
                    }
                }
                "Rules" => outline.rules = section(entry, problems),
                "Transform" => transform(value, problems),
                "Resources" => {
                    let resources = section(entry, problems);
                    outline.index.reserve(resources.len());
                    outline.resources.reserve(resources.len());
                    for resource in resources {
                        if !logical_id("resource", resource, problems) {
                            continue;
                        }
                        outline.index.insert(&resource.key, outline.resources.len());
                        outline.resources.push(self::resource(resource, problems));
                    }
                }
                "Outputs" => {
                    for output in section(entry, problems) {
                        logical_id("output", output, problems);
                        outline.outputs.push(self::output(output, problems));
                    }
                }
                "Hooks" | "Globals" => {
                    let message = format!("the section `{}` is not supported", entry.key);
                    problems.error("M1022", Some(span), message);
                }
                other => {
                    let help = hint(other, "sections", SECTIONS.iter().copied());
                    problems
                        .error("M1020", Some(span), format!("`{other}` is no section of a template"))
                        .maybe_help(help);
                }
            }
        }
        if tree.get("Resources").is_none() {
            problems
                .error("M1021", Some(&tree.span), "the template has no `Resources`")
                .help("a template declares at least the section `Resources`");
        }
        outline
    }

    /// The resource of that logical id.
    pub(super) fn resource(&self, id: &str) -> Option<&Resource<'t>> {
        self.resources.get(*self.index.get(id)?)
    }

    fn mappings(&mut self, entry: &'t Entry, problems: &mut Problems) {
        for mapping in section(entry, problems) {
            if !logical_id("mapping", mapping, problems) {
                continue;
            }
            self.mapping_names.push(name(mapping));
            let mut top = HashMap::new();
            for first in section(mapping, problems) {
                let mut second = HashMap::new();
                for leaf in section(first, problems) {
                    let fits = match &leaf.value.value {
                        Node::Scalar(_) => true,
                        Node::List(items) => items.iter().all(|item| item.as_scalar().is_some()),
                        Node::Null | Node::Map(_) => false,
                    };
                    if fits {
                        second.insert(leaf.key.as_str(), &leaf.value);
                    } else {
                        let message = format!(
                            "a mapping holds texts and lists of texts, not {}",
                            leaf.value.describe()
                        );
                        problems.error("M1021", Some(&leaf.value.span), message);
                    }
                }
                top.insert(first.key.as_str(), second);
            }
            self.mappings.insert(&mapping.key, top);
        }
    }
}

fn name(entry: &Entry) -> Name<'_> {
    Name { text: &entry.key, span: &entry.key_span }
}

/// The members of an object; an empty section is none.
fn section<'t>(entry: &'t Entry, problems: &mut Problems) -> &'t [Entry] {
    match &entry.value.value {
        Node::Map(entries) => entries,
        Node::Null => &[],
        _ => {
            let message = format!("`{}` must be an object, not {}", entry.key, entry.value.describe());
            problems.error("M1021", Some(&entry.value.span), message);
            &[]
        }
    }
}

/// Whether the entry declares something, be its name allowed or not.
fn logical_id(what: &str, entry: &Entry, problems: &mut Problems) -> bool {
    if entry.key.starts_with(LOOP) {
        loop_in_the_way(what, entry, problems);
        return false;
    }
    if entry.key == "Fn::Transform" {
        let message = "`Fn::Transform` is not supported: macros run on AWS's side";
        problems.error("M1022", Some(&entry.key_span), message).help("write the macro's result out");
        return false;
    }
    // CloudFormation takes these in names of conditions, and templates in use have them.
    let more: &[u8] = if what == "condition" { b"&-_" } else { b"" };
    let fits = |b: u8| b.is_ascii_alphanumeric() || more.contains(&b);
    if entry.key.is_empty() || entry.key.len() > 255 || !entry.key.bytes().all(fits) {
        let letters = if more.is_empty() { "letters and digits" } else { "letters, digits, &, - and _" };
        let message = format!("`{}` cannot name a {what}: {letters} only, at most 255", entry.key);
        problems.error("M1023", Some(&entry.key_span), message);
    }
    true
}

/// Reports a loop that nothing has written out.
fn loop_in_the_way(what: &str, entry: &Entry, problems: &mut Problems) {
    if matches!(what, "resource" | "condition" | "output") {
        let message = format!("`{}` needs the transform {TRANSFORM}", entry.key);
        problems.error("M1100", Some(&entry.key_span), message).help(NEEDS_TRANSFORM);
    } else {
        let message = format!("`{}` cannot repeat a {what}", entry.key);
        problems
            .error("M1042", Some(&entry.key_span), message)
            .help("loops stand in `Conditions`, `Resources` and `Outputs`");
    }
}

fn description(tree: &Tree, problems: &mut Problems) -> Option<String> {
    match tree.as_text() {
        Some(text) => Some(text.to_owned()),
        None => {
            let message = format!("a description is a text without functions, not {}", tree.describe());
            problems.error("M1021", Some(&tree.span), message);
            None
        }
    }
}

fn transform(tree: &Tree, problems: &mut Problems) {
    let names = tree.as_list().unwrap_or(std::slice::from_ref(tree));
    for name in names {
        if name.as_text() != Some(TRANSFORM) {
            let what = name.as_text().unwrap_or("this form");
            // "AWS CloudFormation User Guide", View processed templates of a change set: `sam build` expands nothing.
            problems
                .error("M1022", Some(&name.span), format!("the transform `{what}` is not supported"))
                .help(match what {
                    "AWS::Serverless-2016-10-31" => {
                        "SAM's transform runs inside CloudFormation, and `sam build` does not expand it: have it expanded once \
                         with `aws cloudformation create-change-set` and `aws cloudformation get-template --template-stage \
                         Processed`, and plan what that answers; or declare the functions as AWS::Lambda::Function"
                    }
                    rotation if rotation.starts_with("AWS::SecretsManager-") => {
                        "the versions that are supported are AWS::SecretsManager-2020-07-23 and AWS::SecretsManager-2024-09-16"
                    }
                    "AWS::Include" => "put what it includes into the template, or into a nested stack",
                    _ => {
                        "macros run inside CloudFormation: have it expanded once with `aws cloudformation create-change-set` and \
                         `aws cloudformation get-template --template-stage Processed`, and plan what that answers"
                    }
                });
        }
    }
}

fn literal<'t>(entry: &'t Entry, problems: &mut Problems) -> Option<Name<'t>> {
    match entry.value.as_name() {
        Some(text) => Some(Name { text, span: &entry.value.span }),
        None => {
            let message =
                format!("`{}` is a text without functions, not {}", entry.key, entry.value.describe());
            let function = entry.value.as_map().is_some_and(|entries| intrinsic(entries).is_some());
            let extensible =
                matches!(entry.key.as_str(), "Condition" | "DeletionPolicy" | "UpdateReplacePolicy");
            let help = (function && extensible).then(|| NEEDS_TRANSFORM.to_owned());
            let code = if help.is_some() { "M1100" } else { "M1021" };
            problems.error(code, Some(&entry.value.span), message).maybe_help(help);
            None
        }
    }
}

fn policy(entry: &Entry, problems: &mut Problems) -> Option<DeletionPolicy> {
    let name = literal(entry, problems)?;
    let known = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];
    match name.text {
        "Delete" => Some(DeletionPolicy::Delete),
        "Retain" => Some(DeletionPolicy::Retain),
        "RetainExceptOnCreate" if entry.key == "DeletionPolicy" => Some(DeletionPolicy::RetainExceptOnCreate),
        "Snapshot" => Some(DeletionPolicy::Snapshot),
        other => {
            problems
                .error("M1024", Some(name.span), format!("`{other}` is no {}", entry.key))
                .maybe_help(hint(other, "it is one of", known));
            None
        }
    }
}

fn resource<'t>(entry: &'t Entry, problems: &mut Problems) -> Resource<'t> {
    let mut resource = Resource {
        id: name(entry),
        kind: None,
        properties: None,
        depends_on: Vec::new(),
        condition: None,
        deletion: None,
        replacement: None,
        metadata: None,
        update_policy: None,
    };
    let mut policies = Vec::new();
    for attribute in section(entry, problems) {
        let value = &attribute.value;
        match attribute.key.as_str() {
            "Type" => resource.kind = literal(attribute, problems),
            "Properties" => resource.properties = Some(value),
            "DependsOn" => {
                for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
                    match item.as_name() {
                        Some(text) => resource.depends_on.push(Name { text, span: &item.span }),
                        None => {
                            let message = format!("DependsOn takes logical ids, not {}", item.describe());
                            problems.error("M1021", Some(&item.span), message);
                        }
                    }
                }
            }
            "Condition" => resource.condition = literal(attribute, problems),
            "DeletionPolicy" => resource.deletion = policy(attribute, problems),
            "UpdateReplacePolicy" => resource.replacement = policy(attribute, problems),
            "Metadata" => resource.metadata = Some(value),
            // CloudFormation takes and ignores both; the CDK writes `Description` (`cfnOptions.description`), and `Version`
            // ("AWS::CloudFormation::CustomResource" of `cfnOptions.version`).
            "Description" | "Version" => {}
            "CreationPolicy" | "UpdatePolicy" => {
                let empty = match &value.value {
                    Node::Null => true,
                    Node::Map(entries) => entries.is_empty(),
                    _ => false,
                };
                if !empty {
                    policies.push(attribute);
                }
            }
            other => {
                let help = hint(other, "attributes", ATTRIBUTES.iter().copied());
                problems
                    .error(
                        "M1021",
                        Some(&attribute.key_span),
                        format!("`{other}` is no attribute of a resource"),
                    )
                    .maybe_help(help);
            }
        }
    }
    for attribute in policies {
        let rolls = resource.kind.is_some_and(|kind| kind.text == ROLLS);
        if attribute.key == "UpdatePolicy" && rolls {
            resource.update_policy = Some(&attribute.value);
            continue;
        }
        let whose = resource.kind.map_or_else(String::new, |kind| format!(" of {}", kind.text));
        let signals = attribute.key == "CreationPolicy"
            && attribute.value.as_map().is_some_and(|members| {
                members
                    .iter()
                    .all(|m| matches!(m.key.as_str(), "ResourceSignal" | "AutoScalingCreationPolicy"))
            });
        // Without a handle, nothing but such signals ends the wait.
        let waits_for_them =
            resource.kind.is_some_and(|kind| kind.text == "AWS::CloudFormation::WaitCondition");
        // The other types that take one ("CreationPolicy attribute", CloudFormation Template Reference).
        let instance = resource.kind.is_some_and(|kind| kind.text == "AWS::EC2::Instance");
        if signals && (rolls || instance) {
            let message = format!(
                "the `CreationPolicy`{whose} is not applied: signals (cfn-signal) go to the CloudFormation service, which \
                 is not used here"
            );
            problems.warning("M1131", Some(&attribute.key_span), message).help(if rolls {
                "the group is waited for until its instances are in service"
            } else {
                "the resource is waited for by its own status; what its instances do afterwards is not waited for"
            });
            continue;
        }
        let message = format!(
            "the `{}`{whose} is carried out by the CloudFormation service, which is not used here",
            attribute.key
        );
        let whose = match attribute.key.as_str() {
            "CreationPolicy" if waits_for_them => {
                "let the condition wait for signals to a handle: AWS::CloudFormation::WaitConditionHandle"
            }
            "CreationPolicy" => "every resource is waited for by its own status",
            _ => "only Auto Scaling groups take one here; other resources are waited for by their own status",
        };
        problems.error("M1022", Some(&attribute.key_span), message).help(whose);
    }
    let init = resource.metadata.and_then(|tree| tree.as_map()).into_iter().flatten();
    if let Some(init) = init.into_iter().find(|member| member.key == "AWS::CloudFormation::Init") {
        let message = "AWS::CloudFormation::Init is not applied: cfn-init reads it from the CloudFormation service, which is \
                       not used here";
        problems
            .warning("M1131", Some(&init.key_span), message)
            .help("let UserData itself do what it says, or bake it into the image");
    }
    if entry.value.as_map().is_some_and(|members| members.iter().all(|member| member.key != "Type")) {
        problems.error("M1021", Some(&entry.key_span), format!("the resource `{}` has no `Type`", entry.key));
    }
    resource
}

fn output<'t>(entry: &'t Entry, problems: &mut Problems) -> OutputDecl<'t> {
    let mut output =
        OutputDecl { name: name(entry), value: None, description: None, condition: None, export: None };
    for member in section(entry, problems) {
        match member.key.as_str() {
            "Value" => output.value = Some(&member.value),
            "Description" => output.description = description(&member.value, problems),
            "Condition" => output.condition = literal(member, problems),
            "Export" => {
                output.export = member.value.get("Name");
                if output.export.is_none() {
                    problems.error("M1021", Some(&member.value.span), "`Export` has no `Name`");
                }
            }
            other => {
                let help = hint(other, "it takes", OUTPUT_KEYS.iter().copied());
                problems
                    .error("M1021", Some(&member.key_span), format!("`{other}` is no attribute of an output"))
                    .maybe_help(help);
            }
        }
    }
    if output.value.is_none() {
        problems.error("M1021", Some(&entry.key_span), format!("the output `{}` has no `Value`", entry.key));
    }
    output
}
