//! What is known of a whole service: one row each. A service without a row of its own is an ordinary one.

/// A service, as its types name it in [`Facts::service`](super::Facts::service).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The endpoint prefix, under which calls are counted.
    pub prefix: &'static str,
    /// Calls in flight, before throttling teaches otherwise.
    pub ceiling: usize,
    /// Reads may hide a new object for long, by whatever they look for it. Where only the index of tags lags, the
    /// type's identity says so.
    pub eventually_consistent: bool,
    /// Calls that change something, where AWS publishes their rate: how many at once, and how many a second. One less at
    /// once than it takes, because calls do not arrive as evenly as they are made.
    pub writes: Option<(u32, u32)>,
}

/// What holds unless a row says otherwise.
const ORDINARY: Service = Service { prefix: "", ceiling: 12, eventually_consistent: false, writes: None };

const ROWS: &[Service] = &[
    // One API for all types; accounts get five to ten requests a second of each kind.
    Service { prefix: "cloudcontrolapi", ceiling: 8, ..ORDINARY },
    Service { prefix: "dms", ceiling: 8, ..ORDINARY },
    // Three PutMetricAlarm a second ("CloudWatch service quotas", Amazon CloudWatch User Guide).
    Service { prefix: "cloudwatch", writes: Some((9, 3)), ..ORDINARY },
    Service { prefix: "ec2", ceiling: 16, eventually_consistent: true, ..ORDINARY },
    Service { prefix: "iam", ceiling: 8, eventually_consistent: true, ..ORDINARY },
    // Five to ten CreateLogGroup and PutRetentionPolicy a second, by region ("CloudWatch Logs quotas").
    Service { prefix: "logs", writes: Some((9, 5)), ..ORDINARY },
    Service { prefix: "rds", ceiling: 8, ..ORDINARY },
    // It takes five requests a second for the whole account.
    Service { prefix: "route53", ceiling: 2, ..ORDINARY },
];

/// What is known of a service.
#[must_use]
pub fn of(prefix: &str) -> Service {
    ROWS.iter().find(|row| row.prefix == prefix).copied().unwrap_or(ORDINARY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::registry;

    #[test]
    fn every_row_is_of_a_service_that_some_type_belongs_to() {
        for row in ROWS {
            let native = registry::TYPES.iter().any(|ty| ty.facts().service == row.prefix);
            assert!(native || row.prefix == crate::resources::cloudcontrol::SERVICE, "{}", row.prefix);
        }
    }
}
