//! Whether a service has reached the state its deployment aims at.

use aws_sdk_ecs::types::{Deployment, DeploymentControllerType, DeploymentRolloutState, Service};

/// How far a service is.
#[derive(Debug, PartialEq, Eq)]
pub enum Steadiness {
    /// One completed deployment with all its tasks running.
    Steady,
    /// On its way; how far.
    Moving(String),
    /// On its way, and the new deployment has all its tasks running; how far.
    Working(String),
    /// It will not get there; what AWS said last.
    Failed(String),
}

/// Judges a service. `wanted` is the task definition's ARN that it should run, if it is known as an ARN: a
/// circuit breaker that rolled back leaves a service which is steady on another one.
pub fn judge(live: &Service, wanted: Option<&str>) -> Steadiness {
    let word = live.status().unwrap_or("unknown");
    if word != "ACTIVE" {
        return Steadiness::Moving(word.to_owned());
    }
    let counts = format!("{} of {} tasks running", live.running_count(), live.desired_count());
    let controller = live.deployment_controller().map(|controller| controller.r#type());
    if controller.is_some_and(|kind| *kind != DeploymentControllerType::Ecs) {
        // CodeDeploy and external controllers make task sets in their own time.
        return Steadiness::Steady;
    }
    let failed =
        |deployment: &&Deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
    if let Some(deployment) = live.deployments().iter().find(failed) {
        return Steadiness::Failed(reason(live, Some(deployment)));
    }
    let Some(primary) = live.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
    else {
        return Steadiness::Moving(counts);
    };
    let complete = primary.rollout_state().is_none_or(|state| *state == DeploymentRolloutState::Completed);
    if !complete || live.deployments().len() > 1 || live.running_count() != live.desired_count() {
        let state = primary.rollout_state().map_or("IN_PROGRESS", DeploymentRolloutState::as_str);
        // Without a circuit breaker tasks that fail are started again for good: the service's events are all there is to
        // see of why.
        let failed = match primary.failed_tasks() {
            0 => String::new(),
            number => format!(", {number} failed"),
        };
        let complaint = complaint(live, primary);
        let told = match complaint {
            Some(why) => format!("{state}, {counts}{failed}: {why}"),
            None => format!("{state}, {counts}{failed}"),
        };
        // Of the new deployment itself, not of the service: until it is done the service counts the old tasks too.
        let works = primary.running_count() >= live.desired_count() && complaint.is_none();
        return if works { Steadiness::Working(told) } else { Steadiness::Moving(told) };
    }
    match (wanted, primary.task_definition()) {
        (Some(wanted), Some(running)) if wanted.starts_with("arn:") && wanted != running => {
            let back = format!("rolled back to {running}");
            Steadiness::Failed(format!("{back}: {}", reason(live, None)))
        }
        _ => Steadiness::Steady,
    }
}

/// The newest event of the deployment that says what keeps its tasks from running. ECS tells the ordinary course in events
/// too ("Amazon ECS Developer Guide", Amazon ECS service event messages): that is no news.
fn complaint<'s>(live: &'s Service, primary: &Deployment) -> Option<&'s str> {
    const ORDINARY: &[&str] = &[
        // These announce the end of a deployment; why stands in an event before them.
        "deployment failed:",
        "rolling back to",
        "has started ",
        "has begun draining connections",
        "has stopped ",
        "registered ",
        "deregistered ",
        "has reached a steady state",
        "deployment completed",
        "has been deployed",
        "is disabled",
    ];
    if live.running_count() >= live.desired_count() {
        return None;
    }
    let since = primary.created_at().map(|at| at.secs());
    let of_it = |at: Option<i64>| since.zip(at).is_none_or(|(since, at)| at >= since);
    let told = live.events().iter().filter(|event| of_it(event.created_at().map(|at| at.secs())));
    let told = told.filter_map(|event| event.message());
    let troubled =
        |text: &&str| !ORDINARY.iter().any(|part| text.contains(part)) || text.contains("Reason: ");
    told.take(5).find(troubled)
}

