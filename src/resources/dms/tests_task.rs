//! The law for replication tasks, changes of running ones, and what the sandbox's tasks do.

use std::time::Duration;

use aws_sdk_databasemigration::types::StartReplicationTaskTypeValue as Start;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value as Json, json};

use super::{
    Endpoint, ReplicationInstance, ReplicationTask,
    support::filter,
    tests::{prepared, with_group},
};
use crate::{
    model::PhysicalId,
    resources::{Change, Progress, ResourceType, bench::Bench},
};

/// What a task needs: two instances, a source, a target.
struct Stage {
    bench: Bench,
    instances: [String; 2],
    source: String,
    target: String,
}

fn stage() -> Stage {
    let bench = prepared();
    with_group(&bench);
    let instance = |name: &str| {
        let props = serde_json::from_value(json!({
            "ReplicationInstanceIdentifier": name, "ReplicationInstanceClass": "dms.c5.large",
            "ReplicationSubnetGroupIdentifier": "group",
        }))
        .unwrap();
        bench.cx(|cx| bench.run(ReplicationInstance::create(cx, &bench.permit(), &props))).unwrap().id.0
    };
    let endpoint = |name: &str, kind: &str| {
        let props = serde_json::from_value(json!({
            "EndpointIdentifier": name, "EndpointType": kind, "EngineName": "postgres", "ServerName": "h", "Port": 5432,
            "Username": "u", "Password": "p",
        }))
        .unwrap();
        bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props))).unwrap().id.0
    };
    let (instances, source, target) =
        ([instance("one"), instance("two")], endpoint("source", "source"), endpoint("target", "target"));
    bench.advance(Duration::from_secs(400));
    Stage { bench, instances, source, target }
}

