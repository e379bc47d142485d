//! Where a command runs: AWS in real time, or the sandbox in virtual time.

use std::{
    future::Future,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, SystemTime},
};

use aws_types::SdkConfig;
use sha2::{Digest, Sha256};

use super::{args::Global, exit::Code, sign_in};
use crate::{
    aws::{
        Cloud, Realm,
        access::{Mfa, Network, Setting, Settings, Signed, rehearsed},
    },
    clock::{Clock, SystemClock, VirtualClock, from_millis},
    error::{Class, Diagnostic},
    files,
    ledger::new_lineage,
    sandbox::{Durability, FastClock, FaultScript, Home, Kept, Sandbox, SandboxOptions},
    ui::Printer,
};

/// How often a code may be typed: each serves once, and a new one comes every 30 seconds.
const MFA_ATTEMPTS: u32 = 3;

/// The sandbox's calendar begins here, so that rehearsals do not depend on the day they are run.
const SANDBOX_EPOCH_MS: i64 = 1_767_225_600_000;

enum Driver {
    Virtual { clock: VirtualClock, killed: Arc<AtomicBool> },
    Real(Box<tokio::runtime::Runtime>),
}

/// A realm, its clock, and what drives futures in it.
pub struct Session {
    /// Where calls go.
    pub cloud: Cloud,
    /// Time.
    pub clock: Arc<dyn Clock>,
    driver: Driver,
    sandbox: Option<(Sandbox, Kept)>,
    /// Whether the sandbox's world was made by this command.
    fresh: bool,
    seed: u64,
    way: Option<Way>,
}

/// How AWS is reached.
pub(super) struct Way {
    /// Proxy and certificates.
    pub network: Arc<Network>,
    /// The region of commands without a plan, and who says so.
    pub region: Option<Setting>,
    mfa: Arc<Mfa>,
}

/// One diagnostic as a list.
pub(super) fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

impl Session {
    /// Opens the realm the command line names and asks whose account it is.
    ///
    /// # Errors
    /// No credentials, no network, or a sandbox that is in use or damaged.
    pub fn open(global: &Global, region: Option<&str>) -> Result<Self, Vec<Diagnostic>> {
        Self::open_for(global, region, None)
    }

    /// The same for a plan that belongs to an account: a new sandbox becomes that account.
    ///
    /// # Errors
    /// As [`Self::open`]. Whether the account is the right one is not judged here.
    pub fn open_for(
        global: &Global,
        region: Option<&str>,
        account: Option<&str>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut session =
            if global.sandbox { Self::sandbox(global, account)? } else { Self::aws(global, region)? };
        session.identify(global)?;
        Ok(session)
    }

    /// Asks whose account it is; on the way there, somebody may have to type the code of an MFA device.
    fn identify(&mut self, global: &Global) -> Result<(), Vec<Diagnostic>> {
        let mut printer = Printer::from_environment(global.json, global.color);
        for attempt in 1.. {
            let Self { cloud, driver, clock, way, .. } = self;
            let Err(error) = drive(driver, cloud.identify(clock.as_ref())) else { break };
            let serial = error.barrier.as_ref().and_then(|barrier| barrier.mfa.clone());
            let asked = serial.zip(way.as_ref()).filter(|_| attempt <= MFA_ATTEMPTS && printer.can_ask());
            let Some((serial, way)) = asked else {
                return Err(one(sign_in::access(&error, global, self)));
            };
            if attempt > 1 {
                printer.advise(&error.message);
            }
            let code = printer.ask(&format!("MFA code for {serial}: ")).unwrap_or_default();
            if code.trim().is_empty() {
                return Err(one(sign_in::access(&error, global, self)));
            }
            way.mfa.give(code.trim());
        }
        Ok(())
    }

    /// From now on calls whose credentials ran out wait for new ones, for up to that long.
    pub fn wait_for_keys(&self, patience: Duration) {
        if let Some(keys) = self.cloud.keys() {
            keys.wait_for(patience);
        }
    }

    /// How AWS is reached; `None` in a rehearsal.
    pub(super) fn way(&self) -> Option<&Way> {
        self.way.as_ref()
    }

