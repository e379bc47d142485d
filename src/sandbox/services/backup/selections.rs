//! Selections of plans.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, SELECTIONS, invalid, missing, plans::plan, role};
use crate::sandbox::{Fault, Reply, Request, World, done};

fn brief(row: &Json) -> Json {
    json!({
        "SelectionId": row["SelectionId"], "BackupPlanId": row["BackupPlanId"], "CreationDate": row["CreationDate"],
    })
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let plan_id = rq.text("BackupPlanId");
    // The model of this call knows no missing object.
    plan(world, rq).map_err(|_| invalid(format!("Backup plan {plan_id} could not be found.")))?;
    let selection = rq.get("BackupSelection");
    if let Some(token) = rq.opt("CreatorRequestId")
        && let Some((_, old)) = world.rows(SELECTIONS).find(|(_, row)| row["CreatorRequestId"] == token)
    {
        return Ok(brief(old));
    }
    role(world, selection["IamRoleArn"].as_str().unwrap_or_default())?;
    let some = |member: &str| !selection[member].is_null() && selection[member] != json!([]);
    if !["Resources", "NotResources", "ListOfTags", "Conditions"].into_iter().any(some) {
        return Err(invalid(
            "Invalid selection. Resources, NotResources, ListOfTags or Conditions must be specified.",
        ));
    }
    let same = |row: &Json| row["BackupPlanId"] == plan_id && row["BackupSelection"] == *selection;
    if let Some((_, old)) = world.rows(SELECTIONS).find(|(_, row)| same(row)) {
        let mut fault =
            Fault::new("AlreadyExistsException", "Backup selection with the same content already exists");
        fault.members = json!({"CreatorRequestId": old["CreatorRequestId"]});
        return Err(fault);
    }
    let id = world.uuid();
    let row = json!({
        "SelectionId": id, "BackupPlanId": plan_id, "CreationDate": world.now_secs(), "BackupSelection": selection,
        "CreatorRequestId": rq.get("CreatorRequestId"), "_region": rq.region,
    });
    world.put(SELECTIONS, &id, row.clone());
    Ok(brief(&row))
}

fn selection<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let (id, plan) = (rq.text("SelectionId"), rq.text("BackupPlanId"));
    let row =
        world.get(SELECTIONS, id).filter(|row| row["BackupPlanId"] == plan && row["_region"] == rq.region);
    row.ok_or_else(|| missing(format!("Backup selection {id} could not be found.")))
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    selection(world, rq)?;
    world.remove(SELECTIONS, rq.text("SelectionId"));
    done()
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = selection(world, rq)?;
    let mut out = brief(row);
    out["BackupSelection"] = row["BackupSelection"].clone();
    if !row["CreatorRequestId"].is_null() {
        out["CreatorRequestId"] = row["CreatorRequestId"].clone();
    }
    Ok(out)
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let plan_id = rq.text("BackupPlanId");
    plan(world, rq)?;
    let rows = world.rows(SELECTIONS).map(|(_, row)| row).filter(|row| row["BackupPlanId"] == plan_id);
    let all = rows
        .map(|row| {
            let mut one = brief(row);
            one["SelectionName"] = row["BackupSelection"]["SelectionName"].clone();
            one["IamRoleArn"] = row["BackupSelection"]["IamRoleArn"].clone();
            one
        })
        .collect();
    let (page, next) = rq.page(all, "MaxResults", "NextToken", 1_000, BAD_TOKEN)?;
    Ok(json!({"BackupSelectionsList": page, "NextToken": next}))
}
