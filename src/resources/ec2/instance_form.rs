//! Parts of an instance's properties, as they are sent.

use aws_sdk_ec2::types;
use aws_smithy_types::error::operation::BuildError;
use serde_json::Value as Json;

use crate::resources::mirror::{Member, Mirror};

crate::words!(
    types::HttpTokensState,
    types::InstanceMetadataEndpointState,
    types::InstanceMetadataProtocolState,
    types::InstanceMetadataTagsState,
);

crate::mirrored! {
    /// Cores and threads.
    pub struct CpuOptions: types::CpuOptionsRequest = types::CpuOptionsRequest::builder().build() => {
        CoreCount/core_count: i32, ThreadsPerCore/threads_per_core: i32,
    }
    /// CPU credits of burstable instances.
    pub struct CreditSpecification: types::CreditSpecificationRequest
        = types::CreditSpecificationRequest::builder().cpu_credits("").build() => {
        CPUCredits/cpu_credits: String,
    }
    /// Whether enclaves can be started.
    pub struct EnclaveOptions: types::EnclaveOptionsRequest = types::EnclaveOptionsRequest::builder().build() => {
        Enabled/enabled: bool,
    }
    /// Whether it can hibernate.
    pub struct HibernationOptions: types::HibernationOptionsRequest
        = types::HibernationOptionsRequest::builder().build() => {
        Configured/configured: bool,
    }
    /// An IPv6 address.
    pub struct Ipv6Address: types::InstanceIpv6Address = types::InstanceIpv6Address::builder().build() => {
        Ipv6Address/ipv6_address: String,
    }
    /// The launch template it is launched from.
    pub struct LaunchTemplate: types::LaunchTemplateSpecification
        = types::LaunchTemplateSpecification::builder().build() => {
        LaunchTemplateId/launch_template_id: String, LaunchTemplateName/launch_template_name: String,
        Version/version: String,
    }
    /// A licence.
    pub struct LicenseSpecification: types::LicenseConfigurationRequest
        = types::LicenseConfigurationRequest::builder().build() => {
        LicenseConfigurationArn/license_configuration_arn: String,
    }
    /// The metadata service.
    pub struct MetadataOptions: types::InstanceMetadataOptionsRequest
        = types::InstanceMetadataOptionsRequest::builder().build() => {
        HttpEndpoint/http_endpoint: String, HttpProtocolIpv6/http_protocol_ipv6: String,
        HttpPutResponseHopLimit/http_put_response_hop_limit: i32, HttpTokens/http_tokens: String,
        InstanceMetadataTags/instance_metadata_tags: String,
    }
    /// Names of the host.
    pub struct PrivateDnsNameOptions: types::PrivateDnsNameOptionsRequest
        = types::PrivateDnsNameOptionsRequest::builder().build() => {
        EnableResourceNameDnsAAAARecord/enable_resource_name_dns_aaaa_record: bool,
        EnableResourceNameDnsARecord/enable_resource_name_dns_a_record: bool,
        HostnameType/hostname_type: String,
    }
    /// A private address of an interface.
    pub struct PrivateIpAddress: types::PrivateIpAddressSpecification
        = types::PrivateIpAddressSpecification::builder().build() => {
        Primary/primary: bool, PrivateIpAddress/private_ip_address: String,
    }
    /// Faster transport between instances.
    pub struct EnaSrdSpecification: types::EnaSrdSpecificationRequest
        = types::EnaSrdSpecificationRequest::builder().build() => {
        EnaSrdEnabled/ena_srd_enabled: bool, EnaSrdUdpSpecification/ena_srd_udp_specification: EnaSrdUdp,
    }
    /// The same for UDP.
    pub struct EnaSrdUdp: types::EnaSrdUdpSpecificationRequest
        = types::EnaSrdUdpSpecificationRequest::builder().build() => {
        EnaSrdUdpEnabled/ena_srd_udp_enabled: bool,
    }
    /// An EBS volume.
    pub struct Ebs: types::EbsBlockDevice = types::EbsBlockDevice::builder().build() => {
        DeleteOnTermination/delete_on_termination: bool, Encrypted/encrypted: bool, Iops/iops: i32,
        KmsKeyId/kms_key_id: String, SnapshotId/snapshot_id: String, VolumeSize/volume_size: i32,
        VolumeType/volume_type: String,
    }
}

