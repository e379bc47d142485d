//! Every resource type `migrate` knows. Adding one is one line here.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    AnyType, Erased, applicationautoscaling, autoscaling, backup, cloudcontrol, cloudwatch, codebuild,
    custom, dms, ec2, ecs, elasticloadbalancingv2, events, iam, kms, lambda, logs, rds, route53, s3,
    secretsmanager, sns, ssm,
};

/// All types, sorted by name.
pub static TYPES: &[&dyn AnyType] = &[
    &Erased::<applicationautoscaling::ScalableTarget>::new(),
    &Erased::<applicationautoscaling::ScalingPolicy>::new(),
    &Erased::<autoscaling::AutoScalingGroup>::new(),
    &Erased::<autoscaling::ScalingPolicy>::new(),
    &Erased::<backup::BackupPlan>::new(),
    &Erased::<backup::BackupSelection>::new(),
    &Erased::<backup::BackupVault>::new(),
    &Erased::<cloudwatch::Alarm>::new(),
    &Erased::<cloudwatch::Dashboard>::new(),
    &Erased::<codebuild::Project>::new(),
    &Erased::<dms::Certificate>::new(),
    &Erased::<dms::DataMigration>::new(),
    &Erased::<dms::DataProvider>::new(),
    &Erased::<dms::Endpoint>::new(),
    &Erased::<dms::EventSubscription>::new(),
    &Erased::<dms::InstanceProfile>::new(),
    &Erased::<dms::MigrationProject>::new(),
    &Erased::<dms::ReplicationConfig>::new(),
    &Erased::<dms::ReplicationInstance>::new(),
    &Erased::<dms::ReplicationSubnetGroup>::new(),
    &Erased::<dms::ReplicationTask>::new(),
    &Erased::<ec2::Eip>::new(),
    &Erased::<ec2::Instance>::new(),
    &Erased::<ec2::InternetGateway>::new(),
    &Erased::<ec2::LaunchTemplate>::new(),
    &Erased::<ec2::NatGateway>::new(),
    &Erased::<ec2::NetworkAcl>::new(),
    &Erased::<ec2::NetworkAclEntry>::new(),
    &Erased::<ec2::Route>::new(),
    &Erased::<ec2::RouteTable>::new(),
    &Erased::<ec2::SecurityGroup>::new(),
    &Erased::<ec2::SecurityGroupEgress>::new(),
    &Erased::<ec2::SecurityGroupIngress>::new(),
    &Erased::<ec2::Subnet>::new(),
    &Erased::<ec2::SubnetNetworkAclAssociation>::new(),
    &Erased::<ec2::SubnetRouteTableAssociation>::new(),
    &Erased::<ec2::Vpc>::new(),
    &Erased::<ec2::VpcEndpoint>::new(),
    &Erased::<ec2::VpcGatewayAttachment>::new(),
    &Erased::<ec2::VpcPeeringConnection>::new(),
    &Erased::<ec2::VpnGateway>::new(),
    &Erased::<ec2::VpnGatewayRoutePropagation>::new(),
    &Erased::<ecs::Cluster>::new(),
    &Erased::<ecs::Service>::new(),
    &Erased::<ecs::TaskDefinition>::new(),
    &Erased::<elasticloadbalancingv2::Listener>::new(),
    &Erased::<elasticloadbalancingv2::ListenerCertificate>::new(),
    &Erased::<elasticloadbalancingv2::ListenerRule>::new(),
    &Erased::<elasticloadbalancingv2::LoadBalancer>::new(),
    &Erased::<elasticloadbalancingv2::TargetGroup>::new(),
    &Erased::<events::Rule>::new(),
    &Erased::<iam::InstanceProfile>::new(),
    &Erased::<iam::ManagedPolicy>::new(),
    &Erased::<iam::Policy>::new(),
    &Erased::<iam::Role>::new(),
    &Erased::<iam::RolePolicy>::new(),
    &Erased::<kms::Alias>::new(),
    &Erased::<kms::Key>::new(),
    &Erased::<lambda::Function>::new(),
    &Erased::<lambda::Permission>::new(),
    &Erased::<logs::LogGroup>::new(),
    &Erased::<rds::DbCluster>::new(),
    &Erased::<rds::DbClusterParameterGroup>::new(),
    &Erased::<rds::DbInstance>::new(),
    &Erased::<rds::DbParameterGroup>::new(),
    &Erased::<rds::DbSubnetGroup>::new(),
    &Erased::<rds::EventSubscription>::new(),
    &Erased::<rds::OptionGroup>::new(),
    &Erased::<route53::HealthCheck>::new(),
    &Erased::<route53::HostedZone>::new(),
    &Erased::<route53::RecordSet>::new(),
    &Erased::<route53::RecordSetGroup>::new(),
    &Erased::<s3::Bucket>::new(),
    &Erased::<s3::BucketPolicy>::new(),
    &Erased::<sns::Subscription>::new(),
    &Erased::<sns::Topic>::new(),
    &Erased::<sns::TopicInlinePolicy>::new(),
    &Erased::<sns::TopicPolicy>::new(),
    &Erased::<ssm::Parameter>::new(),
    &Erased::<secretsmanager::ResourcePolicy>::new(),
    &Erased::<secretsmanager::RotationSchedule>::new(),
    &Erased::<secretsmanager::Secret>::new(),
    &Erased::<secretsmanager::SecretTargetAttachment>::new(),
    &Erased::<custom::CdkAsset>::new(),
    &Erased::<custom::VpcRestrictDefaultSg>::new(),
];

