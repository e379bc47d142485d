//! Ownership: nothing that is not ours is changed or deleted, whoever did what to the account in the meantime.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use migrate::{
    engine::{Finding, Outcome},
    ledger::{Entry, Resolution, Verb as Does},
    model::Address,
    sandbox::World,
};
use serde_json::Value as Json;

use crate::{
    lifecycles::{Dice, KINDS, grow, mutate, template},
    support::{
        BORN_OURS, Rehearsal, Second, Trouble, Verb, in_parallel, meanwhile, payments, report, seeds, write,
    },
};

/// A plan whose objects have the names that other owners like too.
const NAMED: &str = r#"
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: orders, RetentionInDays: 7}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: orders, DisplayName: first}}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: orders
      DashboardBody: '{"widgets":[{"type":"text","x":0,"y":0,"width":3,"height":3,"properties":{"markdown":"first"}}]}'
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {BucketName: orders-of-ours}}
  Guard:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {Version: '2012-10-17', Statement: [{Sid: first, Effect: Deny, Principal: '*', Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::orders-of-ours/*'}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: orders
      Description: first
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com},
        Action: 'sts:AssumeRole'}]}
  Parameters:
    Type: AWS::RDS::DBParameterGroup
    Properties: {DBParameterGroupName: orders, Family: postgres15, Description: orders, Parameters: {log_min_duration_statement: '1000'}}
  Secret: {Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, Properties: {Name: orders, Description: first,
    GenerateSecretString: {PasswordLength: 24, ExcludePunctuation: true}}}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: orders, Tags: [{Key: stage, Value: first}]}}
"#;

fn named() -> (tempfile::TempDir, Rehearsal) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, NAMED);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    (dir, life)
}

/// Everything of ours is another owner's from now on.
fn taken_over(world: &mut World) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    for table in world.census().into_keys().filter(|table| !BORN_OURS.contains(&table.as_str())) {
        let ours: Vec<(String, Json)> = world
            .rows(&table)
            .filter(|(_, row)| row.to_string().contains("0123456789abcdef."))
            .map(|(key, row)| (key.to_owned(), row.clone()))
            .collect();
        for (key, row) in ours {
            let text = row.to_string().replace("0123456789abcdef.", "fedcba9876543210.");
            world.put(&table, &key, serde_json::from_str(&text).expect("a row"));
            rows.push((table.clone(), key, text));
        }
    }
    rows
}

/// The rows as they were, but for what time changes.
#[track_caller]
fn untouched(world: &World, rows: &[(String, String, String)]) {
    for (table, key, text) in rows {
        let row = world.get(table, key).unwrap_or_else(|| panic!("{table} {key} is gone"));
        let before: Json = serde_json::from_str(text).expect("a row");
        for (name, value) in
            before.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('_'))
        {
            assert_eq!(&row[name], value, "{table} {key}: {name} was changed");
        }
    }
}

/// Fails without the look before each delete (`engine/owned.rs`): everything would go.
#[test]
fn destroy_leaves_what_is_another_owners_by_now_and_names_it() {
    let (_dir, mut life) = named();
    let rows = taken_over(&mut life.world);
    assert!(rows.len() >= 8, "{rows:#?}");
    let seen = life.refresh();
    let foreign = seen.iter().filter(|one| one.finding == Finding::NotOurs).count();
    assert_eq!(foreign, rows.len(), "{seen:#?}");
    let ran = life.destroy().complete();
    untouched(&life.world, &rows);
    let told = serde_json::to_string(&ran.events).expect("events");
    assert_eq!(told.matches("it is not this migration's any more").count(), rows.len(), "{told}");
    assert!(life.snapshot().objects().next().is_none(), "the ledger stops managing it");
    // The policy of our bucket was ours still.
    assert_eq!(ran.mutations, ["s3:DeleteBucketPolicy"]);
}

/// The same in a plan with everything that an application has, and with a ledger that was edited: what the ledger names is
/// another ledger's.
#[test]
fn destroy_of_a_whole_application_that_another_owner_took_over_deletes_none_of_it() {
    let mut life = Rehearsal::new(&payments());
    life.up().complete();
    let rows = taken_over(&mut life.world);
    let ran = life.destroy();
    let there = |(table, key, _): &&(String, String, String)| life.world.get(table, key).is_none();
    let gone: Vec<_> = rows.iter().filter(there).collect();
    assert!(gone.is_empty(), "{gone:#?}");
    assert!(ran.finished.is_some());
}

/// Fails without the look before each update.
#[test]
fn an_update_of_what_is_another_owners_by_now_is_refused() {
    let (dir, mut life) = named();
    let rows = taken_over(&mut life.world);
    let file = dir.path().join("plan.yaml");
    let then = NAMED.replace("first", "second").replace("RetentionInDays: 7", "RetentionInDays: 30");
    write(&file, &then.replace("'1000'", "'2000'"));
    let mut life = life.with_plan(&file);
    let ran = life.up();
    assert_eq!(ran.outcome(), Outcome::Failed);
    untouched(&life.world, &rows);
    assert_eq!(ran.mutations, ["s3:PutBucketPolicy"], "what is ours still is updated");
    let failures = ran.finished.expect("a finished run").failures;
    assert!(
        failures.iter().filter(|failure| format!("{failure:?}").contains("NotOurs")).count() >= 6,
        "{failures:#?}"
    );
}

/// What has no tags is known by what it holds: an inline policy, a bucket's policy.
#[test]
fn a_policy_that_another_owner_put_in_the_place_of_ours_is_neither_updated_nor_deleted() {
    let (dir, mut life) = named();
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Sid":"theirs","Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::orders-of-ours/*"}]}"#;
    meanwhile(&mut life.world, async |sdk| {
        let call = sdk.s3().put_bucket_policy().bucket("orders-of-ours").policy(theirs);
        call.send().await.expect("their policy");
    });
    let now = |world: &World| {
        world.get("s3.bucket", "orders-of-ours").expect("the bucket")["_sub"]["Policy"].clone()
    };
    let wrote = now(&life.world);
    let file = dir.path().join("plan.yaml");
    write(&file, &NAMED.replace("Sid: first", "Sid: second"));
    let mut life = life.with_plan(&file);
    let ran = life.up();
    assert_eq!(ran.outcome(), Outcome::Failed);
    assert_eq!(now(&life.world), wrote);
    // A refresh takes what is there into the ledger; from then on a review shows what is overwritten.
    life.learn();
    life.up().complete();
    assert_ne!(now(&life.world), wrote);
}

/// Fails where recovery adopts by key alone what has no tags: the call had no effect, and somebody else had the place since.
#[test]
fn recovery_does_not_adopt_a_policy_that_another_owner_put_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, NAMED);
    let life = Rehearsal::new(&file).with_warnings();
    let (ran, crashes, _) = life.fork().crashes(Verb::Up);
    ran.complete();
    let policy = |world: &World| {
        world.get("s3.bucket", "orders-of-ours").map(|bucket| bucket["_sub"]["Policy"].clone())
    };
    let called = |life: &Rehearsal| {
        let snapshot = life.snapshot();
        snapshot.open.values().any(|open| open.address.as_str() == "plan/Guard" && open.verb == Does::Create)
    };
    let before = crashes
        .iter()
        .map(|crash| life.after(crash))
        .find(|life| called(life) && policy(&life.world).is_some_and(|policy| policy.is_null()));
    let mut life = before.expect("a moment between the intent and the call");
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Sid":"theirs","Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::orders-of-ours/*"}]}"#;
    meanwhile(&mut life.world, async |sdk| {
        let call = sdk.s3().put_bucket_policy().bucket("orders-of-ours").policy(theirs);
        call.send().await.expect("their policy");
    });
    let wrote = policy(&life.world);
    let ran = life.up();
    assert_eq!(ran.outcome(), Outcome::Failed);
    assert_eq!(policy(&life.world), wrote);
    assert!(life.snapshot().current(&"plan/Guard".parse().expect("an address")).is_none());
}

/// Fails where imported objects carry no mark: they have no ownership tags.
#[test]
fn an_imported_object_is_ours_though_it_carries_no_tags() {
    let (_dir, mut life) = named();
    // As `import` writes it, for the log group after it lost its tags.
    let address: Address = "plan/Logs".parse().expect("an address");
    let object = life.snapshot().current(&address).expect("the log group").clone();
    let row = life.world.rows("logs.group").next().map(|(key, row)| (key.to_owned(), row.clone()));
    let (key, row) = row.expect("the log group");
    let bare = row.to_string().replace("migrate:", "former:");
    life.world.put("logs.group", &key, serde_json::from_str(&bare).expect("a row"));
    let op = life.snapshot().last_op + 1;
    let generation = life.snapshot().next_generation(&address);
    let attributes = object.attributes.clone();
    life.write(vec![
        Entry::Gone {
            address: address.clone(),
            generation: object.generation,
            kept: Some("forgotten".into()),
        },
        Entry::Intent {
            op,
            verb: Does::Create,
            address: address.clone(),
            generation,
            physical_id: None,
            token: "imported".into(),
            declared: Some(Box::new(object.declared)),
            shared: false,
            operate: None,
        },
        Entry::Resolved {
            op,
            by: Resolution::Claimed(object.physical_id),
            attributes: attributes.clone(),
            shared: false,
        },
        Entry::Ready { address, generation, attributes },
    ]);
    assert!(life.refresh().iter().all(|one| one.finding == Finding::InSync), "{:#?}", life.refresh());
    let ran = life.destroy().complete();
    assert!(ran.mutations.contains(&"logs:DeleteLogGroup".to_owned()), "{:?}", ran.mutations);
}

/// Fails where a handle that AWS never gives twice counts as proof of ownership: a key can be handed to somebody else too.
#[test]
fn refresh_names_what_is_another_owners_by_now_whatever_identifies_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(
        &file,
        r#"
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Delete
    Properties:
      KeyPolicy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*',
        Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}}]}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Delete, Properties: {QueueName: orders}}
"#,
    );
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    assert!(life.refresh().iter().all(|one| one.finding == Finding::InSync), "{:#?}", life.refresh());
    let rows = taken_over(&mut life.world);
    assert_eq!(rows.len(), 2, "{rows:#?}");
    let seen = life.refresh();
    assert!(seen.iter().all(|one| one.finding == Finding::NotOurs), "{seen:#?}");
    life.destroy().complete();
    untouched(&life.world, &rows);
}

/// Fails where a policy is taken off by its name: another owner has put its own in its place.
#[test]
fn an_inline_policy_that_another_owner_rewrote_stays_when_the_role_gives_it_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    let plan = |policies: &str| {
        format!(
            r#"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: orders
      AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'sts:AssumeRole',
        Principal: {{Service: ec2.amazonaws.com}}}}]}}
      Policies: [{policies}]
"#
        )
    };
    let policy = |name: &str| {
        format!(
            "{{PolicyName: {name}, PolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, \
             Action: 's3:GetObject', Resource: '*'}}]}}}}"
        )
    };
    write(&file, &plan(&[policy("read"), policy("other")].join(", ")));
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;
    meanwhile(&mut life.world, async |sdk| {
        let call = sdk.iam().put_role_policy().role_name("orders").policy_name("read");
        call.policy_document(theirs).send().await.expect("their policy");
    });
    write(&file, &plan(""));
    let mut life = life.with_plan(&file);
    life.up().complete();
    let role = life.world.rows("iam.role").find(|(key, _)| *key == "orders").expect("the role").1.clone();
    assert!(role["_policies"]["read"].as_str().is_some_and(|text| text.contains("Deny")), "{role}");
    assert!(role["_policies"]["other"].is_null(), "{role}");
}

/// A life with a second owner. It panics when something of theirs was changed or deleted.
fn contested(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let dir = tempfile::tempdir().expect("a folder");
    let (mut plan, mut serial) = (Vec::new(), 0);
    while plan.len() < 8 {
        let kind = KINDS[dice.below(KINDS.len())].0;
        grow(&mut plan, kind, &mut dice, &mut serial);
    }
    let mut life = Rehearsal::new(dir.path()).seeded(seed);
    let second = Arc::new(Mutex::new(Second::new(seed, 3)));
    let mut runs = 0;
    let mut run = |life: &mut Rehearsal, verb: Verb, dice: &mut Dice, context: &str| {
        {
            let mut second = second.lock().expect("the second owner");
            second.eager = 60;
            for _ in 0..dice.below(3) {
                second.act(&mut life.world, &BTreeSet::new());
            }
            second.eager = 3;
        }
        let mut trouble = match dice.chance(25) {
            true => Trouble::death(1 + dice.below(60) as u64, dice.chance(50)),
            false => Trouble::default(),
        };
        trouble.second = Some(Arc::clone(&second));
        let ran = life.run(verb, trouble);
        if std::env::var_os("MIGRATE_SEED").is_some() {
            report(&format!("{context}: {:?}", ran.mutations));
            for event in &ran.events {
                report(&serde_json::to_string(event).expect("an event"));
            }
        }
        runs += 1;
        second.lock().expect("the second owner").check(&life.world, context);
    };
    for stage in 0..3 {
        let file = dir.path().join("life.json");
        write(&file, &serde_json::to_string_pretty(&template(&plan)).expect("JSON"));
        life = life.with_plan(&file);
        for n in 0..=dice.below(3) {
            let verb = if dice.chance(20) { Verb::UpOrBack } else { Verb::Up };
            run(&mut life, verb, &mut dice, &format!("seed {seed}, stage {stage}, run {n}"));
        }
        mutate(&mut plan, &mut dice, &mut serial);
    }
    for n in 0..2 {
        run(&mut life, Verb::Destroy, &mut dice, &format!("seed {seed}, destroy {n}"));
    }
    runs
}

/// The model: whatever the second owner has is as the second owner left it.
#[test]
fn nothing_of_a_second_owner_is_ever_changed_or_deleted() {
    let seeds = seeds(24, 2_000);
    let runs = std::sync::atomic::AtomicUsize::new(0);
    in_parallel(&seeds, |_, seed| match catch_unwind(AssertUnwindSafe(|| contested(*seed))) {
        Ok(made) => {
            runs.fetch_add(made, std::sync::atomic::Ordering::Relaxed);
        }
        Err(panic) => {
            let why = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".into());
            panic!("repeat with MIGRATE_SEED={seed} cargo test --test main owners\n{why}");
        }
    });
    report(&format!("a second owner: {} seeds, {} runs", seeds.len(), runs.into_inner()));
}

/// Fails where a step goes on for three quarters of an hour though nothing in flight could change what AWS answers.
#[test]
fn a_network_that_another_owner_holds_is_given_up_soon() {
    const NETWORK: &str = r#"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Net: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow,
    Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}
"#;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, NETWORK);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    meanwhile(&mut life.world, async |sdk| {
        let vpcs = sdk.ec2().describe_vpcs().send().await.expect("VPCs");
        let ours = vpcs.vpcs().iter().find(|vpc| vpc.cidr_block() == Some("10.0.0.0/16")).expect("ours");
        let call = sdk.ec2().create_subnet().vpc_id(ours.vpc_id().expect("an id")).cidr_block("10.0.9.0/24");
        call.send().await.expect("their subnet");
    });
    let ran = life.destroy();
    assert_eq!(ran.outcome(), Outcome::Failed);
    let finished = ran.finished.expect("a finished run");
    assert!(finished.elapsed_s < 4.0 * 60.0, "{} s", finished.elapsed_s);
    assert!(
        format!("{:?}", finished.failures).contains("nothing else is in flight"),
        "{:?}",
        finished.failures
    );
    assert!(ran.events.len() < 80, "{} events", ran.events.len());
}

/// Fails where a step that has not begun counts as one that leaves network interfaces behind for a while.
#[test]
fn what_only_waits_for_the_failing_step_keeps_nobody_waiting() {
    const NETWORK: &str = r#"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Net: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Gate: {Type: AWS::EC2::InternetGateway}
  GateUp: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gate}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out: {Type: AWS::EC2::Route, DependsOn: GateUp, Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0,
    GatewayId: !Ref Gate}}
  On: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Net, RouteTableId: !Ref Table}}
  Address: {Type: AWS::EC2::EIP, DependsOn: GateUp, Properties: {Domain: vpc}}
  Nat: {Type: AWS::EC2::NatGateway, DependsOn: GateUp, Properties: {SubnetId: !Ref Net, AllocationId: !GetAtt Address.AllocationId,
    Tags: [{Key: stage, Value: first}]}}
"#;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("plan.yaml");
    write(&file, NETWORK);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    write(&file, &NETWORK.replace("Value: first", "Value: second"));
    let mut life = life.with_plan(&file);
    // The gateway cannot be taken off while the NAT gateway has its address, and that is not asked to go.
    life.replace = vec![Address::new("plan", "GateUp")];
    let ran = life.up();
    assert_eq!(ran.outcome(), Outcome::Failed);
    let finished = ran.finished.expect("a finished run");
    assert!(finished.elapsed_s < 5.0 * 60.0, "{} s", finished.elapsed_s);
}
