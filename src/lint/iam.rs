//! Permissions and trust.

use super::{Lint, view::Part};
use crate::{error::Code, model::Value};

/// Where each type keeps policies for identities.
const POLICIES: &[(&str, &str)] = &[
    ("AWS::IAM::Policy", "PolicyDocument"),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
    ("AWS::IAM::RolePolicy", "PolicyDocument"),
    ("AWS::IAM::UserPolicy", "PolicyDocument"),
    ("AWS::IAM::GroupPolicy", "PolicyDocument"),
];

pub(super) static WILDCARD: Lint = Lint {
    code: Code::lint(
        "M8211",
        "iam-wildcard",
        "all actions, or all of a service, on every resource",
        "A statement that allows all actions, or all of a service, on all resources grants far more than anything needs. Name the actions or the resources.",
    )
    .from("AWS Identity and Access Management User Guide, Security best practices in IAM")
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: 's3:*', Resource: '*'}
",
    ),
    check: |view, report| {
        let mut documents: Vec<Part<'_>> = Vec::new();
        for (kind, property) in POLICIES {
            documents.extend(view.of(kind).map(|part| part.get(property)));
        }
        for kind in ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"] {
            for part in view.of(kind) {
                documents.extend(part.get("Policies").each().iter().map(|policy| policy.get("PolicyDocument")));
            }
        }
        for statement in documents.iter().flat_map(|document| document.get("Statement").each()) {
            let any = statement.get("Resource").each().iter().any(|resource| resource.text() == Some("*"));
            if statement.get("Effect").text() != Some("Allow") || !any || !statement.get("Condition").is_missing() {
                continue;
            }
            for action in statement.get("Action").each() {
                if let Some(text) = action.text().filter(|text| *text == "*" || text.ends_with(":*")) {
                    report
                        .at(&action, format!("`{text}` is allowed on every resource"))
                        .help("name the actions or the resources that are needed");
                }
            }
        }
    },
};

pub(super) static REGIONAL_PRINCIPAL: Lint = Lint {
    code: Code::lint(
        "M8212",
        "dms-regional-principal",
        "a role that DMS cannot assume to read a secret",
        "DMS reads secrets as its regional principal, dms.REGION.amazonaws.com; dms.amazonaws.com alone is not enough, and the endpoint's connection test fails.",
    )
    .from("AWS Database Migration Service User Guide, Using secrets to access endpoints")
    .template(
        "Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: dms.amazonaws.com}, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Secret}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {PasswordLength: 32}
  Endpoint:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: postgres
      SslMode: require
      DatabaseName: payments
      PostgreSqlSettings:
        SecretsManagerSecretId: !Ref Secret
        SecretsManagerAccessRoleArn: !GetAtt Role.Arn
",
    ),
    check: |view, report| {
        for endpoint in view.of("AWS::DMS::Endpoint") {
            for (_, block) in endpoint.members() {
                let place = block.get("SecretsManagerAccessRoleArn");
                let Some(role) = view.target_of(&place, "AWS::IAM::Role") else { continue };
                let wanted = format!("dms.{}.amazonaws.com", endpoint.node.region);
                if let Some(false) = trusts(&role, &wanted) {
                    let name = role.node.address.logical_id();
                    report
                        .at(&place, format!("{name} does not trust {wanted}"))
                        .label(&role.get("AssumeRolePolicyDocument"), "the role's trust")
                        .help(format!("add {wanted} to the trusted services"));
                }
            }
        }
    },
};

/// Whether a role trusts a service; `None` if it cannot be said.
fn trusts(role: &Part<'_>, service: &str) -> Option<bool> {
    let mut unsure = false;
    let statements = role.get("AssumeRolePolicyDocument.Statement");
    if !matches!(statements.value(), Some(Value::List(_) | Value::Map(_))) {
        return None;
    }
    for statement in statements.each() {
        let principals = statement.get("Principal.Service");
        for principal in principals.each() {
            match principal.text() {
                Some(text) if text == service || text.strip_suffix(".cn") == Some(service) => {
                    return Some(true);
                }
                Some(_) => {}
                None => unsure = true,
            }
        }
        unsure |= principals.value().is_none() && !principals.is_missing();
    }
    (!unsure).then_some(false)
}
