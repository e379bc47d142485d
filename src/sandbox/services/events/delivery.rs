//! Events and where they go: SNS topics and log groups receive them; for other targets a delivery is noted, for whoever
//! runs the target's code.

use serde_json::{Map, Value as Json, json};

use super::{DEFAULT, RULES, bus, pattern};
use crate::sandbox::{
    Fault, Reply, Request, World,
    services::{lambda, sns},
};

/// What became of events, a row per event and target.
pub(super) const DELIVERIES: &str = "events.delivery";

/// An event of a service, before EventBridge puts it in its envelope.
#[derive(Debug, Clone, Copy)]
pub struct Event<'e> {
    /// `aws.dms`.
    pub source: &'e str,
    /// `DMS Replication Task State Change`.
    pub detail_type: &'e str,
    /// The ARNs it is about.
    pub resources: &'e [&'e str],
    /// What happened.
    pub detail: &'e Json,
}

fn timestamp(world: &World) -> String {
    let text = crate::clock::rfc3339(crate::clock::from_millis(world.date()));
    // Events carry whole seconds.
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// An event of an AWS service on the default bus of a region: enabled rules that match it get it.
pub fn emit(world: &mut World, region: &str, event: Event<'_>) {
    emit_on(world, region, DEFAULT, event);
}

/// An event of an AWS service on a bus of a region.
pub fn emit_on(world: &mut World, region: &str, bus: &str, event: Event<'_>) {
    if !anybody(world, region) {
        return;
    }
    let id = world.uuid();
    let whole = json!({
        "version": "0", "id": id, "detail-type": event.detail_type, "source": event.source, "account": world.account,
        "time": timestamp(world), "region": region, "resources": event.resources, "detail": event.detail,
    });
    deliver(world, region, bus, &whole);
}

/// Whether the region has a rule at all.
pub fn anybody(world: &World, region: &str) -> bool {
    world.any(RULES, |row| row["_region"] == region)
}

/// Notes how a function that a rule invoked has ended.
pub fn ran(world: &mut World, delivery: &str, how: &str) {
    if let Some(row) = world.get_mut(DELIVERIES, delivery) {
        row["Ran"] = json!(how);
    }
}

fn deliver(world: &mut World, region: &str, bus: &str, event: &Json) {
    let mut due = Vec::new();
    for (arn, row) in world.rows(RULES) {
        let here = row["_region"] == region && row["EventBusName"] == bus && row["State"] != "DISABLED";
        let Some(text) = row["EventPattern"].as_str().filter(|_| here) else { continue };
        let fits = pattern::check(text).is_ok_and(|pattern| pattern::matches(&pattern, event));
        if fits {
            let targets = row["_targets"].as_array().into_iter().flatten();
            due.extend(targets.map(|target| (arn.to_owned(), target.clone())));
        }
    }
    for (rule, target) in due {
        let input = input(&rule, &target, event);
        hand_over(world, region, &rule, &target, &input);
    }
}

/// What a target gets: the event, a part of it, a fixed text, or a template.
fn input(rule: &str, target: &Json, event: &Json) -> String {
    if let Some(text) = target["Input"].as_str() {
        return text.to_owned();
    }
    if let Some(path) = target["InputPath"].as_str() {
        return at(event, path).to_string();
    }
    let transformer = &target["InputTransformer"];
    let Some(template) = transformer["InputTemplate"].as_str() else { return event.to_string() };
    let mut text = template.to_owned();
    for (name, path) in transformer["InputPathsMap"].as_object().into_iter().flatten() {
        let value = at(event, path.as_str().unwrap_or_default());
        let bare = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        // Between quotes, or inside a text, a value stands bare; elsewhere it is JSON.
        text = text.replace(&format!("\"<{name}>\""), &Json::from(bare.as_str()).to_string());
        text = text.replace(&format!("<{name}>"), &bare);
    }
    text.replace("<aws.events.rule-arn>", rule).replace("<aws.events.event.json>", &event.to_string())
}

/// A JSON path as EventBridge has them: `$.detail.state`, `$.resources[0]`.
fn at<'e>(event: &'e Json, path: &str) -> &'e Json {
    let mut value = event;
    for part in path.trim_start_matches('$').split(['.', '[']).filter(|part| !part.is_empty()) {
        value = match part.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => &value[index],
            None => &value[part],
        };
    }
    value
}

fn hand_over(world: &mut World, region: &str, rule: &str, target: &Json, input: &str) {
    let arn = target["Arn"].as_str().unwrap_or_default().to_owned();
    let failed = match arn.split(':').nth(2).unwrap_or_default() {
        "sns" => to_topic(world, region, &arn, rule, input).err(),
        "lambda" => permitted(world, &arn, rule).err(),
        _ => None,
    };
    let key = format!("{:020}", world.next());
    let mut row = json!({
        "Rule": rule, "Target": target["Id"], "Arn": arn, "Input": input, "At": world.now(), "_region": region,
    });
    let accepted = failed.is_none() && arn.split(':').nth(2) == Some("lambda");
    if let Some(why) = failed {
        row["Failed"] = json!(why);
    }
    world.put(DELIVERIES, &key, row);
    // EventBridge invokes asynchronously (Lambda Developer Guide, "Invoking Lambda asynchronously").
    if accepted && world.keeps_code() {
        let event = lambda::Queued { function: &arn, qualifier: None, payload: input, delivery: Some(&key) };
        lambda::enqueue(world, region, event);
    }
}

