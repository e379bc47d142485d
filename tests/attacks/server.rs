//! Requests to a served sandbox that no well-meaning client sends.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value as Json;

use super::sleep;
use crate::process::Place;

const NOTHING: &str = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\n";
const QUERY: &str = "Action=CreateTopic&Version=2010-03-31&Name=evil";

fn connect(place: &Place) -> TcpStream {
    let stream = TcpStream::connect(place.authority()).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    stream
}

/// Sends bytes and reads the answer's status; `None` if the connection is closed without one.
fn status(place: &Place, request: &[u8]) -> Option<u16> {
    let mut stream = connect(place);
    // The server may close before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.windows(2).any(|two| two == b"\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
        }
    }
    let line = String::from_utf8_lossy(&answer).into_owned();
    line.split(' ').nth(1)?.parse().ok()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}").into_bytes()
}

const SIGNED: (&str, &str) = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=00",
);
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn no_web_page_and_no_foreign_name_drives_the_sandbox() {
    let place = Place::new(NOTHING, 60);
    let here = place.authority().to_owned();
    let host = ("Host", here.as_str());
    let post = |headers: &[(&str, &str)]| {
        let all = [headers, &[SIGNED, FORM]].concat();
        status(&place, &request("POST", "/", &all, QUERY))
    };
    for (what, headers) in [
        ("no host", vec![]),
        ("a rebound name", vec![("Host", "evil.example")]),
        ("a rebound name with the port", vec![("Host", "evil.example:4566")]),
        ("two hosts", vec![host, ("Host", "evil.example")]),
        ("a page of another site", vec![host, ("Origin", "https://evil.example")]),
        ("a page of no site", vec![host, ("Origin", "null")]),
        ("a page of another port", vec![host, ("Origin", "http://localhost:3000")]),
        ("a form of another site", vec![host, ("Sec-Fetch-Site", "cross-site")]),
        ("a form of another port", vec![host, ("Sec-Fetch-Site", "same-site")]),
    ] {
        let answered = post(&headers);
        assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{what}: {answered:?}");
    }
    // Images and links: writes by GET, with everything in the address.
    for headers in [
        vec![host],
        vec![host, SIGNED],
        vec![host, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
    ] {
        let answered = status(&place, &request("GET", &format!("/?{QUERY}"), &headers, ""));
        assert!(answered.is_none_or(|code| (400..500).contains(&code)), "GET {headers:?}: {answered:?}");
    }
    // A preflight gets no permission.
    let preflight = [host, ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    let answered = status(&place, &request("OPTIONS", "/", &preflight, ""));
    assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{answered:?}");
    assert_eq!(post(&[host]), Some(200), "a client is answered");
    let left = place.left();
    assert_eq!(left["objects"]["sns.topic"], 1, "the client's, and nobody else's: {left:#}");
}

#[test]
fn silent_slow_and_greedy_clients_keep_nobody_out() {
    let place = Place::new(NOTHING, 60);
    let here = place.authority().to_owned();
    // Heads that never end, and bodies that never come.
    let mut open: Vec<TcpStream> = Vec::new();
    for number in 0..600 {
        let Ok(mut stream) = TcpStream::connect(&here) else { break };
        let begin = match number % 3 {
            0 => "POST / HTTP/1.1\r\nHost: ".to_owned(),
            1 => format!("POST / HTTP/1.1\r\nHost: {here}\r\nContent-Length: 1000000\r\n\r\n"),
            _ => String::new(),
        };
        let _ = stream.write_all(begin.as_bytes());
        open.push(stream);
    }
    assert!(open.len() > 100, "{} connections", open.len());
    let up = place.run(&["up", "plan.yaml", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", crate::program::text(&up.stderr));
    drop(open);
    // A head without end, and more body than anything may have.
    let head = format!("POST / HTTP/1.1\r\nHost: {here}\r\nX: {}", "x".repeat(4 << 20));
    let answered = status(&place, head.as_bytes());
    assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{answered:?}");
    let many: String = (0..5_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let answered = status(&place, format!("POST / HTTP/1.1\r\nHost: {here}\r\n{many}\r\n").as_bytes());
    assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{answered:?}");
    let large = format!("POST / HTTP/1.1\r\nHost: {here}\r\nContent-Length: 99999999999\r\n\r\nx");
    let answered = status(&place, large.as_bytes());
    assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{answered:?}");
    // What is no HTTP at all.
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n"] {
        let answered = status(&place, bytes);
        assert!(answered.is_none_or(|code| (400..500).contains(&code)), "{answered:?}");
    }
    let same = place.run(&["plan", "plan.yaml", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "it still answers");
}

/// What is answered is on disk: the server is killed right after its answer, and the account still knows.
#[test]
fn an_answer_is_only_given_for_what_is_on_disk() {
    let mut place = Place::new(NOTHING, 60);
    let here = place.authority().to_owned();
    let all = [("Host", here.as_str()), SIGNED, FORM];
    assert_eq!(status(&place, &request("POST", "/", &all, QUERY)), Some(200));
    place.kill();
    let shown = crate::program::migrate(place.dir.path(), &["sandbox", "show", "--json"]);
    let world: Json = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(world["objects"]["sns.topic"], 1, "{world:#}");
}

#[test]
fn a_signal_ends_the_server_at_once_whoever_is_connected() {
    let mut place = Place::new(NOTHING, 60);
    let mut silent = connect(&place);
    let _ = silent.write_all(b"POST / HTTP/1.1\r\nHost: ");
    let waited = place.terminate(|| sleep(10));
    assert!(waited < 500, "it ended only after {waited} looks of 10 ms");
}
