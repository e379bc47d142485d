//! The sandbox over a socket, for clients that are not ours: AWS CLI, boto3, SDKs of other languages.
//!
//! It listens on 127.0.0.1 unless told otherwise, and answers no web page ([`Guard`]). Point clients at it with
//! `AWS_ENDPOINT_URL` and any credentials. Slow, silent and greedy clients are bounded in time, number and bytes.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

use super::{
    codec::Incoming,
    guard::Guard,
    host::{Outcome, Sandbox},
};
use crate::clock::{Clock, Sleep, SystemClock};

/// A clock that runs faster than real time, so that lifecycles of minutes pass in seconds.
#[derive(Debug, Clone)]
pub struct FastClock {
    shows: SystemTime,
    since: SystemTime,
    speed: u32,
}

impl FastClock {
    /// A clock that shows `start` now and runs `speed` times as fast as real time.
    #[must_use]
    pub fn starting_at(start: SystemTime, speed: u32) -> Self {
        Self { shows: start, since: SystemClock.now(), speed: speed.max(1) }
    }
}

impl Clock for FastClock {
    fn now(&self) -> SystemTime {
        let passed = SystemClock.now().duration_since(self.since).unwrap_or_default();
        self.shows + passed * self.speed
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemClock.sleep(duration / self.speed)
    }
}

/// How long a client may take for a request's head; also how long an idle connection is kept.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may pause inside a request's body.
const BODY_PAUSE: Duration = Duration::from_secs(20);
/// Largest body, in bytes: five times what a Lambda archive in a call may have.
const MAX_BODY: usize = 256 << 20;
/// Most bytes of bodies that are being received at one time.
const MAX_BODIES: usize = 1 << 30;
/// How long answers in progress may take once the server is told to end.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// How long no connection is accepted after the system refused one.
const BREATH: Duration = Duration::from_millis(100);

/// Where and to whom a sandbox is served.
#[derive(Debug, Clone)]
pub struct Door {
    /// The address to listen on; [`Ipv4Addr::LOCALHOST`] unless the user says otherwise.
    pub bind: IpAddr,
    /// The port; 0 chooses a free one.
    pub port: u16,
    /// Host names besides the loopback ones to answer to.
    pub names: Vec<String>,
}

impl Door {
    /// On this machine only.
    #[must_use]
    pub fn local(port: u16) -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), port, names: Vec::new() }
    }
}

/// One client's connection.
struct Client {
    /// Whether a request of it is being handled.
    busy: AtomicBool,
    task: AbortHandle,
}

/// All connections, the oldest first.
#[derive(Default)]
struct Clients(Mutex<BTreeMap<u64, Arc<Client>>>);

impl Clients {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Client>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection that has gone longest without a request in progress: who opens many and says nothing
    /// keeps nobody out.
    fn make_room(&self) {
        let mut all = self.all();
        let idle =
            all.iter().find(|(_, client)| !client.busy.load(Ordering::Relaxed)).map(|(number, _)| *number);
        if let Some(client) = idle.and_then(|number| all.remove(&number)) {
            client.task.abort();
        }
    }
}

/// Most connections at one time: half of the descriptors that the process may have, as Linux tells them.
fn most_connections() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    soft.and_then(|soft| soft.parse::<usize>().ok()).map_or(96, |soft| (soft / 2).clamp(8, 512))
}

/// Answers requests until `stop` ends; `ready` is told the address. Must run on a tokio runtime.
///
/// # Errors
/// When the port cannot be listened on.
pub async fn serve(
    sandbox: Sandbox,
    door: Door,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::bind((door.bind, door.port)).await?;
    let bound = listener.local_addr()?;
    ready(bound);
    let shared = Arc::new(Shared {
        sandbox,
        guard: Guard { bound, names: door.names },
        receiving: AtomicUsize::new(0),
    });
    let most = most_connections();
    let clients = Arc::new(Clients::default());
    let (ending, end) = tokio::sync::watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    for number in 0_u64.. {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // A broken handshake is over at once; without descriptors the next attempt would fail alike, and
                // so on without an end.
                tracing::warn!("a connection is not accepted: {error}");
                clients.make_room();
                tokio::select! {
                    () = SystemClock.sleep(BREATH) => continue,
                    () = &mut stop => break,
                }
            }
        };
        if connections.len() >= most {
            clients.make_room();
        }
        let (shared, mut end, beside) = (Arc::clone(&shared), end.clone(), Arc::clone(&clients));
        let task = connections.spawn(async move {
            let service = service_fn(|request| {
                let (shared, client) = (Arc::clone(&shared), beside.all().get(&number).cloned());
                async move {
                    let busy = |is| client.iter().for_each(|client| client.busy.store(is, Ordering::Relaxed));
                    busy(true);
                    let answer = answer(&shared, request).await;
                    busy(false);
                    answer
                }
            });
            let mut connection = pin!(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_PATIENCE)
                    .serve_connection(TokioIo::new(stream), service)
            );
            // Resets are part of the game: a fault script asks for them, clients go away.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = end.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            beside.all().remove(&number);
        });
        clients.all().insert(number, Arc::new(Client { busy: AtomicBool::new(false), task }));
    }
    drop(listener);
    let _ = ending.send(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    // A client that neither sends nor reads must not keep the server: what it changed is on disk.
    let _ = tokio::time::timeout(LAST_WORDS, ended).await;
    connections.abort_all();
    Ok(())
}

