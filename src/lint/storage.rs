//! Buckets, databases and services: what is lost, readable, stuck or never served.

use std::collections::HashSet;

use super::{
    Lint,
    view::{Part, View},
};
use crate::{
    error::Code,
    model::{DeletionPolicy, Value},
};

const BUCKET: &str = "AWS::S3::Bucket";

pub(super) static UNVERSIONED_REPLICATION: Lint = Lint {
    code: Code::lint(
        "M8501",
        "unversioned-replication-target",
        "replication to a bucket without versions",
        "S3 replicates only between versioned buckets; it refuses the configuration of the source while the destination has no versioning.",
    )
    .refused()
    .from("Amazon S3 User Guide, Requirements and considerations for replication")
    .template(
        "Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: 'sts:AssumeRole'}
  Target:
    Type: AWS::S3::Bucket
    Metadata: {Migrate: {Allow: [{Code: plain-http-bucket, Reason: holds nothing}]}}
  Source:
    Type: AWS::S3::Bucket
    Metadata: {Migrate: {Allow: [{Code: plain-http-bucket, Reason: holds nothing}]}}
    Properties:
      VersioningConfiguration: {Status: Enabled}
      ReplicationConfiguration:
        Role: !GetAtt Role.Arn
        Rules:
          - {Status: Enabled, Prefix: '', Destination: {Bucket: !GetAtt Target.Arn}}
",
    ),
    check: |view, report| {
        for source in view.of(BUCKET) {
            for rule in source.get("ReplicationConfiguration.Rules").each() {
                let to = rule.get("Destination.Bucket");
                let Some(target) = named_bucket(view, &to) else { continue };
                let status = target.get("VersioningConfiguration.Status");
                let lock = target.get("ObjectLockEnabled").truth() == Some(true);
                if !lock && (status.is_missing() || status.text() == Some("Suspended")) {
                    let name = target.node.address.logical_id();
                    report
                        .at(&to, format!("{name} has no versioning"))
                        .help(format!("set VersioningConfiguration: {{Status: Enabled}} on {name}"));
                }
            }
        }
    },
};

/// The bucket that a reference, or a known ARN, names.
fn named_bucket<'g>(view: &View<'g>, part: &Part<'_>) -> Option<Part<'g>> {
    if let Some(bucket) = view.target_of(part, BUCKET) {
        return Some(bucket);
    }
    let name = part.text()?.rsplit(':').next()?;
    view.of(BUCKET).find(|bucket| bucket.get("BucketName").text() == Some(name))
}

pub(super) static PLAIN_HTTP: Lint = Lint {
    code: Code::lint(
        "M8502",
        "plain-http-bucket",
        "a bucket that may be read without TLS",
        "S3 answers plain HTTP unless a bucket policy denies requests whose aws:SecureTransport is false. Few buckets have such a policy, so this is advice, told on request: `migrate validate --advice`.",
    )
    .from("AWS Security Hub User Guide, control S3.5")
    .template("Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n"),
    check: |view, report| {
        let mut denied: HashSet<String> = HashSet::new();
        let mut unsure = false;
        for policy in view.of("AWS::S3::BucketPolicy").filter(may_deny_http) {
            let place = policy.get("Bucket");
            match (view.target(&place), place.text()) {
                (Some(bucket), _) => denied.insert(bucket.node.address.to_string()),
                (None, Some(name)) => denied.insert(name.to_owned()),
                // It may be the policy of any bucket.
                (None, None) => {
                    unsure = true;
                    false
                }
            };
        }
        for bucket in view.of(BUCKET).filter(|_| !unsure) {
            let name = bucket.get("BucketName");
            let address = bucket.node.address.as_str();
            let known = name.is_missing() || name.text().is_some();
            if known && !denied.contains(address) && !name.text().is_some_and(|name| denied.contains(name)) {
                report
                    .at(&name, "nothing denies plain HTTP requests")
                    .help("add an AWS::S3::BucketPolicy that denies s3:* when aws:SecureTransport is false");
            }
        }
    },
};

