//! Runs change sets: one task polls all steps in flight; every call is journaled before and after.
//!
//! Files, from the outside in: [`run`] drives everything, `schedule` decides what may start, `step` is the life
//! of one step, `call` makes one verb's calls and judges their errors, `owned` asks whose an object is before that,
//! `together` runs steps that are one call, `wait` repeats probes, `recover` settles what an earlier run left open,
//! `critical` explains the wall clock.
//!
//! # What an answer proves
//! EC2 and IAM, and every index of tags, may hide a new object for many seconds, and an answer may be late. So
//! "there is none" counts only of a question that was asked after the object would have shown: in recovery
//! (`recover`), before a refresh calls an object missing (`refresh`), and before a delete that finds nothing is
//! believed (`step`). What still was called absent too early is remembered (`Snapshot::unseen`): when it gets in
//! the way of the next call and is what was asked for, it is taken for ours; and what shows beside an object that
//! was made since is found and deleted (`late`).

mod call;
mod critical;
mod event;
mod evidence;
mod late;
mod limit;
pub mod operate;
mod outputs;
mod owned;
mod parts;
mod protect;
mod recover;
mod refresh;
mod run;
mod schedule;
mod secrets;
mod step;
mod stop;
mod together;
mod wait;

pub use critical::{CriticalPath, Leg};
pub use event::{Event, EventKind, Observer, Outcome};
pub use evidence::{Evidence, evidence};
pub use late::{Look, look_again, looks_until};
pub use limit::Limits;
pub use protect::protect;
pub use recover::{RecoverError, recover};
pub use refresh::{Drift, Finding, Seen, drift, refresh, refresh_entries};
pub use run::{Engine, Finished};
pub use secrets::{Redactor, SecretStore};
pub use stop::Stop;
