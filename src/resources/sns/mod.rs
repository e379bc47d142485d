//! Resource types of AWS::sns.
