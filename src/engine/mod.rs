//! Runs change sets: one task polls all steps in flight; every call is journaled before and after.
//!
//! Files, from the outside in: `drive` polls everything, `schedule` decides what may start and `urgency` what goes first, `together` runs steps that
//! are one call, `step` is the way of one step, `wait` repeats probes as `pace` says, `call` makes one verb's calls and
//! judges their errors, `limit` and `rate` keep them within AWS's limits, `way` looks what is in the way of a deletion,
//! `owned` asks whose an object is before that, `life` is what a step knows, `run` what all steps share, `reads` makes
//! every read until it answers. Beside a run, `recover` settles what an earlier one left open, `refresh` compares, and
//! `critical` explains the wall clock. `tests/layers.rs` holds who may import whom.
//!
//! # What an answer proves
//! EC2 and IAM, and every index of tags, may hide a new object for many seconds, and an answer may be late. So
//! "there is none" counts only of a question that was asked after the object would have shown: in recovery
//! (`recover`), before a refresh calls an object missing (`refresh`), and before a delete that finds nothing is
//! believed (`step`). What still was called absent too early is remembered (`Snapshot::unseen`): when it gets in
//! the way of the next call and is what was asked for, it is taken for ours; and what shows beside an object that
//! was made since is found and deleted (`late`).

mod altered;
mod call;
mod critical;
mod drive;
mod event;
mod evidence;
mod gather;
mod lag;
mod late;
mod life;
mod limit;
mod looking;
mod naming;
pub mod operate;
mod outputs;
mod owned;
mod pace;
mod parts;
mod protect;
mod rate;
mod reads;
mod recover;
mod refresh;
mod run;
mod schedule;
mod secrets;
mod step;
mod stop;
mod taken;
mod together;
mod urgency;
mod wait;
mod way;

pub use critical::{CriticalPath, Leg};
pub use drive::Finished;
pub use event::{Event, EventKind, Observer, Outcome};
pub use evidence::{Evidence, evidence};
pub use late::{Look, look_again, looks_until};
pub use limit::Limits;
pub use looking::RecoverError;
pub use protect::protect;
pub use recover::recover;
pub use refresh::{Finding, Seen, refresh, refresh_entries};
pub use run::Engine;
pub use secrets::{Redactor, SecretStore};
pub use stop::Stop;
