//! What an SDK error says about the world: not sent, rejected, or unknown.

use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use serde::{Deserialize, Serialize};

use super::access::{Access, AccessError, Barrier, cause};
use crate::printable;

/// What is known about the effect of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It never left this process: nothing happened.
    NotSent,
    /// The service answered no: nothing happened.
    Rejected,
    /// Timeout, lost connection, unreadable answer or server error: it may have happened.
    Unknown,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpError {
    /// The API operation, `CreateDBInstance`.
    pub operation: String,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's message, or the transport's.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// What is known about the effect.
    pub certainty: Certainty,
    /// Set when it is about the way to AWS, not about the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrier: Option<Box<Barrier>>,
}

impl OpError {
    /// A failure found before anything was sent.
    #[must_use]
    pub fn not_sent(operation: &str, message: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            code: None,
            message: message.into(),
            request_id: None,
            barrier: None,
            certainty: Certainty::NotSent,
        }
    }

    /// An answer that lacks what the API promises: the effect is unknown.
    #[must_use]
    pub fn missing(operation: &str, what: &str) -> Self {
        Self {
            operation: operation.into(),
            code: None,
            message: format!("the answer lacks {what}"),
            request_id: None,
            barrier: None,
            certainty: Certainty::Unknown,
        }
    }

    /// Whether AWS answered with one of these codes.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// Whether AWS asked to slow down.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        self.is(&[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "PriorRequestNotComplete",
            "SlowDown",
            "EC2ThrottledException",
            "BandwidthLimitExceeded",
            "ProvisionedThroughputExceededException",
            "TransactionInProgressException",
            "LimitExceededException.Throttled",
        ])
    }

    /// Whether the credentials were refused or have expired.
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        self.is(&[
            "ExpiredToken",
            "ExpiredTokenException",
            "RequestExpired",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "AuthFailure",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
            "RequestTimeTooSkewed",
        ]) || matches!(self.barred(), Some(Access::NotSignedIn | Access::Refused))
    }

    /// What stands between this program and AWS, if that is why.
    #[must_use]
    pub fn barred(&self) -> Option<Access> {
        self.barrier.as_ref().map(|barrier| barrier.kind)
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpError {}

/// Turns an SDK error into an [`OpError`]: `.map_err(op("CreateVpc"))`.
pub fn op<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> OpError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    move |error| {
        let certainty = match &error {
            SdkError::ConstructionFailure(_) => Certainty::NotSent,
            SdkError::ServiceError(service) if (400..500).contains(&service.raw().status().as_u16()) => {
                // A refusal names its code (or has no body at all, as answers to HEAD); anything else is garbage.
                let silent = service.raw().body().bytes().is_some_and(<[u8]>::is_empty);
                if error.code().is_some() || silent { Certainty::Rejected } else { Certainty::Unknown }
            }
            _ => Certainty::Unknown,
        };
        let access = cause::<AccessError>(&error);
        // Without credentials nothing is sent.
        let unsigned = cause::<CredentialsError>(&error).is_some();
        let certainty = if unsigned { Certainty::NotSent } else { certainty };
        // Whoever answers chooses these texts: they reach ledgers, events and terminals.
        let clean = |text: &str| printable::lines(text).into_owned();
        let request_id = error.request_id().map(clean).or_else(|| access?.request_id.clone());
        let code = error.code().map(clean).or_else(|| access.filter(|_| unsigned)?.code.clone());
        let message = match (error.message(), access) {
            (Some(message), _) => clean(message),
            (None, Some(access)) => access.message.clone(),
            (None, None) => clean(&chain(&error)),
        };
        let barrier = access.map(|access| access.barrier.clone());
        let mut error =
            OpError { operation: operation.into(), code, message, request_id, certainty, barrier };
        if error.is_throttle() {
            // EC2 and S3 throttle with status 503, but it is an answer: nothing happened.
            error.certainty = Certainty::Rejected;
        }
        error
    }
}

/// The innermost causes say what happened ("connection refused"); the outer layers only that something did.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
