//! `migrate verify --revalidate`: tables that are not `Validated` are compared again.

use super::{
    Act,
    desk::{self, Desk, End},
};
use crate::{
    aws::OpError,
    cli::{self, args::Global},
    engine::operate::Reader,
    error::{Class, Diagnostic},
    ledger::{Noun, Operations, Subject},
    operations::{
        calls,
        discover::{Resolved, Task},
        drive::{Driver, Failure},
        gates::{self, judge},
        measure::{self, Wanted},
        steps::Step,
    },
    ui::Printer,
};

/// How often the tables are looked at, and how long a comparison may take, in seconds.
const EVERY_S: u64 = 15;
const LIMIT_S: u64 = 3_600;

/// Runs the verb.
pub fn run(global: &Global, act: &Act, printer: &mut Printer) -> cli::Verdict {
    if act.dry_run {
        let planned = desk::reading(global, &act.which, printer, async |reader, resolved, snapshot, _| {
            planned(reader, resolved, &snapshot.operations).await
        })?;
        return Ok(desk::preview(printer, &planned));
    }
    desk::acting(global, act, "verify", printer, async |desk, driver| revalidate(desk, driver).await)
}

/// Tables of a task that are not validated.
async fn lacking(
    reader: &Reader<'_>,
    resolved: &Resolved,
    known: &Operations,
    task: &Task,
) -> Result<Vec<(String, String)>, OpError> {
    let wanted = Wanted { gates: &["tables"], tasks: std::slice::from_ref(task), writers: &[], since: None };
    let samples = measure::measure(reader, resolved, known, wanted).await?;
    let open = samples.tables.iter().filter(|table| !table.is_own() && table.validation != "Validated");
    Ok(open.map(|table| (table.schema.clone(), table.table.clone())).collect())
}

/// The calls, in tens.
async fn planned(reader: &Reader<'_>, resolved: &Resolved, known: &Operations) -> Result<Vec<Step>, OpError> {
    let mut steps = Vec::new();
    for task in &resolved.forward {
        for tables in lacking(reader, resolved, known, task).await?.chunks(calls::REVALIDATED) {
            let subject = |(schema, table): &(String, String)| {
                Subject::new(Noun::Table, &task.region, &[&task.arn, schema, table])
            };
            let subjects: Vec<Subject> = tables.iter().map(subject).collect();
            let facts = reader.facts(&subjects).await?;
            let call = Box::new(calls::revalidate(task, tables, &facts));
            steps.push(Step::Call { address: task.address.clone(), call });
        }
    }
    Ok(steps)
}

async fn revalidate(desk: &Desk<'_, '_>, driver: &Driver<'_>) -> Result<(), End> {
    let resolved = driver.resolved;
    if driver.known().protects() {
        let message = format!("tables are not compared again in phase {}", driver.known().phase());
        let help =
            "a cutover compares them itself while writes are refused; `migrate status` shows where it stands";
        return Err(Diagnostic::error("O2004", Class::Refused, message).help(help).into());
    }
    driver.observe(false).await?;
    let off =
        resolved.forward.iter().find(|task| task.settings["ValidationSettings"]["EnableValidation"] != true);
    if let Some(task) = off {
        let message = format!("task {} compares no rows: its validation is off", task.address);
        let help = "set ValidationSettings.EnableValidation to true, and run `migrate up`";
        return Err(Diagnostic::error("O2004", Class::Refused, message).at(&task.address).help(help).into());
    }
    driver.pass(&["task"]).await?;
    let steps = planned(&driver.operator.reader, resolved, &driver.known()).await.map_err(Failure::from)?;
    if steps.is_empty() {
        desk.advise(driver, "every table is validated");
    } else {
        desk.agreed("Tables that are not validated are compared again; nothing is loaded.")?;
        driver.carry(&steps).await?;
        driver
            .until("every table was compared again", EVERY_S, LIMIT_S, async || {
                let samples = driver.samples(Wanted::forward(resolved, &["tables"])).await?;
                let pending: Vec<String> = samples
                    .tables
                    .iter()
                    .filter(|table| table.validation.starts_with("Pending"))
                    .map(gates::TableSample::name)
                    .collect();
                // Rows that change all the time stay pending in part; what counts then is the gate's limit.
                let reading = judge("validation", &samples, &resolved.declared.limits);
                let done = pending.is_empty() || reading.verdict == gates::Verdict::Open;
                Ok(if done { Ok(()) } else { Err(format!("{} tables pending", pending.len())) })
            })
            .await?;
    }
    let samples = driver.samples(Wanted::forward(resolved, gates::VERIFY)).await?;
    let readings = driver.judge(gates::VERIFY, &samples)?;
    let barred = driver.barred(&readings);
    if barred.is_empty() { Ok(()) } else { Err(Failure::Closed(barred).into()) }
}
