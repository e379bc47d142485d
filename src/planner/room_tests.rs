//! Tests of replacements that need the old object's name or place, with the types as they are.

use serde_json::json;

use super::{Action, ChangeSet, PlanInput, plan, testing::object};
use crate::{
    check::link,
    error::Diagnostic,
    graph::{Graph, testing::graph},
    ledger::{Resource, Snapshot},
    model::{Address, Attributes},
    resources::registry,
};

/// A ledger in which every resource of the graph exists with its properties as they are there; `Ref` is `id-<Id>`.
fn existing(graph: &Graph) -> Snapshot {
    let mut snapshot = Snapshot::new("a1b2".into());
    let links = link(graph, &registry::find).unwrap();
    for (at, node) in graph.nodes.iter().enumerate() {
        let id = node.address.logical_id();
        let properties =
            node.properties.resolve(&|r| Some(json!(format!("id-{}", r.address.logical_id())))).unwrap();
        let mut on: Vec<Address> = links.of(at).iter().map(|edge| edge.to.clone()).collect();
        on.sort();
        on.dedup();
        let attributes = Attributes::from([("Ref".to_owned(), json!(format!("id-{id}")))]);
        let mut current = object(&node.kind, id, 0, properties, on, attributes);
        current.declared.metadata = node.metadata.clone();
        current.declared.deletion_policy = node.deletion_policy;
        current.declared.update_replace_policy = node.update_replace_policy;
        let resource = Resource { current: Some(current), superseded: Vec::new(), next_generation: 1 };
        snapshot.resources.insert(node.address.clone(), resource);
    }
    snapshot
}

fn planned(before: &Graph, after: &Graph) -> Result<ChangeSet, Vec<Diagnostic>> {
    let links = link(after, &registry::find)?;
    plan(&PlanInput {
        graph: after,
        links: &links,
        snapshot: &existing(before),
        account: "123456789012",
        types: &registry::find,
        replace: &[],
    })
}

/// Whether the one step comes after the other, directly or through others.
fn after(set: &ChangeSet, later: &str, earlier: &str) -> bool {
    let named = |wanted: &str| {
        let found = set.steps.iter().position(|step| {
            let removes = matches!(step.action, Action::Delete { .. });
            wanted == format!("{} {}", if removes { "delete" } else { "make" }, step.address.logical_id())
        });
        found.unwrap_or_else(|| panic!("no step {wanted} in {:#?}", set.steps))
    };
    let (from, to) = (named(later), named(earlier));
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        for dependency in &set.steps[at].after {
            let on = dependency.step.0 as usize;
            if on == to {
                return true;
            }
            stack.push(on);
        }
    }
    false
}

const DB: &str = "AWS::RDS::DBInstance";

fn database(more: serde_json::Value) -> serde_json::Value {
    let mut all = json!({
        "DBInstanceIdentifier": "pay-db", "DBInstanceClass": "db.t3.medium", "Engine": "postgres",
        "AllocatedStorage": "20", "MasterUsername": "app", "ManageMasterUserPassword": true,
    });
    all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    all
}

/// A parameter group with a typing error must not cost the database that was to use it.
#[test]
fn a_database_goes_only_when_everything_is_there_that_its_successor_needs() {
    let before = graph(&[("a/Db", DB, database(json!({})))]);
    let now = graph(&[
        ("a/Group", "AWS::RDS::DBParameterGroup", json!({"Family": "postgres15", "Description": "d"})),
        ("a/Topic", "AWS::SNS::Topic", json!({})),
        ("a/Db", DB, database(json!({"StorageEncrypted": true, "DBParameterGroupName": {"Ref": "a/Group"}}))),
    ]);
    let set = planned(&before, &now).unwrap();
    assert!(after(&set, "make Db", "delete Db"));
    assert!(after(&set, "delete Db", "make Group"));
    assert!(!after(&set, "delete Db", "make Topic"), "what the successor does not need is not waited for");
}

