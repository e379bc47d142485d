//! Resource types of AWS::elasticloadbalancingv2.
