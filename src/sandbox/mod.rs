//! The embedded AWS twin: a codec driven by the official API models, one account-wide world, lifecycles on a
//! clock.
//!
//! A request comes in as the SDK's (or any client's) HTTP request. The codec finds service and operation,
//! decodes and validates the parameters against the model and hands them to the operation's function as JSON
//! in the model's own member names; the answer goes back the same way. Functions see only the [`World`].

pub mod codec;
mod connector;
mod crypto;
pub mod differences;
mod faults;
mod functions;
mod guard;
mod host;
mod ids;
mod journal;
mod latency;
mod outside;
pub mod plant;
mod reply;
pub mod server;
pub mod services;
mod throttle;
mod world;

pub use faults::{Action, FaultRule, FaultScript, Moment, Selector};
pub use functions::Functions;
pub use guard::Guard;
pub use host::{Logged, Options, Options as SandboxOptions, Outcome, Sandbox};
pub use journal::{Durability, Home, Kept};
pub use outside::play;
pub use reply::{Fault, Kind, Operation, Reply, Request, done};
pub use server::{Door, FastClock, serve};
pub use throttle::Throttles;
pub use world::{By, Effect, Lag, RoleProblem, World, durations, partition};
