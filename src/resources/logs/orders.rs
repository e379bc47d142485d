//! Log groups before whoever writes to them by name.

use crate::{model::Value, resources::orders::Orders};

/// Log groups that task definitions know by name only, before the services that write to them.
pub(in crate::resources) fn log_groups(orders: &mut Orders<'_>) {
    let groups = orders.map.by_name("AWS::Logs::LogGroup", "LogGroupName", true);
    if groups.is_empty() {
        return;
    }
    for service in orders.map.of_kind("AWS::ECS::Service") {
        for task in orders.map.through(service, "TaskDefinition").collect::<Vec<_>>() {
            let region = orders.map.node(task).region.as_str();
            let Some(Value::List(containers)) = orders.map.node(task).properties.get("ContainerDefinitions")
            else {
                continue;
            };
            for container in containers {
                let options = container.get("LogConfiguration").and_then(|log| log.get("Options"));
                let name = options.and_then(|o| o.get("awslogs-group")).and_then(Value::as_str);
                for group in name.and_then(|name| groups.get(&(region, name))).cloned().unwrap_or_default() {
                    orders.add(service, group, "its containers log to this group by name".into());
                }
            }
        }
    }
}