fn mappings(schema: &str) -> String {
    json!({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": schema, "table-name": "%"}}]})
    .to_string()
}

impl Stage {
    fn props(&self, more: Json) -> Json {
        let mut props = json!({
            "ReplicationTaskIdentifier": "Payments-Task", "MigrationType": "full-load-and-cdc",
            "ReplicationInstanceArn": self.instances[0], "SourceEndpointArn": self.source,
            "TargetEndpointArn": self.target, "TableMappings": mappings("shop"),
        });
        for (name, value) in more.as_object().unwrap() {
            props[name] = value.clone();
        }
        props
    }

    fn task(&self, more: Json) -> (PhysicalId, <ReplicationTask as ResourceType>::Props) {
        let props = serde_json::from_value(self.props(more)).unwrap();
        let created =
            self.bench.cx(|cx| self.bench.run(ReplicationTask::create(cx, &self.bench.permit(), &props)));
        self.bench.advance(Duration::from_secs(35));
        (created.unwrap().id, props)
    }

    fn test_connections(&self) {
        for instance in &self.instances {
            for endpoint in [&self.source, &self.target] {
                self.bench.run(async {
                    let call = self.bench.sdk().dms().test_connection();
                    call.replication_instance_arn(instance).endpoint_arn(endpoint).send().await.unwrap();
                });
            }
        }
        self.bench.advance(Duration::from_secs(45));
    }

    fn start(&self, id: &PhysicalId, how: Start) -> Result<(), String> {
        let call = self.bench.sdk().dms().start_replication_task().replication_task_arn(id.as_str());
        let answer = self.bench.run(call.start_replication_task_type(how).send());
        answer.map(drop).map_err(|error| format!("{}: {}", error.code().unwrap(), error.message().unwrap()))
    }

    fn row(&self, id: &PhysicalId) -> Json {
        self.bench.world(|world| world.get("dms.task", id.as_str()).cloned().unwrap_or_default())
    }
}

#[test]
fn task_keeps_the_law() {
    let stage = stage();
    let settings = json!({"TargetMetadata": {"LobMaxSize": 64}, "Logging": {"EnableLogging": true, "LogComponents": [
        {"Id": "TARGET_APPLY", "Severity": "LOGGER_SEVERITY_DEBUG"}, {"Id": "SOURCE_CAPTURE", "Severity": "LOGGER_SEVERITY_INFO"}]}});
    let props = stage.props(json!({
        "ReplicationTaskSettings": settings.to_string(), "ResourceIdentifier": "payments-task", "CdcStartPosition": "2030-01-01T00:00:00",
        "CdcStopPosition": "server_time:2031-01-01T00:00:00", "TaskData": "{\"a\": 1}", "Tags": [{"Key": "team", "Value": "core"}],
    }));
    let mut new = props.clone();
    for (name, value) in [
        (
            "ReplicationTaskSettings",
            json!({"FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING"}}).to_string(),
        ),
        ("TableMappings", mappings("other")),
        ("CdcStartPosition", "2032-01-01T00:00:00".into()),
        ("CdcStopPosition", "commit_time:2033-01-01T00:00:00".into()),
        ("TaskData", "{\"b\": 2}".into()),
        ("ReplicationTaskIdentifier", "renamed".into()),
        ("ReplicationInstanceArn", stage.instances[1].clone()),
    ] {
        new[name] = json!(value);
    }
    new["Tags"] = json!([{"Key": "stage", "Value": "dev"}]);
    let id = stage.bench.law::<ReplicationTask>(props, Some(new));
    assert_eq!(id.as_str(), "arn:aws:dms:us-east-1:123456789012:task:payments-task");
    let timed = json!({"CdcStartTime": 1_900_000_000.0, "MigrationType": "cdc", "ReplicationTaskIdentifier": "timed"});
    stage.bench.law::<ReplicationTask>(stage.props(timed), None);
    // A running task is stopped and started again: the tests below.
    stage.bench.covers::<ReplicationTask>(0, &["dms:StartReplicationTask", "dms:StopReplicationTask"]);
}

#[test]
fn a_running_task_is_paused_changed_and_resumed_even_when_every_step_is_a_new_process() {
    let stage = stage();
    stage.test_connections();
    let (id, old) = stage.task(json!({}));
    stage.start(&id, Start::StartReplication).unwrap();
    stage.bench.advance(Duration::from_secs(200));
    assert_eq!(stage.row(&id)["Status"], "running");
    let loaded = stage.row(&id)["_fresh"].clone();
    let new = serde_json::from_value(stage.props(json!({
        "TableMappings": mappings("other"), "ReplicationInstanceArn": stage.instances[1],
    })))
    .unwrap();
    let changed = ["TableMappings", "ReplicationInstanceArn"].map(String::from);
    let mut steps = Vec::new();
    loop {
        let change = Change { old: &old, new: &new, changed: &changed };
        let permit = stage.bench.permit();
        match stage
            .bench
            .cx(|cx| stage.bench.run(ReplicationTask::update(cx, &permit, &id, &change)))
            .unwrap()
        {
            Progress::Again(step) => steps.push(step),
            Progress::Done | Progress::Absent => break,
            Progress::Kept(why) => panic!("{why}"),
            Progress::Underway { .. } => panic!("not a request"),
        }
        assert!(steps.len() < 60, "{steps:?}");
        stage.bench.advance(Duration::from_secs(5));
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            "stopping the replication task",
            "the replication task is stopping",
            "moving the replication task",
            "the replication task is moving",
            "modifying the replication task",
            "the replication task is modifying",
            "resuming the replication task",
            "the replication task is starting",
        ]
    );
    let row = stage.row(&id);
    assert_eq!(row["Status"], "running");
    assert_eq!(row["ReplicationInstanceArn"], stage.instances[1].as_str());
    assert_eq!(row["TableMappings"], mappings("other").as_str());
    assert_eq!(row["_fresh"], loaded, "resumed, not loaded again");
    assert!(!row["_tags"].to_string().contains("migrate:resume"), "the mark is gone");
}

#[test]
fn a_running_task_is_stopped_before_it_is_deleted() {
    let stage = stage();
    stage.test_connections();
    let (id, props) = stage.task(json!({}));
    stage.start(&id, Start::StartReplication).unwrap();
    let mut steps = Vec::new();
    loop {
        let permit = stage.bench.permit();
        match stage.bench.cx(|cx| stage.bench.run(ReplicationTask::delete(cx, &permit, &id, &props))).unwrap()
        {
            Progress::Again(step) => steps.push(step),
            _ => break,
        }
        stage.bench.advance(Duration::from_secs(5));
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            "the replication task is starting",
            "stopping the replication task",
            "the replication task is stopping"
        ]
    );
    assert_eq!(stage.row(&id)["Status"], "deleting");
}

