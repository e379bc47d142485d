//! Many objects are read in few calls, and what is said of them is what a look at each says. Names that creates would overwrite
//! are asked for together.

use std::fmt::Write as _;

use migrate::{
    engine::{Finding, Outcome, Seen},
    sandbox::{Action, FaultRule, FaultScript, Selector},
};

use crate::support::{Rehearsal, write};

const ALARMS: usize = 120;

/// Alarms, log groups, parameters and a network.
fn plan() -> String {
    let mut text =
        String::from("Resources:\n  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}\n");
    let mut put = |line: String| writeln!(text, "  {line}").expect("a text grows");
    for n in 0..ALARMS {
        put(format!(
            "Alarm{n}: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{AlarmName: alarm-{n}, Namespace: N, MetricName: M, \
             Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: {n}, ComparisonOperator: GreaterThanThreshold, \
             Tags: [{{Key: n, Value: '{n}'}}]}}}}"
        ));
    }
    for n in 0..30 {
        put(format!(
            "Group{n}: {{Type: 'AWS::Logs::LogGroup', DeletionPolicy: Delete, UpdateReplacePolicy: Delete, \
             Properties: {{LogGroupName: /g/{n}, RetentionInDays: 7}}}}"
        ));
        put(format!(
            "Parameter{n}: {{Type: 'AWS::SSM::Parameter', Properties: {{Name: /p/{n}, Type: String, Value: v{n}}}}}"
        ));
        put(format!(
            "Subnet{n}: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.{n}.0/24}}}}"
        ));
        put(format!(
            "Door{n}: {{Type: 'AWS::EC2::SecurityGroup', Properties: {{GroupDescription: d, VpcId: !Ref Vpc, \
             SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: {n}, ToPort: {n}, CidrIp: 10.0.0.0/16}}]}}}}"
        ));
        put(format!("Table{n}: {{Type: 'AWS::EC2::RouteTable', Properties: {{VpcId: !Ref Vpc}}}}"));
        put(format!(
            "Way{n}: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {{SubnetId: !Ref Subnet{n}, \
             RouteTableId: !Ref Table{n}}}}}"
        ));
    }
    text
}

fn deployed(text: &str) -> (tempfile::TempDir, Rehearsal) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, text);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    (dir, life)
}

fn of<'s>(seen: &'s [Seen], name: &str) -> &'s Finding {
    &seen.iter().find(|one| one.address.logical_id() == name).expect("it is in the ledger").finding
}

fn on(operation: &str, action: Action) -> FaultScript {
    let selector = Selector { operation: Some(operation.into()), ..Selector::default() };
    FaultScript { rules: vec![FaultRule { selector, action }] }
}

/// Without pages it is 731 calls: fails where a type is not asked for together, or its tags one by one.
#[test]
fn three_hundred_objects_are_read_in_some_thirty_calls() {
    let (_dir, life) = deployed(&plan());
    let (seen, called) = life.refresh_with(60_000, FaultScript::default());
    assert_eq!(seen.len(), 1 + ALARMS + 6 * 30);
    assert!(seen.iter().all(|one| one.finding == Finding::InSync), "{seen:#?}");
    assert!(called.len() <= 30, "{} calls: {called:#?}", called.len());
}

