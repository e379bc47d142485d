//! A step, and what a wait waits for.

use serde::Serialize;

use super::super::discover::{Task, Writer};
use crate::{
    ledger::{Operate, Phase},
    model::Address,
};

/// A side of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The source, which a cutover shuts.
    Source,
    /// The target, which a rollback shuts.
    Target,
}

impl Side {
    /// As people read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// What a wait waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "until", rename_all = "kebab-case")]
pub enum Until {
    /// The task runs.
    Running {
        /// Which.
        task: Box<Task>,
    },
    /// The task has stopped, and its checkpoint is kept.
    Stopped {
        /// Which.
        task: Box<Task>,
    },
    /// No task of the services runs.
    Empty {
        /// Which.
        writers: Vec<Writer>,
    },
    /// What the tasks capture stands still: two equal reads, at least fifteen seconds apart.
    Quiet {
        /// Whose counters.
        tasks: Vec<Task>,
    },
    /// Everything has arrived: a sentinel, or points that began after the fence was proven.
    Drained {
        /// Whose changes.
        tasks: Vec<Task>,
        /// Whether the way is home.
        home: bool,
    },
    /// Every table is validated.
    Validated {
        /// Whose tables.
        tasks: Vec<Task>,
    },
    /// The target database reports a replication slot.
    Slot,
    /// Route 53 has the change everywhere.
    InSync {
        /// Of which resource.
        address: Address,
        /// The change; sent once more where the answer with its id was lost.
        call: Box<Operate>,
    },
    /// What a call was to change is there.
    Applied {
        /// The call.
        call: Box<Operate>,
    },
    /// Resolvers have forgotten the old answer.
    Expired {
        /// After so many seconds.
        seconds: u64,
    },
    /// The services serve.
    Serving {
        /// Which.
        writers: Vec<Writer>,
    },
    /// It has served well for a while.
    Confirmed {
        /// How long, in seconds.
        seconds: u64,
    },
    /// A snapshot is available.
    Snapshot {
        /// `cluster` or `instance`.
        kind: String,
        /// Where.
        region: String,
        /// Its identifier.
        id: String,
    },
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A call.
    Call {
        /// Of which resource.
        address: Address,
        /// The call.
        call: Box<Operate>,
    },
    /// A wait.
    Wait {
        /// What for, in words.
        name: String,
        /// What for.
        #[serde(flatten)]
        until: Until,
        /// How often to look, in seconds.
        every_s: u64,
        /// How long at most, in seconds.
        limit_s: u64,
    },
    /// A hook; one that is not declared is left out before.
    Hook {
        /// Which.
        name: String,
    },
    /// The reverse task starts at the position that a hook has taken.
    StartAt {
        /// Which.
        task: Box<Task>,
    },
    /// A new phase.
    Phase {
        /// Which.
        to: Phase,
        /// Why.
        why: String,
    },
    /// Writes are refused from here on.
    RefusalStarts {
        /// Which side is shut.
        side: Side,
        /// Commands that reopen it.
        reopen: Vec<String>,
    },
    /// The ledger learns the ids of rules that were put back.
    Rebind {
        /// Where.
        region: String,
        /// The group.
        group: String,
    },
    /// From here on the target takes writes: nothing is undone automatically any more.
    Opens,
    /// Writes are taken again.
    RefusalEnds,
}

impl Step {
    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Call { call, .. } => call.name.clone(),
            Self::Wait { name, limit_s, .. } => format!("wait until {name} (at most {limit_s} s)"),
            Self::Hook { name } => format!("hook {name}"),
            Self::StartAt { task } => format!("start task {} at the position that was noted", task.address),
            Self::Phase { to, .. } => format!("the phase becomes {to}"),
            Self::RefusalStarts { .. } => "from here on writes are refused".to_owned(),
            Self::Rebind { group, .. } => format!("record the new rule ids of {group} in the ledger"),
            Self::Opens => "the target opens: from here on, going back is a rollback".to_owned(),
            Self::RefusalEnds => "writes are taken again".to_owned(),
        }
    }
}

/// For how long the steps refuse writes when nothing goes wrong, in seconds; `None` if they refuse none. `shut`: writes are
/// refused already when they begin.
#[must_use]
pub fn refused_s(steps: &[Step], shut: bool) -> Option<u64> {
    let began =
        steps.iter().position(|step| matches!(step, Step::RefusalStarts { .. })).or(shut.then_some(0))?;
    let rest = &steps[began..];
    let ends = rest.iter().position(|step| matches!(step, Step::RefusalEnds)).unwrap_or(rest.len());
    Some(expected_s(&rest[..ends]))
}

/// How long steps take when nothing goes wrong, in seconds: what AWS's documentation and experience say of each wait.
#[must_use]
pub fn expected_s(steps: &[Step]) -> u64 {
    let one = |step: &Step| match step {
        Step::Wait { until, .. } => match until {
            // An instance is drained, and shut down: two minutes.
            Until::Empty { writers } if writers.iter().any(|one| !one.fleet.is_tasks()) => 120,
            Until::Running { .. } | Until::Empty { .. } => 40,
            Until::Applied { .. } => 3,
            Until::Stopped { .. } | Until::Quiet { .. } | Until::Validated { .. } => 30,
            // Five points that began behind the fence.
            Until::Drained { .. } => 360,
            Until::Slot => 60,
            // Changes usually propagate within 60 seconds:
            // https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
            Until::InSync { .. } | Until::Serving { .. } => 60,
            Until::Expired { seconds } | Until::Confirmed { seconds } => *seconds,
            Until::Snapshot { .. } => 600,
        },
        Step::Call { .. } | Step::StartAt { .. } => 1,
        _ => 0,
    };
    steps.iter().map(one).sum()
}
