//! Exit codes, all in one place. The README documents them from here.

use std::process::ExitCode;

use crate::{
    engine::Outcome,
    error::{Class, Diagnostic, Severity},
};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Everything was done, or there was nothing to do.
    Success,
    /// A step failed; what was done is in the ledger.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The plan is unreadable or invalid; nothing was changed.
    Plan,
    /// The ledger is damaged, newer, or of another migration; nothing was changed.
    Ledger,
    /// Another run holds the ledger or the sandbox; nothing was changed.
    Locked,
    /// No credentials, no network, or another account or region than the ledger's; nothing was changed.
    Access,
    /// A confirmation or an explicit permission is missing; nothing was changed.
    Refused,
    /// Stopped by a signal; run the same command again to resume.
    Stopped,
    /// The effect of a call could not be determined; `migrate status` shows it.
    Doubtful,
    /// `plan --detailed-exitcode` found changes.
    Changes,
    /// A gate of an operation is closed; nothing was changed.
    Closed,
    /// Somebody else changed what is operated; nothing was changed.
    Changed,
    /// An operation failed and was rolled back automatically; traffic is where it was.
    RolledBack,
    /// A defect of this program.
    Internal,
    /// Standard output could not be written.
    Output,
    /// Ended by Ctrl-C where no run had begun; the shell gives this number, not the program.
    Interrupted,
    /// Ended by a rule of the fault script.
    Killed,
}

/// All codes with their numbers and meanings, for the help and the README.
pub const TABLE: &[(Code, u8, &str)] = &[
    (Code::Success, 0, "done, or nothing to do"),
    (Code::Failed, 1, "a step failed; what was done is in the ledger, run again to resume"),
    (Code::Usage, 2, "the command line is wrong"),
    (Code::Plan, 3, "the plan is unreadable or invalid; nothing was changed"),
    (Code::Ledger, 4, "the ledger is damaged, newer, or of another migration; nothing was changed"),
    (Code::Locked, 5, "another run holds the ledger or the sandbox; nothing was changed"),
    (Code::Access, 6, "no credentials, no network, or another account or region; nothing was changed"),
    (Code::Refused, 7, "a confirmation or permission is missing; nothing was changed"),
    (Code::Stopped, 8, "stopped by a signal; run the same command again to resume"),
    (Code::Doubtful, 9, "the effect of a call could not be determined; see `migrate status`"),
    (Code::Changes, 10, "`plan --detailed-exitcode` found changes"),
    (Code::Closed, 11, "a gate is closed; nothing was changed"),
    (Code::Changed, 12, "somebody else changed what is operated; nothing was changed"),
    (Code::RolledBack, 13, "rolled back automatically; traffic is where it was"),
    (Code::Internal, 70, "a defect of migrate; please report it"),
    (Code::Output, 74, "standard output could not be written (full disk); what was done is in the ledger"),
    (
        Code::Interrupted,
        130,
        "Ctrl-C before a run began, at a question or while reading; nothing was changed",
    ),
    (Code::Killed, 137, "killed, also by a `crash` rule of --faults; run the same command again to resume"),
];

impl Code {
    /// The number the shell sees.
    #[must_use]
    pub fn number(self) -> u8 {
        TABLE.iter().find(|(code, _, _)| *code == self).map_or(70, |(_, number, _)| *number)
    }

    /// The code that the first error decides.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let first = diagnostics.iter().find(|d| d.severity == Severity::Error).or(diagnostics.first());
        match first.map(|d| d.class) {
            None => Self::Internal,
            Some(class) => match class {
                Class::Usage => Self::Usage,
                Class::Plan => Self::Plan,
                Class::Ledger => Self::Ledger,
                Class::Locked => Self::Locked,
                Class::Access => Self::Access,
                Class::Refused => Self::Refused,
                Class::Failed => Self::Failed,
                Class::Doubtful => Self::Doubtful,
                Class::Stopped => Self::Stopped,
                Class::Closed => Self::Closed,
                Class::Changed => Self::Changed,
                Class::RolledBack => Self::RolledBack,
                Class::Internal => Self::Internal,
                Class::Output => Self::Output,
            },
        }
    }
}

impl From<Outcome> for Code {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Complete => Self::Success,
            Outcome::Failed => Self::Failed,
            Outcome::Stopped => Self::Stopped,
            Outcome::Doubtful => Self::Doubtful,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

/// The table as the long help shows it.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (_, number, meaning) in TABLE {
        text.push_str(&format!("  {number:>3}  {meaning}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_number() {
        let mut numbers: Vec<u8> = TABLE.iter().map(|(_, number, _)| *number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
        assert!(TABLE.iter().all(|(code, number, _)| code.number() == *number));
    }
}
