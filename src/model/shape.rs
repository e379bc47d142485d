//! Typed properties that know their own names, so that "what is implemented" is a fact and not a claim.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// One implemented property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// As in the schema.
    pub name: &'static str,
    /// The members of an object or of a list's or map's items; empty for scalars and free-form JSON.
    pub nested: &'static [Field],
}

/// A type whose implemented members are known at compile time.
pub trait Shape {
    /// The members; empty for scalars and free-form JSON.
    const FIELDS: &'static [Field];
}

macro_rules! leaves {
    ($($leaf:ty),*) => { $(impl Shape for $leaf { const FIELDS: &'static [Field] = &[]; })* };
}
leaves!(String, bool, i32, i64, f64, Json);

impl<T: Shape> Shape for Vec<T> {
    const FIELDS: &'static [Field] = T::FIELDS;
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    const FIELDS: &'static [Field] = T::FIELDS;
}

impl<T: Shape> Shape for Box<T> {
    const FIELDS: &'static [Field] = T::FIELDS;
}

/// Declares property structs. Every member becomes an `Option`, is named exactly as in the schema, refuses
/// unknown names, and is listed in [`Shape::FIELDS`]. SDK builders take `Option` through their `set_*`
/// methods, so most members are passed on as they are.
///
/// ```ignore
/// props! {
///     pub struct Props { CidrBlock: String, EnableDnsHostnames: bool, Tags: Vec<Tag> }
///     pub struct Other { Nested: Inner }
/// }
/// ```
#[macro_export]
macro_rules! props {
    ($($(#[$meta:meta])* pub struct $name:ident { $($field:ident : $ty:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[expect(non_snake_case, reason = "the schema's own names")]
        pub struct $name {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                #[allow(missing_docs, reason = "documented by the CloudFormation reference of the type")]
                pub $field: Option<$ty>,
            )*
        }
        impl $crate::model::shape::Shape for $name {
            const FIELDS: &'static [$crate::model::shape::Field] = &[
                $($crate::model::shape::Field {
                    name: stringify!($field),
                    nested: <$ty as $crate::model::shape::Shape>::FIELDS,
                }),*
            ];
        }
    )* };
}
