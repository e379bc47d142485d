//! One invocation in a process of its own.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use serde_json::{Value as Json, json};

use super::super::services::lambda::Job;

/// What starts the handler, and ends it with its parent.
const BOOTSTRAP: &str = include_str!("bootstrap.py");
/// Most of what a function prints that is kept, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;
/// Longest answer of a function: 6 MB ("Lambda quotas", synchronous payload).
const MAX_ANSWER: u64 = 6 << 20;
/// How often a running function is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a process that was told to end may take for it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// One call of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Which function.
    pub job: Job,
    /// What it is called with: JSON.
    pub event: String,
    /// The request's id.
    pub id: String,
    /// The log stream.
    pub stream: String,
    /// The twin's address.
    pub endpoint: String,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// JSON: what the handler answered, or what went wrong.
    pub payload: String,
    /// Whether it went wrong.
    pub failed: bool,
    /// What it printed.
    pub output: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

impl Ran {
    /// It went wrong.
    #[must_use]
    pub fn failure(kind: &str, message: &str) -> Self {
        let payload = json!({"errorMessage": message, "errorType": kind}).to_string();
        Self { payload, failed: true, output: String::new(), millis: 0 }
    }
}

impl Invocation {
    /// The process's whole environment: nothing of the server's but where programs are. Names that Lambda reserves, and
    /// whatever would lead the SDK to another place, a function's own variables cannot set ("Defined runtime environment
    /// variables", Lambda Developer Guide).
    fn environment(&self, folder: &Path) -> Vec<(String, String)> {
        let job = &self.job;
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".into());
        let folder = folder.display().to_string();
        let own = |name: &str| {
            !name.starts_with("AWS_")
                && !name.starts_with("PYTHON")
                && !["HOME", "PATH", "_HANDLER"].contains(&name)
        };
        let mut all: Vec<(String, String)> =
            job.environment.iter().filter(|(name, _)| own(name)).cloned().collect();
        let fixed = [
            ("PATH", path.as_str()),
            ("HOME", &folder),
            ("TMPDIR", &folder),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("_HANDLER", &job.handler),
            ("LAMBDA_TASK_ROOT", &folder),
            ("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{}", job.runtime)),
            ("AWS_LAMBDA_FUNCTION_NAME", &job.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", &job.version),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &job.memory.to_string()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &job.log_group),
            ("AWS_LAMBDA_LOG_STREAM_NAME", &self.stream),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", &job.region),
            ("AWS_DEFAULT_REGION", &job.region),
            ("AWS_ACCESS_KEY_ID", "sandbox"),
            ("AWS_SECRET_ACCESS_KEY", "sandbox"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        all.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        all
    }

    /// Runs it to its end, its timeout, or until `stop` is raised. Blocks; for a thread of its own.
    #[must_use]
    pub fn run(&self, python: &Path, folder: &Path, stop: &AtomicBool) -> Ran {
        let job = &self.job;
        if !job.runtime.starts_with("python") {
            let message = format!("the sandbox runs Python code only, and {} is {}", job.name, job.runtime);
            return Ran::failure("Sandbox.Runtime", &message);
        }
        let Some(code) = &job.code else {
            let message = format!(
                "the code of {} is not known: it was deployed before the sandbox was served with --run-functions. Deploy it \
                 again",
                job.name
            );
            return Ran::failure("Sandbox.NoCode", &message);
        };
        let told = json!({
            "code": code, "handler": job.handler, "event": self.event, "name": job.name, "version": job.version,
            "arn": job.arn, "memory": job.memory.to_string(), "id": self.id, "group": job.log_group, "stream": self.stream,
            "timeout": job.timeout.as_secs(),
        });
        let ran = crate::files::make_private_dir(folder)
            .and_then(|()| self.start(python, folder))
            .and_then(|child| watch(child, &told, job.timeout, stop));
        let _ = fs::remove_dir_all(folder);
        match ran {
            Ok(ended) => self.judged(ended),
            Err(error) => {
                let message = format!("{} cannot be started: {error}", python.display());
                Ran::failure("Sandbox.Python", &message)
            }
        }
    }

    fn start(&self, python: &Path, folder: &Path) -> io::Result<Child> {
        Command::new(python)
            .args(["-I", "-c", BOOTSTRAP])
            .env_clear()
            .envs(self.environment(folder))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in the server's terminal is the server's to handle.
            .process_group(0)
            .spawn()
    }

    fn judged(&self, ended: Ended) -> Ran {
        let Ended { answer, output, exit, given_up, millis } = ended;
        let base = |payload: String, failed| Ran { payload, failed, output: output.clone(), millis };
        let answered: Json = serde_json::from_str(&answer).unwrap_or_default();
        if let Some(payload) = answered["payload"].as_str() {
            return base(payload.to_owned(), false);
        }
        if answered["error"].is_object() {
            return base(answered["error"].to_string(), true);
        }
        let (kind, message) = match given_up {
            Some(GivenUp::Timeout) => (
                "Sandbox.Timedout",
                format!(
                    "RequestId: {} Error: Task timed out after {:.2} seconds",
                    self.id,
                    self.job.timeout.as_secs_f64()
                ),
            ),
            Some(GivenUp::Stopped) => {
                ("Sandbox.Stopped", format!("RequestId: {} Error: the sandbox was stopped", self.id))
            }
            None => (
                "Runtime.ExitError",
                format!("RequestId: {} Error: Runtime exited with error: exit status {exit}", self.id),
            ),
        };
        base(json!({"errorMessage": message, "errorType": kind}).to_string(), true)
    }
}

#[derive(Clone, Copy)]
enum GivenUp {
    Timeout,
    Stopped,
}

struct Ended {
    answer: String,
    output: String,
    exit: i32,
    given_up: Option<GivenUp>,
    millis: u64,
}

/// Reads a pipe to its end on a thread of its own; what is beyond the limit is read and dropped, so that nobody stands
/// still.
fn gather(pipe: impl io::Read + Send + 'static, limit: u64) -> mpsc::Receiver<String> {
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(limit);
        let _ = pipe.read_to_end(&mut bytes);
        let _ = io::copy(&mut pipe.into_inner(), &mut io::sink());
        let _ = said.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    heard
}

fn watch(mut child: Child, told: &Json, timeout: Duration, stop: &AtomicBool) -> io::Result<Ended> {
    let taken = (child.stdout.take(), child.stderr.take(), child.stdin.take());
    let (Some(stdout), Some(stderr), Some(mut stdin)) = taken else {
        return Err(io::Error::other("its pipes are missing"));
    };
    let (answer, output) = (gather(stdout, MAX_ANSWER), gather(stderr, MAX_OUTPUT));
    // The pipe stays open as long as the function may run: its end is what ends the function.
    let text = told.to_string();
    let (release, released) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        let _ = write!(stdin, "{}\n{text}", text.len()).and_then(|()| stdin.flush());
        let _ = released.recv();
    });
    let (mut release, mut passed, mut given_up) = (Some(release), Duration::ZERO, None);
    let idle = mpsc::channel::<()>();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if release.is_some() {
            given_up = match () {
                () if stop.load(Ordering::Relaxed) => Some(GivenUp::Stopped),
                () if passed >= timeout => Some(GivenUp::Timeout),
                () => None,
            };
            if given_up.is_some() {
                release = None;
            }
        } else if passed >= timeout + LAST_WORDS || stop.load(Ordering::Relaxed) && passed >= LAST_WORDS {
            child.kill()?;
        }
        let _ = idle.1.recv_timeout(TICK);
        passed += TICK;
    };
    drop(release);
    let heard = |pipe: &mpsc::Receiver<String>| pipe.recv_timeout(LAST_WORDS).unwrap_or_default();
    Ok(Ended {
        answer: heard(&answer),
        output: heard(&output),
        exit: status.code().unwrap_or(-1),
        given_up,
        millis: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1),
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;

    fn archive(code: &str) -> String {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("index.py", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(code.as_bytes()).unwrap();
        BASE64_STANDARD.encode(zip.finish().unwrap().into_inner())
    }

    fn ran(code: &str, seconds: u64, stop: &AtomicBool) -> Ran {
        let home = tempfile::tempdir().unwrap();
        let invocation = Invocation {
            job: Job {
                name: "one".into(),
                arn: "arn:aws:lambda:us-east-1:123456789012:function:one".into(),
                version: "$LATEST".into(),
                region: "us-east-1".into(),
                handler: "index.handler".into(),
                runtime: "python3.13".into(),
                timeout: Duration::from_secs(seconds),
                memory: 128,
                environment: vec![
                    ("OWN".into(), "1".into()),
                    ("AWS_ENDPOINT_URL".into(), "https://elsewhere".into()),
                ],
                log_group: "/aws/lambda/one".into(),
                code: Some(archive(code)),
                reserved: None,
                dead_letters: None,
            },
            event: r#"{"a": 1}"#.into(),
            id: "f3c5d2a8".into(),
            stream: "s".into(),
            endpoint: "http://127.0.0.1:1".into(),
        };
        invocation.run(Path::new("python3"), &home.path().join("run"), stop)
    }

    #[test]
    fn a_function_answers_prints_and_sees_nothing_of_the_server() {
        let ran = ran(
            "import os\ndef handler(event, context):\n    print('seen', event['a'])\n    return {k: v for k, v in os.environ.items() \
             if k not in ('PATH', 'HOME', 'TMPDIR', 'LAMBDA_TASK_ROOT', 'LC_CTYPE')}\n",
            10,
            &AtomicBool::new(false),
        );
        assert_eq!((ran.failed, ran.output.trim()), (false, "seen 1"), "{}", ran.payload);
        let seen: Json = serde_json::from_str(&ran.payload).unwrap();
        assert_eq!((&seen["OWN"], &seen["AWS_ENDPOINT_URL"]), (&json!("1"), &json!("http://127.0.0.1:1")));
        assert_eq!(
            (&seen["AWS_ACCESS_KEY_ID"], &seen["AWS_REGION"]),
            (&json!("sandbox"), &json!("us-east-1"))
        );
        assert!(
            seen["CARGO_MANIFEST_DIR"].is_null(),
            "an environment variable of the server's got in: {seen}"
        );
    }

    #[test]
    fn errors_timeouts_and_a_stop_end_it() {
        let go = AtomicBool::new(false);
        let failed = ran("def handler(event, context):\n    raise ValueError('no')\n", 10, &go);
        assert!(
            failed.failed
                && failed.payload.contains("ValueError")
                && failed.output.contains("[ERROR] ValueError: no")
        );
        let late = ran("import time\ndef handler(event, context):\n    time.sleep(60)\n", 1, &go);
        assert!(late.failed && late.payload.contains("timed out after 1.00 seconds"), "{}", late.payload);
        let gone = ran("import os\ndef handler(event, context):\n    os._exit(3)\n", 10, &go);
        assert!(gone.payload.contains("exit status 3"), "{}", gone.payload);
        let stopped = ran(
            "import time\ndef handler(event, context):\n    time.sleep(60)\n",
            60,
            &AtomicBool::new(true),
        );
        assert!(stopped.payload.contains("Sandbox.Stopped"), "{}", stopped.payload);
    }
}
