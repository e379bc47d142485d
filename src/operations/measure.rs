//! Reads what gates are judged by. One measurement, no waiting: whoever needs another one asks again.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types as cloudwatch;
use aws_sdk_databasemigration::types as dms;
use aws_smithy_types::DateTime;
use serde_json::{Value as Json, json};

use super::{
    declare::ReverseStart,
    discover::{Resolved, Task, Writer},
    fleets,
    gates::{
        self, AssessmentSample, DataSample, ErrorSample, Samples, Series, ServiceSample, TableSample,
        TaskSample,
    },
    steering, steps,
};
use crate::{
    aws::{OpError, op},
    clock::millis,
    engine::operate::{Counted, Reader, Replication, Replicator},
    ledger::{Facts, Operations},
};

/// What is to be measured.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The gates that need it.
    pub gates: &'w [&'w str],
    /// Of which tasks.
    pub tasks: &'w [Task],
    /// Which services serve, or will.
    pub writers: &'w [Writer],
    /// From when on points count, in seconds since the epoch.
    pub since: Option<i64>,
}

impl<'w> Wanted<'w> {
    /// Of the forward tasks and of what serves once the target is open.
    #[must_use]
    pub fn forward(resolved: &'w Resolved, gates: &'w [&'w str]) -> Self {
        Self { gates, tasks: &resolved.forward, writers: steps::target_writers(resolved), since: None }
    }

    fn any(&self, gates: &[&str]) -> bool {
        self.gates.iter().any(|gate| gates.contains(gate))
    }
}

/// The statistic of metrics that may not be too high.
pub const MAXIMUM: &str = "Maximum";

/// The present second since the epoch.
#[must_use]
pub fn now(reader: &Reader<'_>) -> i64 {
    millis(reader.clock.now()) / 1_000
}

/// Measures.
///
/// # Errors
/// When AWS does not answer; then nothing is known, and no gate is open.
pub async fn measure(
    reader: &Reader<'_>,
    resolved: &Resolved,
    known: &Operations,
    wanted: Wanted<'_>,
) -> Result<Samples, OpError> {
    let all = |kind| !wanted.tasks.is_empty() && wanted.tasks.iter().all(|task: &Task| task.kind == kind);
    let mut samples = Samples {
        now: now(reader),
        since: wanted.since,
        expected_tables: resolved.declared.tables.clone(),
        no_reverse: resolved.no_reverse.clone().or_else(|| {
            (!resolved.declared.require.reverse).then(|| "the plan does not require one".to_owned())
        }),
        early: resolved.declared.reverse_start == ReverseStart::Early,
        ddl_base: known.noted("ddl").and_then(Json::as_i64),
        serverless: all(Replicator::Serverless),
        data: all(Replicator::Data).then(DataSample::default),
        ..Samples::default()
    };
    let limits = resolved.declared.limits;
    for task in wanted.tasks {
        let mut name = String::new();
        if wanted.any(&["task", "full-load", "errors-visible", "reading"]) || task.kind == Replicator::Data {
            let (sample, found) = tasks(reader, task, &known.facts).await?;
            name.clone_from(&sample.name);
            samples.settings.push(found.settings);
            if let Some(data) = &mut samples.data {
                data.latency_s = match (data.latency_s, found.latency_s) {
                    (Some(one), Some(other)) if !samples.tasks.is_empty() => Some(one.max(other)),
                    (None, _) if !samples.tasks.is_empty() => None,
                    (_, latest) => latest,
                };
                data.loaded += found.loaded.unwrap_or_default();
                data.errored += sample.errored;
                data.loading += sample.loading;
                data.queued += sample.queued;
            }
            samples.tasks.push(sample);
        }
        if wanted.any(&["tables", "validation", "ddl", "counters"]) {
            samples.tables.extend(tables(reader, task).await?);
        }
        if wanted.any(&["reading"]) && !name.is_empty() {
            samples.events.extend(events(reader, task, &name).await?);
        }
        if wanted.any(&["lag", "backlog"]) && task.kind != Replicator::Data {
            let span = span(&samples, limits.points);
            let names = gates::metrics_of(task.kind.is_task());
            let wanted = ("AWS/DMS", &names[..], MAXIMUM);
            let found = metrics(reader, &task.region, wanted, &task.dimensions(), span).await?;
            for (name, series) in found {
                let worst = match samples.metrics.remove(&name) {
                    Some(other) => both(other, series),
                    None => series,
                };
                samples.metrics.insert(name, worst);
            }
        }
    }
    if wanted.any(&["instance"])
        && let Some(task) = wanted.tasks.iter().find(|task| task.kind != Replicator::Data)
    {
        let mut dimensions = task.dimensions();
        if task.kind.is_task() {
            samples.storage_gb = storage(reader, task).await?;
            dimensions.truncate(1);
        }
        let names = gates::instance_metrics(task.kind.is_task());
        let span = span(&samples, limits.points);
        samples
            .metrics
            .extend(metrics(reader, &task.region, ("AWS/DMS", names, MAXIMUM), &dimensions, span).await?);
    }
    if wanted.any(&["alarms"]) {
        // A task that was stopped on purpose publishes nothing.
        let forward = wanted.tasks.iter().any(|task| resolved.forward.iter().any(|one| one.arn == task.arn));
        for watched in resolved.alarms.iter().filter(|alarm| forward || !alarm.forward) {
            let subject = super::calls::alarm(watched);
            let facts = reader.facts(std::slice::from_ref(&subject)).await?;
            let state = facts.get(&subject, "StateValue").and_then(Json::as_str).unwrap_or("missing");
            samples.alarms.push((watched.name.clone(), state.to_owned()));
        }
    }
    if wanted.any(&["target-health"]) {
        for writer in wanted.writers {
            samples.services.push(service(reader, writer).await?);
        }
    }
    if wanted.any(&["route53-health"]) {
        samples.checks = checks(reader, resolved, span(&samples, limits.points)).await?;
    }
    if wanted.any(&[gates::ERRORS]) {
        for writer in wanted.writers {
            samples.errors.extend(errors(reader, writer, span(&samples, limits.points)).await?);
        }
    }
    if wanted.any(&["assessment"]) && resolved.assessment.is_some() {
        let mut all = Vec::new();
        // A serverless replication is assessed by its start, which fails with the assessment.
        for task in wanted.tasks.iter().filter(|task| task.kind == Replicator::Task) {
            all.push(assessed(reader, task).await?);
        }
        samples.assessments = Some(all);
    }
    if wanted.any(&["reverse-ready"])
        && let Some(reverse) = &resolved.reverse
    {
        samples.reverse = Some(ready(reader, reverse).await?);
    }
    Ok(samples)
}

/// From which second to which points are asked for: four minutes more than are needed, as they come late.
fn span(samples: &Samples, points: usize) -> (i64, i64) {
    let end = samples.now / 60 * 60;
    let back = 60 * (i64::try_from(points).unwrap_or(5) + 4);
    (samples.since.map_or(end - back, |since| (end - back).min(since / 60 * 60)), end)
}

/// Two tasks' series as one: the worse value of each minute; a minute that one of them lacks is missing.
fn both(one: Series, other: Series) -> Series {
    let known: BTreeMap<i64, f64> = other.points.into_iter().collect();
    let points = one.points.into_iter().filter_map(|(at, value)| Some((at, value.max(*known.get(&at)?))));
    Series { complete: one.complete && other.complete, points: points.collect() }
}

async fn tasks(
    reader: &Reader<'_>,
    task: &Task,
    known: &Facts,
) -> Result<(TaskSample, Replication), OpError> {
    let Some(found) = reader.replication(&task.region, &task.arn, true).await? else {
        let gone = TaskSample {
            name: task.address.to_string(),
            status: "gone".into(),
            as_journalled: true,
            ..TaskSample::default()
        };
        return Ok((gone, Replication::default()));
    };
    let journalled = known.get(&super::calls::task(task), "FreshStartDate").filter(|date| !date.is_null());
    let sample = TaskSample {
        name: found.name.clone(),
        status: found.status.clone(),
        stop_reason: found.stop_reason.clone(),
        failure: found.failure.clone(),
        percent: found.percent.unwrap_or_default(),
        errored: found.errored.unwrap_or_default(),
        loading: found.loading.unwrap_or_default(),
        queued: found.queued.unwrap_or_default(),
        finished: found.finished.is_some(),
        as_journalled: journalled.is_none_or(|date| *date == json!(found.fresh)),
    };
    Ok((sample, found))
}

async fn tables(reader: &Reader<'_>, task: &Task) -> Result<Vec<TableSample>, OpError> {
    let rows = reader.counted(&task.region, &task.arn, None).await?;
    let one = |row: Counted| {
        let [pending, failed, suspended] = row.compared;
        TableSample {
            schema: row.schema,
            table: row.table,
            state: row.state,
            validation: row.validation,
            pending,
            failed,
            suspended,
            captured: row.captured,
            applied: row.applied,
            ddls: row.ddls,
            applied_ddls: row.applied_ddls,
        }
    };
    Ok(rows.into_iter().map(one).collect())
}

/// The messages of a task's events, oldest first. The API's model knows no events of tasks only, so all are read.
async fn events(reader: &Reader<'_>, task: &Task, name: &str) -> Result<Vec<String>, OpError> {
    let sdk = reader.sdk(&task.region);
    let (mut found, mut marker) = (Vec::new(), None::<String>);
    loop {
        let ask = async || {
            let call = sdk.dms().describe_events().duration(1_440).set_marker(marker.clone());
            call.send().await.map_err(op("DescribeEvents"))
        };
        let page = reader.ask("dms", ask).await?;
        found.extend(page.events().iter().filter(|event| event.source_identifier() == Some(name)).cloned());
        marker = page.marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            break;
        }
    }
    found.sort_by_key(|event| event.date.and_then(|at| at.to_millis().ok()));
    Ok(found.into_iter().filter_map(|event| event.message).collect())
}

