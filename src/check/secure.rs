//! Where `{{resolve:ssm-secure:...}}` may stand.

use crate::{
    error::{Class, Diagnostic},
    model::item::{Item, Kind},
};

const OPEN: &str = "{{resolve:ssm-secure:";

/// The properties for which CloudFormation reads secure parameters.
const ALLOWED: &[(&str, &str)] = &[
    ("AWS::DirectoryService::MicrosoftAD", "Password"),
    ("AWS::DirectoryService::SimpleAD", "Password"),
    ("AWS::ElastiCache::ReplicationGroup", "AuthToken"),
    ("AWS::IAM::User", "LoginProfile.Password"),
    ("AWS::KinesisFirehose::DeliveryStream", "RedshiftDestinationConfiguration.Password"),
    ("AWS::RDS::DBCluster", "MasterUserPassword"),
    ("AWS::RDS::DBInstance", "MasterUserPassword"),
    ("AWS::Redshift::Cluster", "MasterUserPassword"),
];

/// Refuses secure parameters in the properties of a resource of this type, or in an output.
pub(super) fn check(kind: &str, properties: &Item) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if properties.any_text(&|text| text.contains(OPEN)) {
        walk(kind, &mut Vec::new(), properties, &mut found);
    }
    found
}

fn walk<'i>(kind: &str, path: &mut Vec<&'i str>, item: &'i Item, found: &mut Vec<Diagnostic>) {
    match &item.kind {
        Kind::Map(members) => {
            for member in members {
                path.push(&member.key);
                walk(kind, path, &member.value, found);
                path.pop();
            }
        }
        Kind::List(items) => items.iter().for_each(|item| walk(kind, path, item, found)),
        _ if item.any_text(&|text| text.contains(OPEN)) => {
            let place = path.join(".");
            if !ALLOWED.contains(&(kind, place.as_str())) {
                let message = "a secure parameter cannot be read here";
                let help = "AWS reads {{resolve:ssm-secure:...}} for a few passwords only; {{resolve:secretsmanager:...}} works in every property";
                let error = Diagnostic::error("M1103", Class::Plan, message);
                found.push(error.span(Some(item.span.clone())).help(help));
            }
        }
        _ => {}
    }
}
