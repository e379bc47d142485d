//! `AWS::SecretsManager::SecretTargetAttachment`: writes a database's connection details into a secret, so that
//! whoever reads the secret (DMS, an application) can connect.
//!
//! There is no such object in AWS: the attachment is the members `engine`, `host`, `port`, `dbname` and
//! `dbInstanceIdentifier` or `dbClusterIdentifier` in the secret's JSON. They are merged by `PutSecretValue` and taken out again on
//! delete. `TargetId` waits until the database's address is certain, which is before it is available. Databases
//! (`AWS::RDS::DBInstance`) and clusters (`AWS::RDS::DBCluster`) are implemented; other targets are refused.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use serde_json::{Map, Value as Json, json};

use super::value::{CONNECTION, current, put};
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, Sight},
};

crate::props! {
    /// The properties.
    pub struct Props { SecretId: String, TargetId: String, TargetType: String }
}

/// `AWS::SecretsManager::SecretTargetAttachment`.
pub struct SecretTargetAttachment;

const INSTANCE: &str = "AWS::RDS::DBInstance";
const CLUSTER: &str = "AWS::RDS::DBCluster";

/// Our own code for a database without an address yet.
const NOT_READY: &str = "DBInstanceNotReady";

fn attributes(secret: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(secret)), ("Id".to_owned(), json!(secret))])
}

/// The name in a `TargetId`, which may be a name or an ARN, as RDS keeps it.
fn target(props: &Props) -> String {
    let id = props.TargetId.as_deref().unwrap_or_default();
    id.rsplit(':').next().unwrap_or(id).to_lowercase()
}

/// The member that names the target.
fn member(props: &Props) -> &'static str {
    if props.TargetType.as_deref() == Some(CLUSTER) { "dbClusterIdentifier" } else { "dbInstanceIdentifier" }
}

fn attached(value: &Map<String, Json>, props: &Props) -> bool {
    value.get(member(props)).and_then(Json::as_str) == Some(target(props).as_str())
}

/// The members that connect to a cluster: to its writer.
fn of_cluster(live: &DbCluster) -> Option<Map<String, Json>> {
    let mut out = Map::new();
    out.insert("engine".into(), json!(live.engine()?));
    out.insert("host".into(), json!(live.endpoint()?));
    out.insert("port".into(), json!(live.port()?));
    out.insert("dbClusterIdentifier".into(), json!(live.db_cluster_identifier()?));
    if let Some(name) = live.database_name() {
        out.insert("dbname".into(), json!(name));
    }
    Some(out)
}

/// What the target says of itself.
async fn described(cx: &Cx<'_>, props: &Props, name: &str) -> Result<Option<Map<String, Json>>, OpError> {
    let rds = cx.sdk.rds();
    if props.TargetType.as_deref() == Some(CLUSTER) {
        let answer = rds.describe_db_clusters().db_cluster_identifier(name).send().await;
        let live = answer.map_err(op("DescribeDBClusters"))?.db_clusters.unwrap_or_default();
        return Ok(live.first().and_then(of_cluster));
    }
    let answer = rds.describe_db_instances().db_instance_identifier(name).send().await;
    let live = answer.map_err(op("DescribeDBInstances"))?.db_instances.unwrap_or_default();
    Ok(live.first().and_then(connection))
}

/// The members that connect to a database.
fn connection(live: &DbInstance) -> Option<Map<String, Json>> {
    let endpoint = live.endpoint()?;
    let mut out = Map::new();
    out.insert("engine".into(), json!(live.engine()?));
    out.insert("host".into(), json!(endpoint.address()?));
    out.insert("port".into(), json!(endpoint.port()?));
    out.insert("dbInstanceIdentifier".into(), json!(live.db_instance_identifier()?));
    if let Some(name) = live.db_name() {
        out.insert("dbname".into(), json!(name));
    }
    Some(out)
}

