//! Tests of planning over hand-made graphs and ledgers.

use serde_json::{Value as Json, json};

use super::{
    Action, ChangeSet, PlanInput, Shown, plan, teardown,
    testing::{deployed, object, set, types},
    unpermitted,
};
use crate::{
    check::link,
    error::Diagnostic,
    graph::{Graph, Needs, testing::graph},
    ledger::{Snapshot, Stage},
    model::{Address, Attributes, DeletionPolicy, Value},
};

/// Two subnets with a database, and an alarm on it.
fn shop() -> Graph {
    graph(&[
        ("net/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})),
        ("net/SubnetA", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}, "CidrBlock": "10.0.0.0/24"})),
        ("net/SubnetB", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}, "CidrBlock": "10.0.1.0/24"})),
        (
            "app/Group",
            "AWS::RDS::DBSubnetGroup",
            json!({"SubnetIds": [{"Ref": "net/SubnetA"}, {"Ref": "net/SubnetB"}]}),
        ),
        (
            "app/Db",
            "AWS::RDS::DBInstance",
            json!({"DBSubnetGroupName": {"Ref": "app/Group"}, "MasterUsername": "shop", "AllocatedStorage": 20}),
        ),
        (
            "app/Alarm",
            "AWS::CloudWatch::Alarm",
            json!({"Threshold": 5, "Dimensions": [{"Name": "Db", "Value": {"Ref": "app/Db"}}]}),
        ),
    ])
}

fn planned(graph: &Graph, snapshot: &Snapshot) -> Result<ChangeSet, Vec<Diagnostic>> {
    let links = link(graph, &types)?;
    let set = plan(&PlanInput {
        graph,
        links: &links,
        snapshot,
        account: "123456789012",
        types: &types,
        replace: &[],
    })?;
    sound(&set);
    Ok(set)
}

/// What every change set promises.
fn sound(set: &ChangeSet) {
    for (at, step) in set.steps.iter().enumerate() {
        assert_eq!(step.id.0 as usize, at);
        assert!(!step.why.is_empty(), "{} has no reason", step.address);
        for dependency in &step.after {
            assert!(dependency.step < step.id, "{} comes before what it waits for", step.address);
            assert!(!dependency.why.is_empty());
        }
    }
}

/// One line a step: verb, address, generation, fields, what it waits for.
fn lines(set: &ChangeSet) -> Vec<String> {
    set.steps
        .iter()
        .map(|step| {
            let more = match &step.action {
                Action::Create { generation, .. } => format!(" g{generation}"),
                Action::Update { fields, .. } | Action::Finish { fields, .. } => {
                    format!(" {}", fields.join(","))
                }
                Action::Delete { generation, superseded, .. }
                | Action::Forget { generation, superseded, .. } => {
                    format!(" g{generation}{}", if *superseded { " superseded" } else { "" })
                }
            };
            let after: Vec<String> = step.after.iter().map(|d| d.step.to_string()).collect();
            let line =
                format!("{} {} {}{more} [{}]", step.id, step.action.verb(), step.address, after.join(" "));
            line.replace("  ", " ")
        })
        .collect()
}

fn whys(set: &ChangeSet) -> Vec<String> {
    set.steps.iter().map(|step| format!("{}: {}", step.address.logical_id(), step.why)).collect()
}

#[test]
fn an_empty_ledger_means_creating_everything_in_order_with_names() {
    let set = planned(&shop(), &Snapshot::new("a1b2".into())).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 create net/Vpc g0 []",
            "1 create net/SubnetA g0 [0]",
            "2 create net/SubnetB g0 [0]",
            "3 create app/Group g0 [1 2]",
            "4 create app/Db g0 [3]",
            "5 create app/Alarm g0 [4]",
        ]
    );
    let Action::Create { properties, keep, .. } = &set.steps[4].action else { panic!() };
    let name = properties.get("DBInstanceIdentifier").and_then(Value::as_str).unwrap();
    assert!(name.starts_with("app-db-"), "{name}");
    assert_eq!(keep.depends_on, [Address::new("app", "Group")]);
    assert_eq!(set.steps[5].after[0].needs, Needs::Created);
    assert_eq!(set.steps[4].typical_s, 420);
    assert_eq!(set.summary().create, 6);
}

