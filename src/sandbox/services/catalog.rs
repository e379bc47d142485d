//! Which services there are: names, models, operations; and what concerns all of them.

use super::{
    acm, application_autoscaling, autoscaling, backup, cloudcontrol, cloudformation, cloudwatch, codebuild,
    dms, ec2, ecs, elbv2, events, iam, kms, lambda, logs, rds, route53, s3, secretsmanager, serverlessrepo,
    sns, ssm, sts, tagging,
};
use crate::sandbox::{Fault, Operation, Request, World};

/// Gives the account what it has from the start, as far as the service can see it: default VPCs, the caller.
pub fn furnish(world: &mut World, service: &str, region: &str) {
    match service {
        "autoscaling" | "ec2" | "elbv2" | "rds" | "dms" | "ecs" | "lambda" => {
            ec2::default_vpc::ensure(world, region)
        }
        "iam" | "sts" | "s3" | "sns" => sts::ensure_caller(world),
        _ => {}
    }
}

/// A refusal with what the service says in it about the request.
#[must_use]
pub fn detailed(service: &str, request: &Request<'_>, fault: Fault) -> Fault {
    if service == "s3" { s3::fill(request, fault) } else { fault }
}

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

/// One service: its name, its signing name and its module.
macro_rules! service {
    ($name:literal, $signing:literal, $module:ident) => {
        Service {
            name: $name,
            signing: $signing,
            model: include_str!(concat!("../models/", $name, ".json")),
            operations: $module::OPERATIONS,
        }
    };
}

/// All services, sorted by name.
pub static SERVICES: &[Service] = &[
    service!("acm", "acm", acm),
    service!("application-autoscaling", "application-autoscaling", application_autoscaling),
    service!("autoscaling", "autoscaling", autoscaling),
    service!("backup", "backup", backup),
    service!("cloudcontrol", "cloudcontrolapi", cloudcontrol),
    service!("cloudformation", "cloudformation", cloudformation),
    service!("cloudwatch", "monitoring", cloudwatch),
    service!("codebuild", "codebuild", codebuild),
    service!("dms", "dms", dms),
    service!("ec2", "ec2", ec2),
    service!("ecs", "ecs", ecs),
    service!("elbv2", "elasticloadbalancing", elbv2),
    service!("events", "events", events),
    service!("iam", "iam", iam),
    service!("kms", "kms", kms),
    service!("lambda", "lambda", lambda),
    service!("logs", "logs", logs),
    service!("rds", "rds", rds),
    service!("resourcegroupstaggingapi", "tagging", tagging),
    service!("route53", "route53", route53),
    service!("s3", "s3", s3),
    service!("secretsmanager", "secretsmanager", secretsmanager),
    service!("serverlessrepo", "serverlessrepo", serverlessrepo),
    service!("sns", "sns", sns),
    service!("ssm", "ssm", ssm),
    service!("sts", "sts", sts),
];
