//! The verbs of the migration operations, one file per verb.

mod args;
pub mod assess;
pub mod cutover;
pub mod desk;
pub mod evidence;
pub mod guard;
pub mod known;
pub mod lag;
pub mod replicate;
pub mod report;
pub mod revalidate;
pub mod reviewed;
pub mod rollback;
pub mod runbook;
pub mod shift;
pub mod watch;

pub use args::*;
