//! Values of a plan's parameters that stand on no command line.

use std::io::BufRead as _;

use super::{args::PlanArgs, session::one};
use crate::error::{Class, Diagnostic};

/// Values of parameters: as typed, from the environment, from standard input.
///
/// # Errors
/// A variable that is not set, or input that has ended.
pub(super) fn of(args: &PlanArgs) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut set = args.set.clone();
    let unread =
        |message: String, help: &str| one(Diagnostic::error("M0011", Class::Usage, message).help(help));
    for word in &args.set_env {
        let (key, variable) = word.split_once('=').unwrap_or((word, word.rsplit('.').next().unwrap_or(word)));
        let value = std::env::var(variable).map_err(|error| {
            let message =
                format!("--set-from-env {key}: the environment variable `{variable}` is unusable: {error}");
            unread(message, "export it, or name another one: --set-from-env KEY=VARIABLE")
        })?;
        set.push(format!("{key}={value}"));
    }
    for key in &args.set_stdin {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string());
        let read = read.and_then(|bytes| if bytes == 0 { Err("it has ended".to_owned()) } else { Ok(()) });
        read.map_err(|why| {
            let message = format!("--set-from-stdin {key}: standard input cannot be read: {why}");
            unread(message, "give one line for each --set-from-stdin, in their order")
        })?;
        let value =
            line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        set.push(format!("{key}={value}"));
    }
    Ok(set)
}
