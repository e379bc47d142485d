//! `AWS::EC2::Subnet`.

use aws_sdk_ec2::{operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder, types};
use serde_json::{Value as Json, json};

use super::{
    interfaces,
    support::{IN_USE, MANY, NEW_SUBNET, NEW_VPC, any_of, filter, ours, seen, unless_absent},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Once, Ownership, PhysicalId, Stored, Tag, WaitPolicy},
    props,
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Obstacle, Probe, Progress, ResourceType, compare,
        tags::Tagging,
    },
};

/// The type.
pub struct Subnet;

props! {
    /// The properties.
    pub struct Props {
        AssignIpv6AddressOnCreation: bool,
        AvailabilityZone: String,
        AvailabilityZoneId: String,
        CidrBlock: String,
        EnableDns64: bool,
        EnableLniAtDeviceIndex: i32,
        Ipv4IpamPoolId: String,
        Ipv4NetmaskLength: i32,
        Ipv6CidrBlock: String,
        Ipv6IpamPoolId: String,
        Ipv6Native: bool,
        Ipv6NetmaskLength: i32,
        MapPublicIpOnLaunch: bool,
        OutpostArn: String,
        PrivateDnsNameOptionsOnLaunch: DnsOptions,
        Tags: Vec<Tag>,
        VpcId: String,
    }
    /// Which names instances get.
    pub struct DnsOptions {
        EnableResourceNameDnsAAAARecord: bool,
        EnableResourceNameDnsARecord: bool,
        HostnameType: String,
    }
}

const ABSENT: &[&str] = &["InvalidSubnetID.NotFound"];

fn attributes(subnet: &types::Subnet) -> Attributes {
    let id = subnet.subnet_id().unwrap_or_default();
    let six: Vec<&str> =
        subnet.ipv6_cidr_block_association_set().iter().filter_map(|one| one.ipv6_cidr_block()).collect();
    let block = subnet.block_public_access_states().and_then(|states| states.internet_gateway_block_mode());
    let mode = block.map_or("off", |mode| mode.as_str());
    let mut attributes = Attributes::from([
        ("Ref".into(), json!(id)),
        ("SubnetId".into(), json!(id)),
        ("VpcId".into(), json!(subnet.vpc_id())),
        ("AvailabilityZone".into(), json!(subnet.availability_zone())),
        ("AvailabilityZoneId".into(), json!(subnet.availability_zone_id())),
        ("Ipv6CidrBlocks".into(), json!(six)),
        ("BlockPublicAccessStates".into(), json!({"InternetGatewayBlockMode": mode})),
        ("BlockPublicAccessStates.InternetGatewayBlockMode".into(), json!(mode)),
    ]);
    for (name, value) in [("CidrBlock", subnet.cidr_block()), ("OutpostArn", subnet.outpost_arn())] {
        if let Some(value) = value {
            attributes.insert(name.into(), json!(value));
        }
    }
    attributes
}

async fn get(cx: &Cx<'_>, id: &str) -> Result<Option<types::Subnet>, OpError> {
    if let Some(live) = cx.shelved(id) {
        return Ok(Some(live));
    }
    let answer = cx.sdk.ec2().describe_subnets().subnet_ids(id).send().await.map_err(op("DescribeSubnets"));
    Ok(unless_absent(answer, ABSENT)?.and_then(|page| page.subnets().first().cloned()))
}

async fn acl_association(cx: &Cx<'_>, id: &str) -> Result<Option<String>, OpError> {
    let call = cx.sdk.ec2().describe_network_acls().filters(filter("association.subnet-id", id));
    let page = call.send().await.map_err(op("DescribeNetworkAcls"))?;
    let mut associations = page.network_acls().iter().flat_map(types::NetworkAcl::associations);
    let own = associations.find(|association| association.subnet_id() == Some(id));
    Ok(own.and_then(|association| association.network_acl_association_id().map(ToOwned::to_owned)))
}

/// Sends one attribute; EC2 takes one a call.
async fn modify(
    cx: &Cx<'_>,
    id: &str,
    set: impl FnOnce(ModifySubnetAttributeFluentBuilder) -> ModifySubnetAttributeFluentBuilder,
) -> Result<(), OpError> {
    let call = set(cx.sdk.ec2().modify_subnet_attribute().subnet_id(id));
    call.send().await.map(drop).map_err(op("ModifySubnetAttribute"))
}

fn flag(on: bool) -> types::AttributeBooleanValue {
    types::AttributeBooleanValue::builder().value(on).build()
}

