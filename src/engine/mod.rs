//! Runs change sets: one task polls all steps in flight; every call is journaled before and after.
//!
//! Files, from the outside in: [`run`] drives everything, `schedule` decides what may start, `step` is the life
//! of one step, `call` makes one verb's calls and judges their errors, `wait` repeats probes, `recover` settles
//! what an earlier run left open, `critical` explains the wall clock.

mod call;
mod critical;
mod event;
mod evidence;
mod limit;
mod outputs;
mod recover;
mod refresh;
mod run;
mod schedule;
mod secrets;
mod step;
mod stop;
mod wait;

pub use critical::{CriticalPath, Leg};
pub use event::{Event, EventKind, Observer, Outcome};
pub use evidence::{Evidence, evidence};
pub use limit::Limits;
pub use recover::{RecoverError, recover};
pub use refresh::{Drift, Finding, Seen, drift, lessons, refresh};
pub use run::{Engine, Finished};
pub use secrets::{Redactor, SecretStore};
pub use stop::Stop;
