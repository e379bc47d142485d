//! Resource types of AWS::route53.
