//! The law for serverless replications, changes of running ones, and what the sandbox's replications pass through.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value as Json, json};

use super::{
    Endpoint, ReplicationConfig,
    support::filter,
    tests::{prepared, with_group},
};
use crate::{
    model::PhysicalId,
    resources::{Change, Goal, Probe, Progress, ResourceType, bench::Bench},
};

struct Stage {
    bench: Bench,
    source: String,
    target: String,
}

type Props = <ReplicationConfig as ResourceType>::Props;

fn endpoint(kind: &str, engine: &str, host: &str) -> Json {
    json!({
        "EndpointIdentifier": format!("{engine}-{kind}"), "EndpointType": kind, "EngineName": engine, "ServerName": host,
        "Port": 1521, "Username": "u", "Password": "p", "DatabaseName": "ORCL",
    })
}

fn stage() -> Stage {
    let bench = prepared();
    with_group(&bench);
    let make = |kind: &str, engine: &str| {
        let props = serde_json::from_value(endpoint(kind, engine, "db.example.com")).unwrap();
        bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props))).unwrap().id.0
    };
    let (source, target) = (make("source", "oracle"), make("target", "aurora-postgresql"));
    bench.advance(Duration::from_secs(10));
    Stage { bench, source, target }
}

fn mappings(schema: &str) -> Json {
    json!({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": schema, "table-name": "%"}}]})
}

impl Stage {
    fn props(&self, more: Json) -> Json {
        let mut props = json!({
            "ReplicationConfigIdentifier": "Shop-Serverless", "ReplicationType": "full-load-and-cdc",
            "SourceEndpointArn": self.source, "TargetEndpointArn": self.target, "TableMappings": mappings("SHOP"),
            "ComputeConfig": {"MaxCapacityUnits": 16, "ReplicationSubnetGroupId": "group", "VpcSecurityGroupIds": ["sg-1"]},
        });
        for (name, value) in more.as_object().unwrap() {
            props[name] = value.clone();
        }
        props
    }

    fn config(&self, more: Json) -> (PhysicalId, Props) {
        let props = serde_json::from_value(self.props(more)).unwrap();
        let created =
            self.bench.cx(|cx| self.bench.run(ReplicationConfig::create(cx, &self.bench.permit(), &props)));
        (created.unwrap().id, props)
    }

    fn start(&self, id: &PhysicalId, how: &str) -> Result<(), String> {
        let call = self.bench.sdk().dms().start_replication().replication_config_arn(id.as_str());
        let answer = self.bench.run(call.start_replication_type(how).send());
        answer.map(drop).map_err(|error| format!("{}: {}", error.code().unwrap(), error.message().unwrap()))
    }

    fn row(&self, id: &PhysicalId) -> Json {
        self.bench
            .world(|world| world.get("dms.replication-config", id.as_str()).cloned().unwrap_or_default())
    }

    /// Waits until the replication has that state; answers the states on the way there, and the seconds that took.
    fn until(&self, id: &PhysicalId, wanted: &str) -> (Vec<String>, u64) {
        let (mut seen, mut seconds) = (Vec::new(), 0);
        loop {
            let status = self.row(id)["Status"].as_str().unwrap_or("gone").to_owned();
            if seen.last() != Some(&status) {
                seen.push(status.clone());
            }
            if status == wanted {
                return (seen, seconds);
            }
            assert!(seconds < 7_200, "{seen:?}");
            self.bench.advance(Duration::from_secs(10));
            seconds += 10;
        }
    }

    fn update(&self, id: &PhysicalId, old: &Props, new: &Json, changed: &[&str]) -> Vec<String> {
        let new: Props = serde_json::from_value(new.clone()).unwrap();
        let changed: Vec<String> = changed.iter().map(|name| (*name).to_owned()).collect();
        let mut steps = Vec::new();
        loop {
            // A new process for every step: nothing but AWS remembers.
            let change = Change { old, new: &new, changed: &changed };
            let permit = self.bench.permit();
            match self
                .bench
                .cx(|cx| self.bench.run(ReplicationConfig::update(cx, &permit, id, &change)))
                .unwrap()
            {
                Progress::Again(step) => steps.push(step),
                Progress::Done => break,
                _ => panic!("the config is gone"),
            }
            assert!(steps.len() < 400, "{steps:?}");
            self.bench.advance(Duration::from_secs(10));
        }
        steps.dedup();
        steps
    }
}

#[test]
fn config_keeps_the_law() {
    let stage = stage();
    let other = {
        let mut props = endpoint("target", "postgres", "other.example.com");
        props["EndpointIdentifier"] = json!("other");
        let props = serde_json::from_value(props).unwrap();
        stage
            .bench
            .cx(|cx| stage.bench.run(Endpoint::create(cx, &stage.bench.permit(), &props)))
            .unwrap()
            .id
            .0
    };
    stage.bench.advance(Duration::from_secs(10));
    let props = stage.props(json!({
        "ComputeConfig": {
            "MaxCapacityUnits": 16, "MinCapacityUnits": 2, "ReplicationSubnetGroupId": "Group", "AvailabilityZone": "us-east-1a",
            "DnsNameServers": "10.0.0.2", "KmsKeyId": "my-key", "PreferredMaintenanceWindow": "Sun:04:00-Sun:05:00",
            "VpcSecurityGroupIds": ["sg-2", "sg-1"], "MultiAZ": false,
        },
        "ReplicationSettings": {"TargetMetadata": {"LobMaxSize": 64}, "Logging": {"EnableLogging": true, "LogComponents": [
            {"Id": "TARGET_APPLY", "Severity": "LOGGER_SEVERITY_DEBUG"}]}},
        "SupplementalSettings": {"a": 1}, "ResourceIdentifier": "shop-serverless", "Tags": [{"Key": "team", "Value": "core"}],
    }));
    let mut new = props.clone();
    for (name, value) in [
        (
            "ComputeConfig",
            json!({"MaxCapacityUnits": 32, "ReplicationSubnetGroupId": "group", "KmsKeyId": "my-key", "MultiAZ": true,
                "PreferredMaintenanceWindow": "mon:04:00-mon:05:00", "VpcSecurityGroupIds": ["sg-1"]}),
        ),
        ("ReplicationSettings", json!({"FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING"}})),
        ("TableMappings", json!(mappings("OTHER").to_string())),
        ("SupplementalSettings", json!("{\"b\": 2}")),
        ("ReplicationConfigIdentifier", json!("renamed")),
        ("ReplicationType", json!("cdc")),
        ("TargetEndpointArn", json!(other)),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        new[name] = value;
    }
    let id = stage.bench.law::<ReplicationConfig>(props, Some(new));
    assert_eq!(id.as_str(), "arn:aws:dms:us-east-1:123456789012:replication-config:shop-serverless");
    // A running replication is stopped and started again: the tests below.
    stage.bench.covers::<ReplicationConfig>(
        0,
        &["dms:StartReplication", "dms:StopReplication", "iam:CreateServiceLinkedRole"],
    );
}

#[test]
fn a_start_passes_through_every_state_of_the_guide_and_a_stop_gives_the_capacity_back() {
    let stage = stage();
    let (id, _) = stage.config(json!({}));
    assert_eq!(stage.row(&id)["Status"], "created");
    let early = stage.start(&id, "resume-processing").unwrap_err();
    assert!(early.starts_with("InvalidParameterCombinationException"), "{early}");
    stage.start(&id, "start-replication").unwrap();
    let twice = stage.start(&id, "start-replication").unwrap_err();
    assert!(twice.contains("is in INITIALIZING state and cannot start"), "{twice}");
    let (seen, seconds) = stage.until(&id, "running");
    assert_eq!(
        seen,
        [
            "initializing",
            "preparing_metadata_resources",
            "testing_connection",
            "fetching_metadata",
            "calculating_capacity",
            "provisioning_capacity",
            "replication_starting",
            "running",
        ]
    );
    // The workshop: 15 to 20 minutes twice, and up to 15 for the rest.
    assert!((35 * 60..60 * 60).contains(&seconds), "{seconds}");
    let data = stage.row(&id)["ProvisionData"].clone();
    assert_eq!(data["ProvisionState"], "provisioned");
    assert_eq!(data["ProvisionedCapacityUnits"], 2);
    stage.bench.advance(Duration::from_secs(120));
    let look = || {
        stage.bench.run(async {
            let by = filter("", "replication-config-arn", id.as_str()).unwrap();
            let found = stage.bench.sdk().dms().describe_replications().filters(by).send().await.unwrap();
            found.replications()[0].clone()
        })
    };
    let stats = look().replication_stats().unwrap().clone();
    assert_eq!((stats.full_load_progress_percent(), stats.tables_loaded()), (100, 6));
    let refused = stage.bench.run(async {
        let call = stage.bench.sdk().dms().modify_replication_config().replication_config_arn(id.as_str());
        call.table_mappings(mappings("OTHER").to_string()).send().await.unwrap_err()
    });
    assert_eq!(refused.code(), Some("InvalidResourceStateFault"));
    stage.bench.run(async {
        let call = stage.bench.sdk().dms().stop_replication().replication_config_arn(id.as_str());
        call.send().await.unwrap();
    });
    stage.until(&id, "stopped");
    assert!(look().recovery_checkpoint().is_some());
    let kept = stage.bench.run(async {
        let call = stage.bench.sdk().dms().delete_replication_config().replication_config_arn(id.as_str());
        call.send().await.unwrap_err()
    });
    assert_eq!(kept.code(), Some("InvalidResourceStateFault"), "its capacity is still there");
    // Started again at once, it keeps its capacity; the state of the metadata is known.
    stage.start(&id, "resume-processing").unwrap();
    let (seen, _) = stage.until(&id, "running");
    assert!(!seen.iter().any(|state| state.starts_with("prov") || state.starts_with("prep")), "{seen:?}");
}

#[test]
fn a_running_replication_is_stopped_modified_and_resumed_without_a_reload() {
    let stage = stage();
    let (id, old) = stage.config(json!({"ReplicationSettings": {"TargetMetadata": {"LobMaxSize": 64}}}));
    stage.start(&id, "start-replication").unwrap();
    stage.until(&id, "running");
    stage.bench.advance(Duration::from_secs(300));
    let loaded = stage.row(&id)["_fresh"].clone();
    let new = stage.props(json!({
        "ReplicationSettings": {"TargetMetadata": {"LobMaxSize": 128}},
        "ComputeConfig": {"MaxCapacityUnits": 32, "ReplicationSubnetGroupId": "group", "VpcSecurityGroupIds": ["sg-1"]},
    }));
    let steps = stage.update(&id, &old, &new, &["ReplicationSettings", "ComputeConfig"]);
    assert_eq!(
        steps[..4],
        [
            "stopping the serverless replication",
            "the serverless replication is stopping",
            "modifying the serverless replication",
            "the serverless replication is modifying",
        ]
    );
    assert_eq!(steps[4], "resuming the serverless replication at its checkpoint");
    assert!(steps.contains(&"the serverless replication is replication_starting".to_owned()), "{steps:?}");
    let row = stage.row(&id);
    assert_eq!(row["Status"], "running");
    assert_eq!(row["StartReplicationType"], "resume-processing");
    assert_eq!(row["_fresh"], loaded, "resumed, not loaded again");
    assert_eq!(row["ComputeConfig"]["MaxCapacityUnits"], 32);
    assert!(row["ReplicationTaskSettings"].as_str().unwrap().contains("128"));
    assert!(!row["_tags"].to_string().contains("migrate:resume"), "the mark is gone");
    // Whatever DMS added, nothing is left to do.
    let hint: Props = serde_json::from_value(new.clone()).unwrap();
    let read =
        stage.bench.cx(|cx| stage.bench.run(ReplicationConfig::read(cx, &id, &hint))).unwrap().unwrap();
    let read = serde_json::to_value(read).unwrap();
    for property in ["ReplicationSettings", "ComputeConfig", "TableMappings", "ReplicationType"] {
        assert!(
            ReplicationConfig::same(property, &new[property], &read[property]),
            "{property}: {}",
            read[property]
        );
    }
}

#[test]
fn one_that_rests_is_changed_and_stays_at_rest() {
    let stage = stage();
    let (id, old) = stage.config(json!({}));
    let new = stage.props(json!({"TableMappings": mappings("OTHER")}));
    let steps = stage.update(&id, &old, &new, &["TableMappings"]);
    assert_eq!(steps, ["modifying the serverless replication", "the serverless replication is modifying"]);
    assert_eq!(stage.row(&id)["Status"], "created");
}

#[test]
fn a_running_replication_is_stopped_and_deprovisioned_before_it_is_deleted() {
    let stage = stage();
    let (id, props) = stage.config(json!({}));
    stage.start(&id, "start-replication").unwrap();
    stage.until(&id, "running");
    let interfaces = || {
        stage.bench.world(|world| {
            world.rows("ec2.network-interface").filter(|(_, row)| row["_owner"] == id.as_str()).count()
        })
    };
    assert_eq!(interfaces(), 1);
    let mut steps = Vec::new();
    loop {
        let permit = stage.bench.permit();
        match stage
            .bench
            .cx(|cx| stage.bench.run(ReplicationConfig::delete(cx, &permit, &id, &props)))
            .unwrap()
        {
            Progress::Again(step) => steps.push(step),
            _ => break,
        }
        stage.bench.advance(Duration::from_secs(10));
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            "stopping the serverless replication",
            "the serverless replication is stopping",
            "the serverless capacity is provisioned",
            "the serverless capacity is deprovisioning",
        ]
    );
    stage.bench.advance(Duration::from_secs(61));
    let gone =
        stage.bench.cx(|cx| stage.bench.run(ReplicationConfig::probe(cx, &id, &props, Goal::Gone))).unwrap();
    assert!(matches!(gone, Probe::Reached(_)));
    stage.bench.advance(Duration::from_secs(60));
    assert_eq!(interfaces(), 0, "its interfaces go a while later");
}

