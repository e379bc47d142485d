//! The argument tree.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::args_ledger::{
    LedgerCommand, LedgerVerb, MovedCommand, RebuildCommand, ResolveCommand, VerifyCommand,
};
use super::{exit, operate, typed::Typed};
use crate::{
    aws::access::Profiles,
    model::{Address, PhysicalId},
    planner::Wait,
    ui::Color,
};

/// Plans, runs and tears down AWS migrations through direct, crash-safe API calls.
///
/// A PLAN is a folder with a migration.yaml, one CloudFormation template file, a CDK cloud assembly (cdk.out),
/// or the current folder if it has a migration.yaml.
#[derive(Debug, Parser)]
#[command(name = "migrate", version, after_long_help = exit::help(), disable_help_subcommand = true)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Use the embedded AWS sandbox in virtual time: no account, no network, minutes pass in milliseconds
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// Where the sandbox keeps its state, and the ledgers of plans that were run on it
    #[arg(long, global = true, value_name = "DIR", default_value = ".migrate/sandbox")]
    pub sandbox_dir: PathBuf,
    /// Seed of a new sandbox: same seed, same ids, same events
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Fault-injection rules for the sandbox, as a JSON file
    #[arg(long, global = true, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// The ledger's folder [default: .migrate/<migration>-<environment> beside the plan]
    #[arg(long, global = true, value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Machine-readable output on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// How much is shown: `wide` cuts no table and shows every property in a review, `json` is --json
    #[arg(
        long,
        short,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        conflicts_with = "json"
    )]
    pub output: Format,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// AWS profile, as in the AWS CLI; keys in the environment then do not count
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "sandbox")]
    pub profile: Option<String>,
    /// Region; wins over the plan's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Steps (-v), API calls with durations and request ids (-vv), everything (-vvv), on stderr; MIGRATE_LOG
    /// takes a filter
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Appends the log to a file instead (as -vv, if no level is given)
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// The command line as it was typed.
    #[arg(skip)]
    pub typed: Arc<Typed>,
    /// The AWS CLI's configuration files, once something has asked for them.
    #[arg(skip)]
    pub profiles: Arc<OnceLock<Arc<Profiles>>>,
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// As much as a reader needs, tables within the terminal's width
    Text,
    /// Everything: whole tables, all properties
    Wide,
    /// Machine-readable output on stdout
    Json,
}

/// Which plan, with which values.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Folder with a migration.yaml, a template file, or a cdk.out folder
    #[arg(default_value = ".")]
    pub plan: PathBuf,
    /// Environment of the manifest
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
    /// Parameter value, as Key=Value or stack.Key=Value; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Parameter value from an environment variable, as Key or Key=VARIABLE: keeps it out of process lists; repeatable
    #[arg(long = "set-from-env", value_name = "KEY[=VARIABLE]")]
    pub set_env: Vec<String>,
    /// Parameter value from standard input, one line each in this order; repeatable
    #[arg(long = "set-from-stdin", value_name = "KEY")]
    pub set_stdin: Vec<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Also show advice: what few plans have, and audits ask for
    #[arg(long)]
    pub advice: bool,
    /// Only this stack and what it depends on; repeatable, `*` stands for any text
    #[arg(long = "stack", value_name = "NAME")]
    pub stacks: Vec<String>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a plan without an account: everything wrong, all at once
    Validate(ValidateArgs),
    /// Show what `up` would do
    #[command(aliases = ["diff", "preview"])]
    Plan(PlanCommand),
    /// Apply the plan: shows the change set, asks, runs
    #[command(aliases = ["deploy", "apply"])]
    Up(UpCommand),
    /// Show a saved change set; needs neither plan nor account
    Show(ShowCommand),
    /// Show what the ledger holds
    Status(LedgerArgs),
    /// Print the outputs of the last run
    Outputs(OutputsCommand),
    /// Delete everything the ledger holds, in reverse order: shows it, asks, runs
    #[command(aliases = ["down", "delete"])]
    Destroy(DestroyCommand),
    /// Detect drift: compare live resources with the ledger; changes nothing
    Refresh(RefreshCommand),
    /// Take an existing object into the ledger as a resource of the plan; changes nothing in the account
    Import(ImportCommand),
    /// Stop managing a resource without touching it
    Forget(ForgetCommand),
    /// List the resource types, or show one
    Types(TypesCommand),
    /// Explain a diagnostic's code
    Explain(ExplainCommand),
    /// Draw the resource graph
    Graph(GraphCommand),
    /// Replication: test connections, start, resume, stop, reload, status
    Replicate(operate::ReplicateCommand),
    /// Measure how far the target is behind; changes nothing
    ///
    /// Example: migrate lag plans/payments-multi-stack --check
    Lag(operate::LagCommand),
    /// Measure whether everything was loaded and is the same on both sides; exits with 11 unless it is; changes nothing
    ///
    /// Example: migrate verify plans/payments-multi-stack
    Verify(operate::VerifyCommand),
    /// Send a share of the traffic to the target, where a split is declared safe
    ///
    /// Example: migrate shift --to 25 --steps
    Shift(operate::ShiftCommand),
    /// Cut over: fence the source, drain, flip the traffic, open the target; undone automatically until the target opens
    ///
    /// Example: migrate cutover --yes --confirm 'cut over payments prod'
    Cutover(operate::CutoverCommand),
    /// Go back, from any phase; says first what that would lose
    ///
    /// Example: migrate rollback --yes --confirm 'roll back payments prod'
    Rollback(operate::RollbackCommand),
    /// End a migration that has been live for a day: the way back stops for good
    ///
    /// Example: migrate finalize --confirm 'finalize payments prod'
    Finalize(operate::Act),
    /// Approve the cutover, as somebody else than who runs it
    ///
    /// Example: migrate approve plans/payments-multi-stack --yes
    Approve(operate::ApproveCommand),
    /// Accept what somebody else changed as the state from which operations continue
    ///
    /// Example: migrate reconcile --accept all --reason 'weights corrected by hand, CHG-7'
    Reconcile(operate::ReconcileCommand),
    /// Watch a migration: phase, lag, gates, weights, refused writes, what going back would lose; changes nothing
    ///
    /// Example: migrate watch plans/payments-multi-stack --every 10
    Watch(operate::watch::WatchCommand),
    /// Print the whole way as a runbook: each step with its verb, the AWS CLI's commands, limits and the way back
    ///
    /// Example: migrate runbook plans/payments-multi-stack --out runbook.md
    Runbook(operate::runbook::RunbookCommand),
    /// Write down what happened, for auditors: calls with request ids, samples behind every gate, approvals, refused writes
    ///
    /// Example: migrate evidence plans/payments-multi-stack --html evidence.html
    Evidence(operate::evidence::EvidenceCommand),
    /// Show account, identity and region, where each comes from, and how AWS is reached
    Whoami,
    /// Inspect the ledger
    Ledger(LedgerCommand),
    /// Serve, show or reset the sandbox; what it implements, and how it differs from AWS
    Sandbox(SandboxCommand),
    /// Print the version
    #[command(hide = true)]
    Version,
    /// Print a completion script
    Completions(CompletionsCommand),
    /// Write manual pages and completion scripts into a folder, for packages
    #[command(hide = true)]
    Pages(PagesCommand),
}

