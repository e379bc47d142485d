//! `migrate replicate`: connections, start, resume, stop, reload, status.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    Act, Read, ReplicateCommand, ReplicateVerb, Waiting, assess,
    desk::{self, Desk, End},
};
use crate::{
    cli::{Verdict, args::Global, exit::Code},
    engine::operate::{Provision, Replicator, lasted, usually},
    error::{Class, Diagnostic},
    ledger::{Facts, Phase, Subject},
    operations::{
        calls,
        discover::{Resolved, Task},
        drive::{Driver, Failure},
        gates::{Reading, Verdict as Gate, judge},
        measure::{self, Wanted},
        steps::{self, Step, Until},
    },
    ui::{Printer, table},
};

/// How long a full load may take, in seconds: what is longer is waited for again.
const LOAD_S: u64 = 7 * 86_400;

/// Runs the verb.
pub fn run(global: &Global, args: &ReplicateCommand, printer: &mut Printer) -> Verdict {
    match &args.verb {
        ReplicateVerb::TestConnections(act) => {
            previewed(global, act, printer, Preview::Test).unwrap_or_else(|| {
                desk::acting(global, act, "replicate test-connections", printer, async |desk, driver| {
                    test(desk, driver).await
                })
            })
        }
        ReplicateVerb::Start { act, wait } => {
            previewed(global, act, printer, Preview::Start).unwrap_or_else(|| {
                desk::acting(global, act, "replicate start", printer, async |desk, driver| {
                    start(desk, driver, *wait).await
                })
            })
        }
        ReplicateVerb::Assess(act) => previewed(global, act, printer, Preview::Assess).unwrap_or_else(|| {
            desk::acting(global, act, "replicate assess", printer, async |desk, driver| {
                assess::run(desk, driver).await
            })
        }),
        ReplicateVerb::Resume(act) => previewed(global, act, printer, Preview::Resume).unwrap_or_else(|| {
            desk::acting(global, act, "replicate resume", printer, async |_, driver| resume(driver).await)
        }),
        ReplicateVerb::Stop(act) => previewed(global, act, printer, Preview::Stop).unwrap_or_else(|| {
            desk::acting(global, act, "replicate stop", printer, async |desk, driver| {
                stop(desk, driver).await
            })
        }),
        ReplicateVerb::Reload { act, tables } => {
            let wanted = parsed(tables)?;
            previewed(global, act, printer, Preview::Reload(&wanted)).unwrap_or_else(|| {
                desk::acting(global, act, "replicate reload", printer, async |desk, driver| {
                    reload(desk, driver, &wanted).await
                })
            })
        }
        ReplicateVerb::Status(read) => status(global, read, printer),
    }
}

/// What a verb would do.
enum Preview<'p> {
    Test,
    Assess,
    Start,
    Resume,
    Stop,
    Reload(&'p [(String, String)]),
}

/// With --dry-run: shows it.
fn previewed(global: &Global, act: &Act, printer: &mut Printer, what: Preview<'_>) -> Option<Verdict> {
    if !act.dry_run {
        return None;
    }
    let steps = desk::reading(global, &act.which, printer, async |reader, resolved, _, _| {
        let mut subjects = calls::watched(resolved);
        let pairs: Vec<(&Task, &String)> = resolved
            .forward
            .iter()
            .chain(&resolved.reverse)
            .filter(|task| task.kind.is_task())
            .flat_map(|task| [(task, &task.from), (task, &task.to)])
            .collect();
        subjects.extend(pairs.iter().map(|(task, end)| calls::connection(&task.region, &task.instance, end)));
        let facts = reader.facts(&subjects).await?;
        Ok(match what {
            Preview::Test => pairs
                .iter()
                .map(|(task, end)| Step::Call {
                    address: task.address.clone(),
                    call: Box::new(calls::test_connection(&task.region, &task.instance, end, &facts)),
                })
                .collect(),
            Preview::Assess => assess::planned(resolved, "RUN", &facts),
            Preview::Start => starting(resolved, "start-replication", &facts, |_| true),
            Preview::Resume => {
                starting(resolved, "resume-processing", &facts, |task| !calls::runs(task, &facts))
            }
            Preview::Stop => stopping(resolved, &facts),
            Preview::Reload([]) => {
                let mut steps = stopping(resolved, &facts);
                steps.extend(starting(resolved, "reload-target", &facts, |_| true));
                steps
            }
            Preview::Reload(tables) => resolved
                .forward
                .iter()
                .map(|task| Step::Call {
                    address: task.address.clone(),
                    call: Box::new(calls::reload_tables(task, tables, &facts)),
                })
                .collect(),
        })
    });
    Some(steps.map(|steps: Vec<Step>| desk::preview(printer, &steps)))
}

