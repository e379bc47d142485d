//! `AWS::Route53::RecordSetGroup`: records of one zone that are one resource. All of them change in one batch, which
//! Route 53 applies as a whole or not at all; what is in it is judged record by record, as for single records
//! ([`records`]). The handle is the zone's id with a mark that no other group has.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    common::{bare, domain},
    record_form::{AliasTarget, CidrRouting, GeoLocation, GeoProximity, Key, Props as Record},
    records::{self, live_record, zone, zone_of},
    recordset::RecordSet,
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    props,
    resources::{Change, Created, Cx, Found, Goal, Joined, Part, Probe, Progress, ResourceType, compare},
};

/// `AWS::Route53::RecordSetGroup`.
pub struct RecordSetGroup;

props! {
    /// The properties.
    pub struct Props { Comment: String, HostedZoneId: String, HostedZoneName: String, RecordSets: Vec<Member> }
    /// One record; its zone is the group's.
    pub struct Member {
        AliasTarget: AliasTarget, CidrRoutingConfig: CidrRouting, Failover: String, GeoLocation: GeoLocation,
        GeoProximityLocation: GeoProximity, HealthCheckId: String, MultiValueAnswer: bool, Name: String, Region: String,
        ResourceRecords: Vec<String>, SetIdentifier: String, TTL: String, Type: String, Weight: i64,
    }
}

/// What a record says of its surroundings and not of itself.
const ASIDE: &[&str] = &["Comment", "HostedZoneId", "HostedZoneName"];

/// A record in the form that the other one has: both have the same members but for those aside.
fn form<T: Serialize, U: DeserializeOwned + Default>(record: &T) -> U {
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !ASIDE.contains(&name.as_str()));
    }
    serde_json::from_value(value).unwrap_or_default()
}

impl Props {
    /// The records with the group's zone and comment, as resources of their own would have them.
    fn records(&self) -> Vec<Record> {
        let whole = |member: &Member| Record {
            HostedZoneId: self.HostedZoneId.clone(),
            HostedZoneName: self.HostedZoneName.clone().filter(|_| self.HostedZoneId.is_none()),
            Comment: self.Comment.clone(),
            ..form(member)
        };
        self.RecordSets.iter().flatten().map(whole).collect()
    }

    /// Something of the group's zone, to look the zone up with.
    fn place(&self) -> Record {
        Record {
            HostedZoneId: self.HostedZoneId.clone(),
            HostedZoneName: self.HostedZoneName.clone(),
            ..Record::default()
        }
    }
}

fn object(cx: &Cx<'_>, zone: &str) -> Created {
    let mark = hex::encode(Sha256::digest(format!("{}\n{}", cx.owner.mark(), cx.address)));
    let id = format!("{zone}|{}", &mark[..20]);
    let attributes = Attributes::from([("Ref".to_owned(), json!(id)), ("Id".to_owned(), json!(id))]);
    Created { id: id.into(), attributes }
}

fn attributes(id: &PhysicalId) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(id.as_str())), ("Id".to_owned(), json!(id.as_str()))])
}

/// A record without what it does not say.
fn plain(record: &Json) -> Json {
    let mut record = record.clone();
    if let Some(members) = record.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    record
}

fn alike(one: &Json, two: &Json) -> bool {
    let (one, two) = (plain(one), plain(two));
    let names = |value: &Json| value.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    let mut all: Vec<String> = names(&one);
    all.extend::<Vec<String>>(names(&two));
    all.iter().all(|name| RecordSet::same(name, &one[name.as_str()], &two[name.as_str()]))
}

