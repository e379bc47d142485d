//! Every resource type `migrate` knows. Adding one is one line here.

use super::{
    AnyType, Erased, applicationautoscaling, cloudwatch, custom, dms, ec2, ecs, elasticloadbalancingv2, iam,
    lambda, logs, rds, route53, s3, secretsmanager, sns,
};

/// All types, sorted by name.
pub static TYPES: &[&dyn AnyType] = &[
    &Erased::<applicationautoscaling::ScalableTarget>::new(),
    &Erased::<applicationautoscaling::ScalingPolicy>::new(),
    &Erased::<cloudwatch::Alarm>::new(),
    &Erased::<cloudwatch::Dashboard>::new(),
    &Erased::<dms::Endpoint>::new(),
    &Erased::<dms::ReplicationInstance>::new(),
    &Erased::<dms::ReplicationSubnetGroup>::new(),
    &Erased::<dms::ReplicationTask>::new(),
    &Erased::<ec2::Eip>::new(),
    &Erased::<ec2::InternetGateway>::new(),
    &Erased::<ec2::NatGateway>::new(),
    &Erased::<ec2::Route>::new(),
    &Erased::<ec2::RouteTable>::new(),
    &Erased::<ec2::SecurityGroup>::new(),
    &Erased::<ec2::SecurityGroupEgress>::new(),
    &Erased::<ec2::SecurityGroupIngress>::new(),
    &Erased::<ec2::Subnet>::new(),
    &Erased::<ec2::SubnetRouteTableAssociation>::new(),
    &Erased::<ec2::Vpc>::new(),
    &Erased::<ec2::VpcGatewayAttachment>::new(),
    &Erased::<ec2::VpcPeeringConnection>::new(),
    &Erased::<ecs::Cluster>::new(),
    &Erased::<ecs::Service>::new(),
    &Erased::<ecs::TaskDefinition>::new(),
    &Erased::<elasticloadbalancingv2::Listener>::new(),
    &Erased::<elasticloadbalancingv2::LoadBalancer>::new(),
    &Erased::<elasticloadbalancingv2::TargetGroup>::new(),
    &Erased::<iam::ManagedPolicy>::new(),
    &Erased::<iam::Policy>::new(),
    &Erased::<iam::Role>::new(),
    &Erased::<lambda::Function>::new(),
    &Erased::<lambda::Permission>::new(),
    &Erased::<logs::LogGroup>::new(),
    &Erased::<rds::DbInstance>::new(),
    &Erased::<rds::DbParameterGroup>::new(),
    &Erased::<rds::DbSubnetGroup>::new(),
    &Erased::<route53::HealthCheck>::new(),
    &Erased::<route53::HostedZone>::new(),
    &Erased::<route53::RecordSet>::new(),
    &Erased::<s3::Bucket>::new(),
    &Erased::<s3::BucketPolicy>::new(),
    &Erased::<sns::Subscription>::new(),
    &Erased::<sns::Topic>::new(),
    &Erased::<sns::TopicPolicy>::new(),
    &Erased::<secretsmanager::ResourcePolicy>::new(),
    &Erased::<secretsmanager::RotationSchedule>::new(),
    &Erased::<secretsmanager::Secret>::new(),
    &Erased::<secretsmanager::SecretTargetAttachment>::new(),
    &Erased::<custom::VpcRestrictDefaultSg>::new(),
];

/// The type of that CloudFormation name.
#[must_use]
pub fn find(kind: &str) -> Option<&'static dyn AnyType> {
    TYPES.binary_search_by(|candidate| candidate.facts().kind.cmp(kind)).ok().map(|at| TYPES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_sorted_and_free_of_duplicates() {
        assert!(TYPES.windows(2).all(|pair| pair[0].facts().kind < pair[1].facts().kind));
    }
}
