//! The sandbox over a socket, for clients that are not ours: AWS CLI, boto3, SDKs of other languages.
//!
//! It listens on 127.0.0.1 only. Point clients at it with `AWS_ENDPOINT_URL` and any credentials.

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    time::{Duration, SystemTime},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{
    codec::Incoming,
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

/// Answers requests on `127.0.0.1:port` (0 chooses a free port) until `stop` ends; `ready` is told the address.
/// Must run on a tokio runtime.
///
/// # Errors
/// When the port cannot be listened on.
pub async fn serve(
    sandbox: Sandbox,
    port: u16,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    ready(listener.local_addr()?);
    let (ending, end) = tokio::sync::watch::channel(false);
    let mut connections = tokio::task::JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // One client's broken handshake is not the server's end.
                Err(_) => continue,
            },
            () = &mut stop => break,
        };
        let sandbox = sandbox.clone();
        let service = service_fn(move |request| answer(sandbox.clone(), request));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let mut end = end.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            // Resets are part of the game: a fault script asks for them, clients go away.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = end.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
    let _ = ending.send(true);
    while connections.join_next().await.is_some() {}
    Ok(())
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
    sandbox: Sandbox,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Aborted> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Aborted)?.to_bytes().to_vec();
    let target = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let incoming = Incoming::new(parts.method.as_str(), target, parts.headers, body);
    match sandbox.handle(incoming).await {
        Outcome::Answer(response) => Ok(response.map(Full::new)),
        Outcome::Reset | Outcome::Timeout | Outcome::Killed => Err(Aborted),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
            let server = serve(sandbox(100), 0, ready, async { stopped.await.unwrap() });
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
