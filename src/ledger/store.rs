//! Where the bytes go. The only module of the program that writes files which must survive.
//!
//! What "durable" means here: an append is followed by `fdatasync`, the snapshot is written beside its place,
//! fsynced, renamed, and the directory fsynced. Disks that lie about flushing are beyond this module.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::LedgerError;

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
    lock: Option<File>,
}

const SNAPSHOT: &str = "ledger.json";
const JOURNAL: &str = "journal.jsonl";
const LOCK: &str = "lock";

fn io_error(what: String) -> impl FnOnce(io::Error) -> LedgerError {
    move |source| LedgerError::Io { what, source }
}

impl DirStore {
    /// Opens for reading only: no directory is made, no lock taken.
    #[must_use]
    pub fn read_only(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), journal: None, lock: None }
    }

    /// Opens for a run: makes the directory, takes the lock and writes `holder` into it.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when another process holds the lock; the operating system releases it when that
    /// process ends, however it ends.
    pub fn exclusive(dir: &Path, holder: &str) -> Result<Self, LedgerError> {
        fs::create_dir_all(dir).map_err(io_error(format!("make {}", dir.display())))?;
        let path = dir.join(LOCK);
        let what = || format!("open {}", path.display());
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_error(what()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = lock.read_to_string(&mut text);
                let holder =
                    if text.trim().is_empty() { "another process".into() } else { text.trim().to_owned() };
                return Err(LedgerError::Locked { holder });
            }
            Err(TryLockError::Error(source)) => return Err(LedgerError::Io { what: what(), source }),
        }
        lock.set_len(0)
            .and_then(|()| lock.seek(SeekFrom::Start(0)))
            .and_then(|_| lock.write_all(holder.as_bytes()))
            .map_err(io_error(format!("write {}", path.display())))?;
        let journal_path = dir.join(JOURNAL);
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&journal_path)
            .map_err(io_error(format!("open {}", journal_path.display())))?;
        sync_dir(dir).map_err(io_error(format!("sync {}", dir.display())))?;
        Ok(Self { dir: dir.to_owned(), journal: Some(journal), lock: Some(lock) })
    }

    /// Whether there is a ledger at all.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        dir.join(SNAPSHOT).exists() || dir.join(JOURNAL).metadata().is_ok_and(|m| m.len() > 0)
    }

    fn journal(&mut self) -> io::Result<&mut File> {
        self.journal
            .as_mut()
            .ok_or_else(|| io::Error::new(io::ErrorKind::PermissionDenied, "opened for reading"))
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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
        self.journal()?.sync_data()
    }

    #[expect(clippy::disallowed_methods, reason = "this is ledger::store")]
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.dir.join(format!("{SNAPSHOT}.new"));
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, self.dir.join(SNAPSHOT))?;
        sync_dir(&self.dir)?;
        self.truncate_journal(0)
    }

    fn name(&self) -> String {
        self.dir.display().to_string()
    }
}

impl Drop for DirStore {
    fn drop(&mut self) {
        if let Some(lock) = &mut self.lock {
            // The lock itself ends with the file handle; an empty file tells readers that nobody holds it.
            let _ = lock.set_len(0);
        }
    }
}

/// Writes a file that a person asked for (a saved change set): temp, fsync, rename.
///
/// # Errors
/// Whatever the file system says.
#[expect(clippy::disallowed_methods, reason = "this is ledger::store")]
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
