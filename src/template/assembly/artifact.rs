//! `manifest.json`: the artifacts of an assembly and of the assemblies inside it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::load::MANIFEST;
use crate::{
    error::Problems,
    model::Span,
    syntax::{Entry, Tree},
    template::load::read_within,
};

/// Assemblies inside assemblies; an app has stages, and stages may have some.
const MAX_DEPTH: usize = 8;

/// One stack as the manifest has it.
#[derive(Debug)]
pub(super) struct StackArtifact {
    /// The artifact's id, unique within its assembly.
    pub id: String,
    /// The folder of its assembly.
    pub folder: PathBuf,
    /// The folder of the outermost assembly: nothing outside is read.
    pub root: PathBuf,
    /// The stack's name.
    pub name: String,
    /// How the CDK shows it: `Stage/Stack`.
    pub display: String,
    /// `aws://account/region`.
    pub environment: String,
    /// The template's file.
    pub template: String,
    /// Where the artifact begins.
    pub span: Span,
    /// Parameter values.
    pub parameters: Vec<(String, String, Span)>,
    /// Tags for all resources of the stack.
    pub tags: Vec<(String, String)>,
    /// The SSM parameter that holds the bootstrap stack's version.
    pub bootstrap: Option<String>,
    /// Whether CloudFormation would protect it from being deleted.
    pub protected: bool,
    /// Whether CloudFormation would tell topics about its events.
    pub notified: bool,
    /// Positions, in the list of all stacks, of those it depends on.
    pub after: Vec<usize>,
    /// Asset manifests' files.
    pub assets: Vec<String>,
    /// Ids of what it depends on, within its assembly.
    needs: Vec<String>,
    /// What constructs have said.
    said: Option<Tree>,
    /// The file in which they have said more.
    said_in: Option<String>,
}

/// What an artifact id leads to.
enum Target {
    /// A stack, or all stacks of an assembly inside.
    Stacks(Vec<usize>),
    /// An asset manifest's file.
    Assets(String),
    /// Something that is of no concern here.
    Other,
}

/// What is collected over all assemblies.
struct Reading {
    root: PathBuf,
    /// Folders of the assemblies that were read, links resolved: none is read twice.
    seen: BTreeSet<PathBuf>,
    all: Vec<StackArtifact>,
}

/// The folder of the outermost assembly: that of a stage may be named on its own, and its files lie beside it.
fn root(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut root = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    while let Some(parent) = root.parent().filter(|parent| super::load::manifest_of(parent).is_some()) {
        root = parent.to_owned();
    }
    root
}

/// All stacks of an assembly, those of inner assemblies included.
pub(super) fn stacks(manifest: &Path, tree: &Tree, problems: &mut Problems) -> Vec<StackArtifact> {
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let mut reading = Reading { root: root(folder), seen: BTreeSet::new(), all: Vec::new() };
    reading.seen.extend(fs::canonicalize(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }));
    assembly(folder, tree, &[], 0, &mut reading, problems);
    reading.all
}