/// Metrics by name, never searched for: the listing lags.
///
/// # Errors
/// When CloudWatch does not answer.
pub async fn metrics(
    reader: &Reader<'_>,
    region: &str,
    (namespace, names, stat): (&str, &[&str], &str),
    dimensions: &[(&str, &str)],
    (start, end): (i64, i64),
) -> Result<BTreeMap<String, Series>, OpError> {
    let sdk = reader.sdk(region);
    let dimensions: Vec<cloudwatch::Dimension> = dimensions
        .iter()
        .map(|(name, value)| cloudwatch::Dimension::builder().name(*name).value(*value).build())
        .collect();
    let queries: Vec<cloudwatch::MetricDataQuery> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let metric = cloudwatch::Metric::builder()
                .namespace(namespace)
                .metric_name(*name)
                .set_dimensions(Some(dimensions.clone()))
                .build();
            let stat = cloudwatch::MetricStat::builder().metric(metric).period(60).stat(stat).build();
            cloudwatch::MetricDataQuery::builder().id(format!("m{at}")).metric_stat(stat).build()
        })
        .collect();
    let ask = async || {
        let call = sdk
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(start))
            .end_time(DateTime::from_secs(end.max(start + 60)))
            .scan_by(cloudwatch::ScanBy::TimestampAscending);
        call.send().await.map_err(op("GetMetricData"))
    };
    let answer = reader.ask("cloudwatch", ask).await?;
    let mut found = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        let id = format!("m{at}");
        let results = answer.metric_data_results().iter().filter(|result| result.id() == Some(&id));
        let mut series = Series { complete: answer.next_token.is_none(), points: Vec::new() };
        for result in results {
            series.complete &= result.status_code() == Some(&cloudwatch::StatusCode::Complete);
            let times = result.timestamps().iter().map(DateTime::secs);
            series.points.extend(times.zip(result.values().iter().copied()));
        }
        series.points.sort_by_key(|(at, _)| *at);
        found.insert((*name).to_owned(), series);
    }
    Ok(found)
}

