//! `AWS::EC2::Instance`. Some changes need that the instance stands still: it is stopped, changed and started again, as
//! under CloudFormation ("some interruptions" in its reference); others need a new one.

use aws_sdk_ec2::{primitives::Blob, types};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use super::{
    instance_form::{
        BlockDeviceMapping, CpuOptions, CreditSpecification, EnclaveOptions, HibernationOptions, Ipv6Address,
        LaunchTemplate, LicenseSpecification, MetadataOptions, NetworkInterface, PrivateDnsNameOptions,
    },
    instance_live as live_reads,
    launch_template::is_base64,
    support::{NEW_GROUP, NEW_SUBNET, filter, ours_in},
    tags::{self, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::look,
        mirror::{pruned, sent},
        tags::Tagging,
    },
};

crate::props! {
    /// The properties.
    pub struct Props {
        Affinity: String, AvailabilityZone: String, BlockDeviceMappings: Vec<BlockDeviceMapping>,
        CpuOptions: CpuOptions, CreditSpecification: CreditSpecification, DisableApiTermination: bool,
        EbsOptimized: bool, EnclaveOptions: EnclaveOptions, HibernationOptions: HibernationOptions, HostId: String,
        HostResourceGroupArn: String, IamInstanceProfile: String, ImageId: String,
        InstanceInitiatedShutdownBehavior: String, InstanceType: String, Ipv6AddressCount: i32,
        Ipv6Addresses: Vec<Ipv6Address>, KernelId: String, KeyName: String, LaunchTemplate: LaunchTemplate,
        LicenseSpecifications: Vec<LicenseSpecification>, MetadataOptions: MetadataOptions, Monitoring: bool,
        NetworkInterfaces: Vec<NetworkInterface>, PlacementGroupName: String,
        PrivateDnsNameOptions: PrivateDnsNameOptions, PrivateIpAddress: String,
        PropagateTagsToVolumeOnCreation: bool, RamdiskId: String, SecurityGroupIds: Vec<String>,
        SecurityGroups: Vec<String>, SourceDestCheck: bool, SubnetId: String, Tags: Vec<Tag>, Tenancy: String,
        UserData: String,
    }
}

/// The type.
pub struct Instance;

/// Properties that change while the instance stands still (`ModifyInstanceAttribute`, `ModifyInstancePlacement`).
const STOPPED: &[&str] =
    &["Affinity", "EbsOptimized", "HostId", "InstanceType", "KernelId", "RamdiskId", "Tenancy", "UserData"];

/// What an image is called that EC2 looks up itself, in an SSM parameter.
const RESOLVED: &str = "resolve:ssm:";

/// Bytes of user data, however their Base64 is broken into lines.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(bare).ok()
}

/// Whether a change needs a stop.
fn interrupts(change: &Change<'_, Props>) -> bool {
    let host_name = |props: &Props| props.PrivateDnsNameOptions.as_ref().and_then(|o| o.HostnameType.clone());
    change.any(STOPPED)
        || change.has("PrivateDnsNameOptions") && host_name(change.old) != host_name(change.new)
}

/// Whether two sets of mappings differ in nothing but what happens to the volumes in the end.
fn same_but_ends(old: Option<&Vec<BlockDeviceMapping>>, new: Option<&Vec<BlockDeviceMapping>>) -> bool {
    let bare = |all: Option<&Vec<BlockDeviceMapping>>| {
        let mut all: Vec<BlockDeviceMapping> = all.cloned().unwrap_or_default();
        for one in &mut all {
            if let Some(ebs) = &mut one.Ebs {
                ebs.DeleteOnTermination = None;
            }
        }
        serde_json::to_value(all).unwrap_or_default()
    };
    compare::same(Instance::FACTS.kind, "BlockDeviceMappings", &bare(new), &bare(old))
}

/// The request of a setting.
fn text_value(text: Option<&String>) -> types::AttributeValue {
    types::AttributeValue::builder().set_value(text.cloned()).build()
}

fn switch(on: bool) -> types::AttributeBooleanValue {
    types::AttributeBooleanValue::builder().value(on).build()
}

