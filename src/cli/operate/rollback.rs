//! `migrate rollback` from every phase, and `migrate finalize`.

use serde_json::{Value as Json, json};

use super::{
    Act, RollbackCommand, cutover,
    desk::{self, Desk, End},
};
use crate::{
    cli::{Verdict, args::Global},
    clock::{from_rfc3339, millis},
    engine::operate::Halt,
    error::{Class, Diagnostic},
    ledger::{Entry, Facts, Phase},
    operations::{
        calls,
        discover::Task,
        drive::{Driver, Failure},
        gates::{self, Reading, Verdict as Gate},
        measure::Wanted,
        steps::{self, Way},
    },
    ui::Printer,
};

/// How long a migration serves before it can be finalized, in seconds.
const SOAK_S: i64 = 86_400;

/// Runs the verb.
pub fn run(global: &Global, args: &RollbackCommand, printer: &mut Printer) -> Verdict {
    if args.act.dry_run {
        let planned =
            desk::reading(global, &args.act.which, printer, async |reader, resolved, snapshot, _| {
                let facts = reader.facts(&calls::watched(resolved)).await?;
                let known = &snapshot.operations;
                let before = known.baseline.clone().unwrap_or_else(|| facts.clone());
                let comment = format!("migrate {}", resolved.migration);
                let sent = known.phase() == Phase::RollingBack && known.names_sent();
                let way = Way { lossy: args.accept_loss, snapshot: None, sent, comment: &comment };
                let loses = loses(known.phase(), resolved.reverse.is_some(), args.accept_loss);
                let planned = match known.phase() {
                    Phase::Live | Phase::RollingBack => {
                        steps::rollback(resolved, known.phase(), &facts, &before, way)
                    }
                    Phase::Fenced | Phase::Drained | Phase::Switched => {
                        steps::abort(resolved, steps::Undo::of(known, &comment), &facts, &before)
                    }
                    Phase::Shifting(_) => steps::shift(resolved, None, 0, &facts, &comment),
                    _ => steps::stopping(resolved, &resolved.forward, &facts),
                };
                Ok((planned, loses))
            })?;
        let code = desk::preview(printer, &planned.0);
        if !printer.is_json() {
            printer.advise(planned.1);
        }
        return Ok(code);
    }
    desk::acting(global, &args.act, "rollback", printer, async |desk, driver| {
        rollback(desk, driver, args).await
    })
}

/// What going back from a phase loses, in words.
fn loses(phase: Phase, reverse: bool, given_up: bool) -> &'static str {
    match (phase, reverse, given_up) {
        (Phase::Live | Phase::RollingBack, true, false) => {
            "Going back loses nothing: what was written to the target is copied back before the source opens. If \
             that cannot be shown, the rollback stops."
        }
        (Phase::Live | Phase::RollingBack, true, true) => {
            "Going back gives up every change of the target that has not come back to the source."
        }
        (Phase::Live | Phase::RollingBack, false, _) => {
            "Going back loses every write made on the target since it opened; it needs --accept-loss, and takes a snapshot \
             of the target first."
        }
        (Phase::Shifting(_), ..) => {
            "Going back loses nothing where the split was declared safe for a reason that holds."
        }
        _ => "Going back loses nothing: the target has taken no write.",
    }
}

fn runs(task: &Task, facts: &Facts) -> bool {
    let status = facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default();
    matches!(status, "running" | "starting")
}

