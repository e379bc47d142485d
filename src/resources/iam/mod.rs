//! Resource types of AWS::iam.