#[test]
fn start_rules_and_progress_are_those_of_dms() {
    let stage = stage();
    let (id, _) = stage.task(json!({"ReplicationTaskSettings":
        "{\"ValidationSettings\": {\"EnableValidation\": true}, \"FullLoadSettings\": {\"MaxFullLoadSubTasks\": 2}}"}));
    let untested = stage.start(&id, Start::StartReplication).unwrap_err();
    assert!(untested.starts_with("InvalidResourceStateFault: Test connection"), "{untested}");
    stage.test_connections();
    let early = stage.start(&id, Start::ResumeProcessing).unwrap_err();
    assert!(early.starts_with("InvalidParameterCombinationException"), "{early}");
    stage.start(&id, Start::StartReplication).unwrap();
    let look = || {
        stage.bench.run(async {
            let filter = filter("", "replication-task-arn", id.as_str()).unwrap();
            let tasks =
                stage.bench.sdk().dms().describe_replication_tasks().filters(filter).send().await.unwrap();
            let task = tasks.replication_tasks()[0].clone();
            let stats = task.replication_task_stats().unwrap().clone();
            (task.status().unwrap().to_owned(), stats.full_load_progress_percent(), stats.tables_loaded())
        })
    };
    assert_eq!(look(), ("starting".into(), 0, 0));
    // Six tables, two at a time, twenty seconds each: half of the second pair after thirty seconds.
    stage.bench.advance(Duration::from_secs(40 + 30));
    let (status, percent, loaded) = look();
    assert_eq!((status.as_str(), loaded), ("running", 2));
    assert!((30..70).contains(&percent), "{percent}");
    stage.bench.advance(Duration::from_secs(120));
    assert_eq!(look(), ("running".into(), 100, 6));
    let tables = stage.bench.run(async {
        let call = stage.bench.sdk().dms().describe_table_statistics().replication_task_arn(id.as_str());
        call.send().await.unwrap().table_statistics.unwrap()
    });
    assert_eq!(tables.len(), 6);
    assert!(tables.iter().all(|t| t.table_state() == Some("Table completed") && t.inserts() > 0));
    assert!(tables.iter().all(|t| t.validation_state() == Some("Validated")));
    let again = stage.start(&id, Start::StartReplication).unwrap_err();
    assert!(again.contains("invalid state"), "{again}");
    stage.bench.run(async {
        stage
            .bench
            .sdk()
            .dms()
            .stop_replication_task()
            .replication_task_arn(id.as_str())
            .send()
            .await
            .unwrap();
    });
    stage.bench.advance(Duration::from_secs(31));
    assert_eq!(stage.row(&id)["StopReason"], "Stop Reason NORMAL");
    let again = stage.start(&id, Start::StartReplication).unwrap_err();
    assert!(again.contains("valid only for tasks running for the first time"), "{again}");
    stage.start(&id, Start::ReloadTarget).unwrap();
    stage.bench.advance(Duration::from_secs(50));
    assert!(look().1 < 50, "the load began anew");
}

#[test]
fn a_full_load_stops_by_itself_and_unknown_filters_are_refused() {
    let stage = stage();
    stage.test_connections();
    let (id, _) = stage.task(json!({"MigrationType": "full-load"}));
    stage.start(&id, Start::StartReplication).unwrap();
    stage.bench.advance(Duration::from_secs(40 + 21));
    assert_eq!(stage.row(&id)["Status"], "stopped");
    assert_eq!(stage.row(&id)["StopReason"], "Stop Reason FULL_LOAD_ONLY_FINISHED");
    stage.bench.run(async {
        let strange = filter("", "task-color", "blue").unwrap();
        let error =
            stage.bench.sdk().dms().describe_replication_tasks().filters(strange).send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterValueException"));
        let nothing = filter("", "replication-task-id", "nobody").unwrap();
        let error =
            stage.bench.sdk().dms().describe_replication_tasks().filters(nothing).send().await.unwrap_err();
        assert_eq!(error.code(), Some("ResourceNotFoundFault"));
    });
}

#[test]
fn settings_that_are_no_json_are_found_before_anything_runs() {
    let problems = ReplicationTask::check(
        &json!({"ReplicationTaskSettings": "{'Logging': True}", "TableMappings": "{}"}),
    );
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].0, "ReplicationTaskSettings");
}

