//! What a runbook consists of.

use serde::Serialize;

use crate::ledger::Phase;

/// A step of the runbook.
#[derive(Debug, Clone, Serialize)]
pub struct Chapter {
    /// What it is called in machine-readable output.
    pub key: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Who does it.
    pub owner: String,
    /// Who hears of it.
    pub tell: Vec<String>,
    /// The verb.
    pub command: String,
    /// The verb as it would be, without doing anything.
    pub preview: Option<String>,
    /// What must hold before.
    pub needs: String,
    /// The gates that it needs, as they were measured last.
    pub gates: Vec<Gate>,
    /// How long its waits may take together, in seconds.
    pub limit_s: u64,
    /// How long it takes when nothing goes wrong, in seconds; 0 where only the data knows.
    pub expected_s: u64,
    /// For how long it refuses writes, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_s: Option<u64>,
    /// How to see that it worked.
    pub worked: String,
    /// The way back from it.
    pub back: String,
    /// What that way loses.
    pub loses: String,
    /// When it was done, and the ledger's entry that says so.
    pub done: Option<Done>,
    /// The same with the AWS CLI.
    pub by_hand: Vec<Manual>,
}

/// A gate as it was measured last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// Which.
    pub gate: String,
    /// What it said; `None` if it was never measured.
    pub verdict: Option<String>,
    /// In words.
    pub summary: String,
    /// When.
    pub at: Option<String>,
}

/// That a chapter was completed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// When.
    pub at: String,
    /// The ledger's entry.
    pub entry: u64,
}

/// One step by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manual {
    /// What it does.
    pub words: String,
    /// Commands for a POSIX shell; none where there is nothing to type.
    pub commands: Vec<String>,
}

/// The whole runbook.
#[derive(Debug, Clone, Serialize)]
pub struct Runbook {
    /// The format of this document.
    pub format: u32,
    /// The migration.
    pub migration: String,
    /// The environment.
    pub environment: String,
    /// The account.
    pub account: String,
    /// The phase.
    pub phase: Phase,
    /// The ledger's serial.
    pub serial: u64,
    /// Whom to tell, by part.
    pub owners: Vec<(String, String)>,
    /// Where going back begins to cost something.
    pub point_of_no_return: String,
    /// Commands that reopen the source, from any machine.
    pub reopen: Vec<String>,
    /// Functions that the commands use.
    pub functions: String,
    /// The chapters, in order.
    pub chapters: Vec<Chapter>,
}
