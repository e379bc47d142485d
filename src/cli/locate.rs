//! Where a plan's ledger is, and whether a ledger is that plan's.
//!
//! A ledger for AWS lies in `.migrate/` beside its plan, wherever the command is run from. A rehearsal's lies with the
//! sandbox's files: it describes that account and nothing else, and goes with it. Ledgers record which plan they are
//! of, seen from their own folder, so that a project can be moved as a whole and two plans of one name never share one.

use std::{
    collections::BTreeSet,
    io,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    args::Global,
    ledgers::ledger_error,
    session::{holder, one},
};
use crate::{
    error::{Class, Diagnostic},
    files,
    ledger::{Ledger, LedgerError, Snapshot, Source, store::DirStore},
    template::{Loaded, Place},
    ui::Printer,
};

/// The folder that ledgers lie in.
pub const STATE: &str = ".migrate";

/// Where the plan's ledger belongs.
#[must_use]
pub fn home(global: &Global, loaded: &Loaded) -> PathBuf {
    match &global.ledger {
        Some(dir) => dir.clone(),
        None if global.sandbox => rehearsal(global, loaded),
        None => shown(&loaded.place.folder.join(STATE).join(name(loaded))),
    }
}

/// Where the ledger of the plan's rehearsals belongs. Many plans may share a sandbox: those in other folders than the
/// one around it are told apart by theirs.
#[must_use]
pub fn rehearsal(global: &Global, loaded: &Loaded) -> PathBuf {
    let dir = &global.sandbox_dir;
    let whole = absolute(dir);
    let around = match (whole.file_name(), whole.parent()) {
        (Some(_), Some(state)) if state.file_name().is_some_and(|name| name == STATE) => {
            state.parent().unwrap_or(state)
        }
        _ => &whole,
    };
    let way = relative(around, &loaded.place.folder);
    if way.is_empty() {
        return dir.join(name(loaded));
    }
    let digest = hex::encode(Sha256::digest(way.as_bytes()));
    dir.join(format!("{}-{}", name(loaded), &digest[..8]))
}

/// Finds the plan's ledger. One of an earlier version, in `.migrate` of the current folder, is moved to where it
/// belongs, and so is a rehearsal's in the place of one for AWS.
///
/// # Errors
/// Another process uses what is to be moved.
pub fn find(global: &Global, loaded: &Loaded, printer: &mut Printer) -> Result<PathBuf, Vec<Diagnostic>> {
    let home = home(global, loaded);
    if global.ledger.is_some() {
        return Ok(home);
    }
    let old = Path::new(STATE).join(name(loaded));
    let rehearsal = rehearsal(global, loaded);
    // What lies in the place for AWS may be a rehearsal's, of a time when both shared it. Of which sandbox, nobody wrote
    // down; never of one that does not exist.
    let rehearsed = global.sandbox_dir.join("world.json").exists() && !DirStore::exists(&rehearsal);
    for place in [&home, &old] {
        if rehearsed && *place != rehearsal && realm(place, loaded).as_deref() == Some("sandbox") {
            let now = shift(place, &rehearsal, printer)?;
            if global.sandbox {
                return Ok(now);
            }
            break;
        }
    }
    if !global.sandbox
        && !DirStore::exists(&home)
        && absolute(&old) != absolute(&home)
        && realm(&old, loaded).as_deref() == Some("aws")
    {
        return shift(&old, &home, printer);
    }
    Ok(home)
}

/// The realm of a ledger that may be the plan's and is not in its place; `None` for all others.
fn realm(dir: &Path, loaded: &Loaded) -> Option<String> {
    let snapshot = Ledger::peek(dir).ok()??;
    let binding = snapshot.binding.as_ref()?;
    let named = binding.migration == loaded.migration && binding.environment == loaded.environment;
    (named && check(&snapshot, loaded, dir).is_ok()).then(|| binding.realm.clone())
}

