//! What leads clients and who writes, in their other forms: a listener with two target groups, EC2 Auto Scaling groups; and
//! hooks that are Lambda functions.

use serde_json::{Value as Json, json};

use super::{Desk, change, film::Film, invariants::Watch, text};
use crate::support::{in_parallel, thorough};

/// The single stack with a service for each database, one balancer, and weights at its listener.
pub fn listening(more: &[(&str, &str, &str)]) -> (Desk, tempfile::TempDir) {
    let forward = "DefaultActions:
        - Type: forward
          ForwardConfig:
            TargetGroups:
              - {TargetGroupArn: !Ref TargetGroup, Weight: 100}
              - {TargetGroupArn: !Ref NewGroup, Weight: 0}

  NewGroup:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      VpcId: !Ref Vpc
      TargetType: ip
      Protocol: HTTP
      Port: 80
      TargetGroupAttributes: [{Key: deregistration_delay.timeout_seconds, Value: '30'}]

  NewTasks:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub 'payments-new-${EnvironmentSuffix}'
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: '512'
      Memory: '1024'
      ExecutionRoleArn: !GetAtt EcsExecutionRole.Arn
      TaskRoleArn: !GetAtt EcsTaskRole.Arn
      ContainerDefinitions:
        - Name: payments
          Image: nginx:latest
          PortMappings: [{ContainerPort: 80, Protocol: tcp}]
          Environment: [{Name: SECRET_ARN, Value: !Ref TargetDbSecret}]

  NewService:
    Type: AWS::ECS::Service
    DependsOn: [Listener, PrivateRoute, PrivateSubnetARoutes, PrivateSubnetBRoutes, EcsToHttps, AlbToEcs, EcsFromAlb]
    Properties:
      Cluster: !Ref EcsCluster
      TaskDefinition: !Ref NewTasks
      LaunchType: FARGATE
      DesiredCount: 2
      DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: true, Rollback: true}}
      NetworkConfiguration:
        AwsvpcConfiguration:
          AssignPublicIp: DISABLED
          Subnets: [!Ref PrivateSubnetA, !Ref PrivateSubnetB]
          SecurityGroups: [!Ref EcsSecurityGroup]
      LoadBalancers: [{ContainerName: payments, ContainerPort: 80, TargetGroupArn: !Ref NewGroup}]
";
    let mut edits = vec![
        ("template.yaml", "DefaultActions: [{Type: forward, TargetGroupArn: !Ref TargetGroup}]\n", forward),
        ("template.yaml", "            - {Name: TARGET_SECRET_ARN, Value: !Ref TargetDbSecret}\n", ""),
        (
            "migration.yaml",
            "    - name: db
      records:
        source: TapStack${EnvironmentSuffix}/SourceDbRecord
        target: TapStack${EnvironmentSuffix}/TargetDbRecord\n",
            "    - name: web
      listener:
        rule: TapStack${EnvironmentSuffix}/Listener
        source: TapStack${EnvironmentSuffix}/TargetGroup
        target: TapStack${EnvironmentSuffix}/NewGroup\n",
        ),
        ("migration.yaml", "writers: ['TapStack${EnvironmentSuffix}/EcsService'], ", ""),
    ];
    edits.extend(more);
    Desk::edited_plan(1, &edits)
}

/// What the listener does, and the weights of the old group and of the new one.
pub fn leads(desk: &Desk, old: u64, new: u64) -> bool {
    let lines: Vec<String> =
        desk.operated().into_iter().filter(|line| line.starts_with("listener")).collect();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let shares: Vec<&str> = line.split(' ').skip(2).collect();
    let is = |name: &str, weight: u64| {
        shares.iter().any(|share| {
            share.starts_with("tg-payments") == (name == "old") && share.ends_with(&format!("={weight}"))
        })
    };
    line.starts_with(r#"listener "forward""#) && shares.len() == 2 && is("old", old) && is("new", new)
}

/// The operations that the ledger has called since an entry.
fn called(desk: &Desk) -> Vec<(String, Json)> {
    let timeline = desk.ledger().operations.timeline;
    let calls = timeline.iter().filter_map(|moment| match &moment.happened {
        migrate::ledger::Happened::Called { request, .. } => {
            Some((request.operation.clone(), request.input.clone()))
        }
        _ => None,
    });
    calls.collect()
}

#[test]
fn a_listener_leads_there_and_back() {
    let (desk, _plan) = listening(&[]);
    desk.sync();
    let before = desk.operated();
    assert!(leads(&desk, 100, 0), "{before:?}");
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.phase(), "live");
    assert!(leads(&desk, 0, 100), "{:?}", desk.operated());
    let calls = called(&desk);
    let place = |wanted: &str, kind: &str| {
        calls
            .iter()
            .position(|(name, input)| name == wanted && (kind.is_empty() || input.to_string().contains(kind)))
            .unwrap_or_else(|| panic!("no {wanted} {kind}: {calls:#?}"))
    };
    assert!(place("ModifyListener", "fixed-response") < place("UpdateService", ""), "clients hear it first");
    assert!(
        place("StopReplicationTask", "") < place("ModifyListener", "ForwardConfig"),
        "drained before it leads on"
    );
    assert!(!calls.iter().any(|(name, _)| name == "ChangeResourceRecordSets"), "names are not touched");

    // A deployment leaves the weights alone, also when the listener has another difference.
    let live = desk.operated();
    desk.expect(0, &["up", "--yes"]);
    assert_eq!(desk.operated(), live);
    let review = desk.expect(0, &["plan"]);
    assert!(super::said(&review).contains("TapStackdev/Listener (DefaultActions)"), "{}", text(&review));

    let output = desk.roll_back();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.standing(), super::without_tasks(&before).into_iter().cloned().collect::<Vec<_>>());
    desk.expect(0, &["destroy", "--yes", "--allow-data-loss", "all"]);
}

