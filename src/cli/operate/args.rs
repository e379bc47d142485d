//! Arguments of the verbs.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use crate::cli::args::{LedgerArgs, patience};

/// Which migration.
#[derive(Debug, Args)]
pub struct Read {
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
}

/// What every verb understands that acts.
#[derive(Debug, Args)]
pub struct Act {
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Do not ask; texts that have to be typed need --confirm all the same
    #[arg(long, short)]
    pub yes: bool,
    /// A text that would have to be typed, in full; repeatable
    #[arg(long, value_name = "TEXT")]
    pub confirm: Vec<String>,
    /// Pass a gate that is not open, with a reason of at least ten characters; recorded; repeatable
    #[arg(long = "override", value_name = "GATE=REASON")]
    pub overrides: Vec<Override>,
    /// Only show what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for new credentials when they run out, as 90s, 15m or 2h; 0 fails at once
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = patience)]
    pub auth_wait: Duration,
}

/// A gate that is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Which.
    pub gate: String,
    /// Why.
    pub reason: String,
}

impl std::str::FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use crate::operations::gates::{CUSTOM, GATES, OTHERS, STRICT};
        let (gate, reason) = text
            .split_once('=')
            .ok_or("write it as GATE=REASON, for example lag=idle source, checked by hand")?;
        let known: Vec<&str> = GATES.iter().copied().chain(OTHERS.iter().copied()).collect();
        if !known.contains(&gate) && !gate.starts_with(CUSTOM) {
            return Err(format!("there is no gate `{gate}`; gates are {}", known.join(", ")));
        }
        if STRICT.contains(&gate) {
            return Err(format!("the gate `{gate}` cannot be passed over"));
        }
        if reason.trim().chars().count() < 10 {
            return Err("the reason needs at least ten characters: an auditor reads it".into());
        }
        Ok(Self { gate: gate.to_owned(), reason: reason.trim().to_owned() })
    }
}

/// `replicate`.
#[derive(Debug, Args)]
pub struct ReplicateCommand {
    /// What to do.
    #[command(subcommand)]
    pub verb: ReplicateVerb,
}

/// The verbs of `replicate`.
#[derive(Debug, Subcommand)]
pub enum ReplicateVerb {
    /// Test every connection between the replication instances and their endpoints
    ///
    /// Example: migrate replicate test-connections plans/payments-multi-stack
    TestConnections(Act),
    /// Run the premigration assessments of the forward tasks, and wait for what they find
    ///
    /// DMS writes the full results to the bucket that `operations: {assessment: ...}` names.
    ///
    /// Example: migrate replicate assess plans/payments-multi-stack
    Assess(Act),
    /// Start the forward tasks for the first time
    ///
    /// Example: migrate replicate start --wait loaded
    Start {
        /// Which plan, and how.
        #[command(flatten)]
        act: Act,
        /// Until when to wait
        #[arg(long, value_name = "STATE", default_value = "running")]
        wait: Waiting,
    },
    /// Resume stopped forward tasks where they stopped
    ///
    /// Example: migrate replicate resume
    Resume(Act),
    /// Stop the forward tasks; they can be resumed
    ///
    /// Example: migrate replicate stop
    Stop(Act),
    /// Load tables again; without a table, everything
    ///
    /// Example: migrate replicate reload --table public.payments --confirm 'reload payments prod'
    Reload {
        /// Which plan, and how.
        #[command(flatten)]
        act: Act,
        /// A table, as SCHEMA.TABLE; repeatable
        #[arg(long = "table", value_name = "SCHEMA.TABLE")]
        tables: Vec<String>,
    },
    /// Show tasks and tables
    ///
    /// Example: migrate replicate status --json
    Status(Read),
}

/// Until when `replicate start` waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Waiting {
    /// The tasks run
    Running,
    /// The full load is complete
    Loaded,
}

/// `lag`.
#[derive(Debug, Args)]
pub struct LagCommand {
    /// Which plan.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Measure again every minute
    #[arg(long, conflicts_with = "check")]
    pub watch: bool,
    /// Exit with 11 unless the gates are open; waits for the first points of a task that has just started
    #[arg(long)]
    pub check: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// Validate the tables again that are not `Validated`, ten at a time, and wait for what that finds
    #[arg(long)]
    pub revalidate: bool,
}

/// `shift`.
#[derive(Debug, Args)]
pub struct ShiftCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// The share of the target in percent; 0 returns to the source
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=99))]
    pub to: u8,
    /// Only this traffic set
    #[arg(long, value_name = "NAME")]
    pub traffic: Option<String>,
    /// Go through the declared steps on the way, and hold each
    #[arg(long)]
    pub steps: bool,
}

/// `cutover`.
#[derive(Debug, Args)]
pub struct CutoverCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// The change's number, for the evidence
    #[arg(long, value_name = "ID")]
    pub ticket: Option<String>,
    /// With --dry-run: save what would be done, for a review, for `approve --of`, and for --change-set
    #[arg(long, value_name = "FILE", requires = "dry_run", conflicts_with_all = ["resume", "abort"])]
    pub out: Option<PathBuf>,
    /// Carry out exactly this saved dry run, if it is still what would be done
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "resume", "abort"])]
    pub change_set: Option<PathBuf>,
    /// Somebody else's approval of this cutover, as `approve --of FILE --out FILE` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "resume", "abort"])]
    pub approval: Option<PathBuf>,
    /// Complete a cutover that was interrupted
    #[arg(long = "continue", conflicts_with = "abort")]
    pub resume: bool,
    /// Undo a cutover that was interrupted before the target opened
    #[arg(long)]
    pub abort: bool,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollbackCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// Wait until the reverse task is within its gates, for an hour at most
    #[arg(long, conflicts_with = "accept_loss")]
    pub wait: bool,
    /// All traffic leads to the source afterwards, also if the cutover that is undone began in the middle of a shift
    #[arg(long)]
    pub to_source: bool,
    /// Give up what was written to the target and has not come back
    #[arg(long)]
    pub accept_loss: bool,
}

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// Who approves, in a rehearsal; with --sandbox only
    #[arg(long = "as", value_name = "NAME")]
    pub identity: Option<String>,
    /// Approve exactly this saved cutover, and no other; without it, what is declared
    #[arg(long, value_name = "FILE")]
    pub of: Option<PathBuf>,
    /// Write the approval to a file instead of the ledger, for `cutover --approval`: needs the identity, but no ledger
    #[arg(long, value_name = "FILE", requires = "of")]
    pub out: Option<PathBuf>,
}

/// `reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileCommand {
    /// Which plan, and how.
    #[command(flatten)]
    pub act: Act,
    /// Which changed property to accept, as exit code 12 named it; `all` accepts every one
    #[arg(long, value_name = "WHAT")]
    pub accept: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
