//! Ledgers of every format ever written are read, and folded into today's.

use std::{fs, path::Path, sync::Arc};

use migrate::{
    clock::{Clock, SystemClock},
    ledger::{FORMAT, Ledger, LedgerError, Snapshot, Stage},
};

const OLDEST: u32 = 1;

/// A copy of a committed ledger, so that reading may change it.
fn copy(format: u32, name: &str) -> tempfile::TempDir {
    let from =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/ledger_formats/format-{format}/{name}"));
    let to = tempfile::tempdir().expect("a folder");
    for file in ["ledger.json", "journal.jsonl"] {
        fs::copy(from.join(file), to.path().join(file)).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
    to
}

fn peek(dir: &Path) -> Snapshot {
    Ledger::peek(dir).expect("readable").expect("a ledger")
}

fn open(dir: &Path) -> Result<Ledger, LedgerError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ledger::open(dir, clock, "a test", || unreachable!("it has a lineage"))
}

#[test]
fn every_format_is_read_and_folded_into_todays() {
    for format in OLDEST..FORMAT {
        for (name, open_intents, ready) in [("complete", 0, 4), ("interrupted", 1, 3)] {
            let dir = copy(format, name);
            let context = format!("format {format}, {name}");
            let before = peek(dir.path());
            assert_eq!(before.open.len(), open_intents, "{context}");
            assert_eq!(before.objects().filter(|(_, o)| o.stage == Stage::Ready).count(), ready, "{context}");
            let ledger = open(dir.path()).expect("opens");
            assert_eq!(ledger.snapshot().format, FORMAT, "{context}");
            drop(ledger);
            let text = fs::read_to_string(dir.path().join("ledger.json")).expect("a snapshot");
            assert!(
                text.contains(&format!("\"format\": {FORMAT}")),
                "{context}: an older program would go on with it"
            );
            assert_eq!(
                fs::read(dir.path().join("journal.jsonl")).expect("a journal"),
                b"",
                "{context}: folded"
            );
            let after = peek(dir.path());
            assert_eq!(Snapshot { format, ..after }, before, "{context}: nothing but the format changed");
        }
    }
}

#[test]
fn an_older_ledger_is_refused_when_it_is_damaged_too() {
    let dir = copy(1, "interrupted");
    let journal = dir.path().join("journal.jsonl");
    let mut bytes = fs::read(&journal).expect("a journal");
    let at = bytes.len() - 40;
    bytes[at] ^= 1;
    damage(&journal, &bytes);
    assert!(matches!(open(dir.path()), Err(LedgerError::Edited { .. } | LedgerError::Damaged { .. })));
    assert_eq!(fs::read(&journal).expect("a journal"), bytes, "nothing was cut off");
}

#[expect(clippy::disallowed_methods, reason = "a test damages a file as a disk would")]
fn damage(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a write");
}
