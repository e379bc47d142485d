//! What `-v`, `-vv`, `--log-file` and `MIGRATE_LOG` show: steps, calls with their operation, duration, attempt and
//! request id. Never properties, requests or answers.

use std::{path::Path, sync::Mutex};

use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use super::session::one;
use crate::{
    error::{Class, Diagnostic},
    files,
};

/// Starts logging: to stderr, or to the end of a file. `MIGRATE_LOG` takes the filter syntax of `tracing` and wins over
/// `-v`; a log file without either gets everything that `-vv` shows.
///
/// # Errors
/// A file that cannot be written, or a filter that cannot be read.
pub fn begin(verbose: u8, file: Option<&Path>) -> Result<(), Vec<Diagnostic>> {
    let level = match (verbose, file) {
        (0, None) => "off",
        (1, _) => "migrate=info",
        (0, Some(_)) | (2, _) => "migrate=debug,aws_config=info",
        _ => "debug",
    };
    let filter = match std::env::var("MIGRATE_LOG").ok().filter(|filter| !filter.is_empty()) {
        None => EnvFilter::new(level),
        Some(filter) => EnvFilter::try_new(&filter).map_err(|error| {
            let message = format!("MIGRATE_LOG `{filter}` is no filter: {error}");
            one(Diagnostic::error("M0002", Class::Usage, message)
                .help("for example: MIGRATE_LOG=migrate=debug"))
        })?,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer();
    let begun = match file {
        None => registry.with(lines.with_writer(std::io::stderr).with_filter(filter_fn(harmless))).try_init(),
        Some(path) => {
            let file = files::open_private(path, true).map_err(|error| {
                let message = format!("cannot write {}: {error}", path.display());
                one(Diagnostic::error("M0004", Class::Usage, message)
                    .help("name another file with --log-file"))
            })?;
            let lines = lines.with_ansi(false).with_writer(Mutex::new(file));
            registry.with(lines.with_filter(filter_fn(harmless))).try_init()
        }
    };
    // Only a second call in one process fails, and then the first has begun.
    drop(begun);
    Ok(())
}

/// The SDK's and the HTTP client's finest levels hold whole requests and answers, secrets included: they are never
/// shown, whatever the filter asks for.
fn harmless(about: &tracing::Metadata<'_>) -> bool {
    let ours = about.target().split("::").next() == Some("migrate");
    ours || *about.level()
        <= if carries_bodies(about.target()) { tracing::Level::INFO } else { tracing::Level::DEBUG }
}

/// Crates that see what is sent and received.
fn carries_bodies(target: &str) -> bool {
    ["aws_smithy", "aws_runtime", "aws_sdk", "hyper", "h2", "rustls"]
        .iter()
        .any(|name| target.starts_with(name))
}
