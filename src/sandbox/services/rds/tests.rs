//! RDS's rules through the SDK.

use std::time::Duration;

use aws_sdk_rds::types::{ApplyMethod, Parameter};
use serde_json::{Value as Json, json};

use super::{OPERATIONS, store::INSTANCE};
use crate::{
    aws::op,
    resources::bench::Bench,
    sandbox::{Request, World},
};

const START: &str = "StartDBInstanceAutomatedBackupsReplication";
const STOP: &str = "StopDBInstanceAutomatedBackupsReplication";

/// Two zones and a security group.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.world(|world| {
        for zone in ["a", "b"] {
            let id = format!("subnet-{zone}");
            let row =
                json!({"SubnetId": id, "VpcId": "vpc-1", "AvailabilityZone": format!("us-east-1{zone}")});
            world.put("ec2.subnet", &id, row);
        }
        world.put("ec2.security-group", "sg-1", json!({"GroupId": "sg-1", "VpcId": "vpc-1"}));
    });
    bench
}

async fn code<T, E>(
    call: impl Future<
        Output = Result<
            T,
            aws_smithy_runtime_api::client::result::SdkError<
                E,
                aws_smithy_runtime_api::client::orchestrator::HttpResponse,
            >,
        >,
    >,
) -> String
where
    E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + 'static,
{
    match call.await {
        Ok(_) => "ok".into(),
        Err(error) => op("call")(error).code.unwrap_or_default(),
    }
}

#[test]
fn groups_are_held_while_an_instance_uses_them_and_its_interface_lingers() {
    let bench = bench();
    let rds = bench.sdk().rds();
    let instance = |password: &str, group: &str| {
        rds.create_db_instance()
            .db_instance_identifier("db")
            .engine("postgres")
            .engine_version("14")
            .db_instance_class("db.r5.large")
            .allocated_storage(100)
            .master_username("payments")
            .master_user_password(password)
            .db_parameter_group_name(group)
            .db_subnet_group_name("subnets")
            .vpc_security_group_ids("sg-1")
            .send()
    };
    bench.run(async {
        rds.create_db_subnet_group()
            .db_subnet_group_name("subnets")
            .db_subnet_group_description("x")
            .subnet_ids("subnet-a")
            .subnet_ids("subnet-b")
            .send()
            .await
            .unwrap();
        for (name, family) in [("pg13", "postgres13"), ("pg14", "postgres14")] {
            let call = rds
                .create_db_parameter_group()
                .db_parameter_group_name(name)
                .db_parameter_group_family(family);
            call.description("x").send().await.unwrap();
        }
        let parameter = Parameter::builder().parameter_name("rds.logical_replication").parameter_value("1");
        let parameter = parameter.apply_method(ApplyMethod::Immediate).build();
        let static_now =
            rds.modify_db_parameter_group().db_parameter_group_name("pg14").parameters(parameter).send();
        assert_eq!(code(static_now).await, "InvalidParameterCombination");
        assert_eq!(code(instance("has/slash-12", "pg14")).await, "InvalidParameterValue");
        assert_eq!(code(instance("short", "pg14")).await, "InvalidParameterValue");
        assert_eq!(code(instance("long-enough-1", "pg13")).await, "InvalidParameterCombination");
        assert_eq!(code(instance("long-enough-1", "pg14")).await, "ok");
        assert_eq!(code(instance("long-enough-1", "pg14")).await, "DBInstanceAlreadyExists");
        assert_eq!(
            code(rds.delete_db_parameter_group().db_parameter_group_name("pg14").send()).await,
            "InvalidDBParameterGroupState"
        );
        assert_eq!(
            code(rds.delete_db_subnet_group().db_subnet_group_name("subnets").send()).await,
            "InvalidDBSubnetGroupStateFault"
        );
        let busy = rds.modify_db_instance().db_instance_identifier("db").multi_az(true).send();
        assert_eq!(code(busy).await, "InvalidDBInstanceState");
        let unnamed = rds.delete_db_instance().db_instance_identifier("db").skip_final_snapshot(false).send();
        assert_eq!(code(unnamed).await, "InvalidParameterCombination");
        assert_eq!(
            code(rds.delete_db_instance().db_instance_identifier("db").skip_final_snapshot(true).send())
                .await,
            "ok"
        );
        let unknown = rds
            .describe_db_instances()
            .filters(aws_sdk_rds::types::Filter::builder().name("colour").values("red").build());
        assert_eq!(code(unknown.send()).await, "InvalidParameterValue");
    });
    bench.advance(Duration::from_secs(250));
    bench.run(async {
        assert_eq!(
            code(rds.describe_db_instances().db_instance_identifier("db").send()).await,
            "DBInstanceNotFound"
        );
        assert_eq!(code(rds.delete_db_subnet_group().db_subnet_group_name("subnets").send()).await, "ok");
    });
    assert!(bench.world(|world| world.any("ec2.network-interface", |_| true)));
    bench.advance(Duration::from_secs(60));
    bench.run(async { rds.describe_db_instances().send().await.unwrap() });
    assert!(!bench.world(|world| world.any("ec2.network-interface", |_| true)));
}

