//! From a path to a plan: finds the manifest or the template, reads all files, settles names and values.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    assembly, lookups,
    manifest::{Manifest, Settings, Text},
    masking::mask,
    nested,
    options::{Assembly, Given, Loaded, Options, Place, StackSource},
};
use crate::{
    error::{Class, Diagnostic, Problems, hint},
    files,
    model::{Scalar, Span},
    syntax::{self, Entry, Node, Tree},
};

const MANIFESTS: &[&str] = &["migration.yaml", "migration.yml", "migration.json"];

/// Whether a folder holds a plan, readable or not.
#[must_use]
pub fn is_plan(folder: &Path) -> bool {
    MANIFESTS.iter().any(|name| folder.join(name).symlink_metadata().is_ok())
        || assembly::manifest_of(folder).is_some()
}

/// Makes what the transforms make that can be made here.
fn made(loaded: &mut Loaded, problems: &mut Problems) {
    for stack in &mut loaded.stacks {
        nested::transformed(stack, problems);
    }
    // Those of assemblies; those of other plans are read later.
    for inner in &mut loaded.nested {
        nested::transformed(&mut inner.source, problems);
    }
}

/// Reads a plan: a folder with a `migration.yaml`, such a file, a single template, or a CDK cloud assembly.
///
/// # Errors
/// Everything that is wrong with manifest, command line or the templates' syntax.
pub fn load(path: &Path, options: &Options) -> Result<Loaded, Vec<Diagnostic>> {
    match load_readable(path, options)? {
        (loaded, wrong) if wrong.is_empty() => Ok(loaded),
        (_, wrong) => Err(wrong),
    }
}

/// Reads as much of a plan as can be read: stacks whose files are broken are left out, and everything that is wrong stands
/// beside it. Only for finding more that is wrong.
///
/// # Errors
/// Nothing of it can be read.
pub fn load_readable(path: &Path, options: &Options) -> Result<(Loaded, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file = file_of(path)?;
    // Only the folder was named: what its manifest leads to is not the user's word.
    let named = file.file_name().is_some_and(|name| MANIFESTS.iter().any(|known| name == *known));
    let tree = match (path.is_dir(), named) {
        (true, true) => read_within(path, &file).map(|tree| (tree, Vec::new())),
        (false, true) => syntax::read(&file).map(|tree| (tree, Vec::new())),
        (true, false) => read_template_within(path, &file),
        (false, false) => syntax::read_template(&file),
    };
    let (tree, twice) = tree.map_err(|errors| mask(errors, &[]))?;
    let assembly = assembly::is_assembly(&file, &tree);
    let (mut loaded, mut problems) = if assembly {
        assembly::load(&file, &tree, options)
    } else if named || (tree.get("stacks").is_some() && tree.get("Resources").is_none()) {
        from_manifest(&file, &tree, options)
    } else {
        from_template(&file, tree, options)
    };
    problems.extend(twice);
    made(&mut loaded, &mut problems);
    if !assembly {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        nested::read(folder.unwrap_or(Path::new(".")), &mut loaded, &mut problems);
    }
    loaded.place = place(&file, assembly, named);
    match problems.finish() {
        Ok(warnings) => {
            loaded.warnings = mask(warnings, &loaded.sources());
            Ok((loaded, Vec::new()))
        }
        Err(errors) => {
            let errors = mask(errors, &loaded.sources());
            Ok((loaded, errors))
        }
    }
}

/// Where a plan lies. Links on the way to its folder are resolved, so that it is one plan whichever way leads there;
/// one that is the file itself is not: a template that several folders share this way is a plan of each.
fn place(file: &Path, assembly: bool, manifest: bool) -> Place {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
    let (folder, name) = match (assembly, folder.parent(), folder.file_name()) {
        (true, Some(around), Some(name)) => (around.to_owned(), PathBuf::from(name)),
        // Whether YAML or JSON, it is the same plan.
        _ if manifest => (folder, PathBuf::from(MANIFESTS[0])),
        _ => {
            let name = file.file_name().map(PathBuf::from).unwrap_or_default();
            (folder, name)
        }
    };
    Place { folder, name }
}

