//! `migrate status`: what the ledger holds, and how far the migration is. Makes no call; of a plan it reads what is operated.

use serde_json::{Value as Json, json};

use super::{
    Verdict,
    args::{Global, LedgerArgs},
    exit::Code,
    ledgers,
    operate::known,
};
use crate::{
    ledger::{Late, Object, Snapshot, Stage, Verb, store::DirStore},
    model::Address,
    operations::discover::Discovery,
    resources::registry,
    ui::{Printer, table},
};

/// Runs the verb.
pub fn run(global: &Global, args: &LedgerArgs, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, args, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let operated = known::discovered(global, args, &snapshot)
        .unwrap_or_else(|problems| Discovery { resolved: None, problems });
    let holder = DirStore::holder(&dir);
    if printer.is_json() {
        let mut status = as_json(&snapshot);
        status["held_by"] = json!(holder);
        if let Some((phase, operations)) = known::as_json(&operated, &snapshot) {
            status["phase"] = json!(phase);
            status["operations"] = operations;
        }
        printer.json(&status);
    } else {
        let mut text =
            as_text(&snapshot, &dir.display().to_string(), holder.as_deref(), printer.table_width());
        text.push_str(&known::as_text(&operated, &snapshot, printer.width()));
        printer.prose(&text);
    }
    Ok(Code::Success)
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Created => "created, not yet ready",
        Stage::Ready => "ready",
        Stage::Updating => "update begun",
        Stage::Deleting => "deletion begun",
    }
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Created => "created",
        Stage::Ready => "ready",
        Stage::Updating => "updating",
        Stage::Deleting => "deleting",
    }
}

/// What a create without a visible effect means.
const LATE: &str = "it may show late; the next run looks for it";

pub(super) fn meaning(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "it may exist; the next run looks for it and adopts it",
        Verb::Configure | Verb::Update => "it may have been made; the next run repeats it",
        Verb::Delete => "it may be gone; the next run repeats it",
        Verb::Operate => "it may have been made; the next run looks for its effect",
    }
}

fn as_json(snapshot: &Snapshot) -> Json {
    let binding = snapshot.binding.clone().unwrap_or_default();
    let resources: Vec<Json> = snapshot
        .objects()
        .map(|(address, object)| {
            json!({
                "address": address, "type": object.declared.kind, "physical_id": object.physical_id,
                "state": state(object.stage), "region": object.declared.region, "generation": object.generation,
            })
        })
        .collect();
    let open: Vec<Json> = snapshot
        .open
        .values()
        .map(|open| {
            json!({
                "op": open.op, "verb": open.verb, "address": open.address, "since": open.at,
                "physical_id": open.physical_id, "meaning": meaning(open.verb),
            })
        })
        .collect();
    let late: Vec<Json> = snapshot
        .late
        .iter()
        .map(|late| {
            let call = &late.call;
            json!({"op": call.op, "address": call.address, "since": call.at, "meaning": LATE})
        })
        .collect();
    let replication: Vec<Json> = snapshot
        .objects()
        .filter(|(_, object)| registry::find(&object.declared.kind).is_some_and(|ty| ty.facts().replicates))
        .map(|(address, object)| {
            let names = ["MigrationType", "ReplicationType", "DataMigrationType"];
            let kind =
                names.map(|name| &object.declared.properties[name]).into_iter().find(|kind| !kind.is_null());
            json!({"address": address, "task_arn": object.physical_id, "migration_type": kind})
        })
        .collect();
    json!({
        "format": 1, "migration": binding.migration, "environment": binding.environment,
        "account": binding.account, "region": binding.region, "realm": binding.realm,
        "serial": snapshot.seq, "interrupted_run": snapshot.running,
        "resources": resources, "open_intents": open, "late_creates": late, "replication": replication,
    })
}

fn as_text(snapshot: &Snapshot, dir: &str, holder: Option<&str>, width: usize) -> String {
    let mut text = String::new();
    match &snapshot.binding {
        Some(b) => {
            let world = if b.realm == "sandbox" { "SANDBOX" } else { "AWS" };
            text.push_str(&format!(
                "{} ({}) in account {}, {}, {world}\n",
                b.migration, b.environment, b.account, b.region
            ));
        }
        None => text.push_str("nothing was ever run\n"),
    }
    text.push_str(&format!("ledger {dir}, serial {}\n\n", snapshot.seq));
    let rows: Vec<Vec<String>> = snapshot
        .objects()
        .map(|(address, object)| {
            vec![
                address.to_string(),
                object.declared.kind.trim_start_matches("AWS::").to_owned(),
                stage(object.stage).to_owned(),
                object.physical_id.to_string(),
            ]
        })
        .collect();
    if rows.is_empty() {
        text.push_str("no resources\n");
    } else {
        text.push_str(&table(&["address", "type", "state", "physical id"], &rows, width));
        text.push_str(&format!("\n{} resources\n", rows.len()));
        let left = |(address, object): (&Address, &Object)| {
            Some(format!(
                "{address} was not waited for until {}; `migrate up` does\n",
                object.unwaited.as_ref()?
            ))
        };
        text.extend(snapshot.objects().filter_map(left));
    }
    if let Some(holder) = holder {
        text.push_str(&format!("\nin use by {holder}; what stands here may change any moment\n"));
    } else if let Some(run) = &snapshot.running {
        text.push_str(&format!("\n{run} did not complete; run the same command again to resume\n"));
    }
    // While a run holds the ledger its calls are in flight, not lost.
    for open in snapshot.open.values().filter(|_| holder.is_none()) {
        if let Some(call) = &open.operate {
            let words = format!("whether this took effect is looked up by the next run: {}", call.name);
            text.push_str(&format!("\nopen since {}: {words}\n", open.at));
            continue;
        }
        text.push_str(&format!(
            "\nopen since {}: {:?} of {}: {}\n",
            open.at,
            open.verb,
            open.address,
            meaning(open.verb)
        ));
        if let Some(doubt) = &open.doubt {
            text.push_str(&format!("  could not be determined: {doubt}\n"));
        }
    }
    for Late { call, .. } in snapshot.late.iter().filter(|_| holder.is_none()) {
        text.push_str(&format!("\nno effect seen since {}: Create of {}\n  {LATE}\n", call.at, call.address));
    }
    text
}
