//! Resource types of AWS::ec2.
