//! Records in the ledger's history of what an operator decided: `import`, `forget`, `ledger resolve`.

use crate::ledger::{Binding, Entry, Ledger, LedgerError};

/// Ties a new ledger to its account; one that is bound stays as it is, but for where its plan's files are.
///
/// # Errors
/// When the ledger cannot be written.
pub fn bind(ledger: &mut Ledger, binding: Binding) -> Result<(), LedgerError> {
    let Binding { migration, environment, account, region, realm, plan } = match &ledger.snapshot().binding {
        None => binding,
        Some(known) if binding.plan.is_some() && binding.plan != known.plan => {
            Binding { plan: binding.plan, ..known.clone() }
        }
        Some(_) => return Ok(()),
    };
    ledger.append(Entry::Bound { migration, environment, account, region, realm, plan }).map(drop)
}

/// Opens a record in the history. Returns its name, for [`end`].
///
/// # Errors
/// When the ledger cannot be written.
pub fn begin(ledger: &mut Ledger, operation: &str, steps: usize, by: &str) -> Result<String, LedgerError> {
    let run = format!("run-{}", ledger.snapshot().seq + 1);
    ledger.append(Entry::RunStarted {
        run: run.clone(),
        operation: operation.into(),
        steps,
        by: by.into(),
        rolls_back: false,
    })?;
    Ok(run)
}

/// Closes the record as complete and folds the journal.
///
/// # Errors
/// When the ledger cannot be written.
pub fn end(ledger: &mut Ledger, run: String) -> Result<(), LedgerError> {
    ledger.append(Entry::RunFinished { run, outcome: "complete".into(), failures: Vec::new() })?;
    ledger.fold()
}

/// Writes what an operator decided, as one record of the history.
///
/// # Errors
/// When the ledger cannot be written.
pub fn record(
    ledger: &mut Ledger,
    operation: &str,
    by: &str,
    entries: Vec<Entry>,
) -> Result<(), LedgerError> {
    let run = begin(ledger, operation, 1, by)?;
    for entry in entries {
        ledger.append(entry)?;
    }
    end(ledger, run)
}
