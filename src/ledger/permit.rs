//! Proof, in the type system, that an intent is on disk.

/// Only the ledger makes one, after the intent's line is fsynced; no mutating handler can be called without.
#[must_use = "settle it; an unsettled permit stays open in the journal"]
#[derive(Debug)]
pub struct Permit {
    pub(in crate::ledger) op: u64,
    pub(in crate::ledger) token: String,
    pub(in crate::ledger) request: Option<String>,
}

impl Permit {
    /// The client token of this intent: the same on every retry of the same create, at most 32 characters of
    /// `[a-z0-9]`, so that it fits every API's idempotency parameter.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The request in the background that the previous stage of this verb began or asked for; `None` for the first call.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// The same permit, for the stage after one that answered with that request.
    pub fn following(self, request: Option<String>) -> Self {
        Self { request, ..self }
    }

    /// The intent's number in the journal.
    #[must_use]
    pub fn op(&self) -> u64 {
        self.op
    }

    /// A permit without a ledger, for unit tests of handlers.
    #[cfg(test)]
    pub fn forged(op: u64) -> Self {
        Self { op, token: format!("{op:032}"), request: None }
    }
}
