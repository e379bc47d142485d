//! Plans: kept and read back. Nothing is backed up by the clock.

use serde_json::{Value as Json, json};

use super::{BAD_TOKEN, PLANS, SELECTIONS, VAULTS, invalid, missing, refused};
use crate::sandbox::{Fault, Reply, Request, World};

/// The plan that a request names.
pub(super) fn plan<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let id = rq.text("BackupPlanId");
    let row = world.get(PLANS, id).filter(|row| row["_region"] == rq.region && row["DeletionDate"].is_null());
    row.ok_or_else(|| missing(format!("Backup plan {id} could not be found.")))
}

/// A plan with what AWS fills in; its vaults must be there.
fn whole(world: &mut World, rq: &Request<'_>) -> Result<Json, Fault> {
    let mut plan = rq.get("BackupPlan").clone();
    let rules = plan["Rules"].as_array().cloned().unwrap_or_default();
    if rules.is_empty() {
        return Err(invalid("Backup plan must have at least one rule."));
    }
    let mut filled = Vec::new();
    for mut rule in rules {
        let name = rule["TargetBackupVaultName"].as_str().unwrap_or_default().to_owned();
        // The vault named `Default` is made with the first use of the console.
        if name != "Default" && world.get(VAULTS, &format!("{}/{name}", rq.region)).is_none() {
            return Err(invalid(format!("Backup vault {name} does not exist.")));
        }
        let days = |member: &str| rule["Lifecycle"][member].as_i64();
        if let (Some(cold), Some(end)) = (days("MoveToColdStorageAfterDays"), days("DeleteAfterDays"))
            && end < cold + 90
        {
            return Err(invalid(
                "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays",
            ));
        }
        let defaults = [
            ("StartWindowMinutes", json!(480)),
            ("CompletionWindowMinutes", json!(10_080)),
            ("EnableContinuousBackup", json!(false)),
            ("ScheduleExpressionTimezone", json!("Etc/UTC")),
        ];
        for (member, value) in defaults {
            if rule[member].is_null() {
                rule[member] = value;
            }
        }
        rule["RuleId"] = json!(world.uuid());
        filled.push(rule);
    }
    plan["Rules"] = json!(filled);
    Ok(plan)
}

fn version(world: &mut World) -> String {
    world.letters(48, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
}

fn brief(row: &Json) -> Json {
    json!({
        "BackupPlanId": row["BackupPlanId"], "BackupPlanArn": row["BackupPlanArn"], "VersionId": row["VersionId"],
        "CreationDate": row["CreationDate"],
    })
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let here = |row: &Json| row["_region"] == rq.region && row["DeletionDate"].is_null();
    if let Some(token) = rq.opt("CreatorRequestId")
        && let Some((_, old)) =
            world.rows(PLANS).find(|(_, row)| here(row) && row["CreatorRequestId"] == token)
    {
        return Ok(brief(old));
    }
    let mut sent = rq.get("BackupPlan").clone();
    if let Some((id, old)) = world.rows(PLANS).find(|(_, row)| here(row) && row["_sent"] == sent) {
        let mut fault =
            Fault::new("AlreadyExistsException", "Backup plan with the same plan document already exists");
        fault.members =
            json!({"Arn": old["BackupPlanArn"], "CreatorRequestId": old["CreatorRequestId"], "_id": id});
        if let Some(members) = fault.members.as_object_mut() {
            members.remove("_id");
        }
        return Err(fault);
    }
    let plan = whole(world, rq)?;
    let (id, version) = (world.uuid(), version(world));
    let tags = if rq.get("BackupPlanTags").is_null() { json!({}) } else { rq.get("BackupPlanTags").clone() };
    let row = json!({
        "BackupPlanId": id, "BackupPlanArn": world.arn("backup", rq.region, &format!("backup-plan:{id}")),
        "VersionId": version, "CreationDate": world.now_secs(), "CreatorRequestId": rq.get("CreatorRequestId"),
        "BackupPlan": plan, "_sent": sent.take(), "_tags": tags, "_region": rq.region,
    });
    world.put(PLANS, &id, row.clone());
    Ok(brief(&row))
}

pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = plan(world, rq)?["BackupPlanId"].as_str().unwrap_or_default().to_owned();
    let (plan, version) = (whole(world, rq)?, version(world));
    let sent = rq.get("BackupPlan").clone();
    let Some(row) = world.get_mut(PLANS, &id) else { return Err(missing(id)) };
    row["BackupPlan"] = plan;
    row["VersionId"] = json!(version);
    row["_sent"] = sent;
    Ok(brief(row))
}

/// A deleted plan is remembered.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = plan(world, rq)?["BackupPlanId"].as_str().unwrap_or_default().to_owned();
    if world.any(SELECTIONS, |row| row["BackupPlanId"] == id.as_str()) {
        return Err(refused("Related backup plan selections must be deleted prior to backup plan deletion"));
    }
    let now = world.now_secs();
    let Some(row) = world.get_mut(PLANS, &id) else { return Err(missing(id)) };
    row["DeletionDate"] = json!(now);
    Ok(json!({
        "BackupPlanId": row["BackupPlanId"], "BackupPlanArn": row["BackupPlanArn"], "VersionId": row["VersionId"],
        "DeletionDate": now,
    }))
}

fn shown(row: &Json, members: &[&str]) -> Json {
    let all = row.as_object().into_iter().flatten();
    all.filter(|(name, value)| members.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = plan(world, rq)?;
    if rq.opt("VersionId").is_some_and(|version| row["VersionId"] != version) {
        return Err(missing(format!("Backup plan version {} could not be found.", rq.text("VersionId"))));
    }
    let members =
        ["BackupPlan", "BackupPlanId", "BackupPlanArn", "VersionId", "CreatorRequestId", "CreationDate"];
    let mut out = shown(row, &members);
    if !row["BackupPlan"]["AdvancedBackupSettings"].is_null() {
        out["AdvancedBackupSettings"] = row["BackupPlan"]["AdvancedBackupSettings"].clone();
    }
    Ok(out)
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let deleted = rq.flag("IncludeDeleted");
    let rows = world.rows(PLANS).map(|(_, row)| row);
    let rows = rows.filter(|row| row["_region"] == rq.region && (deleted || row["DeletionDate"].is_null()));
    let members =
        ["BackupPlanId", "BackupPlanArn", "VersionId", "CreatorRequestId", "CreationDate", "DeletionDate"];
    let all = rows
        .map(|row| {
            let mut one = shown(row, &members);
            one["BackupPlanName"] = row["BackupPlan"]["BackupPlanName"].clone();
            one
        })
        .collect();
    let (page, next) = rq.page(all, "MaxResults", "NextToken", 1_000, BAD_TOKEN)?;
    Ok(json!({"BackupPlansList": page, "NextToken": next}))
}
