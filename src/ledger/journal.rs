//! The open ledger: loads, appends, syncs, hands out permits.

use std::{path::Path, sync::Arc, time::SystemTime};

use sha2::{Digest, Sha256};

use super::{
    Entry, FORMAT, LedgerError, Line, Permit, Snapshot,
    entry::{Declared, Verb},
    operate::Operate,
    seal,
    store::{DirStore, Store},
};
use crate::{
    clock::{Clock, rfc3339},
    model::{Address, PhysicalId},
};

/// Lines after which the journal is folded into the snapshot when a ledger is opened for a run.
const FOLD_AFTER: usize = 2_000;

/// An open ledger.
pub struct Ledger {
    store: Box<dyn Store>,
    clock: Arc<dyn Clock>,
    snapshot: Snapshot,
    synced: u64,
    journal_lines: usize,
    /// Set by the first failed write: nothing more is appended, so nothing more is called.
    broken: bool,
}

/// An intent that is written but perhaps not yet on disk; [`Ledger::permit`] turns it into a [`Permit`].
#[must_use = "no call may be made before this is a permit"]
#[derive(Debug)]
pub struct Draft {
    op: u64,
    seq: u64,
    token: String,
}

impl Draft {
    /// The line's sequence number.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

/// What the next call will do.
#[derive(Debug)]
pub struct Intend {
    /// The verb.
    pub verb: Verb,
    /// The resource.
    pub address: Address,
    /// The object.
    pub generation: u32,
    /// Its handle, once there is one.
    pub physical_id: Option<PhysicalId>,
    /// For create and update: the resource as it will be.
    pub declared: Option<Box<Declared>>,
    /// For create: an existing object may be adopted without ownership tags.
    pub shared: bool,
    /// For operate: the call.
    pub operate: Option<Box<Operate>>,
}

/// A new ledger's lineage.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that makes new identities")]
pub fn new_lineage() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..16].to_owned()
}

impl Ledger {
    /// Opens the ledger in `dir` for a run: takes the lock, drops a torn last line, folds a long journal.
    ///
    /// # Errors
    /// Locked, unreadable, damaged, or of a newer format.
    pub fn open(
        dir: &Path,
        clock: Arc<dyn Clock>,
        holder: &str,
        lineage: impl FnOnce() -> String,
    ) -> Result<Self, LedgerError> {
        Self::on(Box::new(DirStore::exclusive(dir, holder)?), clock, lineage)
    }

