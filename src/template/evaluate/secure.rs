//! Where `{{resolve:ssm-secure:...}}` may stand.

use super::plan::Eval;
use crate::model::item::{Item, Kind};

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
pub(super) fn check(here: Eval<'_, '_>, kind: &str, properties: &Item) {
    if properties.any_text(&|text| text.contains(OPEN)) {
        walk(here, kind, &mut Vec::new(), properties);
    }
}

fn walk<'i>(here: Eval<'_, '_>, kind: &str, path: &mut Vec<&'i str>, item: &'i Item) {
    match &item.kind {
        Kind::Map(members) => {
            for member in members {
                path.push(&member.key);
                walk(here, kind, path, &member.value);
                path.pop();
            }
        }
        Kind::List(items) => items.iter().for_each(|item| walk(here, kind, path, item)),
        _ if item.any_text(&|text| text.contains(OPEN)) => {
            let place = path.join(".");
            if !ALLOWED.contains(&(kind, place.as_str())) {
                let message = "a secure parameter cannot be read here".to_owned();
                let help = "AWS reads {{resolve:ssm-secure:...}} for a few passwords only; {{resolve:secretsmanager:...}} works in every property";
                here.error("M1103", &item.span, message, Some(help.to_owned()));
            }
        }
        _ => {}
    }
}
