//! Evidence: what happened in the course of a migration, as a document that can be checked without account and ledger.
//!
//! A pure function of the ledger: the same serial gives the same bytes. Every entry carries the digest of itself and of
//! the entry before it, so that nothing can be left out or changed without changing the last digest, the `head`. Whoever
//! writes the head down elsewhere (in the ticket) can later prove that the bundle is the one of that day.

use serde_json::{Value as Json, json};

use super::{
    discover::{Resolved, Steering},
    steering,
};
use crate::ledger::{Facts, Happened, Moment, Operations, Phase, Snapshot, digest};

/// The version of the bundle's format.
const FORMAT: u64 = 1;

/// Where a chain begins.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The digest of an entry in its chain.
fn link(before: &str, entry: &Json) -> String {
    digest(&json!([before, entry]))
}

/// When writes were refused, and for how long.
fn refusals(operations: &Operations) -> Vec<Json> {
    let (mut all, mut began) = (Vec::new(), None::<&str>);
    for moment in &operations.timeline {
        match &moment.happened {
            Happened::RefusalStarted => began = began.or(Some(&moment.at)),
            Happened::RefusalEnded { seconds } => {
                all.push(json!({"from": began.take(), "to": moment.at, "seconds": seconds}));
            }
            _ => {}
        }
    }
    if let Some(from) = began {
        all.push(json!({"from": from, "to": null, "seconds": null}));
    }
    all
}