    /// Opens a ledger over any store.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn on(
        mut store: Box<dyn Store>,
        clock: Arc<dyn Clock>,
        lineage: impl FnOnce() -> String,
    ) -> Result<Self, LedgerError> {
        let name = store.name();
        let io = |what: &str| {
            let what = format!("{what} {name}");
            move |source| LedgerError::Io { what, source }
        };
        let (snapshot, journal) = store.load().map_err(io("read the ledger in"))?;
        let fresh = snapshot.is_none();
        let mut base = match snapshot {
            Some(bytes) => parse_snapshot(&bytes, Trust::Sealed)?,
            None => Snapshot::new(lineage()),
        };
        let format = std::mem::replace(&mut base.format, FORMAT);
        let read = replay(base, &journal, Trust::Sealed)?;
        if read.good < journal.len() {
            store
                .truncate_journal(read.good as u64)
                .map_err(io("drop the torn last line of the journal in"))?;
        }
        let mut ledger = Self {
            store,
            clock,
            synced: read.snapshot.seq,
            snapshot: read.snapshot,
            journal_lines: read.lines,
            broken: false,
        };
        // The lineage lives in the snapshot only: it must be on disk before the first name is derived from it. And an
        // older program must refuse the ledger before it meets the first line of ours: it looks at the snapshot's format.
        if fresh || format < FORMAT || ledger.journal_lines > FOLD_AFTER {
            ledger.fold()?;
        }
        Ok(ledger)
    }

    /// Takes a ledger whose bytes were edited as it stands, and seals it anew.
    ///
    /// # Errors
    /// As [`Self::open`], but for checksums.
    pub fn reseal(dir: &Path, clock: Arc<dyn Clock>, holder: &str) -> Result<Self, LedgerError> {
        let mut store = DirStore::exclusive(dir, holder)?;
        let (snapshot, journal) = store.load().map_err(|source| LedgerError::Io {
            what: format!("read the ledger in {}", dir.display()),
            source,
        })?;
        let base = match snapshot {
            Some(bytes) => parse_snapshot(&bytes, Trust::Anyone)?,
            None => Snapshot::new(new_lineage()),
        };
        let mut read = replay(base, &journal, Trust::Anyone)?;
        read.snapshot.format = FORMAT;
        let mut ledger = Self {
            store: Box::new(store),
            clock,
            synced: read.snapshot.seq,
            snapshot: read.snapshot,
            journal_lines: read.lines,
            broken: false,
        };
        ledger.fold()?;
        Ok(ledger)
    }

    /// How many bytes at the journal's end are an unfinished line.
    ///
    /// # Errors
    /// As [`Self::peek`].
    pub fn torn(dir: &Path) -> Result<usize, LedgerError> {
        let (snapshot, journal) = DirStore::read_only(dir).load().map_err(|source| LedgerError::Io {
            what: format!("read the ledger in {}", dir.display()),
            source,
        })?;
        let base = match snapshot {
            Some(bytes) => parse_snapshot(&bytes, Trust::Sealed)?,
            None => Snapshot::new(String::new()),
        };
        Ok(journal.len() - replay(base, &journal, Trust::Sealed)?.good)
    }

    /// Reads a ledger without locking it or changing a byte. `None` if there is none.
    ///
    /// # Errors
    /// Unreadable, damaged, or of a newer format.
    pub fn peek(dir: &Path) -> Result<Option<Snapshot>, LedgerError> {
        if !DirStore::exists(dir) {
            return Ok(None);
        }
        let mut store = DirStore::read_only(dir);
        let (snapshot, journal) = store.load().map_err(|source| LedgerError::Io {
            what: format!("read the ledger in {}", dir.display()),
            source,
        })?;
        let base = match snapshot {
            Some(bytes) => parse_snapshot(&bytes, Trust::Sealed)?,
            None => Snapshot::new(String::new()),
        };
        Ok(Some(replay(base, &journal, Trust::Sealed)?.snapshot))
    }

    /// The state after all entries.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The last sequence number that is on disk.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.synced
    }

    /// Whether appended lines wait for [`Self::sync`].
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.snapshot.seq > self.synced
    }

    fn failed(&mut self, what: &str, source: std::io::Error) -> LedgerError {
        self.broken = true;
        LedgerError::Io { what: format!("{what} {}", self.store.name()), source }
    }

    /// Appends an entry; it is on disk only after [`Self::sync`]. Returns its sequence number.
    ///
    /// # Errors
    /// When the store fails, now or earlier in this run.
    pub fn append(&mut self, entry: Entry) -> Result<u64, LedgerError> {
        if self.broken {
            let source = std::io::Error::other("an earlier write failed");
            return Err(LedgerError::Io { what: format!("append to {}", self.store.name()), source });
        }
        let line = Line { v: FORMAT, seq: self.snapshot.seq + 1, at: rfc3339(self.clock.now()), entry };
        let bytes = serde_json::to_vec(&line).map_err(|e| self.failed("write the journal in", e.into()))?;
        let (bytes, sum) = seal::line(bytes, &self.snapshot.sum);
        self.store.append(&bytes).map_err(|e| self.failed("append to the journal in", e))?;
        self.journal_lines += 1;
        self.snapshot.apply(line)?;
        self.snapshot.sum = sum;
        Ok(self.snapshot.seq)
    }

    /// The present instant, on the clock that dates its lines.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Returns when everything appended is on disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sync(&mut self) -> Result<(), LedgerError> {
        if self.is_dirty() {
            self.store.sync().map_err(|e| self.failed("sync the journal in", e))?;
            self.synced = self.snapshot.seq;
        }
        Ok(())
    }

    /// Writes what the next call will do.
    ///
    /// # Errors
    /// When the store fails.
    pub fn intend(&mut self, intend: Intend) -> Result<Draft, LedgerError> {
        let op = self.snapshot.last_op + 1;
        let token = self.token(intend.verb, &intend.address, intend.generation, op);
        let Intend { verb, address, generation, physical_id, declared, shared, operate } = intend;
        let token_copy = token.clone();
        let seq = self.append(Entry::Intent {
            op,
            verb,
            address,
            generation,
            physical_id,
            token,
            declared,
            shared,
            operate,
        })?;
        Ok(Draft { op, seq, token: token_copy })
    }

    /// The client token. A create repeats it for as long as the same generation is being made; other verbs are
    /// idempotent by nature and get a fresh one.
    fn token(&self, verb: Verb, address: &Address, generation: u32, op: u64) -> String {
        let salt = if verb == Verb::Create { 0 } else { op };
        let text = format!("{}\n{address}\n{generation}\n{verb:?}\n{salt}", self.snapshot.lineage);
        hex::encode(Sha256::digest(text))[..32].to_owned()
    }

    /// Proof that the intent is on disk; syncs if need be.
    ///
    /// # Errors
    /// When the store fails.
    pub fn permit(&mut self, draft: Draft) -> Result<Permit, LedgerError> {
        if self.synced < draft.seq {
            self.sync()?;
        }
        Ok(Permit { op: draft.op, token: draft.token, request: None })
    }

    /// Folds the journal into the snapshot.
    ///
    /// # Errors
    /// When the store fails.
    pub fn fold(&mut self) -> Result<(), LedgerError> {
        self.sync()?;
        let bytes = seal::snapshot(&self.snapshot).map_err(|e| self.failed("write", e.into()))?;
        self.store.replace_snapshot(&bytes).map_err(|e| self.failed("replace the snapshot in", e))?;
        self.journal_lines = 0;
        Ok(())
    }
}

