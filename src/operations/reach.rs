//! What reaches what: from a record, a service or an endpoint along balancers, groups, task definitions, secrets and host
//! names to databases.

use base64::Engine as _;
use serde_json::{Value as Json, json};

use super::inventory::{Inventory, Thing};

/// One way to a database.
#[derive(Debug)]
pub struct Way<'i> {
    /// The resources passed, the first one included.
    pub over: Vec<&'i Thing>,
    /// The database.
    pub to: &'i Thing,
}

impl Way<'_> {
    /// As people read it.
    #[must_use]
    pub fn words(&self) -> String {
        let names: Vec<&str> =
            self.over.iter().skip(1).chain([&self.to]).map(|thing| thing.address.logical_id()).collect();
        format!("it reaches {}", names.join(" > "))
    }
}

const DATABASES: [&str; 2] = ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];

/// Which types lead on from which, and through which of their properties; everything else is a dead end. A service's
/// network or role says nothing about which database it uses.
fn leads(from: &str) -> &'static [(&'static str, &'static str)] {
    match from {
        "AWS::Route53::RecordSet" => &[
            ("AliasTarget", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
            ("ResourceRecords", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
            ("ResourceRecords", "AWS::RDS::DBInstance"),
            ("ResourceRecords", "AWS::RDS::DBCluster"),
        ],
        "AWS::ElasticLoadBalancingV2::Listener" | "AWS::ElasticLoadBalancingV2::ListenerRule" => &[
            ("DefaultActions", "AWS::ElasticLoadBalancingV2::TargetGroup"),
            ("Actions", "AWS::ElasticLoadBalancingV2::TargetGroup"),
        ],
        "AWS::ECS::Service" => &[("TaskDefinition", "AWS::ECS::TaskDefinition")],
        "AWS::AutoScaling::AutoScalingGroup" => &[
            ("LaunchTemplate", "AWS::EC2::LaunchTemplate"),
            ("MixedInstancesPolicy", "AWS::EC2::LaunchTemplate"),
        ],
        "AWS::EC2::LaunchTemplate" => &[
            ("LaunchTemplateData", "AWS::SecretsManager::Secret"),
            ("LaunchTemplateData", "AWS::RDS::DBInstance"),
            ("LaunchTemplateData", "AWS::RDS::DBCluster"),
        ],
        "AWS::ECS::TaskDefinition" => &[
            ("ContainerDefinitions", "AWS::SecretsManager::Secret"),
            ("ContainerDefinitions", "AWS::RDS::DBInstance"),
            ("ContainerDefinitions", "AWS::RDS::DBCluster"),
        ],
        "AWS::DMS::Endpoint" => &[
            ("DocDbSettings", "AWS::SecretsManager::Secret"),
            ("GcpMySQLSettings", "AWS::SecretsManager::Secret"),
            ("IbmDb2Settings", "AWS::SecretsManager::Secret"),
            ("MicrosoftSqlServerSettings", "AWS::SecretsManager::Secret"),
            ("MongoDbSettings", "AWS::SecretsManager::Secret"),
            ("MySqlSettings", "AWS::SecretsManager::Secret"),
            ("OracleSettings", "AWS::SecretsManager::Secret"),
            ("PostgreSqlSettings", "AWS::SecretsManager::Secret"),
            ("SybaseSettings", "AWS::SecretsManager::Secret"),
            ("ServerName", "AWS::RDS::DBInstance"),
            ("ServerName", "AWS::RDS::DBCluster"),
        ],
        "AWS::DMS::DataProvider" => {
            &[("Settings", "AWS::RDS::DBInstance"), ("Settings", "AWS::RDS::DBCluster")]
        }
        "AWS::SecretsManager::SecretTargetAttachment" => {
            &[("TargetId", "AWS::RDS::DBInstance"), ("TargetId", "AWS::RDS::DBCluster")]
        }
        _ => &[],
    }
}

/// Which types are found by who refers to them: a balancer by its listeners, a group by its services, a secret by its
/// attachment.
fn followed(from: &str) -> &'static [(&'static str, &'static str)] {
    match from {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            &[("AWS::ElasticLoadBalancingV2::Listener", "LoadBalancerArn")]
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => &[
            ("AWS::ECS::Service", "LoadBalancers"),
            ("AWS::AutoScaling::AutoScalingGroup", "TargetGroupARNs"),
        ],
        "AWS::SecretsManager::Secret" => &[("AWS::SecretsManager::SecretTargetAttachment", "SecretId")],
        _ => &[],
    }
}

/// A property as it is searched for names: user data as an instance reads it.
fn searched(thing: &Thing, property: &str) -> Json {
    let mut value = thing.properties[property].clone();
    let decoded = value["UserData"]
        .as_str()
        .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    if let Some(bytes) = decoded {
        value["UserData"] = json!(String::from_utf8_lossy(&bytes));
    }
    value
}

/// All databases that can be reached, each with one way to it.
#[must_use]
pub fn reaches<'i>(things: &'i Inventory, from: &'i Thing) -> Vec<Way<'i>> {
    let mut found: Vec<Way<'i>> = Vec::new();
    let mut seen = vec![&from.address];
    let mut open = vec![vec![from]];
    while let Some(way) = open.pop() {
        let Some(last) = way.last().copied() else { continue };
        let ahead = leads(&last.kind)
            .iter()
            .flat_map(|(property, kind)| {
                let searched = searched(last, property);
                things.of_kind(kind).filter(move |thing| thing.mentioned_by(&searched))
            })
            .chain(followed(&last.kind).iter().flat_map(|(kind, property)| {
                things.of_kind(kind).filter(|thing| last.mentioned_by(&thing.properties[*property]))
            }));
        for next in ahead {
            if DATABASES.contains(&next.kind.as_str()) {
                if found.iter().all(|way| way.to.address != next.address) {
                    found.push(Way { over: way.clone(), to: next });
                }
            } else if !seen.contains(&&next.address) {
                seen.push(&next.address);
                let mut longer = way.clone();
                longer.push(next);
                open.push(longer);
            }
        }
    }
    found
}
