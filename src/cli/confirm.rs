//! Asking before something happens.

use super::session::one;
use crate::{
    error::{Class, Diagnostic},
    planner::Step,
    ui::Printer,
};

/// Asks for `expected` to be typed. Refuses without a terminal.
///
/// # Errors
/// When nobody can answer, or the answer is another.
pub fn ask(
    printer: &mut Printer,
    question: &str,
    expected: &str,
    without: &str,
) -> Result<(), Vec<Diagnostic>> {
    if !printer.can_ask() {
        return Err(one(Diagnostic::error(
            "M5001",
            Class::Refused,
            "there is no terminal to ask on, and nothing was confirmed",
        )
        .help(without.to_owned())));
    }
    let answer = printer.ask(question).unwrap_or_default();
    if answer.trim() == expected {
        return Ok(());
    }
    Err(one(Diagnostic::error("M5002", Class::Refused, "not confirmed; nothing was changed")))
}

/// Permission for each step that loses data: by flag, or by typing the address in full.
///
/// # Errors
/// Steps that nobody permitted.
pub fn data_loss(printer: &mut Printer, unpermitted: &[&Step], yes: bool) -> Result<(), Vec<Diagnostic>> {
    if unpermitted.is_empty() {
        return Ok(());
    }
    if yes || !printer.can_ask() {
        return Err(unpermitted
            .iter()
            .map(|step| {
                let loss = step.data_loss.as_deref().unwrap_or("data would be lost");
                Diagnostic::error("M5003", Class::Refused, format!("{}: {loss}", step.action.verb()))
                    .at(&step.address)
                    .help(format!("if that is meant: --allow-data-loss {}", step.address))
            })
            .collect());
    }
    for step in unpermitted {
        let loss = step.data_loss.as_deref().unwrap_or("data would be lost");
        let question = format!("{}: {loss}.\nType {} to permit it: ", step.address, step.address);
        ask(printer, &question, step.address.as_str(), "--allow-data-loss ADDRESS")?;
    }
    Ok(())
}
