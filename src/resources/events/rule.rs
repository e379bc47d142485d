//! `AWS::Events::Rule`.

use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use serde_json::{Value as Json, json};

use super::{tags::Tags, target::Target};
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    model::{Document, Facts, Identity, NameRule, OnConflict, Once, PhysicalId, Retry, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        mirror::{pruned, received, sent},
        tags::{self, Tagging},
    },
};

crate::mirrored! {
    /// The properties of a rule.
    pub struct Props <= DescribeRuleOutput {
        Description/description: String, EventBusName: String, EventPattern: Json, Name/name: String,
        RoleArn/role_arn: String, ScheduleExpression/schedule_expression: String, State/state: String,
        Tags: Vec<Tag>, Targets: Vec<Target>,
    }
}

/// A rule of an event bus and its targets. Its handle is its ARN: a name is unique on its bus only.
pub struct Rule;

/// The bus that rules are on when they name none.
const DEFAULT: &str = "default";

/// The name of a bus, which properties may give as an ARN.
fn bus(props: &Props) -> &str {
    let named = props.EventBusName.as_deref().unwrap_or(DEFAULT);
    named.split_once(":event-bus/").map_or(named, |(_, name)| name)
}

/// Bus and name of an ARN: the default bus stands in none (EventBridge User Guide, "rule/bus/name").
fn place(arn: &str) -> (&str, &str) {
    let path = arn.split_once(":rule/").map_or(arn, |(_, path)| path);
    path.rsplit_once('/').unwrap_or((DEFAULT, path))
}

fn arn(cx: &Cx<'_>, bus: &str, name: &str) -> String {
    let path = if bus == DEFAULT { name.to_owned() } else { format!("{bus}/{name}") };
    format!("arn:{}:events:{}:{}:rule/{path}", cx.partition, cx.region, cx.account)
}