/// `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Correct in the plan's files what can be corrected there, show the difference, and check again
    #[arg(long, conflicts_with = "set_stdin")]
    pub fix: bool,
    /// With --fix: show the difference only
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Save the change set, to be applied with `up --change-set FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 10 if there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Detect drift first, then plan against the live state
    #[arg(long)]
    pub refresh: bool,
    /// Give this resource a new object, whatever the comparison says; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<Address>,
    /// How far services are waited for that the run makes or changes, where nothing in it needs more of them
    #[arg(long, value_name = "HOW_FAR", default_value = "steady")]
    pub wait: WaitFor,
}

/// How far something is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WaitFor {
    /// AWS has accepted the call
    Applied,
    /// It works: the tasks of its new deployment run
    Ready,
    /// AWS is done with it: its deployment is complete, instances are in service
    Steady,
}

impl From<WaitFor> for Wait {
    fn from(wait: WaitFor) -> Self {
        match wait {
            WaitFor::Applied => Self::Applied,
            WaitFor::Ready => Self::Ready,
            WaitFor::Steady => Self::Steady,
        }
    }
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowCommand {
    /// What `plan --out FILE` saved
    pub file: PathBuf,
}

/// `up`.
#[derive(Debug, Args)]
pub struct UpCommand {
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Only show what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Apply exactly this saved change set, if it still fits
    #[arg(long, value_name = "FILE")]
    pub change_set: Option<PathBuf>,
    /// Detect drift first, then plan against the live state
    #[arg(long, conflicts_with = "change_set")]
    pub refresh: bool,
    /// Give this resource a new object, whatever the comparison says; repeatable
    #[arg(long, value_name = "ADDRESS", conflicts_with = "change_set")]
    pub replace: Vec<Address>,
    /// If a step fails, remove again what this run created, and what interrupted runs with this option did before it
    #[arg(long)]
    pub rollback_on_failure: bool,
    /// Once a step has failed, begin no other; what runs is brought to its end
    #[arg(long)]
    pub fail_fast: bool,
    /// How far services are waited for that the run makes or changes, where nothing in it needs more of them
    #[arg(long, value_name = "HOW_FAR", default_value = "steady", conflicts_with = "change_set")]
    pub wait: WaitFor,
    /// Permit losing the data of these resources; `all` permits every loss that the review names; repeatable
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub allow_data_loss: Vec<Losable>,
    /// How long a run waits for new credentials when they run out, as 90s, 15m or 2h; 0 fails at once
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = patience)]
    pub auth_wait: Duration,
}

/// Longest wait for credentials: a day.
const LONGEST_WAIT: u64 = 24 * 3600;

/// `0`, `90`, `90s`, `15m`, `2h`.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit.trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        other => return Err(format!("`{other}` is no unit; it is s, m or h")),
    };
    let number: u64 = number.parse().map_err(|_| "it is a number and s, m or h, as 15m".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if seconds <= LONGEST_WAIT => Ok(Duration::from_secs(seconds)),
        _ => Err("at most 24h".into()),
    }
}

/// Whose data may be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Losable {
    /// That of every resource.
    All,
    /// That of one resource.
    One(Address),
}

impl std::str::FromStr for Losable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|error| format!("{error}; or `all`"))
    }
}

/// Which ledger, for commands that work without the plan's files.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// The plan whose ledger is meant [default: the current folder's, or the only ledger in its .migrate]
    pub plan: Option<PathBuf>,
    /// Environment of the manifest
    #[arg(long, short, value_name = "NAME")]
    pub environment: Option<String>,
}

impl LedgerArgs {
    /// The plan that is meant.
    #[must_use]
    pub fn plan(&self) -> &Path {
        self.plan.as_deref().unwrap_or(Path::new("."))
    }
}

/// `refresh`.
#[derive(Debug, Args)]
pub struct RefreshCommand {
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Exit with 10 if something differs
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportCommand {
    /// The resource of the plan, as stack/LogicalId
    pub address: Address,
    /// The object: what `Ref` of its type means to CloudFormation (an id, a name, an ARN)
    #[arg(value_parser = physical_id)]
    pub physical_id: PhysicalId,
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `forget`.
#[derive(Debug, Args)]
pub struct ForgetCommand {
    /// The resource, as stack/LogicalId
    pub address: Address,
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

pub(super) fn physical_id(text: &str) -> Result<PhysicalId, String> {
    if text.is_empty() { Err("an id is not empty".into()) } else { Ok(text.into()) }
}

/// `outputs`.
#[derive(Debug, Args)]
pub struct OutputsCommand {
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Print only this output's value (`stack.Name`, or `Name` if only one stack has it)
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
}

/// `destroy`.
#[derive(Debug, Args)]
pub struct DestroyCommand {
    /// Which ledger.
    #[command(flatten)]
    pub which: LedgerArgs,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Only show what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Once a deletion has failed, begin no other; what runs is brought to its end
    #[arg(long)]
    pub fail_fast: bool,
    /// Permit losing the data of these resources; `all` permits every loss that the review names; repeatable
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub allow_data_loss: Vec<Losable>,
    /// How long a run waits for new credentials when they run out, as 90s, 15m or 2h; 0 fails at once
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = patience)]
    pub auth_wait: Duration,
}

/// `types`.
#[derive(Debug, Args)]
pub struct TypesCommand {
    /// Show this type in detail, or the types of a service: AWS::RDS::DBInstance, RDS::DBInstance, ecs
    #[arg(value_name = "AWS::SERVICE::TYPE")]
    pub name: Option<String>,
    /// List every type that AWS publishes, and how it is deployed: by a handler of its own, through Cloud Control, or not
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainCommand {
    /// The code; all codes without it
    pub code: Option<String>,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
}

/// `graph`.
#[derive(Debug, Args)]
pub struct GraphCommand {
    /// Which plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// The language of the drawing
    #[arg(long, default_value = "dot", conflicts_with = "why")]
    pub format: GraphFormat,
    /// Print the longest chain of waits of a first `up` instead, in typical time: each wait with its reason, whether the
    /// template states it or migrate inferred it, and how much sooner the run would end without it
    #[arg(long)]
    pub why: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxCommand {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: SandboxVerb,
}

/// The verbs of `sandbox`.
#[derive(Debug, Subcommand)]
pub enum SandboxVerb {
    /// Serve the sandbox over HTTP in real time, for other processes and clients
    Serve {
        /// Port; 0 takes a free one
        #[arg(long, default_value_t = 4566)]
        port: u16,
        /// Address to listen on; any other than a loopback one lets other machines read and change the sandbox
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
        bind: IpAddr,
        /// Answer to this host name too, besides localhost and the address; repeatable
        #[arg(long = "host", value_name = "NAME")]
        hosts: Vec<String>,
        /// Let lifecycles pass this many times faster than in real life
        #[arg(long, default_value_t = 1, value_name = "F", value_parser = clap::value_parser!(u32).range(1..=86_400))]
        speed: u32,
        /// Really run the Python code of functions that are invoked, as you, on this machine: by clients and by EventBridge's
        /// rules. Off by default; run only code that you trust
        #[arg(long)]
        run_functions: bool,
        /// The interpreter for --run-functions; what functions import (boto3) must be installed for it
        #[arg(long, value_name = "PROGRAM", default_value = "python3", requires = "run_functions")]
        python: PathBuf,
    },
    /// Add what a real account already has to the sandbox: VPN connections, certificates, secrets, roles
    Plant {
        /// What to add (YAML or JSON)
        file: PathBuf,
    },
    /// Show what exists in the sandbox
    Show,
    /// Start again with an empty account
    Reset,
    /// List every operation the sandbox implements
    Operations,
    /// List what is known to differ from AWS, and which operations are refused
    Differences,
}

/// `pages`.
#[derive(Debug, Args)]
pub struct PagesCommand {
    /// The folder; `man1` and `completions` are made in it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsCommand {
    /// For which shell
    pub shell: clap_complete::Shell,
}
