//! Records of one name change together: one batch, which Route 53 applies as a whole or not at all.
//!
//! A name's records exclude each other (a CNAME stands alone, simple and weighted records of one type do not stand
//! side by side, weighted ones share a TTL), so changing one after the other loses a record or leaves the name empty.
//! <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
//!
//! Records carry no tags. One is ours if it has the key and points where the ledger says; weight, TTL and health check
//! may have been tuned by hand. Nothing is ever overwritten: a batch deletes what is ours, word for word as it is
//! live, and creates what is to be. Should anybody change the name in between, Route 53 refuses the whole batch.

use std::collections::BTreeMap;

use aws_sdk_route53::types as sdk;
use serde_json::{Value as Json, json};

use super::{
    common::{bare, built, domain},
    record_form::{self, Key, Props},
    recordset::RecordSet,
};
use crate::{
    aws::{Certainty, OpError, op},
    model::{Attributes, PhysicalId},
    resources::{Created, Cx, Joined, Part, ResourceType as _},
};

type Answer = Result<Joined, OpError>;

pub(super) fn attributes(props: &Props) -> Attributes {
    let name = props.Name.as_deref().unwrap_or_default().trim_end_matches('.').to_owned();
    Attributes::from([("Ref".to_owned(), json!(name))])
}

pub(super) fn zone_of(id: &PhysicalId) -> String {
    id.parts().first().copied().unwrap_or_default().to_owned()
}

pub(super) fn id_of(zone: &str, key: &Key) -> PhysicalId {
    format!("{zone}|{}|{}|{}", key.name, key.kind, key.set.as_deref().unwrap_or_default()).into()
}

/// The zone's id: given, or the only zone of the given name.
pub(super) async fn zone(cx: &Cx<'_>, props: &Props) -> Result<Option<String>, OpError> {
    if let Some(id) = &props.HostedZoneId {
        return Ok(Some(bare(id).to_owned()));
    }
    let wanted = domain(props.HostedZoneName.as_deref().unwrap_or_default());
    let call = cx.sdk.route53().list_hosted_zones_by_name().dns_name(&wanted).max_items(2);
    let page = call.send().await.map_err(op("ListHostedZonesByName"))?;
    let mut fitting = page.hosted_zones.iter().filter(|zone| domain(&zone.name) == wanted);
    match (fitting.next(), fitting.next()) {
        (Some(_), Some(_)) => Err(OpError::not_sent(
            "ListHostedZonesByName",
            format!("there is more than one zone {wanted}; name it with HostedZoneId"),
        )),
        (one, _) => Ok(one.map(|zone| bare(&zone.id).to_owned())),
    }
}

