//! `migrate plan`: shows what `up` would do; changes nothing.

use std::path::Path;

use super::{
    Verdict,
    args::{Global, PlanArgs, PlanCommand},
    exit::Code,
    ledgers, locate,
    operate::guard,
    prepare, refresh, runs,
    session::one,
    up,
};
use crate::{
    engine::refresh_entries,
    error::{Class, Diagnostic},
    ledger::{Ledger, Snapshot, store},
    planner::{self, ChangeSet, Wait, Wishes},
    ui::Printer,
};

/// Runs the verb.
pub fn run(global: &Global, args: &PlanCommand, printer: &mut Printer) -> Verdict {
    let wishes = Wishes { refresh: args.refresh, replace: args.replace.clone(), wait: args.wait.into() };
    let wait = wishes.wait;
    let set = compute(global, &args.plan, None, wishes, printer)?;
    let mut next = global.typed.other("up");
    if args.refresh {
        next = next.with("--refresh");
    }
    for address in &args.replace {
        next = next.and_value("--replace", address.as_str());
    }
    if args.out.is_none() && wait != Wait::default() {
        next = next.and_value("--wait", wait.as_str());
    }
    let next = match &args.out {
        Some(file) => {
            save(&set, file)?;
            next.with_value("--change-set", file).to_string()
        }
        None => next.to_string(),
    };
    printer.plan(&set, Some(&next));
    let code = up::preview_code(&set, args.detailed_exitcode);
    give_back(set);
    Ok(code)
}

/// `up --dry-run`.
pub(super) fn preview(
    global: &Global,
    args: &PlanArgs,
    saved: Option<&Path>,
    wishes: Wishes,
    printer: &mut Printer,
) -> Verdict {
    let set = compute(global, args, saved, wishes, printer)?;
    printer.plan(&set, None);
    Ok(Code::Success)
}

fn compute(
    global: &Global,
    args: &PlanArgs,
    saved: Option<&Path>,
    wishes: Wishes,
    printer: &mut Printer,
) -> Result<ChangeSet, Vec<Diagnostic>> {
    let mut loaded = prepare::load(global, args)?;
    let session = prepare::open(global, &loaded)?;
    prepare::header(global, &loaded, &session, printer);
    let saved = saved.map(up::read_change_set).transpose()?;
    let prepared = prepare::online(global, args, &mut loaded, &session, saved.as_ref(), printer)?;
    let graph = &prepared.graph;
    let dir = locate::find(global, &loaded, printer)?;
    let mut snapshot =
        Ledger::peek(&dir).map_err(|error| ledgers::ledger_error(&error, &dir))?.unwrap_or_else(|| {
            // What is generated from it, names above all, is the same in the next plan and in the run.
            Snapshot::new(match &saved {
                Some(set) => set.target.lineage.clone(),
                None => store::DirStore::reserve(&dir, session.lineage()),
            })
        });
    if let Some(holder) = store::DirStore::holder(&dir)
        && !printer.is_json()
    {
        printer.advise(&format!(
            "Note: the ledger is in use by {holder}; what is planned now is out of date when it ends."
        ));
    }
    let region = graph.main_region();
    ledgers::check_binding(&snapshot, &session, Some((&loaded, &region)), &dir)?;
    ledgers::tell_other_key(graph, &snapshot, printer);
    let wishes = match &saved {
        Some(set) => {
            up::still_true(set, &snapshot, &session, &planner::digest(graph))?;
            set.wishes.clone()
        }
        None => wishes,
    };
    if wishes.refresh {
        let seen = refresh::look(&session, &snapshot);
        let refresh_entries = refresh_entries(&snapshot, &seen);
        snapshot.learn(refresh_entries).map_err(|error| ledgers::ledger_error(&error, &dir))?;
    }
    let mut set = prepare::change_set(&prepared, &snapshot, &session, &wishes)?;
    if let Some(saved) = &saved {
        up::as_planned(saved, &set)?;
    }
    runs::protect(&session, &snapshot, &mut set);
    if let Some(text) = guard::remark(&snapshot).filter(|_| !printer.is_json()) {
        printer.advise(&text);
    }
    session.close()?;
    give_back(prepared);
    Ok(set)
}

/// Gives a large plan's memory back beside what is done next: object by object that takes its time. What is left when the
/// process ends, the system takes.
fn give_back(value: impl Send + 'static) {
    // Where no thread can be had, the closure is dropped here and now.
    drop(std::thread::Builder::new().spawn(move || drop(value)));
}

fn save(set: &ChangeSet, file: &Path) -> Result<(), Vec<Diagnostic>> {
    let wrong = |why: String| {
        one(Diagnostic::error("M0004", Class::Usage, format!("cannot write {}: {why}", file.display())))
    };
    let mut text = serde_json::to_vec_pretty(set).map_err(|e| wrong(e.to_string()))?;
    text.push(b'\n');
    store::write_file(file, &text).map_err(|e| wrong(e.to_string()))
}
