//! Where the bytes go. The only module of the program that writes files which must survive.
//!
//! What "durable" means here: an append is followed by `fdatasync`, the snapshot is written beside its place,
//! fsynced, renamed, and the directory fsynced. Disks that lie about flushing are beyond this module.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::LedgerError;
use crate::files::{self, Hold, Unheld};

/// The bytes of a ledger.
pub trait Store {
    /// The snapshot's and the journal's bytes.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)>;
    /// Cuts the journal to `len` bytes: a torn last line goes.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn truncate_journal(&mut self, len: u64) -> io::Result<()>;
    /// Adds bytes to the journal. After an error the journal may end in a torn line.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when everything appended is on disk.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn sync(&mut self) -> io::Result<()>;
    /// Replaces the snapshot atomically, then empties the journal.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// What this store is called in messages.
    fn name(&self) -> String;
}

/// `ledger.json`, `journal.jsonl` and `lock` in one directory.
#[derive(Debug)]
pub struct DirStore {
    dir: PathBuf,
    journal: Option<File>,
    hold: Option<Hold>,
}

const SNAPSHOT: &str = "ledger.json";
const JOURNAL: &str = "journal.jsonl";
const LOCK: &str = "lock";
/// The lineage of a ledger that has not begun.
const RESERVED: &str = "lineage";
/// Longest text of a holder that is read, in bytes.
const MAX_HOLDER: u64 = 4_096;

/// Largest snapshot or journal that is read, in bytes: a hundred times a very large migration's.
const MAX_BYTES: u64 = 1 << 30;

fn io_error(what: String) -> impl FnOnce(io::Error) -> LedgerError {
    move |source| LedgerError::Io { what, source }
}

impl DirStore {
    /// Opens for reading only: no directory is made, no lock taken.
    #[must_use]
    pub fn read_only(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), journal: None, hold: None }
    }

    /// Opens for a run: makes the directory, takes the lock and writes `holder` into it.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when another process holds the lock; the operating system releases it when that
    /// process ends, however it ends.
    pub fn exclusive(dir: &Path, holder: &str) -> Result<Self, LedgerError> {
        files::make_private_dir(dir).map_err(io_error(format!("make {}", dir.display())))?;
        let path = dir.join(LOCK);
        let held = |said: String| {
            let holder = if said.is_empty() { "another process".into() } else { said };
            LedgerError::Locked { holder }
        };
        let mut hold = Hold::take(dir, LOCK).map_err(|unheld| match unheld {
            Unheld::Held(said) => held(said),
            Unheld::Io(source) => LedgerError::Io { what: format!("open {}", path.display()), source },
        })?;
        let journal_path = dir.join(JOURNAL);
        let journal = files::open_private(&journal_path, true)
            .map_err(io_error(format!("open {}", journal_path.display())))?;
        // Where neither deleted lock files nor folders tell, as on NFS, the journal itself does.
        if matches!(files::locked(&journal), Ok(false)) {
            return Err(held(String::new()));
        }
        hold.file
            .set_len(0)
            .and_then(|()| hold.file.seek(SeekFrom::Start(0)))
            .and_then(|_| hold.file.write_all(holder.as_bytes()))
            .map_err(io_error(format!("write {}", path.display())))?;
        files::sweep(&dir.join(SNAPSHOT));
        files::sync_dir(dir).map_err(io_error(format!("sync {}", dir.display())))?;
        Ok(Self { dir: dir.to_owned(), journal: Some(journal), hold: Some(hold) })
    }

    /// The lineage that a ledger is going to have, from which names are generated: what was shown in a plan is what is made.
    /// It is kept until the ledger begins. Where it cannot be kept, `fresh` holds for this once.
    #[must_use]
    pub fn reserve(dir: &Path, fresh: String) -> String {
        if let Some(reserved) = Self::reserved(dir) {
            return reserved;
        }
        // Of two that reserve at the same moment one wins, and both read that.
        let _ = files::create_private(&dir.join(RESERVED), fresh.as_bytes());
        Self::reserved(dir).unwrap_or(fresh)
    }

    /// The lineage that was reserved for a ledger that has not begun.
    #[must_use]
    pub fn reserved(dir: &Path) -> Option<String> {
        let bytes = files::read_private(&dir.join(RESERVED), MAX_HOLDER).ok().flatten()?;
        let text = String::from_utf8(bytes).ok()?;
        let lineage = text.trim();
        let fits = lineage.len() == 16 && lineage.bytes().all(|b| b.is_ascii_hexdigit());
        (fits && !Self::exists(dir)).then(|| lineage.to_owned())
    }

    /// Who holds the ledger at this moment, if anybody does; for readers. A run that ends in order empties its lock file, so
    /// the lock itself is tried only where a name stands in it: then it is held, or its holder was killed.
    #[must_use]
    pub fn holder(dir: &Path) -> Option<String> {
        let path = dir.join(LOCK);
        let said = files::read_private(&path, MAX_HOLDER).ok().flatten()?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        if said.is_empty() {
            return None;
        }
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Ok(()) => {
                let _ = file.unlock();
                None
            }
            Err(_) => Some(said),
        }
    }

    /// Whether there is a ledger at all.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        dir.join(SNAPSHOT).exists() || dir.join(JOURNAL).metadata().is_ok_and(|m| m.len() > 0)
    }

    /// Whether a run has bound the ledger to its plan, as far as its snapshot tells. Nothing is checked: whoever asks opens the
    /// ledger next, and reading all of it twice takes its time.
    #[must_use]
    pub fn seems_bound(dir: &Path) -> bool {
        #[derive(serde::Deserialize)]
        struct Head {
            binding: Option<serde::de::IgnoredAny>,
        }
        let snapshot = read(&dir.join(SNAPSHOT)).ok().flatten();
        let head = snapshot.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        head.is_some_and(|head: Head| head.binding.is_some())
    }

    fn journal(&mut self) -> io::Result<&mut File> {
        self.journal
            .as_mut()
            .ok_or_else(|| io::Error::new(io::ErrorKind::PermissionDenied, "opened for reading"))
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    files::read_private(path, MAX_BYTES)
}

