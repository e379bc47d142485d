//! What an operation says while it runs, and how its end is explained.

use std::{cell::RefCell, path::Path};

use crate::{
    cli::prepare::ledger_error,
    engine::{Event, Observer, operate::Halt},
    error::{Class, Diagnostic},
    operations::{calls::Difference, drive::Failure, gates::Reading},
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

/// What somebody else changed, in a few words.
#[must_use]
pub fn difference(change: &Difference) -> String {
    format!("{} of {} was {}, is {}", change.property, change.subject, change.was, change.is)
}

fn closed(readings: &[Reading], again: &str) -> Vec<Diagnostic> {
    let one = |reading: &Reading| {
        let message = format!("gate {} is {}: {}", reading.gate, reading.verdict.as_str(), reading.summary);
        use crate::operations::gates::{CUSTOM, GATES, OTHERS, STRICT};
        let name = reading.gate.as_str();
        let known = GATES.contains(&name) || OTHERS.contains(&name) || name.starts_with(CUSTOM);
        let help = if STRICT.contains(&name) || !known {
            "nothing was changed; this gate cannot be passed over".to_owned()
        } else {
            format!("nothing was changed; to pass it: `{again} --override '{}=REASON'`", reading.gate)
        };
        Diagnostic::error("O2001", Class::Closed, message).help(help)
    };
    readings.iter().map(one).collect()
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
                    "nothing was changed. Restore it, or accept it: `migrate reconcile --accept '{} {}' --reason TEXT`. \
                     Who did it: `aws cloudtrail lookup-events`",
                    change.property, change.subject
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
