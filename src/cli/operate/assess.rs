//! `migrate replicate assess`: what DMS finds before anything is loaded.

use serde_json::Value as Json;

use super::desk::{Desk, End};
use crate::{
    engine::operate::Replicator,
    error::{Class, Diagnostic},
    ledger::{Facts, Noun, Subject},
    operations::{
        calls,
        discover::{Assessing, Resolved, Task},
        drive::{Driver, Failure},
        gates::{self, Verdict},
        measure::Wanted,
        steps::Step,
    },
};

/// How often a run is looked at, and how long one may take, in seconds.
const EVERY_S: u64 = 15;
const LIMIT_S: u64 = 3_600;

/// States in which a run is under way.
const UNDER_WAY: [&str; 3] = ["starting", "provisioning", "running"];

fn call(task: &Task, with: &Assessing, name: &str, facts: &Facts) -> Step {
    // Where a task is, both are: `discover` refuses the plan without them.
    let (role, bucket) =
        (with.role.as_deref().unwrap_or_default(), with.bucket.as_deref().unwrap_or_default());
    let call = calls::assess(task, role, bucket, name, facts);
    Step::Call { address: task.address.clone(), call: Box::new(call) }
}

/// The name of a task's run: unique in the account and region.
fn name(run: &str, at: usize) -> String {
    format!("migrate-{run}-{}", at + 1)
}

/// What would be called.
pub fn planned(resolved: &Resolved, run: &str, facts: &Facts) -> Vec<Step> {
    let Some(with) = &resolved.assessment else { return Vec::new() };
    let tasks = resolved.forward.iter().enumerate().filter(|(_, task)| task.kind.is_task());
    tasks.map(|(at, task)| call(task, with, &name(run, at), facts)).collect()
}

/// Runs the verb.
pub async fn run(desk: &Desk<'_, '_>, driver: &Driver<'_>) -> Result<(), End> {
    let resolved = driver.resolved;
    let Some(with) = &resolved.assessment else {
        let message = "no assessment is declared: DMS needs a role and a bucket for its results";
        let help = "declare operations: {assessment: {role: Stack/Role, bucket: Stack/Bucket}}; the role trusts \
                    dms.amazonaws.com and may write to the bucket";
        return Err(Diagnostic::error("O2015", Class::Refused, message).help(help).into());
    };
    if driver.known().protects() {
        let message = format!("nothing is assessed in phase {}", driver.known().phase());
        let help = "`migrate status` shows where the migration stands";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    if let Some(task) = resolved.forward.iter().find(|task| !task.kind.is_task()) {
        let message = match task.kind {
            Replicator::Data => {
                format!("{} is a data migration: DMS has no assessments of such", task.address)
            }
            _ => format!("{} is a serverless replication: DMS assesses it when it starts", task.address),
        };
        let help = "leave it out. Of serverless replications `migrate replicate start` has it assessed where an assessment is declared, with results in a bucket of DMS's own, and DMS \
                    does not start it if the assessment fails";
        return Err(Diagnostic::error("O2004", Class::Refused, message).at(&task.address).help(help).into());
    }
    let facts = driver.observe(false).await?;
    let mut waiting: Vec<(&Task, String)> = Vec::new();
    for (at, task) in resolved.forward.iter().enumerate() {
        // One that a verb that died has begun is waited for, not begun again.
        let known = driver.operator.reader.assessments(&task.region, &task.arn).await?;
        if let Some(under) = known.iter().find(|run| UNDER_WAY.contains(&run.status.as_str())) {
            waiting.push((task, under.name.clone()));
            continue;
        }
        let status = facts.get(&calls::task(task), "Status").and_then(Json::as_str).unwrap_or_default();
        if !matches!(status, "ready" | "stopped" | "failed") {
            let message = format!("task {} is {status}: DMS assesses tasks that do not run", task.address);
            let help =
                "`migrate replicate stop` stops it; `migrate replicate resume` continues where it stopped";
            return Err(Diagnostic::error("O2004", Class::Refused, message)
                .at(&task.address)
                .help(help)
                .into());
        }
        waiting.push((task, name(&driver.run, at)));
    }
    desk.agreed("The assessments run; nothing is loaded.")?;
    for (task, run) in &waiting {
        let subject = Subject::new(Noun::Assessment, &task.region, &[&task.arn, run]);
        let now =
            driver.operator.reader.facts(std::slice::from_ref(&subject)).await.map_err(Failure::from)?;
        if now.get(&subject, "exists") != Some(&Json::Bool(true)) {
            driver.carry(&[call(task, with, run, &now)]).await?;
        }
    }
    for (task, run) in &waiting {
        let what = format!("the assessment of {} is complete", task.address);
        driver
            .until(&what, EVERY_S, LIMIT_S, async || {
                let runs = driver.operator.reader.assessments(&task.region, &task.arn).await?;
                let status = runs.into_iter().find(|one| one.name == *run).map(|one| one.status);
                Ok(match status {
                    Some(status) if !UNDER_WAY.contains(&status.as_str()) => Ok(()),
                    Some(status) => Err(status),
                    None => Err("it does not show yet".to_owned()),
                })
            })
            .await?;
    }
    let samples = driver.samples(Wanted::forward(resolved, &["assessment"])).await?;
    let readings = driver.judge(&["assessment"], &samples)?;
    for reading in &readings {
        desk.advise(driver, &format!("Assessment: {}.", reading.summary));
    }
    let barred: Vec<gates::Reading> =
        driver.barred(&readings).into_iter().filter(|reading| reading.verdict != Verdict::Open).collect();
    driver.observe(false).await?;
    if barred.is_empty() { Ok(()) } else { Err(Failure::Closed(barred).into()) }
}
