//! A request as it came off the wire, and which protocol it speaks.

use http::HeaderMap;
use percent_encoding::percent_decode_str;

/// The protocols AWS's services speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `ec2Query`.
    Ec2,
    /// `awsQuery`.
    Query,
    /// `awsJson` 1.0 and 1.1.
    Json,
    /// `restJson`.
    RestJson,
    /// `restXml`.
    RestXml,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

/// A request with its body read to the end.
#[derive(Debug)]
pub struct Incoming {
    /// Upper case.
    pub method: String,
    /// Still percent-encoded, starts with `/`.
    pub path: String,
    /// Decoded; a parameter without `=` has no value.
    pub query: Vec<(String, Option<String>)>,
    /// As sent.
    pub headers: HeaderMap,
    /// Without transfer framing, but still `aws-chunked` if the client sent it so.
    pub body: Vec<u8>,
}

impl Incoming {
    /// Takes a request apart.
    #[must_use]
    pub fn new(method: &str, path_and_query: &str, headers: HeaderMap, body: Vec<u8>) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => (form_decode(name), Some(form_decode(value))),
                None => (form_decode(pair), None),
            })
            .collect();
        let path = if path.is_empty() { "/" } else { path };
        Self { method: method.to_ascii_uppercase(), path: path.into(), query, headers, body }
    }

    /// A header's value; the first if repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The host without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.header("host").unwrap_or_default();
        host.rsplit_once(':').map_or(
            host,
            |(name, port)| {
                if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
            },
        )
    }

    /// A parameter of the query string; empty if it came without a value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// `access-key/date/region/service/aws4_request` of the signature.
    fn credential(&self) -> Option<&str> {
        match self.header("authorization") {
            Some(text) => text.split("Credential=").nth(1)?.split([',', ' ']).next(),
            None => self.parameter("X-Amz-Credential"),
        }
    }

    /// Where the signature is for: `(region, service)`.
    #[must_use]
    pub fn scope(&self) -> Option<(&str, &str)> {
        let mut parts = self.credential()?.split('/').skip(2);
        Some((parts.next()?, parts.next()?))
    }

    /// The access key it is signed with; empty if it is not signed.
    #[must_use]
    pub fn access_key(&self) -> &str {
        self.credential().and_then(|text| text.split('/').next()).unwrap_or_default()
    }
}

/// Decodes a part of a form or query string: `+` is a space.
#[must_use]
pub fn form_decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
