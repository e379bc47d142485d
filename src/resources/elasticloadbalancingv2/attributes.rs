//! The key-value settings that load balancers, target groups and listeners have besides their parameters.

/// Those live settings that the template names: AWS lists every setting with its default.
pub fn named<T>(
    sent: Option<&Vec<T>>,
    key: fn(&T) -> Option<&str>,
    live: impl Iterator<Item = T>,
) -> Option<Vec<T>> {
    let sent = sent?;
    Some(live.filter(|setting| sent.iter().any(|other| key(other) == key(setting))).collect())
}

/// What is wanted; `None` when there is nothing to send.
pub fn wanted<T: Clone>(new: Option<&Vec<T>>) -> Option<Vec<T>> {
    new.filter(|settings| !settings.is_empty()).cloned()
}

/// A setting, whatever has it.
pub trait Setting: Clone {
    /// Its name.
    fn key(&self) -> &str;
    /// The same setting with another value.
    fn with(&self, value: &str) -> Self;
}

macro_rules! settings {
    ($($name:path),*) => {$(
        impl Setting for $name {
            fn key(&self) -> &str {
                self.Key.as_deref().unwrap_or_default()
            }
            fn with(&self, value: &str) -> Self {
                Self { Value: Some(value.to_owned()), ..self.clone() }
            }
        }
    )*};
}
settings!(
    super::load_balancer::LoadBalancerAttribute,
    super::target_group::TargetGroupAttribute,
    super::actions::ListenerAttribute
);

/// What to send after a change: everything wanted, and the default of what the template names no longer. (CloudFormation
/// leaves the old value, so that a plan and what it makes are no longer the same.)
pub fn changed<T: Setting>(old: Option<&Vec<T>>, new: Option<&Vec<T>>) -> Option<Vec<T>> {
    let mut all = new.cloned().unwrap_or_default();
    let gone = dropped(old, new).filter_map(|setting| Some(setting.with(default(setting.key())?)));
    all.extend(gone);
    (!all.is_empty()).then_some(all)
}

/// What is said about settings that the template names no longer and that have no one default.
pub fn kept<T: Setting>(property: &str, old: Option<&Vec<T>>, new: Option<&Vec<T>>) -> Option<String> {
    let names: Vec<&str> = dropped(old, new).map(Setting::key).filter(|key| default(key).is_none()).collect();
    (!names.is_empty()).then(|| {
        format!("{property}: {} keeps its value, AWS has no default to go back to", names.join(", "))
    })
}

fn dropped<'s, T: Setting>(old: Option<&'s Vec<T>>, new: Option<&'s Vec<T>>) -> impl Iterator<Item = &'s T> {
    let stays = move |setting: &T| new.into_iter().flatten().any(|other| other.key() == setting.key());
    old.into_iter().flatten().filter(move |setting| !stays(setting))
}

/// Defaults that are the same for everything that has the setting: API reference, `LoadBalancerAttribute`,
/// `TargetGroupAttribute` and `ListenerAttribute`.
fn default(key: &str) -> Option<&'static str> {
    Some(match key {
        "access_logs.s3.enabled"
        | "connection_logs.s3.enabled"
        | "deletion_protection.enabled"
        | "health_check_logs.s3.enabled"
        | "lambda.multi_value_headers.enabled"
        | "proxy_protocol_v2.enabled"
        | "routing.http.drop_invalid_header_fields.enabled"
        | "routing.http.preserve_host_header.enabled"
        | "routing.http.x_amzn_tls_version_and_cipher_suite.enabled"
        | "routing.http.xff_client_port.enabled"
        | "stickiness.enabled"
        | "waf.fail_open.enabled"
        | "zonal_shift.config.enabled" => "false",
        "routing.http.response.server.enabled"
        | "routing.http2.enabled"
        | "target_health_state.unhealthy.connection_termination.enabled" => "true",
        "client_keep_alive.seconds" => "3600",
        "deregistration_delay.timeout_seconds" => "300",
        "dns_record.client_routing_policy" => "any_availability_zone",
        "idle_timeout.timeout_seconds" => "60",
        "load_balancing.algorithm.anomaly_mitigation" => "off",
        "load_balancing.algorithm.type" => "round_robin",
        "routing.http.desync_mitigation_mode" => "defensive",
        "routing.http.xff_header_processing.mode" => "append",
        "slow_start.duration_seconds" | "target_health_state.unhealthy.draining_interval_seconds" => "0",
        "stickiness.app_cookie.duration_seconds" | "stickiness.lb_cookie.duration_seconds" => "86400",
        "target_failover.on_deregistration" | "target_failover.on_unhealthy" => "no_rebalance",
        "target_group_health.dns_failover.minimum_healthy_targets.count"
        | "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count" => "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage"
        | "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage" => "off",
        "tcp.idle_timeout.seconds" => "350",
        _ => return None,
    })
}

/// The last part of an ELB ARN from `app/`, `net/`, `gwy/` or `targetgroup/` on, as CloudWatch dimensions
/// name the object.
pub fn full_name(arn: &str) -> String {
    let resource = arn.splitn(6, ':').last().unwrap_or(arn);
    resource.strip_prefix("loadbalancer/").unwrap_or(resource).to_owned()
}

#[cfg(test)]
mod tests {
    use super::full_name;

    #[test]
    fn full_names_are_what_metrics_use() {
        let base = "arn:aws:elasticloadbalancing:us-east-1:123456789012:";
        assert_eq!(
            full_name(&format!("{base}loadbalancer/app/web/50dc6c495c0c9188")),
            "app/web/50dc6c495c0c9188"
        );
        assert_eq!(
            full_name(&format!("{base}targetgroup/web/73e2d6bc24d8a067")),
            "targetgroup/web/73e2d6bc24d8a067"
        );
    }
}
