//! Key-value attributes of load balancers, target groups and listeners.

use serde_json::{Value as Json, json};

use super::{BALANCERS, GROUPS, LISTENERS, attribute_values, invalid, no_balancer, no_group, no_listener};
use crate::sandbox::{Fault, Reply, Request, World};

/// What a new load balancer's attributes are.
pub fn balancer_defaults(kind: &str) -> Json {
    match kind {
        "application" => json!({
            "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
            "connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "", "connection_logs.s3.prefix": "",
            "health_check_logs.s3.enabled": "false", "health_check_logs.s3.bucket": "",
            "health_check_logs.s3.prefix": "", "client_keep_alive.seconds": "3600",
            "deletion_protection.enabled": "false", "idle_timeout.timeout_seconds": "60",
            "ipv6.deny_all_igw_traffic": "false", "load_balancing.cross_zone.enabled": "true",
            "routing.http.desync_mitigation_mode": "defensive",
            "routing.http.drop_invalid_header_fields.enabled": "false",
            "routing.http.preserve_host_header.enabled": "false",
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
            "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append",
            "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
        }),
        "network" => json!({
            "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
            "deletion_protection.enabled": "false", "dns_record.client_routing_policy": "any_availability_zone",
            "ipv6.deny_all_igw_traffic": "false", "load_balancing.cross_zone.enabled": "false",
            "secondary_ips.auto_assigned.per_subnet": "0", "zonal_shift.config.enabled": "false",
        }),
        _ => json!({"deletion_protection.enabled": "false", "load_balancing.cross_zone.enabled": "false"}),
    }
}

/// What a new target group's attributes are.
pub fn group_defaults(protocol: &str, kind: &str) -> Json {
    if kind == "lambda" {
        return json!({"lambda.multi_value_headers.enabled": "false"});
    }
    let mut all = json!({
        "deregistration_delay.timeout_seconds": "300", "stickiness.enabled": "false",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    });
    let more = if protocol.starts_with("HTTP") {
        json!({
            "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "86400",
            "stickiness.app_cookie.cookie_name": "", "stickiness.app_cookie.duration_seconds": "86400",
            "slow_start.duration_seconds": "0", "load_balancing.algorithm.type": "round_robin",
            "load_balancing.algorithm.anomaly_mitigation": "off",
        })
    } else {
        json!({
            "stickiness.type": "source_ip", "deregistration_delay.connection_termination.enabled": "false",
            "preserve_client_ip.enabled": "true", "proxy_protocol_v2.enabled": "false",
            "target_health_state.unhealthy.connection_termination.enabled": "true",
            "target_health_state.unhealthy.draining_interval_seconds": "0",
        })
    };
    for (key, value) in more.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    all
}

/// What a new listener's attributes are.
pub fn listener_defaults(protocol: &str) -> Json {
    match protocol {
        "HTTP" | "HTTPS" => json!({
            "routing.http.response.server.enabled": "true",
            "routing.http.response.strict_transport_security.header_value": "",
            "routing.http.response.access_control_allow_origin.header_value": "",
            "routing.http.response.access_control_allow_methods.header_value": "",
            "routing.http.response.access_control_allow_headers.header_value": "",
            "routing.http.response.access_control_allow_credentials.header_value": "",
            "routing.http.response.access_control_expose_headers.header_value": "",
            "routing.http.response.access_control_max_age.header_value": "",
            "routing.http.response.content_security_policy.header_value": "",
            "routing.http.response.x_content_type_options.header_value": "",
            "routing.http.response.x_frame_options.header_value": "",
            "routing.http.request.x_amzn_tls_version.header_name": "X-Amzn-TLS-Version",
            "routing.http.request.x_amzn_tls_cipher_suite.header_name": "X-Amzn-TLS-Cipher-Suite",
        }),
        _ => json!({"tcp.idle_timeout.seconds": "350"}),
    }
}

fn modify(
    world: &mut World,
    rq: &Request<'_>,
    table: &str,
    arn: &str,
    noun: &str,
    missing: fn() -> Fault,
) -> Reply {
    let row = world.get_mut(table, arn).ok_or_else(missing)?;
    for setting in rq.list("Attributes") {
        let key = setting["Key"].as_str().unwrap_or_default();
        if row["_attributes"][key].is_null() {
            return Err(invalid(format!("{noun} attribute key '{key}' is not recognized")));
        }
        let value = setting["Value"].as_str().unwrap_or_default();
        let switch = key.ends_with(".enabled") && !key.contains("cross_zone");
        if switch && !["true", "false"].contains(&value) {
            return Err(invalid(format!(
                "{noun} attribute value '{value}' of '{key}' must be 'true' or 'false'"
            )));
        }
    }
    let mut wanted = row["_attributes"].clone();
    for setting in rq.list("Attributes") {
        let key = setting["Key"].as_str().unwrap_or_default();
        wanted[key] = json!(setting["Value"].as_str().unwrap_or_default());
    }
    attribute_values::check(noun, row, rq.list("Attributes"), &wanted)?;
    for setting in rq.list("Attributes") {
        let key = setting["Key"].as_str().unwrap_or_default();
        row["_attributes"][key] = json!(setting["Value"].as_str().unwrap_or_default());
    }
    Ok(listed(row))
}

fn listed(row: &Json) -> Json {
    let all = row["_attributes"].as_object().into_iter().flatten();
    json!({"Attributes": all.map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>()})
}

fn describe(world: &World, table: &str, arn: &str, missing: fn() -> Fault) -> Reply {
    Ok(listed(world.get(table, arn).ok_or_else(missing)?))
}

/// `ModifyLoadBalancerAttributes`.
pub fn modify_balancer(world: &mut World, rq: &Request<'_>) -> Reply {
    modify(world, rq, BALANCERS, rq.text("LoadBalancerArn"), "Load balancer", no_balancer)
}

/// `ModifyTargetGroupAttributes`.
pub fn modify_group(world: &mut World, rq: &Request<'_>) -> Reply {
    modify(world, rq, GROUPS, rq.text("TargetGroupArn"), "Target group", no_group)
}

/// `ModifyListenerAttributes`.
pub fn modify_listener(world: &mut World, rq: &Request<'_>) -> Reply {
    modify(world, rq, LISTENERS, rq.text("ListenerArn"), "Listener", no_listener)
}

/// `DescribeLoadBalancerAttributes`.
pub fn describe_balancer(world: &mut World, rq: &Request<'_>) -> Reply {
    describe(world, BALANCERS, rq.text("LoadBalancerArn"), no_balancer)
}

/// `DescribeTargetGroupAttributes`.
pub fn describe_group(world: &mut World, rq: &Request<'_>) -> Reply {
    describe(world, GROUPS, rq.text("TargetGroupArn"), no_group)
}

/// `DescribeListenerAttributes`.
pub fn describe_listener(world: &mut World, rq: &Request<'_>) -> Reply {
    describe(world, LISTENERS, rq.text("ListenerArn"), no_listener)
}