impl Store for DirStore {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        // The journal first: if a run of another process folds it into the snapshot between the two reads, the
        // lines are seen twice and skipped by number; the other way round they would be missed.
        let journal = read(&self.dir.join(JOURNAL))?.unwrap_or_default();
        Ok((read(&self.dir.join(SNAPSHOT))?, journal))
    }

    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        let journal = self.journal()?;
        journal.set_len(len)?;
        journal.sync_data()
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.journal()?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // A ledger that was deleted under a run is none: what is written to it is read by nobody.
        let path = self.dir.join(JOURNAL);
        let journal = self.journal()?;
        files::still_there(&path, journal)?;
        journal.sync_data()
    }

    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(JOURNAL);
        files::still_there(&path, self.journal()?)?;
        files::replace(&self.dir.join(SNAPSHOT), bytes)?;
        // A ledger that has begun has its own.
        let _ = std::fs::remove_file(self.dir.join(RESERVED));
        self.truncate_journal(0)
    }

    fn name(&self) -> String {
        self.dir.display().to_string()
    }
}

impl Drop for DirStore {
    fn drop(&mut self) {
        if let Some(hold) = &self.hold {
            // The lock itself ends with the hold; an empty file tells readers that nobody has it.
            let _ = hold.file.set_len(0);
            // As for the hold: a child that another thread starts may have it open for a moment longer.
            let _ = self.journal.as_ref().map(File::unlock);
        }
    }
}

