//! Gates: pure functions of samples. A gate is open, closed or unknown, and unknown is closed: a gate that has no data has
//! not been passed.

mod homogeneous;
mod judge;
mod names;
mod points;
mod replication;
mod samples;
mod serving;
#[cfg(test)]
mod tests;

pub use judge::judge;
pub use names::{
    BACKLOG, CUSTOM, ERRORS, GATES, LAG, OTHERS, REQUEST_METRICS, SHIFT, STRICT, VERIFY, instance_metrics,
    metrics_of,
};
pub use samples::{
    AssessmentSample, DataSample, ErrorSample, Reading, Samples, Series, ServiceSample, TableSample,
    TaskSample, Verdict,
};
