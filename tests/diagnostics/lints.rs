//! What lints must not say, and what allows them.

use std::path::Path;

use super::{findings, findings_in};

fn codes(template: &str) -> Vec<&'static str> {
    findings_in(template).iter().map(|finding| finding.code).collect()
}

/// A template with one group whose rules are given.
fn group(rules: &str, metadata: &str) -> String {
    format!(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {{CidrBlock: 10.0.0.0/16}}
  Group:
    Type: AWS::EC2::SecurityGroup
{metadata}    Properties:
      GroupDescription: database
      VpcId: !Ref Vpc
      SecurityGroupIngress: {rules}
"
    )
}

#[test]
fn ports_are_open_by_range_protocol_and_family_and_only_to_the_world() {
    let open = [
        "[{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: tcp, FromPort: 3000, ToPort: 6000, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: '6', FromPort: 3306, ToPort: 3306, CidrIpv6: '::/0'}]",
        "[{IpProtocol: -1, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: tcp, FromPort: 0, ToPort: 65535, CidrIp: 0.0.0.0/0}]",
    ];
    for rules in open {
        assert_eq!(codes(&group(rules, "")), ["M8106"], "{rules}");
    }
    let closed = [
        "[{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/8}]",
        "[{IpProtocol: udp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: icmp, FromPort: -1, ToPort: -1, CidrIp: 0.0.0.0/0}]",
        "[{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: !GetAtt Vpc.CidrBlock}]",
    ];
    for rules in closed {
        assert_eq!(codes(&group(rules, "")), Vec::<&str>::new(), "{rules}");
    }
}

#[test]
fn a_permission_needs_a_lint_a_reason_and_something_to_permit() {
    let open = "[{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}]";
    let closed = "[{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]";
    let allow = |entry: &str| format!("    Metadata: {{Migrate: {{Allow: [{entry}]}}}}\n");
    let cases: &[(&str, &str, &[&str])] = &[
        (open, "{Code: open-database-port, Reason: a honeypot}", &[]),
        (open, "{Code: M8106, Reason: a honeypot}", &[]),
        (open, "{Code: open-database-port}", &["M8001", "M8106"]),
        (open, "{Code: open-database-port, Reason: ''}", &["M8001", "M8106"]),
        (open, "{Code: open-database-prot, Reason: a honeypot}", &["M8001", "M8106"]),
        (open, "{Code: subnet-outside-vpc, Reason: no}", &["M8001", "M8106"]),
        (open, "{Code: M2002, Reason: no}", &["M8001", "M8106"]),
        (open, "{Reason: a honeypot}", &["M8001", "M8106"]),
        (closed, "{Code: open-database-port, Reason: a honeypot}", &["M8002"]),
    ];
    for (rules, entry, wanted) in cases {
        let mut found = codes(&group(rules, &allow(entry)));
        found.sort_unstable();
        assert_eq!(found, *wanted, "{entry}");
    }
}

#[test]
fn the_plans_of_this_repository_are_free_of_findings() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    for entry in std::fs::read_dir(plans).expect("the plans") {
        let plan = entry.expect("a plan").path();
        let found = findings(&plan, &[]);
        assert!(found.is_empty(), "{}", migrate::ui::diagnostics::render(&found, 100, false));
    }
}
