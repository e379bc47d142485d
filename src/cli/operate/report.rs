//! What an operation says while it runs, and how its end is explained.

use std::{cell::RefCell, path::Path};

use serde_json::Value as Json;

use crate::{
    cli::ledgers::ledger_error,
    engine::{
        Event, Observer,
        operate::{Halt, Replicator},
    },
    error::{Class, Diagnostic},
    ledger::Noun,
    operations::{
        calls::{self, Difference},
        drive::Failure,
        gates::Reading,
    },
    ui::{Plain, Printer},
};

/// Events as lines: JSON on stdout, or plain ones on stderr.
pub struct Lines<'p, 'q> {
    printer: &'p RefCell<&'q mut Printer>,
    plain: Option<Plain>,
}

impl<'p, 'q> Lines<'p, 'q> {
    /// For a printer.
    pub fn new(printer: &'p RefCell<&'q mut Printer>, sandbox: bool) -> Self {
        let to = printer.borrow();
        let plain = (!to.is_json()).then(|| Plain::new(to.width(), to.talks_in_color(), sandbox));
        Self { printer, plain }
    }
}

impl Observer for Lines<'_, '_> {
    fn on(&mut self, event: &Event) {
        match &mut self.plain {
            None => self.printer.borrow_mut().json_line(&serde_json::to_string(event).unwrap_or_default()),
            Some(plain) => {
                if let Some(line) = plain.line(event) {
                    self.printer.borrow_mut().talk_event(&line);
                }
            }
        }
    }
}

/// What somebody else changed, in a few words: of a record only the members that differ, of rules which came and went.
#[must_use]
pub fn difference(change: &Difference) -> String {
    let Difference { subject, property, was, is } = change;
    match (was, is) {
        (Json::Object(before), Json::Object(now)) => {
            let names: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
            let none = Json::Null;
            let words: Vec<String> = names
                .into_iter()
                .map(|name| (name, before.get(name).unwrap_or(&none), now.get(name).unwrap_or(&none)))
                .filter(|(_, before, now)| before != now)
                .map(|(name, before, now)| format!("{name} of {subject} was {before}, is {now}"))
                .collect();
            words.join("; ")
        }
        (Json::Array(before), Json::Array(now)) => {
            let list = |these: &[Json], others: &[Json]| {
                let only = these.iter().filter(|one| !others.contains(one));
                only.map(calls::rule_words).collect::<Vec<_>>().join(", ")
            };
            let (gone, new) = (list(before, now), list(now, before));
            let parts = [("lacks", gone), ("also has", new)];
            let parts = parts.iter().filter(|(_, list)| !list.is_empty());
            let words: Vec<String> = parts.map(|(how, list)| format!("{how} {list}")).collect();
            format!("{property} of {subject} {}", words.join(" and "))
        }
        _ => format!("{property} of {subject} was {was}, is {is}"),
    }
}

/// What a difference is called on the command line.
#[must_use]
pub fn called(change: &Difference) -> String {
    let subject = change.subject.to_string();
    if subject.starts_with(&format!("{} ", change.property)) {
        subject
    } else {
        format!("{} {subject}", change.property)
    }
}

/// How to find out who changed it. CloudTrail takes one attribute for a look-up, and has Route 53's events in us-east-1:
/// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
fn culprit(change: &Difference) -> String {
    let (region, event) = match change.subject.noun {
        Noun::Record => ("us-east-1", "ChangeResourceRecordSets"),
        Noun::Task => {
            let arn = change.subject.id.first().map(String::as_str).unwrap_or_default();
            let event = match Replicator::of(arn) {
                Replicator::Task => "StartReplicationTask",
                Replicator::Serverless => "StartReplication",
                Replicator::Data => "StartDataMigration",
            };
            (change.subject.region.as_str(), event)
        }
        Noun::Scaling => (change.subject.region.as_str(), "RegisterScalableTarget"),
        Noun::Fleet => (change.subject.region.as_str(), "UpdateAutoScalingGroup"),
        Noun::Listener => (change.subject.region.as_str(), "ModifyRule"),
        Noun::Service => (change.subject.region.as_str(), "UpdateService"),
        Noun::Parameter => (change.subject.region.as_str(), "PutParameter"),
        Noun::Alarm => (change.subject.region.as_str(), "DisableAlarmActions"),
        _ => {
            let id = change.subject.id.first().map(String::as_str).unwrap_or_default();
            return format!(
                "aws cloudtrail lookup-events --region {} --lookup-attributes AttributeKey=ResourceName,AttributeValue={id}",
                change.subject.region
            );
        }
    };
    format!(
        "aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=EventName,AttributeValue={event}"
    )
}

