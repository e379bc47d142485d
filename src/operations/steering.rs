//! What leads clients to the source or to the target: weighted records, or a listener with two target groups. How it
//! stands, and the calls that move it.

use serde_json::{Value as Json, json};

use super::{
    calls::operate,
    discover::{Forwarding, Record, Records, Steering, TrafficSet},
};
use crate::{
    ledger::{Facts, Noun, Operate, Repeat, Request, Subject},
    model::Address,
};

/// A record of a set.
fn record(set: &TrafficSet, records: &Records, record: &Record) -> Subject {
    Subject::new(Noun::Record, &set.region, &[&records.zone, &records.record, &records.kind, &record.set])
}

fn listener(set: &TrafficSet, forwarding: &Forwarding) -> Subject {
    Subject::new(Noun::Listener, &set.region, &[&forwarding.arn])
}

/// What is read to know how a set stands; of records the source's first.
#[must_use]
pub fn subjects(set: &TrafficSet) -> Vec<Subject> {
    match &set.by {
        Steering::Records(records) => {
            vec![record(set, records, &records.source), record(set, records, &records.target)]
        }
        Steering::Listener(forwarding) => vec![listener(set, forwarding)],
    }
}

/// The resources that are changed.
#[must_use]
pub fn addresses(set: &TrafficSet) -> Vec<&Address> {
    match &set.by {
        Steering::Records(records) => vec![&records.source.address, &records.target.address],
        Steering::Listener(forwarding) => vec![&forwarding.listener],
    }
}

/// The resource that a change is journalled for.
#[must_use]
pub fn address(set: &TrafficSet) -> &Address {
    match &set.by {
        Steering::Records(records) => &records.target.address,
        Steering::Listener(forwarding) => &forwarding.listener,
    }
}

/// What people call it: the DNS name, or the listener's resource.
#[must_use]
pub fn label(set: &TrafficSet) -> String {
    match &set.by {
        Steering::Records(records) => records.record.clone(),
        Steering::Listener(forwarding) => forwarding.listener.to_string(),
    }
}

/// How long clients keep an old answer, in seconds; `None` where they keep none.
#[must_use]
pub fn ttl_s(set: &TrafficSet) -> Option<u64> {
    match &set.by {
        Steering::Records(records) => Some(records.ttl_s),
        Steering::Listener(_) => None,
    }
}

/// The weight of a target group in a listener's actions; 0 where requests go elsewhere.
fn share(actions: &Json, arn: &str) -> Option<u64> {
    let forward = actions.as_array()?.iter().find(|action| action["Type"] == "forward")?;
    let groups = forward["ForwardConfig"]["TargetGroups"].as_array()?;
    let own = groups.iter().find(|group| group["TargetGroupArn"] == arn);
    Some(own.and_then(|group| group["Weight"].as_u64()).unwrap_or(0))
}

/// How requests are shared out: source and target. `None` where that is not known, or where a listener refuses them.
#[must_use]
pub fn weights(set: &TrafficSet, facts: &Facts) -> Option<(u64, u64)> {
    match &set.by {
        Steering::Records(records) => {
            let weight = |one| facts.get(&record(set, records, one), "record")?["Weight"].as_u64();
            Some((weight(&records.source)?, weight(&records.target)?))
        }
        Steering::Listener(forwarding) => {
            let actions = facts.get(&listener(set, forwarding), "actions")?;
            Some((
                share(actions, &forwarding.source_group.arn)?,
                share(actions, &forwarding.target_group.arn)?,
            ))
        }
    }
}

/// Moves a set: what both sides get is in one call, which is all or nothing.
#[must_use]
pub fn steer(set: &TrafficSet, to: (u64, u64), comment: &str, facts: &Facts) -> Operate {
    let name = format!("set {} to {} for the source, {} for the target", label(set), to.0, to.1);
    match &set.by {
        Steering::Records(records) => batch(set, records, to, comment, name, facts),
        Steering::Listener(forwarding) => {
            let mut groups = [(&forwarding.source_group, to.0), (&forwarding.target_group, to.1)]
                .map(|(group, weight)| json!({"TargetGroupArn": group.arn, "Weight": weight}));
            groups.sort_by_key(|group| group["TargetGroupArn"].to_string());
            let action = json!({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}});
            acting(set, forwarding, action, name, facts)
        }
    }
}

/// A record with another weight, every other field as it was read.
fn weighing(record: &Json, weight: u64) -> Json {
    let mut record = record.clone();
    record["Weight"] = json!(weight);
    record
}

