//! Nothing waits for more than it needs: what an address is enough for starts on the address, what needs the database to
//! answer waits until it does, and what goes waits only for what holds it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use migrate::{
    engine::{EventKind, Outcome},
    model::Address,
};

use crate::{
    payments_aurora,
    support::{Crash, Ran, Rehearsal, Verb, in_parallel, payments, report, thorough, write},
};

/// When something happened to a resource of that logical id: the first event that fits.
fn when(ran: &Ran, id: &str, fits: impl Fn(&EventKind) -> Option<&Address>) -> f64 {
    let found = ran.events.iter().find(|event| fits(&event.kind).is_some_and(|at| at.logical_id() == id));
    found.unwrap_or_else(|| panic!("nothing of that kind happened to {id}")).elapsed_s
}

fn started(ran: &Ran, id: &str) -> f64 {
    when(ran, id, |kind| match kind {
        EventKind::StepStarted { address, .. } => Some(address),
        _ => None,
    })
}

fn finished(ran: &Ran, id: &str) -> f64 {
    when(ran, id, |kind| match kind {
        EventKind::StepFinished { address, .. } => Some(address),
        _ => None,
    })
}

fn addressed(ran: &Ran, id: &str) -> f64 {
    when(ran, id, |kind| match kind {
        EventKind::StepAddressable { address, .. } => Some(address),
        _ => None,
    })
}

#[test]
fn a_service_starts_on_the_address_of_its_database() {
    let mut rehearsal = Rehearsal::new(&payments());
    let up = rehearsal.up().complete();
    let known = addressed(&up, "TargetDb");
    let attached = started(&up, "TargetDbSecretAttachment");
    let service = started(&up, "EcsService");
    let ready = finished(&up, "TargetDb");
    assert!(known <= attached && attached < ready, "address {known}, attached {attached}, ready {ready}");
    assert!(service < ready, "service {service}, ready {ready}");
    // 605 s before addresses were told.
    let took = up.finished.as_ref().expect("finished").elapsed_s;
    assert!(took <= 605.0 - 55.0, "{took} s");
}

#[test]
fn what_connects_waits_until_the_database_answers() {
    let mut rehearsal = Rehearsal::new(&payments());
    let up = rehearsal.up().complete();
    let tasks: Vec<&str> = up
        .change_set
        .steps
        .iter()
        .filter(|step| step.kind == "AWS::DMS::ReplicationTask")
        .map(|step| step.address.logical_id())
        .collect();
    assert!(!tasks.is_empty());
    for task in tasks {
        for database in ["SourceDb", "TargetDb"] {
            let (begins, answers) = (started(&up, task), finished(&up, database));
            assert!(begins >= answers, "{task} begins at {begins}, {database} answers at {answers}");
        }
    }
}

/// A custom resource reaches the database only through a function and a secret, and connects all the same.
const ROTATED: &str = r#"
Resources:
  Password:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {SecretStringTemplate: '{"username": "app"}', GenerateStringKey: password, ExcludeCharacters: '"@/\'}}
  Db:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: postgres
      DBInstanceClass: db.t3.medium
      AllocatedStorage: '20'
      BackupRetentionPeriod: 1
      MasterUsername: !Sub '{{resolve:secretsmanager:${Password}:SecretString:username}}'
      MasterUserPassword: !Sub '{{resolve:secretsmanager:${Password}:SecretString:password}}'
  Attached:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Password, TargetId: !Ref Db, TargetType: AWS::RDS::DBInstance}
  Where:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !GetAtt Db.Endpoint.Address}
  Named:
    Type: AWS::SSM::Parameter
    DependsOn: Db
    Properties: {Type: String, Value: !Ref Db}
"#;

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.yaml");
    write(&plan, text);
    (folder, plan)
}

