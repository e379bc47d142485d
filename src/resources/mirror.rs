//! Property structs that mirror an SDK type member by member, in both directions.
//!
//! Deeply nested types (container definitions, deployment configurations, scaling policies) differ from the
//! SDK's only in spelling. [`mirrored!`](crate::mirrored) declares such a struct once and derives both ways,
//! so that a member cannot be sent and then forgotten on reading.

use std::collections::{BTreeMap, HashMap};

use aws_smithy_types::{DateTime, Document, Number, date_time::Format, error::operation::BuildError};
use serde_json::Value as Json;

use crate::aws::OpError;

/// A property type and the SDK type it stands for.
pub trait Mirror<S>: Sized {
    /// The SDK's form.
    ///
    /// # Errors
    /// A member that the API requires is missing.
    fn send(&self) -> Result<S, BuildError>;
    /// The schema's form of what AWS answered.
    fn receive(sdk: &S) -> Self;
}

/// A property type and the type of the SDK struct's member that holds it.
pub trait Member<F>: Sized {
    /// The member's value.
    ///
    /// # Errors
    /// As for [`Mirror::send`].
    fn put(&self) -> Result<F, BuildError>;
    /// The property's value, if the member has one.
    fn take(member: &F) -> Option<Self>;
}

impl<P: Mirror<S>, S> Member<Option<S>> for P {
    fn put(&self) -> Result<Option<S>, BuildError> {
        self.send().map(Some)
    }
    fn take(member: &Option<S>) -> Option<Self> {
        member.as_ref().map(P::receive)
    }
}

impl<P: Mirror<S>, S> Member<Vec<S>> for Vec<P> {
    fn put(&self) -> Result<Vec<S>, BuildError> {
        self.send()
    }
    fn take(member: &Vec<S>) -> Option<Self> {
        Some(Self::receive(member))
    }
}

impl<P: Mirror<S>, S> Mirror<Vec<S>> for Vec<P> {
    fn send(&self) -> Result<Vec<S>, BuildError> {
        self.iter().map(P::send).collect()
    }
    fn receive(sdk: &Vec<S>) -> Self {
        sdk.iter().map(P::receive).collect()
    }
}

impl Mirror<HashMap<String, String>> for BTreeMap<String, String> {
    fn send(&self) -> Result<HashMap<String, String>, BuildError> {
        Ok(self.clone().into_iter().collect())
    }
    fn receive(sdk: &HashMap<String, String>) -> Self {
        sdk.clone().into_iter().collect()
    }
}

/// A value of no fixed form.
impl Mirror<Document> for Json {
    fn send(&self) -> Result<Document, BuildError> {
        Ok(match self {
            Self::Null => Document::Null,
            Self::Bool(truth) => Document::Bool(*truth),
            Self::String(text) => Document::String(text.clone()),
            Self::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Number::PosInt(number),
                (None, Some(number)) => Number::NegInt(number),
                (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
            }),
            Self::Array(items) => Document::Array(items.iter().map(Self::send).collect::<Result<_, _>>()?),
            Self::Object(members) => {
                let members = members.iter().map(|(name, value)| Ok((name.clone(), value.send()?)));
                Document::Object(members.collect::<Result<_, BuildError>>()?)
            }
        })
    }
    fn receive(sdk: &Document) -> Self {
        match sdk {
            Document::Null => Self::Null,
            Document::Bool(truth) => Self::Bool(*truth),
            Document::String(text) => Self::String(text.clone()),
            Document::Number(Number::PosInt(number)) => (*number).into(),
            Document::Number(Number::NegInt(number)) => (*number).into(),
            Document::Number(Number::Float(number)) => (*number).into(),
            Document::Array(items) => Self::Array(items.iter().map(Self::receive).collect()),
            Document::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (name.clone(), Self::receive(value))).collect(),
            ),
        }
    }
}

/// A moment, which the schemas write as text.
impl Mirror<DateTime> for String {
    fn send(&self) -> Result<DateTime, BuildError> {
        DateTime::from_str(self, Format::DateTime)
            .map_err(|_| BuildError::other(format!("`{self}` is not a date and time")))
    }
    fn receive(sdk: &DateTime) -> Self {
        sdk.fmt(Format::DateTime).unwrap_or_default()
    }
}

macro_rules! plain {
    ($($plain:ty),*) => { $(
        impl Mirror<$plain> for $plain {
            fn send(&self) -> Result<$plain, BuildError> {
                Ok(self.clone())
            }
            fn receive(sdk: &$plain) -> Self {
                sdk.clone()
            }
        }
        impl Member<$plain> for $plain {
            fn put(&self) -> Result<$plain, BuildError> {
                Ok(self.clone())
            }
            fn take(member: &$plain) -> Option<Self> {
                Some(member.clone())
            }
        }
    )* };
}
plain!(String, bool, i32, i64, f64);

