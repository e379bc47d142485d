//! What a verb would do, as data: a pure function of the declaration, of what was seen, and of what was there before the
//! cutover. A step whose effect is there already is left out, so that a verb that died is resumed by planning it again.

mod back;
mod forward;
mod planner;
mod shift;
mod step;

pub use back::{Undo, Way, abort, rollback};
pub use forward::{CONFIRM_S, cutover, fenced_writers, reopening, stopping, target_writers};
pub use shift::shift;
pub use step::{Side, Step, Until, expected_s, refused_s};