fn starting(resolved: &Resolved, kind: &str, facts: &Facts, which: impl Fn(&Task) -> bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for task in resolved.forward.iter().filter(|task| which(task)) {
        let call = calls::start(task, kind, facts);
        let call = match &resolved.assessment {
            Some(_) if kind == "start-replication" && task.kind == Replicator::Serverless => {
                calls::assessed(call)
            }
            _ => call,
        };
        steps.push(Step::Call { address: task.address.clone(), call: Box::new(call) });
    }
    for task in &resolved.forward {
        steps.push(Step::Wait {
            name: match task.kind {
                Replicator::Task => format!("task {} runs", task.address),
                // What follows is long: its state, and how long that usually takes.
                _ => format!("{} runs", task.address),
            },
            until: Until::Running { task: Box::new(task.clone()) },
            every_s: 10,
            limit_s: task.kind.starts_within(),
        });
    }
    steps
}

fn stopping(resolved: &Resolved, facts: &Facts) -> Vec<Step> {
    steps::stopping(resolved, &resolved.forward, facts)
}

/// Tests all connections.
async fn test(desk: &Desk<'_, '_>, driver: &Driver<'_>) -> Result<(), End> {
    let facts = driver.observe(false).await?;
    if let Some(task) = driver.resolved.forward.iter().find(|task| !task.kind.is_task()) {
        let noun = task.kind.words();
        desk.advise(driver, &format!("a {noun} tests its connections itself when it starts"));
    }
    for (address, subject) in driver.connections() {
        let now =
            driver.operator.reader.facts(std::slice::from_ref(&subject)).await.map_err(Failure::from)?;
        let call = calls::test_connection(&subject.region, &subject.id[0], &subject.id[1], &now);
        driver.operator.act(address, &call).await?;
    }
    let all: Vec<Subject> = driver.connections().into_iter().map(|(_, subject)| subject).collect();
    driver
        .until("every connection is tested", 5, 300, async || {
            let facts = driver.operator.reader.facts(&all).await?;
            let status = |subject: &Subject| {
                facts.get(subject, "Status").and_then(Json::as_str).unwrap_or_default().to_owned()
            };
            let testing =
                all.iter().filter(|subject| !matches!(status(subject).as_str(), "successful" | "failed"));
            let count = testing.count();
            Ok(if count == 0 { Ok(()) } else { Err(format!("{count} of {} under way", all.len())) })
        })
        .await?;
    let wrong = driver.untested().await?;
    if !wrong.is_empty() {
        let what = "every connection is successful".to_owned();
        return Err(Failure::Broken { what, why: wrong.join("; ") }.into());
    }
    driver.advance(&facts).await?;
    Ok(())
}

/// A refusal because of the phase.
fn unfit(driver: &Driver<'_>, help: &str) -> End {
    let message = format!("`{}` does not fit the phase {}", driver.verb, driver.known().phase());
    Diagnostic::error("O2004", Class::Refused, message).help(help).into()
}

/// Starts the forward tasks for the first time.
async fn start(desk: &Desk<'_, '_>, driver: &Driver<'_>, wait: Waiting) -> Result<(), End> {
    let facts = driver.observe(false).await?;
    let phase = driver.known().phase();
    if driver.known().protects() || matches!(phase, Phase::RolledBack | Phase::Finalized) {
        return Err(unfit(
            driver,
            "after a rollback the source has changes that the target lacks: `migrate replicate reload`",
        ));
    }
    let fresh = |task: &&Task| !calls::started(task, &facts);
    let never: Vec<Task> = driver.resolved.forward.iter().filter(fresh).cloned().collect();
    if never.is_empty() {
        let mut resting = driver.resolved.forward.iter().filter(|task| !calls::runs(task, &facts));
        if let Some(task) = resting.next() {
            let help = "`migrate replicate resume` continues where it stopped; `migrate replicate reload` begins anew";
            let message =
                format!("{} {} was started before and has stopped", task.kind.words(), task.address);
            return Err(Diagnostic::error("O2004", Class::Refused, message)
                .at(&task.address)
                .help(help)
                .into());
        }
    } else {
        let wrong = driver.untested().await?;
        if !wrong.is_empty() {
            let reading = Reading {
                gate: "connections".into(),
                verdict: Gate::Closed,
                summary: format!("{}; `migrate replicate test-connections` tests them", wrong.join("; ")),
                samples: Json::Null,
            };
            return Err(Failure::Closed(vec![reading]).into());
        }
        driver.pass(&["errors-visible", "assessment"]).await?;
        desk.agreed("The full load begins.")?;
        let steps = starting(driver.resolved, "start-replication", &facts, |task| {
            never.iter().any(|one| one.address == task.address)
        });
        driver.carry(&steps).await?;
    }
    let facts = driver.observe(false).await?;
    driver.advance(&facts).await?;
    if wait == Waiting::Loaded {
        loaded(driver).await?;
    }
    Ok(())
}

