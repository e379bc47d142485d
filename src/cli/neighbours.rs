//! Ledgers beside this one: what they export and what they import.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value as Json;

use super::{locate, session::Session};
use crate::{
    error::{Class, Diagnostic},
    graph::Graph,
    ledger::{Ledger, Snapshot},
    model::Reference,
    planner::{Action, ChangeSet},
    template::{Foreign, Imports},
};

/// What the other ledgers of the same account and realm say.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// Their exports.
    pub exports: Imports,
    /// Their lineages: what carries one of these is theirs.
    pub lineages: BTreeSet<String>,
    /// Which ledgers import what, by region and name.
    importers: BTreeMap<(String, String), Vec<String>>,
    /// Folders whose ledger cannot be read, with the reason: whatever they import must be taken for in use.
    unreadable: Vec<(PathBuf, String)>,
}

/// Reads the ledgers that lie beside `own` and, where that lies in a plan's `.migrate`, those of the other plans of the
/// project. Without a session, those of every account and realm: a plan's files are checked without knowing for which
/// they are. What a ledger that cannot be read imports is not known, so it guards every export.
#[must_use]
pub fn read(own: &Path, session: Option<&Session>) -> Neighbours {
    let mut found = Neighbours::default();
    let own = locate::absolute(own);
    let Some(parent) = own.parent() else { return found };
    let mut places = vec![parent.to_owned()];
    if let (Some(name), Some(folder)) = (parent.file_name(), parent.parent())
        && name == locate::STATE
    {
        places.extend(project(folder).into_iter().filter(|place| place != parent));
    }
    let owner = |path: &Path| path.metadata().map(|about| about.uid()).ok();
    let ours = places.iter().find_map(|place| owner(place));
    let mut folders = Vec::new();
    for place in &places {
        // What another user of this machine put there says nothing about this project.
        if owner(place) == ours {
            let entries = std::fs::read_dir(place).into_iter().flatten();
            folders.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        }
    }
    folders.sort();
    for folder in folders {
        if folder == own {
            continue;
        }
        match Ledger::peek(&folder) {
            Ok(Some(snapshot)) => found.add(&snapshot, session),
            Ok(None) => {}
            Err(error) => found.unreadable.push((locate::shown(&folder), error.to_string())),
        }
    }
    found
}

/// How deep below a project's root plans are looked for, and in how many folders at most.
const DEPTH: usize = 4;
const FOLDERS: usize = 20_000;

/// Every `.migrate` of the project that a folder belongs to: the Git work tree around it, else the current folder if
/// that is around it. Folders with a dot, and those that package managers fill, hold no plans of the project.
fn project(folder: &Path) -> Vec<PathBuf> {
    let work_tree = folder.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok());
    let here = locate::absolute(Path::new("."));
    let root = match work_tree {
        Some(root) => root.to_owned(),
        None if folder.starts_with(&here) => here,
        None => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut row = vec![root];
    let mut seen = 0;
    for _ in 0..=DEPTH {
        let mut next = Vec::new();
        for folder in row {
            seen += 1;
            let state = folder.join(locate::STATE);
            if state.symlink_metadata().is_ok_and(|about| about.is_dir()) {
                found.push(state);
            }
            if seen > FOLDERS {
                continue;
            }
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            next.extend(
                entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).filter_map(
                    |entry| {
                        let name = entry.file_name();
                        let name = name.to_string_lossy();
                        let skipped = name.starts_with('.') || ["node_modules", "target"].contains(&&*name);
                        (!skipped).then(|| entry.path())
                    },
                ),
            );
        }
        next.sort();
        row = next;
    }
    found
}

