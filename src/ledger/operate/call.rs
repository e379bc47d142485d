//! One operation: its exact request, what was there before, and what holds once it has happened.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::facts::{Facts, Subject};

/// What a read says about an operation whose answer is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Its effect is there.
    Landed,
    /// Everything is as it was before.
    Absent,
    /// Neither: somebody else was there too, or the service has not made up its mind.
    Unclear,
}

/// A request, exactly as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The service as the AWS CLI calls it.
    pub service: String,
    /// The API operation.
    pub operation: String,
    /// Where.
    pub region: String,
    /// Its input, under the API's member names.
    pub input: Json,
}

impl Request {
    /// A request.
    #[must_use]
    pub fn new(service: &str, operation: &str, region: &str, input: Json) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            region: region.to_owned(),
            input,
        }
    }
}

/// Whether a call may be made again when its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// The same call has the same effect however often it is made.
    Freely,
    /// Only once a read has shown that it had no effect.
    AfterLooking,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operate {
    /// What it does, in a few words.
    pub name: String,
    /// The call.
    pub request: Request,
    /// What was read just before; only what the expectation is about.
    pub before: Facts,
    /// What holds once it has happened.
    pub expect: Facts,
    /// What else it may change, to whatever: nothing is known of these afterwards.
    #[serde(default)]
    pub touches: Facts,
    /// Whether it may be repeated.
    pub repeat: Repeat,
}

impl Operate {
    /// What a later read says about it.
    #[must_use]
    pub fn seen(&self, now: &Facts) -> Seen {
        let holds = |key: &(Subject, String), wanted: &Json| {
            let is = now.0.get(key).unwrap_or(&Json::Null);
            if wanted.is_null() { is != self.before.0.get(key).unwrap_or(&Json::Null) } else { is == wanted }
        };
        if self.expect.0.iter().all(|(key, wanted)| holds(key, wanted)) {
            return Seen::Landed;
        }
        let same = self.expect.0.keys().all(|key| {
            now.0.get(key).unwrap_or(&Json::Null) == self.before.0.get(key).unwrap_or(&Json::Null)
        });
        if same { Seen::Absent } else { Seen::Unclear }
    }
}

/// The SHA-256 of a JSON value, in hexadecimal.
#[must_use]
pub fn digest(value: &Json) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(value.to_string()))
}
