//! What the types of DMS share: filters, the answers that mean "there is none".

use aws_sdk_databasemigration::types::Filter;
use aws_smithy_types::{DateTime, date_time::Format};

use crate::{aws::OpError, model::Retry};

/// DMS answers filtered questions about nothing with this.
pub(super) const ABSENT: &[&str] = &["ResourceNotFoundFault"];
/// A role that DMS needs exists only just, or not with its policies yet.
pub(super) const ROLE: Retry = Retry {
    code: "AccessDeniedFault",
    message: "is not configured properly",
    why: "DMS cannot use the role yet",
};
/// Something is still changing, or still used by what is being deleted.
pub(super) const BUSY: Retry =
    Retry { code: "InvalidResourceStateFault", message: "", why: "DMS is still busy with it" };

/// One filter with one value.
pub(super) fn filter(operation: &'static str, name: &str, value: &str) -> Result<Filter, OpError> {
    let built = Filter::builder().name(name).values(value).build();
    built.map_err(|error| OpError::not_sent(operation, error.to_string()))
}

/// Properties that DMS can set but not take away: leaving them out again is refused, by name.
pub(super) fn kept(gone: &[(&str, bool)]) -> Vec<(String, String)> {
    let all = gone.iter().filter(|(_, gone)| *gone);
    all.map(|(name, _)| {
        let why = format!("DMS keeps {name} when it is left out: set it to what it is to be");
        ((*name).to_owned(), why)
    })
    .collect()
}

/// A moment as the schemas write it.
pub(super) fn moment(at: Option<&DateTime>) -> String {
    at.and_then(|at| at.fmt(Format::DateTime).ok()).unwrap_or_default()
}
