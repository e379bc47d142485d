//! Secrets themselves: create, describe, list, update, delete, restore, tags.

use serde_json::{Value as Json, json};

use super::store::{TABLE, add_version, bad, key_of, live_key, named, staged, token, token_taken, versions};
use crate::sandbox::{Fault, Reply, Request, World};

const DAY: f64 = 86_400.0;
const CURRENT: &str = "AWSCURRENT";

pub fn create_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Name");
    named(name)?;
    if rq.opt("SecretString").is_some() && rq.opt("SecretBinary").is_some() {
        return Err(bad(
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        ));
    }
    let key = format!("{}/{name}", rq.region);
    let token = token(world, rq);
    if let Some(row) = world.get(TABLE, &key) {
        if !row["DeletedDate"].is_null() {
            return Err(Fault::new(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        let same = versions(row).iter().any(|v| {
            v["VersionId"] == token
                && v["SecretString"] == *rq.get("SecretString")
                && v["SecretBinary"] == *rq.get("SecretBinary")
        });
        if same {
            return Ok(json!({"ARN": row["ARN"], "Name": name, "VersionId": token}));
        }
        if versions(row).iter().any(|v| v["VersionId"] == token.as_str()) {
            return Err(token_taken(row, &token));
        }
        return Err(Fault::new(
            "ResourceExistsException",
            format!("The operation failed because the secret {name} already exists."),
        ));
    }
    let suffix = world.letters(6, super::store::SUFFIX);
    let arn = world.arn("secretsmanager", rq.region, &format!("secret:{name}-{suffix}"));
    let now = world.now_secs();
    let mut row = json!({
        "ARN": arn, "Name": name, "Description": rq.get("Description"), "KmsKeyId": rq.get("KmsKeyId"),
        "Type": rq.get("Type"), "Tags": (!rq.list("Tags").is_empty()).then(|| rq.list("Tags")), "CreatedDate": now, "LastChangedDate": now, "_versions": [],
        "_region": rq.region,
    });
    let has_value = rq.opt("SecretString").is_some() || rq.opt("SecretBinary").is_some();
    if has_value {
        add_version(&mut row, &token, now, &rq.input, &[CURRENT.to_owned()])?;
    }
    if !rq.list("AddReplicaRegions").is_empty() {
        row["PrimaryRegion"] = json!(rq.region);
        row["ReplicationStatus"] = super::policies::statuses(rq.list("AddReplicaRegions"));
    }
    let mut answer = json!({"ARN": row["ARN"], "Name": name, "ReplicationStatus": row["ReplicationStatus"]});
    if has_value {
        answer["VersionId"] = json!(token);
    }
    world.put(TABLE, &key, row);
    Ok(strip(answer))
}

pub fn describe_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq, rq.text("SecretId"))?;
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let mut answer = public(&row);
    // Without a value there are no versions to tell (LocalStack's recordings of AWS, `test_secret_tags`).
    if !versions(&row).is_empty() {
        answer["VersionIdsToStages"] = staged(&row);
    }
    Ok(answer)
}

pub fn list_secrets(world: &mut World, rq: &Request<'_>) -> Reply {
    check_filters(rq.list("Filters"))?;
    let prefix = format!("{}/", rq.region);
    let mut items: Vec<Json> = world
        .rows(TABLE)
        .filter(|(key, row)| {
            key.starts_with(&prefix)
                && (rq.flag("IncludePlannedDeletion") || row["DeletedDate"].is_null())
                && rq.list("Filters").iter().all(|filter| passes(row, filter))
        })
        .map(|(_, row)| {
            let mut item = public(row);
            if let Some(map) = item.as_object_mut() {
                map.remove("ReplicationStatus");
            }
            item["SecretVersionsToStages"] = staged(row);
            item
        })
        .collect();
    let by = match rq.opt("SortBy") {
        Some("name") => "Name",
        Some("last-changed-date") => "LastChangedDate",
        Some("last-accessed-date") => "LastAccessedDate",
        _ => "CreatedDate",
    };
    items.sort_by(|a, b| match (&a[by], &b[by]) {
        (Json::String(x), Json::String(y)) => x.cmp(y),
        (x, y) => x.as_f64().unwrap_or_default().total_cmp(&y.as_f64().unwrap_or_default()),
    });
    // Oldest first unless asked otherwise (moto's test_with_all_filter, which AWS passes).
    if rq.opt("SortOrder") == Some("desc") {
        items.reverse();
    }
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 100, "InvalidNextTokenException")?;
    Ok(strip(json!({"SecretList": page, "NextToken": next})))
}

