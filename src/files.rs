//! Files on this machine, opened so that nothing planted beside a plan can lead a run astray.
//!
//! A cloned repository can carry symbolic links, an unpacked archive hard links, FIFOs and device nodes, wherever
//! this program keeps state or reads input. So state is never reached through a link, a temporary file is
//! exclusive and has a random name, what is written is for its owner only (0600, folders 0700), and what is read
//! is a regular file of bounded size, the bound being kept while reading.

use std::{
    fmt,
    fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{
        DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
};

/// The folder below which ledgers and the sandbox's world live by default: no link is followed from here on.
const STATE: &str = ".migrate";

/// Never through a link, never waiting for a FIFO's other end, never taking a terminal.
const GUARDED: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;

/// Why a file is not used although it could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is a symbolic link where only a file of our own may be.
    Link,
    /// It has a second name somewhere: writing would change a file elsewhere.
    HardLink,
    /// A FIFO, a socket, a device, a folder.
    Irregular(&'static str),
    /// It has more bytes than this.
    TooLarge(u64),
    /// It lies outside the folder that it must be in.
    Outside(PathBuf),
    /// It was deleted or replaced while it was in use.
    Gone,
}

/// A refused file. [`refusal`] finds it inside an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub why: Refusal,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.why {
            Refusal::Link => write!(f, "{path} is a symbolic link, which is not followed here"),
            Refusal::HardLink => {
                write!(f, "{path} is hard-linked to another file, which would be changed too")
            }
            Refusal::Irregular(what) => write!(f, "{path} is {what}, not a regular file"),
            Refusal::TooLarge(limit) => write!(f, "{path} has more than {limit} bytes"),
            Refusal::Outside(folder) => write!(f, "{path} lies outside {}", folder.display()),
            Refusal::Gone => write!(f, "{path} was deleted or replaced while it was in use"),
        }
    }
}

impl std::error::Error for Refused {}

/// The refusal behind an error, if it is one.
#[must_use]
pub fn refusal(error: &io::Error) -> Option<&Refused> {
    error.get_ref()?.downcast_ref()
}

/// What to do about a refused file.
#[must_use]
pub fn advice(refused: &Refused) -> String {
    let path = refused.path.display();
    match &refused.why {
        Refusal::Link => {
            format!("look where it leads (`ls -l {path}`), then delete it, or name a folder of your own")
        }
        Refusal::HardLink => {
            format!("give it a copy of its own: `cp -p {path} {path}.copy && mv {path}.copy {path}`")
        }
        Refusal::Irregular(_) => format!("look at it (`ls -l {path}`) and name a regular file"),
        Refusal::TooLarge(_) => "check that it is the right file".to_owned(),
        Refusal::Outside(folder) => format!("move it below {}", folder.display()),
        Refusal::Gone => "restore it from a backup, and find out what deletes it".to_owned(),
    }
}

fn refuse(path: &Path, why: Refusal) -> io::Error {
    io::Error::other(Refused { path: path.to_owned(), why })
}

fn kind(about: FileType) -> &'static str {
    if about.is_fifo() {
        "a FIFO"
    } else if about.is_socket() {
        "a socket"
    } else if about.is_char_device() || about.is_block_device() {
        "a device"
    } else if about.is_dir() {
        "a folder"
    } else {
        "no file"
    }
}

fn regular(path: &Path, about: &Metadata) -> io::Result<()> {
    if about.is_file() { Ok(()) } else { Err(refuse(path, Refusal::Irregular(kind(about.file_type())))) }
}

/// Refuses links in the part of a path that is ours: `.migrate` and what lies below it. What the user named
/// before that may be whatever the user likes.
fn no_links(path: &Path) -> io::Result<()> {
    let mut walked = PathBuf::new();
    let mut ours = false;
    for part in path.components() {
        walked.push(part);
        ours |= part.as_os_str() == STATE;
        if ours && fs::symlink_metadata(&walked).is_ok_and(|about| about.is_symlink()) {
            return Err(refuse(&walked, Refusal::Link));
        }
    }
    Ok(())
}