fn batch(
    set: &TrafficSet,
    records: &Records,
    to: (u64, u64),
    comment: &str,
    name: String,
    facts: &Facts,
) -> Operate {
    let (source, target) = (record(set, records, &records.source), record(set, records, &records.target));
    let wish = |subject: &Subject, weight| {
        facts
            .get(subject, "record")
            .filter(|record| record.is_object())
            .map(|record| weighing(record, weight))
    };
    let (one, other) = (wish(&source, to.0).unwrap_or_default(), wish(&target, to.1).unwrap_or_default());
    let request = Request::new(
        "route53",
        "ChangeResourceRecordSets",
        &set.region,
        json!({
            "HostedZoneId": records.zone,
            "ChangeBatch": {"Comment": comment, "Changes": [
                {"Action": "UPSERT", "ResourceRecordSet": one}, {"Action": "UPSERT", "ResourceRecordSet": other},
            ]},
        }),
    );
    let expect = Facts::default().with(&source, "record", one).with(&target, "record", other);
    operate(name, request, facts, expect, Repeat::Freely)
}

/// Gives a listener or a rule this one action.
fn acting(set: &TrafficSet, forwarding: &Forwarding, action: Json, name: String, facts: &Facts) -> Operate {
    let (operation, input) = if forwarding.rule {
        ("ModifyRule", json!({"RuleArn": forwarding.arn, "Actions": [action]}))
    } else {
        ("ModifyListener", json!({"ListenerArn": forwarding.arn, "DefaultActions": [action]}))
    };
    let request = Request::new("elbv2", operation, &set.region, input);
    let expect = Facts::default().with(&listener(set, forwarding), "actions", json!([action]));
    operate(name, request, facts, expect, Repeat::Freely)
}

/// Whether a request leads clients to one side or the other.
#[must_use]
pub fn moves(request: &Request) -> bool {
    match request.operation.as_str() {
        "ChangeResourceRecordSets" => true,
        "ModifyRule" => request.input["Actions"][0]["Type"] == "forward",
        "ModifyListener" => request.input["DefaultActions"][0]["Type"] == "forward",
        _ => false,
    }
}

/// Lets a listener refuse requests while both sides are shut: clients hear so at once, and do not wait for targets that are
/// gone. Records cannot.
#[must_use]
pub fn refuse(set: &TrafficSet, facts: &Facts) -> Option<Operate> {
    let Steering::Listener(forwarding) = &set.by else { return None };
    let action = json!({"Type": "fixed-response", "FixedResponseConfig": {
        "StatusCode": "503", "ContentType": "text/plain", "MessageBody": "The service is being moved. Try again in a few minutes.",
    }});
    let name = format!("refuse requests at {} with 503", forwarding.listener);
    Some(acting(set, forwarding, action, name, facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{declare::Splits, discover::Group};

    fn set(by: Steering) -> TrafficSet {
        TrafficSet {
            name: "api".into(),
            region: "us-east-1".into(),
            by,
            splits: Splits::Never,
            reason: String::new(),
            weight: 100,
        }
    }

    fn forwarding(rule: bool) -> TrafficSet {
        let group = |name: &str| Group {
            address: format!("App/{name}").parse().unwrap(),
            arn: format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1"),
        };
        set(Steering::Listener(Forwarding {
            listener: "App/Rule".parse().unwrap(),
            arn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/a/1/2/3".into(),
            rule,
            source_group: group("old"),
            target_group: group("new"),
        }))
    }

    #[test]
    fn a_listener_is_refused_and_forwards_again() {
        for (rule, operation) in [(true, "ModifyRule"), (false, "ModifyListener")] {
            let set = forwarding(rule);
            let before = steer(&set, (100, 0), "", &Facts::default()).expect;
            assert_eq!(weights(&set, &before), Some((100, 0)));
            let refusing = refuse(&set, &before).unwrap();
            assert_eq!(refusing.request.operation, operation);
            assert_eq!(weights(&set, &refusing.expect), None, "nothing is shared out while it refuses");
            assert!(!moves(&refusing.request));
            let moved = steer(&set, (0, 100), "", &refusing.expect);
            assert!(moves(&moved.request));
            assert_eq!(weights(&set, &moved.expect), Some((0, 100)));
            assert_eq!(moved.before, refusing.expect);
            assert_eq!(steer(&set, (100, 0), "", &moved.expect).expect, before);
        }
    }

    #[test]
    fn sets_are_read_back_as_older_ledgers_have_them() {
        let older = json!({
            "name": "api", "zone": "Z1", "record": "api.example.com", "kind": "A", "region": "us-east-1",
            "source": {"address": "Dns/Old", "set": "old"}, "target": {"address": "Dns/New", "set": "new"},
            "ttl_s": 60, "splits": "never", "reason": "", "weight": 100,
        });
        let read: TrafficSet = serde_json::from_value(older.clone()).unwrap();
        assert!(
            matches!(&read.by, Steering::Records(records) if records.zone == "Z1" && records.ttl_s == 60)
        );
        assert_eq!(json!(read), older);
        let listener = forwarding(true);
        assert_eq!(serde_json::from_value::<TrafficSet>(json!(listener)).unwrap(), listener);
    }
}
