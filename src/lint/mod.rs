//! Lints: what AWS accepts though nobody should do it, and what it refuses only halfway through a run.
//!
//! A lint looks at the evaluated graph ([`view::View`]) and says only what it knows: a value that another
//! resource decides is no finding. One file per family; [`LINTS`] lists them all, and the catalogue of codes,
//! `migrate explain` and the tests derive from it.

mod allow;
mod dms;
mod dns;
mod edits;
mod endpoints;
mod engines;
mod iam;
mod metrics;
mod network;
mod readers;
mod report;
mod run;
mod secrets;
mod storage;
mod view;

pub use run::{check, refused};

use crate::error::Code;
use report::Report;
use view::View;

/// One lint.
pub struct Lint {
    /// What it is called and what it says.
    pub code: Code,
    check: fn(&View<'_>, &mut Report<'_>),
}

/// Lints whose findings are advice, told on request only: most plans have them and are none the worse.
pub const ADVICE: &[&str] = &[storage::PLAIN_HTTP.code.code, engines::STATEMENTS.code.code];

/// Every lint, sorted by code.
pub static LINTS: &[&Lint] = &[
    &network::REFUSED_BLOCK,
    &network::HOST_BITS,
    &network::OVERLAPPING_SUBNETS,
    &network::SUBNET_OUTSIDE_VPC,
    &network::OVERLAPPING_PEERS,
    &network::OPEN_DATABASE_PORT,
    &network::NAT_WITHOUT_INTERNET,
    &network::SINGLE_ZONE,
    &secrets::PLAINTEXT,
    &secrets::SHOWN_PARAMETER,
    &secrets::DEFAULT_SECRET,
    &iam::WILDCARD,
    &iam::REGIONAL_PRINCIPAL,
    &metrics::DMS_DIMENSION,
    &metrics::BALANCER_DIMENSION,
    &metrics::MISSPELT,
    &metrics::INCOMPLETE,
    &dns::PRIVATE_HEALTH_CHECK,
    &dns::ZERO_WEIGHTS,
    &dns::UNEQUAL_TTLS,
    &dms::DROPS_TABLES,
    &dms::TRUNCATES_LOBS,
    &dms::NOT_VALIDATED,
    &dms::NOT_LOGGED,
    &dms::LOGS_ERRORS_ONLY,
    &dms::PLAIN_CONNECTION,
    &engines::NOT_LOGICAL,
    &engines::LOG_PARAMETERS,
    &engines::NO_BACKUPS,
    &engines::SHARED_SLOT,
    &endpoints::ORACLE_READER,
    &endpoints::SQL_SERVER,
    &endpoints::LOB_MODE,
    &endpoints::SSL_MODE,
    &endpoints::SECRET,
    &engines::STATEMENTS,
    &storage::UNVERSIONED_REPLICATION,
    &storage::PLAIN_HTTP,
    &storage::PROTECTED_FROM_DESTROY,
    &storage::UNSERVED_TARGET_GROUP,
];
