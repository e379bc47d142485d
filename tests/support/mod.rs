//! A rehearsal in process: plan, world, ledger and clock in memory, so that thousands of runs take seconds.

mod checks;
mod places;
mod plans;
mod proof;
pub(crate) mod python;
mod ran;
mod rehearsal;
mod second;
pub mod secrets;
mod trouble;

pub use places::{Crash, sample};
pub use plans::{edited, edited_plan, payments, write};
pub use proof::{in_parallel, report, seeds, thorough};
pub use ran::Ran;
pub use rehearsal::Rehearsal;
pub use second::{BORN_OURS, Second, meanwhile};
pub use trouble::{Trouble, Verb};
