//! EC2 Auto Scaling groups that write: how one is emptied, and how it returns to what it was.

use serde_json::{Value as Json, json};

use super::{
    calls::operate,
    discover::{Fleet, Writer},
};
use crate::ledger::{Facts, Noun, Operate, Repeat, Request, Subject};

/// What is suspended while a group is at zero: nothing launches, and neither an alarm nor a schedule changes the desired
/// capacity. `Terminate` goes on, or the group could not shrink.
/// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
pub const RESTING: [&str; 3] = ["AlarmNotification", "Launch", "ScheduledActions"];

/// The tasks of a service, or the instances of a group.
#[must_use]
pub fn subject(writer: &Writer) -> Subject {
    match writer.fleet {
        Fleet::Tasks => Subject::new(Noun::Service, &writer.region, &[&writer.cluster, &writer.service]),
        Fleet::Instances => Subject::new(Noun::Fleet, &writer.region, &[&writer.service]),
    }
}

/// How many tasks or instances are wanted.
#[must_use]
pub fn wanted(writer: &Writer, facts: &Facts) -> Option<i64> {
    let property = match writer.fleet {
        Fleet::Tasks => "desiredCount",
        Fleet::Instances => "DesiredCapacity",
    };
    facts.get(&subject(writer), property).and_then(Json::as_i64)
}

/// How many there are: those that serve, and those that come or go.
#[must_use]
pub fn count(writer: &Writer, facts: &Facts) -> (i64, i64) {
    let subject = subject(writer);
    let count = |name: &str| facts.get(&subject, name).and_then(Json::as_i64).unwrap_or_default();
    match writer.fleet {
        Fleet::Tasks => (count("runningCount"), count("pendingCount")),
        Fleet::Instances => (count("inService"), count("instances") - count("inService")),
    }
}

/// The processes of a group that are suspended.
fn suspended(writer: &Writer, facts: &Facts) -> Vec<String> {
    let list = facts.get(&subject(writer), "SuspendedProcesses").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned).collect()
}

fn processes(
    writer: &Writer,
    operation: &str,
    named: &[String],
    then: Vec<String>,
    facts: &Facts,
) -> Operate {
    let request = Request::new(
        "autoscaling",
        operation,
        &writer.region,
        json!({"AutoScalingGroupName": writer.service, "ScalingProcesses": named}),
    );
    let expect = Facts::default().with(&subject(writer), "SuspendedProcesses", json!(then));
    let words = if operation == "SuspendProcesses" { "suspend" } else { "resume" };
    operate(format!("{words} scaling of {}", writer.address), request, facts, expect, Repeat::Freely)
}

/// Suspends what could fill a group again.
#[must_use]
pub fn suspend(writer: &Writer, facts: &Facts) -> Option<Operate> {
    let mut then = suspended(writer, facts);
    let named: Vec<String> = RESTING
        .iter()
        .filter(|name| !then.iter().any(|one| one == *name))
        .map(|one| (*one).to_owned())
        .collect();
    then.extend(named.iter().cloned());
    then.sort();
    (!named.is_empty()).then(|| processes(writer, "SuspendProcesses", &named, then, facts))
}

/// Resumes what was not suspended before.
#[must_use]
pub fn resume(writer: &Writer, baseline: &Facts, facts: &Facts) -> Option<Operate> {
    let before = suspended(writer, baseline);
    let (then, named): (Vec<String>, Vec<String>) =
        suspended(writer, facts).into_iter().partition(|name| before.contains(name));
    (!named.is_empty()).then(|| processes(writer, "ResumeProcesses", &named, then, facts))
}

/// Sets a group's minimum and how many instances it wants.
#[must_use]
pub fn size(writer: &Writer, minimum: i64, wanted: i64, facts: &Facts) -> Operate {
    let request = Request::new(
        "autoscaling",
        "UpdateAutoScalingGroup",
        &writer.region,
        json!({"AutoScalingGroupName": writer.service, "MinSize": minimum, "DesiredCapacity": wanted}),
    );
    let expect = Facts::default().with(&subject(writer), "MinSize", json!(minimum)).with(
        &subject(writer),
        "DesiredCapacity",
        json!(wanted),
    );
    let name = format!("set {} to {wanted} instances, at least {minimum}", writer.address);
    operate(name, request, facts, expect, Repeat::Freely)
}

/// The calls that empty a group, in order.
#[must_use]
pub fn emptied(writer: &Writer, facts: &Facts) -> Vec<Operate> {
    suspend(writer, facts).into_iter().chain([size(writer, 0, 0, facts)]).collect()
}

/// The calls that return a group to what it was, in order.
#[must_use]
pub fn refilled(writer: &Writer, baseline: &Facts, facts: &Facts) -> Vec<Operate> {
    let minimum = baseline.get(&subject(writer), "MinSize").and_then(Json::as_i64);
    let sized =
        minimum.zip(wanted(writer, baseline)).map(|(minimum, count)| size(writer, minimum, count, facts));
    sized.into_iter().chain(resume(writer, baseline, facts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Writer {
        Writer {
            address: "App/Fleet".parse().unwrap(),
            fleet: Fleet::Instances,
            region: "us-east-1".into(),
            cluster: String::new(),
            service: "fleet".into(),
            scaling: None,
            groups: Vec::new(),
        }
    }

    fn facts(minimum: i64, wanted: i64, suspended: &[&str]) -> Facts {
        let subject = subject(&group());
        Facts::default()
            .with(&subject, "MinSize", json!(minimum))
            .with(&subject, "DesiredCapacity", json!(wanted))
            .with(&subject, "SuspendedProcesses", json!(suspended))
    }

    fn after(mut facts: Facts, calls: &[Operate]) -> Facts {
        for call in calls {
            facts.learn(&call.expect);
        }
        facts
    }

    #[test]
    fn a_group_is_emptied_and_returns_to_what_it_was() {
        for before in [facts(3, 4, &[]), facts(0, 2, &["AZRebalance", "Launch"]), facts(1, 1, &RESTING)] {
            let calls = emptied(&group(), &before);
            let empty = after(before.clone(), &calls);
            assert_eq!(wanted(&group(), &empty), Some(0));
            assert!(RESTING.iter().all(|name| suspended(&group(), &empty).iter().any(|one| one == name)));
            // Once more there is nothing left to suspend.
            assert!(suspend(&group(), &empty).is_none());
            let back = refilled(&group(), &before, &empty);
            assert_eq!(after(empty, &back), before);
        }
        // Launches are suspended before the size says so, or an alarm could fill the group in between.
        let order: Vec<String> =
            emptied(&group(), &facts(3, 3, &[])).into_iter().map(|call| call.request.operation).collect();
        assert_eq!(order, ["SuspendProcesses", "UpdateAutoScalingGroup"]);
    }
}
