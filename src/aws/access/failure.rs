//! Why AWS cannot be used: four kinds that call for four different people.

use std::{error::Error, fmt};

use aws_credential_types::provider::error::CredentialsError;
use serde::{Deserialize, Serialize};

use crate::printable;

/// What stands between this program and AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// No credentials, or a sign-in session that ended.
    NotSignedIn,
    /// Signed in, but AWS refuses: keys, a role, a policy.
    Refused,
    /// No connection: name resolution, network, proxy, TLS.
    NotReached,
    /// Something between here and AWS answered in its place.
    NotAws,
    /// A setting that cannot be used: a profile, a file, a URL.
    Settings,
}

/// What is known about a barred way besides the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    /// The kind.
    pub kind: Access,
    /// What to type or change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The MFA device whose code is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<String>,
}

/// A barred way, as providers and the HTTP client report it; [`super::super::op`] finds it inside SDK errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessError {
    /// The kind and the remedy.
    pub barrier: Box<Barrier>,
    /// One sentence, no full stop.
    pub message: String,
    /// AWS's code, where AWS answered.
    pub code: Option<String>,
    /// AWS's request id, where AWS answered.
    pub request_id: Option<String>,
}

impl AccessError {
    /// A barred way. Parts of the message may come from elsewhere: it is cleaned.
    #[must_use]
    pub fn new(kind: Access, message: impl AsRef<str>) -> Self {
        let message = printable::lines(message.as_ref()).into_owned();
        let barrier = Box::new(Barrier { kind, remedy: None, mfa: None });
        Self { barrier, message, code: None, request_id: None }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.barrier.remedy = Some(remedy.into());
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Access {
        self.barrier.kind
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for AccessError {}

impl From<AccessError> for CredentialsError {
    fn from(error: AccessError) -> Self {
        Self::provider_error(error)
    }
}

/// An error and its causes. Inside an `io::Error` the cause is what it wraps: `source` would skip that.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

/// The first cause of a type.
pub(in crate::aws) fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