/// Moves a ledger. Where the file system does not allow it, the ledger is used where it is.
fn shift(from: &Path, to: &Path, printer: &mut Printer) -> Result<PathBuf, Vec<Diagnostic>> {
    let moved = (|| {
        let hold = DirStore::exclusive(from, &holder("moving the ledger"))?;
        let done = files::move_dir(from, to, &["lock", "journal.jsonl"]);
        drop(hold);
        done.map_err(|source| {
            let what = format!("move {} to {}", from.display(), to.display());
            LedgerError::Io { what, source }
        })
    })();
    match moved {
        Ok(()) => {
            printer.advise(&format!(
                "The ledger in {} is in {} from now on: ledgers lie beside their plan, a rehearsal's with its sandbox.",
                from.display(),
                to.display()
            ));
            Ok(to.to_owned())
        }
        Err(LedgerError::Io { source, .. }) => {
            printer.advise(&format!(
                "The ledger in {} belongs in {}, but cannot be moved: {source}. It is used where it is.",
                from.display(),
                to.display()
            ));
            Ok(from.to_owned())
        }
        Err(error) => Err(ledger_error(&error, from)),
    }
}

/// Which plan a ledger in that folder is of.
#[must_use]
pub fn source(dir: &Path, place: &Place) -> Source {
    let root = place.folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
    Source {
        path: relative(&absolute(dir), &place.path()),
        repository: root.map(|root| relative(root, &place.path())),
    }
}

/// Refuses a ledger that another plan of the same name made.
///
/// A plan that was moved or renamed is recognised: what the ledger recorded is there no more, or has the same place in
/// another work tree, and at least half of what the ledger holds is in the plan.
///
/// # Errors
/// Which plan it is of, and the way out.
pub fn check(snapshot: &Snapshot, loaded: &Loaded, dir: &Path) -> Result<(), Vec<Diagnostic>> {
    let Some(binding) = &snapshot.binding else { return Ok(()) };
    let here = source(dir, &loaded.place);
    let recorded = binding.plan.as_ref();
    if recorded.is_some_and(|plan| plan.path == here.path) {
        return Ok(());
    }
    let whole = recorded.map(|plan| plain(&absolute(dir).join(&plan.path)));
    let moved = match (recorded, &whole) {
        (Some(plan), Some(whole)) => {
            !whole.exists() || (plan.repository.is_some() && plan.repository == here.repository)
        }
        _ => true,
    };
    if moved && related(snapshot, loaded) {
        return Ok(());
    }
    let plan = shown(&loaded.place.path());
    let whose = match &whole {
        Some(whole) => format!("is of the plan {}", shown(whole).display()),
        None => {
            "was made by another plan of this name, as it seems: the plan has less than half of what it holds"
                .to_owned()
        }
    };
    let message = format!("the ledger in {} {whose}, not of {}", dir.display(), plan.display());
    Err(one(Diagnostic::error("M4114", Class::Ledger, message).help(
        "name another ledger with --ledger DIR, or give this plan a name or an environment of its own; if it has taken \
         the other's place, say so with `migrate ledger moved`",
    )))
}

/// Whether at least half of what a ledger holds is in the plan.
fn related(snapshot: &Snapshot, loaded: &Loaded) -> bool {
    let held: BTreeSet<_> = snapshot.objects().map(|(address, _)| address).collect();
    let shared = held.iter().filter(|address| loaded.declares(address.stack(), address.logical_id())).count();
    shared * 2 >= held.len()
}

fn name(loaded: &Loaded) -> String {
    format!("{}-{}", loaded.migration, loaded.environment)
}

/// A path as messages show it: from the current folder, if it lies below.
#[must_use]
pub fn shown(path: &Path) -> PathBuf {
    let here = absolute(Path::new("."));
    match path.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => path.to_owned(),
    }
}

/// The whole path, links resolved as far as it exists.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in whole.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = whole.strip_prefix(ancestor).unwrap_or(Path::new(""));
            return plain(&real.join(rest));
        }
    }
    plain(&whole)
}

/// Without `.` and `..`, as far as names tell.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The way from one absolute folder to a path; empty if it is the folder.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let down = to[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The ledgers in a folder, in the order of their names.
#[must_use]
pub fn ledgers(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut dirs: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|dir| DirStore::exists(dir)).collect();
    dirs.sort();
    dirs
}

/// Takes the ledgers of a sandbox's rehearsals away, as the account they describe is gone. Returns how many.
///
/// # Errors
/// Whatever the file system says.
pub fn discard(sandbox_dir: &Path) -> io::Result<usize> {
    let ledgers = ledgers(sandbox_dir);
    let entries = std::fs::read_dir(sandbox_dir).into_iter().flatten();
    let reserved =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|dir| DirStore::reserved(dir).is_some());
    for dir in &reserved.collect::<Vec<_>>() {
        files::remove_dir(dir)?;
    }
    for dir in &ledgers {
        files::remove_dir(dir)?;
    }
    Ok(ledgers.len())
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;