crate::props! {
    /// A volume, or none where the image has one.
    pub struct BlockDeviceMapping {
        DeviceName: String, Ebs: Ebs, NoDevice: Json, VirtualName: String,
    }
    /// An interface, made with the instance or there before.
    pub struct NetworkInterface {
        AssociateCarrierIpAddress: bool, AssociatePublicIpAddress: bool, DeleteOnTermination: bool,
        Description: String, DeviceIndex: String, EnaSrdSpecification: EnaSrdSpecification, GroupSet: Vec<String>,
        Ipv6AddressCount: i32, Ipv6Addresses: Vec<Ipv6Address>, NetworkInterfaceId: String,
        PrivateIpAddress: String, PrivateIpAddresses: Vec<PrivateIpAddress>,
        SecondaryPrivateIpAddressCount: i32, SubnetId: String,
    }
}

impl Mirror<types::BlockDeviceMapping> for BlockDeviceMapping {
    fn send(&self) -> Result<types::BlockDeviceMapping, BuildError> {
        Ok(types::BlockDeviceMapping::builder()
            .set_device_name(self.DeviceName.clone())
            .set_ebs(self.Ebs.as_ref().map(Mirror::send).transpose()?)
            .set_virtual_name(self.VirtualName.clone())
            // CloudFormation has an empty object where the API has an empty text.
            .set_no_device(self.NoDevice.as_ref().map(|_| String::new()))
            .build())
    }

    fn receive(sdk: &types::BlockDeviceMapping) -> Self {
        Self {
            DeviceName: sdk.device_name.clone(),
            Ebs: sdk.ebs.as_ref().map(Mirror::receive),
            VirtualName: sdk.virtual_name.clone(),
            ..Self::default()
        }
    }
}

impl Mirror<types::InstanceNetworkInterfaceSpecification> for NetworkInterface {
    fn send(&self) -> Result<types::InstanceNetworkInterfaceSpecification, BuildError> {
        fn all<P: Mirror<S>, S>(items: Option<&Vec<P>>) -> Result<Option<Vec<S>>, BuildError> {
            items.map(|items| items.iter().map(Mirror::send).collect()).transpose()
        }
        let mut sdk = types::InstanceNetworkInterfaceSpecification::builder()
            .set_associate_carrier_ip_address(self.AssociateCarrierIpAddress)
            .set_associate_public_ip_address(self.AssociatePublicIpAddress)
            .set_delete_on_termination(self.DeleteOnTermination)
            .set_description(self.Description.clone())
            .set_device_index(self.DeviceIndex.as_deref().and_then(|index| index.trim().parse().ok()))
            .set_groups(self.GroupSet.clone())
            .set_ipv6_address_count(self.Ipv6AddressCount)
            .set_ipv6_addresses(all(self.Ipv6Addresses.as_ref())?)
            .set_network_interface_id(self.NetworkInterfaceId.clone())
            .set_private_ip_address(self.PrivateIpAddress.clone())
            .set_private_ip_addresses(all(self.PrivateIpAddresses.as_ref())?)
            .set_secondary_private_ip_address_count(self.SecondaryPrivateIpAddressCount)
            .set_subnet_id(self.SubnetId.clone())
            .build();
        sdk.ena_srd_specification = self.EnaSrdSpecification.as_ref().map(Member::put).transpose()?;
        Ok(sdk)
    }

    fn receive(sdk: &types::InstanceNetworkInterfaceSpecification) -> Self {
        Self {
            DeviceIndex: sdk.device_index.map(|index| index.to_string()),
            SubnetId: sdk.subnet_id.clone(),
            ..Self::default()
        }
    }
}