/// Reads one assembly; returns the positions of its stacks, inner ones included.
fn assembly(
    folder: &Path,
    tree: &Tree,
    outside: &[usize],
    depth: usize,
    reading: &mut Reading,
    problems: &mut Problems,
) -> Vec<usize> {
    if tree.get("version").and_then(Tree::as_text).is_none() {
        problems.error("M1901", Some(&tree.span), "the manifest of the cloud assembly has no `version`");
    }
    if let Some(missing) = tree.get("missing").filter(|m| m.as_list().is_some_and(|list| !list.is_empty())) {
        let list = missing.as_list().unwrap_or_default();
        let keys: Vec<&str> = list.iter().filter_map(|m| m.get("key")?.as_text()).collect();
        // The props of every lookup name where it is made (cloud-assembly-schema, ContextLookupRoleOptions).
        let prop = |name: &str| list.iter().find_map(|m| m.get("props")?.get(name)?.as_text());
        let place = match (prop("account"), prop("region")) {
            (Some(account), Some(region)) => format!(" of account {account}, region {region}"),
            (Some(account), None) => format!(" of account {account}"),
            _ => String::new(),
        };
        problems
            .error(
                "M1902",
                Some(&missing.span),
                format!("the assembly lacks what was to be looked up: {}", keys.join(", ")),
            )
            .help(format!(
                "run `npx cdk synth` in the app's folder with credentials{place}: it looks them up, writes cdk.context.json \
                 and this assembly anew. Values that stand in cdk.context.json are in the templates already"
            ));
    }
    let Some(artifacts) = tree.get("artifacts").and_then(Tree::as_map) else {
        problems.error("M1901", Some(&tree.span), "the manifest of the cloud assembly has no `artifacts`");
        return Vec::new();
    };
    let mut targets: Vec<(&str, Target)> = Vec::new();
    let mut own: Vec<usize> = Vec::new();
    // Assemblies inside come after the stacks, so that what they depend on is known.
    let inner = |entry: &&Entry| kind(&entry.value) == "cdk:cloud-assembly";
    for entry in artifacts.iter().filter(|entry| !inner(entry)) {
        let target = match kind(&entry.value) {
            "aws:cloudformation:stack" => match stack(folder, &reading.root, entry, problems) {
                Some(stack) => {
                    reading.all.push(stack);
                    let at = reading.all.len() - 1;
                    own.push(at);
                    Target::Stacks(vec![at])
                }
                None => Target::Other,
            },
            "cdk:asset-manifest" => {
                property(&entry.value, "file").map_or(Target::Other, |f| Target::Assets(f.to_owned()))
            }
            _ => Target::Other,
        };
        targets.push((&entry.key, target));
    }
    let mut members = own.clone();
    for entry in artifacts.iter().filter(inner) {
        let stacks = nested(folder, entry, (&targets, outside), depth, reading, problems);
        members.extend(&stacks);
        targets.push((&entry.key, Target::Stacks(stacks)));
    }
    let all = &mut reading.all;
    for at in own {
        let mut after = outside.to_vec();
        for need in std::mem::take(&mut all[at].needs) {
            match targets.iter().find(|(id, _)| *id == need).map(|(_, target)| target) {
                Some(Target::Stacks(stacks)) => after.extend(stacks),
                Some(Target::Assets(file)) => all[at].assets.push(file.clone()),
                Some(Target::Other) => {}
                None => {
                    let message =
                        format!("`{}` depends on `{need}`, which the assembly does not have", all[at].id);
                    problems.error("M1901", Some(&all[at].span), message);
                }
            }
        }
        after.sort_unstable();
        after.dedup();
        all[at].after = after;
    }
    members
}

/// Reads an assembly inside another one: a stage.
fn nested(
    folder: &Path,
    entry: &Entry,
    (targets, outside): (&[(&str, Target)], &[usize]),
    depth: usize,
    reading: &mut Reading,
    problems: &mut Problems,
) -> Vec<usize> {
    let Some(directory) = property(&entry.value, "directoryName") else {
        problems.error(
            "M1901",
            Some(&entry.key_span),
            format!("the assembly `{}` has no `directoryName`", entry.key),
        );
        return Vec::new();
    };
    if depth >= MAX_DEPTH
        || Path::new(directory).components().any(|c| !matches!(c, std::path::Component::Normal(_)))
    {
        let message = format!("the assembly `{}` is not in a folder below its parent", entry.key);
        problems.error("M1901", Some(&entry.key_span), message);
        return Vec::new();
    }
    let folder = folder.join(directory);
    // A link may lead back to an assembly that is being read, or several to the same one.
    if let Ok(whole) = fs::canonicalize(&folder)
        && !reading.seen.insert(whole)
    {
        let message =
            format!("the assembly `{}` is in a folder that is another assembly's already", entry.key);
        problems.error("M1901", Some(&entry.key_span), message);
        return Vec::new();
    }
    let mut outside = outside.to_vec();
    for need in texts(entry.value.get("dependencies")) {
        if let Some((_, Target::Stacks(stacks))) = targets.iter().find(|(id, _)| *id == need) {
            outside.extend(stacks);
        }
    }
    match read_within(&reading.root, &folder.join(MANIFEST)) {
        Ok(tree) => assembly(&folder, &tree, &outside, depth + 1, reading, problems),
        Err(errors) => {
            problems.extend(errors);
            Vec::new()
        }
    }
}

