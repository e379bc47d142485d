//! The services' behaviour: per service a model and a slice of operations.

pub mod acm;
pub mod application_autoscaling;
pub mod autoscaling;
pub mod backup;
mod catalog;
pub mod cloudcontrol;
pub mod cloudformation;
pub mod cloudwatch;
pub mod codebuild;
pub mod dms;
pub mod ec2;
pub mod ecs;
pub mod elbv2;
pub mod events;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod s3;
#[cfg(test)]
mod scale;
pub mod secretsmanager;
pub mod serverlessrepo;
pub mod sns;
pub mod ssm;
pub mod sts;
pub mod tagging;

pub use catalog::{SERVICES, Service, detailed, furnish};
