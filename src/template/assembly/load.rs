//! From an assembly's folder to a plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    artifact::{self, StackArtifact},
    assets::Assets,
    edit, environment,
    rewrite::{self, Collected},
    select,
};
use crate::{
    error::{Diagnostic, Problems, hint},
    files,
    model::Span,
    syntax::{self, Tree},
    template::{
        load::{
            apply_sets, declared, folder_name, name_ok, read_template_within, read_within, region_ok, sets,
        },
        nested,
        options::{Assembly, Given, Loaded, Nested, Options, Place, StackSource},
    },
};

/// An assembly's manifest.
pub(super) const MANIFEST: &str = "manifest.json";

/// The manifest of the assembly in a folder, if it is one.
pub(in crate::template) fn manifest_of(folder: &Path) -> Option<PathBuf> {
    let manifest = folder.join(MANIFEST);
    if !manifest.is_file() {
        return None;
    }
    // The file `cdk.out` marks an assembly; a line `cdk.out` of a .gitignore leaves it out of copies.
    let marked = || folder.join("cdk.out").is_file();
    let says_so = || {
        let text = files::read_input(&manifest, syntax::MAX_BYTES as u64).unwrap_or_default();
        let document: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        document["artifacts"].is_object() && document["version"].is_string()
    };
    (marked() || says_so()).then_some(manifest)
}

/// Whether a file that was read is an assembly's manifest.
pub(in crate::template) fn is_assembly(file: &Path, tree: &Tree) -> bool {
    file.file_name().is_some_and(|name| name == MANIFEST)
        && tree.get("artifacts").is_some()
        && tree.get("Resources").is_none()
}

/// Takes an assembly as a plan. Its name is the folder's, or that of the folder around a `cdk.out`.
pub(in crate::template) fn load(manifest: &Path, tree: &Tree, options: &Options) -> (Loaded, Problems) {
    let mut problems = Problems::default();
    let artifacts = artifact::stacks(manifest, tree, &mut problems);
    let chosen = select::chosen(&artifacts, &options.stacks, &mut problems);
    if artifacts.is_empty() {
        problems.error("M1901", Some(&tree.span), "the cloud assembly has no stacks");
    }
    let mut collected = Collected::default();
    let mut accounts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut stacks: Vec<StackSource> = Vec::new();
    let mut nested: Vec<Nested> = Vec::new();
    for at in &chosen {
        let artifact = &artifacts[*at];
        if let Some(account) = environment::parse(&artifact.environment).and_then(|e| e.account) {
            accounts.entry(account).or_default().push(&artifact.name);
        }
        if let Some(twin) = stacks.iter().find(|stack| stack.name == artifact.name) {
            let message = format!("two stacks are named `{}`", twin.name);
            problems.error("M1903", Some(&artifact.span), message).help(format!(
                "choose one by its place in the app, as in --stack {}, with a --ledger of its own",
                artifact.display
            ));
            continue;
        }
        if let Some((stack, inner)) = stack(artifact, options, &mut collected, &mut problems) {
            stacks.push(stack);
            nested.extend(inner);
        }
    }
    if stacks.is_empty() && !chosen.is_empty() && !problems.has_errors() {
        problems.error("M1901", Some(&tree.span), "no stack of the cloud assembly has resources");
    }
    if accounts.len() > 1 {
        let words: Vec<String> =
            accounts.iter().map(|(account, stacks)| format!("{account} ({})", stacks.join(", "))).collect();
        problems
            .error(
                "M1904",
                Some(&tree.span),
                format!("the stacks belong to several accounts: {}", words.join("; ")),
            )
            .help("choose those of one account with --stack NAME; each account has a ledger of its own");
    }
    if let Some(environment) = &options.environment {
        name_ok("environment", environment, None, &mut problems);
    }
    apply_sets(&sets(options, &mut problems), &mut stacks, &BTreeSet::new(), &mut problems);
    let after = chosen.iter().flat_map(|at| {
        let needed = artifacts[*at].after.iter().filter(|needed| chosen.contains(needed));
        needed.map(|needed| (artifacts[*at].name.clone(), artifacts[*needed].name.clone()))
    });
    let after = after.filter(|(one, other)| {
        let there = |name: &String| stacks.iter().any(|stack| stack.name == *name);
        there(one) && there(other)
    });
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let assembly = Assembly {
        account: accounts.into_keys().next(),
        after: after.collect(),
        notes: collected.notes,
        code: collected.code,
        partial: chosen.len() < artifacts.len(),
        region: artifacts.first().and_then(|first| environment::parse(&first.environment)?.region),
    };
    let names_region = assembly.region.is_some();
    let loaded = Loaded {
        names_region,
        migration: name(folder),
        description: None,
        environment: options.environment.clone().unwrap_or_else(|| "default".to_owned()),
        stacks,
        nested,
        warnings: Vec::new(),
        assembly,
        // They were chosen here, by the manifest.
        wanted: Vec::new(),
        operations: None,
        place: Place::default(),
    };
    (loaded, problems)
}

