//! A topic between the template's terms and the API's map of attributes.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::model::Tag;

crate::props! {
    /// A topic.
    pub struct Props {
        ArchivePolicy: Json,
        ContentBasedDeduplication: bool,
        DataProtectionPolicy: Json,
        DeliveryStatusLogging: Vec<LoggingConfig>,
        DisplayName: String,
        FifoThroughputScope: String,
        FifoTopic: bool,
        KmsMasterKeyId: String,
        MaximumMessageSize: i64,
        SignatureVersion: String,
        Subscription: Vec<InlineSubscription>,
        Tags: Vec<Tag>,
        TopicName: String,
        TracingConfig: String,
    }
    /// Which deliveries are logged.
    pub struct LoggingConfig {
        FailureFeedbackRoleArn: String,
        Protocol: String,
        SuccessFeedbackRoleArn: String,
        SuccessFeedbackSampleRate: String,
    }
    /// A subscription made with the topic.
    pub struct InlineSubscription { Endpoint: String, Protocol: String }
}

/// A JSON document as text; a text stays as it is.
pub(super) fn document(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A document that AWS returned; one without content counts as none.
pub(super) fn parsed(text: Option<&String>) -> Option<Json> {
    let text = text.filter(|text| !text.is_empty())?;
    let document = serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()));
    (document != json!({})).then_some(document)
}

/// Protocols whose deliveries can be logged, and how attribute names begin.
const LOGGED: &[(&str, &str)] = &[
    ("http/s", "HTTP"),
    ("sqs", "SQS"),
    ("lambda", "Lambda"),
    ("firehose", "Firehose"),
    ("application", "Application"),
];

/// What an attribute becomes when its property is taken away.
fn reset(attribute: &str) -> &'static str {
    match attribute {
        "ContentBasedDeduplication" => "false",
        "SignatureVersion" => "1",
        "TracingConfig" => "PassThrough",
        "ArchivePolicy" => "{}",
        "FifoThroughputScope" => "Topic",
        "MaximumMessageSize" => "262144",
        _ => "",
    }
}

/// The name; those of FIFO topics end in `.fifo`, generated ones too.
pub(super) fn name(props: &Props) -> String {
    let name = props.TopicName.clone().unwrap_or_default();
    if props.FifoTopic == Some(true) && !name.ends_with(".fifo") {
        let stem: String = name.chars().take(251).collect();
        return format!("{stem}.fifo");
    }
    name
}

/// All attributes, as the create call takes them.
pub(super) fn attributes(props: &Props) -> BTreeMap<String, String> {
    let mut all = plain(props);
    all.extend(feedback(props));
    all
}

fn plain(props: &Props) -> BTreeMap<String, String> {
    let flag = |value: Option<bool>| value.map(|on| on.to_string());
    [
        ("ArchivePolicy", props.ArchivePolicy.as_ref().map(document)),
        ("ContentBasedDeduplication", flag(props.ContentBasedDeduplication)),
        ("DisplayName", props.DisplayName.clone()),
        ("FifoThroughputScope", props.FifoThroughputScope.clone()),
        // `false` is not accepted: a topic that is no FIFO topic does not say so.
        ("FifoTopic", flag(props.FifoTopic.filter(|on| *on))),
        ("KmsMasterKeyId", props.KmsMasterKeyId.clone()),
        ("MaximumMessageSize", props.MaximumMessageSize.map(|size| size.to_string())),
        ("SignatureVersion", props.SignatureVersion.clone()),
        ("TracingConfig", props.TracingConfig.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn feedback(props: &Props) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for config in props.DeliveryStatusLogging.iter().flatten() {
        let protocol = config.Protocol.as_deref().unwrap_or_default();
        let Some((_, prefix)) = LOGGED.iter().find(|(name, _)| *name == protocol) else { continue };
        let members = [
            ("SuccessFeedbackRoleArn", &config.SuccessFeedbackRoleArn),
            ("FailureFeedbackRoleArn", &config.FailureFeedbackRoleArn),
            ("SuccessFeedbackSampleRate", &config.SuccessFeedbackSampleRate),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                out.insert(format!("{prefix}{name}"), value.clone());
            }
        }
    }
    out
}

/// Every attribute to set so that `old` becomes `new`.
pub(super) fn changes(old: &Props, new: &Props) -> BTreeMap<String, String> {
    let (before, after) = (attributes(old), attributes(new));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let mut out: BTreeMap<String, String> = gone.map(|name| (name.clone(), reset(name).to_owned())).collect();
    out.extend(after.into_iter().filter(|(name, value)| before.get(name) != Some(value)));
    out
}

fn logging(attributes: &BTreeMap<String, String>) -> Option<Vec<LoggingConfig>> {
    let value =
        |prefix: &str, name: &str| attributes.get(&format!("{prefix}{name}")).filter(|v| !v.is_empty());
    let all: Vec<LoggingConfig> = LOGGED
        .iter()
        .filter_map(|(protocol, prefix)| {
            let config = LoggingConfig {
                FailureFeedbackRoleArn: value(prefix, "FailureFeedbackRoleArn").cloned(),
                Protocol: Some((*protocol).to_owned()),
                SuccessFeedbackRoleArn: value(prefix, "SuccessFeedbackRoleArn").cloned(),
                SuccessFeedbackSampleRate: value(prefix, "SuccessFeedbackSampleRate").cloned(),
            };
            let any = config.FailureFeedbackRoleArn.is_some()
                || config.SuccessFeedbackRoleArn.is_some()
                || config.SuccessFeedbackSampleRate.is_some();
            any.then_some(config)
        })
        .collect();
    (!all.is_empty()).then_some(all)
}

/// Live attributes in the template's terms.
pub(super) fn own(attributes: &BTreeMap<String, String>) -> Props {
    let text = |name: &str| attributes.get(name).filter(|value| !value.is_empty()).cloned();
    let flag = |name: &str| attributes.get(name).map(|value| value == "true");
    Props {
        ArchivePolicy: parsed(attributes.get("ArchivePolicy")),
        ContentBasedDeduplication: flag("ContentBasedDeduplication"),
        DeliveryStatusLogging: logging(attributes),
        DisplayName: text("DisplayName"),
        FifoThroughputScope: text("FifoThroughputScope"),
        FifoTopic: flag("FifoTopic"),
        KmsMasterKeyId: text("KmsMasterKeyId"),
        MaximumMessageSize: text("MaximumMessageSize").and_then(|size| size.parse().ok()),
        SignatureVersion: text("SignatureVersion"),
        TracingConfig: text("TracingConfig"),
        ..Props::default()
    }
}
