//! `AWS::ElasticLoadBalancingV2::TargetGroup`.

use aws_sdk_elasticloadbalancingv2::types;
use serde_json::json;

use super::{
    attributes,
    tags::{ABSENT, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, OnConflict, PhysicalId, Retry, Tag},
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        mirror::{pruned, received, sent},
        tags::{self, Tagging},
    },
};

crate::words!(types::TargetGroupIpAddressTypeEnum, types::TargetTypeEnum);

crate::mirrored! {
    /// The properties of a target group.
    pub struct Props <= types::TargetGroup {
        HealthCheckEnabled/health_check_enabled: bool,
        HealthCheckIntervalSeconds/health_check_interval_seconds: i32, HealthCheckPath/health_check_path: String,
        HealthCheckPort/health_check_port: String, HealthCheckProtocol/health_check_protocol: String,
        HealthCheckTimeoutSeconds/health_check_timeout_seconds: i32,
        HealthyThresholdCount/healthy_threshold_count: i32, IpAddressType/ip_address_type: String,
        Matcher/matcher: Matcher, Name/target_group_name: String, Port/port: i32, Protocol/protocol: String,
        ProtocolVersion/protocol_version: String, Tags: Vec<Tag>, TargetControlPort/target_control_port: i32,
        TargetGroupAttributes: Vec<TargetGroupAttribute>, TargetType/target_type: String,
        Targets: Vec<TargetDescription>, UnhealthyThresholdCount/unhealthy_threshold_count: i32,
        VpcId/vpc_id: String,
    }
    /// Answers that count as healthy.
    pub struct Matcher: types::Matcher = types::Matcher::builder().build() => {
        GrpcCode/grpc_code: String, HttpCode/http_code: String,
    }
    /// A setting of a target group.
    pub struct TargetGroupAttribute: types::TargetGroupAttribute = types::TargetGroupAttribute::builder().build() => {
        Key/key: String, Value/value: String,
    }
    /// A target.
    pub struct TargetDescription: types::TargetDescription = types::TargetDescription::builder().build() => {
        AvailabilityZone/availability_zone: String, Id/id: String, Port/port: i32, QuicServerId/quic_server_id: String,
    }
}

/// Where a load balancer sends requests.
pub struct TargetGroup;

fn outputs(live: &types::TargetGroup) -> Attributes {
    let arn = live.target_group_arn().unwrap_or_default();
    Attributes::from([
        ("Ref".into(), json!(arn)),
        ("TargetGroupArn".into(), json!(arn)),
        ("TargetGroupName".into(), json!(live.target_group_name())),
        ("TargetGroupFullName".into(), json!(attributes::full_name(arn))),
        ("LoadBalancerArns".into(), json!(live.load_balancer_arns())),
    ])
}

async fn set_attributes(
    cx: &Cx<'_>,
    arn: &str,
    wanted: Option<&Vec<TargetGroupAttribute>>,
) -> Result<(), OpError> {
    let Some(settings) = attributes::wanted(wanted) else { return Ok(()) };
    let call = cx.sdk.elb().modify_target_group_attributes().target_group_arn(arn);
    let call = call.set_attributes(sent("ModifyTargetGroupAttributes", Some(&settings))?);
    call.send().await.map_err(op("ModifyTargetGroupAttributes"))?;
    Ok(())
}

