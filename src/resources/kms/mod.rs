//! Resource types of AWS::KMS.

mod alias;
mod key;
mod tags;

pub use alias::Alias;
pub use key::Key;
