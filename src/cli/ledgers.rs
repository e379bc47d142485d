//! Ledgers, from the side of commands: which one is meant, whether it fits, and what to do where it does not.

use std::path::{Path, PathBuf};

use super::{
    args::{Global, LedgerArgs},
    locate,
    prepare::load_named,
    session::{Session, one},
};
use crate::{
    error::{Class, Diagnostic},
    files,
    graph::Graph,
    ledger::{Binding, Ledger, LedgerError, Snapshot, Source, store::DirStore},
    model::secret,
    template::{self, Loaded},
    ui::Printer,
};

/// The ledger's folder for commands that do not need the plan's resources: named by `--ledger`, else looked up through
/// the plan's name. Only where nothing names a plan (no argument, no environment, no plan in the current folder) it
/// is the only ledger below `.migrate`: a misspelt or broken plan must never stand for another one. Where there is
/// none for AWS yet, it is that of the rehearsals, with a note: whoever calls AWS with it is refused.
///
/// # Errors
/// When it is not clear which ledger is meant, or it is another plan's.
pub fn find_ledger(
    global: &Global,
    which: &LedgerArgs,
    printer: &mut Printer,
) -> Result<PathBuf, Vec<Diagnostic>> {
    if let (Some(dir), None) = (&global.ledger, &which.plan) {
        return Ok(dir.clone());
    }
    let mut problems = match load_named(global, which.plan(), which.environment.as_deref()) {
        Ok(loaded) => return of_plan(global, &loaded, printer),
        // The plan's files are not needed where the ledger itself is named.
        Err(problems) => match &global.ledger {
            Some(dir) => return Ok(dir.clone()),
            None => problems,
        },
    };
    let state = if global.sandbox { global.sandbox_dir.as_path() } else { Path::new(locate::STATE) };
    let mut ledgers = locate::ledgers(state);
    let unnamed = which.plan.is_none() && which.environment.is_none() && !template::is_plan(Path::new("."));
    if unnamed && ledgers.is_empty() && !global.sandbox {
        ledgers = locate::ledgers(&global.sandbox_dir);
        if let [dir] = ledgers.as_slice() {
            rehearsal_note(dir, printer);
        }
    }
    if unnamed && ledgers.len() == 1 {
        return Ok(ledgers.remove(0));
    }
    if !ledgers.is_empty() {
        let names: Vec<String> = ledgers.iter().map(|dir| format!("--ledger {}", dir.display())).collect();
        let message = "the plan cannot be read, so its ledger is not known";
        problems.push(Diagnostic::error("M4120", Class::Plan, message).help(format!(
            "correct the plan's name or its files; or name the ledger itself: {}",
            names.join(", ")
        )));
    }
    Err(problems)
}

fn of_plan(global: &Global, loaded: &Loaded, printer: &mut Printer) -> Result<PathBuf, Vec<Diagnostic>> {
    let mut dir = locate::find(global, loaded, printer)?;
    if global.ledger.is_none() && !global.sandbox && !DirStore::exists(&dir) {
        let rehearsal = locate::rehearsal(global, loaded);
        if DirStore::exists(&rehearsal) {
            rehearsal_note(&rehearsal, printer);
            dir = rehearsal;
        }
    }
    // One that cannot be read is told about by whoever reads it.
    if let Ok(Some(snapshot)) = Ledger::peek(&dir) {
        note_realm(global, &snapshot);
        locate::check(&snapshot, loaded, &dir)?;
    }
    Ok(dir)
}

/// Commands that are printed name the sandbox where the ledger is a rehearsal's, as not every command finds it without.
fn note_realm(global: &Global, snapshot: &Snapshot) {
    if snapshot.binding.as_ref().is_some_and(|binding| binding.realm == "sandbox") {
        global.typed.rehearses();
    }
}

