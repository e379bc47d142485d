//! `lookups:` of the manifest, as a user meets them: every kind found, none, several; what reviews, change sets and the
//! ledger keep; and that a teardown asks for nothing.

use std::{fs, path::Path};

use serde_json::{Value as Json, json};

use crate::{
    program::{migrate, text},
    support::write,
};

/// What somebody else's plan has made before.
const SHARED: &str = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, EnableDnsSupport: true, EnableDnsHostnames: true,
    Tags: [{Key: Name, Value: shared}]}}
  Second: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16, Tags: [{Key: Name, Value: second}]}}
  DataB: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b,
    Tags: [{Key: Tier, Value: data}]}}
  DataA: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a,
    Tags: [{Key: Tier, Value: data}]}}
  Web: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1a,
    Tags: [{Key: Tier, Value: web}]}}
  Elsewhere: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Second, CidrBlock: 10.1.0.0/24,
    AvailabilityZone: us-east-1a, Tags: [{Key: Tier, Value: data}]}}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupName: data, GroupDescription: d, VpcId: !Ref Vpc}}
  Namesake: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupName: data, GroupDescription: d, VpcId: !Ref Second}}
  Public: {Type: 'AWS::Route53::HostedZone', Properties: {Name: shop.example.com,
    HostedZoneTags: [{Key: Team, Value: web}]}}
  Private: {Type: 'AWS::Route53::HostedZone', Properties: {Name: shop.example.com,
    VPCs: [{VPCId: !Ref Vpc, VPCRegion: us-east-1}]}}
  Subnets: {Type: 'AWS::RDS::DBSubnetGroup', Properties: {DBSubnetGroupDescription: d, SubnetIds: [!Ref DataA, !Ref DataB]}}
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {DBInstanceIdentifier: old-shop, Engine: postgres, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20',
      MasterUsername: app, ManageMasterUserPassword: true, DBSubnetGroupName: !Ref Subnets, StorageEncrypted: true,
      BackupRetentionPeriod: 7, Tags: [{Key: Team, Value: shop}]}
  Cluster:
    Type: AWS::RDS::DBCluster
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {DBClusterIdentifier: new-shop, Engine: aurora-postgresql, MasterUsername: app,
      ManageMasterUserPassword: true, DBSubnetGroupName: !Ref Subnets, StorageEncrypted: true, BackupRetentionPeriod: 7,
      Tags: [{Key: Team, Value: shop}]}
Outputs:
  Vpc: {Value: !Ref Vpc}
  Cidr: {Value: !GetAtt Vpc.CidrBlock}
  Subnets: {Value: !Join [',', [!Ref DataA, !Ref DataB]]}
  Group: {Value: !GetAtt Group.GroupId}
  Public: {Value: !Ref Public}
  Private: {Value: !Ref Private}
  Host: {Value: !GetAtt Database.Endpoint.Address}
  Cluster: {Value: !Ref Cluster}
  Database: {Value: !Ref Database}
";

/// What no plan makes.
const PLANTED: &str = r#"{"objects": [
    {"vpn-connection": {"id": "vpn-0a1b2c3d4e5f60718", "gateway": "vgw-0a1b2c3d4e5f60718", "tags": {"Name": "old-site"}}},
    {"certificate": {"domain": "shop.example.com", "alternatives": ["www.shop.example.com"], "tags": {"Team": "web"}}}
]}"#;

const KINDS: &str = "
  Vpc: {vpc: {tags: {Name: '${Shared}'}}}
  Cidr: {vpc: {id: '${Vpc}'}, attribute: CidrBlock}
  Subnets: {subnets: {vpc: '${Vpc}', tags: {Tier: data}}}
  Group: {security-group: {name: data, vpc: '${Vpc}'}}
  Public: {hosted-zone: {name: shop.example.com, tags: {Team: web}}}
  Private: {hosted-zone: {name: Shop.example.com., private: true, vpc: '${Vpc}'}}
  Host: {db-instance: {tags: {Team: shop}}, attribute: Endpoint.Address}
  Database: {db-instance: {name: old-shop}}
  Cluster: {db-cluster: {name: New-Shop}}
  Connection: {vpn-connection: {name: old-site}}
  Gateway: {vpn-connection: {tags: {Name: old-site}}, attribute: VpnGatewayId}
  Certificate: {certificate: {name: www.shop.example.com, tags: {Team: web}}}
  Image: {image: {owner: amazon, name: 'al2023-ami-2023.*-kernel-6.12-x86_64', newest: true, architecture: x86_64}}
";

