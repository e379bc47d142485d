//! Events of instances and tasks: which, when, and who hears of them.

use serde_json::{Value as Json, json};

use super::{OPERATIONS, announce, news, states};
use crate::sandbox::{Reply, Request, World, services::SERVICES};

const REGION: &str = "us-east-1";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:t";

fn call(world: &mut World, operation: &'static str, input: Json) -> Reply {
    announce::settle(world);
    states::settle(world);
    let run = OPERATIONS.iter().find(|one| one.name == operation).unwrap().run;
    run(world, &Request { operation, region: REGION, access_key: "", input })
}

fn other(world: &mut World, service: &str, operation: &'static str, input: Json) -> Json {
    let service = SERVICES.iter().find(|one| one.name == service).unwrap();
    let run = service.operations.iter().find(|one| one.name == operation).unwrap().run;
    run(world, &Request { operation, region: REGION, access_key: "", input }).unwrap()
}

fn passes(world: &mut World, seconds: i64) {
    let until = world.now() + seconds * 1_000;
    while world.now() < until {
        world.advance_to(world.now() + 1_000);
        announce::settle(world);
        states::settle(world);
    }
}

fn arn(noun: &str) -> String {
    format!("arn:aws:dms:us-east-1:123456789012:{noun}:ONE")
}