#[test]
fn a_start_that_cannot_connect_fails_and_says_which_endpoint() {
    let stage = stage();
    let props = serde_json::from_value(json!({
        "EndpointIdentifier": "unreachable", "EndpointType": "source", "EngineName": "oracle", "OracleSettings": {
            "SecretsManagerSecretId": "nowhere", "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/secrets",
        },
    }))
    .unwrap();
    let bench = &stage.bench;
    let source = bench.cx(|cx| bench.run(Endpoint::create(cx, &bench.permit(), &props))).unwrap().id.0;
    bench.advance(Duration::from_secs(10));
    let (id, _) = stage.config(json!({"SourceEndpointArn": source}));
    stage.start(&id, "start-replication").unwrap();
    let (seen, _) = stage.until(&id, "failed");
    assert_eq!(seen.last().map(String::as_str), Some("failed"));
    assert!(seen.contains(&"testing_connection".to_owned()) && !seen.contains(&"running".to_owned()));
    let why = stage.row(&id)["FailureMessages"][0].as_str().unwrap().to_owned();
    assert!(why.contains("Test connection failed for endpoint 'unreachable'"), "{why}");
    stage.start(&id, "start-replication").unwrap();
}

#[test]
fn an_assessment_that_fails_stops_the_start_unless_it_may_fail() {
    let stage = stage();
    let (id, _) = stage.config(json!({}));
    let fail = |world: &mut crate::sandbox::World| {
        let row = world.get_mut("dms.replication-config", id.as_str()).unwrap();
        row["_assess"] = json!({"unsupported-data-types-in-source": "failed"});
    };
    stage.bench.world(fail);
    let start = |settings: &str| {
        stage.bench.run(async {
            let call = stage.bench.sdk().dms().start_replication().replication_config_arn(id.as_str());
            let call =
                call.start_replication_type("start-replication").premigration_assessment_settings(settings);
            call.send().await.map(drop).map_err(|error| error.code().unwrap_or_default().to_owned())
        })
    };
    assert_eq!(start("no json").unwrap_err(), "InvalidParameterValueException");
    start("{\"ResultLocationFolder\": \"b\"}").unwrap();
    stage.until(&id, "failed");
    assert_eq!(stage.row(&id)["PremigrationAssessmentStatuses"][0]["Status"], "failed");
    start("{\"ResultLocationFolder\": \"b\", \"FailOnAssessmentFailure\": false}").unwrap();
    stage.until(&id, "running");
}

