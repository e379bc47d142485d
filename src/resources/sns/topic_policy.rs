//! `AWS::SNS::TopicPolicy`.

use serde_json::{Value as Json, json};

use super::topic_form::document;
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, OnConflict, Once, Ownership, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare, s3::policy_document,
    },
};

crate::props! {
    /// One policy for several topics.
    pub struct TopicPolicyProps { PolicyDocument: Json, Topics: Vec<String> }
}

/// `AWS::SNS::TopicPolicy`: the create call sets the policy of the first topic, `configure` that of all. It is
/// known by the first topic's ARN at that time; deletion gives the topics back the policy they were born with.
pub struct TopicPolicy;

pub(super) const ABSENT: &[&str] = &["NotFound"];

/// What passes by itself when a policy is set.
pub(super) const RETRY: &[Retry] = &[
    Retry {
        code: "InvalidParameter",
        message: "PrincipalNotFound",
        why: "the principal is not known to SNS yet",
    },
    Retry { code: "NotFound", message: "", why: "the new topic is not seen everywhere yet" },
];

/// AWS marks the policy that every topic is born with by this id.
const DEFAULT: &str = "__default_policy_ID";

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(id)), ("Id".to_owned(), json!(id))])
}

fn topics(props: &TopicPolicyProps) -> &[String] {
    props.Topics.as_deref().unwrap_or_default()
}

/// The policy of a topic unless it is the one that topics are born with.
pub(super) async fn live(cx: &Cx<'_>, topic: &str) -> Result<Option<Json>, OpError> {
    let answer = cx.sdk.sns().get_topic_attributes().topic_arn(topic).send().await;
    let attributes = match answer.map_err(op("GetTopicAttributes")) {
        Ok(answer) => answer.attributes.unwrap_or_default(),
        Err(error) if error.is(ABSENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    let policy: Option<Json> = attributes.get("Policy").and_then(|text| serde_json::from_str(text).ok());
    Ok(policy.filter(|policy| policy["Id"] != DEFAULT))
}

pub(super) async fn set(cx: &Cx<'_>, topic: &str, policy: &str) -> Result<(), OpError> {
    let call =
        cx.sdk.sns().set_topic_attributes().topic_arn(topic).attribute_name("Policy").attribute_value(policy);
    call.send().await.map_err(op("SetTopicAttributes"))?;
    Ok(())
}

/// The policy that AWS gives a new topic: its own account may do everything.
fn born(cx: &Cx<'_>, topic: &str) -> String {
    json!({
        "Version": "2008-10-17", "Id": DEFAULT,
        "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": topic, "Condition": {"StringEquals": {"AWS:SourceOwner": cx.account}},
        }],
    })
    .to_string()
}

/// Sets the policy of a topic that has none but the one it was born with, or one of those `known`. Nothing is called
/// where it has it already.
async fn claim(cx: &Cx<'_>, topic: &str, props: &TopicPolicyProps, known: &[&Json]) -> Result<(), OpError> {
    if let Some(policy) = live(cx, topic).await? {
        let is = |document: &Json| policy_document::same(document, &policy);
        if !known.iter().any(|document| is(document)) {
            return Err(taken(topic));
        }
        if props.PolicyDocument.as_ref().is_some_and(is) {
            return Ok(());
        }
    }
    set(cx, topic, &text(props)).await
}

fn taken(topic: &str) -> OpError {
    OpError {
        operation: "SetTopicAttributes".into(),
        code: Some("AlreadyExists".into()),
        message: format!(
            "{topic} has a policy that is not this migration's; it is not overwritten. Delete that policy, or leave the \
             topic out; what was changed by hand, `migrate up --refresh` shows and changes back"
        ),
        request_id: None,
        certainty: Certainty::NotSent,
        barrier: None,
    }
}

/// The documents that the policy may have on a topic: those of the forms that name it.
fn known<'f>(topic: &str, forms: impl IntoIterator<Item = &'f TopicPolicyProps>) -> Vec<&'f Json> {
    let named = forms.into_iter().filter(|form| topics(form).iter().any(|other| other == topic));
    named.filter_map(|form| form.PolicyDocument.as_ref()).collect()
}

