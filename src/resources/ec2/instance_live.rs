//! An instance's properties, read back.

use aws_sdk_ec2::{operation::describe_instance_attribute::DescribeInstanceAttributeOutput, types};

use super::{
    instance::Props,
    instance_form::{
        BlockDeviceMapping, CpuOptions, CreditSpecification, Ebs, EnclaveOptions, HibernationOptions,
        MetadataOptions, NetworkInterface, PrivateDnsNameOptions,
    },
    support::filter,
};
use crate::{
    aws::{OpError, op},
    resources::Cx,
};

/// The name at the end of an ARN.
pub(super) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// Where it is to run.
pub(super) fn placement(props: &Props) -> Option<types::Placement> {
    let said = [&props.Affinity, &props.AvailabilityZone, &props.HostId, &props.HostResourceGroupArn]
        .into_iter()
        .chain([&props.PlacementGroupName, &props.Tenancy]);
    said.into_iter().any(Option::is_some).then(|| {
        types::Placement::builder()
            .set_affinity(props.Affinity.clone())
            .set_availability_zone(props.AvailabilityZone.clone())
            .set_group_name(props.PlacementGroupName.clone())
            .set_host_id(props.HostId.clone())
            .set_host_resource_group_arn(props.HostResourceGroupArn.clone())
            .set_tenancy(props.Tenancy.as_deref().map(types::Tenancy::from))
            .build()
    })
}

/// What the description shows.
pub(super) fn shown(live: &types::Instance, hint: &Props) -> Props {
    let placement = live.placement();
    let of_placement = |pick: fn(&types::Placement) -> Option<&str>| text(placement.and_then(pick));
    let groups = live.security_groups();
    let monitored = live.monitoring().and_then(|monitoring| monitoring.state());
    Props {
        Affinity: of_placement(|p| p.affinity()),
        AvailabilityZone: of_placement(|p| p.availability_zone()),
        HostId: of_placement(|p| p.host_id()),
        HostResourceGroupArn: of_placement(|p| p.host_resource_group_arn()),
        PlacementGroupName: of_placement(|p| p.group_name()),
        Tenancy: placement.and_then(|p| p.tenancy()).map(|tenancy| tenancy.as_str().to_owned()),
        CpuOptions: live
            .cpu_options()
            .map(|cpu| CpuOptions { CoreCount: cpu.core_count(), ThreadsPerCore: cpu.threads_per_core() }),
        EbsOptimized: live.ebs_optimized(),
        EnclaveOptions: live.enclave_options().map(|enclave| EnclaveOptions { Enabled: enclave.enabled() }),
        HibernationOptions: live
            .hibernation_options()
            .map(|hibernation| HibernationOptions { Configured: hibernation.configured() }),
        IamInstanceProfile: live
            .iam_instance_profile()
            .and_then(|profile| profile.arn())
            .map(|arn| last_part(arn).to_owned()),
        ImageId: text(live.image_id()),
        InstanceType: live.instance_type().map(|kind| kind.as_str().to_owned()),
        KernelId: text(live.kernel_id()),
        RamdiskId: text(live.ramdisk_id()),
        KeyName: text(live.key_name()),
        MetadataOptions: live.metadata_options().map(|options| MetadataOptions {
            HttpEndpoint: options.http_endpoint().map(|word| word.as_str().to_owned()),
            HttpProtocolIpv6: options.http_protocol_ipv6().map(|word| word.as_str().to_owned()),
            HttpPutResponseHopLimit: options.http_put_response_hop_limit(),
            HttpTokens: options.http_tokens().map(|word| word.as_str().to_owned()),
            InstanceMetadataTags: options.instance_metadata_tags().map(|word| word.as_str().to_owned()),
        }),
        Monitoring: monitored.map(|state| matches!(state.as_str(), "enabled" | "pending")),
        NetworkInterfaces: hint
            .NetworkInterfaces
            .as_ref()
            .map(|all| all.iter().map(|one| interface(live, one)).collect()),
        PrivateDnsNameOptions: live.private_dns_name_options().map(|options| PrivateDnsNameOptions {
            EnableResourceNameDnsAAAARecord: options.enable_resource_name_dns_aaaa_record(),
            EnableResourceNameDnsARecord: options.enable_resource_name_dns_a_record(),
            HostnameType: options.hostname_type().map(|word| word.as_str().to_owned()),
        }),
        PrivateIpAddress: text(live.private_ip_address()),
        SecurityGroupIds: Some(groups.iter().filter_map(|group| text(group.group_id())).collect()),
        SecurityGroups: Some(groups.iter().filter_map(|group| text(group.group_name())).collect()),
        SourceDestCheck: live.source_dest_check(),
        SubnetId: text(live.subnet_id()),
        // What it was launched with, and AWS does not show: none of it changes in place.
        LaunchTemplate: hint.LaunchTemplate.clone(),
        LicenseSpecifications: hint.LicenseSpecifications.clone(),
        Ipv6AddressCount: hint.Ipv6AddressCount,
        Ipv6Addresses: hint.Ipv6Addresses.clone(),
        PropagateTagsToVolumeOnCreation: hint.PropagateTagsToVolumeOnCreation,
        ..Props::default()
    }
}

