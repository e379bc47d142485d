//! Table statistics.

use serde_json::{Value as Json, json};

use super::{
    announce::{self, announce},
    flow, news, progress,
    store::{TASK, filtered, invalid, missing, paged, state},
};
use crate::sandbox::{Reply, Request, World};

/// `DescribeTableStatistics`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let task = world.get(TASK, arn).ok_or_else(|| missing(format!("Replication Task {arn} not found.")))?;
    let rows = progress::of(task, world.now()).tables(task, flow::captured(world, arn));
    let known: &[(&str, &[&str])] =
        &[("schema-name", &["SchemaName"]), ("table-name", &["TableName"]), ("table-state", &["TableState"])];
    let rows = filtered(rq, rows, known)?;
    let mut answer = paged(rq, "TableStatistics", rows, 100)?;
    answer["ReplicationTaskArn"] = json!(arn);
    Ok(answer)
}

/// `ReloadTables`: the tables are loaded again, or only validated again, beginning now.
pub(super) fn reload(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("ReplicationTaskArn");
    let task = world.get(TASK, arn).ok_or_else(|| missing(format!("Replication Task {arn} not found.")))?;
    if task["Status"] != "running" {
        return Err(state("Replication Task must be running to reload tables."));
    }
    let now = world.now();
    let at = progress::active(task, now);
    let known = progress::of(task, now).tables(task, flow::captured(world, arn));
    let mut names = Vec::new();
    for wanted in rq.list("TablesToReload") {
        let there =
            |row: &Json| row["SchemaName"] == wanted["SchemaName"] && row["TableName"] == wanted["TableName"];
        let text = |member: &str| wanted[member].as_str().unwrap_or_default().to_owned();
        let name = format!("{}.{}", text("SchemaName"), text("TableName"));
        if !known.iter().any(there) {
            return Err(invalid(format!("Table {name} is not part of the replication task.")));
        }
        names.push(name);
    }
    let only = rq.text("ReloadOption") == "validate-only";
    if only && !progress::of(task, now).validates() {
        // API Reference, ReloadTables: the option applies only while validation is enabled for the task.
        return Err(invalid("validate-only needs a task whose validation is enabled."));
    }
    let mark = if only { "_revalidate" } else { "_reload" };
    if let Some(row) = world.get_mut(TASK, arn) {
        if !row[mark].is_object() {
            row[mark] = json!({});
        }
        for name in names {
            row[mark][name] = json!(at);
        }
        let row = row.clone();
        announce(world, rq.region, &row, false, &[announce::at(news::RELOAD_REQUESTED, 0)]);
    }
    Ok(json!({"ReplicationTaskArn": arn}))
}
