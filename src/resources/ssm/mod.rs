//! Resource types of AWS::SSM.

mod parameter;
mod tags;

pub use parameter::Parameter;