    fn sandbox(global: &Global, account: Option<&str>) -> Result<Self, Vec<Diagnostic>> {
        let (home, mut world) =
            Home::open(&global.sandbox_dir, global.seed, SANDBOX_EPOCH_MS).map_err(one)?;
        let fresh = world.now() == SANDBOX_EPOCH_MS;
        // Every call moves the world's clock: at its beginning nobody has seen the account's number yet.
        if let Some(account) = account.filter(|account| *account != world.account)
            && world.now() == SANDBOX_EPOCH_MS
        {
            account.clone_into(&mut world.account);
            home.fold(&world).map_err(|error| {
                one(Diagnostic::error(
                    "M4004",
                    Class::Ledger,
                    format!("cannot write the sandbox's state: {error}"),
                ))
            })?;
        }
        let clock = VirtualClock::starting_at(from_millis(world.now()));
        // The SDK's own jitter; the same on every rehearsal.
        fastrand::seed(world.seed);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let options =
            SandboxOptions { script: script(global.faults.as_deref())?, ..SandboxOptions::default() };
        let seed = world.seed;
        let sandbox = Sandbox::with_options(world, Arc::clone(&shared), options);
        let kept = home.keep(&sandbox, Durability::Written).map_err(|error| {
            one(Diagnostic::error(
                "M4004",
                Class::Ledger,
                format!("cannot write the sandbox's state: {error}"),
            ))
        })?;
        let region = global.region.as_deref().unwrap_or("us-east-1");
        let (config, keys) = rehearsed(&sandbox.sdk_config(region), sandbox.clock());
        let cloud = Cloud::with_keys(Realm::Sandbox, config, Some(keys));
        Ok(Self {
            cloud,
            clock: shared,
            driver: Driver::Virtual { clock, killed: sandbox.killed() },
            sandbox: Some((sandbox, kept)),
            fresh,
            seed,
            way: None,
        })
    }

    fn aws(global: &Global, region: Option<&str>) -> Result<Self, Vec<Diagnostic>> {
        if global.faults.is_some() {
            let message = "--faults is for the sandbox: faults cannot be injected into AWS";
            return Err(one(Diagnostic::error("M0003", Class::Usage, message).help("add --sandbox")));
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                one(Diagnostic::error("M9001", Class::Internal, format!("cannot start: {error}")))
            })?;
        let profiles = sign_in::profiles(global)?;
        let settings = Settings { profiles: &profiles, region: global.region.as_deref().or(region) };
        // Sessions end by the wall's clock, however fast a served sandbox runs.
        let signed = runtime.block_on(settings.read(Arc::new(SystemClock)));
        let Signed { config, keys, network, mfa, region } =
            signed.map_err(|error| one(sign_in::unusable(&error)))?;
        let clock: Arc<dyn Clock> = match served_speed(&config) {
            Some(speed) => Arc::new(FastClock::starting_at(SystemClock.now(), speed)),
            None => Arc::new(SystemClock),
        };
        let cloud = Cloud::with_keys(Realm::Aws, config, Some(keys));
        Ok(Self {
            cloud,
            clock,
            driver: Driver::Real(Box::new(runtime)),
            sandbox: None,
            fresh: false,
            seed: 0,
            way: Some(Way { network, region, mfa }),
        })
    }

    /// Drives a future to its end in this realm's time.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        drive(&self.driver, future)
    }

    /// A new ledger's lineage: random for AWS, from seed and clock in the sandbox.
    #[must_use]
    pub fn lineage(&self) -> String {
        match &self.sandbox {
            None => new_lineage(),
            Some((sandbox, _)) => {
                let now = sandbox.world(|world| world.now());
                hex::encode(Sha256::digest(format!("lineage {} {now}", self.seed)))[..16].to_owned()
            }
        }
    }

    /// The time that ledgers write: the rehearsal's or the wall's, never that of a hurried server.
    #[must_use]
    pub fn ledger_clock(&self) -> Arc<dyn Clock> {
        if self.clock.is_virtual() { Arc::clone(&self.clock) } else { Arc::new(SystemClock) }
    }

    /// Whether this is a rehearsal.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Plays a hook of the plan in the rehearsal's world, and answers what it prints.
    #[must_use]
    pub fn play(&self, hook: &str, token: Option<&str>) -> String {
        let Some((sandbox, _)) = &self.sandbox else { return String::new() };
        sandbox.world(|world| crate::sandbox::play(world, hook, token))
    }

    /// Whether this is a rehearsal in a world that was empty when the command began.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// How often a live view's clock ticks.
    #[must_use]
    pub fn tick(&self) -> Option<Duration> {
        (!self.clock.is_virtual()).then_some(Duration::from_millis(500))
    }

    /// Who runs it, for the ledger's history.
    #[must_use]
    pub fn who(&self) -> String {
        if self.is_sandbox() {
            return "rehearsal".into();
        }
        match self.cloud.identity.arn.as_str() {
            "" => who(),
            arn => format!("{}, as {arn}", who()),
        }
    }

    /// What a lock file says about this process.
    #[must_use]
    pub fn holder(&self, verb: &str) -> String {
        holder(verb)
    }

    /// Folds the sandbox's world into one file.
    ///
    /// # Errors
    /// When the world could not be written.
    pub fn close(self) -> Result<(), Vec<Diagnostic>> {
        let Some((_, kept)) = self.sandbox else { return Ok(()) };
        kept.close().map_err(|error| {
            one(Diagnostic::error(
                "M4004",
                Class::Ledger,
                format!("cannot write the sandbox's state: {error}"),
            ))
        })
    }
}

