//! That operations look at no more rows of a large account than of a small one.

use serde_json::{Value as Json, json};

use super::SERVICES;
use crate::sandbox::{Request, World, world::LOOKED};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn call(world: &mut World, service: &str, name: &str, input: Json) -> Json {
    super::furnish(world, service, "us-east-1");
    let service = SERVICES.iter().find(|one| one.name == service).unwrap();
    let operation = service.operations.iter().find(|one| one.name == name).unwrap();
    let request = Request { operation: operation.name, region: "us-east-1", access_key: "", input };
    (operation.run)(world, &request).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
}

/// One object of each kind, made as a client makes it.
fn objects(world: &mut World, name: &str, block: &str) -> String {
    let tag = json!([{"Key": name, "Value": "v"}]);
    let specified = |noun: &str| json!([{"ResourceType": noun, "Tags": tag}]);
    let vpc = call(world, "ec2", "CreateVpc", json!({"CidrBlock": format!("{block}.0.0/16")}));
    let vpc = vpc["Vpc"]["VpcId"].as_str().unwrap().to_owned();
    let subnet = json!({"VpcId": vpc, "CidrBlock": format!("{block}.255.0/24"), "TagSpecifications": specified("subnet")});
    call(world, "ec2", "CreateSubnet", subnet);
    let group = json!({
        "VpcId": vpc, "GroupName": name, "Description": "d", "TagSpecifications": specified("security-group"),
    });
    call(world, "ec2", "CreateSecurityGroup", group);
    let alarm = json!({
        "AlarmName": name, "Namespace": "N", "MetricName": "M", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1.0, "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold", "Tags": tag,
    });
    call(world, "cloudwatch", "PutMetricAlarm", alarm);
    call(world, "logs", "CreateLogGroup", json!({"logGroupName": name, "tags": {name: "v"}}));
    call(world, "ssm", "PutParameter", json!({"Name": name, "Value": "v", "Type": "String", "Tags": tag}));
    let role = json!({"RoleName": name, "AssumeRolePolicyDocument": TRUST});
    call(world, "iam", "CreateRole", role);
    vpc
}

/// An account with so many objects of each kind that have nothing to do with anything.
fn world(others: usize) -> World {
    let mut world = World::new(1, 0);
    let vpc = objects(&mut world, "other", "10.0");
    let tables =
        ["ec2.subnet", "ec2.security-group", "cloudwatch.alarm", "logs.group", "ssm.parameter", "iam.role"];
    for table in tables {
        let own =
            |row: &Json| row["VpcId"].as_str().is_none_or(|id| id == vpc) && row["GroupName"] != "default";
        let (key, row) = world.rows(table).filter(|(_, row)| own(row)).last().unwrap();
        let (key, row) = (key.to_owned(), row.to_string());
        let name = if table.starts_with("ec2.") { key.as_str() } else { "other" };
        for n in 0..others {
            let other = format!("{name}{n}");
            let row = serde_json::from_str(&row.replace(name, &other)).unwrap();
            world.put(table, &key.replace(name, &other), row);
        }
    }
    world
}

