//! `migrate cutover`: the way from the source to the target, and back as long as the target has taken no write.

use std::path::Path;

use serde_json::json;

use super::{
    CutoverCommand,
    desk::{self, Desk, End},
    report, reviewed, rollback,
};
use crate::{
    cli::{Verdict, args::Global, confirm, exit::Code, session::Session, typed::quoted},
    clock::rfc3339,
    engine::{
        EventKind,
        operate::{Halt, Reader},
    },
    error::{Class, Diagnostic},
    ledger::{ABORTING, CUTOVER, Entry, Facts, Happened, Operations, Phase},
    operations::{
        calls,
        discover::Resolved,
        drive::{Driver, Failure},
        gates, measure, steering, steps,
    },
    ui::Printer,
};

/// Runs the verb.
pub fn run(global: &Global, args: &CutoverCommand, printer: &mut Printer) -> Verdict {
    if let Some(file) = &args.out {
        return save(global, args, file, printer);
    }
    if args.act.dry_run {
        let planned =
            desk::reading(global, &args.act.which, printer, async |reader, resolved, snapshot, _| {
                let facts = reader.facts(&calls::watched(resolved)).await?;
                let known = &snapshot.operations;
                let baseline =
                    known.baseline.clone().filter(|_| known.interrupted()).unwrap_or_else(|| facts.clone());
                let comment = format!("migrate {}", resolved.migration);
                Ok(if args.abort {
                    steps::abort(resolved, steps::Undo::of(known, &comment), &facts, &baseline)
                } else {
                    steps::cutover(resolved, known.phase(), &facts, &baseline, &comment)
                })
            })?;
        return Ok(desk::preview(printer, &planned));
    }
    desk::acting(global, &args.act, "cutover", printer, async |desk, driver| {
        cutover(desk, driver, args).await
    })
}

/// Saves what would be done, and shows it.
fn save(global: &Global, args: &CutoverCommand, file: &Path, printer: &mut Printer) -> Verdict {
    let made = desk::reading(global, &args.act.which, printer, async |reader, resolved, snapshot, _| {
        let facts = reader.facts(&calls::watched(resolved)).await?;
        let known = &snapshot.operations;
        let settings = settings(reader, resolved, known).await?;
        let binding = snapshot.binding.clone().unwrap_or_default();
        Ok(reviewed::document(resolved, known, &binding, &facts, &settings))
    });
    let (document, planned) = made?;
    reviewed::save(file, &document)?;
    let code = desk::preview(printer, &planned);
    let digest = document["digest"].as_str().unwrap_or_default();
    if !printer.is_json() {
        printer.advise(&format!(
            "Saved in {} with the digest {digest}. Somebody else approves it with `migrate approve --of {quoted}`; `migrate \
             cutover --change-set {quoted}` carries it out, if it is still what would be done.",
            file.display(),
            quoted = quoted(&file.to_string_lossy()),
        ));
    }
    Ok(code)
}

/// The forward tasks' settings, as DMS has them.
async fn settings(
    reader: &Reader<'_>,
    resolved: &Resolved,
    known: &Operations,
) -> Result<Vec<serde_json::Value>, crate::aws::OpError> {
    let wanted = measure::Wanted { writers: &[], ..measure::Wanted::forward(resolved, &["errors-visible"]) };
    Ok(measure::measure(reader, resolved, known, wanted).await?.settings)
}

