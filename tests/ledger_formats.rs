//! Ledgers of every format ever written are read, and folded into today's.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use migrate::{
    clock::{Clock, SystemClock},
    ledger::{FORMAT, Ledger, LedgerError, Snapshot, Stage},
    model::Address,
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

/// Ledgers of one format: the folder, how many intents are open, and how many objects are ready.
fn ledgers(format: u32) -> Vec<(&'static str, usize, usize)> {
    let mut all = vec![("complete", 0, 4), ("interrupted", 1, 3)];
    if format == 6 {
        all.extend([("failed", 0, 3), ("operated", 1, 31), ("waits", 1, 14)]);
    }
    all
}

#[test]
fn every_format_is_read_and_folded_into_todays() {
    for format in OLDEST..=FORMAT {
        for (name, open_intents, ready) in ledgers(format) {
            let dir = copy(format, name);
            let context = format!("format {format}, {name}");
            let before = peek(dir.path());
            assert_eq!(before.open.len(), open_intents, "{context}");
            assert_eq!(before.objects().filter(|(_, o)| o.stage == Stage::Ready).count(), ready, "{context}");
            let ledger = open(dir.path()).expect("opens");
            assert_eq!(ledger.snapshot().format, FORMAT, "{context}");
            drop(ledger);
            if format < FORMAT {
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
            }
            let after = peek(dir.path());
            assert_eq!(Snapshot { format, ..after }, before, "{context}: nothing but the format changed");
        }
    }
}

/// What the younger kinds of entries and members say is understood, not only read.
#[test]
fn what_came_with_a_format_is_understood() {
    let operated = peek(copy(6, "operated").path());
    assert!(operated.operations.interrupted() || operated.open.values().any(|open| open.operate.is_some()));
    let waits = peek(copy(6, "waits").path());
    let object = |name: &str| {
        let address = Address::new("plan", name);
        waits.current(&address).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    assert_eq!(object("Run").unwaited.as_deref(), Some("its deployment is complete"));
    assert!(object("Db").attributes.contains_key("Endpoint.Address"), "addressable");
    assert!(object("Queue").physical_id.as_str().starts_with("https://sqs."), "named");
    let failed = peek(copy(6, "failed").path());
    let why = failed.history.last().expect("a run").failures.first().expect("a failure").clone();
    assert!(format!("{why:?}").contains("not allowed"), "{why:?}");
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for (name, ..) in ledgers(6) {
        let dir = copy(6, name);
        let journal = fs::read_to_string(dir.path().join("journal.jsonl")).expect("a journal");
        for line in journal.lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            kinds.insert(line["kind"].as_str().expect("a kind").to_owned());
        }
    }
    for kind in ["addressable", "declared", "happened", "named", "observed", "unwaited"] {
        assert!(kinds.contains(kind), "no ledger holds a line of the kind {kind}: {kinds:?}");
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
