//! `AWS::EC2::VPC`.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    support::{IN_USE, MANY, NEW_VPC, any_of, filter, ours, seen, unless_absent},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Ownership, PhysicalId, Stored, Tag, WaitPolicy},
    props,
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare, mirror::sent,
        tags::Tagging,
    },
};

/// The type.
pub struct Vpc;

props! {
    /// The properties.
    pub struct Props {
        CidrBlock: String,
        EnableDnsHostnames: bool,
        EnableDnsSupport: bool,
        InstanceTenancy: String,
        Ipv4IpamPoolId: String,
        Ipv4NetmaskLength: i32,
        Tags: Vec<Tag>,
        VpcEncryptionControl: VpcEncryptionControl,
    }
}

crate::words!(types::VpcEncryptionControlMode, types::VpcEncryptionControlExclusionStateInput);

crate::mirrored! {
    /// Whether traffic must be encrypted, and what is excepted. AWS answers it in another form.
    pub struct VpcEncryptionControl: types::VpcEncryptionControlConfiguration
        = types::VpcEncryptionControlConfiguration::builder().build() => {
        EgressOnlyInternetGatewayExclusion/egress_only_internet_gateway_exclusion: String,
        ElasticFileSystemExclusion/elastic_file_system_exclusion: String,
        InternetGatewayExclusion/internet_gateway_exclusion: String, LambdaExclusion/lambda_exclusion: String,
        Mode/mode: String, NatGatewayExclusion/nat_gateway_exclusion: String,
        VirtualPrivateGatewayExclusion/virtual_private_gateway_exclusion: String,
        VpcLatticeExclusion/vpc_lattice_exclusion: String, VpcPeeringExclusion/vpc_peering_exclusion: String,
    }
}

const ABSENT: &[&str] = &["InvalidVpcID.NotFound"];

/// The attributes of encryption control, if the VPC has it.
fn encryption(control: &types::VpcEncryptionControl) -> Vec<(String, Json)> {
    let own = |text: Option<&str>| text.map(|text| json!(text));
    let mut found = vec![
        ("VpcId".to_owned(), own(control.vpc_id())),
        ("VpcEncryptionControlId".to_owned(), own(control.vpc_encryption_control_id())),
        ("State".to_owned(), own(control.state().map(|state| state.as_str()))),
        ("StateMessage".to_owned(), own(control.state_message())),
    ];
    if let Some(all) = control.resource_exclusions() {
        let exclusions = [
            ("EgressOnlyInternetGateway", all.egress_only_internet_gateway()),
            ("ElasticFileSystem", all.elastic_file_system()),
            ("InternetGateway", all.internet_gateway()),
            ("Lambda", all.lambda()),
            ("NatGateway", all.nat_gateway()),
            ("VirtualPrivateGateway", all.virtual_private_gateway()),
            ("VpcLattice", all.vpc_lattice()),
            ("VpcPeering", all.vpc_peering()),
        ];
        for (name, exclusion) in exclusions {
            let state = exclusion.and_then(|one| one.state()).map(|state| state.as_str());
            let message = exclusion.and_then(|one| one.state_message());
            found.push((format!("ResourceExclusions.{name}.State"), own(state)));
            found.push((format!("ResourceExclusions.{name}.StateMessage"), own(message)));
        }
    }
    let known = found.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| (format!("VpcEncryptionControl.{name}"), value)).collect()
}

