//! Auto Scaling groups whose instances are to be replaced: by a new group, or batch by batch in the old one.

use std::path::Path;

use migrate::planner::ChangeSet;

use crate::{
    crash::converges,
    support::{Rehearsal, Verb, write},
};

const PLAN: &str = r#"
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Other: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
        InstanceType: t3.micro
  Fleet:
    Type: AWS::AutoScaling::AutoScalingGroup
    UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}}
    Properties:
      MinSize: '2'
      MaxSize: '4'
      VPCZoneIdentifier: [!Ref Subnet]
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}
  Grows:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties: {AutoScalingGroupName: !Ref Fleet, AdjustmentType: ChangeInCapacity, ScalingAdjustment: 1}
"#;

/// The plan with some texts exchanged, in a folder of its own.
fn edited(folder: &Path, edits: &[(&str, &str)]) {
    let mut text = PLAN.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    write(&folder.join("fleet.yaml"), &text);
}

fn verb(set: &ChangeSet, name: &str) -> Option<&'static str> {
    let step = set.steps.iter().find(|step| step.address.as_str() == format!("fleet/{name}"));
    step.map(|step| step.action.verb())
}

fn deployed(edits: &[(&str, &str)]) -> (tempfile::TempDir, Rehearsal) {
    let folder = tempfile::tempdir().expect("a folder");
    edited(folder.path(), edits);
    let mut rehearsal = Rehearsal::new(&folder.path().join("fleet.yaml"));
    rehearsal.up().complete();
    (folder, rehearsal)
}

/// "During replacement, CloudFormation retains the old group until it finishes creating the new one" (UpdatePolicy).
#[test]
fn a_replacing_update_makes_a_new_group_before_the_old_one_goes() {
    let (folder, rehearsal) = deployed(&[]);
    let before = rehearsal.census();
    // What instances are launched with: another template, other subnets.
    for (from, to) in [("t3.micro", "t3.small"), ("[!Ref Subnet]", "[!Ref Subnet, !Ref Other]")] {
        edited(folder.path(), &[(from, to)]);
        let mut changed = rehearsal.fork().with_plan(&folder.path().join("fleet.yaml"));
        let ran = changed.up().complete();
        assert_eq!(verb(&ran.change_set, "Fleet"), Some("replace"), "{to}");
        // The policy belongs to one group: "AutoScalingGroupName: Update requires: Replacement".
        assert_eq!(verb(&ran.change_set, "Grows"), Some("replace"), "{to}");
        let fleet = ran.change_set.steps.iter().find(|s| s.address.logical_id() == "Fleet").expect("it");
        assert!(fleet.why.contains("AutoScalingReplacingUpdate"), "{}", fleet.why);
        let at = |operation: &str| {
            let name = format!("autoscaling:{operation}");
            ran.mutations.iter().position(|one| *one == name).unwrap_or_else(|| panic!("no {name}"))
        };
        assert!(at("CreateAutoScalingGroup") < at("DeleteAutoScalingGroup"), "{:?}", ran.mutations);
        changed.check_invariants(to);
        changed.check_world(to);
        assert!(changed.up().complete().change_set.is_empty(), "{to}: a second run changes something");
        assert_eq!(changed.census().get("asg.group"), before.get("asg.group"), "{to}");
    }
    // Everything else is changed in place.
    edited(folder.path(), &[("MaxSize: '4'", "MaxSize: '5'")]);
    let mut changed = rehearsal.fork().with_plan(&folder.path().join("fleet.yaml"));
    assert_eq!(verb(&changed.up().complete().change_set, "Fleet"), Some("update"));
    changed.destroy().complete();
}

#[test]
fn a_replacing_update_converges_after_a_crash_anywhere() {
    let (folder, rehearsal) = deployed(&[]);
    edited(folder.path(), &[("t3.micro", "t3.small")]);
    let changed = rehearsal.with_plan(&folder.path().join("fleet.yaml"));
    converges("a replacing update of a group", &changed, Verb::Up, 5);
}

/// Both groups are to stand beside each other, which two of one name cannot: nothing is begun.
#[test]
fn a_named_group_is_not_taken_down_for_its_successor() {
    const NAMED: (&str, &str) =
        ("      MinSize: '2'\n", "      MinSize: '2'\n      AutoScalingGroupName: web\n");
    let (folder, mut rehearsal) = deployed(&[NAMED]);
    edited(folder.path(), &[NAMED, ("t3.micro", "t3.small")]);
    let refused = rehearsal.clone().with_plan(&folder.path().join("fleet.yaml")).plan_errors();
    assert!(
        refused.iter().any(|d| d.code == "M3005" && d.message.contains("AutoScalingReplacingUpdate")),
        "{refused:#?}"
    );
    rehearsal.destroy().complete();
}

/// The commonest form of older templates: every change makes a new launch configuration.
#[test]
fn a_rolling_update_follows_a_new_launch_configuration() {
    const CONFIGURED: &[(&str, &str)] = &[
        ("AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration"),
        ("      LaunchTemplateData:\n        ImageId: resolve", "      ImageId: '{{resolve"),
        ("default-x86_64\n        Inst", "default-x86_64}}'\n      Inst"),
        (
            "LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}",
            "LaunchConfigurationName: !Ref Template",
        ),
        (
            "{AutoScalingReplacingUpdate: {WillReplace: true}}",
            "{AutoScalingRollingUpdate: {MinInstancesInService: 1}}",
        ),
    ];
    let (folder, rehearsal) = deployed(CONFIGURED);
    let mut all = CONFIGURED.to_vec();
    all.push(("t3.micro", "t3.small"));
    edited(folder.path(), &all);
    let before = rehearsal.with_plan(&folder.path().join("fleet.yaml"));
    let mut changed = before.fork();
    let ran = changed.up().complete();
    assert_eq!(verb(&ran.change_set, "Fleet"), Some("update"));
    let kinds: Vec<String> = changed
        .world
        .rows("ec2.instance")
        .filter(|(_, row)| row["_lifecycle"] == "InService" && row["_leaves"] != true)
        .map(|(_, row)| row["InstanceType"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(kinds, ["t3.small", "t3.small"]);
    let begun = ran.mutations.iter().filter(|one| *one == "autoscaling:StartInstanceRefresh").count();
    assert_eq!(begun, 1);
    assert!(changed.up().complete().change_set.is_empty());
    converges("a rolling update by a launch configuration", &before, Verb::Up, 9);
}
