//! Policies that AWS manages: they exist in every account, under `arn:aws:iam::aws:policy/...`.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Value as Json, json};

use crate::sandbox::World;

/// Paths and names of all policies AWS manages, one a line, sorted.
static NAMES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("aws_managed.txt").lines().collect());

const PREFIX: &str = "arn:aws:iam::aws:policy/";
/// When most of them were made; the sandbox keeps no date for each.
const MADE: f64 = 1_423_000_000.0;

/// Whether AWS has a policy of that ARN.
pub(super) fn exists(arn: &str) -> bool {
    arn.strip_prefix(PREFIX).is_some_and(|name| NAMES.contains(name))
}

/// Whether the ARN is in AWS's own name space, existing or not.
pub(super) fn reserved(arn: &str) -> bool {
    arn.starts_with(PREFIX)
}

/// The policy as `GetPolicy` returns it.
pub(super) fn policy(world: &World, arn: &str) -> Option<Json> {
    let name = arn.strip_prefix(PREFIX).filter(|name| NAMES.contains(name))?;
    Some(describe(world, name))
}

/// All of them, as `ListPolicies` returns them.
pub(super) fn all(world: &World) -> impl Iterator<Item = Json> + use<'_> {
    NAMES.iter().map(|name| describe(world, name))
}

fn describe(world: &World, path: &str) -> Json {
    use sha2::{Digest, Sha256};
    let arn = format!("{PREFIX}{path}");
    let (folder, name) = path.rsplit_once('/').map_or(("/".to_owned(), path), |(f, n)| (format!("/{f}/"), n));
    let id = hex::encode(Sha256::digest(path))[..17].to_uppercase();
    json!({
        "PolicyName": name, "PolicyId": format!("ANPA{id}"), "Arn": arn, "Path": folder, "DefaultVersionId": "v1",
        "AttachmentCount": super::attachments::count(world, &arn), "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": true, "CreateDate": MADE, "UpdateDate": MADE,
    })
}

/// Documents of policies that are used most, as AWS publishes them (AWS Managed Policy Reference).
const TEXTS: &[(&str, &str)] = &[
    ("AdministratorAccess", EVERYTHING),
    (
        "AmazonS3FullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonS3ReadOnlyAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#,
    ),
    (
        "service-role/AWSLambdaBasicExecutionRole",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    ),
    (
        "service-role/AmazonECSTaskExecutionRolePolicy",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    ),
];

const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The document of a policy, if the sandbox has it.
pub(super) fn text(arn: &str) -> Option<&'static str> {
    let name = arn.strip_prefix(PREFIX)?;
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The single version the sandbox keeps of each. Where it does not have the text, one that grants everything stands for
/// it: nothing goes by it, and simulations are refused.
pub(super) fn version(arn: &str, version: &str) -> Option<Json> {
    (exists(arn) && version == "v1").then(|| {
        let text = super::documents::encoded(text(arn).unwrap_or(EVERYTHING));
        json!({"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": MADE, "Document": text})
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_exist_and_misspelled_ones_do_not() {
        assert!(exists("arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"));
        assert!(!exists("arn:aws:iam::aws:policy/AmazonDMSVPCManagementRole"));
        assert!(
            TEXTS
                .iter()
                .all(|(name, text)| NAMES.contains(name) && serde_json::from_str::<Json>(text).is_ok())
        );
        let world = World::new(1, 0);
        let policy =
            policy(&world, "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy").unwrap();
        assert_eq!(policy["Path"], "/service-role/");
    }
}
