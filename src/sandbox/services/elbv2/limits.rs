//! `DescribeAccountLimits`: the default quotas (Elastic Load Balancing user guides, "Quotas").

use serde_json::{Value as Json, json};

use crate::sandbox::{Reply, Request, World};

const LIMITS: &[(&str, u32)] = &[
    ("application-load-balancers", 50),
    ("certificates-per-application-load-balancer", 25),
    ("certificates-per-network-load-balancer", 25),
    ("condition-values-per-alb-rule", 5),
    ("condition-wildcards-per-alb-rule", 6),
    ("gateway-load-balancers", 100),
    ("gateway-load-balancers-per-vpc", 100),
    ("geneve-target-groups", 100),
    ("listeners-per-application-load-balancer", 50),
    ("listeners-per-network-load-balancer", 50),
    ("network-load-balancers", 50),
    ("rules-per-application-load-balancer", 100),
    ("target-groups", 3_000),
    ("target-groups-per-action-on-application-load-balancer", 5),
    ("target-groups-per-action-on-network-load-balancer", 1),
    ("target-groups-per-application-load-balancer", 100),
    ("targets-per-application-load-balancer", 1_000),
    ("targets-per-availability-zone-per-gateway-load-balancer", 300),
    ("targets-per-availability-zone-per-network-load-balancer", 500),
    ("targets-per-network-load-balancer", 3_000),
];

/// `DescribeAccountLimits`.
pub fn describe(_world: &mut World, rq: &Request<'_>) -> Reply {
    let all: Vec<Json> =
        LIMITS.iter().map(|(name, max)| json!({"Name": name, "Max": max.to_string()})).collect();
    let (page, next) = rq.page(all, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"Limits": page, "NextMarker": next}))
}
