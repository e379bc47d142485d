//! `migrate sandbox`: serves, shows and resets the embedded twin.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;

use super::{
    Verdict,
    args::{Global, SandboxCommand, SandboxVerb},
    exit::Code,
    fidelity, locate,
    session::{one, sandbox_epoch, script},
    signals,
};
use crate::{
    clock::{Clock, SystemClock, from_millis, millis, rfc3339},
    error::{Class, Diagnostic},
    sandbox::{
        Door, Durability, FastClock, Functions, Home, Sandbox, SandboxOptions,
        plant::{self, Planted},
        serve,
    },
    syntax,
    ui::{Printer, table},
};

/// Runs the verb.
pub fn run(global: &Global, args: &SandboxCommand, printer: &mut Printer) -> Verdict {
    match &args.verb {
        SandboxVerb::Serve { port, bind, hosts, speed, run_functions, python } => {
            let door = Door { bind: *bind, port: *port, names: hosts.clone() };
            serving(global, door, *speed, run_functions.then_some(python), printer)
        }
        SandboxVerb::Plant { file } => plants(global, file, printer),
        SandboxVerb::Show => show(global, printer),
        SandboxVerb::Reset => reset(global, printer),
        SandboxVerb::Operations => {
            fidelity::operations(printer);
            Ok(Code::Success)
        }
        SandboxVerb::Differences => {
            fidelity::differences(printer);
            Ok(Code::Success)
        }
    }
}

/// Puts the objects of a file into the world.
fn plants(global: &Global, file: &Path, printer: &mut Printer) -> Verdict {
    let tree = syntax::read(file)?;
    let (home, mut world) =
        Home::open(&global.sandbox_dir, global.seed, millis(sandbox_epoch())).map_err(one)?;
    let planted = plant::plant(&mut world, &tree.to_json()).map_err(|why| {
        let error = Diagnostic::error("M4006", Class::Plan, format!("{}: {why}", file.display()));
        one(error.help("nothing was put into the sandbox; correct the file and plant it again"))
    })?;
    home.fold(&world).map_err(|error| {
        let message = format!("cannot write {}: {error}", global.sandbox_dir.display());
        one(Diagnostic::error("M4004", Class::Ledger, message))
    })?;
    if printer.is_json() {
        let names =
            |wanted: fn(&Planted) -> Option<&String>| planted.iter().filter_map(wanted).collect::<Vec<_>>();
        let new = names(|one| if let Planted::New(name) = one { Some(name) } else { None });
        let kept = names(|one| if let Planted::Kept(name) = one { Some(name) } else { None });
        printer.json(&json!({"format": 1, "planted": new, "kept": kept}));
        return Ok(Code::Success);
    }
    for one in &planted {
        match one {
            Planted::New(name) => printer.out(&format!("+ {name}\n")),
            Planted::Kept(name) => printer.out(&format!("= {name}, which is there already\n")),
        }
    }
    Ok(Code::Success)
}

fn show(global: &Global, printer: &mut Printer) -> Verdict {
    // Only read: a served world can be looked at while it runs.
    let world = Home::peek(&global.sandbox_dir, global.seed, millis(sandbox_epoch())).map_err(one)?;
    let (census, originals) = (world.census(), world.originals());
    if printer.is_json() {
        printer.json(&json!({
            "format": 1, "account": world.account, "now": rfc3339(from_millis(world.now())), "seed": world.seed,
            "objects": census, "originals": originals, "memories": world.memories(),
        }));
        return Ok(Code::Success);
    }
    printer.paragraph(&format!(
        "SANDBOX account {}, its clock shows {}, kept in {}\n",
        world.account,
        rfc3339(from_millis(world.now())),
        global.sandbox_dir.display()
    ));
    if census.is_empty() {
        printer.out("the account is empty\n");
    } else {
        let rows: Vec<Vec<String>> =
            census.into_iter().map(|(name, count)| vec![name, count.to_string()]).collect();
        printer.out(&table(&["table", "objects"], &rows, printer.table_width()));
    }
    let originals: usize = originals.values().sum();
    if originals > 0 {
        printer.out("\n");
        printer.paragraph(&format!(
            "and {originals} objects that every account has from the start (default VPCs and what is in them)"
        ));
    }
    let memories: usize = world.memories().values().sum();
    if memories > 0 {
        printer.out("\n");
        printer.paragraph(&format!(
            "and {memories} records of the past (events, deleted objects that AWS keeps describing)"
        ));
    }
    Ok(Code::Success)
}

