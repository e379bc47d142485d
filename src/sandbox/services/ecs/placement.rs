//! Where tasks go that need container instances: what the instances have left, and which of them a task fits.
//!
//! After the ECS Developer Guide, "How Amazon ECS places tasks on container instances" and "Amazon ECS API failure messages".

use serde_json::{Value as Json, json};

use super::{TASKS, instances::INSTANCES, providers, query};
use crate::sandbox::World;

/// What a task takes of its instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    cpu: i64,
    memory: i64,
    /// Ports of the host, those of UDP with `true`.
    ports: Vec<(bool, i64)>,
}

fn whole(value: &Json) -> i64 {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).unwrap_or_default()
}

/// The port of the host that a mapping asks for; nothing where Docker chooses one, or the task has its own network.
pub(super) fn host_port(definition: &Json, mapping: &Json) -> Option<i64> {
    let port = match definition["networkMode"].as_str() {
        Some("awsvpc" | "none") => 0,
        Some("host") => whole(&mapping["containerPort"]),
        _ => whole(&mapping["hostPort"]),
    };
    (port > 0).then_some(port)
}

impl Needs {
    /// Of a task definition: its own sizes, or those of its containers, where a reservation counts before a limit.
    pub(super) fn of(definition: &Json) -> Self {
        let containers = || definition["containerDefinitions"].as_array().into_iter().flatten();
        let sum = |member: fn(&Json) -> i64| containers().map(member).sum::<i64>();
        let memory = |container: &Json| match whole(&container["memoryReservation"]) {
            0 => whole(&container["memory"]),
            reserved => reserved,
        };
        let own = |member: &str| Some(whole(&definition[member])).filter(|size| *size > 0);
        let mappings =
            containers().flat_map(|container| container["portMappings"].as_array().into_iter().flatten());
        let ports = mappings
            .filter_map(|mapping| {
                host_port(definition, mapping).map(|port| (mapping["protocol"] == "udp", port))
            })
            .collect();
        Self {
            cpu: own("cpu").unwrap_or_else(|| sum(|container| whole(&container["cpu"]))),
            memory: own("memory").unwrap_or_else(|| sum(memory)),
            ports,
        }
    }

    /// As a task's row keeps them.
    pub(super) fn kept(&self) -> Json {
        json!({"cpu": self.cpu, "memory": self.memory, "ports": self.ports})
    }

    fn read(task: &Json) -> Self {
        let needs = &task["_needs"];
        let ports = needs["ports"].as_array().into_iter().flatten();
        let ports = ports.map(|one| (one[0] == true, whole(&one[1]))).collect();
        Self { cpu: whole(&needs["cpu"]), memory: whole(&needs["memory"]), ports }
    }
}

/// A resource as answers have it.
fn number(name: &str, value: i64) -> Json {
    json!({"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value})
}

fn numbers(name: &str, values: &[i64]) -> Json {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    json!({"name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0, "stringSetValue": values})
}

/// Resources as answers have them.
pub(super) fn resources(cpu: i64, memory: i64, tcp: &[i64], udp: &[i64]) -> Json {
    json!([number("CPU", cpu), number("MEMORY", memory), numbers("PORTS", tcp), numbers("PORTS_UDP", udp)])
}

/// What there is of a resource, and which ports are taken.
struct Left {
    cpu: i64,
    memory: i64,
    ports: Vec<(bool, i64)>,
}

/// The tasks that are on an instance.
pub(super) fn tasks_on<'w>(world: &'w World, instance: &Json) -> Vec<&'w Json> {
    let arn = &instance["containerInstanceArn"];
    let tasks = world.rows(TASKS).map(|(_, task)| task);
    tasks.filter(|task| task["containerInstanceArn"] == *arn && task["lastStatus"] != "STOPPED").collect()
}

fn left(world: &World, instance: &Json) -> Left {
    let registered = |name: &str| {
        let all = instance["registeredResources"].as_array().into_iter().flatten();
        all.into_iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
    };
    let ports = |name: &str, udp: bool| -> Vec<(bool, i64)> {
        let all = registered(name)["stringSetValue"].as_array().cloned().unwrap_or_default();
        all.iter().map(|port| (udp, whole(port))).collect()
    };
    let mut left = Left {
        cpu: whole(&registered("CPU")["integerValue"]),
        memory: whole(&registered("MEMORY")["integerValue"]),
        ports: [ports("PORTS", false), ports("PORTS_UDP", true)].concat(),
    };
    for task in tasks_on(world, instance) {
        let needs = Needs::read(task);
        left.cpu -= needs.cpu;
        left.memory -= needs.memory;
        left.ports.extend(needs.ports);
    }
    left
}

/// What an instance has left, as answers have it.
pub(super) fn remaining(world: &World, instance: &Json) -> Json {
    let left = left(world, instance);
    let of = |udp: bool| -> Vec<i64> {
        left.ports.iter().filter(|(is, _)| *is == udp).map(|(_, port)| *port).collect()
    };
    resources(left.cpu, left.memory, &of(false), &of(true))
}

/// Why a task does not fit an instance, in the words of the API's failures.
pub(super) fn obstacle(world: &World, instance: &Json, needs: &Needs) -> Option<&'static str> {
    let left = left(world, instance);
    if instance["agentConnected"] != true {
        Some("AGENT")
    } else if left.cpu < needs.cpu {
        Some("RESOURCE:CPU")
    } else if left.memory < needs.memory {
        Some("RESOURCE:MEMORY")
    } else if needs.ports.iter().any(|port| left.ports.contains(port)) {
        Some("RESOURCE:PORTS")
    } else {
        None
    }
}

/// The active instances of a cluster that tasks of a row may be on: those of its capacity providers, if it names any.
fn candidates<'w>(world: &'w World, row: &Json) -> Vec<&'w Json> {
    let provided = row["capacityProviderStrategy"].as_array().into_iter().flatten();
    let provided: Vec<&str> = provided.filter_map(|one| one["capacityProvider"].as_str()).collect();
    let all = world.rows(INSTANCES).map(|(_, instance)| instance);
    let here = all.filter(|one| one["_cluster"] == row["clusterArn"] && one["status"] == "ACTIVE");
    // Servers of one's own are registered through Systems Manager, which is not here.
    let fits = |instance: &&Json| match row["launchType"].as_str() {
        Some("EXTERNAL") => false,
        Some(_) => true,
        None => provided.iter().any(|name| instance["capacityProviderName"] == super::short(name)),
    };
    here.filter(fits).collect()
}

