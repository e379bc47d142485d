//! Who may talk to a served sandbox: programs of this machine, and no web page.
//!
//! A page in a browser can send requests to 127.0.0.1, and a name that its owner points there after the page was
//! loaded (DNS rebinding) makes the answers readable too. Both are told by headers that scripts cannot set:
//! `Host` names whom the browser believes to ask (<https://www.rfc-editor.org/rfc/rfc9110#name-host-and-authority>),
//! `Origin` (<https://fetch.spec.whatwg.org/#origin-header>) and `Sec-Fetch-Site`
//! (<https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>) on whose behalf. SDKs send neither of the latter.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Uri, header, uri::Authority};

/// What a served sandbox answers to.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Where it listens.
    pub bound: SocketAddr,
    /// Host names besides the loopback ones, as the user gave them.
    pub names: Vec<String>,
}

impl Guard {
    /// Whether a request may be handled.
    ///
    /// # Errors
    /// Why not, for whoever sent it.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), String> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let said = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host
                .to_str()
                .ok()
                .and_then(|host| host.parse::<Authority>().ok())
                .ok_or("the Host header is malformed")?,
            (None, _) => return Err("the request has no Host header".into()),
            (Some(_), Some(_)) => return Err("the request has several Host headers".into()),
        };
        for authority in uri.authority().into_iter().chain([&said]) {
            if !self.known(authority.host()) {
                return Err(format!(
                    "`{}` is no name of this sandbox; it answers to localhost and 127.0.0.1 (`migrate sandbox serve \
                     --host NAME` adds a name)",
                    authority.host()
                ));
            }
        }
        let origins = headers.get_all(header::ORIGIN);
        if origins.iter().any(|origin| origin.as_bytes() != format!("http://{said}").as_bytes()) {
            return Err("the request comes from a web page of another origin".into());
        }
        let sites = headers.get_all("sec-fetch-site");
        if sites.iter().any(|site| !matches!(site.as_bytes(), b"none" | b"same-origin")) {
            return Err("the request comes from a web page of another site".into());
        }
        Ok(())
    }

    /// Browsers resolve `localhost` and what ends in it to this machine, whatever DNS says
    /// (<https://www.rfc-editor.org/rfc/rfc6761#section-6.3>); S3 clients put bucket names before it.
    fn known(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let below = |name: &str| {
            let name = name.to_ascii_lowercase();
            host == name || host.strip_suffix(&name).is_some_and(|front| front.ends_with('.'))
        };
        if below("localhost") || self.names.iter().any(|name| below(name)) {
            return true;
        }
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        // An address is no name that anybody could rebind.
        literal.parse::<IpAddr>().is_ok_and(|ip| {
            let bound = self.bound.ip();
            ip.is_loopback() || ip == bound || (bound.is_unspecified() && !ip.is_unspecified())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bound: &str, target: &str, headers: &[(&str, &str)]) -> bool {
        let guard = Guard { bound: bound.parse().unwrap(), names: vec!["twin.internal".into()] };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        guard.check(&target.parse().unwrap(), &map).is_ok()
    }

    #[test]
    fn hosts_of_this_machine_and_named_ones_are_answered() {
        let here = "127.0.0.1:4566";
        for host in [
            "127.0.0.1:4566",
            "127.0.0.1",
            "localhost:4566",
            "LOCALHOST",
            "localhost.",
            "bucket.localhost:4566",
            "[::1]:4566",
            "twin.internal:4566",
            "bucket.twin.internal",
        ] {
            assert!(check(here, "/", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example:4566",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "eviltwin.internal",
            "192.0.2.7:4566",
            "0.0.0.0:4566",
            "2130706433",
            "user@evil.example",
        ] {
            assert!(!check(here, "/", &[("host", host)]), "{host}");
        }
        assert!(!check(here, "/", &[]), "no host at all");
        assert!(!check(here, "/", &[("host", "localhost"), ("host", "evil.example")]), "two hosts");
        assert!(
            !check(here, "http://evil.example/", &[("host", "localhost")]),
            "two hosts, one in the target"
        );
    }

    #[test]
    fn an_explicit_address_is_answered_and_still_no_foreign_name() {
        assert!(check("192.0.2.7:4566", "/", &[("host", "192.0.2.7:4566")]));
        assert!(!check("192.0.2.7:4566", "/", &[("host", "192.0.2.8:4566")]));
        assert!(check("0.0.0.0:4566", "/", &[("host", "192.0.2.8:4566")]));
        assert!(!check("0.0.0.0:4566", "/", &[("host", "evil.example")]));
    }

    #[test]
    fn web_pages_are_not_answered() {
        let with =
            |name: &str, value: &str| check("127.0.0.1:1", "/", &[("host", "localhost:1"), (name, value)]);
        for origin in
            ["https://evil.example", "http://localhost:3000", "null", "http://localhost:1.evil.example", ""]
        {
            assert!(!with("origin", origin), "{origin}");
        }
        assert!(with("origin", "http://localhost:1"));
        for site in ["cross-site", "same-site", "", "nonsense"] {
            assert!(!with("sec-fetch-site", site), "{site}");
        }
        assert!(with("sec-fetch-site", "none") && with("sec-fetch-site", "same-origin"));
    }
}
