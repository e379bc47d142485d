//! What the CDK does beside CloudFormation, carried out natively: types that have no function behind them here.

mod cdk_asset;
mod vpc_restrict_default_sg;

pub use cdk_asset::CdkAsset;
pub use vpc_restrict_default_sg::VpcRestrictDefaultSg;
