//! What people and programs see, as golden files: event streams, every view of them, and the commands' outputs.
//!
//! A change of wording shows up here as a diff; `INSTA_UPDATE=always cargo test --test main views` accepts it.

use std::{
    path::Path,
    process::{Command, Output},
};

use migrate::{
    sandbox::{Action, FaultRule, FaultScript, Selector},
    ui::Live,
};

use crate::support::{Rehearsal, Verb, write};

/// Small, and with something of everything: an update, a replacement, data, a wait, an output.
const SHOP: &str = "
Parameters:
  Retention: {Type: Number, Default: 7}
  Interval: {Type: Number, Default: 30}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attachment: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Route: {Type: 'AWS::EC2::Route', DependsOn: Attachment, Properties: {RouteTableId: !Ref Table,
    DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Public: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}}
  Address: {Type: 'AWS::EC2::EIP', DependsOn: Attachment, Properties: {Domain: vpc}}
  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /shop, RetentionInDays: !Ref Retention}}
  Check:
    Type: AWS::Route53::HealthCheck
    Properties: {HealthCheckConfig: {Type: HTTP, FullyQualifiedDomainName: example.com, RequestInterval: !Ref Interval}}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: shop-vpc}}
";

fn migrate(dir: &Path, columns: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("HOME", dir)
        .env("COLUMNS", columns)
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit code, stdout and stderr as one text.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = migrate(dir, "80", args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for line in out.lines().chain(err.lines()) {
        let json = line.trim_start().starts_with(['{', '"', '[']) || line.contains("\": ");
        // Source lines and their notes are as long as they are.
        // Tables are whole where no terminal cuts them.
        let table = matches!(args[0], "status" | "types") || args.starts_with(&["ledger", "history"]);
        let excerpt =
            args[0] == "graph" || table || line.contains(" | ") || line.trim_start().starts_with("= ");
        assert!(json || excerpt || line.chars().count() <= 80, "wider than 80 columns in {args:?}: {line}");
        assert!(!line.contains('\u{1b}'), "colour without a terminal: {line}");
    }
    format!(
        "$ migrate {}\nexit code {:?}\n--- stdout\n{out}--- stderr\n{err}",
        args.join(" "),
        output.status.code()
    )
}

/// The life of a small plan, command by command.
#[test]
fn a_life_from_the_shell() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("shop.yaml"), SHOP);
    let script = |rules: &str| write(&dir.path().join("faults.json"), rules);
    let shot = |name: &str, args: &[&str]| insta::assert_snapshot!(name, said(dir.path(), args));
    shot("01-validate", &["validate", "shop.yaml", "--region", "us-east-1"]);
    shot("02-plan", &["plan", "shop.yaml", "--sandbox"]);
    shot("03-plan-json", &["plan", "shop.yaml", "--sandbox", "--json"]);
    shot("04-status-before", &["status", "shop.yaml", "--sandbox"]);
    script(
        r#"[{"match": {"operation": "CreateNatGateway"}, "action": {"error": {"code": "NatGatewayLimitExceeded",
        "status": 400, "message": "You have reached the limit of NAT gateways in this zone."}}}]"#,
    );
    shot("05-up-fails", &["up", "shop.yaml", "--sandbox", "--yes", "--faults", "faults.json"]);
    shot("06-status-after-failure", &["status", "shop.yaml"]);
    script(r#"[{"match": {"operation": "CreateNatGateway"}, "action": {"crash": "after"}}]"#);
    shot("07-up-resumes", &["up", "shop.yaml", "--sandbox", "--yes"]);
    shot("08-up-again", &["up", "shop.yaml", "--sandbox", "--yes"]);
    shot("09-status", &["status", "shop.yaml"]);
    shot("10-status-json", &["status", "shop.yaml", "--json"]);
    shot("11-outputs", &["outputs", "shop.yaml"]);
    shot("12-outputs-json", &["outputs", "shop.yaml", "--json"]);
    shot("13-refresh", &["refresh", "shop.yaml", "--sandbox"]);
    shot("14-refresh-json", &["refresh", "shop.yaml", "--sandbox", "--json"]);
    shot(
        "15-plan-changes",
        &["plan", "shop.yaml", "--sandbox", "--set", "Retention=30", "--set", "Interval=10"],
    );
    shot(
        "16-up-changes",
        &["up", "shop.yaml", "--sandbox", "--yes", "--set", "Retention=30", "--set", "Interval=10"],
    );
    shot("17-replace-needs-permission", &["up", "shop.yaml", "--sandbox", "--yes", "--replace", "shop/Logs"]);
    shot("18-graph", &["graph", "shop.yaml", "--sandbox", "--format", "mermaid"]);
    shot("19-history", &["ledger", "history", "shop.yaml"]);
    shot("20-verify", &["ledger", "verify", "shop.yaml"]);
    shot("21-forget", &["forget", "shop/Logs", "shop.yaml", "--yes"]);
    shot("22-import", &["import", "shop/Logs", "/shop", "shop.yaml", "--sandbox", "--yes"]);
    shot(
        "23-plan-after-import",
        &["plan", "shop.yaml", "--sandbox", "--set", "Retention=30", "--set", "Interval=10"],
    );
    shot("24-destroy-asks", &["destroy", "shop.yaml", "--sandbox"]);
    shot("25-destroy-dry-run", &["destroy", "shop.yaml", "--sandbox", "--dry-run"]);
    shot(
        "26-destroy-json",
        &["destroy", "shop.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--json"],
    );
    shot("27-sandbox-show", &["sandbox", "show"]);
}