#[test]
fn what_did_not_change_is_left_alone() {
    let shop = shop();
    let set = planned(&shop, &deployed(&shop)).unwrap();
    assert!(set.is_empty(), "{:?}", lines(&set));
    assert_eq!(set.unchanged.len(), 6);
}

#[test]
fn a_change_in_place_names_the_very_place() {
    let mut shop = shop();
    let ledger = deployed(&shop);
    set(&mut shop, "app/Alarm", "Threshold", &json!(9));
    set(&mut shop, "app/Alarm", "Dimensions", &json!([{"Name": "Database", "Value": {"Ref": "app/Db"}}]));
    set(&mut shop, "app/Db", "AllocatedStorage", &Json::Null);
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        ["0 update app/Db AllocatedStorage []", "1 update app/Alarm Dimensions,Threshold [0]"]
    );
    assert_eq!(
        whys(&set),
        ["Db: AllocatedStorage changes in place", "Alarm: Dimensions and Threshold change in place"]
    );
    let told: Vec<_> = set.steps[1].changes.iter().map(|c| (c.property.as_str(), &c.old, &c.new)).collect();
    assert_eq!(
        told,
        [
            ("Dimensions[Db]", &Shown::Value(json!({"Name": "Db", "Value": "id-Db"})), &Shown::Absent),
            (
                "Dimensions[Database]",
                &Shown::Absent,
                &Shown::Value(json!({"Name": "Database", "Value": "id-Db"})),
            ),
            ("Threshold", &Shown::Value(json!(5)), &Shown::Value(json!(9))),
        ]
    );
    assert_eq!(set.steps[0].changes[0].new, Shown::Absent);
}

#[test]
fn a_replacement_cascades_and_the_old_objects_go_last_in_reverse() {
    let mut shop = shop();
    let ledger = deployed(&shop);
    set(&mut shop, "net/Vpc", "CidrBlock", &json!("10.8.0.0/16"));
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 replace net/Vpc g1 []",
            "1 replace net/SubnetA g1 [0]",
            "2 replace net/SubnetB g1 [0]",
            "3 update app/Group SubnetIds [1 2]",
            "4 delete net/SubnetA g0 superseded [1 3]",
            "5 delete net/SubnetB g0 superseded [2 3]",
            "6 delete net/Vpc g0 superseded [0 1 2 4 5]",
        ]
    );
    assert_eq!(
        whys(&set)[1..4],
        [
            "SubnetA: net/Vpc is replaced, and VpcId refers to it",
            "SubnetB: net/Vpc is replaced, and VpcId refers to it",
            "Group: net/SubnetA is replaced, and SubnetIds refers to it",
        ]
    );
    assert!(set.steps[0].why.starts_with("CidrBlock"));
    assert_eq!(set.steps[1].changes[0].new, Shown::KnownAfter("net/Vpc".into()));
    assert!(set.steps[1].changes[0].replaces);
    assert_eq!(set.steps[3].changes[0].property, "SubnetIds.0");
    // The database keeps its subnet group, whose name does not change.
    assert!(set.unchanged.contains(&Address::new("app", "Db")));
}

#[test]
fn a_stateful_replacement_gets_a_new_name_and_is_flagged() {
    let mut shop = shop();
    let ledger = deployed(&shop);
    set(&mut shop, "app/Db", "MasterUsername", &json!("admin"));
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 replace app/Db g1 []",
            "1 update app/Alarm Dimensions [0]",
            "2 delete app/Db g0 superseded [0 1]",
        ]
    );
    let Action::Create { properties, replaces, .. } = &set.steps[0].action else { panic!() };
    let old =
        &ledger.current(&Address::new("app", "Db")).unwrap().declared.properties["DBInstanceIdentifier"];
    assert_ne!(properties.get("DBInstanceIdentifier").and_then(Value::as_str), old.as_str());
    assert_eq!(replaces.as_ref().unwrap().as_str(), "id-Db");
    assert_eq!(
        set.steps[2].data_loss.as_deref(),
        Some("the database and its automated backups would be lost")
    );
    let db = Address::new("app", "Db");
    assert_eq!(unpermitted(&set, &[]).iter().map(|s| &s.address).collect::<Vec<_>>(), [&db]);
    assert!(unpermitted(&set, &[db]).is_empty());
}

