//! What leads clients: pairs of weighted records, listeners with two target groups, and which side each leads to.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    LISTENERS, RECORD, TARGET_GROUP,
    found::{Database, Forwarding, Group, Record, Records, Steering, TrafficSet},
    search::Search,
};
use crate::{
    error::{Class, Diagnostic},
    model::Address,
    operations::{
        declare::{Splits, SteeringWay, Traffic},
        inventory::{Inventory, Thing},
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
                    by: SteeringWay::Records(first.address.clone(), second.address.clone()),
                    splits: Splits::Never,
                    reason: String::new(),
                };
                sets.extend(self.pair(&declared, first, second, (source, target)));
            }
            for kind in LISTENERS {
                for thing in things.of_kind(kind) {
                    sets.extend(self.forwarding(thing, source, target));
                }
            }
            return sets;
        }
        for declared in &self.declared.traffic.clone() {
            match &declared.by {
                SteeringWay::Records(one, other) => {
                    let one = self.get(one, &[RECORD], "records.source");
                    let other = self.get(other, &[RECORD], "records.target");
                    if let (Some(one), Some(other)) = (one, other) {
                        self.found("traffic", one.text("Name").unwrap_or_default(), "declared");
                        sets.extend(self.pair(declared, one, other, (source, target)));
                    }
                }
                SteeringWay::Listener(rule, one, other) => {
                    let rule = self.get(rule, &LISTENERS, "listener.rule");
                    let one = self.get(one, &[TARGET_GROUP], "listener.source");
                    let other = self.get(other, &[TARGET_GROUP], "listener.target");
                    if let (Some(rule), Some(one), Some(other)) = (rule, one, other) {
                        self.found("traffic", &rule.address, "declared");
                        sets.extend(self.listener(declared, rule, (one, other), (source, target)));
                    }
                }
            }
        }
        sets
    }

    /// A listener or a rule that forwards to two groups, one of which leads to the source and the other to the target.
    fn forwarding(&mut self, thing: &'i Thing, source: &Database, target: &Database) -> Option<TrafficSet> {
        let things: &'i Inventory = self.things;
        let shares = shares(thing);
        let [(one, _), (other, _)] = shares.as_slice() else { return None };
        let group = |arn: &str| things.of_kind(TARGET_GROUP).find(|group| group.named_in(arn));
        let (one, other) = (group(one)?, group(other)?);
        // Two groups of one side are a deployment of its own, and none of ours.
        let (first, second) = match (self.side(one, source, target), self.side(other, source, target)) {
            (Some(0), Some(1)) => (one, other),
            (Some(1), Some(0)) => (other, one),
            _ => return None,
        };
        self.found(
            "traffic",
            &thing.address,
            "it forwards to a group of the source and to one of the target",
        );
        let declared = Traffic {
            name: thing.address.logical_id().to_owned(),
            by: SteeringWay::Listener(thing.address.clone(), first.address.clone(), second.address.clone()),
            splits: Splits::Never,
            reason: String::new(),
        };
        self.listener(&declared, thing, (first, second), (source, target))
    }

    /// A listener or a rule, checked as a pair of records is.
    fn listener(
        &mut self,
        declared: &Traffic,
        rule: &'i Thing,
        groups: (&'i Thing, &'i Thing),
        databases: (&Database, &Database),
    ) -> Option<TrafficSet> {
        let actions = actions(rule);
        let shares = shares(rule);
        let weight =
            |group: &Thing| shares.iter().find(|(arn, _)| group.named_in(arn)).map(|(_, weight)| *weight);
        let stuck = actions.iter().any(|action| {
            let sticky = &action["ForwardConfig"]["TargetGroupStickinessConfig"]["Enabled"];
            *sticky == true || sticky.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
        });
        let wrong = if actions.len() != 1 || actions[0]["Type"] != "forward" || shares.len() != 2 {
            Some(
                "it does not just forward to two target groups: authentication and other actions before that are not supported",
            )
        } else if stuck {
            // Cookies last for the duration that is set, up to seven days, and outlive a change of the weights:
            // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
            Some("target group stickiness is enabled, which keeps clients on the side that is shut")
        } else {
            None
        };
        if let Some(why) = wrong {
            let message = format!("the listener of traffic `{}` cannot be shifted: {why}", declared.name);
            let help = "forward to both groups with weights in one `forward` action, without TargetGroupStickinessConfig";
            self.error_at("O1014", &rule.address, message, help);
            return None;
        }
        let (Some(heavy), Some(light)) = (weight(groups.0), weight(groups.1)) else {
            let message =
                format!("the listener of traffic `{}` does not forward to both groups", declared.name);
            let help = "its ForwardConfig needs the group of the source and the group of the target";
            self.error_at("O1014", &rule.address, message, help);
            return None;
        };
        let sides =
            (self.side(groups.0, databases.0, databases.1), self.side(groups.1, databases.0, databases.1));
        if sides.0 == Some(1) || sides.1 == Some(0) || light >= heavy {
            self.ambiguous(&declared.name, &rule.address, "group");
            return None;
        }
        let group = |thing: &Thing| Group { address: thing.address.clone(), arn: thing.id() };
        Some(TrafficSet {
            name: declared.name.clone(),
            region: rule.region.clone(),
            by: Steering::Listener(Forwarding {
                listener: rule.address.clone(),
                arn: rule.id(),
                rule: rule.kind == LISTENERS[0],
                source_group: group(groups.0),
                target_group: group(groups.1),
            }),
            splits: declared.splits,
            reason: declared.reason.clone(),
            weight: heavy.max(1),
        })
    }

    fn ambiguous(&mut self, name: &str, at: &Address, what: &str) {
        let message = format!(
            "the sides of traffic `{name}` are ambiguous: what the {what}s reach and the heavier weight must agree"
        );
        let help = format!(
            "the {what} that leads to the source must weigh more than the one that leads to the target"
        );
        self.error_at("O1004", at, message, &help);
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
            self.ambiguous(&declared.name, &source.address, "record");
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
            region: source.region.clone(),
            by: Steering::Records(Records {
                zone: source.text("HostedZoneId").unwrap_or_default().to_owned(),
                record: name(source),
                kind: source.text("Type").unwrap_or_default().to_owned(),
                source: record(source),
                target: record(target),
                // An alias to a load balancer is answered with the balancer's own TTL of 60 seconds.
                ttl_s: ttl.unwrap_or(60),
            }),
            splits: declared.splits,
            reason: declared.reason.clone(),
            weight: heavy.max(1),
        })
    }
}

/// The actions of a listener or a rule.
fn actions(thing: &Thing) -> &[Json] {
    let property = if thing.kind == LISTENERS[0] { "Actions" } else { "DefaultActions" };
    thing.properties[property].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The target groups that a listener or a rule forwards to, each with its weight; a single one has none.
fn shares(thing: &Thing) -> Vec<(String, u64)> {
    let groups =
        actions(thing).iter().filter_map(|action| action["ForwardConfig"]["TargetGroups"].as_array());
    groups
        .flatten()
        .filter_map(|group| {
            let weight = &group["Weight"];
            // CloudFormation takes numbers as texts too; without a weight ELB gives 1.
            let weight = weight.as_u64().or_else(|| weight.as_str().and_then(|text| text.parse().ok()));
            Some((group["TargetGroupArn"].as_str()?.to_owned(), weight.unwrap_or(1)))
        })
        .collect()
}