/// What the VPC's own description tells; its default group and ACL are objects of their own.
fn attributes(vpc: &types::Vpc) -> Attributes {
    let id = vpc.vpc_id().unwrap_or_default();
    let blocks: Vec<&str> =
        vpc.cidr_block_association_set().iter().filter_map(|one| one.association_id()).collect();
    let six: Vec<&str> =
        vpc.ipv6_cidr_block_association_set().iter().filter_map(|one| one.ipv6_cidr_block()).collect();
    let mut attributes = Attributes::from([
        ("Ref".into(), json!(id)),
        ("VpcId".into(), json!(id)),
        ("CidrBlock".into(), json!(vpc.cidr_block())),
        ("CidrBlockAssociations".into(), json!(blocks)),
        ("Ipv6CidrBlocks".into(), json!(six)),
    ]);
    attributes.extend(vpc.encryption_control().into_iter().flat_map(encryption));
    attributes
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::Vpc>, OpError> {
    if let Some(live) = cx.shelved(id) {
        return Ok(Some(live));
    }
    let answer = cx.sdk.ec2().describe_vpcs().vpc_ids(id).send().await.map_err(op("DescribeVpcs"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.vpcs().first().cloned()))
}

async fn default_group(cx: &Cx<'_>, id: &str) -> Result<Option<String>, OpError> {
    let filters = vec![filter("vpc-id", id), filter("group-name", "default")];
    let call = cx.sdk.ec2().describe_security_groups().set_filters(Some(filters));
    let page = call.send().await.map_err(op("DescribeSecurityGroups"))?;
    Ok(page.security_groups().first().and_then(|group| group.group_id().map(ToOwned::to_owned)))
}

async fn default_acl(cx: &Cx<'_>, id: &str) -> Result<Option<String>, OpError> {
    let filters = vec![filter("vpc-id", id), filter("default", "true")];
    let call = cx.sdk.ec2().describe_network_acls().set_filters(Some(filters));
    let page = call.send().await.map_err(op("DescribeNetworkAcls"))?;
    Ok(page.network_acls().first().and_then(|acl| acl.network_acl_id().map(ToOwned::to_owned)))
}

async fn set_support(cx: &Cx<'_>, id: &str, on: bool) -> Result<(), OpError> {
    let value = types::AttributeBooleanValue::builder().value(on).build();
    let call = cx.sdk.ec2().modify_vpc_attribute().vpc_id(id).enable_dns_support(value);
    call.send().await.map(drop).map_err(op("ModifyVpcAttribute"))
}

async fn set_hostnames(cx: &Cx<'_>, id: &str, on: bool) -> Result<(), OpError> {
    let value = types::AttributeBooleanValue::builder().value(on).build();
    let call = cx.sdk.ec2().modify_vpc_attribute().vpc_id(id).enable_dns_hostnames(value);
    call.send().await.map(drop).map_err(op("ModifyVpcAttribute"))
}

/// Sets both DNS attributes, one a call. Hostnames need support: it is switched on first and off last.
async fn set_dns(
    cx: &Cx<'_>,
    id: &str,
    support: Option<bool>,
    hostnames: Option<bool>,
) -> Result<(), OpError> {
    if support == Some(true) {
        set_support(cx, id, true).await?;
    }
    if let Some(on) = hostnames {
        set_hostnames(cx, id, on).await?;
    }
    if support == Some(false) {
        set_support(cx, id, false).await?;
    }
    Ok(())
}

async fn attribute(cx: &Cx<'_>, id: &str, name: types::VpcAttributeName) -> Result<Option<bool>, OpError> {
    let call = cx.sdk.ec2().describe_vpc_attribute().vpc_id(id).attribute(name);
    let answer = call.send().await.map_err(op("DescribeVpcAttribute"))?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(types::AttributeBooleanValue::value))
}

impl ResourceType for Vpc {
    type Props = Props;

    const FACTS: Facts = Facts {
        configures: true,
        early: &["CidrBlock", "Ref", "VpcId"],
        ready: Some(WaitPolicy::secs(1, 1, 120)),
        retry: &[NEW_VPC],
        held_by_users: true,
        retry_delete: &[IN_USE],
        properties_are_attributes: true,
        absent: ABSENT,
        iam: &[
            "ec2:CreateTags",
            "ec2:CreateVpc",
            "ec2:DeleteTags",
            "ec2:DeleteVpc",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
            "ec2:ModifyVpcAttribute",
            "ec2:ModifyVpcTenancy",
        ],
        stored: &[("CidrBlock", Stored::Network)],
        ..Facts::new("AWS::EC2::VPC", "ec2")
    };

