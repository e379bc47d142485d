//! Public parameters: what AWS itself publishes under `/aws/service/`. They are computed, not kept.
//!
//! Known are the families that templates and tools look up most (Systems Manager User Guide, "Discovering public
//! parameters"): machine images of Amazon Linux, ECS, EKS, Windows, Ubuntu and Bottlerocket, and the global
//! infrastructure. The ids of images are made up, the same for the same region and name.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::super::ec2::REGIONS;
use crate::sandbox::World;

/// When public parameters were last changed: 2025-11-01.
const CHANGED: f64 = 1_761_955_200.0;

/// Names under `/aws/service/ami-amazon-linux-latest/`.
pub const AMAZON_LINUX: &[&str] = &[
    "al2023-ami-kernel-6.1-arm64",
    "al2023-ami-kernel-6.1-x86_64",
    "al2023-ami-kernel-6.12-arm64",
    "al2023-ami-kernel-6.12-x86_64",
    "al2023-ami-kernel-default-arm64",
    "al2023-ami-kernel-default-x86_64",
    "al2023-ami-minimal-kernel-6.1-arm64",
    "al2023-ami-minimal-kernel-6.1-x86_64",
    "al2023-ami-minimal-kernel-6.12-arm64",
    "al2023-ami-minimal-kernel-6.12-x86_64",
    "al2023-ami-minimal-kernel-default-arm64",
    "al2023-ami-minimal-kernel-default-x86_64",
    "amzn-ami-hvm-x86_64-ebs",
    "amzn-ami-hvm-x86_64-gp2",
    "amzn-ami-minimal-hvm-x86_64-ebs",
    "amzn2-ami-hvm-arm64-gp2",
    "amzn2-ami-hvm-x86_64-ebs",
    "amzn2-ami-hvm-x86_64-gp2",
    "amzn2-ami-kernel-5.10-hvm-arm64-gp2",
    "amzn2-ami-kernel-5.10-hvm-x86_64-ebs",
    "amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
    "amzn2-ami-minimal-hvm-arm64-ebs",
    "amzn2-ami-minimal-hvm-x86_64-ebs",
];

/// Systems under `/aws/service/ecs/optimized-ami/`, each with `recommended`.
const ECS: &[&str] = &[
    "amazon-linux-2/arm64",
    "amazon-linux-2/gpu",
    "amazon-linux-2/inf",
    "amazon-linux-2/kernel-5.10",
    "amazon-linux-2/kernel-5.10/arm64",
    "amazon-linux-2",
    "amazon-linux-2023/arm64",
    "amazon-linux-2023/gpu",
    "amazon-linux-2023/neuron",
    "amazon-linux-2023",
];

/// What a family of images hides behind: names are patterns in which a `*` stands for one segment.
const IMAGES: &[&str] = &[
    "bottlerocket/*/arm64/latest/image_id",
    "bottlerocket/*/x86_64/latest/image_id",
    "bottlerocket/*/arm64/latest/image_version",
    "bottlerocket/*/x86_64/latest/image_version",
    "canonical/ubuntu/server/*/stable/current/amd64/hvm/ebs-gp2/ami-id",
    "canonical/ubuntu/server/*/stable/current/amd64/hvm/ebs-gp3/ami-id",
    "canonical/ubuntu/server/*/stable/current/arm64/hvm/ebs-gp2/ami-id",
    "canonical/ubuntu/server/*/stable/current/arm64/hvm/ebs-gp3/ami-id",
    "debian/release/*/latest/amd64",
    "debian/release/*/latest/arm64",
    "ecs/optimized-ami/windows_server/*/english/full/recommended/image_id",
    "eks/optimized-ami/*/amazon-linux-2/recommended/image_id",
    "eks/optimized-ami/*/amazon-linux-2-arm64/recommended/image_id",
    "eks/optimized-ami/*/amazon-linux-2023/arm64/standard/recommended/image_id",
    "eks/optimized-ami/*/amazon-linux-2023/x86_64/standard/recommended/image_id",
];

/// Services that the sandbox has, as the global infrastructure names them.
const SERVICES: &[&str] = &[
    "application-autoscaling",
    "cloudwatch",
    "dms",
    "ec2",
    "ecs",
    "elb",
    "iam",
    "lambda",
    "logs",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
];

/// The id of an image in a region, the same whoever asks.
pub fn image(region: &str, name: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("image:{region}:{name}")));
    format!("ami-0{}", &digest[..16])
}

fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), name.split('/').collect());
    pattern.len() == name.len()
        && pattern.iter().zip(&name).all(|(p, n)| p == n || (*p == "*" && !n.is_empty()))
}

/// The value and data type of a public parameter, by its name after `/aws/service/`.
fn value(region: &str, name: &str) -> Option<(String, &'static str)> {
    const IMAGE: &str = "aws:ec2:image";
    if let Some(linux) = name.strip_prefix("ami-amazon-linux-latest/") {
        return AMAZON_LINUX.contains(&linux).then(|| (image(region, linux), IMAGE));
    }
    if let Some(windows) = name.strip_prefix("ami-windows-latest/") {
        let known = ["Windows_Server-", "TPM-Windows_Server-", "EC2LaunchV2-Windows_Server-"];
        return known.iter().any(|start| windows.starts_with(start)).then(|| (image(region, name), IMAGE));
    }
    if let Some(rest) = name.strip_prefix("ecs/optimized-ami/")
        && let Some((system, member)) = rest.split_once("/recommended")
        && ECS.contains(&system)
    {
        let id = image(region, system);
        return match member {
            "/image_id" => Some((id, IMAGE)),
            "/image_name" => Some((format!("{}-ami-ecs-hvm-recommended", system.replace('/', "-")), "text")),
            "" => {
                Some((json!({"image_id": id, "os": "Amazon Linux", "schema_version": 1}).to_string(), "text"))
            }
            _ => None,
        };
    }
    if IMAGES.iter().any(|pattern| fits(pattern, name)) {
        return Some(if name.ends_with("version") {
            ("1.48.0".into(), "text")
        } else {
            (image(region, name), IMAGE)
        });
    }
    let global = name.strip_prefix("global-infrastructure/")?;
    let parts: Vec<&str> = global.split('/').collect();
    match parts[..] {
        ["regions", region] | ["services", _, "regions", region] if REGIONS.contains(&region) => {
            (parts[0] == "regions" || SERVICES.contains(&parts[1])).then(|| (region.to_owned(), "text"))
        }
        ["services", service] if SERVICES.contains(&service) => Some((service.to_owned(), "text")),
        ["regions", region, "partition"] if REGIONS.contains(&region) => {
            Some((crate::sandbox::partition(region).to_owned(), "text"))
        }
        ["regions", region, "domain"] if REGIONS.contains(&region) => {
            Some(("amazonaws.com".to_owned(), "text"))
        }
        _ => None,
    }
}

/// A public parameter in the shape of a row, if there is one of that name.
pub fn row(world: &World, region: &str, name: &str) -> Option<Json> {
    let tail = name.strip_prefix("/aws/service/")?;
    let (value, kind) = value(region, tail)?;
    let version = json!({
        "Name": name, "Type": "String", "Value": value, "Version": 1, "Labels": [], "DataType": kind,
        "LastModifiedDate": CHANGED, "Tier": "Standard", "LastModifiedUser": format!("arn:{}:iam::aws:root", world.partition()),
    });
    let mut row = version.clone();
    // The account's field is empty: the parameter is AWS's own.
    row["ARN"] = json!(format!("arn:{}:ssm:{region}::parameter{name}", crate::sandbox::partition(region)));
    row["_versions"] = json!([version]);
    row["_tags"] = json!([]);
    Some(row)
}

/// All public parameters whose names are known in full, for lists by path.
pub fn all(world: &World, region: &str) -> Vec<Json> {
    let mut names: Vec<String> =
        AMAZON_LINUX.iter().map(|name| format!("ami-amazon-linux-latest/{name}")).collect();
    names.extend(ECS.iter().flat_map(|system| {
        ["", "/image_id", "/image_name"]
            .map(|member| format!("ecs/optimized-ami/{system}/recommended{member}"))
    }));
    names.extend(REGIONS.iter().map(|region| format!("global-infrastructure/regions/{region}")));
    names.extend(SERVICES.iter().map(|service| format!("global-infrastructure/services/{service}")));
    names.extend(SERVICES.iter().flat_map(|service| {
        REGIONS.iter().map(move |region| format!("global-infrastructure/services/{service}/regions/{region}"))
    }));
    names.sort();
    names.iter().filter_map(|name| row(world, region, &format!("/aws/service/{name}"))).collect()
}
