//! `AWS::ElasticLoadBalancingV2::Listener`.

use serde_json::json;

use super::{
    actions::{Action, Certificate, ListenerAttribute, MutualAuthentication, keep_secrets},
    attributes, tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, Identity, OnConflict, PhysicalId, Probe,
        Progress, ResourceType, Retry,
        mirror::{pruned, received, sent},
        shape::Tag,
    },
};
use aws_sdk_elasticloadbalancingv2::types;

crate::props! {
    /// The properties of a listener.
    pub struct Props {
        AlpnPolicy: Vec<String>, Certificates: Vec<Certificate>, DefaultActions: Vec<Action>,
        ListenerAttributes: Vec<ListenerAttribute>, LoadBalancerArn: String,
        MutualAuthentication: MutualAuthentication, Port: i32, Protocol: String, SslPolicy: String,
        Tags: Vec<Tag>,
    }
}

/// A port on which a load balancer listens, and what it does with requests.
pub struct Listener;

fn outputs(arn: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(arn)), ("ListenerArn".into(), json!(arn))])
}

async fn look(cx: &Cx<'_>, arn: &str) -> Result<Option<types::Listener>, OpError> {
    match cx.sdk.elb().describe_listeners().listener_arns(arn).send().await.map_err(op("DescribeListeners")) {
        Err(error) if error.is(&["ListenerNotFound", "LoadBalancerNotFound"]) => Ok(None),
        answer => Ok(answer?.listeners.unwrap_or_default().into_iter().next()),
    }
}

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

impl ResourceType for Listener {
    type Props = Props;

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
        ..Facts::new(
            "AWS::ElasticLoadBalancingV2::Listener",
            "elasticloadbalancing",
            include_str!("../../schema/types/aws-elasticloadbalancingv2-listener.json"),
        )
    };

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) = (change.old.ListenerAttributes.as_ref(), change.new.ListenerAttributes.as_ref());
        attributes::kept("ListenerAttributes", old, new).into_iter().collect()
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(balancer) = &props.LoadBalancerArn else { return Ok(None) };
        let mut marker = None;
        loop {
            let call = cx.sdk.elb().describe_listeners().load_balancer_arn(balancer).set_marker(marker);
            let answer = match call.send().await.map_err(op("DescribeListeners")) {
                Err(error) if error.is(&["LoadBalancerNotFound"]) => return Ok(None),
                other => other?,
            };
            // A gateway load balancer's only listener has no port.
            if let Some(listener) = answer.listeners().iter().find(|l| l.port == props.Port) {
                let arn = listener.listener_arn().unwrap_or_default();
                let tags = tags::read(cx, arn).await?;
                return Ok(Some(Found {
                    id: arn.into(),
                    attributes: outputs(arn),
                    ownership: cx.owns(tags::pairs(&tags)),
                }));
            }
            marker = answer.next_marker;
            if marker.is_none() {
                return Ok(None);
            }
        }
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some(_), Goal::Ready) => Probe::Reached(outputs(id.as_str())),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(None) };
        let mut settings = None;
        if hint.ListenerAttributes.is_some() {
            let call = cx.sdk.elb().describe_listener_attributes().listener_arn(id.as_str());
            let answer = call.send().await.map_err(op("DescribeListenerAttributes"))?;
            let all: Vec<ListenerAttribute> = received(answer.attributes.as_ref()).unwrap_or_default();
            settings = attributes::named(
                hint.ListenerAttributes.as_ref(),
                |setting| setting.Key.as_deref(),
                all.into_iter(),
            );
        }
        let mut actions: Option<Vec<Action>> = received(live.default_actions.as_ref());
        keep_secrets(actions.as_deref_mut().unwrap_or_default(), hint.DefaultActions.as_ref());
        let tags = tags::read(cx, id.as_str()).await?;
        let props = Props {
            AlpnPolicy: live.alpn_policy.filter(|policies| !policies.is_empty()),
            Certificates: received(live.certificates.as_ref()),
            DefaultActions: actions,
            ListenerAttributes: settings,
            LoadBalancerArn: live.load_balancer_arn,
            MutualAuthentication: received(live.mutual_authentication.as_ref()),
            Port: live.port,
            Protocol: live.protocol.map(|protocol| protocol.as_str().to_owned()),
            SslPolicy: live.ssl_policy,
            Tags: cx.own_tags(tags::pairs(&tags)),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateListener";
        let call = cx
            .sdk
            .elb()
            .create_listener()
            .set_load_balancer_arn(props.LoadBalancerArn.clone())
            .set_port(props.Port)
            .set_protocol(props.Protocol.as_deref().map(Into::into))
            .set_ssl_policy(props.SslPolicy.clone())
            .set_certificates(sent(OP, props.Certificates.as_ref())?)
            .set_default_actions(sent(OP, props.DefaultActions.as_ref())?)
            .set_alpn_policy(props.AlpnPolicy.clone())
            .set_mutual_authentication(sent(OP, props.MutualAuthentication.as_ref())?)
            .set_tags(tags::sdk(cx.tags(props.Tags.as_ref())));
        let answer = call.send().await.map_err(op(OP))?;
        let arn = answer.listeners().first().and_then(types::Listener::listener_arn);
        let arn = arn.ok_or_else(|| OpError::missing(OP, "the listener's ARN"))?;
        Ok(Created { id: arn.into(), attributes: outputs(arn) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        set_attributes(cx, id.as_str(), props.ListenerAttributes.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
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
        if MODIFIED.iter().any(|name| change.has(name)) {
            // An empty list takes the policy away; leaving it out would keep it.
            let alpn = match (&change.old.AlpnPolicy, &new.AlpnPolicy) {
                (Some(_), None) => Some(vec!["None".to_owned()]),
                (_, wanted) => wanted.clone(),
            };
            let authentication = match (&change.old.MutualAuthentication, &new.MutualAuthentication) {
                (Some(_), None) => Some(types::MutualAuthenticationAttributes::builder().mode("off").build()),
                (_, wanted) => sent(OP, wanted.as_ref())?,
            };
            let call = cx
                .sdk
                .elb()
                .modify_listener()
                .listener_arn(id.as_str())
                .set_port(new.Port)
                .set_protocol(new.Protocol.as_deref().map(Into::into))
                .set_ssl_policy(new.SslPolicy.clone())
                .set_certificates(sent(OP, new.Certificates.as_ref())?)
                .set_default_actions(sent(OP, new.DefaultActions.as_ref())?)
                .set_alpn_policy(alpn)
                .set_mutual_authentication(authentication);
            call.send().await.map_err(op(OP))?;
        }
        if change.has("ListenerAttributes") {
            let old = change.old.ListenerAttributes.as_ref();
            let settings = attributes::changed(old, new.ListenerAttributes.as_ref());
            set_attributes(cx, id.as_str(), settings.as_ref()).await?;
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
        match cx
            .sdk
            .elb()
            .delete_listener()
            .listener_arn(id.as_str())
            .send()
            .await
            .map_err(op("DeleteListener"))
        {
            Err(error) if error.is(&["ListenerNotFound"]) => {}
            answer => drop(answer?),
        }
        Ok(Progress::Done)
    }
}
