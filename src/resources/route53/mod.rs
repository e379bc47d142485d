//! Resource types of AWS::Route53.

mod common;
mod health_check;
mod hosted_zone;
mod record_form;
mod record_set_group;
mod records;
mod recordset;

pub use health_check::HealthCheck;
pub use hosted_zone::HostedZone;
pub use record_set_group::RecordSetGroup;
pub use recordset::RecordSet;