/// A plan with one parameter and one output of each name, and a log group.
fn shop(dir: &Path, lookups: &str) {
    let names: Vec<&str> = lookups
        .lines()
        .filter_map(|line| line.trim().split_once(": {").map(|(name, _)| name))
        .filter(|name| !name.contains(' '))
        .collect();
    let lines = |line: &dyn Fn(&str) -> String| names.iter().map(|name| line(name)).collect::<String>();
    let template = format!(
        "Parameters:\n{}Resources:\n  Log: {{Type: 'AWS::Logs::LogGroup', DeletionPolicy: Delete, UpdateReplacePolicy: Delete, \
         Properties: {{LogGroupName: /shop, RetentionInDays: 7}}}}\nOutputs:\n{}",
        lines(&|name| format!("  {name}: {{Type: String}}\n")),
        lines(&|name| format!("  {name}: {{Value: !Ref {name}}}\n")),
    );
    let manifest = format!(
        "name: shop\nregion: us-east-1\nparameters: {{Shared: shared}}\nlookups:\n{lookups}\nstacks:\n  - {{name: shop, template: \
         shop.yaml}}\n"
    );
    fs::create_dir_all(dir.join("shop")).expect("a folder");
    write(&dir.join("shop/shop.yaml"), &template);
    write(&dir.join("shop/migration.yaml"), &manifest);
}

