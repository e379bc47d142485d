//! Ctrl-C, SIGTERM and SIGHUP (a terminal that was closed, a connection that broke) become levels of [`Stop`].

use crate::engine::Stop;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Code;

/// What asks a process to end.
struct Signals([Signal; 3]);

impl Signals {
    /// Needs a runtime; `None` where the system refuses handlers.
    fn listen() -> Option<Self> {
        let of = |kind| signal(kind).ok();
        Some(Self([of(SignalKind::interrupt())?, of(SignalKind::terminate())?, of(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Ends with the first signal that asks the process to end.
pub async fn any() {
    match Signals::listen() {
        Some(mut signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

/// Listens on a thread of its own, so that it works in virtual time too. The third signal ends the process
/// where it stands; the journal covers that.
pub fn listen(stop: &Stop) {
    let stop = stop.clone();
    let spawned = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            let Some(mut signals) = Signals::listen() else { return };
            loop {
                signals.next().await;
                if stop.raise() >= 3 {
                    leave();
                }
            }
        });
    });
    if let Err(error) = spawned {
        tracing::warn!("signals end the process immediately: {error}");
    }
}

/// `SIGXFSZ` on Linux and macOS: a file reached its size limit.
const FILE_TOO_LARGE: i32 = 25;

/// Makes a write beyond the limit on the size of files fail with an error, instead of ending the process unsaid.
pub fn outlive_file_limits() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        // The handler outlives the stream that is dropped here.
        if let Err(error) = signal(SignalKind::from_raw(FILE_TOO_LARGE)) {
            tracing::warn!("a file beyond its size limit ends the process: {error}");
        }
    });
}

#[expect(clippy::disallowed_methods, clippy::exit, reason = "the third signal means: at once")]
fn leave() {
    std::process::exit(i32::from(Code::Stopped.number()));
}