async fn rollback(desk: &Desk<'_, '_>, driver: &Driver<'_>, args: &RollbackCommand) -> Result<(), End> {
    let known = driver.known();
    if known.interrupted() && !known.opened() {
        desk.agreed("The cutover is undone; nothing is lost.")?;
        cutover::abort(driver, None).await?;
        // Where it began in the middle of a shift, the abort has returned there.
        if args.to_source && matches!(driver.known().phase(), Phase::Shifting(_)) {
            to_source(driver).await?;
        }
        return Ok(());
    }
    match known.phase() {
        Phase::RolledBack => {
            desk.advise(driver, "the migration is rolled back already");
            Ok(())
        }
        Phase::Deployed | Phase::Finalized => {
            let message = format!("there is nothing to roll back in phase {}", known.phase());
            let help =
                "after `finalize` the way back is a new migration; before the start it is `migrate destroy`";
            Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into())
        }
        Phase::Shifting(_) => {
            desk.agreed("All traffic returns to the source; nothing is lost where a split was safe.")?;
            Ok(to_source(driver).await?)
        }
        // A cutover that has begun to open the target is undone with what the target has taken.
        Phase::Live | Phase::RollingBack | Phase::Fenced | Phase::Drained | Phase::Switched => {
            home(desk, driver, args).await
        }
        _ => {
            let facts = driver.observe(false).await?;
            let planned = steps::stopping(driver.resolved, &driver.resolved.forward, &facts);
            desk.agreed("The forward tasks stop; nothing is lost. The source keeps its log for them until they are resumed or deleted.")?;
            driver.carry(&planned).await?;
            driver.observe(false).await?;
            Ok(())
        }
    }
}

/// All traffic leads to the source again.
async fn to_source(driver: &Driver<'_>) -> Result<(), Failure> {
    let facts = driver.observe(false).await?;
    driver.carry(&steps::shift(driver.resolved, None, 0, &facts, &comment(driver))).await?;
    driver.observe(false).await?;
    Ok(())
}

fn comment(driver: &Driver<'_>) -> String {
    format!("migrate {} {}", driver.run, driver.verb)
}

/// How long `--wait` waits, in seconds.
const WAIT_S: u64 = 3_600;

/// Waits until the reverse task is within its gates: one that has just started has no points yet.
async fn within(driver: &Driver<'_>, wanted: Wanted<'_>) -> Result<(), Failure> {
    driver
        .until("the reverse task is within its gates", 60, WAIT_S, async || {
            let samples = driver.samples(wanted).await?;
            let limits = driver.resolved.declared.limits;
            let readings: Vec<Reading> =
                gates::LAG.iter().map(|gate| gates::judge(gate, &samples, &limits)).collect();
            let barred: Vec<String> = driver
                .barred(&readings)
                .into_iter()
                .map(|one| format!("{}: {}", one.gate, one.summary))
                .collect();
            Ok(if barred.is_empty() { Ok(()) } else { Err(barred.join("; ")) })
        })
        .await
}

/// Back after the target has taken writes.
async fn home(desk: &Desk<'_, '_>, driver: &Driver<'_>, args: &RollbackCommand) -> Result<(), End> {
    let resolved = driver.resolved;
    let facts = driver.observe(false).await?;
    let known = driver.known();
    let name = format!("{} {}", resolved.migration, resolved.environment);
    let snapshot_id = format!("migrate-{}-{}-{}", resolved.migration, resolved.environment, driver.run);
    // Of this rollback: what an earlier one gave up says nothing about this one.
    let begun = known.phase() == Phase::RollingBack;
    let mut lossy = begun && known.noted("rollback-loss").is_some_and(|value| value == true);
    let mut snapshot = None;
    if !begun {
        let following = resolved.reverse.as_ref().filter(|task| runs(task, &facts));
        match following {
            Some(reverse) => {
                let wanted = Wanted {
                    gates: gates::LAG,
                    tasks: std::slice::from_ref(reverse),
                    writers: &[],
                    since: None,
                };
                if args.wait {
                    within(driver, wanted).await?;
                }
                let samples = driver.samples(wanted).await?;
                let readings = driver.judge(gates::LAG, &samples)?;
                let barred = driver.barred(&readings);
                if !barred.is_empty() && !args.accept_loss {
                    return Err(Failure::Closed(barred).into());
                }
                if barred.is_empty() {
                    let why = "writes are refused until the source serves again; what was written to the target comes back";
                    desk.typed(driver, &format!("roll back {name}"), why)?;
                } else {
                    let behind: i64 = samples.tables.iter().map(|table| table.captured - table.applied).sum();
                    let lost = if behind > 0 {
                        format!("lose {behind} changes")
                    } else {
                        "lose all changes".to_owned()
                    };
                    desk.typed(driver, &lost, "changes that have not come back are given up")?;
                    lossy = true;
                }
            }
            None if !args.accept_loss => {
                let reading = Reading {
                    gate: "reverse".into(),
                    verdict: Gate::Closed,
                    summary: "no reverse task runs: going back loses every write made on the target since it opened \
                              (`--accept-loss` gives them up, after a snapshot)"
                        .into(),
                    samples: Json::Null,
                };
                return Err(Failure::Closed(vec![reading]).into());
            }
            None => {
                desk.typed(
                    driver,
                    "lose all changes",
                    "every write made on the target since it opened is given up",
                )?;
                lossy = true;
                snapshot = (!resolved.target.is_external()).then_some(snapshot_id.as_str());
            }
        }
        if known.phase() != Phase::Live {
            driver.record(known.phase(), Phase::Live, "the target had begun to open")?;
        }
        driver.note(crate::ledger::Happened::Noted { name: "rollback-loss".into(), value: json!(lossy) })?;
    }
    match carry(driver, &facts, lossy, snapshot).await {
        Ok(()) => Ok(()),
        Err(failure) => Err(unfinished(driver, failure)),
    }
}

