//! What the CDK does beside CloudFormation, carried out natively: types that have no function behind them here.

/// CloudFormation's own name for a custom resource; the other is `Custom::Anything`.
pub const RESOURCE: &str = "AWS::CloudFormation::CustomResource";

mod cdk_asset;
mod vpc_restrict_default_sg;

pub use cdk_asset::CdkAsset;
pub use vpc_restrict_default_sg::VpcRestrictDefaultSg;
