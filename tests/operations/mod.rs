//! Migration operations from the command line: the unattended way there and back on each plan, what closed gates, other
//! operators, refusals, lost answers and deaths leave behind.

mod adverse;
mod assess;
mod by_hand;
mod deaths;
mod defects;
mod desk;
mod evidence;
mod film;
mod homogeneous;
mod hooks;
mod invariants;
mod people;
mod replicators;
mod reviewed;
mod serverless;
mod signals;
mod steered;
mod trouble;
mod unattended;
mod verbs;
mod ways;

pub use desk::*;
