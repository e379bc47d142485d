//! `migrate ledger`: looks into the ledger, checks it, and settles by hand what could not be determined.

use serde_json::json;

use super::{
    Verdict,
    args::{Global, LedgerArgs, LedgerCommand, LedgerVerb, MovedCommand, ResolveCommand, VerifyCommand},
    confirm,
    exit::Code,
    ledgers, locate, prepare, rebuild, runs,
    session::{Session, one, who},
    status::meaning,
};
use crate::{
    engine::{self, Evidence},
    error::{Class, Diagnostic},
    ledger::{Binding, Entry, Ledger, Open, Resolution, RunRecord, Snapshot, audit, store::DirStore},
    model::Attributes,
    resources::registry,
    runs::{begin, bind, end, record},
    ui::{Printer, fit, wrap_whole},
};

/// Runs the verb.
pub fn run(global: &Global, args: &LedgerCommand, printer: &mut Printer) -> Verdict {
    match &args.verb {
        LedgerVerb::Show(which) => show(global, which, printer),
        LedgerVerb::History(which) => history(global, which, printer),
        LedgerVerb::Verify(args) => verify(global, args, printer),
        LedgerVerb::Resolve(args) => resolve(global, args, printer),
        LedgerVerb::Rebuild(args) => rebuild::run(global, args, printer),
        LedgerVerb::Moved(args) => moved(global, args, printer),
    }
}

/// Ties a ledger to where its plan's files are now. Makes no call.
fn moved(global: &Global, args: &MovedCommand, printer: &mut Printer) -> Verdict {
    let loaded = prepare::load_named(global, &args.plan, args.environment.as_deref())?;
    let dir = locate::find(global, &loaded, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let binding = snapshot.binding.unwrap_or_default();
    if binding.migration != loaded.migration || binding.environment != loaded.environment {
        return Err(one(ledgers::other_migration(&binding, &loaded, &dir)));
    }
    let plan = locate::shown(&loaded.place.path());
    if !args.yes {
        let question =
            format!("The ledger in {} is of {} from now on? Type yes: ", dir.display(), plan.display());
        confirm::ask(printer, &question, "yes", &confirm::unasked(global))?;
    }
    let mut ledger = runs::open_alone(&dir, "ledger moved")?;
    let failed = |error| ledgers::ledger_error(&error, &dir);
    let run = begin(&mut ledger, "moved", 0, &who()).map_err(failed)?;
    let now = Binding { plan: Some(locate::source(&dir, &loaded.place)), ..binding };
    bind(&mut ledger, now).map_err(failed)?;
    end(&mut ledger, run).map_err(failed)?;
    printer.out(&format!("the ledger in {} is of {} now\n", dir.display(), plan.display()));
    Ok(Code::Success)
}

/// The ledger is JSON; so is its picture.
fn show(global: &Global, which: &LedgerArgs, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let json = serde_json::to_value(&snapshot).map_err(|e| {
        one(Diagnostic::error("M9002", Class::Internal, format!("cannot show the ledger: {e}")))
    })?;
    printer.json(&json);
    Ok(Code::Success)
}

fn history(global: &Global, which: &LedgerArgs, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let holder = DirStore::holder(&dir);
    if printer.is_json() {
        printer.json(&json!({"format": 1, "runs": snapshot.history, "held_by": holder}));
        return Ok(Code::Success);
    }
    let width = printer.table_width();
    let mut text = String::new();
    for run in &snapshot.history {
        text.push_str(&fit(&head(run, &snapshot, holder.as_deref()), width));
        text.push('\n');
        for change in &run.changes {
            let id = change.physical_id.as_ref().map(|id| format!("  {id}")).unwrap_or_default();
            text.push_str(&fit(&format!("    {:<11} {}{id}", change.what, change.address), width));
            text.push('\n');
        }
        for failure in &run.failures {
            // Why something failed is never cut.
            let id = failure.error.request_id.as_deref().map(|id| format!(" (AWS request id {id})"));
            let told = format!("{}: {}{}", failure.address, failure.error, id.unwrap_or_default());
            let lines = wrap_whole(&told, printer.width().saturating_sub(16));
            for (at, line) in lines.iter().enumerate() {
                text.push_str(&format!("    {:<11} {line}\n", if at == 0 { "failed" } else { "" }));
            }
        }
    }
    if text.is_empty() {
        text.push_str("nothing was ever run\n");
    }
    printer.out(&text);
    Ok(Code::Success)
}

/// A run in one line. That it has no end means that it runs where somebody holds the ledger, else that it was interrupted.
fn head(run: &RunRecord, snapshot: &Snapshot, holder: Option<&str>) -> String {
    let end = match (&run.outcome, &run.finished, holder) {
        (Some(outcome), Some(at), _) => format!("{outcome} at {at}"),
        (_, _, Some(holder)) if snapshot.running.as_ref() == Some(&run.run) => {
            format!("running now: {holder}")
        }
        _ => "interrupted".into(),
    };
    format!("{}  {} by {}, {end} ({})", run.started, run.operation, run.by, run.run)
}

fn verify(global: &Global, args: &VerifyCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    if args.accept_edits {
        let ledger = runs::open_edited(&dir)?;
        let snapshot = ledger.snapshot();
        printer.out(&format!(
            "{} is sealed again as it stands: serial {}, {} resources\n",
            dir.display(),
            snapshot.seq,
            snapshot.objects().count()
        ));
        return Ok(Code::Success);
    }
    let snapshot = ledgers::existing(global, &dir)?;
    let findings = audit(&snapshot, &|kind| registry::find(kind).is_some());
    let torn = Ledger::torn(&dir).map_err(|error| ledgers::ledger_error(&error, &dir))?;
    if printer.is_json() {
        printer.json(&json!({
            "format": 1, "serial": snapshot.seq, "lineage": snapshot.lineage,
            "resources": snapshot.objects().count(), "open_intents": snapshot.open.len(),
            "interrupted_run": snapshot.running, "torn_bytes": torn, "findings": findings,
        }));
    } else {
        let mut text = format!(
            "{}: every entry is readable, in sequence, and matches its checksum (serial {}, {} resources)\n",
            dir.display(),
            snapshot.seq,
            snapshot.objects().count()
        );
        if torn > 0 {
            text.push_str(&format!(
                "the last {torn} bytes of the journal are an unfinished line; no call was made on its behalf, and \
                 the next run drops it\n"
            ));
        }
        if !snapshot.open.is_empty() {
            text.push_str(&format!(
                "{} open intents: the next run settles them (`migrate status` shows them)\n",
                snapshot.open.len()
            ));
        }
        for finding in &findings {
            text.push_str(&format!("! {finding}\n"));
        }
        text.lines().for_each(|line| printer.paragraph(line));
    }
    Ok(if findings.is_empty() { Code::Success } else { Code::Ledger })
}

fn resolve(global: &Global, args: &ResolveCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let open = chosen(&snapshot, args)?;
    let region = snapshot.binding.as_ref().map(|b| b.region.clone());
    ledgers::of_this_realm(global, &snapshot, &dir)?;
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    ledgers::check_binding(&snapshot, &session, None, &dir)?;
    let mut ledger = runs::open(&session, &dir, "ledger resolve", || session.lineage())?;
    let evidence = session.block_on(engine::evidence(&session.cloud, &session.clock, &snapshot, open));
    if printer.is_json() {
        printer.json(&json!({"format": 1, "intent": open, "evidence": evidence}));
    } else {
        describe(open, &evidence, args.exists.is_some() || args.absent)
            .lines()
            .for_each(|line| printer.paragraph(line));
    }
    let by = match (&args.exists, args.absent) {
        (Some(id), _) => Resolution::Claimed(id.clone()),
        (None, true) => Resolution::Operator(format!("absent, says {}", session.who())),
        (None, false) => return Ok(Code::Success),
    };
    if !args.yes {
        let question = format!("Record that for {}? Type yes: ", open.address);
        confirm::ask(printer, &question, "yes", &confirm::unasked(global))?;
    }
    let entry = Entry::Resolved { op: open.op, by, attributes: Attributes::new(), shared: open.shared };
    record(&mut ledger, "resolve", &session.who(), vec![entry])
        .map_err(|error| ledgers::ledger_error(&error, &dir))?;
    drop(ledger);
    session.close()?;
    printer.advise("Recorded. Resume with `migrate up` or `migrate destroy`.");
    Ok(Code::Success)
}

/// The open intent that is meant.
fn chosen<'s>(snapshot: &'s Snapshot, args: &ResolveCommand) -> Result<&'s Open, Vec<Diagnostic>> {
    let of: Vec<&Open> = snapshot.open.values().filter(|open| open.address == args.address).collect();
    match of.as_slice() {
        [open] => Ok(open),
        [] => {
            let all: Vec<String> = snapshot.open.values().map(|open| open.address.to_string()).collect();
            let help = if all.is_empty() {
                "the ledger has no open intents; nothing is unresolved".to_owned()
            } else {
                format!("open intents: {}", all.join(", "))
            };
            let message = format!("there is no open intent for {}", args.address);
            Err(one(Diagnostic::error("M0008", Class::Usage, message).help(help)))
        }
        // Several objects of one address (a replacement): the latest is in doubt, older ones follow.
        [.., last] => Ok(last),
    }
}

