//! Services and Auto Scaling groups that write, and the alarms that watch.

use super::{
    ALARM, FLEET, SERVICE,
    found::{Database, Fleet, Task, Watched, Writer},
    search::Search,
};
use crate::operations::{inventory::Thing, reach::reaches};

impl Search<'_> {
    pub(super) fn writer(&self, thing: &Thing) -> Writer {
        if thing.kind == FLEET {
            let groups = thing.properties["TargetGroupARNs"].as_array().into_iter().flatten();
            return Writer {
                address: thing.address.clone(),
                fleet: Fleet::Instances,
                region: thing.region.clone(),
                cluster: String::new(),
                service: thing.id(),
                scaling: None,
                groups: groups.filter_map(|arn| arn.as_str().map(ToOwned::to_owned)).collect(),
            };
        }
        let name = thing.attribute("Name").or_else(|| thing.text("ServiceName").map(ToOwned::to_owned));
        let name = name.unwrap_or_else(|| thing.id());
        let cluster = thing.text("Cluster").unwrap_or("default").to_owned();
        let balancers = thing.properties["LoadBalancers"].as_array();
        let groups = balancers
            .into_iter()
            .flatten()
            .filter_map(|b| b["TargetGroupArn"].as_str())
            .map(ToOwned::to_owned);
        let scaling = self.things.of_kind("AWS::ApplicationAutoScaling::ScalableTarget").find(|target| {
            let resource = target.text("ResourceId").unwrap_or_default();
            resource.ends_with(&format!("/{name}"))
                || thing.named_in(resource)
                || resource.contains(&thing.id())
        });
        let scaling = scaling
            .map(|target| (target.text("ResourceId").unwrap_or_default().to_owned(), target.address.clone()));
        Writer {
            address: thing.address.clone(),
            fleet: Fleet::Tasks,
            region: thing.region.clone(),
            cluster,
            service: name,
            scaling,
            groups: groups.collect(),
        }
    }

    /// Services and groups that reach the source, and those that reach the target only.
    pub(super) fn writers(&mut self, source: &Database, target: &Database) -> (Vec<Writer>, Vec<Writer>) {
        let things = self.things;
        let to = |thing: &Thing, database: &Database| {
            database.address.as_ref().and_then(|address| {
                reaches(things, thing)
                    .into_iter()
                    .find(|way| way.to.address == *address)
                    .map(|way| way.words())
            })
        };
        let (mut at_source, mut at_target) = (Vec::new(), Vec::new());
        if let Some(declared) = &self.declared.writers {
            for address in declared {
                if let Some(thing) = self.get(address, &[SERVICE, FLEET], "writers") {
                    at_source.push(self.writer(thing));
                    self.found("writer of the source", address, "declared");
                }
            }
        }
        for thing in things.of_kind(SERVICE).chain(things.of_kind(FLEET)) {
            let known = at_source.iter().any(|writer| writer.address == thing.address);
            if known {
                continue;
            }
            if self.declared.writers.is_none()
                && let Some(why) = to(thing, source)
            {
                self.found("writer of the source", &thing.address, why);
                at_source.push(self.writer(thing));
            } else if let Some(why) = to(thing, target) {
                self.found("writer of the target", &thing.address, why);
                at_target.push(self.writer(thing));
            }
        }
        (at_source, at_target)
    }

    pub(super) fn alarms(&mut self, tasks: &[&Task], target: &Database, writers: &[Writer]) -> Vec<Watched> {
        let mut found = Vec::new();
        for address in &self.declared.alarms.clone() {
            if let Some(alarm) = self.get(address, &[ALARM], "alarms") {
                self.found("alarm", address, "declared");
                found.push(watched(alarm));
            }
        }
        let things = self.things;
        for alarm in things.of_kind(ALARM) {
            let dimensions = alarm.properties["Dimensions"].as_array();
            let why = dimensions.into_iter().flatten().find_map(|dimension| {
                let value = dimension["Value"].as_str()?;
                let name = dimension["Name"].as_str()?;
                match name {
                    "ReplicationTaskIdentifier" | "ReplicationConfigId" => {
                        tasks.iter().any(|task| task.metric_id == value).then_some(FORWARD)
                    }
                    "DBInstanceIdentifier" | "DBClusterIdentifier" => {
                        (value == target.id).then_some("it watches the target database")
                    }
                    "ServiceName" | "AutoScalingGroupName" => writers
                        .iter()
                        .any(|writer| writer.service == value)
                        .then_some("it watches a service of the target"),
                    "TargetGroup" => writers
                        .iter()
                        .flat_map(|writer| &writer.groups)
                        .any(|group| group.ends_with(value) || same_mark(group, value))
                        .then_some("it watches a target group of the target"),
                    _ => None,
                }
            });
            let one = Watched { forward: why == Some(FORWARD), ..watched(alarm) };
            if let Some(why) = why.filter(|_| {
                found.iter().all(|known: &Watched| known.name != one.name || known.region != one.region)
            }) {
                self.found("alarm", &alarm.address, why);
                found.push(one);
            }
        }
        found
    }
}

/// Marks of one resource's different attributes.
fn same_mark(one: &str, other: &str) -> bool {
    let stem = |text: &str| {
        text.strip_prefix('\u{27e6}').and_then(|rest| rest.split_once('.')).map(|(a, _)| a.to_owned())
    };
    stem(one).is_some_and(|name| stem(other) == Some(name))
}

/// Why an alarm counts only while the forward task runs.
const FORWARD: &str = "it watches the forward task";

fn watched(alarm: &Thing) -> Watched {
    Watched {
        region: alarm.region.clone(),
        name: alarm.text("AlarmName").map_or_else(|| alarm.id(), ToOwned::to_owned),
        forward: false,
    }
}
