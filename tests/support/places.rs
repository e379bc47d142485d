//! Where a run can die: every distinct state of world and disk that it goes through.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use migrate::{
    ledger::{memory::MemoryStore, store::Store},
    sandbox::{Sandbox, World},
};

use super::thorough;

/// A state of world and ledger in which the process died.
#[derive(Clone)]
pub struct Crash {
    /// What was about to happen, for messages.
    pub at: String,
    /// The account at that moment.
    pub world: World,
    /// The ledger's bytes as the next process finds them.
    pub store: MemoryStore,
}

impl Crash {
    /// What kind of moment it is: what is written or was done, without of what.
    fn kind(&self) -> String {
        let moment: String = self.at.chars().take_while(|c| *c != '{' && !c.is_ascii_digit()).collect();
        let line = self.at.find('{').map_or("", |start| &self.at[start..]);
        let of = |name: &str| {
            line.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split('"').next())
        };
        format!("{moment}{} {}", of("kind").unwrap_or_default(), of("verb").unwrap_or_default())
    }
}

/// The places that are visited: of every kind of moment the first and then each n-th, so that a sample leaves out no kind.
/// With `MIGRATE_PROOF=full` all of them.
pub fn sample(crashes: &[Crash], stride: usize) -> Vec<(usize, &Crash)> {
    let stride = if thorough() { 1 } else { stride };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let chosen = |crash: &Crash, seen: &mut BTreeMap<String, usize>| {
        let nth = seen.entry(crash.kind()).or_default();
        *nth += 1;
        (*nth - 1).is_multiple_of(stride)
    };
    crashes.iter().enumerate().filter(|(_, crash)| chosen(crash, &mut seen)).collect()
}

/// How many states of each kind an undisturbed run went through.
#[derive(Debug, Default, Clone, Copy)]
pub struct Moments {
    /// Before a line was appended.
    pub appends: usize,
    /// After a sync.
    pub syncs: usize,
    /// After a service acted, before its answer arrived.
    pub effects: usize,
    /// Around the replacement of the snapshot.
    pub folds: usize,
    /// Lines written and not synced survive the process, whole or torn.
    pub torn: usize,
}

/// Collects the distinct states in which a run can die.
#[derive(Default)]
pub(super) struct Places {
    pub crashes: Vec<Crash>,
    pub moments: Moments,
}

impl Places {
    pub fn remember(&mut self, at: &str, world: &World, store: MemoryStore) -> bool {
        // Two states are the same when the next process cannot tell them apart.
        let same = |last: &Crash| last.store.equals(&store) && last.world.equals(world);
        if self.crashes.last().is_some_and(same) {
            return false;
        }
        self.crashes.push(Crash { at: at.chars().take(200).collect(), world: world.clone(), store });
        true
    }
}

/// A store that remembers world and disk at every append and sync: each is a place to die.
pub(super) struct Watched {
    pub lines: usize,
    pub inner: MemoryStore,
    pub sandbox: Sandbox,
    pub places: Arc<Mutex<Places>>,
}

impl Store for Watched {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        self.inner.load()
    }
    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate_journal(len)
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let world = self.sandbox.world(|world| world.clone());
        let mut places = self.places.lock().expect("places");
        let at = format!("before appending {}", String::from_utf8_lossy(bytes));
        if places.remember(&at, &world, self.inner.fork()) {
            places.moments.appends += 1;
        }
        self.inner.append(bytes)?;
        // Killed after the write, before the sync: the line is there, or a part of it.
        let pending = self.inner.pending();
        // A torn line is cut off whatever it was (the ledger's own tests cut at every byte): a sample suffices.
        let cuts: &[usize] = match self.lines % 12 {
            0 => &[0, bytes.len() / 2, 1],
            _ if thorough() || self.lines.is_multiple_of(4) => &[0],
            _ => &[],
        };
        self.lines += 1;
        for cut in cuts {
            let keep = pending - cut;
            let at = format!("torn {keep} of {pending} after {}", String::from_utf8_lossy(bytes));
            if places.remember(&at, &world, self.inner.fork_with_pending(keep)) {
                places.moments.torn += 1;
            }
        }
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()?;
        let world = self.sandbox.world(|world| world.clone());
        let mut places = self.places.lock().expect("places");
        if places.remember("after a sync", &world, self.inner.fork()) {
            places.moments.syncs += 1;
        }
        Ok(())
    }
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        let world = self.sandbox.world(|world| world.clone());
        let mut places = self.places.lock().expect("places");
        // On a disk the new snapshot is in place before the journal is emptied.
        let between = self.inner.fork();
        between.set_snapshot(bytes);
        if places.remember("after the snapshot was replaced, before the journal was emptied", &world, between)
        {
            places.moments.folds += 1;
        }
        self.inner.replace_snapshot(bytes)?;
        if places.remember("after a fold", &world, self.inner.fork()) {
            places.moments.folds += 1;
        }
        Ok(())
    }
    fn name(&self) -> String {
        "memory".into()
    }
}

/// A store that keeps a copy of everything that is ever appended: a fold takes it off the disk.
pub(super) struct Copied {
    pub inner: Box<dyn Store>,
    pub written: Arc<Mutex<Vec<u8>>>,
}

impl Store for Copied {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        self.inner.load()
    }
    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate_journal(len)
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written.lock().expect("what was written").extend_from_slice(bytes);
        self.inner.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.replace_snapshot(bytes)
    }
    fn name(&self) -> String {
        self.inner.name()
    }
}
