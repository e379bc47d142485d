//! Resource types of AWS::s3.
