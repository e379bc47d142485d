//! `AWS::ApplicationAutoScaling::ScalingPolicy`.

use aws_sdk_applicationautoscaling::types;

use super::{
    predictive::Predictive,
    scheduled::Place,
    tracking::{StepScaling, TargetTracking},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, Once, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Described, Outcome, OwnTags, Progress, described::alike, mirror::pruned,
    },
};

crate::words!(types::PolicyType);

crate::mirrored! {
    /// The properties of a scaling policy.
    pub struct Props <= types::ScalingPolicy {
        PolicyName/policy_name: String, PolicyType/policy_type: String,
        PredictiveScalingPolicyConfiguration/predictive_scaling_policy_configuration: Predictive,
        ResourceId/resource_id: String, ScalableDimension/scalable_dimension: String, ScalingTargetId: String,
        ServiceNamespace/service_namespace: String,
        StepScalingPolicyConfiguration/step_scaling_policy_configuration: StepScaling,
        TargetTrackingScalingPolicyConfiguration/target_tracking_scaling_policy_configuration: TargetTracking,
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

async fn put(cx: &Cx<'_>, props: &Props) -> Result<Created, OpError> {
    const OP: &str = "PutScalingPolicy";
    let place = placed(props)?;
    let call = crate::pass!(OP, cx.sdk.autoscaling().put_scaling_policy(), props => {
        set_policy_name: PolicyName, set_policy_type: PolicyType,
        set_step_scaling_policy_configuration: StepScalingPolicyConfiguration,
        set_target_tracking_scaling_policy_configuration: TargetTrackingScalingPolicyConfiguration,
        set_predictive_scaling_policy_configuration: PredictiveScalingPolicyConfiguration,
    });
    let call = call.service_namespace(place.namespace.as_str().into()).resource_id(place.resource);
    let call = call.scalable_dimension(place.dimension.as_str().into());
    Ok(object(&call.send().await.map_err(op(OP))?.policy_arn))
}

fn object(arn: &str) -> Created {
    Created { id: arn.into(), attributes: alike(&["Ref", "Arn"], arn) }
}

impl Described for ScalingPolicy {
    type Props = Props;
    type Live = types::ScalingPolicy;

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
        absent: &["ObjectNotFoundException"],
        iam: &[
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:PutScalingPolicy",
        ],
        // PutScalingPolicy: the policy's name is unique for a scalable target.
        once: Some(&[Once::Together(&[
            "PolicyName",
            "ResourceId",
            "ScalableDimension",
            "ServiceNamespace",
            "ScalingTargetId",
        ])]),
        ..Facts::new("AWS::ApplicationAutoScaling::ScalingPolicy", "application-autoscaling")
    };

    /// By its target and name: nothing can be asked about a policy's ARN.
    async fn get(cx: &Cx<'_>, _id: &PhysicalId, hint: &Props) -> Result<Option<Self::Live>, OpError> {
        Ok(Self::list(cx, hint).await?.into_iter().next())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let (Some(place), Some(name)) = (place(props), &props.PolicyName) else { return Ok(Vec::new()) };
        let call = cx.sdk.autoscaling().describe_scaling_policies().policy_names(name);
        let call = call.service_namespace(place.namespace.as_str().into()).resource_id(place.resource);
        let call = call.scalable_dimension(place.dimension.as_str().into());
        let answer = call.send().await.map_err(op("DescribeScalingPolicies"))?;
        Ok(answer.scaling_policies.unwrap_or_default())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&live.policy_arn)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props::received(&live);
        props.ScalingTargetId =
            place(&props).filter(|_| hint.ScalingTargetId.is_some()).map(|place| place.id());
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        put(cx, props).await
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        put(cx, change.new).await.map(|_| Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        let place = placed(props)?;
        let call = cx.sdk.autoscaling().delete_scaling_policy().set_policy_name(props.PolicyName.clone());
        let call = call.service_namespace(place.namespace.as_str().into()).resource_id(place.resource);
        let call = call.scalable_dimension(place.dimension.as_str().into());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteScalingPolicy"))
    }
}
