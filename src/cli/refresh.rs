//! `migrate refresh`: detects drift: reads the live objects, shows where they differ from the ledger, changes nothing.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{
    Verdict,
    args::{Global, RefreshCommand},
    exit::Code,
    ledgers,
    session::Session,
};
use crate::{
    engine::{self, Finding, Seen},
    ledger::Snapshot,
    ui::{Printer, fit},
};

/// Runs the verb.
pub fn run(global: &Global, args: &RefreshCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let region = snapshot.binding.as_ref().map(|b| b.region.clone());
    ledgers::of_this_realm(global, &snapshot, &dir)?;
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    ledgers::check_binding(&snapshot, &session, None, &dir)?;
    let seen = look(&session, &snapshot);
    session.close()?;
    if printer.is_json() {
        printer.json(&as_json(&seen));
    } else {
        let text = as_text(&seen, &snapshot, &dir, printer.width());
        printer.out(&text);
    }
    let same = seen.iter().all(|one| one.finding == Finding::InSync);
    Ok(if args.detailed_exitcode && !same { Code::Changes } else { Code::Success })
}

/// Reads every object of the ledger.
pub fn look(session: &Session, snapshot: &Snapshot) -> Vec<Seen> {
    session.block_on(engine::refresh(&session.cloud, &session.clock, snapshot))
}

fn state(finding: &Finding) -> &'static str {
    match finding {
        Finding::InSync => "in-sync",
        Finding::Drifted(_) => "drifted",
        Finding::Missing => "missing",
        Finding::NotOurs => "not-ours",
        Finding::Unreadable(_) => "unreadable",
    }
}

fn count(seen: &[Seen], wanted: &str) -> usize {
    seen.iter().filter(|one| state(&one.finding) == wanted).count()
}

fn as_json(seen: &[Seen]) -> Json {
    let resources: Vec<Json> = seen
        .iter()
        .map(|one| {
            let mut row = json!({
                "address": one.address, "type": one.kind, "physical_id": one.physical_id,
                "generation": one.generation, "state": state(&one.finding),
            });
            match &one.finding {
                Finding::Drifted(drift) => row["drift"] = json!(drift),
                Finding::Unreadable(error) => row["error"] = json!(error),
                Finding::InSync | Finding::Missing | Finding::NotOurs => {}
            }
            row
        })
        .collect();
    json!({
        "format": 1,
        "summary": {
            "in_sync": count(seen, "in-sync"), "drifted": count(seen, "drifted"),
            "missing": count(seen, "missing"), "not_ours": count(seen, "not-ours"), "unreadable": count(seen, "unreadable"),
        },
        "resources": resources,
    })
}

fn as_text(seen: &[Seen], snapshot: &Snapshot, dir: &Path, width: usize) -> String {
    let mut text = String::new();
    let value = |json: &Json| if json.is_null() { "(not set)".to_owned() } else { json.to_string() };
    for one in seen {
        let old = snapshot.current(&one.address).is_none_or(|o| o.generation != one.generation);
        let old = if old { " (replaced earlier)" } else { "" };
        match &one.finding {
            Finding::InSync => {}
            Finding::Missing => {
                text.push_str(&format!("- {}{old} is missing: {} is gone\n", one.address, one.physical_id));
            }
            Finding::NotOurs => {
                text.push_str(&format!(
                    "! {}{old} is not ours any more: {} does not carry its ownership tags. No command changes or deletes \
                     it; `migrate forget {}` stops managing it\n",
                    one.address, one.physical_id, one.address
                ));
            }
            Finding::Unreadable(error) => {
                text.push_str(&format!("? {}{old} could not be read: {error}\n", one.address));
            }
            Finding::Drifted(drift) => {
                text.push_str(&format!("~ {}{old}, {}\n", one.address, one.physical_id));
                for item in drift {
                    let line = fit(&format!("    {}: {}", item.property, value(&item.recorded)), width);
                    text.push_str(&format!("{line}\n"));
                    let line = fit(&format!("      live: {}", value(&item.live)), width);
                    text.push_str(&format!("{line}\n"));
                }
            }
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let foreign = match count(seen, "not-ours") {
        0 => String::new(),
        some => format!(", {some} not ours any more"),
    };
    text.push_str(&format!(
        "{} in sync, {} drifted, {} missing{foreign}, {} unreadable\n(secrets and what AWS never returns are not compared)\n",
        count(seen, "in-sync"),
        count(seen, "drifted"),
        count(seen, "missing"),
        count(seen, "unreadable"),
    ));
    if seen.iter().any(|one| matches!(one.finding, Finding::Drifted(_) | Finding::Missing)) {
        text.push_str(&format!(
            "Next: `migrate up --refresh` reverts the drift\n(ledger {})\n",
            dir.display()
        ));
    }
    text
}