/// Fails where what differs is said of the page that told of it, or is not seen there.
#[test]
fn what_differs_is_told_as_by_a_look_at_it_alone() {
    let (_dir, mut life) = deployed(&plan());
    let find = |life: &Rehearsal, table: &str, part: &str| {
        let rows: Vec<String> = life.world.rows(table).map(|(key, _)| key.to_owned()).collect();
        rows.into_iter().find(|key| key.ends_with(part)).unwrap_or_else(|| panic!("no {part} in {table}"))
    };
    let (drifted, gone, taken, untagged) = (
        find(&life, "cloudwatch.alarm", "alarm-7"),
        find(&life, "cloudwatch.alarm", "alarm-8"),
        find(&life, "cloudwatch.alarm", "alarm-9"),
        find(&life, "logs.group", "/g/3"),
    );
    life.world.get_mut("cloudwatch.alarm", &drifted).expect("a row")["Threshold"] = 1000.into();
    life.world.remove("cloudwatch.alarm", &gone);
    for (table, key) in [("cloudwatch.alarm", &taken), ("logs.group", &untagged)] {
        let row = life.world.get_mut(table, key).expect("a row");
        for member in ["Tags", "_tags"] {
            if !row[member].is_null() {
                row[member] =
                    if row[member].is_array() { serde_json::json!([]) } else { serde_json::json!({}) };
            }
        }
    }
    let seen = life.refresh();
    assert!(
        matches!(of(&seen, "Alarm7"), Finding::Drifted(all) if all.len() == 1),
        "{:?}",
        of(&seen, "Alarm7")
    );
    assert_eq!(*of(&seen, "Alarm8"), Finding::Missing);
    assert_eq!(*of(&seen, "Alarm9"), Finding::NotOurs);
    assert_eq!(*of(&seen, "Group3"), Finding::NotOurs);
    assert_eq!(seen.iter().filter(|one| one.finding != Finding::InSync).count(), 4);
}

/// Fails where a page that did not come is taken for an account without what it would have told of.
#[test]
fn pages_that_are_throttled_lost_or_denied_change_nothing_in_what_is_told() {
    let (_dir, life) = deployed(&plan());
    let denied = || Action::Error { code: "AccessDeniedException".into(), status: 400, message: "no".into() };
    for (operation, action) in [
        ("DescribeAlarms", Action::Throttle),
        ("DescribeAlarms", Action::LoseAnswer),
        ("GetResources", Action::LoseRequest),
        ("GetResources", denied()),
        ("GetParameters", denied()),
        ("DescribeSubnets", Action::ServerError(503)),
    ] {
        let mut script = on(operation, action.clone());
        if !matches!(action, Action::Error { .. }) {
            script.rules[0].selector.nth = Some(1);
        }
        let (seen, _) = life.refresh_with(60_000, script);
        assert!(seen.iter().all(|one| one.finding == Finding::InSync), "{operation} {action:?}: {seen:#?}");
    }
    // Who may not describe alarms is told so, of each.
    let (seen, _) = life.refresh_with(60_000, on("DescribeAlarms", denied()));
    let unread = seen.iter().filter(|one| matches!(one.finding, Finding::Unreadable(_))).count();
    assert_eq!(unread, ALARMS);
}

/// 363 calls, where each alarm was asked for by itself before it was made.
#[test]
fn names_that_creates_would_overwrite_are_asked_for_together() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    let alarms: String = plan()
        .lines()
        .filter(|line| line.starts_with("Resources") || line.contains("Alarm"))
        .fold(String::new(), |text, line| text + line + "\n");
    write(&file, &alarms);
    let mut life = Rehearsal::new(&file).with_warnings();
    let mut taken = life.fork();
    let up = life.up().complete();
    let puts = up.mutations.len();
    assert!(up.calls <= puts * 3 / 2, "{} calls, {puts} of them made alarms", up.calls);
    // Somebody's alarm has one of the names: it is left alone, and the others are made.
    let (key, row) =
        life.world.rows("cloudwatch.alarm").find(|(key, _)| key.ends_with("alarm-5")).expect("a row");
    let mut row = row.clone();
    for member in ["Tags", "_tags"] {
        if !row[member].is_null() {
            row[member] = if row[member].is_array() { serde_json::json!([]) } else { serde_json::json!({}) };
        }
    }
    row["Threshold"] = 4711.into();
    taken.world.put("cloudwatch.alarm", key, row);
    let up = taken.up();
    assert_eq!(up.outcome(), Outcome::Failed);
    let failures = &up.finished.as_ref().expect("it ended").failures;
    assert_eq!(failures.len(), 1, "{failures:#?}");
    assert_eq!(failures[0].0.logical_id(), "Alarm5");
    assert_eq!(failures[0].1.code.as_deref(), Some("AlreadyExists"));
    assert_eq!(taken.world.get("cloudwatch.alarm", key).expect("a row")["Threshold"], 4711);
    assert_eq!(taken.snapshot().objects().count(), ALARMS - 1);
}