/// Whether there is an instance at all that a task could be on.
pub(super) fn any(world: &World, row: &Json) -> bool {
    !candidates(world, row).is_empty()
}

fn value_of(instance: &Json, field: &str) -> Json {
    if field.eq_ignore_ascii_case("instanceId") || field.eq_ignore_ascii_case("host") {
        return instance["ec2InstanceId"].clone();
    }
    let name = field.strip_prefix("attribute:").unwrap_or(field);
    let all = instance["attributes"].as_array().into_iter().flatten();
    all.into_iter().find(|one| one["name"] == name).map(|one| one["value"].clone()).unwrap_or_default()
}

/// The order in which instances are preferred: by each strategy in turn; services spread over zones unless they say otherwise.
fn rank(world: &World, instance: &Json, group: &str, strategies: &[Json], among: &[&Json]) -> Vec<i64> {
    let with = |instance: &Json| -> i64 {
        let tasks = tasks_on(world, instance);
        i64::try_from(tasks.iter().filter(|task| task["group"] == group).count()).unwrap_or(i64::MAX)
    };
    let spread = |field: &str| -> i64 {
        let mine = value_of(instance, field);
        among.iter().filter(|other| value_of(other, field) == mine).map(|other| with(other)).sum()
    };
    let mut ranks: Vec<i64> = strategies
        .iter()
        .map(|strategy| match (strategy["type"].as_str(), strategy["field"].as_str().unwrap_or_default()) {
            (Some("spread"), field) => spread(field),
            (Some("binpack"), "memory") => left(world, instance).memory,
            (Some("binpack"), _) => left(world, instance).cpu,
            // Where chance decides, any order will do.
            _ => 0,
        })
        .collect();
    ranks.extend([spread("attribute:ecs.availability-zone"), with(instance)]);
    ranks
}

/// Chooses an instance for a task of a service, a task set or a call.
///
/// # Errors
/// It fits none: why not, by instance, as failures of `RunTask` say it.
pub(super) fn choose(world: &World, row: &Json, definition: &Json, group: &str) -> Result<String, Vec<Json>> {
    let needs = Needs::of(definition);
    let constraints: Vec<Json> = [&row["placementConstraints"], &definition["placementConstraints"]]
        .iter()
        .filter_map(|list| list.as_array())
        .flatten()
        .cloned()
        .collect();
    let (mut good, mut failures) = (Vec::new(), Vec::new());
    for instance in candidates(world, row) {
        let mut why = obstacle(world, instance, &needs);
        for constraint in &constraints {
            let holds = match constraint["type"].as_str() {
                Some("distinctInstance") => {
                    tasks_on(world, instance).iter().all(|task| task["group"] != group)
                }
                // Expressions are checked where they are sent.
                _ => query::means(world, constraint["expression"].as_str().unwrap_or_default(), instance)
                    .unwrap_or_default(),
            };
            if !holds {
                why = why.or(Some("ATTRIBUTE"));
            }
        }
        match why {
            None => good.push(instance),
            Some(reason) => failures.push(json!({"arn": instance["containerInstanceArn"], "reason": reason})),
        }
    }
    let strategies = row["placementStrategy"].as_array().cloned().unwrap_or_default();
    let best = good.iter().min_by_key(|instance| {
        let arn = instance["containerInstanceArn"].as_str().unwrap_or_default();
        (rank(world, instance, group, &strategies, &good), arn.to_owned())
    });
    best.and_then(|one| one["containerInstanceArn"].as_str()).map(ToOwned::to_owned).ok_or(failures)
}

/// The capacity provider whose Auto Scaling group an instance is in.
pub(super) fn provider_of(world: &World, region: &str, instance: &Json) -> Option<String> {
    let tags = instance["Tags"].as_array()?;
    let group = tags.iter().find(|tag| tag["Key"] == "aws:autoscaling:groupName")?["Value"].as_str()?;
    let end = format!("autoScalingGroupName/{group}");
    let mut rows =
        world.rows(providers::PROVIDERS).map(|(_, row)| row).filter(|row| row["_region"] == region);
    let found = rows.find(|row| {
        row["autoScalingGroupProvider"]["autoScalingGroupArn"].as_str().is_some_and(|arn| arn.ends_with(&end))
    });
    found.and_then(|row| row["name"].as_str()).map(ToOwned::to_owned)
}
