//! Steps as commands for a shell: the AWS CLI's calls, and reads that are repeated until what a step waits for is there.
//!
//! The commands use a few [`functions`], and nothing but a POSIX shell and the AWS CLI (version 1 or 2).

use serde_json::Value as Json;

use super::{
    calls,
    declare::{Hook, POSITION},
    discover::{Database, Fleet, Resolved, Task, Writer},
    drive::{hook, mirror},
    fleets,
    steps::{Step, Until},
};
use crate::{
    clock::{from_millis, rfc3339},
    engine::operate::Replicator,
    ledger::{Facts, Noun, Phase, Subject},
};

/// The functions that the commands use. A limit ends a wait with an error, so that `set -e` stops there.
const FUNCTIONS: &str = r#"export AWS_PAGER=
# wanted LIMIT EVERY VALUE COMMAND...: repeats a read until it prints VALUE
wanted() {
  left=$1 every=$2 value=$3; shift 3
  until [ "$("$@")" = "$value" ]; do
    if [ "$left" -le 0 ]; then echo "not within the limit: $*" >&2; return 1; fi
    sleep "$every"; left=$((left - every))
  done
}
# steady LIMIT EVERY COMMAND...: repeats a read until it prints the same twice in a row
steady() {
  left=$1 every=$2 before=; shift 2
  while :; do
    now=$("$@") || return 1
    if [ "$now" = "$before" ]; then return 0; fi
    if [ "$left" -le 0 ]; then echo "not within the limit: $*" >&2; return 1; fi
    before=$now; sleep "$every"; left=$((left - every))
  done
}
"#;

/// The function for hooks that are Lambda functions. `fileb://` is taken by both versions of the AWS CLI.
const INVOKED: &str = r#"# invoked REGION FUNCTION PAYLOAD: invokes a Lambda function, and prints its answer without the quotes of a text
invoked() {
  answer=$(mktemp) || return 1
  failed=$(printf %s "$3" | aws lambda invoke --region "$1" --function-name "$2" --payload fileb:///dev/stdin \
    --query FunctionError --output text "$answer") || return 1
  sed 's/^"\(.*\)"$/\1/' "$answer"; rm -f "$answer"
  [ "$failed" = None ]
}
"#;

/// The functions that a migration's commands use.
#[must_use]
pub fn functions(resolved: &Resolved) -> String {
    let invoked = if resolved.functions.is_empty() { "" } else { INVOKED };
    format!("{FUNCTIONS}{invoked}")
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@+%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn task_read(task: &Task, query: &str, output: &str) -> String {
    let (verb, by, list) = match task.kind {
        Replicator::Task => ("describe-replication-tasks", "replication-task-arn", "ReplicationTasks"),
        Replicator::Serverless => ("describe-replications", "replication-config-arn", "Replications"),
        Replicator::Data => ("describe-data-migrations", "data-migration-identifier", "DataMigrations"),
    };
    format!(
        "aws dms {verb} --region {} --filters Name={by},Values={} --query {} --output {output}",
        task.region,
        quoted(&task.arn),
        quoted(&format!("{list}[0].{query}"))
    )
}

/// The member with a task's statistics, or with a serverless replication's.
fn stats(task: &Task) -> &'static str {
    match task.kind {
        Replicator::Task => "ReplicationTaskStats",
        Replicator::Serverless => "ReplicationStats",
        Replicator::Data => "DataMigrationStatistics",
    }
}

fn statistics(task: &Task, query: &str) -> String {
    // Of several pages only JSON is put together before the query is applied:
    // https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#text-output
    let (verb, by) = match task.kind {
        Replicator::Task | Replicator::Data => ("describe-table-statistics", "replication-task-arn"),
        Replicator::Serverless => ("describe-replication-table-statistics", "replication-config-arn"),
    };
    format!(
        "aws dms {verb} --region {} --{by} {} --query {} --output json",
        task.region,
        quoted(&task.arn),
        quoted(query)
    )
}

