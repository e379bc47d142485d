//! The sandbox as a whole: a world, a clock, scripted faults, a log of requests.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use bytes::Bytes;
use http::Response;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{
    Fault, Kind, Lag, Reply, Request, World,
    codec::{self, Call, Incoming, Unroutable},
    connector::Connector,
    faults::{self, Action, FaultScript, Faults, Moment, Subject},
    functions::Functions,
    latency,
    services::{self, SERVICES, Service},
    throttle::Throttles,
    world::Delta,
};
use crate::clock::{Clock, SdkTime, millis};

/// How a sandbox behaves besides its world.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rate limits.
    pub throttles: Throttles,
    /// How far reads of `ec2` and `iam` lag behind writes.
    pub read_lag: Lag,
    /// How long `ec2` and `iam` answer deletes of a new object as if there were none, in milliseconds.
    pub delete_lag: i64,
    /// Whether calls take time on the clock.
    pub latency: bool,
    /// Scripted trouble.
    pub script: FaultScript,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            throttles: Throttles::aws(),
            read_lag: Lag::Drawn,
            delete_lag: 0,
            latency: true,
            script: FaultScript::default(),
        }
    }
}

/// One line of the request log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The service's name in the sandbox.
    pub service: String,
    /// The operation; empty if the request named none.
    pub operation: String,
    /// The region it was signed for.
    pub region: String,
    /// Read or write; `None` for operations the sandbox does not implement.
    pub kind: Option<Kind>,
    /// When it came in, in milliseconds since the epoch.
    pub start: i64,
    /// `None` is success, otherwise AWS's code, or what a fault script did (`lose-answer`).
    pub code: Option<String>,
    /// Whether the world was changed on its behalf.
    pub mutating: bool,
}

/// How a request ends.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Answer(Response<Bytes>),
    /// The connection is reset.
    Reset,
    /// The client gives up waiting.
    Timeout,
    /// The simulated client is dead: nobody is left to answer.
    Killed,
}

/// Is told of every change of the world, before the caller is answered; fails when it cannot keep it.
pub type Sink = Box<dyn FnMut(&World, Delta) -> io::Result<()> + Send>;

/// Most requests that the log holds; a server forgets older ones.
const LOG: usize = 100_000;

struct State {
    world: World,
    options: Options,
    faults: Faults,
    log: VecDeque<Logged>,
    calls: u64,
    /// Access keys that a script let run out.
    expired: BTreeSet<String>,
    sink: Option<Sink>,
    /// Why changes are no longer kept: then nothing is answered as if it had happened.
    broken: Option<String>,
}

impl State {
    fn flush(&mut self) {
        match &mut self.sink {
            Some(sink) => {
                if let Some(delta) = self.world.take_delta()
                    && let Err(error) = sink(&self.world, delta)
                {
                    self.broken.get_or_insert_with(|| error.to_string());
                }
            }
            None => self.world.forget_delta(),
        }
    }
}

struct Inner {
    state: Mutex<State>,
    services: &'static [Service],
    clock: Arc<dyn Clock>,
    killed: Arc<AtomicBool>,
    functions: OnceLock<Arc<Functions>>,
}

/// The embedded AWS twin. Clones share one world.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sandbox")
    }
}