/// The file that a plan begins with.
fn file_of(path: &Path) -> Result<PathBuf, Vec<Diagnostic>> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let manifest = MANIFESTS.iter().map(|name| path.join(name)).find(|file| file.is_file());
    manifest.or_else(|| assembly::manifest_of(path)).ok_or_else(|| {
        let message = format!("{} holds no migration.yaml and is no cloud assembly", path.display());
        vec![
            Diagnostic::error("M1001", Class::Plan, message)
                .help("name a folder with a migration.yaml, a template file, or a cdk.out folder"),
        ]
    })
}

fn from_template(file: &Path, tree: Tree, options: &Options) -> (Loaded, Problems) {
    let mut problems = Problems::default();
    let name = stem(file);
    let region = options.region_of_the_rest();
    if let Some(environment) = &options.environment {
        name_ok("environment", environment, None, &mut problems);
    }
    let mut stack = StackSource {
        region: region_ok(region.as_deref(), None, &name, &mut problems),
        name: name.clone(),
        path: file.to_owned(),
        template: Arc::new(tree),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    };
    let sets = sets(options, &mut problems);
    apply_sets(&sets, std::slice::from_mut(&mut stack), &BTreeSet::new(), &mut problems);
    let loaded = Loaded {
        migration: name,
        description: None,
        environment: options.environment.clone().unwrap_or_else(|| "default".to_owned()),
        stacks: vec![stack],
        nested: Vec::new(),
        warnings: Vec::new(),
        assembly: Assembly::default(),
        wanted: options.stacks.clone(),
        operations: None,
        names_region: false,
        place: Place::default(),
    };
    (loaded, problems)
}

