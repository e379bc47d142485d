//! Managed prefix lists: those of the customer with their versions, and AWS's own.

use serde_json::{Value as Json, json};

use super::{
    cidrs,
    common::{Noun, combination, here, invalid, listed, remember, replayed, tidy},
    filters, vpc_endpoints,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

/// Prefix lists of the customer. `_versions` holds the entries of all versions, the first first.
pub(super) const LIST: Noun = Noun {
    table: "ec2.prefix-list",
    prefix: "pl",
    id: "PrefixListId",
    ids: "PrefixListIds",
    tags: "Tags",
    resource: "prefix-list",
    // Terraform's provider, internal/service/ec2/errors.go: errCodeInvalidPrefixListIDNotFound.
    missing: "InvalidPrefixListID.NotFound",
    malformed: "InvalidPrefixListId.Malformed",
    label: "prefix list",
    filters: &[
        ("owner-id", "OwnerId"),
        ("prefix-list-id", "PrefixListId"),
        ("prefix-list-name", "PrefixListName"),
    ],
};

/// Lists are made and changed within seconds.
const TAKES: i64 = 10_000;

/// Whether a rule or a route may name the list.
pub(super) fn is_there(world: &World, region: &str, id: &str) -> bool {
    vpc_endpoints::is_list(id) || world.get(LIST.table, id).is_some_and(|row| here(row, region))
}

fn shown(row: &Json) -> Json {
    let members = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('_'));
    tidy(Json::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// AWS's lists as this call shows them (`TestAccVPCManagedPrefixListDataSource_basic`: owner AWS, version 0, no most).
fn of_aws(region: &str) -> Vec<Json> {
    vpc_endpoints::lists(region)
        .into_iter()
        .map(|(id, name, _)| {
            json!({
                "PrefixListId": id, "PrefixListName": name, "AddressFamily": "IPv4", "State": "create-complete",
                "PrefixListArn": format!("arn:{}:ec2:{region}:aws:prefix-list/{id}", crate::sandbox::partition(region)),
                "OwnerId": "AWS", "Tags": [],
            })
        })
        .collect()
}

/// Entries as they are kept: blocks in their canonical form, of the list's family, none twice.
fn entries(wanted: &[Json], family: &str) -> Result<Vec<Json>, Fault> {
    let mut all: Vec<Json> = Vec::new();
    for one in wanted {
        let text = one["Cidr"].as_str().unwrap_or_default();
        let block = if family == "IPv6" {
            cidrs::v6(text, "Cidr")?.to_string()
        } else {
            cidrs::v4(text, "Cidr")?.to_string()
        };
        if all.iter().any(|other| other["Cidr"] == block) {
            return Err(invalid(format!("Request cannot contain Cidr {block} more than once")));
        }
        let mut entry = json!({"Cidr": block});
        if let Some(text) = one["Description"].as_str().filter(|text| !text.is_empty()) {
            entry["Description"] = json!(text);
        }
        all.push(entry);
    }
    Ok(all)
}

/// `TestAccVPCManagedPrefixList_exceedLimit` looks for these words.
fn too_many() -> Fault {
    let message = "You've reached the maximum number of entries for the prefix list.";
    Fault::new("PrefixListMaxEntriesExceeded", message)
}

fn name(text: &str) -> Result<(), Fault> {
    // "Cannot be up to 255 characters in length and cannot start with com.amazonaws" (`CreateManagedPrefixList`).
    if text.is_empty() || text.chars().count() > 255 || text.starts_with("com.amazonaws") {
        return Err(invalid(format!("Value ({text}) for parameter prefixListName is invalid.")));
    }
    Ok(())
}

fn most(count: i64) -> Result<i64, Fault> {
    if (1..=1000).contains(&count) {
        return Ok(count);
    }
    Err(invalid(format!("Value ({count}) for parameter maxEntries is invalid.")))
}

/// `CreateManagedPrefixList`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    if let Some(id) = replayed(world, rq, &LIST)? {
        return Ok(json!({"PrefixList": shown(LIST.get(world, rq, &id)?)}));
    }
    let family = rq.text("AddressFamily");
    if !matches!(family, "IPv4" | "IPv6") {
        return Err(invalid(format!("Value ({family}) for parameter addressFamily is invalid.")));
    }
    name(rq.text("PrefixListName"))?;
    let most = most(rq.int("MaxEntries").unwrap_or(0))?;
    let entries = entries(rq.list("Entries"), family)?;
    if entries.len() as i64 > most {
        return Err(too_many());
    }
    let mut row = json!({
        "AddressFamily": family, "PrefixListName": rq.text("PrefixListName"), "MaxEntries": most, "Version": 1,
        "State": "create-in-progress", "OwnerId": world.account, "_versions": [entries],
    });
    remember(&mut row, rq);
    let id = LIST.create(world, rq, row)?;
    let arn = world.arn("ec2", rq.region, &format!("prefix-list/{id}"));
    LIST.get_mut(world, rq, &id)?["PrefixListArn"] = json!(arn);
    world.set_after(TAKES, LIST.table, &id, json!({"State": "create-complete"}));
    Ok(json!({"PrefixList": shown(LIST.get(world, rq, &id)?)}))
}

