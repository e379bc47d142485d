//! How long reads may hide what calls did.
//!
//! EC2 and IAM, and every index of tags, are eventually consistent, and AWS says to repeat reads for up to five minutes
//! (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).

use std::time::{Duration, SystemTime};

use crate::{
    clock::written,
    ledger::Object,
    model::{Facts, Identity},
    resources::service,
};

/// After so long what was made surely shows, and what was changed shows as it is.
const SURELY: Duration = Duration::from_secs(5 * 60);

/// Whether reads may hide a new object for long: indexes of tags do, and all of some services.
fn eventually_consistent(facts: &Facts) -> bool {
    facts.identity == Identity::Tag || service::of(facts.service).eventually_consistent
}

/// Pauses between looks right after a call, in seconds.
pub(super) fn pauses(facts: &Facts) -> &'static [u64] {
    match facts.identity {
        Identity::Token => &[],
        _ if eventually_consistent(facts) => &[1, 2, 4, 8],
        _ => &[1, 2],
    }
}

/// How long after an intent reads may still hide the object it made, and how often to look until then.
pub(super) fn lag(facts: &Facts) -> (Duration, Duration) {
    match facts.identity {
        Identity::Token => (Duration::ZERO, Duration::ZERO),
        _ if eventually_consistent(facts) => (Duration::from_secs(30), Duration::from_secs(5)),
        _ => (Duration::from_secs(5), Duration::from_secs(1)),
    }
}

/// How long reads may hide it at the very most.
pub(super) fn hidden(facts: &Facts) -> Duration {
    if eventually_consistent(facts) { SURELY } else { lag(facts).0 }
}

/// From when on reads surely show an object that exists, and how often to look until then.
pub(super) fn visible_by(object: &Object, facts: &Facts, now: SystemTime) -> (SystemTime, Duration) {
    let (window, pause) = lag(facts);
    (written(&object.made, now).unwrap_or(SystemTime::UNIX_EPOCH) + window, pause)
}
