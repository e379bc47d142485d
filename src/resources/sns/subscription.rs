//! `AWS::SNS::Subscription`.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::topic_form::{document, parsed};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Described, Found, Outcome, OwnTags, Progress, compare, described::alike,
    },
};

crate::props! {
    /// A subscription.
    pub struct Props {
        DeliveryPolicy: Json,
        Endpoint: String,
        FilterPolicy: Json,
        FilterPolicyScope: String,
        Protocol: String,
        RawMessageDelivery: bool,
        RedrivePolicy: Json,
        Region: String,
        ReplayPolicy: Json,
        SubscriptionRoleArn: String,
        TopicArn: String,
    }
}

/// `AWS::SNS::Subscription`: known by its topic, protocol and endpoint. One that waits for its confirmation
/// (e-mail, HTTP) has an ARN and counts as ready; AWS lists it without its ARN, so recovery subscribes again,
/// which answers the same ARN.
pub struct Subscription;

fn object(arn: &str) -> Created {
    Created { id: arn.into(), attributes: alike(&["Ref", "Arn"], arn) }
}

/// Calls go to the topic's region, which may not be the stack's.
fn over(cx: &Cx<'_>, props: &Props) -> aws_sdk_sns::config::Builder {
    let region = props.Region.clone().unwrap_or_else(|| cx.region.to_owned());
    aws_sdk_sns::config::Builder::new().region(aws_sdk_sns::config::Region::new(region))
}

