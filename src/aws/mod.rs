//! AWS itself: configuration, clients, error certainty, ownership tags, physical names.

pub mod access;
mod applications;
mod call_log;
mod cloud;
mod error;
pub mod iam_actions;
pub mod lookup;
mod meter;
mod names;
pub mod objects;
mod owner;
mod replicator;
mod sdk;
pub mod tagged;

pub use access::{Access, AccessError, Barrier, Keys, KeysNotice};
pub use applications::Packaged;
pub use call_log::CallLog;
pub use cloud::{Cloud, Identity, Realm, patiently};
pub use error::{Certainty, OpError, op};
pub use meter::{CallMeter, Calls};
pub use names::physical_name;
pub use owner::{Owner, TAG_ADDRESS, TAG_LINEAGE, TAG_MIGRATION, TAG_PREFIX};
pub use replicator::{Provision, Replicator, data_migration_state, is_starting, usually};
pub use sdk::Sdk;