/// What is wanted, with the default of each health check setting that the template names no longer: left out of the call
/// it would keep its value. (API reference, `CreateTargetGroup`.)
fn with_defaults(change: &Change<'_, Props>) -> Props {
    let mut new = change.new.clone();
    let protocol = new.Protocol.clone().unwrap_or_default();
    let version = new.ProtocolVersion.as_deref().unwrap_or_default();
    let (web, lambda) = (protocol.starts_with("HTTP"), new.TargetType.as_deref() == Some("lambda"));
    let (grpc, gateway) = (version == "GRPC", protocol == "GENEVE");
    let gone = |name: &str, unset: bool| unset && change.has(name);
    if gone("HealthCheckProtocol", new.HealthCheckProtocol.is_none()) && !lambda {
        new.HealthCheckProtocol = Some(if web { "HTTP" } else { "TCP" }.into());
    }
    let checks = new.HealthCheckProtocol.clone().unwrap_or_else(|| if web { "HTTP" } else { "TCP" }.into());
    let checks_web = checks.starts_with("HTTP") || lambda;
    if gone("HealthCheckPort", new.HealthCheckPort.is_none()) && !lambda {
        new.HealthCheckPort = Some(if gateway { "80" } else { "traffic-port" }.into());
    }
    if gone("HealthCheckEnabled", new.HealthCheckEnabled.is_none()) {
        new.HealthCheckEnabled = Some(!lambda);
    }
    if gone("HealthCheckPath", new.HealthCheckPath.is_none()) && checks_web {
        new.HealthCheckPath = Some(if grpc { "/AWS.ALB/healthcheck" } else { "/" }.into());
    }
    if gone("HealthCheckIntervalSeconds", new.HealthCheckIntervalSeconds.is_none()) {
        new.HealthCheckIntervalSeconds = Some(if lambda {
            35
        } else if gateway {
            10
        } else {
            30
        });
    }
    if gone("HealthCheckTimeoutSeconds", new.HealthCheckTimeoutSeconds.is_none()) {
        new.HealthCheckTimeoutSeconds = Some(match (lambda, web || gateway, checks_web) {
            (true, ..) => 30,
            (_, true, _) => 5,
            (_, _, true) => 6,
            _ => 10,
        });
    }
    if gone("HealthyThresholdCount", new.HealthyThresholdCount.is_none()) {
        new.HealthyThresholdCount = Some(5);
    }
    if gone("UnhealthyThresholdCount", new.UnhealthyThresholdCount.is_none()) {
        new.UnhealthyThresholdCount = Some(2);
    }
    if gone("Matcher", new.Matcher.is_none()) && checks_web {
        new.Matcher = Some(match (grpc, web || lambda) {
            (true, _) => Matcher { GrpcCode: Some("12".into()), HttpCode: None },
            (_, true) => Matcher { HttpCode: Some("200".into()), GrpcCode: None },
            _ => Matcher { HttpCode: Some("200-399".into()), GrpcCode: None },
        });
    }
    new
}

async fn register(cx: &Cx<'_>, arn: &str, targets: &[TargetDescription]) -> Result<(), OpError> {
    if targets.is_empty() {
        return Ok(());
    }
    let call = cx.sdk.elb().register_targets().target_group_arn(arn);
    let call = call.set_targets(sent("RegisterTargets", Some(&targets.to_vec()))?);
    call.send().await.map_err(op("RegisterTargets"))?;
    Ok(())
}

