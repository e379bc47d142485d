//! Resource types of AWS::CodeBuild.

mod project;
mod project_check;
mod project_form;
mod trigger;

pub use project::Project;

#[cfg(test)]
mod tests;
