//! The services' behaviour: per service a model and a slice of operations.

use super::Operation;

/// A service of the sandbox.
pub struct Service {
    /// The folder's name in botocore, also the model file's name: `ec2`, `dms`, `elbv2`.
    pub name: &'static str,
    /// The name in the SigV4 credential scope: `ec2`, `dms`, `elasticloadbalancing`, `monitoring`.
    pub signing: &'static str,
    /// The trimmed API model.
    pub model: &'static str,
    /// Implemented operations.
    pub operations: &'static [Operation],
}

macro_rules! services {
    ($($module:ident $name:literal $signing:literal;)*) => {
        $(pub mod $module;)*
        /// All services, sorted by name.
        pub static SERVICES: &[Service] = &[$(Service {
            name: $name,
            signing: $signing,
            model: include_str!(concat!("../models/", $name, ".json")),
            operations: $module::OPERATIONS,
        }),*];
    };
}

services! {
    application_autoscaling "application-autoscaling" "application-autoscaling";
    cloudwatch "cloudwatch" "monitoring";
    dms "dms" "dms";
    ec2 "ec2" "ec2";
    ecs "ecs" "ecs";
    elbv2 "elbv2" "elasticloadbalancing";
    iam "iam" "iam";
    lambda "lambda" "lambda";
    logs "logs" "logs";
    rds "rds" "rds";
    route53 "route53" "route53";
    s3 "s3" "s3";
    secretsmanager "secretsmanager" "secretsmanager";
    sns "sns" "sns";
    ssm "ssm" "ssm";
    sts "sts" "sts";
}