impl Neighbours {
    /// One warning for each ledger that cannot be read.
    #[must_use]
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let say = |(folder, why): &(PathBuf, String)| {
            let folder = folder.display();
            let message = format!(
                "the ledger in {folder} cannot be read, so what it exports and imports is not known: {why}"
            );
            Diagnostic::warning("M1110", Class::Ledger, message)
                .help(format!("`migrate ledger verify --ledger {folder}` says what is wrong with it"))
        };
        self.unreadable.iter().map(say).collect()
    }

    fn add(&mut self, snapshot: &Snapshot, session: Option<&Session>) {
        let Some(binding) = &snapshot.binding else { return };
        let near = session.is_none_or(|session| {
            binding.account == session.cloud.account && binding.realm == session.cloud.realm.as_str()
        });
        if !near {
            return;
        }
        self.lineages.insert(snapshot.lineage.clone());
        let who = format!("{} ({})", binding.migration, binding.environment);
        for (key, value) in &snapshot.exports {
            // What a failed run could not compute is no value.
            let gap =
                value.as_str().is_some_and(|t| t.starts_with("(unknown: ") || t.starts_with("(invalid: "));
            if !gap {
                let (region, name) = split(key, &binding.region);
                let foreign = Foreign { value: value.clone(), owner: who.clone() };
                self.exports.entry(region).or_default().insert(name, foreign);
            }
        }
        for key in &snapshot.imports {
            self.importers.entry(split(key, &binding.region)).or_default().push(who.clone());
        }
    }

    /// Refuses to remove or change what other ledgers import.
    ///
    /// # Errors
    /// Every such export.
    pub fn keep_promises(
        &self,
        graph: &Graph,
        set: &ChangeSet,
        snapshot: &Snapshot,
    ) -> Result<(), Vec<Diagnostic>> {
        let made: Vec<_> = set
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::Create { .. }))
            .map(|step| &step.address)
            .collect();
        let lookup = |reference: &Reference| {
            let kept = !made.contains(&&reference.address);
            kept.then(|| snapshot.attribute(&reference.address, &reference.attribute).cloned()).flatten()
        };
        // A run for some of the stacks says nothing about the others, and their exports stay.
        let partial = snapshot.resources.iter().any(|(address, resource)| {
            resource.current.is_some()
                && graph.stacks.iter().all(|stack| stack.name != address.stack())
                && set.steps.iter().all(|step| step.address != *address)
        });
        let mut problems = Vec::new();
        for (region, name, old) in exports(snapshot) {
            let output = graph
                .stacks
                .iter()
                .filter(|stack| stack.region == region)
                .flat_map(|stack| &stack.outputs)
                .find(|output| output.export.as_ref() == Some(&name));
            let what = match output.map(|output| output.value.resolve(&lookup)) {
                None if partial => continue,
                None => "would be removed",
                Some(Ok(value)) if value == *old => continue,
                Some(_) => "would change",
            };
            problems.extend(self.objection(region, &name, what));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Refuses to destroy what other ledgers import.
    ///
    /// # Errors
    /// Every such export.
    pub fn keep_all(&self, snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>> {
        let problems: Vec<Diagnostic> = exports(snapshot)
            .filter_map(|(region, name, _)| self.objection(region, &name, "would be removed"))
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Why an export must stay as it is: somebody imports it, or nobody can tell.
    fn objection(&self, region: String, name: &str, what: &str) -> Option<Diagnostic> {
        if let Some(users) = self.importers.get(&(region, name.to_owned())) {
            return Some(in_use(name, what, &users.join(", ")));
        }
        let (folder, why) = self.unreadable.first()?;
        let folder = folder.display();
        let message =
            format!("the export `{name}` {what}, and whether {folder} imports it cannot be read: {why}");
        Some(Diagnostic::error("M1109", Class::Plan, message).help(format!(
            "`migrate ledger verify --ledger {folder}` says what is wrong with it; restore it, or move it elsewhere if \
             it is of no use any more"
        )))
    }
}

/// The ledger's exports: region, name, value.
fn exports(snapshot: &Snapshot) -> impl Iterator<Item = (String, String, &Json)> {
    let region = snapshot.binding.as_ref().map_or("", |binding| binding.region.as_str());
    snapshot.exports.iter().map(move |(key, value)| {
        let (region, name) = split(key, region);
        (region, name, value)
    })
}

/// An export's key is its name, or `region/name` outside of the ledger's own region.
fn split(key: &str, region: &str) -> (String, String) {
    let (region, name) = key.split_once('/').unwrap_or((region, key));
    (region.to_owned(), name.to_owned())
}

fn in_use(name: &str, what: &str, users: &str) -> Diagnostic {
    let message = format!("the export `{name}` {what}, but {users} imports it");
    Diagnostic::error("M1106", Class::Plan, message)
        .help("take the import out there first (`migrate up`, or `migrate destroy`), then try again")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::Binding;

    fn ledger(migration: &str, exports: &[(&str, &str)], imports: &[&str]) -> Snapshot {
        let mut snapshot = Snapshot::new("l".into());
        snapshot.binding = Some(Binding {
            migration: migration.into(),
            environment: "dev".into(),
            account: "123456789012".into(),
            region: "us-east-1".into(),
            realm: "aws".into(),
            plan: None,
        });
        snapshot.exports = exports.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        snapshot.imports = imports.iter().map(|k| (*k).to_owned()).collect();
        snapshot
    }

    #[test]
    fn exports_belong_to_their_region_and_stay_while_they_are_used() {
        let own = ledger("net", &[("vpc", "vpc-1"), ("eu-west-1/vpc", "vpc-2"), ("free", "x")], &[]);
        let mut beside = Neighbours::default();
        beside.add(&ledger("app", &[("app", "a"), ("broken", "(unknown: app/X)")], &["eu-west-1/vpc"]), None);
        assert_eq!(beside.exports["us-east-1"].keys().collect::<Vec<_>>(), ["app"]);
        let problems = beside.keep_all(&own).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["M1106: the export `vpc` would be removed, but app (dev) imports it"]);
        assert!(Neighbours::default().keep_all(&own).is_ok());
    }

    #[test]
    fn a_damaged_neighbour_guards_every_export() {
        let parent = tempfile::tempdir().unwrap();
        let damaged = parent.path().join("app-dev");
        crate::files::make_private_dir(&damaged).unwrap();
        crate::files::replace(&damaged.join("ledger.json"), b"{\"format\": 1,").unwrap();
        let beside = read(&parent.path().join("net-dev"), None);
        let own = ledger("net", &[("vpc", "vpc-1")], &[]);
        let problems = beside.keep_all(&own).unwrap_err();
        assert_eq!(problems[0].code, "M1109");
        assert!(problems[0].message.contains("app-dev"), "{}", problems[0].message);
        // Without exports there is nothing to guard.
        assert!(beside.keep_all(&ledger("net", &[], &[])).is_ok());
        // And what it promised is not taken for a promise of nobody's.
        assert!(read(&damaged, None).keep_all(&own).is_ok());
    }
}
