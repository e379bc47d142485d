//! What an operation gets and what it answers.

use serde_json::{Value as Json, json};

use super::World;

/// Whether an operation changes the world; reads may lag behind writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing.
    Read,
    /// It changes the world.
    Write,
}

/// An implemented operation.
pub struct Operation {
    /// As in the API model, `CreateVpc`.
    pub name: &'static str,
    /// Read or write.
    pub kind: Kind,
    /// The behaviour.
    pub run: fn(&mut World, &Request<'_>) -> Reply,
}

impl Operation {
    /// An operation that changes nothing.
    #[must_use]
    pub const fn read(name: &'static str, run: fn(&mut World, &Request<'_>) -> Reply) -> Self {
        Self { name, kind: Kind::Read, run }
    }

    /// An operation that changes the world.
    #[must_use]
    pub const fn write(name: &'static str, run: fn(&mut World, &Request<'_>) -> Reply) -> Self {
        Self { name, kind: Kind::Write, run }
    }
}

/// A decoded and validated request.
#[derive(Debug)]
pub struct Request<'a> {
    /// The operation's name.
    pub operation: &'a str,
    /// The region of the endpoint or of the signature.
    pub region: &'a str,
    /// The access key of the caller's signature; empty if the request is not signed.
    pub access_key: &'a str,
    /// Parameters by the model's member names. Timestamps are seconds since the epoch (number), blobs are
    /// base64 texts, maps are objects, and members nobody sent are absent.
    pub input: Json,
}

impl Request<'_> {
    /// A parameter; null if absent.
    #[must_use]
    pub fn get(&self, member: &str) -> &Json {
        &self.input[member]
    }

    /// A text parameter; empty if absent.
    #[must_use]
    pub fn text(&self, member: &str) -> &str {
        self.input[member].as_str().unwrap_or_default()
    }

    /// A text parameter, if sent.
    #[must_use]
    pub fn opt(&self, member: &str) -> Option<&str> {
        self.input[member].as_str()
    }

    /// A list of texts; empty if absent.
    #[must_use]
    pub fn texts(&self, member: &str) -> Vec<&str> {
        self.input[member].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
    }

    /// A list; empty if absent.
    #[must_use]
    pub fn list(&self, member: &str) -> &[Json] {
        self.input[member].as_array().map_or(&[], Vec::as_slice)
    }

    /// A whole number, if sent.
    #[must_use]
    pub fn int(&self, member: &str) -> Option<i64> {
        self.input[member].as_i64()
    }

    /// A boolean; false if absent.
    #[must_use]
    pub fn flag(&self, member: &str) -> bool {
        self.input[member].as_bool().unwrap_or(false)
    }

    /// Cuts one page out of `items`. `size` and `token` name the request's page-size and token members, the
    /// answer is `(page, next token)`. Tokens are opaque to clients and refused when they are not ours.
    ///
    /// # Errors
    /// `bad` as the error code when the token is not one of ours.
    pub fn page<T>(
        &self,
        items: Vec<T>,
        size: &str,
        token: &str,
        default: usize,
        bad: &'static str,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        let from = match self.opt(token).filter(|t| !t.is_empty()) {
            None => 0,
            Some(text) => text
                .strip_prefix("next-")
                .and_then(|n| n.parse::<usize>().ok())
                .ok_or_else(|| Fault::new(bad, format!("The token '{text}' is invalid")))?,
        };
        let size = self.int(size).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default);
        let total = items.len();
        let page: Vec<T> = items.into_iter().skip(from).take(size).collect();
        let next = (from + page.len() < total).then(|| format!("next-{}", from + page.len()));
        Ok((page, next))
    }

    /// The key after which a page begins whose tokens are made by [`Self::page_from`].
    ///
    /// # Errors
    /// `bad` as the error code when the token is not one of ours.
    pub fn page_after(&self, token: &str, bad: &'static str) -> Result<Option<&str>, Fault> {
        let text = self.opt(token).filter(|text| !text.is_empty());
        let key = |text: &'_ str| Fault::new(bad, format!("The token '{text}' is invalid"));
        text.map(|text| text.strip_prefix("after-").ok_or_else(|| key(text))).transpose()
    }

    /// One page out of items with their keys, which begin after [`Self::page_after`]: no more of them are looked at than the page
    /// shows.
    pub fn page_from<'k, T>(
        &self,
        items: impl Iterator<Item = (&'k str, T)>,
        size: &str,
        default: usize,
    ) -> (Vec<T>, Option<String>) {
        let size = self.int(size).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default);
        let (mut page, mut last) = (Vec::new(), "");
        for (key, item) in items {
            if page.len() == size {
                return (page, Some(format!("after-{last}")));
            }
            page.push(item);
            last = key;
        }
        (page, None)
    }
}

/// The answer by the model's member names (same conventions as [`Request::input`]), or a fault.
pub type Reply = Result<Json, Fault>;

/// An empty answer.
///
/// # Errors
/// Never.
pub fn done() -> Reply {
    Ok(json!({}))
}

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The code on the wire (`InvalidVpcID.NotFound`, `DBInstanceAlreadyExists`). Codes of modelled errors get
    /// their HTTP status from the model.
    pub code: String,
    /// The message, worded as AWS words it.
    pub message: String,
    /// HTTP status for codes that the model does not list; 400 if none is set.
    pub status: Option<u16>,
    /// Further members of the modelled error shape.
    pub members: Json,
    /// Headers that the answer has besides the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

impl Fault {
    /// An error answer.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: None,
            members: json!({}),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}