fn describe(open: &Open, evidence: &Evidence, decided: bool) -> String {
    let mut lines = vec![
        format!("intent {}: {:?} of {}, since {}", open.op, open.verb, open.address, open.at),
        format!("  {}", meaning(open.verb)),
        format!("  client token {}", open.token),
    ];
    if let Some(declared) = &open.declared {
        lines.push(format!("  {} in {}", declared.kind, declared.region));
    }
    if let Some(doubt) = &open.doubt {
        lines.push(format!("  an earlier run could not determine: {doubt}"));
    }
    lines.push("evidence now:".into());
    lines.push(match evidence {
        Evidence::Ours { id } => {
            format!("  {id} carries this resource's ownership tags: the next run adopts it")
        }
        Evidence::Untaggable { id } => {
            format!("  {id} exists; its type carries no tags, so its name decides: the next run adopts it")
        }
        Evidence::Foreign { id } => {
            format!("  {id} has that name but not our ownership tags: the next run leaves it alone")
        }
        Evidence::Nothing => "  nothing is there under its name or its ownership tags".into(),
        Evidence::Repeatable => "  the call is idempotent; the next run simply makes it again".into(),
        Evidence::Unknown { error } => format!("  AWS gave no answer: {error}"),
    });
    if !decided {
        lines.push(format!(
            "to resolve it by hand: `migrate ledger resolve {0} --absent`, or `migrate ledger resolve {0} --exists PHYSICAL_ID`",
            open.address
        ));
    }
    lines.join("\n")
}