#[test]
fn a_connection_needs_the_whole_secret_and_is_tested_again_after_a_change() {
    let stage = stage();
    let props = serde_json::from_value(json!({
        "EndpointIdentifier": "secret", "EndpointType": "source", "EngineName": "postgres", "PostgreSqlSettings": {
            "SecretsManagerSecretId": "db", "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/secrets",
        },
    }))
    .unwrap();
    let bench = &stage.bench;
    let id = bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props))).unwrap().id;
    bench.advance(Duration::from_secs(10));
    let status = || {
        bench.run(async {
            let by = filter("", "endpoint-arn", id.as_str()).unwrap();
            let answer = bench.sdk().dms().describe_connections().filters(by).send().await.unwrap();
            let connection = answer.connections()[0].clone();
            (
                connection.status().unwrap().to_owned(),
                connection.last_failure_message().unwrap_or_default().to_owned(),
            )
        })
    };
    let test = || {
        bench.run(async {
            let call = bench.sdk().dms().test_connection().replication_instance_arn(&stage.instances[0]);
            call.endpoint_arn(id.as_str()).send().await.unwrap();
        });
    };
    let half = json!({"username": "u", "password": "p"}).to_string();
    bench.run(async {
        bench.sdk().secrets().create_secret().name("db").secret_string(half).send().await.unwrap()
    });
    test();
    assert_eq!(status().0, "testing");
    bench.advance(Duration::from_secs(41));
    let (word, why) = status();
    assert_eq!(word, "failed");
    assert!(why.contains("has no host"), "{why}");
    let whole = json!({"username": "u", "password": "p", "host": "h", "port": 5432}).to_string();
    bench.run(async {
        bench.sdk().secrets().put_secret_value().secret_id("db").secret_string(whole).send().await.unwrap()
    });
    test();
    bench.advance(Duration::from_secs(41));
    assert_eq!(status(), ("successful".into(), String::new()));
    bench.run(async {
        let call = bench.sdk().dms().modify_endpoint().endpoint_arn(id.as_str()).database_name("other");
        call.send().await.unwrap();
    });
    assert_eq!(status().0, "testing");
}

/// Drives an update of an endpoint to its end, as the engine does.
fn change_endpoint(stage: &Stage, arn: &str, old: &Json, new: &Json) -> Result<Vec<String>, String> {
    let (old, new) =
        (serde_json::from_value(old.clone()).unwrap(), serde_json::from_value(new.clone()).unwrap());
    let changed: Vec<String> = ["DatabaseName", "CertificateArn", "SslMode"].map(Into::into).to_vec();
    let change = Change { old: &old, new: &new, changed: &changed };
    let mut said = Vec::new();
    for _ in 0..60 {
        let id = PhysicalId::from(arn);
        let answer =
            stage.bench.cx(|cx| stage.bench.run(Endpoint::update(cx, &stage.bench.permit(), &id, &change)));
        match answer.map_err(|error| error.to_string())? {
            Progress::Again(detail) => {
                if said.last() != Some(&detail) {
                    said.push(detail);
                }
                stage.bench.advance(Duration::from_secs(10));
            }
            _ => return Ok(said),
        }
    }
    panic!("the update does not end: {said:?}");
}

fn endpoint_props(name: &str, kind: &str, database: &str) -> Json {
    json!({"EndpointIdentifier": name, "EndpointType": kind, "EngineName": "postgres", "ServerName": "h", "Port": 5432,
           "Username": "u", "Password": "p", "DatabaseName": database})
}

fn running(stage: &Stage) -> PhysicalId {
    let (id, _) = stage.task(json!({}));
    stage.test_connections();
    stage.start(&id, Start::StartReplication).unwrap();
    stage.bench.advance(Duration::from_secs(600));
    assert_eq!(stage.row(&id)["Status"], "running");
    id
}

fn marks(stage: &Stage, id: &PhysicalId) -> Vec<String> {
    let call = stage.bench.sdk().dms().list_tags_for_resource().resource_arn(id.as_str());
    let tags = stage.bench.run(call.send()).unwrap().tag_list.unwrap_or_default();
    tags.into_iter().filter_map(|tag| tag.key).filter(|key| key.starts_with("migrate:resume")).collect()
}

#[test]
fn an_endpoint_of_a_running_task_is_changed_while_it_is_stopped_and_the_task_runs_on() {
    let stage = stage();
    let id = running(&stage);
    let (old, new) = (endpoint_props("source", "source", "a"), endpoint_props("source", "source", "b"));
    let said = change_endpoint(&stage, &stage.source, &old, &new).unwrap();
    assert!(said[0].starts_with("stopping") && said.iter().any(|s| s.starts_with("resuming")), "{said:?}");
    assert_eq!(stage.row(&id)["Status"], "running");
    assert!(marks(&stage, &id).is_empty());
    let row = stage.bench.world(|world| world.get("dms.endpoint", &stage.source).cloned().unwrap());
    assert_eq!(row["DatabaseName"], "b");
}