#[test]
fn an_explicit_name_forces_the_old_object_out_first_and_its_users_before_it() {
    let mut shop = shop();
    set(&mut shop, "app/Db", "DBInstanceIdentifier", &json!("shop-db"));
    set(&mut shop, "app/Group", "DBSubnetGroupName", &json!("shop-group"));
    let ledger = deployed(&shop);
    let group = shop.index["app/Group"];
    shop.nodes[group].region = "eu-west-1".into();
    // Another region: the names do not collide.
    let set = planned(&shop, &ledger).unwrap();
    // The database, which is in its successor's way, waits until the group is there that the successor needs.
    assert!(lines(&set).contains(&"0 replace app/Group g1 []".to_owned()), "{:#?}", lines(&set));
    assert!(lines(&set).contains(&"1 delete app/Db g0 superseded [0]".to_owned()), "{:#?}", lines(&set));
    // Same region and name, but half deleted: the old group must go first, and the database on it before.
    shop.nodes[group].region = "us-east-1".into();
    let mut ledger = ledger;
    ledger.resources.get_mut("app/Group").unwrap().current.as_mut().unwrap().stage = Stage::Deleting;
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 delete app/Db g0 superseded []",
            "1 delete app/Group g0 superseded [0]",
            "2 replace app/Group g1 [1]",
            "3 replace app/Db g1 [0 2]",
            "4 update app/Alarm Dimensions [3]",
        ]
    );
    assert_eq!(set.steps[2].why, "its deletion was begun in an earlier run");
}

#[test]
fn an_explicit_name_that_is_kept_by_policy_cannot_be_replaced() {
    let mut shop = shop();
    set(&mut shop, "app/Db", "DBInstanceIdentifier", &json!("shop-db"));
    let ledger = deployed(&shop);
    set(&mut shop, "app/Db", "MasterUsername", &json!("admin"));
    let db = shop.index["app/Db"];
    shop.nodes[db].update_replace_policy = DeletionPolicy::Retain;
    let problems = planned(&shop, &ledger).unwrap_err();
    assert_eq!(problems[0].code, "M3005");
}

#[test]
fn a_name_taken_out_of_the_template_becomes_a_generated_one() {
    let mut shop = shop();
    set(&mut shop, "app/Alarm", "AlarmName", &json!("too-many"));
    let ledger = deployed(&shop);
    set(&mut shop, "app/Alarm", "AlarmName", &Json::Null);
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(lines(&set), ["0 replace app/Alarm g1 []", "1 delete app/Alarm g0 superseded [0]"]);
    assert_eq!(set.steps[0].changes[0].old, Shown::Value(json!("too-many")));
}

#[test]
fn what_leaves_the_plan_goes_after_its_users_turned_away_and_by_its_policy() {
    let before = shop();
    let mut ledger = deployed(&before);
    let mut after = graph(&[
        ("net/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})),
        ("net/SubnetA", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}, "CidrBlock": "10.0.0.0/24"})),
        ("app/Group", "AWS::RDS::DBSubnetGroup", json!({"SubnetIds": [{"Ref": "net/SubnetA"}]})),
    ]);
    let set = planned(&after, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 delete app/Alarm g0 []",
            "1 delete app/Db g0 [0]",
            "2 update app/Group SubnetIds []",
            "3 delete net/SubnetB g0 [2]",
        ]
    );
    assert_eq!(set.steps[1].why, "it is no longer in the plan");
    assert!(set.steps[1].data_loss.is_some() && set.steps[0].data_loss.is_none());
    assert_eq!(set.summary().delete, 3);
    // Everything but the group goes too; the database stays where it is.
    let db = ledger.resources.get_mut("app/Db").unwrap().current.as_mut().unwrap();
    db.declared.deletion_policy = DeletionPolicy::Retain;
    ledger.resources.get_mut("net/Vpc").unwrap().current.as_mut().unwrap().shared = true;
    after.nodes.clear();
    after.index.clear();
    let set = planned(&after, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 delete app/Alarm g0 []",
            "1 forget app/Db g0 [0]",
            "2 delete app/Group g0 [1]",
            "3 delete net/SubnetA g0 [2]",
            "4 delete net/SubnetB g0 [2]",
            "5 forget net/Vpc g0 [3 4]",
        ]
    );
    assert_eq!(set.steps[1].data_loss, None);
    assert_eq!(set.steps[5].why, "it is no longer in the plan; it was there before and others may use it");
}