/// A failed run takes back what it created, and only that.
#[test]
fn a_failed_run_rolls_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = SHOP.split("  Address:").next().expect("the first half");
    write(&dir.path().join("shop.yaml"), first);
    assert_eq!(migrate(dir.path(), "80", &["up", "shop.yaml", "--sandbox", "--yes"]).status.code(), Some(0));
    write(&dir.path().join("shop.yaml"), SHOP);
    write(
        &dir.path().join("faults.json"),
        r#"[{"match": {"operation": "CreateNatGateway"}, "action": {"error": {"code": "NatGatewayLimitExceeded",
        "status": 400, "message": "You have reached the limit of NAT gateways in this zone."}}}]"#,
    );
    insta::assert_snapshot!(
        "rollback",
        said(
            dir.path(),
            &["up", "shop.yaml", "--sandbox", "--yes", "--rollback-on-failure", "--faults", "faults.json"]
        )
    );
    insta::assert_snapshot!("rollback-status", said(dir.path(), &["status", "shop.yaml"]));
    insta::assert_snapshot!("rollback-world", said(dir.path(), &["sandbox", "show"]));
}

/// What a call with a lost answer made shows only after the call was made again: in the same run, after it, and after
/// everything else was destroyed.
#[test]
fn what_shows_late_is_told() {
    let late = |lag: u32| {
        let dir = tempfile::tempdir().expect("a folder");
        write(&dir.path().join("shop.yaml"), "Resources: {Address: {Type: 'AWS::EC2::EIP'}}");
        write(
            &dir.path().join("faults.json"),
            &format!(
                r#"[{{"match": {{"operation": "AllocateAddress", "nth": 1}}, "action": "lose-answer"}},
                {{"match": {{"operation": "DescribeAddresses"}}, "action": {{"lag": {lag}}}}}]"#
            ),
        );
        dir
    };
    let up = ["up", "shop.yaml", "--sandbox", "--yes", "--faults", "faults.json"];
    let in_time = late(15_500);
    insta::assert_snapshot!("late-up", said(in_time.path(), &up));
    insta::assert_snapshot!("late-history", said(in_time.path(), &["ledger", "history", "shop.yaml"]));
    let later = late(60_000);
    insta::assert_snapshot!("late-unseen", said(later.path(), &up));
    insta::assert_snapshot!("late-status", said(later.path(), &["status", "shop.yaml"]));
    write(
        &later.path().join("denied.json"),
        r#"[{"match": {"operation": "DescribeAddresses"}, "action": {"error": {"code": "UnauthorizedOperation",
        "status": 403, "message": "You are not authorized to perform this operation."}}}]"#,
    );
    let denied =
        ["destroy", "shop.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--faults", "denied.json"];
    insta::assert_snapshot!("late-denied", said(later.path(), &denied));
    let destroy =
        ["destroy", "shop.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--faults", "faults.json"];
    insta::assert_snapshot!("late-destroy", said(later.path(), &destroy));
    insta::assert_snapshot!("late-world", said(later.path(), &["sandbox", "show"]));
}