#[test]
fn an_endpoint_change_pauses_the_serverless_replication_that_uses_it() {
    let stage = stage();
    let (id, _) = stage.config(json!({"Tags": []}));
    let bench = &stage.bench;
    // The ownership tag that the law's context would have set.
    bench.world(|world| {
        let row = world.get_mut("dms.replication-config", id.as_str()).unwrap();
        let tags = row["_tags"].as_array().cloned().unwrap_or_default();
        assert!(tags.iter().any(|tag| tag["Key"] == crate::aws::TAG_LINEAGE), "{tags:?}");
    });
    stage.start(&id, "start-replication").unwrap();
    stage.until(&id, "running");
    let loaded = stage.row(&id)["_fresh"].clone();
    let old: <Endpoint as ResourceType>::Props =
        serde_json::from_value(endpoint("source", "oracle", "db.example.com")).unwrap();
    let new = serde_json::from_value(endpoint("source", "oracle", "new.example.com")).unwrap();
    let changed = vec!["ServerName".to_owned()];
    let source = PhysicalId(stage.source.clone());
    let mut steps = Vec::new();
    loop {
        let change = Change { old: &old, new: &new, changed: &changed };
        let permit = bench.permit();
        match bench.cx(|cx| bench.run(Endpoint::update(cx, &permit, &source, &change))).unwrap() {
            Progress::Again(step) => steps.push(step),
            _ => break,
        }
        assert!(steps.len() < 400, "{steps:?}");
        bench.advance(Duration::from_secs(10));
    }
    steps.dedup();
    assert_eq!(steps[0], "stopping the serverless replication shop-serverless");
    assert!(steps.contains(&"resuming the serverless replication shop-serverless".to_owned()), "{steps:?}");
    let row = stage.row(&id);
    assert_eq!(row["Status"], "running");
    assert_eq!(row["_fresh"], loaded);
    bench.world(|world| {
        assert_eq!(world.get("dms.endpoint", &stage.source).unwrap()["ServerName"], "new.example.com");
    });
}