#[test]
fn a_refused_change_of_an_endpoint_leaves_its_task_running() {
    let stage = stage();
    let id = running(&stage);
    let old = endpoint_props("source", "source", "a");
    let mut new = endpoint_props("source", "source", "b");
    new["CertificateArn"] = json!("arn:aws:dms:us-east-1:123456789012:cert:NONE");
    new["SslMode"] = json!("verify-ca");
    let error = change_endpoint(&stage, &stage.source, &old, &new).unwrap_err();
    assert!(error.contains("was stopped for it and runs again"), "{error}");
    stage.bench.advance(Duration::from_secs(60));
    assert_eq!(stage.row(&id)["Status"], "running");
    assert!(marks(&stage, &id).is_empty());
}

/// The process dies after any call of the change: the next one ends it, and the task runs again.
#[test]
fn a_change_of_an_endpoint_that_dies_between_two_calls_is_taken_up() {
    let props =
        |database: &str| serde_json::from_value(endpoint_props("source", "source", database)).unwrap();
    for dies_after in 0..12 {
        let stage = stage();
        let id = running(&stage);
        let changed = vec!["DatabaseName".to_owned()];
        let (old, new) = (props("a"), props("b"));
        let change = Change { old: &old, new: &new, changed: &changed };
        let before = stage.bench.operations().len();
        for _ in 0..60 {
            let source = PhysicalId::from(stage.source.as_str());
            let done = stage
                .bench
                .cx(|cx| stage.bench.run(Endpoint::update(cx, &stage.bench.permit(), &source, &change)));
            if stage.bench.operations().len() - before > dies_after || done.unwrap() == Progress::Done {
                break;
            }
            stage.bench.advance(Duration::from_secs(10));
        }
        let (old, new) = (endpoint_props("source", "source", "a"), endpoint_props("source", "source", "b"));
        change_endpoint(&stage, &stage.source, &old, &new).unwrap();
        assert_eq!(stage.row(&id)["Status"], "running", "died after {dies_after} calls");
        assert!(marks(&stage, &id).is_empty(), "died after {dies_after} calls");
        let row = stage.bench.world(|world| world.get("dms.endpoint", &stage.source).cloned().unwrap());
        assert_eq!(row["DatabaseName"], "b");
    }
}

/// Both endpoints of a task change at the same time, each call of one followed by one of the other.
#[test]
fn two_endpoints_of_one_task_change_together() {
    let stage = stage();
    let id = running(&stage);
    let changed = vec!["DatabaseName".to_owned()];
    let props =
        |name: &str, database: &str| serde_json::from_value(endpoint_props(name, name, database)).unwrap();
    let (mut done, mut turns) = ([false, false], 0);
    while done != [true, true] {
        turns += 1;
        assert!(turns < 100, "no end");
        for (at, name) in ["source", "target"].into_iter().enumerate() {
            if done[at] {
                continue;
            }
            let arn = PhysicalId::from(if at == 0 { stage.source.as_str() } else { stage.target.as_str() });
            let (old, new) = (props(name, "a"), props(name, "b"));
            let change = Change { old: &old, new: &new, changed: &changed };
            let answer = stage
                .bench
                .cx(|cx| stage.bench.run(Endpoint::update(cx, &stage.bench.permit(), &arn, &change)));
            done[at] = answer.unwrap() == Progress::Done;
            stage.bench.advance(Duration::from_secs(7));
        }
    }
    stage.bench.advance(Duration::from_secs(60));
    assert_eq!(stage.row(&id)["Status"], "running");
    assert!(marks(&stage, &id).is_empty());
    for arn in [&stage.source, &stage.target] {
        let row = stage.bench.world(|world| world.get("dms.endpoint", arn).cloned().unwrap());
        assert_eq!(row["DatabaseName"], "b");
    }
}

#[test]
fn a_task_of_others_is_not_stopped_for_an_endpoint() {
    let stage = stage();
    let id = running(&stage);
    stage.bench.run(async {
        let call = stage.bench.sdk().dms().remove_tags_from_resource().resource_arn(id.as_str());
        call.tag_keys(crate::aws::TAG_LINEAGE).send().await.unwrap();
    });
    let (old, new) = (endpoint_props("source", "source", "a"), endpoint_props("source", "source", "b"));
    let error = change_endpoint(&stage, &stage.source, &old, &new).unwrap_err();
    assert!(error.contains("is not this migration's"), "{error}");
    assert_eq!(stage.row(&id)["Status"], "running");
}
