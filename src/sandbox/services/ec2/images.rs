//! Machine images: those that Amazon publishes and templates look up most. They match the public parameters of
//! Systems Manager; nothing is behind them, for there are no instances.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, listed},
    filters,
};
use crate::sandbox::{Fault, Reply, Request, World, services::ssm};

/// How images are named and looked up; they are no rows.
const IMAGE: Noun = Noun {
    table: "",
    prefix: "ami",
    id: "ImageId",
    ids: "ImageIds",
    tags: "Tags",
    resource: "image",
    missing: "InvalidAMIID.NotFound",
    malformed: "InvalidAMIID.Malformed",
    label: "image",
    filters: &[
        ("architecture", "Architecture"),
        ("creation-date", "CreationDate"),
        ("description", "Description"),
        ("ena-support", "EnaSupport"),
        ("hypervisor", "Hypervisor"),
        ("image-id", "ImageId"),
        ("image-type", "ImageType"),
        ("is-public", "Public"),
        ("name", "Name"),
        ("owner-alias", "ImageOwnerAlias"),
        ("owner-id", "OwnerId"),
        ("platform", "Platform"),
        ("platform-details", "PlatformDetails"),
        ("root-device-name", "RootDeviceName"),
        ("root-device-type", "RootDeviceType"),
        ("state", "State"),
        ("virtualization-type", "VirtualizationType"),
        ("block-device-mapping.device-name", "BlockDeviceMappings.DeviceName"),
        ("block-device-mapping.volume-type", "BlockDeviceMappings.Ebs.VolumeType"),
    ],
};

/// Amazon's own account.
const AMAZON: &str = "137112412989";

/// An image as its parameter's name tells it: `al2023-ami-kernel-6.1-x86_64` is `al2023-ami-2023.9.…-kernel-6.1-x86_64`.
fn image(region: &str, parameter: &str) -> Json {
    let architecture = if parameter.contains("arm64") { "arm64" } else { "x86_64" };
    let newer = parameter.starts_with("al2023");
    let name = match parameter.split_once("-kernel-default-") {
        Some((start, _)) => format!("{start}-2023.9.20251027.0-kernel-6.1-{architecture}"),
        None if newer => parameter.replacen("-kernel", "-2023.9.20251027.0-kernel", 1),
        None => parameter.replacen("-hvm-", "-hvm-2.0.20251027.1-", 1),
    };
    let volume = if newer || parameter.ends_with("gp3") { "gp3" } else { "gp2" };
    json!({
        "ImageId": ssm::image(region, parameter), "Name": name, "Architecture": architecture, "Public": true,
        "CreationDate": "2025-10-27T20:00:00.000Z", "DeprecationTime": "2027-10-27T20:00:00.000Z",
        "ImageLocation": format!("amazon/{name}"), "ImageOwnerAlias": "amazon", "OwnerId": AMAZON,
        "ImageType": "machine", "State": "available", "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda",
        "VirtualizationType": "hvm", "Hypervisor": "xen", "EnaSupport": true, "SriovNetSupport": "simple",
        "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances",
        "Description": if newer { "Amazon Linux 2023 AMI" } else { "Amazon Linux 2 AMI" },
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {
            "DeleteOnTermination": true, "Encrypted": false, "VolumeSize": 8, "VolumeType": volume,
        }}],
    })
}

/// `DescribeImages`.
pub(super) fn describe(_world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows: Vec<Json> = ssm::AMAZON_LINUX.iter().map(|name| image(rq.region, name)).collect();
    let wanted = rq.texts("ImageIds");
    if let Some(id) = wanted.iter().find(|id| !id.starts_with("ami-")) {
        return Err(Fault::new(IMAGE.malformed, format!("Invalid id: \"{id}\" (expecting \"ami-...\")")));
    }
    let lost: Vec<&str> =
        wanted.iter().copied().filter(|id| !rows.iter().any(|row| row["ImageId"] == *id)).collect();
    if !lost.is_empty() {
        // Both forms are moto's test_ami_describe_non_existent, which AWS passes.
        let (noun, verb) = if lost.len() == 1 { ("id", "does") } else { ("ids", "do") };
        let message = format!("The image {noun} '[{}]' {verb} not exist", lost.join(", "));
        return Err(Fault::new(IMAGE.missing, message));
    }
    rows.retain(|row| wanted.is_empty() || wanted.iter().any(|id| row["ImageId"] == *id));
    let owners = rq.texts("Owners");
    rows.retain(|_| owners.is_empty() || owners.iter().any(|owner| ["amazon", AMAZON].contains(owner)));
    let rows = filters::apply(rows, rq.list("Filters"), IMAGE.filters, IMAGE.tags)?;
    listed(rq, "Images", rows)
}