/// Thirty roles with policies, thirty inline policies besides, and five secrets.
fn identities() -> String {
    let mut text = String::from("Resources:\n");
    let mut put = |line: String| writeln!(text, "  {line}").expect("a text grows");
    let trust = "{Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, \
                 Action: 'sts:AssumeRole'}]}";
    let grant =
        "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}";
    for n in 0..30 {
        put(format!(
            "Role{n}: {{Type: 'AWS::IAM::Role', Properties: {{RoleName: role-{n}, Description: d{n}, MaxSessionDuration: 7200, \
             AssumeRolePolicyDocument: {trust}, ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'], \
             Policies: [{{PolicyName: own, PolicyDocument: {grant}}}]}}}}"
        ));
        put(format!(
            "Policy{n}: {{Type: 'AWS::IAM::Policy', Properties: {{PolicyName: more, Roles: [!Ref Role{n}], \
             PolicyDocument: {grant}}}}}"
        ));
    }
    for n in 0..5 {
        put(format!(
            "Secret{n}: {{Type: 'AWS::SecretsManager::Secret', DeletionPolicy: Delete, UpdateReplacePolicy: Delete, \
             Properties: {{Name: s/{n}, GenerateSecretString: {{PasswordLength: 24}}}}}}"
        ));
    }
    text
}

/// Roles and inline policies are told by the account's lists, each secret by one call: 132 calls, where each was looked at by
/// itself and each secret twice.
#[test]
fn identities_are_told_by_the_lists_of_the_account() {
    let (_dir, mut life) = deployed(&identities());
    let (seen, called) = life.refresh_with(60_000, FaultScript::default());
    assert!(seen.iter().all(|one| one.finding == Finding::InSync), "{seen:#?}");
    assert_eq!(called.iter().filter(|call| call.ends_with("DescribeSecret")).count(), 5, "{called:#?}");
    assert!(called.len() <= 12, "{} calls: {called:#?}", called.len());
    // Who may not call them is told the same, by looks at each.
    let denied = || Action::Error { code: "AccessDenied".into(), status: 403, message: "no".into() };
    for operation in ["GetAccountAuthorizationDetails", "ListRoles"] {
        let (alone, calls) = life.refresh_with(60_000, on(operation, denied()));
        assert_eq!(alone, seen, "{operation}");
        assert!(calls.len() > 60, "{operation}: {} calls", calls.len());
    }
    // Whatever only one of the two lists shows is seen.
    let edit = |life: &mut Rehearsal, name: &str, member: &str, value: serde_json::Value| {
        life.world.get_mut("iam.role", name).expect("a role")[member] = value;
    };
    edit(&mut life, "role-1", "Description", "another".into());
    edit(&mut life, "role-2", "MaxSessionDuration", 3600.into());
    edit(&mut life, "role-3", "Tags", serde_json::json!([]));
    edit(&mut life, "role-4", "_attached", serde_json::json!([]));
    let other =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;
    life.world.get_mut("iam.role", "role-5").expect("a role")["_policies"]["own"] = other.into();
    life.world.get_mut("iam.role", "role-6").expect("a role")["_policies"]["more"] = other.into();
    let seen = life.refresh();
    let differs: Vec<&str> = seen
        .iter()
        .filter(|one| one.finding != Finding::InSync)
        .map(|one| one.address.logical_id())
        .collect();
    assert_eq!(differs, ["Policy6", "Role1", "Role2", "Role3", "Role4", "Role5"]);
    assert_eq!(*of(&seen, "Role3"), Finding::NotOurs);
}
