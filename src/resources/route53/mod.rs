//! Resource types of AWS::Route53.

mod common;
mod healthcheck;
mod hostedzone;
mod record_form;
mod records;
mod recordset;
mod recordsetgroup;

pub use healthcheck::HealthCheck;
pub use hostedzone::HostedZone;
pub use recordset::RecordSet;
pub use recordsetgroup::RecordSetGroup;