/// A rollback that ended in the middle: what is shut is named, and the command that completes it.
fn unfinished(driver: &Driver<'_>, failure: Failure) -> End {
    if matches!(failure, Failure::Halt(Halt::Ledger(_))) {
        return failure.into();
    }
    let known = driver.known();
    let mut told = super::report::diagnostics(failure, std::path::Path::new("."), "migrate rollback");
    let message = match (known.refused_since(), known.phase()) {
        (Some(since), _) => format!("the rollback is not complete: writes are refused since {since}"),
        (None, Phase::RollingBack) => "the source serves again, but the rollback is not complete".to_owned(),
        // Nothing was shut yet.
        _ => return End::Told(told),
    };
    let help = "`migrate rollback` with the same options completes it, once the cause below is resolved";
    told.insert(0, Diagnostic::error("O2012", super::report::inside(&told), message).help(help));
    End::Told(told)
}

/// Carries the way back out.
async fn carry(
    driver: &Driver<'_>,
    facts: &Facts,
    lossy: bool,
    snapshot: Option<&str>,
) -> Result<(), Failure> {
    let resolved = driver.resolved;
    let known = driver.known();
    // From the fence on, ending is safer than stopping.
    driver.patience.set((driver.operator.stop.level() + 1).max(2));
    // What is given up does not have to stand still before it is.
    driver.proven.borrow_mut().fenced = lossy;
    let before = known.baseline.clone().unwrap_or_else(|| facts.clone());
    let sent = known.phase() == Phase::RollingBack && known.names_sent();
    let way = Way { lossy, snapshot, sent, comment: &comment(driver) };
    let planned = steps::rollback(resolved, known.phase(), facts, &before, way);
    driver.carry(&planned).await?;
    let facts = driver.operator.reader.facts(&calls::watched(resolved)).await.map_err(Failure::from)?;
    driver.operator.write(vec![Entry::Observed { facts, baseline: false }])?;
    Ok(())
}

fn causes(closed: &[Reading]) -> String {
    let cause: Vec<String> = closed.iter().map(|one| format!("gate {}: {}", one.gate, one.summary)).collect();
    cause.join("; ")
}

/// The target takes writes, and somebody has to decide.
pub(super) fn paged(closed: &[Reading], why: &str) -> End {
    let message = format!("the target takes writes, and does not serve well: {}{why}", causes(closed));
    let help =
        "`migrate watch` shows how it serves; `migrate rollback` goes back, and says first what that loses";
    Diagnostic::error("O2011", Class::Failed, message).help(help).into()
}

