//! The calls that verbs make, as values: each with what is there before, what holds afterwards, and whether it may be
//! repeated. And what is watched between them.

use serde_json::{Value as Json, json};

use super::{
    discover::{Fleet, Resolved, Task, Watched, Writer},
    fleets, steering,
};
use crate::{
    engine::operate::{Replicator, is_starting},
    ledger::{Facts, Noun, Operate, Phase, Repeat, Request, Subject},
    model::Address,
};

/// The tasks of a service, or the instances of a group.
#[must_use]
pub fn writer(of: &Writer) -> Subject {
    fleets::subject(of)
}

/// A service's scalable target.
#[must_use]
pub fn scaling(writer: &Writer) -> Option<Subject> {
    writer.scaling.as_ref().map(|(resource, _)| Subject::new(Noun::Scaling, &writer.region, &[resource]))
}

/// A task.
#[must_use]
pub fn task(task: &Task) -> Subject {
    Subject::new(Noun::Task, &task.region, &[&task.arn])
}

/// The member of a request that names it.
fn handle(of: &Task) -> &'static str {
    match of.kind {
        Replicator::Task => "ReplicationTaskArn",
        Replicator::Serverless => "ReplicationConfigArn",
        Replicator::Data => "DataMigrationIdentifier",
    }
}

/// Whether it was ever started, or is about to run.
#[must_use]
pub fn started(of: &Task, facts: &Facts) -> bool {
    let subject = task(of);
    let status = facts.get(&subject, "Status").and_then(Json::as_str).unwrap_or_default();
    is_starting(status) || facts.get(&subject, "StartDate").is_some_and(|date| !date.is_null())
}

/// Whether it runs, or is about to.
#[must_use]
pub fn runs(of: &Task, facts: &Facts) -> bool {
    let status = facts.get(&task(of), "Status").and_then(Json::as_str).unwrap_or_default();
    status == "running" || is_starting(status)
}

/// A connection.
#[must_use]
pub fn connection(region: &str, instance: &str, endpoint: &str) -> Subject {
    Subject::new(Noun::Connection, region, &[instance, endpoint])
}

/// A security group.
#[must_use]
pub fn group(region: &str, id: &str) -> Subject {
    Subject::new(Noun::Group, region, &[id])
}

/// An alarm.
#[must_use]
pub fn alarm(watched: &Watched) -> Subject {
    Subject::new(Noun::Alarm, &watched.region, &[&watched.name])
}

/// Everything that is operated or watched.
#[must_use]
pub fn watched(resolved: &Resolved) -> Vec<Subject> {
    let mut all: Vec<Subject> = resolved.forward.iter().chain(&resolved.reverse).map(task).collect();
    for set in &resolved.traffic {
        all.extend(steering::subjects(set));
    }
    for one in resolved.source_writers.iter().chain(&resolved.target_writers) {
        all.push(writer(one));
        all.extend(scaling(one));
    }
    for database in [&resolved.source, &resolved.target] {
        all.extend(database.groups.iter().map(|id| group(&database.region, id)));
    }
    if let Some((region, name)) = &resolved.state_parameter {
        all.push(Subject::new(Noun::Parameter, region, &[name]));
    }
    all.extend(resolved.alarms.iter().map(alarm));
    all.sort();
    all.dedup();
    all
}

/// Whether a change of that property by somebody else stops a verb.
fn guarded(noun: Noun, property: &str, phase: Phase) -> bool {
    match (noun, property) {
        (Noun::Task, "StartDate" | "FreshStartDate")
        | (Noun::Record, "record")
        | (Noun::Group, "ingress")
        | (Noun::Parameter, "Value")
        | (Noun::Listener, "actions")
        | (Noun::Scaling, "MinCapacity" | "SuspendedState")
        | (Noun::Fleet, "MinSize" | "SuspendedProcesses")
        | (Noun::Alarm, "ActionsEnabled") => true,
        // Scaling moves it, unless the service is fenced.
        (Noun::Service, "desiredCount") | (Noun::Fleet, "DesiredCapacity") => phase.in_window(),
        _ => false,
    }
}

