//! Resource types of AWS::ApplicationAutoScaling.
