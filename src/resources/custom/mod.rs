//! Custom resources, and what else exists only inside the CloudFormation service; and what the CDK does beside
//! CloudFormation, carried out natively.

mod cdk_asset;
mod function_backed;
mod inside;
mod kinds;
mod protocol;
mod signals;
#[cfg(test)]
mod tests;
mod vpc_restrict_default_sg;

pub use cdk_asset::CdkAsset;
pub use inside::{Inside, find};
pub use kinds::{
    ANSWERS, CONDITION, HANDLE, RESOURCE, STACK, TOPIC, is_open, is_text, keeps_answers, serverless,
    takes_answers,
};
pub use vpc_restrict_default_sg::VpcRestrictDefaultSg;