/// Waits until everything is loaded.
async fn loaded(driver: &Driver<'_>) -> Result<(), End> {
    driver
        .until("the full load is complete", 15, LOAD_S, async || {
            let gates = ["task", "full-load"];
            let samples = driver.samples(Wanted::forward(driver.resolved, &gates)).await?;
            let limits = driver.resolved.declared.limits;
            if let Some(task) = samples.tasks.iter().find(|t| t.status == "failed" || t.errored > 0) {
                let why =
                    task.failure.clone().unwrap_or_else(|| format!("{} tables have errors", task.errored));
                let why = format!("{} is {}: {why}", task.name, task.status);
                return Err(Failure::Broken { what: "the full load is complete".into(), why });
            }
            let reading = judge("full-load", &samples, &limits);
            Ok(if reading.verdict == Gate::Open { Ok(()) } else { Err(reading.summary) })
        })
        .await?;
    let facts = driver.observe(false).await?;
    driver.advance(&facts).await?;
    Ok(())
}

async fn resume(driver: &Driver<'_>) -> Result<(), End> {
    let facts = driver.observe(false).await?;
    let phase = driver.known().phase();
    if driver.known().protects() || matches!(phase, Phase::RolledBack | Phase::Finalized) {
        return Err(unfit(
            driver,
            "the forward task is part of the cutover, or its target has foreign writes",
        ));
    }
    let never = driver.resolved.forward.iter().find(|task| !calls::started(task, &facts));
    if let Some(task) = never {
        let message = format!("{} {} has never been started", task.kind.words(), task.address);
        let help = "`migrate replicate start` starts it";
        return Err(Diagnostic::error("O2004", Class::Refused, message).at(&task.address).help(help).into());
    }
    let steps = starting(driver.resolved, "resume-processing", &facts, |task| !calls::runs(task, &facts));
    driver.carry(&steps).await?;
    let facts = driver.observe(false).await?;
    driver.advance(&facts).await?;
    Ok(())
}

async fn stop(desk: &Desk<'_, '_>, driver: &Driver<'_>) -> Result<(), End> {
    let facts = driver.observe(false).await?;
    if driver.known().protects() {
        return Err(unfit(
            driver,
            "between the fence and the end of the migration the cutover stops what has to stop",
        ));
    }
    let steps = stopping(driver.resolved, &facts);
    if steps.is_empty() {
        desk.advise(driver, "no forward task runs");
        return Ok(());
    }
    desk.agreed("The forward tasks stop; the source keeps its log for them until they are resumed.")?;
    driver.carry(&steps).await?;
    driver.observe(false).await?;
    Ok(())
}

fn parsed(tables: &[String]) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let one = |text: &String| match text.split_once('.') {
        Some((schema, table)) if !schema.is_empty() && !table.is_empty() => {
            Ok((schema.to_owned(), table.to_owned()))
        }
        _ => Err(vec![
            Diagnostic::error("O1001", Class::Usage, format!("`{text}` is no table"))
                .help("write it as SCHEMA.TABLE, for example public.payments"),
        ]),
    };
    tables.iter().map(one).collect()
}

async fn reload(desk: &Desk<'_, '_>, driver: &Driver<'_>, tables: &[(String, String)]) -> Result<(), End> {
    let facts = driver.observe(false).await?;
    let phase = driver.known().phase();
    if driver.known().protects() || phase == Phase::Finalized {
        return Err(unfit(driver, "the target serves, or is about to: a reload would overwrite it"));
    }
    let resolved = driver.resolved;
    if let Some(task) =
        resolved.forward.iter().find(|task| task.kind == Replicator::Data && !tables.is_empty())
    {
        let message =
            format!("{} is a data migration: DMS loads all of it again, and no single table", task.address);
        let help = "`migrate replicate reload` without --table loads everything again";
        return Err(Diagnostic::error("O2004", Class::Refused, message).at(&task.address).help(help).into());
    }
    let text = format!("reload {} {}", resolved.migration, resolved.environment);
    desk.typed(driver, &text, "the target's tables are emptied and loaded again")?;
    if tables.is_empty() {
        driver.carry(&stopping(resolved, &facts)).await?;
        let facts = driver.operator.reader.facts(&calls::watched(resolved)).await.map_err(Failure::from)?;
        driver.carry(&starting(resolved, "reload-target", &facts, |task| !calls::runs(task, &facts))).await?;
    } else {
        for task in &resolved.forward {
            let subjects: Vec<Subject> = tables
                .iter()
                .map(|(schema, table)| {
                    Subject::new(crate::ledger::Noun::Table, &task.region, &[&task.arn, schema, table])
                })
                .collect();
            let facts = driver.operator.reader.facts(&subjects).await.map_err(Failure::from)?;
            let call = calls::reload_tables(task, tables, &facts);
            driver.operator.act(&task.address, &call).await?;
        }
    }
    let from = driver.known().phase();
    if from != Phase::Loading {
        driver.record(from, Phase::Loading, "tables are loaded again; earlier evidence is void")?;
    }
    driver.observe(false).await?;
    Ok(())
}

