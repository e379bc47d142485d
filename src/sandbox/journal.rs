//! A world that outlives its process: a directory with a snapshot, the changes since, and a lock.
//!
//! `world.json` is the whole world as of a sequence number; `world.jsonl` holds one line of changes per
//! request since. Loading folds the lines into the snapshot and starts a new one. A line torn by a killed
//! process is dropped; its request was never answered.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{Sandbox, World, world::Delta};
use crate::{
    error::{Class, Diagnostic},
    files::{self, Hold, Unheld},
};

const WORLD: &str = "world.json";
const CHANGES: &str = "world.jsonl";
const LOCK: &str = "world.lock";

/// Largest world or file of changes that is read, in bytes: a world holds the objects of its buckets.
const MAX_BYTES: u64 = 4 << 30;

/// Format of both files; others are refused.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Snapshot<W> {
    format: u32,
    /// The last line folded in.
    seq: u64,
    world: W,
}

#[derive(Serialize, Deserialize)]
struct Line {
    seq: u64,
    #[serde(flatten)]
    delta: Delta,
}

/// When a change counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the system has it: it outlives this process, however that ends. For rehearsals, which are one process.
    Written,
    /// When the disk has it: it outlives the machine, like what AWS has answered. For servers.
    Synced,
}

/// A world's directory, held by this process alone.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    seq: u64,
    /// Holds the operating system's lock until it is dropped.
    _hold: Hold,
}

impl Home {
    /// Opens or makes a directory and loads its world; a new world has that seed and clock (milliseconds since
    /// the epoch). The clock of whoever goes on should start at [`World::now`].
    ///
    /// # Errors
    /// When another process uses the directory, or its files are unreadable or damaged.
    #[expect(clippy::result_large_err, reason = "called once per process; callers take plain diagnostics")]
    pub fn open(dir: &Path, seed: u64, now: i64) -> Result<(Self, World), Diagnostic> {
        Self::lock(dir, seed, now).map_err(|refused| *refused)
    }

    /// Reads the world of a directory that another process may be using; an empty one if there is none yet.
    ///
    /// # Errors
    /// When its files are unreadable or damaged.
    #[expect(clippy::result_large_err, reason = "called once per process; callers take plain diagnostics")]
    pub fn peek(dir: &Path, seed: u64, now: i64) -> Result<World, Diagnostic> {
        // Between its two reads the other process may have folded its changes into a new snapshot.
        let loaded = load(dir).or_else(|_| load(dir)).map_err(|refused| *refused)?;
        Ok(loaded.map_or_else(|| World::new(seed, now), |(_, world)| world))
    }

    fn lock(dir: &Path, seed: u64, now: i64) -> Result<(Self, World), Box<Diagnostic>> {
        let failed = |what: &str, error: &io::Error| {
            let message = format!("cannot {what} {}: {error}", dir.display());
            let mut problem = Diagnostic::error("M4001", Class::Ledger, message);
            problem.help = files::refusal(error).map(files::advice);
            Box::new(problem)
        };
        files::make_private_dir(dir).map_err(|error| failed("make the sandbox directory", &error))?;
        let hold = Hold::take(dir, LOCK).map_err(|unheld| match unheld {
            Unheld::Held(_) => {
                let message = format!("another process uses the sandbox in {}", dir.display());
                let refused = Diagnostic::error("M4002", Class::Locked, message)
                    .help("wait until it ends, or choose another sandbox directory");
                Box::new(refused)
            }
            Unheld::Io(error) => failed("lock the sandbox directory", &error),
        })?;
        files::sweep(&dir.join(WORLD));
        let loaded = load(dir)?;
        // A process that ended well has left nothing to fold.
        let folded = loaded.is_some() && dir.join(CHANGES).metadata().is_ok_and(|file| file.len() == 0);
        let (seq, world) = loaded.unwrap_or_else(|| (0, World::new(seed, now)));
        let home = Self { dir: dir.to_owned(), seq, _hold: hold };
        if !folded {
            home.fold(&world).map_err(|error| failed("write", &error))?;
        }
        Ok((home, world))
    }

