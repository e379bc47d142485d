//! Route 53: zones, records, health checks.
//!
//! Tables: `route53.zone`, `route53.record` (by zone and key), `route53.change`, `route53.health-check`,
//! `route53.spent` (caller references that AWS never takes again), `route53.logging`,
//! `route53.authorization`, `route53.delegation-set`. All global.

mod answers;
mod changes;
mod delegation;
mod health;
mod logging;
mod names;
mod records;
mod rules;
mod tags;
mod vpcs;
mod zones;

pub use health::is_healthy;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateVPCWithHostedZone", vpcs::associate),
    Operation::write("ChangeResourceRecordSets", records::change),
    Operation::write("ChangeTagsForResource", tags::change),
    Operation::write("CreateHealthCheck", health::create),
    Operation::write("CreateHostedZone", zones::create),
    Operation::write("CreateQueryLoggingConfig", logging::create),
    Operation::write("CreateReusableDelegationSet", delegation::create),
    Operation::write("CreateVPCAssociationAuthorization", vpcs::authorize),
    Operation::write("DeleteHealthCheck", health::delete),
    Operation::write("DeleteHostedZone", zones::delete),
    Operation::write("DeleteQueryLoggingConfig", logging::delete),
    Operation::write("DeleteReusableDelegationSet", delegation::delete),
    Operation::write("DeleteVPCAssociationAuthorization", vpcs::deauthorize),
    Operation::write("DisassociateVPCFromHostedZone", vpcs::disassociate),
    Operation::read("GetChange", changes::get),
    Operation::read("GetDNSSEC", delegation::dnssec),
    Operation::read("GetHealthCheck", health::get),
    Operation::read("GetHealthCheckCount", health::count),
    Operation::read("GetHealthCheckStatus", health::status),
    Operation::read("GetHostedZone", zones::get),
    Operation::read("GetHostedZoneCount", zones::count),
    Operation::read("GetQueryLoggingConfig", logging::get),
    Operation::read("GetReusableDelegationSet", delegation::get),
    Operation::read("GetReusableDelegationSetLimit", delegation::limit),
    Operation::read("ListHealthChecks", health::list),
    Operation::read("ListHostedZones", zones::list),
    Operation::read("ListHostedZonesByName", zones::list_by_name),
    Operation::read("ListHostedZonesByVPC", vpcs::zones),
    Operation::read("ListQueryLoggingConfigs", logging::list),
    Operation::read("ListResourceRecordSets", records::list),
    Operation::read("ListReusableDelegationSets", delegation::list),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTagsForResources", tags::list_many),
    Operation::read("ListVPCAssociationAuthorizations", vpcs::authorizations),
    Operation::read("TestDNSAnswer", answers::test),
    Operation::write("UpdateHealthCheck", health::update),
    Operation::write("UpdateHostedZoneComment", zones::comment),
    Operation::write("UpdateHostedZoneFeatures", zones::features),
];

#[cfg(test)]
mod tests;