#[test]
fn a_new_logical_id_with_the_old_name_waits_for_the_old_object() {
    let before = graph(&[("app/Old", "AWS::S3::Bucket", json!({"BucketName": "shop-data"}))]);
    let after = graph(&[("app/Aaa", "AWS::S3::Bucket", json!({"BucketName": "shop-data"}))]);
    let set = planned(&after, &deployed(&before)).unwrap();
    assert_eq!(lines(&set), ["0 delete app/Old g0 []", "1 create app/Aaa g0 [0]"]);
    assert_eq!(set.steps[1].after[0].why, "app/Old holds the same name or place until it is gone");
}

#[test]
fn a_changed_association_of_the_same_subnet_needs_the_old_one_gone() {
    let mut net = graph(&[
        ("net/Subnet", "AWS::EC2::Subnet", json!({})),
        ("net/One", "AWS::EC2::RouteTable", json!({})),
        ("net/Two", "AWS::EC2::RouteTable", json!({})),
        (
            "net/Assoc",
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({"SubnetId": {"Ref": "net/Subnet"}, "RouteTableId": {"Ref": "net/One"}}),
        ),
    ]);
    let ledger = deployed(&net);
    set(&mut net, "net/Assoc", "RouteTableId", &json!({"Ref": "net/Two"}));
    let set = planned(&net, &ledger).unwrap();
    assert_eq!(lines(&set), ["0 delete net/Assoc g0 superseded []", "1 replace net/Assoc g1 [0]"]);
}

#[test]
fn interrupted_steps_are_finished_with_whatever_changed_meanwhile() {
    let mut shop = shop();
    let mut ledger = deployed(&shop);
    let db = ledger.resources.get_mut("app/Db").unwrap().current.as_mut().unwrap();
    db.stage = Stage::Created;
    db.attributes.remove("Endpoint.Address");
    let alarm = ledger.resources.get_mut("app/Alarm").unwrap().current.as_mut().unwrap();
    alarm.stage = Stage::Updating;
    let mut attempted = alarm.declared.properties.clone();
    attempted["Threshold"] = json!(99);
    alarm.attempted = Some(attempted);
    set(&mut shop, "app/Db", "AllocatedStorage", &json!(40));
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(lines(&set), ["0 finish app/Db AllocatedStorage []", "1 finish app/Alarm Threshold [0]"]);
    assert!(set.steps[1].why.starts_with("its update was begun"));
}

#[test]
fn an_interrupted_replacement_is_carried_on() {
    let mut shop = shop();
    let mut ledger = deployed(&shop);
    set(&mut shop, "app/Db", "MasterUsername", &json!("admin"));
    let resource = ledger.resources.get_mut("app/Db").unwrap();
    let old = resource.current.take().unwrap();
    let mut properties = old.declared.properties.clone();
    properties["MasterUsername"] = json!("admin");
    properties["DBInstanceIdentifier"] = json!(crate::aws::physical_name(
        types("AWS::RDS::DBInstance").unwrap().facts().name.as_ref().unwrap(),
        "a1b2",
        &Address::new("app", "Db"),
        1
    ));
    let attributes: Attributes = [("Ref".to_owned(), json!("id-Db2"))].into();
    let mut new =
        object(&old.declared.kind, "Db2", 1, properties, old.declared.depends_on.clone(), attributes);
    new.stage = Stage::Created;
    resource.current = Some(new);
    resource.superseded = vec![old];
    resource.next_generation = 2;
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        ["0 finish app/Db []", "1 update app/Alarm Dimensions [0]", "2 delete app/Db g0 superseded [0 1]",]
    );
    assert_eq!(set.steps[1].changes[0].new, Shown::Value(json!("id-Db2")));
}

#[test]
fn policies_and_metadata_change_without_a_call() {
    let mut shop = shop();
    let ledger = deployed(&shop);
    let db = shop.index["app/Db"];
    shop.nodes[db].deletion_policy = DeletionPolicy::Snapshot;
    shop.nodes[db].metadata = json!({"Owner": "payments"});
    shop.nodes[db].depends_on = vec![Address::new("net", "Vpc")];
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(lines(&set), ["0 update app/Db []"]);
    assert_eq!(
        set.steps[0].why,
        "its deletion policy becomes Snapshot; its metadata changes; it depends on other resources than before"
    );
    assert_eq!(set.steps[0].typical_s, 0);
}

