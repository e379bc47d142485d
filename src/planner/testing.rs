//! Resource types and ledgers made up for planner tests: the planner must not depend on what is registered.

use std::{future::Future, pin::Pin};

use serde_json::{Value as Json, json};

use crate::{
    aws::OpError,
    check::link,
    graph::Graph,
    ledger::{Binding, Declared, Object, Permit, Resource, Snapshot, Stage},
    model::{
        Address, Addressable, Attributes, DeletionPolicy, Facts, Identity, NameRule, Once, Ownership,
        PhysicalId, Value, WaitPolicy, shape::Field,
    },
    resources::{AnyType, Created, Cx, Found, Goal, Joined, Part, Probe, Progress, Sight},
};

/// A type that only has facts and create-only properties.
struct Fake(Facts, &'static [&'static str]);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, OpError>> + Send + 'a>>;

fn never<'a, T: Send + 'a>() -> Answer<'a, T> {
    Box::pin(async { Err(OpError::not_sent("Fake", "planning calls nothing")) })
}

impl AnyType for Fake {
    fn facts(&self) -> &'static Facts {
        FAKES.iter().find(|fake| fake.0.kind == self.0.kind).map(|fake| &fake.0).expect("a fake")
    }
    fn fields(&self) -> &'static [Field] {
        &[]
    }
    fn same(&self, _: &str, desired: &Json, recorded: &Json) -> bool {
        desired == recorded
    }
    fn replaces(&self, _: &Json, _: &Json, changed: &[String]) -> Result<Vec<String>, OpError> {
        Ok(changed.iter().filter(|name| self.1.contains(&name.as_str())).cloned().collect())
    }
    fn check(&self, _: &Json) -> Vec<(String, String)> {
        Vec::new()
    }
    fn find<'a>(&'a self, _: &'a Cx<'a>, _: &'a Json) -> Answer<'a, Option<Found>> {
        never()
    }
    fn find_all<'a>(&'a self, _: &'a Cx<'a>, _: &'a Json) -> Answer<'a, Vec<Found>> {
        never()
    }
    fn probe<'a>(&'a self, _: &'a Cx<'a>, _: &'a PhysicalId, _: &'a Json, _: Goal) -> Answer<'a, Probe> {
        never()
    }
    fn read<'a>(&'a self, _: &'a Cx<'a>, _: &'a PhysicalId, _: &'a Json) -> Answer<'a, Option<Json>> {
        never()
    }
    fn ownership<'a>(
        &'a self,
        _: &'a Cx<'a>,
        _: &'a PhysicalId,
        _: &'a Json,
    ) -> Answer<'a, Option<Ownership>> {
        never()
    }
    fn sight<'a>(&'a self, _: &'a Cx<'a>, _: &'a PhysicalId, _: &'a Json) -> Answer<'a, Option<Sight<Json>>> {
        never()
    }
    fn attachments<'a>(&'a self, _: &'a Cx<'a>, _: &'a PhysicalId, _: &'a Json) -> Answer<'a, Vec<String>> {
        never()
    }
    fn create<'a>(&'a self, _: &'a Cx<'a>, _: &'a Permit, _: &'a Json) -> Answer<'a, Created> {
        never()
    }
    fn configure<'a>(
        &'a self,
        _: &'a Cx<'a>,
        _: &'a Permit,
        _: &'a PhysicalId,
        _: &'a Json,
    ) -> Answer<'a, Progress> {
        never()
    }
    fn update<'a>(
        &'a self,
        _: &'a Cx<'a>,
        _: &'a Permit,
        _: &'a PhysicalId,
        _: &'a Json,
        _: &'a Json,
        _: &'a [String],
    ) -> Answer<'a, Progress> {
        never()
    }
    fn delete<'a>(
        &'a self,
        _: &'a Cx<'a>,
        _: &'a Permit,
        _: &'a PhysicalId,
        _: &'a Json,
    ) -> Answer<'a, Progress> {
        never()
    }
    fn together<'a>(
        &'a self,
        _: &'a Cx<'a>,
        _: &'a Permit,
        parts: &'a [Part<'a, Json>],
        _: &'a [Json],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<Joined, OpError>>> + Send + 'a>> {
        let error = || OpError::not_sent("Fake", "planning calls nothing");
        Box::pin(async move { parts.iter().map(|_| Err(error())).collect() })
    }
}

const fn named(property: &'static str) -> Option<NameRule> {
    Some(NameRule { property, max: 63, lower: true, separator: '-' })
}