fn from_manifest(file: &Path, tree: &Tree, options: &Options) -> (Loaded, Problems) {
    let mut problems = Problems::default();
    let manifest = Manifest::read(tree, &mut problems);
    let (environment, chosen) = environment(&manifest, options, &mut problems);
    let none = Settings::default();
    let chosen = chosen.unwrap_or(&none);
    let sets = sets(options, &mut problems);

    let mut shared = manifest.settings.parameters.clone();
    shared.extend(chosen.parameters.clone());
    let names: BTreeSet<String> = shared.keys().cloned().collect();
    for set in sets.iter().filter(|set| set.stack.is_none()) {
        if names.contains(&set.key) {
            shared.insert(set.key.clone(), Given { text: set.value.clone(), span: None });
        }
    }
    let mut expand = Expand { values: &shared, used: BTreeSet::new() };
    let plan_region =
        [chosen.region.as_ref(), manifest.settings.region.as_ref()].into_iter().flatten().next();
    let plan_region = match &options.region {
        Some(region) => Some(Text { text: region.clone(), span: tree.span.clone() }),
        None => plan_region.cloned(),
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut templates: HashMap<PathBuf, Option<Arc<Tree>>> = HashMap::new();
    let mut stacks: Vec<StackSource> = Vec::new();
    for entry in &manifest.stacks {
        let name = expand.text(&entry.name.text, &entry.name.span, &mut problems);
        name_ok("stack", &name, Some(&entry.name.span), &mut problems);
        if stacks.iter().any(|stack| stack.name == name) {
            problems.error("M1016", Some(&entry.name.span), format!("two stacks are named `{name}`"));
        }
        let region = entry.settings.region.as_ref().or(plan_region.as_ref());
        let region = match region {
            Some(region) => {
                let text = expand.text(&region.text, &region.span, &mut problems);
                region_ok(Some(&text), Some(&region.span), &name, &mut problems)
            }
            None => region_ok(options.region_of_the_rest().as_deref(), None, &name, &mut problems),
        };
        let path = folder.join(&entry.template.text);
        let template =
            templates.entry(path.clone()).or_insert_with(|| match read_template_within(folder, &path) {
                Ok((tree, twice)) => {
                    problems.extend(twice);
                    Some(Arc::new(tree))
                }
                Err(mut errors) => {
                    // A missing file is the manifest's mistake, a broken one its own.
                    for error in errors.iter_mut().filter(|error| error.span.is_none()) {
                        error.span = Some(entry.template.span.clone());
                    }
                    problems.extend(errors);
                    None
                }
            });
        let Some(template) = template.clone() else { continue };
        let declared = declared(&template);
        let mut parameters: BTreeMap<String, Given> = shared
            .iter()
            .filter(|(key, _)| declared.contains(key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        expand.used.extend(parameters.keys().cloned());
        for (key, given) in &entry.settings.parameters {
            let span = given.span.as_ref();
            if declared.contains(key.as_str()) {
                let place = span.unwrap_or(&entry.name.span);
                let text = expand.text(&given.text, place, &mut problems);
                parameters.insert(key.clone(), Given { text, span: given.span.clone() });
            } else {
                let help = hint(key, "its parameters", declared.iter().copied());
                problems
                    .error("M1013", span, format!("the template of stack `{name}` has no parameter `{key}`"))
                    .maybe_help(help);
            }
        }
        let lookups = lookups::of_stack(
            [&manifest.settings.lookups, &chosen.lookups, &entry.settings.lookups],
            (&name, &declared, &shared),
            &mut expand,
            &mut problems,
        );
        let mut tags = BTreeMap::new();
        for (key, value) in manifest.settings.tags.iter().chain(&chosen.tags).chain(&entry.settings.tags) {
            tags.insert(key.clone(), expand.text(&value.text, &value.span, &mut problems));
        }
        stacks.push(StackSource {
            name,
            region,
            path,
            template,
            parameters,
            tags,
            protected: entry.protected,
            lookups,
            made_up: [].into(),
        });
    }
    let operations = [&manifest.settings.operations, &chosen.operations].into_iter().flatten().cloned();
    let operations = operations.reduce(merged).map(|tree| expand.tree(tree, &mut problems));
    for (key, given) in manifest.settings.parameters.iter().chain(&chosen.parameters) {
        if !expand.used.contains(key) {
            problems
                .warning("M1018", given.span.as_ref(), format!("the parameter `{key}` is used by no stack"))
                .help("remove it, or declare it under `Parameters` of a template");
        }
    }
    apply_sets(&sets, &mut stacks, &names, &mut problems);
    lookups::settle([&manifest.settings.lookups, &chosen.lookups], &mut stacks, &mut problems);
    let account = chosen.account.as_ref().or(manifest.settings.account.as_ref());
    let first = manifest.stacks.first().and_then(|stack| stack.settings.region.as_ref());
    let named = [first, chosen.region.as_ref(), manifest.settings.region.as_ref()];
    let names_region = named.into_iter().any(|region| region.is_some());
    let assembly = Assembly { account: account.map(|account| account.text.clone()), ..Assembly::default() };
    let migration = match &manifest.name {
        Some(name) => {
            name_ok("migration", &name.text, Some(&name.span), &mut problems);
            name.text.clone()
        }
        None => folder_name(folder),
    };
    let loaded = Loaded {
        migration,
        description: manifest.description,
        environment,
        stacks,
        nested: Vec::new(),
        warnings: Vec::new(),
        assembly,
        wanted: options.stacks.clone(),
        operations,
        names_region,
        place: Place::default(),
    };
    (loaded, problems)
}

/// Reads a file that the plan names, not the user: it must lie in the plan's folder once links are resolved. A plan
/// from somebody else's repository must not show what the user's other files hold.
///
/// # Errors
/// Outside, or as [`syntax::read`].
pub(super) fn read_within(folder: &Path, path: &Path) -> Result<Tree, Vec<Diagnostic>> {
    only_within(folder, path)?;
    syntax::read(path)
}

/// The same for a template, in which keys that are there twice are warnings.
///
/// # Errors
/// Outside, or as [`syntax::read_template`].
pub(super) fn read_template_within(
    folder: &Path,
    path: &Path,
) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    only_within(folder, path)?;
    syntax::read_template(path)
}

fn only_within(folder: &Path, path: &Path) -> Result<(), Vec<Diagnostic>> {
    match files::within(folder, path) {
        // What is not there, the reader says best.
        Err(error) if files::refusal(&error).is_some() => {
            let message = format!("{} lies outside the plan's folder", path.display());
            Err(vec![Diagnostic::error("M1019", Class::Plan, message).help(
                "move it into the folder; links out of it are not followed. A template of its own can be named on the \
                 command line instead",
            )])
        }
        _ => Ok(()),
    }
}

/// The environment's name and, if the manifest declares it, its settings.
fn environment<'m>(
    manifest: &'m Manifest,
    options: &Options,
    problems: &mut Problems,
) -> (String, Option<&'m Settings>) {
    let (name, span) = match (&options.environment, &manifest.environment) {
        (Some(name), _) => (name.clone(), None),
        (None, Some(text)) => (text.text.clone(), Some(&text.span)),
        (None, None) => return ("default".to_owned(), None),
    };
    let settings =
        manifest.environments.iter().find(|(known, _)| *known == name).map(|(_, settings)| settings);
    let labelled = manifest.environment.as_ref().is_some_and(|text| text.text == name);
    // Without `environments` the manifest's own name for its one environment is only a label.
    if settings.is_none() && !(labelled && manifest.environments.is_empty()) {
        let help = hint(&name, "environments", manifest.environments.iter().map(|(name, _)| name.as_str()));
        problems.error("M1012", span, format!("the manifest has no environment `{name}`")).maybe_help(help);
    }
    name_ok("environment", &name, span, problems);
    (name, settings)
}

/// Exchanges `${Key}` for values of the manifest's parameters.
pub(super) struct Expand<'v> {
    values: &'v BTreeMap<String, Given>,
    used: BTreeSet<String>,
}

