//! Types that exist only inside CloudFormation, by name, and what is known of them.

use super::inside::find;
use crate::{model::Address, resources::registry};

/// CloudFormation's own name for a custom resource; the other is `Custom::Anything`.
pub const RESOURCE: &str = "AWS::CloudFormation::CustomResource";

/// An address for signals.
pub const HANDLE: &str = "AWS::CloudFormation::WaitConditionHandle";

/// The wait for signals.
pub const CONDITION: &str = "AWS::CloudFormation::WaitCondition";

/// A nested stack, which is not deployed itself: the resources of its template are.
pub const STACK: &str = "AWS::CloudFormation::Stack";

/// What a custom resource may be behind in CloudFormation, and not here.
pub const TOPIC: &str = "AWS::SNS::Topic";

/// The property, added to what is evaluated, that names the stack's bucket for answers and signals.
pub const ANSWERS: &str = "MigrateAnswers";

/// Whether a resource is the bucket for answers that its stack was given.
#[must_use]
pub fn keeps_answers(address: &Address, metadata: &serde_json::Value) -> bool {
    address.logical_id().trim_end_matches('X') == ANSWERS && metadata["Migrate"]["EmptyOnDelete"] == true
}

/// What to do instead of a type that exists only in the transform of the Serverless Application Model.
#[must_use]
pub fn serverless(kind: &str) -> Option<&'static str> {
    match kind {
        "AWS::Serverless::Application" => Some(
            "applications of the Serverless Application Repository are SAM templates, whose transform runs inside \
             CloudFormation: get this one's (`aws serverlessrepo create-cloud-formation-template`), have it expanded (`aws \
             cloudformation create-change-set` and `get-template --template-stage Processed`), and make that a nested stack, \
             AWS::CloudFormation::Stack. For the rotation of a secret, declare the function and name it in RotationLambdaARN",
        ),
        _ if kind.starts_with("AWS::Serverless::") => Some(
            "SAM's types exist only in its transform, which runs inside CloudFormation; `sam build` does not expand it. Have it \
             expanded with `aws cloudformation create-change-set` and `get-template --template-stage Processed`, or declare \
             what it makes (AWS::Lambda::Function, AWS::ApiGateway::RestApi, ...)",
        ),
        _ => None,
    }
}

/// Whether a function of the user's is behind the type: its properties and attributes are that function's.
#[must_use]
pub fn is_open(kind: &str) -> bool {
    kind != HANDLE && kind != CONDITION && registry::native(kind).is_none() && find(kind).is_some()
}

/// Whether `Fn::GetAtt` answers with a text what the published schema calls an object: the data of a condition's signals are
/// JSON in a text (AWS::CloudFormation::WaitCondition, return values).
#[must_use]
pub fn is_text(kind: &str, attribute: &str) -> bool {
    kind == CONDITION && attribute == "Data"
}

/// Whether resources of the type get answers or signals through a bucket of their stack.
#[must_use]
pub fn takes_answers(kind: &str) -> bool {
    kind == HANDLE || is_open(kind)
}