/// Makes a folder that only its owner can read, with those above it. One that exists stays as it is.
///
/// # Errors
/// Whatever the file system says; a link below `.migrate`.
pub fn make_private_dir(dir: &Path) -> io::Result<()> {
    no_links(dir)?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Opens a state file for reading and writing, making it if need be; with `append` every write goes to its end.
///
/// # Errors
/// Whatever the file system says; a link, a hard link, or anything but a regular file.
pub fn open_private(path: &Path, append: bool) -> io::Result<File> {
    no_links(path)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(!append)
        .append(append)
        .mode(0o600)
        .custom_flags(GUARDED)
        .open(path)
        .map_err(|error| opened(path, error))?;
    let about = file.metadata()?;
    regular(path, &about)?;
    if about.nlink() > 1 {
        return Err(refuse(path, Refusal::HardLink));
    }
    // Files of earlier versions were readable by everybody. Where modes cannot be changed, they mean nothing.
    if about.mode() & 0o077 != 0 {
        let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
    }
    Ok(file)
}

fn opened(path: &Path, error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ELOOP) if fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink()) => {
            refuse(path, Refusal::Link)
        }
        // A FIFO without a reader, a socket.
        Some(libc::ENXIO | libc::EOPNOTSUPP) => {
            refuse(path, Refusal::Irregular("no file that can be opened"))
        }
        _ => error,
    }
}

/// Reads a state file; `None` if there is none.
///
/// # Errors
/// Whatever the file system says; a link, anything but a regular file, more than `limit` bytes.
pub fn read_private(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    no_links(path)?;
    let file = match OpenOptions::new().read(true).custom_flags(GUARDED).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(opened(path, error)),
    };
    bounded(path, file, limit).map(Some)
}

/// Reads a file that the user or a plan names. Links are followed; whether they may lead outside is the caller's
/// question ([`within`]).
///
/// # Errors
/// Whatever the file system says; anything but a regular file, more than `limit` bytes.
pub fn read_input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Opening a device can have effects of its own, so it is looked at first.
    regular(path, &fs::metadata(path)?)?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| opened(path, error))?;
    bounded(path, file, limit)
}

fn bounded(path: &Path, file: File, limit: u64) -> io::Result<Vec<u8>> {
    let about = file.metadata()?;
    regular(path, &about)?;
    // A file may grow while it is read, and files of /proc have no length.
    let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(limit)).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(refuse(path, Refusal::TooLarge(limit))) } else { Ok(bytes) }
}

