//! Resource types: one file each, below the folder of its service; [`registry`] lists them.

mod any;
pub mod compare;
mod contract;
pub mod mirror;
pub mod registry;
mod tagging;

#[cfg(test)]
pub mod bench;

pub mod applicationautoscaling;
pub mod cloudwatch;
pub mod custom;
pub mod dms;
pub mod ec2;
pub mod ecs;
pub mod elasticloadbalancingv2;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod sns;

pub use any::{AnyType, Erased, Lookup};
pub use contract::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType};
