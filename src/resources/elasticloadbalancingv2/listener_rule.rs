//! `AWS::ElasticLoadBalancingV2::ListenerRule`.

use aws_sdk_elasticloadbalancingv2::types;
use serde_json::{Value as Json, json};

use super::{
    rule_form::{RuleAction, RuleCondition, Transform, keep_secrets},
    tags::{ABSENT, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, Once, PhysicalId, Retry, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress,
        mirror::{pruned, sent},
        tags::{self, Tagging},
    },
};

crate::mirrored! {
    /// The properties of a rule.
    pub struct Props <= types::Rule {
        Actions/actions: Vec<RuleAction>, Conditions/conditions: Vec<RuleCondition>, ListenerArn: String,
        Priority: i32, Tags: Vec<Tag>, Transforms/transforms: Vec<Transform>,
    }
}

/// What a listener does with requests that meet conditions.
pub struct ListenerRule;

fn object(arn: &str, default: bool) -> Created {
    let attributes = [("Ref", json!(arn)), ("RuleArn", json!(arn)), ("IsDefault", json!(default))];
    Created {
        id: arn.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

/// The listener of a rule: its ARN goes on in the rule's.
fn listener(rule: &str) -> Option<String> {
    let (start, path) = rule.split_once(":listener-rule/")?;
    Some(format!("{start}:listener/{}", path.rsplit_once('/')?.0))
}

impl Described for ListenerRule {
    type Props = Props;
    type Live = types::Rule;

    const FACTS: Facts = Facts {
        // A listener has one rule of a priority.
        identity: Identity::Name,
        unique_handle: true,
        silent_delete: Some("DeleteRule of a rule that is gone succeeds, as moto's authors saw"),
        early: &["IsDefault", "Ref", "RuleArn"],
        retry: &[
            Retry {
                code: "TargetGroupAssociationLimit",
                message: "",
                why: "the target group is still attached to a load balancer that is going away",
            },
            Retry {
                code: "ListenerNotFound",
                message: "",
                why: "the new listener is not seen everywhere yet",
            },
        ],
        absent: ABSENT,
        iam: &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetRulePriorities",
        ],
        once: Some(&[Once::Together(&["ListenerArn", "Priority"]), Once::Targets("Actions", "ListenerArn")]),
        ..Facts::new("AWS::ElasticLoadBalancingV2::ListenerRule", "elasticloadbalancing")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if props["ListenerArn"].is_null() {
            found.push(("ListenerArn".into(), "a rule needs its listener".into()));
        }
        let last = props["Actions"].as_array().and_then(|all| {
            // Actions are done in their order; only the last one answers (API reference, CreateRule).
            all.iter().max_by_key(|action| action["Order"].as_i64().unwrap_or(0))
        });
        let answers = ["forward", "redirect", "fixed-response"];
        if last.and_then(|action| action["Type"].as_str()).is_some_and(|kind| !answers.contains(&kind)) {
            found.push((
                "Actions".into(),
                "the last action must be forward, redirect or fixed-response".into(),
            ));
        }
        found
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.elb().describe_rules().rule_arns(id.as_str());
        Ok(call.send().await.map_err(op("DescribeRules"))?.rules.unwrap_or_default().into_iter().next())
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        let (Some(listener), Some(priority)) = (&props.ListenerArn, props.Priority) else {
            return Ok(Vec::new());
        };
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let call = cx.sdk.elb().describe_rules().listener_arn(listener).set_marker(marker);
            let page = call.send().await.map_err(op("DescribeRules"))?;
            let wanted = priority.to_string();
            found.extend(
                page.rules.unwrap_or_default().into_iter().filter(|rule| rule.priority() == Some(&wanted)),
            );
            marker = page.next_marker;
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.rule_arn().unwrap_or_default(), live.is_default().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.rule_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props {
            ListenerArn: listener(live.rule_arn().unwrap_or_default()),
            Priority: live.priority().and_then(|text| text.parse().ok()),
            Tags: tags,
            ..Props::received(&live)
        };
        keep_secrets(props.Actions.as_deref_mut().unwrap_or_default(), hint.Actions.as_ref());
        props.Transforms.take_if(|all| all.is_empty());
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateRule";
        let call = crate::pass!(OP, cx.sdk.elb().create_rule(), props => {
            set_listener_arn: ListenerArn, set_priority: Priority, set_conditions: Conditions,
            set_actions: Actions, set_transforms: Transforms,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let all = call.send().await.map_err(op(OP))?.rules.unwrap_or_default();
        let rule = all.into_iter().find(|rule| rule.rule_arn().is_some());
        Ok(Self::object(cx, &rule.ok_or_else(|| OpError::missing(OP, "the rule's ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let new = change.new;
        if change.any(&["Actions", "Conditions", "Transforms"]) {
            const OP: &str = "ModifyRule";
            let call = cx.sdk.elb().modify_rule().rule_arn(id.as_str());
            let call = crate::pass!(OP, call, new => { set_conditions: Conditions, set_actions: Actions });
            // Transforms stay as they are unless they are reset or set.
            let call = match &new.Transforms {
                Some(all) if !all.is_empty() => call.set_transforms(sent(OP, Some(all))?),
                _ if change.has("Transforms") => call.reset_transforms(true),
                _ => call,
            };
            call.send().await.map_err(op(OP))?;
        }
        if let Some(priority) = new.Priority.filter(|_| change.has("Priority")) {
            let pair = types::RulePriorityPair::builder().rule_arn(id.as_str()).priority(priority).build();
            let call = cx.sdk.elb().set_rule_priorities().rule_priorities(pair);
            call.send().await.map_err(op("SetRulePriorities"))?;
        }
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.elb().delete_rule().rule_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteRule"))
    }
}