/// Runs a command that must succeed; its stdout.
#[track_caller]
fn runs(dir: &Path, args: &[&str]) -> String {
    let output = migrate(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn json_of(dir: &Path, args: &[&str]) -> Json {
    serde_json::from_str(&runs(dir, args)).expect("JSON")
}

/// An account with everything that is looked up here.
fn account(dir: &Path) {
    write(&dir.join("shared.yaml"), SHARED);
    runs(dir, &["up", "shared.yaml", "--sandbox", "--yes"]);
    write(&dir.join("planted.json"), PLANTED);
    runs(dir, &["sandbox", "plant", "planted.json"]);
}

/// What a command that fails says, for golden files.
#[track_caller]
fn refusal(dir: &Path, args: &[&str], code: i32) -> String {
    let output = migrate(dir, args);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{args:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stderr)
}

#[test]
fn every_kind_is_found_and_stands_in_review_change_set_and_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    account(dir);
    shop(dir, KINDS);
    insta::assert_snapshot!("lookups-plan", runs(dir, &["plan", "shop", "--sandbox"]));
    let plan = json_of(dir, &["plan", "shop", "--sandbox", "--json", "--out", "saved.json"]);
    let found = plan["lookups"].as_array().expect("a list").clone();
    assert_eq!(found.len(), 13);
    let saved: Json =
        serde_json::from_str(&fs::read_to_string(dir.join("saved.json")).expect("a file")).expect("JSON");
    assert_eq!(saved["lookups"], json!(found));
    runs(dir, &["up", "shop", "--sandbox", "--yes", "--change-set", "saved.json"]);
    let ledger = json_of(dir, &["ledger", "show", "shop", "--sandbox"]);
    assert_eq!(ledger["lookups"], json!(found), "{ledger:#}");

    let there = json_of(dir, &["outputs", "shared.yaml", "--sandbox", "--json"]);
    let here = json_of(dir, &["outputs", "shop", "--sandbox", "--json"]);
    let of = |all: &Json, stack: &str, name: &str| {
        all[stack][name].as_str().map(str::to_owned).unwrap_or_else(|| panic!("{name} of {all:#}"))
    };
    for name in ["Vpc", "Cidr", "Subnets", "Group", "Public", "Private", "Host", "Cluster", "Database"] {
        assert_eq!(of(&here, "shop", name), of(&there, "shared", name), "{name}");
    }
    assert_eq!(of(&here, "shop", "Connection"), "vpn-0a1b2c3d4e5f60718");
    assert_eq!(of(&here, "shop", "Gateway"), "vgw-0a1b2c3d4e5f60718");
    assert!(of(&here, "shop", "Certificate").starts_with("arn:aws:acm:us-east-1:123456789012:certificate/"));
    assert!(of(&here, "shop", "Image").starts_with("ami-"));
    let again = json_of(dir, &["plan", "shop", "--sandbox", "--json"]);
    assert_eq!(again["steps"], json!([]), "nothing to do");

    // A teardown knows everything from the ledger: it looks nothing up, and needs nothing of what was looked up.
    let asked = |file: &str| {
        let log = fs::read_to_string(dir.join(file)).expect("a log");
        let lookups = [
            "DescribeVpnConnections",
            "ListCertificates",
            "DescribeImages",
            "DescribeDBClusters",
            "ListHostedZones",
        ];
        lookups.into_iter().filter(|name| log.contains(name)).count()
    };
    runs(dir, &["plan", "shop", "--sandbox", "-vv", "--log-file", "plan.log"]);
    assert_eq!(asked("plan.log"), 5, "the log shows lookups");
    runs(dir, &["destroy", "shared.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
    assert!(refusal(dir, &["plan", "shop", "--sandbox"], 3).contains("M1121"));
    runs(
        dir,
        &[
            "destroy",
            "shop",
            "--sandbox",
            "--yes",
            "--allow-data-loss",
            "all",
            "-vv",
            "--log-file",
            "destroy.log",
        ],
    );
    assert_eq!(asked("destroy.log"), 0, "destroy looks nothing up");
}

#[test]
fn what_is_not_found_or_found_twice_is_told_with_candidates_and_the_next_command() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    account(dir);
    shop(
        dir,
        "
  Vpc: {vpc: {tags: {Name: production}}}
  Subnets: {subnets: {tags: {Tier: cache}}}
  Group: {security-group: {name: data}}
  Zone: {hosted-zone: {name: shop.example.com}}
  Certificate: {certificate: {name: example.com}}
  Host: {db-instance: {name: shop}, attribute: Endpoint.Address}
  Cluster: {db-cluster: {tags: {Team: none}}}
  Connection: {vpn-connection: {name: new-site}}
  Transit: {vpn-connection: {name: old-site}, attribute: TransitGatewayId}
  Image: {image: {owner: self, name: '*'}}
",
    );
    insta::assert_snapshot!("lookups-refused", refusal(dir, &["plan", "shop", "--sandbox"], 3));
    // The command that the message gives takes one of the candidates.
    shop(dir, "\n  Group: {security-group: {name: data}}\n");
    let said = refusal(dir, &["plan", "shop", "--sandbox"], 3);
    let group =
        said.split("shop.Group=").nth(1).expect("a command").split('`').next().expect("a value").trim();
    let value = format!("shop.Group={group}");
    let plan = json_of(dir, &["plan", "shop", "--sandbox", "--json", "--set", &value]);
    assert_eq!(plan["lookups"], json!([]), "a value that is given is not looked up");
    let up = ["up", "shop", "--sandbox", "--yes", "--set", &value];
    runs(dir, &up);
    assert!(runs(dir, &["outputs", "shop", "--sandbox", "--only", "Group"]).contains(group));
}

#[test]
fn a_saved_change_set_does_not_change_its_mind_while_what_it_found_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let certificate = r#"{"objects": [{"certificate": {"domain": "shop.example.com"}}]}"#;
    write(&dir.join("one.json"), certificate);
    runs(dir, &["sandbox", "plant", "one.json"]);
    shop(dir, "\n  Certificate: {certificate: {name: shop.example.com, newest: true}}\n");
    let first = json_of(dir, &["plan", "shop", "--sandbox", "--json", "--out", "saved.json"]);
    let value = |plan: &Json| plan["lookups"][0]["value"].as_str().expect("an ARN").to_owned();
    // Some time passes, and a newer one is there.
    write(&dir.join("wait.yaml"), "Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n");
    runs(dir, &["up", "wait.yaml", "--sandbox", "--yes"]);
    runs(dir, &["sandbox", "plant", "one.json"]);
    let second = json_of(dir, &["plan", "shop", "--sandbox", "--json"]);
    assert_ne!(value(&first), value(&second), "a new plan finds the newer one");
    runs(dir, &["up", "shop", "--sandbox", "--yes", "--change-set", "saved.json"]);
    assert_eq!(runs(dir, &["outputs", "shop", "--sandbox", "--only", "Certificate"]).trim(), value(&first));
    // The next plan says that it would take another one.
    let third = runs(dir, &["plan", "shop", "--sandbox"]);
    assert!(third.contains("at the last run it was"), "{third}");
    // What was found and is gone is no basis for a run; neither is a file in which somebody put something else.
    json_of(dir, &["plan", "shop", "--sandbox", "--json", "--out", "late.json"]);
    let edited = fs::read_to_string(dir.join("late.json"))
        .expect("a file")
        .replace(&value(&second), "arn:aws:acm:us-east-1:123456789012:certificate/mine");
    write(&dir.join("edited.json"), &edited);
    let refused = refusal(dir, &["up", "shop", "--sandbox", "--yes", "--change-set", "edited.json"], 7);
    assert!(refused.contains("M5102"), "{refused}");
    let gone = json!({"objects": [{"call": {"service": "acm", "operation": "DeleteCertificate", "input": {"CertificateArn": value(&second)}}}]});
    write(&dir.join("gone.json"), &gone.to_string());
    runs(dir, &["sandbox", "plant", "gone.json"]);
    let refused = refusal(dir, &["up", "shop", "--sandbox", "--yes", "--change-set", "late.json"], 7);
    assert!(
        refused.contains("M5102") && refused.contains("certificate with name shop.example.com"),
        "{refused}"
    );
}

#[test]
fn commands_without_an_account_say_what_they_did_not_look_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    shop(dir, "\n  Vpc: {vpc: {name: shared}}\n  Subnets: {subnets: {vpc: '${Vpc}'}}\n");
    let plan = migrate(dir, &["plan", "shop"]);
    assert_eq!(plan.status.code(), Some(6), "no credentials here: {}", text(&plan.stderr));
    let said = text(&plan.stderr);
    assert!(said.contains("M6001") && said.contains("M1123"), "{said}");
    assert!(said.contains("`Vpc` was not looked up (vpc with name shared)"), "{said}");
    let validate = migrate(dir, &["validate", "shop"]);
    assert_eq!(validate.status.code(), Some(0), "{}", text(&validate.stderr));
    assert!(text(&validate.stderr).contains("made up for Vpc"), "{}", text(&validate.stderr));
    runs(dir, &["graph", "shop"]);
}
