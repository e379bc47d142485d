//! Who invokes functions: clients, and EventBridge's rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use super::{
    logs,
    process::{Invocation, Ran},
};
use crate::{
    clock::{Clock as _, SystemClock, from_millis, rfc3339},
    files,
    sandbox::{
        Fault, Reply, Sandbox,
        services::{
            self,
            lambda::{Job, Queued},
        },
    },
};

/// How often events are looked for.
const TICK: Duration = Duration::from_millis(250);

/// Runs functions of one sandbox.
#[derive(Debug)]
pub struct Functions {
    python: PathBuf,
    /// Each invocation has a folder below it for as long as it runs.
    folder: PathBuf,
    endpoint: OnceLock<String>,
    /// How many invocations of each function run.
    running: Mutex<BTreeMap<String, usize>>,
    /// Asynchronous invocations that run, by their place in the queue.
    flying: Mutex<BTreeSet<String>>,
    count: AtomicU64,
    stop: Arc<AtomicBool>,
}

/// A running invocation, which counts against its function's concurrency.
struct Seat<'f> {
    functions: &'f Functions,
    function: String,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.functions.seats().get_mut(&self.function) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.end();
    }
}

impl Functions {
    /// Functions whose code that interpreter runs, each invocation in a folder below `folder`.
    ///
    /// # Errors
    /// The interpreter cannot be started, or the folder cannot be made.
    pub fn new(python: &Path, folder: &Path) -> io::Result<Self> {
        let mut asked = std::process::Command::new(python);
        asked
            .args(["-I", "-c", "pass"])
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let status = asked.stdin(std::process::Stdio::null()).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("it ends with {status}")));
        }
        // What an earlier server left that was killed.
        let _ = std::fs::remove_dir_all(folder);
        files::make_private_dir(folder)?;
        Ok(Self {
            python: python.to_owned(),
            folder: std::path::absolute(folder)?,
            endpoint: OnceLock::new(),
            running: Mutex::default(),
            flying: Mutex::default(),
            count: AtomicU64::new(0),
            stop: Arc::default(),
        })
    }

    /// From now on functions reach the sandbox there.
    pub fn serve_at(&self, endpoint: String) {
        let _ = self.endpoint.set(endpoint);
    }

    /// Ends every running function.
    pub fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flying(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among the function's concurrent executions.
    fn seat(&self, job: &Job) -> Option<Seat<'_>> {
        let function = format!("{}/{}", job.region, job.name);
        let mut seats = self.seats();
        let count = seats.entry(function.clone()).or_default();
        if job.reserved.is_some_and(|most| *count >= most) {
            return None;
        }
        *count += 1;
        drop(seats);
        Some(Seat { functions: self, function })
    }

    /// Runs a job. Attempts of one request have its id.
    async fn run(&self, sandbox: &Sandbox, job: Job, event: String, id: Option<String>) -> (Invocation, Ran) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (own, stream) = sandbox.world(|world| {
            let hex = world.hex(32);
            let id = crate::sandbox::ids::uuid(&hex);
            let day: String = rfc3339(from_millis(world.date())).chars().take(10).collect();
            (id, format!("{}/[{}]{hex}", day.replace('-', "/"), job.version))
        });
        let endpoint = self.endpoint.get().cloned().unwrap_or_default();
        let invocation = Invocation { job, event, id: id.unwrap_or(own), stream, endpoint };
        let (told, heard) = tokio::sync::oneshot::channel();
        let (python, folder) = (self.python.clone(), self.folder.join(format!("run-{number}")));
        let (stop, copy) = (Arc::clone(&self.stop), invocation.clone());
        let spawned = std::thread::Builder::new().name("function".into()).spawn(move || {
            let _ = told.send(copy.run(&python, &folder, &stop));
        });
        let ran = match spawned {
            Ok(_) => {
                heard.await.unwrap_or_else(|_| Ran::failure("Sandbox.Stopped", "the sandbox was stopped"))
            }
            Err(error) => Ran::failure("Sandbox.Thread", &error.to_string()),
        };
        sandbox.world(|world| logs::write(world, &invocation, &ran));
        (invocation, ran)
    }

    /// What `Invoke` answers when the function is run. `answer` is what the sandbox would have answered.
    ///
    /// # Errors
    /// As Lambda: too many of it run.
    pub async fn invoke(
        self: &Arc<Self>,
        sandbox: &Sandbox,
        region: &str,
        input: &Json,
        answer: Json,
    ) -> Reply {
        let text = |member: &str| input[member].as_str();
        if text("InvocationType") == Some("DryRun") {
            return Ok(answer);
        }
        let (name, qualifier) = (text("FunctionName").unwrap_or_default(), text("Qualifier"));
        let job = sandbox.world(|world| services::lambda::job(world, region, name, qualifier))?;
        let event = BASE64_STANDARD.decode(text("Payload").unwrap_or_default()).unwrap_or_default();
        let event = String::from_utf8_lossy(&event).into_owned();
        let event = if event.is_empty() { "{}".to_owned() } else { event };
        if serde_json::from_str::<Json>(&event).is_err() {
            let message = "Could not parse request body into json: Could not parse payload into json";
            return Err(Fault::new("InvalidRequestContentException", message));
        }
        if text("InvocationType") == Some("Event") {
            let queued = Queued { function: name, qualifier, payload: &event, delivery: None };
            sandbox.world(|world| services::lambda::enqueue(world, region, queued));
            return Ok(answer);
        }
        let Some(seat) = self.seat(&job) else {
            // Lambda API reference, Invoke: TooManyRequestsException.
            let mut fault = Fault::new("TooManyRequestsException", "Rate Exceeded.").status(429);
            fault.members =
                json!({"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"});
            return Err(fault);
        };
        let (_, ran) = self.run(sandbox, job, event, None).await;
        drop(seat);
        let mut answer = answer;
        answer["Payload"] = json!(BASE64_STANDARD.encode(&ran.payload));
        if ran.failed {
            answer["FunctionError"] = json!("Unhandled");
        }
        if text("LogType") == Some("Tail") {
            // "The last 4 KB of the execution log".
            let from = ran.output.len().saturating_sub(4_096);
            answer["LogResult"] = json!(BASE64_STANDARD.encode(&ran.output.as_bytes()[from..]));
        }
        Ok(answer)
    }

    /// Makes the asynchronous invocations that are due, from now on; never ends. Those for which there is no room now stay
    /// in the queue.
    pub async fn attend(self: &Arc<Self>, sandbox: &Sandbox) {
        loop {
            SystemClock.sleep(TICK).await;
            let due = sandbox.world(|world| {
                services::dms::settle(world);
                services::lambda::due(world)
            });
            for one in due {
                if !self.flying().insert(one.key.clone()) {
                    continue;
                }
                let (functions, sandbox) = (Arc::clone(self), sandbox.clone());
                tokio::spawn(async move {
                    if let Some(seat) = functions.seat(&one.job) {
                        let (_, ran) = functions.run(&sandbox, one.job, one.payload, Some(one.id)).await;
                        drop(seat);
                        let attempt = services::lambda::Attempt { answer: &ran.payload, failed: ran.failed };
                        sandbox.world(|world| services::lambda::attempted(world, &one.key, attempt));
                    }
                    functions.flying().remove(&one.key);
                });
            }
        }
    }
}
