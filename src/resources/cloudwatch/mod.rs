//! Resource types of AWS::CloudWatch.

mod alarm;
mod alarm_form;
mod dashboard;
mod tags;

pub use alarm::Alarm;
pub use dashboard::Dashboard;
