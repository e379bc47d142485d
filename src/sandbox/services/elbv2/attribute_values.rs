//! What values attributes take, and which exclude each other (API Reference, `TargetGroupAttribute`,
//! `LoadBalancerAttribute`; the texts are those that terraform-provider-aws's tests wait for, `TestAccELBV2TargetGroup_*`).

use serde_json::Value as Json;

use super::invalid;
use crate::sandbox::Fault;

/// Attributes that are numbers: least and most.
const NUMBERS: &[(&str, u64, u64)] = &[
    ("client_keep_alive.seconds", 60, 604_800),
    ("deregistration_delay.timeout_seconds", 0, 3_600),
    ("idle_timeout.timeout_seconds", 1, 4_000),
    ("secondary_ips.auto_assigned.per_subnet", 0, 7),
    ("stickiness.app_cookie.duration_seconds", 1, 604_800),
    ("stickiness.lb_cookie.duration_seconds", 1, 604_800),
    ("target_health_state.unhealthy.draining_interval_seconds", 0, 360_000),
    ("tcp.idle_timeout.seconds", 60, 6_000),
];

/// Attributes that take some words.
const WORDS: &[(&str, &[&str])] = &[
    (
        "dns_record.client_routing_policy",
        &["any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"],
    ),
    ("load_balancing.algorithm.anomaly_mitigation", &["on", "off"]),
    ("load_balancing.algorithm.type", &["round_robin", "least_outstanding_requests", "weighted_random"]),
    ("routing.http.desync_mitigation_mode", &["monitor", "defensive", "strictest"]),
    ("routing.http.xff_header_processing.mode", &["append", "preserve", "remove"]),
    (
        "stickiness.type",
        &["lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"],
    ),
];

fn value_fits(noun: &str, key: &str, value: &str) -> Result<(), Fault> {
    if let Some((_, least, most)) = NUMBERS.iter().find(|(name, ..)| *name == key)
        && !value.parse::<u64>().is_ok_and(|n| (*least..=*most).contains(&n))
    {
        return Err(invalid(format!(
            "{noun} attribute '{key}' must be between '{least}' and '{most}' inclusive"
        )));
    }
    // Off, or at least half a minute.
    if key == "slow_start.duration_seconds"
        && !value.parse::<u64>().is_ok_and(|n| n == 0 || (30..=900).contains(&n))
    {
        return Err(invalid(format!(
            "{noun} attribute '{key}' must be '0' or between '30' and '900' inclusive"
        )));
    }
    if let Some((_, words)) = WORDS.iter().find(|(name, _)| *name == key)
        && !words.contains(&value)
    {
        return Err(invalid(format!("{noun} attribute '{key}' must be one of [{}]", words.join(", "))));
    }
    let cross_zone: &[&str] = if noun == "Target group" {
        &["true", "false", "use_load_balancer_configuration"]
    } else {
        &["true", "false"]
    };
    if key == "load_balancing.cross_zone.enabled" && !cross_zone.contains(&value) {
        return Err(invalid(format!("{noun} attribute '{key}' must be one of [{}]", cross_zone.join(", "))));
    }
    Ok(())
}

/// Checks the attributes of a request against the object and against what they would be together.
pub(super) fn check(noun: &str, row: &Json, sent: &[Json], wanted: &Json) -> Result<(), Fault> {
    for setting in sent {
        let (key, value) =
            (setting["Key"].as_str().unwrap_or_default(), setting["Value"].as_str().unwrap_or_default());
        value_fits(noun, key, value)?;
    }
    if noun == "Target group" { group(row, sent, wanted) } else { Ok(()) }
}

fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidConfigurationRequest", message)
}

/// What excludes what in a target group.
fn group(row: &Json, sent: &[Json], wanted: &Json) -> Result<(), Fault> {
    let protocol = row["Protocol"].as_str().unwrap_or_default();
    let kinds: &[&str] = match protocol {
        "HTTP" | "HTTPS" => &["lb_cookie", "app_cookie"],
        "GENEVE" => &["source_ip_dest_ip", "source_ip_dest_ip_proto"],
        _ => &["source_ip"],
    };
    let sticky =
        sent.iter().find(|setting| setting["Key"] == "stickiness.type").and_then(|s| s["Value"].as_str());
    if let Some(kind) = sticky.filter(|kind| !kinds.contains(kind)) {
        return Err(combination(format!(
            "Stickiness type '{kind}' is not supported for target groups with the {protocol} protocol"
        )));
    }
    let is = |key: &str, value: &str| wanted[key] == value;
    let slow = wanted["slow_start.duration_seconds"].as_str().is_some_and(|seconds| seconds != "0");
    if slow && is("load_balancing.algorithm.type", "weighted_random") {
        return Err(combination(
            "You cannot enable both slow start and weighted random algorithm on a target group",
        ));
    }
    if slow && is("load_balancing.algorithm.type", "least_outstanding_requests") {
        return Err(combination(
            "You cannot enable both slow start and least outstanding requests algorithm on a target group",
        ));
    }
    if is("load_balancing.algorithm.anomaly_mitigation", "on")
        && !is("load_balancing.algorithm.type", "weighted_random")
    {
        let algorithm =
            wanted["load_balancing.algorithm.type"].as_str().unwrap_or_default().replace('_', " ");
        return Err(combination(format!(
            "You cannot enable both anomaly mitigation and {algorithm} algorithm on a target group"
        )));
    }
    if is("stickiness.enabled", "true")
        && is("stickiness.type", "app_cookie")
        && wanted["stickiness.app_cookie.cookie_name"].as_str().is_none_or(str::is_empty)
    {
        return Err(invalid("A cookie name must be specified for application cookie stickiness"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(protocol: &str, settings: &[(&str, &str)]) -> String {
        let mut wanted = super::super::attributes::group_defaults(protocol, "instance");
        let mut sent = Vec::new();
        for (key, value) in settings {
            wanted[*key] = json!(value);
            sent.push(json!({"Key": key, "Value": value}));
        }
        let row = json!({"Protocol": protocol});
        check("Target group", &row, &sent, &wanted).err().map(|fault| fault.message).unwrap_or_default()
    }

    #[test]
    fn values_are_checked_and_some_exclude_each_other() {
        assert_eq!(refused("HTTP", &[("deregistration_delay.timeout_seconds", "60")]), "");
        assert!(
            refused("HTTP", &[("deregistration_delay.timeout_seconds", "9999")])
                .contains("between '0' and '3600'")
        );
        assert!(
            refused("HTTP", &[("slow_start.duration_seconds", "10")])
                .contains("'0' or between '30' and '900'")
        );
        assert_eq!(
            refused(
                "HTTP",
                &[
                    ("slow_start.duration_seconds", "30"),
                    ("load_balancing.algorithm.type", "weighted_random")
                ]
            ),
            "You cannot enable both slow start and weighted random algorithm on a target group"
        );
        assert_eq!(
            refused("HTTP", &[("load_balancing.algorithm.anomaly_mitigation", "on")]),
            "You cannot enable both anomaly mitigation and round robin algorithm on a target group"
        );
        for (protocol, kind) in [("TCP", "lb_cookie"), ("HTTP", "source_ip"), ("UDP", "app_cookie")] {
            assert_eq!(
                refused(protocol, &[("stickiness.enabled", "true"), ("stickiness.type", kind)]),
                format!(
                    "Stickiness type '{kind}' is not supported for target groups with the {protocol} protocol"
                )
            );
        }
        assert_eq!(refused("TCP", &[("stickiness.enabled", "true"), ("stickiness.type", "source_ip")]), "");
    }
}
