//! The local JSON record of a migration: snapshot, write-ahead journal, lock.
//!
//! # Formats
//!
//! The snapshot and, since format 2, every line of the journal name the format they were written in. It is counted up
//! whenever a reader of the old one could misread or drop what is written. `tests/ledger_formats` holds ledgers of every format.
//!
//! | format | since | what is new |
//! |---|---|---|
//! | 1 | the beginning | kinds of entries came without a new number: an older program of this format drops one it does not know at the journal's end |
//! | 2 | 2026-11 | lines name their format; an unknown kind is refused by name; only a line without its newline is torn; imported objects are marked as claimed, and objects say when a call last changed them |
//! | 3 | 2026-11 | intents of the verb `operate`; what is operated, what was seen of it and what happened (`declared`, `observed`, `happened`); what lookups found (`looked-up`) |
//! | 4 | 2026-11 | attributes of an object that is still coming up (`addressable`) |
//! | 5 | 2026-11 | operations on EC2 Auto Scaling groups, listeners, serverless replications and data migrations; hooks that are Lambda functions; why a run failed (`failures` of `run-finished`) |
//! | 6 | 2026-11 | objects that a run did not wait for (`unwaited`) |
//!
//! | program | ledger | what happens |
//! |---|---|---|
//! | new | older format | read as it is; the first run folds it into a snapshot of the new format before it appends anything |
//! | old | newer format | refused (M4104), because the snapshot names its format; nothing is changed |
//! | old, had it open | newer format | cannot be: a run holds the lock |
//! | any | an unknown kind of entry | refused by name (M4104), nothing is cut off |
//! | any | a line without newline at the end | torn while it was written: no call was made on its behalf, it is dropped |
//! | any | anything else that does not fit | damage (M4103, M4107) |

mod audit;
mod entry;
mod history;
mod journal;
pub mod memory;
mod object;
mod operate;
mod permit;
mod seal;
mod snapshot;
pub mod store;

use std::io;

pub use audit::audit;
pub use entry::{Declared, Entry, Line, Resolution, Verb};
pub use history::{ChangeRecord, FailureRecord, RunRecord};
pub use journal::{Draft, Intend, Ledger, new_lineage};
pub use object::{Binding, Late, Object, Open, Resource, Source, Stage};
pub use operate::{
    ABORTING, CUTOVER, Facts, Happened, Moment, Noun, Operate, Operations, Phase, Repeat, Request, Seen,
    Subject, digest,
};
pub use permit::Permit;
pub use snapshot::{FORMAT, Snapshot};

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another run holds it.
    #[error("the ledger is in use by {holder}")]
    Locked {
        /// Process, host and time, as the holder wrote them.
        holder: String,
    },
    /// A file operation failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// `append to .migrate/x/journal.jsonl`.
        what: String,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// A line other than the last is unreadable, or the lines do not fit together.
    #[error("the ledger is damaged at entry {line}: {what}")]
    Damaged {
        /// The sequence number.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The bytes are readable, but not those that were written: a defect of the disk, or an editor.
    #[error("the ledger was changed by something other than migrate: {place} does not match its checksum")]
    Edited {
        /// File and entry.
        place: String,
    },
    /// A kind of entry that this program does not know.
    #[error("entry {line} of the ledger is of the kind `{kind}`, which this program does not know")]
    UnknownEntry {
        /// The sequence number.
        line: u64,
        /// Its kind.
        kind: String,
    },
    /// Written by a newer program.
    #[error("the ledger has format {found}; this program reads formats 1 to {known}")]
    Format {
        /// In the file.
        found: u64,
        /// [`FORMAT`].
        known: u32,
    },
}