/// Sets every attribute that is given.
async fn set(cx: &Cx<'_>, id: &str, wanted: &Props) -> Result<(), OpError> {
    if let Some(on) = wanted.MapPublicIpOnLaunch {
        modify(cx, id, |call| call.map_public_ip_on_launch(flag(on))).await?;
    }
    if let Some(on) = wanted.AssignIpv6AddressOnCreation {
        modify(cx, id, |call| call.assign_ipv6_address_on_creation(flag(on))).await?;
    }
    if let Some(on) = wanted.EnableDns64 {
        modify(cx, id, |call| call.enable_dns64(flag(on))).await?;
    }
    if let Some(index) = wanted.EnableLniAtDeviceIndex {
        modify(cx, id, |call| call.enable_lni_at_device_index(index)).await?;
    }
    if let Some(names) = &wanted.PrivateDnsNameOptionsOnLaunch {
        if let Some(kind) = &names.HostnameType {
            modify(cx, id, |call| call.private_dns_hostname_type_on_launch(kind.as_str().into())).await?;
        }
        if let Some(on) = names.EnableResourceNameDnsARecord {
            modify(cx, id, |call| call.enable_resource_name_dns_a_record_on_launch(flag(on))).await?;
        }
        if let Some(on) = names.EnableResourceNameDnsAAAARecord {
            modify(cx, id, |call| call.enable_resource_name_dns_aaaa_record_on_launch(flag(on))).await?;
        }
    }
    Ok(())
}

impl ResourceType for Subnet {
    type Props = Props;

    const FACTS: Facts = Facts {
        configures: true,
        early: &["AvailabilityZone", "AvailabilityZoneId", "Ref", "SubnetId", "VpcId"],
        ready: Some(WaitPolicy::secs(1, 1, 120)),
        retry: &[NEW_VPC, NEW_SUBNET],
        held_by_users: true,
        retry_delete: &[IN_USE],
        properties_are_attributes: true,
        absent: ABSENT,
        iam: &[
            "ec2:CreateSubnet",
            "ec2:CreateTags",
            "ec2:DeleteSubnet",
            "ec2:DeleteTags",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:ModifySubnetAttribute",
        ],
        stored: &[("CidrBlock", Stored::Network), ("Ipv6CidrBlock", Stored::Network)],
        // CreateSubnet: InvalidSubnet.Conflict for overlapping blocks of a VPC.
        once: Some(&[Once::Block("CidrBlock", &["VpcId"]), Once::Block("Ipv6CidrBlock", &["VpcId"])]),
        ..Facts::new("AWS::EC2::Subnet", "ec2")
    };