fn stack(folder: &Path, root: &Path, entry: &Entry, problems: &mut Problems) -> Option<StackArtifact> {
    let tree = &entry.value;
    let Some(template) = property(tree, "templateFile") else {
        problems.error(
            "M1901",
            Some(&entry.key_span),
            format!("the stack `{}` has no `templateFile`", entry.key),
        );
        return None;
    };
    let pairs = |name: &str| tree.get("properties")?.get(name)?.as_map();
    let parameters = pairs("parameters").unwrap_or_default();
    let tags = pairs("tags").unwrap_or_default();
    let pair = |entry: &Entry| Some((entry.key.to_string(), entry.value.as_text()?.to_owned()));
    let flag = |name: &str| property(tree, name) == Some("true");
    Some(StackArtifact {
        id: entry.key.to_string(),
        folder: folder.to_owned(),
        root: root.to_owned(),
        name: property(tree, "stackName").unwrap_or(&entry.key).to_owned(),
        display: tree.get("displayName").and_then(Tree::as_text).unwrap_or(&entry.key).to_owned(),
        environment: tree.get("environment").and_then(Tree::as_text).unwrap_or_default().to_owned(),
        template: template.to_owned(),
        span: entry.key_span.clone(),
        parameters: parameters
            .iter()
            .filter_map(|entry| pair(entry).map(|(key, value)| (key, value, entry.value.span.clone())))
            .collect(),
        tags: tags.iter().filter_map(pair).collect(),
        bootstrap: property(tree, "bootstrapStackVersionSsmParameter").map(str::to_owned),
        protected: flag("terminationProtection"),
        notified: tree
            .get("properties")
            .and_then(|p| p.get("notificationArns")?.as_list())
            .is_some_and(|list| !list.is_empty()),
        after: Vec::new(),
        assets: Vec::new(),
        needs: texts(tree.get("dependencies")),
        said: tree.get("metadata").cloned(),
        said_in: tree.get("additionalMetadataFile").and_then(Tree::as_text).map(str::to_owned),
    })
}

/// What constructs have said: the CDK stops at errors, and so does this.
pub(super) fn findings(artifact: &StackArtifact, problems: &mut Problems) {
    let more = artifact.said_in.as_ref().and_then(|file| {
        match read_within(&artifact.root, &artifact.folder.join(file)) {
            Ok(tree) => Some(tree),
            Err(errors) => {
                problems.extend(errors);
                None
            }
        }
    });
    for tree in artifact.said.iter().chain(&more) {
        for construct in tree.as_map().unwrap_or_default() {
            for said in construct.value.as_list().unwrap_or_default() {
                let data = said.get("data").and_then(Tree::as_text).unwrap_or_default();
                let message = format!("{}: {data}", construct.key.trim_start_matches('/'));
                match said.get("type").and_then(Tree::as_text) {
                    Some("aws:cdk:error") => drop(problems.error("M1902", Some(&said.span), message)),
                    // The construct is the place; the line of the generated file would say nothing.
                    Some("aws:cdk:warning") => drop(problems.warning("M1907", None, message)),
                    _ => {}
                }
            }
        }
    }
}

fn kind(artifact: &Tree) -> &str {
    artifact.get("type").and_then(Tree::as_text).unwrap_or_default()
}

fn property<'t>(artifact: &'t Tree, name: &str) -> Option<&'t str> {
    artifact.get("properties")?.get(name)?.as_text()
}

fn texts(list: Option<&Tree>) -> Vec<String> {
    let items = list.and_then(Tree::as_list).unwrap_or_default();
    items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect()
}