/// All topics that the forms name.
fn places<'f>(forms: impl IntoIterator<Item = &'f TopicPolicyProps>) -> Vec<&'f String> {
    let mut all: Vec<&String> = Vec::new();
    for topic in forms.into_iter().flat_map(topics) {
        if !all.contains(&topic) {
            all.push(topic);
        }
    }
    all
}

/// Gives topics back their first policy where they have one of those that `forms` say; names the others.
async fn release(
    cx: &Cx<'_>,
    leave: &[&String],
    forms: &[&TopicPolicyProps],
) -> Result<(bool, Vec<String>), OpError> {
    let (mut any, mut left) = (false, Vec::new());
    for topic in leave {
        let Some(policy) = live(cx, topic).await? else { continue };
        let ours = known(topic, forms.iter().copied());
        if ours.iter().any(|document| policy_document::same(document, &policy)) {
            any |= restore(cx, topic).await?;
        } else {
            left.push((*topic).clone());
        }
    }
    Ok((any, left))
}

/// Whether there was a topic to give its first policy back to.
pub(super) async fn restore(cx: &Cx<'_>, topic: &str) -> Result<bool, OpError> {
    match set(cx, topic, &born(cx, topic)).await {
        Err(error) if error.is(ABSENT) => Ok(false),
        answer => answer.map(|()| true),
    }
}

fn text(props: &TopicPolicyProps) -> String {
    props.PolicyDocument.as_ref().map(document).unwrap_or_default()
}

