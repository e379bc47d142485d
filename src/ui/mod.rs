//! What people see: pure renderers from values to text.

pub mod graphviz;
pub mod review;
mod text;