/// The person at the keyboard.
pub(super) fn who() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".into());
    format!("{user}@{}, pid {}", hostname(), std::process::id())
}

/// This process, for the next one that finds the lock taken.
pub(super) fn holder(verb: &str) -> String {
    let since = crate::clock::rfc3339(SystemClock.now());
    format!("`migrate {verb}` (pid {} on {}, since {since})", std::process::id(), hostname())
}

fn drive<F: Future>(driver: &Driver, future: F) -> F::Output {
    match driver {
        Driver::Virtual { clock, killed } => clock.block_on_until(future, killed).unwrap_or_else(|_| died()),
        Driver::Real(runtime) => runtime.block_on(future),
    }
}

/// What a `crash` rule does: nothing is tidied up, as nothing would be after SIGKILL.
#[expect(clippy::disallowed_methods, clippy::exit, reason = "a rehearsed death is one")]
fn died() -> ! {
    Printer::last_words(
        "killed by a crash rule of the fault script, as SIGKILL would; run the same command again",
    );
    std::process::exit(i32::from(Code::Killed.number()))
}

fn hostname() -> String {
    hostname::get().map_or_else(|_| "this host".into(), |name| name.to_string_lossy().into_owned())
}

/// Largest fault script, in bytes.
const MAX_SCRIPT: u64 = 16 << 20;

/// Reads a script of faults; none means no trouble.
pub fn script(path: Option<&Path>) -> Result<FaultScript, Vec<Diagnostic>> {
    let Some(path) = path else { return Ok(FaultScript::default()) };
    let wrong = |why: String| {
        one(Diagnostic::error(
            "M0003",
            Class::Usage,
            format!("cannot read the fault script {}: {why}", path.display()),
        ))
    };
    let bytes = files::read_input(path, MAX_SCRIPT).map_err(|e| wrong(e.to_string()))?;
    let script: FaultScript = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    script.check().map_err(wrong)?;
    Ok(script)
}

/// How fast the served sandbox runs that these settings lead to, as `MIGRATE_SANDBOX_SPEED` says: waits are to be
/// shortened alike. The variable is for servers on this host only; with AWS itself time passes as it does.
fn served_speed(config: &SdkConfig) -> Option<u32> {
    let speed = std::env::var("MIGRATE_SANDBOX_SPEED").ok()?.parse().ok()?;
    let authority = config.endpoint_url()?.strip_prefix("http://")?;
    let host = authority.split(['/', '?']).next()?.rsplit_once(':').map_or(authority, |(host, _)| host);
    (speed > 1 && ["127.0.0.1", "localhost", "[::1]"].contains(&host)).then_some(speed)
}

/// The instant a fresh sandbox begins at, for servers.
pub(super) fn sandbox_epoch() -> SystemTime {
    from_millis(SANDBOX_EPOCH_MS)
}