#[test]
fn an_attribute_that_is_certain_early_is_used_early_and_depends_on_waits_for_all_of_it() {
    let (_folder, plan) = written(ROTATED);
    let mut rehearsal = Rehearsal::new(&plan).with_warnings();
    let up = rehearsal.up().complete();
    let (known, ready) = (addressed(&up, "Db"), finished(&up, "Db"));
    assert!(ready - known > 50.0, "address {known}, ready {ready}");
    for early in ["Attached", "Where"] {
        let done = finished(&up, early);
        assert!(
            known <= done && done < known + 10.0,
            "{early} is done at {done}, the address known at {known}"
        );
    }
    assert!(started(&up, "Named") >= ready, "DependsOn waits until the database is ready");
    // The address is the one the database keeps.
    let snapshot = rehearsal.snapshot();
    let attribute = |name: &str| snapshot.attribute(&Address::new("plan", "Db"), name).cloned();
    let host = attribute("Endpoint.Address").expect("an address");
    let where_is_it = snapshot.current(&Address::new("plan", "Where")).expect("the parameter");
    assert_eq!(where_is_it.declared.properties["Value"], host);
}

/// How often each resource was made, by the ledger.
fn made(rehearsal: &Rehearsal) -> BTreeMap<String, u32> {
    let snapshot = rehearsal.snapshot();
    snapshot.resources.iter().map(|(address, r)| (address.to_string(), r.next_generation)).collect()
}