/// The same where the successor has another logical id, and where a whole chain makes room.
#[test]
fn renamed_resources_and_chains_make_room_last_too() {
    let group =
        ("a/Group", "AWS::RDS::DBParameterGroup", json!({"Family": "postgres15", "Description": "d"}));
    let before = graph(&[("a/Old", DB, database(json!({})))]);
    let now =
        graph(&[group.clone(), ("a/New", DB, database(json!({"DBParameterGroupName": {"Ref": "a/Group"}})))]);
    let set = planned(&before, &now).unwrap();
    assert!(after(&set, "make New", "delete Old") && after(&set, "delete Old", "make Group"));

    let cluster = |more: serde_json::Value| {
        let mut all = json!({"ClusterName": "web"});
        all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        ("a/Cluster", "AWS::ECS::Cluster", all)
    };
    let service = |definition: &str, kind: &str| {
        let props = json!({"ServiceName": "web", "Cluster": {"Ref": "a/Cluster"}, "LaunchType": kind,
                           "TaskDefinition": definition});
        ("a/Service", "AWS::ECS::Service", props)
    };
    let task = json!({"Family": "web", "ContainerDefinitions": [{"Name": "a", "Image": "a", "Memory": 64}]});
    let before = graph(&[cluster(json!({})), service("web:1", "FARGATE")]);
    let mut now =
        graph(&[cluster(json!({})), ("a/Task", "AWS::ECS::TaskDefinition", task), service("web:1", "EC2")]);
    crate::planner::testing::set(&mut now, "a/Service", "TaskDefinition", &json!({"Ref": "a/Task"}));
    let set = planned(&before, &now).unwrap();
    assert!(after(&set, "make Service", "delete Service") && after(&set, "delete Service", "make Task"));
}

/// Revisions of a family never collide: the new one comes first, and the old one goes when its service has changed over.
#[test]
fn a_task_definition_is_registered_before_the_old_one_goes() {
    let plan = |memory: &str| {
        let task = json!({
            "Family": "web", "Memory": memory, "ContainerDefinitions": [{"Name": "a", "Image": "a"}],
        });
        let service = json!({"ServiceName": "web", "TaskDefinition": {"Ref": "a/Task"}});
        graph(&[("a/Task", "AWS::ECS::TaskDefinition", task), ("a/Service", "AWS::ECS::Service", service)])
    };
    let set = planned(&plan("512"), &plan("1024")).unwrap();
    assert!(after(&set, "make Service", "make Task"));
    assert!(after(&set, "delete Task", "make Service"), "{:#?}", set.steps);
}