#[test]
fn a_listener_is_found_by_what_its_groups_reach() {
    let (desk, _plan) = listening(&[(
        "migration.yaml",
        "  traffic:
    - name: web
      listener:
        rule: TapStack${EnvironmentSuffix}/Listener
        source: TapStack${EnvironmentSuffix}/TargetGroup
        target: TapStack${EnvironmentSuffix}/NewGroup
      # A database stands behind each weight, and replication runs one way.
      splits: never\n",
        "",
    )]);
    desk.expect(0, &["up", "--yes"]);
    let status = super::said(&desk.expect(0, &["status"]));
    let found = "TapStackdev/Listener (it forwards to a group of the source and to one of the target)";
    assert!(status.contains(found), "{status}");
    assert!(status.contains("writer of the target TapStackdev/NewService"), "{status}");
}

#[test]
fn a_refusal_at_the_listener_and_a_stranger_there_leave_everything_as_it_was() {
    let (synced, _plan) = listening(&[]);
    synced.sync();
    let before = synced.operated();
    // The second change of the listener leads on; the first refuses clients.
    for nth in [1, 2] {
        let desk = synced.fork();
        let refusal = json!([{"match": {"operation": "ModifyListener", "nth": nth, "times": 1}, "action":
            {"error": {"code": "ValidationError", "status": 400, "message": "not now"}}}]);
        let output = desk.cut_over(&[], Some(&refusal));
        assert_eq!(output.status.code(), Some(13), "{nth}: {}", text(&output));
        assert_eq!(desk.operated(), before, "I7: {nth}");
    }
    let desk = synced.fork();
    desk.account(|world| {
        change(
            world,
            "elbv2.listener",
            |_| true,
            |row| row["DefaultActions"][0]["ForwardConfig"]["TargetGroups"][1]["Weight"] = json!(5),
        );
    });
    let seen = desk.operated();
    let output = desk.cut_over(&[], None);
    assert_eq!(output.status.code(), Some(12), "{}", text(&output));
    assert_eq!(desk.operated(), seen, "nothing was changed");
}

#[test]
fn a_listener_may_be_shifted_where_that_is_safe() {
    let safe = "splits: reads\n      reason: only reads go through it";
    let (desk, _plan) = listening(&[("migration.yaml", "splits: never", safe)]);
    desk.sync();
    desk.expect(0, &["shift", "--to", "25", "--yes"]);
    assert_eq!(desk.phase(), "shifting(25)");
    assert!(leads(&desk, 75, 25), "{:?}", desk.operated());
    desk.expect(0, &["rollback", "--yes"]);
    assert!(leads(&desk, 100, 0), "{:?}", desk.operated());
}

