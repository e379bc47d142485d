//! Resource types of AWS::secretsmanager.
