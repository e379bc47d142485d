//! A ledger's bytes in memory, with a switch for every way a disk can fail. For tests and rehearsed crashes.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::store::Store;

#[derive(Debug, Default, Clone)]
struct Bytes {
    snapshot: Option<Vec<u8>>,
    durable: Vec<u8>,
    pending: Vec<u8>,
    failing: bool,
    writes: u64,
    fuse: Option<u64>,
    full_at: Option<u64>,
    keep_pending: bool,
    killed: Option<Arc<AtomicBool>>,
}

/// Shared bytes: a clone sees the same ledger, as the next process would.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore(Arc<Mutex<Bytes>>);

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An independent copy of what is on disk now, without any switch set.
    #[must_use]
    pub fn fork(&self) -> Self {
        let bytes = self.lock();
        let copy =
            Bytes { snapshot: bytes.snapshot.clone(), durable: bytes.durable.clone(), ..Bytes::default() };
        Self(Arc::new(Mutex::new(copy)))
    }

    /// An independent copy as a killed process leaves it while the machine lives on: of what was written and
    /// not synced, the first `bytes` are there.
    #[must_use]
    pub fn fork_with_pending(&self, bytes: usize) -> Self {
        let copy = self.fork();
        {
            let inner = self.lock();
            let pending = &inner.pending[..bytes.min(inner.pending.len())];
            copy.lock().durable.extend_from_slice(pending);
        }
        copy
    }

    /// How many bytes are written and not synced.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.lock().pending.len()
    }

    /// The synced journal.
    #[must_use]
    pub fn durable(&self) -> String {
        String::from_utf8_lossy(&self.lock().durable).into_owned()
    }

    /// Replaces the synced journal.
    pub fn set_durable(&self, bytes: &[u8]) {
        let mut inner = self.lock();
        inner.durable = bytes.to_vec();
        inner.pending.clear();
    }

    /// Whether the next process finds the same bytes in both.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let (one, other) = (self.lock(), other.lock());
        (&one.durable, &one.snapshot) == (&other.durable, &other.snapshot)
    }

    /// The snapshot's text; empty if there is none.
    #[must_use]
    pub fn snapshot_text(&self) -> String {
        self.lock().snapshot.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
    }

    /// Replaces the snapshot.
    pub fn set_snapshot(&self, bytes: &[u8]) {
        self.lock().snapshot = Some(bytes.to_vec());
    }

    /// Makes every write fail, as a full disk does.
    pub fn fail_writes(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// How many appends and syncs there were.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Kills the process at the `nth` append or sync from now (1 is the next), before it takes effect. What was
    /// appended and not synced survives only with `keep_pending`.
    pub fn kill_at(&self, nth: u64, keep_pending: bool, killed: Arc<AtomicBool>) {
        let mut bytes = self.lock();
        bytes.fuse = Some(bytes.writes + nth);
        bytes.keep_pending = keep_pending;
        bytes.killed = Some(killed);
    }

    /// The disk is full from the `nth` append or sync on (1 is the next), until the power goes off.
    pub fn fill_at(&self, nth: u64) {
        let mut bytes = self.lock();
        bytes.full_at = Some(bytes.writes + nth);
    }

    /// The power goes off: what was not synced is lost.
    pub fn power_off(&self) {
        let mut bytes = self.lock();
        if bytes.keep_pending {
            let pending = std::mem::take(&mut bytes.pending);
            bytes.durable.extend(pending);
        }
        bytes.pending.clear();
        bytes.fuse = None;
        bytes.full_at = None;
        bytes.killed = None;
    }
}

impl Bytes {
    fn gate(&mut self) -> io::Result<()> {
        self.writes += 1;
        if self.failing || self.full_at.is_some_and(|at| self.writes >= at) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        if self.fuse.is_some_and(|at| self.writes >= at) {
            if let Some(killed) = &self.killed {
                killed.store(true, Ordering::SeqCst);
            }
            return Err(io::Error::other("killed"));
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        let bytes = self.lock();
        Ok((bytes.snapshot.clone(), bytes.durable.clone()))
    }

    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        let mut bytes = self.lock();
        bytes.durable.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut bytes = self.lock();
        bytes.gate()?;
        bytes.pending.extend_from_slice(line);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut bytes = self.lock();
        bytes.gate()?;
        let pending = std::mem::take(&mut bytes.pending);
        bytes.durable.extend(pending);
        Ok(())
    }

    fn replace_snapshot(&mut self, new: &[u8]) -> io::Result<()> {
        let mut bytes = self.lock();
        bytes.gate()?;
        bytes.snapshot = Some(new.to_vec());
        bytes.durable.clear();
        Ok(())
    }

    fn name(&self) -> String {
        "memory".into()
    }
}
