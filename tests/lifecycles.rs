//! Random lives: a generated plan goes up, changes, changes again and is destroyed, under random faults and
//! crashes, by seed. A failing seed is shrunk and printed as one line that repeats it.
//!
//! `MIGRATE_PROOF=full` runs thousands of seeds; `MIGRATE_SEEDS=from-to` runs others; `MIGRATE_SEED=n` (with
//! `MIGRATE_LIFE=stages:faults:resources`) repeats one.

use std::{
    collections::BTreeSet,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use migrate::{
    engine::{Finding, Outcome},
    sandbox::{Action, FaultRule, FaultScript, Moment, Selector},
};
use serde_json::{Value as Json, json};

use crate::support::{Ran, Rehearsal, Trouble, Verb, in_parallel, report, seeds, write};

/// What kind of resource a slot of the generated plan holds, and what it may refer to.
pub const KINDS: &[(&str, &str)] = &[
    ("Vpc", ""),
    ("Subnet", "Vpc"),
    ("Group", "Vpc"),
    ("Rule", "Group"),
    ("Table", "Vpc"),
    ("Association", "Subnet Table"),
    ("Gateway", ""),
    ("Topic", ""),
    ("Subscription", "Topic"),
    ("Alarm", "Topic"),
    ("Role", ""),
    ("Policy", "Role"),
    ("Logs", ""),
    ("Bucket", ""),
    ("BucketPolicy", "Bucket"),
    ("Secret", ""),
    ("Zone", ""),
    ("Record", "Zone"),
    ("Parameters", ""),
    ("Dashboard", ""),
    ("Cluster", ""),
    ("Address", ""),
    ("Database", "Secret"),
    ("Endpoint", "Secret"),
    ("Targets", "Vpc"),
    ("Health", ""),
    ("Tasks", "Logs"),
    ("Key", ""),
    ("KeyName", "Key"),
    ("Parameter", ""),
    ("Aurora", "Secret"),
    ("Member", "Aurora"),
    ("Launch", ""),
    ("Fleet", "Launch Subnet"),
    ("Door", "Vpc Table"),
    ("Events", "Topic"),
    ("Vault", ""),
];

/// The size of a life, for shrinking.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Size {
    /// Plans that follow each other before the end.
    stages: usize,
    /// Kinds of trouble in the script.
    faults: usize,
    /// Resources of the first plan.
    resources: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.stages, self.faults, self.resources)
    }
}

/// Chance, by seed.
pub struct Dice(fastrand::Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }
    pub fn below(&mut self, n: usize) -> usize {
        self.0.usize(0..n.max(1))
    }
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// One resource of a generated plan: its kind, those it refers to, and a number its properties depend on.
#[derive(Clone, Debug)]
pub struct Slot {
    name: String,
    kind: &'static str,
    to: Vec<String>,
    variant: usize,
    fixed: usize,
}

/// Adds a resource and, first, what it needs.
pub fn grow(plan: &mut Vec<Slot>, kind: &'static str, dice: &mut Dice, serial: &mut usize) -> String {
    let needs = KINDS.iter().find(|(k, _)| *k == kind).map_or("", |(_, needs)| needs);
    let mut to = Vec::new();
    for need in needs.split_whitespace() {
        let known: Vec<String> = plan.iter().filter(|s| s.kind == need).map(|s| s.name.clone()).collect();
        // A subnet has one association, a bucket one policy, a table one route to a service: those get their own.
        let exclusive =
            matches!((kind, need), ("Association", "Subnet") | ("Door", "Table") | ("BucketPolicy", _));
        if known.is_empty() || exclusive || dice.chance(20) {
            let need = KINDS.iter().find(|(k, _)| *k == need).expect("a kind").0;
            to.push(grow(plan, need, dice, serial));
        } else {
            to.push(known[dice.below(known.len())].clone());
        }
    }
    // A table and a subnet, or an endpoint and a table, of different VPCs do not go together.
    if kind == "Association" || kind == "Door" {
        let first = plan.iter().find(|s| s.name == to[0]).expect("the subnet or the VPC");
        let vpc = first.to.first().unwrap_or(&first.name).clone();
        let table = plan.iter_mut().find(|s| s.name == to[1]).expect("the table");
        if table.to[0] != vpc {
            *serial += 1;
            let name = format!("Table{serial}");
            plan.push(Slot { name: name.clone(), kind: "Table", to: vec![vpc], variant: 0, fixed: 0 });
            to[1] = name;
        }
    }
    *serial += 1;
    let name = format!("{kind}{serial}");
    plan.push(Slot { name: name.clone(), kind, to, variant: dice.below(3), fixed: dice.below(2) });
    name
}