/// Tables that are not DMS's own.
fn own(task: &Task) -> String {
    let list = match task.kind {
        Replicator::Task | Replicator::Data => "TableStatistics",
        Replicator::Serverless => "ReplicationTableStatistics",
    };
    format!(r#"{list}[?!starts_with(TableName, `"awsdms_"`)]"#)
}

fn summed(task: &Task, prefix: &str) -> String {
    format!("sum({}.[{prefix}Inserts,{prefix}Updates,{prefix}Deletes][])", own(task))
}

/// Reads one of a writer's numbers: `tasks` of a service, `instances` of an Auto Scaling group.
fn fleet_read(writer: &Writer, tasks: &str, instances: &str, output: &str) -> String {
    match writer.fleet {
        Fleet::Tasks => service_read(writer, tasks, output),
        Fleet::Instances => format!(
            "aws autoscaling describe-auto-scaling-groups --region {} --auto-scaling-group-names {} --query {} --output \
             {output}",
            writer.region,
            quoted(&writer.service),
            quoted(&instances.replace('@', "AutoScalingGroups[0].Instances"))
        ),
    }
}

fn service_read(writer: &Writer, query: &str, output: &str) -> String {
    format!(
        "aws ecs describe-services --region {} --cluster {} --services {} --query {} --output {output}",
        writer.region,
        quoted(&writer.cluster),
        quoted(&writer.service),
        quoted(&format!("services[0].{query}"))
    )
}

fn status(task: &Task, wanted: &str, every_s: u64, limit_s: u64) -> String {
    let member = if task.kind == Replicator::Data { "DataMigrationStatus" } else { "Status" };
    format!("wanted {limit_s} {every_s} {wanted} {}", task_read(task, member, "text"))
}

fn slot(target: &Database) -> Vec<String> {
    if !target.engine.contains("postgres") || target.is_external() {
        return Vec::new();
    }
    let kind =
        if target.kind == "AWS::RDS::DBCluster" { "DBClusterIdentifier" } else { "DBInstanceIdentifier" };
    vec![
        "# A point of OldestReplicationSlotLag shows that the reverse task has its slot:".into(),
        metric(&target.region, "AWS/RDS", "OldestReplicationSlotLag", &[(kind, &target.id)]),
    ]
}

fn metric(region: &str, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> String {
    let dimensions: Vec<String> =
        dimensions.iter().map(|(name, value)| format!("Name={name},Value={}", quoted(value))).collect();
    format!(
        "aws cloudwatch get-metric-statistics --region {region} --namespace {namespace} --metric-name {name} \
         --dimensions {} --start-time \"$(($(date +%s) - 900))\" --end-time \"$(date +%s)\" --period 60 \
         --statistics Maximum --query 'sort_by(Datapoints, &Timestamp)[].Maximum' --output json",
        dimensions.join(" ")
    )
}

/// The latest lag of a task, newest last.
#[must_use]
pub fn lag(task: &Task) -> Vec<String> {
    if task.kind == Replicator::Data {
        return vec![task_read(task, "DataMigrationStatistics.CDCLatency", "json")];
    }
    let dimensions = task.dimensions();
    ["CDCLatencySource", "CDCLatencyTarget", "CDCIncomingChanges"]
        .iter()
        .map(|name| metric(&task.region, "AWS/DMS", name, &dimensions))
        .collect()
}

/// What has been loaded, and whether both sides are the same.
#[must_use]
pub fn tables(task: &Task) -> Vec<String> {
    if task.kind == Replicator::Data {
        let counts = "[FullLoadPercentage,TablesErrored,TablesLoading,TablesQueued]";
        return vec![task_read(task, &format!("[DataMigrationStatus,{}.{counts}]", stats(task)), "json")];
    }
    let states = format!("{}.[SchemaName,TableName,TableState,ValidationState]", own(task));
    let counts = "[FullLoadProgressPercent,TablesErrored,TablesLoading,TablesQueued]";
    vec![task_read(task, &format!("[Status,{}.{counts}]", stats(task)), "json"), statistics(task, &states)]
}

/// Waits until a connection was tested successfully.
#[must_use]
pub fn connected(region: &str, instance: &str, endpoint: &str) -> String {
    format!(
        "wanted 300 5 successful aws dms describe-connections --region {region} --filters \
         Name=replication-instance-arn,Values={} Name=endpoint-arn,Values={} --query 'Connections[0].Status' --output text",
        quoted(instance),
        quoted(endpoint)
    )
}

/// Waits until a full load is complete.
#[must_use]
pub fn loaded(task: &Task) -> String {
    let query = format!(
        "{} | {} == `100` && TablesErrored == `0` && TablesLoading == `0` && TablesQueued == `0`",
        stats(task),
        if task.kind == Replicator::Data { "FullLoadPercentage" } else { "FullLoadProgressPercent" }
    );
    format!("wanted 604800 15 true {}", task_read(task, &query, "json"))
}

/// Whether validation is on: only then every table can be `Validated`.
fn validates(task: &Task) -> bool {
    task.settings["ValidationSettings"]["EnableValidation"] == true
}

/// A hook as people run it: its command line, for the manifest's folder, or its function. `token` is a shell's word.
fn hook(resolved: &Resolved, name: &str, verb: &str, token: Option<&str>) -> String {
    match resolved.declared.hooks.get(name) {
        Some(Hook::Lambda { .. }) => {
            let Some(function) = resolved.functions.iter().find(|one| one.hook == name) else {
                return format!("# hook {name}");
            };
            let mut told =
                vec![("MIGRATE_OP", verb), ("MIGRATE_PHASE", "by-hand"), ("MIGRATE_RUN", "by-hand")];
            told.extend(token.map(|_| ("MIGRATE_TOKEN", "@")));
            let payload = quoted(&hook::payload(function, &told).to_string());
            let payload = match token {
                Some(token) => payload.replace(r#""@""#, &format!(r#""'{token}'""#)),
                None => payload,
            };
            format!("invoked {} {} {payload}", function.region, quoted(&function.name))
        }
        Some(Hook::Exec(argv)) => {
            let argv = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
            format!("env MIGRATE_OP={verb} MIGRATE_PHASE=by-hand MIGRATE_RUN=by-hand {argv}")
        }
        None => String::new(),
    }
}

/// Whether a row can prove that everything has arrived.
fn sentinels(resolved: &Resolved) -> bool {
    ["sentinel-write", "sentinel-read"].iter().all(|name| resolved.declared.hooks.contains_key(*name))
}

/// How many tasks or instances a writer had.
fn count(writer: &Writer, baseline: &Facts) -> i64 {
    fleets::wanted(writer, baseline).unwrap_or(1)
}

fn waits(until: &Until, every: u64, limit: u64, resolved: &Resolved, baseline: &Facts) -> Vec<String> {
    match until {
        Until::Running { task } => vec![status(task, "running", every, limit)],
        Until::Stopped { task } => vec![
            status(task, "stopped", every, limit),
            format!("# Where it stopped, for the record:\n{}", task_read(task, "[StopReason,RecoveryCheckpoint]", "json")),
        ],
        Until::Empty { writers } => writers
            .iter()
            .map(|writer| {
                let none = "runningCount == `0` && services[0].pendingCount == `0`";
                format!("wanted {limit} {every} true {}", fleet_read(writer, none, "length(@) == `0`", "json"))
            })
            .collect(),
        Until::Quiet { tasks } => tasks
            .iter()
            .filter(|task| task.kind != Replicator::Data)
            .map(|task| format!("steady {limit} {} {}", every.max(15), statistics(task, &summed(task, ""))))
            .collect(),
        Until::Drained { home: false, .. } if sentinels(resolved) => {
            let token = Some("\"$MIGRATE_TOKEN\"");
            let write = hook(resolved, "sentinel-write", "cutover", token);
            let read = hook(resolved, "sentinel-read", "cutover", token);
            vec![
                "export MIGRATE_TOKEN=\"by-hand-$(date +%s)\"".to_owned(),
                write,
                format!("wanted {limit} 1 \"$MIGRATE_TOKEN\" {read}"),
            ]
        }
        Until::Drained { tasks, .. } => tasks
            .iter()
            .flat_map(|task| {
                if task.kind == Replicator::Data {
                    let words = "# Everything has arrived once the latency is shorter than the time since the fence:";
                    return [words.to_owned()].into_iter().chain(lag(task)).collect::<Vec<_>>();
                }
                let query = format!("{} == {}", summed(task, ""), summed(task, "Applied"));
                let arrived = format!("wanted {limit} {every} true {}", statistics(task, &query));
                let words = "# Circumstantial: five points that began after the fence, within the limits, belong to it.";
                [arrived, words.to_owned()].into_iter().chain(lag(task)).collect()
            })
            .collect(),
        Until::Validated { tasks } => tasks
            .iter()
            .filter(|task| validates(task))
            .map(|task| {
                let query = format!("length({}[?ValidationState != `\"Validated\"`])", own(task));
                format!("wanted {limit} {every} 0 {}", statistics(task, &query))
            })
            .collect(),
        Until::Slot => slot(&resolved.target),
        Until::InSync { call, .. } => vec![format!(
            "wanted {limit} {every} INSYNC aws route53 get-change --region {} --id \"$CHANGE\" --query ChangeInfo.Status \
             --output text",
            call.request.region
        )],
        // ELB answers the change with the actions as they are then.
        Until::Applied { .. } => Vec::new(),
        Until::Expired { seconds } => vec![format!("sleep {seconds}")],
        Until::Serving { writers } => writers
            .iter()
            .flat_map(|writer| {
                let tasks = count(writer, baseline);
                let runs = format!("runningCount >= `{tasks}`");
                let serve = format!("length(@[?LifecycleState == `\"InService\"`]) >= `{tasks}`");
                let read = fleet_read(writer, &runs, &serve, "json");
                let mut all = vec![format!("wanted {limit} {every} true {read}")];
                all.extend(writer.groups.iter().map(|group| {
                    let healthy = format!(
                        "length(TargetHealthDescriptions[?TargetHealth.State == `\"healthy\"`]) >= `{tasks}`"
                    );
                    format!(
                        "wanted {limit} {every} true aws elbv2 describe-target-health --region {} --target-group-arn {} \
                         --query {} --output json",
                        writer.region,
                        quoted(group),
                        quoted(&healthy)
                    )
                }));
                all
            })
            .collect(),
        Until::Confirmed { seconds } => {
            let names: Vec<String> = resolved.alarms.iter().map(|alarm| quoted(&alarm.name)).collect();
            let mut all = vec![format!("# Watch it for {} minutes: errors, target health, alarms.", seconds / 60)];
            if let Some(first) = resolved.alarms.first() {
                all.push(format!(
                    "aws cloudwatch describe-alarms --region {} --alarm-names {} --query \
                     'MetricAlarms[].[AlarmName,StateValue]' --output json",
                    first.region,
                    names.join(" ")
                ));
            }
            all
        }
        Until::Snapshot { kind, region, id } => {
            let (verb, flag, query) = if kind == "cluster" {
                ("describe-db-cluster-snapshots", "db-cluster-snapshot-identifier", "DBClusterSnapshots[0].Status")
            } else {
                ("describe-db-snapshots", "db-snapshot-identifier", "DBSnapshots[0].Status")
            };
            vec![format!(
                "wanted {limit} {every} available aws rds {verb} --region {region} --{flag} {id} --query '{query}' --output \
                 text"
            )]
        }
    }
}

/// Writes the parameter that mirrors the phase, with the time at which it is run.
fn mirrored(resolved: &Resolved, facts: &Facts, to: Phase) -> Vec<String> {
    let Some((region, name)) = &resolved.state_parameter else { return Vec::new() };
    let subject = Subject::new(Noun::Parameter, region, &[name]);
    let now = rfc3339(from_millis(0));
    let value = mirror::value(facts.get(&subject, "Value").and_then(Json::as_str), to, &now);
    let value = quoted(&value).replace(&now, r#"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"#);
    vec![format!(
        "aws ssm put-parameter --region {region} --name {} --overwrite --value {value}",
        quoted(name)
    )]
}

/// One step as people type it: what it does as a comment, then its commands.
#[must_use]
pub fn commands(
    step: &Step,
    verb: &str,
    resolved: &Resolved,
    facts: &Facts,
    baseline: &Facts,
) -> (String, Vec<String>) {
    let lines = match step {
        Step::Call { call, .. } if call.request.operation == "ChangeResourceRecordSets" => vec![format!(
            "CHANGE=$({} --query ChangeInfo.Id --output text)",
            calls::as_command(&call.request)
        )],
        Step::Call { call, .. } => vec![calls::as_command(&call.request)],
        Step::Wait { until, every_s, limit_s, .. } => waits(until, *every_s, *limit_s, resolved, baseline),
        Step::Hook { name } => vec![hook(resolved, name, verb, None)],
        Step::StartAt { task } => {
            let position = format!("POSITION=$({})", hook(resolved, POSITION, verb, None));
            let call = calls::start_at(task, "POSITION", facts).request;
            let command = calls::as_command(&call).replace(r#""POSITION""#, r#""'"$POSITION"'""#);
            vec![
                "# POSITION is what the hook printed while both sides were shut:".to_owned(),
                format!("# {position}"),
                command,
            ]
        }
        Step::Phase { to, .. } => mirrored(resolved, facts, *to),
        Step::RefusalStarts { .. } | Step::Rebind { .. } | Step::Opens | Step::RefusalEnds => Vec::new(),
    };
    (step.words(), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(
            quoted("arn:aws:dms:us-east-1:123456789012:task:A"),
            "arn:aws:dms:us-east-1:123456789012:task:A"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b$c"), "'a b$c'");
    }
}
