//! The official resource-type schemas: what they say of properties and attributes. They know no handler.

mod fill;
mod json_types;
mod pattern;
mod place;
mod provision;
mod published;
mod refused;
mod scalars;
mod store;

pub use fill::convert;
pub(crate) use json_types::{Type, Types};
pub(crate) use place::Rules;
pub use published::{as_published, published};
pub use refused::{Refusal, refused};
pub use scalars::{boolean, decimal, whole};
pub use store::{Attribute, Node, TypeSchema, kinds, of};
