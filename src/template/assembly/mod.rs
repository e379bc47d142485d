//! CDK cloud assemblies: the folder that `cdk synth` writes, taken as a plan.
//!
//! Stacks, their environments, parameters and tags come from `manifest.json`, code from the asset manifests. What
//! the CDK leaves to a bootstrap stack or to Lambda functions of its own is done natively; every such difference
//! is a note of the review.

mod artifact;
mod assets;
mod edit;
mod environment;
mod load;
mod providers;
mod rewrite;
mod select;
mod uploads;

pub(super) use load::{is_assembly, load, manifest_of};