/// What somebody else changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Of what.
    pub subject: Subject,
    /// Which property.
    pub property: String,
    /// What it was.
    pub was: Json,
    /// What it is.
    pub is: Json,
}

/// What differs from the last observation. What nobody has looked at yet, or what our own calls have left open, is no
/// difference.
#[must_use]
pub fn differences(known: &Facts, now: &Facts, phase: Phase) -> Vec<Difference> {
    let mut all = Vec::new();
    for ((subject, property), is) in &now.0 {
        if !guarded(subject.noun, property, phase) {
            continue;
        }
        let Some(was) = known.get(subject, property).filter(|was| !was.is_null()) else { continue };
        if was != is {
            let (subject, property) = (subject.clone(), property.clone());
            all.push(Difference { subject, property, was: was.clone(), is: is.clone() });
        }
    }
    all
}

/// A call, with what is there before of what it is to change.
pub(super) fn operate(
    name: String,
    request: Request,
    facts: &Facts,
    expect: Facts,
    repeat: Repeat,
) -> Operate {
    let mut before = Facts::default();
    for (subject, property) in expect.0.keys() {
        before.set(subject, property, facts.get(subject, property).cloned().unwrap_or_default());
    }
    Operate { name, request, before, expect, touches: Facts::default(), repeat }
}

/// Tests a connection.
#[must_use]
pub fn test_connection(region: &str, instance: &str, endpoint: &str, facts: &Facts) -> Operate {
    let subject = connection(region, instance, endpoint);
    let request = Request::new(
        "dms",
        "TestConnection",
        region,
        json!({
            "ReplicationInstanceArn": instance, "EndpointArn": endpoint,
        }),
    );
    let short = endpoint.rsplit(':').next().unwrap_or(endpoint);
    let expect = Facts::default().with(&subject, "Status", json!("testing"));
    operate(format!("test the connection to endpoint {short}"), request, facts, expect, Repeat::Freely)
}

/// Starts a task: `start-replication`, `resume-processing` or `reload-target`. Never repeated blindly: a second start
/// makes a new slot, and the changes in between are gone.
#[must_use]
pub fn start(of: &Task, kind: &str, facts: &Facts) -> Operate {
    let subject = task(of);
    let (operation, how) = match of.kind {
        Replicator::Task => ("StartReplicationTask", "StartReplicationTaskType"),
        Replicator::Serverless => ("StartReplication", "StartReplicationType"),
        Replicator::Data => ("StartDataMigration", "StartType"),
    };
    let request = Request::new("dms", operation, &of.region, json!({handle(of): of.arn, how: kind}));
    let dates =
        if kind == "resume-processing" { &["StartDate"][..] } else { &["StartDate", "FreshStartDate"] };
    let mut expect = Facts::default();
    match of.kind {
        Replicator::Task => dates.iter().for_each(|date| expect.set(&subject, date, Json::Null)),
        // Its dates come once it runs, half an hour later; what shows at once is that it is not at rest any more.
        Replicator::Serverless | Replicator::Data => expect.set(&subject, "Status", Json::Null),
    }
    let verb = match kind {
        "start-replication" => "start",
        "resume-processing" => "resume",
        _ => "reload",
    };
    let mut call = operate(
        format!("{verb} {} {}", of.kind.words(), of.address),
        request,
        facts,
        expect,
        Repeat::AfterLooking,
    );
    for property in ["Status", "StopReason", "FullLoadFinishDate"].iter().chain(dates) {
        if call.expect.get(&subject, property).is_none() {
            call.touches.set(&subject, property, Json::Null);
        }
    }
    call
}