/// Dies at every place between the first address and the end of what starts on it.
fn dies_around_the_address(what: &str, before: &Rehearsal, stride: usize) {
    let mut undisturbed = before.fork();
    let (ran, crashes, _) = undisturbed.crashes(Verb::Up);
    ran.complete();
    let (census, times) = (undisturbed.census(), made(&undisturbed));
    let told = |crash: &Crash| crash.at.contains(r#""kind":"addressable""#);
    let first = crashes.iter().position(told).unwrap_or_else(|| panic!("{what}: no address is told"));
    // Every place around a line that tells an address, and a sample of the rest of the run.
    let near = |n: usize| {
        let around = n.saturating_sub(3)..(n + 4).min(crashes.len());
        crashes[around].iter().any(told)
    };
    let stride = if thorough() { 1 } else { stride };
    let visited: Vec<(usize, &Crash)> = crashes
        .iter()
        .enumerate()
        .skip(first.saturating_sub(3))
        .filter(|(n, _)| near(*n) || n % stride == 0)
        .collect();
    report(&format!("{what}: died at {} places from the first address on", visited.len()));
    in_parallel(&visited, |_, (n, crash)| {
        let mut resumed = undisturbed.after(crash);
        let context = format!("{what}, crash {n}, {}", crash.at);
        let ran = resumed.run(Verb::Up, Default::default());
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_invariants(&context);
        resumed.check_world(&context);
        assert_eq!(resumed.census(), census, "{context}: the account differs");
        assert_eq!(made(&resumed), times, "{context}: something was made twice");
    });
}

#[test]
fn what_started_on_an_address_is_not_started_twice_after_a_crash() {
    let (_folder, plan) = written(ROTATED);
    dies_around_the_address(
        "a database and what uses its address",
        &Rehearsal::new(&plan).with_warnings(),
        1,
    );
    dies_around_the_address("payments-single-stack", &Rehearsal::new(&payments()), 25);
}

#[test]
fn an_interrupted_run_starts_on_the_address_that_the_earlier_run_saw() {
    let (_folder, plan) = written(ROTATED);
    let mut undisturbed = Rehearsal::new(&plan).with_warnings();
    let (ran, crashes, _) = undisturbed.crashes(Verb::Up);
    ran.complete();
    let told = |crash: &&Crash| crash.at.contains(r#""kind":"addressable""#) && crash.at.starts_with("torn");
    let crash = crashes.iter().find(told);
    // Written and on disk, and nothing that needs it begun.
    let crash = crash.or_else(|| {
        let at = crashes.iter().position(|crash| crash.at.contains(r#""kind":"addressable""#))?;
        crashes.get(at + 1)
    });
    let mut resumed = undisturbed.after(crash.expect("a place to die"));
    let up = resumed.up().complete();
    let (attached, ready) = (finished(&up, "Attached"), finished(&up, "Db"));
    assert!(attached < ready, "attached at {attached}, ready at {ready}");
}

#[test]
fn a_teardown_waits_for_acceptance_where_that_is_enough() {
    let mut rehearsal = Rehearsal::new(&payments());
    rehearsal.up().complete();
    let down = rehearsal.destroy().complete();
    let drained = finished(&down, "EcsService");
    for early in ["Listener", "Alb", "NatGateway"] {
        let begins = started(&down, early);
        assert!(begins < drained, "{early} goes at {begins}, the service has drained at {drained}");
    }
    // Its tasks finish their requests with these.
    for late in ["TargetDb", "EcsCluster", "TargetGroup"] {
        let begins = started(&down, late);
        assert!(begins >= drained, "{late} goes at {begins}, the service has drained at {drained}");
    }
}

/// Every plan of the repository: makespan, path and the bound they are held to.
#[test]
fn every_plan_takes_as_long_as_its_critical_path() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(plans).expect("the folder of plans").map(|e| e.expect("a folder").path()).collect();
    names.sort();
    for plan in names {
        let name = plan.file_name().expect("a name").to_string_lossy().into_owned();
        let mut rehearsal = match &*name {
            "payments-aurora-mysql" => payments_aurora::account(),
            "serverless-oracle-to-aurora" => crate::serverless::account(),
            _ => Rehearsal::new(&plan),
        };
        for verb in [Verb::Up, Verb::Destroy] {
            let ran = rehearsal.run(verb, Default::default()).complete();
            let done = ran.finished.expect("finished");
            let (took, bound) = (done.elapsed_s, done.critical.seconds);
            report(&format!("{name} {verb:?}: {took:.1} s, critical path {bound:.1} s, {:.3}", took / bound));
            for leg in done.critical.legs.iter().filter(|leg| leg.took_s >= 1.0) {
                report(&format!("    {:7.1} s {} {} {:?}", leg.took_s, leg.action, leg.address, leg.needed));
            }
            assert!(took <= bound * 1.02, "{name} {verb:?}: {took} s, critical path {bound} s");
        }
    }
}

/// Hundreds of creates of one service are ready at once, and it takes ten a second. What a long chain hangs on goes before them,
/// though it becomes ready later: the chain is as fast as if it were alone.
#[test]
fn the_longest_way_does_not_queue_behind_what_came_first() {
    let chain = "
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.1.0.0/24}}
  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Subnet, ConnectivityType: private}}
";
    let many = (0..600).map(|n| format!("  Gateway{n}: {{Type: 'AWS::EC2::InternetGateway'}}\n"));
    let begins = |rest: String| {
        let folder = tempfile::tempdir().expect("a folder");
        let plan = folder.path().join("plan.yaml");
        write(&plan, &format!("Resources:{chain}{rest}"));
        let mut rehearsal = Rehearsal::new(&plan).with_warnings();
        let up = rehearsal.up().complete();
        let took = up.finished.as_ref().expect("finished").elapsed_s;
        (finished(&up, "Vpc"), finished(&up, "Subnet"), finished(&up, "Nat"), took)
    };
    let (alone, among) = (begins(String::new()), begins(many.collect()));
    report(&format!("alone {alone:?}, among 600 others {among:?}"));
    // Where they queue by arrival, the subnet is there after a minute and the NAT gateway a minute late.
    assert!(among.0 - alone.0 < 2.0, "VPC: {} s alone, {} s among others", alone.0, among.0);
    assert!(among.1 - alone.1 < 3.0, "subnet: {} s alone, {} s among others", alone.1, among.1);
    assert!(among.2 - alone.2 < 5.0, "NAT gateway: {} s alone, {} s among others", alone.2, among.2);
}
