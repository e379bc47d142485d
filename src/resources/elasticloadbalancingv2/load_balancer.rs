//! `AWS::ElasticLoadBalancingV2::LoadBalancer`.

use aws_sdk_elasticloadbalancingv2::types;
use serde_json::{Value as Json, json};

use super::{
    attributes,
    tags::{ABSENT, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{
        Attributes, Facts, Identity, NameRule, OnConflict, Ownership, PhysicalId, Retry, Tag, WaitPolicy,
    },
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType,
        described::pairs,
        mirror::{pruned, received, sent},
        tags::{self, Tagging},
    },
};

crate::props! {
    /// The properties of a load balancer.
    pub struct Props {
        EnableCapacityReservationProvisionStabilize: bool, EnablePrefixForIpv6SourceNat: String,
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: String,
        IpAddressType: String, Ipv4IpamPoolId: String, LoadBalancerAttributes: Vec<LoadBalancerAttribute>,
        MinimumLoadBalancerCapacity: MinimumLoadBalancerCapacity, Name: String, Scheme: String,
        SecurityGroups: Vec<String>, SubnetMappings: Vec<SubnetMapping>, Subnets: Vec<String>, Tags: Vec<Tag>,
        Type: String,
    }
}

crate::mirrored! {
    /// A setting of a load balancer.
    pub struct LoadBalancerAttribute: types::LoadBalancerAttribute
        = types::LoadBalancerAttribute::builder().build() => { Key/key: String, Value/value: String }
    /// A subnet and the addresses to use in it.
    pub struct SubnetMapping: types::SubnetMapping = types::SubnetMapping::builder().build() => {
        AllocationId/allocation_id: String, IPv6Address/ipv6_address: String,
        PrivateIPv4Address/private_ipv4_address: String, SourceNatIpv6Prefix/source_nat_ipv6_prefix: String,
        SubnetId/subnet_id: String,
    }
    /// Capacity that is kept ready.
    pub struct MinimumLoadBalancerCapacity: types::MinimumLoadBalancerCapacity
        = types::MinimumLoadBalancerCapacity::builder().build() => { CapacityUnits/capacity_units: i32 }
}

/// An application, network or gateway load balancer.
pub struct LoadBalancer;

fn outputs(live: &types::LoadBalancer) -> Attributes {
    let arn = live.load_balancer_arn().unwrap_or_default();
    let mut outputs = Attributes::from([
        ("Ref".into(), json!(arn)),
        ("LoadBalancerArn".into(), json!(arn)),
        ("LoadBalancerName".into(), json!(live.load_balancer_name())),
        ("LoadBalancerFullName".into(), json!(attributes::full_name(arn))),
    ]);
    // Without groups in the template an application load balancer has its VPC's default one ("Elastic Load Balancing API
    // Reference", CreateLoadBalancer); CloudFormation's Fn::GetAtt answers those it has.
    outputs.insert("SecurityGroups".into(), json!(live.security_groups()));
    // Gateway load balancers have neither.
    for (name, value) in
        [("DNSName", live.dns_name()), ("CanonicalHostedZoneID", live.canonical_hosted_zone_id())]
    {
        if let Some(value) = value {
            outputs.insert(name.into(), json!(value));
        }
    }
    outputs
}

async fn look(cx: &Cx<'_>, arn: &str) -> Result<Option<types::LoadBalancer>, OpError> {
    if let Some(live) = cx.shelved(arn) {
        return Ok(Some(live));
    }
    let call = cx.sdk.elb().describe_load_balancers().load_balancer_arns(arn);
    match call.send().await.map_err(op("DescribeLoadBalancers")) {
        Err(error) if error.is(&["LoadBalancerNotFound"]) => Ok(None),
        answer => Ok(answer?.load_balancers.unwrap_or_default().into_iter().next()),
    }
}

async fn set_attributes(
    cx: &Cx<'_>,
    arn: &str,
    wanted: Option<&Vec<LoadBalancerAttribute>>,
) -> Result<(), OpError> {
    let Some(settings) = attributes::wanted(wanted) else { return Ok(()) };
    let call = cx.sdk.elb().modify_load_balancer_attributes().load_balancer_arn(arn);
    let call = call.set_attributes(sent("ModifyLoadBalancerAttributes", Some(&settings))?);
    call.send().await.map_err(op("ModifyLoadBalancerAttributes"))?;
    Ok(())
}

