//! Real processes against a real server: killed, stopped, crowded; and ledgers that others have touched.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use migrate::ledger::FORMAT;
use serde_json::Value as Json;

use crate::support::{payments, report, secrets, thorough, write};

/// Many quick resources with real dependencies; nothing that takes minutes.
pub(crate) const QUICK: &str = "
Parameters:
  Suffix: {Type: String, Default: x}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1a}}
  SubnetB: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1b}}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  AssociationA: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref SubnetA, RouteTableId: !Ref Table}}
  AssociationB: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref SubnetB, RouteTableId: !Ref Table}}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {VpcId: !Ref Vpc, GroupDescription: test}}
  Rule: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !GetAtt Group.GroupId, IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attachment: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Route: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: test}}
  Secret: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {PasswordLength: 30}}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7}}
  Alarm: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/RDS, MetricName: CPUUtilization, Statistic: Average,
    Period: 60, EvaluationPeriods: 1, Threshold: 80, ComparisonOperator: GreaterThanThreshold, AlarmActions: [!Ref Topic]}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {VersioningConfiguration: {Status: Enabled}}}
  Zone: {Type: 'AWS::Route53::HostedZone', Properties: {Name: test.example.com}}
  Parameters: {Type: 'AWS::RDS::DBParameterGroup', Properties: {Family: postgres14, Description: test}}
  Subnets: {Type: 'AWS::RDS::DBSubnetGroup', Properties: {DBSubnetGroupDescription: test, SubnetIds: [!Ref SubnetA, !Ref SubnetB]}}
Outputs:
  Topic: {Value: !Ref Topic}
";

/// One resource that takes minutes.
const SLOW: &str = "
Resources:
  Topic: {Type: 'AWS::SNS::Topic'}
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, AllocatedStorage: '20', MasterUsername: app,
      ManageMasterUserPassword: true}
";

/// How long a test waits for what is sure to come: not long on a quiet machine, and long enough for a busy one.
const PATIENCE: Duration = Duration::from_secs(300);

/// A served sandbox and a folder to work in.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    speed: u32,
    server: Child,
    pub(crate) endpoint: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    command.env_clear().env("NO_COLOR", "1").env("COLUMNS", "80").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

impl Place {
    pub(crate) fn new(template: &str, speed: u32) -> Self {
        Self::troubled(template, speed, "[]")
    }

    /// Where calls meet trouble by script.
    pub(crate) fn troubled(template: &str, speed: u32, faults: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        write(&dir.path().join("plan.yaml"), template);
        write(&dir.path().join("faults.json"), faults);
        let mut server = program()
            .args(["sandbox", "serve", "--port", "0", "--faults", "faults.json"])
            .args(["--speed", &speed.to_string()])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let out = server.stdout.take().expect("its stdout");
        let endpoint = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find_map(|said| {
                line.push_str(&said);
                let at = said.find("http://")?;
                Some(said[at..].split_whitespace().next().unwrap_or_default().to_owned())
            })
            .unwrap_or_else(|| panic!("the server names no endpoint: {line}"));
        Self { dir, speed, server, endpoint }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("HOME", self.dir.path())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "example")
            .env("AWS_REGION", "us-east-1")
            .env("MIGRATE_SANDBOX_SPEED", self.speed.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// Host and port of the server.
    pub(crate) fn authority(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Kills the server.
    pub(crate) fn kill(&mut self) {
        signal("KILL", self.server.id());
        let _ = self.server.wait();
    }

    /// Asks the server to end, and counts how often it was looked at until it had.
    pub(crate) fn terminate(&mut self, between: impl Fn()) -> usize {
        signal("TERM", self.server.id());
        for looks in 0..3_000 {
            if self.server.try_wait().expect("its state").is_some() {
                return looks;
            }
            between();
        }
        panic!("the server does not end");
    }

    /// The secret values of the served world.
    fn secrets(&self) -> Vec<String> {
        let copy = tempfile::tempdir().expect("a folder");
        let world = self.dir.path().join(".migrate/sandbox");
        let copied = Command::new("cp").arg("-r").arg(world).arg(copy.path()).status();
        assert!(copied.is_ok_and(|status| status.success()), "the world can be copied");
        secrets::of_folder(&copy.path().join("sandbox"))
    }

    /// Ends the server and counts what is left in its world.
    pub(crate) fn left(mut self) -> Json {
        signal("TERM", self.server.id());
        let _ = self.server.wait();
        let shown = program()
            .args(["sandbox", "show", "--json"])
            .current_dir(self.dir.path())
            .output()
            .expect("the program runs");
        serde_json::from_slice(&shown.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&shown.stderr)))
    }
}

#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn since(began: std::time::Instant) -> Duration {
    began.elapsed()
}