/// Merges the target's connection details into the secret.
async fn attach(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<String, OpError> {
    if !matches!(props.TargetType.as_deref(), Some(INSTANCE | CLUSTER)) {
        return Err(OpError::not_sent(
            "PutSecretValue",
            format!("only {INSTANCE} and {CLUSTER} are implemented as TargetType"),
        ));
    }
    let secret = props.SecretId.as_deref().unwrap_or_default();
    let name = target(props);
    let details = described(cx, props, &name).await?.ok_or_else(|| OpError {
        operation: "DescribeDBInstances".into(),
        code: Some(NOT_READY.into()),
        message: format!("the database {name} has no address yet"),
        request_id: None,
        certainty: Certainty::Rejected,
        barrier: None,
    })?;
    let mut value = current(cx, secret).await?.unwrap_or_default();
    value.retain(|member, _| !CONNECTION.contains(&member.as_str()));
    value.extend(details);
    put(cx, secret, permit.token(), value).await?;
    Ok(secret.to_owned())
}

impl ResourceType for SecretTargetAttachment {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        // PutSecretValue would replace the connection details of whatever database the secret is attached to.
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Id"],
        // The members `host` and `port`: an address is all it takes, the database need not answer.
        asks: &[("TargetId", &["Endpoint.Address", "Endpoint.Port"])],
        parts_in: &["TargetId"],
        retry: &[Retry { code: NOT_READY, message: "", why: "the database has no address yet" }],
        iam: &[
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
        ],
        ..Facts::new("AWS::SecretsManager::SecretTargetAttachment", "secretsmanager")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("TargetId", Some(a), Some(b)) => {
                a.rsplit(':').next().zip(b.rsplit(':').next()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
            }
            _ => desired == recorded,
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        match props["TargetType"].as_str() {
            Some(INSTANCE | CLUSTER) | None => Vec::new(),
            Some(other) => {
                let why = format!("{other} is not implemented, only {INSTANCE} and {CLUSTER}");
                vec![("TargetType".into(), why)]
            }
        }
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(secret) = &props.SecretId else { return Ok(None) };
        let Some(value) = current(cx, secret).await? else { return Ok(None) };
        let named =
            ["dbInstanceIdentifier", "dbClusterIdentifier"].iter().any(|name| value.contains_key(*name));
        let ownership = match named {
            true if attached(&value, props) => Ownership::Untaggable,
            true => Ownership::Foreign,
            false => return Ok(None),
        };
        Ok(Some(Found { id: secret.as_str().into(), attributes: attributes(secret), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let there = current(cx, id.as_str()).await?.is_some_and(|value| attached(&value, props));
        Ok(match (there, goal) {
            (true, Goal::Ready) => Probe::Reached(attributes(id.as_str())),
            (false, Goal::Gone) => Probe::Reached(Attributes::new()),
            (true, Goal::Gone) => Probe::Pending("still attached".into()),
            (false, Goal::Ready) => Probe::Pending("not attached yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(value) = current(cx, id.as_str()).await? else { return Ok(None) };
        let kinds = [("dbInstanceIdentifier", INSTANCE), ("dbClusterIdentifier", CLUSTER)];
        let found = kinds.iter().find_map(|(member, kind)| Some((value.get(*member)?.as_str()?, *kind)));
        Ok(found.map(|(name, kind)| Props {
            SecretId: Some(id.as_str().to_owned()),
            TargetId: Some(name.to_owned()),
            TargetType: Some(kind.to_owned()),
        }))
    }

    /// The value is read once: what it names tells whose it is.
    async fn sight(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Option<Sight<Props>>, OpError> {
        let live = <Self as ResourceType>::read(cx, id, props).await?;
        Ok(live.map(|properties| {
            let same = properties.TargetId.as_deref() == Some(target(props).as_str())
                && properties.TargetType.as_deref() == Some(props.TargetType.as_deref().unwrap_or(INSTANCE));
            let ownership = if same { Ownership::Untaggable } else { Ownership::Foreign };
            Sight { properties, ownership }
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let secret = attach(cx, permit, props).await?;
        Ok(Created { attributes: attributes(&secret), id: secret.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        _id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        attach(cx, permit, change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let Some(mut value) = current(cx, id.as_str()).await?.filter(|value| attached(value, props)) else {
            return Ok(Progress::Absent);
        };
        value.retain(|member, _| !CONNECTION.contains(&member.as_str()));
        put(cx, id.as_str(), permit.token(), value).await?;
        Ok(Progress::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abc123";

    fn bench() -> Bench {
        let bench = Bench::new();
        bench.world(|world| {
            let value = json!({"username": "payments", "password": "not-a-real-one"}).to_string();
            world.put("secretsmanager.secret", "us-east-1/db", json!({
                "ARN": ARN, "Name": "db", "Tags": [], "CreatedDate": 1.0, "_region": "us-east-1",
                "_versions": [{"VersionId": "00000000-0000-0000-0000-000000000000", "CreatedDate": 1.0,
                    "VersionStages": ["AWSCURRENT"], "SecretString": value}],
            }));
            for name in ["one", "two"] {
                world.put("rds.db-instance", &format!("us-east-1/{name}"), json!({
                    "DBInstanceIdentifier": name, "Engine": "postgres", "DBInstanceStatus": "available", "DBName": "payments",
                    "Endpoint": {"Address": format!("{name}.example"), "Port": 5432},
                }));
            }
            world.put("rds.db-cluster", "us-east-1/three", json!({
                "DBClusterIdentifier": "three", "Engine": "aurora-postgresql", "Status": "available", "DatabaseName": "ledger",
                "Endpoint": "three.cluster-x.example", "Port": 5433,
            }));
        });
        bench
    }

    fn props(target: &str) -> Json {
        json!({"SecretId": ARN, "TargetId": target, "TargetType": INSTANCE})
    }

    #[test]
    fn keeps_the_law() {
        bench().law_covering::<SecretTargetAttachment>(&[
            (props("one"), Some(props("two"))),
            (props("one"), Some(json!({"SecretId": ARN, "TargetId": "three", "TargetType": CLUSTER}))),
        ]);
    }

    #[test]
    fn merges_and_takes_back_only_the_connection() {
        let bench = bench();
        let typed: Props = serde_json::from_value(props("One")).unwrap();
        bench.cx(|cx| {
            bench.run(async {
                let id = SecretTargetAttachment::create(cx, &bench.permit(), &typed).await.unwrap().id;
                let value = current(cx, ARN).await.unwrap().unwrap();
                assert_eq!((&value["host"], &value["port"]), (&json!("one.example"), &json!(5432)));
                assert_eq!((&value["username"], &value["dbname"]), (&json!("payments"), &json!("payments")));
                SecretTargetAttachment::delete(cx, &bench.permit(), &id, &typed).await.unwrap();
                let value = current(cx, ARN).await.unwrap().unwrap();
                assert_eq!(value.keys().collect::<Vec<_>>(), ["password", "username"]);
            });
        });
    }

    /// The address of a cluster is its writer's.
    #[test]
    fn a_cluster_is_attached_by_its_own_member() {
        let bench = bench();
        let typed = json!({"SecretId": ARN, "TargetId": "arn:aws:rds:us-east-1:123456789012:cluster:three", "TargetType": CLUSTER});
        let typed: Props = serde_json::from_value(typed).unwrap();
        bench.cx(|cx| {
            bench.run(async {
                SecretTargetAttachment::create(cx, &bench.permit(), &typed).await.unwrap();
                let value = current(cx, ARN).await.unwrap().unwrap();
                assert_eq!(
                    (&value["host"], &value["port"]),
                    (&json!("three.cluster-x.example"), &json!(5433))
                );
                assert_eq!(value["dbClusterIdentifier"], "three");
                assert!(!value.contains_key("dbInstanceIdentifier"));
            });
        });
    }

    #[test]
    fn a_database_without_an_address_is_to_be_tried_again() {
        let bench = bench();
        bench.world(|world| {
            world.get_mut("rds.db-instance", "us-east-1/one").unwrap()["Endpoint"] = Json::Null
        });
        let typed: Props = serde_json::from_value(props("one")).unwrap();
        let error = bench
            .cx(|cx| bench.run(SecretTargetAttachment::create(cx, &bench.permit(), &typed)))
            .unwrap_err();
        assert!(error.is(&[NOT_READY]) && error.certainty == Certainty::Rejected);
    }
}
