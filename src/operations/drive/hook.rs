//! Runs a hook: a command of the plan's own, never through a shell, or a Lambda function.

use std::{
    io::{self, Read as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, Sdk, op},
    operations::discover::Function,
};

/// How long a hook may run, in seconds of real time, unless the plan says otherwise.
pub const LIMIT_S: u64 = 300;
/// What is kept of its output, in bytes.
const OUTPUT: u64 = 65_536;

/// How it ended.
pub struct Ran {
    /// Its exit code; `None` when it was killed.
    pub exit: Option<i32>,
    /// The beginning of what it printed.
    pub output: String,
}

/// Runs it to its end, or to its limit.
///
/// # Errors
/// When it cannot be started.
pub fn run(argv: &[String], folder: &Path, variables: &[(&str, &str)], limit_s: u64) -> io::Result<Ran> {
    let (command, arguments) = argv
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no command"))?;
    let program =
        if command.contains('/') { folder.join(command).into_os_string() } else { command.clone().into() };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A group of its own: what it starts ends with it, and Ctrl-C in the terminal is for us to answer.
        .process_group(0)
        .spawn()?;
    let (said, heard) = mpsc::channel();
    if let Some(pipe) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut pipe = pipe.take(OUTPUT);
            let _ = pipe.read_to_end(&mut bytes);
            let _ = said.send(String::from_utf8_lossy(&bytes).into_owned());
            // What is beyond the limit is read, so that the command does not stand still.
            let _ = io::copy(&mut pipe.into_inner(), &mut io::sink());
        });
    }
    let (tick, mut output, mut waited) = (Duration::from_millis(50), None, Duration::ZERO);
    let exit = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if waited >= Duration::from_secs(limit_s) {
            end(&mut child)?;
            break None;
        }
        match heard.recv_timeout(tick) {
            Ok(text) => output = Some(text),
            // Its output has ended, it has not.
            Err(mpsc::RecvTimeoutError::Disconnected) => std::thread::park_timeout(tick),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        waited += tick;
    };
    let output = output.or_else(|| heard.recv_timeout(Duration::from_secs(1)).ok()).unwrap_or_default();
    Ok(Ran { exit, output })
}

/// What a function is told: what a command finds in its environment, in small letters and without `MIGRATE_`, and which hook
/// it is.
pub fn payload(function: &Function, variables: &[(&str, &str)]) -> Json {
    let named = |name: &str| name.trim_start_matches("MIGRATE_").to_ascii_lowercase();
    let mut all: serde_json::Map<String, Json> =
        variables.iter().map(|(name, value)| (named(name), json!(value))).collect();
    all.insert("hook".into(), json!(function.hook));
    Json::Object(all)
}

/// What a function's answer stands for. An object with `exit` says what a command says with its exit code and, as `output`,
/// with what it prints; any other answer is what it prints, a text without its quotes.
fn answered(failed: bool, answer: &[u8]) -> Ran {
    let text = || String::from_utf8_lossy(answer).chars().take(OUTPUT as usize).collect::<String>();
    if failed {
        // Neither open nor closed: what a function raises is no verdict.
        return Ran { exit: Some(2), output: text() };
    }
    let printed = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match serde_json::from_slice::<Json>(answer) {
        Ok(Json::Null) => Ran { exit: Some(0), output: String::new() },
        Ok(value) if value["exit"].is_i64() => {
            let exit = value["exit"].as_i64().and_then(|code| i32::try_from(code).ok());
            let output = if value["output"].is_null() { String::new() } else { printed(&value["output"]) };
            Ran { exit: Some(exit.unwrap_or(2)), output }
        }
        Ok(value) => Ran { exit: Some(0), output: printed(&value) },
        Err(_) => Ran { exit: Some(0), output: text() },
    }
}

/// Invokes a function and waits for its answer. Like a command it must be repeatable: an answer that is lost leaves open
/// whether it ran.
///
/// # Errors
/// When it cannot be invoked.
pub async fn invoke(
    sdk: &Sdk,
    function: &Function,
    variables: &[(&str, &str)],
    limit_s: u64,
) -> Result<Ran, OpError> {
    let limit = Duration::from_secs(limit_s);
    let timeouts = TimeoutConfig::builder().read_timeout(limit).operation_attempt_timeout(limit).build();
    let patient = aws_sdk_lambda::config::Config::builder().timeout_config(timeouts);
    let call = sdk.lambda().invoke().function_name(&function.name);
    let payload = payload(function, variables).to_string();
    let answer = call.payload(payload.into_bytes().into()).customize().config_override(patient).send().await;
    let answer = answer.map_err(op("Invoke"))?;
    let body = answer.payload.map(aws_sdk_lambda::primitives::Blob::into_inner).unwrap_or_default();
    Ok(answered(answer.function_error.is_some(), &body))
}

/// Ends a command and everything that it has started.
fn end(child: &mut Child) -> io::Result<()> {
    // The standard library signals single processes only; where there is no `kill`, at least the command itself ends.
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).stderr(Stdio::null()).status();
    child.kill()?;
    child.wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Ran {
        let argv = ["sh", "-c", script].map(ToOwned::to_owned);
        run(&argv, Path::new("/"), &[("MIGRATE_OP", "cutover")], 1).unwrap()
    }

    #[test]
    fn a_hook_tells_its_exit_code_and_what_it_printed() {
        let ran = sh("echo \"$MIGRATE_OP\"; exit 3");
        assert_eq!((ran.exit, ran.output.trim()), (Some(3), "cutover"));
        assert!(run(&["./not/there".to_owned()], Path::new("/"), &[], 1).is_err());
        assert!(run(&[], Path::new("/"), &[], 1).is_err());
    }

    #[test]
    fn a_functions_answer_says_what_a_command_says() {
        let said = |failed: bool, answer: &str| {
            let ran = answered(failed, answer.as_bytes());
            (ran.exit, ran.output)
        };
        assert_eq!(said(false, "null"), (Some(0), String::new()));
        assert_eq!(said(false, "\"0/16B3748\""), (Some(0), "0/16B3748".into()));
        assert_eq!(said(false, r#"{"exit": 1, "output": "busy"}"#), (Some(1), "busy".into()));
        assert_eq!(said(false, r#"{"rows": 3}"#), (Some(0), r#"{"rows":3}"#.into()));
        assert_eq!(said(true, r#"{"errorMessage": "no"}"#).0, Some(2), "an exception is no verdict");
        let function = Function { hook: "checks".into(), region: "us-east-1".into(), name: "f".into() };
        let told = payload(&function, &[("MIGRATE_OP", "cutover"), ("MIGRATE_TOKEN", "t")]);
        assert_eq!(told, json!({"hook": "checks", "op": "cutover", "token": "t"}));
    }

    #[test]
    fn a_hook_that_hangs_ends_with_everything_that_it_started() {
        let marker = format!("{}.{}", 86_400, std::process::id());
        let ran = sh(&format!("echo begun; sleep {marker} & wait"));
        assert_eq!((ran.exit, ran.output.trim()), (None, "begun"));
        let all = Command::new("ps").args(["-eo", "args"]).output().unwrap().stdout;
        assert!(!String::from_utf8_lossy(&all).contains(&format!("sleep {marker}")), "its child is alive");
    }

    #[test]
    fn a_hook_that_prints_without_end_is_cut_off_and_not_blocked() {
        let ran = sh("head -c 3000000 /dev/zero | tr '\\0' x; exit 0");
        assert_eq!(ran.exit, Some(0));
        assert!(ran.output.len() <= 65_536);
    }
}