fn closed(readings: &[Reading], again: &str) -> Vec<Diagnostic> {
    use crate::operations::gates::{CUSTOM, GATES, OTHERS, STRICT};
    let passable = |reading: &Reading| {
        let name = reading.gate.as_str();
        let known = GATES.contains(&name) || OTHERS.contains(&name) || name.starts_with(CUSTOM);
        known && !STRICT.contains(&name)
    };
    // One command passes all of them: with a part of them it would end at the next.
    let overrides: Vec<String> = readings
        .iter()
        .filter(|reading| passable(reading))
        .map(|reading| format!("--override '{}=REASON'", reading.gate))
        .collect();
    let overrides = overrides.join(" ");
    let firm = readings.iter().any(|reading| !passable(reading));
    let one = |reading: &Reading| {
        let message = format!("gate {} is {}: {}", reading.gate, reading.verdict.as_str(), reading.summary);
        let help = match (passable(reading), firm) {
            (false, _) => "nothing was changed; this gate cannot be passed over".to_owned(),
            (true, true) => format!(
                "nothing was changed; to pass it once the others are open: `{again} --override '{}=REASON'`",
                reading.gate
            ),
            (true, false) => format!("nothing was changed; to pass it: `{again} {overrides}`"),
        };
        Diagnostic::error("O2001", Class::Closed, message).help(help)
    };
    readings.iter().map(one).collect()
}

/// The class of what ended a verb while one side is shut: those that promise that nothing was changed would not be true.
#[must_use]
pub fn inside(told: &[Diagnostic]) -> Class {
    match told.first().map(|first| first.class) {
        Some(class @ (Class::Stopped | Class::Doubtful | Class::Ledger)) => class,
        _ => Class::Failed,
    }
}

/// Why an operation ended, as diagnostics. `again` is the command that resumes it.
#[must_use]
pub fn diagnostics(failure: Failure, dir: &Path, again: &str) -> Vec<Diagnostic> {
    let one =
        |code, class, message: String, help: String| vec![Diagnostic::error(code, class, message).help(help)];
    let resume = format!("what was done is in the ledger; `{again}` resumes");
    match failure {
        Failure::Halt(Halt::Ledger(error)) => ledger_error(&error, dir),
        Failure::Halt(Halt::Aws(error)) => {
            let credentials = error.is_credentials();
            let class = if credentials { Class::Access } else { Class::Failed };
            let help = if credentials { format!("sign in again; then {resume}") } else { resume };
            vec![Diagnostic::error("O2008", class, error.to_string()).help(help).request(error.request_id)]
        }
        Failure::Halt(Halt::Unresolved(error)) => {
            let message = format!("whether a call took effect is not known: {error}");
            let help = format!("`migrate status` shows it; `{again}` looks again, and never repeats it blindly");
            vec![Diagnostic::error("O2009", Class::Doubtful, message).help(help).request(error.request_id)]
        }
        Failure::Halt(Halt::Changed(now)) => {
            let list: Vec<String> = now.0.iter().map(|((s, p), value)| format!("{p} of {s} is {value}")).collect();
            let message = format!("somebody else changed it just before a call: {}", list.join("; "));
            one("O2002", Class::Changed, message, resume)
        }
        Failure::Halt(Halt::Stopped(_)) | Failure::Stopped(_) => {
            one("O2012", Class::Stopped, "stopped by a signal".into(), resume)
        }
        Failure::Changed(changes) => changes
            .iter()
            .map(|change| {
                let help = format!(
                    "nothing was changed. Restore it, or accept it: `migrate reconcile --accept '{}' --reason TEXT`. Who did \
                     it: `{}`",
                    called(change),
                    culprit(change)
                );
                Diagnostic::error("O2002", Class::Changed, difference(change)).help(help)
            })
            .collect(),
        Failure::Closed(readings) => closed(&readings, again),
        Failure::Late { what, detail, limit_s } => {
            one("O2011", Class::Failed, format!("not within {limit_s} s: {what} ({detail})"), resume)
        }
        Failure::Broken { what, why } => one("O2011", Class::Failed, format!("{what}: {why}"), resume),
        Failure::Hook { name, why } => one("O2007", Class::Failed, format!("hook {name}: {why}"), resume),
        Failure::Phase(refusal) => {
            let message = format!("phase {} cannot follow {}: {}", refusal.to, refusal.from, refusal.why);
            one("O2004", Class::Refused, message, resume)
        }
    }
}