async fn storage(reader: &Reader<'_>, task: &Task) -> Result<f64, OpError> {
    let sdk = reader.sdk(&task.region);
    let by = dms::Filter::builder().name("replication-instance-arn").values(&task.instance).build();
    let by = by.map_err(|error| OpError::not_sent("Filter", error.to_string()))?;
    let ask = async || {
        let answer = sdk.dms().describe_replication_instances().filters(by.clone()).send().await;
        Ok(answer.map_err(op("DescribeReplicationInstances"))?.replication_instances.unwrap_or_default())
    };
    Ok(reader.ask("dms", ask).await?.first().map_or(0.0, |instance| f64::from(instance.allocated_storage)))
}

/// A service or an Auto Scaling group, and the targets of its target groups.
///
/// # Errors
/// When AWS does not answer.
pub async fn service(reader: &Reader<'_>, writer: &Writer) -> Result<ServiceSample, OpError> {
    let subject = super::calls::writer(writer);
    let facts = reader.facts(std::slice::from_ref(&subject)).await?;
    // Of an Auto Scaling group nothing says whether instances are being replaced but their number and their health.
    let rollout = if writer.fleet.is_tasks() {
        facts.get(&subject, "rolloutState").and_then(Json::as_str).unwrap_or_default()
    } else {
        "COMPLETED"
    };
    let mut sample = ServiceSample {
        name: writer.service.clone(),
        desired: fleets::wanted(writer, &facts).unwrap_or_default(),
        running: fleets::count(writer, &facts).0,
        rollout: rollout.to_owned(),
        ..ServiceSample::default()
    };
    let sdk = reader.sdk(&writer.region);
    for group in &writer.groups {
        let ask = async || {
            let answer = sdk.elb().describe_target_health().target_group_arn(group).send().await;
            let answer = answer.map_err(op("DescribeTargetHealth"))?;
            Ok(answer.target_health_descriptions.unwrap_or_default())
        };
        for target in reader.ask("elbv2", ask).await? {
            let state = target.target_health.and_then(|health| health.state);
            let state =
                state.as_ref().map(aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum::as_str);
            // What is on its way out serves no new requests.
            if state != Some("draining") {
                sample.targets += 1;
                sample.healthy += i64::from(state == Some("healthy"));
            }
        }
    }
    Ok(sample)
}