#[test]
fn an_instance_travels_through_its_states() {
    let bench = bench();
    let rds = bench.sdk().rds();
    bench.run(async {
        let call = rds
            .create_db_instance()
            .db_instance_identifier("db")
            .engine("mysql")
            .db_instance_class("db.t3.micro");
        call.allocated_storage(20)
            .master_username("app")
            .master_user_password("long-enough-1")
            .send()
            .await
            .unwrap();
    });
    let status = || {
        bench.run(async { rds.describe_db_instances().send().await.unwrap() }).db_instances()[0]
            .db_instance_status()
            .unwrap_or_default()
            .to_owned()
    };
    let has_endpoint = || {
        bench.run(async { rds.describe_db_instances().send().await.unwrap() }).db_instances()[0]
            .endpoint()
            .is_some()
    };
    assert_eq!((status().as_str(), has_endpoint()), ("creating", false));
    bench.advance(Duration::from_secs(360));
    assert_eq!((status().as_str(), has_endpoint()), ("creating", false));
    bench.advance(Duration::from_secs(40));
    assert_eq!((status().as_str(), has_endpoint()), ("backing-up", true));
    bench.advance(Duration::from_secs(60));
    assert_eq!((status().as_str(), has_endpoint()), ("available", true));
    bench.run(async {
        let call = rds.modify_db_instance().db_instance_identifier("db").db_instance_class("db.t3.small");
        call.apply_immediately(true).send().await.unwrap()
    });
    assert_eq!(status(), "available");
    bench.advance(Duration::from_secs(10));
    assert_eq!(status(), "modifying");
    bench.advance(Duration::from_secs(60));
    assert_eq!(status(), "available");
    assert!(bench.world(|world| {
        world.get(INSTANCE, "us-east-1/db").is_some_and(|row| row["DBInstanceClass"] == "db.t3.small")
    }));
}

#[test]
fn backups_outlive_their_instance_if_they_are_to() {
    let mut world = World::new(1, 0);
    let call_in = |world: &mut World, region: &str, operation: &str, input: Json| {
        let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
        run(world, &Request { operation, region, access_key: "", input })
    };
    let call =
        |world: &mut World, operation: &str, input: Json| call_in(world, "us-east-1", operation, input);
    let statuses = |world: &mut World, region: &str| -> Vec<String> {
        let answer = call_in(world, region, "DescribeDBInstanceAutomatedBackups", json!({})).unwrap();
        let list = answer["DBInstanceAutomatedBackups"].as_array().unwrap().clone();
        list.iter().map(|one| one["Status"].as_str().unwrap().to_owned()).collect()
    };
    let far = "eu-west-1";
    let mut arns = Vec::new();
    for (name, days) in [("kept", 2), ("gone", 1), ("none", 0)] {
        let made = call(
            &mut world,
            "CreateDBInstance",
            json!({
                "DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "AllocatedStorage": 20,
                "MasterUsername": "app", "MasterUserPassword": "long-enough-1", "BackupRetentionPeriod": days,
            }),
        );
        arns.push(made.unwrap()["DBInstance"]["DBInstanceArn"].clone());
    }
    assert_eq!(statuses(&mut world, "us-east-1"), ["creating", "creating"]);
    world.advance_to(600_000);
    assert_eq!(statuses(&mut world, "us-east-1"), ["active", "active"]);
    let by_name = json!({"DBInstanceIdentifier": "KEPT"});
    let own = call(&mut world, "DescribeDBInstanceAutomatedBackups", by_name.clone()).unwrap()["DBInstanceAutomatedBackups"][0].clone();
    let named = json!({"DBInstanceAutomatedBackupsArn": own["DBInstanceAutomatedBackupsArn"]});
    assert_eq!(
        call(&mut world, "DeleteDBInstanceAutomatedBackup", named.clone()).unwrap_err().code,
        "InvalidDBInstanceAutomatedBackupState"
    );
    let source = |at: usize| json!({"SourceDBInstanceArn": arns[at]});
    assert_eq!(call_in(&mut world, far, START, source(2)).unwrap_err().code, "InvalidDBInstanceState");
    assert_eq!(call(&mut world, START, source(0)).unwrap_err().code, "InvalidParameterValue");
    call_in(&mut world, far, START, source(0)).unwrap();
    assert_eq!(
        call_in(&mut world, far, STOP, source(0)).unwrap_err().code,
        "InvalidDBInstanceState",
        "the source is modified"
    );
    world.advance_to(700_000);
    assert_eq!(
        call_in(&mut world, far, START, source(0)).unwrap_err().code,
        "InvalidDBInstanceAutomatedBackupState"
    );
    let elsewhere = call_in(&mut world, "eu-central-1", STOP, source(0)).unwrap_err();
    assert_eq!(
        (elsewhere.code.as_str(), elsewhere.message.contains("not replicating to the current region")),
        ("InvalidDBInstanceState", true)
    );
    assert_eq!(statuses(&mut world, far), ["replicating"]);
    for (name, stay) in [("kept", false), ("gone", true)] {
        let input =
            json!({"DBInstanceIdentifier": name, "SkipFinalSnapshot": true, "DeleteAutomatedBackups": stay});
        call(&mut world, "DeleteDBInstance", input).unwrap();
    }
    world.advance_to(1_500_000);
    assert_eq!(statuses(&mut world, "us-east-1"), ["retained"]);
    assert_eq!(statuses(&mut world, far), ["retained"], "no source, no replication");
    assert_eq!(call_in(&mut world, far, STOP, source(0)).unwrap_err().code, "DBInstanceNotFound");
    let again = json!({
        "TargetDBInstanceIdentifier": "again", "UseLatestRestorableTime": true,
        "SourceDBInstanceAutomatedBackupsArn": own["DBInstanceAutomatedBackupsArn"],
    });
    assert_eq!(
        call(&mut world, "RestoreDBInstanceToPointInTime", again).unwrap()["DBInstance"]["Engine"],
        "mysql"
    );
    call(&mut world, "DeleteDBInstanceAutomatedBackup", named.clone()).unwrap();
    assert_eq!(
        call(&mut world, "DeleteDBInstanceAutomatedBackup", named).unwrap_err().code,
        "DBInstanceAutomatedBackupNotFound"
    );
    assert_eq!(
        call(&mut world, "DescribeDBInstanceAutomatedBackups", by_name).unwrap_err().code,
        "DBInstanceAutomatedBackupNotFound"
    );
    let restorable =
        |world: &World| world.get(INSTANCE, "us-east-1/none").unwrap()["LatestRestorableTime"].clone();
    for days in [1, 0] {
        let input =
            json!({"DBInstanceIdentifier": "none", "BackupRetentionPeriod": days, "ApplyImmediately": true});
        call(&mut world, "ModifyDBInstance", input).unwrap();
        world.advance_to(world.now() + 120_000);
        assert_eq!(restorable(&world).is_number(), days > 0);
    }
    world.advance_to(8 * 86_400_000);
    assert!(statuses(&mut world, far).is_empty(), "after seven days");
}