/// `ModifyInstanceAttribute` changes one attribute at a time.
macro_rules! modify {
    ($cx:expr, $id:expr, $setter:ident, $value:expr) => {
        $cx.sdk
            .ec2()
            .modify_instance_attribute()
            .instance_id($id.as_str())
            .$setter($value)
            .send()
            .await
            .map_err(op("ModifyInstanceAttribute"))?
    };
}

/// What changes while the instance runs, or stands still.
async fn settings(cx: &Cx<'_>, id: &PhysicalId, change: &Change<'_, Props>) -> Result<(), OpError> {
    let new = change.new;
    let ec2 = cx.sdk.ec2();
    Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
    if change.has("DisableApiTermination") {
        modify!(cx, id, disable_api_termination, switch(new.DisableApiTermination == Some(true)));
    }
    if change.has("SourceDestCheck") {
        modify!(cx, id, source_dest_check, switch(new.SourceDestCheck != Some(false)));
    }
    if change.has("InstanceInitiatedShutdownBehavior") {
        let stop = "stop".to_owned();
        let value = text_value(new.InstanceInitiatedShutdownBehavior.as_ref().or(Some(&stop)));
        modify!(cx, id, instance_initiated_shutdown_behavior, value);
    }
    if change.has("SecurityGroupIds") {
        modify!(cx, id, set_groups, new.SecurityGroupIds.clone());
    }
    if change.has("BlockDeviceMappings") {
        modify!(cx, id, set_block_device_mappings, Some(ends(new)));
    }
    if change.has("Monitoring") {
        if new.Monitoring == Some(true) {
            ec2.monitor_instances().instance_ids(id.as_str()).send().await.map_err(op("MonitorInstances"))?;
        } else {
            ec2.unmonitor_instances()
                .instance_ids(id.as_str())
                .send()
                .await
                .map_err(op("UnmonitorInstances"))?;
        }
    }
    // Without one the credits stay as they are: what the type began with, nobody tells.
    if let Some(credits) = new.CreditSpecification.as_ref().filter(|_| change.has("CreditSpecification")) {
        let one = types::InstanceCreditSpecificationRequest::builder().instance_id(id.as_str());
        let one = one.set_cpu_credits(credits.CPUCredits.clone()).build();
        let call = ec2.modify_instance_credit_specification().instance_credit_specifications(one);
        call.send().await.map_err(op("ModifyInstanceCreditSpecification"))?;
    }
    if let Some(options) = new.MetadataOptions.as_ref().filter(|_| change.has("MetadataOptions")) {
        const OP: &str = "ModifyInstanceMetadataOptions";
        let call = crate::pass!(OP, ec2.modify_instance_metadata_options().instance_id(id.as_str()), options => {
            set_http_endpoint: HttpEndpoint, set_http_protocol_ipv6: HttpProtocolIpv6,
            set_http_put_response_hop_limit: HttpPutResponseHopLimit, set_http_tokens: HttpTokens,
            set_instance_metadata_tags: InstanceMetadataTags,
        });
        call.send().await.map_err(op(OP))?;
    }
    if change.has("PrivateDnsNameOptions") {
        let options = new.PrivateDnsNameOptions.clone().unwrap_or_default();
        const OP: &str = "ModifyPrivateDnsNameOptions";
        let call = crate::pass!(OP, ec2.modify_private_dns_name_options().instance_id(id.as_str()), &options => {
            set_private_dns_hostname_type: HostnameType,
            set_enable_resource_name_dns_a_record: EnableResourceNameDnsARecord,
            set_enable_resource_name_dns_aaaa_record: EnableResourceNameDnsAAAARecord,
        });
        call.send().await.map_err(op(OP))?;
    }
    if change.has("IamInstanceProfile") {
        profile(cx, id, new.IamInstanceProfile.as_ref()).await?;
    }
    Ok(())
}

