//! `AWS::Route53::RecordSet`.

use serde_json::{Value as Json, json};

use super::{
    common::{bare, domain},
    record_form::{self, Key, Props},
    records::{self, attributes, id_of, live_record, zone, zone_of},
};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Attributes, Facts, Identity, Ownership, PhysicalId, Retry, Together},
    resources::{Change, Created, Cx, Found, Goal, Joined, Part, Probe, Progress, ResourceType, compare},
};

/// `AWS::Route53::RecordSet`: all properties are implemented.
///
/// A record is ready as soon as its change is accepted. Name servers have it within a minute (`INSYNC`), but
/// nothing else in a plan depends on that; whoever moves traffic asks the name servers. The id is
/// `zone|name|type|set identifier` at creation. Records of one name change together, see [`records`].
pub struct RecordSet;

const ROUTING: &[&str] = &[
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "MultiValueAnswer",
    "CidrRoutingConfig",
];

impl ResourceType for RecordSet {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Ref"],
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
        together: Some(Together { property: "Name", key: domain }),
        // Records of one name change in one call: none has to wait for another.
        once: Some(&[]),
        ..Facts::new("AWS::Route53::RecordSet", "route53")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        let texts = (desired.as_str(), recorded.as_str());
        match (property, texts) {
            ("Name" | "HostedZoneName", (Some(a), Some(b))) => domain(a) == domain(b),
            ("HostedZoneId", (Some(a), Some(b))) => bare(a) == bare(b),
            ("AliasTarget", _) => {
                let plain = |target: &Json| {
                    let mut target = target.clone();
                    if let Some(name) = target["DNSName"].as_str().map(domain) {
                        target["DNSName"] = json!(name);
                    }
                    if target.is_object() && target["EvaluateTargetHealth"].is_null() {
                        target["EvaluateTargetHealth"] = json!(false);
                    }
                    target
                };
                compare::same(Self::FACTS.kind, property, &plain(desired), &plain(recorded))
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("Name") {
            names.push("Name".into());
        }
        names
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut say = |property: &str, what: &str| problems.push((property.to_owned(), what.to_owned()));
        let has = |name: &str| !props[name].is_null();
        match (has("AliasTarget"), has("ResourceRecords")) {
            (true, true) => say("AliasTarget", "a record has either AliasTarget or ResourceRecords"),
            (false, false) => say("ResourceRecords", "a record needs ResourceRecords or AliasTarget"),
            (true, false) if has("TTL") => say("TTL", "an alias has no TTL of its own"),
            (false, true) if !has("TTL") => say("TTL", "a record that is no alias needs a TTL"),
            _ => {}
        }
        let policies = ROUTING.iter().filter(|name| has(name)).count();
        if policies > 0 && !has("SetIdentifier") {
            say("SetIdentifier", "records that share a name by a routing policy need a SetIdentifier");
        }
        if policies == 0 && has("SetIdentifier") {
            say("SetIdentifier", "a SetIdentifier needs a routing policy (Weight, Region, Failover, ...)");
        }
        if policies > 1 {
            say("SetIdentifier", "a record has one routing policy");
        }
        if props["Weight"].as_i64().is_some_and(|weight| !(0..=255).contains(&weight)) {
            say("Weight", "weights are 0 to 255");
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(zone) = zone(cx, props).await? else { return Ok(None) };
        let key = Key::of(props);
        Ok(live_record(cx, &zone, &key).await?.map(|_| Found {
            id: id_of(&zone, &key),
            attributes: attributes(props),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let there = live_record(cx, &zone_of(id), &Key::of(props)).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(props)),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    /// The key may move in place, and the id stays: a record is known by the key it has now.
    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Option<Ownership>, OpError> {
        Ok(live_record(cx, &zone_of(id), &Key::of(props)).await?.map(|_| Ownership::Untaggable))
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let zone = zone_of(id);
        let record = live_record(cx, &zone, &Key::of(hint)).await?;
        Ok(record.map(|record| record_form::own(&record, &zone, hint)))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let part = part(cx, None, Vec::new(), Some(props));
        match only(Self::together(cx, permit, &[part], &[]).await)? {
            Joined::Made(created) => Ok(created),
            Joined::Gone | Joined::Kept(_) => Err(OpError::missing("ChangeResourceRecordSets", "the record")),
        }
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        update: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let part = part(cx, Some(id), vec![update.old.clone()], Some(update.new));
        only(Self::together(cx, permit, &[part], &[]).await)?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        if live_record(cx, &zone_of(id), &Key::of(props)).await?.is_none() {
            return Ok(Progress::Absent);
        }
        let part = part(cx, Some(id), vec![props.clone()], None);
        Ok(match only(Self::together(cx, permit, &[part], &[]).await)? {
            Joined::Kept(why) => Progress::Kept(why),
            Joined::Made(_) | Joined::Gone => Progress::Done,
        })
    }

    async fn together(
        cx: &Cx<'_>,
        _permit: &Permit,
        parts: &[Part<'_, Props>],
        others: &[Props],
    ) -> Vec<Result<Joined, OpError>> {
        records::together(cx, parts, others).await
    }
}

fn part<'p>(
    cx: &Cx<'p>,
    id: Option<&'p PhysicalId>,
    before: Vec<Props>,
    after: Option<&Props>,
) -> Part<'p, Props> {
    Part { address: cx.address, id, before, after: after.cloned(), called: false }
}

fn only(mut answers: Vec<Result<Joined, OpError>>) -> Result<Joined, OpError> {
    answers.pop().unwrap_or_else(|| Err(OpError::missing("ChangeResourceRecordSets", "an answer")))
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

    #[test]
    fn the_law_for_every_kind_of_record() {
        let bench = Bench::new();
        let zone = zone(&bench);
        let simple = json!({"HostedZoneId": zone, "Name": "WWW.example.com.", "Type": "A", "TTL": "60",
            "ResourceRecords": ["192.0.2.1", "192.0.2.2"], "Comment": "first"});
        let weighted = json!({"HostedZoneId": zone, "Name": "www.example.com", "Type": "A", "Weight": 255,
            "SetIdentifier": "aws", "AliasTarget": {"HostedZoneId": "Z35SXDOTRQ7X7K",
                "DNSName": "dualstack.lb-1.us-east-1.elb.amazonaws.com", "EvaluateTargetHealth": true}});
        let by_name = json!({"HostedZoneName": "example.com.", "Name": "*.example.com", "Type": "CNAME", "TTL": "300",
            "ResourceRecords": ["www.example.com"]});
        let failover = json!({"HostedZoneId": zone, "Name": "f.example.com", "Type": "A", "TTL": "60",
            "Failover": "SECONDARY", "SetIdentifier": "two", "ResourceRecords": ["192.0.2.1"]});
        let geo = json!({"HostedZoneId": zone, "Name": "g.example.com", "Type": "TXT", "TTL": "60",
            "GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}, "SetIdentifier": "ca",
            "ResourceRecords": ["\"a b\""]});
        let near = json!({"HostedZoneId": zone, "Name": "n.example.com", "Type": "A", "TTL": "60",
            "GeoProximityLocation": {"Coordinates": {"Latitude": "49.22", "Longitude": "-74.01"}, "Bias": 10},
            "SetIdentifier": "n", "ResourceRecords": ["192.0.2.1"]});
        let latency = json!({"HostedZoneId": zone, "Name": "l.example.com", "Type": "AAAA", "TTL": "60",
            "Region": "eu-west-1", "SetIdentifier": "eu", "ResourceRecords": ["2001:db8::1"]});
        let many = json!({"HostedZoneId": zone, "Name": "m.example.com", "Type": "A", "TTL": "60",
            "MultiValueAnswer": true, "SetIdentifier": "m", "ResourceRecords": ["192.0.2.1"]});
        bench.law_covering::<RecordSet>(&[
            (simple, Some(weighted)),
            (by_name, None),
            (failover, None),
            (geo, None),
            (near, None),
            (latency, None),
            (many, None),
        ]);
    }

    #[test]
    fn mistakes_are_found_while_planning() {
        let wrong = |props: Json| RecordSet::check(&props).into_iter().map(|(p, _)| p).collect::<Vec<_>>();
        let alias = json!({"DNSName": "a", "HostedZoneId": "Z"});
        assert_eq!(wrong(json!({"AliasTarget": alias, "TTL": "60"})), ["TTL"]);
        assert_eq!(wrong(json!({"AliasTarget": alias, "Weight": 300})), ["SetIdentifier", "Weight"]);
        assert_eq!(wrong(json!({"ResourceRecords": ["x"]})), ["TTL"]);
    }
}