impl ResourceType for TopicPolicy {
    type Props = TopicPolicyProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "Id"],
        retry: RETRY,
        documents: &[("PolicyDocument", Document::ResourcePolicy)],
        judged: &["PolicyDocument"],
        spread: &["Topics"],
        parts_in: &["Topics"],
        iam: &["sns:SetTopicAttributes", "sns:GetTopicAttributes"],
        // SetTopicAttributes: a topic has one policy.
        once: Some(&[Once::Each("Topics", &[])]),
        ..Facts::new("AWS::SNS::TopicPolicy", "sns")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "PolicyDocument" => policy_document::same(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        let Some(first) = topics(props).first() else { return Ok(None) };
        for topic in topics(props) {
            if live(cx, topic).await?.is_some() {
                let (id, attributes) = (first.as_str().into(), attributes(first));
                return Ok(Some(Found { id, attributes, ownership: Ownership::Untaggable }));
            }
        }
        Ok(None)
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        let mut with = 0;
        for topic in topics(props) {
            with += usize::from(live(cx, topic).await?.is_some());
        }
        let all = topics(props).len();
        Ok(match goal {
            Goal::Ready if with == all => Probe::Reached(attributes(id.as_str())),
            Goal::Gone if with == 0 => Probe::Reached(Attributes::new()),
            _ => Probe::Pending(format!("{with} of {all} topics have a policy")),
        })
    }

    /// The policy if all topics share it; the topics that have one.
    async fn read(cx: &Cx<'_>, _id: &PhysicalId, hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        let mut with = Vec::new();
        let mut policy: Option<Json> = None;
        for topic in topics(hint) {
            if let Some(document) = live(cx, topic).await? {
                with.push(topic.clone());
                // One topic whose policy differs is enough to show a difference.
                let wanted = hint.PolicyDocument.as_ref();
                if policy.is_none() || !wanted.is_some_and(|w| policy_document::same(w, &document)) {
                    policy = Some(document);
                }
            }
        }
        Ok(policy.map(|document| TopicPolicyProps { PolicyDocument: Some(document), Topics: Some(with) }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let first = topics(props).first().map(String::as_str).unwrap_or_default();
        // The engine has looked at all topics.
        set(cx, first, &text(props)).await?;
        Ok(Created { id: first.into(), attributes: attributes(first) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let attempts: Vec<TopicPolicyProps> = cx.attempts();
        for topic in topics(props) {
            claim(cx, topic, props, &known(topic, attempts.iter().chain([props]))).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Result<Progress, OpError> {
        let attempts: Vec<TopicPolicyProps> = cx.attempts();
        let forms: Vec<&TopicPolicyProps> = attempts.iter().chain([change.old]).collect();
        for topic in topics(change.new) {
            claim(cx, topic, change.new, &known(topic, forms.iter().copied())).await?;
        }
        let mut leave = places(forms.iter().copied());
        leave.retain(|topic| !topics(change.new).contains(topic));
        // What others put there since stays.
        release(cx, &leave, &forms).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let attempts: Vec<TopicPolicyProps> = cx.attempts();
        let forms: Vec<&TopicPolicyProps> = attempts.iter().chain([props]).collect();
        let (any, left) = release(cx, &places(forms.iter().copied()), &forms).await?;
        Ok(match (any, left.as_slice()) {
            (_, [_, ..]) => Progress::Kept(format!(
                "{} another policy by now, which is not this migration's",
                left.join(" and ") + if left.len() == 1 { " has" } else { " have" }
            )),
            (true, []) => Progress::Done,
            (false, []) => Progress::Absent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law_for_a_policy_that_moves_between_topics() {
        let bench = Bench::new();
        bench.run(async {
            for name in ["a", "b", "c"] {
                bench.sdk().sns().create_topic().name(name).send().await.unwrap();
            }
        });
        let topic = |name: &str| format!("arn:aws:sns:us-east-1:123456789012:{name}");
        let policy = |service: &str, topics: &[String]| {
            json!({"Topics": topics, "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": topics}]}})
        };
        let first = policy("events.amazonaws.com", &[topic("a"), topic("b")]);
        let then = policy("s3.amazonaws.com", &[topic("a"), topic("c")]);
        bench.law_covering::<TopicPolicy>(&[(first, Some(then))]);
        let left = bench.cx(|cx| bench.run(live(cx, &topic("b")))).unwrap();
        assert_eq!(left, None);
    }

    #[test]
    fn a_policy_of_another_owner_is_neither_overwritten_nor_taken_away() {
        let bench = Bench::new();
        let topic = |name: &str| format!("arn:aws:sns:us-east-1:123456789012:{name}");
        let policy = |service: &str, topics: &[&str]| -> TopicPolicyProps {
            let topics: Vec<String> = topics.iter().map(|name| topic(name)).collect();
            serde_json::from_value(
                json!({"Topics": topics, "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": "*"}]}}),
            )
            .unwrap()
        };
        bench.cx(|cx| {
            bench.run(async {
                for name in ["a", "b", "c"] {
                    bench.sdk().sns().create_topic().name(name).send().await.unwrap();
                }
                let theirs = policy("s3.amazonaws.com", &["b"]);
                set(cx, &topic("b"), &text(&theirs)).await.unwrap();
                let document = theirs.PolicyDocument.clone();
                let both = policy("events.amazonaws.com", &["a", "b"]);
                // A create that would overwrite finds it, though the first topic is free.
                assert!(TopicPolicy::find(cx, &both).await.unwrap().is_some());
                let one = policy("events.amazonaws.com", &["a", "c"]);
                let id = TopicPolicy::create(cx, &bench.permit(), &one).await.unwrap().id;
                TopicPolicy::configure(cx, &bench.permit(), &id, &one).await.unwrap();
                let changed = ["Topics".to_owned()];
                let change = Change { old: &one, new: &both, changed: &changed };
                let error = TopicPolicy::update(cx, &bench.permit(), &id, &change).await.unwrap_err();
                assert!(error.is(&["AlreadyExists"]), "{error}");
                assert_eq!(live(cx, &topic("b")).await.unwrap(), document);
                // Somebody takes one of its topics; the other gets its first policy back.
                set(cx, &topic("c"), &text(&theirs)).await.unwrap();
                let ended = TopicPolicy::delete(cx, &bench.permit(), &id, &one).await.unwrap();
                assert!(matches!(&ended, Progress::Kept(why) if why.contains(":c has")), "{ended:?}");
                assert_eq!(live(cx, &topic("a")).await.unwrap(), None);
                assert_eq!(live(cx, &topic("c")).await.unwrap(), document);
            });
        });
    }
}
