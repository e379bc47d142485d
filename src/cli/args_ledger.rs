//! The argument tree below `ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{LedgerArgs, PlanArgs, physical_id};
use crate::model::{Address, PhysicalId};

/// `ledger`.
#[derive(Debug, Args)]
pub struct LedgerCommand {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: LedgerVerb,
}

/// The verbs of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// Print the whole ledger as it stands after all entries
    Show(LedgerArgs),
    /// Print the latest runs: when, who, how they ended, what changed
    History(LedgerArgs),
    /// Check sequence, checksums and that everything fits together
    Verify(VerifyCommand),
    /// Show what is known about an open intent, or settle it by hand
    Resolve(ResolveCommand),
    /// Rebuild a lost ledger from the plan and from what the account holds; changes nothing in the account
    Rebuild(RebuildCommand),
    /// Record that the ledger's plan was moved or renamed; makes no call
    Moved(MovedCommand),
}

/// `ledger moved`.
#[derive(Debug, Args)]
pub struct MovedCommand {
    /// Where the plan is now
    pub plan: PathBuf,
    /// Environment of the manifest
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `ledger rebuild`.
#[derive(Debug, Args)]
pub struct RebuildCommand {
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// The lineage of the lost ledger, where the account shows objects of several
    #[arg(long, value_name = "LINEAGE")]
    pub lineage: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `ledger verify`.
#[derive(Debug, Args)]
pub struct VerifyCommand {
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Take edited files as they are and seal them again
    #[arg(long)]
    pub accept_edits: bool,
}

/// `ledger resolve`.
#[derive(Debug, Args)]
pub struct ResolveCommand {
    /// The resource whose intent is open, as stack/LogicalId
    pub address: Address,
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// The call had no effect: no such object exists
    #[arg(long, conflicts_with = "exists")]
    pub absent: bool,
    /// The call made this object
    #[arg(long, value_name = "PHYSICAL_ID", value_parser = physical_id)]
    pub exists: Option<PhysicalId>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