/// The live record of a key.
pub(super) async fn live_record(
    cx: &Cx<'_>,
    zone: &str,
    key: &Key,
) -> Result<Option<sdk::ResourceRecordSet>, OpError> {
    let call = cx
        .sdk
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(&key.name)
        .start_record_type(sdk::RrType::from(key.kind.as_str()))
        .set_start_record_identifier(key.set.clone())
        .max_items(1);
    match call.send().await.map_err(op("ListResourceRecordSets")) {
        Ok(page) => Ok(page.resource_record_sets.into_iter().find(|record| key.fits(record))),
        Err(error) if error.is(&["NoSuchHostedZone"]) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All records of a name, in all types and with all set identifiers.
async fn of_name(cx: &Cx<'_>, zone: &str, name: &str) -> Result<Vec<sdk::ResourceRecordSet>, OpError> {
    let mut found = Vec::new();
    let (mut kind, mut set) = (None, None);
    loop {
        let call = cx.sdk.route53().list_resource_record_sets().hosted_zone_id(zone).start_record_name(name);
        let call = call.set_start_record_type(kind).set_start_record_identifier(set);
        let page = match call.send().await.map_err(op("ListResourceRecordSets")) {
            Err(error) if error.is(&["NoSuchHostedZone"]) => return Ok(found),
            other => other?,
        };
        let more = page.next_record_name.as_deref().is_some_and(|next| domain(next) == name);
        found.extend(page.resource_record_sets.into_iter().filter(|record| domain(&record.name) == name));
        if !page.is_truncated || !more {
            return Ok(found);
        }
        (kind, set) = (page.next_record_type, page.next_record_identifier);
    }
}

async fn change(
    cx: &Cx<'_>,
    zone: &str,
    comment: Option<String>,
    changes: Vec<(sdk::ChangeAction, sdk::ResourceRecordSet)>,
) -> Result<(), OpError> {
    let mut batch = sdk::ChangeBatch::builder().set_comment(comment);
    for (action, record) in changes {
        batch =
            batch.changes(built(sdk::Change::builder().action(action).resource_record_set(record).build())?);
    }
    let call = cx.sdk.route53().change_resource_record_sets().hosted_zone_id(zone);
    call.change_batch(built(batch.build())?).send().await.map_err(op("ChangeResourceRecordSets"))?;
    Ok(())
}

/// Properties that say nothing about the record itself.
const ASIDE: &[&str] = &["Comment", "HostedZoneId", "HostedZoneName"];

/// Whether a live record is what the properties say, in those of their names that `told` picks.
fn fits(record: &sdk::ResourceRecordSet, zone: &str, props: &Props, told: impl Fn(&str) -> bool) -> bool {
    if !Key::of(props).fits(record) {
        return false;
    }
    let live = serde_json::to_value(record_form::own(record, zone, props)).unwrap_or_default();
    let wanted = serde_json::to_value(props).unwrap_or_default();
    let names =
        |json: &Json| json.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut all = names(&live);
    all.extend(names(&wanted));
    all.iter().filter(|name| told(name)).all(|name| {
        let (one, two) = (&wanted[name.as_str()], &live[name.as_str()]);
        RecordSet::same(name, one, two)
    })
}

/// Whether it is exactly that record.
fn is(record: &sdk::ResourceRecordSet, zone: &str, props: &Props) -> bool {
    fits(record, zone, props, |name| !ASIDE.contains(&name))
}

/// Whether it is that record, though others may have tuned it.
fn is_known(record: &sdk::ResourceRecordSet, zone: &str, props: &Props) -> bool {
    fits(record, zone, props, |name| matches!(name, "AliasTarget" | "ResourceRecords"))
}

/// `www.example.com A`, as messages name a record.
fn named(key: &Key) -> String {
    let set = key.set.as_ref().map(|set| format!(" ({set})")).unwrap_or_default();
    format!("{} {}{set}", key.name, key.kind)
}

/// See [`ResourceType::together`](crate::resources::ResourceType::together).
pub(super) async fn together(cx: &Cx<'_>, parts: &[Part<'_, Props>], others: &[Props]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = parts.iter().map(|_| None).collect();
    let mut zones: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        match home(cx, part).await {
            Ok(Some(zone)) => zones.entry(zone).or_default().push(at),
            Ok(None) if part.after.is_none() => answers[at] = Some(Ok(Joined::Gone)),
            Ok(None) => {
                let name = part.after.as_ref().and_then(|p| p.HostedZoneName.as_deref()).unwrap_or_default();
                let why = format!("there is no zone {name}");
                answers[at] = Some(Err(OpError::not_sent("ListHostedZonesByName", why)));
            }
            Err(error) => answers[at] = Some(Err(error)),
        }
    }
    let broken = answers.iter().flatten().any(Result::is_err);
    for (zone, members) in zones {
        let batch = Batch { cx, zone: &zone, parts: members.iter().map(|at| &parts[*at]).collect(), others };
        let given = if broken {
            batch.refused(&members.iter().map(|_| None).collect::<Vec<_>>())
        } else {
            batch.run().await
        };
        for (at, answer) in members.into_iter().zip(given) {
            answers[at] = Some(answer);
        }
    }
    let missing = || Err(OpError::missing("ChangeResourceRecordSets", "an answer"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}

/// The zone a part lies in: that of its record, else the one it names.
async fn home(cx: &Cx<'_>, part: &Part<'_, Props>) -> Result<Option<String>, OpError> {
    match (part.id, part.after.as_ref().or(part.before.first())) {
        (Some(id), Some(props)) => {
            let zone = zone_of(id);
            if props.HostedZoneId.as_deref().is_some_and(|named| bare(named) != zone) {
                let why = "the ledger's id names another zone than the recorded properties";
                return Err(OpError::not_sent("ChangeResourceRecordSets", why));
            }
            Ok(Some(zone))
        }
        (Some(id), None) => Ok(Some(zone_of(id))),
        (None, Some(props)) => zone(cx, props).await,
        (None, None) => Ok(None),
    }
}

/// The parts that lie in one zone.
struct Batch<'b, 'p> {
    cx: &'b Cx<'b>,
    zone: &'b str,
    parts: Vec<&'b Part<'p, Props>>,
    others: &'b [Props],
}

impl Batch<'_, '_> {
    async fn run(&self) -> Vec<Answer> {
        let live = match self.live().await {
            Ok(live) => live,
            Err(error) => return self.all(&Err(error)),
        };
        let verdicts: Vec<Option<String>> =
            self.parts.iter().map(|part| self.objection(part, &live)).collect();
        if self
            .parts
            .iter()
            .zip(&verdicts)
            .any(|(part, objection)| part.after.is_some() && objection.is_some())
        {
            return self.refused(&verdicts);
        }
        let made = match self.apply(&live).await {
            Ok(()) => Ok(()),
            // Somebody else was faster: what was to go is gone.
            Err(error)
                if self.parts.iter().all(|part| part.after.is_none())
                    && error.message.contains("it was not found") =>
            {
                Ok(())
            }
            Err(error)
                if error.is(&["NoSuchHostedZone"]) && self.parts.iter().all(|part| part.after.is_none()) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        };
        let answer = |(part, objection): (&&Part<'_, Props>, Option<String>)| match (objection, &made) {
            (Some(why), _) => Ok(Joined::Kept(why)),
            (None, Err(error)) => Err(error.clone()),
            (None, Ok(())) => Ok(self.done(part)),
        };
        self.parts.iter().zip(verdicts).map(answer).collect()
    }

    /// The records of the parts' names. A batch of new records needs no look: Route 53 creates over nothing.
    async fn live(&self) -> Result<Vec<sdk::ResourceRecordSet>, OpError> {
        if self.parts.iter().all(|part| part.before.is_empty() && !part.called) {
            return Ok(Vec::new());
        }
        let forms = self.parts.iter().flat_map(|part| part.before.iter().chain(&part.after));
        let mut names: Vec<String> = forms.map(|props| Key::of(props).name).collect();
        names.sort_unstable();
        names.dedup();
        let mut live = Vec::new();
        for name in names {
            live.extend(of_name(self.cx, self.zone, &name).await?);
        }
        Ok(live)
    }

    /// Whether a live record is one of a part's own.
    fn owns(&self, part: &Part<'_, Props>, record: &sdk::ResourceRecordSet) -> bool {
        part.before.iter().any(|props| is_known(record, self.zone, props))
            || (part.called || !part.before.is_empty())
                && part.after.as_ref().is_some_and(|props| is(record, self.zone, props))
    }

    /// Whether a record of the ledger that has no part in this has that place.
    fn elsewhere(&self, record: &sdk::ResourceRecordSet) -> bool {
        let here = |props: &&Props| props.HostedZoneId.as_deref().is_none_or(|id| bare(id) == self.zone);
        self.others.iter().filter(here).any(|props| Key::of(props).fits(record))
    }

    fn free(&self, record: &sdk::ResourceRecordSet) -> bool {
        !self.elsewhere(record) && self.parts.iter().any(|part| self.owns(part, record))
    }

    /// Why a part cannot have its way: what stands in the place it is to take, or to leave, is nobody's here.
    fn objection(&self, part: &Part<'_, Props>, live: &[sdk::ResourceRecordSet]) -> Option<String> {
        let at = |key: &Key| live.iter().find(|record| key.fits(record));
        if let Some(after) = &part.after {
            let key = Key::of(after);
            let record = at(&key).filter(|record| !self.free(record))?;
            let known = part.before.iter().any(|props| Key::of(props) == key);
            return Some(if known && !self.elsewhere(record) {
                format!(
                    "{} does not point where this migration's record pointed: it was changed, or is another owner's",
                    named(&key)
                )
            } else {
                format!("{} exists and is not this migration's; it is not overwritten", named(&key))
            });
        }
        let key = Key::of(part.before.first()?);
        at(&key).filter(|record| !self.elsewhere(record) && !self.free(record)).map(|_| {
            format!(
                "{} does not point where this migration's record pointed: it may be another owner's",
                named(&key)
            )
        })
    }

    /// Deletes what is ours and not wanted as it is, creates what is wanted and not there.
    async fn apply(&self, live: &[sdk::ResourceRecordSet]) -> Result<(), OpError> {
        let wanted: Vec<&Props> = self.parts.iter().filter_map(|part| part.after.as_ref()).collect();
        let stays = |record: &sdk::ResourceRecordSet| wanted.iter().any(|props| is(record, self.zone, props));
        let mut changes: Vec<(sdk::ChangeAction, sdk::ResourceRecordSet)> = live
            .iter()
            .filter(|record| self.free(record) && !stays(record))
            .map(|record| (sdk::ChangeAction::Delete, record.clone()))
            .collect();
        for props in &wanted {
            if !live.iter().any(|record| is(record, self.zone, props)) {
                changes.push((sdk::ChangeAction::Create, record_form::sent(props)?));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let mut comments: Vec<String> = wanted.iter().filter_map(|props| props.Comment.clone()).collect();
        comments.dedup();
        // Route 53 takes 256 characters.
        let comment: String = comments.join("; ").chars().take(256).collect();
        change(self.cx, self.zone, (!comment.is_empty()).then_some(comment), changes).await
    }

    fn done(&self, part: &Part<'_, Props>) -> Joined {
        match &part.after {
            Some(props) => {
                let id = part.id.cloned().unwrap_or_else(|| id_of(self.zone, &Key::of(props)));
                Joined::Made(Created { id, attributes: attributes(props) })
            }
            None => Joined::Gone,
        }
    }

    /// Nothing was sent: the parts with an objection say why, the others who is to blame.
    fn refused(&self, verdicts: &[Option<String>]) -> Vec<Answer> {
        let blamed = self.parts.iter().zip(verdicts).find(|(_, objection)| objection.is_some());
        let because = match blamed {
            Some((part, _)) => format!("it changes in one call with {}, which cannot", part.address),
            None => "it changes in one call with others, which cannot".to_owned(),
        };
        let error = |message: String, code: &str| OpError {
            operation: "ChangeResourceRecordSets".into(),
            code: Some(code.into()),
            message,
            request_id: None,
            certainty: Certainty::NotSent,
            barrier: None,
        };
        let said = verdicts.iter().map(|objection| match objection {
            Some(why) => Err(error(why.clone(), "AlreadyExists")),
            None => Err(error(because.clone(), "ChangesTogether")),
        });
        said.collect()
    }

    fn all(&self, answer: &Answer) -> Vec<Answer> {
        self.parts.iter().map(|_| answer.clone()).collect()
    }
}
