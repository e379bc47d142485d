//! Names: pairs of weighted records, and which side each leads to.

use std::collections::BTreeMap;

use super::{
    RECORD,
    found::{Database, Record, TrafficSet},
    search::Search,
};
use crate::{
    error::{Class, Diagnostic},
    operations::{
        declare::{Splits, Traffic},
        inventory::Thing,
        reach::reaches,
    },
};

impl<'i> Search<'i> {
    /// Which database a record leads to: 0 the source, 1 the target; `None` for neither or both.
    pub(super) fn side(&self, record: &Thing, source: &Database, target: &Database) -> Option<usize> {
        let ways = reaches(self.things, record);
        let hits = |database: &Database| match &database.address {
            Some(address) => ways.iter().any(|way| way.to.address == *address),
            None => {
                record.properties["ResourceRecords"].to_string().contains(&database.id)
                    && !database.id.is_empty()
            }
        };
        match (hits(source), hits(target)) {
            (true, false) => Some(0),
            (false, true) => Some(1),
            _ => None,
        }
    }

    pub(super) fn traffic(&mut self, source: &Database, target: &Database) -> Vec<TrafficSet> {
        let things = self.things;
        let mut sets = Vec::new();
        if self.declared.traffic.is_empty() {
            let mut named: BTreeMap<(String, String, String), Vec<&Thing>> = BTreeMap::new();
            for record in things.of_kind(RECORD).filter(|record| !record.properties["Weight"].is_null()) {
                let text =
                    |name: &str| record.text(name).unwrap_or_default().trim_end_matches('.').to_owned();
                named.entry((text("HostedZoneId"), text("Name"), text("Type"))).or_default().push(record);
            }
            for ((_, name, _), pair) in named {
                let [one, other] = pair.as_slice() else {
                    let message = format!("{name} has {} weighted record instead of two", pair.len());
                    let help = "shares are relative: declare a record for the source and one for the target";
                    if pair.len() == 1 {
                        self.error_at("O1002", &pair[0].address.clone(), message, help);
                    }
                    continue;
                };
                let sides = (self.side(one, source, target), self.side(other, source, target));
                let (first, second) = match sides {
                    (Some(0), Some(1)) => (one, other),
                    (Some(1), Some(0)) => (other, one),
                    _ => {
                        let message =
                            format!("which record of {name} leads to the source database is not clear");
                        let help = "declare it: operations: {traffic: [{name: ..., records: {source: ..., target: ...}}]}";
                        self.error_at("O1004", &one.address.clone(), message, help);
                        continue;
                    }
                };
                let label = name.split('.').next().unwrap_or(&name).to_owned();
                self.found("traffic", &name, "two weighted records of one name and type");
                let declared = Traffic {
                    name: label,
                    records: (first.address.clone(), second.address.clone()),
                    splits: Splits::Never,
                    reason: String::new(),
                };
                sets.extend(self.pair(&declared, first, second, (source, target)));
            }
            return sets;
        }
        for declared in &self.declared.traffic.clone() {
            let one = self.get(&declared.records.0, &[RECORD], "records.source");
            let other = self.get(&declared.records.1, &[RECORD], "records.target");
            if let (Some(one), Some(other)) = (one, other) {
                self.found("traffic", one.text("Name").unwrap_or_default(), "declared");
                sets.extend(self.pair(declared, one, other, (source, target)));
            }
        }
        sets
    }

    pub(super) fn pair(
        &mut self,
        declared: &Traffic,
        source: &'i Thing,
        target: &'i Thing,
        databases: (&Database, &Database),
    ) -> Option<TrafficSet> {
        let name = |thing: &Thing| thing.text("Name").unwrap_or_default().trim_end_matches('.').to_owned();
        for property in ["Name", "Type", "TTL", "HostedZoneId"] {
            let same = if property == "Name" {
                name(source).eq_ignore_ascii_case(&name(target))
            } else {
                source.properties[property] == target.properties[property]
            };
            if !same {
                let message = format!("the records of traffic `{}` differ in {property}", declared.name);
                self.error_at(
                    "O1003",
                    &target.address,
                    message,
                    "both records need one name, type and TTL in one zone",
                );
                return None;
            }
        }
        let weight = |thing: &Thing| {
            let weight = &thing.properties["Weight"];
            weight.as_u64().or_else(|| weight.as_str().and_then(|text| text.parse().ok()))
        };
        let (Some(heavy), Some(light)) = (weight(source), weight(target)) else {
            let message = format!("a record of traffic `{}` has no weight", declared.name);
            self.error_at("O1002", &source.address, message, "give both a Weight and a SetIdentifier");
            return None;
        };
        let sides =
            (self.side(source, databases.0, databases.1), self.side(target, databases.0, databases.1));
        if sides.0 == Some(1) || sides.1 == Some(0) || light >= heavy {
            let message = format!(
                "the sides of traffic `{}` are ambiguous: what the records reach and the heavier weight must agree",
                declared.name
            );
            let help =
                "the record that leads to the source must weigh more than the one that leads to the target";
            self.error_at("O1004", &source.address, message, help);
            return None;
        }
        for record in [source, target] {
            let alias = record.properties["AliasTarget"]["EvaluateTargetHealth"] == true;
            if !record.properties["HealthCheckId"].is_null() || alias {
                let message = "a weighted record looks at health: Route 53 answers with a record of weight 0 when the \
                               others are unhealthy, so weight 0 is no fence";
                let warning = Diagnostic::warning("O1020", Class::Plan, message).at(&record.address);
                self.problems
                    .push(warning.help("remove HealthCheckId, and set EvaluateTargetHealth to false"));
            }
        }
        let ttl = &source.properties["TTL"];
        let ttl = ttl.as_u64().or_else(|| ttl.as_str().and_then(|text| text.parse().ok()));
        if let Some(long) = ttl.filter(|ttl| *ttl > 60) {
            let message = format!("clients cache the name for {long} s, and ask the fenced side for as long");
            let warning = Diagnostic::warning("O1021", Class::Plan, message).at(&source.address);
            self.problems.push(warning.help("set the TTL of both records to 60 or less"));
        }
        let record = |thing: &Thing| Record {
            address: thing.address.clone(),
            set: thing.text("SetIdentifier").unwrap_or_default().to_owned(),
        };
        Some(TrafficSet {
            name: declared.name.clone(),
            zone: source.text("HostedZoneId").unwrap_or_default().to_owned(),
            record: name(source),
            kind: source.text("Type").unwrap_or_default().to_owned(),
            region: source.region.clone(),
            source: record(source),
            target: record(target),
            // An alias to a load balancer is answered with the balancer's own TTL of 60 seconds.
            ttl_s: ttl.unwrap_or(60),
            splits: declared.splits,
            reason: declared.reason.clone(),
            weight: heavy.max(1),
        })
    }
}