/// How many rows each call looks at.
fn looked(others: usize) -> Vec<(&'static str, usize)> {
    let mut world = world(others);
    let vpc = objects(&mut world, "mine", "10.1");
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:mine";
    let of = |key: &str| json!({"TagFilters": [{"Key": key}]});
    let calls = [
        ("ec2", "DescribeSubnets", json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]})),
        ("ec2", "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.1.1.0/24"})),
        ("cloudwatch", "DescribeAlarms", json!({"AlarmNames": ["mine"]})),
        ("cloudwatch", "DescribeAlarms", json!({"AlarmNamePrefix": "mi"})),
        ("cloudwatch", "DescribeAlarms", json!({"MaxRecords": 5})),
        ("cloudwatch", "DescribeAlarmHistory", json!({"AlarmName": "mine"})),
        ("cloudwatch", "DeleteAlarms", json!({"AlarmNames": ["mine"]})),
        ("logs", "DescribeLogGroups", json!({"logGroupNamePrefix": "mi"})),
        ("logs", "DescribeLogGroups", json!({"logGroupIdentifiers": ["mine"]})),
        ("logs", "DescribeLogGroups", json!({"limit": 5})),
        ("resourcegroupstaggingapi", "GetResources", of("mine")),
        ("resourcegroupstaggingapi", "GetResources", json!({"ResourcesPerPage": 5})),
        ("resourcegroupstaggingapi", "GetResources", json!({"ResourceARNList": [arn]})),
        ("resourcegroupstaggingapi", "GetTagValues", json!({"Key": "mine"})),
        ("iam", "CreateRole", json!({"RoleName": "new", "AssumeRolePolicyDocument": TRUST})),
    ];
    let counted = calls.into_iter().map(|(service, name, input)| {
        LOOKED.set(0);
        let answer = call(&mut world, service, name, input);
        if service == "resourcegroupstaggingapi" && name == "GetResources" {
            assert!(!answer["ResourceTagMappingList"].as_array().unwrap().is_empty(), "{answer}");
        }
        (name, LOOKED.get())
    });
    counted.collect()
}

#[test]
fn no_operation_looks_at_more_of_a_large_account() {
    let (few, many) = (looked(20), looked(2_000));
    for (few, many) in few.iter().zip(&many) {
        assert!(many.1 <= few.1 + 5, "{}: {} rows of an account of 20, {} of 2,000", few.0, few.1, many.1);
    }
}

#[test]
fn pages_go_on_where_the_last_one_ended_whatever_was_deleted_meanwhile() {
    let mut world = world(30);
    let mut seen = Vec::new();
    let mut token = Json::Null;
    loop {
        let answer =
            call(&mut world, "cloudwatch", "DescribeAlarms", json!({"MaxRecords": 7, "NextToken": token}));
        let names: Vec<String> = answer["MetricAlarms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["AlarmName"].to_string())
            .collect();
        // Deleting what was shown shifts nothing.
        let last = answer["MetricAlarms"][0]["AlarmName"].clone();
        call(&mut world, "cloudwatch", "DeleteAlarms", json!({"AlarmNames": [last]}));
        seen.extend(names);
        token = answer["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (31, 31));
}

#[test]
fn tags_are_found_by_key_by_value_and_by_arn() {
    let mut world = world(3);
    objects(&mut world, "mine", "10.1");
    let mut found = |input: Json| {
        let answer = call(&mut world, "resourcegroupstaggingapi", "GetResources", input);
        let arns = answer["ResourceTagMappingList"].as_array().unwrap().iter();
        arns.map(|one| one["ResourceARN"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({"TagFilters": [{"Key": "mine"}]})).len(), 5);
    assert_eq!(found(json!({"TagFilters": [{"Key": "mine", "Values": ["v"]}]})).len(), 5);
    assert_eq!(found(json!({"TagFilters": [{"Key": "mine", "Values": ["w", "v"]}]})).len(), 5);
    assert!(found(json!({"TagFilters": [{"Key": "mine", "Values": ["w"]}]})).is_empty());
    assert!(found(json!({"TagFilters": [{"Key": "mine"}, {"Key": "other"}]})).is_empty());
    for arn in found(json!({"TagFilters": [{"Key": "mine"}]})) {
        assert_eq!(found(json!({"ResourceARNList": [arn]})), std::slice::from_ref(&arn));
    }
    assert!(
        found(json!({"ResourceARNList": ["arn:aws:logs:us-east-1:123456789012:log-group:none"]})).is_empty()
    );
    let keys = call(&mut world, "resourcegroupstaggingapi", "GetTagKeys", json!({}));
    assert!(keys["TagKeys"].as_array().unwrap().contains(&json!("mine")), "{keys}");
    let values = call(&mut world, "resourcegroupstaggingapi", "GetTagValues", json!({"Key": "mine"}));
    assert_eq!(values["TagValues"], json!(["v"]));
}