/// The target does not serve well, and the declaration permits to go back without asking: only if nothing is lost by it.
pub(super) async fn automatic(driver: &Driver<'_>, closed: &[Reading]) -> End {
    let cause = causes(closed);
    let ready = async || -> Result<Result<Facts, String>, Failure> {
        let facts = driver.observe(false).await?;
        let Some(reverse) = driver.resolved.reverse.as_ref().filter(|task| runs(task, &facts)) else {
            return Ok(Err("no reverse task runs".to_owned()));
        };
        let tasks = std::slice::from_ref(reverse);
        let samples = driver.samples(Wanted { gates: gates::LAG, tasks, writers: &[], since: None }).await?;
        let barred = driver.barred(&driver.judge(gates::LAG, &samples)?);
        let words: Vec<String> = barred.iter().map(|one| format!("{}: {}", one.gate, one.summary)).collect();
        Ok(if words.is_empty() { Ok(facts) } else { Err(words.join("; ")) })
    };
    let facts = match ready().await {
        Ok(Ok(facts)) => facts,
        Ok(Err(why)) => return paged(closed, &format!("; it is not rolled back automatically: {why}")),
        Err(failure) => return failure.into(),
    };
    let text = format!(
        "the target does not serve well ({cause}): it is rolled back, as `auto_rollback: live` permits"
    );
    driver.operator.emit(crate::engine::EventKind::Remark { text });
    let noted =
        driver.note(crate::ledger::Happened::Noted { name: "rollback-loss".into(), value: json!(false) });
    let back = match noted {
        Ok(()) => carry(driver, &facts, false, None).await,
        Err(failure) => Err(failure),
    };
    match back {
        Ok(()) => {
            let message = format!("the target did not serve well, and was rolled back: {cause}");
            let help = "the source serves, with everything that was written to the target; resolve the cause, then `migrate \
                        replicate reload`";
            Diagnostic::error("O2003", Class::RolledBack, message).help(help).into()
        }
        Err(failure) => unfinished(driver, failure),
    }
}

/// `finalize`.
pub fn finalize(global: &Global, act: &Act, printer: &mut Printer) -> Verdict {
    if act.dry_run {
        let planned = desk::reading(global, &act.which, printer, async |reader, resolved, _, _| {
            let facts = reader.facts(&calls::watched(resolved)).await?;
            let tasks: Vec<Task> = resolved.reverse.iter().cloned().collect();
            Ok(steps::stopping(resolved, &tasks, &facts))
        })?;
        return Ok(desk::preview(printer, &planned));
    }
    desk::acting(global, act, "finalize", printer, async |desk, driver| {
        let facts = driver.observe(false).await?;
        let known = driver.known();
        if known.phase() != Phase::Live {
            let message =
                format!("only a migration that is live can be finalized, this one is {}", known.phase());
            let help = "`migrate status` shows the phase";
            return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
        }
        if let Some(since) = known.refused_since() {
            let message = format!("writes are refused since {since}: a rollback was interrupted");
            let help = "`migrate rollback` completes it";
            return Err(Diagnostic::error("O2012", Class::Refused, message).help(help).into());
        }
        let clock = driver.operator.ledger.borrow().now();
        let served = from_rfc3339(&known.since).map_or(0, |since| (millis(clock) - millis(since)) / 1_000);
        let soak = Reading {
            gate: "soak".into(),
            verdict: if served >= SOAK_S { Gate::Open } else { Gate::Closed },
            summary: format!("it has served for {} h; limit 24 h", served / 3_600),
            samples: json!(served),
        };
        let barred = driver.barred(&[soak]);
        if !barred.is_empty() {
            return Err(Failure::Closed(barred).into());
        }
        let name = format!("{} {}", driver.resolved.migration, driver.resolved.environment);
        desk.typed(
            driver,
            &format!("finalize {name}"),
            "the way back ends: the reverse task stops for good",
        )?;
        let tasks: Vec<Task> = driver.resolved.reverse.iter().cloned().collect();
        driver.carry(&steps::stopping(driver.resolved, &tasks, &facts)).await?;
        driver.proven.borrow_mut().ended = true;
        driver.enter(Phase::Finalized, "replication has ended").await?;
        driver.observe(false).await?;
        desk.advise(
            driver,
            "Take the replication stack out of the manifest: the next `up` deletes the tasks. Then check that no \
             replication slot of theirs is left on a PostgreSQL database, and drop what is: a forgotten slot fills \
             its disk.",
        );
        Ok(())
    })
}
