//! What lints must not say, and what allows them.

use std::path::Path;

use migrate::{
    error::{Example, Severity},
    lint::LINTS,
};

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

/// A network with two zones, and what is put after it.
fn network(rest: &str) -> String {
    format!(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {{CidrBlock: 10.0.0.0/16}}
  A:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
{rest}"
    )
}

#[test]
fn subnets_are_compared_within_their_vpc_only_and_only_when_known() {
    let second = |vpc: &str, block: &str| {
        network(&format!(
            "  Other:
    Type: AWS::EC2::VPC
    Properties: {{CidrBlock: 10.0.0.0/16}}
  B:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: {vpc}, CidrBlock: {block}}}
"
        ))
    };
    assert_eq!(codes(&second("!Ref Vpc", "10.0.1.0/24")), Vec::<&str>::new());
    assert_eq!(codes(&second("!Ref Other", "10.0.0.0/24")), Vec::<&str>::new());
    assert_eq!(codes(&second("!Ref Vpc", "10.0.0.0/23")), ["M8103"]);
    assert_eq!(codes(&second("!Ref Vpc", "10.0.0.128/25")), ["M8103"]);
    assert_eq!(codes(&second("!Ref Vpc", "10.1.0.0/24")), ["M8104"]);
    assert_eq!(codes(&second("vpc-0123456789abcdef0", "10.1.0.0/24")), Vec::<&str>::new());
    assert_eq!(codes(&second("!Ref Vpc", "10.0.1.0/29")), ["M8101"]);
    assert_eq!(codes(&second("!Ref Vpc", "10.0.1.7/24")), ["M8102"]);
    assert_eq!(codes(&second("!Ref Vpc", "10.0.1.0")), ["M8101"]);
}

#[test]
fn zones_are_counted_when_all_are_known() {
    let group = |zone: &str| {
        network(&format!(
            "  B:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24{zone}}}
  Group:
    Type: AWS::DMS::ReplicationSubnetGroup
    Properties: {{ReplicationSubnetGroupDescription: dms, SubnetIds: [!Ref A, !Ref B]}}
"
        ))
    };
    assert_eq!(codes(&group(", AvailabilityZone: us-east-1a")), ["M8108"]);
    assert_eq!(codes(&group(", AvailabilityZone: us-east-1b")), Vec::<&str>::new());
    assert_eq!(codes(&group("")), Vec::<&str>::new());
}

#[test]
fn a_nat_gateway_needs_a_route_to_the_internet() {
    let nat = |routes: &str, kind: &str| {
        network(&format!(
            "  Gateway:
    Type: AWS::EC2::InternetGateway
  Attached:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {{VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Address:
    Type: AWS::EC2::EIP
  Nat:
    Type: AWS::EC2::NatGateway
    Properties: {{SubnetId: !Ref A{kind}}}
  Table:
    Type: AWS::EC2::RouteTable
    Properties: {{VpcId: !Ref Vpc}}
  Associated:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {{SubnetId: !Ref A, RouteTableId: !Ref Table}}
{routes}"
        ))
    };
    let route = "  Route:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
";
    let public = ", AllocationId: !GetAtt Address.AllocationId";
    assert_eq!(codes(&nat(route, public)), Vec::<&str>::new());
    assert_eq!(codes(&nat("", public)), ["M8107"]);
    assert_eq!(codes(&nat("", ", ConnectivityType: private")), Vec::<&str>::new());
}

#[test]
fn secrets_are_found_where_they_stand_and_never_shown() {
    let secret = |value: &str| {
        format!(
            "Parameters:
  Hidden: {{Type: String, NoEcho: true}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Environment: [{{Name: DB_PASSWORD, Value: {value}}}, {{Name: PASSWORD_LENGTH, Value: '12'}}]
  Hides:
    Type: AWS::SecretsManager::Secret
    Properties: {{SecretString: !Ref Hidden}}
"
        )
    };
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.yaml");
    let found = |value: &str| {
        crate::support::write(&path, &secret(value));
        findings(&path, &["Hidden=swordfish"])
    };
    let told = found("correct-horse");
    assert_eq!(told.iter().map(|f| f.code).collect::<Vec<_>>(), ["M8201"]);
    let shown = migrate::ui::diagnostics::render(&told, 100, false);
    assert!(!shown.contains("horse") && shown.contains("t.yaml:10:"), "{shown}");
    for value in
        ["!Ref Hidden", "'{{resolve:secretsmanager:shop:SecretString:password}}'", "!Ref Hides", "''"]
    {
        assert_eq!(found(value), [], "{value}");
    }
}

fn alarm(namespace: &str, name: &str, dimensions: &str) -> String {
    format!(
        "Resources:
  Task:
    Type: AWS::DMS::ReplicationTask
    Metadata:
      Migrate:
        Allow:
          - {{Code: dms-truncates-lobs, Reason: test}}
          - {{Code: dms-not-validated, Reason: test}}
          - {{Code: dms-not-logged, Reason: test}}
          - {{Code: dms-logs-errors-only, Reason: test}}
    Properties:
      ReplicationTaskIdentifier: orders-task
      ResourceIdentifier: orders
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: '{{\"rules\": [{{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\", \"rule-action\":
        \"include\", \"object-locator\": {{\"schema-name\": \"a\", \"table-name\": \"%\"}}}}]}}'
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {{TargetType: lambda}}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub |
        {{\"widgets\": [{{\"type\": \"metric\", \"properties\": {{\"metrics\": [
          [\"{namespace}\", \"{name}\", {dimensions}],
          [\"...\", {{\"stat\": \"Maximum\"}}]
        ]}}}}]}}
"
    )
}