async fn cutover(desk: &Desk<'_, '_>, driver: &Driver<'_>, args: &CutoverCommand) -> Result<(), End> {
    let known = driver.known();
    if known.interrupted() {
        return resume(desk, driver, args).await;
    }
    if args.resume || args.abort {
        let help = "`migrate status` shows the phase; `migrate cutover` begins one";
        let message = "no cutover was interrupted";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    let facts = driver.observe(false).await?;
    let phase = driver.advance(&facts).await?;
    if !matches!(phase, Phase::Following | Phase::Synced | Phase::Shifting(_)) {
        let message = format!("a cutover does not fit the phase {phase}");
        let help = match phase {
            Phase::Deployed => "test the connections first: `migrate replicate test-connections`",
            Phase::Tested => "start the replication first: `migrate replicate start --wait loaded`",
            Phase::Loading => "wait for the full load: `migrate replicate start --wait loaded`",
            Phase::RolledBack => "the target lacks changes: `migrate replicate reload`",
            _ => "`migrate status` shows what was done",
        };
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    let resolved = driver.resolved;
    let settings = settings(&driver.operator.reader, resolved, &driver.known()).await?;
    let binding = driver.operator.ledger.borrow().snapshot().binding.clone().unwrap_or_default();
    let (document, _) = reviewed::document(resolved, &driver.known(), &binding, &facts, &settings);
    if let Some(file) = &args.change_set {
        reviewed::fits(file, &document)?;
    }
    permitted(desk, driver, args, &document)?;
    driver.pass_all(gates::GATES).await?;
    let measured = measure::now(&driver.operator.reader);
    let name = format!("{} {}", resolved.migration, resolved.environment);
    desk.typed(driver, &format!("cut over {name}"), "writes are refused until the target serves")?;
    if resolved.reverse.is_none() {
        // Asked before the fence and not before the opening: while a person thinks, writes would be refused.
        let why = "after the opening, going back loses every write made on the target";
        desk.typed(driver, &format!("no way back for {name}"), why)?;
    }
    if phase == Phase::Following {
        driver.record(phase, Phase::Synced, "every gate of the cutover is open or was passed over")?;
    }
    // What was measured before somebody went to fetch a coffee says nothing about now.
    if measure::now(&driver.operator.reader) - measured >= STALE_S {
        driver.pass_all(gates::GATES).await?;
    }
    driver.observe(true).await?;
    driver.note(Happened::Noted { name: CUTOVER.into(), value: json!(true) })?;
    forward(driver).await
}

/// After so many seconds gates are measured again, a confirmation's included.
const STALE_S: i64 = 60;

/// Ticket and approval, where they are required.
fn permitted(
    desk: &Desk<'_, '_>,
    driver: &Driver<'_>,
    args: &CutoverCommand,
    document: &serde_json::Value,
) -> Result<(), End> {
    let require = driver.resolved.declared.require;
    if require.ticket && args.ticket.is_none() {
        let message = "the declaration requires a ticket";
        let help = format!("`{} --ticket ID`", desk.again);
        return Err(Diagnostic::error("O2006", Class::Refused, message).help(help).into());
    }
    let this = document["digest"].as_str().unwrap_or_default();
    if let Some(file) = &args.approval {
        let by = reviewed::approved_by(file, document)?;
        if person(&by) == person(&desk.by) {
            let message = format!("{by} has approved it, and would carry it out");
            let help = "somebody with another AWS identity runs `migrate approve --of FILE --out FILE`";
            return Err(Diagnostic::error("O2006", Class::Refused, message).help(help).into());
        }
        driver.note(Happened::Approved { digest: this.to_owned(), by })?;
    }
    let known = driver.known();
    let approved = known.timeline.iter().any(|moment| {
        matches!(&moment.happened, Happened::Approved { digest, by }
            if (*digest == known.digest || digest == this) && person(by) != person(&desk.by))
    });
    if require.approval && !approved {
        let message = "the declaration requires the approval of somebody else";
        let help = "somebody with another AWS identity runs `migrate approve`; an approval holds until the declaration \
                    changes";
        return Err(Diagnostic::error("O2006", Class::Refused, message).help(help).into());
    }
    if let Some(ticket) = &args.ticket {
        driver.note(Happened::Noted { name: "ticket".into(), value: json!(ticket) })?;
    }
    Ok(())
}

/// Who somebody is: the identity that AWS knows, else the account on this machine.
fn person(by: &str) -> &str {
    by.rsplit_once(", as ").map_or_else(|| by.split(',').next().unwrap_or(by), |(_, arn)| arn)
}

/// What was there before the cutover.
fn baseline(known: &Operations, facts: &Facts) -> Facts {
    known.baseline.clone().unwrap_or_else(|| facts.clone())
}

fn comment(driver: &Driver<'_>) -> String {
    format!("migrate {} {}", driver.run, driver.verb)
}

/// Looks at everything, also where others have changed something, and writes it.
async fn looked(driver: &Driver<'_>) -> Result<Facts, Failure> {
    let facts = driver.operator.reader.facts(&calls::watched(driver.resolved)).await?;
    driver.operator.write(vec![Entry::Observed { facts: facts.clone(), baseline: false }])?;
    Ok(facts)
}

/// From wherever it stands to the end; back to the beginning if something fails before the target opens.
async fn forward(driver: &Driver<'_>) -> Result<(), End> {
    let known = driver.known();
    let facts = driver.operator.reader.facts(&calls::watched(driver.resolved)).await.map_err(Failure::from);
    let ended = match facts {
        Ok(facts) => {
            let before = baseline(&known, &facts);
            let planned = steps::cutover(driver.resolved, known.phase(), &facts, &before, &comment(driver));
            if known.opened() {
                driver.patience.set(2);
            }
            driver.carry(&planned).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = ended else {
        looked(driver).await?;
        return Ok(());
    };
    // Without a ledger nothing more is called, not even to undo.
    if matches!(failure, Failure::Halt(Halt::Ledger(_))) {
        return Err(failure.into());
    }
    let known = driver.known();
    if known.opened() {
        if driver.resolved.declared.auto_rollback
            && known.phase() == Phase::Live
            && let Failure::Closed(readings) = &failure
        {
            return Err(rollback::automatic(driver, readings).await);
        }
        return Err(open_ended(&known, failure));
    }
    if matches!(failure, Failure::Stopped(2..) | Failure::Halt(Halt::Stopped(2..))) {
        return Err(left(&known));
    }
    if let Failure::Halt(Halt::Aws(error)) = &failure
        && error.is_credentials()
    {
        // Nothing can be called, so nothing can be undone. Whoever signs in again still has both ways.
        return Err(signed_out(&known, failure));
    }
    abort(driver, Some(failure)).await
}

/// A second signal: nothing more is done, and what is shut is named.
fn left(known: &Operations) -> End {
    let message = match known.refused_since() {
        Some(since) => format!("stopped by a second signal: writes are refused since {since}"),
        None => "stopped by a second signal: the cutover is not complete".to_owned(),
    };
    let help = if known.opened() {
        "`migrate cutover --continue` completes it"
    } else if known.aborting() {
        "`migrate cutover --abort` reopens the source"
    } else {
        "`migrate cutover --abort` reopens the source; `migrate cutover --continue` completes it"
    };
    Diagnostic::error("O2012", Class::Stopped, message).help(help).into()
}

/// Credentials ran out, and nobody brought new ones: what is shut is named, and both ways on.
fn signed_out(known: &Operations, failure: Failure) -> End {
    let message = match known.refused_since() {
        Some(since) => format!("the credentials have run out, and writes are refused since {since}"),
        None => "the credentials have run out: the cutover is not complete".to_owned(),
    };
    let help = "sign in again; then `migrate cutover --abort` reopens the source, or `migrate cutover --continue` completes \
                the cutover. From another machine, the commands printed before the fence reopen it; `migrate runbook` \
                prints them again";
    let mut told = report::diagnostics(failure, std::path::Path::new("."), "migrate cutover --continue");
    told.insert(0, Diagnostic::error("O2012", Class::Failed, message).help(help));
    End::Told(told)
}

/// The target has begun to open: what is left to do is named, and nothing is undone automatically.
fn open_ended(known: &Operations, failure: Failure) -> End {
    if let Failure::Closed(readings) = &failure
        && !known.interrupted()
    {
        return rollback::paged(readings, "");
    }
    let mut told = report::diagnostics(failure, std::path::Path::new("."), "migrate cutover --continue");
    if known.interrupted() {
        let since = known.refused_since().unwrap_or("the beginning of the cutover");
        let message = format!("the target has begun to open, and writes are refused since {since}");
        let help =
            "`migrate cutover --continue` completes it; `migrate rollback` goes back with what was written";
        let class = report::inside(&told);
        told.insert(0, Diagnostic::error("O2012", class, message).help(help));
    }
    End::Told(told)
}

/// Everything as it was before the cutover.
pub(super) async fn abort(driver: &Driver<'_>, failure: Option<Failure>) -> Result<(), End> {
    // Only a further signal ends this: half an abort leaves the source shut.
    let level = driver.operator.stop.level();
    driver.patience.set((level + 1).max(2));
    driver.heard.set(driver.heard.get().max(level));
    let signalled = matches!(&failure, Some(Failure::Stopped(_) | Failure::Halt(Halt::Stopped(_))));
    let why =
        failure.map(|failure| report::diagnostics(failure, std::path::Path::new("."), "migrate cutover"));
    let reasons: Vec<String> = why.iter().flatten().map(|told| told.message.clone()).collect();
    // Whoever watches is told why calls of the way back follow, before they do.
    if signalled {
        let text = "stopped by a signal: the cutover is aborted, and the source reopens within about two minutes; another \
                    signal ends that where it stands";
        driver.operator.emit(EventKind::Remark { text: text.into() });
    } else if !reasons.is_empty() {
        let text = format!("the cutover is aborted, and the source reopens: {}", reasons.join("; "));
        driver.operator.emit(EventKind::Remark { text });
    }
    let undone = undo(driver).await;
    match (undone, why) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(_)) => {
            let message =
                format!("the cutover was aborted, and everything is as before: {}", reasons.join("; "));
            let help =
                "the source serves and nothing was lost; resolve the cause, then `migrate cutover` again";
            Err(Diagnostic::error("O2003", Class::RolledBack, message).help(help).into())
        }
        (Err(Failure::Stopped(_) | Failure::Halt(Halt::Stopped(_))), _) => Err(left(&driver.known())),
        (Err(Failure::Halt(Halt::Ledger(error))), _) => Err(Failure::Halt(Halt::Ledger(error)).into()),
        (Err(second), _) => {
            let mut told = Vec::new();
            let message = match driver.known().refused_since() {
                Some(since) => format!("the abort is not complete: writes are refused since {since}"),
                None => "the source serves again, but the abort is not complete".to_owned(),
            };
            let cause =
                if reasons.is_empty() { String::new() } else { format!(" (cause: {})", reasons.join("; ")) };
            let help = format!("`migrate cutover --abort` resumes it{cause}");
            told.push(Diagnostic::error("O2012", Class::Failed, message).help(help));
            told.extend(report::diagnostics(second, std::path::Path::new("."), "migrate cutover --abort"));
            Err(told.into())
        }
    }
}

async fn undo(driver: &Driver<'_>) -> Result<(), Failure> {
    // First of all: from here on what was shut may be open again, and no cutover may rely on it.
    driver.note(Happened::Noted { name: CUTOVER.into(), value: json!(ABORTING) })?;
    let known = driver.known();
    let facts = looked(driver).await?;
    let before = baseline(&known, &facts);
    let comment = comment(driver);
    let planned = steps::abort(driver.resolved, steps::Undo::of(&known, &comment), &facts, &before);
    driver.carry(&planned).await?;
    looked(driver).await?;
    driver.note(Happened::Noted { name: CUTOVER.into(), value: json!(false) })
}

/// Whether a name leads to the target already.
fn flipped(resolved: &Resolved, facts: &Facts, before: &Facts) -> bool {
    let target = |set, facts| steering::weights(set, facts).map(|(_, target)| target);
    resolved.traffic.iter().any(|set| {
        // A listener that refuses leads nowhere yet.
        target(set, facts).is_some_and(|weight| Some(weight) != target(set, before))
    })
}

/// A cutover that was interrupted: completed or undone.
async fn resume(desk: &Desk<'_, '_>, driver: &Driver<'_>, args: &CutoverCommand) -> Result<(), End> {
    let known = driver.known();
    let opened = known.opened();
    if args.abort && opened {
        let message = "the target has begun to open: it may have taken writes";
        let help =
            "`migrate cutover --continue` completes it; `migrate rollback` goes back with what was written";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    if args.resume && known.aborting() {
        let message = "the cutover is being aborted: what it had shut may be open again";
        let help = "`migrate cutover --abort` completes that; then `migrate cutover` begins anew";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    if !args.abort && !args.resume && desk.can_ask() {
        let shut = known.refused_since().map(|since| format!(": writes are refused since {since}"));
        let message =
            format!("a cutover was interrupted in phase {}{}", known.phase(), shut.unwrap_or_default());
        let undo = if opened { "" } else { "; `migrate cutover --abort` reopens the source" };
        let help = format!("`migrate cutover --continue` completes it{undo}");
        return Err(Diagnostic::error("O2012", Class::Refused, message).help(help).into());
    }
    let facts =
        driver.operator.reader.facts(&calls::watched(driver.resolved)).await.map_err(Failure::from)?;
    let before = baseline(&known, &facts);
    let flipped = flipped(driver.resolved, &facts, &before) && !known.aborting();
    let onward = args.resume || (!args.abort && (opened || flipped));
    if onward {
        driver.observe(false).await?;
        return forward(driver).await;
    }
    let failure = (!args.abort).then(|| Failure::Broken {
        what: "the cutover".into(),
        why: "it was interrupted, and no name leads to the target yet".into(),
    });
    abort(driver, failure).await
}

/// `migrate approve`: somebody else agrees to what is declared.
pub fn approve(global: &Global, args: &super::ApproveCommand, printer: &mut Printer) -> Verdict {
    if args.identity.is_some() && !global.sandbox {
        let message = "--as is for rehearsals: on AWS, who approves is who STS says it is";
        let help = "sign in as somebody else, then `migrate approve`";
        return Err(vec![Diagnostic::error("O2006", Class::Usage, message).help(help)]);
    }
    let of = args.of.as_deref().map(reviewed::read_cutover).transpose()?;
    if let (Some(of), Some(out)) = (&of, &args.out) {
        return approve_in_file(global, args, of, out, printer);
    }
    desk::acting(global, &args.act, "approve", printer, async |desk, driver| {
        let known = driver.known();
        let digest = of.as_ref().and_then(|of| of["digest"].as_str()).unwrap_or(&known.digest).to_owned();
        if let Some(of) = &of {
            let mine =
                [("migration", &driver.resolved.migration), ("environment", &driver.resolved.environment)];
            if let Some((what, name)) = mine.iter().find(|(what, name)| of[*what] != **name) {
                let message = format!("the saved cutover is of the {what} {}, not {name}", of[*what]);
                return Err(Diagnostic::error("O2016", Class::Usage, message).into());
            }
        }
        let by =
            args.identity.as_ref().map_or_else(|| desk.by.clone(), |who| format!("{}, as {who}", desk.by));
        desk.agreed(&format!(
            "Approve the cutover of {} {}?",
            driver.resolved.migration, driver.resolved.environment
        ))?;
        driver.note(Happened::Approved { digest, by: by.clone() })?;
        let until = if of.is_some() {
            "It holds for the saved cutover, and for no other."
        } else {
            "It holds until the declaration changes."
        };
        desk.advise(driver, &format!("Approved by {by}. {until}"));
        Ok(())
    })
}

/// Somebody without the ledger agrees to a saved cutover: who it is, AWS says.
fn approve_in_file(
    global: &Global,
    args: &super::ApproveCommand,
    of: &serde_json::Value,
    out: &Path,
    printer: &mut Printer,
) -> Verdict {
    let session = Session::open(global, of["region"].as_str())?;
    printer.banner(session.is_sandbox());
    if of["account"] != session.cloud.account.as_str() {
        let message =
            format!("the saved cutover is of account {}, not {}", of["account"], session.cloud.account);
        let help = "sign in to that account, then `migrate approve` again";
        return Err(vec![Diagnostic::error("O2016", Class::Access, message).help(help)]);
    }
    let by =
        args.identity.as_ref().map_or_else(|| session.who(), |who| format!("{}, as {who}", session.who()));
    if !args.act.yes {
        let steps = of["steps"].as_array().into_iter().flatten().filter_map(|step| step["does"].as_str());
        for (at, step) in steps.enumerate() {
            printer.advise(&format!("{:>3}  {step}", at + 1));
        }
        let name =
            [&of["migration"], &of["environment"]].map(|text| text.as_str().unwrap_or_default().to_owned());
        let question = format!("Approve this cutover of {}? Type yes: ", name.join(" "));
        confirm::ask(
            printer,
            &question,
            "yes",
            "review FILE, then `migrate approve --of FILE --out FILE --yes`",
        )?;
    }
    let document = reviewed::approval(of, &by, &rfc3339(session.clock.now()));
    reviewed::save(out, &document)?;
    session.close()?;
    printer.advise(&format!("Approved by {by}: `migrate cutover --approval {}`", out.display()));
    Ok(Code::Success)
}

/// `migrate reconcile`: what somebody else changed becomes what is known.
pub fn reconcile(global: &Global, args: &super::ReconcileCommand, printer: &mut Printer) -> Verdict {
    desk::acting(global, &args.act, "reconcile", printer, async |desk, driver| {
        let facts =
            driver.operator.reader.facts(&calls::watched(driver.resolved)).await.map_err(Failure::from)?;
        let known = driver.known();
        let all = calls::differences(&known.facts, &facts, known.phase());
        let wanted =
            |change: &&calls::Difference| args.accept == "all" || args.accept == report::called(change);
        let chosen: Vec<&calls::Difference> = all.iter().filter(wanted).collect();
        if all.is_empty() && args.accept == "all" {
            desk.advise(driver, "Nothing differs from what the ledger has.");
            return Ok(());
        }
        if chosen.is_empty() {
            let list: Vec<String> = all.iter().map(report::called).collect();
            let message = format!("nothing that differs is called `{}`", args.accept);
            let help = if list.is_empty() {
                "nothing differs".to_owned()
            } else {
                format!("what differs: {}", list.join("; "))
            };
            return Err(Diagnostic::error("O2002", Class::Usage, message).help(help).into());
        }
        for change in &chosen {
            desk.advise(driver, &report::difference(change));
        }
        desk.agreed("Accept this as the state from which operations continue?")?;
        let mut accepted = Facts::default();
        for change in chosen {
            accepted.set(&change.subject, &change.property, change.is.clone());
            driver.note(Happened::Reconciled {
                what: format!("{}: {} -> {}", report::difference(change), change.was, change.is),
                reason: args.reason.clone(),
                by: desk.by.clone(),
            })?;
        }
        driver.operator.write(vec![Entry::Observed { facts: accepted, baseline: false }])?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::person;

    #[test]
    fn a_person_is_who_aws_says_and_not_the_machine_they_sit_at() {
        let at = |who: &str, pid: u32, arn: &str| {
            format!("{who}@build-1, pid {pid}, as arn:aws:sts::123456789012:{arn}")
        };
        let (one, same) = (at("deploy", 1, "assumed-role/Ops/ann"), at("deploy", 2, "assumed-role/Ops/ann"));
        assert_eq!(person(&one), person(&same));
        assert_ne!(person(&one), person(&at("deploy", 1, "assumed-role/Ops/bob")));
        assert_eq!(person("ann@laptop, pid 7"), "ann@laptop");
    }
}
