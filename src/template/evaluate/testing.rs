//! Plans checked as far as their graph, for tests.

use super::{Environment, draft};
use crate::{check, error::Diagnostic, graph::Graph, template::Loaded};

/// Evaluates and checks a plan.
pub fn evaluate(loaded: &Loaded, env: &Environment) -> Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>> {
    check::graph(&mut draft(loaded, env))
}
