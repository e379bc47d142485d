//! Tests of `review.rs`.

use serde_json::json;

use super::*;
use crate::{
    check::link,
    graph::{Graph, testing::graph},
    ledger::Snapshot,
    planner::{
        PlanInput, Shown, plan, teardown,
        testing::{deployed, set, types},
    },
};

fn shop() -> Graph {
    graph(&[
        ("net/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})),
        ("net/Subnet", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}, "CidrBlock": "10.0.0.0/24"})),
        (
            "app/Db",
            "AWS::RDS::DBInstance",
            json!({
                "DBInstanceIdentifier": "shop-db",
                "Engine": "postgres",
                "MasterUserPassword": "{{resolve:secretsmanager:shop:SecretString:password}}",
                "MasterUsername": "shop",
                "DBSubnetGroupName": {"Ref": "net/Subnet"},
            }),
        ),
        (
            "app/TooManyConnections",
            "AWS::CloudWatch::Alarm",
            json!({
                "Threshold": 5, "Dimensions": [{"Name": "Db", "Value": {"Ref": "app/Db"}}]
            }),
        ),
    ])
}

fn planned(graph: &Graph, snapshot: &Snapshot) -> ChangeSet {
    let links = link(graph, &types).expect("links");
    plan(&PlanInput { graph, links: &links, snapshot, account: "123456789012", types: &types, replace: &[] })
        .expect("a plan")
}

