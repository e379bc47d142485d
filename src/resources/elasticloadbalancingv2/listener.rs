//! `AWS::ElasticLoadBalancingV2::Listener`.

use super::{
    actions::{Action, Certificate, ListenerAttribute, MutualAuthentication, keep_secrets},
    attributes,
    tags::{ABSENT, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, Once, PhysicalId, Retry, Tag},
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress,
        described::alike,
        mirror::{pruned, received, sent},
        tags::{self, Tagging},
    },
};
use aws_sdk_elasticloadbalancingv2::types;

crate::words!(types::ProtocolEnum);

crate::mirrored! {
    /// The properties of a listener.
    pub struct Props <= types::Listener {
        AlpnPolicy/alpn_policy: Vec<String>, Certificates/certificates: Vec<Certificate>,
        DefaultActions/default_actions: Vec<Action>, ListenerAttributes: Vec<ListenerAttribute>,
        LoadBalancerArn/load_balancer_arn: String, MutualAuthentication/mutual_authentication: MutualAuthentication,
        Port/port: i32, Protocol/protocol: String, SslPolicy/ssl_policy: String, Tags: Vec<Tag>,
    }
}

/// A port on which a load balancer listens, and what it does with requests.
pub struct Listener;

async fn set_attributes(
    cx: &Cx<'_>,
    arn: &str,
    wanted: Option<&Vec<ListenerAttribute>>,
) -> Result<(), OpError> {
    let Some(settings) = attributes::wanted(wanted) else { return Ok(()) };
    let call = cx.sdk.elb().modify_listener_attributes().listener_arn(arn);
    let call = call.set_attributes(sent("ModifyListenerAttributes", Some(&settings))?);
    call.send().await.map_err(op("ModifyListenerAttributes"))?;
    Ok(())
}

impl Described for Listener {
    type Props = Props;
    type Live = types::Listener;

    const FACTS: Facts = Facts {
        // A load balancer has one listener per port, which makes the port the natural key.
        identity: Identity::Name,
        // CreateListener answers with the listener that is already there when all settings are the same.
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "ListenerArn"],
        retry: &[
            Retry {
                code: "TargetGroupAssociationLimit",
                message: "",
                why: "the target group is still attached to a load balancer that is going away",
            },
            Retry {
                code: "CertificateNotFound",
                message: "",
                why: "the certificate is not visible to the load balancer yet",
            },
        ],
        absent: ABSENT,
        silent_delete: Some("DeleteListener of a listener that is gone succeeds"),
        iam: &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyListenerAttributes",
            "elasticloadbalancing:RemoveTags",
        ],
        // CreateListener: TargetGroupAssociationLimit, "a target group can be associated with only one load balancer";
        // DuplicateListener for a port.
        once: Some(&[
            Once::Together(&["LoadBalancerArn", "Port"]),
            Once::Targets("DefaultActions", "LoadBalancerArn"),
        ]),
        ..Facts::new("AWS::ElasticLoadBalancingV2::Listener", "elasticloadbalancing")
    };

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) = (change.old.ListenerAttributes.as_ref(), change.new.ListenerAttributes.as_ref());
        attributes::kept("ListenerAttributes", old, new).into_iter().collect()
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let call = cx.sdk.elb().describe_listeners().listener_arns(id.as_str());
        let answer = call.send().await.map_err(op("DescribeListeners"))?;
        Ok(answer.listeners.unwrap_or_default().into_iter().next())
    }

    /// As many as of load balancers; the API reference names no bound of its own.
    const MANY: usize = 20;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let arns = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.elb().describe_listeners().set_listener_arns(Some(arns));
        for live in call.send().await.map_err(op("DescribeListeners"))?.listeners() {
            cx.shelve(live.listener_arn().unwrap_or_default(), live);
        }
        Ok(())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let Some(balancer) = &props.LoadBalancerArn else { return Ok(Vec::new()) };
        let call = cx.sdk.elb().describe_listeners().load_balancer_arn(balancer).into_paginator();
        let all = call.items().send().try_collect().await.map_err(op("DescribeListeners"))?;
        // A gateway load balancer's only listener has no port.
        Ok(all.into_iter().filter(|listener| listener.port == props.Port).collect())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let arn = live.listener_arn().unwrap_or_default();
        Created { id: arn.into(), attributes: alike(&["Ref", "ListenerArn"], arn) }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.listener_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        if hint.ListenerAttributes.is_some() {
            let call = cx.sdk.elb().describe_listener_attributes().set_listener_arn(live.listener_arn);
            let answer = call.send().await.map_err(op("DescribeListenerAttributes"))?;
            let all: Vec<ListenerAttribute> = received(answer.attributes.as_ref()).unwrap_or_default();
            props.ListenerAttributes = attributes::named(
                hint.ListenerAttributes.as_ref(),
                |setting| setting.Key.as_deref(),
                all.into_iter(),
            );
        }
        keep_secrets(props.DefaultActions.as_deref_mut().unwrap_or_default(), hint.DefaultActions.as_ref());
        props.AlpnPolicy.take_if(|policies| policies.is_empty());
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateListener";
        let call = crate::pass!(OP, cx.sdk.elb().create_listener(), props => {
            set_load_balancer_arn: LoadBalancerArn, set_port: Port, set_protocol: Protocol,
            set_ssl_policy: SslPolicy, set_certificates: Certificates, set_default_actions: DefaultActions,
            set_alpn_policy: AlpnPolicy, set_mutual_authentication: MutualAuthentication,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let all = call.send().await.map_err(op(OP))?.listeners.unwrap_or_default();
        let listener = all.into_iter().find(|listener| listener.listener_arn().is_some());
        Ok(Self::object(cx, &listener.ok_or_else(|| OpError::missing(OP, "the listener's ARN"))?))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        set_attributes(cx, id.as_str(), props.ListenerAttributes.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyListener";
        const MODIFIED: &[&str] = &[
            "AlpnPolicy",
            "Certificates",
            "DefaultActions",
            "MutualAuthentication",
            "Port",
            "Protocol",
            "SslPolicy",
        ];
        let new = change.new;
        if change.any(MODIFIED) {
            // An empty list takes the policy away; leaving it out would keep it.
            let alpn = match (&change.old.AlpnPolicy, &new.AlpnPolicy) {
                (Some(_), None) => Some(vec!["None".to_owned()]),
                (_, wanted) => wanted.clone(),
            };
            let authentication = match (&change.old.MutualAuthentication, &new.MutualAuthentication) {
                (Some(_), None) => Some(types::MutualAuthenticationAttributes::builder().mode("off").build()),
                (_, wanted) => sent(OP, wanted.as_ref())?,
            };
            let call = crate::pass!(OP, cx.sdk.elb().modify_listener(), new => {
                set_port: Port, set_protocol: Protocol, set_ssl_policy: SslPolicy,
                set_certificates: Certificates, set_default_actions: DefaultActions,
            });
            let call = call.listener_arn(id.as_str()).set_alpn_policy(alpn);
            let call = call.set_mutual_authentication(authentication);
            call.send().await.map_err(op(OP))?;
        }
        if change.has("ListenerAttributes") {
            let old = change.old.ListenerAttributes.as_ref();
            let settings = attributes::changed(old, new.ListenerAttributes.as_ref());
            set_attributes(cx, id.as_str(), settings.as_ref()).await?;
        }
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.elb().delete_listener().listener_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteListener"))
    }
}