fn reset(global: &Global, printer: &mut Printer) -> Verdict {
    let dir = &global.sandbox_dir;
    // Opening takes the lock: a world in use is not pulled away from under its user. A damaged one may go.
    let opened = Home::open(dir, global.seed, millis(sandbox_epoch()));
    if let Err(problem) = &opened
        && problem.class == Class::Locked
    {
        return Err(one(problem.clone()));
    }
    for file in ["world.json", "world.jsonl"] {
        match fs::remove_file(dir.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let message = format!("cannot delete {}: {error}", dir.join(file).display());
                return Err(one(Diagnostic::error("M4004", Class::Ledger, message)));
            }
            _ => {}
        }
    }
    drop(opened);
    let gone = locate::discard(dir).map_err(|error| {
        let message = format!("cannot delete the ledgers in {}: {error}", dir.display());
        one(Diagnostic::error("M4004", Class::Ledger, message))
    })?;
    let ledgers = match gone {
        0 => String::new(),
        1 => "; the ledger of its one plan is gone with it".to_owned(),
        many => format!("; the ledgers of its {many} plans are gone with it"),
    };
    printer.talk(&format!("the sandbox is an empty account again{ledgers}\n"));
    Ok(Code::Success)
}

/// Functions whose code is run, and a word about what that means.
fn functions(
    global: &Global,
    python: &Path,
    bind: IpAddr,
    printer: &mut Printer,
) -> Result<Arc<Functions>, Vec<Diagnostic>> {
    let functions = Functions::new(python, &global.sandbox_dir.join("functions")).map_err(|error| {
        let message = format!("--run-functions: {} cannot be used: {error}", python.display());
        one(Diagnostic::error("M4007", Class::Usage, message).help(
            "name an interpreter with --python PROGRAM, for example that of a virtual environment with boto3",
        ))
    })?;
    printer.advise(&format!(
        "Warning: functions are really run (--run-functions): their Python code starts as your user on this machine, with {}, \
         without your environment and credentials, and is ended with its timeout and with this server. It is not confined{}.",
        python.display(),
        if bind.is_loopback() { "" } else { ", and whoever reaches this address can deploy and run code" }
    ));
    Ok(Arc::new(functions))
}

/// Where the sandbox is reached from this machine.
fn endpoint(address: SocketAddr) -> String {
    let local: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(local, address.port()))
}

fn serving(
    global: &Global,
    door: Door,
    speed: u32,
    python: Option<&PathBuf>,
    printer: &mut Printer,
) -> Verdict {
    let (bind, port) = (door.bind, door.port);
    let trouble = |error: std::io::Error| {
        one(Diagnostic::error(
            "M4005",
            Class::Access,
            format!("cannot serve on {bind}, port {port}: {error}"),
        )
        .help("choose another with --port N, or 0 for a free one"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(trouble)?;
    // A new world begins now: clients bring timestamps of their own clocks. A rehearsal's begins at its epoch.
    let today = millis(SystemClock.now());
    let (home, mut world) = Home::open(&global.sandbox_dir, global.seed, today).map_err(one)?;
    world.keep_date(today, speed);
    let clock: Arc<dyn Clock> = Arc::new(FastClock::starting_at(from_millis(world.now()), speed));
    let options = SandboxOptions { script: script(global.faults.as_deref())?, ..SandboxOptions::default() };
    let sandbox = Sandbox::with_options(world, clock, options);
    let kept = home.keep(&sandbox, Durability::Synced).map_err(trouble)?;
    if !bind.is_loopback() {
        printer.advise(&format!(
            "Warning: whoever reaches {bind} can read and change this sandbox, its secrets included; no credentials are \
             checked."
        ));
    }
    let functions = python.map(|python| functions(global, python, bind, printer)).transpose()?;
    if let Some(functions) = &functions {
        sandbox.run_functions(Arc::clone(functions));
    }
    let attended = async {
        match &functions {
            Some(functions) => functions.attend(&sandbox).await,
            None => std::future::pending().await,
        }
    };
    let serving = serve(
        sandbox.clone(),
        door,
        |address| {
            if let Some(functions) = &functions {
                functions.serve_at(endpoint(address));
            }
            printer.out(&format!("http://{address}\n"));
            // `migrate` itself then waits as much shorter as lifecycles are.
            let hurry = if speed > 1 { format!(" MIGRATE_SANDBOX_SPEED={speed}") } else { String::new() };
            printer.talk(&format!(
                "The sandbox serves on http://{address}, {speed} times as fast as real life. In another shell:\n\
                 \n  export AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=test \
                 AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1{hurry}\n\n\
                 Dates are those of the wall clock; lifecycles pass {speed} times as fast, so a database that \
                 takes 7 minutes is ready in {} s.\n\
                 Ctrl-C ends it; its state is kept in {}.\n",
                (420 / u64::from(speed)).max(1), global.sandbox_dir.display()
            ));
        },
        signals::any(),
    );
    let served = runtime.block_on(async {
        tokio::select! {
            served = serving => served,
            () = attended => Ok(()),
        }
    });
    if let Some(functions) = &functions {
        functions.end();
    }
    kept.close().map_err(trouble)?;
    served.map_err(trouble)?;
    Ok(Code::Success)
}