#[test]
fn what_dms_would_refuse_is_found_before_anything_runs() {
    let stage = stage();
    let found = |more: Json| {
        let all = ReplicationConfig::check(&stage.props(more));
        all.into_iter().map(|(property, why)| format!("{property}: {why}")).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found(json!({})), "");
    assert!(found(json!({"ComputeConfig": {"MaxCapacityUnits": 3}})).contains("1, 2, 4, 8"));
    assert!(
        found(json!({"ComputeConfig": {"MaxCapacityUnits": 2, "MinCapacityUnits": 4}})).contains("more than")
    );
    let both =
        json!({"ComputeConfig": {"MaxCapacityUnits": 2, "MultiAZ": true, "AvailabilityZone": "us-east-1a"}});
    assert!(found(both).contains("AvailabilityZone"));
    let five = json!({"ComputeConfig": {"MaxCapacityUnits": 2, "DnsNameServers": "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5"}});
    assert!(found(five).contains("four"));
    assert!(found(json!({"TableMappings": "{'rules': []}"})).contains("no valid JSON"));
    let change = |old: Json, new: Json| {
        let (old, new): (Props, Props) = (
            serde_json::from_value(stage.props(old)).unwrap(),
            serde_json::from_value(stage.props(new)).unwrap(),
        );
        ReplicationConfig::refused(&Change { old: &old, new: &new, changed: &["ComputeConfig".into()] })
    };
    let with = json!({"ComputeConfig": {"MaxCapacityUnits": 2, "KmsKeyId": "k"}, "ReplicationSettings": {}});
    let without = json!({"ComputeConfig": {"MaxCapacityUnits": 2}});
    assert_eq!(change(with, without).len(), 2, "settings and a key that DMS would keep");
}