/// `DescribeManagedPrefixLists`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut rows = of_aws(rq.region);
    rows.extend(LIST.all(world, rq).map(shown));
    let ids = rq.texts("PrefixListIds");
    if let Some(unknown) = ids.iter().find(|id| !rows.iter().any(|row| row["PrefixListId"] == **id)) {
        LIST.get(world, rq, unknown)?;
    }
    rows.retain(|row| ids.is_empty() || ids.iter().any(|id| row["PrefixListId"] == *id));
    listed(rq, "PrefixLists", filters::apply(rows, rq.list("Filters"), LIST.filters, "Tags")?)
}

/// `GetManagedPrefixListEntries`: of the present version, or of one before.
pub(super) fn entries_of(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("PrefixListId");
    if let Some((_, _, blocks)) = vpc_endpoints::lists(rq.region).into_iter().find(|(list, ..)| *list == id) {
        let all = blocks.iter().map(|block| json!({"Cidr": block})).collect();
        return paged(rq, "Entries", all);
    }
    let row = LIST.get(world, rq, id)?;
    let version = rq.int("TargetVersion").or(row["Version"].as_i64()).unwrap_or(1);
    let all = usize::try_from(version - 1).ok().and_then(|at| row["_versions"][at].as_array()).cloned();
    let all = all.ok_or_else(|| invalid(format!("Prefix list {id} has no version {version}")))?;
    paged(rq, "Entries", all)
}

fn paged(rq: &Request<'_>, member: &str, rows: Vec<Json>) -> Reply {
    let (page, next) = rq.page(rows, "MaxResults", "NextToken", 100, "InvalidPaginationToken")?;
    Ok(json!({member: page, "NextToken": next}))
}

/// What refers to a list: security groups by their rules, and route tables.
fn users(world: &World, id: &str) -> Vec<String> {
    let rules = world.rows("ec2.security-group-rule").filter(|(_, row)| row["PrefixListId"] == id);
    let mut all: Vec<String> =
        rules.filter_map(|(_, row)| row["GroupId"].as_str().map(ToOwned::to_owned)).collect();
    let routed = |row: &Json| {
        let mut routes = row["Routes"].as_array().into_iter().flatten();
        routes.any(|route| route["DestinationPrefixListId"] == id)
    };
    all.extend(world.rows("ec2.route-table").filter(|(_, row)| routed(row)).map(|(key, _)| key.to_owned()));
    all.sort();
    all.dedup();
    all
}

/// `GetManagedPrefixListAssociations`.
pub(super) fn associations(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("PrefixListId");
    if !vpc_endpoints::is_list(id) {
        LIST.get(world, rq, id)?;
    }
    let owner = world.account.clone();
    let all = users(world, id).into_iter().map(|user| json!({"ResourceId": user, "ResourceOwner": owner}));
    paged(rq, "PrefixListAssociations", all.collect())
}

/// The list that a change is for, if it may be changed now.
fn changeable(world: &World, rq: &Request<'_>) -> Result<Json, Fault> {
    let id = rq.text("PrefixListId");
    if vpc_endpoints::is_list(id) {
        return Err(Fault::new("OperationNotPermitted", format!("Prefix list {id} is managed by AWS.")));
    }
    let row = LIST.get(world, rq, id)?;
    let state = row["State"].as_str().unwrap_or_default();
    if state.ends_with("in-progress") {
        // Clients look for "in the current state (modify-in-progress)" with this code.
        let message = format!(
            "The request cannot be completed while the prefix list ({id}) is in the current state ({state})."
        );
        return Err(Fault::new("IncorrectState", message));
    }
    if let Some(version) = rq.int("CurrentVersion").filter(|version| row["Version"] != *version) {
        let message = format!("The prefix list has the incorrect version number: {version}");
        return Err(Fault::new("PrefixListVersionMismatch", message));
    }
    Ok(row.clone())
}