/// The event stream of a run with trouble in it, line by line.
#[test]
fn the_event_stream() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("shop.yaml"), SHOP);
    let mut rehearsal = Rehearsal::new(&dir.path().join("shop.yaml"));
    let rule = |operation: &str, nth, action| FaultRule {
        selector: Selector { operation: Some(operation.into()), nth: Some(nth), ..Selector::default() },
        action,
    };
    let script = FaultScript {
        rules: vec![
            rule("CreateVpc", 1, Action::LoseAnswer),
            rule("CreateLogGroup", 1, Action::Throttle),
            rule("CreateHealthCheck", 1, Action::ServerError(500)),
        ],
    };
    let ran = rehearsal.run_with(Verb::Up, script).complete();
    let lines: Vec<String> =
        ran.events.iter().map(|event| serde_json::to_string(event).expect("an event")).collect();
    insta::assert_snapshot!("events-up", lines.join("\n"));
    let ran = rehearsal.destroy().complete();
    let lines: Vec<String> =
        ran.events.iter().map(|event| serde_json::to_string(event).expect("an event")).collect();
    insta::assert_snapshot!("events-destroy", lines.join("\n"));
}

/// The live picture, frame by frame: each frame takes the one before it away (`<up N>`).
#[test]
fn the_live_picture() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("shop.yaml"), SHOP);
    let mut rehearsal = Rehearsal::new(&dir.path().join("shop.yaml"));
    let selector =
        Selector { operation: Some("CreateNatGateway".into()), nth: Some(1), ..Selector::default() };
    let script = FaultScript { rules: vec![FaultRule { selector, action: Action::LoseAnswer }] };
    let ran = rehearsal.run_with(Verb::Up, script).complete();
    let mut live = Live::new(&ran.change_set, 80, false);
    let mut frames = String::new();
    for event in &ran.events {
        frames.push_str(&live.on(event));
    }
    frames.push_str(&live.tick(200.0));
    frames.push_str(&live.clear());
    let shown = frames.replace("\u{1b}[J", "").replace("\u{1b}[", "<up ");
    let shown: Vec<String> = shown.lines().map(|line| line.trim_end().to_owned()).collect();
    assert!(shown.iter().all(|line| line.chars().count() <= 88), "wider than 80 columns and its mark");
    insta::assert_snapshot!("live", shown.join("\n"));
}

/// However low the terminal is, the picture fits it with the cursor's row: what scrolls away cannot be redrawn.
#[test]
fn the_live_picture_fits_a_low_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("shop.yaml"), SHOP);
    let mut rehearsal = Rehearsal::new(&dir.path().join("shop.yaml"));
    let ran = rehearsal.up().complete();
    for (width, height) in [(100, 50), (80, 12), (80, 6), (40, 4), (40, 3), (40, 2)] {
        let mut live = Live::new(&ran.change_set, width, false);
        live.resize(width, height);
        let started = |event: &&migrate::engine::Event| {
            matches!(event.kind, migrate::engine::EventKind::StepStarted { .. })
        };
        for event in ran.events.iter().filter(started) {
            let _ = live.on(event);
        }
        let picture = live.tick(10.0);
        let rows = picture.rsplit("\u{1b}[J").next().expect("the picture").lines().count();
        assert!(rows < height, "{rows} rows on {height}: {picture}");
        assert!(height >= 15 || picture.contains(" more") || height < 3, "{picture}");
        // It is taken away from the first column: what was typed meanwhile stands before the cursor.
        let away = live.clear();
        assert!(away.starts_with("\u{1b}[") && away.ends_with("F\u{1b}[J"), "debris: {away:?}");
    }
}

/// The reference of the command line: every verb's help.
#[test]
fn the_command_line_reference() {
    let dir = tempfile::tempdir().expect("a folder");
    let top = text(&migrate(dir.path(), "100", &["--help"]).stdout);
    let mut all = top.clone();
    let verbs = top.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1);
    for verb in verbs.take_while(|l| !l.is_empty()).filter(|l| l.starts_with("  ") && !l.starts_with("   ")) {
        let verb = verb.split_whitespace().next().expect("a name");
        all.push_str(&format!("\n======== migrate {verb}\n"));
        all.push_str(&text(&migrate(dir.path(), "100", &[verb, "-h"]).stdout));
    }
    insta::assert_snapshot!("reference", all);
}

/// The README's table of exit codes is the program's.
#[test]
fn the_readme_lists_every_exit_code() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("it");
    for (_, number, meaning) in migrate::cli::exit::TABLE {
        let line = format!("| {number} | {meaning} |");
        assert!(readme.contains(&line), "README.md lacks the line\n{line}");
    }
}