async fn set_groups(cx: &Cx<'_>, arn: &str, props: &Props) -> Result<(), OpError> {
    let call = cx
        .sdk
        .elb()
        .set_security_groups()
        .load_balancer_arn(arn)
        .set_security_groups(Some(props.SecurityGroups.clone().unwrap_or_default()))
        .set_enforce_security_group_inbound_rules_on_private_link_traffic(
            props.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic.as_deref().map(Into::into),
        );
    call.send().await.map_err(op("SetSecurityGroups"))?;
    Ok(())
}

async fn set_capacity(
    cx: &Cx<'_>,
    arn: &str,
    capacity: Option<&MinimumLoadBalancerCapacity>,
) -> Result<(), OpError> {
    const OP: &str = "ModifyCapacityReservation";
    let call = cx.sdk.elb().modify_capacity_reservation().load_balancer_arn(arn);
    let call = match capacity {
        Some(_) => call.set_minimum_load_balancer_capacity(sent(OP, capacity)?),
        None => call.reset_capacity_reservation(true),
    };
    call.send().await.map_err(op(OP))?;
    Ok(())
}

/// Where the load balancer takes its public addresses from.
async fn set_pool(cx: &Cx<'_>, arn: &str, pool: Option<&String>) -> Result<(), OpError> {
    let call = cx.sdk.elb().modify_ip_pools().load_balancer_arn(arn);
    let call = match pool {
        Some(pool) => call.ipam_pools(types::IpamPools::builder().ipv4_ipam_pool_id(pool).build()),
        None => call.remove_ipam_pools(types::RemoveIpamPoolEnum::Ipv4),
    };
    call.send().await.map(drop).map_err(op("ModifyIpPools"))
}

/// What reserved capacity still waits for, where the template wants it waited for.
async fn reserving(cx: &Cx<'_>, arn: &str, props: &Props) -> Result<Option<Probe>, OpError> {
    use types::CapacityReservationStateEnum as State;
    if props.EnableCapacityReservationProvisionStabilize != Some(true)
        || props.MinimumLoadBalancerCapacity.is_none()
    {
        return Ok(None);
    }
    let call = cx.sdk.elb().describe_capacity_reservation().load_balancer_arn(arn);
    let answer = call.send().await.map_err(op("DescribeCapacityReservation"))?;
    let zones = answer.capacity_reservation_state().iter().filter_map(|zone| zone.state());
    let found =
        zones.filter(|state| state.code() != Some(&State::Provisioned)).map(|state| match state.code() {
            Some(State::Failed) => Probe::Failed(format!(
                "its capacity cannot be reserved: {}",
                state.reason().unwrap_or("no reason given")
            )),
            _ => Probe::Pending("its capacity is being reserved".into()),
        });
    Ok(found.max_by_key(|probe| matches!(probe, Probe::Failed(_))))
}

/// Subnets with the addresses that the load balancer has in them.
fn mappings(live: &types::LoadBalancer) -> Vec<SubnetMapping> {
    let zones = live.availability_zones().iter();
    zones
        .map(|zone| {
            let address = zone.load_balancer_addresses().first();
            SubnetMapping {
                SubnetId: zone.subnet_id.clone(),
                AllocationId: address.and_then(|a| a.allocation_id.clone()),
                PrivateIPv4Address: address.and_then(|a| a.private_ipv4_address.clone()),
                IPv6Address: address.and_then(|a| a.ipv6_address.clone()),
                SourceNatIpv6Prefix: zone.source_nat_ipv6_prefixes().first().cloned(),
            }
        })
        .collect()
}