/// Writes the next version of a list's entries.
fn next(row: &mut Json, entries: Vec<Json>) {
    let version = row["Version"].as_i64().unwrap_or(1) + 1;
    row["Version"] = json!(version);
    if let Some(versions) = row["_versions"].as_array_mut() {
        versions.push(json!(entries));
    }
}

/// `ModifyManagedPrefixList`: entries make a new version, a name and another most do not.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = changeable(world, rq)?;
    let id = rq.text("PrefixListId").to_owned();
    let family = row["AddressFamily"].as_str().unwrap_or_default();
    let (more, less) = (entries(rq.list("AddEntries"), family)?, entries(rq.list("RemoveEntries"), family)?);
    let changes = !more.is_empty() || !less.is_empty();
    if changes && rq.int("MaxEntries").is_some() {
        // "You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time."
        return Err(combination(
            "You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time.",
        ));
    }
    if let Some(both) = more.iter().find(|one| less.iter().any(|other| other["Cidr"] == one["Cidr"])) {
        // The comment on it in Terraform's provider, internal/service/ec2/vpc_managed_prefix_list.go.
        let block = both["Cidr"].as_str().unwrap_or_default();
        return Err(invalid(format!(
            "Request cannot contain Cidr {block} in both AddPrefixListEntries and RemovePrefixListEntries"
        )));
    }
    let at = row["_versions"].as_array().map_or(0, Vec::len).saturating_sub(1);
    let mut kept = row["_versions"][at].as_array().cloned().unwrap_or_default();
    for gone in &less {
        let before = kept.len();
        kept.retain(|one| one["Cidr"] != gone["Cidr"]);
        if kept.len() == before {
            let block = gone["Cidr"].as_str().unwrap_or_default();
            return Err(invalid(format!("Prefix list {id} has no entry for {block}")));
        }
    }
    for one in more {
        kept.retain(|known| known["Cidr"] != one["Cidr"]);
        kept.push(one);
    }
    let size = match rq.int("MaxEntries") {
        Some(count) => most(count)?,
        None => row["MaxEntries"].as_i64().unwrap_or(0),
    };
    if kept.len() as i64 > size {
        return Err(too_many());
    }
    if let Some(text) = rq.opt("PrefixListName") {
        name(text)?;
    }
    let slow = changes || rq.int("MaxEntries").is_some();
    let row = LIST.get_mut(world, rq, &id)?;
    if let Some(text) = rq.opt("PrefixListName") {
        row["PrefixListName"] = json!(text);
    }
    row["MaxEntries"] = json!(size);
    row["State"] = json!(if slow { "modify-in-progress" } else { "modify-complete" });
    if changes {
        next(row, kept);
    }
    let answer = shown(row);
    if slow {
        world.set_after(TAKES, LIST.table, &id, json!({"State": "modify-complete"}));
    }
    Ok(json!({"PrefixList": answer}))
}

/// `RestoreManagedPrefixListVersion`: an earlier version's entries become the next one's.
pub(super) fn restore(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = changeable(world, rq)?;
    let id = rq.text("PrefixListId").to_owned();
    let old = rq.int("PreviousVersion").unwrap_or(0);
    let entries = usize::try_from(old - 1).ok().and_then(|at| row["_versions"][at].as_array()).cloned();
    let entries = entries.ok_or_else(|| invalid(format!("Prefix list {id} has no version {old}")))?;
    let row = LIST.get_mut(world, rq, &id)?;
    row["State"] = json!("restore-in-progress");
    next(row, entries);
    let answer = shown(row);
    world.set_after(TAKES, LIST.table, &id, json!({"State": "restore-complete"}));
    Ok(json!({"PrefixList": answer}))
}

/// `DeleteManagedPrefixList`: "You must first remove all references to the prefix list in your resources".
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = changeable(world, rq)?;
    let id = rq.text("PrefixListId").to_owned();
    if !users(world, &id).is_empty() {
        return Err(LIST.busy(&id));
    }
    let mut answer = shown(&row);
    answer["State"] = json!("delete-in-progress");
    LIST.get_mut(world, rq, &id)?["State"] = json!("delete-in-progress");
    world.after(TAKES, LIST.table, &id, Effect::Remove);
    Ok(json!({"PrefixList": answer}))
}
