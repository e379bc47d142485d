//! Passwords and keys that stand in the plan as plain text.

use serde_json::Value as Json;

use super::{Lint, view::Part};
use crate::{
    error::Code,
    graph::{ParameterDraft, StackDraft},
    model::secret::is_secret_name,
};

/// Properties that hold a secret, by type; `*` stands for every settings block or list item.
const SECRETS: &[(&str, &[&str])] = &[
    ("AWS::RDS::DBInstance", &["MasterUserPassword"]),
    ("AWS::RDS::DBCluster", &["MasterUserPassword"]),
    ("AWS::DMS::Endpoint", &["Password", "*.Password"]),
    ("AWS::SecretsManager::Secret", &["SecretString"]),
    ("AWS::Redshift::Cluster", &["MasterUserPassword"]),
    ("AWS::ElastiCache::ReplicationGroup", &["AuthToken"]),
];

pub(super) static PLAINTEXT: Lint = Lint {
    code: Code::lint(
        "M8201",
        "plaintext-secret",
        "a secret as plain text",
        "Whoever can read the plan, or its history, has the secret. Let AWS generate it (GenerateSecretString) and refer to it with {{resolve:secretsmanager:...}}, or take it from a NoEcho parameter.",
    )
    .from("AWS CloudFormation User Guide, Security best practices")
    .template(
        "Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: '{\"username\": \"admin\", \"password\": \"correct-horse\"}'
",
    ),
    check: |view, report| {
        let mut found: Vec<Part<'_>> = Vec::new();
        for (kind, properties) in SECRETS {
            for part in view.of(kind) {
                for property in *properties {
                    match property.strip_prefix("*.") {
                        Some(inner) => found.extend(part.members().iter().map(|(_, block)| block.get(inner))),
                        None => found.push(part.get(property)),
                    }
                }
            }
        }
        for task in view.of("AWS::ECS::TaskDefinition") {
            for container in task.get("ContainerDefinitions").each() {
                let variables = container.get("Environment").each();
                let secret = variables.iter().filter(|v| v.get("Name").text().is_some_and(is_secret_name));
                found.extend(secret.map(|variable| variable.get("Value")));
            }
        }
        for function in view.of("AWS::Lambda::Function") {
            let variables = function.get("Environment.Variables").members();
            found.extend(variables.into_iter().filter(|(name, _)| is_secret_name(name)).map(|(_, value)| value));
        }
        for part in found {
            let Some(text) = part.text() else { continue };
            // What a database is made with is its password, whatever the words are.
            let path = part.path();
            let used = path.ends_with("Password") || path.ends_with("AuthToken");
            if text.is_empty() || points_elsewhere(text) || !used && stands_for_one(text) {
                continue;
            }
            report
                .at(&part, "the secret stands here as plain text")
                .masked()
                .help("use {{resolve:secretsmanager:NAME:SecretString:KEY}}, or a NoEcho parameter");
        }
    },
};

/// A text that says where the secret is, not what it is.
fn points_elsewhere(text: &str) -> bool {
    text.starts_with("arn:") || text.starts_with("${") || text.starts_with('/')
}

/// A switch, or words that stand where the secret is to come: neither is one.
fn stands_for_one(text: &str) -> bool {
    const SWITCHES: &[&str] =
        &["true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null"];
    const WORDS: &[&str] = &[
        "changeme",
        "replaceme",
        "placeholder",
        "todo",
        "tbd",
        "tobereplaced",
        "tobedefined",
        "dummy",
        "redacted",
    ];
    if let Ok(Json::Object(members)) = serde_json::from_str::<Json>(text) {
        let mut secrets = members.iter().filter(|(name, _)| is_secret_name(name)).peekable();
        return secrets.peek().is_some()
            && secrets.all(|(_, value)| {
                value.as_str().is_none_or(|value| value.is_empty() || stands_for_one(value))
            });
    }
    let lower = text.trim().to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    SWITCHES.contains(&lower.as_str())
        || WORDS.iter().any(|word| letters == *word || letters.starts_with("replacewith"))
        || lower.starts_with('<') && lower.ends_with('>')
        || !lower.is_empty() && lower.chars().all(|c| matches!(c, 'x' | '*' | '.' | '-'))
        || lower.len() <= 2 && lower.chars().all(|c| c.is_ascii_digit())
}

pub(super) static SHOWN_PARAMETER: Lint = Lint {
    code: Code::lint(
        "M8202",
        "secret-parameter-shown",
        "a secret parameter without NoEcho",
        "Without NoEcho the value is shown in reviews and kept in the ledger.",
    )
    .from("AWS CloudFormation User Guide, Parameters")
    .template(
        "Parameters:
  DatabasePassword:
    Type: String
    Default: '{{resolve:ssm:/shop/password}}'
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: !Ref DatabasePassword
",
    ),
    check: |view, report| {
        for parameter in parameters(view.stacks) {
            if is_secret_name(&parameter.name) && parameter.text && !parameter.hidden && !parameter.switch {
                report
                    .place(
                        None,
                        Some(parameter.span.clone()),
                        format!("the parameter `{}` is shown wherever it is used", parameter.name),
                    )
                    .help("add `NoEcho: true`");
            }
        }
    },
};

pub(super) static DEFAULT_SECRET: Lint = Lint {
    code: Code::lint(
        "M8203",
        "secret-parameter-default",
        "a secret parameter with a default",
        "NoEcho hides what is given, not what the template itself says.",
    )
    .from("AWS CloudFormation User Guide, Parameters")
    .template(
        "Parameters:
  DatabasePassword:
    Type: String
    NoEcho: true
    Default: correct-horse
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: !Ref DatabasePassword
",
    ),
    check: |view, report| {
        for parameter in parameters(view.stacks).filter(|parameter| parameter.hidden) {
            if let Some(span) = &parameter.default {
                report
                    .place(
                        None,
                        Some(span.clone()),
                        format!("the default of `{}` stands here as plain text", parameter.name),
                    )
                    .masked()
                    .help("leave the default out");
            }
        }
    },
};

/// The parameters of all stacks; stacks of one template are asked once each, findings are told once.
fn parameters(stacks: &[StackDraft]) -> impl Iterator<Item = &ParameterDraft> {
    stacks.iter().flat_map(|stack| &stack.parameters)
}