async fn ready(reader: &Reader<'_>, reverse: &Task) -> Result<(String, Vec<String>), OpError> {
    let subject = super::calls::task(reverse);
    let facts = reader.facts(std::slice::from_ref(&subject)).await?;
    let status = facts.get(&subject, "Status").and_then(Json::as_str).unwrap_or("gone").to_owned();
    let mut wrong = Vec::new();
    // A serverless replication tests its connections itself.
    let ends = if reverse.kind.is_task() { vec![&reverse.from, &reverse.to] } else { Vec::new() };
    for endpoint in ends {
        let subject = super::calls::connection(&reverse.region, &reverse.instance, endpoint);
        let facts = reader.facts(std::slice::from_ref(&subject)).await?;
        let tested = facts.get(&subject, "Status").and_then(Json::as_str).unwrap_or("untested").to_owned();
        if tested != "successful" {
            let short = endpoint.rsplit(':').next().unwrap_or(endpoint);
            wrong.push(format!("the connection to endpoint {short} is {tested}"));
        }
    }
    let prepares = &reverse.settings["FullLoadSettings"]["TargetTablePrepMode"];
    if prepares != "DO_NOTHING" {
        let mode = prepares.as_str().unwrap_or("DROP_AND_CREATE, DMS's default");
        wrong.push(format!("TargetTablePrepMode of the reverse task is {mode}, not DO_NOTHING"));
    }
    Ok((status, wrong))
}