/// Starts a reverse task at a position that was taken while both sides were shut: no change in between is lost, however
/// much later it starts. For PostgreSQL the position belongs to the slot that the endpoint names:
/// https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Task.CDC.html
#[must_use]
pub fn start_at(of: &Task, position: &str, facts: &Facts) -> Operate {
    let mut call = start(of, "start-replication", facts);
    call.name = format!("start {} {} at {position}", of.kind.words(), of.address);
    call.request.input["CdcStartPosition"] = json!(position);
    call
}

/// Has DMS assess a serverless replication with its start, and not start it if the assessment fails. The results go to a bucket
/// of DMS's own: there is no setting for another one, nor for a role (User Guide, AWS DMS Serverless premigration).
#[must_use]
pub fn assessed(mut start: Operate) -> Operate {
    let settings = json!({"FailOnAssessmentFailure": true});
    start.request.input["PremigrationAssessmentSettings"] = json!(settings.to_string());
    start
}

/// Begins an assessment run. Its name is its key: a run of that name is this one.
#[must_use]
pub fn assess(of: &Task, role: &str, bucket: &str, name: &str, facts: &Facts) -> Operate {
    let subject = Subject::new(Noun::Assessment, &of.region, &[&of.arn, name]);
    let input = json!({
        "ReplicationTaskArn": of.arn, "ServiceAccessRoleArn": role, "ResultLocationBucket": bucket,
        "ResultLocationFolder": "migrate-assessments", "AssessmentRunName": name,
    });
    let request = Request::new("dms", "StartReplicationTaskAssessmentRun", &of.region, input);
    let expect = Facts::default().with(&subject, "exists", json!(true));
    let mut call =
        operate(format!("assess task {}", of.address), request, facts, expect, Repeat::AfterLooking);
    call.touches.set(&task(of), "Status", Json::Null);
    call
}

/// Stops a task.
#[must_use]
pub fn stop(of: &Task, facts: &Facts) -> Operate {
    let subject = task(of);
    let operation = match of.kind {
        Replicator::Task => "StopReplicationTask",
        Replicator::Serverless => "StopReplication",
        Replicator::Data => "StopDataMigration",
    };
    let request = Request::new("dms", operation, &of.region, json!({handle(of): of.arn}));
    let expect = Facts::default().with(&subject, "Status", Json::Null);
    let name = format!("stop {} {}", of.kind.words(), of.address);
    let mut call = operate(name, request, facts, expect, Repeat::AfterLooking);
    call.touches.set(&subject, "StopReason", Json::Null);
    call
}

/// Loads tables again.
#[must_use]
pub fn reload_tables(of: &Task, tables: &[(String, String)], facts: &Facts) -> Operate {
    let list: Vec<Json> =
        tables.iter().map(|(schema, table)| json!({"SchemaName": schema, "TableName": table})).collect();
    let operation = match of.kind {
        // There is no such call for data migrations: the verbs refuse them.
        Replicator::Task | Replicator::Data => "ReloadTables",
        Replicator::Serverless => "ReloadReplicationTables",
    };
    let input = json!({handle(of): of.arn, "TablesToReload": list, "ReloadOption": "data-reload"});
    let request = Request::new("dms", operation, &of.region, input);
    let mut expect = Facts::default();
    for (schema, table) in tables {
        let subject = Subject::new(Noun::Table, &of.region, &[&of.arn, schema, table]);
        expect.set(&subject, "FullLoadStartTime", Json::Null);
    }
    let names: Vec<String> = tables.iter().map(|(schema, table)| format!("{schema}.{table}")).collect();
    operate(format!("reload {}", names.join(", ")), request, facts, expect, Repeat::AfterLooking)
}

/// How many tables are validated again with one call.
pub const REVALIDATED: usize = 10;