    /// Writes a snapshot and starts an empty file of changes.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn fold(&self, world: &World) -> io::Result<()> {
        let snapshot = Snapshot { format: FORMAT, seq: self.seq, world };
        let text = serde_json::to_vec(&snapshot)?;
        files::replace(&self.dir.join(WORLD), &text)?;
        // Lines up to `seq` that survive a crash right here are skipped when they are loaded again.
        let changes = files::open_private(&self.dir.join(CHANGES), true)?;
        changes.set_len(0)?;
        changes.sync_all()
    }

    /// Appends every change of the sandbox's world from now on, before its caller is answered. After a change that
    /// cannot be written no call is answered any more but with an error, and [`Kept::close`] reports it.
    ///
    /// # Errors
    /// When the file of changes cannot be opened.
    pub fn keep(self, sandbox: &Sandbox, durability: Durability) -> io::Result<Kept> {
        let mut file = files::open_private(&self.dir.join(CHANGES), true)?;
        let shared = Arc::new(Mutex::new((self, None)));
        let sink = Arc::clone(&shared);
        sandbox.set_sink(Box::new(move |_, delta| {
            let mut guard = sink.lock().unwrap_or_else(PoisonError::into_inner);
            let (home, trouble) = &mut *guard;
            if trouble.is_some() {
                // A gap would make later lines meaningless.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            home.seq += 1;
            let written = serde_json::to_vec(&Line { seq: home.seq, delta }).map_err(io::Error::from);
            let written = written.and_then(|mut line| {
                line.push(b'\n');
                file.write_all(&line)?;
                files::still_there(&home.dir.join(CHANGES), &file)?;
                if durability == Durability::Synced { file.sync_data() } else { Ok(()) }
            });
            written.map_err(|error| {
                tracing::error!("the sandbox's state is no longer written: {error}");
                let kind = error.kind();
                *trouble = Some(error);
                kind.into()
            })
        }));
        Ok(Kept { shared, sandbox: sandbox.clone() })
    }
}

/// A sandbox whose world is kept in a directory.
pub struct Kept {
    shared: Arc<Mutex<(Home, Option<io::Error>)>>,
    sandbox: Sandbox,
}

impl Kept {
    /// Folds everything into one snapshot. Without it nothing is lost, loading just takes longer.
    ///
    /// # Errors
    /// When a change or the snapshot could not be written.
    pub fn close(self) -> io::Result<()> {
        self.sandbox.set_sink(Box::new(|_, _| Ok(())));
        let mut guard = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        self.sandbox.world(|world| guard.0.fold(world))?;
        guard.1.take().map_or(Ok(()), Err)
    }
}