fn rehearsal_note(dir: &Path, printer: &mut Printer) {
    printer.advise(&format!(
        "Note: there is no ledger for AWS yet; this is the sandbox's, in {} (as with --sandbox).",
        dir.display()
    ));
}

/// A ledger's failure as a diagnostic.
pub fn ledger_error(error: &LedgerError, dir: &Path) -> Vec<Diagnostic> {
    let (code, class, help) = match error {
        LedgerError::Locked { .. } => {
            ("M4101", Class::Locked, "wait for it to end; a lock never outlives its process".to_owned())
        }
        LedgerError::Io { source, .. } => ("M4102", Class::Ledger, remedy(source, dir)),
        LedgerError::Edited { .. } => (
            "M4107",
            Class::Ledger,
            "restore it from a backup; or, if the change was meant, accept it with \
             `migrate ledger verify --accept-edits`"
                .to_owned(),
        ),
        LedgerError::Damaged { .. } => (
            "M4103",
            Class::Ledger,
            format!("restore {} from a backup; its lines are JSON and can be read", dir.display()),
        ),
        LedgerError::Format { .. } | LedgerError::UnknownEntry { .. } => {
            ("M4104", Class::Ledger, "use the newer migrate that wrote it".to_owned())
        }
    };
    one(Diagnostic::error(code, class, error.to_string()).help(help))
}

