//! The longest chain of waits of a plan: what is waited for, why, and what each reason costs.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::{tables::duration, text::wrap_whole};
use crate::{
    graph::Needs,
    planner::{Reason, Stop, TypicalPath},
};

fn seconds(seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a run takes less than years")]
    duration(seconds as f64)
}

fn upto(needs: Needs) -> &'static str {
    match needs {
        Needs::Created => "until created",
        Needs::Addressable => "until its address is known",
        Needs::Ready => "until ready",
    }
}

/// What a reason costs, and what can be done about it.
fn cost(reason: &Reason, waiting: &Stop, on: Option<&Stop>) -> String {
    let cost = match reason.costs_s {
        0 => "without it nothing would be sooner".to_owned(),
        costs => format!("without it {} sooner", seconds(costs)),
    };
    if !reason.inferred {
        return format!("stated; {cost}");
    }
    let own = on.map(|on| match on.address.stack() == waiting.address.stack() {
        true => on.address.logical_id().to_owned(),
        false => on.address.to_string(),
    });
    let own = own.unwrap_or_default();
    format!(
        "inferred; {cost}; left out with `Metadata: {{Migrate: {{DoNotWaitFor: [{own}]}}}}` on {}",
        waiting.address
    )
}

/// For people.
#[must_use]
pub fn text(path: &TypicalPath, width: usize) -> String {
    // Writing to a String cannot fail.
    let mut out = String::new();
    if path.stops.is_empty() {
        return "The plan has no resources.\n".to_owned();
    }
    let head = format!("Critical path of a first `up` in typical time, {}:", seconds(path.seconds));
    let _ = writeln!(out, "{}\n", wrap_whole(&head, width).join("\n"));
    for (at, stop) in path.stops.iter().enumerate() {
        let on = at.checked_sub(1).and_then(|before| path.stops.get(before));
        for reason in &stop.reasons {
            let text = format!("{} ({})", reason.why, cost(reason, stop, on));
            for (number, line) in wrap_whole(&text, width.saturating_sub(14).max(20)).iter().enumerate() {
                let _ = writeln!(out, "          {}{line}", if number == 0 { "" } else { "  " });
            }
        }
        let told = format!("{} ({}) {}", stop.address, stop.kind, upto(stop.needed));
        for (number, line) in wrap_whole(&told, width.saturating_sub(12)).iter().enumerate() {
            let takes = if number == 0 { seconds(stop.takes_s) } else { String::new() };
            let _ = writeln!(out, "{takes:>8}  {}{line}", if number == 0 { "" } else { "  " });
        }
    }
    let foot =
        format!("{} of the plan's waits are inferred; `migrate graph` draws them dashed.", path.inferred);
    let _ = writeln!(out, "\n{}", wrap_whole(&foot, width).join("\n"));
    out
}

/// For machines.
#[must_use]
pub fn json(path: &TypicalPath) -> Json {
    let stops: Vec<Json> = path
        .stops
        .iter()
        .map(|stop| {
            let reasons: Vec<Json> = stop
                .reasons
                .iter()
                .map(|reason| {
                    json!({
                        "why": reason.why, "needs": reason.needs, "inferred": reason.inferred,
                        "costs_s": reason.costs_s,
                    })
                })
                .collect();
            json!({
                "address": stop.address, "type": stop.kind, "starts_s": stop.starts_s, "takes_s": stop.takes_s,
                "until": stop.needed, "waits_because": reasons,
            })
        })
        .collect();
    json!({"format": 1, "typical_s": path.seconds, "path": stops, "inferred_waits": path.inferred})
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::model::Address;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let stop = |id: &str| Stop {
            address: Address::new("payments-production", id),
            kind: "AWS::SecretsManager::SecretTargetAttachment".into(),
            starts_s: 0,
            takes_s: 370,
            needed: Needs::Addressable,
            reasons: vec![Reason {
                why: "the attachment writes the database's address into the secret".into(),
                needs: Needs::Addressable,
                inferred: true,
                costs_s: 370,
            }],
        };
        let path = TypicalPath {
            stops: vec![stop("Database"), stop("ReplicationInstanceOfTheSource")],
            seconds: 740,
            inferred: 12,
        };
        for width in [100, 80, 40] {
            for line in text(&path, width).lines() {
                // What cannot be broken is not broken.
                let longest = line.split(' ').map(str::width).max().unwrap_or_default();
                assert!(line.width() <= width || longest + 12 > width, "{width}: {line}");
            }
        }
    }
}
