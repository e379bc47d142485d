//! Resource types of AWS::cloudwatch.
