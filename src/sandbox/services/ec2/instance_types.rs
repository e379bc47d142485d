//! Instance types and where they are offered: the general families of the last generations, from the EC2 instance types
//! guide. What hangs on single types only (network bandwidth, baselines) is left out rather than made up.

use serde_json::{Value as Json, json};

use super::{account, common::listed, filters};
use crate::sandbox::{Fault, Reply, Request, World};

/// A family: its name, GiB for each vCPU, whether it is of Arm, its sizes, and whether it is of the current generation.
struct Family {
    name: &'static str,
    ratio: f64,
    arm: bool,
    sizes: &'static [&'static str],
    current: bool,
    /// Nitro, or Xen before it.
    nitro: bool,
    maker: &'static str,
}

const BURST: &[&str] = &["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"];
const OLD: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "10xlarge", "16xlarge"];
const OLD_C: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge"];
const FIVE: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "metal"];
const FIVE_C: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge", "metal"];
const SIX: &[&str] = &[
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge",
    "metal",
];
const SEVEN: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"];
const GRAVITON: &[&str] =
    &["medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "metal"];

const fn family(
    name: &'static str,
    ratio: f64,
    sizes: &'static [&'static str],
    (arm, current, nitro, maker): (bool, bool, bool, &'static str),
) -> Family {
    Family { name, ratio, arm, sizes, current, nitro, maker }
}

const XEN: (bool, bool, bool, &str) = (false, true, false, "Intel");
const INTEL: (bool, bool, bool, &str) = (false, true, true, "Intel");
const AMD: (bool, bool, bool, &str) = (false, true, true, "AMD");
const ARM: (bool, bool, bool, &str) = (true, true, true, "AWS");

const FAMILIES: &[Family] = &[
    family("c4", 1.875, OLD_C, (false, false, false, "Intel")),
    family("c5", 2.0, FIVE_C, INTEL),
    family("c6g", 2.0, GRAVITON, ARM),
    family("c6i", 2.0, SIX, INTEL),
    family("c7g", 2.0, GRAVITON, ARM),
    family("c7i", 2.0, SEVEN, INTEL),
    family("m4", 4.0, OLD, (false, false, false, "Intel")),
    family("m5", 4.0, FIVE, INTEL),
    family("m6a", 4.0, SEVEN, AMD),
    family("m6g", 4.0, GRAVITON, ARM),
    family("m6i", 4.0, SIX, INTEL),
    family("m7g", 4.0, GRAVITON, ARM),
    family("m7i", 4.0, SEVEN, INTEL),
    family("r5", 8.0, FIVE, INTEL),
    family("r6g", 8.0, GRAVITON, ARM),
    family("r6i", 8.0, SIX, INTEL),
    family("r7g", 8.0, GRAVITON, ARM),
    family("t2", 4.0, BURST, XEN),
    family("t3", 4.0, BURST, INTEL),
    family("t3a", 4.0, BURST, AMD),
    family("t4g", 4.0, BURST, ARM),
];

/// vCPUs and MiB of a size.
#[expect(clippy::cast_possible_truncation, reason = "memory in MiB")]
fn measures(family: &Family, size: &str) -> (i64, i64) {
    let burst = family.name.starts_with('t');
    let old = family.name == "t2";
    if burst {
        let (cpus, mib) = match size {
            "nano" => (2, 512),
            "micro" => (2, 1_024),
            "small" => (2, 2_048),
            "medium" => (2, 4_096),
            "large" => (2, 8_192),
            "xlarge" => (4, 16_384),
            _ => (8, 32_768),
        };
        let single = old && matches!(size, "nano" | "micro" | "small");
        return (if single { 1 } else { cpus }, mib);
    }
    let cpus: i64 = match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        "metal" if family.arm => 64,
        "metal" if family.sizes.contains(&"32xlarge") => 128,
        "metal" => 96,
        // m4.10xlarge and c4.8xlarge have 40 and 36.
        "8xlarge" if family.name == "c4" => 36,
        other => 4 * other.trim_end_matches("xlarge").parse::<i64>().unwrap_or(1),
    };
    #[expect(clippy::cast_precision_loss, reason = "few vCPUs")]
    let mib = (family.ratio * 1_024.0 * cpus as f64) as i64;
    (cpus, if family.name == "c4" && size == "8xlarge" { 61_440 } else { mib })
}

