//! From the command line to a verb, and from its verdict to an exit code.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command as Process, ExitCode},
    sync::Arc,
};

use clap::{CommandFactory as _, FromArgMatches as _};

use super::{
    Verdict,
    args::{self, Cli, Command},
    destroy, exit, forget, graph, import, ledger, logging, operate, outputs, pages, plan, refresh, sandbox,
    show, signals, status, synonyms,
    typed::Typed,
    types, up, validate, whoami,
};
use crate::{
    aws::access::empty_endpoints,
    error::{Class, Diagnostic},
    ui::Printer,
};

/// Starts the program anew without environment variables that are set, empty, and mean "not set" to the AWS CLI. An
/// environment cannot be changed safely in a running process.
fn without_empty_endpoints() {
    let empty = empty_endpoints();
    let Some(program) = std::env::current_exe().ok().filter(|_| !empty.is_empty()) else { return };
    let mut command = Process::new(program);
    let mut arguments = std::env::args_os();
    command.arg0(arguments.next().unwrap_or_default()).args(arguments);
    empty.iter().for_each(|name| {
        command.env_remove(name);
    });
    // It only returns where it fails, and then this process does what it can.
    drop(command.exec());
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    without_empty_endpoints();
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        let mut cli = Cli::from_arg_matches(&matches)?;
        cli.global.typed = Arc::new(Typed::of(&matches));
        Ok(cli)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(mut error) => {
            synonyms::propose(&mut error);
            // Help and version are answers, not mistakes; clap chooses the stream.
            let _ = error.print();
            return if error.use_stderr() { exit::Code::Usage.into() } else { exit::Code::Success.into() };
        }
    };
    signals::outlive_file_limits();
    let mut cli = cli;
    cli.global.json |= cli.global.output == args::Format::Json;
    let mut printer = Printer::from_environment(cli.global.json, cli.global.color);
    if cli.global.output == args::Format::Wide {
        printer.widen();
    }
    if streams(&cli.command) {
        printer.by_line();
    }
    synonyms::tip(cli.global.typed.verb(), &mut printer);
    let typed = Arc::clone(&cli.global.typed);
    printer.complete_with(move |text| typed.complete(text));
    let begun = logging::begin(cli.global.verbose, cli.global.log_file.as_deref());
    let code = match begun.and_then(|()| dispatch(&cli, &mut printer)) {
        Ok(code) => code,
        Err(diagnostics) => {
            let code = exit::Code::of(&diagnostics);
            printer.diagnostics(&diagnostics);
            code
        }
    };
    finished(code, &mut printer).into()
}

/// Whether a verb's data is events, one a line.
fn streams(command: &Command) -> bool {
    match command {
        Command::Up(args) => !args.dry_run,
        Command::Destroy(args) => !args.dry_run,
        _ => false,
    }
}

/// What could not be written was not said: no script may take that for success.
fn finished(code: exit::Code, printer: &mut Printer) -> exit::Code {
    let Some(why) = printer.unwritten() else { return code };
    let message = format!("standard output cannot be written: {why}");
    let help =
        "what was done is done, and stands in the ledger; make room, and ask again with `migrate status`";
    printer.diagnostics(&[Diagnostic::error("M0010", Class::Output, message).help(help)]);
    if matches!(code, exit::Code::Success | exit::Code::Changes) { exit::Code::Output } else { code }
}

fn dispatch(cli: &Cli, printer: &mut Printer) -> Verdict {
    match &cli.command {
        Command::Validate(args) => validate::run(&cli.global, args, printer),
        Command::Plan(args) => plan::run(&cli.global, args, printer),
        Command::Up(args) => up::run(&cli.global, args, printer),
        Command::Show(args) => show::run(&cli.global, args, printer),
        Command::Status(args) => status::run(&cli.global, args, printer),
        Command::Outputs(args) => outputs::run(&cli.global, args, printer),
        Command::Destroy(args) => destroy::run(&cli.global, args, printer),
        Command::Refresh(args) => refresh::run(&cli.global, args, printer),
        Command::Import(args) => import::run(&cli.global, args, printer),
        Command::Forget(args) => forget::run(&cli.global, args, printer),
        Command::Types(args) => types::run(args, printer),
        Command::Explain(args) => validate::explain(args, printer),
        Command::Graph(args) => graph::run(&cli.global, args, printer),
        Command::Replicate(args) => operate::replicate::run(&cli.global, args, printer),
        Command::Lag(args) => operate::lag::lag(&cli.global, args, printer),
        Command::Verify(args) => operate::lag::verify(&cli.global, args, printer),
        Command::Shift(args) => operate::shift::run(&cli.global, args, printer),
        Command::Cutover(args) => operate::cutover::run(&cli.global, args, printer),
        Command::Rollback(args) => operate::rollback::run(&cli.global, args, printer),
        Command::Finalize(args) => operate::rollback::finalize(&cli.global, args, printer),
        Command::Approve(args) => operate::cutover::approve(&cli.global, args, printer),
        Command::Reconcile(args) => operate::cutover::reconcile(&cli.global, args, printer),
        Command::Watch(args) => operate::watch::run(&cli.global, args, printer),
        Command::Runbook(args) => operate::runbook::run(&cli.global, args, printer),
        Command::Evidence(args) => operate::evidence::run(&cli.global, args, printer),
        Command::Whoami => whoami::run(&cli.global, printer),
        Command::Ledger(args) => ledger::run(&cli.global, args, printer),
        Command::Sandbox(args) => sandbox::run(&cli.global, args, printer),
        Command::Pages(args) => pages::run(args, printer),
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION");
            if printer.is_json() {
                printer.json(&serde_json::json!({"format": 1, "version": version}));
            } else {
                printer.out(&format!("migrate {version}\n"));
            }
            Ok(exit::Code::Success)
        }
        Command::Completions(args) => {
            let mut command = Cli::command();
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut command, "migrate", &mut script);
            printer.out(&String::from_utf8_lossy(&script));
            Ok(exit::Code::Success)
        }
    }
}