#[test]
fn metrics_that_cannot_match_are_found_in_dashboards() {
    let instance = "\"ReplicationInstanceIdentifier\", \"shop\"";
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("AWS/DMS", "CDCLatencySource", "\"ReplicationTaskIdentifier\", \"orders\"", &[]),
        ("AWS/DMS", "CDCLatencySource", "\"ReplicationTaskIdentifier\", \"orders-task\"", &["M8301"]),
        ("AWS/DMS", "CDCLatencySource", "\"ReplicationTaskIdentifier\", \"${Task}\"", &["M8301"]),
        ("AWS/DMS", "CDCLatencySuorce", "\"ReplicationTaskIdentifier\", \"orders\"", &["M8303"]),
        ("AWS/dms", "CDCLatencySource", "\"ReplicationTaskIdentifier\", \"orders\"", &["M8303"]),
        ("AWS/DMS", "CDCLatencySource", "\"Nothing\", \"orders\"", &["M8304"]),
        ("AWS/DMS", "ReadLatency", "\"Nothing\", \"orders\"", &[]),
        ("Shop", "Latency", "\"ReplicationTaskIdentifier\", \"orders-task\"", &[]),
        ("AWS/ApplicationELB", "RequestCount", "\"TargetGroup\", \"${Targets}\"", &["M8302"]),
        ("AWS/ApplicationELB", "RequestCount", "\"TargetGroup\", \"${Targets.TargetGroupFullName}\"", &[]),
        ("AWS/ApplicationELB", "RequestCount", "\"TargetGroup\", \"shop\"", &["M8302"]),
    ];
    let own = |config: &str| {
        alarm("AWS/DMS", "CDCLatencyTarget", &format!("\"ReplicationConfigId\", \"{config}\""))
    };
    for (config, wanted) in [
        ("123456789012:SHOP", [].as_slice()),
        ("${AWS::AccountId}:SHOP", &[]),
        ("SHOP", &["M8301"]),
        ("arn:aws:dms:us-east-1:123456789012:replication-config:SHOP", &["M8301"]),
    ] {
        let mut codes: Vec<&str> = findings_in(&own(config)).iter().map(|finding| finding.code).collect();
        codes.dedup();
        assert_eq!(codes, wanted, "a serverless replication's metric, {config}");
    }
    for (namespace, name, dimensions, wanted) in cases {
        let found = findings_in(&alarm(namespace, name, &format!("{instance}, {dimensions}")));
        let mut codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
        // The second row repeats the first.
        codes.dedup();
        assert_eq!(codes, *wanted, "{namespace} {name} {dimensions}: {found:#?}");
    }
}

