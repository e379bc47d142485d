//! Where a live object differs from what is recorded of it.

use serde::Serialize;
use serde_json::Value as Json;

use super::{AnyType, compare};
use crate::{model::secret, schema};

/// One top-level property that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// Its name.
    pub property: String,
    /// As the ledger has it.
    pub recorded: Json,
    /// As it is live; null if it is not set there.
    pub live: Json,
}

/// Properties of `recorded` that `live` does not have in the same meaning.
#[must_use]
pub fn drift(ty: &dyn AnyType, recorded: &Json, live: &Json) -> Vec<Drift> {
    let (mut known, mut seen) = (recorded.clone(), live.clone());
    if let Some(schema) = schema::of(ty.facts().kind) {
        schema.without_write_only(&mut known);
        schema.without_write_only(&mut seen);
    }
    let mut found = Vec::new();
    for (name, value) in known.as_object().into_iter().flatten() {
        let other = &seen[name.as_str()];
        // An old spelling that AWS answers in the new one is write-only in the schema: the type knows that both are the same,
        // as long as it sees them whole.
        let whole = || ty.same(name, &recorded[name.as_str()], &live[name.as_str()]);
        let same = || ty.same(name, value, other) || whole() || ty.moved_by_aws(name, recorded, live);
        if !holds_secret(value) && !is_empty(value, other) && !same() {
            // It is shown and recorded, and may hold secrets that the plan has not (a variable set by hand).
            let mut live = other.clone();
            secret::forget(ty.facts().kind, name, &mut live);
            found.push(Drift { property: name.clone(), recorded: value.clone(), live });
        }
    }
    found
}

/// An empty list or object reads back as nothing.
fn is_empty(recorded: &Json, live: &Json) -> bool {
    let empty = match recorded {
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Null => true,
        _ => false,
    };
    empty && live.is_null()
}

fn holds_secret(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains("{{resolve:"),
        Json::Array(items) => items.iter().any(holds_secret),
        Json::Object(members) => members.values().any(holds_secret),
        _ => false,
    }
}

/// What a live object holds that neither the ledger nor one of the attempted forms says.
#[must_use]
pub fn strange(ty: &dyn AnyType, recorded: &Json, attempted: &[Json], live: &Json) -> Vec<String> {
    let explained = |item: &Drift| {
        attempted.iter().any(|form| {
            let tried = &form[item.property.as_str()];
            (tried.is_null() && item.live.is_null()) || ty.same(&item.property, tried, &item.live)
        })
    };
    let spread = ty.facts().spread;
    let differs = drift(ty, recorded, live);
    differs
        .into_iter()
        .filter(|item| !spread.contains(&item.property.as_str()) && !explained(item))
        .map(|item| item.property)
        .collect()
}

/// What cannot change of an object and is another one than recorded.
#[must_use]
pub fn remade(ty: &dyn AnyType, recorded: &Json, live: &Json) -> Vec<String> {
    let names: Vec<String> = drift(ty, recorded, live).into_iter().map(|item| item.property).collect();
    compare::create_only(ty.facts().kind, &names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::registry;
    use serde_json::json;

    /// S3 answers old spellings of lifecycle rules in the new ones ("AWS::S3::Bucket Rule": both are documented).
    #[test]
    fn old_spellings_are_no_drift() {
        let ty = registry::find("AWS::S3::Bucket").unwrap();
        let rules = |rule: Json| json!({"LifecycleConfiguration": {"Rules": [rule]}});
        let recorded = rules(json!({"Status": "Enabled", "NoncurrentVersionExpirationInDays": 30,
            "Transition": {"StorageClass": "GLACIER", "TransitionInDays": 30}}));
        let live = |days: u32| {
            rules(
                json!({"Id": "d6b5", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": days},
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}]}),
            )
        };
        assert_eq!(drift(ty, &recorded, &live(30)), []);
        assert_eq!(drift(ty, &recorded, &live(31)).len(), 1);
    }

    /// AWS's automatic minor upgrades are nobody's drift; a major version, or a database that upgrades only on order, is.
    #[test]
    fn automatic_minor_upgrades_are_no_drift() {
        let found = |kind: &str, recorded: Json, live: Json| {
            drift(registry::find(kind).unwrap(), &recorded, &live).len()
        };
        let db = |version: &str, more: Json| {
            let mut all = json!({"Engine": "postgres", "EngineVersion": version});
            all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            all
        };
        let rds = "AWS::RDS::DBInstance";
        assert_eq!(found(rds, db("15.7", json!({})), db("15.14", json!({}))), 0);
        assert_eq!(found(rds, db("15.7", json!({})), db("16.4", json!({}))), 1);
        assert_eq!(found(rds, db("15.14", json!({})), db("15.7", json!({}))), 1);
        let manual = json!({"AutoMinorVersionUpgrade": false});
        assert_eq!(found(rds, db("15.7", manual.clone()), db("15.14", manual)), 1);
        let dms = "AWS::DMS::ReplicationInstance";
        assert_eq!(found(dms, json!({"EngineVersion": "3.5.3"}), json!({"EngineVersion": "3.5.4"})), 0);
        assert_eq!(found(dms, json!({"EngineVersion": "3.5.4"}), json!({"EngineVersion": "3.6.1"})), 1);
    }

    #[test]
    fn secrets_write_only_and_unset_empties_are_no_drift() {
        let ty = registry::find("AWS::RDS::DBInstance").unwrap();
        let recorded = json!({
            "DBInstanceClass": "db.r5.large", "MasterUserPassword": "{{resolve:secretsmanager:x}}",
            "MasterUsername": "{{resolve:secretsmanager:x:SecretString:username}}", "Tags": [],
            "BackupRetentionPeriod": 7,
        });
        let live =
            json!({"DBInstanceClass": "db.r5.xlarge", "MasterUsername": "app", "BackupRetentionPeriod": 7});
        let found = drift(ty, &recorded, &live);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].property, "DBInstanceClass");
        assert_eq!(drift(ty, &json!({"BackupRetentionPeriod": 7}), &json!({}))[0].live, Json::Null);
    }
}
