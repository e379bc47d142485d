//! What is scaled before what scales it, where only names tell.

use crate::resources::orders::{Orders, last_text};

/// Services that scalable targets know by name only; scalable targets that policies know by name only.
pub(in crate::resources) fn scaling(orders: &mut Orders<'_>) {
    let services = orders.map.by_name("AWS::ECS::Service", "ServiceName", true);
    for target in orders.map.of_kind("AWS::ApplicationAutoScaling::ScalableTarget") {
        let id = orders.map.node(target).properties.get("ResourceId");
        let Some(name) = id.and_then(last_text).and_then(|text| text.rsplit('/').next()) else {
            continue;
        };
        let region = orders.map.node(target).region.as_str();
        for service in services.get(&(region, name)).cloned().unwrap_or_default() {
            orders.add(
                target,
                service,
                "Application Auto Scaling refuses a service that does not exist".into(),
            );
        }
    }
    let targets = orders.map.by_name("AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId", true);
    for policy in orders.map.of_kind("AWS::ApplicationAutoScaling::ScalingPolicy") {
        let region = orders.map.node(policy).region.as_str();
        let Some(id) = orders.map.text(policy, "ResourceId") else { continue };
        for target in targets.get(&(region, id)).cloned().unwrap_or_default() {
            orders.add(policy, target, "a scaling policy needs its scalable target registered".into());
        }
    }
}