/// A target group belongs to one load balancer: where the balancer is replaced and the group stays, the old listener goes
/// first, but not before the new balancer is there.
#[test]
fn a_kept_target_group_moves_to_the_new_load_balancer() {
    let plan = |scheme: &str| {
        graph(&[
            (
                "a/Lb",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({"Scheme": scheme, "Subnets": ["s"]}),
            ),
            ("a/Tg", "AWS::ElasticLoadBalancingV2::TargetGroup", json!({"Port": 80, "Protocol": "HTTP"})),
            (
                "a/Ls",
                "AWS::ElasticLoadBalancingV2::Listener",
                json!({"LoadBalancerArn": {"Ref": "a/Lb"}, "Port": 80, "Protocol": "HTTP",
                       "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "a/Tg"}}]}),
            ),
        ])
    };
    let set = planned(&plan("internal"), &plan("internet-facing")).unwrap();
    assert!(after(&set, "make Ls", "delete Ls"));
    assert!(after(&set, "delete Ls", "make Lb"));
    assert!(after(&set, "delete Lb", "make Ls"), "the old balancer goes last");
    let listener = set.steps.iter().find(|step| step.address.logical_id() == "Ls" && !step.after.is_empty());
    assert!(listener.is_some());
    let told = set.steps.iter().flat_map(|step| &step.after).any(|d| d.why.contains("requests fail until"));
    assert!(told, "the gap is announced: {:#?}", set.steps);
}

/// A network with everything in it moves to another VPC: what AWS changes within one VPC only is made anew, and so is the
/// gateway, which has one VPC at a time and is not let go while the old network has public addresses.
#[test]
fn a_network_moves_to_another_vpc_as_a_whole() {
    let plan = |block: &str| {
        let subnet = |n: u8| json!({"VpcId": {"Ref": "a/Vpc"}, "CidrBlock": format!("{block}.{n}.0/24")});
        graph(&[
            ("a/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": format!("{block}.0.0/16")})),
            ("a/A", "AWS::EC2::Subnet", subnet(0)),
            ("a/B", "AWS::EC2::Subnet", subnet(1)),
            (
                "a/Guard",
                "AWS::EC2::SecurityGroup",
                json!({"GroupDescription": "d", "VpcId": {"Ref": "a/Vpc"}}),
            ),
            ("a/Gate", "AWS::EC2::InternetGateway", json!({})),
            (
                "a/GateUp",
                "AWS::EC2::VPCGatewayAttachment",
                json!({"VpcId": {"Ref": "a/Vpc"}, "InternetGatewayId": {"Ref": "a/Gate"}}),
            ),
            (
                "a/Lb",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({"Subnets": [{"Ref": "a/A"}, {"Ref": "a/B"}], "SecurityGroups": [{"Ref": "a/Guard"}]}),
            ),
            (
                "a/Nets",
                "AWS::RDS::DBSubnetGroup",
                json!({"DBSubnetGroupDescription": "d", "SubnetIds": [{"Ref": "a/A"}, {"Ref": "a/B"}]}),
            ),
            ("a/Topic", "AWS::SNS::Topic", json!({})),
        ])
    };
    let set = planned(&plan("10.40"), &plan("10.50")).unwrap();
    for name in ["Vpc", "A", "B", "Guard", "Gate", "GateUp", "Lb", "Nets"] {
        let of = |step: &&crate::planner::Step| step.address.logical_id() == name;
        let verbs: Vec<&str> = set.steps.iter().filter(of).map(|step| step.action.verb()).collect();
        assert_eq!(verbs, ["replace", "delete"], "{name}");
        assert!(
            after(&set, &format!("delete {name}"), &format!("make {name}")),
            "{name}: the new one comes first"
        );
    }
    assert!(set.unchanged.iter().any(|address| address.logical_id() == "Topic"));
    // Other blocks in the same VPC: nothing but the subnets.
    let mut now = plan("10.40");
    crate::planner::testing::set(&mut now, "a/A", "CidrBlock", &json!("10.40.7.0/24"));
    let set = planned(&plan("10.40"), &now).unwrap();
    let replaced = set.steps.iter().filter(|step| step.action.verb() == "replace").count();
    assert_eq!(replaced, 1, "{:#?}", set.steps);
}

/// A subnet that grows over itself cannot be made beside its old self; one that grows over a neighbour waits for that.
#[test]
fn overlapping_blocks_are_one_place() {
    let vpc = ("a/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"}));
    let subnet = |block: &str| json!({"VpcId": {"Ref": "a/Vpc"}, "CidrBlock": block});
    let kind = "AWS::EC2::Subnet";
    let before = graph(&[vpc.clone(), ("a/A", kind, subnet("10.0.0.0/24"))]);
    let now = graph(&[vpc.clone(), ("a/A", kind, subnet("10.0.0.0/23"))]);
    let set = planned(&before, &now).unwrap();
    assert!(after(&set, "make A", "delete A"));

    let before =
        graph(&[vpc.clone(), ("a/A", kind, subnet("10.0.4.0/24")), ("a/B", kind, subnet("10.0.1.0/24"))]);
    let now = graph(&[vpc, ("a/A", kind, subnet("10.0.0.0/23"))]);
    let set = planned(&before, &now).unwrap();
    assert!(after(&set, "make A", "delete B") && after(&set, "delete A", "make A"));
}

/// RDS and DMS never go back to an older engine: refused while planning, unless a new object is made anyway.
#[test]
fn an_older_engine_version_is_refused() {
    let of = |version: &str, more: serde_json::Value| {
        let mut all = database(json!({"EngineVersion": version}));
        all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        graph(&[("a/Db", DB, all)])
    };
    let refused = planned(&of("15.14", json!({})), &of("15.7", json!({}))).unwrap_err();
    assert_eq!(refused[0].code, "M3007");
    assert!(refused[0].message.contains("15.14"), "{}", refused[0].message);
    assert!(planned(&of("15.7", json!({})), &of("15.14", json!({}))).is_ok());
    assert!(planned(&of("15.14", json!({})), &of("15.7", json!({"StorageEncrypted": true}))).is_ok());
    let instance = |version: &str| {
        let props = json!({"ReplicationInstanceClass": "dms.t3.medium", "EngineVersion": version});
        graph(&[("a/I", "AWS::DMS::ReplicationInstance", props)])
    };
    assert_eq!(planned(&instance("3.5.4"), &instance("3.5.3")).unwrap_err()[0].code, "M3007");
}