/// Who did what: operators by verb, approvers, and what was typed or passed over.
fn people(operations: &Operations) -> Json {
    let (mut operators, mut approvals, mut typed, mut passed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Moment { at, happened, .. } in &operations.timeline {
        match happened {
            Happened::Began { verb, by } => operators.push(json!({"at": at, "verb": verb, "by": by})),
            Happened::Approved { digest, by } => approvals.push(json!({
                "at": at, "by": by, "declaration_sha256": digest, "of_this_declaration": *digest == operations.digest,
            })),
            Happened::Confirmed { text, by } => typed.push(json!({"at": at, "text": text, "by": by})),
            Happened::Override { gate, reason, by } => {
                passed.push(json!({"at": at, "gate": gate, "reason": reason, "by": by}));
            }
            _ => {}
        }
    }
    json!({"verbs": operators, "approvals": approvals, "typed": typed, "overrides": passed})
}

/// The weighted records and listeners before the cutover and as they were last seen.
fn records(resolved: Option<&Resolved>, operations: &Operations) -> Vec<Json> {
    let empty = Facts::default();
    let before = operations.baseline.as_ref().unwrap_or(&empty);
    let sets = resolved.map(|resolved| resolved.traffic.as_slice()).unwrap_or_default();
    sets.iter()
        .map(|set| {
            let subjects = steering::subjects(set);
            let seen = |at: usize, property: &str| {
                let read = |facts: &Facts| subjects.get(at).and_then(|one| facts.get(one, property)).cloned();
                json!({"before": read(before), "now": read(&operations.facts)})
            };
            match &set.by {
                Steering::Records(records) => json!({
                    "name": records.record, "zone": records.zone, "source": seen(0, "record"), "target": seen(1, "record"),
                }),
                Steering::Listener(forwarding) => json!({
                    "name": steering::label(set), "listener": forwarding.arn, "actions": seen(0, "actions"),
                }),
            }
        })
        .collect()
}

/// The bundle.
#[must_use]
pub fn bundle(snapshot: &Snapshot) -> Json {
    let operations = &snapshot.operations;
    let binding = snapshot.binding.clone().unwrap_or_default();
    let resolved = serde_json::from_value::<Resolved>(operations.declared.clone()).ok();
    let mut head = GENESIS.to_owned();
    let mut timeline = Vec::new();
    for moment in &operations.timeline {
        let mut entry = json!(moment);
        head = link(&head, &entry);
        entry["chain"] = json!(head);
        timeline.push(entry);
    }
    json!({
        "format": FORMAT,
        "tool": {"name": "migrate", "version": env!("CARGO_PKG_VERSION")},
        "migration": binding.migration, "environment": binding.environment, "account": binding.account,
        "region": binding.region, "realm": binding.realm,
        "phase": operations.phase(), "since": operations.since, "ticket": operations.noted("ticket"),
        "people": people(operations),
        "declaration": operations.declared, "declaration_sha256": operations.digest,
        "refusals": refusals(operations),
        "records": records(resolved.as_ref(), operations),
        "before_cutover": operations.baseline, "last_seen": operations.facts,
        "timeline": timeline, "head": head,
        "ledger": {"lineage": snapshot.lineage, "serial": snapshot.seq, "head": snapshot.sum},
    })
}

/// What does not fit in a bundle; nothing if it is whole.
#[must_use]
pub fn flaws(bundle: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    if bundle["format"] != FORMAT {
        wrong.push(format!("its format is {}, this version reads {FORMAT}", bundle["format"]));
        return wrong;
    }
    if digest(&bundle["declaration"]) != bundle["declaration_sha256"] {
        wrong.push("the declaration is not the one that its digest was made of".to_owned());
    }
    let Some(timeline) = bundle["timeline"].as_array() else {
        wrong.push("it has no timeline".to_owned());
        return wrong;
    };
    let (mut head, mut last) = (GENESIS.to_owned(), 0);
    let mut operations = Operations::default();
    for entry in timeline {
        let mut bare = entry.clone();
        let chain = bare.as_object_mut().and_then(|members| members.remove("chain")).unwrap_or_default();
        let seq = entry["seq"].as_u64().unwrap_or_default();
        head = link(&head, &bare);
        if head != chain {
            wrong.push(format!("entry {seq} is not what was journalled, or an entry before it is missing"));
            // One message: everything after it follows from that.
            chain.as_str().unwrap_or_default().clone_into(&mut head);
        }
        if seq <= last {
            wrong.push(format!("entry {seq} does not come after entry {last}"));
        }
        last = seq;
        match serde_json::from_value::<Moment>(bare) {
            Ok(moment) => operations.timeline.push(moment),
            Err(error) => wrong.push(format!("entry {seq} cannot be read: {error}")),
        }
        if entry["did"] == "measured" && digest(&entry["samples"]) != entry["samples_sha256"] {
            wrong.push(format!(
                "entry {seq}: the samples of gate {} are not those it was judged by",
                entry["gate"]
            ));
        }
    }
    if bundle["head"] != head {
        wrong.push("the last entry is not the one that `head` names: the end is missing".to_owned());
    }
    bundle["declaration_sha256"].as_str().unwrap_or_default().clone_into(&mut operations.digest);
    // What is told twice is told alike.
    if bundle["refusals"] != json!(refusals(&operations)) {
        wrong.push("`refusals` are not those of the timeline".to_owned());
    }
    if bundle["people"] != people(&operations) {
        wrong.push("`people` are not those of the timeline".to_owned());
    }
    if bundle["ticket"] != json!(operations.noted("ticket")) {
        wrong.push("`ticket` is not that of the timeline".to_owned());
    }
    let phase = operations.timeline.iter().rev().find_map(|moment| match &moment.happened {
        Happened::Phase { to, .. } => Some(*to),
        _ => None,
    });
    if bundle["phase"] != json!(phase.unwrap_or(Phase::Deployed)) {
        wrong.push("`phase` is not that of the timeline".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::new("0123456789abcdef".into());
        let samples = json!({"values": [[60, 1.0]]});
        let measured = Happened::Measured {
            gate: "lag".into(),
            verdict: "open".into(),
            samples_sha256: digest(&samples),
            summary: "1 s".into(),
            samples,
        };
        let began = Happened::Began { verb: "cutover".into(), by: "me".into() };
        let phase = Happened::Phase { from: Phase::Synced, to: Phase::Fenced, why: "shut".into() };
        let ended = Happened::RefusalEnded { seconds: 4 };
        let all = [began, measured, Happened::RefusalStarted, phase, ended];
        for (seq, happened) in (10..).zip(all) {
            let at = format!("2026-01-01T00:00:{seq}Z");
            snapshot.operations.timeline.push(Moment { seq, at, happened });
        }
        snapshot.operations.phase = Some(Phase::Fenced);
        snapshot.operations.declared = json!({"migration": "m"});
        snapshot.operations.digest = digest(&snapshot.operations.declared);
        snapshot
    }

    #[test]
    fn a_bundle_is_whole_and_says_how_long_writes_were_refused() {
        let bundle = bundle(&snapshot());
        assert_eq!(flaws(&bundle), Vec::<String>::new());
        assert_eq!(bundle["refusals"][0]["seconds"], 4);
        assert_eq!(bundle["people"]["verbs"][0]["by"], "me");
    }

    #[test]
    fn whatever_is_changed_or_left_out_is_noticed() {
        let whole = bundle(&snapshot());
        type Change = fn(&mut Json);
        let changes: [(&str, Change); 9] = [
            ("a verdict", |b| b["timeline"][1]["verdict"] = json!("closed")),
            ("a sample", |b| b["timeline"][1]["samples"]["values"][0][1] = json!(0.5)),
            ("who", |b| b["timeline"][0]["by"] = json!("somebody")),
            ("an entry in the middle", |b| drop(b["timeline"].as_array_mut().unwrap().remove(2))),
            ("the last entry", |b| drop(b["timeline"].as_array_mut().unwrap().pop())),
            ("the order", |b| b["timeline"].as_array_mut().unwrap().swap(0, 1)),
            ("the declaration", |b| b["declaration"]["migration"] = json!("other")),
            ("the refusal", |b| b["refusals"][0]["seconds"] = json!(1)),
            ("the phase", |b| b["phase"] = json!("live")),
        ];
        for (what, change) in changes {
            let mut forged = whole.clone();
            change(&mut forged);
            assert!(!flaws(&forged).is_empty(), "{what}");
        }
    }
}
