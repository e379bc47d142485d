//! Ctrl-C and SIGTERM become levels of [`Stop`].

use crate::engine::Stop;

use super::exit::Code;

/// Listens on a thread of its own, so that it works in virtual time too. The third signal ends the process
/// where it stands; the journal covers that.
pub fn listen(stop: &Stop) {
    let stop = stop.clone();
    let spawned = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if stop.raise() >= 3 {
                    leave();
                }
            }
        });
    });
    if let Err(error) = spawned {
        tracing::warn!("signals end the process at once: {error}");
    }
}

/// `SIGXFSZ` on Linux and macOS: a file reached its size limit.
const FILE_TOO_LARGE: i32 = 25;

/// Makes a write beyond the limit on the size of files fail with an error, instead of ending the process unsaid.
pub fn outlive_file_limits() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
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