#[test]
fn a_bucket_policy_that_might_deny_http_is_believed() {
    let bucket = |statement: &str, name: &str| {
        format!(
            "Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {name}
      PolicyDocument:
        Statement: [{{Principal: '*', Action: 's3:*', Resource: !GetAtt Bucket.Arn, {statement}}}]
"
        )
    };
    let deny = "Effect: Deny, Condition: {Bool: {'aws:SecureTransport': false}}";
    assert_eq!(codes(&bucket(deny, "!Ref Bucket")), Vec::<&str>::new());
    assert_eq!(codes(&bucket(deny, "another-bucket")), ["M8502"]);
    assert_eq!(codes(&bucket("Effect: Deny", "!Ref Bucket")), ["M8502"]);
    let truth = "Effect: Deny, Condition: {Bool: {'aws:SecureTransport': true}}";
    assert_eq!(codes(&bucket(truth, "!Ref Bucket")), ["M8502"]);
}

#[test]
fn records_weigh_nothing_only_if_all_of_a_name_do() {
    let records = |weight: &str, name: &str| {
        format!(
            "Resources:
  One:
    Type: AWS::Route53::RecordSet
    Properties: {{HostedZoneId: Z1, Name: a.example.com, Type: A, TTL: '60', SetIdentifier: one, Weight: 0, ResourceRecords: [192.0.2.1]}}
  Two:
    Type: AWS::Route53::RecordSet
    Properties: {{HostedZoneId: Z1, Name: {name}, Type: A, TTL: '60', SetIdentifier: two, Weight: {weight}, ResourceRecords: [192.0.2.2]}}
"
        )
    };
    assert_eq!(codes(&records("0", "a.example.com")), ["M8312"]);
    assert_eq!(codes(&records("100", "a.example.com")), Vec::<&str>::new());
    assert_eq!(codes(&records("0", "b.example.com")), Vec::<&str>::new());
}

/// What an example's findings are when each is allowed where it is reported.
#[test]
fn every_warning_can_be_allowed_where_it_is_reported() {
    for lint in LINTS.iter().filter(|lint| lint.code.severity == Severity::Warning) {
        let name = lint.code.name.expect("lints have names");
        let Example::Template(text) = lint.code.example else { panic!("{name} has no template") };
        let mut allowed = text.to_owned();
        for finding in findings_in(text) {
            let allow = format!("Migrate: {{Allow: [{{Code: {name}, Reason: a test}}]}}");
            let Some(address) = &finding.address else {
                allowed.push_str(&format!("Metadata: {{{allow}}}\n"));
                continue;
            };
            let head = format!("\n  {}:\n", address.logical_id());
            let with = format!("{head}    Metadata: {{{allow}}}\n");
            if !allowed.contains(&with) {
                allowed = allowed.replacen(&head, &with, 1);
            }
        }
        assert_eq!(codes(&allowed), Vec::<&str>::new(), "{name}:\n{allowed}");
    }
}

/// Whatever is not known yet is no finding: every scalar of the examples is replaced by a reference in turn.
#[test]
fn nothing_is_said_of_values_that_wait() {
    let mut tried = 0;
    let waits = "  Waits:\n    Type: AWS::SNS::Topic\n";
    for lint in LINTS {
        let Example::Template(text) = lint.code.example else { continue };
        let wanted = findings_in(text);
        for finding in &wanted {
            let (Some(span), Some(_)) = (&finding.span, &finding.address) else { continue };
            // The value that is wrong, as something that another resource decides.
            let (start, end) = (span.start as usize, span.end as usize);
            if text.as_bytes().get(start.saturating_sub(2)) != Some(&b':')
                || text[start..end].starts_with('[')
            {
                continue;
            }
            let unknown = format!("{}!GetAtt Waits.TopicName{}", &text[..start], &text[end..]);
            let unknown = unknown.replacen("Resources:\n", &format!("Resources:\n{waits}"), 1);
            let left = codes(&unknown);
            assert!(!left.contains(&finding.code), "{unknown}");
            tried += 1;
        }
    }
    assert!(tried >= 10, "only {tried} values were tried");
}
