//! `AWS::ApplicationAutoScaling::ScalingPolicy`.

use aws_sdk_applicationautoscaling::types;
use serde_json::json;

use super::{
    predictive::Predictive,
    scheduled::Place,
    tracking::{StepScaling, TargetTracking},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType,
        mirror::{pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a scaling policy.
    pub struct Props {
        PolicyName: String, PolicyType: String, PredictiveScalingPolicyConfiguration: Predictive, ResourceId: String,
        ScalableDimension: String, ScalingTargetId: String, ServiceNamespace: String,
        StepScalingPolicyConfiguration: StepScaling, TargetTrackingScalingPolicyConfiguration: TargetTracking,
    }
}

/// When a scalable target's capacity changes.
pub struct ScalingPolicy;

/// The policy's target: named by its compound id or by the three parts.
fn place(props: &Props) -> Option<Place> {
    match &props.ScalingTargetId {
        Some(id) => Place::parse(id),
        None => Some(Place {
            resource: props.ResourceId.clone()?,
            dimension: props.ScalableDimension.clone()?,
            namespace: props.ServiceNamespace.clone()?,
        }),
    }
}

fn placed(props: &Props) -> Result<Place, OpError> {
    place(props).ok_or_else(|| {
        OpError::not_sent("PutScalingPolicy", "ScalingTargetId must be `resource|dimension|namespace`")
    })
}

fn outputs(arn: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(arn)), ("Arn".into(), json!(arn))])
}

async fn look(cx: &Cx<'_>, props: &Props) -> Result<Option<types::ScalingPolicy>, OpError> {
    let (Some(place), Some(name)) = (place(props), &props.PolicyName) else { return Ok(None) };
    let call = cx
        .sdk
        .autoscaling()
        .describe_scaling_policies()
        .policy_names(name)
        .service_namespace(place.namespace.as_str().into())
        .resource_id(place.resource)
        .scalable_dimension(place.dimension.as_str().into());
    let answer = call.send().await.map_err(op("DescribeScalingPolicies"))?;
    Ok(answer.scaling_policies.unwrap_or_default().into_iter().next())
}

async fn put(cx: &Cx<'_>, props: &Props) -> Result<String, OpError> {
    const OP: &str = "PutScalingPolicy";
    let place = placed(props)?;
    let call = cx
        .sdk
        .autoscaling()
        .put_scaling_policy()
        .set_policy_name(props.PolicyName.clone())
        .service_namespace(place.namespace.as_str().into())
        .resource_id(place.resource)
        .scalable_dimension(place.dimension.as_str().into())
        .set_policy_type(props.PolicyType.as_deref().map(Into::into))
        .set_step_scaling_policy_configuration(sent(OP, props.StepScalingPolicyConfiguration.as_ref())?)
        .set_target_tracking_scaling_policy_configuration(sent(
            OP,
            props.TargetTrackingScalingPolicyConfiguration.as_ref(),
        )?)
        .set_predictive_scaling_policy_configuration(sent(
            OP,
            props.PredictiveScalingPolicyConfiguration.as_ref(),
        )?);
    Ok(call.send().await.map_err(op(OP))?.policy_arn)
}

impl ResourceType for ScalingPolicy {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Arn"],
        retry: &[
            Retry {
                code: "ObjectNotFoundException",
                message: "No scalable target",
                why: "the scalable target is not visible yet",
            },
            Retry {
                code: "ConcurrentUpdateException",
                message: "",
                why: "another update of the target is under way",
            },
        ],
        retry_delete: &[Retry {
            code: "ConcurrentUpdateException",
            message: "",
            why: "another update of the target is under way",
        }],
        iam: &[
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:PutScalingPolicy",
        ],
        ..Facts::new("AWS::ApplicationAutoScaling::ScalingPolicy", "application-autoscaling")
    };

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        Ok(look(cx, props).await?.map(|live| Found {
            attributes: outputs(&live.policy_arn),
            id: live.policy_arn.into(),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, _id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, props).await?, goal) {
            (Some(live), Goal::Ready) => Probe::Reached(outputs(&live.policy_arn)),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, _id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = look(cx, hint).await? else { return Ok(None) };
        let place = Place {
            resource: live.resource_id,
            dimension: live.scalable_dimension.as_str().to_owned(),
            namespace: live.service_namespace.as_str().to_owned(),
        };
        let props = Props {
            PolicyName: Some(live.policy_name),
            PolicyType: Some(live.policy_type.as_str().to_owned()),
            PredictiveScalingPolicyConfiguration: received(
                live.predictive_scaling_policy_configuration.as_ref(),
            ),
            ScalingTargetId: hint.ScalingTargetId.is_some().then(|| place.id()),
            ResourceId: Some(place.resource),
            ScalableDimension: Some(place.dimension),
            ServiceNamespace: Some(place.namespace),
            StepScalingPolicyConfiguration: received(live.step_scaling_policy_configuration.as_ref()),
            TargetTrackingScalingPolicyConfiguration: received(
                live.target_tracking_scaling_policy_configuration.as_ref(),
            ),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let arn = put(cx, props).await?;
        Ok(Created { attributes: outputs(&arn), id: arn.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        put(cx, change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let place = placed(props)?;
        let call = cx
            .sdk
            .autoscaling()
            .delete_scaling_policy()
            .set_policy_name(props.PolicyName.clone())
            .service_namespace(place.namespace.as_str().into())
            .resource_id(place.resource)
            .scalable_dimension(place.dimension.as_str().into());
        match call.send().await.map_err(op("DeleteScalingPolicy")) {
            Err(error) if error.is(&["ObjectNotFoundException"]) => {}
            answer => drop(answer?),
        }
        Ok(Progress::Done)
    }
}