/// A topic takes events only if its policy lets EventBridge publish (EventBridge User Guide, resource-based policies).
fn to_topic(world: &mut World, region: &str, arn: &str, rule: &str, input: &str) -> Result<(), String> {
    let from = sns::Sender { service: "events.amazonaws.com", source: rule, by_default: false };
    sns::deliver(world, region, arn, from, json!({"Message": input})).map_err(|refused| match refused {
        sns::Refused::NoTopic => format!("topic {arn} does not exist"),
        sns::Refused::NoPermission => {
            format!("the policy of {arn} does not allow events.amazonaws.com to publish")
        }
    })
}

/// A function takes events only if its policy lets EventBridge invoke it for that rule.
fn permitted(world: &World, arn: &str, rule: &str) -> Result<(), String> {
    let row = world.rows("lambda.function").map(|(_, row)| row).find(|row| {
        row["FunctionArn"].as_str().is_some_and(|own| arn == own || arn.starts_with(&format!("{own}:")))
    });
    let row = row.ok_or_else(|| format!("function {arn} does not exist"))?;
    let mut statements = row["_statements"].as_array().into_iter().flatten();
    let lets = |statement: &Json| {
        let source = statement["Condition"]["ArnLike"]["AWS:SourceArn"].as_str();
        (statement["Principal"] == "*" || statement["Principal"]["Service"] == "events.amazonaws.com")
            && source.is_none_or(|source| pattern::wildcard(source.as_bytes(), rule.as_bytes()))
    };
    if statements.any(lets) {
        Ok(())
    } else {
        Err(format!("the policy of {arn} does not allow events.amazonaws.com to invoke it for {rule}"))
    }
}

/// `PutEvents`: entries are judged one by one.
pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    if rq.opt("EndpointId").is_some() {
        return Err(super::invalid("EndpointId is not valid: there are no global endpoints."));
    }
    let (mut answers, mut failed) = (Vec::new(), 0);
    for entry in rq.list("Entries") {
        match one(world, rq, entry) {
            Ok(id) => answers.push(json!({"EventId": id})),
            Err((code, message)) => {
                failed += 1;
                answers.push(json!({"ErrorCode": code, "ErrorMessage": message}));
            }
        }
    }
    Ok(json!({"FailedEntryCount": failed, "Entries": answers}))
}

fn one(world: &mut World, rq: &Request<'_>, entry: &Json) -> Result<String, (&'static str, String)> {
    let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    for member in ["Source", "DetailType", "Detail"] {
        if text(member).is_empty() {
            return Err((
                "InvalidArgument",
                format!("Parameter {member} is not valid. Reason: {member} is a required argument."),
            ));
        }
    }
    if text("Source").starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".into()));
    }
    let detail: Json = match serde_json::from_str(&text("Detail")) {
        Ok(Json::Object(detail)) => Json::Object(detail),
        _ => return Err(("MalformedDetail", "Detail is malformed.".into())),
    };
    let named = Request {
        operation: rq.operation,
        region: rq.region,
        access_key: rq.access_key,
        input: json!({"EventBusName": entry["EventBusName"]}),
    };
    let bus = match bus(world, &named, "EventBusName") {
        Ok(bus) => bus,
        // An event for a bus that is not there is taken and lost.
        Err(_) => return Ok(world.uuid()),
    };
    let id = world.uuid();
    let resources = entry["Resources"].as_array().cloned().unwrap_or_default();
    let whole = json!({
        "version": "0", "id": id, "detail-type": text("DetailType"), "source": text("Source"), "account": world.account,
        "time": timestamp(world), "region": rq.region, "resources": resources, "detail": detail,
    });
    deliver(world, rq.region, &bus, &whole);
    Ok(id)
}

/// `TestEventPattern`.
pub(super) fn test(_world: &mut World, rq: &Request<'_>) -> Reply {
    let parsed: Map<String, Json> = pattern::check(rq.text("EventPattern"))?;
    let event: Json = serde_json::from_str(rq.text("Event"))
        .map_err(|_| Fault::new("InvalidEventPatternException", "Parameter Event is not valid."))?;
    let needed = ["id", "account", "source", "time", "region", "resources", "detail-type"];
    if let Some(missing) = needed.iter().find(|name| event[**name].is_null()) {
        return Err(super::invalid(format!(
            "Parameter Event is not valid. Reason: {missing} is a required field."
        )));
    }
    Ok(json!({"Result": pattern::matches(&parsed, &event)}))
}
