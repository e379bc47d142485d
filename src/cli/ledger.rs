//! `migrate ledger`: looks into the ledger.

use super::{
    Verdict,
    args::{Global, LedgerCommand, LedgerVerb},
    exit::Code,
    prepare,
    session::one,
};
use crate::{
    error::{Class, Diagnostic},
    ui::Printer,
};

/// Runs the verb. The ledger is JSON; so is its picture.
pub fn run(global: &Global, args: &LedgerCommand, printer: &mut Printer) -> Verdict {
    let LedgerVerb::Show(whose) = &args.verb;
    let dir = prepare::find_ledger(global, whose)?;
    let snapshot = prepare::existing(&dir)?;
    let json = serde_json::to_value(&snapshot).map_err(|e| {
        one(Diagnostic::error("M9002", Class::Internal, format!("cannot show the ledger: {e}")))
    })?;
    printer.json(&json);
    Ok(Code::Success)
}
