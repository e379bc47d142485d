//! The role of a function that names none.

use super::build::{At, members};
use crate::{
    error::Problems,
    syntax::{Node, Tree},
};

/// The role's properties: trust, managed policies, inline policies named after the role and numbered.
pub(super) fn role(at: At<'_>, id: &str, given: &Tree, tags: Tree, problems: &mut Problems) -> Tree {
    let service =
        |name: &str| at.sub(&format!("arn:${{AWS::Partition}}:iam::aws:policy/service-role/{name}"));
    let mut managed = vec![service("AWSLambdaBasicExecutionRole")];
    if given.get("VpcConfig").is_some() {
        managed.push(service("AWSLambdaVPCAccessExecutionRole"));
    }
    let mut inline = Vec::new();
    let policies = given.get("Policies");
    let listed = match policies {
        Some(tree) => tree.as_list().unwrap_or(std::slice::from_ref(tree)),
        None => &[],
    };
    for policy in listed {
        match document(policy, problems) {
            Some(Policy::Managed(arn)) => managed.push(arn),
            Some(Policy::Inline(document)) => {
                let name = format!("{id}Policy{}", inline.len());
                inline.push(named(At(&policy.span), &name, document));
            }
            None => {}
        }
    }
    let trust = at.map([
        ("Version", at.text("2012-10-17")),
        (
            "Statement",
            at.list(vec![at.map([
                ("Effect", at.text("Allow")),
                ("Action", at.list(vec![at.text("sts:AssumeRole")])),
                ("Principal", at.map([("Service", at.list(vec![at.text("lambda.amazonaws.com")]))])),
            ])]),
        ),
    ]);
    let mut role = vec![
        at.entry("AssumeRolePolicyDocument", trust),
        at.entry("ManagedPolicyArns", at.list(managed)),
        at.entry("Tags", tags),
    ];
    if !inline.is_empty() {
        role.push(at.entry("Policies", at.list(inline)));
    }
    if let Some(boundary) = given.get("PermissionsBoundary") {
        role.push(at.entry("PermissionsBoundary", boundary.clone()));
    }
    at.entries(role)
}

enum Policy {
    Managed(Tree),
    Inline(Tree),
}

/// A policy with its name; one that depends on a condition keeps it around the whole.
fn named(at: At<'_>, name: &str, document: Tree) -> Tree {
    if let Some([condition, yes, no]) = document.get("Fn::If").and_then(Tree::as_list) {
        let either = |tree: &Tree| match tree.get("Ref").and_then(Tree::as_text) {
            Some("AWS::NoValue") => tree.clone(),
            _ => named(at, name, tree.clone()),
        };
        return at.map([("Fn::If", at.list(vec![condition.clone(), either(yes), either(no)]))]);
    }
    at.map([("PolicyName", at.text(name)), ("PolicyDocument", document)])
}

fn document(policy: &Tree, problems: &mut Problems) -> Option<Policy> {
    let at = At(&policy.span);
    if let Some(text) = policy.as_text() {
        // "ARN or name of an AWS managed policy" (Policies); what is in `service-role/` has to be named by its ARN.
        let arn = match text.strip_prefix("arn:") {
            Some(_) => at.text(text),
            None => at.sub(&format!("arn:${{AWS::Partition}}:iam::aws:policy/{text}")),
        };
        return Some(Policy::Managed(arn));
    }
    let entries = members(policy);
    if policy.get("Statement").is_some() {
        return Some(Policy::Inline(policy.clone()));
    }
    let [only] = entries else { return refused(policy, "it is no policy", problems) };
    match only.key.as_str() {
        "Fn::If" => match only.value.as_list() {
            Some([condition, yes, no]) => {
                let mut inner = |tree: &Tree| match tree.get("Ref").and_then(Tree::as_text) {
                    Some("AWS::NoValue") => Some(tree.clone()),
                    _ => match document(tree, problems)? {
                        Policy::Inline(document) => Some(document),
                        Policy::Managed(_) => {
                            refused(tree, "a managed policy under a condition", problems).and(None)
                        }
                    },
                };
                let (yes, no) = (inner(yes)?, inner(no)?);
                Some(Policy::Inline(at.map([("Fn::If", at.list(vec![condition.clone(), yes, no]))])))
            }
            _ => refused(policy, "Fn::If wants a condition and two policies", problems),
        },
        "Ref" | "Fn::Sub" | "Fn::GetAtt" | "Fn::Join" | "Fn::ImportValue" => {
            Some(Policy::Managed(policy.clone()))
        }
        template => match of_template(at, template, &only.value) {
            Some(document) => Some(Policy::Inline(document)),
            None => refused(policy, &format!("the policy template `{template}` is not supported"), problems),
        },
    }
}

fn refused(policy: &Tree, why: &str, problems: &mut Problems) -> Option<Policy> {
    problems
        .error("M1022", Some(&policy.span), format!("a policy of AWS::Serverless::Function: {why}"))
        .help("write the policy out: {Statement: [...]}");
    None
}

/// SAM's policy templates, as far as rotation functions use them.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html>
fn of_template(at: At<'_>, name: &str, arguments: &Tree) -> Option<Tree> {
    let actions = |all: &[&str]| at.list(all.iter().map(|action| at.text(*action)).collect());
    let statement = |all: &[&str], resource: Tree| {
        at.map([("Effect", at.text("Allow")), ("Action", actions(all)), ("Resource", resource)])
    };
    let statements = match name {
        "AWSSecretsManagerRotationPolicy" => {
            let function = arguments.get("FunctionName")?;
            let arn = at.joined(vec![
                at.sub("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"),
                function.clone(),
            ]);
            let secrets =
                at.sub("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*");
            let rotates = statement(
                &[
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage",
                ],
                secrets,
            );
            let only = at.map([("secretsmanager:resource/AllowRotationLambdaArn", arn)]);
            let rotates = super::build::with(&rotates, "Condition", at.map([("StringEquals", only)]));
            vec![rotates, statement(&["secretsmanager:GetRandomPassword"], at.text("*"))]
        }
        "VPCAccessPolicy" => vec![statement(
            &[
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DetachNetworkInterface",
            ],
            at.text("*"),
        )],
        _ => return None,
    };
    // Policy templates have no version; without one, IAM takes the old one.
    Some(Tree { value: Node::Map(vec![at.entry("Statement", at.list(statements))]), span: at.0.clone() })
}