/// What happens to the volumes when the instance is terminated: by default the root's alone goes, and those that the
/// call made ("Preserve data when an instance is terminated", EC2 User Guide).
fn ends(props: &Props) -> Vec<types::InstanceBlockDeviceMappingSpecification> {
    let one = |mapping: &BlockDeviceMapping| {
        let ebs = mapping.Ebs.as_ref()?;
        let ends = types::EbsInstanceBlockDeviceSpecification::builder()
            .delete_on_termination(ebs.DeleteOnTermination != Some(false))
            .build();
        let specification = types::InstanceBlockDeviceMappingSpecification::builder();
        Some(specification.set_device_name(mapping.DeviceName.clone()).ebs(ends).build())
    };
    props.BlockDeviceMappings.iter().flatten().filter_map(one).collect()
}

/// Brings the instance's profile to the wanted one. There is one association at a time.
async fn profile(cx: &Cx<'_>, id: &PhysicalId, wanted: Option<&String>) -> Result<(), OpError> {
    const LOOK: &str = "DescribeIamInstanceProfileAssociations";
    let ec2 = cx.sdk.ec2();
    let states = types::Filter::builder().name("state").values("associating").values("associated").build();
    let call = ec2.describe_iam_instance_profile_associations().filters(filter("instance-id", id.as_str()));
    let page = call.filters(states).send().await.map_err(op(LOOK))?;
    let known = page.iam_instance_profile_associations().first();
    let has = known.and_then(|one| one.iam_instance_profile()).and_then(|profile| profile.arn());
    let has = has.map(live_reads::last_part);
    let specification = |name: &String| types::IamInstanceProfileSpecification::builder().name(name).build();
    match (known.and_then(|one| one.association_id()), wanted) {
        (_, Some(name)) if has == Some(name.as_str()) => {}
        (Some(association), Some(name)) => {
            let call = ec2.replace_iam_instance_profile_association().association_id(association);
            let call = call.iam_instance_profile(specification(name));
            call.send().await.map_err(op("ReplaceIamInstanceProfileAssociation"))?;
        }
        (None, Some(name)) => {
            let call = ec2.associate_iam_instance_profile().instance_id(id.as_str());
            let call = call.iam_instance_profile(specification(name));
            call.send().await.map_err(op("AssociateIamInstanceProfile"))?;
        }
        (Some(association), None) => {
            let call = ec2.disassociate_iam_instance_profile().association_id(association);
            call.send().await.map_err(op("DisassociateIamInstanceProfile"))?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// What changes only while the instance stands still.
async fn still(cx: &Cx<'_>, id: &PhysicalId, change: &Change<'_, Props>) -> Result<(), OpError> {
    let new = change.new;
    if change.has("InstanceType") {
        modify!(cx, id, instance_type, text_value(new.InstanceType.as_ref()));
    }
    if change.has("UserData") {
        let data = new.UserData.as_deref().and_then(bytes).unwrap_or_default();
        modify!(cx, id, user_data, types::SecureBlobAttributeValue::builder().value(Blob::new(data)).build());
    }
    if change.has("EbsOptimized") {
        modify!(cx, id, ebs_optimized, switch(new.EbsOptimized == Some(true)));
    }
    if change.has("KernelId") {
        modify!(cx, id, kernel, text_value(new.KernelId.as_ref()));
    }
    if change.has("RamdiskId") {
        modify!(cx, id, ramdisk, text_value(new.RamdiskId.as_ref()));
    }
    if change.any(&["Affinity", "HostId", "Tenancy"]) {
        let tenancy = new.Tenancy.as_deref().map(types::HostTenancy::from);
        let affinity = new.Affinity.as_deref().or(new.HostId.as_ref().map(|_| "default"));
        let call = cx.sdk.ec2().modify_instance_placement().instance_id(id.as_str());
        let call = call.set_tenancy(tenancy).set_host_id(new.HostId.clone());
        let call = call.set_affinity(affinity.map(types::Affinity::from));
        call.send().await.map_err(op("ModifyInstancePlacement"))?;
    }
    Ok(())
}

impl Described for Instance {
    type Props = Props;
    type Live = types::Instance;

    const FACTS: Facts = Facts {
        unique_handle: true,
        configures: true,
        properties_are_attributes: true,
        ready: Some(WaitPolicy::secs(30, 3, 900)),
        gone: Some(WaitPolicy::secs(40, 3, 1200)),
        retry: &[
            NEW_GROUP,
            NEW_SUBNET,
            Retry {
                code: "InvalidParameterValue",
                message: "Invalid IAM Instance Profile",
                why: "the new instance profile is not visible yet",
            },
            Retry {
                code: "InvalidParameterValue",
                message: "does not have an associated IAM Role",
                why: "the new instance profile has no role yet",
            },
            Retry { code: "IncorrectInstanceState", message: "", why: "the instance is between two states" },
        ],
        absent: &["InvalidInstanceID.NotFound"],
        silent_delete: Some(
            "EC2 shows a terminated instance for about an hour and takes its termination again",
        ),
        stateful: Some("what is on its volumes that go with it"),
        iam: &[
            "ec2:AssociateIamInstanceProfile",
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "ec2:DescribeIamInstanceProfileAssociations",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstanceCreditSpecifications",
            "ec2:DescribeInstances",
            "ec2:DescribeVolumes",
            "ec2:DisassociateIamInstanceProfile",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceCreditSpecification",
            "ec2:ModifyInstanceMetadataOptions",
            "ec2:ModifyInstancePlacement",
            "ec2:ModifyPrivateDnsNameOptions",
            "ec2:MonitorInstances",
            "ec2:ReplaceIamInstanceProfileAssociation",
            "ec2:RunInstances",
            "ec2:StartInstances",
            "ec2:StopInstances",
            "ec2:TerminateInstances",
            "ec2:UnmonitorInstances",
            "iam:PassRole",
            "ssm:GetParameters",
        ],
        refused: &[
            ("AdditionalInfo", "AWS reserves it"),
            ("ElasticGpuSpecifications", "AWS ended Elastic Graphics in January 2024"),
            ("ElasticInferenceAccelerators", "AWS ended Elastic Inference in April 2024"),
            (
                "SsmAssociations",
                "a list in the template is taken apart into AWS::SSM::Association; one that other resources decide is not",
            ),
            ("Volumes", "volumes are attached by AWS::EC2::VolumeAttachment, which can detach them again"),
        ],
        ..Facts::new("AWS::EC2::Instance", "ec2")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if let ("UserData", Some(one), Some(other)) = (property, desired.as_str(), recorded.as_str())
            && let (Some(one), Some(other)) = (bytes(one), bytes(other))
        {
            return one == other;
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut found = compare::create_only(Self::FACTS.kind, change.changed);
        let (old, new) = (change.old, change.new);
        if change.has("BlockDeviceMappings")
            && !same_but_ends(old.BlockDeviceMappings.as_ref(), new.BlockDeviceMappings.as_ref())
        {
            found.push("BlockDeviceMappings".into());
        }
        // Only between hosts and dedicated hardware can an instance move (API reference, ModifyInstancePlacement).
        let own = |props: &Props| matches!(props.Tenancy.as_deref(), Some("dedicated" | "host"));
        if !(own(old) && own(new)) {
            let moved = ["Affinity", "HostId", "Tenancy"];
            found.extend(moved.iter().filter(|name| change.has(name)).map(|name| (*name).to_owned()));
        }
        found
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let groups = change.new.SecurityGroupIds.as_ref().is_none_or(Vec::is_empty);
        if change.has("SecurityGroupIds") && groups {
            let why = "an instance keeps at least one security group: name the one it is to have";
            found.push(("SecurityGroupIds".into(), why.into()));
        }
        if change.has("InstanceType") && change.new.InstanceType.is_none() {
            found.push(("InstanceType".into(), "name the type it is to have".into()));
        }
        found
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        if !interrupts(change) {
            return Vec::new();
        }
        let mut words = vec!["the instance is stopped and started again".to_owned()];
        if change.new.Tenancy.as_deref() != Some("host") {
            words.push("a public address that is no Elastic IP becomes another one".to_owned());
        }
        words
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |property: &str, why: &str| found.push((property.to_owned(), why.to_owned()));
        if let Some(text) = props["UserData"].as_str()
            && !is_base64(text)
        {
            say("UserData", "AWS takes it encoded in Base64 only");
        }
        if props["ImageId"].is_null() && props["LaunchTemplate"].is_null() {
            say("ImageId", "an instance needs an image, here or in its launch template");
        }
        let interfaces = props["NetworkInterfaces"].as_array().is_some_and(|all| !all.is_empty());
        // API reference, RunInstances: "If you specify a network interface, you must specify ... as part of it".
        for name in [
            "SecurityGroupIds",
            "SecurityGroups",
            "SubnetId",
            "PrivateIpAddress",
            "Ipv6Addresses",
            "Ipv6AddressCount",
        ] {
            if interfaces && !props[name].is_null() {
                say(name, "with NetworkInterfaces it belongs into the interface");
            }
        }
        if !props["Ipv6Addresses"].is_null() && !props["Ipv6AddressCount"].is_null() {
            say("Ipv6AddressCount", "Ipv6Addresses is set too: set one of them");
        }
        let template = &props["LaunchTemplate"];
        if template.is_object()
            && template["LaunchTemplateId"].is_null() == template["LaunchTemplateName"].is_null()
        {
            say("LaunchTemplate", "name it by LaunchTemplateId or by LaunchTemplateName");
        }
        if props["HostId"].is_string() && props["Tenancy"].as_str().is_some_and(|tenancy| tenancy != "host") {
            say("Tenancy", "on a host it is `host`");
        }
        found
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let page = cx.sdk.ec2().describe_instances().instance_ids(id.as_str()).send().await;
        let page = page.map_err(op("DescribeInstances"))?;
        let all = page.reservations.unwrap_or_default().into_iter();
        Ok(all.flat_map(|one| one.instances.unwrap_or_default()).next())
    }

    async fn list(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let living = ours_in(cx, "instance-state-name", &["pending", "running", "stopping", "stopped"]);
        let page = cx.sdk.ec2().describe_instances().set_filters(Some(living)).send().await;
        let all = page.map_err(op("DescribeInstances"))?.reservations.unwrap_or_default().into_iter();
        Ok(all.flat_map(|one| one.instances.unwrap_or_default()).collect())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.instance_id().unwrap_or_default();
        let zone = live.placement().and_then(|placement| placement.availability_zone());
        let state = live.state();
        let word = state.and_then(|state| state.name()).map(|name| name.as_str());
        let code = state.and_then(|state| state.code()).map(|code| code.to_string());
        let attributes = [
            ("Ref", Some(id)),
            ("InstanceId", Some(id)),
            ("AvailabilityZone", zone),
            ("PrivateDnsName", live.private_dns_name()),
            ("PrivateIp", live.private_ip_address()),
            ("PublicDnsName", live.public_dns_name()),
            ("PublicIp", live.public_ip_address()),
            ("VpcId", live.vpc_id()),
            ("State.Name", word),
            ("State.Code", code.as_deref()),
        ];
        let known = |(name, value): (&str, Option<&str>)| Some((name.to_owned(), json!(value?)));
        Created {
            id: id.into(),
            attributes: attributes.into_iter().filter_map(known).collect::<Attributes>(),
        }
    }

    fn state(live: &Self::Live) -> State {
        let word = live.state().and_then(|state| state.name()).map_or("pending", |name| name.as_str());
        let why = || {
            let reason = live.state_reason().and_then(|reason| reason.message());
            reason
                .or(live.state_transition_reason())
                .filter(|text| !text.is_empty())
                .unwrap_or(word)
                .to_owned()
        };
        match word {
            // Whoever stops it by hand has it all the same.
            "running" | "stopped" => State::Ready,
            "shutting-down" => State::Leaving("shutting-down".into()),
            "terminated" => State::Gone(why()),
            _ => State::Pending(word.to_owned()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, own: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut read = live_reads::shown(&live, hint);
        read.Tags = own;
        live_reads::asked(cx, live.instance_id().unwrap_or_default(), hint, &mut read).await?;
        // EC2 looked the image up when it launched; a newer one in the parameter is no change.
        if hint.ImageId.as_deref().is_some_and(|image| image.starts_with(RESOLVED)) {
            read.ImageId.clone_from(&hint.ImageId);
        }
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "RunInstances";
        let mut specifications =
            vec![tags::specification(cx, OP, types::ResourceType::Instance, props.Tags.as_ref())?];
        if props.PropagateTagsToVolumeOnCreation == Some(true) && props.Tags.is_some() {
            // The plan's own: ownership tags belong to objects of the ledger.
            let own = types::TagSpecification::builder().resource_type(types::ResourceType::Volume);
            specifications.push(own.set_tags(sent(OP, props.Tags.as_ref())?).build());
        }
        let call = cx.sdk.ec2().run_instances().min_count(1).max_count(1).client_token(permit.token());
        let call = crate::pass!(OP, call, props => {
            set_block_device_mappings: BlockDeviceMappings, set_cpu_options: CpuOptions,
            set_credit_specification: CreditSpecification, set_disable_api_termination: DisableApiTermination,
            set_ebs_optimized: EbsOptimized, set_enclave_options: EnclaveOptions,
            set_hibernation_options: HibernationOptions, set_image_id: ImageId,
            set_instance_initiated_shutdown_behavior: InstanceInitiatedShutdownBehavior,
            set_instance_type: InstanceType, set_ipv6_address_count: Ipv6AddressCount,
            set_ipv6_addresses: Ipv6Addresses, set_kernel_id: KernelId, set_key_name: KeyName,
            set_launch_template: LaunchTemplate, set_license_specifications: LicenseSpecifications,
            set_metadata_options: MetadataOptions, set_network_interfaces: NetworkInterfaces,
            set_private_dns_name_options: PrivateDnsNameOptions, set_private_ip_address: PrivateIpAddress,
            set_ramdisk_id: RamdiskId, set_security_group_ids: SecurityGroupIds,
            set_security_groups: SecurityGroups, set_subnet_id: SubnetId, set_user_data: UserData,
        });
        let profile = props.IamInstanceProfile.as_ref();
        let profile =
            profile.map(|name| types::IamInstanceProfileSpecification::builder().name(name).build());
        let monitoring =
            props.Monitoring.map(|on| types::RunInstancesMonitoringEnabled::builder().enabled(on).build());
        let answer = call
            .set_placement(live_reads::placement(props))
            .set_iam_instance_profile(profile)
            .set_monitoring(monitoring)
            .set_tag_specifications(Some(specifications))
            .send()
            .await
            .map_err(op(OP))?;
        let made = answer.instances.unwrap_or_default().into_iter().next();
        let made = made.filter(|one| one.instance_id().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(OP, "the instance's id"))?))
    }

    /// The one setting that the launch does not take.
    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if props.SourceDestCheck == Some(false) {
            modify!(cx, id, source_dest_check, switch(false));
        }
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if !interrupts(change) {
            settings(cx, id, change).await?;
            return Ok(Progress::Done);
        }
        let Some(live) = look::<Self>(cx, id, change.new).await? else {
            return Err(OpError::missing("DescribeInstances", "the instance"));
        };
        let word = live.state().and_then(|state| state.name()).map_or("", |name| name.as_str()).to_owned();
        match word.as_str() {
            "stopped" => {
                still(cx, id, change).await?;
                settings(cx, id, change).await?;
                let call = cx.sdk.ec2().start_instances().instance_ids(id.as_str());
                call.send().await.map_err(op("StartInstances"))?;
                Ok(Progress::Done)
            }
            "running" => {
                // An interrupted update may have done it all: nobody is stopped twice.
                let seen = Self::props(cx, live, None, change.new).await?;
                let tree = |props: &Props| serde_json::to_value(props).unwrap_or_default();
                let (seen, wanted) = (tree(&seen), tree(change.new));
                let names = STOPPED.iter().chain(&["PrivateDnsNameOptions"]).filter(|name| change.has(name));
                if names.into_iter().all(|name| Self::same(name, &wanted[*name], &seen[*name])) {
                    settings(cx, id, change).await?;
                    return Ok(Progress::Done);
                }
                let call = cx.sdk.ec2().stop_instances().instance_ids(id.as_str());
                call.send().await.map_err(op("StopInstances"))?;
                Ok(Progress::Again("stopping the instance".into()))
            }
            other => Ok(Progress::Again(format!("waiting while the instance is {other}"))),
        }
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().terminate_instances().instance_ids(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("TerminateInstances"))
    }
}
