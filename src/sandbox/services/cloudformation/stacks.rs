//! Stacks ("DescribeStacks" and "ListStacks", CloudFormation API Reference).

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World};

pub(super) const STACK: &str = "cloudformation.stack";

/// ListExports has a next page "if the output exceeds 100 exported output values" (API Reference); the other lists are cut
/// at one megabyte there, and at as many items here.
pub(super) const PAGE: usize = 100;

pub(super) fn invalid(message: String) -> Fault {
    Fault::new("ValidationError", message)
}

/// A region's stacks, sorted by name.
pub(super) fn all<'w>(world: &'w World, region: &str) -> impl Iterator<Item = &'w Json> + use<'w> {
    let region = region.to_owned();
    world.rows(STACK).map(|(_, row)| row).filter(move |row| row["_region"] == region.as_str())
}

/// Whether a stack is there: a deleted one is told by its id only, for 90 days (API Reference, DescribeStacks).
pub(super) fn is_there(row: &Json) -> bool {
    row["StackStatus"] != "DELETE_COMPLETE"
}

fn shown(row: &Json) -> Json {
    let members = row.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `DescribeStacks`: one by name or id, or all that are there. AWS's words for one that is not: public tests and programs that
/// look for "does not exist" (serverless/serverless, aws/copilot-cli).
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let found: Vec<Json> = match rq.opt("StackName") {
        None => all(world, rq.region).filter(|row| is_there(row)).map(shown).collect(),
        Some(name) => {
            let fits = |row: &&Json| row["StackId"] == name || row["StackName"] == name && is_there(row);
            let one = all(world, rq.region).find(fits).map(shown);
            vec![one.ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))?]
        }
    };
    let (page, next) = rq.page(found, "", "NextToken", PAGE, "ValidationError")?;
    let mut answer = json!({"Stacks": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// `ListStacks`: without a filter all stacks, deleted ones too.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let statuses = rq.texts("StackStatusFilter");
    let fits = |row: &&Json| {
        statuses.is_empty() || row["StackStatus"].as_str().is_some_and(|status| statuses.contains(&status))
    };
    let summary = |row: &Json| {
        let mut summary = json!({"DriftInformation": row["DriftInformation"]});
        for member in ["StackId", "StackName", "CreationTime", "DeletionTime", "StackStatus"] {
            if !row[member].is_null() {
                summary[member] = row[member].clone();
            }
        }
        if !row["Description"].is_null() {
            summary["TemplateDescription"] = row["Description"].clone();
        }
        summary
    };
    let found = all(world, rq.region).filter(fits).map(summary).collect();
    let (page, next) = rq.page(found, "", "NextToken", PAGE, "ValidationError")?;
    let mut answer = json!({"StackSummaries": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
