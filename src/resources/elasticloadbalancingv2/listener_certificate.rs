//! `AWS::ElasticLoadBalancingV2::ListenerCertificate`.

use serde_json::json;

use super::{actions::Certificate, tags::ABSENT};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, PhysicalId, Retry},
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, mirror::sent},
};

crate::props! {
    /// The properties: certificates that a listener has besides its default one.
    pub struct Props { Certificates: Vec<Certificate>, ListenerArn: String }
}

/// Certificates of a listener. They have no handle on AWS: ours is the listener and the certificate that came first.
pub struct ListenerCertificate;

/// What a listener has of the wanted certificates.
pub struct Live {
    id: PhysicalId,
    present: Vec<Certificate>,
}

fn object(id: &PhysicalId) -> Created {
    let attributes = ["Ref", "Id"].map(|name| (name.to_owned(), json!(id.as_str())));
    Created { id: id.clone(), attributes: attributes.into() }
}

fn listener(id: &PhysicalId) -> &str {
    id.as_str().split_once('|').map_or(id.as_str(), |(listener, _)| listener)
}

fn handle(props: &Props) -> Option<PhysicalId> {
    let first = props.Certificates.as_ref()?.first()?.CertificateArn.as_deref()?;
    Some(format!("{}|{first}", props.ListenerArn.as_deref()?).as_str().into())
}

/// Those of `some` that are not among `others`.
fn without(some: Option<&Vec<Certificate>>, others: Option<&Vec<Certificate>>) -> Vec<Certificate> {
    let among = |one: &Certificate| others.is_some_and(|others| others.contains(one));
    some.into_iter().flatten().filter(|one| !among(one)).cloned().collect()
}

async fn add(cx: &Cx<'_>, listener: &str, certificates: &Vec<Certificate>) -> Result<(), OpError> {
    const OP: &str = "AddListenerCertificates";
    let call = cx.sdk.elb().add_listener_certificates().listener_arn(listener);
    let call = call.set_certificates(sent(OP, Some(certificates))?);
    call.send().await.map(drop).map_err(op(OP))
}

async fn remove(cx: &Cx<'_>, listener: &str, certificates: &Vec<Certificate>) -> Result<(), OpError> {
    const OP: &str = "RemoveListenerCertificates";
    let call = cx.sdk.elb().remove_listener_certificates().listener_arn(listener);
    let call = call.set_certificates(sent(OP, Some(certificates))?);
    call.send().await.map(drop).map_err(op(OP))
}

impl Described for ListenerCertificate {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Id", "Ref"],
        retry: &[
            Retry {
                code: "CertificateNotFound",
                message: "",
                why: "the certificate is not visible to the load balancer yet",
            },
            Retry {
                code: "ListenerNotFound",
                message: "",
                why: "the new listener is not seen everywhere yet",
            },
        ],
        absent: ABSENT,
        silent_delete: Some("RemoveListenerCertificates of what is not there succeeds"),
        iam: &[
            "elasticloadbalancing:AddListenerCertificates",
            "elasticloadbalancing:DescribeListenerCertificates",
            "elasticloadbalancing:RemoveListenerCertificates",
        ],
        ..Facts::new("AWS::ElasticLoadBalancingV2::ListenerCertificate", "elasticloadbalancing")
    };

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        handle(props)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let call = cx.sdk.elb().describe_listener_certificates().listener_arn(listener(id));
            let page = call.set_marker(marker).send().await.map_err(op("DescribeListenerCertificates"))?;
            all.extend(page.certificates.unwrap_or_default());
            marker = page.next_marker;
            if marker.is_none() {
                break;
            }
        }
        // The default certificate is the listener's own business, even if it is one of these.
        let has = |one: &&Certificate| {
            all.iter()
                .any(|live| live.is_default() != Some(true) && live.certificate_arn == one.CertificateArn)
        };
        let present: Vec<Certificate> = hint.Certificates.iter().flatten().filter(has).cloned().collect();
        Ok((!present.is_empty()).then(|| Live { id: id.clone(), present }))
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&live.id)
    }

    fn fits(live: &Self::Live, props: &Props) -> bool {
        without(props.Certificates.as_ref(), Some(&live.present)).len()
            < props.Certificates.as_ref().map_or(0, Vec::len)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { ListenerArn: Some(listener(&live.id).to_owned()), Certificates: Some(live.present) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let all = props.Certificates.clone().unwrap_or_default();
        add(cx, props.ListenerArn.as_deref().unwrap_or_default(), &all).await?;
        let id = handle(props)
            .ok_or_else(|| OpError::not_sent("AddListenerCertificates", "no certificate is named"))?;
        Ok(object(&id))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (old, new) = (change.old.Certificates.as_ref(), change.new.Certificates.as_ref());
        // New ones first: no name is without its certificate meanwhile.
        let (more, gone) = (without(new, old), without(old, new));
        if !more.is_empty() {
            add(cx, listener(id), &more).await?;
        }
        if !gone.is_empty() {
            remove(cx, listener(id), &gone).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let all = props.Certificates.clone().unwrap_or_default();
        remove(cx, listener(id), &all).await?;
        Ok(Progress::Done)
    }
}
