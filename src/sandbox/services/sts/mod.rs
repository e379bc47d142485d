//! STS: who is calling, and roles on loan.

mod caller;
mod roles;
mod sessions;
#[cfg(test)]
mod tests;
mod trust;
mod web_identity;

pub use caller::{Caller, caller_of, ensure_caller};
pub use sessions::ended;
pub use trust::like;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AssumeRole", roles::assume),
    Operation::write("AssumeRoleWithWebIdentity", web_identity::assume),
    Operation::read("GetAccessKeyInfo", caller::key_info),
    Operation::read("GetCallerIdentity", caller::identity),
    Operation::write("GetSessionToken", sessions::session_token),
];
