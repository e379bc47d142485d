//! The JSON types of a schema.

use serde_json::Value as Json;

/// A JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    String = 1,
    Integer = 2,
    Number = 4,
    Boolean = 8,
    Array = 16,
    Object = 32,
    /// `null`, which no value of a plan is.
    Other = 64,
}

impl Type {
    fn of(name: &str) -> Self {
        match name {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => Self::Other,
        }
    }
}

/// The JSON types a schema allows: one, several, or none if it does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Types {
    /// As the schema names them.
    names: &'static Json,
    /// One bit for each: every value of a plan asks for several of them.
    bits: u8,
    single: bool,
}

impl Types {
    /// Where no schema says anything.
    pub(crate) const OPEN: Self = Self { names: &Json::Null, bits: 0, single: false };

    /// What the keyword `type` says.
    pub(super) fn new(names: &'static Json) -> Self {
        let types = Self { names, ..Self::OPEN };
        let bits = types.names().fold(0, |bits, name| bits | Type::of(name) as u8);
        Self { bits, single: types.names().count() == 1, ..types }
    }

    /// Their names, in the order of the schema.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        let many = self.names.as_array().into_iter().flatten().filter_map(Json::as_str);
        self.names.as_str().into_iter().chain(many)
    }

    /// The schema does not say.
    pub(crate) fn open(self) -> bool {
        self.bits == 0
    }

    pub(crate) fn has(self, one: Type) -> bool {
        self.bits & one as u8 != 0
    }

    pub(crate) fn only(self, one: Type) -> bool {
        self.single && self.has(one)
    }

    pub(crate) fn scalar(self) -> bool {
        self.bits & !(Type::Array as u8 | Type::Object as u8) != 0
    }
}
