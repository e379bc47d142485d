//! `migrate lag` and `migrate verify`: gates that are measured and shown; nothing is changed.

use std::time::Duration;

use serde_json::json;

use super::{LagCommand, VerifyCommand, desk, revalidate};
use crate::{
    cli::{Verdict, args::Global, exit::Code},
    operations::{
        gates::{self, Reading, Verdict as Gate, judge},
        measure::{self, Wanted},
    },
    ui::{Printer, table},
};

/// How often `--watch` measures in virtual time, where nobody watches.
const ROUNDS: usize = 5;

/// Shows gates.
fn show(printer: &mut Printer, phase: &str, readings: &[Reading]) {
    if printer.is_json() {
        let gates: Vec<_> = readings
            .iter()
            .map(|reading| {
                json!({
                    "gate": reading.gate, "verdict": reading.verdict, "summary": reading.summary,
                    "samples": reading.samples,
                })
            })
            .collect();
        printer.json(&json!({"format": 1, "phase": phase, "gates": gates}));
        return;
    }
    let rows: Vec<Vec<String>> = readings
        .iter()
        .map(|reading| {
            vec![reading.gate.clone(), reading.verdict.as_str().to_owned(), reading.summary.clone()]
        })
        .collect();
    printer.out(&table(&["gate", "verdict", "measured"], &rows, printer.width()));
}

fn code(readings: &[Reading], check: bool) -> Code {
    let open = readings.iter().all(|reading| reading.verdict == Gate::Open);
    if open || !check { Code::Success } else { Code::Closed }
}

/// `lag`.
pub fn lag(global: &Global, args: &LagCommand, printer: &mut Printer) -> Verdict {
    let sandbox = global.sandbox;
    desk::reading(global, &args.which, printer, async |reader, resolved, snapshot, printer| {
        let limits = resolved.declared.limits;
        let phase = snapshot.operations.phase().to_string();
        let wanted = Wanted::forward(resolved, gates::LAG);
        let mut round = 0;
        // A task that has just started has no points yet: those are waited for, but no longer than they can take.
        let patience = if args.check { limits.points + 5 } else { 0 };
        loop {
            let samples = measure::measure(reader, resolved, &snapshot.operations, wanted).await?;
            let readings: Vec<Reading> =
                gates::LAG.iter().map(|gate| judge(gate, &samples, &limits)).collect();
            round += 1;
            let unknown = readings.iter().any(|reading| reading.verdict == Gate::Unknown);
            let closed = readings.iter().any(|reading| reading.verdict == Gate::Closed);
            let again = unknown && !closed && round <= patience;
            if !again {
                show(printer, &phase, &readings);
            }
            if !again && (!args.watch || (sandbox && round >= ROUNDS)) {
                return Ok(code(&readings, args.check));
            }
            reader.pause(Duration::from_secs(60)).await;
        }
    })
}

/// `verify`.
pub fn verify(global: &Global, args: &VerifyCommand, printer: &mut Printer) -> Verdict {
    if args.revalidate {
        return revalidate::run(global, &args.act, printer);
    }
    desk::reading(global, &args.act.which, printer, async |reader, resolved, snapshot, printer| {
        let wanted = Wanted::forward(resolved, gates::VERIFY);
        let samples = measure::measure(reader, resolved, &snapshot.operations, wanted).await?;
        let limits = resolved.declared.limits;
        let readings: Vec<Reading> =
            gates::VERIFY.iter().map(|gate| judge(gate, &samples, &limits)).collect();
        show(printer, &snapshot.operations.phase().to_string(), &readings);
        Ok(code(&readings, true))
    })
}