fn signal(name: &str, pid: u32) {
    // The shell's own kill: the program of that name is not on every machine.
    let done = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).stderr(Stdio::null()).status();
    assert!(done.is_ok(), "the shell runs");
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ledger(place: &Path) -> PathBuf {
    place.join(".migrate/plan-default")
}

/// What was said and written, with its place.
type Seen = Vec<(String, Vec<u8>)>;

/// Kills runs of a verb at random instants until one lives to its end. Returns the number killed; keeps what they said
/// and what they left behind. The instants follow what a run costs on this machine now, so that as many die in mid work
/// on a fast machine as on a slow or busy one.
fn until_done(place: &Place, verb: &str, plan: &str, seed: u64, seen: &mut Seen) -> usize {
    let mut dice = fastrand::Rng::with_seed(seed);
    let began = now();
    place.run(&["plan", plan]);
    let start = since(began);
    for killed in 0..400 {
        let mut child = place
            .command(&[verb, plan, "--yes", "--allow-data-loss", "all"])
            .spawn()
            .expect("the program starts");
        // The later runs have less to do: most die in mid work, and in the end one is let go.
        let mercy = killed >= if thorough() { 60 } else { 20 };
        let patience = if mercy { PATIENCE } else { start.mul_f64(0.4 + 1.6 * dice.f64()) };
        let began = now();
        let mut ended = None;
        while ended.is_none() && since(began) < patience {
            sleep(Duration::from_millis(1));
            ended = child.try_wait().expect("its state");
        }
        if ended.is_none() {
            signal("KILL", child.id());
        }
        let output = child.wait_with_output().expect("its output");
        if let Some(status) = ended {
            assert_eq!(status.code(), Some(0), "{}", text(&output.stderr));
        }
        seen.push((format!("stdout of {verb}"), output.stdout));
        seen.push((format!("stderr of {verb}"), output.stderr));
        let path = place.dir.path().join(plan);
        let folder = if path.is_dir() { &path } else { place.dir.path() };
        for entry in std::fs::read_dir(folder.join(".migrate")).into_iter().flatten().flatten() {
            if entry.file_name() != "sandbox" {
                secrets::files(&entry.path(), seen);
            }
        }
        if ended.is_some() {
            return killed;
        }
    }
    panic!("400 runs of {verb} were killed and none was done");
}

/// Kills `up` until it is done, looks whether the world is as planned, and does the same with `destroy`.
fn killed_again_and_again(place: Place, plan: &str, resources: usize) {
    let mut seen = Seen::new();
    let up = until_done(&place, "up", plan, 1, &mut seen);
    let status: Json = serde_json::from_slice(&place.run(&["status", plan, "--json"]).stdout).expect("JSON");
    assert_eq!(status["open_intents"], serde_json::json!([]));
    assert_eq!(status["resources"].as_array().map(Vec::len), Some(resources));
    let same = place.run(&["plan", plan, "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "{}{}", text(&same.stdout), text(&same.stderr));
    let drift = place.run(&["refresh", plan, "--detailed-exitcode"]);
    assert_eq!(drift.status.code(), Some(0), "{}{}", text(&drift.stdout), text(&drift.stderr));
    let verified = place.run(&["ledger", "verify", plan]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stdout));
    let known = place.secrets();
    let destroy = until_done(&place, "destroy", plan, 2, &mut seen);
    assert!(!known.is_empty() && seen.iter().any(|(place, _)| place.ends_with("journal.jsonl")));
    for (place, bytes) in &seen {
        secrets::absent_from(&text(bytes), &known, place);
    }
    report(&format!("SIGKILL survived: {up} during up, {destroy} during destroy of {resources} resources"));
    let left = place.left();
    assert_eq!(left["objects"], serde_json::json!({}), "{left:#}");
}

#[test]
fn processes_killed_again_and_again_lose_nothing() {
    killed_again_and_again(Place::new(QUICK, 60), "plan.yaml", 19);
}

/// The same with databases, a replication instance and its task, whose lifecycles outlive many processes.
#[test]
fn processes_that_wait_for_databases_can_be_killed_too() {
    let place = Place::new(QUICK, 600);
    // A copy: the ledger lies beside the plan.
    let copied = Command::new("cp").arg("-r").arg(payments()).arg(place.dir.path().join("payments")).status();
    assert!(copied.is_ok_and(|status| status.success()), "the plan can be copied");
    killed_again_and_again(place, "payments", 97);
}

/// Starts `up` of something slow and waits until it waits.
#[expect(clippy::zombie_processes, reason = "the callers wait for it")]
fn waiting(place: &Place) -> Child {
    let child = place.command(&["up", "plan.yaml", "--yes"]).spawn().expect("the program starts");
    let began = now();
    loop {
        let journal = std::fs::read_to_string(ledger(place.dir.path()).join("journal.jsonl"));
        let landed = journal.unwrap_or_default().lines().filter(|l| l.contains("\"landed\"")).count();
        if landed >= 2 {
            return child;
        }
        assert!(since(began) < PATIENCE, "the run does not get going");
        sleep(Duration::from_millis(20));
    }
}

/// What a child says on stderr, while it says it.
struct Talk(Arc<Mutex<String>>);

impl Talk {
    fn of(child: &mut Child) -> Self {
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, heard) =
            (BufReader::new(child.stderr.take().expect("its stderr")).lines(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().expect("the text").push_str(&(line + "\n"));
            }
        });
        Self(said)
    }

    fn text(&self) -> String {
        self.0.lock().expect("the text").clone()
    }

    /// Waits until these words were said: at once on a quiet machine, and long enough for a busy one.
    fn wait_for(&self, words: &str) {
        let began = now();
        while !self.text().contains(words) {
            assert!(since(began) < PATIENCE, "never said {words:?}: {}", self.text());
            sleep(Duration::from_millis(10));
        }
    }
}