/// The newest event that says why; ECS puts those that only announce the end of a deployment in front of it.
fn cause(live: &Service) -> Option<&str> {
    let told = || live.events().iter().filter_map(|event| event.message());
    let announces = |text: &&str| !text.contains("deployment failed:") && !text.contains("rolling back to");
    told().find(announces).or_else(|| told().next())
}

fn reason(live: &Service, deployment: Option<&Deployment>) -> String {
    let event = cause(live);
    let rollout = deployment.and_then(Deployment::rollout_state_reason);
    match (rollout, event) {
        (Some(rollout), Some(event)) => format!("{rollout} {event}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => "the deployment failed without a reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::ServiceEvent;

    fn deployment(state: DeploymentRolloutState, definition: &str) -> Deployment {
        Deployment::builder().status("PRIMARY").rollout_state(state).task_definition(definition).build()
    }

    fn service(running: i32, deployments: Vec<Deployment>) -> Service {
        let event = ServiceEvent::builder().message("(service web) was unable to place a task.").build();
        let builder =
            Service::builder().status("ACTIVE").desired_count(2).running_count(running).events(event);
        builder.set_deployments(Some(deployments)).build()
    }

    #[test]
    fn steady_needs_one_completed_deployment_and_all_tasks() {
        let done = || deployment(DeploymentRolloutState::Completed, "arn:td:2");
        assert_eq!(judge(&service(2, vec![done()]), Some("arn:td:2")), Steadiness::Steady);
        assert!(matches!(judge(&service(1, vec![done()]), None), Steadiness::Moving(_)));
        assert!(matches!(judge(&service(2, vec![done(), done()]), None), Steadiness::Moving(_)));
        let begun = deployment(DeploymentRolloutState::InProgress, "arn:td:2");
        let words = "IN_PROGRESS, 2 of 2 tasks running".to_owned();
        assert_eq!(judge(&service(2, vec![begun]), None), Steadiness::Moving(words.clone()));
        // All of the new tasks run; the old ones may, too.
        let running =
            Deployment::builder().status("PRIMARY").rollout_state(DeploymentRolloutState::InProgress);
        let running = running.running_count(2).build();
        assert_eq!(judge(&service(2, vec![running.clone()]), None), Steadiness::Working(words));
        assert!(matches!(judge(&service(3, vec![running, done()]), None), Steadiness::Working(_)));
    }

    #[test]
    fn tasks_that_do_not_start_are_told_with_their_reason() {
        let told = |text: &str| ServiceEvent::builder().message(text).build();
        let why = "(service web) was unable to place a task. Reason: CannotPullContainerError: i/o timeout.";
        let events =
            vec![told("(service web) (deployment 1) deployment failed: tasks failed to start."), told(why)];
        let with = |deployment: Deployment| {
            let builder =
                Service::builder().status("ACTIVE").desired_count(2).set_events(Some(events.clone()));
            builder.deployments(deployment).build()
        };
        let begun = Deployment::builder().status("PRIMARY").rollout_state(DeploymentRolloutState::InProgress);
        let Steadiness::Moving(text) = judge(&with(begun.failed_tasks(4).build()), None) else {
            panic!("it moves")
        };
        assert_eq!(text, format!("IN_PROGRESS, 0 of 2 tasks running, 4 failed: {why}"));
        let failed = deployment(DeploymentRolloutState::Failed, "arn:td:2");
        let Steadiness::Failed(text) = judge(&with(failed), None) else { panic!("it failed") };
        assert!(text.ends_with(why), "{text}");
    }

    #[test]
    fn failures_and_roll_backs_are_told_in_the_words_of_the_event() {
        let failed = deployment(DeploymentRolloutState::Failed, "arn:td:2");
        let Steadiness::Failed(text) = judge(&service(0, vec![failed]), None) else { panic!("it failed") };
        assert!(text.contains("unable to place"));
        let back = deployment(DeploymentRolloutState::Completed, "arn:td:1");
        let Steadiness::Failed(text) = judge(&service(2, vec![back]), Some("arn:td:2")) else {
            panic!("rolled back")
        };
        assert!(text.starts_with("rolled back to arn:td:1"));
    }
}
