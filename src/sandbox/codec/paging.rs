//! How many items a page may have, where the API models do not say: least and most per service, with the
//! operations that differ. Models that have a range (IAM, Elastic Load Balancing, most of EC2, …) are checked by
//! [`super::validate`]; what a page has when nobody asks is each operation's own.

use serde_json::{Value as Json, json};

use crate::sandbox::Fault;

/// What happens to a size outside of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// It is refused.
    Refuse,
    /// More than the most is the most; less than the least is refused.
    Most,
}

/// `(service, operations, member, least, most, beyond)`; the first line that fits counts.
type Limit = (&'static str, &'static [&'static str], &'static str, i64, i64, Beyond);

const LIMITS: &[Limit] = &[
    // RDS API Reference, DescribeOrderableDBInstanceOptions: "Minimum 20, maximum 10000".
    ("rds", &["DescribeOrderableDBInstanceOptions"], "MaxRecords", 20, 10_000, Beyond::Refuse),
    // RDS API Reference, all other Describe operations: "Minimum 20, maximum 100".
    ("rds", &[], "MaxRecords", 20, 100, Beyond::Refuse),
    // DMS API Reference, DescribeTableStatistics: "Minimum 20, maximum 500".
    ("dms", &["DescribeTableStatistics"], "MaxRecords", 20, 500, Beyond::Refuse),
    // DMS API Reference, e.g. DescribeReplicationTasks: "Minimum 20, maximum 100".
    ("dms", &[], "MaxRecords", 20, 100, Beyond::Refuse),
    // ECS API Reference: ListServices, ListTasks, ListClusters, ListTaskDefinitions "between 1 and 100";
    // DescribeCapacityProviders and ListAccountSettings "between 1 and 10".
    ("ecs", &["DescribeCapacityProviders", "ListAccountSettings"], "maxResults", 1, 10, Beyond::Refuse),
    ("ecs", &[], "maxResults", 1, 100, Beyond::Refuse),
    // EC2 API Reference: "between 5 and 1000" of those whose model has no range; DescribeVpcEndpoints and
    // DescribeVpcEndpointServices: "Constraint: If the value is greater than 1,000, we return only 1,000 items."
    (
        "ec2",
        &["DescribeVpcEndpoints", "DescribeVpcEndpointServices", "DescribePrefixLists"],
        "MaxResults",
        1,
        1_000,
        Beyond::Most,
    ),
    // EC2 API Reference, DescribeLaunchTemplateVersions: "between 1 and 200".
    ("ec2", &["DescribeLaunchTemplateVersions"], "MaxResults", 1, 200, Beyond::Refuse),
    ("ec2", &[], "MaxResults", 5, 1_000, Beyond::Refuse),
    // Application Auto Scaling API Reference: DescribeScalingPolicies "between 1 and 10", the others
    // "between 1 and 50".
    ("application-autoscaling", &["DescribeScalingPolicies"], "MaxResults", 1, 10, Beyond::Refuse),
    ("application-autoscaling", &[], "MaxResults", 1, 50, Beyond::Refuse),
    // Auto Scaling API Reference, DescribeAutoScalingInstances and DescribeTrafficSources: "the maximum value is 50".
    (
        "autoscaling",
        &["DescribeAutoScalingInstances", "DescribeTrafficSources"],
        "MaxRecords",
        1,
        50,
        Beyond::Refuse,
    ),
    // Auto Scaling API Reference: "The default value is 50 and the maximum value is 100" (100 and 100 for some).
    ("autoscaling", &[], "MaxRecords", 1, 100, Beyond::Refuse),
    // Lambda API Reference, ListVersionsByFunction, ListFunctions, ListAliases: "a maximum of 50 items in each
    // response, even if you set the number higher".
    (
        "lambda",
        &["ListVersionsByFunction", "ListFunctions", "ListAliases", "ListLayers", "ListLayerVersions"],
        "MaxItems",
        1,
        50,
        Beyond::Most,
    ),
];

/// Refuses or cuts down a page size that the operation does not have.
///
/// # Errors
/// The service's own for a page size out of range.
pub fn check(service: &str, operation: &str, input: &mut Json) -> Result<(), Fault> {
    let fits = |limit: &&Limit| limit.0 == service && (limit.1.is_empty() || limit.1.contains(&operation));
    let Some(&(_, _, member, least, most, beyond)) = LIMITS.iter().find(fits) else { return Ok(()) };
    let Some(size) = input[member].as_i64() else { return Ok(()) };
    if size > most && beyond == Beyond::Most {
        input[member] = json!(most);
        return Ok(());
    }
    if (least..=most).contains(&size) { Ok(()) } else { Err(refusal(service, member, size, least, most)) }
}

fn refusal(service: &str, member: &str, size: i64, least: i64, most: i64) -> Fault {
    match service {
        // As in hashicorp/terraform-provider-aws#37221.
        "rds" => Fault::new(
            "InvalidParameterValue",
            format!("Invalid value {size} for {member}. Must be between {least} and {most}"),
        ),
        "dms" => Fault::new(
            "InvalidParameterValueException",
            format!("Invalid value {size} for {member}. Must be between {least} and {most}"),
        ),
        // As in aws/aws-sdk-ruby#2575.
        "ec2" => {
            let (word, limit) = if size < least { ("greater", least) } else { ("less", most) };
            let message = format!(
                "Value ( {size} ) for parameter maxResults is invalid. Expecting a value {word} than {limit}."
            );
            Fault::new("InvalidParameterValue", message)
        }
        "ecs" => Fault::new(
            "InvalidParameterException",
            format!("Value '{size}' for {member} is invalid. It must be between {least} and {most}."),
        ),
        _ => {
            let (word, limit) = if size < least { ("greater", least) } else { ("less", most) };
            let mut name = member.to_owned();
            name[..1].make_ascii_lowercase();
            let code = if service == "autoscaling" { "ValidationError" } else { "ValidationException" };
            Fault::new(
                code,
                format!(
                    "1 validation error detected: Value '{size}' at '{name}' failed to satisfy constraint: \
                     Member must have value {word} than or equal to {limit}"
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{codec::model, services::SERVICES};

    /// Every operation with a page size has limits: in its model or here.
    #[test]
    fn every_page_size_has_limits() {
        let mut without = Vec::new();
        for service in SERVICES {
            let model = model(service);
            for operation in model.operations.values() {
                let Some(input) = &operation.input else { continue };
                for member in ["MaxRecords", "MaxResults", "MaxItems", "PageSize", "maxResults", "limit"] {
                    let Some(reference) = model.shape(input).members.get(member) else { continue };
                    let shape = model.shape(reference);
                    // Route 53 sends its sizes as text and answers the most where more is asked for.
                    let ranged = (shape.min.is_some() && shape.max.is_some()) || service.name == "route53";
                    let fits = |l: &&Limit| {
                        l.0 == service.name
                            && l.2 == member
                            && (l.1.is_empty() || l.1.contains(&operation.name.as_str()))
                    };
                    if !ranged && !LIMITS.iter().any(|l| fits(&l)) {
                        without.push(format!("{}:{}.{member}", service.name, operation.name));
                    }
                }
            }
        }
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn sizes_out_of_range_are_refused_or_cut_down() {
        let tried = |service: &str, operation: &str, member: &str, size: i64| {
            let mut input = json!({member: size});
            check(service, operation, &mut input).map(|()| input[member].as_i64().unwrap())
        };
        assert_eq!(tried("rds", "DescribeOrderableDBInstanceOptions", "MaxRecords", 1_000), Ok(1_000));
        assert_eq!(
            tried("rds", "DescribeDBInstances", "MaxRecords", 101).unwrap_err().message,
            "Invalid value 101 for MaxRecords. Must be between 20 and 100"
        );
        assert_eq!(
            tried("ec2", "DescribeInstances", "MaxResults", 1).unwrap_err().message,
            "Value ( 1 ) for parameter maxResults is invalid. Expecting a value greater than 5."
        );
        assert_eq!(tried("lambda", "ListFunctions", "MaxItems", 10_000), Ok(50));
        assert_eq!(tried("dms", "DescribeTableStatistics", "MaxRecords", 500), Ok(500));
        assert!(tried("dms", "DescribeEndpoints", "MaxRecords", 19).is_err());
        assert!(tried("application-autoscaling", "DescribeScalingPolicies", "MaxResults", 11).is_err());
    }
}
