//! Planning is pure: graph and ledger snapshot in, change set out. No clock, no file, no SDK.

mod change_set;

pub use change_set::{
    Action, ChangeSet, Dependency, FORMAT, Keep, Operation, PropertyChange, Shown, Step, StepId, Summary,
    Target,
};