/// An interface as it was sent, with what the instance's interface of that index shows.
fn interface(live: &types::Instance, sent: &NetworkInterface) -> NetworkInterface {
    let index = |one: &&types::InstanceNetworkInterface| {
        let attached = one.attachment().and_then(|attachment| attachment.device_index());
        attached.map(|index| index.to_string()).as_deref() == sent.DeviceIndex.as_deref()
    };
    let Some(live) = live.network_interfaces().iter().find(index) else { return NetworkInterface::default() };
    let mut read = sent.clone();
    if read.SubnetId.is_some() {
        read.SubnetId = text(live.subnet_id());
    }
    if read.GroupSet.is_some() {
        read.GroupSet = Some(live.groups().iter().filter_map(|group| text(group.group_id())).collect());
    }
    if read.PrivateIpAddress.is_some() {
        read.PrivateIpAddress = text(live.private_ip_address());
    }
    if read.NetworkInterfaceId.is_some() {
        read.NetworkInterfaceId = text(live.network_interface_id());
    }
    if read.Description.is_some() {
        read.Description = live.description().map(ToOwned::to_owned);
    }
    if read.DeleteOnTermination.is_some() {
        read.DeleteOnTermination =
            live.attachment().and_then(|attachment| attachment.delete_on_termination());
    }
    read
}

/// One attribute: there is a call for each.
async fn attribute(
    cx: &Cx<'_>,
    id: &str,
    name: types::InstanceAttributeName,
) -> Result<DescribeInstanceAttributeOutput, OpError> {
    let call = cx.sdk.ec2().describe_instance_attribute().instance_id(id).attribute(name);
    call.send().await.map_err(op("DescribeInstanceAttribute"))
}

/// What takes a call of its own, where it was set.
pub(super) async fn asked(cx: &Cx<'_>, id: &str, hint: &Props, read: &mut Props) -> Result<(), OpError> {
    use types::InstanceAttributeName as Name;
    if hint.UserData.is_some() {
        let answer = attribute(cx, id, Name::UserData).await?;
        let data = answer.user_data().and_then(|data| data.value()).filter(|text| !text.is_empty());
        read.UserData = data.map(ToOwned::to_owned);
    }
    if hint.DisableApiTermination.is_some() {
        let answer = attribute(cx, id, Name::DisableApiTermination).await?;
        read.DisableApiTermination = answer.disable_api_termination().and_then(|on| on.value());
    }
    if hint.InstanceInitiatedShutdownBehavior.is_some() {
        let answer = attribute(cx, id, Name::InstanceInitiatedShutdownBehavior).await?;
        read.InstanceInitiatedShutdownBehavior =
            answer.instance_initiated_shutdown_behavior().and_then(|word| text(word.value()));
    }
    if hint.CreditSpecification.is_some() {
        const OP: &str = "DescribeInstanceCreditSpecifications";
        let call = cx.sdk.ec2().describe_instance_credit_specifications().instance_ids(id);
        let answer = call.send().await.map_err(op(OP))?;
        let credits = answer.instance_credit_specifications().first().and_then(|one| text(one.cpu_credits()));
        read.CreditSpecification = credits.map(|credits| CreditSpecification { CPUCredits: Some(credits) });
    }
    if let Some(mappings) = &hint.BlockDeviceMappings {
        const OP: &str = "DescribeVolumes";
        let call = cx.sdk.ec2().describe_volumes().filters(filter("attachment.instance-id", id));
        let volumes = call.send().await.map_err(op(OP))?.volumes.unwrap_or_default();
        read.BlockDeviceMappings = Some(mappings.iter().map(|one| mapping(&volumes, one)).collect());
    }
    Ok(())
}

/// A mapping as it was sent, with what its volume shows.
fn mapping(volumes: &[types::Volume], sent: &BlockDeviceMapping) -> BlockDeviceMapping {
    let attached = |volume: &types::Volume| {
        let mut all = volume.attachments().iter();
        all.find(|one| one.device() == sent.DeviceName.as_deref()).cloned()
    };
    let found = volumes.iter().find_map(|volume| Some((volume, attached(volume)?)));
    let (Some((volume, attachment)), true) = (found, sent.Ebs.is_some()) else {
        // No volume of EBS, or one that somebody has detached.
        let ebs = sent.Ebs.as_ref().map(|_| Ebs::default());
        return BlockDeviceMapping { Ebs: ebs, ..sent.clone() };
    };
    let ebs = Ebs {
        DeleteOnTermination: attachment.delete_on_termination(),
        Encrypted: volume.encrypted(),
        Iops: volume.iops(),
        // The console's form of the same key is no difference.
        KmsKeyId: match (sent.Ebs.as_ref().and_then(|ebs| ebs.KmsKeyId.as_deref()), volume.kms_key_id()) {
            (Some(sent), Some(live)) if !sent.starts_with("arn:") && last_part(live) == sent => {
                Some(sent.to_owned())
            }
            // An alias is kept as the key that it named.
            (Some(sent), Some(_)) if sent.contains("alias/") => Some(sent.to_owned()),
            (_, live) => text(live),
        },
        SnapshotId: text(volume.snapshot_id()),
        VolumeSize: volume.size(),
        VolumeType: volume.volume_type().map(|word| word.as_str().to_owned()),
    };
    BlockDeviceMapping { Ebs: Some(ebs), ..sent.clone() }
}
