//! Asking before something happens.

use super::{
    args::{Global, Losable},
    session::one,
};
use crate::{
    error::{Class, Diagnostic, suggest},
    ledger::Snapshot,
    model::Address,
    planner::{self, ChangeSet, Step},
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
            "there is no terminal to confirm on, and nothing was confirmed",
        )
        .help(without.to_owned())));
    }
    let answer = printer.ask(question).unwrap_or_default();
    if answer.trim() == expected {
        return Ok(());
    }
    Err(one(Diagnostic::error("M5002", Class::Refused, "not confirmed; nothing was changed")))
}

/// What to type where nobody can be asked.
#[must_use]
pub fn unasked(global: &Global) -> String {
    format!("to do it without being asked: `{}`", global.typed.again().with("--yes"))
}

/// Steps that lose data without permission.
#[must_use]
pub fn unpermitted<'c>(set: &'c ChangeSet, permitted: &[Losable]) -> Vec<&'c Step> {
    if permitted.contains(&Losable::All) {
        return Vec::new();
    }
    let named: Vec<Address> = permitted
        .iter()
        .filter_map(|one| match one {
            Losable::One(address) => Some(address.clone()),
            Losable::All => None,
        })
        .collect();
    planner::unpermitted(set, &named)
}

/// Refuses permissions for resources that the change set does not name: a misspelt one must not look like a permission.
/// What an earlier run has done already may still be permitted, for the same command is typed again to resume.
///
/// # Errors
/// The addresses.
pub fn known(set: &ChangeSet, snapshot: &Snapshot, permitted: &[Losable]) -> Result<(), Vec<Diagnostic>> {
    let done = || snapshot.history.iter().flat_map(|run| &run.changes).map(|change| &change.address);
    let all = || {
        set.steps
            .iter()
            .map(|step| &step.address)
            .chain(&set.unchanged)
            .chain(snapshot.resources.keys())
            .chain(done())
    };
    let unknown = permitted.iter().filter_map(|one| match one {
        Losable::One(address) if !set.is_empty() && !all().any(|known| known == address) => Some(address),
        _ => None,
    });
    let refused: Vec<Diagnostic> = unknown
        .map(|address| {
            let message =
                format!("--allow-data-loss {address}: there is no such resource. Nothing was changed");
            let near = suggest(address.as_str(), all().map(Address::as_str));
            let help = match near {
                Some(near) => format!("did you mean --allow-data-loss {near}?"),
                None => "the review above names the resources whose data would be lost".to_owned(),
            };
            Diagnostic::error("M0012", Class::Usage, message).help(help)
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Refuses a change set in which AWS would refuse a deletion, before anything is touched.
///
/// # Errors
/// Objects with deletion protection.
pub fn unprotected(set: &ChangeSet) -> Result<(), Vec<Diagnostic>> {
    let refused: Vec<Diagnostic> = set
        .steps
        .iter()
        .filter_map(|step| {
            let property = step.protected.as_deref()?;
            let message = format!("it is protected from deletion: {property} is on. Nothing was changed");
            let help = format!(
                "turn it off in the plan and run `migrate up`, then try again; or let `migrate` stop managing the object: \
                 `migrate forget {}`",
                step.address
            );
            Some(Diagnostic::error("M5004", Class::Refused, message).at(&step.address).help(help))
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Refuses to destroy stacks with termination protection.
///
/// # Errors
/// Their names.
pub fn unprotected_stacks(snapshot: &Snapshot) -> Result<(), Vec<Diagnostic>> {
    let held = |stack: &str| snapshot.objects().any(|(address, _)| address.stack() == stack);
    let refused: Vec<Diagnostic> = snapshot
        .protected
        .iter()
        .filter(|stack| held(stack))
        .map(|stack| {
            let message = format!("stack {stack} has termination protection. Nothing was changed");
            Diagnostic::error("M5005", Class::Refused, message).help(
                "set terminationProtection to false (in a CDK app: on the stack, then `cdk synth`), run `migrate up`, \
                 and destroy again",
            )
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
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
                    .help(format!(
                        "if that is meant: --allow-data-loss {} (or `--allow-data-loss all`)",
                        step.address
                    ))
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