/// The invariants in every moment, and from sampled ones the way on and the way back.
fn dies(desk: &Desk, more: &[&str], what: &str) {
    let before = desk.operated();
    let mut words = desk.cutting();
    words.extend(more.iter().map(|word| (*word).to_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let film = Film::of(desk, &words);
    let mut watch = Watch::default();
    for (frame, world, snapshot) in film.states() {
        let flaws = watch.flaws(&world, &snapshot);
        assert!(flaws.is_empty(), "{what}, {}: {flaws:#?}", frame.at);
    }
    let frames = film.sample(if thorough() { usize::MAX } else { 3 });
    in_parallel(&frames, |_, frame| {
        let dead = film.desk(frame);
        for end in ["--continue", "--abort"] {
            let desk = dead.fork();
            let interrupted = desk.interrupted();
            let mut words = vec![end];
            words.extend(more);
            let output = desk.cut_over(&words, None);
            let context = format!("{what}, died after {}, {end}: {}", frame.at, text(&output));
            match (output.status.code(), end) {
                _ if !interrupted => assert_eq!(output.status.code(), Some(7), "{context}"),
                (Some(0), "--continue") => assert_eq!(desk.phase(), "live", "{context}"),
                (Some(0), _) => assert_eq!(desk.operated(), before, "I7: {context}"),
                (Some(7), "--abort") => assert!(text(&output).contains("begun to open"), "{context}"),
                _ => panic!("{context}"),
            }
        }
    });
}

#[test]
fn a_cutover_at_a_listener_can_die_in_every_moment() {
    let (desk, _plan) = listening(&[]);
    desk.sync();
    dies(&desk, &[], "listener");
}

/// What the plan with the Auto Scaling group lacks in a sandbox.
const READERS: [&str; 2] = ["--override", "alarms=the readers' lag was looked at by hand"];

fn fleets(desk: &Desk) -> Vec<String> {
    desk.operated().into_iter().filter(|line| line.starts_with("fleet")).collect()
}

#[test]
fn a_group_of_instances_is_emptied_and_filled_again() {
    let desk = Desk::synced(3);
    let before = fleets(&desk);
    assert!(before.iter().all(|line| line.ends_with(" 3 3 0")), "{before:?}");
    let output = desk.cut_over(&READERS, None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(fleets(&desk), before);
    let calls: Vec<String> = called(&desk).into_iter().map(|(name, _)| name).collect();
    let fence = ["SuspendProcesses", "UpdateAutoScalingGroup", "StopReplicationTask"];
    let opening = ["ChangeResourceRecordSets", "UpdateAutoScalingGroup", "ResumeProcesses"];
    let mut rest = calls.iter();
    for wanted in fence.iter().chain(&opening) {
        assert!(rest.any(|name| name == wanted), "{wanted} in its place: {calls:?}");
    }
    // The sizes are what operations left: a deployment does not change them, whatever the plan says.
    desk.expect(0, &["up", "--yes"]);
    assert_eq!(fleets(&desk), before);
}

#[test]
fn a_cutover_with_a_group_of_instances_can_die_in_every_moment() {
    dies(&Desk::synced(3), &READERS, "instances");
}

#[test]
fn a_group_that_does_not_get_empty_undoes_the_cutover() {
    let desk = Desk::synced(3);
    let before = desk.operated();
    // Instances that are protected from scale-in stay.
    desk.account(|world| {
        let keys: Vec<String> = world.rows("ec2.instance").map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            world.get_mut("ec2.instance", &key).expect("an instance")["_scale_in_protected"] = json!(true);
        }
    });
    let output = desk.cut_over(&READERS, None);
    assert_eq!(output.status.code(), Some(13), "{}", text(&output));
    assert!(text(&output).contains("3 in service"), "{}", text(&output));
    assert_eq!(desk.operated(), before);
}

/// The plan with a function, which is a hook.
fn invoking(rehearse: bool) -> (Desk, tempfile::TempDir) {
    let hook = format!(
        "  hooks:\n    checks: {{lambda: 'TapStack${{EnvironmentSuffix}}/Cutover', rehearse: {rehearse}}}\n"
    );
    let (desk, plan) = Desk::edited_plan(2, &[("migration.yaml", "  hooks:\n", &hook)]);
    desk.sync();
    (desk, plan)
}

const FLEET: [&str; 2] = ["--override", "target-health=the target's fleet was looked at by hand"];

/// How a hook ended, of the last that ran.
fn ended(desk: &Desk, wanted: &str) -> Option<Option<i32>> {
    let timeline = desk.ledger().operations.timeline;
    timeline.iter().rev().find_map(|moment| match &moment.happened {
        migrate::ledger::Happened::Hook { name, exit, .. } if name == wanted => Some(*exit),
        _ => None,
    })
}

#[test]
fn a_function_is_a_hook() {
    let (synced, _plan) = invoking(true);
    let before = synced.operated();
    let desk = synced.fork();
    let output = desk.cut_over(&FLEET, None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(ended(&desk, "checks"), Some(Some(0)));
    let book = text(&desk.expect(0, &["runbook"]));
    assert!(book.contains("invoked us-east-1 ") && book.contains("invoked() {"), "{book}");
    // Refused, and its answer lost: the cutover is undone, whatever the function did.
    for action in [
        json!({"error": {"code": "TooManyRequestsException", "status": 429, "message": "Rate Exceeded."}}),
        json!("lose-answer"),
    ] {
        let desk = synced.fork();
        let faults = json!([{"match": {"operation": "Invoke"}, "action": action}]);
        let output = desk.cut_over(&FLEET, Some(&faults));
        assert_eq!(output.status.code(), Some(13), "{action}: {}", text(&output));
        assert!(text(&output).contains("hook checks"), "{action}: {}", text(&output));
        assert_eq!(desk.operated(), before, "{action}");
        assert_eq!(ended(&desk, "checks"), Some(None), "{action}");
    }
    // In a rehearsal that does not ask for it, nothing is invoked.
    let (desk, _plan) = invoking(false);
    let faults = json!([{"match": {"operation": "Invoke"}, "action": {"crash": "before"}}]);
    assert_eq!(desk.cut_over(&FLEET, Some(&faults)).status.code(), Some(0));
}
