//! `migrate show`: a saved change set as a review, without its plan, its ledger and an account.

use super::{
    Verdict,
    args::{Global, ShowCommand},
    exit::Code,
    up,
};
use crate::ui::Printer;

/// Runs the verb.
pub fn run(_global: &Global, args: &ShowCommand, printer: &mut Printer) -> Verdict {
    let set = up::read_change_set(&args.file)?;
    printer.plan(&set, None);
    if !printer.is_json() && !set.is_empty() {
        let file: String =
            shlex::try_quote(&args.file.to_string_lossy()).map_or_else(|_| "FILE".into(), Into::into);
        printer.advise(&format!("Apply exactly this with `migrate up PLAN --change-set {file}`."));
    }
    Ok(Code::Success)
}
