//! What tests of several types plant in the world.

use serde_json::json;

use crate::resources::bench::Bench;

/// The planted secret.
pub const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abc123";

/// A secret without a value.
pub fn secret(bench: &Bench) {
    bench.world(|world| {
        let row = json!({
            "ARN": ARN, "Name": "db", "Tags": [], "CreatedDate": 1.0, "_region": "us-east-1", "_versions": [],
        });
        world.put("secretsmanager.secret", "us-east-1/db", row);
    });
}

/// A function that permits Secrets Manager to call it; returns its ARN.
pub fn rotator(bench: &Bench) -> String {
    bench.world(|world| {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:rotator";
        let permission = json!({
            "Sid": "rotate", "Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": arn,
        });
        let row = json!({"FunctionName": "rotator", "FunctionArn": arn, "State": "Active", "_statements": [permission]});
        world.put("lambda.function", "us-east-1/rotator", row);
        arn.to_owned()
    })
}
