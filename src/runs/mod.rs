//! Orchestration: what a command that changes something does from the open ledger to the folded one.
//!
//! ```text
//! open ── settle ── (refresh) ── plan ── confirm ── bind ── apply ── look again ── roll back | clean up ── fold
//!   |        |                                                 \
//!   |        what an earlier run left open                      `operate`: journalled effects that are no change set
//!   refuses a ledger that belongs elsewhere
//! ```
//!
//! [`run`] is all of it for a change set; [`Run`] has the stages, for commands that need others in between. Nothing
//! here prints, parses a command line or listens to signals: a [`Frontend`] shows and confirms, a
//! [`Stop`](crate::engine::Stop) is raised from outside. The command line is one frontend; the crash, fault and
//! random-lives tests are another, and so test what users run.

mod apply;
mod frontend;
mod record;
mod run;

pub use apply::Ended;
pub use frontend::{Frontend, Notice, Phase, Watch};
pub use record::{begin, bind, end, record};
pub use run::{Context, Run, RunError, Task, run};
