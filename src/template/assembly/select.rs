//! `--stack NAME`: which stacks of an assembly are meant.

use std::collections::BTreeSet;

use super::artifact::StackArtifact;
use crate::error::{Class, Diagnostic, Problems, hint};

/// Positions of the chosen stacks and of all they depend on; all stacks if nothing is chosen.
pub(super) fn chosen(
    stacks: &[StackArtifact],
    wanted: &[String],
    problems: &mut Problems,
) -> BTreeSet<usize> {
    if wanted.is_empty() {
        return (0..stacks.len()).collect();
    }
    let mut chosen = BTreeSet::new();
    for name in wanted {
        let found: Vec<usize> = (0..stacks.len()).filter(|at| is(&stacks[*at], name)).collect();
        if found.is_empty() {
            let known = stacks.iter().flat_map(|stack| [stack.name.as_str(), stack.display.as_str()]);
            let known: BTreeSet<&str> = known.collect();
            let help = hint(name, "stacks", known.iter().copied());
            let message = format!("--stack {name}: the assembly has no such stack");
            problems.add(Diagnostic::error("M1903", Class::Usage, message)).maybe_help(help);
        }
        chosen.extend(found);
    }
    let mut frontier: Vec<usize> = chosen.iter().copied().collect();
    while let Some(at) = frontier.pop() {
        for needed in &stacks[at].after {
            if chosen.insert(*needed) {
                frontier.push(*needed);
            }
        }
    }
    chosen
}

/// By name, by id, or as the CDK shows it. As in the CDK, `*` stands for any text: `Prod/*`.
fn is(stack: &StackArtifact, wanted: &str) -> bool {
    [&stack.name, &stack.id, &stack.display].into_iter().any(|name| matches(wanted, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            let previous: &str = previous;
            let Some(at) = rest.find(previous) else { return false };
            rest = &rest[at + previous.len()..];
        }
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, wanted) in [
            ("App", "App", true),
            ("App", "Apps", false),
            ("Prod/*", "Prod/App", true),
            ("Prod/*", "Dev/App", false),
            ("*App", "Dev/App", true),
            ("*", "Anything", true),
            ("D*/*p", "Dev/App", true),
            ("D*v*x*p", "Dev/App", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
