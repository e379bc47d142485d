//! `migrate runbook`: the whole way, step by step, for people: verbs of this program beside the AWS CLI.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{desk, known};
use crate::{
    cli::{
        Verdict,
        args::{Global, LedgerArgs},
        exit::Code,
        ledgers,
        session::one,
    },
    error::{Class, Diagnostic},
    ledger::store,
    operations::{calls, runbook},
    ui::Printer,
};

/// How a runbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Markdown
    #[default]
    Md,
    /// JSON, as with --json
    Json,
}

/// `runbook`.
#[derive(Debug, Args)]
pub struct RunbookCommand {
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Write it as Markdown or as JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Runs the verb. The account is asked only for what the ledger has not seen yet.
pub fn run(global: &Global, args: &RunbookCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let found = known::discovered(global, &args.which, &snapshot)?;
    let errors: Vec<Diagnostic> = found.errors().cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let Some(resolved) = found.resolved else { return Err(one(nothing())) };
    let mut facts = snapshot.operations.facts.clone();
    if !runbook::complete(&resolved, &facts) {
        let seen = desk::reading(global, &args.which, printer, async |reader, resolved, _, _| {
            reader.facts(&calls::watched(resolved)).await
        })?;
        let learned = facts;
        facts = seen;
        facts.learn(&learned);
    }
    let verb = |verb: &str, more: &[(&str, Option<&str>)]| {
        let mut line = global.typed.other(verb);
        for (flag, value) in more {
            line = match value {
                Some(value) => line.and_value(flag, *value),
                None => line.with(flag),
            };
        }
        line.to_string()
    };
    let mut book = runbook::runbook(&resolved, &snapshot, &facts, &verb);
    for chapter in &mut book.chapters {
        for text in [&mut chapter.needs, &mut chapter.worked] {
            *text = printer.completed(text);
        }
    }
    let text = if printer.is_json() || args.format == Format::Json {
        format!("{}\n", serde_json::to_string_pretty(&runbook::as_json(&book)).unwrap_or_default())
    } else {
        // A file says the same as the terminal.
        printer.completed(&runbook::markdown(&book))
    };
    match &args.out {
        None => printer.out(&text),
        Some(file) => write(file, &text)?,
    }
    Ok(Code::Success)
}

/// There is nothing to operate.
pub(super) fn nothing() -> Diagnostic {
    let message = "there is no replication task with a full load in the ledger";
    Diagnostic::error("O2005", Class::Plan, message)
        .help("deploy one with `migrate up`; `migrate status` lists what there is")
}

/// Writes a file that somebody asked for.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Vec<Diagnostic>> {
    store::write_file(file, text.as_bytes()).map_err(|error| {
        one(Diagnostic::error("M0004", Class::Usage, format!("cannot write {}: {error}", file.display())))
    })
}