/// Validates tables again, without loading them. Repeating it only begins it again.
#[must_use]
pub fn revalidate(of: &Task, tables: &[(String, String)], facts: &Facts) -> Operate {
    let mut call = reload_tables(of, tables, facts);
    call.request.input["ReloadOption"] = json!("validate-only");
    call.repeat = Repeat::Freely;
    let names: Vec<String> = tables.iter().map(|(schema, table)| format!("{schema}.{table}")).collect();
    call.name = format!("validate {} again", names.join(", "));
    let subjects =
        tables.iter().map(|(schema, table)| Subject::new(Noun::Table, &of.region, &[&of.arn, schema, table]));
    (call.before, call.expect) = (Facts::default(), Facts::default());
    for subject in subjects {
        let is = facts.get(&subject, "ValidationState").cloned().unwrap_or_default();
        call.before.set(&subject, "ValidationState", is);
        call.expect.set(&subject, "ValidationState", json!("Pending records"));
    }
    call
}

/// Sets a service's count.
#[must_use]
pub fn desire(writer: &Writer, count: i64, facts: &Facts) -> Operate {
    let request = Request::new(
        "ecs",
        "UpdateService",
        &writer.region,
        json!({
            "cluster": writer.cluster, "service": writer.service, "desiredCount": count,
        }),
    );
    let expect = Facts::default().with(&fleets::subject(writer), "desiredCount", json!(count));
    operate(
        format!("set service {} to {count} tasks", writer.address),
        request,
        facts,
        expect,
        Repeat::Freely,
    )
}

/// Sets a scalable target's minimum and whether it scales. Registering applies the minimum again, so it comes first when a
/// service is to stop: https://docs.aws.amazon.com/autoscaling/application/userguide/getting-started.html
#[must_use]
pub fn scale(writer: &Writer, minimum: &Json, suspended: &Json, facts: &Facts) -> Option<Operate> {
    let (resource, _) = writer.scaling.as_ref()?;
    let subject = scaling(writer)?;
    let request = Request::new(
        "application-autoscaling",
        "RegisterScalableTarget",
        &writer.region,
        json!({
            "ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": minimum, "SuspendedState": suspended,
        }),
    );
    let expect = Facts::default().with(&subject, "MinCapacity", minimum.clone()).with(
        &subject,
        "SuspendedState",
        suspended.clone(),
    );
    let words = if suspended["DynamicScalingInSuspended"] == true { "suspend" } else { "resume" };
    Some(operate(format!("{words} scaling of {}", writer.address), request, facts, expect, Repeat::Freely))
}

/// The calls that end what a writer runs, in order, each with the resource that it changes: first nothing scales it any
/// more, then it goes to zero.
#[must_use]
pub fn emptied(of: &Writer, facts: &Facts) -> Vec<(Address, Operate)> {
    match of.fleet {
        Fleet::Tasks => {
            let scaled = scale(of, &json!(0), &suspended(), facts).map(|call| (scaler(of), call));
            scaled.into_iter().chain([(of.address.clone(), desire(of, 0, facts))]).collect()
        }
        Fleet::Instances => {
            fleets::emptied(of, facts).into_iter().map(|call| (of.address.clone(), call)).collect()
        }
    }
}

/// The calls that return a writer to what it was, likewise. What is not known of before is left as it is.
#[must_use]
pub fn refilled(of: &Writer, baseline: &Facts, facts: &Facts) -> Vec<(Address, Operate)> {
    match of.fleet {
        Fleet::Tasks => {
            let count = fleets::wanted(of, baseline);
            let desired = count.map(|count| (of.address.clone(), desire(of, count, facts)));
            let scaled = scaling(of).and_then(|subject| {
                let minimum = baseline.get(&subject, "MinCapacity")?;
                scale(of, minimum, baseline.get(&subject, "SuspendedState")?, facts)
            });
            desired.into_iter().chain(scaled.map(|call| (scaler(of), call))).collect()
        }
        Fleet::Instances => {
            let calls = fleets::refilled(of, baseline, facts).into_iter();
            calls.map(|call| (of.address.clone(), call)).collect()
        }
    }
}