#[test]
fn another_region_or_type_means_another_object() {
    let mut shop = shop();
    let ledger = deployed(&shop);
    let alarm = shop.index["app/Alarm"];
    shop.nodes[alarm].region = "eu-west-1".into();
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(set.steps[0].why, "the region changes from us-east-1 to eu-west-1");
    assert_eq!(set.steps[1].region, "us-east-1");
    shop.nodes[alarm].region = "us-east-1".into();
    shop.nodes[alarm].kind = "AWS::S3::Bucket".into();
    let set = planned(&shop, &ledger).unwrap();
    assert_eq!(set.steps[0].why, "the type changes from AWS::CloudWatch::Alarm to AWS::S3::Bucket");
    assert_eq!(set.steps[1].kind, "AWS::CloudWatch::Alarm");
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let mut bad = graph(&[("app/X", "AWS::Nope::Nope", json!({})), ("app/Y", "AWS::EC2::VPC", json!({}))]);
    set(&mut bad, "app/Y", "CidrBlock", &json!({"Concat": [{}]}));
    let told: Vec<&str> =
        planned(&bad, &Snapshot::new("a".into())).unwrap_err().iter().map(|problem| problem.code).collect();
    assert_eq!(told, ["M3003", "M3004"]);
}

#[test]
fn destroy_works_from_the_ledger_alone() {
    let mut ledger = deployed(&shop());
    let resource = ledger.resources.get_mut("app/Db").unwrap();
    let current = resource.current.as_mut().unwrap();
    current.generation = 1;
    current.declared.metadata = json!({"Migrate": {"EmptyOnDelete": true}});
    current.declared.deletion_policy = DeletionPolicy::Snapshot;
    let mut old = current.clone();
    old.generation = 0;
    old.stage = Stage::Deleting;
    resource.superseded.push(old);
    let set = teardown(&ledger, "123456789012", &types);
    sound(&set);
    assert_eq!(
        lines(&set),
        [
            "0 delete app/Alarm g0 []",
            "1 delete app/Db g1 [0]",
            "2 delete app/Db g0 superseded [0]",
            "3 delete app/Group g0 [1 2]",
            "4 delete net/SubnetA g0 [3]",
            "5 delete net/SubnetB g0 [3]",
            "6 delete net/Vpc g0 [4 5]",
        ]
    );
    assert_eq!(set.steps[1].why, "everything is destroyed; what it holds goes with it (EmptyOnDelete)");
    assert!(set.steps[1].data_loss.as_ref().unwrap().contains("final snapshot"));
    assert_eq!(set.target.serial, 7);
}

#[test]
fn a_deletion_that_cannot_wait_for_everyone_drops_the_weakest_wait() {
    // Kept by name, so its old object goes first; a departed resource stands on it, and a user of that
    // departed resource now uses the new one: not all can be last.
    let before = graph(&[
        ("a/Base", "AWS::S3::Bucket", json!({"BucketName": "base", "X": 1})),
        ("a/Middle", "AWS::EC2::VPC", json!({"Tags": {"Ref": "a/Base"}})),
        ("a/User", "AWS::EC2::SecurityGroup", json!({"Tags": {"Ref": "a/Middle"}})),
    ]);
    let mut ledger = deployed(&before);
    ledger.resources.get_mut("a/Base").unwrap().current.as_mut().unwrap().stage = Stage::Deleting;
    let after = graph(&[
        ("a/Base", "AWS::S3::Bucket", json!({"BucketName": "base", "X": 1})),
        ("a/User", "AWS::EC2::SecurityGroup", json!({"Tags": {"Ref": "a/Base"}})),
    ]);
    let set = planned(&after, &ledger).unwrap();
    assert_eq!(
        lines(&set),
        [
            "0 delete a/Middle g0 []",
            "1 delete a/Base g0 superseded [0]",
            "2 replace a/Base g1 [1]",
            "3 update a/User Tags [2]",
        ]
    );
    assert_eq!(set.notes, ["delete a/Middle does not wait, to avoid a cycle: a/User stops using it first"]);
}

#[test]
fn the_digest_sees_content_and_not_order() {
    let shop = shop();
    let digest = super::digest(&shop);
    let mut turned = graph(&[]);
    turned.stacks = shop.stacks.iter().rev().cloned().collect();
    turned.nodes = shop.nodes.iter().rev().cloned().collect();
    assert_eq!(super::digest(&turned), digest);
    turned.nodes[0].metadata = json!({"a": 1});
    assert_ne!(super::digest(&turned), digest);
}
