//! `migrate evidence`: what happened, for auditors; written beside the ledger, and checked offline.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::runbook::write;
use crate::{
    cli::{
        Verdict,
        args::{Global, LedgerArgs},
        exit::Code,
        ledgers,
        session::one,
    },
    error::{Class, Diagnostic},
    files,
    ledger::Snapshot,
    operations::evidence,
    ui::{Printer, evidence_page},
};

/// The bundle's file.
const FILE: &str = "evidence.json";
/// Its digest, as `sha256sum --check` reads it.
const SUMS: &str = "SHA256SUMS";
/// Largest bundle that is read, in bytes.
const MAX: u64 = 256 << 20;

/// `evidence`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvidenceCommand {
    /// What else to do.
    #[command(subcommand)]
    pub verb: Option<EvidenceVerb>,
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// The bundle's folder [default: evidence/serial-N beside the ledger]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also write it as one self-contained page for people
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// The verbs of `evidence`.
#[derive(Debug, Subcommand)]
pub enum EvidenceVerb {
    /// Check a bundle, without an account and without the ledger; exits with 1 unless it is whole
    ///
    /// Example: migrate evidence verify .migrate/payments-prod/evidence/serial-412 --head 5f1c...
    Verify {
        /// The bundle's folder
        folder: PathBuf,
        /// The head that was written down when the bundle was made
        #[arg(long, value_name = "SHA256")]
        head: Option<String>,
    },
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Writes a bundle beside the ledger, or where somebody wants it.
///
/// # Errors
/// When its files cannot be written.
pub(super) fn save(
    snapshot: &Snapshot,
    dir: &Path,
    out: Option<&Path>,
) -> Result<(PathBuf, Json), Vec<Diagnostic>> {
    let bundle = evidence::bundle(snapshot);
    let folder = match out {
        Some(folder) => folder.to_owned(),
        None => dir.join("evidence").join(format!("serial-{}", snapshot.seq)),
    };
    files::make_private_dir(&folder).map_err(|error| {
        let message = format!("cannot make {}: {error}", folder.display());
        one(Diagnostic::error("M0004", Class::Usage, message))
    })?;
    let text = format!("{}\n", serde_json::to_string_pretty(&bundle).unwrap_or_default());
    write(&folder.join(FILE), &text)?;
    write(&folder.join(SUMS), &format!("{}  {FILE}\n", hash(text.as_bytes())))?;
    Ok((folder, bundle))
}

/// Runs the verb.
pub fn run(global: &Global, args: &EvidenceCommand, printer: &mut Printer) -> Verdict {
    if let Some(EvidenceVerb::Verify { folder, head }) = &args.verb {
        return verify(folder, head.as_deref(), printer);
    }
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    if snapshot.operations.timeline.is_empty() {
        let message = "operations have not begun: there is nothing to give evidence of";
        let help = "they begin with `migrate replicate test-connections`";
        return Err(one(Diagnostic::error("O2005", Class::Plan, message).help(help)));
    }
    let (folder, bundle) = save(&snapshot, &dir, args.out.as_deref())?;
    if let Some(page) = &args.html {
        write(page, &evidence_page::render(&bundle))?;
    }
    let head = bundle["head"].as_str().unwrap_or_default();
    if printer.is_json() {
        printer.json(&json!({
            "format": 1, "folder": folder, "html": args.html, "head": head, "phase": bundle["phase"],
            "entries": snapshot.operations.timeline.len(), "refusals": bundle["refusals"],
        }));
        return Ok(Code::Success);
    }
    let mut text = format!("{}\n", folder.join(FILE).display());
    if let Some(page) = &args.html {
        text.push_str(&format!("{}\n", page.display()));
    }
    text.push_str(&format!("head {head}\n"));
    printer.out(&text);
    printer.advise(&format!(
        "Write the head down where nobody can change it (the ticket). It is checked with \
         `migrate evidence verify {} --head {head}`.",
        folder.display()
    ));
    Ok(Code::Success)
}

/// Checks a bundle without an account and without a ledger.
fn verify(folder: &Path, head: Option<&str>, printer: &mut Printer) -> Verdict {
    let read = |name: &str| {
        let path: PathBuf = folder.join(name);
        files::read_input(&path, MAX).map_err(|error| {
            one(Diagnostic::error("M0004", Class::Usage, format!("cannot read {}: {error}", path.display())))
        })
    };
    let (text, sums) = (read(FILE)?, read(SUMS)?);
    let sums = String::from_utf8_lossy(&sums).into_owned();
    let known: BTreeMap<&str, &str> =
        sums.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name, sum)).collect();
    let mut wrong = Vec::new();
    if known.get(FILE).copied() != Some(hash(&text).as_str()) {
        wrong.push(format!("{FILE} is not the file that {SUMS} was made of"));
    }
    let bundle = match serde_json::from_slice::<Json>(&text) {
        Ok(bundle) => bundle,
        Err(error) => {
            wrong.push(format!("{FILE} is no JSON: {error}"));
            Json::Null
        }
    };
    if !bundle.is_null() {
        wrong.extend(evidence::flaws(&bundle));
    }
    let is = bundle["head"].as_str().unwrap_or_default();
    if let Some(head) = head.filter(|head| !head.eq_ignore_ascii_case(is)) {
        wrong.push(format!("its head is {is}, not {head}: it is another bundle"));
    }
    if !wrong.is_empty() {
        let help =
            "the bundle was changed or is not whole; `migrate evidence` writes it anew from the ledger";
        let one = |what: String| Diagnostic::error("O2014", Class::Failed, what).help(help);
        return Err(wrong.into_iter().map(one).collect());
    }
    let entries = bundle["timeline"].as_array().map_or(0, Vec::len);
    if printer.is_json() {
        printer.json(&json!({"format": 1, "whole": true, "head": is, "entries": entries}));
    } else {
        printer.out(&format!("whole and unchanged: {entries} entries, head {is}\n"));
        if head.is_none() {
            printer.advise(
                "Without --head it is only known that the bundle is consistent, not that it is the one of that day.",
            );
        }
    }
    Ok(Code::Success)
}
