//! `AWS::AutoScaling::ScalingPolicy`.

use aws_sdk_autoscaling::types;
use serde_json::{Value as Json, json};

use super::scaling_policy_form::{
    PredictiveScalingConfiguration, StepAdjustment, TargetTrackingConfiguration,
};
use crate::{
    aws::{OpError, op, physical_name},
    ledger::Permit,
    model::{Facts, Identity, NameRule, OnConflict, PhysicalId, Retry},
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, mirror::pruned},
};

crate::mirrored! {
    /// The properties of a policy.
    pub struct Props <= types::ScalingPolicy {
        AdjustmentType/adjustment_type: String, AutoScalingGroupName/auto_scaling_group_name: String, Cooldown: String,
        EstimatedInstanceWarmup/estimated_instance_warmup: i32,
        MetricAggregationType/metric_aggregation_type: String,
        MinAdjustmentMagnitude/min_adjustment_magnitude: i32, PolicyType/policy_type: String,
        PredictiveScalingConfiguration/predictive_scaling_configuration: PredictiveScalingConfiguration,
        ScalingAdjustment/scaling_adjustment: i32, StepAdjustments/step_adjustments: Vec<StepAdjustment>,
        TargetTrackingConfiguration/target_tracking_configuration: TargetTrackingConfiguration,
    }
}

/// When a group's size changes. Its name is no property of the schema: it is made like every generated name.
pub struct ScalingPolicy;

const NAME: NameRule = NameRule { property: "PolicyName", max: 255, lower: false, separator: '-' };

fn name(cx: &Cx<'_>) -> String {
    physical_name(&NAME, &cx.owner.lineage, cx.address, cx.owner.generation)
}

fn object(arn: &str, name: &str) -> Created {
    let attributes = [("Ref", json!(arn)), ("Arn", json!(arn)), ("PolicyName", json!(name))];
    Created {
        id: arn.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

async fn put(cx: &Cx<'_>, name: &str, props: &Props) -> Result<String, OpError> {
    const OP: &str = "PutScalingPolicy";
    let call = crate::pass!(OP, cx.sdk.auto_scaling().put_scaling_policy().policy_name(name), props => {
        set_auto_scaling_group_name: AutoScalingGroupName, set_policy_type: PolicyType,
        set_adjustment_type: AdjustmentType, set_min_adjustment_magnitude: MinAdjustmentMagnitude,
        set_scaling_adjustment: ScalingAdjustment, set_metric_aggregation_type: MetricAggregationType,
        set_step_adjustments: StepAdjustments, set_estimated_instance_warmup: EstimatedInstanceWarmup,
        set_target_tracking_configuration: TargetTrackingConfiguration,
        set_predictive_scaling_configuration: PredictiveScalingConfiguration,
    });
    let cooldown = props.Cooldown.as_ref().and_then(|text| text.trim().parse().ok());
    let answer = call.set_cooldown(cooldown).send().await.map_err(op(OP))?;
    answer.policy_arn.ok_or_else(|| OpError::missing(OP, "PolicyARN"))
}

impl Described for ScalingPolicy {
    type Props = Props;
    type Live = types::ScalingPolicy;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        unique_handle: true,
        // PutScalingPolicy changes the policy of that name (API reference); ours has a name that nobody else makes.
        on_conflict: OnConflict::Overwrites,
        early: &["Arn", "PolicyName", "Ref"],
        retry: &[Retry {
            code: "ResourceContention",
            message: "",
            why: "another change of the group is under way",
        }],
        retry_delete: &[Retry {
            code: "ResourceContention",
            message: "",
            why: "another change of the group is under way",
        }],
        iam: &["autoscaling:DeletePolicy", "autoscaling:DescribePolicies", "autoscaling:PutScalingPolicy"],
        ..Facts::new("AWS::AutoScaling::ScalingPolicy", "autoscaling")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        // API reference, PutScalingPolicy: which settings belong to which type.
        let needs = match props["PolicyType"].as_str().unwrap_or("SimpleScaling") {
            "TargetTrackingScaling" => "TargetTrackingConfiguration",
            "StepScaling" => "StepAdjustments",
            "PredictiveScaling" => "PredictiveScalingConfiguration",
            _ => "ScalingAdjustment",
        };
        let mut found = Vec::new();
        if props[needs].is_null() {
            let kind = props["PolicyType"].as_str().unwrap_or("SimpleScaling");
            found.push((needs.to_owned(), format!("a policy of type {kind} needs it")));
        }
        let others = [
            "TargetTrackingConfiguration",
            "StepAdjustments",
            "PredictiveScalingConfiguration",
            "ScalingAdjustment",
        ];
        for other in others.into_iter().filter(|other| *other != needs && !props[*other].is_null()) {
            found.push((other.to_owned(), format!("the policy's type goes with {needs}")));
        }
        found
    }

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = crate::resources::compare::create_only(Self::FACTS.kind, change.changed);
        // The type of a policy that is there cannot be changed under its name.
        if change.has("PolicyType") {
            names.push("PolicyType".into());
        }
        names
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.auto_scaling().describe_policies().policy_names(id.as_str());
        let page = call.send().await.map_err(op("DescribePolicies"))?;
        Ok(page.scaling_policies.unwrap_or_default().into_iter().next())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let call = cx.sdk.auto_scaling().describe_policies().policy_names(name(cx));
        let call = call.set_auto_scaling_group_name(props.AutoScalingGroupName.clone());
        let page = call.send().await.map_err(op("DescribePolicies"))?;
        Ok(page.scaling_policies.unwrap_or_default())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.policy_arn().unwrap_or_default(), live.policy_name().unwrap_or_default())
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut read =
            Props { Cooldown: live.cooldown().map(|seconds| seconds.to_string()), ..Props::received(&live) };
        read.StepAdjustments.take_if(|steps| steps.is_empty());
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let name = name(cx);
        let arn = put(cx, &name, props).await?;
        Ok(object(&arn, &name))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        // The name ends the ARN: `…:policyName/NAME`.
        let name = id.as_str().rsplit_once(":policyName/").map_or(id.as_str(), |(_, name)| name);
        put(cx, name, change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if Self::get(cx, id, props).await?.is_none() {
            return Ok(Progress::Absent);
        }
        let call = cx.sdk.auto_scaling().delete_policy().policy_name(id.as_str());
        let call = call.set_auto_scaling_group_name(props.AutoScalingGroupName.clone());
        call.send().await.map(|_| Progress::Done).map_err(op("DeletePolicy"))
    }
}