impl Sandbox {
    /// A sandbox around a world, with AWS's limits and lags.
    #[must_use]
    pub fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        Self::with_options(world, clock, Options::default())
    }

    /// A sandbox around a world.
    #[must_use]
    pub fn with_options(world: World, clock: Arc<dyn Clock>, options: Options) -> Self {
        Self::with_services(world, clock, options, SERVICES)
    }

    /// A sandbox that has other services than the usual ones.
    #[must_use]
    pub fn with_services(
        world: World,
        clock: Arc<dyn Clock>,
        options: Options,
        services: &'static [Service],
    ) -> Self {
        let faults = Faults::new(options.script.clone());
        let state = State {
            world,
            options,
            faults,
            log: VecDeque::new(),
            calls: 0,
            expired: BTreeSet::new(),
            sink: None,
            broken: None,
        };
        let killed = Arc::new(AtomicBool::new(false));
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            services,
            clock,
            killed,
            functions: OnceLock::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in an operation is a defect that its test reports; the rest of the world stays usable.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes the world directly, as of now.
    pub fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let now = millis(self.0.clock.now());
        let mut guard = self.lock();
        let state = &mut *guard;
        state.world.advance_to(now);
        let answer = act(&mut state.world);
        state.flush();
        answer
    }

    /// Sets what is told of every change.
    pub fn set_sink(&self, sink: Sink) {
        self.lock().sink = Some(sink);
    }

    /// From now on `Invoke` runs code. It needs a tokio runtime around the sandbox.
    pub fn run_functions(&self, functions: Arc<Functions>) {
        self.world(World::keep_code);
        let _ = self.0.functions.set(functions);
    }

    /// Replaces the fault script; counting starts anew.
    pub fn set_faults(&self, script: FaultScript) {
        self.lock().faults = Faults::new(script);
    }

    /// How often each rule of the script was applied.
    #[must_use]
    pub fn faults_applied(&self) -> Vec<u64> {
        self.lock().faults.applied()
    }

    /// Goes up when the script lets the simulated client die; see
    /// [`VirtualClock::block_on_until`](crate::clock::VirtualClock::block_on_until).
    #[must_use]
    pub fn killed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.killed)
    }

    /// The sandbox's clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// The requests so far; the latest ones, if there were very many.
    #[must_use]
    pub fn log(&self) -> Vec<Logged> {
        self.lock().log.iter().cloned().collect()
    }

    /// Why the sandbox's changes are no longer kept, if they are not.
    #[must_use]
    pub fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// Number of requests so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// SDK configuration whose clients reach this sandbox and nothing else: no file, no environment variable
    /// and no metadata service is asked.
    #[must_use]
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        let credentials = Credentials::new("AKIASANDBOXEXAMPLE00", "sandbox", None, None, "sandbox");
        let time = SdkTime(Arc::clone(&self.0.clock));
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Connector(self.clone()))
            .time_source(time.clone())
            .sleep_impl(time)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_request_compression(true)
            .disable_clock_skew_correction(true)
            .build()
    }

    /// Handles one request: waits, has the effect, waits, answers.
    pub async fn handle(&self, incoming: Incoming) -> Outcome {
        let start = millis(self.0.clock.now());
        let call = codec::receive(self.0.services, &incoming);
        let unroutable = call.is_none().then(|| Unroutable::of(&incoming));
        drop(incoming);
        let (number, action, latency) = self.arrive(call.as_ref());
        let request_id = request_id(number, self.lock().world.seed);
        let call = match (call, unroutable) {
            (Some(call), _) => call,
            (None, Some(unroutable)) => {
                return Outcome::Answer(codec::respond_unroutable(&unroutable, &request_id));
            }
            (None, None) => return Outcome::Reset,
        };
        self.sleep(latency.0).await;

        let mut note = None;
        let outcome = match &action {
            Some(Action::LoseRequest) => Err(("lose-request", Outcome::Reset)),
            Some(Action::Timeout(Moment::Before)) => {
                self.sleep(30_000).await;
                Err(("timeout", Outcome::Timeout))
            }
            Some(Action::Crash(Moment::Before)) => Err(("crash", self.kill())),
            Some(Action::Throttle) => {
                let (code, status) = faults::throttle(call.service.name);
                Ok(Err(Fault::new(code, "Rate exceeded").status(status)))
            }
            Some(Action::Error { code, status, message }) => {
                Ok(Err(Fault::new(code, message).status(*status)))
            }
            Some(Action::ServerError(status)) => {
                let code = if *status == 503 { "ServiceUnavailable" } else { "InternalFailure" };
                Ok(Err(
                    Fault::new(code, "We encountered an internal error. Please try again.").status(*status)
                ))
            }
            Some(Action::ExpiredCredentials) => Ok(Err(expired(call.service.name))),
            Some(Action::ExpireKey) => {
                self.lock().expired.insert(call.access_key.clone());
                Ok(self.dispatch(&call, None))
            }
            Some(Action::Lag(millis)) => Ok(self.dispatch(&call, i64::try_from(*millis).ok())),
            _ => Ok(self.dispatch(&call, None)),
        };
        let reply = match outcome {
            Ok(reply) => reply,
            Err((what, outcome)) => {
                self.note(&call, start, Some(what.to_owned()), false);
                return outcome;
            }
        };
        let reply = match (reply, self.0.functions.get(), &call.input) {
            (Ok(answer), Some(functions), Ok(input))
                if call.service.name == "lambda" && call.name == "Invoke" =>
            {
                functions.invoke(self, &call.region, input, answer).await
            }
            (reply, ..) => reply,
        };
        let kind = call.implementation.map(|operation| operation.kind);
        let mutating = reply.is_ok() && kind == Some(Kind::Write);
        if let Some(Action::LifecycleFail { table, millis, members }) = &action {
            self.fail_lifecycle(table, *millis, members);
        }
        self.lock().flush();
        if let Some(why) = self.broken() {
            let fault = Fault::new("InternalFailure", format!("The sandbox cannot write its state: {why}"))
                .status(500);
            self.note(&call, start, Some(fault.code.clone()), mutating);
            return Outcome::Answer(codec::respond(&call, &Err(fault), &request_id));
        }
        let lost = match &action {
            Some(Action::LoseAnswer) => Some(("lose-answer", Outcome::Reset)),
            Some(Action::Timeout(Moment::After)) => {
                self.sleep(30_000).await;
                Some(("timeout", Outcome::Timeout))
            }
            Some(Action::Crash(Moment::After)) => Some(("crash", self.kill())),
            Some(Action::Delay(more)) => {
                self.sleep(*more).await;
                None
            }
            _ => None,
        };
        if let Err(fault) = &reply {
            note = Some(fault.code.clone());
        }
        if let Some((what, outcome)) = lost {
            self.note(&call, start, Some(what.to_owned()), mutating);
            return outcome;
        }
        let mut response = codec::respond(&call, &reply, &request_id);
        if action == Some(Action::Garble) {
            note = Some("garble".into());
            *response.body_mut() = Bytes::from_static(b"<html>\x00 garbled");
            response.headers_mut().remove(http::header::CONTENT_LENGTH);
        }
        self.note(&call, start, note, mutating);
        self.sleep(latency.1).await;
        Outcome::Answer(response)
    }

    /// Counts the call and draws its fate: its number, what the script does, latency before and after.
    fn arrive(&self, call: Option<&Call>) -> (u64, Option<Action>, (u64, u64)) {
        let now = millis(self.0.clock.now());
        let mut guard = self.lock();
        let state = &mut *guard;
        state.calls += 1;
        let number = state.calls;
        let seed = state.world.seed;
        let Some(call) = call else { return (number, None, (0, 0)) };
        let kind = call.implementation.map_or(Kind::Read, |operation| operation.kind);
        let subject = Subject {
            service: call.service.name,
            operation: &call.name,
            mutating: kind == Kind::Write,
            call: number,
            seed,
        };
        // A call whose keys ran out is refused before it is a call of anything: rules do not count it.
        let refused = state.expired.contains(&call.access_key);
        let mut action = if refused { None } else { state.faults.draw(subject) };
        if action.is_none() && !state.options.throttles.admit(call.service.name, &call.name, kind, now) {
            action = Some(Action::Throttle);
        }
        let latency =
            if state.options.latency { latency::of(call.service.name, kind, seed, number) } else { (0, 0) };
        (number, action, latency)
    }

    /// Reads may be told how far they lag behind.
    fn dispatch(&self, call: &Call, lag: Option<i64>) -> Reply {
        let input = call.input.clone()?;
        let Some(operation) = call.implementation else {
            return Err(Fault::new(codec::NOT_IMPLEMENTED, format!("{} has no behaviour", call.name)));
        };
        let now = millis(self.0.clock.now());
        let mut state = self.lock();
        state.world.advance_to(now);
        state.world.set_region(&call.region);
        // Whoever calls with keys that ran out is told so before anything else
        // (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, ExpiredToken).
        if state.expired.contains(&call.access_key) || services::sts::ended(&state.world, &call.access_key) {
            return Err(expired(call.service.name));
        }
        services::furnish(&mut state.world, call.service.name, &call.region);
        services::ecs::settle(&mut state.world);
        services::dms::settle(&mut state.world);
        services::rds::settle(&mut state.world);
        // What time alone changed is told apart from what the call changes.
        state.flush();
        let takes = ["Delete", "Release", "Detach", "Disassociate"];
        let lag = match (call.service.name, operation.kind) {
            ("ec2" | "iam", Kind::Read) => lag.map_or(state.options.read_lag, Lag::Fixed),
            ("ec2" | "iam", Kind::Write) if takes.iter().any(|verb| call.name.starts_with(verb)) => {
                Lag::Fixed(state.options.delete_lag)
            }
            _ => Lag::None,
        };
        state.world.set_lag(lag);
        let request =
            Request { operation: operation.name, region: &call.region, access_key: &call.access_key, input };
        let reply = (operation.run)(&mut state.world, &request);
        let reply = reply.map_err(|fault| services::detailed(call.service.name, &request, fault));
        state.world.set_lag(Lag::None);
        reply
    }

    fn fail_lifecycle(&self, table: &str, millis: i64, members: &Json) {
        let mut state = self.lock();
        for (table, key) in state.world.touched(table) {
            state.world.cancel(&table, &key);
            state.world.set_after(millis, &table, &key, members.clone());
        }
    }

    fn kill(&self) -> Outcome {
        self.0.killed.store(true, Ordering::SeqCst);
        Outcome::Killed
    }

    fn note(&self, call: &Call, start: i64, code: Option<String>, mutating: bool) {
        let mut state = self.lock();
        if state.log.len() == LOG {
            state.log.pop_front();
        }
        state.log.push_back(Logged {
            service: call.service.name.to_owned(),
            operation: call.name.clone(),
            region: call.region.clone(),
            kind: call.implementation.map(|operation| operation.kind),
            start,
            code,
            mutating,
        });
    }

    async fn sleep(&self, millis: u64) {
        if millis > 0 {
            self.0.clock.sleep(Duration::from_millis(millis)).await;
        }
    }

    /// The present instant on the sandbox's clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.0.clock.now()
    }
}

/// The refusal of keys that ran out.
fn expired(service: &str) -> Fault {
    let message = match service {
        "ec2" => "Request has expired.",
        "s3" => "The provided token has expired.",
        _ => "The security token included in the request is expired",
    };
    Fault::new(faults::expired(service), message).status(if service == "s3" { 400 } else { 403 })
}

/// A request id as AWS makes them, the same for the same seed and history.
fn request_id(number: u64, seed: u64) -> String {
    let text = hex::encode(Sha256::digest(format!("request:{seed}:{number}")));
    crate::sandbox::ids::uuid(&text)
}
