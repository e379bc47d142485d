//! `migrate up`: shows the change set, asks, runs it.

use std::path::Path;

use super::{
    Verdict,
    args::{Global, UpCommand},
    confirm,
    exit::Code,
    ledgers, locate,
    operate::guard,
    plan, prepare, rebuild, runs,
    session::{Session, one},
    sign_in,
    terminal::Terminal,
};
use crate::{
    engine::Stop,
    error::{Class, Diagnostic},
    files,
    ledger::{Snapshot, store::DirStore},
    planner::{self, ChangeSet, Wishes},
    runs::Task,
    ui::Printer,
};

/// Runs the verb.
pub fn run(global: &Global, args: &UpCommand, printer: &mut Printer) -> Verdict {
    if args.dry_run {
        return plan::preview(global, &args.plan, args.change_set.as_deref(), wishes(args), printer);
    }
    printer.count_findings();
    let mut loaded = prepare::load(global, &args.plan)?;
    let session = prepare::open(global, &loaded)?;
    prepare::header(global, &loaded, &session, printer);
    let saved = args.change_set.as_deref().map(read_change_set).transpose()?;
    let prepared = prepare::online(global, &args.plan, &mut loaded, &session, saved.as_ref(), printer)?;
    let graph = &prepared.graph;
    let dir = locate::find(global, &loaded, printer)?;
    rebuild::nothing_lost(&session, &prepared, &dir)?;
    if let Some(set) = &saved {
        rebuild::own_lineage(&session, &prepared, &dir, &set.target.lineage)?;
    }
    let ledger = runs::open(&session, &dir, "up", || match &saved {
        // A change set saved before the first run carries the lineage its names were made with.
        Some(set) => set.target.lineage.clone(),
        None => DirStore::reserved(&dir).unwrap_or_else(|| session.lineage()),
    })?;
    ledgers::tell_other_key(graph, ledger.snapshot(), printer);
    let region = graph.main_region();
    // A run that was stopped has changed the ledger: a saved change set is not true of it any more.
    let again = global.typed.again().without("change_set").to_string();
    let wishes = match &saved {
        Some(set) => set.wishes.clone(),
        None => wishes(args),
    };
    let current =
        |set: &ChangeSet, snapshot: &Snapshot| still_true(set, snapshot, &session, &planner::digest(graph));
    let task = Task {
        admit: &|snapshot| {
            ledgers::check_binding(snapshot, &session, Some((&loaded, &region)), &dir)?;
            // A refresh moves the ledger's serial: what was saved is compared with the ledger as it is before.
            saved.as_ref().filter(|set| set.wishes.refresh).map_or(Ok(()), |set| current(set, snapshot))
        },
        binding: Some(ledgers::binding(graph, &session, locate::source(&dir, &loaded.place))),
        refresh: wishes.refresh,
        plan: &|snapshot| {
            if let Some(set) = saved.as_ref().filter(|set| !set.wishes.refresh) {
                current(set, snapshot)?;
            }
            let set = prepare::change_set(&prepared, snapshot, &session, &wishes)?;
            saved.as_ref().map_or(Ok(()), |saved| as_planned(saved, &set))?;
            Ok(set)
        },
        stacks: graph.stacks.iter().map(|stack| (stack.name.clone(), stack.protected)).collect(),
        lookups: Some(prepared.found.clone()),
        secrets: graph.secrets.clone(),
        rolls_back: args.rollback_on_failure,
        fail_fast: args.fail_fast,
    };
    let terminal = Terminal {
        printer,
        sandbox: session.is_sandbox(),
        again: again.clone(),
        stop: Stop::default(),
        ask: &|printer, set, snapshot| {
            if let Some(text) = guard::remark(snapshot).filter(|_| !printer.is_json()) {
                printer.advise(&text);
            }
            guard::deploy(set, snapshot)?;
            confirm::known(set, snapshot, &args.allow_data_loss)?;
            confirm::unprotected(set)?;
            confirm::data_loss(printer, &confirm::unpermitted(set, &args.allow_data_loss), args.yes)?;
            if args.yes {
                return Ok(());
            }
            confirm::ask(
                printer,
                &format!(
                    "Apply these changes{}? Type yes: ",
                    sign_in::whereto(&session, &region, &graph.environment)
                ),
                "yes",
                &format!("review with `migrate plan`, then run `{}`", global.typed.again().with("--yes")),
            )
        },
    };
    session.wait_for_keys(args.auth_wait);
    let ended = runs::conduct(&session, &dir, ledger, task, terminal)?;
    printer.warnings(&sign_in::ran_out(&ended, &session, &again));
    session.close()?;
    runs::verdict(ended, &dir, &again)
}

fn wishes(args: &UpCommand) -> Wishes {
    Wishes { refresh: args.refresh, replace: args.replace.clone(), wait: args.wait.into() }
}

/// Largest change set that is read, in bytes.
const MAX_CHANGE_SET: u64 = 256 << 20;

/// Reads a change set that `plan --out` wrote.
///
/// # Errors
/// Unreadable, or of another format.
pub fn read_change_set(path: &Path) -> Result<ChangeSet, Vec<Diagnostic>> {
    let wrong = |why: String| {
        one(Diagnostic::error(
            "M5101",
            Class::Refused,
            format!("cannot use the change set {}: {why}", path.display()),
        )
        .help("make a new one with `migrate plan --out FILE`"))
    };
    let bytes = files::read_input(path, MAX_CHANGE_SET).map_err(|e| wrong(e.to_string()))?;
    let set: ChangeSet = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    if set.format != planner::FORMAT {
        return Err(wrong(format!("it has format {}, this program knows {}", set.format, planner::FORMAT)));
    }
    Ok(set)
}

/// Refuses a saved change set if plan, ledger or account changed since.
///
/// # Errors
/// What changed.
pub fn still_true(
    set: &ChangeSet,
    snapshot: &Snapshot,
    session: &Session,
    digest: &str,
) -> Result<(), Vec<Diagnostic>> {
    let target = &set.target;
    let mut changed = Vec::new();
    if target.graph_digest != digest {
        changed.push("the plan (templates, parameters or environment)".to_owned());
    }
    if target.lineage != snapshot.lineage {
        changed.push("the ledger (it is another one)".to_owned());
    } else if target.serial != snapshot.seq {
        changed.push(format!("the ledger (serial {} then, {} now)", target.serial, snapshot.seq));
    }
    if target.account != session.cloud.account {
        changed.push(format!("the account ({} then, {} now)", target.account, session.cloud.account));
    }
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!("the saved change set is no longer true: {} changed since", changed.join(", "));
    Err(one(Diagnostic::error("M5102", Class::Refused, message)
        .help("review again with `migrate plan --out FILE`")))
}

/// Refuses a saved change set that differs from what planning it again gives. The file is only a reviewed intention:
/// whoever can write it could otherwise add a deletion, or take the word of lost data off a step.
///
/// # Errors
/// What differs.
pub fn as_planned(saved: &ChangeSet, now: &ChangeSet) -> Result<(), Vec<Diagnostic>> {
    let Some(what) = saved.differs(now) else { return Ok(()) };
    let message = format!("the change set is not what planning it again gives: {what} differs");
    Err(one(Diagnostic::error("M5103", Class::Refused, message)
        .help("it was edited, or made by another version; review again with `migrate plan --out FILE`")))
}

/// The code of a review that found nothing or something.
pub(super) fn preview_code(set: &ChangeSet, detailed: bool) -> Code {
    if detailed && !set.is_empty() { Code::Changes } else { Code::Success }
}
