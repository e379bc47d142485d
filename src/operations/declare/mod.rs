//! The section `operations:` of a manifest: who replicates what, where traffic goes, how the source is fenced.

mod read;
mod section;

pub use read::{HOOKS, POSITION, declare};
pub use section::{
    Assessment, DatabaseWay, Declaration, Hook, Limits, Order, Require, ReverseStart, ReverseWay, Splits,
    SteeringWay, TargetFence, Traffic,
};