/// Changes of every sort.
fn changed() -> ChangeSet {
    let mut shop = shop();
    let ledger = deployed(&shop);
    let vpc = shop.index["net/Vpc"];
    shop.nodes[vpc].deletion_policy = crate::model::DeletionPolicy::Retain;
    set(&mut shop, "app/Db", "MasterUsername", &json!("admin"));
    set(
        &mut shop,
        "app/Db",
        "MasterUserPassword",
        &json!("{{resolve:secretsmanager:other:SecretString:password}}"),
    );
    let policy = json!({"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}]});
    set(&mut shop, "app/TooManyConnections", "Threshold", &json!(9));
    set(&mut shop, "app/TooManyConnections", "AlarmDescription", &policy);
    let mut set = planned(&shop, &ledger);
    set.notes.push("one call of an earlier run has no known outcome".into());
    set
}

#[test]
fn a_first_review_names_what_comes() {
    let set = planned(&shop(), &Snapshot::new("a1b2".into()));
    insta::assert_snapshot!(render(&set, 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       + Vpc     EC2::VPC     10.0.0.0/16
       + Subnet  EC2::Subnet  10.0.0.0/24

    app (us-east-1)
       + Db                  RDS::DBInstance    shop-db, postgres
       + TooManyConnections  CloudWatch::Alarm  app-toomanyconnections-6cd6242320

    4 to create
    Expected time on AWS: about 8 min (the longest path).
    "#);
}

#[test]
fn changes_stand_side_by_side_and_losses_stand_out() {
    insta::assert_snapshot!(render(&changed(), 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       ~ Vpc  EC2::VPC  its deletion policy becomes Retain

    app (us-east-1)
     -/+ Db                  RDS::DBInstance
             MasterUsername is create-only and changes (delete before create)
           ! the database and its automated backups would be lost
           ! interrupts service: there is no database until the new one is there
           (about 10 min)
           ~ MasterUserPassword  (secret) -> (another secret)
           ~ MasterUsername      "shop" -> "admin"  forces a new object
       ~ TooManyConnections  CloudWatch::Alarm
             AlarmDescription and Threshold change in place; app/Db is replaced, and
             Dimensions refers to it
           + AlarmDescription
                 {
                   "Statement": [
                     {
                       "Action": [
                         "s3:GetObject",
                         "s3:ListBucket"
                       ],
                       "Effect": "Allow",
                       "Resource": "*"
                     }
                   ]
                 }
           ~ Dimensions[Db].Value  "id-Db" -> (known after app/Db)
           ~ Threshold             5 -> 9

    2 to update, 1 to replace, 1 unchanged
    ! 1 resource would lose data and needs an explicit permission
    ! 1 step interrupts service
    Expected time on AWS: about 11 min (the longest path).
    Note: one call of an earlier run has no known outcome.
    "#);
}

#[test]
fn verbose_shows_properties_and_waits() {
    let set = planned(&shop(), &Snapshot::new("a1b2".into()));
    let styles = Styles { verbose: true, ..Styles::default() };
    insta::assert_snapshot!(render(&set, 80, &styles), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       + Vpc     EC2::VPC     10.0.0.0/16
             CidrBlock: "10.0.0.0/16"
       + Subnet  EC2::Subnet  10.0.0.0/24
             CidrBlock: "10.0.0.0/24"
             VpcId: (known after net/Vpc)
             after create net/Vpc created: VpcId refers to net/Vpc

    app (us-east-1)
       + Db                  RDS::DBInstance    shop-db, postgres
             DBInstanceIdentifier: "shop-db"
             DBSubnetGroupName: (known after net/Subnet)
             Engine: "postgres"
             MasterUserPassword: (secret)
             MasterUsername: "shop"
             after create net/Subnet created: DBSubnetGroupName refers to net/Subnet
       + TooManyConnections  CloudWatch::Alarm  app-toomanyconnections-6cd6242320
             AlarmName: "app-toomanyconnections-6cd6242320"
             Dimensions.0.Name: "Db"
             Dimensions.0.Value: (known after app/Db)
             Threshold: 5
             after create app/Db created: Dimensions.0.Value refers to app/Db

    4 to create
    Expected time on AWS: about 8 min (the longest path).
    "#);
}

#[test]
fn destroying_is_reviewed_too() {
    let set = teardown(&deployed(&shop()), "123456789012", &types);
    let styles = Styles { next: Some("migrate destroy --yes"), ..Styles::default() };
    insta::assert_snapshot!(render(&set, 80, &styles), @r#"
    Destroy shop (dev), account 123456789012

    app (us-east-1)
       - TooManyConnections  CloudWatch::Alarm  id-TooManyConnections
       - Db                  RDS::DBInstance    id-Db
           ! the database and its automated backups would be lost

    net (us-east-1)
       - Subnet  EC2::Subnet  id-Subnet
       - Vpc     EC2::VPC     id-Vpc

    4 to delete
    ! 1 resource would lose data and needs an explicit permission
    Expected time on AWS: about 5 min (the longest path).
    Next: migrate destroy --yes
    "#);
}

#[test]
fn the_next_command_can_be_pasted_however_narrow_the_terminal() {
    let set = teardown(&deployed(&shop()), "123456789012", &types);
    let next = "migrate destroy plans/a-rather-long-name --environment production --set 'Name=a  b'";
    let styles = Styles { next: Some(next), ..Styles::default() };
    let text = render(&set, 40, &styles);
    let (_, printed) = text.split_once("Next: ").expect("a next command");
    assert_eq!(shlex::split(&printed.replace("\\\n", "")), shlex::split(next), "{text}");
    assert!(printed.lines().all(|line| line.chars().count() <= 40), "{text}");
}

#[test]
fn nothing_to_do_is_one_line() {
    let shop = shop();
    let set = planned(&shop, &deployed(&shop));
    insta::assert_snapshot!(render(&set, 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    Nothing to do: 4 resources as planned.
    "#);
}

#[test]
fn no_line_is_wider_than_the_terminal_and_colour_is_only_on_request() {
    for width in [40, 60, 80, 120] {
        for verbose in [false, true] {
            let plain = Styles { verbose, ..Styles::default() };
            for set in [changed(), planned(&shop(), &Snapshot::new("a1b2".into()))] {
                let text = render(&set, width, &plain);
                assert!(!text.contains('\u{1b}'));
                for line in text.lines() {
                    assert!(line.width() <= width, "{width} columns: {line}");
                    assert_eq!(line, line.trim_end());
                }
                let colored = render(&set, width, &Styles { color: true, ..plain });
                let (mut bare, mut inside) = (String::new(), false);
                for ch in colored.chars() {
                    match ch {
                        '\u{1b}' => inside = true,
                        'm' if inside => inside = false,
                        _ if inside => {}
                        other => bare.push(other),
                    }
                }
                assert_eq!(
                    bare.lines().map(str::trim_end).collect::<Vec<_>>(),
                    text.lines().collect::<Vec<_>>()
                );
                assert!(colored.contains('\u{1b}'));
            }
        }
    }
}

#[test]
fn waiting_for_creation_only_shortens_the_path() {
    // The alarm needs only the database's name: 1 + 1 + 420 s, not more.
    let set = planned(&shop(), &Snapshot::new("a1b2".into()));
    let alarm = set.steps.iter().position(|s| s.kind.ends_with("Alarm")).expect("an alarm");
    assert_eq!(set.steps[alarm].after[0].needs, Needs::Created);
    assert_eq!(expected_seconds(&set), 422);
}

#[test]
fn the_json_is_complete_and_masks_passwords() {
    let mut change_set = changed();
    change_set.steps[0].changes.push(PropertyChange {
        property: "MasterUserPassword".into(),
        old: Shown::Absent,
        new: Shown::Value(json!("hunter2")),
        replaces: false,
    });
    let json = crate::ui::plan_json(&change_set);
    assert!(!json.to_string().contains("hunter2"));
    insta::assert_json_snapshot!(json, @r#"
    {
      "account": "123456789012",
      "environment": "dev",
      "expected_s": 660,
      "format": 1,
      "lookups": [],
      "migration": "shop",
      "notes": [
        "one call of an earlier run has no known outcome"
      ],
      "operation": "up",
      "stacks": [
        {
          "name": "net",
          "region": "us-east-1"
        },
        {
          "name": "app",
          "region": "us-east-1"
        }
      ],
      "steps": [
        {
          "action": "delete",
          "address": "app/Db",
          "after": [],
          "changes": [
            {
              "new": {
                "value": "(secret)"
              },
              "old": {},
              "property": "MasterUserPassword",
              "replaces": false
            }
          ],
          "data_loss": "the database and its automated backups would be lost",
          "interrupts": [],
          "physical_id": "id-Db",
          "properties": null,
          "region": "us-east-1",
          "type": "AWS::RDS::DBInstance",
          "why": "a new object takes its place"
        },
        {
          "action": "replace",
          "address": "app/Db",
          "after": [
            {
              "action": "delete",
              "address": "app/Db",
              "needs": "ready",
              "why": "the old object is in the way until it is gone"
            }
          ],
          "changes": [
            {
              "new": {
                "value": "{{resolve:secretsmanager:other:SecretString:password}}"
              },
              "old": {
                "value": "{{resolve:secretsmanager:shop:SecretString:password}}"
              },
              "property": "MasterUserPassword",
              "replaces": false
            },
            {
              "new": {
                "value": "admin"
              },
              "old": {
                "value": "shop"
              },
              "property": "MasterUsername",
              "replaces": true
            }
          ],
          "data_loss": "the database and its automated backups would be lost",
          "interrupts": [
            {
              "seconds": 600,
              "what": "there is no database until the new one is there"
            }
          ],
          "physical_id": "id-Db",
          "properties": {
            "DBInstanceIdentifier": "shop-db",
            "DBSubnetGroupName": {
              "known_after": "net/Subnet"
            },
            "Engine": "postgres",
            "MasterUserPassword": "{{resolve:secretsmanager:other:SecretString:password}}",
            "MasterUsername": "admin"
          },
          "region": "us-east-1",
          "type": "AWS::RDS::DBInstance",
          "why": "MasterUsername is create-only and changes"
        },
        {
          "action": "update",
          "address": "app/TooManyConnections",
          "after": [
            {
              "action": "replace",
              "address": "app/Db",
              "needs": "created",
              "why": "Dimensions.0.Value refers to app/Db"
            }
          ],
          "changes": [
            {
              "new": {
                "value": {
                  "Statement": [
                    {
                      "Action": [
                        "s3:GetObject",
                        "s3:ListBucket"
                      ],
                      "Effect": "Allow",
                      "Resource": "*"
                    }
                  ]
                }
              },
              "old": {},
              "property": "AlarmDescription",
              "replaces": false
            },
            {
              "new": {
                "known_after": "app/Db"
              },
              "old": {
                "value": "id-Db"
              },
              "property": "Dimensions[Db].Value",
              "replaces": false
            },
            {
              "new": {
                "value": 9
              },
              "old": {
                "value": 5
              },
              "property": "Threshold",
              "replaces": false
            }
          ],
          "data_loss": null,
          "interrupts": [],
          "physical_id": "id-TooManyConnections",
          "properties": {
            "AlarmDescription": {
              "Statement": [
                {
                  "Action": [
                    "s3:GetObject",
                    "s3:ListBucket"
                  ],
                  "Effect": "Allow",
                  "Resource": "*"
                }
              ]
            },
            "AlarmName": "app-toomanyconnections-6cd6242320",
            "Dimensions": [
              {
                "Name": "Db",
                "Value": {
                  "known_after": "app/Db"
                }
              }
            ],
            "Threshold": 9
          },
          "region": "us-east-1",
          "type": "AWS::CloudWatch::Alarm",
          "why": "AlarmDescription and Threshold change in place; app/Db is replaced, and Dimensions refers to it"
        },
        {
          "action": "update",
          "address": "net/Vpc",
          "after": [],
          "changes": [],
          "data_loss": null,
          "interrupts": [],
          "physical_id": "id-Vpc",
          "properties": {
            "CidrBlock": "10.0.0.0/16"
          },
          "region": "us-east-1",
          "type": "AWS::EC2::VPC",
          "why": "its deletion policy becomes Retain"
        }
      ],
      "summary": {
        "create": 0,
        "delete": 0,
        "replace": 1,
        "unchanged": 1,
        "update": 2
      }
    }
    "#);
}

#[test]
fn a_new_object_is_told_by_its_name_and_two_facts_in_the_order_of_the_list() {
    let properties = Value::from_json(json!({
        "AllocatedStorage": 20, "EngineVersion": "16.4", "Engine": "postgres", "DBInstanceIdentifier": "orders", "Port": 5432,
        "Name": "later in the list of names", "Tags": [{"Key": "Engine", "Value": "no"}],
    }));
    assert_eq!(key_facts(&properties), ["orders", "postgres", "EngineVersion 16.4"]);
    // What is known later, or is no text or number, gives its place to the next one.
    let properties = Value::from_json(
        json!({"Engine": {"a": 1}, "Port": 5432, "Type": "A", "DBInstanceIdentifier": null}),
    );
    assert_eq!(key_facts(&properties), ["Port 5432", "A"]);
}
