//! Custom resources of the CDK that are carried out natively: types that have no function behind them here.

mod vpc_restrict_default_sg;

pub use vpc_restrict_default_sg::VpcRestrictDefaultSg;