/// The words of a text: white space and the characters that names are made of divide them.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || "/_+=.@-".contains(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether every word of `wanted` begins a word of the text.
fn worded(text: &str, wanted: &str) -> bool {
    let all = words(text);
    words(wanted).iter().all(|word| all.iter().any(|own| own.starts_with(word.as_str())))
}

/// Keys of filters.
const FILTERS: &[&str] =
    &["all", "description", "name", "owning-service", "primary-region", "tag-key", "tag-value"];

/// Refuses filters that say nothing (moto's `test_with_no_filter_key`, `test_with_no_filter_values`).
pub fn check_filters(filters: &[Json]) -> Result<(), Fault> {
    for filter in filters {
        let Some(key) = filter["Key"].as_str() else {
            return Err(Fault::new("InvalidParameterException", "Invalid filter key"));
        };
        if !FILTERS.contains(&key) {
            let message = format!(
                "1 validation error detected: Value '{key}' at 'filters.1.member.key' failed to satisfy constraint: Member \
                 must satisfy enum value set: [{}]",
                FILTERS.join(", ")
            );
            return Err(Fault::new("ValidationException", message));
        }
        if filter["Values"].as_array().is_none_or(Vec::is_empty) {
            let message = format!("Invalid filter values for key: {key}");
            return Err(Fault::new("InvalidParameterException", message));
        }
    }
    Ok(())
}

/// One filter: its values are alternatives, `!` negates. Names and tags match by prefix, case and all; descriptions and
/// `all` by words (moto's `test_list_secrets.py`, verified on AWS).
pub fn passes(row: &Json, filter: &Json) -> bool {
    let starts = |text: &Json, wanted: &str| text.as_str().is_some_and(|t| t.starts_with(wanted));
    let tags = |part: &str, wanted: &str| {
        row["Tags"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|tag| tag[part].as_str().is_some_and(|t| t.starts_with(wanted)))
    };
    let hit = |wanted: &str| match filter["Key"].as_str().unwrap_or_default() {
        "name" => starts(&row["Name"], wanted),
        "description" => row["Description"].as_str().is_some_and(|text| worded(text, wanted)),
        "tag-key" => tags("Key", wanted),
        "tag-value" => tags("Value", wanted),
        "primary-region" => row["PrimaryRegion"] == wanted,
        "owning-service" => row["OwningService"] == wanted,
        _ => {
            let has = |text: &Json| text.as_str().is_some_and(|text| worded(text, wanted));
            let tagged = row["Tags"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|tag| has(&tag["Key"]) || has(&tag["Value"]));
            has(&row["Name"]) || has(&row["Description"]) || tagged
        }
    };
    filter["Values"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .any(|wanted| wanted.strip_prefix('!').map_or_else(|| hit(wanted), |rest| !hit(rest)))
}

pub fn update_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let now = world.now_secs();
    let has_value = rq.opt("SecretString").is_some() || rq.opt("SecretBinary").is_some();
    let token = token(world, rq);
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    let mut answer = json!({"ARN": row["ARN"], "Name": row["Name"]});
    if has_value {
        add_version(row, &token, now, &rq.input, &[CURRENT.to_owned()])?;
        answer["VersionId"] = json!(token);
    }
    for member in ["Description", "KmsKeyId", "Type"] {
        if let Some(text) = rq.opt(member) {
            row[member] = if text.is_empty() { Json::Null } else { json!(text) };
        }
    }
    row["LastChangedDate"] = json!(now);
    Ok(answer)
}