/// What mends a file operation that failed.
fn remedy(source: &std::io::Error, dir: &Path) -> String {
    use std::io::ErrorKind::{
        FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    if let Some(refused) = files::refusal(source) {
        return files::advice(refused);
    }
    let dir = dir.display();
    match source.kind() {
        StorageFull => format!("free space on the file system of {dir}"),
        QuotaExceeded => format!("free space, or raise your quota on the file system of {dir}"),
        FileTooLarge => "raise the limit on the size of files (`ulimit -f unlimited`)".to_owned(),
        ReadOnlyFilesystem => {
            format!("make the file system of {dir} writable, or name another folder with --ledger DIR")
        }
        PermissionDenied => {
            format!(
                "make {dir} and its files writable for this user, or name another folder with --ledger DIR"
            )
        }
        _ => format!("look after the disk and the permissions of {dir}"),
    }
}

/// A ledger's failure in mid run, when calls were made already.
pub fn ledger_broke(error: &LedgerError, dir: &Path, again: &str) -> Vec<Diagnostic> {
    let LedgerError::Io { source, .. } = error else { return ledger_error(error, dir) };
    let message = format!("the run ended early, as its ledger could not be written: {error}");
    let help = format!(
        "nothing was called after that. What was done before is in the ledger, and the next run finds what the \
         last calls did. {}; then resume with `{again}`",
        capitalised(&remedy(source, dir))
    );
    one(Diagnostic::error("M4108", Class::Failed, message).help(help))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Reads a ledger that must exist.
///
/// # Errors
/// None there, unreadable, damaged.
pub fn existing(global: &Global, dir: &Path) -> Result<Snapshot, Vec<Diagnostic>> {
    let snapshot = Ledger::peek(dir).map_err(|e| ledger_error(&e, dir))?.ok_or_else(|| {
        one(Diagnostic::error("M4105", Class::Ledger, format!("there is no ledger in {}", dir.display()))
            .help("name it with --ledger DIR, or run `migrate up` first"))
    })?;
    note_realm(global, &snapshot);
    Ok(snapshot)
}

/// Refuses a rehearsal's ledger without --sandbox before anybody is asked for credentials of AWS.
///
/// # Errors
/// It is a rehearsal's; the help is the command with --sandbox.
pub fn of_this_realm(global: &Global, snapshot: &Snapshot, dir: &Path) -> Result<(), Vec<Diagnostic>> {
    let rehearsed = snapshot.binding.as_ref().is_some_and(|binding| binding.realm == "sandbox");
    if !rehearsed || global.sandbox {
        return Ok(());
    }
    let message = format!("the ledger in {} belongs to the sandbox, not to AWS", dir.display());
    let again = global.typed.again().with("--sandbox");
    Err(one(
        Diagnostic::error("M6101", Class::Access, message).help(format!("it is a rehearsal's: `{again}`"))
    ))
}

/// Refuses a ledger of another migration, account, region or realm.
///
/// # Errors
/// What does not fit.
pub fn check_binding(
    snapshot: &Snapshot,
    session: &Session,
    plan: Option<(&Loaded, &str)>,
    dir: &Path,
) -> Result<(), Vec<Diagnostic>> {
    let Some(binding) = &snapshot.binding else { return Ok(()) };
    let realm = session.cloud.realm.as_str();
    let mut wrong = Vec::new();
    if binding.realm != realm {
        let (there, here) = (realm_words(&binding.realm), realm_words(realm));
        let help = if realm == "sandbox" { "leave --sandbox out" } else { "add --sandbox" };
        wrong.push(
            Diagnostic::error(
                "M6101",
                Class::Access,
                format!("the ledger in {} belongs to {there}, not to {here}", dir.display()),
            )
            .help(format!("{help}, or choose another ledger with --ledger DIR")),
        );
    } else if binding.account != session.cloud.account {
        wrong.push(
            Diagnostic::error(
                "M6102",
                Class::Access,
                format!(
                    "the ledger belongs to account {}, but the credentials are for {}",
                    binding.account, session.cloud.account
                ),
            )
            .help("use the other account's profile (--profile NAME), or another ledger (--ledger DIR)"),
        );
    }
    if let Some((loaded, region)) = plan {
        let Loaded { migration, environment, .. } = loaded;
        if binding.migration != *migration || binding.environment != *environment {
            wrong.push(other_migration(binding, loaded, dir));
        } else if binding.region != region {
            wrong.push(
                Diagnostic::error(
                    "M6103",
                    Class::Access,
                    format!("the ledger belongs to region {}, the plan is for {region}", binding.region),
                )
                .help("a migration does not move; destroy it first, or use another environment or ledger"),
            );
        } else if let Err(problems) = locate::check(snapshot, loaded, dir) {
            wrong.extend(problems);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The ledger's migration or environment is not the plan's.
pub fn other_migration(binding: &Binding, loaded: &Loaded, dir: &Path) -> Diagnostic {
    let Loaded { migration, environment, .. } = loaded;
    let message = format!(
        "the ledger in {} is of {} ({}), the plan is {migration} ({environment})",
        dir.display(),
        binding.migration,
        binding.environment
    );
    Diagnostic::error("M4106", Class::Ledger, message).help("name the right ledger with --ledger DIR")
}

fn realm_words(realm: &str) -> &'static str {
    if realm == "sandbox" { "the sandbox" } else { "AWS" }
}

/// The binding a first run writes.
#[must_use]
pub fn binding(graph: &Graph, session: &Session, plan: Source) -> Binding {
    Binding {
        migration: graph.migration.clone(),
        environment: graph.environment.clone(),
        account: session.cloud.account.clone(),
        region: graph.main_region(),
        realm: session.cloud.realm.as_str().into(),
        plan: Some(plan),
    }
}

/// Says so where the ledger's digests of secrets are by another key than this user's.
pub fn tell_other_key(graph: &Graph, snapshot: &Snapshot, printer: &mut Printer) {
    let Some(mark) = graph.secrets.0.keys().find_map(|reference| secret::mark_of(reference)) else { return };
    let count = snapshot
        .objects()
        .filter(|(_, object)| secret::by_another_key(&object.declared.properties, mark))
        .count();
    if count > 0 {
        printer.advise(&format!(
            "Note: for {count} resources the ledger has digests of secrets by another key (of another machine, user or \
             version). Whether these secrets have changed cannot be told: what can be set again is set again, and nothing \
             is replaced for it. See `migrate explain M4130`."
        ));
    }
}
