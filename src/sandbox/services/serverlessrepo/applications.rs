//! The applications: their parameters, functions and outputs as published templates show them.
//!
//! Templates that people took out of the repository are in aws-samples/aws-secrets-manager-rotation-lambdas#27 and #161: the
//! parameters with their defaults, the permission of `invokingServicePrincipal`, the output `RotationLambdaARN`. The policies
//! are those that deployed roles have (two inline ones, the first for network interfaces, the second for the secret).

use serde_json::{Value as Json, json};

/// The account by which AWS publishes them in the partition `aws`, and the region.
pub(super) const PUBLISHER: &str = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/";

/// The version that is taken where none is named: what aws/aws-cdk's tests expect of the partition `aws`.
pub(super) const LATEST: &str = "1.1.618";

/// Databases with a rotation function of each of the two kinds.
const DATABASES: &[(&str, &str)] = &[
    ("MongoDB", "MongoDB"),
    ("RDSDb2", "RDS Db2"),
    ("RDSMariaDB", "RDS MariaDB"),
    ("RDSMySQL", "RDS MySQL"),
    ("RDSOracle", "RDS Oracle"),
    ("RDSPostgreSQL", "RDS PostgreSQL"),
    ("RDSSQLServer", "RDS SQL Server"),
    ("Redshift", "Redshift"),
];

/// What an application is, by its name: the database, and whether it changes users by means of another one.
pub(super) fn known(name: &str) -> Option<(&'static str, bool)> {
    let rest = name.strip_prefix("SecretsManager")?;
    let (database, alternating) = match rest.strip_suffix("RotationMultiUser") {
        Some(database) => (database, true),
        None => (rest.strip_suffix("RotationSingleUser")?, false),
    };
    DATABASES.iter().find(|(short, _)| *short == database).map(|(_, words)| (*words, alternating))
}

/// The template of an application whose code is at that place.
pub(super) fn template(name: &str, (bucket, key): (&str, &str)) -> Option<String> {
    let (database, alternating) = known(name)?;
    let text = |description: &str, default: Option<&str>| {
        let mut parameter = json!({"Type": "String", "Description": description});
        if let Some(default) = default {
            parameter["Default"] = json!(default);
        }
        parameter
    };
    let list =
        |description: &str| json!({"Type": "CommaDelimitedList", "Description": description, "Default": ""});
    let mut parameters = json!({
        "endpoint": text("The endpoint of Secrets Manager", None),
        "functionName": text("The function's name", None),
        "invokingServicePrincipal": text("Who calls the function", Some("secretsmanager.amazonaws.com")),
        "vpcSubnetIds": list("Subnets from which the database is reached"),
        "vpcSecurityGroupIds": list("Security groups of the function"),
        "kmsKeyArn": text("The key of the secret", Some("")),
        "excludeCharacters": text("What passwords do not have", Some(":/@\"'\\")),
        "runtime": text("The function's runtime", Some("python3.10")),
    });
    let mut conditions = json!({
        "HasNetwork": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "vpcSubnetIds"}]}, ""]}]},
        "HasKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "kmsKeyArn"}, ""]}]},
    });
    let allowed = |action: &str, resource: Json| json!({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": resource}]});
    let on_key = |parameter: &str| {
        json!({"Statement": [{"Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            "Resource": {"Ref": parameter}}]})
    };
    let mut policies = vec![
        json!({"VPCAccessPolicy": {}}),
        json!({"AWSSecretsManagerRotationPolicy": {"FunctionName": {"Ref": "functionName"}}}),
        json!({"Fn::If": ["HasKey", on_key("kmsKeyArn"), {"Ref": "AWS::NoValue"}]}),
    ];
    if alternating {
        for (secret, key, condition) in [
            ("masterSecretArn", "masterSecretKmsKeyArn", "Master"),
            ("superuserSecretArn", "superuserSecretKmsKeyArn", "Superuser"),
        ] {
            parameters[secret] = text("The secret of the user that changes the other one", Some(""));
            parameters[key] = text("The key of that secret", Some(""));
            let set = |name: &str| json!({"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]});
            conditions[format!("Has{condition}")] = set(secret);
            conditions[format!("Has{condition}Key")] = set(key);
            let read = allowed("secretsmanager:GetSecretValue", json!({"Ref": secret}));
            policies.push(json!({"Fn::If": [format!("Has{condition}"), read, {"Ref": "AWS::NoValue"}]}));
            policies.push(
                json!({"Fn::If": [format!("Has{condition}Key"), on_key(key), {"Ref": "AWS::NoValue"}]}),
            );
        }
    }
    let way = if alternating { "alternating users" } else { "single user" };
    let resources = json!({
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "FunctionName": {"Ref": "functionName"},
                "Description": format!("Rotates a secret of {database} ({way})"),
                "CodeUri": format!("s3://{bucket}/{key}"),
                "Handler": "lambda_function.lambda_handler",
                "Runtime": {"Ref": "runtime"},
                "Timeout": 30,
                "Policies": policies,
                "Environment": {"Variables": {
                    "SECRETS_MANAGER_ENDPOINT": {"Ref": "endpoint"}, "EXCLUDE_CHARACTERS": {"Ref": "excludeCharacters"}}},
                "VpcConfig": {"Fn::If": ["HasNetwork",
                    {"SubnetIds": {"Ref": "vpcSubnetIds"}, "SecurityGroupIds": {"Ref": "vpcSecurityGroupIds"}},
                    {"Ref": "AWS::NoValue"}]},
                "Tags": {"SecretsManagerLambda": "Rotation"},
            },
        },
        "LambdaPermission": {
            "Type": "AWS::Lambda::Permission",
            "DependsOn": [name],
            "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "functionName"},
                "Principal": {"Ref": "invokingServicePrincipal"}},
        },
    });
    let output = json!({"Description": "The ARN of the function", "Value": {"Fn::GetAtt": [name, "Arn"]}});
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31", "Parameters": parameters,
        "Conditions": conditions, "Resources": resources, "Outputs": {"RotationLambdaARN": output},
    });
    Some(template.to_string())
}
