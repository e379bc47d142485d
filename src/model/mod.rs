//! What everybody speaks of: names, values, places and facts. A leaf: it imports no other module of the crate.

mod activity;
mod address;
pub mod dynamic;
mod facts;
mod found;
pub mod functions;
mod identity;
pub mod item;
mod members;
mod packed;
mod policy;
mod scalar;
pub mod secret;
pub mod shape;
mod span;
pub mod stored;
mod tag;
mod value;

pub use activity::Activity;
pub use address::Address;
/// A text of plans: up to 15 bytes stand in place, longer ones are shared by their copies. A large plan has millions of them, in
/// its tree, its items and its values.
pub use ecow::EcoString as Text;
pub use facts::{
    Addressable, Document, Facts, Identity, NameRule, Needs, OnConflict, Once, Retry, Settles, Stored,
    Together, WaitPolicy,
};
pub use found::Found;
pub use identity::{Attributes, Ownership, PhysicalId};
pub use members::Members;
pub use packed::{Packed, Part};
pub use policy::DeletionPolicy;
pub use scalar::{Scalar, Sense};
pub use span::{Source, Span};
pub use tag::Tag;
pub use value::{Call, Reference, Unknown, Value};
