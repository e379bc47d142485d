//! The other side, small but real: a CONNECT proxy, a TLS server whose CA is made here, a server with fixed answers.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// What a server saw: the first line and the headers of each request.
pub type Seen = Arc<Mutex<Vec<String>>>;

fn listen(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    address
}

/// A request's head, and what of its body came along.
fn head(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut some = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&some[..count]),
        }
    }
}

/// A whole request, body included.
fn request(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let (head, mut body) = head(stream)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut some = [0; 4096];
    while body.len() < length.unwrap_or(0) {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => break,
            Ok(count) => body.extend_from_slice(&some[..count]),
        }
    }
    Some((head, body))
}

/// The same request for a sandbox at `address`, and its whole answer. The sandbox answers to names of this machine only.
fn forward(address: SocketAddr, head: &str, body: &[u8]) -> Vec<u8> {
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    let target =
        target.strip_prefix("http://").map_or(target, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    let mut out = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for line in lines.take_while(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if !["host", "connection", "proxy-authorization"].contains(&name.as_str()) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out.push_str("\r\n");
    let mut upstream = TcpStream::connect(address).expect("the sandbox");
    upstream.write_all(out.as_bytes()).expect("a request");
    upstream.write_all(body).expect("a body");
    let mut answer = Vec::new();
    let _ = upstream.read_to_end(&mut answer);
    answer
}

/// A proxy that leads every destination to one address, whatever its name.
pub struct Proxy {
    pub address: SocketAddr,
    pub seen: Seen,
}

impl Proxy {
    /// `user` is `name:password`, if the proxy asks for one.
    pub fn to(destination: SocketAddr, user: Option<&str>) -> Self {
        let seen = Seen::default();
        let (log, wanted) = (Arc::clone(&seen), user.map(|user| format!("basic {}", STANDARD.encode(user))));
        let address = listen(move |mut stream| {
            let Some((head, rest)) = request_or_head(&mut stream) else { return };
            log.lock().expect("the log").push(head.clone());
            let offered = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim().to_owned())
            });
            let fits = |wanted: &String| {
                offered.as_ref().is_some_and(|offered| offered.eq_ignore_ascii_case(wanted))
            };
            if wanted.as_ref().is_some_and(|wanted| !fits(wanted)) {
                let _ = stream.write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
                );
                return;
            }
            if !head.starts_with("CONNECT ") {
                let _ = stream.write_all(&forward(destination, &head, &rest));
                return;
            }
            let Ok(upstream) = TcpStream::connect(destination) else { return };
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let (mut from, mut to) =
                (stream.try_clone().expect("a stream"), upstream.try_clone().expect("a stream"));
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let (mut from, mut to) = (upstream, stream);
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
        Self { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first lines of the requests so far.
    pub fn lines(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("the log");
        seen.iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

/// A CONNECT has no body; anything else is read whole.
fn request_or_head(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    request(stream)
}

/// A TLS server in front of a sandbox.
pub struct Tls {
    pub address: SocketAddr,
    /// The CA's certificate.
    pub ca: String,
}

impl Tls {
    /// With a certificate for these names.
    pub fn before(sandbox: SocketAddr, names: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Example Corp Interception CA");
        let key = KeyPair::generate().expect("a key");
        let ca = params.self_signed(&key).expect("a CA").pem();
        let issuer = Issuer::new(params, key);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "intercepted.example");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a server");
        let config = Arc::new(config);
        let address = listen(move |stream| {
            let Ok(connection) = ServerConnection::new(Arc::clone(&config)) else { return };
            let mut stream = StreamOwned::new(connection, stream);
            if let Some((head, body)) = request(&mut stream) {
                let _ = stream.write_all(&forward(sandbox, &head, &body));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { address, ca }
    }
}

/// A server that gives every request the answer that `answer` makes of its head.
pub struct Fixed {
    pub address: SocketAddr,
    pub seen: Seen,
}

impl Fixed {
    pub fn new(answer: impl Fn(&str, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        let address = listen(move |mut stream| {
            let Some((head, body)) = request(&mut stream) else { return };
            log.lock().expect("the log").push(head.clone());
            let _ = stream.write_all(&answer(&head, &body));
        });
        Self { address, seen }
    }

    /// The same answer to all.
    pub fn always(status: &str, headers: &str, body: &str) -> Self {
        let answer = answer(status, headers, body);
        Self::new(move |_, _| answer.clone())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// An HTTP answer.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

/// STS's refusal.
pub fn refusal(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>11111111-2222-4333-8444-555555555555</RequestId></ErrorResponse>"
    )
}
