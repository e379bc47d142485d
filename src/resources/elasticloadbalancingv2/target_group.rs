//! `AWS::ElasticLoadBalancingV2::TargetGroup`.

use aws_sdk_elasticloadbalancingv2::types;
use serde_json::json;

use super::{attributes, tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, Identity, NameRule, OnConflict, PhysicalId,
        Probe, Progress, ResourceType, Retry, compare,
        mirror::{pruned, received, sent},
        shape::Tag,
    },
};

crate::props! {
    /// The properties of a target group.
    pub struct Props {
        HealthCheckEnabled: bool, HealthCheckIntervalSeconds: i32, HealthCheckPath: String,
        HealthCheckPort: String, HealthCheckProtocol: String, HealthCheckTimeoutSeconds: i32,
        HealthyThresholdCount: i32, IpAddressType: String, Matcher: Matcher, Name: String, Port: i32,
        Protocol: String, ProtocolVersion: String, Tags: Vec<Tag>, TargetControlPort: i32,
        TargetGroupAttributes: Vec<TargetGroupAttribute>, TargetType: String, Targets: Vec<TargetDescription>,
        UnhealthyThresholdCount: i32, VpcId: String,
    }
}

crate::mirrored! {
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

async fn look(cx: &Cx<'_>, arn: &str) -> Result<Option<types::TargetGroup>, OpError> {
    let call = cx.sdk.elb().describe_target_groups().target_group_arns(arn);
    match call.send().await.map_err(op("DescribeTargetGroups")) {
        Err(error) if error.is(&["TargetGroupNotFound"]) => Ok(None),
        answer => Ok(answer?.target_groups.unwrap_or_default().into_iter().next()),
    }
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

impl ResourceType for TargetGroup {
    type Props = Props;

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
        ..Facts::new(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "elasticloadbalancing",
            include_str!("../../schema/types/aws-elasticloadbalancingv2-targetgroup.json"),
        )
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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.Name else { return Ok(None) };
        let call = cx.sdk.elb().describe_target_groups().names(name);
        let answer = match call.send().await.map_err(op("DescribeTargetGroups")) {
            Err(error) if error.is(&["TargetGroupNotFound"]) => return Ok(None),
            other => other?,
        };
        let Some(live) = answer.target_groups().first() else { return Ok(None) };
        let arn = live.target_group_arn().unwrap_or_default();
        let tags = tags::read(cx, arn).await?;
        let ownership = cx.owns(tags::pairs(&tags));
        Ok(Some(Found { id: arn.into(), attributes: outputs(live), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some(live), Goal::Ready) => Probe::Reached(outputs(&live)),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(None) };
        let mut settings = None;
        if hint.TargetGroupAttributes.is_some() {
            let call = cx.sdk.elb().describe_target_group_attributes().target_group_arn(id.as_str());
            let answer = call.send().await.map_err(op("DescribeTargetGroupAttributes"))?;
            let all: Vec<TargetGroupAttribute> = received(answer.attributes.as_ref()).unwrap_or_default();
            settings = attributes::named(
                hint.TargetGroupAttributes.as_ref(),
                |setting| setting.Key.as_deref(),
                all.into_iter(),
            );
        }
        // ECS and Auto Scaling register targets of their own: only a template that lists targets is compared.
        let mut targets = None;
        if hint.Targets.is_some() {
            let call = cx.sdk.elb().describe_target_health().target_group_arn(id.as_str());
            let answer = call.send().await.map_err(op("DescribeTargetHealth"))?;
            let draining = |state: &&types::TargetHealthDescription| {
                state.target_health().and_then(|h| h.state()) != Some(&types::TargetHealthStateEnum::Draining)
            };
            let live =
                answer.target_health_descriptions().iter().filter(draining).filter_map(|d| d.target.clone());
            targets = received(Some(&live.collect::<Vec<_>>()));
        }
        let tags = tags::read(cx, id.as_str()).await?;
        let props = Props {
            HealthCheckEnabled: live.health_check_enabled,
            HealthCheckIntervalSeconds: live.health_check_interval_seconds,
            HealthCheckPath: live.health_check_path,
            HealthCheckPort: live.health_check_port,
            HealthCheckProtocol: live.health_check_protocol.map(|p| p.as_str().to_owned()),
            HealthCheckTimeoutSeconds: live.health_check_timeout_seconds,
            HealthyThresholdCount: live.healthy_threshold_count,
            IpAddressType: live.ip_address_type.map(|t| t.as_str().to_owned()),
            Matcher: received(live.matcher.as_ref()),
            Name: live.target_group_name,
            Port: live.port,
            Protocol: live.protocol.map(|p| p.as_str().to_owned()),
            ProtocolVersion: live.protocol_version,
            Tags: cx.own_tags(tags::pairs(&tags)),
            TargetControlPort: live.target_control_port,
            TargetGroupAttributes: settings,
            TargetType: live.target_type.map(|t| t.as_str().to_owned()),
            Targets: targets,
            UnhealthyThresholdCount: live.unhealthy_threshold_count,
            VpcId: live.vpc_id,
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateTargetGroup";
        let call = cx
            .sdk
            .elb()
            .create_target_group()
            .set_name(props.Name.clone())
            .set_protocol(props.Protocol.as_deref().map(Into::into))
            .set_protocol_version(props.ProtocolVersion.clone())
            .set_port(props.Port)
            .set_vpc_id(props.VpcId.clone())
            .set_health_check_protocol(props.HealthCheckProtocol.as_deref().map(Into::into))
            .set_health_check_port(props.HealthCheckPort.clone())
            .set_health_check_enabled(props.HealthCheckEnabled)
            .set_health_check_path(props.HealthCheckPath.clone())
            .set_health_check_interval_seconds(props.HealthCheckIntervalSeconds)
            .set_health_check_timeout_seconds(props.HealthCheckTimeoutSeconds)
            .set_healthy_threshold_count(props.HealthyThresholdCount)
            .set_unhealthy_threshold_count(props.UnhealthyThresholdCount)
            .set_matcher(sent(OP, props.Matcher.as_ref())?)
            .set_target_type(props.TargetType.as_deref().map(Into::into))
            .set_ip_address_type(props.IpAddressType.as_deref().map(Into::into))
            .set_target_control_port(props.TargetControlPort)
            .set_tags(tags::sdk(cx.tags(props.Tags.as_ref())));
        let answer = call.send().await.map_err(op(OP))?;
        let live = answer.target_groups().first().ok_or_else(|| OpError::missing(OP, "the target group"))?;
        let arn = live.target_group_arn().ok_or_else(|| OpError::missing(OP, "the target group's ARN"))?;
        Ok(Created { id: arn.into(), attributes: outputs(live) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        set_attributes(cx, id.as_str(), props.TargetGroupAttributes.as_ref()).await?;
        register(cx, id.as_str(), props.Targets.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        const OP: &str = "ModifyTargetGroup";
        let new = &with_defaults(change);
        let check = |name: &String| {
            name.starts_with("Health") || name == "Matcher" || name == "UnhealthyThresholdCount"
        };
        if change.changed.iter().any(check) {
            let call = cx
                .sdk
                .elb()
                .modify_target_group()
                .target_group_arn(id.as_str())
                .set_health_check_protocol(new.HealthCheckProtocol.as_deref().map(Into::into))
                .set_health_check_port(new.HealthCheckPort.clone())
                .set_health_check_enabled(new.HealthCheckEnabled)
                .set_health_check_path(new.HealthCheckPath.clone())
                .set_health_check_interval_seconds(new.HealthCheckIntervalSeconds)
                .set_health_check_timeout_seconds(new.HealthCheckTimeoutSeconds)
                .set_healthy_threshold_count(new.HealthyThresholdCount)
                .set_unhealthy_threshold_count(new.UnhealthyThresholdCount)
                .set_matcher(sent(OP, new.Matcher.as_ref())?);
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
        tags::update(cx, id.as_str(), change, |props| props.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.elb().delete_target_group().target_group_arn(id.as_str());
        match call.send().await.map_err(op("DeleteTargetGroup")) {
            Err(error) if error.is(&["TargetGroupNotFound"]) => {}
            answer => drop(answer?),
        }
        Ok(Progress::Done)
    }
}
