//! What the tests of this folder find already there.

use serde_json::json;

use crate::resources::bench::Bench;

/// A VPC with subnets in three zones, two security groups, and a role for monitoring and features.
pub fn network(bench: &Bench) {
    bench.world(|world| {
        world.put("ec2.vpc", "vpc-1", json!({"VpcId": "vpc-1"}));
        for zone in ["a", "b", "c"] {
            let id = format!("subnet-{zone}");
            let row = json!({"SubnetId": id, "VpcId": "vpc-1", "AvailabilityZone": format!("us-east-1{zone}"), "_region": "us-east-1"});
            world.put("ec2.subnet", &id, row);
        }
        for id in ["sg-1", "sg-2"] {
            world.put("ec2.security-group", id, json!({"GroupId": id, "VpcId": "vpc-1", "_region": "us-east-1"}));
        }
        let trust = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {
            "Service": ["monitoring.rds.amazonaws.com", "rds.amazonaws.com"]}}]});
        let role = json!({"RoleName": "rds", "Arn": "arn:aws:iam::123456789012:role/rds", "AssumeRolePolicyDocument": trust.to_string()});
        world.put("iam.role", "rds", role);
    });
}