/// Whose bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Only what carries the right checksum.
    Sealed,
    /// Whatever parses: a person says that the edit was meant.
    Anyone,
}

fn parse_snapshot(bytes: &[u8], trust: Trust) -> Result<Snapshot, LedgerError> {
    /// What every format keeps. The rest is only passed over: a tree of it would cost several times what the snapshot does.
    #[derive(serde::Deserialize)]
    struct Head {
        format: Option<serde_json::Value>,
    }
    let damaged = |what: String| LedgerError::Damaged { line: 0, what: format!("ledger.json: {what}") };
    let head: Head = serde_json::from_slice(bytes).map_err(|e| damaged(e.to_string()))?;
    match head.format.and_then(|format| format.as_u64()) {
        Some(found) if (1..=u64::from(FORMAT)).contains(&found) => {
            if trust == Trust::Sealed && !seal::intact(bytes) {
                return Err(LedgerError::Edited { place: "ledger.json".into() });
            }
        }
        Some(found) => return Err(LedgerError::Format { found, known: FORMAT }),
        None => return Err(damaged("it names no format".into())),
    }
    serde_json::from_slice(bytes).map_err(|e| damaged(e.to_string()))
}

struct Replayed {
    snapshot: Snapshot,
    good: usize,
    lines: usize,
}

/// A line, or why it is none of this program's: a newer format or an unknown kind of entry is named, never dropped.
fn parse_line(line: &[u8], expected: u64) -> Result<Line, LedgerError> {
    /// What every format keeps.
    #[derive(serde::Deserialize)]
    struct Head {
        seq: u64,
        v: Option<u64>,
        kind: String,
    }
    let error = match serde_json::from_slice::<Line>(line) {
        Ok(parsed) if parsed.v <= FORMAT => return Ok(parsed),
        Ok(parsed) => return Err(LedgerError::Format { found: parsed.v.into(), known: FORMAT }),
        Err(error) => error,
    };
    match serde_json::from_slice::<Head>(line) {
        Ok(Head { v: Some(found), .. }) if found > u64::from(FORMAT) => {
            Err(LedgerError::Format { found, known: FORMAT })
        }
        Ok(Head { seq, kind, .. }) if !Entry::KINDS.contains(&kind.as_str()) => {
            Err(LedgerError::UnknownEntry { line: seq, kind })
        }
        _ => Err(LedgerError::Damaged { line: expected, what: error.to_string() }),
    }
}