/// Interfaces, and addresses for each ("Maximum IP addresses per network interface", EC2 instance types guide).
fn network(family: &Family, size: &str) -> (i64, i64) {
    match (family.name, size) {
        ("t2" | "t3" | "t3a" | "t4g", "nano" | "micro") => (2, 2),
        ("t2" | "t3" | "t3a" | "t4g", "small") => (3, 4),
        ("t2" | "t3" | "t3a" | "t4g", "medium") => (3, 6),
        ("t2" | "t3" | "t3a" | "t4g", "large") => (3, 12),
        ("t2", _) => (3, 15),
        ("t3" | "t3a" | "t4g", _) => (4, 15),
        (_, "medium") => (2, 4),
        ("m4", "large") => (2, 10),
        (_, "large") => (3, 10),
        (_, "xlarge" | "2xlarge") => (4, 15),
        (_, "4xlarge" | "8xlarge" | "9xlarge" | "10xlarge" | "12xlarge") => (8, 30),
        _ => (15, 50),
    }
}

fn shown(family: &Family, size: &str) -> Json {
    let name = format!("{}.{size}", family.name);
    let (cpus, mib) = measures(family, size);
    let threads = if family.arm || cpus == 1 { 1 } else { 2 };
    let (interfaces, addresses) = network(family, size);
    let burst = family.name.starts_with('t');
    let (metal, nitro) = (size == "metal", family.nitro);
    let architectures = if family.arm { json!(["arm64"]) } else { json!(["x86_64"]) };
    // "AWS Free Tier": one of these, by what a region has.
    let free = matches!(name.as_str(), "t2.micro" | "t3.micro");
    let mut row = json!({
        "InstanceType": name, "CurrentGeneration": family.current, "FreeTierEligible": free,
        "SupportedUsageClasses": ["on-demand", "spot"], "SupportedRootDeviceTypes": ["ebs"],
        "SupportedVirtualizationTypes": ["hvm"], "BareMetal": metal, "InstanceStorageSupported": false,
        "ProcessorInfo": {"SupportedArchitectures": architectures, "Manufacturer": family.maker},
        "VCpuInfo": {"DefaultVCpus": cpus, "DefaultCores": cpus / threads, "DefaultThreadsPerCore": threads},
        "MemoryInfo": {"SizeInMiB": mib}, "BurstablePerformanceSupported": burst,
        "EbsInfo": {
            "EbsOptimizedSupport": if family.name == "t2" { "unsupported" } else { "default" },
            "EncryptionSupport": "supported", "NvmeSupport": if nitro { "required" } else { "unsupported" },
        },
        "NetworkInfo": {
            "MaximumNetworkInterfaces": interfaces, "Ipv4AddressesPerInterface": addresses,
            "Ipv6AddressesPerInterface": addresses, "Ipv6Supported": true,
            "EnaSupport": if nitro { "required" } else { "unsupported" },
        },
        "PlacementGroupInfo": {"SupportedStrategies": if burst { json!(["partition", "spread"]) } else { json!(["cluster", "partition", "spread"]) }},
        "DedicatedHostsSupported": !burst || family.name == "t3", "AutoRecoverySupported": !metal,
        "SupportedBootModes": if family.arm { json!(["uefi"]) } else if nitro { json!(["legacy-bios", "uefi"]) } else { json!(["legacy-bios"]) },
    });
    if !metal {
        row["Hypervisor"] = json!(if nitro { "nitro" } else { "xen" });
    }
    row
}

fn names() -> impl Iterator<Item = (&'static Family, &'static str)> {
    FAMILIES.iter().flat_map(|family| family.sizes.iter().map(move |size| (family, *size)))
}

/// vCPUs and MiB of memory of a type, if it is one of those that are known.
#[must_use]
pub fn size(kind: &str) -> Option<(i64, i64)> {
    let (name, size) = kind.split_once('.')?;
    let family = FAMILIES.iter().find(|family| family.name == name && family.sizes.contains(&size))?;
    Some(measures(family, size))
}

