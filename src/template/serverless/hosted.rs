//! `HostedRotationLambda` of a rotation schedule: the application of the repository that does this kind of rotation, nested,
//! and the schedule with its function. The transform puts "the Lambda function ... in a nested stack in the processed
//! template. It uses a function template from the AWS Secrets Manager Rotation Lambda Functions repository, based on the value
//! of the RotationType property"; the same functions are published as applications.
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_available-rotation-templates.html>

use sha2::{Digest, Sha256};

use super::{
    application::{PUBLISHED, address},
    build::{At, members, with, without},
};
use crate::{
    error::{Problems, hint},
    resources::custom::STACK,
    syntax::{Entry, Tree},
};

/// The type that has such a function.
pub(super) const SCHEDULE: &str = "AWS::SecretsManager::RotationSchedule";

/// Kinds of rotation, and the application that does each.
const ROTATIONS: &[(&str, &str)] = &[
    ("Db2MultiUser", "SecretsManagerRDSDb2RotationMultiUser"),
    ("Db2SingleUser", "SecretsManagerRDSDb2RotationSingleUser"),
    ("MariaDBMultiUser", "SecretsManagerRDSMariaDBRotationMultiUser"),
    ("MariaDBSingleUser", "SecretsManagerRDSMariaDBRotationSingleUser"),
    ("MongoDBMultiUser", "SecretsManagerMongoDBRotationMultiUser"),
    ("MongoDBSingleUser", "SecretsManagerMongoDBRotationSingleUser"),
    ("MySQLMultiUser", "SecretsManagerRDSMySQLRotationMultiUser"),
    ("MySQLSingleUser", "SecretsManagerRDSMySQLRotationSingleUser"),
    ("OracleMultiUser", "SecretsManagerRDSOracleRotationMultiUser"),
    ("OracleSingleUser", "SecretsManagerRDSOracleRotationSingleUser"),
    ("PostgreSQLMultiUser", "SecretsManagerRDSPostgreSQLRotationMultiUser"),
    ("PostgreSQLSingleUser", "SecretsManagerRDSPostgreSQLRotationSingleUser"),
    ("RedshiftMultiUser", "SecretsManagerRedshiftRotationMultiUser"),
    ("RedshiftSingleUser", "SecretsManagerRedshiftRotationSingleUser"),
    ("SQLServerMultiUser", "SecretsManagerRDSSQLServerRotationMultiUser"),
    ("SQLServerSingleUser", "SecretsManagerRDSSQLServerRotationSingleUser"),
];

/// Members of `HostedRotationLambda`, and the parameter of the application that each is.
const PARAMETERS: &[(&str, &str)] = &[
    ("ExcludeCharacters", "excludeCharacters"),
    ("KmsKeyArn", "kmsKeyArn"),
    ("MasterSecretArn", "masterSecretArn"),
    ("MasterSecretKmsKeyArn", "masterSecretKmsKeyArn"),
    ("RotationLambdaName", "functionName"),
    ("Runtime", "runtime"),
    ("SuperuserSecretArn", "superuserSecretArn"),
    ("SuperuserSecretKmsKeyArn", "superuserSecretKmsKeyArn"),
    ("VpcSecurityGroupIds", "vpcSecurityGroupIds"),
    ("VpcSubnetIds", "vpcSubnetIds"),
];

/// Longest name of a function.
const MAX_NAME: usize = 64;

/// A schedule and the nested stack of its function.
pub(super) fn schedule(stack: &str, entry: &Entry, problems: &mut Problems) -> Vec<Entry> {
    let properties = entry.value.get("Properties");
    let Some((properties, hosted)) = properties.and_then(|all| Some((all, all.get("HostedRotationLambda")?)))
    else {
        return vec![entry.clone()];
    };
    let at = At(&hosted.span);
    if let Some(own) = properties.entry("RotationLambdaARN") {
        let message = "either HostedRotationLambda or RotationLambdaARN says which function rotates the secret, not both";
        problems.error("M1022", Some(&own.key_span), message);
        return vec![entry.clone()];
    }
    let kind = hosted.get("RotationType").and_then(Tree::as_text).unwrap_or_default();
    let Some((_, application)) = ROTATIONS.iter().find(|(name, _)| *name == kind) else {
        let message = format!("HostedRotationLambda: `{kind}` is no RotationType");
        let help = hint(kind, "it is one of", ROTATIONS.iter().map(|(name, _)| *name));
        problems.error("M1022", Some(&hosted.span), message).maybe_help(help);
        return vec![entry.clone()];
    };
    let id = format!("{}HostedRotationLambda", entry.key);
    let mut parameters =
        vec![at.entry("endpoint", at.sub("https://secretsmanager.${AWS::Region}.${AWS::URLSuffix}"))];
    if hosted.get("RotationLambdaName").is_none() {
        parameters.push(at.entry("functionName", at.text(made_up(stack, &entry.key))));
    }
    for member in members(hosted).iter().filter(|member| member.key != "RotationType") {
        match PARAMETERS.iter().find(|(name, _)| *name == member.key) {
            Some((_, parameter)) => parameters.push(at.entry(parameter, member.value.clone())),
            None => {
                let message = format!("HostedRotationLambda has no `{}`", member.key);
                let help = hint(&member.key, "it takes", PARAMETERS.iter().map(|(name, _)| *name));
                problems.error("M2002", Some(&member.key_span), message).maybe_help(help);
            }
        }
    }
    // The latest version, as the transform takes it: "your Lambda functions now automatically update their runtime
    // configuration and internal dependencies" when the stack is updated.
    let url = address(at, at.text(format!("{}{application}", PUBLISHED[0].1)), None);
    let mut nested = vec![
        at.entry("Type", at.text(STACK)),
        at.entry("Properties", at.map([("TemplateURL", url), ("Parameters", at.entries(parameters))])),
    ];
    nested.extend(entry.value.entry("Condition").cloned());
    let properties = with(
        &without(properties, "HostedRotationLambda"),
        "RotationLambdaARN",
        at.attribute(&id, "Outputs.RotationLambdaARN"),
    );
    let schedule = with(&entry.value, "Properties", properties);
    vec![at.entry(&id, at.entries(nested)), Entry { value: schedule, ..entry.clone() }]
}

/// The name of a function that the template does not name: CloudFormation makes it up too.
fn made_up(stack: &str, id: &str) -> String {
    let fit = |text: &str| -> String {
        text.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect()
    };
    let digest = hex::encode(Sha256::digest(format!("{stack}/{id}")));
    let mut name = format!("SecretsManager-{}-{}", fit(stack), fit(id));
    name.truncate(MAX_NAME - 9);
    format!("{name}-{}", &digest[..8])
}
