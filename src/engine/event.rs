//! What happens during a run, for views. Closed and versioned: a view renders events, it never decides.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::critical::Leg;
use crate::{aws::KeysNotice, model::Address, planner::StepId};

/// The version of the event stream's format.
pub const FORMAT: u32 = 1;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Counts up from 1.
    pub seq: u64,
    /// RFC 3339; virtual in a rehearsal.
    pub at: String,
    /// Seconds since the run began.
    pub elapsed_s: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was done.
    Complete,
    /// A step failed; the rest was done as far as possible.
    Failed,
    /// A signal stopped it; what was in flight is settled or will be found by the next run.
    Stopped,
    /// The effect of a call is unknown and could not be determined.
    Doubtful,
}

impl Outcome {
    /// As events and the ledger write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Doubtful => "doubtful",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named as they are shown; units are in the names")]
pub enum EventKind {
    /// The first event.
    RunStarted {
        format: u32,
        run: String,
        operation: &'static str,
        migration: String,
        environment: String,
        account: String,
        realm: &'static str,
        virtual_time: bool,
        steps: usize,
    },
    /// Something an earlier run left open was settled by looking.
    Recovered { address: Address, verb: String, how: String, physical_id: Option<String> },
    /// A step begins its first call.
    StepStarted { step: StepId, address: Address, r#type: String, action: &'static str, typical_s: u64 },
    /// The object exists; the answer is on disk.
    StepCreated { step: StepId, address: Address, physical_id: String },
    /// The object is not ready, but its address is certain and on disk: what needs only that may start.
    StepAddressable { step: StepId, address: Address, detail: String, waited_s: f64 },
    /// A probe found the goal not reached yet.
    StepWaiting { step: StepId, address: Address, detail: String, waited_s: f64, typical_s: u64 },
    /// A call failed in a way that passes; it will be made again.
    StepRetrying {
        step: StepId,
        address: Address,
        operation: String,
        code: Option<String>,
        message: String,
        attempt: u32,
        delay_s: f64,
        why: String,
    },
    /// A step is done.
    StepFinished {
        step: StepId,
        address: Address,
        action: &'static str,
        physical_id: Option<String>,
        took_s: f64,
        /// Set when the object was left in place, or nothing had to be called after all.
        note: Option<String>,
    },
    /// A step failed.
    StepFailed {
        step: StepId,
        address: Address,
        operation: String,
        code: Option<String>,
        message: String,
        request_id: Option<String>,
        took_s: f64,
        doubtful: bool,
    },
    /// A step was not begun because of another.
    StepSkipped { step: StepId, address: Address, because: Address },
    /// A signal asked to stop.
    StopRequested { level: u8, meaning: &'static str },
    /// A gate was measured.
    GateMeasured { gate: String, verdict: String, summary: String },
    /// An operation's intent is on disk.
    OperationIntended { op: u64, name: String, operation: String },
    /// An operation took effect; `how` is `landed` or `found`.
    OperationLanded { op: u64, name: String, operation: String, how: &'static str },
    /// A wait of an operation goes on.
    OperationWaiting { name: String, detail: String, waited_s: f64, limit_s: u64 },
    /// The migration's phase changed.
    PhaseChanged { from: String, to: String, why: String },
    /// From here on writes are refused at a side, `source` or `target`; the commands that reopen it.
    RefusalStarted { side: &'static str, reopen: Vec<String> },
    /// Writes are taken again.
    RefusalEnded { seconds: u64 },
    /// A hook has ended.
    HookFinished { name: String, exit: Option<i32> },
    /// Something a reader should know.
    Remark { text: String },
    /// The last event of an operation.
    #[serde(rename = "run_finished")]
    OperationFinished { outcome: String, phase: String },
    /// Credentials ran out, or came back: `expired`, `other-account`, `renewed`, `given-up`.
    Credentials { state: &'static str, message: String, help: Option<String> },
    /// Values of the stacks' outputs.
    Outputs { outputs: BTreeMap<String, BTreeMap<String, Json>> },
    /// The last event.
    RunFinished {
        outcome: Outcome,
        elapsed_s: f64,
        critical_path_s: f64,
        critical_path: Vec<Leg>,
        api_calls: u64,
        calls_by_service: BTreeMap<String, u64>,
        resources: usize,
        done: usize,
        failed: usize,
        skipped: usize,
    },
}

impl From<&KeysNotice> for EventKind {
    fn from(notice: &KeysNotice) -> Self {
        Self::Credentials {
            state: notice.state(),
            message: notice.words(),
            help: notice.remedy().map(ToOwned::to_owned),
        }
    }
}

/// Receives every event, in order.
pub trait Observer {
    /// One event.
    fn on(&mut self, event: &Event);

    /// Called now and then while nothing happens, for clocks on the screen.
    fn tick(&mut self, _elapsed_s: f64) {}
}

/// Keeps events; for tests.
impl Observer for Vec<Event> {
    fn on(&mut self, event: &Event) {
        self.push(event.clone());
    }
}