/// The resource that scales a service.
fn scaler(of: &Writer) -> Address {
    of.scaling.as_ref().map_or(&of.address, |(_, address)| address).clone()
}

/// A scalable target at rest.
#[must_use]
pub fn suspended() -> Json {
    json!({
        "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true,
    })
}

/// The groups that a rule lets in.
fn peers(rule: &Json) -> Vec<&str> {
    rule["UserIdGroupPairs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pair| pair["GroupId"].as_str())
        .collect()
}

/// Whether a rule stays when the door shuts.
#[must_use]
pub fn stays(rule: &Json, keep: &[String]) -> bool {
    peers(rule).iter().any(|peer| keep.iter().any(|group| group == peer))
}

/// A rule as people read it.
#[must_use]
pub fn rule_words(rule: &Json) -> String {
    let peer = peers(rule).first().map(|group| (*group).to_owned());
    let range = ["IpRanges", "Ipv6Ranges", "PrefixListIds"].iter().find_map(|list| {
        let peer = &rule[*list][0];
        ["CidrIp", "CidrIpv6", "PrefixListId"]
            .iter()
            .find_map(|name| peer[*name].as_str())
            .map(ToOwned::to_owned)
    });
    let port =
        rule["FromPort"].as_i64().map_or_else(|| "all ports".to_owned(), |port| format!("port {port}"));
    format!("{port} from {}", peer.or(range).unwrap_or_else(|| "somewhere".into()))
}

fn door(region: &str, id: &str, rule: &Json, open: bool, facts: &Facts) -> Operate {
    let subject = group(region, id);
    let operation = if open { "AuthorizeSecurityGroupIngress" } else { "RevokeSecurityGroupIngress" };
    let request = Request::new("ec2", operation, region, json!({"GroupId": id, "IpPermissions": [rule]}));
    let mut rules = facts.get(&subject, "ingress").and_then(Json::as_array).cloned().unwrap_or_default();
    rules.retain(|known| known != rule);
    if open {
        rules.push(rule.clone());
        rules.sort_by_key(ToString::to_string);
    }
    let expect = Facts::default().with(&subject, "ingress", Json::Array(rules));
    let words = if open { "allow" } else { "revoke" };
    operate(format!("{words} {} at {id}", rule_words(rule)), request, facts, expect, Repeat::Freely)
}

/// Takes one inbound rule away.
#[must_use]
pub fn revoke(region: &str, id: &str, rule: &Json, facts: &Facts) -> Operate {
    door(region, id, rule, false, facts)
}

/// Puts one inbound rule back, with the tags that `was` knows of it: they say whose it is.
#[must_use]
pub fn allow(region: &str, id: &str, rule: &Json, facts: &Facts, was: &Facts) -> Operate {
    let mut call = door(region, id, rule, true, facts);
    let known = was.get(&group(region, id), "rules").and_then(Json::as_array);
    let tags = known.into_iter().flatten().find(|one| one["rule"] == *rule).map(|one| one["tags"].clone());
    // Tags that begin with `aws:` are AWS's own.
    let own = |tag: &&Json| !tag["Key"].as_str().unwrap_or_default().starts_with("aws:");
    let tags: Vec<Json> =
        tags.iter().flat_map(|tags| tags.as_array().into_iter().flatten()).filter(own).cloned().collect();
    if !tags.is_empty() {
        call.request.input["TagSpecifications"] =
            json!([{"ResourceType": "security-group-rule", "Tags": tags}]);
    }
    call
}

/// Writes the parameter that mirrors the phase.
#[must_use]
pub fn put_parameter(region: &str, name: &str, value: &str, facts: &Facts) -> Operate {
    let subject = Subject::new(Noun::Parameter, region, &[name]);
    let request = Request::new(
        "ssm",
        "PutParameter",
        region,
        json!({
            "Name": name, "Value": value, "Overwrite": true,
        }),
    );
    let expect = Facts::default().with(&subject, "Value", json!(value));
    let mut call = operate(format!("write {name}"), request, facts, expect, Repeat::Freely);
    call.touches.set(&subject, "Version", Json::Null);
    call
}

/// Takes a snapshot of a database.
#[must_use]
pub fn snapshot(kind: &str, region: &str, database: &str, id: &str) -> Operate {
    let cluster = kind == "AWS::RDS::DBCluster";
    let subject = Subject::new(Noun::Snapshot, region, &[if cluster { "cluster" } else { "instance" }, id]);
    let request = if cluster {
        let input = json!({"DBClusterIdentifier": database, "DBClusterSnapshotIdentifier": id});
        Request::new("rds", "CreateDBClusterSnapshot", region, input)
    } else {
        let input = json!({"DBInstanceIdentifier": database, "DBSnapshotIdentifier": id});
        Request::new("rds", "CreateDBSnapshot", region, input)
    };
    let facts = Facts::default().with(&subject, "exists", json!(false));
    let expect = Facts::default().with(&subject, "exists", json!(true));
    operate(format!("snapshot {id} of {database}"), request, &facts, expect, Repeat::AfterLooking)
}

/// The same request as a command of the AWS CLI, for people and runbooks.
#[must_use]
pub fn as_command(request: &Request) -> String {
    let mut kebab = String::new();
    let letters: Vec<char> = request.operation.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let next_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let before_lower = at > 0 && letters[at - 1].is_lowercase();
        if letter.is_uppercase() && at > 0 && (before_lower || next_lower) {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    let input = request.input.to_string().replace('\'', r"'\''");
    format!("aws {} {kebab} --region {} --cli-input-json '{input}'", request.service, request.region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_aws_cli() {
        let command = |service: &str, operation: &str| {
            as_command(&Request::new(service, operation, "eu-west-1", json!({"A": "it's"})))
        };
        assert_eq!(
            command("ec2", "RevokeSecurityGroupIngress"),
            r#"aws ec2 revoke-security-group-ingress --region eu-west-1 --cli-input-json '{"A":"it'\''s"}'"#
        );
        assert!(command("rds", "CreateDBSnapshot").starts_with("aws rds create-db-snapshot "));
        assert!(command("rds", "CreateDBClusterSnapshot").starts_with("aws rds create-db-cluster-snapshot "));
    }

    #[test]
    fn a_door_shuts_rule_by_rule_and_opens_to_what_it_was() {
        let rule = |group: &str| json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group}]});
        let (app, dms) = (rule("sg-app"), rule("sg-dms"));
        let subject = group("us-east-1", "sg-db");
        let before = Facts::default().with(&subject, "ingress", json!([app, dms]));
        assert!(stays(&dms, &["sg-dms".into()]) && !stays(&app, &["sg-dms".into()]));
        let shut = revoke("us-east-1", "sg-db", &app, &before);
        assert_eq!(shut.expect.get(&subject, "ingress"), Some(&json!([dms])));
        let opened = allow("us-east-1", "sg-db", &app, &shut.expect, &before);
        assert_eq!(opened.expect, before);
    }

    #[test]
    fn a_difference_is_what_nobody_of_us_did() {
        let subject = group("us-east-1", "sg-db");
        let known = Facts::default().with(&subject, "ingress", json!([1]));
        let now = Facts::default().with(&subject, "ingress", json!([2])).with(&subject, "other", json!(3));
        assert_eq!(differences(&known, &now, Phase::Live).len(), 1);
        assert!(differences(&Facts::default(), &now, Phase::Live).is_empty());
        let writer = Subject::new(Noun::Service, "us-east-1", &["c", "s"]);
        let count = |n: i64| Facts::default().with(&writer, "desiredCount", json!(n));
        assert!(differences(&count(2), &count(3), Phase::Synced).is_empty(), "scaling may do that");
        assert_eq!(differences(&count(0), &count(3), Phase::Fenced).len(), 1, "nobody may do that");
    }
}