impl Expand<'_> {
    /// The same in all texts of a tree.
    fn tree(&mut self, tree: Tree, problems: &mut Problems) -> Tree {
        let Tree { value, span } = tree;
        let value = match value {
            Node::Scalar(scalar) if scalar.text.contains("${") => {
                Node::Scalar(Scalar { text: self.text(&scalar.text, &span, problems).into(), ..scalar })
            }
            Node::List(items) => {
                Node::List(items.into_iter().map(|item| self.tree(item, problems)).collect())
            }
            Node::Map(entries) => {
                let inner = |entry: Entry| Entry { value: self.tree(entry.value.clone(), problems), ..entry };
                Node::Map(entries.into_iter().map(inner).collect())
            }
            other => other,
        };
        Tree { value, span }
    }

    pub(super) fn text(&mut self, text: &str, span: &Span, problems: &mut Problems) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let body = &rest[at + 2..];
            let Some(end) = body.find('}') else {
                problems.error("M1017", Some(span), "`${` is not closed with `}`");
                return out;
            };
            let key = body[..end].trim();
            if let Some(literal) = key.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
            } else if let Some(given) = self.values.get(key) {
                self.used.insert(key.to_owned());
                out.push_str(&given.text);
            } else {
                let help = hint(key, "its parameters", self.values.keys().map(String::as_str));
                problems
                    .error("M1017", Some(span), format!("the manifest has no parameter `{key}`"))
                    .maybe_help(help);
            }
            rest = &body[end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Two objects as one, key by key; where both have something else, the second counts.
fn merged(base: Tree, over: Tree) -> Tree {
    let (Node::Map(base), Node::Map(entries)) = (base.value, &over.value) else { return over };
    let mut all = base;
    for entry in entries {
        match all.iter().position(|known| known.key == entry.key) {
            Some(at) => {
                let known = all.remove(at);
                let value = merged(known.value, entry.value.clone());
                all.insert(at, Entry { value, ..entry.clone() });
            }
            None => all.push(entry.clone()),
        }
    }
    Tree { value: Node::Map(all), span: over.span }
}

/// One `--set`.
pub(super) struct Set {
    stack: Option<String>,
    key: String,
    value: String,
}

pub(super) fn sets(options: &Options, problems: &mut Problems) -> Vec<Set> {
    let mut out = Vec::new();
    for text in &options.set {
        let Some((key, value)) = text.split_once('=') else {
            // The text may be a value without its key, and so a secret.
            problems
                .add(Diagnostic::error(
                    "M1014",
                    Class::Usage,
                    "--set takes Key=Value, found a text without `=`",
                ))
                .help("for example: --set EnvironmentSuffix=dev, or --set stack.Key=Value for one stack");
            continue;
        };
        let (stack, key) = match key.split_once('.') {
            Some((stack, key)) => (Some(stack.to_owned()), key),
            None => (None, key),
        };
        out.push(Set { stack, key: key.to_owned(), value: value.to_owned() });
    }
    out
}

/// Puts command line values over everything else; those for one stack over those for all.
pub(super) fn apply_sets(
    sets: &[Set],
    stacks: &mut [StackSource],
    plan: &BTreeSet<String>,
    problems: &mut Problems,
) {
    for set in sets.iter().filter(|s| s.stack.is_none()).chain(sets.iter().filter(|s| s.stack.is_some())) {
        let fail = |problems: &mut Problems, message: String, help: Option<String>| {
            problems.add(Diagnostic::error("M1013", Class::Usage, message)).maybe_help(help);
        };
        let given = Given { text: set.value.clone(), span: None };
        match &set.stack {
            Some(name) => {
                let Some(stack) = stacks.iter_mut().find(|stack| stack.name == *name) else {
                    let help = hint(name, "stacks", stacks.iter().map(|stack| stack.name.as_str()));
                    fail(problems, format!("--set {name}.{}: the plan has no stack `{name}`", set.key), help);
                    continue;
                };
                let template = Arc::clone(&stack.template);
                let declared = declared(&template);
                if declared.contains(set.key.as_str()) {
                    stack.parameters.insert(set.key.clone(), given);
                } else {
                    let help = hint(&set.key, "its parameters", declared.iter().copied());
                    let message = format!(
                        "--set {name}.{0}: the template of stack `{name}` has no parameter `{0}`",
                        set.key
                    );
                    fail(problems, message, help);
                }
            }
            None => {
                if plan.contains(&set.key) {
                    // It replaced the manifest's own value, which reaches the stacks as the manifest says.
                    continue;
                }
                let mut used = false;
                let templates: Vec<_> = stacks.iter().map(|stack| Arc::clone(&stack.template)).collect();
                for stack in stacks.iter_mut() {
                    if declared(&stack.template).contains(set.key.as_str()) {
                        stack.parameters.insert(set.key.clone(), given.clone());
                        used = true;
                    }
                }
                if !used {
                    let known: BTreeSet<&str> = templates
                        .iter()
                        .flat_map(|t| declared(t))
                        .chain(plan.iter().map(String::as_str))
                        .collect();
                    let help = hint(&set.key, "parameters", known.iter().copied());
                    fail(problems, format!("--set {}: the plan has no parameter `{0}`", set.key), help);
                }
            }
        }
    }
}

/// The parameters a template declares.
pub(super) fn declared(template: &Tree) -> BTreeSet<&str> {
    let parameters = template.get("Parameters").and_then(Tree::as_map).unwrap_or_default();
    parameters.iter().map(|entry| entry.key.as_str()).collect()
}

pub(super) fn region_ok(
    region: Option<&str>,
    span: Option<&Span>,
    stack: &str,
    problems: &mut Problems,
) -> String {
    let Some(region) = region else {
        problems.error("M1015", span, format!("stack `{stack}` has no region")).help(
            "give --region, or `region:` in the manifest, or set AWS_REGION, or `region` of the AWS profile",
        );
        return String::new();
    };
    let parts: Vec<&str> = region.split('-').collect();
    let shaped = parts.len() >= 3
        && parts.iter().all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
        && parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if !shaped {
        problems.error("M1015", span, format!("`{region}` is no region")).help("regions look like us-east-1");
    }
    region.to_owned()
}

pub(super) fn name_ok(what: &str, name: &str, span: Option<&Span>, problems: &mut Problems) {
    let ok = name.len() <= 128
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || (b == b'_' && what != "stack"));
    if !ok {
        let message = format!("`{name}` cannot name a {what}: letters, digits and hyphens, at most 128");
        problems.error("M1016", span, message);
    }
}

/// A single template's stack is named after its file: `app.template.yaml` makes `app`.
fn stem(file: &Path) -> String {
    let stem = file.file_stem().map_or_else(|| "plan".into(), |stem| stem.to_string_lossy());
    let stem = stem.strip_suffix(".template").unwrap_or(&stem);
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "plan".to_owned() } else { name.to_owned() }
}

pub(super) fn folder_name(folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let full = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    // A folder has no extension, but its name may hold dots.
    stem(Path::new(&format!("{}.d", full.file_name().map_or_else(|| "plan".into(), |n| n.to_string_lossy()))))
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
