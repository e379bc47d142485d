//! `AWS::Serverless::Application`: a nested stack whose template the Serverless Application Repository has. SAM makes an
//! `AWS::CloudFormation::Stack` of it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html>

use super::build::{At, members};
use crate::{
    error::{Problems, hint},
    resources::custom::STACK,
    syntax::{Entry, Node, Tree},
};

const PROPERTIES: &[&str] = &["Location", "NotificationARNs", "Parameters", "Tags", "TimeoutInMinutes"];

/// Where AWS publishes rotation functions, by partition (aws/aws-cdk, `applicationArnForPartition` of
/// packages/aws-cdk-lib/aws-secretsmanager/lib/secret-rotation.ts).
pub(super) const PUBLISHED: &[(&str, &str)] = &[
    ("aws", "arn:aws:serverlessrepo:us-east-1:297356227824:applications/"),
    ("aws-cn", "arn:aws-cn:serverlessrepo:cn-north-1:193023089310:applications/"),
    ("aws-us-gov", "arn:aws-us-gov:serverlessrepo:us-gov-west-1:023102451235:applications/"),
];

/// How the address of an application begins that stands for its template.
const SCHEME: &str = "serverlessrepo://";

/// An application of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Application {
    /// Its ARN.
    pub id: String,
    /// Its semantic version; the latest one if none is named.
    pub version: Option<String>,
}

impl Application {
    /// The same application as it is published in a partition: AWS publishes its own in each by another account.
    pub(in crate::template) fn within(self, partition: &str) -> Self {
        let rotation = self.id.strip_prefix(PUBLISHED[0].1).filter(|name| name.starts_with("SecretsManager"));
        let place = PUBLISHED.iter().find(|(other, _)| *other == partition);
        match (rotation, place) {
            (Some(name), Some((_, place))) => Self { id: format!("{place}{name}"), ..self },
            _ => self,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

/// The application that an address stands for.
pub(in crate::template) fn application(address: &str) -> Option<Application> {
    let (id, version) = address.strip_prefix(SCHEME)?.split_once('@')?;
    Some(Application { id: id.to_owned(), version: (!version.is_empty()).then(|| version.to_owned()) })
}

/// The address that stands for the template of an application, as a function of its parts.
pub(super) fn address(at: At<'_>, id: Tree, version: Option<Tree>) -> Tree {
    let mut parts = vec![at.text(SCHEME), id, at.text("@")];
    parts.extend(version);
    at.joined(parts)
}

/// The nested stack of an application.
pub(super) fn stack(entry: &Entry, problems: &mut Problems) -> Entry {
    let at = At(&entry.key_span);
    let none = at.entries(Vec::new());
    let given = entry.value.get("Properties").unwrap_or(&none);
    let mut properties = Vec::new();
    for member in members(given) {
        match member.key.as_str() {
            "Location" => match url(&member.value) {
                Some(url) => properties.push(at.entry("TemplateURL", url)),
                None => {
                    let message = "`Location` names an application by ApplicationId and SemanticVersion";
                    problems
                        .error("M1022", Some(&member.value.span), message)
                        .help("a template of your own is nested by AWS::CloudFormation::Stack");
                }
            },
            // A map, where stacks have a list.
            "Tags" => {
                let tags = members(&member.value)
                    .iter()
                    .map(|tag| at.map([("Key", at.text(tag.key.clone())), ("Value", tag.value.clone())]));
                properties.push(at.entry("Tags", at.list(tags.collect())));
            }
            known if PROPERTIES.contains(&known) => properties.push(member.clone()),
            other => {
                let message = format!("AWS::Serverless::Application has no property `{other}`");
                let help = hint(other, "it takes", PROPERTIES.iter().copied());
                problems.error("M2002", Some(&member.key_span), message).maybe_help(help);
            }
        }
    }
    let mut attributes: Vec<Entry> = members(&entry.value)
        .iter()
        .filter(|one| !matches!(one.key.as_str(), "Type" | "Properties"))
        .cloned()
        .collect();
    attributes.push(at.entry("Type", at.text(STACK)));
    attributes.push(at.entry("Properties", Tree { value: Node::Map(properties), span: given.span.clone() }));
    Entry { value: Tree { value: Node::Map(attributes), span: entry.value.span.clone() }, ..entry.clone() }
}

fn url(location: &Tree) -> Option<Tree> {
    let (id, version) = (location.get("ApplicationId")?, location.get("SemanticVersion")?);
    Some(address(At(&location.span), id.clone(), Some(version.clone())))
}
