//! Reads the world and says where it differs from the ledger. Changes nothing.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    call::{Judged, STRIKES, backoff, judge_read},
    limit::Limits,
    recover::{looking, migration, visible_by},
};
use crate::{
    aws::{Cloud, OpError, Owner},
    clock::Clock,
    ledger::{Entry, Object, Snapshot},
    model::{Address, Ownership, PhysicalId, secret},
    resources::{AnyType, registry},
    schema,
};

/// Objects that are read at the same time; each service has its own, lower limit besides.
const AT_ONCE: usize = 32;
/// How long throttling is outwaited.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What a look at one object found.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The resource.
    pub address: Address,
    /// Its object.
    pub generation: u32,
    /// Its CloudFormation type.
    pub kind: String,
    /// The object's handle.
    pub physical_id: PhysicalId,
    /// How it is.
    pub finding: Finding,
}

/// How an object is, compared with the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// As recorded.
    InSync,
    /// It holds other properties.
    Drifted(Vec<Drift>),
    /// It does not exist.
    Missing,
    /// An object of that name or handle exists, but it does not carry this resource's ownership tags: it is another
    /// owner's by now. Nothing is learned from it, and neither `up` nor `destroy` touches it.
    NotOurs,
    /// It could not be read.
    Unreadable(OpError),
}

/// One top-level property that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// Its name.
    pub property: String,
    /// As the ledger has it.
    pub recorded: Json,
    /// As the world has it; null if it is not set there.
    pub live: Json,
}

/// Looks at every object of the ledger, in the ledger's order. What holds secrets and what AWS never returns is
/// not compared.
pub async fn refresh(cloud: &Cloud, clock: &Arc<dyn Clock>, snapshot: &Snapshot) -> Vec<Seen> {
    let limits = Limits::new(Arc::clone(clock));
    let migration = &migration(snapshot);
    let limits = &limits;
    stream::iter(snapshot.objects())
        .map(|(address, object)| async move {
            let owner = Owner {
                migration: migration.clone(),
                lineage: snapshot.lineage.clone(),
                generation: object.mark(),
            };
            let finding = match registry::find(&object.declared.kind) {
                None => Finding::Unreadable(OpError::not_sent(
                    &object.declared.kind,
                    "this version of migrate does not know the type",
                )),
                Some(ty) => look(cloud, clock, limits, &owner, address, object, ty).await,
            };
            Seen {
                address: address.clone(),
                generation: object.generation,
                kind: object.declared.kind.clone(),
                physical_id: object.physical_id.clone(),
                finding,
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn look(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    limits: &Limits,
    owner: &Owner,
    address: &Address,
    object: &Object,
    ty: &'static dyn AnyType,
) -> Finding {
    let sdk = cloud.sdk(&object.declared.region);
    let cx = looking(cloud, &sdk, &object.declared.region, owner, address);
    let service = ty.facts().service;
    let began = clock.now();
    let (settled, pause) = visible_by(object, ty.facts(), began);
    let mut failed = 0;
    loop {
        let passes = limits.enter(service).await;
        let asked = clock.now();
        let answer = ty.sight(&cx, &object.physical_id, &object.declared.properties).await;
        drop(passes);
        let error = match answer {
            Ok(Some(seen)) => {
                limits.succeeded(service);
                // As before each change and deletion (`owned.rs`): what a run would leave alone is said here.
                if seen.ownership == Ownership::Foreign && !object.shared && !object.claimed {
                    return Finding::NotOurs;
                }
                let drift = drift(ty, &object.declared.properties, &seen.properties);
                return if drift.is_empty() { Finding::InSync } else { Finding::Drifted(drift) };
            }
            // Made a moment ago, it may not show yet; to say that it is missing would have it made again.
            Ok(None) if asked < settled => {
                clock.sleep(pause).await;
                continue;
            }
            Ok(None) => return Finding::Missing,
            Err(error) => error,
        };
        failed += 1;
        let patient = error.is_throttle() && clock.now().duration_since(began).unwrap_or_default() < PATIENCE;
        if judge_read(&error) == Judged::Final || (failed >= STRIKES && !patient) {
            return Finding::Unreadable(error);
        }
        let delay = backoff(failed);
        if error.is_throttle() {
            limits.throttled(service, delay);
        }
        clock.sleep(delay).await;
    }
}

/// Properties of `recorded` that `live` does not have in the same meaning.
pub fn drift(ty: &dyn AnyType, recorded: &Json, live: &Json) -> Vec<Drift> {
    let (mut known, mut seen) = (recorded.clone(), live.clone());
    if let Some(schema) = schema::of(ty.facts().kind) {
        schema.without_write_only(&mut known);
        schema.without_write_only(&mut seen);
    }
    let mut found = Vec::new();
    for (name, value) in known.as_object().into_iter().flatten() {
        let other = &seen[name.as_str()];
        let same = || ty.same(name, value, other) || ty.moved_by_aws(name, recorded, live);
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

/// What the ledger has to learn so that planning sees the world as it is. What could not be read stays as it
/// was recorded.
#[must_use]
pub fn refresh_entries(snapshot: &Snapshot, seen: &[Seen]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for one in seen {
        match &one.finding {
            Finding::InSync | Finding::Unreadable(_) | Finding::NotOurs => {}
            Finding::Missing => entries.push(Entry::Gone {
                address: one.address.clone(),
                generation: one.generation,
                kept: None,
            }),
            Finding::Drifted(drift) => {
                let Some(object) = snapshot.object(&one.address, one.generation) else { continue };
                let mut properties = object.declared.properties.clone();
                if let Some(members) = properties.as_object_mut() {
                    for item in drift {
                        if item.live.is_null() {
                            members.remove(&item.property);
                        } else {
                            members.insert(item.property.clone(), item.live.clone());
                        }
                    }
                }
                entries.push(Entry::Refreshed {
                    address: one.address.clone(),
                    generation: one.generation,
                    properties,
                });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