/// A public report of an outage in 2026: a `full-load-and-cdc` applied to a stopped `cdc` replication was refused.
#[test]
fn the_type_changes_only_before_the_first_capacity_and_nothing_is_stopped_for_it() {
    let stage = stage();
    let (id, old) = stage.config(json!({}));
    let to = |kind: &str| stage.props(json!({"ReplicationType": kind}));
    let changed = ["ReplicationType".to_owned()];
    stage.update(&id, &old, &to("cdc"), &["ReplicationType"]);
    assert_eq!(stage.row(&id)["MigrationType"], "cdc", "it was never started");
    stage.start(&id, "start-replication").unwrap();
    stage.until(&id, "running");
    let new: Props = serde_json::from_value(to("full-load-and-cdc")).unwrap();
    let old: Props = serde_json::from_value(to("cdc")).unwrap();
    let refused = || {
        let change = Change { old: &old, new: &new, changed: &changed };
        let permit = stage.bench.permit();
        let answer =
            stage.bench.cx(|cx| stage.bench.run(ReplicationConfig::update(cx, &permit, &id, &change)));
        answer.unwrap_err().to_string()
    };
    assert!(refused().contains("up --replace "), "{}", refused());
    assert_eq!(stage.row(&id)["Status"], "running", "nothing was stopped");
    // The service itself, asked past the handler.
    let dms = stage.bench.sdk().dms();
    stage.bench.run(dms.stop_replication().replication_config_arn(id.as_str()).send()).unwrap();
    stage.until(&id, "stopped");
    let call = dms.modify_replication_config().replication_config_arn(id.as_str());
    let error = stage.bench.run(call.replication_type("full-load-and-cdc".into()).send()).unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValueException"));
    assert!(error.message().unwrap().contains("before provisioning capacity"), "{error:?}");
}