/// A whole protected stack does not leave the plan; a resource of it may.
#[test]
fn a_protected_stack_does_not_leave_the_plan() {
    let topic = "AWS::SNS::Topic";
    let before = graph(&[("a/A", topic, json!({})), ("b/B", topic, json!({})), ("b/C", topic, json!({}))]);
    let go = |after: &Graph| {
        let mut snapshot = existing(&before);
        snapshot.protected.insert("b".into());
        let links = link(after, &registry::find).unwrap();
        plan(&PlanInput {
            graph: after,
            links: &links,
            snapshot: &snapshot,
            account: "123456789012",
            types: &registry::find,
            replace: &[],
        })
    };
    assert_eq!(go(&graph(&[("a/A", topic, json!({}))])).unwrap_err()[0].code, "M5005");
    assert!(go(&graph(&[("a/A", topic, json!({})), ("b/B", topic, json!({}))])).is_ok());
}

/// What was lost and comes back under its fixed name does not cost its users a new object; what lives in it is made again.
#[test]
fn users_of_what_comes_back_under_its_name_stay() {
    let role = json!({"RoleName": "tasks", "AssumeRolePolicyDocument": {}});
    let task = json!({"Family": "web", "ContainerDefinitions": [{"Name": "a", "Image": "a"}],
                      "ExecutionRoleArn": {"Concat": ["arn:aws:iam::123456789012:role/", "tasks"]}});
    let mut now = graph(&[
        ("a/Role", "AWS::IAM::Role", role),
        ("a/Task", "AWS::ECS::TaskDefinition", task),
        ("a/Bucket", "AWS::S3::Bucket", json!({"BucketName": "pay"})),
        ("a/Policy", "AWS::S3::BucketPolicy", json!({"Bucket": "pay", "PolicyDocument": {}})),
        (
            "a/Nets",
            "AWS::RDS::DBSubnetGroup",
            json!({"DBSubnetGroupName": "nets", "DBSubnetGroupDescription": "d"}),
        ),
        ("a/Db", DB, database(json!({"DBSubnetGroupName": "nets"}))),
        (
            "a/Fn",
            "AWS::Lambda::Function",
            json!({"FunctionName": "fn", "Role": "r", "Code": {"ZipFile": "x"}, "Handler": "h", "Runtime": "python3.12"}),
        ),
        (
            "a/Permission",
            "AWS::Lambda::Permission",
            json!({"FunctionName": "fn", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}),
        ),
    ]);
    let mut snapshot = existing(&now);
    crate::planner::testing::set(
        &mut now,
        "a/Task",
        "ExecutionRoleArn",
        &json!({"Fn::GetAtt": "a/Role.Arn"}),
    );
    crate::planner::testing::set(&mut now, "a/Policy", "Bucket", &json!({"Ref": "a/Bucket"}));
    crate::planner::testing::set(&mut now, "a/Db", "DBSubnetGroupName", &json!({"Ref": "a/Nets"}));
    crate::planner::testing::set(&mut now, "a/Permission", "FunctionName", &json!({"Ref": "a/Fn"}));
    for lost in ["Role", "Bucket", "Nets", "Fn"] {
        snapshot.resources.get_mut(&Address::new("a", lost)).unwrap().current = None;
    }
    let links = link(&now, &registry::find).unwrap();
    let set = plan(&PlanInput {
        graph: &now,
        links: &links,
        snapshot: &snapshot,
        account: "123456789012",
        types: &registry::find,
        replace: &[],
    })
    .unwrap();
    let verbs: std::collections::BTreeMap<&str, &str> = set
        .steps
        .iter()
        .filter(|step| !matches!(step.action, Action::Delete { .. }))
        .map(|step| (step.address.logical_id(), step.action.verb()))
        .collect();
    assert_eq!(verbs["Task"], "update");
    assert_eq!(verbs["Db"], "update");
    assert_eq!(verbs["Policy"], "replace", "it went with its bucket");
    assert_eq!(verbs["Permission"], "replace", "it went with its function");
}