    /// A subnet keeps its IPv6 block; another one is another subnet.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replaced = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("Ipv6CidrBlock") && !replaced.iter().any(|name| name == "Ipv6CidrBlock") {
            replaced.push("Ipv6CidrBlock".into());
        }
        replaced
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(Self::find_all(cx, props).await?.into_iter().next())
    }

    async fn find_all(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Found>, OpError> {
        let all = match cx.shelved_own::<types::Subnet>() {
            Some(all) => all,
            None => {
                let call = cx.sdk.ec2().describe_subnets().set_filters(Some(ours(cx)));
                call.send().await.map_err(op("DescribeSubnets"))?.subnets.unwrap_or_default()
            }
        };
        let found = all.iter().map(|subnet| Found {
            id: subnet.subnet_id().unwrap_or_default().into(),
            attributes: attributes(subnet),
            ownership: tags::owner(cx, &subnet.tags),
        });
        Ok(found.collect())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let Some(subnet) = get(cx, id.as_str()).await? else { return Ok(seen(None, goal)) };
        if goal == Goal::Gone {
            return Ok(Probe::Pending("still there".into()));
        }
        let state = subnet.state().map_or("pending", |state| state.as_str());
        if state.starts_with("failed") {
            return Ok(Probe::Failed(state.to_owned()));
        }
        if state != "available" {
            return Ok(Probe::Pending(state.to_owned()));
        }
        let Some(association) = acl_association(cx, id.as_str()).await? else {
            return Ok(Probe::Pending("its network ACL is not visible yet".into()));
        };
        let mut attributes = attributes(&subnet);
        attributes.insert("NetworkAclAssociationId".into(), json!(association));
        Ok(Probe::Reached(attributes))
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        Ok(get(cx, id.as_str()).await?.map(|live| tags::owner(cx, &live.tags)))
    }

    const MANY: usize = MANY;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let ids = any_of("subnet-id", asked.iter().map(|one| one.id.as_str()));
        let answer =
            cx.sdk.ec2().describe_subnets().filters(ids).send().await.map_err(op("DescribeSubnets"))?;
        for live in answer.subnets() {
            cx.shelve(live.subnet_id().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(subnet) = get(cx, id.as_str()).await? else { return Ok(None) };
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        let mut six = subnet.ipv6_cidr_block_association_set().iter().filter_map(|one| one.ipv6_cidr_block());
        // Only those of the nested options that were sent; AWS fills in the others.
        let names = hint.PrivateDnsNameOptionsOnLaunch.as_ref().and_then(|wanted| {
            let live = subnet.private_dns_name_options_on_launch()?;
            Some(DnsOptions {
                EnableResourceNameDnsAAAARecord: wanted
                    .EnableResourceNameDnsAAAARecord
                    .and(live.enable_resource_name_dns_aaaa_record()),
                EnableResourceNameDnsARecord: wanted
                    .EnableResourceNameDnsARecord
                    .and(live.enable_resource_name_dns_a_record()),
                HostnameType: wanted
                    .HostnameType
                    .as_ref()
                    .and(live.hostname_type())
                    .map(|kind| kind.as_str().to_owned()),
            })
        });
        Ok(Some(Props {
            AssignIpv6AddressOnCreation: subnet.assign_ipv6_address_on_creation(),
            AvailabilityZone: own(subnet.availability_zone()),
            AvailabilityZoneId: own(subnet.availability_zone_id()),
            CidrBlock: own(subnet.cidr_block()),
            EnableDns64: subnet.enable_dns64(),
            EnableLniAtDeviceIndex: None,
            Ipv4IpamPoolId: None,
            Ipv4NetmaskLength: None,
            Ipv6CidrBlock: six.next().map(ToOwned::to_owned),
            Ipv6IpamPoolId: None,
            Ipv6Native: subnet.ipv6_native(),
            Ipv6NetmaskLength: None,
            MapPublicIpOnLaunch: subnet.map_public_ip_on_launch(),
            OutpostArn: own(subnet.outpost_arn()),
            PrivateDnsNameOptionsOnLaunch: names,
            Tags: tags::own(cx, &subnet.tags),
            VpcId: own(subnet.vpc_id()),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let call = cx
            .sdk
            .ec2()
            .create_subnet()
            .set_vpc_id(props.VpcId.clone())
            .set_availability_zone(props.AvailabilityZone.clone())
            .set_availability_zone_id(props.AvailabilityZoneId.clone())
            .set_cidr_block(props.CidrBlock.clone())
            .set_ipv4_ipam_pool_id(props.Ipv4IpamPoolId.clone())
            .set_ipv4_netmask_length(props.Ipv4NetmaskLength)
            .set_ipv6_cidr_block(props.Ipv6CidrBlock.clone())
            .set_ipv6_ipam_pool_id(props.Ipv6IpamPoolId.clone())
            .set_ipv6_netmask_length(props.Ipv6NetmaskLength)
            .set_ipv6_native(props.Ipv6Native)
            .set_outpost_arn(props.OutpostArn.clone())
            .tag_specifications(specification(
                cx,
                "CreateSubnet",
                types::ResourceType::Subnet,
                props.Tags.as_ref(),
            )?);
        let answer = call.send().await.map_err(op("CreateSubnet"))?;
        let subnet = answer.subnet().ok_or_else(|| OpError::missing("CreateSubnet", "the subnet"))?;
        let id = subnet.subnet_id().ok_or_else(|| OpError::missing("CreateSubnet", "the subnet's id"))?;
        Ok(Created { id: id.into(), attributes: attributes(subnet) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        set(cx, id.as_str(), props).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (id, old, new) = (id.as_str(), change.old, change.new);
        // A property that was taken away goes back to AWS's default.
        let flag_of = |name: &str, value: Option<bool>| change.has(name).then(|| value.unwrap_or(false));
        let names = change.has("PrivateDnsNameOptionsOnLaunch").then(|| {
            let wanted = new.PrivateDnsNameOptionsOnLaunch.clone().unwrap_or_default();
            let default = if new.Ipv6Native == Some(true) { "resource-name" } else { "ip-name" };
            DnsOptions {
                EnableResourceNameDnsAAAARecord: wanted.EnableResourceNameDnsAAAARecord.or(Some(false)),
                EnableResourceNameDnsARecord: wanted.EnableResourceNameDnsARecord.or(Some(false)),
                HostnameType: wanted.HostnameType.or_else(|| Some(default.into())),
            }
        });
        let wanted = Props {
            AssignIpv6AddressOnCreation: flag_of(
                "AssignIpv6AddressOnCreation",
                new.AssignIpv6AddressOnCreation,
            ),
            EnableDns64: flag_of("EnableDns64", new.EnableDns64),
            EnableLniAtDeviceIndex: new
                .EnableLniAtDeviceIndex
                .filter(|_| change.has("EnableLniAtDeviceIndex")),
            MapPublicIpOnLaunch: flag_of("MapPublicIpOnLaunch", new.MapPublicIpOnLaunch),
            PrivateDnsNameOptionsOnLaunch: names,
            ..Props::default()
        };
        set(cx, id, &wanted).await?;
        if change.has("EnableLniAtDeviceIndex") && new.EnableLniAtDeviceIndex.is_none() {
            modify(cx, id, |call| call.disable_lni_at_device_index(flag(true))).await?;
        }
        Tags::change(cx, id, old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    fn place(props: &Json) -> Option<String> {
        interfaces::network(props)
    }

    async fn in_the_way(cx: &Cx<'_>, place: &str) -> Result<Vec<Obstacle>, OpError> {
        interfaces::obstacles(cx, place).await
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ec2().delete_subnet().subnet_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteSubnet"))
    }
}