fn status(global: &Global, read: &Read, printer: &mut Printer) -> Verdict {
    desk::reading(global, &read.which, printer, async |reader, resolved, snapshot, printer| {
        let mut tasks = Vec::new();
        for (task, role) in resolved
            .forward
            .iter()
            .map(|task| (task, "forward"))
            .chain(resolved.reverse.iter().map(|task| (task, "reverse")))
        {
            let subject = calls::task(task);
            let facts = reader.facts(std::slice::from_ref(&subject)).await?;
            let value = |name: &str| facts.get(&subject, name).cloned().unwrap_or_default();
            let wanted = Wanted {
                gates: &["counters", "tables"],
                tasks: std::slice::from_ref(task),
                writers: &[],
                since: None,
            };
            let samples = measure::measure(reader, resolved, &snapshot.operations, wanted).await?;
            tasks.push(json!({
                "address": task.address, "role": role, "kind": task.kind, "status": value("Status"),
                "stop_reason": value("StopReason"), "failure": value("LastFailureMessage"),
                "percent": value("FullLoadProgressPercent"), "started_ms": value("StartDate"),
                "state_since_ms": value("StateSince"),
                "usually": value("Status").as_str().filter(|_| !task.kind.is_task()).and_then(|status| usually(task.kind, status)),
                "provision": value("Provision"), "latency_s": value("LatencySeconds"),
                "public_addresses": value("PublicIpAddresses"), "tables": samples.tables, "data": samples.data,
            }));
        }
        let phase = snapshot.operations.phase();
        if printer.is_json() {
            printer.json(&json!({"format": 1, "phase": phase, "tasks": tasks}));
            return Ok(Code::Success);
        }
        let mut text = format!("phase {phase}\n");
        for task in &tasks {
            let word = |name: &str| task[name].as_str().unwrap_or_default().to_owned();
            let kind: Replicator = serde_json::from_value(task["kind"].clone()).unwrap_or_default();
            let noun = kind.words();
            text.push_str(&format!("\n{} {noun} {}: {}", word("role"), word("address"), word("status")));
            if let Some(since) = task["state_since_ms"].as_i64() {
                let seconds = (measure::now(reader) - since / 1_000).max(0).unsigned_abs();
                text.push_str(&format!(" for {}", lasted(Duration::from_secs(seconds))));
            }
            if let Some(takes) = task["usually"].as_str() {
                text.push_str(&format!(", usually {takes}"));
            }
            if let Some(percent) = task["percent"].as_i64() {
                text.push_str(&format!(", full load {percent} %"));
            }
            for name in ["stop_reason", "failure"] {
                if !task[name].is_null() {
                    text.push_str(&format!(", {}", word(name)));
                }
            }
            text.push('\n');
            if let Some(latency) = task["latency_s"].as_i64() {
                let count = |name: &str| task["data"][name].as_i64().unwrap_or_default();
                text.push_str(&format!(
                    "latency {latency} s; tables: {} loaded, {} loading, {} queued, {} errored\n",
                    count("loaded"),
                    count("loading"),
                    count("queued"),
                    count("errored")
                ));
            }
            if let Some(addresses) = task["public_addresses"].as_array() {
                let all: Vec<&str> = addresses.iter().filter_map(Json::as_str).collect();
                text.push_str(&format!("a firewall has to let these in: {}\n", all.join(", ")));
            }
            if let Ok(provision) = serde_json::from_value::<Provision>(task["provision"].clone()) {
                text.push_str(&format!("capacity: {}\n", provision.words()));
            }
            let rows: Vec<Vec<String>> = task["tables"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|row| {
                    let cell = |name: &str| match &row[name] {
                        Json::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    let name = format!("{}.{}", cell("schema"), cell("table"));
                    vec![name, cell("state"), cell("validation"), cell("captured"), cell("applied")]
                })
                .collect();
            if !rows.is_empty() {
                let heads = ["table", "state", "validation", "captured", "applied"];
                text.push_str(&table(&heads, &rows, printer.width()));
            }
        }
        printer.prose(&text);
        Ok(Code::Success)
    })
}