/// Events follow from the states, each once, in AWS's categories.
#[test]
fn events_tell_of_every_state_once() {
    let mut world = World::new(1, 1_760_000_000_000);
    let place = "us-east-1/db";
    let row = json!({"DBInstanceIdentifier": "db", "DBInstanceArn": "arn:db", "DBInstanceStatus": "creating", "BackupRetentionPeriod": 1});
    world.put(INSTANCE, place, row);
    let mut to = |status: &str, pending: Json| {
        if let Some(row) = world.get_mut(INSTANCE, place) {
            row["DBInstanceStatus"] = json!(status);
            row["PendingModifiedValues"] = pending;
        }
        super::settle(&mut world);
        super::settle(&mut world);
    };
    for status in ["creating", "backing-up", "available", "rebooting", "available"] {
        to(status, json!({}));
    }
    to("modifying", json!({"DBInstanceClass": "db.m5.large", "MultiAZ": true}));
    to("available", json!({}));
    to("incompatible-network", json!({}));
    world.remove(INSTANCE, place);
    super::settle(&mut world);
    let ask = |world: &mut World, input: Json| {
        let run = OPERATIONS.iter().find(|one| one.name == "DescribeEvents").unwrap().run;
        run(world, &Request { operation: "DescribeEvents", region: "us-east-1", access_key: "", input })
    };
    let all = ask(&mut world, json!({"SourceType": "db-instance", "SourceIdentifier": "DB"})).unwrap();
    let told: Vec<(String, String)> = all["Events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let text =
                |value: &Json| value.as_str().unwrap().split(' ').take(4).collect::<Vec<_>>().join(" ");
            (text(&event["EventCategories"][0]), text(&event["Message"]))
        })
        .collect();
    let told: Vec<(&str, &str)> =
        told.iter().map(|(category, text)| (category.as_str(), text.as_str())).collect();
    assert_eq!(
        told,
        [
            ("creation", "DB instance created."),
            ("backup", "Backing up DB instance."),
            ("backup", "Finished DB instance backup."),
            ("availability", "DB instance shutdown."),
            ("availability", "DB instance restarted."),
            ("configuration change", "Applying modification to database"),
            ("configuration change", "Applying modification to convert"),
            ("configuration change", "Finished applying modification to"),
            ("configuration change", "Finished applying modification to"),
            ("failure", "Database instance in incompatible-network."),
            ("deletion", "DB instance deleted."),
        ]
    );
    let failures = ask(&mut world, json!({"EventCategories": ["failure"]})).unwrap();
    assert_eq!(failures["Events"].as_array().unwrap().len(), 1);
    let fault = ask(&mut world, json!({"SourceIdentifier": "db"})).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterCombination");
    // An hour later nobody hears of it without asking for longer.
    let later = world.now() + 2 * 3_600_000;
    world.advance_to(later);
    assert_eq!(ask(&mut world, json!({})).unwrap()["Events"], json!([]));
    assert_eq!(ask(&mut world, json!({"Duration": 180})).unwrap()["Events"].as_array().unwrap().len(), 11);
}