/// An account with an instance, a tested task, a topic without a policy of its own and a rule for all of DMS's events.
fn world() -> World {
    let mut world = World::new(1, 1_000_000);
    world.put(
        "dms.instance",
        &arn("rep"),
        json!({
            "ReplicationInstanceArn": arn("rep"), "ReplicationInstanceIdentifier": "one", "MultiAZ": false,
            "ReplicationInstanceStatus": "available", "ReplicationInstanceClass": "dms.t3.medium", "AllocatedStorage": 50,
            "EngineVersion": "3.5.3", "AvailabilityZone": "us-east-1a", "SecondaryAvailabilityZone": "us-east-1b",
            "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k", "ReplicationSubnetGroup": {}, "_region": REGION,
        }),
    );
    let mappings = json!({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": "public", "table-name": "orders"}}]});
    world.put(
        "dms.task",
        &arn("task"),
        json!({
            "ReplicationTaskArn": arn("task"), "ReplicationTaskIdentifier": "moves", "Status": "ready",
            "MigrationType": "full-load-and-cdc", "ReplicationInstanceArn": arn("rep"), "SourceEndpointArn": "s",
            "TargetEndpointArn": "t", "TableMappings": mappings.to_string(), "ReplicationTaskSettings": "{}",
            "_region": REGION, "_active": 0, "_run": null, "_halt": null, "_reload": {},
        }),
    );
    for end in ["s", "t"] {
        let row = json!({"ReplicationInstanceArn": arn("rep"), "EndpointArn": end, "Status": "successful", "_region": REGION});
        world.put("dms.connection", &format!("{}|{end}", arn("rep")), row);
    }
    other(&mut world, "sns", "CreateTopic", json!({"Name": "t"}));
    other(
        &mut world,
        "events",
        "PutRule",
        json!({"Name": "all", "EventPattern": r#"{"source": ["aws.dms"]}"#}),
    );
    let targets =
        json!([{"Id": "log", "Arn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/all"}]);
    other(&mut world, "events", "PutTargets", json!({"Rule": "all", "Targets": targets}));
    world
}

/// The ids of the events that rules got, in order, each with its `detail-type`.
fn heard(world: &World) -> Vec<(String, String)> {
    world
        .rows("events.delivery")
        .map(|(_, row)| serde_json::from_str::<Json>(row["Input"].as_str().unwrap()).unwrap())
        .map(|event| {
            let text = |value: &Json| value.as_str().unwrap().to_owned();
            (text(&event["detail"]["eventId"]), text(&event["detail-type"]))
        })
        .collect()
}

fn ids(world: &World) -> Vec<u16> {
    heard(world).iter().map(|(id, _)| id.trim_start_matches("DMS-EVENT-").parse().unwrap()).collect()
}

fn messages(world: &World) -> Vec<Json> {
    world
        .rows("sns.message")
        .map(|(_, row)| serde_json::from_str(row["_request"]["Message"].as_str().unwrap()).unwrap())
        .collect()
}

fn described(world: &mut World, input: Json) -> Vec<(String, f64)> {
    let answer = call(world, "DescribeEvents", input).unwrap();
    let events = answer["Events"].as_array().unwrap().iter();
    events.map(|one| (one["Message"].as_str().unwrap().to_owned(), one["Date"].as_f64().unwrap())).collect()
}

#[test]
fn a_task_is_followed_from_its_start_to_its_end() {
    let mut world = world();
    let began = world.now_secs();
    let start = |kind: &str| json!({"ReplicationTaskArn": arn("task"), "StartReplicationTaskType": kind});
    call(&mut world, "StartReplicationTask", start("start-replication")).unwrap();
    passes(&mut world, 10);
    assert_eq!(ids(&world), [] as [u16; 0], "it has not started yet");
    passes(&mut world, 120);
    let tables = json!([{"SchemaName": "public", "TableName": "orders"}]);
    call(&mut world, "ReloadTables", json!({"ReplicationTaskArn": arn("task"), "TablesToReload": tables}))
        .unwrap();
    call(&mut world, "StopReplicationTask", json!({"ReplicationTaskArn": arn("task")})).unwrap();
    passes(&mut world, 60);
    call(&mut world, "StartReplicationTask", start("resume-processing")).unwrap();
    passes(&mut world, 60);
    call(&mut world, "StopReplicationTask", json!({"ReplicationTaskArn": arn("task")})).unwrap();
    passes(&mut world, 60);
    let kind = json!({"ReplicationTaskArn": arn("task"), "MigrationType": "full-load"});
    call(&mut world, "ModifyReplicationTask", kind).unwrap();
    passes(&mut world, 60);
    call(&mut world, "DeleteReplicationTask", json!({"ReplicationTaskArn": arn("task")})).unwrap();
    assert_eq!(ids(&world).last(), Some(&80), "it is not deleted yet");
    passes(&mut world, 120);
    assert_eq!(ids(&world), [69, 81, 79, 69, 79, 80, 73]);
    assert!(heard(&world).iter().all(|(_, kind)| kind == "DMS Replication Task State Change"));
    let told =
        described(&mut world, json!({"SourceType": "replication-task", "EventCategories": ["state change"]}));
    assert_eq!(told[0].0, "Replication task started, with flag = fresh start");
    assert!((told[0].1 - began - 40.0).abs() < 0.01, "{told:?}: the date is that of the event");
    assert_eq!(told[3].0, "Replication task started, with flag = resume");
}

#[test]
fn a_task_that_only_loads_stops_by_itself_and_one_that_fails_says_why_once() {
    let mut world = world();
    world.get_mut("dms.task", &arn("task")).unwrap()["MigrationType"] = json!("full-load");
    let start = json!({"ReplicationTaskArn": arn("task"), "StartReplicationTaskType": "start-replication"});
    let mut failing = world.clone();
    call(&mut world, "StartReplicationTask", start.clone()).unwrap();
    // Nobody looks for an hour.
    world.advance_to(world.now() + 3_600_000);
    announce::settle(&mut world);
    assert_eq!(ids(&world), [69, 79]);
    let told = described(&mut world, json!({"Duration": 120}));
    assert!(told[1].1 < world.now_secs() - 3_000.0, "{told:?}");

    // Before it ran: there is no start to tell of.
    call(&mut failing, "StartReplicationTask", start.clone()).unwrap();
    let mut later = failing.clone();
    let why = json!({"Status": "failed", "LastFailureMessage": "Last Error No tables were found. Stop Reason FATAL_ERROR"});
    failing.cancel("dms.task", &arn("task"));
    failing.set_after(5_000, "dms.task", &arn("task"), why);
    // Also where nobody looks until it should have run.
    let mut unseen = failing.clone();
    unseen.advance_to(unseen.now() + 50_000);
    announce::settle(&mut unseen);
    assert_eq!(ids(&unseen), [78]);
    passes(&mut failing, 600);
    assert_eq!(ids(&failing), [78]);
    let told = described(&mut failing, json!({"SourceIdentifier": "moves", "EventCategories": ["failure"]}));
    assert_eq!(told[0].0, "Last Error No tables were found. Stop Reason FATAL_ERROR");
    // While it runs, unseen by anybody until later; and once more after it was started again.
    later.set_after(
        45_000,
        "dms.task",
        &arn("task"),
        json!({"Status": "failed", "_halt": later.now() + 45_000}),
    );
    later.advance_to(later.now() + 50_000);
    announce::settle(&mut later);
    assert_eq!(ids(&later), [69, 78]);
    passes(&mut later, 60);
    later.get_mut("dms.task", &arn("task")).unwrap()["Status"] = json!("failed");
    let again = json!({"ReplicationTaskArn": arn("task"), "StartReplicationTaskType": "reload-target"});
    call(&mut later, "StartReplicationTask", again).unwrap();
    passes(&mut later, 45);
    later.cancel("dms.task", &arn("task"));
    later.set_after(1_000, "dms.task", &arn("task"), json!({"Status": "failed"}));
    passes(&mut later, 5);
    assert_eq!(ids(&later), [69, 78, 69, 78]);
}

#[test]
fn changes_of_an_instance_begin_and_end() {
    let mut world = world();
    let change = json!({
        "ReplicationInstanceArn": arn("rep"), "ReplicationInstanceClass": "dms.t3.large", "AllocatedStorage": 100,
        "MultiAZ": true, "EngineVersion": "3.5.4", "ApplyImmediately": true,
    });
    call(&mut world, "ModifyReplicationInstance", change).unwrap();
    assert_eq!(ids(&world), [18, 26, 24, 12]);
    passes(&mut world, 300);
    assert_eq!(ids(&world)[4..], [17, 27, 25, 14, 47]);
    let kinds: Vec<String> = heard(&world).into_iter().take(4).map(|(_, kind)| kind).collect();
    let named = |what: &str| format!("DMS Replication Instance {what}");
    assert_eq!(
        kinds,
        ["Storage State Change", "Patch State", "Multi-AZ State Change", "Class State Change"].map(named)
    );
    let all = ids(&world).len();
    let reboot = |more: Json| {
        let mut input = json!({"ReplicationInstanceArn": arn("rep")});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let both = reboot(json!({"ForceFailover": true, "ForcePlannedFailover": true}));
    let refused = call(&mut world, "RebootReplicationInstance", both).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombinationException");
    call(&mut world, "RebootReplicationInstance", reboot(json!({"ForceFailover": true}))).unwrap();
    passes(&mut world, 300);
    assert_eq!(ids(&world)[all..], [13, 49]);
    let row = world.get("dms.instance", &arn("rep")).unwrap();
    assert_eq!(
        (&row["AvailabilityZone"], &row["SecondaryAvailabilityZone"]),
        (&json!("us-east-1b"), &json!("us-east-1a"))
    );
    world.get_mut("dms.instance", &arn("rep")).unwrap()["MultiAZ"] = json!(false);
    let refused =
        call(&mut world, "RebootReplicationInstance", reboot(json!({"ForceFailover": true}))).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombinationException", "there is no standby");
    world.remove("dms.task", &arn("task"));
    let all = ids(&world).len();
    call(&mut world, "DeleteReplicationInstance", json!({"ReplicationInstanceArn": arn("rep")})).unwrap();
    passes(&mut world, 600);
    assert_eq!(ids(&world)[all..], [66, 3]);
}

#[test]
fn an_instance_that_fails_is_told_of_once_and_again_when_it_had_recovered() {
    let mut world = world();
    let key = "arn:aws:kms:us-east-1:123456789012:key/k";
    world.put("kms.key", "k", json!({"Arn": key, "KeyState": "Disabled"}));
    passes(&mut world, 5);
    assert_eq!(ids(&world), [37], "the key cannot be used");
    world.get_mut("kms.key", "k").unwrap()["KeyState"] = json!("Enabled");
    passes(&mut world, 5);
    world.get_mut("kms.key", "k").unwrap()["KeyState"] = json!("PendingDeletion");
    passes(&mut world, 5);
    assert_eq!(ids(&world), [37, 37]);
    for (status, id) in [("storage-full", 31), ("incompatible-network", 36)] {
        world.get_mut("dms.instance", &arn("rep")).unwrap()["ReplicationInstanceStatus"] = json!(status);
        passes(&mut world, 5);
        assert_eq!(ids(&world).last(), Some(&id));
    }
    assert_eq!(ids(&world).len(), 4);
}

#[test]
fn subscriptions_get_what_they_ask_for_and_say_when_they_cannot() {
    let mut world = world();
    let subscribe = |name: &str, more: Json| {
        let mut input = json!({"SubscriptionName": name, "SnsTopicArn": TOPIC});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for (name, more) in [
        ("everything", json!({})),
        ("failures", json!({"SourceType": "replication-task", "EventCategories": ["Failure"]})),
        ("other", json!({"SourceType": "replication-task", "SourceIds": ["another"]})),
        ("off", json!({"Enabled": false})),
        ("instances", json!({"SourceType": "replication-instance"})),
    ] {
        call(&mut world, "CreateEventSubscription", subscribe(name, more)).unwrap();
    }
    let wrong =
        subscribe("wrong", json!({"SourceType": "replication-task", "EventCategories": ["low storage"]}));
    assert!(call(&mut world, "CreateEventSubscription", wrong).is_err(), "tasks have no storage");
    passes(&mut world, 10);
    let start = json!({"ReplicationTaskArn": arn("task"), "StartReplicationTaskType": "start-replication"});
    call(&mut world, "StartReplicationTask", start).unwrap();
    passes(&mut world, 60);
    let sent = messages(&world);
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!(sent[0]["Event Source"], "replication-task");
    assert!(sent[0]["Event ID"].as_str().unwrap().ends_with("#DMS-EVENT-0069 "), "{sent:#?}");
    assert!(sent[0]["Identifier Link"].as_str().unwrap().ends_with("\nSourceId: moves "), "{sent:#?}");
    assert_eq!(
        world.rows("sns.message").next().unwrap().1["_request"]["Subject"],
        "DMS Notification Message"
    );
    world.set_after(0, "dms.task", &arn("task"), json!({"Status": "failed", "_halt": world.now()}));
    passes(&mut world, 5);
    assert_eq!(messages(&world).len(), 3, "all failures, and everything");
    // A policy for others.
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
        "Resource": TOPIC}]});
    let set = json!({"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy.to_string()});
    other(&mut world, "sns", "SetTopicAttributes", set);
    call(&mut world, "RebootReplicationInstance", json!({"ReplicationInstanceArn": arn("rep")})).unwrap();
    passes(&mut world, 200);
    let change =
        json!({"ReplicationInstanceArn": arn("rep"), "AllocatedStorage": 60, "ApplyImmediately": true});
    call(&mut world, "ModifyReplicationInstance", change.clone()).unwrap();
    assert_eq!(messages(&world).len(), 3, "nobody may publish");
    let status = |world: &mut World| {
        let answer =
            call(world, "DescribeEventSubscriptions", json!({"SubscriptionName": "instances"})).unwrap();
        answer["EventSubscriptionsList"][0]["Status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&mut world), "no-permission");
    world.remove("sns.topic", TOPIC);
    passes(&mut world, 200);
    assert_eq!(status(&mut world), "topic-not-exist");
    other(&mut world, "sns", "CreateTopic", json!({"Name": "t"}));
    let change =
        json!({"ReplicationInstanceArn": arn("rep"), "AllocatedStorage": 70, "ApplyImmediately": true});
    call(&mut world, "ModifyReplicationInstance", change).unwrap();
    assert_eq!((status(&mut world).as_str(), messages(&world).len()), ("active", 5));
}

#[test]
fn the_table_of_events_is_of_one_piece() {
    for (at, one) in news::ALL.iter().enumerate() {
        let twin = news::ALL[at + 1..].iter().find(|other| other.id == one.id || other.kind == one.kind);
        assert!(twin.is_none(), "{one:?} and {twin:?}");
        let known = news::CATEGORIES.iter().find(|(source, _)| *source == one.source).unwrap().1;
        assert!(known.contains(&one.category), "{one:?} is of no category of its source");
        assert!(one.kind.starts_with(one.source.kind()), "{one:?}");
    }
}

/// A recorded event: `DMS Replication State Change`, `REPLICATION_INITIALIZING`, in a public report of 2026.
#[test]
fn event_bridge_hears_of_every_state_of_a_serverless_replication() {
    let mut world = world();
    for (end, kind) in [("s", "source"), ("t", "target")] {
        let row = json!({
            "EndpointArn": end, "EndpointIdentifier": end, "EndpointType": kind, "EngineName": "oracle", "ServerName": "db",
            "Status": "active", "_region": REGION,
        });
        world.put("dms.endpoint", end, row);
    }
    let make = json!({
        "ReplicationConfigIdentifier": "shop", "ResourceIdentifier": "SHOP", "SourceEndpointArn": "s", "TargetEndpointArn": "t",
        "ReplicationType": "cdc", "ComputeConfig": {"MaxCapacityUnits": 2},
        "TableMappings": r#"{"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
            "object-locator": {"schema-name": "shop", "table-name": "%"}}]}"#,
    });
    let made = call(&mut world, "CreateReplicationConfig", make).unwrap();
    let arn = made["ReplicationConfig"]["ReplicationConfigArn"].as_str().unwrap().to_owned();
    let start = json!({"ReplicationConfigArn": arn, "StartReplicationType": "start-replication"});
    call(&mut world, "StartReplication", start).unwrap();
    passes(&mut world, 7_200);
    call(&mut world, "StopReplication", json!({"ReplicationConfigArn": arn})).unwrap();
    passes(&mut world, 600);
    let events: Vec<Json> = world
        .rows("events.delivery")
        .map(|(_, row)| serde_json::from_str(row["Input"].as_str().unwrap()).unwrap())
        .collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["detail"]["eventType"].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "REPLICATION_CREATED",
            "REPLICATION_INITIALIZING",
            "REPLICATION_PREPARING_METADATA_RESOURCES",
            "REPLICATION_TESTING_CONNECTION",
            "REPLICATION_FETCHING_METADATA",
            "REPLICATION_CALCULATING_CAPACITY",
            "REPLICATION_PROVISIONING_CAPACITY",
            "REPLICATION_STARTING",
            "REPLICATION_RUNNING",
            "REPLICATION_STOPPING",
            "REPLICATION_STOPPED",
        ]
    );
    let one = &events[1];
    assert_eq!(one["detail-type"], "DMS Replication State Change");
    assert_eq!(one["resources"], json!([arn]));
    assert_eq!(one["detail"]["type"], "REPLICATION_CONFIG");
    assert_eq!(one["detail"]["detailMessage"], "Replication with resource id, 'SHOP', is initializing.");
    assert!(
        described(&mut world, json!({"Duration": 600})).is_empty(),
        "DescribeEvents knows instances and tasks"
    );
}