fn stack(
    artifact: &StackArtifact,
    options: &Options,
    collected: &mut Collected,
    problems: &mut Problems,
) -> Option<(StackSource, Vec<Nested>)> {
    let (name, span) = (&artifact.name, Some(&artifact.span));
    name_ok("stack", name, span, problems);
    artifact::findings(artifact, problems);
    let Some(place) = environment::parse(&artifact.environment) else {
        let message =
            format!("`{}` is no environment; they look like aws://account/region", artifact.environment);
        problems.error("M1901", span, message);
        return None;
    };
    let fallback = || options.region_of_the_rest();
    let region = region_ok(place.region.or_else(fallback).as_deref(), span, name, problems);
    let path = artifact.folder.join(&artifact.template);
    let mut template = match read_template_within(&artifact.root, &path) {
        Ok((template, twice)) => {
            problems.extend(twice);
            template
        }
        Err(errors) => {
            problems.extend(errors.into_iter().map(|error| placed(error, artifact)).collect());
            return None;
        }
    };
    let assets = Assets::read(artifact, problems);
    let mut inner = name_nested(&mut template, &assets);
    rewrite::rewrite(name, &mut template, (&assets, artifact.bootstrap.as_deref()), collected, problems);
    // As `cdk deploy`: "stack has no resources, skipping deployment".
    if template.get("Resources").is_none_or(|resources| matches!(resources.as_map(), Some([]))) {
        collected.notes.push(format!("stack {name} has no resources and is left out"));
        return None;
    }
    if artifact.notified {
        collected.notes.push(format!("stack {name}: nobody is notified of stack events, as there are none"));
    }
    let known = declared(&template);
    let mut parameters = BTreeMap::new();
    for (key, text, span) in &artifact.parameters {
        if known.contains(key.as_str()) {
            parameters.insert(key.clone(), Given { text: text.clone(), span: Some(span.clone()) });
        } else {
            let help = hint(key, "its parameters", known.iter().copied());
            let message = format!("the template of stack `{name}` has no parameter `{key}`");
            problems.error("M1013", Some(span), message).maybe_help(help);
        }
    }
    let source = StackSource {
        name: name.clone(),
        region,
        path,
        template: Arc::new(template),
        parameters,
        tags: artifact.tags.iter().cloned().collect(),
        protected: artifact.protected,
        lookups: [].into(),
        made_up: [].into(),
    };
    // Templates after those that name them; a file that names itself would go on for ever.
    let mut nested: Vec<Nested> = Vec::new();
    let mut waiting: Vec<(StackSource, NamedFile)> =
        inner.drain(..).map(|file| (source.clone(), file)).collect();
    while let Some((parent, file)) = waiting.pop() {
        if parent.path == file.path || nested.len() >= MAX_NESTED {
            let message = format!("the nested stacks of `{name}` name each other's templates without an end");
            problems.error("M1130", Some(&file.span), message);
            break;
        }
        let mut template = match read_within(&artifact.root, &file.path) {
            Ok(template) => template,
            Err(errors) => {
                problems.extend(errors.into_iter().map(|error| placed(error, artifact)).collect());
                continue;
            }
        };
        let own = nested::name(&parent.name, &file.resource);
        let inner = name_nested(&mut template, &assets);
        let from = collected.notes.len();
        rewrite::rewrite(&own, &mut template, (&assets, artifact.bootstrap.as_deref()), collected, problems);
        for note in &mut collected.notes[from..] {
            *note = note.replace(&format!("{own}/"), &format!("{own}."));
        }
        let made = nested::nested(&parent, &file.resource, file.path, template);
        waiting.extend(inner.into_iter().map(|file| (made.source.clone(), file)));
        nested.push(made);
    }
    Some((source, nested))
}

/// Nested stacks of one stack of an assembly; more of them are a mistake of whoever wrote it.
const MAX_NESTED: usize = 500;

/// The file of a nested stack's template.
struct NamedFile {
    resource: String,
    path: PathBuf,
    span: Span,
}

/// Finds the templates of nested stacks among the assets, and names them by their files: they are not uploaded.
fn name_nested(template: &mut Tree, assets: &Assets) -> Vec<NamedFile> {
    let mut found = Vec::new();
    let stacks: Vec<String> = nested::stacks(template).map(|entry| entry.key.to_string()).collect();
    for id in stacks {
        let path = ["Resources", &id, "Properties", "TemplateURL"];
        let Some(url) = edit::at(template, &path) else { continue };
        let Some(file) = assets.named_in(url).map(|asset| asset.path.clone()) else { continue };
        let span = url.span.clone();
        if let Some(url) = edit::at_mut(template, &path) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            *url = edit::text(name, &span);
        }
        found.push(NamedFile { resource: id, path: file, span });
    }
    found
}

/// A file that is not there is the manifest's mistake.
fn placed(mut error: Diagnostic, artifact: &StackArtifact) -> Diagnostic {
    if error.span.is_none() {
        error.span = Some(artifact.span.clone());
    }
    error
}

fn name(folder: &Path) -> String {
    let full = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    match full.parent() {
        Some(parent)
            if full.file_name().is_some_and(|name| name == "cdk.out") && parent.file_name().is_some() =>
        {
            folder_name(parent)
        }
        _ => folder_name(&full),
    }
}
