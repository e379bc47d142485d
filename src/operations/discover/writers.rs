//! Services that write, and the alarms that watch.

use super::{
    ALARM, SERVICE,
    found::{Database, Task, Watched, Writer},
    search::Search,
};
use crate::operations::{inventory::Thing, reach::reaches};

impl Search<'_> {
    pub(super) fn writer(&self, thing: &Thing) -> Writer {
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
            region: thing.region.clone(),
            cluster,
            service: name,
            scaling,
            groups: groups.collect(),
        }
    }

    /// Services that reach the source, and those that reach the target only.
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
                let fleet = things.get(address).is_some_and(|thing| thing.kind == FLEET);
                if fleet {
                    let message = "an Auto Scaling group as a writer of the source is not supported";
                    let help = "end its instances with hooks: {fence: {exec: [...]}, unfence: {exec: [...]}}, and leave it out \
                                of `writers`";
                    self.error_at("O1013", address, message, help);
                } else if let Some(thing) = self.get(address, &[SERVICE], "writers") {
                    at_source.push(self.writer(thing));
                    self.found("writer of the source", address, "declared");
                }
            }
        }
        for thing in things.of_kind(SERVICE) {
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
                    "ReplicationTaskIdentifier" | "ReplicationConfigIdentifier" => {
                        tasks.iter().any(|task| task.metric_id == value).then_some(FORWARD)
                    }
                    "DBInstanceIdentifier" | "DBClusterIdentifier" => {
                        (value == target.id).then_some("it watches the target database")
                    }
                    "ServiceName" => writers
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

/// A fleet that is scaled by EC2 Auto Scaling.
const FLEET: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Why an alarm counts only while the forward task runs.
const FORWARD: &str = "it watches the forward task";

fn watched(alarm: &Thing) -> Watched {
    Watched {
        region: alarm.region.clone(),
        name: alarm.text("AlarmName").map_or_else(|| alarm.id(), ToOwned::to_owned),
        forward: false,
    }
}