/// What runs is told with its state, since when and with which capacity; what rests is told as that. Failures come first.
#[test]
fn reviews_and_waits_are_told_what_it_does() {
    let stage = stage();
    let (id, props) = stage.config(json!({}));
    let activity = |id: &PhysicalId| {
        stage.bench.cx(|cx| stage.bench.run(ReplicationConfig::activity(cx, id))).unwrap().unwrap()
    };
    let source = PhysicalId(stage.source.clone());
    let users = || stage.bench.cx(|cx| stage.bench.run(Endpoint::activity(cx, &source))).unwrap().unwrap();
    let words = activity(&id)[0].words();
    assert_eq!(words, "serverless replication shop-serverless is created");
    assert!(!activity(&id)[0].busy && users().is_empty());
    stage.start(&id, "start-replication").unwrap();
    stage.until(&id, "provisioning_capacity");
    let words = activity(&id)[0].words();
    assert!(
        words.contains(" is provisioning_capacity since 20") && words.contains("usually 15 to 20 min"),
        "{words}"
    );
    stage.until(&id, "running");
    let words = activity(&id)[0].words();
    assert!(words.contains(" is running since 20") && words.contains(" DCU provisioned"), "{words}");
    assert_eq!(users()[0].words(), words, "the endpoint's review names it too");
    let news = || {
        let waited = Duration::from_secs(60);
        stage.bench.cx(|cx| stage.bench.run(ReplicationConfig::news(cx, &id, &props, waited))).unwrap()
    };
    assert!(news()[0].starts_with("capacity: 2 DCU provisioned"), "{:?}", news());
    // An update has stopped it and died: what it does is interrupted, though it rests at this moment.
    let state = |status: &str, mark: Option<&str>| {
        stage.bench.world(|world| {
            let row = world.get_mut("dms.replication-config", id.as_str()).unwrap();
            row["Status"] = json!(status);
            let Some(tags) = row["_tags"].as_array_mut() else { panic!("{row}") };
            tags.retain(|tag| !tag["Key"].as_str().unwrap_or_default().starts_with("migrate:resume"));
            tags.extend(mark.map(|key| json!({"Key": key, "Value": "true"})));
        });
    };
    let owed = ", stopped by an update that did not end; it is resumed after the change";
    for mark in ["migrate:resume", "migrate:resume:SOURCE"] {
        state("stopped", Some(mark));
        let told = activity(&id);
        assert!(told[0].busy && told[0].words().ends_with(owed), "{mark}: {told:?}");
        assert_eq!(users(), told, "{mark}: the endpoint's review says it, too");
    }
    state("stopped", None);
    assert!(!activity(&id)[0].busy && users().is_empty(), "stopped by its owner");
    stage.bench.world(|world| {
        let row = world.get_mut("dms.replication-config", id.as_str()).unwrap();
        row["Status"] = json!("failed");
        row["FailureMessages"] = json!(["Last Error Error 1236 reading binary log."]);
    });
    assert_eq!(news()[0], "Last Error Error 1236 reading binary log.");
    assert!(users().is_empty(), "what failed is in nobody's way");
}