const TYPE_FILTERS: &[filters::Filter] = &[
    ("auto-recovery-supported", "AutoRecoverySupported"),
    ("bare-metal", "BareMetal"),
    ("burstable-performance-supported", "BurstablePerformanceSupported"),
    ("current-generation", "CurrentGeneration"),
    ("dedicated-hosts-supported", "DedicatedHostsSupported"),
    ("ebs-info.ebs-optimized-support", "EbsInfo.EbsOptimizedSupport"),
    ("ebs-info.encryption-support", "EbsInfo.EncryptionSupport"),
    ("ebs-info.nvme-support", "EbsInfo.NvmeSupport"),
    ("free-tier-eligible", "FreeTierEligible"),
    ("hypervisor", "Hypervisor"),
    ("instance-storage-supported", "InstanceStorageSupported"),
    ("instance-type", "InstanceType"),
    ("memory-info.size-in-mib", "MemoryInfo.SizeInMiB"),
    ("network-info.ena-support", "NetworkInfo.EnaSupport"),
    ("network-info.ipv4-addresses-per-interface", "NetworkInfo.Ipv4AddressesPerInterface"),
    ("network-info.ipv6-addresses-per-interface", "NetworkInfo.Ipv6AddressesPerInterface"),
    ("network-info.ipv6-supported", "NetworkInfo.Ipv6Supported"),
    ("network-info.maximum-network-interfaces", "NetworkInfo.MaximumNetworkInterfaces"),
    ("processor-info.supported-architecture", "ProcessorInfo.SupportedArchitectures"),
    ("supported-boot-mode", "SupportedBootModes"),
    ("supported-root-device-type", "SupportedRootDeviceTypes"),
    ("supported-usage-class", "SupportedUsageClasses"),
    ("supported-virtualization-type", "SupportedVirtualizationTypes"),
    ("vcpu-info.default-cores", "VCpuInfo.DefaultCores"),
    ("vcpu-info.default-threads-per-core", "VCpuInfo.DefaultThreadsPerCore"),
    ("vcpu-info.default-vcpus", "VCpuInfo.DefaultVCpus"),
];

/// `DescribeInstanceTypes`.
pub(super) fn describe(_world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("InstanceTypes");
    let mut rows: Vec<Json> = names().map(|(family, size)| shown(family, size)).collect();
    let strange: Vec<&str> =
        wanted.iter().copied().filter(|kind| !rows.iter().any(|row| row["InstanceType"] == *kind)).collect();
    if !strange.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", strange.join(", "));
        return Err(Fault::new("InvalidInstanceType", message));
    }
    rows.retain(|row| wanted.is_empty() || wanted.iter().any(|kind| row["InstanceType"] == *kind));
    listed(rq, "InstanceTypes", filters::apply(rows, rq.list("Filters"), TYPE_FILTERS, "")?)
}

/// `DescribeInstanceTypeOfferings`: every type is offered in every zone.
pub(super) fn offerings(_world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = rq.opt("LocationType").unwrap_or("region");
    let places: Vec<String> = match kind {
        "region" => vec![rq.region.to_owned()],
        "availability-zone" => account::zones(rq.region).into_iter().map(|(name, _)| name).collect(),
        "availability-zone-id" => account::zones(rq.region).into_iter().map(|(_, id)| id).collect(),
        // There are no outposts.
        _ => Vec::new(),
    };
    let rows = names().flat_map(|(family, size)| {
        let name = format!("{}.{size}", family.name);
        let all =
            places.iter().map(|place| json!({"InstanceType": name, "LocationType": kind, "Location": place}));
        all.collect::<Vec<_>>()
    });
    let known = &[("instance-type", "InstanceType"), ("location", "Location")];
    listed(rq, "InstanceTypeOfferings", filters::apply(rows.collect(), rq.list("Filters"), known, "")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of single types, from the EC2 instance types guide.
    #[test]
    fn sizes_are_those_of_the_guide() {
        let of = |name: &str| {
            let found = names().find(|(family, size)| format!("{}.{size}", family.name) == name);
            found.map(|(family, size)| measures(family, size))
        };
        for (name, expected) in [
            ("t2.micro", (1, 1_024)),
            ("t3.large", (2, 8_192)),
            ("m5.24xlarge", (96, 393_216)),
            ("c5.18xlarge", (72, 147_456)),
            ("c4.large", (2, 3_840)),
            ("c4.8xlarge", (36, 61_440)),
            ("m4.10xlarge", (40, 163_840)),
            ("r6g.medium", (1, 8_192)),
            ("m6i.metal", (128, 524_288)),
            ("c7g.metal", (64, 131_072)),
        ] {
            assert_eq!(of(name), Some(expected), "{name}");
        }
        assert_eq!(of("m1.small"), None);
    }
}
