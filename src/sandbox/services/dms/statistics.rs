//! Table statistics of tasks and of serverless replications.

use serde_json::{Value as Json, json};

use super::{
    announce::{self, announce},
    flow, news, progress,
    store::{REPLICATION, TASK, filtered, invalid, missing, paged, state},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// What the operations of a kind call their things.
struct Kind {
    table: &'static str,
    arn: &'static str,
    rows: &'static str,
    noun: &'static str,
}

const OF_TASK: Kind =
    Kind { table: TASK, arn: "ReplicationTaskArn", rows: "TableStatistics", noun: "Replication Task" };
const SERVERLESS: Kind = Kind {
    table: REPLICATION,
    arn: "ReplicationConfigArn",
    rows: "ReplicationTableStatistics",
    noun: "Replication Config",
};

impl Kind {
    fn row<'w>(&self, world: &'w World, arn: &str) -> Result<&'w Json, Fault> {
        world.get(self.table, arn).ok_or_else(|| missing(format!("{} {arn} not found.", self.noun)))
    }

    fn describe(&self, world: &World, rq: &Request<'_>) -> Reply {
        let arn = rq.text(self.arn);
        let task = self.row(world, arn)?;
        let rows = progress::of(task, world.now()).tables(task, flow::captured(world, arn), world.dates());
        let known: &[(&str, &[&str])] = &[
            ("schema-name", &["SchemaName"]),
            ("table-name", &["TableName"]),
            ("table-state", &["TableState"]),
        ];
        let rows = filtered(rq, rows, known)?;
        let mut answer = paged(rq, self.rows, rows, 100)?;
        answer[self.arn] = json!(arn);
        Ok(answer)
    }

    /// The tables are loaded again, or only validated again, beginning now.
    fn reload(&self, world: &mut World, rq: &Request<'_>) -> Result<Json, Fault> {
        let arn = rq.text(self.arn);
        let task = self.row(world, arn)?;
        if task["Status"] != "running" {
            return Err(state(format!("{} must be running to reload tables.", self.noun)));
        }
        let now = world.now();
        let at = progress::active(task, now);
        let known = progress::of(task, now).tables(task, flow::captured(world, arn), world.dates());
        let mut names = Vec::new();
        for wanted in rq.list("TablesToReload") {
            let there = |row: &Json| {
                row["SchemaName"] == wanted["SchemaName"] && row["TableName"] == wanted["TableName"]
            };
            let text = |member: &str| wanted[member].as_str().unwrap_or_default().to_owned();
            let name = format!("{}.{}", text("SchemaName"), text("TableName"));
            if !known.iter().any(there) {
                return Err(invalid(format!(
                    "Table {name} is not part of the {}.",
                    self.noun.to_lowercase()
                )));
            }
            names.push(name);
        }
        let only = rq.text("ReloadOption") == "validate-only";
        if only && !progress::of(task, now).validates() {
            // API Reference, ReloadTables and ReloadReplicationTables: the option applies only while validation is
            // enabled.
            return Err(invalid("validate-only needs validation to be enabled in the task settings."));
        }
        let mark = if only { "_revalidate" } else { "_reload" };
        let mut changed = Json::Null;
        if let Some(row) = world.get_mut(self.table, arn) {
            if !row[mark].is_object() {
                row[mark] = json!({});
            }
            for name in names {
                row[mark][name] = json!(at);
            }
            changed = row.clone();
        }
        Ok(changed)
    }
}

/// `DescribeTableStatistics`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    OF_TASK.describe(world, rq)
}

/// `DescribeReplicationTableStatistics`.
pub(super) fn describe_serverless(world: &mut World, rq: &Request<'_>) -> Reply {
    SERVERLESS.describe(world, rq)
}

/// `ReloadTables`.
pub(super) fn reload(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = OF_TASK.reload(world, rq)?;
    announce(world, rq.region, &row, false, &[announce::at(news::RELOAD_REQUESTED, 0)]);
    Ok(json!({OF_TASK.arn: rq.text(OF_TASK.arn)}))
}

/// `ReloadReplicationTables`.
pub(super) fn reload_serverless(world: &mut World, rq: &Request<'_>) -> Reply {
    SERVERLESS.reload(world, rq)?;
    Ok(json!({SERVERLESS.arn: rq.text(SERVERLESS.arn)}))
}