impl ResourceType for LoadBalancer {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "Name", max: 32, lower: false, separator: '-' }),
        // SetSubnets and SetSecurityGroups: subnets and groups of the balancer's own VPC
        // (InvalidConfigurationRequest, "The subnets must belong to the VPC of load balancer").
        within_network: &["SecurityGroups", "SubnetMappings", "Subnets"],
        // CreateLoadBalancer answers with the one that is already there when all settings are the same.
        on_conflict: OnConflict::Overwrites,
        configures: true,
        // A provisioning load balancer already takes listeners, aliases and dashboards.
        early: &[
            "Ref",
            "CanonicalHostedZoneID",
            "DNSName",
            "LoadBalancerArn",
            "LoadBalancerFullName",
            "LoadBalancerName",
        ],
        ready: Some(WaitPolicy::secs(150, 10, 1_200)),
        retry: &[
            Retry {
                code: "InvalidSubnet",
                message: "has no internet gateway",
                why: "the internet gateway is not attached yet",
            },
            Retry {
                code: "OperationNotPermitted",
                message: "provisioning",
                why: "the load balancer is still being provisioned",
            },
        ],
        properties_are_attributes: true,
        absent: ABSENT,
        silent_delete: Some(
            "the call succeeds if the load balancer does not exist (DeleteLoadBalancer, ELBv2 API Reference)",
        ),
        iam: &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyCapacityReservation",
            "elasticloadbalancing:ModifyIpPools",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
            "iam:CreateServiceLinkedRole",
        ],
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        ..Facts::new("AWS::ElasticLoadBalancingV2::LoadBalancer", "elasticloadbalancing")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let name = props["Name"].as_str().unwrap_or_default();
        if name.starts_with("internal-") {
            problems.push(("Name".into(), "a load balancer's name must not begin with `internal-`".into()));
        }
        if name.len() > 32 || name.starts_with('-') || name.ends_with('-') {
            let rule =
                "a load balancer's name has at most 32 characters and neither begins nor ends with a hyphen";
            problems.push(("Name".into(), rule.into()));
        }
        let application = props["Type"].as_str().is_none_or(|kind| kind == "application");
        if application
            && ["Subnets", "SubnetMappings"]
                .iter()
                .any(|list| props[list].as_array().is_some_and(|l| l.len() < 2))
        {
            let rule = "an application load balancer needs subnets in at least two Availability Zones";
            problems.push(("Subnets".into(), rule.into()));
        }
        problems
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) =
            (change.old.LoadBalancerAttributes.as_ref(), change.new.LoadBalancerAttributes.as_ref());
        attributes::kept("LoadBalancerAttributes", old, new).into_iter().collect()
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        if look(cx, id.as_str()).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(cx.owns(pairs(&Tags::any(cx, id.as_str()).await?))))
    }

    /// "Elastic Load Balancing API Reference", DescribeLoadBalancers: up to 20 ARNs.
    const MANY: usize = 20;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let arns = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.elb().describe_load_balancers().set_load_balancer_arns(Some(arns));
        for live in call.send().await.map_err(op("DescribeLoadBalancers"))?.load_balancers() {
            cx.shelve(live.load_balancer_arn().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.Name else { return Ok(None) };
        let call = cx.sdk.elb().describe_load_balancers().names(name);
        let answer = match call.send().await.map_err(op("DescribeLoadBalancers")) {
            Err(error) if error.is(&["LoadBalancerNotFound"]) => return Ok(None),
            other => other?,
        };
        let Some(live) = answer.load_balancers().first() else { return Ok(None) };
        let arn = live.load_balancer_arn().unwrap_or_default();
        let tags = Tags::any(cx, arn).await?;
        let ownership = cx.owns(pairs(&tags));
        Ok(Some(Found { id: arn.into(), attributes: outputs(live), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let live = match (look(cx, id.as_str()).await?, goal) {
            (None, Goal::Ready) => return Ok(Probe::Pending("not visible yet".into())),
            (None, Goal::Gone) => return Ok(Probe::Reached(Attributes::new())),
            (Some(live), _) => live,
        };
        let code = live.state().and_then(|state| state.code());
        let word = code.map_or("unknown", types::LoadBalancerStateEnum::as_str).to_owned();
        Ok(match (goal, code) {
            // Impaired: it routes, but could not scale; nothing that waiting here would mend.
            (
                Goal::Ready,
                Some(types::LoadBalancerStateEnum::Active | types::LoadBalancerStateEnum::ActiveImpaired),
            ) => reserving(cx, id.as_str(), props).await?.unwrap_or_else(|| Probe::Reached(outputs(&live))),
            (Goal::Ready, Some(types::LoadBalancerStateEnum::Failed)) => {
                let reason = live.state().and_then(|state| state.reason()).unwrap_or("no reason given");
                Probe::Failed(reason.to_owned())
            }
            _ => Probe::Pending(word),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(None) };
        let mut settings = None;
        if hint.LoadBalancerAttributes.is_some() {
            let call = cx.sdk.elb().describe_load_balancer_attributes().load_balancer_arn(id.as_str());
            let answer = call.send().await.map_err(op("DescribeLoadBalancerAttributes"))?;
            let all: Vec<LoadBalancerAttribute> = received(answer.attributes.as_ref()).unwrap_or_default();
            settings = attributes::named(
                hint.LoadBalancerAttributes.as_ref(),
                |setting| setting.Key.as_deref(),
                all.into_iter(),
            );
        }
        let mut capacity = None;
        if hint.MinimumLoadBalancerCapacity.is_some() {
            let call = cx.sdk.elb().describe_capacity_reservation().load_balancer_arn(id.as_str());
            let answer = call.send().await.map_err(op("DescribeCapacityReservation"))?;
            capacity = received(answer.minimum_load_balancer_capacity.as_ref());
        }
        let tags = Tags::any(cx, id.as_str()).await?;
        let zones = live.availability_zones().iter();
        let props = Props {
            Subnets: hint.Subnets.as_ref().map(|_| zones.filter_map(|zone| zone.subnet_id.clone()).collect()),
            SubnetMappings: hint.SubnetMappings.as_ref().map(|_| mappings(&live)),
            // How long to wait is nothing that AWS would know.
            EnableCapacityReservationProvisionStabilize: None,
            EnablePrefixForIpv6SourceNat: live
                .enable_prefix_for_ipv6_source_nat
                .map(|v| v.as_str().to_owned()),
            EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: live
                .enforce_security_group_inbound_rules_on_private_link_traffic,
            IpAddressType: live.ip_address_type.map(|v| v.as_str().to_owned()),
            Ipv4IpamPoolId: live.ipam_pools.and_then(|pools| pools.ipv4_ipam_pool_id),
            LoadBalancerAttributes: settings,
            MinimumLoadBalancerCapacity: capacity,
            Name: live.load_balancer_name,
            Scheme: live.scheme.map(|v| v.as_str().to_owned()),
            SecurityGroups: live.security_groups,
            Tags: cx.own_tags(pairs(&tags)),
            Type: live.r#type.map(|v| v.as_str().to_owned()),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateLoadBalancer";
        let call = cx
            .sdk
            .elb()
            .create_load_balancer()
            .set_name(props.Name.clone())
            .set_subnets(props.Subnets.clone())
            .set_subnet_mappings(sent(OP, props.SubnetMappings.as_ref())?)
            .set_security_groups(props.SecurityGroups.clone())
            .set_scheme(props.Scheme.as_deref().map(Into::into))
            .set_type(props.Type.as_deref().map(Into::into))
            .set_ip_address_type(props.IpAddressType.as_deref().map(Into::into))
            .set_ipam_pools(
                props
                    .Ipv4IpamPoolId
                    .as_ref()
                    .map(|pool| types::IpamPools::builder().ipv4_ipam_pool_id(pool).build()),
            )
            .set_enable_prefix_for_ipv6_source_nat(
                props.EnablePrefixForIpv6SourceNat.as_deref().map(Into::into),
            )
            .set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let answer = call.send().await.map_err(op(OP))?;
        let live =
            answer.load_balancers().first().ok_or_else(|| OpError::missing(OP, "the load balancer"))?;
        let arn = live.load_balancer_arn().ok_or_else(|| OpError::missing(OP, "the load balancer's ARN"))?;
        Ok(Created { id: arn.into(), attributes: outputs(live) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        set_attributes(cx, id.as_str(), props.LoadBalancerAttributes.as_ref()).await?;
        if props.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic.is_some() {
            set_groups(cx, id.as_str(), props).await?;
        }
        if props.MinimumLoadBalancerCapacity.is_some() {
            set_capacity(cx, id.as_str(), props.MinimumLoadBalancerCapacity.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (arn, new) = (id.as_str(), change.new);
        if change.has("Subnets") || change.has("SubnetMappings") || change.has("EnablePrefixForIpv6SourceNat")
        {
            let call = cx
                .sdk
                .elb()
                .set_subnets()
                .load_balancer_arn(arn)
                .set_subnets(new.Subnets.clone())
                .set_subnet_mappings(sent("SetSubnets", new.SubnetMappings.as_ref())?)
                .set_enable_prefix_for_ipv6_source_nat(
                    new.EnablePrefixForIpv6SourceNat.as_deref().map(Into::into),
                );
            call.send().await.map_err(op("SetSubnets"))?;
        }
        if change.has("IpAddressType") {
            let kind = new.IpAddressType.as_deref().unwrap_or("ipv4");
            let call = cx.sdk.elb().set_ip_address_type().load_balancer_arn(arn).ip_address_type(kind.into());
            call.send().await.map_err(op("SetIpAddressType"))?;
        }
        if change.has("SecurityGroups") || change.has("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
        {
            set_groups(cx, arn, new).await?;
        }
        if change.has("LoadBalancerAttributes") {
            let old = change.old.LoadBalancerAttributes.as_ref();
            let settings = attributes::changed(old, new.LoadBalancerAttributes.as_ref());
            set_attributes(cx, arn, settings.as_ref()).await?;
        }
        if change.has("Ipv4IpamPoolId") {
            set_pool(cx, arn, new.Ipv4IpamPoolId.as_ref()).await?;
        }
        if change.has("MinimumLoadBalancerCapacity") {
            set_capacity(cx, arn, new.MinimumLoadBalancerCapacity.as_ref()).await?;
        }
        Tags::change(cx, arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.elb().delete_load_balancer().load_balancer_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteLoadBalancer"))
    }
}