/// Whether a policy denies plain HTTP, or might.
fn may_deny_http(policy: &Part<'_>) -> bool {
    let statements = policy.get("PolicyDocument.Statement");
    if !matches!(statements.value(), Some(Value::List(_) | Value::Map(_))) {
        return true;
    }
    statements.each().iter().any(|statement| {
        let truth = statement.get("Condition.Bool.aws:SecureTransport");
        statement.get("Effect").text() == Some("Deny")
            && truth.each().iter().any(|value| value.truth().is_none_or(|truth| !truth))
    })
}

pub(super) static PROTECTED_FROM_DESTROY: Lint = Lint {
    code: Code::lint(
        "M8511",
        "protected-from-destroy",
        "deletion protection on something that the plan would delete",
        "`migrate destroy`, and any replacement, stop at it: AWS refuses while the protection is on, and it is never turned off against the plan. Turn it off before, or keep the object with DeletionPolicy: Retain.",
    )
    .from("Amazon RDS User Guide, Deleting a DB instance")
    .template(
        "Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: postgres
      DBInstanceClass: db.t4g.medium
      AllocatedStorage: '20'
      MasterUsername: payments
      ManageMasterUserPassword: true
      DeletionProtection: true
",
    ),
    check: |view, report| {
        let protected = |part: Part<'_>, place: Part<'_>, report: &mut super::Report<'_>| {
            if matches!(part.node.deletion_policy, DeletionPolicy::Delete | DeletionPolicy::Snapshot) {
                report
                    .at(&place, "`migrate destroy` will stop here while the protection is on")
                    .help("set DeletionPolicy: Retain, or allow protected-from-destroy with the reason");
            }
        };
        for kind in ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"] {
            for part in view.of(kind) {
                let place = part.get("DeletionProtection");
                if place.truth() == Some(true) {
                    protected(part, place, report);
                }
            }
        }
        for part in view.of("AWS::ElasticLoadBalancingV2::LoadBalancer") {
            for attribute in part.get("LoadBalancerAttributes").each() {
                let place = attribute.get("Value");
                if attribute.get("Key").text() == Some("deletion_protection.enabled")
                    && place.truth() == Some(true)
                {
                    protected(part.clone(), place, report);
                }
            }
        }
    },
};

pub(super) static UNSERVED_TARGET_GROUP: Lint = Lint {
    code: Code::lint(
        "M8601",
        "unserved-target-group",
        "an ECS service behind a target group that no listener uses",
        "ECS refuses to create a service whose target group belongs to no load balancer; a listener, or a rule of one, makes it belong.",
    )
    .from("Amazon ECS Developer Guide, Load balancing")
    .template(
        "Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {VpcId: !Ref Vpc, Port: 80, Protocol: HTTP, TargetType: ip}
  Cluster:
    Type: AWS::ECS::Cluster
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: '256'
      Memory: '512'
      ContainerDefinitions:
        - {Name: web, Image: nginx, PortMappings: [{ContainerPort: 80}]}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet]}}
      LoadBalancers:
        - {ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Targets}
",
    ),
    check: |view, report| {
        let mut served: HashSet<&crate::model::Address> = HashSet::new();
        for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
            for listener in view.of(kind) {
                listener.node.properties.references(&mut |reference| {
                    served.insert(&reference.address);
                });
            }
        }
        for service in view.of("AWS::ECS::Service") {
            for balancer in service.get("LoadBalancers").each() {
                let place = balancer.get("TargetGroupArn");
                let kind = "AWS::ElasticLoadBalancingV2::TargetGroup";
                let Some(group) = view.target_of(&place, kind) else { continue };
                if !served.contains(&group.node.address) {
                    let name = group.node.address.logical_id();
                    report
                        .at(&place, format!("no listener of the plan uses {name}"))
                        .label(&group, "the target group")
                        .help("let a listener forward to it");
                }
            }
        }
    },
};
