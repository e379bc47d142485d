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

/// Settings that the template no longer names keep their value at AWS, as they do under CloudFormation, so
/// only what is wanted is sent; `None` when there is nothing to send.
pub fn wanted<T: Clone>(new: Option<&Vec<T>>) -> Option<Vec<T>> {
    new.filter(|settings| !settings.is_empty()).cloned()
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
