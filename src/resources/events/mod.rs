//! Resource types of AWS::Events.

mod rule;
mod tags;
mod target;

pub use rule::Rule;

#[cfg(test)]
mod tests;