/// The canonical path of something that must lie in `folder`, links on the way there resolved.
///
/// # Errors
/// Whatever the file system says; outside.
pub fn within(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = fs::canonicalize(path)?;
    if whole.starts_with(fs::canonicalize(folder)?) {
        Ok(whole)
    } else {
        Err(refuse(path, Refusal::Outside(folder.to_owned())))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn stem_of(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

const TEMPORARY: &str = ".tmp";

/// Replaces a file: a new one of a random name beside it, for its owner only, synced and renamed over it; then the
/// folder is synced. A link in its place is replaced, not followed.
///
/// # Errors
/// Whatever the file system says; a device or a folder in its place.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    no_links(folder_of(path))?;
    if let Ok(about) = fs::symlink_metadata(path)
        && !about.is_symlink()
    {
        regular(path, &about)?;
    }
    let exclusive = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = tempfile::Builder::new()
        .prefix(&stem_of(path))
        .suffix(TEMPORARY)
        .rand_bytes(12)
        .make_in(folder_of(path), exclusive)?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_dir(folder_of(path))
}

/// Replaces what is in a file of the user's, all of it or nothing: as [`replace`], but whoever might read it may read it
/// afterwards, and a link stays one.
///
/// # Errors
/// Whatever the file system says; anything but a regular file.
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let about = fs::metadata(&path)?;
    regular(&path, &about)?;
    let mut file = tempfile::Builder::new()
        .prefix(&stem_of(&path))
        .suffix(TEMPORARY)
        .rand_bytes(12)
        .tempfile_in(folder_of(&path))?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(about.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|failed| failed.error)?;
    sync_dir(folder_of(&path))
}

/// Moves a folder of ours, with all that is in it, to where there is none. A folder that is there already may hold empty
/// files of those names, left by a process that made nothing.
///
/// # Errors
/// Whatever the file system says; a link below `.migrate` on either side.
#[expect(clippy::disallowed_methods, reason = "a whole folder, synced on both sides")]
pub fn move_dir(from: &Path, to: &Path, leavings: &[&str]) -> io::Result<()> {
    no_links(from)?;
    make_private_dir(folder_of(to))?;
    no_links(to)?;
    if to.exists() {
        for name in leavings {
            let left = to.join(name);
            if fs::symlink_metadata(&left).is_ok_and(|about| about.is_file() && about.len() == 0) {
                fs::remove_file(left)?;
            }
        }
        fs::remove_dir(to)?;
    }
    fs::rename(from, to)?;
    sync_dir(folder_of(from))?;
    sync_dir(folder_of(to))
}

/// Deletes a folder of ours with all that is in it.
///
/// # Errors
/// Whatever the file system says; a link below `.migrate`.
pub fn remove_dir(dir: &Path) -> io::Result<()> {
    no_links(dir)?;
    fs::remove_dir_all(dir)
}

/// Makes a file that nobody else may read, in a folder that is made if need be; `false` if there is one already. It
/// appears with all of its content or not at all.
///
/// # Errors
/// Whatever the file system says.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    make_private_dir(folder_of(path))?;
    let exclusive = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = tempfile::Builder::new()
        .prefix(&stem_of(path))
        .suffix(TEMPORARY)
        .rand_bytes(12)
        .make_in(folder_of(path), exclusive)?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_dir(folder_of(path)).map(|()| true),
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

/// Deletes what killed processes left of [`replace`]; for whoever holds the lock of that folder.
pub fn sweep(path: &Path) {
    let stem = stem_of(path);
    for entry in fs::read_dir(folder_of(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(&stem) && name.to_string_lossy().ends_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Syncs a folder, so that names in it survive a power cut.
///
/// # Errors
/// Whatever the file system says.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether a path still leads to the file that is open: nobody deleted it or put another in its place.
///
/// # Errors
/// [`Refusal::Gone`].
pub fn still_there(path: &Path, file: &File) -> io::Result<()> {
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(now) if (now.dev(), now.ino()) == (ours.dev(), ours.ino()) => Ok(()),
        _ => Err(refuse(path, Refusal::Gone)),
    }
}

/// The hold of one process on a folder.
#[derive(Debug)]
pub struct Hold {
    /// The lock file, into which the holder writes who it is.
    pub file: File,
    /// The folder itself: a lock file can be deleted and made again, and then two would hold "the" lock.
    folder: Option<File>,
}

impl Drop for Hold {
    /// Closing the files is not enough: between `fork` and `exec` a child that another thread starts has them open too,
    /// and `flock` lasts until the last of them is closed.
    fn drop(&mut self) {
        for file in self.folder.iter().chain([&self.file]) {
            let _ = file.unlock();
        }
    }
}

/// Why a folder cannot be held.
#[derive(Debug)]
pub enum Unheld {
    /// Another process has it; what that wrote into the lock file.
    Held(String),
    /// The file system failed.
    Io(io::Error),
}

impl Hold {
    /// Locks a folder: its lock file, and the folder itself. The system releases both when the process ends.
    ///
    /// # Errors
    /// Held by another process, or the file system fails.
    pub fn take(dir: &Path, name: &str) -> Result<Self, Unheld> {
        let path = dir.join(name);
        let mut file = open_private(&path, false).map_err(Unheld::Io)?;
        if !locked(&file).map_err(Unheld::Io)? {
            let mut said = String::new();
            let _ = (&mut file).take(4_096).read_to_string(&mut said);
            return Err(Unheld::Held(said.trim().to_owned()));
        }
        let folder = File::open(dir).map_err(Unheld::Io)?;
        // Where folders cannot be locked (NFS), the lock file and the journal's own lock have to do.
        let folder = match locked(&folder) {
            Ok(true) => Some(folder),
            Ok(false) => return Err(Unheld::Held(String::new())),
            Err(_) => None,
        };
        Ok(Self { file, folder })
    }
}

/// Takes an open file's lock; `false` if another process has it.
///
/// # Errors
/// Whatever the file system says.
pub fn locked(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
