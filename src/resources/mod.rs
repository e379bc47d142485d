//! Resource types: one file each, below the folder of its service; [`registry`] lists them.

mod any;
pub mod compare;
mod contract;
pub mod described;
mod drift;
pub mod mirror;
pub mod orders;
pub mod protection;
pub mod registry;
pub mod service;
mod shelf;
mod tagging;
pub mod tags;
pub mod versions;

#[cfg(test)]
pub mod bench;
#[cfg(test)]
mod readiness_tests;

pub mod applicationautoscaling;
pub mod autoscaling;
pub mod backup;
pub mod cloudcontrol;
pub mod cloudwatch;
pub mod codebuild;
pub mod custom;
pub mod dms;
pub mod ec2;
pub mod ecs;
pub mod elasticloadbalancingv2;
pub mod events;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod sns;
pub mod ssm;

pub use any::{AnyType, Erased, Lookup, delete};
pub use contract::{
    Change, Created, Cx, Found, Goal, Joined, Obstacle, Part, Probe, Progress, ResourceType, Sight,
    event_minutes,
};
pub use described::{Described, LiveTags, Outcome, OwnTags, State};
pub use drift::{Drift, drift, remade, strange};
pub use shelf::{Asked, Shelf};
