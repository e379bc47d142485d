//! One line per event that matters to a reader of a log.

use std::collections::BTreeMap;

use super::{
    tables::duration,
    text::{count, fit, plain, wrap_whole},
};
use crate::{
    engine::{Event, EventKind},
    model::Address,
};

/// Remembers what was said last about a waiting step, so that a wait is told once per change.
pub struct Plain {
    width: usize,
    color: bool,
    sandbox: bool,
    said: BTreeMap<Address, String>,
    waiting: String,
}

/// A line's colour.
#[derive(Clone, Copy)]
enum Tone {
    Quiet,
    Good,
    Warn,
    /// Never cut, nor broken over lines: it may hold commands.
    Whole,
    /// Never cut.
    Wrapped,
    Bad,
}

impl Plain {
    /// Lines of at most `width` columns; `sandbox` marks each time as virtual.
    #[must_use]
    pub fn new(width: usize, color: bool, sandbox: bool) -> Self {
        Self { width, color, sandbox, said: BTreeMap::new(), waiting: String::new() }
    }

    /// The terminal is so wide now.
    pub fn resize(&mut self, width: usize) {
        self.width = width;
    }

    /// The event's line, if it has one.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        let (tone, text) = self.words(&event.kind)?;
        // Commands that people copy keep their lines.
        let text = text.lines().map(plain).collect::<Vec<_>>().join("\n");
        let mark = if self.sandbox { "~" } else { "" };
        let time = format!("{mark}{}", duration(event.elapsed_s));
        // Failures, and what to do about credentials, are never cut: their text is what the reader came for.
        let room = self.width.saturating_sub(11).max(20);
        let whole = match &event.kind {
            // What the next Ctrl-C does stands at the end.
            EventKind::Credentials { .. } | EventKind::StopRequested { .. } => true,
            EventKind::GateMeasured { verdict, .. } => verdict != "open",
            _ => false,
        };
        let text = match tone {
            Tone::Bad | Tone::Wrapped => wrap_whole(&text, room).join("\n           "),
            _ if whole => wrap_whole(&text, room).join("\n           "),
            Tone::Whole => text,
            _ => fit(&text, room),
        };
        let line = format!("{time:>9}  {text}");
        Some(match tone {
            _ if !self.color => format!("{line}\n"),
            Tone::Quiet => format!("\x1b[2m{line}\x1b[0m\n"),
            Tone::Good | Tone::Whole | Tone::Wrapped => format!("{line}\n"),
            Tone::Warn => format!("\x1b[33m{line}\x1b[0m\n"),
            Tone::Bad => format!("\x1b[1;31m{line}\x1b[0m\n"),
        })
    }

    fn words(&mut self, kind: &EventKind) -> Option<(Tone, String)> {
        Some(match kind {
            EventKind::RunStarted { steps: 0, .. }
            | EventKind::StepCreated { .. }
            | EventKind::Outputs { .. }
            | EventKind::RunFinished { .. } => return None,
            EventKind::RunStarted { steps, account, .. } => {
                (Tone::Quiet, format!("{} in account {account}", count(*steps, "step")))
            }
            EventKind::Recovered { address, how, physical_id, .. } => {
                let id = physical_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
                (Tone::Warn, format!("recovered {address}: {how}{id}"))
            }
            EventKind::StepStarted { address, action, typical_s, .. } => {
                let expected = if *typical_s >= 30 {
                    format!(", usually {}", duration(seconds(*typical_s)))
                } else {
                    String::new()
                };
                (Tone::Quiet, format!("{action} {address}{expected}"))
            }
            EventKind::StepWaiting { address, detail, .. } => {
                if self.said.get(address) == Some(detail) {
                    return None;
                }
                self.said.insert(address.clone(), detail.clone());
                (Tone::Quiet, format!("waiting for {address}: {detail}"))
            }
            EventKind::StepAddressable { address, detail, .. } => {
                (Tone::Quiet, format!("{address} has its address, it is {detail}"))
            }
            EventKind::StepRetrying { address, operation, code, delay_s, why, .. } => {
                let code = code.as_deref().unwrap_or("no answer");
                (
                    Tone::Warn,
                    format!("again in {} {address}: {why} ({operation}: {code})", duration(*delay_s)),
                )
            }
            EventKind::StepFinished { address, action, physical_id, took_s, note, .. } => {
                let id = physical_id.as_deref().map(|id| format!("  {id}")).unwrap_or_default();
                let note = note.as_deref().map(|n| format!("  ({n})")).unwrap_or_default();
                (Tone::Good, format!("{} {address} in {}{note}{id}", done(action), duration(*took_s)))
            }
            EventKind::StepFailed { address, operation, code, message, request_id, .. } => {
                let code = code.as_deref().map(|c| format!("{c}: ")).unwrap_or_default();
                let id =
                    request_id.as_deref().map(|id| format!(" (AWS request id {id})")).unwrap_or_default();
                (Tone::Bad, format!("FAILED {address}: {operation}: {code}{message}{id}"))
            }
            EventKind::StepSkipped { address, because, .. } => {
                (Tone::Warn, format!("skipped {address} because {because} failed"))
            }
            EventKind::Credentials { state, message, help } => {
                let tone = if *state == "renewed" { Tone::Good } else { Tone::Warn };
                let help = help.as_deref().map(|help| format!(". To renew them: {help}")).unwrap_or_default();
                (tone, format!("{message}{help}"))
            }
            EventKind::StopRequested { meaning, .. } => (Tone::Warn, format!("stopping: {meaning}")),
            EventKind::OperationIntended { .. } | EventKind::OperationFinished { .. } => return None,
            EventKind::GateMeasured { gate, verdict, summary } => {
                let tone = if verdict == "open" { Tone::Quiet } else { Tone::Warn };
                (tone, format!("gate {gate} {verdict}: {summary}"))
            }
            EventKind::OperationLanded { name, operation, how, .. } => {
                let found = if *how == "found" { ", found: its answer was lost" } else { "" };
                (Tone::Good, format!("{name} ({operation}{found})"))
            }
            EventKind::OperationWaiting { name, detail, .. } => {
                let told = format!("{name}: {detail}");
                if self.waiting == told {
                    return None;
                }
                self.waiting.clone_from(&told);
                (Tone::Quiet, format!("waiting: {told}"))
            }
            EventKind::PhaseChanged { from, to, why } => {
                (Tone::Wrapped, format!("phase {from} -> {to}: {why}"))
            }
            EventKind::RefusalStarted { side, reopen } => {
                let until = if *side == "target" { ", until the source serves again" } else { "" };
                let mut text = format!("from here on writes are REFUSED{until}.");
                if !reopen.is_empty() {
                    text.push_str(&format!(
                        "\n             If this machine dies, these commands reopen the {side}:"
                    ));
                }
                for command in reopen {
                    text.push_str(&format!("\n             {command}"));
                }
                (Tone::Whole, text)
            }
            EventKind::RefusalEnded { seconds: took } => {
                (Tone::Good, format!("writes are taken again, after {}", duration(seconds(*took))))
            }
            EventKind::HookFinished { name, exit } => match exit {
                Some(code) => (Tone::Quiet, format!("hook {name} ended with exit code {code}")),
                None => (Tone::Warn, format!("hook {name} did not end in time and was stopped")),
            },
            EventKind::Remark { text } => (Tone::Wrapped, text.clone()),
        })
    }
}

/// Past tense of an action.
pub(super) fn done(action: &str) -> &'static str {
    match action {
        "create" => "created",
        "replace" => "replaced",
        "update" => "updated",
        "finish" => "finished",
        "delete" => "deleted",
        _ => "released",
    }
}

pub(super) fn seconds(whole: u64) -> f64 {
    std::time::Duration::from_secs(whole).as_secs_f64()
}
