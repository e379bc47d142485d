//! A network with IPv6: the VPC's blocks are those of its `AWS::EC2::VPCCidrBlock`s, and subnets are cut out of them.

use serde_json::Value as Json;

use crate::{
    crash::converges,
    program::{migrate, text},
    support::{Rehearsal, Verb, write},
};

/// As public templates write it, with `DependsOn` and without.
const PLAN: &str = r"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Six: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true}}
  A:
    Type: AWS::EC2::Subnet
    DependsOn: Six
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: 10.0.0.0/24
      Ipv6CidrBlock: !Select [0, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 256, 64]]
      AssignIpv6AddressOnCreation: true
  B:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}
  BSix:
    Type: AWS::EC2::SubnetCidrBlock
    Properties:
      SubnetId: !Ref B
      Ipv6CidrBlock: !Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 256, 64]]
Outputs:
  Vpc: {Value: !Select [0, !GetAtt Vpc.Ipv6CidrBlocks]}
  B: {Value: !Select [0, !GetAtt B.Ipv6CidrBlocks]}
";

/// The same network before it had IPv6.
const FOUR: &str = r"
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
";

/// What comes to it; subnets that are there keep what they have.
const SIX: &str = r"
  Six: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true}}
  BSix:
    Type: AWS::EC2::SubnetCidrBlock
    Properties:
      SubnetId: !Ref B
      Ipv6CidrBlock: !Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 256, 64]]
Outputs:
  Vpc: {Value: !Select [0, !GetAtt Vpc.Ipv6CidrBlocks]}
  B: {Value: !Select [0, !GetAtt B.Ipv6CidrBlocks]}
";

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("net.yaml"), text);
    folder
}

#[track_caller]
fn says(folder: &tempfile::TempDir, args: &[&str]) -> String {
    let output =
        migrate(folder.path(), &[args, &["net.yaml", "--sandbox", "--region", "us-east-1"]].concat());
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    said
}

#[track_caller]
fn outputs(folder: &tempfile::TempDir) -> (String, String) {
    let output = migrate(folder.path(), &["outputs", "net.yaml", "--sandbox", "--json"]);
    let told: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let told = told.to_string();
    let value = |name: &str| {
        let after = told.split_once(&format!("\"{name}\":\"")).unwrap_or_else(|| panic!("{told}")).1;
        after.split('"').next().unwrap_or_default().to_owned()
    };
    (value("Vpc"), value("B"))
}

#[test]
fn subnets_are_cut_out_of_a_block_that_comes_after_the_vpc() {
    let folder = folder(PLAN);
    says(&folder, &["up", "--yes"]);
    let (vpc, subnet) = outputs(&folder);
    assert!(vpc.starts_with("2600:1f18:") && vpc.ends_with("00::/56"), "{vpc}");
    assert_eq!(subnet, vpc.replace("00::/56", "01::/64"));
    assert!(says(&folder, &["up", "--yes"]).contains("Nothing to do"));
    says(&folder, &["destroy", "--yes"]);
}

#[test]
fn ipv6_comes_to_a_network_that_runs_and_goes_again() {
    let folder = folder(FOUR);
    says(&folder, &["up", "--yes"]);
    write(&folder.path().join("net.yaml"), &format!("{}{SIX}", FOUR.trim_end()));
    let said = says(&folder, &["plan"]);
    assert!(said.contains("2 to create, 3 unchanged"), "{said}");
    says(&folder, &["up", "--yes"]);
    let (vpc, subnet) = outputs(&folder);
    assert_eq!(subnet, vpc.replace("00::/56", "01::/64"));
    assert!(says(&folder, &["up", "--yes"]).contains("Nothing to do"));
    // What asks for the blocks is told that there are none any more.
    write(&folder.path().join("net.yaml"), FOUR);
    says(&folder, &["up", "--yes"]);
    let shown = migrate(folder.path(), &["status", "net.yaml", "--sandbox", "--json"]);
    assert!(!text(&shown.stdout).contains("2600:1f18"), "{}", text(&shown.stdout));
}

#[test]
fn a_network_with_ipv6_converges_after_a_crash_anywhere() {
    let folder = folder(PLAN);
    let fresh = Rehearsal::new(&folder.path().join("net.yaml"));
    converges("up of a network with IPv6", &fresh, Verb::Up, 5);
    let mut deployed = fresh.fork();
    deployed.up().complete();
    converges("destroy of a network with IPv6", &deployed, Verb::Destroy, 5);
}