/// Makes the records of a group what they are to be: those of `after`, of what the group may have by `before`.
async fn settle(
    cx: &Cx<'_>,
    zone: &str,
    before: &[Props],
    after: Option<&Props>,
    called: bool,
) -> Result<Vec<String>, OpError> {
    let wanted = after.map(Props::records).unwrap_or_default();
    let had: Vec<Record> = before.iter().flat_map(Props::records).collect();
    let mut keys: Vec<Key> = Vec::new();
    for record in wanted.iter().chain(&had) {
        let key = Key::of(record);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let ids: Vec<PhysicalId> = keys.iter().map(|key| records::id_of(zone, key)).collect();
    let parts: Vec<Part<'_, Record>> = keys
        .iter()
        .zip(&ids)
        .map(|(key, id)| {
            let of_key = |list: &[Record]| -> Vec<Record> {
                list.iter().filter(|record| Key::of(record) == *key).cloned().collect()
            };
            let before = of_key(&had);
            Part {
                address: cx.address,
                id: Some(id).filter(|_| !before.is_empty()),
                after: of_key(&wanted).into_iter().next(),
                before,
                called,
            }
        })
        .collect();
    let mut kept = Vec::new();
    for answer in records::together(cx, &parts, &[]).await {
        if let Joined::Kept(why) = answer? {
            kept.push(why);
        }
    }
    Ok(kept)
}

impl ResourceType for RecordSetGroup {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Refuses,
        early: &["Ref", "Id"],
        retry: &[
            Retry {
                code: "NoSuchHealthCheck",
                message: "",
                why: "the new health check is not seen everywhere yet",
            },
            Retry { code: "NoSuchHostedZone", message: "", why: "the new zone is not seen everywhere yet" },
        ],
        absent: &["NoSuchHostedZone"],
        iam: &[
            "route53:ChangeResourceRecordSets",
            "route53:ListResourceRecordSets",
            "route53:ListHostedZonesByName",
        ],
        global: true,
        refused: &[
            ("RecordSets.HostedZoneId", "the records are in the group's zone: name it there"),
            ("RecordSets.HostedZoneName", "the records are in the group's zone: name it there"),
        ],
        // A group has no name; its records are judged one by one.
        once: Some(&[]),
        ..Facts::new("AWS::Route53::RecordSetGroup", "route53")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("HostedZoneName", Some(one), Some(two)) => domain(one) == domain(two),
            ("HostedZoneId", Some(one), Some(two)) => bare(one) == bare(two),
            ("RecordSets", ..) => {
                let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
                let (wanted, mut rest) = (items(desired), items(recorded));
                wanted.len() == rest.len()
                    && wanted.iter().all(|record| {
                        let at = rest.iter().position(|other| alike(record, other));
                        at.map(|at| rest.swap_remove(at)).is_some()
                    })
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut seen: Vec<(String, String, String)> = Vec::new();
        for record in props["RecordSets"].as_array().into_iter().flatten() {
            let text = |name: &str| record[name].as_str().unwrap_or_default();
            let name = text("Name");
            for (property, what) in RecordSet::check(record) {
                problems.push(("RecordSets".to_owned(), format!("{name}: {property}: {what}")));
            }
            let key = (domain(name), text("Type").to_owned(), text("SetIdentifier").to_owned());
            if !name.is_empty() && seen.contains(&key) {
                let what = format!("{name} {} stands twice with the same SetIdentifier", key.1);
                problems.push(("RecordSets".to_owned(), what));
            }
            seen.push(key);
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(zone) = zone(cx, &props.place()).await? else { return Ok(None) };
        for record in props.records() {
            if live_record(cx, &zone, &Key::of(&record)).await?.is_some() {
                let Created { id, attributes } = object(cx, &zone);
                return Ok(Some(Found { id, attributes, ownership: Ownership::Untaggable }));
            }
        }
        Ok(None)
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let zone = zone_of(id);
        for record in props.records() {
            let there = live_record(cx, &zone, &Key::of(&record)).await?.is_some();
            match goal {
                Goal::Ready if !there => return Ok(Probe::Pending("a record is not seen yet".into())),
                Goal::Gone if there => return Ok(Probe::Pending("a record is still there".into())),
                _ => {}
            }
        }
        Ok(Probe::Reached(match goal {
            Goal::Ready => attributes(id),
            Goal::Gone => Attributes::new(),
        }))
    }

    /// By its records: they may be other ones by now, and the handle stays.
    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Option<Ownership>, OpError> {
        let zone = zone_of(id);
        for record in props.records() {
            if live_record(cx, &zone, &Key::of(&record)).await?.is_some() {
                return Ok(Some(Ownership::Untaggable));
            }
        }
        Ok(None)
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let (zone, wanted) = (zone_of(id), hint.records());
        let mut found = Vec::new();
        for record in &wanted {
            let live = live_record(cx, &zone, &Key::of(record)).await?;
            found.extend(live.map(|live| form::<_, Member>(&super::record_form::own(&live, &zone, record))));
        }
        if found.is_empty() && !wanted.is_empty() {
            return Ok(None);
        }
        Ok(Some(Props {
            // Route 53 keeps a comment with the change, not with the records.
            Comment: hint.Comment.clone(),
            HostedZoneId: hint.HostedZoneId.as_ref().map(|_| zone),
            HostedZoneName: hint.HostedZoneName.clone(),
            RecordSets: hint.RecordSets.as_ref().map(|_| found),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let zone = zone(cx, &props.place()).await?.ok_or_else(|| {
            let name = props.HostedZoneName.as_deref().unwrap_or_default();
            OpError::not_sent("ListHostedZonesByName", format!("there is no zone {name}"))
        })?;
        settle(cx, &zone, &[], Some(props), false).await?;
        Ok(object(cx, &zone))
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        if change.has("RecordSets") {
            let mut before: Vec<Props> = cx.attempts();
            before.insert(0, change.old.clone());
            settle(cx, &zone_of(id), &before, Some(change.new), true).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let mut before: Vec<Props> = cx.attempts();
        before.insert(0, props.clone());
        let zone = zone_of(id);
        let mut any = false;
        for record in before.iter().flat_map(Props::records) {
            any = any || live_record(cx, &zone, &Key::of(&record)).await?.is_some();
        }
        if !any {
            return Ok(Progress::Absent);
        }
        let kept = settle(cx, &zone, &before, None, true).await?;
        Ok(if kept.is_empty() { Progress::Done } else { Progress::Kept(kept.join("; ")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn zone(bench: &Bench) -> String {
        bench.run(async {
            let call = bench.sdk().route53().create_hosted_zone().name("example.com").caller_reference("z");
            bare(&call.send().await.unwrap().hosted_zone.unwrap().id).to_owned()
        })
    }

    fn weighted(set: &str, weight: i64) -> Json {
        json!({"Name": "db.example.com", "Type": "CNAME", "TTL": "60", "SetIdentifier": set, "Weight": weight,
            "ResourceRecords": [format!("{set}.example.com")]})
    }

    #[test]
    fn keeps_the_law_and_changes_in_one_batch() {
        let bench = Bench::new();
        let zone = zone(&bench);
        let group = |records: Json| json!({"HostedZoneId": zone, "Comment": "db", "RecordSets": records});
        let mail =
            json!({"Name": "Mail.example.com.", "Type": "TXT", "TTL": "300", "ResourceRecords": ["\"v\""]});
        let named = json!({"HostedZoneName": "example.com.", "RecordSets": [
            {"Name": "www.example.com", "Type": "A", "AliasTarget": {"HostedZoneId": "Z35SXDOTRQ7X7K",
                "DNSName": "lb.us-east-1.elb.amazonaws.com"}}]});
        bench.law_covering::<RecordSetGroup>(&[
            (
                group(json!([weighted("old", 100), weighted("new", 0)])),
                Some(group(json!([weighted("old", 0), weighted("new", 100), mail]))),
            ),
            (named, None),
        ]);
    }

    /// Both weights change together, and what stands in a record's place is not overwritten.
    #[test]
    fn one_call_moves_all_and_spares_others() {
        let bench = Bench::new();
        let zone = zone(&bench);
        let props = |records: Json| -> Props {
            serde_json::from_value(json!({"HostedZoneId": zone, "RecordSets": records})).unwrap()
        };
        let (old, new) = (
            props(json!([weighted("a", 100), weighted("b", 0)])),
            props(json!([weighted("a", 0), weighted("b", 100)])),
        );
        let changed = ["RecordSets".to_owned()];
        bench.cx(|cx| {
            bench.run(async {
                let id = RecordSetGroup::create(cx, &bench.permit(), &old).await.unwrap().id;
                let before = bench.operations().len();
                let change = Change { old: &old, new: &new, changed: &changed };
                RecordSetGroup::update(cx, &bench.permit(), &id, &change).await.unwrap();
                let calls = bench.operations().split_off(before);
                let changes = calls.iter().filter(|(_, name)| name == "ChangeResourceRecordSets").count();
                assert_eq!(changes, 1, "{calls:?}");
                let (taken, permit) = (props(json!([weighted("b", 7)])), bench.permit());
                let refused = RecordSetGroup::create(cx, &permit, &taken).await;
                assert!(refused.is_err(), "the record of another owner is not overwritten");
                let read = RecordSetGroup::read(cx, &id, &new).await.unwrap().unwrap();
                assert_eq!(read.RecordSets.unwrap()[1].Weight, Some(100));
            });
        });
        let twice = json!({"RecordSets": [weighted("a", 1), weighted("a", 2), {"Name": "x", "Type": "A"}]});
        let wrong = RecordSetGroup::check(&twice);
        assert!(wrong.iter().any(|(_, what)| what.contains("stands twice")), "{wrong:?}");
        assert!(wrong.iter().any(|(_, what)| what.contains("x: ResourceRecords")), "{wrong:?}");
    }
}