/// The world of a directory and the number of its last change; `None` if there is none yet.
fn load(dir: &Path) -> Result<Option<(u64, World)>, Box<Diagnostic>> {
    let path = dir.join(WORLD);
    let damaged = |path: &Path, why: String| {
        let message = format!("the sandbox's file {} is damaged: {why}", path.display());
        let error = Diagnostic::error("M4003", Class::Ledger, message);
        Box::new(error.help("delete the sandbox directory to start with an empty account"))
    };
    let text = match files::read_private(&path, MAX_BYTES) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) => return Err(damaged(&path, error.to_string())),
    };
    let snapshot: Snapshot<World> =
        serde_json::from_slice(&text).map_err(|error| damaged(&path, error.to_string()))?;
    if snapshot.format != FORMAT {
        return Err(damaged(
            &path,
            format!("it has format {}, this version reads {FORMAT}", snapshot.format),
        ));
    }
    let (mut seq, mut world) = (snapshot.seq, snapshot.world);
    let path = dir.join(CHANGES);
    let text = files::read_private(&path, MAX_BYTES)
        .map_err(|error| damaged(&path, error.to_string()))?
        .unwrap_or_default();
    for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| damaged(&path, format!("line {}: {error}", at + 1)))?;
        if line.seq <= seq {
            continue;
        }
        if line.seq != seq + 1 {
            return Err(damaged(&path, format!("line {} has number {}, not {}", at + 1, line.seq, seq + 1)));
        }
        seq = line.seq;
        world.apply(line.delta);
    }
    Ok(Some((seq, world)))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{File, OpenOptions},
        sync::Arc,
    };

    use serde_json::json;

    use super::*;
    use crate::{clock::VirtualClock, sandbox::Effect};

    fn sandbox(world: World) -> Sandbox {
        let clock = VirtualClock::starting_at(crate::clock::from_millis(world.now()));
        Sandbox::new(world, Arc::new(clock))
    }

    #[test]
    fn a_killed_process_leaves_its_world() {
        let dir = tempfile::tempdir().unwrap();
        let (home, world) = Home::open(dir.path(), 7, 1_000).unwrap();
        assert_eq!(std::fs::metadata(dir.path().join("world.jsonl")).unwrap().len(), 0);
        let first = sandbox(world);
        let kept = home.keep(&first, Durability::Written).unwrap();
        first.world(|w| {
            w.put("t", "a", json!({"N": 1}));
            w.put("t", "b", json!({"N": 2}));
            w.set_after(5_000, "t", "a", json!({"Done": true}));
            w.after(6_000, "t", "b", Effect::Remove);
        });
        first.world(|w| {
            w.next();
            w.cancel("t", "b");
            w.set_after(7_000, "t", "b", json!({"Late": true}));
        });
        let before = first.world(|w| serde_json::to_value(&*w).unwrap());
        // As after SIGKILL: no close, and a line cut short.
        drop(kept);
        drop(first);
        let path = dir.path().join("world.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"seq\":3,\"now\":2").unwrap();

        let (home, world) = Home::open(dir.path(), 7, 0).unwrap();
        assert_eq!(serde_json::to_value(&world).unwrap(), before);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        let second = sandbox(world);
        let kept = home.keep(&second, Durability::Synced).unwrap();
        second.world(|w| w.advance_to(6_500));
        kept.close().unwrap();
        drop(second);
        let (_home, world) = Home::open(dir.path(), 7, 0).unwrap();
        assert_eq!(world.now(), 6_500);
        assert_eq!(world.get("t", "a").unwrap()["Done"], true);
        assert_eq!(world.get("t", "b").unwrap()["N"], 2);
        assert_eq!(world.next_due(), Some(8_000));
    }

    #[test]
    fn two_processes_never_share_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (_home, _) = Home::open(dir.path(), 1, 0).unwrap();
        let refused = Home::open(dir.path(), 1, 0).unwrap_err();
        assert_eq!(refused.class, Class::Locked);
    }

    #[test]
    fn what_is_not_on_disk_is_not_answered() {
        let dir = tempfile::tempdir().unwrap();
        let (home, world) = Home::open(dir.path(), 1, 0).unwrap();
        let sandbox = sandbox(world);
        let kept = home.keep(&sandbox, Durability::Synced).unwrap();
        assert!(sandbox.broken().is_none());
        std::fs::remove_file(dir.path().join(CHANGES)).unwrap();
        sandbox.world(|w| w.put("t", "k", json!({"N": 1})));
        assert!(sandbox.broken().is_some());
        sandbox.world(|w| w.put("t", "k", json!({"N": 2})));
        assert!(kept.close().unwrap_err().to_string().contains("deleted or replaced"));
    }

    #[test]
    fn damage_in_the_middle_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (home, world) = Home::open(dir.path(), 1, 0).unwrap();
        let sandbox = sandbox(world);
        let kept = home.keep(&sandbox, Durability::Written).unwrap();
        for n in 0..3 {
            sandbox.world(|w| w.put("t", "k", json!({"N": n})));
        }
        drop((kept, sandbox));
        let path = dir.path().join("world.jsonl");
        let text = std::fs::read_to_string(&path).unwrap().replacen("\"N\":1", "\"N\":", 1);
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        assert_eq!(Home::open(dir.path(), 1, 0).unwrap_err().code, "M4003");
    }
}
