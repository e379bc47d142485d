//! Resource types of AWS::ecs.