/// The API's attributes in the order in which they can be set: the scope decides how a filter is read.
fn sent(props: &Props) -> Vec<(&'static str, String)> {
    [
        ("FilterPolicyScope", props.FilterPolicyScope.clone()),
        ("FilterPolicy", props.FilterPolicy.as_ref().map(document)),
        ("RawMessageDelivery", props.RawMessageDelivery.map(|on| on.to_string())),
        ("RedrivePolicy", props.RedrivePolicy.as_ref().map(document)),
        ("DeliveryPolicy", props.DeliveryPolicy.as_ref().map(document)),
        ("ReplayPolicy", props.ReplayPolicy.as_ref().map(document)),
        ("SubscriptionRoleArn", props.SubscriptionRoleArn.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// What an attribute becomes when its property is taken away.
fn reset(attribute: &str) -> &'static str {
    match attribute {
        "FilterPolicyScope" => "MessageAttributes",
        "FilterPolicy" => "{}",
        "RawMessageDelivery" => "false",
        _ => "",
    }
}

impl Described for Subscription {
    type Props = Props;
    /// The attributes of the API.
    type Live = HashMap<String, String>;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Arn"],
        retry: &[
            Retry { code: "NotFound", message: "", why: "the new topic is not seen everywhere yet" },
            Retry {
                code: "InvalidParameter",
                message: "role",
                why: "the subscription role is not usable yet",
            },
        ],
        absent: &["NotFound"],
        silent_delete: Some("Unsubscribe of what is not there succeeds"),
        iam: &[
            "sns:Subscribe",
            "sns:Unsubscribe",
            "sns:ListSubscriptionsByTopic",
            "sns:GetSubscriptionAttributes",
            "sns:SetSubscriptionAttributes",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::SNS::Subscription", "sns")
    };

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("Region") {
            names.push("Region".into());
        }
        names
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.sns().get_subscription_attributes().subscription_arn(id.as_str());
        let answer = call.customize().config_override(over(cx, hint)).send().await;
        let mut all = answer.map_err(op("GetSubscriptionAttributes"))?.attributes.unwrap_or_default();
        all.insert("SubscriptionArn".into(), id.to_string());
        Ok(Some(all))
    }

    /// The topic's list tells all that is needed: the ARN.
    async fn find_all(cx: &Cx<'_>, props: &Props) -> Result<Vec<Found>, OpError> {
        let mut token = None;
        loop {
            let call = cx.sdk.sns().list_subscriptions_by_topic().set_topic_arn(props.TopicArn.clone());
            let call = call.set_next_token(token).customize().config_override(over(cx, props));
            let page = match call.send().await.map_err(op("ListSubscriptionsByTopic")) {
                Err(error) if error.is(Self::FACTS.absent) => return Ok(Vec::new()),
                page => page?,
            };
            let ours = |s: &&aws_sdk_sns::types::Subscription| {
                s.protocol == props.Protocol && s.endpoint == props.Endpoint
            };
            let arn = page.subscriptions().iter().find(ours).and_then(|s| s.subscription_arn());
            if let Some(arn) = arn.filter(|arn| arn.starts_with("arn:")) {
                let Created { id, attributes } = object(arn);
                return Ok(vec![Found { id, attributes, ownership: Ownership::Untaggable }]);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(Vec::new());
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.get("SubscriptionArn").map(String::as_str).unwrap_or_default())
    }

    async fn props(_: &Cx<'_>, all: Self::Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let text = |name: &str| all.get(name).filter(|value| !value.is_empty()).cloned();
        Ok(Props {
            DeliveryPolicy: parsed(all.get("DeliveryPolicy")),
            Endpoint: text("Endpoint"),
            FilterPolicy: parsed(all.get("FilterPolicy"))
                .or_else(|| hint.FilterPolicy.clone().filter(|p| *p == json!({}))),
            FilterPolicyScope: text("FilterPolicyScope"),
            Protocol: text("Protocol"),
            RawMessageDelivery: all.get("RawMessageDelivery").map(|value| value == "true"),
            RedrivePolicy: parsed(all.get("RedrivePolicy")),
            Region: hint.Region.clone(),
            ReplayPolicy: parsed(all.get("ReplayPolicy")),
            SubscriptionRoleArn: text("SubscriptionRoleArn"),
            TopicArn: text("TopicArn"),
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let attributes_sent: HashMap<String, String> =
            sent(props).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let call = cx
            .sdk
            .sns()
            .subscribe()
            .set_topic_arn(props.TopicArn.clone())
            .set_protocol(props.Protocol.clone())
            .set_endpoint(props.Endpoint.clone())
            .set_attributes((!attributes_sent.is_empty()).then_some(attributes_sent))
            // Without this an unconfirmed subscription answers `pending confirmation` instead of its ARN.
            .return_subscription_arn(true);
        let answer =
            call.customize().config_override(over(cx, props)).send().await.map_err(op("Subscribe"))?;
        let arn = answer.subscription_arn.ok_or_else(|| OpError::missing("Subscribe", "SubscriptionArn"))?;
        Ok(object(&arn))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (old, new) = (sent(change.old), sent(change.new));
        let gone = old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name));
        let mut calls: Vec<(&str, String)> = gone.map(|(name, _)| (*name, reset(name).to_owned())).collect();
        let rescoped = change.has("FilterPolicyScope");
        if rescoped {
            // A filter may fit only one scope: without one the scope can be changed.
            calls.insert(0, ("FilterPolicy", reset("FilterPolicy").to_owned()));
        }
        let moved = |pair: &(&str, String)| {
            (change.has(pair.0) && !old.contains(pair)) || (rescoped && pair.0 == "FilterPolicy")
        };
        calls.extend(new.into_iter().filter(moved));
        for (name, value) in calls {
            let call = cx
                .sdk
                .sns()
                .set_subscription_attributes()
                .subscription_arn(id.as_str())
                .attribute_name(name)
                .attribute_value(value);
            let done = call.customize().config_override(over(cx, change.new)).send().await;
            done.map_err(op("SetSubscriptionAttributes"))?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.sns().unsubscribe().subscription_arn(id.as_str());
        match call.customize().config_override(over(cx, props)).send().await.map_err(op("Unsubscribe")) {
            Ok(_) => Ok(Progress::Done),
            Err(error)
                if error.is(&["InvalidParameter"]) && error.message.contains("pending confirmation") =>
            {
                Ok(Progress::Kept("it was never confirmed; AWS drops it by itself".into()))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn topic(bench: &Bench) -> String {
        bench.run(async {
            bench.sdk().sns().create_topic().name("events").send().await.unwrap().topic_arn.unwrap()
        })
    }

    #[test]
    fn the_law_for_a_filtered_queue() {
        let bench = Bench::new();
        let topic = topic(&bench);
        let props = json!({
            "TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q",
            "RawMessageDelivery": true, "FilterPolicyScope": "MessageBody",
            "FilterPolicy": {"detail": {"state": ["failed"]}},
            "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        });
        let plain = json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q",
            "FilterPolicy": {"state": ["failed"]}});
        bench.law_covering::<Subscription>(&[(props, Some(plain))]);
    }

    #[test]
    fn an_unconfirmed_subscription_has_its_arn_and_is_left_behind() {
        let bench = Bench::new();
        let props = Props {
            TopicArn: Some(topic(&bench)),
            Protocol: Some("email".into()),
            Endpoint: Some("ops@example.com".into()),
            ..Props::default()
        };
        let permit = bench.permit();
        bench.cx(|cx| {
            bench.run(async {
                let first = Subscription::create(cx, &permit, &props).await.unwrap();
                let again = Subscription::create(cx, &permit, &props).await.unwrap();
                assert_eq!(first, again);
                assert!(first.id.as_str().starts_with("arn:aws:sns:us-east-1:123456789012:events:"));
                let gone = Subscription::delete(cx, &permit, &first.id, &props).await.unwrap();
                assert!(matches!(gone, Progress::Kept(_)));
            });
        });
    }
}
