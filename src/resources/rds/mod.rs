//! Resource types of AWS::rds.