    /// Tenancy can be relaxed to `default` in place, and nothing else.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        let tenancy = change.new.InstanceTenancy.as_deref().unwrap_or("default");
        let from = change.old.InstanceTenancy.as_deref().unwrap_or("default");
        replaced.retain(|property| property != "InstanceTenancy");
        if change.has("InstanceTenancy") && tenancy != from && (tenancy, from) != ("default", "dedicated") {
            replaced.push("InstanceTenancy".into());
        }
        replaced
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        if props["EnableDnsSupport"] == false && props["EnableDnsHostnames"] == true {
            let message = "DNS hostnames need EnableDnsSupport, which is off";
            return vec![("EnableDnsHostnames".into(), message.into())];
        }
        Vec::new()
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(Self::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Found>, OpError> {
        let all = match cx.shelved_own::<types::Vpc>() {
            Some(all) => all,
            None => {
                let call = cx.sdk.ec2().describe_vpcs().set_filters(Some(ours(cx)));
                call.send().await.map_err(op("DescribeVpcs"))?.vpcs.unwrap_or_default()
            }
        };
        let found = all.iter().map(|vpc| Found {
            id: vpc.vpc_id().unwrap_or_default().into(),
            attributes: attributes(vpc),
            ownership: tags::owner(cx, &vpc.tags),
        });
        Ok(found.collect())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let Some(vpc) = get(cx, id.as_str()).await? else { return Ok(seen(None, goal)) };
        if goal == Goal::Gone {
            return Ok(Probe::Pending("still there".into()));
        }
        if vpc.state() != Some(&types::VpcState::Available) {
            return Ok(Probe::Pending(vpc.state().map_or("pending", |state| state.as_str()).to_owned()));
        }
        let (group, acl) = (default_group(cx, id.as_str()).await?, default_acl(cx, id.as_str()).await?);
        let (Some(group), Some(acl)) = (group, acl) else {
            return Ok(Probe::Pending("its default security group is not visible yet".into()));
        };
        let mut attributes = attributes(&vpc);
        attributes.insert("DefaultSecurityGroup".into(), json!(group));
        attributes.insert("DefaultNetworkAcl".into(), json!(acl));
        Ok(Probe::Reached(attributes))
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        Ok(get(cx, id.as_str()).await?.map(|live| tags::owner(cx, &live.tags)))
    }

    const MANY: usize = MANY;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let ids = any_of("vpc-id", asked.iter().map(|one| one.id.as_str()));
        let answer = cx.sdk.ec2().describe_vpcs().filters(ids).send().await.map_err(op("DescribeVpcs"))?;
        for live in answer.vpcs() {
            cx.shelve(live.vpc_id().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(vpc) = get(cx, id.as_str()).await? else { return Ok(None) };
        let (mut support, mut hostnames) = (None, None);
        if hint.EnableDnsSupport.is_some() {
            support = attribute(cx, id.as_str(), types::VpcAttributeName::EnableDnsSupport).await?;
        }
        if hint.EnableDnsHostnames.is_some() {
            hostnames = attribute(cx, id.as_str(), types::VpcAttributeName::EnableDnsHostnames).await?;
        }
        Ok(Some(Props {
            CidrBlock: vpc.cidr_block().map(ToOwned::to_owned),
            EnableDnsHostnames: hostnames,
            EnableDnsSupport: support,
            InstanceTenancy: vpc.instance_tenancy().map(|tenancy| tenancy.as_str().to_owned()),
            Ipv4IpamPoolId: None,
            Ipv4NetmaskLength: None,
            Tags: tags::own(cx, &vpc.tags),
            VpcEncryptionControl: vpc.encryption_control().map(|control| VpcEncryptionControl {
                Mode: control.mode().map(|mode| mode.as_str().to_owned()),
                ..VpcEncryptionControl::default()
            }),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let call = cx
            .sdk
            .ec2()
            .create_vpc()
            .set_cidr_block(props.CidrBlock.clone())
            .set_instance_tenancy(props.InstanceTenancy.as_deref().map(Into::into))
            .set_ipv4_ipam_pool_id(props.Ipv4IpamPoolId.clone())
            .set_ipv4_netmask_length(props.Ipv4NetmaskLength)
            .set_vpc_encryption_control(sent("CreateVpc", props.VpcEncryptionControl.as_ref())?)
            .tag_specifications(specification(
                cx,
                "CreateVpc",
                types::ResourceType::Vpc,
                props.Tags.as_ref(),
            )?);
        let answer = call.send().await.map_err(op("CreateVpc"))?;
        let vpc = answer.vpc().ok_or_else(|| OpError::missing("CreateVpc", "the VPC"))?;
        let id = vpc.vpc_id().ok_or_else(|| OpError::missing("CreateVpc", "the VPC's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(vpc) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        set_dns(cx, id.as_str(), props.EnableDnsSupport, props.EnableDnsHostnames).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (id, new) = (id.as_str(), change.new);
        if change.has("EnableDnsSupport") || change.has("EnableDnsHostnames") {
            let (support, hostnames) =
                (new.EnableDnsSupport.unwrap_or(true), new.EnableDnsHostnames.unwrap_or(false));
            let support = change.has("EnableDnsSupport").then_some(support);
            let hostnames = change.has("EnableDnsHostnames").then_some(hostnames);
            set_dns(cx, id, support, hostnames).await?;
        }
        if change.has("InstanceTenancy") {
            let call = cx.sdk.ec2().modify_vpc_tenancy().vpc_id(id);
            let call = call.instance_tenancy(types::VpcTenancy::Default);
            call.send().await.map_err(op("ModifyVpcTenancy"))?;
        }
        Tags::change(cx, id, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().delete_vpc().vpc_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteVpc"))
    }
}