/// The slot as CloudFormation. `variant` changes in place, `fixed` needs a new object.
fn resource(slot: &Slot, number: usize) -> Json {
    let (v, f) = (slot.variant, slot.fixed);
    let to = |n: usize| json!({"Ref": slot.to[n]});
    let att = |n: usize, name: &str| json!({"Fn::GetAtt": [slot.to[n], name]});
    let tags = json!([{"Key": "Variant", "Value": v.to_string()}]);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]});
    let allow = |resource: Json| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"],
            "Resource": resource, "Sid": format!("V{v}")}]})
    };
    let secret = match slot.kind {
        "Database" | "Endpoint" | "Aurora" => {
            json!({"Fn::Sub": format!("{{{{resolve:secretsmanager:${{{}}}}}}}", slot.to[0])})
        }
        _ => Json::Null,
    };
    let (kind, properties) = match slot.kind {
        "Vpc" => ("EC2::VPC", json!({"CidrBlock": format!("10.{}.0.0/16", 10 + f), "Tags": tags})),
        "Subnet" => (
            "EC2::Subnet",
            // Numbers are never used again, so that ranges of one VPC do not overlap while one takes another's place.
            json!({"VpcId": to(0), "Tags": tags, "MapPublicIpOnLaunch": v == 1, "CidrBlock":
                {"Fn::Select": [2 * (number % 100) + f, {"Fn::Cidr": [att(0, "CidrBlock"), 201, 8]}]}}),
        ),
        "Group" => (
            "EC2::SecurityGroup",
            json!({"VpcId": to(0), "GroupDescription": format!("group {f}"), "Tags": tags}),
        ),
        "Rule" => (
            "EC2::SecurityGroupIngress",
            json!({"GroupId": att(0, "GroupId"), "IpProtocol": "tcp", "FromPort": 1000 + number, "ToPort": 1000 + number,
                "CidrIp": format!("10.0.{f}.0/24"), "Description": format!("variant {v}")}),
        ),
        "Table" => ("EC2::RouteTable", json!({"VpcId": to(0), "Tags": tags})),
        "Association" => {
            ("EC2::SubnetRouteTableAssociation", json!({"SubnetId": to(0), "RouteTableId": to(1)}))
        }
        "Gateway" => ("EC2::InternetGateway", json!({"Tags": tags})),
        "Topic" => ("SNS::Topic", json!({"DisplayName": format!("variant {v}"), "Tags": tags})),
        "Subscription" => (
            "SNS::Subscription",
            json!({"TopicArn": to(0), "Protocol": "sqs",
                "Endpoint": format!("arn:aws:sqs:us-east-1:123456789012:q{number}-{f}")}),
        ),
        "Alarm" => (
            "CloudWatch::Alarm",
            json!({"Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
                "EvaluationPeriods": 2, "Threshold": 70 + v, "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [to(0)]}),
        ),
        "Role" => (
            "IAM::Role",
            json!({"AssumeRolePolicyDocument": trust, "Description": format!("variant {v}"),
                "Path": if f == 0 { "/" } else { "/other/" }}),
        ),
        "Policy" => (
            "IAM::Policy",
            json!({"PolicyName": format!("policy-{number}-{f}"), "PolicyDocument": allow(json!("arn:aws:s3:::x/*")),
                "Roles": [to(0)]}),
        ),
        "Logs" => ("Logs::LogGroup", json!({"RetentionInDays": ([1, 7, 30])[v]})),
        "Bucket" => (
            "S3::Bucket",
            json!({"VersioningConfiguration": {"Status": if v == 0 { "Suspended" } else { "Enabled" }}, "Tags": tags}),
        ),
        "BucketPolicy" => (
            "S3::BucketPolicy",
            json!({"Bucket": to(0), "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny",
                "Principal": "*", "Action": "s3:*", "Sid": format!("V{v}"),
                "Resource": {"Fn::Sub": format!("${{{}.Arn}}/*", slot.to[0])},
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}),
        ),
        "Secret" => (
            "SecretsManager::Secret",
            json!({"Description": format!("variant {v}"), "GenerateSecretString": {"PasswordLength": 24, "ExcludePunctuation": true}}),
        ),
        "Zone" => (
            "Route53::HostedZone",
            json!({"Name": format!("z{number}-{f}.example.com"),
            "HostedZoneConfig": {"Comment": format!("variant {v}")}}),
        ),
        "Record" => (
            "Route53::RecordSet",
            json!({"HostedZoneId": to(0), "Type": "A", "TTL": (60 + v).to_string(), "ResourceRecords": ["192.0.2.1"],
                "Name": {"Fn::Sub": format!("r{number}-{f}.example.com.")}}),
        ),
        "Parameters" => (
            "RDS::DBParameterGroup",
            json!({"Family": if f == 0 { "postgres14" } else { "postgres15" }, "Description": "generated",
                "Parameters": {"log_min_duration_statement": (1000 + v).to_string()}}),
        ),
        "Dashboard" => (
            "CloudWatch::Dashboard",
            json!({"DashboardName": format!("board-{number}-{f}"), "DashboardBody": format!(
                "{{\"widgets\":[{{\"type\":\"text\",\"x\":0,\"y\":0,\"width\":6,\"height\":{},\"properties\":{{\"markdown\":\"x\"}}}}]}}",
                3 + v)}),
        ),
        "Cluster" => ("ECS::Cluster", json!({"Tags": tags})),
        "Address" => ("EC2::EIP", json!({"Domain": "vpc", "Tags": tags})),
        "Database" => (
            "RDS::DBInstance",
            json!({"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20",
                "BackupRetentionPeriod": v, "MasterUsername": format!("app{f}"), "MasterUserPassword": secret}),
        ),
        "Endpoint" => (
            "DMS::Endpoint",
            json!({"EndpointType": if f == 0 { "source" } else { "target" }, "EngineName": "postgres", "Port": 5432,
                "DatabaseName": "app", "Username": "app", "Password": secret,
                "ServerName": format!("db{v}.example.com")}),
        ),
        "Targets" => (
            "ElasticLoadBalancingV2::TargetGroup",
            json!({"VpcId": to(0), "Protocol": "HTTP", "Port": 80 + f, "HealthCheckIntervalSeconds": 10 + v}),
        ),
        "Health" => (
            "Route53::HealthCheck",
            json!({"HealthCheckConfig": {"Type": "HTTP", "FullyQualifiedDomainName": "www.example.com", "Port": 80,
                "FailureThreshold": 1 + v, "RequestInterval": ([30, 10])[f]}}),
        ),
        "Tasks" => (
            "ECS::TaskDefinition",
            json!({"Family": format!("family-{number}"), "ContainerDefinitions": [{"Name": "app", "Memory": 128 + f,
                "Image": format!("example:{v}"), "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                    "awslogs-group": to(0), "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"}}}]}),
        ),
        "Key" => (
            "KMS::Key",
            json!({"Description": format!("variant {v}"), "PendingWindowInDays": 7, "Tags": tags,
                "KeyPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}]}}),
        ),
        "KeyName" => {
            ("KMS::Alias", json!({"AliasName": format!("alias/life-{number}-{f}"), "TargetKeyId": to(0)}))
        }
        "Parameter" => (
            "SSM::Parameter",
            json!({"Name": format!("/life/{number}/{f}"), "Type": "String", "Value": format!("variant {v}")}),
        ),
        "Aurora" => (
            "RDS::DBCluster",
            json!({"Engine": "aurora-postgresql", "MasterUsername": format!("app{f}"), "MasterUserPassword": secret,
                "BackupRetentionPeriod": 1 + v, "Tags": tags}),
        ),
        "Member" => (
            "RDS::DBInstance",
            json!({"Engine": "aurora-postgresql", "DBInstanceClass": "db.t3.medium", "DBClusterIdentifier": to(0),
                "PromotionTier": v, "DBInstanceIdentifier": format!("member-{number}-{f}")}),
        ),
        "Launch" => (
            "EC2::LaunchTemplate",
            json!({"LaunchTemplateName": format!("launch-{number}-{f}"), "LaunchTemplateData": {
                "InstanceType": (["t3.micro", "t3.small", "t3.medium"])[v],
                "ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}}),
        ),
        "Fleet" => (
            "AutoScaling::AutoScalingGroup",
            json!({"AutoScalingGroupName": format!("fleet-{number}-{f}"), "MinSize": "0", "MaxSize": (3 + v).to_string(),
                "DesiredCapacity": "1", "VPCZoneIdentifier": [to(1)],
                "LaunchTemplate": {"LaunchTemplateId": to(0), "Version": att(0, "LatestVersionNumber")}}),
        ),
        "Door" => (
            "EC2::VPCEndpoint",
            json!({"VpcId": to(0), "VpcEndpointType": "Gateway", "RouteTableIds": [to(1)], "Tags": tags,
                "ServiceName": format!("com.amazonaws.us-east-1.{}", (["s3", "dynamodb"])[f])}),
        ),
        "Events" => (
            "Events::Rule",
            json!({"Name": format!("rule-{number}-{f}"), "EventPattern": {"source": ["aws.dms"], "detail-type": [format!("v{v}")]},
                "Targets": [{"Id": "topic", "Arn": to(0)}]}),
        ),
        "Vault" => (
            "Backup::BackupVault",
            json!({"BackupVaultName": format!("vault-{number}-{f}"), "BackupVaultTags": {"Variant": v.to_string()}}),
        ),
        other => panic!("no such kind {other}"),
    };
    let mut made = json!({"Type": format!("AWS::{kind}"), "Properties": properties});
    if matches!(slot.kind, "Database" | "Aurora" | "Member") {
        // A last snapshot would stay for ever.
        made["DeletionPolicy"] = json!("Delete");
        made["UpdateReplacePolicy"] = json!("Delete");
    }
    made
}

/// The plan as a template.
pub fn template(plan: &[Slot]) -> Json {
    let number = |slot: &Slot| slot.name.trim_start_matches(char::is_alphabetic).parse().unwrap_or(0);
    // A record's name ends in its zone's.
    let resources: serde_json::Map<String, Json> = plan
        .iter()
        .map(|slot| {
            let mut made = resource(slot, number(slot));
            if slot.kind == "Record" {
                let zone = plan.iter().find(|s| s.name == slot.to[0]).expect("the zone");
                let name =
                    format!("r{}-{}.z{}-{}.example.com.", number(slot), slot.fixed, number(zone), zone.fixed);
                made["Properties"]["Name"] = json!(name);
            }
            (slot.name.clone(), made)
        })
        .collect();
    json!({"Resources": resources})
}

/// Changes, drops and adds resources.
pub fn mutate(plan: &mut Vec<Slot>, dice: &mut Dice, serial: &mut usize) {
    for slot in plan.iter_mut() {
        if dice.chance(25) {
            slot.variant = dice.below(3);
        }
        if dice.chance(12) {
            slot.fixed = dice.below(2);
        }
    }
    if dice.chance(50) && plan.len() > 2 {
        // What refers to it goes with it.
        let mut gone = BTreeSet::from([plan[dice.below(plan.len())].name.clone()]);
        while let Some(more) =
            plan.iter().find(|s| !gone.contains(&s.name) && s.to.iter().any(|to| gone.contains(to)))
        {
            gone.insert(more.name.clone());
        }
        if gone.len() < plan.len() {
            plan.retain(|slot| !gone.contains(&slot.name));
        }
    }
    if dice.chance(60) {
        let kind = KINDS[dice.below(KINDS.len())].0;
        grow(plan, kind, dice, serial);
    }
}

fn trouble(dice: &mut Dice, faults: usize) -> FaultScript {
    let all = [
        Action::Throttle,
        Action::ServerError(500),
        Action::ServerError(503),
        Action::LoseRequest,
        Action::LoseAnswer,
        Action::Timeout(Moment::Before),
        Action::Timeout(Moment::After),
        Action::Garble,
        Action::Delay(20_000),
        Action::Delay(60_000),
        Action::ExpiredCredentials,
        Action::Error {
            code: "LimitExceeded".into(),
            status: 400,
            message: "You have reached the quota of this resource.".into(),
        },
        Action::Crash(Moment::Before),
        Action::Crash(Moment::After),
    ];
    let rules = (0..faults)
        .map(|_| {
            let action = all[dice.below(all.len())].clone();
            let ends = matches!(action, Action::ExpiredCredentials | Action::Crash(_) | Action::Error { .. });
            let share = if ends { 0.01 } else { 0.05 };
            FaultRule { selector: Selector { probability: Some(share), ..Selector::default() }, action }
        })
        .collect();
    FaultScript { rules }
}

/// Prints a run's events where one life is repeated (`MIGRATE_LIFE`).
fn tell(ran: &Ran) {
    if std::env::var_os("MIGRATE_LIFE").is_some() {
        for event in &ran.events {
            report(&serde_json::to_string(event).expect("an event"));
        }
        report(&format!("the run ends; calls: {:?}", ran.mutations));
    }
}

/// One life. Panics when an invariant is broken.
fn live(seed: u64, size: Size) -> usize {
    let mut dice = Dice::new(seed);
    let dir = tempfile::tempdir().expect("a folder");
    let (mut plan, mut serial) = (Vec::new(), 0);
    while plan.len() < size.resources {
        let kind = KINDS[dice.below(KINDS.len())].0;
        grow(&mut plan, kind, &mut dice, &mut serial);
    }
    let base = Rehearsal::new(dir.path()).seeded(seed);
    let empty = base.census();
    let mut life = base;
    let mut runs = 0;
    // Whether anything may have been made twice, to be found and deleted.
    let mut impatient = false;
    for stage in 0..=size.stages {
        let file = dir.path().join("life.json");
        write(&file, &serde_json::to_string_pretty(&template(&plan)).expect("JSON"));
        life = life.with_plan(&file);
        let script = trouble(&mut dice, size.faults);
        for _ in 0..dice.below(4) {
            let troubled = if dice.chance(30) {
                Trouble::death(1 + dice.below(60) as u64, dice.chance(50))
            } else {
                // Reads that lag behind for longer than usual, also beyond anybody's patience.
                let lag = [400, 4_000, 10_000, 40_000][dice.below(4)];
                impatient |= lag == 40_000;
                Trouble::lagging(script.clone(), lag)
            };
            tell(&life.run(if dice.chance(20) { Verb::UpOrBack } else { Verb::Up }, troubled));
            runs += 1;
        }
        let ran = life.up();
        tell(&ran);
        runs += 1;
        let context = format!("stage {stage} of {size}");
        assert_eq!(
            ran.finished.as_ref().map(|f| f.outcome),
            Some(Outcome::Complete),
            "{context}: {:#?} {:?}",
            ran.finished.as_ref().map(|f| &f.failures),
            ran.broke_off
        );
        if impatient {
            life.check_settled(&context);
        } else {
            life.check_invariants(&context);
        }
        life.check_world(&context);
        let again = life.up();
        assert!(again.change_set.is_empty(), "{context}: not settled: {:#?}", again.change_set.steps);
        assert!(again.mutations.is_empty(), "{context}: {:?}", again.mutations);
        assert_eq!(life.snapshot().objects().count(), plan.len(), "{context}");
        // No orphan and no duplicate: a fresh account with the same plan holds as much.
        let mut fresh = Rehearsal::new(&file).seeded(seed + 1);
        fresh.up().complete();
        assert_eq!(life.census(), fresh.census(), "{context}: the world is not that of a fresh run");
        mutate(&mut plan, &mut dice, &mut serial);
    }
    let script = trouble(&mut dice, size.faults);
    for _ in 0..dice.below(4) {
        life.run_with(Verb::Destroy, script.clone());
        runs += 1;
    }
    let ran = life.destroy();
    assert_eq!(ran.outcome(), Outcome::Complete, "destroy: {:#?}", ran.finished.map(|f| f.failures));
    assert_eq!(life.census(), empty, "destroy of {size}: something is left");
    assert!(life.refresh().iter().all(|seen| seen.finding == Finding::InSync));
    runs + 1
}

fn outcome(seed: u64, size: Size) -> Result<usize, String> {
    catch_unwind(AssertUnwindSafe(|| live(seed, size))).map_err(|panic| {
        panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "a panic".into())
    })
}

/// The smallest life of that seed that still fails.
fn shrink(seed: u64, mut size: Size) -> Size {
    loop {
        let smaller = [
            Size { stages: size.stages.saturating_sub(1), ..size },
            Size { faults: size.faults.saturating_sub(1), ..size },
            Size { resources: size.resources / 2, ..size },
            Size { resources: size.resources.saturating_sub(1).max(1), ..size },
        ];
        match smaller.into_iter().find(|s| *s != size && s.resources > 0 && outcome(seed, *s).is_err()) {
            Some(found) => size = found,
            None => return size,
        }
    }
}

const USUAL: Size = Size { stages: 2, faults: 4, resources: 10 };

#[test]
fn random_lives_keep_every_promise() {
    let seeds = seeds(60, 5_000);
    if let &[seed] = seeds.as_slice() {
        let life = std::env::var("MIGRATE_LIFE").unwrap_or_else(|_| USUAL.to_string());
        let parts: Vec<usize> = life.split(':').map(|n| n.parse().expect("a number")).collect();
        live(seed, Size { stages: parts[0], faults: parts[1], resources: parts[2] });
        return;
    }
    let runs = std::sync::atomic::AtomicUsize::new(0);
    in_parallel(&seeds, |_, seed| match outcome(*seed, USUAL) {
        Ok(made) => {
            runs.fetch_add(made, std::sync::atomic::Ordering::Relaxed);
        }
        Err(why) => {
            let size = shrink(*seed, USUAL);
            panic!(
                "seed {seed} breaks a promise; repeat the shrunk life with\n  MIGRATE_SEED={seed} MIGRATE_LIFE={size} \
                 cargo test --test main random_lives\n{why}"
            );
        }
    });
    report(&format!("random lives: {} seeds, {} runs", seeds.len(), runs.into_inner()));
}
