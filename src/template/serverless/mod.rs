//! The parts of the transforms `AWS::Serverless` and `AWS::SecretsManager` that rotations of secrets need: applications of
//! the AWS Serverless Application Repository, their functions, and hosted rotation functions. A template is rewritten before
//! anything is evaluated; what is not supported is refused by name.
//!
//! Transforms run inside CloudFormation. What AWS documents of their results, and what the transform's public source and
//! templates in use show, is what is made here.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>

mod application;
mod build;
mod expand;
mod function;
mod hosted;
mod policies;

#[cfg(test)]
mod tests;

pub use application::Application;
pub(super) use application::application;
pub(super) use expand::expand;
