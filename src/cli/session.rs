//! Where a command runs: AWS in real time, or the sandbox in virtual time.

use std::{
    fs,
    future::Future,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use sha2::{Digest, Sha256};

use super::args::Global;
use crate::{
    aws::{Certainty, Cloud, OpError, Realm},
    clock::{Clock, SdkTime, SystemClock, VirtualClock, from_millis},
    error::{Class, Diagnostic},
    files,
    ledger::new_lineage,
    sandbox::{Durability, FastClock, FaultScript, Home, Kept, Sandbox, SandboxOptions},
};

/// The sandbox's calendar begins here, so that rehearsals do not depend on the day they are run.
const SANDBOX_EPOCH_MS: i64 = 1_767_225_600_000;

enum Driver {
    Virtual(VirtualClock),
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
        let Self { cloud, driver, clock, .. } = &mut session;
        drive(driver, cloud.identify(clock.as_ref())).map_err(|error| one(access(&error, global)))?;
        Ok(session)
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
        let cloud =
            Cloud::new(Realm::Sandbox, sandbox.sdk_config(global.region.as_deref().unwrap_or("us-east-1")));
        Ok(Self {
            cloud,
            clock: shared,
            driver: Driver::Virtual(clock),
            sandbox: Some((sandbox, kept)),
            fresh,
            seed,
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
        let config = runtime.block_on(aws_settings(global, region));
        let clock: Arc<dyn Clock> = match served_speed(&config) {
            Some(speed) => Arc::new(FastClock::starting_at(SystemClock.now(), speed)),
            None => Arc::new(SystemClock),
        };
        let cloud = Cloud::new(Realm::Aws, config);
        Ok(Self {
            cloud,
            clock,
            driver: Driver::Real(Box::new(runtime)),
            sandbox: None,
            fresh: false,
            seed: 0,
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
        who()
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
        Driver::Virtual(clock) => clock.block_on(future),
        Driver::Real(runtime) => runtime.block_on(future),
    }
}

fn hostname() -> String {
    fs::read_to_string("/etc/hostname").map_or_else(|_| "this host".into(), |name| name.trim().to_owned())
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

/// The user's own AWS configuration: environment, profiles, roles, SSO, endpoints. Retries are the engine's.
async fn aws_settings(global: &Global, region: Option<&str>) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .operation_attempt_timeout(Duration::from_secs(90))
        .build();
    let time = SdkTime(Arc::new(SystemClock));
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .time_source(time.clone())
        .sleep_impl(time);
    if let Some(profile) = &global.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let config = loader.load().await;
    // To the AWS CLI an empty AWS_ENDPOINT_URL (or `endpoint_url =` in a profile) is none; the SDK's clients would
    // panic on it.
    if config.endpoint_url().is_some_and(str::is_empty) {
        let mut builder = config.into_builder();
        builder.set_endpoint_url(None);
        return builder.build();
    }
    config
}

/// How fast the served sandbox runs that these settings lead to, as `MIGRATE_SANDBOX_SPEED` says: waits are to be
/// shortened alike. The variable is for servers on this host only; with AWS itself time passes as it does.
fn served_speed(config: &SdkConfig) -> Option<u32> {
    let speed = std::env::var("MIGRATE_SANDBOX_SPEED").ok()?.parse().ok()?;
    let authority = config.endpoint_url()?.strip_prefix("http://")?;
    let host = authority.split(['/', '?']).next()?.rsplit_once(':').map_or(authority, |(host, _)| host);
    (speed > 1 && ["127.0.0.1", "localhost", "[::1]"].contains(&host)).then_some(speed)
}

/// Why AWS cannot be used, with the next thing to try.
pub(super) fn access(error: &OpError, global: &Global) -> Diagnostic {
    let text = format!("{error}");
    let lower = text.to_lowercase();
    let (code, message, help) = if error.is_credentials() {
        (
            "M6002",
            format!("AWS refuses the credentials: {text}"),
            "log in again (`aws sso login`, or renew the keys)",
        )
    } else if lower.contains("no credentials found")
        || (lower.contains("credential") && !lower.contains("dispatch"))
    {
        // The chain's own report lists every provider that is not set up; the first line is all a reader needs.
        (
            "M6001",
            format!("there are no usable AWS credentials: {}", text.lines().next().unwrap_or_default()),
            "configure them as for the AWS CLI (environment, profile, SSO), or rehearse with --sandbox",
        )
    } else if error.is_throttle() {
        (
            "M6005",
            format!("AWS answers too many requests at the moment: {text}"),
            "run the same command again in a minute",
        )
    } else if error.code.is_some() && error.certainty == Certainty::Unknown {
        ("M6005", format!("AWS has an error of its own: {text}"), "run the same command again in a minute")
    } else if error.code.is_some() {
        ("M6004", format!("AWS does not let these credentials in: {text}"), "check the role's permissions")
    } else {
        (
            "M6003",
            format!("AWS cannot be reached: {text}"),
            "check network, proxy and AWS_ENDPOINT_URL, or rehearse with --sandbox",
        )
    };
    let diagnostic = Diagnostic::error(code, Class::Access, message).request(error.request_id.clone());
    match &global.profile {
        Some(profile) => diagnostic.help(format!("{help} (profile `{profile}`)")),
        None => diagnostic.help(help),
    }
}

/// The instant a fresh sandbox begins at, for servers.
pub(super) fn sandbox_epoch() -> SystemTime {
    from_millis(SANDBOX_EPOCH_MS)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn what_passes_is_no_refusal() {
        let global = Cli::parse_from(["migrate", "types"]).global;
        let told = |code: &str, certainty| {
            let error =
                OpError { code: Some(code.into()), certainty, ..OpError::not_sent("GetCallerIdentity", "m") };
            access(&error, &global).code
        };
        assert_eq!(told("Throttling", Certainty::Rejected), "M6005");
        assert_eq!(told("ServiceUnavailable", Certainty::Unknown), "M6005");
        assert_eq!(told("AccessDenied", Certainty::Rejected), "M6004");
        assert_eq!(told("ExpiredToken", Certainty::Rejected), "M6002");
    }
}
