//! The way to AWS: proxy and certificates, profiles, credentials and their renewal, and why it is barred.
//!
//! One HTTP client serves every service and every credentials provider; only metadata services are reached without
//! a proxy. Credentials come from where the AWS CLI finds them, are cached here rather than in each client, and are
//! asked for again when AWS says in mid-run that they ran out.

mod certificate;
mod chain;
mod client;
mod failure;
mod keys;
mod network;
mod page;
mod profiles;
mod rehearsed;
mod renewal;
mod roles;
mod settings;
mod unreached;

pub use chain::{Chain, Origin};
pub(in crate::aws) use failure::cause;
pub use failure::{Access, AccessError, Barrier};
pub use keys::{Keys, KeysNotice, LoadKeys, Loaded, Loading, Mfa};
pub use network::{Network, Proxy, Setting};
pub use profiles::Profiles;
pub use rehearsed::rehearsed;
pub use renewal::Renewal;
pub use settings::{Settings, Signed, empty_endpoints, region_without_plan};