/// Folds the journal's bytes into `base`. Lines the snapshot already contains are skipped; a torn last line, which is
/// one without its newline, is left out of `good`.
fn replay(base: Snapshot, journal: &[u8], trust: Trust) -> Result<Replayed, LedgerError> {
    let mut read = Replayed { snapshot: base, good: 0, lines: 0 };
    let mut rest = journal;
    while !rest.is_empty() {
        let (line, next) = match rest.iter().position(|b| *b == b'\n') {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            // Without its newline a line was never synced, even if it happens to parse.
            None => break,
        };
        let parsed = parse_line(line, read.snapshot.seq + 1)?;
        if parsed.seq > read.snapshot.seq {
            let seq = parsed.seq;
            let sum = seal::sum_of(line, &read.snapshot.sum);
            read.snapshot.apply(parsed)?;
            read.snapshot.sum = match (sum, trust) {
                (Some(sum), _) => sum,
                (None, Trust::Anyone) => String::new(),
                (None, Trust::Sealed) => {
                    return Err(LedgerError::Edited { place: format!("journal.jsonl, entry {seq}") });
                }
            };
            read.lines += 1;
        }
        read.good += line.len() + 1;
        rest = next;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::VirtualClock,
        ledger::{Stage, memory::MemoryStore},
        model::{Attributes, DeletionPolicy},
    };
    use serde_json::json;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(VirtualClock::starting_at(crate::clock::from_millis(1_760_000_000_000)))
    }

    fn open(store: &MemoryStore) -> Result<Ledger, LedgerError> {
        Ledger::on(Box::new(store.clone()), clock(), || "abc".into())
    }

    fn declared() -> Box<Declared> {
        Box::new(Declared {
            kind: "AWS::EC2::VPC".into(),
            region: "us-east-1".into(),
            properties: json!({"CidrBlock": "10.0.0.0/16"}),
            deletion_policy: DeletionPolicy::Delete,
            update_replace_policy: DeletionPolicy::Delete,
            metadata: json!({}),
            depends_on: vec![],
        })
    }

    fn create(ledger: &mut Ledger) -> Permit {
        let draft = ledger
            .intend(Intend {
                verb: Verb::Create,
                address: Address::new("app", "Vpc"),
                generation: 0,
                physical_id: None,
                declared: Some(declared()),
                shared: false,
                operate: None,
            })
            .unwrap();
        ledger.permit(draft).unwrap()
    }

    fn landed(permit: &Permit) -> Entry {
        Entry::Landed {
            op: permit.op(),
            physical_id: Some("vpc-1".into()),
            attributes: Attributes::new(),
            more: false,
        }
    }

    #[test]
    fn an_intent_is_on_disk_before_its_permit_exists() {
        let store = MemoryStore::default();
        let mut ledger = open(&store).unwrap();
        let permit = create(&mut ledger);
        assert_eq!(store.durable().lines().count(), 1);
        assert!(store.durable().contains(permit.token()));
    }

    #[test]
    fn reopening_gives_the_same_state_whether_folded_or_not() {
        let store = MemoryStore::default();
        let mut ledger = open(&store).unwrap();
        let permit = create(&mut ledger);
        ledger.append(landed(&permit)).unwrap();
        ledger.sync().unwrap();
        let before = ledger.snapshot().clone();
        drop(ledger);
        let mut again = open(&store).unwrap();
        assert_eq!(*again.snapshot(), before);
        again.fold().unwrap();
        assert_eq!(store.durable(), "");
        assert_eq!(*open(&store).unwrap().snapshot(), before);
        assert_eq!(before.current(&Address::new("app", "Vpc")).unwrap().stage, Stage::Created);
    }

    #[test]
    fn a_torn_last_line_is_dropped_at_every_byte_and_an_earlier_one_is_damage() {
        let store = MemoryStore::default();
        let mut ledger = open(&store).unwrap();
        let permit = create(&mut ledger);
        let intent_only = ledger.snapshot().clone();
        let whole_intent = store.durable().len();
        ledger.append(landed(&permit)).unwrap();
        ledger.sync().unwrap();
        let text = store.durable();
        for cut in whole_intent..text.len() {
            store.set_durable(&text.as_bytes()[..cut]);
            let ledger = open(&store).unwrap();
            assert_eq!(*ledger.snapshot(), intent_only, "cut at {cut}");
            assert_eq!(store.durable().len(), whole_intent);
        }
        store.set_durable(format!("x{text}").as_bytes());
        assert!(matches!(open(&store), Err(LedgerError::Damaged { line: 1, .. })));
        let second = text.lines().nth(1).unwrap();
        store.set_durable(format!("{second}\n").as_bytes());
        assert!(matches!(open(&store), Err(LedgerError::Damaged { line: 2, .. })));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let store = MemoryStore::default();
        drop(open(&store).unwrap());
        let number = |format: u32| format!("\"format\": {format}");
        let text = store.snapshot_text().replace(&number(FORMAT), &number(FORMAT + 1));
        store.set_snapshot(text.as_bytes());
        assert!(
            matches!(open(&store), Err(LedgerError::Format { found, .. }) if found == u64::from(FORMAT) + 1)
        );
    }

    /// A journal whose last line is this one, complete.
    fn with_last(line: &str) -> MemoryStore {
        let store = MemoryStore::default();
        let mut ledger = open(&store).unwrap();
        let permit = create(&mut ledger);
        ledger.append(landed(&permit)).unwrap();
        ledger.sync().unwrap();
        let text = format!("{}{line}\n", store.durable());
        store.set_durable(text.as_bytes());
        store
    }

    #[test]
    fn every_kind_of_entry_is_known_by_name() {
        // Serde lists the variants it knows.
        let error = serde_json::from_str::<Entry>(r#"{"kind":"none of them"}"#).unwrap_err().to_string();
        let listed = error.split("expected one of ").nth(1).unwrap();
        let listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
        assert_eq!(listed, Entry::KINDS);
    }

    #[test]
    fn what_a_newer_program_wrote_is_named_and_never_dropped() {
        let newer =
            format!(r#"{{"v":{},"seq":3,"at":"x","kind":"landed","op":"changed its form"}}"#, FORMAT + 1);
        let refused = open(&with_last(&newer));
        assert!(
            matches!(refused, Err(LedgerError::Format { found, known: FORMAT }) if found > u64::from(FORMAT))
        );
        let store =
            with_last(&format!(r#"{{"v":{FORMAT},"seq":3,"at":"x","kind":"teleported","to":"mars"}}"#));
        let Err(LedgerError::UnknownEntry { line: 3, kind }) = open(&store) else { panic!("not named") };
        assert_eq!(kind, "teleported");
        assert!(store.durable().contains("teleported"), "nothing was cut off");
    }

    #[test]
    fn a_complete_last_line_with_any_flipped_bit_is_damage_and_not_torn() {
        let store = with_last("");
        let text = store.durable();
        let text = text.trim_end();
        let last = text.rfind('\n').unwrap() + 1;
        for at in last..text.len() {
            let mut bytes = format!("{text}\n").into_bytes();
            bytes[at] ^= 1;
            store.set_durable(&bytes);
            assert!(open(&store).is_err(), "byte {at}");
            assert_eq!(store.durable().len(), bytes.len(), "byte {at}: something was cut off");
        }
    }

    #[test]
    fn after_a_failed_write_nothing_more_is_appended() {
        let store = MemoryStore::default();
        let mut ledger = open(&store).unwrap();
        store.fail_writes(true);
        let intend = Intend {
            verb: Verb::Create,
            address: Address::new("app", "Vpc"),
            generation: 0,
            physical_id: None,
            declared: Some(declared()),
            shared: false,
            operate: None,
        };
        assert!(ledger.intend(intend).is_err());
        store.fail_writes(false);
        assert!(
            ledger
                .append(Entry::RunFinished {
                    run: "r".into(),
                    outcome: "failed".into(),
                    failures: Vec::new()
                })
                .is_err()
        );
    }
}
