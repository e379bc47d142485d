//! Lambda.

mod code;
mod function;
mod function_change;
mod function_props;
mod permission;
#[cfg(test)]
mod tests;

pub use function::Function;
pub use permission::Permission;
