//! Resource types of AWS::logs.