/// Waits for the end of a child that is about to end; `nudge` is called again and again meanwhile.
fn ended(child: &mut Child, nudge: impl Fn(&Child)) -> Option<i32> {
    let began = now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            return status.code();
        }
        assert!(since(began) < PATIENCE, "it does not end");
        nudge(child);
        sleep(Duration::from_millis(40));
    }
}

#[test]
fn signals_stop_in_stages() {
    for (name, code) in [("INT", 8), ("TERM", 8)] {
        let place = Place::new(SLOW, 1);
        let mut child = waiting(&place);
        let talk = Talk::of(&mut child);
        signal(name, child.id());
        talk.wait_for("stopping:");
        sleep(Duration::from_millis(300));
        assert!(child.try_wait().expect("its state").is_none(), "the first {name} settles what is in flight");
        signal(name, child.id());
        assert_eq!(ended(&mut child, |_| {}), Some(code), "{}", talk.text());
        talk.wait_for("Resume with");
        let status = text(&place.run(&["status", "plan.yaml"]).stdout);
        assert!(status.contains("created, not yet ready"), "{status}");
        assert!(!status.contains("open since"), "{status}");
    }
}

/// When everything is deleted, `destroy` may still look for what shows late: that can be stopped and killed, and the
/// next one goes on.
#[test]
fn the_look_for_what_shows_late_can_be_interrupted() {
    let faults = r#"[{"match": {"operation": "AllocateAddress", "nth": 1}, "action": "lose-answer"},
        {"match": {"operation": "DescribeAddresses"}, "action": {"lag": 120000}}]"#;
    let place = Place::troubled("Resources: {Address: {Type: 'AWS::EC2::EIP'}}", 20, faults);
    let up = place.run(&["up", "plan.yaml", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    for (name, code) in [("INT", Some(8)), ("KILL", None)] {
        let mut child = place
            .command(&["destroy", "plan.yaml", "--yes", "--allow-data-loss", "all"])
            .spawn()
            .expect("the program starts");
        let talk = Talk::of(&mut child);
        talk.wait_for("looking for another");
        signal(name, child.id());
        assert_eq!(ended(&mut child, |_| {}), code, "{name}: {}", talk.text());
        if code.is_some() {
            talk.wait_for("Stopped. Resume with `migrate destroy plan.yaml");
        }
        let status: Json =
            serde_json::from_slice(&place.run(&["status", "plan.yaml", "--json"]).stdout).expect("JSON");
        assert_eq!(status["resources"], serde_json::json!([]), "{name}");
        assert_eq!(status["late_creates"][0]["address"], "plan/Address", "{name}: {status:#}");
    }
    let done = place.run(&["destroy", "plan.yaml", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let left = place.left();
    assert_eq!(left["objects"], serde_json::json!({}), "{left:#}");
}

#[test]
fn three_signals_at_once_end_it_and_the_ledger_is_whole() {
    let place = Place::new(SLOW, 1);
    let mut child = waiting(&place);
    // Signals that come while the last is not yet taken are one; so they come until it has ended.
    let code = ended(&mut child, |child| signal("INT", child.id()));
    assert_eq!(code, Some(8));
    let verified = place.run(&["ledger", "verify", "plan.yaml"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stdout));
}

#[test]
fn one_run_at_a_time_and_no_lock_outlives_its_process() {
    let place = Place::new(SLOW, 1);
    let mut first = waiting(&place);
    let second = place.run(&["up", "plan.yaml", "--yes"]);
    assert_eq!(second.status.code(), Some(5), "{}", text(&second.stderr));
    let said = text(&second.stderr);
    assert!(said.contains("M4101") && said.contains(&format!("pid {}", first.id())), "{said}");
    // Whoever only looks is not kept out, and told that what stands there moves.
    let holder = format!("pid {}", first.id());
    for (look, words) in [
        (&["status", "plan.yaml"][..], "in use by"),
        (&["plan", "plan.yaml"], "out of date when it ends"),
        (&["ledger", "history", "plan.yaml"], "running now"),
        (&["ledger", "history", "plan.yaml", "--json"], "held_by"),
    ] {
        let output = place.run(look);
        assert_eq!(output.status.code(), Some(0), "{look:?}: {}", text(&output.stderr));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains(words) && said.contains(&holder), "{look:?}: {said}");
        assert!(!said.contains("did not end in order") && !said.contains("interrupted"), "{look:?}: {said}");
    }
    signal("KILL", first.id());
    let _ = first.wait();
    let said = text(&place.run(&["ledger", "history", "plan.yaml"]).stdout);
    assert!(said.contains("interrupted") && !said.contains("running"), "{said}");
    // The dead run's lock file still names it; nobody is kept out by that.
    let mut third = place.command(&["up", "plan.yaml", "--yes"]).spawn().expect("the program starts");
    let began = now();
    let lock = ledger(place.dir.path()).join("lock");
    let holder = format!("pid {}", third.id());
    while !std::fs::read_to_string(&lock).unwrap_or_default().contains(&holder) {
        assert!(third.try_wait().expect("its state").is_none(), "it was kept out");
        assert!(since(began) < PATIENCE, "it never takes the lock");
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(300));
    assert!(third.try_wait().expect("its state").is_none(), "it goes on waiting for the database");
    let _ = third.kill();
    let _ = third.wait();
}

/// Ledgers that were truncated, edited, come from a newer program or another plan.
#[test]
fn a_ledger_touched_by_others_is_refused_with_a_way_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| program().args(args).current_dir(dir.path()).output().expect("it runs");
    write(&dir.path().join("plan.yaml"), "Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n");
    write(&dir.path().join("other.yaml"), "Resources:\n  Logs: {Type: 'AWS::Logs::LogGroup'}\n");
    assert_eq!(run(&["up", "plan.yaml", "--sandbox", "--yes"]).status.code(), Some(0));
    let snapshot = dir.path().join(".migrate/sandbox/plan-default/ledger.json");
    let good = std::fs::read_to_string(&snapshot).expect("the ledger");
    let refused = |what: &str, bytes: &str, code: &str| {
        write(&snapshot, bytes);
        for verb in ["up", "destroy"] {
            let output = run(&[verb, "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
            assert_eq!(output.status.code(), Some(4), "{what}: {}", text(&output.stderr));
            let said = text(&output.stderr);
            assert!(said.contains(code) && said.contains("help:"), "{what}: {said}");
        }
        assert_eq!(std::fs::read_to_string(&snapshot).expect("the ledger"), bytes, "{what}: it was changed");
    };
    refused("truncated", &good[..good.len() / 2], "M4103");
    refused("edited", &good.replace("us-east-1", "eu-west-1"), "M4107");
    refused("newer", &good.replace(&format!("\"format\": {FORMAT}"), "\"format\": 99"), "M4104");
    let edited = good.replace("\"stage\": \"ready\"", "\"stage\": \"created\"");
    write(&snapshot, &edited);
    assert_eq!(run(&["ledger", "verify", "plan.yaml"]).status.code(), Some(4));
    assert_eq!(run(&["ledger", "verify", "plan.yaml", "--accept-edits"]).status.code(), Some(0));
    assert_eq!(run(&["ledger", "verify", "plan.yaml"]).status.code(), Some(0));
    assert_eq!(run(&["up", "plan.yaml", "--sandbox", "--yes"]).status.code(), Some(0));
    let other = run(&["up", "other.yaml", "--sandbox", "--yes", "--ledger", ".migrate/sandbox/plan-default"]);
    assert_eq!(other.status.code(), Some(4), "{}", text(&other.stderr));
    assert!(text(&other.stderr).contains("M4106"), "{}", text(&other.stderr));
}

/// A ledger that cannot be written: one error, nothing called.
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_happens() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("plan.yaml"), "Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n");
    write(&dir.path().join("file"), "in the way");
    let output = program()
        .args(["up", "plan.yaml", "--sandbox", "--yes", "--ledger", "file/ledger"])
        .current_dir(dir.path())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("M4102"), "{}", text(&output.stderr));
    let shown =
        program().args(["sandbox", "show", "--json"]).current_dir(dir.path()).output().expect("it runs");
    let world: Json = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(world["objects"], serde_json::json!({}), "{world:#}");
}