static FAKES: &[Fake] = &[
    Fake(Facts { early: &["Ref"], ..Facts::new("AWS::EC2::VPC", "ec2") }, &["CidrBlock"]),
    Fake(
        Facts {
            early: &["Ref"],
            once: Some(&[Once::Block("CidrBlock", &["VpcId"])]),
            ..Facts::new("AWS::EC2::Subnet", "ec2")
        },
        &["VpcId", "CidrBlock", "AvailabilityZone"],
    ),
    Fake(
        Facts {
            early: &["Ref", "GroupId"],
            once: Some(&[Once::Together(&["GroupName", "VpcId"])]),
            ..Facts::new("AWS::EC2::SecurityGroup", "ec2")
        },
        &["VpcId"],
    ),
    Fake(Facts::new("AWS::EC2::RouteTable", "ec2"), &["VpcId"]),
    Fake(
        Facts {
            identity: Identity::Name,
            once: Some(&[Once::Together(&["SubnetId"])]),
            ..Facts::new("AWS::EC2::SubnetRouteTableAssociation", "ec2")
        },
        &["SubnetId", "RouteTableId"],
    ),
    Fake(
        Facts {
            name: named("AlarmName"),
            identity: Identity::Name,
            arn: Some((&["Arn"], "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")),
            ..Facts::new("AWS::CloudWatch::Alarm", "cloudwatch")
        },
        &["AlarmName"],
    ),
    Fake(
        Facts {
            name: named("DBSubnetGroupName"),
            identity: Identity::Name,
            early: &["Ref"],
            ..Facts::new("AWS::RDS::DBSubnetGroup", "rds")
        },
        &["DBSubnetGroupName"],
    ),
    Fake(
        Facts {
            name: named("DBInstanceIdentifier"),
            identity: Identity::Name,
            early: &["Ref"],
            addressable: Some(Addressable {
                attributes: &["Endpoint.Address", "Endpoint.Port"],
                typical: std::time::Duration::from_secs(360),
            }),
            ready: Some(WaitPolicy::secs(420, 15, 3600)),
            gone: Some(WaitPolicy::secs(240, 15, 3600)),
            stateful: Some("the database and its automated backups"),
            arn: Some((&["DBInstanceArn"], "arn:{partition}:rds:{region}:{account}:db:{name}")),
            ..Facts::new("AWS::RDS::DBInstance", "rds")
        },
        &["DBInstanceIdentifier", "DBSubnetGroupName", "MasterUsername"],
    ),
    Fake(
        Facts {
            name: named("BucketName"),
            identity: Identity::Name,
            global: true,
            stateful: Some("the bucket and its objects"),
            arn: Some((&["Arn"], "arn:{partition}:s3:::{name}")),
            ..Facts::new("AWS::S3::Bucket", "s3")
        },
        &["BucketName"],
    ),
    Fake(
        Facts {
            asks: &[("TargetId", &["Endpoint.Address", "Endpoint.Port"])],
            ..Facts::new("AWS::SecretsManager::SecretTargetAttachment", "secretsmanager")
        },
        &["SecretId"],
    ),
];

/// Finds a made-up type.
#[must_use]
pub fn types(kind: &str) -> Option<&'static dyn AnyType> {
    FAKES.iter().find(|fake| fake.0.kind == kind).map(|fake| fake as &dyn AnyType)
}

/// A ledger after a complete run of a graph, every `Ref` being `id-<LogicalId>` and other attributes
/// `<Attribute>-of-<LogicalId>`.
#[must_use]
pub fn deployed(graph: &Graph) -> Snapshot {
    let links = link(graph, &types).expect("links");
    let mut snapshot = Snapshot::new("a1b2".into());
    snapshot.seq = 7;
    snapshot.binding = Some(Binding {
        migration: graph.migration.clone(),
        environment: graph.environment.clone(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        realm: "sandbox".into(),
        plan: None,
    });
    let empty = snapshot.clone();
    let input = super::PlanInput {
        graph,
        links: &links,
        snapshot: &empty,
        account: "123456789012",
        types: &types,
        replace: &[],
    };
    let set = super::plan(&input).expect("a plan");
    for step in set.steps {
        let super::Action::Create { properties, generation, keep, .. } = step.action else {
            panic!("a first run only creates")
        };
        let id = step.address.logical_id().to_owned();
        let properties = properties
            .resolve(&|r| Some(json!(attribute(r.address.logical_id(), &r.attribute))))
            .expect("properties resolve");
        let mut attributes: Attributes = ["Arn", "GroupId", "Endpoint.Address"]
            .iter()
            .map(|name| ((*name).to_owned(), json!(attribute(&id, name))))
            .collect();
        attributes.insert("Ref".into(), json!(attribute(&id, "Ref")));
        let current = object(&step.kind, &id, generation, properties, keep.depends_on, attributes);
        let mut current =
            Object { declared: Declared { metadata: keep.metadata, ..current.declared }, ..current };
        current.declared.deletion_policy = keep.deletion_policy;
        current.declared.update_replace_policy = keep.update_replace_policy;
        snapshot.resources.insert(
            step.address,
            Resource { current: Some(current), superseded: Vec::new(), next_generation: generation + 1 },
        );
    }
    snapshot
}

fn attribute(id: &str, name: &str) -> String {
    if name == "Ref" { format!("id-{id}") } else { format!("{name}-of-{id}") }
}

/// An object as the ledger holds it.
#[must_use]
pub fn object(
    kind: &str,
    id: &str,
    generation: u32,
    properties: Json,
    depends_on: Vec<Address>,
    attributes: Attributes,
) -> Object {
    Object {
        physical_id: PhysicalId(format!("id-{id}")),
        generation,
        made: String::new(),
        born: 0,
        settled: 0,
        stage: Stage::Ready,
        declared: Declared {
            kind: kind.into(),
            region: "us-east-1".into(),
            properties,
            deletion_policy: DeletionPolicy::Delete,
            update_replace_policy: DeletionPolicy::Delete,
            metadata: Json::Null,
            depends_on,
        },
        attributes,
        shared: false,
        attempted: None,
        stray: false,
        claimed: false,
        unwaited: None,
        marked: None,
        touched: String::new(),
    }
}

/// Sets one property of a node.
pub fn set(graph: &mut Graph, address: &str, property: &str, to: &Json) {
    let at = graph.index[address];
    if let Value::Map(map) = &mut graph.nodes[at].properties {
        map.insert(property.into(), crate::graph::testing::value(to));
    }
}
