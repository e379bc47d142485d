//! The local JSON record of a migration: snapshot, write-ahead journal, lock.

mod audit;
mod entry;
mod history;
mod journal;
pub mod memory;
mod permit;
mod seal;
mod snapshot;
pub mod store;

use std::io;

pub use audit::audit;
pub use entry::{Declared, Entry, Line, Resolution, Verb};
pub use history::{ChangeRecord, RunRecord};
pub use journal::{Draft, Intend, Ledger, new_lineage};
pub use permit::Permit;
pub use snapshot::{Binding, FORMAT, Late, Object, Open, Resource, Snapshot, Stage};

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
    /// Written by a newer program.
    #[error("the ledger has format {found}; this program reads format {known}")]
    Format {
        /// In the file.
        found: u64,
        /// [`FORMAT`].
        known: u32,
    },
}