/// What all connections share.
struct Shared {
    sandbox: Sandbox,
    guard: Guard,
    /// Bytes of bodies that are being received.
    receiving: AtomicUsize,
}

/// What a connection ends with instead of an answer.
#[derive(Debug)]
struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped on purpose")
    }
}

impl std::error::Error for Aborted {}

async fn answer(
    shared: &Shared,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Aborted> {
    let (parts, body) = request.into_parts();
    if let Err(why) = shared.guard.check(&parts.uri, &parts.headers) {
        tracing::warn!("refused: {why}");
        return Ok(refusal(StatusCode::FORBIDDEN, &why));
    }
    let mut body = match receive(shared, body).await {
        Ok(body) => body,
        Err((status, why)) => return Ok(refusal(status, why)),
    };
    let bytes = std::mem::take(&mut body.bytes);
    let target = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let incoming = Incoming::new(parts.method.as_str(), target, parts.headers, bytes);
    match shared.sandbox.handle(incoming).await {
        Outcome::Answer(response) => Ok(response.map(Full::new)),
        Outcome::Reset | Outcome::Timeout | Outcome::Killed => Err(Aborted),
    }
}

/// An answer that no service gives. The connection is closed: the rest of the request is not read.
fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("migrate sandbox: {why}\n"))));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body, and its part of what all connections receive.
struct Body<'s> {
    bytes: Vec<u8>,
    counted: usize,
    receiving: &'s AtomicUsize,
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        self.receiving.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

async fn receive(
    shared: &Shared,
    mut body: hyper::body::Incoming,
) -> Result<Body<'_>, (StatusCode, &'static str)> {
    let mut whole = Body { bytes: Vec::new(), counted: 0, receiving: &shared.receiving };
    loop {
        let frame = match tokio::time::timeout(BODY_PAUSE, body.frame()).await {
            Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "the body did not come")),
            Ok(None) => return Ok(whole),
            Ok(Some(Err(_))) => return Err((StatusCode::BAD_REQUEST, "the body is incomplete")),
            Ok(Some(Ok(frame))) => frame,
        };
        let Some(data) = frame.data_ref() else { continue };
        whole.counted += data.len();
        let all = shared.receiving.fetch_add(data.len(), Ordering::Relaxed) + data.len();
        if whole.counted > MAX_BODY {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, "a body has at most 256 MiB"));
        }
        if all > MAX_BODIES {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "too many large bodies at one time"));
        }
        whole.bytes.extend_from_slice(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Options, Throttles, World};

    fn sandbox(speed: u32) -> Sandbox {
        let start = SystemClock.now();
        let clock = FastClock::starting_at(start, speed);
        let options = Options { throttles: Throttles::none(), ..Options::default() };
        Sandbox::with_options(World::new(1, crate::clock::millis(start)), Arc::new(clock), options)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn clients_reach_it_over_a_socket_and_it_ends_when_told() {
        runtime().block_on(async {
            let (address, told) = tokio::sync::oneshot::channel();
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let ready = move |at| address.send(at).unwrap();
            let server = serve(sandbox(100), Door::local(0), ready, async { stopped.await.unwrap() });
            let client = async {
                let address: SocketAddr = told.await.unwrap();
                assert!(address.ip().is_loopback());
                let config = sandbox(1)
                    .sdk_config("eu-west-1")
                    .into_builder()
                    .time_source(aws_smithy_async::time::SystemTimeSource::new())
                    .http_client(aws_smithy_http_client::Builder::new().build_http())
                    .endpoint_url(format!("http://{address}"))
                    .build();
                let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
                assert_eq!(identity.account(), Some("123456789012"));
                stop.send(()).unwrap();
            };
            let (served, ()) = futures_util::future::join(server, client).await;
            served.unwrap();
        });
    }
}
