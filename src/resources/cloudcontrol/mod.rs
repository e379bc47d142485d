//! Every type that AWS publishes with handlers and that has no handler of its own here, through AWS Cloud Control.
//!
//! Cloud Control runs a request in the background: a call answers with the token of a request, and the request's status
//! says what became of it. A new object is known by its request (`request:TOKEN`) until the request tells its
//! identifier. <https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html>

mod calls;
mod facts;
mod generic;
mod identity;
mod live;
mod patch;
mod stateful;
mod support;
mod tags;
mod transform;

#[cfg(test)]
mod laws_tests;
#[cfg(test)]
mod samples_tests;

pub use facts::SERVICE;
pub use generic::{Generic, find};
pub use support::{Support, stands_for, support};
