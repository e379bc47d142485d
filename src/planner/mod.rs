//! Planning is pure: graph and ledger snapshot in, change set out. No clock, no file, no SDK.

mod altered;
mod change_set;
mod decide;
mod decision;
mod diff;
mod digest;
mod interrupts;
mod items;
mod order;
mod path;
mod plan;
mod predict;
mod reasons;
mod risks;
mod taken;
mod teardown;

#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
pub mod testing;

pub use change_set::{
    Action, Attachment, ChangeSet, Dependency, FORMAT, Interruption, Keep, Operation, PropertyChange, Shown,
    Step, StepId, Summary, Target, Wait, Wishes,
};
pub use digest::digest;
pub use path::{Reason, Stop, TypicalPath, typical_path};
pub use plan::{PlanInput, plan};
pub use risks::unpermitted;
pub use teardown::{cleanup, rollback, teardown};