/// The type of that CloudFormation name: its own handler, what stands for a type of the CloudFormation service, or the one
/// that goes through Cloud Control.
#[must_use]
pub fn find(kind: &str) -> Option<&'static dyn AnyType> {
    let inside = || custom::find(kind).map(|inside| inside as &'static dyn AnyType);
    let generic = || cloudcontrol::find(kind).map(|generic| generic as &'static dyn AnyType);
    native(kind).or_else(inside).or_else(generic)
}

/// The handler that was written for the type.
#[must_use]
pub fn native(kind: &str) -> Option<&'static dyn AnyType> {
    // Asked some twenty times for each resource of a plan.
    static BY_NAME: LazyLock<HashMap<&str, &'static dyn AnyType>> =
        LazyLock::new(|| TYPES.iter().map(|ty| (ty.facts().kind, *ty)).collect());
    BY_NAME.get(kind).copied()
}

/// Whether CloudFormation answers `Fn::GetAtt` for ordinary properties of the type too.
#[must_use]
pub fn properties_are_attributes(kind: &str) -> bool {
    find(kind).is_some_and(|ty| ty.facts().properties_are_attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_sorted_and_free_of_duplicates() {
        assert!(TYPES.windows(2).all(|pair| pair[0].facts().kind < pair[1].facts().kind));
    }

    #[test]
    fn every_type_has_its_schema_and_every_schema_its_type() {
        let kinds: Vec<&str> = TYPES.iter().map(|ty| ty.facts().kind).collect();
        assert_eq!(crate::schema::kinds().collect::<Vec<_>>(), kinds);
    }

    /// Whoever leaves a property out says why; whoever implements it takes the reason away.
    #[test]
    fn every_refusal_has_a_reason_and_every_reason_a_refusal() {
        let mut wrong = Vec::new();
        for ty in TYPES {
            let (kind, refusals) = (ty.facts().kind, crate::schema::refused(ty.facts(), ty.fields()));
            for refusal in refusals.iter().filter(|refusal| refusal.why.is_none()) {
                wrong.push(format!("{kind}: {} is refused without a reason", refusal.path));
            }
            for (path, _) in ty.facts().refused {
                if !refusals.iter().any(|refusal| refusal.path == *path) {
                    wrong.push(format!("{kind}: {path} has a reason, but is not refused"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn sources(dir: &std::path::Path, found: &mut String) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// The laws themselves are in `bench`: create then find, one permit is one object, ready, what was sent is
    /// read, update, delete twice, gone; actions used are declared. Every registered type must be put to them,
    /// and to the reverse: actions declared are used.
    #[test]
    fn every_type_is_put_to_the_law_in_both_directions() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resources");
        let registry = std::fs::read_to_string(folder.join("registry.rs")).unwrap();
        let types: Vec<(&str, &str)> = registry
            .lines()
            .filter_map(|line| {
                line.trim().strip_prefix("&Erased::<")?.strip_suffix(">::new(),")?.split_once("::")
            })
            .collect();
        assert_eq!(types.len(), TYPES.len(), "one line for each type");
        let mut missing = Vec::new();
        for (service, name) in types {
            let mut text = String::new();
            sources(&folder.join(service), &mut text);
            let both = text.contains(&format!("law_covering::<{name}>"));
            let own = text.contains(&format!(".law::<{name}>"))
                && (text.contains(&format!("covers::<{name}>"))
                    || text.contains(&format!("every_declared_action_is_used_by_{}", name.to_lowercase())));
            if !both && !own {
                missing.push(format!("{service}::{name}"));
            }
        }
        assert!(missing.is_empty(), "not put to the law in both directions: {missing:?}");
    }
}
