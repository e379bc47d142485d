//! Diagnostics: what went wrong, where, and what to type next.

mod code;
mod diagnostic;
mod fix;
mod problems;
mod suggest;

pub use code::{Code, Example};
pub use diagnostic::{Class, Diagnostic, Severity};
pub use fix::Fix;
pub use problems::{Noted, Problems};
pub use suggest::{hint, suggest};