pub fn delete_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let force = rq.flag("ForceDeleteWithoutRecovery");
    let window = rq.int("RecoveryWindowInDays");
    if force && window.is_some() {
        return Err(bad(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    if window.is_some_and(|days| !(7..=30).contains(&days)) {
        return Err(bad("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
    }
    let now = world.now_secs();
    let key = match key_of(world, rq, rq.text("SecretId")) {
        Ok(key) => key,
        // Forced deletion of what is not there succeeds.
        Err(_) if force => {
            let id = rq.text("SecretId");
            let name = id.rsplit(':').next().unwrap_or(id);
            let arn = world.arn("secretsmanager", rq.region, &format!("secret:{name}"));
            return Ok(json!({"ARN": arn, "Name": name, "DeletionDate": now}));
        }
        Err(fault) => return Err(fault),
    };
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let replicas: Vec<&str> = row["ReplicationStatus"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["Region"].as_str())
        .collect();
    if !replicas.is_empty() {
        let arn = row["ARN"].as_str().unwrap_or_default();
        return Err(bad(format!(
            "You can't delete secret {arn} that still has replica regions [{}].",
            replicas.join(", ")
        )));
    }
    if force {
        world.remove(TABLE, &key);
        return Ok(json!({"ARN": row["ARN"], "Name": row["Name"], "DeletionDate": now}));
    }
    // A secret whose deletion is scheduled keeps its date (TestAccSecretsManagerSecret_disappears).
    if !row["DeletedDate"].is_null() {
        return Ok(json!({"ARN": row["ARN"], "Name": row["Name"], "DeletionDate": row["DeletedDate"]}));
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 30 days")]
    let until = now + window.unwrap_or(30) as f64 * DAY;
    #[expect(clippy::cast_possible_truncation, reason = "at most 30 days")]
    let millis = world.lifecycle_time(((until - now) * 1000.0) as i64);
    if let Some(row) = world.get_mut(TABLE, &key) {
        row["DeletedDate"] = json!(until);
    }
    world.after(millis, TABLE, &key, crate::sandbox::Effect::Remove);
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"], "DeletionDate": until}))
}

pub fn restore_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = key_of(world, rq, rq.text("SecretId"))?;
    world.cancel(TABLE, &key);
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    if let Some(map) = row.as_object_mut() {
        map.remove("DeletedDate");
    }
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"]}))
}

pub fn tag_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    // A secret that never had tags shows no list, one that lost them an empty one (LocalStack's recordings of AWS,
    // `test_secret_tags`).
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    if row["Tags"].is_null() {
        row["Tags"] = json!([]);
    }
    if let Some(tags) = row["Tags"].as_array_mut() {
        for tag in rq.list("Tags") {
            tags.retain(|old| old["Key"] != tag["Key"]);
            tags.push(tag.clone());
        }
    }
    Ok(json!({}))
}

pub fn untag_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let keys = rq.texts("TagKeys");
    if let Some(tags) = world.get_mut(TABLE, &key).and_then(|row| row["Tags"].as_array_mut()) {
        tags.retain(|old| !keys.iter().any(|key| old["Key"] == *key));
    }
    Ok(json!({}))
}

/// What answers show of a secret: everything but the world's own members and nulls.
/// What answers show of a secret.
pub fn public(row: &Json) -> Json {
    strip(Json::Object(
        row.as_object()
            .into_iter()
            .flatten()
            .filter(|(k, _)| !k.starts_with('_'))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    ))
}

/// Drops null members.
pub fn strip(mut value: Json) -> Json {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, v| !v.is_null());
    }
    value
}
