//! Listeners before what stands behind their target groups.

use std::collections::HashMap;

use crate::resources::orders::Orders;

/// Listeners before the ECS services behind their target groups.
pub(in crate::resources) fn listeners(orders: &mut Orders<'_>) {
    let mut serving: HashMap<usize, Vec<usize>> = HashMap::new();
    for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
        for listener in orders.map.of_kind(kind) {
            for (group, _) in &orders.map.refers[listener] {
                if orders.map.is(*group, "AWS::ElasticLoadBalancingV2::TargetGroup") {
                    serving.entry(*group).or_default().push(listener);
                }
            }
        }
    }
    for service in orders.map.of_kind("AWS::ECS::Service") {
        let groups: Vec<usize> = orders.map.through(service, "LoadBalancers").collect();
        for listener in groups.iter().filter_map(|group| serving.get(group)).flatten() {
            orders.add(service, *listener, "ECS refuses a target group that no listener uses".into());
        }
    }
}

/// Listeners before the Auto Scaling groups behind their target groups: until then nothing checks the health of what
/// the group launches.
pub(in crate::resources) fn balanced(orders: &mut Orders<'_>) {
    let mut serving: HashMap<usize, Vec<usize>> = HashMap::new();
    for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
        for listener in orders.map.of_kind(kind) {
            for (group, _) in &orders.map.refers[listener] {
                if orders.map.is(*group, "AWS::ElasticLoadBalancingV2::TargetGroup") {
                    serving.entry(*group).or_default().push(listener);
                }
            }
        }
    }
    for scaled in orders.map.of_kind("AWS::AutoScaling::AutoScalingGroup") {
        let groups: Vec<usize> = orders.map.through(scaled, "TargetGroupARNs").collect();
        for listener in groups.iter().filter_map(|group| serving.get(group)).flatten() {
            orders.add(scaled, *listener, "targets are checked once a listener uses their group".into());
        }
    }
}
