//! Resource types of AWS::dms.