/// Writes a file that a person asked for (a saved change set): beside its place, synced, renamed; for its owner only.
///
/// # Errors
/// Whatever the file system says.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::replace(path, bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn a_planted_link_stops_the_ledger_and_touches_nothing() {
        for name in [LOCK, JOURNAL, SNAPSHOT] {
            let dir = tempfile::tempdir().unwrap();
            let victim = dir.path().join("victim");
            File::create(&victim).unwrap().write_all(b"precious").unwrap();
            let ledger = dir.path().join(".migrate/plan-dev");
            files::make_private_dir(&ledger).unwrap();
            symlink(&victim, ledger.join(name)).unwrap();
            match DirStore::exclusive(&ledger, "test") {
                Ok(mut store) => {
                    assert_eq!(name, SNAPSHOT, "it is only read");
                    assert!(store.load().is_err());
                    store.replace_snapshot(b"{}").unwrap();
                }
                Err(error) => assert!(error.to_string().contains("symbolic link"), "{error}"),
            }
            assert_eq!(fs::read(&victim).unwrap(), b"precious", "{name}");
        }
    }

    #[test]
    fn only_a_whole_snapshot_with_a_binding_seems_bound() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("plan-dev");
        assert!(!DirStore::seems_bound(&ledger), "there is none");
        let bound = br#"{"format": 6, "binding": {"migration": "m"}, "resources": {}}"#;
        let torn = &bound[..bound.len() - 1];
        for (snapshot, wanted) in
            [(&bound[..], true), (torn, false), (br#"{"binding": null}"#, false), (b"{}", false)]
        {
            DirStore::exclusive(&ledger, "test").unwrap().replace_snapshot(snapshot).unwrap();
            assert_eq!(DirStore::seems_bound(&ledger), wanted, "{}", String::from_utf8_lossy(snapshot));
        }
    }

    #[test]
    fn a_lineage_is_reserved_until_the_ledger_begins() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("plan-dev");
        let one = DirStore::reserve(&ledger, "0123456789abcdef".into());
        assert_eq!(DirStore::reserve(&ledger, "fedcba9876543210".into()), one);
        assert_eq!(DirStore::reserved(&ledger).as_deref(), Some("0123456789abcdef"));
        let mut begun = DirStore::exclusive(&ledger, "test").unwrap();
        begun.replace_snapshot(b"{}").unwrap();
        assert_eq!(DirStore::reserved(&ledger), None, "a ledger that has begun has its own");
        drop(begun);
        File::create(ledger.join(RESERVED)).unwrap().write_all(b"../../etc").unwrap();
        fs::remove_file(ledger.join(SNAPSHOT)).unwrap();
        assert_eq!(DirStore::reserved(&ledger), None);
        assert_eq!(DirStore::reserve(&ledger, "00aa".into()), "00aa");
    }

    #[test]
    fn readers_learn_who_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(DirStore::holder(dir.path()), None);
        let first = DirStore::exclusive(dir.path(), "`migrate up` (pid 7)").unwrap();
        assert_eq!(DirStore::holder(dir.path()).as_deref(), Some("`migrate up` (pid 7)"));
        drop(first);
        assert_eq!(DirStore::holder(dir.path()), None);
        // What a killed process leaves behind: its words, but no lock.
        File::create(dir.path().join(LOCK)).unwrap().write_all(b"`migrate up` (pid 8)").unwrap();
        assert_eq!(DirStore::holder(dir.path()), None);
        DirStore::exclusive(dir.path(), "next").unwrap();
    }

    #[test]
    fn deleted_files_neither_let_a_second_run_in_nor_take_what_the_first_writes() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = DirStore::exclusive(dir.path(), "the first").unwrap();
        first.append(b"x\n").unwrap();
        first.sync().unwrap();
        let second = || DirStore::exclusive(dir.path(), "the second").map(drop);
        for gone in [&[LOCK][..], &[LOCK, JOURNAL]] {
            for name in gone {
                let _ = fs::remove_file(dir.path().join(name));
            }
            assert!(matches!(second(), Err(LedgerError::Locked { .. })), "{gone:?}");
        }
        first.append(b"y\n").unwrap();
        assert!(first.sync().unwrap_err().to_string().contains("deleted or replaced"));
        assert!(first.replace_snapshot(b"{}").is_err());
        drop(first);
        second().unwrap();
    }
}