/// Texts that the SDK types as enums: `words!(types::LogDriver, types::Scope)`.
#[macro_export]
macro_rules! words {
    ($($word:ty),* $(,)?) => { $(
        impl $crate::resources::mirror::Mirror<$word> for String {
            fn send(&self) -> Result<$word, aws_smithy_types::error::operation::BuildError> {
                Ok(<$word>::from(self.as_str()))
            }
            fn receive(sdk: &$word) -> Self {
                sdk.as_str().to_owned()
            }
        }
        impl $crate::resources::mirror::Member<$word> for String {
            fn put(&self) -> Result<$word, aws_smithy_types::error::operation::BuildError> {
                Ok(<$word>::from(self.as_str()))
            }
            fn take(member: &$word) -> Option<Self> {
                Some(member.as_str().to_owned())
            }
        }
    )* };
}

/// Declares property structs with [`props!`](crate::props) together with their way to and from the SDK:
/// `pub struct Secret: types::Secret = builder { Name/name: String }`. The expression builds the SDK value
/// that unset members keep; it may use `?`.
///
/// The top-level properties of a type are read from one SDK struct and sent by many calls. For them there is the
/// form `pub struct Props <= types::Subnet { VpcId/vpc_id: String, Tags: Vec<Tag> }`: it declares the struct and
/// `Props::received(&live)`, which copies every member that has an SDK name and leaves the others unset.
#[macro_export]
macro_rules! mirrored {
    (
        $(#[$meta:meta])* pub struct $name:ident <= $sdk:ty { $($field:ident $(/ $member:ident)? : $ty:ty),* $(,)? }
        $($rest:tt)*
    ) => {
        $crate::props! { $(#[$meta])* pub struct $name { $($field: $ty),* } }
        impl $name {
            /// What the SDK's struct tells of the properties.
            fn received(live: &$sdk) -> Self {
                let mut props = Self::default();
                $($( props.$field = $crate::resources::mirror::Member::take(&live.$member); )?)*
                props
            }
        }
        $crate::mirrored! { $($rest)* }
    };
    ($($(#[$meta:meta])* pub struct $name:ident : $sdk:ty = $new:expr => { $($field:ident / $member:ident : $ty:ty),* $(,)? })*) => {
        $crate::props! { $($(#[$meta])* pub struct $name { $($field: $ty),* })* }
        $(
            impl $crate::resources::mirror::Mirror<$sdk> for $name {
                fn send(&self) -> Result<$sdk, aws_smithy_types::error::operation::BuildError> {
                    let mut sdk: $sdk = $new;
                    $(if let Some(value) = &self.$field {
                        sdk.$member = $crate::resources::mirror::Member::put(value)?;
                    })*
                    Ok(sdk)
                }
                fn receive(sdk: &$sdk) -> Self {
                    Self { $($field: $crate::resources::mirror::Member::take(&sdk.$member)),* }
                }
            }
            impl $crate::resources::mirror::Member<$sdk> for $name {
                fn put(&self) -> Result<$sdk, aws_smithy_types::error::operation::BuildError> {
                    $crate::resources::mirror::Mirror::send(self)
                }
                fn take(member: &$sdk) -> Option<Self> {
                    Some($crate::resources::mirror::Mirror::receive(member))
                }
            }
        )*
    };
}

/// Another SDK type for property structs that [`mirrored!`](crate::mirrored) declared: services that answer with
/// other types than they take. `Monitoring: types::LaunchTemplatesMonitoring = builder { Enabled/enabled: bool }`.
#[macro_export]
macro_rules! mirrored_too {
    ($($name:ident : $sdk:ty = $new:expr => { $($field:ident / $member:ident : $ty:ty),* $(,)? })*) => { $(
        impl $crate::resources::mirror::Mirror<$sdk> for $name {
            fn send(&self) -> Result<$sdk, aws_smithy_types::error::operation::BuildError> {
                let mut sdk: $sdk = $new;
                $(if let Some(value) = &self.$field {
                    sdk.$member = $crate::resources::mirror::Member::put(value)?;
                })*
                Ok(sdk)
            }
            fn receive(sdk: &$sdk) -> Self {
                Self { $($field: <$ty as $crate::resources::mirror::Member<_>>::take(&sdk.$member)),* }
            }
        }
    )* };
}

/// Hands properties to a call by its setters, each in the SDK's form, and answers the call:
/// `pass!("CreateSubnet", cx.sdk.ec2().create_subnet(), props => { set_vpc_id: VpcId })`. May use `?`.
#[macro_export]
macro_rules! pass {
    ($op:expr, $call:expr, $props:expr => { $($setter:ident : $field:ident),* $(,)? }) => {{
        let (call, props) = ($call, $props);
        $( let call = call.$setter($crate::resources::mirror::sent($op, props.$field.as_ref())?); )*
        call
    }};
}

/// The SDK's form of an optional property.
///
/// # Errors
/// Nothing was sent: a member that the API requires is missing.
pub fn sent<P: Mirror<S>, S>(operation: &str, value: Option<&P>) -> Result<Option<S>, OpError> {
    value.map(P::send).transpose().map_err(|error| OpError::not_sent(operation, error.to_string()))
}

/// The schema's form of an optional answer.
#[must_use]
pub fn received<P: Mirror<S>, S>(value: Option<&S>) -> Option<P> {
    value.map(P::receive)
}

/// Takes off `live` the nested members that `sent` does not have: services fill in defaults deep inside what
/// was sent, and those are no differences. Top-level members stay; list items are paired with the sent item
/// that they contain, else by their name, else by position.
#[must_use]
pub fn pruned<P: serde::Serialize + serde::de::DeserializeOwned>(live: P, sent: &P) -> P {
    let (Ok(mut tree), Ok(hint)) = (serde_json::to_value(&live), serde_json::to_value(sent)) else {
        return live;
    };
    if let (Json::Object(members), Json::Object(hints)) = (&mut tree, &hint) {
        for (name, hint) in hints {
            if let Some(member) = members.get_mut(name) {
                prune(member, hint);
            }
        }
    }
    serde_json::from_value(tree).unwrap_or(live)
}

fn prune(live: &mut Json, sent: &Json) {
    match (live, sent) {
        (Json::Object(live), Json::Object(sent)) => {
            live.retain(|name, _| sent.contains_key(name));
            for (name, value) in sent {
                if is_nothing(value) && !live.contains_key(name) {
                    live.insert(name.clone(), value.clone());
                }
            }
            for (name, value) in live.iter_mut() {
                prune(value, &sent[name]);
            }
        }
        (Json::Array(live), Json::Array(sent)) => {
            let mut free: Vec<usize> = (0..sent.len()).collect();
            let mut pairs: Vec<Option<usize>> = vec![None; live.len()];
            let rules: [fn(&Json, &Json) -> bool; 3] = [contains, same_name, |_, _| true];
            for fits in rules {
                for (at, item) in live.iter().enumerate() {
                    if pairs[at].is_none()
                        && let Some(slot) = free.iter().position(|&candidate| fits(item, &sent[candidate]))
                    {
                        pairs[at] = Some(free.remove(slot));
                    }
                }
            }
            for (item, pair) in live.iter_mut().zip(pairs) {
                if let Some(pair) = pair {
                    prune(item, &sent[pair]);
                }
            }
        }
        _ => {}
    }
}

/// Whether a value says no more than its absence does; services often leave such members out of answers.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Bool(on) => !on,
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

fn contains(live: &Json, sent: &Json) -> bool {
    match (live, sent) {
        (Json::Object(live), Json::Object(sent)) => sent
            .iter()
            .all(|(name, value)| live.get(name).map_or(is_nothing(value), |other| contains(other, value))),
        (Json::Array(live), Json::Array(sent)) => {
            live.len() == sent.len()
                && sent.iter().all(|value| live.iter().any(|other| contains(other, value)))
        }
        _ => live == sent,
    }
}

fn same_name(live: &Json, sent: &Json) -> bool {
    ["Name", "Key", "Id"].iter().any(|key| live[key].is_string() && live[key] == sent[key])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filled_in_defaults_go_and_real_differences_stay() {
        let sent = json!({"Ports": [{"Port": 80}, {"Port": 443, "Protocol": "udp", "Tls": false}], "Env": [{"Name": "A", "Value": "1"}]});
        let live = json!({
            "Ports": [{"Port": 443, "Protocol": "udp", "Host": 443}, {"Port": 80, "Protocol": "tcp", "Host": 80}],
            "Env": [{"Name": "A", "Value": "2"}, {"Name": "B", "Value": "3"}], "Extra": true,
        });
        assert_eq!(
            pruned(live, &sent),
            json!({
                "Ports": [{"Port": 443, "Protocol": "udp", "Tls": false}, {"Port": 80}],
                "Env": [{"Name": "A", "Value": "2"}, {"Name": "B", "Value": "3"}], "Extra": true,
            })
        );
    }
}
