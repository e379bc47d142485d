//! `migrate shift`: a share of the traffic goes to the target, where a split is declared safe.

use std::time::Duration;

use super::{
    ShiftCommand,
    desk::{self, Desk, End},
};
use crate::{
    cli::{self, args::Global},
    error::{Class, Diagnostic},
    ledger::{Facts, Phase},
    operations::{
        calls,
        declare::Splits,
        discover::{Resolved, Steering, TrafficSet},
        drive::{Driver, Failure},
        gates::{self, Reading, Verdict, judge},
        measure::{self, Wanted},
        steering, steps,
    },
    ui::Printer,
};

/// Runs the verb.
pub fn run(global: &Global, args: &ShiftCommand, printer: &mut Printer) -> cli::Verdict {
    if args.act.dry_run {
        let planned = desk::reading(global, &args.act.which, printer, async |reader, resolved, _, _| {
            let facts = reader.facts(&calls::watched(resolved)).await?;
            let comment = format!("migrate {}", resolved.migration);
            Ok(steps::shift(resolved, args.traffic.as_deref(), args.to, &facts, &comment))
        })?;
        return Ok(desk::preview(printer, &planned));
    }
    desk::acting(global, &args.act, "shift", printer, async |desk, driver| shift(desk, driver, args).await)
}

/// The sets that are meant, if a split of them is declared safe.
fn chosen<'r>(resolved: &'r Resolved, args: &ShiftCommand) -> Result<Vec<&'r TrafficSet>, End> {
    let fits = |set: &&TrafficSet| args.traffic.as_deref().is_none_or(|name| set.name == name);
    let sets: Vec<&TrafficSet> = resolved.traffic.iter().filter(fits).collect();
    if sets.is_empty() {
        let names: Vec<&str> = resolved.traffic.iter().map(|set| set.name.as_str()).collect();
        let message = "there is no such traffic set";
        let help = if names.is_empty() {
            "the plan has no pair of weighted records, and no listener that forwards to two target groups"
                .to_owned()
        } else {
            format!("traffic sets: {}", names.join(", "))
        };
        return Err(Diagnostic::error("O1001", Class::Usage, message).help(help).into());
    }
    if let Some(set) = sets.iter().find(|set| set.splits == Splits::Never && args.to > 0) {
        let message = format!(
            "a split of {} is not declared safe: replication runs one way, and both databases would take writes",
            steering::label(set)
        );
        let by = match &set.by {
            Steering::Records(records) => {
                format!("records: {{source: {}, target: {}}}", records.source.address, records.target.address)
            }
            Steering::Listener(forwarding) => format!(
                "listener: {{rule: {}, source: {}, target: {}}}",
                forwarding.listener, forwarding.source_group.address, forwarding.target_group.address
            ),
        };
        let help = format!(
            "move everything at once with `migrate cutover`; or say why it is safe: operations: {{traffic: [{{name: {}, \
             {by}, splits: reads | shared-database | two-way, reason: ...}}]}}",
            set.name
        );
        return Err(Diagnostic::error("O2013", Class::Refused, message)
            .at(steering::address(set))
            .help(help)
            .into());
    }
    Ok(sets)
}