/// The health checks of the operated records, by their own metric, which Route 53 publishes in us-east-1 only:
/// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
async fn checks(
    reader: &Reader<'_>,
    resolved: &Resolved,
    span: (i64, i64),
) -> Result<Vec<(String, Series)>, OpError> {
    let mut all: Vec<(String, Series)> = Vec::new();
    for set in &resolved.traffic {
        let subjects = steering::subjects(set);
        let facts = reader.facts(&subjects).await?;
        for subject in &subjects {
            let check = facts.get(subject, "record").and_then(|record| record["HealthCheckId"].as_str());
            let Some(check) = check.filter(|check| all.iter().all(|(known, _)| known != check)) else {
                continue;
            };
            let wanted = ("AWS/Route53", &["HealthCheckStatus"][..], "Minimum");
            let found = metrics(reader, "us-east-1", wanted, &[("HealthCheckId", check)], span).await?;
            all.extend(found.into_values().map(|series| (check.to_owned(), series)));
        }
    }
    Ok(all)
}

/// Requests and errors of a service's target groups, each with the balancer in front of it.
async fn errors(reader: &Reader<'_>, writer: &Writer, span: (i64, i64)) -> Result<Vec<ErrorSample>, OpError> {
    let sdk = reader.sdk(&writer.region);
    let mut all = Vec::new();
    for arn in &writer.groups {
        let ask = async || {
            let answer = sdk.elb().describe_target_groups().target_group_arns(arn).send().await;
            Ok(answer.map_err(op("DescribeTargetGroups"))?.target_groups.unwrap_or_default())
        };
        let found = reader.ask("elbv2", ask).await?;
        let balancers = found.iter().flat_map(|group| group.load_balancer_arns());
        // The dimensions are the ARNs' ends.
        let end = |arn: &str, mark: &str| arn.split_once(mark).map(|(_, end)| end.to_owned());
        for balancer in balancers.filter_map(|arn| end(arn, ":loadbalancer/")) {
            let group = end(arn, ":targetgroup/").map(|end| format!("targetgroup/{end}")).unwrap_or_default();
            let dimensions = [("TargetGroup", group.as_str()), ("LoadBalancer", balancer.as_str())];
            let wanted = ("AWS/ApplicationELB", &gates::REQUEST_METRICS[..], "Sum");
            let mut found = metrics(reader, &writer.region, wanted, &dimensions, span).await?;
            let mut take = |name: &str| found.remove(name).unwrap_or_default();
            all.push(ErrorSample {
                group: group.split('/').nth(1).unwrap_or(&group).to_owned(),
                requests: take(gates::REQUEST_METRICS[0]),
                errors: take(gates::REQUEST_METRICS[1]),
            });
        }
    }
    Ok(all)
}

/// The latest assessment run of a task. A task that was created after it is another one.
async fn assessed(reader: &Reader<'_>, task: &Task) -> Result<AssessmentSample, OpError> {
    let created = reader.replication(&task.region, &task.arn, false).await?.and_then(|found| found.created);
    let runs = reader.assessments(&task.region, &task.arn).await?;
    let latest = runs.iter().find(|run| run.latest).or_else(|| runs.iter().max_by_key(|run| run.created));
    let name = task.address.logical_id().to_owned();
    let Some(run) = latest else { return Ok(AssessmentSample { task: name, ..AssessmentSample::default() }) };
    let mut wrong = match run.status.as_str() {
        "passed" => Vec::new(),
        _ => reader.not_passed(&task.region, &run.arn).await?,
    };
    if wrong.is_empty() {
        wrong.extend(run.failure.clone());
    }
    Ok(AssessmentSample {
        task: name,
        run: run.name.clone(),
        status: run.status.clone(),
        outdated: created.zip(run.created).is_some_and(|(task, run)| run < task),
        wrong,
    })
}