/// `Ref` is the name, on a bus of one's own after the bus and a bar (CloudFormation, `AWS::Events::Rule`, return values).
fn object(arn: &str) -> Created {
    let (bus, name) = place(arn);
    let reference = if bus == DEFAULT { name.to_owned() } else { format!("{bus}|{name}") };
    let attributes = [("Ref", json!(reference)), ("Arn", json!(arn)), ("RuleName", json!(name))];
    Created {
        id: arn.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

/// A call that sends all of a rule: PutRule keeps nothing of what it is not told again (API reference).
async fn put(cx: &Cx<'_>, props: &Props, new: bool) -> Result<(), OpError> {
    const OP: &str = "PutRule";
    let pattern = props.EventPattern.as_ref().map(|pattern| match pattern {
        Json::String(text) => text.clone(),
        tree => tree.to_string(),
    });
    let call = crate::pass!(OP, cx.sdk.events().put_rule(), props => {
        set_name: Name, set_event_bus_name: EventBusName, set_description: Description, set_role_arn: RoleArn,
        set_schedule_expression: ScheduleExpression, set_state: State,
    });
    let tags = if new { tags::create(cx, OP, props.Tags.as_ref())? } else { None };
    call.set_event_pattern(pattern).set_tags(tags).send().await.map(drop).map_err(op(OP))
}

/// All targets of a rule.
async fn targets(cx: &Cx<'_>, arn: &str) -> Result<Vec<Target>, OpError> {
    let (bus, name) = place(arn);
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let call = cx.sdk.events().list_targets_by_rule().rule(name).event_bus_name(bus);
        let page = call.set_next_token(token).send().await.map_err(op("ListTargetsByRule"))?;
        all.extend(received::<Vec<Target>, _>(page.targets.as_ref()).unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// An answer that lists what it did not do.
fn refusal(operation: &str, code: Option<&str>, target: Option<&str>, message: Option<&str>) -> OpError {
    OpError {
        operation: operation.into(),
        code: code.map(ToOwned::to_owned),
        message: format!("target {}: {}", target.unwrap_or("?"), message.unwrap_or("refused")),
        request_id: None,
        certainty: Certainty::Rejected,
        barrier: None,
    }
}

async fn add(cx: &Cx<'_>, arn: &str, wanted: &[Target]) -> Result<(), OpError> {
    const OP: &str = "PutTargets";
    let (bus, name) = place(arn);
    let list: Vec<Target> = wanted.to_vec();
    if list.is_empty() {
        return Ok(());
    }
    let call = cx.sdk.events().put_targets().rule(name).event_bus_name(bus);
    let answer = call.set_targets(sent(OP, Some(&list))?).send().await.map_err(op(OP))?;
    match answer.failed_entries().first() {
        Some(one) => Err(refusal(OP, one.error_code(), one.target_id(), one.error_message())),
        None => Ok(()),
    }
}

async fn remove(cx: &Cx<'_>, arn: &str, ids: Vec<String>) -> Result<(), OpError> {
    const OP: &str = "RemoveTargets";
    if ids.is_empty() {
        return Ok(());
    }
    let (bus, name) = place(arn);
    let call = cx.sdk.events().remove_targets().rule(name).event_bus_name(bus).set_ids(Some(ids));
    let answer = call.send().await.map_err(op(OP))?;
    match answer.failed_entries().first() {
        Some(one) => Err(refusal(OP, one.error_code(), one.target_id(), one.error_message())),
        None => Ok(()),
    }
}

/// A target that others put on the rule, in the words of a review.
fn words(target: &Target) -> String {
    format!("target {} ({})", target.id(), target.Arn.as_deref().unwrap_or_default())
}

/// Targets that none of these forms of the properties has.
fn besides<'t>(live: &'t [Target], forms: &[&Props]) -> Vec<&'t Target> {
    let ours =
        |id: &str| forms.iter().flat_map(|form| form.Targets.iter().flatten()).any(|one| one.id() == id);
    live.iter().filter(|target| !ours(target.id())).collect()
}

impl Described for Rule {
    type Props = Props;
    type Live = DescribeRuleOutput;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "Name", max: 64, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Arn", "Ref", "RuleName"],
        retry: &[
            Retry {
                code: "ConcurrentModificationException",
                message: "",
                why: "another change of the rule is under way",
            },
            // EventBridge tries the role at once (hashicorp/terraform-provider-aws, internal/service/events/rule.go).
            Retry {
                code: "ValidationException",
                message: "cannot be assumed by principal",
                why: "the role is not usable yet",
            },
        ],
        retry_delete: &[Retry {
            code: "ConcurrentModificationException",
            message: "",
            why: "another change of the rule is under way",
        }],
        absent: &["ResourceNotFoundException"],
        documents: &[("EventPattern", Document::Json)],
        iam: &[
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
            "iam:PassRole",
        ],
        once: Some(&[Once::Together(&["EventBusName", "Name"])]),
        ..Facts::new("AWS::Events::Rule", "events")
    };

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        // Where it is written otherwise and means the same, `same` says so.
        if change.has("EventBusName") {
            names.push("EventBusName".into());
        }
        names
    }

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        let named = |value: &Json| {
            let text = value.as_str().unwrap_or(DEFAULT);
            text.split_once(":event-bus/").map_or(text, |(_, name)| name).to_owned()
        };
        match property {
            "EventBusName" => named(desired) == named(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let (pattern, schedule) = (&props["EventPattern"], &props["ScheduleExpression"]);
        if pattern.is_null() && schedule.is_null() {
            found.push(("EventPattern".into(), "a rule needs a pattern or a schedule".into()));
        }
        if !schedule.is_null() && !matches!(props["EventBusName"].as_str(), None | Some(DEFAULT)) {
            let why = "rules with a schedule are on the default bus only (EventBridge User Guide)";
            found.push(("ScheduleExpression".into(), why.into()));
        }
        let targets = props["Targets"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, target) in targets.iter().enumerate() {
            let inputs = ["Input", "InputPath", "InputTransformer"];
            if inputs.iter().filter(|name| !target[**name].is_null()).count() > 1 {
                let why = "only one of Input, InputPath and InputTransformer can be set";
                found.push((format!("Targets.{at}"), why.into()));
            }
            if target["Id"].is_string() && targets[..at].iter().any(|other| other["Id"] == target["Id"]) {
                found.push((format!("Targets.{at}.Id"), "two targets have this id".into()));
            }
        }
        found
    }

    fn key(cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.Name.as_deref().map(|name| arn(cx, bus(props), name).into())
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let (bus, name) = place(id.as_str());
        let call = cx.sdk.events().describe_rule().name(name).event_bus_name(bus);
        call.send().await.map(Some).map_err(op("DescribeRule"))
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.arn().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let all = targets(cx, live.arn().unwrap_or_default()).await?;
        let pattern =
            live.event_pattern().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
        let read = Props {
            EventBusName: hint.EventBusName.clone().or_else(|| live.event_bus_name.clone()),
            EventPattern: pattern,
            Tags: tags,
            Targets: (!all.is_empty() || hint.Targets.is_some()).then_some(all),
            ..Props::received(&live)
        };
        Ok(pruned(read, hint))
    }

    async fn attachments(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Vec<String>, OpError> {
        let live = targets(cx, id.as_str()).await?;
        Ok(besides(&live, &[props]).into_iter().map(words).collect())
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        put(cx, props, true).await?;
        let name = props.Name.as_deref().unwrap_or_default();
        Ok(object(&arn(cx, bus(props), name)))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        add(cx, id.as_str(), props.Targets.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.any(&["Description", "EventPattern", "RoleArn", "ScheduleExpression", "State"]) {
            put(cx, change.new, false).await?;
        }
        if change.has("Targets") {
            let old = change.old.Targets.as_deref().unwrap_or_default();
            let new = change.new.Targets.as_deref().unwrap_or_default();
            let gone = old.iter().filter(|one| !new.iter().any(|other| other.id() == one.id()));
            // What goes first makes room: a rule has five targets at most.
            remove(cx, id.as_str(), gone.map(|one| one.id().to_owned()).collect()).await?;
            let changed: Vec<Target> = new.iter().filter(|one| !old.contains(one)).cloned().collect();
            add(cx, id.as_str(), &changed).await?;
        }
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    /// A rule that has targets cannot be deleted.
    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let live = targets(cx, id.as_str()).await?;
        let attempts: Vec<Props> = cx.attempts();
        let forms: Vec<&Props> = attempts.iter().chain([props]).collect();
        let unseen: Vec<String> =
            besides(&live, &forms).into_iter().map(words).filter(|words| !cx.takes.contains(words)).collect();
        if !unseen.is_empty() {
            let message = format!(
                "others have put on it what the review did not show: {}. Run the command again to review it, or take it \
                 off",
                unseen.join(", ")
            );
            return Err(OpError::not_sent("DeleteRule", message));
        }
        remove(cx, id.as_str(), live.iter().map(|one| one.id().to_owned()).collect()).await?;
        let (bus, name) = place(id.as_str());
        let call = cx.sdk.events().delete_rule().name(name).event_bus_name(bus);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteRule"))
    }
}