impl Described for TargetGroup {
    type Props = Props;
    type Live = types::TargetGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "Name", max: 32, lower: false, separator: '-' }),
        // CreateTargetGroup answers with the group that is already there when all settings are the same.
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "TargetGroupArn", "TargetGroupFullName", "TargetGroupName"],
        held_by_users: true,
        retry_delete: &[Retry {
            code: "ResourceInUse",
            message: "",
            why: "a listener that is going away still uses the target group",
        }],
        absent: ABSENT,
        silent_delete: Some(
            "DeleteTargetGroup knows no error for a group that is not there (ELBv2 API Reference)",
        ),
        iam: &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RegisterTargets",
            "elasticloadbalancing:RemoveTags",
        ],
        ..Facts::new("AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing")
    };

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replacing = compare::create_only(Self::FACTS.kind, change.changed);
        // The schema calls it updatable, but no API call changes it.
        if change.has("TargetControlPort") {
            replacing.push("TargetControlPort".into());
        }
        replacing
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) =
            (change.old.TargetGroupAttributes.as_ref(), change.new.TargetGroupAttributes.as_ref());
        attributes::kept("TargetGroupAttributes", old, new).into_iter().collect()
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let call = cx.sdk.elb().describe_target_groups().target_group_arns(id.as_str());
        let answer = call.send().await.map_err(op("DescribeTargetGroups"))?;
        Ok(answer.target_groups.unwrap_or_default().into_iter().next())
    }

    /// As many as of load balancers; the API reference names no bound of its own.
    const MANY: usize = 20;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let arns = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.elb().describe_target_groups().set_target_group_arns(Some(arns));
        for live in call.send().await.map_err(op("DescribeTargetGroups"))?.target_groups() {
            cx.shelve(live.target_group_arn().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let Some(name) = &props.Name else { return Ok(Vec::new()) };
        let call = cx.sdk.elb().describe_target_groups().names(name);
        Ok(call.send().await.map_err(op("DescribeTargetGroups"))?.target_groups.unwrap_or_default())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        Created { id: live.target_group_arn().unwrap_or_default().into(), attributes: outputs(live) }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.target_group_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        let arn = live.target_group_arn.unwrap_or_default();
        if hint.TargetGroupAttributes.is_some() {
            let call = cx.sdk.elb().describe_target_group_attributes().target_group_arn(&arn);
            let answer = call.send().await.map_err(op("DescribeTargetGroupAttributes"))?;
            let all: Vec<TargetGroupAttribute> = received(answer.attributes.as_ref()).unwrap_or_default();
            props.TargetGroupAttributes = attributes::named(
                hint.TargetGroupAttributes.as_ref(),
                |setting| setting.Key.as_deref(),
                all.into_iter(),
            );
        }
        // ECS and Auto Scaling register targets of their own: only a template that lists targets is compared.
        if hint.Targets.is_some() {
            let call = cx.sdk.elb().describe_target_health().target_group_arn(&arn);
            let answer = call.send().await.map_err(op("DescribeTargetHealth"))?;
            let draining = |state: &&types::TargetHealthDescription| {
                state.target_health().and_then(|h| h.state()) != Some(&types::TargetHealthStateEnum::Draining)
            };
            let live =
                answer.target_health_descriptions().iter().filter(draining).filter_map(|d| d.target.clone());
            props.Targets = received(Some(&live.collect::<Vec<_>>()));
        }
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateTargetGroup";
        let call = crate::pass!(OP, cx.sdk.elb().create_target_group(), props => {
            set_name: Name, set_protocol: Protocol, set_protocol_version: ProtocolVersion, set_port: Port,
            set_vpc_id: VpcId, set_health_check_protocol: HealthCheckProtocol,
            set_health_check_port: HealthCheckPort, set_health_check_enabled: HealthCheckEnabled,
            set_health_check_path: HealthCheckPath,
            set_health_check_interval_seconds: HealthCheckIntervalSeconds,
            set_health_check_timeout_seconds: HealthCheckTimeoutSeconds,
            set_healthy_threshold_count: HealthyThresholdCount,
            set_unhealthy_threshold_count: UnhealthyThresholdCount, set_matcher: Matcher,
            set_target_type: TargetType, set_ip_address_type: IpAddressType,
            set_target_control_port: TargetControlPort,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let all = call.send().await.map_err(op(OP))?.target_groups.unwrap_or_default();
        let group = all.into_iter().find(|group| group.target_group_arn().is_some());
        Ok(Self::object(cx, &group.ok_or_else(|| OpError::missing(OP, "the target group's ARN"))?))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        set_attributes(cx, id.as_str(), props.TargetGroupAttributes.as_ref()).await?;
        register(cx, id.as_str(), props.Targets.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyTargetGroup";
        let new = &with_defaults(change);
        let check = |name: &String| {
            name.starts_with("Health") || name == "Matcher" || name == "UnhealthyThresholdCount"
        };
        if change.changed.iter().any(check) {
            let call = crate::pass!(OP, cx.sdk.elb().modify_target_group(), new => {
                set_health_check_protocol: HealthCheckProtocol, set_health_check_port: HealthCheckPort,
                set_health_check_enabled: HealthCheckEnabled, set_health_check_path: HealthCheckPath,
                set_health_check_interval_seconds: HealthCheckIntervalSeconds,
                set_health_check_timeout_seconds: HealthCheckTimeoutSeconds,
                set_healthy_threshold_count: HealthyThresholdCount,
                set_unhealthy_threshold_count: UnhealthyThresholdCount, set_matcher: Matcher,
            });
            let call = call.target_group_arn(id.as_str());
            call.send().await.map_err(op(OP))?;
        }
        if change.has("TargetGroupAttributes") {
            let old = change.old.TargetGroupAttributes.as_ref();
            let settings = attributes::changed(old, new.TargetGroupAttributes.as_ref());
            set_attributes(cx, id.as_str(), settings.as_ref()).await?;
        }
        if change.has("Targets") {
            let (old, new) =
                (change.old.Targets.clone().unwrap_or_default(), new.Targets.clone().unwrap_or_default());
            let gone: Vec<_> = old.into_iter().filter(|target| !new.contains(target)).collect();
            if !gone.is_empty() {
                let call = cx.sdk.elb().deregister_targets().target_group_arn(id.as_str());
                let call = call.set_targets(sent("DeregisterTargets", Some(&gone))?);
                call.send().await.map_err(op("DeregisterTargets"))?;
            }
            register(cx, id.as_str(), &new).await?;
        }
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.elb().delete_target_group().target_group_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteTargetGroup"))
    }
}