async fn shift(desk: &Desk<'_, '_>, driver: &Driver<'_>, args: &ShiftCommand) -> Result<(), End> {
    let resolved = driver.resolved;
    let sets = chosen(resolved, args)?;
    if driver.known().interrupted() {
        let message = "a cutover was interrupted: what it has shut may still be shut";
        let help = "`migrate cutover --continue` completes it, `migrate cutover --abort` undoes it";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    let facts = driver.observe(false).await?;
    let phase = driver.advance(&facts).await?;
    if !matches!(phase, Phase::Following | Phase::Synced | Phase::Shifting(_)) {
        let message = format!("a shift does not fit the phase {phase}");
        let help = "`migrate status` shows the phase and what leads to the next one";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    let goals: Vec<u8> = if args.steps && args.to > 0 {
        let now = if let Phase::Shifting(percent) = phase { percent } else { 0 };
        let between = resolved.declared.steps.iter().copied().filter(|step| *step > now && *step < args.to);
        between.chain([args.to]).collect()
    } else {
        vec![args.to]
    };
    if args.to > 0 {
        driver.pass_all(gates::SHIFT).await?;
    }
    let names: Vec<String> = sets.iter().map(|set| steering::label(set)).collect();
    desk.agreed(&format!("{} % of {} go to the target.", args.to, names.join(", ")))?;
    if !matches!(phase, Phase::Shifting(_)) {
        if phase == Phase::Following && args.to > 0 {
            driver.record(phase, Phase::Synced, "every gate of a shift is open or was passed over")?;
        }
        driver.observe(true).await?;
    }
    for (at, goal) in goals.iter().enumerate() {
        let before = driver.known().phase();
        flip(driver, args, *goal).await?;
        if at + 1 < goals.len()
            && let Err(failure) = hold(driver).await
        {
            let back = if let Phase::Shifting(percent) = before { percent } else { 0 };
            driver.patience.set((driver.operator.stop.level() + 1).max(2));
            flip(driver, args, back).await?;
            let reasons = super::report::diagnostics(failure, std::path::Path::new("."), &desk.again);
            let reasons: Vec<String> = reasons.into_iter().map(|told| told.message).collect();
            let message = format!("the weights are back at {back} %: {}", reasons.join("; "));
            let help = format!("resolve the cause, then `{} --to {}` again", desk.again, args.to);
            return Err(Diagnostic::error("O2003", Class::RolledBack, message).help(help).into());
        }
    }
    Ok(())
}

async fn flip(driver: &Driver<'_>, args: &ShiftCommand, goal: u8) -> Result<(), Failure> {
    let facts: Facts = driver.observe(false).await?;
    let comment = format!("migrate {} shift to {goal}", driver.run);
    let mut planned = steps::shift(driver.resolved, args.traffic.as_deref(), goal, &facts, &comment);
    if driver.known().phase() == Phase::Following {
        // There is nothing to return from.
        planned.retain(|step| !matches!(step, steps::Step::Phase { .. }));
    }
    driver.carry(&planned).await?;
    driver.observe(false).await?;
    Ok(())
}

/// Holds a step: gates each minute; two closed measurements in a row end it. It goes on for as long as there are too few
/// requests to tell errors, but not for ever.
async fn hold(driver: &Driver<'_>) -> Result<(), Failure> {
    let began = measure::now(&driver.operator.reader);
    let mut closed = 0;
    loop {
        driver.operator.pause(Duration::from_secs(60), driver.patience.get()).await?;
        driver.scan().await?;
        let wanted: Vec<&str> = gates::SHIFT.iter().copied().chain([gates::ERRORS]).collect();
        let samples = driver.samples(Wanted::forward(driver.resolved, &wanted)).await?;
        let limits = driver.resolved.declared.limits;
        let readings: Vec<_> = wanted.iter().map(|gate| judge(gate, &samples, &limits)).collect();
        // Too few requests to tell is no reason to go back, and none to take the next step.
        let quiet = |reading: &Reading| reading.gate == gates::ERRORS && reading.verdict == Verdict::Unknown;
        let (untold, barred): (Vec<_>, Vec<_>) = driver.barred(&readings).into_iter().partition(quiet);
        closed = if barred.is_empty() { 0 } else { closed + 1 };
        let held = measure::now(&driver.operator.reader) - began;
        let hold = i64::try_from(driver.resolved.declared.hold_s).unwrap_or(i64::MAX);
        if closed > 1 || (!untold.is_empty() && held >= hold.saturating_mul(3)) {
            driver.judge(&wanted, &samples)?;
            return Err(Failure::Closed(if barred.is_empty() { untold } else { barred }));
        }
        if closed == 0 && untold.is_empty() && held >= hold {
            return Ok(());
        }
    }
}
