//! The section as values.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::Address;

/// Why a split of the traffic is safe, or that none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Splits {
    /// A database stands behind each weight: never.
    #[default]
    Never,
    /// Only reads go through this name.
    Reads,
    /// Both sides write to one database.
    SharedDatabase,
    /// Replication runs both ways, with loopback prevention.
    TwoWay,
}

impl Splits {
    /// As the manifest writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Reads => "reads",
            Self::SharedDatabase => "shared-database",
            Self::TwoWay => "two-way",
        }
    }
}

/// What happens to the target until it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetFence {
    /// Its writers are at zero.
    #[default]
    Cold,
    /// Its writers run, the database's rules are shut.
    Door,
    /// Nothing is shut: the flip opens it.
    Warm,
}

/// When the names move inside the cutover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// After the drain.
    #[default]
    Sequential,
    /// As soon as the source is fenced, while the target stays shut: writes are refused for the longer of drain and DNS
    /// instead of their sum.
    Overlap,
}

impl Order {
    /// Whether it is the usual one.
    #[must_use]
    pub fn is_sequential(&self) -> bool {
        *self == Self::Sequential
    }
}

/// The way back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReverseWay {
    /// A task.
    Task(Address),
    /// None, and why.
    None(String),
}

/// When the reverse task starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReverseStart {
    /// While both sides are shut.
    #[default]
    Inside,
    /// After the opening, at a position that a hook took while both sides were shut.
    Position,
    /// Before the fence, with loopback prevention on both tasks.
    Early,
}

/// A database of the plan, or one outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseWay {
    /// A resource.
    Address(Address),
    /// Its host name.
    External(String),
}

/// What shares requests out, as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SteeringWay {
    /// Weighted records: source and target.
    Records(Address, Address),
    /// A listener or one of its rules, and its target groups: source and target.
    Listener(Address, Address, Address),
}

/// A hook as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hook {
    /// A command and its arguments.
    Exec(Vec<String>),
    /// A Lambda function of the plan.
    Lambda {
        /// Its resource.
        lambda: Address,
    },
}

/// One traffic set as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Its name.
    pub name: String,
    /// What shares requests out.
    #[serde(flatten)]
    pub by: SteeringWay,
    /// Whether it may be split.
    pub splits: Splits,
    /// Why.
    pub reason: String,
}

/// What must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Require {
    /// A ticket's number.
    pub ticket: bool,
    /// An approval by another identity.
    pub approval: bool,
    /// A way back.
    pub reverse: bool,
}

impl Default for Require {
    fn default() -> Self {
        Self { ticket: false, approval: false, reverse: true }
    }
}

/// The gates' limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds of lag.
    pub lag_s: f64,
    /// Fresh points that must be within the limit.
    pub points: usize,
    /// Changes that wait.
    pub backlog: f64,
    /// Rows whose validation is pending.
    pub pending: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lag_s: 10.0, points: 5, backlog: 1_000.0, pending: 10_000 }
    }
}

/// A declared assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Assessment {
    /// Of tasks: the role, and the bucket for the results.
    Run(Address, Address),
    /// Of serverless replications (`true`), which their start assesses: DMS keeps the results in a bucket of its own.
    AtStart(bool),
}

/// The section as declared, environments merged; what is missing is discovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Whether the manifest has the section at all.
    pub present: bool,
    /// The forward tasks.
    pub forward: Vec<Address>,
    /// The way back.
    pub reverse: Option<ReverseWay>,
    /// When the reverse task starts.
    #[serde(default)]
    pub reverse_start: ReverseStart,
    /// Whether DMS assesses before anything is loaded, and what it needs for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
    /// Source and target database.
    pub databases: (Option<DatabaseWay>, Option<DatabaseWay>),
    /// The traffic sets.
    pub traffic: Vec<Traffic>,
    /// What writes to the source.
    pub writers: Option<Vec<Address>>,
    /// Groups whose rules stay.
    pub keep: Vec<Address>,
    /// What happens to the target until it opens.
    pub target: TargetFence,
    /// When the names move.
    #[serde(default, skip_serializing_if = "Order::is_sequential")]
    pub order: Order,
    /// A target that does not serve well after the opening is rolled back without asking, while the reverse task is within
    /// its gates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_rollback: bool,
    /// Commands and functions by name.
    pub hooks: BTreeMap<String, Hook>,
    /// How long they may run, in seconds, where that is declared.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hook_limits: BTreeMap<String, u64>,
    /// Hooks that are run in a rehearsal too: they touch nothing that is real, or know that it is one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rehearsed: BTreeSet<String>,
    /// The gates' limits.
    pub limits: Limits,
    /// Alarms that must be OK, besides those that are discovered.
    pub alarms: Vec<Address>,
    /// Weights of the target on the way.
    pub steps: Vec<u8>,
    /// How long each is held, in seconds.
    pub hold_s: u64,
    /// The parameter that mirrors the phase.
    pub state_parameter: Option<Address>,
    /// What must be there.
    pub require: Require,
    /// Functions that change the names on purpose, as long as operations have not begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Address>,
    /// Whom to tell, by part.
    pub owners: BTreeMap<String, String>,
    /// Tables that must be replicated, `schema.table`.
    pub tables: Vec<String>,
}

impl Default for Declaration {
    fn default() -> Self {
        Self {
            present: false,
            forward: Vec::new(),
            reverse: None,
            reverse_start: ReverseStart::Inside,
            assessment: None,
            databases: (None, None),
            traffic: Vec::new(),
            writers: None,
            keep: Vec::new(),
            target: TargetFence::Cold,
            order: Order::Sequential,
            auto_rollback: false,
            hooks: BTreeMap::new(),
            hook_limits: BTreeMap::new(),
            rehearsed: BTreeSet::new(),
            limits: Limits::default(),
            alarms: Vec::new(),
            steps: vec![10, 25, 50],
            hold_s: 600,
            state_parameter: None,
            require: Require::default(),
            operators: Vec::new(),
            owners: BTreeMap::new(),
            tables: Vec::new(),
        }
    }
}
